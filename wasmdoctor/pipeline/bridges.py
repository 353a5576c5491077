"""Plan A with its bridges: the decisions composed to changes, and the parts that bridge modules are made of."""

from __future__ import annotations

import os
import tomllib
from dataclasses import replace

from wasmdoctor.catalog import Catalog, CatalogError
from wasmdoctor.migrate.bridge.mapping import Mapped
from wasmdoctor.migrate.bridge.module import Parts, bridge_maker
from wasmdoctor.migrate.bridge.refusal import ErrorCases
from wasmdoctor.migrate.edits import EditError, compose
from wasmdoctor.migrate.inputs import BridgeMaker, NewDependency
from wasmdoctor.migrate.plan_a import plan_a as decide
from wasmdoctor.model.host import HostView
from wasmdoctor.model.names import ExternName
from wasmdoctor.model.plan import BridgeMode, Plan, PlanId
from wasmdoctor.pipeline.crates import Crates
from wasmdoctor.pipeline.planinputs import plan_inputs

RUNTIME_CRATES = {"wasip2": NewDependency("2")}
"""The crates that the runtime files in ``rules/mappings`` use."""


def plan_a(crates: Crates, host: HostView, catalog: Catalog, mode: BridgeMode, *, keep_wit: bool) -> Plan:
    """Plan A for one workspace, its edits composed. Imports that it leaves are in ``Plan.left``.

    Edits that contradict each other, or leave a file that cannot be parsed, make the plan not applicable: that
    is a fault of wasmdoctor, and the reason says where. Raises CatalogError for broken data.
    """
    inputs = plan_inputs(crates, lambda name: host.match(ExternName.parse(name)).linked)
    result = decide(inputs, _maker(catalog, mode), keep_wit=keep_wit)
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


def _maker(catalog: Catalog, mode: BridgeMode) -> BridgeMaker:
    """What makes bridge modules: of standard WASI where that can be, or of refusals only."""
    cases = refusals(catalog)
    if mode is BridgeMode.STUB:
        return bridge_maker(Parts(cases=cases))
    mappings = catalog.mappings
    parts = Parts(
        sources=(lambda types, interfaces: Mapped(mappings, types, interfaces),),
        cases=cases,
        runtime={name: file.text for name, file in mappings.runtime.items()},
        dependencies=RUNTIME_CRATES,
    )
    return bridge_maker(parts)


def refusals(catalog: Catalog) -> ErrorCases:
    """The error cases that a refusal may use: ``rules/mappings/refusals.toml``. Raises CatalogError."""
    path = catalog.folders[0] / "mappings" / "refusals.toml"
    try:
        return ErrorCases.read(tomllib.loads(path.read_text("utf-8")))
    except (OSError, ValueError) as error:
        raise CatalogError(os.fspath(path), "", str(error)) from error
