"""Makes what is told of the command line elsewhere: docs/cli.md, the man page and the completions.

`python scripts/make_cli.py` writes them, `--check` fails when one is not current. All of it comes from the
commands themselves, as `wasmdoctor COMMAND --help` shows them.
"""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pages
from click.shell_completion import get_completion_class

from wasmdoctor.cli import cli

ROOT = Path(__file__).parent.parent


def commands(group: click.Group, path: str) -> Iterator[tuple[str, click.Command, click.Context]]:
    """All commands below a group with the words that call them, in the order of the help."""
    context = click.Context(group, info_name=path)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        words = f"{path} {name}"
        yield words, command, click.Context(command, info_name=name, parent=context)
        if isinstance(command, click.Group):
            yield from commands(command, words)


def paragraphs(command: click.Command) -> tuple[list[str], str]:
    """The prose of a command's help, a paragraph each, and its examples."""
    text = inspect.cleandoc(command.help or "")
    prose: list[str] = []
    examples = ""
    for block in re.split(r"\n\s*\n", text):
        if block.startswith("\b\n"):
            title, _, rest = block.removeprefix("\b\n").partition("\n")
            if title.strip() in ("Examples:", "Install it:"):
                examples = inspect.cleandoc(rest)
            else:
                prose.append(f"{title}\n{rest}")
        else:
            prose.append(" ".join(block.split()))
    return prose, examples


def options(command: click.Command, context: click.Context) -> list[tuple[str, str]]:
    """The options of a command: how each is written, and what it does."""
    found = []
    for parameter in command.get_params(context):
        record = parameter.get_help_record(context)
        if record is not None and isinstance(parameter, click.Option) and "--help" not in parameter.opts:
            found.append(record)
    return found


def usage(words: str, command: click.Command, context: click.Context) -> str:
    """``wasmdoctor check [OPTIONS] [PATHS]...``."""
    return " ".join([words, *command.collect_usage_pieces(context)])


def reference() -> str:
    """docs/cli.md."""
    parts = [
        "# Commands",
        "",
        "Made from the commands themselves: `wasmdoctor COMMAND --help` shows the same.",
    ]
    for words, command, context in commands(cli, "wasmdoctor"):
        prose, examples = paragraphs(command)
        parts += ["", f"## {words}", "", f"    {usage(words, command, context)}", ""]
        parts += ["\n\n".join(prose)]
        rows = options(command, context)
        if rows:
            parts += ["", "| option | what it does |", "|---|---|"]
            parts += [f"| `{name.replace('|', chr(92) + '|')}` | {cell(text)} |" for name, text in rows]
        if examples:
            parts += ["", "```sh", examples, "```"]
    return "\n".join(parts) + "\n"


def cell(text: str) -> str:
    """A text in a cell of a table, with what HTML would take for a tag escaped."""
    text = text.replace("|", "\\|").replace("<", "&lt;")
    return " ".join(text.split())


def roff(text: str) -> str:
    """A line of prose for roff: hyphens stay hyphens, and a dot at the start is no command."""
    text = text.replace("\\", "\\e").replace("-", "\\-").replace("`", "")
    return "\\&" + text if text[:1] in (".", "'") else text


def manual() -> str:
    """The man page. Written for man(7), so that every man can show it; no date, so that it is reproducible."""
    prose, _ = paragraphs(cli)
    lines = ['.TH WASMDOCTOR 1 "" wasmdoctor "User Commands"', ".SH NAME"]
    lines += [
        "wasmdoctor \\- " + roff("why a WebAssembly host refuses a component, and what to do"),
        ".SH SYNOPSIS",
    ]
    lines += ["wasmdoctor COMMAND [OPTIONS] ...", ".SH DESCRIPTION", roff(" ".join(prose)), ".SH COMMANDS"]
    for words, command, context in commands(cli, "wasmdoctor"):
        prose, examples = paragraphs(command)
        lines += [".SS " + roff(words), ".nf", roff(usage(words, command, context)), ".fi"]
        for paragraph in prose:
            lines += [".PP", *([".nf"] if "\n" in paragraph else [])]
            lines += [roff(line) for line in paragraph.splitlines()]
            lines += [".fi"] if "\n" in paragraph else []
        for name, text in options(command, context):
            lines += [".TP", f"\\fB{roff(name)}\\fR", roff(" ".join(text.split()))]
        if examples:
            lines += [
                ".PP",
                "Examples:",
                ".nf",
                *(f"  {roff(line)}" for line in examples.splitlines()),
                ".fi",
            ]
    lines += [".SH EXIT STATUS", ".TP", "0", "Nothing was found."]
    lines += [".TP", "1", roff("There are findings at or above --fail-on."), ".TP", "2", "It could not run."]
    return "\n".join(lines) + "\n"


def completion(shell: str) -> str:
    """The completion script of a shell, as `wasmdoctor completion SHELL` prints it."""
    kind = get_completion_class(shell)
    assert kind is not None
    return kind(cli, {}, "wasmdoctor", "_WASMDOCTOR_COMPLETE").source().strip() + "\n"


GENERATED = {
    "docs/cli.md": reference,
    "docs/share/wasmdoctor.1": manual,
    "docs/share/wasmdoctor.bash": lambda: completion("bash"),
    "docs/share/_wasmdoctor": lambda: completion("zsh"),
    "docs/share/wasmdoctor.fish": lambda: completion("fish"),
}


def main() -> int:
    check = pages.parser(__doc__).parse_args().check
    return pages.keep({ROOT / name: make() for name, make in GENERATED.items()}, only_check=check)


if __name__ == "__main__":
    sys.exit(main())
