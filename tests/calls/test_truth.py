"""Reachability against what happens: an import that a run really calls must have been reached from that export."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from calls.truth import Called, Export, Host
from rust import workspaces

from wasmdoctor.graph.calls import CallGraph
from wasmdoctor.model.calls import RootKind
from wasmdoctor.readers.code import read_code
from wasmdoctor.readers.wasm import BytesSource

ROOT = Path(__file__).resolve().parents[2]
PREBUILT = ROOT / "fixtures/scheduler/prebuilt"
SCENARIO = """\
name: all
steps:
  - tcp: { host: 127.0.0.1, port: 7, send: ping, timeout-ms: 500 }
  - udp: { host: 127.0.0.1, port: 7, send: ping, timeout-ms: 500 }
  - http-get: http://127.0.0.1:8080/health
"""
TEXTS = [SCENARIO, "http://127.0.0.1:8080/", ""]


def compare(data: bytes, what: str) -> dict[Export, set[Called]]:
    """Fails when a run calls what was not reached from its export; gives what was called."""
    runs = Host(data, TEXTS).run()
    assert not runs.failed, f"{what}: {runs.failed} calls could not be made"
    code = read_code(BytesSource(data), what)
    graph = CallGraph(code)
    imports = {(each.name, each.function): each for each in code.imports}
    # What runs at the start and in constructors runs before any export's own code.
    always = [root for root in code.roots if root.kind is not RootKind.EXPORT]
    for (export, function), called in runs.calls.items():
        roots = [root for root in code.roots if (root.name, root.function) == (export, function)]
        assert roots, f"{what}: {export}#{function} is no root"
        reached = graph.reached([*roots, *always], possible=True)
        for name in called:
            assert name in imports, f"{what}: {name} is called and was not found"
            assert reached.any(imports[name].at), (
                f"{what}: {export}#{function} calls {name}, which was not reached"
            )
    return runs.calls


@pytest.mark.parametrize("path", sorted(PREBUILT.glob("*.wasm")), ids=lambda path: path.stem)
def test_the_schedulers_components(path: Path) -> None:
    calls = compare(path.read_bytes(), path.name)
    assert sum(map(bool, calls.values())) >= 2
    if path.stem == "scheduler":
        assert ("scheduler:core-libs/wasi-tcp@0.1.0", "[constructor]tcp-socket") in calls["run-scenario", ""]


BUILDS = [(case, "release") for case in workspaces.cases()]
# Compiling a debug build takes seconds: those that are about calls.
BUILDS += [(case, "debug") for case in ("export-leak", "leak-shapes", "ways-to-call")]


@pytest.mark.rust
@pytest.mark.parametrize(("case", "profile"), BUILDS)
def test_the_workspaces_components(case: str, profile: str) -> None:
    for component in workspaces.build(case, "wasm32-wasip1", profile):
        compare(component.path.read_bytes(), f"{case} {component.crate} {profile}")


@pytest.mark.rust
def test_the_runs_say_something() -> None:
    """Runs that call nothing would agree with anything."""
    found: dict[str, set[str]] = {}
    for case in ("leak-shapes", "export-leak", "ways-to-call"):
        for component in workspaces.build(case, "wasm32-wasip1", "release"):
            calls = compare(component.path.read_bytes(), component.crate)
            found[component.crate] = {name for called in calls.values() for name, _ in called}
    assert {"water:called/gauge@0.1.0", "water:opaque/gauge@0.1.0", "water:exporter/gauge@0.1.0"} <= found[
        "shapes"
    ]
    assert len(found["cinema-ticket"]) == 3
    assert len(found["lift-cabin"]) > 5


C_WIT = """\
package my:app@0.1.0;
interface store { get: func() -> u32; put: func(value: u32); drop: func(); }
world app {
  import store;
  export direct: func() -> u32;
  export chosen: func(which: u32) -> u32;
  export idle: func() -> u32;
}
"""
C_SOURCE = """\
#define FROM(name) __attribute__((import_module("my:app/store@0.1.0"), import_name(name)))
#define TO(name) __attribute__((export_name(name)))
typedef unsigned u32;
FROM("get") extern u32 get(void);
FROM("put") extern void put(u32 value);
FROM("drop") extern void drop(void);

static __attribute__((noinline)) u32 by_get(u32 n) { return get() + n; }
static __attribute__((noinline)) u32 by_put(u32 n) { put(n); return n; }
static u32 (*volatile table[])(u32) = { by_get, by_put };
void keep(void) { drop(); }
void (*volatile kept)(void) = keep;

TO("direct") u32 direct(void) { return by_get(1); }
TO("chosen") u32 chosen(u32 which) { return table[which % 2](which); }
TO("idle") u32 idle(void) { return 7; }
"""


@pytest.mark.rust
def test_a_component_in_c(tmp_path: Path) -> None:
    """Calls through a table of functions: really made, and possible; one that nothing makes has no such signature."""
    clang, linker = shutil.which("clang-19") or "clang", shutil.which("wasm-ld-19") or "wasm-ld"
    (tmp_path / "app.c").write_text(C_SOURCE)
    (tmp_path / "app.wit").write_text(C_WIT)
    flags = ["--target=wasm32-wasi", "-mexec-model=reactor", "-O2", f"-fuse-ld={linker}"]
    tools = workspaces.wasm_tools()
    for command in (
        [clang, *flags, "app.c", "-o", "core.wasm"],
        [tools, "component", "embed", "app.wit", "core.wasm", "-o", "embedded.wasm"],
        [
            *(tools, "component", "new", "embedded.wasm", "-o", "app.wasm"),
            *("--adapt", f"wasi_snapshot_preview1={workspaces._adapter()}"),
        ],
    ):
        subprocess.run(command, cwd=tmp_path, check=True, timeout=120)
    data = (tmp_path / "app.wasm").read_bytes()
    store = "my:app/store@0.1.0"
    calls = compare(data, "app.wasm")
    assert calls["direct", ""] == {(store, "get")}
    assert calls["chosen", ""] == {(store, "get"), (store, "put")}
    assert calls["idle", ""] == set()
    code = read_code(BytesSource(data), "app.wasm")
    graph = CallGraph(code)
    functions = {each.function: each for each in code.imports if each.name == store}
    ways = {
        (path.root.name, name): path.possible
        for name, imported in functions.items()
        for path in graph.paths([imported])
        if path.root.kind is RootKind.EXPORT
    }
    assert ways["direct", "get"] is False
    assert ways["chosen", "get"] is True
    assert ways["chosen", "put"] is True
    assert ("idle", "get") not in ways
    assert ("direct", "put") not in ways
    assert ("chosen", "drop") not in ways, "no function in the table that takes nothing is asked for"
