"""Comments that accept findings: ``wasmdoctor: allow(WD101) -- reason``, in WIT, Rust and TOML.

A comment on a line of its own is for the item that follows, whole, or for the next line where no item begins;
one behind code is for its line. Doc comments and strings are not looked at.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from typing import TYPE_CHECKING

from wasmdoctor.model.config import Suppression
from wasmdoctor.model.regex import regex
from wasmdoctor.model.source import Location, SourceText

if TYPE_CHECKING:
    from tree_sitter import Node

    from wasmdoctor.readers.cargo.toml import Table
    from wasmdoctor.readers.wit.lexer import Piece

MARK = b"wasmdoctor:"
"""What such a comment begins with. A file without these bytes is not looked at any further."""

SUFFIXES = (".wit", ".rs", ".toml")

MAX_COMMENTS = 2_000
"""No more such comments are read from one file; the last of them says so."""

FORM = "`wasmdoctor: allow(WD101) -- reason`"
TOO_MANY = f"this file has more than {MAX_COMMENTS:,} such comments, and those after this one are not read"
NOTHING_FOLLOWS = "nothing follows it that it could be for"

_ALLOW = regex(r"allow[ \t]*\(([^()]*)\)\s*(?:--\s*(.*?))?\s*", re.DOTALL)
_SELECTOR = regex(r"WD[0-9]{1,3}|[a-z][a-z0-9]*(?:-[a-z0-9]+)+")

Found = tuple[int, str, int, int]
"""Offset, text without the comment's own signs, first and last line (0 and 0 when nothing follows)."""


def read_suppressions(data: bytes, path: str) -> tuple[Suppression, ...]:
    """The suppressions of a WIT, Rust or TOML file (told by its name), in order; none of another file.

    Never raises. A comment that is not understood, names no rule or gives no reason has a ``fault``.
    """
    if MARK not in data:
        return ()
    source = SourceText(path, data)
    if path.endswith(".wit"):
        found = _in_wit(source)
    elif path.endswith(".rs"):
        found = _in_rust(source)
    elif path.endswith(".toml"):
        found = _in_toml(source)
    else:
        return ()
    result: list[Suppression] = []
    for offset, text, first, last in found:
        if len(result) == MAX_COMMENTS:
            end = result.pop()
            result.append(
                Suppression(end.location, (), "", end.first, end.last, TOO_MANY, "take some of them out")
            )
            break
        result.append(_suppression(source.location(offset), text, first, last))
    return tuple(result)


def _suppression(place: Location, text: str, first: int, last: int) -> Suppression:
    """What a comment says. ``text`` begins behind the mark."""
    form = _ALLOW.fullmatch(text.strip())
    if form is None:
        return Suppression(place, (), "", first, last, "this comment is not understood", f"write {FORM}")
    rules = tuple(rule.strip() for rule in form[1].split(",") if rule.strip())
    reason = " ".join((form[2] or "").split())
    fault = help_ = ""
    wrong = [rule for rule in rules if not _SELECTOR.fullmatch(rule)]
    if wrong:
        fault, help_ = f"`{wrong[0]}` names no rule", "give codes (WD101), beginnings of codes (WD1) or names"
    elif not rules:
        fault, help_ = "it names no rule", f"write {FORM}"
    elif not reason:
        fault, help_ = "it gives no reason", f"say why behind two hyphens: {FORM}"
    elif not first:
        fault, help_ = NOTHING_FOLLOWS, "put it before the item or behind the code that it is for"
    return Suppression(place, rules, reason, first, last, fault, help_)


def _marks(data: bytes) -> Iterator[int]:
    at = data.find(MARK)
    while at >= 0:
        yield at
        at = data.find(MARK, at + len(MARK))


def _line_of(source: SourceText, offset: int) -> int:
    return source.location(offset).line


def _is_alone(source: SourceText, start: int) -> bool:
    """Whether nothing but white space stands before an offset on its line."""
    begin = source.data.rfind(b"\n", 0, start) + 1
    return not source.data[begin:start].removeprefix(b"\xef\xbb\xbf").strip()


def _text(source: SourceText, start: int, end: int) -> str | None:
    """The text of a comment (``//``, ``/* */`` or ``#``) behind the mark; None when it does not begin with it."""
    raw = source.data[start:end].decode("utf-8", "replace")
    if raw.startswith(("///", "//!", "/**", "/*!")):
        return None
    raw = raw[1 if raw.startswith("#") else 2 :]
    raw = raw.removesuffix("*/").strip()
    mark = MARK.decode()
    return raw[len(mark) :] if raw.startswith(mark) else None


# -- WIT ------------------------------------------------------------------------------------------


def _in_wit(source: SourceText) -> Iterator[Found]:
    from wasmdoctor.readers.wit.lexer import EOF
    from wasmdoctor.readers.wit.parser import parse
    from wasmdoctor.readers.wit.tree import walk

    tree = parse(source)
    lexed = tree.lexed
    items: dict[int, int] = {}
    for item in walk(tree.items):  # parents come first, and the outermost counts
        items.setdefault(item.first, item.end)
    known = -1
    comments: list[Piece] = []
    for mark in _marks(source.data):
        token = bisect_right(lexed.starts, mark)
        if token and lexed.ends[token - 1] > mark:
            continue  # inside a string or name
        if token >= len(lexed.starts):
            continue
        if token != known:  # a long run of comments must not be taken apart again for each of them
            known, comments = token, [piece for piece in tree.trivia(token) if piece.comment]
        at = bisect_right(comments, mark, key=lambda piece: piece.start) - 1
        piece = comments[at] if at >= 0 and mark < comments[at].end else None
        text = _text(source, piece.start, piece.end) if piece else None
        if piece is None or text is None:
            continue
        if not _is_alone(source, piece.start):
            line = _line_of(source, piece.start)
            yield piece.start, text, line, line
        elif lexed.kinds[token] in (EOF, "}"):
            yield piece.start, text, 0, 0
        else:
            end = items.get(token, lexed.ends[token])
            yield piece.start, text, _line_of(source, lexed.starts[token]), _line_of(source, max(end - 1, 0))


# -- Rust -----------------------------------------------------------------------------------------


def _in_rust(source: SourceText) -> Iterator[Found]:
    from wasmdoctor.readers.rust.parse import parse_rust

    tree = parse_rust(source.data, source.path).tree
    if tree is None:
        return
    for node, first, item in _rust_comments(tree.root_node, list(_marks(source.data))):
        text = _text(source, node.start_byte, node.end_byte)
        if text is None:
            continue
        line = node.start_point.row + 1
        if not _is_alone(source, node.start_byte):
            yield node.start_byte, text, line, line
        elif first is None or item is None:
            yield node.start_byte, text, 0, 0
        else:
            yield node.start_byte, text, first.start_point.row + 1, item.end_point.row + 1


_COMMENTS = ("line_comment", "block_comment")
_CLOSING = ("}", ")", "]")


def _rust_comments(root: Node, marks: list[int]) -> list[tuple[Node, Node | None, Node | None]]:
    """The comments with a mark in them, in order; each with what follows beside it, and with the same past
    attributes. Only nodes with a mark inside are entered, each once."""
    found: list[tuple[Node, Node | None, Node | None]] = []
    stack = [root]
    while stack:
        first: Node | None = None
        item: Node | None = None
        for child in reversed(stack.pop().children):
            at = bisect_left(marks, child.start_byte)
            marked = at < len(marks) and marks[at] < child.end_byte
            if child.type in _COMMENTS:
                if marked:
                    found.append((child, first, item))
                continue
            if marked:
                stack.append(child)
            first = None if child.type in _CLOSING else child
            if child.type != "attribute_item":
                item = first
    return sorted(found, key=lambda each: each[0].start_byte)


# -- TOML -----------------------------------------------------------------------------------------

# A `#` outside of a string begins a comment, and a quote outside of a comment a string: TOML has nothing else
# that either may stand in (TOML 1.1, "Comment" and "String").
_STRING_OR_COMMENT = regex(
    rb'"""(?:[^"\\]|\\.|"(?!""))*"{3,5}'
    rb"|'''(?:[^']|'(?!''))*'{3,5}"
    rb'|"(?:[^"\\\n]|\\.)*"'
    rb"|'[^'\n]*'"
    rb"|(#[^\n]*)",
    re.DOTALL,
)


def _in_toml(source: SourceText) -> Iterator[Found]:
    from wasmdoctor.readers.cargo.toml import Table, parse

    root = parse(source)
    if not isinstance(root, Table):
        return
    places = _toml_places(root, len(source.data))
    starts = [start for start, _ in places]
    for found in _STRING_OR_COMMENT.finditer(source.data):
        if not found[1] or MARK not in found[1]:
            continue
        text = _text(source, found.start(), found.end())
        if text is None:
            continue
        if not _is_alone(source, found.start()):
            line = _line_of(source, found.start())
            yield found.start(), text, line, line
            continue
        index = bisect_right(starts, found.end())
        if index == len(places):
            yield found.start(), text, 0, 0
        else:
            start, end = places[index]
            yield found.start(), text, _line_of(source, start), _line_of(source, max(end - 1, start))


def _toml_places(root: Table, size: int) -> list[tuple[int, int]]:
    """Where keys with their values, array elements, and tables with all that stands in them begin and end."""
    from wasmdoctor.readers.cargo.toml import Array, Item, Origin, Table

    headers: list[int] = []
    places: list[tuple[int, int]] = []
    stack: list[Item] = list(root.values())
    while stack:
        item = stack.pop()
        value = item.value
        if isinstance(value, Table):
            stack.extend(value.values())
            if value.origin is Origin.HEADER:
                headers.append(item.start)
                continue
            if value.origin is not Origin.INLINE or item.end <= item.key.end:
                continue  # implied by headers or dotted keys: those have places of their own
        elif isinstance(value, Array):
            stack.extend(value)
            if value.of_tables:
                continue
        places.append((min(item.key.start, item.start), item.end))
    headers.sort()
    for at, start in enumerate(headers):
        places.append((start, headers[at + 1] if at + 1 < len(headers) else size))
    return sorted(places)
