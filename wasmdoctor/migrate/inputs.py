"""What plans take: one cargo workspace's crates, sources and bindings, read by others. Nothing here reads.

Paths are those of the file view that everything was read with (relative to its start, or absolute).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

from wasmdoctor.graph.rustnames import RustNames
from wasmdoctor.model.binding import Binding, Prediction
from wasmdoctor.model.cargo import (
    Crate,
    CrateGraph,
    CrateId,
    LinkedCrate,
    Package,
    PackageTarget,
    TargetKind,
    Workspace,
)
from wasmdoctor.model.plan import BridgeFunction
from wasmdoctor.model.record import dataclass, field
from wasmdoctor.model.rust import BindingsFile, GenerateCall, GenerateOption
from wasmdoctor.model.source import Location
from wasmdoctor.model.wit import Resolution, World
from wasmdoctor.readers.rust import Program


class Tree(Protocol):
    """The files of the workspace as they were read."""

    def read(self, path: str) -> bytes | None:
        """The bytes of a file; None when there is none, or it may not be read."""
        ...

    def entries(self, path: str) -> Mapping[str, bool]:
        """The names in a folder, and whether each is a folder; empty when there is no such folder."""
        ...


@dataclass(frozen=True, slots=True)
class Site:
    """One place that binds a world: a ``generate!`` call or a bindings file, with the WIT behind it.

    ``module`` is the Rust path of the module that holds the bindings, in the program's crate names.
    Exactly one of ``call`` and ``file`` is given. ``paths`` are the WIT files and folders that the call
    reads (for a bindings file the crate's own ``wit``); ``inline`` when (also) the call itself holds WIT.
    ``world`` is None for a bindings file whose WIT was not found.
    """

    crate: CrateId
    module: str
    binding: Binding
    call: GenerateCall | None
    file: BindingsFile | None
    world: World | None
    resolution: Resolution
    paths: tuple[str, ...] = ()
    inline: bool = False


def component_name(package: Package, target: PackageTarget) -> str:
    """What a component is called: its package, or for one of several programs (or one beside a library) its own
    name."""
    programs = [one for one in package.targets if one.kind is TargetKind.BIN]
    alone = target.kind is TargetKind.LIB or (package.lib is None and len(programs) == 1)
    return package.name.value if alone else target.name


@dataclass(frozen=True, slots=True)
class ComponentInput:
    """What a member builds for the target: its cdylib or one of its programs, and all that it is built from.

    ``program`` holds the sources of the crates that were read, ``crate_ids`` the package of each of its
    crate names, ``start`` the one that is built. ``sites`` are the bindings that are macros or files,
    ``bindings`` all of them, extern blocks and opaque ones too. ``unseen`` are places whose code is not in
    the sources. ``names`` are what is in a bindings module, by its path.
    """

    crate: Crate
    package: Package
    target: PackageTarget
    graph: CrateGraph
    linked: tuple[LinkedCrate, ...]
    program: Program
    crate_ids: Mapping[str, CrateId]
    start: str
    bindings: tuple[Binding, ...]
    sites: tuple[Site, ...]
    unseen: Mapping[CrateId, tuple[Location, ...]]
    names: Mapping[str, RustNames]
    prediction: Prediction

    @property
    def name(self) -> str:
        """What it is called: its package, or for one of several programs its own name."""
        return component_name(self.package, self.target)


@dataclass(frozen=True, slots=True)
class PlanInputs:
    """One cargo workspace for one target.

    ``provided`` says whether the host has an import, by its full name, in any version and with any flag
    (``Match.kind`` is not ``none``): what it has not is what plans are about. ``composed`` names files that compose components (``.wac``), with the paths that they
    are read by. ``wit_roots`` are the workspace's WIT folders.
    """

    cargo: Workspace
    target: str
    components: tuple[ComponentInput, ...]
    files: Tree
    provided: Callable[[str], bool]
    compositions: tuple[str, ...] = ()
    wit_roots: tuple[str, ...] = ()

    @property
    def root(self) -> str:
        """The workspace's folder: edits are relative to it."""
        return self.cargo.folder


@dataclass(frozen=True, slots=True)
class BridgeRequest:
    """A plain Rust module that is wanted in the place of bindings.

    ``crate`` is the package's name. ``module`` is the module's path in its crate (``crate::wasi_bridge``),
    ``path`` its file relative to the workspace; files that it wants beside itself go below the folder of the
    same name (``src/wasi_bridge/...`` for ``src/wasi_bridge.rs``).

    ``imports`` are names from ``world.imports``, whose functions and types are wanted as bindings have them:
    interfaces as modules, the world's own functions and types at the top. ``types_only`` are further names
    from ``world.imports`` of which only types are needed (because others use them), ``exported_types``
    names from ``world.exports`` whose types are wanted as plain definitions below ``exports``.

    ``functions`` are the functions that the code uses, by import (a plain function under its own name):
    encoded names. All functions of an interface are part of its API, the others may stay out.
    ``options`` are those of the ``generate!`` call, or of the bindings file's header, so that derives and
    ownership are the same. ``with_`` maps interfaces to Rust modules, as seen from the crate's root, that
    hold their types already (other bindings, or bindings that stay in this crate).
    """

    crate: str
    module: str
    path: str
    world: World
    imports: tuple[str, ...]
    functions: Mapping[str, frozenset[str]] = field(default_factory=dict)
    types_only: tuple[str, ...] = ()
    exported_types: tuple[str, ...] = ()
    options: tuple[GenerateOption, ...] = ()
    with_: Mapping[str, str] = field(default_factory=dict)
    edition: str = "2021"


@dataclass(frozen=True, slots=True)
class NewDependency:
    """A crate that a bridge needs: the requirement, whether default features are wanted, and features."""

    requirement: str
    features: tuple[str, ...] = ()
    default_features: bool = True


@dataclass(frozen=True, slots=True)
class Bridge:
    """The text of a bridge module.

    ``files`` are the module's files by path (relative to the workspace, the requested path among them),
    ``functions`` what each function does, ``dependencies`` the crates it needs, by name.
    """

    files: Mapping[str, bytes]
    functions: tuple[BridgeFunction, ...] = ()
    dependencies: Mapping[str, NewDependency] = field(default_factory=dict)


BridgeMaker = Callable[[BridgeRequest, Resolution], Bridge]
"""Makes the module that is asked for."""
