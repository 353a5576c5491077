"""``--format markdown``: a short summary for a pull request's comment or a step summary, details folded.

GitHub Flavored Markdown 0.29. Names come from files: what a renderer would obey, mention or link is code.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from html import escape

from wasmdoctor.model.finding import CheckedArtifact, Report, Status
from wasmdoctor.model.regex import regex
from wasmdoctor.model.repository import Repository
from wasmdoctor.reporters.ci import Shown, advice, counted, gravest_first, message, plural, scope, step_text
from wasmdoctor.reporters.escape import one_line

LONGEST = 60_000
"""Characters: GitHub takes 65,536 in a comment."""

ROWS = 20
"""Components in the table; a run over hundreds is told in numbers."""

TICKED = regex(r"`([^`]+)`")
SPECIAL = regex(r"([\\`*_\[\]<>#+!|~&$-])")
# What GitHub makes a mention, a reference or a link of.
LIVE = regex(r"[@#]|://|www\.|GH-\d", re.IGNORECASE)

MISSING = frozenset({Status.UNPROVIDED, Status.VERSION})


def render(report: Report, repository: Repository) -> str:
    """The summary as Markdown, at most ``LONGEST`` characters."""
    parts = [f"### wasmdoctor: {counted(report)}\n", f"{prose(scope(report))}\n"]
    if any(artifact.imports for artifact in report.components):
        parts.append(_table(report))
    parts += [f"> {prose(note)}\n" for note in map(one_line, report.notes)]
    left = LONGEST - sum(map(len, parts)) - 200
    groups = gravest_first(report, repository)
    for index, shown in enumerate(groups):
        part = _finding(shown)
        if len(part) > left:
            rest = sum(len(each.subjects) for each in groups[index:])
            parts.append(f"and {plural(rest, 'more finding')}: run `wasmdoctor check`\n")
            break
        left -= len(part) + 1
        parts.append(part)
    return "\n".join(parts)


def _table(report: Report) -> str:
    lines = ["| component | imports | nobody provides |", "| --- | --: | --- |"]
    worst = sorted(report.components, key=lambda artifact: -len(_missing(artifact)))
    for artifact in worst[:ROWS]:
        missing = _missing(artifact)
        names = ", ".join(code(name) for name in missing[:3]) or "—"
        names += f" and {len(missing) - 3} more" if len(missing) > 3 else ""
        cells = (code(artifact.path), str(len(artifact.imports)), names)
        lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    if len(worst) > ROWS:
        lines.append(f"| and {len(worst) - ROWS} more | | |")
    return "\n".join(lines) + "\n"


def _missing(artifact: CheckedArtifact) -> list[str]:
    return [item.name for item in artifact.imports if item.status in MISSING]


def _finding(shown: Shown) -> str:
    finding, place = shown.finding, shown.place
    head = f"<b>{finding.severity.value}</b> {html_code(finding.code)} {html_prose(message(finding))}"
    lines = [
        "<details>",
        f"<summary>{head}, {html_code(f'{place.path}:{place.line}')}</summary>",
        "",
        *_details(shown),
        "",
        "</details>",
        "",
    ]
    return "\n".join(lines)


def _details(shown: Shown) -> Iterator[str]:
    finding = shown.finding
    names = ", ".join(code(subject) for subject in shown.subjects[:ROWS])
    yield f"In {names}" + (f" and {len(shown.subjects) - ROWS} more" if len(shown.subjects) > ROWS else "")
    if finding.origin:
        yield ""
        for number, step in enumerate(finding.origin, 1):
            yield f"{number}. {code(step_text(step))}"
    if finding.help:
        yield ""
        for line in advice(finding):
            yield f"* {prose(line)}"
    yield ""
    yield f"`wasmdoctor explain {one_line(finding.code)}` says more."


def code(text: str) -> str:
    """A code span that shows ``text`` as it is (GFM 6.3: fences longer than any run of backticks in it)."""
    shown = one_line(text)
    longest = max((len(run) for run in re.findall(r"`+", shown)), default=0)
    fence = "`" * (longest + 1)
    space = " " if longest or shown != shown.strip() or not shown.strip() else ""
    return f"{fence}{space}{shown}{space}{fence}"


def html_code(text: str) -> str:
    """The same where Markdown is not read."""
    return f"<code>{escape(one_line(text))}</code>"


def prose(text: str) -> str:
    """A sentence of ours with names from files in it: ticked parts and what would come alive are code."""
    return _marked(text, code, lambda part: SPECIAL.sub(r"\\\1", part))


def html_prose(text: str) -> str:
    """The same where Markdown is not read."""
    return _marked(text, html_code, escape)


def _marked(text: str, as_code: Callable[[str], str], as_text: Callable[[str], str]) -> str:
    pieces = TICKED.split(one_line(text))
    return "".join(
        as_code(piece) if index % 2 else _words(piece, as_code, as_text) for index, piece in enumerate(pieces)
    )


def _words(text: str, as_code: Callable[[str], str], as_text: Callable[[str], str]) -> str:
    words = text.split(" ")
    return " ".join(as_code(word) if LIVE.search(word) else as_text(word) for word in words)
