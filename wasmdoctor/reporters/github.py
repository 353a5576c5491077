"""``--format github``: workflow commands that become annotations in a pull request.

Escaped as in actions/toolkit, packages/core/src/command.ts. GitHub shows ten errors, ten warnings and ten
notices of a step, so the gravest come first.
"""

from __future__ import annotations

from wasmdoctor.model.finding import Report
from wasmdoctor.model.repository import Repository
from wasmdoctor.model.rule import Severity
from wasmdoctor.reporters.ci import Shown, advice, gravest_first, message, title
from wasmdoctor.reporters.escape import one_line

COMMANDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "notice"}


def render(report: Report, repository: Repository) -> str:
    """A command on a line of its own for each thing that is wrong somewhere; "" for none."""
    return "".join(map(_command, gravest_first(report, repository)))


def _command(shown: Shown) -> str:
    finding, place = shown.finding, shown.place
    properties = {"file": place.path, "line": str(place.line)}
    if place.column:
        properties["col"] = str(place.column)
    properties["title"] = title(finding)
    words = ",".join(f"{name}={_property(value)}" for name, value in properties.items())
    lines = [message(finding), *advice(finding)]
    if len(shown.subjects) > 1:
        lines.append(one_line(f"in {', '.join(shown.subjects[:3])}") + _more(len(shown.subjects) - 3))
    return f"::{COMMANDS[finding.severity]} {words}::{_data(chr(10).join(lines))}\n"


def _more(count: int) -> str:
    return f" and {count} more" if count > 0 else ""


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(one_line(text)).replace(":", "%3A").replace(",", "%2C")
