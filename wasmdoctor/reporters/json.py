"""``--format json``: the contract of ``rules/schema/report-1.json``, schema 1."""

from __future__ import annotations

from typing import Any

from wasmdoctor.model.edit import Create, Edit, Move, Replace
from wasmdoctor.model.finding import CheckedArtifact, Finding, OriginStep, Report, Suppressed
from wasmdoctor.model.fix import SuggestedFix
from wasmdoctor.model.rule import Severity
from wasmdoctor.model.source import Location
from wasmdoctor.reporters.jsontext import dumped

SCHEMA = 1


def render(report: Report) -> str:
    """The report as indented JSON with a line end. The same report gives the same bytes."""
    return dumped(document(report)) + "\n"


def document(report: Report) -> dict[str, Any]:
    """The report as plain data."""
    return {
        "schema": SCHEMA,
        "tool": {"name": "wasmdoctor", "version": report.tool_version},
        "host": report.host,
        "hosts": list(report.hosts or (report.host,)),
        "components": [_artifact(artifact) for artifact in report.components],
        "findings": [finding_document(finding) for finding in report.findings],
        "skipped": [{"reason": s.reason, "count": s.count, "example": s.example} for s in report.skipped],
        "notes": list(report.notes),
        "suppressed": [_suppressed(each) for each in report.suppressed],
        "summary": {
            "errors": report.count(Severity.ERROR),
            "warnings": report.count(Severity.WARNING),
            "notes": report.count(Severity.NOTE),
            "components": len(report.components),
            "suppressed": len(report.suppressed),
        },
    }


def _artifact(artifact: CheckedArtifact) -> dict[str, Any]:
    return {
        "path": artifact.path,
        "kind": artifact.kind,
        "sha256": artifact.sha256 or None,
        "size": artifact.size,
        "imports": [
            {
                "name": item.name,
                "kind": item.kind.value,
                "provided_by": item.provided_by,
                "status": item.status.value,
                "functions": list(item.functions),
                "note": item.note,
                "reached_by": item.reached_by.value if item.reached_by else None,
                "hosts": [
                    {
                        "host": side.host,
                        "provided_by": side.provided_by,
                        "status": side.status.value,
                        "note": side.note,
                    }
                    for side in item.hosts
                ],
            }
            for item in artifact.imports
        ],
        "exports": [{"name": item.name, "kind": item.kind.value} for item in artifact.exports],
        "producers": dict(sorted(artifact.producers.items())),
        "start": artifact.start or None,
        "hints": list(artifact.hints),
        "compose": artifact.compose or None,
        "copies": list(artifact.copies),
        "starts": [
            {"host": side.host, "start": side.command or None, "hints": list(side.hints)}
            for side in artifact.starts
        ],
        "link_errors": [
            {"host": each.host, "interface": each.interface, "text": each.text, "whole": each.whole}
            for each in artifact.link_errors
        ],
    }


def finding_document(finding: Finding) -> dict[str, Any]:
    """A finding as it stands in every document of ours."""
    return {
        "code": finding.code,
        "name": finding.name,
        "severity": finding.severity.value,
        "confidence": finding.confidence.value,
        "message": finding.message,
        "component": finding.subject,
        "interface": finding.interface or None,
        "location": _location(finding.location),
        "origin": [step_document(step) for step in finding.origin],
        "related": [{**_location(place), "message": message} for place, message in finding.related],
        "help": finding.help,
        "plans": list(finding.plans),
        "fingerprint": finding.fingerprint or None,
        "hosts": list(finding.hosts),
        "fixes": [_fix(fix) for fix in finding.fixes],
    }


def _fix(fix: SuggestedFix) -> dict[str, Any]:
    """What `check --fix` would do, with where each edit begins and ends."""
    places = fix.places or tuple((Location(edit.path), Location(edit.path)) for edit in fix.edits)
    edits = [_edit(edit, *place) for edit, place in zip(fix.edits, places, strict=True)]
    return {"title": fix.title, "safe": fix.safe, "edits": edits}


def _edit(edit: Edit, start: Location, end: Location) -> dict[str, Any]:
    if isinstance(edit, Replace):
        return {
            "kind": "replace",
            "path": edit.path,
            "span": [edit.span.start, edit.span.end],
            "start": {"line": start.line, "column": start.column},
            "end": {"line": end.line, "column": end.column},
            "replacement": edit.data.decode("utf-8", "replace"),
        }
    if isinstance(edit, Create):
        return {"kind": "create", "path": edit.path, "text": edit.data.decode("utf-8", "replace")}
    if isinstance(edit, Move):
        return {"kind": "move", "path": edit.path, "to": edit.to}
    return {"kind": "remove", "path": edit.path}


def _suppressed(suppressed: Suppressed) -> dict[str, Any]:
    """A finding that is not counted, and why."""
    return {
        "kind": suppressed.kind,
        "reason": suppressed.reason,
        "at": _location(suppressed.location),
        "finding": finding_document(suppressed.finding),
    }


def _location(location: Location) -> dict[str, Any]:
    return {"path": location.path, "line": location.line or None, "column": location.column or None}


def step_document(step: OriginStep) -> dict[str, Any]:
    """One origin step of the contract; of a function also its crate, and whether the call to it is certain."""
    document = {
        "kind": step.kind,
        "name": step.name,
        "path": step.location.path,
        "line": step.location.line or None,
        "column": step.location.column or None,
        "evidence": step.evidence or None,
        "artifact": step.artifact or None,
    }
    if step.kind == "function":
        document |= {"crate": step.crate or None, "possible": step.possible}
    return document
