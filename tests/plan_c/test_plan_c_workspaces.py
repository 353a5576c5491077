"""Plan C on fixtures/workspaces as a person does it: each ends in components as predicted, and comes back."""

from __future__ import annotations

from pathlib import Path

import pytest
from migrate.migrated import build, copied, environment, snapshot
from rust import workspaces
from tests_support import run

pytestmark = pytest.mark.rust

TARGET = "wasm32-wasip1"
# One of each: a component for another one, renamed imports, WIT in macros, leaks, versions.
CASES = ("composed", "include-with", "inline-wit", "leak-shapes", "two-versions")


@pytest.mark.parametrize("case", CASES)
def test_it_builds_is_as_predicted_and_comes_back(case: str, tmp_path: Path) -> None:
    tree = copied(workspaces.WORKSPACES / case, tmp_path / case)
    before = snapshot(tree)
    with workspaces._locked():
        done = run("migrate", "--plan", "c", "--target", TARGET, cwd=tree, env=environment(TARGET))
    assert done.returncode == 0, done.stdout + done.stderr
    proofs = [line for line in done.stdout.splitlines() if line.startswith(("✓", "✗", "·"))]
    assert [line[0] for line in proofs] == ["✓"] * len(proofs), done.stdout
    assert any("as predicted" in line for line in proofs)
    undone = run("undo", cwd=tree)
    assert undone.returncode == 0, undone.stderr
    assert snapshot(tree) == before


def test_bindings_in_a_file_stay_and_are_not_imported(tmp_path: Path) -> None:
    """The file still binds the import. Whether a plain function's crate leaks its export is up to rustc's
    codegen units, which a new module shifts: verification does not hold a build to a leaked export."""
    tree = copied(workspaces.WORKSPACES / "checked-in-bindings", tmp_path / "ferry")
    bindings = (tree / "ferry-board/src/bindings.rs").read_bytes()
    with workspaces._locked():
        words = ("migrate", "--plan", "c", "--target", TARGET)
        done = run(*words, cwd=tree, env=environment(TARGET))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "as predicted" in done.stdout
    assert (tree / "ferry-board/src/bindings.rs").read_bytes() == bindings
    assert b"ferry:river/level@0.1.0" in bindings
    for package, export in (("ferry-board", "depart"), ("ferry-dock", "ticket")):
        world = workspaces.world_of(build(tree, package, tmp_path))
        assert all(name.startswith("wasi:") for name in world.imports.names())
        assert export in world.exports.names()
