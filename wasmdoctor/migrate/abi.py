"""The canonical ABI of WIT types: sizes, alignments and flat core types, for functions that a component exports.

Rules: Component Model, CanonicalABI.md ("Alignment", "Element Size", "Flattening"), 32-bit memories.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from wasmdoctor.model.record import dataclass
from wasmdoctor.model.wit import Function, Type, TypeDef, TypeKind

MAX_FLAT_PARAMS = 16
MAX_FLAT_RESULTS = 1
MAX_FLAT = 10_000
"""More flat values than this are not counted out: the pointer is what counts then."""

_SIZES = {
    "bool": 1, "u8": 1, "s8": 1, "u16": 2, "s16": 2, "u32": 4, "s32": 4, "u64": 8, "s64": 8,
    "f32": 4, "f64": 8, "float32": 4, "float64": 8, "char": 4, "error-context": 4,
}  # fmt: skip
_FLAT = {"u64": "i64", "s64": "i64", "f32": "f32", "f64": "f64", "float32": "f32", "float64": "f64"}


class Unsupported(Exception):
    """A type that this ABI does not describe (async types, for now); the message names it."""


@dataclass(frozen=True, slots=True)
class Scope:
    """The types that names mean: ``find`` gives a definition, ``use`` followed, and the scope of what is in it.

    It gives None for a name that it does not know.
    """

    find: Callable[[str], tuple[TypeDef, Scope] | None]

    def named(self, name: str) -> tuple[TypeDef, Scope]:
        """A type by its name. Raises Unsupported for one that is not known."""
        found = self.find(name)
        if found is None:
            raise Unsupported(f"the unknown type `{name}`")
        return found


@dataclass(frozen=True, slots=True)
class Shape:
    """A type's layout in memory (bytes) and its flat core types, at most ``MAX_FLAT`` of them."""

    size: int
    align: int
    flat: tuple[str, ...]


def shape(type_: Type, scope: Scope, depth: int = 0) -> Shape:
    """The layout of a type. Raises Unsupported, also for types nested too deep to be sensible."""
    if depth > 100:
        raise Unsupported("a type nested more than 100 deep")
    match type_.kind:
        case "string" | "list" | "map":
            if type_.size is not None and type_.args and type_.args[0]:
                element = shape(type_.args[0], scope, depth + 1)
                return Shape(element.size * type_.size, element.align, (element.flat * type_.size)[:MAX_FLAT])
            return Shape(8, 4, ("i32", "i32"))
        case "name":
            definition, inside = scope.named(type_.name)
            return _named(definition, inside, depth)
        case "own" | "borrow" | "future" | "stream":
            return Shape(4, 4, ("i32",))
        case "tuple":
            return _record([arg for arg in type_.args if arg], scope, depth)
        case "option":
            return _variant([None, type_.args[0]], scope, depth)
        case "result":
            return _variant(list(type_.args), scope, depth)
        case kind if kind in _SIZES:
            return Shape(_SIZES[kind], _SIZES[kind], (_FLAT.get(kind, "i32"),))
        case kind:
            raise Unsupported(f"the type `{kind}`")


def _named(definition: TypeDef, scope: Scope, depth: int) -> Shape:
    match definition.kind:
        case TypeKind.RESOURCE:
            return Shape(4, 4, ("i32",))
        case TypeKind.RECORD:
            return _record([member.type for member in definition.members if member.type], scope, depth)
        case TypeKind.VARIANT:
            return _variant([member.type for member in definition.members], scope, depth)
        case TypeKind.ENUM:
            size = discriminant_size(len(definition.members))
            return Shape(size, size, ("i32",))
        case TypeKind.FLAGS:
            count = len(definition.members)
            size = 1 if count <= 8 else 2 if count <= 16 else 4 * -(-count // 32)
            return Shape(size, min(size, 4), ("i32",) * max(1, -(-count // 32)))
        case _:
            if definition.target is None:
                raise Unsupported(f"the type `{definition.name}`")
            return shape(definition.target, scope, depth + 1)


def _record(types: Iterable[Type], scope: Scope, depth: int) -> Shape:
    size, align = 0, 1
    flat: list[str] = []
    for type_ in types:
        inner = shape(type_, scope, depth + 1)
        size = aligned(size, inner.align) + inner.size
        align = max(align, inner.align)
        flat = (flat + list(inner.flat))[:MAX_FLAT]
    return Shape(aligned(size, align), align, tuple(flat))


def _variant(cases: list[Type | None], scope: Scope, depth: int) -> Shape:
    tag = discriminant_size(len(cases))
    size, align = 0, tag
    flat: list[str] = []
    for case in cases:
        if case is None:
            continue
        inner = shape(case, scope, depth + 1)
        size, align = max(size, inner.size), max(align, inner.align)
        for index, kind in enumerate(inner.flat):
            if index == len(flat):
                flat.append(kind)
            else:
                flat[index] = _joined(flat[index], kind)
    payload = max((shape(c, scope, depth + 1).align for c in cases if c), default=1)
    return Shape(aligned(aligned(tag, payload) + size, align), align, ("i32", *flat)[:MAX_FLAT])


def payload_offset(cases: Iterable[Type | None], scope: Scope) -> int:
    """Where the payload of a variant's case stands behind its tag, in bytes."""
    known = list(cases)
    align = max((shape(case, scope).align for case in known if case), default=1)
    return aligned(discriminant_size(len(known)), align)


def discriminant_size(cases: int) -> int:
    """The bytes of a variant's tag."""
    return 1 if cases <= 0x100 else 2 if cases <= 0x10000 else 4


def aligned(offset: int, align: int) -> int:
    """The next offset that is a multiple of ``align``."""
    return -(-offset // align) * align


def _joined(one: str, other: str) -> str:
    if one == other:
        return one
    return "i32" if {one, other} == {"i32", "f32"} else "i64"


@dataclass(frozen=True, slots=True)
class CoreType:
    """The core function behind an exported function. ``by_pointer``: it gives the address of its result."""

    params: tuple[str, ...]
    results: tuple[str, ...]
    by_pointer: bool


def lifted(function: Function, scope: Scope) -> CoreType:
    """The core function that ``canon lift`` wants for an exported function. Raises Unsupported."""
    params = [kind for param in function.params for kind in shape(param.type, scope).flat]
    if len(params) > MAX_FLAT_PARAMS:
        params = ["i32"]
    results = shape(function.result, scope).flat if function.result else ()
    if len(results) > MAX_FLAT_RESULTS:
        return CoreType(tuple(params), ("i32",), True)
    return CoreType(tuple(params), results, False)
