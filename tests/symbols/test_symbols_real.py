"""All names of real binaries, against the tools that know them best."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import demangle
import pytest
from rust import test_scheduler_build as scheduler

from wasmdoctor.model.source import SourceText
from wasmdoctor.model.symbol import Language
from wasmdoctor.readers.cargo.lock import read_lock
from wasmdoctor.readers.code import read_code
from wasmdoctor.readers.dwarf import SECTIONS, lines
from wasmdoctor.readers.symbols import is_std, known_packages, packages_of, read_symbol
from wasmdoctor.readers.wasm import BytesSource

PREBUILT = Path(__file__).parents[2] / "fixtures/scheduler/prebuilt"
Told = Callable[[list[str]], list[str]]


def names_in(path: Path) -> list[str]:
    """The names of all functions in all core modules, each once."""
    code = read_code(BytesSource(path.read_bytes()), path.name)
    return list(dict.fromkeys(name for module in code.modules for name in module.names.values()))


def agree(names: list[str], told_by_wasm_tools: Told) -> int:
    """Compare every mangled Rust name's text and crate with what the tools say; how many were compared."""
    rust = [name for name in names if name.startswith("_R") or re.fullmatch(r"_ZN.*17h[0-9a-f]{16}E", name)]
    for name, told in zip(rust, told_by_wasm_tools(rust), strict=True):
        symbol = read_symbol(name)
        assert symbol.language is Language.RUST, name
        # rustc-demangle writes the crates' numbers, and the types of numbers that are arguments.
        plain = re.sub(r"(?<![\w#.])(-?\d+)[iu](?:8|16|32|64|128|size)\b", r"\1", told)
        assert symbol.text == re.sub(r"(?<=\w)\[[0-9a-f]{1,16}\]|::h[0-9a-f]{16}$", "", plain)
        assert symbol.text == demangle.demangle_strict(name)
        if symbol.package_id:
            # The crate need not be in the text (an ``impl`` for a type of others), but then another is.
            ids = dict(re.findall(r"(\w+)\[([0-9a-f]+)\]", told))
            assert ids.get(symbol.package, symbol.package_id) == symbol.package_id
    return len(rust)


def test_the_names_of_a_release_build(told_by_wasm_tools: Told) -> None:
    names = names_in(PREBUILT / "scheduler.wasm")
    assert agree(names, told_by_wasm_tools) > 350
    crates = {read_symbol(name).package for name in names}
    assert {name for name in crates if name and not is_std(name)} >= {
        "scheduler",
        "scheduler_core",
        "scheduler_executor",
        "scheduler_actions_http",
        "wit_bindgen",
    }


def test_a_python_component(python_component: Path) -> None:
    """C for the most part, and Rust that a linker has demangled."""
    symbols = [read_symbol(name) for name in names_in(python_component)]
    languages = Counter(symbol.language for symbol in symbols)
    assert set(languages) == {Language.PLAIN, Language.RUST}
    assert languages[Language.RUST] > 500
    rust = {symbol.package for symbol in symbols if symbol.language is Language.RUST}
    assert {"core", "alloc", "std", "pyo3", "componentize_py_runtime"} <= rust
    assert all(name.isidentifier() for name in rust)


@pytest.mark.rust
def test_two_versions_of_one_crate_in_a_debug_build() -> None:
    """std for wasm32-wasip2 is linked with a wit-bindgen of its own, beside that of the workspace."""
    path = scheduler.build("--target", "wasm32-wasip2")["scheduler"]
    data = path.read_bytes()
    code = read_code(BytesSource(data), path.name)
    module = next(module for module in code.modules if any(c.name == ".debug_line" for c in module.customs))
    wanted: dict[int, int] = {}
    crates: dict[int, tuple[str, str]] = {}
    for i, (offset, size) in enumerate(zip(module.offsets, module.sizes, strict=True), len(module.imports)):
        symbol = read_symbol(module.names.get(i, ""))
        if symbol.package == "wit_bindgen":
            wanted[offset], crates[offset] = size, (symbol.package, symbol.package_id)
    sections = {c.name: data[c.offset : c.offset + c.size] for c in module.customs if c.name in SECTIONS}
    places: dict[tuple[str, str], list[str]] = {}
    for offset, place in lines(sections, wanted).places.items():
        if place is not None:
            places.setdefault(crates[offset], []).append(place.path)
    assert len(places) == 2
    lock, _ = read_lock(SourceText("Cargo.lock", (scheduler.FIXTURE / "Cargo.lock").read_bytes()))
    owners = packages_of(places, known_packages(lock=lock), places)
    assert sorted(str(owner.package or "std") for owner in owners.values()) == ["std", "wit-bindgen 0.48.1"]


@pytest.mark.rust
def test_the_names_of_a_debug_build(told_by_wasm_tools: Told) -> None:
    built = scheduler.build()
    compared = agree(names_in(built["scheduler"]), told_by_wasm_tools)
    print(f"{compared} Rust names read as wasm-tools and demangle read them")
    assert compared > 3000
