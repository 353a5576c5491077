"""`why --calls` on the committed release components: with the sources, alone in a folder, and stripped."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from rust.workspaces import wasm_tools
from tests_support import run

from wasmdoctor.catalog import Catalog
from wasmdoctor.graph.calls import CallGraph
from wasmdoctor.pipeline.why import WhyOptions
from wasmdoctor.pipeline.why import why as run_why
from wasmdoctor.readers.code import read_code
from wasmdoctor.readers.wasm import BytesSource
from wasmdoctor.reporters.console import Style
from wasmdoctor.reporters.why import render, render_json, render_sizes
from wasmdoctor.toolchain import Toolchain

ROOT = Path(__file__).resolve().parents[2]
FIXTURE = ROOT / "fixtures/scheduler"
TCP = "scheduler:core-libs/wasi-tcp"


def why(folder: Path, pattern: str, path: str, **options: Any) -> list[dict]:
    """The answers as `--format json` gives them."""
    asked = WhyOptions((path,), folder, pattern, **options)
    return json.loads(render_json(run_why(asked, Catalog(), Toolchain()).whys))["why"]


@pytest.fixture
def alone(tmp_path: Path) -> Path:
    """The application's component, and nothing else."""
    shutil.copy2(FIXTURE / "prebuilt/scheduler.wasm", tmp_path)
    return tmp_path


def stripped(folder: Path) -> None:
    path = folder / "scheduler.wasm"
    subprocess.run([wasm_tools(), "strip", "-a", path, "-o", path], check=True, timeout=60)


def printed_calls(path: Path) -> dict[str, set[str]]:
    """Who calls whom in the application's module, by the names in the text that wasm-tools prints.

    The module is the first in the file. wasm-tools writes ``(func $name`` and ``call $name``; a name with
    characters that an identifier cannot have is written in quotes, as ``$"name"``.
    """
    text = subprocess.run([wasm_tools(), "print", path], capture_output=True, text=True, check=True).stdout
    name = r'\$("(?:[^"\\]|\\.)*"|[^\s()]+)'
    calls: dict[str, set[str]] = {}
    current = ""
    for line in text.splitlines():
        if line.startswith("  (core module") and calls:
            break
        if found := re.match(rf"    \(func {name}", line):
            current = found[1].strip('"')
            calls[current] = set()
        elif found := re.search(rf"\bcall {name}", line):
            calls[current].add(found[1].strip('"'))
    return calls


# -- alone


def test_without_sources_it_names_the_crate_and_the_way(alone: Path) -> None:
    (answer,) = why(alone, TCP, "scheduler.wasm", calls=True)
    assert {step["name"] for chain in answer["chains"] for step in chain if step["kind"] == "crate"} == {
        "scheduler_core"
    }
    assert answer["reached_by"] == "own-exports"
    ways = {way["export"]: way for way in answer["calls"]}
    assert list(ways) == [
        "run-scenario",
        "scheduler:actions-http/http-client@0.1.0",
        "scheduler:executor/runner@0.1.0",
        "scheduler:core-libs/socket@0.1.0",
    ]
    way = ways["run-scenario"]
    assert (way["kind"], way["leaked"], way["possible"], way["omitted"]) == ("export", None, False, 0)
    assert way["steps"][0]["name"] == "run-scenario"
    crates = [step["crate"] for step in way["steps"]]
    assert list(dict.fromkeys(crates)) == [None, "scheduler", "scheduler_executor", "scheduler_core"]
    assert way["steps"][-1]["name"].startswith("scheduler_core::component::scheduler::core_libs::wasi_tcp::")
    for step in way["steps"]:
        assert (step["kind"], step["evidence"], step["path"]) == ("function", "component", "scheduler.wasm")


def test_every_consecutive_pair_is_a_call_that_wasm_tools_prints(alone: Path) -> None:
    """For each imported function and each way to it: of every path, not only of the one that people see first."""
    path = alone / "scheduler.wasm"
    calls = printed_calls(path)
    code = read_code(BytesSource(path.read_bytes()), str(path))
    graph = CallGraph(code)
    custom = [each for each in code.imports if each.name.startswith("scheduler:")]
    pairs = set()
    for imported in custom:
        for way in graph.paths_by_caller(imported, most=1000):
            for one, two in zip(way.steps, way.steps[1:], strict=False):
                assert one.at[0] == two.at[0] == 0
                names = code.modules[0].names
                pairs.add((names[one.at[1]], names[two.at[1]]))
                assert two.possible == (names[two.at[1]] not in calls[names[one.at[1]]])
    assert len(pairs) > 25
    for caller, called in pairs:
        assert called in calls[caller], f"{caller} does not call {called}"


def test_one_function(alone: Path) -> None:
    for name in ("connect", "tcp-socket.connect", "[method]tcp-socket.connect"):
        (answer,) = why(alone, TCP, "scheduler.wasm", calls=True, function=name)
        assert {way["imported"] for way in answer["calls"]} == {"[method]tcp-socket.connect"}
    assert why(alone, TCP, "scheduler.wasm", function="accept") == []


def test_on_the_command_line(alone: Path) -> None:
    done = run("why", f"{TCP}#connect", "scheduler.wasm", cwd=alone)
    assert "export run-scenario reaches [method]tcp-socket.connect" in done.stdout
    done = run("why", TCP, "--function", "accept", "scheduler.wasm", cwd=alone)
    assert (done.returncode, f"nothing imports `{TCP}#accept`" in done.stderr) == (2, True)


def test_all_ways(alone: Path) -> None:
    (few,) = why(alone, TCP, "scheduler.wasm", calls=True)
    (every,) = why(alone, TCP, "scheduler.wasm", calls=True, every=True)
    assert len(every["calls"]) > len(few["calls"])
    imported = {way["imported"] for way in every["calls"]}
    assert imported == {
        "[constructor]tcp-socket",
        "[resource-drop]tcp-socket",
        *(
            f"[method]tcp-socket.{name}"
            for name in ("connect", "receive", "send", "set-timeout-ms", "shutdown")
        ),
    }


def test_without_names_there_are_numbers_and_advice(alone: Path) -> None:
    (named,) = why(alone, TCP, "scheduler.wasm", calls=True)
    stripped(alone)
    (answer,) = why(alone, TCP, "scheduler.wasm", calls=True)
    assert [way["export"] for way in answer["calls"]] == [way["export"] for way in named["calls"]]
    for way, before in zip(answer["calls"], named["calls"], strict=True):
        assert len(way["steps"]) == len(before["steps"])
        assert way["steps"][0]["name"] == before["steps"][0]["name"]  # the module exports it by name
        assert all(re.fullmatch(r"function \d+", step["name"]) for step in way["steps"][1:-1])
        assert way["steps"][-1]["name"] == f"{TCP}@0.1.0#{way['imported']}"
    assert "strip" in answer["calls_note"]
    assert "[profile.release]" in answer["calls_note"]


# -- with sources


def test_with_the_sources_it_is_one_story() -> None:
    (answer,) = why(FIXTURE, TCP, "prebuilt/scheduler.wasm", calls=True)
    assert [step["kind"] for step in answer["chains"][0]] == [
        "component",
        "crate",
        "crate",
        "binding",
        "world",
        "import",
    ]
    leaked = {way["export"]: way["leaked"] for way in answer["calls"]}
    assert leaked == {
        "run-scenario": False,
        "scheduler:actions-http/http-client@0.1.0": True,
        "scheduler:executor/runner@0.1.0": True,
        "scheduler:core-libs/socket@0.1.0": True,
    }
    crates = {step["crate"] for way in answer["calls"] for step in way["steps"]}
    assert crates == {None, "scheduler", "scheduler-executor", "scheduler-core", "scheduler-actions-http"}, (
        "crates have their packages' names"
    )


def test_without_calls_nothing_is_said_of_them(alone: Path) -> None:
    (answer,) = why(alone, TCP, "scheduler.wasm")
    assert not {"calls", "reached_by", "calls_note"} & answer.keys()


@pytest.mark.parametrize("width", [60, 80, 140])
def test_text(width: int) -> None:
    asked = WhyOptions(("prebuilt/scheduler.wasm",), FIXTURE, TCP, calls=True)
    text = render(run_why(asked, Catalog(), Toolchain()).whys, Style(width))
    lines = text.splitlines()
    start = next(i for i, line in enumerate(lines) if line.startswith("  export run-scenario reaches"))
    assert lines[start + 1] == "      run-scenario"
    assert lines[start + 2] == "    → scheduler::component::<Component as Guest>::run_scenario"
    assert "leaked exports reach it too: scheduler:actions-http/http-client@0.1.0#get" in " ".join(
        line.strip() for line in lines
    )
    assert "  leaked export scheduler" not in text, "the own export's way says enough"


# -- sizes


def sizes(folder: Path, path: str, **options: Any) -> dict:
    found = run_why(WhyOptions((path,), folder, **options), Catalog(), Toolchain())
    (document,) = json.loads(render_json(found.whys, found.sizes))["sizes"]
    return document


def test_sizes_of_crates_with_and_without_sources(alone: Path) -> None:
    known = sizes(FIXTURE, "prebuilt/scheduler.wasm", sizes=True)
    rows = {row["name"]: row for row in known["crates"]}
    core = rows["scheduler-core"]
    assert core["packages"] == [{"name": "scheduler-core", "version": "0.1.0"}]
    assert 0 < core["leaked"] < core["own"] <= core["bytes"]
    assert rows["scheduler"]["leaked"] == 0, "the application exports only what its world has"
    assert known["leaked"] == sum(row["leaked"] for row in known["crates"])
    unknown = sizes(alone, "scheduler.wasm", sizes=True)
    assert unknown["code"] == known["code"] == sum(row["bytes"] for row in known["crates"])
    assert unknown["leaked"] is None
    assert {row["own"] for row in unknown["crates"]} == {None}


def test_a_crates_size_comes_with_what_it_brings() -> None:
    found = run_why(
        WhyOptions(("prebuilt/scheduler.wasm",), FIXTURE, crate="scheduler-core"), Catalog(), Toolchain()
    )
    assert {answer.kind for answer in found.whys} == {"import", "export"}
    shown = " ".join(render_sizes(found.sizes, "scheduler-core", Style(80)).split())
    assert re.search(r"scheduler-core 0\.1\.0: [\d,]+ bytes of code in \d+ functions", shown)
    assert "are reached only from leaked exports" in shown


def test_sizes_of_nothing(tmp_path: Path) -> None:
    (tmp_path / "Cargo.toml").write_text('[package]\nname = "a"\nversion = "0.1.0"\n')
    done = run("why", "--sizes", cwd=tmp_path)
    assert (done.returncode, "there is no finished component" in done.stderr) == (2, True)
