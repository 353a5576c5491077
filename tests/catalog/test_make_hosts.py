"""The generator of host files: from facts to files, read back, and checked for being current."""

from __future__ import annotations

import json
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from tests_support import script

from wasmdoctor.catalog import Catalog

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "make_hosts.py"

IO = {"functions": ["poll", "[method]pollable.ready"], "resources": ["pollable"]}
FACTS: dict[str, Any] = {
    "source": "made up for this test",
    "wit": {
        "0.2.0": {"wasi:io/poll": IO, "wasi:cli/exit": {"functions": ["exit"]}},
        "0.2.1": {
            "wasi:io/poll": IO,
            "wasi:cli/exit": {
                "functions": ["exit", "exit-with-code"],
                "unstable": {"exit-with-code": "code"},
            },
        },
        "0.2.12": {"wasi:io/poll": IO, "wasi:cli/exit": {"functions": ["exit", "exit-with-code"]}},
        "0.2.0-draft": {"wasi:keyvalue/store": {"functions": ["open"], "resources": ["bucket"]}},
        "": {"wasi:nn/graph": {"functions": ["load"]}},
    },
    "wit_variants": {"23": {"wasi:nn/graph": {"functions": ["load", "load-by-name"]}}},
    "hosts": {
        "wasmtime": {
            "name_rule": [
                {"majors": [14, 18], "rule": "exact", "evidence": "source"},
                {"majors": [19, None], "rule": "exact-then-track", "evidence": "names.rs"},
            ],
            "lines": [
                {
                    "majors": [18, 18],
                    "wasi": "0.2.0",
                    "evidence": "v18",
                    "run": {"default": ["wasi:io/poll@0.2.0"], "flags": {}},
                    "serve": {"default": [], "flags": {"common": ["wasi:io/poll@0.2.0"]}},
                },
                {
                    "majors": [20, 24],
                    "wasi": "0.2.1",
                    "evidence": "v24",
                    "run": {
                        "default": ["wasi:io/poll@0.2.1", "wasi:cli/exit@0.2.1"],
                        "flags": {"nn": ["wasi:nn/graph"], "keyvalue": ["wasi:keyvalue/store@0.2.0-draft"]},
                        "function_flags": {"code": ["wasi:cli/exit@0.2.1#exit-with-code"]},
                    },
                    "serve": {"default": ["wasi:io/poll@0.2.1"], "flags": {"cli": ["wasi:cli/exit@0.2.1"]}},
                },
            ],
        }
    },
}


@pytest.fixture(scope="module")
def make_hosts() -> ModuleType:
    return script(SCRIPT, "make_hosts")


@pytest.fixture
def facts(tmp_path: Path) -> Path:
    path = tmp_path / "facts.json"
    path.write_text(json.dumps(FACTS), encoding="utf-8")
    return path


def run(make_hosts: ModuleType, facts: Path, *more: str) -> int:
    return int(make_hosts.main([str(facts), "--rules", str(facts.parent / "rules"), *more]))


def test_files_are_made_and_say_what_the_facts_say(make_hosts: ModuleType, facts: Path) -> None:
    assert run(make_hosts, facts) == 0
    catalog = Catalog(facts.parent / "rules")
    assert catalog.host_names == ("none", "wasmtime")
    profile = catalog.host_profile("wasmtime")
    assert profile.ranges == (("18", "18"), ("20", "22"), ("23", "24"))  # 23 apart: wasi:nn has another shape
    assert [line.evidence for line in profile.lines] == ["v18", "v24", "v24"]
    host = catalog.host("wasmtime@24")
    assert host.provided == {"wasi:io/poll@0.2.1", "wasi:cli/exit@0.2.1"}
    assert host.functions_of("wasi:cli/exit@0.2.1") == {"exit"}
    assert catalog.host("wasmtime@24", ["code"]).functions_of("wasi:cli/exit@0.2.1") == {
        "exit",
        "exit-with-code",
    }
    assert catalog.host("wasmtime@20", ["nn"]).functions_of("wasi:nn/graph") == {"load"}
    assert catalog.host("wasmtime@23", ["nn"]).functions_of("wasi:nn/graph") == {"load", "load-by-name"}
    for path in (facts.parent / "rules").rglob("*.toml"):
        assert path.read_text(encoding="utf-8").startswith("# Made by scripts/make_hosts.py")


def test_check_tells_what_is_out_of_date(
    make_hosts: ModuleType, facts: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rules = facts.parent / "rules"
    assert run(make_hosts, facts, "--check") == 1
    assert not rules.exists()
    assert run(make_hosts, facts) == 0
    before = {path: path.read_bytes() for path in rules.rglob("*.toml")}
    assert run(make_hosts, facts) == 0
    assert run(make_hosts, facts, "--check") == 0
    assert {path: path.read_bytes() for path in rules.rglob("*.toml")} == before
    capsys.readouterr()

    line = rules / "hosts" / "wasmtime" / "18.toml"
    line.write_bytes(line.read_bytes() + b"# by hand\n")
    left = rules / "hosts" / "wasmtime" / "17.toml"
    left.write_bytes(before[line])
    own = rules / "hosts" / "edge.toml"
    own.write_text("# a person's own file", encoding="utf-8")
    assert run(make_hosts, facts, "--check") == 1
    said = capsys.readouterr().err
    assert "18.toml is out of date" in said
    assert "17.toml is out of date" in said
    assert "edge" not in said
    assert run(make_hosts, facts) == 0
    assert line.read_bytes() == before[line]
    assert not left.exists()
    assert own.exists()


def test_facts_that_cannot_be_said_are_refused(make_hosts: ModuleType, tmp_path: Path) -> None:
    """A function that goes within WASI 0.2 does not fit the one file for all of 0.2."""
    wrong = json.loads(json.dumps(FACTS))
    wrong["wit"]["0.2.12"]["wasi:io/poll"]["functions"] = ["poll"]
    path = tmp_path / "facts.json"
    path.write_text(json.dumps(wrong), encoding="utf-8")
    with pytest.raises(SystemExit, match="went or changed"):
        run(make_hosts, path)


def test_files_that_would_say_something_else_are_not_written(
    make_hosts: ModuleType, facts: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The files are read back before anything is written; here the writer of modes forgets a flag."""
    real = make_hosts.mode_toml

    def forgets(mode: str, on: Any, provides: dict[str, list[str]], functions: Any, starts: Any) -> str:
        return str(real(mode, on, {k: v for k, v in provides.items() if k != "keyvalue"}, functions, starts))

    monkeypatch.setattr(make_hosts, "mode_toml", forgets)
    with pytest.raises(Exception, match="keyvalue"):
        run(make_hosts, facts)
    assert not (facts.parent / "rules").exists()

    def halves(mode: str, on: Any, provides: Any, functions: Any, starts: Any) -> str:
        return str(real(mode, on, provides, {}, starts))

    monkeypatch.setattr(make_hosts, "mode_toml", halves)
    facts_without = json.loads(facts.read_text(encoding="utf-8"))
    facts_without["hosts"]["wasmtime"]["lines"][1]["run"]["default"].remove("wasi:cli/exit@0.2.1")
    facts.write_text(json.dumps(facts_without), encoding="utf-8")
    capsys.readouterr()
    with pytest.raises(Exception, match="code"):
        run(make_hosts, facts)
    assert not (facts.parent / "rules").exists()
