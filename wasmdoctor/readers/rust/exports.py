"""What a crate does with bindings of its exports: ``export!`` calls and ``impl Guest for X`` blocks."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from wasmdoctor.model.rust import ExportCall, GuestImpl
from wasmdoctor.model.source import Span
from wasmdoctor.readers.rust.attributes import compiled
from wasmdoctor.readers.rust.bindgen import past_semicolon
from wasmdoctor.readers.rust.cfg import both
from wasmdoctor.readers.rust.items import FnItem, ImplItem, MacroCall, MacroItem
from wasmdoctor.readers.rust.scopes import Index, Resolver, Unit
from wasmdoctor.readers.rust.tokens import IDENT, Token, lex
from wasmdoctor.readers.rust.uses import BindingsView


def export_calls(
    index: Index,
    resolver: Resolver,
    view: BindingsView,
    macro_names: Mapping[str, set[str]],
    crates: Collection[str],
) -> list[ExportCall]:
    """Calls of the ``export!`` macros of bindings modules.

    ``macro_names`` gives for each bindings module made by ``generate!`` the names its macro may have.
    A call of ``export!`` that cannot be traced is given as uncertain. ``crates`` are those whose code can name
    something of a bindings module.
    """
    found: list[ExportCall] = []
    for unit in index.units_with(lambda data: b"export" in data, crates):
        if not unit.body.macros or view.root(unit.scope.module) is not None:
            continue
        bound = unit.scope.crate.name in crates
        for call in unit.body.macros:
            if not bound and call.path[-1] != "export":
                continue
            made = _export_call(unit, call, resolver, view, macro_names)
            if made is not None:
                found.append(made)
    return sorted(found, key=lambda item: (item.location.path, item.span))


def _export_call(
    unit: Unit, call: MacroCall, resolver: Resolver, view: BindingsView, macro_names: Mapping[str, set[str]]
) -> ExportCall | None:
    name = call.path[-1]
    bindings = ""
    certain = False
    targets = resolver.resolve(unit.scope, call.path)
    for target in targets:
        binding = view.of(target)
        if binding is None:
            continue
        known = macro_names.get(binding.name)
        if known is not None and target.kind == "bindings":
            if len(binding.relative) != 1 or binding.relative[0] not in known:
                continue
        elif target.definition is None or not isinstance(target.definition.item, MacroItem):
            continue
        bindings, certain = binding.name, target.certain or len(targets) == 1
        break
    if not bindings and (targets or name != "export"):
        return None
    source = unit.source
    conditions = unit.scope.crate.tree.conditions
    own = compiled(call.attributes, conditions.predicate, source.data)[0]
    tokens = lex(source.data, call.inner_start, call.inner_end)
    start = min([call.start, *(attribute.span.start for attribute in call.attributes)])
    return ExportCall(
        unit.scope.crate.name,
        unit.scope.module.name,
        "::".join(call.path),
        _first_path(tokens),
        bindings,
        source.location(call.start),
        Span(call.start, call.end),
        Span(start, past_semicolon(source.data, call.end)),
        both(unit.state, own, conditions.of(call.condition, source.data)),
        certain,
    )


def _first_path(tokens: list[Token]) -> str:
    """The path at the start: the type in ``export!(Type with_types_in bindings)``."""
    parts: list[str] = []
    for token in tokens:
        joined = not parts or parts[-1] == "::"
        if token.text == "::" or (token.kind == IDENT and joined):
            parts.append(token.text)
        else:
            break
    return "".join(parts)


def _is_guest(path: tuple[str, ...]) -> bool:
    """``Guest`` or ``GuestSomeResource``."""
    name = path[-1] if path else ""
    return name.startswith("Guest") and not name[5:6].islower()


def guest_impls(
    index: Index, resolver: Resolver, view: BindingsView, crates: Collection[str]
) -> list[GuestImpl]:
    """``impl`` blocks of the traits that wit-bindgen makes for exports: ``Guest``, ``Guest<Resource>``.

    ``crates`` are those whose code can name something of a bindings module.
    """
    found: list[GuestImpl] = []
    for unit in index.units_with(lambda data: b"Guest" in data, crates):
        item = unit.item
        if not isinstance(item, ImplItem) or unit.kind != "impl" or item.trait is None:
            continue
        if unit.scope.crate.name not in crates and not _is_guest(item.trait):
            continue
        if view.root(unit.scope.module) is not None:
            continue
        targets = resolver.resolve(unit.scope, item.trait)
        bindings = [
            (target, binding)
            for target in targets
            if (binding := view.of(target)) is not None and _is_guest(binding.relative)
        ]
        if not bindings and (targets or not _is_guest(item.trait)):
            continue
        name = bindings[0][1].name if bindings else ""
        relative = bindings[0][1].relative if bindings else ()
        certain = len(bindings) == 1 and (bindings[0][0].certain or bindings[0][0].weak)
        assert item.trait_span is not None
        found.append(
            GuestImpl(
                unit.scope.crate.name,
                unit.scope.module.name,
                name,
                relative,
                "::".join(item.trait),
                item.type_text,
                tuple(inner.name for inner in item.items if isinstance(inner, FnItem)),
                tuple(index.functions_of(unit)),
                unit.source.location(item.trait_span.start),
                item.span,
                item.full_span,
                unit.state,
                certain,
            )
        )
    return sorted(found, key=lambda item: (item.location.path, item.span))
