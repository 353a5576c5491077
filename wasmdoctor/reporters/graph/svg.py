"""``graph --format svg``: the picture in one file, light or dark as the reader's system is.

No scripts, no fonts or files from elsewhere; colours are in one style sheet, without CSS variables, which
some renderers (librsvg 2.54, Inkscape) do not know.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from xml.sax.saxutils import escape, quoteattr

from wasmdoctor.graph.network import EdgeKind, Network
from wasmdoctor.model.binding import Certainty
from wasmdoctor.model.rule import Severity
from wasmdoctor.reporters.graph.emphasis import Leak
from wasmdoctor.reporters.graph.json import edge_kind
from wasmdoctor.reporters.graph.layout import Route
from wasmdoctor.reporters.graph.palette import DARK, LIGHT, Colors
from wasmdoctor.reporters.graph.picture import (
    DETAIL_SIZE,
    NAME_SIZE,
    PAD_LEFT,
    Picture,
    Shape,
    Stroke,
    picture,
    structural,
)
from wasmdoctor.reporters.graph.titles import counted, with_article

MARGIN = 20.0
HEAD = 62.0
"""Room above the picture for the title and the headings."""

FOOT = 44.0
LEGEND_LINE = 20.0
FONT = "ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', 'Liberation Mono', monospace"
BADGES = {Severity.ERROR: "×", Severity.WARNING: "!", Severity.NOTE: "i"}


def _n(number: float) -> str:
    """A number as short as can be, with a tenth of a pixel."""
    return f"{number:.1f}".removesuffix(".0")


def render(network: Network) -> str:
    """A whole SVG document."""
    return drawing(network, picture(network), f"<style>\n{style_sheet()}\n</style>")


def drawing(network: Network, shown: Picture, style: str, *, live: bool = False) -> str:
    """The ``svg`` element. ``live`` makes nodes reachable by keyboard, for a page with a script."""
    legend = list(_legend(shown))
    rows = list(_rows(legend, max(shown.width, 360.0)))
    width = max(shown.width, 360.0) + 2 * MARGIN
    height = HEAD + shown.height + FOOT + LEGEND_LINE * len(rows)
    size = f'width="{_n(width)}" height="{_n(height)}" viewBox="0 0 {_n(width)} {_n(height)}"'
    # HTML knows the element by itself; a document of its own needs the name space.
    role, space = ("group", "") if live else ("img", ' xmlns="http://www.w3.org/2000/svg"')
    parts = [
        f'<svg{space} {size} role="{role}" aria-labelledby="title summary">',
        '<title id="title">Components, crates, worlds and interfaces</title>',
        f'<desc id="summary">{escape(counted(network))}</desc>',
        style,
        *_markers(shown),
        f'<rect class="page" width="{_n(width)}" height="{_n(height)}"/>',
        "" if live else f'<text class="summary" x="{_n(MARGIN)}" y="24">{escape(counted(network))}</text>',
        f'<g transform="translate({_n(MARGIN)} {_n(HEAD)})">',
        *_bands(shown),
        '<g class="edges">',
        *(_stroke(number, stroke) for number, stroke in enumerate(_painted(shown.strokes))),
        "</g>",
        '<g class="nodes">',
        *(_shape(shape, live=live) for shape in shown.shapes),
        "</g>",
        "</g>",
        f'<g class="legend" transform="translate({_n(MARGIN)} {_n(HEAD + shown.height + FOOT)})">',
        *(entry for number, row in enumerate(rows) for entry in _legend_row(row, number)),
        "</g>",
        "</svg>",
    ]
    return "\n".join(part for part in parts if part) + "\n"


def _painted(strokes: tuple[Stroke, ...]) -> list[Stroke]:
    """What is painted later lies above: structure, then imports and exports, then leaks."""

    def above(stroke: Stroke) -> tuple[bool, bool, bool]:
        leak = stroke.leak
        return (leak is not None and leak.shortest, leak is not None, not structural(stroke.edge.kind))

    return sorted(strokes, key=above)


def _bands(shown: Picture) -> Iterator[str]:
    for group in shown.groups:
        yield (
            f'<rect class="band" x="{_n(group.x - 9)}" y="-28" width="{_n(group.width + 18)}" '
            f'height="{_n(shown.height + 38)}" rx="8"/>'
        )
        yield f'<text class="heading" x="{_n(group.x)}" y="-11">{escape(group.heading)}</text>'


def _stroke(number: int, stroke: Stroke) -> str:
    edge = stroke.edge
    looks = ["edge", edge_kind(edge.kind), edge.certainty.value]
    looks += ["leak", stroke.leak.severity.value] if stroke.leak else []
    looks += ["shortest"] if stroke.leak and stroke.leak.shortest else []
    marker = _marker(edge.kind, stroke.leak)
    return (
        f'<path class="{" ".join(looks)}" id="e{number}" data-source="{stroke.source}" '
        f'data-target="{stroke.target}" marker-end="url(#{marker})" d="{path(stroke.route)}">'
        f"<title>{escape(stroke.tip)}</title></path>"
    )


def path(route: Route) -> str:
    """The path of a route: curves between columns, straight lines through them."""
    points = route.points
    words = [f"M{_n(points[0][0])} {_n(points[0][1])}"]
    for number, ((x, y), (to_x, to_y)) in enumerate(pairwise(points)):
        if number % 2 or abs(y - to_y) < 0.05:
            words.append(f"L{_n(to_x)} {_n(to_y)}")
        else:
            half = (x + to_x) / 2
            words.append(f"C{_n(half)} {_n(y)} {_n(half)} {_n(to_y)} {_n(to_x)} {_n(to_y)}")
    return " ".join(words)


def _shape(shape: Shape, *, live: bool) -> str:
    box = shape.box
    looks = ["node", shape.node.kind.value]
    looks += ["external"] if shape.external else []
    looks += ["unasked"] if shape.unasked else []
    looks += ["finding", shape.finding.value] if shape.finding else []
    reach = (
        f' tabindex="0" role="button" aria-label={quoteattr(shape.tip.replace(chr(10), ", "))}'
        if live
        else ""
    )
    middle = box.y + (15.5 if shape.title.detail else box.height / 2 + 4)
    left = box.x + PAD_LEFT
    parts = [
        f'<g class="{" ".join(looks)}" id="{shape.id}"{reach}>',
        f"<title>{escape(shape.tip)}</title>",
        f'<rect class="box" x="{_n(box.x)}" y="{_n(box.y)}" width="{_n(box.width)}" height="{_n(box.height)}" rx="5"/>',
        f'<path class="strip" d="M{_n(box.x + 5)} {_n(box.y + 5)}V{_n(box.y + box.height - 5)}"/>',
        f'<text class="name" x="{_n(left)}" y="{_n(middle)}">{escape(shape.title.name)}</text>',
    ]
    if shape.title.detail:
        detail = escape(shape.title.detail)
        parts.append(f'<text class="detail" x="{_n(left)}" y="{_n(box.y + 30)}">{detail}</text>')
    if shape.finding:
        x, y = box.right - 13, box.y + (12.5 if shape.title.detail else box.height / 2)
        parts.append(f'<circle class="badge" cx="{_n(x)}" cy="{_n(y)}" r="7.5"/>')
        parts.append(f'<text class="sign" x="{_n(x)}" y="{_n(y + 4)}">{BADGES[shape.finding]}</text>')
    return "".join(parts) + "</g>"


def _marker(kind: EdgeKind, leak: Leak | None) -> str:
    return f"tip-{leak.severity.value}" if leak else "tip" if structural(kind) else f"tip-{edge_kind(kind)}"


def _markers(shown: Picture) -> Iterator[str]:
    yield "<defs>"
    for name in sorted({_marker(stroke.edge.kind, stroke.leak) for stroke in shown.strokes}):
        yield (
            f'<marker id="{name}" class="{name}" viewBox="0 0 8 8" refX="7.5" refY="4" markerWidth="7" '
            'markerHeight="7" markerUnits="userSpaceOnUse" orient="auto">'
            '<path d="M0 0.6L7.6 4L0 7.4z"/></marker>'
        )
    yield "</defs>"


Entry = tuple[str, str]

_CERTAINTY = {
    Certainty.LIKELY: "called under a condition",
    Certainty.POSSIBLE: "not known before a build",
    Certainty.UNUSED: "nothing calls it",
}


def _legend(shown: Picture) -> Iterator[Entry]:
    """What the lines and boxes of this picture mean: classes and words."""
    kinds = {stroke.edge.kind for stroke in shown.strokes}
    if any(structural(kind) for kind in kinds):
        yield "edge", "is made of, depends on"
    for kind in (EdgeKind.IMPORTS, EdgeKind.EXPORTS, EdgeKind.PROVIDES):
        if kind in kinds:
            yield f"edge {edge_kind(kind)}", kind.value
    for level in Severity:
        marked = {
            stroke.leak.shortest for stroke in shown.strokes if stroke.leak and stroke.leak.severity is level
        }
        if True in marked:
            yield f"edge leak shortest {level.value}", f"brings in {with_article(level)}, by a shortest chain"
        if False in marked:
            yield f"edge leak {level.value}", f"brings in {with_article(level)}, by a longer one"
    certainties = {stroke.edge.certainty for stroke in shown.strokes}
    for certainty, meaning in _CERTAINTY.items():
        if certainty in certainties:
            yield f"edge {certainty.value}", f"{certainty.value}: {meaning}"
    for level in Severity:
        if any(shape.finding is level for shape in shown.shapes):
            yield f"node finding {level.value}", f"{level.value}"
    if any(shape.external for shape in shown.shapes):
        yield "node external", "from a registry, or standard"
    if any(shape.unasked for shape in shown.shapes):
        yield "node unasked", "no component imports it"


def _rows(entries: list[Entry], width: float) -> Iterator[list[tuple[float, Entry]]]:
    """The legend in rows no wider than the picture: each entry with its x."""
    row: list[tuple[float, Entry]] = []
    x = 0.0
    for entry in entries:
        room = 34 + len(entry[1]) * 6.6 + 22
        if row and x + room > width:
            yield row
            row, x = [], 0.0
        row.append((x, entry))
        x += room
    if row:
        yield row


def _legend_row(row: list[tuple[float, Entry]], number: int) -> Iterator[str]:
    y = number * LEGEND_LINE
    for x, (looks, words) in row:
        if looks.startswith("edge"):
            yield f'<path class="{looks}" d="M{_n(x)} {_n(y - 4)}H{_n(x + 26)}"/>'
        else:
            yield f'<g class="{looks}"><rect class="box" x="{_n(x)}" y="{_n(y - 10)}" width="26" height="12" rx="3"/></g>'
        yield f'<text class="key" x="{_n(x + 34)}" y="{_n(y)}">{escape(words)}</text>'


def style_sheet() -> str:
    """The style sheet of the drawing: sizes, then the light colours, then the dark ones."""
    return "\n".join([_SIZES, *_colors(LIGHT), "@media (prefers-color-scheme: dark) {", *_colors(DARK), "}"])


_SIZES = f"""\
svg text {{ font-family: {FONT}; font-size: 11px; }}
svg .name {{ font-size: {_n(NAME_SIZE)}px; font-weight: 600; }}
svg .detail {{ font-size: {_n(DETAIL_SIZE)}px; }}
svg .heading, svg .sign {{ font-weight: 600; }}
svg .sign {{ text-anchor: middle; }}
.edge {{ fill: none; stroke-width: 1.2; }}
.edge.shortest {{ stroke-width: 2.4; }}
.edge.likely {{ stroke-dasharray: 14 3; }}
.edge.possible {{ stroke-dasharray: 6 3; }}
.edge.unused {{ stroke-dasharray: 1.5 3; }}
.finding .box {{ stroke-width: 2; }}
.unasked .box {{ stroke-dasharray: 4 3; }}
.strip {{ fill: none; stroke-width: 3.5; stroke-linecap: round; }}"""


def _colors(colors: Colors) -> Iterator[str]:
    yield f".page, svg .sign {{ fill: {colors.page}; }}"
    yield f".band {{ fill: {colors.band}; }}"
    yield f"svg .name {{ fill: {colors.text}; }}"
    yield f"svg .detail, svg .heading, svg .key, svg .summary, svg .external .name {{ fill: {colors.quiet}; }}"
    yield f"svg .finding .name {{ fill: {colors.text}; }}"
    yield f".box {{ fill: {colors.box}; stroke: {colors.border}; }}"
    yield f".external .box {{ fill: {colors.outer_box}; }}"
    for kind, color in colors.kinds.items():
        yield f".{kind.value} .strip {{ stroke: {color}; }}"
    yield f".edge {{ stroke: {colors.line}; }}"
    yield f".tip {{ fill: {colors.line}; }}"
    for way, color in colors.edges.items():
        yield f".edge.{edge_kind(way)} {{ stroke: {color}; }}"
        yield f".tip-{edge_kind(way)} {{ fill: {color}; }}"
    for level, (border, fill) in colors.findings.items():
        name = level.value
        yield f".edge.leak.{name} {{ stroke: {border}; }}"
        yield f".tip-{name}, .{name} .badge {{ fill: {border}; }}"
        yield f".finding.{name} .box {{ fill: {fill}; stroke: {border}; }}"
