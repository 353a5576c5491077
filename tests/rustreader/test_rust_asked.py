"""Questions about a part of a program have the answers that the whole has, and what is put off is the same when read."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wasmdoctor.model.rust import Reachability
from wasmdoctor.readers.rust import Program, RustCrate, TargetCfg, read_crate
from wasmdoctor.readers.rust.items import Body, Item
from wasmdoctor.readers.rust.lower import lower
from wasmdoctor.readers.rust.parse import parse_rust

Make = Callable[..., RustCrate]

CFG = TargetCfg(values=frozenset({("target_arch", "wasm32")}), unknown=frozenset({"maybe"}))
CRATES = {"top": ("middle", "low"), "middle": ("low",), "low": (), "aside": ("low",)}
METHODS = ("go", "new", "send")

names = st.sampled_from(["one", "two", "three"])
types = st.sampled_from(["Alpha", "Beta"])
methods = st.sampled_from(METHODS)
heads = st.sampled_from(
    ["crate::", "self::", "", "middle::", "low::", "low::inner::", "bindings::", "crate::bindings::"]
)
paths = st.builds(str.__add__, heads, names | types | st.builds("{}::{}".format, types, methods))
statements = st.one_of(
    st.builds("{}();".format, paths),
    st.builds("let v = {}(); v.{}();".format, paths, methods),
    st.builds("let v: {} = given(); v.{}().{}();".format, paths, methods, methods),
    st.builds("x.{}();".format, methods),
    st.builds("if x.{}() {{ {}(); }}".format, methods, paths),
    st.builds("if x {{ return; }} {}();".format, paths),
    st.builds("Kind::{}(&x);".format, methods),
    st.builds("mac!({});".format, paths),
    st.builds('println!("{{}}", {}());'.format, paths),
    st.builds("#[cfg(maybe)] {}();".format, paths),
    st.builds("match x {{ {} => 1, _ => 2 }};".format, paths),
)
bodies = st.lists(statements, max_size=3).map(" ".join)
attributes = st.sampled_from(["", "", "", "#[no_mangle] ", "#[cfg(maybe)] ", "#[cfg(unix)] "])
plain = st.one_of(
    st.builds("{}pub fn {}(x: Alpha) -> {} {{ {} }}".format, attributes, names, paths, bodies),
    st.builds("pub struct {} {{ pub field: {} }}".format, types, paths),
    st.builds("impl {} {{ pub fn {}(&self) -> Self {{ {} }} }}".format, paths, methods, bodies),
    st.builds("impl Kind for {} {{ fn {}(&self) {{ {} }} }}".format, paths, methods, bodies),
    st.builds("impl<T> Kind for T {{ fn {}(&self) {{ {} }} }}".format, methods, bodies),
    st.builds("pub trait Kind {{ fn {}(&self) {{ {} }} }}".format, methods, bodies),
    st.builds("pub type {} = {};".format, types, paths),
    st.builds("macro_rules! mac {{ ($e:expr) => {{ {}() }} }}".format, paths),
    st.builds("use {} as {};".format, paths, names | types),
    st.builds("pub use {};".format, paths),
    st.builds("#[used] static {}: fn() = {};".format, names.map(str.upper), paths),
)
GENERATE = 'pub mod bindings { wit_bindgen::generate!({ world: "w" }); }'
items = st.one_of(
    plain, plain, st.builds("pub mod inner {{ use super::*; {} }}".format, plain), st.just(GENERATE)
)
sources = st.fixed_dictionaries({name: st.lists(items, max_size=6).map("\n".join) for name in CRATES})


def read(texts: Mapping[str, str], *, whole: bool = False) -> list[RustCrate]:
    """The four crates."""
    return [
        read_crate(
            f"{name}/lib.rs",
            {f"{name}/lib.rs": text.encode()}.get,
            CFG,
            name=name,
            externs={"wit_bindgen": "wit-bindgen"} | {other: other for other in CRATES[name]},
            whole=whole,
        )
        for name, text in texts.items()
    ]


def facts(program: Program) -> Iterator[object]:
    """What a program says."""
    yield from (program.use_sites, program.method_candidates, program.exported_symbols, program.functions)
    yield from (program.guest_impls, program.export_calls, program.generate_calls, program.problems)
    yield from (program.named_crates(name) for name in CRATES)
    yield from (program.reachable([function.id]) for function in program.functions)
    yield program.items


def part(reached: Reachability, wanted: frozenset[str]) -> tuple[frozenset[str], ...]:
    return reached.plain & wanted, reached.certain & wanted, reached.possible & wanted


@settings(max_examples=100, deadline=None)
@given(sources, st.data())
def test_what_is_reached_of_some_functions(texts: dict[str, str], data: st.DataObject) -> None:
    crates = read(texts)
    ids = [function.id for function in Program(crates).functions]
    some = st.lists(st.sampled_from(ids), max_size=3) if ids else st.just([])
    roots, wanted = data.draw(some), frozenset(data.draw(some))
    every = Program(crates).reachable(roots)
    assert part(Program(crates).reachable(roots, wanted), wanted) == part(every, wanted)


@settings(max_examples=100, deadline=None)
@given(sources, st.sets(st.sampled_from(sorted(CRATES))))
def test_whether_some_crates_are_named(texts: dict[str, str], wanted: set[str]) -> None:
    crates = read(texts)
    for name in CRATES:
        every, some = Program(crates).named_crates(name), Program(crates).named_crates(name, wanted)
        assert {crate: sure for crate, sure in some.items() if crate in wanted} == {
            crate: sure for crate, sure in every.items() if crate in wanted
        }


@settings(max_examples=60, deadline=None)
@given(sources, st.sets(st.sampled_from(METHODS)))
def test_the_candidates_of_some_names(texts: dict[str, str], wanted: set[str]) -> None:
    crates = read(texts)
    every = Program(crates).method_candidates
    assert Program(crates).candidates_for(wanted) == tuple(one for one in every if one.name in wanted)


@settings(max_examples=60, deadline=None)
@given(sources)
def test_use_sites_are_found_in_crates_that_can_name_bindings_only(texts: dict[str, str]) -> None:
    """Crates of which it is said that nothing of bindings stands in them: all their code is looked at here."""
    program = Program(read(texts))
    program.__dict__["_bound"] = set(CRATES)  # in place of what is worked out
    assert program.use_sites == Program(read(texts)).use_sites
    assert program.guest_impls == Program(read(texts)).guest_impls
    assert program.export_calls == Program(read(texts)).export_calls


@settings(max_examples=60, deadline=None)
@given(sources)
def test_other_names_for_the_same_crates(texts: dict[str, str]) -> None:
    def known(module: str) -> Callable[[tuple[str, ...]], bool | None]:
        return lambda path: path[-1] in ("one", "Alpha") or path[-2:] == ("Alpha", "send")

    crates = read(texts)
    first = Program(crates)
    list(facts(first))
    assert list(facts(first.with_names(known))) == list(facts(Program(crates, known)))
    assert list(facts(first)) == list(facts(Program(read(texts))))


@settings(max_examples=60, deadline=None)
@given(sources)
def test_code_that_is_put_off_is_the_same(texts: dict[str, str]) -> None:
    assert list(facts(Program(read(texts)))) == list(facts(Program(read(texts, whole=True))))


INNER = st.sampled_from(
    ["", "", "#![cfg(maybe)]", "# ![cfg(unix)]", "# /* why */ ![cfg(maybe)]", "// #![x]\n"]
)


def read_split(texts: Mapping[str, str], inner: str, how: str) -> list[RustCrate]:
    """The four crates, whose items stand in a second file."""
    files: dict[str, bytes] = {}
    for name, text in texts.items():
        declared = "mod split; pub use split::*;" if how == "mod" else 'include!("split.rs");'
        files |= {f"{name}/lib.rs": declared.encode(), f"{name}/split.rs": f"{inner}{text}".encode()}
    return [
        read_crate(
            f"{name}/lib.rs",
            files.get,
            CFG,
            name=name,
            externs={"wit_bindgen": "wit-bindgen"} | {other: other for other in CRATES[name]},
        )
        for name in texts
    ]


@settings(max_examples=100, deadline=None)
@given(sources, INNER, st.sampled_from(["mod", "include"]))
def test_files_that_are_put_off_are_the_same(texts: dict[str, str], inner: str, how: str) -> None:
    """What is read when it is asked for says what it says when all of it is read before."""
    before = read_split(texts, inner, how)
    for crate in before:
        _ = list(crate.code.units), crate.tree.problems
    assert list(facts(Program(read_split(texts, inner, how)))) == list(facts(Program(before)))


def is_read(crate: RustCrate, path: str) -> bool:
    """Whether somebody has asked what stands in a file."""
    fragments = (f for module in crate.tree.modules for f in module.fragments if f.source.path == path)
    return all("contents" in fragment.file.__dict__ for fragment in fragments)


@pytest.mark.parametrize(
    ("text", "whole", "use"),
    [
        ("/// What is used * often.\npub fn quiet() { let module = 1 * 2; }", False, False),
        ("pub mod deeper { pub fn quiet() {} }", True, True),
        ("#![allow(dead_code)] pub fn quiet() {}", True, True),
        ("# /* why */ ![allow(dead_code)] pub fn quiet() {}", True, True),
        ('include!("more.rs");', True, True),
        ("pub use super::*;", False, True),
        ("#[used] static KEPT: u8 = 1;", False, True),
        ("#[used /* why */ ] static KEPT: u8 = 1;", False, True),
        ("#[no_mangle] pub fn quiet() {}", False, True),
        ('#[link(wasm_import_module = "a")] extern "C" { fn quiet(); }', False, True),
        ("struct App; impl Guest for App {}", False, True),
        ("struct App; export!(App);", False, True),
    ],
)
def test_which_files_are_put_off(text: str, whole: bool, use: bool) -> None:
    """A file of a crate that has no bindings, until a question may concern it. ``whole``: it leads to other files."""
    files = {"low/lib.rs": b"mod split;", "low/split.rs": text.encode(), "low/more.rs": b"fn more() {}"}
    low = read_crate("low/lib.rs", files.get, CFG, name="low")
    assert is_read(low, "low/split.rs") is whole
    (top,) = read({"top": GENERATE + "fn f() { bindings::a(); }"})
    program = Program([top, low])
    _ = program.use_sites, program.extern_imports, program.exported_symbols, program.used_values
    _ = program.guest_impls, program.export_calls, program.bindings_files
    assert program.candidates_for({"go"}) == ()
    assert is_read(low, "low/split.rs") is (whole or use)
    assert is_read(top, "top/lib.rs")


def bodies_of(items_: list[Item]) -> Iterator[tuple[str, Body]]:
    for item in items_:
        yield item.name, item.body
        yield from bodies_of([*(getattr(item, "items", None) or ()), *item.body.items])


@pytest.mark.parametrize(
    ("function", "put_off"),
    [
        ("fn f(x: A) { x.go(B); }", True),
        ("pub(crate) async unsafe fn f<T: A>(self: &Self) -> B where T: C { if a != b { return D } }", True),
        ("fn f(x: A)", False),
        ("fn f() { use a::b; }", False),
        ("fn f() { g!(a) }", False),
        ("fn f() { g ! { a } }", False),
        ("fn f() { fn inner() { a() } }", False),
        ("fn f(x: [u8; { struct A; 3 }]) { a() }", False),
        ("fn f(x: m!(a)) { a() }", False),
        ("fn f() { a( }", False),
        ('fn f() { "\xff"; a() }', False),
    ],
)
@pytest.mark.parametrize("around", ["{};", "impl A {{ {} }}", "trait A {{ {}; }}", "mod a {{ {} }}"])
def test_which_code_is_put_off(function: str, put_off: bool, around: str) -> None:
    """Only code without items and macro calls, of files in UTF-8, that reads the same by itself."""
    data = around.format(function).encode("latin-1")
    parsed = parse_rust(data, "a.rs")
    late, whole = lower(parsed), lower(parsed, whole=True)
    outermost = next(body for name, body in bodies_of(late.items) if name == "f")
    assert (outermost._read is not None) is put_off
    assert late.items == whole.items
    assert all(body._read is None for _, body in bodies_of(late.items))
    assert [late.conditional.covers(at) for at in range(len(data))] == [
        whole.conditional.covers(at) for at in range(len(data))
    ]


def test_no_other_attribute_of_a_body_is_made_up() -> None:
    with pytest.raises(AttributeError, match="color"):
        _ = Body().color


FOREIGN = {
    "low": "pub struct Alpha; pub fn one(x: &Alpha) { x.go(); } pub fn two(x: &Alpha) { x.new().send(); }",
    "top": GENERATE
    + """
        use low::Alpha;
        trait Kind { fn go(&self); fn new(&self) -> bindings::Socket; }
        impl Kind for Alpha { fn go(&self) { three() } fn new(&self) -> bindings::Socket { todo!() } }
        fn three() {}
        pub fn start(x: &Alpha) { low::one(x) }
    """,
    "middle": "",
    "aside": "",
}


def test_a_crate_may_come_to_one_that_it_cannot_name() -> None:
    """By a method that is implemented there for its own type."""
    wanted = frozenset({"top::three"})
    assert Program(read(FOREIGN)).reachable(["top::start"]).certain >= wanted
    assert Program(read(FOREIGN)).reachable(["top::start"], wanted).certain >= wanted
    sites = [site for site in Program(read(FOREIGN)).use_sites if site.crate == "low"]
    assert [(site.function, site.relative) for site in sites] == [("low::two", ("Socket", "send"))]


def test_a_crate_that_is_named_surely_further_on() -> None:
    texts = {"low": "pub fn one() {}", "middle": "", "aside": ""}
    texts["top"] = (
        "fn first() { #[cfg(maybe)] low::one(); } fn second() { low::one() } fn third() { middle::x() }"
    )
    program = Program(read(texts))
    assert program.named_crates("top", {"low"})["low"] is True
    assert program.named_crates("top", ()) == {}
