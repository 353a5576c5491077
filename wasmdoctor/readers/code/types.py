"""A core module's type section, as texts that are equal for equal function types.

Core specification 3.0, "Types" in "Binary Format", and the forms of the custom descriptors, shared-everything
threads and stack switching proposals as wasm-tools 1.262 writes them.
"""

from __future__ import annotations

from wasmdoctor.model.record import dataclass, field
from wasmdoctor.readers.wasm.cursor import Cursor, Unsupported

VALUE_TYPES = {
    0x7F: "i32", 0x7E: "i64", 0x7D: "f32", 0x7C: "f64", 0x7B: "v128", 0x78: "i8", 0x77: "i16",
    0x75: "noexnref", 0x74: "nullfuncref", 0x73: "nullfuncref", 0x72: "nullexternref", 0x71: "nullref",
    0x70: "funcref", 0x6F: "externref", 0x6E: "anyref", 0x6D: "eqref", 0x6C: "i31ref", 0x6B: "structref",
    0x6A: "arrayref", 0x69: "exnref", 0x68: "contref",
}  # fmt: skip
MAX_TEXT = 400
"""A function type has at most a thousand parameters; a longer text is cut, and told apart by its length."""


@dataclass(slots=True)
class CoreTypes:
    """Texts of all types by index: ``(i32 i64) -> (i32)`` for a function type, "" for any other.

    A type with a supertype has the text of that: a call through a table may reach both. Indices of other
    types in a text are left out (``(ref _)``). So equal types have equal texts, and a few types have equal
    texts that are not equal: the calls found are then too many, never too few.
    """

    texts: list[str] = field(default_factory=list)
    parameters: list[int] = field(default_factory=list)


def read_types(cursor: Cursor, types: CoreTypes) -> None:
    """Read the payload of a type section into ``types``. Raises Malformed or Unsupported."""
    interned: dict[str, str] = {}
    for _ in range(cursor.count()):
        if cursor.peek() == 0x4E:
            cursor.byte()
            for _ in range(cursor.count()):
                _sub_type(cursor, types, interned)
        else:
            _sub_type(cursor, types, interned)


def _sub_type(cursor: Cursor, types: CoreTypes, interned: dict[str, str]) -> None:
    parent: int | None = None
    if cursor.peek() in (0x50, 0x4F):
        cursor.byte()
        for _ in range(cursor.count()):
            parent = cursor.u32()
    if cursor.peek() == 0x65:  # shared
        cursor.byte()
    while cursor.peek() in (0x4D, 0x4C):  # a descriptor, or what is described
        cursor.byte()
        cursor.u32()
    start = cursor.offset
    text = ""
    parameters = 0
    match cursor.byte():
        case 0x60:
            parts = []
            for side in range(2):
                values = [_value_type(cursor) for _ in range(cursor.count())]
                parts.append("(" + " ".join(values) + ")")
                parameters = parameters if side else len(values)
            text = " -> ".join(parts)
            if len(text) > MAX_TEXT:
                text = f"{text[:MAX_TEXT]}… {parameters} {len(text)}"
        case 0x5F:
            for _ in range(cursor.count()):
                _value_type(cursor)
                cursor.byte()
        case 0x5E:
            _value_type(cursor)
            cursor.byte()
        case 0x5D:
            cursor.skip_leb(5)
        case code:
            raise Unsupported(f"unknown form 0x{code:02x} of a type", start)
    if text and parent is not None and parent < len(types.texts) and types.texts[parent]:
        text = types.texts[parent]
    types.texts.append(interned.setdefault(text, text))
    types.parameters.append(parameters)


def _value_type(cursor: Cursor) -> str:
    code = cursor.byte()
    if code == 0x65:
        code = cursor.byte()
    if code in (0x63, 0x64):
        null = "null " if code == 0x63 else ""
        exact = cursor.peek() == 0x62
        if exact or cursor.peek() == 0x65:  # exact, shared
            cursor.byte()
        heap = cursor.peek()
        cursor.skip_leb(5)
        name = "_" if exact else VALUE_TYPES.get(heap, "_")
        # (ref null func) is written funcref as well.
        return name if null and name != "_" else f"(ref {null}{name})"
    return VALUE_TYPES.get(code, f"0x{code:02x}")
