"""The lines of a source around a place, and which part of its line is meant."""

from __future__ import annotations

from collections.abc import Sequence

from wasmdoctor.model.finding import Frame
from wasmdoctor.model.names import ExternName
from wasmdoctor.model.source import Location

AROUND = 3
"""Lines that are shown before and after the one that is meant."""

MAX_LINE = 240
"""Characters of a line that are shown; generated files have lines of megabytes."""

WIT_STATEMENTS = frozenset({"export", "import", "include", "interface", "package", "type", "use", "world"})
"""Words that begin a statement of WIT (WIT.md, "Lexical structure" and following); all of it is meant then."""

ENDS = frozenset(" \t\r\n;,{}()[]=<>'\"")
"""What a name or path in WIT, TOML or Rust does not have in it."""


def frame_of(lines: Sequence[str], place: Location, interface: str = "") -> Frame | None:
    """The lines around ``place``, of a file's ``lines`` without their ends; None when it has no such line.

    ``interface`` is what the place is about: where its name stands there, the name is what is meant.
    """
    if not 1 <= place.line <= len(lines):
        return None
    first = max(1, place.line - AROUND)
    shown = lines[first - 1 : place.line + AROUND]
    start, end = _meant(lines[place.line - 1], place, interface)
    if start > MAX_LINE:
        start = end = 0
    return Frame(first, tuple(line[:MAX_LINE] for line in shown), place.line, start, min(end, MAX_LINE + 1))


def _meant(line: str, place: Location, interface: str) -> tuple[int, int]:
    """The columns that are meant: the first, and the one after the last; (0, 0) when none is known."""
    begin = place.column - 1
    if not 0 <= begin < len(line) or line[begin].isspace():
        return 0, 0
    rest = line[begin : begin + MAX_LINE + 1]
    length = max(_name(rest, interface), _quoted(rest), _word(rest))
    if place.path.endswith(".wit") and rest[: _word(rest)] in WIT_STATEMENTS:
        length = max(length, _statement(rest))
    return begin + 1, begin + 1 + max(length, 1)


def _name(rest: str, interface: str) -> int:
    """How long a spelling of an interface's name is that stands at the start."""
    if not interface:
        return 0
    name = ExternName.parse(interface)
    spellings = {interface, name.unversioned, name.interface or ""}
    return max((len(each) for each in spellings if each and rest.startswith(each)), default=0)


def _quoted(rest: str) -> int:
    """How long a string is, with its quotes, when one begins here."""
    if rest[0] not in "\"'":
        return 0
    return rest.find(rest[0], 1) + 1


def _word(rest: str) -> int:
    """How long the name or path at the start is."""
    return next((number for number, char in enumerate(rest) if char in ENDS), len(rest))


def _statement(rest: str) -> int:
    """How long the statement is, without its semicolon or block."""
    ends = [at for at in map(rest.find, (";", "{")) if at >= 0]
    return len(rest[: min(ends, default=len(rest))].rstrip())
