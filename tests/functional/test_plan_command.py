"""``wasmdoctor plan`` as a person runs it."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from migrate.migrated import SCHEDULER, copied, snapshot
from rust.workspaces import WORKSPACES
from tests_support import run

from wasmdoctor.graph.calls import needed
from wasmdoctor.readers.code import read_code
from wasmdoctor.readers.wasm.source import BytesSource

SCHEMA = json.loads((Path(__file__).parents[2] / "rules/schema/plan-1.json").read_text())
CUSTOM = "orchard:rungs/steps@1.0.0"


@pytest.fixture(scope="module")
def orchard(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace to which plan A applies, and that nobody writes to."""
    return copied(WORKSPACES / "virtual-workspace", tmp_path_factory.mktemp("plan") / "orchard")


@pytest.fixture(scope="module")
def text(orchard: Path) -> dict[int, str]:
    """What it says in windows of two widths."""
    done = {width: run("plan", cwd=orchard, env={"COLUMNS": str(width)}) for width in (80, 140)}
    assert {one.returncode for one in done.values()} == {1}
    return {width: one.stdout for width, one in done.items()}


@pytest.fixture(scope="module")
def diff(orchard: Path) -> str:
    """Plan A's edits."""
    done = run("plan", "--plan", "a", "--diff", cwd=orchard)
    assert done.returncode == 1
    return done.stdout


def document(tree: Path, *words: str, code: int) -> dict[str, Any]:
    done = run("plan", "--format", "json", *words, cwd=tree)
    assert done.returncode == code, done.stdout + done.stderr
    assert done.stderr == ""
    found = json.loads(done.stdout)
    jsonschema.validate(found, SCHEMA, cls=jsonschema.Draft202012Validator)
    assert isinstance(found, dict)
    return found


def plans(found: dict[str, Any], folder: str = ".") -> dict[str, dict[str, Any]]:
    return {plan["plan"]: plan for plan in found["plans"] if plan["workspace"] == folder}


def test_json_holds_the_three_plans(orchard: Path) -> None:
    before = snapshot(orchard)
    found = document(orchard, code=1)
    assert snapshot(orchard) == before
    assert not (orchard / ".wasmdoctor").exists()
    (trouble,) = found["workspaces"][0]["troubles"]
    assert (trouble["component"], trouble["import"]) == ("orchard-press", CUSTOM)
    assert trouble["location"]["path"].endswith(".wit")
    three = plans(found)
    assert list(three) == ["a", "b", "c"]
    a = three["a"]
    assert a["applicable"]
    assert a["recommended"]
    assert {edit["kind"] for edit in a["edits"]} <= {"modify", "create", "remove", "move"}
    assert all(edit["causes"] for edit in a["edits"])
    assert a["imports_after"] == {"orchard-press": []}
    assert a["exports_after"] == {"orchard-press": ["juice"]}
    assert {function["body"] for function in a["bridge"]} <= {"mapping", "derived", "refuses"}
    assert a["lines_added"] > 0
    for other in ("b", "c"):
        assert three[other]["applicable"]
        assert three[other]["edits"]
        assert CUSTOM in three[other]["reason"]


def test_paths_are_relative_to_where_it_runs(orchard: Path) -> None:
    found = document(orchard.parent, "orchard", code=1)
    a = plans(found, "orchard")["a"]
    assert all((orchard.parent / edit["path"]).exists() for edit in a["edits"] if edit["kind"] == "modify")


@pytest.mark.parametrize("width", [80, 140])
def test_text_fits_the_window(text: dict[int, str], width: int) -> None:
    lines = text[width].splitlines()
    assert max(map(len, lines)) <= width
    titles = ("A  link statically", "B  compose with an adapter", "C  call standard WASI")
    beside = [line for line in lines if all(title in line for title in titles)]
    assert len(beside) == (1 if width == 140 else 0), "side by side in a wide window"
    assert all(any(title in line for line in lines) for title in titles)
    assert "\x1b[" not in text[width]


def test_text_says_what_to_do_next(text: dict[int, str]) -> None:
    lines = [line.strip() for line in text[140].splitlines()]
    assert next(line for line in lines if line.startswith("recommended: ")).startswith(
        "recommended: plan A — "
    )
    assert "next: wasmdoctor migrate --plan a --dry-run --diff" in lines


def test_nothing_to_cure(tmp_path: Path) -> None:
    tree = copied(WORKSPACES / "uncalled-library", tmp_path / "bakery")
    assert "nothing to cure" in run("plan", cwd=tree).stdout
    assert document(tree, code=0)["workspaces"][0]["troubles"] == []


def test_a_plan_that_does_not_apply_says_why(tmp_path: Path) -> None:
    tree = copied(WORKSPACES / "hand-written", tmp_path / "quarry")
    a = plans(document(tree, code=1))["a"]
    assert not a["applicable"]
    assert not a["recommended"]
    assert a["edits"] == []
    assert "by hand" in a["reason"]


HEDGE = """\
wit_bindgen::generate!({ inline: "package hedge:wit; interface shears { cut: func(); } world w { import shears; }" });
pub fn trim() { hedge::wit::shears::cut() }
"""
GARDEN = """\
wit_bindgen::generate!({ inline: "package garden:wit; world garden { export tend: func(); }" });
struct Garden;
impl Guest for Garden { fn tend() { hedge::trim() } }
export!(Garden);
"""
PACKAGE = (
    '[package]\nname = "%s"\nversion = "1.0.0"\nedition = "2021"\n[dependencies]\nwit-bindgen = "0.48"\n'
)
LOCK = """\
version = 4
[[package]]
name = "garden"
version = "1.0.0"
dependencies = ["hedge"]
[[package]]
name = "hedge"
version = "1.0.0"
source = "registry+x"
"""


def test_foreign_code_rules_plans_a_and_c_out(tmp_path: Path) -> None:
    """What a crate from a registry binds and calls can be provided, but not edited away."""
    hedge = tmp_path / "cargo/registry/src/index-1/hedge-1.0.0"
    garden = tmp_path / "garden"
    for folder in (hedge, garden):
        (folder / "src").mkdir(parents=True)
        (folder / "Cargo.toml").write_text(PACKAGE % folder.name.partition("-")[0])
    (hedge / "src/lib.rs").write_text(HEDGE)
    (garden / "src/lib.rs").write_text(GARDEN)
    manifest = (garden / "Cargo.toml").read_text()
    (garden / "Cargo.toml").write_text(manifest + 'hedge = "1"\n[lib]\ncrate-type = ["cdylib"]\n')
    (garden / "Cargo.lock").write_text(LOCK)
    done = run("plan", "--format", "json", cwd=garden, env={"CARGO_HOME": str(tmp_path / "cargo")})
    assert done.returncode == 1, done.stdout + done.stderr
    three = plans(json.loads(done.stdout))
    assert not three["a"]["applicable"]
    assert not three["c"]["applicable"]
    assert "`hedge`" in three["a"]["reason"]
    assert "`hedge`" in three["c"]["reason"]
    assert not any(plan["recommended"] and not plan["applicable"] for plan in three.values())


def test_the_diff_is_one_that_git_takes(orchard: Path, diff: str, tmp_path: Path) -> None:
    tree = copied(orchard, tmp_path / "orchard")
    git = shutil.which("git")
    assert git is not None
    subprocess.run([git, "init", "-q"], cwd=tree, check=True)
    applied = subprocess.run(
        [git, "apply", "-"], cwd=tree, input=diff, text=True, capture_output=True, check=False
    )
    assert applied.returncode == 0, applied.stderr
    shutil.rmtree(tree / ".git")
    migrated = copied(orchard, tmp_path / "migrated")
    assert run("migrate", "--plan", "a", "--no-verify", cwd=migrated).returncode == 0
    assert _files(tree) == _files(migrated)


def _files(tree: Path) -> dict[str, str]:
    return {name: what for name, (_, what) in snapshot(tree).items() if what != "folder"}


def test_the_diff_in_colour(orchard: Path, diff: str) -> None:
    done = run("plan", "--plan", "a", "--diff", "--color", "always", cwd=orchard)
    assert "\x1b[32m+" in done.stdout
    assert "\x1b[31m-" in done.stdout
    assert re.sub(r"\x1b\[[0-9;]*m", "", done.stdout) == diff


def test_the_diff_is_of_one_plan(orchard: Path) -> None:
    done = run("plan", "--diff", cwd=orchard)
    assert done.returncode == 2
    assert "--plan" in done.stderr


def test_a_stub_bridge_imports_nothing(tmp_path: Path) -> None:
    tree = copied(SCHEDULER, tmp_path / "scheduler")
    a = plans(document(tree, "--bridge", "stub", "--plan", "a", code=1))["a"]
    assert a["bridge"]
    assert {function["body"] for function in a["bridge"]} == {"refuses"}
    assert a["imports_after"] == {"scheduler": []}
    assert a["dependencies"] == {}


def test_keep_wit_leaves_it(orchard: Path, diff: str) -> None:
    gone = re.compile(r"^diff --git .*\.wit\ndeleted file", re.MULTILINE)
    assert gone.search(diff)
    kept = run("plan", "--plan", "a", "--diff", "--keep-wit", cwd=orchard)
    assert kept.returncode == 1
    assert not gone.search(kept.stdout)


def test_html_asks_nothing_of_a_network_and_escapes(tmp_path: Path) -> None:
    tree = copied(WORKSPACES / "virtual-workspace", tmp_path / "a <b>& c")
    done = run("plan", str(tree), "--format", "html", "-o", "plan.html", cwd=tmp_path)
    assert done.returncode == 1
    page = (tmp_path / "plan.html").read_text("utf-8")
    assert "default-src &#x27;none&#x27;" in page
    assert not re.search(r"(?:src|href)\s*=", page)
    assert "<script" not in page
    assert "prefers-color-scheme: dark" in page
    assert "a <b>" not in page
    assert "a &lt;b&gt;&amp; c" in page
    assert 'class="added"' in page


def test_markdown(orchard: Path) -> None:
    done = run("plan", "--format", "markdown", cwd=orchard)
    assert done.returncode == 1
    assert done.stdout.startswith("# Ways out of custom imports\n")
    assert f"`{CUSTOM}`" in done.stdout
    assert "```diff\n" in done.stdout
    tables = [line for line in done.stdout.splitlines() if line.startswith("| ")]
    side_by_side = [line for line in tables if "A: link statically" in line]
    assert len(side_by_side) == 1


@pytest.mark.parametrize("command", [("plan",), ("migrate", "--plan", "a")])
def test_no_workspace(tmp_path: Path, command: tuple[str, ...]) -> None:
    done = run(*command, cwd=tmp_path)
    assert done.returncode == 2
    assert "no cargo workspace" in done.stderr
    assert "Traceback" not in done.stderr


def broken_toml(tree: Path) -> None:
    (tree / "Cargo.toml").write_text('[workspace\nmembers = ["a"]\n')


def folder_for_manifest(tree: Path) -> None:
    (tree / "Cargo.toml").unlink()
    (tree / "Cargo.toml").mkdir()


@pytest.mark.parametrize("spoil", [broken_toml, folder_for_manifest])
@pytest.mark.parametrize("command", [("plan",), ("migrate", "--plan", "a", "--no-verify")])
def test_a_root_manifest_that_cannot_be_read(
    tmp_path: Path, spoil: Callable[[Path], None], command: tuple[str, ...]
) -> None:
    tree = copied(WORKSPACES / "single-crate", tmp_path / "crate")
    spoil(tree)
    before = snapshot(tree)
    done = run(*command, cwd=tree)
    assert done.returncode == 2, done.stdout
    assert "Cargo.toml" in done.stderr
    assert "Traceback" not in done.stderr
    assert snapshot(tree) == before


def test_a_member_that_cannot_be_read_is_said(tmp_path: Path) -> None:
    tree = copied(WORKSPACES / "virtual-workspace", tmp_path / "orchard")
    member = next(path for path in sorted(tree.glob("*/*/Cargo.toml")) if "press" in str(path))
    member.write_text("[package\n")
    done = run("plan", cwd=tree)
    assert str(member.relative_to(tree)) in done.stdout + done.stderr
    assert "Traceback" not in done.stderr


def needs(plan: dict[str, Any]) -> dict[tuple[str, str], bool | None]:
    """What a plan says of each function of its bridge."""
    return {(each["interface"], each["function"]): each["needed"] for each in plan["bridge"]}


def test_what_a_finished_component_needs_is_needed(tmp_path: Path) -> None:
    """The plan is of sources; the release component of the fixture, without its leaked exports, is the judge."""
    tree = copied(SCHEDULER, tmp_path / "scheduler")
    a = plans(document(tree, "--plan", "a", code=1))["a"]
    told = needs(a)
    path = SCHEDULER / "prebuilt/scheduler.wasm"
    code = read_code(BytesSource(path.read_bytes()), str(path))
    used = {
        (interface, function)
        for interface in {interface for interface, _ in told}
        for function, wanted in needed(code, a["exports_after"]["scheduler"], interface).items()
        if wanted and not function.startswith("[resource-drop]")
    }
    assert len(used) > 5
    assert {key for key in used if told[key] is not True} == set()
    assert {function for (_, function), wanted in told.items() if wanted is False} >= {
        "[method]tcp-socket.remote-address",
        "[method]udp-socket.address-family",
    }


def test_a_refusing_body_is_a_problem_only_if_it_is_needed(orchard: Path, text: dict[int, str]) -> None:
    found = document(orchard, code=1)
    for plan in plans(found).values():
        if plan["bridge"]:
            assert needs(plan) == {(CUSTOM, "climb"): True, (CUSTOM, "fall"): False}
            assert {function["body"] for function in plan["bridge"]} == {"refuses"}
    assert "; 1 function of the bridge will refuse" in found["workspaces"][0]["recommendation"]
    listed = [line for line in text[140].splitlines() if f"{CUSTOM}  " in line and "refuses" in line]
    assert listed
    assert all("climb" in line and "(needed)" in line for line in listed)
    assert "1 falls away" in text[140]
    assert "(falls away)" in run("plan", "--plan", "a", cwd=orchard).stdout
    page = run("plan", "--format", "markdown", cwd=orchard).stdout
    rows = [line for line in page.splitlines() if line.startswith(f"| `{CUSTOM}` | `")]
    assert {(row.split(" | ")[1], row.split(" | ")[2]) for row in rows if "refuses" in row} == {
        ("`climb`", "needed"),
        ("`fall`", "falls away"),
    }


def test_what_only_a_leaked_export_calls_falls_away(tmp_path: Path) -> None:
    tree = copied(WORKSPACES / "export-leak", tmp_path / "cinema")
    told = needs(plans(document(tree, "--plan", "a", code=1))["a"])
    assert told["cinema:seats/eraser@0.1.0", "erase"] is False


def test_what_a_macro_may_call_is_not_said_to_fall_away(tmp_path: Path) -> None:
    """A macro of this workspace puts paths together from pieces."""
    tree = copied(WORKSPACES / "ways-to-call", tmp_path / "lift")
    told = needs(plans(document(tree, "--plan", "a", code=1))["a"])
    assert told["lift:shaft/direct@0.1.0", "move-to"] is True
    assert told["lift:shaft/function-table@0.1.0", "move-to"] is True
    assert told["lift:shaft/in-macro@0.1.0", "move-to"] is None


def test_a_plan_that_was_asked_for_is_not_recommended(orchard: Path) -> None:
    done = run("plan", "--plan", "c", cwd=orchard)
    assert "recommended" not in done.stdout
    assert "next: wasmdoctor migrate --plan c" in done.stdout
    assert not plans(document(orchard, "--plan", "c", code=1))["c"]["recommended"]
