"""Byte offsets in a text, and the protocol's positions: lines from 0, characters in an encoding's units.

Rules: Language Server Protocol 3.17, "Position" and "Text Documents": lines end with ``\\n``, ``\\r\\n`` or ``\\r``, and
a character behind the end of its line means that end.
"""

from __future__ import annotations

from bisect import bisect_right
from typing import NamedTuple

from wasmdoctor.model.regex import regex
from wasmdoctor.model.source import Location, Span

_END = regex(rb"\r\n|\n|\r")

UTF8, UTF16, UTF32 = "utf-8", "utf-16", "utf-32"


class At(NamedTuple):
    """A position of the protocol."""

    line: int
    character: int


class Range(NamedTuple):
    """A range of the protocol, half open."""

    start: At
    end: At


START = Range(At(0, 0), At(0, 0))
"""The range of what is about a whole file."""


class Lines:
    """A text with its lines. ``encoding`` is the unit of characters: ``utf-8``, ``utf-16`` or ``utf-32``."""

    def __init__(self, data: bytes, encoding: str) -> None:
        self.data = data
        self.encoding = encoding
        ends = list(_END.finditer(data))
        self._starts = [0, *(end.end() for end in ends)]
        self._ends = [*(end.start() for end in ends), len(data)]
        self._breaks: list[int] | None = None

    def at(self, offset: int) -> At:
        """The position of a byte offset; one behind the end of the text means that end."""
        offset = max(0, min(offset, len(self.data)))
        line = bisect_right(self._starts, offset) - 1
        before = self.data[self._starts[line] : min(offset, self._ends[line])]
        return At(line, units(before.decode("utf-8", "replace"), self.encoding))

    def range(self, span: Span) -> Range:
        """The range of a span of bytes."""
        return Range(self.at(span.start), self.at(span.end))

    def offset(self, line: int, character: int) -> int:
        """The byte offset of a position; one in the middle of a character means the character's start."""
        if line < 0:
            return 0
        if line >= len(self._starts):
            return len(self.data)
        start, end = self._starts[line], self._ends[line]
        if self.encoding == UTF8:
            return min(start + max(character, 0), end)
        used = 0
        text = self.data[start:end].decode("utf-8", "replace")
        for number, char in enumerate(text):
            used += 2 if self.encoding == UTF16 and char > "\uffff" else 1
            if used > character:
                return min(start + len(text[:number].encode()), end)
        return end

    def line_start(self, offset: int) -> int:
        """The byte offset at which the line of an offset starts."""
        return self._starts[bisect_right(self._starts, max(0, min(offset, len(self.data)))) - 1]

    def of(self, place: Location) -> int:
        """The byte offset of a place that a reader gave; that of the text's start for the whole file."""
        if place.line < 1:
            return 0
        if self._breaks is None:  # readers count only the ends that have a line feed
            self._breaks = [0, *(at + 1 for at, byte in enumerate(self.data) if byte == 10)]
        if place.line > len(self._breaks):
            return len(self.data)
        start = self._breaks[place.line - 1]
        end = self._breaks[place.line] if place.line < len(self._breaks) else len(self.data)
        text = self.data[start:end].decode("utf-8", "replace")
        return min(start + len(text[: max(place.column - 1, 0)].encode()), end)


def units(text: str, encoding: str) -> int:
    """How many units of an encoding a text has."""
    if encoding == UTF8:
        return len(text.encode("utf-8", "surrogatepass"))
    if encoding == UTF16:
        return len(text) + sum(char > "\uffff" for char in text)
    return len(text)
