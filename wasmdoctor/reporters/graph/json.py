"""``graph --format json``: the contract of ``rules/schema/graph-1.json``, schema 1."""

from __future__ import annotations

from typing import Any

from wasmdoctor import __version__
from wasmdoctor.graph.network import Edge, EdgeKind, Network, Node, NodeFacts
from wasmdoctor.model.source import Location
from wasmdoctor.reporters.graph.emphasis import Leak, leaks, shortcuts
from wasmdoctor.reporters.graph.titles import severity
from wasmdoctor.reporters.jsontext import dumped

SCHEMA = 1


def render(network: Network) -> str:
    """The graph as indented JSON with a line end. The same graph gives the same bytes."""
    # A name may hold a lone surrogate, which UTF-8 cannot.
    text = dumped(document(network))
    return text.encode("utf-8", "backslashreplace").decode() + "\n"


def document(network: Network) -> dict[str, Any]:
    """The graph as plain data: nodes and edges, both sorted, every edge with what it rests on."""
    implied, leaking = shortcuts(network), leaks(network)
    return {
        "schema": SCHEMA,
        "tool": {"name": "wasmdoctor", "version": __version__},
        "nodes": [_node(node, network.facts(node)) for node in network.nodes()],
        "edges": [_edge(edge, implied=edge in implied, leak=leaking.get(edge)) for edge in network.edges()],
    }


def identity(node: Node) -> str:
    """What names a node in the document: its kind and key, the same in every run."""
    return f"{node.kind.value}:{node.key}"


def edge_kind(kind: EdgeKind) -> str:
    """The kind of an edge in the document: its name in lower case, ``declared-in``."""
    return kind.name.lower().replace("_", "-")


def _node(node: Node, facts: NodeFacts) -> dict[str, Any]:
    level = severity(facts.finding)
    return {
        "id": identity(node),
        "kind": node.kind.value,
        "label": facts.label,
        "location": _location(facts.location),
        "external": facts.external,
        "finding": level.value if level else None,
        "note": facts.note,
    }


def _edge(edge: Edge, *, implied: bool, leak: Leak | None) -> dict[str, Any]:
    return {
        "source": identity(edge.source),
        "target": identity(edge.target),
        "kind": edge_kind(edge.kind),
        "location": _location(edge.location),
        "evidence": edge.evidence.value,
        "certainty": edge.certainty.value,
        "implied": implied,
        "leak": leak.severity.value if leak else None,
        "note": edge.note,
    }


def _location(location: Location | None) -> dict[str, Any] | None:
    if location is None:
        return None
    return {"path": location.path, "line": location.line or None, "column": location.column or None}
