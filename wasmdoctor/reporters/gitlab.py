"""``--format gitlab``: a Code Quality report (GitLab docs, "Code Quality", report format)."""

from __future__ import annotations

import hashlib
from typing import Any

from wasmdoctor.model.finding import Finding, Report
from wasmdoctor.model.repository import Repository
from wasmdoctor.model.rule import Confidence, Severity
from wasmdoctor.reporters.ci import message
from wasmdoctor.reporters.escape import one_line
from wasmdoctor.reporters.jsontext import dumped


def render(report: Report, repository: Repository) -> str:
    """The findings as a JSON list; an empty list says that there is none."""
    taken: set[str] = set()
    entries = [_entry(finding, repository, taken) for finding in report.findings]
    return dumped(entries) + "\n"


def _entry(finding: Finding, repository: Repository, taken: set[str]) -> dict[str, Any]:
    place = repository.place(finding)
    return {
        "description": f"{one_line(finding.code)} {message(finding)}",
        "check_name": one_line(finding.name),
        "fingerprint": _unique(finding, taken),
        "severity": severity(finding),
        "location": {"path": one_line(place.path), "lines": {"begin": place.line}},
    }


def severity(finding: Finding) -> str:
    """GitLab's word: ``critical`` for an error that is sure, ``major``, ``minor`` for a warning, ``info``."""
    if finding.severity is Severity.ERROR:
        return "critical" if finding.confidence is Confidence.HIGH else "major"
    return "minor" if finding.severity is Severity.WARNING else "info"


def _unique(finding: Finding, taken: set[str]) -> str:
    """A fingerprint that no other entry has: GitLab shows one entry of each.

    Builds of one crate share theirs, so the second one's is made of the component as well.
    """
    parts = [finding.fingerprint or f"{finding.code} {finding.interface} {finding.message}"]
    while True:
        text = parts[0] if finding.fingerprint and len(parts) == 1 else _hash(parts)
        if text not in taken:
            taken.add(text)
            return text
        parts.append(finding.subject)


def _hash(parts: list[str]) -> str:
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:32]
