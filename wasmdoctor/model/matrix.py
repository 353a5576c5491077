"""Which hosts run a component, and from which version on; and how two hosts differ. Records only."""

from __future__ import annotations

from typing import Literal

from wasmdoctor.model.record import dataclass

Outcome = Literal["runs", "flags", "no"]
"""Runs as it is started by itself; runs with flags; does not run."""

ReasonKind = Literal["import", "version", "function", "resource", "type", "entry"]


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a host does not run a component: what of it is wanting, and a sentence about it.

    ``name`` is the import, ``interface#function`` for one of its functions, or for ``entry`` what the
    component would have to export.
    """

    kind: ReasonKind
    name: str
    text: str


@dataclass(frozen=True, slots=True)
class VersionRange:
    """Versions of a host, both ends included, for which the answer is the same.

    ``flags`` are what the host must be started with, as its command line takes them; ``command`` starts the
    component ("" when no command is known); ``entry`` is the export that is called. ``reasons`` say why not;
    ``flags`` are then what it needs besides.
    """

    first: str
    last: str
    outcome: Outcome
    flags: tuple[str, ...] = ()
    reasons: tuple[Reason, ...] = ()
    entry: str = ""
    command: str = ""

    @property
    def versions(self) -> str:
        """``19 to 48``, or ``19``; "" for a host without versions."""
        if self.last == "0":
            return ""
        return self.first if self.first == self.last else f"{self.first} to {self.last}"


@dataclass(frozen=True, slots=True)
class MatrixRow:
    """One host in one mode: its versions in ranges, oldest first."""

    host: str
    mode: str
    ranges: tuple[VersionRange, ...]
    only_mode: bool = False

    @property
    def name(self) -> str:
        """``wasmtime:run``, or ``spin`` when that has one mode."""
        return self.host if self.only_mode else f"{self.host}:{self.mode}"

    @property
    def running(self) -> tuple[VersionRange, ...]:
        """The versions that run it, with flags or without."""
        return tuple(each for each in self.ranges if each.outcome != "no")

    @property
    def oldest(self) -> str:
        """The oldest version that runs it, "" when none does."""
        return self.running[0].first if self.running else ""

    @property
    def newest(self) -> str:
        """The newest version that runs it, "" when none does."""
        return self.running[-1].last if self.running else ""


@dataclass(frozen=True, slots=True)
class Matrix:
    """The hosts of one component. ``providers`` are components of the run that it is composed with."""

    path: str
    exports: tuple[str, ...]
    imports: int
    rows: tuple[MatrixRow, ...]
    providers: tuple[str, ...] = ()


ChangeKind = Literal["added", "removed", "changed"]


@dataclass(frozen=True, slots=True)
class Side:
    """What one host says of an item: a name or signature, and the flags that it needs (as typed)."""

    name: str
    flags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Change:
    """One item that differs between two hosts: an interface, function, flag or entry."""

    item: str
    kind: ChangeKind
    before: tuple[Side, ...] = ()
    after: tuple[Side, ...] = ()


@dataclass(frozen=True, slots=True)
class HostDiff:
    """How one host (``before``) becomes another (``after``), in one mode each; all sorted by item.

    ``same`` counts interfaces that are equal in both. ``rules`` are the two name rules.
    """

    before: str
    after: str
    rules: tuple[str, str]
    interfaces: tuple[Change, ...] = ()
    functions: tuple[Change, ...] = ()
    flags: tuple[Change, ...] = ()
    entries: tuple[Change, ...] = ()
    same: int = 0

    @property
    def empty(self) -> bool:
        """Whether nothing differs."""
        return self.rules[0] == self.rules[1] and not (
            self.interfaces or self.functions or self.flags or self.entries
        )
