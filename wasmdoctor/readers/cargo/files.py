"""What the Cargo reader needs of a file system, and two views: a folder on disk, and memory."""

from __future__ import annotations

import os
import posixpath
import stat
from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Protocol

from wasmdoctor.discover import read_regular

MAX_FILE_SIZE = 64 * 1024 * 1024
"""Manifests, lock files and sources above this many bytes are refused."""

MAX_LEVELS = 64
"""How deep a folder may lie for the folders above it to be looked at one by one."""

_NO_NAMES = frozenset(("", ".", ".."))

MAX_KEPT_BYTES = 8 * 1024 * 1024
MAX_KEPT_NAMES = 100_000
"""How much a view remembers of what it read and listed: bytes of files, names in folders. The rest is asked for anew."""


class FileView(Protocol):
    """Files by path, with forward slashes, relative to where the view starts, or absolute."""

    def read(self, path: str) -> bytes:
        """The bytes of a file. Raises OSError when there is none or it may not be read."""
        ...

    def entries(self, path: str) -> Mapping[str, bool]:
        """The names in a folder, and whether each is a folder. Raises OSError when it is none."""
        ...

    def is_file(self, path: str) -> bool:
        """Whether a file is there (and may be read)."""
        ...

    def is_folder(self, path: str) -> bool:
        """Whether a folder is there (and may be read)."""
        ...

    def join(self, folder: str, path: str) -> str:
        """``path`` as seen from ``folder``, in the one spelling that the view uses for each place."""
        ...


@lru_cache(maxsize=65536)
def join(folder: str, path: str) -> str:
    """``path`` as seen from ``folder``, without ``.`` and (as far as can be) without ``..``."""
    if not path or path[0] in "./" or path[-1] == "/" or "\\" in path or "//" in path or "/." in path:
        return _normal(posixpath.join(folder or ".", path.replace("\\", "/")))
    start = _normal(folder or ".")
    return path if start == "." else f"{start.rstrip('/')}/{path}"


@lru_cache(maxsize=4096)
def _normal(path: str) -> str:
    normal = posixpath.normpath(path)
    return normal[1:] if normal.startswith("//") else normal


def folder_of(path: str) -> str:
    """The folder that a file lies in: ``a/b`` gives ``a``, ``b`` gives ``.``."""
    return posixpath.dirname(path) or "."


def is_below(path: str, folder: str) -> bool:
    """Whether a path is ``folder`` or lies in it; both as a view's ``join`` spells them."""
    if folder.startswith("/") or path.startswith("/"):
        return path == folder or path.startswith(folder.rstrip("/") + "/")
    if folder and not folder.startswith(".") and not path.startswith(".") and "/." not in folder + path:
        return path == folder or path.startswith(folder + "/")
    ups, rest = _ups(folder)
    path_ups, path_rest = _ups(path)
    if not rest:
        return path_ups <= ups
    return path_ups == ups and (path_rest == rest or path_rest.startswith(rest + "/"))


def _ups(path: str) -> tuple[int, str]:
    """How many ``..`` a path begins with, and what follows."""
    parts = [part for part in path.split("/") if part != "."]
    count = sum(1 for part in parts if part == "..")
    return count, "/".join(parts[count:])


class OutsideError(PermissionError):
    """A path, or what a symbolic link on it leads to, lies outside the folders that may be read."""


class DiskFiles:
    """A folder on disk.

    ``start`` is what relative paths are relative to. Nothing outside ``root`` (``start`` if not
    given) and the folders ``also`` (Cargo's home, say) is read, symbolic links followed to their end.
    Paths inside ``root`` are relative (those above ``start`` begin with ``..``), others absolute.

    A view is for one run: what it has read or listed it takes as unchanged.
    """

    def __init__(
        self, start: str | Path, root: str | Path | None = None, also: Iterable[str | Path] = ()
    ) -> None:
        self.start = os.path.realpath(start)
        inside = [start if root is None else root, *also]
        self._inside = tuple(os.path.join(os.path.realpath(folder), "") for folder in inside)
        self._start = Path(self.start).as_posix().rstrip("/")
        self._root = Path(self._inside[0]).as_posix().rstrip("/")
        self._folders: dict[str, str] = {}
        self._texts: dict[str, bytes] = {}
        self._text_room = MAX_KEPT_BYTES
        self._entries: dict[str, Mapping[str, bool]] = {}
        self._entry_room = MAX_KEPT_NAMES

    def know_as(self, other: DiskFiles) -> None:
        """Take what another view of the same folder has listed."""
        self._entry_room = other._entry_room
        self._entries.update(other._entries)
        self._folders.update({path: real for path, real in other._folders.items() if real})

    def know(self, listed: Mapping[str, Mapping[str, bool]]) -> None:
        """Take what somebody has seen in folders, by their real paths, as ``entries`` gives it."""
        inside, below = self._inside[0], os.path.join(self.start, "")
        for real, names in listed.items():
            folder = real if real.endswith(os.sep) else real + os.sep
            if not folder.startswith(inside) or len(names) > self._entry_room:
                continue
            plain = os.sep == "/" and real.startswith(below)
            path = real[len(below) :] if plain else self.join(".", real)
            self._entry_room -= len(names)
            self._entries[path] = MappingProxyType(names)
            self._folders[path] = folder

    def join(self, folder: str, path: str) -> str:
        """``path`` as seen from ``folder``; a place has one spelling (no link is looked at)."""
        joined = join(folder, path)
        if not joined.startswith(("/", "..")):
            return joined
        absolute = joined if joined.startswith("/") else join(self._start or "/", joined)
        if f"{absolute}/".startswith(f"{self._root}/"):
            return posixpath.relpath(absolute, self._start or "/")
        return absolute

    def real(self, path: str) -> str:
        """What ``os.path.realpath`` gives for a path, much quicker for folders that were seen before.

        Raises OutsideError when that lies outside the folders that may be read.
        """
        found = self._folder(path)
        if not found:
            raise OutsideError(f"{path} lies outside the folder that is read")
        return found.rstrip(os.sep) or found

    def _folder(self, path: str) -> str:
        """The real path of a folder, with a separator behind it; "" when it lies outside.

        That is ``os.path.realpath``, but for folders above that are known already.
        """
        real = self._folders.get(path)
        if real is None:
            above, slash, name = path.rpartition("/")
            usual = name not in _NO_NAMES and path.count("/") < MAX_LEVELS
            if usual and (known := self._folder(above or slash)) and not os.path.islink(known + name):
                real = known + name + os.sep
            else:
                end = os.path.join(os.path.realpath(os.path.join(self.start, path)), "")
                real = end if end.startswith(self._inside) else ""
            self._folders[path] = real
        return real

    def _real(self, path: str) -> tuple[str, os.stat_result]:
        """The real path and what is there. Raises OSError, also when it lies outside."""
        folder, slash, name = path.rpartition("/")
        if name not in _NO_NAMES and (above := self._folder(folder or slash)):
            real = above + name
            info = os.lstat(real)
            if not stat.S_ISLNK(info.st_mode):
                return real, info
        end = self.real(path)
        return end, os.stat(end)

    def _mode(self, path: str) -> int:
        """The mode of what is there; 0 for nothing that may be read."""
        folder, slash, name = path.rpartition("/")
        listed = self._entries.get(folder or slash or ".")
        if listed is not None and name not in listed and name not in _NO_NAMES and not _has(listed, name):
            return 0
        try:
            return self._real(path)[1].st_mode
        except (OSError, ValueError):
            return 0

    def read(self, path: str) -> bytes:
        """The bytes of a regular file below the size limit. Raises OSError."""
        known = self._texts.get(path)
        if known is not None:
            return known
        real, info = self._real(path)
        if stat.S_ISDIR(info.st_mode):
            raise IsADirectoryError(f"{path} is a folder")
        if not stat.S_ISREG(info.st_mode):
            raise FileNotFoundError(f"{path} is not a regular file")
        if info.st_size > MAX_FILE_SIZE:
            raise OSError(f"{path} has more than {MAX_FILE_SIZE} bytes")
        data = read_regular(real, MAX_FILE_SIZE)
        if len(data) <= self._text_room:
            self._text_room -= len(data)
            self._texts[path] = data
        return data

    def entries(self, path: str) -> Mapping[str, bool]:
        """The names in a folder, sorted; a link counts as what it leads to. Raises OSError."""
        known = self._entries.get(path)
        if known is not None:
            return known
        with os.scandir(self._real(path)[0]) as listed:
            found = {entry.name: entry.is_dir() for entry in sorted(listed, key=lambda entry: entry.name)}
        if len(found) <= self._entry_room:
            self._entry_room -= len(found)
            self._entries[path] = MappingProxyType(found)
        return found

    def is_file(self, path: str) -> bool:
        """Whether a regular file is there, inside the folders that may be read."""
        return stat.S_ISREG(self._mode(path))

    def is_folder(self, path: str) -> bool:
        """Whether a folder is there, inside the folders that may be read."""
        return stat.S_ISDIR(self._mode(path))


def _has(names: Iterable[str], wanted: str) -> bool:
    """Whether a folder has a name, where capital and small letters may be the same."""
    folded = wanted.casefold()
    return any(name.casefold() == folded for name in names)


class MemoryFiles:
    """Files in memory: path to contents."""

    def __init__(self, files: Mapping[str, bytes | str]) -> None:
        self.files = {
            join(".", path): data.encode() if isinstance(data, str) else data for path, data in files.items()
        }
        self.folders: dict[str, dict[str, bool]] = {".": {}}
        for path in sorted(self.files):
            is_folder = False
            while path not in (".", "/", ".."):
                above = posixpath.dirname(path) or "."
                self.folders.setdefault(above, {})[posixpath.basename(path)] = is_folder
                path, is_folder = above, True

    def join(self, folder: str, path: str) -> str:
        """``path`` as seen from ``folder``."""
        return join(folder, path)

    def read(self, path: str) -> bytes:
        """The contents of a file. Raises FileNotFoundError or IsADirectoryError."""
        if path in self.folders:
            raise IsADirectoryError(f"{path} is a folder")
        if path not in self.files:
            raise FileNotFoundError(f"{path} does not exist")
        return self.files[path]

    def entries(self, path: str) -> Mapping[str, bool]:
        """The names in a folder. Raises FileNotFoundError."""
        if path not in self.folders:
            raise FileNotFoundError(f"{path} does not exist")
        return self.folders[path]

    def is_file(self, path: str) -> bool:
        """Whether there is such a file."""
        return path in self.files

    def is_folder(self, path: str) -> bool:
        """Whether there is such a folder."""
        return path in self.folders
