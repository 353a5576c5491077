"""Use sites: which code names what of a bindings module, and what a unit of code refers to at all.

References are worked out once per unit; use sites and the call graph are both read off them.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator

from wasmdoctor.model.record import dataclass, field
from wasmdoctor.model.rust import MethodCandidate, UseSite
from wasmdoctor.model.source import Span
from wasmdoctor.readers.rust.attributes import compiled
from wasmdoctor.readers.rust.cfg import both
from wasmdoctor.readers.rust.generators import MACRO_NAMES
from wasmdoctor.readers.rust.items import CALL, TYPE, VALUE, FnItem, MacroCall, MacroItem, Path, ValueExpr
from wasmdoctor.readers.rust.macros import EXPRESSIONS, scan
from wasmdoctor.readers.rust.modules import Module
from wasmdoctor.readers.rust.scopes import PRELUDE, Resolver, Scope, Target, Unit, Use
from wasmdoctor.readers.rust.tokens import lex
from wasmdoctor.readers.rust.types import TypeReader, Types, type_targets


@dataclass(frozen=True, slots=True)
class Reference:
    """A path or method in a unit's code with what it may stand for.

    ``generic`` is set when the path starts at a type parameter or at ``Self`` of a trait: then only its
    last name is known. ``types`` are the receiver's for a method. ``conditional`` when it stands under a
    condition of control flow.
    """

    kind: str
    path: Path
    targets: tuple[Target, ...]
    start: int
    end: int
    state: bool | None
    certain: bool
    generic: bool = False
    types: Types | None = None
    conditional: bool = False


@dataclass(slots=True)
class UnitReferences:
    """All references of one unit; ``macros`` are the macros it calls."""

    unit: Unit
    references: list[Reference] = field(default_factory=list)
    macros: list[MacroCall] = field(default_factory=list)


def references(unit: Unit, resolver: Resolver, types: TypeReader) -> UnitReferences:
    """Everything that a unit's code refers to."""
    reader = _UnitReader(unit, resolver, types)
    reader.read()
    return reader.found


class _UnitReader:
    def __init__(self, unit: Unit, resolver: Resolver, types: TypeReader) -> None:
        self.unit = unit
        self.resolver = resolver
        self.types = types
        self.data = unit.source.data
        self.conditions = unit.scope.crate.tree.conditions
        self.found = UnitReferences(unit)
        self.conditional = unit.scope.crate.code.conditional(unit.source)

    def read(self) -> None:
        unit = self.unit
        for mention in unit.body.mentions:
            state = unit.state
            if mention.condition is not None:
                state = both(state, self.conditions.of(mention.condition, self.data))
            self.path(mention.kind, mention.path, mention.start, mention.end, state, True)
        for method in unit.body.methods:
            state = unit.state
            if method.condition is not None:
                state = both(state, self.conditions.of(method.condition, self.data))
            self.method(method.name, method.receiver, method.start, method.end, state)
        for call in unit.body.macros:
            own = compiled(call.attributes, self.conditions.predicate, self.data)[0]
            state = both(unit.state, own, self.conditions.of(call.condition, self.data))
            self.found.macros.append(call)
            if call.path[-1] not in MACRO_NAMES:
                self.tokens(call.inner_start, call.inner_end, state, call.path[-1] in EXPRESSIONS)
        if isinstance(unit.item, MacroItem):
            self.tokens(unit.item.inner_start, unit.item.inner_end, unit.state, False)

    def path(self, kind: str, path: Path, start: int, end: int, state: bool | None, certain: bool) -> None:
        unit = self.unit
        first = path[0]
        if len(path) == 1 and first in PRELUDE and first not in ("drop",):
            return
        generic = first in unit.generics
        if first == "Self":
            head = unit.owner.head if unit.owner is not None else None
            if head is None or head[0] in unit.generics:
                generic = True
            else:
                path = head + path[1:]
        if generic:
            if len(path) > 1:
                self.add(kind, path, (), start, end, state, False, True)
            return
        bound = len(path) == 1 and first in unit.body.binders
        targets = self.resolver.resolve(unit.scope, path)
        kept = tuple(target for target in targets if not (target.weak and bound))
        if not kept:
            return
        sure = certain and not bound and all(target.certain and not target.weak for target in kept)
        self.add(kind, path, kept, start, end, state, sure, False)

    def add(
        self,
        kind: str,
        path: Path,
        targets: tuple[Target, ...],
        start: int,
        end: int,
        state: bool | None,
        certain: bool,
        generic: bool,
    ) -> None:
        conditional = self.conditional.covers(start)
        self.found.references.append(
            Reference(kind, path, targets, start, end, state, certain, generic, conditional=conditional)
        )

    def method(
        self,
        name: str,
        receiver: ValueExpr | None,
        start: int,
        end: int,
        state: bool | None,
        certain: bool = True,
    ) -> None:
        types = self.types.of(receiver, self.unit)
        conditional = self.conditional.covers(start)
        self.found.references.append(
            Reference("method", (name,), (), start, end, state, certain, types=types, conditional=conditional)
        )

    def tokens(self, start: int, end: int, state: bool | None, expressions: bool) -> None:
        if end <= start:
            return
        paths, methods = scan(lex(self.data, start, end))
        for path in paths:
            single = len(path.path) == 1
            if single and not path.call and path.path[0] in self.unit.body.binders:
                continue
            kind = (CALL if path.call else VALUE) if expressions else "macro"
            self.path(kind, path.path, path.start, path.end, state, expressions)
        for method in methods:
            receiver = ValueExpr("name", method.receiver) if method.receiver else None
            self.method(method.name, receiver, method.start, method.end, state, expressions)


@dataclass(frozen=True, slots=True)
class Binding:
    """A bindings module that a target lies in, and the path inside it."""

    name: str
    relative: Path


class BindingsView:
    """Tells what of a bindings module a target is."""

    def __init__(self, generated: list[Module]) -> None:
        self._generated = {id(module): module for module in generated}

    def of(self, target: Target) -> Binding | None:
        """The bindings module and the path in it, or None when the target is not in one."""
        if target.kind == "bindings" and target.scope is not None:
            return Binding(target.scope.name, target.path)
        scope: Scope | None = target.scope
        path: Path = ()
        if target.kind == "def" and target.definition is not None:
            scope = target.definition.scope
            path = target.definition.path
        elif target.kind == "module" and scope is not None:
            path = scope.path
        root = self.root(scope.module) if scope is not None else None
        if root is None:
            return None
        return Binding(root.name, path[len(root.path) :] + target.path)

    def root(self, module: Module) -> Module | None:
        """The generated bindings module that a module is, or lies in."""
        at: Module | None = module
        while at is not None:
            if id(at) in self._generated:
                return at
            at = at.parent
        return None


def use_sites(
    imports: Iterable[tuple[Use, bool]],
    resolver: Resolver,
    view: BindingsView,
    all_references: Iterable[UnitReferences],
) -> list[UseSite]:
    """Every place that names something of a bindings module. ``all_references`` are not those of bindings."""
    sites = [site for use, glob in imports for site in _import_sites(use, glob, resolver, view)]
    for found in all_references:
        for reference in found.references:
            if reference.kind == "method":
                sites.extend(_method_sites(found.unit, reference, view, resolver))
            else:
                sites.extend(_path_sites(found.unit, reference, view))
    sites.sort(key=lambda site: (site.location.path, site.span, site.bindings, site.relative))
    return sites


def method_candidates(all_references: Iterable[UnitReferences]) -> list[MethodCandidate]:
    """Method calls whose receiver may have a type that is not known."""
    candidates = [
        MethodCandidate(
            found.unit.scope.crate.name,
            found.unit.scope.module.name,
            found.unit.id,
            reference.path[0],
            found.unit.source.location(reference.start),
            Span(reference.start, reference.end),
            reference.state,
        )
        for found in all_references
        for reference in found.references
        if reference.kind == "method" and not (reference.types or Types()).complete
    ]
    candidates.sort(key=lambda item: (item.location.path, item.span))
    return candidates


def calls_method(unit: Unit, names: Collection[str], words: re.Pattern[bytes]) -> bool:
    """Whether a unit may call a method of one of these names: False is sure. ``words`` is of ``method_words``."""
    item = unit.item
    start, end = (item.span.start, item.span.end) if item is not None else (0, len(unit.source.data))
    if isinstance(item, FnItem):
        start = item.name_span.end
    if not words.search(unit.source.data, start, end):
        return False
    if any(method.name in names for method in unit.body.methods):
        return True
    inside = [(call.inner_start, call.inner_end) for call in unit.body.macros]
    if isinstance(unit.item, MacroItem):
        inside.append((unit.item.inner_start, unit.item.inner_end))
    return any(words.search(unit.source.data, start, end) for start, end in inside)


def method_words(names: Iterable[str]) -> re.Pattern[bytes]:
    """A pattern that finds each of some names, unless a ``::`` stands before it: no method is called so."""
    words = b"|".join(re.escape(name.encode()) for name in sorted(names))
    return re.compile(rb"(?<!::)\b(?:%s)\b" % words)


def _import_sites(use: Use, glob: bool, resolver: Resolver, view: BindingsView) -> Iterator[UseSite]:
    scope = use.scope
    if view.root(scope.module) is not None:
        return
    for target in resolver.resolve(scope, use.path):
        binding = view.of(target)
        if binding is None:
            continue
        yield UseSite(
            scope.crate.name,
            scope.module.name,
            scope.name if scope.parent is not None else "",
            binding.name,
            binding.relative,
            "use",
            use.source.location(use.span.start),
            use.span,
            both(scope.module.compiled, use.state),
            target.certain,
            glob,
        )


def _path_sites(unit: Unit, reference: Reference, view: BindingsView) -> Iterator[UseSite]:
    for target in reference.targets:
        binding = view.of(target)
        if binding is None:
            continue
        kind = "impl" if unit.kind == "impl" and reference.kind == TYPE else reference.kind
        yield _site(unit, binding, kind, reference, reference.certain)


def _site(unit: Unit, binding: Binding, kind: str, reference: Reference, certain: bool) -> UseSite:
    return UseSite(
        unit.scope.crate.name,
        unit.scope.module.name,
        unit.id,
        binding.name,
        binding.relative,
        kind,
        unit.source.location(reference.start),
        Span(reference.start, reference.end),
        reference.state,
        certain,
        conditional=reference.conditional,
    )


def _method_sites(
    unit: Unit, reference: Reference, view: BindingsView, resolver: Resolver
) -> Iterator[UseSite]:
    """The sites of a method call whose receiver's type is known."""
    types = reference.types or Types()
    seen: set[tuple[str, Path]] = set()
    for type_ in types.known:
        for target in type_targets(type_, resolver):
            binding = view.of(target)
            if binding is None or (binding.name, binding.relative) in seen:
                continue
            seen.add((binding.name, binding.relative))
            certain = reference.certain and type_.exact and types.complete and len(types.known) == 1
            certain = certain and target.certain and not target.weak
            method = Binding(binding.name, binding.relative + reference.path)
            if resolver.holds(method.name, method.relative) is not False:
                yield _site(unit, method, "method", reference, certain)
