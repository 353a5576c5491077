"""Damaged and hostile input: no crash, no lost byte, no unbounded time, no RecursionError."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pace import within

from wasmdoctor.model.source import SourceText
from wasmdoctor.model.wit import Resolution
from wasmdoctor.readers.wit import MemoryFiles, context, load_wit, parse, print_tree, resolve_wit
from wasmdoctor.readers.wit.tree import walk

SAMPLE = b"""package a:b@1.0.0-rc.1;
use c:d/e as f;
/// Docs. /* not a comment */
@since(version = 1.0.0-rc.1)
interface i {
  use f.{t as u};
  resource r { constructor(a: u) -> result<r, string>; m: async func(b: borrow<r>); p: get() -> u8; }
  record rec { a: list<u8, 4>, b: map<string, r>, }
  variant v { x, y(tuple<u, option<rec>>) } enum e { %enum, z } flags g { h }
  @unstable(feature = q) %func: func(s: stream<u8>, f: future, e: error-context) -> result<_, v>;
}
world w { include v with { n as o } import l: i; export k: interface { j: func(); } @external-id("x\\u{41}") export i; }
world v { import n: func(); /* nested /* comment */ */ export y: i; }
package c:d { interface e { type t = u32; } }
"""


def resolved(text: str | bytes) -> Resolution:
    data = text if isinstance(text, bytes) else text.encode()
    return resolve_wit(load_wit(MemoryFiles({}), inline=SourceText("x.wit", data)))


def check(data: bytes) -> None:
    tree = parse(SourceText("x.wit", data))
    assert print_tree(tree) == data
    for item in walk(tree.items):
        assert 0 <= item.start <= item.end <= len(data)
        extent, lines = tree.extent(item), tree.line_extent(item)
        assert lines.start <= extent.start <= item.start
        assert item.end == extent.end <= lines.end
    for problem in resolved(data).problems:
        assert problem.location.line >= 1 or problem.location.path


def test_the_sample_is_good():
    assert resolved(SAMPLE).problems == ()


CHANGES = st.lists(
    st.tuples(
        st.integers(0, len(SAMPLE)),
        st.integers(0, 12),
        st.one_of(
            st.binary(max_size=4),
            st.sampled_from(
                [b"{", b"}", b";", b",", b"<", b">", b"/*", b"*/", b"//", b'"', b"%", b"@", b"\r", b"\n"]
            ),
            st.sampled_from(
                [b"package a:b;", b"interface i {", b"world w {", b"list<", b"use i.{", b"include w"]
            ),
        ),
    ),
    min_size=1,
    max_size=4,
)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(CHANGES)
def test_damage_never_crashes_and_never_loses_a_byte(changes):
    data = SAMPLE
    for at, length, new in changes:
        data = data[:at] + new + data[at + length :]
    check(data)


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_are_a_tree(data):
    check(data)


def test_every_prefix_is_a_tree():
    for end in range(0, len(SAMPLE), 3):
        tree = parse(SourceText("x.wit", SAMPLE[:end]))
        assert print_tree(tree) == SAMPLE[:end]


def chain(count: int, each: str, first: str) -> str:
    return "\n".join([first, *(each.format(i=i, j=i - 1) for i in range(1, count))])


HOSTILE = {
    "uses in a row": (
        "package a:b;\n" + chain(3000, "interface i{i} {{ use i{j}.{{t}}; }}", "interface i0 { type t = u8; }")
        + "\nworld w { import i2999; export i2999; }",
        None,
    ),
    "uses in diamonds": (
        "package a:b;\n"
        + chain(
            500,
            "interface a{i} {{ use a{j}.{{t}};\nuse b{j}.{{t as u}}; }}\ninterface b{i} {{ use a{j}.{{t}};\nuse b{j}.{{t as u}}; }}",
            "interface a0 { type t = u8; }\ninterface b0 { type t = u8; }",
        )
        + "\nworld w { import a499; export b499; }",
        None,
    ),
    "includes that double": (
        "package a:b;\ninterface i {}\n"
        + chain(2000, "world w{i} {{ include w{j}; include w{j}; }}", "world w0 { import i; }"),
        None,
    ),
    "types backwards": (
        "package a:b;\ninterface i {\n" + "\n".join(f"record t{i} {{ a: t{i + 1} }}" for i in range(3000))
        + "\ntype t3000 = u8; f: func() -> t0; }",
        None,
    ),
    "a circle of interfaces": (
        "package a:b;\n" + "\n".join(f"interface i{i} {{ use i{(i + 1) % 2000}.{{t}}; }}" for i in range(2000)),
        "depends on it in turn",
    ),
    "a circle of packages": (
        "package a:b;\n" + "\n".join(f"package a:p{i} {{ interface i {{ use a:p{(i + 1) % 500}/i.{{t}}; }} }}" for i in range(500)),
        "depends on it in turn",
    ),
    "nested packages": ("package a:b;\n" + "package c:d {\n" * 3000, "nested deeper"),
    "nested types": ("package a:b; interface i { type t = " + "list<" * 50000, "nested deeper"),
    "nested comments": ("package a:b; " + "/*" * 100000, "not closed"),
    "braces": ("package a:b; " + "{" * 50000, "expected"),
    "closing braces": ("package a:b;\n" + "}\n" * 50000, "expected"),
    "control characters": (b"package a:b; " + b"\x01" * 100000, "control characters"),
    "a long name": ("package a:b; interface " + "a-1" * 50000 + "_ {}", "not a valid name"),
    "unknown names": (
        "package a:b; interface i {\n" + "\n".join(f"f-{i}: func(a: nope-{i});" for i in range(3000)) + "\n}",
        "no type",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_input_takes_bounded_time(name):
    text, expected = HOSTILE[name]
    data = text.encode() if isinstance(text, str) else text
    with within(20):
        assert print_tree(parse(SourceText("x.wit", data))) == data
        problems = resolved(data).problems
    if expected is None:
        assert problems == ()
    else:
        assert expected in problems[0].message, problems[:3]


def test_worlds_that_grow_without_end_are_cut_off(monkeypatch):
    monkeypatch.setattr(context, "MAX_WORK", 5000)
    interfaces = chain(300, "interface i{i} {{}}", "interface i0 {}")
    worlds = chain(300, "world w{i} {{ include w{j}; import i{i}; }}", "world w0 { import i0; }")
    resolution = resolved(f"package a:b;\n{interfaces}\n{worlds}")
    (problem,) = resolution.problems
    assert problem.message == "world `w100` is too large, it and those after it are incomplete"
    assert len(resolution.main[0].worlds["w99"].imports) == 100


def test_a_long_chain_of_uses_is_told_in_full():
    text, _ = HOSTILE["uses in a row"]
    assert isinstance(text, str)
    world = resolved(text).main[0].worlds["w"]
    assert len(world.imports["a:b/i0"].origin.steps) == 3000
