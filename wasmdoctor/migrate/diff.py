"""A change set as a unified diff that ``git apply`` takes."""

from __future__ import annotations

import difflib
import hashlib
from collections.abc import Iterator, Sequence
from typing import Literal

from wasmdoctor.model.edit import ChangeKind, ChangeSet, FileChange

CONTEXT = 3
"""Unchanged lines around a change, as git has it."""

MANY_LINES = 5000
"""From here on, lines that are frequent are no anchors of the comparison: a coarser diff, in bearable time."""

_Opcode = tuple[Literal["replace", "delete", "insert", "equal"], int, int, int, int]
_MODE = "100644"
_SHORT = {7: "\\a", 8: "\\b", 9: "\\t", 10: "\\n", 11: "\\v", 12: "\\f", 13: "\\r", 34: '\\"', 92: "\\\\"}


def unified_diff(changes: ChangeSet, *, context: int = CONTEXT) -> str:
    """The diff of all changes, in their order; "" when nothing changes.

    Headers are git's (``git diff`` in git 2.39: extended headers, ``/dev/null``, names in quotes where they
    have control characters). Line ends are those of the files, carriage returns included, so that the text
    has to be written out as it is. Files that are not UTF-8, or hold NUL bytes, are named only, and git
    apply refuses those. File modes are not known here: a created file is shown as 100644.
    """
    return "".join(_file(change, context) for change in changes.changes)


def _file(change: FileChange, context: int) -> str:
    before, after = change.before or b"", change.after or b""
    old, new = _name("a/", change.path), _name("b/", change.to or change.path)
    lines = [f"diff --git {old} {new}\n"]
    if change.kind is ChangeKind.MOVE:
        lines.append("similarity index 100%\n")
        lines.append(f"rename from {_name('', change.path)}\nrename to {_name('', change.to)}\n")
        return "".join(lines)
    if change.kind is ChangeKind.CREATE:
        lines.append(f"new file mode {_MODE}\n")
        old = "/dev/null"
    elif change.kind is ChangeKind.REMOVE:
        lines.append(f"deleted file mode {_MODE}\n")
        new = "/dev/null"
    lines.append(f"index {_blob(change.before)}..{_blob(change.after)}{_index_mode(change)}\n")
    if _is_binary(before) or _is_binary(after):
        lines.append(f"Binary files {old} and {new} differ\n")
    elif before != after:
        lines.append(f"--- {_tabbed(old)}\n+++ {_tabbed(new)}\n")
        lines += _hunks(_lines(before), _lines(after), context)
    return "".join(lines)


def _index_mode(change: FileChange) -> str:
    return f" {_MODE}" if change.kind is ChangeKind.MODIFY else ""


def _blob(data: bytes | None) -> str:
    """The beginning of the name that git gives these bytes; zeros for no file."""
    if data is None:
        return "0" * 12
    header = f"blob {len(data)}\0".encode()
    return hashlib.sha1(header + data, usedforsecurity=False).hexdigest()[:12]


def _name(side: str, path: str) -> str:
    """A path as git writes it: in quotes, with C's escapes, when it has control characters, ``"`` or ``\\``."""
    text = side + path
    if not any(ord(one) < 32 or ord(one) == 127 or one in '"\\' for one in text):
        return text
    return '"' + "".join(_escaped(one) for one in text) + '"'


def _escaped(one: str) -> str:
    code = ord(one)
    return _SHORT.get(code) or (f"\\{code:03o}" if code < 32 or code == 127 else one)


def _tabbed(name: str) -> str:
    """git ends a name with a tab in ``---`` and ``+++`` when it has a space, so that it is read whole."""
    return name + "\t" if " " in name and not name.startswith('"') else name


def _is_binary(data: bytes) -> bool:
    if b"\0" in data:
        return True
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return True
    return False


def _lines(data: bytes) -> list[str]:
    """The lines with their ends. Only a newline ends a line: a carriage return belongs to its line."""
    parts = data.decode("utf-8").split("\n")
    lines = [part + "\n" for part in parts[:-1]]
    return [*lines, parts[-1]] if parts[-1] else lines


class _Found(difflib.SequenceMatcher[str]):
    """A comparison that was made already: what it gave, to be parted into hunks."""

    def __init__(self, found: list[_Opcode]) -> None:
        super().__init__()
        self._found = found

    def get_opcodes(self) -> list[_Opcode]:
        """What was found."""
        return self._found


def _hunks(old: Sequence[str], new: Sequence[str], context: int) -> Iterator[str]:
    shorter = min(len(old), len(new))
    same = next((at for at in range(shorter) if old[at] != new[at]), shorter)
    tail = next((at for at in range(shorter - same) if old[-1 - at] != new[-1 - at]), shorter - same)
    # Only what differs is compared: the time grows with the square of the lines. The context around it stays out
    # of the comparison as well, or lines that are there twice could be taken for those of the context.
    inner_old, inner_new = old[same : len(old) - tail], new[same : len(new) - tail]
    matcher = difflib.SequenceMatcher(
        None, inner_old, inner_new, autojunk=max(len(inner_old), len(inner_new)) > MANY_LINES
    )
    found: list[_Opcode] = [("equal", 0, same, 0, same)] if same else []
    for tag, low, high, new_low, new_high in matcher.get_opcodes():
        found.append((tag, low + same, high + same, new_low + same, new_high + same))
    if tail:
        found.append(("equal", len(old) - tail, len(old), len(new) - tail, len(new)))
    for group in _Found(found).get_grouped_opcodes(context):
        first, last = group[0], group[-1]
        ranges = _range(first[1], last[2]), _range(first[3], last[4])
        yield f"@@ -{ranges[0]} +{ranges[1]} @@\n"
        for what, low, high, new_low, new_high in group:
            if what == "equal":
                yield from (_line(" ", line) for line in old[low:high])
                continue
            yield from (_line("-", line) for line in old[low:high])
            yield from (_line("+", line) for line in new[new_low:new_high])


def _line(sign: str, line: str) -> str:
    return sign + line if line.endswith("\n") else f"{sign}{line}\n\\ No newline at end of file\n"


def _range(start: int, end: int) -> str:
    """A range of lines as ``start,count``; an empty one starts at the line before it."""
    count = end - start
    if count == 1:
        return str(start + 1)
    return f"{start + 1 if count else start},{count}"
