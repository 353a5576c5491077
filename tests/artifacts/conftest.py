"""Bytes that the artifact tests are made of: numbers, names, sections, archives."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

MODULE = b"\0asm\x01\0\0\0"


@dataclass(frozen=True)
class Make:
    """Builders of binary formats, by hand, so that tests can make what no tool writes."""

    module: bytes = MODULE

    def leb(self, value: int) -> bytes:
        out = bytearray()
        while True:
            value, low = value >> 7, value & 0x7F
            out.append(low | (0x80 if value else 0))
            if not value:
                return bytes(out)

    def name(self, text: str) -> bytes:
        return self.leb(len(text.encode())) + text.encode()

    def section(self, id_: int, body: bytes) -> bytes:
        return bytes([id_]) + self.leb(len(body)) + body

    def custom(self, name: str, body: bytes) -> bytes:
        return self.section(0, self.name(name) + body)

    def object(self, *sections: tuple[str, bytes]) -> bytes:
        """A core module that has only custom sections."""
        return MODULE + b"".join(self.custom(name, body) for name, body in sections)

    def header(self, name: str, size: int) -> bytes:
        return f"{name:<16}{0:<12}{0:<6}{0:<6}{644:<8}{size:<10}`\n".encode()

    def member(self, name: str, data: bytes) -> bytes:
        return self.header(name, len(data)) + data + b"\n" * (len(data) % 2)

    def gnu(self, members: dict[str, bytes]) -> bytes:
        """An archive as rustc makes it: symbol table, names of more than 15 bytes in a table."""
        table, body = b"", b""
        for name, data in members.items():
            short = name + "/"
            if len(short) > 16:
                short = f"/{len(table)}"
                table += name.encode() + b"/\n"
            body += self.member(short, data)
        head = self.member("/", b"\0\0\0\0")
        return b"!<arch>\n" + head + (self.member("//", table) if table else b"") + body


@pytest.fixture(scope="session")
def make() -> Make:
    return Make()


APP = """
package shop:app@0.3.1;
interface store {
  resource bucket { constructor(name: string); get: func(k: string) -> option<list<u8>>; any: static func() -> bucket; }
  enum error-code { timeout, other }
  record entry { key: string, value: list<u8> }
  type key = string;
}
interface watch {
  use store.{bucket, error-code as code};
  on: async func(b: borrow<bucket>, data: stream<u8>) -> result<future<string>, code>;
}
world app {
  import primary: store;
  import watch;
  import hello: func(s: string);
  import log: interface { write: func(level: u8); }
  use store.{entry};
  resource blob { constructor(); size: func() -> u64; }
  export run: func(e: entry) -> result<_, string>;
  export store;
}
"""


@pytest.fixture(scope="session")
def embed(wasm_tools: Callable[..., bytes], tmp_path_factory: pytest.TempPathFactory) -> Callable[..., bytes]:
    """``embed(wit, world, *flags)``: a core module whose section encodes that world."""

    def run(wit: str, world: str, *flags: str) -> bytes:
        path = tmp_path_factory.mktemp("embed") / "w.wit"
        path.write_text(wit)
        kind = () if "--dummy-names" in flags else ("--dummy",)
        return wasm_tools("component", "embed", *kind, *flags, path, "-w", world)

    return run


@pytest.fixture(scope="session")
def app_wit() -> str:
    """A package with a world that has one of everything."""
    return APP


@pytest.fixture(scope="session")
def app(embed: Callable[..., bytes]) -> bytes:
    """A core module with a world that has one of everything."""
    return embed(APP, "app")


def section_payload(module: bytes) -> bytes:
    """The payload of the module's only ``component-type*`` section."""
    from wasmdoctor.readers.artifacts.libraries import world_sections
    from wasmdoctor.readers.wasm import BytesSource

    (custom,) = world_sections(BytesSource(module))
    return module[custom.offset : custom.offset + custom.size]


@pytest.fixture(scope="session")
def payload_of() -> Callable[[bytes], bytes]:
    return section_payload


@pytest.fixture(scope="session")
def world(app: bytes) -> bytes:
    """The encoded world of ``app``."""
    return section_payload(app)


@pytest.fixture
def component(wasm_tools: Callable[..., bytes], tmp_path: Path) -> Callable[[bytes], bytes]:
    """A core module to the component that wasm-tools makes of it."""

    def run(module: bytes) -> bytes:
        path = tmp_path / "module.wasm"
        path.write_bytes(module)
        return wasm_tools("component", "new", path)

    return run
