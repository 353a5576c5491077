"""``wasmdoctor migrate`` and ``undo`` as a person runs them, without Rust: what they write, refuse and say."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from migrate.migrated import OWN, copied, migrate, snapshot
from rust.workspaces import WORKSPACES
from tests_support import PROGRAM, run

Dummy = Callable[..., bytes]


@pytest.fixture
def orchard(tmp_path: Path) -> Path:
    """A copy of a workspace to which plan A applies."""
    return copied(WORKSPACES / "virtual-workspace", tmp_path / "orchard")


@pytest.fixture
def no_rust(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine without cargo."""
    for name in ("CARGO", "CARGO_TARGET_DIR", "RUSTC"):
        monkeypatch.delenv(name, raising=False)
    git = shutil.which("git")
    assert git is not None
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/git").symlink_to(git)
    for name in ("sh", "cp", "mkdir", "cat"):
        found = shutil.which(name)
        assert found is not None
        (tmp_path / "bin" / name).symlink_to(found)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))


def git(tree: Path, *words: str) -> str:
    identity = ["-c", "user.name=a", "-c", "user.email=a@example.invalid"]
    done = subprocess.run(["git", *identity, *words], cwd=tree, capture_output=True, text=True, check=True)
    return done.stdout


@pytest.mark.parametrize("plan", ["b", "c"])
def test_the_other_plans_are_carried_out_and_taken_back(orchard: Path, plan: str, no_rust: None) -> None:
    before = snapshot(orchard)
    done = run("migrate", "--plan", plan, cwd=orchard)
    assert done.returncode == 0, done.stderr
    assert snapshot(orchard) != before
    again = run("migrate", "--plan", plan, cwd=orchard)
    assert (again.returncode, "nothing to do" in again.stdout) == (0, True), again.stdout
    assert run("undo", cwd=orchard).returncode == 0
    assert snapshot(orchard) == before


@pytest.mark.usefixtures("no_rust")
def test_auto_takes_the_recommended_plan_and_says_why(orchard: Path) -> None:
    before = snapshot(orchard)
    done = run("migrate", "--plan", "auto", "--dry-run", cwd=orchard)
    assert done.returncode == 0, done.stderr
    assert "plan A is recommended: one component that needs nobody but the host" in done.stdout
    assert run("migrate", "--plan", "auto", cwd=orchard).returncode == 0
    assert snapshot(orchard) != before
    again = run("migrate", "--plan", "auto", cwd=orchard)
    assert (again.returncode, "nothing to do" in again.stdout) == (0, True), again.stdout + again.stderr
    assert run("undo", cwd=orchard).returncode == 0
    assert snapshot(orchard) == before


def test_a_plan_must_be_named(orchard: Path) -> None:
    done = run("migrate", cwd=orchard)
    assert done.returncode == 2
    assert "--plan" in done.stderr


def test_a_dry_run_writes_nothing(orchard: Path) -> None:
    before = snapshot(orchard)
    done = migrate(orchard, "--dry-run", "--diff", rust=False)
    assert done.returncode == 0, done.stderr
    assert "+++ b/" in done.stdout
    assert "nothing was written" in done.stdout
    assert snapshot(orchard) == before
    assert not (orchard / OWN).exists()


@pytest.mark.usefixtures("no_rust")
def test_without_a_toolchain_it_applies_and_says_what_is_not_proven(orchard: Path) -> None:
    before = snapshot(orchard)
    done = migrate(orchard, rust=False)
    assert done.returncode == 0, done.stderr
    assert "✓ read again after the edits" in done.stdout
    assert "· nothing was built: cargo is not on PATH" in done.stdout
    assert "cargo build --target wasm32-wasip1 -p orchard-press" in done.stdout
    after = snapshot(orchard)
    assert after != before
    (report,) = (orchard / OWN / "reports").glob("*.md")
    assert "not done: nothing was built" in report.read_text("utf-8")
    again = migrate(orchard, rust=False)
    assert again.returncode == 0, again.stderr
    assert "nothing to do" in again.stdout
    assert snapshot(orchard) == after
    undone = run("undo", cwd=orchard / "apps")
    assert undone.returncode == 0, undone.stderr
    assert snapshot(orchard) == before
    nothing = run("undo", cwd=orchard)
    assert nothing.returncode == 2
    assert "no migration" in nothing.stderr


def test_undo_refuses_what_was_changed_since(orchard: Path) -> None:
    before = snapshot(orchard)
    assert migrate(orchard, "--no-verify", rust=False).returncode == 0
    changed = orchard / "crates/orchard-ladder/Cargo.toml"
    changed.write_text(changed.read_text() + "# mine\n")
    after = snapshot(orchard)
    done = run("undo", cwd=orchard)
    assert done.returncode == 2
    assert "crates/orchard-ladder/Cargo.toml" in done.stderr
    assert snapshot(orchard) == after
    forced = run("undo", "--force", cwd=orchard)
    assert forced.returncode == 0, forced.stderr
    assert snapshot(orchard) == before


def test_a_dirty_tree_is_refused(orchard: Path) -> None:
    git(orchard, "init", "-q")
    git(orchard, "add", "-A")
    git(orchard, "commit", "-q", "-m", "all")
    manifest = orchard / "Cargo.toml"
    manifest.write_text(manifest.read_text() + "# mine\n")
    before = snapshot(orchard)
    done = migrate(orchard, "--no-verify", rust=False)
    assert done.returncode == 2
    assert "Cargo.toml" in done.stderr
    assert "--allow-dirty" in done.stderr
    assert snapshot(orchard) == before
    allowed = migrate(orchard, "--no-verify", "--allow-dirty", rust=False)
    assert allowed.returncode == 0, allowed.stderr
    assert OWN not in git(orchard, "status", "--porcelain")


def test_a_clean_tree_is_not_asked_about(orchard: Path) -> None:
    git(orchard, "init", "-q")
    git(orchard, "add", "-A")
    git(orchard, "commit", "-q", "-m", "all")
    done = migrate(orchard, "--no-verify", rust=False)
    assert done.returncode == 0, done.stderr
    undone = run("undo", cwd=orchard)
    assert undone.returncode == 0, undone.stderr
    assert git(orchard, "status", "--porcelain") == ""


def test_a_build_that_fails_leaves_the_tree(orchard: Path) -> None:
    before = snapshot(orchard)
    errors = "error[E0432]: unresolved import\n  --> apps/orchard-press/src/lib.rs:3:5\n   |\n"
    (orchard.parent / "errors").write_text(errors)
    command = f"cat {orchard.parent}/errors >&2; exit 3"
    done = migrate(orchard, "--build-cmd", command, rust=False)
    assert done.returncode == 2
    assert "✗" in done.stdout
    assert "failed with exit code 3" in done.stdout
    assert "error[E0432]: unresolved import" in done.stdout
    assert "the tree is as it was" in done.stderr
    assert snapshot(orchard) == before
    assert not (orchard / OWN).exists()
    kept = migrate(orchard, "--build-cmd", command, "--keep-going", rust=False)
    assert kept.returncode == 0, kept.stderr
    assert snapshot(orchard) != before


def test_an_error_is_shown_with_the_edit_of_its_file(orchard: Path) -> None:
    done = run("plan", "--plan", "a", "--diff", cwd=orchard)
    touched = next(
        line[6:] for line in done.stdout.splitlines() if line.startswith("+++ b/") and ".rs" in line
    )
    (orchard.parent / "errors").write_text(f"error: no\n  --> {touched}:1:1\n")
    done = migrate(orchard, "--build-cmd", f"cat {orchard.parent}/errors >&2; exit 1", rust=False)
    assert done.returncode == 2
    assert "this edit touched that file: " in done.stdout


GOOD = "package a:b;\nworld w { export juice: func() -> u32; }\n"
BAD = "package a:b;\ninterface i { f: func(); }\nworld w { import i; export juice: func() -> u32; }\n"


@pytest.mark.parametrize(("wit", "passes"), [(GOOD, True), (BAD, False)])
def test_what_is_built_is_held_to_the_prediction(orchard: Path, dummy: Dummy, wit: str, passes: bool) -> None:
    """The command runs in a copy with the edits, and what it leaves under the component's name is looked at."""
    made = orchard.parent / "made.wasm"
    made.write_bytes(dummy(wit, "w"))
    before = snapshot(orchard)
    command = f"pwd >&2; test ! -e {OWN} && mkdir -p out && cp {made} out/orchard_press.wasm"
    done = migrate(orchard, "--build-cmd", command, rust=False)
    if passes:
        assert done.returncode == 0, done.stdout + done.stderr
        assert "as predicted" in done.stdout
        assert not (orchard / "out").exists(), "it was built in a copy"
        assert not (orchard / OWN / "build").exists()
    else:
        assert done.returncode == 2
        assert "`a:b/i` was not expected" in done.stdout
        assert "imports a:b/i, which nobody provides" in done.stdout
        assert snapshot(orchard) == before


def test_a_command_that_builds_nothing(orchard: Path) -> None:
    before = snapshot(orchard)
    done = migrate(orchard, "--build-cmd", "true", rust=False)
    assert done.returncode == 2
    assert "made no wasm file for orchard-press" in done.stdout
    assert snapshot(orchard) == before


@pytest.fixture
def memory() -> Iterator[Path]:
    """A folder on a file system of its own."""
    shared = Path("/dev/shm")
    assert os.stat(shared).st_dev != os.stat(tempfile.gettempdir()).st_dev
    folder = Path(tempfile.mkdtemp(dir=shared))
    yield folder
    shutil.rmtree(folder)


def test_on_another_file_system(memory: Path, dummy: Dummy) -> None:
    tree = copied(WORKSPACES / "virtual-workspace", memory / "orchard")
    before = snapshot(tree)
    (memory / "made.wasm").write_bytes(dummy(GOOD, "w"))
    command = f"cp {memory}/made.wasm orchard_press.wasm"
    done = migrate(tree, "--build-cmd", command, rust=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert snapshot(tree) != before
    assert run("undo", cwd=tree).returncode == 0
    assert snapshot(tree) == before


def test_a_failing_write_leaves_the_tree(orchard: Path) -> None:
    """No file may grow beyond nothing: as a full disk."""
    before = snapshot(orchard)
    words = " ".join([*PROGRAM, "migrate", "--plan", "a", "--no-verify"])
    done = subprocess.run(
        ["sh", "-c", f"ulimit -f 0; exec {words}"], cwd=orchard, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    assert snapshot(orchard) == before


def test_a_read_only_file_keeps_its_mode_or_is_refused(orchard: Path) -> None:
    manifest = orchard / "crates/orchard-ladder/Cargo.toml"
    manifest.chmod(0o444)
    before = snapshot(orchard)
    done = migrate(orchard, "--no-verify", rust=False)
    if done.returncode == 0:
        assert manifest.stat().st_mode & 0o777 == 0o444
        assert run("undo", cwd=orchard).returncode == 0
    else:
        assert "crates/orchard-ladder/Cargo.toml" in done.stderr
    assert snapshot(orchard) == before


def test_a_plan_that_does_not_apply_changes_nothing(tmp_path: Path) -> None:
    tree = copied(WORKSPACES / "hand-written", tmp_path / "quarry")
    before = snapshot(tree)
    done = migrate(tree, rust=False)
    assert done.returncode == 2
    assert "does not apply" in done.stderr
    assert "by hand" in done.stderr
    assert snapshot(tree) == before


KILLED = """\
import os, sys
from pathlib import Path
from wasmdoctor.model.edit import ChangeKind, ChangeSet, FileChange
from wasmdoctor.transaction import apply
root = Path(sys.argv[1])
changes = [
    FileChange(f"f{n}", ChangeKind.MODIFY, b"old", b"new", ("a test",)) for n in range(5)
]
real, count = os.replace, 0
def replace(*words, **named):
    global count
    count += 1
    if count == int(sys.argv[2]):
        os.kill(os.getpid(), 9)
    return real(*words, **named)
os.replace = os.rename = replace
apply(root, ChangeSet(tuple(changes)), label="migrate --plan a")
"""


@pytest.mark.parametrize("at", [1, 5])
def test_any_command_sees_to_a_migration_that_was_killed(tmp_path: Path, at: int) -> None:
    tree = tmp_path / "tree"
    (tree / "below").mkdir(parents=True)
    for n in range(5):
        (tree / f"f{n}").write_bytes(b"old")
    killed = subprocess.run([*PROGRAM[:1], "-c", KILLED, str(tree), str(at)], check=False)
    assert killed.returncode == -9
    done = run("hosts", cwd=tree / "below")
    assert done.returncode == 0
    contents = {(tree / f"f{n}").read_bytes() for n in range(5)}
    assert contents in ({b"old"}, {b"new"})
    assert "note: .." in done.stderr or contents == {b"old"}
    assert run("hosts", cwd=tree / "below").stderr == "", "once is enough"


CARGO = """\
#!/bin/sh
echo "$@" >> "$SAID"
case "$1" in
  component) mkdir -p "$CARGO_TARGET_DIR/wasm32-wasip1/debug" &&
    cp "$MADE" "$CARGO_TARGET_DIR/wasm32-wasip1/debug/ferry_dock.wasm" ;;
  build) exit 9 ;;
esac
"""
RUSTC = """\
#!/bin/sh
echo "$LIBDIR"
"""
TICKET = "package a:b;\nworld w { export ticket: func() -> u32; }\n"


def program(path: Path, text: str) -> None:
    path.write_text(text)
    path.chmod(0o755)


@pytest.mark.usefixtures("no_rust")
def test_cargo_component_builds_what_is_made_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, dummy: Dummy
) -> None:
    """Where the crates have its metadata and it is installed; the programs here only say what was asked of them."""
    tree = copied(WORKSPACES / "checked-in-bindings", tmp_path / "ferry")
    manifest = tree / "ferry-dock/Cargo.toml"
    manifest.write_text(manifest.read_text() + '\n[package.metadata.component]\npackage = "ferry:dock"\n')
    (tmp_path / "made.wasm").write_bytes(dummy(TICKET, "w"))
    (tmp_path / "libs").mkdir()
    (tmp_path / "libs/libstd-1.rlib").touch()
    program(tmp_path / "bin/cargo", CARGO)
    program(tmp_path / "bin/cargo-component", "#!/bin/sh\n")
    program(tmp_path / "bin/rustc", RUSTC)
    for name, path in (("SAID", "said"), ("MADE", "made.wasm"), ("LIBDIR", "libs")):
        monkeypatch.setenv(name, str(tmp_path / path))
    before = snapshot(tree)
    done = migrate(tree, rust=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "component build --target wasm32-wasip1 -p ferry-dock" in done.stderr, (
        "it is said before it is run"
    )
    assert (tmp_path / "said").read_text() == "component build --target wasm32-wasip1 -p ferry-dock\n"
    assert "as predicted" in done.stdout
    assert snapshot(tree) != before
    assert sorted(os.listdir(tree / OWN)) == [".gitignore", "journal", "lock", "removed", "reports"]


@pytest.mark.usefixtures("no_rust")
def test_a_compiler_without_the_target(
    orchard: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program(tmp_path / "bin/cargo", CARGO)
    program(tmp_path / "bin/rustc", RUSTC)
    monkeypatch.setenv("SAID", str(tmp_path / "said"))
    monkeypatch.setenv("LIBDIR", str(tmp_path / "nowhere"))
    done = migrate(orchard, rust=False)
    assert done.returncode == 0, done.stderr
    assert "the compiler has no standard library for wasm32-wasip1" in done.stdout
    assert (tmp_path / "said").read_text() == "metadata --format-version 1\n", "for Cargo.lock"
