"""One directed graph of components, crates, bindings, worlds, interfaces, hosts and files.

The only module that touches networkx. Nodes and edges are frozen records; every edge says what it rests
on: a place in a file, and the kind of evidence.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from enum import StrEnum
from itertools import pairwise
from typing import Any

import networkx as nx

from wasmdoctor.model.binding import Certainty, Evidence
from wasmdoctor.model.record import dataclass
from wasmdoctor.model.source import Location


class NodeKind(StrEnum):
    """What a node stands for."""

    COMPONENT = "component"
    MODULE = "module"
    CRATE = "crate"
    BINDING = "binding"
    WORLD = "world"
    INTERFACE = "interface"
    HOST = "host"
    FILE = "file"


class EdgeKind(StrEnum):
    """How one node leads to another. An arrow points from what needs to what is needed."""

    BUILT_FROM = "built from"  # component -> crate
    DEPENDS = "depends on"  # crate -> crate
    BINDS = "binds"  # crate -> binding
    FOR = "is for"  # binding -> world
    IMPORTS = "imports"  # world, binding or component -> interface
    EXPORTS = "exports"  # world, binding or component -> interface
    INCLUDES = "includes"  # world -> world
    DECLARED_IN = "declared in"  # world or interface -> file
    PROVIDES = "provides"  # host or component -> interface
    CONTAINS = "contains"  # component -> module


@dataclass(frozen=True, slots=True, order=True)
class Node:
    """A node: its kind, a key that is unique within the kind, a label for people, and its place."""

    kind: NodeKind
    key: str


@dataclass(frozen=True, slots=True)
class NodeFacts:
    """What is known of a node. ``external`` marks crates from a registry and standard interfaces.

    ``finding`` is the severity of the worst finding, or "". ``note`` is for people: what the node stands
    for besides itself.
    """

    label: str
    location: Location | None = None
    external: bool = False
    finding: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Edge:
    """An edge with what it rests on. ``note`` is for people: a cfg, a rename, the functions used."""

    source: Node
    target: Node
    kind: EdgeKind
    location: Location | None = None
    evidence: Evidence = Evidence.SOURCES
    certainty: Certainty = Certainty.CERTAIN
    note: str = ""

    @property
    def doubt(self) -> tuple[int, int]:
        """Smaller is surer: by certainty, then by the strength of the evidence."""
        return (self.certainty.rank, -self.evidence.strength)

    @property
    def need(self) -> tuple[Node, Node]:
        """The ends, first what needs, then what is needed: an interface needs whoever provides it."""
        if self.kind is EdgeKind.PROVIDES:
            return self.target, self.source
        return self.source, self.target


class Network:
    """The graph. Adding a node twice keeps the first; of an edge, the surer."""

    def __init__(self) -> None:
        self._graph: nx.MultiDiGraph[Any] = nx.MultiDiGraph()

    def add(self, node: Node, facts: NodeFacts) -> Node:
        """Add a node, or fill one that so far was only the end of an edge."""
        if node not in self._graph or "facts" not in self._graph.nodes[node]:
            self._graph.add_node(node, facts=facts)
        return node

    def connect(self, edge: Edge) -> None:
        """Add an edge; its ends need not have been added yet. Of the same edge twice the surer one stays."""
        key = (edge.kind, edge.location)
        known = self._graph.get_edge_data(edge.source, edge.target, key)
        if known is None or edge.doubt < known["edge"].doubt:
            self._graph.add_edge(edge.source, edge.target, key=key, edge=edge)

    def mark(self, node: Node, finding: str) -> None:
        """Note that a node has a finding of this severity."""
        import dataclasses

        if node in self._graph:
            self._graph.nodes[node]["facts"] = dataclasses.replace(self.facts(node), finding=finding)

    def __contains__(self, node: Node) -> bool:
        return node in self._graph

    def facts(self, node: Node) -> NodeFacts:
        """What is known of a node."""
        found = self._graph.nodes[node].get("facts")
        return found if isinstance(found, NodeFacts) else NodeFacts(node.key)

    def nodes(self, kind: NodeKind | None = None) -> list[Node]:
        """All nodes, or those of a kind, sorted."""
        return sorted(node for node in self._graph if kind is None or node.kind is kind)

    def edges(self) -> list[Edge]:
        """All edges, sorted."""
        found = [data["edge"] for _, _, data in self._graph.edges(data=True)]
        return sorted(found, key=_edge_order)

    def out(self, node: Node, kind: EdgeKind | None = None) -> list[Edge]:
        """The edges that leave a node, sorted."""
        if node not in self._graph:
            return []
        found = (data["edge"] for _, _, data in self._graph.out_edges(node, data=True))
        return sorted((edge for edge in found if kind is None or edge.kind is kind), key=_edge_order)

    def into(self, node: Node, kind: EdgeKind | None = None) -> list[Edge]:
        """The edges that reach a node, sorted."""
        if node not in self._graph:
            return []
        found = (data["edge"] for _, _, data in self._graph.in_edges(node, data=True))
        return sorted((edge for edge in found if kind is None or edge.kind is kind), key=_edge_order)

    def through(self, nodes: Iterable[Node], depth: int | None = None) -> Network:
        """The part that needs some of ``nodes`` or is needed by them: all ways that lead through one.

        ``depth`` is the greatest number of edges from such a node, on either side.
        """
        needs: nx.DiGraph[Node] = nx.DiGraph()
        needs.add_nodes_from(self._graph)
        needs.add_edges_from(edge.need for edge in self.edges())
        found: set[Node] = set()
        for start in nodes:
            for graph in (needs, needs.reverse(copy=False)):
                found.update(nx.single_source_shortest_path_length(graph, start, cutoff=depth))
        return self._part(found)

    def only(
        self, keep: Callable[[Node], bool], follow: Callable[[Edge], bool] = lambda edge: True
    ) -> Network:
        """The part with the nodes that ``keep`` wants and, between them, the edges that ``follow`` allows."""
        part = self._part({node for node in self._graph if keep(node)})
        dropped = [
            (one, two, key)
            for one, two, key, data in part._graph.edges(keys=True, data=True)
            if not follow(data["edge"])
        ]
        part._graph.remove_edges_from(dropped)
        return part

    def _part(self, nodes: set[Node]) -> Network:
        part = Network()
        part._graph = self._graph.subgraph(nodes).copy()
        return part

    def chains(
        self, source: Node, target: Node, follow: Callable[[Edge], bool], *, most: int
    ) -> Iterator[tuple[Edge, ...]]:
        """Ways from ``source`` to ``target`` over edges that ``follow`` allows, shortest first, at most ``most``."""
        view: nx.DiGraph[Node] = nx.DiGraph()
        for edge in self.edges():
            if follow(edge) and not view.has_edge(edge.source, edge.target):
                view.add_edge(edge.source, edge.target, edge=edge)
        if source not in view or target not in view or not nx.has_path(view, source, target):
            return
        for number, nodes in enumerate(nx.shortest_simple_paths(view, source, target)):
            if number >= most:
                return
            yield tuple(view.edges[one, two]["edge"] for one, two in pairwise(nodes))


def _edge_order(edge: Edge) -> tuple[object, ...]:
    place = edge.location
    where = (place.path, place.line, place.column) if place else ("", 0, 0)
    return (edge.source, edge.target, edge.kind, where)
