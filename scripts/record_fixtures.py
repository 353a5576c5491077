"""Builds the workspaces in fixtures/workspaces, and writes what came out into each one's expected.toml.

    python scripts/record_fixtures.py [CASE ...]

Tests that have no Rust work with these records; tests/rust/test_workspaces_build.py builds again and
compares. It needs what tests/tools/setup.sh installs.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from rust import workspaces

HEADER = """\
# Recorded by scripts/record_fixtures.py from real builds. Do not edit.
# What the entries are: `recorded` in tests/rust/workspaces.py.
"""


def main(names: list[str]) -> None:
    wanted = names or workspaces.cases()
    texts = dict.fromkeys(wanted, f"{HEADER}rustc = {value(workspaces.rustc_version())}\n")
    for target in workspaces.TARGETS:
        for profile in workspaces.PROFILES:
            start = time.monotonic()
            for case in wanted:
                texts[case] += "".join(
                    entry(kind, record)
                    for kind, records in workspaces.record(case, target, profile).items()
                    for record in records
                )
            print(f"{target} {profile}: {time.monotonic() - start:.0f} s", flush=True)
    for case, text in texts.items():
        (workspaces.WORKSPACES / case / "expected.toml").write_text(text)


def entry(kind: str, record: dict[str, Any]) -> str:
    """One table of the array `kind`, with the tables in it."""
    lines = [f"\n[[{kind}]]"]
    tables = []
    for key, content in record.items():
        if not isinstance(content, dict):
            lines.append(f"{key} = {value(content)}")
        elif content:
            tables.append(f"[{kind}.{key}]")
            tables += [f"{value(name)} = {value(inner)}" for name, inner in content.items()]
        else:
            lines.append(f"{key} = {{}}")
    return "\n".join([*lines, *tables]) + "\n"


def value(content: str | list[str]) -> str:
    """A string or a list of strings; for ASCII, JSON writes them as TOML does."""
    assert json.dumps(content).isascii()
    return json.dumps(content)


if __name__ == "__main__":
    main(sys.argv[1:])
