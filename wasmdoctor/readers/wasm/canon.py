"""The canon section, as far as it defines component functions (Component Model, Binary.md, "Canonical
Definitions", state of wasm-tools 1.262)."""

from __future__ import annotations

from wasmdoctor.model.wasm import ExternKind
from wasmdoctor.readers.wasm.cursor import Cursor, Unsupported
from wasmdoctor.readers.wasm.types import PRIMITIVES, FuncType, Scope

# What follows the opcode of each built-in: i an index, b a byte, o options, r a result list, v a value type.
BUILT_INS = {
    0x02: "i", 0x03: "i", 0x04: "i", 0x05: "", 0x06: "b", 0x07: "i", 0x08: "", 0x09: "ro",
    0x0A: "bi", 0x0B: "bi", 0x0C: "b", 0x0D: "", 0x0E: "i", 0x0F: "io", 0x10: "io", 0x11: "ib",
    0x12: "ib", 0x13: "i", 0x14: "i", 0x15: "i", 0x16: "io", 0x17: "io", 0x18: "ib", 0x19: "ib",
    0x1A: "i", 0x1B: "i", 0x1C: "o", 0x1D: "o", 0x1E: "", 0x1F: "", 0x20: "bi", 0x21: "bi",
    0x22: "", 0x23: "", 0x24: "", 0x25: "", 0x26: "", 0x27: "ii", 0x28: "b", 0x29: "b", 0x2A: "",
    0x2B: "b", 0x40: "i", 0x41: "ii", 0x42: "",
}  # fmt: skip


def read_canon_section(cursor: Cursor, scope: Scope) -> None:
    """Add the lifted functions of the section to ``scope``. Raises Malformed or Unsupported."""
    for _ in range(cursor.count()):
        start = cursor.offset
        code = cursor.byte()
        if code == 0x00:
            cursor.byte()
            cursor.u32()
            read_options(cursor)
            type_ = scope.at(ExternKind.TYPE, cursor.u32())
            scope.funcs.append(type_ if isinstance(type_, FuncType) else None)
        elif code == 0x01:
            cursor.byte()
            cursor.u32()
            read_options(cursor)
        elif code in BUILT_INS:
            for operand in BUILT_INS[code]:
                skip_operand(cursor, operand)
        else:
            raise Unsupported(f"unknown canonical definition 0x{code:02x}", start)


def skip_operand(cursor: Cursor, operand: str) -> None:
    """Step over what follows a built-in's code; the letters are those of ``BUILT_INS``."""
    match operand:
        case "i":
            cursor.u32()
        case "b":
            cursor.byte()
        case "o":
            read_options(cursor)
        case _:
            if cursor.byte() == 0x00:
                cursor.byte() if cursor.peek() in PRIMITIVES else cursor.u32()
            else:
                cursor.byte()


def read_options(cursor: Cursor) -> dict[int, int]:
    """The canonical options that carry an index (memory, realloc, post-return, callback...), by their code."""
    options: dict[int, int] = {}
    for _ in range(cursor.count()):
        start = cursor.offset
        match cursor.byte():
            case 0x00 | 0x01 | 0x02 | 0x06 | 0x09:
                pass
            case 0x03 | 0x04 | 0x05 | 0x07 | 0x08 as code:
                options[code] = cursor.u32()
            case code:
                raise Unsupported(f"unknown canonical option 0x{code:02x}", start)
    return options
