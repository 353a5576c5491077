"""Plans A and C on the workspace that tests/plan_b takes through plan B: another domain, and parts that nobody
implements. Whichever plan it is, the component then answers the same."""

from __future__ import annotations

from pathlib import Path

import pytest
from migrate.migrated import environment, snapshot
from plan_b.adapted import build
from plan_b.test_plan_b_ledger import FILES
from run_component import Running
from rust import workspaces
from tests_support import run

pytestmark = pytest.mark.rust
TARGET = "wasm32-wasip2"


@pytest.mark.parametrize("plan", ["a", "c"])
def test_it_builds_imports_only_wasi_and_runs(plan: str, tmp_path: Path) -> None:
    tree = tmp_path / "ledger"
    for name, text in FILES.items():
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / name).write_text(text)
    before = snapshot(tree)
    with workspaces._locked():
        done = run("migrate", "--plan", plan, "--target", TARGET, cwd=tree, env=environment(TARGET))
    assert done.returncode == 0, done.stdout + done.stderr
    built = build(tree, tmp_path / "made", "ledger", target=TARGET)
    assert built.warnings == []
    component = built.components["ledger"]
    world = workspaces.world_of(component)
    assert all(name.startswith("wasi:") for name in world.imports.names()), world.imports
    assert world.exports.names() == ("alarm", "light", "remember")
    answer = Running(component).call("remember", "colour", "blue")
    assert (answer.tag, answer.payload) == ("ok", "blue true")
    # What nobody implements gives the interface's own error.
    assert "Unsupported" in Running(component).call("light")
    assert Running(component).call("alarm") == "`beep` is not supported"
    again = run("migrate", "--plan", plan, "--target", TARGET, cwd=tree)
    assert (again.returncode, "nothing to do" in again.stdout) == (0, True), again.stdout
    assert run("undo", cwd=tree).returncode == 0
    left = {path: what for path, what in snapshot(tree).items() if path != "Cargo.lock"}
    assert left == before
