"""The language that a run speaks: ``--lang``, then WASMDOCTOR_LANG, then the locale of messages.

English costs nothing: no catalogue is read, and no module loaded for it.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from wasmdoctor.model.rule import Lint
    from wasmdoctor.reporters.language import Language

META = "wasmdoctor.language"
EXPLICIT = "wasmdoctor.language.explicit"
OPTION = "--lang"
CODES = ("en", "zh")
VARIABLES = ("WASMDOCTOR_LANG", "LC_ALL", "LC_MESSAGES", "LANG")


def lang_option() -> click.Option:
    """``--lang``, as every command has it. :func:`choose` sees to it before the command line is read."""
    return click.Option(
        [OPTION],
        type=click.Choice(CODES),
        expose_value=False,
        help="The language of findings, explanations and help. [env: WASMDOCTOR_LANG]",
    )


def choose(ctx: click.Context, args: Sequence[str]) -> None:
    """Decide on the language of a run from its arguments and the environment.

    It is looked for before the arguments are parsed, so that help and mistakes are told in it, too.
    """
    asked = asked_for(args)
    code = asked or _of_environment()
    ctx.meta[EXPLICIT] = bool(asked)
    if code != "en" and _can_write():
        ctx.meta[META] = load(code)


def asked_for(args: Sequence[str]) -> str:
    """The language of ``--lang`` among arguments, "" when there is none or no such language."""
    found = ""
    for index, word in enumerate(args):
        if word == "--":
            break
        if word == OPTION and index + 1 < len(args):
            found = args[index + 1]
        elif word.startswith(f"{OPTION}="):
            found = word.partition("=")[2]
    return found if found in CODES else ""


def _of_environment() -> str:
    """The language of the environment. Most have none of ours: then the catalogues' module is not loaded."""
    values = [os.environ.get(variable, "") for variable in VARIABLES]
    if not any(value.lower().startswith("zh") for value in values):
        return "en"
    from wasmdoctor.reporters.language import wanted_language

    return wanted_language(os.environ)


def _can_write() -> bool:
    """Whether standard output can take the characters: question marks help nobody."""
    try:
        "中，✗".encode(sys.stdout.encoding or "ascii")
    except (LookupError, UnicodeEncodeError):
        return False
    return True


def current() -> Language | None:
    """The language of the run, None for English."""
    ctx = click.get_current_context(silent=True)
    found: Language | None = ctx.meta.get(META) if ctx else None
    return found


def for_machines() -> Language | None:
    """The language of formats that programs read (SARIF, annotations): only when a person asked on the command line."""
    ctx = click.get_current_context(silent=True)
    return current() if ctx and ctx.meta.get(EXPLICIT) else None


def load(code: str) -> Language:
    """The catalogue of a language, from ``rules/lang/<code>``. Raises LanguageError for one that cannot be used."""
    from wasmdoctor.catalog import rules_folder
    from wasmdoctor.reporters.language import Language, LanguageError, parse_lint, parse_messages

    folder = rules_folder() / "lang" / code
    templates: dict[str, str] = {}
    for path in sorted(folder.glob("*.toml")):
        found = parse_messages(str(path), path.read_bytes())
        twice = templates.keys() & found.keys()
        if twice:
            raise LanguageError(f"{path}: in another file as well: {min(twice)!r}")
        templates |= found

    def lint_in(lint: Lint) -> Lint:
        path = folder / "lints" / f"{lint.code}.toml"
        return parse_lint(str(path), path.read_bytes(), lint) if path.is_file() else lint

    return Language(code, templates, lint_in)


def spoken(lint: Lint) -> Lint:
    """A rule with its texts in the language of the run."""
    language = current()
    return language.lint(lint) if language else lint
