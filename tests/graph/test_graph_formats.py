"""Dot, Mermaid and JSON: well formed, complete, escaped, and the same whatever order the graph was made in."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from wasmdoctor.graph.network import EdgeKind, Network, NodeKind
from wasmdoctor.model.binding import Certainty, Evidence
from wasmdoctor.reporters.console import Style
from wasmdoctor.reporters.graph import FORMATS, render
from wasmdoctor.reporters.graph.emphasis import drawn
from wasmdoctor.reporters.graph.prepare import View, prepare

SCHEMA = json.loads((Path(__file__).parents[2] / "rules" / "schema" / "graph-1.json").read_text("utf-8"))


def text_of(network: Network, format_: str) -> str:
    """Not cached: some tests change their graph."""
    return render(network, format_, Style())


@pytest.fixture(params=["scheduler", "workspace", "hostile", "empty"], scope="module")
def network(request: pytest.FixtureRequest) -> Network:
    if request.param == "empty":
        return Network()
    made: Network = request.getfixturevalue(request.param)
    return prepare(made, View())


# Dot.

TOKEN = re.compile(
    r'\s+|(?P<text>"(?:\\.|[^"\\])*")|(?P<arrow>->)|(?P<id>[A-Za-z0-9_.]+)|(?P<mark>[{}\[\]=,;])', re.DOTALL
)


def dot_tokens(source: str) -> Iterator[str]:
    at = 0
    while at < len(source):
        found = TOKEN.match(source, at)
        assert found, source[at : at + 40]
        at = found.end()
        if found.lastgroup:
            yield found[0]


def dot_shown(quoted: str) -> str:
    """What Graphviz shows of a quoted label: its escapes and entities read."""
    plain = re.sub(r"\\(.)", lambda found: "\n" if found[1] == "n" else found[1], quoted[1:-1])
    return plain.replace("&amp;", "&")


def parse_dot(source: str) -> tuple[dict[str, dict[str, str]], list[tuple[str, str]]]:
    """The nodes with their attributes, and the edges, of the part of the language that we write."""
    tokens = list(dot_tokens(source))
    assert tokens[:3] == ["digraph", "wasmdoctor", "{"]
    nodes: dict[str, dict[str, str]] = {}
    edges: list[tuple[str, str]] = []
    at, level = 3, 1
    while level:
        token, following = tokens[at], tokens[at + 1] if at + 1 < len(tokens) else ""
        if token == "}":
            level, at = level - 1, at + 1
        elif token == "subgraph":
            assert tokens[at + 2] == "{"
            level, at = level + 1, at + 3
        elif following == "=":
            assert tokens[at + 3] == ";"
            at += 4
        else:
            names, at = [token], at + 1
            if tokens[at] == "->":
                names, at = [token, tokens[at + 1]], at + 2
            assert tokens[at] == "["
            end = tokens.index("]", at)
            pairs = tokens[at + 1 : end]
            assert pairs[1::4] == ["="] * len(pairs[1::4])
            assert set(pairs[3::4]) <= {","}
            assert tokens[end + 1] == ";"
            at = end + 2
            if len(names) == 2:
                edges.append((names[0], names[1]))
            elif token not in ("graph", "node", "edge"):
                assert token not in nodes
                nodes[token] = dict(zip(pairs[::4], pairs[2::4], strict=True))
    assert at == len(tokens)
    return nodes, edges


def test_dot_is_well_formed_and_complete(network: Network) -> None:
    nodes, edges = parse_dot(text_of(network, "dot"))
    assert len(nodes) == len(network.nodes())
    assert len(edges) == len(drawn(network))
    assert {name for edge in edges for name in edge} <= set(nodes)


def test_dot_labels_read_as_the_names(scheduler: Network, maker) -> None:
    nodes, _ = parse_dot(text_of(scheduler, "dot"))
    shown = [dot_shown(look["label"]) for look in nodes.values()]
    assert "wasi-tcp\nscheduler:core-libs@0.1.0" in shown
    maker.interface('a\\n"b&amp;<c>')
    nodes, _ = parse_dot(text_of(maker.network, "dot"))
    assert [dot_shown(look["label"]) for look in nodes.values()] == ['a\\n"b&amp;<c>']


def test_dot_draws_clusters_and_colours_findings(scheduler: Network) -> None:
    source = text_of(prepare(scheduler, View()), "dot")
    assert re.findall(r"subgraph cluster_(\w+)", source) == [
        "component",
        "crate",
        "binding",
        "world",
        "interface",
        "host",
    ]
    assert source.count('fillcolor="#fdecee"') == 2
    assert "style=dotted" in source


# Mermaid.

MERMAID = re.compile(
    r"""flowchart\ LR | %%\ .* | \ \ end
    | \ \ subgraph\ group_\w+\["[A-Z][a-z ]+"\]
    | \ \ \ \ (?P<node>n\d+)\["(?P<label>[^"<>`|\[\]{}]*(?:<br/>[^"<>`|\[\]{}]*)?)"\]
    | \ \ (?P<source>n\d+)\ (?:-->|-\.->)(?:\|"[a-z, ]+"\|)?\ (?P<target>n\d+)
    | \ \ classDef\ \w+\ [\w:#,-]+ | \ \ class\ n\d+(?:,n\d+)*\ \w+ | \ \ linkStyle\ \d+(?:,\d+)*\ [\w:#,-]+""",
    re.VERBOSE,
)


def parse_mermaid(source: str) -> tuple[dict[str, str], list[tuple[str, str]]]:
    nodes: dict[str, str] = {}
    edges: list[tuple[str, str]] = []
    for line in source.splitlines():
        found = MERMAID.fullmatch(line)
        assert found, line
        if found["node"]:
            assert found["node"] not in nodes, "an id is used twice"
            nodes[found["node"]] = re.sub(r"#(\d+);", lambda code: chr(int(code[1])), found["label"])
        if found["source"]:
            edges.append((found["source"], found["target"]))
    return nodes, edges


def test_mermaid_is_well_formed_and_complete(network: Network) -> None:
    source = text_of(network, "mermaid")
    nodes, edges = parse_mermaid(source)
    assert source.startswith("flowchart LR\n")
    assert len(nodes) == len(network.nodes())
    assert len(edges) == len(drawn(network))
    assert {name for edge in edges for name in edge} <= set(nodes)


@pytest.mark.parametrize(
    "name",
    [
        '"] --> n1["',
        "#quot;",
        "1. list",
        "2) list",
        "- list",
        "# head",
        "`md`",
        "*a* _b_",
        "<b>x</b>",
        "a;b",
        "&lt;",
    ],
)
def test_mermaid_labels_read_as_the_names(maker, name: str) -> None:
    maker.interface(name)
    nodes, _ = parse_mermaid(text_of(maker.network, "mermaid"))
    assert list(nodes.values()) == [name]
    source = text_of(maker.network, "mermaid")
    assert not re.search(r'\["(\d+[.)] |[-*`]|# )', source)


def test_mermaid_leaves_usual_names_readable(scheduler: Network) -> None:
    assert 'wasi-tcp<br/>scheduler:core-libs@0.1.0"' in text_of(scheduler, "mermaid")


def test_mermaid_warns_of_what_it_does_not_draw(maker, scheduler: Network) -> None:
    crates = [maker.crate(f"c{number}") for number in range(40)]
    for number, one in enumerate(crates):
        for two in crates[number + 1 :]:
            maker.edge(one, two, EdgeKind.DEPENDS)
    assert "\n%% 780 edges" in text_of(maker.network, "mermaid")
    assert "%%" not in text_of(scheduler, "mermaid")


# JSON.


def test_json_keeps_its_schema(network: Network) -> None:
    document = json.loads(text_of(network, "json"))
    jsonschema.validate(document, SCHEMA, cls=jsonschema.Draft202012Validator)
    ids = [node["id"] for node in document["nodes"]]
    assert len(set(ids)) == len(ids) == len(network.nodes())
    assert len(document["edges"]) == len(network.edges())
    assert {edge[end] for edge in document["edges"] for end in ("source", "target")} <= set(ids)
    kinds = [node["kind"] for node in document["nodes"]]
    assert kinds == sorted(kinds)


def test_the_schema_knows_every_kind_and_refuses_others() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    known = SCHEMA["$defs"]
    assert known["node"]["properties"]["kind"]["enum"] == [kind.value for kind in NodeKind]
    assert sorted(known["edge"]["properties"]["kind"]["enum"]) == sorted(
        kind.name.lower().replace("_", "-") for kind in EdgeKind
    )
    assert known["edge"]["properties"]["certainty"]["enum"] == [one.value for one in Certainty]
    assert known["edge"]["properties"]["evidence"]["enum"] == [one.value for one in Evidence]
    document: dict[str, Any] = {"schema": 1, "tool": {"name": "wasmdoctor", "version": "1"}, "nodes": [{}]}
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(document, SCHEMA)


def test_json_tells_what_an_edge_rests_on(scheduler: Network) -> None:
    document = json.loads(text_of(prepare(scheduler, View()), "json"))
    edge = next(
        edge
        for edge in document["edges"]
        if edge["source"].startswith("world:") and edge["target"].endswith("wasi-tcp@0.1.0")
    )
    assert edge == {
        "source": "world:scheduler:core-libs/scheduler-core@0.1.0",
        "target": "interface:scheduler:core-libs/wasi-tcp@0.1.0",
        "kind": "imports",
        "location": {"path": "core-libs/wit/world.wit", "line": 219, "column": 12},
        "evidence": "sources",
        "certainty": "certain",
        "implied": False,
        "leak": "error",
        "note": "",
    }
    assert any(edge["implied"] for edge in document["edges"])


# All formats.


@pytest.mark.parametrize("format_", FORMATS)
def test_the_order_in_which_a_graph_is_made_does_not_matter(workspace: Network, format_: str) -> None:
    pick = random.Random(7)
    nodes, edges = workspace.nodes(), workspace.edges()
    pick.shuffle(nodes)
    pick.shuffle(edges)
    other = Network()
    for edge in edges[: len(edges) // 2]:
        other.connect(edge)
    for node in nodes:
        other.add(node, workspace.facts(node))
    for edge in edges:
        other.connect(edge)
    assert text_of(prepare(other, View()), format_) == text_of(prepare(workspace, View()), format_)


@pytest.mark.parametrize("format_", FORMATS)
def test_every_format_shows_anything(network: Network, format_: str) -> None:
    text = text_of(network, format_)
    assert text.endswith("\n")
    text.encode("utf-8")
    # No terminal, editor or browser finds anything to obey. JSON keeps names as they are, escaped.
    if format_ != "json":
        assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufffe\uffff]", text)


def test_an_unknown_format_is_refused() -> None:
    with pytest.raises(ValueError, match="png"):
        render(Network(), "png", Style())
