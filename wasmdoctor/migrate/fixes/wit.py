"""Fixes of WIT files: declarations that go, come, or name another version."""

from __future__ import annotations

from functools import lru_cache

from wasmdoctor.migrate.edits import EditError, Read
from wasmdoctor.migrate.fixes.places import offset_of, source_at
from wasmdoctor.migrate.rustedits import newline_of
from wasmdoctor.migrate.witedits import item_cut, wit_edits
from wasmdoctor.model.edit import Edit, Replace
from wasmdoctor.model.remedy import AddItem, RemoveItem, SetVersion
from wasmdoctor.model.source import Location, SourceText, Span
from wasmdoctor.readers.wit import Tree, parse
from wasmdoctor.readers.wit.tree import (
    ExternItem,
    IncludeItem,
    InterfaceItem,
    Item,
    Path,
    TopUseItem,
    UseItem,
    WorldItem,
    walk,
)

Declaration = ExternItem | IncludeItem | UseItem | TopUseItem


def remove_item(action: RemoveItem, read: Read, cause: str) -> tuple[Edit, ...]:
    """A declaration out of a file, with its comments, its line, and the blank lines that would be left twice."""
    tree = _tree(action.place, read)
    item = _declaration(tree, action.place)
    return tuple(wit_edits(action.place.path, tree.source.data, [item_cut(tree, item, cause)]))


def add_item(action: AddItem, read: Read, cause: str) -> tuple[Edit, ...]:
    """A declaration as the first of a world or interface, indented as the one that was first."""
    tree = _tree(action.place, read)
    data, offset = tree.source.data, offset_of(tree.source, action.place)
    found = [
        item
        for item in walk(tree.items)
        if isinstance(item, WorldItem | InterfaceItem) and item.start <= offset < item.end
    ]
    if not found:
        raise EditError(action.place, "there is no world or interface here")
    owner = found[-1]
    brace = data.find(b"{", owner.name.end)
    text, newline = action.text.encode(), newline_of(data)
    line_end = data.find(b"\n", brace)
    if owner.items and 0 <= line_end < owner.items[0].start and not data[brace + 1 : line_end].strip():
        first = tree.extent(owner.items[0]).start
        line = data.rfind(b"\n", 0, first) + 1
        at, new = line, data[line:first] + text + newline
    elif owner.items:
        at, new = brace + 1, b" " + text
    else:
        begin = data.rfind(b"\n", 0, owner.start) + 1
        indent = data[begin : owner.start] if not data[begin : owner.start].strip() else b""
        inside = data[brace + 1 : owner.end - 1]
        if inside.strip():
            at, new = brace + 1, newline + indent + b"  " + text
        else:
            new = newline + indent + b"  " + text + newline + indent
            return (Replace(action.place.path, Span(brace + 1, owner.end - 1), new, cause),)
    return (Replace(action.place.path, Span(at, at), new, cause),)


def set_version(action: SetVersion, read: Read, cause: str) -> tuple[Edit, ...]:
    """Another version, one where there was none, or none, in what a declaration names."""
    tree = _tree(action.place, read)
    item = _declaration(tree, action.place)
    path: Path | None = item.path
    if path is None or not path.package_name:
        raise EditError(action.place, "what stands here has no version")
    new = action.version.encode()
    if path.version is None:
        span, new = Span(path.end, path.end), b"@" + new
    elif new:
        span = path.version.span
    else:
        span = Span(path.name.end, path.version.end)
    return (Replace(action.place.path, span, new, cause),)


def _tree(place: Location, read: Read) -> Tree:
    """The tree of a WIT file."""
    if not place.path.endswith(".wit"):
        raise EditError(place, "this is no WIT file")
    source = source_at(place, read)
    return _parsed(source.path, source.data)


@lru_cache(maxsize=8)  # one file has several findings, one after the other
def _parsed(path: str, data: bytes) -> Tree:
    return parse(SourceText(path, data))


def _declaration(tree: Tree, place: Location) -> Declaration:
    """The innermost import, export, include or use at a place. Raises EditError when there is none."""
    offset = offset_of(tree.source, place)
    found: Item | None = None
    for item in walk(tree.items):
        if item.start <= offset < item.end:
            found = item
    if not isinstance(found, ExternItem | IncludeItem | UseItem | TopUseItem):
        raise EditError(place, "no import, export, include or use stands here")
    return found
