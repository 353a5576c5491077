"""Bridges with mapped bodies, built and run: bytes go over real sockets, requests to a real server."""

from __future__ import annotations

import http.server
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from mappings.builds import Node, Proof, Wasmtime, build, rust_path
from mappings.reached import Wit, reached
from mappings.test_mapping_rows import WHOLE
from rust import workspaces

from wasmdoctor.model.plan import BodyKind

pytestmark = pytest.mark.rust

OWNED_BY_THE_MAKER = {"wasi:io/streams", "wasi:sockets/tcp", "wasi:sockets/udp"}
"""What the end of a socket needs; it is stated for the function that makes it."""


@pytest.fixture(scope="module")
def proof() -> Proof:
    return build("wasm32-wasip1", WHOLE.values())


@pytest.fixture(scope="module")
def node(proof: Proof, tmp_path_factory: pytest.TempPathFactory) -> Node:
    return Node(proof.component, tmp_path_factory.mktemp("node"))


@pytest.fixture(scope="module")
def wasmtime(proof: Proof) -> Wasmtime:
    return Wasmtime(proof.component)


@contextmanager
def tcp_server(answer: Callable[[socket.socket], None]) -> Iterator[int]:
    """A server that gives each connection to `answer`; its port."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                with connection:
                    answer(connection)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield server.getsockname()[1]
        server.shutdown(socket.SHUT_RDWR)
    thread.join(5)


@contextmanager
def udp_server() -> Iterator[int]:
    """A server that sends back each datagram in capitals; its port."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))

        def serve() -> None:
            while True:
                data, sender = server.recvfrom(2000)
                if data == b"stop":
                    return
                server.sendto(data.upper(), sender)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        port = server.getsockname()[1]
        yield port
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as last:
            last.sendto(b"stop", ("127.0.0.1", port))
        thread.join(5)


def capitals(connection: socket.socket) -> None:
    """Sends back what comes, in capitals, until a line or the stream ends."""
    while data := connection.recv(65536):
        connection.sendall(data.upper())
        if data.endswith(b"\n"):
            return


def at_the_end(connection: socket.socket) -> None:
    """Sends back what came, in capitals, when the other side has no more."""
    whole = b""
    while data := connection.recv(65536):
        whole += data
    connection.sendall(whole.upper())


def silence(connection: socket.socket) -> None:
    """Says nothing until the other side has enough."""
    while connection.recv(100):
        pass


class Handler(http.server.BaseHTTPRequestHandler):
    """Pages, an echo, and one that is slow."""

    def log_message(self, *_: object) -> None: ...

    def _answer(self, status: int, body: bytes, mark: str = "") -> None:
        self.send_response(status)
        self.send_header("content-length", str(len(body)))
        self.send_header("x-mark", mark)
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self) -> None:
        if self.path == "/slow":
            time.sleep(1)
            self.close_connection = True
        elif self.path == "/missing":
            self._answer(404, b"no")
        else:
            self._answer(200, self.path.encode())

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        self._answer(201, body + b"!", self.headers["x-mark"])


def test_everything_is_mapped_and_builds_without_a_warning(proof: Proof):
    assert [function for function in proof.bridge.functions if function.body is not BodyKind.MAPPING] == []
    assert len(proof.bridge.functions) > 100


def test_the_stated_imports_are_those_of_the_build(proof: Proof):
    calls = reached(proof.core)
    wit = Wit(proof.component)
    for function in proof.bridge.functions:
        name = _symbol(function, calls)
        needed = {
            interface
            for imported, called in calls[name]
            if imported.startswith("wasi:")
            for interface in wit.needed(imported.partition("@")[0], called)
        }
        stated = set(function.imports)
        assert needed <= stated, function
        assert stated - needed <= OWNED_BY_THE_MAKER, function
    world = workspaces.world_of(proof.component)
    stated = {name for function in proof.bridge.functions for name in function.imports}
    assert {name.partition("@")[0] for name in world.imports.interfaces} >= stated
    assert all(name.startswith("wasi:") for name in world.imports.names())


def _symbol(function, calls) -> str:
    """The one function of the core module whose mangled name (v0) is that of a bridge function's path."""
    words = [_mangled(word) for word in rust_path(function).split("::")]
    method = "[" in function.function
    head = "".join(words[:3])
    tail = "".join(words[3:])
    (found,) = (
        name
        for name in calls
        if name.startswith("$_RNvM" if method else "$_RNvN")
        and f"11wasi_bridge{head}" in name
        and (name.endswith(tail) if method else name.endswith(f"{head}{tail}"))
        and (not method or name.count("NtB") == 1)
    )
    return found


def _mangled(word: str) -> str:
    return f"{len(word)}{'_' if word[0] in '_0123456789' else ''}{word}"


def test_tcp_brings_back_bytes(node: Node):
    with tcp_server(capitals) as port:
        assert node.run("tcp-resource", port=port) == (
            "ok 200000 bytes, 200000 in capitals, peer true, local true"
        )
        assert node.run("tcp-handle", "localhost", port) == 'ok 13 OVER NUMBERS\n Err("invalid handle")'


def test_tcp_is_closed_by_halves(node: Node):
    with tcp_server(at_the_end) as port:
        assert node.run("tcp-half", port=port) == "ok HALF OTHER HALF"


def test_tcp_listens_and_accepts(node: Node):
    assert node.run("tcp-serve") == "ok hello and you 0 true"


def test_tcp_errors_are_those_of_the_interface(node: Node):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        assert node.run("tcp-refused", port=unused.getsockname()[1]) == "ok refused"
    with tcp_server(silence) as port:
        assert node.run("tcp-timeout", port=port) == "ok timed out"
    assert node.run("tcp-states").count("wrong-state") == 3
    assert node.run("tcp-bad-handle") == 'ok Err("invalid handle") Err("invalid handle")'


def test_udp_brings_back_datagrams(node: Node):
    with udp_server() as port:
        assert node.run("udp-resource", port=port) == "ok 4 PIN true true"
        assert node.run("udp-handle", port=port) == "ok 0 4 PONG None 0 -9"
    assert node.run("udp-timeout") == "ok timed out"


def test_names_are_looked_up(node: Node):
    assert node.run("lookup", "localhost").startswith("ok ")
    assert "127.0.0.1" in node.run("lookup", "localhost")
    assert node.run("lookup", "10.1.2.3") == "ok 10.1.2.3 Some((10, 1, 2, 3))"
    assert node.run("lookup", "none.invalid") == 'err Failure::NoSuchHost("name not found")'


def test_http_reaches_a_server(node: Node):
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        said = node.run("http", port=server.server_port)
        server.shutdown()
        thread.join(5)
    assert said == (
        'ok /page?x=1 Err("not found") 201 Some("here") 10001 Err(WebError::Timeout) Err("invalid argument")'
    )


def test_clocks_and_random_numbers(wasmtime: Wasmtime):
    said, _ = wasmtime.run("clocks")
    slept, millis, close, whole = said.split()
    assert (slept, close, whole) == ("true", "true", "true")
    assert abs(int(millis) / 1000 - time.time()) < 60
    assert wasmtime.run("random")[0] == "32 true true true"


def test_environment_and_settings(wasmtime: Wasmtime):
    said, _ = wasmtime.run("environment", {"PROOF_NAME": "the value", "OTHER": ""}, ("one", "two"))
    assert said == 'Some("the value") None 2 one,two Ok("the value") Err(Problem::Missing)'


def test_lines_go_to_stderr(wasmtime: Wasmtime):
    said, written = wasmtime.run("logging")
    assert said == "logged"
    first, second, third = written.splitlines()
    assert (first, second) == ("WARN: the proof: first", "WARN: second")
    assert third == f"ERROR: third: {'long ' * 2000}"


def test_keys_and_values_are_kept_while_the_instance_lives(wasmtime: Wasmtime):
    expected = 'None Some([49]) ["one", "two"] None'
    assert wasmtime.run("store")[0] == expected
    assert wasmtime.run("store")[0] == expected
    said, _ = wasmtime.run("store-handle")
    assert said == 'Err("no-such-key") text Ok(3) Ok(true) Ok(false) Err("bad-handle")'


def test_wasmtime_refuses_sockets_and_the_error_says_so(wasmtime: Wasmtime):
    # The Python library cannot allow TCP or UDP: a denied call must come back as the interface's own error.
    said, _ = wasmtime.run("tcp-serve")
    assert 'name: "denied"' in said
