"""The Chinese catalogue has every text, no other, and changes nothing that a person would type."""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from pathlib import Path

import pytest
from lang.lang_templates import constants, data, help_texts, said

from wasmdoctor.catalog import Catalog
from wasmdoctor.cli.language import load
from wasmdoctor.model.rule import Lint
from wasmdoctor.reporters.language import (
    LanguageError,
    language_of,
    parse_lint,
    parse_messages,
    wanted_language,
)

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "rules/lang/zh"
LINTS = Catalog().lints
CJK = re.compile(r"[\u4e00-\u9fff]")
SAME = (
    *("{evidence} {artifact}", "Rust std", "crate {name}", "crates {names}", "the {kind}", " on {host}"),
    *("crate", "include", "use", "std"),
)
"""What reads the same in Chinese."""


@pytest.fixture(scope="module")
def templates() -> dict[str, str]:
    return dict(load("zh").templates)


def missing(wanted: dict[str, str], templates: dict[str, str]) -> list[str]:
    return sorted(f"{where}: {text!r}" for text, where in wanted.items() if text not in templates)


def test_every_sentence_of_the_code_is_translated(templates: dict[str, str]) -> None:
    assert not missing(said(), templates), "add these to rules/lang/zh/messages.toml or report.toml"


def test_every_sentence_of_the_data_is_translated(templates: dict[str, str]) -> None:
    assert not missing(data(), templates), "add these to rules/lang/zh/messages.toml"


def test_every_text_of_the_help_pages_is_translated(templates: dict[str, str]) -> None:
    assert not missing(help_texts(), templates), "add these to rules/lang/zh/help.toml"


def test_nothing_is_translated_that_nobody_says(templates: dict[str, str]) -> None:
    used = {**said(), **data(), **help_texts()}.keys() | constants()
    assert sorted(text for text in templates if text not in used) == []


def test_translations_are_chinese(templates: dict[str, str]) -> None:
    english = {
        text
        for text, other in templates.items()
        if not CJK.search(other) and re.search(r"[a-z]{2}", re.sub(r"\{\w+\}|`[^`]*`", "", text))
    }
    assert english <= set(SAME)


def test_code_in_messages_stays(templates: dict[str, str]) -> None:
    """What stands between backticks is code: a name, a command, a line to write."""
    for english, other in templates.items():
        assert spans(english) == spans(other), english


def spans(text: str) -> Counter[str]:
    """The code between backticks, in any order; not that of indented blocks."""
    prose = "\n".join(line for line in text.splitlines() if not line.startswith("    "))
    return Counter(" ".join(code.split()) for code in re.findall(r"`([^`]*)`", prose))


def blocks(text: str) -> list[str]:
    """The lines of commands and code."""
    return [line for line in text.splitlines() if line.startswith("    ")]


@pytest.mark.parametrize("lint", LINTS, ids=lambda lint: lint.code)
def test_rules_are_explained_in_chinese(lint: Lint) -> None:
    path = FOLDER / "lints" / f"{lint.code}.toml"
    told = parse_lint(path.name, path.read_bytes(), lint)
    pairs = [(lint.summary, told.summary), (lint.what, told.what), (lint.why, told.why)]
    for fix, other in zip(lint.fixes, told.fixes, strict=True):
        pairs += [(fix.title, other.title), (fix.text, other.text)]
        assert (fix.plan, fix.title.startswith("Plan")) == (other.plan, other.title.startswith("方案"))
    for english, other in pairs:
        assert spans(english) == spans(other), (lint.code, english)
        assert blocks(english) == blocks(other), (lint.code, english)
        words = [line for line in english.splitlines() if line and not line.startswith("    ")]
        assert not words or CJK.search(other), (lint.code, english)
    assert (told.code, told.example, told.references) == (lint.code, lint.example, lint.references)


def test_no_text_is_for_a_rule_that_is_gone() -> None:
    assert {path.stem for path in (FOLDER / "lints").iterdir()} <= {lint.code for lint in LINTS}


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('[a]\n"no {x}" = "没有 {y}"', "other placeholders"),
        ('[a]\n"no {x}" = "没有"', "other placeholders"),
        ('[a]\n"no {x}" = "没有 {x"', "expected '}'"),
        ('[a]\n"no" = "没有"\n[b]\n"no" = "不"', "twice"),
        ('[a]\n"no" = 1', "must be a text"),
        ('"no" = "没有"', "must be a table"),
        ("[a", "Expected"),
    ],
)
def test_a_broken_catalogue_is_refused(text: str, why: str) -> None:
    with pytest.raises(LanguageError, match=re.escape(why)) as error:
        parse_messages("zh.toml", text.encode())
    assert str(error.value).startswith("zh.toml: ")


def test_a_broken_explanation_is_refused() -> None:
    lint = LINTS[0]
    whole = (FOLDER / f"lints/{lint.code}.toml").read_text(encoding="utf-8")
    assert tomllib.loads(whole)
    for broken in (
        whole.replace("summary =", "sumary ="),
        whole + '[[fixes]]\ntitle = "多"\ntext = "余"\n',
        whole.replace("title = ", "name = "),
    ):
        with pytest.raises(LanguageError):
            parse_lint("WD001.toml", broken.encode(), lint)


@pytest.mark.parametrize(
    ("environment", "language"),
    [
        ({}, "en"),
        ({"LANG": "zh_CN.UTF-8"}, "zh"),
        ({"LANG": "zh_CN.UTF-8", "LC_ALL": "C.UTF-8"}, "en"),
        ({"LANG": "zh_CN.UTF-8", "LC_MESSAGES": "de_DE"}, "en"),
        ({"LC_ALL": "", "LC_MESSAGES": "zh"}, "zh"),
        ({"WASMDOCTOR_LANG": "en", "LC_ALL": "zh_TW.UTF-8"}, "en"),
        ({"WASMDOCTOR_LANG": "zh-Hans", "LC_ALL": "C"}, "zh"),
    ],
)
def test_the_environment_decides_as_gettext_has_it(environment: dict[str, str], language: str) -> None:
    assert wanted_language(environment) == language


def test_languages_by_name() -> None:
    assert [language_of(name) for name in ("zh", "ZH_cn", "zhx", "C", "")] == ["zh", "zh", "en", "en", "en"]
