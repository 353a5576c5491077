"""``graph --format html``: one file with the picture, a search box and a script. It asks nothing of a network.

A content security policy allows just this style sheet and this script, by their hashes (W3C Content
Security Policy Level 3, "script-src"), so that no name from a file can become code.
"""

from __future__ import annotations

import json
from functools import cache
from html import escape
from importlib.resources import files
from typing import Any

from wasmdoctor.graph.network import Network
from wasmdoctor.model.rule import Severity
from wasmdoctor.reporters.graph.emphasis import shortcuts
from wasmdoctor.reporters.graph.json import identity
from wasmdoctor.reporters.graph.palette import DARK, LIGHT, Colors
from wasmdoctor.reporters.graph.picture import picture
from wasmdoctor.reporters.graph.svg import drawing, style_sheet
from wasmdoctor.reporters.graph.titles import counted, one_line, place_of, says, severity
from wasmdoctor.reporters.page import page


def render(network: Network) -> str:
    """A whole HTML page."""
    style = "\n".join([_variables(), style_sheet(), _part("page.css")])
    script = _part("page.js")
    title = counted(network)
    summary = escape(title)
    body = f"""\
<header>
<h1>wasmdoctor graph</h1>
<p>{summary}</p>
<div class="search" data-script hidden>
<input type="search" placeholder="Search: crate, interface, file" aria-label="Search" role="combobox" \
aria-expanded="false" aria-controls="results" autocomplete="off" spellcheck="false">
<ul id="results" role="listbox" aria-label="Found" hidden></ul>
</div>
<div class="tools" data-script hidden>
<button type="button" data-zoom="-" aria-label="Smaller">−</button>
<button type="button" data-zoom="+" aria-label="Larger">+</button>
<button type="button" data-zoom="0">Fit</button>
</div>
</header>
<main>
<div class="pane">
{drawing(network, picture(network), "", live=True)}</div>
<aside aria-live="polite" aria-label="What is known of the chosen node" hidden></aside>
</main>
<footer data-script hidden>
<kbd>/</kbd> search <kbd>Tab</kbd> nodes <kbd>←</kbd> <kbd>→</kbd> along lines <kbd>↑</kbd> <kbd>↓</kbd> in a column \
<kbd>Enter</kbd> or click keeps a node's ways lit <kbd>Esc</kbd> lets go <kbd>+</kbd> <kbd>−</kbd> <kbd>0</kbd> zoom
</footer>
<script type="application/json" id="data">{_data(network)}</script>
<script>{script}</script>
"""
    return page(f"wasmdoctor graph: {title}", style, body, script=script)


@cache
def _part(name: str) -> str:
    """A file beside this module, in the checkout or in an installed wheel."""
    return (files("wasmdoctor.reporters.graph") / "page" / name).read_text("utf-8")


def _data(network: Network) -> str:
    """What the script shows of nodes and edges, safe inside a ``script`` element and on a screen."""
    numbers = {node: number for number, node in enumerate(network.nodes())}
    hidden = shortcuts(network)
    nodes: list[dict[str, Any]] = []
    for node in numbers:
        facts = network.facts(node)
        level = severity(facts.finding)
        nodes.append(
            {
                "id": one_line(identity(node)),
                "kind": node.kind.value,
                "label": one_line(facts.label),
                "place": place_of(facts.location),
                "note": one_line(facts.note),
                "finding": level.value if level else "",
            }
        )
    edges = [
        {
            "source": numbers[edge.source],
            "target": numbers[edge.target],
            "kind": edge.kind.value,
            "known": ", ".join(
                part for part in (says(edge), "through a world" if edge in hidden else "") if part
            ),
        }
        for edge in network.edges()
    ]
    text = json.dumps({"nodes": nodes, "edges": edges}, ensure_ascii=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _variables() -> str:
    """The colours of the page around the picture."""
    return (
        f":root {{ {_named(LIGHT)} }}\n@media (prefers-color-scheme: dark) {{ :root {{ {_named(DARK)} }} }}"
    )


def _named(colors: Colors) -> str:
    named = {
        "page": colors.page,
        "band": colors.band,
        "box": colors.box,
        "border": colors.border,
        "text": colors.text,
        "quiet": colors.quiet,
        "accent": colors.accent,
        **{level.value: colors.findings[level][0] for level in Severity},
    }
    return " ".join(f"--{name}: {color};" for name, color in named.items())
