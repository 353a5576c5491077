"""Plan C on the fixtures: what it edits, what it leaves, and that a second time finds nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
from plan_a.planning import FIXTURES, copy
from plan_c.planned_c import STANDARD, PlannedC, planned, standard

SOCKETS = {
    **STANDARD,
    "wasi:sockets@0.2.6": """
        package wasi:sockets@0.2.6;
        interface network { resource network; enum error-code { unknown } }
        interface instance-network { use network.{network}; instance-network: func() -> network; }
        interface ip-name-lookup { use wasi:io/poll@0.2.6.{pollable}; use network.{network}; }
        interface tcp { use wasi:io/streams@0.2.6.{output-stream}; use network.{network}; resource tcp-socket; }
        interface tcp-create-socket { use tcp.{tcp-socket}; create-tcp-socket: func() -> tcp-socket; }
        interface udp { use wasi:io/poll@0.2.6.{pollable}; use network.{network}; resource udp-socket; }
        interface udp-create-socket { use udp.{udp-socket}; create-udp-socket: func() -> udp-socket; }
    """,
}


def plan(root: Path, target: str = "wasm32-wasip1") -> PlannedC:
    return planned(root, standard(SOCKETS), target=target)


@pytest.fixture(scope="module")
def scheduler(tmp_path_factory: pytest.TempPathFactory) -> PlannedC:
    made = plan(copy("scheduler", tmp_path_factory.mktemp("scheduler")))
    assert made.result.applicable, made.result.reason
    return made


def test_only_the_crate_that_uses_the_custom_interfaces_changes(scheduler: PlannedC) -> None:
    assert scheduler.paths("modify") == [
        "Cargo.toml",
        "core-libs/Cargo.toml",
        "core-libs/src/component.rs",
        "core-libs/wit/world.wit",
    ]
    assert scheduler.paths("remove") == []
    created = {path.rpartition("/")[0] for path in scheduler.paths("create")}
    assert created == {
        "core-libs/src/component",
        "core-libs/src/component/wasi_bridge/runtime",
        "core-libs/src/component/wasi_bridge/scheduler/core_libs",
        "core-libs/wit/deps/clocks",
        "core-libs/wit/deps/io",
        "core-libs/wit/deps/sockets",
    }


def test_the_crate_stays_a_component_with_its_exports(scheduler: PlannedC) -> None:
    manifest = scheduler.text("core-libs/Cargo.toml")
    assert 'crate-type = ["cdylib", "rlib"]' in manifest
    assert "[package.metadata.component.target]" in manifest
    assert "wasip2" in manifest.partition("[target.'cfg(target_arch = \"wasm32\")'.dependencies]")[2]
    code = scheduler.text("core-libs/src/component.rs")
    before = (FIXTURES / "scheduler/core-libs/src/component.rs").read_text()
    assert "mod wasi_bridge;\n\npub use wasi_bridge::scheduler;\n" in code
    assert code.partition("pub use wasi_bridge::scheduler;\n")[2] == before.partition("});\n")[2]


def test_the_world_exports_what_it_did_and_imports_wasi(scheduler: PlannedC) -> None:
    before = (FIXTURES / "scheduler/core-libs/wit/world.wit").read_text()
    after = scheduler.text("core-libs/wit/world.wit")
    assert after.partition("    export types;")[2] == before.partition("    export types;")[2]
    assert "interface wasi-" not in after
    assert after.partition("/// The model of a scenario.")[2].startswith(
        before.partition("/// The model of a scenario.")[2].partition("world scheduler-core")[0]
    )
    imports = [line.strip() for line in after.splitlines() if line.strip().startswith("import ")]
    assert "import wasi:sockets/tcp@0.2.6;" in imports
    assert "import wasi:sockets/udp@0.2.6;" in imports
    assert all(line.startswith("import wasi:") for line in imports)
    assert imports == sorted(imports)


def test_each_call_site_is_told(scheduler: PlannedC) -> None:
    calls = scheduler.calls()
    assert {target for _, target in calls} == {
        "bridge"
    }  # the sockets' functions have other shapes than WASI's
    assert ("[method]tcp-socket.connect", "bridge") in calls
    assert {site.location.path for site in scheduler.result.calls} == {"core-libs/src/socket/component.rs"}
    before = (FIXTURES / "scheduler/core-libs/src/socket/component.rs").read_bytes().splitlines()
    for site in scheduler.result.calls:
        name = site.function.rpartition("]")[2].rpartition(".")[2].replace("-", "_")
        name = "new" if "constructor" in site.function else name
        assert name.encode() in before[site.location.line - 1]


def test_what_goes_on_leaking_is_said(scheduler: PlannedC) -> None:
    assert "`scheduler:core-libs/parser@0.1.0`" in scheduler.result.loses
    assert "still leak" in scheduler.result.loses


APPLIES = {
    "cfg-modules",
    "checked-in-bindings",
    "composed",
    "dependency-kinds",
    "diamond",
    "export-leak",
    "include-with",
    "inline-wit",
    "leak-shapes",
    "macro-exports",
    "reexported",
    "renamed",
    "single-crate",
    "two-versions",
    "virtual-workspace",
    "ways-to-call",
}

REASONS = {
    "build-script": "a build script of `kiln-code` writes its bindings",
    "features": "nothing to cure",
    "hand-written": "imports it by hand",
    "std-only": "nothing to cure",
    "uncalled-library": "nothing to cure",
    "world-use": "hands on a resource of it",
}


@pytest.mark.parametrize("name", sorted(APPLIES))
def test_it_applies_and_a_second_time_finds_nothing(tmp_path: Path, name: str) -> None:
    made = plan(copy(f"workspaces/{name}", tmp_path))
    assert made.result.applicable, made.result.reason
    assert made.changes
    made.apply()
    again = plan(made.root)
    assert not again.result.applicable, [change.path for change in again.changes.changes]


@pytest.mark.parametrize("name", sorted(REASONS))
def test_it_says_why_it_does_not_apply(tmp_path: Path, name: str) -> None:
    made = plan(copy(f"workspaces/{name}", tmp_path))
    assert not made.result.applicable
    assert REASONS[name] in made.result.reason
    assert not made.changes


def test_all_workspaces_are_looked_at() -> None:
    folders = {path.name for path in (FIXTURES / "workspaces").iterdir() if path.is_dir()}
    # `registry-bindings` needs the crate that it binds, which only Cargo's registry folder has.
    assert folders == APPLIES | REASONS.keys() | {"registry-bindings"}


def test_generated_files_are_left_to_their_tool(tmp_path: Path) -> None:
    made = plan(copy("workspaces/checked-in-bindings", tmp_path))
    assert "ferry-board/src/bindings.rs" not in made.paths("modify")
    assert "use wasi_bridge::ferry::river::level;" in made.text("ferry-board/src/lib.rs")
    (step,) = [step for step in made.result.manual if "generated file" in step.message]
    assert step.location.path == "ferry-board/src/bindings.rs"
    assert "nothing calls that" in step.message
    assert "cargo component build" in step.message


def test_what_another_component_provides_stays_imported(tmp_path: Path) -> None:
    made = plan(copy("workspaces/composed", tmp_path))
    wit = made.text("wit/press.wit")
    assert "import setter;" in wit
    assert "export setter;" in wit
    assert "import paper;" not in wit
