"""What ``config show`` prints: every key, its effective value, and where that comes from."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import date
from typing import TYPE_CHECKING, Any

from wasmdoctor.model.record import dataclass
from wasmdoctor.reporters.escape import safe
from wasmdoctor.reporters.jsontext import dumped

if TYPE_CHECKING:
    from wasmdoctor.reporters.console import Style

SCHEMA = 1


@dataclass(frozen=True, slots=True)
class Effective:
    """One key with its value (plain data, None when there is none) and its origin.

    ``origin`` is a place (``wasmdoctor.toml:3:1``), ``command line (--host)``, or ``default``.
    """

    key: str
    value: Any
    origin: str


def render(rows: Iterable[Effective], files: Iterable[str], style: Style) -> str:
    """A line for each key: as TOML would have it, and the origin behind it."""
    from rich.console import Console
    from rich.text import Text

    from wasmdoctor.reporters.console import written

    rows = list(rows)
    files = list(files)

    def write(console: Console) -> None:
        head = "configuration: " + (", which extends ".join(map(safe, files)) or "none found")
        console.print(Text(head, "bold"), soft_wrap=True)
        for row in rows:
            given = row.origin != "default"
            line = Text(f"{row.key} = ", "" if given else "dim")
            line.append(safe(toml(row.value)), "cyan" if given else "dim")
            line.append(f"  # {safe(row.origin)}", "dim")
            console.print(line, soft_wrap=True)

    return written(style, write)


def render_json(rows: Iterable[Effective], files: Iterable[str], data: str | None) -> str:
    """The same as JSON; dates as text."""
    document = {
        "schema": SCHEMA,
        "files": list(files),
        "data": data,
        "settings": [{"key": row.key, "value": row.value, "origin": row.origin} for row in rows],
    }
    return dumped(document, default=_plain) + "\n"


def _plain(value: object) -> str:
    assert isinstance(value, date)
    return value.isoformat()


def toml(value: object) -> str:
    """A value as TOML on one line; "(none)" for no value."""
    if value is None:
        return "(none)"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, str):
        return quoted(value)
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(toml, value)) + "]"
    if isinstance(value, dict):
        inner = ", ".join(f"{_key(str(name))} = {toml(each)}" for name, each in value.items())
        return f"{{ {inner} }}" if inner else "{}"
    return str(value)


def _key(name: str) -> str:
    bare = name.isascii() and name.replace("-", "").replace("_", "").isalnum()
    return name if bare else quoted(name)


def quoted(text: str) -> str:
    """A basic string of TOML: JSON's escapes are among TOML's, but for DEL."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
