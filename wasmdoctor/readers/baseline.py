"""A baseline: the findings that were known when it was written, by their fingerprints."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping

from wasmdoctor.model.regex import regex
from wasmdoctor.model.source import Location, Problem

SCHEMA = 1
MAX_BYTES = 16 * 1024 * 1024
REWRITE = "write it again: `wasmdoctor check --update-baseline`"

_FINGERPRINT = regex(r"[0-9a-f]{32}(-[0-9]+)?")


def read_baseline(data: bytes, path: str) -> Mapping[str, int] | Problem:
    """Fingerprints, and how often each stands in a baseline; or what is wrong with the file."""
    if len(data) > MAX_BYTES:
        return Problem(
            Location(path), f"this baseline is larger than {MAX_BYTES:,} bytes", "is it the right file?"
        )
    try:
        document = json.loads(data)
    except (ValueError, RecursionError) as error:
        line = getattr(error, "lineno", 0)
        return Problem(Location(path, line), "this baseline is not valid JSON", REWRITE)
    if not isinstance(document, dict) or not isinstance(document.get("findings"), list):
        return Problem(Location(path), "this file is no baseline of wasmdoctor", REWRITE)
    if document.get("schema") != SCHEMA:
        return Problem(Location(path), "this baseline is of another version of wasmdoctor", REWRITE)
    prints = [row.get("fingerprint", "") if isinstance(row, dict) else "" for row in document["findings"]]
    well_formed = _FINGERPRINT.fullmatch
    if not all(isinstance(each, str) and well_formed(each) for each in prints):
        return Problem(Location(path), "a finding of this baseline has no fingerprint", REWRITE)
    return Counter(prints)
