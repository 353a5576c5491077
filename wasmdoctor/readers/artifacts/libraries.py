"""Encoded worlds inside files: core modules, and the wasm objects of an rlib.

``lib.rmeta`` is passed over by its name: it is the largest member and no object. Most objects hold no
world and are small and many, so a small one is first searched for the sections' prefix, which costs a
hundredth of a walk over its sections; of a large one only section headers are read. When link-time optimization is on, rustc 1.96
writes LLVM bitcode instead of wasm; there the sections are strings of the module's metadata
(``!wasm.custom_sections``), name and payload behind each other.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterator

from wasmdoctor.model.artifact import (
    Archive,
    ArchiveMember,
    EncodedWorld,
    EncodedWorlds,
    LibraryWorlds,
    SectionPlace,
)
from wasmdoctor.model.source import Location, Problem
from wasmdoctor.model.wasm import CustomSection
from wasmdoctor.readers.artifacts.archive import BUILD_AGAIN, read_archive
from wasmdoctor.readers.artifacts.section_names import PREFIX
from wasmdoctor.readers.artifacts.worlds import MAX_PAYLOAD, decode_world_at, decode_worlds
from wasmdoctor.readers.wasm.cursor import Malformed
from wasmdoctor.readers.wasm.preamble import MAGIC, PREAMBLE_SIZE, WasmKind, preamble
from wasmdoctor.readers.wasm.sections import custom_section, sections
from wasmdoctor.readers.wasm.source import ByteSource, BytesSource, Window

METADATA_MEMBER = "lib.rmeta"
BITCODE_MAGICS = (b"BC\xc0\xde", b"\xde\xc0\x17\x0b")
"""LLVM's raw bitcode and its wrapper (LLVM, "LLVM Bitcode File Format", "Magic Numbers")."""

SMALL = 1024 * 1024
"""Objects up to this many bytes are searched before their sections are walked."""

MAX_BITCODE = 64 * 1024 * 1024
"""A larger member of bitcode is not searched."""
MAX_CANDIDATES = 256
"""Components in one member of bitcode that are tried as encoded worlds."""
MAX_SECTION_NAME = 1024
MAX_WORLD_SECTIONS = 1_000
"""Sections of worlds that are read of one file: a crate has one for each call of ``generate!``."""
COMPONENT_PREAMBLE = MAGIC + b"\x0d\0\x01\0"

OpenMember = Callable[[str], ByteSource]
"""The bytes of a file that a thin archive names; raises OSError."""


def world_sections(source: ByteSource) -> Iterator[CustomSection]:
    """The ``component-type*`` custom sections of a core module or wasm object.

    Raises Malformed where the binary is broken; sections before that have been given.
    """
    prefix = PREFIX.encode()
    for section in sections(source):
        # The name's length takes one to five bytes; most custom sections are told apart without it.
        if section.id == 0 and prefix in source.read(section.offset, min(section.size, 5 + len(prefix))):
            custom = custom_section(source, section)
            if custom.name.startswith(PREFIX):
                yield custom


def module_worlds(source: ByteSource, path: str) -> EncodedWorlds:
    """The encoded worlds of a core module (one that has not been made a component yet).

    Raises OSError when the source does. Broken bytes are problems.
    """
    found = _Found()
    found.object(source, SectionPlace(path))
    return EncodedWorlds(tuple(found.worlds), tuple(found.problems))


def library_worlds(source: ByteSource, path: str, open_member: OpenMember | None = None) -> LibraryWorlds:
    """The encoded worlds of the rlib (or other archive) in ``source``.

    ``open_member`` opens what a thin archive names, by its path relative to the archive's folder; without
    it a thin archive is a problem. Raises OSError when ``source`` does.
    """
    archive = read_archive(source, path)
    found = _Found(list(archive.problems))
    if archive.thin and open_member is None:
        found.problems.append(
            Problem(
                Location(path),
                f"this is a thin archive: it only names its {len(archive.members)} members",
                "build the crate with an archiver that makes whole archives",
            )
        )
    else:
        _members(found, archive, source, path, open_member)
    return LibraryWorlds(path, tuple(found.worlds), found.objects, found.bitcode, tuple(found.problems))


def _members(
    found: _Found, archive: Archive, source: ByteSource, path: str, open_member: OpenMember | None
) -> None:
    for member in archive.members:
        if member.name == METADATA_MEMBER:
            continue
        if not member.external:
            found.member(
                Window(source, member.offset, member.size), SectionPlace(path, member.name, member.offset)
            )
        elif open_member is not None:
            _external(found, member, path, open_member)


def _external(found: _Found, member: ArchiveMember, path: str, open_member: OpenMember) -> None:
    try:
        source = open_member(member.name)
        place = SectionPlace(posixpath.join(posixpath.dirname(path), member.name))
        found.member(source, place)
    except OSError as error:
        message = f"its member {member.name} cannot be read: {error.strerror or error}"
        found.problems.append(Problem(Location(path), message, BUILD_AGAIN))


class _Found:
    """What the members of one file hold."""

    def __init__(self, problems: list[Problem] | None = None) -> None:
        self.worlds: list[EncodedWorld] = []
        self.problems: list[Problem] = problems if problems is not None else []
        self.objects = 0
        self.bitcode = 0
        self.sections = 0

    def member(self, source: ByteSource, place: SectionPlace) -> None:
        """A member of any kind: wasm, bitcode, or something else, which is passed over."""
        head = source.read(0, PREAMBLE_SIZE)
        if preamble(head) is WasmKind.MODULE:
            self.objects += 1
            if source.size <= SMALL:
                data = source.read(0, source.size)
                if PREFIX.encode() in data:
                    self.object(BytesSource(data), place)
            else:
                self.object(source, place)
        elif head[:4] in BITCODE_MAGICS:
            self.bitcode += 1
            self.bitcode_member(source, place)

    def object(self, source: ByteSource, place: SectionPlace) -> None:
        """A core module or wasm object; ``place.offset`` is where it starts in its file."""
        try:
            for custom in world_sections(source):
                self.sections += 1
                if self.sections > MAX_WORLD_SECTIONS:
                    self.too_many(place)
                    return
                at = SectionPlace(place.path, place.member, place.offset + custom.offset, custom.size)
                payload = source.read(custom.offset, min(custom.size, MAX_PAYLOAD + 1))
                decoded = decode_worlds(payload, at, custom.name)
                self.worlds += decoded.worlds
                self.problems += decoded.problems
        except Malformed as error:
            member = f"{place.member}: " if place.member else ""
            offset = place.offset + error.offset
            message = f"{member}{error} (at byte 0x{offset:x})"
            self.problems.append(Problem(Location(place.path), message, BUILD_AGAIN))

    def too_many(self, place: SectionPlace) -> None:
        """Say once that the rest of the sections is not read."""
        if self.sections == MAX_WORLD_SECTIONS + 1:
            message = f"there are more than {MAX_WORLD_SECTIONS} encoded worlds in it: the rest is not read"
            self.problems.append(Problem(Location(place.path), message, BUILD_AGAIN))

    def bitcode_member(self, source: ByteSource, place: SectionPlace) -> None:
        """Bitcode: every component right behind a section's name among the strings of its metadata."""
        if source.size > MAX_BITCODE:
            message = f"{place.member}: {source.size} bytes of bitcode, more than are searched for worlds"
            self.problems.append(Problem(Location(place.path), message))
            return
        data = source.read(0, source.size)
        at = data.find(COMPONENT_PREAMBLE)
        for _ in range(MAX_CANDIDATES):
            if at < 0:
                break
            start = data.rfind(PREFIX.encode(), max(0, at - MAX_SECTION_NAME), at)
            world = None
            if start >= 0:
                name = data[start:at].decode("utf-8", "replace")
                world = decode_world_at(data, at, place, name)
            if world is not None:
                self.worlds.append(world)
            at = data.find(COMPONENT_PREAMBLE, at + (world.place.size if world else PREAMBLE_SIZE))
