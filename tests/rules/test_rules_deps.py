"""WD203: copies in ``deps`` that are not what they are copies of."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from rules.rules_support import shown

from wasmdoctor.checks.deps import stale_deps
from wasmdoctor.checks.facts import Facts

Project = Callable[..., Facts]

NET = "package shop:net@0.1.0;\ninterface conn {\n  open: func(host: string, port: u16) -> u32;\n}\n"
APP = "package shop:app;\nworld app {\n  import shop:net/conn@0.1.0;\n}\n"


def stale(project: Project, copy: str, original: str = NET, **more: str) -> list[str]:
    files = {"net/wit/net.wit": original, "app/wit/world.wit": APP, "app/wit/deps/net/net.wit": copy}
    return shown(stale_deps(project({**files, **more})))


def test_a_copy_with_another_signature_shows_both_and_points_at_its_line(project: Project) -> None:
    files = {
        "net/wit/net.wit": NET,
        "app/wit/world.wit": APP,
        "app/wit/deps/net/net.wit": NET.replace(", port: u16", ""),
    }
    [draft] = stale_deps(project(files))
    assert str(draft.location) == "app/wit/deps/net/net.wit:3:3"
    assert draft.message == (
        "this copy of `shop:net@0.1.0` differs from net/wit: `open` of `conn` is `func(host: string) -> u32` "
        "here and `func(host: string, port: u16) -> u32` there"
    )
    assert [str(place) for place, _ in draft.related] == ["net/wit/net.wit:3:3"]
    assert draft.help.startswith("copy net/wit to app/wit/deps/net again")


@pytest.mark.parametrize(
    ("copy", "what"),
    [
        (NET.replace("}\n", "  close: func();\n}\n"), "has `close` only here"),
        (NET.replace("open:", "dial:"), "has `dial` only here, and 1 more differences"),
        (NET.replace("interface", "interface log {}\ninterface"), "the original has no interface `log`"),
        (NET.replace("  open", "  type id = u8;\n  open"), "has `type id` only here"),
    ],
)
def test_what_differs(project: Project, copy: str, what: str) -> None:
    [line] = stale(project, copy)
    assert what in line


def test_a_type_of_another_shape_differs(project: Project) -> None:
    record = NET.replace("  open", "  record address { host: string, port: u16 }\n  open")
    [line] = stale(project, record.replace("port: u16 }", "port: u32 }"), record)
    assert "`record { host: string, port: u32 }` here and `record { host: string, port: u16 }` there" in line


@pytest.mark.parametrize(
    "copy",
    [
        NET,
        "// Copied.\n" + NET.replace("  open", "\n    /// Opens.\n    @since(version = 0.1.0)\n    open"),
        NET.replace("0.1.0", "0.2.0"),
        NET.replace("shop:net", "other:net").replace("host: string, ", ""),
    ],
    ids=["equal", "other comments and layout", "other version", "other package"],
)
def test_what_is_no_difference(project: Project, copy: str) -> None:
    assert stale(project, copy) == []


def test_a_copy_may_leave_out_whole_interfaces(project: Project) -> None:
    original = NET + "interface udp { send: func(); }\nworld net { import conn; import udp; }\n"
    assert stale(project, NET, original) == []


def test_a_copy_of_one_of_two_packages_of_that_name_is_fine(project: Project) -> None:
    other = NET.replace("open", "dial")
    assert stale(project, other, **{"old/wit/net.wit": other}) == []


def test_reduced_packages_for_tests_are_not_held_against_the_rest(project: Project) -> None:
    stub = "package shop:net@0.1.0;\ninterface conn {}\n"
    assert (
        stale(project, NET, **{"tests/app/wit/world.wit": APP, "tests/app/wit/deps/net/net.wit": stub}) == []
    )
    files = {"tests/net/net.wit": stub, "app/wit/world.wit": APP, "app/wit/deps/net/net.wit": NET}
    assert shown(stale_deps(project(files))) == []


# -- deps.lock, as wit-deps 0.6.0 wrote it for these two files

LOCK = """\
[net]
path = "../net"
sha256 = "987fabc4a8bf4a00c124dc4d8fb593a5836d3f35f40da4ba5d23920d53cecefb"
sha512 = "ace4f68b6ce5622723b07d74c3cd0cf1588392cce6c1d337db3b90e9b14d3aafd20e5898e77fadc2fc56a976034b4d8e03bbfeb84bd89f44fa0d5e1161ecb821"
"""
LOCKED = {
    "wit/deps/net/net.wit": "package shop:net@0.1.0;\ninterface tcp { open: func(host: string); }\n",
    "wit/deps/net/udp.wit": "/// More of it.\ninterface udp { send: func(data: list<u8>) -> u32; }\n",
    "wit/world.wit": "package shop:app;\nworld app { import shop:net/tcp@0.1.0; }\n",
    "wit/deps.lock": LOCK,
}


def test_files_that_wit_deps_locked_are_recognised(project: Project) -> None:
    assert shown(stale_deps(project(LOCKED))) == []
    windows = {name: text.replace("\n", "\r\n") for name, text in LOCKED.items()}
    assert shown(stale_deps(project(windows))) == []


def test_a_file_edited_after_it_was_locked(project: Project) -> None:
    edited = LOCKED["wit/deps/net/udp.wit"].replace("More", "Much more")
    facts = project({**LOCKED, "wit/deps/net/udp.wit": edited})
    [draft] = stale_deps(facts)
    assert str(draft.location) == "wit/deps/net/net.wit:1:9"
    assert draft.message == (
        "the files in wit/deps/net are not those that wit/deps.lock (line 1) was written for: their digest differs"
    )
    assert [str(place) for place, _ in draft.related] == ["wit/deps.lock:1:2"]


@pytest.mark.parametrize("lock", ["[[", "net = 1", "[other]\nsha256 = 'x'", "[net]\nurl = 'x'"])
def test_a_lock_that_says_nothing_of_the_folder_is_no_finding(project: Project, lock: str) -> None:
    assert shown(stale_deps(project({**LOCKED, "wit/deps.lock": lock}))) == []


# -- wkg.lock, in the form of wasm-pkg-core 0.16

WKG = """\
# This file is automatically generated.
# It is not intended for manual editing.
version = 1

[[packages]]
name = "shop:net"
registry = "example.com"

[[packages.versions]]
requirement = "=0.1.0"
version = "0.1.0"
digest = "sha256:0000000000000000000000000000000000000000000000000000000000000000"
"""


def test_a_copy_at_another_version_than_the_locked_one(project: Project) -> None:
    files = {"wit/world.wit": APP, "wit/deps/net/net.wit": NET, "wkg.lock": WKG}
    assert shown(stale_deps(project(files))) == []
    files["wkg.lock"] = WKG.replace("0.1.0", "0.1.2")
    assert shown(stale_deps(project(files))) == [
        "wit/deps/net/net.wit:1:9: this is `shop:net` at 0.1.0, and wkg.lock (line 6) has it at 0.1.2"
    ]
    files["wkg.toml"] = '[overrides]\n"shop:net" = { path = "../net/wit" }\n'
    assert shown(stale_deps(project(files))) == []


def test_a_lock_of_another_folder_is_not_meant(project: Project) -> None:
    files = {
        "app/wit/world.wit": APP,
        "app/wit/deps/net/net.wit": NET,
        "wkg.lock": WKG.replace("0.1.0", "0.1.2"),
        "Cargo.toml": "[workspace]\n",
    }
    assert shown(stale_deps(project(files))) == []
