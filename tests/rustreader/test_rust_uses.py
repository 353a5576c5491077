"""Use sites: which code names what of a bindings module."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from wasmdoctor.model.rust import UseSite
from wasmdoctor.readers.rust import Names, Program, RustCrate

Make = Callable[..., Program]
B = "pub mod b { wit_bindgen::generate!(); }\n"


def told(site: UseSite) -> tuple[str, str, str]:
    """Kind, path in the bindings (with ``?`` when uncertain) and function."""
    return site.kind, "::".join(site.relative) + ("" if site.certain else "?"), site.function


def uses(program: Program, *kinds: str) -> list[tuple[str, str, str]]:
    return [told(site) for site in program.use_sites if not kinds or site.kind in kinds]


@pytest.mark.parametrize(
    "source",
    [
        "fn f() { b::n::p::i::g(); }",
        "fn f() { crate::b::n::p::i::g(); }",
        "fn f() { self::b::n::p::i::g(); }",
        "use b::n::p::i; fn f() { i::g(); }",
        "use b::n::p::i as j; fn f() { j::g(); }",
        "use b::n::p::{i::{self as k, x}}; fn f() { k::g(); }",
        "use b::n::p::i::g as h; fn f() { h(); }",
        "use b::n::p::*; fn f() { i::g(); }",
        "use b::*; fn f() { n::p::i::g(); }",
        "fn f() { use b::n::p::i; i::g(); }",
        "fn f() { let g = i::g(1, 2)?; } use crate::b::n::p::i;",
        "use b as c; use c::n as d; use d::p::i as e; fn f() { e::g(); }",
        "pub use b::n::p as q; mod m { pub use super::q::i; } use m::i; fn f() { i::g(); }",
        "mod m { pub use crate::b::*; } fn f() { m::n::p::i::g(); }",
        "mod m { pub use crate::b::*; } use m::*; fn f() { n::p::i::g(); }",
        "fn f() { (|| async { b::n::p::i::g::<u8>() })(); }",
        'fn f() { println!("{}", b::n::p::i::g()); }',
        "fn f() { if let Ok(x) = b::n::p::i::g() {} }",
        "extern crate self as me; fn f() { me::b::n::p::i::g(); }",
        "use b::n::p::r#i; fn f() { r#i::r#g(); }",
    ],
)
def test_a_call_is_found_through_any_import(program: Make, source: str) -> None:
    found = uses(program(B + source), "call")
    assert found == [("call", "n::p::i::g", "app::f")]


def test_in_the_module_of_the_call_itself(program: Make) -> None:
    source = """\
        wit_bindgen::generate!();
        use n::p::i::T;
        mod m { fn f() { super::n::p::i::g(); crate::n::p::i::h(); } }
        fn f(x: T, v: Vec<String>) -> Option<n::p::i::U> { n::p::i::g(); helper(); serde::run(); std::mem::drop(x); None }
        fn helper() {}
    """
    assert uses(program(source, externs={"wit_bindgen": "wit-bindgen", "serde": "serde"})) == [
        ("use", "n::p::i::T", ""),
        ("call", "n::p::i::g", "app::m::f"),
        ("call", "n::p::i::h", "app::m::f"),
        ("type", "n::p::i::T", "app::f"),
        ("type", "n::p::i::U", "app::f"),
        ("call", "n::p::i::g", "app::f"),
        ("call", "serde::run?", "app::f"),  # a WIT namespace may have an extern crate's name, as `wasi`
    ]


def test_kinds_and_spans(program: Make) -> None:
    source = (
        B
        + """\
use b::n::p::i::{self, *};
struct S { t: i::T }
impl From<i::T> for S { fn from(t: i::T) -> S { S { t } } }
const C: fn() = i::g;
fn f(e: i::E) { match e { i::E::A => {}, i::E::B(_) => {} } let r = i::R { x: 1 }; register(i::g); }
"""
    )
    made = program(source)
    found = [(told(site)[:2], source[site.span.start : site.span.end]) for site in made.use_sites]
    assert found == [
        (("use", "n::p::i"), "self"),
        (("use", "n::p::i"), "*"),
        (("type", "n::p::i::T"), "i::T"),
        (("impl", "n::p::i::T"), "i::T"),
        (("type", "n::p::i::T"), "i::T"),
        (("path", "n::p::i::g"), "i::g"),
        (("type", "n::p::i::E"), "i::E"),
        (("path", "n::p::i::E::A"), "i::E::A"),
        (("path", "n::p::i::E::B"), "i::E::B"),
        (("type", "n::p::i::R"), "i::R"),
        (("call", "n::p::i::register?"), "register"),
        (("path", "n::p::i::g"), "i::g"),
    ]
    assert [site.glob for site in made.use_sites][:2] == [False, True]
    assert [site.location.line for site in made.use_sites][:3] == [2, 2, 3]


def test_names_from_the_wit_settle_what_a_glob_brings(program: Make, crate: Callable[..., RustCrate]) -> None:
    source = B + "use b::n::p::i::*; fn f(t: T) { t.m(); t.clone(); g(); h(); other::k(); Vec::<u8>::new(); }"
    externs = {"wit_bindgen": "wit-bindgen", "other": "other"}
    guessed = program(source, externs=externs)
    assert uses(guessed, "call", "type") == [
        ("type", "n::p::i::T?", "app::f"),
        ("call", "n::p::i::g?", "app::f"),
        ("call", "n::p::i::h?", "app::f"),
    ]
    known = {
        ("n",),
        ("n", "p"),
        ("n", "p", "i"),
        ("n", "p", "i", "T"),
        ("n", "p", "i", "g"),
        ("n", "p", "i", "T", "m"),
    }

    def names(bindings: str) -> Names | None:
        return known.__contains__ if bindings == "app::b" else None

    settled = Program([crate({"src/lib.rs": source}, externs=externs)], names)
    assert [site.relative for site in settled.use_sites if site.kind == "method"] == [
        ("n", "p", "i", "T", "m")
    ]
    assert uses(settled, "call", "type") == [
        ("type", "n::p::i::T", "app::f"),
        ("call", "n::p::i::g", "app::f"),
    ]


def test_methods_of_known_receivers(program: Make) -> None:
    source = (
        B
        + """\
use b::n::p::i::{self, Sock};
struct Holder { sock: Sock, many: Vec<Sock>, boxed: Box<Sock> }
type Alias = Sock;
impl Holder {
    fn new() -> Self { Holder { sock: Sock::new(1), many: vec![], boxed: b() } }
    fn sock(&self) -> &Sock { &self.sock }
    fn field(&self) { self.sock.m1(); self.boxed.m2(); self.sock().m3(); }
}
fn params(a: Sock, b: &Sock, c: &mut i::Sock, d: Option<Sock>, e: Alias) {
    a.m1(); b.m2(); c.m3(); d.unwrap().m4(); e.m5();
}
fn locals() {
    let a = Sock::new(1); a.m1();
    let b: Sock = make(); b.m2();
    let c = Sock::new(1)?; c.m3();
    let Some(d) = opt() else { return }; d.m4();
    if let Ok(e) = fallible() { e.m5(); }
    let f = Holder::new(); f.sock.m6(); f.sock().m7().await;
    Sock::m8(&a);
    let g = &a; g.clone().m9();
}
fn opt() -> Option<Sock> { None }
fn fallible() -> Result<i::Sock, ()> { Err(()) }
fn make() -> Sock { Sock::new(1) }
"""
    )
    made = program(source)
    found = [
        (f.rpartition("::")[2], path) for kind, path, f in uses(made) if kind == "method" or "m8" in path
    ]
    assert [item for item in found if item[1] != "n::p::i::Sock::clone"] == [
        *[("field", f"n::p::i::Sock::m{n}") for n in (1, 2, 3)],
        *[("params", f"n::p::i::Sock::m{n}") for n in (1, 2, 3, 4, 5)],
        *[("locals", f"n::p::i::Sock::m{n}") for n in (1, 2, 3, 4, 5, 6, 7, 8, 9)],
    ]
    assert made.method_candidates == ()


def test_methods_of_unknown_receivers_are_candidates(program: Make) -> None:
    source = (
        B
        + """\
use b::n::p::i::Sock;
struct H { many: Vec<Sock> }
fn f(h: H, x: impl Fn(), s: String) {
    for s in &h.many { s.send(); }
    h.many.iter().for_each(|s| s.close());
    unknown().frob();
    s.len();
    assert!(thing.check());
}
fn g(t: Sock, u: u8) { let t = wrap(t); t.shut(); }
"""
    )
    made = program(source)
    assert ("method", "n::p::i::Sock::send?", "app::f") in uses(made)
    assert [c.name for c in made.method_candidates] == [
        *["send", "for_each", "close", "frob", "len", "check", "shut"],
    ]
    places = {c.name: (str(c.location), c.function) for c in made.method_candidates}
    assert places["frob"] == ("src/lib.rs:7:15", "app::f")


def test_macros_are_searched(program: Make) -> None:
    made = program(
        B
        + """\
use b::n::p::i;
fn f() { unknown! { a => i::g(1), crate::b::n::p::i::T } vec![i::h(); 3]; }
some_items! { static X: u8 = i::k(); }
macro_rules! call { ($x:expr) => { $crate::b::n::p::i::l($x) } }
"""
    )
    assert uses(made, "macro", "call", "type") == [
        ("macro", "n::p::i::g?", "app::f"),
        ("macro", "n::p::i::T?", "app::f"),
        ("call", "n::p::i::h", "app::f"),
        ("call", "n::p::i::k", "app::X"),
        ("macro", "n::p::i::l?", "app::call"),
    ]


def test_cfg_of_a_use_site(program: Make) -> None:
    made = program(
        {
            "src/lib.rs": B
            + """\
#[cfg(unix)] mod gone;
fn f() {
    #[cfg(unix)] b::a();
    #[cfg(maybe)] { b::c(); }
    #[cfg(feature = "on")] let x = b::d();
    match 1 { #[cfg(unix)] 1 => b::e(), _ => b::g() }
}
#[cfg(unix)] fn h() { b::i(); }
#[test] fn t() { b::j(); }
""",
            "src/gone.rs": "fn f() { crate::b::k(); }",
        }
    )
    assert {site.relative[0]: site.compiled for site in made.use_sites} == {
        "k": False,
        "a": False,
        "c": None,
        "d": True,
        "e": False,
        "g": True,
        "i": False,
        "j": False,
    }


def test_bindings_that_a_build_script_writes(program: Make) -> None:
    source = """\
        mod made { include!(concat!(env!("OUT_DIR"), "/bindings.rs")); }
        fn f() { made::n::p::i::g(); }
    """
    assert uses(program(source)) == [("call", "n::p::i::g?", "app::f")]
    assert {site.bindings for site in program(source).use_sites} == {"app::made"}
    files = {
        "src/lib.rs": source,
        "out/bindings.rs": """\
            // Generated by `wit-bindgen` 0.41.0. DO NOT EDIT!
            pub mod n { pub mod p { pub mod i { pub fn g() {} } } }
        """,
    }
    known = program(files, out_dir="out")
    assert uses(known) == [("call", "n::p::i::g", "app::f")]
    assert [(found.module, found.path) for found in known.bindings_files] == [
        ("app::made", "out/bindings.rs")
    ]


def test_across_crates(crate: Callable[..., RustCrate]) -> None:
    core = crate(
        {"src/lib.rs": "pub mod b { wit_bindgen::generate!(); }\npub use b::n::p as short;"}, name="core_lib"
    )
    mid = crate(
        {"src/lib.rs": "pub use core_lib::short::i; pub extern crate core_lib as c;"},
        name="mid",
        externs={"core_lib": "core_lib"},
    )
    app = crate(
        {"src/lib.rs": "use renamed::i; fn f() { i::g(); renamed::c::b::n::p::i::h(); ::renamed::i::k(); }"},
        externs={"renamed": "mid"},
    )
    made = Program([core, mid, app])
    assert [(s.crate, s.bindings, *told(s)[:2]) for s in made.use_sites if s.kind == "call"] == [
        ("app", "core_lib::b", "call", "n::p::i::g"),
        ("app", "core_lib::b", "call", "n::p::i::h"),
        ("app", "core_lib::b", "call", "n::p::i::k"),
    ]


def test_uses_of_a_bindings_file(program: Make) -> None:
    made = program(
        {
            "src/lib.rs": """\
                mod bindings;
                use bindings::a::b::net::{self, Sock};
                fn f() { let s = Sock::open("x").unwrap(); s.send(); net::resolve(); s.missing(); }
            """,
            "src/bindings.rs": """\
                // Generated by `wit-bindgen` 0.41.0. DO NOT EDIT!
                pub mod a { pub mod b { pub mod net {
                    pub struct Sock { h: u32 }
                    impl Sock {
                        pub fn open(s: &str) -> Result<Sock, String> { super::super::super::_rt::x() }
                        pub fn send(&self) {}
                    }
                    pub fn resolve() {}
                } } }
                mod _rt { pub fn x() {} }
            """,
        }
    )
    assert uses(made, "call", "method") == [
        ("call", "a::b::net::Sock::open", "app::f"),
        ("method", "a::b::net::Sock::send", "app::f"),
        ("call", "a::b::net::resolve", "app::f"),
        ("method", "a::b::net::Sock::missing", "app::f"),
    ]
    assert {site.bindings for site in made.use_sites} == {"app::bindings"}


@pytest.mark.parametrize(
    "source",
    [
        "use b as b; fn f() { b::x(); }",
        "use c::d; use d::c; fn f() { c::x(); d::y(); }",
        "mod m { pub use super::k::*; } mod k { pub use super::m::*; } use m::*; fn f() { x(); m::y(); }",
        "type A = B; type B = A; fn f(a: A) { a.x(); A::new(); }",
        "use self::*; use crate::*; fn f() { x::y(); }",
        "pub use super::super::x; fn f() { super::y(); }",
    ],
)
def test_circles_end(program: Make, source: str) -> None:
    made = program(source)
    assert all(isinstance(site, UseSite) for site in made.use_sites)
    assert made.reachable(["app::f"]).certain == {"app::f"} | (
        {"app::A", "app::B"} if "type A" in source else set()
    )
