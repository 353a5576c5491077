"""Folder patterns of ``members`` and ``default-members``, as the glob crate (0.3) that Cargo uses expands them.

``*`` and ``?`` stay within one name and also match a leading dot, ``**`` is any number of folders,
``[abc]`` and ``[!abc]`` are one character.
"""

from __future__ import annotations

import re

from wasmdoctor.model.regex import regex
from wasmdoctor.readers.cargo.files import FileView

MAX_FOLDERS = 20_000
"""How many folders one pattern may visit."""

MAX_DEPTH = 32
"""How deep ``**`` descends (a symbolic link may lead back up)."""

_WILD = regex(r"[*?\[]")


class GlobError(ValueError):
    """A pattern that is not valid, or that visits too many folders."""


def is_glob(pattern: str) -> bool:
    """Whether it has any wildcard."""
    return bool(_WILD.search(pattern))


def expand(files: FileView, folder: str, pattern: str) -> list[str]:
    """The folders that a pattern relative to ``folder`` matches, sorted. Raises GlobError."""
    pattern = pattern.replace("\\", "/").rstrip("/")
    budget = [MAX_FOLDERS]
    found = [files.join("/" if pattern.startswith("/") else folder, ".")]
    for part in pattern.split("/"):
        if part in ("", "."):
            continue
        if part == "**":
            found = [below for start in found for below in _descend(files, start, budget)]
        elif is_glob(part):
            matches = _matcher(part)
            found = [
                files.join(start, name)
                for start in found
                for name in _folders(files, start, budget)
                if matches.fullmatch(name)
            ]
        else:
            found = [files.join(start, part) for start in found if files.is_folder(files.join(start, part))]
    return sorted(set(found))


def _descend(files: FileView, start: str, budget: list[int]) -> list[str]:
    found = [start]
    level = [start]
    for _ in range(MAX_DEPTH):
        level = [files.join(folder, name) for folder in level for name in _folders(files, folder, budget)]
        if not level:
            break
        found += level
    return found


def _folders(files: FileView, folder: str, budget: list[int]) -> list[str]:
    budget[0] -= 1
    if budget[0] < 0:
        raise GlobError(f"visits more than {MAX_FOLDERS} folders")
    try:
        return [name for name, is_folder in files.entries(folder).items() if is_folder]
    except OSError:
        return []


def _matcher(part: str) -> re.Pattern[str]:
    if "**" in part:
        raise GlobError("`**` must stand alone between slashes")
    # What follows a star is looked for at its first place and never again: `*a*a*a*b` must not take exponential time.
    out: list[str] = []
    open_star, at = False, 0
    while at < len(part):
        letter = part[at]
        if letter == "*":
            out.append(")(?>[^/]*?" if open_star else "(?>[^/]*?")
            open_star = True
        elif letter == "?":
            out.append("[^/]")
        elif letter == "[":
            close = part.find("]", at + (3 if part.startswith("[!", at) else 2))
            if close < 0:
                raise GlobError("`[` without `]`")
            inner = part[at + 1 : close]
            negated = inner.startswith("!")
            characters = re.sub(r"([\\\]\[^&~|])", r"\\\1", inner[negated:])
            out.append(f"[{'^' if negated else ''}{characters}]")
            at = close
        else:
            out.append(re.escape(letter))
        at += 1
    if open_star:
        # The last star takes as much as is left over: what follows it has to be the end.
        last = max(at for at, text in enumerate(out) if text.endswith("(?>[^/]*?"))
        out[last] = out[last].replace("(?>[^/]*?", "(?:[^/]*")
        out.append(")")
    try:
        return re.compile("".join(out), re.DOTALL)
    except re.error as error:
        raise GlobError(str(error)) from error
