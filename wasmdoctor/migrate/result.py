"""What every plan comes to, before its edits are composed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from wasmdoctor.model.edit import Edit
from wasmdoctor.model.plan import BridgeFunction, ManualStep
from wasmdoctor.model.record import dataclass, field
from wasmdoctor.model.source import Location


@dataclass(frozen=True, slots=True)
class LeftImport:
    """A custom import that a plan does not cure, and why."""

    component: str
    name: str
    location: Location
    reason: str


def left_steps(left: Iterable[LeftImport]) -> tuple[ManualStep, ...]:
    """A step for each import that stays, with all components that keep it for the same reason."""
    keeping: dict[tuple[Location, str, str], dict[str, None]] = {}
    for one in left:
        keeping.setdefault((one.location, one.name, one.reason), {})[one.component] = None
    return tuple(
        ManualStep(
            location,
            f"{', '.join(f'`{component}`' for component in components)} "
            f"{'keeps' if len(components) == 1 else 'keep'} the import `{name}`: {reason}",
        )
        for (location, name, reason), components in keeping.items()
    )


@dataclass(frozen=True, slots=True)
class PlanResult:
    """A plan for one workspace: edits with paths relative to its folder, and what goes with them.

    ``reason`` says why it is applicable and what it does, or why it is not. ``left`` are custom imports that
    stay. ``dependencies`` are crates that the edits add, with their requirement.
    """

    applicable: bool
    reason: str
    edits: tuple[Edit, ...] = ()
    manual: tuple[ManualStep, ...] = ()
    bridge: tuple[BridgeFunction, ...] = ()
    dependencies: Mapping[str, str] = field(default_factory=dict)
    left: tuple[LeftImport, ...] = ()
    loses: str = ""
    steps: tuple[str, ...] = ()
