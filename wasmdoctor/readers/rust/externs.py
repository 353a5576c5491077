"""Imports and exports of the linked module that are written out: ``#[link(wasm_import_module = ...)]``,
``#[link_name]``, ``#[export_name]`` and ``#[no_mangle]``, also through ``cfg_attr`` and ``unsafe(...)``.

The Rust Reference, "External blocks" (``wasm_import_module``) and "Application binary interface".
"""

from __future__ import annotations

from collections.abc import Iterator

from wasmdoctor.model.rust import ExportedSymbol, ExternImport
from wasmdoctor.readers.rust.attributes import expand
from wasmdoctor.readers.rust.cfg import both
from wasmdoctor.readers.rust.items import FnItem, MacroItem
from wasmdoctor.readers.rust.scopes import ForeignBlock, Index, Unit, within
from wasmdoctor.readers.rust.tokens import IDENT, STRING, Token, lex, string_value


def extern_imports(index: Index, generated: set[int]) -> list[ExternImport]:
    """Every function of every link block, in order of file and place.

    ``generated`` are the modules (by ``id``) that hold generated bindings.
    """
    blocks = (
        block
        for code in index.modules
        if code.has(lambda data: b"wasm_import_module" in data)
        for block in code.foreign
    )
    found = [item for block in blocks for item in _block_imports(block, generated)]
    return sorted(found, key=lambda item: (item.location.path, item.location.line, item.location.column))


def _block_imports(block: ForeignBlock, generated: set[int]) -> Iterator[ExternImport]:
    source = block.source
    conditions = block.scope.crate.tree.conditions
    for attribute, applies in expand(block.item.attributes, conditions.predicate, source.data):
        if attribute.name != "link":
            continue
        named = attribute.named("wasm_import_module")
        if named is None:
            continue
        module, span = named
        for item in block.item.items:
            if not isinstance(item, FnItem):
                continue
            own = conditions.of(item.condition, source.data)
            names = [
                (inner.value, state)
                for inner, state in expand(item.attributes, conditions.predicate, source.data)
                if inner.name == "link_name" and inner.value is not None
            ]
            for name, state in names or [(item.name, True)]:
                yield ExternImport(
                    module,
                    name or "",
                    item.name,
                    block.scope.crate.name,
                    block.scope.module.name,
                    block.function,
                    source.location(item.name_span.start),
                    source.location(span.start),
                    block.item.full_span,
                    both(block.state, applies, own, state),
                    within(block.scope.module, generated),
                )


def exported_symbols(index: Index, generated: set[int]) -> list[ExportedSymbol]:
    """Functions that a ``cdylib`` exports under a name, those in macro rules included."""
    found: list[ExportedSymbol] = []
    for unit in index.units_with(lambda data: b"export_name" in data or b"no_mangle" in data):
        if isinstance(unit.item, FnItem):
            found.extend(_unit_exports(unit, within(unit.scope.module, generated)))
        elif isinstance(unit.item, MacroItem):
            made = within(unit.scope.module, generated)
            found.extend(_macro_exports(unit, unit.item.inner_start, unit.item.inner_end, made))
        for call in unit.body.macros:
            made = within(unit.scope.module, generated)
            found.extend(_macro_exports(unit, call.inner_start, call.inner_end, made))
    return sorted(found, key=lambda item: (item.location.path, item.location.line, item.location.column))


def _unit_exports(unit: Unit, generated: bool) -> Iterator[ExportedSymbol]:
    item = unit.item
    if item is None:
        return
    conditions = unit.scope.crate.tree.conditions
    for attribute, applies in expand(item.attributes, conditions.predicate, unit.source.data):
        if attribute.name == "export_name" and attribute.value is not None:
            name = attribute.value
        elif attribute.name == "no_mangle":
            name = item.name
        else:
            continue
        place = unit.source.location(attribute.span.start)
        yield ExportedSymbol(name, unit.id, place, both(unit.state, applies), False, generated)


def _macro_exports(unit: Unit, start: int, end: int, generated: bool) -> Iterator[ExportedSymbol]:
    if unit.source.data.find(b"export_name", start, end) < 0:
        return
    for name, token in assigned(lex(unit.source.data, start, end), "export_name"):
        place = unit.source.location(token.start)
        yield ExportedSymbol(name, "", place, both(unit.state, None), True, generated)


def assigned(tokens: list[Token], key: str) -> Iterator[tuple[str, Token]]:
    """Each string that stands after ``key =`` among tokens, with its token."""
    for at in range(len(tokens) - 2):
        if tokens[at].kind == IDENT and tokens[at].text == key and tokens[at + 1].text == "=":
            literal = tokens[at + 2]
            value = string_value(literal.text) if literal.kind == STRING else None
            if value is not None:
                yield value, literal
