"""An interface that hands on standard resources: bindings, bridge and composition agree on what these are."""

from __future__ import annotations

from pathlib import Path

import pytest
from plan_b.adapted import build, composed, planned, write
from run_component import Running
from rust import workspaces

pytestmark = pytest.mark.rust

FILES = {
    "Cargo.toml": '[workspace]\nresolver = "2"\nmembers = ["egg"]\n\n[profile.dev]\npanic = "abort"\n',
    "egg/Cargo.toml": """\
[package]
name = "egg-timer"
version = "0.1.0"
edition = "2021"

[lib]
crate-type = ["cdylib"]

[dependencies]
wit-bindgen = "0.48.1"
wasip2 = "2"
""",
    "egg/wit/egg.wit": """\
package kitchen:egg@0.1.0;

interface timer {
  use wasi:io/poll@0.2.12.{pollable};
  variant fault { not-supported, other(string) }
  start: func(seconds: u32) -> result<pollable, fault>;
  is-over: func(bell: borrow<pollable>, other: option<borrow<pollable>>) -> result<bool, fault>;
  stop: func(bells: list<pollable>) -> result<_, fault>;
}

world egg {
  import timer;
  export boil: func() -> string;
}
""",
    "egg/wit/deps/io.wit": """\
package wasi:io@0.2.12;

interface poll {
  resource pollable {
    ready: func() -> bool;
    block: func();
  }
  poll: func(in: list<borrow<pollable>>) -> list<u32>;
}
""",
    "egg/src/lib.rs": """\
wit_bindgen::generate!({
    world: "egg",
    with: { "wasi:io/poll@0.2.12": ::wasip2::io::poll },
    generate_all,
});

use kitchen::egg::timer;

struct Egg;

impl Guest for Egg {
    fn boil() -> String {
        let bell = ::wasip2::clocks::monotonic_clock::subscribe_duration(1);
        let over = timer::is_over(&bell, Some(&bell));
        let stopped = timer::stop(vec![bell]);
        format!("{:?} {over:?} {stopped:?}", timer::start(3).is_ok())
    }
}

export!(Egg);
""",
}


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        path = tmp_path / "kitchen" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path / "kitchen"


def test_standard_resources_go_through(tree: Path) -> None:
    result, changes = planned(tree)
    assert result.applicable, result.reason
    assert result.dependencies == {"wasip2": "2"}
    write(tree, changes)
    folder = tree.parent / "made"
    built = build(tree, folder, "egg-timer", "egg-adapter")
    assert built.warnings == []
    whole = composed(folder, "whole.wasm", "egg_timer.wasm", "egg_adapter.wasm")
    assert all(name.startswith("wasi:") for name in workspaces.world_of(whole).imports.names())
    answer = Running(whole).call("boil")
    assert answer == "false Err(Fault::NotSupported) Err(Fault::NotSupported)"


def test_what_wit_bindgen_cannot_export_is_refused(tree: Path) -> None:
    path = tree / "egg/wit/egg.wit"
    path.write_text(path.read_text().replace("option<borrow<pollable>>", "list<borrow<pollable>>"))
    result, changes = planned(tree)
    assert (result.applicable, bool(changes)) == (False, False)
    assert "a list of borrowed standard resources" in result.reason
