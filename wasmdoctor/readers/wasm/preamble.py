"""The first eight bytes: what kind of binary a file holds."""

from __future__ import annotations

from enum import StrEnum

MAGIC = b"\0asm"
PREAMBLE_SIZE = 8


class WasmKind(StrEnum):
    """What the preamble says. ``UNKNOWN`` has the magic bytes but a version or layer nobody has defined."""

    COMPONENT = "component"
    MODULE = "module"
    UNKNOWN = "unknown"
    NOT_WASM = "not-wasm"


def preamble(head: bytes) -> WasmKind:
    """Tell a binary's kind from its first eight bytes.

    A component's preamble is the magic, a 16-bit version (13 since 2023) and a 16-bit layer of 1; a
    core module's is the magic and version 1, layer 0 (Component Model, Binary.md, ``preamble``).
    """
    if head[:4] != MAGIC:
        return WasmKind.NOT_WASM
    if len(head) < PREAMBLE_SIZE:
        return WasmKind.UNKNOWN
    version = int.from_bytes(head[4:6], "little")
    layer = int.from_bytes(head[6:8], "little")
    if layer == 1 and version == 0x0D:
        return WasmKind.COMPONENT
    if layer == 0 and version == 1:
        return WasmKind.MODULE
    return WasmKind.UNKNOWN
