"""The page of ``graph --format html`` in a real browser."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from browser.browser_driver import Browser, Page

pytestmark = pytest.mark.browser


@pytest.fixture
def page(browser: Browser, graph_page: Path) -> Iterator[Page]:
    with browser.page(graph_page) as opened:
        yield opened
        assert opened.complaints() == []
        assert opened.requests() == [graph_page.resolve().as_uri()]


def test_the_graph_is_drawn(page: Page) -> None:
    data = page.run("JSON.parse(document.getElementById('data').textContent).nodes.length")
    assert data > 5
    assert page.run("document.querySelectorAll('svg .nodes .node').length") == data
    boxes = page.run(
        "[...document.querySelectorAll('svg .nodes .node')].map(e => e.getBoundingClientRect().width)"
    )
    assert all(width > 20 for width in boxes)


def test_search_goes_to_a_node(page: Page) -> None:
    page.key("/")
    assert page.run("document.activeElement.type") == "search"
    page.type("interface store")
    page.key("Enter")
    page.run("new Promise(done => setTimeout(done, 50))")
    assert "shop:net/store" in page.run("document.querySelector('aside h2').textContent")
    assert page.run("document.activeElement.getAttribute('aria-pressed')") == "true"
    assert page.run("document.querySelectorAll('.node.lit').length") >= 6
    assert "store" in page.run("decodeURIComponent(location.hash)")
    page.key("Escape")
    assert page.run("document.querySelector('aside').hidden")


def test_arrows_go_along_the_lines(page: Page) -> None:
    page.run("document.querySelector('.node.component').focus()")
    for kind in ("crate", "crate", "binding", "world", "interface"):
        page.key("ArrowRight")
        if kind == "crate" and page.run("document.activeElement.classList.contains('binding')"):
            break
        assert page.run("document.activeElement.classList[1]") in (kind, "binding", "world", "interface")
    page.key("Enter")
    assert not page.run("document.querySelector('aside').hidden")


@pytest.mark.parametrize("dark", [False, True])
def test_light_and_dark(browser: Browser, graph_page: Path, dark: bool) -> None:
    with browser.page(graph_page, dark=dark, width=390, height=844) as page:
        background = page.run("getComputedStyle(document.body).backgroundColor")
        assert (sum(map(int, background[4:-1].split(","))) < 200) == dark
        assert page.run("document.documentElement.scrollWidth") <= 390
        assert page.complaints() == []
