"""Fixes of whole files."""

from __future__ import annotations

from wasmdoctor.migrate.edits import EditError, Read
from wasmdoctor.model.edit import Create, Edit, Move, Remove, Replace
from wasmdoctor.model.remedy import CopyFiles, MoveFile
from wasmdoctor.model.source import Location, Span


def copy_files(action: CopyFiles, read: Read, cause: str) -> tuple[Edit, ...]:
    """Files made the same as others; of a file that is there, only what differs is replaced."""
    edits: list[Edit] = []
    for origin, target in action.pairs:
        data, before = read(origin), read(target)
        if data is None:
            raise EditError(Location(origin), "there is no such file")
        if before is None:
            edits.append(Create(target, data, cause))
        elif before != data:
            edits.append(_difference(target, before, data, cause))
    edits += [Remove(path, cause) for path in action.gone]
    return tuple(edits)


def move_file(action: MoveFile, read: Read, cause: str) -> tuple[Edit, ...]:
    """A file at another path."""
    if read(action.path) is None:
        raise EditError(Location(action.path), "there is no such file")
    return (Move(action.path, action.to, cause),)


def _difference(path: str, before: bytes, after: bytes, cause: str) -> Replace:
    """The replacement of the lines between the first and the last one that differ."""
    old, new = before.splitlines(keepends=True), after.splitlines(keepends=True)
    shorter = min(len(old), len(new))
    same = next((at for at in range(shorter) if old[at] != new[at]), shorter)
    tail = next((at for at in range(shorter - same) if old[-1 - at] != new[-1 - at]), shorter - same)
    start = sum(map(len, old[:same]))
    end = len(before) - sum(map(len, old[len(old) - tail :]))
    return Replace(path, Span(start, end), b"".join(new[same : len(new) - tail]), cause)
