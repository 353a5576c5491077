"""The documentation of WIT items: the doc comments before them, found again by where the items stand."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator

from wasmdoctor.model.source import Location, SourceText
from wasmdoctor.readers.wit import Tree, parse
from wasmdoctor.readers.wit.tree import ExternItem, FuncItem, InterfaceItem, Item, TypeItem, walk

Docs = Callable[[Location, str], str]
"""The text of an item's documentation, "" for none: by the item's location, and for one of its fields, cases or
flags by that one's name ("" for the item itself)."""


def no_docs(location: Location, member: str) -> str:
    """The documentation of nothing."""
    return ""


def wit_docs(read: Callable[[str], bytes | None]) -> Docs:
    """The documentation in WIT files, which are read when something of them is asked for.

    ``read`` gives a file's bytes, or None. Items in other files (encoded packages, Rust) have none.
    """
    files: dict[str, dict[tuple[int, int, str], str]] = {}

    def docs(location: Location, member: str) -> str:
        path = location.path
        if path not in files:
            data = read(path) if path.endswith(".wit") else None
            files[path] = dict(_documented(parse(SourceText(path, data)))) if data is not None else {}
        return files[path].get((location.line, location.column, member), "")

    return docs


def _documented(tree: Tree) -> Iterator[tuple[tuple[int, int, str], str]]:
    """All documented items of a file, by where they or their names start, and their members."""
    for item in walk(tree.items):
        places = [tree.location(item)]
        if isinstance(item, FuncItem | TypeItem | InterfaceItem):
            places.append(tree.location(item.name))
        elif isinstance(item, ExternItem):
            places.append(tree.location(item.label))
        texts = [("", tree.docs(item))]
        if isinstance(item, TypeItem):
            texts += [(member.name.text, _docs_at(tree, member.start, member.end)) for member in item.members]
        for place in places:
            yield from (((place.line, place.column, name), text) for name, text in texts if text)


def _docs_at(tree: Tree, start: int, end: int) -> str:
    return tree.docs(Item(start, end, bisect_left(tree.lexed.starts, start), ()))
