"""What wasm-tools makes of names: the reference for Rust's."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from wasmdoctor.readers.wasm import BytesSource, read_core_module
from wasmdoctor.readers.wasm.cursor import Cursor


def leb(value: int) -> bytes:
    out = bytearray()
    while True:
        value, low = value >> 7, value & 0x7F
        out.append(low | (0x80 if value else 0))
        if not value:
            return bytes(out)


def sized(data: bytes) -> bytes:
    return leb(len(data)) + data


def named_module(names: list[str]) -> bytes:
    """A core module that imports a function for each name, which its name section has."""
    imports = b"".join(sized(b"m") + sized(b"f") + b"\0\0" for _ in names)
    listed = b"".join(leb(i) + sized(name.encode()) for i, name in enumerate(names))
    sections = {1: b"\x01\x60\0\0", 2: leb(len(names)) + imports}
    sections[0] = sized(b"name") + b"\x01" + sized(leb(len(names)) + listed)
    return b"\0asm\x01\0\0\0" + b"".join(bytes([id_]) + sized(body) for id_, body in sections.items())


@pytest.fixture(scope="session")
def told_by_wasm_tools(wasm_tools: Callable[..., bytes]) -> Callable[[list[str]], list[str]]:
    """The names as ``wasm-tools demangle`` writes them into a name section."""

    def run(names: list[str]) -> list[str]:
        demangled = wasm_tools("demangle", "-", stdin=named_module(names))
        (custom,) = read_core_module(BytesSource(demangled), "x.wasm").custom_sections
        cursor = Cursor(demangled[custom.offset : custom.offset + custom.size])
        assert cursor.byte() == 1  # function names
        cursor.u32()
        return [(cursor.u32(), cursor.name())[1] for _ in range(cursor.count())]

    return run
