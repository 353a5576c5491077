"""Feature gates: which of them an item has, and whether it is there.

Rules: Component Model, WIT.md "Feature Gates", as wit-parser 0.262 applies them.
"""

from __future__ import annotations

from collections.abc import Callable

from wasmdoctor.model.record import dataclass
from wasmdoctor.model.source import Location, Problem
from wasmdoctor.model.wit import NO_GATE, Gate
from wasmdoctor.readers.wit import semver
from wasmdoctor.readers.wit.entities import Part, Unit
from wasmdoctor.readers.wit.tree import Attribute

Report = Callable[[Problem], None]


@dataclass(frozen=True, slots=True)
class Features:
    """The features that are switched on. ``everything`` switches all on (``--all-features``)."""

    names: frozenset[str] = frozenset()
    everything: bool = False


NO_FEATURES = Features()


def gate_of(part: Part, gates: tuple[Attribute, ...], report: Report, *, external: bool = True) -> Gate:
    """The gate that a list of attributes makes; contradictions are reported.

    ``external`` is whether ``@external-id`` means anything on this item, so that a second is wrong.
    """
    if not gates:
        return NO_GATE
    values: dict[str, str] = {}
    for attribute in gates:
        name = attribute.name.text
        if name in values and (external or name != "external-id"):
            report(Problem(part.location(attribute.start), f"`@{name}` is given twice", "keep one of them"))
        values[name] = attribute.value
    place = part.location(gates[0].start)
    if "since" in values and "unstable" in values:
        report(
            Problem(place, "an item cannot be both `@since` and `@unstable`", "keep the one that holds now")
        )
    if "deprecated" in values and not ("since" in values or "unstable" in values):
        report(Problem(place, "`@deprecated` needs `@since` or `@unstable` beside it", "add one of them"))
        return NO_GATE
    return Gate(values.get("since", ""), values.get("unstable", ""), values.get("deprecated", ""))


def included(gate: Gate, unit: Unit, location: Location, features: Features, report: Report) -> bool:
    """Whether an item with this gate is there; a version that the package cannot have is reported."""
    if unit.decoded:
        return True
    if gate.since:
        if not unit.version:
            report(
                Problem(
                    location,
                    f"`@since` needs a versioned package, and `{unit.name}` has no version",
                    "add a version to the `package` line, or remove the gate",
                )
            )
        elif semver.key(gate.since) > semver.key(unit.version):
            report(
                Problem(
                    location,
                    f"`@since` names version {gate.since}, but the package is at {unit.version}",
                    "gates cannot name a version that is not released",
                )
            )
        return True
    if gate.unstable:
        return features.everything or gate.unstable in features.names
    return True
