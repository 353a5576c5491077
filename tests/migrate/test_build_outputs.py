"""Which files ``migrate`` takes for what a command of the person's own built, whatever the clock says."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from plan_a.planning import manifest, members, write
from tests_support import run

APP = "package my:app; world app { export run: func() -> u32; }"
TREE = {
    "Cargo.toml": members("core-lib", "app"),
    "core-lib/Cargo.toml": manifest("core-lib", crate_type='"cdylib", "rlib"'),
    "core-lib/src/lib.rs": """
        wit_bindgen::generate!({ path: "wit", world: "core" });

        pub fn go() -> u32 {
            my::core::store::size("a")
        }
    """,
    "core-lib/wit/world.wit": """
        package my:core@0.1.0;
        interface store { size: func(name: string) -> u32; }
        world core { import store; }
    """,
    "app/Cargo.toml": manifest("app", "core-lib", crate_type='"cdylib"'),
    "app/src/lib.rs": f"""
        wit_bindgen::generate!({{ inline: "{APP}" }});

        struct App;

        impl Guest for App {{
            fn run() -> u32 {{
                core_lib::go()
            }}
        }}

        export!(App);
    """,
}


def migrate(tree: Path, command: str) -> subprocess.CompletedProcess[str]:
    words = ("--plan", "a", "--bridge", "stub", "--target", "wasm32-wasip2", "--build-cmd", command)
    clean = {"CARGO_TARGET_DIR": "", "PATH": os.environ["PATH"]}
    return run("migrate", *words, cwd=tree, env=clean)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    return write(tmp_path / "tree", TREE)


@pytest.mark.parametrize("time", ["2001-01-01", "2101-01-01"])
def test_what_a_build_wrote_counts_with_any_time(
    time: str, tree: Path, tmp_path: Path, dummy: Callable[..., bytes]
) -> None:
    ready = tmp_path / "ready.wasm"
    ready.write_bytes(dummy(APP, "app"))
    done = migrate(tree, f"mkdir out && cp {ready} out/app.wasm && touch -d {time} out/app.wasm")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "imports and exports of what was built are as predicted: app (" in done.stdout


def test_what_was_there_before_a_build_does_not_count(tree: Path, dummy: Callable[..., bytes]) -> None:
    old = tree / "app.wasm"
    old.write_bytes(dummy(APP, "app"))
    os.utime(old, (4_000_000_000, 4_000_000_000))
    done = migrate(tree, "true")
    assert done.returncode == 2
    assert "`true` made no wasm file for app" in done.stdout


def test_a_component_counts_more_than_the_module_that_it_was_made_of(
    tree: Path, tmp_path: Path, dummy: Callable[..., bytes]
) -> None:
    ready, module = tmp_path / "ready.wasm", tmp_path / "module.wasm"
    ready.write_bytes(dummy(APP, "app"))
    module.write_bytes(b"\0asm\1\0\0\0")
    done = migrate(tree, f"mkdir out && cp {ready} app.wasm && sleep 0.1 && cp {module} out/app.wasm")
    assert done.returncode == 0, done.stdout + done.stderr


def test_what_is_left_of_components_that_are_none_any_more_is_told(tree: Path) -> None:
    left = ["target/wasm32-wasip1/release/deps/core_lib.wasm", "target/wasm32-wasip2/debug/core_lib.wasm"]
    stays = ["target/wasm32-wasip2/debug/app.wasm", "target/wasm32-wasip2/debug/other.wasm"]
    for name in (*left, *stays):
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / name).write_bytes(b"\0asm")
    words = ("--plan", "a", "--bridge", "stub", "--target", "wasm32-wasip2", "--no-verify")
    done = run("migrate", *words, cwd=tree, env={"CARGO_TARGET_DIR": ""})
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"nothing builds `core-lib` as a component any more: `rm {' '.join(left)}` removes" in done.stdout
    assert all((tree / name).is_file() for name in (*left, *stays))
