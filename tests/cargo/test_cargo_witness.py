"""What readers asked of the file system, and whether the answers would be the same."""

from __future__ import annotations

from pathlib import Path

import pytest

from wasmdoctor.readers.cargo import DiskFiles, read_workspaces
from wasmdoctor.readers.cargo.witness import Notes, Witness, digest_of, replayed

ROOT = '[workspace]\nresolver = "2"\nmembers = ["a", "b"]\n'
MEMBER = '[package]\nname = "{}"\nversion = "0.1.0"\nedition = "2021"\n'


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    (tmp_path / "Cargo.toml").write_text(ROOT)
    for name in "ab":
        (tmp_path / name / "src").mkdir(parents=True)
        (tmp_path / name / "Cargo.toml").write_text(MEMBER.format(name))
        (tmp_path / name / "src/lib.rs").write_text("pub fn one() -> u32 { 1 }\n")
    return tmp_path


MANIFESTS = ["Cargo.toml", "a/Cargo.toml", "b/Cargo.toml"]


def noted(folder: Path) -> Notes:
    notes = Notes()
    read_workspaces(Witness(DiskFiles(folder), notes, 0), MANIFESTS)
    return notes


def now(folder: Path, asked: list[str]) -> str:
    return digest_of(replayed([DiskFiles(folder)], asked, {}))


def test_the_same_files_give_the_same_answers(workspace: Path) -> None:
    notes = noted(workspace)
    asked = notes.asked()
    assert {"r0a/Cargo.toml", "F0a/src/lib.rs"} <= set(asked)
    assert now(workspace, asked) == notes.digest(asked)


def test_a_question_is_not_asked_twice(workspace: Path) -> None:
    asked = noted(workspace).asked()
    assert len(asked) == len(set(asked))
    assert "F0a/Cargo.toml" not in asked  # it is read
    assert "F0a/build.rs" not in asked  # its folder is listed, and has none


@pytest.mark.parametrize(
    "change",
    [
        lambda top: (top / "b/Cargo.toml").write_text(MEMBER.format("b") + "[features]\nx = []\n"),
        lambda top: (top / "b/Cargo.toml").write_text(MEMBER.format("c")),  # as long as before
        lambda top: (top / "b/Cargo.toml").unlink(),
        lambda top: (top / "a/build.rs").write_text("fn main() {}\n"),
        lambda top: (top / "a/src/lib.rs").rename(top / "a/src/main.rs"),
        lambda top: (top / "a/src/bin").mkdir(),
        lambda top: (top / "Cargo.lock").write_text("version = 4\n"),
        lambda top: (top / "a/src/lib.rs").unlink() or (top / "a/src/lib.rs").mkdir(),
    ],
)
def test_what_would_be_answered_otherwise_is_seen(workspace: Path, change: object) -> None:
    notes = noted(workspace)
    asked = notes.asked()
    assert callable(change)
    change(workspace)
    assert now(workspace, asked) != notes.digest(asked)


def test_what_does_not_matter_changes_nothing(workspace: Path) -> None:
    notes = noted(workspace)
    asked = notes.asked()
    (workspace / "a/src/lib.rs").write_text("pub fn two() -> u32 { 2 }\n")
    (workspace / "a/Cargo.toml").touch()
    assert now(workspace, asked) == notes.digest(asked)


def test_what_is_found_aside_is_noted_alone(workspace: Path) -> None:
    notes = Notes()
    files = Witness(DiskFiles(workspace), notes, 0)
    assert notes.aside("i0a", lambda: b"one" in files.read("a/src/lib.rs"))
    assert notes.asked() == ["i0a"]
    again = replayed([DiskFiles(workspace)], ["i0a"], {"i": lambda view, path: path == "a"})
    assert digest_of(again) == notes.digest(["i0a"])


@pytest.mark.parametrize("question", ["", "r", "x0a", "r2a", "r-1a", "rxa"])
def test_what_is_no_question(workspace: Path, question: str) -> None:
    with pytest.raises(ValueError, match="not a question"):
        list(replayed([DiskFiles(workspace)], [question], {}))


def test_a_question_does_not_lead_out(workspace: Path) -> None:
    (inside := workspace / "inside").mkdir()
    for question in ("r0../Cargo.toml", f"r0{workspace}/Cargo.toml", "e0..", "F0../Cargo.toml"):
        ((_, answer),) = replayed([DiskFiles(inside)], [question], {})
        assert answer == b"0" or answer.startswith(b"!"), question
