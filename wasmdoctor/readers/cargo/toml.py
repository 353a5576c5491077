"""TOML with the place of every key and value, as manifests need it.

``tomllib`` gives values without places and knows TOML 1.0 only; Cargo reads TOML 1.1 since 1.94
(newlines and trailing commas in inline tables, ``\\e`` and ``\\xHH``, times without seconds). The
rules below are those of the TOML 1.1 specification; on TOML 1.0 the tests hold them against tomllib.
"""

from __future__ import annotations

import re
from datetime import date
from enum import Enum

from wasmdoctor.model.cargo import PlainValue
from wasmdoctor.model.record import dataclass
from wasmdoctor.model.regex import regex
from wasmdoctor.model.source import Location, Problem, SourceText, Span

MAX_DEPTH = 64
"""How deep arrays and inline tables may nest, and how many parts a dotted key may have."""


class Origin(Enum):
    """How a table came about, which decides what may still be added to it."""

    IMPLIED = "as the parent of a header's table"
    HEADER = "by its own header"
    DOTTED = "by a dotted key"
    INLINE = "in braces"


class DateText(str):
    """A date or time, kept as its text."""

    __slots__ = ()


class Table(dict[str, "Item"]):
    """A table: key to item, in the order of the file."""

    __slots__ = ("origin", "section")

    def __init__(self, origin: Origin, section: int = 0) -> None:
        super().__init__()
        self.origin = origin
        self.section = section


class Array(list["Item"]):
    """An array; ``of_tables`` when it is made of ``[[headers]]``."""

    __slots__ = ("of_tables",)

    def __init__(self, *, of_tables: bool = False) -> None:
        super().__init__()
        self.of_tables = of_tables


Value = str | int | float | bool | Table | Array


@dataclass(slots=True)
class Item:
    """A value and its places, as byte offsets.

    ``key`` is the (last part of the) key as written, quotes included; for an array's element it is
    the element. ``start`` and ``end`` span the value; for a table made by a header, the header,
    and for one that only the headers of its own tables, or dotted keys, imply, the key.
    """

    value: Value
    key: Span
    start: int
    end: int


class _SyntaxError(Exception):
    def __init__(self, offset: int, message: str) -> None:
        super().__init__(message)
        self.offset = offset
        self.message = message


def parse(source: SourceText) -> Table | Problem:
    """The root table of a TOML text, or the first error in it."""
    if len(source.data) > MAX_TEXT:
        message = f"this file has {len(source.data):,} bytes, more than the {MAX_TEXT:,} that are read"
        return Problem(Location(source.path), message, "is it the right file?")
    try:
        source.data.decode("utf-8")
    except UnicodeDecodeError as error:
        return Problem(source.location(error.start), "not UTF-8 text", "save the file as UTF-8")
    parser = _Parser(source.data)
    try:
        return parser.document()
    except _SyntaxError as error:
        return Problem(
            source.location(error.offset), f"not valid TOML: {error.message}", "correct the syntax"
        )


def plain(value: Value) -> PlainValue:
    """A value as plain data, without places."""
    if isinstance(value, Table):
        return {key: plain(item.value) for key, item in value.items()}
    if isinstance(value, Array):
        return [plain(item.value) for item in value]
    return value


_SPACE = regex(rb"[ \t]*")
_BLANK = regex(rb"(?:[ \t\n]++|\r\n|#[^\n\r\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*+(?=\r?\n|\Z))*+")
_LINE_END = regex(rb"[ \t]*(?:#[^\n\r\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*)?(?:\r?\n|\Z)")
_BARE_KEY = regex(rb"[A-Za-z0-9_-]+")
_PLAIN_BASIC = regex(rb'"([^"\\\x00-\x08\x0a-\x1f\x7f]*)"')
_LITERAL = regex(rb"'([^'\x00-\x08\x0a-\x1f\x7f]*)'")
_BASIC_RUN = regex(rb'[^"\\\x00-\x08\x0a-\x1f\x7f]+')
# All up to a quote or an escape; the line ends that a backslash takes away are still in it.
_MULTI_RUN = regex(rb'(?:[^"\\\x00-\x08\x0b-\x1f\x7f]++|\r\n|\\[ \t]*+\r?\n)++')
_MULTI_LITERAL = regex(rb"'''((?:[^'\x00-\x08\x0b-\x1f\x7f]++|\r\n|'(?!''))*+)'''('{0,2})")
_FOLD = regex(rb"\\[ \t]*+\r?\n(?:[ \t\n]++|\r\n)*+")
# What most of a manifest or lock file is made of, each at one go: a key with a string, a boolean or an array of
# strings, and a header; all keys bare or several with dots, all strings without escapes. What was matched is not looked at again.
_COMMENT = rb"#[^\n\r\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*+"
_WHITE = rb"(?:[ \t\n]|\r\n)*+"
_TEXT = rb'"[^"\\\x00-\x08\x0a-\x1f\x7f]*+"'
_KEYS = rb"[A-Za-z0-9_-]++(?:\.[A-Za-z0-9_-]++)*+"
_ARRAY = rb"\[(?:" + _WHITE + _TEXT + _WHITE + rb",)*+(?:" + _WHITE + _TEXT + rb")?+" + _WHITE + rb"\]"
_PLAIN = regex(
    rb"(?:[ \t\n]|\r\n|" + _COMMENT + rb"(?=\r?\n|\Z))*+"
    rb"(?:(" + _KEYS + rb")[ \t]*+=[ \t]*+(?:(" + _TEXT + rb")|(true|false)|(" + _ARRAY + rb"))"
    rb"|(\[" + _KEYS + rb"\])|(\[\[" + _KEYS + rb"\]\]))"
    rb"[ \t]*+(?:" + _COMMENT + rb")?+(?:\r?\n|\Z)"
)
_ELEMENT = regex(_TEXT)
_AS_TEXT, _AS_BOOLEAN, _AS_ARRAY, _AS_HEADER = 2, 3, 4, 5
_DOTTED_KEY = regex(rb"([A-Za-z0-9_-]++(?:\.[A-Za-z0-9_-]++)++)[ \t]*+(?==)")
_PLAIN_KEY = regex(rb"([A-Za-z0-9_-]++)[ \t]*+=[ \t]*+")
_SIMPLE_PAIR = regex(
    rb'([A-Za-z0-9_-]+)[ \t]*=[ \t]*(?:"([^"\\\x00-\x08\x0a-\x1f\x7f]*)"(?!")|(true|false)(?=[ \t\r\n#,}]|\Z))'
)
_SIMPLE_ELEMENT = regex(
    rb'(?:[ \t\n]|\r\n)*+("([^"\\\x00-\x08\x0a-\x1f\x7f]*+)"|0|[1-9][0-9]{0,17}+)[ \t]*+,'
)
_DATE = r"\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])"
_TIME = r"(?:[01]\d|2[0-3]):[0-5]\d(?::[0-5]\d(?:\.\d+)?)?"
_SCALAR = regex(rb"[A-Za-z0-9+\-_.:]+(?: (?=\d\d:)[0-9.:Zz+\-]+)?")
_MOMENT = regex(rf"{_DATE}(?:[Tt ]{_TIME}(?:[Zz]|[+-](?:[01]\d|2[0-3]):[0-5]\d)?)?|{_TIME}", re.ASCII)
_INTEGER = regex(
    r"[+-]?(?:0|[1-9](?:_?\d)*)|0x[\dA-Fa-f](?:_?[\dA-Fa-f])*|0o[0-7](?:_?[0-7])*|0b[01](?:_?[01])*", re.ASCII
)
_FLOAT = regex(
    r"[+-]?(?:inf|nan|(?:0|[1-9](?:_?\d)*)(?:\.\d(?:_?\d)*(?:[eE][+-]?\d(?:_?\d)*)?|[eE][+-]?\d(?:_?\d)*))",
    re.ASCII,
)
_ESCAPES = {
    b"b": "\b", b"t": "\t", b"n": "\n", b"f": "\f", b"r": "\r", b"e": "\x1b", b'"': '"', b"\\": "\\",
}  # fmt: skip
_CODES = {b"x": 2, b"u": 4, b"U": 8}


MAX_KEYS = 40_000
"""Keys of one file, those of inline tables too. The largest manifests and lock files have a tenth of that."""


MAX_TEXT = 3_000_000
"""Bytes of one file. The lock file of a workspace with 10,000 packages is smaller."""

MAX_ELEMENTS = 100_000
"""Elements of all arrays of one file together."""


class _Parser:
    """One pass over the bytes; raises _SyntaxError at the first error."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 3 if data.startswith(b"\xef\xbb\xbf") else 0
        self.root = Table(Origin.HEADER)
        self.table = self.root
        self.section = 0
        self.keys = 0
        self.elements = 0

    def document(self) -> Table:
        data = self.data
        while True:
            self.plain()
            self.blank()
            if self.at >= len(data):
                return self.root
            if data[self.at] == 0x5B:  # [
                self.header()
            else:
                self.pair(self.table, self.section, 0)
            end = _LINE_END.match(data, self.at)
            if end is None:
                raise _SyntaxError(self.space(), "expected the end of the line")
            self.at = end.end()

    def plain(self) -> None:
        """Over all headers, and keys with their values, that are of the plain kind."""
        data, match = self.data, _PLAIN.match
        while found := match(data, self.at):
            kind = found.lastindex or 0
            start, end = found.span(kind)
            if kind >= _AS_HEADER:
                if not self.plain_header(data[start:end], start):
                    return
            else:
                table, at, name = self.table, found.start(1), found[1].decode()
                dots = name.count(".")
                if dots or kind == _AS_ARRAY:
                    if self.keys >= MAX_KEYS or dots >= MAX_DEPTH:
                        return
                    self.keys += 1
                if dots:
                    *above, (name, span) = _parts(found[1], at)
                    table, at = self.below(table, above, self.section), span.start
                if name in table:
                    return
                value: Value
                if kind == _AS_TEXT:
                    value = data[start + 1 : end - 1].decode()
                elif kind == _AS_BOOLEAN:
                    value = end - start == 4
                else:
                    value = _plain_array(data, start, end)
                    self.count(len(value))
                table[name] = Item(value, Span(at, at + len(name)), start, end)
            self.at = found.end()

    def plain_header(self, text: bytes, start: int) -> bool:
        """Open the table of a header of bare keys; False when that is left to ``header``."""
        double = text.startswith(b"[[")
        names = text[2:-2].split(b".") if double else text[1:-1].split(b".")
        if self.keys >= MAX_KEYS or len(names) > MAX_DEPTH:
            return False
        self.keys += 1
        self.section += 1
        table = self.root
        at = start + 2 if double else start + 1
        for name in names[:-1]:
            table = self.step(table, name.decode(), Span(at, at + len(name)))
            at += len(name) + 1
        self.at = start + len(text)
        opened = self.add_to_array if double else self.open_table
        self.table = opened(table, names[-1].decode(), Span(at, at + len(names[-1])), start)
        return True

    def blank(self) -> int:
        """Over spaces, newlines and comments."""
        found = _BLANK.match(self.data, self.at)
        if found:
            self.at = found.end()
        return self.at

    def space(self) -> int:
        found = _SPACE.match(self.data, self.at)
        if found:
            self.at = found.end()
        return self.at

    def expect(self, token: bytes, what: str) -> None:
        if not self.data.startswith(token, self.at):
            raise _SyntaxError(self.at, f"expected {what}")
        self.at += len(token)

    # Keys

    def key_part(self) -> tuple[str, Span]:
        start = self.at
        found = _BARE_KEY.match(self.data, start)
        if found:
            self.at = found.end()
            return found.group().decode(), Span(start, self.at)
        first = self.data[start : start + 1]
        if first == b'"':
            return self.basic(), Span(start, self.at)
        if first == b"'":
            return self.literal(), Span(start, self.at)
        raise _SyntaxError(start, "expected a key")

    def key(self) -> list[tuple[str, Span]]:
        self.keys += 1
        if self.keys > MAX_KEYS:
            raise _SyntaxError(self.at, f"more than {MAX_KEYS} keys, which is the most that is read")
        plain = _DOTTED_KEY.match(self.data, self.at)
        if plain and plain[1].count(b".") < MAX_DEPTH:
            start, self.at = self.at, plain.end()
            return _parts(plain[1], start)
        parts = [self.key_part()]
        self.space()
        while self.data.startswith(b".", self.at):
            self.at += 1
            self.space()
            parts.append(self.key_part())
            if len(parts) > MAX_DEPTH:
                raise _SyntaxError(parts[0][1].start, f"a key of more than {MAX_DEPTH} parts")
            self.space()
        return parts

    def header(self) -> None:
        start = self.at
        double = self.data.startswith(b"[[", start)
        self.at += 2 if double else 1
        self.space()
        parts = self.key()
        self.expect(b"]]" if double else b"]", "`]]`" if double else "`]`")
        self.section += 1
        table = self.root
        for name, span in parts[:-1]:
            table = self.step(table, name, span)
        name, span = parts[-1]
        self.table = (self.add_to_array if double else self.open_table)(table, name, span, start)

    def step(self, table: Table, name: str, span: Span) -> Table:
        """Into the table ``name`` on the way of a header, made when it is not there."""
        item = table.get(name)
        if item is None:
            made = Table(Origin.IMPLIED)
            table[name] = Item(made, span, span.start, span.end)
            return made
        value = item.value
        if isinstance(value, Array) and value.of_tables:
            value = value[-1].value
        if not isinstance(value, Table) or value.origin is Origin.INLINE:
            raise _SyntaxError(span.start, f"`{name}` is a value already, and cannot be extended")
        return value

    def open_table(self, table: Table, name: str, span: Span, start: int) -> Table:
        item = table.get(name)
        if item is None:
            made = Table(Origin.HEADER)
            table[name] = Item(made, span, start, self.at)
            return made
        if not isinstance(item.value, Table) or item.value.origin is not Origin.IMPLIED:
            raise _SyntaxError(span.start, f"`{name}` is defined twice")
        item.value.origin = Origin.HEADER
        item.key, item.start, item.end = span, start, self.at
        return item.value

    def add_to_array(self, table: Table, name: str, span: Span, start: int) -> Table:
        item = table.get(name)
        if item is None:
            item = table[name] = Item(Array(of_tables=True), span, start, self.at)
        if not isinstance(item.value, Array) or not item.value.of_tables:
            raise _SyntaxError(span.start, f"`{name}` is defined twice")
        made = Table(Origin.HEADER)
        item.value.append(Item(made, span, start, self.at))
        return made

    def pair(self, table: Table, section: int, depth: int) -> None:
        simple = _SIMPLE_PAIR.match(self.data, self.at)
        if simple and (name := simple[1].decode()) not in table:
            text, truth = simple[2], simple[3]
            value = text.decode() if truth is None else truth == b"true"
            # The span of a string has its quotes, which are outside the group.
            start = simple.start(2) - 1 if truth is None else simple.start(3)
            self.at = simple.end()
            table[name] = Item(value, Span(*simple.span(1)), start, self.at)
            return
        key = _PLAIN_KEY.match(self.data, self.at)
        if key and (name := key[1].decode()) not in table and self.keys < MAX_KEYS:
            self.keys += 1
            start = self.at = key.end()
            table[name] = Item(self.value(depth), Span(*key.span(1)), start, self.at)
            return
        self.any_pair(table, section, depth)

    def any_pair(self, table: Table, section: int, depth: int) -> None:
        parts = self.key()
        self.expect(b"=", "`=`")
        self.space()
        table = self.below(table, parts[:-1], section)
        name, span = parts[-1]
        if name in table:
            raise _SyntaxError(span.start, f"`{name}` is defined twice")
        start = self.at
        table[name] = Item(self.value(depth), span, start, self.at)

    def below(self, table: Table, parts: list[tuple[str, Span]], section: int) -> Table:
        """Into the tables that all parts of a dotted key but the last name, made when they are not there."""
        for name, span in parts:
            item = table.get(name)
            if item is None:
                item = table[name] = Item(Table(Origin.DOTTED, section), span, span.start, span.end)
            value = item.value
            if not isinstance(value, Table):
                raise _SyntaxError(span.start, f"`{name}` is a value already, and cannot be extended")
            if value.origin is Origin.IMPLIED:
                value.origin, value.section = Origin.DOTTED, section
            elif value.origin is not Origin.DOTTED or value.section != section:
                raise _SyntaxError(span.start, f"`{name}` is defined elsewhere, and cannot be extended")
            table = value
        return table

    # Values

    def value(self, depth: int) -> Value:
        first = self.data[self.at : self.at + 1]
        if first == b'"':
            return self.multi_basic() if self.data.startswith(b'"""', self.at) else self.basic()
        if first == b"'":
            return self.multi_literal() if self.data.startswith(b"'''", self.at) else self.literal()
        if first in (b"[", b"{"):
            if depth >= MAX_DEPTH:
                raise _SyntaxError(self.at, f"nested deeper than {MAX_DEPTH}")
            return self.array(depth + 1) if first == b"[" else self.inline_table(depth + 1)
        return self.scalar()

    def count(self, elements: int) -> None:
        """Note elements of arrays. Raises _SyntaxError when there are too many in all."""
        self.elements += elements
        if self.elements > MAX_ELEMENTS:
            raise _SyntaxError(
                self.at, f"more than {MAX_ELEMENTS} elements of arrays, which is the most that is read"
            )

    def array(self, depth: int) -> Array:
        array = Array()
        self.at += 1
        while True:
            while simple := _SIMPLE_ELEMENT.match(self.data, self.at):
                start, end = simple.span(1)
                text = simple[2]
                element = int(simple[1]) if text is None else text.decode()
                array.append(Item(element, Span(start, end), start, end))
                self.at = simple.end()
                self.count(1)
            start = self.blank()
            if self.data.startswith(b"]", start):
                self.at += 1
                return array
            value = self.value(depth)
            array.append(Item(value, Span(start, self.at), start, self.at))
            self.count(1)
            self.blank()
            if self.data.startswith(b",", self.at):
                self.at += 1
            elif not self.data.startswith(b"]", self.at):
                raise _SyntaxError(self.at, "expected `,` or `]`")

    def inline_table(self, depth: int) -> Table:
        table = Table(Origin.INLINE)
        self.at += 1
        self.section += 1
        section = self.section  # of its own, so that dotted keys extend only what was made in here
        while True:
            if self.data.startswith(b"}", self.blank()):
                self.at += 1
                break
            self.pair(table, section, depth)
            self.blank()
            if self.data.startswith(b",", self.at):
                self.at += 1
            elif not self.data.startswith(b"}", self.at):
                raise _SyntaxError(self.at, "expected `,` or `}`")
        _close(table)
        return table

    def scalar(self) -> Value:
        start = self.at
        found = _SCALAR.match(self.data, start)
        if not found:
            raise _SyntaxError(start, "expected a value")
        self.at = found.end()
        text = found.group().decode()
        if text in ("true", "false"):
            return text == "true"
        if _INTEGER.fullmatch(text):
            # Cargo's integers are 64-bit; int() would also refuse some thousand digits.
            if len(text) > 80 or not -(2**63) <= (number := int(text, 0)) < 2**63:
                raise _SyntaxError(start, "an integer that does not fit in 64 bits")
            return number
        if _FLOAT.fullmatch(text):
            return float(text)
        if _MOMENT.fullmatch(text):
            if text[4:5] == "-":
                try:
                    date.fromisoformat(text[:10])
                except ValueError as error:
                    raise _SyntaxError(start, f"`{text}` is no date") from error
            return DateText(text)
        raise _SyntaxError(start, f"`{text[:40]}` is no value (strings need quotes)")

    # Strings

    def basic(self) -> str:
        found = _PLAIN_BASIC.match(self.data, self.at)
        if found:
            self.at = found.end()
            return found.group(1).decode()
        start = self.at
        self.at += 1
        parts: list[str] = []
        while True:
            run = _BASIC_RUN.match(self.data, self.at)
            if run:
                parts.append(run.group().decode())
                self.at = run.end()
            if self.data.startswith(b'"', self.at):
                self.at += 1
                return "".join(parts)
            if not self.data.startswith(b"\\", self.at):
                raise _SyntaxError(start, "a string that is not closed on its line")
            parts.append(self.escape())

    def escape(self) -> str:
        start = self.at
        letter = self.data[start + 1 : start + 2]
        self.at += 2
        if letter in _ESCAPES:
            return _ESCAPES[letter]
        width = _CODES.get(letter, 0)
        digits = self.data[self.at : self.at + width]
        if not width or len(digits) != width or not re.fullmatch(rb"[0-9A-Fa-f]+", digits):
            raise _SyntaxError(start, "an unknown escape in a string")
        self.at += width
        code = int(digits, 16)
        if code > 0x10FFFF or 0xD800 <= code <= 0xDFFF:
            raise _SyntaxError(start, "an escape that is no Unicode character")
        return chr(code)

    def literal(self) -> str:
        found = _LITERAL.match(self.data, self.at)
        if not found:
            raise _SyntaxError(self.at, "a string that is not closed on its line")
        self.at = found.end()
        return found.group(1).decode()

    def first_newline(self) -> None:
        if self.data.startswith(b"\r\n", self.at):
            self.at += 2
        elif self.data.startswith(b"\n", self.at):
            self.at += 1

    def multi_basic(self) -> str:
        start = self.at
        self.at += 3
        self.first_newline()
        parts: list[str] = []
        while True:
            run = _MULTI_RUN.match(self.data, self.at)
            if run:
                text = run.group()
                text = _FOLD.sub(b"", text) if b"\\" in text else text
                parts.append(text.decode().replace("\r\n", "\n"))
                self.at = run.end()
            if self.data.startswith(b'"""', self.at):
                self.at += 3
                close = self.at  # up to two quotes before the closing three belong to the string
                while self.data.startswith(b'"', self.at) and self.at < close + 2:
                    parts.append('"')
                    self.at += 1
                return "".join(parts)
            if self.data.startswith(b'"', self.at):
                parts.append('"')
                self.at += 1
            elif self.data.startswith(b"\\", self.at):
                parts.append(self.escape())
            else:
                raise _SyntaxError(start, "a multi-line string that is not closed")

    def multi_literal(self) -> str:
        found = _MULTI_LITERAL.match(self.data, self.at)
        if not found:
            raise _SyntaxError(self.at, "a multi-line string that is not closed")
        self.at = found.end()
        text = (found.group(1) + found.group(2)).decode().replace("\r\n", "\n")
        return text.removeprefix("\n")


def _parts(key: bytes, at: int) -> list[tuple[str, Span]]:
    """The names of a key that is bare names and dots, and where they stand; it begins at ``at``."""
    parts = []
    for name in key.split(b"."):
        parts.append((name.decode(), Span(at, at + len(name))))
        at += len(name) + 1
    return parts


def _plain_array(data: bytes, start: int, end: int) -> Array:
    """The array in ``data[start:end]``, which has only strings without escapes."""
    array = Array()
    for element in _ELEMENT.finditer(data, start, end):
        first, last = element.span()
        array.append(Item(data[first + 1 : last - 1].decode(), Span(first, last), first, last))
    return array


def _close(table: Table) -> None:
    """Nothing may be added any more to an inline table, nor to the tables its dotted keys made."""
    stack = [table]
    while stack:
        current = stack.pop()
        current.origin = Origin.INLINE
        stack.extend(item.value for item in current.values() if isinstance(item.value, Table))
