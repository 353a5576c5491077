"""A workspace that cargo and rustc really build, from the world in a library's rlib to the component's imports.

The crates use no standard library, not even ``core``, so any rustc that can generate code for wasm will do
and the build takes a second: what is tested is the form of what cargo, rustc and the linker write.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from wasmdoctor.model.artifact import ArtifactKind, CoreTarget, LibraryWorlds, Mangling, TargetProfile
from wasmdoctor.readers.artifacts import (
    DiskTarget,
    freshness,
    library_worlds,
    linked_units,
    module_worlds,
    read_calls,
    read_dep_info,
    read_target,
)
from wasmdoctor.readers.wasm import BytesSource, read_component

pytestmark = pytest.mark.rust

TRIPLE = "wasm32-unknown-unknown"
WIT = """
package shop:net@0.1.0;
interface sockets { resource socket { constructor(); } ping: func() -> u32; }
world net { import sockets; }
"""
APP_WIT = """
package shop:app;
world app { export run: func() -> s32; }
"""
LANGUAGE = """
#![feature(no_core, lang_items)]
#![no_core]
#![allow(internal_features)]
#[lang = "pointee_sized"] pub trait PointeeSized {}
#[lang = "meta_sized"] pub trait MetaSized: PointeeSized {}
#[lang = "sized"] pub trait Sized: MetaSized {}
#[lang = "copy"] pub trait Copy {}
#[lang = "sync"] pub trait Sync {}
#[lang = "drop_in_place"] pub unsafe fn drop_in_place<T: PointeeSized>(_: *mut T) {}
impl<const N: usize> Sync for [u8; N] {}
impl<T: Copy, const N: usize> Copy for [T; N] {}
impl Copy for i32 {}
impl Copy for u8 {}
"""
LIBRARY = """
pub mod bindings {
    pub struct Socket;
    impl Socket {
        pub fn new() -> i32 {
            #[link(wasm_import_module = "shop:net/sockets@0.1.0")]
            extern "C" { #[link_name = "[constructor]socket"] fn wit_import0() -> i32; }
            unsafe { wit_import0() }
        }
    }
    #[inline(never)]
    pub fn __link_custom_section() {
        #[link_section = "component-type:wit-bindgen:0.48.1:shop:net@0.1.0:net:encoded world"]
        static WORLD: [u8; LENGTH] = BYTES;
    }
}
pub fn connect() -> i32 { bindings::__link_custom_section(); bindings::Socket::new() }
"""
APP = """
#![feature(no_core, lang_items)]
#![no_core]
#![allow(internal_features)]
use shop_net::*;
#[link_section = "component-type:wit-bindgen:0.48.1:shop:app:app:encoded world"]
static WORLD: [u8; LENGTH] = BYTES;
#[export_name = "run"]
pub extern "C" fn run() -> i32 { connect() }
"""


def with_world(source: str, payload: bytes) -> str:
    values = ", ".join(str(byte) for byte in payload)
    return source.replace("LENGTH", str(len(payload))).replace("BYTES", f"[{values}]")


class Workspace:
    """The sources, and builds of them."""

    def __init__(self, folder: Path, library: bytes, app: bytes) -> None:
        self.folder = folder
        self.target = folder / "target"
        self.write("Cargo.toml", '[workspace]\nmembers = ["net", "app"]\nresolver = "2"\n')
        self.write(
            "net/Cargo.toml",
            '[package]\nname = "shop-net"\nversion = "0.1.0"\nedition = "2021"\n[features]\nextra = []\n',
        )
        self.write("net/src/lib.rs", LANGUAGE + with_world(LIBRARY, library))
        self.write(
            "app/Cargo.toml",
            '[package]\nname = "shop-app"\nversion = "0.1.0"\nedition = "2021"\n'
            '[lib]\ncrate-type = ["cdylib"]\n[dependencies]\nshop-net = { path = "../net" }\n',
        )
        self.write("app/src/lib.rs", with_world(APP, app))

    def write(self, name: str, text: str) -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def build(self, *words: str, **environment: str) -> None:
        cargo = shutil.which("cargo")
        assert cargo, "this test needs cargo"
        done = subprocess.run(
            [cargo, "build", "-q", "--offline", "--target", TRIPLE, *words],
            cwd=self.folder,
            env={**os.environ, "RUSTC_BOOTSTRAP": "1", "CARGO_TARGET_DIR": "target", **environment},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr

    def profile(self, name: str = "debug") -> TargetProfile:
        return next(
            p
            for p in read_target(DiskTarget(self.folder), "target")
            if (p.triple, p.profile) == (TRIPLE, name)
        )

    def library(self, path: str) -> LibraryWorlds:
        with DiskTarget(self.folder).open(path) as source:
            return library_worlds(source, path)


@pytest.fixture
def workspace(tmp_path: Path, embed: Callable[..., bytes], payload_of: Callable[[bytes], bytes]) -> Workspace:
    return Workspace(tmp_path, payload_of(embed(WIT, "net")), payload_of(embed(APP_WIT, "app")))


def test_from_the_rlib_to_the_component(workspace: Workspace, component: Callable[[bytes], bytes]) -> None:
    workspace.build()
    profile = workspace.profile()
    rlib = profile.rlib("shop-net")
    assert rlib
    assert (len(rlib.hash), rlib.linked_into, rlib.stale) == (16, ("shop_app",), False)
    library = workspace.library(rlib.path)
    assert (library.problems, library.bitcode) == ((), 0)
    (world,) = library.worlds
    assert (world.name, world.section.tool, world.section.version) == (
        "shop:net/net@0.1.0",
        "wit-bindgen",
        "0.48.1",
    )
    assert [i.name for i in world.imports] == ["shop:net/sockets@0.1.0"]

    (module,) = profile.modules
    assert module.kind is ArtifactKind.MODULE
    linked = (workspace.folder / module.path).read_bytes()
    assert {w.name for w in module_worlds(BytesSource(linked), module.path).worlds} == {
        "shop:net/net@0.1.0",
        "shop:app/app",
    }
    made = component(linked)
    (main, *_) = read_calls(BytesSource(made), "app.wasm", read_component(BytesSource(made), "app.wasm"))
    (call,) = main.calls
    assert (call.target, call.interface) == (CoreTarget.IMPORT, "shop:net/sockets@0.1.0")
    assert call.rust
    assert (call.rust.crate, call.rust.path) == ("shop_net", "shop_net::bindings::Socket::new::wit_import0")


@pytest.mark.parametrize("mangling", [Mangling.V0, Mangling.LEGACY])
def test_both_manglings_name_the_crate(workspace: Workspace, mangling: Mangling) -> None:
    flags = f"-Zunstable-options -Csymbol-mangling-version={mangling.value}"
    workspace.build("--release", RUSTFLAGS=flags)
    (module,) = workspace.profile("release").modules
    data = (workspace.folder / module.path).read_bytes()
    (main,) = read_calls(BytesSource(data), module.path)
    (call,) = main.calls
    assert call.rust
    assert (call.rust.crate, call.rust.mangling) == ("shop_net", mangling)
    assert call.rust.path == "shop_net::bindings::Socket::new::wit_import0"


def test_link_time_optimization_leaves_bitcode(workspace: Workspace) -> None:
    with (workspace.folder / "Cargo.toml").open("a") as file:
        file.write("[profile.release]\nlto = true\n")
    workspace.build("--release")
    rlib = workspace.profile("release").rlib("shop-net")
    assert rlib
    library = workspace.library(rlib.path)
    assert (library.objects, library.problems) == (0, ())
    assert library.bitcode > 0
    assert [w.name for w in library.worlds] == ["shop:net/net@0.1.0"]


def test_features_make_another_rlib_and_the_linked_one_counts(workspace: Workspace) -> None:
    workspace.build()
    workspace.build("-p", "shop-net", "--features", "shop-net/extra")
    profile = workspace.profile()
    linked, newer = profile.rlibs_of("shop-net")
    assert (linked.stale, newer.stale) == (False, True)
    assert newer.modified_ns > linked.modified_ns
    features = {rlib.hash: profile.units[rlib.unit].features for rlib in (linked, newer)}
    assert features == {linked.hash: (), newer.hash: ("extra",)}
    (module,) = profile.modules
    assert [unit.hash for unit in linked_units(profile.units, module.unit)] == [linked.hash]


def test_sources_and_staleness(workspace: Workspace) -> None:
    workspace.build()
    profile = workspace.profile()
    rlib = profile.rlib("shop-net")
    (output,) = profile.outputs
    assert rlib
    info = read_dep_info((workspace.folder / rlib.dep_info).read_bytes(), rlib.dep_info)
    assert (info.sources, info.problems) == (("net/src/lib.rs",), ())
    whole = read_dep_info((workspace.folder / output.dep_info).read_bytes(), output.dep_info)
    assert sorted(
        Path(source).relative_to(workspace.folder.resolve()).as_posix() for source in whole.sources
    ) == [
        "app/src/lib.rs",
        "net/src/lib.rs",
    ]

    def state() -> tuple[tuple[str, int], ...]:
        times = {source: (workspace.folder / source).stat().st_mtime_ns for source in info.sources}
        return freshness(profile.units[rlib.unit].started_ns, times).newer

    assert state() == ()
    later = rlib.modified_ns + 1_000_000_000
    os.utime(workspace.folder / "net/src/lib.rs", ns=(later, later))
    assert state() == (("net/src/lib.rs", later),)


def test_a_build_that_fails_is_told(workspace: Workspace) -> None:
    workspace.build()
    workspace.write("net/src/lib.rs", LANGUAGE + "pub fn connect() -> i32 { nonsense }")
    later = workspace.profile().modules[0].modified_ns + 10_000_000_000
    os.utime(workspace.folder / "net/src/lib.rs", ns=(later, later))
    with pytest.raises(AssertionError, match="nonsense"):
        workspace.build()
    profile = workspace.profile()
    # rustc took the rlib away, the component's module of the build before is still there.
    assert profile.rlib("shop-net") is None
    assert [module.crate for module in profile.modules] == ["shop_app"]
    unfinished = {unit.crate for unit in profile.units.values() if unit.unfinished}
    # Cargo marks what depends on it before it begins, too.
    assert "shop_net" in unfinished
