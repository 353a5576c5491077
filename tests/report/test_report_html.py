"""The page as text: what it says, that names stay text, that it stands by itself; scripts checked by Node."""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import itertools
import json
import re
import subprocess
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from report.report_support import custom, hostile_source, large, path_of

import wasmdoctor.reporters.report_html as report_html
from wasmdoctor.graph.network import Edge, EdgeKind, Network, Node, NodeFacts, NodeKind
from wasmdoctor.model.finding import Finding, HostStatus, ImportVerdict, Report, Status, Suppressed
from wasmdoctor.model.rule import Severity
from wasmdoctor.model.source import Location
from wasmdoctor.model.wasm import ExternKind
from wasmdoctor.reporters.graph.palette import DARK, LIGHT
from wasmdoctor.reporters.report_html import graphdata
from wasmdoctor.reporters.report_html.colors import scheme
from wasmdoctor.reporters.report_html.groups import grouped

PARTS = Path(report_html.__file__).parent / "page"
VOID = {"meta", "input", "br"}


class Page(HTMLParser):
    """The elements of a page; every one but the void ones is closed, in order."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []
        self._open: list[str] = []
        self.source = source
        self.feed(source)
        self.close()
        assert not self._open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag, tag

    def handle_data(self, data: str) -> None:
        if not self._open or self._open[-1] not in ("script", "style"):
            self.text.append(data)

    @property
    def data(self) -> dict[str, Any]:
        found = re.search(r'<script type="application/json" id="data">(.*?)</script>', self.source, re.DOTALL)
        assert found
        loaded: dict[str, Any] = json.loads(found[1])
        return loaded

    def all(self, tag: str, class_: str = "") -> list[dict[str, str | None]]:
        return [a for t, a in self.elements if t == tag and class_ in [*(a.get("class") or "").split(), ""]]


def page_of(report: Report, network: Network | None = None, **more: Any) -> Page:
    return Page(report_html.render(report, network or Network(), **more))


def words(page: Page) -> str:
    return re.sub(r"\s+", " ", "".join(page.text))


@pytest.fixture(scope="module")
def ten() -> Page:
    return page_of(*large(10, libraries=3))


def test_it_begins_with_how_it_stands(ten: Page) -> None:
    assert "10 of 10 components with errors, for wasmtime@50." in words(ten) or (
        "10 of 10 components would not run on wasmtime@50." in words(ten)
    )
    assert "20 errors" in words(ten)
    assert "10 warnings" in words(ten)
    assert "140 imports" in words(ten)


def test_nothing_to_report() -> None:
    page = page_of(Report("0.1.0", "wasmtime@50"))
    assert "Nothing to report." in words(page)
    assert "No component was checked for wasmtime@50." in words(page)
    assert "0 errors" in words(page)
    assert [a["href"] for a in page.all("a") if (a.get("id") or "").startswith("tab-")] == [
        "#findings",
        "#components",
    ]


def test_the_same_of_several_components_is_said_once(ten: Page) -> None:
    errors = [a for a in ten.all("article") if a["data-severity"] == "error"]
    assert len(errors) == 3 * 2
    assert len(ten.all("article")) == 6 + 10
    assert "in " + ", ".join(path_of(number) for number in (0, 3, 6, 9)) in words(ten)


def test_more_than_a_few_components_are_folded() -> None:
    page = page_of(*large(10, libraries=1))
    assert f"in {path_of(0)}, {path_of(1)}, {path_of(2)}, {path_of(3)} and 6 others" in words(page)


def test_findings_of_the_component_itself_are_told_apart_by_place_and_text() -> None:
    base = large(1)[0].findings[0]
    one = dataclasses.replace(base, subject="a.wasm", location=Location("a.wasm"))
    two = dataclasses.replace(base, subject="b.wasm", location=Location("b.wasm"))
    assert [group.subjects for group in grouped([one, two])] == [["a.wasm", "b.wasm"]]
    assert len(grouped([one, dataclasses.replace(two, message="another")])) == 2
    assert len(grouped([one, dataclasses.replace(two, hosts=("spin",))])) == 2
    lines = [dataclasses.replace(f, location=Location(f.subject, 3, 1)) for f in (one, two)]
    assert len(grouped(lines)) == 2


def test_the_gravest_come_first(ten: Page) -> None:
    ranks = [Severity(a["data-severity"] or "").rank for a in ten.all("article")]
    assert ranks == sorted(ranks, reverse=True)


def test_a_frame_marks_what_is_meant(ten: Page) -> None:
    assert "<mark>import queue</mark>;" in ten.source
    assert '<span class="line meant"><i>&gt; 5 │ </i>    <mark>' in ten.source


def test_a_place_without_lines_is_named() -> None:
    report, _ = large(1)
    bare = [dataclasses.replace(f, frame=None) for f in report.findings]
    page = page_of(dataclasses.replace(report, findings=tuple(bare)))
    assert "crates/lib-00/wit/world.wit:5:5" in words(page)
    assert not page.all("figure")


def test_a_column_for_each_host() -> None:
    report, _ = large(1)
    hosts = ("wasmtime@50", "spin@4")
    item = ImportVerdict(
        "wasi:io/poll@0.2.6",
        ExternKind.INSTANCE,
        Status.HOST,
        hosts[0],
        hosts=(
            HostStatus(hosts[0], Status.HOST, hosts[0], "which has it at 0.2.12"),
            HostStatus(hosts[1], Status.UNPROVIDED),
        ),
    )
    artifact = dataclasses.replace(report.components[0], imports=(item,))
    page = page_of(dataclasses.replace(report, components=(artifact,), hosts=hosts))
    table = page.source.partition('<table class="imports">')[2].partition("</table>")[0]
    assert re.findall(r'<th scope="col">(.*?)</th>', table) == ["import", *hosts]
    assert "✓ has 0.2.12" in table
    assert "✗ nobody provides it" in table
    assert "1 import of 1 not provided" in words(page)


def test_suppressed_findings_with_reasons() -> None:
    report, _ = large(1)
    hidden = Suppressed(report.findings[0], "comment", Location("wit/a.wit", 4, 3), "production has it")
    page = page_of(dataclasses.replace(report, suppressed=(hidden,)))
    assert "production has it" in words(page)
    assert "wit/a.wit:4:3" in words(page)
    assert "1 suppressed" in words(page)


def test_why_there_are_no_plans() -> None:
    page = page_of(large(1)[0], why_not="the plans could not be made: `Cargo.toml` is a directory")
    assert "the plans could not be made: Cargo.toml is a directory." in words(page)


def hostile_page() -> Page:
    return Page(hostile_source())


def test_names_stay_text() -> None:
    page = hostile_page()
    assert {tag for tag, _ in page.elements} <= set(
        "html head meta title style body a header h1 h2 h3 h4 p b ul ol li nav main section form input span button select"
        " option output div article code small figure figcaption pre i mark details summary table caption thead tbody tr th td"
        " br label kbd aside footer script".split()
    )
    assert [tag for tag, _ in page.elements].count("script") == 2
    assert "<script>alert" not in page.source
    assert "\x1b" not in page.source
    assert "\u202e" not in page.source
    assert "\x00" not in page.source
    assert "<script>alert(1)</script>" in "".join(page.text)
    json.dumps(page.data).encode()


@pytest.mark.parametrize("make", [hostile_page, lambda: page_of(*large(3))])
def test_it_stands_by_itself(make: Any) -> None:
    page = make()
    for tag, attributes in page.elements:
        assert tag not in (
            "link",
            "img",
            "iframe",
            "object",
            "embed",
            "base",
            "image",
            "use",
            "video",
            "audio",
        )
        for name, value in attributes.items():
            assert name not in ("src", "srcset", "style", "action", "data", "xlink:href")
            assert not name.startswith("on")
            if name == "href":
                assert re.fullmatch(r"#[a-z]+\d*", value or ""), value
    style, script = _style_and_script(page)
    assert not re.search(r"url\((?!#)|@import|https?:", style)
    assert not re.search(
        r"\bfetch\b|XMLHttpRequest|WebSocket|\beval\b|innerHTML|outerHTML|insertAdjacentHTML", script
    )
    assert set(re.findall(r"https?://[^\"]*", script)) == {"http://www.w3.org/2000/svg"}


def _style_and_script(page: Page) -> tuple[str, str]:
    style = page.source.partition("<style>")[2].partition("</style>")[0]
    script = page.source.rpartition("<script>")[2].partition("</script>")[0]
    return style, script


def test_the_policy_allows_the_script_and_the_style_and_nothing_else(ten: Page) -> None:
    (policy,) = [
        m["content"] or "" for m in ten.all("meta") if m.get("http-equiv") == "Content-Security-Policy"
    ]
    assert policy.startswith("default-src 'none';")
    assert "unsafe" not in policy
    for name, text in zip(("style", "script"), _style_and_script(ten), strict=True):
        hashed = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"{name}-src 'sha256-{hashed}'" in policy


def test_links_lead_somewhere(ten: Page) -> None:
    ids = [a["id"] for _, a in ten.elements if a.get("id")]
    assert len(ids) == len(set(ids))
    assert {(a["href"] or "")[1:] for a in ten.all("a")} <= set(ids)


def test_the_way_of_a_finding_goes_through_what_it_names() -> None:
    report, network = large(6, libraries=2)
    groups = grouped(report.findings)
    # Another way, as short, through a crate that the finding does not name.
    other = network.add(Node(NodeKind.CRATE, "aaa 0.1.0"), NodeFacts("aaa 0.1.0"))
    for crate in network.nodes(NodeKind.CRATE):
        if crate.key.startswith("service-"):
            network.connect(Edge(crate, other, EdgeKind.DEPENDS))
    for binding in network.nodes(NodeKind.BINDING):
        network.connect(Edge(other, binding, EdgeKind.BINDS))
    found = graphdata.drawing(network, groups)
    assert set(found.ways) == {group.id for group in groups}
    for group in groups:
        way = found.ways[group.id]
        assert way[0] == Node(NodeKind.COMPONENT, group.first.subject)
        assert way[-1] == Node(NodeKind.INTERFACE, group.first.interface)
        joined = {(edge.source, edge.target) for edge in found.edges}
        assert all(pair in joined for pair in itertools.pairwise(way))
        if group.first.origin:
            assert other not in way
            assert [node.kind.value for node in way] == [
                "component",
                "crate",
                "crate",
                "binding",
                "world",
                "interface",
            ]


def test_a_finding_that_the_graph_does_not_know_has_no_way() -> None:
    report, network = large(1)
    groups = grouped([dataclasses.replace(report.findings[0], interface="a:b/c", subject="x.wasm")])
    assert graphdata.drawing(network, groups).ways == {}


def folded(components: int, libraries: int) -> dict[tuple[str, str], int]:
    """How many nodes stand in each cluster, by its kind and name."""
    _, network = large(components, libraries)
    found = graphdata.drawing(network, [])
    members = [node for each in found.clusters for node in each.members]
    assert len(members) == len(set(members))
    return {(each.kind.value, each.name): len(each.members) for each in found.clusters}


def test_what_can_stand_folded() -> None:
    few = folded(8, libraries=4)
    assert few == {
        **{("crate", f"lib-{number:02}"): 3 for number in range(4)},
        **{("interface", f"acme:lib-{number:02}"): 2 for number in range(4)},
        ("interface", "wasi:cli"): 5,
        ("interface", "wasi:filesystem"): 2,
        ("interface", "wasi:io"): 3,
    }


def test_many_things_stand_folded_as_one() -> None:
    many = folded(60, libraries=30)
    assert many["component", "60 components"] == 60
    assert many["crate", "60 crates"] == 60
    assert many["crate", "lib-00"] == 3
    assert many["interface", "acme:*"] == 60
    assert many["interface", "wasi:cli"] == 5


def test_the_data_names_what_is_drawn() -> None:
    report, network = large(4, libraries=2)
    page = page_of(report, network)
    data, texts = page.data, page.data["texts"]
    kinds = [texts[node[0]] for node in data["nodes"]]
    assert kinds.count("component") == 4
    for source, target, kind, _ in data["edges"]:
        if texts[kind] == "built from":
            assert (kinds[source], kinds[target]) == ("component", "crate")
    ends = [texts[data["nodes"][way[-1]][7]] for way in data["ways"].values()]
    assert set(ends) == {*custom(0), *custom(1)}


# Colours.


def contrast(one: str, two: str) -> float:
    """WCAG 2.2, "contrast ratio"."""

    def light(color: str) -> float:
        values = [int(color[at : at + 2], 16) / 255 for at in (1, 3, 5)]
        red, green, blue = (v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in values)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    high, low = sorted((light(one), light(two)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize(("colors", "name"), [(LIGHT, "light"), (DARK, "dark")])
def test_texts_have_contrast(colors: Any, name: str) -> None:
    values = scheme(colors, name)
    fills = ["error-fill", "warning-fill", "note-fill"]
    grounds = {
        "text": ["page", "band", "box", "outer", *fills],
        "quiet": ["page", "band", "box", "outer", *fills],
        "accent": ["page", "band", "box"],
        "error": ["page", "box", "band", "error-fill"],
        "warning": ["page", "box", "warning-fill"],
        "note": ["page", "box", "note-fill"],
        "fine": ["page", "box", "band", "fine-fill"],
    }
    for text, behind in grounds.items():
        for ground in behind:
            assert contrast(values[text], values[ground]) >= 4.5, (text, ground)
    # What is no text but has to be seen (WCAG 2.2, 1.4.11): the focus, and what findings are marked with.
    for line in ("accent", "error-line", "warning-line", "note-line"):
        assert contrast(values[line], values["page"]) >= 3, line


def test_every_colour_of_the_style_sheet_is_defined() -> None:
    used = set(re.findall(r"var\(--([\w-]+)\)", (PARTS / "report.css").read_text()))
    assert used <= set(scheme(LIGHT, "light"))
    assert set(scheme(LIGHT, "light")) == set(scheme(DARK, "dark"))


# Scripts.


@pytest.mark.parametrize("part", sorted(path.name for path in PARTS.glob("*.js")))
def test_scripts_are_well_formed(part: str) -> None:
    done = subprocess.run(["node", "--check", PARTS / part], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_every_part_is_used() -> None:
    assert {path.name for path in PARTS.iterdir()} == {*report_html.SCRIPTS, "report.css"}


def test_the_script_knows_every_kind() -> None:
    script = (PARTS / "graph.js").read_text()
    passive = script.partition("const PASSIVE = {")[2].partition("};")[0]
    assert sorted(re.findall(r'"?([a-z][a-z ]*?)"?: "', passive)) == sorted(kind.value for kind in EdgeKind)
    ranks = (PARTS / "layout.js").read_text().partition("const RANKS = {")[2].partition("};")[0]
    kinds = {kind.value for kind in NodeKind} - {"file"}
    assert set(re.findall(r"(\w+):", ranks)) == kinds
    headings = script.partition("const HEADINGS = {")[2].partition("};")[0]
    assert set(re.findall(r"(\w+): ", headings)) == kinds


LAYOUT = """\
const {nodes, links} = JSON.parse(require("fs").readFileSync(0, "utf8"));
console.log(JSON.stringify(layout(nodes, links)));
"""


def laid_out(nodes: list[tuple[str, int, int]], links: list[tuple[int, int]]) -> dict[str, Any]:
    """What layout.js makes of nodes (kind, width, height) and links."""
    given = {
        "nodes": [{"kind": kind, "width": width, "height": height} for kind, width, height in nodes],
        "links": links,
    }
    done = subprocess.run(
        ["node", "-e", (PARTS / "layout.js").read_text() + LAYOUT],
        input=json.dumps(given),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    made: dict[str, Any] = json.loads(done.stdout)
    return made


def test_nodes_stand_in_columns_and_do_not_overlap() -> None:
    kinds = (
        ["component"] * 30
        + ["crate"] * 60
        + ["binding"] * 20
        + ["world"] * 20
        + ["interface"] * 40
        + ["host"]
    )
    nodes = [(kind, 60 + number * 7 % 90, 28 if number % 3 else 40) for number, kind in enumerate(kinds)]
    links = [(n, 30 + n * 7 % 60) for n in range(30)]
    links += [(30 + n, 30 + (n * 3 + 1) % 60) for n in range(0, 60, 2)]
    links += [(30 + n * 3, 90 + n) for n in range(20)] + [(90 + n, 110 + n) for n in range(20)]
    links += [(110 + n % 20, 130 + n) for n in range(40)] + [(130 + n, 170) for n in range(40)]
    made = laid_out(nodes, links)
    columns: dict[int, list[tuple[float, float]]] = {}
    for (kind, width, height), place in zip(nodes, made["places"], strict=True):
        assert made["columns"][place["column"]]["kind"] == kind
        assert place["x"] >= 0
        assert place["y"] >= -1e-6
        assert place["x"] + width <= made["width"] + 1e-6
        assert place["y"] + height <= made["height"] + 1e-6
        columns.setdefault(place["column"], []).append((place["y"], place["y"] + height))
    for spans in columns.values():
        spans.sort()
        assert all(before[1] < after[0] for before, after in itertools.pairwise(spans))


def test_crates_that_need_each_other_stand_behind_each_other() -> None:
    made = laid_out([("crate", 50, 28)] * 4, [(0, 1), (1, 2), (0, 2), (0, 3)])
    assert [place["column"] for place in made["places"]] == [0, 1, 2, 1]


@pytest.mark.parametrize(
    ("count", "links"),
    [
        (0, []),
        (1, []),
        (3, [(0, 1), (1, 2), (2, 0)]),
        (3, [(0, 0), (1, 1)]),
        (5000, [(number, number + 1) for number in range(4999)]),
    ],
)
def test_loops_and_long_chains_are_laid_out(count: int, links: list[tuple[int, int]]) -> None:
    made = laid_out([("crate", 50, 28)] * count, links)
    assert len(made["places"]) == count
    assert all(isinstance(place["y"], (int, float)) for place in made["places"])


def test_fixes_name_their_command() -> None:
    from wasmdoctor.model.fix import SuggestedFix

    finding: Finding = large(1)[0].findings[0]
    fixes = (SuggestedFix("take the import out", (), True), SuggestedFix("take the crate out", (), False))
    report = Report("0.1.0", "wasmtime@50", findings=(dataclasses.replace(finding, fixes=fixes),))
    text = words(page_of(report))
    assert "take the import out: wasmdoctor check --fix " in text
    assert "take the crate out: wasmdoctor check --fix --unsafe-fixes" in text
