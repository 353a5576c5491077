"""The page: self-contained, its policy allows its own parts only, and its data fits the drawing."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from functools import cache
from html.parser import HTMLParser
from typing import Any

import pytest

from wasmdoctor.graph.network import EdgeKind, Network
from wasmdoctor.reporters.graph.html import render
from wasmdoctor.reporters.graph.prepare import View, prepare


class Page(HTMLParser):
    """The elements of a page with their attributes, and the text of scripts and styles."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[tuple[str, dict[str, str | None], str]] = []
        self._open: list[str] = []
        self.feed(source)
        self.close()
        assert not self._open, "an element is not closed"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in ("meta", "input"):
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self._open and self._open[-1] in ("script", "style"):
            self.texts.append((*self.elements[-1], data))

    def data(self) -> dict[str, Any]:
        texts = "".join(text for _, attributes, text in self.texts if attributes.get("id") == "data")
        loaded: dict[str, Any] = json.loads(texts)
        return loaded


@cache
def page_of(network: Network) -> Page:
    return Page(render(network))


@pytest.fixture(params=["scheduler", "workspace", "hostile", "empty"], scope="module")
def network(request: pytest.FixtureRequest) -> Network:
    if request.param == "empty":
        return Network()
    made: Network = request.getfixturevalue(request.param)
    return prepare(made, View())


def test_nothing_comes_from_outside(network: Network) -> None:
    page = page_of(network)
    for tag, attributes in page.elements:
        assert tag not in ("link", "img", "iframe", "object", "embed", "base", "a", "form", "image", "use")
        for name, value in attributes.items():
            assert name not in ("src", "href", "xlink:href", "style", "srcset", "action", "data")
            assert not name.startswith("on")
            # A label is text to whoever reads it out, whatever it says.
            assert (
                name == "aria-label"
                or "url(" not in (value or "")
                or re.fullmatch(r"url\(#[\w-]+\)", value or "")
            )
    for tag, attributes, text in page.texts:
        if attributes.get("id") != "data":
            assert "url(" not in text, tag
            assert "@import" not in text
            assert not re.search(r"\bfetch\b|XMLHttpRequest|WebSocket|\bimport\b|https?:|\beval\b", text)


def test_the_policy_allows_the_script_and_the_style_and_nothing_else(network: Network) -> None:
    page = page_of(network)
    metas = [attributes for tag, attributes in page.elements if tag == "meta"]
    policy = next(m["content"] or "" for m in metas if m.get("http-equiv") == "Content-Security-Policy")
    assert policy.startswith("default-src 'none';")
    assert "unsafe" not in policy
    for tag in ("style", "script"):
        texts = [text for one, attributes, text in page.texts if one == tag and "id" not in attributes]
        hashed = base64.b64encode(hashlib.sha256("".join(texts).encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{hashed}'" in policy
    assert [tag for tag, _ in page.elements].count("style") == 1
    assert [tag for tag, _ in page.elements].count("script") == 2


def test_the_data_fits_the_drawing(network: Network) -> None:
    page = page_of(network)
    data = page.data()
    assert len(data["nodes"]) == len(network.nodes())
    assert len(data["edges"]) == len(network.edges())
    drawn = [
        a for tag, a in page.elements if tag == "g" and "node" in (a.get("class") or "").split() and "id" in a
    ]
    assert [shape["id"] for shape in drawn] == [f"n{number}" for number in range(len(data["nodes"]))]
    for shape, node in zip(drawn, data["nodes"], strict=True):
        assert node["kind"] in (shape["class"] or "").split()
        assert shape["tabindex"] == "0"
        assert (shape["aria-label"] or "").startswith(f"{node['kind']} {node['label']}")
    lines = [a for tag, a in page.elements if tag == "path" and "data-source" in a]
    pairs = {(edge["source"], edge["target"]) for edge in data["edges"]}
    for line in lines:
        assert (int((line["data-source"] or "")[1:]), int((line["data-target"] or "")[1:])) in pairs


def test_the_page_can_be_searched_and_followed_by_keyboard(scheduler: Network) -> None:
    source = render(scheduler)
    page = Page(source)
    roles = {attributes.get("role") for _, attributes in page.elements}
    assert {"combobox", "listbox", "button", "group"} <= roles
    assert any(
        tag == "input" and a.get("type") == "search" and a.get("aria-label") for tag, a in page.elements
    )
    for key in ("ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", "Enter", "Escape"):
        assert f'"{key}"' in source


def test_the_script_knows_every_kind_of_edge_from_its_other_end(scheduler: Network) -> None:
    known = re.search(r"const PASSIVE = \{(.*?)\};", render(scheduler), re.DOTALL)
    assert known
    words = re.findall(r'"?([a-z][a-z ]*?)"?: "', known[1])
    assert sorted(words) == sorted(kind.value for kind in EdgeKind)


def test_names_cannot_end_the_data(maker) -> None:
    maker.interface("</script><script>alert(1)</script><!--")
    source = render(maker.network)
    assert "<script>alert" not in source
    assert "</script><script>alert(1)</script><!--" in [n["label"] for n in Page(source).data()["nodes"]]


def test_light_and_dark(scheduler: Network) -> None:
    source = render(scheduler)
    assert '<meta name="color-scheme" content="light dark">' in source
    assert source.count("prefers-color-scheme: dark") == 2
    assert "prefers-reduced-motion" in source
