"""Archives of every form, whole and broken, and the worlds in their members."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from wasmdoctor.readers.artifacts import is_archive, library_worlds, module_worlds, read_archive
from wasmdoctor.readers.wasm import ByteSource, BytesSource, FileSource

NAME = "component-type:wit-bindgen:0.48.1:shop:app@0.3.1:app:encoded world"
LONG = "shop_core.7fal79jwea1dhqkzlxto9a8mc.189wy47.rcgu.o"


def members(data: bytes) -> list[tuple[str, bytes]]:
    archive = read_archive(BytesSource(data), "x.rlib")
    assert archive.problems == ()
    return [(m.name, data[m.offset : m.offset + m.size]) for m in archive.members]


def test_gnu_names(make: Any) -> None:
    wanted = {"lib.rmeta": b"odd", LONG: b"12", "with space.o": b"", "a.o": b"x"}
    assert members(make.gnu(wanted)) == list(wanted.items())


def test_bsd_names(make: Any) -> None:
    body = make.member("__.SYMDEF", b"\0\0\0\0") + make.member("short.o", b"abc")
    body += make.member("#1/20", b"__.SYMDEF SORTED\0\0\0\0" + b"table")
    body += make.member(f"#1/{len(LONG) + 2}", LONG.encode() + b"\0\0" + b"data")
    assert members(b"!<arch>\n" + body) == [("short.o", b"abc"), (LONG, b"data")]


def test_a_real_archiver_agrees(make: Any, tmp_path: Path) -> None:
    archiver = shutil.which("ar") or shutil.which("llvm-ar")
    assert archiver, "this test needs binutils' or LLVM's ar"
    files = {"a.o": make.object(("x", b"1")), LONG: make.object(("y", b"22")), "c" * 15: b"z"}
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    for flags, thin in (("rcs", False), ("rcsT", True)):
        path = tmp_path / f"{flags}.a"
        subprocess.run([archiver, flags, path.name, *files], cwd=tmp_path, check=True, capture_output=True)
        data = path.read_bytes()
        assert is_archive(data[:8])
        archive = read_archive(BytesSource(data), "x.a")
        assert archive.thin is thin
        assert archive.problems == ()
        assert [(m.name, m.size, m.external) for m in archive.members] == [
            (name, len(contents), thin) for name, contents in files.items()
        ]
        if not thin:
            assert [data[m.offset : m.offset + m.size] for m in archive.members] == list(files.values())


def test_worlds_of_the_members(make: Any, world: bytes) -> None:
    data = make.gnu(
        {
            "lib.rmeta": make.object((".rmeta", b"component-type"), (NAME, world)),
            "a.o": make.object((".debug_str", b"component-type and more")),
            LONG: make.object(("linking", b"\x02"), (NAME, world)),
            "native.o": b"\x7fELF" + b"component-type",
        }
    )
    library = library_worlds(BytesSource(data), "target/libshop.rlib")
    assert library.problems == ()
    assert (library.objects, library.bitcode) == (2, 0)
    (found,) = library.worlds
    assert found.name == "shop:app/app@0.3.1"
    assert (found.section.package, found.section.world) == ("shop:app@0.3.1", "app")
    assert (found.place.path, found.place.member) == ("target/libshop.rlib", LONG)
    assert data[found.place.offset : found.place.offset + found.place.size] == world


def test_worlds_of_a_large_object_and_of_a_module(make: Any, world: bytes) -> None:
    large = make.object(("filler", b"\0" * (2 << 20)), (NAME, world))

    class Counting(BytesSource):
        total = 0

        def read(self, offset: int, count: int) -> bytes:
            data = super().read(offset, count)
            self.total += len(data)
            return data

    source = Counting(make.gnu({"lib.rmeta": b"m" * (4 << 20), "a.o": large}))
    assert [w.name for w in library_worlds(source, "x").worlds] == ["shop:app/app@0.3.1"]
    assert source.total < 200_000
    (found,) = module_worlds(BytesSource(large), "app.wasm").worlds
    assert large[found.place.offset : found.place.offset + found.place.size] == world


def test_worlds_in_bitcode(make: Any, world: bytes) -> None:
    data = make.gnu({"a.o": b"BC\xc0\xde" + b"\x35\x14strings" + NAME.encode() + world + b"\x07\xff more"})
    library = library_worlds(BytesSource(data), "x.rlib")
    assert (library.objects, library.bitcode, library.problems) == (0, 1, ())
    (found,) = library.worlds
    assert (found.name, found.section.name) == ("shop:app/app@0.3.1", NAME)
    assert data[found.place.offset : found.place.offset + found.place.size] == world


def test_thin_archives_need_somebody_who_opens_their_members(make: Any, world: bytes) -> None:
    thin = b"!<thin>\n" + make.member("//", b"objects/a.o/\ngone.o/\n")
    thin += make.header("/0", 10) + make.header("/13", 10)
    library = library_worlds(BytesSource(thin), "target/libx.a")
    assert library.worlds == ()
    assert "thin archive" in library.problems[0].message

    def open_member(name: str) -> ByteSource:
        if name != "objects/a.o":
            raise FileNotFoundError(2, "No such file or directory")
        return BytesSource(make.object((NAME, world)))

    library = library_worlds(BytesSource(thin), "target/libx.a", open_member)
    assert [w.place.path for w in library.worlds] == ["target/objects/a.o"]
    (problem,) = library.problems
    assert "gone.o cannot be read: No such file" in problem.message


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "not an ar archive"),
        (b"!<arch>", "not an ar archive"),
        (b"!<arch>\nabc", "in the middle of a member's header"),
        (b"!<arch>\n" + b"x" * 60, "should be the header"),
        (b"!<arch>\n" + b"x/".ljust(48) + b"12x".ljust(10) + b"`\n", "not a number"),
        (b"!<arch>\n" + b"x/".ljust(48) + b"99999".ljust(10) + b"`\nabc", "the file is cut off"),
        (b"!<arch>\n" + b"/7".ljust(48) + b"0".ljust(10) + b"`\n", "not in the table of names"),
        (b"!<arch>\n" + b"#1/9".ljust(48) + b"2".ljust(10) + b"`\nab", "not a possible number"),
    ],
)
def test_broken_archives(data: bytes, message: str) -> None:
    (problem,) = library_worlds(BytesSource(data), "x.rlib").problems
    assert message in problem.message
    assert problem.help


def test_a_cut_off_archive_gives_the_members_before(make: Any, world: bytes) -> None:
    whole = make.gnu({"a.o": make.object((NAME, world)), "b.o": make.object(("x", b"y" * 50))})
    library = library_worlds(BytesSource(whole[:-20]), "x.rlib")
    assert [w.name for w in library.worlds] == ["shop:app/app@0.3.1"]
    assert "cut off" in library.problems[0].message


def test_a_broken_object_is_one_problem(make: Any, world: bytes) -> None:
    broken = make.object((NAME, world))[:-30]
    library = library_worlds(
        BytesSource(make.gnu({"a.o": broken, "b.o": make.object((NAME, world))})), "x.rlib"
    )
    assert len(library.worlds) == 1
    (problem,) = library.problems
    assert problem.message.startswith("a.o: ")
    assert "at byte 0x" in problem.message


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_hostile_archives_never_raise(make: Any, world: bytes, data: st.DataObject) -> None:
    whole = make.gnu({"a.o": make.object((NAME, world)), LONG: b"BC\xc0\xde" + NAME.encode() + world})
    broken = bytearray(whole)
    for _ in range(data.draw(st.integers(1, 6))):
        broken[data.draw(st.integers(0, len(broken) - 1))] = data.draw(
            st.one_of(st.integers(0, 255), st.sampled_from(b"0123456789/# "))
        )
    library = library_worlds(BytesSource(bytes(broken)), "x.rlib")
    assert len(library.worlds) <= 2


def test_files_are_read_by_offset(make: Any, world: bytes, tmp_path: Path) -> None:
    path = tmp_path / "libx.rlib"
    path.write_bytes(make.gnu({"a.o": make.object((NAME, world))}))
    descriptor = os.open(path, os.O_RDONLY)
    try:
        assert len(library_worlds(FileSource(descriptor), "libx.rlib").worlds) == 1
    finally:
        os.close(descriptor)


def test_an_embedded_module_has_its_world(app: bytes, wasm_tools: Callable[..., bytes]) -> None:
    (found,) = module_worlds(BytesSource(app), "app.wasm").worlds
    assert found.section.name == "component-type"
    assert found.world == "app"
