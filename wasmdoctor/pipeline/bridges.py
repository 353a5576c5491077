"""Plan A with its bridges: the decisions composed to changes, and the parts that bridge modules are made of."""

from __future__ import annotations

import os
import tomllib
from dataclasses import replace

from wasmdoctor.catalog import Catalog, CatalogError
from wasmdoctor.migrate.bridge.docs import wit_docs
from wasmdoctor.migrate.bridge.module import bridge_maker
from wasmdoctor.migrate.bridge.refusal import ErrorCases
from wasmdoctor.migrate.bridge.wasi import stub_parts, wasi_parts
from wasmdoctor.migrate.edits import EditError, compose
from wasmdoctor.migrate.inputs import BridgeMaker
from wasmdoctor.migrate.plan_a import plan_a as decide
from wasmdoctor.model.host import HostView
from wasmdoctor.model.names import ExternName
from wasmdoctor.model.plan import BridgeMode, Plan, PlanId
from wasmdoctor.pipeline.crates import Crates
from wasmdoctor.pipeline.planinputs import plan_inputs


def plan_a(crates: Crates, host: HostView, catalog: Catalog, mode: BridgeMode, *, keep_wit: bool) -> Plan:
    """Plan A for one workspace, its edits composed. Imports that it leaves are in ``Plan.left``.

    Edits that contradict each other, or leave a file that cannot be parsed, make the plan not applicable: that
    is a fault of wasmdoctor, and the reason says where. Raises CatalogError for broken data.
    """
    inputs = plan_inputs(crates, lambda name: is_standard(name, host))
    result = decide(inputs, _maker(crates, catalog, mode), keep_wit=keep_wit)
    plan = Plan(
        PlanId.A,
        result.applicable,
        result.reason,
        manual=result.manual,
        bridge=result.bridge,
        dependencies=result.dependencies,
        loses=result.loses,
        steps=result.steps,
        left=tuple(sorted({one.name for one in result.left})),
    )
    if not result.applicable:
        return plan
    try:
        return replace(plan, changes=compose(result.edits, crates.read))
    except EditError as error:
        reason = f"its edits do not fit together, which is a fault of wasmdoctor: {error}"
        return Plan(PlanId.A, False, reason)


def is_standard(name: str, host: HostView) -> bool:
    """Whether an import is none of those that a plan takes away: a standard one, or one that the host knows.

    What a host has only with a flag or in another version is cured by a flag or a version, not by a bridge.
    """
    parsed = ExternName.parse(name)
    return parsed.namespace == "wasi" or host.match(parsed).kind != "none"


def _maker(crates: Crates, catalog: Catalog, mode: BridgeMode) -> BridgeMaker:
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
