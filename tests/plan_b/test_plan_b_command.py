"""``migrate --plan b`` as a person runs it: proven by a build and a composition, and taken back by ``undo``."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from migrate.migrated import SCHEDULER, copied, environment, snapshot
from plan_b.adapted import WAC, build
from rust import workspaces
from tests_support import run

TARGET = ("--target", "wasm32-wasip1")


def migrate_b(tree: Path, *words: str, wac: bool = True) -> subprocess.CompletedProcess[str]:
    env = environment("wasm32-wasip1")
    if wac:
        env["PATH"] = f"{WAC.parent}:{env['PATH']}"
    with workspaces._locked():
        return run("migrate", "--plan", "b", *TARGET, *words, cwd=tree, env=env)


@pytest.mark.rust
def test_it_is_built_composed_and_linked_before_the_tree_changes(tmp_path: Path) -> None:
    tree = copied(SCHEDULER, tmp_path / "scheduler")
    before = snapshot(tree)
    done = migrate_b(tree)
    assert done.returncode == 0, done.stdout + done.stderr
    proofs = [line for line in done.stdout.splitlines() if line.startswith(("✓", "✗", "·"))]
    assert all(line.startswith("✓") for line in proofs), done.stdout
    assert any("scheduler.composed" in line and "wasmtime links it" in line for line in proofs), proofs
    changed = {path for path, what in snapshot(tree).items() if before.get(path) != what}
    own = {path for path in changed if not path.startswith("core-libs-adapter")}
    assert own - {"."} <= {"Cargo.toml", "Cargo.lock"}
    assert build(tree, tmp_path / "made", "core-libs-adapter").warnings == []
    again = run("migrate", "--plan", "b", *TARGET, cwd=tree)
    assert "nothing to do" in again.stdout, again.stdout + again.stderr
    undone = run("undo", cwd=tree)
    assert undone.returncode == 0, undone.stderr
    assert snapshot(tree) == before


def test_a_ready_adapter_gives_one_document(tmp_path: Path) -> None:
    tree = copied(SCHEDULER, tmp_path / "scheduler")
    made = run(
        "stub",
        *(f"scheduler:core-libs/wasi-{name}" for name in ("tcp", "udp", "network")),
        "-o",
        "s.wasm",
        cwd=tree,
    )
    assert made.returncode == 0, made.stderr
    words = ("--plan", "b", *TARGET, "--adapter-from", "s.wasm")
    found = run("plan", *words, "--format", "json", cwd=tree)
    (plan,) = json.loads(found.stdout)["plans"]
    assert plan["applicable"], plan["reason"]
    assert [edit["path"] for edit in plan["edits"]] == ["scheduler.wac"]
    assert "run-scenario" in plan["exports_after"]["scheduler.composed"]
    assert not [name for name in plan["imports_after"]["scheduler.composed"] if not name.startswith("wasi:")]
    done = run("migrate", *words, "--no-verify", cwd=tree)
    assert done.returncode == 0, done.stderr
    assert (tree / "scheduler.wac").is_file()
    again = run("migrate", *words, "--no-verify", cwd=tree)
    assert (again.returncode, "nothing to do" in again.stdout) == (0, True), again.stderr


def test_a_file_that_is_no_adapter_is_said_to_be_none(tmp_path: Path) -> None:
    tree = copied(SCHEDULER, tmp_path / "scheduler")
    (tree / "s.wasm").write_bytes(b"\0asm\1\0\0\0")
    for name, said in (("s.wasm", "is not a component"), ("none.wasm", "cannot be read")):
        found = run("plan", "--plan", "b", *TARGET, "--adapter-from", name, cwd=tree)
        assert (found.returncode, said in found.stderr) == (2, True), found.stderr


def test_the_adapter_gets_the_name_and_folder_that_are_asked_for(tmp_path: Path) -> None:
    tree = copied(SCHEDULER, tmp_path / "scheduler")
    words = ("--adapter-name", "net", "--adapter-folder", "parts/net", "--no-verify")
    done = run("migrate", "--plan", "b", *TARGET, *words, cwd=tree)
    assert done.returncode == 0, done.stderr
    assert 'name = "net"' in (tree / "parts/net/Cargo.toml").read_text()
    checked = run("check", *TARGET, "--format", "json", cwd=tree)
    found = {finding["code"] for finding in json.loads(checked.stdout)["findings"]}
    assert not found & {"WD101", "WD104", "WD201", "WD202", "WD305", "WD404"}, found
