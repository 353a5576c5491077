"""The copy that is built: the edited tree, with the surroundings that its relative paths lead to."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from migrate.migrated import snapshot

from wasmdoctor.model.edit import ChangeKind, ChangeSet, FileChange
from wasmdoctor.pipeline.verify import build_errors, copied
from wasmdoctor.toolchain import Built

NOTHING = ChangeSet()


def write(folder: Path, files: dict[str, str]) -> Path:
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    return folder


def test_edits_are_made_in_the_copy_only(tmp_path: Path) -> None:
    root = write(tmp_path / "w", {"keep": "1", "change": "2", "wit/gone": "3", "moved": "4"})
    (root / "keep").chmod(0o755)
    (root / "change").chmod(0o444)
    changes = ChangeSet(
        (
            FileChange("change", ChangeKind.MODIFY, b"2", b"5", ("why",)),
            FileChange("wit/gone", ChangeKind.REMOVE, b"3", None, ("why",)),
            FileChange("moved", ChangeKind.MOVE, b"4", None, ("why",), to="to/here"),
            FileChange("new/file", ChangeKind.CREATE, None, b"6", ("why",)),
        )
    )
    before = snapshot(root)
    with copied(root, changes) as copy:
        found = {str(p.relative_to(copy)): p.read_text() for p in sorted(copy.rglob("*")) if p.is_file()}
        assert found == {"change": "5", "keep": "1", "new/file": "6", "to/here": "4"}
        assert not (copy / "wit").exists()
        assert (copy / "keep").stat().st_mode & 0o777 == 0o755
        (copy / "keep").write_text("written by a build script")
    assert not copy.exists()
    assert snapshot(root) == before


def test_outputs_and_version_control_are_left_out(tmp_path: Path) -> None:
    files = {
        "src/target/mod.rs": "a module may be called so",
        "target/CACHEDIR.TAG": "Signature: 8a477f597d28d172789f06886806bc55",
        "target/debug/big": "",
        ".git/HEAD": "",
        ".wasmdoctor/journal/x": "",
        "node_modules/m/index.js": "m",
    }
    root = write(tmp_path / "w", files)
    with copied(root, NOTHING) as copy:
        assert sorted(os.listdir(copy)) == ["node_modules", "src"]
        assert (copy / "src/target/mod.rs").is_file()
        assert (copy / "node_modules").is_symlink()


def test_path_dependencies_outside_lead_to_the_same_folders(tmp_path: Path) -> None:
    files = {
        "w/Cargo.toml": '[package]\nname = "w"\n[dependencies]\nlib = { path = "../libs/lib" }\n',
        "libs/lib/Cargo.toml": '[package]\nname = "lib"\n[dependencies]\nmore = { path = "../../far/more" }\n',
        "libs/lib/src/lib.rs": "",
        "far/more/Cargo.toml": '[package]\nname = "more"\n',
        "far/other/Cargo.toml": '[package]\nname = "other"\n',
    }
    write(tmp_path, files)
    with copied(tmp_path / "w", NOTHING) as copy:
        assert (copy / "../libs/lib/src/lib.rs").is_file()
        assert (copy / "../libs/lib/../../far/more/Cargo.toml").is_file()
        assert (copy.parent / "far/more/Cargo.toml").is_file()
        assert not (copy.parent / "far/other").exists()


def test_settings_above_are_seen(tmp_path: Path) -> None:
    files = {
        ".cargo/config.toml": "[build]\n",
        "rust-toolchain.toml": "",
        "unrelated": "",
        "a/w/Cargo.toml": "",
        "a/w/.cargo/config.toml": "",
    }
    write(tmp_path, files)
    with copied(tmp_path / "a/w", NOTHING) as copy:
        top = copy.parent.parent
        assert sorted(os.listdir(top)) == [".cargo", "a", "rust-toolchain.toml"]
        assert not (copy / ".cargo").is_symlink()


def test_the_rest_of_a_repository_is_beside_the_copy(tmp_path: Path) -> None:
    write(
        tmp_path, {".git/HEAD": "", "README.md": "", "wit/w.wit": "", "apps/w/Cargo.toml": "", "apps/x/y": ""}
    )
    with copied(tmp_path / "apps/w", NOTHING) as copy:
        assert (copy / "../../wit/w.wit").is_file()
        assert (copy / "../x/y").is_file()
        assert not (copy / "../../.git").exists()


@pytest.mark.parametrize("kind", ["relative", "absolute", "broken"])
def test_links_stay_links(tmp_path: Path, kind: str) -> None:
    root = write(tmp_path / "w", {"a/real": "1"})
    ends = {"relative": "a/real", "absolute": str(root / "a/real"), "broken": "nowhere"}
    (root / "link").symlink_to(ends[kind])
    with copied(root, NOTHING) as copy:
        assert os.readlink(copy / "link") == ends[kind]


ERROR = '{"reason":"compiler-message","message":{"level":"error","rendered":"error: no %d\\n","spans":[{"file_name":"src/a.rs","is_primary":true}]}}'
CHANGES = ChangeSet((FileChange("src/a.rs", ChangeKind.MODIFY, b"", b"x", ("the bridge comes in", "why")),))


def test_errors_come_with_their_causes(tmp_path: Path) -> None:
    text = "\n".join(["   Compiling x", *(ERROR % n for n in range(5)), '{"reason":"build-finished"}'])
    lines = list(build_errors(Built(101, text, ""), tmp_path, CHANGES))
    assert lines[:2] == ["error: no 0", "this edit touched that file: the bridge comes in; why"]
    assert lines[-1] == "and 2 more errors"


def test_errors_as_text(tmp_path: Path) -> None:
    said = "warning: w\n --> src/a.rs:1:1\n\nerror[E0432]: nothing here\n  --> src/a.rs:3:5\n   |\n\nerror: could not compile\n"
    lines = list(build_errors(Built(101, "", said), tmp_path, CHANGES))
    assert lines == [
        "error[E0432]: nothing here\n  --> src/a.rs:3:5\n   |",
        "this edit touched that file: the bridge comes in; why",
    ]


def test_other_failures_are_shown_as_they_are(tmp_path: Path) -> None:
    lines = list(build_errors(Built(1, "", "make: *** No rule\n"), tmp_path, CHANGES))
    assert lines == ["make: *** No rule"]
    assert list(build_errors(Built(1, "", ""), tmp_path, CHANGES)) == ["the build said nothing"]
