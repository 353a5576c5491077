"""Rust packages as Cargo sees them: manifests, workspaces, and the graph of crates for one target.

Paths are those of the file view that was read (forward slashes; relative to its start, or absolute
for files outside it, such as Cargo's registry). Every string that a person wrote has its Location.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from wasmdoctor.model.record import dataclass, field
from wasmdoctor.model.source import Location, Problem

PlainValue = str | int | float | bool | list["PlainValue"] | dict[str, "PlainValue"]
"""A TOML value as plain Python data; dates and times are kept as their text."""


class DependencyKind(StrEnum):
    """Which table of the manifest a dependency stands in; UNKNOWN when only Cargo.lock is known."""

    NORMAL = "normal"
    DEV = "dev"
    BUILD = "build"
    UNKNOWN = "unknown"


class SourceKind(StrEnum):
    """Where the sources of a crate come from."""

    PATH = "path"
    GIT = "git"
    REGISTRY = "registry"


class Evidence(StrEnum):
    """What a dependency between crates rests on: the dependent's manifest, or only Cargo.lock."""

    MANIFEST = "manifest"
    LOCK = "lock"


class Side(StrEnum):
    """What a crate is compiled for: the target asked for, or the host (build scripts, proc macros)."""

    TARGET = "target"
    HOST = "host"


class TargetKind(StrEnum):
    """What Cargo builds from one root source file (the names that ``cargo metadata`` uses)."""

    LIB = "lib"
    BIN = "bin"
    EXAMPLE = "example"
    TEST = "test"
    BENCH = "bench"
    BUILD_SCRIPT = "custom-build"


class Standing(StrEnum):
    """How a manifest stands to a workspace.

    ROOT: it is the workspace's own manifest; MEMBER: listed, matched by a glob, or a path dependency
    of a member inside the workspace; EXCLUDED: named by ``exclude``; NESTED: a workspace root of its
    own; UNLISTED: below the workspace's folder, but not a member (Cargo refuses to build it there);
    OUTSIDE: none of these.
    """

    ROOT = "root"
    MEMBER = "member"
    EXCLUDED = "excluded"
    NESTED = "nested"
    UNLISTED = "unlisted"
    OUTSIDE = "outside"


@dataclass(frozen=True, slots=True)
class Text:
    """A string value of a manifest, and where it stands."""

    value: str
    location: Location

    def __str__(self) -> str:
        return self.value


@dataclass(frozen=True, slots=True)
class Setting:
    """Any other value of a manifest, as plain data; ``location`` is that of its key."""

    key: str
    value: PlainValue
    location: Location


@dataclass(frozen=True, slots=True)
class WitDependency:
    """One entry of ``target.dependencies`` or ``dependencies`` of the component metadata.

    ``name`` is the WIT package (``wasi:http``); exactly one of ``path`` (a folder or file, relative
    to the manifest) and ``version`` (a requirement) is expected. ``package`` is a registry's name for it.
    """

    name: str
    location: Location
    path: Text | None = None
    version: Text | None = None
    package: Text | None = None


@dataclass(frozen=True, slots=True)
class ComponentTarget:
    """The world that a component is built for, from ``[package.metadata.component.target]``.

    Local: ``path`` (relative to the manifest; cargo-component's default is ``wit``) and ``world``.
    From a registry: ``package``, ``version`` and ``world``. ``location`` is the table's or the string's.
    """

    location: Location
    path: Text | None = None
    world: Text | None = None
    package: Text | None = None
    version: Text | None = None
    dependencies: tuple[WitDependency, ...] = ()


@dataclass(frozen=True, slots=True)
class ComponentMetadata:
    """``[package.metadata.component]``, as cargo-component 0.21 reads it."""

    location: Location
    package: Text | None = None
    adapter: Text | None = None
    proxy: bool = False
    target: ComponentTarget | None = None
    dependencies: tuple[WitDependency, ...] = ()
    bindings: tuple[Setting, ...] = ()
    others: tuple[Setting, ...] = ()


@dataclass(frozen=True, slots=True)
class Feature:
    """One line of ``[features]``: its values are feature names, ``dep:x``, ``x/f`` and ``x?/f``."""

    name: str
    values: tuple[Text, ...]
    location: Location


@dataclass(frozen=True, slots=True)
class DeclaredDependency:
    """A dependency as a manifest declares it, workspace inheritance applied.

    ``name`` is the key (the name used in features), ``package`` the name of the package meant.
    ``requirement`` is the version requirement ("" for any). ``path`` is the folder of the package in
    the file view (already joined with the manifest's folder). ``cfg`` is the key of the ``[target]``
    table it stands in (``cfg(unix)`` or a triple). ``location`` is the key's place in the member's
    manifest, ``inherited_from`` the key's place in ``[workspace.dependencies]``.
    """

    name: str
    package: str
    kind: DependencyKind
    location: Location
    requirement: str = ""
    path: str | None = None
    git: str | None = None
    reference: tuple[str, str] | None = None
    registry: str | None = None
    cfg: str | None = None
    optional: bool = False
    default_features: bool = True
    features: tuple[str, ...] = ()
    inherited_from: Location | None = None

    @property
    def source_kind(self) -> SourceKind:
        """Path before git before registry, as Cargo takes them."""
        if self.path is not None:
            return SourceKind.PATH
        return SourceKind.GIT if self.git is not None else SourceKind.REGISTRY

    @property
    def rename(self) -> str | None:
        """The key, when it differs from the package's name."""
        return self.name if self.name != self.package else None


@dataclass(frozen=True, slots=True)
class PackageTarget:
    """One thing that Cargo builds from a package.

    ``name`` is the crate's name for libraries (dashes to underscores), else the file's. ``path`` is
    the root source file in the file view. ``crate_types`` as written, or Cargo's default.
    ``location`` is where the manifest speaks of it: the crate-type value of a library if written,
    else the target's table, else the package's name.
    """

    kind: TargetKind
    name: str
    path: str
    crate_types: tuple[str, ...]
    location: Location
    required_features: tuple[str, ...] = ()

    @property
    def is_proc_macro(self) -> bool:
        """A compiler plugin: it runs on the host and is not linked into the dependent."""
        return "proc-macro" in self.crate_types

    @property
    def is_linkable(self) -> bool:
        """Whether another crate can link it (Cargo's rule: cdylib and staticlib alone cannot)."""
        return any(kind in ("lib", "rlib", "dylib") for kind in self.crate_types)


@dataclass(frozen=True, slots=True)
class Package:
    """One ``[package]``, workspace inheritance applied."""

    name: Text
    version: str
    edition: str
    manifest: str
    folder: str
    resolver: str | None
    links: str | None
    targets: tuple[PackageTarget, ...]
    dependencies: tuple[DeclaredDependency, ...]
    features: tuple[Feature, ...]
    component: ComponentMetadata | None

    @property
    def lib(self) -> PackageTarget | None:
        """The library target, if there is one."""
        return next((target for target in self.targets if target.kind is TargetKind.LIB), None)

    @property
    def build_script(self) -> PackageTarget | None:
        """The build script, if there is one."""
        return next((target for target in self.targets if target.kind is TargetKind.BUILD_SCRIPT), None)


@dataclass(frozen=True, slots=True)
class LockedPackage:
    """One ``[[package]]`` of Cargo.lock. ``source`` is "" for path packages.

    ``dependencies`` and ``replaced_by`` (for ``[replace]``) index into :attr:`Lock.packages`.
    ``location`` is that of its name.
    """

    name: str
    version: str
    source: str
    location: Location
    dependencies: tuple[int, ...] = ()
    replaced_by: int | None = None


@dataclass(frozen=True, slots=True)
class Lock:
    """Cargo.lock: ``version`` is the format's (1 to 4), the packages in the order of the file."""

    path: str
    version: int
    packages: tuple[LockedPackage, ...]


@dataclass(frozen=True, slots=True)
class Patch:
    """One line of ``[patch.SOURCE]`` or ``[replace]``.

    ``source`` is ``crates-io``, a registry name or a URL; for ``[replace]`` it is ``replace``, and
    ``version`` is the version of the package that is replaced.
    """

    source: str
    dependency: DeclaredDependency
    version: str = ""


@dataclass(frozen=True, slots=True)
class Workspace:
    """A workspace, or a single package, with everything that its path dependencies reach.

    ``manifest`` is the root manifest, ``virtual`` when it has no package. ``members`` and
    ``default_members`` are manifest paths. ``packages`` also holds the path dependencies that are not
    members. ``unlisted`` are manifests that Cargo would refuse to build from where they are.
    ``unreadable`` are those of the ``problems`` for which a whole manifest or lock file is unknown.
    """

    manifest: str
    folder: str
    virtual: bool
    declared: bool
    resolver: str
    members: tuple[str, ...]
    default_members: tuple[str, ...]
    packages: Mapping[str, Package]
    exclude: tuple[Text, ...] = ()
    member_globs: tuple[Text, ...] = ()
    unlisted: tuple[str, ...] = ()
    patches: tuple[Patch, ...] = ()
    metadata: tuple[Setting, ...] = ()
    lock: Lock | None = None
    problems: tuple[Problem, ...] = ()
    unreadable: tuple[Problem, ...] = ()

    def member(self, name: str) -> Package | None:
        """The member package of that name, if any."""
        found = (self.packages[path] for path in self.members if path in self.packages)
        return next((package for package in found if package.name.value == name), None)


@dataclass(frozen=True, slots=True, order=True)
class CrateId:
    """Which package: two versions of one name are two crates.

    ``source`` is ``path+FOLDER``, or as Cargo.lock writes it (``registry+...``, ``git+...#commit``).
    ``version`` is "" when nothing tells it (no Cargo.lock).
    """

    name: str
    version: str
    source: str

    def __str__(self) -> str:
        return f"{self.name} {self.version}".rstrip()


@dataclass(frozen=True, slots=True)
class Crate:
    """A package in the graph for one target.

    ``features`` are those enabled where it is compiled for the target, ``host_features`` where it is
    compiled for the host; None when it is not compiled for that side. ``known`` is False when its
    manifest could not be read: then its features are only those that dependents ask for, and it has
    no ``lib``, ``targets`` or ``manifest``. ``location`` is the package's name in its manifest, else
    its entry in Cargo.lock, else the dependency that asks for it.
    """

    id: CrateId
    source_kind: SourceKind
    location: Location
    known: bool
    features: frozenset[str] | None = None
    host_features: frozenset[str] | None = None
    manifest: str = ""
    folder: str = ""
    lib: PackageTarget | None = None
    targets: tuple[PackageTarget, ...] = ()
    component: ComponentMetadata | None = None
    is_member: bool = False

    @property
    def name(self) -> str:
        """The package's name."""
        return self.id.name

    @property
    def version(self) -> str:
        """The package's version, "" if unknown."""
        return self.id.version

    @property
    def lib_name(self) -> str:
        """The name that Rust code uses for its library."""
        return self.lib.name if self.lib else self.id.name.replace("-", "_")

    @property
    def crate_types(self) -> tuple[str, ...]:
        """The library's crate types; empty without a library."""
        return self.lib.crate_types if self.lib else ()

    @property
    def root_file(self) -> str:
        """The library's root source file; "" without a library."""
        return self.lib.path if self.lib else ""


@dataclass(frozen=True, slots=True)
class Dependency:
    """An edge of the crate graph: ``dependent``, compiled for ``side``, uses ``dependency``.

    ``dependency_side`` is what the dependency is compiled for: the host for build dependencies and
    proc macros. ``extern_name`` is its name in the dependent's Rust code. ``location`` is the line
    that declares it (in the dependent's manifest, or the dependent's entry in Cargo.lock when
    ``evidence`` is LOCK; then ``kind`` is UNKNOWN).
    """

    dependent: CrateId
    dependency: CrateId
    side: Side
    dependency_side: Side
    kind: DependencyKind
    extern_name: str
    location: Location
    evidence: Evidence
    rename: str | None = None
    cfg: str | None = None
    optional: bool = False
    default_features: bool = True
    features: tuple[str, ...] = ()
    inherited_from: Location | None = None


@dataclass(frozen=True, slots=True)
class CrateGraph:
    """The crates that Cargo would compile for some root packages, a target and features."""

    target: str
    host: str
    roots: tuple[CrateId, ...]
    crates: Mapping[CrateId, Crate]
    dependencies: tuple[Dependency, ...]
    problems: tuple[Problem, ...] = ()
    _from: dict[tuple[CrateId, Side], list[Dependency]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        table: dict[tuple[CrateId, Side], list[Dependency]] = {}
        for edge in self.dependencies:
            table.setdefault((edge.dependent, edge.side), []).append(edge)
        object.__setattr__(self, "_from", table)

    def dependencies_of(self, crate: CrateId, side: Side = Side.TARGET) -> tuple[Dependency, ...]:
        """The edges that leave a crate compiled for ``side``, in the order of its manifest."""
        return tuple(self._from.get((crate, side), ()))

    def named(self, name: str) -> tuple[Crate, ...]:
        """The crates of that package name, oldest version first as written."""
        return tuple(crate for crate in self.crates.values() if crate.id.name == name)


@dataclass(frozen=True, slots=True)
class LinkedCrate:
    """A crate whose object code is linked into another crate's cdylib.

    ``chain`` are the edges from the root to it, a shortest one. ``certain`` is False when an edge of
    every chain rests on Cargo.lock alone, where a build dependency looks like a normal one.
    """

    crate: Crate
    chain: tuple[Dependency, ...]
    certain: bool
