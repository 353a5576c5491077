"""``wasmdoctor graph``: the network as a tree, as data, and as pictures.

``prepare``    what part is shown, and what is folded
``text``       an indented tree
``json``       the contract of ``rules/schema/graph-1.json``
``dot``        Graphviz
``mermaid``    Mermaid's flowchart
``svg``        our own drawing: ``picture`` says what to draw, ``layout`` where
``html``       the drawing with search, in one file; its script and style are in ``page/``
``emphasis``   what pictures leave out, and the chains that they point at
``titles``     what nodes and edges are called
"""

from __future__ import annotations

from wasmdoctor.graph.network import Network
from wasmdoctor.reporters.console import Style

FORMATS = ("text", "dot", "mermaid", "json", "html", "svg")


def render(network: Network, format_: str, style: Style) -> str:
    """The graph in one of ``FORMATS``, with a line end. ``style`` counts for text only."""
    match format_:
        case "text":
            from wasmdoctor.reporters.graph import text

            return text.render(network, style)
        case "dot":
            from wasmdoctor.reporters.graph import dot

            return dot.render(network)
        case "mermaid":
            from wasmdoctor.reporters.graph import mermaid

            return mermaid.render(network)
        case "json":
            from wasmdoctor.reporters.graph import json

            return json.render(network)
        case "svg":
            from wasmdoctor.reporters.graph import svg

            return svg.render(network)
        case "html":
            from wasmdoctor.reporters.graph import html

            return html.render(network)
    raise ValueError(f"no format is called {format_!r}")
