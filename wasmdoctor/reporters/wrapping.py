"""Lines of text in columns of a terminal, where Chinese characters take two and may be broken between.

Rules for where a line may not begin or end: W3C, Requirements for Chinese Text Layout, "Prohibition rules".
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from itertools import pairwise

NOT_FIRST = frozenset("，。、；：？！）》」』】”’…—·,.;:?!)]}")
"""Characters that no line begins with, when they follow a wide one."""

NOT_LAST = frozenset("（《「『【“‘([{")
"""Characters that no line ends with."""


def cells(text: str) -> int:
    """The columns that a text takes: two for a wide character, none for one that combines with the one before."""
    if text.isascii():
        return len(text)
    return sum(map(_cells, text))


def _cells(char: str) -> int:
    if unicodedata.combining(char):
        return 0
    return 2 if _is_wide(char) else 1


def _is_wide(char: str) -> bool:
    return unicodedata.east_asian_width(char) in "WF"


def wrap(text: str, width: int) -> list[str]:
    """One paragraph in lines of at most ``width`` columns, without spaces at their ends; [""] for no text."""
    edges = [0, *offsets(text, width), len(text)]
    return [text[start:end].strip() for start, end in pairwise(edges)]


def offsets(text: str, width: int) -> list[int]:
    """Where the lines after the first begin."""
    found: list[int] = []
    used = at = 0
    for unit in _units(text):
        size = cells(unit.rstrip())
        if used and used + size > width:
            found.append(at)
            used = 0
        while cells(unit.rstrip()) > width and len(unit.rstrip()) > 1:
            part = _fitting(unit, width)
            if part == len(unit):
                break
            at += part
            unit = unit[part:]
            if unit.strip():
                found.append(at)
        used += cells(unit)
        at += len(unit)
    return found


def cut(text: str, width: int) -> str:
    """The beginning of a text, as much as fits into some columns."""
    return text if cells(text) <= width else text[: _fitting(text, width)]


def _fitting(text: str, width: int) -> int:
    """How many characters fit, one at least."""
    used = 0
    for index, char in enumerate(text):
        used += _cells(char)
        if used > width and index:
            return index
    return len(text)


def _units(text: str) -> Iterator[str]:
    """What no line break may stand in: words and wide characters, each with the spaces after it."""
    held = ""
    for char in text:
        if held and _may_break(held, char):
            yield held
            held = ""
        held += char
    if held:
        yield held


def _may_break(before: str, char: str) -> bool:
    """Whether a line may end between a unit and the next character."""
    last = before[-1]
    if char.isspace():
        return False
    if last.isspace():
        return True
    wide = _is_wide(last) or _is_wide(char)
    return wide and char not in NOT_FIRST and last not in NOT_LAST
