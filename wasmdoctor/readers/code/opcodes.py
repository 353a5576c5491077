"""The instruction set, as far as it is needed to step over instructions: what follows each opcode.

From the core specification 3.0 ("Instructions" in "Binary Format"), which has the exception handling,
garbage collection, tail call, memory64, multi-memory and relaxed SIMD proposals; and from the proposals
threads, legacy exception handling, wide arithmetic, custom descriptors, shared-everything threads and
stack switching as
wasm-tools 1.262 writes them.

The letters of ``IMMEDIATES``: ``i`` a LEB128 of any size or sign, ``b`` a byte, ``4`` ``8`` ``6`` four, eight or
sixteen bytes, ``m`` a memory argument, ``t`` a block type, ``h`` a heap type, ``L`` a vector of labels and one
more, ``T`` a vector of value types, ``C`` a vector of catch clauses, ``H`` one of resume handlers.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

Opcode = tuple[int, ...]
"""One byte, or a prefix byte and the number after it."""

CALL, RETURN_CALL = 0x10, 0x12
CALL_INDIRECT, RETURN_CALL_INDIRECT = 0x11, 0x13
CALL_REF, RETURN_CALL_REF = 0x14, 0x15
REF_FUNC = 0xD2
TABLE_SET = 0x26
MISC = 0xFC
TABLE_INIT, TABLE_COPY, TABLE_GROW, TABLE_FILL = 12, 14, 15, 17

PREFIXES = (0xFB, MISC, 0xFD, 0xFE)


def _plain() -> Iterator[tuple[str, Iterable[int]]]:
    """Opcodes of one byte."""
    yield "", (0x00, 0x01, 0x05, 0x0A, 0x0B, 0x0F, 0x19, 0x1A, 0x1B, *range(0x45, 0xC5), 0xD1, 0xD3, 0xD4)
    yield "i", (0x07, 0x08, 0x09, 0x0C, 0x0D, 0x18, *range(0x20, 0x27), 0x3F, 0x40, 0x41, 0x42)
    yield "i", (CALL, RETURN_CALL, CALL_REF, RETURN_CALL_REF, REF_FUNC, 0xD5, 0xD6)
    yield "ii", (CALL_INDIRECT, RETURN_CALL_INDIRECT)
    yield "t", (0x02, 0x03, 0x04, 0x06)
    yield "m", range(0x28, 0x3F)
    yield "4", (0x43,)
    yield "8", (0x44,)
    yield "L", (0x0E,)
    yield "T", (0x1C,)
    yield "tC", (0x1F,)
    yield "h", (0xD0,)
    yield "i", (0xE0, 0xE2)  # cont.new, suspend
    yield "ii", (0xE1, 0xE6)  # cont.bind, switch
    yield "iH", (0xE3,)  # resume
    yield "iiH", (0xE4,)  # resume_throw
    yield "iH", (0xE5,)  # resume_throw_ref


def _garbage_collection() -> Iterator[tuple[str, Iterable[int]]]:
    """After 0xFB. From 32 on: custom descriptors."""
    yield "i", (0, 1, 6, 7, 11, 12, 13, 14, 16, 32, 33, 34)
    yield "ii", (2, 3, 4, 5, 8, 9, 10, 17, 18, 19)
    yield "", (15, 26, 27, 28, 29, 30)
    yield "h", (20, 21, 22, 23, 35, 36)
    yield "bihh", (24, 25, 37, 38)


def _miscellaneous() -> Iterator[tuple[str, Iterable[int]]]:
    """After 0xFC: saturating conversions, bulk memory and tables, wide arithmetic."""
    yield "", (*range(8), 19, 20, 21, 22)
    yield "i", (9, 11, 13, TABLE_GROW, 16, TABLE_FILL, 18)
    yield "ii", (8, 10, TABLE_INIT, TABLE_COPY)


def _vector() -> Iterator[tuple[str, Iterable[int]]]:
    """After 0xFD. From 0x100 on: relaxed SIMD."""
    yield "m", (*range(12), 92, 93)
    yield "6", (12, 13)
    yield "b", range(21, 35)
    yield "mb", range(84, 92)
    yield "", (*range(14, 21), *range(35, 84), *range(94, 256), *range(0x100, 0x114))


def _atomic() -> Iterator[tuple[str, Iterable[int]]]:
    """After 0xFE: threads, and from 0x4F on shared-everything threads."""
    yield "m", (0, 1, 2, *range(0x10, 0x4F))
    yield "b", (3,)
    # Shared everything: an order, then a global, a table, a type and a field, or an array type.
    yield "bi", (*range(0x4F, 0x5C), *range(0x67, 0x72))
    yield "bii", range(0x5C, 0x67)
    yield "", (0x72,)


IMMEDIATES: dict[Opcode, str] = {
    **{(code,): letters for letters, codes in _plain() for code in codes},
    **{(0xFB, code): letters for letters, codes in _garbage_collection() for code in codes},
    **{(MISC, code): letters for letters, codes in _miscellaneous() for code in codes},
    **{(0xFD, code): letters for letters, codes in _vector() for code in codes},
    **{(0xFE, code): letters for letters, codes in _atomic() for code in codes},
}
"""What follows each opcode that is known here."""
