"""Encoded worlds: the payload of ``component-type*`` custom sections, as wit-component writes it.

Rules: wit-component 0.262, ``metadata.rs``, and wit-parser 0.262, ``decoding.rs``. The payload is a component
with the custom section ``wit-component-encoding`` (a format number, 4, and the string encoding) and one
export: a component type, whose one export is the world, again a component type. Format 3, before mid-2023,
has a byte 3, the string encoding and the world's name, then a whole WIT package as a component: one
component type for each interface and world, or (the first form) one for the package. The payload's last
section names the tools that made it.
"""

from __future__ import annotations

from collections.abc import Iterator

from wasmdoctor.model.artifact import EncodedType, EncodedWorld, EncodedWorlds, SectionPlace
from wasmdoctor.model.record import dataclass, field, replace
from wasmdoctor.model.rust import SectionName
from wasmdoctor.model.source import Location, Problem
from wasmdoctor.model.wasm import Extern, ExternKind, Function, Producers
from wasmdoctor.readers.artifacts.section_names import section_name
from wasmdoctor.readers.wasm.cursor import Cursor, Malformed, Unsupported
from wasmdoctor.readers.wasm.preamble import PREAMBLE_SIZE, WasmKind, preamble
from wasmdoctor.readers.wasm.sections import custom_section, open_section, read_producers, sections
from wasmdoctor.readers.wasm.source import BytesSource
from wasmdoctor.readers.wasm.types import (
    MAX_NESTING,
    AnyType,
    ComponentType,
    ExternType,
    FuncType,
    InstanceType,
    Scope,
    Type,
    read_alias,
    read_deftype,
    read_extern_name,
    read_extern_type,
    read_sort,
)

ENCODING_SECTION = "wit-component-encoding"
FORMAT = 4
"""The format number of wit-component 0.13 (2023) to 0.262."""
OLD_FORMAT = 3
STRING_ENCODINGS = {0: "utf8", 1: "utf16", 2: "compact-utf16"}

MAX_PAYLOAD = 4 * 1024 * 1024
"""Larger payloads are not decoded. All of WASI 0.2 takes 16 kB."""
MAX_TYPE_TEXT = 32 * 1024 * 1024
"""All type texts of one payload together, in characters: a crafted payload can double them."""
MAX_WORLDS = 64
"""Worlds in one section; more than one is already a mistake of the linker's input."""

BUILD_AGAIN = "build the crate again; when that does not help, generate its bindings again"


@dataclass(slots=True)
class _Named(Type):
    """A type that has a name in an interface or world; ``owner`` is set when the interface gets its name."""

    definition: str = ""
    bound: _Named | None = None
    owner: str = ""


@dataclass(slots=True)
class _World(ComponentType):
    """A component type that remembers which interface a label stands for."""

    implements: dict[tuple[bool, str], str] = field(default_factory=dict)


@dataclass(slots=True)
class _Budget:
    left: int = MAX_TYPE_TEXT

    def spend(self, type_: AnyType | None, offset: int) -> None:
        self.left -= len(type_.text) if isinstance(type_, Type | FuncType) else 1
        if self.left < 0:
            raise Unsupported(f"the types take more than {MAX_TYPE_TEXT} characters", offset)


@dataclass(slots=True)
class _Payload:
    """What the sections of one encoded component hold."""

    encoding: bytes | None = None
    producers: Producers = field(default_factory=dict)
    scope: Scope = field(default_factory=Scope)
    exports: list[tuple[str, AnyType | None]] = field(default_factory=list)
    end: int = 0


def decode_worlds(payload: bytes, place: SectionPlace, name: str = "") -> EncodedWorlds:
    """Decode the payload of the custom section ``name`` (or the bytes of a bindings file).

    One world is usual; several come from a linker that put sections of the same name behind each other.
    What cannot be decoded is a problem. Nothing is raised.
    """
    parts = section_name(name)
    if len(payload) > MAX_PAYLOAD:
        problem = _problem(
            place, name, f"has {len(payload)} bytes, more than the {MAX_PAYLOAD} read here", BUILD_AGAIN
        )
        return EncodedWorlds(problems=(problem,))
    worlds: list[EncodedWorld] = []
    problems: list[Problem] = []
    at = 0
    while not at or at < len(payload):
        if len(worlds) == MAX_WORLDS:
            problems.append(_problem(place, name, f"holds more than {MAX_WORLDS} worlds", BUILD_AGAIN))
            break
        try:
            world, at, trouble = _decode_one(payload, at, place, parts)
        except Unsupported as error:
            problems.append(_problem(place, name, _at(error), "a newer wasmdoctor may know this encoding"))
            break
        except Malformed as error:
            problems.append(_problem(place, name, _at(error), BUILD_AGAIN))
            break
        worlds.append(world)
        problems += [_problem(place, name, message, help_) for message, help_ in trouble]
    if len(worlds) > 1:
        problems.append(
            _problem(
                place,
                name,
                f"holds {len(worlds)} worlds, because the linker joins sections of one name; the component "
                "encoder refuses that",
                "give one of the `generate!` calls a `type_section_suffix`",
            )
        )
    return EncodedWorlds(tuple(worlds), tuple(problems))


def decode_world_at(data: bytes, start: int, place: SectionPlace, name: str) -> EncodedWorld | None:
    """The one world whose component starts at ``start`` of ``data`` and ends where its sections do.

    For bytes around it that are something else. None when there is none that can be decoded.
    """
    parts = section_name(name)
    try:
        world, end, _ = _decode_one(data[start : start + MAX_PAYLOAD], 0, place, parts, whole=False)
    except Malformed:
        return None
    at = SectionPlace(place.path, place.member, place.offset + start, end)
    return replace(world, place=at)


def _at(error: Malformed) -> str:
    return f"cannot be decoded: {error} (at byte 0x{error.offset:x} of the section)"


def _problem(place: SectionPlace, name: str, what: str, help_: str) -> Problem:
    where = f"the encoded world `{name}`" if name else "the encoded world"
    member = f" in {place.member}" if place.member else ""
    return Problem(Location(place.path), f"{where}{member} {what}", help_)


def _decode_one(
    payload: bytes, start: int, place: SectionPlace, parts: SectionName, *, whole: bool = True
) -> tuple[EncodedWorld, int, list[tuple[str, str]]]:
    """One world, where it ends in ``payload``, and what is odd about it as (message, help)."""
    head = Cursor(payload[start : start + 1], start)
    if head.byte() == OLD_FORMAT:
        return _decode_old(payload, start, place, parts)
    read = _read_payload(payload, start, whole=whole)
    version, strings, trouble = _encoding(read.encoding)
    types = [type_ for _, type_ in read.exports]
    if len(types) != 1 or not isinstance(types[0], _World):
        raise Malformed("it should export one component type", start)
    worlds = [(name, e.type) for name, e in types[0].exports.items() if isinstance(e.type, _World)]
    if len(worlds) != 1 or len(types[0].exports) != 1:
        raise Malformed("the component type that it exports should export one world", start)
    full, world = worlds[0]
    package, name = _split(full)
    return _world(world, parts, place, package, name, version, strings, read.producers), read.end, trouble


def _encoding(data: bytes | None) -> tuple[int | None, str, list[tuple[str, str]]]:
    """Format number and string encoding. Raises Unsupported for a format that is not known."""
    if not data:
        what = "is empty" if data is not None else "is missing"
        help_ = "the component encoder refuses it: build with a newer wit-bindgen"
        return None, "", [(f"has no encoding version: its section `{ENCODING_SECTION}` {what}", help_)]
    if data[0] != FORMAT:
        raise Unsupported(
            f"`{ENCODING_SECTION}` says version {data[0]}, and only {OLD_FORMAT} and {FORMAT} are known", 0
        )
    strings = STRING_ENCODINGS.get(data[1], "") if len(data) > 1 else ""
    if strings:
        return FORMAT, strings, []
    return FORMAT, "", [("does not say how strings are encoded", BUILD_AGAIN)]


def _decode_old(
    payload: bytes, start: int, place: SectionPlace, parts: SectionName
) -> tuple[EncodedWorld, int, list[tuple[str, str]]]:
    """Format 3: the world by name out of a whole package."""
    cursor = Cursor(payload[start:], start)
    cursor.byte()
    strings = STRING_ENCODINGS.get(cursor.byte(), "")
    wanted = cursor.name()
    read = _read_payload(payload, start + cursor.pos)
    # The name may be full; in the package it is full, or (first form) the short one.
    short = wanted.rpartition("/")[2].partition("@")[0]
    for outer, type_ in read.exports:
        if not isinstance(type_, _World):
            continue
        for full, extern in type_.exports.items():
            package, name = _split(full if "/" in full else outer)
            name = name if "/" in full else full
            if name == short and isinstance(extern.type, _World):
                world = _world(extern.type, parts, place, package, name, OLD_FORMAT, strings, read.producers)
                return world, read.end, []
    raise Malformed(f"its package has no world `{wanted}`", start)


def _split(full: str) -> tuple[str, str]:
    """``ns:pkg/name@1.0.0`` to ``ns:pkg@1.0.0`` and ``name``."""
    base, _, rest = full.rpartition("/")
    name, at, version = rest.partition("@")
    return f"{base}{at}{version}" if base else "", name


def _read_payload(payload: bytes, start: int, *, whole: bool = True) -> _Payload:
    """Walk the sections of the component at ``start``, up to the end or to where the next one starts.

    Not ``whole``: up to the section ``producers``, which wit-component writes last.
    """
    if preamble(payload[start : start + PREAMBLE_SIZE]) is not WasmKind.COMPONENT:
        head = payload[start : start + PREAMBLE_SIZE].hex(" ")
        raise Unsupported(f"it is not a component of a known version, but starts with `{head}`", start)
    source = BytesSource(payload)
    read = _Payload(end=start + PREAMBLE_SIZE)
    budget = _Budget()
    for section in sections(source, start):
        match section.id:
            case 0:
                custom = custom_section(source, section)
                if custom.name == ENCODING_SECTION:
                    read.encoding = source.read(custom.offset, custom.size)
                elif custom.name == "producers":
                    read.producers = read_producers(source, custom)
            case 6:
                cursor = open_section(source, section)
                for _ in range(cursor.count()):
                    read_alias(cursor, read.scope)
            case 7:
                cursor = open_section(source, section)
                for _ in range(cursor.count()):
                    read.scope.types.append(_deftype(cursor, read.scope, 0, budget))
            case 11:
                cursor = open_section(source, section)
                for name, extern in _exports(cursor, read.scope):
                    read.exports.append((name, extern.type))
            case _:
                raise Unsupported(f"section {section.id} in an encoded world", section.offset)
        read.end = section.offset + section.size
        if not whole and read.producers and read.exports:
            break
        if preamble(payload[read.end : read.end + PREAMBLE_SIZE]) is WasmKind.COMPONENT:
            break
    return read


def _exports(cursor: Cursor, scope: Scope) -> Iterator[tuple[str, ExternType]]:
    for _ in range(cursor.count()):
        name, _ = read_extern_name(cursor)
        start = cursor.offset
        sort = read_sort(cursor)
        if sort is None:
            raise Malformed("an encoded world exports a core item", start)
        extern = ExternType(sort, scope.at(sort, cursor.u32()))
        if cursor.byte():
            read_extern_type(cursor, scope, name)
        scope.add(extern.kind, extern.type)
        yield name, extern


def _deftype(cursor: Cursor, scope: Scope, depth: int, budget: _Budget) -> AnyType | None:
    """One type definition, component and instance types with what they declare."""
    if depth > MAX_NESTING:
        raise Malformed(f"types are nested deeper than {MAX_NESTING} levels", cursor.offset)
    match cursor.peek():
        case 0x41:
            cursor.byte()
            component = _World()
            inner = Scope(scope)
            for _ in range(cursor.count()):
                _declaration(cursor, inner, depth, budget, component)
            return component
        case 0x42:
            cursor.byte()
            instance = InstanceType()
            inner = Scope(scope)
            for _ in range(cursor.count()):
                _declaration(cursor, inner, depth, budget, instance)
            return instance
    type_ = read_deftype(cursor, scope, depth)
    budget.spend(type_, cursor.offset)
    return type_


def _declaration(
    cursor: Cursor, scope: Scope, depth: int, budget: _Budget, into: _World | InstanceType
) -> None:
    """One ``componentdecl`` or ``instancedecl`` (Component Model, Binary.md)."""
    start = cursor.offset
    match cursor.byte():
        case 0x01:
            scope.types.append(_deftype(cursor, scope, depth + 1, budget))
        case 0x02:
            read_alias(cursor, scope)
        case 0x03 | 0x04 as code:
            name, implements = read_extern_name(cursor)
            extern = _extern_type(cursor, scope, name)
            scope.add(extern.kind, extern.type)
            exported = code == 0x04
            if isinstance(into, _World):
                (into.exports if exported else into.imports)[name] = extern
                if implements:
                    into.implements[exported, name] = implements
                _own(extern, implements or name)
            elif exported:
                into.exports[name] = extern
            else:
                raise Malformed("an instance type has an import", start)
        case code:
            raise Unsupported(f"unknown declaration 0x{code:02x} in a type", start)


def _own(extern: ExternType, owner: str) -> None:
    """Say of the types of an instance which interface they belong to."""
    if isinstance(extern.type, InstanceType):
        for item in extern.type.exports.values():
            if isinstance(item.type, _Named) and not item.type.owner:
                item.type.owner = owner


def _extern_type(cursor: Cursor, scope: Scope, name: str) -> ExternType:
    """What an import or export is; a named type with its definition."""
    start = cursor.pos
    extern = read_extern_type(cursor, scope, name)
    if extern.kind is not ExternKind.TYPE or not isinstance(extern.type, Type):
        return extern
    if extern.type.resource:
        return ExternType(extern.kind, _Named(name, resource=True, definition="resource"))
    again = Cursor(cursor.data)
    again.pos = start + 2  # past the kind "type" and the bound "equal to"
    bound = scope.at(ExternKind.TYPE, again.u32())
    text = bound.text if isinstance(bound, Type) else ""
    first = bound if isinstance(bound, _Named) else None
    return ExternType(extern.kind, _Named(name, definition=text, bound=first))


def _world(
    type_: _World,
    section: SectionName,
    place: SectionPlace,
    package: str,
    name: str,
    version: int | None,
    strings: str,
    producers: Producers,
) -> EncodedWorld:
    types: list[EncodedType] = []
    sides: list[tuple[Extern, ...]] = []
    for exported, items in ((False, type_.imports), (True, type_.exports)):
        externs: list[Extern] = []
        for item, extern in items.items():
            implements = type_.implements.get((exported, item), "")
            externs.append(_extern(item, extern, implements))
            types += _types(item, extern, exported=exported)
        sides.append(tuple(externs))
    return EncodedWorld(
        section, place, package, name, sides[0], sides[1], tuple(types), version, strings, producers
    )


def _extern(name: str, extern: ExternType, implements: str) -> Extern:
    """The same record as for a component's import, see ``model.wasm.Extern``."""
    match extern.type:
        case InstanceType(exports):
            functions = tuple(
                Function(item, inner.type.text if isinstance(inner.type, FuncType) else "")
                for item, inner in exports.items()
                if inner.kind is ExternKind.FUNC
            )
            named = [(item, inner.type) for item, inner in exports.items() if inner.kind is ExternKind.TYPE]
            resources = tuple(item for item, type_ in named if isinstance(type_, Type) and type_.resource)
            types = tuple(item for item, _ in named if item not in resources)
            return Extern(name, extern.kind, functions, resources, types, implements=implements)
        case FuncType(text):
            return Extern(name, extern.kind, functions=(Function(name, text),), implements=implements)
        case Type():
            resources = (name,) if extern.type.resource else ()
            return Extern(name, extern.kind, resources=resources, implements=implements)
        case _:
            return Extern(name, extern.kind, typed=extern.type is not None, implements=implements)


def _types(name: str, extern: ExternType, *, exported: bool) -> Iterator[EncodedType]:
    if isinstance(extern.type, InstanceType):
        for item, inner in extern.type.exports.items():
            if isinstance(inner.type, _Named):
                yield _encoded(name, item, inner.type, exported=exported)
    elif isinstance(extern.type, _Named):
        yield _encoded("", name, extern.type, exported=exported)


def _encoded(owner: str, name: str, type_: _Named, *, exported: bool) -> EncodedType:
    first = type_.bound
    used_from = first.owner if first is not None and first.owner != type_.owner else ""
    return EncodedType(owner, name, type_.definition, used_from, exported)
