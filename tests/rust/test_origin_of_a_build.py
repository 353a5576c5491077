"""On a real build, the origin of an import rests on the rlib that holds the world's section."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import pytest
from rust import test_scheduler_build as scheduler
from tests_support import run

pytestmark = pytest.mark.rust


def test_the_rlib_is_cited(tmp_path: Path) -> None:
    """A copy of the fixture with the build outputs where cargo puts them; paths and lines must be right."""
    built = scheduler.build("--release")["scheduler"]
    copy = tmp_path / "scheduler"
    shutil.copytree(scheduler.FIXTURE, copy, ignore=shutil.ignore_patterns("prebuilt", "target"))
    profile = copy / "target/wasm32-wasip1/release"
    (profile / "deps").mkdir(parents=True)
    for path in built.parent.glob("scheduler*.wasm"):
        shutil.copy2(path, profile)
    for path in (built.parent / "deps").glob("libscheduler*.rlib"):
        shutil.copy2(path, profile / "deps")
    done = run("why", "scheduler:core-libs/wasi-tcp", "--format", "json", cwd=copy)
    assert done.returncode == 0, done.stderr + sys.executable
    answers = {answer["component"]: answer for answer in json.loads(done.stdout)["why"]}
    (chain,) = answers["target/wasm32-wasip1/release/scheduler.wasm"]["chains"]
    assert [step["kind"] for step in chain] == ["component", "crate", "crate", "binding", "world", "import"]
    binding = chain[3]
    assert (binding["evidence"], binding["artifact"]) == (
        "rlib",
        "target/wasm32-wasip1/release/deps/libscheduler_core.rlib",
    )
    text = (copy / binding["path"]).read_text().splitlines()[binding["line"] - 1]
    assert text == "wit_bindgen::generate!({"
