"""``generate!`` in all its forms, and what brings it into scope."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from wasmdoctor.model.rust import GenerateCall, Generator
from wasmdoctor.readers.rust import Program, RustCrate

Make = Callable[..., Program]


def only(program: Program) -> GenerateCall:
    (call,) = program.generate_calls
    return call


@pytest.mark.parametrize(
    ("arguments", "world", "paths"),
    [
        ("", None, ()),
        ('"host"', "host", ()),
        ('"host" in "wit/a.wit"', "host", ("wit/a.wit",)),
        ('in "wit"', None, ("wit",)),
        ('{ world: "host" }', "host", ()),
        ('{ world: "a:b/host@0.1.0", path: "wit" }', "a:b/host@0.1.0", ("wit",)),
        ('{ path: ["wit/a", "wit/b",], }', None, ("wit/a", "wit/b")),
        ('{ world: r"host", path: r#"w"it"# }', "host", ('w"it',)),
        ('{ world: "h\\u{6f}st" }', "host", ()),
        ("{}", None, ()),
    ],
)
def test_world_and_path(program: Make, arguments: str, world: str | None, paths: tuple[str, ...]) -> None:
    for opening, closing in ("()", "[]", "{}"):
        call = only(program(f"wit_bindgen::generate!{opening}{arguments}{closing};"))
        assert (call.world, call.paths, call.problems) == (world, paths, ())
        assert (call.generator, call.certain, call.compiled) == (Generator.WIT_BINDGEN, True, True)


SOURCE = """\
wit_bindgen::generate!({
    // what it is
    world: "app",
    path: ["wit", "deps"],
    inline: r#"
        package a:b;
        world app {}
    "#,
    with: {
        "wasi:io/poll@0.2.0": ::wasip2::io::poll,
        "a:b/c": generate,
        "a:b/d/res": crate::d::Res,
    },
    generate_all,
    generate_unused_types: true,
    async: ["import:a:b/c#f", "-export:g"],
    additional_derives: [PartialEq, serde::Serialize],
    additional_derives_ignore: ["x"],
    features: ["f1", "f2"],
    pub_export_macro: true,
    export_macro_name: "export_it",
    default_bindings_module: "crate::bindings",
    runtime_path: "::wit_bindgen::rt",
    bitflags_path: "my_bitflags",
    skip: ["foo"],
    stubs,
    std_feature,
    raw_strings,
    ownership: Borrowing { duplicate_if_necessary: true },
    type_section_suffix: "mine",
    disable_run_ctors_once_workaround: false,
    disable_custom_section_link_helpers: true,
    export_prefix: "p-",
    debug: true,
    merge_structurally_equal_types: true,
});
"""


def test_every_option(program: Make) -> None:
    call = only(program(SOURCE))
    assert call.problems == ()
    assert call.world == "app"
    assert call.paths == ("wit", "deps")
    assert call.inline is not None
    assert "package a:b;" in call.inline
    assert call.with_ == {
        "wasi:io/poll@0.2.0": "::wasip2::io::poll",
        "a:b/c": "generate",
        "a:b/d/res": "crate::d::Res",
    }
    assert call.strings("features") == ("f1", "f2")
    assert call.strings("async") == ("import:a:b/c#f", "-export:g")
    assert call.strings("additional_derives") == ("PartialEq", "serde::Serialize")
    assert {option.name: option.kind for option in call.options} == {
        "world": "string",
        "path": "list",
        "inline": "string",
        "with": "map",
        "generate_all": "flag",
        "generate_unused_types": "bool",
        "async": "list",
        "additional_derives": "list",
        "additional_derives_ignore": "list",
        "features": "list",
        "pub_export_macro": "bool",
        "export_macro_name": "string",
        "default_bindings_module": "string",
        "runtime_path": "string",
        "bitflags_path": "string",
        "skip": "list",
        "stubs": "flag",
        "std_feature": "flag",
        "raw_strings": "flag",
        "ownership": "other",
        "type_section_suffix": "string",
        "disable_run_ctors_once_workaround": "bool",
        "disable_custom_section_link_helpers": "bool",
        "export_prefix": "string",
        "debug": "bool",
        "merge_structurally_equal_types": "bool",
    }


def test_spans_of_options_are_exact(program: Make) -> None:
    call = only(program(SOURCE))
    text = SOURCE.encode()
    world, with_ = call.option("world"), call.option("with")
    assert world is not None
    assert with_ is not None
    assert text[world.span.start : world.span.end] == b'world: "app"'
    assert text[world.value_span.start : world.value_span.end] == b'"app"'
    assert [text[e.span.start : e.span.end] for e in with_.elements][1] == b'"a:b/c": generate'
    assert text[call.span.start : call.span.end] == text[:-2]
    assert text[call.full_span.start : call.full_span.end] == text[:-1]


@pytest.mark.parametrize("value", ["true", "false", '["a"]', '{ imports: ["a"], exports: ["b"] }'])
def test_forms_of_async(program: Make, value: str) -> None:
    call = only(program(f"wit_bindgen::generate!({{ async: {value} }});"))
    option = call.option("async")
    assert option is not None
    assert call.problems == ()
    assert option.value == value


def test_exports_as_a_map(program: Make) -> None:
    """wit-bindgen 0.16 named the implementing types in the call."""
    call = only(program('wit_bindgen::generate!({ world: "w", exports: { world: Me, "a:b/c": My::Type } });'))
    option = call.option("exports")
    assert option is not None
    assert [(element.key, element.value) for element in option.elements] == [
        ("world", "Me"),
        ("a:b/c", "My::Type"),
    ]


@pytest.mark.parametrize(
    ("arguments", "message", "column"),
    [
        (
            '{ world: concat!("a", "b") }',
            'the value of `world` is not a string literal: concat!("a", "b")',
            33,
        ),
        ("{ world: WORLD }", "the value of `world` is not a string literal: WORLD", 33),
        ('{ inline: include_str!("a.wit") }', "the value of `inline` is not a string literal", 34),
        ("{ colour: 1 }", "option `colour` is not known", 26),
        ('{ world: "a", world: "b" }', "option `world` is given twice", 38),
        ("{ world }", "option `world` has no value", 26),
        ('{ world = "a" }', "`:` and a value are expected after `world`", 32),
        ('{ "a" }', '`"a"` is not the name of an option', 26),
        ("{ with: { nothing } }", "`key: value` is expected in this map", 34),
        ("WORLD", "`WORLD` is not understood here", 24),
        ('{ world: "a" } junk', "nothing is expected after the options", 39),
    ],
)
def test_what_cannot_be_understood(program: Make, arguments: str, message: str, column: int) -> None:
    call = only(program(f"wit_bindgen::generate!({arguments});"))
    (problem,) = call.problems
    assert problem.message.startswith(message)
    assert (problem.location.line, problem.location.column) == (1, column)


@pytest.mark.parametrize(
    "source",
    [
        "wit_bindgen::generate!();",
        "::wit_bindgen::generate!();",
        "use wit_bindgen::generate; generate!();",
        "use wit_bindgen::generate as g; g!();",
        "use wit_bindgen as wb; wb::generate!();",
        "use wit_bindgen::{self as wb, rt}; wb::generate!();",
        "use wit_bindgen::*; generate!();",
        "use {wit_bindgen::generate as g}; g! {}",
        "extern crate wit_bindgen as wb; wb::generate!();",
        "mod m { use super::n::g; g!(); } mod n { pub use wit_bindgen::generate as g; }",
        "mod m { use crate::wb; wb::generate!(); } use wit_bindgen as wb;",
        "fn f() { use wit_bindgen::generate; generate!(); }",
        "const _: () = { wit_bindgen::generate!(); };",
        "#[allow(x)] /* y */ wit_bindgen::generate!();",
        "cfg_if! { if #[cfg(unix)] {} else { wit_bindgen::generate!(); } }",
    ],
)
def test_how_the_macro_comes_into_scope(program: Make, source: str) -> None:
    call = only(program(source))
    assert (call.generator, call.certain, call.compiled) == (Generator.WIT_BINDGEN, True, True)


@pytest.mark.parametrize(
    "source",
    [
        "other::generate!();",
        "use other::generate; generate!();",
        "macro_rules! generate { () => {} } generate!();",
        "mod wit_bindgen { macro_rules! generate { () => {} } pub(crate) use generate; } wit_bindgen::generate!();",
        "generate!(1, 2);",
        'fn f() { println!("wit_bindgen::generate!()"); } // wit_bindgen::generate!()',
    ],
)
def test_other_macros_of_that_name(program: Make, source: str) -> None:
    externs = {"wit_bindgen": "wit-bindgen", "other": "other"}
    assert program(source, externs=externs).generate_calls == ()


def test_a_dependency_renamed_in_cargo_toml(program: Make) -> None:
    source = 'bindgen_macro::generate!("w");'
    call = only(program(source, externs={"bindgen_macro": "wit-bindgen"}))
    assert (call.certain, call.world) == (True, "w")
    assert program(source, externs={"bindgen_macro": "other"}).generate_calls == ()


def test_where_it_stands(program: Make) -> None:
    made = program(
        {
            "src/lib.rs": "mod a { pub mod b { wit_bindgen::generate!(); } }\n#[cfg(unix)]\nmod c;",
            "src/c.rs": '\n  #[cfg(feature = "on")]\n  wit_bindgen::generate!();',
        }
    )
    assert [(c.module, str(c.location), c.compiled) for c in made.generate_calls] == [
        ("app::c", "src/c.rs:3:1", False),
        ("app::a::b", "src/lib.rs:1:21", True),
    ]


@pytest.mark.parametrize(
    ("attribute", "state"),
    [("#[cfg(unix)]", False), ("#[cfg(maybe)]", None), ('#[cfg(feature = "on")]', True)],
)
def test_cfg_on_the_call(program: Make, attribute: str, state: bool | None) -> None:
    call = only(program(f"{attribute}\nwit_bindgen::generate!();\n"))
    assert call.compiled is state
    assert call.full_span.start == 0
    assert call.span.start == len(attribute) + 1


def test_reexported_by_another_crate(crate: Callable[..., RustCrate]) -> None:
    sdk = crate(
        {"src/lib.rs": "pub use wit_bindgen; pub mod deep { pub use wit_bindgen::generate as make; }"},
        name="sdk",
    )
    app = crate(
        {"src/lib.rs": "mod a { sdk::wit_bindgen::generate!(); } mod b { use sdk::deep::*; make!(); }"},
        externs={"sdk": "sdk"},
    )
    calls = Program([sdk, app]).generate_calls
    assert [(call.crate, call.module, call.certain) for call in calls] == [
        ("app", "app::a", True),
        ("app", "app::b", True),
    ]
    alone = Program([app]).generate_calls  # the other crate's sources are not given
    assert [(call.module, call.certain) for call in alone] == [("app::a", False)]


def test_calls_inside_other_macros_are_uncertain(program: Make) -> None:
    made = program(
        """\
        macro_rules! with_world { ($w:literal) => { wit_bindgen::generate!({ world: $w, path: "wit" }); } }
        fn expand() { quote!(mod x { ::sdk::wit_bindgen::generate!({ world: "w" }); }); }
        """
    )
    assert [(c.inside, c.certain, c.compiled, c.macro) for c in made.generate_calls] == [
        ("macro_rules! with_world", False, None, "wit_bindgen::generate"),
        ("quote!", False, None, "sdk::wit_bindgen::generate"),
    ]
    assert made.generate_calls[0].problems[0].message == "the value of `world` is not a string literal: $w"
    assert made.generate_calls[1].world == "w"


@pytest.mark.parametrize(
    "source",
    [
        'wasmtime::component::bindgen!({ world: "w", path: "wit", tracing: true, only_imports: [] });',
        'use wasmtime::component::bindgen; bindgen!("w" in "wit");',
        'use wasmtime::component::*; bindgen!({ world: "w", trappable_error_type: { "a:b/c.e" => crate::E } });',
    ],
)
def test_the_host_side_is_told_apart(program: Make, source: str) -> None:
    call = only(program(source, externs={"wasmtime": "wasmtime"}))
    assert (call.generator, call.world, call.problems) == (Generator.WASMTIME, "w", ())


def test_early_cargo_component(program: Make) -> None:
    call = only(
        program(
            "cargo_component_bindings::generate!();",
            externs={"cargo_component_bindings": "cargo-component-bindings"},
        )
    )
    assert call.generator is Generator.CARGO_COMPONENT
