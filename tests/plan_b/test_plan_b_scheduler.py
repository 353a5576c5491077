"""Plan B on the application of fixtures/scheduler, to the end: composed, it needs only WASI, and talks TCP and UDP."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest
from migrate.migrated import SCHEDULER, copied, snapshot
from migrate.test_migrate_scheduler import SCENARIO
from plan_b.adapted import WAC, build, composed, planned, write
from run_component import Running, Scenarios
from rust import workspaces

from wasmdoctor.migrate.plan_b import PlanBResult
from wasmdoctor.model.edit import ChangeSet

pytestmark = pytest.mark.rust

ADAPTER = "core-libs-adapter"
CUSTOM = {f"scheduler:core-libs/{name}@0.1.0" for name in ("wasi-network", "wasi-tcp", "wasi-udp")}


@dataclass
class Adapted:
    """The fixture with an adapter: the plan, the application's bytes before, the components, the composition."""

    tree: Path
    result: PlanBResult
    changes: ChangeSet
    before: bytes
    application: Path
    adapter: Path
    composed: Path
    warnings: list[str]


@pytest.fixture(scope="module")
def adapted(tmp_path_factory: pytest.TempPathFactory) -> Adapted:
    folder = tmp_path_factory.mktemp("adapted")
    tree = copied(SCHEDULER, folder / "scheduler")
    before = build(tree, folder / "before", "scheduler").components["scheduler"].read_bytes()
    untouched = snapshot(tree)
    result, changes = planned(tree)
    assert snapshot(tree) == untouched, "planning writes nothing"
    write(tree, changes)
    made = build(tree, folder / "made", "scheduler", ADAPTER)
    paths = made.components
    whole = composed(folder / "made", "whole.wasm", "scheduler.wasm", "core_libs_adapter.wasm")
    return Adapted(tree, result, changes, before, paths["scheduler"], paths[ADAPTER], whole, made.warnings)


def test_no_file_of_a_crate_changes_but_the_list_of_members(adapted: Adapted) -> None:
    changed = {change.path for change in adapted.changes.changes if change.before is not None}
    assert changed == {"Cargo.toml"}
    new = {change.path for change in adapted.changes.changes} - changed
    assert all(path.startswith(f"{ADAPTER}/") for path in new)


def test_the_wit_is_referred_to_and_not_copied(adapted: Adapted) -> None:
    text = (adapted.tree / ADAPTER / "src/lib.rs").read_text()
    assert 'path: ["../core-libs/wit", "wit"],' in text
    assert os.listdir(adapted.tree / ADAPTER / "wit") == ["world.wit"]
    assert adapted.result.copied == ()


def test_it_builds_without_a_warning_and_exports_what_was_missing(adapted: Adapted) -> None:
    assert adapted.warnings == []
    world = workspaces.world_of(adapted.adapter)
    assert set(world.exports.names()) == CUSTOM
    assert all(name.startswith("wasi:") for name in world.imports.names())


def test_the_application_is_the_same_byte_for_byte(adapted: Adapted) -> None:
    assert adapted.application.read_bytes() == adapted.before
    assert set(workspaces.world_of(adapted.application).imports.names()) >= CUSTOM


def test_the_composition_needs_only_wasi(adapted: Adapted) -> None:
    world = workspaces.world_of(adapted.composed)
    assert all(name.startswith("wasi:") for name in world.imports.names())
    assert "run-scenario" in world.exports.names()
    apart = workspaces.world_of(adapted.application).imports.names()
    both = {*apart, *workspaces.world_of(adapted.adapter).imports.names()} - CUSTOM
    assert set(world.imports.names()) <= both


def test_it_runs_in_wasmtime(adapted: Adapted) -> None:
    answer = Running(adapted.composed).call("run-scenario", SCENARIO)
    assert answer.tag == "ok", answer.payload
    assert "hello" in answer.payload


def test_wac_composes_the_document(adapted: Adapted, monkeypatch: pytest.MonkeyPatch) -> None:
    assert WAC.is_file(), "tests/tools/setup.sh installs it"
    monkeypatch.setenv("PATH", f"{WAC.parent}:{os.environ['PATH']}")
    folder = adapted.composed.parent
    (plan,) = adapted.result.compositions
    shutil.copy2(adapted.tree / plan.document, folder / "scheduler.wac")
    made = composed(
        folder, plan.output, "scheduler.wac", "scheduler.wasm", "core_libs_adapter.wasm", tool="wac"
    )
    # wac merges imports of one semver track, which wasm-tools keeps apart.
    by_wac, by_wasm_tools = (
        {name.partition("@")[0] for name in workspaces.world_of(path).imports.names()}
        for path in (made, adapted.composed)
    )
    assert by_wac == by_wasm_tools
    answer = Running(made).call("run-scenario", SCENARIO)
    assert answer.tag == "ok", answer.payload


@pytest.fixture(scope="module")
def in_node(adapted: Adapted, tmp_path_factory: pytest.TempPathFactory) -> Scenarios:
    return Scenarios(adapted.composed, tmp_path_factory.mktemp("node"))


def test_tcp_reaches_a_real_server(in_node: Scenarios) -> None:
    got, answer = in_node.exchange("tcp", b"pong over tcp")
    assert got == [b"ping"], answer
    assert "pong over tcp" in answer["ok"]


def test_udp_reaches_a_real_server(in_node: Scenarios) -> None:
    got, answer = in_node.exchange("udp", b"pong over udp")
    assert got == [b"ping"], answer
    assert "pong over udp" in answer["ok"]


def test_a_second_time_there_is_nothing_to_do(adapted: Adapted) -> None:
    again, changes = planned(adapted.tree)
    assert not again.applicable
    assert "nothing to cure" in again.reason
    assert not changes
