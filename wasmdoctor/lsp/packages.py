"""WIT packages as they are being written: read when asked for, and kept as long as they stay the same."""

from __future__ import annotations

import os
import threading
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from pathlib import Path

from wasmdoctor.discover import display_path
from wasmdoctor.lsp.documents import Snapshot
from wasmdoctor.model.record import dataclass
from wasmdoctor.model.source import SourceText
from wasmdoctor.model.wit import Resolution
from wasmdoctor.pipeline.overlay import EditedFiles
from wasmdoctor.pipeline.sources import WitView
from wasmdoctor.readers.wit import Tree, load_wit, resolve_wit
from wasmdoctor.toolchain import Toolchain, ToolError

KEPT = 16
"""Package folders that are remembered."""

MOST_FILES = 5000
"""Files of one package folder that are looked at for changes."""

Signature = tuple[tuple[object, ...], ...]


@dataclass(frozen=True, slots=True)
class Loaded:
    """Package folders with their ``deps``: what they mean, and the tree of each file. Paths are from ``root``."""

    root: Path
    resolution: Resolution
    trees: Mapping[str, Tree]


class Packages:
    """Package folders, by workspace and path. May be asked from several threads."""

    def __init__(self, toolchain: Toolchain) -> None:
        self._toolchain = toolchain
        self._lock = threading.Lock()
        self._kept: OrderedDict[tuple[str, tuple[str, ...]], tuple[Signature, Loaded]] = OrderedDict()

    def load(
        self, root: Path, folders: tuple[str, ...], snapshot: Snapshot, inline: SourceText | None = None
    ) -> Loaded:
        """The packages in folders (paths from ``root``), as the editor has them; ``inline`` as in ``load_wit``."""
        key = (str(root), folders)
        signature = self._signature(root, folders, snapshot)
        if inline is None:
            with self._lock:
                known = self._kept.get(key)
                if known is not None and known[0] == signature:
                    self._kept.move_to_end(key)
                    return known[1]
        files = EditedFiles(root, root, (), snapshot.overlay(root))

        def decode(path: str, data: bytes) -> bytes | None:
            try:
                return self._toolchain.wit_text(root / path)
            except ToolError:
                return None

        sources = load_wit(WitView(files), folders, inline=inline, decode=decode)
        loaded = Loaded(root, resolve_wit(sources), {tree.source.path: tree for tree in sources.trees})
        if inline is None:
            with self._lock:
                self._kept[key] = (signature, loaded)
                while len(self._kept) > KEPT:
                    self._kept.popitem(last=False)
        return loaded

    def _signature(self, root: Path, folders: tuple[str, ...], snapshot: Snapshot) -> Signature:
        """What tells the files of folders from what they are after a change."""
        found: list[tuple[object, ...]] = []
        for folder in folders:
            for path, info in _wit_files(root / folder):
                found.append((path, info.st_mtime_ns, info.st_size, info.st_ino))
        for document in snapshot.documents.values():
            if document.path.suffix == ".wit" and document.path.is_relative_to(root):
                found.append((str(document.path), document.uri, document.version, len(document.data)))
        return tuple(found)


def _wit_files(folder: Path) -> Iterator[tuple[str, os.stat_result]]:
    """The files that a package folder is read from (or the file, when it is one)."""
    if folder.is_file():
        yield str(folder), folder.stat()
        return
    waiting = [(str(folder), 0)]
    seen = 0
    while waiting:
        here, depth = waiting.pop()
        try:
            with os.scandir(here) as entries:
                for entry in sorted(entries, key=lambda each: each.name):
                    if entry.name.endswith((".wit", ".wasm", ".wat")):
                        seen += 1
                        if seen > MOST_FILES:
                            return
                        yield entry.path, entry.stat()
                    elif (depth == 1 or entry.name == "deps") and depth < 2 and entry.is_dir():
                        waiting.append((entry.path, depth + 1))
        except OSError:
            continue


def package_folder(path: Path, root: Path) -> str:
    """The folder of the package that a WIT file is judged with, as a path from ``root``: for a copy in ``deps`` the
    one whose dependency it is."""
    folder = path.parent
    for above in (folder, *folder.parents):
        if above.name == "deps" and any(above.parent.glob("*.wit")):
            return display_path(above.parent, root)
        if above == root:
            break
    return display_path(folder, root)
