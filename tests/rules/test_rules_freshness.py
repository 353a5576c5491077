"""WD302 (generated files), WD501 and WD502: what was built or generated, and the sources since then."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from rules.rules_support import component, crate, facts_of, shown, written

from wasmdoctor.checks.cargo import bindgen_versions
from wasmdoctor.checks.freshness import stale_bindings, stale_component

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures"
BUILT = "target/wasm32-wasip2/release/app.wasm"
NET = "package shop:net@0.1.0;\ninterface tcp { open: func(host: string) -> u32; }\n"
WORLD = """\
package shop:app;
world app {
  import shop:net/tcp@0.1.0;
  export run: func();
}
"""
APP = {
    "Cargo.toml": crate("app"),
    "src/lib.rs": component("app", 'shop::net::tcp::open("x");'),
    "src/unused.rs": "",
    "wit/world.wit": WORLD,
    "wit/deps/net.wit": NET,
}


def build(folder: Path, component: bytes, path: str = BUILT, **ages: int) -> None:
    """Put a component there; all sources are 100 s older than it, but those with another age in seconds."""
    written(folder, {path: component})
    for source in folder.rglob("*"):
        if source.suffix in (".rs", ".wit", ".toml"):
            os.utime(source, (1_000_000 - 100, 1_000_000 - 100))
    os.utime(folder / path, (1_000_000, 1_000_000))
    for name, age in ages.items():
        [source] = folder.rglob(name.replace("_rs", ".rs").replace("_wit", ".wit").replace("_toml", ".toml"))
        os.utime(source, (1_000_000 - age, 1_000_000 - age))


# -- WD501


def test_a_component_that_is_older_than_a_source(tmp_path: Path, dummy: Callable[..., bytes]) -> None:
    written(tmp_path, APP)
    binary = dummy(WORLD, "app", {"net.wit": NET})
    build(tmp_path, binary)
    assert shown(stale_component(facts_of(tmp_path))) == []
    build(tmp_path, binary, lib_rs=-5)
    [draft] = stale_component(facts_of(tmp_path))
    assert (draft.subject, str(draft.location)) == (BUILT, "src/lib.rs:1:1")
    assert (
        draft.message == "this component of `app` was built before its sources changed: src/lib.rs is newer"
    )
    build(tmp_path, binary, lib_rs=-5, net_wit=-9)
    [draft] = stale_component(facts_of(tmp_path))
    assert str(draft.location) == "wit/deps/net.wit:1:1"
    assert "and 1 more" in draft.message
    assert [str(place) for place, _ in draft.related] == ["src/lib.rs:1:1"]


def test_files_that_are_not_built_and_committed_binaries_have_any_time(
    tmp_path: Path, dummy: Callable[..., bytes]
) -> None:
    written(tmp_path, APP)
    binary = dummy(WORLD, "app", {"net.wit": NET})
    build(tmp_path, binary, unused_rs=-5, Cargo_toml=-5)
    assert shown(stale_component(facts_of(tmp_path))) == []
    (tmp_path / BUILT).unlink()
    build(tmp_path, binary, "prebuilt/app.wasm", lib_rs=-5)
    assert shown(stale_component(facts_of(tmp_path))) == []


def test_what_is_left_of_a_member_that_is_only_a_library_now(
    tmp_path: Path, dummy: Callable[..., bytes]
) -> None:
    written(tmp_path, APP)
    written(
        tmp_path,
        {
            "Cargo.toml": crate(
                "app",
                dependencies='core-lib = { path = "core-lib" }',
                more='[workspace]\nmembers = ["core-lib"]\n',
            ),
            "core-lib/Cargo.toml": crate("core-lib", '["rlib"]'),
            "core-lib/src/lib.rs": "pub fn go() {}",
        },
    )
    left = "target/wasm32-wasip2/release/core_lib.wasm"
    written(tmp_path, {left: dummy(WORLD, "app", {"net.wit": NET})})
    build(tmp_path, dummy(WORLD, "app", {"net.wit": NET}))
    source = tmp_path / "core-lib/src/lib.rs"
    os.utime(tmp_path / left, (1_000_000, 1_000_000))
    assert (
        shown(stale_component(facts_of(tmp_path))) == []
    )  # `cargo rustc --crate-type cdylib` may have made it
    os.utime(source, (1_000_005, 1_000_005))
    drafts = [draft for draft in stale_component(facts_of(tmp_path)) if draft.subject == left]
    assert [str(draft.location) for draft in drafts] == ["core-lib/Cargo.toml:2:8"]
    assert (
        drafts[0].message
        == "`core-lib` is no component any more, and this file of it was built before core-lib/src/lib.rs changed"
    )


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        ("run: func()", "start: func()", "it does not export `run` (it exports `start`)"),
        (
            "run: func()",
            "run: func(name: string)",
            "its `run` is `func(name: string)`, and the world says `func()`",
        ),
    ],
)
def test_a_component_of_another_world(
    tmp_path: Path, dummy: Callable[..., bytes], old: str, new: str, what: str
) -> None:
    written(tmp_path, APP)
    build(tmp_path, dummy(WORLD.replace(old, new), "app", {"net.wit": NET}), "prebuilt/app.wasm")
    [draft] = stale_component(facts_of(tmp_path))
    assert (draft.subject, draft.interface) == ("prebuilt/app.wasm", "run")
    assert str(draft.location) == "wit/world.wit:4:10"
    assert draft.message == f"this component of `app` was built from another world than `app` is now: {what}"


def test_a_component_may_export_more_and_import_less(tmp_path: Path, dummy: Callable[..., bytes]) -> None:
    written(tmp_path, APP)
    world = WORLD.replace("  import shop:net/tcp@0.1.0;\n", "  export shop:net/tcp@0.1.0;\n")
    build(tmp_path, dummy(world, "app", {"net.wit": NET}), "prebuilt/app.wasm")
    assert shown(stale_component(facts_of(tmp_path))) == []


def test_an_exported_interface_that_lacks_a_function(tmp_path: Path, dummy: Callable[..., bytes]) -> None:
    world = "package shop:app;\nworld app {\n  export shop:net/tcp@0.1.0;\n}\n"
    body = "impl exports::shop::net::tcp::Guest for App { fn open(host: String) -> u32 { 1 } }"
    code = component("app", "").replace("impl Guest for App {\n    fn run() {  }\n}", body)
    written(tmp_path, {**APP, "wit/world.wit": world, "src/lib.rs": code})
    build(tmp_path, dummy(world, "app", {"net.wit": NET}), "prebuilt/app.wasm")
    assert shown(stale_component(facts_of(tmp_path))) == []
    other = NET.replace("open:", "dial:")
    build(tmp_path, dummy(world, "app", {"net.wit": other}), "prebuilt/app.wasm")
    [line] = shown(stale_component(facts_of(tmp_path)))
    assert line.endswith("its `shop:net/tcp@0.1.0` has no `open`")


# -- WD502 and the generated file of WD302, with the files that the real generators wrote


def executor(folder: Path, world: str | None = None, bindgen: str = "0.48.1") -> Path:
    """A crate with bindings.rs of `wit-bindgen rust` 0.48.1 (fixtures/scheduler/executor), and WIT."""
    source = FIXTURES / "scheduler" / "executor"
    manifest = crate("scheduler-executor").replace("0.48.1", bindgen)
    written(
        folder,
        {
            "Cargo.toml": manifest,
            "src/lib.rs": "mod bindings;\nstruct E;\nbindings::export!(E with_types_in bindings);\n",
            "src/bindings.rs": (source / "src/bindings.rs").read_bytes(),
            "wit/world.wit": world or (source / "wit/world.wit").read_text(),
        },
    )
    return folder


def executor_world() -> str:
    return (FIXTURES / "scheduler" / "executor" / "wit" / "world.wit").read_text()


def test_bindings_that_match_their_wit(tmp_path: Path) -> None:
    assert shown(stale_bindings(facts_of(executor(tmp_path)))) == []
    commented = "// New comment.\n" + executor_world().replace("    run:", "    run :")
    assert shown(stale_bindings(facts_of(executor(tmp_path, commented)))) == []


@pytest.mark.parametrize(
    ("old", "new", "line", "what"),
    [
        (
            "run: func(scenario-yaml: string)",
            "run: func(scenario-yaml: list<u8>)",
            26,
            "in it and `func(scenario-yaml: list<u8>) -> result<list<step-report>, run-error>` now",
        ),
        ("    run: func", "    stop: func();\n    run: func", 26, "it lacks `stop`"),
        ("number: u32,", "number: u64,", 6, "type `step-report` of `scheduler:executor/runner@0.1.0` is"),
        (
            "export runner;",
            "export runner;\n    export extra: func();",
            31,
            "the world exports `extra`, and it does not",
        ),
        ("export runner;", "", 29, "it exports `scheduler:executor/runner@0.1.0`, and the world does not"),
        ("world scheduler-executor", "world executor", 1, "and there is no such world now"),
    ],
)
def test_bindings_that_do_not(tmp_path: Path, old: str, new: str, line: int, what: str) -> None:
    world = executor_world()
    assert old in world
    [draft] = stale_bindings(facts_of(executor(tmp_path, world.replace(old, new))))
    assert (draft.subject, str(draft.location)) == ("Cargo.toml", "src/bindings.rs:1:1")
    assert draft.message.startswith(f"src/bindings.rs does not match wit/world.wit (line {line}): ")
    assert what in draft.message
    assert draft.help.startswith("generate it again with wit-bindgen")


def test_wit_that_does_not_parse_says_nothing_of_bindings(tmp_path: Path) -> None:
    broken = executor_world().replace("export runner;", "export runner")
    assert shown(stale_bindings(facts_of(executor(tmp_path, broken)))) == []


def test_a_generated_file_is_not_compiled_with_an_older_runtime(tmp_path: Path) -> None:
    assert shown(bindgen_versions(facts_of(executor(tmp_path)))) == []
    assert shown(bindgen_versions(facts_of(executor(tmp_path, bindgen="0.50")))) == []
    [draft] = bindgen_versions(facts_of(executor(tmp_path, bindgen="0.46.0")))
    assert str(draft.location) == "Cargo.toml:10:1"
    assert draft.message == (
        "src/bindings.rs was generated by wit-bindgen 0.48.1, and `scheduler-executor` compiles it with the older "
        "wit-bindgen 0.46.0 (Cargo.toml:10)"
    )
