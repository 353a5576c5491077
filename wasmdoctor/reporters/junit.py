"""``--format junit``: JUnit XML as Jenkins, GitLab, Forgejo's and other CI systems read it.

A suite for each component; in it a case for each finding, or one that passes. Readers take one failure of a
case, so findings do not share one. Valid by the schema of Jenkins's xUnit plugin (junit-10.xsd).
"""

from __future__ import annotations

from xml.sax.saxutils import escape, quoteattr

from wasmdoctor.model.finding import Finding, Report
from wasmdoctor.model.rule import Severity
from wasmdoctor.reporters.ci import advice, message, step_text, subjects, title
from wasmdoctor.reporters.escape import one_line


def render(report: Report, fail_on: Severity | None = Severity.ERROR) -> str:
    """The report as XML. A finding below ``fail_on`` (None: any) passes, and says so in its output."""
    suites = [_suite(subject, findings, fail_on) for subject, findings in subjects(report)]
    tests = sum(count for count, _, _ in suites)
    failures = sum(count for _, count, _ in suites)
    head = f'<testsuites name="wasmdoctor" tests="{tests}" failures="{failures}" errors="0">'
    return "\n".join(
        [
            '<?xml version="1.0" encoding="UTF-8"?>',
            head,
            *(text for _, _, text in suites),
            "</testsuites>",
            "",
        ]
    )


def _suite(subject: str, findings: list[Finding], fail_on: Severity | None) -> tuple[int, int, str]:
    """How many cases, how many of them fail, and the suite."""
    failing = [f for f in findings if fail_on is not None and f.severity.rank >= fail_on.rank]
    cases = [_case(finding, fails=finding in failing) for finding in findings]
    cases = cases or [f'    <testcase classname={_class(subject)} name="imports" time="0"/>']
    head = (
        f'  <testsuite name={_attribute(subject)} tests="{len(cases)}" failures="{len(failing)}"'
        ' errors="0" skipped="0" time="0">'
    )
    return len(cases), len(failing), "\n".join([head, *cases, "  </testsuite>"])


def _case(finding: Finding, *, fails: bool) -> str:
    name = title(finding) + (f" {finding.interface}" if finding.interface else "")
    lines = [
        f"{finding.severity.value}[{finding.code}] {message(finding)}",
        f"at {one_line(str(finding.location))}",
        *map(step_text, finding.origin),
        *(f"help: {line}" for line in advice(finding)),
    ]
    body = _text("\n".join(lines))
    if fails:
        inner = f"<failure type={_attribute(finding.code)} message={_attribute(message(finding))}>{body}</failure>"
    else:
        inner = f"<system-out>{body}</system-out>"
    head = f"classname={_class(finding.subject)} name={_attribute(name)}"
    return "\n".join([f'    <testcase {head} time="0">', f"      {inner}", "    </testcase>"])


def _class(subject: str) -> str:
    """Jenkins takes what stands before the last dot for a package."""
    return _attribute("wasmdoctor." + subject.replace(".", "_"))


def _attribute(text: str) -> str:
    return quoteattr(_legal(one_line(text)))


def _text(text: str) -> str:
    return escape(_legal(text))


def _legal(text: str) -> str:
    """XML 1.0, section 2.2: two characters that may not stand in a document; `safe` wrote out the others."""
    return text.replace("\ufffe", "\\u{fffe}").replace("\uffff", "\\u{ffff}")
