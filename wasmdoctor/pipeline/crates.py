"""A workspace's crates for one wasm target: Cargo's graph, the Rust sources, the WIT they bind."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator, Mapping, MutableMapping, Sequence
from functools import cached_property
from itertools import islice
from pathlib import Path

from wasmdoctor.cache import facts
from wasmdoctor.checks.sources import WitUse
from wasmdoctor.discover import read_regular
from wasmdoctor.graph.bindings import CrateBindings, FoundWorld, bindings_of
from wasmdoctor.graph.prediction import Linkage, kept, predict
from wasmdoctor.graph.rustnames import RustNames
from wasmdoctor.model.binding import Binding, Certainty, Prediction
from wasmdoctor.model.cargo import (
    Crate,
    CrateGraph,
    CrateId,
    LinkedCrate,
    Package,
    PackageTarget,
    Side,
    SourceKind,
    TargetKind,
)
from wasmdoctor.model.cargo import Workspace as CargoWorkspace
from wasmdoctor.model.record import dataclass, replace
from wasmdoctor.model.rule import NO_STD, StdFacts
from wasmdoctor.model.rust import BindingsFile, ForeignMacro, GenerateCall, Generator, Reachability
from wasmdoctor.model.source import Location, Problem, SourceText
from wasmdoctor.model.wit import Resolution
from wasmdoctor.pipeline.mentions import mentions
from wasmdoctor.pipeline.parallel import each, worth
from wasmdoctor.pipeline.sources import WitView, Workspace
from wasmdoctor.readers.cargo import (
    CrateResolver,
    FeatureSelection,
    FileView,
    PackageSources,
    Platforms,
    cfg_set,
    configured_vendor_folders,
    host_triple,
    linked_crates,
    read_workspaces,
)
from wasmdoctor.readers.cargo.files import join
from wasmdoctor.readers.cargo.witness import Notes
from wasmdoctor.readers.rust import Program, RustCrate, TargetCfg, read_crate
from wasmdoctor.readers.rust.items import FileFacts
from wasmdoctor.readers.wit import find_world, load_wit, resolve_wit

# Crates whose macros make bindings: never worth reading themselves.
GENERATORS = frozenset({"wit-bindgen", "wit-bindgen-rt", "wit-bindgen-rust-macro"})
# Crates that are only of use in a program for WASI.
WASI_CRATES = frozenset({"wasi", "wasip2", "wasip3", "wstd"})
# What the sources of a registry crate must hold to bring an import or export.
COMPONENT_MARKERS = (b"component-type:", b"wit_bindgen")
MARKERS = (b"wasm_import_module", *COMPONENT_MARKERS)
MAX_MARKED_FILES = 2000
DECLARES = "i"
"""Among what is noted (``readers.cargo.witness``): whether the Rust files of a folder declare imports."""

NOTHING_RESOLVED = Resolution()


def cargo_home() -> Path:
    """Where cargo keeps registry sources (the Cargo book, "Cargo Home")."""
    return Path(os.environ.get("CARGO_HOME") or Path.home() / ".cargo")


@dataclass(frozen=True, slots=True)
class ComponentCrate:
    """What a member builds for a wasm target: its cdylib or one of its programs, and what it is built from."""

    crate: Crate
    package: Package
    target: PackageTarget
    graph: CrateGraph
    linked: tuple[LinkedCrate, ...]

    @property
    def stem(self) -> str:
        """The name of the file that cargo makes, without its ending, with underscores."""
        return self.target.name.replace("-", "_")

    @property
    def key(self) -> tuple[CrateId, str, str]:
        """What tells it from the package's other targets."""
        return self.crate.id, self.target.kind.value, self.target.name


class Crates:
    """One cargo workspace for one target; every part is read when first asked for.

    ``features`` and ``packages`` are what would be given to cargo; by default the default members with
    their default features. ``std`` is what std may bring for the target.
    """

    def __init__(
        self,
        workspace: Workspace,
        cargo: CargoWorkspace,
        target: str,
        features: FeatureSelection | None = None,
        packages: Sequence[str] | None = None,
        std: StdFacts = NO_STD,
    ) -> None:
        self.workspace = workspace
        self.cargo = cargo
        self.target = target
        self.features = features
        self.packages = packages
        self.std = std
        home = cargo_home()
        self.files = workspace.view([home])
        self.problems: list[Problem] = list(cargo.problems)
        self.facts: MutableMapping[str, FileFacts] = {}
        self._rust: dict[tuple[object, ...], RustCrate] = {}
        self._home = workspace.show(home)
        self.notes: Notes | None = None  # of what is asked on the way to the components (``pipeline.kept``)

    @cached_property
    def _resolver(self) -> CrateResolver:
        vendor = configured_vendor_folders(self.files, self.cargo.folder)
        return CrateResolver(self.cargo, self.files, PackageSources(self.files, self._home, vendor))

    @cached_property
    def platforms(self) -> Platforms | None:
        """What holds for the target and this machine; None for a target that is not known."""
        target, host = cfg_set(self.target), cfg_set(host_triple()) or cfg_set("x86_64-unknown-linux-gnu")
        return Platforms(target, host) if target and host else None

    @cached_property
    def components(self) -> tuple[ComponentCrate, ...]:
        """What a build of the members for the target may turn into components: cdylibs and programs.

        Features are unified over the packages that are built together, as cargo does: those of
        ``packages``, or the default members. A member that is not among them is taken as built alone.
        """
        if self.platforms is None:
            return ()
        found: list[ComponentCrate] = []
        together = self._resolver.compiled(self.platforms, packages=self.packages, features=self.features)
        for manifest in self.cargo.members:
            package = self.cargo.packages.get(manifest)
            targets = _component_targets(package) if package else []
            if package is None or not targets:
                continue
            graph, crate = together, _root(together, package)
            if crate is None:
                graph = self._resolver.compiled(self.platforms, packages=[package.name.value])
                crate = _root(graph, package)
            if crate is not None:
                linked = linked_crates(graph, crate.id)
                made = [ComponentCrate(crate, package, target, graph, linked) for target in targets]
                found += [c for c in made if c.target.kind is TargetKind.LIB or self._is_for_wasm(c)]
        return tuple(found)

    def _is_for_wasm(self, program: ComponentCrate) -> bool:
        """Whether a program may be meant as a component: it links bindings, or crates of WASI.

        Most programs are native, and reading all that they link would take long and say nothing.
        """
        names = {linked.crate.name for linked in program.linked}
        if names & (GENERATORS | WASI_CRATES):
            return True
        own = [program.crate, *(linked.crate for linked in program.linked)]
        return any(
            self._declares_imports(crate.folder) for crate in own if crate.source_kind is SourceKind.PATH
        )

    def _declares_imports(self, folder: str) -> bool:
        """Whether the Rust files of a crate's folder declare imports."""
        if self.notes is None:
            return declares_imports(self.files, folder)
        return self.notes.aside(f"{DECLARES}1{folder}", lambda: declares_imports(self.files, folder))

    @cached_property
    def libraries(self) -> tuple[ComponentCrate, ...]:
        """The members with a library that are no component and get into none."""
        inside = {c.crate.manifest for c in self.components}
        inside |= {linked.crate.manifest for c in self.components for linked in c.linked}
        found: list[ComponentCrate] = []
        for manifest in self.cargo.members if self.platforms else ():
            package = self.cargo.packages.get(manifest)
            if package is None or package.lib is None or manifest in inside or self.platforms is None:
                continue
            graph = self._resolver.compiled(self.platforms, packages=[package.name.value])
            crate = _root(graph, package)
            if crate is not None:
                linked = linked_crates(graph, crate.id)
                found.append(ComponentCrate(crate, package, package.lib, graph, linked))
        return tuple(found)

    def member(self, name: str) -> ComponentCrate | None:
        """The component of a package: its library's, else its first program's."""
        return next((c for c in self.components if c.package.name.value == name), None)

    def analysis(self, component: ComponentCrate) -> Analysis:
        """Everything that the sources say of one component."""
        if component.key not in self._analyses:
            self._analyses[component.key] = Analysis(self, component)
        return self._analyses[component.key]

    def analyse(self, components: Iterable[ComponentCrate], jobs: int = 0) -> None:
        """Analyse components and libraries, in several processes where that pays."""
        asked = [self.analysis(each) for each in components]
        if not worth(len(asked), jobs):
            return  # one after the other, and only what is asked for

        def work(number: int) -> Analysed:
            return asked[number].analysed()

        # Neighbours: they are more likely to link the same crates.
        for analysis, results in zip(asked, each(work, range(len(asked)), jobs, together=True), strict=True):
            analysis.take(results)

    @cached_property
    def _analyses(self) -> dict[tuple[CrateId, str, str], Analysis]:
        return {}

    def read_rust(
        self,
        crate: Crate,
        root: str,
        name: str,
        externs: Mapping[str, str],
        *,
        read_excluded: bool = False,
        whole: bool = False,
    ) -> RustCrate:
        """The sources of a crate's library or program for the target, with its features of this build.

        ``read_excluded`` wants the files that the target leaves out as well, ``whole`` all code at once. Components
        that link the same crate, with the same features and by the same names, get the same object.
        """
        key = (crate.folder, root, name, crate.features, tuple(externs.items()), read_excluded)
        if key not in self._rust:
            self._rust[key] = self._read_rust(
                crate, root, name, externs, read_excluded=read_excluded, whole=whole
            )
        return self._rust[key]

    def _read_rust(
        self,
        crate: Crate,
        root: str,
        name: str,
        externs: Mapping[str, str],
        *,
        read_excluded: bool,
        whole: bool,
    ) -> RustCrate:
        assert self.platforms is not None
        target = self.platforms.target
        features = {("feature", feature) for feature in crate.features or ()}
        cfg = TargetCfg(
            target.names - {"debug_assertions"},
            frozenset(target.pairs | features),
            # Profiles and the build scripts' own cfgs are not known before a build.
            frozenset({"debug_assertions", "overflow_checks"}),
        )
        return read_crate(
            root,
            self.read,
            cfg,
            name=name,
            externs=externs,
            manifest_dir=crate.folder,
            cache=self.facts,
            read_excluded=read_excluded,
            whole=whole,
        )

    def read(self, path: str) -> bytes | None:
        """The bytes of a source file, None when it cannot be read."""
        try:
            data = self.files.read(path)
        except OSError:
            return None
        self.workspace.see(path, data)
        return data

    def brings_bindings(self, crate: Crate) -> bool:
        """Whether a crate from outside the workspace is worth reading: its sources speak of imports."""
        if crate.name in GENERATORS or not crate.root_file:
            return False
        return _is_own(crate) or bool(self._marks(crate))

    def brings_interfaces(self, crate: Crate) -> bool:
        """Whether a crate from outside brings bindings of interfaces, not of a core module's imports alone."""
        if _is_own(crate) or not self.brings_bindings(crate):
            return False
        return not self._marks(crate).isdisjoint(COMPONENT_MARKERS)

    def _marks(self, crate: Crate) -> frozenset[bytes]:
        """The markers in a crate's sources."""
        if crate.id not in self._marked:
            left = set(MARKERS)
            for data in self.rust_files(crate.folder):
                left -= {marker for marker in left if marker in data}
                if not left:
                    break
            self._marked[crate.id] = frozenset(MARKERS) - left
        return self._marked[crate.id]

    @cached_property
    def _marked(self) -> dict[CrateId, frozenset[bytes]]:
        return {}

    def rust_files(self, folder: str) -> Iterator[bytes]:
        """The Rust files in the ``src`` of a crate's folder."""
        return rust_files(self.files, folder)


def rust_files(files: FileView, folder: str) -> Iterator[bytes]:
    """The Rust files in the ``src`` of a crate's folder, as many as are looked at."""
    waiting = [join(folder, "src")]
    seen = 0
    while waiting and seen < MAX_MARKED_FILES:
        current = waiting.pop()
        try:
            entries = files.entries(current)
        except OSError:
            continue
        for name, is_folder in entries.items():
            path = f"{current}/{name}"
            if is_folder:
                waiting.append(path)
            elif name.endswith(".rs"):
                seen += 1
                try:
                    yield files.read(path)
                except OSError:
                    yield b""


def declares_imports(files: FileView, folder: str) -> bool:
    """Whether the Rust files of a crate's folder declare imports."""
    return any(b"wasm_import_module" in data for data in rust_files(files, folder))


def _is_own(crate: Crate) -> bool:
    """Whether a crate is part of what is worked on."""
    return crate.is_member or crate.source_kind is SourceKind.PATH


def unique(name: str, version: str, taken: Collection[str]) -> str:
    """A Rust name for a crate, with its version where another has the name."""
    return f"{name}_{version.replace('.', '_').replace('-', '_')}" if name in taken else name


def _root(graph: CrateGraph, package: Package) -> Crate | None:
    """The crate of a package, when it is among the roots of a graph."""
    roots = (graph.crates[root] for root in graph.roots)
    return next((crate for crate in roots if crate.manifest == package.manifest), None)


def _component_targets(package: Package) -> list[PackageTarget]:
    """The library when it is a cdylib, and the programs."""
    lib = package.lib
    own = [lib] if lib is not None and "cdylib" in lib.crate_types else []
    return [*own, *(target for target in package.targets if target.kind is TargetKind.BIN)]


@dataclass(frozen=True, slots=True)
class Analysed:
    """What rules want to know of a component's sources, small enough to come from another process.

    Named as in :class:`Analysis`. ``wit_uses`` have the folder whose resolution they share, or "". ``mentioned`` are
    the answers of ``Analysis.mentions`` for the imports that a component would not have, ``wit`` the WIT folders that
    were resolved for it, ``unmarked`` the files that were read and hold no suppressions.
    """

    rust_names: dict[CrateId, str]
    bindings: CrateBindings
    prediction: Prediction
    bindings_files: tuple[BindingsFile, ...]
    wit_uses: tuple[tuple[WitUse, str], ...]
    files: dict[str, bool]
    mentioned: dict[tuple[str, str], bool]
    wit: dict[str, Resolution]
    unmarked: dict[str, None]


class Analysis:
    """The sources of one component: its program, bindings, and prediction."""

    def __init__(self, crates: Crates, component: ComponentCrate) -> None:
        self.crates = crates
        self.component = component
        self._uses: dict[Location, WitUse] = {}
        self._mentioned: dict[tuple[str, str], bool] = {}

    def analysed(self) -> Analysed:
        """The results, all of them."""
        workspace = self.crates.workspace
        before = len(workspace.all_wit.known), len(workspace.unmarked)
        idle = [
            (binding, name)
            for binding in self.bindings.bindings
            for name in binding.imports
            if (p := self.prediction.imports.get(name)) is None or p.certainty is Certainty.UNUSED
        ]
        for binding, name in idle:
            self.mentions(binding, name)
        return Analysed(
            self.rust_names,
            self.bindings,
            self.prediction,
            self.bindings_files,
            tuple(map(self._sent, self.wit_uses)),
            self.files,
            self._mentioned,
            dict(islice(workspace.all_wit.known.items(), before[0], None)),
            dict.fromkeys(islice(workspace.unmarked, before[1], None)),
        )

    def take(self, results: Analysed) -> None:
        """Have results that another process found, as if they had been found here."""
        self._mentioned.update(results.mentioned)
        self.crates.workspace.all_wit.known.update(results.wit)
        self.crates.workspace.unmarked.update(results.unmarked)
        known = self.crates.workspace.all_wit
        uses = tuple(replace(use, resolution=known[of]) if of else use for use, of in results.wit_uses)
        # Where functools.cached_property keeps what it has found.
        self.__dict__["wit_uses"] = uses
        for name in ("rust_names", "bindings", "prediction", "bindings_files", "files"):
            self.__dict__[name] = getattr(results, name)

    def _sent(self, use: WitUse) -> tuple[WitUse, str]:
        """A use of WIT as it is sent: what a whole folder means is known, or sent, already."""
        folder = use.paths[0] if len(use.paths) == 1 else ""
        if self.crates.workspace.all_wit.known.get(folder) is not use.resolution:
            return use, ""
        return replace(use, resolution=NOTHING_RESOLVED), folder

    def mentions(self, binding: Binding, name: str) -> bool:
        """Whether anything in its crates names an import of a binding, called or not: ``pipeline.mentions``."""
        key = (binding.module, name)
        if key not in self._mentioned:
            self._mentioned[key] = mentions(self, binding, name)
        return self._mentioned[key]

    @cached_property
    def files(self) -> dict[str, bool]:
        """The Rust files of its crates by path, and whether they may be compiled for the target."""
        found: dict[str, bool] = {}
        for crate in self.rust:
            for file in crate.tree.files:
                found[file.path] = found.get(file.path, False) or file.compiled is not False
        return found

    @cached_property
    def bindings_files(self) -> tuple[BindingsFile, ...]:
        """The generated bindings among them."""
        return self.program.bindings_files

    @cached_property
    def rust_names(self) -> dict[CrateId, str]:
        """A unique Rust name for every library whose sources are read."""
        own = self.component.crate
        wanted = [own, *(linked.crate for linked in self.component.linked)]
        between = self._between(wanted)
        names: dict[CrateId, str] = {}
        for crate in wanted:
            linkable = crate.lib is not None and (crate.lib.is_linkable or self.component.target == crate.lib)
            read = crate.id in between or self.crates.brings_bindings(crate)
            if crate.known and read and (crate.id != own.id or linkable):
                names[crate.id] = unique(crate.lib_name, crate.version, names.values())
        return names

    def _between(self, crates: Sequence[Crate]) -> set[CrateId]:
        """The crates through which bindings of interfaces are reached: what an application calls is in them."""
        waiting = [crate.id for crate in crates if self.crates.brings_interfaces(crate)]
        found: set[CrateId] = set()
        users: dict[CrateId, list[CrateId]] = {}
        for crate in crates if waiting else ():
            for edge in self.component.graph.dependencies_of(crate.id, Side.TARGET):
                users.setdefault(edge.dependency, []).append(crate.id)
        while waiting:
            for user in users.get(waiting.pop(), ()):
                crate = self.component.graph.crates[user]
                if user not in found and crate.known and crate.root_file and crate.name not in GENERATORS:
                    found.add(user)
                    waiting.append(user)
        return found

    @cached_property
    def start(self) -> str:
        """The Rust crate that is built: the package's library, or one of its programs."""
        target = self.component.target
        if target.kind is TargetKind.LIB:
            return self.rust_names.get(self.component.crate.id, "")
        name = self.component.stem
        return f"{name}_program" if name in self.rust_names.values() else name

    @cached_property
    def rust(self) -> tuple[RustCrate, ...]:
        """The crates that are read."""
        crates = self.component.graph.crates
        own, target = self.component.crate, self.component.target
        found = [
            self.crates.read_rust(
                crates[id_], crates[id_].root_file, name, self._externs(id_), whole=id_ == own.id
            )
            for id_, name in self.rust_names.items()
        ]
        if target.kind is not TargetKind.LIB:
            # A program sees its package's library as any other crate does.
            library = {own.lib_name: self.rust_names[own.id]} if own.id in self.rust_names else {}
            externs = {**self._externs(own.id), **library}
            found.append(self.crates.read_rust(own, target.path, self.start, externs, whole=True))
        return tuple(found)

    def _externs(self, crate: CrateId) -> dict[str, str]:
        graph = self.component.graph
        return {
            edge.extern_name: self.rust_names.get(edge.dependency, edge.dependency.name)
            for edge in graph.dependencies_of(crate, Side.TARGET)
        }

    @cached_property
    def crate_ids(self) -> dict[str, CrateId]:
        """The package of each crate name of the program."""
        return {
            **{name: crate for crate, name in self.rust_names.items()},
            self.start: self.component.crate.id,
        }

    @cached_property
    def bindings(self) -> CrateBindings:
        """All bindings in the component's crates. What was not read at all is among its problems."""
        found = bindings_of(self._unnamed, self.crate_ids, self.world_of, self.world_named, self.worlds_of)
        unread = tuple(problem for crate in self.rust for problem in crate.tree.unread)
        return replace(found, problems=(*found.problems, *unread)) if unread else found

    @cached_property
    def _unnamed(self) -> Program:
        """The crates read together, before it is known what their bindings hold."""
        return Program(self.rust)

    @cached_property
    def program(self) -> Program:
        """The crates read together, with the names that bindings have by their WIT."""
        return self._named(self._unnamed)

    def _named(self, program: Program) -> Program:
        names: dict[str, RustNames] = dict(self.bindings.names)
        return program.with_names(lambda module: names[module].has if module in names else None)

    @cached_property
    def prediction(self) -> Prediction:
        """What building it would import and export."""
        std = self.crates.std.interfaces
        return predict(self._linkage, self.crates.target, self._expanding, self.bindings, std)

    @cached_property
    def reached(self) -> Reachability:
        """The functions of its program that the component would keep."""
        return kept(self._linkage, self.program, self.bindings)

    @cached_property
    def _linkage(self) -> Linkage:
        expanding = self._expanding
        macros = self._macros if expanding is self.program else expanding.foreign_macros(self.start)
        return Linkage(self.component.crate.id, self.start, self.component.linked, self.crate_ids, macros)

    @cached_property
    def _macros(self) -> tuple[ForeignMacro, ...]:
        """The macros of other crates in its own code."""
        return self.program.foreign_macros(self.start)

    @cached_property
    def _expanding(self) -> Program:
        """The program with the crates of the procedural macros that stand in its own code.

        What a macro makes is written for the place where it stands, so the names in there are those of the own crate.
        """
        wanted = {macro.crate for macro in self._macros}
        if not wanted:
            return self.program
        graph = self.component.graph
        ways = {crate: graph.dependencies_of(crate, Side.TARGET) for crate in self.rust_names}
        macros: dict[CrateId, str] = {}
        for edge in (edge for edges in ways.values() for edge in edges):
            crate = graph.crates[edge.dependency]
            taken = {*self.crate_ids, *macros.values()}
            named = wanted & {edge.extern_name, crate.name, crate.lib_name}
            if named and crate.root_file and "proc-macro" in crate.crate_types:
                macros.setdefault(crate.id, unique(crate.lib_name, crate.version, taken))
        if not macros:
            return self.program
        here = {**self._externs(self.component.crate.id), **{name: name for name in self.rust_names.values()}}
        read = [
            self.crates.read_rust(replace(crate, features=crate.host_features), crate.root_file, name, here)
            for crate, name in ((graph.crates[id_], name) for id_, name in macros.items())
        ]
        rust = [
            replace(
                crate,
                externs={
                    **crate.externs,
                    **{
                        edge.extern_name: macros[edge.dependency]
                        for edge in ways.get(self.crate_ids[crate.name], ())
                        if edge.dependency in macros
                    },
                },
            )
            for crate in self.rust
        ]
        return self._named(Program([*rust, *read]))

    def world_of(self, call: GenerateCall) -> FoundWorld | Problem:
        """The world of a ``generate!`` call."""
        use = self.wit_use(call)
        world = find_world(use.resolution, call.world)
        if isinstance(world, str):
            problem = next(iter(use.resolution.problems), None)
            reason = f"{problem.message} ({problem.location})" if problem else world
            return Problem(call.location, f"the world of this call cannot be found: {reason}")
        return FoundWorld(world, use.resolution)

    def wit_use(self, call: GenerateCall) -> WitUse:
        """The WIT that a call reads: paths are relative to the crate's manifest, and ``wit`` is the default."""
        if call.location not in self._uses:
            crate = self.component.graph.crates[self.crate_ids[call.crate]]
            files = self.crates.files
            default = join(crate.folder, "wit")
            paths = tuple(join(crate.folder, path) for path in call.paths)
            if not paths and (call.inline is None or files.is_folder(default)):
                paths = (default,)
            inline = self._inline_text(call, call.inline) if call.inline is not None else None
            known = (
                self.crates.workspace.all_wit.get(paths[0]) if len(paths) == 1 and inline is None else None
            )
            decode, view = self.crates.workspace.decode, WitView(files, self.crates.workspace.see)
            resolution = known or resolve_wit(load_wit(view, paths, inline=inline, decode=decode))
            self._uses[call.location] = WitUse(call.location, paths, inline, resolution, call.compiled)
        return self._uses[call.location]

    @cached_property
    def wit_uses(self) -> tuple[WitUse, ...]:
        """What each ``generate!`` call in the component's crates reads."""
        return tuple(
            self.wit_use(call)
            for call in self.program.generate_calls
            if call.generator in (Generator.WIT_BINDGEN, Generator.CARGO_COMPONENT) and not call.inside
        )

    def _inline_text(self, call: GenerateCall, inline: str) -> SourceText:
        """Inline WIT, moved down so that its line numbers are those of the Rust file."""
        option = call.option("inline")
        assert option is not None
        data = self.crates.read(call.location.path) or b""
        line = SourceText(call.location.path, data).location(option.value_span.start).line
        return SourceText(call.location.path, b"\n" * (line - 1) + inline.encode())

    def worlds_of(self, crate: CrateId) -> list[FoundWorld]:
        """All worlds of a crate's own ``wit`` folder."""
        folder = join(self.component.graph.crates[crate].folder, "wit")
        resolution = self.crates.workspace.all_wit.get(folder)
        if resolution is None:
            return []
        return [FoundWorld(world, resolution) for p in resolution.main for world in p.worlds.values()]

    def world_named(self, name: str) -> FoundWorld | None:
        """A world of the workspace's WIT by its full name."""
        for resolution in self.crates.workspace.all_wit.values():
            for package in resolution.packages.values():
                for world in package.worlds.values():
                    if world.name == name:
                        return FoundWorld(world, resolution)
        return None


def crates_of(
    workspace: Workspace,
    target: str | None = None,
    features: FeatureSelection | None = None,
    packages: Sequence[str] | None = None,
    std: Mapping[str, StdFacts] | None = None,
) -> list[Crates]:
    """The cargo workspaces below a folder, for a target, or for the one that seems to be meant."""
    manifests = [workspace.show(path) for path in workspace.sources.manifests]
    if facts.is_kept() and features is None and packages is None and type(workspace) is Workspace:
        from wasmdoctor.pipeline.kept import kept_crates

        return kept_crates(workspace, manifests, target, std or {})
    found, problems = read_workspaces(workspace.files, manifests)
    workspace.problems += problems
    made: list[Crates] = []
    for cargo in found:
        triple = target or likely_target(workspace, cargo)
        brought = (std or {}).get(triple, NO_STD)
        made.append(Crates(workspace, cargo, triple, features, packages, brought))
    return made


def likely_target(workspace: Workspace, cargo: CargoWorkspace) -> str:
    """The wasm target that was built last, else the configured one, else the tools' own default."""
    folder = workspace.cwd / cargo.folder
    built = [path for path in (folder / "target").glob("wasm32-wasi*") if path.is_dir()]
    if built:
        return max(built, key=lambda path: (path.stat().st_mtime_ns, path.name)).name
    for name in ("config.toml", "config"):
        try:
            text = read_regular(folder / ".cargo" / name).decode("utf-8", "replace")
        except OSError:
            continue
        import tomllib

        try:
            config = tomllib.loads(text)
        except (ValueError, RecursionError):
            continue
        build = config.get("build")
        target = build.get("target") if isinstance(build, dict) else None
        if isinstance(target, str) and target.startswith("wasm32"):
            return target
    if any(package.component for package in cargo.packages.values()):
        return "wasm32-wasip1"  # cargo-component 0.21 builds for it and wraps with its adapter
    return "wasm32-wasip2"
