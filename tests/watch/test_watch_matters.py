"""Which changes make ``check --watch`` check again."""

from __future__ import annotations

from pathlib import Path

import pytest

from wasmdoctor.cli.watch import _Watched
from wasmdoctor.pipeline.settings import Settings


@pytest.fixture
def watched(tmp_path: Path) -> _Watched:
    (tmp_path / ".git").mkdir()
    (tmp_path / "app/src").mkdir(parents=True)
    (tmp_path / "Cargo.toml").write_text('[workspace]\nmembers = ["app"]\n')
    (tmp_path / "app/Cargo.toml").write_text('[package]\nname = "app"\n')
    return _Watched(("app",), Settings(tmp_path), frozenset({str(tmp_path / "report.wit")}))


def test_the_workspace_is_watched_and_nothing_above_it(watched: _Watched, tmp_path: Path) -> None:
    assert watched.roots == (tmp_path,)
    assert watched.folders == ["."]
    assert watched.files == []


@pytest.mark.parametrize(
    "path",
    [
        "app/src/lib.rs",
        "app/wit/deps/io/poll.wit",
        "Cargo.lock",
        "app/Cargo.toml",
        "wasmdoctor.toml",
        "wasmdoctor.d/hosts/ours.toml",
        "compose.wac",
        "target/wasm32-wasip2/release/app.wasm",
        "app",
    ],
)
def test_what_matters(watched: _Watched, tmp_path: Path, path: str) -> None:
    assert watched.matters(str(tmp_path / path))


@pytest.mark.parametrize(
    "path",
    [
        "README.md",
        "app/src/lib.rs.swp",
        "target/wasm32-wasip2/release/deps/app.wasm",
        "target/debug/build/x/out/bindings.rs",
        "target/debug/app",
        ".git/index",
        "node_modules/x/a.wit",
        ".wasmdoctor/work/a.wit",
        "report.wit",
    ],
)
def test_what_does_not(watched: _Watched, tmp_path: Path, path: str) -> None:
    assert not watched.matters(str(tmp_path / path))


def test_configurations_above_a_folder_are_looked_at(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    folder = tmp_path / "a/b"
    folder.mkdir(parents=True)
    watched = _Watched(("a/b",), Settings(tmp_path), frozenset())
    assert watched.roots == (folder,)
    names = {file.relative_to(tmp_path).as_posix() for file in watched.files}
    assert {"wasmdoctor.toml", "a/wasmdoctor.toml", "Cargo.toml", "a/.wasmdoctor.toml"} <= names
