"""fixtures/findings.txt has what every rule says of every fixture: a rule that speaks elsewhere shows there."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "scripts"))
import make_findings  # noqa: E402  (a script, found by the line above)


def held() -> dict[str, str]:
    """The file's sections by the fixture's path."""
    _, *parts = make_findings.PAGE.read_text("utf-8").split("\nfixtures/")
    return {f"fixtures/{part.partition(chr(10))[0]}": f"\nfixtures/{part}".rstrip("\n") for part in parts}


def cases() -> list[object]:
    """The fixtures; those that are made with the field's tools need these."""
    return [
        pytest.param(
            folder,
            id=folder.relative_to(ROOT).as_posix(),
            marks=[pytest.mark.rust] if (folder / "case.toml").is_file() else [],
        )
        for folder in make_findings.folders()
    ]


@pytest.mark.parametrize("folder", cases())
def test_the_findings_of_a_fixture_are_known(folder: Path) -> None:
    """Run `python scripts/make_findings.py` and look at the difference when this fails."""
    name = folder.relative_to(ROOT).as_posix()
    assert make_findings.section(folder).rstrip("\n") == held().get(name, "")


def test_every_fixture_is_there_and_no_other() -> None:
    assert list(held()) == [folder.relative_to(ROOT).as_posix() for folder in make_findings.folders()]


def test_no_fixture_of_others_gets_the_rules_of_the_field() -> None:
    """What only a case of fixtures/field is about is found nowhere else."""
    rest = "\n".join(text for name, text in held().items() if not name.startswith("fixtures/field/"))
    for code in ("WD116", "WD207", "WD208", "WD306", "WD406", "WD407", "WD501"):
        assert code not in rest, code
