"""Findings, pages and help in another language than English.

A catalogue maps English templates (``model.text``) to those of a language, with the same placeholders. What is in no
catalogue stays English. Codes, names, paths and commands are never translated.
"""

from __future__ import annotations

import dataclasses
import string
import tomllib
from collections.abc import Callable, Iterable, Mapping

from wasmdoctor.model.errors import WasmdoctorError
from wasmdoctor.model.finding import Finding, Report, Suppressed
from wasmdoctor.model.fix import SuggestedFix
from wasmdoctor.model.rule import Fix, Lint
from wasmdoctor.model.text import Translate, phrase, translated

ENGLISH = "en"
LANGUAGES = (ENGLISH, "zh")
"""The languages that there are catalogues for, and English."""


class LanguageError(WasmdoctorError):
    """A catalogue that cannot be used: which file, which entry, why."""


@dataclasses.dataclass(frozen=True, slots=True)
class Language:
    """A catalogue. ``lint`` gives a rule's texts in the language (``rules/lang/<code>/lints``)."""

    code: str
    templates: Mapping[str, str]
    lint: Callable[[Lint], Lint]

    def template(self, english: str) -> str:
        """The template in this language, or the English one."""
        return self.templates.get(english, english)


# -- which language


def wanted_language(environment: Mapping[str, str]) -> str:
    """The language that an environment asks for: WASMDOCTOR_LANG, then the locale of messages as gettext has it."""
    for variable in ("WASMDOCTOR_LANG", "LC_ALL", "LC_MESSAGES", "LANG"):
        value = environment.get(variable, "")
        if value:
            return language_of(value)
    return ENGLISH


def language_of(name: str) -> str:
    """The language of a name like ``zh``, ``zh_CN.UTF-8`` or ``zh-Hans``; English for those that there are none of."""
    base = name.replace("-", "_").partition(".")[0].partition("_")[0].lower()
    return base if base in LANGUAGES else ENGLISH


# -- catalogues


def placeholders(template: str) -> frozenset[str]:
    """The names between braces. Raises ValueError for a template that is none."""
    return frozenset(name for _, name, _, _ in string.Formatter().parse(template) if name is not None)


def parse_messages(path: str, data: bytes) -> dict[str, str]:
    """A file of messages: tables of English templates with those of the language.

    Raises LanguageError when it is no such file, or two templates have other placeholders.
    """
    found: dict[str, str] = {}
    for section, table in _toml(path, data).items():
        if not isinstance(table, dict):
            raise LanguageError(f"{path}: {section}: must be a table")
        for english, other in table.items():
            if english in found:
                raise LanguageError(f"{path}: {section}: twice: {english!r}")
            if not isinstance(other, str):
                raise LanguageError(f"{path}: {section}: must be a text: {english!r}")
            try:
                same = placeholders(english) == placeholders(other)
            except ValueError as error:
                raise LanguageError(f"{path}: {section}: {error}: {english!r}") from None
            if not same:
                raise LanguageError(f"{path}: {section}: other placeholders than in English: {english!r}")
            found[english] = other
    return found


def parse_lint(path: str, data: bytes, lint: Lint) -> Lint:
    """A rule with its texts from a file: ``summary``, ``what``, ``why``, and ``title`` and ``text`` of each fix.

    Raises LanguageError when something is missing or more than the rule has.
    """
    table = _toml(path, data)
    texts = {key: table.pop(key, None) for key in ("summary", "what", "why")}
    fixes = table.pop("fixes", None)
    wrong = [key for key, value in texts.items() if not isinstance(value, str)] + sorted(table)
    if wrong:
        raise LanguageError(f"{path}: wrong or missing: {', '.join(wrong)}")
    own = len(lint.fixes) - (len(fixes) if isinstance(fixes, list) else 0)
    if not isinstance(fixes, list) or own < 0:
        raise LanguageError(f"{path}: fixes: {lint.code} has {len(lint.fixes)}")
    # Fixes of a person's own data stand first, and nobody translated them.
    told = [
        *lint.fixes[:own],
        *(_fix(path, each, fix) for each, fix in zip(fixes, lint.fixes[own:], strict=True)),
    ]
    summary, what, why = (str(value) for value in texts.values())
    return dataclasses.replace(lint, summary=summary, what=what, why=why, fixes=tuple(told))


def _fix(path: str, table: object, fix: Fix) -> Fix:
    if not isinstance(table, dict) or set(table) != {"title", "text"}:
        raise LanguageError(f"{path}: fixes: each has a title and a text")
    return dataclasses.replace(fix, title=str(table["title"]), text=str(table["text"]))


def _toml(path: str, data: bytes) -> dict[str, object]:
    try:
        return tomllib.loads(data.decode())
    except ValueError as error:
        raise LanguageError(f"{path}: {error}") from None


# -- reports


def report_in(report: Report, language: Language) -> Report:
    """A report with its messages, helps, notes and titles of fixes in a language. The order stays."""
    translate = language.template
    return dataclasses.replace(
        report,
        findings=tuple(finding_in(finding, translate) for finding in report.findings),
        suppressed=tuple(_suppressed(each, translate) for each in report.suppressed),
        notes=_each(report.notes, translate),
    )


def finding_in(finding: Finding, translate: Translate) -> Finding:
    """A finding in another language. Its fingerprint, code, name and places stay."""
    return dataclasses.replace(
        finding,
        message=translated(finding.message, translate),
        help=translated(finding.help, translate),
        related=tuple((place, translated(text, translate)) for place, text in finding.related),
        fixes=tuple(_titled(fix, translate) for fix in finding.fixes),
    )


def _titled(fix: SuggestedFix, translate: Translate) -> SuggestedFix:
    return dataclasses.replace(fix, title=translated(fix.title, translate))


def _suppressed(each: Suppressed, translate: Translate) -> Suppressed:
    return dataclasses.replace(each, finding=finding_in(each.finding, translate))


def _each(texts: Iterable[str], translate: Translate) -> tuple[str, ...]:
    return tuple(translated(phrase(text), translate) for text in texts)
