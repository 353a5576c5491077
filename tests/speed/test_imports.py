"""What each way through the program loads: starting is most of what a short run costs."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

HEAVY = (
    "networkx",
    "rich",
    "tomlkit",
    "tree_sitter",
    "tree_sitter_rust",
    "pathspec",
    "asyncio",
    "pygls",
    "watchfiles",
)
ASIDE = (
    "bz2",
    "difflib",
    "hashlib",
    "importlib.resources",
    "ipaddress",
    "json",
    "lzma",
    "shlex",
    "shutil",
    "tempfile",
    "wasmdoctor.migrate.diff",
    "wasmdoctor.migrate.toml",
    "wasmdoctor.readers.artifacts.archive",
    "wasmdoctor.readers.artifacts.worlds",
    "wasmdoctor.readers.symbols",
    "wasmdoctor.transaction",
)
"""What looks at the sources of a small package without a build, and quietly, needs nothing of."""
SOURCES = ("networkx", "tomlkit", "tree_sitter", "tree_sitter_rust", "asyncio", "pygls", "watchfiles")
PROGRAM = """
import atexit, sys
from wasmdoctor.__main__ import main
atexit.register(lambda: print(*sorted(sys.modules), file=sys.stderr))
main()
"""
FINE = "package shop:main; world shop { import wasi:random/random@0.2.0; export run: func(); }"
RANDOM = "package wasi:random@0.2.0; interface random { get-random-u64: func() -> u64; }"
LEAKY = "package shop:main; world shop { import shop:net/price@0.1.0; export run: func(); }"
NET = "package shop:net@0.1.0; interface price { unit: func() -> u32; }"


def loaded(folder: Path, *words: str, code: int = 0, remember: bool = False) -> set[str]:
    """The modules that a command has loaded when it ends."""
    environment = {
        **os.environ,
        "XDG_CACHE_HOME": str(folder / "cache"),
        "WASMDOCTOR_NO_CACHE": "" if remember else "1",
    }
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *words],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == code, done.stderr
    return set(done.stderr.split()) - before()


@cache
def before() -> set[str]:
    """The modules that Python itself has loaded in this environment: some packages load theirs at each start."""
    command = [sys.executable, "-c", "import sys; print(*sys.modules)"]
    return set(subprocess.run(command, capture_output=True, text=True, check=True).stdout.split())


@pytest.mark.parametrize("word", ["--help", "--version"])
def test_help_and_version_load_no_command(tmp_path: Path, word: str) -> None:
    modules = loaded(tmp_path, word)
    assert not modules & set(HEAVY)
    own = {name for name in modules if name.startswith(("wasmdoctor.pipeline", "wasmdoctor.model."))}
    assert own == {"wasmdoctor.model.later", "wasmdoctor.model.regex"}


def test_a_component_that_is_fine(tmp_path: Path, dummy: Callable[..., bytes]) -> None:
    (tmp_path / "a.wasm").write_bytes(dummy(FINE, "shop", {"random/a.wit": RANDOM}))
    modules = loaded(tmp_path, "check", "--quiet", "a.wasm")
    assert not modules & set(HEAVY)
    assert not {name for name in modules if name.startswith(("wasmdoctor.graph", "wasmdoctor.readers.rust"))}


def test_a_component_with_findings_and_no_sources(
    tmp_path: Path, dummy: Callable[..., bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.wasm").write_bytes(dummy(LEAKY, "shop", {"net/a.wit": NET}))
    modules = loaded(tmp_path, "check", "--format", "json", "a.wasm", code=1)
    assert not modules & set(HEAVY)
    assert not loaded(tmp_path, "check", "a.wasm", code=1) & set(HEAVY)
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert "rich" in loaded(tmp_path, "check", "a.wasm", code=1)  # colours are its affair


def test_a_hook_on_one_changed_wit_file(tmp_path: Path) -> None:
    (tmp_path / "wit").mkdir()
    (tmp_path / "wit/a.wit").write_text("package a:b;\ninterface c { d: func(); }\n")
    (tmp_path / "src").mkdir()
    (tmp_path / "src/lib.rs").write_text("pub fn one() -> u32 { 1 }\n")
    (tmp_path / "Cargo.toml").write_text('[package]\nname = "a"\nversion = "0.1.0"\nedition = "2021"\n')
    modules = loaded(tmp_path, "check", "--quiet", "wit/a.wit")
    assert modules & {"networkx", "tomlkit", "rich", "asyncio", "pygls", "watchfiles", *ASIDE} == set()


def test_a_fix_that_is_only_proposed(tmp_path: Path) -> None:
    (tmp_path / "wit/deps/net").mkdir(parents=True)
    (tmp_path / "wit/a.wit").write_text(
        "package shop:main; world shop { import shop:net/price; export run: func(); }"
    )
    (tmp_path / "wit/deps/net/a.wit").write_text("package shop:net; interface price { unit: func(); }")
    (tmp_path / "src").mkdir()
    (tmp_path / "src/lib.rs").write_text('wit_bindgen::generate!({ world: "shop" });\n')
    (tmp_path / "Cargo.toml").write_text(
        '[package]\nname = "a"\nversion = "0.1.0"\nedition = "2021"\n[lib]\ncrate-type = ["cdylib"]\n'
        '[dependencies]\nwit-bindgen = "0.48"\n'
    )
    modules = loaded(tmp_path, "check", "--quiet", "wit/a.wit")
    assert {"wasmdoctor.migrate.fixes.wit", "tree_sitter_rust"} <= modules
    unwanted = {"tomlkit", *ASIDE} - {"ipaddress"}  # where the registry of Cargo.lock is
    assert modules & unwanted == set()


def test_an_answer_that_is_known_loads_next_to_nothing(tmp_path: Path, dummy: Callable[..., bytes]) -> None:
    import time

    (tmp_path / "a.wasm").write_bytes(dummy(LEAKY, "shop", {"net/a.wit": NET}))
    time.sleep(2.1)
    assert "click" in loaded(tmp_path, "check", "a.wasm", code=1, remember=True)
    modules = loaded(tmp_path, "check", "a.wasm", code=1, remember=True)
    assert modules & {*HEAVY, "click", "json", "re", "inspect", "_hashlib"} == set()
    own = {
        name for name in modules if name.startswith("wasmdoctor.") and not name.startswith("wasmdoctor.cache")
    }
    assert own <= {"wasmdoctor.__main__", "wasmdoctor.model", "wasmdoctor.model.digest"}
