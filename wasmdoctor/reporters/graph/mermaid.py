"""``graph --format mermaid``: a flowchart that GitHub, GitLab and most wikis draw.

Rules: Mermaid 11, "Flowcharts - Basic Syntax". Text stands in double quotes; what means something to
Mermaid, Markdown or HTML is written as ``#NUMBER;``, its own form of character references.
"""

from __future__ import annotations

from collections.abc import Iterator

from wasmdoctor.graph.network import Edge, EdgeKind, Network, Node
from wasmdoctor.model.binding import Certainty
from wasmdoctor.model.rule import Severity
from wasmdoctor.reporters.graph.emphasis import drawn, leaks
from wasmdoctor.reporters.graph.palette import LIGHT
from wasmdoctor.reporters.graph.titles import HEADINGS, severity, title

MOST_EDGES, MOST_TEXT = 500, 50_000
"""What Mermaid draws unless its ``maxEdges`` and ``maxTextSize`` say otherwise (a page sets them, a chart cannot)."""

_SPECIAL = frozenset('"#&<>`\\*_~|[]{}()$%;@!-+.=^')
_PLAIN_INSIDE = frozenset("_-.@+!()=~")
"""Special only at the start of a label, where Markdown would read a list or a heading."""

_LINKS = {EdgeKind.IMPORTS: "imports", EdgeKind.EXPORTS: "exports", EdgeKind.PROVIDES: "provides"}


def render(network: Network) -> str:
    """The graph as one ``flowchart LR``, with a comment when it is larger than Mermaid draws by default."""
    names = {node: f"n{number}" for number, node in enumerate(network.nodes())}
    edges = drawn(network)
    lines = [
        "flowchart LR",
        *_groups(network, names),
        *(_link(edge, names) for edge in edges),
        *_looks(network, names),
        *_link_looks(network, edges),
    ]
    size = sum(len(line) + 1 for line in lines)
    if len(edges) > MOST_EDGES or size > MOST_TEXT:
        note = f"%% {len(edges)} edges and {size} characters: raise maxEdges and maxTextSize, or use --focus"
        lines.insert(1, note)
    return "\n".join(lines) + "\n"


def _groups(network: Network, names: dict[Node, str]) -> Iterator[str]:
    for kind, heading in HEADINGS.items():
        nodes = network.nodes(kind)
        if nodes:
            yield f'  subgraph group_{kind.value}["{heading}"]'
            for node in nodes:
                yield f'    {names[node]}["{_label(network, node)}"]'
            yield "  end"


def _label(network: Network, node: Node) -> str:
    shown = title(node, network.facts(node))
    return _escaped(shown.name) + (f"<br/>{_escaped(shown.detail)}" if shown.detail else "")


def _link(edge: Edge, names: dict[Node, str]) -> str:
    """A dotted arrow is for what is not certain."""
    arrow = "-->" if edge.certainty is Certainty.CERTAIN else "-.->"
    word = _LINKS.get(edge.kind, "")
    if edge.certainty is not Certainty.CERTAIN:
        word = f"{word}, {edge.certainty.value}" if word else edge.certainty.value
    text = f'|"{word}"|' if word else ""
    return f"  {names[edge.source]} {arrow}{text} {names[edge.target]}"


def _looks(network: Network, names: dict[Node, str]) -> Iterator[str]:
    found: dict[str, list[str]] = {}
    for node, name in names.items():
        facts = network.facts(node)
        level = severity(facts.finding)
        look = level.value if level else "outer" if facts.external else ""
        if look:
            found.setdefault(look, []).append(name)
    for level, (border, fill) in LIGHT.findings.items():
        if level.value in found:
            style = f"stroke:{border},fill:{fill},color:{LIGHT.text},stroke-width:2px"
            yield f"  classDef {level.value} {style}"
    if "outer" in found:
        yield f"  classDef outer fill:{LIGHT.outer_box},stroke:{LIGHT.border},color:{LIGHT.quiet}"
    for look, members in sorted(found.items()):
        yield f"  class {','.join(members)} {look}"


def _link_looks(network: Network, edges: list[Edge]) -> Iterator[str]:
    """``linkStyle`` counts links in the order in which they stand."""
    leaking = leaks(network)
    for level in Severity:
        numbers = [str(number) for number, edge in enumerate(edges) if leaking.get(edge) is level]
        if numbers:
            yield f"  linkStyle {','.join(numbers)} stroke:{LIGHT.findings[level][0]},stroke-width:2px"


def _escaped(text: str) -> str:
    return "".join(
        f"#{ord(char)};" if char in _SPECIAL and (number == 0 or char not in _PLAIN_INSIDE) else char
        for number, char in enumerate(text)
    )
