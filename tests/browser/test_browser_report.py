"""The HTML report in a real browser: nothing complains, nothing is asked of a network, and it does what it shows."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest
from browser.browser_driver import Browser, Page
from report.report_support import hostile_source

pytestmark = pytest.mark.browser

WORST_CONTRAST = """\
(() => {
  const parts = (color) => color.match(/[\\d.]+/g).map(Number);
  const linear = (value) => ((value /= 255) <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4);
  const light = ([r, g, b]) => 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
  const behind = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const color = parts(getComputedStyle(at).backgroundColor);
      if (color.length < 4 || color[3] === 1) return color;
    }
    return [255, 255, 255];
  };
  const found = [];
  for (const element of document.querySelectorAll("body *")) {
    if (element.closest("svg, script") || !element.checkVisibility()) continue;
    if (![...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim())) continue;
    const [one, two] = [light(parts(getComputedStyle(element).color)), light(behind(element))];
    const ratio = (Math.max(one, two) + 0.05) / (Math.min(one, two) + 0.05);
    found.push([ratio, element.tagName + "." + element.className + ": " + element.textContent.slice(0, 40)]);
  }
  return found.sort((one, two) => one[0] - two[0]).slice(0, 3).concat([["texts", found.length]]);
})()"""


@pytest.fixture
def page(browser: Browser, report_page: Path) -> Iterator[Page]:
    with browser.page(report_page) as opened:
        yield opened
        assert opened.complaints() == []
        assert opened.requests() == [report_page.resolve().as_uri()]


def focused(page: Page) -> str:
    """What the keyboard is on: its text, value or label."""
    text: str = page.run(
        "(document.activeElement.getAttribute('aria-label') || document.activeElement.textContent).trim()"
    )
    return text


def shown(page: Page, selector: str) -> int:
    count: int = page.run(
        f"[...document.querySelectorAll({selector!r})].filter(e => e.checkVisibility()).length"
    )
    return count


def test_the_sections_are_tabs(page: Page) -> None:
    assert page.run("[...document.querySelectorAll('[role=tab]')].map(e => e.hash)") == [
        "#findings", "#components", "#graph", "#plans", "#suppressed",
    ]  # fmt: skip
    assert shown(page, "[role=tabpanel]") == 1
    page.run("document.getElementById('tab-findings').focus()")
    page.key("ArrowRight")
    assert focused(page).startswith("Components")
    assert shown(page, "#components") == 1
    assert shown(page, "#findings") == 0
    page.key("ArrowLeft", "ArrowLeft")
    assert focused(page).startswith("Suppressed")
    page.key("Home")
    assert page.run("document.activeElement.getAttribute('aria-selected')") == "true"
    assert page.run("location.hash") == "#findings"


def test_a_finding_shows_its_lines_with_the_place_underlined(page: Page) -> None:
    frame = page.run("document.querySelector('.finding.error .frame').textContent")
    assert "world net {" in frame
    assert page.run("document.querySelector('.finding.error .frame mark').textContent") == "import store"
    line = page.run(
        "getComputedStyle(document.querySelector('.finding.error .frame mark')).textDecorationLine"
    )
    assert line == "underline"
    assert page.run("document.querySelector('.finding.error .frame .meant i').textContent.trim()") == "> 8 │"


def test_findings_are_searched_and_filtered(page: Page) -> None:
    assert shown(page, ".finding") == 2
    page.key("/")
    assert focused(page) == "Search the findings"
    page.type("linked crate net")
    assert shown(page, ".finding") == 1
    assert page.run("document.querySelector('#findings output').textContent") == "1 of 2 shown"
    page.key("Escape")
    assert shown(page, ".finding") == 2
    page.type("no such thing")
    assert shown(page, ".finding") == 0
    page.key("Escape", "ArrowDown")
    assert page.run("document.activeElement.id") == "f1"
    page.key("ArrowDown")
    assert page.run("document.activeElement.id") == "f2"
    page.click("#findings [data-severity=warning]")
    assert shown(page, ".finding") == 1
    page.click("#findings .rules a[data-rule=WD106]")
    assert shown(page, ".finding") == 1
    assert page.run("document.activeElement.dataset.code") == "WD106"


def test_a_component_leads_to_its_findings_and_back(page: Page) -> None:
    page.click(".finding .in a")
    assert page.run("document.activeElement.id") == "c1"
    assert page.run("document.activeElement.open")
    heads = page.run("[...document.querySelectorAll('#c1 table.imports thead th')].map(e => e.textContent)")
    assert [head.partition("@")[0] for head in heads] == ["import", "wasmtime", "spin"]
    page.click("#c1 .about a")
    assert page.run("document.activeElement.id") == "f1"
    page.key("Enter")
    assert page.run("location.hash") == "#graph"


def test_the_graph_shows_the_way_of_a_finding(page: Page) -> None:
    page.click("#f1 [data-why]")
    way = page.run(
        "[...document.querySelectorAll('.pane .node.why')].map(e => e.getAttribute('class').split(' ')[1])"
    )
    assert way == ["component", "crate", "crate", "binding", "world", "interface"] or sorted(way) == sorted(
        ["component", "crate", "crate", "binding", "world", "interface"]
    )
    assert shown(page, ".pane .edge.why") == 5
    texts = page.run("[...document.querySelectorAll('.stage aside ol button')].map(e => e.textContent)")
    assert texts == ["app (predicted)", "app", "net", "generate! call", "net", "store"]
    assert "interface store" in focused(page)
    # Every step is in the finding's own chain too.
    chain = page.run("document.querySelector('#f1 .way ol').textContent")
    assert all(name in chain for name in texts[1:])
    page.key("Escape")
    assert shown(page, ".pane .node.why") == 0
    assert shown(page, ".stage aside") == 0


def test_the_graph_is_walked_by_keyboard(page: Page) -> None:
    page.run("document.getElementById('tab-graph').click()")
    page.run("document.getElementById('tab-graph').focus()")
    assert page.run("document.querySelectorAll('.pane [tabindex=\"0\"]').length") == 1
    for _ in range(12):
        page.key("Tab")
        if page.run("Boolean(document.activeElement.closest('.pane svg'))"):
            break
    assert focused(page).startswith("component app")
    page.key("ArrowRight")
    assert focused(page).startswith("crate app")
    page.key("ArrowLeft", "Enter")
    assert page.run("document.activeElement.getAttribute('class')").split()[-1] in ("chosen", "lit")
    assert shown(page, ".stage aside") == 1
    assert page.run("document.querySelector('.stage aside h3').textContent") == "app (predicted)"
    page.key("Escape")
    assert shown(page, ".stage aside") == 0
    assert focused(page).startswith("component app")


def test_the_graph_is_searched(page: Page) -> None:
    page.run("document.getElementById('tab-graph').click()")
    page.key("/")
    assert focused(page) == "Search the graph"
    page.type("net")
    assert shown(page, "#found [role=option]") > 2
    assert page.run("document.activeElement.getAttribute('aria-activedescendant')") == "hit0"
    page.key("ArrowDown")
    assert page.run("document.querySelector('#found [aria-selected=true]').id") == "hit1"
    page.key("Escape", "/")
    page.type("interface store")
    page.key("Enter")
    assert shown(page, "#found") == 0
    assert "interface store" in focused(page)
    assert page.run("document.querySelector('.stage aside h3').textContent") == "store"
    page.click(".stage aside a")
    assert page.run("document.activeElement.className").startswith("finding")


def test_nodes_fold_and_unfold(page: Page) -> None:
    page.run("document.getElementById('tab-graph').click()")
    page.click(".graph [data-fold='']")
    folded = shown(page, ".pane .node")
    assert shown(page, ".pane .node.folded") >= 2
    page.click(".graph [data-fold=open]")
    unfolded = shown(page, ".pane .node")
    assert unfolded > folded
    assert shown(page, ".pane .node.folded") == 0
    page.click(".graph [data-fold='']")
    page.click(".pane .node.crate.folded .knob")
    assert folded < shown(page, ".pane .node") < unfolded
    page.key(" ")
    assert shown(page, ".pane .node") == folded
    assert page.run("document.activeElement.getAttribute('aria-expanded')") == "false"


def test_the_picture_shows_only_what_was_asked_for(page: Page) -> None:
    page.click("#f1 [data-why]")
    everything = shown(page, ".pane .node")
    page.run(
        "(() => { const s = document.querySelector('[data-scope]'); s.value = 'chosen';"
        " s.dispatchEvent(new Event('change')); })()"
    )
    assert 6 <= shown(page, ".pane .node") < everything


def test_the_plans_stand_side_by_side(page: Page) -> None:
    page.run("document.getElementById('tab-plans').click()")
    heads = page.run("[...document.querySelectorAll('table.plans thead th')].map(e => e.textContent)")
    assert [head[:2] for head in heads] == ["", "A:", "B:", "C:"]
    assert page.run("document.querySelectorAll('table.plans .tag.fine').length") == 1
    tops = page.run(
        "[...document.querySelectorAll('table.plans thead th')].map(e => e.getBoundingClientRect().top)"
    )
    assert len(set(tops)) == 1


def test_suppressed_findings_have_their_reasons(page: Page) -> None:
    page.run("document.getElementById('tab-suppressed').click()")
    text = page.run("document.querySelector('#suppressed table').innerText")
    assert "WD103" in text
    assert "it is no blob store" in text
    assert "net/wit/world.wit" in text


def test_without_a_script_everything_can_be_read(browser: Browser, report_page: Path) -> None:
    with browser.page(report_page, script=False) as page:
        for section in ("findings", "components", "plans", "suppressed"):
            assert shown(page, f"#{section}") == 1
        assert shown(page, "button") == 0
        assert shown(page, "input") == 0
        assert "need" in page.run("document.querySelector('#graph').innerText")
        assert shown(page, ".frame mark") == 2


@pytest.mark.parametrize("dark", [False, True])
def test_every_text_can_be_read(browser: Browser, report_page: Path, dark: bool) -> None:
    with browser.page(report_page, dark=dark) as page:
        background = page.run("getComputedStyle(document.body).backgroundColor")
        assert (sum(map(int, background[4:-1].split(","))) < 200) == dark
        page.run("for (const part of document.querySelectorAll('details')) part.open = true")
        for tab in ("findings", "components", "graph", "plans", "suppressed"):
            page.run(f"document.getElementById('tab-{tab}').click()")
            *worst, (_, texts) = page.run(WORST_CONTRAST)
            assert texts > 20
            assert worst[0][0] >= 4.5, worst


@pytest.mark.parametrize("width", [390, 1400])
def test_no_window_is_too_narrow(browser: Browser, report_page: Path, width: int) -> None:
    with browser.page(report_page, width=width, height=844) as page:
        page.run("for (const part of document.querySelectorAll('details')) part.open = true")
        for tab in ("findings", "components", "graph", "plans", "suppressed"):
            page.run(f"document.getElementById('tab-{tab}').click()")
            assert page.run("document.documentElement.scrollWidth") <= width, tab
        page.click("#tab-findings")
        page.click("#f1 [data-why]")
        assert shown(page, ".pane .node.why") == 6


def test_on_paper_all_sections_stand_open(page: Page) -> None:
    page.call("Emulation.setEmulatedMedia", media="print")
    page.run("dispatchEvent(new Event('beforeprint'))")
    for section in ("findings", "components", "plans", "suppressed"):
        assert shown(page, f"#{section}") == 1
    assert shown(page, "nav") == 0
    assert shown(page, "button") == 0
    assert shown(page, ".component table") == 1
    page.run("dispatchEvent(new Event('afterprint'))")
    assert page.pdf().startswith(b"%PDF-")


def test_the_policy_lets_nothing_else_in(page: Page) -> None:
    page.run(
        "new Promise(done => { const s = document.createElement('script'); s.textContent = 'window.broken = 1';"
        " document.body.append(s); const i = new Image(); i.onerror = i.onload = done;"
        " i.src = 'http://127.0.0.1:9/x.png'; })"
    )
    assert page.run("window.broken === undefined")
    refusals = [text for text in page.complaints() if "Content Security Policy" in text]
    assert len(refusals) == 2
    page._browser.events.clear()
    page.call("Page.reload")
    page.run("1")


def test_headings_tables_and_landmarks(page: Page) -> None:
    assert page.run("document.querySelectorAll('h1').length") == 1
    levels = page.run("[...document.querySelectorAll('h1,h2,h3,h4,h5,h6')].map(e => Number(e.tagName[1]))")
    assert all(after - before <= 1 for before, after in itertools.pairwise(levels)), levels
    assert page.run(
        "['header', 'nav', 'main', 'footer'].every(e => document.querySelectorAll('body > ' + e).length == 1)"
    )
    assert page.run(
        "[...document.querySelectorAll('table')].every(t => t.caption && t.querySelector('th[scope=col]'))"
    )
    assert page.run(
        "[...document.querySelectorAll('input, select')].every(e => e.ariaLabel || e.closest('label'))"
    )
    ids = page.run("[...document.querySelectorAll('[id]')].map(e => e.id)")
    assert len(ids) == len(set(ids))


def test_hostile_names_do_nothing(browser: Browser, tmp_path: Path) -> None:
    path = tmp_path / "hostile.html"
    path.write_text(hostile_source(), "utf-8")
    with browser.page(path) as page:
        for tab in ("findings", "components", "graph", "plans", "suppressed"):
            page.run(f"document.getElementById('tab-{tab}').click()")
        assert page.run("document.querySelectorAll('.pane .node').length") > 0
        page.run("document.getElementById('tab-graph').click()")
        page.key("/")
        page.type("<script>")
        page.key("Enter")
        assert "<script>alert(1)</script>" in page.run("document.querySelector('.stage aside').textContent")
        assert page.run("document.querySelectorAll('script').length") == 2
        assert page.complaints() == []
        assert page.requests() == [path.as_uri()]
