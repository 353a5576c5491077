"""``check --format html``: the whole run as one page that asks nothing of a network.

Without a script it can be read from top to bottom; with it there are tabs, filters and the graph. Names from files
are text everywhere; the page's policy allows just its own style sheet and script.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from importlib.resources import files

from wasmdoctor.graph.network import Network
from wasmdoctor.model.finding import Report
from wasmdoctor.model.migration import WorkspacePlans
from wasmdoctor.reporters.escape import one_line
from wasmdoctor.reporters.page import page
from wasmdoctor.reporters.report_html import components, findings, graphdata, plans
from wasmdoctor.reporters.report_html.colors import variables
from wasmdoctor.reporters.report_html.groups import grouped
from wasmdoctor.reporters.report_html.markup import text
from wasmdoctor.reporters.report_html.summary import summary

SCRIPTS = ("tabs.js", "filters.js", "layout.js", "graph.js")


def render(
    report: Report, network: Network, workspaces: Sequence[WorkspacePlans] = (), why_not: str = ""
) -> str:
    """The page. ``network`` is the graph of what was checked, empty when there is none; ``workspaces`` have the
    plans, and ``why_not`` says why there are none where some were wanted."""
    groups = grouped(report.findings)
    anchors = {artifact.path: f"c{number}" for number, artifact in enumerate(report.components, 1)}
    drawing = graphdata.drawing(network, groups)
    sections = [
        (
            "findings",
            "Findings",
            len(report.findings),
            findings.findings(report, groups, anchors, set(drawing.ways)),
        ),
        ("components", "Components", len(report.components), components.components(report, groups, anchors)),
    ]
    if drawing.nodes:
        sections.append(("graph", "Graph", 0, _GRAPH))
    if workspaces or why_not:
        sections.append(("plans", "Plans", 0, plans.plans(workspaces, why_not)))
    if report.suppressed:
        sections.append(
            ("suppressed", "Suppressed", len(report.suppressed), findings.suppressed(report.suppressed))
        )
    links = "".join(
        f'<a href="#{id_}" id="tab-{id_}">{title}{f" <small>{count:,}</small>" if count else ""}</a>'
        for id_, title, count, _ in sections
    )
    parts = "".join(
        f'<section id="{id_}" aria-labelledby="head-{id_}">\n<h2 id="head-{id_}">{title}</h2>\n{body}</section>\n'
        for id_, title, _, body in sections
    )
    script = "\n".join(_part(name) for name in SCRIPTS)
    body = f"""\
<a class="skip" href="#findings">To the findings</a>
<header>
<h1>wasmdoctor report</h1>
{summary(report)}</header>
<nav aria-label="Sections"><div class="tabs">{links}</div></nav>
<main>
{parts}</main>
<footer>wasmdoctor {text(report.tool_version)}</footer>
<script type="application/json" id="data">{graphdata.as_json(drawing)}</script>
<script>{script}</script>
"""
    style = f"{variables()}\n{_part('report.css')}"
    return page(one_line(_title(report)), style, body, script=script)


def _title(report: Report) -> str:
    hosts = ", ".join(report.hosts or (report.host,))
    return f"wasmdoctor report: {len(report.findings)} findings, {len(report.components)} components, {hosts}"


@cache
def _part(name: str) -> str:
    """A file beside this module, in the checkout or in an installed wheel."""
    return (files("wasmdoctor.reporters.report_html") / "page" / name).read_text("utf-8")


_GRAPH = """\
<p class="noscript">The graph needs a script, which this browser does not run. The components above say the same in \
tables.</p>
<div class="graph" data-script hidden>
<div class="filters">
<div class="search">
<input type="search" placeholder="Search: crate, interface, component" aria-label="Search the graph" role="combobox" \
aria-expanded="false" aria-controls="found" aria-autocomplete="list" autocomplete="off" spellcheck="false" \
aria-keyshortcuts="/">
<ul id="found" role="listbox" aria-label="Found in the graph" hidden></ul>
</div>
<label>Show <select data-scope>
<option value="all">everything</option>
<option value="findings">what leads to findings</option>
<option value="chosen">what leads through the chosen node</option>
</select></label>
<button type="button" data-fold="open">Unfold all</button>
<button type="button" data-fold="">Fold all</button>
<span role="group" aria-label="Zoom">
<button type="button" data-zoom="-" aria-label="Smaller">−</button>
<button type="button" data-zoom="+" aria-label="Larger">+</button>
<button type="button" data-zoom="0">Fit</button>
</span>
<output aria-live="polite"></output>
</div>
<div class="stage">
<div class="pane"></div>
<aside aria-label="What is known of the chosen node" aria-live="polite" hidden></aside>
</div>
<p class="keys"><kbd>/</kbd> search <kbd>←</kbd> <kbd>→</kbd> along lines <kbd>↑</kbd> <kbd>↓</kbd> in a column
<kbd>Enter</kbd> choose <kbd>Space</kbd> unfold or fold <kbd>Esc</kbd> let go <kbd>+</kbd> <kbd>−</kbd> <kbd>0</kbd> zoom</p>
</div>
"""
