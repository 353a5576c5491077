"""``wasmdoctor explain`` and ``wasmdoctor rules``: what a rule says of itself."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from typing import Any

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from wasmdoctor.model.rule import Lint
from wasmdoctor.reporters.console import SEVERITY_STYLE, Style, written
from wasmdoctor.reporters.jsontext import dumped
from wasmdoctor.reporters.speech import heard, here
from wasmdoctor.reporters.wrapping import cells, wrap

GAP = 2
"""Columns between those of a table."""

LEAST_SUMMARY = 40
"""Columns for the sentence on a rule, below which it gets lines of its own."""

FIXED = {
    "safe": "`check --fix` mends it, where that takes no more than an edit.",
    "unsafe": "`check --fix --unsafe-fixes` mends it, where that takes no more than an edit.",
    "sometimes": "`check --fix` mends it where that is safe, with --unsafe-fixes also where it is not.",
}
"""What a rule says of its fixes (``Lint.fix``), in words."""


def explain(lint: Lint, style: Style) -> str:
    """One rule as a page."""

    def write(console: Console) -> None:
        title = Text(f"{lint.code} {lint.name}", "bold")
        title.append(f"  {heard(lint.severity.value)}", SEVERITY_STYLE[lint.severity])
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
        if lint.fix:
            console.print(Padding(Text(here(FIXED[lint.fix]), "cyan"), (0, 0, 0, 2)))
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
        console.print(Padding(Text(_lines(" ".join(prose), console.width - indent)), (0, 0, 0, indent)))
        prose.clear()


def _lines(text: str, width: int) -> str:
    """Text with wide characters in lines; rich breaks the rest itself."""
    return text if cells(text) == len(text) else "\n".join(wrap(text, max(width, LEAST_SUMMARY // 2)))


def table(lints: Iterable[Lint], style: Style) -> str:
    """All rules, a row each."""

    def write(console: Console) -> None:
        rows = list(lints)
        before = 5 + 3 + max((len(lint.name) for lint in rows), default=0) + 3 * GAP
        if console.width - before < LEAST_SUMMARY:
            for lint in rows:
                head = Text(lint.code, SEVERITY_STYLE[lint.severity])
                head.append(f"  {lint.name}  ", "not bold default").append(_mark(lint), "not bold cyan")
                console.print(head)
                summary = _lines(lint.summary, console.width - GAP)
                console.print(Padding(Text(summary, "dim"), (0, 0, 0, GAP)))
        else:
            console.print(_grid(rows, console.width - before))
        console.print()
        console.print(Text(here("[*] check --fix mends it, [ ] with --unsafe-fixes"), "dim"))
        console.print(Text(here("more about one: wasmdoctor explain CODE"), "dim"))

    return written(style, write)


def _grid(lints: list[Lint], width: int) -> Table:
    """The rules with their summaries in so many columns."""
    grid = Table(box=None, padding=(0, GAP, 0, 0), pad_edge=False, show_header=False)
    for _ in range(3):
        grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold")
    for lint in lints:
        code = Text(lint.code, SEVERITY_STYLE[lint.severity])
        summary = Text(_lines(lint.summary, width), "dim")
        grid.add_row(code, Text(_mark(lint), "cyan"), Text(lint.name), summary)
    return grid


def _mark(lint: Lint) -> str:
    return {"": "", "unsafe": "[ ]"}.get(lint.fix, "[*]")


def lint_json(lint: Lint) -> str:
    """One rule as JSON."""
    return dumped(_plain(lint)) + "\n"


def lints_json(lints: Iterable[Lint]) -> str:
    """All rules as a JSON list."""
    return dumped([_plain(lint) for lint in lints]) + "\n"


def _plain(lint: Lint) -> dict[str, Any]:
    return dataclasses.asdict(lint)
