"""Plan C to the end: the trees build, need only WASI, keep their exports and native tests, and talk to servers."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest
from migrate.migrated import SCHEDULER, build, copied, environment, snapshot
from migrate.test_migrate_scheduler import SCENARIO
from plan_a.planning import write
from run_component import Running, Scenarios
from rust import workspaces
from tests_support import run

pytestmark = pytest.mark.rust

TARGET = "wasm32-wasip1"
PACKAGES = ("scheduler", "scheduler-core", "scheduler-executor", "scheduler-actions-http")


@dataclass
class Done:
    """A tree after ``migrate --plan c``: what it was, what the plan said, what the command said, what was built."""

    tree: Path
    before: dict[str, tuple[int, str]]
    plan: dict
    said: str
    built: dict[str, Path]
    exports: dict[str, tuple[str, ...]]


def migrate(tree: Path, folder: Path, *packages: str) -> Done:
    """Plan, migrate and build. ``exports`` are those of the components before."""
    before = snapshot(tree)
    exports = {}
    for package in packages:
        path = build(tree, package, folder)
        exports[package] = workspaces.world_of(path).exports.names()
    words = ("plan", "--plan", "c", "--target", TARGET, "--format", "json")
    planned = run(*words, cwd=tree)
    assert planned.returncode == 1, planned.stderr
    (plan,) = json.loads(planned.stdout)["plans"]
    with workspaces._locked():
        done = run("migrate", "--plan", "c", "--target", TARGET, cwd=tree, env=environment(TARGET))
    assert done.returncode == 0, done.stdout + done.stderr
    built = {package: build(tree, package, folder) for package in packages}
    return Done(tree, before, plan, done.stdout, built, exports)


def native_tests(tree: Path) -> str:
    """What ``cargo test --lib`` of this machine's own target prints."""
    place = {**os.environ, "CARGO_TARGET_DIR": str(workspaces.TARGET_DIR / "native")}
    words = ["cargo", "test", "--locked", "--workspace", "--lib"]
    with workspaces._locked():
        done = subprocess.run(words, cwd=tree, env=place, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def called(path: Path, name: str, *arguments: str) -> tuple[str, str]:
    """What an exported function of a component returns in wasmtime: ok or err, and the text."""
    answer = Running(path).call(name, *arguments)
    return answer.tag, answer.payload


@pytest.fixture(scope="module")
def scheduler(tmp_path_factory: pytest.TempPathFactory) -> Done:
    folder = tmp_path_factory.mktemp("scheduler-c")
    tree = copied(SCHEDULER, folder / "scheduler")
    assert native_tests(tree).count("test result: ok.") == 4
    return migrate(tree, folder, *PACKAGES)


def test_every_component_needs_only_wasi_and_exports_what_it_did(scheduler: Done) -> None:
    for package in PACKAGES:
        world = workspaces.world_of(scheduler.built[package])
        assert all(name.startswith("wasi:") for name in world.imports.names()), package
        assert world.exports.names() == scheduler.exports[package]


def test_imports_and_exports_are_those_that_plan_predicted(scheduler: Done) -> None:
    for package in PACKAGES:
        world = workspaces.world_of(scheduler.built[package])
        found = set(world.imports.names())
        sure = set(scheduler.plan["imports_after"][package])
        possible = set(scheduler.plan["possible_imports_after"][package])
        std = {name for name in possible if "@" not in name}
        assert sure <= found, sure - found
        assert {name for name in found - sure if name.partition("@")[0] not in std} == set()
        assert set(scheduler.plan["exports_after"][package]) == set(world.exports.names())


def test_what_was_proven_is_said(scheduler: Done) -> None:
    proofs = [line for line in scheduler.said.splitlines() if line.startswith(("✓", "✗", "·"))]
    assert {line[0] for line in proofs} == {"✓"}, scheduler.said


def test_native_builds_are_as_before(scheduler: Done) -> None:
    assert native_tests(scheduler.tree).count("test result: ok.") == 4


def test_it_runs_in_wasmtime(scheduler: Done) -> None:
    tag, text = called(scheduler.built["scheduler"], "run-scenario", SCENARIO)
    assert tag == "ok", text
    assert "hello" in text


@pytest.fixture(scope="module")
def in_node(scheduler: Done, tmp_path_factory: pytest.TempPathFactory) -> Scenarios:
    return Scenarios(scheduler.built["scheduler"], tmp_path_factory.mktemp("node"))


def test_tcp_reaches_a_real_server(in_node: Scenarios) -> None:
    got, answer = in_node.exchange("tcp", b"pong over tcp")
    assert got == [b"ping"], answer
    assert "pong over tcp" in answer["ok"]


def test_udp_reaches_a_real_server(in_node: Scenarios) -> None:
    got, answer = in_node.exchange("udp", b"pong over udp")
    assert got == [b"ping"], answer
    assert "pong over udp" in answer["ok"]


def test_a_second_time_changes_nothing_and_undo_gives_the_tree_back(scheduler: Done) -> None:
    """Last of these: the tree is the fixture again afterwards."""
    after = snapshot(scheduler.tree)
    again = run("migrate", "--plan", "c", "--target", TARGET, cwd=scheduler.tree)
    assert again.returncode == 0, again.stdout + again.stderr
    assert "nothing to do" in again.stdout
    assert snapshot(scheduler.tree) == after
    undone = run("undo", cwd=scheduler.tree)
    assert undone.returncode == 0, undone.stdout + undone.stderr
    assert snapshot(scheduler.tree) == scheduler.before


# -- another domain: a key-value store by numbers, a clock, random bytes and a log, all as free functions


TILL = {
    "Cargo.toml": """
        [workspace]
        resolver = "2"
        members = ["till-app", "till-base"]

        [profile.dev]
        panic = "abort"
    """,
    "till-app/Cargo.toml": """
        [package]
        name = "till-app"
        version = "0.1.0"
        edition = "2021"

        [lib]
        crate-type = ["cdylib", "rlib"]

        [dependencies]
        till-base = { path = "../till-base" }

        [target.'cfg(target_family = "wasm")'.dependencies]
        wit-bindgen = { version = "0.48.1", default-features = false, features = ["macros", "realloc"] }
    """,
    "till-app/wit/till.wit": """
        package till:app@0.1.0;

        interface model {
            enum level { debug, info, warn, error }

            record receipt {
                level: level,
                count: u32,
                bytes: u32,
                waited: bool,
            }
        }

        interface monotonic {
            now: func() -> u64;
            sleep-ms: func(ms: u32);
        }

        interface random {
            get-random-bytes: func(len: u64) -> list<u8>;
        }

        interface logging {
            use model.{level};

            log: func(level: level, context: string, message: string);
        }

        interface counter {
            use model.{receipt};

            serve: func(key: string) -> result<receipt, string>;
        }

        world app {
            import monotonic;
            import random;
            import logging;
            export counter;
            export run: func(key: string) -> result<string, string>;
        }
    """,
    "till-app/src/lib.rs": """
        //! Counts customers.

        #[cfg(target_family = "wasm")]
        mod component;

        /// What a number of customers is called.
        pub fn words(count: u32) -> String {
            match count {
                1 => "one customer".into(),
                _ => format!("{count} customers"),
            }
        }

        #[cfg(test)]
        mod tests {
            #[test]
            fn one() {
                assert_eq!(super::words(1), "one customer");
                assert_eq!(till_base::add(Some(vec![3]), 4), 7);
            }
        }
    """,
    "till-app/src/component.rs": """
        //! The crate as a component.

        wit_bindgen::generate!({
            path: "wit",
            world: "app",
        });

        use exports::till::app::counter;
        use till::app::logging::log;
        use till::app::model::{Level, Receipt};
        use till::app::monotonic::{self, now};
        use till::app::random::get_random_bytes as draw;

        struct App;

        fn receipt(key: &str) -> Result<Receipt, String> {
            let before = now();
            monotonic::sleep_ms(2);
            let waited = now() - before >= 2_000_000;
            let bytes = draw(4).len() as u32;
            let count = till_base::count(key, bytes)?;
            log(Level::Warn, "till", &crate::words(count));
            Ok(Receipt { level: Level::Info, count, bytes, waited })
        }

        impl counter::Guest for App {
            fn serve(key: String) -> Result<Receipt, String> {
                receipt(&key)
            }
        }

        impl Guest for App {
            fn run(key: String) -> Result<String, String> {
                receipt(&key)?;
                let last = receipt(&key)?;
                Ok(format!("{} {} {}", crate::words(last.count), last.bytes, last.waited))
            }
        }

        export!(App);
    """,
    "till-base/Cargo.toml": """
        [package]
        name = "till-base"
        version = "0.1.0"
        edition = "2021"

        [target.'cfg(target_family = "wasm")'.dependencies]
        wit-bindgen = { version = "0.48.1", default-features = false, features = ["macros", "realloc"] }
    """,
    "till-base/wit/base.wit": """
        package till:base@0.1.0;

        /// A store of bytes; stores go by numbers.
        interface store {
            open: func(name: string) -> u32;
            get: func(store: u32, key: string) -> option<list<u8>>;
            set: func(store: u32, key: string, value: list<u8>) -> result<_, string>;
            close: func(store: u32);
        }

        world base {
            import store;
        }
    """,
    "till-base/src/lib.rs": """
        //! Counting in a store.

        #[cfg(target_family = "wasm")]
        mod bindings {
            wit_bindgen::generate!({ path: "wit", world: "base" });
        }

        /// A number and what is added to it.
        pub fn add(old: Option<Vec<u8>>, more: u32) -> u32 {
            old.and_then(|bytes| bytes.first().copied()).map_or(0, u32::from) + more
        }

        /// Adds to a number in the store.
        #[cfg(target_family = "wasm")]
        pub fn count(key: &str, more: u32) -> Result<u32, String> {
            use bindings::till::base::store;

            let handle = store::open("counts");
            let new = add(store::get(handle, key), more);
            store::set(handle, key, &[new as u8])?;
            store::close(handle);
            Ok(new)
        }
    """,
}


@pytest.fixture(scope="module")
def till(tmp_path_factory: pytest.TempPathFactory) -> Done:
    folder = tmp_path_factory.mktemp("till-c")
    tree = write(folder / "till", TILL)
    subprocess.run(["cargo", "generate-lockfile"], cwd=tree, check=True, capture_output=True)
    assert native_tests(tree).count("test result: ok.") == 2
    return migrate(tree, folder, "till-app")


def test_the_till_needs_only_wasi_and_types_of_its_own(till: Done) -> None:
    world = workspaces.world_of(till.built["till-app"])
    own = {name: functions for name, functions in world.imports.interfaces.items() if name[:5] != "wasi:"}
    assert own == {"till:app/model@0.1.0": ()}
    assert world.exports.names() == till.exports["till-app"] == ("run", "till:app/counter@0.1.0")
    assert "wasi:random/random" in {name.partition("@")[0] for name in world.imports.names()}


def test_the_till_counts_waits_and_draws(till: Done) -> None:
    assert called(till.built["till-app"], "run", "door") == ("ok", "8 customers 4 true")


def test_the_tills_call_sites(till: Done) -> None:
    calls = {(call["function"], call["target"], call["calls"]) for call in till.plan["calls"]}
    clock = ("now", "standard call", "wasip2::clocks::monotonic_clock::now")
    random = ("get-random-bytes", "standard call", "wasip2::random::random::get_random_bytes")
    rest = {"sleep-ms", "log", "open", "get", "set", "close"}
    assert calls == {clock, random, *((name, "bridge", None) for name in rest)}
    code = (till.tree / "till-app/src/component.rs").read_text()
    assert "let before = wasip2::clocks::monotonic_clock::now();" in code
    assert "use wasi_bridge::till::app::monotonic;" in code
    assert "get_random_bytes as" not in code


def test_the_tills_native_tests_pass_as_before(till: Done) -> None:
    assert native_tests(till.tree).count("test result: ok.") == 2


def test_the_till_builds_without_warnings(till: Done) -> None:
    """Nothing that was left has lost its use."""
    with workspaces._locked():
        (till.tree / "till-app/src/lib.rs").touch()
        words = [workspaces._rust().cargo, "check", "--locked", "--workspace", "--target", TARGET]
        done = subprocess.run(
            words, cwd=till.tree, env=environment(TARGET), capture_output=True, text=True, check=False
        )
    assert done.returncode == 0, done.stderr
    assert "warning" not in done.stderr, done.stderr
