"""Plan A on the application of fixtures/scheduler, to the end: it builds, needs only WASI, and talks TCP."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import wasmtime
from conftest import CACHE
from migrate.migrated import SCHEDULER, build, copied, migrate, planned, snapshot
from rust import workspaces
from tests_support import run
from wasmtime import component

pytestmark = pytest.mark.rust

JCO = "1.35.0"
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


def answered(path: Path, scenario: str) -> tuple[str, str]:
    """What `run-scenario` of a component returns in wasmtime: ok or err, and the text."""
    engine = wasmtime.Engine()
    store = wasmtime.Store(engine)
    store.set_wasi(wasmtime.WasiConfig())
    linker = component.Linker(engine)
    linker.add_wasip2()
    instance = linker.instantiate(store, component.Component.from_file(engine, str(path)))
    function = instance.get_func(store, "run-scenario")
    assert function is not None
    answer = function(store, scenario)
    return answer.tag, answer.payload


def test_it_runs_in_wasmtime(migrated: Migrated) -> None:
    tag, text = answered(migrated.component, SCENARIO)
    assert tag == "ok", text
    assert "hello" in text


@contextmanager
def server(answer: bytes) -> Iterator[tuple[int, list[bytes]]]:
    """A loopback server that takes one connection, notes what it gets, and answers."""
    got: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(30)

        def serve() -> None:
            connection, _ = listening.accept()
            with connection:
                connection.settimeout(30)
                got.append(connection.recv(1024))
                connection.sendall(answer)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield listening.getsockname()[1], got
        thread.join(30)


@contextmanager
def udp_server(answer: bytes) -> Iterator[tuple[int, list[bytes]]]:
    got: list[bytes] = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listening:
        listening.bind(("127.0.0.1", 0))
        listening.settimeout(30)

        def serve() -> None:
            data, sender = listening.recvfrom(1024)
            got.append(data)
            listening.sendto(answer, sender)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield listening.getsockname()[1], got
        thread.join(30)


@pytest.fixture(scope="module")
def jco() -> Path:
    """jco, installed once into the test cache."""
    folder = CACHE / f"jco-{JCO}"
    program = folder / "node_modules/.bin/jco"
    if not program.exists():
        folder.mkdir(parents=True, exist_ok=True)
        words = ["npm", "install", "--no-save", "--no-audit", "--no-fund", "--prefix", str(folder)]
        done = subprocess.run(
            [*words, f"@bytecodealliance/jco@{JCO}"], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
    (worker,) = folder.glob("node_modules/@bytecodealliance/preview2-shim/dist/io/worker-thread.bundle.js")
    text = worker.read_text()
    if HALF_CLOSED not in text:
        assert text.count(CLOSED) == 1
        worker.write_text(text.replace(CLOSED, HALF_CLOSED))
    return program


# jco 1.35 closes both halves whatever `shutdown` is asked for, so that no answer can come (wasi:sockets/tcp,
# "shutdown": `send` closes the sending half only).
CLOSED = """\
function socketTcpShutdown(id, _shutdownType) {
\tconst socket = tcpSockets.get(id);
\tif (socket.state !== SOCKET_STATE_CONNECTION) throw "invalid-state";
\tsocket.tcpSocket?.destroy();
"""
HALF_CLOSED = CLOSED.replace("destroy()", "[_shutdownType === 'send' ? 'end' : 'destroy']()")

RUN = """\
import { runScenario } from "./out/scheduler.js";
try {
  console.log(JSON.stringify({ ok: runScenario(process.argv[2]) }));
} catch (error) {
  console.log(JSON.stringify({ err: error.payload ?? String(error) }));
}
process.exit(0);
"""


@pytest.fixture(scope="module")
def in_node(migrated: Migrated, jco: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The component as a module of JavaScript, where a host lets it have sockets."""
    folder = tmp_path_factory.mktemp("node")
    words = ["transpile", migrated.component, "-o", folder / "out", "--name", "scheduler", "-q"]
    done = subprocess.run([jco, *words], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    (folder / "package.json").write_text('{"type": "module"}')
    (folder / "run.mjs").write_text(RUN)
    (folder / "node_modules").symlink_to(jco.parents[1])
    return folder


def scenario(folder: Path, text: str) -> dict[str, str]:
    node = shutil.which("node")
    assert node is not None
    done = subprocess.run(
        [node, "run.mjs", text], cwd=folder, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    assert isinstance(found, dict)
    return found


def test_tcp_reaches_a_real_server(in_node: Path) -> None:
    with server(b"pong over tcp") as (port, got):
        text = f"name: tcp\nsteps:\n  - tcp: {{ host: 127.0.0.1, port: {port}, send: ping }}\n"
        answer = scenario(in_node, text)
    assert got == [b"ping"], answer
    assert "pong over tcp" in answer["ok"]


def test_udp_reaches_a_real_server(in_node: Path) -> None:
    with udp_server(b"pong over udp") as (port, got):
        text = f"name: udp\nsteps:\n  - udp: {{ host: 127.0.0.1, port: {port}, send: ping }}\n"
        answer = scenario(in_node, text)
    assert got == [b"ping"], answer
    assert "pong over udp" in answer["ok"]


def test_the_http_client_over_it_reaches_a_real_server(in_node: Path) -> None:
    body = b"HTTP/1.1 200 OK\r\ncontent-length: 7\r\nconnection: close\r\n\r\nhealthy"
    with server(body) as (port, got):
        text = f"name: http\nsteps:\n  - http-get: http://127.0.0.1:{port}/health\n"
        answer = scenario(in_node, text)
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
    assert answered(made, SCENARIO)[0] == "ok"
    tag, text = answered(made, "name: tcp\nsteps:\n  - tcp: { host: 127.0.0.1, port: 7, send: ping }\n")
    assert (tag, text) == ("err", "tcp: step 1 tcp: resolve: the host cannot do that")
