"""A component's imports and exports, by a walk over its top-level sections.

Core modules are skipped by seeking, and a nested component is read only when an export's type comes
out of it. Section ids and index spaces: Component Model, Binary.md, "Component Definitions".
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Sized
from contextlib import suppress

from wasmdoctor.model.record import dataclass, field, replace
from wasmdoctor.model.source import Location, Problem
from wasmdoctor.model.types import ROOT
from wasmdoctor.model.wasm import (
    Component,
    CustomSection,
    EmbeddedModule,
    Extern,
    ExternKind,
    Function,
    Producers,
)
from wasmdoctor.readers.wasm.canon import read_canon_section
from wasmdoctor.readers.wasm.cursor import MAX_MADE, Cursor, Malformed, Unsupported
from wasmdoctor.readers.wasm.preamble import PREAMBLE_SIZE
from wasmdoctor.readers.wasm.sections import Section, custom_section, open_section, read_producers, sections
from wasmdoctor.readers.wasm.source import ByteSource
from wasmdoctor.readers.wasm.types import (
    AnyType,
    ComponentType,
    ExternType,
    FuncType,
    InstanceType,
    Scope,
    Type,
    read_alias_section,
    read_extern_name,
    read_extern_type,
    read_sort,
    read_type_section,
)

MAX_EXTERNS = 1_000
"""Imports, and exports, of a component. Those with all of WASI have fewer than a hundred."""

MAX_DEPTH = 32
"""How deep components may be nested in each other."""

BEGINNING = frozenset({6, 7, 10})
"""Sections of types, aliases and imports, with which encoders begin: those of many components are the same."""

MAX_BEGINNING = 64 * 1024
MAX_KEPT = 1024 * 1024
BEGINNINGS = 8
"""How large a beginning may be, and what is made of it (bytes), to be kept; and how many are."""


def read_component(source: ByteSource, path: str) -> Component:
    """Read a component whose preamble has been checked.

    What can be read is given even when a later part is broken; then ``problems`` says what and at which
    byte. Raises OSError when the source does.
    """
    walk = _Walk(source)
    problems: list[Problem] = []
    try:
        walk.component()
    except Unsupported as error:
        problems.append(_problem(path, error, "wasm-tools may know it: the rest of the report may lack it"))
    except Malformed as error:
        problems.append(
            _problem(path, error, "build the component again, or copy it again if it was cut off")
        )
    return Component(
        imports=(*walk.known, *(_extern(*item) for item in walk.imports[len(walk.known) :])),
        exports=tuple(_extern(name, type_, "") for name, type_ in walk.exports),
        producers=walk.producers,
        custom_sections=tuple(walk.customs),
        modules=tuple(walk.modules),
        nested_components=walk.nested,
        problems=tuple(problems),
    )


def _problem(path: str, error: Malformed, help_: str) -> Problem:
    return Problem(Location(path), f"{error} (at byte 0x{error.offset:x})", help_)


Mark = tuple[int, int, int, int, int, int, int, int, int]
"""Where a section of a beginning ends (bytes behind the preamble), and how much there was of everything then."""


@dataclass(frozen=True, slots=True)
class _Beginning:
    """What the first sections of a component said. All that is in it stays as it is, and is shared.

    Since the lists only grow, ``marks`` tell what there was after each section.
    """

    data: bytes
    marks: tuple[Mark, ...]
    scope: Scope
    imports: tuple[tuple[str, ExternType, str], ...]
    externs: tuple[Extern, ...]

    def common(self, data: bytes) -> int:
        """How many sections another beginning has in common with this one."""
        return bisect_left(self.marks, True, key=lambda mark: not data.startswith(self.data[: mark[0]]))


_beginnings: list[_Beginning] = []


@dataclass
class _Walk:
    """One pass over the sections of a component, which fills the index spaces of its scope."""

    source: ByteSource
    scope: Scope = field(default_factory=Scope)
    depth: int = 0
    imports: list[tuple[str, ExternType, str]] = field(default_factory=list)
    exports: list[tuple[str, ExternType]] = field(default_factory=list)
    producers: Producers = field(default_factory=dict)
    customs: list[CustomSection] = field(default_factory=list)
    modules: list[EmbeddedModule] = field(default_factory=list)
    nested: int = 0
    budget: list[int] = field(default_factory=lambda: [MAX_MADE])
    known: tuple[Extern, ...] = ()

    def component(self) -> None:
        """The whole source; what another component began with in the same way is not read once more."""
        data = self._beginning()
        same, known = max(
            ((kept.common(data), kept) for kept in _beginnings), key=lambda each: each[0], default=(0, None)
        )
        marks = list(known.marks[:same]) if known else []
        if known is not None and marks:
            self._begin(known, marks[-1])
        at = marks[-1][0] if marks else 0
        for section in sections(self.source, at, seen=len(marks)):
            self._section(section)
            end = section.offset + section.size - PREAMBLE_SIZE
            if end <= len(data):
                marks.append((end, *self.scope.sizes(), len(self.imports), MAX_MADE - self.budget[0]))
                if end == len(data) and marks[-1][-1] <= MAX_KEPT:
                    self._keep(_Beginning(data, tuple(marks), self.scope.copy(), tuple(self.imports), ()))

    def _begin(self, known: _Beginning, mark: Mark) -> None:
        """Take over what was read of another component up to a mark."""
        _, *sizes, imports, spent = mark
        self.scope = known.scope.first(sizes)
        self.imports = list(known.imports[:imports])
        self.known = known.externs[:imports]
        self.budget[0] -= spent

    def _keep(self, beginning: _Beginning) -> None:
        """Keep a beginning for the components that follow, and what is made of its imports."""
        new = beginning.imports[len(self.known) :]
        self.known = (*self.known, *(_extern(*item) for item in new))
        _beginnings.append(replace(beginning, externs=self.known))
        del _beginnings[:-BEGINNINGS]

    def _beginning(self) -> bytes:
        """The bytes of the first sections, as far as they are of kinds that can be kept."""
        size = 0
        # What is wrong in the header of a section is said when the section is read.
        with suppress(Malformed):
            for section in sections(self.source):
                after = section.offset + section.size - PREAMBLE_SIZE
                if section.id not in BEGINNING or after > MAX_BEGINNING:
                    break
                size = after
        return self.source.read(PREAMBLE_SIZE, size)

    def run(self, start: int, end: int) -> None:
        """All sections of a binary that begins at ``start``."""
        for section in sections(self.source, start, end):
            self._section(section)

    def _section(self, section: Section) -> None:
        match section.id:
            case 0:
                self._custom(section)
            case 1:
                self.modules.append(EmbeddedModule(section.offset, section.size))
                self.scope.modules += 1
            case 4:
                self.nested += 1
                self.scope.components.append(self._nested(section))
            case 5:
                self._instances(self._open(section))
            case 6:
                read_alias_section(self._open(section), self.scope)
            case 7:
                read_type_section(self._open(section), self.scope)
            case 8:
                read_canon_section(self._open(section), self.scope)
            case 10:
                self._imports(self._open(section))
            case 11:
                self._exports(self._open(section))
            case 2 | 3 | 9 | 12:
                pass  # core instances, core types, start and values say nothing of the outside
            case _:
                raise Malformed(f"there is no component section with id {section.id}", section.offset)

    def _open(self, section: Section) -> Cursor:
        cursor = open_section(self.source, section)
        cursor.budget = self.budget
        return cursor

    def _custom(self, section: Section) -> None:
        custom = custom_section(self.source, section)
        self.customs.append(custom)
        if custom.name == "producers":
            # What is wrong in a custom section makes no binary invalid (core specification, "Custom Section").
            with suppress(Malformed):
                self.producers = read_producers(self.source, custom)

    def _imports(self, cursor: Cursor) -> None:
        for _ in range(cursor.count()):
            self._count(self.imports, "imports", cursor)
            name, implements = read_extern_name(cursor)
            extern = self._known_by(name, read_extern_type(cursor, self.scope, name))
            self.imports.append((name, extern, implements))
            self.scope.add(extern)

    def _known_by(self, name: str, extern: ExternType) -> ExternType:
        """An import whose resources are known by its name; those of a nested component are known by none."""
        match extern.type:
            case InstanceType(exports=exports) if not self.depth:
                return ExternType(extern.kind, InstanceType(exports, name))
            case Type(resource=True):
                origin = "" if self.depth else f"{ROOT}#{name}"
                return ExternType(extern.kind, Type(name, resource=True, origin=origin))
            case _:
                return extern

    def _count(self, found: Sized, what: str, cursor: Cursor) -> None:
        if len(found) >= MAX_EXTERNS:
            raise Unsupported(f"more than {MAX_EXTERNS} {what}: the rest is not read", cursor.offset)

    def _exports(self, cursor: Cursor) -> None:
        for _ in range(cursor.count()):
            self._count(self.exports, "exports", cursor)
            name, _ = read_extern_name(cursor)
            sort = read_sort(cursor)
            index = cursor.u32()
            extern = ExternType(sort, None) if sort is None else self.scope.at(sort, index)  # type: ignore[arg-type]
            if cursor.byte():
                ascribed = read_extern_type(cursor, self.scope, name)
                extern = ascribed if ascribed.type is not None else extern
            if extern.kind == ExternKind.TYPE and isinstance(extern.type, Type):
                named = extern.type.named(name)
                named.resource = extern.type.resource
                extern = ExternType(extern.kind, named)
            self.exports.append((name, extern))
            self.scope.add(extern)

    def _instances(self, cursor: Cursor) -> None:
        for _ in range(cursor.count()):
            start = cursor.offset
            match cursor.byte():
                case 0x00:
                    component = cursor.u32()
                    for _ in range(cursor.count()):
                        cursor.name()
                        read_sort(cursor)
                        cursor.u32()
                    self.scope.instances.append(self._instantiated(component))
                case 0x01:
                    instance = InstanceType()
                    for _ in range(cursor.count()):
                        name, _ = read_extern_name(cursor)
                        sort = read_sort(cursor)
                        index = cursor.u32()
                        if sort is not None:
                            instance.exports[name] = self.scope.at(sort, index)
                    self.scope.instances.append(_constant(instance))
                case code:
                    raise Unsupported(f"unknown form 0x{code:02x} of an instance", start)

    def _instantiated(self, component: int) -> Callable[[], InstanceType | None]:
        """What an instance of a component exports, found when somebody asks."""

        def exports() -> InstanceType | None:
            type_ = self.scope.at(ExternKind.COMPONENT, component).type
            return InstanceType(type_.exports) if isinstance(type_, ComponentType) else None

        return exports

    def _nested(self, section: Section) -> Callable[[], ComponentType | None]:
        """A nested component's type, found when somebody asks, and only once."""
        cache: list[ComponentType | None] = []

        def type_() -> ComponentType | None:
            if not cache:
                cache.append(None)  # what a component that (wrongly) contains itself would see
                if self.depth < MAX_DEPTH:
                    cache[0] = self._read_nested(section)
            return cache[0]

        return type_

    def _read_nested(self, section: Section) -> ComponentType | None:
        walk = _Walk(self.source, Scope(self.scope), self.depth + 1, budget=self.budget)
        try:
            walk.run(section.offset, section.offset + section.size)
        except Malformed:
            return None  # its exports then count as not typed; validity is wasm-tools' question
        return ComponentType({name: type_ for name, type_, _ in walk.imports}, dict(walk.exports))


def _constant(instance: InstanceType) -> Callable[[], InstanceType | None]:
    return lambda: instance


def _function(name: str, type_: AnyType | None) -> Function:
    return Function(name, type_.text, type_.type) if isinstance(type_, FuncType) else Function(name, "")


def _extern(name: str, extern: ExternType, implements: str) -> Extern:
    match extern.kind, extern.type:
        case ExternKind.INSTANCE, InstanceType() as instance:
            return _instance(name, instance, implements)
        case ExternKind.FUNC, type_:
            return Extern(name, extern.kind, functions=(_function(name, type_),), implements=implements)
        case ExternKind.TYPE, type_:
            # A type that is not known here names no resource as far as anyone can tell.
            resources = (name,) if isinstance(type_, Type) and type_.resource else ()
            return Extern(name, extern.kind, resources=resources, implements=implements)
        case _:
            # Modules, components and values are matched by name alone.
            typed = extern.kind != ExternKind.INSTANCE
            return Extern(name, extern.kind, typed=typed, implements=implements)


def _instance(name: str, instance: InstanceType, implements: str) -> Extern:
    functions: list[Function] = []
    resources: list[str] = []
    types: list[str] = []
    instances: list[str] = []
    for item, extern in instance.exports.items():
        match extern.kind:
            case ExternKind.FUNC:
                functions.append(_function(item, extern.type))
            case ExternKind.TYPE if isinstance(extern.type, Type) and extern.type.resource:
                resources.append(item)
            case ExternKind.TYPE:
                types.append(item)
            case ExternKind.INSTANCE if isinstance(extern.type, InstanceType):
                instances.append(item)
                inner = _instance(item, extern.type, "")
                functions += [Function(f"{item}/{f.name}", f.signature) for f in inner.functions]
                resources += [f"{item}/{name}" for name in inner.resources]
            case _:
                # A module or component: linkers need a definition for it as for a function.
                functions.append(Function(item, extern.kind.value))
    return Extern(
        name,
        ExternKind.INSTANCE,
        functions=tuple(functions),
        resources=tuple(resources),
        types=tuple(types),
        implements=implements,
        instances=tuple(instances),
    )
