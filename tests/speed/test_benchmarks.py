"""The benchmarks run, on small workloads, and say what was missed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest
from tests_support import script

pytestmark = pytest.mark.rust  # the workspace's lock file is cargo's

ROOT = Path(__file__).parents[2]
FOLDER = Path(os.environ.get("WASMDOCTOR_TEST_CACHE", ROOT / ".cache" / "tests")) / "benchmarks"


@pytest.fixture(scope="module")
def run() -> ModuleType:
    """benchmarks/run.py as a module."""
    return script(ROOT / "benchmarks/run.py", "benchmarks_run")


def test_a_quick_run_gives_every_figure(tmp_path: Path) -> None:
    program = tmp_path / "wasmdoctor"
    program.write_text(f'#!/bin/sh\nPYTHONPATH={ROOT} exec {sys.executable} -m wasmdoctor "$@"\n')
    program.chmod(0o755)
    command = [
        sys.executable,
        ROOT / "benchmarks/run.py",
        "--quick",
        "--program",
        program,
        "--folder",
        FOLDER,
    ]
    # On a machine that does other things no figure means much: all that is held here is that there are some.
    done = subprocess.run(
        [*command, "--slack", "1000", "--json", tmp_path / "figures.json"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    written = json.loads((tmp_path / "figures.json").read_text())
    assert written["missed"] == []
    figures = written["figures"]
    assert figures["one, warm"] < figures["one, cold"]
    assert figures["workspace, warm"] < figures["workspace, cold"]
    assert len(figures) >= 17
    assert "| wasmdoctor, one changed file |" in done.stdout
    stages = {line.split("|")[1].strip() for line in done.stdout.splitlines() if line.startswith("| ")}
    assert {"reading components", "Rust", "WIT", "Cargo", "rules", "in all"} <= stages
    assert "**missed**" not in done.stdout


def test_a_goal_that_is_missed_is_said(run: ModuleType) -> None:
    goals = [
        run.Goal("one", 0.2, 0.1, "s"),
        run.Goal("other", 0.1, 0.1, "s"),
        run.Goal("size", 119.6, 120, "MB"),
        run.Goal("share", 0.5, 0.25, "", "reading takes half"),
    ]
    assert [goal.reached for goal in goals] == [False, True, True, False]
    lines = run.goals_table(goals).splitlines()
    assert lines[2] == "| one | 0.1 s | 0.200 s | **missed** |"
    assert lines[4] == "| size | 120 MB | 120 MB | reached |"
    assert lines[5] == "| share | 0.25 | 0.500 | **missed**: reading takes half |"


def test_growth_is_one_when_every_component_costs_the_same(run: ModuleType) -> None:
    assert run.growth([(10, 1.0), (100, 10.0), (1000, 100.0)]) == pytest.approx(1)
    assert run.growth([(10, 1.1), (100, 2.0), (1000, 20.0)]) == pytest.approx(2)
    assert run.growth([(10, 1.0), (100, 2.0)]) is None


def test_a_command_that_fails_is_not_measured(run: ModuleType, tmp_path: Path) -> None:
    wall, cpu, memory = run.run_once(["sh", "-c", "exit 1"], tmp_path, os.environ, (0, 1))
    assert 0 < wall < 10
    assert cpu < 10
    assert memory > 1
    with pytest.raises(AssertionError, match="exit code 3"):
        run.run_once(["sh", "-c", "exit 3"], tmp_path, os.environ, (0, 1))


def test_components_differ_and_are_valid(run: ModuleType, tmp_path: Path) -> None:
    folder = run.workloads.small(tmp_path, 3)
    files = sorted(folder.iterdir())
    assert len({path.read_bytes() for path in files}) == 3
    assert len({path.stat().st_ino for path in files}) == 3
    for path in files:
        subprocess.run([run.workloads.wasm_tools(), "validate", path], check=True)


def test_the_workspace_is_as_large_as_it_says(run: ModuleType, tmp_path: Path) -> None:
    files = run.workloads._workspace_files(run.workloads.FULL)
    assert sum(path.endswith("/Cargo.toml") for path in files) == 200
    assert sum(path.endswith(".wit") for path in files) == 500


def test_the_page_keeps_what_stands_around_the_table(
    run: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"before\n{run.BEGIN}\nold\n{run.END}\nafter\n")
    monkeypatch.setattr(run, "PAGE", page)
    run.write("new")
    assert page.read_text() == f"before\n{run.BEGIN}\n\nnew\n{run.END}\nafter\n"
