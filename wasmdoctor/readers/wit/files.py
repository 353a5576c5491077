"""The few questions that the reader asks of a file system, and two that answer them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from wasmdoctor.discover import read_regular

MAX_FILE_SIZE = 64 * 1024 * 1024
"""Larger files (bytes) are refused."""


class Files(Protocol):
    """A view of files. Paths are strings with forward slashes. Methods raise OSError."""

    def is_dir(self, path: str) -> bool:
        """Whether there is a folder (or a link to one) at ``path``."""

    def exists(self, path: str) -> bool:
        """Whether there is anything at ``path``."""

    def names(self, path: str) -> list[str]:
        """The names in a folder, in any order."""

    def read(self, path: str) -> bytes:
        """The contents of a file."""


class MemoryFiles:
    """Files given as a mapping from path to contents; folders are those that the paths mention."""

    def __init__(self, contents: Mapping[str, bytes]) -> None:
        self._contents = {_normal(path): data for path, data in contents.items()}
        self._folders: dict[str, set[str]] = {"": set()}
        for path in self._contents:
            parts = path.split("/")
            for depth in range(len(parts)):
                self._folders.setdefault("/".join(parts[:depth]), set()).add(parts[depth])

    def is_dir(self, path: str) -> bool:
        """Whether any path leads through this one."""
        return _normal(path) in self._folders

    def exists(self, path: str) -> bool:
        """Whether the path is a file or folder."""
        return self.is_dir(path) or _normal(path) in self._contents

    def names(self, path: str) -> list[str]:
        """The names in a folder. Raises FileNotFoundError."""
        if not self.is_dir(path):
            raise FileNotFoundError(2, "No such folder", path)
        return sorted(self._folders[_normal(path)])

    def read(self, path: str) -> bytes:
        """The contents of a file. Raises FileNotFoundError."""
        try:
            return self._contents[_normal(path)]
        except KeyError:
            raise FileNotFoundError(2, "No such file", path) from None


class DiskFiles:
    """The real file system, for paths that a person gave: links are followed. Only regular files are read."""

    def is_dir(self, path: str) -> bool:
        """Whether there is a folder at ``path``, links followed."""
        return Path(path).is_dir()

    def exists(self, path: str) -> bool:
        """Whether there is anything at ``path``, links followed."""
        return Path(path).exists()

    def names(self, path: str) -> list[str]:
        """The names in a folder. Raises OSError."""
        return sorted(entry.name for entry in Path(path).iterdir())

    def read(self, path: str) -> bytes:
        """The contents of a file. Raises OSError."""
        return read_regular(path, MAX_FILE_SIZE)


def _normal(path: str) -> str:
    return "/".join(part for part in path.split("/") if part not in ("", "."))
