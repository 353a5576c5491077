"""Text for terminals: words with styles, and the two ways to lay them out.

Reports without colour, in files and pipes, are laid out here: rich, which does it for terminals, takes longer to load
than all that ``check`` does else, and longer to lay out a hundred reports than to read a hundred components. Both give
the same lines, by the rules of rich 15 (``_wrap.divide_line``, ``Table._calculate_column_widths``); tests
compare them. What is not plain enough is given to rich in any case.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING, Protocol

from wasmdoctor.model.record import dataclass
from wasmdoctor.model.regex import regex
from wasmdoctor.reporters.console import MINIMUM_WIDTH, Style, finished, written
from wasmdoctor.reporters.wrapping import cells, offsets

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text as RichText

MINIMUM_TEXT = 20
"""Columns that hanging text gets at least."""

GAP = 2
"""Columns between those of a table, and before it."""

NARROW_MARKS = str.maketrans("", "", "·—…✗✓→└├│─")
"""Characters beside those of ASCII that take one column and are in our own words."""


class Text:
    """Words with styles, in rich's names for these: the first words' style holds for all that follow."""

    __slots__ = ("parts",)

    def __init__(self, text: str = "", style: str = "") -> None:
        self.parts = [(text, style)]

    def append(self, text: str, style: str = "") -> None:
        """Add words."""
        self.parts.append((text, style))

    @property
    def plain(self) -> str:
        """The words alone."""
        return "".join(text for text, _ in self.parts)

    def rich(self) -> RichText:
        """The same for rich."""
        from rich.text import Text as RichText

        made = RichText(*self.parts[0])
        for text, style in self.parts[1:]:
            made.append(text, style or None)
        return made


@dataclass(frozen=True, slots=True)
class Columns:
    """A table of three columns without lines: a mark, a name, and words.

    ``rows`` are the cells with their styles. Names are broken last: they get ``least`` columns when they need
    them, and ``most`` at most.
    """

    rows: tuple[tuple[tuple[str, str], tuple[str, str], tuple[str, str]], ...]
    least: int
    most: int


class Paper(Protocol):
    """Where a report is written to; ``width`` is in columns, ``links`` the folder of paths that can be linked or ""."""

    width: int
    links: str

    def print(self, text: Text | None = None) -> None:
        """A line, broken where it is too long; an empty one."""

    def cut(self, text: Text) -> None:
        """A line that ends in an ellipsis where it is too long."""

    def hang(self, text: Text, first: int, rest: int) -> None:
        """Text that is broken where it is too long: ``first`` spaces before its first line, ``rest`` before others."""

    def table(self, columns: Columns) -> None:
        """A table, a little indented."""

    def rich(self, write: Callable[[Console], None]) -> None:
        """What is written to a console of rich."""


def written_lines(style: Style, write: Callable[[Paper], None]) -> str:
    """What ``write`` puts on paper, without spaces at line ends."""
    if style.color:
        return written(style, lambda console: write(_RichPaper(console, style.links)))
    paper = _PlainPaper(style)
    write(paper)
    return finished("".join(f"{line}\n" for line in paper.lines), style)


class _RichPaper:
    def __init__(self, console: Console, links: str = "") -> None:
        self.console = console
        self.width = console.width
        self.links = links

    def print(self, text: Text | None = None) -> None:
        self.console.print(*([text.rich()] if text else []))

    def cut(self, text: Text) -> None:
        line = text.rich()
        line.truncate(self.width, overflow="ellipsis")
        self.console.print(line)

    def hang(self, text: Text, first: int, rest: int) -> None:
        from rich.text import Text as RichText

        width = max(self.width - rest, MINIMUM_TEXT)
        line, plain = text.rich(), text.plain
        if cells(plain) == len(plain):
            lines = line.wrap(self.console, width, overflow="fold")
        else:
            lines = line.divide(offsets(plain, width))
        for number, part in enumerate(lines):
            part.rstrip()
            start = RichText(" " * (rest if number else first))
            self.console.print(start.append_text(part), soft_wrap=True)

    def table(self, columns: Columns) -> None:
        from rich.padding import Padding
        from rich.table import Table
        from rich.text import Text as RichText

        table = Table(box=None, padding=(0, GAP, 0, 0), show_header=False, pad_edge=False)
        table.add_column(no_wrap=True)
        table.add_column(overflow="fold", min_width=columns.least, max_width=columns.most)
        table.add_column(overflow="fold")
        for row in columns.rows:
            table.add_row(*(RichText(text, style) for text, style in row))
        self.console.print(Padding(table, (0, 0, 0, GAP)))

    def rich(self, write: Callable[[Console], None]) -> None:
        write(self.console)


class _PlainPaper:
    def __init__(self, style: Style) -> None:
        self.style = style
        self.links = ""
        self.width = max(style.width, MINIMUM_WIDTH)
        self.lines: list[str] = []

    def print(self, text: Text | None = None) -> None:
        plain = text.plain if text else ""
        if text and not is_simple(plain):
            self._by_rich(lambda paper: paper.print(text))
        else:
            self.lines += broken(plain, self.width)

    def cut(self, text: Text) -> None:
        plain = text.plain
        if is_simple(plain):
            self.lines.append(plain if len(plain) <= self.width else f"{plain[: self.width - 1]}…")
        else:
            self._by_rich(lambda paper: paper.cut(text))

    def hang(self, text: Text, first: int, rest: int) -> None:
        plain = text.plain
        if not is_simple(plain):
            self._by_rich(lambda paper: paper.hang(text, first, rest))
            return
        for number, line in enumerate(broken(plain, max(self.width - rest, MINIMUM_TEXT))):
            self.lines.append(" " * (rest if number else first) + line)

    def table(self, columns: Columns) -> None:
        lines = tabulated(columns, self.width - GAP)
        if lines is None:
            self._by_rich(lambda paper: paper.table(columns))
        else:
            self.lines += lines

    def rich(self, write: Callable[[Console], None]) -> None:
        # What is written on this paper is made fit for terminals without Unicode at the end.
        text = written(Style(self.width, unicode=True), write)
        self.lines += text.removesuffix("\n").split("\n") if text else []

    def _by_rich(self, write: Callable[[Paper], None]) -> None:
        self.rich(lambda console: write(_RichPaper(console)))


def is_simple(text: str) -> bool:
    """Whether each character of a text takes one column, and none ends a line or is a tab."""
    return (text.isascii() or text.translate(NARROW_MARKS).isascii()) and text.isprintable()


WORD = regex(r"\s*\S+\s*")


def broken(text: str, width: int) -> list[str]:
    """A simple text in lines of at most ``width`` columns, without spaces at their ends."""
    return [text.rstrip()] if len(text) <= width else list(_broken(text, width))


@lru_cache(maxsize=512)  # what is said of one component is said of many
def _broken(text: str, width: int) -> tuple[str, ...]:
    edges = [0, *_breaks(text, width), len(text)]
    return tuple(text[start:end].rstrip() for start, end in pairwise(edges))


def _breaks(text: str, width: int) -> Iterator[int]:
    """Where lines after the first begin: before a word that does not fit, and within one that fits in no line."""
    used = 0
    for match in WORD.finditer(text):
        word, start = match[0], match.start()
        size = len(word.rstrip())
        if size <= width - used:
            used += len(word)
        elif size > width:
            for at in range(0, len(word), width):
                if start + at:
                    yield start + at
                used = min(width, len(word) - at)
        elif used and start:
            yield start
            used = len(word)


@lru_cache(maxsize=256)  # components of one kind have the same imports
def tabulated(columns: Columns, width: int) -> list[str] | None:
    """The lines of a table in so many columns; None when rich has to lay it out."""
    texts = [[text for text, _ in row] for row in columns.rows]
    if not all(is_simple(text) for row in texts for text in row):
        return None
    sizes = [max(len(row[number]) for row in texts) for number in range(3)]
    widths = _widths(sizes, columns, [width] * 3)
    if sum(widths) > width:
        widths = _widths(sizes, columns, _narrowed(widths, width))
        if sum(widths) > width:
            return None
    mark, name, words = widths[0] - GAP, widths[1] - GAP, widths[2]
    if min(mark, name, words) < 1 or mark < sizes[0]:
        return None
    lines: list[str] = []
    for row in texts:
        names, said = broken(row[1], name), broken(row[2], words)
        for number in range(max(len(names), len(said))):
            parts = (
                (row[0] if not number else "").ljust(mark + GAP),
                (names[number] if number < len(names) else "").ljust(name + GAP),
                said[number] if number < len(said) else "",
            )
            lines.append((" " * GAP + "".join(parts)).rstrip())
    return lines


def _widths(sizes: Sequence[int], columns: Columns, most: Sequence[int]) -> list[int]:
    """What each column takes with the gap behind it, when it has no more than ``most``."""
    mark, name, words = (
        min(size + gap, top) for size, gap, top in zip(sizes, (GAP, GAP, 0), most, strict=True)
    )
    name = min(max(name, columns.least + GAP), columns.most + GAP)
    return [mark or 1, name or 1, words or 1]


def _narrowed(widths: list[int], width: int) -> list[int]:
    """The columns so that they fit: the wider of names and words gives first, then both."""
    while (excess := sum(widths) - width) > 0:
        widest = max(widths[1:])
        second = max((each for each in widths[1:] if each != widest), default=0)
        giving = [number for number in (1, 2) if widths[number] == widest]
        most = min(excess, widest - second)
        if not most:
            break
        left = excess
        for place, number in enumerate(giving):
            share = min(most, round(left / (len(giving) - place)))
            widths[number] -= share
            left -= share
    return widths
