"""The Python API gives what the commands show, as typed records."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import wasmdoctor

ROOT = Path(__file__).parents[2]
FIXTURE = ROOT / "fixtures/scheduler"


def test_check_gives_a_report() -> None:
    report = wasmdoctor.check("prebuilt/scheduler.wasm", cwd=FIXTURE, hosts=["wasmtime@46"])
    assert report.host == "wasmtime@46"
    found = {f.interface: str(f.location) for f in report.findings if f.code == "WD101"}
    assert found["scheduler:core-libs/wasi-tcp@0.1.0"] == "core-libs/wit/world.wit:201:5"


def test_why_gives_the_ways() -> None:
    (answer,) = wasmdoctor.why("scheduler:core-libs/wasi-tcp", "prebuilt/scheduler.wasm", cwd=FIXTURE)
    assert [step.kind for step in answer.chains[0]][-2:] == ["world", "import"]


def test_plans_give_edits() -> None:
    (found,) = wasmdoctor.plans(cwd=FIXTURE, target="wasm32-wasip1")
    assert {plan.plan.value for plan in found.plans} == {"a", "b", "c"}
    assert not (FIXTURE / ".wasmdoctor").exists()


def test_the_configuration_counts(tmp_path: Path) -> None:
    component = (FIXTURE / "prebuilt/scheduler.wasm").read_bytes()
    (tmp_path / "app.wasm").write_bytes(component)
    (tmp_path / "wasmdoctor.toml").write_text('hosts = ["wasmtime@30"]\nignore = ["WD103"]\n')
    report = wasmdoctor.check("app.wasm", cwd=tmp_path)
    assert report.host == "wasmtime@30"
    assert "WD103" not in {f.code for f in report.findings}
    report = wasmdoctor.check("app.wasm", cwd=tmp_path, isolated=True)
    assert "WD103" in {f.code for f in report.findings}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"hosts": ["wasmtim"]}, "wasmtim"),
        ({"flags": ["htpp"]}, "http"),
        ({"config": "nothing.toml"}, "nothing.toml"),
    ],
)
def test_what_cannot_run_raises_one_error(arguments: dict[str, object], words: str) -> None:
    with pytest.raises(wasmdoctor.WasmdoctorError, match=words):
        wasmdoctor.check("prebuilt/scheduler.wasm", cwd=FIXTURE, **arguments)  # type: ignore[arg-type]


def test_a_path_that_is_not_there_raises_it_too() -> None:
    with pytest.raises(wasmdoctor.WasmdoctorError, match="no-such"):
        wasmdoctor.check("no-such.wasm", cwd=FIXTURE)


def test_the_package_loads_nothing_of_it() -> None:
    code = "import sys, wasmdoctor; print([m for m in sys.modules if m.startswith('wasmdoctor.')])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
