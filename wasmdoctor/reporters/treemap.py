"""How many bytes of code each crate has in a component, as a picture: a treemap, SVG that needs nothing else.

Rectangles are laid out squarified (Bruls, Huizing and van Wijk, "Squarified Treemaps", 2000): in rows along
the shorter side of what is left, as long as that makes them more like squares.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import TYPE_CHECKING

from wasmdoctor.model.record import dataclass
from wasmdoctor.model.rule import Severity
from wasmdoctor.model.sizes import CodeSize, CodeSizes, SizeKind
from wasmdoctor.reporters import paper
from wasmdoctor.reporters.page import page as document
from wasmdoctor.reporters.sizes import label, number, share, shortened

if TYPE_CHECKING:
    from wasmdoctor.reporters.graph.palette import Colors

MAX_CELLS = 120
"""More owners than this are shown as one."""

_MARGIN = 12.0
_HEAD = 46.0
_LEGEND = 30.0
_FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', sans-serif"
_CHARACTER = 7.4  # a character of 12 pixels of a bold sans-serif face, wide ones among them
_PAGE_STYLE = """figure { margin: 0; } figure > svg { width: 100%; height: auto; }
figcaption { overflow-x: auto; } summary { cursor: pointer; margin: .6em 0; }
td { text-align: right; font-variant-numeric: tabular-nums; } th[scope=row] { color: inherit; font-weight: 400; }
thead th:not(:first-child) { text-align: right; }
"""
_KINDS = {
    "package": "crates and packages",
    "std": "Rust's own library",
    "plain": "no crate in the name",
    "shim": "adapters and shims",
}


@dataclass(frozen=True, slots=True)
class Cell:
    """A rectangle of the picture, and the row it shows; ``row`` is None for all small ones together."""

    x: float
    y: float
    width: float
    height: float
    name: str
    kind: str
    bytes: int
    leaked: int
    row: CodeSize | None = None


def squarified(
    sizes: Sequence[float], x: float, y: float, width: float, height: float
) -> list[tuple[float, float, float, float]]:
    """Rectangles (x, y, width, height) whose areas are as ``sizes``, in their order, and fill the given one.

    ``sizes`` are positive, the largest first.
    """
    placed: list[tuple[float, float, float, float]] = []
    total = sum(sizes)
    scale = width * height / total if total else 0.0
    areas = [size * scale for size in sizes]
    start = 0
    while start < len(areas):
        side = min(width, height)
        end = start + 1
        row = areas[start]
        while end < len(areas):
            longer = _worst(areas[start], areas[end], row + areas[end], side)
            if longer > _worst(areas[start], areas[end - 1], row, side):
                break
            row += areas[end]
            end += 1
        depth = row / side if side else 0.0
        at = 0.0
        for area in areas[start:end]:
            length = area / depth if depth else 0.0
            if width >= height:
                placed.append((x, y + at, depth, length))
            else:
                placed.append((x + at, y, length, depth))
            at += length
        if width >= height:
            x, width = x + depth, max(width - depth, 0.0)
        else:
            y, height = y + depth, max(height - depth, 0.0)
        start = end
    return placed


def _worst(largest: float, smallest: float, row: float, side: float) -> float:
    """The worst aspect ratio in a row, from its largest and smallest area, and all of it."""
    if not smallest or not side:
        return float("inf")
    return max(side * side * largest / (row * row), row * row / (side * side * smallest))


def cells(sizes: CodeSizes, width: float, height: float) -> list[Cell]:
    """The cells of a picture of that size, the largest first, in the upper left corner."""
    rows = [row for row in sizes.rows if row.bytes]
    shown, others = rows[:MAX_CELLS], rows[MAX_CELLS:]
    parts = [(label(row), _class(row.kind), row.bytes, row.leaked, row) for row in shown]
    entries: list[tuple[str, str, int, int, CodeSize | None]] = list(parts)
    if others:
        total, leaked = sum(row.bytes for row in others), sum(row.leaked for row in others)
        entries.append((f"{len(others)} more", "plain", total, leaked, None))
        entries.sort(key=lambda entry: -entry[2])
    places = squarified([float(entry[2]) for entry in entries], 0.0, 0.0, width, height)
    return [
        Cell(x, y, wide, high, name, kind, size, leaked, row)
        for (x, y, wide, high), (name, kind, size, leaked, row) in zip(places, entries, strict=True)
    ]


def svg(sizes: CodeSizes, title: str, *, width: int = 960, height: int = 540, name: str = "sizes") -> str:
    """The picture as one ``<svg>`` element that can stand in a page or be a file.

    ``title`` is whose code it is (a file's name). ``name`` makes ids and classes of this picture unlike those
    of others in a page. Texts are escaped, and every cell has a title that says all numbers.
    """
    heading = f"Code of {shortened(title, 80)} by crate"
    inner_width, inner_height = width - 2 * _MARGIN, height - _HEAD - _LEGEND - _MARGIN
    found = cells(sizes, inner_width, inner_height)
    described = escape(_description(sizes, found))
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" class="{name}" viewBox="0 0 {width} {height}" role="img"',
        f'aria-labelledby="{name}-title {name}-desc" width="{width}" height="{height}">',
        f'<title id="{name}-title">{escape(heading)}</title>',
        f'<desc id="{name}-desc">{described}</desc>',
        f"<style>{_style(name)}</style>",
        f'<defs><pattern id="{name}-leak" width="8" height="8" patternUnits="userSpaceOnUse"',
        'patternTransform="rotate(45)"><rect class="leak-back" width="8" height="8"/>',
        '<rect class="leak-line" width="3" height="8"/></pattern></defs>',
        f'<rect class="page" width="{width}" height="{height}"/>',
        f'<text class="heading" x="{_n(_MARGIN)}" y="22">{escape(heading)}</text>',
        f'<text class="quiet" x="{_n(_MARGIN)}" y="38">{escape(_numbers(sizes))}</text>',
        f'<g transform="translate({_n(_MARGIN)} {_n(_HEAD)})">',
    ]
    for cell in found:
        lines += _cell(cell, sizes, name)
    lines.append("</g>")
    lines += _legend(found, sizes, height - _LEGEND + 10, name)
    lines.append("</svg>")
    return "\n".join(lines) + "\n"


def page(found: Mapping[str, CodeSizes]) -> str:
    """A page of HTML with the picture and the table of each component, by path. It asks nothing of a network.

    It follows the reader's preference for light or dark, and its policy allows no script and no style but its own.
    """
    names = {path: f"sizes-{number}" for number, path in enumerate(sorted(found), 1)}
    title = f"Code by crate: {', '.join(shortened(path, 80) for path in names)}"
    parts = [
        f"<h2><code>{escape(shortened(path, 200))}</code></h2>\n{fragment(found[path], path, name=name, opened=True)}"
        for path, name in names.items()
    ]
    body = f"<h1>Where the code comes from</h1>\n{''.join(parts)}"
    styles = [_style(name) for name in names.values()]
    return document(title, paper.STYLE + _PAGE_STYLE, body, more_styles=styles)


def fragment(sizes: CodeSizes, title: str, *, name: str = "sizes", opened: bool = False) -> str:
    """The picture and a table of the same numbers, as a ``<figure>`` for a page of HTML.

    ``opened`` shows the table at once, not when somebody asks for it.
    """
    columns = [
        "code of",
        "bytes",
        "share",
        "functions",
        *(["reached from leaked exports only"] if sizes.reached else []),
    ]
    head = "".join(f'<th scope="col">{escape(column)}</th>' for column in columns)
    rows = [(label(row), row.bytes, row.functions, row.leaked) for row in sizes.rows[:MAX_CELLS]]
    if others := sizes.rows[MAX_CELLS:]:
        total, functions = sum(row.bytes for row in others), sum(row.functions for row in others)
        rows.append((f"{len(others)} more", total, functions, sum(row.leaked for row in others)))
    body: list[str] = []
    for told, size, functions, leaked in rows:
        numbers = [number(size), share(size, sizes.code), number(functions)]
        numbers += [number(leaked)] if sizes.reached else []
        values = "".join(f"<td>{value}</td>" for value in numbers)
        body.append(f'<tr><th scope="row">{escape(shortened(told, 200))}</th>{values}</tr>')
    return "\n".join(
        [
            f'<figure class="{name}-figure">',
            svg(sizes, title, name=name).rstrip(),
            f"<figcaption><details{' open' if opened else ''}><summary>{escape(_numbers(sizes))}</summary>",
            f"<table><thead><tr>{head}</tr></thead>",
            "<tbody>",
            *body,
            "</tbody></table></details></figcaption>",
            "</figure>",
            "",
        ]
    )


def _class(kind: SizeKind) -> str:
    if kind in (SizeKind.ADAPTER, SizeKind.SHIM):
        return "shim"
    return "plain" if kind in (SizeKind.PLAIN, SizeKind.UNNAMED) else kind.value


def _n(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")


def _numbers(sizes: CodeSizes) -> str:
    text = f"{number(sizes.code)} bytes of code, {share(sizes.code, sizes.size)} of the file"
    if sizes.reached:
        leaked = f"{number(sizes.leaked)} bytes are" if sizes.leaked else "nothing is"
        text += f"; {leaked} reached only from leaked exports"
    return text


def _description(sizes: CodeSizes, found: list[Cell]) -> str:
    """The picture in words: the five largest."""
    largest = ", ".join(f"{shortened(cell.name)} {share(cell.bytes, sizes.code)}" for cell in found[:5])
    return f"{_numbers(sizes)}. The largest: {largest}." if found else "There is no code in it."


def _cell(cell: Cell, sizes: CodeSizes, name: str) -> Iterator[str]:
    width, height = max(cell.width - 2, 0.5), max(cell.height - 2, 0.5)
    told = f"{shortened(cell.name, 200)}: {number(cell.bytes)} bytes, {share(cell.bytes, sizes.code)}"
    if cell.row is not None:
        told += f", {number(cell.row.functions)} functions"
    if sizes.reached:
        told += f", {number(cell.leaked)} bytes reached only from leaked exports"
    # An element of its own, since that cuts off a name in a wider face than was reckoned with.
    place = f'x="{_n(cell.x + 1)}" y="{_n(cell.y + 1)}" width="{_n(width)}" height="{_n(height)}"'
    yield f'<svg class="{cell.kind}" {place}>'
    yield f"<title>{escape(told)}</title>"
    yield f'<rect class="cell" width="{_n(width)}" height="{_n(height)}"/>'
    # From the bottom up, so that the name stays readable above it.
    leaked = height * cell.leaked / cell.bytes if cell.bytes else 0.0
    if leaked >= 0.5:
        y = height - leaked
        yield f'<rect fill="url(#{name}-leak)" y="{_n(y)}" width="{_n(width)}" height="{_n(leaked)}"/>'
    inner = f'width="{_n(max(width - 1, 0.1))}" height="{_n(max(height - 1, 0.1))}"'
    yield f'<rect class="edge" x="0.5" y="0.5" {inner}/>'
    room = int((width - 10) / _CHARACTER)
    if room >= 3 and height >= 18:
        lines = [("name", shortened(cell.name, room))]
        size = f"{number(cell.bytes)} B, {share(cell.bytes, sizes.code)}"
        if height >= 36 and len(size) <= room + 1:
            lines.append(("quiet", size))
        if leaked >= 0.5 and height - leaked < 16 * len(lines) + 4:
            wide = min(max(len(text) for _, text in lines) * _CHARACTER + 8, width - 2)
            yield f'<rect class="plate" x="1" y="1" width="{_n(wide)}" height="{16 * len(lines) + 2}"/>'
        for i, (style, text) in enumerate(lines):
            yield f'<text class="{style}" x="5" y="{14 + 16 * i}">{escape(text)}</text>'
    yield "</svg>"


def _legend(found: list[Cell], sizes: CodeSizes, y: float, name: str) -> Iterator[str]:
    x = _MARGIN
    entries = [(kind, words) for kind, words in _KINDS.items() if any(cell.kind == kind for cell in found)]
    for kind, words in entries:
        yield f'<g class="{kind}"><rect class="cell" x="{_n(x)}" y="{_n(y)}" width="14" height="12"/>'
        yield f'<rect class="edge" x="{_n(x)}" y="{_n(y)}" width="14" height="12"/></g>'
        yield f'<text class="quiet" x="{_n(x + 20)}" y="{_n(y + 10)}">{escape(words)}</text>'
        x += 20 + 6.4 * len(words) + 20
    if sizes.reached and sizes.leaked:
        yield f'<rect fill="url(#{name}-leak)" x="{_n(x)}" y="{_n(y)}" width="14" height="12"/>'
        yield f'<text class="quiet" x="{_n(x + 20)}" y="{_n(y + 10)}">reached from leaked exports only</text>'


def _style(name: str) -> str:
    from wasmdoctor.reporters.graph.palette import DARK, LIGHT

    sizes = (
        f".{name} text {{ font-family: {_FONT}; font-size: 12px; }} .{name} .name {{ font-weight: 600; }} "
        f".{name} .heading {{ font-size: 15px; font-weight: 600; }} .{name} .edge {{ fill: none; }}"
    )
    dark = " ".join(_colors(name, DARK))
    return f"{sizes} {' '.join(_colors(name, LIGHT))} @media (prefers-color-scheme: dark) {{ {dark} }}"


def _colors(name: str, colors: Colors) -> Iterator[str]:
    from wasmdoctor.graph.network import NodeKind

    line, fill = colors.findings[Severity.WARNING]
    yield f".{name} .page, .{name} .plate {{ fill: {colors.page}; }}"
    yield f".{name} .plate {{ fill-opacity: 0.85; }}"
    yield f".{name} .heading, .{name} .name {{ fill: {colors.text}; }}"
    yield f".{name} .quiet {{ fill: {colors.text}; fill-opacity: 0.85; }}"
    yield f".{name} .leak-back {{ fill: {fill}; }} .{name} .leak-line {{ fill: {line}; fill-opacity: 0.55; }}"
    kinds = {
        "package": colors.kinds[NodeKind.CRATE],
        "std": colors.kinds[NodeKind.COMPONENT],
        "plain": colors.kinds[NodeKind.BINDING],
        "shim": colors.kinds[NodeKind.MODULE],
    }
    for kind, color in kinds.items():
        yield f".{name} .{kind} .cell {{ fill: {color}; fill-opacity: 0.22; }}"
        yield f".{name} .{kind} .edge {{ stroke: {color}; }}"
