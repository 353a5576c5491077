"""Which source line a function begins at, from the DWARF sections of a core module.

In WebAssembly an address is an offset into the code section's payload, and a function's address that of its
body, behind the number that says how long it is (tool-conventions, "DWARF for WebAssembly"; measured with
rustc 1.96 and LLVM 22). Each function is a sequence of its own in a line program, which begins by setting that
address, so that a function is found by a search for the bytes that set it. pyelftools reads what is found:
a whole debug build would take it 6 s (9 MB, 453,320 rows), some functions take tens of milliseconds.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping
from functools import cached_property
from io import BytesIO
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from wasmdoctor.model.record import dataclass, field
from wasmdoctor.model.regex import regex
from wasmdoctor.model.source import Location, Problem
from wasmdoctor.model.symbol import SourceLines
from wasmdoctor.readers.wasm.cursor import Cursor, Malformed

if TYPE_CHECKING:
    from elftools.dwarf.compileunit import CompileUnit
    from elftools.dwarf.dwarfinfo import DWARFInfo
    from elftools.dwarf.lineprogram import LineProgram

SECTIONS = (
    ".debug_info",
    ".debug_abbrev",
    ".debug_line",
    ".debug_str",
    ".debug_line_str",
    ".debug_str_offsets",
    ".debug_addr",
    ".debug_rnglists",
)
"""The custom sections that ``lines`` uses: the first three always, the last four of DWARF 5."""

MAX_SECTION = 256 * 1024 * 1024
"""A larger section is not searched. Debug builds of 22 MB have 1 MB of ``.debug_line``."""
MAX_UNITS = 20_000
MAX_SEQUENCES = 1_000_000

# Extended opcodes in .debug_line (DWARF 5, 6.2.5.3): set_address with four bytes, end_sequence.
_SET_ADDRESS = b"\x00\x05\x02"
_END_SEQUENCE = b"\x00\x01\x01"
_ADDRESS = 4
# Behind set_address come at most a few operations before the first row.
_FIRST_ROWS = 64
# An attribute of a unit's own entry stands near its start: five attributes before it are usual.
_ENTRY = 96
_CANDIDATES = 4

_RUSTC = regex(r"/rustc/[0-9a-f]{7,40}/(?=library/)")
_ABSOLUTE = regex(r"/|[A-Za-z]:[\\/]|\\\\")


def lines(sections: Mapping[str, bytes], functions: Mapping[int, int], path: str = "") -> SourceLines:
    """The file and line at which functions begin.

    ``sections`` are payloads of custom sections by name, those of ``SECTIONS``. ``functions`` has the size
    of each function's body by the offset where it begins, as ``ModuleCode.sizes`` and ``offsets`` count. The
    answer has the same offsets, with None where the module does not say. A path is made absolute with the compiler's folder; one in Rust's own library, which
    rustc writes as ``/rustc/<commit>/library/...``, becomes ``library/...``. ``path`` is for problems.
    """
    nothing: dict[int, Location | None] = dict.fromkeys(functions)
    if not all(sections.get(name) for name in SECTIONS[:3]) or not functions:
        return SourceLines(nothing)
    large = next((name for name in SECTIONS if len(sections.get(name, b"")) > MAX_SECTION), None)
    if large:
        message = f"{large} is larger than {MAX_SECTION} bytes, so that no source lines are looked up"
        return SourceLines(nothing, (Problem(Location(path), message),))
    reader = _Reader(sections)
    found: dict[int, Location | None] = {}
    failed = 0
    for offset, candidates in reader.candidates(functions).items():
        for candidate in sorted(candidates):
            try:
                found[offset] = reader.location(candidate)
            except _failures():
                failed += 1
            if found.get(offset):
                break
    problems: tuple[Problem, ...] = ()
    if failed:
        message = "its debug information is damaged: some source lines cannot be told"
        problems = (Problem(Location(path), message, "build it again, or strip the .debug_* sections"),)
    return SourceLines({**nothing, **found}, problems)


def _failures() -> tuple[type[Exception], ...]:
    """What pyelftools raises on bytes that are not DWARF: it does not promise to raise only its own."""
    from elftools.common.exceptions import DWARFError, ELFError
    from elftools.construct import ConstructError

    return (
        DWARFError, ELFError, ConstructError, ArithmeticError, AssertionError, AttributeError, LookupError,
        NotImplementedError, OSError, RecursionError, TypeError, ValueError,
    )  # fmt: skip


class _Candidate(NamedTuple):
    """A place in .debug_line that sets an address in a wanted function: it, the place, the line program."""

    address: int
    at: int
    unit: int
    end: int


@dataclass
class _Reader:
    sections: Mapping[str, bytes]
    _programs: dict[int, tuple[CompileUnit, LineProgram] | None] = field(default_factory=dict)

    @cached_property
    def info(self) -> DWARFInfo:
        """pyelftools' view of the sections."""
        from elftools.dwarf.dwarfinfo import DebugSectionDescriptor, DwarfConfig, DWARFInfo

        def section(name: str) -> DebugSectionDescriptor | None:
            data = self.sections.get(f".{name}")
            return DebugSectionDescriptor(BytesIO(data), f".{name}", 0, len(data), 0) if data else None

        return DWARFInfo(
            config=DwarfConfig(little_endian=True, machine_arch="wasm", default_address_size=_ADDRESS),
            debug_info_sec=section("debug_info"),
            debug_abbrev_sec=section("debug_abbrev"),
            debug_str_sec=section("debug_str"),
            debug_line_sec=section("debug_line"),
            debug_str_offsets_sec=section("debug_str_offsets"),
            debug_line_str_sec=section("debug_line_str"),
            debug_aranges_sec=None,
            debug_frame_sec=None,
            eh_frame_sec=None,
            debug_loc_sec=None,
            debug_ranges_sec=None,
            debug_pubtypes_sec=None,
            debug_pubnames_sec=None,
            debug_addr_sec=section("debug_addr"),
            debug_loclists_sec=None,
            debug_rnglists_sec=section("debug_rnglists"),
            debug_sup_sec=None,
            gnu_debugaltlink_sec=None,
            debug_types_sec=None,
        )

    @cached_property
    def line(self) -> bytes:
        """The payload of .debug_line."""
        return self.sections[".debug_line"]

    def candidates(self, functions: Mapping[int, int]) -> dict[int, list[_Candidate]]:
        """The places that set an address in each function, a few at most, and where their line programs are.

        The first row is not always that of the first byte: a function without a prologue has its first
        row behind the declaration of its locals.
        """
        wanted = sorted(functions)
        units = list(_units(self.line))
        starts = [start for start, _ in units]
        found: dict[int, list[_Candidate]] = {}
        for at in islice(_places(self.line, _SET_ADDRESS), MAX_SEQUENCES):
            address = int.from_bytes(self.line[at + 3 : at + 3 + _ADDRESS], "little")
            index = bisect_right(wanted, address) - 1
            if index < 0 or address >= wanted[index] + functions[wanted[index]]:
                continue
            places = found.setdefault(wanted[index], [])
            number = bisect_right(starts, at) - 1
            if len(places) < _CANDIDATES and number >= 0 and at < units[number][1]:
                places.append(_Candidate(address, at, *units[number]))
        return found

    def location(self, place: _Candidate) -> Location | None:
        """The first line of the sequence that sets the address there; None when it is no such sequence."""
        from elftools.dwarf.lineprogram import LineProgram

        program = self.program(place.unit)
        if program is None:
            return None
        unit, whole = program
        start = self._sequence(place.at, whole.program_start_offset)
        end = min(place.at + len(_SET_ADDRESS) + _ADDRESS + _FIRST_ROWS, place.end)
        part = LineProgram(whole.header, whole.stream, whole.structs, start, end)
        begun = False
        for entry in part.get_entries():
            if entry.state is None:
                begun = begun or (bool(entry.is_extended) and entry.args == [place.address])
            elif begun and entry.state.end_sequence:
                break
            elif begun and entry.state.line > 0:
                file = self._file(unit, whole, entry.state.file)
                return Location(file, entry.state.line, entry.state.column) if file else None
        return None

    def program(self, unit: int) -> tuple[CompileUnit, LineProgram] | None:
        """The line program that starts at ``unit`` in .debug_line, and the compilation unit that it belongs to."""
        if unit not in self._programs:
            self._programs[unit] = None
            reference = unit.to_bytes(4, "little")
            info = self.sections[".debug_info"]
            for compiled in self.compile_units:
                first = compiled.cu_die_offset
                # A cheap look before the library reads the entry: most units have another program.
                if reference not in info[first : first + _ENTRY]:
                    continue
                attribute = compiled.get_top_DIE().attributes.get("DW_AT_stmt_list")
                if attribute is not None and attribute.value == unit:
                    _check_tables(self.line, unit)
                    found = self.info.line_program_for_CU(compiled)
                    self._programs[unit] = (compiled, found) if found else None
                    break
        return self._programs[unit]

    @cached_property
    def compile_units(self) -> list[CompileUnit]:
        """The units whose headers can be read."""
        units: list[CompileUnit] = []
        try:
            for unit in self.info.iter_CUs():
                units.append(unit)
                if len(units) >= MAX_UNITS:
                    break
        except _failures():
            pass  # those before the damage are still good
        return units

    def _sequence(self, at: int, begin: int) -> int:
        """Where the sequence begins whose address is set at ``at``: behind the end of the one before."""
        end = at
        while (found := self.line.rfind(_END_SEQUENCE, begin, end)) >= 0:
            # The same bytes can be part of an address that is set.
            setter = self.line.rfind(_SET_ADDRESS, max(begin, found - 6), found + 2)
            if setter < 0 or found + 2 < setter + 3 or found > setter + 6:
                return found + len(_END_SEQUENCE)
            end = found + len(_END_SEQUENCE) - 1
        return begin

    def _file(self, unit: CompileUnit, program: LineProgram, number: int) -> str:
        """The path of a file of a line program (DWARF 5, 6.2.4; before version 5 both count from 1)."""
        modern = program.header["version"] >= 5
        files = program.header["file_entry"]
        folders = program.header["include_directory"]
        index = number if modern else number - 1
        if not 0 <= index < len(files):
            return ""
        file = files[index]
        attribute = unit.get_top_DIE().attributes.get("DW_AT_comp_dir")
        base = attribute.value if attribute is not None else b""
        folder = file.dir_index or 0
        if not modern:
            inside = folders[folder - 1] if 0 < folder <= len(folders) else b""
        else:
            inside = folders[folder] if folder < len(folders) else b""
        return _joined(_text(base), _text(inside), _text(file.name))


def _places(data: bytes, wanted: bytes) -> Iterator[int]:
    at = data.find(wanted)
    while at >= 0:
        yield at
        at = data.find(wanted, at + 1)


def _units(line: bytes) -> Iterator[tuple[int, int]]:
    """Start and end of each line program in .debug_line, by the lengths in front of them."""
    at = 0
    while at + 4 <= len(line):
        size = int.from_bytes(line[at : at + 4], "little")
        if size >= 0xFFFFFFF0:  # 64-bit DWARF: no compiler writes it for wasm32
            return
        end = min(at + 4 + size, len(line))
        yield at, end
        at = end


_FIXED = {
    0x0B: 1,
    0x05: 2,
    0x06: 4,
    0x07: 8,
    0x1E: 16,
    0x0E: 4,
    0x1F: 4,
    0x1D: 4,
    0x17: 4,
    0x25: 1,
    0x26: 2,
    0x27: 3,
    0x28: 4,
}
_STRING, _BLOCK, _NUMBERS = 0x08, 0x09, (0x0F, 0x1A)
"""Forms that the parts of a table of files may have, and their sizes in bytes (DWARF 5, 6.2.4.1 and 7.5.6)."""

MAX_HEADER = 1024 * 1024
"""Bytes of a line program's header."""


def _check_tables(line: bytes, unit: int) -> None:
    """Raise ValueError when the tables in a line program's header are damaged.

    A table of version 5 whose entries have no parts, or parts without bytes, can announce any number of entries
    (DWARF 5, 6.2.4), and pyelftools 0.33 would make them all.
    """
    if int.from_bytes(line[unit + 4 : unit + 6], "little") < 5:
        return
    # Behind length, version, two sizes, the header's length, and five bytes up to the line range.
    cursor = Cursor(line[unit + 17 : unit + MAX_HEADER], unit + 17)
    try:
        cursor.take(max(0, cursor.byte() - 1))
        for _ in range(2):
            forms = [(cursor.u32(), cursor.u32())[1] for _ in range(cursor.byte())]
            count = cursor.u32()
            if count and not forms:
                raise ValueError("entries of a table have no parts")
            for _ in range(count):
                for form in forms:
                    _skip(cursor, form)
    except Malformed as error:
        raise ValueError(str(error)) from error


def _skip(cursor: Cursor, form: int) -> None:
    if form in _FIXED:
        cursor.take(_FIXED[form])
    elif form == _STRING:
        while cursor.byte():
            pass
    elif form == _BLOCK:
        cursor.take(cursor.u32())
    elif form in _NUMBERS:
        cursor.skip_leb(10)
    else:
        raise ValueError(f"form 0x{form:02x} in a table of files")


def _text(value: object) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else ""


def _joined(*parts: str) -> str:
    """Paths joined, each relative to the one before; forward slashes, ``.`` and ``..`` taken away."""
    path = ""
    for part in parts:
        if _ABSOLUTE.match(part) or not path:
            path = part
        elif part:
            path = f"{path}/{part}"
    if _ABSOLUTE.match(path) and not path.startswith("/"):
        path = path.replace("\\", "/")
    root = "/" if path.startswith("/") else ""
    kept: list[str] = []
    for name in path.split("/"):
        if name == ".." and kept and kept[-1] != "..":
            kept.pop()
        elif name not in ("", ".") and not (name == ".." and root):
            kept.append(name)
    path = root + "/".join(kept)
    found = _RUSTC.match(path)
    return path[found.end() :] if found else path
