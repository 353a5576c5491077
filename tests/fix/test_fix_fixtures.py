"""Safe fixes of whole trees: they never bring a finding, and what they leave still reads."""

from __future__ import annotations

import shutil
from collections import Counter
from pathlib import Path

import pytest

from wasmdoctor.catalog import Catalog
from wasmdoctor.migrate.reparse import new_problem
from wasmdoctor.model.finding import Report
from wasmdoctor.model.source import SourceText
from wasmdoctor.pipeline import CheckOptions, check
from wasmdoctor.pipeline.fix import fix, write
from wasmdoctor.toolchain import Toolchain

FIXTURES = Path(__file__).parents[2] / "fixtures"
TREES = [
    *sorted(path.parent for path in (FIXTURES / "workspaces").glob("*/Cargo.toml")),
    FIXTURES / "scheduler",
]


@pytest.mark.parametrize("tree", TREES, ids=lambda path: path.name)
def test_safe_fixes_never_add_a_finding(tree: Path, tmp_path: Path) -> None:
    folder = tmp_path / tree.name
    shutil.copytree(tree, folder, ignore=shutil.ignore_patterns("target", "prebuilt", ".wasmdoctor"))
    (folder / ".git").mkdir()
    catalog, toolchain = Catalog(), Toolchain()
    seen: list[Report] = []

    def run(options: CheckOptions) -> Report:
        seen.append(check(options, catalog, toolchain))
        return seen[-1]

    options = CheckOptions((".",), folder)
    done = fix(options, run)
    before = seen[0]
    assert not keys(done.report) - keys(before)
    assert sum(keys(before).values()) - sum(keys(done.report).values()) >= len(done.fixed)
    for changes in done.changes.values():
        for change in changes.changes:
            assert change.before is not None
            assert change.after is not None
            old, new = (SourceText(change.path, data) for data in (change.before, change.after))
            assert new_problem(new, old) is None
    if done.files:
        write(done)
        assert run(options).findings == done.report.findings
        assert fix(options, run).files == 0


def keys(report: Report) -> Counter[tuple[str, str, str]]:
    return Counter((each.code, each.subject, each.fingerprint.partition("-")[0]) for each in report.findings)
