"""``wasmdoctor explain -``: the errors that were recognised in a text, for people and as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from wasmdoctor.model.errortext import ErrorReading, Recognised
from wasmdoctor.model.rule import Lint
from wasmdoctor.reporters.console import SEVERITY_STYLE, Style, written
from wasmdoctor.reporters.escape import safe
from wasmdoctor.reporters.jsontext import dumped

if TYPE_CHECKING:
    from rich.console import Console

SCHEMA = 1
LABELS = {
    "interface": "interface",
    "interface2": "and",
    "package": "package",
    "package2": "and",
    "function": "function",
    "world": "world",
    "name": "name",
    "component": "component",
    "file": "file",
}
"""What a placeholder is called for people, in the order in which it is shown."""

LABEL_WIDTH = 11


def render(reading: ErrorReading, lints: Mapping[str, Lint], style: Style) -> str:
    """The reading as text: an error after the other, or what can be said of an unknown text."""

    def write(console: Console) -> None:
        for number, one in enumerate(reading.recognised):
            if number:
                console.print()
            _error(console, one, lints.get(one.code))
        if not reading.recognised:
            _unknown(console, reading)
        if reading.dropped:
            console.print()
            _line(console, "note", f"the last {reading.dropped} characters of the text were not read", "dim")

    return written(style, write)


def _error(console: Console, one: Recognised, lint: Lint | None) -> None:
    from rich.text import Text

    if lint:
        title = Text(f"{lint.code} {lint.name}", SEVERITY_STYLE[lint.severity])
    else:
        title = Text("no rule: about the tools", "bold")
    title.append(f"  {one.said_by} says", "not bold dim")
    if one.times > 1:
        title.append(f", {one.times} times", "not bold dim")
    console.print(title)
    _line(console, "", f"> {one.quote}", "dim")
    _line(console, "what", one.what)
    if one.note:
        _line(console, "", one.note)
    if lint:
        _line(console, "rule", lint.summary)
    shown: set[str] = set()
    for name, label in LABELS.items():
        value = one.values.get(name, "")
        if value and value not in shown:
            _line(console, label, value, "cyan")
        shown.add(value)
    if one.place:
        _line(console, "at", str(one.place), "blue")
    _line(console, "cure", one.cure, "green")
    for number, command in enumerate(one.next):
        _line(console, "" if number else "next", command, "bold")


def _unknown(console: Console, reading: ErrorReading) -> None:
    from rich.text import Text

    console.print(Text("nothing in this text is an error that wasmdoctor knows", "bold"))
    for label, names in (("interfaces", reading.names), ("files", reading.files)):
        if names:
            more = f" and {len(names) - 8} more" if len(names) > 8 else ""
            _line(console, label, ", ".join(names[:8]) + more, "cyan")
    if reading.names:
        _line(console, "next", f"wasmdoctor why {reading.names[0]}", "bold")
    if reading.files:
        _line(console, "" if reading.names else "next", f"wasmdoctor check {reading.files[0]}", "bold")
    if not reading.names and not reading.files:
        _line(console, "next", "wasmdoctor check", "bold")
    _line(
        console,
        "missing?",
        "open an issue with the whole text, the command that gave it, and the version of that tool "
        "(`wasmdoctor tools` shows them); or add a row to rules/errors/",
        "dim",
    )


def _line(console: Console, label: str, text: str, style: str = "") -> None:
    """A labelled line, wrapped under itself."""
    from rich.text import Text

    width = max(console.width - LABEL_WIDTH - 2, 20)
    lines = Text(safe(text), style).wrap(console, width, overflow="fold")
    for number, line in enumerate(lines):
        line.rstrip()
        head = Text("  " + ("" if number else label).ljust(LABEL_WIDTH), "dim")
        console.print(head.append_text(line), soft_wrap=True)


def document(reading: ErrorReading, lints: Mapping[str, Lint]) -> dict[str, Any]:
    """The reading as plain data: ``rules/schema/explain-1.json``."""
    return {
        "schema": SCHEMA,
        "recognised": [_plain(one, lints.get(one.code)) for one in reading.recognised],
        "interfaces": list(reading.names),
        "files": list(reading.files),
        "dropped": reading.dropped,
    }


def _plain(one: Recognised, lint: Lint | None) -> dict[str, Any]:
    return {
        "id": one.row.key,
        "tool": one.said_by,
        "code": one.code or None,
        "name": lint.name if lint else None,
        "severity": lint.severity.value if lint else None,
        "summary": lint.summary if lint else None,
        "quote": one.quote,
        "what": one.what,
        "note": one.note,
        "cure": one.cure,
        "next": list(one.next),
        "values": one.values,
        "location": {
            "path": one.place.path,
            "line": one.place.line or None,
            "column": one.place.column or None,
        }
        if one.place
        else None,
        "times": one.times,
        "versions": one.row.versions,
        "evidence": one.row.made,
    }


def render_json(reading: ErrorReading, lints: Mapping[str, Lint]) -> str:
    """The reading as JSON."""
    return dumped(document(reading, lints)) + "\n"
