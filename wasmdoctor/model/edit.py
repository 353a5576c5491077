"""Edits: what a plan wants changed in a tree of files, and what the files are before and after.

Paths are relative to the workspace's root, with forward slashes, without ``.`` and ``..``.
"""

from __future__ import annotations

from enum import StrEnum

from wasmdoctor.model.record import dataclass
from wasmdoctor.model.source import Span

OWN_FOLDER = ".wasmdoctor"
"""The folder at a workspace's root that holds journals, copies and reports. No edit may touch it."""

_FORBIDDEN = frozenset("\\:\x7f") | {chr(code) for code in range(32)}


@dataclass(frozen=True, slots=True)
class Replace:
    """A span of a file's bytes, and the bytes that take its place. ``cause`` says why, in one sentence."""

    path: str
    span: Span
    data: bytes
    cause: str


@dataclass(frozen=True, slots=True)
class Create:
    """A new file. It is an error when another one is there, unless that has the same bytes."""

    path: str
    data: bytes
    cause: str


@dataclass(frozen=True, slots=True)
class Remove:
    """A file that goes."""

    path: str
    cause: str


@dataclass(frozen=True, slots=True)
class Move:
    """A file that gets another path, its bytes unchanged."""

    path: str
    to: str
    cause: str


Edit = Replace | Create | Remove | Move


class ChangeKind(StrEnum):
    """What happens to a file (the JSON contract's ``kind`` of an edit)."""

    MODIFY = "modify"
    CREATE = "create"
    REMOVE = "remove"
    MOVE = "move"


@dataclass(frozen=True, slots=True)
class FileChange:
    """What all edits of one file come to.

    ``before`` is None for a file that is created, ``after`` None for one that is removed or moved away;
    ``to`` is where it is moved, or "". ``causes`` are the edits' causes, each once, in order.
    """

    path: str
    kind: ChangeKind
    before: bytes | None
    after: bytes | None
    causes: tuple[str, ...]
    to: str = ""


@dataclass(frozen=True, slots=True)
class ChangeSet:
    """All changes of a plan, sorted by path, each path once."""

    changes: tuple[FileChange, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.changes)

    def after(self, path: str) -> bytes | None:
        """The bytes a path has when the changes are made; None when it is gone. Raises KeyError when
        nothing changes there."""
        for change in self.changes:
            if change.to == path:
                return change.before
            if change.path == path:
                return change.after
        raise KeyError(path)


def path_problem(path: str) -> str:
    """Why a path may not be edited, or "" when it may.

    A path that may be edited stays below the root by its text alone: it is relative, has no empty part, no
    ``.`` and ``..``, no backslash, colon or control character (which Windows or a terminal read otherwise),
    can be written as UTF-8, and is neither version control's nor wasmdoctor's own.
    """
    if not path:
        return "the path is empty"
    if path.startswith("/"):
        return "the path is absolute"
    parts = path.split("/")
    if any(part in ("", ".", "..") for part in parts):
        return "the path has an empty part, `.` or `..`"
    if not _FORBIDDEN.isdisjoint(path):
        return "the path has a backslash, a colon or a control character"
    try:
        path.encode("utf-8")
    except UnicodeEncodeError:
        return "the path is not valid UTF-8"
    if any(part.lower() in (".git", ".hg", ".svn", ".jj") for part in parts):
        return "the path belongs to version control"
    if parts[0].lower() == OWN_FOLDER:
        return f"the path is in `{OWN_FOLDER}`, which is wasmdoctor's own"
    return ""
