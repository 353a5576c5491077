"""What every plan comes to, before its edits are composed."""

from __future__ import annotations

from collections.abc import Mapping

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
