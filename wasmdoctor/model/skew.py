"""Versions that do not fit together: what is deprecated, which host versions take an import, who brought it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final, Literal

from wasmdoctor.model.names import ExternName, Version, track
from wasmdoctor.model.record import dataclass, field
from wasmdoctor.model.text import say

if TYPE_CHECKING:  # the records of artifacts are not needed to check a component that is fine
    from wasmdoctor.model.artifact import ModuleCalls

Status = Literal["withdrawn", "renamed", "candidate", "draft"]

STATUSES: Final[tuple[Status, ...]] = ("withdrawn", "renamed", "candidate", "draft")

NO_VERSION: Final = "none"
"""How ``versions`` of a row names imports without a version."""

WASI_TRACK: Final = "0.2"
"""The track of WASI whose releases differ by a few functions only (rules/wit/wasi-0.2.toml)."""


@dataclass(frozen=True, slots=True)
class Deprecated:
    """Interfaces that a release has no more, or only under another name, and those that never were released.

    ``names`` are interfaces without version, or modules that core modules import from; ``versions`` are
    versions, or ``none`` for a name without; a trailing ``*`` matches the rest in both. ``status``:
    ``withdrawn`` is gone, ``renamed`` has the successor ``instead``, ``candidate`` is a release candidate of
    something that was released since, ``draft`` was never released. ``what`` says it in one sentence without a
    full stop, ``source`` where it can be read.
    """

    names: tuple[str, ...]
    versions: tuple[str, ...]
    status: Status
    what: str
    source: str
    instead: str = ""

    def covers(self, name: ExternName) -> bool:
        """Whether an import of this name is meant."""
        version = (name.version or NO_VERSION) if name.kind == "interface" else NO_VERSION
        return self.names_it(name.unversioned) and any(_fits(version, each) for each in self.versions)

    def names_it(self, unversioned: str) -> bool:
        """Whether an interface (or core module name) is meant, whatever its version."""
        return any(_fits(unversioned, each) for each in self.names)


def _fits(text: str, pattern: str) -> bool:
    return text.startswith(pattern[:-1]) if pattern.endswith("*") else text == pattern


@dataclass(frozen=True, slots=True)
class HostRange:
    """Versions of a host, first and last inclusive; ``open`` when the last is the newest known.

    ``args`` are arguments that each of them needs for a function that is asked for (``-S network-error-code``).
    """

    first: str
    last: str
    open: bool = False
    args: str = ""

    def __str__(self) -> str:
        what: str = self.first
        if self.open:
            what = say("{version} or later", version=self.first)
        elif self.first != self.last:
            what = say("{first} to {last}", first=self.first, last=self.last)
        return say("{what} with `{args}`", what=what, args=self.args) if self.args else what


@dataclass(frozen=True, slots=True)
class SkewFacts:
    """What rules about versions may know besides the imports themselves.

    ``modules`` maps the path of a finished component whose versions do not fit together to its core modules
    and what they import, under the names that they were compiled with. ``takers`` maps a component's path and
    an import that its host has in other versions only to the host's versions that take it. ``adapters`` are
    host versions, oldest first, each with the WASI 0.2 release that it has: its preview1 adapter is for that.
    """

    deprecated: tuple[Deprecated, ...] = ()
    modules: Mapping[str, tuple[ModuleCalls, ...]] = field(default_factory=dict)
    takers: Mapping[tuple[str, str], tuple[HostRange, ...]] = field(default_factory=dict)
    adapters: tuple[tuple[str, str], ...] = ()

    def adapter_for(self, version: str) -> str:
        """The first host version whose preview1 adapter is for this WASI release or a later one, or ""."""
        wanted = Version.parse(version)
        for host, wasi in self.adapters:
            have = Version.parse(wasi)
            if wanted is not None and have is not None and track(version) == track(wasi) and have >= wanted:
                return host
        return ""


NO_SKEW: Final = SkewFacts()
