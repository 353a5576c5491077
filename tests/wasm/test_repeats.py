"""What is shared between components that have sections in common changes nothing."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from wasmdoctor.model.wasm import Component
from wasmdoctor.readers.wasm import BytesSource, component, read_component, repeats
from wasmdoctor.readers.wasm.repeats import Repeats
from wasmdoctor.readers.wasm.sections import Section

WIT = """package a:b;
interface one { resource thing { get: func() -> u32; } make: func() -> thing; }
interface two { use one.{thing}; flip: func(it: borrow<thing>) -> result<list<u8>, string>; }
interface NAME { use one.{thing}; flop: func(it: thing) -> option<u64>; }
interface last { use one.{thing}; use NAME.{thing as other}; both: func(a: thing, b: other) -> tuple<u8, u8>; }
world w { import one; import two; import NAME; import last; export NAME; export run: func(); }
"""


@pytest.fixture
def many(dummy: Callable[..., bytes]) -> list[bytes]:
    """Components that have sections in common, and some that are broken in between."""
    found = [dummy(WIT.replace("NAME", name), "w") for name in ("three", "thrice", "four", "three")]
    whole = found[0]
    cut = [whole[: len(whole) * part // 40] for part in range(1, 40)]
    bent = [whole[:at] + bytes([whole[at] ^ 0x7F]) + whole[at + 1 :] for at in range(8, len(whole), 7)]
    return [*found, *cut, *bent, *found]


def read(data: bytes, known: Repeats | None = None) -> Component:
    return read_component(BytesSource(data), "a.wasm", known)


def test_sharing_changes_nothing(many: list[bytes]) -> None:
    known = Repeats()
    assert [read(data, known) for data in many] == [read(data) for data in many]
    assert len(known), "nothing was kept: the comparison is with itself"


def test_types_are_shared_and_right_too(many: list[bytes]) -> None:
    """The structure of types takes no part in comparisons of functions."""

    def types(data: bytes, known: Repeats | None = None) -> list[str]:
        found = read(data, known)
        both = (*found.imports, *found.exports)
        return [repr(function.type) for extern in both for function in extern.functions]

    known = Repeats()
    assert [types(data, known) for data in many] == [types(data) for data in many]


def test_what_is_the_same_is_one_object(many: list[bytes]) -> None:
    """Later steps judge each once."""
    known = Repeats()
    first, second, again = (read(many[number], known) for number in (0, 2, 3))
    assert [extern.name for extern in first.imports] == ["a:b/one", "a:b/two", "a:b/three", "a:b/last"]
    assert first.imports[0] is second.imports[0]
    assert first.imports[1] is second.imports[1]
    assert first.imports[2] != second.imports[2]
    assert all(one is other for one, other in zip(first.imports, again.imports, strict=True))


def test_sections_behind_a_difference_are_shared(many: list[bytes], monkeypatch: pytest.MonkeyPatch) -> None:
    """Only those that refer to what differs are read again."""
    opened: list[int] = []
    before = component.Walk.section

    def counting(self: component.Walk, section: Section, payload: bytes | None = None) -> None:
        opened.append(section.id)
        before(self, section, payload)

    monkeypatch.setattr(component.Walk, "section", counting)
    known = Repeats()
    read(many[0], known)
    alone = len(opened)
    opened.clear()
    read(many[2], known)
    assert 0 < len(opened) < alone / 2
    opened.clear()
    read(many[2], known)
    assert not {7, 10} & set(
        opened
    )  # what is made of a nested component, and what it exports, is its file's own


def test_the_same_bytes_with_other_references(dummy: Callable[..., bytes]) -> None:
    """A section may be the same, and what it refers to another type."""
    wit = """package a:b;
    interface one { type x = TYPE; get: func() -> x; }
    interface two { use one.{x}; put: func(it: x) -> x; }
    world w { import one; import two; }
    """
    known = Repeats()
    for type_ in ("u8", "string", "u8"):
        found = read(dummy(wit.replace("TYPE", type_), "w"), known)
        (function,) = found.imports[1].functions
        assert function.type is not None
        assert function.type.result is not None
        assert function.type.result.kind == type_


def test_limits_hold_for_what_is_taken_over(many: list[bytes], monkeypatch: pytest.MonkeyPatch) -> None:
    known = Repeats()
    read(many[0], known)
    monkeypatch.setattr(component, "MAX_EXTERNS", 2)
    monkeypatch.setattr(repeats, "MAX_EXTERNS", 2)
    found = read(many[0], known)
    assert found == read(many[0])
    assert len(found.imports) == 2
    assert "more than 2 imports" in found.problems[0].message


def test_keeping_begins_anew(many: list[bytes], monkeypatch: pytest.MonkeyPatch) -> None:
    known = Repeats()
    read(many[0], known)
    most = len(known)
    monkeypatch.setattr(repeats, "MAX_KEPT", 100_000)
    for number in range(200):
        read(many[0].replace(b"three", f"t{number:04}".encode()), known)
    assert 0 < len(known) < 20 * most


def test_large_stretches_are_not_kept(many: list[bytes], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(repeats, "MAX_KEPT", 10)
    known = Repeats()
    assert read(many[0], known) == read(many[0], known)
    assert not len(known)
