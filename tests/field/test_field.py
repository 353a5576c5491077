"""The field's cases: wasmdoctor names the fault at its line, and its cure makes the failure go."""

from __future__ import annotations

from pathlib import Path

import pytest
from field import field

CASES = [
    pytest.param(case, id=case.name, marks=[pytest.mark.rust] if case.rust else []) for case in field.cases()
]


@pytest.mark.parametrize("case", CASES)
def test_a_case(case: field.Case, tmp_path: Path) -> None:
    """The expected findings and no other error; the peer that failed passes after the cure."""
    field.prepare(case, tmp_path)
    found = field.findings(case, tmp_path)
    missing = [line for line in case.expect if line not in found]
    assert not missing, f"missing: {missing}\nfound: {found}"
    surplus = [line for line in found if line.startswith("error") and line not in case.expect]
    assert not surplus, f"found, and not expected: {surplus}"
    said = field.ask(case, "wasmdoctor", tmp_path)
    assert said.grade in ("line", "cure"), f"{said.grade}\n{said.text}"
    for command in case.again:
        code, text = field.run(command, tmp_path)
        assert code != 0, f"{command} does not fail before the cure\n{text}"
    for command in case.cure:
        code, text = field.run(command, tmp_path, case.folder / "cure")
        assert code == 0, f"{command}\n{text}"
    for command in case.again:
        code, text = field.run(command, tmp_path)
        assert code == 0, f"{command} fails after the cure\n{text}"


def test_there_are_cases_enough() -> None:
    assert len(field.cases()) >= 27
    for case in field.cases():
        assert case.threads, case.name
        assert "wasmdoctor" in case.tools, case.name
        assert case.truth.keys() >= {"name", "cause", "line", "cure"}, case.name
        assert case.again, case.name
