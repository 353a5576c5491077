"""Copies of fixtures, migrated as a person does it, with the Rust that tests/rust builds with."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import stat
import subprocess
from pathlib import Path
from typing import Any

from rust import workspaces
from tests_support import run

SCHEDULER = workspaces.ROOT / "fixtures" / "scheduler"
OWN = ".wasmdoctor"


def environment(target: str) -> dict[str, str]:
    """What cargo needs to build for a target here: ``wasmdoctor migrate`` passes it on."""
    rust = workspaces._rust()
    made = {
        **workspaces._environment(target, "debug"),
        "CARGO": rust.cargo,
        "WASMDOCTOR_ADAPTER": str(workspaces._adapter()),
    }
    return made if rust.ready_made else {**made, "CARGO_UNSTABLE_BUILD_STD": "std,panic_abort"}


def copied(source: Path, place: Path) -> Path:
    """A copy of a fixture without what was built of it."""
    shutil.copytree(source, place, ignore=shutil.ignore_patterns("target", "prebuilt", OWN))
    return place


def migrate(
    tree: Path, *words: str, target: str = "wasm32-wasip1", rust: bool = True
) -> subprocess.CompletedProcess[str]:
    """``wasmdoctor migrate --plan a`` in a tree; one build at a time in the shared target folder."""
    command = ("migrate", "--plan", "a", "--target", target, *words)
    if not rust:
        return run(*command, cwd=tree)
    with workspaces._locked():
        return run(*command, cwd=tree, env=environment(target))


def planned(tree: Path, *words: str, target: str = "wasm32-wasip1") -> dict[str, Any]:
    """``wasmdoctor plan --plan a --format json``: its one plan."""
    done = run("plan", "--plan", "a", "--target", target, "--format", "json", *words, cwd=tree)
    assert done.returncode in (0, 1), done.stderr
    (plan,) = json.loads(done.stdout)["plans"]
    assert isinstance(plan, dict)
    return plan


def snapshot(tree: Path) -> dict[str, tuple[int, str]]:
    """Every file and folder of a tree but wasmdoctor's own: mode, and a checksum or a link's end."""
    found: dict[str, tuple[int, str]] = {}
    for folder, folders, files in os.walk(tree):
        folders[:] = sorted(name for name in folders if not (name == OWN and Path(folder) == tree))
        for name in (*folders, *files):
            path = Path(folder) / name
            status = path.lstat()
            if path.is_symlink():
                what = f"link to {os.readlink(path)}"
            elif path.is_dir():
                what = "folder"
            else:
                what = hashlib.sha256(path.read_bytes()).hexdigest()
            found[str(path.relative_to(tree))] = (stat.S_IMODE(status.st_mode), what)
    return found


def build(tree: Path, package: str, folder: Path, target: str = "wasm32-wasip1") -> Path:
    """The component of a package, built from a tree with its Cargo.lock as it is."""
    stem = package.replace("-", "_")
    made = folder / f"{stem}.wasm"
    rust = workspaces._rust()
    deps = workspaces.TARGET_DIR / target / "debug" / "deps"
    command = [rust.cargo, "build", "--locked", "-p", package, "--target", target]
    with workspaces._locked():
        for name in (f"{stem}.wasm", f"lib{stem}.rlib", f"lib{stem}.rmeta"):
            (deps / name).unlink(missing_ok=True)
        done = subprocess.run(
            command, cwd=tree, env=environment(target), capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        core = deps / f"{stem}.wasm"
        if target == "wasm32-wasip2":
            shutil.copy2(core, made)
        else:
            adapter = f"wasi_snapshot_preview1={workspaces._adapter()}"
            workspaces._output(
                [workspaces.wasm_tools(), "component", "new", core, "--adapt", adapter, "-o", made]
            )
        core.unlink()  # another copy of the workspace must not take it for its own
    return made
