"""Several crates read together: their bindings, who uses them, and what is reached from where."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, MutableMapping, Sequence
from functools import cached_property

from wasmdoctor.model.rust import (
    BindingsFile,
    ExportCall,
    ExportedSymbol,
    ExternImport,
    Function,
    GenerateCall,
    Generator,
    GuestImpl,
    MethodCandidate,
    Reachability,
    UseSite,
)
from wasmdoctor.model.source import Problem
from wasmdoctor.readers.rust import bindgen, bindings, exports, externs, mentions, uses
from wasmdoctor.readers.rust.calls import CallGraph, methods_by_type, owner_text, sorted_units
from wasmdoctor.readers.rust.cfg import Cfg
from wasmdoctor.readers.rust.itemgraph import ItemGraph, item_graph
from wasmdoctor.readers.rust.items import FileFacts
from wasmdoctor.readers.rust.modules import Read, crate_modules
from wasmdoctor.readers.rust.scopes import Index, Names, Resolver, RustCrate, Unit
from wasmdoctor.readers.rust.types import TypeReader

_NO_NAMES: Callable[[str], Names | None] = lambda _: None  # noqa: E731


def read_crate(
    root_file: str,
    read: Read,
    cfg: Cfg,
    *,
    name: str,
    externs: Mapping[str, str] | None = None,
    out_dir: str | None = None,
    manifest_dir: str | None = None,
    cache: MutableMapping[str, FileFacts] | None = None,
    read_excluded: bool = True,
) -> RustCrate:
    """A crate ready to be put into a ``Program``; for the arguments see ``crate_modules``, ``RustCrate``."""
    tree = crate_modules(
        root_file,
        read,
        cfg,
        name=name,
        out_dir=out_dir,
        manifest_dir=manifest_dir,
        cache=cache,
        read_excluded=read_excluded,
    )
    return RustCrate(name, tree, dict(externs or {}))


class Program:
    """Facts of a set of crates, each worked out when first asked for.

    ``names`` gives for a bindings module (its path, as in ``GenerateCall.bindings``) a function that says
    whether a path inside it exists there, from the WIT; without it what a ``generate!`` makes is guessed
    from which names nothing else explains, and such single names are uncertain.
    """

    def __init__(self, crates: Sequence[RustCrate], names: Callable[[str], Names | None] = _NO_NAMES) -> None:
        self.crates = tuple(crates)
        self._index = Index(crates)
        self._resolver = Resolver(self._index, names)
        calls = bindgen.generate_calls(self._index, self._resolver)
        self.generate_calls: tuple[GenerateCall, ...] = tuple(call for call, _ in calls)
        self._generated = bindings.bindings_modules(self._index)
        for call, scope in calls:
            if call.generator is not Generator.WASMTIME and not call.inside and call.compiled is not False:
                scope.virtual = True
        self._mark_unknown_includes()
        self._resolver.forget()
        self._view = uses.BindingsView(self._generated)
        self._roots = {id(module) for module in self._generated}
        self._references: dict[int, uses.UnitReferences] = {}

    def _mark_unknown_includes(self) -> None:
        """What a build script writes may be bindings: names in it that nothing explains are possible uses."""
        unknown = {
            include.module
            for crate in self.crates
            for include in crate.tree.includes
            if include.uses_out_dir and include.compiled is not False
        }
        for scope in self._index.module_scopes.values():
            if scope.opaque and scope.name in unknown:
                scope.virtual = True

    @cached_property
    def problems(self) -> tuple[Problem, ...]:
        """What could not be read, of all crates and their bindings."""
        found = [problem for crate in self.crates for problem in crate.tree.problems]
        found.extend(problem for call in self.generate_calls for problem in call.problems)
        found.extend(problem for file in self.bindings_files for problem in file.problems)
        return tuple(found)

    @cached_property
    def bindings_files(self) -> tuple[BindingsFile, ...]:
        """Generated bindings that are in the crates' sources."""
        return tuple(bindings.bindings_files(self._index, self._generated))

    @cached_property
    def extern_imports(self) -> tuple[ExternImport, ...]:
        """Functions of ``#[link(wasm_import_module)]`` blocks, generated and written by hand."""
        return tuple(externs.extern_imports(self._index, self._roots))

    @cached_property
    def exported_symbols(self) -> tuple[ExportedSymbol, ...]:
        """Functions exported by name."""
        return tuple(externs.exported_symbols(self._index, self._roots))

    @cached_property
    def export_calls(self) -> tuple[ExportCall, ...]:
        """Calls of bindings' ``export!`` macros."""
        names: dict[str, set[str]] = {}
        for call in self.generate_calls:
            option = call.option("export_macro_name")
            known = names.setdefault(call.bindings, {"export"})
            if option is not None:
                known.add(option.value)
            if call.world is not None:  # wit-bindgen up to 0.24 named it after the world
                known.add("export_" + call.world.rpartition("/")[2].partition("@")[0].replace("-", "_"))
        return tuple(exports.export_calls(self._index, self._resolver, self._view, names))

    @cached_property
    def guest_impls(self) -> tuple[GuestImpl, ...]:
        """Impl blocks of bindings' export traits."""
        return tuple(exports.guest_impls(self._index, self._resolver, self._view))

    @cached_property
    def functions(self) -> tuple[Function, ...]:
        """All functions, methods, constants and statics."""
        return tuple(
            _function(unit) for unit in sorted_units(self._index.units) if unit.kind in ("fn", "value")
        )

    @cached_property
    def _methods(self) -> dict[str, dict[str, list[Unit]]]:
        return methods_by_type(self._index, self._resolver)

    @cached_property
    def _types(self) -> TypeReader:
        return TypeReader(self._resolver, self._methods)

    @cached_property
    def _graph(self) -> CallGraph:
        return CallGraph(self._index, self._resolver, self._methods, self._references_of)

    @cached_property
    def _uses(self) -> tuple[tuple[UseSite, ...], tuple[MethodCandidate, ...]]:
        wanted = [unit for unit in self._index.units if self._view.root(unit.scope.module) is None]
        found = [self._references_of(unit) for unit in wanted]
        sites, candidates = uses.use_sites(self._index, self._resolver, self._view, found)
        return tuple(sites), tuple(candidates)

    @property
    def use_sites(self) -> tuple[UseSite, ...]:
        """Every place that names something of a bindings module."""
        return self._uses[0]

    @property
    def method_candidates(self) -> tuple[MethodCandidate, ...]:
        """Method calls on receivers of unknown type."""
        return self._uses[1]

    def reachable(self, roots: Iterable[str]) -> Reachability:
        """Items (by ``Function.id``) reached from roots: surely, and possibly.

        Constants, types, traits and macros are nodes as well. Roots that do not exist are ignored.
        """
        return self._graph.reachable(roots)

    @cached_property
    def items(self) -> ItemGraph:
        """The crates' items, and which names which."""
        return item_graph(self._index, self._resolver, self._view, self._references_of)

    @cached_property
    def _named(self) -> dict[str, dict[str, bool]]:
        units = (self._references_of(unit) for unit in self._index.units)
        return mentions.named_crates(self._index, self._resolver, units)

    def named_crates(self, crate: str) -> Mapping[str, bool]:
        """The crates that a crate's compiled code names, so that rustc links them, and whether surely."""
        return self._named.get(crate, {})

    def _references_of(self, unit: Unit) -> uses.UnitReferences:
        found = self._references.get(id(unit))
        if found is None:
            found = uses.references(unit, self._resolver, self._types)
            self._references[id(unit)] = found
        return found


def reachable(crates: Sequence[RustCrate], roots: Iterable[str]) -> Reachability:
    """What is reached from roots in a set of crates; see ``Program.reachable``."""
    return Program(crates).reachable(roots)


def _function(unit: Unit) -> Function:
    item = unit.item
    assert item is not None
    type_, trait = owner_text(unit)
    return Function(
        unit.id,
        unit.scope.crate.name,
        unit.scope.module.name,
        unit.kind,
        unit.name,
        unit.source.location(item.span.start),
        item.span,
        item.full_span,
        tuple(attribute.name for attribute in item.attributes),
        item.visibility == "pub",
        unit.state,
        type_,
        trait,
    )
