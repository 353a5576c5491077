"""How a component wires its core modules: what it instantiates, with what, and what it lowers and lifts.

One pass over the sections of a component fills its index spaces with what each entry stands for; the
definitions only ever refer to earlier ones. An instance of a nested component is another such pass, with
the given imports. Section ids, sorts and index spaces: Component Model, Binary.md, "Component Definitions",
"Instance Definitions", "Alias Definitions", "Canonical Definitions", "Start Definitions".
"""

from __future__ import annotations

from collections.abc import Mapping

from wasmdoctor.model.record import dataclass, field
from wasmdoctor.readers.code.module import CoreCode
from wasmdoctor.readers.code.values import (
    ComponentDefinition,
    CoreInstance,
    CoreValue,
    Dropped,
    Exports,
    ImportedFunc,
    ImportedInstance,
    ImportedType,
    InlineInstance,
    Lifted,
    Lowered,
    ModuleDefinition,
    ModuleInstance,
    OwnResource,
    Spaces,
    Value,
)
from wasmdoctor.readers.wasm.canon import BUILT_INS, read_options, skip_operand
from wasmdoctor.readers.wasm.cursor import Cursor, Malformed, Unsupported
from wasmdoctor.readers.wasm.sections import Section, open_section, sections
from wasmdoctor.readers.wasm.source import ByteSource, Window
from wasmdoctor.readers.wasm.types import (
    Scope,
    check_instances,
    read_deftype,
    read_extern_name,
    read_extern_type,
)

MAX_DEPTH = 32
"""How deep components may be nested, or instantiate each other."""
MAX_INSTANCES = 10_000
"""Instances of components and of core modules, in all."""
MAX_BYTES = 64 * 1024 * 1024
"""Bytes of definitions that are read, those of a nested component again for each instance of it."""

CORE_SORT_CODES = {0x00: "func", 0x01: "table", 0x02: "memory", 0x03: "global", 0x04: "tag"}
SORT_CODES = {0x01: "func", 0x02: "value", 0x03: "type", 0x04: "component", 0x05: "instance"}
CALLBACK = 0x07


@dataclass(slots=True)
class Wiring:
    """Everything that a component instantiates, and what it exports.

    ``problems`` are what could not be read, with ``offset`` counted from the start of the file.
    """

    modules: Mapping[int, CoreCode]
    numbers: Mapping[int, int]
    instances: list[ModuleInstance] = field(default_factory=list)
    exports: dict[str, tuple[str, Value]] = field(default_factory=dict)
    starts: list[CoreValue] = field(default_factory=list)
    problems: list[Malformed] = field(default_factory=list)
    left: int = MAX_INSTANCES
    bytes_left: int = MAX_BYTES

    def run(self, source: ByteSource) -> None:
        """Wire the component that ``source`` holds. Raises OSError when the source does."""
        component = ComponentDefinition(source, 0, Spaces())
        self.exports = self.instantiate(component, None, 0).items

    def instantiate(
        self, component: ComponentDefinition, arguments: Mapping[str, Value] | None, depth: int
    ) -> Exports:
        """An instance of a component; ``arguments`` are its imports by name, None for the outermost."""
        walk = _Instance(self, component, arguments, depth)
        self.left -= 1
        if depth > MAX_DEPTH:
            self._stop(f"components are instantiated deeper than {MAX_DEPTH} levels", component.offset)
            return walk.exports
        if self.left < 0:
            self._stop(f"components are instantiated more than {MAX_INSTANCES} times", component.offset)
            return walk.exports
        try:
            for section in sections(component.source):
                walk.section(section)
        except Malformed as error:
            error.offset += component.offset
            self.problems.append(error)
        return walk.exports

    def _stop(self, message: str, offset: int) -> None:
        """Say once what is not followed any further."""
        if all(str(problem) != message for problem in self.problems):
            self.problems.append(Unsupported(message, offset))


@dataclass(slots=True)
class _Instance:
    """The pass over one component for one instance of it."""

    wiring: Wiring
    component: ComponentDefinition
    arguments: Mapping[str, Value] | None
    depth: int
    exports: Exports = field(default_factory=Exports)
    spaces: Spaces = field(init=False)
    scope: Scope = field(init=False)

    def __post_init__(self) -> None:
        self.spaces = Spaces(self.component.spaces if self.depth else None)
        # Only stepped over: a type that refers to another around it finds a scope, with nothing in it.
        self.scope = Scope()
        spaces, scope = self.spaces, self.scope
        while spaces.parent is not None:
            scope.parent = Scope()
            spaces, scope = spaces.parent, scope.parent

    def section(self, section: Section) -> None:
        spaces = self.spaces
        match section.id:
            case 1:
                number = self.wiring.numbers.get(self.component.offset + section.offset)
                spaces.items["module"].append(None if number is None else ModuleDefinition(number))
            case 4:
                window = Window(self.component.source, section.offset, section.size)
                offset = self.component.offset + section.offset
                spaces.items["component"].append(ComponentDefinition(window, offset, spaces))
            case 0 | 3:
                pass
            case _:
                self._definitions(section)

    def _definitions(self, section: Section) -> None:
        self.wiring.bytes_left -= section.size
        if self.wiring.bytes_left < 0:
            raise Unsupported(f"more than {MAX_BYTES} bytes of definitions", section.offset)
        cursor = open_section(self.component.source, section)
        if section.id == 9:
            self._start(cursor)
            return
        read = _READERS.get(section.id)
        if read is None:
            return  # values call nobody; an unknown section is a Problem of the component's own reader
        for _ in range(cursor.count()):
            read(self, cursor)

    def _core_instance(self, cursor: Cursor) -> None:
        start = cursor.offset
        instance: CoreInstance
        match cursor.byte():
            case 0x00:
                module = self.spaces.at("module", cursor.u32())
                arguments: dict[str, CoreInstance | None] = {}
                for _ in range(cursor.count()):
                    name = cursor.name()
                    cursor.byte()  # the only sort there is: an instance
                    index = cursor.u32()
                    known = self.spaces.core_instances
                    arguments[name] = known[index] if index < len(known) else None
                instance = self._module_instance(module, arguments, start)
            case 0x01:
                instance = InlineInstance()
                for _ in range(cursor.count()):
                    name, kind, index = cursor.name(), cursor.byte(), cursor.u32()
                    instance.items[name] = self.spaces.core_at(CORE_SORT_CODES.get(kind, ""), index)
            case code:
                raise Unsupported(f"unknown form 0x{code:02x} of a core instance", start)
        self.spaces.core_instances.append(instance)

    def _module_instance(
        self, module: Value, arguments: Mapping[str, CoreInstance | None], at: int
    ) -> CoreInstance:
        if not isinstance(module, ModuleDefinition):
            return InlineInstance()  # a module that is imported: nothing is known of it
        self.wiring.left -= 1
        if self.wiring.left < 0:
            raise Unsupported(f"more than {MAX_INSTANCES} instances", at)
        instance = ModuleInstance(module.module, self.wiring.modules[module.module], arguments)
        self.wiring.instances.append(instance)
        return instance

    def _instance(self, cursor: Cursor) -> None:
        start = cursor.offset
        match cursor.byte():
            case 0x00:
                component = self.spaces.at("component", cursor.u32())
                arguments: dict[str, Value] = {}
                for _ in range(cursor.count()):
                    name = cursor.name()
                    arguments[name] = self.spaces.at(*_sorted_index(cursor))
                if isinstance(component, ComponentDefinition):
                    instance = self.wiring.instantiate(component, arguments, self.depth + 1)
                else:
                    instance = Exports()
            case 0x01:
                instance = Exports()
                for _ in range(cursor.count()):
                    name, _ = read_extern_name(cursor)
                    sort, index = _sorted_index(cursor)
                    instance.items[name] = (sort, self.spaces.at(sort, index))
            case code:
                raise Unsupported(f"unknown form 0x{code:02x} of an instance", start)
        self.spaces.items["instance"].append(instance)
        check_instances(len(self.spaces.items["instance"]), start)

    def _alias(self, cursor: Cursor) -> None:
        code = cursor.byte()
        core = code == 0x00
        sort = _core_sort(cursor) if core else _sort(code, cursor)
        at = cursor.pos
        target = cursor.byte()
        items = self.spaces.items.get(sort)  # core types are not kept
        if target == 0x00:
            instance, name = self.spaces.at("instance", cursor.u32()), cursor.name()
            # An instance exports no core items, except in broken components.
            if items is not None:
                known = isinstance(instance, ImportedInstance | Exports)
                items.append(instance.export(name, sort) if known else None)  # type: ignore[union-attr]
                if sort == "instance":
                    check_instances(len(items), cursor.base + at)
        elif target == 0x01:
            index, name = cursor.u32(), cursor.name()
            instances = self.spaces.core_instances
            item = instances[index].export(name) if index < len(instances) else None
            if sort in self.spaces.core:
                self.spaces.core[sort].append(item)
        elif target == 0x02:
            count, index = cursor.u32(), cursor.u32()
            outer: Spaces | None = self.spaces
            for _ in range(min(count, MAX_DEPTH + 1)):
                outer = outer.parent if outer else None
            if items is not None:
                items.append(outer.at(sort, index) if outer else None)
        else:
            raise Unsupported(f"unknown target 0x{target:02x} of an alias", cursor.base + at)

    def _type(self, cursor: Cursor) -> None:
        code = cursor.peek()
        value: Value = None
        if code in (0x3E, 0x3F):
            value = OwnResource(self._destructor(cursor))
        else:
            read_deftype(cursor, self.scope, 0)
        self.spaces.items["type"].append(value)

    def _destructor(self, cursor: Cursor) -> CoreValue:
        """A resource type's destructor: ``0x3F rep dtor?``, and with 0x3E a callback after it."""
        code = cursor.byte()
        cursor.byte()
        destructor = self.spaces.core_at("func", cursor.u32()) if cursor.byte() else None
        if code == 0x3E and cursor.byte():
            cursor.u32()
        return destructor

    def _canon(self, cursor: Cursor) -> None:
        start = cursor.offset
        code = cursor.byte()
        functions = self.spaces.core["func"]
        if code == 0x00:
            cursor.byte()
            core = self.spaces.core_at("func", cursor.u32())
            callback = read_options(cursor).get(CALLBACK)
            cursor.u32()
            called_back = None if callback is None else self.spaces.core_at("func", callback)
            self.spaces.items["func"].append(Lifted(core, called_back))
        elif code == 0x01:
            cursor.byte()
            function = self.spaces.at("func", cursor.u32())
            read_options(cursor)
            functions.append(Lowered(function) if isinstance(function, ImportedFunc | Lifted) else None)
        elif code in (0x03, 0x07):
            type_ = self.spaces.at("type", cursor.u32())
            functions.append(Dropped(type_) if isinstance(type_, ImportedType | OwnResource) else None)
        elif code in BUILT_INS:
            for operand in BUILT_INS[code]:
                skip_operand(cursor, operand)
            functions.append(None)
        else:
            raise Unsupported(f"unknown canonical definition 0x{code:02x}", start)

    def _start(self, cursor: Cursor) -> None:
        function = self.spaces.at("func", cursor.u32())
        if isinstance(function, Lifted):
            self.wiring.starts.append(function.core)

    def _import(self, cursor: Cursor) -> None:
        name, _ = read_extern_name(cursor)
        sort = read_extern_type(cursor, self.scope, name).kind.value
        value: Value = None
        if self.arguments is not None:
            value = self.arguments.get(name)
        elif sort == "func":
            value = ImportedFunc(name, "")
        elif sort == "instance":
            value = ImportedInstance(name)
        elif sort == "type":
            value = ImportedType(name, name)
        self.spaces.items[sort].append(value)

    def _export(self, cursor: Cursor) -> None:
        name, _ = read_extern_name(cursor)
        sort, index = _sorted_index(cursor)
        if cursor.byte():
            read_extern_type(cursor, self.scope, name)
        value = self.spaces.at(sort, index)
        self.exports.items[name] = (sort, value)
        self.spaces.items[sort].append(value)


_READERS = {
    2: _Instance._core_instance,
    5: _Instance._instance,
    6: _Instance._alias,
    7: _Instance._type,
    8: _Instance._canon,
    10: _Instance._import,
    11: _Instance._export,
}
"""What reads one item of a section, by the section's id."""


def _sorted_index(cursor: Cursor) -> tuple[str, int]:
    code = cursor.byte()
    sort = _core_sort(cursor) if code == 0x00 else _sort(code, cursor)
    return sort, cursor.u32()


def _core_sort(cursor: Cursor) -> str:
    """A core sort after its prefix. ``module`` has an index space of the component, ``type`` none here."""
    start = cursor.offset
    code = cursor.byte()
    if code == 0x11:
        return "module"
    if code == 0x10:
        return "core type"
    if code not in CORE_SORT_CODES:
        raise Unsupported(f"unknown core sort 0x{code:02x}", start)
    return CORE_SORT_CODES[code]


def _sort(code: int, cursor: Cursor) -> str:
    if code not in SORT_CODES:
        raise Unsupported(f"unknown sort 0x{code:02x}", cursor.offset - 1)
    return SORT_CODES[code]
