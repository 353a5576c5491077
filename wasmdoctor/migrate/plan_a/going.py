"""What goes with the exports of library crates: their implementations, and what only these had a use for.

An item goes when it was reached from removed code and is reached from nothing that stays. Items that other
crates can name stay, and those that code outside of this target's build names.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from wasmdoctor.migrate.inputs import ComponentInput
from wasmdoctor.readers.rust.itemgraph import BindingRef, ItemGraph, ItemNode
from wasmdoctor.readers.rust.tokens import IDENT, lex

NodeKey = tuple[str, int, str]
"""An item: its file, the offset where it starts, and its kind."""

ROOTS = frozenset({"no_mangle", "export_name", "used", "test", "global_allocator", "panic_handler", "main"})
"""Attributes of items that are used without being named (The Rust Reference, "Built-in attributes index")."""


def node_key(node: ItemNode) -> NodeKey:
    """What tells an item from all others, whichever component it was read for."""
    return (node.file, node.span.start, node.kind)


def is_export(relative: tuple[str, ...]) -> bool:
    """Whether a path in bindings belongs to exports: their traits, types, macros and helpers."""
    if not relative:
        return False
    last = relative[-1]
    guest = any(name.startswith("Guest") and not name[5:6].islower() for name in relative)
    return relative[0] == "exports" or guest or last.startswith(("export", "__export", "_export", "__link"))


def dead_items(
    components: Iterable[ComponentInput], dropping: Mapping[int, frozenset[str]]
) -> frozenset[NodeKey]:
    """The items that go, over all components: what one of them still needs stays.

    ``dropping`` gives for each component (by position) the bindings modules whose exports go.
    """
    present: dict[NodeKey, bool] = {}
    for position, component in enumerate(components):
        graph = component.program.items
        dead = _dead(component, dropping.get(position, frozenset()))
        for node in graph.nodes.values():
            key = node_key(node)
            present[key] = present.get(key, True) and node.id in dead
    return frozenset(key for key, gone in present.items() if gone)


def _dead(component: ComponentInput, dropping: frozenset[str]) -> set[int]:
    graph = component.program.items
    start = _removed(component, dropping)
    if not start:
        return set()
    search = _Search(graph, start, dropping)
    return search.dead()


def _removed(component: ComponentInput, dropping: frozenset[str]) -> set[int]:
    """The implementations of exports and the ``export!`` calls of the bindings modules."""
    program = component.program
    places = {
        (item.location.path if isinstance(item.location.path, str) else "", item.span.start)
        for item in program.guest_impls
        if item.bindings in dropping
    }
    calls = {
        (call.location.path, call.span.start) for call in program.export_calls if call.bindings in dropping
    }
    gone = {
        node.id
        for node in program.items.nodes.values()
        if (node.kind == "impl" and (node.file, node.span.start) in places)
        or (node.kind == "call" and (node.file, node.span.start) in calls)
    }
    return gone | {node.id for node in program.items.nodes.values() if node.owner in gone}


class _Search:
    """The search for what stays, in the crates that something is removed from."""

    def __init__(self, graph: ItemGraph, start: set[int], dropping: frozenset[str]) -> None:
        self.graph = graph
        self.start = start
        self.dropping = dropping
        nodes = graph.nodes.values()
        self.crates = {graph.nodes[key].crate for key in start}
        self.methods: dict[str, list[int]] = {}
        self.impls: dict[int, list[int]] = {}
        self.members: dict[int, list[int]] = {}
        for node in nodes:
            if node.owner is not None:
                self.methods.setdefault(node.name, []).append(node.id)
                self.members.setdefault(node.owner, []).append(node.id)
            if node.kind == "impl" and node.type is not None:
                self.impls.setdefault(node.type, []).append(node.id)
        self.hidden = self._named_elsewhere()

    def _named_elsewhere(self) -> set[str]:
        """Names in code that is not compiled for this target: what they name cannot be followed surely."""
        return {
            name
            for node in self.graph.nodes.values()
            if node.compiled is False and node.crate in self.crates
            for name in (
                *self.graph.uses[node.id].segments,
                *(part for leaf in node.leaves for part in leaf.path),
            )
        }

    def dead(self) -> set[int]:
        suspects = self._suspects() - self.start
        alive = self._alive(suspects)
        return self.start | (suspects - alive)

    def _suspects(self) -> set[int]:
        """What removed code names, directly or not, and what is made for such types."""
        seen = set(self.start)
        stack = list(self.start)
        for node in self.graph.nodes.values():  # conversions from and to the types of exports
            if node.kind == "impl" and node.crate in self.crates and self._exports_in(node.id):
                stack.append(node.id)
                seen.add(node.id)
        while stack:
            key = stack.pop()
            uses = self.graph.uses[key]
            following = set(uses.items) | {m for name in uses.methods for m in self.methods.get(name, ())}
            following.update(self.impls.get(key, ()))
            following.update(self.members.get(key, ()))
            for other in following - seen:
                node = self.graph.nodes[other]
                if (
                    node.crate in self.crates
                    and node.kind not in ("use", "mod", "macro")
                    and node.compiled is not False
                ):
                    seen.add(other)
                    stack.append(other)
        return seen

    def _exports_in(self, key: int) -> set[BindingRef]:
        return {
            ref
            for ref in self.graph.uses[key].bindings
            if ref.bindings in self.dropping and is_export(ref.relative)
        }

    def _protected(self, node: ItemNode) -> bool:
        """Whether something may use an item that no path here leads to."""
        names = {name.rpartition("::")[2] for name in node.attributes}
        return node.exported or bool(names & ROOTS) or node.name == "main" or node.name in self.hidden

    def _alive(self, suspects: set[int]) -> set[int]:
        nodes = self.graph.nodes
        conditional = {key for key in suspects if nodes[key].kind == "impl"}
        roots = {
            node.id
            for node in nodes.values()
            if node.id not in self.start and node.kind != "use" and node.id not in suspects
        }
        roots |= {
            key for key in suspects - conditional if nodes[key].owner is None and self._protected(nodes[key])
        }
        impls: set[int] = set()
        while True:
            alive = self._reached(roots | impls, suspects, conditional, impls)
            kept = {ref for key in alive for ref in self._exports_in(key)}
            more = {
                key
                for key in conditional - impls
                if self._stays(nodes[key].type, suspects, alive)
                and self._stays(nodes[key].trait, suspects, alive)
                and self._exports_in(key) <= kept
            }
            if not more:
                return alive
            impls |= more

    def _stays(self, key: int | None, suspects: set[int], alive: set[int]) -> bool:
        return key is None or (key not in self.start and (key not in suspects or key in alive))

    def _reached(
        self, roots: set[int], suspects: set[int], conditional: set[int], impls: set[int]
    ) -> set[int]:
        nodes, seen = self.graph.nodes, set(roots)
        stack = list(roots)
        called = set(self.graph.uses[-1].methods)
        seen_outer = set(self.graph.uses[-1].items)
        stack.extend(seen_outer - seen)
        seen |= seen_outer
        waiting: set[int] = set()
        while stack:
            while stack:
                key = stack.pop()
                if key in self.start:
                    seen.discard(key)
                    continue
                uses = self.graph.uses[key]
                called |= uses.methods
                for other in uses.items - seen:
                    seen.add(other)
                    stack.append(other)
                waiting.update(self.members.get(key, ()))
            for member in list(waiting):
                node = nodes[member]
                assert node.owner is not None
                if nodes[node.owner].trait_impl or node.name in called or self._protected(node):
                    waiting.discard(member)
                    if member not in seen and node.owner not in conditional - impls:
                        seen.add(member)
                        stack.append(member)
        return seen


def alive_names(data: bytes, dead: Iterable[tuple[int, int]]) -> set[str]:
    """All identifiers of a file that stand outside of some spans."""
    spans = sorted(dead)
    found: set[str] = set()
    at = 0
    for start, end in [*spans, (len(data), len(data))]:
        if start > at:
            found.update(
                token.text.removeprefix("r#") for token in lex(data, at, start) if token.kind == IDENT
            )
        at = max(at, end)
    return found


KeepNode = Callable[[ItemNode], bool]
