"""The graph of crates that Cargo would compile, from a workspace, its lock file and sources found.

Which package a dependency means comes from paths, Cargo.lock, and ``[patch]``; which are compiled, for
which side and with which features from ``cargo/core/compiler/unit_dependencies.rs`` (cargo 1.96).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from types import MappingProxyType

from wasmdoctor.model.cargo import (
    Crate,
    CrateGraph,
    CrateId,
    DeclaredDependency,
    Dependency,
    DependencyKind,
    Evidence,
    LockedPackage,
    Package,
    PackageTarget,
    Side,
    SourceKind,
    TargetKind,
    Workspace,
)
from wasmdoctor.model.record import dataclass, field
from wasmdoctor.model.source import Location, Problem
from wasmdoctor.readers.cargo.cfg import CfgSet, parse_platform, platform_holds
from wasmdoctor.readers.cargo.features import (
    FeatureResolver,
    FeatureRules,
    FeatureSelection,
    Node,
    feature_map,
    feature_problems,
    selected_values,
)
from wasmdoctor.readers.cargo.files import FileView
from wasmdoctor.readers.cargo.inherit import package_of
from wasmdoctor.readers.cargo.sources import PackageSources
from wasmdoctor.readers.cargo.version import parse_requirement, parse_version
from wasmdoctor.readers.cargo.workspace import MANIFEST, Manifests


@dataclass(frozen=True, slots=True)
class Platforms:
    """What holds for the target asked for and for the host (``platforms.cfg_set`` knows usual ones)."""

    target: CfgSet
    host: CfgSet


class CrateResolver:
    """Makes crate graphs of one workspace, for any number of roots, targets and feature selections.

    ``sources`` finds the manifests of registry and git packages; without it, or where it finds none,
    their dependencies are those of Cargo.lock. Manifests are read once, when this is made.
    """

    def __init__(self, workspace: Workspace, files: FileView, sources: PackageSources | None = None) -> None:
        self.workspace = workspace
        self._universe = _Universe(workspace, files, sources)

    def compiled(
        self,
        platforms: Platforms,
        *,
        packages: Sequence[str] | None = None,
        features: FeatureSelection | None = None,
        include_dev: bool = False,
    ) -> CrateGraph:
        """The crates that ``cargo build --target TARGET -p PACKAGES --features ...`` compiles.

        ``packages`` are names of members, all default members without. ``include_dev`` adds the dev
        dependencies of the roots, as ``cargo build --tests`` does. Features are unified over all roots
        by the workspace's resolver. Names that no package has are problems of the graph.
        """
        problems: list[Problem] = []
        roots = self._universe.roots(packages, problems)
        newer = self.workspace.resolver != "1"
        rules = FeatureRules(newer, decouple_dev=newer and not include_dev, by_platform=newer)
        resolver = self._features(platforms, rules, roots, features, problems)
        walk = _Walk(resolver, problems, include_dev)
        walk.run((root, Side.HOST if root.node.is_proc_macro else Side.TARGET) for root in roots)
        return walk.graph(platforms, roots, self._universe.problems)

    def as_metadata(self, platforms: Platforms, *, features: FeatureSelection | None = None) -> CrateGraph:
        """The graph that ``cargo metadata --filter-platform TARGET`` reports.

        It is wider than what is compiled: all members with their dev dependencies, features unified
        over all kinds, platforms and both sides, ``x?/f`` taken as ``x/f``. Between two packages every
        declaration is an edge as soon as the platform of one of them holds. All is on the TARGET side.
        """
        problems: list[Problem] = []
        roots = self._universe.roots([], problems, every=True)
        rules = FeatureRules(False, decouple_dev=False, by_platform=False, weak_is_strong=True)
        resolver = self._features(platforms, rules, roots, features, problems)
        walk = _MetadataWalk(resolver, problems, include_dev=True)
        walk.run((root, Side.TARGET) for root in roots)
        return walk.graph(platforms, roots, self._universe.problems)

    def _features(
        self,
        platforms: Platforms,
        rules: FeatureRules,
        roots: list[_Entry],
        selection: FeatureSelection | None,
        problems: list[Problem],
    ) -> FeatureResolver:
        values, missing = selected_values(selection or FeatureSelection(), [root.manifest for root in roots])
        place = Location(self.workspace.manifest)
        for name in missing:
            message = f"none of the selected packages has the feature `{name}`"
            problems.append(Problem(place, message, "name a feature of a selected package"))
        resolver = FeatureResolver(rules, self._universe.active(platforms))
        resolver.resolve(zip((root.node for root in roots), values, strict=True))
        return resolver


def resolve(
    workspace: Workspace,
    files: FileView,
    platforms: Platforms,
    *,
    packages: Sequence[str] | None = None,
    features: FeatureSelection | None = None,
    sources: PackageSources | None = None,
    include_dev: bool = False,
) -> CrateGraph:
    """One graph, as ``CrateResolver.compiled`` gives it."""
    resolver = CrateResolver(workspace, files, sources)
    return resolver.compiled(platforms, packages=packages, features=features, include_dev=include_dev)


@dataclass(eq=False, slots=True)
class _Entry:
    """A package on its way into the graph: what is known of it, and its node for the features."""

    id: CrateId
    source_kind: SourceKind
    location: Location
    node: Node
    package: Package | None = None
    locked: LockedPackage | None = None
    is_member: bool = False
    links: list[tuple[DeclaredDependency, _Entry]] = field(default_factory=list)

    @property
    def manifest(self) -> Package:
        """Its package; only for members, which always have one."""
        assert self.package is not None
        return self.package


class _Universe:
    """Every package that may take part, each with the packages its dependencies mean."""

    def __init__(self, workspace: Workspace, files: FileView, sources: PackageSources | None) -> None:
        self.workspace = workspace
        self.sources = sources
        self.manifests = Manifests(files)
        self.problems: list[Problem] = []
        self._by_path: dict[str, _Entry] = {}
        self._by_lock: dict[int, _Entry] = {}
        self._unknown: dict[CrateId, _Entry] = {}
        self._locked = workspace.lock.packages if workspace.lock else ()
        self._lock_names: dict[str, list[int]] = {}
        for at, locked in enumerate(self._locked):
            self._lock_names.setdefault(locked.name, []).append(at)
        self._members = frozenset(workspace.members)
        self._connect_all([self.of_path(path) for path in workspace.members if path in workspace.packages])
        self.problems += self.manifests.problems

    def roots(
        self, names: Sequence[str] | None, problems: list[Problem], *, every: bool = False
    ) -> list[_Entry]:
        """The members of those names, all with ``every``, the default members with None.

        They are marked as roots, and the others as none.
        """
        members = [self.of_path(path) for path in self.workspace.members]
        if every:
            found = members
        elif names is None:
            found = [self.of_path(path) for path in self.workspace.default_members]
        else:
            found = [entry for entry in members if entry.id.name in names]
            for name in sorted(set(names) - {entry.id.name for entry in found}):
                place = Location(self.workspace.manifest)
                problems.append(Problem(place, f"`{name}` is no member of the workspace", "name a member"))
        for entry in members:
            entry.node.is_root = entry in found
        return found

    def active(self, platforms: Platforms) -> dict[Side, dict[str | None, bool]]:
        """For both sides, whether each ``[target.CFG]`` that any package has holds."""
        keys = {
            dependency.cfg
            for entry in self.entries()
            for dependency, _ in entry.links
            if dependency.cfg is not None
        }
        table: dict[Side, dict[str | None, bool]] = {Side.TARGET: {None: True}, Side.HOST: {None: True}}
        for key in keys:
            platform = parse_platform(key)
            table[Side.TARGET][key] = platform_holds(platform, platforms.target)
            table[Side.HOST][key] = platform_holds(platform, platforms.host)
        return table

    def entries(self) -> Iterator[_Entry]:
        """Every package known."""
        yield from self._by_path.values()
        yield from self._by_lock.values()
        yield from self._unknown.values()

    # Packages

    def of_path(self, manifest: str) -> _Entry:
        """The package at a manifest that the workspace has read."""
        entry = self._by_path.get(manifest)
        if entry is None:
            package = self.workspace.packages[manifest]
            name, version = package.name.value, package.version
            entry = self._by_path[manifest] = _Entry(
                id=CrateId(name, version, f"path+{package.folder}"),
                source_kind=SourceKind.PATH,
                location=package.name.location,
                node=_node(package),
                package=package,
                locked=self._lock_entry(name, version),
                is_member=manifest in self._members,
            )
            self.problems += feature_problems(package)
        return entry

    def _lock_entry(self, name: str, version: str) -> LockedPackage | None:
        """A path package in Cargo.lock; one of another version serves when the lock is behind."""
        found = [self._locked[at] for at in self._lock_names.get(name, ()) if not self._locked[at].source]
        exact = [locked for locked in found if locked.version == version]
        return exact[0] if exact else found[0] if len(found) == 1 else None

    def of_lock(self, at: int) -> _Entry:
        """The package of an entry in Cargo.lock that is no path package."""
        entry = self._by_lock.get(at)
        if entry is None:
            locked = self._locked[at]
            package = self._load(locked)
            is_git = locked.source.startswith("git+")
            entry = self._by_lock[at] = _Entry(
                id=CrateId(locked.name, locked.version, locked.source),
                source_kind=SourceKind.GIT if is_git else SourceKind.REGISTRY,
                location=package.name.location if package else locked.location,
                node=_node(package),
                package=package,
                locked=locked,
            )
        return entry

    def _load(self, locked: LockedPackage) -> Package | None:
        """The package's manifest, from the sources on this machine."""
        if self.sources is None:
            return None
        for path in self.sources.candidates(locked.name, locked.version, locked.source):
            manifest = self.manifests.get(path)
            if manifest is None or manifest.name is None or manifest.name.value != locked.name:
                continue
            table = self.manifests.workspace_of(manifest) if locked.source.startswith("git+") else None
            package = package_of(manifest, table, self.manifests.files, everything=False)
            if package and parse_version(package.version) == parse_version(locked.version):
                return package
        return None

    def _connect_all(self, entries: list[_Entry]) -> None:
        """Find the package of every dependency, from the members on."""
        waiting, seen = entries, set(entries)
        while waiting:
            entry = waiting.pop()
            for dependency, target in self._targets(entry):
                entry.links.append((dependency, target))
                entry.node.links.append((dependency, target.node))
                if target not in seen:
                    seen.add(target)
                    waiting.append(target)

    def _targets(self, entry: _Entry) -> Iterator[tuple[DeclaredDependency, _Entry]]:
        if entry.package is not None:
            for dependency in entry.package.dependencies:
                if dependency.kind is DependencyKind.DEV and not entry.is_member:
                    continue
                yield dependency, self._target(entry, dependency)
        elif entry.locked is not None:
            for at in entry.locked.dependencies:
                name = self._locked[at].name
                unknown = DependencyKind.UNKNOWN
                pseudo = DeclaredDependency(
                    name, name, unknown, entry.locked.location, default_features=False
                )
                yield pseudo, self._of_locked(at)

    def _target(self, entry: _Entry, dependency: DeclaredDependency) -> _Entry:
        if dependency.path is not None and entry.source_kind is SourceKind.PATH:
            return self._path_target(dependency)
        # A path inside a git repository or a registry package leads to the same source, if anywhere.
        here = entry.locked.source if entry.locked and dependency.path is not None else None
        found = self._among(entry.locked.dependencies if entry.locked else (), dependency, here)
        if found is None:
            found = self._among(self._lock_names.get(dependency.package, ()), dependency, here)
        if found is not None:
            return self._of_locked(found)
        patched = self._patched(dependency.package, dependency.requirement)
        return patched or self.unknown(dependency)

    def _path_target(self, dependency: DeclaredDependency) -> _Entry:
        path = self.manifests.files.join(dependency.path or ".", MANIFEST)
        package = self.workspace.packages.get(path)
        if package is None:
            return self.unknown(dependency)
        if package.name.value != dependency.package:
            message = f"the package at {dependency.path} is `{package.name}`, not `{dependency.package}`"
            help_text = f'write `package = "{package.name}"`'
            self.problems.append(Problem(dependency.location, message, help_text))
        return self.of_path(path)

    def _of_locked(self, at: int) -> _Entry:
        """A locked package; without a source it is a path package, one that a patch brought in too."""
        locked = self._locked[at]
        if locked.replaced_by is not None and locked.replaced_by != at:
            return self._of_locked(locked.replaced_by)
        if locked.source:
            return self.of_lock(at)
        for path, package in self.workspace.packages.items():
            if package.name.value == locked.name and package.version == locked.version:
                return self.of_path(path)
        return self._patched(locked.name, "") or self.of_lock(at)

    def _among(
        self, candidates: Iterable[int], dependency: DeclaredDependency, here: str | None
    ) -> int | None:
        """The newest locked package that a dependency can mean; one from its own source (``here`` if
        given) before a patched one."""
        requirement = parse_requirement(dependency.requirement)
        matches = []
        for at in candidates:
            locked = self._locked[at]
            version = parse_version(locked.version)
            if locked.name != dependency.package or version is None:
                continue
            if requirement is not None and not requirement.matches(version):
                continue
            own = int(locked.source == here) if here else _same_source(locked.source, dependency)
            if own or self._is_patch(locked):
                matches.append((own, version.key, at))
        return max(matches)[2] if matches else None

    def _is_patch(self, locked: LockedPackage) -> bool:
        return any(patch.dependency.package == locked.name for patch in self.workspace.patches)

    def _patched(self, name: str, requirement: str) -> _Entry | None:
        """The path package that ``[patch]`` or ``[replace]`` gives for a name."""
        wanted = parse_requirement(requirement)
        for patch in self.workspace.patches:
            if patch.dependency.package != name or patch.dependency.path is None:
                continue
            path = self.manifests.files.join(patch.dependency.path, MANIFEST)
            package = self.workspace.packages.get(path)
            version = parse_version(package.version) if package else None
            if package and (version is None or wanted is None or wanted.matches(version)):
                return self.of_path(path)
        return None

    def unknown(self, dependency: DeclaredDependency) -> _Entry:
        """A package of which nothing but the dependency is known."""
        kind = dependency.source_kind
        place = dependency.path or dependency.git or dependency.registry or ""
        key = CrateId(dependency.package, "", f"{kind}+{place}")
        if key not in self._unknown:
            self._unknown[key] = _Entry(key, kind, dependency.location, _node(None))
        return self._unknown[key]


def _node(package: Package | None) -> Node:
    if package is None:
        return Node(None, False, [])
    lib = package.lib
    return Node(feature_map(package), lib is not None and lib.is_proc_macro, [])


def _same_source(source: str, dependency: DeclaredDependency) -> int:
    """Whether a locked source can be that of a git or registry dependency: 0 no, 1 yes, 2 for a git
    source also with the same branch, tag or revision."""
    if dependency.git is None:
        return int(source.startswith(("registry+", "sparse+")))
    address, _, query = source.removeprefix("git+").partition("#")[0].partition("?")
    if not source.startswith("git+") or _address(address) != _address(dependency.git):
        return 0
    from urllib.parse import unquote

    # Format 4 writes names with percent signs, older ones as they are.
    reference = "=".join(dependency.reference) if dependency.reference else ""
    return 2 if reference in (query, unquote(query)) else 1


def _address(url: str) -> str:
    """A git address as Cargo compares them (``CanonicalUrl``): no slash or ``.git`` at the end."""
    return url.rstrip("/").removesuffix(".git").lower()


class _Walk:
    """From the roots along what is compiled, to crates and edges."""

    def __init__(self, resolver: FeatureResolver, problems: list[Problem], include_dev: bool) -> None:
        self.resolver = resolver
        self.problems = problems
        self.include_dev = include_dev
        self.sides: dict[_Entry, dict[Side, None]] = {}
        self.edges: list[Dependency] = []

    def run(self, roots: Iterable[tuple[_Entry, Side]]) -> None:
        """Breadth first, so that crates and edges come out in a stable order."""
        waiting = list(roots)
        for entry, side in waiting:
            self.sides.setdefault(entry, {})[side] = None
        for entry, side in waiting:  # grows on the way
            for dependency, target in self.links(entry, side):
                target_side = self.target_side(dependency, target, side)
                if target.locked is None and target.source_kind is not SourceKind.PATH:
                    message = f"Cargo.lock does not say which version of `{dependency.package}` is used"
                    help_text = "run `cargo generate-lockfile`"
                    self.problems.append(Problem(dependency.location, message, help_text))
                self.edges.append(_edge(entry, target, dependency, side, target_side))
                if target_side not in self.sides.setdefault(target, {}):
                    self.sides[target][target_side] = None
                    waiting.append((target, target_side))

    def target_side(self, dependency: DeclaredDependency, target: _Entry, side: Side) -> Side:
        is_host = dependency.kind is DependencyKind.BUILD or target.node.is_proc_macro
        return Side.HOST if is_host else side

    def links(self, entry: _Entry, side: Side) -> Iterator[tuple[DeclaredDependency, _Entry]]:
        """The dependencies of a crate that are compiled when it is compiled for a side."""
        wanted = self.resolver.wanted.get(self.resolver.key(entry.node, side), ())
        for dependency, target in entry.links:
            if dependency.kind is DependencyKind.DEV and not self.is_tested(entry, side):
                continue
            is_build = dependency.kind is DependencyKind.BUILD
            if is_build and entry.package is not None and entry.package.build_script is None:
                continue
            if not self.resolver.active[Side.HOST if is_build else side][dependency.cfg]:
                continue
            if dependency.optional and dependency.name not in wanted:
                continue
            if target.package is not None and target.package.lib is None:
                message = f"`{dependency.package}` has no library, so Cargo ignores the dependency"
                self.problems.append(Problem(dependency.location, message, "remove it, or add a library"))
                continue
            yield dependency, target

    def is_tested(self, entry: _Entry, side: Side) -> bool:
        """Whether the tests of a crate are compiled for a side: a root's, for the side it is built for."""
        own = Side.HOST if entry.node.is_proc_macro else Side.TARGET
        return self.include_dev and entry.node.is_root and side is own

    def features(self, entry: _Entry, side: Side) -> frozenset[str] | None:
        if side not in self.sides[entry]:
            return None
        return frozenset(self.resolver.enabled.get(self.resolver.key(entry.node, side), ()))

    def graph(self, platforms: Platforms, roots: Sequence[_Entry], others: Iterable[Problem]) -> CrateGraph:
        """The result. ``others`` are the problems that every graph of the workspace has."""
        crates = {entry.id: self.crate(entry) for entry in self.sides}
        problems = [*self.problems, *others]
        unique = sorted(dict.fromkeys(problems), key=lambda problem: (problem.location, problem.message))
        return CrateGraph(
            target=platforms.target.triple,
            host=platforms.host.triple,
            roots=tuple(root.id for root in roots),
            crates=MappingProxyType(crates),
            dependencies=tuple(self.edges),
            problems=tuple(unique),
        )

    def crate(self, entry: _Entry) -> Crate:
        package = entry.package
        return Crate(
            id=entry.id,
            source_kind=entry.source_kind,
            location=entry.location,
            known=package is not None,
            features=self.features(entry, Side.TARGET),
            host_features=self.features(entry, Side.HOST),
            manifest=package.manifest if package else "",
            folder=package.folder if package else "",
            lib=package.lib if package else None,
            targets=package.targets if package else (),
            component=package.component if package else None,
            is_member=entry.is_member,
        )


class _MetadataWalk(_Walk):
    """As ``build_resolve_graph_r`` in cargo/ops/cargo_output_metadata.rs."""

    def target_side(self, dependency: DeclaredDependency, target: _Entry, side: Side) -> Side:
        return Side.TARGET

    def links(self, entry: _Entry, side: Side) -> Iterator[tuple[DeclaredDependency, _Entry]]:
        wanted = self.resolver.wanted.get((entry.node, Side.TARGET), ())
        used = [
            (dependency, target)
            for dependency, target in entry.links
            if not dependency.optional or dependency.name in wanted
        ]
        active = self.resolver.active[Side.TARGET]
        reached = {target for dependency, target in used if active[dependency.cfg]}
        yield from (pair for pair in used if pair[1] in reached)


def _edge(
    entry: _Entry, target: _Entry, dependency: DeclaredDependency, side: Side, target_side: Side
) -> Dependency:
    lib = target.package.lib if target.package else None
    name = lib.name if lib else dependency.package.replace("-", "_")
    return Dependency(
        dependent=entry.id,
        dependency=target.id,
        side=side,
        dependency_side=target_side,
        kind=dependency.kind,
        extern_name=dependency.rename.replace("-", "_") if dependency.rename else name,
        location=dependency.location,
        evidence=Evidence.LOCK if dependency.kind is DependencyKind.UNKNOWN else Evidence.MANIFEST,
        rename=dependency.rename,
        cfg=dependency.cfg,
        optional=dependency.optional,
        default_features=dependency.default_features,
        features=dependency.features,
        inherited_from=dependency.inherited_from,
    )


def built_targets(graph: CrateGraph, crate: Crate) -> tuple[PackageTarget, ...]:
    """The targets of a crate whose ``required-features`` are enabled (``f``, or ``dependency/f``)."""
    have = set(crate.features or ())
    for edge in graph.dependencies_of(crate.id):
        name = edge.rename or edge.dependency.name
        other = graph.crates[edge.dependency]
        enabled = other.features if edge.dependency_side is Side.TARGET else other.host_features
        have.update(f"{name}/{feature}" for feature in enabled or ())
    return tuple(
        target
        for target in crate.targets
        if target.kind in (TargetKind.LIB, TargetKind.BUILD_SCRIPT)
        or have.issuperset(target.required_features)
    )
