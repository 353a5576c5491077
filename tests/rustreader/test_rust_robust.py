"""Bad and hostile sources, and what reading costs."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pace import least, within

from wasmdoctor.readers.rust import WASM32, Program, RustCrate, read_bindings, read_crate
from wasmdoctor.readers.rust.parse import MAX_BYTES

Make = Callable[..., Program]


def everything(program: Program) -> int:
    """Ask for every fact; how many there are."""
    facts = (
        program.problems,
        program.bindings_files,
        program.extern_imports,
        program.exported_symbols,
        program.export_calls,
        program.guest_impls,
        program.functions,
        program.use_sites,
        program.method_candidates,
    )
    reached = program.reachable([function.id for function in program.functions])
    return sum(len(fact) for fact in facts) + len(reached.certain) + len(reached.possible)


DEEP = 8_000


@pytest.mark.parametrize(
    "source",
    [
        "fn f() {" + "(" * DEEP + ")" * DEEP + "}",
        "(" * DEEP,
        "mod a {" * DEEP + "}" * DEEP,
        "fn f() {" + "{" * DEEP + "}" * DEEP + "}",
        "fn f() {" * 3000 + "}" * 3000,
        "fn f(x: " + "A<" * DEEP + "u8" + ">" * DEEP + ") {}",
        "fn f() { a" + ".b()" * DEEP + "}",
        "fn f() { a" + "::b" * DEEP + "() }",
        "use a::" + "{b::" * 5000 + "c" + "}" * 5000 + ";",
        "m! {" + "(" * DEEP + ")" * DEEP + "}",
        "wit_bindgen::generate!({" + "with: {" * DEEP + "}" * DEEP + "});",
        "#[cfg(" + "not(" * DEEP + "x" + ")" * DEEP + ")] fn f() {}",
        "#[cfg_attr(x, " * 3000 + "y" + ")]" * 3000 + " fn f() {}",
        "#[a]\n" * DEEP + "fn f() {}",
        "fn f() { match a {" + "b => match a {" * 3000 + "}" * 3001 + "}",
        "fn f() { if a {} " + "else if a {} " * 5000 + "}",
        "fn f() { let " + "Some(" * 5000 + "x" + ")" * 5000 + " = y; }",
        "cfg_if! { if #[cfg(a)] {" * 500 + "} }" * 500,
        "impl" + " X for" * 5000 + " Y {}",
        "".join(f"pub use x{n}::y as x{n + 1};" for n in range(2000)) + "fn f() { x1999::y(); }",
        "".join(
            f"mod m{n} {{ pub use super::m{(n * 7 + 1) % 60}::*; pub use super::m{(n + 1) % 60}::*; }}"
            for n in range(60)
        )
        + "fn f() { m0::x(); m1::y::z(); }",
        "".join(f"type T{n} = T{n + 1};" for n in range(2000)) + "fn f(a: T0) { a.b(); T0::c(); }",
        "".join(f"type A = B::c{n}; type B = A::d{n};" for n in range(5))
        + "fn f() {"
        + "".join(f"A::c{n}();" for n in range(1000))
        + "}",
        "".join(
            f"mod m{n} {{ use super::*; use m{(n + 1) % 40}::*; pub struct S{n}; }} use m{n}::*;\n"
            for n in range(40)
        )
        + "fn f(s: S7) { unknown(); S9::x(); nowhere::y(); }",
        "\0" * 1000,
        "\ufeff fn f() {}",
        'fn f() { "' + "\\" * DEEP,
        "r#" * DEEP,
        "/*" * DEEP,
        "'" * DEEP,
    ],
    ids=range(30),
)
def test_hostile_sources_end(program: Make, source: str) -> None:
    with within(8):
        everything(program(source))


def test_a_file_that_is_too_large_is_a_problem(crate: Callable[..., RustCrate]) -> None:
    made = crate({"src/lib.rs": "mod big;", "src/big.rs": "//" + " " * MAX_BYTES})
    (problem,) = made.tree.problems
    assert str(problem.location) == "src/big.rs:1:1"
    assert "is not read" in problem.message


def test_what_stands_around_an_error_is_read(program: Make) -> None:
    made = program(
        """\
        mod b { wit_bindgen::generate!({ world: "w" }); }
        fn broken( { let = ; }
        fn fine() { b::n::p::i::g(); }
        """
    )
    assert [call.world for call in made.generate_calls] == ["w"]
    assert any(site.relative == ("n", "p", "i", "g") for site in made.use_sites)
    (problem, *_) = made.problems
    assert problem.location.line == 2


def test_bytes_that_are_not_utf8() -> None:
    data = b'// \xff\xfe\nwit_bindgen::generate!({ world: "w\xff" });\nfn f\xff() {}'
    made = Program(
        [read_crate("l.rs", {"l.rs": data}.get, WASM32, name="app", externs={"wit_bindgen": "wit-bindgen"})]
    )
    everything(made)
    assert made.generate_calls[0].world == "w�"


FRAGMENTS = st.lists(
    st.sampled_from(
        """wit_bindgen::generate! ({ world: "w" }) ; mod a { } use crate::a::* fn f() -> impl X for < > # [cfg(unix)]
        #![cfg(x)] #[path = "b.rs"] include! extern "C" let = match self super :: . , r#" "# ' \\ $ ! b" macro_rules!
        // /* */ struct enum trait type static const #[link(wasm_import_module = "m")] export! Guest |x| ? & * 0 \n é""".split(
            " "
        )
    ),
    max_size=40,
)


@settings(max_examples=150, deadline=None)
@given(FRAGMENTS)
def test_any_text_is_read_without_an_exception(words: list[str]) -> None:
    source = " ".join(words).encode()
    files = {"src/lib.rs": source, "src/a.rs": source, "src/b.rs": source[: len(source) // 2]}
    everything(Program([read_crate("src/lib.rs", files.get, WASM32, name="app")]))
    read_bindings(source, "x.rs")


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_are_read_without_an_exception(data: bytes) -> None:
    everything(Program([read_crate("l.rs", {"l.rs": data}.get, WASM32, name="app")]))


FUNCTION = """\
pub fn function_{n}(client: &Client, names: &[String]) -> Result<Vec<u32>, Error> {{
    let socket = TcpSocket::new(AddressFamily::Ipv4)?;
    let mut found = Vec::with_capacity(names.len());
    for name in names.iter().filter(|name| !name.is_empty()) {{
        let address = network::resolve(name).map_err(|error| Error::Resolve(error.to_string()))?;
        match socket.connect(&address) {{
            Ok(stream) => found.push(stream.read(client.limit)?.len() as u32),
            Err(code) if code == ErrorCode::Refused => continue,
            Err(code) => return Err(Error::Code(code)),
        }}
        println!("{{}} of {{}}", found.len(), helper_{n}(names));
    }}
    Ok(found)
}}

fn helper_{n}(names: &[String]) -> usize {{
    names.iter().map(|name| name.len()).sum()
}}
"""


def large(functions: int) -> str:
    head = "pub mod b { wit_bindgen::generate!(); }\nuse b::n::p::net::{self as network, *};\n"
    return head + "".join(FUNCTION.format(n=n) for n in range(functions))


def test_a_file_of_2000_lines_is_read_quickly(crate: Callable[..., RustCrate]) -> None:
    source = large(112)
    assert 1990 <= source.count("\n") <= 2030
    took = least(3, lambda: crate({"src/lib.rs": source}))
    assert took < 0.3, f"{took:.3f} s"  # about 0.05 s when the machine has nothing else to do


def test_200_small_files_are_read_quickly(crate: Callable[..., RustCrate]) -> None:
    files = {f"src/m{n}.rs": "use crate::b::n::p::net::*;\n" + FUNCTION.format(n=n) for n in range(200)}
    files["src/lib.rs"] = "pub mod b { wit_bindgen::generate!(); }\n" + "".join(
        f"mod m{n};\n" for n in range(200)
    )
    took = least(2, lambda: Program([crate(files)]).use_sites)
    assert took < 2.5, f"{took:.3f} s"  # about 0.6 s when the machine has nothing else to do
