"""The errors of wasm-tools, wasmtime and componentize-py, as these tools print them here and now."""

from __future__ import annotations

from pathlib import Path

import pytest
import wasmtime
from errortexts.error_texts import (
    OTHER_TRACK,
    OTHER_TYPE,
    OWN_RESOURCE,
    PLUG,
    RESOURCES,
    SOCKET,
    Case,
    component,
    componentize,
    compose,
    module,
    new,
    wasm_tools,
    wit,
    write,
)
from errortexts.reading_errors import assert_recognised
from wasmtime import component as components


def refusal(folder: Path, wit_text: str) -> str:
    """What the Python library of wasmtime says when it is to link a component."""
    engine = wasmtime.Engine()
    linker = components.Linker(engine)
    linker.add_wasip2()
    store = wasmtime.Store(engine)
    store.set_wasi(wasmtime.WasiConfig())
    loaded = components.Component.from_file(engine, str(component(folder, "app", wit_text)))
    with pytest.raises(wasmtime.WasmtimeError) as caught:
        linker.instantiate(store, loaded)
    return str(caught.value)


def importing(imports: str, *packages: str) -> str:
    return f"package my:app; world w {{ {imports} export g: func(); }}\n" + "\n".join(packages)


STORE = "package my:store@1.0.0 { interface kv { get: func(k: string) -> string; } interface r { resource s { constructor(); } } }"


def links(imports: str, *packages: str):
    return lambda folder: refusal(folder, importing(imports, *packages))


def random(text: str, version: str = "0.2.0") -> str:
    return f"package wasi:random@{version} {{ interface random {{ {text} }} }}"


def load(kind: str, *, cut: int = 0, text: bytes = b""):
    """What the Python library says of a file of the wrong sort."""

    def make(folder: Path) -> str:
        path = module(folder, "m", "(module)") if kind == "module" else component(folder, "c", PLUG)
        data = text or path.read_bytes()
        reader = wasmtime.Module if kind == "component" and not cut and not text else components.Component
        with pytest.raises(wasmtime.WasmtimeError) as caught:
            reader(wasmtime.Engine(), data[: cut or len(data)])
        return str(caught.value)

    return make


def core_import(folder: Path) -> str:
    engine = wasmtime.Engine()
    loaded = wasmtime.Module.from_file(
        engine, str(module(folder, "m", '(module (import "foo" "bar" (func)))'))
    )
    with pytest.raises(wasmtime.WasmtimeError) as caught:
        wasmtime.Linker(engine).instantiate(wasmtime.Store(engine), loaded)
    return str(caught.value)


def preview1(folder: Path) -> str:
    wat = '(module (import "wasi_snapshot_preview1" "fd_write" (func (param i32 i32 i32 i32) (result i32))))'
    return wasm_tools("component", "new", module(folder, "m", wat), cwd=folder)


def damaged_section(folder: Path) -> str:
    name = b"component-type:wit-bindgen:9.0.0:a:b:w:encoded world"
    payload = bytes([len(name)]) + name + b"\0asm\x0d\0\1\0damaged"
    (folder / "m.wasm").write_bytes(b"\0asm\1\0\0\0\0" + bytes([len(payload)]) + payload)
    return wasm_tools("component", "new", "m.wasm", cwd=folder)


CALLS = '(module (import "a:b/i" "{}" (func{})) (memory (export "memory") 1) (func (export "g")))'
WORLD = "package a:b; interface i { f: func(); } world w { import i; export g: func(); }"
LEFT = "package a:b; world w { export i: interface { f: func(); } }"
RIGHT = "package a:c; world w { export i: interface { f: func(x: u32); } }"
R1 = "package a:b; world w { import wasi:random/random@0.2.0; } " + random("f: func();")
R2 = "package a:c; world w { import wasi:random/random@0.2.0; } " + random("f: func() -> u32;")

WASMTIME = [
    Case("wasmtime/instance-function-missing", "WD101", links("import my:store/kv@1.0.0;", STORE),
         {"interface": "my:store/kv@1.0.0", "function": "get", "package": "my:store"}),
    Case("wasmtime/instance-resource-missing", "WD101", links("import my:store/r@1.0.0;", STORE),
         {"interface": "my:store/r@1.0.0", "function": "s"}),
    Case("wasmtime/instance-resource-missing", "WD114", links(
        "import wasi:http/types@0.2.0;",
        "package wasi:http@0.2.0 { interface types { resource fields { constructor(); } } }"),
         {"interface": "wasi:http/types@0.2.0", "flag": "http"}),
    Case("wasmtime/instance-function-missing", "WD115",
         links("import wasi:random/random@0.2.0;", random("nope: func();")), {"function": "nope"}),
    Case("wasmtime/instance-function-missing", "WD102",
         links("import wasi:random/random@0.2.0-rc-2023;", random("f: func();", "0.2.0-rc-2023"))),
    Case("wasmtime/instance-function-missing", "WD114", links(
        "import wasi:sockets/network@0.2.0;",
        "package wasi:sockets@0.2.0 { interface network { network-error-code: func(); } }"),
         {"function": "network-error-code"}),
    Case("wasmtime/instance-type-mismatch", "WD110",
         links("import wasi:random/random@0.2.0;", random("get-random-u64: func() -> u32;")),
         {"function": "get-random-u64", "wanted": "u64", "found": "u32"}),
    Case("wasmtime/instance-type-mismatch", "WD110",
         links("import wasi:random/random@0.2.0;", random("get-random-u64: func(x: u8) -> u64;"))),
    Case("wasmtime/instance-function-missing", "WD104",
         links("import inline: interface { f: func(); }"), {"interface": "inline"}),
    Case("wasmtime/plain-function", "WD104", links("import lonely: func();"), {"name": "lonely"}),
    Case("wasmtime/plain-resource", "WD104",
         links("resource r; import take: func(x: borrow<r>);"), {"name": "r"}),
    Case("wasmtime/core-import", "WD105", core_import, {"name": "foo::bar"}),
    Case("wasmtime/component-as-module", "WD105", load("component")),
    Case("wasmtime/module-as-component", "WD105", load("module")),
    Case("wasmtime/truncated", "WD001", load("component", cut=90)),
]  # fmt: skip

ENCODER = [
    Case("wasm-tools/preview1-import", "WD105", preview1, {"function": "fd_write"}),
    Case("wasm-tools/import-not-in-world", "WD202", new('(module (import "foo" "bar" (func)))'),
         {"interface": "foo", "function": "bar"}, said_by="wasm-tools"),
    Case("wasm-tools/function-not-in-interface", "WD502", new(CALLS.format("nope", ""), WORLD),
         {"interface": "a:b/i", "function": "nope"}),
    Case("wasm-tools/function-has-other-type", "WD502", new(CALLS.format("f", " (param i32)"), WORLD),
         {"interface": "a:b/i", "function": "f"}),
    Case("wasm-tools/export-missing", "WD501", new("(module)", WORLD), {"function": "g"}),
    Case("wasm-tools/export-has-other-type", "WD502",
         new('(module (func (export "g") (param i32)))', WORLD), {"function": "g"}),
    Case("wasm-tools/two-copies-of-package", "WD207", new("(module)", R1, R2),
         {"package": "wasi:random@0.2.0", "name": "random", "function": "f"}),
    Case("wasm-tools/worlds-do-not-merge", "WD207", new("(module)", LEFT, RIGHT), {"name": "i"}),
    Case("wasm-tools/section-not-readable", "WD302", damaged_section),
    Case("wasm-tools/component-given", "",
         lambda folder: wasm_tools("component", "new", component(folder, "c", PLUG), cwd=folder)),
    Case("wasm-tools/no-wit-inside", "WD105",
         lambda folder: wasm_tools("component", "wit", module(folder, "m", "(module)"), cwd=folder)),
    Case("wasm-tools/not-linked", "WD305", new('(module (import "env" "__linear_memory" (memory 0)))')),
    Case("wasm-tools/no-file", "",
         lambda folder: wasm_tools("component", "new", "nope.wasm", cwd=folder), {"component": "nope.wasm"}),
    Case("wasm-tools/not-wasm", "WD001",
         lambda folder: wasm_tools("validate", "a.wasm", cwd=write(folder, {"a.wasm": "text"})),
         {"file": "a.wasm"}),
]  # fmt: skip

COMPOSE = [
    Case("wasm-tools/not-compatible", "WD110", compose(OTHER_TYPE), {"interface": "a:b/i@0.1.0"}),
    Case("wasm-tools/no-dependencies", "WD406", compose(OTHER_TRACK)),
    Case("wasm-tools/kebab-case", "WD404", compose(PLUG, name="adapter.c"), {"name": "adapter.c"}),
    Case("wasm-tools/resource-from-elsewhere", "WD407", compose(OWN_RESOURCE, RESOURCES),
         {"interface": "a:b/i@0.1.0", "name": "r"}),
    Case("wasm-tools/targets-missing-import", "WD101", lambda folder: wasm_tools(
        "component", "targets", "t.wit", component(folder, "c", SOCKET),
        cwd=write(folder, {"t.wit": "package x:t; world w { export g: func(); }"})),
         {"interface": "a:b/i@0.1.0"}),
    Case("wasm-tools/targets-missing-export", "WD501", lambda folder: wasm_tools(
        "component", "targets", "t.wit", component(folder, "c", PLUG),
        cwd=write(folder, {"t.wit": "package x:t; world w { export g: func(); }"})),
         {"name": "g"}),
    Case("wasm-tools/name-conflict", "WD204", lambda folder: wasm_tools(
        "validate", "d.wat", cwd=write(folder, {"d.wat":
        '(component (import "x:y/z@1.0.0" (instance)) (import "x:y/z@1.0.0" (instance)))'})),
         {"interface": "x:y/z@1.0.0"}),
    Case("wasm-tools/needs-async", "WD114", lambda folder: wasm_tools(
        "validate", "--features=-cm-async", "a.wat",
        cwd=write(folder, {"a.wat": "(component (type (stream u8)))"}))),
]  # fmt: skip

WIT = [
    Case("wasm-tools/package-not-found", "WD202", wit(a="package a:b; world w { import c:d/e@0.1.0; }"),
         {"package": "c:d@0.1.0"}, "wit/a.wit:1:31"),
    Case("wasm-tools/package-not-found", "WD202", wit(
        a="package a:b; world w { import c:d/e; }",
        deps__x__a="package c:d; interface e { use f:g/h.{t}; }",
        deps__x__deps__y__a="package f:g; interface h { type t = u32; }"), {"package": "f:g"}),
    Case("wasm-tools/interface-not-in-package", "WD202", wit(
        a="package a:b; world w { import c:d/nope; }\npackage c:d { interface e {} }"),
         {"package": "c:d", "name": "nope"}),
    Case("wasm-tools/interface-does-not-exist", "WD202", wit(a="package a:b; world w { import nope; }"),
         {"name": "nope"}, "wit/a.wit:1:31"),
    Case("wasm-tools/name-does-not-exist", "WD202", wit(a="package a:b; interface i { f: func(x: foo); }"),
         {"name": "foo"}),
    Case("wasm-tools/depends-on-itself", "WD201",
         wit(a="package a:b; interface i { use j.{t}; } interface j { use i.{t}; }")),
    Case("wasm-tools/package-cycle", "WD201",
         wit(a="package a:b; world w { import a:b/i; } interface i { f: func(); }"), {"package": "a:b"}),
    Case("wasm-tools/two-locations", "WD206", wit(
        a="package a:b; world w { import c:d/e; }", deps__x__a="package c:d; interface e {}",
        deps__y__a="package c:d; interface e {}"), {"package": "c:d"}),
    Case("wasm-tools/two-packages-in-folder", "WD208", wit(a="package a:b;", b="package a:c;"),
         {"package": "a:c", "package2": "a:b"}, "wit/b.wit:1:9"),
    Case("wasm-tools/no-package-header", "WD201", wit(a="interface i {}")),
    Case("wasm-tools/imported-twice", "WD201",
         wit(a="package a:b; world w { import i; import i; } interface i {}")),
    Case("wasm-tools/shadowed", "WD201", wit(
        a="package a:b; world w { include v; include u; } "
        "world v { import f: func(); } world u { import f: func(x: u32); }"), {"name": "f"}),
    Case("wasm-tools/duplicate-name", "WD201", wit(a="package a:b; interface i { f: func(); f: func(); }"),
         {"name": "f"}),
    Case("wasm-tools/not-a-resource", "WD201",
         wit(a="package a:b; interface i { f: func(x: borrow<t>); record t { a: u32 } }"), {"name": "t"}),
    Case("wasm-tools/wit-syntax", "WD201", wit(a="package a:b; interface i { f: func( -> u32; }"),
         {}, "wit/a.wit:1:37"),
    Case("wasm-tools/wit-syntax", "WD201", wit(
        a="package a:b; world w { import c:d/e; }", deps__c="not wit"), {}, "wit/deps/c.wit:1:1"),
    Case("wasm-tools/several-worlds", "", lambda folder: wasm_tools(
        "component", "embed", "--dummy", "wit",
        cwd=write(folder, {"wit/a.wit": "package a:b; world w {} world v {}"}))),
    Case("wasm-tools/world-not-found", "WD202", lambda folder: wasm_tools(
        "component", "embed", "--dummy", "wit", "-w", "nope",
        cwd=write(folder, {"wit/a.wit": "package a:b; world w {} world v {}"})), {"world": "nope"}),
]  # fmt: skip

# What needs a finished Python component takes 10 s and more each: those rows were run by hand.
PYTHON = [
    Case("wasm-tools/package-not-found", "WD202",
         componentize("package a:b; world w { import x:y/z; export g: func(); }"), {"package": "x:y"},
         "wit/a.wit:1:31", "componentize-py"),
    Case("wasm-tools/world-not-found", "WD202",
         componentize("package a:b; world w { export g: func(); }", name="nope"), {"world": "nope"},
         said_by="componentize-py"),
]  # fmt: skip


@pytest.mark.parametrize("case", [*WASMTIME, *ENCODER, *COMPOSE, *WIT, *PYTHON], ids=lambda case: case.id)
def test_a_real_error_is_recognised(case: Case, tmp_path: Path) -> None:
    assert_recognised(case, case.make(tmp_path))
