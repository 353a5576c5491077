"""The same Rust compiles against wit-bindgen's macro and against our bridge, without a warning, and prints the same."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from bridge import zoo
from bridge.bindgen import CASES, TOOLS, option, request, resolved
from wasmdoctor.migrate.bridge.module import Parts, bridge_module

pytestmark = pytest.mark.rust

TARGET_DIR = Path(os.environ.get("CARGO_TARGET_DIR") or TOOLS / "target")
DERIVES = "#[derive(Clone, Copy, PartialEq, Debug)]"

MANIFEST = """
[package]
name = "bridge-probe"
version = "0.0.0"
edition = "2021"
publish = false

[dependencies]
wit-bindgen = "=0.48.1"

[workspace]
"""
GENERATE = """
pub mod api {
    wit_bindgen::generate!({ path: "wit", world: "zoo", additional_derives: [PartialEq], \
additional_derives_ignore: ["held", "seen", "shape"] });
}
pub mod calls;
"""
MAIN = """
mod bindings;
mod plain;

fn main() {
    let _used: [fn() -> Result<(), bindings::api::zoo::animals::names::Fault>; 2] =
        [bindings::calls::functions, bindings::calls::resources];
    let _used: [fn() -> Result<(), plain::api::zoo::animals::names::Fault>; 2] =
        [plain::calls::functions, plain::calls::resources];
    let _used = (bindings::calls::world, plain::calls::world);
    assert_eq!(bindings::calls::types(), plain::calls::types());
    let refused = plain::calls::resources().unwrap_err();
    let visitor = plain::api::Visitor { name: String::new(), tags: vec![] };
    println!("{refused:?} {:?}", plain::api::enter(&visitor, None).unwrap_err());
}
"""


@pytest.fixture
def crate(tmp_path):
    """A crate with the calls twice: below `bindings` with the macro, below `plain` with the bridge."""
    (tmp_path / "wit").mkdir()
    (tmp_path / "wit" / "zoo.wit").write_text(zoo.WIT)
    (tmp_path / "Cargo.toml").write_text(MANIFEST)
    resolution = resolved(tmp_path / "wit")
    assert not resolution.problems
    world = next(iter(resolution.main[0].worlds.values()))
    options = (
        option("additional_derives", elements=(("", "PartialEq"),)),
        option("additional_derives_ignore", elements=(("", "held"), ("", "seen"), ("", "shape"))),
    )
    wanted = replace(request(world, options=options), path="src/plain/api.rs")
    bridge = bridge_module(wanted, resolution, Parts(cases=CASES))
    files = {
        **{name: data.decode() for name, data in bridge.files.items()},
        "src/bindings.rs": GENERATE,
        "src/bindings/calls.rs": zoo.CALLS,
        "src/plain.rs": "pub mod api;\npub mod calls;\n",
        "src/plain/calls.rs": zoo.CALLS,
        "src/main.rs": MAIN,
    }
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path


def test_the_same_code_compiles_against_both_and_prints_the_same(crate):
    command = ["cargo", "run", "--offline", "--quiet", "--message-format", "json", "-j2"]
    environment = {**os.environ, "CARGO_TARGET_DIR": str(TARGET_DIR)}
    done = subprocess.run(command, cwd=crate, env=environment, capture_output=True, text=True, timeout=600)
    lines = done.stdout.splitlines()
    messages = [json.loads(line) for line in lines if line.startswith("{")]
    said = [message["message"]["rendered"] for message in messages if message["reason"] == "compiler-message"]
    assert done.returncode == 0, "\n".join(said) + done.stderr
    assert said == []
    assert lines[-1] == 'Fault::NotSupported "`enter` is not supported"'


def test_it_is_as_rustfmt_leaves_it(crate):
    rustfmt = shutil.which("rustfmt", path=f"{os.environ['PATH']}:{Path.home() / '.cargo/bin'}")
    assert rustfmt
    done = subprocess.run(
        [rustfmt, "--edition", "2021", "--check", "src/plain/api/zoo/animals/everything.rs", "src/plain/api/gate.rs"],
        cwd=crate, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
