"""``graph --format dot``: Graphviz, one cluster for each kind of node.

Rules: the DOT language page of Graphviz 2.42 and later, "Character encodings" and "escString": in quoted
strings a backslash and a double quote are escaped, and an ampersand begins an entity.
"""

from __future__ import annotations

from collections.abc import Iterator

from wasmdoctor.graph.network import Edge, EdgeKind, Network, Node
from wasmdoctor.model.binding import Certainty
from wasmdoctor.reporters.graph.emphasis import Leak, drawn, leaks, undemanded
from wasmdoctor.reporters.graph.palette import LIGHT
from wasmdoctor.reporters.graph.titles import HEADINGS, one_line, says, severity, shortened, title

_FONT = '"Helvetica,Arial,sans-serif"'
WIDEST_NAME, WIDEST_DETAIL = 80, 100
"""In columns; longer ones are cut, the tooltip has them in full."""

_LINES = {
    Certainty.CERTAIN: "solid",
    Certainty.LIKELY: "solid",
    Certainty.POSSIBLE: "dashed",
    Certainty.UNUSED: "dotted",
}


def render(network: Network) -> str:
    """The graph as one ``digraph``; ``dot -Tsvg`` draws it from left to right."""
    nodes = network.nodes()
    names = {node: f"n{number}" for number, node in enumerate(nodes)}
    return "\n".join([*_head(), *_clusters(network, names), *_edges(network, names), "}"]) + "\n"


def _head() -> Iterator[str]:
    yield "digraph wasmdoctor {"
    yield "  rankdir=LR; nodesep=0.15; ranksep=0.7; charset=utf8;"
    yield f'  graph [fontname={_FONT}, fontcolor="{LIGHT.quiet}", fontsize=11];'
    yield (
        f'  node [shape=box, style="rounded,filled", fillcolor="{LIGHT.box}", color="{LIGHT.border}", '
        f'fontname={_FONT}, fontsize=11, fontcolor="{LIGHT.text}", margin="0.12,0.06"];'
    )
    yield f'  edge [color="{LIGHT.line}", arrowsize=0.7];'


def _clusters(network: Network, names: dict[Node, str]) -> Iterator[str]:
    unasked = undemanded(network)
    for kind, heading in HEADINGS.items():
        nodes = network.nodes(kind)
        if nodes:
            yield f"  subgraph cluster_{kind.value} {{"
            yield f'    label={_quoted(heading)}; style="rounded,filled"; color="{LIGHT.band}";'
            for node in nodes:
                yield f"    {names[node]} [{_look(network, node, unasked=node in unasked)}];"
            yield "  }"


def _look(network: Network, node: Node, *, unasked: bool) -> str:
    facts = network.facts(node)
    shown = shortened(title(node, facts), WIDEST_NAME, WIDEST_DETAIL)
    label = _escaped(shown.name) + (f"\\n{_escaped(shown.detail)}" if shown.detail else "")
    place = f"\n{facts.location}" if facts.location else ""
    tip = "\\n".join(_escaped(one_line(part)) for part in (facts.label + place).split("\n"))
    look = [f'label="{label}"', f'tooltip="{tip}"']
    level = severity(facts.finding)
    if level:
        border, fill = LIGHT.findings[level]
        look += [f'color="{border}"', f'fillcolor="{fill}"', "penwidth=2", f'fontcolor="{border}"']
    elif facts.external:
        look += [f'fillcolor="{LIGHT.outer_box}"', f'fontcolor="{LIGHT.quiet}"']
    if unasked:
        look.append('style="rounded,filled,dashed"')
    return ", ".join(look)


def _edges(network: Network, names: dict[Node, str]) -> Iterator[str]:
    leaking = leaks(network)
    for edge in drawn(network):
        one, two = (names[node] for node in edge.need)
        yield f"  {one} -> {two} [{_edge_look(edge, leaking.get(edge))}];"


def _edge_look(edge: Edge, leak: Leak | None) -> str:
    """An edge that provides is written from the interface, so that providers stand on the right."""
    known = says(edge)
    tip = edge.kind.value + (f": {known}" if known else "")
    look = [f'tooltip="{_escaped(tip)}"', f"style={_LINES[edge.certainty]}"]
    if leak:
        look += [f'color="{LIGHT.findings[leak.severity][0]}"', "penwidth=2"]
    elif edge.kind in LIGHT.edges:
        look.append(f'color="{LIGHT.edges[edge.kind]}"')
    if edge.kind is EdgeKind.PROVIDES:
        look.append("dir=back")
    return ", ".join(look)


def _quoted(text: str) -> str:
    return f'"{_escaped(text)}"'


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("&", "&amp;")
