"""Plans for workspaces whose folders and packages have names that few would give."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from migrate.test_build_outputs import TREE
from plan_a.planning import write
from tests_support import run


def plans(tree: Path) -> dict[str, dict[str, Any]]:
    done = run("plan", "--target", "wasm32-wasip2", "--format", "json", cwd=tree)
    assert done.returncode == 1, done.stdout + done.stderr
    return {plan["plan"]: plan for plan in json.loads(done.stdout)["plans"]}


def in_folder(root: Path, folder: str) -> Path:
    """The workspace with its library in a folder of this name."""
    text = json.dumps(folder)
    files = {path.replace("core-lib/", f"{folder}/"): data for path, data in TREE.items()}
    files["Cargo.toml"] = f'[workspace]\nresolver = "2"\nmembers = [{text}, "app"]\n'
    files["app/Cargo.toml"] = TREE["app/Cargo.toml"].replace('"../core-lib"', json.dumps(f"../{folder}"))
    return write(root, files)


@pytest.mark.parametrize("folder", ["co re", 'co"re', "cö%re", "-co{re}"])
def test_folders_of_any_name_are_planned_for(folder: str, tmp_path: Path) -> None:
    found = plans(in_folder(tmp_path / folder, folder))
    assert {name: plan["reason"] for name, plan in found.items() if not plan["applicable"]} == {}
    assert any(edit["path"].startswith(f"{folder}/") for edit in found["a"]["edits"])


@pytest.mark.parametrize(
    ("folder", "why"),
    [
        ("co:re", "the path has a backslash, a colon or a control character"),
        ("co\nre", "the path has a backslash, a colon or a control character"),
        (".git", "the path belongs to version control"),
    ],
)
def test_folders_that_are_never_written_to_are_the_persons_to_rename(
    folder: str, why: str, tmp_path: Path
) -> None:
    found = plans(in_folder(tmp_path, folder))
    for name in "ac":
        assert found[name]["reason"].startswith(f"it would have to edit `{folder}/")
        assert found[name]["reason"].endswith(f"{why}: rename it, then plan again")
    assert found["b"]["applicable"]  # nothing in that folder changes


NAMES = ["a\nb", "a\x1bb", "a\u202eb", "a\u0149b", "a/../b"]


@pytest.mark.parametrize("name", NAMES)
def test_an_adapter_can_be_made_for_packages_of_any_name(name: str, tmp_path: Path) -> None:
    manifest = TREE["app/Cargo.toml"].replace('name = "app"', f"name = {json.dumps(name)}")
    tree = write(tmp_path, {**TREE, "app/Cargo.toml": manifest})
    plan = plans(tree)["b"]
    assert plan["applicable"], plan["reason"]
    made = {edit["path"] for edit in plan["edits"]}
    assert {f"core-adapter/{path}" for path in ("Cargo.toml", "src/lib.rs", "wit/world.wit")} < made
    shown = run("plan", "--plan", "b", "--diff", "--target", "wasm32-wasip2", cwd=tree).stdout
    added = [line for line in shown.splitlines() if "imports and hosts do not have" in line]
    assert len(added) == 2  # the manifest's description and the world's documentation are lines of their own


def test_wit_that_may_not_be_read_is_told_and_not_passed_over(tmp_path: Path) -> None:
    files = {
        path: text.replace('path: "wit"', 'path: "../../interfaces"')
        for path, text in TREE.items()
        if not path.endswith(".wit")
    }
    tree = write(tmp_path / "rust", files)
    write(tmp_path, {"interfaces/world.wit": TREE["core-lib/wit/world.wit"]})
    shown = run("plan", cwd=tree).stdout
    assert "note: core-lib/src/lib.rs:1:1: the world of this call cannot be found" in shown
    assert "nothing to cure in what could be read" in shown
    assert "✓" not in shown
    done = run("migrate", "--plan", "a", cwd=tree).stdout
    assert "nothing to do, what could be read has no custom import" in done
