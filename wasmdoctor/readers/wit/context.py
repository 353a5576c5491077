"""What the resolution of one package has at hand everywhere: other packages, gates, and where problems go."""

from __future__ import annotations

from collections.abc import Iterable

from wasmdoctor.model.record import dataclass, field
from wasmdoctor.model.source import Location, Problem
from wasmdoctor.model.wit import NO_GATE, Gate
from wasmdoctor.readers.wit.entities import (
    Part,
    Unit,
)
from wasmdoctor.readers.wit.features import Features, gate_of, included
from wasmdoctor.readers.wit.names import nearest
from wasmdoctor.readers.wit.tree import (
    Attribute,
)
from wasmdoctor.readers.wit.worlds import Budget

MAX_WORK = 25_000
"""How many items all worlds together may copy while they are flattened (a few seconds)."""


@dataclass(slots=True)
class Run:
    """What the packages of one resolution share: all packages so far, in order, and all problems.

    ``known`` are the names of all packages, also of those that have not had their turn.
    ``cut`` are the dependencies between packages (user, used) that were left out to break a circle.
    """

    features: Features
    units: dict[str, Unit] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    known: dict[str, None] = field(default_factory=dict)
    cut: set[tuple[str, str]] = field(default_factory=set)
    budget: Budget = field(default_factory=lambda: Budget(MAX_WORK))


class Context:
    """One package in resolution, when all that it depends on is resolved."""

    def __init__(self, run: Run, unit: Unit) -> None:
        self.run = run
        self.unit = unit

    def report(self, problem: Problem) -> None:
        """Add a problem to the run."""
        self.run.problems.append(problem)

    def problem(self, location: Location, message: str, help: str = "") -> None:
        """Add a problem to the run."""
        self.run.problems.append(Problem(location, message, help))

    def unknown(self, location: Location, message: str, name: str, candidates: Iterable[str]) -> None:
        """Report a missing name, with the nearest one there is."""
        if self.unit.broken:
            return  # it may be defined where the syntax error is
        near = nearest(name, candidates)
        self.problem(location, message, f"did you mean `{near}`?" if near else "")

    def gate(self, part: Part, gates: tuple[Attribute, ...], *, external: bool = True) -> Gate:
        """The gate that an item's attributes make."""
        return NO_GATE if not gates else gate_of(part, gates, self.report, external=external)

    def included(self, gate: Gate, location: Location) -> bool:
        """Whether an item with this gate is there."""
        return gate is NO_GATE or included(gate, self.unit, location, self.run.features, self.report)

    def excluded(self, location: Location, what: str) -> None:
        """Report a reference to something that a feature gate leaves out."""
        self.problem(
            location,
            f"this refers to {what}, which is left out because its feature is not active",
            "put the same `@unstable` gate on this item, or switch the feature on",
        )
