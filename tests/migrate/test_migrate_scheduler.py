"""Plan A on the application of fixtures/scheduler, to the end: it builds, needs only WASI, and talks TCP."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import pytest
from migrate.migrated import SCHEDULER, build, copied, migrate, planned, snapshot
from run_component import Running, Scenarios, server
from rust import workspaces
from tests_support import run

pytestmark = pytest.mark.rust

SCENARIO = "name: smoke test\nsteps:\n  - log: starting\n  - echo: hello\n"


@dataclass
class Migrated:
    """The fixture after ``migrate``: the tree, what it was before, the plan, and what the command said."""

    tree: Path
    before: dict[str, tuple[int, str]]
    plan: dict
    said: str
    component: Path


@pytest.fixture(scope="module")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Migrated:
    folder = tmp_path_factory.mktemp("scheduler")
    tree = copied(SCHEDULER, folder / "scheduler")
    before = snapshot(tree)
    plan = planned(tree)
    assert snapshot(tree) == before, "plan writes nothing"
    done = migrate(tree)
    assert done.returncode == 0, done.stdout + done.stderr
    return Migrated(tree, before, plan, done.stdout, build(tree, "scheduler", folder))


def test_what_was_proven_is_said(migrated: Migrated) -> None:
    lines = migrated.said.splitlines()
    proofs = [line for line in lines if line.startswith(("✓", "✗", "·"))]
    assert [line[0] for line in proofs] == ["✓"] * 5, migrated.said
    assert "builds the edited copy" in proofs[1]
    assert proofs[3] == "✓ wasmtime links scheduler"


def test_the_component_needs_only_wasi_and_exports_only_its_own(migrated: Migrated) -> None:
    world = workspaces.world_of(migrated.component)
    assert all(name.startswith("wasi:") for name in world.imports.names())
    assert world.exports.names() == ("run-scenario",)


def test_imports_are_those_that_plan_predicted(migrated: Migrated) -> None:
    """Sure ones are there; others only where plan says that std may bring them, or that they are possible."""
    found = set(workspaces.world_of(migrated.component).imports.names())
    sure = set(migrated.plan["imports_after"]["scheduler"])
    possible = set(migrated.plan["possible_imports_after"]["scheduler"])
    std = {name for name in possible if "@" not in name}
    assert sure <= found, sure - found
    assert {name for name in found - sure if name.partition("@")[0] not in std} == set()
    assert {"wasi:sockets/tcp", "wasi:sockets/udp"} <= {name.partition("@")[0] for name in sure}
    assert set(migrated.plan["exports_after"]) == {"scheduler"}
    assert migrated.plan["exports_after"]["scheduler"] == ["run-scenario"]


def test_it_runs_in_wasmtime(migrated: Migrated) -> None:
    answer = Running(migrated.component).call("run-scenario", SCENARIO)
    assert answer.tag == "ok", answer.payload
    assert "hello" in answer.payload


@pytest.fixture(scope="module")
def in_node(migrated: Migrated, tmp_path_factory: pytest.TempPathFactory) -> Scenarios:
    return Scenarios(migrated.component, tmp_path_factory.mktemp("node"))


def test_tcp_reaches_a_real_server(in_node: Scenarios) -> None:
    got, answer = in_node.exchange("tcp", b"pong over tcp")
    assert got == [b"ping"], answer
    assert "pong over tcp" in answer["ok"]


def test_udp_reaches_a_real_server(in_node: Scenarios) -> None:
    got, answer = in_node.exchange("udp", b"pong over udp")
    assert got == [b"ping"], answer
    assert "pong over udp" in answer["ok"]


def test_the_http_client_over_it_reaches_a_real_server(in_node: Scenarios) -> None:
    body = b"HTTP/1.1 200 OK\r\ncontent-length: 7\r\nconnection: close\r\n\r\nhealthy"
    with server(body) as (port, got):
        text = f"name: http\nsteps:\n  - http-get: http://127.0.0.1:{port}/health\n"
        answer = in_node.run(text)
    assert got[0].startswith(b"GET /health HTTP/1.1\r\n"), answer
    assert "status 200, 7 bytes" in answer["ok"]


def test_a_second_time_changes_nothing(migrated: Migrated) -> None:
    after = snapshot(migrated.tree)
    done = run("migrate", "--plan", "a", "--target", "wasm32-wasip1", cwd=migrated.tree)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "nothing to do" in done.stdout
    assert snapshot(migrated.tree) == after


def test_the_report_tells_before_and_after(migrated: Migrated) -> None:
    (text,) = (path.read_text() for path in (migrated.tree / ".wasmdoctor/reports").glob("*.md"))
    assert "`scheduler:core-libs/{wasi-network, wasi-tcp, wasi-udp}@0.1.0`" in text
    assert "wasmdoctor undo" in text
    assert "bytes" in text
    assert os.listdir(migrated.tree / ".wasmdoctor/reports") != []


def test_undo_gives_the_tree_back(migrated: Migrated) -> None:
    """Last: the tree is the fixture again afterwards."""
    done = run("undo", cwd=migrated.tree)
    assert done.returncode == 0, done.stdout + done.stderr
    assert snapshot(migrated.tree) == migrated.before


def test_a_stub_bridge_refuses_honestly(tmp_path: Path) -> None:
    """For the other target, whose linker gives components at once: no sockets are imported, and what needs
    them says that it cannot."""
    tree = copied(SCHEDULER, tmp_path / "scheduler")
    done = migrate(tree, "--bridge", "stub", target="wasm32-wasip2")
    assert done.returncode == 0, done.stdout + done.stderr
    made = build(tree, "scheduler", tmp_path, "wasm32-wasip2")
    names = workspaces.world_of(made).imports.names()
    assert all(name.startswith("wasi:") and not name.startswith("wasi:sockets") for name in names)
    assert Running(made).call("run-scenario", SCENARIO).tag == "ok"
    tcp = "name: tcp\nsteps:\n  - tcp: { host: 127.0.0.1, port: 7, send: ping }\n"
    answer = Running(made).call("run-scenario", tcp)
    assert (answer.tag, answer.payload) == ("err", "tcp: step 1 tcp: resolve: the host cannot do that")
