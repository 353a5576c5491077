"""Plan B on another domain: keys and values by numbers, lines to write, and a lamp that nobody can light."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest
from migrate.migrated import snapshot
from plan_b.adapted import WAC, Built, build, composed, planned, write
from run_component import Running
from rust import workspaces

from wasmdoctor.migrate.plan_b import PlanBResult
from wasmdoctor.model.edit import ChangeSet
from wasmdoctor.model.plan import BodyKind

pytestmark = pytest.mark.rust

FILES = {
    "Cargo.toml": """\
[package]
name = "ledger"
version = "1.2.3"
edition = "2021"
license = "MIT"
publish = false

[lib]
crate-type = ["cdylib"]

[dependencies]
wit-bindgen = { version = "0.48.1", default-features = false, features = ["macros", "realloc", "std"] }

[profile.dev]
panic = "abort"
""",
    "wit/world.wit": """\
package acme:ledger@2.1.0;

interface types {
  enum severity { debug, info, warning, error }
  variant fault { unsupported, no-such-bucket, other(string) }
}

/// Values by key, in buckets that go by a number.
interface kv-store {
  use types.{fault};
  open: func(name: string) -> result<u32, fault>;
  get: func(bucket: u32, key: string) -> result<option<list<u8>>, fault>;
  set: func(bucket: u32, key: string, value: list<u8>) -> result<_, fault>;
  delete: func(bucket: u32, key: string) -> result<_, fault>;
  close: func(bucket: u32);
}

interface logger {
  use types.{severity};
  log: func(level: severity, message: string);
}

interface lamp {
  use types.{fault};
  resource bulb {
    constructor(watts: u32);
    light: func(colours: list<string>) -> result<u32, fault>;
    brightest: static func(bulbs: list<borrow<bulb>>) -> option<string>;
  }
}

world ledger {
  import kv-store;
  import logger;
  import lamp;
  import beep: func(times: u32, tone: option<string>) -> result<_, string>;
  export remember: func(key: string, value: string) -> result<string, string>;
  export light: func() -> result<u32, string>;
  export alarm: func() -> result<_, string>;
}
""",
    "src/lib.rs": """\
wit_bindgen::generate!({ world: "ledger" });

use acme::ledger::{kv_store, lamp, logger, types::Severity};

struct Ledger;

impl Guest for Ledger {
    fn remember(key: String, value: String) -> Result<String, String> {
        logger::log(Severity::Info, &format!("remember {key}"));
        let bucket = kv_store::open("main").map_err(|fault| format!("{fault:?}"))?;
        kv_store::set(bucket, &key, value.as_bytes()).map_err(|fault| format!("{fault:?}"))?;
        let found = kv_store::get(bucket, &key).map_err(|fault| format!("{fault:?}"))?;
        kv_store::delete(bucket, &key).map_err(|fault| format!("{fault:?}"))?;
        let gone = kv_store::get(bucket, &key).map_err(|fault| format!("{fault:?}"))?.is_none();
        kv_store::close(bucket);
        Ok(format!("{} {gone}", String::from_utf8(found.unwrap_or_default()).unwrap_or_default()))
    }

    fn light() -> Result<u32, String> {
        let bulb = lamp::Bulb::new(60);
        bulb.light(&["red".to_string()]).map_err(|fault| format!("{fault:?}"))
    }

    fn alarm() -> Result<(), String> {
        beep(3, Some("high"))
    }
}

export!(Ledger);
""",
}
NAMES = {f"acme:ledger/{name}@2.1.0" for name in ("kv-store", "lamp", "logger", "types")} | {"beep"}


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("acme") / "ledger"
    for name, text in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


@dataclass
class Adapted:
    result: PlanBResult
    changes: ChangeSet
    built: Built
    composed: Path


@pytest.fixture(scope="module")
def adapted(tree: Path) -> Adapted:
    """Composed with wac: wasm-tools 1.262 cannot give one component the function of another."""
    before = snapshot(tree)
    result, changes = planned(tree, "wasm32-wasip2")
    assert snapshot(tree) == before, "planning writes nothing"
    assert result.applicable, result.reason
    write(tree, changes)
    folder = tree.parent / "made"
    built = build(tree, folder, "ledger", "ledger-adapter", target="wasm32-wasip2")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", f"{WAC.parent}:{os.environ['PATH']}")
        (plan,) = result.compositions
        shutil.copy2(tree / plan.document, folder / "ledger.wac")
        whole = composed(folder, plan.output, "ledger.wac", "ledger.wasm", "ledger_adapter.wasm", tool="wac")
    return Adapted(result, changes, built, whole)


def test_a_package_alone_becomes_a_workspace_with_the_adapter(tree: Path, adapted: Adapted) -> None:
    text = (tree / "Cargo.toml").read_text()
    assert text.startswith(FILES["Cargo.toml"])
    assert text[len(FILES["Cargo.toml"]) :].split() == ["[workspace]", "members", "=", '["ledger-adapter"]']
    own = (tree / "ledger-adapter/Cargo.toml").read_text()
    assert 'version = "0.1.0"\nedition = "2021"\nlicense = "MIT"\npublish = false\n' in own


def test_functions_do_what_the_plan_says(adapted: Adapted) -> None:
    kinds = {(f.interface.rpartition("/")[2], f.function): f.body for f in adapted.result.bridge}
    assert kinds["kv-store@2.1.0", "set"] is BodyKind.MAPPING
    assert kinds["logger@2.1.0", "log"] is BodyKind.MAPPING
    assert kinds["lamp@2.1.0", "[method]bulb.light"] is BodyKind.REFUSES
    assert kinds["", "beep"] is BodyKind.REFUSES


def test_the_composition_needs_only_wasi(adapted: Adapted) -> None:
    assert adapted.built.warnings == []
    adapter = workspaces.world_of(adapted.built.components["ledger-adapter"])
    assert set(adapter.exports.names()) == NAMES
    world = workspaces.world_of(adapted.composed)
    assert all(name.startswith("wasi:") for name in world.imports.names())
    assert world.exports.names() == ("alarm", "light", "remember")


def test_without_a_document_the_wiring_is_the_same(adapted: Adapted, monkeypatch: pytest.MonkeyPatch) -> None:
    """The types that are imported alone are wired as well, though no linker asks for them."""
    monkeypatch.setenv("PATH", f"{WAC.parent}:{os.environ['PATH']}")
    folder = adapted.composed.parent
    made = composed(folder, "again.wasm", "ledger.wasm", "ledger_adapter.wasm", tool="wac")
    assert workspaces.world_of(made).imports.names() == workspaces.world_of(adapted.composed).imports.names()


def test_values_are_kept(adapted: Adapted) -> None:
    answer = Running(adapted.composed).call("remember", "colour", "blue")
    assert (answer.tag, answer.payload) == ("ok", "blue true")


def test_what_nobody_implements_says_so(adapted: Adapted) -> None:
    answer = Running(adapted.composed).call("light")  # a number or a text: no tag is needed
    assert "Unsupported" in answer
    answer = Running(adapted.composed).call("alarm")
    assert answer == "`beep` is not supported"


def test_a_second_time_there_is_nothing_to_do(tree: Path, adapted: Adapted) -> None:
    again, changes = planned(tree, "wasm32-wasip2")
    assert (again.applicable, bool(changes)) == (False, False)
    assert "nothing to cure" in again.reason
