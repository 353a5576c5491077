"""Why a component has an import: the steps from its crate to the WIT line, in words of the JSON contract."""

from __future__ import annotations

from collections.abc import Iterable

from wasmdoctor.model.binding import Binding, BoundItem, Carrier, Evidence, SiteKind
from wasmdoctor.model.cargo import Crate, Dependency
from wasmdoctor.model.finding import OriginStep
from wasmdoctor.model.source import Location
from wasmdoctor.model.wit import Step, StepKind


def origin(
    root: Crate,
    carrier: Carrier,
    *,
    export: bool = False,
    evidence: Evidence = Evidence.SOURCES,
    artifact: str = "",
) -> tuple[OriginStep, ...]:
    """The steps of one carrier; ``evidence`` and ``artifact`` say what the binding rests on.

    A crate stands at the line of its manifest that leads on: the dependency on the next crate, for the
    last one its name. Then the binding, the world, and the WIT lines from the world to the item.
    """
    chain = carrier.linked.chain if carrier.linked else ()
    last = carrier.linked.crate if carrier.linked else root
    return (
        *crate_steps(root, chain, last),
        *binding_steps(carrier.binding, _item(carrier, export=export), evidence, artifact),
    )


def crate_steps(root: Crate, chain: Iterable[Dependency], last: Crate) -> tuple[OriginStep, ...]:
    """The crates from the component's own to the one that has the binding."""
    steps: list[OriginStep] = []
    name = root.name
    for edge in chain:
        steps.append(OriginStep("crate", name, edge.location, _edge_note(edge)))
        name = edge.dependency.name
    steps.append(OriginStep("crate", last.name, last.location))
    return tuple(steps)


def _edge_note(edge: Dependency) -> str:
    """How a dependency is known, when it is not by a plain line of the manifest."""
    return "lock" if edge.evidence.value == "lock" else ""


def binding_steps(
    binding: Binding,
    item: BoundItem | None,
    evidence: Evidence = Evidence.SOURCES,
    artifact: str = "",
) -> tuple[OriginStep, ...]:
    """The binding, its world, and the WIT lines that lead to an item."""
    steps = [OriginStep("binding", _site(binding), binding.location, evidence.value, artifact)]
    if binding.world_location is not None:
        world = binding.world.rpartition("/")[2].partition("@")[0]
        steps.append(OriginStep("world", world, binding.world_location))
    if item is not None:
        steps += [OriginStep(step.kind.value, step.target, step.location) for step in item.steps]
    return tuple(steps)


def _site(binding: Binding) -> str:
    return {
        SiteKind.GENERATE: "generate! call",
        SiteKind.FILE: "generated bindings",
        SiteKind.EXTERN: "extern block",
        SiteKind.OUT_DIR: "bindings from the build script",
        SiteKind.MACRO: "bindings from a macro of another crate",
    }[binding.kind]


def _item(carrier: Carrier, *, export: bool) -> BoundItem | None:
    items = carrier.binding.exports if export else carrier.binding.imports
    return items.get(carrier.name)


def wit_line(carrier: Carrier, *, export: bool = False) -> Location | None:
    """The WIT line that names the item: the place to open first; None when no WIT was found."""
    item = _item(carrier, export=export)
    steps: tuple[Step, ...] = item.steps if item else ()
    named = [step for step in steps if step.kind is not StepKind.INCLUDE] or list(steps)
    return named[-1].location if named else None
