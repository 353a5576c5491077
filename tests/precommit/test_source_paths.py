"""A source file on the command line stands for the workspace around it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from outputs.outputs_support import GOOD, LEAK, committed, write
from tests_support import run

from wasmdoctor.discover import discover, source_folder

WORKSPACE = GOOD | LEAK | {"Cargo.lock": "version = 4\n"}


def checked(folder: Path, *paths: str) -> tuple[list[str], set[tuple[str, str | None]]]:
    """The paths of the components that were looked at, and the errors."""
    done = run("check", *paths, "--format", "json", cwd=folder)
    assert done.returncode in (0, 1), done.stderr
    document = json.loads(done.stdout)
    errors = {(f["code"], f["interface"]) for f in document["findings"] if f["severity"] == "error"}
    return [component["path"] for component in document["components"]], errors


@pytest.mark.parametrize(
    "paths",
    [
        ["net/src/lib.rs"],
        ["net/wit/world.wit", "app/Cargo.toml", "Cargo.lock"],
        ["app/../Cargo.toml", "net/src/lib.rs"],
    ],
)
def test_the_workspace_is_judged_once(tmp_path: Path, paths: list[str]) -> None:
    write(tmp_path, WORKSPACE)
    assert checked(tmp_path, *paths) == (["app/Cargo.toml"], {("WD101", "shop:net/store@0.1.0")})


def test_what_was_built_before_the_change_says_nothing(tmp_path: Path, dummy: Callable[..., bytes]) -> None:
    write(tmp_path, WORKSPACE)
    fine = dummy("package a:b;\nworld w { export run: func() -> u32; }\n", "w")
    write(tmp_path, {"target/CACHEDIR.TAG": "x\n", "target/wasm32-wasip2/debug/app.wasm": fine})
    components, errors = checked(tmp_path, "net/src/lib.rs")
    assert (components, errors) == (["app/Cargo.toml"], {("WD101", "shop:net/store@0.1.0")})
    components, errors = checked(tmp_path, "net/src/lib.rs", "target/wasm32-wasip2/debug/app.wasm")
    assert components == ["target/wasm32-wasip2/debug/app.wasm"]


def test_wit_without_cargo_is_judged_with_its_deps(tmp_path: Path) -> None:
    folder = committed(
        tmp_path / "r",
        {
            "wit/world.wit": "package a:b;\nworld w { import c:d/e; }\n",
            "wit/deps/c/d.wit": "package c:d;\ninterface e { f: func( }\n",
            "other/wit/world.wit": "package broken\n",
        },
    )
    for path in ("wit/world.wit", "wit/deps/c/d.wit"):
        done = run("check", path, "--format", "json", cwd=folder)
        findings = json.loads(done.stdout)["findings"]
        assert {(f["code"], f["location"]["path"]) for f in findings} == {("WD201", "wit/deps/c/d.wit")}
        assert done.returncode == 1


def test_the_folder_of_a_source_file(tmp_path: Path) -> None:
    folder = committed(
        tmp_path / "r", WORKSPACE | {"wit/deps/x/y/z.wit": "package x:y;\n", "wit/w.wit": "package a:b;\n"}
    )
    assert source_folder(folder / "app/src/lib.rs") == folder
    assert source_folder(folder / "wit/deps/x/y/z.wit") == folder  # the manifest above counts more
    (folder / "Cargo.toml").unlink()
    assert source_folder(folder / "wit/deps/x/y/z.wit") == folder / "wit"
    assert source_folder(folder / "wit/w.wit") == folder / "wit"


def test_only_a_file_that_was_named_means_its_workspace(tmp_path: Path) -> None:
    write(tmp_path, WORKSPACE)
    (tmp_path / "folder.rs").mkdir()
    assert discover(["net/src/*.rs"], tmp_path).sources == []
    assert discover(["folder.rs"], tmp_path).sources == []
    assert discover(["net/src/lib.rs", "net/wit/world.wit"], tmp_path).sources == [tmp_path]
    done = run("check", "net/src/gone.rs", cwd=tmp_path)
    assert done.returncode == 2
    assert "does not exist" in done.stderr
