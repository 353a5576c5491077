"""What ``plan`` says falls away, against the builds of fixtures/workspaces: no component may still need it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from rust import workspaces

from wasmdoctor.catalog import Catalog
from wasmdoctor.graph.calls import needed
from wasmdoctor.model.plan import Plan
from wasmdoctor.pipeline.plan import PlanOptions, plans
from wasmdoctor.readers.code import read_code
from wasmdoctor.readers.wasm.source import BytesSource
from wasmdoctor.toolchain import Toolchain

pytestmark = pytest.mark.rust

Function = tuple[str, str]


def needed_in(component: workspaces.Component, plan: Plan, interfaces: set[str]) -> Iterator[Function]:
    """The functions that a built component calls from those of its exports that the plan leaves."""
    own = plan.exports_after.get(component.crate)
    if own is None:
        return
    code = read_code(BytesSource(component.path.read_bytes()), str(component.path))
    for interface in interfaces:
        for function, wanted in needed(code, own, interface).items():
            if wanted:
                yield interface, function


@pytest.mark.parametrize("profile", workspaces.PROFILES)
def test_what_falls_away_is_called_by_no_build(profile: str) -> None:
    """Unoptimised code calls whatever it names; optimised code calls less, and never more."""
    counts: Counter[bool | None] = Counter()
    wrong: list[str] = []
    called = 0
    for case in workspaces.cases():
        root: Path = workspaces.WORKSPACES / case
        built = workspaces.build(case, "wasm32-wasip2", profile)
        options = PlanOptions(paths=(str(root),), cwd=root, target="wasm32-wasip2")
        for plan in (plan for found in plans(options, Catalog(), Toolchain()) for plan in found.plans):
            told = {(each.interface or each.function, each.function): each.needed for each in plan.bridge}
            counts.update(told.values())
            interfaces = {interface for interface, _ in told}
            for component in built:
                for function in needed_in(component, plan, interfaces):
                    called += told.get(function) is True
                    if told.get(function, True) is False:
                        wrong.append(f"{case}: plan {plan.plan.value}: {component.crate}: {function}")
    assert wrong == []
    assert called > 100
    assert counts[True] > 50
    assert counts[False] > 20
    assert counts[None] < counts[False]
