"""Where macros of other crates stand in a crate's code: what they make of it is not in that code.

SDKs make a component's exports so: ``#[http_server] async fn main`` expands to an implementation of the export
that calls ``main``, ``export!(App)`` to one that calls what the type ``App`` implements. Nothing in the crate itself
calls those functions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from wasmdoctor.model.rust import ForeignMacro
from wasmdoctor.readers.rust.attributes import expand
from wasmdoctor.readers.rust.generators import MACRO_NAMES
from wasmdoctor.readers.rust.items import FnItem, MacroCall, MacroItem, Path, TypeItem
from wasmdoctor.readers.rust.macros import macro_calls, scan
from wasmdoctor.readers.rust.scopes import CrateCode, Index, Resolver, Scope, Target, Unit
from wasmdoctor.readers.rust.tokens import lex
from wasmdoctor.readers.rust.uses import BindingsView

EXPORTING = (b"export!", b"export_name", b"no_mangle", b"generate!")
"""What stands in the sources of a macro that makes exports."""


def foreign_macros(index: Index, resolver: Resolver, view: BindingsView, crate: str) -> list[ForeignMacro]:
    """The macros of other crates at a crate's functions and impl blocks, and between its items."""
    code = index.code.get(crate)
    if code is None:
        return []
    reader = _Reader(index, resolver, view, code)
    return [made for unit in code.units if unit.state is not False for made in reader.of(unit)]


class _Reader:
    def __init__(self, index: Index, resolver: Resolver, view: BindingsView, code: CrateCode) -> None:
        self.index = index
        self.resolver = resolver
        self.view = view
        self.code = code
        self._exports_of: dict[str, list[tuple[Scope, Path]]] = {}

    def of(self, unit: Unit) -> Iterator[ForeignMacro]:
        if unit.kind == "fn":
            yield from self._attributes(unit)
        elif unit.kind == "module":
            for call in unit.body.macros:
                if call.item and call.path[-1] not in MACRO_NAMES:
                    yield from self._call(unit, call)

    def _attributes(self, unit: Unit) -> Iterator[ForeignMacro]:
        items = [unit.item, unit.owner_item]
        attributes = [attribute for item in items if item is not None for attribute in item.attributes]
        predicate = unit.scope.crate.tree.conditions.predicate
        for attribute, applies in expand(attributes, predicate, unit.source.data):
            if applies is not False and attribute.name:
                path = tuple(attribute.name.split("::"))
                yield from self._made(unit, path, lambda: (unit.id,), attribute.span.start)

    def _call(self, unit: Unit, call: MacroCall) -> Iterator[ForeignMacro]:
        def functions() -> Iterable[str]:
            paths, _ = scan(lex(unit.source.data, call.inner_start, call.inner_end))
            return sorted({name for path in paths for name in self._named(unit, path.path)})

        yield from self._made(unit, call.path, functions, call.start)

    def _named(self, unit: Unit, path: Path) -> Iterator[str]:
        """A function that a macro gets by name, and what a type implements that it gets."""
        for target in self.resolver.resolve(unit.scope, path):
            definition = target.definition
            if definition is None or target.path:
                continue
            if isinstance(definition.item, FnItem):
                yield definition.id
            elif isinstance(definition.item, TypeItem):
                yield from self._implemented(definition.id)

    def _implemented(self, type_: str) -> Iterator[str]:
        for unit, item in self.code.trait_members:
            head = item.type.head if item.type is not None else None
            if head is None or unit.kind != "fn":
                continue
            for target in self.resolver.resolve(unit.scope, head):
                if target.definition is not None and target.definition.id == type_ and not target.path:
                    yield unit.id

    def _made(
        self, unit: Unit, path: Path, functions: Callable[[], Iterable[str]], at: int
    ) -> Iterator[ForeignMacro]:
        """One for each crate that may have the macro."""
        found: dict[str, set[str]] = {}
        for target in self.resolver.resolve(unit.scope, path):
            owner = _owner(target)
            if owner and owner != self.code.name:
                ids = found.setdefault(owner, set())
                if target.definition is not None and not target.path:
                    ids.add(target.definition.id)
        for owner, ids in found.items():
            yield ForeignMacro(
                "::".join(path),
                owner,
                unit.source.location(at),
                tuple(functions()),
                tuple(sorted(ids)),
                self._exporting(owner, ids),
                tuple(sorted(self._exports(unit, owner))),
            )

    def _exporting(self, owner: str, ids: Iterable[str]) -> bool | None:
        """Whether a macro's sources speak of exports; None when they are not here."""
        code = self.index.code.get(owner)
        if code is None:
            return None
        texts = [text for id_ in ids for text in _rules(code, id_)]
        if texts:
            return any(word in text for text in texts for word in EXPORTING)
        return code.holds(*EXPORTING)

    def _exports(self, unit: Unit, owner: str) -> Iterator[str]:
        """The bindings modules whose ``export!`` the macro's crate calls in what its macros make."""
        if owner not in self._exports_of:
            code = self.index.code.get(owner)
            made = code is not None and code.holds(b"export!")
            self._exports_of[owner] = list(_export_calls(code)) if code is not None and made else []
        for scope, path in self._exports_of[owner]:
            # Written for the place where the macro stands, ``$crate`` apart.
            for target in self.resolver.resolve(scope if path[0] == "$crate" else unit.scope, path):
                binding = self.view.of(target)
                if binding is not None:
                    yield binding.name


def _export_calls(code: CrateCode) -> Iterator[tuple[Scope, Path]]:
    """The calls of ``export!`` among the tokens of a crate's macros, with the scope that each stands in."""
    for unit in code.units:
        if unit.state is False:
            continue
        ranges = [(call.inner_start, call.inner_end) for call in unit.body.macros]
        if isinstance(unit.item, MacroItem):
            ranges.append((unit.item.inner_start, unit.item.inner_end))
        data = unit.source.data
        for start, end in ranges:
            if data.find(b"export!", start, end) >= 0:
                calls = macro_calls(lex(data, start, end))
                yield from ((unit.scope, path) for path in calls if path[-1] == "export")


def _owner(target: Target) -> str:
    """The crate that a target is in."""
    if target.definition is not None:
        return target.definition.path[0]
    if target.kind == "external":
        return target.path[0] if target.path else ""
    return target.scope.crate.name if target.scope is not None and target.kind == "module" else ""


def _rules(code: CrateCode, id_: str) -> Iterator[bytes]:
    """The text between the braces of a ``macro_rules!``."""
    for unit in code.by_id.get(id_, ()):
        if isinstance(unit.item, MacroItem):
            yield unit.source.data[unit.item.inner_start : unit.item.inner_end]
