"""``--format sarif``: SARIF 2.1.0 (OASIS, errata 01) as code-scanning services take it.

One result without a place in the repository makes a service refuse the whole file, so every result has one
(``Repository.place``).
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import quote

from wasmdoctor.model.edit import Replace
from wasmdoctor.model.finding import Finding, OriginStep, Report, Suppressed
from wasmdoctor.model.fingerprint import ALGORITHM
from wasmdoctor.model.fix import SuggestedFix
from wasmdoctor.model.repository import Repository
from wasmdoctor.model.rule import Confidence, Lint, Severity
from wasmdoctor.model.source import Location
from wasmdoctor.reporters.ci import message, step_text
from wasmdoctor.reporters.escape import one_line, safe
from wasmdoctor.reporters.jsontext import dumped

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
BASE = "%SRCROOT%"

# GitHub's words ("SARIF support for code scanning", properties of reportingDescriptor).
PROBLEM = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "recommendation"}
PRECISION = {Confidence.HIGH: "high", Confidence.MEDIUM: "medium", Confidence.LOW: "low"}

AREAS = {
    "0": "input",
    "1": "imports",
    "2": "wit",
    "3": "cargo",
    "4": "composition",
    "5": "freshness",
}
"""What the first digit of a code says a rule is about: its tag."""


def render(report: Report, lints: Iterable[Lint], repository: Repository) -> str:
    """The report as a SARIF log. ``lints`` are all rules; the same input gives the same bytes."""
    return dumped(document(report, lints, repository)) + "\n"


def document(report: Report, lints: Iterable[Lint], repository: Repository) -> dict[str, Any]:
    """The SARIF log as plain data."""
    rules = sorted(lints, key=lambda lint: lint.code)
    writer = _Writer({lint.code: index for index, lint in enumerate(rules)}, repository)
    results = [writer.result(finding) for finding in report.findings]
    results += [writer.suppressed(each) for each in report.suppressed]
    run = {
        "tool": {
            "driver": {
                "name": "wasmdoctor",
                "version": report.tool_version,
                "semanticVersion": report.tool_version,
                "rules": [_rule(lint) for lint in rules],
            }
        },
        "invocations": [{"executionSuccessful": True, "toolExecutionNotifications": list(_notes(report))}],
        "originalUriBaseIds": {BASE: {"description": {"text": "The top folder of the repository"}}},
        "columnKind": "unicodeCodePoints",
        "results": results,
        "properties": {"hosts": [one_line(host) for host in report.hosts or (report.host,)]},
    }
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def _rule(lint: Lint) -> dict[str, Any]:
    cures = [f"{fix.title}\n\n{fix.text.strip()}" for fix in lint.fixes]
    before, after = lint.example.before.strip("\n"), lint.example.after.strip("\n")
    text = "\n\n".join([lint.what.strip(), lint.why.strip(), *cures])
    markdown = "\n\n".join(
        [
            lint.what.strip(),
            f"### Why it happens\n\n{lint.why.strip()}",
            f"### Example\n\n{_fenced(before, lint.example.language)}\n\nbecomes\n\n"
            + _fenced(after, lint.example.language),
            "### How to fix it",
            *(f"**{fix.title}**\n\n{fix.text.strip()}" for fix in lint.fixes),
        ]
    )
    return {
        "id": lint.code,
        "name": "".join(word.capitalize() for word in lint.name.split("-")),
        "shortDescription": {"text": f"{lint.summary}."},
        "fullDescription": {"text": lint.what.strip()},
        "help": {"text": text, "markdown": markdown},
        "defaultConfiguration": {"level": lint.severity.value},
        "properties": {
            "tags": ["webassembly", AREAS.get(lint.code[2:3], "other"), lint.name],
            "precision": PRECISION[lint.confidence],
            "problem.severity": PROBLEM[lint.severity],
            "fix": lint.fix,
        },
    }


def _fenced(text: str, language: str) -> str:
    return f"```{language}\n{text}\n```"


def _notes(report: Report) -> Iterator[dict[str, Any]]:
    for note in report.notes:
        yield {"level": "note", "message": {"text": one_line(note)}}
    for skipped in report.skipped:
        text = f"skipped {skipped.count}: {skipped.reason}, for example {skipped.example}"
        yield {"level": "none", "message": {"text": one_line(text)}}


def _artifact(path: str) -> dict[str, Any]:
    return {"uri": quote(path.encode("utf-8", "surrogateescape"), safe="/"), "uriBaseId": BASE}


def _plain(text: str) -> str:
    """Text of a message: what would be a link in it is none (SARIF 3.11.6)."""
    return safe(text).replace("](", "] (")


class _Writer:
    """Writes results."""

    def __init__(self, rules: dict[str, int], repository: Repository) -> None:
        self.rules = rules
        self.repository = repository

    def physical(self, place: Location) -> dict[str, Any]:
        """A ``physicalLocation`` of a place in the repository."""
        region = {"startLine": place.line} | ({"startColumn": place.column} if place.column else {})
        return {"artifactLocation": _artifact(place.path), "region": region}

    def suppressed(self, each: Suppressed) -> dict[str, Any]:
        """A result that a comment, the configuration or a baseline takes out of the count."""
        suppression: dict[str, Any] = {"kind": "inSource" if each.kind == "comment" else "external"}
        if each.reason:
            suppression["justification"] = safe(each.reason)
        place = self.repository.inside(each.location)
        if place is not None:
            suppression["location"] = {"physicalLocation": self.physical(place)}
        return self.result(each.finding) | {"suppressions": [suppression]}

    def result(self, finding: Finding) -> dict[str, Any]:
        """One finding."""
        place = self.repository.place(finding)
        text = "\n".join([message(finding), *finding.help.splitlines()])
        location: dict[str, Any] = {"physicalLocation": self.physical(place)}
        if finding.interface:
            location["logicalLocations"] = [
                {"fullyQualifiedName": safe(finding.interface), "kind": "interface"}
            ]
        related = list(self._related(finding))
        fixes = [fix for each in finding.fixes if each.safe and (fix := self._fix(each))]
        result: dict[str, Any] = {
            "ruleId": finding.code,
            "level": finding.severity.value,
            "message": {"text": _plain(text)},
            "locations": [location],
            "partialFingerprints": {ALGORITHM: finding.fingerprint},
        }
        if finding.code in self.rules:
            result["ruleIndex"] = self.rules[finding.code]
        if not finding.fingerprint:
            del result["partialFingerprints"]
        if related:
            result["relatedLocations"] = related
        if finding.origin:
            result["codeFlows"] = [{"threadFlows": [{"locations": list(self._flow(finding, place))}]}]
        if fixes:
            result["fixes"] = fixes
        result["properties"] = {
            "component": safe(finding.subject),
            "confidence": finding.confidence.value,
            "plans": list(finding.plans),
            "hosts": [one_line(host) for host in finding.hosts],
        }
        return result

    def _related(self, finding: Finding) -> Iterator[dict[str, Any]]:
        """The places of the origin and of what is related, each once; those outside are left to the flow."""
        named = [(step.location, step_text(step)) for step in finding.origin] + list(finding.related)
        seen: set[Location] = set()
        for location, text in named:
            place = self.repository.inside(location)
            if place is None or place in seen:
                continue
            seen.add(place)
            yield {
                "id": len(seen),
                "physicalLocation": self.physical(place),
                "message": {"text": _plain(text)},
            }

    def _flow(self, finding: Finding, end: Location) -> Iterator[dict[str, Any]]:
        """The way of the import from the component to its cause; a step outside stands where it came in."""
        last: Location | None = None
        for step in finding.origin:
            last = self._step_place(step) or last or end
            yield {
                "location": {
                    "physicalLocation": self.physical(last),
                    "message": {"text": _plain(step_text(step))},
                }
            }

    def _step_place(self, step: OriginStep) -> Location | None:
        return self.repository.inside(step.location)

    def _fix(self, fix: SuggestedFix) -> dict[str, Any] | None:
        """A fix whose edits all replace text of files in the repository; SARIF has no other kind."""
        changes: dict[str, list[dict[str, Any]]] = {}
        for edit in fix.edits:
            text = self.repository.texts.get(edit.path)
            path = self.repository.files.get(edit.path)
            if not isinstance(edit, Replace) or text is None or path is None:
                return None
            start, end = text.location(edit.span.start), text.location(edit.span.end)
            region = {
                "startLine": start.line,
                "startColumn": start.column,
                "endLine": end.line,
                "endColumn": end.column,
            }
            changes.setdefault(path, []).append(
                {"deletedRegion": region, "insertedContent": _content(edit.data)}
            )
        return {
            "description": {"text": safe(fix.title)},
            "artifactChanges": [
                {"artifactLocation": _artifact(path), "replacements": replacements}
                for path, replacements in changes.items()
            ],
        }


def _content(data: bytes) -> dict[str, str]:
    try:
        return {"text": data.decode("utf-8")}
    except UnicodeDecodeError:
        return {"binary": base64.b64encode(data).decode("ascii")}
