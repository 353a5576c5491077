"""Components run: in wasmtime, or on Node through jco, whose shim opens sockets; and servers to talk to."""

from __future__ import annotations

import fcntl
import json
import shutil
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import wasmtime
from conftest import CACHE
from wasmtime import component

VERSION = "1.35.0"

# jco 1.35 closes both halves of a connection whatever `shutdown` is asked for, so that no answer can come
# (wasi:sockets/tcp, "shutdown": `send` closes the sending half only). Put right, so that code which relies on
# that can be run.
CLOSED = """\
function socketTcpShutdown(id, _shutdownType) {
\tconst socket = tcpSockets.get(id);
\tif (socket.state !== SOCKET_STATE_CONNECTION) throw "invalid-state";
\tsocket.tcpSocket?.destroy();
"""
HALF_CLOSED = CLOSED.replace("destroy()", "[_shutdownType === 'send' ? 'end' : 'destroy']()")


def jco() -> Path:
    """The folder with jco, installed once into the test cache."""
    tools = CACHE / f"jco-{VERSION}"
    tools.mkdir(parents=True, exist_ok=True)
    with (tools / ".lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        if not (tools / "node_modules/.bin/jco").exists():
            words = ["npm", "install", "--no-save", "--no-audit", "--no-fund", "--prefix", str(tools)]
            done = subprocess.run(
                [*words, f"@bytecodealliance/jco@{VERSION}"],
                cwd=tools,
                capture_output=True,
                text=True,
                check=False,
                timeout=600,
            )
            assert done.returncode == 0, done.stderr
        (worker,) = tools.glob("node_modules/@bytecodealliance/preview2-shim/dist/io/worker-thread.bundle.js")
        text = worker.read_text()
        if HALF_CLOSED not in text:
            assert text.count(CLOSED) == 1
            worker.write_text(text.replace(CLOSED, HALF_CLOSED))
    return tools


class Running:
    """A component instantiated in wasmtime, with WASI and nothing else."""

    def __init__(self, path: Path) -> None:
        engine = wasmtime.Engine()
        self.store = wasmtime.Store(engine)
        self.store.set_wasi(wasmtime.WasiConfig())
        linker = component.Linker(engine)
        linker.add_wasip2()
        self.instance = linker.instantiate(self.store, component.Component.from_file(engine, str(path)))

    def call(self, name: str, *arguments: Any) -> Any:
        """Call an exported function."""
        function = self.instance.get_func(self.store, name)
        assert function is not None
        return function(self.store, *arguments)


class Node:
    """A component as a module of JavaScript, in a folder with a program that calls it.

    ``program`` is the text of that program, which imports ``./it/it.js`` and ends itself.
    """

    def __init__(self, path: Path, folder: Path, program: str) -> None:
        tools = jco()
        (folder / "package.json").write_text('{"type": "module"}\n')
        (folder / "node_modules").symlink_to(tools / "node_modules")
        (folder / "run.mjs").write_text(program)
        words = ["transpile", path, "-o", folder / "it", "--name", "it", "-q"]
        done = subprocess.run(
            [tools / "node_modules/.bin/jco", *words], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        self.folder = folder

    def run(self, *words: str) -> str:
        """What the program prints."""
        node = shutil.which("node")
        assert node is not None
        done = subprocess.run(
            [node, "run.mjs", *words],
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()


SCENARIO_PROGRAM = """\
import { runScenario } from "./it/it.js";
try {
  console.log(JSON.stringify({ ok: runScenario(process.argv[2]) }));
} catch (error) {
  console.log(JSON.stringify({ err: error.payload ?? String(error) }));
}
process.exit(0);
"""


class Scenarios:
    """The application of fixtures/scheduler on Node."""

    def __init__(self, path: Path, folder: Path) -> None:
        self.node = Node(path, folder, SCENARIO_PROGRAM)

    def run(self, text: str) -> dict[str, str]:
        """``ok`` or ``err`` of a scenario, with the text."""
        found = json.loads(self.node.run(text).splitlines()[-1])
        assert isinstance(found, dict)
        return found

    def exchange(self, kind: str, answer: bytes) -> tuple[list[bytes], dict[str, str]]:
        """A ``tcp`` or ``udp`` step that sends ``ping`` to a real server: what that got, and the outcome."""
        with {"tcp": server, "udp": udp_server}[kind](answer) as (port, got):
            text = f"name: {kind}\nsteps:\n  - {kind}: {{ host: 127.0.0.1, port: {port}, send: ping }}\n"
            found = self.run(text)
        return got, found


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
    """The same for one datagram."""
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
