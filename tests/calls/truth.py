"""What a component really calls: it is run in wasmtime, with imports that note who called them.

The host's own WASI is there; every other import is defined here by hand, function by function, since
``Linker.define_unknown_imports_as_traps`` of wasmtime-py also replaces WASI imports whose version is not
exactly the one that it has.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import product
from typing import Any

from wasmtime import Config, Engine, Store, Trap, WasiConfig, WasmtimeError
from wasmtime.component import (
    F32,
    F64,
    S8,
    S16,
    S32,
    S64,
    U8,
    U16,
    U32,
    U64,
    Bool,
    Char,
    Component,
    ComponentInstanceType,
    EnumType,
    FlagsType,
    Func,
    FuncType,
    Linker,
    ListType,
    OptionType,
    OwnType,
    RecordType,
    ResourceAny,
    ResourceHost,
    ResourceType,
    ResultType,
    String,
    TupleType,
    Variant,
    VariantType,
)

Called = tuple[str, str]
"""An import's name, and the function in it ("" for an import that is a function)."""
Export = tuple[str, str]
"""An export's name, and the function in it, likewise."""


class Refused(Exception):
    """What a trapping import says."""


@dataclass
class Runs:
    """What was called by which export; ``failed`` counts calls that could not be made."""

    calls: dict[Export, set[Called]] = field(default_factory=dict)
    ran: int = 0
    failed: int = 0


def engine() -> Engine:
    config = Config()
    config.cranelift_opt_level = "none"
    return Engine(config)


class Host:
    """A component with imports that note their calls, and trap unless they are to ``answer``."""

    def __init__(self, data: bytes, texts: list[str]) -> None:
        self.engine = engine()
        self.component = Component(self.engine, data)
        self.texts = texts
        self.noted: list[Called] = []
        self.answer = False
        self.resources: list[ResourceType] = []
        self.linker = Linker(self.engine)
        self.linker.add_wasip2()
        self.custom = False
        for name, extern in self.component.type.imports(self.engine).items():
            if name.startswith("wasi:"):
                continue
            self.custom = True
            kind = extern.ty
            with self.linker.root() as root:
                if isinstance(kind, ComponentInstanceType):
                    with root.add_instance(name) as instance:
                        for inner, item in kind.exports(self.engine).items():
                            self._define(instance, name, inner, item.ty)
                else:
                    self._define(root, "", name, kind)

    def _define(self, instance: Any, name: str, inner: str, item: Any) -> None:
        called = (name or inner, inner if name else "")
        if isinstance(item, FuncType):
            instance.add_func(inner, self._function(called, item.result))
        elif isinstance(item, ResourceType):
            number = self._number(item)
            drop = (name or inner, f"[resource-drop]{inner}")
            instance.add_resource(
                inner, ResourceType.host(number), lambda store, rep: self.noted.append(drop)
            )

    def _number(self, type_: ResourceType) -> int:
        """The number by which the host knows a resource type; types that interfaces share have one."""
        if type_ not in self.resources:
            self.resources.append(type_)
        return self.resources.index(type_) + 1

    def _function(self, called: Called, result: Any) -> Any:
        def run(store: Any, *values: Any) -> Any:
            self.noted.append(called)
            for value in values:
                if isinstance(value, ResourceAny):
                    value.drop(store)  # a handle that is lent must be given back
            if not self.answer:
                raise Refused(f"{called} is not there")
            return next(self._values(result)) if result is not None else None

        return run

    def run(self) -> Runs:
        """Calls every export, with some arguments, once with imports that trap and once with ones that answer.

        Answers lead further into the code than traps do, though not always to the end: wasmtime 50 traps by
        itself ("deferred host scope has no call context") some calls after a lent handle was given back.
        """
        runs = Runs()
        if not self.custom:
            return runs  # there is nothing to see, and a function may sleep
        for export, type_ in list(_functions(self.component.type.exports(self.engine), self.engine)):
            found = runs.calls.setdefault(export, set())
            for answer, values in product((False, True), self._arguments(type_)):
                self.answer = answer
                self.noted.clear()
                try:
                    self._call(export, values)
                    runs.ran += 1
                except (Refused, Trap, WasmtimeError):
                    runs.ran += 1  # an import that is not there, or that gave what the code does not expect
                except (TypeError, ValueError, Unmade):
                    # An answer that could not be made ends the run where a trap would.
                    runs.failed += not answer
                found.update(self.noted)
        return runs

    def _call(self, export: Export, values: tuple[Any, ...]) -> None:
        # A trap ends an instance, so each call has its own.
        store = Store(self.engine)
        wasi = WasiConfig()
        store.set_wasi(wasi)
        instance = self.linker.instantiate(store, self.component)
        outer = None if not export[1] else instance.get_export_index(store, export[0])
        index = instance.get_export_index(store, export[1] or export[0], outer)
        assert index is not None, export
        function = instance.get_func(store, index)
        assert isinstance(function, Func)
        function(store, *values)
        function.post_return(store)

    def _arguments(self, type_: FuncType) -> Iterator[tuple[Any, ...]]:
        """Some lists of arguments; none when a parameter is of a type that cannot be made (a resource)."""
        with suppress(Unmade):
            choices = [list(self._values(kind)) for _, kind in type_.params]
            most = max((len(each) for each in choices), default=1)
            for number in range(most):
                yield tuple(each[number % len(each)] for each in choices)

    def _values(self, type_: Any) -> Iterator[Any]:
        match type_:
            case Bool():
                yield from (True, False)
            case Char():
                yield "a"
            case F32() | F64():
                yield 1.0
            case String():
                yield from self.texts
            case ListType():
                if type_._is_bytes():
                    yield from (b"\x01\x02", b"")
                else:
                    yield from ([value] for value in self._values(type_.element))
                    yield []
            case RecordType():
                yield _Record({name: next(self._values(kind)) for name, kind in type_.fields})
            case TupleType():
                yield tuple(next(self._values(kind)) for kind in type_.elements)
            case OptionType():
                yield next(self._values(type_.payload))
                yield None
            case ResultType():
                ok = next(self._values(type_.ok)) if type_.ok is not None else None
                yield Variant("ok", ok) if type_._tagged() else ok
            case EnumType():
                yield from type_.names
            case FlagsType():
                yield set()
            case VariantType():
                for name, kind in type_.cases:
                    value = next(self._values(kind)) if kind is not None else None
                    yield Variant(name, value) if type_._tagged() else value
            case OwnType():
                yield ResourceHost.own(7, self._number(type_.ty))
            case U8() | S8():
                yield from (1, 0, 100)
            case U16() | U32() | U64() | S16() | S32() | S64():
                yield from (1, 0, 5000)
            case _:
                raise Unmade(type(type_).__name__)


class Unmade(Exception):
    """There is no value of this type here."""


class _Record:
    def __init__(self, values: dict[str, Any]) -> None:
        self.__dict__.update(values)


def _functions(exports: dict[str, Any], engine_: Engine) -> Iterator[tuple[Export, FuncType]]:
    for name, extern in exports.items():
        kind = extern.ty
        if isinstance(kind, FuncType):
            yield (name, ""), kind
        elif isinstance(kind, ComponentInstanceType):
            for inner, item in kind.exports(engine_).items():
                if isinstance(item.ty, FuncType):
                    yield (name, inner), item.ty
