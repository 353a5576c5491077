"""Plan A from facts to edits."""

from __future__ import annotations

from typing import Final

from wasmdoctor.migrate.inputs import Bridge, BridgeMaker, PlanInputs
from wasmdoctor.migrate.plan_a.cargo import cargo_edits
from wasmdoctor.migrate.plan_a.findings import Findings, find
from wasmdoctor.migrate.plan_a.rust import rust_edits
from wasmdoctor.migrate.plan_a.sites import Sites, plan_sites
from wasmdoctor.migrate.plan_a.wit import WitResult, wit_edits
from wasmdoctor.migrate.plan_a.work import RustEdits
from wasmdoctor.migrate.result import LeftImport, PlanResult, left_steps
from wasmdoctor.model.cargo import TargetKind
from wasmdoctor.model.edit import Create, Edit, Move, Remove, Replace
from wasmdoctor.model.plan import BridgeFunction, ManualStep
from wasmdoctor.model.record import dataclass, replace
from wasmdoctor.model.source import Location
from wasmdoctor.readers.cargo.files import is_below


@dataclass(frozen=True, slots=True)
class PlanAResult(PlanResult):
    """Plan A's result. ``converted`` are the packages that stop being components."""

    converted: tuple[str, ...] = ()


def plan_a(inputs: PlanInputs, bridge: BridgeMaker, *, keep_wit: bool = False) -> PlanAResult:
    """Plan A for a workspace. ``bridge`` makes the modules that take the place of custom interfaces.

    Planning on the result of its own edits finds nothing to cure.
    """
    findings = find(inputs)
    left = tuple(LeftImport(f.component, f.name, f.location, f.reason) for f in findings.all if f.reason)
    unseen = unseen_code(inputs)
    if not findings.all:
        return PlanAResult(False, nothing_to_cure(unseen), manual=unseen)
    if not findings.curable:
        return PlanAResult(False, why_not(findings), left=left, manual=unseen)
    sites = plan_sites(inputs, findings)
    rust = rust_edits(inputs, sites)
    wit = wit_edits(inputs, sites, keep_wit=keep_wit)
    obstacles = [*_traits(sites), *rust.obstacles, *wit.obstacles]
    if obstacles:
        return PlanAResult(False, "; ".join(dict.fromkeys(obstacles)), left=left)
    return _result(inputs, findings, sites, rust, wit, bridge, left)


def _result(
    inputs: PlanInputs,
    findings: Findings,
    sites: Sites,
    rust: RustEdits,
    wit: WitResult,
    bridge: BridgeMaker,
    left: tuple[LeftImport, ...],
) -> PlanAResult:
    edits: list[Edit] = [*rust.edits, *wit.edits]
    functions: list[BridgeFunction] = []
    bridges: list[tuple[str, Bridge]] = []
    for plan, request in rust.requests:
        made = bridge(replace(request, path=relative(inputs, request.path)), plan.site.resolution)
        functions += made.functions
        bridges.append((plan.crate.name, made))
        edits += [
            Create(absolute(inputs, path), data, f"the bridge of `{plan.crate.name}`")
            for path, data in sorted(made.files.items())
        ]
    manifests = cargo_edits(inputs, sites, rust, wit, bridges)
    edits += manifests.edits
    outside = sorted({edit.path for edit in edits if not is_below(edit.path, inputs.root)})
    if outside:
        return PlanAResult(
            False, f"{', '.join(outside)} would change, and lies outside of the workspace", left=left
        )
    edits = [moved(inputs, edit) for edit in edits]
    converted = tuple(sorted({crate.name for crate in sites.converted}))
    return PlanAResult(
        True,
        _reason(findings, converted),
        tuple(edits),
        (*rust.manual, *wit.manual, *manifests.manual, *_manual(inputs, left), *unseen_code(inputs)),
        tuple(functions),
        dict(sorted(manifests.added.items())),
        left,
        _loses(converted),
        build_steps(inputs),
        converted,
    )


def relative(inputs: PlanInputs, path: str) -> str:
    """A path of the file view as one from the workspace's folder."""
    root = inputs.root
    if root in (".", ""):
        return path
    return path[len(root) + 1 :] if is_below(path, root) else path


def absolute(inputs: PlanInputs, path: str) -> str:
    """A path from the workspace's folder as one of the file view."""
    return path if inputs.root in (".", "") else f"{inputs.root}/{path}"


def moved(inputs: PlanInputs, edit: Edit) -> Edit:
    """The edit with its path relative to the workspace's folder."""
    match edit:
        case Replace() | Create() | Remove():
            return replace(edit, path=relative(inputs, edit.path))
        case Move():
            return replace(edit, path=relative(inputs, edit.path), to=relative(inputs, edit.to))


def _traits(sites: Sites) -> list[str]:
    """Code that stays and names an export's trait cannot do without the bindings."""
    return [
        f"{plan.site.binding.location}: code that stays names `{trait}`, a trait of the exports of `{plan.crate.name}`"
        for plan in sites.plans
        for trait in sorted(set(plan.traits))
    ]


def unseen_code(inputs: PlanInputs) -> tuple[ManualStep, ...]:
    """Code of components that is not in the sources: what it imports is not known, and stays."""
    places: dict[Location, list[str]] = {}
    for component in inputs.components:
        for place in component.prediction.unseen:
            places.setdefault(place, []).append(f"`{component.name}`")
    return tuple(
        ManualStep(
            place,
            f"code of {', '.join(dict.fromkeys(names))} is made when it is built (a build script or another crate's "
            "macro writes it): what it imports cannot be known from the sources, and stays",
        )
        for place, names in places.items()
    )


def nothing_to_cure(unseen: tuple[ManualStep, ...]) -> str:
    """Why no plan applies where no custom import was found."""
    if unseen:
        places = ", ".join(str(step.location) for step in unseen)
        return f"the sources show no import that the host lacks, and some code is made when it is built ({places})"
    return "there is nothing to cure: no component has an import that the host lacks"


def why_not(findings: Findings) -> str:
    """The reasons that stand in the way, each with its imports."""
    by_reason: dict[str, list[str]] = {}
    for finding in findings.all:
        names = by_reason.setdefault(finding.reason, [])
        if finding.name not in names:
            names.append(finding.name)
    return "; ".join(
        f"{', '.join(f'`{name}`' for name in names)}: {reason}" for reason, names in by_reason.items()
    )


def _reason(findings: Findings, converted: tuple[str, ...]) -> str:
    names = sorted({finding.name for finding in findings.curable})
    come = "comes" if len(names) == 1 else "come"
    text = f"{', '.join(f'`{name}`' for name in names)} {come} from Rust sources of this workspace"
    if not converted:
        return text
    become = "becomes a plain library" if len(converted) == 1 else "become plain libraries"
    return f"{text}; {', '.join(f'`{name}`' for name in converted)} {become}"


def _loses(converted: tuple[str, ...]) -> str:
    if not converted:
        return ""
    names = ", ".join(f"`{name}`" for name in converted)
    own = "a component of its own" if len(converted) == 1 else "components of their own"
    return f"separate deployment: {names} can no longer be built as {own}"


PREVIEW1: Final = ("wasi_snapshot_preview1.reactor.wasm", "wasi_snapshot_preview1.command.wasm")
"""The adapters that make components of a library and of a program (wasmtime's, which also name them)."""


def build_steps(inputs: PlanInputs) -> tuple[str, ...]:
    """The commands that build the workspace's components."""
    if any(component.crate.component for component in inputs.components):
        return (f"cargo component build --target {inputs.target}",)
    steps = (f"cargo build --target {inputs.target}",)
    if inputs.target.endswith("wasip2"):
        return steps
    kinds = {component.target.kind is TargetKind.BIN for component in inputs.components}
    wrapping = [
        f"wasm-tools component new {'PROGRAM' if program else 'CORE'}.wasm --adapt {PREVIEW1[program]} -o COMPONENT.wasm"
        for program in sorted(kinds)
    ]
    return (*steps, *wrapping)


def _manual(inputs: PlanInputs, left: tuple[LeftImport, ...]) -> tuple[ManualStep, ...]:
    steps = [*left_steps(left)]
    steps += [
        ManualStep(Location(path), "this file composes components that are one component now: it is obsolete")
        for path in inputs.compositions
    ]
    return tuple(dict.fromkeys(steps))
