"""What pictures and trees leave out because something else says it, and what they point at."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from wasmdoctor.graph.network import Edge, EdgeKind, Network, Node, NodeKind
from wasmdoctor.model.binding import Certainty
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


def leaks(network: Network) -> dict[Edge, Severity]:
    """The edges on chains from a component to an import with a finding, with the worst such finding.

    Only components that do import it count; where no component's own imports are known, all do.
    """
    bad = {
        node: level
        for node in network.nodes(NodeKind.INTERFACE)
        if (level := severity(network.facts(node).finding))
    }
    chain = [edge for edge in network.edges() if _can_bring(edge)]
    ways = onward(chain)
    ahead: dict[Node, set[Node]] = {}
    found: dict[Edge, Severity] = {}
    for node in sorted(bad, key=lambda node: -bad[node].rank):
        back = leading(chain, [node])
        for start in _importers(network, node):
            if start not in ahead:
                ahead[start] = reached([start], ways)
            between = back & ahead[start]
            for edge in chain:
                if edge.source in between and edge.target in between and _ends_at(edge, node):
                    found.setdefault(edge, bad[node])
    return found


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
