"""What is open in the editor, and which workspace each file is judged in."""

from __future__ import annotations

import os
from pathlib import Path

from pygls.uris import from_fs_path, to_fs_path

from wasmdoctor.discover import display_path, read_regular, source_folder
from wasmdoctor.model.record import dataclass

NAMES = frozenset({"Cargo.toml", "Cargo.lock", "wasmdoctor.toml", ".wasmdoctor.toml"})
SUFFIXES = frozenset({".wit", ".wac", ".rs"})

LARGEST = 8 * 1024 * 1024
"""Bytes of a text that is looked at."""


@dataclass(frozen=True, slots=True)
class Document:
    """A text as the editor has it. ``path`` is real: absolute, links followed."""

    uri: str
    path: Path
    version: int | None
    data: bytes


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What is open at one moment, by real path. It does not change."""

    documents: dict[str, Document]
    encoding: str

    def overlay(self, root: Path) -> dict[str, bytes | None]:
        """The texts to read instead of files, by path from a folder."""
        return {display_path(each.path, root): each.data for each in self.documents.values()}

    def read(self, path: Path) -> bytes:
        """The text of a file, saved or not. Raises OSError."""
        document = self.documents.get(str(path))
        return document.data if document else read_regular(path, LARGEST)

    def uri(self, path: Path) -> str:
        """The name that the editor has for a file."""
        document = self.documents.get(str(path))
        return document.uri if document else from_fs_path(str(path)) or path.as_uri()

    def version(self, path: Path) -> int | None:
        """The version of a text that is open."""
        document = self.documents.get(str(path))
        return document.version if document else None


def real_path(uri: str) -> Path | None:
    """The file that a URI means, links followed; None for what is no file on this machine."""
    if not uri.startswith("file:"):
        return None
    path = to_fs_path(uri)
    return Path(os.path.realpath(path)) if path else None


def is_ours(path: Path) -> bool:
    """Whether a file is one whose workspace is judged by it."""
    return path.suffix in SUFFIXES or path.name in NAMES


def root_of(path: Path) -> Path | None:
    """The folder that a file is judged in; None when there is nothing to judge.

    A file outside of every Cargo workspace belongs to nothing that could be judged, unless it is WIT or wac.
    """
    if not is_ours(path):
        return None
    root = source_folder(path)
    if (root / "Cargo.toml").is_file() or path.suffix in (".wit", ".wac"):
        return root
    return None
