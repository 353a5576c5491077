"""Makes what is told of the configuration elsewhere: the JSON Schema, and the reference in docs/configuration.md.

`python scripts/make_config.py` writes them, `--check` fails when one is not current.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pages

from wasmdoctor.readers.config import KEYS, Key, schema

ROOT = Path(__file__).parent.parent
SCHEMA = ROOT / "rules/schema/config-1.json"
DOCS = ROOT / "docs/configuration.md"
BEGIN, END = "<!-- made by scripts/make_config.py -->\n", "<!-- end -->\n"


def schema_text() -> str:
    return json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"


def reference() -> str:
    rows = ["| key | default | option | what it is |", "| --- | --- | --- | --- |"]
    for key in KEYS:
        rows += row(key)
        rows += [line for each in key.keys for line in row(each, f"allow.{each.name}")]
    return "\n".join(rows) + "\n"


def row(key: Key, name: str = "") -> list[str]:
    example = f" Example: `{key.example}`" if key.example else ""
    words = f" One of {', '.join(f'`{word}`' for word in key.words)}." if key.words else ""
    cells = (
        f"`{name or key.name}`",
        f"`{key.default}`" if key.default else "",
        f"`{key.option}`" if key.option else "",
        f"{key.about}{words}{example}".replace("|", "\\|"),
    )
    return [f"| {' | '.join(cells)} |"]


def docs_text(now: str) -> str:
    before, begin, rest = now.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        sys.exit(f"{DOCS} has not the lines {BEGIN!r} and {END!r}")
    return before + begin + "\n" + reference() + "\n" + end + after


def main() -> int:
    check = pages.parser(__doc__).parse_args().check
    texts = {SCHEMA: schema_text(), DOCS: docs_text(DOCS.read_text("utf-8"))}
    return pages.keep(texts, only_check=check)


if __name__ == "__main__":
    sys.exit(main())
