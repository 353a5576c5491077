"""What is laid out without rich is what rich lays out."""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import given, settings
from hypothesis import strategies as st

from wasmdoctor.reporters import lines
from wasmdoctor.reporters.console import Style, written
from wasmdoctor.reporters.lines import Columns, Paper, Text, written_lines

words = st.text(alphabet="ab:/-@.{},", min_size=1, max_size=30)
simple = st.builds(
    lambda first, gap, rest: gap.join([first, *rest]),
    st.sampled_from(["", " ", "x", "✗ ", "  a"]),
    st.sampled_from([" ", "  ", " · "]),
    st.lists(words, max_size=12),
)
strange = st.text(alphabet="ab é漢字，，\u0301\u200b😀…", max_size=60)
text = st.one_of(simple, simple, strange)
widths = st.integers(30, 130)


def by_rich(style: Style, write: Callable[[Paper], None]) -> str:
    """The same, laid out by rich."""
    return written(style, lambda console: write(lines._RichPaper(console)))


def same(width: int, write: Callable[[Paper], None]) -> None:
    style = Style(width)
    assert written_lines(style, write) == by_rich(style, write)


@settings(max_examples=200, deadline=None)
@given(text, text, st.integers(0, 8), st.integers(0, 30), widths)
def test_hanging_text_is_the_same(one: str, other: str, first: int, rest: int, width: int) -> None:
    """Words, long ones too, wide characters, and lines in between."""

    def write(paper: Paper) -> None:
        shown = Text(one, "bold")
        shown.append(other, "dim")
        paper.hang(shown, first, rest)
        paper.print()
        paper.print(shown)
        paper.cut(shown)
        assert paper.width == max(width, 40)

    same(width, write)


@settings(max_examples=250, deadline=None)
@given(st.lists(st.tuples(st.sampled_from("✗✓·"), text, text), min_size=1, max_size=5), st.data(), widths)
def test_tables_are_the_same(rows: list[tuple[str, str, str]], data: st.DataObject, width: int) -> None:
    """Names and words that fit, and that do not."""
    least = data.draw(st.integers(-5, max(len(name) for _, name, _ in rows) + 1))
    cells = tuple(((mark, "red"), (name, "red"), (said, "")) for mark, name, said in rows)
    same(width, lambda paper: paper.table(Columns(cells, min(least, max(width, 40) - 30), 80)))


def test_a_fine_table_needs_no_rich() -> None:
    """Else the comparison above would compare rich with itself."""
    row = (("✗", "red"), ("wasi:io/streams@0.2.6", "red"), ("nobody provides it " * 8, ""))
    found = lines.tabulated(Columns((row, row), 21, 80), 98)
    assert found is not None
    assert [len(line) <= 100 for line in found] == [True] * 6
    long = (
        ("✓", "green"),
        ("wasi:cli/{environment, exit, run}@0.2.6 " * 4, ""),
        ("from wasmtime@48 " * 3, ""),
    )
    assert lines.tabulated(Columns((row, long), 21, 80), 98)
