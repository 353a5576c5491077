"""Fixes of TOML files: manifests, and configurations."""

from __future__ import annotations

from collections.abc import Iterator

from wasmdoctor.migrate.edits import EditError, Read
from wasmdoctor.migrate.fixes.places import offset_of, source_at
from wasmdoctor.migrate.toml import KeyPath, SetKey, toml_edits
from wasmdoctor.model.edit import Edit, Replace
from wasmdoctor.model.remedy import AddElement, SetValue
from wasmdoctor.model.source import Location, Problem, SourceText, Span
from wasmdoctor.readers.cargo.toml import Array, Item, Table, parse


def set_value(action: SetValue, read: Read, cause: str) -> tuple[Edit, ...]:
    """A string in place of the value at a place, or of one inside it."""
    source = source_at(action.place, read)
    path, item = item_at(source, action.place)
    if isinstance(item.value, Table) and action.inner:
        path, inner = (*path, action.inner), item.value.get(action.inner)
        if inner is None:
            raise EditError(action.place, f"there is no `{action.inner}` here")
        item = inner
    if not isinstance(item.value, str):
        raise EditError(action.place, "this is no string")
    return toml_edits(source.path, source.data, [SetKey(path, action.value, cause)])


def add_element(action: AddElement, read: Read, cause: str) -> tuple[Edit, ...]:
    """One more string at the end of an array of strings, which is made when it is not there."""
    place = Location(action.path)
    source = source_at(place, read)
    known = next((item for path, item in items(source, place) if path == action.keys), None)
    if known is None:
        change = SetKey(action.keys, [*action.default, action.value], cause)
        return toml_edits(source.path, source.data, [change])
    if not isinstance(known.value, Array) or not all(isinstance(each.value, str) for each in known.value):
        raise EditError(place, "this is no array of strings")
    last = known.value[-1].end if known.value else known.start + 1
    new = (b", " if known.value else b"") + f'"{action.value}"'.encode()
    return (Replace(source.path, Span(last, last), new, cause),)


def item_at(source: SourceText, place: Location) -> tuple[KeyPath, Item]:
    """The item whose key or value begins at a place, with the keys that lead to it. Raises EditError."""
    offset = offset_of(source, place)
    for path, item in items(source, place):
        if offset in (item.key.start, item.start):
            return path, item
    raise EditError(place, "no key and no value begins here")


def items(source: SourceText, place: Location) -> Iterator[tuple[KeyPath, Item]]:
    """Everything in a file, outer ones first. Raises EditError for a file that is not TOML."""
    root = parse(source)
    if isinstance(root, Problem):
        raise EditError(place, root.message)
    waiting: list[tuple[KeyPath, Item]] = [((key,), item) for key, item in reversed(root.items())]
    while waiting:
        path, item = waiting.pop()
        yield path, item
        if isinstance(item.value, Table):
            waiting += [((*path, key), inner) for key, inner in reversed(item.value.items())]
        elif isinstance(item.value, Array):
            waiting += [((*path, index), inner) for index, inner in reversed(list(enumerate(item.value)))]
