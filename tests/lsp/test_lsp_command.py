"""``wasmdoctor lsp`` as a program: how it is started, and how it ends."""

from __future__ import annotations

import json
import os
import select
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests_support import PROGRAM, run

PATIENCE = 60.0
ROOT = Path(__file__).resolve().parents[2]
ENV = {**os.environ, "PYTHONPATH": str(ROOT)}
INITIALIZE = {
    "id": 1,
    "method": "initialize",
    "params": {"capabilities": {}, "processId": None, "rootUri": None},
}


class Wire:
    """Messages over two descriptors; who waits for one too long fails."""

    def __init__(self, source: int, target: int) -> None:
        self.source, self.target = source, target
        self.buffer = b""

    def send(self, message: dict[str, Any]) -> None:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        os.write(self.target, b"Content-Length: %d\r\n\r\n%s" % (len(body), body))

    def receive(self) -> dict[str, Any]:
        self._fill(lambda: b"\r\n\r\n" in self.buffer)
        head, _, self.buffer = self.buffer.partition(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length:")[2].split()[0])
        self._fill(lambda: len(self.buffer) >= length)
        body, self.buffer = self.buffer[:length], self.buffer[length:]
        return json.loads(body)

    def until(self, holds: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        while not holds(message := self.receive()):
            pass
        return message

    def _fill(self, enough: Callable[[], bool]) -> None:
        end = time.monotonic() + PATIENCE
        while not enough():
            ready = select.select([self.source], [], [], max(0, end - time.monotonic()))[0]
            assert ready, f"nothing more within {PATIENCE} s; so far: {self.buffer!r}"
            data = os.read(self.source, 65536)
            assert data, "the server has gone"
            self.buffer += data


@pytest.fixture
def server():
    process = subprocess.Popen(
        [*PROGRAM, "lsp", "--stdio"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=ENV,
        start_new_session=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    process.wire = Wire(process.stdout.fileno(), process.stdin.fileno())
    process.wire.send(INITIALIZE)
    assert process.wire.receive()["result"]["serverInfo"]["name"] == "wasmdoctor"
    yield process
    if process.poll() is None:
        process.kill()
        process.wait()
    for stream in (process.stdin, process.stdout, process.stderr):
        stream.close()


def opened(folder: Path) -> dict[str, Any]:
    path = folder / "a.wit"
    path.write_text("package a:b;\ninterface {}\n")
    document = {"uri": path.as_uri(), "languageId": "wit", "version": 1, "text": path.read_text()}
    return {"method": "textDocument/didOpen", "params": {"textDocument": document}}


def members(group: int) -> list[str]:
    """The processes of a group that still run."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[2]) == group and fields[0] != "Z":
            found.append(folder.name)
    return found


def ended(group: int) -> bool:
    end = time.monotonic() + 15
    while members(group) and time.monotonic() < end:
        time.sleep(0.05)
    return not members(group)


def test_shut_down_and_exit(server: Any, tmp_path: Path) -> None:
    server.wire.send(opened(tmp_path))
    found = server.wire.receive()
    assert found["method"] == "textDocument/publishDiagnostics", found
    assert [each["code"] for each in found["params"]["diagnostics"]] == ["WD201"]
    server.wire.send({"id": 2, "method": "shutdown"})
    assert server.wire.receive()["id"] == 2
    server.wire.send({"method": "exit"})
    assert server.wait(PATIENCE) == 0
    assert b"Traceback" not in server.stderr.read()
    assert ended(server.pid), "a process is left over"


def test_exit_while_it_judges(server: Any, tmp_path: Path) -> None:
    server.wire.send(opened(tmp_path))
    server.wire.send({"id": 2, "method": "shutdown"})
    server.wire.send({"method": "exit"})
    assert server.wait(PATIENCE) == 0
    assert b"Traceback" not in server.stderr.read()
    assert ended(server.pid), "a process is left over"


def test_exit_without_shutdown_is_1(server: Any) -> None:
    server.wire.send({"method": "exit"})
    assert server.wait(PATIENCE) == 1
    assert ended(server.pid), "a process is left over"


def test_an_editor_that_is_gone(server: Any, tmp_path: Path) -> None:
    server.wire.send(opened(tmp_path))
    server.stdin.close()
    server.wait(PATIENCE)
    assert b"Traceback" not in server.stderr.read()
    assert ended(server.pid), "a process is left over"


def test_a_server_that_is_killed_leaves_nothing(server: Any, tmp_path: Path) -> None:
    server.wire.send(opened(tmp_path))
    server.wire.receive()
    server.send_signal(signal.SIGKILL)
    server.wait(PATIENCE)
    assert ended(server.pid), "a process is left over"


def test_what_is_no_message_is_survived(server: Any, tmp_path: Path) -> None:
    os.write(server.wire.target, b"Content-Length: 9\r\n\r\n{nonsense")
    server.wire.send({"id": 5, "method": "textDocument/unheardOf", "params": {}})
    assert "error" in server.wire.until(lambda each: each.get("id") == 5)
    gone = {"command": "wasmdoctor.why", "arguments": ["/nowhere", "0"]}
    server.wire.send({"id": 6, "method": "workspace/executeCommand", "params": gone})
    assert server.wire.until(lambda each: each.get("id") == 6)["result"] is None
    server.wire.send(opened(tmp_path))
    found = server.wire.until(lambda each: each.get("method") == "textDocument/publishDiagnostics")
    assert found["params"]["diagnostics"]


def test_over_tcp(tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [*PROGRAM, "lsp", "--tcp", str(port)], env=ENV, stderr=subprocess.PIPE, start_new_session=True
    )
    try:
        end = time.monotonic() + PATIENCE
        while True:
            try:
                connection = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
                break
            except OSError:
                assert time.monotonic() < end
                time.sleep(0.05)
        with connection:
            wire = Wire(connection.fileno(), connection.fileno())
            wire.send(INITIALIZE)
            assert wire.receive()["result"]["serverInfo"]["name"] == "wasmdoctor"
            wire.send(opened(tmp_path))
            assert wire.receive()["params"]["diagnostics"][0]["code"] == "WD201"
            wire.send({"id": 2, "method": "shutdown"})
            assert wire.receive()["id"] == 2
            wire.send({"method": "exit"})
            assert process.wait(PATIENCE) == 0
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
        process.stderr.close()
    assert ended(process.pid), "a process is left over"


def test_a_port_that_is_taken(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        done = run("lsp", "--tcp", str(taken.getsockname()[1]), cwd=tmp_path)
    assert done.returncode == 2
    assert "cannot listen" in done.stderr
    assert "Traceback" not in done.stderr


def test_without_its_packages_it_says_what_to_install(tmp_path: Path) -> None:
    (tmp_path / "pygls.py").write_text("raise ModuleNotFoundError('no pygls', name='pygls')\n")
    done = run("lsp", cwd=tmp_path, env={"PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT}"})
    assert done.returncode == 2
    assert done.stdout == ""
    assert "pip install 'wasmdoctor[lsp]'" in done.stderr


@pytest.mark.parametrize(
    "words", [["--stdio", "--tcp", "1"], ["--tcp", "x"], ["--config", "a", "--isolated"]]
)
def test_options_that_cannot_be(tmp_path: Path, words: list[str]) -> None:
    done = run("lsp", *words, cwd=tmp_path)
    assert done.returncode == 2
    assert "Error" in done.stderr
