"""``--format jsonl``: a JSON document on each line, one for each finding, and a summary as the last."""

from __future__ import annotations

from typing import Any

from wasmdoctor.model.finding import Report
from wasmdoctor.reporters.json import document
from wasmdoctor.reporters.jsontext import dumped


def render(report: Report) -> str:
    """The findings as in ``--format json``, each with ``"type": "finding"``; the last line is the ``summary``."""
    whole = document(report)
    lines: list[dict[str, Any]] = [{"type": "finding", **finding} for finding in whole["findings"]]
    kept = ("schema", "tool", "host", "notes", "summary")
    lines.append({"type": "summary", **{key: whole[key] for key in kept}})
    return "".join(dumped(line, indent=None) + "\n" for line in lines)
