"""The signatures of hosts' interfaces: complete, readable, and a person's own are checked."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

from wasmdoctor.catalog import Catalog, CatalogError, rules_folder
from wasmdoctor.model.host import NAME_RULES
from wasmdoctor.model.names import ExternName

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "make_types.py"
STEMS = sorted(path.stem for path in (rules_folder() / "wit").glob("*.toml"))
UNDESCRIBED = {"spin:mysql/mysql@3.0.0", "spin:postgres/postgres@4.1.0"}
"""Interfaces that no published crate carries. wasmCloud's are none either (see scripts/make_types.py)."""


@pytest.mark.parametrize("stem", STEMS)
def test_every_function_has_a_signature(stem: str) -> None:
    facts = Catalog().wit_facts(stem)
    lacking = []
    for name, interface in facts.interfaces.items():
        full = ExternName.parse(name if "@" in name or not facts.versions else f"{name}@{facts.versions[-1]}")
        types = facts.types_of(full)
        if types is not None:
            types.check()
            assert set(types.functions) == interface.functions, name
            for resource in interface.resources & set(types.types):
                assert types.types[resource] == "resource", f"{name}: {resource}"
        elif interface.functions:
            lacking.append(name)
    if stem == "wasmcloud":
        assert len(lacking) == len([name for name, facts in facts.interfaces.items() if facts.functions])
    else:
        assert set(lacking) <= UNDESCRIBED


def test_every_release_of_02_is_described() -> None:
    facts = Catalog().wit_facts("wasi-0.2")
    for version in ("0.2.0", "0.2.1", "0.2.2", "0.2.3", "0.2.6", "0.2.12"):
        types = facts.types_of(ExternName.parse(f"wasi:io/streams@{version}"))
        assert types is not None
        assert types.functions["[method]input-stream.read"] == (
            "func(self: borrow<input-stream>, len: u64) -> result<list<u8>, stream-error>"
        )
    assert facts.types_of(ExternName.parse("wasi:clocks/timezone@0.2.0")) is None  # it came with 0.2.1
    assert facts.types_of(ExternName.parse("wasi:io/streams@0.3.0")) is None


def test_only_the_packages_that_are_asked_for_are_read() -> None:
    catalog = Catalog()
    host = catalog.host("wasmtime@46")
    assert catalog._types == {}
    assert host.types_of("wasi:io/poll@0.2.12") is not None
    assert host.types_of("wasi:io/error@0.2.12") is not None
    assert list(catalog._types) == [("wasi-0.2", "wasi:io")]


def test_every_line_of_every_host_says_its_name_rule() -> None:
    """And why it is that one: each rule that a host follows is told in words, with what that rests on."""
    for profile in Catalog().hosts():
        rules = {line.name_rule for line in profile.lines}
        assert rules <= set(NAME_RULES)
        if profile.name != "none":
            assert rules == set(profile.name_rules), profile.name
            assert all(rule.text and rule.evidence for rule in profile.name_rules.values())


HOST = """\
schema = 1
name = "mine"
title = "Mine"
about = "A host of our own."
source = "its WIT"

[interfaces."acme:host/log@1.0.0"]
functions = "write"
signatures = '''
{signature}
'''
types = '''
code: enum {{ full, gone }}
'''

[[lines]]
first = "1"
name_rule = "exact-then-track"
evidence = "ours"
[lines.modes.run]
provides.default = "acme:host/log@1.0.0"
"""


def own(folder: Path, signature: str) -> Catalog:
    (folder / "hosts").mkdir()
    (folder / "hosts/mine.toml").write_text(HOST.format(signature=signature))
    return Catalog(extra=[folder])


def test_a_host_of_ones_own(tmp_path: Path) -> None:
    catalog = own(tmp_path, "write: func(text: string) -> result<_, code>")
    types = catalog.host("mine").types_of("acme:host/log@1.0.0")
    assert types is not None
    assert types.function("write") is not None


@pytest.mark.parametrize(
    ("signature", "what"),
    [
        ("write: func(text: strin)", "'strin' is not a type"),
        ("write func()", "is not a name, a colon and a type"),
        ("other: func()", "'other' is not among the functions"),
    ],
)
def test_a_wrong_signature_is_told_with_its_place(signature: str, what: str, tmp_path: Path) -> None:
    with pytest.raises(CatalogError, match=what) as caught:
        own(tmp_path, signature).host("mine")
    assert caught.value.path.endswith("mine.toml")
    assert caught.value.key == "interfaces.acme:host/log@1.0.0.signatures"


# -- the generator --------------------------------------------------------------------------------


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_types", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(__import__("sys").modules, "make_types", module)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "CRATES", {"17.0.0": ("wasmtime-wasi",), "46.0.0": ("wasmtime-wasi",)})
    return module


WIT = """\
package wasi:io@{version};
interface poll {{
  resource pollable {{ ready: func() -> bool; }}
  poll: func(in: list<borrow<pollable>>) -> list<{number}>;
}}
"""
FACTS = """\
schema = 1
source = "made up"
versions = ["0.2.0", "0.2.12"]
[interfaces."wasi:io/poll"]
functions = "poll, [method]pollable.ready"
resources = "pollable"
"""


def crates(folder: Path, numbers: tuple[str, str]) -> tuple[Path, Path]:
    """Two crates with WIT, and a folder of rules that names what is in it."""
    versions = zip(("17.0.0", "46.0.0"), ("0.2.0", "0.2.12"), numbers, strict=True)
    for crate, version, number in versions:
        wit = folder / f"crates/wasmtime-wasi-{crate}/wit"
        wit.mkdir(parents=True)
        (wit / "io.wit").write_text(WIT.format(version=version, number=number))
    (folder / "rules/wit").mkdir(parents=True)
    (folder / "rules/wit/wasi-0.2.toml").write_text(FACTS)
    return folder / "crates", folder / "rules"


def test_made_from_crates(script: ModuleType, tmp_path: Path) -> None:
    source, rules = crates(tmp_path, ("u32", "u32"))
    assert script.main([str(source), "--rules", str(rules), "--check"]) == 1
    assert script.main([str(source), "--rules", str(rules)]) == 0
    assert script.main([str(source), "--rules", str(rules), "--check"]) == 0
    text = (rules / "wit/wasi-0.2/wasi.io.toml").read_text()
    assert "crates wasmtime-wasi 17.0.0, 46.0.0" in text
    types = Catalog(rules).wit_facts("wasi-0.2").types_of(ExternName.parse("wasi:io/poll@0.2.0"))
    assert types is not None
    assert types.functions["poll"] == "func(in: list<borrow<pollable>>) -> list<u32>"
    left = rules / "wit/wasi-0.2/wasi.gone.toml"
    left.write_text(script.HEADER)
    assert script.main([str(source), "--rules", str(rules), "--check"]) == 1
    assert script.main([str(source), "--rules", str(rules)]) == 0
    assert not left.exists()


def test_versions_that_differ_are_not_made_one(script: ModuleType, tmp_path: Path) -> None:
    source, rules = crates(tmp_path, ("u32", "u64"))
    with pytest.raises(SystemExit, match=r"wasi:io/poll#poll has two types: the result: `u32`"):
        script.main([str(source), "--rules", str(rules)])
    with pytest.raises(SystemExit, match="is missing: run with --fetch"):
        script.main([str(tmp_path), "--rules", str(rules)])
