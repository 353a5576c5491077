"""How text for people is made: a rich console that writes to a string, the same for every command."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import TYPE_CHECKING

from wasmdoctor.model.record import dataclass
from wasmdoctor.model.rule import Severity

if TYPE_CHECKING:
    from rich.console import Console

# For terminals and files that take no other characters.
ASCII = str.maketrans({"└": "`", "✗": "x", "✓": "+", "·": "-", "→": ">", "…": "~", "—": "-"})

SEVERITY_STYLE = {Severity.ERROR: "bold red", Severity.WARNING: "bold yellow", Severity.NOTE: "bold cyan"}

MINIMUM_WIDTH = 40


@dataclass(frozen=True, slots=True)
class Style:
    """How to write: width in columns, with colour or not, with Unicode marks or ASCII ones.

    ``links`` is the folder that shown paths are relative to when the terminal can open links, else "".
    """

    width: int = 100
    color: bool = False
    unicode: bool = True
    links: str = ""


def written(style: Style, write: Callable[[Console], None]) -> str:
    """What ``write`` prints, without spaces at line ends."""
    from rich.console import Console

    stream = io.StringIO()
    write(
        Console(
            file=stream,
            width=max(style.width, MINIMUM_WIDTH),
            force_terminal=style.color,
            color_system="standard" if style.color else None,
            no_color=not style.color,
            highlight=False,
            markup=False,
            emoji=False,
            legacy_windows=False,
        )
    )
    return finished(stream.getvalue(), style)


def finished(text: str, style: Style) -> str:
    """Text with one line end at its end, no trailing spaces, and in ASCII when the style asks for it."""
    text = "\n".join(line.rstrip() for line in text.splitlines()) + "\n" if text else ""
    return text if style.unicode else text.translate(ASCII)
