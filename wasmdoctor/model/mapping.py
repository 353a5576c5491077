"""Mappings: which functions of custom interfaces have a standard implementation, told by shape and role."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from wasmdoctor.model.record import dataclass, field

Words = tuple[str, ...]
"""A name split at its hyphens: ``tcp-socket`` is ``("tcp", "socket")``."""

PARAM_ROLES: Final = tuple(
    """backlog body bytes change count duration endpoint family flag headers host instant ip key level local method
    port prefix remote remotes scope shutdown text timeout url value""".split()
)
"""What a parameter can be to a function, beside the objects of its family."""

RESULT_ROLES: Final = tuple(
    """address addresses bits bytes chunk count datetime datetime-record family first-ip flag fraction instant ips
    maybe-text maybe-value pairs response signed texts""".split()
)
"""What a function can give, beside nothing and the objects of its family."""


@dataclass(frozen=True, slots=True)
class MappedObject:
    """What a resource, or a number that stands for one, holds.

    ``names`` are words of which a resource, or the parameter or type of a handle, has at least one.
    ``type`` is the Rust type inside, ``table`` the static ``handles::Table`` of those that go by numbers, both
    as paths inside the runtime module (``tcp::Socket``). The type ``()`` is that of objects that hold nothing:
    their methods are what functions without an object are elsewhere. ``imports`` are the standard interfaces that
    its end needs: they belong to the functions that make it.
    """

    name: str
    names: frozenset[str]
    type: str
    table: str = ""
    imports: tuple[str, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether it holds nothing."""
        return self.type == "()"


@dataclass(frozen=True, slots=True)
class MappedFunction:
    """One row: a function with a standard implementation.

    ``names`` are the names it may have, without the words that say only what its family is. ``when`` are words
    of which its name, or that of its resource, interface or result, must have one. ``on`` is the object it
    belongs to, "" for none. ``params`` are roles of parameters that must be there, ``optional``
    those that may, with the Rust that stands for them when they are not. ``result`` are the roles of what it
    gives, several when they come together (a datagram: bytes and address). ``code`` is a Rust expression in
    which ``{role}`` stands for a parameter and ``{runtime}`` for the module with the runtime files; it gives
    ``Result<T, Kind>`` when ``fails``. ``consumes``: the object is gone afterwards. ``fills``: it puts in
    what others of the family give; when rows of a family do that, an interface needs one of them. ``imports`` are the
    standard interfaces that it needs, those of its parameters' conversions left out.
    """

    names: tuple[Words, ...]
    code: str
    about: str
    when: frozenset[str] = frozenset()
    on: str = ""
    params: tuple[str, ...] = ()
    optional: Mapping[str, str] = field(default_factory=dict)
    result: tuple[str, ...] = ()
    fails: bool = True
    consumes: bool = False
    fills: bool = False
    imports: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class MappingFamily:
    """The functions of one kind of interface: a file ``rules/mappings/<name>.toml``.

    ``words`` are words that only an interface of this kind has in its name, ``hints`` words that it may have.
    ``ignored`` are further words that say nothing in a function's name. ``runtime`` is the file
    its code uses.
    """

    name: str
    about: str
    words: frozenset[str]
    hints: frozenset[str]
    ignored: frozenset[str]
    runtime: str
    objects: Mapping[str, MappedObject]
    functions: tuple[MappedFunction, ...]


@dataclass(frozen=True, slots=True)
class RoleWords:
    """The words by which roles are told: a file of data, ``rules/mappings/roles.toml``.

    ``params``: words in a parameter's name, by role. ``errors``: names of error cases, by the runtime's
    ``Kind``, best first. ``instead``: which ``Kind``s may stand for one that an interface does not have.
    ``cases``: names of an enum's cases, by the role and then by the runtime's case. ``units``: words for
    units of time, by ``s``, ``ms``, ``us`` and ``ns``. ``capabilities``: names of resources that only say
    that something is allowed.
    """

    params: Mapping[str, frozenset[str]]
    errors: Mapping[str, tuple[str, ...]]
    instead: Mapping[str, tuple[str, ...]]
    cases: Mapping[str, Mapping[str, tuple[str, ...]]]
    units: Mapping[str, frozenset[str]]
    capabilities: frozenset[str]


@dataclass(frozen=True, slots=True)
class RuntimeFile:
    """Rust that bodies call: ``rules/mappings/<name>.rs``. ``needs`` are the other files that it uses."""

    name: str
    text: str
    needs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Mappings:
    """All that ``rules/mappings`` holds."""

    families: tuple[MappingFamily, ...]
    words: RoleWords
    runtime: Mapping[str, RuntimeFile]

    def files(self, names: tuple[str, ...]) -> tuple[RuntimeFile, ...]:
        """The runtime files of these names and all that they need, by name."""
        found: set[str] = set()
        waiting = list(names)
        while waiting:
            name = waiting.pop()
            if name not in found:
                found.add(name)
                waiting.extend(self.runtime[name].needs)
        return tuple(self.runtime[name] for name in sorted(found))
