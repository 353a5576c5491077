"""The harness finds what it is for: faults that were planted into readers."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from fuzzing.planted import FAULTS

from fuzz import run as fuzzing

ROOT = Path(__file__).resolve().parent.parent.parent

FOUND = {
    "crash": "crash: ValueError at tests/fuzzing/planted.py",
    "dies": "dies: the worker ended with -11",
    "hangs": "hangs: hang",
    "hangs-in-c": "hangs-in-c: hang, in what cannot be interrupted",
    "hog": "hog: memory",
    "swallowed-hog": "swallowed-hog: memory",
    "waits": "waits: hang, waiting for something",
}


def fuzz(state: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "fuzz.run", "--targets", "tests.fuzzing.planted", "--seed", "1", *words],
        cwd=ROOT,
        env={**os.environ, "WASMDOCTOR_FUZZ_STATE": str(state)},
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )


@pytest.mark.parametrize("fault", FAULTS)
def test_a_planted_fault_is_found(fault: str, tmp_path: Path) -> None:
    # A machine that is busy lets everybody wait.
    hang, wait = "0.2" if fault.startswith("hangs") else "10", "1" if fault == "waits" else "20"
    limits = ("--hang", hang, "--memory", "100", "--wait", wait)
    done = fuzz(tmp_path, "--target", fault, "--minutes", "0.03", *limits)
    assert done.returncode == 1, done.stdout + done.stderr
    assert FOUND[fault] in done.stdout
    kept = [path for path in (tmp_path / "failures" / fault).iterdir() if not path.suffix]
    assert kept
    assert all(b"!" in path.read_bytes() for path in kept), "another input is blamed"


def test_a_run_without_failures_says_what_was_done(tmp_path: Path) -> None:
    done = fuzz(tmp_path, "--target", "fine", "--minutes", "0.01")
    assert (done.returncode, done.stderr) == (0, "")
    figures = json.loads((tmp_path / "figures.json").read_text())["fine"]
    assert figures["executions"] > 100
    assert f"{figures['executions']:,}" in done.stdout
    assert 0 < figures["peak_mb"] < 200
    assert (tmp_path / "slowest/fine" / figures["slowest_input"]).is_file()
    assert figures["slowest_input"] in done.stdout
    assert "0 different failures" in done.stdout


def test_a_target_that_is_not_there(tmp_path: Path) -> None:
    done = fuzz(tmp_path, "--target", "nothing")
    assert done.returncode == 2
    assert "hangs-in-c" in done.stderr


def test_the_time_is_shared_out_evenly(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the minutes: every target has as many turns as any other, each of the same length."""
    clock = [0.0]
    monkeypatch.setattr(fuzzing.time, "monotonic", lambda: clock[0])
    names = [f"t{number}" for number in range(19)]
    for minutes in (0.5, 1, 7, 60):
        clock[0] = 0.0
        taken = dict.fromkeys(names, 0.0)
        for name, seconds in fuzzing.turns(names, minutes, 45):
            assert seconds <= 45.01
            taken[name] += seconds
            clock[0] += seconds
        assert clock[0] == pytest.approx(minutes * 60)
        assert max(taken.values()) == pytest.approx(min(taken.values()))


def test_a_turn_that_took_too_long_shortens_all_that_follow(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [0.0]
    monkeypatch.setattr(fuzzing.time, "monotonic", lambda: clock[0])
    given = []
    for number, (_, seconds) in enumerate(fuzzing.turns(["a", "b", "c", "d"], 1, 60)):
        given.append(seconds)
        clock[0] += seconds + (15 if number == 0 else 0)
    assert given == pytest.approx([15, 10, 10, 10])
