"""What a configuration says, with the place of every value, and the suppressions that people write."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date
from enum import StrEnum
from fnmatch import translate
from functools import lru_cache

from wasmdoctor.model.record import dataclass, field
from wasmdoctor.model.source import Location, Problem

Glob = Callable[[str], object]
"""Whether a name is meant by a glob: something true, or None."""


@lru_cache(maxsize=2048)
def _glob(pattern: str) -> Glob:
    """Whether a name is meant by a glob, case and all, as ``fnmatch`` says; that keeps only 256 of them."""
    return re.compile(translate(pattern)).match


class Persona(StrEnum):
    """For whom the report is: how unsure a finding may be and still be shown.

    ``regular`` sees findings of high and medium confidence, ``pedantic`` also errors and warnings of low
    confidence, ``auditor`` everything.
    """

    REGULAR = "regular"
    PEDANTIC = "pedantic"
    AUDITOR = "auditor"


@dataclass(frozen=True, slots=True)
class Given:
    """A value and where it was given. A table's value is a mapping of names to ``Given``."""

    value: object
    location: Location


@dataclass(frozen=True, slots=True)
class Allow:
    """One ``[[allow]]`` of a configuration.

    Either ``provided_by`` says who provides the imports that match ``interface``, or ``rules`` are selectors
    of rules that do not speak of what matches. ``interface`` and ``component`` are globs, ``path`` is one of
    files, relative to the configuration's folder; "" matches everything. After ``expires`` it has no effect.
    """

    location: Location
    interface: str = ""
    component: str = ""
    path: str = ""
    rules: tuple[str, ...] = ()
    provided_by: str = ""
    reason: str = ""
    expires: date | None = None

    def expired(self, today: date) -> bool:
        """Whether its last day is over."""
        return self.expires is not None and today > self.expires

    @property
    def meant(self) -> Glob | None:
        """Whether a name is one of its interfaces'; None when all are."""
        return _glob(self.interface) if self.interface else None

    def names_interface(self, name: str) -> bool:
        """Whether an import's name, or the name without its version, is meant."""
        meant = self.meant
        return meant is None or bool(meant(name) or ("@" in name and meant(name.partition("@")[0])))

    def names_component(self, *names: str) -> bool:
        """Whether one of a component's names (path, file name, crate) is meant."""
        return not self.component or any(_glob(self.component)(name) for name in names)


@dataclass(frozen=True, slots=True)
class Config:
    """One configuration file: its values by key, ``[[allow]]`` apart, and what is wrong with it."""

    path: str
    values: Mapping[str, Given] = field(default_factory=dict)
    allows: tuple[Allow, ...] = ()
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class Suppression:
    """A comment ``wasmdoctor: allow(WD101) -- reason`` in a source.

    It holds for findings at the lines ``first`` to ``last``, both included. ``fault`` says why it has no
    effect at all, or is "", and ``help`` what to do about that.
    """

    location: Location
    rules: tuple[str, ...]
    reason: str
    first: int
    last: int
    fault: str = ""
    help: str = ""


@dataclass(frozen=True, slots=True)
class Custom:
    """An interface that nobody provides, the components that import it, and where to look ("" for nowhere)."""

    interface: str
    components: tuple[str, ...]
    place: str


@dataclass(frozen=True, slots=True)
class Guess:
    """A host, and what speaks for it."""

    host: str
    why: str
