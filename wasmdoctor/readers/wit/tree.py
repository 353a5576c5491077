"""The syntax tree of one WIT file: typed nodes over a token stream that keeps every byte.

Nodes hold byte offsets into the file, so an edit is a span and its replacement. Tokens and the trivia
between them (white space and comments) cover the file without gaps or overlaps; ``print_tree`` joins
them, which gives the file back whatever it contained. Syntax: Component Model, WIT.md, and what
wit-parser 0.262 accepts beyond it (accessors, ``label: path``, maps, fixed-length lists, external ids).
"""

from __future__ import annotations

from collections.abc import Iterator

from wasmdoctor.model.record import dataclass
from wasmdoctor.model.source import Location, Problem, SourceText, Span
from wasmdoctor.readers.wit.lexer import EOF, Lexed, Piece, pieces


@dataclass(frozen=True, slots=True)
class Node:
    """Anything in the tree; ``start`` and ``end`` are byte offsets, half open."""

    start: int
    end: int

    @property
    def span(self) -> Span:
        """The node's place in the file."""
        return Span(self.start, self.end)


@dataclass(frozen=True, slots=True)
class Name(Node):
    """An identifier; ``text`` is without the ``%`` that the span includes."""

    text: str


@dataclass(frozen=True, slots=True)
class Version(Node):
    """A semantic version, without the ``@`` before it."""

    text: str


@dataclass(frozen=True, slots=True)
class PackageName(Node):
    """``namespace:name@version``."""

    namespace: Name
    name: Name
    version: Version | None

    @property
    def text(self) -> str:
        """The name as ``ns:pkg`` or ``ns:pkg@1.0.0``."""
        return package_text(self.namespace.text, self.name.text, self.version)


@dataclass(frozen=True, slots=True)
class Path(Node):
    """What ``use``, ``include``, ``import`` and ``export`` name: ``iface`` or ``ns:pkg/iface@version``.

    ``namespace`` and ``package`` are both None for a name of the same package.
    """

    namespace: Name | None
    package: Name | None
    name: Name
    version: Version | None

    @property
    def package_name(self) -> str:
        """The package as ``ns:pkg@1.0.0``, or "" for the same package."""
        if self.namespace is None or self.package is None:
            return ""
        return package_text(self.namespace.text, self.package.text, self.version)

    @property
    def text(self) -> str:
        """The path as ``iface`` or ``ns:pkg/iface@1.0.0``."""
        if self.namespace is None or self.package is None:
            return self.name.text
        version = f"@{self.version.text}" if self.version else ""
        return f"{self.namespace.text}:{self.package.text}/{self.name.text}{version}"


def package_text(namespace: str, name: str, version: Version | None) -> str:
    """``ns:pkg`` or ``ns:pkg@1.0.0``."""
    return f"{namespace}:{name}@{version.text}" if version else f"{namespace}:{name}"


@dataclass(frozen=True, slots=True)
class Attribute(Node):
    """A gate or other ``@name(...)``. ``value`` is the version, the feature, or the external id."""

    name: Name
    value: str


@dataclass(frozen=True, slots=True)
class TypeExpr(Node):
    """A type where it is used.

    ``kind`` is a primitive (``u32``, ``string``, ``error-context``...), ``name``, ``own``, ``borrow``,
    ``list``, ``option``, ``result``, ``tuple``, ``map``, ``future`` or ``stream``. ``args`` are its
    parameters (for ``result`` always ok and error, None where absent), ``name`` what ``name``, ``own``
    and ``borrow`` refer to, ``size`` the length of a fixed-length list.
    """

    kind: str
    args: tuple[TypeExpr | None, ...] = ()
    name: Name | None = None
    size: int | None = None


@dataclass(frozen=True, slots=True)
class Param(Node):
    """One parameter of a function."""

    name: Name
    type: TypeExpr


@dataclass(frozen=True, slots=True)
class FuncType(Node):
    """``async func(...) -> ...``; ``accessor`` is ``get``, ``set`` or "". ``word`` starts ``func``."""

    word: Span
    is_async: bool
    accessor: str
    params: tuple[Param, ...]
    result: TypeExpr | None


@dataclass(frozen=True, slots=True)
class Item(Node):
    """A declaration. ``start`` is its first gate or keyword, ``first`` the index of that token."""

    first: int
    gates: tuple[Attribute, ...]


@dataclass(frozen=True, slots=True)
class BadItem(Item):
    """What could not be parsed, up to where parsing went on."""


@dataclass(frozen=True, slots=True)
class FuncItem(Item):
    """A function. ``role`` is ``func``, or in a resource ``method``, ``static`` or ``constructor``."""

    name: Name
    role: str
    func: FuncType


@dataclass(frozen=True, slots=True)
class Member(Node):
    """A record field, a variant case, a flag, or an enum case."""

    name: Name
    type: TypeExpr | None


@dataclass(frozen=True, slots=True)
class TypeItem(Item):
    """A type definition; ``kind`` is its keyword. A ``type`` has ``target``, a resource ``functions``."""

    kind: str
    name: Name
    target: TypeExpr | None = None
    members: tuple[Member, ...] = ()
    functions: tuple[FuncItem, ...] = ()


@dataclass(frozen=True, slots=True)
class UseName(Node):
    """One name of a ``use``, or one renaming of an ``include``; ``alias`` is what stands after ``as``."""

    name: Name
    alias: Name | None

    @property
    def local(self) -> Name:
        """The name that it has from here on."""
        return self.alias or self.name


@dataclass(frozen=True, slots=True)
class UseItem(Item):
    """``use path.{a, b as c};``."""

    path: Path
    names: tuple[UseName, ...]


@dataclass(frozen=True, slots=True)
class IncludeItem(Item):
    """``include path with { a as b }``."""

    path: Path
    renames: tuple[UseName, ...]


@dataclass(frozen=True, slots=True)
class ExternItem(Item):
    """``import`` or ``export`` (``direction``) in a world.

    Exactly one of these forms: ``path`` alone; ``name`` and ``path`` (``label: ns:pkg/iface``);
    ``name`` and ``func``; ``name`` and ``items`` (``label: interface { ... }``).
    """

    direction: str
    name: Name | None = None
    path: Path | None = None
    func: FuncType | None = None
    items: tuple[Item, ...] | None = None

    @property
    def label(self) -> Name:
        """The identifier that a message about this item points at."""
        if self.name is not None:
            return self.name
        assert self.path is not None
        return self.path.name


@dataclass(frozen=True, slots=True)
class InterfaceItem(Item):
    """``interface name { ... }``."""

    name: Name
    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class WorldItem(Item):
    """``world name { ... }``."""

    name: Name
    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class TopUseItem(Item):
    """``use path as name;`` outside of interfaces and worlds."""

    path: Path
    alias: Name | None

    @property
    def local(self) -> Name:
        """The name that it brings into this file."""
        return self.alias or self.path.name


@dataclass(frozen=True, slots=True)
class PackageHeader(Item):
    """``package ns:name@version;`` at the start of a file."""

    name: PackageName


@dataclass(frozen=True, slots=True)
class PackageItem(Item):
    """``package ns:name@version { ... }``."""

    name: PackageName
    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class Tree:
    """One parsed WIT file. ``problems`` are those of its characters and syntax, in order of position."""

    source: SourceText
    lexed: Lexed
    header: PackageHeader | None
    items: tuple[Item, ...]
    problems: tuple[Problem, ...]

    def location(self, node: Node) -> Location:
        """Where a node starts."""
        return self.source.location(node.start)

    def trivia(self, token: int) -> list[Piece]:
        """White space and comments before the token with this index."""
        start = self.lexed.ends[token - 1] if token else 0
        return pieces(self.lexed.text, start, self.lexed.starts[token])

    def extent(self, item: Item) -> Span:
        """An item with its gates and the comments that belong to it: to delete it is to delete this.

        Those are the comments right before it, up to an empty line, and doc comments in any case; a
        comment that follows other code on the same line belongs to that code.
        """
        start = item.start
        between: list[Piece] = []
        for piece in reversed(self.trivia(item.first)):
            if not piece.comment:
                between.append(piece)
                continue
            gap = "".join(self.lexed.text[p.start : p.end] for p in between)
            doc = self.lexed.text.startswith(("///", "/**"), piece.start)
            if (gap.count("\n") > 1 and not doc) or self._after_code(item.first, piece):
                break
            start = piece.start
            between = []
        return Span(start, item.end)

    def line_extent(self, item: Item) -> Span:
        """``extent``, widened to whole lines where nothing else stands on them.

        A comment behind the item on its last line goes with it. The line end is included, so what is
        left after deleting the span has no empty line in the item's place.
        """
        text = self.lexed.text
        span = self.extent(item)
        line_start = text.rfind("\n", 0, span.start) + 1
        line_end = text.find("\n", span.end)
        line_end = len(text) if line_end < 0 else line_end + 1
        before = text[line_start : span.start]
        after = text[span.end : line_end].strip()
        if before.strip() or (after and not _is_one_comment(after)):
            return span
        return Span(line_start, line_end)

    def docs(self, item: Item) -> str:
        """The doc comments (``///`` and ``/** */``) before an item, as plain text."""
        lines: list[str] = []
        for piece in self.trivia(item.first):
            raw = self.source.data[piece.start : piece.end].decode("utf-8", "replace")
            if raw.startswith("///"):
                lines.append(raw[3:].strip())
            elif raw.startswith("/**") and len(raw) > 4:
                lines += [line.strip().removeprefix("*").strip() for line in raw[3:-2].splitlines()]
        return "\n".join(lines).strip()

    def leaves(self) -> Iterator[Span]:
        """The spans of all tokens, white space and comments, in order: together they are the file."""
        for index, (start, end) in enumerate(zip(self.lexed.starts, self.lexed.ends, strict=True)):
            for piece in self.trivia(index):
                yield Span(piece.start, piece.end)
            if self.lexed.kinds[index] != EOF:
                yield Span(start, end)

    def _after_code(self, token: int, piece: Piece) -> bool:
        if not token:
            return False
        return "\n" not in self.lexed.text[self.lexed.ends[token - 1] : piece.start]


def print_tree(tree: Tree) -> bytes:
    """The bytes of the file, from the tree's leaves: the same that were parsed."""
    data = tree.source.data
    return b"".join(data[leaf.start : leaf.end] for leaf in tree.leaves())


def walk(items: tuple[Item, ...]) -> Iterator[Item]:
    """All items below ``items``, parents before children, in order of position."""
    stack = list(reversed(items))
    while stack:
        item = stack.pop()
        yield item
        if isinstance(item, InterfaceItem | WorldItem | PackageItem) or (
            isinstance(item, ExternItem) and item.items is not None
        ):
            stack.extend(reversed(item.items or ()))
        elif isinstance(item, TypeItem):
            stack.extend(reversed(item.functions))


def _is_one_comment(text: str) -> bool:
    return text.startswith("//") or (text.startswith("/*") and text.find("*/") == len(text) - 2)
