"""The lines around a place, and what of its line is meant."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wasmdoctor.model.source import Location
from wasmdoctor.pipeline.frames import AROUND, MAX_LINE, frame_of

WIT = [
    "package shop:net@0.1.0;",
    "",
    "world net {",
    "    import store;",
    "    export shop:net/entry@0.1.0;",
    "    include other with { a as b }",
    "}",
    "",
    "interface store { count: func(); }",
]


def meant(lines: list[str], path: str, line: int, column: int, interface: str = "") -> str:
    frame = frame_of(lines, Location(path, line, column), interface)
    assert frame is not None
    assert frame.lines[line - frame.first] == lines[line - 1][:MAX_LINE]
    return lines[line - 1][frame.start - 1 : frame.end - 1] if frame.start else ""


@pytest.mark.parametrize(
    ("path", "text", "column", "interface", "expected"),
    [
        ("a.wit", "    import store;", 5, "shop:net/store@0.1.0", "import store"),
        ("a.wit", "    import store;", 12, "shop:net/store@0.1.0", "store"),
        ("a.wit", "    export shop:net/entry@0.1.0;", 12, "shop:net/entry@0.1.0", "shop:net/entry@0.1.0"),
        ("a.wit", "interface store { count: func(); }", 1, "", "interface store"),
        ("a.wit", "interface store { count: func(); }", 11, "", "store"),
        ("a.wit", "world net {", 7, "", "net"),
        ("lib.rs", 'wit_bindgen::generate!("net");', 1, "", "wit_bindgen::generate!"),
        ("lib.rs", 'wit_bindgen::generate!("net");', 24, "", '"net"'),
        ("lib.rs", "use a::b;", 1, "", "use"),
        ("Cargo.toml", 'net = { path = "../net" }', 1, "", "net"),
        ("Cargo.toml", 'name = "naïve"', 8, "", '"naïve"'),
        ("Cargo.toml", 'name = "unfinished', 8, "", '"'),
        ("Cargo.toml", "[lib]", 1, "", "["),
        ("Cargo.toml", "[lib]", 0, "", ""),
        ("Cargo.toml", "[lib]", 99, "", ""),
        ("Cargo.toml", "a   b", 3, "", ""),
        ("a.wit", "import store", 1, "", "import store"),
    ],
)
def test_what_is_meant(path: str, text: str, column: int, interface: str, expected: str) -> None:
    assert meant([text], path, 1, column, interface) == expected


def test_lines_around_as_many_as_there_are() -> None:
    frame = frame_of(WIT, Location("a.wit", 5, 5))
    assert frame is not None
    assert (frame.first, list(frame.lines)) == (2, WIT[1:8])
    assert frame.line == 5
    first = frame_of(WIT, Location("a.wit", 1))
    assert first is not None
    assert (first.first, len(first.lines), first.start) == (1, 1 + AROUND, 0)


@pytest.mark.parametrize("line", [0, 10, -1])
def test_no_frame_without_such_a_line(line: int) -> None:
    assert frame_of(WIT, Location("a.wit", line, 1)) is None


def test_long_lines_are_cut() -> None:
    frame = frame_of(["x" * 10_000], Location("a.rs", 1, 3))
    assert frame is not None
    assert len(frame.lines[0]) == MAX_LINE
    assert (frame.start, frame.end) == (3, MAX_LINE + 1)
    beyond = frame_of(["x " * 10_000], Location("a.rs", 1, 5001))
    assert beyond is not None
    assert (beyond.start, beyond.end) == (0, 0)


@given(
    st.lists(st.text(), min_size=1, max_size=9),
    st.integers(-2, 12),
    st.integers(-2, 400),
    st.sampled_from(["a.wit", "b.rs", "C.toml"]),
    st.text(max_size=9),
)
def test_any_text_gives_a_frame_inside_it(
    lines: list[str], line: int, column: int, path: str, interface: str
) -> None:
    frame = frame_of(lines, Location(path, line, column), interface)
    if not 1 <= line <= len(lines):
        assert frame is None
        return
    assert frame is not None
    shown = frame.lines[line - frame.first]
    assert (frame.start, frame.end) == (0, 0) or 1 <= frame.start < frame.end <= len(shown) + 1
