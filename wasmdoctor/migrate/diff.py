"""A change set as a unified diff that ``git apply`` takes."""

from __future__ import annotations

import difflib
import hashlib
from collections.abc import Iterator, Sequence

from wasmdoctor.model.edit import ChangeKind, ChangeSet, FileChange

CONTEXT = 3
"""Unchanged lines around a change, as git has it."""

MANY_LINES = 5000
"""From here on, lines that are frequent are no anchors of the comparison: a coarser diff, in bearable time."""

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


def _hunks(old: Sequence[str], new: Sequence[str], context: int) -> Iterator[str]:
    shorter = min(len(old), len(new))
    same = next((at for at in range(shorter) if old[at] != new[at]), shorter)
    tail = next((at for at in range(shorter - same) if old[-1 - at] != new[-1 - at]), shorter - same)
    # Only what differs is compared, with its context: the time grows with the square of the lines.
    skip, left = max(0, same - context), max(0, tail - context)
    old, new = old[skip : len(old) - left], new[skip : len(new) - left]
    matcher = difflib.SequenceMatcher(None, old, new, autojunk=max(len(old), len(new)) > MANY_LINES)
    for group in matcher.get_grouped_opcodes(context):
        first, last = group[0], group[-1]
        ranges = _range(first[1] + skip, last[2] + skip), _range(first[3] + skip, last[4] + skip)
        yield f"@@ -{ranges[0]} +{ranges[1]} @@\n"
        for tag, low, high, new_low, new_high in group:
            if tag == "equal":
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
