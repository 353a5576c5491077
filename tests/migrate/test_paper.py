"""Documents: whatever stands in a name, it stays text."""

from __future__ import annotations

import re
from html.parser import HTMLParser

from hypothesis import given
from hypothesis import strategies as st

from wasmdoctor.reporters import paper
from wasmdoctor.reporters.paper import Block, Code, Grid, Heading, Items, Listing, Paragraph

TEXTS = st.text(st.sampled_from(list("a<>&\"'`|\\*_[]#~ \n\x1b\u202e-+")), max_size=12)


def blocks(text: str) -> list[Block]:
    return [
        Heading(2, [text, Code(text)]),
        Paragraph(text),
        Items([text, [Code(text)]]),
        Grid(["a", "b"], [[text, [Code(text), text]]]),
        Listing(text, "diff"),
    ]


class Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.tags.append(tag)


def tags(page: str) -> list[str]:
    reader = Reader()
    reader.feed(page)
    return [tag for tag in reader.tags if tag not in ("span", "code")]


@given(TEXTS)
def test_html_has_only_the_tags_of_the_blocks(text: str) -> None:
    page = paper.html(blocks(text), text)
    assert tags(page) == tags(paper.html(blocks("x"), "x"))
    assert "\x1b" not in page
    assert "\u202e" not in page


@given(TEXTS)
def test_markdown_keeps_its_table(text: str) -> None:
    table = paper.markdown([Grid(["a", "b"], [[text, [Code(text)]]])])
    lines = table.splitlines()
    assert len(lines) == 3
    assert all(len(re.findall(r"(?<!\\)\|", line)) == 3 for line in lines)


def test_names_between_backticks_are_code() -> None:
    text = "the crate `a_b` exports `ns:x/y` | no `end"
    assert paper.markdown([Paragraph(text)]) == "the crate `a_b` exports `ns:x/y` | no \\`end\n"
    assert "the crate <code>a_b</code> exports <code>ns:x/y</code> | no `end" in paper.html(
        [Paragraph(text)], "x"
    )


@given(TEXTS)
def test_a_fence_is_longer_than_what_it_holds(text: str) -> None:
    shown = paper.markdown([Listing(text)]).splitlines()
    fence = shown[0]
    assert set(fence) == {"`"}
    assert shown[-1] == fence
    assert not any(fence in line for line in shown[1:-1])


def test_the_policy_names_the_style_that_is_there() -> None:
    page = paper.html([Paragraph("x")], "x")
    assert page.count("<style>") == 1
    assert "script" not in page
    assert re.search(r"style-src &#x27;sha256-[A-Za-z0-9+/=]{44}&#x27;", page)
