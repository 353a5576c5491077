"""The calls we read are the calls that ``wasm-tools print`` shows, function by function."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import ROOT

from wasmdoctor.model.calls import ComponentCode, ModuleCode
from wasmdoctor.readers.code import read_code
from wasmdoctor.readers.wasm import BytesSource

PREBUILT = sorted((ROOT / "fixtures/scheduler/prebuilt").glob("*.wasm"))


def read(binary: bytes) -> ComponentCode:
    return read_code(BytesSource(binary), "it.wasm")


def same(binary: bytes, printed: Callable) -> ComponentCode:  # type: ignore[type-arg]
    """Compare all modules of a binary with the printed ones, and give what was read."""
    code = read(binary)
    assert not code.problems
    by_place = sorted(code.modules, key=lambda module: module.offset)
    modules = printed(binary)
    assert len(by_place) == len(modules)
    for ours, theirs in zip(by_place, modules, strict=True):
        compare(ours, theirs)
    return code


def compare(ours: ModuleCode, theirs) -> None:  # type: ignore[no-untyped-def]
    first = len(ours.imports)
    assert [(item.module, item.field) for item in ours.imports] == theirs.imports
    assert ours.count == len(theirs.types)
    calls = {first + number: set(row) for number, row in enumerate(ours.calls)}
    assert calls == theirs.calls
    assert {first + number: set(row) for number, row in ours.references.items()} == theirs.references
    signatures: dict[int, str] = {}
    for function, type_ in theirs.types.items():
        assert ours.signatures[function] == signatures.setdefault(type_, ours.signatures[function])
    table_calls = {
        first + number: {(call.table, call.signature) for call in row}
        for number, row in ours.table_calls.items()
    }
    assert table_calls.keys() == theirs.table_calls.keys()
    for function, row in theirs.table_calls.items():
        assert {table for table, _ in row} == {table for table, _ in table_calls[function]}
        known = {(table, signatures[type_]) for table, type_ in row if type_ in signatures}
        assert known <= table_calls[function]
    assert {table: row for table, row in ours.elements.items() if row} == {
        table: row for table, row in theirs.elements.items() if row
    }
    assert dict(ours.exports) == theirs.exports
    assert ours.start == theirs.start


@pytest.mark.parametrize("path", PREBUILT, ids=lambda path: path.name)
def test_prebuilt(path: Path, printed: Callable) -> None:  # type: ignore[type-arg]
    code = same(path.read_bytes(), printed)
    assert code.roots
    assert code.imports


def test_python(python_component: Path, printed: Callable) -> None:  # type: ignore[type-arg]
    same(python_component.read_bytes(), printed)


def test_javascript(js_component: Path, printed: Callable) -> None:  # type: ignore[type-arg]
    same(js_component.read_bytes(), printed)
