"""Makes docs/field.md: what each tool tells people about each case of fixtures/field.

`python scripts/make_field.py` writes it, `--check` fails when it is not current. The tools run anew each time, so all
that tests/tools/setup.sh installs must be there. `--case NAME` shows what the tools say of one case, and writes nothing.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from field import field  # noqa: E402  (the runner of the tests, found by the line above)

PAGE = ROOT / "docs/field.md"
LINES = 12
"""Lines of a tool's output that the page shows at most."""

HEAD = """\
# The field's pains, side by side

Made by `scripts/make_field.py`, which runs every tool on every case of `fixtures/field`; a test holds it current. Each
case is the smallest input that shows what people describe in the threads named with it. `threads` are issues of the
tools' own repositories.

How words are graded, by phrases that stand in the case's `case.toml`, the same for every tool:

"""


def said(case: field.Case) -> dict[str, field.Said]:
    """What each tool of the case says, by tool."""
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder)
        field.prepare(case, tree)
        return {tool: field.ask(case, tool, tree) for tool in case.tools}


def page(found: Mapping[str, Mapping[str, field.Said]], cases: Sequence[field.Case]) -> str:
    """The page."""
    parts = [HEAD, "| grade | what it means |\n|---|---|\n"]
    parts += [f"| {grade} | {text} |\n" for grade, text in field.GRADES.items()]
    parts += ["\n## Summary\n\n", summary(found), "\n## Case by case\n\n", matrix(found, cases)]
    for case in cases:
        parts.append(section(case, found[case.name]))
    return "".join(parts)


def summary(found: Mapping[str, Mapping[str, field.Said]]) -> str:
    """How many cases each tool was asked about, and how far its words went."""
    lines = ["| tool | asked | " + " | ".join(field.GRADES) + " | line and cure |"]
    lines.append("|---|---:|" + "---:|" * (len(field.GRADES) + 1))
    for tool in field.ALL:
        grades = Counter(each[tool].grade for each in found.values() if tool in each)
        counts = [str(grades[grade]) for grade in field.GRADES]
        far = grades["line"] + grades["cure"]
        lines.append(f"| {tool} | {grades.total()} | {' | '.join(counts)} | {far} of {grades.total()} |")
    return "\n".join(lines) + "\n"


def matrix(found: Mapping[str, Mapping[str, field.Said]], cases: Sequence[field.Case]) -> str:
    """One row a case, one column a tool."""
    lines = ["| case | " + " | ".join(field.ALL) + " |", "|---" * (len(field.ALL) + 1) + "|"]
    for case in cases:
        row = [found[case.name][tool].grade if tool in case.tools else "" for tool in field.ALL]
        lines.append(f"| [{case.name}](#{case.name}) | {' | '.join(row)} |")
    return "\n".join(lines) + "\n"


def section(case: field.Case, found: Mapping[str, field.Said]) -> str:
    """A case: the pain, where it is described, and the words of each tool."""
    parts = [f"\n## {case.name}\n\n{case.pain}\n\nThreads: {', '.join(case.threads)}.\n"]
    if case.note:
        parts.append(f"\n{case.note.strip()}\n")
    for tool, each in found.items():
        lines = each.text.splitlines()
        if tool != "wasmdoctor" and len(lines) > LINES:
            lines = [*lines[:LINES], f"... {len(lines) - LINES} more lines"]
        shown = "\n".join(f"$ {command}" for command in each.commands)
        body = "\n".join(lines).replace("```", "'''")
        parts.append(f"\n**{tool}: {each.grade}**\n\n```console\n{shown}\n{body}\n```\n")
    if case.cure:
        parts.append(f"\nThe cure: {'; '.join(f'`{step}`' for step in case.cure)}. Then ")
        parts.append(f"{', '.join(f'`{command}`' for command in case.again)} passes.\n")
    return "".join(parts)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--check", action="store_true", help="write nothing; fail when the page is not current"
    )
    parser.add_argument("--case", help="show one case only")
    options = parser.parse_args()
    cases = field.cases()
    if options.case:
        (one,) = (case for case in cases if case.name == options.case)
        print(section(one, said(one)))
        return 0
    text = page({case.name: said(case) for case in cases}, cases)
    if PAGE.exists() and PAGE.read_text("utf-8") == text:
        return 0
    if options.check:
        print(f"{PAGE.relative_to(ROOT)} is not current: run `make docs`")
        return 1
    PAGE.write_text(text, "utf-8")
    print(f"{PAGE.relative_to(ROOT)} written")
    return 0


if __name__ == "__main__":
    sys.exit(main())
