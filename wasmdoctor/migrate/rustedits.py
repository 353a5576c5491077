"""Edits of Rust files: whole items out of a file, names out of ``use`` declarations, names changed in paths.

Only spans are replaced. What is taken out takes its line ends and the blank lines that would be left twice
with it, so that a file which rustfmt left alone is left alone afterwards too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from wasmdoctor.model.edit import Replace
from wasmdoctor.model.record import dataclass, field
from wasmdoctor.model.source import Span
from wasmdoctor.readers.rust.tokens import CLOSE, IDENT, OPEN, PUNCT, Token, lex

DEFAULT_WIDTH = 100
"""rustfmt's ``max_width``."""


# -- whole items


@dataclass(frozen=True, slots=True)
class Cut:
    """A span that goes, and why; ``put`` takes its place, on lines of its own."""

    span: Span
    cause: str
    put: bytes = b""


def cut_items(path: str, data: bytes, cuts: Iterable[Cut]) -> list[Replace]:
    """The edits that take items out of a file, with their lines, comments right above them, and blank lines.

    ``put`` text is written without a line end. Cuts inside of other cuts are left out.
    """
    regions: list[_Region] = []
    for cut in sorted(cuts, key=lambda cut: (cut.span.start, -cut.span.end)):
        if regions and cut.span.end <= regions[-1].end:
            continue
        start, end, whole = _lines(data, cut.span)
        if regions and whole and regions[-1].whole and not data[regions[-1].end : start].strip():
            last = regions[-1]
            if not last.put and not cut.put:
                last.end = max(last.end, end)
                last.causes.append(cut.cause)
                continue
        regions.append(_Region(start, end, whole, [cut.cause], cut.put))
    return [_replace(path, data, region) for region in regions]


@dataclass(slots=True)
class _Region:
    start: int
    end: int
    whole: bool
    causes: list[str]
    put: bytes


def _lines(data: bytes, span: Span) -> tuple[int, int, bool]:
    """A span widened to whole lines with the comments right above, when nothing else stands on its lines."""
    top = 3 if data.startswith(b"\xef\xbb\xbf") else 0  # a byte order mark stays
    start = max(data.rfind(b"\n", 0, span.start) + 1, top)
    end = data.find(b"\n", span.end)
    end = len(data) if end < 0 else end + 1
    after = data[span.end : end].strip()
    if data[start : span.start].strip() or (after and not after.startswith(b"//")):
        return span.start, span.end, False
    while start > top:
        above = max(data.rfind(b"\n", 0, start - 1) + 1, top)
        line = data[above:start].strip()
        if not line.startswith(b"//") or line.startswith(b"//!"):
            break
        start = above
    return start, end, True


def _replace(path: str, data: bytes, region: _Region) -> Replace:
    cause = "; ".join(dict.fromkeys(region.causes))
    start, end = region.start, region.end
    if not region.whole:
        if not region.put:
            while data[end : end + 1] in (b" ", b"\t"):
                end += 1
        return Replace(path, Span(start, end), region.put, cause)
    newline = newline_of(data)
    if region.put:
        return Replace(path, Span(start, end), region.put.replace(b"\n", newline) + newline, cause)
    before, after = _blank_before(data, start), _blank_after(data, end)
    opening = not data[:before].strip(b"\xef\xbb\xbf \t\r\n") or data[:before].rstrip().endswith(b"{")
    closing = not data[after:].strip() or data[after:].lstrip().startswith(b"}")
    if closing:
        start = before
        if opening:
            end = after
    elif opening or before < start:
        end = after
    return Replace(path, Span(start, end), b"", cause)


def _blank_before(data: bytes, start: int) -> int:
    """Where the blank lines before a line begin."""
    while start > 0:
        above = data.rfind(b"\n", 0, start - 1) + 1
        if data[above:start].strip():
            break
        start = above
    return start


def _blank_after(data: bytes, end: int) -> int:
    """Where the blank lines from a line on end."""
    while end < len(data):
        below = data.find(b"\n", end)
        below = len(data) if below < 0 else below + 1
        if data[end:below].strip():
            break
        end = below
    return end


def newline_of(data: bytes) -> bytes:
    """The line end that a file uses: that of its first line."""
    return b"\r\n" if data[: data.find(b"\n") + 1].endswith(b"\r\n") else b"\n"


def indent_of(data: bytes, offset: int) -> bytes:
    """The white space before the first sign of a line."""
    start = data.rfind(b"\n", 0, offset) + 1
    line = data[start:offset]
    return line[: len(line) - len(line.lstrip(b" \t"))]


# -- paths


@dataclass(frozen=True, slots=True)
class PathTokens:
    """The identifiers of one path in a file's code, in order; ``rooted`` when it begins with ``::``."""

    names: tuple[Token, ...]
    rooted: bool


def paths(data: bytes, start: int, end: int) -> Iterator[PathTokens]:
    """All paths of two names or more in a stretch of code, macros' arguments and attributes included.

    What stands in generic arguments is a path of its own, and what follows them is left out.
    """
    tokens = lex(data, start, end)
    at = 0
    while at < len(tokens):
        token = tokens[at]
        if token.kind != IDENT or (at and tokens[at - 1].text == "."):
            at += 1
            continue
        rooted = at > 0 and tokens[at - 1].text == "::" and not (at > 1 and tokens[at - 2].text == ">")
        if at > 0 and tokens[at - 1].text == "::" and not rooted:
            at += 1
            continue
        names = [token]
        while at + 2 < len(tokens) and tokens[at + 1].text == "::" and tokens[at + 2].kind == IDENT:
            names.append(tokens[at + 2])
            at += 2
        at += 1
        if len(names) > 1:
            yield PathTokens(tuple(names), rooted)


# -- use declarations


@dataclass(slots=True)
class UseTree:
    """One part of a ``use`` declaration: ``names``, then a group, a ``*``, an alias, or nothing."""

    names: list[Token]
    rooted: bool
    start: int
    end: int
    alias: str = ""
    glob: bool = False
    children: list[UseTree] | None = None
    texts: list[str] = field(default_factory=list)

    def leaves(self) -> Iterator[tuple[UseTree, tuple[UseTree, ...]]]:
        """The parts that bring names, each with the parts around it, outermost first."""
        stack: list[tuple[UseTree, tuple[UseTree, ...]]] = [(self, ())]
        while stack:
            tree, around = stack.pop()
            if tree.children is None:
                yield tree, around
            else:
                stack.extend((child, (*around, tree)) for child in reversed(tree.children))


def use_tree(data: bytes, span: Span) -> UseTree | None:
    """The tree of a ``use`` declaration; None for ``extern crate`` and what cannot be read."""
    tokens = lex(data, span.start, span.end)
    at = next(
        (index for index, token in enumerate(tokens) if token.text == "use" and token.kind == IDENT), None
    )
    if at is None or not tokens or tokens[-1].text != ";":
        return None
    trees, rest = _trees(tokens, at + 1, 0)
    return trees[0] if len(trees) == 1 and rest == len(tokens) - 1 else None


def _trees(tokens: Sequence[Token], at: int, depth: int) -> tuple[list[UseTree], int]:
    found: list[UseTree] = []
    while at < len(tokens) and tokens[at].kind != CLOSE and tokens[at].text != ";" and depth < 32:
        tree = UseTree([], False, tokens[at].start, tokens[at].end)
        if tokens[at].text == "::":
            tree.rooted = True
            at += 1
        while at < len(tokens):
            token = tokens[at]
            if token.kind == IDENT and token.text != "as":
                tree.names.append(token)
            elif token.kind == OPEN:
                tree.children, at = _trees(tokens, at + 1, depth + 1)
                token = tokens[min(at, len(tokens) - 1)]
            elif token.text == "*":
                tree.glob = True
            elif token.text == "as" and at + 1 < len(tokens):
                at += 1
                token = tokens[at]
                tree.alias = token.text
            elif token.text != "::":
                break
            tree.end = token.end
            at += 1
        tree.texts = [token.text for token in tree.names]
        found.append(tree)
        if at < len(tokens) and tokens[at].kind == PUNCT and tokens[at].text == ",":
            at += 1
        else:
            break
    return found, at


def without(tree: UseTree, gone: Callable[[UseTree], bool]) -> UseTree | None:
    """The tree without some of its leaves; None when nothing is left. Groups of one are opened."""
    if tree.children is None:
        return None if gone(tree) else tree
    kept = [child for child in (without(child, gone) for child in tree.children) if child is not None]
    if not kept:
        return None
    if (
        len(kept) == 1
        and len(tree.children) > 1
        and kept[0].texts != ["self"]
        and (tree.texts or tree.rooted)
    ):
        only = kept[0]
        joined = UseTree(tree.names + only.names, tree.rooted, tree.start, tree.end)
        joined.texts = tree.texts + only.texts
        joined.alias, joined.glob, joined.children = only.alias, only.glob, only.children
        return joined
    made = UseTree(tree.names, tree.rooted, tree.start, tree.end, children=kept)
    made.texts = tree.texts
    return made


def use_text(tree: UseTree, indent: int, before: int, width: int) -> str:
    """A tree as rustfmt writes it after ``before`` columns of ``pub use``, at an indentation.

    A group that is too long for one line is filled, or written one a line when groups are inside of it
    (rustfmt 1.8, ``imports_layout = "Mixed"``).
    """
    line = _one_line(tree)
    if indent + before + len(line) + 1 <= width or tree.children is None:
        return line
    front = "::".join([*([""] if tree.rooted else []), *tree.texts])
    front = f"{front}::" if tree.texts or tree.rooted else ""
    inner = " " * (indent + 4)
    parts = [use_text(child, indent + 4, 0, width) for child in tree.children]
    if any(child.children is not None for child in tree.children):
        body = "".join(f"{inner}{part},\n" for part in parts)
    else:
        lines: list[str] = []
        for part in parts:
            if lines and len(lines[-1]) + len(part) + 2 <= width:
                lines[-1] += f" {part},"
            else:
                lines.append(f"{inner}{part},")
        body = "\n".join(lines) + "\n"
    return f"{front}{{\n{body}{' ' * indent}}}"


def _one_line(tree: UseTree) -> str:
    text = "::".join([*([""] if tree.rooted else []), *tree.texts])
    if tree.children is not None:
        inside = ", ".join(_one_line(child) for child in tree.children)
        text = f"{text}::{{{inside}}}" if text else f"{{{inside}}}"
    elif tree.glob:
        text = f"{text}::*" if text else "*"
    return f"{text} as {tree.alias}" if tree.alias else text


def has_comment(data: bytes, span: Span) -> bool:
    """Whether a comment stands in a stretch without string literals."""
    text = data[span.start : span.end]
    return b"//" in text or b"/*" in text
