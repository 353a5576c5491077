"""Component types: what a type section declares, down to the functions and resources of an instance.

Encodings: Component Model, Binary.md, "Type Definitions" (state of wasm-tools 1.262, which the tests
compare with). A type is kept as the text that WIT would write for it, which is what people read, and
as its role: a resource, a function, an instance, a component, or another value type.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from wasmdoctor.model.wasm import ExternKind
from wasmdoctor.readers.wasm.cursor import Cursor, Malformed, Unsupported

MAX_NESTING = 64
"""How deep types may nest. wasmparser 0.262 refuses component types nested deeper than 100."""

MAX_TEXT = 4096
"""Longer type texts are cut: nested tuples of tuples would otherwise grow without bound."""

PRIMITIVES = {
    0x7F: "bool",
    0x7E: "s8",
    0x7D: "u8",
    0x7C: "s16",
    0x7B: "u16",
    0x7A: "s32",
    0x79: "u32",
    0x78: "s64",
    0x77: "u64",
    0x76: "f32",
    0x75: "f64",
    0x74: "char",
    0x73: "string",
    0x64: "error-context",
}


@dataclass(slots=True)
class Type:
    """Any type that is not a function, instance or component. ``text`` is its name or its structure."""

    text: str
    resource: bool = False


@dataclass(slots=True)
class FuncType:
    """A function type as text: ``func(a: u32) -> string``."""

    text: str


@dataclass(slots=True)
class ExternType:
    """What an import or export is: its sort, and its type where that could be followed."""

    kind: ExternKind
    type: AnyType | None


@dataclass(slots=True)
class InstanceType:
    """The exports of an instance, in order of declaration."""

    exports: dict[str, ExternType] = field(default_factory=dict)


@dataclass(slots=True)
class ComponentType:
    """The imports and exports of a component type."""

    imports: dict[str, ExternType] = field(default_factory=dict)
    exports: dict[str, ExternType] = field(default_factory=dict)


AnyType = Type | FuncType | InstanceType | ComponentType


@dataclass(slots=True)
class Scope:
    """The index spaces of one component or type scope. ``None`` is an entry that could not be followed."""

    parent: Scope | None = None
    types: list[AnyType | None] = field(default_factory=list)
    funcs: list[FuncType | None] = field(default_factory=list)
    instances: list[Callable[[], InstanceType | None]] = field(default_factory=list)
    components: list[Callable[[], ComponentType | None]] = field(default_factory=list)
    modules: int = 0
    values: int = 0

    def outer(self, count: int, offset: int) -> Scope:
        """The scope ``count`` levels up. Raises Malformed when there is none."""
        scope: Scope | None = self
        for _ in range(count):
            scope = scope.parent if scope else None
        if scope is None:
            raise Malformed(f"there is no scope {count} levels up", offset)
        return scope

    def add(self, extern: ExternType) -> None:
        """Append an import or export to the index space of its sort."""
        kind, type_ = extern.kind, extern.type
        match kind:
            case ExternKind.FUNC:
                self.funcs.append(type_ if isinstance(type_, FuncType) else None)
            case ExternKind.TYPE:
                self.types.append(type_)
            case ExternKind.INSTANCE:
                instance = type_ if isinstance(type_, InstanceType) else None
                self.instances.append(lambda: instance)
            case ExternKind.COMPONENT:
                component = type_ if isinstance(type_, ComponentType) else None
                self.components.append(lambda: component)
            case ExternKind.MODULE:
                self.modules += 1
            case ExternKind.VALUE:
                self.values += 1

    def at(self, kind: ExternKind, index: int) -> ExternType:
        """The entry ``index`` of the index space of ``kind``; its type is None when unknown."""
        type_: AnyType | None = None
        match kind:
            case ExternKind.FUNC:
                type_ = self.funcs[index] if index < len(self.funcs) else None
            case ExternKind.TYPE:
                type_ = self.types[index] if index < len(self.types) else None
            case ExternKind.INSTANCE:
                type_ = self.instances[index]() if index < len(self.instances) else None
            case ExternKind.COMPONENT:
                type_ = self.components[index]() if index < len(self.components) else None
            case _:
                pass
        return ExternType(kind, type_)


def read_type_section(cursor: Cursor, scope: Scope) -> None:
    """Read the payload of a component's type section into ``scope``."""
    for _ in range(cursor.count()):
        scope.types.append(read_deftype(cursor, scope, 0))


def read_deftype(cursor: Cursor, scope: Scope, depth: int) -> AnyType | None:
    """One ``deftype``. Raises Malformed, or Unsupported for an opcode that is not known here."""
    if depth > MAX_NESTING:
        raise Malformed(f"types are nested deeper than {MAX_NESTING} levels", cursor.offset)
    code = cursor.peek()
    if code in (0x40, 0x43):
        cursor.byte()
        return _func_type(cursor, scope, is_async=code == 0x43)
    if code == 0x41:
        cursor.byte()
        return _component_type(cursor, scope, depth)
    if code == 0x42:
        cursor.byte()
        return _instance_type(cursor, scope, depth)
    if code in (0x3E, 0x3F):
        cursor.byte()
        cursor.byte()  # the representation, i32
        if cursor.byte():  # a destructor
            cursor.u32()
        if code == 0x3E and cursor.byte():  # a callback of the asynchronous destructor
            cursor.u32()
        return Type("resource", resource=True)
    return Type(_defvaltype(cursor, scope))


def _instance_type(cursor: Cursor, outer: Scope, depth: int) -> InstanceType:
    scope = Scope(outer)
    result = InstanceType()
    for _ in range(cursor.count()):
        _declaration(cursor, scope, depth, {}, result.exports)
    return result


def _component_type(cursor: Cursor, outer: Scope, depth: int) -> ComponentType:
    scope = Scope(outer)
    result = ComponentType()
    for _ in range(cursor.count()):
        _declaration(cursor, scope, depth, result.imports, result.exports)
    return result


def _declaration(
    cursor: Cursor,
    scope: Scope,
    depth: int,
    imports: dict[str, ExternType],
    exports: dict[str, ExternType],
) -> None:
    """One ``componentdecl`` or ``instancedecl``: they differ only in that the latter has no imports."""
    start = cursor.offset
    match cursor.byte():
        case 0x00:
            _skip_core_type(cursor, depth + 1)
        case 0x01:
            scope.types.append(read_deftype(cursor, scope, depth + 1))
        case 0x02:
            read_alias(cursor, scope)
        case 0x03:
            name, _ = read_extern_name(cursor)
            imports[name] = extern = read_extern_type(cursor, scope, name)
            scope.add(extern)
        case 0x04:
            name, _ = read_extern_name(cursor)
            exports[name] = extern = read_extern_type(cursor, scope, name)
            scope.add(extern)
        case code:
            raise Unsupported(f"unknown declaration 0x{code:02x} in a type", start)


def read_extern_name(cursor: Cursor) -> tuple[str, str]:
    """An ``importname'`` or ``exportname'``: the full name, and the interface it implements or "".

    With canonical names (``wasm-tools component new --emit-canonical-names``, 1.262) an interface's name
    ends in the part of its version that decides compatibility, and a suffix gives the rest: ``a:b/c@0.2``
    and ``.1``. The suffix belongs to the implemented interface when there is one (wasmparser 0.262,
    ``ComponentExternName::full_name``).
    """
    start = cursor.offset
    code = cursor.byte()
    name = cursor.name()
    if code in (0x00, 0x01):
        return name, ""
    if code != 0x02:
        raise Unsupported(f"unknown form 0x{code:02x} of a name", start)
    options = {cursor.byte(): cursor.name() for _ in range(cursor.count())}
    implements, suffix = options.get(0x00, ""), options.get(0x01, "")
    return (name, implements + suffix) if implements else (name + suffix, "")


def read_extern_type(cursor: Cursor, scope: Scope, name: str) -> ExternType:
    """One ``externdesc``. A type gets ``name``, so that texts that use it show the name."""
    start = cursor.offset
    match cursor.byte():
        case 0x00:
            if cursor.byte() != 0x11:
                raise Unsupported("a core item other than a module", start)
            cursor.u32()
            return ExternType(ExternKind.MODULE, None)
        case 0x01:
            type_ = scope.at(ExternKind.TYPE, cursor.u32()).type
            return ExternType(ExternKind.FUNC, type_ if isinstance(type_, FuncType) else None)
        case 0x02:
            if cursor.byte() == 0x00:
                cursor.u32()
            else:
                _valtype(cursor, scope)
            return ExternType(ExternKind.VALUE, None)
        case 0x03:
            if cursor.byte() == 0x00:
                bound = scope.at(ExternKind.TYPE, cursor.u32()).type
                # Equal to a type that stands elsewhere: a resource is defined there, not here.
                return ExternType(ExternKind.TYPE, Type(name) if isinstance(bound, Type) else bound)
            return ExternType(ExternKind.TYPE, Type(name, resource=True))
        case 0x04:
            type_ = scope.at(ExternKind.TYPE, cursor.u32()).type
            return ExternType(ExternKind.COMPONENT, type_ if isinstance(type_, ComponentType) else None)
        case 0x05:
            type_ = scope.at(ExternKind.TYPE, cursor.u32()).type
            return ExternType(ExternKind.INSTANCE, type_ if isinstance(type_, InstanceType) else None)
        case code:
            raise Unsupported(f"unknown kind 0x{code:02x} of import or export", start)


SORTS = {
    0x01: ExternKind.FUNC,
    0x02: ExternKind.VALUE,
    0x03: ExternKind.TYPE,
    0x04: ExternKind.COMPONENT,
    0x05: ExternKind.INSTANCE,
}
CORE_MODULE = 0x11


def read_sort(cursor: Cursor) -> ExternKind | None:
    """A ``sort``; None for a core item other than a module, which has no place in these scopes."""
    start = cursor.offset
    code = cursor.byte()
    if code == 0x00:
        return ExternKind.MODULE if cursor.byte() == CORE_MODULE else None
    if code not in SORTS:
        raise Unsupported(f"unknown sort 0x{code:02x}", start)
    return SORTS[code]


def read_alias(cursor: Cursor, scope: Scope) -> None:
    """One ``alias``, added to ``scope``."""
    sort = read_sort(cursor)
    start = cursor.offset
    match cursor.byte():
        case 0x00:
            index, name = cursor.u32(), cursor.name()
            if sort is not None:
                scope.add(_exported(scope, index, name, sort))
        case 0x01:
            cursor.u32()
            cursor.name()
        case 0x02:
            count, index = cursor.u32(), cursor.u32()
            if sort is not None:
                scope.add(scope.outer(count, start).at(sort, index))
        case code:
            raise Unsupported(f"unknown target 0x{code:02x} of an alias", start)


def _exported(scope: Scope, instance: int, name: str, sort: ExternKind) -> ExternType:
    type_ = scope.at(ExternKind.INSTANCE, instance).type
    if isinstance(type_, InstanceType) and name in type_.exports and type_.exports[name].kind == sort:
        return type_.exports[name]
    return ExternType(sort, None)


def _func_type(cursor: Cursor, scope: Scope, *, is_async: bool) -> FuncType:
    params = [f"{name}: {type_}" for name, type_ in _labelled(cursor, scope)]
    start = cursor.offset
    result = ""
    match cursor.byte():
        case 0x00:
            result = f" -> {_valtype(cursor, scope)}"
        case 0x01:
            # Named results were dropped from the model in 2025; old binaries still carry them.
            named = [f"{name}: {type_}" for name, type_ in _labelled(cursor, scope)]
            result = f" -> ({', '.join(named)})" if named else ""
        case code:
            raise Unsupported(f"unknown form 0x{code:02x} of a result list", start)
    return FuncType(_cut(f"{'async ' if is_async else ''}func({', '.join(params)}){result}"))


def _labelled(cursor: Cursor, scope: Scope) -> Iterator[tuple[str, str]]:
    for _ in range(cursor.count()):
        name = cursor.name()
        yield name, _valtype(cursor, scope)


def _valtype(cursor: Cursor, scope: Scope) -> str:
    """A primitive's byte, or a type index (signed LEB128 in the format, never negative here)."""
    code = cursor.peek()
    if code in PRIMITIVES:
        cursor.byte()
        return PRIMITIVES[code]
    index = cursor.u32()
    type_ = scope.at(ExternKind.TYPE, index).type
    return type_.text if isinstance(type_, Type) else "_"


def _optional(cursor: Cursor, scope: Scope) -> str:
    return _valtype(cursor, scope) if cursor.byte() else ""


def _defvaltype(cursor: Cursor, scope: Scope) -> str:
    start = cursor.offset
    code = cursor.byte()
    if code in PRIMITIVES:
        return PRIMITIVES[code]
    match code:
        case 0x72:
            fields = ", ".join(f"{name}: {type_}" for name, type_ in _labelled(cursor, scope))
            text = f"record {{ {fields} }}"
        case 0x71:
            text = f"variant {{ {', '.join(_cases(cursor, scope))} }}"
        case 0x70:
            text = f"list<{_valtype(cursor, scope)}>"
        case 0x67:
            text = f"list<{_valtype(cursor, scope)}, {cursor.u32()}>"
        case 0x6F:
            text = f"tuple<{', '.join(_valtype(cursor, scope) for _ in range(cursor.count()))}>"
        case 0x6E:
            text = f"flags {{ {', '.join(cursor.name() for _ in range(cursor.count()))} }}"
        case 0x6D:
            text = f"enum {{ {', '.join(cursor.name() for _ in range(cursor.count()))} }}"
        case 0x6B:
            text = f"option<{_valtype(cursor, scope)}>"
        case 0x6A:
            ok, error = _optional(cursor, scope), _optional(cursor, scope)
            text = f"result<{ok or '_'}, {error}>" if error else f"result<{ok}>" if ok else "result"
        case 0x69:
            text = _valtype(cursor, scope)  # WIT writes an owned handle as the resource's name
        case 0x68:
            text = f"borrow<{_valtype(cursor, scope)}>"
        case 0x66 | 0x65:
            inner = _optional(cursor, scope)
            word = "stream" if code == 0x66 else "future"
            text = f"{word}<{inner}>" if inner else word
        case 0x63:
            text = f"map<{_valtype(cursor, scope)}, {_valtype(cursor, scope)}>"
        case _:
            raise Unsupported(f"unknown type 0x{code:02x}", start)
    return _cut(text)


def _cases(cursor: Cursor, scope: Scope) -> Iterator[str]:
    for _ in range(cursor.count()):
        name = cursor.name()
        payload = _optional(cursor, scope)
        if cursor.byte():  # "refines", always 0 in what encoders write
            cursor.u32()
        yield f"{name}({payload})" if payload else name


def _cut(text: str) -> str:
    return text if len(text) <= MAX_TEXT else text[: MAX_TEXT - 1] + "…"


def _skip_core_type(cursor: Cursor, depth: int) -> None:
    """Step over a ``core:type``: a function type or a module type (the forms encoders write)."""
    if depth > MAX_NESTING:
        raise Malformed(f"types are nested deeper than {MAX_NESTING} levels", cursor.offset)
    start = cursor.offset
    match cursor.byte():
        case 0x60:
            for _ in range(2):
                for _ in range(cursor.count()):
                    _skip_core_valtype(cursor)
        case 0x50:
            for _ in range(cursor.count()):
                _skip_module_declaration(cursor, depth)
        case code:
            raise Unsupported(f"core type 0x{code:02x}", start)


def _skip_module_declaration(cursor: Cursor, depth: int) -> None:
    start = cursor.offset
    match cursor.byte():
        case 0x00:
            cursor.name()
            cursor.name()
            skip_core_extern_type(cursor)
        case 0x01:
            _skip_core_type(cursor, depth + 1)
        case 0x02:
            cursor.byte()
            cursor.byte()
            cursor.u32()
            cursor.u32()
        case 0x03:
            cursor.name()
            skip_core_extern_type(cursor)
        case code:
            raise Unsupported(f"unknown declaration 0x{code:02x} in a module type", start)


def _skip_core_valtype(cursor: Cursor) -> None:
    if cursor.byte() in (0x63, 0x64):  # (ref null ht), (ref ht)
        cursor.skip_leb(5)


CORE_KINDS = {0x00: "func", 0x01: "table", 0x02: "memory", 0x03: "global", 0x04: "tag"}


def skip_core_extern_type(cursor: Cursor) -> str:
    """Step over a core import's or export's type (core specification, "Import Section"); its kind."""
    start = cursor.offset
    code = cursor.byte()
    # 0x20 is a function whose type is exact (the custom-descriptors proposal).
    if code == 0x20:
        code = 0x00
    if code not in CORE_KINDS:
        raise Unsupported(f"unknown kind 0x{code:02x} of core import", start)
    match code:
        case 0x00:
            cursor.u32()
        case 0x01:
            _skip_core_valtype(cursor)
            _skip_limits(cursor)
        case 0x02:
            _skip_limits(cursor)
        case 0x03:
            _skip_core_valtype(cursor)
            cursor.byte()
        case _:
            cursor.byte()
            cursor.u32()
    return CORE_KINDS[code]


def _skip_limits(cursor: Cursor) -> None:
    flags = cursor.byte()
    cursor.skip_leb(10)
    if flags & 0x01:
        cursor.skip_leb(10)
    if flags & 0x08:  # the custom-page-sizes proposal
        cursor.skip_leb(5)
