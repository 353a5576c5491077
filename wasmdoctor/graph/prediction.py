"""What building a crate would import and export, from sources alone.

The encoder merges the worlds of all crates that are linked, and keeps of the imports only the functions
that the linked module still calls, of the exports all that any linked crate exports (measured with
rustc 1.96, wit-bindgen 0.48, wit-component 0.262; fixtures/workspaces/README.md has the cases). A crate that no
Rust path names is not linked at all, whatever Cargo.toml says.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from wasmdoctor.graph.bindings import CrateBindings, is_function
from wasmdoctor.graph.rustnames import RustNames
from wasmdoctor.model.binding import Binding, BoundItem, Carrier, Certainty, Predicted, Prediction, SiteKind
from wasmdoctor.model.cargo import CrateId, LinkedCrate
from wasmdoctor.model.names import ExternName, track, version_order
from wasmdoctor.model.record import dataclass, replace
from wasmdoctor.model.rust import ExternImport, ForeignMacro, Reachability, UseSite
from wasmdoctor.readers.rust import Program


@dataclass(frozen=True, slots=True)
class Linkage:
    """The crates of one build: ``root`` is the component's package, ``linked`` what may be linked into it.

    ``start`` is the Rust crate (the program's name for it) that is built, a library or a program;
    ``rust`` maps the program's crate names to packages. A package that is not in it has no sources here.
    ``macros`` are those of other crates in the code of ``start``.
    """

    root: CrateId
    start: str
    linked: Sequence[LinkedCrate]
    rust: Mapping[str, CrateId]
    macros: Sequence[ForeignMacro] = ()

    @property
    def entries(self) -> set[str]:
        """The functions that a macro of another crate may make exports of."""
        return {name for macro in self.macros if macro.exporting for name in macro.functions}


def predict(
    linkage: Linkage, target: str, program: Program, found: CrateBindings, std: Iterable[str] = ()
) -> Prediction:
    """The imports and exports of the component that a crate would become; ``found`` are its crates' bindings.

    ``std`` are the interfaces (without version) that std may bring for the target: always only possible,
    since they depend on what of std is kept, and under a name without version.
    """
    named = _named_crates(linkage, program, found)
    mine = _linked(found, named, linkage)
    uses = _Uses(program, found.names, list(_roots(mine, program, named, linkage)), linkage)
    chains = {linked.crate.id: linked for linked in linkage.linked}
    imports: dict[str, list[Carrier]] = {}
    exports: dict[str, list[Carrier]] = {}
    for binding in mine:
        chain = chains.get(binding.crate)
        sure = (
            binding.compiled is True
            and not binding.opaque
            and bool(_linked_surely(binding, named, linkage))
            and (chain is None or chain.certain)
        )
        for carrier in _imports(binding, uses, chain, sure):
            imports.setdefault(carrier.name, []).append(carrier)
        by_macro = any(binding.module in macro.exports for macro in linkage.macros)
        if binding.exported or by_macro:
            certainty = Certainty.CERTAIN if sure and not by_macro else Certainty.POSSIBLE
            for item in binding.exports.values():
                carrier = Carrier(item.name, chain, binding, certainty, item.functions)
                exports.setdefault(item.name, []).append(carrier)
    packages = {linkage.rust[name] for name in named}
    merged = _merged(imports)
    for name in std:
        merged.setdefault(name, Predicted(name, Certainty.POSSIBLE, source="std"))
    return Prediction(
        linkage.root,
        target,
        dict(sorted(merged.items())),
        {name: _predicted(name, carriers) for name, carriers in sorted(exports.items())},
        tuple(place for crate, places in found.unseen.items() if crate in packages for place in places),
    )


def kept(linkage: Linkage, program: Program, found: CrateBindings) -> Reachability:
    """The functions that the linked module of a crate keeps: what its exports and start function reach."""
    named = _named_crates(linkage, program, found)
    roots = _roots(_linked(found, named, linkage), program, named, linkage)
    return program.reachable([*roots, *linkage.entries])


def _linked(found: CrateBindings, named: Mapping[str, bool], linkage: Linkage) -> list[Binding]:
    """The bindings of crates that are, or may be, linked."""
    return [
        binding
        for binding in found.bindings
        if binding.compiled is not False and _linked_surely(binding, named, linkage) is not None
    ]


def _named_crates(linkage: Linkage, program: Program, found: CrateBindings) -> dict[str, bool]:
    """The Rust crates that are really linked: those that code of a linked one names. False: only perhaps.

    Only of crates that bring something is it found out, and of those through which they are linked.
    """
    bringing = _bringing(linkage, program, found)
    named = _named_by_imports(linkage, program) if bringing else {linkage.start: True}
    if bringing <= named.keys():
        return named
    named = {linkage.start: True}
    waiting = [linkage.start]
    ways = {user for crate in bringing for user in program.users(crate)}
    for crate in waiting:  # grows on the way
        if crate not in ways:
            continue
        open_ = {name for name in ways if not named.get(name)}
        for other, sure in program.named_crates(crate, open_).items():
            if other not in linkage.rust or other not in ways:
                continue
            certain = sure and named[crate]
            if other not in named or (certain and not named[other]):
                named[other] = certain
                waiting.append(other)
    return named


def _named_by_imports(linkage: Linkage, program: Program) -> dict[str, bool]:
    """The crates that are linked by ``use`` declarations alone: all sure."""
    named: dict[str, bool] = {linkage.start: True}
    waiting = [linkage.start]
    for crate in waiting:  # grows on the way
        for other, sure in program.named_crates(crate, ()).items():
            if sure and other in linkage.rust and other not in named:
                named[other] = True
                waiting.append(other)
    return named


def _bringing(linkage: Linkage, program: Program, found: CrateBindings) -> set[str]:
    """The crates besides the one that is built that bring bindings, or functions which must be kept."""
    packages = {binding.crate for binding in found.bindings} | found.unseen.keys()
    crates = {name for name, package in linkage.rust.items() if package in packages}
    crates |= {binding.module.partition("::")[0] for binding in found.bindings}
    crates |= {crate for crate, _ in program.used_values}
    crates |= {symbol.function.partition("::")[0] for symbol in program.exported_symbols}
    return (crates & linkage.rust.keys()) - {linkage.start}


def _linked_surely(binding: Binding, named: Mapping[str, bool], linkage: Linkage) -> bool | None:
    """Whether the crate that has a binding is linked; None when it is not at all."""
    crate = binding.module.partition("::")[0]
    if crate in linkage.rust:
        return named.get(crate)
    found = [sure for name, sure in named.items() if linkage.rust.get(name) == binding.crate]
    return any(found) if found else None


def _roots(
    bindings: Sequence[Binding], program: Program, named: Mapping[str, bool], linkage: Linkage
) -> Iterator[str]:
    """The functions that the linked module must keep: implementations of exports, and exported symbols."""
    exported = {binding.module for binding in bindings if binding.exported}
    for implementation in program.guest_impls:
        if implementation.bindings in exported or not implementation.bindings:
            yield from implementation.function_ids
    yield f"{linkage.start}::main"
    for crate, value in program.used_values:
        if crate in named:
            yield value
    for symbol in program.exported_symbols:
        if (
            symbol.compiled is not False
            and symbol.function.partition("::")[0] in named
            and not symbol.in_macro
        ):
            yield symbol.function


class _Uses:
    """Which functions of a binding are called from code that is kept."""

    def __init__(
        self, program: Program, names: Mapping[str, RustNames], roots: Sequence[str], linkage: Linkage
    ) -> None:
        self.externs: dict[str, list[ExternImport]] = {}
        for extern in program.extern_imports:
            item = extern.name if extern.module == "$root" else extern.module
            self.externs.setdefault(item, []).append(extern)
        self.found: dict[tuple[str, str], dict[str, Certainty]] = {}
        sites = [site for site in program.use_sites if site.compiled is not False and site.bindings in names]
        methods = _methods(names)
        candidates = program.candidates_for(methods)
        wanted = {site.function for site in sites} | {candidate.function for candidate in candidates}
        wanted |= {extern.id for extern in program.extern_imports}
        self.reached = program.reachable(roots, wanted - {""})
        # What only a macro calls is as sure as that the macro makes an export of it.
        entries = linkage.entries.union(*(macro.definitions for macro in linkage.macros))
        self.by_macro = program.reachable(entries, wanted - {""}) if entries else Reachability()
        for site in sites:
            self._site(site, names[site.bindings])
        for candidate in candidates:
            # The receiver's type is not known: it may be a resource of any binding with such a method.
            if self._of(candidate.function, conditional=False) is not None:
                for module, item, function in methods[candidate.name]:
                    self._note(module, item, function, Certainty.POSSIBLE)

    def _of(self, function: str, *, conditional: bool) -> Certainty | None:
        """How surely code of a function is kept and runs; None when nothing reaches it."""
        if function in self.reached.plain:
            return Certainty.LIKELY if conditional else Certainty.CERTAIN
        if function in self.reached.certain or function in self.by_macro.certain:
            return Certainty.LIKELY
        possible = function in self.reached.possible or function in self.by_macro.possible
        return Certainty.POSSIBLE if possible else None

    def _site(self, site: UseSite, names: RustNames) -> None:
        kept = self._of(site.function, conditional=site.conditional)
        called = names.called(site.relative)
        if called is not None and site.kind not in ("use", "type", "impl"):
            if kept is not None:
                sure = site.certain and bool(site.compiled)
                self._note(site.bindings, *called, kept if sure else Certainty.POSSIBLE)
            elif site.kind == "macro":
                self._note(site.bindings, *called, Certainty.POSSIBLE)
        elif called is None and site.relative in names.resources and kept is not None:
            # Whoever has a value of a resource type may drop it, which is an import of its own.
            self._note(site.bindings, names.resources[site.relative], "", Certainty.POSSIBLE)
        elif called is None and site.kind == "macro":
            # A macro's rules may put any name behind a module: `$crate::bindings::$interface::call()`.
            for path, (item, function) in names.functions.items():
                if path[: len(site.relative)] == site.relative:
                    self._note(site.bindings, item, function, Certainty.POSSIBLE)

    def _note(self, module: str, item: str, function: str, certainty: Certainty) -> None:
        known = self.found.setdefault((module, item), {})
        known[function] = _surer(known.get(function), certainty)

    def of(self, binding: Binding, item: BoundItem) -> dict[str, Certainty]:
        """The functions of an import that are used, and how surely; "" stands for a resource's drop."""
        if binding.opaque:
            return dict.fromkeys(item.functions or ("",), Certainty.POSSIBLE)
        if binding.kind is SiteKind.GENERATE:
            return self.found.get((binding.module, item.name), {})
        used: dict[str, Certainty] = {}
        for extern in self.externs.get(item.name, ()):
            module = extern.rust_module
            if module != binding.module and not module.startswith(binding.module + "::"):
                continue
            certainty = self._of(extern.id, conditional=False)
            if certainty is not None:
                used[extern.name] = _surer(used.get(extern.name), certainty)
        return used


def _methods(names: Mapping[str, RustNames]) -> dict[str, list[tuple[str, str, str]]]:
    """By its Rust name what each method of a resource is: its bindings module, import and function."""
    found: dict[str, list[tuple[str, str, str]]] = {}
    for module, known in names.items():
        for path, (item, function) in known.functions.items():
            if len(path) > 1 and function.startswith("["):
                found.setdefault(path[-1], []).append((module, item, function))
    return found


def _imports(binding: Binding, uses: _Uses, chain: LinkedCrate | None, sure: bool) -> Iterator[Carrier]:
    """The imports of one binding: what is called, what only types are needed of, and what is not used."""
    used = {name: uses.of(binding, item) for name, item in binding.imports.items()}
    types: dict[str, Certainty] = {}
    for item in binding.imports.values():
        if item.kind == "type":
            types.update(dict.fromkeys(item.needs.get("", ()), Certainty.CERTAIN))
    for name, functions in used.items():
        for function, certainty in functions.items():
            for needed in binding.imports[name].needs.get(function, ()):
                types[needed] = _surer(types.get(needed), certainty)
    if binding.exported:
        for export in binding.exports.values():
            for needs in export.needs.values():
                for needed in needs - binding.exports.keys():
                    types[needed] = Certainty.CERTAIN
    for name in binding.imports:
        best: Certainty | None = types.get(name)
        for certainty in used[name].values():
            best = _surer(best, certainty)
        if best in (Certainty.CERTAIN, Certainty.LIKELY) and not sure:
            best = Certainty.POSSIBLE
        called = tuple(sorted(function for function in used[name] if function and is_function(function)))
        yield Carrier(name, chain, binding, best or Certainty.UNUSED, called)


def _surer(one: Certainty | None, other: Certainty) -> Certainty:
    return other if one is None else min(one, other, key=lambda certainty: certainty.rank)


def _predicted(name: str, carriers: Iterable[Carrier]) -> Predicted:
    ordered = sorted(carriers, key=_carrier_order)
    functions = sorted({function for carrier in ordered for function in carrier.functions})
    best = min((carrier.certainty for carrier in ordered), key=lambda certainty: certainty.rank)
    return Predicted(name, best, tuple(ordered), tuple(functions))


def _carrier_order(carrier: Carrier) -> tuple[object, ...]:
    """The surest first, then the shortest chain, then the place."""
    place = carrier.binding.location
    length = len(carrier.linked.chain) if carrier.linked else 0
    return (carrier.certainty.rank, length, place.path, place.line)


def _merged(imports: Mapping[str, list[Carrier]]) -> dict[str, Predicted]:
    """Imports by name; patch versions of one track become the highest, as wit-component merges them.

    Rule: wit-parser 0.262, ``Resolve::merge_world_imports_based_on_semver``. A binding that nothing uses
    raises the version only when its section is linked all the same, which depends on how rustc cuts the
    crate into objects: then both versions are possible.
    """
    groups: dict[tuple[str, str], list[str]] = {}
    for name in imports:
        parsed = ExternName.parse(name)
        on = track(parsed.version)
        groups.setdefault((parsed.unversioned, on or f"={parsed.version}"), []).append(name)
    merged: dict[str, Predicted] = {}
    for same in groups.values():
        used = [n for n in same if any(c.certainty is not Certainty.UNUSED for c in imports[n])]
        best, highest = max(used or same, key=_version), max(same, key=_version)
        carriers = [carrier for name in (used or same) for carrier in imports[name]]
        if not used or best == highest:
            merged[best] = _predicted(best, carriers)
        else:
            for name in (best, highest):
                possible = [replace(c, certainty=_not_certain(c.certainty)) for c in carriers]
                merged[name] = _predicted(name, possible)
        for name in set(same) - set(used or same):
            merged.setdefault(name, _predicted(name, imports[name]))
    return dict(sorted(merged.items()))


def _version(name: str) -> tuple[object, ...]:
    return version_order(ExternName.parse(name).version)


def _not_certain(certainty: Certainty) -> Certainty:
    return Certainty.LIKELY if certainty is Certainty.CERTAIN else certainty
