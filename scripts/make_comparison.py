"""Makes docs/comparison.md: what other tools say to the questions that wasmdoctor is for, command by command.

`python scripts/make_comparison.py` runs every command of docs/comparison.toml on a copy of fixtures/scheduler and writes
the page, `--check` fails when a command says something else than its row, or when the page is not current.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
import tomllib
from pathlib import Path
from typing import Any

import pages

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from field import field  # noqa: E402  (what runs other tools for the tests, found by the line above)

ROWS = ROOT / "docs/comparison.toml"
PAGE = ROOT / "docs/comparison.md"
HEAD = """\
# Beside other tools

What people run today, and what it tells them. Made by `scripts/make_comparison.py`, which runs each command on a copy of
`fixtures/scheduler` and holds it to what the row says; a test runs it, too. wasm-tools, wac, wasmtime and cargo are good
at what they are for, and wasmdoctor stands on their work. [The field's pains](field.md) puts all of them before the
faults that their users describe, and [benchmarks](benchmarks.md) measures them.

| you want | with | you get |
|---|---|---|
"""


def proven(entry: dict[str, Any], tree: Path) -> list[str]:
    """What is wrong with an entry: its command exits or says otherwise."""
    code, text = field.run(entry["command"], tree)
    wrong = []
    if code != entry["code"]:
        wrong.append(f"`{entry['command']}` exits with {code}, not {entry['code']}: {text[:300]}")
    if entry["shows"] not in " ".join(text.split()) and entry["shows"] not in text:
        wrong.append(f"`{entry['command']}` does not say `{entry['shows']}`: {text[:300]}")
    return wrong


def main() -> int:
    only_check = pages.parser(__doc__).parse_args().check
    rows = tomllib.loads(ROWS.read_text("utf-8"))["row"]
    lines: list[str] = []
    wrong: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder) / "scheduler"
        shutil.copytree(ROOT / "fixtures/scheduler", tree, ignore=shutil.ignore_patterns("target"))
        for row in rows:
            want = row["want"]
            if not row.get("peer"):
                lines.append(f"| {want} | | no command of theirs |")
                want = ""
            for entry in (*row.get("peer", ()), row["ours"]):
                wrong += proven(entry, tree)
                ours = "**" if entry is row["ours"] else ""
                lines.append(f"| {want} | `{entry['command']}` | {ours}{entry['says']}{ours} |")
                want = ""
    for line in wrong:
        print(line)
    page = HEAD + "\n".join(lines) + "\n"
    return pages.keep({PAGE: page}, only_check=only_check) or int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
