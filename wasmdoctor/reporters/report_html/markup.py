"""Small pieces of HTML. Every name and text of a file goes through here, and comes out as text."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

from wasmdoctor.model.rule import Severity
from wasmdoctor.reporters.escape import one_line
from wasmdoctor.reporters.paper import Block, Grid, Heading, Inline, Listing, html_block, html_inline


def text(value: object) -> str:
    """A value as text of one line."""
    return escape(one_line(str(value)))


def prose(value: str) -> str:
    """A sentence of ours; the names that it marks with backticks are set as code."""
    return html_inline(one_line(value))


def code(value: object) -> str:
    """A name, path or command."""
    return f"<code>{text(value)}</code>"


def attributes(**values: str) -> str:
    """Attributes with a space before each; ``_`` stands for ``-``, and a name may end with ``_``."""
    pairs = ((name.rstrip("_").replace("_", "-"), value) for name, value in values.items())
    return "".join(f' {name}="{escape(one_line(value))}"' for name, value in pairs)


def tag(level: Severity) -> str:
    """A severity as a coloured word."""
    return f'<span class="tag {level.value}">{level.value}</span>'


def plural(count: int, word: str) -> str:
    """``1 file``, ``2 files``, with a comma in thousands."""
    return f"{count:,} {word}" if count == 1 else f"{count:,} {word}s"


def table(
    caption: str, head: Sequence[str], rows: Iterable[Sequence[str]], *, class_: str = "", open_: bool = False
) -> str:
    """A table of finished cells: its first cell heads a row. The caption is for those who do not see it, unless
    ``open_``."""
    cells = "".join(f'<th scope="col">{text(cell)}</th>' for cell in head)
    body = "".join(
        f'<tr><th scope="row">{row[0]}</th>{"".join(f"<td>{cell}</td>" for cell in row[1:])}</tr>\n'
        for row in rows
    )
    hidden = "" if open_ else ' class="aside"'
    return (
        f'<div class="wide" tabindex="0" role="region"{attributes(aria_label=caption)}>'
        f"<table{attributes(class_=class_) if class_ else ''}><caption{hidden}>{text(caption)}</caption>\n"
        f"<thead><tr>{cells}</tr></thead>\n<tbody>\n{body}</tbody></table></div>\n"
    )


def block(value: Block, *, deeper: int = 0) -> str:
    """A block of a document; headings stand ``deeper``."""
    match value:
        case Heading(level, inline):
            return html_block(Heading(min(level + deeper, 6), inline)) + "\n"
        case Grid(head, _):
            return grid(", ".join(cell for cell in head if cell), value)
        case Listing(_, "diff"):
            return f"<details><summary>Show the edits</summary>{html_block(value)}</details>\n"
    return html_block(value) + "\n"


def grid(caption: str, value: Grid) -> str:
    """A document's table."""
    return table(caption, value.head, ([_inline(cell) for cell in row] for row in value.rows))


def _inline(cell: Inline) -> str:
    return html_inline(cell)
