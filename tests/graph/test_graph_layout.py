"""The layout on any graph: boxes apart, lines from box to box and through none, the same every time."""

from __future__ import annotations

from itertools import combinations, pairwise

from hypothesis import given, settings
from hypothesis import strategies as st
from pace import within

from wasmdoctor.graph.network import Network
from wasmdoctor.reporters.graph.layout import Box, Drawing, Line, Placed, Route, arrange
from wasmdoctor.reporters.graph.picture import picture
from wasmdoctor.reporters.graph.prepare import View, prepare


@st.composite
def graphs(draw: st.DrawFn) -> tuple[list[Box], list[Line]]:
    count = draw(st.integers(1, 14))
    sizes = st.tuples(st.integers(0, 3), st.integers(40, 200), st.sampled_from([25, 38]))
    boxes = [Box(*size) for size in draw(st.lists(sizes, min_size=count, max_size=count))]
    ends = st.tuples(st.integers(0, count - 1), st.integers(0, count - 1), st.sampled_from(["", "a", "b"]))
    lines = [Line(*end) for end in draw(st.lists(ends, max_size=30, unique=True)) if end[0] != end[1]]
    return boxes, lines


def overlap(one: Placed, two: Placed) -> bool:
    return (
        one.x < two.right and two.x < one.right and one.y < two.y + two.height and two.y < one.y + one.height
    )


def sampled(route: Route) -> list[tuple[float, float]]:
    """Points along a route, its bends as the cubic curves that are drawn."""
    found: list[tuple[float, float]] = []
    for number, ((x, y), (to_x, to_y)) in enumerate(pairwise(route.points)):
        half = (x + to_x) / 2
        for step in range(9):
            t = step / 8
            if number % 2:
                found.append((x + (to_x - x) * t, y + (to_y - y) * t))
            else:
                a, b, c, d = (1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t**2 * (1 - t), t**3
                found.append((a * x + b * half + c * half + d * to_x, a * y + b * y + c * to_y + d * to_y))
    return found


def assert_sound(drawing: Drawing, boxes: list[Box], lines: list[Line]) -> None:
    assert len(drawing.boxes) == len(boxes)
    assert len(drawing.routes) == len(lines)
    for one, two in combinations(drawing.boxes, 2):
        assert not overlap(one, two)
    for box, placed in zip(boxes, drawing.boxes, strict=True):
        assert placed.width >= box.width
        assert placed.height == box.height
        assert 0 <= placed.x <= placed.right <= drawing.width
        assert 0 <= placed.y <= placed.y + placed.height <= drawing.height + 0.01
    for line, route in zip(lines, drawing.routes, strict=True):
        for end, (x, y) in ((line.source, route.points[0]), (line.target, route.points[-1])):
            box = drawing.boxes[end]
            assert x in (box.x, box.right)
            assert box.y <= y <= box.y + box.height
        for x, y in sampled(route):
            assert -0.01 < y < drawing.height + 0.01
            for box in drawing.boxes:
                inside = box.x + 0.01 < x < box.right - 0.01 and box.y < y < box.y + box.height
                assert not inside, "a line runs through a box"


@given(graphs())
@settings(max_examples=40, deadline=None)
def test_boxes_stand_apart_and_lines_run_between_them(graph: tuple[list[Box], list[Line]]) -> None:
    boxes, lines = graph
    drawing = arrange(boxes, lines)
    assert_sound(drawing, boxes, lines)
    assert arrange(boxes, lines) == drawing


@given(graphs())
@settings(max_examples=30, deadline=None)
def test_bands_stand_in_their_order(graph: tuple[list[Box], list[Line]]) -> None:
    boxes, lines = graph
    drawing = arrange(boxes, lines)
    for (box, placed), (other, beside) in combinations(zip(boxes, drawing.boxes, strict=True), 2):
        if box.band < other.band:
            assert placed.right < beside.x
    assert list(drawing.columns) == sorted(drawing.columns, key=lambda column: column.x)


def test_nothing_gives_an_empty_drawing() -> None:
    assert arrange([], []) == Drawing((), (), (), 0.0, 0.0)


def test_within_a_band_a_line_leads_right_unless_it_closes_a_cycle() -> None:
    boxes = [Box(0, 50, 25) for _ in range(4)]
    drawing = arrange(boxes, [Line(0, 1), Line(1, 2), Line(0, 2), Line(2, 3), Line(3, 1)])
    xs = [placed.x for placed in drawing.boxes]
    assert xs == sorted(set(xs))
    assert drawing.routes[4].points[0][0] == drawing.boxes[3].x


def test_lines_of_a_bundle_share_their_way() -> None:
    boxes = [Box(0, 50, 25), Box(1, 50, 25), Box(2, 50, 25), Box(2, 50, 25)]
    lines = [Line(0, 1), Line(0, 2, "same"), Line(0, 3, "same"), Line(0, 3, "other")]
    drawing = arrange(boxes, lines)
    assert drawing.routes[1].points[:3] == drawing.routes[2].points[:3]
    assert drawing.routes[3].points[1] != drawing.routes[2].points[1]


def test_a_chain_is_drawn_as_a_straight_line() -> None:
    boxes = [Box(band, 80, 38) for band in range(6)]
    drawing = arrange(boxes, [Line(n, n + 1) for n in range(5)])
    assert len({round(placed.middle, 3) for placed in drawing.boxes}) == 1


def test_a_long_line_past_boxes_stays_level() -> None:
    boxes = [Box(band, 80, 38) for band in range(6)]
    drawing = arrange(boxes, [Line(0, 5), *(Line(n, n + 1) for n in range(5))])
    ways = {round(y, 3) for _, y in drawing.routes[0].points[1:-1]}
    assert len(ways) == 1


def test_order_takes_crossings_away() -> None:
    count = 12
    boxes = [Box(0, 50, 25) for _ in range(count)] + [Box(1, 50, 25) for _ in range(count)]
    drawing = arrange(boxes, [Line(n, count + (n * 5) % count) for n in range(count)])
    left = sorted(range(count), key=lambda n: drawing.boxes[n].y)
    right = [drawing.boxes[count + (n * 5) % count].y for n in left]
    assert right == sorted(right)


def test_a_workspace_of_sixty_crates_is_sound_and_quick(workspace: Network) -> None:
    with within(10):
        shown = picture(prepare(workspace, View()))
    boxes = [shape.box for shape in shown.shapes]
    assert len(boxes) > 120
    assert not any(overlap(one, two) for one, two in combinations(boxes, 2))
    for stroke in shown.strokes:
        for x, y in sampled(stroke.route):
            assert not any(b.x + 0.01 < x < b.right - 0.01 and b.y < y < b.y + b.height for b in boxes)
