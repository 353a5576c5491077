"""`graph` where there is only WIT: nothing is built and nothing will be, so the worlds are what there is to see."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests_support import run

WORLDS = """package a:b@1.0.0;
interface c { use d.{t}; f: func() -> t; }
interface d { type t = u8; }
interface alone { g: func(); }
world w { import c; import x:y/z; import wasi:cli/environment@0.2.0; export run: func(); }
world v { include w; export d; }
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for path, text in {
        "wit/world.wit": WORLDS,
        "wit/deps/x/z.wit": "package x:y;\ninterface z { g: func(); }\ninterface unseen { g: func(); }\n",
        "wit/deps/cli/e.wit": "package wasi:cli@0.2.0;\ninterface environment { e: func(); }\n",
    }.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    return tmp_path


@pytest.mark.parametrize("path", [".", "wit", "wit/world.wit"])
def test_worlds_are_shown(folder: Path, path: str) -> None:
    done = run("graph", path, cwd=folder)
    assert done.returncode == 0, done.stderr
    lines = [line.strip(" │├└─") for line in done.stdout.splitlines()]
    assert "world a:b/v@1.0.0  wit/world.wit:6:7" in lines
    assert "includes world a:b/w@1.0.0  wit/world.wit:6:11" in lines
    assert "imports a:b/c@1.0.0  wit/world.wit:5:11" in lines
    # It comes with what `c` uses; and the host has the standard one.
    assert "imports a:b/d@1.0.0  wit/world.wit:5:11" in lines
    assert any(line.startswith("imports wasi:cli/environment@0.2.0  ✓ from wasmtime@") for line in lines), (
        lines
    )
    assert any(line.startswith("exports run  wit/world.wit:5:") for line in lines)
    assert any(line.startswith("a:b/alone@1.0.0") for line in lines)
    assert not any("unseen" in line for line in lines), "what is in deps is others'"


def test_what_is_included_is_told_once(folder: Path) -> None:
    done = run("graph", ".", "--format", "json", cwd=folder)
    edges = [
        (edge["source"].partition(":")[2], edge["kind"], edge["target"].partition(":")[2])
        for edge in json.loads(done.stdout)["edges"]
    ]
    assert ("a:b/v@1.0.0", "includes", "a:b/w@1.0.0") in edges
    assert [source for source, kind, target in edges if target == "x:y/z" and kind == "imports"] == [
        "a:b/w@1.0.0"
    ]


@pytest.mark.parametrize("format_", ["dot", "mermaid", "svg", "html"])
def test_every_format_has_them(folder: Path, format_: str) -> None:
    done = run("graph", ".", "--format", format_, cwd=folder)
    assert done.returncode == 0, done.stderr
    assert "a:b" in done.stdout


def test_beside_components_worlds_are_those_of_crates(folder: Path) -> None:
    """What is built tells which worlds matter: nothing changes there."""
    (folder / "x.wasm").write_bytes(b"\0asm\x0d\0\1\0")
    done = run("graph", ".", cwd=folder)
    assert "world" not in done.stdout
    assert "component x.wasm" in done.stdout
