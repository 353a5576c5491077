"""The sources around the binaries of a run: where they are, and what the readers say of them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from functools import cached_property, partial
from itertools import islice
from pathlib import Path

from wasmdoctor.discover import Sources, display_path, files_below, find_sources, repository_top
from wasmdoctor.model.source import Location, Problem
from wasmdoctor.model.wit import Resolution
from wasmdoctor.pipeline.parallel import WORTH, Ahead
from wasmdoctor.readers.cargo import DiskFiles
from wasmdoctor.readers.suppressions import MARK
from wasmdoctor.readers.wit import load_wit, resolve_wit
from wasmdoctor.toolchain import Toolchain, ToolError


class WitView:
    """The WIT reader's view of files, over a view that leaves the workspace for nothing.

    ``seen`` gets the path and bytes of each file that is read.
    """

    def __init__(
        self, files: DiskFiles, seen: Callable[[str, bytes], None] = lambda path, data: None
    ) -> None:
        self.files = files
        self.seen = seen

    def is_dir(self, path: str) -> bool:
        """Whether there is a folder."""
        return self.files.is_folder(path)

    def exists(self, path: str) -> bool:
        """Whether there is a file or folder."""
        return self.files.is_folder(path) or self.files.is_file(path)

    def names(self, path: str) -> list[str]:
        """The names in a folder. Raises OSError."""
        return list(self.files.entries(path))

    def read(self, path: str) -> bytes:
        """The contents of a file. Raises OSError."""
        data = self.files.read(path)
        self.seen(path, data)
        return data


class WitFolders(Mapping[str, Resolution]):
    """The WIT package folders of a workspace by their paths, each resolved when it is first asked for.

    ``known`` are those that are resolved already; a part of them shares it.
    """

    def __init__(
        self, folders: Iterable[str], resolve: Callable[[str], Resolution], known: dict[str, Resolution]
    ) -> None:
        self._folders = dict.fromkeys(folders)
        self._resolve = resolve
        self.known = known

    def part(self, wanted: Callable[[str], bool]) -> WitFolders:
        """The folders that are wanted."""
        return WitFolders(filter(wanted, self._folders), self._resolve, self.known)

    def __getitem__(self, folder: str) -> Resolution:
        if folder not in self._folders:
            raise KeyError(folder)
        if folder not in self.known:
            self.known[folder] = self._resolve(folder)
        return self.known[folder]

    def __contains__(self, folder: object) -> bool:
        return folder in self._folders

    def __iter__(self) -> Iterator[str]:
        return iter(self._folders)

    def __len__(self) -> int:
        return len(self._folders)


class Workspace:
    """One folder of sources: everything is read when first asked for, and once.

    ``root`` is the workspace's folder, ``cwd`` the folder that shown paths are relative to. Its manifests and macros
    may name files elsewhere in the repository, or in a folder ``around`` it that a person named. Encoded WIT
    packages among the dependencies are turned into text by ``toolchain``. ``unmarked`` are sources that were read and
    hold no suppressions.
    """

    def __init__(self, root: Path, cwd: Path, toolchain: Toolchain, around: Path | None = None) -> None:
        self.root = root
        self.cwd = cwd
        self.toolchain = toolchain
        self.around = tuple(folder for folder in (repository_top(root), around) if folder is not None)
        self.files = DiskFiles(cwd, root, self.around)
        self.problems: list[Problem] = []
        self.unmarked: dict[str, None] = {}

    def see(self, path: str, data: bytes) -> None:
        """Note of a source that is read, by whomever, whether it may hold suppressions: it need not be read for them."""
        if MARK not in data:
            self.unmarked[path] = None

    @cached_property
    def sources(self) -> Sources:
        """The source files."""
        found = find_sources(self.root)
        self.files.know(found.listed)
        return found

    def show(self, path: Path) -> str:
        """A path as it is shown, and as the readers are given it."""
        return display_path(path, self.cwd)

    def view(self, also: Iterable[str | Path]) -> DiskFiles:
        """The workspace's files and those of other folders."""
        files = DiskFiles(self.cwd, self.root, [*self.around, *also])
        files.know_as(self.files)
        return files

    def wit_files(self, folder: str) -> list[str]:
        """The .wit files below a folder."""
        return [display_path(path, self.cwd) for path in files_below(os.path.join(self.cwd, folder), ".wit")]

    @cached_property
    def all_wit(self) -> WitFolders:
        """Every WIT package folder, resolved, by its path."""
        return WitFolders(map(self.show, self.sources.wit), lambda folder: self.resolve([folder]), {})

    @contextmanager
    def wit_ahead(self, jobs: int) -> Iterator[None]:
        """Have another process resolve WIT folders as long as the block takes; they are known behind it."""
        folders = list(self.all_wit)
        # From both ends: of what is then left, the first and the last components have alike much to do.
        order = [folder for pair in zip(reversed(folders), folders, strict=True) for folder in pair]
        work = Ahead(partial(self._resolved, order[: len(folders)]), jobs)
        with work if len(folders) >= WORTH else nullcontext():
            yield
        for folder, resolution, unmarked in work.results:
            self.all_wit.known[folder] = resolution
            self.unmarked.update(unmarked)

    def _resolved(self, folders: Iterable[str]) -> Iterator[tuple[str, Resolution, dict[str, None]]]:
        """WIT folders one after the other, each with the files that were read for it and hold no suppressions."""
        for folder in folders:
            before = len(self.unmarked)
            resolution = self.all_wit[folder]
            yield folder, resolution, dict.fromkeys(islice(self.unmarked, before, None))

    @cached_property
    def wit(self) -> WitFolders:
        """The WIT package folders that are judged: all, unless ``narrow`` was called before."""
        return self.all_wit

    def narrow(self, wanted: Callable[[str], bool]) -> None:
        """Judge only some of the WIT package folders."""
        self.wit = self.all_wit.part(wanted)

    def resolve(self, paths: Iterable[str]) -> Resolution:
        """WIT packages with their ``deps``, as ``generate!`` or a folder on the command line means them."""
        return resolve_wit(load_wit(WitView(self.files, self.see), tuple(paths), decode=self.decode))

    def decode(self, path: str, data: bytes) -> bytes | None:
        """An encoded WIT package as text, or None when wasm-tools cannot say."""
        try:
            return self.toolchain.wit_text(self.cwd / path)
        except ToolError:
            return None

    @cached_property
    def declarations(self) -> dict[str, Location]:
        """Where each interface (``ns:pkg/name``, without version) is declared; a copy in ``deps`` counts last."""
        own: dict[str, Location] = {}
        copies: dict[str, Location] = {}
        for resolution in self.wit.values():
            main = {package.name for package in resolution.main}
            for package in resolution.packages.values():
                for interface in package.interfaces.values():
                    name = interface.name.partition("@")[0]
                    (own if package.name in main else copies).setdefault(name, interface.location)
        return copies | own

    @cached_property
    def world_lines(self) -> dict[str, Location]:
        """The line that imports each interface, for those that only one own world imports: by the name with its
        version, and by that without, where it is the only world for any version."""
        lines: dict[str, set[Location]] = {}
        for resolution in self.wit.values():
            for package in resolution.main:
                for world in package.worlds.values():
                    for item in world.imports.values():
                        for name in {item.name, item.name.partition("@")[0]}:
                            lines.setdefault(name, set()).add(item.location)
        return {name: next(iter(places)) for name, places in lines.items() if len(places) == 1}
