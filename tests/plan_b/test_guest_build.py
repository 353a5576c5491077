"""Rust that exports every kind of function by calling a bridge: it builds without a warning, as rustfmt leaves it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
import wasmtime
from bridge import zoo
from bridge.bindgen import CASES, resolved
from migrate.migrated import environment
from rust import workspaces
from wasmtime import component

from wasmdoctor.migrate.bridge.guest import GuestRequest, guest_source
from wasmdoctor.migrate.bridge.module import Parts, bridge_module
from wasmdoctor.migrate.inputs import BridgeRequest
from wasmdoctor.readers.wit import DiskFiles, find_world, load_wit, resolve_wit

pytestmark = pytest.mark.rust

TARGET = "wasm32-wasip1"
WORLD = """
package zoo:keepers;

world keepers {
  export zoo:animals/names@1.2.0;
  export zoo:animals/everything@1.2.0;
  export greet: func(name: string, times: option<u32>, all: list<string>) -> result<string, string>;
  export start: func();
}
"""
MANIFEST = """
[package]
name = "zoo-keepers"
version = "0.0.0"
edition = "2021"
publish = false

[lib]
crate-type = ["cdylib"]

[dependencies]
wit-bindgen = "=VERSION"

[workspace]

[profile.dev]
panic = "abort"
"""


@pytest.fixture(scope="module", params=["0.48.1", "0.63.0"])
def crate(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A crate that exports the zoo, in which nothing is implemented, with one version of wit-bindgen."""
    folder = tmp_path_factory.mktemp("zoo")
    manifest = MANIFEST.replace("VERSION", request.param)
    for name, text in (("animals/zoo.wit", zoo.WIT), ("wit/world.wit", WORLD), ("Cargo.toml", manifest)):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    resolution = resolve_wit(load_wit(DiskFiles(), [str(folder / "animals"), str(folder / "wit")]))
    assert not resolution.problems
    world = find_world(resolution, "zoo:keepers/keepers")
    assert not isinstance(world, str)
    twin = replace(world, imports=world.exports, exports={})
    wanted = BridgeRequest("zoo-keepers", "crate::plain", "src/plain.rs", twin, tuple(twin.imports))
    files = dict(bridge_module(wanted, resolution, Parts(cases=CASES)).files)
    guest = GuestRequest(world, resolution, ("animals", "wit"), "plain", type="Keepers")
    files["src/lib.rs"] = guest_source(guest).encode()
    for name, data in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    return folder


def test_it_is_as_rustfmt_leaves_it(crate: Path) -> None:
    rustfmt = shutil.which("rustfmt", path=f"{os.environ['PATH']}:{Path.home() / '.cargo/bin'}")
    assert rustfmt
    command = [rustfmt, "--edition", "2021", "--check", "src/lib.rs"]
    done = subprocess.run(command, cwd=crate, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout) == (0, ""), done.stderr


@pytest.fixture(scope="module")
def built(crate: Path) -> Path:
    """The component, built without a warning."""
    cargo = workspaces._rust().cargo
    command = [cargo, "build", "-j2", "--target", TARGET, "--message-format", "json"]
    core = workspaces.TARGET_DIR / TARGET / "debug" / "deps" / "zoo_keepers.wasm"
    made = crate / "zoo.wasm"
    with workspaces._locked():
        core.unlink(missing_ok=True)
        done = subprocess.run(
            command, cwd=crate, env=environment(TARGET), capture_output=True, text=True, check=False
        )
        messages = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
        said = [m["message"]["rendered"] for m in messages if m["reason"] == "compiler-message"]
        assert done.returncode == 0, "\n".join(said) + done.stderr
        assert said == []
        adapter = f"wasi_snapshot_preview1={workspaces._adapter()}"
        command = [workspaces.wasm_tools(), "component", "new", core, "--adapt", adapter, "-o", made]
        workspaces._output(command)
        core.unlink()
    return made


def test_it_exports_all_of_the_world(built: Path) -> None:
    world = workspaces.world_of(built)
    assert set(world.exports.names()) == {
        "zoo:animals/names@1.2.0",
        "zoo:animals/everything@1.2.0",
        "greet",
        "start",
    }
    (wanted,) = resolved(built.parent / "animals").main
    for name, functions in world.exports.interfaces.items():
        short = name.rpartition("/")[2].partition("@")[0]
        assert set(functions) == set(wanted.interfaces[short].functions)
    assert all(name.startswith("wasi:") for name in world.imports.names())


def test_a_refusing_function_gives_its_error(built: Path) -> None:
    engine = wasmtime.Engine()
    store = wasmtime.Store(engine)
    store.set_wasi(wasmtime.WasiConfig())
    linker = component.Linker(engine)
    linker.add_wasip2()
    instance = linker.instantiate(store, component.Component.from_file(engine, str(built)))
    greet = instance.get_func(store, "greet")
    assert greet is not None
    answer = greet(store, "ann", 2, ["bob"])
    assert (answer.tag, answer.payload) == ("err", "`greet` is not supported")
    index = instance.get_export_index(store, "zoo:animals/everything@1.2.0")
    assert index is not None
    inner = instance.get_export_index(store, "colours", index)
    assert inner is not None
    colours = instance.get_func(store, inner)
    assert colours is not None
    colours.post_return(store)
    answer = colours(store, "dark-red", ["green"])
    assert (answer.tag, "is not supported" in answer.payload) == ("err", True)
