"""What the reader of a target folder needs of a file system, and two views: a folder on disk, and memory."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol

from wasmdoctor.model.record import dataclass
from wasmdoctor.readers.wasm.source import ByteSource, BytesSource, FileSource


@dataclass(frozen=True, slots=True)
class Entry:
    """A name in a folder: whether it is a folder itself, its size in bytes and when it was modified."""

    is_folder: bool
    size: int = 0
    modified_ns: int = 0


class TargetFiles(Protocol):
    """A view of files by path, with forward slashes. All methods raise OSError."""

    def entries(self, path: str) -> Mapping[str, Entry]:
        """The names in a folder, in any order. Links to files below it count as files, other links are left out."""
        ...

    def read(self, path: str, most: int) -> bytes:
        """The first ``most`` bytes of a file, all of it when it has fewer."""
        ...

    def open(self, path: str) -> AbstractContextManager[ByteSource]:
        """A file for random access, until the context ends."""
        ...


class DiskTarget:
    """Files on disk. ``start`` is what relative paths are relative to."""

    def __init__(self, start: str | os.PathLike[str] = ".") -> None:
        self.start = os.fspath(start)

    def _real(self, path: str) -> str:
        return os.path.join(self.start, path)

    def entries(self, path: str) -> Mapping[str, Entry]:
        """The names in a folder. What vanishes while it is listed (cargo may be running) is left out."""
        found: dict[str, Entry] = {}
        with os.scandir(self._real(path)) as entries:
            for entry in entries:
                try:
                    facts = os.stat(entry.path)  # not entry's own: the cache sees what `os` is asked for
                    if entry.is_symlink() and not _stays(entry.path):
                        continue
                    if entry.is_dir(follow_symlinks=False):
                        found[entry.name] = Entry(True, 0, facts.st_mtime_ns)
                    elif stat.S_ISREG(facts.st_mode):
                        found[entry.name] = Entry(False, facts.st_size, facts.st_mtime_ns)
                except OSError:
                    continue
        return found

    def read(self, path: str, most: int) -> bytes:
        """The first ``most`` bytes of a file."""
        with self._descriptor(path) as descriptor, open(descriptor, "rb", closefd=False) as file:
            return file.read(most)

    @contextmanager
    def _descriptor(self, path: str) -> Iterator[int]:
        """A regular file, opened: a pipe or a device in its place is refused and not waited for."""
        flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
        descriptor = os.open(self._real(path), flags)
        try:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise OSError(errno.EINVAL, "It is not a regular file", path)
            yield descriptor
        finally:
            os.close(descriptor)

    @contextmanager
    def open(self, path: str) -> Iterator[ByteSource]:
        """A file for random access."""
        with self._descriptor(path) as descriptor:
            yield FileSource(descriptor)


def _stays(link: str) -> bool:
    """Whether a symbolic link leads to something below its own folder: others lead to other people's files."""
    above = os.path.join(os.path.realpath(os.path.dirname(link)), "")
    return os.path.realpath(link).startswith(above)


class MemoryTarget:
    """Files in memory: path to (contents, modification time in nanoseconds)."""

    def __init__(self, files: Mapping[str, tuple[bytes, int]]) -> None:
        self.files = dict(files)

    def entries(self, path: str) -> Mapping[str, Entry]:
        """The names in a folder. Raises FileNotFoundError when no file is below it."""
        prefix = "" if path in ("", ".") else path.rstrip("/") + "/"
        found: dict[str, Entry] = {}
        for name, (data, time) in self.files.items():
            if name.startswith(prefix):
                first, slash, _ = name[len(prefix) :].partition("/")
                found[first] = Entry(True) if slash else Entry(False, len(data), time)
        if not found:
            raise FileNotFoundError(f"{path} does not exist")
        return found

    def read(self, path: str, most: int) -> bytes:
        """The first ``most`` bytes of a file. Raises FileNotFoundError."""
        if path not in self.files:
            raise FileNotFoundError(f"{path} does not exist")
        return self.files[path][0][:most]

    @contextmanager
    def open(self, path: str) -> Iterator[ByteSource]:
        """A file for random access. Raises FileNotFoundError."""
        yield BytesSource(self.read(path, len(self.files.get(path, (b"", 0))[0])))
