"""Rules, their texts and their functions belong together."""

from __future__ import annotations

from pathlib import Path

from wasmdoctor.catalog import Catalog
from wasmdoctor.checks import (
    BINARY_CHECKS,
    CODES,
    COMPOSITION_CHECKS,
    SOURCE_CHECKS,
    composition,
    source_check,
)

ROOT = Path(__file__).parent.parent.parent


def test_every_lint_has_a_check_and_every_check_a_lint() -> None:
    assert {lint.code for lint in Catalog().lints} == set(CODES)
    assert not set(BINARY_CHECKS) & set(SOURCE_CHECKS)


def test_every_check_resolves_and_says_which_rule_it_is() -> None:
    for code in SOURCE_CHECKS:
        assert (source_check(code).__doc__ or "").startswith(code), code
    for code, name in COMPOSITION_CHECKS.items():
        assert (getattr(composition, name).__doc__ or "").startswith(code), code
    for code, check in BINARY_CHECKS.items():
        assert (check.__doc__ or "").startswith(code), code


def test_every_rule_speaks_in_some_test() -> None:
    """A rule that no test makes speak may be dead."""
    texts = "".join(
        path.read_text() for path in (ROOT / "tests").rglob("test_*.py") if path.name != Path(__file__).name
    )
    functions = {code: name for code, (_, name) in SOURCE_CHECKS.items()}
    functions |= COMPOSITION_CHECKS
    functions |= {code: check.__name__ for code, check in BINARY_CHECKS.items()}
    silent = [code for code in sorted(CODES) if code not in texts and f".{functions[code]}(" not in texts]
    assert not silent
