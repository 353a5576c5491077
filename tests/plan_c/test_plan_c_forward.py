"""Which functions of a bridge only call a standard one."""

from __future__ import annotations

import pytest

from wasmdoctor.migrate.plan_c.forward import standard_calls

RUNTIME = b"""
use std::time::Duration;

use wasip2::clocks::{monotonic_clock, wall_clock as wall};
use wasip2::random::random;

/// Nanoseconds.
pub fn now() -> u64 {
    monotonic_clock::now()
}

pub fn twice() -> u64 {
    now() + now()
}

pub fn again() -> u64 {
    self::now()
}

pub fn wall() -> Duration {
    let now = wall::now();
    Duration::new(now.seconds, now.nanoseconds)
}

pub fn bytes(length: u64) -> Vec<u8> {
    random::get_random_bytes(length)
}

pub fn around() -> u64 {
    round()
}

fn round() -> u64 {
    around()
}
"""


def calls(text: str, runtime: bytes = RUNTIME) -> dict[str, str]:
    """The standard calls of an interface's module ``a::b`` beside a runtime."""
    files = {
        "src/bridge.rs": b"pub mod a { pub mod b; }\nmod runtime { pub mod rt; }\n",
        "src/bridge/a/b.rs": b"use super::super::runtime;\n\n" + text.encode(),
        "src/bridge/runtime/rt.rs": runtime,
    }
    found = standard_calls("src/bridge.rs", files, ("wasip2",))
    return {path[-1]: target for path, target in found.items() if path[:-1] == ("a", "b")}


@pytest.mark.parametrize(
    ("text", "target"),
    [
        ("pub fn f() -> u64 {\n    runtime::rt::now()\n}", "wasip2::clocks::monotonic_clock::now"),
        ("pub fn f() -> u64 {\n    runtime::rt::again()\n}", "wasip2::clocks::monotonic_clock::now"),
        ("pub fn f(n: u64) -> Vec<u8> { runtime::rt::bytes(n) }", "wasip2::random::random::get_random_bytes"),
        (
            "pub fn f() -> u64 { ::wasip2::random::random::get_random_u64() }",
            "wasip2::random::random::get_random_u64",
        ),
        (
            "pub fn f(\n    a: &str,\n    b: Option<(u8, u8)>,\n) -> u8 {\n    ::wasip2::x::y(\n        a,\n        b,\n    )\n}",
            "wasip2::x::y",
        ),
        (
            "use super::super::runtime::rt::now as n;\npub fn f() -> u64 { n() }",
            "wasip2::clocks::monotonic_clock::now",
        ),
        (
            "use super::super::runtime::{self as other, rt};\npub fn f() -> u64 { rt::now() }",
            "wasip2::clocks::monotonic_clock::now",
        ),
    ],
)
def test_forwards(text: str, target: str) -> None:
    assert calls(text) == {"f": target}


@pytest.mark.parametrize(
    "text",
    [
        "pub fn f() -> u64 { runtime::rt::twice() }",
        "pub fn f() -> u64 { runtime::rt::now().into() }",
        "pub fn f() -> u64 { u64::from(runtime::rt::now()) }",
        "pub fn f() -> u64 { let _ = 1; runtime::rt::now() }",
        "pub fn f() { runtime::rt::now(); }",
        "pub fn f(n: u64) -> u64 { runtime::rt::now() }",
        "pub fn f(n: u32) -> Vec<u8> { runtime::rt::bytes(u64::from(n)) }",
        "pub fn f(a: u64, b: u64) -> u64 { ::wasip2::x::y(b, a) }",
        "pub fn f((a, b): (u64, u64)) -> u64 { ::wasip2::x::y(a, b) }",
        "pub fn f<T>(a: T) -> u64 { ::wasip2::x::y(a) }",
        "pub fn f() -> u64 { runtime::rt::around() }",
        "pub fn f() -> u64 { runtime::rt::missing() }",
        "pub fn f() -> u64 { std::process::id() }",
        "pub fn f() -> u64 { super::super::super::super::now() }",
        "pub struct S; impl S { pub fn f() -> u64 { runtime::rt::now() } }",
        "pub fn f() -> u64 {",
        "fn",
    ],
)
def test_what_does_more_or_other_things(text: str) -> None:
    assert calls(text) == {}
