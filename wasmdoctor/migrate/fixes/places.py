"""From the lines and columns of findings to bytes."""

from __future__ import annotations

from wasmdoctor.migrate.edits import EditError, Read
from wasmdoctor.model.edit import Edit, Replace
from wasmdoctor.model.remedy import ReplaceText
from wasmdoctor.model.source import Location, SourceText, Span


def source_at(place: Location, read: Read) -> SourceText:
    """The file that a place is in. Raises EditError when there is none, and for WIT in ``deps``: that is a copy,
    which is mended where it comes from."""
    if place.path.endswith(".wit") and "deps" in place.path.split("/")[:-1]:
        raise EditError(place, "this is a copy")
    data = read(place.path)
    if data is None:
        raise EditError(place, "there is no such file")
    return SourceText(place.path, data)


def offset_of(source: SourceText, place: Location) -> int:
    """The byte offset of a line and column (in code points). Raises EditError when there is no such place."""
    if not place.line or not place.column:
        raise EditError(place, "this is no place in a file")
    start = 0
    for _ in range(place.line - 1):
        start = source.data.find(b"\n", start) + 1
        if not start:
            raise EditError(place, "there is no such line")
    end = source.data.find(b"\n", start)
    line = source.data[start : len(source.data) if end < 0 else end]
    text = line.decode("utf-8", "surrogateescape")
    if place.column > len(text) + 1:
        raise EditError(place, "there is no such column")
    return start + len(text[: place.column - 1].encode("utf-8", "surrogateescape"))


def inserted_or_replaced(action: ReplaceText, read: Read, cause: str) -> tuple[Edit, ...]:
    """One text for another. Raises EditError when another text stands there."""
    source = source_at(action.place, read)
    start = offset_of(source, action.place)
    old = action.old.encode()
    if source.data[start : start + len(old)] != old:
        raise EditError(action.place, f"`{action.old}` does not stand here")
    return (Replace(action.place.path, Span(start, start + len(old)), action.new.encode(), cause),)
