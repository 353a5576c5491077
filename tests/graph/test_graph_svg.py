"""The drawing: well-formed, nothing from outside, boxes apart, lines from box to box, light and dark."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from functools import cache
from itertools import combinations

import pytest

from wasmdoctor.graph.network import EdgeKind, Network, NodeKind
from wasmdoctor.model.binding import Certainty
from wasmdoctor.reporters.graph.emphasis import drawn
from wasmdoctor.reporters.graph.palette import DARK, LIGHT, Colors
from wasmdoctor.reporters.graph.picture import (
    ADVANCE,
    DETAIL_SIZE,
    NAME_SIZE,
    WIDEST_DETAIL,
    WIDEST_NAME,
)
from wasmdoctor.reporters.graph.prepare import View, prepare
from wasmdoctor.reporters.graph.svg import render, style_sheet
from wasmdoctor.reporters.graph.titles import columns

SVG = "{http://www.w3.org/2000/svg}"
Box = tuple[float, float, float, float]


@pytest.fixture(params=["scheduler", "workspace", "hostile"], scope="module")
def network(request: pytest.FixtureRequest) -> Network:
    made: Network = request.getfixturevalue(request.param)
    return prepare(made, View())


@cache
def drawn_once(network: Network) -> str:
    return render(network)


def box_of(element: ET.Element) -> Box:
    x, y, width, height = (float(element.get(name, "")) for name in ("x", "y", "width", "height"))
    return x, y, x + width, y + height


def node_boxes(root: ET.Element) -> dict[str, Box]:
    groups = root.findall(f".//{SVG}g[@class='nodes']/{SVG}g")
    return {group.get("id", ""): box_of(group.findall(f"{SVG}rect")[0]) for group in groups}


def edges(root: ET.Element) -> list[ET.Element]:
    return root.findall(f".//{SVG}g[@class='edges']/{SVG}path")


def test_every_node_has_a_box_of_its_own(network: Network) -> None:
    boxes = node_boxes(ET.fromstring(drawn_once(network)))
    assert len(boxes) == len(network.nodes())
    for one, two in combinations(boxes.values(), 2):
        apart = one[2] < two[0] or two[2] < one[0] or one[3] < two[1] or two[3] < one[1]
        assert apart


def test_every_line_ends_at_its_nodes(network: Network) -> None:
    root = ET.fromstring(drawn_once(network))
    boxes = node_boxes(root)
    lines = edges(root)
    assert len(lines) == len(drawn(network))
    for line in lines:
        numbers = [float(number) for number in re.findall(r"-?\d+(?:\.\d+)?", line.get("d", ""))]
        for end, (x, y) in (("data-source", numbers[:2]), ("data-target", numbers[-2:])):
            left, top, right, bottom = boxes[line.get(end, "")]
            assert min(abs(x - left), abs(x - right)) <= 0.1
            assert top <= y <= bottom


def test_texts_fit_their_boxes(network: Network) -> None:
    root = ET.fromstring(drawn_once(network))
    for group in root.findall(f".//{SVG}g[@class='nodes']/{SVG}g"):
        _, top, right, bottom = box_of(group.findall(f"{SVG}rect")[0])
        badge = group.find(f"{SVG}circle")
        for text in group.findall(f"{SVG}text"):
            looks = text.get("class")
            if looks == "sign":
                continue
            size, most = (NAME_SIZE, WIDEST_NAME) if looks == "name" else (DETAIL_SIZE, WIDEST_DETAIL)
            shown = text.text or ""
            assert 0 < columns(shown) <= most
            end = float(text.get("x", "")) + columns(shown) * size * ADVANCE
            limit = float(badge.get("cx", "")) - 7 if badge is not None and looks == "name" else right
            assert end <= limit
            assert top < float(text.get("y", "")) < bottom


def test_everything_is_inside_and_nothing_from_outside(network: Network) -> None:
    source = drawn_once(network)
    root = ET.fromstring(source)
    width, height = float(root.get("width", "")), float(root.get("height", ""))
    for _, _, right, bottom in node_boxes(root).values():
        assert right < width
        assert bottom < height
    tags = {element.tag.removeprefix(SVG) for element in root.iter()}
    assert tags <= {
        "svg", "title", "desc", "style", "defs", "marker", "path", "rect", "text", "g", "circle"
    }  # fmt: skip
    for element in root.iter():
        for name, value in element.attrib.items():
            assert not name.startswith("on")
            assert "href" not in name
            assert "url(" not in value or re.fullmatch(r"url\(#[\w-]+\)", value)
    style = root.find(f"{SVG}style")
    assert style is not None
    assert "@import" not in (style.text or "")
    assert "url(" not in (style.text or "")
    assert "var(" not in (style.text or "")


def test_markers_that_lines_name_are_there(scheduler: Network) -> None:
    root = ET.fromstring(render(scheduler))
    markers = {marker.get("id") for marker in root.iter(f"{SVG}marker")}
    used = {line.get("marker-end", "")[5:-1] for line in edges(root)}
    assert used == markers
    assert "tip-error" in used


def test_ids_are_unique(network: Network) -> None:
    ids = [element.get("id") for element in ET.fromstring(drawn_once(network)).iter() if element.get("id")]
    assert len(set(ids)) == len(ids)


def test_findings_and_chains_are_marked(scheduler: Network) -> None:
    root = ET.fromstring(render(prepare(scheduler, View())))
    marked = [g for g in root.iter(f"{SVG}g") if "finding" in (g.get("class") or "").split()]
    names = [text.text for g in marked for text in g.findall(f"{SVG}text[@class='name']")]
    assert sorted(name for name in names if name) == ["wasi-network", "wasi-tcp"]
    # Not by colour alone.
    assert all(g.find(f"{SVG}text[@class='sign']") is not None for g in marked if g.get("id"))
    looks = [set((line.get("class") or "").split()) for line in edges(root)]
    assert sum({"leak", "shortest"} <= look for look in looks) == 11
    assert sum("leak" in look and "shortest" not in look for look in looks) == 2
    assert sum("unused" in look for look in looks) == 1


def test_the_legend_tells_what_is_in_the_picture_and_no_more(maker) -> None:
    one, two = maker.crate("one"), maker.crate("two")
    maker.edge(one, two, EdgeKind.DEPENDS)

    def words() -> list[str | None]:
        return [
            text.text
            for text in ET.fromstring(render(maker.network)).iter(f"{SVG}text")
            if text.get("class") == "key"
        ]

    assert words() == ["is made of, depends on"]
    maker.edge(two, maker.interface("wasi:io/poll"), EdgeKind.IMPORTS, certainty=Certainty.POSSIBLE)
    assert words() == [
        "is made of, depends on",
        "imports",
        "possible: not known before a build",
        "from a registry, or standard",
    ]


@pytest.mark.parametrize("certainty", list(Certainty))
def test_every_certainty_but_the_full_one_is_drawn_and_explained(maker, certainty: Certainty) -> None:
    maker.edge(maker.crate("one"), maker.crate("two"), EdgeKind.DEPENDS, certainty=certainty)
    source = render(maker.network)
    dashed = f".edge.{certainty.value} {{ stroke-dasharray" in source
    assert dashed == (f">{certainty.value}: " in source) == (certainty is not Certainty.CERTAIN)


def test_tooltips_tell_place_and_evidence(scheduler: Network) -> None:
    titles = [element.text or "" for element in ET.fromstring(render(scheduler)).iter(f"{SVG}title")]
    assert any(
        "binds" in title and title.endswith("observed in rlib, core-libs/src/component.rs:3:1")
        for title in titles
    )
    assert "interface scheduler:core-libs/wasi-tcp@0.1.0\nfinding: error" in titles


def test_an_empty_graph_gives_a_picture(maker) -> None:
    root = ET.fromstring(render(maker.network))
    assert root.find(f"{SVG}desc") is not None
    assert "nothing to show" in (root.findtext(f"{SVG}desc") or "")


def test_long_names_are_cut_and_told_in_full(maker) -> None:
    name = "a:b/" + "x" * 3000
    maker.interface(name)
    root = ET.fromstring(render(maker.network))
    assert float(root.get("width", "")) < 500
    assert any(name in (title.text or "") for title in root.iter(f"{SVG}title"))


def rules(sheet: str) -> dict[str, str]:
    """Selector to declarations, of rules that set a colour."""
    return {
        selector.strip(): body
        for selector, body in re.findall(r"^([^{}@]+)\{([^{}]+)\}", sheet, re.MULTILINE)
        if "#" in body
    }


def test_dark_sets_every_colour_that_light_sets() -> None:
    light, _, dark = style_sheet().partition("@media (prefers-color-scheme: dark)")
    assert rules(light).keys() == rules(dark).keys()
    assert all(rules(light)[selector] != rules(dark)[selector] for selector in rules(light))


def luminance(color: str) -> float:
    """Relative luminance: WCAG 2.2, definition."""
    parts = [int(color[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, two: str) -> float:
    dark, light = sorted((luminance(one), luminance(two)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("colors", [LIGHT, DARK], ids=["light", "dark"])
def test_texts_and_lines_have_contrast(colors: Colors) -> None:
    fills = [fill for _, fill in colors.findings.values()]
    for back in (colors.box, colors.outer_box, *fills):
        assert contrast(colors.text, back) >= 4.5
        assert contrast(colors.quiet, back) >= 4.5
    assert contrast(colors.quiet, colors.band) >= 4.5
    assert contrast(colors.quiet, colors.page) >= 4.5
    assert contrast(colors.accent, colors.page) >= 4.5
    for line in (*colors.edges.values(), *(border for border, _ in colors.findings.values())):
        assert contrast(line, colors.band) >= 3
    assert set(colors.kinds) == set(NodeKind)
