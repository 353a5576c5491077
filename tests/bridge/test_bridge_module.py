"""The text of bridge modules: who is asked for bodies, how functions refuse, what is taken from elsewhere."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest
from bridge.bindgen import CASES, request, resolved

from wasmdoctor.migrate.bridge import rust
from wasmdoctor.migrate.bridge.body import Body, ResourceBody
from wasmdoctor.migrate.bridge.derived import derived, standard_modules
from wasmdoctor.migrate.bridge.module import Parts, bridge_module
from wasmdoctor.migrate.bridge.refusal import ErrorCases
from wasmdoctor.migrate.inputs import Bridge, NewDependency
from wasmdoctor.model.plan import BodyKind

STUB = Parts(cases=CASES)


@dataclass
class Source:
    """Bodies that are written down: by function, and the fields of resources."""

    functions: dict[str, Body]
    resources: dict[str, str]

    def resource(self, interface, name):
        return ResourceBody(self.resources[name], "", ("pipes",)) if name in self.resources else None

    def function(self, interface, function):
        return self.functions.get(function.name)


def mapped(code: str, *runtime: str) -> Body:
    return Body(BodyKind.MAPPING, code, "by hand", ("wasi:io/poll",), runtime)


@pytest.fixture
def made(tmp_path):
    """A bridge of a world's WIT: its interfaces, without the `package` line, and the world's name is `w`."""

    def make(wit: str, parts: Parts = STUB, **fields: object) -> Bridge:
        (tmp_path / "a.wit").write_text(f"package a:b@1.0.0;\n{wit}")
        resolution = resolved(tmp_path)
        assert not resolution.problems
        world = resolution.main[0].worlds["w"]
        return bridge_module(replace(request(world), **fields), resolution, parts)

    return make


def answers(bridge: Bridge) -> dict[str, str]:
    return {function.function: function.about for function in bridge.functions}


def body(bridge: Bridge, function: str, file: str = "src/bridge/a/b/i.rs") -> str:
    """The lines of a function, without the signature."""
    before, _, after = bridge.files[file].decode().partition(f"pub fn {function}(")
    indent = before.rpartition("\n")[2]
    return after.split("{\n", 1)[1].split(f"\n{indent}}}")[0].strip()


def test_a_refusal_is_the_error_that_says_so_before_one_with_a_text_before_a_panic(made):
    bridge = made("""
interface i {
  enum plain { other, not-supported }
  variant rich { other(string), unsupported(option<string>) }
  variant vague { unknown, internal-error(string) }
  variant silent { unknown, busy }
  record told { code: plain, message: string }
  record counted { code: u32, message: string }
  a: func() -> result<u8, plain>;
  b: func() -> result<_, rich>;
  c: func() -> result<_, vague>;
  d: func() -> result<_, silent>;
  e: func() -> result<u8, string>;
  f: func() -> result;
  g: func() -> result<_, told>;
  h: func() -> result<_, counted>;
  j: func() -> option<u8>;
  type outcome = result<u8, plain>;
  k: func() -> outcome;
}
world w { import i; }""")
    text = '"`{}` of a:b/i@1.0.0 is not supported"'
    assert body(bridge, "a") == "Err(Plain::NotSupported)"
    assert body(bridge, "b") == f"Err(Rich::Unsupported(Some({text.format('b')}.to_string())))"
    assert body(bridge, "c") == f"Err(Vague::InternalError({text.format('c')}.to_string()))"
    assert body(bridge, "d") == f"panic!({text.format('d')})"
    assert body(bridge, "e") == f"Err({text.format('e')}.to_string())"
    assert body(bridge, "f") == "Err(())"
    assert body(bridge, "g").split() == (
        f"Err(Told {{ code: Plain::NotSupported, message: {text.format('g')}.to_string(), }})".split()
    )
    assert body(bridge, "h") == f"panic!({text.format('h')})"
    assert body(bridge, "j") == f"panic!({text.format('j')})"
    assert body(bridge, "k") == "Err(Plain::NotSupported)"
    assert {function.body for function in bridge.functions} == {BodyKind.REFUSES}
    assert bridge.dependencies == {}


def test_the_error_cases_are_data(made):
    wit = "interface i { enum e { gone, no }\n f: func() -> result<u8, e>; }\nworld w { import i; }"
    assert answers(made(wit, Parts()))["f"] == "stops the component"
    assert answers(made(wit, Parts(cases=ErrorCases(("no",)))))["f"] == "fails with `no`"
    with pytest.raises(ValueError, match="not-supported"):
        ErrorCases.read({"general": ["x"]})


def test_an_empty_object_is_made_when_one_of_its_methods_can_say_no(made):
    bridge = made("""
interface i {
  resource tells { constructor(a: u8); name: func() -> string; send: func() -> result<_, string>; }
  resource mute { constructor(); name: func() -> string; }
  resource token;
  hand-out: func() -> token;
}
world w { import i; }""")
    assert answers(bridge)["[constructor]tells"] == "gives a `tells` that does nothing: its methods refuse"
    assert answers(bridge)["[constructor]mute"] == "stops the component"
    assert body(bridge, "hand_out").startswith("Token { _private: () }")


WIT = """
interface i {
  resource pipe { constructor(); write: func(data: list<u8>) -> result<_, string>; close: func(); }
  resource other;
  open: func() -> pipe;
  join: func(a: borrow<pipe>, b: borrow<other>) -> result<_, string>;
  now: func(unit: u8) -> u64;
}
world w { import i; }"""


def test_only_the_source_that_made_a_resource_is_asked_for_what_works_with_it(made):
    first = Source({"now": mapped("{runtime}::clock(unit)", "clock"), "open": mapped("todo!()")}, {})
    second = Source(
        {
            "[constructor]pipe": mapped("Self { inner: {runtime}::pipes::Pipe }"),
            "[method]pipe.write": mapped("fn helper() {}\nhelper();\nself.inner.write(data)", "pipes"),
            "join": mapped("todo!()"),
        },
        {"pipe": "{runtime}::pipes::Pipe"},
    )
    parts = Parts(
        sources=(lambda types, interfaces: first, lambda types, interfaces: second),
        cases=CASES,
        runtime={"pipes": "//! Pipes.\npub struct Pipe;", "clock": "//! A clock.", "unused": "//! No."},
        dependencies={"wasip2": NewDependency("2")},
    )
    bridge = made(WIT, parts, functions={"a:b/i@1.0.0": frozenset(["now"])})
    kinds = {function.function: function.body for function in bridge.functions}
    assert kinds == {
        "[constructor]pipe": BodyKind.MAPPING,
        "[method]pipe.write": BodyKind.MAPPING,
        "[method]pipe.close": BodyKind.REFUSES,
        "open": BodyKind.REFUSES,  # only `second` knows what a pipe holds, and it has no body
        "join": BodyKind.REFUSES,  # nobody knows what the other one holds
        "now": BodyKind.MAPPING,
    }
    assert answers(bridge)["open"] == "stops the component"
    needed = {function.function for function in bridge.functions if function.needed}
    assert needed == {"now"}
    assert {name: f.requirement for name, f in bridge.dependencies.items()} == {"wasip2": "2"}
    assert set(bridge.files) == {
        "src/bridge.rs",
        "src/bridge/a/b/i.rs",
        "src/bridge/runtime/pipes.rs",
        "src/bridge/runtime/clock.rs",
    }
    text = bridge.files["src/bridge/a/b/i.rs"].decode()
    assert "use super::super::super::runtime;" in text
    assert "pub(crate) inner: runtime::pipes::Pipe," in text
    assert "pub fn now(unit: u8) -> u64 {\n    runtime::clock(unit)" in text
    assert "fn join(_a: &Pipe, _b: &Other)" in text
    assert text.endswith("fn helper() {}\n")
    assert (
        "mod runtime {\n    pub mod clock;\n    pub mod pipes;\n}" in bridge.files["src/bridge.rs"].decode()
    )


def test_a_namespace_called_runtime_keeps_its_name(made):
    parts = Parts(
        sources=(lambda types, interfaces: Source({"go": mapped("{runtime}::x::go()", "x")}, {}),),
        runtime={"x": "pub fn go() {}"},
    )
    bridge = made("world w { import runtime: interface { go: func(); } import go: func(); }", parts)
    assert set(bridge.files) == {"src/bridge.rs", "src/bridge/runtime.rs", "src/bridge/runtime_/x.rs"}
    assert "use super::runtime_ as runtime;" in bridge.files["src/bridge/runtime.rs"].decode()
    assert "pub fn go() {\n    runtime_::x::go()\n}" in bridge.files["src/bridge.rs"].decode()


def test_a_module_that_is_a_folder_has_its_files_in_it(made):
    bridge = made("interface i { f: func(); }\nworld w { import i; }", path="src/net/mod.rs")
    assert set(bridge.files) == {"src/net/mod.rs", "src/net/a/b/i.rs"}


def test_types_come_from_the_interfaces_that_have_them_and_from_elsewhere(made, tmp_path):
    (tmp_path / "deps").mkdir()
    (tmp_path / "deps" / "io.wit").write_text(
        "package wasi:io@0.2.3;\ninterface poll { resource pollable { ready: func() -> bool; } }"
    )
    wit = """
interface shared { record r { a: u8 } g: func() -> r; }
interface i { use shared.{r}; use wasi:io/poll@0.2.3.{pollable}; f: func(a: r) -> pollable; }
world w { import i; export shared; }"""
    plain = made(wit, imports=("a:b/i@1.0.0",))
    assert "pub struct R" in plain.files["src/bridge/a/b/shared.rs"].decode()
    assert "pub fn g" not in plain.files["src/bridge/a/b/shared.rs"].decode()
    assert "pub struct Pollable" in plain.files["src/bridge/wasi/io/poll.rs"].decode()
    standard = made(wit, replace(STUB, standard=standard_modules()), imports=("a:b/i@1.0.0",))
    assert "pub use ::wasip2::io::poll;" in standard.files["src/bridge.rs"].decode()
    assert "src/bridge/wasi/io/poll.rs" not in standard.files
    mine = made(
        wit,
        imports=("a:b/i@1.0.0",),
        with_={"wasi:io/poll@0.2.3": "crate::bindings::poll"},
        exported_types=("a:b/shared@1.0.0",),
    )
    assert (
        "pub type Pollable = crate::bindings::poll::Pollable;" in mine.files["src/bridge/a/b/i.rs"].decode()
    )
    assert "pub struct R" in mine.files["src/bridge/exports/a/b/shared.rs"].decode()


def test_what_only_an_async_runtime_has_is_left_out_and_said(made):
    bridge = made("""
interface i { f: func() -> future<u8>; g: async func(a: string) -> u8; type s = stream<u8>; h: func(a: s); }
world w { import i; }""")
    text = bridge.files["src/bridge/a/b/i.rs"].decode()
    assert "// `f` is not here: only the async runtime of wit-bindgen has its type." in text
    assert "pub async fn g(_a: String) -> u8 {" in text
    assert answers(bridge)["h"] == "left out: only the async runtime of wit-bindgen has its types"


def test_a_forward_needs_the_same_interface_name_and_types_that_convert(made, tmp_path):
    (tmp_path / "deps").mkdir()
    (tmp_path / "deps" / "random.wit").write_text("""package wasi:random@0.2.3;
interface random { get-random-u64: func() -> u64; get-random-bytes: func(len: u64) -> list<u8>; }
interface insecure { get-insecure-random-u64: func() -> u64; }""")
    (tmp_path / "deps" / "clocks.wit").write_text("""package wasi:clocks@0.2.3;
interface wall-clock { record datetime { seconds: u64, nanoseconds: u32 } now: func() -> datetime; }""")
    parts = Parts(sources=(derived(others=("unknown",)),), dependencies={"wasip2": NewDependency("2")})
    bridge = made(
        """
interface random { get-random-u64: func() -> u64; get-random-bytes: func(len: u32) -> list<u8>; }
interface dice { get-random-u64: func() -> u64; }
interface wall-clock { record time { nanoseconds: u32, seconds: u64 } now: func() -> time; }
world w { import random; import dice; import wall-clock; import wasi:random/random@0.2.3;
  import wasi:random/insecure@0.2.3; import wasi:clocks/wall-clock@0.2.3; }""",
        parts,
        imports=("a:b/random@1.0.0", "a:b/dice@1.0.0", "a:b/wall-clock@1.0.0"),
    )
    found = [(f.interface.split("@")[0], f.function, f.body.value) for f in bridge.functions]
    assert found == [
        ("a:b/random", "get-random-u64", "derived"),
        ("a:b/random", "get-random-bytes", "refuses"),
        ("a:b/dice", "get-random-u64", "refuses"),
        ("a:b/wall-clock", "now", "derived"),
    ]
    assert [f.imports for f in bridge.functions if f.body is BodyKind.DERIVED] == [
        ("wasi:random/random",),
        ("wasi:clocks/wall-clock",),
    ]
    text = bridge.files["src/bridge/a/b/wall_clock.rs"].decode()
    assert "datetime_from_wasi(::wasip2::clocks::wall_clock::now())" in text
    assert "fn datetime_from_wasi(value: ::wasip2::clocks::wall_clock::Datetime) -> Time {" in text


def test_identifiers_are_found_in_format_strings_too():
    assert rust.identifiers('println!("{host} {port:?} {}", f(r#"{raw}"#)); // {no}') >= {
        "host",
        "port",
        "f",
        "raw",
    }
    assert "no" not in rust.identifiers('x("a"); // {no}')


def test_functions_at_the_start_of_a_body_are_told_from_the_rest():
    code = "fn one(a: u8) -> u8 {\n    a\n}\n\nlet x = one(1);\nfn late() {}\nx"
    assert rust.leading_functions(code) == (
        {"one": "fn one(a: u8) -> u8 {\n    a\n}"},
        "let x = one(1);\nfn late() {}\nx",
    )
    assert rust.leading_functions("not } rust") == ({}, "not } rust")
