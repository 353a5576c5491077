"""Each fix: the bytes before and after, nothing else changed, the finding gone, done once, and taken back."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
from fix.fix_support import Tree, crlf
from rules.rules_support import component, crate

from wasmdoctor.model.record import dataclass


@dataclass
class Case:
    """Files, the rule that finds something, and what becomes of which file (None: it goes)."""

    code: str
    files: Mapping[str, str]
    after: Mapping[str, str | None]
    unsafe: bool = False


APP = {
    "Cargo.toml": crate("app"),
    "src/lib.rs": component("app", "acme::log::out::line(1);"),
}
LOG = "package acme:log@0.2.0;\n\n/// Lines.\ninterface out {\n  line: func(n: u32);\n}\n\ninterface level {\n  set: func();\n}\n"


def app(world: str, **more: str) -> dict[str, str]:
    """A component crate with a world, and a package of two interfaces beside it."""
    return {**APP, "wit/world.wit": world, "wit/deps/log/log.wit": LOG, **more}


WORLD = """\
package acme:app;

// The application.
world app {
  import acme:log/out@0.2.0; // lines

  // Not called by anything.
  /* Neither is this. */
  import acme:log/level@0.2.0; // 水

  /// Runs.
  export run: func();
}
"""
LESS = """\
package acme:app;

// The application.
world app {
  import acme:log/out@0.2.0; // lines

  /// Runs.
  export run: func();
}
"""

NET = "package shop:net@0.1.0;\ninterface conn {\n  open: func(host: string, port: u16) -> u32;\n}\n"
OLD = NET.replace(", port: u16", "")
NET_MORE = NET.replace("}\n", "  close: func(c: u32);\n}\n")
USER = "package shop:app;\nworld app {\n  import shop:net/conn@0.1.0;\n  export run: func();\n}\n"


def copies(copy: str, original: str, world: str = USER, **more: str) -> dict[str, str]:
    """A crate with a copy of a package that the workspace defines."""
    return {
        "Cargo.toml": '[workspace]\nmembers = ["app"]\n',
        "app/Cargo.toml": crate("app"),
        "app/src/lib.rs": component("app", "shop::net::conn::open();"),
        "app/wit/world.wit": world,
        "app/wit/deps/net/net.wit": copy,
        "net/wit/net.wit": original,
        **more,
    }


def metadata(lines: str, **more: str) -> dict[str, str]:
    """A crate with component metadata."""
    return {
        "Cargo.toml": crate("app", more=lines),
        "src/lib.rs": component("app", ""),
        "wit/world.wit": "package acme:app;\nworld app {\n  export run: func();\n}\n",
        **more,
    }


TARGET = (
    "\n[package.metadata.component] # ours\npackage = 'acme:app'\n\n[package.metadata.component.target]\n"
)


def with_target(lines: str) -> str:
    """The manifest of ``metadata``."""
    return crate("app", more=TARGET + lines)


def versions(low: str) -> str:
    """A library's manifest with a version of wit-bindgen."""
    return crate("low", '["rlib"]').replace('"0.48.1"', low)


RANDOM = "package wasi:random@{};\ninterface insecure {{\n  get-insecure-random-u64: func() -> u64;\n}}\n"
CANDIDATE = "0.2.0-rc-2023-11-10"


def random_at(version: str) -> str:
    """A world that imports an interface of WASI at a version."""
    return (
        f"package acme:app;\nworld app {{\n  import wasi:random/insecure@{version}; // why\n"
        "  export run: func();\n}\n"
    )


CASES = {
    "a version that no host has": Case(
        "WD102",
        {
            **APP,
            "src/lib.rs": component(
                "app", "wasi::random0_2_0_rc_2023_11_10::insecure::get_insecure_random_u64();"
            ),
            "wit/world.wit": random_at(CANDIDATE),
            "wit/deps/old/random.wit": RANDOM.format(CANDIDATE),
            "wit/deps/random/random.wit": RANDOM.format("0.2.6"),
        },
        {"wit/world.wit": random_at("0.2.6")},
        unsafe=True,
    ),
    "unused import": Case("WD107", app(WORLD), {"wit/world.wit": LESS}),
    "unused import of the standard": Case(
        "WD205",
        {
            **APP,
            "src/lib.rs": component("app", ""),
            "wit/world.wit": "package acme:app;\nworld app {\n  import wasi:http/outgoing-handler@0.2.3;\n"
            "  export run: func();\n}\n",
            "wit/deps/http/http.wit": "package wasi:http@0.2.3;\ninterface outgoing-handler {\n  handle: func();\n}\n",
        },
        {"wit/world.wit": "package acme:app;\nworld app {\n  export run: func();\n}\n"},
    ),
    "unused import that code names": Case(
        "WD107",
        app(WORLD)
        | {"src/lib.rs": APP["src/lib.rs"] + "#[allow(dead_code)]\nfn f() { acme::log::level::set() }\n"},
        {"wit/world.wit": LESS},
        unsafe=True,
    ),
    "unused include": Case(
        "WD107",
        app(
            "package acme:app;\nworld app {\n  // All of it.\n  include more;\n  import acme:log/out@0.2.0;\n"
            "  export run: func();\n}\nworld more {\n  import acme:log/level@0.2.0;\n}\n"
        ),
        {
            "wit/world.wit": "package acme:app;\nworld app {\n  import acme:log/out@0.2.0;\n"
            "  export run: func();\n}\nworld more {\n  import acme:log/level@0.2.0;\n}\n"
        },
    ),
    "a stale copy that lacks something": Case(
        "WD203", copies(NET, NET_MORE), {"app/wit/deps/net/net.wit": NET_MORE}
    ),
    "a stale copy that is another": Case(
        "WD203", copies(OLD, NET), {"app/wit/deps/net/net.wit": NET}, unsafe=True
    ),
    "a stale copy that is exported": Case(
        "WD203",
        copies(NET, NET_MORE, USER.replace("import", "export")),
        {"app/wit/deps/net/net.wit": NET_MORE},
        unsafe=True,
    ),
    "a stale copy of several files": Case(
        "WD203",
        copies(
            NET,
            "package shop:net@0.1.0;\ninterface other {}\n",
            **{"net/wit/conn.wit": NET_MORE.partition("\n")[2]},
        ),
        {
            "app/wit/deps/net/net.wit": "package shop:net@0.1.0;\ninterface other {}\n",
            "app/wit/deps/net/conn.wit": NET_MORE.partition("\n")[2],
        },
    ),
    "a version that is not there": Case(
        "WD202",
        app(LESS.replace("@0.2.0; //", "@0.2.7; //")),
        {"wit/world.wit": LESS},
    ),
    "no version where there is one": Case("WD202", app(LESS.replace("@0.2.0", "")), {"wit/world.wit": LESS}),
    "a version of another track": Case(
        "WD202", app(LESS.replace("@0.2.0", "@0.1.0")), {"wit/world.wit": LESS}, unsafe=True
    ),
    "a name that is not there": Case(
        "WD202", app(LESS.replace("/out@", "/outt@")), {"wit/world.wit": LESS}, unsafe=True
    ),
    "a keyword as a name": Case(
        "WD201",
        {
            **APP,
            "wit/a.wit": "package a:b;\n// record\ninterface i {\n  record r { list: u8, /* ä */ flags: u32 }\n"
            "  resource: func(record: r) -> r;\n}\n",
        },
        {
            **APP,
            "wit/a.wit": "package a:b;\n// record\ninterface i {\n  record r { %list: u8, /* ä */ %flags: u32 }\n"
            "  %resource: func(%record: r) -> r;\n}\n",
        },
    ),
    "two versions of one track": Case(
        "WD204",
        app(
            "package acme:app;\nworld app {\n  import acme:log/out@0.2.0;\n  import acme:log/level@0.2.1;\n"
            "  import acme:log/out@0.2.1;\n  export run: func();\n}\n",
            **{"wit/deps/newer/log.wit": LOG.replace("@0.2.0", "@0.2.1")},
        )
        | {
            "src/lib.rs": component(
                "app",
                "acme::log0_2_0::out::line(1);acme::log0_2_1::out::line(1);acme::log0_2_1::level::set();",
            )
        },
        {
            "wit/world.wit": "package acme:app;\nworld app {\n  import acme:log/level@0.2.1;\n"
            "  import acme:log/out@0.2.1;\n  export run: func();\n}\n"
        },
        unsafe=True,
    ),
    "bindgen versions": Case(
        "WD302",
        {
            "Cargo.toml": '[workspace]\nmembers = ["app", "low"]\n',
            "app/Cargo.toml": crate("app", dependencies='low = { path = "../low" }'),
            "app/src/lib.rs": component("app", "low::f();"),
            "app/wit/world.wit": "package acme:app;\nworld app {\n  export run: func();\n}\n",
            "low/Cargo.toml": versions('{ version = "0.36.0", features = [] } # why'),
            "low/src/lib.rs": "pub fn f() {}\n",
        },
        {"low/Cargo.toml": versions('{ version = "0.48.1", features = [] } # why')},
        unsafe=True,
    ),
    "metadata path": Case(
        "WD303",
        metadata(TARGET + 'path = "wits" # here\nworld = "app"\n'),
        {"Cargo.toml": with_target('path = "wit" # here\nworld = "app"\n')},
    ),
    "metadata world": Case(
        "WD303",
        metadata(TARGET + 'path = "wit"\nworld = "ap"\n'),
        {"Cargo.toml": with_target('path = "wit"\nworld = "app"\n')},
    ),
    "metadata name": Case(
        "WD304",
        metadata(TARGET.replace("acme:app'", "acme:old@1.0.0'  ") + 'path = "wit"\n'),
        {
            "Cargo.toml": crate(
                "app", more=TARGET.replace("acme:app'", "acme:app@1.0.0'  ") + 'path = "wit"\n'
            )
        },
    ),
    "crate type": Case(
        "WD305",
        metadata(TARGET + 'path = "wit"\n')
        | {"Cargo.toml": crate("app", '[ "rlib" ]', more=TARGET + 'path = "wit"\n')},
        {"Cargo.toml": crate("app", '[ "rlib", "cdylib" ]', more=TARGET + 'path = "wit"\n')},
        unsafe=True,
    ),
    "target": Case(
        "WD305",
        metadata(
            TARGET + 'path = "wit"\n',
            **{".cargo/config.toml": '[build]\ntarget = "wasm32-unknown-emscripten" # ?\n'},
        ),
        {".cargo/config.toml": '[build]\ntarget = "wasm32-wasip2" # ?\n'},
        unsafe=True,
    ),
    "unused suppression in WIT": Case(
        "WD004",
        app(LESS.replace("  import", "  // wasmdoctor: allow(WD205) -- soon\n  import")),
        {"wit/world.wit": LESS},
    ),
    "unused suppression behind code": Case(
        "WD004",
        app(LESS.replace("// lines", "/* wasmdoctor: allow(WD205) -- soon */ // lines")),
        {"wit/world.wit": LESS.replace("; // lines", "; // lines")},
    ),
    "one unused rule of two": Case(
        "WD004",
        app(WORLD.replace("  // Not", "  // wasmdoctor: allow(WD107, WD205) -- soon\n  // Not")),
        {"wit/world.wit": WORLD.replace("  // Not", "  // wasmdoctor: allow(WD107) -- soon\n  // Not")},
    ),
    "unused suppression in Rust and TOML": Case(
        "WD004",
        app(LESS)
        | {
            "src/lib.rs": "// wasmdoctor: allow(WD301, WD305) -- both\n" + APP["src/lib.rs"],
            "Cargo.toml": "# wasmdoctor: allow(WD301) -- none\n" + APP["Cargo.toml"],
        },
        {"src/lib.rs": APP["src/lib.rs"], "Cargo.toml": APP["Cargo.toml"]},
    ),
    "unused suppression in the configuration": Case(
        "WD004",
        app(
            LESS,
            **{
                "wasmdoctor.toml": '# Ours.\nfail-on = "warning"\n\n# Old.\n[[allow]]\nrules = ["WD301"]\nreason = "r"\n\n'
                '[[allow]]\nrules = ["WD101"]\nreason = "our host has it" # yes\n'
            },
        ),
        {
            "wasmdoctor.toml": '# Ours.\nfail-on = "warning"\n\n'
            '[[allow]]\nrules = ["WD101"]\nreason = "our host has it" # yes\n'
        },
    ),
    "one unused rule of the configuration, all of it": Case(
        "WD004",
        app(
            LESS,
            **{
                "wasmdoctor.toml": '[[allow]]\nrules = ["WD101", "WD301"]\nreason = "r"\n\n[[allow]]\nrules = ["WD302"]\nreason = "r"\n'
            },
        ),
        {"wasmdoctor.toml": '[[allow]]\nrules = ["WD101"]\nreason = "r"\n'},
    ),
    "expired suppression": Case(
        "WD005",
        app(
            LESS, **{"wasmdoctor.toml": '[[allow]]\nrules = ["WD101"]\nreason = "r"\nexpires = 2020-01-01\n'}
        ),
        {"wasmdoctor.toml": ""},
        unsafe=True,
    ),
}


@pytest.mark.parametrize("ends", ["lf", "crlf"])
@pytest.mark.parametrize("name", CASES)
def test_what_a_fix_does(name: str, ends: str, tmp_path: Path) -> None:
    case = CASES[name]
    written = case.files if ends == "lf" else crlf(case.files)
    expected = {path: text for path, text in case.after.items() if text is not None}
    texts = {path: text.encode() for path, text in expected.items()} if ends == "lf" else crlf(expected)
    tree = Tree(tmp_path / "tree", written)
    before = tree.contents()
    after = {path: data for path, data in {**before, **texts}.items() if case.after.get(path, "") is not None}
    # Of rules that are not asked no suppression is called unused.
    select = [] if case.code in ("WD004", "WD005") else ["--select", case.code]
    words = [*select, "--unsafe-fixes"] if case.unsafe else select
    found = [code for code in tree.codes(*select) if code == case.code]
    assert found

    if case.unsafe:
        done = tree.run("check", ".", "--fix", *select)
        assert tree.contents() == before, done.output
        assert "more with --unsafe-fixes" in done.stderr

    diff = tree.run("check", ".", "--diff", *words)
    assert tree.contents() == before
    assert diff.exit_code == 1, diff.output
    assert tree.patched(diff.stdout_bytes) == after

    done = tree.run("check", ".", "--fix", *words)
    assert tree.contents() == after
    assert f"fixed {len(found)} finding" in done.stderr, done.stderr
    assert case.code not in tree.codes(*select)

    if ends == "crlf":
        return
    again = tree.run("check", ".", "--fix", *words)
    assert tree.contents() == after
    assert "nothing to fix" in again.stderr
    assert tree.run("check", ".", "--diff", *words).exit_code == 0

    undone = tree.run("undo")
    assert undone.exit_code == 0, undone.output
    assert tree.contents() == before
