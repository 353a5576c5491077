"""A layered drawing from left to right: where boxes stand and how lines run between them.

Sugiyama's method: columns by kind and, within a kind, by the longest path; lines that pass a column get
a place of their own in it, so that they never cross a box; the order in the columns by barycentres; the
heights by least squares that keep the order (Sugiyama, Tagawa, Toda 1981; the pool-adjacent-violators
algorithm for the last step). Plain geometry: it knows nothing of what the boxes mean. The same input
gives the same drawing.
"""

from __future__ import annotations

from bisect import bisect_right, insort
from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import pairwise

from wasmdoctor.model.record import dataclass

COLUMN_GAP, WIDEST_GAP = 48.0, 170.0
BOX_GAP, LINE_GAP = 12.0, 9.0
PORT_GAP = 9.0
_WORK = 600_000
"""About how many steps ordering may take: large graphs get fewer sweeps."""


@dataclass(frozen=True, slots=True)
class Box:
    """A box to place. ``band`` orders groups of columns from left to right; sizes are in pixels."""

    band: int
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Line:
    """A line from one box to another, by their numbers. Lines from one box in one ``bundle`` share their way."""

    source: int
    target: int
    bundle: str = ""


@dataclass(frozen=True, slots=True)
class Placed:
    """Where a box stands: its left upper corner and size."""

    x: float
    y: float
    width: float
    height: float

    @property
    def right(self) -> float:
        """The x of its right side."""
        return self.x + self.width

    @property
    def middle(self) -> float:
        """The y of its middle."""
        return self.y + self.height / 2


@dataclass(frozen=True, slots=True)
class Column:
    """A column of boxes of one band."""

    band: int
    x: float
    width: float


@dataclass(frozen=True, slots=True)
class Route:
    """The way of a line: points from source to target. Every second stretch, beginning with the first, lies
    between columns and may bend; the others are level and pass a column."""

    points: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class Drawing:
    """Boxes and routes in the order of the input, the columns, and the size of it all from (0, 0)."""

    boxes: tuple[Placed, ...]
    routes: tuple[Route, ...]
    columns: tuple[Column, ...]
    width: float
    height: float


def arrange(boxes: Sequence[Box], lines: Sequence[Line]) -> Drawing:
    """Place ``boxes`` and lead ``lines``. No line may lead from a box to itself."""
    if not boxes:
        return Drawing((), (), (), 0.0, 0.0)
    grid = _Grid(boxes, lines)
    columns = _ordered(grid)
    heights = _heights(grid, columns)
    return _drawing(grid, columns, heights)


class _Grid:
    """Boxes in columns, and waypoints where lines pass columns. Slots below ``len(boxes)`` are boxes."""

    def __init__(self, boxes: Sequence[Box], lines: Sequence[Line]) -> None:
        self.boxes = boxes
        self.lines = lines
        self.column = _columns(boxes, lines)
        self.bundle_of: dict[int, str] = {}
        self.ways: list[tuple[int, ...]] = []
        self.left: dict[int, list[int]] = defaultdict(list)
        self.right: dict[int, list[int]] = defaultdict(list)
        self._lead()

    def is_box(self, slot: int) -> bool:
        """Whether a slot is a box and not a waypoint."""
        return slot < len(self.boxes)

    def height(self, slot: int) -> float:
        """The height of a slot; a waypoint has none."""
        return self.boxes[slot].height if self.is_box(slot) else 0.0

    def _lead(self) -> None:
        """Give every line its waypoints, shared from its source on by the lines of its bundle."""
        shared: dict[tuple[int, str, int], int] = {}
        stretches: set[tuple[int, int]] = set()
        for line in self.lines:
            start, end = self.column[line.source], self.column[line.target]
            step = 1 if end > start else -1
            way = [line.source]
            for column in range(start + step, end, step):
                key = (line.source, line.bundle, column)
                if key not in shared:
                    shared[key] = len(self.column)
                    self.column.append(column)
                way.append(shared[key])
            way.append(line.target)
            self.ways.append(tuple(way))
            for one, two in pairwise(way):
                stretches.add((one, two) if step > 0 else (two, one))
        for one, two in sorted(stretches):
            self.right[one].append(two)
            self.left[two].append(one)


def _columns(boxes: Sequence[Box], lines: Sequence[Line]) -> list[int]:
    """The column of each box: bands one after the other, within a band by the longest path."""
    after: dict[int, list[int]] = defaultdict(list)
    for line in lines:
        if boxes[line.source].band == boxes[line.target].band:
            after[line.source].append(line.target)
    order, cut = _without_cycles(len(boxes), after)
    rank = [0] * len(boxes)
    for box in order:
        for other in after[box]:
            if (box, other) not in cut:
                rank[other] = max(rank[other], rank[box] + 1)
    _tighten(boxes, lines, order, after, cut, rank)
    used = sorted({(box.band, rank[number]) for number, box in enumerate(boxes)})
    column = {place: number for number, place in enumerate(used)}
    return [column[box.band, rank[number]] for number, box in enumerate(boxes)]


def _tighten(
    boxes: Sequence[Box],
    lines: Sequence[Line],
    order: list[int],
    after: dict[int, list[int]],
    cut: set[tuple[int, int]],
    rank: list[int],
) -> None:
    """Move boxes right, towards what they lead to, when more lines leave them than reach them."""
    leaving = [0] * len(boxes)
    for line in lines:
        leaving[line.source] += 1
        leaving[line.target] -= 1
    for box in reversed(order):
        ahead = [rank[other] for other in after[box] if (box, other) not in cut]
        if ahead and leaving[box] > 0:
            rank[box] = max(rank[box], min(ahead) - 1)


def _without_cycles(count: int, after: dict[int, list[int]]) -> tuple[list[int], set[tuple[int, int]]]:
    """A topological order, and the lines to leave out for it: those that lead back on a depth-first walk."""
    state = [0] * count
    order: list[int] = []
    cut: set[tuple[int, int]] = set()
    for root in range(count):
        if state[root]:
            continue
        state[root] = 1
        walk: list[tuple[int, Iterator[int]]] = [(root, iter(after[root]))]
        while walk:
            box, rest = walk[-1]
            for other in rest:
                if state[other] == 1:
                    cut.add((box, other))
                elif state[other] == 0:
                    state[other] = 1
                    walk.append((other, iter(after[other])))
                    break
            else:
                state[box] = 2
                order.append(box)
                walk.pop()
    order.reverse()
    return order, cut


def _ordered(grid: _Grid) -> list[list[int]]:
    """The slots of each column from top to bottom, with as few crossings as the sweeps find."""
    found = [_swept(grid, start) for start in _first_orders(grid)]
    best = min(found, key=lambda one: one[0])[1]
    _swap(grid, best)
    return best


def _swept(grid: _Grid, columns: list[list[int]]) -> tuple[int, list[list[int]]]:
    """The fewest crossings that sweeps over all columns find from an order, and the order that has them."""
    best, fewest = [list(column) for column in columns], _crossings(grid, columns)
    stretches = sum(len(others) for others in grid.right.values()) + 1
    idle = 0
    for sweep in range(max(4, min(40, _WORK // (stretches * 24)))):
        if sweep % 2 == 0:
            for number in range(1, len(columns)):
                _sort(columns[number], columns[number - 1], grid.left, down=sweep % 4 == 0)
        else:
            for number in range(len(columns) - 2, -1, -1):
                _sort(columns[number], columns[number + 1], grid.right, down=sweep % 4 == 1)
        crossings = _crossings(grid, columns)
        idle += 1
        if crossings < fewest:
            best, fewest, idle = [list(column) for column in columns], crossings, 0
        if not fewest or idle >= 8:
            break
    return fewest, best


def _first_orders(grid: _Grid) -> Iterator[list[list[int]]]:
    """Where sweeps begin: columns filled by depth-first walks from the left and from the right, and as given.

    On a walk what belongs together begins together.
    """
    slots = range(len(grid.column))
    for links, turn in ((grid.right, 1), (grid.left, -1), ({}, 1)):
        columns: list[list[int]] = [[] for _ in range(max(grid.column) + 1)]
        seen: set[int] = set()
        for start in sorted(slots, key=lambda slot: (turn * grid.column[slot], slot)):
            walk = [start]
            while walk:
                slot = walk.pop()
                if slot not in seen:
                    seen.add(slot)
                    columns[grid.column[slot]].append(slot)
                    walk += reversed(links.get(slot, []))
        yield columns


def _sort(column: list[int], beside: list[int], links: dict[int, list[int]], *, down: bool) -> None:
    """Sort by the mean place of the neighbours; slots without any keep their share of the column.

    ``down`` decides which of two equal slots comes first, so that sweeps do not stay in one arrangement.
    """
    place = {slot: number for number, slot in enumerate(beside)}
    scale = len(beside) / max(len(column), 1)
    wanted: dict[int, float] = {}
    for number, slot in enumerate(column):
        near = links[slot]
        wanted[slot] = sum(place[one] for one in near) / len(near) if near else number * scale
    turn = 1 if down else -1
    before = {slot: turn * number for number, slot in enumerate(column)}
    column.sort(key=lambda slot: (wanted[slot], before[slot]))


def _crossings(grid: _Grid, columns: list[list[int]]) -> int:
    """How many pairs of stretches cross, over all gaps."""
    total = 0
    for one, two in pairwise(columns):
        place = {slot: number for number, slot in enumerate(two)}
        passed: list[int] = []
        for slot in one:
            ends = sorted(place[other] for other in grid.right[slot])
            total += sum(len(passed) - bisect_right(passed, end) for end in ends)
            for end in ends:
                insort(passed, end)
    return total


def _swap(grid: _Grid, columns: list[list[int]]) -> None:
    """Exchange neighbours in a column while that takes crossings away."""
    place = {slot: number for column in columns for number, slot in enumerate(column)}
    for _ in range(6):
        changed = False
        for column in columns:
            for number in range(len(column) - 1):
                one, two = column[number], column[number + 1]
                gain = sum(
                    _pairs(links[one], links[two], place) - _pairs(links[two], links[one], place)
                    for links in (grid.left, grid.right)
                )
                if gain > 0:
                    column[number], column[number + 1] = two, one
                    place[one], place[two] = number + 1, number
                    changed = True
        if not changed:
            return


def _pairs(upper: list[int], lower: list[int], place: dict[int, int]) -> int:
    """Crossings between the stretches of two neighbours, the first of which stands above."""
    return sum(place[one] > place[two] for one in upper for two in lower)


def _heights(grid: _Grid, columns: list[list[int]]) -> list[float]:
    """The y of the middle of each slot: near its neighbours, without overlap, in the given order."""
    middle = [0.0] * len(grid.column)
    steps = [[0.0, *_steps(grid, column)] for column in columns]
    for column, gaps in zip(columns, steps, strict=True):
        at = 0.0
        for slot, gap in zip(column, gaps, strict=True):
            at += gap
            middle[slot] = at
    both = {slot: [*grid.left[slot], *grid.right[slot]] for slot in range(len(grid.column))}
    rounds = [grid.right, grid.left] * 8 + [both] * 16
    for number, links in enumerate(rounds):
        order = range(len(columns)) if number % 2 else range(len(columns) - 1, -1, -1)
        for index in order:
            _settle(grid, columns[index], steps[index], links, middle)
    for _ in range(3):
        _straighten(grid, columns, steps, middle)
    top = min(y - grid.height(slot) / 2 for slot, y in enumerate(middle))
    return [round(y - top, 3) for y in middle]


def _steps(grid: _Grid, column: list[int]) -> Iterator[float]:
    """The least distance between the middles of neighbours in a column."""
    for one, two in pairwise(column):
        gap = BOX_GAP if grid.is_box(one) and grid.is_box(two) else LINE_GAP
        yield (grid.height(one) + grid.height(two)) / 2 + gap


def _settle(
    grid: _Grid, column: list[int], steps: list[float], links: dict[int, list[int]], middle: list[float]
) -> None:
    """Move a column's slots to where their neighbours want them, as near as order and distances allow.

    Least squares under ``y[i + 1] - y[i] >= step``: an isotonic regression of ``y[i] - sum of steps``.
    """
    blocks: list[tuple[float, float, int]] = []
    offset = 0.0
    for slot, step in zip(column, steps, strict=True):
        offset += step
        wish, weight = _wish(grid, slot, links[slot], middle)
        mean, count = wish - offset, 1
        while blocks and blocks[-1][0] > mean:
            other, heavy, many = blocks.pop()
            mean = (mean * weight + other * heavy) / (weight + heavy)
            weight, count = weight + heavy, count + many
        blocks.append((mean, weight, count))
    offset, index = 0.0, 0
    for mean, _, count in blocks:
        for _ in range(count):
            offset += steps[index]
            middle[column[index]] = mean + offset
            index += 1


def _wish(grid: _Grid, slot: int, near: list[int], middle: list[float]) -> tuple[float, float]:
    """Where a slot's neighbours want it, and how much that counts: most where it makes a long line straight."""
    if not near:
        return middle[slot], 0.1
    total = heavy = 0.0
    for other in near:
        waypoints = (not grid.is_box(slot)) + (not grid.is_box(other))
        weight = (1.0, 2.0, 16.0)[waypoints]
        total += weight * middle[other]
        heavy += weight
    return total / heavy, heavy


def _straighten(grid: _Grid, columns: list[list[int]], steps: list[list[float]], middle: list[float]) -> None:
    """Give the waypoints of a line one height, as many in a row as have room for it between their neighbours."""
    above: dict[int, tuple[int, float]] = {}
    below: dict[int, tuple[int, float]] = {}
    for column, gaps in zip(columns, steps, strict=True):
        for (one, two), gap in zip(pairwise(column), gaps[1:], strict=True):
            below[one], above[two] = (two, gap), (one, gap)
    for way in dict.fromkeys(way[1:-1] for way in grid.ways):
        run: list[int] = []
        low, high = float("-inf"), float("inf")
        for slot in way:
            least = middle[above[slot][0]] + above[slot][1] if slot in above else float("-inf")
            most = middle[below[slot][0]] - below[slot][1] if slot in below else float("inf")
            if max(low, least) > min(high, most):
                _level(run, low, high, middle)
                run, low, high = [], float("-inf"), float("inf")
            run.append(slot)
            low, high = max(low, least), min(high, most)
        _level(run, low, high, middle)


def _level(run: list[int], low: float, high: float, middle: list[float]) -> None:
    """Set waypoints to one height between two bounds, near where they are."""
    if run:
        mean = sum(middle[slot] for slot in run) / len(run)
        for slot in run:
            middle[slot] = min(max(mean, low), high)


def _drawing(grid: _Grid, columns: list[list[int]], middle: list[float]) -> Drawing:
    widths = [max(grid.boxes[slot].width for slot in column if grid.is_box(slot)) for column in columns]
    sides = _sides(grid, columns, widths, middle)
    placed = [
        Placed(sides[column], middle[number] - box.height / 2, widths[column], box.height)
        for number, (box, column) in enumerate(zip(grid.boxes, grid.column, strict=False))
    ]
    ports = _ports(grid)
    routes = []
    for way, line in zip(grid.ways, grid.lines, strict=True):
        source, target = placed[line.source], placed[line.target]
        right = grid.column[line.target] > grid.column[line.source]
        points = [
            (source.right if right else source.x, source.middle + ports[line.source, line.bundle, right])
        ]
        for slot in way[1:-1]:
            near, far = sides[grid.column[slot]], sides[grid.column[slot]] + widths[grid.column[slot]]
            points += [(x, middle[slot]) for x in ((near, far) if right else (far, near))]
        points.append((target.x if right else target.right, target.middle))
        routes.append(Route(tuple(points)))
    bands = {grid.column[number]: box.band for number, box in enumerate(grid.boxes)}
    return Drawing(
        tuple(placed),
        tuple(routes),
        tuple(Column(bands[number], sides[number], width) for number, width in enumerate(widths)),
        sides[-1] + widths[-1],
        max([box.y + box.height for box in placed] + [y for route in routes for _, y in route.points]),
    )


def _sides(grid: _Grid, columns: list[list[int]], widths: list[float], middle: list[float]) -> list[float]:
    """The left side of each column: gaps are wider where lines are many and steep."""
    sides = [0.0]
    for number, column in enumerate(columns[:-1]):
        rises = [abs(middle[one] - middle[two]) for one in column for two in grid.right[one]]
        gap = COLUMN_GAP + max(rises, default=0.0) * 0.10 + len(rises) * 0.5
        sides.append(sides[-1] + widths[number] + min(gap, WIDEST_GAP))
    return sides


def _ports(grid: _Grid) -> dict[tuple[int, str, bool], float]:
    """How far from the middle of a box's side its lines begin, by bundle; True is for its right side."""
    used: dict[tuple[int, bool], set[str]] = defaultdict(set)
    for line in grid.lines:
        right = grid.column[line.target] > grid.column[line.source]
        used[line.source, right].add(line.bundle)
    ports: dict[tuple[int, str, bool], float] = {}
    for (box, right), bundles in used.items():
        room = max(grid.boxes[box].height - 2 * PORT_GAP, 0.0)
        gap = min(PORT_GAP, room / max(len(bundles) - 1, 1))
        for number, bundle in enumerate(sorted(bundles)):
            ports[box, bundle, right] = (number - (len(bundles) - 1) / 2) * gap
    return ports
