"""The report for ``--quiet``: a line for each finding. Loads nothing that lays out text, since hooks ask for it."""

from __future__ import annotations

from wasmdoctor.model.finding import Finding, Report, Suppressed
from wasmdoctor.model.fix import best
from wasmdoctor.reporters.console import Style, finished
from wasmdoctor.reporters.escape import one_line
from wasmdoctor.reporters.speech import heard, here

FIXABLE = " [*]"
"""Behind the code of a finding that `check --fix` mends."""


def render(report: Report, style: Style, *, suppressed: bool = False) -> str:
    """One line a finding and nothing else; ``suppressed`` gives those that are suppressed as well, with reasons."""
    lines = [_line(finding) for finding in report.findings]
    lines += [_line(each.finding, _why(each)) for each in report.suppressed if suppressed]
    return finished("".join(lines), style)


def _why(suppressed: Suppressed) -> str:
    """Why a finding is suppressed, and where that stands."""
    return here(" (suppressed: {reason}, {place})", reason=suppressed.reason, place=suppressed.location)


def _line(finding: Finding, more: str = "") -> str:
    hosts = f" [{', '.join(finding.hosts)}]" if len(finding.hosts) > 1 else ""
    message = one_line(finding.message + hosts + more)
    mark = FIXABLE if best(finding.fixes, unsafe=False) else ""
    return f"{one_line(str(finding.location))}: {heard(finding.severity.value)}[{finding.code}]{mark} {message}\n"
