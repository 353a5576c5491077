"""A coarse call graph over several crates: what is reached from given roots, surely or possibly.

Sure edges are paths that resolve: calls, functions mentioned as values, constants, methods of a receiver
whose type is known. Possible edges are method calls by name, trait methods of a type that is mentioned,
and what stands in macros. Closures belong to the function that they stand in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from wasmdoctor.model.record import dataclass
from wasmdoctor.model.rust import Reachability
from wasmdoctor.readers.rust.items import ImplItem, MacroItem, TraitItem, TypeItem
from wasmdoctor.readers.rust.scopes import Index, Resolver, Target, Unit
from wasmdoctor.readers.rust.types import TypeReader, Types
from wasmdoctor.readers.rust.uses import Reference, UnitReferences

LOOSE = "*"
"""The node of code that belongs to no item; it counts as possibly reached once anything is."""


@dataclass(frozen=True, slots=True)
class Edges:
    """What a node refers to: plainly, surely but under a condition of control flow, and possibly."""

    plain: frozenset[str]
    sure: frozenset[str]
    maybe: frozenset[str]


Methods = dict[str, dict[str, list[Unit]]]
"""Type's id -> method's name -> its units."""


def methods_by_type(index: Index, resolver: Resolver) -> Methods:
    """Methods of impl blocks by the type that they are for, where that is an item of the crates."""
    found: Methods = {}
    for unit in index.units:
        if unit.kind not in ("fn", "value") or unit.owner is None or unit.owner.head is None:
            continue
        if unit.owner.head[0] in unit.generics:
            continue
        for target in resolver.resolve(unit.scope, unit.owner.head):
            key = _type_key(target)
            if key:
                found.setdefault(key, {}).setdefault(unit.name, []).append(unit)
    return found


def _type_key(target: Target) -> str:
    if target.definition is not None and not target.path:
        return target.definition.id
    if target.kind == "bindings" and target.scope is not None:
        return "::".join((target.scope.name, *target.path))
    return ""


class CallGraph:
    """Edges between items, worked out for a node when it is first reached."""

    def __init__(
        self,
        index: Index,
        resolver: Resolver,
        methods: Methods,
        references_of: Callable[[Unit], UnitReferences],
    ) -> None:
        self._resolver = resolver
        self._methods = methods
        self._references_of = references_of
        self._types = TypeReader(resolver, methods)
        self._units: dict[str, list[Unit]] = {}
        self._by_name: dict[str, list[Unit]] = {}
        self._traits: dict[str, dict[str, list[Unit]]] = {}
        self._trait_impls: dict[str, list[str]] = {}
        self._macros: dict[str, list[str]] = {}
        self._edges: dict[str, Edges] = {}
        for unit in index.units:
            if unit.state is not False:
                self._note(unit)

    def _note(self, unit: Unit) -> None:
        loose = not unit.id
        self._units.setdefault(unit.id or LOOSE, []).append(unit)
        if loose:
            return
        if isinstance(unit.item, MacroItem):
            self._macros.setdefault(unit.name, []).append(unit.id)
        if unit.kind == "fn" and unit.owner_item is not None:
            self._by_name.setdefault(unit.name, []).append(unit)
        if isinstance(unit.owner_item, TraitItem):
            trait = unit.id.rpartition("::")[0]
            self._traits.setdefault(trait, {}).setdefault(unit.name, []).append(unit)
        if isinstance(unit.owner_item, ImplItem) and unit.owner_item.trait is not None:
            self._note_trait_impl(unit, unit.owner_item)

    def _note_trait_impl(self, unit: Unit, item: ImplItem) -> None:
        """Methods that may be called without being named: operators, ``Drop``, ``Display``, ``From``."""
        assert item.trait is not None
        head = item.type.head if item.type is not None else None
        keys: list[str] = []
        if head is not None and head[0] not in unit.generics:
            keys = [key for t in self._resolver.resolve(unit.scope, head) if (key := _type_key(t))]
        for key in keys or [LOOSE]:
            self._trait_impls.setdefault(key, []).append(unit.id)

    def nodes(self) -> Iterator[str]:
        """All items that have an id."""
        return (id_ for id_ in self._units if id_ != LOOSE)

    def reachable(self, roots: Iterable[str]) -> Reachability:
        """What is reached; ``possible`` does not repeat ``certain``. Unknown roots are ignored."""
        start = [root for root in roots if root in self._units]
        plain = self._closure(start, lambda edges: edges.plain)
        certain = self._closure(start, lambda edges: edges.plain | edges.sure)
        possible: set[str] = set()
        if start:
            possible = self._closure([*certain, LOOSE], lambda edges: edges.plain | edges.sure | edges.maybe)
        return Reachability(
            frozenset(certain - {LOOSE}), frozenset(possible - certain - {LOOSE}), frozenset(plain - {LOOSE})
        )

    def _closure(self, start: Iterable[str], follow: Callable[[Edges], frozenset[str]]) -> set[str]:
        seen = set(start)
        stack = list(seen)
        while stack:
            for node in follow(self.edges(stack.pop())):
                if node not in seen:
                    seen.add(node)
                    stack.append(node)
        return seen

    def edges(self, node: str) -> Edges:
        """The nodes that a node refers to."""
        known = self._edges.get(node)
        if known is None:
            plain: set[str] = set()
            sure: set[str] = set()
            maybe: set[str] = set(self._trait_impls.get(node, ()))
            for unit in self._units.get(node, ()):
                self._unit_edges(unit, plain, sure, maybe)
            known = Edges(frozenset(plain), frozenset(sure), frozenset(maybe))
            self._edges[node] = known
        return known

    def _unit_edges(self, unit: Unit, plain: set[str], conditional: set[str], maybe: set[str]) -> None:
        found = self._references_of(unit)
        for reference in found.references:
            if reference.state is False:
                continue
            sure = conditional if reference.conditional else plain
            if reference.kind == "method":
                into = sure if reference.certain and reference.state and unit.state else maybe
                self._method_edges(reference, into, maybe)
            elif reference.generic:
                maybe.update(unit.id for unit in self._by_name.get(reference.path[-1], ()))
            else:
                for target in reference.targets:
                    exact = reference.certain and reference.state is True
                    self._target_edges(target, sure if exact else maybe, maybe)
        for call in found.macros:
            maybe.update(self._macros.get(call.path[-1], ()))

    def _target_edges(self, target: Target, into: set[str], maybe: set[str]) -> None:
        definition = target.definition
        if definition is None:
            if target.kind == "bindings" and target.scope is not None and len(target.path) > 1:
                key = "::".join((target.scope.name, *target.path[:-1]))
                units = self._methods.get(key, {}).get(target.path[-1], ())
                maybe.update(unit.id for unit in units)
            elif target.kind == "external" and len(target.path) > 1:  # `Iterator::next(x)`, `T::default()`
                maybe.update(unit.id for unit in self._by_name.get(target.path[-1], ()) if _of_trait(unit))
            return
        into.add(definition.id)
        if not target.path:
            return
        name = target.path[-1]
        if isinstance(definition.item, TraitItem):
            into.update(unit.id for unit in self._traits.get(definition.id, {}).get(name, ()))
            maybe.update(unit.id for unit in self._by_name.get(name, ()))
        elif isinstance(definition.item, TypeItem):
            units = self._methods.get(definition.id, {}).get(name, ())
            into.update(unit.id for unit in units if unit.state)
            maybe.update(unit.id for unit in units)
            if not units and name not in definition.item.variants:
                maybe.update(unit.id for unit in self._by_name.get(name, ()) if _of_trait(unit))

    def _method_edges(self, reference: Reference, into: set[str], maybe: set[str]) -> None:
        name = reference.path[0]
        types = reference.types or Types()
        settled = types.complete
        for type_ in types.known:
            targets = self._types.targets(type_)
            if not targets:
                settled = False
            for target in targets:
                units = self._methods.get(_type_key(target), {}).get(name, ())
                for unit in units:
                    (into if type_.exact and types.complete and unit.state else maybe).add(unit.id)
                if not units:
                    settled = False
        if not settled:
            maybe.update(unit.id for unit in self._by_name.get(name, ()))


def _of_trait(unit: Unit) -> bool:
    owner = unit.owner_item
    return isinstance(owner, TraitItem) or (isinstance(owner, ImplItem) and owner.trait is not None)


def sorted_units(units: Sequence[Unit]) -> list[Unit]:
    """Units in order of file and place."""
    return sorted(units, key=lambda unit: (unit.source.path, unit.item.span.start if unit.item else 0))


def owner_text(unit: Unit) -> tuple[str, str]:
    """The type and the trait that a method belongs to, as written; "" for what there is not."""
    owner = unit.owner_item
    if isinstance(owner, ImplItem):
        return owner.type_text, "::".join(owner.trait or ())
    return ("", owner.name) if isinstance(owner, TraitItem) else ("", "")
