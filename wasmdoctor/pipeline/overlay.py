"""A workspace as it would be after edits: the same readers, over files that are changed in memory only."""

from __future__ import annotations

import posixpath
from collections.abc import Container, Iterable, Iterator, Mapping, MutableMapping
from functools import cached_property
from pathlib import Path

from wasmdoctor.discover import Sources, find_sources
from wasmdoctor.model.cargo import DeclaredDependency
from wasmdoctor.model.cargo import Workspace as CargoWorkspace
from wasmdoctor.model.edit import ChangeKind, ChangeSet
from wasmdoctor.model.source import Problem
from wasmdoctor.pipeline.crates import ComponentCrate, Crates, cargo_home
from wasmdoctor.pipeline.sources import Workspace
from wasmdoctor.readers.cargo import DiskFiles, PackageSources, configured_vendor_folders, read_workspace
from wasmdoctor.readers.cargo.files import folder_of, is_below
from wasmdoctor.readers.cargo.version import parse_requirement, parse_version
from wasmdoctor.readers.rust.items import FileFacts
from wasmdoctor.toolchain import Toolchain

LOCK = "Cargo.lock"
MANIFEST = "Cargo.toml"


def written_files(changes: ChangeSet) -> dict[str, bytes | None]:
    """What each path holds after the changes: its bytes, or None when the file is gone."""
    found: dict[str, bytes | None] = {}
    for change in changes.changes:
        if change.kind is ChangeKind.MOVE:
            found.setdefault(change.path, None)
            found[change.to] = change.before
        else:
            found[change.path] = change.after
    return found


class EditedFiles(DiskFiles):
    """A folder on disk with some files changed in memory. ``edits`` maps a path, as this view spells it, to
    its bytes, or to None when the file is gone; a folder whose files are all gone is gone as well."""

    def __init__(
        self,
        start: str | Path,
        root: str | Path | None,
        also: Iterable[str | Path],
        edits: Mapping[str, bytes | None],
    ) -> None:
        super().__init__(start, root, also)
        self.edits = {self.join(".", path): data for path, data in edits.items()}
        self._made: dict[str, dict[str, bool]] = {}
        self._lost: dict[str, set[str]] = {}
        for path, data in self.edits.items():
            if data is None:
                self._lost.setdefault(folder_of(path), set()).add(posixpath.basename(path))
                continue
            is_folder = False
            while path not in (".", "/", "..", ""):
                above = folder_of(path)
                self._made.setdefault(above, {})[posixpath.basename(path)] = is_folder
                path, is_folder = above, True
        self._touched = {folder for path in self.edits for folder in _above(path)}

    def read(self, path: str) -> bytes:
        """The bytes of a file after the edits. Raises OSError."""
        key = self.join(".", path)
        if key in self.edits:
            data = self.edits[key]
            if data is None:
                raise FileNotFoundError(f"{path} does not exist after the edits")
            return data
        return super().read(path)

    def entries(self, path: str) -> Mapping[str, bool]:
        """The names in a folder after the edits, sorted. Raises OSError."""
        key = self.join(".", path)
        if key not in self._touched:
            return super().entries(path)
        try:
            found = dict(super().entries(path))
        except OSError:
            if key not in self._made:
                raise
            found = {}
        for name in self._lost.get(key, ()):
            found.pop(name, None)
        found |= self._made.get(key, {})
        for name, is_folder in list(found.items()):
            inner = name if key == "." else f"{key}/{name}"
            if is_folder and inner in self._touched and not self.is_folder(inner):
                del found[name]
        return dict(sorted(found.items()))

    def is_file(self, path: str) -> bool:
        """Whether a file is there after the edits."""
        key = self.join(".", path)
        if key in self.edits:
            return self.edits[key] is not None
        return super().is_file(path)

    def is_folder(self, path: str) -> bool:
        """Whether a folder is there after the edits: one that lost all its files is not."""
        key = self.join(".", path)
        if key in self._made:
            return True
        if key not in self._touched:
            return super().is_folder(path)
        try:
            return bool(self.entries(path))
        except OSError:
            return False


def _above(path: str) -> Iterator[str]:
    """The folders that a path lies in, the nearest first."""
    while path not in (".", "/", "..", ""):
        path = folder_of(path)
        yield path


class EditedWorkspace(Workspace):
    """A workspace folder after edits of files; the edits' paths are relative to ``cwd``, as all here."""

    def __init__(
        self, root: Path, cwd: Path, toolchain: Toolchain, edits: Mapping[str, bytes | None]
    ) -> None:
        super().__init__(root, cwd, toolchain)
        self.edits = edits
        self.files = EditedFiles(cwd, root, self.around, edits)

    def view(self, also: Iterable[str | Path]) -> EditedFiles:
        """The workspace's files as they are after the edits, and those of other folders."""
        return EditedFiles(self.cwd, self.root, [*self.around, *also], self.edits)

    def wit_files(self, folder: str) -> list[str]:
        """The .wit files below a folder after the edits."""
        edited = {path: data for path, data in self.edits.items() if path.endswith(".wit")}
        kept = [path for path in super().wit_files(folder) if path not in edited]
        made = [path for path, data in edited.items() if data is not None and is_below(path, folder)]
        return kept + made

    @cached_property
    def sources(self) -> Sources:
        """The source files as they are after the edits."""
        found = find_sources(self.root)
        for path, data in self.edits.items():
            real = self.cwd / path
            for listed, wanted in (
                (found.manifests, real.name == MANIFEST),
                (found.wac, real.suffix == ".wac"),
            ):
                if data is None and real in listed:
                    listed.remove(real)
                elif data is not None and wanted and real not in listed:
                    listed.append(real)
            is_package = real.suffix == ".wit" and not _in_deps(path) and not path.startswith(".")
            if data is not None and is_package and real.parent not in found.wit:
                found.wit.append(real.parent)
        found.wit = [folder for folder in found.wit if self._has_wit(folder)]
        for paths in (found.wit, found.manifests, found.wac):
            paths.sort()
        return found

    def _has_wit(self, folder: Path) -> bool:
        try:
            return any(name.endswith(".wit") for name in self.files.entries(self.show(folder)))
        except OSError:
            return False


def _in_deps(path: str) -> bool:
    return "deps" in path.split("/")[:-1]


class _Facts(MutableMapping[str, FileFacts]):
    """What was read of Rust files: of edited ones its own, of all others shared with the crates before."""

    def __init__(self, shared: MutableMapping[str, FileFacts], edited: Container[str]) -> None:
        self.shared = shared
        self.edited = edited
        self.own: dict[str, FileFacts] = {}

    def _of(self, path: str) -> MutableMapping[str, FileFacts]:
        return self.own if path in self.edited else self.shared

    def __getitem__(self, path: str) -> FileFacts:
        return self._of(path)[path]

    def __setitem__(self, path: str, facts: FileFacts) -> None:
        self._of(path)[path] = facts

    def __delitem__(self, path: str) -> None:
        del self._of(path)[path]

    def __iter__(self) -> Iterator[str]:
        yield from self.own
        yield from (path for path in self.shared if path not in self.edited)

    def __len__(self) -> int:
        return sum(1 for _ in self)


class EditedCrates(Crates):
    """The crates of an edited workspace, which read the edited files too. What is read of files that stay as
    they are is shared with the crates before."""

    def __init__(self, workspace: EditedWorkspace, cargo: CargoWorkspace, before: Crates) -> None:
        super().__init__(workspace, cargo, before.target, std=before.std)
        self.facts = _Facts(before.facts, workspace.edits)
        self._programs = {_program(component) for component in before.components}

    def _is_for_wasm(self, program: ComponentCrate) -> bool:
        """A program that was meant as a component still is, though it has lost all that told so."""
        return _program(program) in self._programs or super()._is_for_wasm(program)


def _program(component: ComponentCrate) -> tuple[str, str]:
    return component.package.name.value, component.target.name


def edited_crates(crates: Crates, changes: ChangeSet, toolchain: Toolchain) -> EditedCrates | None:
    """The same cargo workspace after the changes; None when its manifests cannot be read then.

    The changes' paths are relative to the folder that ``crates`` shows paths relative to. Dependencies that
    Cargo.lock does not have yet are taken to be the newest version that fits of those in Cargo's registry
    folder, as cargo would lock it.
    """
    edits = written_files(changes)
    place = crates.workspace
    workspace = EditedWorkspace(place.root, place.cwd, toolchain, edits)
    cargo = _read(workspace, crates.cargo.manifest)
    if cargo is None:
        return None
    lock = _extended_lock(crates, cargo, workspace.files)
    if lock:
        path = workspace.files.join(cargo.folder, LOCK)
        workspace = EditedWorkspace(place.root, place.cwd, toolchain, {**edits, path: lock})
        cargo = _read(workspace, crates.cargo.manifest) or cargo
    return EditedCrates(workspace, cargo, crates)


def _read(workspace: EditedWorkspace, manifest: str) -> CargoWorkspace | None:
    found = read_workspace(workspace.files, manifest)
    return None if isinstance(found, Problem) else found


def _extended_lock(crates: Crates, cargo: CargoWorkspace, files: DiskFiles) -> bytes:
    """Cargo.lock with the packages that it lacks and this machine has; empty when it lacks none."""
    lock = cargo.lock
    locked = {package.name for package in lock.packages} if lock else set()
    missing = {
        dependency.package: dependency
        for package in cargo.packages.values()
        for dependency in package.dependencies
        if dependency.path is None and dependency.git is None and dependency.package not in locked
    }
    if not missing:
        return b""
    source = next((p.source for p in lock.packages if p.source.startswith("registry+")), "") if lock else ""
    blocks = [
        f'\n[[package]]\nname = "{name}"\nversion = "{version}"\nsource = "{source or "registry+"}"\n'
        for name, dependency in sorted(missing.items())
        if (version := _newest(crates, dependency, files))
    ]
    if not blocks:
        return b""
    try:
        text = files.read(files.join(cargo.folder, LOCK)) if lock else b"version = 4\n"
    except OSError:
        return b""
    return text.rstrip(b"\r\n") + b"\n" + "".join(blocks).encode()


def _newest(crates: Crates, dependency: DeclaredDependency, files: DiskFiles) -> str:
    """The newest version of a package in Cargo's registry folders and vendored ones that fits, or ""."""
    seen = DiskFiles(crates.workspace.cwd, crates.workspace.root, [cargo_home()])
    places = PackageSources(seen, None)
    base = crates.workspace.show(cargo_home() / "registry" / "src")
    folders = [seen.join(base, index) for index in places.entries(base)]
    folders += configured_vendor_folders(files, crates.cargo.folder)
    wanted = parse_requirement(dependency.requirement)
    found = {}
    for folder in folders:
        for entry in places.entries(folder):
            before, _, version = entry.partition(f"{dependency.package}-")
            parsed = None if before else parse_version(version)
            if parsed is not None and (wanted is None or wanted.matches(parsed)):
                found[parsed.key] = version
    return found[max(found)] if found else ""
