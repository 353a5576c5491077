"""Section headers, the same in components and core modules, and the custom sections worth reading."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from wasmdoctor.model.wasm import CustomSection, Producers
from wasmdoctor.readers.wasm.cursor import MAX_NAME, MAX_SECTION, Cursor, Malformed, Unsupported
from wasmdoctor.readers.wasm.preamble import PREAMBLE_SIZE
from wasmdoctor.readers.wasm.source import ByteSource

MAX_HEADER = 6
"""A section's id and the longest LEB128 of its size, in bytes."""

FIRST_READ = 256
"""Bytes that hold the name of every custom section that anybody writes."""

MAX_SECTIONS = 20_000
"""Sections of one binary. A composed component of hundreds of others has some thousands.

wasmparser 0.262 reads at most 1,000 modules and 1,000 components, and 4,096 instances of them.
"""


class Section(NamedTuple):
    """One section: its id, and where its payload stands in the source (bytes)."""

    id: int
    offset: int
    size: int


def section_at(source: ByteSource, at: int, end: int) -> Section:
    """The section whose header stands at ``at``. Raises Malformed when it reaches past ``end``."""
    head = source.read(at, min(MAX_HEADER, end - at))
    if len(head) > 1 and head[1] < 0x80:
        id_, size, payload = head[0], head[1], at + 2
    else:
        header = Cursor(head, at)
        id_ = header.byte()
        size = header.u32()
        payload = at + header.pos
    if payload + size > end:
        raise Malformed(
            f"section {id_} announces {size} bytes, {end - payload} are left: the file is cut off", at
        )
    return Section(id_, payload, size)


def sections(source: ByteSource, start: int = 0, end: int | None = None) -> Iterator[Section]:
    """Walk the section headers of the binary at ``start``, payloads skipped.

    Raises Malformed when a section reaches past ``end``, or when there are too many.
    """
    end = source.size if end is None else end
    at = start + PREAMBLE_SIZE
    seen = 0
    while at < end:
        section = section_at(source, at, end)
        seen += 1
        check_count(seen, at)
        yield section
        at = section.offset + section.size


def check_count(seen: int, at: int) -> None:
    """Raises Malformed when the section at ``at`` is one too many."""
    if seen > MAX_SECTIONS:
        raise Malformed(f"more than {MAX_SECTIONS} sections", at)


def open_section(source: ByteSource, section: Section) -> Cursor:
    """A cursor over a section's payload. Raises Malformed when it is unreasonably large."""
    if section.size > MAX_SECTION:
        raise Unsupported(
            f"section {section.id} has {section.size} bytes, more than the {MAX_SECTION} read here",
            section.offset,
        )
    return Cursor(source.read(section.offset, section.size), section.offset)


def custom_section(source: ByteSource, section: Section) -> CustomSection:
    """A custom section's name and where its own payload stands."""
    head = Cursor(source.read(section.offset, min(section.size, FIRST_READ)), section.offset)
    size = Cursor(head.data, section.offset).u32()
    if size + MAX_HEADER > FIRST_READ:
        head = Cursor(source.read(section.offset, min(section.size, MAX_NAME + MAX_HEADER)), section.offset)
    name = head.name()
    return CustomSection(name, section.offset + head.pos, section.size - head.pos)


def read_producers(source: ByteSource, section: CustomSection) -> Producers:
    """The fields of a ``producers`` section (tool-conventions, ProducersSection.md)."""
    cursor = open_section(source, Section(0, section.offset, section.size))
    fields: dict[str, tuple[tuple[str, str], ...]] = {}
    for _ in range(cursor.count()):
        name = cursor.name()
        fields[name] = tuple((cursor.name(), cursor.name()) for _ in range(cursor.count()))
    return fields
