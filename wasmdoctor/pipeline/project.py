"""The sources that belong to the binaries and folders of a run, and what they say of each component."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from functools import cached_property, partial
from pathlib import Path
from time import time_ns
from typing import TYPE_CHECKING

from wasmdoctor.checks.exports import leaked_exports
from wasmdoctor.checks.facts import Origin
from wasmdoctor.checks.leaks import own_world
from wasmdoctor.checks.sources import ComponentFacts, SourceFacts
from wasmdoctor.discover import Binary, Discovery, read_regular, workspace_root
from wasmdoctor.graph.origins import origin, wit_line
from wasmdoctor.model.binding import Carrier, Certainty, Evidence, Predicted
from wasmdoctor.model.cargo import TargetKind
from wasmdoctor.model.finding import Finding
from wasmdoctor.model.names import ExternName
from wasmdoctor.model.record import dataclass
from wasmdoctor.model.rule import StdFacts
from wasmdoctor.model.source import Location, Problem
from wasmdoctor.model.wasm import Component, Extern, ExternKind, Function, WasmFile
from wasmdoctor.model.wit import Resolution, WitPackage
from wasmdoctor.pipeline.crates import Analysis, ComponentCrate, Crates, crates_of
from wasmdoctor.pipeline.evidence import Artifacts, Callers, ProfileFolders, Proof, callers
from wasmdoctor.pipeline.scope import Scope, scope_of
from wasmdoctor.pipeline.sources import Workspace
from wasmdoctor.readers.cargo.files import is_below, join
from wasmdoctor.toolchain import Toolchain

if TYPE_CHECKING:
    from wasmdoctor.pipeline.calls import Calls

SMALL = 4 * 1024 * 1024
"""Larger lock and dependency files (bytes) are not read: none of that size is written by hand or tool."""

DEPENDENCY_FILES = ("deps.toml", "deps.lock", "wkg.toml", "wkg.lock")


@dataclass(frozen=True, slots=True)
class Maker:
    """The crate that builds a component, with everything that its sources say."""

    crates: Crates
    component: ComponentCrate

    @property
    def analysis(self) -> Analysis:
        """Its program, bindings and prediction."""
        return self.crates.analysis(self.component)


class Project:
    """All sources of a run. Nothing is read before somebody asks.

    ``edits`` are bytes to read instead of a file's (None: the file is gone), by its path from ``cwd``. ``changed``
    are source files by the folder of their workspace: of that only what they concern is judged.
    """

    def __init__(
        self,
        found: Discovery,
        cwd: Path,
        toolchain: Toolchain,
        target: str | None = None,
        std: Mapping[str, StdFacts] | None = None,
        edits: Mapping[str, bytes | None] | None = None,
        changed: Mapping[Path, Sequence[Path]] | None = None,
    ) -> None:
        self.cwd = cwd
        self.changed = changed or {}
        self.edits = edits or {}
        self.toolchain = toolchain
        self.target = target or _target_of(found)
        self.std = std or {}
        self._found = found

    @cached_property
    def _roots(self) -> dict[Path, Path | None]:
        """The workspace folder of every folder that a binary lies in, or that was named."""
        folders = {binary.real.parent for binary in self._found.binaries if binary.data is None}
        named = {root if root.is_dir() else root.parent for root in self._found.roots}
        return {folder: workspace_root(folder) for folder in sorted(folders | named)}

    @cached_property
    def workspaces(self) -> dict[Path, Workspace]:
        """Every workspace folder, once; a named folder without manifest above it stands for itself."""
        roots = {root for root in self._roots.values() if root is not None}
        named = {root for root in self._found.roots if root.is_dir()}
        roots |= {folder for folder in named if self._roots.get(folder) is None}
        return {root: self._workspace(root) for root in sorted(roots)}

    def _workspace(self, root: Path) -> Workspace:
        edits = {path: data for path, data in self.edits.items() if _below((self.cwd / path).parent, root)}
        if not edits:
            return Workspace(root, self.cwd, self.toolchain, self._around(root))
        from wasmdoctor.pipeline.overlay import EditedWorkspace

        return EditedWorkspace(root, self.cwd, self.toolchain, edits)

    def _around(self, root: Path) -> Path | None:
        """The folder above a workspace that a person named on the command line."""
        named = (folder.resolve() for folder in self._found.roots if folder.is_dir())
        return next((folder for folder in named if folder in root.resolve().parents), None)

    def source(self, path: str, limit: int) -> bytes:
        """The bytes of a source file; no more than ``limit``. Raises OSError."""
        if path not in self.edits:
            return read_regular(self.cwd / path, limit)
        data = self.edits[path]
        if data is None or len(data) > limit:
            raise FileNotFoundError(path)
        return data

    @cached_property
    def crates(self) -> dict[Path, list[Crates]]:
        """The cargo workspaces of every workspace folder that have to do with what was asked."""
        return {
            root: [
                crates for crates in crates_of(workspace, self.target, std=self.std) if self._is_asked(crates)
            ]
            for root, workspace in self.workspaces.items()
        }

    @cached_property
    def scopes(self) -> dict[Path, Scope]:
        """What is judged of the workspaces of which source files were named; of all others everything is."""
        found = {}
        for root, files in self.changed.items():
            crates = self.crates.get(root, [])
            scope = scope_of(crates[0], files) if len(crates) == 1 else None
            if scope is not None:
                found[root] = scope
                folders = [*scope.folders(), *scope.wit]
                self.workspaces[root].narrow(partial(_in_any, tuple(folders)))
        return found

    def covers(self, finding: Finding) -> bool:
        """Whether a finding is about what was asked."""
        return not self.scopes or any(
            root not in self.scopes or self.scopes[root].covers(finding) for root in self.workspaces
        )

    def providers(self, names: Collection[str]) -> list[tuple[WasmFile, Maker]]:
        """Components outside what is judged that may provide interfaces (full names), as their sources predict them."""
        makers = [
            Maker(scope.crates, component)
            for scope in self.scopes.values()
            for component in scope.providers(names)
        ]
        return [(predicted_file(maker), maker) for maker in makers]

    def judged(self, root: Path, crates: Crates) -> list[ComponentCrate]:
        """The components and libraries of a workspace that are judged."""
        return [one for one in (*crates.components, *crates.libraries) if self._is_judged(root, one)]

    def _is_judged(self, root: Path, component: ComponentCrate) -> bool:
        return root not in self.scopes or component in self.scopes[root]

    def reads(self, root: Path, path: str) -> bool:
        """Whether a file of a workspace belongs to what is judged."""
        return root not in self.scopes or self.scopes[root].holds(path)

    def analyse(self, jobs: int = 0) -> None:
        """Analyse all components at once; without this each is when something of it is asked."""
        with ExitStack() as meanwhile:
            for workspace in self.workspaces.values() if not self.changed else ():
                meanwhile.enter_context(workspace.wit_ahead(jobs))
            asked = [
                (crates, self.judged(root, crates)) for root, each in self.crates.items() for crates in each
            ]
        for crates, components in asked:
            crates.analyse(components, jobs)

    def _is_asked(self, crates: Crates) -> bool:
        """Whether a cargo workspace lies below a folder that was named, or above what was.

        A folder can lie in a workspace's folder without being of it: then a manifest stands between.
        """
        own = (self.cwd / crates.cargo.folder).resolve()
        folders = [folder.resolve() for folder in self._roots]
        if any(_below(own, folder) for folder in folders):
            return True
        members = {(self.cwd / path).resolve().parent for path in crates.cargo.packages} | {own}
        nearest = (
            next((f for f in (folder, *folder.parents) if (f / "Cargo.toml").is_file()), None)
            for folder in folders
        )
        return any(folder in members for folder in nearest)

    def maker(self, file: WasmFile, folder: Path) -> Maker | None:
        """The crate whose library or program has a binary's name, in the workspace that the binary lies in.

        cargo names a library's output after the crate, with underscores, a program's after itself; what
        stands behind the first dot (`app.component.wasm`) is other tools' addition.
        """
        root = self._roots.get(folder)
        if root is None:
            return None
        stem = file.path.rpartition("/")[2].partition(".")[0].replace("-", "_")
        for crates in self.crates.get(root, ()):
            for component in crates.components:
                if component.stem == stem:
                    return Maker(crates, component)
        return None

    def makers(self, files: Iterable[WasmFile]) -> dict[str, Maker]:
        """The crate that built each component, where one can be told."""
        found = {
            file.path: self.maker(file, binary.real.parent)
            for file in files
            if file.component is not None and (binary := self._binary(file)) and binary.data is None
        }
        return {path: maker for path, maker in found.items() if maker is not None}

    def predicted(self, built: Iterable[Maker]) -> list[tuple[WasmFile, Maker]]:
        """The components that are not built, as their sources predict them, with their makers."""
        return [(predicted_file(maker), maker) for maker in self.unbuilt(built)]

    @property
    def wit_packages(self) -> list[WitPackage]:
        """The packages of all WIT that the sources have of their own, each once; what lies in ``deps`` is others'."""
        found: dict[str, WitPackage] = {}
        for workspace in self.workspaces.values():
            for resolution in workspace.wit.values():
                for package in resolution.main:
                    found.setdefault(package.name, package)
        return list(found.values())

    @cached_property
    def declarations(self) -> dict[str, Location]:
        """Where the sources declare interfaces (without version); the first workspace that does counts."""
        declarations: dict[str, Location] = {}
        for workspace in self.workspaces.values():
            declarations = workspace.declarations | declarations
        return declarations

    @cached_property
    def world_lines(self) -> dict[str, Location]:
        """The line of the only world that imports an interface; the first workspace that has one counts."""
        lines: dict[str, Location] = {}
        for workspace in self.workspaces.values():
            lines = workspace.world_lines | lines
        return lines

    def origin(self, maker: Maker, file: WasmFile, extern: str, *, export: bool = False) -> Origin | None:
        """The surest and shortest way of an import (or export) into a crate's component."""
        ways = self.carriers(maker, file, extern, export=export)
        if not ways:
            return None
        carrier, proof = ways[0]
        return Origin(
            origin(
                maker.component.crate,
                carrier,
                export=export,
                evidence=proof.evidence,
                artifact=proof.artifact,
            ),
            wit_line(carrier, export=export),
            carrier.certainty,
        )

    def carriers(
        self, maker: Maker, file: WasmFile, extern: str, *, export: bool = False
    ) -> list[tuple[Carrier, Proof]]:
        """All bindings that may have brought an import or export, each with its proof, the surest first.

        What a build shows goes before what the sources alone say: of two crates that bind an interface,
        the one whose name the component's core module has for the import is meant.
        """
        predicted = predicted_of(maker.analysis, extern, export=export)
        if predicted is None:
            return []
        seen = {} if export else self.callers(file).crates.get(extern, {})
        binary = self._binary(file)
        folders = ProfileFolders(self.cwd / maker.crates.cargo.folder / "target", maker.crates.target)
        profiles = folders.of(binary.real if binary else None)
        ways = []
        for carrier in predicted.carriers:
            crate = maker.analysis.rust_names.get(carrier.binding.crate, maker.component.stem)
            proof = self.artifacts.proof(carrier.binding, crate, profiles)
            if proof.evidence is Evidence.SOURCES and crate in seen:
                proof = Proof(Evidence.COMPONENT, file.path)
            ways.append((crate not in seen, carrier, proof))
        ways.sort(key=lambda way: (way[0], way[1].certainty is Certainty.UNUSED))
        return [(carrier, proof) for _, carrier, proof in ways]

    def leaked_exports(self, maker: Maker, file: WasmFile) -> frozenset[str] | None:
        """The names of a component's exports that its own world has not; None when that world is not known."""
        facts = _component_facts(maker.analysis, {})
        own = own_world(self._wit[maker.crates.workspace.root], facts)
        if own is None or file.component is None:
            return None
        return frozenset(leaked_exports(own, facts, file.component))

    def calls(self, file: WasmFile, maker: Maker | None) -> Calls | None:
        """The calls inside a finished component, read when first asked for; None for one that is not built."""
        binary = self._binary(file)
        if binary is None or file.component is None:
            return None
        # Readers of code and symbols, which only built components need.
        from wasmdoctor.pipeline.calls import Calls
        from wasmdoctor.readers.symbols.packages import known_packages

        if maker is None:
            return Calls(file.path, binary, self.cwd)
        graph = maker.component.graph
        folders = {id_: crate.folder for id_, crate in graph.crates.items() if crate.folder}
        leaked = self.leaked_exports(maker, file)
        return Calls(file.path, binary, self.cwd, leaked, known_packages(graph), folders)

    @cached_property
    def artifacts(self) -> Artifacts:
        """What was built."""
        return Artifacts(self.cwd)

    @cached_property
    def _binaries(self) -> dict[str, Binary]:
        return {binary.path: binary for binary in self._found.binaries}

    def _binary(self, file: WasmFile) -> Binary | None:
        return self._binaries.get(file.path)

    def callers(self, file: WasmFile) -> Callers:
        """Who imports what in a built component, by the names in its core modules."""
        if file.path not in self._called:
            binary = self._binary(file)
            self._called[file.path] = callers(file, binary) if binary else Callers({})
        return self._called[file.path]

    @cached_property
    def _called(self) -> dict[str, Callers]:
        return {}

    def unbuilt(self, makers: Iterable[Maker]) -> Iterator[Maker]:
        """The component crates below the named folders that no binary of the run was built from.

        Only those with bindings or component metadata: a cdylib may be meant for another platform.
        """
        built = {maker.component.key for maker in makers}
        for root in self._found.roots:
            if not root.is_dir():
                continue
            for place, crates in ((place, one) for place, each in self.crates.items() for one in each):
                for component in crates.components:
                    folder = self.cwd / component.crate.folder
                    if (
                        component.key in built
                        or not self._is_judged(place, component)
                        or not _below(folder, root)
                    ):
                        continue
                    built.add(component.key)
                    maker = Maker(crates, component)
                    if component.crate.component or maker.analysis.bindings.bindings:
                        yield maker

    def facts(self, built: dict[str, Maker]) -> tuple[SourceFacts, ...]:
        """The records that rules look at; ``built`` maps the path of a binary to its maker."""
        return tuple(
            self._facts_of(root, workspace, self.crates[root], built)
            for root, workspace in self.workspaces.items()
        )

    def _facts_of(
        self, root: Path, workspace: Workspace, crates: list[Crates], built: dict[str, Maker]
    ) -> SourceFacts:
        judged = partial(self._is_judged, root)
        analyses = [one.analysis(each) for one in crates for each in filter(judged, one.components)]
        libraries = [one.analysis(each) for one in crates for each in filter(judged, one.libraries)]
        problems = (*workspace.problems, *(problem for one in crates for problem in one.problems))
        uses = {use.location: use for analysis in analyses for use in analysis.wit_uses}
        wit = self._wit[root]
        return SourceFacts(
            folder=workspace.show(workspace.root),
            target=crates[0].target if crates else self.target or "",
            cargo=tuple(one.cargo for one in crates),
            components=tuple(_component_facts(analysis, built) for analysis in analyses),
            wit=wit,
            texts=_texts(workspace, wit),
            times=self._times(workspace, built),
            problems=problems,
            unreadable=(
                *workspace.problems,
                *(problem for one in crates for problem in one.cargo.unreadable),
                *_unread(analyses, libraries),
            ),
            wit_uses=tuple(uses.values()),
            libraries=tuple(_component_facts(library, {}) for library in libraries),
        )

    @cached_property
    def _wit(self) -> dict[Path, dict[str, Resolution]]:
        """The WIT folders of each workspace that are judged, resolved, and those that component metadata names."""
        return {
            root: {**workspace.wit, **_named_wit(workspace, self.crates[root])}
            for root, workspace in self.workspaces.items()
        }

    def _times(self, workspace: Workspace, built: dict[str, Maker]) -> dict[str, int]:
        """Modification times of the sources of what was built."""
        if not built:
            return {}
        paths = [
            file
            for resolution in workspace.wit.values()
            for p in resolution.packages.values()
            for file in p.files
        ]
        for maker in built.values():
            paths += maker.analysis.files
            paths.append(maker.component.crate.manifest)
        times: dict[str, int] = {}
        for path in dict.fromkeys(paths):
            try:
                edited = self.edits.get(path) is not None
                times[path] = time_ns() if edited else (self.cwd / path).stat().st_mtime_ns
            except OSError:
                continue
        return times


def _unread(*analyses: Iterable[Analysis]) -> Iterator[Problem]:
    """The project's own Rust files of which nothing was read, since they are beyond a limit; each once."""
    from wasmdoctor.readers.rust.parse import is_unread

    found = (problem for part in analyses for each in part for problem in each.bindings.problems)
    for problem in dict.fromkeys(filter(is_unread, found)):
        if not problem.location.path.startswith(("/", "../", "~")):
            yield problem


def _target_of(found: Discovery) -> str | None:
    """The wasm target of the binaries, when the folders that cargo keeps them in name only one."""
    triples = {part for binary in found.binaries for part in binary.real.parts if part.startswith("wasm32-")}
    return triples.pop() if len(triples) == 1 else None


def _named_wit(workspace: Workspace, crates: Iterable[Crates]) -> dict[str, Resolution]:
    """WIT folders that component metadata names and that git does not see."""
    found: dict[str, Resolution] = {}
    for one in crates:
        for package in one.cargo.packages.values():
            target = package.component.target if package.component else None
            if target is None or target.path is None:
                continue
            path = join(package.folder, target.path.value)
            if path not in workspace.wit and workspace.files.is_folder(path):
                found[path] = workspace.resolve([path])
    return found


def _texts(workspace: Workspace, wit: Iterable[str]) -> dict[str, bytes]:
    """The small files that rules read themselves."""
    wanted = [workspace.show(workspace.root / ".cargo" / name) for name in ("config.toml", "config")]
    for folder in wit:
        real = workspace.cwd / folder
        wanted += workspace.wit_files(folder)
        for place in (real, real.parent):
            wanted += [workspace.show(place / name) for name in DEPENDENCY_FILES]
    texts: dict[str, bytes] = {}
    for path in dict.fromkeys(wanted):
        try:
            data = workspace.files.read(path)
        except OSError:
            continue
        if len(data) <= SMALL:
            texts[path] = data
    return texts


def _in_any(folders: tuple[str, ...], path: str) -> bool:
    """Whether a path lies in one of some folders."""
    return any(is_below(path, folder) for folder in folders)


def _below(folder: Path, root: Path) -> bool:
    try:
        folder.resolve().relative_to(root.resolve())
    except ValueError:
        return False
    return True


def predicted_of(analysis: Analysis, extern: str, *, export: bool) -> Predicted | None:
    """What is predicted under a name; a version on the same track counts, since the encoder merges those."""
    side = analysis.prediction.exports if export else analysis.prediction.imports
    if extern in side:
        return side[extern]
    name = ExternName.parse(extern)
    same = [p for other, p in side.items() if ExternName.parse(other).unversioned == name.unversioned]
    near = [p for p in same if ExternName.parse(p.name).track == name.track]
    # What std may bring has no version, and is meant only when no crate's binding is.
    return min(near or same, key=lambda p: p.source == "std", default=None)


def _component_facts(analysis: Analysis, built: dict[str, Maker]) -> ComponentFacts:
    component = analysis.component
    return ComponentFacts(
        crate=component.crate,
        package=component.package,
        graph=component.graph,
        linked=component.linked,
        bindings=analysis.bindings,
        prediction=analysis.prediction,
        built=tuple(sorted(path for path, maker in built.items() if maker.component.key == component.key)),
        files=analysis.bindings_files,
        mentions=analysis.mentions,
    )


def predicted_file(maker: Maker) -> WasmFile:
    """A component that is not built, as its sources predict it: a record like that of a binary."""
    prediction = maker.analysis.prediction
    imports = tuple(
        _extern(predicted, export=False)
        for predicted in prediction.imports.values()
        if predicted.certainty is not Certainty.UNUSED and predicted.source == "crate"
    )
    exports = tuple(_extern(predicted, export=True) for predicted in prediction.exports.values())
    component = maker.component
    # A package with several components: its library has the manifest's path, a program its own file's.
    several = component.target.kind is not TargetKind.LIB and component.package.lib is not None
    path = component.target.path if several else component.crate.manifest
    return WasmFile(path, 0, component=Component(imports=imports, exports=exports), predicted=True)


def _extern(predicted: Predicted, *, export: bool) -> Extern:
    carriers = [c for c in predicted.carriers if c.certainty is not Certainty.UNUSED or export]
    items = [
        item for c in carriers if (item := (c.binding.exports if export else c.binding.imports).get(c.name))
    ]
    kinds = {"func": ExternKind.FUNC, "type": ExternKind.TYPE}
    kind = kinds.get(items[0].kind, ExternKind.INSTANCE) if items else ExternKind.INSTANCE
    functions = predicted.functions or (tuple(f for i in items for f in i.functions) if export else ())
    resources = {resource for item in items for resource in item.resources}
    return Extern(
        predicted.name,
        kind,
        functions=tuple(Function(name, "") for name in sorted(set(functions))),
        resources=tuple(sorted(resources)),
    )
