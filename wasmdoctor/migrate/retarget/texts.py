"""WIT texts set to a WASI release: versions, and items that the release does not have yet.

Gates: WIT.md, "Feature Gates"; that a gate later than its package is refused was measured with wasm-tools 1.262
(`feature gate cannot reference unreleased version`). A ``@deprecated`` of a later version is accepted, and stays.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from wasmdoctor.migrate import witedits
from wasmdoctor.migrate.rustedits import Cut
from wasmdoctor.model.edit import Replace
from wasmdoctor.model.names import Version
from wasmdoctor.model.record import dataclass, field
from wasmdoctor.model.retarget import Obstacle, Removed, is_candidate, is_release
from wasmdoctor.model.source import Location, Span
from wasmdoctor.readers.wit.tree import (
    ExternItem,
    FuncItem,
    FuncType,
    IncludeItem,
    InterfaceItem,
    Item,
    PackageItem,
    PackageName,
    Path,
    TopUseItem,
    Tree,
    TypeExpr,
    TypeItem,
    UseItem,
    WorldItem,
)
from wasmdoctor.readers.wit.tree import Version as VersionNode

MAX_ALIASES = 100
"""Aliases of aliases that are followed."""

Key = tuple[str, str, str]
"""What is removed: package, interface or world ("" for the package's own level), and name."""


@dataclass(slots=True)
class WitText:
    """One WIT text: a file, or a literal in a Rust file that begins at ``offset`` (bytes), on ``line`` (from 0)."""

    path: str
    data: bytes
    tree: Tree
    offset: int = 0
    line: int = 0

    def location(self, start: int) -> Location:
        """Where a byte of the text stands in its file."""
        found = self.tree.source.location(start)
        return Location(found.path, found.line + self.line, found.column) if self.line else found


@dataclass(slots=True)
class _Found:
    """A declaration with what it stands in: its package, its interface or world (""), and its resource ("")."""

    text: WitText
    package: PackageName | None
    owner: str
    item: Item
    resource: str = ""


@dataclass(slots=True)
class TextResult:
    """The edits, and what was met on the way."""

    edits: list[Replace] = field(default_factory=list)
    versions: set[tuple[str, str]] = field(default_factory=set)
    removed: list[Removed] = field(default_factory=list)
    keys: set[Key] = field(default_factory=set)
    obstacles: list[Obstacle] = field(default_factory=list)


def wit_texts(texts: Iterable[WitText], target: str) -> TextResult:
    """Everything of WIT texts that is to change."""
    return _Texts(list(texts), target).make()


def named(package: PackageName | None) -> tuple[str, str | None]:
    """``wasi:io`` and its version."""
    if package is None:
        return "", None
    version = package.version.text if package.version else None
    return f"{package.namespace.text}:{package.name.text}", version


class _Texts:
    """All texts of a workspace together: what one loses, others may not name."""

    def __init__(self, texts: list[WitText], target: str) -> None:
        self.texts = texts
        self.target = target
        self.limit = Version.parse(target)
        self.result = TextResult()
        self.gone: dict[int, list[Item]] = {}
        self.aliases: dict[Key, tuple[WitText, TypeExpr]] = {}
        self.kept: list[_Found] = []

    def make(self) -> TextResult:
        """Look for items that go, then for what stays and names them, and make the edits."""
        for text in self.texts:
            self.gone[id(text)] = []
            self._unreadable(text)
            for found in _declarations(text):
                self._judge(found)
        for found in self.kept:
            self._references(found)
        for text in self.texts:
            self._edit(text)
        return self.result

    def _unreadable(self, text: WitText) -> None:
        """A text that is only read in part would be changed only in part."""
        if text.tree.problems and b"wasi:" in text.data:
            problem = text.tree.problems[0]
            place = Location(text.path, problem.location.line + text.line, problem.location.column)
            self.result.obstacles.append(Obstacle(place, f"this WIT cannot be read: {problem.message}"))

    # -- what goes

    def _judge(self, found: _Found) -> None:
        """Keep an item, or take it out when the release does not have it yet."""
        text, item = found.text, found.item
        if any(_inside(item, other) for other in self.gone[id(text)]):
            return
        package, version = named(found.package)
        since = next((gate.value for gate in item.gates if gate.name.text == "since"), "")
        later = Version.parse(since)
        if not is_release(package, version) or later is None or self.limit is None or later <= self.limit:
            self.kept.append(found)
            return
        self.gone[id(text)].append(item)
        self.result.removed.append(Removed(f"{package}/{_path_of(found)}", since, text.location(item.start)))
        for name in _names_of(found):
            key = (package, found.owner, name)
            self.result.keys.add(key)
            if isinstance(item, TypeItem) and item.kind == "type" and item.target is not None:
                self.aliases[key] = (text, item.target)

    # -- what stays and names what goes

    def _references(self, found: _Found) -> None:
        item, text = found.item, found.text
        package, _ = named(found.package)
        path = getattr(item, "path", None)
        if isinstance(path, Path):
            self._path(found, path)
        if isinstance(item, UseItem):
            owner = path.name.text if isinstance(path, Path) else ""
            of = _package_of(item.path, package)
            for used in item.names:
                if (of, owner, used.name.text) in self.result.keys:
                    self._obstacle(text, used.start, f"`{used.name.text}` of `{of}/{owner}`")
        for expr in _types(item):
            name = expr.name.text if expr.name is not None else ""
            key = (package, found.owner, name)
            if name and key in self.result.keys and expr.name is not None:
                self._substitute(text, expr.name.span, key)

    def _path(self, found: _Found, path: Path) -> None:
        package, _ = named(found.package)
        of = _package_of(path, package)
        if (of, "", path.name.text) in self.result.keys:
            self._obstacle(found.text, path.start, f"`{of}/{path.name.text}`")

    def _substitute(self, text: WitText, span: Span, key: Key) -> None:
        """A type that the release names otherwise: what the name stands for takes its place."""
        written = self._written(key)
        if written is None:
            self._obstacle(text, span.start, f"the type `{key[2]}` of `{key[0]}/{key[1]}`")
            return
        cause = (
            f"WASI {self.target} has no `{key[2]}` yet, which only is another name for `{written.decode()}`"
        )
        self.result.edits.append(_replace(text, span, written, cause))

    def _written(self, key: Key) -> bytes | None:
        """What a removed alias stands for, in the words of the release; None when it is a type of its own."""
        for _ in range(MAX_ALIASES):
            if key not in self.aliases:
                return None
            text, expr = self.aliases[key]
            inner = [
                e for e in _parts(expr) if e.name is not None and (*key[:2], e.name.text) in self.result.keys
            ]
            if not inner:
                return text.data[expr.start : expr.end]
            if expr.kind != "name" or expr.name is None:
                return None
            key = (*key[:2], expr.name.text)
        return None

    def _obstacle(self, text: WitText, start: int, what: str) -> None:
        message = f"this names {what}, which WASI {self.target} does not have yet"
        self.result.obstacles.append(Obstacle(text.location(start), message))

    # -- the edits

    def _edit(self, text: WitText) -> None:
        gone = self.gone[id(text)]
        cuts = [Cut(text.tree.extent(item), f"WASI {self.target} does not have it yet") for item in gone]
        self.result.edits += witedits.wit_edits(text.path, text.data, cuts, text.offset)
        spans = [cut.span for cut in cuts]
        for package, version in _version_nodes(text.tree):
            if any(span.start <= version.start < span.end for span in spans):
                continue
            if is_candidate(package, version.text):
                message = f"`{package}@{version.text}` is a release candidate, whose functions and types differ from the release's"
                self.result.obstacles.append(
                    Obstacle(text.location(version.start), f"{message}: take the release's WIT")
                )
            elif is_release(package, version.text) and version.text != self.target:
                self.result.versions.add((package, version.text))
                cause = f"WASI {self.target} in place of {version.text}"
                self.result.edits.append(_replace(text, version.span, self.target.encode(), cause))


def _replace(text: WitText, span: Span, data: bytes, cause: str) -> Replace:
    return Replace(text.path, Span(span.start + text.offset, span.end + text.offset), data, cause)


def _inside(item: Item, outer: Item) -> bool:
    return outer.start <= item.start and item.end <= outer.end


def _package_of(path: Path, own: str) -> str:
    if path.namespace is None or path.package is None:
        return own
    return f"{path.namespace.text}:{path.package.text}"


def _names_of(found: _Found) -> Iterator[str]:
    """The names under which others may mean an item that goes."""
    item = found.item
    if isinstance(item, TypeItem | InterfaceItem | WorldItem):
        yield item.name.text
    elif isinstance(item, UseItem):
        yield from (name.local.text for name in item.names)
    elif isinstance(item, FuncItem):
        yield encoded(item, found.resource)


def _path_of(found: _Found) -> str:
    """``types#field-name``, or ``timezone``."""
    item = found.item
    if isinstance(item, ExternItem):
        return f"{found.owner}#{item.direction} {item.label.text}"
    name = getattr(item, "name", None)
    shown = ", ".join(_names_of(found)) or (name.text if name is not None else type(item).__name__)
    return f"{found.owner}#{shown}" if found.owner else shown


def encoded(item: FuncItem, resource: str) -> str:
    """A function's name as binaries have it; for functions of a resource ``resource`` is its name."""
    match item.role:
        case "constructor":
            return f"[constructor]{resource}"
        case "method" | "static":
            return f"[{item.role}]{resource}.{item.name.text}"
        case _:
            return item.name.text


def _declarations(text: WitText) -> Iterator[_Found]:
    """All declarations of a text, parents before children, with what they stand in."""
    header = text.tree.header.name if text.tree.header else None
    stack = [_Found(text, header, "", item) for item in reversed(text.tree.items)]
    while stack:
        found = stack.pop()
        item = found.item
        if isinstance(item, PackageItem):
            stack += [_Found(text, item.name, "", inner) for inner in reversed(item.items)]
            continue
        yield found
        if isinstance(item, InterfaceItem | WorldItem):
            stack += [_Found(text, found.package, item.name.text, inner) for inner in reversed(item.items)]
        elif isinstance(item, ExternItem) and item.items is not None:
            stack += [_Found(text, found.package, found.owner, inner) for inner in reversed(item.items)]
        elif isinstance(item, TypeItem):
            stack += [
                _Found(text, found.package, found.owner, f, item.name.text) for f in reversed(item.functions)
            ]


def _version_nodes(tree: Tree) -> Iterator[tuple[str, VersionNode]]:
    """Every place where a package is named with a version."""
    if tree.header is not None and tree.header.name.version is not None:
        yield named(tree.header.name)[0], tree.header.name.version
    stack: list[Item] = list(reversed(tree.items))
    while stack:
        item = stack.pop()
        if isinstance(item, PackageItem):
            if item.name.version is not None:
                yield named(item.name)[0], item.name.version
            stack += reversed(item.items)
        elif isinstance(item, InterfaceItem | WorldItem):
            stack += reversed(item.items)
        elif isinstance(item, UseItem | IncludeItem | TopUseItem | ExternItem):
            path = item.path
            if path is not None and path.version is not None:
                yield _package_of(path, ""), path.version
            if isinstance(item, ExternItem) and item.items is not None:
                stack += reversed(item.items)


def _types(item: Item) -> Iterator[TypeExpr]:
    """Every type expression of a declaration itself, without those of what stands inside it."""
    roots: list[TypeExpr | None] = []
    if isinstance(item, TypeItem):
        roots = [item.target, *(member.type for member in item.members)]
    elif isinstance(item, FuncItem | ExternItem):
        func: FuncType | None = item.func
        if func is not None:
            roots = [*(param.type for param in func.params), func.result]
    for root in roots:
        if root is not None:
            yield from _parts(root)


def _parts(expr: TypeExpr) -> Iterator[TypeExpr]:
    """A type expression and those inside it."""
    stack: list[TypeExpr] = [expr]
    while stack:
        each = stack.pop()
        yield each
        stack += [arg for arg in each.args if arg is not None]
