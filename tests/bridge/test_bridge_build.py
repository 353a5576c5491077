"""The same Rust compiles against wit-bindgen's macro and against our bridge, without a warning, and prints the same."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from bridge import zoo
from bridge.bindgen import CASES, CORPUS, TOOLS, option, request, resolved

from wasmdoctor.migrate.bridge.derived import INTERFACES, derived
from wasmdoctor.migrate.bridge.docs import wit_docs
from wasmdoctor.migrate.bridge.module import Parts, bridge_module
from wasmdoctor.model.plan import BodyKind

pytestmark = pytest.mark.rust

TARGET_DIR = Path(os.environ.get("CARGO_TARGET_DIR") or TOOLS / "target")

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


def write(folder: Path, files: Mapping[str, str | bytes]) -> None:
    """Files by their paths below a folder."""
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data.encode() if isinstance(data, str) else data)


def cargo(folder: Path, command: str) -> tuple[list[str], list[str]]:
    """What the compiler says about a crate, and the lines that it prints when it runs. It must succeed."""
    words = ["cargo", command, "--offline", "--quiet", "--message-format", "json", "-j2"]
    environment = {**os.environ, "CARGO_TARGET_DIR": str(TARGET_DIR)}
    done = subprocess.run(
        words, cwd=folder, env=environment, capture_output=True, text=True, timeout=600, check=False
    )
    messages = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    said = [m["message"]["rendered"] for m in messages if m["reason"] == "compiler-message"]
    assert done.returncode == 0, "\n".join(said) + done.stderr
    return said, [line for line in done.stdout.splitlines() if not line.startswith("{")]


@pytest.fixture
def crate(tmp_path):
    """A crate with the calls twice: below `bindings` with the macro, below `plain` with the bridge."""
    write(tmp_path, {"wit/zoo.wit": zoo.WIT, "Cargo.toml": MANIFEST})
    resolution = resolved(tmp_path / "wit")
    assert not resolution.problems
    world = next(iter(resolution.main[0].worlds.values()))
    options = (
        option("additional_derives", elements=(("", "PartialEq"),)),
        option("additional_derives_ignore", elements=(("", "held"), ("", "seen"), ("", "shape"))),
    )
    wanted = replace(request(world, options=options), path="src/plain/api.rs")
    docs = wit_docs(lambda path: Path(path).read_bytes())
    bridge = bridge_module(wanted, resolution, Parts(cases=CASES, docs=docs))
    sources = {
        "src/bindings.rs": GENERATE,
        "src/bindings/calls.rs": zoo.CALLS,
        "src/plain.rs": "pub mod api;\npub mod calls;\n",
        "src/plain/calls.rs": zoo.CALLS,
        "src/main.rs": MAIN,
    }
    write(tmp_path, {**bridge.files, **sources})
    return tmp_path


def test_the_same_code_compiles_against_both_and_prints_the_same(crate):
    said, printed = cargo(crate, "run")
    assert said == []
    assert printed == ['Fault::NotSupported "`enter` is not supported"']


def test_the_documentation_of_the_wit_is_there(crate):
    names = (crate / "src/plain/api/zoo/animals/names.rs").read_text()
    assert names.startswith("//! `zoo:animals/names@1.2.0`\n//!\n//! Types that others take.\n")
    assert "    /// Something else went wrong.\n    Other(String)," in names
    assert "        /// May read.\n        const READ = 1 << 0;" in names
    assert (
        "    /// Gives food. `when` is a time.\n    ///\n    /// Nothing is left.\n    pub fn feed(" in names
    )
    assert '=> "It broke, and nobody knows why.",' in names
    everything = (crate / "src/plain/api/zoo/animals/everything.rs").read_text()
    assert "/// Never\n/// works.\npub fn fails() -> Result<u8, ()> {" in everything


def test_it_is_as_rustfmt_leaves_it(crate):
    rustfmt = shutil.which("rustfmt", path=f"{os.environ['PATH']}:{Path.home() / '.cargo/bin'}")
    assert rustfmt
    done = subprocess.run(
        [rustfmt, "--edition", "2021", "--check", "src/plain/api/zoo/animals/everything.rs", "src/plain/api/gate.rs"],
        cwd=crate, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (0, ""), done.stderr


def test_a_copy_of_wasi_under_another_name_calls_wasi(tmp_path, capsys):
    # The WIT of the crate wasip2, its packages named `acme:...`, without versions and gates.
    standard = CORPUS / "wasip2" / "wit"
    for path in (standard / "deps").glob("*.wit"):
        text = re.sub(
            r"^\s*@(since|unstable|deprecated)\([^)]*\)\n", "", path.read_text(), flags=re.MULTILINE
        )
        text = re.sub(r"@\d+\.\d+\.\d+", "", text).replace("wasi:", "acme:")
        write(tmp_path, {f"wit/deps/{path.name}": text})
    imports = "".join(f"  import acme:{name.removeprefix('wasi:')};\n" for name in INTERFACES)
    write(tmp_path, {"wit/all.wit": f"package probe:all;\nworld all {{\n{imports}}}\n"})
    resolution = resolved(tmp_path / "wit")
    assert not resolution.problems
    world = resolution.main[0].worlds["all"]
    parts = Parts(sources=(derived([resolved(standard)], CASES.general),), cases=CASES)
    bridge = bridge_module(request(world), resolution, parts)
    forwards = [function for function in bridge.functions if function.body is BodyKind.DERIVED]
    manifest = MANIFEST.replace("bridge-probe", "wasi-probe").replace(
        'wit-bindgen = "=0.48.1"', 'wasip2 = "2"'
    )
    write(tmp_path, {**bridge.files, "src/lib.rs": "pub mod bridge;\n", "Cargo.toml": manifest})
    said, _ = cargo(tmp_path, "check")
    with capsys.disabled():
        print(f"\nbridge: {len(forwards)} of {len(bridge.functions)} functions of a copied WASI call WASI")
    assert said == []
    assert len(forwards) >= len(bridge.functions) - 3
