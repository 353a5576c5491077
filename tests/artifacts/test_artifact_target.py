"""Target folders: which file is whose, which build counts, and whether sources changed since."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wasmdoctor.model.artifact import ArtifactKind
from wasmdoctor.readers.artifacts import (
    DiskTarget,
    Entry,
    MemoryTarget,
    freshness,
    linked_units,
    read_dep_info,
    read_target,
)

MODULE = b"\0asm\x01\0\0\0"
COMPONENT = b"\0asm\x0d\0\x01\0"
A, B, C, D = ("a" * 16, "b" * 16, "c" * 16, "d" * 16)
Files = dict[str, tuple[bytes, int]]


def unit(
    folder: str, name: str, fingerprint: int, deps: Mapping[str, int], time: int = 10, features: str = "[]"
) -> Files:
    """A fingerprint as cargo writes it."""
    document = {
        "rustc": 1,
        "features": features,
        "deps": [[7, crate, False, number] for crate, number in deps.items()],
        "rustflags": ["-C", "x"],
    }
    text = fingerprint.to_bytes(8, "little").hex().encode()
    return {
        f"{folder}/{name}": (text, time),
        f"{folder}/{name}.json": (json.dumps(document).encode(), time),
        f"{folder}/invoked.timestamp": (b"", time - 1),
    }


def workspace() -> Files:
    """A cdylib ``shop-app`` that links two versions of ``util`` and a crate built twice with other features."""
    profile = "target/wasm32-wasip1/debug"
    prints = f"{profile}/.fingerprint"
    big = 2**63 + 5
    return {
        f"{profile}/deps/shop_app.wasm": (MODULE, 20),
        f"{profile}/deps/shop_app.d": (b"", 20),
        f"{profile}/deps/libshop_app.rlib": (b"!<arch>\n", 20),
        f"{profile}/shop_app.wasm": (COMPONENT, 30),
        f"{profile}/shop_app.d": (b"", 20),
        f"{profile}/libshop_app.rlib": (b"!<arch>\n", 20),
        f"{profile}/deps/libshop_core-{A}.rlib": (b"!<arch>\n", 11),
        f"{profile}/deps/libshop_core-{B}.rlib": (b"!<arch>\n", 15),
        f"{profile}/deps/shop_core-{A}.d": (b"", 11),
        f"{profile}/deps/libutil-{C}.rlib": (b"!<arch>\n", 5),
        f"{profile}/deps/libutil-{D}.rlib": (b"!<arch>\n", 6),
        f"{profile}/deps/libalone-{C}.rlib": (b"!<arch>\n", 5),
        f"{profile}/deps/libalone-{D}.rlib": (b"!<arch>\n", 6),
        f"{profile}/deps/notes.txt": (b"", 1),
        f"{profile}/deps/odd.wasm": (b"no", 1),
        f"{profile}/build/util-{C}/out/generated.rs": (b"", 1),
        **unit(f"{prints}/shop-app-{D}", "lib-shop_app", 1, {"shop_core": 2, "util": big, "macros": 99}),
        **unit(f"{prints}/shop-core-{A}", "lib-shop_core", 2, {"util": 4}, features='["net", "std"]'),
        **unit(f"{prints}/shop-core-{B}", "lib-shop_core", 3, {"util": 4}, time=15),
        **unit(f"{prints}/util-{C}", "lib-util", 4, {}),
        **unit(f"{prints}/util-{D}", "lib-util", big, {}),
        **unit(f"{prints}/util-{A}", "build-script-build-script-build", 6, {}),
        "target/release/deps/libhost-1234567890123456.rlib": (b"", 1),
        "target/wasm32-wasip1/doc/index.html": (b"", 1),
        "target/CACHEDIR.TAG": (b"", 1),
        "target/tmp/x": (b"", 1),
    }


def test_layout() -> None:
    profiles = read_target(MemoryTarget(workspace()), "target")
    assert [(p.triple, p.profile, p.path) for p in profiles] == [
        ("", "release", "target/release"),
        ("wasm32-wasip1", "debug", "target/wasm32-wasip1/debug"),
    ]
    wasm = profiles[1]
    assert wasm.problems == ()
    found = {a.path.removeprefix(wasm.path + "/"): (a.kind, a.crate) for a in (*wasm.modules, *wasm.outputs)}
    assert found == {
        "deps/shop_app.wasm": (ArtifactKind.MODULE, "shop_app"),
        "deps/odd.wasm": (ArtifactKind.OTHER, "odd"),
        "shop_app.wasm": (ArtifactKind.COMPONENT, "shop_app"),
    }
    (output,) = wasm.outputs
    assert (output.in_deps, output.dep_info) == (False, f"{wasm.path}/shop_app.d")
    assert output.unit == f"shop-app-{D}/lib-shop_app"
    assert (output.size, output.modified_ns) == (8, 30)


def test_rlibs_that_count() -> None:
    wasm = read_target(MemoryTarget(workspace()), "target")[1]
    rlibs = [(r.crate, r.hash[:1], r.linked_into, r.stale) for r in wasm.rlibs]
    assert rlibs == [
        ("alone", "d", (), False),
        ("alone", "c", (), True),  # nothing says which counts: the newer one
        ("shop_app", "", (), False),
        ("shop_core", "a", ("shop_app",), False),
        ("shop_core", "b", (), True),  # newer, but not what was linked
        ("util", "d", ("shop_app",), False),
        ("util", "c", ("shop_app",), False),  # two versions, both linked
    ]
    core = wasm.rlib("shop-core")
    assert core
    assert core.dep_info == f"{wasm.path}/deps/shop_core-{A}.d"
    assert [r.hash for r in wasm.rlibs_of("shop-core")] == [A, B]
    assert wasm.rlib("nobody") is None


def test_units() -> None:
    units = read_target(MemoryTarget(workspace()), "target")[1].units
    core = units[f"shop-core-{A}/lib-shop_core"]
    assert (core.package, core.crate, core.kind, core.hash) == ("shop-core", "shop_core", "lib", A)
    assert (core.features, core.rustflags) == (("net", "std"), ("-C", "x"))
    assert (core.modified_ns, core.started_ns, core.unfinished) == (10, 9, False)
    assert core.dependencies == (("util", f"util-{C}/lib-util"),)
    app = f"shop-app-{D}/lib-shop_app"
    assert ("macros", None) in units[app].dependencies
    assert {u.id for u in linked_units(units, app)} == {
        core.id,
        f"util-{C}/lib-util",
        f"util-{D}/lib-util",
    }
    assert units[f"util-{A}/build-script-build-script-build"].kind == "build-script"


def test_a_unit_that_cargo_began_to_build_again() -> None:
    files = workspace()
    key = f"target/wasm32-wasip1/debug/.fingerprint/shop-app-{D}/lib-shop_app"
    files[key] = (b"", 40)
    util = f"target/wasm32-wasip1/debug/.fingerprint/util-{C}/lib-util"
    del files[util + ".json"]
    wasm = read_target(MemoryTarget(files), "target")[1]
    assert wasm.units[f"shop-app-{D}/lib-shop_app"].unfinished
    # Its fingerprint is gone, but there is only one other unit of that crate.
    core = wasm.units[f"shop-core-{A}/lib-shop_core"]
    assert core.dependencies == (("util", f"util-{D}/lib-util"),)


def test_the_new_layout() -> None:
    build = "target/wasm32-wasip2/fast/build"
    files: Files = {
        f"{build}/shop-core/{A}/out/libshop_core-{A}.rlib": (b"!<arch>\n", 1),
        f"{build}/shop-core/{A}/out/shop_core-{A}.d": (b"", 1),
        **unit(f"{build}/shop-core/{A}/fingerprint", "lib-shop_core", 2, {}),
        "target/wasm32-wasip2/fast/shop.wasm": (COMPONENT, 3),
        **unit(f"{build}/shop/{B}/fingerprint", "bin-shop", 1, {"shop_core": 2}),
    }
    (wasm,) = read_target(MemoryTarget(files), "target")
    assert (wasm.triple, wasm.profile) == ("wasm32-wasip2", "fast")
    (rlib,) = wasm.rlibs
    assert (rlib.unit, rlib.linked_into) == (f"shop-core-{A}/lib-shop_core", ("shop",))
    assert rlib.dep_info.endswith(f"/out/shop_core-{A}.d")


@pytest.mark.parametrize(
    "document",
    [b"", b"[]", b"{}", b"null", b'{"deps": 3, "features": "[", "rustflags": {}}', b"[" * 100_000, b"\xff",
     b'{"deps": [[1, 2, 3, 4], [1, "x", true, -1], [1, "x", true, 99999999999999999999999], "x"]}'],
)  # fmt: skip
def test_fingerprints_of_another_form(document: bytes) -> None:
    files = workspace()
    files[f"target/wasm32-wasip1/debug/.fingerprint/shop-app-{D}/lib-shop_app.json"] = (document, 10)
    wasm = read_target(MemoryTarget(files), "target")[1]
    assert {r.linked_into for r in wasm.rlibs} == {()}
    assert {(r.crate, r.hash[:1]) for r in wasm.rlibs if r.stale} == {
        ("alone", "c"),
        ("shop_core", "a"),
        ("util", "c"),
    }


def test_folders_that_cannot_be_read() -> None:
    class Closed(MemoryTarget):
        def entries(self, path: str) -> Mapping[str, Entry]:
            if path.endswith("/deps"):
                raise PermissionError(13, "Permission denied")
            return super().entries(path)

    profiles = read_target(Closed(workspace()), "target")
    assert all("cannot be listed: Permission denied" in p.problems[0].message for p in profiles)
    with pytest.raises(OSError, match="does not exist"):
        read_target(MemoryTarget({}), "target")


def test_on_disk(tmp_path: Path) -> None:
    for name, (data, time) in workspace().items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        import os

        os.utime(path, ns=(time, time))
    (tmp_path / "target/wasm32-wasip1/debug/deps/gone.wasm").symlink_to(tmp_path / "nowhere")
    assert read_target(DiskTarget(tmp_path), "target") == read_target(MemoryTarget(workspace()), "target")
    with DiskTarget(tmp_path).open("target/wasm32-wasip1/debug/shop_app.wasm") as source:
        assert source.read(0, 100) == COMPONENT


RUSTC = rb"""/t/wasm32-wasip1/debug/deps/shop.d: src/lib.rs src/with\ space.rs /abs/wit/world.wit

/t/wasm32-wasip1/debug/deps/libshop.rlib: src/lib.rs src/with\ space.rs /abs/wit/world.wit

src/lib.rs:
src/with\ space.rs:
/abs/wit/world.wit:

# env-dep:CARGO_PKG_VERSION=0.1.0
# env-dep:SET=a\nb\\n
# env-dep:UNSET
# checksum:blake3=00 file_len:3 src/lib.rs
"""


def test_dep_info_of_rustc() -> None:
    info = read_dep_info(RUSTC, "shop.d")
    assert info.problems == ()
    assert list(info.rules) == [
        "/t/wasm32-wasip1/debug/deps/shop.d",
        "/t/wasm32-wasip1/debug/deps/libshop.rlib",
    ]
    assert info.sources == ("src/lib.rs", "src/with space.rs", "/abs/wit/world.wit")
    assert info.env == {"CARGO_PKG_VERSION": "0.1.0", "SET": "a\nb\\n", "UNSET": None}


@pytest.mark.parametrize(
    ("text", "rules"),
    [
        ("C:\\t\\a.wasm: C:\\src\\lib.rs D:\\b\\ c\n", {"C:\\t\\a.wasm": ("C:\\src\\lib.rs", "D:\\b c")}),
        ("a.wasm: one \\\n  two \\\r\n three\r\n", {"a.wasm": ("one", "two", "three")}),
        ("a b: c\n", {"a": ("c",), "b": ("c",)}),
        ("a: b\na: c\n", {"a": ("b", "c")}),
        ("a\\ b.wasm: c", {"a b.wasm": ("c",)}),
        ("a: \tb\tc", {"a": ("b", "c")}),
        ("", {}),
    ],
)
def test_dep_info_forms(text: str, rules: dict[str, tuple[str, ...]]) -> None:
    info = read_dep_info(text.encode(), "x.d")
    assert (info.rules, info.problems) == (rules, ())


def test_dep_info_that_is_none() -> None:
    info = read_dep_info(b"a: b\nthis is not a rule\n", "x.d")
    assert info.rules == {"a": ("b",)}
    assert str(info.problems[0].location) == "x.d:2"
    assert "more than" in read_dep_info(b"x" * (17 << 20), "x.d").problems[0].message


@given(st.binary(max_size=200))
def test_any_dep_info_is_taken(data: bytes) -> None:
    read_dep_info(data, "x.d")


@given(
    st.lists(
        st.text(alphabet="ab/. é", min_size=1, max_size=8).filter(lambda s: s.strip(" ") == s), min_size=1
    )
)
def test_what_cargo_escapes_is_read_back(paths: list[str]) -> None:
    line = "out.wasm: " + " ".join(path.replace(" ", "\\ ") for path in paths)
    assert read_dep_info(line.encode(), "x.d").rules == {"out.wasm": tuple(paths)}


def test_freshness() -> None:
    same = freshness(100, {"a.rs": 100, "b.rs": 1})
    assert not same.stale
    changed = freshness(100, {"a.rs": 101, "b.rs": 1, "c.wit": 300, "gone.rs": None})
    assert changed.stale
    assert changed.newer == (("c.wit", 300), ("a.rs", 101))
    assert changed.missing == ("gone.rs",)


def test_reading_asks_for_little(make: Any) -> None:
    class Counting(MemoryTarget):
        total = 0

        def read(self, path: str, most: int) -> bytes:
            data = super().read(path, most)
            self.total += len(data)
            return data

    files = workspace()
    for name in list(files):
        if name.endswith((".rlib", ".wasm")):
            files[name] = (files[name][0] + b"\0" * 1_000_000, 1)
    target = Counting(files)
    read_target(target, "target")
    assert target.total < 5_000
