"""A component's imports and exports, by a walk over its top-level sections.

Core modules are skipped by seeking, and a nested component is read only when an export's type comes
out of it. Section ids and index spaces: Component Model, Binary.md, "Component Definitions".
"""

from __future__ import annotations

from collections.abc import Callable, Sized
from contextlib import suppress
from typing import TYPE_CHECKING

from wasmdoctor.model.record import dataclass, field
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
    check_instances,
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

if TYPE_CHECKING:
    from wasmdoctor.readers.wasm.repeats import Repeats


def read_component(source: ByteSource, path: str, repeats: Repeats | None = None) -> Component:
    """Read a component whose preamble has been checked.

    What can be read is given even when a later part is broken; then ``problems`` says what and at which
    byte. ``repeats`` are the sections of components that were read before, which need not be read again; those of
    this one are added. Raises OSError when the source does.
    """
    walk = Walk(source) if repeats is None else repeats.walk(source)
    problems: list[Problem] = []
    try:
        walk.run(0, source.size)
    except Unsupported as error:
        problems.append(_problem(path, error, "wasm-tools may know it: the rest of the report may lack it"))
    except Malformed as error:
        problems.append(
            _problem(path, error, "build the component again, or copy it again if it was cut off")
        )
    return Component(
        imports=tuple(extern for *_, extern in walk.spaces.imports if extern is not None),
        exports=tuple(extern for *_, extern in walk.spaces.exports if extern is not None),
        producers=walk.producers,
        custom_sections=tuple(walk.customs),
        modules=tuple(walk.modules),
        nested_components=walk.nested,
        problems=tuple(problems),
    )


def _problem(path: str, error: Malformed, help_: str) -> Problem:
    return Problem(Location(path), f"{error} (at byte 0x{error.offset:x})", help_)


Import = tuple[str, ExternType, str, Extern | None]
"""An import: name, type, the interface that it stands for or "", and its record when it is a component's own."""

Export = tuple[str, ExternType, Extern | None]


@dataclass(slots=True)
class Spaces:
    """All that the sections of a component add to: its index spaces, and what it has to do with the outside."""

    scope: Scope = field(default_factory=Scope)
    imports: list[Import] = field(default_factory=list)
    exports: list[Export] = field(default_factory=list)


@dataclass
class Walk:
    """One pass over the sections of a component. ``budget`` is how many bytes may still be made of it."""

    source: ByteSource
    spaces: Spaces = field(default_factory=Spaces)
    depth: int = 0
    producers: Producers = field(default_factory=dict)
    customs: list[CustomSection] = field(default_factory=list)
    modules: list[EmbeddedModule] = field(default_factory=list)
    nested: int = 0
    budget: list[int] = field(default_factory=lambda: [MAX_MADE])
    bound: bool = False
    """Whether something was made that asks this very walk."""

    def __post_init__(self) -> None:
        self.scope = self.spaces.scope

    def run(self, start: int, end: int) -> None:
        """All sections of a binary that begins at ``start``. Raises Malformed for one that is none."""
        for section in sections(self.source, start, end):
            self.section(section)

    def inner(self, scope: Scope) -> Walk:
        """A walk of a component nested in this one."""
        return Walk(self.source, Spaces(scope), self.depth + 1, budget=self.budget)

    def section(self, section: Section, payload: bytes | None = None) -> None:
        """One section; ``payload`` are its bytes when they are at hand."""
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
                self._instances(self._open(section, payload))
            case 6:
                read_alias_section(self._open(section, payload), self.scope)
            case 7:
                read_type_section(self._open(section, payload), self.scope)
            case 8:
                read_canon_section(self._open(section, payload), self.scope)
            case 10:
                self._imports(self._open(section, payload))
            case 11:
                self._exports(self._open(section, payload))
            case 2 | 3 | 9 | 12:
                pass  # core instances, core types, start and values say nothing of the outside
            case _:
                raise Malformed(f"there is no component section with id {section.id}", section.offset)

    def _open(self, section: Section, payload: bytes | None) -> Cursor:
        cursor = open_section(self.source, section) if payload is None else Cursor(payload, section.offset)
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
            self._count(self.spaces.imports, "imports", cursor)
            name, implements = read_extern_name(cursor)
            extern = self._known_by(name, read_extern_type(cursor, self.scope, name))
            own = None if self.depth else _extern(name, extern, implements)
            self.spaces.imports.append((name, extern, implements, own))
            self.scope.add(extern.kind, extern.type)

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
            self._count(self.spaces.exports, "exports", cursor)
            name, _ = read_extern_name(cursor)
            sort = read_sort(cursor)
            index = cursor.u32()
            extern = ExternType(sort, sort and self.scope.at(sort, index))  # type: ignore[arg-type]
            if cursor.byte():
                ascribed = read_extern_type(cursor, self.scope, name)
                extern = ascribed if ascribed.type is not None else extern
            if extern.kind == ExternKind.TYPE and isinstance(extern.type, Type):
                named = extern.type.named(name)
                named.resource = extern.type.resource
                extern = ExternType(extern.kind, named)
            own = None if self.depth else _extern(name, extern, "")
            self.spaces.exports.append((name, extern, own))
            self.scope.add(extern.kind, extern.type)

    def _instances(self, cursor: Cursor) -> None:
        for _ in range(cursor.count()):
            start = cursor.offset
            check_instances(len(self.scope.instances) + 1, start)
            match cursor.byte():
                case 0x00:
                    component = cursor.u32()
                    for _ in range(cursor.count()):
                        cursor.name()
                        read_sort(cursor)
                        cursor.u32()
                    self.scope.instances.append(self._instantiated(component))
                    self.bound = True
                case 0x01:
                    instance = InstanceType()
                    for _ in range(cursor.count()):
                        name, _ = read_extern_name(cursor)
                        sort = read_sort(cursor)
                        index = cursor.u32()
                        if sort is not None:
                            instance.exports[name] = ExternType(sort, self.scope.at(sort, index))
                    self.scope.instances.append(_constant(instance))
                case code:
                    raise Unsupported(f"unknown form 0x{code:02x} of an instance", start)

    def _instantiated(self, component: int) -> Callable[[], InstanceType | None]:
        """What an instance of a component exports, found when somebody asks."""

        def exports() -> InstanceType | None:
            type_ = self.scope.at(ExternKind.COMPONENT, component)
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
        walk = self.inner(Scope(self.scope))
        try:
            walk.run(section.offset, section.offset + section.size)
        except Malformed:
            return None  # its exports then count as not typed; validity is wasm-tools' question
        return ComponentType(
            {name: type_ for name, type_, *_ in walk.spaces.imports},
            {name: type_ for name, type_, _ in walk.spaces.exports},
        )


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
