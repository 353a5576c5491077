"""The file of known findings that ``check --update-baseline`` writes. The same findings give the same bytes."""

from __future__ import annotations

import json
from collections.abc import Iterable

from wasmdoctor.model.finding import Finding
from wasmdoctor.model.fingerprint import Place

SCHEMA = 1


def render(findings: Iterable[Finding], place: Place) -> str:
    """A baseline. Only the fingerprints count; the rest is there for people who read the difference.

    ``place`` turns paths into those from the project's root, so that it does not matter where it is written.
    """
    rows = {
        finding.fingerprint: {
            "fingerprint": finding.fingerprint,
            "code": finding.code,
            "interface": finding.interface or None,
            "path": place(finding.location.path),
        }
        for finding in findings
    }
    ordered = sorted(
        rows.values(), key=lambda row: [str(row[key]) for key in ("path", "code", "interface", "fingerprint")]
    )
    return json.dumps({"schema": SCHEMA, "tool": "wasmdoctor", "findings": ordered}, indent=2) + "\n"
