"""Plan A on every workspace of fixtures/workspaces: where it applies it ends in a component, else it says why not."""

from __future__ import annotations

from pathlib import Path

import pytest
from migrate.migrated import copied, migrate, snapshot
from rust import workspaces
from tests_support import run

pytestmark = pytest.mark.rust

# Nobody's imports are missing there.
NOTHING_TO_DO = {"features", "registry-bindings", "std-only", "uncalled-library"}
# Why plan A does not apply, in words of its reason.
NOT = {
    "build-script": "a build script",
    "hand-written": "by hand",
    "macro-exports": "calls `export!`",
    "world-use": "hands on a resource",
}
CURED = sorted(set(workspaces.cases()) - NOTHING_TO_DO - set(NOT))


@pytest.mark.parametrize("case", CURED)
def test_it_builds_is_as_predicted_links_and_comes_back(case: str, tmp_path: Path) -> None:
    tree = copied(workspaces.WORKSPACES / case, tmp_path / case)
    before = snapshot(tree)
    done = migrate(tree)
    assert done.returncode == 0, done.stdout + done.stderr
    proofs = [line for line in done.stdout.splitlines() if line.startswith(("✓", "✗", "·"))]
    assert [line[0] for line in proofs] == ["✓"] * len(proofs)
    assert any("as predicted" in line for line in proofs)
    assert any("wasmtime links" in line for line in proofs) or case == "composed"
    undone = run("undo", cwd=tree)
    assert undone.returncode == 0, undone.stderr
    assert snapshot(tree) == before


@pytest.mark.parametrize("case", sorted(NOT))
def test_where_it_does_not_apply_it_says_why(case: str, tmp_path: Path) -> None:
    tree = copied(workspaces.WORKSPACES / case, tmp_path / case)
    before = snapshot(tree)
    done = migrate(tree)
    assert done.returncode == 2, done.stdout
    assert NOT[case] in done.stderr
    assert snapshot(tree) == before


@pytest.mark.parametrize("case", sorted(NOTHING_TO_DO))
def test_where_nothing_is_missing_it_does_nothing(case: str, tmp_path: Path) -> None:
    tree = copied(workspaces.WORKSPACES / case, tmp_path / case)
    before = snapshot(tree)
    done = migrate(tree)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "nothing to do" in done.stdout
    assert snapshot(tree) == before
