"""A core module's functions and who they call, with what wiring needs of its tables and exports.

Section ids and encodings: core specification 3.0, "Modules" in "Binary Format".
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Mapping, Sequence

from wasmdoctor.model.artifact import ModuleRole
from wasmdoctor.model.calls import ANY_SIGNATURE, ANY_TABLE, FunctionImport, ModuleCode, TableCall
from wasmdoctor.model.record import dataclass, field
from wasmdoctor.model.regex import regex
from wasmdoctor.model.source import Location, Problem
from wasmdoctor.model.wasm import CustomSection
from wasmdoctor.readers.code.columns import Rows, Texts
from wasmdoctor.readers.code.instructions import (
    Instruction,
    Lexer,
    Sum,
    calls_nobody,
    constant,
    leb,
    step_over_value_type,
)
from wasmdoctor.readers.code.names import MAX_SECTION as MAX_NAMES
from wasmdoctor.readers.code.names import NameSection, read_names
from wasmdoctor.readers.code.opcodes import (
    CALL_INDIRECT,
    CALL_REF,
    MISC,
    REF_FUNC,
    RETURN_CALL_INDIRECT,
    RETURN_CALL_REF,
    TABLE_COPY,
    TABLE_INIT,
    TABLE_SET,
)
from wasmdoctor.readers.code.types import CoreTypes, read_types
from wasmdoctor.readers.wasm.cursor import Cursor, Malformed, Unsupported
from wasmdoctor.readers.wasm.sections import Section, custom_section, open_section, sections
from wasmdoctor.readers.wasm.source import ByteSource
from wasmdoctor.readers.wasm.types import CORE_KINDS

CHUNK = 4 * 1024 * 1024
"""Bytes of the code section that are held at a time."""
MAX_BODY = 32 * 1024 * 1024
"""A larger function is not read. wasmparser 0.262 accepts bodies of at most 7,654,321 bytes."""
SHORT = 32
"""Bytes of a function that may well call nobody."""
MAX_CODE = 512 * 1024 * 1024
MAX_FUNCTIONS = 1_000_000
"""As wasmparser 0.262 has it (MAX_WASM_FUNCTIONS)."""
MAX_PROBLEMS = 20
NO_FUNCTION = 0xFFFFFFFF
"""Keeps the place of an element that is no function, or none that can be told."""

MAX_TRAMPOLINES = 20_000
"""A shim has a function for each import whose arguments need memory; there are some hundreds."""
COMPACT = (0x7F, 0x7E)
"""In place of a kind: several imports of one module (compact import section, as wasm-tools 1.262 has it)."""
MAX_SEEN = 10_000
INDIRECT = frozenset({(CALL_INDIRECT,), (RETURN_CALL_INDIRECT,)})
BY_REFERENCE = frozenset({(CALL_REF,), (RETURN_CALL_REF,)})

TRAMPOLINE = regex(
    rb"\x00((?:\x20[\x80-\xff]*[\x00-\x7f])*+)\x41([\x80-\xff]*[\x00-\x7f])"
    rb"[\x11\x13]([\x80-\xff]*[\x00-\x7f])([\x80-\xff]*[\x00-\x7f])\x0f?\x0b"
)
"""A body that does nothing but hand its parameters on to what stands in a fixed slot of a table."""


@dataclass(frozen=True, slots=True)
class CoreImportItem:
    """An import of a core module: two-level name and kind (func, table, memory, global, tag)."""

    module: str
    field: str
    kind: str


@dataclass(frozen=True, slots=True)
class Segment:
    """An element segment that is put into a table. ``offset`` is None when its place cannot be told."""

    table: int
    offset: Sum | None
    functions: Sequence[int]


@dataclass(slots=True)
class CoreCode:
    """A core module, and what of it only the wiring of its component needs.

    ``imports`` are all imports in order, ``exports`` all exports: kind and index by name. ``segments`` are
    put into tables at instantiation. ``copied`` are pairs of tables (to, from); ``open_tables`` are tables
    into which code puts references that cannot be followed. ``references`` are all functions whose
    reference is taken anywhere. ``globals`` are the values of constants by index. ``trampolines`` leads from each function to the table and slot that it hands
    its call to; it is empty unless every function of the module does nothing else.
    """

    code: ModuleCode
    imports: tuple[CoreImportItem, ...] = ()
    exports: Mapping[str, tuple[str, int]] = field(default_factory=dict)
    segments: tuple[Segment, ...] = ()
    copied: frozenset[tuple[int, int]] = frozenset()
    open_tables: frozenset[int] = frozenset()
    references: frozenset[int] = frozenset()
    globals: Mapping[int, Sum] = field(default_factory=dict)
    trampolines: Mapping[int, tuple[int, int]] = field(default_factory=dict)


def read_module(source: ByteSource, path: str, offset: int) -> CoreCode:
    """Read a core module whose preamble has been checked; it stands at ``offset`` of the file.

    What can be read is given even when a part is broken; ``problems`` say what and at which byte of the
    file. Raises OSError when the source does.
    """
    reader = _Reader(source, path, offset)
    reader.run()
    return reader.result()


@dataclass(slots=True)
class _Reader:
    source: ByteSource
    path: str
    base: int
    types: CoreTypes = field(default_factory=CoreTypes)
    imports: list[CoreImportItem] = field(default_factory=list)
    function_imports: list[FunctionImport] = field(default_factory=list)
    function_types: array[int] = field(default_factory=lambda: array("I"))
    tables: int = 0
    global_count: int = 0
    globals: dict[int, Sum] = field(default_factory=dict)
    exports: dict[str, tuple[str, int]] = field(default_factory=dict)
    start: int | None = None
    segments: list[Segment] = field(default_factory=list)
    passive: dict[int, Sequence[int]] = field(default_factory=dict)
    segment_count: int = 0
    references: set[int] = field(default_factory=set)
    code_offset: int = 0
    offsets: array[int] = field(default_factory=lambda: array("I"))
    sizes: array[int] = field(default_factory=lambda: array("I"))
    calls: Rows = field(default_factory=Rows)
    taken: dict[int, tuple[int, ...]] = field(default_factory=dict)
    table_calls: dict[int, tuple[TableCall, ...]] = field(default_factory=dict)
    seen: dict[tuple[Instruction, ...], tuple[TableCall, ...]] = field(default_factory=dict)
    initialised: set[tuple[int, int]] = field(default_factory=set)
    copied: set[tuple[int, int]] = field(default_factory=set)
    open_tables: set[int] = field(default_factory=set)
    trampolines: dict[int, tuple[int, int]] | None = field(default_factory=dict)
    customs: list[CustomSection] = field(default_factory=list)
    names: NameSection = field(default_factory=NameSection)
    problems: list[Problem] = field(default_factory=list)

    def run(self) -> None:
        try:
            for section in sections(self.source):
                try:
                    self._section(section)
                except Malformed as error:
                    self._complain(error)
        except Malformed as error:
            self._complain(error)
        self._finish_names()

    def _complain(self, error: Malformed) -> None:
        """Keep a problem; too many are not more useful than the first."""
        if len(self.problems) >= MAX_PROBLEMS:
            return
        at = self.base + error.offset
        if isinstance(error, Unsupported):
            help_ = "who calls what is not complete there: every function is then taken as possible"
        else:
            help_ = "build it again, or copy it again if it was cut off"
        message = f"a core module cannot be read in full: {error} (at byte 0x{at:x})"
        self.problems.append(Problem(Location(self.path), message, help_))

    def _section(self, section: Section) -> None:
        match section.id:
            case 0:
                custom = custom_section(self.source, section)
                self.customs.append(CustomSection(custom.name, self.base + custom.offset, custom.size))
            case 1:
                read_types(open_section(self.source, section), self.types)
            case 2:
                self._imports(open_section(self.source, section))
            case 3:
                self._functions(open_section(self.source, section))
            case 4:
                self._tables(open_section(self.source, section))
            case 6:
                self._globals(open_section(self.source, section))
            case 7:
                self._exports(open_section(self.source, section))
            case 8:
                self.start = open_section(self.source, section).u32()
            case 9:
                self._elements(open_section(self.source, section))
            case 10:
                self._code(section)
            case _:
                pass  # memories, data and tags call nobody

    def _imports(self, cursor: Cursor) -> None:
        count = cursor.count()
        while count > 0:
            count -= 1
            module, name = cursor.name(), cursor.name()
            form = cursor.peek()
            if name or form not in COMPACT:
                self._import(module, name, cursor)
                continue
            # Several imports of one module, with a type each or one for all (compact import section).
            cursor.byte()
            start = cursor.pos
            if form == 0x7E:
                _skip_type(cursor)
            for _ in range(cursor.count()):
                item = cursor.name()
                if form == 0x7F:
                    self._import(module, item, cursor)
                else:
                    shared = Cursor(cursor.data, cursor.base)
                    shared.pos = start
                    self._import(module, item, shared)

    def _import(self, module: str, name: str, cursor: Cursor) -> None:
        """Add an import whose type comes next."""
        if cursor.peek() in (0x00, 0x20):  # a function, and one whose type is exact
            cursor.byte()
            kind, type_ = "func", cursor.u32()
            self.function_imports.append(FunctionImport(module, name, type_))
            self.function_types.append(type_)
        else:
            kind = _extern_type(cursor)
        self.tables += kind == "table"
        self.global_count += kind == "global"
        self.imports.append(CoreImportItem(module, name, kind))

    def _functions(self, cursor: Cursor) -> None:
        count = cursor.count()
        if count > MAX_FUNCTIONS:
            raise Malformed(f"{count} functions are more than the {MAX_FUNCTIONS} allowed", cursor.offset)
        self.function_types.extend(_indices(cursor, count))

    def _tables(self, cursor: Cursor) -> None:
        for _ in range(cursor.count()):
            table = self.tables
            self.tables += 1
            initial = cursor.peek() == 0x40  # a table with a first value for its slots
            if initial:
                cursor.take(2)
            _table_type(cursor)
            if initial:
                functions = constant(cursor)[1]
                self.references.update(functions)
                self.segments.append(Segment(table, None, functions))

    def _globals(self, cursor: Cursor) -> None:
        for _ in range(cursor.count()):
            step_over_value_type(cursor)
            mutable = cursor.byte() & 0x01
            value, functions = constant(cursor)
            self.references.update(functions)
            if value is not None and not mutable:
                self.globals[self.global_count] = value
            self.global_count += 1

    def _exports(self, cursor: Cursor) -> None:
        for _ in range(cursor.count()):
            name, kind, index = cursor.name(), cursor.byte(), cursor.u32()
            if kind not in CORE_KINDS:
                raise Unsupported(f"unknown kind 0x{kind:02x} of core export", cursor.offset)
            self.exports.setdefault(name, (CORE_KINDS[kind], index))

    def _elements(self, cursor: Cursor) -> None:
        for number in range(cursor.count()):
            start = cursor.offset
            flags = cursor.u32()
            if flags > 7:
                raise Unsupported(f"unknown form {flags} of an element segment", start)
            active, explicit, expressions = not flags & 1, bool(flags & 2), bool(flags & 4)
            table = cursor.u32() if active and explicit else 0
            offset = constant(cursor)[0] if active else None
            if flags & 3:
                # An element kind (0x00), or the type of the expressions' values.
                step_over_value_type(cursor) if expressions else cursor.byte()
            functions = _expressions(cursor) if expressions else _indices(cursor, cursor.count())
            self.references.update(functions)
            self.references.discard(NO_FUNCTION)
            if active:
                self.segments.append(Segment(table, offset, functions))
            elif not explicit:
                self.passive[number] = functions

    def _code(self, section: Section) -> None:
        """Read the bodies, a chunk of them at a time."""
        self.code_offset = self.base + section.offset
        source, end = self.source, section.offset + section.size
        if section.size > MAX_CODE:
            raise Unsupported(
                f"{section.size} bytes of code are more than the {MAX_CODE} read", section.offset
            )
        head = Cursor(source.read(section.offset, min(5, section.size)), section.offset)
        count = head.u32()
        if count > min(section.size, MAX_FUNCTIONS):
            raise Malformed(f"{count} functions are announced in {section.size} bytes", section.offset)
        at = section.offset + head.pos
        lexer = Lexer()
        data, base = b"", at
        for _ in range(count):
            if at - base + 5 > len(data) and base + len(data) < end:
                data, base = source.read(at, min(CHUNK, end - at)), at
            body = at - base
            if body < len(data) and data[body] < 0x80:
                size, body = data[body], body + 1
            else:
                cursor = Cursor(data, base)
                cursor.pos = body
                size, body = cursor.u32(), cursor.pos
            if base + body + size > end:
                raise Malformed(f"a function of {size} bytes reaches past the end of the code", base + body)
            if body + size > len(data) and size <= MAX_BODY:
                data, base = source.read(base + body, min(max(CHUNK, size), end - base - body)), base + body
                body = 0
            self.offsets.append(base + body - section.offset)
            self.sizes.append(size)
            if self.trampolines is not None:
                self._trampoline(data, body, body + size)
            if (
                0 < size <= SHORT
                and data.startswith(b"\0", body)
                and calls_nobody(data, body + 1, body + size)
            ):
                self.calls.add(())  # has no locals and does next to nothing, as many do
            else:
                self._body(lexer, data, body, body + size, base)
            at = base + body + size

    def _body(self, lexer: Lexer, data: bytes, start: int, end: int, base: int) -> None:
        """Add the row of one function, whose bytes are given, to the columns of calls."""
        function = len(self.sizes) - 1
        direct: dict[int, None] = {}
        others: dict[Instruction, None] = {}
        whole = False
        try:
            if end - start > MAX_BODY:
                message = f"a function of {end - start} bytes is larger than what is read"
                raise Unsupported(message, base + start)
            no_locals = start < end and data.startswith(b"\0", start)
            first = start + 1 if no_locals else _after_locals(data, start, end, base)
            lexer.body(data, (first, end), base, direct, others)
            whole = True
        except Malformed as error:
            self._complain(error)
        self.calls.add(direct)
        if others or not whole:
            self._others(function, tuple(others), whole=whole)

    def _others(self, function: int, instructions: tuple[Instruction, ...], *, whole: bool) -> None:
        if whole and instructions in self.seen:  # most functions call through one table, or a few
            self.table_calls[function] = self.seen[instructions]
            return
        calls: dict[TableCall, None] = {}
        taken: list[int] = []
        for opcode, operands in instructions:
            if opcode in INDIRECT:
                calls[TableCall(operands[1], self._signature(operands[0]))] = None
            elif opcode in BY_REFERENCE:
                calls[TableCall(ANY_TABLE, self._signature(operands[0]))] = None
            elif opcode == (REF_FUNC,):
                taken.append(operands[0])
            elif opcode == (MISC, TABLE_INIT):
                self.initialised.add((operands[1], operands[0]))
            elif opcode == (MISC, TABLE_COPY):
                self.copied.add((operands[0], operands[1]))
            else:
                assert opcode == (TABLE_SET,) or opcode[0] == MISC
                self.open_tables.add(operands[0])
        if not whole:
            calls[TableCall(ANY_TABLE, ANY_SIGNATURE)] = None
        if calls:
            self.table_calls[function] = tuple(calls)
        if taken:
            self.taken[function] = tuple(taken)
            self.references.update(taken)
        if whole and len(calls) == len(instructions) and len(self.seen) < MAX_SEEN:
            self.seen[instructions] = self.table_calls[function]

    def _signature(self, type_: int) -> str:
        return self.types.texts[type_] if type_ < len(self.types.texts) else ""

    def _trampoline(self, data: bytes, start: int, end: int) -> None:
        """Note where the next function hands its call to, or that this module is no shim."""
        assert self.trampolines is not None
        function = len(self.function_imports) + len(self.sizes) - 1
        match = TRAMPOLINE.fullmatch(data, start, end)
        if match is not None and function < min(len(self.function_types), MAX_TRAMPOLINES):
            type_ = self.function_types[function]
            slot, called, table = (leb(Cursor(match[group])) for group in (2, 3, 4))
            handed = [leb(Cursor(raw)) for raw in re.findall(rb"\x20([\x80-\xff]*[\x00-\x7f])", match[1])]
            count = self.types.parameters[type_] if type_ < len(self.types.parameters) else -1
            if called == type_ and handed == list(range(count)):
                self.trampolines[function] = (table, slot)
                return
        self.trampolines = None

    def _finish_names(self) -> None:
        section = next((custom for custom in reversed(self.customs) if custom.name == "name"), None)
        if section is None:
            return
        place = Location(self.path)
        if section.size > MAX_NAMES:
            message = f"a name section of {section.size} bytes is larger than the {MAX_NAMES} read"
            self.problems.append(Problem(place, message, "functions are shown by their index"))
            return
        data = self.source.read(section.offset - self.base, section.size)
        self.names = read_names(data, len(self.function_imports) + len(self.sizes))
        if self.names.complaint:
            message = f"a name section is broken: {self.names.complaint} (at byte 0x{section.offset:x})"
            self.problems.append(Problem(place, message, "functions without a name are shown by their index"))

    def result(self) -> CoreCode:
        segments = [*self.segments]
        for table, segment in sorted(self.initialised):
            segments.append(Segment(table, None, self.passive.get(segment, ())))
        elements: dict[int, set[int]] = {}
        for put in segments:
            elements.setdefault(put.table, set()).update(put.functions)
            elements[put.table].discard(NO_FUNCTION)
        defined = len(self.sizes)
        del self.function_types[len(self.function_imports) + defined :]
        code = ModuleCode(
            offset=self.base,
            size=self.source.size,
            name=self.names.module,
            role=ModuleRole.MAIN,
            imports=tuple(self.function_imports),
            signatures=Texts(self.function_types, self.types.texts),
            code_offset=self.code_offset,
            offsets=self.offsets,
            sizes=self.sizes,
            calls=self.calls,
            table_calls=self.table_calls,
            references=self.taken,
            elements={table: frozenset(functions) for table, functions in elements.items()},
            exports={name: index for name, (kind, index) in self.exports.items() if kind == "func"},
            start=self.start,
            names=self.names.functions,
            customs=tuple(self.customs),
            problems=tuple(self.problems),
        )
        return CoreCode(
            code=code,
            imports=tuple(self.imports),
            exports=self.exports,
            segments=tuple(segments),
            copied=frozenset(self.copied),
            open_tables=frozenset(self.open_tables),
            references=frozenset(self.references),
            globals=self.globals,
            trampolines=self._shim(),
        )

    def _shim(self) -> Mapping[int, tuple[int, int]]:
        """The trampolines, if they go through a table of the module itself that it exports to be filled."""
        imported = sum(item.kind == "table" for item in self.imports)
        shared = {index for kind, index in self.exports.values() if kind == "table" and index >= imported}
        trampolines = self.trampolines or {}
        return trampolines if all(table in shared for table, _ in trampolines.values()) else {}


def _after_locals(data: bytes, start: int, end: int, base: int) -> int:
    """Where a body's instructions begin."""
    cursor = Cursor(data, base)
    cursor.pos, cursor.end = start, end
    for _ in range(cursor.u32()):
        cursor.u32()
        step_over_value_type(cursor)
    return cursor.pos


def _skip_type(cursor: Cursor) -> None:
    """Step over an import's type."""
    if cursor.peek() in (0x00, 0x20):
        cursor.byte()
        cursor.u32()
    else:
        _extern_type(cursor)


def _extern_type(cursor: Cursor) -> str:
    """Step over the type of an import that is no function; its kind. Raises Unsupported and Malformed."""
    start = cursor.offset
    match cursor.byte():
        case 0x01:
            _table_type(cursor)
            return "table"
        case 0x02:
            flags = cursor.byte()
            leb(cursor)
            if flags & 0x01:
                leb(cursor)
            if flags & 0x08:  # the size of a page
                leb(cursor)
            return "memory"
        case 0x03:
            step_over_value_type(cursor)
            cursor.byte()
            return "global"
        case 0x04:
            cursor.byte()
            cursor.u32()
            return "tag"
        case code:
            raise Unsupported(f"unknown kind 0x{code:02x} of core import", start)


def _table_type(cursor: Cursor) -> None:
    step_over_value_type(cursor)
    flags = cursor.byte()
    leb(cursor)
    if flags & 0x01:
        leb(cursor)


def _indices(cursor: Cursor, count: int) -> array[int]:
    """The next ``count`` indices."""
    short = cursor.data[cursor.pos : cursor.pos + count]
    if short.isascii() and len(short) == count:  # each is one byte
        cursor.pos += count
        return array("I", list(short))
    return array("I", [cursor.u32() for _ in range(count)])


def _expressions(cursor: Cursor) -> Sequence[int]:
    """The functions of constant expressions, ``NO_FUNCTION`` for one that is not just one function."""
    functions = array("I")
    for _ in range(cursor.count()):
        found = constant(cursor)[1]
        functions.append(found[0] if len(found) == 1 else NO_FUNCTION)
    return functions
