"""Documents to keep: a few kinds of blocks, written as Markdown or as one HTML page that asks nothing of a network.

Every text may come from a file that anybody wrote: it is escaped for where it goes.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape

from wasmdoctor.model.record import dataclass
from wasmdoctor.model.regex import regex
from wasmdoctor.reporters.escape import one_line, safe
from wasmdoctor.reporters.page import page


class Code(str):
    """Text that is a name, a path or a command."""

    __slots__ = ()


Inline = Sequence[str] | str
"""A text, or several that stand beside each other; ``Code`` parts are set as code."""


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading: level 1 is the document's title."""

    level: int
    text: Inline


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Running text."""

    text: Inline


@dataclass(frozen=True, slots=True)
class Items:
    """A list of texts."""

    items: Sequence[Inline]


@dataclass(frozen=True, slots=True)
class Grid:
    """A table: its head, and rows of as many cells."""

    head: Sequence[str]
    rows: Sequence[Sequence[Inline]]


@dataclass(frozen=True, slots=True)
class Listing:
    """Lines that keep their shape: a command, or a diff (``language``)."""

    text: str
    language: str = ""


Block = Heading | Paragraph | Items | Grid | Listing


def markdown(blocks: Sequence[Block]) -> str:
    """The blocks as CommonMark with tables (GitHub Flavored Markdown 0.29, "Tables")."""
    return "\n".join(_markdown(block) for block in blocks)


def _markdown(block: Block) -> str:
    match block:
        case Heading(level, text):
            return f"{'#' * level} {_inline(text)}\n"
        case Paragraph(text):
            return f"{_inline(text)}\n"
        case Items(items):
            return "".join(f"- {_inline(item)}\n" for item in items)
        case Grid(head, rows):
            lines = [head, ["---"] * len(head)]
            text = "".join(f"| {' | '.join(line)} |\n" for line in lines)
            return text + "".join(
                f"| {' | '.join(_inline(cell).replace('|', chr(92) + '|') for cell in row)} |\n"
                for row in rows
            )
        case Listing(text, language):
            longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
            fence = "`" * max(3, longest + 1)
            shown = "".join(f"{safe(line)}\n" for line in text.splitlines())
            return f"{fence}{language}\n{shown}{fence}\n"


def _cell(text: Inline) -> str:
    return _inline(text).replace("|", "\\|")


def _inline(text: Inline) -> str:
    parts = [text] if isinstance(text, str) else text
    return " ".join(" ".join(_markdown_text(part).split()) for part in parts if part)


TICKED = regex(r"`([^`\n]+)`")
SPECIAL = regex(r"([\\`*_\[\]<>#~])")


def _markdown_text(text: str) -> str:
    if not isinstance(text, Code):
        # Sentences of ours mark names with backticks, which stay marked.
        pieces = TICKED.split(text)
        return "".join(
            _markdown_text(Code(piece)) if index % 2 else SPECIAL.sub(r"\\\1", safe(piece))
            for index, piece in enumerate(pieces)
        )
    shown = one_line(text)
    longest = max((len(run) for run in re.findall(r"`+", shown)), default=0)
    fence = "`" * (longest + 1)
    space = " " if longest else ""
    return f"{fence}{space}{shown}{space}{fence}"


STYLE = """
:root { color-scheme: light dark; --page: #fff; --text: #1b2430; --quiet: #566273; --line: #d5dbe3;
  --band: #f5f7fa; --added: #116329; --removed: #a40e26; --accent: #1d4ed8; }
@media (prefers-color-scheme: dark) { :root { --page: #12161c; --text: #e4e9f0; --quiet: #9aa7b8;
  --line: #343d4a; --band: #1b212a; --added: #57d98a; --removed: #ff8b8b; --accent: #8ab4ff; } }
body { margin: 2rem auto; max-width: 76rem; padding: 0 1.2rem; background: var(--page); color: var(--text);
  font: 16px/1.5 system-ui, sans-serif; }
h1, h2, h3 { line-height: 1.25; margin: 1.8em 0 .5em; }
h1 { margin-top: 0; } h3 { color: var(--accent); }
code, pre { font: .88em/1.45 ui-monospace, monospace; }
code { background: var(--band); padding: .1em .3em; border-radius: 3px; overflow-wrap: anywhere; }
pre { background: var(--band); padding: .8em 1em; overflow-x: auto; border: 1px solid var(--line); border-radius: 5px; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: .35em .7em; border-bottom: 1px solid var(--line); }
th { color: var(--quiet); font-weight: 600; }
.added { color: var(--added); } .removed { color: var(--removed); } .hunk { color: var(--quiet); }
"""


def html(blocks: Sequence[Block], title: str) -> str:
    """The blocks as one page. Its policy allows no script, and no style but its own."""
    return page(safe(title), STYLE, "".join(f"{html_block(block)}\n" for block in blocks))


def html_block(block: Block) -> str:
    """A block as HTML, without a line end."""
    match block:
        case Heading(level, text):
            return f"<h{level}>{html_inline(text)}</h{level}>"
        case Paragraph(text):
            return f"<p>{html_inline(text)}</p>"
        case Items(items):
            return "<ul>" + "".join(f"<li>{html_inline(item)}</li>" for item in items) + "</ul>"
        case Grid(head, rows):
            cells = "".join(f"<th>{escape(cell)}</th>" for cell in head)
            body = "".join(
                "<tr>" + "".join(f"<td>{html_inline(cell)}</td>" for cell in row) + "</tr>\n" for row in rows
            )
            return f'<div class="wide"><table>\n<thead><tr>{cells}</tr></thead>\n<tbody>\n{body}</tbody></table></div>'
        case Listing(text, language):
            lines = "\n".join(_html_line(line, language) for line in text.splitlines())
            return f"<pre>{lines}</pre>"


def html_inline(text: Inline) -> str:
    """Running text as HTML: ``Code`` parts, and names between backticks, are set as code."""
    parts = [text] if isinstance(text, str) else text
    return " ".join(_html_text(part) for part in parts if part)


def _html_text(text: str) -> str:
    if isinstance(text, Code):
        return f"<code>{escape(one_line(text))}</code>"
    pieces = TICKED.split(text)
    return "".join(
        _html_text(Code(piece)) if index % 2 else escape(safe(piece).replace("\n", " "))
        for index, piece in enumerate(pieces)
    )


def _html_line(line: str, language: str) -> str:
    text = escape(safe(line))
    kinds = {"+": "added", "-": "removed", "@": "hunk"}
    kind = kinds.get(line[:1], "") if language == "diff" else ""
    return f'<span class="{kind}">{text}</span>' if kind else text
