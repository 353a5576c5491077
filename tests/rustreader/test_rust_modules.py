"""Which files of a crate are compiled, and which are not and why."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from wasmdoctor.readers.rust import RustCrate

Make = Callable[..., RustCrate]


def files(crate: RustCrate) -> dict[str, tuple[str, bool | None]]:
    return {file.path: (file.module, file.compiled) for file in crate.tree.files}


@pytest.mark.parametrize(
    ("sources", "expected"),
    [
        ({"src/lib.rs": "mod a;", "src/a.rs": ""}, {"src/a.rs": "app::a"}),
        ({"src/lib.rs": "mod a;", "src/a/mod.rs": ""}, {"src/a/mod.rs": "app::a"}),
        ({"src/lib.rs": "mod r#type;", "src/type.rs": ""}, {"src/type.rs": "app::type"}),
        (
            {"src/lib.rs": "mod a;", "src/a.rs": "mod b;", "src/a/b.rs": "mod c;", "src/a/b/c.rs": ""},
            {"src/a.rs": "app::a", "src/a/b.rs": "app::a::b", "src/a/b/c.rs": "app::a::b::c"},
        ),
        (
            {"src/lib.rs": "mod a;", "src/a/mod.rs": "mod b;", "src/a/b.rs": ""},
            {"src/a/mod.rs": "app::a", "src/a/b.rs": "app::a::b"},
        ),
        (
            {"src/lib.rs": "mod a { mod b { mod c; } }", "src/a/b/c.rs": ""},
            {"src/a/b/c.rs": "app::a::b::c"},
        ),
        (
            {"src/lib.rs": "mod a;", "src/a.rs": "mod b { mod c; }", "src/a/b/c.rs": ""},
            {"src/a.rs": "app::a", "src/a/b/c.rs": "app::a::b::c"},
        ),
        # The Rust Reference, "The path attribute": next to the file that has it ...
        (
            {"src/lib.rs": '#[path = "x/y.rs"] mod a;', "src/x/y.rs": "mod b;", "src/x/b.rs": ""},
            {"src/x/y.rs": "app::a", "src/x/b.rs": "app::a::b"},
        ),
        (
            {"src/lib.rs": "mod a;", "src/a.rs": '#[path = "z.rs"] mod b;', "src/z.rs": ""},
            {"src/a.rs": "app::a", "src/z.rs": "app::a::b"},
        ),
        # ... and inside inline modules below a folder of their names,
        (
            {"src/lib.rs": 'mod inline { #[path = "other.rs"] mod inner; }', "src/inline/other.rs": ""},
            {"src/inline/other.rs": "app::inline::inner"},
        ),
        # which in a file that is not mod.rs starts with the file's own.
        (
            {
                "src/lib.rs": "mod a;",
                "src/a.rs": 'mod inline { #[path = "other.rs"] mod inner; }',
                "src/a/inline/other.rs": "",
            },
            {"src/a.rs": "app::a", "src/a/inline/other.rs": "app::a::inline::inner"},
        ),
        (
            {"src/lib.rs": '#[path = "t"] mod inline { mod inner; }', "src/t/inner.rs": ""},
            {"src/t/inner.rs": "app::inline::inner"},
        ),
        (
            {"src/lib.rs": '#[path = "../gen/./x.rs"] mod a;', "gen/x.rs": ""},
            {"gen/x.rs": "app::a"},
        ),
        (
            {
                "src/lib.rs": '#[cfg_attr(feature = "on", path = "on.rs")] mod a;',
                "src/on.rs": "",
                "src/a.rs": "",
            },
            {"src/on.rs": "app::a"},
        ),
        (
            {"src/lib.rs": '#[cfg_attr(unix, path = "unix.rs")] mod a;', "src/unix.rs": "", "src/a.rs": ""},
            {"src/a.rs": "app::a"},
        ),
        ({"src/lib.rs": "fn f() { mod a { pub mod b; } }", "src/a/b.rs": ""}, {"src/a/b.rs": "app::a::b"}),
        (
            {"src/lib.rs": 'include!("part.rs");', "src/part.rs": "mod a;", "src/a.rs": ""},
            {"src/part.rs": "app", "src/a.rs": "app::a"},
        ),
    ],
)
def test_where_modules_are_found(crate: Make, sources: Mapping[str, str], expected: dict[str, str]) -> None:
    made = crate(sources)
    assert files(made) == {
        "src/lib.rs": ("app", True),
        **{path: (module, True) for path, module in expected.items()},
    }
    assert made.tree.problems == ()


def test_a_module_that_is_cut_away_takes_its_files_with_it(crate: Make) -> None:
    made = crate(
        {
            "src/lib.rs": """\
                mod kept;
                #[cfg(unix)]
                mod gone;
            """,
            "src/kept.rs": "",
            "src/gone.rs": "mod deeper;",
            "src/gone/deeper.rs": "",
            "src/never.rs": "",
        }
    )
    assert files(made) == {
        "src/lib.rs": ("app", True),
        "src/kept.rs": ("app::kept", True),
        "src/gone.rs": ("app::gone", False),
        "src/gone/deeper.rs": ("app::gone::deeper", False),
    }
    assert [file.path for file in made.tree.excluded] == ["src/gone.rs", "src/gone/deeper.rs"]
    assert {str(file.decided_by) for file in made.tree.excluded} == {"src/lib.rs:2:1"}
    assert [str(file.declared) for file in made.tree.excluded] == ["src/lib.rs:3:1", "src/gone.rs:1:1"]


def test_a_file_may_cut_itself_away(crate: Make) -> None:
    made = crate({"src/lib.rs": "mod a;", "src/a.rs": '//! doc\n#![cfg(target_os = "none")]\nfn f() {}'})
    assert files(made)["src/a.rs"] == ("app::a", False)
    assert str(made.tree.excluded[0].decided_by) == "src/a.rs:2:1"


def test_unknown_predicates_are_neither_yes_nor_no(crate: Make) -> None:
    made = crate(
        {"src/lib.rs": "#[cfg(maybe)] mod a;\n#[cfg(not(maybe))] mod b;", "src/a.rs": "", "src/b.rs": ""}
    )
    assert files(made)["src/a.rs"][1] is None
    assert files(made)["src/b.rs"][1] is None
    assert made.tree.excluded == ()


def test_one_of_two_files_for_a_module(crate: Make) -> None:
    made = crate(
        {
            "src/lib.rs": """\
                #[cfg(target_arch = "wasm32")] #[path = "wasm.rs"] mod imp;
                #[cfg(not(target_arch = "wasm32"))] #[path = "native.rs"] mod imp;
            """,
            "src/wasm.rs": "",
            "src/native.rs": "",
        }
    )
    assert files(made)["src/wasm.rs"] == ("app::imp", True)
    assert files(made)["src/native.rs"] == ("app::imp", False)


def test_a_path_that_may_or_may_not_apply(crate: Make) -> None:
    made = crate({"src/lib.rs": '#[cfg_attr(maybe, path = "m.rs")] mod a;', "src/m.rs": "", "src/a.rs": ""})
    assert files(made)["src/m.rs"][1] is None
    assert files(made)["src/a.rs"][1] is None


def test_modules_inside_macros(crate: Make) -> None:
    made = crate(
        {
            "src/lib.rs": """\
                cfg_if::cfg_if! {
                    if #[cfg(unix)] { mod unix; }
                    else if #[cfg(target_os = "wasi")] { mod wasi; use wasi as imp; }
                    else { mod other; }
                }
                cfg_net! { pub mod net; }
            """,
            "src/unix.rs": "",
            "src/wasi.rs": "",
            "src/other.rs": "",
            "src/net.rs": "",
        }
    )
    assert {path: state for path, (_, state) in files(made).items()} == {
        "src/lib.rs": True,
        "src/unix.rs": False,
        "src/wasi.rs": True,
        "src/other.rs": False,
        "src/net.rs": None,
    }


def test_problems_of_the_module_tree(crate: Make) -> None:
    made = crate(
        {
            "src/lib.rs": """\
                mod missing;
                #[cfg(unix)] mod missing_but_not_wanted;
                mod both;
                #[path = "lib.rs"] mod myself;
                #[path = concat!("a", "b")] mod odd;
            """,
            "src/both.rs": "",
            "src/both/mod.rs": "",
            "src/odd.rs": "",
        }
    )
    told = [(str(problem.location), problem.message) for problem in made.tree.problems]
    assert told == [
        ("src/lib.rs:1:1", "the file of module `missing` is not there"),
        ("src/lib.rs:3:1", "both src/both.rs and src/both/mod.rs hold module `both`"),
        ("src/lib.rs:4:20", "src/lib.rs includes itself as a module"),
        ("src/lib.rs:5:1", "the value of `path` is not a string literal"),
    ]
    assert "looked for src/missing.rs and src/missing/mod.rs" in made.tree.problems[0].help


def test_includes_from_a_build_script(crate: Make) -> None:
    sources = {
        "src/lib.rs": """\
            mod made { include!(concat!(env!("OUT_DIR"), "/bindings.rs")); }
            include!(concat!("gen", "/x.rs"));
            include!(concat!(env!("CARGO_MANIFEST_DIR"), "/y.rs"));
        """,
        "src/gen/x.rs": "fn x() {}",
        "pkg/y.rs": "fn y() {}",
        "out/bindings.rs": "pub fn z() {}",
    }
    unknown = crate(sources, manifest_dir="pkg")
    assert [(include.module, include.path, include.uses_out_dir) for include in unknown.tree.includes] == [
        ("app", "src/gen/x.rs", False),
        ("app", "pkg/y.rs", False),
        ("app::made", None, True),
    ]
    assert unknown.tree.includes[2].text == 'concat!(env!("OUT_DIR"), "/bindings.rs")'
    known = crate(sources, manifest_dir="pkg", out_dir="out")
    assert files(known)["out/bindings.rs"] == ("app::made", True)
    assert known.tree.problems == ()


def test_no_root_file(crate: Make) -> None:
    made = crate({})
    assert [problem.message for problem in made.tree.problems] == ["the crate's root file is not there"]


def test_excluded_files_need_not_be_read(crate: Make) -> None:
    sources = {"src/lib.rs": "#[cfg(unix)] mod a;", "src/a.rs": "mod b;", "src/a/b.rs": ""}
    assert files(crate(sources, read_excluded=False)) == {
        "src/lib.rs": ("app", True),
        "src/a.rs": ("app::a", False),
    }
