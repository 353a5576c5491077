"""WD116, WD117, WD208, WD306, WD406, WD407 and WD501's functions: the pains of the field, and what only looks like them."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import WASM_TOOLS
from rules.rules_support import component, crate, shown, written
from skew.skew_support import adapted, coded, embedded, findings, packages

from wasmdoctor.catalog import Catalog
from wasmdoctor.checks import layout, managers, wit, wituse
from wasmdoctor.checks.facts import Facts
from wasmdoctor.checks.freshness import stale_component
from wasmdoctor.model.finding import Finding
from wasmdoctor.model.remedy import MoveFile
from wasmdoctor.model.rule import Confidence, Severity
from wasmdoctor.pipeline.check import CheckOptions, check
from wasmdoctor.pipeline.compose import ComposeOptions, compose
from wasmdoctor.toolchain import Toolchain

Project = Callable[..., Facts]
Dummy = Callable[..., bytes]


def found(folder: Path, host: str = "wasmtime") -> tuple[Finding, ...]:
    """What `check .` finds in a folder."""
    return check(CheckOptions((".",), folder, host), Catalog(), Toolchain()).findings


# -- WD116


def test_what_the_adapter_asks_for_is_nobodys_crate(tmp_path: Path) -> None:
    app = adapted(tmp_path, "0.2.0", "0.2.0")
    lines = {each.interface: each for each in findings(app, "none")}
    assert lines["wasi:cli/exit@0.2.0"].code == "WD116"
    assert "(through the preview1 adapter) does" in lines["wasi:cli/exit@0.2.0"].message
    assert [(s.kind, s.evidence) for s in lines["wasi:cli/exit@0.2.0"].origin] == [("std", "component")]
    # The module calls that one itself, and by no name of std's.
    assert lines["wasi:cli/environment@0.2.0"].code == "WD101"


def test_where_the_host_has_it_nothing_is_said(tmp_path: Path) -> None:
    assert coded(adapted(tmp_path, "0.2.0", "0.2.0"), "WD116") == []


def named_import(folder: Path, symbol: str) -> Path:
    """A component whose module imports a function of WASI under this name in its name section."""
    core = embedded(
        folder,
        "import wasi:cli/environment@0.2.0; export go: func();",
        packages("wasi:cli@0.2.0"),
        f"""(module (import "wasi:cli/environment@0.2.0" "initial-cwd" (func ${symbol} (param i32)))
            (memory (export "memory") 1)
            (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) unreachable)
            (func (export "go") (call ${symbol} (i32.const 0))))""",
    )
    app = folder / "app.wasm"
    subprocess.run([WASM_TOOLS, "component", "new", core, "-o", app], check=True)
    return app


@pytest.mark.parametrize(
    ("symbol", "code", "confidence"),
    [
        ("_RNvNtCsiPyzIQS1Cnq_3std3env11initial_cwd", "WD116", Confidence.HIGH),
        ("_RNvNtCsiPyzIQS1Cnq_6wasip23cli11initial_cwd", "WD116", Confidence.MEDIUM),
        ("_RNvNtCsiPyzIQS1Cnq_6weaver3cli11initial_cwd", "WD101", Confidence.HIGH),
        ("initial_cwd", "WD101", Confidence.HIGH),
    ],
)
def test_the_name_section_says_whose_import_it_is(
    tmp_path: Path, symbol: str, code: str, confidence: Confidence
) -> None:
    [line] = [f for f in findings(named_import(tmp_path, symbol), "none") if f.severity is Severity.ERROR]
    assert (line.code, line.confidence) == (code, confidence)


def test_what_a_crate_of_the_sources_binds_is_not_stds(tmp_path: Path) -> None:
    built = named_import(tmp_path / "made", "_RNvNtCsiPyzIQS1Cnq_6wasip23cli11initial_cwd")
    files = {
        "Cargo.toml": crate("app"),
        "src/lib.rs": component("app", "wasi::cli::environment::initial_cwd();", "go"),
        "wit/world.wit": "package my:app;\nworld app {\n  import wasi:cli/environment@0.2.0;\n  export go: func();\n}\n",
        **{f"wit/deps/{name}": text for name, text in packages("wasi:cli@0.2.0").items()},
    }
    written(tmp_path / "shop", files)
    shutil.copy2(built, tmp_path / "shop/app.wasm")
    lines = [each for each in found(tmp_path / "shop", "none") if each.severity is Severity.ERROR]
    assert [(each.code, str(each.location)) for each in lines] == [("WD101", "wit/world.wit:3:3")]


# -- WD117

TYPES = """\
package shop:main@1.0.0;
interface types {
  resource order { total: func() -> u32; }
}
interface orders {
  use types.{order};
  find: func() -> order;
}
"""


def test_a_use_in_an_exported_interface_imports(project: Project) -> None:
    [draft] = wituse.import_by_use(project({"wit/a.wit": TYPES + "world shop {\n  export orders;\n}\n"}))
    assert draft.severity is Severity.WARNING
    assert str(draft.location) == "wit/a.wit:6:3"
    assert draft.message == (
        "this `use` in `shop:main/orders@1.0.0` makes world `shop` import `shop:main/types@1.0.0`, and no line of the "
        "world says so, which wasmtime@48 does not provide"
    )
    assert "write `export shop:main/types@1.0.0;` in the world" in draft.help
    assert [str(place) for place, _ in draft.related] == ["wit/a.wit:10:3"]


def test_a_use_in_a_world_is_a_note_when_it_asks_for_nothing(project: Project) -> None:
    text = (
        "package shop:main;\ninterface types { enum size { s, m } }\nworld shop {\n  use types.{size};\n}\n"
    )
    [draft] = wituse.import_by_use(project({"wit/a.wit": text}))
    assert draft.severity is None
    assert str(draft.location) == "wit/a.wit:4:3"
    assert "only types, so nobody has to provide it" in draft.message


@pytest.mark.parametrize(
    "world",
    [
        "export types;\n  export orders;",
        "import types;\n  export orders;",
        "import types;\n  use types.{order};",
        "use types.{order};\n  import types;",
        "import types;\n  import orders;",
    ],
)
def test_what_a_line_names_is_no_finding(project: Project, world: str) -> None:
    assert shown(wituse.import_by_use(project({"wit/a.wit": f"{TYPES}world shop {{\n  {world}\n}}\n"}))) == []


def test_types_of_the_hosts_interfaces_are_no_finding(project: Project) -> None:
    files = {
        "wit/a.wit": "package shop:main;\nworld shop { import wasi:io/streams@0.2.0; }\n",
        "wit/deps/io.wit": packages("wasi:io@0.2.0")["wasi-io-0.2.0.wit"],
    }
    assert shown(wituse.import_by_use(project(files))) == []


# -- WD208

STORE = "package shop:store;\ninterface store { get: func(); }\n"
WORLD = "package shop:app;\nworld app { import shop:store/store; }\n"


def layouts(facts: Facts) -> list[tuple[str, str, list[tuple[str, str]]]]:
    """Of each finding the place, the severity, and the moves of its fix."""
    lines = []
    for draft in layout.wit_layout(facts):
        assert draft.help
        moves = [(a.path, a.to) for r in draft.remedies for a in r.actions if isinstance(a, MoveFile)]
        lines.append((str(draft.location), (draft.severity or Severity.ERROR).value, moves))
    return lines


def test_the_package_without_the_world_moves(project: Project) -> None:
    facts = project({"wit/a.wit": STORE, "wit/b.wit": "interface more {}\n", "wit/z.wit": WORLD})
    assert layouts(facts) == [("wit/a.wit:1:9", "error", [("wit/a.wit", "wit/deps/shop-store/a.wit")])]
    assert shown(wit.syntax(facts)) == shown(wit.unresolved(facts)) == []


def test_two_packages_in_a_folder_of_deps(project: Project) -> None:
    clock = "package shop:clock;\ninterface clock {}\n"
    facts = project({"wit/w.wit": WORLD, "wit/deps/all/a.wit": STORE, "wit/deps/all/b.wit": clock})
    assert layouts(facts) == [
        ("wit/deps/all/b.wit:1:9", "error", [("wit/deps/all/b.wit", "wit/deps/shop-clock/b.wit")])
    ]


@pytest.mark.parametrize("place", ["wit/deps/x/deps/y/s.wit", "wit/deps/shop/store/s.wit", "wit/lib/s.wit"])
def test_a_missing_package_that_lies_deeper(project: Project, place: str) -> None:
    inner = {"wit/deps/x/x.wit": "package shop:x;\ninterface x {}\n"} if "/x/" in place else {}
    facts = project({"wit/w.wit": WORLD, place: STORE, **inner})
    assert layouts(facts) == [(f"{place}:1:9", "error", [(place, "wit/deps/shop-store/s.wit")])]


def test_a_subfolder_that_nobody_reads(project: Project) -> None:
    own = "package shop:app;\nworld app { import store; }\n"
    facts = project({"wit/w.wit": own, "wit/in/store.wit": "interface store { get: func(); }\n"})
    assert layouts(facts) == [("wit/in/store.wit:1:1", "error", [("wit/in/store.wit", "wit/store.wit")])]
    assert shown(wit.syntax(facts)) == []
    fine = project({"wit/w.wit": "package shop:app;\nworld app {}\n"})
    assert [severity for _, severity, _ in layouts(fine)] == ["warning"]


def test_nothing_is_moved_over_another_file(project: Project) -> None:
    files = {"wit/w.wit": WORLD, "wit/lib/s.wit": STORE, "wit/deps/shop-store/s.wit": "package a:b;\n"}
    assert layouts(project(files)) == [("wit/lib/s.wit:1:9", "error", [])]


@pytest.mark.parametrize(
    "files",
    [
        {"wit/w.wit": WORLD, "wit/deps/store.wit": STORE},
        {"wit/w.wit": WORLD, "wit/deps/shop/a.wit": STORE, "wit/deps/shop/b.wit": "interface more {}\n"},
        # A package that is there twice, once where nobody looks, is left over.
        {"wit/w.wit": WORLD, "wit/deps/s/s.wit": STORE, "wit/deps/s/deps/s/s.wit": STORE},
        # A folder of packages is no package.
        {"wit/app/w.wit": "package a:a;\nworld a {}\n", "wit/lib/l.wit": STORE},
        {"wit/w.wit": "package a:a;\nworld a {}\n", "wit/other/l.wit": "package b:b;\nworld b {}\n"},
        # Two packages in one file, as WIT has it.
        {"wit/w.wit": "package a:a;\npackage b:b { interface c {} }\nworld a { import b:b/c; }\n"},
    ],
)
def test_wit_that_lies_where_it_should(project: Project, files: dict[str, str]) -> None:
    assert layouts(project(files)) == []


def test_a_subfolder_that_a_call_reads_is_its_own_affair(project: Project) -> None:
    facts = project(
        {
            "Cargo.toml": crate("app"),
            "src/lib.rs": component("app", "").replace('path: "wit"', 'path: "wit/inner"'),
            "wit/w.wit": "package a:a;\nworld a {}\n",
            "wit/inner/w.wit": "package a:a;\nworld app { export run: func(); }\n",
        }
    )
    assert layouts(facts) == []


# -- WD306

LOCK = """\
version = 1

[[packages]]
name = "shop:net"
registry = "example.com"

[[packages.versions]]
requirement = "=0.2.0"
version = "0.2.0"
digest = "sha256:00"
"""
NET = {
    "wit/w.wit": "package shop:app;\nworld app { import shop:net/tcp@0.2.0; }\n",
    "wit/deps/net/net.wit": "package shop:net@0.2.0;\ninterface tcp {}\n",
}


def test_the_tool_whose_lock_fits_is_kept(project: Project) -> None:
    facts = project({**NET, "wit/deps.toml": 'net = "../net"\n', "wkg.lock": LOCK})
    [draft] = managers.two_managers(facts)
    assert str(draft.location) == "wit/deps.toml:1:1"
    assert draft.message.startswith(
        "2 tools look after wit/deps: wkg (wkg.lock) and wit-deps (wit/deps.toml)"
    )
    assert draft.help == "keep wkg: wit/deps is what it locked; remove wit/deps.toml"
    assert [str(place) for place, _ in draft.related] == ["wkg.lock:1:1"]


def test_the_list_of_cargo_component_is_one_too(project: Project) -> None:
    metadata = '\n[package.metadata.component.target.dependencies]\n"shop:net" = { path = "wit/deps/net" }\n'
    files = {
        **NET,
        "Cargo.toml": crate("app", more=metadata + '[package.metadata.component]\npackage = "shop:app"\n'),
        "src/lib.rs": component("app", "").replace("\n    fn run() {  }", ""),
        "wkg.lock": LOCK,
    }
    [draft] = managers.two_managers(project(files))
    assert "wkg (wkg.lock) and cargo-component (Cargo.toml)" in draft.message
    assert "remove the WIT dependencies from Cargo.toml" in draft.help


@pytest.mark.parametrize(
    "more",
    [
        {"wkg.lock": LOCK},
        {"wkg.lock": LOCK, "wkg.toml": "[overrides]\n"},
        {"wit/deps.toml": 'net = "../net"\n'},
        {"wkg.lock": LOCK, "other/wit/deps.toml": 'net = "../net"\n', "other/wit/w.wit": "package a:b;\n"},
    ],
)
def test_one_tool_is_no_finding(project: Project, more: dict[str, str]) -> None:
    assert shown(managers.two_managers(project({**NET, **more}))) == []


# -- WD406

APP = "package a:b@0.1.0; interface t { f: func(x: u32); } world w { import t; export run: func(); }"


def composed(folder: Path, dummy: Dummy, *, app: str = APP, **others: str) -> dict[str, list[Finding]]:
    """What `compose` finds for an application and other components, by code; nothing is made."""
    for name, text in {"app": app, **others}.items():
        (folder / f"{name}.wasm").write_bytes(dummy(text, "w"))
    options = ComposeOptions((".",), folder, "out.wasm", root="app.wasm", dry_run=True)
    lines: dict[str, list[Finding]] = {}
    for each in compose(options, Catalog(), Toolchain()).findings:
        lines.setdefault(each.code, []).append(each)
    return lines


@pytest.mark.parametrize(
    ("other", "why"),
    [
        (
            "package a:b; interface t { f: func(x: u32); } world w { export t; }",
            "other.wasm exports `a:b/t` without a version: to a linker that is another interface",
        ),
        (
            "package a:b@0.2.0; interface t { f: func(x: u32); } world w { export t; }",
            "other.wasm exports it at version 0.2.0, which is not compatible with 0.1.0",
        ),
        (
            "package a:c; world w { export t: interface { f: func(x: u32); } }",
            "other.wasm exports an interface of that name that is written inside its world",
        ),
        (
            "package z:b@0.1.0; interface t { f: func(x: u32); } world w { export t; }",
            "other.wasm exports `z:b/t@0.1.0`: the interface and its functions are named alike",
        ),
    ],
)
def test_the_nearest_export_and_why_it_does_not_fit(
    tmp_path: Path, dummy: Dummy, other: str, why: str
) -> None:
    lines = composed(tmp_path, dummy, other=other)
    [line] = lines["WD406"]
    assert line.message.startswith(f"app.wasm imports `a:b/t@0.1.0`, and {why}")
    assert line.severity is Severity.ERROR
    assert "WD401" not in lines
    [beside] = [each for each in found(tmp_path) if each.code == "WD406"]
    assert beside.severity is Severity.WARNING
    assert "WD101" in {each.code for each in found(tmp_path)}


def test_an_import_by_a_plain_name_and_a_named_interface(tmp_path: Path, dummy: Dummy) -> None:
    app = "package a:b; world w { import t: interface { f: func(); } export run: func(); }"
    other = "package a:b@0.1.0; interface t { f: func(); } world w { export t; }"
    [line] = composed(tmp_path, dummy, app=app, other=other)["WD406"]
    assert line.help == "import it by its name: `import a:b/t@0.1.0;` in the world of app.wasm"


@pytest.mark.parametrize(
    ("other", "codes"),
    [
        # Nothing in common but a word: only a note, and the import is told as ever.
        (
            "package z:b@0.1.0; interface t { f: func() -> string; } world w { export t; }",
            {"WD401", "WD405", "WD406"},
        ),
        ("package z:b@0.1.0; interface t { g: func(); } world w { export t; }", {"WD401", "WD405"}),
        ("package a:b@0.1.0; interface u { f: func(x: u32); } world w { export u; }", {"WD401", "WD405"}),
        # Name and version fit: what differs is a function.
        ("package a:b@0.1.0; interface t { f: func(x: u64); } world w { export t; }", {"WD110", "WD405"}),
        ("package a:b@0.1.9; interface t { f: func(x: u32); } world w { export t; }", set()),
    ],
)
def test_what_is_not_near(tmp_path: Path, dummy: Dummy, other: str, codes: set[str]) -> None:
    lines = composed(tmp_path, dummy, other=other)
    assert set(lines) == codes
    assert [each.severity for each in lines.get("WD406", [])] in ([], [Severity.NOTE])


def test_a_wit_package_is_no_component(tmp_path: Path, dummy: Dummy) -> None:
    (tmp_path / "app.wit").write_text(APP)
    package = tmp_path / "package.wasm"
    subprocess.run(
        [WASM_TOOLS, "component", "wit", tmp_path / "app.wit", "--wasm", "-o", package], check=True
    )
    lines = composed(tmp_path, dummy)
    assert [each.message for each in lines["WD406"]] == [
        "package.wasm is a WIT package, not a component: it says what interfaces look like, and exports none"
    ]
    [beside] = [each for each in found(tmp_path) if each.code == "WD406"]
    assert "package.wasm is a WIT package that describes an interface `t`" in beside.message


# -- WD407

USED = (
    "package a:b@0.1.0; interface t { resource r { m: func() -> u32; } make: func() -> r; } "
    "interface i { use t.{r}; get: func() -> r; } world w { %s }"
)
OWN = "package a:b@0.1.0; interface i { resource r { m: func() -> u32; } get: func() -> r; } world w { export i; }"
BOTH = USED % "import t; import i; export run: func();"
SHAPES = {"both": USED % "export t; export i;", "t": USED % "export t;", "i": USED % "export i;", "own": OWN}


def made(folder: Path, dummy: Dummy, parts: list[str], *prefer: str) -> tuple[list[Finding], bool]:
    """The findings of WD407, and whether the components were composed (which validates the result)."""
    for name, text in (("app", BOTH), *((part, SHAPES[part]) for part in parts)):
        (folder / f"{name}.wasm").write_bytes(dummy(text, "w"))
    names = tuple(f"{name}.wasm" for name in ("app", *parts))
    options = ComposeOptions(names, folder, "out.wasm", root="app.wasm", prefer=prefer, tool="wasm-tools")
    done = compose(options, Catalog(), Toolchain())
    return [each for each in done.findings if each.code == "WD407"], bool(done.made_by)


@pytest.mark.parametrize("parts", [["both"], ["t", "i"], ["i"]])
def test_one_resource_composes(tmp_path: Path, dummy: Dummy, parts: list[str]) -> None:
    assert made(tmp_path, dummy, parts) == ([], True)


@pytest.mark.parametrize(
    ("parts", "prefer", "words"),
    [
        (
            ["own"],
            "",
            "`a:b/t@0.1.0`, which the composed component imports, in own.wasm that of `a:b/i@0.1.0`",
        ),
        (
            ["t", "own"],
            "",
            "in app.wasm it is that of `a:b/t@0.1.0` of t.wasm, in own.wasm that of `a:b/i@0.1.0` of",
        ),
        (
            ["t", "both"],
            "t.wasm",
            "that of `a:b/t@0.1.0` of t.wasm, in both.wasm that of `a:b/t@0.1.0` of both.wasm",
        ),
    ],
)
def test_two_resources_are_told_before_the_tool_is_asked(
    tmp_path: Path, dummy: Dummy, parts: list[str], prefer: str, words: str
) -> None:
    lines, done = made(tmp_path, dummy, parts, *filter(None, [prefer]))
    assert [words in each.message for each in lines] == [True]
    assert not done
    assert not (tmp_path / "out.wasm").exists()


# -- WD501: which function

BEFORE = "package a:b@0.1.0;\ninterface t {\n  f: func(x: u32);\n  g: func();\n}\nworld w {\n  %s t;\n}\n"


@pytest.mark.parametrize(
    ("side", "now", "words", "line"),
    [
        ("export", BEFORE.replace("  g", "  h: func();\n  g"), "it lacks `h`", 4),
        ("export", BEFORE.replace("  g: func();\n", ""), "it still has `g`", 2),
        ("export", BEFORE.replace("u32", "u64"), "`f` is `func(x: u32)` in it and `func(x: u64)` now", 3),
        ("import", BEFORE.replace("  g: func();\n", ""), "it still has `g`", 2),
        ("import", BEFORE.replace("  g", "  h: func();\n  g"), "", 0),
        ("export", BEFORE.replace("f:", "/// New words.\n  f:"), "", 0),
        ("export", BEFORE.replace("0.1.0", "0.2.0").replace("u32", "u64"), "", 0),
    ],
)
def test_the_function_that_came_went_or_changed(
    tmp_path: Path, dummy: Dummy, project: Project, side: str, now: str, words: str, line: int
) -> None:
    drafts = list(stale_component(project({"app.wasm": dummy(BEFORE % side, "w"), "wit/a.wit": now % side})))
    assert [(draft.location.line, words in draft.message) for draft in drafts] == (
        [(line, True)] if line else []
    )
