"""Edits of one tree composed into changes of files, and checked by parsing the result.

An edit never searches: it has the span that a reader gave it. What stands outside of the spans of a file's
edits is carried over as it is, because the new bytes are joined from slices of the old ones.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial

from wasmdoctor.migrate.reparse import new_problem
from wasmdoctor.model.edit import (
    ChangeKind,
    ChangeSet,
    Create,
    Edit,
    FileChange,
    Move,
    Remove,
    Replace,
    path_problem,
)
from wasmdoctor.model.record import dataclass, field
from wasmdoctor.model.source import Location, SourceText

Read = Callable[[str], bytes | None]
"""The bytes of a file of the tree, None when there is no file of that path."""


class EditError(ValueError):
    """Edits that cannot be made: where, and why. The text is for a person."""

    def __init__(self, location: Location, message: str, causes: Sequence[str] = ()) -> None:
        super().__init__(f"{location}: {message}")
        self.location = location
        self.message = message
        self.causes = tuple(causes)


class EditConflict(EditError):
    """Two edits that exclude each other, or one that the tree does not allow."""


class ForbiddenPath(EditConflict):
    """A path of the tree that is never written to (``path_problem``). ``problem`` says what is wrong with it."""

    def __init__(self, path: str, problem: str, cause: str) -> None:
        shown = path.encode("utf-8", "backslashreplace").decode()
        super().__init__(Location(shown), f"{problem}, and is not edited (for: {cause})", (cause,))
        self.problem = problem


class BrokenEdit(EditError):
    """Edits after which a file can no longer be parsed: a bug of the plan, found before anything is written.

    ``location`` is in the edited file. ``edit`` is the place of the edit in the file as it is.
    """

    def __init__(self, location: Location, message: str, causes: Sequence[str], edit: Location) -> None:
        super().__init__(location, message, causes)
        self.edit = edit


def compose(edits: Iterable[Edit], read: Read) -> ChangeSet:
    """All edits of a tree as one change for each file that they change.

    Replacements of one file are made together; insertions at one point stand in the order given, before a
    replacement that starts there. Edits that do the same count once, with the causes of all. Edits that
    leave a file's bytes as they are give no change. Every changed file is parsed again by its kind:
    Cargo's TOML reader and tomlkit, the WIT parser, tree-sitter's Rust (no errors that were not there).

    Raises EditConflict for edits that exclude each other and for files that are not as the edit supposes,
    ForbiddenPath for paths that may not be edited, BrokenEdit when a result does not parse.
    """
    files: dict[str, _FileEdits] = {}
    for edit in edits:
        _check_path(edit.path, edit.cause)
        if isinstance(edit, Move):
            _check_path(edit.to, edit.cause)
        files.setdefault(edit.path, _FileEdits(edit.path)).add(edit)
    _check_targets(files, read)
    changes = (files[path].change(read) for path in sorted(files))
    return ChangeSet(tuple(change for change in changes if change is not None))


def untouched(before: bytes, edits: Iterable[Replace]) -> Iterator[bytes]:
    """What of a file stands outside of its edits' spans: before each edit, in their order, and after the last.
    A piece is empty where two edits touch."""
    at = 0
    for edit in sorted(edits, key=lambda one: one.span):
        yield before[at : edit.span.start]
        at = max(at, edit.span.end)
    yield before[at:]


def _check_path(path: str, cause: str) -> None:
    problem = path_problem(path)
    if problem:
        raise ForbiddenPath(path, problem, cause)


@dataclass(slots=True)
class _Joined:
    """Edits that do the same, as one. The causes are in the order given, each once."""

    edit: Edit
    causes: list[str]
    order: int


@dataclass(slots=True)
class _FileEdits:
    """All edits of one path, in the order given."""

    path: str
    joined: dict[tuple[object, ...], _Joined] = field(default_factory=dict)

    def add(self, edit: Edit) -> None:
        same = self.joined.setdefault(_deed(edit), _Joined(edit, [], len(self.joined)))
        if edit.cause not in same.causes:
            same.causes.append(edit.cause)

    def change(self, read: Read) -> FileChange | None:
        """What the edits come to, None when that is nothing."""
        before = read(self.path)
        whole = [one for one in self.joined.values() if not isinstance(one.edit, Replace)]
        if whole:
            one = whole[0]
            self._alone(one, before)
            return _whole_change(one, before)
        if before is None:
            first = next(iter(self.joined.values()))
            raise EditConflict(
                Location(self.path), f"there is no such file to edit (for: {first.causes[0]})", first.causes
            )
        return _modified(SourceText(self.path, before), list(self.joined.values()))

    def _alone(self, one: _Joined, before: bytes | None) -> None:
        """Raises EditConflict when the file has other edits than ``one``, which is about the whole file."""
        for other in self.joined.values():
            if other is one:
                continue
            place = Location(self.path)
            for edit in (one.edit, other.edit):
                if isinstance(edit, Replace) and before is not None:
                    place = SourceText(self.path, before).location(edit.span.start)
            raise _conflict(place, f"is to be {_verb(one.edit)} and {_verb(other.edit)}", one, other)


def _deed(edit: Edit) -> tuple[object, ...]:
    """What an edit does, without why."""
    match edit:
        case Replace():
            return (Replace, edit.span, edit.data)
        case Create():
            return (Create, edit.data)
        case Remove():
            return (Remove,)
        case Move():
            return (Move, edit.to)


def _verb(edit: Edit) -> str:
    match edit:
        case Replace():
            return "edited"
        case Create():
            return "created"
        case Remove():
            return "removed"
        case Move():
            return f"moved to `{edit.to}`"


def _conflict(place: Location, what: str, one: _Joined, other: _Joined) -> EditConflict:
    first, second = "; ".join(one.causes), "; ".join(other.causes)
    return EditConflict(place, f"{what}: (1) {first}; (2) {second}", (*one.causes, *other.causes))


def _whole_change(one: _Joined, before: bytes | None) -> FileChange | None:
    """The change of a file that is created, removed or moved."""
    edit, causes = one.edit, tuple(one.causes)
    if isinstance(edit, Create):
        if before == edit.data:
            return None
        if before is not None:
            message = f"another file is there already (for: {'; '.join(causes)})"
            raise EditConflict(Location(edit.path), message, causes)
        if problem := new_problem(SourceText(edit.path, edit.data)):
            message = f"the file to be created does not parse: {problem.message} (for: {'; '.join(causes)})"
            raise BrokenEdit(problem.location, message, causes, Location(edit.path))
        return FileChange(edit.path, ChangeKind.CREATE, None, edit.data, causes)
    if before is None:
        message = f"there is no such file to be {_verb(edit)} (for: {'; '.join(causes)})"
        raise EditConflict(Location(edit.path), message, causes)
    if isinstance(edit, Move):
        return FileChange(edit.path, ChangeKind.MOVE, before, None, causes, edit.to)
    return FileChange(edit.path, ChangeKind.REMOVE, before, None, causes)


def _check_targets(files: dict[str, _FileEdits], read: Read) -> None:
    """New paths must be free, and no new path may lie below a file."""
    new: dict[str, _Joined] = {}
    for file in files.values():
        for one in file.joined.values():
            if isinstance(one.edit, Create):
                new.setdefault(one.edit.path, one)
    for file in files.values():
        for one in file.joined.values():
            if isinstance(one.edit, Move):
                _check_move(one, one.edit.to, files, new, read)
                new[one.edit.to] = one
    for path, one in new.items():
        parts = path.split("/")
        for count in range(1, len(parts)):
            above = "/".join(parts[:count])
            if above in new:
                raise _conflict(
                    Location(above), f"is to be a file, and a folder for `{path}`", one, new[above]
                )
            if read(above) is not None:
                message = f"is a file, and cannot be a folder for `{path}` (for: {'; '.join(one.causes)})"
                raise EditConflict(Location(above), message, one.causes)


def _check_move(
    one: _Joined, to: str, files: dict[str, _FileEdits], new: dict[str, _Joined], read: Read
) -> None:
    if to in new:
        raise _conflict(Location(to), "is to be the new path of two files", new[to], one)
    if to in files:
        other = next(iter(files[to].joined.values()))
        raise _conflict(
            Location(to), f"is to be the new path of `{one.edit.path}` and {_verb(other.edit)}", one, other
        )
    if read(to) is not None:
        message = f"a file is there already, and `{one.edit.path}` cannot be moved there (for: {'; '.join(one.causes)})"
        raise EditConflict(Location(to), message, one.causes)


# -- files that are modified


@dataclass(frozen=True, slots=True)
class _Placed:
    """Where an edit's bytes stand in the new text, and where the edit is in the old one."""

    start: int
    end: int
    edit: Replace
    causes: tuple[str, ...]


def _modified(source: SourceText, joined: list[_Joined]) -> FileChange | None:
    """The change of a file by replacements, checked."""
    after, placed = _splice(source, joined)
    if after == source.data:
        return None
    _check_result(source, joined, after, placed)
    causes = tuple(dict.fromkeys(cause for one in joined for cause in one.causes))
    return FileChange(source.path, ChangeKind.MODIFY, source.data, after, causes)


def _splice(source: SourceText, joined: list[_Joined]) -> tuple[bytes, list[_Placed]]:
    """The new bytes, joined from what stands between the spans and what the edits put there."""

    def by_place(one: _Joined) -> tuple[int, int, int]:
        assert isinstance(one.edit, Replace)
        return one.edit.span.start, one.edit.span.end, one.order

    pieces: list[bytes] = []
    placed: list[_Placed] = []
    at = length = 0
    last: _Joined | None = None
    for one in sorted(joined, key=by_place):
        edit = one.edit
        assert isinstance(edit, Replace)
        start, end = edit.span.start, edit.span.end
        if not 0 <= start <= end <= len(source.data):
            message = (
                f"bytes {start} to {end} are not in this file of {len(source.data)} (for: {one.causes[0]})"
            )
            raise EditConflict(source.location(start), message, one.causes)
        if start < at:
            assert last is not None
            raise _conflict(source.location(start), "two edits overlap here", last, one)
        pieces += (source.data[at:start], edit.data)
        length += start - at
        placed.append(_Placed(length, length + len(edit.data), edit, tuple(one.causes)))
        length += len(edit.data)
        at, last = end, one
    pieces.append(source.data[at:])
    return b"".join(pieces), placed


# -- the result must parse


def _check_result(before: SourceText, joined: list[_Joined], after: bytes, placed: list[_Placed]) -> None:
    """Raises BrokenEdit when the file has an error after its edits that it did not have before."""
    text = SourceText(before.path, after)
    problem = new_problem(text, before, partial(_old_offset, placed))
    if problem is None:
        return
    guilty = _breaks_alone(before, joined) or _nearest(placed, _offset(text, problem.location))
    edit = before.location(guilty.edit.span.start)
    why = "; ".join(guilty.causes)
    message = f"the edited file does not parse: {problem.message} (by the edit at {edit}: {why})"
    raise BrokenEdit(problem.location, message, guilty.causes, edit)


def _breaks_alone(before: SourceText, joined: list[_Joined]) -> _Placed | None:
    """The first edit that breaks the file without the others. Where a parser reports an error may be far
    from the edit that made it."""
    for one in joined:
        after, placed = _splice(before, [one])
        if new_problem(SourceText(before.path, after), before, partial(_old_offset, placed)):
            return placed[0]
    return None


def _nearest(placed: list[_Placed], offset: int) -> _Placed:
    """The last edit that begins before an offset of the new text, else the first."""
    return ([one for one in placed if one.start <= offset] or placed[:1])[-1]


def _old_offset(placed: list[_Placed], offset: int) -> int | None:
    """Where a byte of the new text is in the old one; None for one that an edit put there."""
    shift = 0
    for one in placed:
        if one.start <= offset < one.end:
            return None
        if one.end <= offset:
            shift = one.edit.span.end - one.end
    return offset + shift


def _offset(source: SourceText, location: Location) -> int:
    """The byte offset of a location."""
    lines = source.data.split(b"\n")
    row = max(0, location.line - 1)
    before = sum(len(line) + 1 for line in lines[:row])
    text = lines[row].decode("utf-8", "replace") if row < len(lines) else ""
    return before + len(text[: max(0, location.column - 1)].encode())
