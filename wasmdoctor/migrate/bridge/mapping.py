"""Bodies out of ``rules/mappings``: functions of custom interfaces that have a standard implementation.

A function is recognised by what it is called, what it takes and what it gives, never by its package. First the
family (TCP, UDP, clocks...) is told by words in the names of the function, its resource, the types of its
handles, and its interface. Then a row of that family must account for **every** parameter and the result.
What is stateful is only taken over when something makes it: a socket that no mapped function opens stays
unmapped.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Final

from wasmdoctor.migrate.bridge.body import Body, ResourceBody
from wasmdoctor.migrate.bridge.fit import Fit, Match, is_capability
from wasmdoctor.migrate.bridge.names import type_name
from wasmdoctor.migrate.bridge.outcome import Known
from wasmdoctor.migrate.bridge.roles import Roles, split, words_of
from wasmdoctor.migrate.bridge.types import Types
from wasmdoctor.model.mapping import MappedFunction, MappedObject, MappingFamily, Mappings
from wasmdoctor.model.plan import BodyKind
from wasmdoctor.model.record import dataclass, field
from wasmdoctor.model.wit import Function, FunctionRole, Interface

_CAPABILITY: Final = ResourceBody(
    "()", "says that something is allowed; standard WASI asks for no such thing here"
)


class Mapped:
    """A source of bodies (``body.Bodies``) for the interfaces of one resolution.

    ``types`` are all of them, as they are written in the bridge; ``interfaces`` by full name.
    """

    def __init__(self, mappings: Mappings, types: Types, interfaces: Mapping[str, Interface]) -> None:
        self.mappings = mappings
        self.types = types
        self.interfaces = interfaces
        self._found: dict[str, dict[str, Match]] = {}
        self._objects: dict[tuple[str, str], tuple[MappingFamily, MappedObject]] = {}

    def resource(self, interface: Interface, name: str) -> ResourceBody | None:
        """What a resource holds; None for one that no row makes, or that is not like any object."""
        found = self._matches(interface)
        if is_capability(interface, name, self.mappings.words.capabilities):
            return _CAPABILITY if self._is_used(interface, name) else None
        known = self._objects.get((interface.name, name))
        if known is None or not any(match.makes == name for match in found.values()):
            return None
        family, object_ = known
        files = tuple(file.name for file in self.mappings.files((family.runtime,)))
        if object_.is_empty:
            return ResourceBody("()", family.about)
        return ResourceBody(f"{{runtime}}::{object_.type}", family.about, files)

    def function(self, interface: Interface, function: Function) -> Body | None:
        """The body of the row that fits; None when none does."""
        if function.is_async:
            return None
        match = self._matches(interface).get(function.name)
        if match is not None:
            return match.body
        made = _made_capability(interface, function, self.mappings.words.capabilities)
        if made and self._is_used(interface, made):
            name = "Self" if function.role is FunctionRole.CONSTRUCTOR else type_name(made)
            return Body(BodyKind.MAPPING, f"{name} {{ inner: () }}", _CAPABILITY.about)
        return None

    def _is_used(self, interface: Interface, name: str) -> bool:
        """Whether a function that has a row takes this capability."""
        key = f"{interface.name}#{name}"
        return any(
            key in match.capabilities
            for other in self._family_of(interface)
            for match in self._matches(other).values()
        )

    def _family_of(self, interface: Interface) -> Iterator[Interface]:
        """The interfaces of the same package, with the interface itself."""
        known = [other for other in self.interfaces.values() if other.package == interface.package]
        yield from known if interface in known else [*known, interface]

    def _matches(self, interface: Interface) -> Mapping[str, Match]:
        """The rows of an interface's functions."""
        if interface.name not in self._found:
            matcher = _Matcher(self, interface)
            self._found[interface.name] = matcher.matches()
            self._objects.update({(interface.name, name): value for name, value in matcher.objects.items()})
        return self._found[interface.name]


@dataclass(slots=True)
class _Matcher:
    """Finds the rows for one interface's functions."""

    mapped: Mapped
    interface: Interface
    objects: dict[str, tuple[MappingFamily, MappedObject]] = field(default_factory=dict)
    roles: Roles = field(init=False)

    def __post_init__(self) -> None:
        self.roles = Roles(self.mapped.mappings.words, self.mapped.types, self.interface.name)

    def matches(self) -> dict[str, Match]:
        """All of them, without those that work on what nothing makes, or give what nothing puts in."""
        # Twice, because a resource's functions may give a resource that is written further down.
        for _ in range(2):
            for resource in self.interface.resources:
                self._resource(resource)
        if self.mapped.types.options.raw_strings:
            return {}  # texts are bytes then, and nothing here expects that
        found = {
            function.name: match
            for function in self.interface.functions.values()
            if not function.is_async and (match := self._match(function))
        }
        filled = {match.family.name for match in found.values() if match.row.fills}
        found = {
            name: match
            for name, match in found.items()
            if match.family.name in filled or not any(row.fills for row in match.family.functions)
        }
        return _made(found)

    def _match(self, function: Function) -> Match | None:
        if not function.resource:
            return self._function(function)
        holds = self.objects.get(function.resource)
        return self._in_family(function, holds[0]) if holds else None

    def _resource(self, resource: str) -> None:
        """What a resource holds: the object of the family that has most of its functions."""
        own = [f for f in self.interface.functions.values() if f.resource == resource and not f.is_async]
        words = _phrases(split(resource))
        known = self.objects.pop(resource, None)
        best = 0
        for family in self._families(words, _phrases(split(self.interface.short))):
            for object_ in family.objects.values():
                if not words & object_.names:
                    continue
                self.objects[resource] = (family, object_)
                count = sum(self._in_family(function, family) is not None for function in own)
                if count > best:
                    best, known = count, (family, object_)
        self.objects.pop(resource, None)
        if known is not None:
            self.objects[resource] = known

    def _function(self, function: Function) -> Match | None:
        """The row of a function without a resource: that of the one family that has one."""
        own = _phrases(split(function.name))
        handles = {
            word
            for param in function.params[:1]
            for name in self.roles.shape(self.interface.name, param.type).names
            for word in split(name)
        }
        interface = _phrases(split(self.interface.short))
        found = [
            match
            for family in self._families(own, frozenset(handles), interface)
            if (match := self._in_family(function, family))
        ]
        return found[0] if len(found) == 1 else None

    def _families(self, *levels: frozenset[str]) -> list[MappingFamily]:
        """The families that names allow: the first level with a word of one decides, else any hint."""
        families = self.mapped.mappings.families
        for words in levels:
            sure = [family for family in families if family.words & words]
            if sure:
                return sure
        everything = frozenset().union(*levels)
        return [family for family in families if family.hints & everything]

    def _known(self) -> Known:
        mapped = self.mapped
        return Known(mapped.mappings, self.roles, self.interface, mapped.interfaces, self.objects)

    def _in_family(self, function: Function, family: MappingFamily) -> Match | None:
        for row in family.functions:
            if self._is_named(function, family, row):
                match = Fit(self._known(), function, family, row).match()
                if match:
                    return match
        return None

    def _is_named(self, function: Function, family: MappingFamily, row: MappedFunction) -> bool:
        if function.role is FunctionRole.CONSTRUCTOR:
            return ("constructor",) in row.names
        name = function.name.rpartition(".")[2] if function.resource else function.name
        words = split(name)
        units = frozenset().union(*self.mapped.mappings.words.units.values())
        bare = tuple(word for word in words if word not in family.ignored | units)
        short = tuple(word for word in words if word not in units)
        return bool({words, bare, short} & set(row.names)) and self._is_meant(function, row)

    def _is_meant(self, function: Function, row: MappedFunction) -> bool:
        """Whether some name has one of the words that the row asks for."""
        if not row.when:
            return True
        shape = self.roles.shape(self.interface.name, function.result) if function.result else None
        names = [function.resource, self.interface.short, *(shape.names if shape else ())]
        return bool(row.when & (words_of(function) | {word for name in names for word in split(name)}))


def _made(found: Mapping[str, Match]) -> dict[str, Match]:
    """Without functions that belong to what no other of them makes, or make what no other has a use for."""
    left = dict(found)
    while True:
        made = {(match.family.name, match.makes) for match in left.values() if match.makes}
        used = {(match.family.name, match.uses) for match in left.values() if match.uses}
        kept = {
            name: match
            for name, match in left.items()
            if (not match.uses or (match.family.name, match.uses) in made)
            and (not match.makes or (match.family.name, match.makes) in used)
        }
        if len(kept) == len(left):
            return kept
        left = kept


def _phrases(words: Sequence[str]) -> frozenset[str]:
    """The words of a name, and neighbours joined: ``key``, ``value``, ``key-value``."""
    pairs = {f"{one}-{two}" for one, two in pairwise(words)}
    return frozenset(words) | pairs


def _made_capability(interface: Interface, function: Function, known: frozenset[str]) -> str:
    """The capability of this interface that a function without parameters gives, or ""."""
    if function.params:
        return ""
    if function.role is FunctionRole.CONSTRUCTOR:
        name = function.resource
    elif function.result is not None and function.result.kind in ("name", "own"):
        name = function.result.name
    else:
        return ""
    return name if is_capability(interface, name, known) else ""
