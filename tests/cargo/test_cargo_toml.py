"""TOML with places: against tomllib where both know the language, and the places against themselves."""

import datetime
import math
import tomllib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wasmdoctor.model.source import Problem, SourceText
from wasmdoctor.readers.cargo.toml import Array, DateText, Table, parse, plain

BASE = '''# a manifest with a bit of everything
title = "plain"
"quoted key" = 'literal \\n'
'lit' = "esc \\t \\u00e9 \\"x\\""
site."google.com" = true
a.b.c = 1
a.b.d = [1, 2.5, "x", [true, false], { k = "v", l.m = -3 }]
multi = """
first \\
    joined ""quotes"" é
"""
more = \'\'\'
raw 'it''s'
\'\'\'
big = 0xFF_ff
oct = 0o17
binary = 0b1_0
f1 = 6.02e+23
f2 = -0.5
nan = nan
inf = -inf
when = 1979-05-27T07:32:00.5Z
day = 1979-05-27
local = 1979-05-27 07:32:00
hour = 07:32:00
empty = []
spread = [
  "a", # one
  "b",
  { path = "../b", features = ["x"] },
]

[package] # comment
name = "ä-crate"

[package.metadata.component]
package = "a:b"
[dependencies]
serde = { version = "1", default-features = false }
x.path = "../x"
x.optional = true
[dependencies.y]
path = "y"
[[bin]]
name = "one"
[[bin]]
name = "two"
[bin.sub]
deep = 1
[target.'cfg(unix)'.dependencies]
z = "1"
'''


def ours(text):
    return parse(SourceText("Cargo.toml", text if isinstance(text, bytes) else text.encode()))


def comparable(value):
    """Dates as text, NaN as a word, so that two readings can be compared."""
    if isinstance(value, dict):
        return {key: comparable(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [comparable(inner) for inner in value]
    if isinstance(value, DateText):
        return comparable(tomllib.loads(f"x = {value}")["x"])
    if isinstance(value, datetime.datetime | datetime.date | datetime.time):
        return value.isoformat()
    if isinstance(value, float) and math.isnan(value):
        return "nan"
    return (type(value).__name__, value)


def dates_kept(value):
    if isinstance(value, Table):
        return {key: dates_kept(item.value) for key, item in value.items()}
    if isinstance(value, Array):
        return [dates_kept(item.value) for item in value]
    return value


def test_values_are_tomllibs():
    assert comparable(dates_kept(ours(BASE))) == comparable(tomllib.loads(BASE))


def check_places(text: bytes, table: Table) -> int:
    """Each key and each value, cut out by its span and read again, is the same; gives how many."""
    count, waiting = 0, list(table.items())
    while waiting:
        name, item = waiting.pop()
        value = item.value
        key = text[item.key.start : item.key.end].decode()
        if name is not None:
            assert tomllib.loads(f"{key} = 1") == {name: 1}
        cut = text[item.start : item.end].decode()
        if isinstance(value, Table):
            waiting += value.items()
        if isinstance(value, Array):
            waiting += [(None, element) for element in value]
        if cut.startswith("[") and isinstance(value, Table):
            assert cut.endswith("]")  # the header that made it
        elif isinstance(value, Table):
            assert cut == key or cut.startswith("{")
        elif not (isinstance(value, Array) and value.of_tables):
            read = tomllib.loads(f"x = {cut}".replace("\r\n", "\n"))["x"]
            assert comparable(dates_kept(value)) == comparable(read)
        count += 1
    return count


@pytest.mark.parametrize("text", [BASE, BASE.replace("\n", "\r\n")])
def test_places_cut_out_what_they_name(text):
    data = text.encode()
    assert check_places(data, ours(data)) > 60


def is_only_in_1_1(text: str) -> bool:
    """Whether a text may hold what TOML 1.1 allows and 1.0 does not (or an integer beyond 64 bits)."""
    longest = max((len(word) for word in text.replace("_", "").split()), default=0)
    return any(mark in text for mark in ("{", "\\e", "\\x", "\ufeff", ":")) or longest > 18


PIECES = ["=", ".", "[", "]", "[[", "]]", "{", "}", ",", '"', "'", '"""', "'''", "\n", "\r", "#", "\\", " ", "a", "0", "_", "-",
          "+", "e", "1979-05-27", "x = 1\n", "[a]\n", "[a.b]\n", "[[a]]\n", "a.b = 2\n", "é", "\0"]  # fmt: skip


# Without what 1.1 may read otherwise, so that what tomllib refuses must be refused.
STRICT = "\n".join(line for line in BASE.split("\n") if not is_only_in_1_1(line))


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from([BASE, STRICT]),
    st.integers(0, len(BASE)),
    st.integers(0, 12),
    st.lists(st.sampled_from(PIECES), max_size=4),
)
def test_a_mutated_text_is_read_as_tomllib_reads_it(base, at, cut, pieces):
    agree(base[:at] + "".join(pieces) + base[at + cut :])


@settings(max_examples=500, deadline=None)
@given(
    st.lists(
        st.sampled_from([*PIECES, "a", "b", "[b.c]\n", "c = {}\n", "c = []\n", "b.c = 1\n"]), max_size=12
    )
)
def test_a_text_from_pieces_is_read_as_tomllib_reads_it(pieces):
    agree("".join(pieces))


def agree(text):
    result = ours(text)
    try:
        expected = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        assert isinstance(result, Problem) or is_only_in_1_1(text)
        return
    assert not isinstance(result, Problem), result
    assert comparable(dates_kept(result)) == comparable(expected)
    check_places(text.encode(), result)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('x = { a = 1,\n  b = "two", # comment\n}\n', {"x": {"a": 1, "b": "two"}}),
        ('x = "\\e[0m \\x41"', {"x": "\x1b[0m A"}),
        ("x = 07:32", {"x": "07:32"}),
        ("\ufeffx = 1", {"x": 1}),
    ],
)
def test_toml_1_1_is_read(text, value):
    assert plain(ours(text)) == value


@pytest.mark.parametrize(
    ("text", "line", "column", "words"),
    [
        ("[package]\nname = demo\n", 2, 8, "`demo` is no value"),
        ('[package]\nname = "demo\n', 2, 8, "not closed"),
        ("[package\n", 1, 9, "expected `]`"),
        ("a = 1\na = 2\n", 2, 1, "`a` is defined twice"),
        ("[a]\n[a]\n", 2, 2, "`a` is defined twice"),
        ('é = "ü" x\n', 1, 1, "expected a key"),
        ('"é" = "ü" x\n', 1, 11, "expected the end of the line"),
        ("a = [1, 2\n", 2, 1, "expected `,` or `]`"),
        ("a = 99999999999999999999\n", 1, 5, "64 bits"),
        ("a = 2023-02-30\n", 1, 5, "no date"),
        ("a = {}\na.b = 1\n", 2, 1, "defined elsewhere"),
        ("a = []\n[[a]]\n", 2, 3, "`a` is defined twice"),
    ],
)
def test_an_error_has_its_place(text, line, column, words):
    problem = ours(text)
    assert isinstance(problem, Problem)
    assert (problem.location.line, problem.location.column) == (line, column)
    assert words in problem.message


@pytest.mark.parametrize(
    "text", ["a = " + "[" * 100_000, "a = " + "{b=" * 100_000, ".".join("a" * 100_000) + " = 1"]
)
def test_deep_nesting_is_a_problem(text):
    assert "64" in ours(text).message


def test_bytes_that_are_no_text_are_a_problem():
    problem = ours(b'[package]\nname = "\xff"\n')
    assert (problem.location.line, problem.location.column) == (2, 9)
    assert "UTF-8" in problem.message
