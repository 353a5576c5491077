"""Where something stands in a file: spans (bytes), locations (lines), and what a reader could not read."""

from __future__ import annotations

from bisect import bisect_right
from itertools import accumulate, count
from operator import add

from wasmdoctor.model.record import dataclass, field


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A half-open range of byte offsets, ``start <= end``, in one file."""

    start: int
    end: int


@dataclass(frozen=True, slots=True, order=True)
class Location:
    """A place that a person can open.

    ``path`` has forward slashes. ``line`` and ``column`` count from 1; ``column`` counts Unicode
    code points (as editors and SARIF's ``unicodeCodePoints`` do). ``line`` 0 means the whole file.
    """

    path: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        if not self.line:
            return self.path
        return f"{self.path}:{self.line}:{self.column}" if self.column else f"{self.path}:{self.line}"


@dataclass(frozen=True, slots=True)
class Problem:
    """What a reader could not make sense of: a fact about the input, not yet a finding.

    ``message`` says what is wrong in one sentence without a full stop; ``help`` what to do, or "".
    """

    location: Location
    message: str
    help: str = ""


MAX_QUOTED = 200
"""Characters of a text from a file that a message quotes."""


def quoted(text: str) -> str:
    """A text from a file as a message quotes it, between backquotes; a very long one is cut."""
    return f"`{text}`" if len(text) <= MAX_QUOTED else f"`{text[: MAX_QUOTED - 1]}…`"


@dataclass(frozen=True, slots=True)
class SourceText:
    """The bytes of one text file, with its path, and a line table to turn offsets into locations."""

    path: str
    data: bytes
    _starts: list[int] | None = field(default=None, init=False, repr=False, compare=False)
    _ascii: bool = field(default=False, init=False, repr=False, compare=False)

    def _lines(self) -> list[int]:
        """The offsets of the lines; they are looked for when somebody asks for the first place."""
        starts = self._starts
        if starts is None:
            # The length of each line, without its end, and one more for the end of each before it.
            ends = accumulate(map(len, self.data.split(b"\n")))
            starts = [0, *map(add, ends, count(1))]
            starts.pop()  # behind the last line comes none
            object.__setattr__(self, "_ascii", self.data.isascii())
            object.__setattr__(self, "_starts", starts)
        return starts

    def location(self, offset: int) -> Location:
        """The line and column of a byte offset (an offset past the end gives the last position)."""
        starts = self._starts or self._lines()
        if not 0 <= offset <= len(self.data):
            offset = len(self.data) if offset > 0 else 0
        row = bisect_right(starts, offset)
        start = starts[row - 1]
        if self._ascii:  # nearly always; a file of one long line must not cost its length each time
            return Location(self.path, row, offset - start + 1)
        return Location(self.path, row, len(self.data[start:offset].decode("utf-8", "replace")) + 1)

    def line(self, number: int) -> str:
        """The text of line ``number`` (from 1) without its line end; "" when there is no such line."""
        starts = self._lines()
        if not 1 <= number <= len(starts):
            return ""
        start = starts[number - 1]
        end = starts[number] if number < len(starts) else len(self.data)
        return self.data[start:end].decode("utf-8", "replace").rstrip("\r\n")

    def slice(self, span: Span) -> str:
        """The text of a span, undecodable bytes replaced."""
        return self.data[span.start : span.end].decode("utf-8", "replace")
