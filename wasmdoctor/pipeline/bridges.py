"""Plans with their bridges: the decisions composed to changes, and what bridge modules are made of."""

from __future__ import annotations

import os
import tomllib

from wasmdoctor.catalog import Catalog, CatalogError
from wasmdoctor.migrate.bridge.derived import CRATE
from wasmdoctor.migrate.bridge.docs import wit_docs
from wasmdoctor.migrate.bridge.module import bridge_maker
from wasmdoctor.migrate.bridge.refusal import ErrorCases
from wasmdoctor.migrate.bridge.wasi import REQUIREMENT, stub_parts, wasi_parts
from wasmdoctor.migrate.edits import EditError, ForbiddenPath, compose
from wasmdoctor.migrate.inputs import BridgeMaker
from wasmdoctor.migrate.plan_a import plan_a as decide
from wasmdoctor.migrate.plan_c import plan_c as decide_c
from wasmdoctor.migrate.result import PlanResult
from wasmdoctor.model.host import HostView
from wasmdoctor.model.names import ExternName
from wasmdoctor.model.plan import BridgeMode, CallSite, CompositionPlan, Plan, PlanId
from wasmdoctor.model.record import replace
from wasmdoctor.model.source import quoted
from wasmdoctor.pipeline.crates import Crates
from wasmdoctor.pipeline.planinputs import plan_inputs
from wasmdoctor.pipeline.standardwit import standard_wit


def plan_a(crates: Crates, host: HostView, catalog: Catalog, mode: BridgeMode, *, keep_wit: bool) -> Plan:
    """Plan A for one workspace, its edits composed. Imports that it leaves are in ``Plan.left``.

    Edits that contradict each other, or leave a file that cannot be parsed, make the plan not applicable: that
    is a fault of wasmdoctor, and the reason says where. So do paths that are never edited, which a person can
    rename. Raises CatalogError for broken data.
    """
    inputs = plan_inputs(crates, lambda name: is_standard(name, host))
    try:
        result = decide(inputs, maker(crates, catalog, mode), keep_wit=keep_wit)
    except EditError as error:
        return _faulty(PlanId.A, error)
    return composed(PlanId.A, result, crates)


def plan_c(crates: Crates, host: HostView, catalog: Catalog, mode: BridgeMode, *, keep_wit: bool) -> Plan:
    """Plan C for one workspace, as ``plan_a``. Standard WIT is copied from where it is on this machine already."""
    try:
        result = decide_c(
            plan_inputs(crates, lambda name: is_standard(name, host)),
            maker(crates, catalog, mode),
            standard_wit(crates, CRATE, REQUIREMENT),
            links=lambda name: host.match(name).linked,
            keep_wit=keep_wit,
        )
    except EditError as error:
        return _faulty(PlanId.C, error)
    return composed(PlanId.C, result, crates, calls=result.calls)


def composed(
    id_: PlanId,
    result: PlanResult,
    crates: Crates,
    *,
    calls: tuple[CallSite, ...] = (),
    compositions: tuple[CompositionPlan, ...] = (),
) -> Plan:
    """A plan's result with its edits as changes, when it is applicable."""
    plan = Plan(
        id_,
        result.applicable,
        result.reason,
        manual=result.manual,
        bridge=result.bridge,
        dependencies=result.dependencies,
        loses=result.loses,
        steps=result.steps,
        left=tuple(sorted({one.name for one in result.left})),
        calls=calls,
        compositions=compositions,
    )
    if not plan.applicable:
        return plan
    try:
        return replace(plan, changes=compose(result.edits, crates.read))
    except EditError as error:
        return _faulty(id_, error)


def _faulty(plan: PlanId, error: EditError) -> Plan:
    if isinstance(error, ForbiddenPath):
        why = f"it would have to edit {quoted(error.location.path)}, and {error.problem}: rename it, then plan again"
        return Plan(plan, False, why)
    return Plan(plan, False, f"its edits do not fit together, which is a fault of wasmdoctor: {error}")


def is_standard(name: str, host: HostView) -> bool:
    """Whether an import is none of those that a plan takes away: a standard one, or one that the host knows.

    What a host has only with a flag or in another version is cured by a flag or a version, not by a bridge.
    """
    parsed = ExternName.parse(name)
    return parsed.namespace == "wasi" or host.match(parsed).kind != "none"


def maker(crates: Crates, catalog: Catalog, mode: BridgeMode) -> BridgeMaker:
    """What makes bridge modules: of standard WASI where that can be, or of refusals only."""
    cases, docs = refusals(catalog), wit_docs(crates.read)
    if mode is BridgeMode.STUB:
        return bridge_maker(stub_parts(cases, docs))
    return bridge_maker(wasi_parts(catalog.mappings, cases, docs))


def refusals(catalog: Catalog) -> ErrorCases:
    """The error cases that a refusal may use: ``rules/mappings/refusals.toml``. Raises CatalogError."""
    path = catalog.folders[0] / "mappings" / "refusals.toml"
    try:
        return ErrorCases.read(tomllib.loads(path.read_text("utf-8")))
    except (OSError, ValueError) as error:
        raise CatalogError(os.fspath(path), "", str(error)) from error
