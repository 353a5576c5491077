"""A pager for what is longer than the screen, as git has one: only on a terminal, and only when it is needed.

``WASMDOCTOR_PAGER`` names it, else ``PAGER``, else it is less; an empty name or ``cat`` is none.
"""

from __future__ import annotations

import os
import sys

import click

from wasmdoctor.model.regex import regex

META = "wasmdoctor.pager"
_STYLES = regex(r"\x1b\[[0-9;]*m|\x1b\]8;[^\x1b]*\x1b\\")
"""Colours and links: what takes no columns."""


def pager_option() -> click.Option:
    """``--no-pager``, as every command has it."""

    def told(ctx: click.Context, param: click.Parameter, value: bool) -> None:
        if value:
            ctx.meta[META] = False

    return click.Option(
        ["--no-pager"],
        is_flag=True,
        expose_value=False,
        callback=told,
        help="Print what is longer than the screen as it is. [env: WASMDOCTOR_PAGER, PAGER]",
    )


def paged(text: str) -> bool:
    """Show a text in the pager, if it is to be: True when that was done."""
    if not sys.stdout.isatty() or not sys.stdin.isatty() or not _is_long(text):
        return False
    command = _command()
    if not command:
        return False
    from wasmdoctor.toolchain import page

    # What less does without options of the person's own: end at once for what fits, keep colours and the screen.
    environment = {"LESS": "FRX", "LV": "-c", **os.environ}
    sys.stdout.flush()
    return page(command, text.encode(sys.stdout.encoding or "utf-8", "replace"), environment)


def _command() -> list[str]:
    """The pager's command line; [] for none."""
    import shlex

    ctx = click.get_current_context(silent=True)
    if (ctx is not None and ctx.meta.get(META) is False) or os.environ.get("TERM", "dumb") == "dumb":
        return []
    named = os.environ.get("WASMDOCTOR_PAGER", os.environ.get("PAGER", "less"))
    try:
        words = shlex.split(named)
    except ValueError:
        return []
    return [] if words == ["cat"] else words


def _is_long(text: str) -> bool:
    """Whether a text has more lines than the terminal, those counted that it breaks."""
    import shutil

    from wasmdoctor.reporters.wrapping import cells

    size = shutil.get_terminal_size((80, 24))
    lines = text.splitlines()
    if len(lines) >= size.lines:
        return True
    plain = (_STYLES.sub("", line) for line in lines)
    return sum(max(1, -(-cells(line) // size.columns)) for line in plain) >= size.lines
