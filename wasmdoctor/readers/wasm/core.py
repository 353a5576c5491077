"""A core module's imports, exports and custom sections; code and data are skipped by seeking."""

from __future__ import annotations

from collections.abc import Sized
from contextlib import suppress

from wasmdoctor.model.source import Location, Problem
from wasmdoctor.model.wasm import CoreExport, CoreImport, CoreModule, CustomSection, Producers
from wasmdoctor.readers.wasm.cursor import Cursor, Malformed, Unsupported
from wasmdoctor.readers.wasm.sections import custom_section, open_section, read_producers, sections
from wasmdoctor.readers.wasm.source import ByteSource
from wasmdoctor.readers.wasm.types import CORE_KINDS, skip_core_extern_type

MAX_EXTERNS = 50_000
"""Imports, and exports, of a module. CPython linked for side modules exports some 20,000."""


def _count(found: Sized, what: str, cursor: Cursor) -> None:
    if len(found) >= MAX_EXTERNS:
        raise Unsupported(f"more than {MAX_EXTERNS} {what}: the rest is not read", cursor.offset)


def read_core_module(source: ByteSource, path: str) -> CoreModule:
    """Read a core module whose preamble has been checked.

    Section ids: core specification, "Modules". What can be read is given even when a later part is
    broken; then ``problems`` says what and at which byte. Raises OSError when the source does.
    """
    imports: list[CoreImport] = []
    exports: list[CoreExport] = []
    customs: list[CustomSection] = []
    producers: Producers = {}
    problems: list[Problem] = []
    try:
        for section in sections(source):
            match section.id:
                case 0:
                    custom = custom_section(source, section)
                    customs.append(custom)
                    if custom.name == "producers":
                        with suppress(Malformed):  # it makes no module invalid
                            producers = read_producers(source, custom)
                case 2:
                    cursor = open_section(source, section)
                    for _ in range(cursor.count()):
                        _count(imports, "imports", cursor)
                        module, name = cursor.name(), cursor.name()
                        imports.append(CoreImport(module, name, skip_core_extern_type(cursor)))
                case 7:
                    cursor = open_section(source, section)
                    for _ in range(cursor.count()):
                        _count(exports, "exports", cursor)
                        name, kind = cursor.name(), cursor.byte()
                        cursor.u32()
                        if kind not in CORE_KINDS:
                            raise Unsupported(f"unknown kind 0x{kind:02x} of core export", cursor.offset)
                        exports.append(CoreExport(name, CORE_KINDS[kind]))
    except Malformed as error:
        problems.append(
            Problem(
                Location(path),
                f"{error} (at byte 0x{error.offset:x})",
                "build the module again, or copy it again if it was cut off",
            )
        )
    return CoreModule(
        imports=tuple(imports),
        exports=tuple(exports),
        producers=producers,
        custom_sections=tuple(customs),
        problems=tuple(problems),
    )
