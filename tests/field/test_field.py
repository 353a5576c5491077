"""The field's cases: wasmdoctor names the fault at its line, and its cure makes the failure go."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from field import field

sys.path.insert(0, str(Path(__file__).parents[2] / "scripts"))
import make_field

# All ask wac and older releases of wasmtime, which tests/tools/setup.sh installs. One worker for all: they
# share what they played.
pytestmark = [pytest.mark.rust, pytest.mark.xdist_group("field")]

CASES = [pytest.param(case, id=case.name) for case in field.cases()]
TOLD = ("line", "cure", "solved")


@pytest.mark.parametrize("case", CASES)
def test_a_case(case: field.Case) -> None:
    """The expected findings and no other error; what failed passes after the cure."""
    played = field.play(case)
    missing = [line for line in case.expect if line not in played.found]
    assert not missing, f"missing: {missing}\nfound: {played.found}"
    surplus = [line for line in played.found if line.startswith("error") and line not in case.expect]
    assert not surplus, f"found, and not expected: {surplus}"
    said = played.said["wasmdoctor"]
    assert said.grade in TOLD, f"{said.grade}\n{said.text}"
    last = case.again[-1]
    assert played.before[last][0] != 0, f"{last} does not fail before the cure\n{played.before[last][1]}"
    for command, (code, text) in (*played.cured.items(), *played.after.items()):
        assert code == 0, f"{command}\n{text}"


@pytest.mark.parametrize("case", CASES)
def test_a_case_is_complete(case: field.Case) -> None:
    assert case.threads
    assert case.again
    assert "wasmdoctor" in case.tools
    assert set(case.tools) - {"wasmdoctor"}, "no other tool is asked"
    assert case.truth.keys() >= {"name", "cause"}
    assert case.cure or case.after != case.again, "there is no cure"


def test_there_are_cases_enough() -> None:
    assert len(CASES) >= 27


def test_a_tool_gets_the_best_grade_that_its_words_reach() -> None:
    case = field.load(field.CASES / "wrong-type-missing")
    assert field.grade(case, "") == "nothing"
    assert field.grade(case, "instance export `count`\nhas the  wrong type") == "wrong"
    assert field.grade(case, "imports `shop:stock/shelf@1.0.0`") == "name"
    assert field.grade(case, "`shop:stock/shelf@1.0.0` has the wrong type") == "wrong"
    assert field.grade(case, "at wit/world.wit:10:5") == "line"


def test_the_page_is_current() -> None:
    cases = field.cases()
    text = make_field.page({case.name: field.play(case) for case in cases}, cases)
    assert make_field.PAGE.read_text("utf-8") == text, "run `python scripts/make_field.py`"
