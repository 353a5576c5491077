"""A coarse call graph over several crates: what is reached from given roots, surely or possibly.

Sure edges are paths that resolve: calls, functions mentioned as values, constants, methods of a receiver
whose type is known. Possible edges are method calls by name, trait methods of a type that is mentioned,
and what stands in macros. Closures belong to the function that they stand in.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import cached_property

from wasmdoctor.model.record import dataclass
from wasmdoctor.model.rust import Reachability
from wasmdoctor.readers.rust.items import ImplItem, TraitItem, TypeItem
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


class Methods:
    """Methods of impl blocks by the type that they are for (its id), where that is an item of the crates.

    A crate's impl blocks are looked at when somebody asks for a type that they may be for.
    """

    def __init__(self, index: Index, resolver: Resolver) -> None:
        self._index = index
        self._resolver = resolver
        self._of_crate: dict[str, dict[str, dict[str, list[Unit]]]] = {}
        self._of_type: dict[str, Mapping[str, Sequence[Unit]]] = {}

    def of_type(self, key: str) -> Mapping[str, Sequence[Unit]]:
        """A type's functions and constants by name: those of every crate that can name the type."""
        known = self._of_type.get(key)
        if known is None:
            users = self._index.users.get(key.partition("::")[0], frozenset())
            made: dict[str, list[Unit]] = {}
            for crate in self._index.crates:
                for name, units in self.of_crate(crate).get(key, {}).items() if crate in users else ():
                    made.setdefault(name, []).extend(units)
            known = self._of_type[key] = made
        return known

    def of_crate(self, crate: str) -> Mapping[str, Mapping[str, Sequence[Unit]]]:
        """What one crate's impl blocks hold: by type, then by name."""
        known = self._of_crate.get(crate)
        if known is None:
            known = self._of_crate[crate] = {}
            for unit, head in self._index.code[crate].members:
                for target in self._resolver.resolve(unit.scope, head):
                    key = _type_key(target)
                    if key:
                        known.setdefault(key, {}).setdefault(unit.name, []).append(unit)
        return known

    def mixing(self, crates: Iterable[str]) -> set[str]:
        """These crates and all whose code may come to theirs, or get a value of a type that only theirs know.

        That are those that can name them; and those whose types they have impl blocks for, since a method
        may be called where the crate that has it is not known.
        """
        found = self._index.users_of(crates)
        waiting = list(found)
        while waiting:
            types = self.of_crate(waiting.pop())
            more = self._index.users_of({key.partition("::")[0] for key in types}) - found
            found |= more
            waiting.extend(more)
        return found


def _type_key(target: Target) -> str:
    if target.definition is not None and not target.path:
        return target.definition.id
    if target.kind == "bindings" and target.scope is not None:
        return "::".join((target.scope.name, *target.path))
    return ""


Follow = Callable[[str], tuple[Iterable[str], ...]]
"""The nodes that a node leads to."""


class CallGraph:
    """Edges between items, worked out for a node when it is first reached."""

    def __init__(
        self,
        index: Index,
        resolver: Resolver,
        methods: Methods,
        references_of: Callable[[Unit], UnitReferences],
    ) -> None:
        self._index = index
        self._resolver = resolver
        self._methods = methods
        self._references_of = references_of
        self._types = TypeReader(resolver, methods.of_type)
        self._edges: dict[str, Edges] = {}

    @cached_property
    def _by_name(self) -> dict[str, list[str]]:
        """The methods of all crates by name."""
        return _joined(code.methods for code in self._index.code.values())

    @cached_property
    def _trait_methods(self) -> dict[str, list[str]]:
        """The methods of all crates' traits, and those that implement a trait, by name."""
        return _joined(code.trait_methods for code in self._index.code.values())

    @cached_property
    def _trait_impls(self) -> dict[str, list[str]]:
        """For a type what may be called without being named: operators, ``Drop``, ``Display``, ``From``."""
        found: dict[str, list[str]] = {}
        for code in self._index.code.values():
            for unit, item in code.trait_members:
                head = item.type.head if item.type is not None else None
                keys: list[str] = []
                if head is not None and head[0] not in unit.generics:
                    keys = [key for t in self._resolver.resolve(unit.scope, head) if (key := _type_key(t))]
                for key in keys or [LOOSE]:
                    found.setdefault(key, []).append(unit.id)
        return found

    def _units(self, node: str) -> Iterable[Unit]:
        """The compiled code of a node."""
        if node == LOOSE:
            return [unit for code in self._index.code.values() for unit in code.by_id.get("", ())]
        code = self._index.code.get(node.partition("::")[0])
        return code.by_id.get(node, ()) if code is not None else ()

    def reachable(self, roots: Iterable[str], wanted: Collection[str] | None = None) -> Reachability:
        """What is reached; ``possible`` does not repeat ``certain``. Unknown roots are ignored.

        With ``wanted`` the answer holds for those items only, and no more is looked at than they need.
        """
        start = [root for root in roots if any(self._units(root))]
        walk = self._walk if wanted is None else self._walk_to(wanted)
        plain = walk(start, lambda node: (self.edges(node).plain,))
        certain = walk(start, self._sure)
        possible: set[str] = set()
        if start and (wanted is None or not certain.issuperset(wanted)):
            possible = self._walk([*start, LOOSE], self._maybe, wanted)
        return Reachability(
            frozenset(certain - {LOOSE}), frozenset(possible - certain - {LOOSE}), frozenset(plain - {LOOSE})
        )

    def _sure(self, node: str) -> tuple[Iterable[str], ...]:
        edges = self.edges(node)
        return edges.plain, edges.sure

    def _maybe(self, node: str) -> tuple[Iterable[str], ...]:
        edges = self.edges(node)
        return edges.plain, edges.sure, edges.maybe, self._trait_impls.get(node, ())

    def _walk_to(self, wanted: Collection[str]) -> Callable[[Iterable[str], Follow], set[str]]:
        """A walk over sure edges that ends with ``wanted``, and leaves out crates from which none leads there."""
        crates = self._methods.mixing({item.partition("::")[0] for item in wanted})

        def walk(start: Iterable[str], follow: Follow) -> set[str]:
            return self._walk(
                start, lambda node: follow(node) if node.partition("::")[0] in crates else (), wanted
            )

        return walk

    def _walk(self, start: Iterable[str], follow: Follow, wanted: Collection[str] | None = None) -> set[str]:
        """All nodes from ``start`` on, or fewer once those that are ``wanted`` are among them."""
        seen = set(start)
        left = None if wanted is None else set(wanted) - seen
        waiting = list(seen)
        while waiting and (left is None or left):
            for nodes in follow(waiting.pop()):
                for node in nodes:
                    if node not in seen:
                        seen.add(node)
                        waiting.append(node)
                        if left:
                            left.discard(node)
        return seen

    def edges(self, node: str) -> Edges:
        """The nodes that a node refers to."""
        known = self._edges.get(node)
        if known is None:
            plain: set[str] = set()
            sure: set[str] = set()
            maybe: set[str] = set()
            for unit in self._units(node):
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
                maybe.update(self._by_name.get(reference.path[-1], ()))
            else:
                for target in reference.targets:
                    exact = reference.certain and reference.state is True
                    self._target_edges(target, sure if exact else maybe, maybe)
        for call in found.macros:
            for code in self._index.code.values():
                maybe.update(code.macros.get(call.path[-1], ()))

    def _target_edges(self, target: Target, into: set[str], maybe: set[str]) -> None:
        definition = target.definition
        if definition is None:
            if target.kind == "bindings" and target.scope is not None and len(target.path) > 1:
                key = "::".join((target.scope.name, *target.path[:-1]))
                for unit in self._methods.of_type(key).get(target.path[-1], ()):
                    # Beside a function of the bindings an own one of that name would not compile (E0592).
                    own = owner_text(unit)[1] == "" and unit.state
                    (into if own else maybe).add(unit.id)
            elif target.kind == "external" and len(target.path) > 1:  # `Iterator::next(x)`, `T::default()`
                maybe.update(self._trait_methods.get(target.path[-1], ()))
            return
        into.add(definition.id)
        if not target.path:
            return
        name = target.path[-1]
        if isinstance(definition.item, TraitItem):
            traits = self._index.code[definition.path[0]].traits
            into.update(traits.get(definition.id, {}).get(name, ()))
            maybe.update(self._by_name.get(name, ()))
        elif isinstance(definition.item, TypeItem):
            units = self._methods.of_type(definition.id).get(name, ())
            into.update(unit.id for unit in units if unit.state)
            maybe.update(unit.id for unit in units)
            if not units and name not in definition.item.variants:
                maybe.update(self._trait_methods.get(name, ()))

    def _method_edges(self, reference: Reference, into: set[str], maybe: set[str]) -> None:
        name = reference.path[0]
        types = reference.types or Types()
        settled = types.complete
        for type_ in types.known:
            targets = self._types.targets(type_)
            if not targets:
                settled = False
            for target in targets:
                units = self._methods.of_type(_type_key(target)).get(name, ())
                for unit in units:
                    (into if type_.exact and types.complete and unit.state else maybe).add(unit.id)
                if not units:
                    settled = False
        if not settled:
            maybe.update(self._by_name.get(name, ()))


def sorted_units(units: Iterable[Unit]) -> list[Unit]:
    """Units in order of file and place."""
    return sorted(units, key=lambda unit: (unit.source.path, unit.item.span.start if unit.item else 0))


def owner_text(unit: Unit) -> tuple[str, str]:
    """The type and the trait that a method belongs to, as written; "" for what there is not."""
    owner = unit.owner_item
    if isinstance(owner, ImplItem):
        return owner.type_text, "::".join(owner.trait or ())
    return ("", owner.name) if isinstance(owner, TraitItem) else ("", "")


def _joined(tables: Iterable[Mapping[str, Iterable[str]]]) -> dict[str, list[str]]:
    """Tables of ids by name as one."""
    found: dict[str, list[str]] = {}
    for table in tables:
        for name, ids in table.items():
            found.setdefault(name, []).extend(ids)
    return found
