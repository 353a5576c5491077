"""Which line brought an import in, which world is meant, and packages that are not plain text."""

from __future__ import annotations

import subprocess

import pytest

from wasmdoctor.model.source import SourceText
from wasmdoctor.model.wit import Resolution, World
from wasmdoctor.readers.wit import (
    DiskFiles,
    Features,
    MemoryFiles,
    find_world,
    load_wit,
    resolve_wit,
    world_names,
)

MAIN = """\
package my:app@0.1.0;

world app {
  import my:lib/outer@1.0.0;
  include base with { log as print };
  use types.{thing};
  type size = u32;
  export api;
}
world base {
  import log: func(s: string);
  import my:lib/outer@1.0.0;
  import clock;
}
interface types { use my:lib/inner@1.0.0.{t as thing}; }
interface clock {}
interface api { use types.{thing}; run: async func(a: option<thing>) -> result<list<u8>, thing>; }
""".replace("print };", "print }")
LIB = """\
package my:lib@1.0.0;
interface outer { use inner.{t}; f: func() -> t; }
interface inner { resource t { m: func(); } }
"""


def resolved(features: Features | None = None, **files: str) -> Resolution:
    contents = {name.replace("__", "/") + ".wit": text.encode() for name, text in files.items()}
    return resolve_wit(load_wit(MemoryFiles(contents), ["wit"]), features or Features())


def world(resolution: Resolution, selector: str | None = None) -> World:
    found = find_world(resolution, selector)
    assert isinstance(found, World), found
    return found


def ways(world: World, name: str, side: str = "imports") -> list[str]:
    steps = getattr(world, side)[name].origin.steps
    return [f"{step.kind} {step.location} {step.owner} -> {step.target}" for step in steps]


def test_every_import_says_which_lines_brought_it_in():
    app = world(resolved(wit__main=MAIN, wit__deps__lib=LIB), "app")
    assert list(app.imports) == [
        "my:lib/inner@1.0.0",
        "my:lib/outer@1.0.0",
        "my:app/clock@0.1.0",
        "my:app/types@0.1.0",
        "thing",
        "size",
        "print",
    ]
    me = "my:app/app@0.1.0"
    assert ways(app, "my:lib/outer@1.0.0") == [f"import wit/main.wit:4:3 {me} -> my:lib/outer@1.0.0"]
    assert ways(app, "my:lib/inner@1.0.0") == [
        f"import wit/main.wit:4:3 {me} -> my:lib/outer@1.0.0",
        "use wit/deps/lib.wit:2:19 my:lib/outer@1.0.0 -> my:lib/inner@1.0.0",
    ]
    assert ways(app, "my:app/clock@0.1.0") == [
        f"include wit/main.wit:5:3 {me} -> my:app/base@0.1.0",
        "import wit/main.wit:13:3 my:app/base@0.1.0 -> my:app/clock@0.1.0",
    ]
    assert ways(app, "print") == [
        f"include wit/main.wit:5:3 {me} -> my:app/base@0.1.0",
        "import wit/main.wit:11:10 my:app/base@0.1.0 -> log",
    ]
    assert ways(app, "my:app/types@0.1.0") == [f"use wit/main.wit:6:3 {me} -> my:app/types@0.1.0"]
    assert ways(app, "size") == [f"type wit/main.wit:7:8 {me} -> size"]
    assert ways(app, "my:app/api@0.1.0", "exports") == [f"export wit/main.wit:8:3 {me} -> my:app/api@0.1.0"]
    assert {name for name, item in app.imports.items() if item.explicit} == {"my:lib/outer@1.0.0", "size"}
    assert str(app.imports["print"].location) == "wit/main.wit:5:3"


def test_behind_gates_the_line_of_the_keyword_counts():
    text = (
        "package a:b@1.2.0;\ninterface low { type t = u8; }\ninterface high {\n  @since(version = 1.0.0)\n"
        "  use low.{t};\n}\nworld base {\n  @since(version = 1.0.0)\n  /// Heights.\n  import high;\n}\n"
        "world w {\n  @since(version = 1.1.0)\n  @deprecated(version = 1.2.0)\n  include base;\n}\n"
    )
    assert ways(world(resolved(wit__a=text), "w"), "a:b/low@1.2.0") == [
        "include wit/a.wit:15:3 a:b/w@1.2.0 -> a:b/base@1.2.0",
        "import wit/a.wit:10:3 a:b/base@1.2.0 -> a:b/high@1.2.0",
        "use wit/a.wit:5:3 a:b/high@1.2.0 -> a:b/low@1.2.0",
    ]


def test_what_an_export_needs_is_imported_because_of_the_export():
    text = "package a:b;\ninterface low { resource r; }\ninterface high { use low.{r}; }\nworld w { export high; }\n"
    only = world(resolved(wit__a=text))
    assert ways(only, "a:b/low") == [
        "export wit/a.wit:4:11 a:b/w -> a:b/high",
        "use wit/a.wit:3:18 a:b/high -> a:b/low",
    ]


def test_functions_and_types_are_described():
    resolution = resolved(wit__main=MAIN, wit__deps__lib=LIB)
    api = resolution.packages["my:app@0.1.0"].interfaces["api"]
    assert api.name == "my:app/api@0.1.0"
    assert api.depends == ("my:app/types@0.1.0",)
    run = api.functions["run"]
    assert run.signature == "async func(a: option<thing>) -> result<list<u8>, thing>"
    assert run.params[0].type.args[0].name == "thing"
    thing = api.types["thing"]
    assert (thing.kind, thing.used_from, thing.used_name) == ("use", "my:app/types@0.1.0", "thing")
    assert thing.is_resource
    inner = resolution.packages["my:lib@1.0.0"].interfaces["inner"]
    assert inner.resources == ("t",)
    assert inner.functions["[method]t.m"].signature == "func(self: borrow<t>)"
    assert str(inner.location) == "wit/deps/lib.wit:3:11"


def test_a_label_says_what_it_implements():
    text = (
        "package a:b; interface i { f: func(); } world w { import x: i; import y: interface { g: func(); } }"
    )
    only = world(resolved(wit__a=text))
    assert {name: (item.implements, item.interface.name) for name, item in only.imports.items()} == {
        "x": ("a:b/i", "a:b/i"),
        "y": ("", "y"),
    }


def test_worlds_are_found_as_wit_bindgen_finds_them():
    main = "package a:b@1.0.0; world one {} world two {}"
    both = resolved(
        wit__a=main,
        wit__deps__c="package c:d@1.0.0; world w {}",
        wit__deps__e="package c:d@2.0.0; world w {}",
    )
    assert world_names(both.main[0]) == ("a:b/one@1.0.0", "a:b/two@1.0.0")
    assert world(both, "two").name == "a:b/two@1.0.0"
    assert world(both, "a:b/two").short == "two"
    assert world(both, "a:b/two@1.0.0").short == "two"
    assert world(both, "c:d/w@2.0.0").package == "c:d@2.0.0"
    assert find_world(both) == "there are several worlds; name one of `a:b/one@1.0.0`, `a:b/two@1.0.0`"
    assert find_world(both, "c:d/w") == "package `c:d` is there at versions 1.0.0 and 2.0.0; say which"
    assert find_world(both, "towo") == "package `a:b@1.0.0` has no world `towo`; did you mean `two`?"
    assert find_world(both, "a:x/two") == "there is no package `a:x`"
    assert "there is no package `a:b@2.0.0`" in str(find_world(both, "a:b/two@2.0.0"))
    assert world(resolved(wit__a="package a:b; world only {}")).short == "only"
    assert find_world(resolved(wit__a="package a:b;")) == "package `a:b` has no worlds"
    assert find_world(Resolution()) == "there is no WIT package to look for a world in"


def test_inline_text_uses_the_packages_of_the_paths():
    inline = SourceText("src/lib.rs", b"package x:y; world w { import my:lib/outer@1.0.0; }")
    sources = load_wit(MemoryFiles({"wit/lib.wit": LIB.encode()}), ["wit"], inline=inline)
    resolution = resolve_wit(sources)
    assert resolution.problems == ()
    assert [package.name for package in resolution.main] == ["x:y"]
    assert list(world(resolution).imports) == ["my:lib/inner@1.0.0", "my:lib/outer@1.0.0"]


def test_features_bring_unstable_items_in():
    text = "package a:b; interface i { @unstable(feature = x) f: func(); @unstable(feature = y) g: func(); }"
    names = {
        features: list(resolved(features, wit__a=text).packages["a:b"].interfaces["i"].functions)
        for features in (Features(), Features(frozenset({"x"})), Features(everything=True))
    }
    assert list(names.values()) == [[], ["f"], ["f", "g"]]


@pytest.fixture
def encoded(tmp_path, wasm_tools):
    """A folder whose ``deps`` are packages encoded by wasm-tools, each with its part of a third one."""
    wit = tmp_path / "wit"
    (wit / "deps").mkdir(parents=True)
    parts = {
        "one": "package p:one; world w { import s:shared/a; } package s:shared { interface a { f: func(); } interface b {} }",
        "two": "package p:two; world w { import s:shared/b; } package s:shared { interface a { g: func(); } interface b { h: func(); } }",
    }
    for name, text in parts.items():
        source = tmp_path / f"{name}.wit"
        source.write_text(text)
        form, suffix = ("--wat", "wat") if name == "two" else ("--wasm", "wasm")
        command = [wasm_tools, "component", "wit", source, form, "-o", wit / "deps" / f"{name}.{suffix}"]
        subprocess.run(command, check=True, timeout=60)
    (wit / "main.wit").write_text(
        "package m:m; world w { include p:one/w; include p:two/w; import s:shared/b; }"
    )
    return wit


def test_encoded_dependencies_are_read_through_their_text(encoded, reference, resolve):
    assert reference.differences(encoded) == ""
    resolution = resolve(encoded)
    assert resolution.problems == ()
    assert list(world(resolution).imports) == ["s:shared/b", "s:shared/a"]
    shared = resolution.packages["s:shared"].interfaces["b"]
    assert list(shared.functions) == ["h"]
    assert shared.location.line == 0


def test_an_encoded_dependency_that_cannot_be_decoded_is_a_problem(encoded):
    resolution = resolve_wit(load_wit(DiskFiles(), [str(encoded)]))
    assert [p.message for p in resolution.problems][:2] == [
        "this encoded package cannot be read without wasm-tools",
        "this encoded package cannot be read without wasm-tools",
    ]
    broken = resolve_wit(load_wit(DiskFiles(), [str(encoded)], decode=lambda path, data: None))
    assert "could not be decoded" in broken.problems[0].message


def test_files_that_cannot_be_read_are_problems():
    (problem, header) = resolve_wit(load_wit(DiskFiles(), ["no/such/place"])).problems
    assert (str(problem.location), problem.message) == (
        "no/such/place",
        "this cannot be read: no such file or directory",
    )
    assert "no WIT file here has a `package` line" in header.message


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        (
            {"wit__a": "package a:b; world w { import c:d/streems@1.0.0; }", "wit__deps__c": "package c:d@1.0.0; interface streams {}"},
            ("wit/a.wit:1:35", "package `c:d@1.0.0` does not have an interface `streems`", "did you mean `streams`?"),
        ),
        (
            {"wit__a": "package a:b; world w { import c:d/e@1.0.0; }", "wit__deps__c": "package c:d@1.2.0; interface e {}"},
            (
                "wit/a.wit:1:31",
                "there is no package `c:d@1.0.0`, only `c:d@1.2.0`",
                "write `@1.2.0`, or add the other version to `deps`",
            ),
        ),
        (
            {"wit__a": "package a:b; interface i { f: func(s: strin); }"},
            ("wit/a.wit:1:39", "there is no type `strin` here", "did you mean `string`?"),
        ),
        (
            {"wit__a": "package a:b; interface i {}", "wit__b": "package a:c;"},
            (
                "wit/b.wit:1:9",
                "this file says it belongs to package `a:c`, another file of the folder says `a:b`",
                "all files of a folder are one package: move one, or correct the line",
            ),
        ),
        (
            {"wit__a": "package a:b;", "wit__deps__one": "package c:d;", "wit__deps__two": "package c:d;"},
            (
                "wit/deps/two.wit:1:9",
                "package `c:d` is defined twice, here and at wit/deps/one.wit:1:9",
                "keep one of the two",
            ),
        ),
    ],
)  # fmt: skip
def test_problems_say_where_and_what_to_do(files, expected):
    (problem,) = resolved(**files).problems
    assert (str(problem.location), problem.message, problem.help) == expected


def test_one_missing_thing_is_reported_once_and_the_rest_still_resolves():
    text = """package a:b;
interface i { use c:d/e.{t, u}; use c:d/f.{v}; f: func(a: t) -> list<u>; type x = t; }
world w { import i; import c:d/e; import g: func(); }"""
    resolution = resolved(wit__a=text)
    assert [p.message for p in resolution.problems] == [
        "there is no package `c:d`: neither here nor in `deps`"
    ]
    assert list(world(resolution).imports) == ["a:b/i", "g"]


def test_a_file_with_a_syntax_error_does_not_make_its_names_missing():
    text = "package a:b;\ninterface i { type t = list<; type u = u8; }\ninterface j { use i.{t, u}; }\nworld w { import j; }"
    resolution = resolved(wit__a=text)
    assert [p.message for p in resolution.problems] == ["expected a type, found `;`"]
    assert list(world(resolution).imports) == ["a:b/i", "a:b/j"]
