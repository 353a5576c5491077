"""Definitions, hovers, references and symbols: what an editor asks of one place. No judgement is waited for."""

from __future__ import annotations

import os
from pathlib import Path

from wasmdoctor.discover import display_path, find_sources
from wasmdoctor.lsp import words
from wasmdoctor.lsp.bindgen import Bound, bound_at, inline_mention
from wasmdoctor.lsp.documents import Document, Snapshot
from wasmdoctor.lsp.judging import Answer
from wasmdoctor.lsp.mentions import Mention, Target, meant, mention_at, mentions
from wasmdoctor.lsp.packages import Loaded, Packages, package_folder
from wasmdoctor.lsp.positions import START, At, Lines, Range
from wasmdoctor.model.record import dataclass
from wasmdoctor.model.source import Location, Span
from wasmdoctor.model.wit import Interface, World
from wasmdoctor.readers.wit import parse
from wasmdoctor.readers.wit.tree import (
    ExternItem,
    FuncItem,
    InterfaceItem,
    Item,
    Name,
    PackageItem,
    Tree,
    TypeItem,
    UseItem,
    WorldItem,
    walk,
)

MOST_PLACES = 1000
"""References that are listed."""

MOST_FOLDERS = 200
"""Package folders that references are looked for in."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A place in a document: what is asked about it, and with what it is answered."""

    document: Document
    at: At
    root: Path
    snapshot: Snapshot
    packages: Packages
    answer: Answer | None

    @property
    def lines(self) -> Lines:
        """The document's text."""
        return Lines(self.document.data, self.snapshot.encoding)

    @property
    def offset(self) -> int:
        """The place as a byte offset."""
        return self.lines.offset(*self.at)

    @property
    def path(self) -> str:
        """The document's path from the root."""
        return display_path(self.document.path, self.root)


@dataclass(frozen=True, slots=True)
class Place:
    """A range in a file."""

    path: Path
    range: Range


@dataclass(frozen=True, slots=True)
class Hover:
    """Markdown, and what it is about."""

    text: str
    range: Range | None = None


@dataclass(frozen=True, slots=True)
class Symbol:
    """A declaration, with those in it. ``kind`` is ``package``, ``interface``, ``world``, a type's keyword or ``func``."""

    name: str
    kind: str
    range: Range
    selection: Range
    children: tuple[Symbol, ...] = ()


# -- one place ----------------------------------------------------------------------------------------


def definition(asked: Asked) -> list[Place]:
    """Where what stands at a place is declared."""
    suffix = asked.document.path.suffix
    if suffix == ".wit":
        found = _in_wit(asked)
        if found is None:
            return []
        mention, target, loaded = found
        if target is not None:
            return _places(target.location, loaded, asked)
        name = mention.path.text.partition("@")[0] if mention.path else ""
        return _declared(name, asked)
    if suffix == ".rs":
        bound = _bound(asked)
        return _of_bound(bound, asked) if bound else []
    return []


def hover(asked: Asked) -> Hover | None:
    """What is to be said of what stands at a place."""
    path = asked.document.path
    if path.suffix == ".wit":
        found = _in_wit(asked)
        if found is None:
            return None
        mention, target, loaded = found
        where = asked.lines.range(mention.span)
        if target is not None:
            return Hover(words.hover(target, _docs(target, loaded), asked.answer), where)
        if mention.path is not None and mention.path.package_name and mention.kind == "path":
            return Hover(
                words.code(mention.path.text) + "\n\n" + words.provided(mention.path.text, asked.answer),
                where,
            )
        return None
    if path.suffix == ".rs":
        return _rust_hover(asked)
    if path.name == "Cargo.toml":
        return _by_line(asked)
    return None


def references(asked: Asked) -> list[Place]:
    """The places in the workspace's WIT that name the same interface, world, type or function, its declaration too."""
    found = _in_wit(asked) if asked.document.path.suffix == ".wit" else None
    if found is None or found[1] is None:
        return []
    wanted = found[1].location
    if not wanted.line:
        return []
    places: dict[Place, None] = {}
    for folder in _wit_folders(asked):
        loaded = asked.packages.load(asked.root, (folder,), asked.snapshot)
        for tree in loaded.trees.values():
            for mention in mentions(tree):
                if len(places) >= MOST_PLACES:
                    return list(places)
                target = meant(mention, tree, loaded)
                if target is not None and target.location == wanted:
                    lines = Lines(tree.source.data, asked.snapshot.encoding)
                    places[Place(asked.root / tree.source.path, lines.range(mention.span))] = None
    return list(places)


def _wit_folders(asked: Asked) -> list[str]:
    own = package_folder(asked.document.path, asked.root)
    found = [display_path(folder, asked.root) for folder in find_sources(asked.root).wit[:MOST_FOLDERS]]
    return list(dict.fromkeys([own, *found]))


def _in_wit(asked: Asked) -> tuple[Mention, Target | None, Loaded] | None:
    """The name at the place, what it means, and the packages in which it does."""
    loaded = asked.packages.load(
        asked.root, (package_folder(asked.document.path, asked.root),), asked.snapshot
    )
    tree = loaded.trees.get(asked.path)
    if tree is None or tree.source.data != asked.document.data:
        return None
    mention = mention_at(tree, asked.offset)
    return (mention, meant(mention, tree, loaded), loaded) if mention else None


def _places(place: Location, loaded: Loaded, asked: Asked) -> list[Place]:
    """A declaration's name as a place that an editor opens; none in a package that is no text."""
    tree = loaded.trees.get(place.path)
    if tree is not None:
        lines = Lines(tree.source.data, asked.snapshot.encoding)
        return [Place(asked.root / place.path, lines.range(_name_at(tree, lines.of(place))))]
    return _open(place, asked)


def _open(place: Location, asked: Asked) -> list[Place]:
    """A place in any file of the workspace."""
    path = asked.root / place.path
    try:
        lines = Lines(asked.snapshot.read(path), asked.snapshot.encoding)
    except (OSError, ValueError):
        return []
    at = lines.at(lines.of(place))
    return [Place(path, Range(at, at))]


def _name_at(tree: Tree, offset: int) -> Span:
    """The span of the name that is declared at an offset."""
    for item in walk(tree.items):
        name = _named(item)
        if name is not None and (name.start <= offset <= name.end or item.start == offset):
            return name.span
    return Span(offset, offset)


def _named(item: Item) -> Name | None:
    if isinstance(item, InterfaceItem | WorldItem | TypeItem | FuncItem):
        return item.name
    if isinstance(item, ExternItem):
        return item.name if item.path is None else None
    if isinstance(item, UseItem):
        return None
    return None


def _declared(name: str, asked: Asked) -> list[Place]:
    """Where the workspace declares an interface that the package at hand cannot see."""
    place = asked.answer.declared.get(name) if asked.answer and name else None
    return _open(place, asked) if place else []


def _docs(target: Target, loaded: Loaded) -> str:
    tree = loaded.trees.get(target.location.path)
    if tree is None or not target.location.line:
        return ""
    offset = Lines(tree.source.data, "utf-8").of(target.location)
    best: Item | None = None
    for item in walk(tree.items):
        if item.start <= offset <= item.end and _named(item) is not None:
            best = item
    return tree.docs(best) if best is not None else ""


# -- Rust and Cargo.toml ------------------------------------------------------------------------------


def _bound(asked: Asked) -> Bound | None:
    return bound_at(asked.document, asked.offset, asked.root, asked.snapshot, asked.packages)


def _of_bound(bound: Bound, asked: Asked) -> list[Place]:
    """Where a call leads: the world, the first file of a path, or the interface of a ``with``."""
    loaded = bound.loaded
    if bound.part == "inline":
        found = _inline_target(bound, asked)
        return _places(found[1].location, loaded, asked) if found else []
    if bound.part == "with":
        target = _interface(bound.name, loaded)
        if target is not None:
            return _places(target.location, loaded, asked)
    if bound.part == "path":
        named = bound.crate / bound.name
        files = sorted(named.glob("*.wit")) if named.is_dir() else [named]
        return [Place(Path(os.path.realpath(file)), START) for file in files[:1] if file.is_file()]
    if bound.world is None:
        return []
    return _places(bound.world.location, loaded, asked)


def _inline_target(bound: Bound, asked: Asked) -> tuple[Mention, Target] | None:
    found = inline_mention(bound, asked.document.data, asked.offset)
    target = meant(found[0], found[1], bound.loaded) if found else None
    return (found[0], target) if found and target else None


def _interface(name: str, loaded: Loaded) -> Target | None:
    """An interface by its full name, with or without the version."""
    for package in loaded.resolution.packages.values():
        for interface in package.interfaces.values():
            if name in (interface.name, interface.name.partition("@")[0]):
                return Target(interface, package)
    return None


def _rust_hover(asked: Asked) -> Hover | None:
    bound = _bound(asked)
    if bound is None:
        return None
    if bound.part == "inline":
        found = _inline_target(bound, asked)
        return Hover(words.hover(found[1], _docs(found[1], bound.loaded), asked.answer)) if found else None
    thing: Interface | World | None = bound.world
    target = _interface(bound.name, bound.loaded) if bound.part == "with" else None
    if target is None and thing is not None:
        package = bound.loaded.resolution.packages.get(thing.package)
        target = Target(thing, package) if package else None
    if target is None:
        return None
    text = words.hover(target, _docs(target, bound.loaded), asked.answer)
    ways = asked.answer.ways.get((asked.path, bound.call.location.line), ()) if asked.answer else ()
    if ways:
        text += "\n\n" + words.brought(ways)
    return Hover(text, asked.lines.range(bound.span))


def _by_line(asked: Asked) -> Hover | None:
    """What comes in through the dependency on a line of a manifest."""
    ways = asked.answer.ways.get((asked.path, asked.at.line + 1), ()) if asked.answer else ()
    return Hover(words.brought(ways)) if ways else None


# -- a whole file -------------------------------------------------------------------------------------


def symbols(document: Document, encoding: str) -> list[Symbol]:
    """The declarations of a WIT file."""
    from wasmdoctor.model.source import SourceText

    tree = parse(SourceText(str(document.path), document.data))
    lines = Lines(document.data, encoding)
    return list(_symbols(tree.items, lines))


def _symbols(items: tuple[Item, ...], lines: Lines) -> tuple[Symbol, ...]:
    """Declarations below one another are four deep at most: package, world, interface or resource, function."""
    found: list[Symbol] = []
    for item in items:
        name = _named(item)
        if isinstance(item, PackageItem):
            span = item.name.span
            inner = _symbols(item.items, lines)
            found.append(Symbol(item.name.text, "package", lines.range(item.span), lines.range(span), inner))
        elif name is not None:
            children = _symbols(_inner(item), lines)
            found.append(
                Symbol(name.text, _kind(item), lines.range(item.span), lines.range(name.span), children)
            )
    return tuple(found)


def _inner(item: Item) -> tuple[Item, ...]:
    if isinstance(item, InterfaceItem | WorldItem):
        return item.items
    if isinstance(item, TypeItem):
        return item.functions
    return (item.items or ()) if isinstance(item, ExternItem) else ()


def _kind(item: Item) -> str:
    if isinstance(item, TypeItem):
        return item.kind
    if isinstance(item, FuncItem):
        return "func"
    if isinstance(item, ExternItem):
        return "func" if item.func is not None else "interface"
    return "world" if isinstance(item, WorldItem) else "interface"
