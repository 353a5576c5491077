"""What a run looked at, and whether that is the same still: also when a modification time lies."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from wasmdoctor.cache import observed as module
from wasmdoctor.cache.observed import Observed, Watching


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with files; what was written this moment counts as old here."""
    monkeypatch.setattr(module, "STEP", -(10**18))
    (tmp_path / "wit").mkdir()
    (tmp_path / "wit/a.wit").write_text("package a:b;")
    (tmp_path / "link.wit").symlink_to("wit/a.wit")
    return tmp_path


def look(tree: Path) -> None:
    """What a run may do with a tree."""
    (tree / "wit/a.wit").read_bytes()
    (tree / "link.wit").read_text()
    os.listdir(tree / "wit")
    assert not (tree / "Cargo.toml").exists()
    os.path.realpath(tree / "link.wit")


def seen(tree: Path) -> Observed:
    with Watching(str(tree)) as observed:
        look(tree)
    assert not observed.reason
    return observed


def test_a_tree_that_nobody_touched_is_the_same(tree: Path) -> None:
    observed = seen(tree)
    assert ("s", str(tree / "wit/a.wit")) in observed.inputs
    assert ("d", str(tree / "wit")) in observed.inputs
    assert observed.inputs["s", str(tree / "Cargo.toml")] == ()
    assert Observed(str(tree)).same(observed.inputs)


def rewrite_with_its_old_time(tree: Path) -> None:
    path = tree / "wit/a.wit"
    before = path.stat()
    path.write_text("package x:y;")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert (path.stat().st_size, path.stat().st_mtime_ns) == (before.st_size, before.st_mtime_ns)


def replace_with_its_old_time(tree: Path) -> None:
    path = tree / "wit/a.wit"
    before = path.stat()
    other = tree / "other"
    other.write_text("package x:y;")
    os.utime(other, ns=(before.st_atime_ns, before.st_mtime_ns))
    other.replace(path)


@pytest.mark.parametrize(
    "change",
    [
        rewrite_with_its_old_time,
        replace_with_its_old_time,
        lambda tree: (tree / "wit/a.wit").write_text("package a:c;"),
        lambda tree: (tree / "wit/a.wit").unlink(),
        lambda tree: (tree / "wit/b.wit").write_text(""),
        lambda tree: (tree / "Cargo.toml").write_text(""),
        lambda tree: os.rename(tree / "wit", tree / "wat"),
        lambda tree: (os.unlink(tree / "link.wit"), (tree / "link.wit").symlink_to("nothing")),
        lambda tree: (os.unlink(tree / "wit/a.wit"), (tree / "wit/a.wit").mkdir()),
        lambda tree: os.chmod(tree / "wit/a.wit", 0o600),
    ],
)
def test_every_change_is_seen(tree: Path, change: Callable[[Path], object]) -> None:
    observed = seen(tree)
    change(tree)
    assert not Observed(str(tree)).same(observed.inputs)


def test_a_folder_is_its_names(tree: Path) -> None:
    observed = seen(tree)
    (tree / "wit/passing").write_text("")
    (tree / "wit/passing").unlink()
    assert Observed(str(tree)).same(observed.inputs)


def test_what_is_as_new_as_the_run_proves_nothing(tmp_path: Path) -> None:
    path = tmp_path / "new"
    path.write_text("")
    with Watching(str(tmp_path)) as observed:
        path.read_text()
    assert "too new" in observed.reason
    os.utime(path, (1000, 1000))  # its status has changed this moment all the same
    with Watching(str(tmp_path)) as observed:
        path.read_text()
    assert "too new" in observed.reason


def test_a_time_to_come_proves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "STEP", 0)
    path = tmp_path / "later"
    path.write_text("")
    os.utime(path, (2**33, 2**33))
    with Watching(str(tmp_path)) as observed:
        path.read_text()
    assert "too new" in observed.reason


@pytest.mark.parametrize(
    "act",
    [
        lambda tree: (tree / "out").write_text("x"),
        lambda tree: (tree / "out").mkdir(),
        lambda tree: (tree / "wit/a.wit").unlink(),
        lambda tree: os.rename(tree / "wit/a.wit", tree / "b"),
        lambda tree: os.chmod(tree / "wit/a.wit", 0o600),
        lambda tree: subprocess.run([sys.executable, "-c", ""], check=True),
        lambda tree: os.stat("wit", dir_fd=os.open(tree, os.O_RDONLY)),
        lambda tree: os.chdir(tree),
    ],
)
def test_a_run_that_does_more_than_read_is_told(
    tree: Path, act: Callable[[Path], object], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tree)
    with Watching(str(tree)) as observed:
        act(tree)
    assert observed.reason


def test_nothing_is_watched_afterwards(tree: Path) -> None:
    stat, lstat = os.stat, os.lstat
    with Watching(str(tree)) as observed:
        assert os.stat is not stat
    count = len(observed.inputs)
    look(tree)
    assert (os.stat, os.lstat, len(observed.inputs)) == (stat, lstat, count)
