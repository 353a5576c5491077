"""``wasmdoctor explain``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from wasmdoctor.cli.options import color_option, format_option
from wasmdoctor.cli.output import UnknownRule, explained, load_catalog, style_for, write

if TYPE_CHECKING:
    from wasmdoctor.catalog import Catalog
    from wasmdoctor.model.rule import Lint


@click.command()
@click.argument("code")
@format_option
@color_option
def explain(code: str, format_: str, color: str) -> None:
    """Explain a rule: what it means, why it happens, and every cure.

    CODE is a code or name from a finding, as in `WD101` or `nonstandard-import`.
    """
    from wasmdoctor.reporters import rules

    with explained():
        catalog = load_catalog()
        lint = find_lint(catalog, code)
        write(rules.lint_json(lint) if format_ == "json" else rules.explain(lint, style_for(color)), None)


def find_lint(catalog: Catalog, code: str) -> Lint:
    """The rule of a code or name, in any case. Raises UnknownRule, with a suggestion."""
    wanted = code.strip().lower()
    for lint in catalog.lints:
        if wanted in (lint.code.lower(), lint.name):
            return lint
    import difflib

    known = [word for lint in catalog.lints for word in (lint.code, lint.name)]
    lower = {word.lower(): word for word in known}
    near = difflib.get_close_matches(wanted, lower, 1)
    hint = f"did you mean `{lower[near[0]]}`?" if near else "`wasmdoctor rules` lists them"
    raise UnknownRule(f"there is no rule `{code}`", hint)
