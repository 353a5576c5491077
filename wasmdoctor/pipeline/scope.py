"""What a change of some source files can concern: the components built from them, and what those need from others.

A commit hook names the files that changed. Judging the whole workspace for them would take long, and would stop a
commit for what it has nothing to do with.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from wasmdoctor.model.cargo import SourceKind
from wasmdoctor.model.finding import Finding
from wasmdoctor.model.names import ExternName
from wasmdoctor.pipeline.crates import ComponentCrate, Crates
from wasmdoctor.readers.cargo.files import folder_of, is_below

MANIFEST = "Cargo.toml"
ENDINGS = (".wit", ".rs")
"""Files that concern some crates only; what else is named (Cargo.lock, a .wac) concerns all."""


class Scope:
    """What ``files`` (real paths) can concern in a cargo workspace.

    ``components`` are the components and libraries that are built from the files. Those that read a file by ways
    that cannot be followed (``include!``, a macro that makes a path) are not among them.
    """

    def __init__(self, crates: Crates, owners: frozenset[str], wit: frozenset[str]) -> None:
        self.crates = crates
        self.owners = owners
        self.wit = wit
        self._members = {package.folder: manifest for manifest, package in crates.cargo.packages.items()}
        self._up: dict[str, bool] = {}
        self.components = tuple(self._concerned())
        self._keys = {component.key for component in self.components}
        self._subjects = {component.crate.manifest for component in self.components} | {
            component.target.path for component in self.components
        }

    def __contains__(self, component: ComponentCrate) -> bool:
        return component.key in self._keys

    def _concerned(self) -> Iterator[ComponentCrate]:
        for component in (*self.crates.components, *self.crates.libraries):
            linked = {component.crate.manifest, *(each.crate.manifest for each in component.linked)}
            if linked & self.owners or any(self._reads(component, folder) for folder in self.wit):
                yield component

    def _reads(self, component: ComponentCrate, folder: str) -> bool:
        """Whether a component binds WIT of a folder that lies in another crate's."""
        if not any(self._may_read(each, folder) for each in _own(component)):
            return False
        uses = self.crates.analysis(component).wit_uses
        return any(is_below(folder, path) or is_below(path, folder) for use in uses for path in use.paths)

    def _may_read(self, folder: str, wit: str) -> bool:
        """Whether the text of a crate can lead to WIT elsewhere: a path up, from the root, or down to it."""
        if folder not in self._up:
            package = self.crates.cargo.packages.get(self._members.get(folder, ""))
            named = (
                package is not None and package.component is not None and package.component.target is not None
            )
            self._up[folder] = named or any(
                b"generate!" in data and (b".." in data or b'"/' in data)
                for data in self.crates.rust_files(folder)
            )
        return self._up[folder] or is_below(wit, folder)

    def folders(self) -> Iterator[str]:
        """The folders of the crates that its components are built from."""
        for component in self.components:
            yield from _own(component)
        yield from map(folder_of, self.owners)

    def providers(self, names: Collection[str]) -> list[ComponentCrate]:
        """Other components that may export one of the interfaces: their texts name its package.

        ``names`` are full names of interfaces.
        """
        packages = [ExternName.parse(name).package for name in names]
        words = {package.rpartition(":")[2].encode() for package in packages if package}
        if not words:
            return []
        workspace = self.crates.workspace
        exporting = [
            folder
            for folder in workspace.all_wit
            if any(_speaks(data, words) for data in self._texts(folder))
        ]
        shared = [
            folder for folder in exporting if not any(is_below(folder, member) for member in self._members)
        ]
        return [
            component
            for component in self.crates.components
            if component not in self
            and (
                shared
                or any(is_below(folder, own) for own in _own(component) for folder in exporting)
                or any(
                    _speaks(data, words) for own in _own(component) for data in self.crates.rust_files(own)
                )
            )
        ]

    def _texts(self, folder: str) -> Iterator[bytes]:
        """The files of a WIT package; its dependencies have no worlds that count."""
        files = self.crates.workspace.files
        with suppress(OSError):
            for name, is_folder in files.entries(folder).items():
                if not is_folder and name.endswith(".wit"):
                    yield files.read(files.join(folder, name))

    def covers(self, finding: Finding) -> bool:
        """Whether a finding is about what the files concern."""
        return finding.subject in self._subjects or self.holds(finding.location.path)

    def holds(self, path: str) -> bool:
        """Whether a file lies in a crate that the files belong to, or in one that is built from them."""
        folder = path
        while folder not in ("", ".", "/", ".."):
            folder = folder_of(folder)
            if folder in self._members:
                manifest = self._members[folder]
                return manifest in self.owners or manifest in self._subjects
        return False


def scope_of(crates: Crates, files: Sequence[Path]) -> Scope | None:
    """What the files can concern; None when that may be all of the workspace."""
    show, roots = crates.workspace.show, crates.workspace.all_wit
    owners: set[str] = set()
    wit: set[str] = set()
    for file in files:
        real = file.resolve()
        above = next((folder / MANIFEST for folder in real.parents if (folder / MANIFEST).is_file()), None)
        # A member that is known by a link's path is nobody's owner here: then everything is judged.
        owner = show(above) if above is not None else ""
        is_own = real.name == MANIFEST and show(real) != crates.cargo.manifest
        if owner not in crates.cargo.packages or not (is_own or real.suffix in ENDINGS):
            return None
        owners.add(owner)
        if real.suffix == ".wit":
            wit |= {folder for folder in map(show, real.parents) if folder in roots}
    return Scope(crates, frozenset(owners), frozenset(wit))


def _own(component: ComponentCrate) -> Iterable[str]:
    """The folders of a component's crate and of those of this workspace that it links."""
    linked = (each.crate for each in component.linked)
    return [each.folder for each in (component.crate, *linked) if each.source_kind is SourceKind.PATH]


def _speaks(data: bytes, words: Collection[bytes]) -> bool:
    """Whether a text may export something of a package."""
    return b"export" in data and any(word in data for word in words)
