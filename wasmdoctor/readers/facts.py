"""Records of :mod:`wasmdoctor.model` as plain data and back, for reports that another machine goes on with.

Data is a table of nodes; a node refers only to earlier ones, so that parts which records share stay shared, and no
ring can be written. What comes in is believed in nothing: every class, field and type is checked.
"""

from __future__ import annotations

import typing
from collections.abc import Callable, Mapping
from enum import Enum
from types import NoneType, UnionType
from typing import Any, Literal

from wasmdoctor.model import artifact, finding, source, stdimport, types, wasm
from wasmdoctor.model.shard import Observed

CLASSES: Mapping[str, type] = {
    cls.__name__: cls
    for cls in (
        Observed,
        artifact.CoreCall,
        artifact.ModuleCalls,
        source.Location,
        source.Problem,
        source.Span,
        stdimport.StdImport,
        types.FunctionType,
        types.ValueType,
        wasm.Component,
        wasm.CoreExport,
        wasm.CoreImport,
        wasm.CoreModule,
        wasm.CustomSection,
        wasm.EmbeddedModule,
        wasm.Extern,
        wasm.Function,
        wasm.WasmFile,
    )
}
ENUMS: Mapping[str, type[Enum]] = {
    cls.__name__: cls
    for cls in (artifact.CoreTarget, artifact.ModuleRole, finding.ReachedBy, wasm.ExternKind)
}
MAX_NODES = 50_000_000
"""Nodes of one report; a component of 18 MB has about 2,000."""


class FactsError(ValueError):
    """Data that is no facts; the message says what is wrong with it."""


def encoded(value: object) -> list[Any]:
    """The table of nodes of a value, its own node the last."""
    nodes: list[Any] = []
    known: dict[int, int] = {}
    alive: list[object] = []  # an object must not go while its number stands for it

    def add(value: object) -> Any:
        if value is None or (isinstance(value, bool | int | str) and not isinstance(value, Enum)):
            return value
        if id(value) in known:
            return [known[id(value)]]
        if isinstance(value, Enum):
            node = ["enum", type(value).__name__, value.value]
        elif isinstance(value, tuple):
            node = ["tuple", *map(add, value)]
        elif isinstance(value, Mapping):
            node = ["map", *(part for item in value.items() for part in map(add, item))]
        else:
            name = type(value).__name__
            assert CLASSES.get(name) is type(value), name
            node = ["record", name, *(add(getattr(value, field)) for field in _fields(type(value)))]
        known[id(value)] = len(nodes)
        alive.append(value)
        nodes.append(node)
        return [known[id(value)]]

    add(value)
    return nodes


def decoded(nodes: object, wanted: type) -> Any:
    """The value of a table of nodes, which must be a ``wanted``. Raises FactsError."""
    if not isinstance(nodes, list) or not 0 < len(nodes) <= MAX_NODES:
        raise FactsError("there is no table of facts")
    values: list[Any] = []

    def value(part: object) -> Any:
        if part is None or isinstance(part, bool | int | str):
            return part
        if isinstance(part, list) and len(part) == 1 and type(part[0]) is int and 0 <= part[0] < len(values):
            return values[part[0]]
        raise FactsError(f"node {len(values)} refers to what does not stand before it")

    for node in nodes:
        match node:
            case ["enum", str(name), str(text)] if name in ENUMS:
                try:
                    values.append(ENUMS[name](text))
                except ValueError as error:
                    raise FactsError(f"{text!r} is no {name}") from error
            case ["tuple", *parts]:
                values.append(tuple(map(value, parts)))
            case ["map", *parts] if len(parts) % 2 == 0:
                keys = [value(part) for part in parts[::2]]
                # A tuple of tuples that share their parts could take for ever to be hashed.
                if not all(isinstance(part, str) for key in keys for part in _parts(key)):
                    raise FactsError("a key of a mapping is neither text nor a tuple of texts")
                values.append(dict(zip(keys, map(value, parts[1::2]), strict=True)))
            case ["record", str(name), *parts] if name in CLASSES:
                values.append(_record(CLASSES[name], [value(part) for part in parts]))
            case _:
                raise FactsError(f"node {len(values)} is of no known sort")
    if type(values[-1]) is not wanted:
        raise FactsError(f"the facts are no {wanted.__name__}")
    return values[-1]


def _parts(key: object) -> tuple[object, ...]:
    return key if type(key) is tuple else (key,)


def _record(cls: type, values: list[Any]) -> Any:
    fields = _fields(cls)
    if len(values) != len(fields):
        raise FactsError(f"{cls.__name__} has {len(fields)} fields, not {len(values)}")
    for (name, fits), value in zip(fields.items(), values, strict=True):
        if not fits(value):
            raise FactsError(f"{cls.__name__}.{name} cannot be {type(value).__name__}")
    made = cls(**dict(zip(fields, values, strict=True)))
    if isinstance(made, types.ValueType):
        _check_parts(made)
    return made


def _check_parts(made: types.ValueType) -> None:
    """Raise FactsError for a type with another number of parts than its kind has."""
    wanted = {"record": len(made.labels), "variant": len(made.labels), "result": 2}.get(made.kind)
    if wanted is not None and len(made.parts) != wanted:
        raise FactsError(f"a {made.kind} has {wanted} parts here, not {len(made.parts)}")


_CHECKS: dict[type, dict[str, Callable[[Any], bool]]] = {}


def _fields(cls: type) -> Mapping[str, Callable[[Any], bool]]:
    """The fields of a record, each with whether a value fits it."""
    if cls not in _CHECKS:
        # By name as well: a module of records may import those that its annotations name for type checkers only.
        hints = typing.get_type_hints(cls, localns={**CLASSES, **ENUMS})
        _CHECKS[cls] = {name: _fits(hints[name]) for name in cls.__annotations__}
    return _CHECKS[cls]


def _fits(hint: Any) -> Callable[[Any], bool]:
    """Whether a value is of an annotated type, as far as records use annotations."""
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is typing.Union or origin is UnionType:
        options = [_fits(argument) for argument in arguments]
        return lambda value: any(fits(value) for fits in options)
    if origin is Literal:
        return lambda value: value in arguments
    if origin is tuple and len(arguments) == 2 and arguments[1] is Ellipsis:
        item = _fits(arguments[0])
        return lambda value: type(value) is tuple and all(map(item, value))
    if origin is tuple:
        items = [_fits(argument) for argument in arguments]
        return lambda value: (
            type(value) is tuple
            and len(value) == len(items)
            and all(fits(part) for fits, part in zip(items, value, strict=True))
        )
    if isinstance(origin, type) and issubclass(origin, Mapping):
        key, content = map(_fits, arguments)
        return lambda value: (
            isinstance(value, dict) and all(map(key, value)) and all(map(content, value.values()))
        )
    if hint is NoneType:
        return lambda value: value is None
    return lambda value: type(value) is hint
