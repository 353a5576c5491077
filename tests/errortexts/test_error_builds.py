"""The errors of wac, of the linker for wasm32-wasip2, and of rustc, as these tools print them here and now."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from errortexts.error_texts import (
    OTHER_TRACK,
    OTHER_TYPE,
    OWN_RESOURCE,
    PLUG,
    RESOURCES,
    SOCKET,
    WAC,
    Case,
    component,
    link,
    module,
    plug,
    said,
    targets,
    wac,
)
from errortexts.reading_errors import assert_recognised

pytestmark = pytest.mark.rust

OPEN = "package t:c;\nlet s = new a:s {{ {} }};\nexport s...;\n"
BOTH = "package t:c;\nlet p = new a:p {};\nlet s = new a:s { %s };\nexport s...;\n"
HOST = "package h:h; world host {{ import a:b/i@0.1.0; {} }} package a:b@0.1.0 {{ interface i {{ {} }} }}"


def plug_twice(folder: Path) -> str:
    socket, provider = component(folder, "sock", SOCKET), component(folder, "plug", PLUG)
    return said(WAC, "plug", socket, "--plug", provider, "--plug", provider, "-o", "o.wasm", cwd=folder)


def plug_file(name: str):
    def make(folder: Path) -> str:
        module(folder, "m", "(module)")
        return said(
            WAC, "plug", component(folder, "sock", SOCKET), "--plug", name, "-o", "o.wasm", cwd=folder
        )

    return make


WAC_CASES = [
    Case("wac/no-matching-imports", "WD406", plug(OTHER_TYPE)),
    Case("wac/no-matching-imports", "WD406", plug(OTHER_TRACK)),
    Case("wasm-tools/resource-from-elsewhere", "WD407", plug(OWN_RESOURCE, RESOURCES),
         {"interface": "a:b/i@0.1.0"}),
    Case("wac/argument-twice", "WD402", plug_twice, {"interface": "a:b/i@0.1.0"}),
    Case("wac/not-a-component", "WD105", plug_file("./m.wasm"), {"package": "plug:m"}),
    Case("wac/no-file", "", plug_file("./nope.wasm"), {"component": "./nope.wasm"}),
    Case("wac/missing-argument", "WD401", wac(OPEN.format(""), s=SOCKET),
         {"interface": "a:b/i@0.1.0", "package": "a:s"}, "c.wac:2:13", "wac"),
    Case("wac/no-export", "WD404", wac("package t:c;\nlet s = new a:s { ... };\nexport s.nope;\n", s=SOCKET),
         {"name": "nope"}, "c.wac:3:9"),
    Case("wac/no-import", "WD404", wac(BOTH % "zork: p.i", s=SOCKET, p=PLUG), {"name": "zork"}),
    Case("wac/undefined-name", "WD404", wac(OPEN.format("i: other"), s=SOCKET), {"name": "other"}),
    Case("wac/mismatched-argument", "WD110", wac(BOTH % "i: p.i", s=SOCKET, p=OTHER_TYPE),
         {"interface": "a:b/i@0.1.0", "function": "f"}, "c.wac:3:19"),
    Case("wac/already-defined", "WD404",
         wac("package t:c;\nlet s = new a:s { ... };\nlet s = new a:s { ... };\nexport s...;\n", s=SOCKET)),
    Case("wac/spread-without-effect", "WD404", wac(
        "package t:c;\nlet s = new a:s { ... };\nlet t = new a:s { ... };\nexport s...;\nexport t...;\n", s=SOCKET)),
    Case("wac/syntax", "WD404", wac("package t:c;\nlet s = new a:s { ...", s=SOCKET),
         {"wanted": "identifier", "found": "end of input"}),
    Case("wac/targets-imports", "WD101", targets("package h:h; world host { export g: func(); }"),
         {"interface": "a:b/i@0.1.0"}),
    Case("wac/targets-exports", "WD501",
         targets(HOST.format("export g: func(); export h: func();", "f: func();"), "--world", "host"), {"name": "h"}),
    Case("wac/targets-types", "WD110",
         targets(HOST.format("export g: func();", "f: func(x: u32);"), "--world", "host"),
         {"name": "a:b/i@0.1.0"}),
    Case("wac/several-worlds", "", targets("package h:h; world a {} world b {}")),
    Case("wac/no-world", "WD202", targets("package h:h; world a {}", "--world", "nope"), {"world": "nope"}),
]  # fmt: skip

CALL = '__attribute__((import_module("a:b/i"), import_name("{}"))) extern void f(void);\n'
CALL += '__attribute__((export_name("g"))) void g(void) {{ f(); }}\n'
WORLD = "package a:b; interface i { f: func(); } world w { import i; export g: func(); }"
COPY = "package wasi:random@0.2.0 { interface random { %s } }"
IMPORTS = "package a:%s; world w { import wasi:random/random@0.2.0; } " + COPY

LINKER_CASES = [
    Case("linker/undefined-symbol", "", link(
        'extern int foo(int); __attribute__((export_name("g"))) int g(void) { return foo(1); }'), {"name": "foo"}),
    Case("linker/duplicate-cabi-realloc", "WD302", link("void cabi_realloc(void) {}", "void cabi_realloc(void) {}")),
    Case("linker/duplicate-symbol", "WD301", link("void twice(void) {}", "void twice(void) {}"), {"name": "twice"}),
    Case("wasm-tools/function-not-in-interface", "WD502", link(CALL.format("nope"), worlds=(WORLD,)),
         {"interface": "a:b/i", "function": "nope"}, said_by="wasm-component-ld"),
    Case("wasm-tools/import-not-in-world", "WD202", link(CALL.format("nope")), {"interface": "a:b/i"},
         said_by="wasm-component-ld"),
    Case("wasm-tools/export-missing", "WD501",
         link('__attribute__((export_name("h"))) void h(void) {}', worlds=(WORLD,)), {"function": "g"},
         said_by="wasm-component-ld"),
    Case("wasm-tools/two-copies-of-package", "WD207", link(
        "void f(void) {}", worlds=(IMPORTS % ("b", "f: func();"), IMPORTS % ("c", "f: func() -> u32;"))),
         {"package": "wasi:random@0.2.0", "function": "f"}),
]  # fmt: skip


@pytest.mark.parametrize("case", [*WAC_CASES, *LINKER_CASES], ids=lambda case: case.id)
def test_a_real_error_is_recognised(case: Case, tmp_path: Path) -> None:
    assert_recognised(case, case.make(tmp_path))


def test_rustc_has_no_std_for_a_target(tmp_path: Path) -> None:
    """wasm32v1-none has a core at most, wherever Rust comes from."""
    (tmp_path / "a.rs").write_text("fn main() {}\n")
    rustc = shutil.which("rustc", path="/usr/bin") or shutil.which("rustc")
    assert rustc is not None
    text = said(rustc, "--target", "wasm32v1-none", "a.rs", cwd=tmp_path)
    case = Case("rust/target-not-installed", "", lambda folder: text, {"name": "wasm32v1-none"})
    assert_recognised(case, text)


def test_rustc_misses_a_linker(tmp_path: Path) -> None:
    (tmp_path / "a.rs").write_text("fn main() {}\n")
    rustc = shutil.which("rustc", path="/usr/bin") or shutil.which("rustc")
    assert rustc is not None
    text = said(rustc, "-C", "linker=wasm-component-ld-nope", "a.rs", cwd=tmp_path)
    case = Case("rust/linker-not-found", "", lambda folder: text, {"name": "wasm-component-ld-nope"})
    assert_recognised(case, text)


@pytest.mark.parametrize(
    ("source", "row", "code"),
    [
        ("mod bindings;", "rust/no-bindings-module", "WD502"),
        ("use bindings::Guest;", "rust/no-bindings-module", "WD502"),
        ("trait Guest { fn g(); } struct A; impl Guest for A {}", "rust/trait-not-implemented", "WD501"),
    ],
)
def test_rustc_misses_a_part(source: str, row: str, code: str, tmp_path: Path) -> None:
    (tmp_path / "a.rs").write_text(f"{source}\n")
    rustc = shutil.which("rustc", path="/usr/bin") or shutil.which("rustc")
    assert rustc is not None
    text = said(rustc, "--edition=2021", "--crate-type=lib", "--emit=metadata", "a.rs", cwd=tmp_path)
    assert_recognised(Case(row, code, lambda folder: text), text)
