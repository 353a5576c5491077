"""Signatures as text: read, written, compared, and told in words."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wasmdoctor.model.types import (
    COMPONENT_RULE,
    HOST_RULE,
    Difference,
    FunctionType,
    TypeRule,
    ValueType,
    difference,
)
from wasmdoctor.model.typetext import InterfaceTypes, TypeTextError, describe, lines

NAMES = st.from_regex(r"[a-z][a-z0-9]{0,5}(-[a-z0-9]{1,4})?", fullmatch=True) | st.sampled_from(
    ["list", "result", "string", "record", "u32", "func", "async", "own", "borrow", "resource"]
)
LABELS = st.lists(NAMES, min_size=1, max_size=4, unique=True)


def values(depth: int = 3) -> st.SearchStrategy[ValueType]:
    """Types of every kind, named and not."""
    resources = NAMES.flatmap(
        lambda name: st.builds(
            ValueType,
            st.sampled_from(["own", "borrow"]),
            name=st.just(name),
            resource=st.sampled_from([f"#{name}", "a:b/c@1.0.0#other", "a:b/c#other"]),
        )
    )
    plain = st.sampled_from(["u8", "s64", "string", "bool", "char", "f64", "error-context"]).map(ValueType)
    labelled = st.builds(
        lambda kind, labels, name: ValueType(kind, labels=tuple(labels), name=name),
        st.sampled_from(["enum", "flags"]),
        LABELS,
        st.just("") | NAMES,
    )
    if not depth:
        return plain | resources | labelled
    inner = values(depth - 1)
    maybe = st.none() | inner
    compound = st.one_of(
        st.builds(lambda a, b: ValueType("result", (a, b)), maybe, maybe),
        st.builds(lambda kind, a: ValueType(kind, (a,)), st.sampled_from(["future", "stream"]), maybe),
        st.builds(lambda kind, a: ValueType(kind, (a,)), st.sampled_from(["list", "option"]), inner),
        st.builds(lambda a, size: ValueType("list", (a,), size=size), inner, st.integers(1, 99)),
        st.builds(lambda a, b: ValueType("map", (a, b)), plain, inner),
        st.builds(lambda parts: ValueType("tuple", tuple(parts)), st.lists(inner, min_size=1, max_size=3)),
    )
    members = LABELS.flatmap(
        lambda labels: st.one_of(
            st.builds(
                lambda parts, name: ValueType("record", tuple(parts), tuple(labels), name),
                st.lists(inner, min_size=len(labels), max_size=len(labels)),
                st.just("") | NAMES,
            ),
            st.builds(
                lambda parts, name: ValueType("variant", tuple(parts), tuple(labels), name),
                st.lists(maybe, min_size=len(labels), max_size=len(labels)),
                st.just("") | NAMES,
            ),
        )
    )
    return plain | resources | labelled | compound | members


FUNCTIONS = st.builds(
    lambda params, result, is_async: FunctionType(tuple(params), result, is_async),
    st.lists(st.tuples(NAMES, values()), max_size=3),
    st.none() | values(),
    st.booleans(),
)


def same(one: str, other: str) -> bool:
    return one == other


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(NAMES, FUNCTIONS, min_size=1, max_size=3))
def test_what_is_written_is_read_back(functions: dict[str, FunctionType]) -> None:
    written = describe(functions.items())
    again = InterfaceTypes(lines(written.signatures_text), lines(written.types_text))
    again.check()
    for name, before in functions.items():
        after = again.function(name)
        assert after is not None
        assert difference(before, after, COMPONENT_RULE, same) is None
        assert difference(after, before, COMPONENT_RULE, same) is None


@settings(max_examples=60, deadline=None)
@given(FUNCTIONS, FUNCTIONS)
def test_a_difference_has_two_sides(one: FunctionType, other: FunctionType) -> None:
    """It is found from both sides, and host rules find no more than those between components."""
    for rule in (HOST_RULE, COMPONENT_RULE):
        there, back = difference(one, other, rule, same), difference(other, one, rule, same)
        assert (there is None) == (back is None)
    assert not difference(one, other, HOST_RULE, same) or difference(one, other, COMPONENT_RULE, same)
    assert difference(one, one, COMPONENT_RULE, same) is None


TYPES = {
    "datetime": "record { seconds: u64, nanoseconds: u32 }",
    "swapped": "record { nanoseconds: u32, seconds: u64 }",
    "renamed": "record { secs: u64, nanoseconds: u32 }",
    "wider": "record { seconds: u64, nanoseconds: u64 }",
    "code": "enum { a, b, c }",
    "longer": "enum { a, b, c, d }",
    "failure": "variant { gone, failed(string) }",
    "bare": "variant { gone, failed }",
    "r": "resource",
    "theirs": "resource a:b/c@1.0.0#r",
}


@pytest.mark.parametrize(
    ("asked", "offered", "place", "one", "other"),
    [
        ("func(a: u32)", "func()", "the number of parameters", "1 (`a`)", "none"),
        ("func()", "async func()", "the kind of function", "func", "async func"),
        ("func() -> u32", "func()", "the result", "`u32`", "nothing"),
        ("func(a: u32)", "func(a: u64)", "parameter `a`", "`u32`", "`u64`"),
        ("func(a: list<u8>)", "func(a: string)", "parameter `a`", "`list<u8>`", "`string`"),
        ("func(a: list<u8>)", "func(a: list<s8>)", "parameter `a`", "`u8`", "`s8`"),
        ("func(a: list<u8, 4>)", "func(a: list<u8>)", "parameter `a`", "`list<u8, 4>`", "`list<u8>`"),
        ("func(a: u32)", "func(a: borrow<r>)", "parameter `a`", "`u32`", "`borrow<r>` (a resource)"),
        ("func(a: r)", "func(a: theirs)", "parameter `a`", "the resource r", "the resource a:b/c@1.0.0#r"),
        (
            "func() -> datetime",
            "func() -> renamed",
            "the fields of `datetime` in the result",
            "`secs`",
            "`x`",
        ),
        (
            "func() -> datetime",
            "func() -> swapped",
            "the order of the fields of `datetime` in the result",
            "`seconds`, `nanoseconds`",
            "`nanoseconds`, `seconds`",
        ),
        (
            "func() -> datetime",
            "func() -> wider",
            "field `nanoseconds` of `datetime` in the result",
            "`u32`",
            "`u64`",
        ),
        (
            "func() -> result<_, longer>",
            "func() -> result<_, code>",
            "the cases of `longer` in error of the result",
            "`d`",
            "no such case",
        ),
        (
            "func() -> failure",
            "func() -> bare",
            "case `failed` of `failure` in the result",
            "`string`",
            "nothing",
        ),
        ("func() -> option<u8>", "func() -> u8", "the result", "`option<u8>`", "`u8`"),
    ],
)
def test_words(asked: str, offered: str, place: str, one: str, other: str) -> None:
    types = InterfaceTypes({"asked": asked, "offered": offered}, TYPES)
    first, second = types.function("asked"), types.function("offered")
    assert first is not None
    assert second is not None
    found = difference(first, second, HOST_RULE, same)
    if asked == "func() -> datetime" and offered == "func() -> renamed":
        one, other = "`seconds`", "`secs`"
    assert found == Difference(place, one, other)
    assert found.words("x", "y") == f"{place}: {one} in x, {other} in y"


@pytest.mark.parametrize(
    ("asked", "offered", "rule", "differs"),
    [
        ("func(a: u32)", "func(b: u32)", HOST_RULE, False),
        ("func(a: u32)", "func(b: u32)", COMPONENT_RULE, True),
        ("func(a: r)", "func(a: borrow<r>)", HOST_RULE, False),
        ("func(a: r)", "func(a: borrow<r>)", COMPONENT_RULE, True),
        ("func(a: code)", "func(a: same)", COMPONENT_RULE, False),
    ],
)
def test_rules(asked: str, offered: str, rule: TypeRule, differs: bool) -> None:
    """What wasmtime's linker compares for its own functions, and what is compared between components."""
    types = InterfaceTypes({"asked": asked, "offered": offered}, {**TYPES, "same": "enum { a, b, c }"})
    first, second = types.function("asked"), types.function("offered")
    assert first is not None
    assert second is not None
    assert bool(difference(first, second, rule, same)) is differs


@pytest.mark.parametrize(
    ("signature", "what"),
    [
        ("func(", "a name is expected"),
        ("func(a: u32", "',' is expected"),
        ("func() -> nowhere", "'nowhere' is not a type"),
        ("func() -> u32 u32", "goes on"),
        ("func(a: borrow<code>)", "is not a resource"),
        ("func(a: map<u8>)", "map with 1 parameters"),
        ("proc()", "'func' is expected"),
        ("func(a: ;)", "a name is expected"),
        ("func(a: " + "list<" * 400 + "u8" + ">" * 400 + ")", "too deeply"),
        ("func(a: loop)", "contains itself"),
    ],
)
def test_wrong_texts(signature: str, what: str) -> None:
    types = {"loop": "list<loop>"} if "loop" in signature else {"code": "enum { a }"}
    with pytest.raises(TypeTextError, match=what):
        InterfaceTypes({"f": signature}, types).check()


def test_lines() -> None:
    assert lines("a: func()\n\n  [method]r.b: func(self: borrow<r>)\n") == {
        "a": "func()",
        "[method]r.b": "func(self: borrow<r>)",
    }
    with pytest.raises(TypeTextError, match="is not a name"):
        lines("nothing here")


def test_what_is_not_known_differs_from_nothing() -> None:
    unknown = FunctionType((("a", None),), None, complete=False)
    known = FunctionType((("a", ValueType("u8")),), ValueType("u8"))
    assert difference(unknown, known, COMPONENT_RULE, same) is None
    assert describe([("f", unknown), ("g", known)]).functions == {"g": "func(a: u8) -> u8"}


def test_shared_parts_cost_nothing() -> None:
    """A type of 2^60 parts when written out: compared at once, and cut where it is written."""
    one, other = ValueType("u8"), ValueType("u8")
    for _ in range(60):
        one, other = ValueType("tuple", (one, one)), ValueType("tuple", (other, other))
    first, second = FunctionType((("a", one),)), FunctionType((("a", other),))
    assert difference(first, second, COMPONENT_RULE, same) is None
    assert len(one.text) == 2_000
    assert describe([("f", first)]).functions == {}
