"""Regular expressions that are compiled when they are first used."""

from __future__ import annotations

import copy
import importlib
import pkgutil
import re
from typing import Any

import pytest

import wasmdoctor
from wasmdoctor.model import regex as module
from wasmdoctor.model.regex import regex


def patterns() -> dict[str, Any]:
    """The expressions of all modules, by module and name."""
    found: dict[str, Any] = {}
    for info in pkgutil.walk_packages(wasmdoctor.__path__, "wasmdoctor."):
        if info.name in ("wasmdoctor.__main__", "wasmdoctor.lsp.loaded"):
            continue
        for name, value in vars(importlib.import_module(info.name)).items():
            if isinstance(value, module.regex):  # type: ignore[arg-type]
                found[f"{info.name}.{name}"] = value
    return found


def test_all_of_them_can_be_compiled() -> None:
    found = patterns()
    assert len(found) > 90
    for name, each in found.items():
        assert isinstance(each.pattern, str | bytes), name


def test_nothing_is_compiled_before_it_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[object] = []
    real = re.compile

    def compiled(*words: Any) -> Any:
        made.append(words)
        return real(*words)

    monkeypatch.setattr(re, "compile", compiled)
    one = regex(r"(?P<a>x+)", re.IGNORECASE)
    assert made == []
    found = one.fullmatch("XX")
    assert found is not None
    assert (found["a"], one.flags & re.IGNORECASE, one.groups) == ("XX", re.IGNORECASE, 1)
    assert one.fullmatch("y") is None
    assert one.sub("-", "axxb") == "a-b"


def test_it_says_what_it_has_not() -> None:
    with pytest.raises(AttributeError):
        _ = regex("a").nothing  # type: ignore[attr-defined]
    assert copy.copy(regex("a")).match("a")


def test_a_wrong_expression_is_one_when_it_is_used() -> None:
    with pytest.raises(re.error):
        regex("(").match("")
