"""Help pages: what click makes, in the language of the run, in lines that fit wide characters as well."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

import click

from wasmdoctor.cli.language import OPTION, current, lang_option
from wasmdoctor.cli.pager import pager_option
from wasmdoctor.model.regex import regex

if TYPE_CHECKING:
    from wasmdoctor.reporters.language import Language

_NOTED = regex(r"^(?P<command>\s*\S.*?\S\s{3,})(?P<note>\S.*)$")
"""A line of an example with a remark behind it."""

_EXTRA = regex(r"^(?P<text>.*?)(?:  \[(?P<extra>[^\[]*)\])?$", re.DOTALL)
"""The help of an option, and what click puts behind it: the default, a range."""


class Formatter(click.HelpFormatter):
    """Click's, which asks the catalogue for every text before it is written."""

    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        """The line at the top."""
        language = current()
        if language is not None and prefix is None:
            prefix = language.template("Usage:") + " "
        super().write_usage(prog, args, prefix)

    def write_heading(self, heading: str) -> None:
        """A heading."""
        language = current()
        super().write_heading(language.template(heading) if language else heading)

    def write_text(self, text: str) -> None:
        """Paragraphs; those after ``\\b`` keep their lines."""
        language = current()
        if language is None:
            super().write_text(text)
            return
        indent = " " * self.current_indent
        blocks = [_paragraph(language, block, self.width - len(indent)) for block in text.split("\n\n")]
        self.write("\n\n".join("\n".join(indent + line for line in block) for block in blocks) + "\n")

    def write_dl(self, rows: Iterable[tuple[str, str]], col_max: int = 30, col_spacing: int = 2) -> None:
        """Commands or options, each with its help."""
        language = current()
        if language is None:
            super().write_dl(rows, col_max, col_spacing)
            return
        from wasmdoctor.reporters.wrapping import wrap

        rows = list(rows)
        column = min(max((len(first) for first, _ in rows), default=0), col_max) + col_spacing
        width = max(self.width - self.current_indent - column, 10)
        for first, second in rows:
            start = " " * self.current_indent + first
            lines = wrap(_option(language, second), width) if second else []
            rest = " " * (self.current_indent + column)
            if lines and len(first) <= column - col_spacing:
                start = start.ljust(self.current_indent + column) + lines.pop(0)
            self.write("\n".join([start.rstrip(), *(rest + line for line in lines)]) + "\n")


def _paragraph(language: Language, block: str, width: int) -> list[str]:
    from wasmdoctor.reporters.wrapping import wrap

    if not block.startswith("\b\n"):
        return wrap(language.template(" ".join(block.split())), width)
    return [_line(language, line) for line in block.removeprefix("\b\n").splitlines()]


def _line(language: Language, line: str) -> str:
    """A line of examples: its remark, or all of a heading."""
    noted = _NOTED.match(line)
    if noted:
        return noted["command"] + language.template(noted["note"])
    return language.template(line) if not line.startswith(" ") else line


def _option(language: Language, text: str) -> str:
    found = _EXTRA.match(text)
    if found is None:
        return language.template(" ".join(text.split()))
    told = language.template(" ".join(found["text"].split()))
    extra = found["extra"] or ""
    for word in ("default: ", "required"):
        extra = extra.replace(word, language.template(word))
    return f"{told}  [{extra}]" if extra else told


class Context(click.Context):
    """A context whose help pages are written by :class:`Formatter`."""

    formatter_class = Formatter


def prepared(command: click.Command) -> click.Command:
    """A command, and those below it, with the options that all have, and help in the language of the run."""
    command.context_class = Context
    if not any(OPTION in parameter.opts for parameter in command.params):
        command.params += [pager_option(), lang_option()]
    if isinstance(command, click.Group):
        for each in command.commands.values():
            # Click would cut the line in the list of commands; the first sentence is short enough.
            each.short_help = each.short_help or " ".join((each.help or "").partition("\n\n")[0].split())
            prepared(each)
    return command
