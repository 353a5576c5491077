"""Ways through the graph: which edges make a chain, and what can be reached."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from wasmdoctor.graph.network import Edge, EdgeKind, Node

CHAIN = frozenset(
    {
        EdgeKind.BUILT_FROM,
        EdgeKind.DEPENDS,
        EdgeKind.BINDS,
        EdgeKind.FOR,
        EdgeKind.INCLUDES,
        EdgeKind.CONTAINS,
    }
)
"""Edges that lead from a component to the worlds that say what it may import."""


def reached(starts: Iterable[Node], ways: Mapping[Node, Iterable[Node]]) -> set[Node]:
    """``starts`` and every node to which ``ways`` lead from them."""
    found = set(starts)
    todo = list(found)
    while todo:
        for node in ways.get(todo.pop(), ()):
            if node not in found:
                found.add(node)
                todo.append(node)
    return found


def onward(edges: Iterable[Edge]) -> dict[Node, list[Node]]:
    """The targets of each source."""
    ways: dict[Node, list[Node]] = defaultdict(list)
    for edge in edges:
        ways[edge.source].append(edge.target)
    return ways


def leading(edges: Iterable[Edge], ends: Iterable[Node]) -> set[Node]:
    """The nodes from which ``edges`` lead to one of ``ends``, and these."""
    back: dict[Node, list[Node]] = defaultdict(list)
    for edge in edges:
        back[edge.target].append(edge.source)
    return reached(ends, back)
