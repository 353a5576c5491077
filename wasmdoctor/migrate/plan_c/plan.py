"""Plan C from facts to edits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from wasmdoctor.migrate.bridge.wasi import CRATE, REQUIREMENT
from wasmdoctor.migrate.inputs import Bridge, BridgeMaker, NewDependency, PlanInputs
from wasmdoctor.migrate.plan_a.cargo import cargo_edits
from wasmdoctor.migrate.plan_a.findings import Findings
from wasmdoctor.migrate.plan_a.plan import LeftImport, _absolute, _moved, _nothing, _relative, _unseen, _why_not
from wasmdoctor.migrate.plan_c.calls import CallSite, plan_calls
from wasmdoctor.migrate.plan_c.rust import rust_work
from wasmdoctor.migrate.plan_c.options import declare_in_call
from wasmdoctor.migrate.plan_c.sites import find, plan_sites
from wasmdoctor.migrate.plan_c.standard import StandardWit
from wasmdoctor.migrate.plan_c.wit import wit_edits
from wasmdoctor.model.edit import Create, Edit
from wasmdoctor.model.plan import BridgeFunction, ManualStep


DIRECT_CRATES = {CRATE: NewDependency(REQUIREMENT)}


@dataclass(frozen=True, slots=True)
class PlanCResult:
    applicable: bool
    reason: str
    edits: tuple[Edit, ...] = ()
    manual: tuple[ManualStep, ...] = ()
    bridge: tuple[BridgeFunction, ...] = ()
    dependencies: Mapping[str, str] = field(default_factory=dict)
    left: tuple[LeftImport, ...] = ()
    calls: tuple[CallSite, ...] = ()


def plan_c(
    inputs: PlanInputs,
    bridge: BridgeMaker,
    sources: Sequence[StandardWit] = (),
    *,
    keep_wit: bool = False,
) -> PlanCResult:
    findings = find(inputs)
    left = tuple(LeftImport(f.component, f.name, f.location, f.reason) for f in findings.all if f.reason)
    unseen = _unseen(inputs)
    if not findings.all:
        return PlanCResult(False, _nothing(unseen), manual=unseen)
    if not findings.curable:
        return PlanCResult(False, _why_not(findings), left=left, manual=unseen)
    sites = plan_sites(inputs, findings)
    calls = plan_calls(inputs, sites, bridge)
    work = rust_work(inputs, sites, calls)
    made = [
        (plan, bridge(replace(request, path=_relative(inputs, request.path)), plan.site.resolution))
        for plan, request in work.result.requests
    ]
    needed: dict[int, list[str]] = {id(plan): [] for plan in sites.plans}
    for plan, each in [*((plan, one.functions) for plan, one in made), *((plan, calls.needed(plan)) for plan in sites.plans)]:
        needed[id(plan)] += [name for function in each if function.needed is not False for name in function.imports]
    wit = wit_edits(inputs, sites, needed, sources, keep_wit=keep_wit)
    for plan in sites.plans:
        found = wit.declared.get(id(plan))
        if found is not None and plan.site.call is not None:
            declare_in_call(work, plan.site.call, found.new)
    work.write()
    rust = work.result
    obstacles = [*rust.obstacles, *wit.obstacles]
    if obstacles:
        return PlanCResult(False, "; ".join(dict.fromkeys(obstacles)), left=left)
    edits: list[Edit] = [*rust.edits, *wit.edits]
    functions: list[BridgeFunction] = []
    bridges: list[tuple[str, Bridge]] = []
    for plan, one in made:
        functions += one.functions
        bridges.append((plan.crate.name, one))
        edits += [
            Create(_absolute(inputs, path), data, f"the bridge of `{plan.crate.name}`")
            for path, data in sorted(one.files.items())
        ]
    bridges += [(plan.crate.name, Bridge({}, (), DIRECT_CRATES)) for plan in sites.plans if calls.needed(plan)]
    manifests = cargo_edits(inputs, sites, rust, wit, bridges)
    edits += manifests.edits
    edits = [_moved(inputs, edit) for edit in edits]
    return PlanCResult(True, "", tuple(edits), (*rust.manual,*wit.manual,*manifests.manual), tuple(functions), manifests.added, left, calls.listed())
