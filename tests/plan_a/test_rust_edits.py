"""Edits of Rust text: what is cut leaves no gap, and nothing else moves."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wasmdoctor.migrate import rustedits
from wasmdoctor.migrate.edits import untouched
from wasmdoctor.migrate.rustedits import Cut
from wasmdoctor.model.source import Span

ITEMS = (
    "fn a() {}",
    "struct B;",
    "use c::d;",
    "/// Documented.\nfn e() {}",
    "// Plain.\nfn f() {}",
    "export!(G);",
)


def after(text: str, *gone: str, put: str = "") -> str:
    data = text.encode()
    starts = [(data.index(item.encode()), len(item.encode())) for item in gone]
    spans = [Span(start, start + length) for start, length in starts]
    cuts = [Cut(span, "because", put.encode()) for span in spans]
    edits = rustedits.cut_items("a.rs", data, cuts)
    pieces, at = [], 0
    for edit in sorted(edits, key=lambda edit: edit.span):
        pieces += [data[at : edit.span.start], edit.data]
        at = edit.span.end
    return b"".join([*pieces, data[at:]]).decode()


@pytest.mark.parametrize(
    ("before", "gone", "expected"),
    [
        ("a;\n\nb;\n\nc;\n", ("b;",), "a;\n\nc;\n"),
        ("a;\n\nb;\n\nc;\n", ("a;",), "b;\n\nc;\n"),
        ("a;\n\nb;\n\nc;\n", ("c;",), "a;\n\nb;\n"),
        ("a;\n\nb;\n\nc;\n", ("b;", "c;"), "a;\n"),
        ("a;\nb;\nc;\n", ("b;",), "a;\nc;\n"),
        ("mod m {\n    a;\n\n    b;\n}\n", ("a;",), "mod m {\n    b;\n}\n"),
        ("mod m {\n    a;\n\n    b;\n}\n", ("b;",), "mod m {\n    a;\n}\n"),
        ("a;\n\n// About b.\nb; // too\n\nc;\n", ("b;",), "a;\n\nc;\n"),
        ("a;\n\n// A section.\n\nb;\n\nc;\n", ("b;",), "a;\n\n// A section.\n\nc;\n"),
        ("//! Inner.\n\na;\n\nb;\n", ("a;",), "//! Inner.\n\nb;\n"),
        ("a; b; c;\n", ("b;",), "a; c;\n"),
        ("a;\r\n\r\nb;\r\n\r\nc;\r\n", ("b;",), "a;\r\n\r\nc;\r\n"),
        ("\ufeffa;\n\nb;\n", ("a;",), "\ufeffb;\n"),
    ],
)
def test_cutting_leaves_no_gap(before: str, gone: tuple[str, ...], expected: str) -> None:
    assert after(before, *gone) == expected


def test_what_is_put_in_place_stands_on_lines_of_its_own() -> None:
    assert after("a;\n\nb!({\n});\n\nc;\n", "b!({\n});", put="mod d;") == "a;\n\nmod d;\n\nc;\n"
    assert after("a;\r\nb;\r\n", "a;", put="x;\n\ny;") == "x;\r\n\r\ny;\r\nb;\r\n"


@given(
    st.lists(st.tuples(st.sampled_from(ITEMS), st.booleans(), st.integers(1, 2)), min_size=1, max_size=8),
    st.booleans(),
)
def test_everything_outside_of_the_cuts_is_carried_over(
    items: list[tuple[str, bool, int]], windows: bool
) -> None:
    newline = "\r\n" if windows else "\n"
    text, cuts = "", []
    for item, gone, blank in items:
        item = item.replace("\n", newline)
        if gone:
            cuts.append(Cut(Span(len(text), len(text) + len(item)), "because"))
        text += item + newline * blank
    data = text.encode()
    edits = rustedits.cut_items("a.rs", data, cuts)
    assert all(not edit.data for edit in edits)
    left = b"".join(untouched(data, edits)).decode()
    kept = [item.replace("\n", newline) for item, gone, _ in items if not gone]
    # What is left is the kept items in order, with nothing between them but line ends.
    position = 0
    for item in kept:
        found = left.index(item, position)
        assert not left[position:found].strip()
        position = found + len(item)
    assert not left[position:].strip()
    assert newline * 3 not in left


def tree(text: str) -> rustedits.UseTree:
    made = rustedits.use_tree(text.encode(), Span(0, len(text)))
    assert made is not None
    return made


@pytest.mark.parametrize(
    ("text", "gone", "expected"),
    [
        ("use a::{b, c, d};", {"c"}, "a::{b, d}"),
        ("use a::{b, c};", {"b"}, "a::c"),
        ("use a::{self, c};", {"c"}, "a::{self}"),
        ("use a::{b::{c, d}, e::*};", {"c"}, "a::{b::d, e::*}"),
        ("pub(crate) use ::a::{b as x, c};", {"c"}, "::a::b as x"),
        ("use {a::b, c::d};", {"b"}, "{c::d}"),
    ],
)
def test_names_leave_a_use_declaration(text: str, gone: set[str], expected: str) -> None:
    left = rustedits.without(tree(text), lambda leaf: leaf.texts[-1:] == list(gone))
    assert left is not None
    assert rustedits.use_text(left, 0, 4, 100) == expected


def test_long_groups_are_filled_as_rustfmt_fills_them() -> None:
    names = ", ".join(f"name_{number}" for number in range(6))
    made = rustedits.use_text(tree(f"use first::second::{{{names}}};"), 0, 4, 40)
    assert made == "first::second::{\n    name_0, name_1, name_2, name_3,\n    name_4, name_5,\n}"


def test_all_gone_is_nothing() -> None:
    assert rustedits.without(tree("use a::{b, c};"), lambda _: True) is None


def test_paths_in_macros_and_attributes_are_found() -> None:
    data = b'#[x::y] fn f() { a!(b::c::<d::e>::f, "g::h"); i.j::<k::l>(); /* m::n */ ::o::p }'
    found = ["::".join(token.text for token in path.names) for path in rustedits.paths(data, 0, len(data))]
    assert found == ["x::y", "b::c", "d::e", "k::l", "o::p"]
