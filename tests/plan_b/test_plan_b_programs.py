"""Plan B for a package with several programs, and what is told of programs by every plan."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from plan_a.planning import members, write
from tests_support import run

BINDGEN = 'wit-bindgen = { version = "0.48.1", default-features = false, features = ["macros", "realloc"] }'
MANIFEST = f"""
    [package]
    name = "two-tools"
    version = "0.1.0"
    edition = "2021"

    [lib]
    name = "tools"

    [[bin]]
    name = "first"
    path = "src/first.rs"

    [[bin]]
    name = "second-one"
    path = "src/second.rs"

    [dependencies]
    {BINDGEN}
"""
TREE = {
    "Cargo.toml": members("tools"),
    "tools/Cargo.toml": MANIFEST,
    "tools/src/lib.rs": """
        wit_bindgen::generate!({ path: "wit" });

        pub use my::tools::{clock::now_ms, dice::roll};
    """,
    "tools/src/first.rs": 'fn main() { println!("{}", tools::now_ms()); }',
    "tools/src/second.rs": 'fn main() { println!("{}", tools::roll()); }',
    "tools/wit/tools.wit": """
        package my:tools;
        interface clock { now-ms: func() -> u64; }
        interface dice { roll: func() -> u32; }
        world needs { import clock; import dice; }
    """,
}


def plans(tree: Path, target: str) -> dict[str, dict[str, Any]]:
    done = run("plan", "--target", target, "--format", "json", cwd=tree)
    return {plan["plan"]: plan for plan in json.loads(done.stdout)["plans"]}


def test_each_program_is_composed_under_its_own_name(tmp_path: Path) -> None:
    found = plans(write(tmp_path, TREE), "wasm32-wasip1")
    plan = found["b"]
    documents = {edit["path"] for edit in plan["edits"] if edit["path"].endswith(".wac")}
    assert documents == {"tools-adapter/first.wac", "tools-adapter/second-one.wac"}
    assert plan["imports_after"]["first"] == ["my:tools/clock"]
    assert plan["imports_after"]["second-one"] == ["my:tools/dice"]
    assert plan["steps"][0] == "cargo build --target wasm32-wasip1 -p two-tools -p tools-adapter"
    adapters = {step.split()[-1]: step.split()[-3] for step in plan["steps"][1:4]}
    assert adapters == {
        "first.wasm": "wasi_snapshot_preview1.command.wasm",
        "second-one.wasm": "wasi_snapshot_preview1.command.wasm",
        "tools_adapter.wasm": "wasi_snapshot_preview1.reactor.wasm",
    }
    assert "command.wasm" in found["a"]["steps"][1]


def test_programs_may_export_that_they_can_be_run(tmp_path: Path) -> None:
    found = plans(write(tmp_path, TREE), "wasm32-wasip2")
    for plan in found.values():
        assert "wasi:cli/run" in plan["possible_exports_after"]["first"]
    assert "wasi:cli/run" not in found["b"]["possible_exports_after"]["tools-adapter"]
