"""Our reading of WIT is that of wasm-tools: same packages accepted, same meaning, same bytes printed."""

from __future__ import annotations

import os
import sysconfig
from collections.abc import Iterator
from pathlib import Path

import pytest

from wasmdoctor.model.source import SourceText
from wasmdoctor.readers.wit import parse, print_tree

# Packages of our own that cover the language. A name with a slash is a file, anything else one file's text.
ACCEPTED: dict[str, str | dict[str, str]] = {
    "empty": "package a:b;",
    "versions": "package a:b@1.2.3-rc.1-x.20240101+build.007; interface i {}",
    "dangling-pre-release": "package a:b@1.2.3-; interface i {}",
    "byte-order-mark": "\ufeffpackage a:b;\r\ninterface i {}\r\n",
    "comments": "// one\npackage a:b; /* two /* nested */ */ /// doc\ninterface /* here */ i { // end\n } // last",
    "non-ascii-comments": "package a:b;\n/// Größe, 大きさ, 🦀\ninterface i {}\n",
    "explicit-ids": "package a:b; interface %interface { type %type = u32; %func: func(%list: %type) -> %type; }",
    "upper-case-ids": "package a:b; interface URL-of-HTTP2 { GET-it: func(a1-B2: u8); }",
    "contextual-words": "package a:b; interface i { get: func(set: u32, version: u8); feature: func(self: u8); }",
    "primitives": """package a:b;
interface i {
  f: func(a: bool, b: u8, c: u16, d: u32, e: u64, f: s8, g: s16, h: s32, i: s64, j: f32, k: f64, l: char,
          m: string, n: error-context,) -> string;
}""",
    "structures": """package a:b;
interface i {
  record rec { a: u32, b: option<list<rec2>>, }
  record rec2 { c: tuple<u8, char,>, }
  variant v { one, two(rec), three(result<_, string>) }
  flags f { a, b-c, D }
  enum e { x, y, }
  type t = list<u8, 4>;
  type m = map<string, list<e>>;
  type r = result;
  type r1 = result<u8>;
  type s = stream<u8>;
  type s0 = stream;
  type fu = future<result<u8, e>>;
  type fu0 = future;
  run: func(a: rec, b: v, c: f, d: e, g: t, h: m) -> result<r, r1>;
}""",
    "resources": """package a:b;
interface i {
  resource plain;
  resource full {
    constructor(a: u32);
    method: func(b: borrow<full>, c: plain) -> own<full>;
    make: static func() -> full;
    wait: async func();
    start: static async func() -> result<full>;
  }
  resource fallible { constructor() -> result<fallible, string>; }
  type handle = own<full>;
  type alias = full;
  take: func(a: handle, b: alias, c: borrow<alias>);
}""",
    "accessors": """package a:b;
interface i {
  p: set(v: u32);
  p: get() -> u32;
  resource r { q: get() -> string; q: set(v: string) -> result<_, u8>; s: static get() -> u8; }
}
world w { import p: get() -> u32; import p: set(v: u32); resource r { z: set(a: u8); z: get() -> u8; } }""",
    "async": "package a:b; interface i { f: async func() -> future<stream<u8>>; } world w { export g: async func(); }",
    "gates": """package a:b@1.1.0;
@since(version = 1.0.0)
interface stable {
  @since(version = 1.0.0)
  @deprecated(version = 1.1.0)
  f: func();
  @unstable(feature = later)
  g: func();
  @unstable(feature = later)
  resource r { @unstable(feature = later) m: func(); }
  h: func();
}
@unstable(feature = later)
interface unstable { g: func(); }
@unstable(feature = later)
world whole { import unstable; }
world w {
  @since(version = 1.0.0) import stable;
  @unstable(feature = later) import f: func();
  @unstable(feature = later) include whole;
  @unstable(feature = active) export stable;
}""",
    "external-ids": 'package a:b; interface i { @external-id("a\\u{e9}\\41 \\n") f: func(); }',
    "use": """package a:b;
interface low { type t = u32; resource r; record rec { a: t } }
interface mid { use low.{t, r as res, rec,}; f: func(a: t, b: res) -> rec; }
interface high { use mid.{res as r}; use low.{t}; type both = tuple<r, t>; }
world w { use high.{both, r}; import f: func(a: r) -> both; export high; }""",
    "use-order": """package a:b;
world w { import c; export c; }
interface c { use b.{t}; use a.{t as t2}; }
interface b { use a.{t}; }
interface a { type t = u8; }""",
    "empty-use": "package a:b; interface i { type t = u8; } interface j { use i.{}; } world w { import j; }",
    "top-level-use": """package a:b;
use i as renamed;
use c:d/e@1.0.0;
use c:d/e@1.0.0 as e2;
interface i { type t = u8; }
interface j { use renamed.{t}; use e.{x}; use e2.{x as y}; }
world w { import renamed; import e; export e2; }
package c:d@1.0.0 { interface e { type x = u8; } }""",
    "extern-forms": """package a:b;
interface i { type t = u8; }
interface j { resource r; }
world w {
  import i;
  import f: func(a: u8);
  import inline: interface { use i.{t}; g: func() -> t; resource r2 { constructor(); } }
  import label: j;
  import other: c:d/e;
  import c:d/e;
  export i;
  export f: func();
  export inline: interface { use j.{r}; h: func(a: borrow<r>); }
  export label: i;
}
package c:d { interface e {} }""",
    "world-types": """package a:b;
interface i { type t = u8; resource res; }
world w {
  export run: func(a: rec) -> own<r>;
  type alias = t;
  record rec { a: alias, b: r }
  import f: func(a: borrow<r>);
  resource r { constructor(); m: func(a: rec2); s: static func(); }
  record rec2 { c: t }
  use i.{t, res};
}""",
    "includes": """package a:b;
interface i { type t = u8; }
interface j { use i.{t}; }
world base { import j; export k: interface { f: func(); } import log: func(); use i.{t}; }
world mid { include base; }
world top { include mid with { log as print, k as api, t as number } export j; }
world twice { include base; include other; }
world other { import j; import i; }""",
    "include-renames-types": """package a:b;
world base {
  resource r { constructor(); m: func() -> option<r>; }
  record rec { a: r }
  import f: func(a: list<rec>) -> r;
}
world w { include base with { r as r2, rec as rec2, f as g } }""",
    "include-foreign": """package a:b;
world w { include c:d/base@0.1.0; include c:d/more@0.1.0; }
package c:d@0.1.0 {
  @since(version = 0.1.0) interface i {}
  @since(version = 0.1.0) world base { @since(version = 0.1.0) import i; }
  world more { @unstable(feature = later) import j; import i; }
  interface j {}
}""",
    "nested-packages": """package a:b;
package c:d@1.0.0 { interface i { type t = u8; } }
package c:d@2.0.0 { interface i { type t = u16; } world w { import c:d/i@1.0.0; } }
world w { import c:d/i@1.0.0; import c:d/i@2.0.0; include c:d/w@2.0.0; }""",
    "export-needs": """package a:b;
interface a { resource r; }
interface b { use a.{r}; }
interface c { use b.{r}; }
world imports-deps { export c; }
world exports-all { export c; export b; export a; }
world both { import a; export b; export a; }
world labelled { import x: c; export y: b; }""",
    "deps-folder": {
        "main.wit": "package a:b; world w { import c:d/e@0.2.0; export k; }",
        "more.wit": "interface k { use c:d/e@0.2.0.{t}; use only-here.{u}; }\nuse f:g/h as only-here;\n",
        "deps/c/one.wit": "package c:d@0.2.0; interface e { use x.{t}; }",
        "deps/c/two.wit": "interface x { type t = u8; }",
        "deps/f.wit": "package f:g; interface h { type u = u8; }",
        "deps/readme.txt": "not WIT",
    },
    "unused-dependency": {
        "main.wit": "package a:b; world w {}",
        "deps/c/c.wit": "package c:d; interface e { use f:g/h.{t}; }",
        "deps/f/f.wit": "package f:g; interface h { type t = u8; }",
    },
    "header-in-one-file": {
        "a.wit": "interface first { use second.{t}; }",
        "b.wit": "/// Documented here.\npackage a:b@1.0.0;\ninterface second { type t = u8; }",
        "c.wit": "package a:b@1.0.0;\nworld w { import first; }",
    },
    "same-names": "package a:b; interface x { x: func(); } world w { import x; import x: func(); export x: func(); }",
    "flags-32": "package a:b; interface i { flags f { " + ", ".join(f"x{i}" for i in range(32)) + " } }",
    "deep-types": "package a:b; interface i { type t = " + "list<" * 99 + "u8" + ">" * 99 + "; }",
}

# Each is wrong in one way. The second part is a word of our message, so that it is wrong for that reason.
REJECTED: list[tuple[str, str]] = [
    ("interface i {}", "no WIT file here has a `package` line"),
    ("package a:b { interface i {} }", "no WIT file here has a `package` line"),
    ("package a;", "expected `:`"),
    ("package a:b", "expected `;`, found the end of the file"),
    ("interface i {}\npackage a:b;", "must be the first thing"),
    ("package a:b@1.0;", "expected `.`"),
    ("package a:b@1.0.01;", "not a semantic version"),
    ("package a:b@1.0.0-a..b;", "expected `;`"),
    ("package a:b@1.0.0-01;", "leading zero"),
    ("package a:b@1.0.0 -rc;", "not a semantic version"),
    ("package a:b@99999999999999999999.0.0;", "too large"),
    ("package a:b; @since(version = 1.0.0) package c:d {}", "cannot have gates"),
    ("package a:b; package c:d { package e:f {} }", "nested in another nested package"),
    ("package a:b; package c:d {} package c:d {}", "defined twice"),
    ("package a:b; interface i {} interface i {}", "defined twice"),
    ("package a:b; interface i {} world i {}", "defined twice"),
    ("package a:b; interface i {", "to end interface `i`"),
    ("package a:b; interface i { type t = u8; world w {}", "to end interface `i`, found `world`"),
    ("package a:b; interface i { f: func() }", "expected `;`"),
    ("package a:b; interface i { f: func(a u8); }", "expected `:`"),
    ("package a:b; interface i { f: func(a: u8 b: u8); }", "expected `,` or `)`"),
    ("package a:b; interface i { list: func(); }", "expected an identifier, found `list`"),
    ("package a:b; interface i { foo-: func(); }", "not a valid name"),
    ("package a:b; interface fooBar {}", "not a valid name"),
    ("package a:b; interface 1a {}", "expected an identifier"),
    ("package a:b; interface % {}", "not a valid name"),
    ("package a:b; interface ä {}", "not a valid name"),
    ("package a:b; interface i { type t = ?; }", "unexpected character"),
    ("package a:b; /* /* */", "not closed"),
    ("package a:b; // \u202e", "bidirectional"),
    ("package a:b; // \x07", "control characters"),
    ("package a:b; // \u0149", "deprecated in Unicode"),
    ("package a:b;\rinterface i {}", "carriage return"),
    ('package a:b; @external-id("a) interface i {}', "string is not closed"),
    ('package a:b; interface i { @external-id("\\q") f: func(); }', "escape"),
    ("package a:b; @nonsense interface i {}", "unknown attribute"),
    ("package a:b; @since(feature = a) interface i {}", "expected `version`"),
    ("package a:b@1.0.0; @since(version = 1.0.0) @since(version = 1.0.0) interface i {}", "given twice"),
    ("package a:b@1.0.0; @since(version = 1.0.0) @unstable(feature = x) interface i {}", "both"),
    ("package a:b@1.0.0; @deprecated(version = 1.0.0) interface i {}", "needs `@since`"),
    ("package a:b; @since(version = 1.0.0) interface i {}", "needs a versioned package"),
    ("package a:b@1.0.0; @since(version = 1.0.1) interface i {}", "names version 1.0.1"),
    ("package a:b@1.0.0-rc; @since(version = 1.0.0) interface i {}", "names version 1.0.0"),
    ("package a:b; interface i { @unstable(feature = x) type t = u8; f: func(a: t); }", "left out"),
    ("package a:b; interface i { @unstable(feature = x) type t = u8; type u = t; }", "left out"),
    (
        "package a:b; interface i { @unstable(feature = x) type t = u8; type u = list<t>; f: func(u: u); }",
        "left out",
    ),
    ("package a:b; @unstable(feature = x) interface i { type t = u8; }", "its interface is left out"),
    ("package a:b; @unstable(feature = x) world w { type t = u8; }", "its world is left out"),
    ("package a:b; @unstable(feature = x) interface i {} world w { import i; }", "left out"),
    ("package a:b; @unstable(feature = x) world v {} world w { include v; }", "left out"),
    ("package a:b; world w { @unstable(feature = x) type t = u8; }", "left out"),
    (
        "package a:b; interface i { @unstable(feature=x) record r { a: option<u8> } f: func(a: option<u8>); }",
        "left out",
    ),
    ("package a:b; interface i { type t = nope; }", "no type `nope`"),
    ("package a:b; interface i { f: func() -> nope; }", "no type `nope`"),
    ("package a:b; interface i { type t = float32; }", "no type `float32`"),
    ("package a:b; interface i { type t = u8; type t = u8; }", "defined twice"),
    ("package a:b; interface i { type t = u8; t: func(); }", "defined twice"),
    ("package a:b; interface i { foo-bar: func(); fo-obar: func(); }", "too alike"),
    ("package a:b; interface i { type a = list<b>; type b = option<a>; }", "contains itself"),
    ("package a:b; interface i { record r { a: r } }", "contains itself"),
    ("package a:b; interface i { record r {} }", "empty"),
    ("package a:b; interface i { variant v {} }", "empty"),
    ("package a:b; interface i { enum e {} }", "empty"),
    ("package a:b; interface i { flags f {} }", "empty"),
    ("package a:b; interface i { type t = tuple<>; }", "empty"),
    ("package a:b; interface i { record r { a: u8, A: u8 } }", "too alike"),
    ("package a:b; interface i { enum e { a, a } }", "there twice"),
    (
        "package a:b; interface i { flags f { " + ", ".join(f"x{i}" for i in range(33)) + " } }",
        "more than 32",
    ),
    ("package a:b; interface i { type t = list<u8, 4294967296>; }", "less than 4294967296"),
    ("package a:b; interface i { type t = list<u8, x>; }", "length of the list"),
    ("package a:b; interface i { type t = map<f32, u8>; }", "key that is not allowed"),
    ("package a:b; interface i { type t = result<>; }", "expected a type"),
    ("package a:b; interface i { type t = " + "list<" * 100 + "u8" + ">" * 100 + "; }", "nested deeper"),
    ("package a:b; interface i { f: func(a: u8, A: u8); }", "there twice"),
    ("package a:b; interface i { resource r { m: func(self: u8); } }", "there twice"),
    ("package a:b; interface i { type t = u8; f: func(a: borrow<t>); }", "needs a resource"),
    ("package a:b; interface i { resource r; f: func() -> option<borrow<r>>; }", "contains a `borrow`"),
    ("package a:b; interface i { resource r; type b = borrow<r>; f: func() -> b; }", "contains a `borrow`"),
    ("package a:b; interface i { resource r { r: func(); } }", "too alike"),
    ("package a:b; interface i { resource r { constructor(); constructor(); } }", "defined twice"),
    ("package a:b; interface i { resource r { constructor() -> r; } }", "can only return a `result`"),
    ("package a:b; interface i { resource r { constructor() -> result<u8>; } }", "must be its resource"),
    ("package a:b; interface i { resource r { async constructor(); } }", "expected `constructor`"),
    ("package a:b; interface i { f: func(a: g); g: func(); }", "no type `g`"),
    ("package a:b; interface i { p: get(); }", "must return a value"),
    ("package a:b; interface i { p: get(a: u8) -> u8; }", "cannot have parameters"),
    ("package a:b; interface i { p: get() -> u8; p: set(); }", "exactly one parameter"),
    ("package a:b; interface i { p: get() -> u8; p: set(a: u8) -> u8; }", "can only return a `result`"),
    ("package a:b; interface i { p: set(a: u8); }", "has no getter"),
    ("package a:b; world w { export p: set(a: u8); }", "has no getter"),
    ("package a:b; interface i { use nope.{t}; }", "no interface or world `nope`"),
    ("package a:b; interface i { type t = u8; } interface j { use i.{u}; }", "does not have a type `u`"),
    ("package a:b; interface i { f: func(); } interface j { use i.{f}; }", "is a function"),
    ("package a:b; interface i { use j.{t}; } interface j { use i.{t}; }", "depends on it in turn"),
    ("package a:b; world w {} interface i { use w.{t}; }", "is a world, not an interface"),
    ("package a:b; interface i { type t = u8; } interface j { use i.{t, t}; }", "defined twice"),
    ("package a:b; interface i { use a:b/j.{t}; } interface j { type t = u8; }", "names itself"),
    ("package a:b; use nope; interface i {}", "no interface or world `nope`"),
    ("package a:b; use i; interface i {}", "defined twice in this file"),
    ("package a:b; @unstable(feature = x) use i as j; interface i {}", "cannot have gates"),
    ("package a:b; interface i { use c:d/e.{t}; }", "no package `c:d`"),
    ("package a:b; world w { import c:d/e@1.0.0; } package c:d@1.0.1 { interface e {} }", "only `c:d@1.0.1`"),
    (
        "package a:b; world w { import c:d/f; } package c:d { interface e {} }",
        "does not have an interface `f`",
    ),
    ("package a:b; world w { include c:d/f; } package c:d { interface f {} }", "not a world"),
    (
        "package a:b; interface i { use c:d/e.{u}; } package c:d { interface e { type t = u8; } }",
        "have a type `u`",
    ),
    (
        "package a:b; package c:d { interface i { use e:f/i.{t}; } } package e:f { interface i { use c:d/i.{t}; } }",
        "depends on it in turn",
    ),
    ("package a:b; world w { import nope; }", "no interface or world `nope`"),
    ("package a:b; interface i {} world w { import i; import i; }", "imported twice"),
    ("package a:b; interface i {} world w { export i; export i; }", "exported twice"),
    ("package a:b; world w { import f: func(); import f: interface {} }", "has an import `f` already"),
    ("package a:b; world w { import foo-a: func(); import fooa: func(); }", "too alike"),
    ("package a:b; world w { type f = u8; import f: func(); }", "has an import `f` already"),
    ("package a:b; world w { include v; }", "no interface or world `v`"),
    ("package a:b; interface v {} world w { include v; }", "is an interface, not a world"),
    ("package a:b; world w { include v; } world v { include w; }", "depends on it in turn"),
    ("package a:b; world v { import f: func(); } world w { import f: func(); include v; }", "there already"),
    (
        "package a:b; world v {} world w { include v with { a as b } }",
        "no import or export with the plain name",
    ),
    ("package a:b; world v { import f: func(); } world w { include v with { f as g }; }", "found `;`"),
    (
        "package a:b; world v { import foo-a: func(); } world w { include v; import fooa: func(); }",
        "too alike",
    ),
    (
        """package a:b; interface a { type t = u8; } interface b { use a.{t}; }
        interface c { use a.{t}; use b.{t as t2}; } world w { export a; export c; }""",
        "both imported and exported",
    ),
]


def write(folder: Path, case: str | dict[str, str]) -> Path:
    files = case if isinstance(case, dict) else {"case.wit": case}
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())
    return folder


@pytest.mark.parametrize("name", ACCEPTED)
@pytest.mark.parametrize("flags", [(), ("--features", "later"), ("--all-features",)], ids=" ".join)
def test_what_we_make_of_a_package_is_what_wasm_tools_does(reference, tmp_path, name, flags):
    path = write(tmp_path, ACCEPTED[name])
    assert reference.ask(path, *flags).shape is not None, "the case itself is wrong"
    assert reference.differences(path, *flags) == ""


def test_packages_that_wasm_tools_rejects_have_a_problem(reference, tmp_path, resolve):
    wrong = []
    for number, (text, expected) in enumerate(REJECTED):
        path = write(tmp_path / str(number), text)
        verdict = reference.ask(path)
        problems = resolve(path).problems
        assert verdict.shape is None, f"wasm-tools accepts {text!r}"
        assert not verdict.panicked, text
        if not problems or expected not in problems[0].message:
            wrong.append((text, expected, [p.message for p in problems]))
        for problem in problems:
            assert problem.location.path.startswith(str(path)), problem
            assert problem.message[-1] not in ".!", problem
    assert wrong == []
    assert len(REJECTED) >= 120


def corpus() -> Iterator[Path]:
    """Folders that hold WIT: what the interpreter's packages bring, and what the environment lists."""
    listed = [Path(part) for part in os.environ.get("WASMDOCTOR_WIT_CORPUS", "").split(os.pathsep) if part]
    for root in (Path(sysconfig.get_paths()["purelib"]), *listed):
        assert root.is_dir(), f"{root} of WASMDOCTOR_WIT_CORPUS is not a folder"
        for folder, _, names in os.walk(root):
            if any(name.endswith(".wit") for name in names):
                yield Path(folder)


def test_installed_wit_prints_as_it_was_and_means_what_wasm_tools_says(reference, tmp_path, capsys):
    for number, case in enumerate((*ACCEPTED.values(), *(text for text, _ in REJECTED))):
        write(tmp_path / str(number), case)
    own = [Path(f) for f, _, names in os.walk(tmp_path) if any(n.endswith(".wit") for n in names)]
    installed = list(corpus())
    files = 0
    before = (reference.compared, reference.worlds, reference.rejected)
    differences = []
    for folder in (*own, *installed):
        paths = [path for path in sorted(folder.glob("*.wit")) if path.is_file()]
        for path in paths:
            data = path.read_bytes()
            assert print_tree(parse(SourceText(str(path), data))) == data
            files += 1
        # The files of a folder may be one package, or each its own; `deps` is only part of the folder above.
        for path in (folder, *paths) if len(paths) > 1 and folder in installed else (folder,):
            if folder.name != "deps":
                differences.append(reference.differences(path))
    compared, worlds, rejected = (
        now - then
        for now, then in zip((reference.compared, reference.worlds, reference.rejected), before, strict=True)
    )
    with capsys.disabled():
        print(
            f"\nWIT: {files} files, {compared} packages compared with wasm-tools ({rejected} of them rejected "
            f"by both), {worlds} worlds; {len(installed)} folders from installed packages"
        )
    assert [difference for difference in differences if difference] == []
    assert files >= int(os.environ.get("WASMDOCTOR_WIT_FLOOR", "160"))
    assert worlds >= 28
