"""Hostile files: an answer and a sentence, in 2 s and 300 MB each, and never a traceback."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from hostile.hostile_cases import CASES, Case
from hostile.serving import Server

SECONDS = 2.0
MEGABYTES = 300.0


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    made = Server()
    yield made
    made.end()


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """Gone after each test: together the cases are hundreds of megabytes."""
    (tmp_path / "case").mkdir()
    yield tmp_path / "case"
    try:
        shutil.rmtree(tmp_path / "case")
    except RecursionError:  # before Python 3.13 it recurses, and folders of a case are 1,000 deep
        subprocess.run(["rm", "-rf", str(tmp_path / "case")], check=True)


def test_there_are_at_least_60() -> None:
    assert len(CASES) >= 60


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_hostile_files(case: Case, server: Server, folder: Path) -> None:
    case.make(folder)
    done = server.run(folder, *case.words)
    said = done["out"] + done["err"]
    if "Traceback" in said:
        pytest.fail(said[-800:], pytrace=False)
    assert not done["hung"], "it does not end"
    assert done["code"] in case.codes, (done["code"], said[-2000:])
    assert done["code"] == 0 or said.strip(), "it failed without a word"
    assert case.says in said, said[:3000]
    raw = {
        char
        for char in said
        if (char < " " and char != "\n") or "\x7f" <= char < "\xa0" or char in "\u202e\u2066\u200f"
    }
    assert not raw, f"control characters reach the terminal: {raw!r}"
    assert done["seconds"] < SECONDS, f"{done['seconds']:.1f} s of CPU time"
    assert done["peak"] < MEGABYTES, f"{done['peak']:.0f} MB"
