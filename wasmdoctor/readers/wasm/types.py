"""Component types: what a type section declares, down to the functions and resources of an instance.

Encodings: Component Model, Binary.md, "Type Definitions" (state of wasm-tools 1.262, which the tests
compare with). A type is kept as the text that WIT would write for it, which is what people read, as its
structure, in which parts are shared, and as its role: a resource, a function, an instance, a component, or
another value type.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from copy import copy
from typing import NamedTuple

from wasmdoctor.model.record import dataclass, field
from wasmdoctor.model.types import MAX_DEPTH, FunctionType, ValueType
from wasmdoctor.model.wasm import ExternKind
from wasmdoctor.readers.wasm.cursor import Cursor, Malformed, Unsupported

MAX_NESTING = 64
"""How deep types may nest. wasmparser 0.262 refuses component types nested deeper than 100."""

MAX_TEXT = 4096
"""Longer type texts are cut: nested tuples of tuples would otherwise grow without bound."""

MAX_INSTANCES = 10_000
"""Instances of a component, imported, defined or aliased. wasmparser 0.262 refuses more than 4,096 of them."""

TYPE_SIZE = 256
"""Bytes that a type takes in memory, besides its text."""

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
    """Any type that is not a function, instance or component. ``text`` is its name or its structure.

    ``resource`` holds for a resource that is defined here. ``value`` is the structure, None for a resource
    and where it is not known. ``origin`` says which resource it is, also for one that is defined elsewhere
    (see ``ValueType.resource``).
    """

    text: str
    resource: bool = False
    value: ValueType | None = None
    origin: str = ""

    def named(self, name: str) -> Type:
        """The same type under a name that an import or export gives it; nothing is defined by that."""
        value = self.value
        if value is not None and value.kind not in ("own", "borrow"):
            value = ValueType(value.kind, value.parts, value.labels, name, size=value.size)
        return Type(name, value=value, origin=self.origin)


_PRIMITIVE_TYPES = {name: Type(name, value=ValueType(name)) for name in PRIMITIVES.values()}
_UNKNOWN = Type("_")


@dataclass(slots=True)
class FuncType:
    """A function type as text: ``func(a: u32) -> string``, and as structure."""

    text: str
    type: FunctionType | None = None


@dataclass(slots=True)
class ExternType:
    """What an import or export is: its sort, and its type where that could be followed."""

    kind: ExternKind
    type: AnyType | None


@dataclass(slots=True)
class InstanceType:
    """The exports of an instance, in order of declaration. ``name`` is that of an import, else "".

    ``moved`` are its types as they are outside of it, by identity.
    """

    exports: dict[str, ExternType] = field(default_factory=dict)
    name: str = ""
    moved: dict[int, ValueType | None] = field(default_factory=dict)


@dataclass(slots=True)
class ComponentType:
    """The imports and exports of a component type."""

    imports: dict[str, ExternType] = field(default_factory=dict)
    exports: dict[str, ExternType] = field(default_factory=dict)


AnyType = Type | FuncType | InstanceType | ComponentType


class Read(NamedTuple):
    """An entry of a scope that was referred to, and what it was; ``type`` is None where there was none."""

    scope: Scope
    kind: ExternKind
    number: int
    type: AnyType | None


@dataclass(slots=True)
class Scope:
    """The index spaces of one component or type scope. ``None`` is an entry that could not be followed.

    What is asked of it with ``at`` is noted in ``reads``, when there is such a list.
    """

    parent: Scope | None = None
    types: list[AnyType | None] = field(default_factory=list)
    funcs: list[FuncType | None] = field(default_factory=list)
    instances: list[Callable[[], InstanceType | None]] = field(default_factory=list)
    components: list[Callable[[], ComponentType | None]] = field(default_factory=list)
    modules: int = 0
    values: int = 0
    reads: list[Read] | None = None

    def sizes(self) -> tuple[int, int, int, int, int, int]:
        """How many entries there are of each kind, in the order of the fields."""
        return (
            len(self.types),
            len(self.funcs),
            len(self.instances),
            len(self.components),
            self.modules,
            self.values,
        )

    def outer(self, count: int, offset: int) -> Scope:
        """The scope ``count`` levels up. Raises Malformed when there is none."""
        scope: Scope | None = self
        left = count
        while left and scope is not None:  # the count may say four billion
            scope, left = scope.parent, left - 1
        if scope is None:
            raise Malformed(f"there is no scope {count} levels up", offset)
        return scope

    def add(self, kind: ExternKind, type_: AnyType | None) -> None:
        """Append an import or export to the index space of its sort."""
        if kind is ExternKind.FUNC:
            self.funcs.append(type_ if isinstance(type_, FuncType) else None)
        elif kind is ExternKind.TYPE:
            self.types.append(type_)
        elif kind is ExternKind.INSTANCE:
            instance = type_ if isinstance(type_, InstanceType) else None
            self.instances.append(lambda: instance)
        elif kind is ExternKind.COMPONENT:
            component = type_ if isinstance(type_, ComponentType) else None
            self.components.append(lambda: component)
        elif kind is ExternKind.MODULE:
            self.modules += 1
        else:
            self.values += 1

    def entry(self, kind: ExternKind, index: int) -> AnyType | None:
        """The type of the entry ``index`` of the index space of ``kind``; None when it is unknown."""
        if kind is ExternKind.TYPE:
            return self.types[index] if index < len(self.types) else None
        if kind is ExternKind.FUNC:
            return self.funcs[index] if index < len(self.funcs) else None
        if kind is ExternKind.INSTANCE:
            return self.instances[index]() if index < len(self.instances) else None
        if kind is ExternKind.COMPONENT:
            return self.components[index]() if index < len(self.components) else None
        return None

    def at(self, kind: ExternKind, index: int) -> AnyType | None:
        """What ``entry`` gives, which is noted."""
        type_ = self.entry(kind, index)
        if self.reads is not None:
            self.reads.append(Read(self, kind, index, type_))
        return type_


def check_instances(count: int, offset: int) -> None:
    """Raises Unsupported when there are too many instances; ``offset`` is where the last one stands."""
    if count > MAX_INSTANCES:
        raise Unsupported(f"more than {MAX_INSTANCES} instances: the rest is not read", offset)


def read_type_section(cursor: Cursor, scope: Scope) -> None:
    """Read the payload of a component's type section into ``scope``."""
    for _ in range(cursor.count()):
        scope.types.append(read_deftype(cursor, scope, 0))


def read_deftype(cursor: Cursor, scope: Scope, depth: int) -> AnyType | None:
    """One ``deftype``. Raises Malformed, or Unsupported for an opcode that is not known here."""
    found = _deftype(cursor, scope, depth)
    cursor.spend(TYPE_SIZE + (len(found.text) if isinstance(found, Type | FuncType) else 0))
    return found


def _deftype(cursor: Cursor, scope: Scope, depth: int) -> AnyType | None:
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
    return _defvaltype(cursor, scope)


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
            scope.add(extern.kind, extern.type)
        case 0x04:
            name, _ = read_extern_name(cursor)
            exports[name] = extern = read_extern_type(cursor, scope, name)
            scope.add(extern.kind, extern.type)
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
            type_ = scope.at(ExternKind.TYPE, cursor.u32())
            return ExternType(ExternKind.FUNC, type_ if isinstance(type_, FuncType) else None)
        case 0x02:
            if cursor.byte() == 0x00:
                cursor.u32()
            else:
                _valtype(cursor, scope)
            return ExternType(ExternKind.VALUE, None)
        case 0x03:
            if cursor.byte() == 0x00:
                bound = scope.at(ExternKind.TYPE, cursor.u32())
                # Equal to a type that stands elsewhere: a resource is defined there, not here.
                return ExternType(ExternKind.TYPE, bound.named(name) if isinstance(bound, Type) else bound)
            return ExternType(ExternKind.TYPE, Type(name, resource=True, origin=f"#{name}"))
        case 0x04:
            type_ = scope.at(ExternKind.TYPE, cursor.u32())
            return ExternType(ExternKind.COMPONENT, type_ if isinstance(type_, ComponentType) else None)
        case 0x05:
            type_ = scope.at(ExternKind.TYPE, cursor.u32())
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
# Aliases of a core instance's export: a function, table, memory, global, type, tag or instance.
CORE_EXPORTS = frozenset(bytes((0x00, sort, 0x01)) for sort in (0x00, 0x01, 0x02, 0x03, 0x04, 0x10, 0x12))


def read_sort(cursor: Cursor) -> ExternKind | None:
    """A ``sort``; None for a core item other than a module, which has no place in these scopes."""
    code = cursor.byte()
    sort = SORTS.get(code)
    if sort is None and code:
        raise Unsupported(f"unknown sort 0x{code:02x}", cursor.offset - 1)
    if sort is None and cursor.byte() == CORE_MODULE:
        return ExternKind.MODULE
    return sort


def read_alias_section(cursor: Cursor, scope: Scope) -> None:
    """The aliases of one section, added to ``scope``."""
    data = cursor.data
    left = cursor.count()
    if data.isascii():
        left -= _skip_core_exports(cursor, left)
    for _ in range(left):
        if data[cursor.pos : cursor.pos + 3] in CORE_EXPORTS:
            # Most are of this kind, by far, and have no place in these scopes.
            cursor.pos += 3
            cursor.u32()
            cursor.name()
        else:
            read_alias(cursor, scope)


def _skip_core_exports(cursor: Cursor, most: int) -> int:
    """Step over aliases of core exports, as many as there are; how many there were.

    All bytes of the section are ASCII: numbers then have a byte, and names cannot be wrong.
    """
    data, pos, last = cursor.data, cursor.pos, cursor.end - 5
    done = 0
    while done < most and pos <= last and data[pos : pos + 3] in CORE_EXPORTS:
        after = pos + 5 + data[pos + 4]
        if after > cursor.end:
            break
        pos = after
        done += 1
    cursor.pos = pos
    return done


def read_alias(cursor: Cursor, scope: Scope) -> None:
    """One ``alias``, added to ``scope``."""
    sort = read_sort(cursor)
    at = cursor.pos
    target = cursor.byte()
    if target == 0x00:
        index, name = cursor.u32(), cursor.name()
        if sort is not None:
            scope.add(sort, _exported(scope, index, name, sort))
            if sort is ExternKind.INSTANCE:
                check_instances(len(scope.instances), cursor.base + at)
    elif target == 0x01:
        cursor.u32()
        cursor.name()
    elif target == 0x02:
        count, index = cursor.u32(), cursor.u32()
        if sort is not None:
            scope.add(sort, scope.outer(count, cursor.base + at).at(sort, index))
    else:
        raise Unsupported(f"unknown target 0x{target:02x} of an alias", cursor.base + at)


def _exported(scope: Scope, instance: int, name: str, sort: ExternKind) -> AnyType | None:
    """What an instance exports under a name, as it is outside of it, if it is of that sort."""
    type_ = scope.at(ExternKind.INSTANCE, instance)
    found = type_.exports.get(name) if isinstance(type_, InstanceType) else None
    if found is None or found.kind is not sort:
        return None
    return _outside(found.type, type_) if isinstance(found.type, Type) else found.type  # type: ignore[arg-type]


def _outside(type_: Type, instance: InstanceType) -> Type:
    """A type as it is outside of its instance, whose own resources are known there by its name, if it has one."""
    value, origin = _moved(type_.value, instance, 0), _moved_resource(type_.origin, instance)
    if value is type_.value and origin == type_.origin:
        return type_
    moved = copy(type_)  # of its own class: encoded worlds remember more of a type
    moved.value, moved.origin = value, origin
    return moved


def _moved_resource(origin: str, instance: InstanceType) -> str:
    if not origin.startswith("#"):
        return origin
    return f"{instance.name}{origin}" if instance.name else ""


def _moved(value: ValueType | None, instance: InstanceType, depth: int) -> ValueType | None:
    """The same object when nothing in it is the instance's own; None when it is nested too deeply."""
    if value is None or depth > MAX_DEPTH:
        return None
    if id(value) in instance.moved:
        return instance.moved[id(value)]
    parts = tuple(_moved(part, instance, depth + 1) for part in value.parts)
    resource = _moved_resource(value.resource, instance)
    moved: ValueType | None = value
    if any(new is None and old is not None for new, old in zip(parts, value.parts, strict=True)):
        moved = None
    elif resource != value.resource or any(
        new is not old for new, old in zip(parts, value.parts, strict=True)
    ):
        moved = ValueType(value.kind, parts, value.labels, value.name, resource, value.size)
    instance.moved[id(value)] = moved
    return moved


def _func_type(cursor: Cursor, scope: Scope, *, is_async: bool) -> FuncType:
    params = _labelled(cursor, scope)
    result = ""
    value: ValueType | None = None
    complete = True
    code = cursor.byte()
    if code == 0x00:
        type_ = _valtype(cursor, scope)
        result, value, complete = f" -> {type_.text}", type_.value, type_.value is not None
    elif code == 0x01:
        # Named results were dropped from the model in 2025; old binaries still carry them.
        named = [f"{name}: {type_.text}" for name, type_ in _labelled(cursor, scope)]
        result, complete = f" -> ({', '.join(named)})" if named else "", not named
    else:
        raise Unsupported(f"unknown form 0x{code:02x} of a result list", cursor.offset - 1)
    shown = ", ".join([f"{name}: {type_.text}" for name, type_ in params])
    return FuncType(
        _cut(f"{'async ' if is_async else ''}func({shown}){result}"),
        FunctionType(tuple([(name, type_.value) for name, type_ in params]), value, is_async, complete),
    )


def _labelled(cursor: Cursor, scope: Scope) -> list[tuple[str, Type]]:
    """A vector of names with a type each."""
    return [(cursor.name(), _valtype(cursor, scope)) for _ in range(cursor.count())]


def _valtype(cursor: Cursor, scope: Scope) -> Type:
    """A primitive's byte, or a type index (signed LEB128 in the format, never negative here)."""
    code = cursor.peek()
    if code in PRIMITIVES:
        cursor.byte()
        return _PRIMITIVE_TYPES[PRIMITIVES[code]]
    index = cursor.u32()
    type_ = scope.at(ExternKind.TYPE, index)
    return type_ if isinstance(type_, Type) else _UNKNOWN


def _optional(cursor: Cursor, scope: Scope) -> Type | None:
    return _valtype(cursor, scope) if cursor.byte() else None


def _defvaltype(cursor: Cursor, scope: Scope) -> Type:
    start = cursor.offset
    code = cursor.byte()
    if code in PRIMITIVES:
        return _PRIMITIVE_TYPES[PRIMITIVES[code]]
    match code:
        case 0x72:
            fields = _labelled(cursor, scope)
            text = f"record {{ {', '.join(f'{name}: {type_.text}' for name, type_ in fields)} }}"
            return _composite(text, "record", [t for _, t in fields], tuple(name for name, _ in fields))
        case 0x71:
            cases = list(_cases(cursor, scope))
            shown = (f"{name}({type_.text})" if type_ else name for name, type_ in cases)
            text = f"variant {{ {', '.join(shown)} }}"
            return _composite(text, "variant", [t for _, t in cases], tuple(name for name, _ in cases))
        case 0x70:
            return _generic("list", _valtype(cursor, scope))
        case 0x67:
            item, size = _valtype(cursor, scope), cursor.u32()
            return _composite(f"list<{item.text}, {size}>", "list", [item], size=size)
        case 0x6F:
            return _generic("tuple", *[_valtype(cursor, scope) for _ in range(cursor.count())])
        case 0x6E | 0x6D:
            kind = "flags" if code == 0x6E else "enum"
            labels = tuple(cursor.name() for _ in range(cursor.count()))
            text = _cut(f"{kind} {{ {', '.join(labels)} }}")
            return Type(text, value=ValueType(kind, labels=labels))
        case 0x6B:
            return _generic("option", _valtype(cursor, scope))
        case 0x6A:
            ok, error = _optional(cursor, scope), _optional(cursor, scope)
            inside = [ok.text if ok else "_", error.text] if error else [ok.text] if ok else []
            text = f"result<{', '.join(inside)}>" if inside else "result"
            return _composite(text, "result", [ok, error])
        case 0x69 | 0x68:
            inner = _valtype(cursor, scope)
            kind = "own" if code == 0x69 else "borrow"
            # WIT writes an owned handle as the resource's name.
            text = inner.text if code == 0x69 else _cut(f"borrow<{inner.text}>")
            return Type(text, value=ValueType(kind, name=inner.text, resource=inner.origin))
        case 0x66 | 0x65:
            payload = _optional(cursor, scope)
            word = "stream" if code == 0x66 else "future"
            return _composite(f"{word}<{payload.text}>" if payload else word, word, [payload])
        case 0x63:
            return _generic("map", _valtype(cursor, scope), _valtype(cursor, scope))
        case _:
            raise Unsupported(f"unknown type 0x{code:02x}", start)


def _generic(kind: str, *parts: Type) -> Type:
    """A type with type parameters."""
    return _composite(f"{kind}<{', '.join(part.text for part in parts)}>", kind, parts)


def _composite(
    text: str,
    kind: str,
    parts: Sequence[Type | None],
    labels: tuple[str, ...] = (),
    size: int | None = None,
) -> Type:
    """A type of parts. Its structure is not known when that of a part is not."""
    values = tuple(part.value if part is not None else None for part in parts)
    if any(part is not None and part.value is None for part in parts):
        return Type(_cut(text))
    return Type(_cut(text), value=ValueType(kind, values, labels, size=size))


def _cases(cursor: Cursor, scope: Scope) -> Iterator[tuple[str, Type | None]]:
    for _ in range(cursor.count()):
        name = cursor.name()
        payload = _optional(cursor, scope)
        if cursor.byte():  # "refines", always 0 in what encoders write
            cursor.u32()
        yield name, payload


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
