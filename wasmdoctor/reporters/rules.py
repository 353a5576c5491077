"""``wasmdoctor explain`` and ``wasmdoctor rules``: what a rule says of itself."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable
from typing import Any

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from wasmdoctor.model.rule import Lint
from wasmdoctor.reporters.console import SEVERITY_STYLE, Style, written
from wasmdoctor.reporters.language import here


def explain(lint: Lint, style: Style) -> str:
    """One rule as a page."""

    def write(console: Console) -> None:
        title = Text(f"{lint.code} {lint.name}", "bold")
        title.append(f"  {lint.severity.value}", SEVERITY_STYLE[lint.severity])
        console.print(title)
        console.print(Text(lint.summary))
        _section(console, here("What it means"), lint.what)
        _section(console, here("Why it happens"), lint.why)
        console.print()
        console.print(Text(here("Example"), "bold"))
        for label, code in ((here("before"), lint.example.before), (here("after"), lint.example.after)):
            console.print(Padding(Text(label, "dim"), (0, 0, 0, 2)))
            console.print(Padding(Text(code.strip("\n"), "cyan"), (0, 0, 0, 4)))
        console.print()
        console.print(Text(here("How to fix it"), "bold"))
        for fix in lint.fixes:
            plan = here(" (plan {plan})", plan=fix.plan) if fix.plan else ""
            console.print(Padding(Text(fix.title + plan, "green"), (0, 0, 0, 2)))
            _prose(console, fix.text, 4)
        if lint.references:
            console.print()
            console.print(Text(here("References"), "bold"))
            for reference in lint.references:
                note = f": {reference.note}" if reference.note else ""
                console.print(Padding(Text(reference.title + note), (0, 0, 0, 2)))

    return written(style, write)


def _section(console: Console, title: str, text: str) -> None:
    console.print()
    console.print(Text(title, "bold"))
    _prose(console, text, 2)


def _prose(console: Console, text: str, indent: int) -> None:
    """Paragraphs are wrapped; lines indented by four spaces are commands and stay as they are."""
    paragraphs = text.strip("\n").split("\n\n")
    for number, paragraph in enumerate(paragraphs):
        if number:
            console.print()
        prose: list[str] = []
        for line in paragraph.splitlines():
            if line.startswith("    "):
                _flush(console, prose, indent)
                console.print(Padding(Text(line[4:], "cyan"), (0, 0, 0, indent + 2)))
            else:
                prose.append(line.strip())
        _flush(console, prose, indent)


def _flush(console: Console, prose: list[str], indent: int) -> None:
    if prose:
        console.print(Padding(Text(" ".join(prose)), (0, 0, 0, indent)))
        prose.clear()


def table(lints: Iterable[Lint], style: Style) -> str:
    """All rules, a row each."""

    def write(console: Console) -> None:
        grid = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, show_header=False)
        grid.add_column(no_wrap=True)
        grid.add_column(no_wrap=True)
        grid.add_column(overflow="fold")
        for lint in lints:
            row = Text(lint.name)
            grid.add_row(Text(lint.code, SEVERITY_STYLE[lint.severity]), row, Text(lint.summary, "dim"))
        console.print(grid)
        console.print()
        console.print(Text(here("more about one: wasmdoctor explain CODE"), "dim"))

    return written(style, write)


def lint_json(lint: Lint) -> str:
    """One rule as JSON."""
    return json.dumps(_plain(lint), indent=2, ensure_ascii=False) + "\n"


def lints_json(lints: Iterable[Lint]) -> str:
    """All rules as a JSON list."""
    return json.dumps([_plain(lint) for lint in lints], indent=2, ensure_ascii=False) + "\n"


def _plain(lint: Lint) -> dict[str, Any]:
    return dataclasses.asdict(lint)
