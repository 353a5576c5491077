"""Which crate binds which world, and where: Rust facts and WIT put together."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property

from wasmdoctor.graph.rustnames import RustNames, rust_names
from wasmdoctor.graph.typeuse import interfaces_used
from wasmdoctor.model.binding import Binding, BoundItem, SiteKind
from wasmdoctor.model.cargo import CrateId
from wasmdoctor.model.names import ExternName
from wasmdoctor.model.record import dataclass, field
from wasmdoctor.model.rust import BindingsFile, ExternImport, GenerateCall, Generator
from wasmdoctor.model.source import Location, Problem
from wasmdoctor.model.wit import Interface, Resolution, World, WorldItem
from wasmdoctor.readers.rust import Program


@dataclass(frozen=True)
class FoundWorld:
    """A world with the resolution that it comes from (its packages decide Rust names)."""

    world: World
    resolution: Resolution

    @cached_property
    def interfaces(self) -> dict[str, Interface]:
        """All interfaces of the resolution by full name."""
        return {
            interface.name: interface
            for package in self.resolution.packages.values()
            for interface in package.interfaces.values()
        }

    @property
    def names(self) -> RustNames:
        """What wit-bindgen calls its items."""
        return rust_names(self.world, self.resolution.packages)


WorldOf = Callable[[GenerateCall], FoundWorld | Problem]
WorldNamed = Callable[[str], FoundWorld | None]
WorldsOf = Callable[[CrateId], Iterable[FoundWorld]]


@dataclass(frozen=True, slots=True)
class CrateBindings:
    """All bindings of a program, and what could not be found out about them.

    ``names`` maps a bindings module to the names inside it, for the resolver of use sites. ``unseen`` are
    the places in a crate where code comes from what is not in the sources: a file that a build script
    writes, a macro of another crate that makes bindings.
    """

    bindings: tuple[Binding, ...]
    names: Mapping[str, RustNames]
    problems: tuple[Problem, ...]
    unseen: Mapping[CrateId, tuple[Location, ...]] = field(default_factory=dict)


def bindings_of(
    program: Program,
    crates: Mapping[str, CrateId],
    world_of: WorldOf,
    world_named: WorldNamed,
    worlds_of: WorldsOf,
) -> CrateBindings:
    """The bindings of all crates of a program.

    ``crates`` maps the program's crate names to packages; ``world_of`` finds the world of a
    ``generate!`` call, ``world_named`` one by its full name (for generated files, whose WIT may be
    anywhere in the workspace), ``worlds_of`` all worlds of a crate's own WIT folder.
    """
    exported = {call.bindings for call in program.export_calls if call.compiled is not False}
    found: list[Binding] = []
    names: dict[str, RustNames] = {}
    problems: list[Problem] = []
    for call in program.generate_calls:
        if call.generator not in (Generator.WIT_BINDGEN, Generator.CARGO_COMPONENT):
            continue
        world = world_of(call)
        if isinstance(world, Problem):
            # A call in the rules of a macro is a template: its paths mean something where it is used.
            if not call.inside:
                problems.append(world)
            continue
        names[call.bindings] = world.names
        site = (SiteKind.GENERATE, call.location, call.bindings)
        exports = call.bindings in exported
        found.append(_of_world(crates[call.crate], site, world, call.compiled, exported=exports))
    for file in program.bindings_files:
        found.append(_of_file(crates[file.crate], file, world_named, file.module in exported))
    found += _extern_blocks(program.extern_imports, crates)
    unseen: dict[CrateId, tuple[Location, ...]] = {}
    for crate, kind, location, module in _unseen(program, crates):
        unseen[crate] = (*unseen.get(crate, ()), location)
        site = (kind, location, module)
        found += [
            _of_world(crate, site, world, None, exported=True, opaque=True) for world in worlds_of(crate)
        ]
    return CrateBindings(tuple(found), names, tuple(problems), unseen)


def _of_world(
    crate: CrateId,
    site: tuple[SiteKind, Location, str],
    found: FoundWorld,
    compiled: bool | None,
    *,
    exported: bool,
    opaque: bool = False,
) -> Binding:
    """All of a world, bound at a site: its kind, its place, and the Rust module."""
    kind, location, module = site
    world = found.world
    return Binding(
        crate=crate,
        kind=kind,
        location=location,
        module=module,
        world=world.name,
        world_location=world.location,
        imports={name: bound(item, found) for name, item in world.imports.items()},
        exports={name: bound(item, found) for name, item in world.exports.items()},
        compiled=compiled,
        exported=exported,
        opaque=opaque,
    )


def bound(item: WorldItem, found: FoundWorld) -> BoundItem:
    """A world's import or export as a binding has it."""
    functions: tuple[str, ...] = ()
    resources: tuple[str, ...] = ()
    if item.interface:
        functions, resources = tuple(item.interface.functions), item.interface.resources
    elif item.function:
        functions = (item.function.name,)
    elif item.type and item.type.is_resource:
        resources = (item.type.name,)
    return BoundItem(item.name, item.kind.value, functions, resources, item.origin.steps, _needs(item, found))


def _needs(item: WorldItem, found: FoundWorld) -> dict[str, frozenset[str]]:
    """For each function, the interfaces that define its types."""
    interfaces = found.interfaces
    if item.interface:
        return {
            name: interfaces_used([function], item.interface.types, interfaces, owner=item.interface.name)
            for name, function in item.interface.functions.items()
        }
    world = (*found.world.imports.values(), *found.world.exports.values())
    types = {other.name: other.type for other in world if other.type}
    if item.function:
        return {item.function.name: interfaces_used([item.function], types, interfaces)}
    # A type that the world itself uses is encoded with it, needed or not.
    return {"": interfaces_used([], types, interfaces, names=[item.name])}


def _of_file(crate: CrateId, file: BindingsFile, world_named: WorldNamed, exported: bool) -> Binding:
    """A generated file says itself what it imports; the WIT, where it is found, says from which lines."""
    section = next((s.section for s in file.sections if not s.in_macro), None) or next(
        (s.section for s in file.sections), None
    )
    name = f"{section.package.partition('@')[0]}/{section.world}" if section and section.world else ""
    if section and "@" in section.package:
        name += "@" + section.package.partition("@")[2]
    world = world_named(name) if name else None
    imports: dict[str, BoundItem] = {}
    for module, functions in _by_module(file.imports).items():
        known = world.world.imports.get(module) if world else None
        steps = known.origin.steps if known else ()
        needs = _needs(known, world) if known and world else {}
        kind = "interface" if ExternName.parse(module).kind == "interface" else "func"
        imports[module] = BoundItem(module, kind, functions, (), steps, needs)
    exports: dict[str, BoundItem] = {}
    for symbol in file.exports:
        owner, _, function = symbol.name.rpartition("#")
        export = owner or function
        if export.startswith("cabi_"):
            continue
        item = world.world.exports.get(export) if world else None
        exports.setdefault(
            export,
            BoundItem(
                export,
                "interface" if owner else "func",
                (),
                (),
                item.origin.steps if item else (),
                _needs(item, world) if item and world else {},
            ),
        )
    return Binding(
        crate=crate,
        kind=SiteKind.FILE,
        location=file.location,
        module=file.module,
        world=world.world.name if world else name,
        world_location=world.world.location if world else None,
        imports=imports,
        exports=exports,
        compiled=file.compiled,
        exported=exported,
    )


def _by_module(imports: Iterable[ExternImport]) -> dict[str, tuple[str, ...]]:
    """Import modules with their functions, the canonical ABI's own helpers left out."""
    found: dict[str, dict[str, None]] = {}
    for item in imports:
        if item.module.startswith("[export]"):
            continue
        name = item.name if item.module == "$root" else item.module
        functions = found.setdefault(name, {})
        if is_function(item.name):
            functions[item.name] = None
    return {module: tuple(names) for module, names in found.items()}


def is_function(name: str) -> bool:
    """Whether a core import is a function of its interface: `[resource-drop]x` and its like are not.

    Names: Component Model, BuildTargets.md, and wit-component 0.262 (``validation.rs``).
    """
    return not name.startswith("[") or name.startswith(("[method]", "[static]", "[constructor]"))


def _extern_blocks(imports: Iterable[ExternImport], crates: Mapping[str, CrateId]) -> list[Binding]:
    """Hand-written blocks that import an interface by its component name: one binding for each block."""
    blocks: dict[tuple[str, str, int], list[ExternImport]] = {}
    for item in imports:
        if not item.generated and ExternName.parse(item.module).kind == "interface":
            blocks.setdefault((item.crate, item.location.path, item.block_span.start), []).append(item)
    return [
        Binding(
            crate=crates[items[0].crate],
            kind=SiteKind.EXTERN,
            location=items[0].module_location,
            module=items[0].rust_module,
            world="",
            world_location=None,
            imports={
                module: BoundItem(module, "interface", functions)
                for module, functions in _by_module(items).items()
            },
            exports={},
            compiled=items[0].compiled,
        )
        for items in blocks.values()
    ]


def _unseen(
    program: Program, crates: Mapping[str, CrateId]
) -> Iterator[tuple[CrateId, SiteKind, Location, str]]:
    """Where a build script writes code or a macro of another crate makes bindings: that code is not here.

    All that can be said of such bindings is that they may be for a world of the crate's own WIT.
    """
    for crate in program.crates:
        for include in crate.tree.includes:
            if include.uses_out_dir and include.path is None and include.compiled is not False:
                yield crates[crate.name], SiteKind.OUT_DIR, include.location, include.module
    bound = {call.crate for call in program.generate_calls if not call.inside}
    for call in program.generate_calls:
        if not call.inside or call.compiled is False:
            continue
        for name, crate_id in crates.items():
            if name != call.crate and name not in bound and call.crate in program.named_crates(name):
                yield crate_id, SiteKind.MACRO, call.location, ""
