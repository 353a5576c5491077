"""WIT packages after resolution: interfaces with their types and functions, and flattened worlds."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from wasmdoctor.model.record import dataclass, field
from wasmdoctor.model.source import Location, Problem

MAX_TEXT = 4096
"""Longer type texts are cut, as those that are read from binaries are."""


@dataclass(frozen=True, slots=True)
class Gate:
    """``@since``, ``@unstable`` and ``@deprecated``: versions, and the name of a feature; "" where absent."""

    since: str = ""
    unstable: str = ""
    deprecated: str = ""

    def __bool__(self) -> bool:
        return bool(self.since or self.unstable)


NO_GATE = Gate()


@dataclass(frozen=True, slots=True)
class Type:
    """A type where it is used.

    ``kind`` is a primitive (``u32``, ``string``, ``error-context``...), ``name``, ``own``, ``borrow``,
    ``list``, ``option``, ``result``, ``tuple``, ``map``, ``future`` or ``stream``. ``args`` are its
    parameters (``result``: always ok and error; ``future`` and ``stream``: one), None where absent.
    ``name`` is what ``name``, ``own`` and ``borrow`` refer to: a type of the same interface or world.
    ``size`` is the length of a fixed-length list.
    """

    kind: str
    args: tuple[Type | None, ...] = ()
    name: str = ""
    size: int | None = None

    @property
    def text(self) -> str:
        """As WIT writes it; an owned handle is written as its resource's name."""
        return _cut(_type_text(self))


@dataclass(frozen=True, slots=True)
class Param:
    """A parameter of a function; that of a method's receiver is named ``self``."""

    name: str
    type: Type


class FunctionRole(StrEnum):
    """What a function belongs to."""

    FREE = "func"
    METHOD = "method"
    STATIC = "static"
    CONSTRUCTOR = "constructor"


@dataclass(frozen=True, slots=True)
class Function:
    """A function. ``name`` is the one that binaries have: ``[method]tcp-socket.connect``.

    ``params`` include ``self`` of a method; a constructor's ``result`` is its resource when WIT gives
    none. ``resource`` is the name of the resource it belongs to, or "". ``accessor`` is ``get``,
    ``set`` or "".
    """

    name: str
    role: FunctionRole
    params: tuple[Param, ...]
    result: Type | None
    is_async: bool
    location: Location
    resource: str = ""
    accessor: str = ""
    gate: Gate = NO_GATE

    @property
    def signature(self) -> str:
        """``func(host: string) -> result<u32, error-code>``: names for named types, others written out.

        The same text that the reader of binaries gives for the same function.
        """
        params = ", ".join(f"{param.name}: {_type_text(param.type)}" for param in self.params)
        result = f" -> {_type_text(self.result)}" if self.result else ""
        return _cut(f"{'async ' if self.is_async else ''}func({params}){result}")


class TypeKind(StrEnum):
    """How a named type was defined. ``USE`` is one that is used from another interface."""

    ALIAS = "type"
    RECORD = "record"
    VARIANT = "variant"
    ENUM = "enum"
    FLAGS = "flags"
    RESOURCE = "resource"
    USE = "use"


@dataclass(frozen=True, slots=True)
class Member:
    """A record field, a variant case, a flag, or an enum case."""

    name: str
    type: Type | None = None


@dataclass(frozen=True, slots=True)
class TypeDef:
    """A named type of an interface or world.

    ``target`` is what an ``ALIAS`` stands for. ``used_from`` and ``used_name`` are, for a ``USE``, the
    interface's full name and the type's name there. ``is_resource`` holds for a resource and for all
    names that lead to one.
    """

    name: str
    kind: TypeKind
    location: Location
    target: Type | None = None
    members: tuple[Member, ...] = ()
    used_from: str = ""
    used_name: str = ""
    is_resource: bool = False
    gate: Gate = NO_GATE


@dataclass(frozen=True, slots=True)
class Interface:
    """An interface.

    ``name`` is its full name (``ns:pkg/iface@1.0.0``), or for one that is written inside a world the
    label it has there; ``short`` is the name alone. ``depends`` are the full names of the interfaces
    that it uses types from, in order and without repetition.
    """

    name: str
    short: str
    package: str
    location: Location
    types: Mapping[str, TypeDef] = field(default_factory=dict)
    functions: Mapping[str, Function] = field(default_factory=dict)
    depends: tuple[str, ...] = ()
    gate: Gate = NO_GATE

    @property
    def resources(self) -> tuple[str, ...]:
        """The names of the resources it defines; used ones are not among them."""
        return tuple(name for name, type_ in self.types.items() if type_.kind is TypeKind.RESOURCE)


class StepKind(StrEnum):
    """What kind of WIT line a step is."""

    IMPORT = "import"
    EXPORT = "export"
    TYPE = "type"
    USE = "use"
    INCLUDE = "include"


@dataclass(frozen=True, slots=True)
class Step:
    """One WIT line on the way from a world to an import or export.

    ``owner`` is the full name of the world or interface that the line stands in, ``target`` what it
    names: an interface or world by full name, a function or type by its own name.
    """

    kind: StepKind
    location: Location
    owner: str
    target: str


@dataclass(frozen=True, slots=True)
class Origin:
    """Why a world has an import or export: one step, and the rest of the way.

    Ways share their parts, so that a chain of a thousand interfaces does not cost a million steps. When
    ``step`` is an ``include``, ``rest`` is the origin in the included world and comes after it;
    otherwise ``rest`` is the origin of the interface that has the ``use``, and comes before it. ``first`` is the
    first of ``steps``: many ask for it, and ways can be long.
    """

    step: Step
    rest: Origin | None = None
    first: Step = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        leads = self.rest is None or self.step.kind is StepKind.INCLUDE
        object.__setattr__(self, "first", self.step if leads else self.rest.first)  # type: ignore[union-attr]

    @property
    def steps(self) -> tuple[Step, ...]:
        """All steps, from the line in the world itself to the line that names the import or export."""
        front: list[Step] = []
        back: list[Step] = []
        origin: Origin | None = self
        while origin is not None:
            (front if origin.step.kind is StepKind.INCLUDE else back).append(origin.step)
            origin = origin.rest
        return (*front, *reversed(back))


class WorldItemKind(StrEnum):
    """The sort of a world's import or export."""

    INTERFACE = "interface"
    FUNC = "func"
    TYPE = "type"


@dataclass(frozen=True, slots=True)
class WorldItem:
    """One import or export of a flattened world.

    ``name`` is the name a component has for it: ``ns:pkg/iface@1.0.0``, or a plain name. ``interface``,
    ``function`` and ``type`` hold what it is, the two others are None. ``implements`` is the full name
    of the interface that a label stands for (``import label: ns:pkg/iface``), or "".
    """

    name: str
    kind: WorldItemKind
    origin: Origin
    interface: Interface | None = None
    function: Function | None = None
    type: TypeDef | None = None
    implements: str = ""
    gate: Gate = NO_GATE

    @property
    def location(self) -> Location:
        """The line in the world itself that brought it in, perhaps through others: see ``origin``."""
        return self.origin.first.location

    @property
    def explicit(self) -> bool:
        """Whether the world itself names it, with no ``include`` and no interface's ``use`` between."""
        return self.origin.rest is None and self.origin.step.kind in (
            StepKind.IMPORT,
            StepKind.EXPORT,
            StepKind.TYPE,
        )


@dataclass(frozen=True, slots=True)
class World:
    """A world with everything that it imports and exports, also through ``use`` and ``include``.

    ``name`` is the full name (``ns:pkg/world@1.0.0``), ``short`` the name alone. ``includes`` are the
    full names of the worlds it includes itself.
    """

    name: str
    short: str
    package: str
    location: Location
    imports: Mapping[str, WorldItem] = field(default_factory=dict)
    exports: Mapping[str, WorldItem] = field(default_factory=dict)
    includes: tuple[str, ...] = ()
    gate: Gate = NO_GATE


@dataclass(frozen=True, slots=True)
class WitPackage:
    """A WIT package. ``name`` is ``ns:pkg`` or ``ns:pkg@1.0.0``; the mappings are by short name.

    ``locations`` are its ``package`` lines, ``files`` the paths of all files it was read from.
    """

    name: str
    version: str
    locations: tuple[Location, ...]
    files: tuple[str, ...]
    interfaces: Mapping[str, Interface] = field(default_factory=dict)
    worlds: Mapping[str, World] = field(default_factory=dict)

    @property
    def base(self) -> str:
        """The name without the version."""
        return self.name.partition("@")[0]


@dataclass(frozen=True, slots=True)
class Resolution:
    """What a set of WIT sources means.

    ``main`` are the packages asked for, ``packages`` all of them by name, each behind those it depends
    on. With ``problems`` the rest is what could still be made out.
    """

    main: tuple[WitPackage, ...] = ()
    packages: Mapping[str, WitPackage] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()


def _type_text(type_: Type) -> str:
    if type_.kind in ("name", "own"):
        return type_.name
    if type_.kind == "borrow":
        return f"borrow<{type_.name}>"
    if type_.kind == "result":
        ok, error = (_type_text(arg) if arg else "" for arg in type_.args)
        return f"result<{ok or '_'}, {error}>" if error else f"result<{ok}>" if ok else "result"
    args = [_type_text(arg) for arg in type_.args if arg]
    if type_.size is not None:
        args.append(str(type_.size))
    return f"{type_.kind}<{', '.join(args)}>" if args else type_.kind


def _cut(text: str) -> str:
    return text if len(text) <= MAX_TEXT else text[: MAX_TEXT - 1] + "…"
