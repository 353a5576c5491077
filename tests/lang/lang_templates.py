"""The English texts that a catalogue has to have: read from the code, from data, and from the help pages."""

from __future__ import annotations

import ast
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import click

from wasmdoctor.cli import cli
from wasmdoctor.cli.help import Context
from wasmdoctor.cli.language import META

ROOT = Path(__file__).parents[2]
SAYING = ("wasmdoctor/model/", "wasmdoctor/graph/", "wasmdoctor/discover.py")
"""Modules whose words others look up; besides them those that do it themselves."""

CALLS = ("say", "here", "heard", "phrase")


@cache
def nodes() -> list[tuple[str, ast.Call | ast.Constant]]:
    """The calls and constants of the modules that say something, with the module that has them."""
    found: list[tuple[str, ast.Call | ast.Constant]] = []
    for path in sorted((ROOT / "wasmdoctor").rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        name = path.relative_to(ROOT).as_posix()
        if not name.startswith(SAYING) and not ("model.text" in text or "reporters.speech" in text):
            continue
        tree = ast.parse(text)
        found += [(name, node) for node in ast.walk(tree) if isinstance(node, ast.Call | ast.Constant)]
    return found


def said() -> dict[str, str]:
    """The templates that stand in calls, with the module that has them."""
    found: dict[str, str] = {}
    for path, node in nodes():
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in CALLS:
            for text in _literals(node.args[0] if node.args else None):
                found.setdefault(text, path)
    return found


def _literals(node: ast.expr | None) -> Iterator[str]:
    """The strings that an expression may be."""
    match node:
        case ast.Constant(value=str() as text):
            yield text
        case ast.IfExp():
            yield from _literals(node.body)
            yield from _literals(node.orelse)
        case ast.BoolOp():
            for value in node.values:
                yield from _literals(value)
        case ast.Call(func=ast.Attribute(value=ast.Dict(values=values), attr="get")):
            for value in values:
                yield from _literals(value)


def constants() -> set[str]:
    """All strings of the package: what is looked up by a variable stands somewhere."""
    found: set[str] = set()
    for _, node in nodes():
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            found.add(node.value)
            if "{" not in node.value and node.value.replace(" ", "").isalpha():
                found |= {f"{{count}} {node.value}", f"{{count}} {node.value}s"}
    return found


def data() -> dict[str, str]:
    """Sentences of ``rules/`` that findings quote."""
    deprecated = tomllib.loads((ROOT / "rules/deprecated.toml").read_text(encoding="utf-8"))
    lookalikes = tomllib.loads((ROOT / "rules/lookalikes.toml").read_text(encoding="utf-8"))
    texts = [row["what"] for row in deprecated["rows"]] + [role["about"] for role in lookalikes["roles"]]
    return dict.fromkeys(texts, "rules")


class Recorder:
    """A language that says everything in English, and remembers what it was asked for."""

    code = "zh"

    def __init__(self) -> None:
        self.asked: dict[str, str] = {}
        self.page = ""

    def template(self, english: str) -> str:
        self.asked.setdefault(english, self.page)
        return english


@cache
def help_texts() -> dict[str, str]:
    """What help pages are made of, with the command that has it."""
    recorder = Recorder()
    for words, command in commands():
        context = Context(command, info_name=words)
        context.meta[META] = recorder
        recorder.page = words
        with context:
            command.get_help(context)
    return recorder.asked


def commands() -> Iterator[tuple[str, click.Command]]:
    """All commands, with the words that call them."""
    waiting: list[tuple[str, click.Command]] = [("wasmdoctor", cli)]
    while waiting:
        words, command = waiting.pop(0)
        yield words, command
        if isinstance(command, click.Group):
            context = click.Context(command)
            for name in command.list_commands(context):
                below = command.get_command(context, name)
                assert below is not None
                waiting.append((f"{words} {name}", below))
