"""Entries in a folder, by the hash of what they answer. Safe for several processes at once.

An entry is written beside its place and renamed into it, so that it is there whole or not at all. Its first
line is the SHA-256 of its key and of the rest, so that no entry stands for another. Whatever is wrong with an
entry, it counts as not there.
"""

from __future__ import annotations

import os
import stat
import time

from wasmdoctor.cache.place import is_private
from wasmdoctor.model.digest import digest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ENTRIES = "entries-2"
"""The folder's name carries the version of the format: another version looks elsewhere."""

LIMIT = 128 * 1024 * 1024
ENTRY_LIMIT = 16 * 1024 * 1024
"""Bytes that all entries may take together, and one alone."""

TOUCHED = 3600.0
"""Seconds after which the use of an entry is noted in its modification time, by which the oldest is told."""

UNFINISHED = ".new-"


class Usage:
    """What a cache holds: how many entries, and their bytes."""

    __slots__ = ("entries", "size")

    def __init__(self, entries: int, size: int) -> None:
        self.entries = entries
        self.size = size


class Store:
    """The entries below a cache folder. Nothing is written before the first ``put``; no method raises OSError."""

    def __init__(self, folder: str, limit: int = LIMIT) -> None:
        self.folder = os.path.join(folder, ENTRIES)
        self.limit = limit

    def get(self, key: str) -> bytes | None:
        """The bytes under a key (letters and digits), or None."""
        path = os.path.join(self.folder, key)
        if not is_private(self.folder):
            return None
        try:
            # Neither a link to somewhere else nor a pipe is an entry.
            descriptor = os.open(
                path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
            )
            info = os.fstat(descriptor)
            if not stat.S_ISREG(info.st_mode):
                os.close(descriptor)
                return None
            with open(descriptor, "rb") as file:
                data = file.read(ENTRY_LIMIT + 1)
        except OSError:
            return None
        before, _, payload = data.partition(b"\n")
        if len(data) > ENTRY_LIMIT or before != _check(key, payload):
            return None
        if time.time() - info.st_mtime > TOUCHED:
            _quietly(os.utime, path)
        return payload

    def put(self, key: str, payload: bytes) -> bool:
        """Keep bytes under a key; whether that was done. The oldest entries make room."""
        data = _check(key, payload) + b"\n" + payload
        if len(data) > min(ENTRY_LIMIT, self.limit):
            return False
        unfinished = os.path.join(self.folder, f"{UNFINISHED}{os.getpid()}-{key[:16]}")
        try:
            os.makedirs(self.folder, 0o700, exist_ok=True)
            if not is_private(self.folder):
                return False
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
            with open(os.open(unfinished, flags, 0o600), "wb") as file:
                file.write(data)
            os.replace(unfinished, os.path.join(self.folder, key))
        except OSError:
            _quietly(os.unlink, unfinished)
            return False
        self._make_room()
        return True

    def usage(self) -> Usage:
        """How many entries there are, and how large they are."""
        found = list(self._entries())
        return Usage(len(found), sum(size for _, size, _ in found))

    def clear(self) -> Usage:
        """Remove all entries; what was removed."""
        removed = size = 0
        for _, bytes_, path in list(self._entries()):
            if _quietly(os.unlink, path):
                removed, size = removed + 1, size + bytes_
        return Usage(removed, size)

    def _entries(self) -> Iterator[tuple[float, int, str]]:
        """Modification time, size and path of each entry, finished or not."""
        try:
            with os.scandir(self.folder) as entries:
                listed = list(entries)
        except OSError:
            return
        for entry in listed:
            try:
                info = entry.stat(follow_symlinks=False)
            except OSError:
                continue  # another process was faster
            yield info.st_mtime, info.st_size, entry.path

    def _make_room(self) -> None:
        found = sorted(self._entries())
        total = sum(size for _, size, _ in found)
        now = time.time()
        for when, size, path in found:
            # What a process that was killed left behind goes too, an hour later.
            is_left = os.path.basename(path).startswith(UNFINISHED) and now - when > TOUCHED
            if total > self.limit or is_left:
                total -= size if _quietly(os.unlink, path) else 0


def _check(key: str, payload: bytes) -> bytes:
    """What the first line of an entry has to be."""
    return digest(b"%s\n%s" % (key.encode(), payload)).encode()


def _quietly(act: Callable[[str], None], path: str) -> bool:
    """Do something to a file of the cache; whether it could be done. Another process may have been faster."""
    try:
        act(path)
    except OSError:
        return False
    return True
