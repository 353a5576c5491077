"""Several crates read together: their bindings, who uses them, and what is reached from where."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, MutableMapping, Sequence
from functools import cached_property

from wasmdoctor.model.regex import regex
from wasmdoctor.model.rust import (
    BindingsFile,
    ExportCall,
    ExportedSymbol,
    ExternImport,
    ForeignMacro,
    Function,
    GenerateCall,
    Generator,
    GuestImpl,
    MethodCandidate,
    Reachability,
    UseSite,
)
from wasmdoctor.model.source import Problem
from wasmdoctor.readers.rust import bindgen, bindings, expansions, exports, externs, mentions, uses
from wasmdoctor.readers.rust.calls import CallGraph, Methods, owner_text, sorted_units
from wasmdoctor.readers.rust.cfg import Cfg
from wasmdoctor.readers.rust.itemgraph import ItemGraph, item_graph
from wasmdoctor.readers.rust.items import FileFacts
from wasmdoctor.readers.rust.modules import Read, crate_modules
from wasmdoctor.readers.rust.scopes import CrateCode, Index, Names, Resolver, RustCrate, Scope, Unit
from wasmdoctor.readers.rust.types import TypeReader

# An attribute's name, and what ends it or begins a comment.
_USED = regex(rb"used[\s\x80-\xff]*[]()=/]")

_NO_NAMES: Callable[[str], Names | None] = lambda _: None  # noqa: E731


def _may_be_used(data: bytes) -> bool:
    return b"used" in data and _USED.search(data) is not None


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
    whole: bool = False,
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
        whole=whole,
    )
    return RustCrate(name, tree, dict(externs or {}))


class Program:
    """Facts of a set of crates, each worked out when first asked for.

    ``names`` gives for a bindings module (its path, as in ``GenerateCall.bindings``) a function that says
    whether a path inside it exists there, from the WIT; without it what a ``generate!`` makes is guessed
    from which names nothing else explains, and such single names are uncertain.
    """

    def __init__(self, crates: Sequence[RustCrate], names: Callable[[str], Names | None] = _NO_NAMES) -> None:
        self._code = _Code(crates)
        self._begin(names)

    def _begin(self, names: Callable[[str], Names | None]) -> None:
        self.crates = self._code.crates
        self.generate_calls: tuple[GenerateCall, ...] = self._code.generate_calls
        self._index = self._code.index
        self._view = self._code.view
        self._resolver = Resolver(self._index, names)
        self._references: dict[int, uses.UnitReferences] = {}

    def with_names(self, names: Callable[[str], Names | None]) -> Program:
        """The same crates with other ``names``; what does not depend on them is not worked out again."""
        other = Program.__new__(Program)
        other._code = self._code
        other._begin(names)
        return other

    @cached_property
    def problems(self) -> tuple[Problem, ...]:
        """What could not be read, of all crates and their bindings."""
        found = [problem for crate in self.crates for problem in crate.tree.problems]
        found.extend(problem for call in self.generate_calls for problem in call.problems)
        found.extend(problem for file in self.bindings_files for problem in file.problems)
        return tuple(found)

    @property
    def bindings_files(self) -> tuple[BindingsFile, ...]:
        """Generated bindings that are in the crates' sources."""
        return self._code.bindings_files

    @property
    def extern_imports(self) -> tuple[ExternImport, ...]:
        """Functions of ``#[link(wasm_import_module)]`` blocks, generated and written by hand."""
        return self._code.extern_imports

    @property
    def exported_symbols(self) -> tuple[ExportedSymbol, ...]:
        """Functions exported by name."""
        return self._code.exported_symbols

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
        return tuple(exports.export_calls(self._index, self._resolver, self._view, names, self._bound))

    @cached_property
    def guest_impls(self) -> tuple[GuestImpl, ...]:
        """Impl blocks of bindings' export traits."""
        return tuple(exports.guest_impls(self._index, self._resolver, self._view, self._bound))

    def foreign_macros(self, crate: str) -> tuple[ForeignMacro, ...]:
        """Macros of other crates at a crate's functions and between its items."""
        return tuple(expansions.foreign_macros(self._index, self._resolver, self._view, crate))

    @cached_property
    def functions(self) -> tuple[Function, ...]:
        """All functions, methods, constants and statics."""
        return tuple(
            _function(unit) for unit in sorted_units(self._index.units) if unit.kind in ("fn", "value")
        )

    @cached_property
    def used_values(self) -> tuple[tuple[str, str], ...]:
        """The crates and ids of the constants and statics that are marked ``#[used]``."""
        return tuple(
            (unit.scope.crate.name, unit.id)
            for unit in self._index.units_with(_may_be_used)
            if unit.kind == "value"
            and unit.item is not None
            and any(attribute.name == "used" for attribute in unit.item.attributes)
        )

    @cached_property
    def _methods(self) -> Methods:
        return Methods(self._index, self._resolver)

    @cached_property
    def _types(self) -> TypeReader:
        return TypeReader(self._resolver, self._methods.of_type)

    @cached_property
    def _graph(self) -> CallGraph:
        return CallGraph(self._index, self._resolver, self._methods, self._references_of)

    @cached_property
    def _bound(self) -> set[str]:
        """The crates in whose code something of a bindings module may stand; in all others none does."""
        return self._methods.mixing(self._code.with_bindings)

    def _written(self, code: CrateCode) -> Iterator[Unit]:
        """A crate's own code, bindings left out."""
        return (unit for unit in code.units if self._view.root(unit.scope.module) is None)

    @cached_property
    def use_sites(self) -> tuple[UseSite, ...]:
        """Every place that names something of a bindings module."""
        crates = [code for name, code in self._index.code.items() if name in self._bound]
        imports = (use for code in crates for use in code.imports)
        units = (self._references_of(unit) for code in crates for unit in self._written(code))
        return tuple(uses.use_sites(imports, self._resolver, self._view, units))

    @cached_property
    def method_candidates(self) -> tuple[MethodCandidate, ...]:
        """Method calls on receivers of unknown type."""
        return self._candidates(self._index.units)

    def candidates_for(self, names: Collection[str]) -> tuple[MethodCandidate, ...]:
        """The ``method_candidates`` of these names, without a look at code that has none of them."""
        if not names:
            return ()
        words = uses.method_words(names)
        modules = (code for code in self._index.modules if code.has(words.search))
        units = (unit for code in modules for unit in code.units if uses.calls_method(unit, names, words))
        return tuple(candidate for candidate in self._candidates(units) if candidate.name in names)

    def _candidates(self, units: Iterable[Unit]) -> tuple[MethodCandidate, ...]:
        written = (unit for unit in units if self._view.root(unit.scope.module) is None)
        return tuple(uses.method_candidates(self._references_of(unit) for unit in written))

    def reachable(self, roots: Iterable[str], wanted: Collection[str] | None = None) -> Reachability:
        """Items (by ``Function.id``) reached from roots: surely, and possibly.

        Constants, types, traits and macros are nodes as well. Roots that do not exist are ignored. With ``wanted``
        the answer holds for those items only, and no more is read than they need.
        """
        return self._graph.reachable(roots, wanted)

    @cached_property
    def items(self) -> ItemGraph:
        """The crates' items, and which names which."""
        return item_graph(self._index, self._resolver, self._view, self._references_of)

    def named_crates(self, crate: str, wanted: Collection[str] | None = None) -> Mapping[str, bool]:
        """The crates that a crate's compiled code names, so that rustc links them, and whether surely.

        With ``wanted`` the answer holds for those crates only, and no more is read than they need.
        """
        code = self._index.code.get(crate)
        if code is None:
            return {}
        return mentions.named_crates(
            code, self._resolver, (self._references_of(unit) for unit in code.units), wanted
        )

    def users(self, crate: str) -> frozenset[str]:
        """The crates whose code can name something of a crate, directly or through others; itself too."""
        return self._index.users.get(crate, frozenset())

    def _references_of(self, unit: Unit) -> uses.UnitReferences:
        found = self._references.get(id(unit))
        if found is None:
            found = uses.references(unit, self._resolver, self._types)
            self._references[id(unit)] = found
        return found


class _Code:
    """What crates read together say before it is known what is in bindings made by macros."""

    def __init__(self, crates: Sequence[RustCrate]) -> None:
        self.crates = tuple(crates)
        self.index = Index(crates)
        calls = bindgen.generate_calls(self.index, Resolver(self.index))
        self.generate_calls = tuple(call for call, _ in calls)
        self.generated = bindings.bindings_modules(self.index)
        self.view = uses.BindingsView(self.generated)
        self.with_bindings = {module.path[0] for module in self.generated}
        for call, scope in calls:
            if call.generator is not Generator.WASMTIME and not call.inside and call.compiled is not False:
                self._mark(scope)
        self._mark_unknown_includes()

    def _mark(self, scope: Scope) -> None:
        self.index.virtual.add(id(scope))
        self.with_bindings.add(scope.crate.name)

    def _mark_unknown_includes(self) -> None:
        """What a build script writes may be bindings: names in it that nothing explains are possible uses."""
        for code in self.index.code.values():
            unknown = {
                include.module
                for include in self.index.crates[code.name].tree.includes
                if include.uses_out_dir and include.compiled is not False
            }
            for scope in code.module_scopes.values() if unknown else ():
                if scope.opaque and scope.name in unknown:
                    self._mark(scope)

    @property
    def _roots(self) -> set[int]:
        return {id(module) for module in self.generated}

    @cached_property
    def bindings_files(self) -> tuple[BindingsFile, ...]:
        return tuple(bindings.bindings_files(self.index, self.generated))

    @cached_property
    def extern_imports(self) -> tuple[ExternImport, ...]:
        return tuple(externs.extern_imports(self.index, self._roots))

    @cached_property
    def exported_symbols(self) -> tuple[ExportedSymbol, ...]:
        return tuple(externs.exported_symbols(self.index, self._roots))


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
