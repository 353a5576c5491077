"""Makes docs/field.md: what each tool tells people about each case of fixtures/field.

`python scripts/make_field.py` writes it, `--check` fails when it is not current. The tools run anew each time, so all
that tests/tools/setup.sh installs must be there. `--case NAME` shows what the tools say of one case, and writes nothing.
"""

from __future__ import annotations

import re
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

import pages

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from field import field  # noqa: E402  (the runner of the tests, found by the line above)

PAGE = ROOT / "docs/field.md"
LINES = 16
OWN_LINES = 32
"""Lines of a tool's output that the page shows at most: of others', which need not be read to the end to see what they
tell, and of wasmdoctor's, which has all findings in one."""

_SIZE = re.compile(r" · [0-9.,]+ (bytes|kB|MB)\b")

HEAD = """\
# The field's pains, side by side

{count} cases of what people describe in the threads of component tools, each with the smallest input that shows it,
and what each tool says of it. Made by `scripts/make_field.py`, which runs every tool on every case of
`fixtures/field`; a test holds this page current, and shows for every case that the failure is there before the cure
and gone after it. `threads` are issues of the tools' own repositories.

Words are graded by phrases that stand in the case's `case.toml`, the same for every tool. Each tool gets the commands
that serve the person best, as far as we know them; where one does the thing itself, that counts as solved.

"""

NOTES = """
`wasmtime` is the linker of the Python package (`wasmtime-39`: of that release), which says what the command of the
same name says; nothing is called. `jco-run` transpiles with jco and loads the result on Node. `component WIT WORLD
FILE` makes a component whose functions trap, by `wasm-tools component embed --dummy` and `component new`;
`edit` writes the files of the case's folder `cure/`.
"""


def page(played: Mapping[str, field.Played], cases: Sequence[field.Case]) -> str:
    """The page, from what the cases gave."""
    said = {name: each.said for name, each in played.items()}
    parts = [HEAD.format(count=len(cases)), summary(said), "\n"]
    parts += ["| grade | what it means |\n|---|---|\n"]
    parts += [f"| {grade} | {text} |\n" for grade, text in field.GRADES.items()]
    parts += [NOTES, "\n## All cases\n\n", matrix(said, cases)]
    theme = ""
    for case in cases:
        if case.theme != theme:
            theme = case.theme
            parts.append(f"\n## {field.THEMES[theme]}\n")
        parts.append(section(case, said[case.name]))
    return "".join(parts)


def summary(said: Mapping[str, Mapping[str, field.Said]]) -> str:
    """How many cases each tool was asked about, and how far its words went."""
    lines = ["| tool | asked | " + " | ".join(field.GRADES) + " | line, cure or solved |"]
    lines.append("|---|---:|" + "---:|" * (len(field.GRADES) + 1))
    for tool in field.ALL:
        grades = Counter(each[tool].grade for each in said.values() if tool in each)
        if not grades:
            continue
        counts = [str(grades[grade]) for grade in field.GRADES]
        far = grades["line"] + grades["cure"] + grades["solved"]
        lines.append(f"| {tool} | {grades.total()} | {' | '.join(counts)} | {far} of {grades.total()} |")
    return "\n".join(lines) + "\n"


def matrix(said: Mapping[str, Mapping[str, field.Said]], cases: Sequence[field.Case]) -> str:
    """One row a case, one column a tool."""
    tools = [tool for tool in field.ALL if any(tool in each for each in said.values())]
    lines = ["| case | " + " | ".join(tools) + " |", "|---" * (len(tools) + 1) + "|"]
    for case in cases:
        row = [said[case.name][tool].grade if tool in case.tools else "" for tool in tools]
        lines.append(f"| [{case.name}](#{case.name}) | {' | '.join(row)} |")
    return "\n".join(lines) + "\n"


def section(case: field.Case, said: Mapping[str, field.Said]) -> str:
    """A case: the pain, where it is described, and the words of each tool."""
    parts = [f"\n### {case.name}\n\n{case.pain}\n\nThreads: {', '.join(case.threads)}.\n"]
    if case.note:
        parts.append(f"\n{case.note.strip()}\n")
    parts += [_words(each) for each in said.values()]
    if case.cure:
        parts.append(f"\nThe cure: {_listed(case.cure)}. Then {_listed(case.after)} passes.\n")
    else:
        parts.append(f"\nInstead: {_listed(case.after)}.\n")
    return "".join(parts)


def _listed(commands: Sequence[str]) -> str:
    return ", ".join(f"`{command}`" for command in commands)


def _words(said: field.Said) -> str:
    """What one tool said, as a block with its grade."""
    shown = [f"$ {command}" for command in said.commands]
    lines = essence(said)
    end = f"# exit code {said.code}" if not lines else ""
    body = "\n".join(filter(None, [*shown, *lines, end])).replace("```", "'''")
    then = f"\nAnd {_listed(said.solved)} passes.\n" if said.solved else ""
    return f"\n**{said.tool}: {said.grade}**\n\n```console\n{body}\n```\n{then}"


def essence(said: field.Said) -> list[str]:
    """The lines to show: the first ones; of wasmdoctor's, without the imports that are fine, and without sizes."""
    lines = [line for line in said.text.splitlines() if line.strip()]
    if said.tool == "wasmdoctor":
        lines = [_SIZE.sub("", line) for line in lines if not line.startswith(("  ✓", "  ·", "next: "))]
    most = OWN_LINES if said.tool == "wasmdoctor" else LINES
    if len(lines) > most:
        lines = [*lines[:most], f"... {len(lines) - most} more lines"]
    return lines


def main() -> int:
    parser = pages.parser(__doc__)
    parser.add_argument("--case", help="show one case only")
    options = parser.parse_args()
    cases = field.cases()
    if options.case:
        (one,) = (case for case in cases if case.name == options.case)
        played = field.play(one)
        print("\n".join(["found:", *(f"  {line}" for line in played.found)]))
        print(section(one, played.said))
        for name in ("before", "cured", "after"):
            for command, (code, _) in getattr(played, name).items():
                print(f"{name}: {command}: exit code {code}")
        return 0
    text = page({case.name: field.play(case) for case in cases}, cases)
    return pages.keep({PAGE: text}, only_check=options.check)


if __name__ == "__main__":
    sys.exit(main())
