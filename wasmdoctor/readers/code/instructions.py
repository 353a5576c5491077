"""A lexer of instruction streams: which functions and tables a body calls, without looking at the rest.

The lexer is a regular expression over bytes, made from the table of the instruction set. Each match steps over a
run of instructions that call nobody and takes one that does. What the expression does not cover (a long jump
table, a catch list, a number with needless leading bytes) is decoded by hand, one instruction at a time,
from the same table. Whether the instructions make sense together is the validator's question, not ours.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from typing import Final

from wasmdoctor.model.record import dataclass
from wasmdoctor.readers.code.opcodes import (
    CALL,
    CALL_INDIRECT,
    CALL_REF,
    IMMEDIATES,
    MISC,
    PREFIXES,
    REF_FUNC,
    RETURN_CALL,
    RETURN_CALL_INDIRECT,
    RETURN_CALL_REF,
    TABLE_COPY,
    TABLE_FILL,
    TABLE_GROW,
    TABLE_INIT,
    TABLE_SET,
    Opcode,
)
from wasmdoctor.readers.wasm.cursor import Cursor, Malformed, Unsupported

Instruction = tuple[Opcode, tuple[int, ...]]
"""An instruction that matters: its opcode and its immediates."""

WANTED: frozenset[Opcode] = frozenset(
    {
        (CALL,),
        (RETURN_CALL,),
        (CALL_INDIRECT,),
        (RETURN_CALL_INDIRECT,),
        (CALL_REF,),
        (RETURN_CALL_REF,),
        (REF_FUNC,),
        (TABLE_SET,),
        (MISC, TABLE_INIT),
        (MISC, TABLE_COPY),
        (MISC, TABLE_GROW),
        (MISC, TABLE_FILL),
    }
)

LEB = rb"[\x80-\xff]*[\x00-\x7f]"
PATTERNS = {
    "i": LEB,
    "b": rb"[\x00-\xff]",
    "4": rb"[\x00-\xff]{4}",
    "8": rb"[\x00-\xff]{8}",
    "6": rb"[\x00-\xff]{16}",
    # The alignment, with bit 6 set when the index of a memory follows, and the offset.
    "m": rb"(?:[\x00-\x3f]|[\x80-\xbf]LEB|[\x40-\x7f]LEB|[\xc0-\xff]LEBLEB)LEB".replace(b"LEB", LEB),
    # 0x63 and 0x64 are reference types: a heap type follows, which 0x62 makes exact and 0x65 shared.
    "t": rb"(?:[\x63\x64][\x62\x65]?+LEB|\x65[\x00-\xff]|LEB)".replace(b"LEB", LEB),
    "h": rb"[\x62\x65]?+" + LEB,
    "T": rb"\x01(?:[\x63\x64][\x62\x65]?+LEB|\x65[\x00-\xff]|[\x66-\x7f])".replace(b"LEB", LEB),
    "L": rb"(?:" + b"|".join(rb"\x%02x[\x00-\x7f]{%d}" % (n, n + 1) for n in range(10)) + rb")",
}
FREQUENT = (b"\\x20", b"\\x41", b"\\x6a", b"\\x28")
"""Opcodes by which the alternatives of the expression are ordered: an order that suits compiled code."""


def _byte(code: int) -> bytes:
    return b"\\x%02x" % code


def _leb(value: int) -> bytes:
    """The shortest LEB128 of an opcode after a prefix, as a pattern."""
    out = b""
    while value >= 0x80:
        out += _byte(value & 0x7F | 0x80)
        value >>= 7
    return out + _byte(value)


def _compile() -> re.Pattern[bytes]:
    plain: dict[str, list[int]] = defaultdict(list)
    prefixed: dict[tuple[int, str], list[bytes]] = defaultdict(list)
    for opcode, letters in IMMEDIATES.items():
        if opcode in WANTED or not all(letter in PATTERNS for letter in letters):
            continue
        if len(opcode) == 1:
            plain[letters].append(opcode[0])
        else:
            prefixed[opcode[0], letters].append(_leb(opcode[1]))
    order = sorted(plain, key=lambda letters: ("i", "", "m", "t").index(letters) if letters in "imt" else 9)
    skip = []
    for letters in order:
        operands = b"".join(PATTERNS[letter] for letter in letters)
        codes = b"[" + b"".join(map(_byte, sorted(plain[letters]))) + b"]"
        skip.append(codes + (operands if operands else b"+"))
    for (prefix, letters), codes_ in prefixed.items():
        operands = b"".join(PATTERNS[letter] for letter in letters)
        skip.append(_byte(prefix) + b"(?:" + b"|".join(sorted(codes_)) + b")" + operands)
    wanted = []
    for opcode in sorted(WANTED):
        operands = b"".join(PATTERNS[letter] for letter in IMMEDIATES[opcode])
        wanted.append(_byte(opcode[0]) + b"".join(map(_leb, opcode[1:])) + operands)
    return re.compile(b"(?:" + b"|".join(skip) + b")*+(" + b"|".join(wanted) + b")?+")


LEXER: Final = _compile()
MAX_CACHE = 200_000
SMALL = 64 * 1024
"""Bytes of a body up to which all matches are taken at once; of a larger one they might fill the memory."""
DIRECT = frozenset({(CALL,), (RETURN_CALL,)})


def calls_nobody(data: bytes, start: int, end: int) -> bool:
    """Whether no instruction of a body matters; False also where the expression does not cover all of it."""
    match = LEXER.match(data, start, end)
    return match is not None and match.end() == end and match.lastindex is None


class Lexer:
    """Finds the instructions that matter in function bodies, and remembers what their bytes mean."""

    __slots__ = ("_direct", "_others")

    def __init__(self) -> None:
        self._direct: dict[bytes, int] = {}
        self._others: dict[bytes, Instruction] = {}

    def body(
        self,
        data: bytes,
        span: tuple[int, int],
        base: int,
        direct: dict[int, None],
        others: dict[Instruction, None],
    ) -> None:
        """Read a body, whose instructions are ``data[slice(*span)]``, locals stepped over.

        The functions that it calls are put into ``direct``, other wanted instructions into ``others``, each
        once. ``base`` is where ``data`` stands in the file. Raises Unsupported at an opcode that is not
        known, and Malformed when an instruction reaches past the end; what came before has been put then.
        """
        start, end = span
        if end - start <= SMALL:
            found = LEXER.findall(data, start, end)
            # One match up to the end, and an empty one there. More without a call: something was not covered.
            if found.count(b"") == 2 and not found[-2]:
                if len(found) > 2:
                    self._put(dict.fromkeys(found[:-2]), base + start, direct, others)
                return
        while start < end:
            start = self._run(data, (start, end), base, direct, others)
            if start < end:
                cursor = Cursor(data, base)
                cursor.pos, cursor.end = start, end
                instruction = decode(cursor)
                start = cursor.pos
                if instruction[0] in DIRECT:
                    direct[instruction[1][0]] = None
                elif instruction[0] in WANTED:
                    others[instruction] = None

    def _run(
        self,
        data: bytes,
        span: tuple[int, int],
        base: int,
        direct: dict[int, None],
        others: dict[Instruction, None],
    ) -> int:
        """Match as far as the expression covers; where it does not, or the end."""
        known = self._direct
        for match in LEXER.finditer(data, *span):
            raw = match[1]
            if raw is None:
                return match.end()
            if raw in known:
                direct[known[raw]] = None
            else:
                self._put((raw,), base + match.start(1), direct, others)
        return span[1]

    def _put(
        self, found: Iterable[bytes], at: int, direct: dict[int, None], others: dict[Instruction, None]
    ) -> None:
        """Sort instructions by what they do. ``at`` is a place in the file for messages."""
        known, known_others = self._direct, self._others
        for raw in found:
            if raw in known:
                direct[known[raw]] = None
                continue
            instruction = known_others.get(raw)
            if instruction is None:
                instruction = decode(Cursor(raw, at))
                if instruction[0] in DIRECT:
                    if len(known) > MAX_CACHE:
                        known.clear()
                    known[raw] = instruction[1][0]
                    direct[known[raw]] = None
                    continue
                if len(known_others) > MAX_CACHE:
                    known_others.clear()
                known_others[raw] = instruction
            others[instruction] = None


def decode(cursor: Cursor) -> Instruction:
    """Decode one instruction. The numbers of vectors are left out. Raises Unsupported and Malformed."""
    at = cursor.offset
    code = cursor.byte()
    opcode = (code, cursor.u32()) if code in PREFIXES else (code,)
    letters = IMMEDIATES.get(opcode)
    if letters is None:
        text = " ".join(f"0x{part:02x}" for part in opcode)
        raise Unsupported(f"unknown instruction {text}", at)
    values: list[int] = []
    for letter in letters:
        _immediate(cursor, letter, values)
    if opcode in WANTED and max(values) > 0xFFFFFFFF:
        raise Malformed("an index is longer than 32 bits", at)
    return opcode, tuple(values)


def _immediate(cursor: Cursor, letter: str, values: list[int]) -> None:
    match letter:
        case "i":
            values.append(leb(cursor))
        case "b":
            values.append(cursor.byte())
        case "4" | "8":
            cursor.take(int(letter))
        case "6":
            cursor.take(16)
        case "m":
            if leb(cursor) & 0x40:
                leb(cursor)
            leb(cursor)
        case "t":
            if cursor.peek() in (0x63, 0x64, 0x65):
                step_over_value_type(cursor)
            else:
                leb(cursor)
        case "h":
            _heap_type(cursor)
        case "L":
            _labels(cursor)
        case "T":
            for _ in range(cursor.count()):
                step_over_value_type(cursor)
        case "C":
            for _ in range(cursor.count()):
                if cursor.byte() < 0x02:
                    leb(cursor)
                leb(cursor)
        case _:
            for _ in range(cursor.count()):
                if cursor.byte() == 0x00:
                    leb(cursor)
                leb(cursor)


def _labels(cursor: Cursor) -> None:
    count = cursor.count() + 1
    labels = cursor.data[cursor.pos : cursor.pos + count]
    if labels.isascii() and len(labels) == count:  # each is one byte
        cursor.pos += count
        return
    for _ in range(count):
        leb(cursor)


def _heap_type(cursor: Cursor) -> None:
    if cursor.peek() in (0x62, 0x65):  # exact, shared
        cursor.byte()
    leb(cursor)


def step_over_value_type(cursor: Cursor) -> None:
    """Step over a value type: a byte, or a reference to a heap type. Raises Malformed."""
    code = cursor.byte()
    if code in (0x63, 0x64):  # (ref null ht), (ref ht)
        _heap_type(cursor)
    elif code == 0x65:  # a shared abstract reference
        cursor.byte()


def leb(cursor: Cursor) -> int:
    """A LEB128 of up to ten bytes, read as unsigned. Raises Malformed when it is longer."""
    start = cursor.offset
    value = 0
    for shift in range(0, 70, 7):
        byte = cursor.byte()
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value
    raise Malformed("a number is too long", start)


@dataclass(frozen=True, slots=True)
class Sum:
    """A value of a constant expression: a number, and globals whose values are added to it."""

    number: int
    globals: tuple[int, ...] = ()


def constant(cursor: Cursor) -> tuple[Sum | None, list[int]]:
    """Read a constant expression up to its end: (its value, the functions whose reference it takes).

    The value is None when the expression does anything but add numbers and globals. Raises as ``decode``
    does.
    """
    number = 0
    globals_: list[int] = []
    functions: list[int] = []
    known = True
    while True:
        start = cursor.pos
        opcode, operands = decode(cursor)
        match opcode[0]:
            case 0x0B:  # end
                return (Sum(number, tuple(globals_)) if known else None), functions
            case 0x41 | 0x42:  # i32.const, i64.const
                number += _signed(operands[0], 7 * (cursor.pos - start - 1))
            case 0x23:  # global.get
                globals_.append(operands[0])
            case 0x6A | 0x7C:  # i32.add, i64.add
                pass
            case _:
                known = False
                if opcode == (REF_FUNC,):
                    functions.append(operands[0])


def _signed(value: int, bits: int) -> int:
    return value - (1 << bits) if value >> (bits - 1) else value
