"""Plan C from facts to edits."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from wasmdoctor.migrate.bridge.derived import CRATE
from wasmdoctor.migrate.bridge.wasi import REQUIREMENT
from wasmdoctor.migrate.inputs import Bridge, BridgeMaker, NewDependency, PlanInputs
from wasmdoctor.migrate.plan_a.cargo import CargoResult, cargo_edits
from wasmdoctor.migrate.plan_a.findings import Findings
from wasmdoctor.migrate.plan_a.plan import (
    absolute,
    build_steps,
    moved,
    nothing_to_cure,
    relative,
    unseen_code,
    why_not,
)
from wasmdoctor.migrate.plan_a.sites import SitePlan, Sites
from wasmdoctor.migrate.plan_a.work import Work
from wasmdoctor.migrate.plan_c.calls import Calls, plan_calls
from wasmdoctor.migrate.plan_c.files import outdated
from wasmdoctor.migrate.plan_c.metadata import wit_dependencies
from wasmdoctor.migrate.plan_c.options import declare_in_call
from wasmdoctor.migrate.plan_c.rust import rust_work
from wasmdoctor.migrate.plan_c.sites import find, needed_by_exports, plan_sites
from wasmdoctor.migrate.plan_c.standard import StandardWit
from wasmdoctor.migrate.plan_c.wit import CWitResult, Offer, wit_edits
from wasmdoctor.migrate.result import LeftImport, PlanResult, left_steps
from wasmdoctor.model.edit import Create, Edit
from wasmdoctor.model.plan import CallSite, CallTarget, ManualStep
from wasmdoctor.model.record import dataclass, replace
from wasmdoctor.model.source import Location

DIRECT_CRATES = {CRATE: NewDependency(REQUIREMENT)}
"""The crates of the standard functions that code calls itself."""

MOST_NAMES = 6
"""How many names a sentence lists."""


@dataclass(frozen=True, slots=True)
class PlanCResult(PlanResult):
    """Plan C's result. ``calls`` tells of each call site of a custom function what it calls afterwards."""

    calls: tuple[CallSite, ...] = ()


def plan_c(
    inputs: PlanInputs,
    bridge: BridgeMaker,
    sources: Sequence[StandardWit] = (),
    *,
    links: Callable[[str], bool] | None = None,
    keep_wit: bool = False,
) -> PlanCResult:
    """Plan C for a workspace: the crates that use custom interfaces call standard WASI themselves.

    ``bridge`` makes the modules that take the place of custom interfaces. ``sources`` are where the WIT of the
    standard interfaces that worlds then import can be copied from, the best first; without any the worlds do
    not name them. ``links`` says whether the host links an import of a standard interface, by its full name
    (``inputs.provided`` when it is not given). ``keep_wit`` keeps definitions and files that nothing needs any more.

    Planning on the result of its own edits finds nothing to cure.
    """
    findings = find(inputs)
    left = tuple(LeftImport(f.component, f.name, f.location, f.reason) for f in findings.all if f.reason)
    unseen = unseen_code(inputs)
    if not findings.all:
        return PlanCResult(False, nothing_to_cure(unseen), manual=unseen)
    if not findings.curable:
        return PlanCResult(False, why_not(findings), left=left, manual=unseen)
    sites = plan_sites(inputs, findings)
    calls = plan_calls(inputs, sites, bridge)
    work = rust_work(inputs, sites, calls)
    bridges = [
        (plan, bridge(replace(request, path=relative(inputs, request.path)), plan.site.resolution))
        for plan, request in work.result.requests
    ]
    offer = Offer(_needed(sites, calls, bridges), tuple(sources), links or inputs.provided)
    wit = wit_edits(inputs, sites, offer, keep_wit=keep_wit)
    _declare(work, sites, wit)
    work.write()
    obstacles = [*work.result.obstacles, *wit.obstacles]
    if obstacles:
        return PlanCResult(False, "; ".join(dict.fromkeys(obstacles)), left=left)
    made = [(plan.crate.name, one) for plan, one in bridges]
    made += [(plan.crate.name, Bridge({}, (), DIRECT_CRATES)) for plan in sites.plans if calls.needed(plan)]
    manifests = cargo_edits(inputs, sites, work.result, wit, made)
    edits = [*_edits(inputs, work, wit, bridges, manifests), *wit_dependencies(inputs, sites, wit)]
    return PlanCResult(
        True,
        _reason(findings, calls),
        tuple(moved(inputs, edit) for edit in edits),
        tuple(dict.fromkeys((*_manual(inputs, sites, work, wit, manifests, left), *unseen))),
        tuple(function for _, one in bridges for function in one.functions),
        dict(sorted(manifests.added.items())),
        left,
        _loses(inputs),
        build_steps(inputs),
        calls.listed(),
    )


Bridges = Sequence[tuple[SitePlan, Bridge]]


def _needed(sites: Sites, calls: Calls, bridges: Bridges) -> dict[int, list[str]]:
    """The standard interfaces that the code of each site calls afterwards."""
    found: dict[int, list[str]] = {id(plan): [] for plan in sites.plans}
    functions = [(plan, one.functions) for plan, one in bridges]
    functions += [(plan, tuple(calls.needed(plan))) for plan in sites.plans]
    for plan, each in functions:
        for function in each:
            if function.needed is not False:
                found[id(plan)] += function.imports
    return found


def _declare(work: Work, sites: Sites, wit: CWitResult) -> None:
    for plan in sites.plans:
        declared = wit.declared.get(id(plan))
        if declared is not None and plan.site.call is not None:
            declare_in_call(work, plan.site.call, declared.new)


def _edits(
    inputs: PlanInputs, work: Work, wit: CWitResult, bridges: Bridges, manifests: CargoResult
) -> Iterator[Edit]:
    yield from work.result.edits
    yield from wit.edits
    for plan, one in bridges:
        for path, data in sorted(one.files.items()):
            yield Create(absolute(inputs, path), data, f"the bridge of `{plan.crate.name}`")
    yield from manifests.edits


def _manual(
    inputs: PlanInputs,
    sites: Sites,
    work: Work,
    wit: CWitResult,
    manifests: CargoResult,
    left: Iterable[LeftImport],
) -> Iterator[ManualStep]:
    yield from work.result.manual
    yield from wit.manual
    yield from manifests.manual
    for plan in sites.plans:
        if plan.keep and plan.site.file is not None:
            yield outdated(inputs, plan)
        yield from _types_alone(inputs, plan)
    yield from left_steps(left)
    for path in inputs.compositions:
        yield ManualStep(
            Location(path),
            "this file composes components that import less now: what it gives them for custom imports is not "
            "taken any more",
        )


def _types_alone(inputs: PlanInputs, plan: SitePlan) -> Iterator[ManualStep]:
    """Custom interfaces that exports take types from: they stay imports, which ask nothing of a host."""
    for name, export in needed_by_exports(plan.site).items():
        item = plan.site.world.imports[name] if plan.site.world is not None else None
        bare = item is not None and item.interface is not None and not item.interface.functions
        if bare and not inputs.provided(name):
            yield ManualStep(
                item.origin.steps[0].location if item is not None else plan.site.binding.location,
                f"`{name}` stays an import of types alone, since the exported `{export}` uses them: nobody has to "
                "provide those",
            )


def _reason(findings: Findings, calls: Calls) -> str:
    names = sorted({finding.name for finding in findings.curable})
    sites = calls.listed()
    direct = sum(site.target is CallTarget.STANDARD for site in sites)
    through = len(sites) - direct
    parts = []
    if direct:
        parts.append(f"{_sites(direct)} {'calls' if direct == 1 else 'call'} a standard function itself")
    if through:
        parts.append(
            f"{_sites(through)} {'goes' if through == 1 else 'go'} through a bridge module of the crate"
        )
    told = f": {', and '.join(parts)}" if parts else ""
    return f"the code that uses {_list(names)} is Rust of this workspace{told}"


def _sites(number: int) -> str:
    return f"{number} call {'site' if number == 1 else 'sites'}"


def _loses(inputs: PlanInputs) -> str:
    text = "the custom interfaces: a component or a host of your own that provides them can no longer be plugged in"
    leaked = sorted({name for component in inputs.components for name in _leaked(inputs, component.name)})
    if leaked:
        leak = "leaks" if len(leaked) == 1 else "leak"
        text += f". Exports stay as they are, and {_list(leaked)} still {leak} into components that link their crates"
    return text


def _leaked(inputs: PlanInputs, name: str) -> Iterator[str]:
    """The exports of a component that come from the crates it links."""
    for component in inputs.components:
        if component.name == name:
            for export in component.prediction.exports.values():
                if export.carriers and all(carrier.linked is not None for carrier in export.carriers):
                    yield export.name


def _list(names: Sequence[str]) -> str:
    shown = [f"`{name}`" for name in names[:MOST_NAMES]]
    if len(names) > MOST_NAMES:
        shown.append(f"{len(names) - MOST_NAMES} more")
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"
