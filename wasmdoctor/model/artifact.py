"""What a build left behind: encoded worlds, archives, a target folder, and who calls which import.

Paths are as the reader was given them, with forward slashes; times are nanoseconds since the epoch, as
``st_mtime_ns`` has them; offsets and sizes are bytes.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from wasmdoctor.model.record import dataclass, field
from wasmdoctor.model.rust import SectionName
from wasmdoctor.model.source import Problem
from wasmdoctor.model.wasm import Extern, Producers


@dataclass(frozen=True, slots=True)
class SectionPlace:
    """Where a custom section's payload stands.

    ``path`` is the file, ``member`` the member of an archive ("" for a file that is none); ``offset``
    counts from the start of the file. For bytes that a bindings file holds, both numbers are 0 and the
    size that of the bytes.
    """

    path: str
    member: str = ""
    offset: int = 0
    size: int = 0


@dataclass(frozen=True, slots=True)
class EncodedType:
    """A named type of an encoded world.

    ``owner`` is the interface's full name, or "" for a type of the world itself. ``definition`` is
    WIT-like text: ``record { a: u32 }``, ``resource``, ``u32``; for a name that stands for another type,
    that type's name. ``used_from`` is then the interface that the other type belongs to, "" for the same
    one (or the world). ``exported`` tells the two sides of the world apart.
    """

    owner: str
    name: str
    definition: str
    used_from: str = ""
    exported: bool = False


@dataclass(frozen=True, slots=True)
class EncodedWorld:
    """A world as ``wit-component`` encodes it into a ``component-type*`` custom section.

    ``package`` is ``ns:pkg`` or ``ns:pkg@1.0.0``, ``world`` the world's short name. ``imports`` and
    ``exports`` are in the section's order; ``resources`` of an import or export are those that it defines
    itself, ones taken over with ``use`` are among its ``types``. ``encoding_version`` is the number in
    ``wit-component-encoding`` (3 for the form before that section), None when it is missing.
    ``string_encoding`` is ``utf8``, ``utf16``, ``compact-utf16`` or "".
    """

    section: SectionName
    place: SectionPlace
    package: str
    world: str
    imports: tuple[Extern, ...]
    exports: tuple[Extern, ...]
    types: tuple[EncodedType, ...] = ()
    encoding_version: int | None = None
    string_encoding: str = ""
    producers: Producers = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The full name, ``ns:pkg/world@1.0.0``, or the short one when there is no package."""
        if not self.package:
            return self.world
        base, at, version = self.package.partition("@")
        return f"{base}/{self.world}{at}{version}"


@dataclass(frozen=True, slots=True)
class EncodedWorlds:
    """The worlds of one file or payload, in order, and what could not be decoded."""

    worlds: tuple[EncodedWorld, ...] = ()
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class ArchiveMember:
    """A member of an ar archive: its name and where its bytes stand in the archive.

    ``external`` is set in a thin archive: then the bytes are in the file ``name``, which is relative to
    the archive's folder, and ``offset`` means nothing.
    """

    name: str
    offset: int
    size: int
    external: bool = False


@dataclass(frozen=True, slots=True)
class Archive:
    """The members of an ar archive, symbol and name tables left out."""

    members: tuple[ArchiveMember, ...] = ()
    thin: bool = False
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class LibraryWorlds:
    """The encoded worlds inside an rlib (or any archive of wasm objects).

    ``objects`` counts its wasm objects. ``bitcode`` counts members of LLVM bitcode, which rustc writes
    for link-time optimization: their worlds are searched for, but when there is
    bitcode, the absence of a world proves less than among objects.
    """

    path: str
    worlds: tuple[EncodedWorld, ...] = ()
    objects: int = 0
    bitcode: int = 0
    problems: tuple[Problem, ...] = ()


class Mangling(StrEnum):
    """How a symbol's name was made."""

    V0 = "v0"
    LEGACY = "legacy"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class RustSymbol:
    """A demangled Rust symbol.

    ``text`` is what ``rustc-demangle`` prints without hashes. ``crate`` is the crate that the item is
    written in: for a method that of its ``impl`` block (with legacy mangling, that of the type). ``path``
    is ``crate::module::Type::method``, or ``crate::module::<Type as Trait>::method`` with v0 mangling,
    which says in which module a trait's ``impl`` stands. ``crate_id`` is rustc's number for the crate, in
    hexadecimal, which tells two versions of one crate apart; "" with legacy mangling.
    """

    mangled: str
    mangling: Mangling
    crate: str
    path: str
    text: str
    crate_id: str = ""


class CoreTarget(StrEnum):
    """What an import of a core module leads to when the module is made a component.

    ``IMPORT``: an import of the component. ``BUILT_IN``: a canonical built-in that needs no import
    (``[resource-new]``, ``[task-return]``, all of ``[export]...``). ``ADAPTER``: a function of an adapter
    such as that for preview 1. ``INTERNAL``: another module of the same component. ``UNKNOWN``: none of
    them by its name.
    """

    IMPORT = "import"
    BUILT_IN = "built-in"
    ADAPTER = "adapter"
    INTERNAL = "internal"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class CoreCall:
    """An imported function of a core module, with the name that the name section has for it.

    ``module`` and ``field`` are the two-level name as it stands in the binary. ``target`` and
    ``interface`` say what of the component it is: for ``IMPORT`` the name of the component's import (for
    a function of the world itself, the function's own name), and ``function`` the function in it, or
    ``[resource-drop]name``. ``symbol`` is "" without a name section; ``rust`` is None when the symbol is
    not a mangled Rust name.
    """

    module: str
    field: str
    target: CoreTarget
    interface: str
    function: str
    symbol: str
    rust: RustSymbol | None


class ModuleRole(StrEnum):
    """What a core module is in its component; all but ``MAIN`` are told by the names wit-component gives."""

    MAIN = "main"
    ADAPTER = "adapter"
    SHIM = "shim"
    FIXUPS = "fixups"


@dataclass(frozen=True, slots=True)
class ModuleCalls:
    """The imported functions of one core module.

    ``name`` is the module's own name in its name section, or "". ``adapter`` is what an adapter module
    adapts (``wasi_snapshot_preview1``), or "". ``offset`` is where the module starts in the file.
    ``named`` is False when there is no list of function names (a stripped module).
    """

    offset: int
    size: int
    name: str
    role: ModuleRole
    adapter: str
    calls: tuple[CoreCall, ...]
    named: bool
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class DepInfo:
    """A dependency file that rustc or cargo wrote.

    ``rules`` maps each target to the files it was made from, as written; ``env`` are the environment
    variables that were read at compile time and their values, None for one that was not set.
    """

    path: str
    rules: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    env: Mapping[str, str | None] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()

    @property
    def sources(self) -> tuple[str, ...]:
        """All files of all rules, each once, in order."""
        return tuple(dict.fromkeys(source for sources in self.rules.values() for source in sources))


@dataclass(frozen=True, slots=True)
class Freshness:
    """Which sources changed after an artifact was built: path and modification time, newest first.

    ``missing`` are sources that are not there any more.
    """

    built_ns: int
    newer: tuple[tuple[str, int], ...] = ()
    missing: tuple[str, ...] = ()

    @property
    def stale(self) -> bool:
        """Whether any source is newer or gone."""
        return bool(self.newer or self.missing)


@dataclass(frozen=True, slots=True)
class Unit:
    """One compilation that cargo keeps a fingerprint of (``.fingerprint/<package>-<hash>/<kind>-<name>``).

    ``kind`` is ``lib``, ``bin``, ``example``, ``build-script``, ``run-build-script``, ``test-lib``...;
    ``crate`` the target's name with underscores. ``features`` are those it was compiled with.
    ``dependencies`` are the crates it names and, where that unit is still there, its ``id``; ``id`` is
    ``<package>-<hash>/<kind>-<name>``. ``started_ns`` is when its compilation began, 0 when unknown.
    ``rustflags`` are those of configuration and environment. ``unfinished`` when cargo set out to build it
    again (it, or what it depends on, had changed) and has not succeeded: what is there of it is from an
    earlier build.
    """

    id: str
    package: str
    hash: str
    kind: str
    crate: str
    features: tuple[str, ...] = ()
    dependencies: tuple[tuple[str, str | None], ...] = ()
    rustflags: tuple[str, ...] = ()
    modified_ns: int = 0
    started_ns: int = 0
    unfinished: bool = False


class ArtifactKind(StrEnum):
    """What kind of file a build output is, by its name and first bytes."""

    RLIB = "rlib"
    MODULE = "module"
    COMPONENT = "component"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Artifact:
    """A file that a crate was compiled to.

    ``crate`` has underscores, as in the file's name; ``hash`` is "" for what cargo names without one
    (rlibs of crates that are a cdylib too, and programs for wasm). ``in_deps`` is False for the copy in
    the profile's folder, which later steps may have replaced by a component. ``dep_info`` is the path of
    its dependency file, or "". ``unit`` is the ``id`` of
    its fingerprint, or "". ``linked_into`` are the crates of this folder's cdylibs and programs whose
    newest build links it. ``stale`` when another build of the crate is what counts.
    """

    path: str
    kind: ArtifactKind
    crate: str
    hash: str
    size: int
    modified_ns: int
    in_deps: bool
    dep_info: str = ""
    unit: str = ""
    linked_into: tuple[str, ...] = ()
    stale: bool = False


@dataclass(frozen=True, slots=True)
class TargetProfile:
    """One folder of build outputs: ``target/[<triple>/]<profile>``.

    ``triple`` is "" for the host. ``profile`` is the folder's name (``debug`` is the profiles dev and
    test, ``release`` release and bench). ``rlibs`` are sorted by crate, current ones first; ``modules``
    are the ``.wasm`` files in ``deps``, ``outputs`` those beside it.
    """

    path: str
    triple: str
    profile: str
    rlibs: tuple[Artifact, ...] = ()
    modules: tuple[Artifact, ...] = ()
    outputs: tuple[Artifact, ...] = ()
    units: Mapping[str, Unit] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()

    def rlib(self, crate: str) -> Artifact | None:
        """The current rlib of a crate (hyphens or underscores), or None. See ``rlibs_of`` for all."""
        return next((rlib for rlib in self.rlibs_of(crate) if not rlib.stale), None)

    def rlibs_of(self, crate: str) -> tuple[Artifact, ...]:
        """All rlibs of a crate, current ones first."""
        name = crate.replace("-", "_")
        return tuple(rlib for rlib in self.rlibs if rlib.crate == name)
