"""Workspaces: the root of a package, its members, and every package that path dependencies reach.

The rules are those of ``cargo/core/workspace.rs`` of cargo 1.96 (``find_root``, ``find_path_deps``,
``is_excluded``) and of the Cargo reference, chapter "Workspaces".
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from types import MappingProxyType

from wasmdoctor.model.cargo import DependencyKind, Package, Standing, Text, Workspace
from wasmdoctor.model.source import Location, Problem, SourceText
from wasmdoctor.readers.cargo.files import FileView, folder_of, is_below
from wasmdoctor.readers.cargo.globs import GlobError, expand, is_glob
from wasmdoctor.readers.cargo.inherit import inherits, package_of
from wasmdoctor.readers.cargo.lock import read_lock
from wasmdoctor.readers.cargo.manifest import Manifest, WorkspaceTable, read_manifest

MANIFEST = "Cargo.toml"
MAX_LEVELS = 256
"""How many folders up a workspace root is looked for."""


class Manifests:
    """Manifests by path, each read once; what could not be read is a problem here."""

    def __init__(self, files: FileView) -> None:
        self.files = files
        self.problems: list[Problem] = []
        self._read: dict[str, Manifest | None] = {}
        self._roots: dict[str, str | None] = {}
        self._above: dict[str, tuple[str, ...]] = {}

    def get(self, path: str) -> Manifest | None:
        """The manifest at ``path``; None when it cannot be read (see ``problems``)."""
        if path not in self._read:
            self._read[path] = self._load(path)
        return self._read[path]

    def _load(self, path: str) -> Manifest | None:
        try:
            data = self.files.read(path)
        except (OSError, ValueError) as error:
            reason = str(error) if path in str(error) else f"{path}: {error}"
            self.problems.append(Problem(Location(path), f"cannot be read: {reason}"))
            return None
        found = read_manifest(SourceText(path, data), self.files.join)
        if isinstance(found, Problem):
            self.problems.append(found)
            return None
        return found

    def root_of(self, path: str) -> str | None:
        """The root manifest of the workspace that a manifest belongs to, or believes to belong to.

        Itself when it has ``[workspace]``; where ``package.workspace`` points; else the nearest
        manifest above that has ``[workspace]`` and does not exclude it. None without any.
        """
        if path not in self._roots:
            self._roots[path] = self._find_root(path)
        return self._roots[path]

    def _find_root(self, path: str) -> str | None:
        own = self.get(path)
        if own and own.workspace:
            return path
        if own and own.workspace_pointer is not None:
            return self.files.join(own.workspace_pointer, MANIFEST)
        for candidate in self._manifests_above(self.files.join(folder_of(path), "..")):
            manifest = self.get(candidate)
            if manifest and manifest.workspace:
                if not is_excluded(self.files, manifest.workspace, folder_of(candidate), path):
                    return candidate
            elif manifest and manifest.workspace_pointer is not None:
                return self.files.join(manifest.workspace_pointer, MANIFEST)
        return None

    def _manifests_above(self, start: str) -> tuple[str, ...]:
        """The manifests in a folder and those above it, as far as may be read, the nearest first."""
        if start not in self._above:
            found: list[str] = []
            folder = start
            for _ in range(MAX_LEVELS):
                if not self.files.is_folder(folder):
                    break
                candidate = self.files.join(folder, MANIFEST)
                if self.files.is_file(candidate):
                    found.append(candidate)
                above = self.files.join(folder, "..")
                if above == folder:
                    break
                folder = above
            self._above[start] = tuple(found)
        return self._above[start]

    def workspace_of(self, manifest: Manifest) -> WorkspaceTable | None:
        """The ``[workspace]`` table that a manifest inherits from."""
        root = self.root_of(manifest.path)
        found = self.get(root) if root else None
        return found.workspace if found else None


def is_excluded(files: FileView, workspace: WorkspaceTable, folder: str, path: str) -> bool:
    """Whether ``exclude`` of the workspace in ``folder`` names a path, and ``members`` does not."""
    if not any(is_below(path, files.join(folder, text.value)) for text in workspace.exclude):
        return False
    return not any(is_below(path, files.join(folder, text.value)) for text in workspace.members)


def find_workspace_root(files: FileView, path: str) -> str | None:
    """The root manifest for a folder or manifest: the workspace's, else the nearest manifest upward."""
    manifest = nearest_manifest(files, path)
    return (Manifests(files).root_of(manifest) or manifest) if manifest else None


def nearest_manifest(files: FileView, path: str) -> str | None:
    """The manifest that Cargo would take in a folder (it looks upward); a file is looked for beside."""
    folder = files.join(".", path)
    for _ in range(MAX_LEVELS):
        candidate = files.join(folder, MANIFEST)
        if files.is_file(candidate):
            return candidate
        above = files.join(folder, "..")
        if above == folder or (files.is_folder(folder) and not files.is_folder(above)):
            return None
        folder = above
    return None


def read_workspace(files: FileView, path: str) -> Workspace | Problem:
    """The workspace that a folder or a Cargo.toml belongs to, with its lock file if there is one.

    A package that no workspace lists is read alone. Everything that could be read is there; the rest
    is in ``problems``. A Problem when there is no manifest, or the root manifest cannot be read.
    """
    manifest = nearest_manifest(files, path)
    if manifest is None:
        return Problem(Location(files.join(".", path)), "no Cargo.toml here or above", "give a Cargo package")
    manifests = Manifests(files)
    root = manifests.root_of(manifest)
    if root and root != manifest:
        found = _Reader(manifests, root).read()
        if isinstance(found, Workspace) and manifest in found.members:
            return found
    return _Reader(manifests, manifest).read()


def read_workspaces(files: FileView, paths: Iterable[str]) -> tuple[list[Workspace], list[Problem]]:
    """All workspaces that some manifests belong to, sorted by root manifest.

    A manifest below a workspace that is neither a member, excluded, nor reached through a path is in
    that workspace's ``unlisted`` and also read alone. Roots that cannot be read are in the problems.
    """
    manifests = Manifests(files)
    wanted = sorted(set(paths))
    roots = {path: manifests.root_of(path) or path for path in wanted}
    found: dict[str, Workspace] = {}
    problems: list[Problem] = []
    reached: set[str] = set()

    def read(root: str, unlisted: tuple[str, ...] = ()) -> None:
        result = _Reader(manifests, root).read(unlisted)
        if isinstance(result, Problem):
            problems.append(result)
        else:
            found[root] = result
            reached.update(result.packages)

    for root in sorted({root for path, root in roots.items() if root != path}):
        read(root)
        if root in found:
            below = [path for path, its in roots.items() if its == root != path and manifests.get(path)]
            unlisted = tuple(path for path in below if path not in found[root].packages)
            if unlisted:
                read(root, unlisted)
    for path in wanted:
        if path not in found and path not in reached:
            read(path)
    return [found[root] for root in sorted(found)], list(dict.fromkeys(problems))


def standing(files: FileView, workspace: Workspace, manifest: str) -> Standing:
    """How a manifest stands to a workspace."""
    if manifest == workspace.manifest:
        return Standing.ROOT
    if manifest in workspace.members:
        return Standing.MEMBER
    manifests = Manifests(files)
    read = manifests.get(manifest)
    if read and read.workspace:
        return Standing.NESTED if is_below(manifest, workspace.folder) else Standing.OUTSIDE
    root = manifests.get(workspace.manifest)
    if root and root.workspace and is_excluded(files, root.workspace, workspace.folder, manifest):
        return Standing.EXCLUDED
    return Standing.UNLISTED if manifests.root_of(manifest) == workspace.manifest else Standing.OUTSIDE


class _Reader:
    """Reads one workspace, or one package that is its own."""

    def __init__(self, manifests: Manifests, root: str) -> None:
        self.manifests = manifests
        self.files = manifests.files
        self.root = root
        self.folder = folder_of(root)
        self.members: dict[str, None] = {}
        self.packages: dict[str, Package] = {}
        self.problems: list[Problem] = []

    def read(self, unlisted: tuple[str, ...] = ()) -> Workspace | Problem:
        manifest = self.manifests.get(self.root)
        if manifest is None:
            reasons = [problem for problem in self.manifests.problems if problem.location.path == self.root]
            return reasons[0] if reasons else Problem(Location(self.root), "cannot be read")
        table = manifest.workspace
        if manifest.package is not None:
            self.add_member(self.root, table, is_path=False, asked=None)
        for text, path in self.listed(table.members if table else ()):
            self.add_member(self.files.join(path, MANIFEST), table, is_path=False, asked=text)
        for patch in manifest.patches:
            if patch.dependency.path is not None:
                self.add_package(self.files.join(patch.dependency.path, MANIFEST), patch.dependency.location)
        self.reach([*self.members, *self.packages])
        lock = None
        unreadable: list[Problem] = []
        lock_path = self.files.join(self.folder, "Cargo.lock")
        if self.files.is_file(lock_path):
            try:
                lock, problems = read_lock(SourceText(lock_path, self.files.read(lock_path)))
                self.problems += problems
                unreadable += problems if lock is None else ()
            except OSError as error:
                unreadable.append(Problem(Location(lock_path), f"cannot be read: {error}"))
                self.problems += unreadable
        for path in unlisted:
            message = f"lies below the workspace {self.root}, which neither lists nor excludes it"
            help_text = "add it to `members` or `exclude`, or give it its own [workspace]"
            self.problems.append(Problem(Location(path), message, help_text))
        members = tuple(sorted(path for path in self.members if path in self.packages))
        own = self.packages.get(self.root)
        return Workspace(
            manifest=self.root,
            folder=self.folder,
            virtual=manifest.package is None,
            declared=table is not None,
            resolver=_resolver(table, own),
            members=members,
            default_members=self.default_members(table, members),
            packages=MappingProxyType(dict(sorted(self.packages.items()))),
            exclude=table.exclude if table else (),
            member_globs=table.members if table else (),
            unlisted=unlisted,
            patches=manifest.patches,
            metadata=table.metadata if table else (),
            lock=lock,
            problems=self.all_problems(),
            unreadable=(*self.manifests.problems, *unreadable),
        )

    def all_problems(self) -> tuple[Problem, ...]:
        """Own problems, those of unreadable manifests, and those inside the packages read."""
        found = [*self.problems, *self.manifests.problems]
        for path in dict.fromkeys([self.root, *self.packages]):
            manifest = self.manifests.get(path)
            found += manifest.problems if manifest else []
        return tuple(sorted(dict.fromkeys(found), key=lambda problem: (problem.location, problem.message)))

    def listed(self, patterns: Iterable[Text]) -> Iterator[tuple[Text, str]]:
        """Pattern and folder, for each folder that ``members`` or ``default-members`` names."""
        for text in patterns:
            if not is_glob(text.value):
                yield text, self.files.join(self.folder, text.value)
                continue
            try:
                found = expand(self.files, self.folder, text.value)
            except GlobError as error:
                self.problems.append(
                    Problem(text.location, f"`{text.value}`: {error}", "correct the pattern")
                )
                continue
            if not found:
                message = f"`{text.value}` matches no folder"
                self.problems.append(Problem(text.location, message, "correct or remove it"))
            for path in found:
                yield text, path

    def add_member(
        self, path: str, table: WorkspaceTable | None, *, is_path: bool, asked: Text | None
    ) -> None:
        """Take a manifest as a member, then the path dependencies of it that lie in the workspace."""
        waiting = [(path, is_path)]
        while waiting:
            path, is_path = waiting.pop()
            if path in self.members:
                continue
            if is_path and not is_below(path, self.folder) and self.manifests.root_of(path) != self.root:
                continue
            if table is not None and path != self.root and is_excluded(self.files, table, self.folder, path):
                continue
            if table is None and path != self.root:
                continue
            if asked is not None and not is_path and not self.files.is_file(path):
                message = f"`{asked.value}` names a member without a manifest: {path}"
                self.problems.append(
                    Problem(asked.location, message, "remove the member or add its Cargo.toml")
                )
                continue
            manifest = self.manifests.get(path)
            if manifest is None:
                continue
            if manifest.workspace and path != self.root:
                place = manifest.workspace.location
                message = f"a workspace of its own inside the workspace {self.root}"
                self.problems.append(Problem(place, message, "exclude it, or remove its [workspace]"))
                continue
            self.members[path] = None
            package = self.add_package(path, None)
            for dependency in package.dependencies if package else ():
                if dependency.path is not None:
                    below = self.files.join(dependency.path, MANIFEST)
                    if below not in self.members and self.files.is_file(below):
                        waiting.append((below, True))

    def add_package(self, path: str, asked: Location | None) -> Package | None:
        """Read the package of a manifest. ``asked`` is the place that names it, for a problem."""
        if path in self.packages:
            return self.packages[path]
        if asked is not None and not self.files.is_file(path):
            message = f"there is no package at {folder_of(path)}"
            self.problems.append(Problem(asked, message, "correct the path, or add its Cargo.toml"))
            return None
        manifest = self.manifests.get(path)
        if manifest is None:
            return None
        table = self.manifests.workspace_of(manifest) if inherits(manifest) else None
        package = package_of(manifest, table, self.files)
        if package:
            self.packages[path] = package
        elif asked is not None:
            self.problems.append(Problem(asked, f"{path} has no package", "point it at a package"))
        return package

    def reach(self, waiting: list[str]) -> None:
        """Read every package that path dependencies lead to; dev dependencies count for members only."""
        seen: set[str] = set()
        while waiting:
            path = waiting.pop()
            package = self.packages.get(path)
            if path in seen or package is None:
                continue
            seen.add(path)
            for dependency in package.dependencies:
                if dependency.path is None:
                    continue
                if dependency.kind is DependencyKind.DEV and path not in self.members:
                    continue
                below = self.files.join(dependency.path, MANIFEST)
                if self.add_package(below, dependency.location):
                    waiting.append(below)

    def default_members(self, table: WorkspaceTable | None, members: tuple[str, ...]) -> tuple[str, ...]:
        """What Cargo builds in the root without ``-p``: as listed, else the root package, else all."""
        if table is None or table.default_members is None:
            return (self.root,) if self.root in members else members
        found: dict[str, None] = {}
        for text, folder in self.listed(table.default_members):
            path = self.files.join(folder, MANIFEST)
            if path in members:
                found[path] = None
            elif not is_glob(text.value):
                message = f"default member `{text.value}` is not a member"
                self.problems.append(Problem(text.location, message, "add it to `members`"))
        return tuple(found)


def _resolver(table: WorkspaceTable | None, own: Package | None) -> str:
    """The resolver: as written in the root manifest, else what the root package's edition implies."""
    written = (table.resolver if table else None) or (own.resolver if own else None)
    if written:
        return written
    edition = own.edition if own else "2015"
    return "1" if edition < "2021" else "2" if edition < "2024" else "3"
