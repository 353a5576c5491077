"""``graph --format mermaid``: a flowchart that GitHub, GitLab and most wikis draw.

Rules: Mermaid 11, "Flowcharts - Basic Syntax". Text stands in double quotes; what means something to
Mermaid, Markdown or HTML is written as ``#NUMBER;``, its own form of character references.
"""

from __future__ import annotations

from collections.abc import Iterator

from wasmdoctor.graph.network import Edge, EdgeKind, Network, Node
from wasmdoctor.model.binding import Certainty
from wasmdoctor.reporters.graph.emphasis import Leak, drawn, leaks
from wasmdoctor.reporters.graph.palette import LIGHT
from wasmdoctor.reporters.graph.titles import HEADINGS, severity, shortened, title

MOST_EDGES, MOST_TEXT = 500, 50_000
"""What Mermaid draws unless its ``maxEdges`` and ``maxTextSize`` say otherwise (a page sets them, a chart cannot)."""

WIDEST_NAME, WIDEST_DETAIL = 60, 80
"""In columns; longer ones are cut."""

_SPECIAL = frozenset('"#&<>`\\*_~|[]{}()$%;@!-+.=^')
_PLAIN_IN_WORDS = frozenset("_-.@+!()=~")
"""Special only where a word begins: there Markdown would read a list, a heading or emphasis."""

_LINKS = {EdgeKind.IMPORTS: "imports", EdgeKind.EXPORTS: "exports", EdgeKind.PROVIDES: "provided by"}


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
    shown = shortened(title(node, network.facts(node)), WIDEST_NAME, WIDEST_DETAIL)
    return _escaped(shown.name) + (f"<br/>{_escaped(shown.detail)}" if shown.detail else "")


def _link(edge: Edge, names: dict[Node, str]) -> str:
    """A dotted arrow is for what is possible or unused. Providers stand on the right, as what is needed."""
    one, two = (names[node] for node in edge.need)
    arrow = "-.->" if edge.certainty in (Certainty.POSSIBLE, Certainty.UNUSED) else "-->"
    word = _LINKS.get(edge.kind, "")
    if edge.certainty is not Certainty.CERTAIN:
        word = f"{word}, {edge.certainty.value}" if word else edge.certainty.value
    text = f'|"{word}"|' if word else ""
    return f"  {one} {arrow}{text} {two}"


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
    found: dict[Leak, list[str]] = {}
    for number, edge in enumerate(edges):
        if edge in leaking:
            found.setdefault(leaking[edge], []).append(str(number))
    for leak, numbers in sorted(found.items(), key=lambda one: (-one[0].severity.rank, not one[0].shortest)):
        width = "2px" if leak.shortest else "1px"
        yield f"  linkStyle {','.join(numbers)} stroke:{LIGHT.findings[leak.severity][0]},stroke-width:{width}"


def _escaped(text: str) -> str:
    return "".join(f"#{ord(char)};" if _means(text, at) else char for at, char in enumerate(text))


def _means(text: str, at: int) -> bool:
    """Whether the character there would mean something: ``1.`` and ``1)`` begin a list, ``1.0`` does not."""
    char, before = text[at], text[:at]
    if char in ".)" and before.isdigit() and not text[at + 1 : at + 2].isdigit():
        return True
    return char in _SPECIAL and not (char in _PLAIN_IN_WORDS and before[-1:].isalnum())
