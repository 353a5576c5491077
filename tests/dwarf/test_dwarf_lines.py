"""Where functions begin, from debug information written here byte by byte, and from real builds."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pace import within
from rust import test_scheduler_build as scheduler

from wasmdoctor.model.source import Location
from wasmdoctor.readers.code import read_code
from wasmdoctor.readers.dwarf import SECTIONS, lines
from wasmdoctor.readers.symbols import read_symbol
from wasmdoctor.readers.wasm import BytesSource

Sections = dict[str, bytes]


def u(value: int, size: int) -> bytes:
    return value.to_bytes(size, "little")


def text(value: str) -> bytes:
    return value.encode() + b"\0"


def sized(body: bytes) -> bytes:
    return u(len(body), 4) + body


# A unit's own entry with three attributes: DW_AT_stmt_list (sec_offset), DW_AT_comp_dir and DW_AT_name (string).
ABBREV = bytes([1, 0x11, 0, 0x10, 0x17, 0x1B, 0x08, 0x03, 0x08, 0, 0, 0])
LENGTHS = bytes([0, 1, 1, 1, 1, 0, 0, 0, 1, 0, 0, 1])


def unit(version: int, program: int, folder: str, name: str = "lib.rs") -> bytes:
    entry = b"\x01" + u(program, 4) + text(folder) + text(name)
    head = u(0, 4) + b"\x04" if version < 5 else b"\x01\x04" + u(0, 4)
    return sized(u(version, 2) + head + entry)


def header(version: int, folders: list[str], files: list[tuple[str, int]]) -> bytes:
    """A line program's header: minimum length 1, lines -3 to 8 by special opcodes, 12 standard opcodes and all."""
    fixed = b"\x01\x01\x01\xfd\x0c\x0d" + LENGTHS
    if version < 5:
        tables = b"".join(map(text, folders)) + b"\0"
        tables += b"".join(text(name) + bytes([folder, 0, 0]) for name, folder in files) + b"\0"
    else:
        tables = b"\x01\x01\x08" + bytes([len(folders)]) + b"".join(map(text, folders))
        tables += b"\x02\x01\x08\x02\x0b" + bytes([len(files)])
        tables += b"".join(text(name) + bytes([folder]) for name, folder in files)
    rest = sized(fixed + tables)
    return u(version, 2) + (b"" if version < 5 else b"\x04\0") + rest


def sequence(address: int, line: int, file: int = 1, column: int = 5) -> bytes:
    """A function: its file and column, its address, then two rows, as LLVM writes them."""
    begin = (b"\x04" + bytes([file]) if file != 1 else b"") + b"\x05" + bytes([column])
    begin += b"\0\x05\x02" + u(address, 4) + b"\x03" + bytes([line - 1]) + b"\x01"
    return begin + b"\x08\x14" + b"\x02\x03" + b"\0\x01\x01"


def sections(*units: tuple[int, str, bytes, list[bytes]]) -> Sections:
    """Units as (version, compiler's folder, header, sequences)."""
    info = line = b""
    for version, folder, head, sequences in units:
        info += unit(version, len(line), folder)
        line += sized(head + b"".join(sequences))
    return {".debug_info": info, ".debug_abbrev": ABBREV, ".debug_line": line}


def simple(*sequences: bytes) -> Sections:
    head = header(4, ["src"], [("lib.rs", 1), ("build.rs", 0), ("/abs/x.rs", 0)])
    return sections((4, "/home/shop", head, list(sequences)))


@pytest.mark.parametrize("version", [2, 3, 4])
def test_before_version_5_files_and_folders_count_from_1(version: int) -> None:
    head = header(version, ["src", "/rustc/0123456789abcdef0123456789abcdef01234567/library/core/src"], [("lib.rs", 1), ("build.rs", 0), ("fmt.rs", 2), ("/abs/../x.rs", 1)])  # fmt: skip
    if version < 4:  # no "maximum operations per instruction" yet
        head = head.replace(b"\x01\x01\x01\xfd", b"\x01\x01\xfd", 1)
        size = int.from_bytes(head[2:6], "little") - 1
        head = head[:2] + u(size, 4) + head[6:]
    made = sections(
        (version, "/home/shop", head, [sequence(7, 12), sequence(40, 3, 2), sequence(60, 9, 3), sequence(90, 4, 4)])
    )  # fmt: skip
    places = lines(made, {7: 20, 40: 20, 60: 20, 90: 20, 200: 5}).places
    assert places == {
        7: Location("/home/shop/src/lib.rs", 12, 5),
        40: Location("/home/shop/build.rs", 3, 5),
        60: Location("library/core/src/fmt.rs", 9, 5),
        90: Location("/x.rs", 4, 5),
        200: None,
    }


def test_version_5_counts_from_0() -> None:
    head = header(5, ["/home/shop", "src/net"], [("lib.rs", 0), ("tcp.rs", 1)])
    made = sections((5, "/home/shop", head, [sequence(7, 12), sequence(40, 3, 0)]))
    assert lines(made, {7: 9, 40: 9}).places == {
        7: Location("/home/shop/src/net/tcp.rs", 12, 5),
        40: Location("/home/shop/lib.rs", 3, 5),
    }


def test_version_5_with_its_tables() -> None:
    """Strings, addresses and ranges by index, as LLVM 22 writes them."""
    strings, line_strings = text("/home/shop"), text("/home/shop") + text("src/net") + text("tcp.rs")
    # stmt_list, str_offsets_base, addr_base, rnglists_base (sec_offset); comp_dir (strx1), low_pc (addrx),
    # ranges (rnglistx)
    forms = [(0x10, 0x17), (0x72, 0x17), (0x73, 0x17), (0x74, 0x17), (0x1B, 0x25), (0x11, 0x1B), (0x55, 0x23)]
    abbrev = [1, 0x11, 0]
    for name, form in forms:
        abbrev += [name, form] if name < 0x80 else [name & 0x7F | 0x80, name >> 7, form]
    entry = b"\x01" + u(0, 4) + u(8, 4) + u(8, 4) + u(12, 4) + b"\0\0\0"
    tables = b"\x01\x01\x1f\x02" + u(0, 4) + u(11, 4)
    tables += b"\x02\x01\x1f\x02\x0b\x01" + u(19, 4) + b"\x01"
    rest = sized(b"\x01\x01\x01\xfd\x0c\x0d" + LENGTHS + tables)
    made = {
        ".debug_info": sized(u(5, 2) + b"\x01\x04" + u(0, 4) + entry),
        ".debug_abbrev": bytes([*abbrev, 0, 0, 0]),
        ".debug_line": sized(u(5, 2) + b"\x04\0" + rest + sequence(7, 12, 0)),
        ".debug_str": strings,
        ".debug_line_str": line_strings,
        ".debug_str_offsets": sized(u(5, 2) + u(0, 2) + u(0, 4)),
        ".debug_addr": sized(u(5, 2) + b"\x04\0" + u(7, 4)),
        ".debug_rnglists": sized(u(5, 2) + b"\x04\0" + u(1, 4) + u(4, 4) + b"\0"),
    }
    found = lines(made, {7: 9})
    assert found.problems == ()
    assert found.places == {7: Location("/home/shop/src/net/tcp.rs", 12, 5)}
    assert set(made) == set(SECTIONS)


def test_each_unit_has_its_own_files() -> None:
    one, two = header(4, [], [("a.rs", 0)]), header(5, ["C:\\shop", "sub"], [("x.rs", 0), ("b.rs", 1)])
    made = sections((4, "/one", one, [sequence(7, 1)]), (5, "C:\\shop", two, [sequence(30, 2)]))
    assert lines(made, {30: 9}).places == {30: Location("C:/shop/sub/b.rs", 2, 5)}
    assert lines(made, {7: 9, 30: 9}).places[7] == Location("/one/a.rs", 1, 5)


def test_the_first_row_can_stand_behind_the_locals() -> None:
    assert lines(simple(sequence(9, 12)), {7: 20}).places == {7: Location("/home/shop/src/lib.rs", 12, 5)}
    assert lines(simple(sequence(9, 12)), {7: 2, 10: 8}).places == {7: None, 10: None}


def test_the_end_of_a_sequence_inside_an_address() -> None:
    """The address 0x010100 is written with the bytes that end a sequence."""
    made = simple(sequence(0x010100, 5, 2, column=9), sequence(0x010180, 6))
    assert lines(made, {0x010100: 40, 0x010180: 20}).places == {
        0x010100: Location("/home/shop/build.rs", 5, 9),
        0x010180: Location("/home/shop/src/lib.rs", 6, 5),
    }


def test_no_line_is_no_place() -> None:
    nowhere = (
        b"\0\x05\x02" + u(7, 4) + b"\x03\x7f\x01" + b"\x02\x03\0\x01\x01"
    )  # line 0, made by the compiler
    missing = sequence(30, 3, file=99)
    found = lines(simple(nowhere, missing), {7: 20, 30: 20})
    assert found.places == {7: None, 30: None}
    assert found.problems == ()


def test_without_debug_information_there_are_no_places() -> None:
    assert lines({}, {7: 3}).places == {7: None}
    assert lines(simple(sequence(7, 12)), {}).places == {}
    assert lines({**simple(sequence(7, 12)), ".debug_abbrev": b""}, {7: 3}).places == {7: None}


def test_damage_is_a_problem_and_the_rest_is_told() -> None:
    made = simple(sequence(7, 12))
    made[".debug_abbrev"] = b"\xff" * 12
    found = lines(made, {7: 20}, "shop.wasm")
    assert found.places == {7: None}
    assert [problem.location.path for problem in found.problems] == ["shop.wasm"]
    two = sections(
        (4, "/one", header(4, [], [("a.rs", 0)]), [sequence(7, 1)]),
        (9, "/two", header(4, [], [("b.rs", 0)]), [sequence(30, 2)]),
    )
    found = lines(two, {7: 9, 30: 9})
    assert found.places[7] == Location("/one/a.rs", 1, 5)


@given(st.data())
def test_any_bytes_are_taken(data: st.DataObject) -> None:
    made = simple(sequence(7, 12), sequence(40, 3, 2))
    name = data.draw(st.sampled_from(sorted(made)))
    body = bytearray(made[name])
    for _ in range(data.draw(st.integers(1, 4))):
        body[data.draw(st.integers(0, len(body) - 1))] = data.draw(st.integers(0, 255))
    made[name] = bytes(body[: data.draw(st.integers(0, len(body)))])
    assert set(lines(made, {7: 20, 40: 20}).places) == {7, 40}


HOSTILE: dict[str, Callable[[Sections], Sections]] = {
    "addresses everywhere": lambda made: {**made, ".debug_line": made[".debug_line"] + b"\0\x05\x02\x07\0\0\0" * 400_000},
    "units without end": lambda made: {**made, ".debug_info": made[".debug_info"] * 100_000},
    "programs without length": lambda made: {**made, ".debug_line": b"\0" * 2_000_000 + made[".debug_line"]},
    "zeros": lambda made: dict.fromkeys(made, b"\0" * 2_000_000),
}  # fmt: skip


@pytest.mark.parametrize("what", HOSTILE)
def test_hostile_sections_take_seconds_at_most(what: str) -> None:
    made = HOSTILE[what](simple(sequence(7, 12)))
    with within(5):
        assert set(lines(made, {7: 20, 100: 4}).places) == {7, 100}


def debug_sections(path: Path) -> tuple[Sections, Mapping[int, int], Mapping[int, str]]:
    """The sections of the main module, its functions' sizes by offset, and their names by offset."""
    data = path.read_bytes()
    code = read_code(BytesSource(data), path.name)
    module = next(module for module in code.modules if any(c.name == ".debug_line" for c in module.customs))
    found = {c.name: data[c.offset : c.offset + c.size] for c in module.customs if c.name in SECTIONS}
    first = len(module.imports)
    names = {offset: module.names.get(first + i, "") for i, offset in enumerate(module.offsets)}
    return found, dict(zip(module.offsets, module.sizes, strict=True)), names


@pytest.mark.rust
def test_functions_of_a_debug_build_begin_where_the_sources_say() -> None:
    made, sizes, names = debug_sections(scheduler.build()["scheduler"])
    own = {
        offset: symbol
        for offset, name in names.items()
        if (symbol := read_symbol(name)).package.startswith("scheduler") and "{" not in symbol.path
    }
    with within(3):
        found = lines(made, {offset: sizes[offset] for offset in own})
    assert found.problems == ()
    assert sum(place is not None for place in found.places.values()) > 0.95 * len(own)
    checked = 0
    for offset, place in found.places.items():
        if place is None or not place.path.endswith(".rs") or place.path.startswith("library/"):
            continue
        source = Path(place.path).read_text().splitlines()
        name = own[offset].path.rpartition("::")[2]
        before = "\n".join(source[max(place.line - 12, 0) : place.line])
        if re.search(rf"\bfn (?:r#)?{re.escape(name)}\b", before):
            checked += 1
        else:  # what a macro or a derive made begins at the macro
            assert re.search(r"generate!|derive|macro_rules|export!|#\[", before) or "fn " in before, (
                own[offset],
                place,
            )
    assert checked > 50


@pytest.mark.rust
def test_a_few_functions_of_a_debug_build_cost_little() -> None:
    made, sizes, _ = debug_sections(scheduler.build()["scheduler"])
    chosen = random.Random(1).sample(sorted(sizes), 40)
    with within(1.5):
        found = lines(made, {offset: sizes[offset] for offset in chosen})
    assert sum(place is not None for place in found.places.values()) >= 38
