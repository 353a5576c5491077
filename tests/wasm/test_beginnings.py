"""What is shared between components that begin alike changes nothing."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from wasmdoctor.readers.wasm import BytesSource, component, read_component

WIT = """package a:b;
interface one { resource thing { get: func() -> u32; } make: func() -> thing; }
interface two { use one.{thing}; flip: func(it: borrow<thing>) -> result<list<u8>, string>; }
interface NAME { use one.{thing}; flop: func(it: thing) -> option<u64>; }
world w { import one; import two; import NAME; export NAME; export run: func(); }
"""


@pytest.fixture
def many(dummy: Callable[..., bytes]) -> list[bytes]:
    """Components that begin alike and go on differently, and some that are broken in between."""
    found = [dummy(WIT.replace("NAME", name), "w") for name in ("three", "thrice", "four", "three")]
    whole = found[0]
    cut = [whole[: len(whole) * part // 40] for part in range(1, 40)]
    bent = [whole[:at] + bytes([whole[at] ^ 0x7F]) + whole[at + 1 :] for at in range(8, 800, 7)]
    return [*found, *cut, *bent, *found]


def read(data: bytes) -> object:
    return read_component(BytesSource(data), "a.wasm")


def test_sharing_changes_nothing(many: list[bytes], monkeypatch: pytest.MonkeyPatch) -> None:
    component._beginnings.clear()
    shared = [read(data) for data in many]
    assert component._beginnings, "nothing was kept: the comparison is with itself"
    assert len(component._beginnings) <= component.BEGINNINGS
    monkeypatch.setattr(component, "MAX_BEGINNING", -1)
    component._beginnings.clear()
    assert [read(data) for data in many] == shared
    assert not component._beginnings


def test_what_is_the_same_is_one_object(many: list[bytes]) -> None:
    """Later steps judge each once."""
    component._beginnings.clear()
    first = read_component(BytesSource(many[0]), "a.wasm")
    second = read_component(BytesSource(many[1]), "b.wasm")
    assert [extern.name for extern in first.imports[:2]] == ["a:b/one", "a:b/two"]
    assert first.imports[0] is second.imports[0]
    assert first.imports[2] != second.imports[2]


def test_large_beginnings_are_not_kept(many: list[bytes], monkeypatch: pytest.MonkeyPatch) -> None:
    component._beginnings.clear()
    monkeypatch.setattr(component, "MAX_KEPT", 10)
    assert read(many[0]) == read(many[0])
    assert not component._beginnings
