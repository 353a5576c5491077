"""What pictures and trees leave out because something else says it, and what they point at."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from wasmdoctor.graph.network import Edge, EdgeKind, Network, Node, NodeKind
from wasmdoctor.model.binding import Certainty
from wasmdoctor.model.record import dataclass
from wasmdoctor.model.rule import Severity
from wasmdoctor.reporters.graph.prepare import surest
from wasmdoctor.reporters.graph.titles import severity
from wasmdoctor.reporters.graph.ways import CHAIN, leading, onward, reached


def shortcuts(network: Network) -> frozenset[Edge]:
    """Imports and exports of components and bindings that the chain through a world gives as well.

    Pictures and trees leave them out: the chain says the same, and where it comes from.
    """
    used = [edge for edge in network.edges() if edge.certainty is not Certainty.UNUSED]
    ways = onward(edge for edge in used if edge.kind in CHAIN)
    ends: dict[tuple[Node, EdgeKind], set[Node]] = defaultdict(set)
    direct = (EdgeKind.IMPORTS, EdgeKind.EXPORTS)
    for edge in used:
        if edge.kind in direct:
            ends[edge.source, edge.kind].add(edge.target)
    found: set[Edge] = set()
    for source in {source for source, _ in ends}:
        if source.kind in (NodeKind.COMPONENT, NodeKind.BINDING):
            beyond = reached([source], ways) - {source}
            for kind in direct:
                given = {target for node in beyond for target in ends.get((node, kind), ())}
                found.update(edge for edge in network.out(source, kind) if edge.target in given)
    return frozenset(found)


def drawn(network: Network) -> list[Edge]:
    """The edges of a picture, sorted: without shortcuts and loops, one of each kind between two nodes."""
    hidden = shortcuts(network)
    together: dict[tuple[Node, Node, EdgeKind], list[Edge]] = defaultdict(list)
    for edge in network.edges():
        if edge not in hidden and edge.source != edge.target:
            together[edge.source, edge.target, edge.kind].append(edge)
    return [surest(edges) for _, edges in sorted(together.items())]


@dataclass(frozen=True, slots=True)
class Leak:
    """What comes in over an edge: the worst finding, and whether a shortest chain from a component has it."""

    severity: Severity
    shortest: bool


def leaks(network: Network) -> dict[Edge, Leak]:
    """The edges on chains from a component to an import with a finding.

    Only components that do import it count; where no component's own imports are known, all do. Of
    several shortest chains the first is taken, in the order of nodes.
    """
    bad = {
        node: level
        for node in network.nodes(NodeKind.INTERFACE)
        if (level := severity(network.facts(node).finding))
    }
    hidden = shortcuts(network)
    chain = [edge for edge in network.edges() if _can_bring(edge) and edge not in hidden]
    out: dict[Node, list[Edge]] = defaultdict(list)
    for edge in chain:
        out[edge.source].append(edge)
    trees: dict[Node, dict[Node, Edge]] = {}
    found: dict[Edge, Severity] = {}
    short: set[Edge] = set()
    for node in sorted(bad, key=lambda node: -bad[node].rank):
        back = leading(chain, [node])
        for start in _importers(network, node):
            tree = trees[start] = trees.get(start) or _nearest(start, out)
            between = back & (tree.keys() | {start})
            for edge in chain:
                if edge.source in between and edge.target in between and _ends_at(edge, node):
                    found.setdefault(edge, bad[node])
            at = node
            while at in tree:
                short.add(tree[at])
                at = tree[at].source
    return {edge: Leak(level, edge in short) for edge, level in found.items()}


def _nearest(start: Node, out: Mapping[Node, Iterable[Edge]]) -> dict[Node, Edge]:
    """The last edge of a shortest way from ``start`` to each node that it leads to."""
    tree: dict[Node, Edge] = {}
    front = [start]
    while front:
        ahead = []
        for node in front:
            for edge in out.get(node, ()):
                if edge.target not in tree and edge.target != start:
                    tree[edge.target] = edge
                    ahead.append(edge.target)
        front = ahead
    return tree


def _ends_at(edge: Edge, node: Node) -> bool:
    return edge.kind is not EdgeKind.IMPORTS or edge.target == node


def _can_bring(edge: Edge) -> bool:
    return (edge.kind in CHAIN or edge.kind is EdgeKind.IMPORTS) and edge.certainty is not Certainty.UNUSED


def _importers(network: Network, node: Node) -> Iterable[Node]:
    """Where chains to an import begin."""
    components = network.nodes(NodeKind.COMPONENT)
    known = [c for c in components if network.out(c, EdgeKind.IMPORTS)]
    importing = {edge.source for edge in network.into(node, EdgeKind.IMPORTS)}
    if known:
        return [c for c in components if c in importing]
    return components or sorted(importing)


def undemanded(network: Network) -> frozenset[Node]:
    """Interfaces that some world imports and no component does; none when no component's imports are known."""
    by_component = {
        edge.target for c in network.nodes(NodeKind.COMPONENT) for edge in network.out(c, EdgeKind.IMPORTS)
    }
    if not by_component:
        return frozenset()
    return frozenset(
        node
        for node in network.nodes(NodeKind.INTERFACE)
        if node not in by_component
        and network.into(node, EdgeKind.IMPORTS)
        and not network.into(node, EdgeKind.EXPORTS)
    )
