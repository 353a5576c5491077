"""``check --shard``: the JSON report of a share, with what ``merge`` needs to judge all shares together."""

from __future__ import annotations

from wasmdoctor.model.finding import Report
from wasmdoctor.model.shard import Shard
from wasmdoctor.readers.facts import encoded
from wasmdoctor.reporters import json
from wasmdoctor.reporters.jsontext import dumped


def render(report: Report, shard: Shard) -> str:
    """The report as ``--format json`` has it, and ``shard``."""
    own = {
        "index": shard.index,
        "count": shard.count,
        "hosts": list(shard.hosts),
        "flags": list(shard.flags),
        "facts": encoded(shard.observed),
    }
    return dumped({**json.document(report), "shard": own}) + "\n"
