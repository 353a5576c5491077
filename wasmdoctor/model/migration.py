"""What ``plan`` and ``migrate`` tell people: a workspace's troubles, its plans, and what applying one gave."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from enum import StrEnum

from wasmdoctor.model.names import ExternName
from wasmdoctor.model.plan import Plan, PlanId
from wasmdoctor.model.record import dataclass, field
from wasmdoctor.model.source import Location, Problem


@dataclass(frozen=True, slots=True)
class Surface:
    """What a component imports and exports, by name; what only may be there stands apart.

    ``possible_imports`` also holds what Rust's std may bring: names without version, since the adapter or
    the linker chooses it. ``leaked_exports`` are those of ``exports`` that only linked crates bring: a build
    may drop one, with the objects that nothing else needs.
    """

    imports: tuple[str, ...] = ()
    exports: tuple[str, ...] = ()
    possible_imports: tuple[str, ...] = ()
    possible_exports: tuple[str, ...] = ()
    leaked_exports: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Trouble:
    """An import of a component that nobody provides: the component's name, the import, and the WIT line (or
    manifest) that brings it."""

    component: str
    name: str
    location: Location


@dataclass(frozen=True, slots=True)
class WorkspacePlans:
    """The three plans for one cargo workspace.

    ``folder`` is the workspace's folder as it is shown; paths in ``plans`` are relative to it, those in
    ``troubles`` and ``problems`` too. ``before`` and ``after`` map a component's name to its surface as
    predicted from the sources, ``after`` for each plan that has edits. ``std`` says in words what brings
    the imports that nobody's bindings do. ``verdict`` is why the recommended plan is the one. ``diffs`` are
    the plans' edits as unified diffs.
    """

    folder: str
    target: str
    host: str
    troubles: tuple[Trouble, ...]
    plans: tuple[Plan, ...]
    before: Mapping[str, Surface] = field(default_factory=dict)
    after: Mapping[PlanId, Mapping[str, Surface]] = field(default_factory=dict)
    std: str = ""
    verdict: str = ""
    problems: tuple[Problem, ...] = ()
    diffs: Mapping[PlanId, str] = field(default_factory=dict)

    def lines(self, plan: PlanId) -> tuple[int, int]:
        """How many lines a plan adds and removes."""
        lines = self.diffs.get(plan, "").splitlines()
        body = [line for line in lines if not line.startswith(("+++ ", "--- "))]
        return sum(line.startswith("+") for line in body), sum(line.startswith("-") for line in body)

    def shown(self, path: str) -> str:
        """A path of the workspace as it is shown: relative to where the command ran."""
        return posixpath.normpath(posixpath.join(self.folder, path))

    def plan(self, plan: PlanId) -> Plan:
        """One of the plans. Raises StopIteration when it was not asked for."""
        return next(found for found in self.plans if found.plan is plan)


class Proof(StrEnum):
    """How a step of a verification ended."""

    PASSED = "passed"
    FAILED = "failed"
    SKIPPED = "not done"


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a verification: what was looked at, how it ended, and in words what was found.

    ``details`` are further lines (the compiler's errors, say); ``how`` is how a person can do a step that
    was not done.
    """

    name: str
    result: Proof
    message: str
    details: tuple[str, ...] = ()
    how: str = ""


@dataclass(frozen=True, slots=True)
class BuiltComponent:
    """A component that the edited workspace was built to: its name, size in bytes, and surface. ``profile`` is
    the folder of cargo's that it lay in (``debug``)."""

    name: str
    size: int
    imports: tuple[str, ...]
    exports: tuple[str, ...]
    profile: str = ""


@dataclass(frozen=True, slots=True)
class Verification:
    """What was proven of a migration before the tree was touched. ``lock`` are Cargo.lock's bytes by path."""

    steps: tuple[Step, ...] = ()
    built: tuple[BuiltComponent, ...] = ()
    lock: Mapping[str, bytes] = field(default_factory=dict)

    @property
    def failed(self) -> bool:
        """Whether a step failed."""
        return any(step.result is Proof.FAILED for step in self.steps)


@dataclass(frozen=True, slots=True)
class MigrationReport:
    """A migration, as its report tells it. ``sizes_before`` are bytes of components built before, by name.

    ``id`` is the transaction's, "" when nothing was written; ``undo`` the command that takes it back;
    ``notes`` remarks of the transaction.
    """

    plans: WorkspacePlans
    plan: Plan
    verification: Verification
    id: str = ""
    undo: str = ""
    sizes_before: Mapping[str, int] = field(default_factory=dict)
    tool_version: str = ""
    notes: tuple[str, ...] = ()


def differences(expected: tuple[str, ...], possible: tuple[str, ...], found: tuple[str, ...]) -> list[str]:
    """In words, how the names that a component has differ from those that were expected; [] when they do not.

    Versions on one semver track are the same, since the encoder merges those; a possible name without version
    stands for all of them.
    """
    wanted, have = {_key(name) for name in expected}, {_key(name) for name in found}
    allowed = {_key(name)[0] for name in possible}
    missing = [name for name in expected if _key(name) not in have]
    extra = [name for name in found if _key(name) not in wanted and _key(name)[0] not in allowed]
    return [f"`{name}` is not there" for name in missing] + [f"`{name}` was not expected" for name in extra]


def _key(name: str) -> tuple[str, str]:
    parsed = ExternName.parse(name)
    return parsed.unversioned, parsed.track or parsed.version or ""
