"""The graph as boxes with texts and lines with colours, laid out: what SVG and HTML draw."""

from __future__ import annotations

from wasmdoctor.graph.network import Edge, EdgeKind, Network, Node
from wasmdoctor.model.record import dataclass
from wasmdoctor.model.rule import Severity
from wasmdoctor.reporters.graph.emphasis import Leak, drawn, leaks, undemanded
from wasmdoctor.reporters.graph.layout import Box, Drawing, Line, Placed, Route, arrange
from wasmdoctor.reporters.graph.titles import (
    HEADINGS,
    ORDER,
    Title,
    columns,
    one_line,
    place_of,
    says,
    severity,
    shortened,
    title,
)

NAME_SIZE, DETAIL_SIZE = 12.0, 10.0
ADVANCE = 0.61
"""The width of a column of a monospaced font, as a share of its size: 0.60 to 0.61 in the usual ones."""

WIDEST_NAME, WIDEST_DETAIL = 32, 40
"""In columns: longer texts are cut, names in the middle, details (paths) at the left. Tooltips have all."""

PAD_LEFT, PAD_RIGHT = 13.0, 10.0
MARK_ROOM = 20.0
TALL, LOW = 38.0, 25.0
NARROWEST = 90.0


@dataclass(frozen=True, slots=True)
class Shape:
    """A node in the picture. ``tip`` has one fact a line; ``id`` is unique in the picture."""

    id: str
    node: Node
    title: Title
    tip: str
    box: Placed
    external: bool
    finding: Severity | None
    unasked: bool


@dataclass(frozen=True, slots=True)
class Stroke:
    """An edge in the picture, with the ids of its ends."""

    edge: Edge
    source: str
    target: str
    route: Route
    leak: Leak | None
    tip: str


@dataclass(frozen=True, slots=True)
class Group:
    """The columns of one kind: the heading, and the space from left to right."""

    heading: str
    x: float
    width: float


@dataclass(frozen=True, slots=True)
class Picture:
    """Everything to draw, in pixels from (0, 0)."""

    shapes: tuple[Shape, ...]
    strokes: tuple[Stroke, ...]
    groups: tuple[Group, ...]
    width: float
    height: float


def picture(network: Network) -> Picture:
    """Lay the graph out. Ids are ``n0``, ``n1``... in the order of ``network.nodes()``."""
    nodes = network.nodes()
    numbers = {node: number for number, node in enumerate(nodes)}
    titles = [shortened(title(node, network.facts(node)), WIDEST_NAME, WIDEST_DETAIL) for node in nodes]
    boxes = [_box(network, node, shown) for node, shown in zip(nodes, titles, strict=True)]
    edges = drawn(network)
    leaking = leaks(network)
    lines = [
        Line(numbers[edge.source], numbers[edge.target], _bundle(edge, leaking.get(edge))) for edge in edges
    ]
    drawing = arrange(boxes, lines)
    unasked = undemanded(network)
    shapes = tuple(
        Shape(
            f"n{number}",
            node,
            titles[number],
            _tip(network, node, unasked=node in unasked),
            drawing.boxes[number],
            network.facts(node).external,
            severity(network.facts(node).finding),
            node in unasked,
        )
        for node, number in numbers.items()
    )
    strokes = tuple(
        Stroke(
            edge,
            f"n{numbers[edge.source]}",
            f"n{numbers[edge.target]}",
            route,
            leaking.get(edge),
            _edge_tip(network, edge),
        )
        for edge, route in zip(edges, drawing.routes, strict=True)
    )
    return Picture(shapes, strokes, _groups(drawing), drawing.width, drawing.height)


def _bundle(edge: Edge, leak: Leak | None) -> str:
    """Lines of one look share a way."""
    return f"{edge.kind.value} {edge.certainty.value} {leak.severity.value if leak else ''}"


def _box(network: Network, node: Node, shown: Title) -> Box:
    name = columns(shown.name) * NAME_SIZE * ADVANCE
    detail = columns(shown.detail) * DETAIL_SIZE * ADVANCE
    if network.facts(node).finding:
        name += MARK_ROOM
    width = max(name, detail, NARROWEST) + PAD_LEFT + PAD_RIGHT
    return Box(ORDER[node.kind], round(width), TALL if shown.detail else LOW)


def _tip(network: Network, node: Node, *, unasked: bool) -> str:
    facts = network.facts(node)
    level = severity(facts.finding)
    lines = [f"{node.kind.value} {one_line(facts.label)}", place_of(facts.location), one_line(facts.note)]
    lines += [f"finding: {level.value}" if level else "", "no component imports it" if unasked else ""]
    return "\n".join(line for line in lines if line)


def _edge_tip(network: Network, edge: Edge) -> str:
    source, target = (one_line(network.facts(node).label) for node in (edge.source, edge.target))
    known = says(edge)
    return f"{source} {edge.kind.value} {target}" + (f"\n{known}" if known else "")


def _groups(drawing: Drawing) -> tuple[Group, ...]:
    spans: dict[int, tuple[float, float]] = {}
    for column in drawing.columns:
        left, right = spans.get(column.band, (column.x, column.x))
        spans[column.band] = (min(left, column.x), max(right, column.x + column.width))
    headings = list(HEADINGS.values())
    return tuple(Group(headings[band], left, right - left) for band, (left, right) in sorted(spans.items()))


def structural(kind: EdgeKind) -> bool:
    """Whether an edge only says how things are put together."""
    return kind not in (EdgeKind.IMPORTS, EdgeKind.EXPORTS, EdgeKind.PROVIDES)
