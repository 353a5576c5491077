"""Makes the parts of docs/plans.md that show the three plans on fixtures/scheduler, as `wasmdoctor plan` makes them.

`python scripts/make_plans.py` writes them, `--check` fails when one is not current. Nothing is built. The crate wasip2
must be in cargo's home, where any build of the result puts it: plan C takes the standard WIT from it.
"""

from __future__ import annotations

import re
import shutil
import sys
import tempfile
from collections.abc import Iterable
from functools import partial
from pathlib import Path

import pages

from wasmdoctor.catalog import Catalog
from wasmdoctor.migrate.diff import unified_diff
from wasmdoctor.model.edit import ChangeKind, ChangeSet
from wasmdoctor.model.names import ExternName
from wasmdoctor.model.plan import BodyKind, Plan, PlanId
from wasmdoctor.pipeline.plan import PlanOptions, plans
from wasmdoctor.toolchain import Toolchain

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs/plans.md"
FIXTURE = ROOT / "fixtures/scheduler"
TARGET = "wasm32-wasip1"
VERBS = {
    ChangeKind.MODIFY: "changed",
    ChangeKind.CREATE: "new",
    ChangeKind.REMOVE: "removed",
    ChangeKind.MOVE: "moved",
}


def made() -> dict[PlanId, Plan]:
    """The plans for a copy of the fixture."""
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder) / "scheduler"
        shutil.copytree(FIXTURE, tree, ignore=shutil.ignore_patterns("target", "prebuilt", ".wasmdoctor"))
        (found,) = plans(PlanOptions((".",), tree, target=TARGET), Catalog(), Toolchain())
        return {plan.plan: plan for plan in found.plans}


def table(found: dict[PlanId, Plan]) -> str:
    """The three side by side."""
    rows = [
        (
            "files changed, new, removed (standard WIT apart)",
            [_files(plan.changes) for plan in found.values()],
        ),
        ("lines added and removed", [_lines(plan.changes) for plan in found.values()]),
        ("functions of the custom interfaces", [_bridge(plan) for plan in found.values()]),
        ("by hand afterwards", [str(len(plan.manual) or "nothing") for plan in found.values()]),
        (
            "new dependencies",
            [", ".join(f"`{name}`" for name in plan.dependencies) for plan in found.values()],
        ),
        ("what is lost", [plan.loses for plan in found.values()]),
    ]
    lines = [
        f"| | {' | '.join(f'Plan {plan.value.upper()}' for plan in found)} |",
        "|---|" + "---|" * len(found),
    ]
    lines += [f"| {name} | {' | '.join(cells)} |" for name, cells in rows]
    return "\n".join(lines)


def _own(changes: ChangeSet) -> ChangeSet:
    """The changes without standard WIT that is copied, which is as long as its newest version."""
    return ChangeSet(tuple(change for change in changes.changes if "/wit/deps/" not in change.path))


def _files(changes: ChangeSet) -> str:
    counts = [
        sum(change.kind is kind for change in _own(changes).changes)
        for kind in (ChangeKind.MODIFY, ChangeKind.CREATE, ChangeKind.REMOVE)
    ]
    return ", ".join(map(str, counts))


def _lines(changes: ChangeSet) -> str:
    lines = unified_diff(_own(changes)).splitlines()
    added = sum(line.startswith("+") and not line.startswith("+++") for line in lines)
    removed = sum(line.startswith("-") and not line.startswith("---") for line in lines)
    return f"+{added} -{removed}"


def _bridge(plan: Plan) -> str:
    counts = {kind: sum(function.body is kind for function in plan.bridge) for kind in BodyKind}
    words = {
        BodyKind.MAPPING: "by a mapping",
        BodyKind.DERIVED: "forwarded",
        BodyKind.REFUSES: "refuse",
    }
    return ", ".join(f"{count} {words[kind]}" for kind, count in counts.items() if count)


def result(plan: Plan) -> str:
    """What a plan changes, and what its components import and export afterwards."""
    lines = ["| file | |", "|---|---|"]
    lines += [f"| `{path}` | {verb} |" for path, verb in _folded(plan.changes)]
    lines += [
        "",
        "| component | imports afterwards, beside what std brings | exports afterwards |",
        "|---|---|---|",
    ]
    for component in plan.imports_after:
        lines.append(
            f"| `{component}` | {_names(plan.imports_after[component])} "
            f"| {_names(plan.exports_after.get(component, ()))} |"
        )
    return "\n".join(lines)


def _folded(changes: ChangeSet) -> list[tuple[str, str]]:
    """Paths and what happens to them; the files of a new folder of a bridge as one."""
    found: dict[tuple[str, str], None] = {}
    for change in changes.changes:
        path = re.sub(r"(wasi_bridge/).*", r"\1...", change.path)
        path = re.sub(r"(wit/deps/).*", r"\1...", path)
        found[path, VERBS[change.kind]] = None
    return list(found)


def _names(names: Iterable[str]) -> str:
    """Names without versions, which depend on what is in cargo's home."""
    return " ".join(
        f"`{name}`" for name in dict.fromkeys(ExternName.parse(name).unversioned for name in names)
    )


def page(text: str) -> str:
    """The page with its generated parts as they should be."""
    found = made()
    results = {plan.value: partial(result, one) for plan, one in found.items()}
    return pages.filled(text, {"table": partial(table, found), **results})


def main() -> int:
    check = pages.parser(__doc__).parse_args().check
    return pages.keep({PAGE: page(PAGE.read_text("utf-8"))}, only_check=check)


if __name__ == "__main__":
    sys.exit(main())
