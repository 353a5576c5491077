"""What the types of a custom interface stand for, told by structure and names.

A role has one Rust type in the runtime files: an address is a ``SocketAddr``, an error a ``Kind``. ``take`` makes
that of what a function was given, ``give`` makes the interface's own type of it; ``addresses`` and ``errors`` do
so for the types that have the most shapes. Here is what all of them use.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Final

from wasmdoctor.migrate.bridge.names import identifier, snake
from wasmdoctor.migrate.bridge.types import OWNED, PRIMITIVES, Types
from wasmdoctor.model.mapping import RoleWords
from wasmdoctor.model.record import dataclass, replace
from wasmdoctor.model.wit import Function, Member, Type, TypeDef, TypeKind

UNSIGNED: Final = ("u8", "u16", "u32", "u64")
SIGNED: Final = ("s8", "s16", "s32", "s64")
INTEGERS: Final = (*UNSIGNED, *SIGNED)

IP_ADDR: Final = "::std::net::IpAddr"
SOCKET_ADDR: Final = "::std::net::SocketAddr"
KIND: Final = "{runtime}::error::Kind"
FAMILY: Final = "{runtime}::net::Family"
DURATION: Final = "::std::time::Duration"

_NESTED: Final = 10
"""How deep the records and variants of addresses and errors are followed; an address takes two steps a level."""

_ARM: Final = 92
"""How long an arm of a ``match`` may be: rustfmt's width without the indentation of a helper's arms."""

_DEPTH: Final = 40
"""How far types are followed. WIT cannot nest types without end, but what is read need not be WIT."""


@dataclass(frozen=True, slots=True)
class Rust:
    """A Rust expression.

    ``fails``: it gives a ``Result`` with a ``Kind``. ``score`` says how sure it is that this is what was
    meant. ``imports`` are standard interfaces, ``runtime`` runtime files, ``helpers`` functions that it calls;
    ``notes`` what a person should know of it.
    """

    code: str
    fails: bool = False
    score: float = 1.0
    imports: tuple[str, ...] = ()
    runtime: tuple[str, ...] = ()
    helpers: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def using(self, *others: Rust) -> Rust:
        """The same, with what ``others`` need."""
        return replace(
            self,
            imports=union(self.imports, *(other.imports for other in others)),
            runtime=union(self.runtime, *(other.runtime for other in others)),
            helpers=union(self.helpers, *(other.helpers for other in others)),
            notes=union(self.notes, *(other.notes for other in others)),
        )


@dataclass(frozen=True, slots=True)
class Shape:
    """A type with its aliases followed.

    ``scope`` is the interface that its parts are written in, ``type`` a type that is no alias; ``definition``
    is that of a record, variant, enum, flags or resource, and ``type.name`` its name then. ``names`` are the
    names on the way to it.
    """

    scope: str
    type: Type
    definition: TypeDef | None = None
    names: tuple[str, ...] = ()

    @property
    def kind(self) -> str:
        """``record``, ``resource``... for a definition, else the type's own kind (``u32``, ``list``)."""
        return self.definition.kind.value if self.definition else self.type.kind

    @property
    def members(self) -> tuple[Member, ...]:
        """Fields or cases."""
        return self.definition.members if self.definition else ()


@dataclass(frozen=True, slots=True)
class Given:
    """A value that is at hand in Rust.

    ``code`` is the expression. ``place`` says what it is: ``param``, as wit-bindgen passes it (``&str``,
    records that cannot be copied by reference); ``field``, an owned value somewhere; ``ref``, a reference to
    one. ``words`` are those of its name and of its type's names.
    """

    name: str
    shape: Shape
    code: str
    place: str = "param"
    words: frozenset[str] = frozenset()


@lru_cache(maxsize=4096)
def split(name: str) -> tuple[str, ...]:
    """The words of a name in lower case."""
    return tuple(snake(name).split("_"))


def words_of(function: Function) -> frozenset[str]:
    """The words of a function's own name."""
    return frozenset(split(function.name.rpartition("]")[2].rpartition(".")[2]))


@dataclass(slots=True)
class Roles:
    """The conversions for one interface's module.

    ``here`` is the interface's full name: paths are written as seen from its module.
    """

    words: RoleWords
    types: Types
    here: str
    depth: int = 0

    # -- types --

    def shape(self, scope: str, type_: Type, depth: int = _DEPTH) -> Shape:
        """A type with its aliases followed. An unknown name stays as it is."""
        names: list[str] = []
        while type_.kind in ("name", "own", "borrow") and depth:
            depth -= 1
            found = self.types.find(scope, type_.name)
            names.append(type_.name)
            if found is None:
                break
            if found.kind is TypeKind.USE:
                scope, type_ = found.used_from, replace(type_, name=found.used_name)
            elif found.kind is TypeKind.ALIAS and found.target is not None:
                type_ = found.target
            else:
                return Shape(scope, replace(type_, name=found.name), found, tuple(names))
        return Shape(scope, type_, None, tuple(names))

    def given(self, name: str, scope: str, type_: Type, code: str, place: str = "param") -> Given:
        """A value of a type."""
        shape = self.shape(scope, type_)
        words = {word for each in (name, *shape.names) for word in split(each)}
        return Given(name, shape, code, place, frozenset(words))

    def argument(self, shape: Shape, index: int = 0) -> Shape | None:
        """The shape of an option's, list's, tuple's or result's argument."""
        argument = shape.type.args[index] if index < len(shape.type.args) else None
        return None if argument is None else self.shape(shape.scope, argument)

    def copies(self, shape: Shape) -> bool:
        """Whether values of the type are copied and not moved."""
        info = self.types.info(shape.scope, shape.type)
        return info.copy

    def path(self, shape: Shape) -> str:
        """The Rust type of a value that is owned."""
        if shape.definition is not None:
            return self.type_path(shape)
        return self.types.text(shape.scope, shape.type, OWNED, here=self.here)

    def standard(self, name: str) -> str:
        """``Vec``, ``String`` or ``Result``, in full where a type of the interface has that name."""
        return self.types.standard(self.here, name)

    def fallible(self, type_: str) -> str:
        """The ``Result`` of a Rust type and a ``Kind``."""
        return f"{self.standard('Result')}<{type_}, {KIND}>"

    def type_path(self, shape: Shape) -> str:
        """The Rust path of a record, variant, enum or resource: its name here when it has one."""
        key = (shape.scope, shape.type.name)
        if shape.scope != self.here:
            for name in self.types.scopes.get(self.here, {}):
                found = self.types.definition(self.here, name)
                if found is not None and (found[0], found[1].name) == key:
                    return self.types.type_path(self.here, name, here=self.here)
        return self.types.type_path(*key, here=self.here)

    def part(self, given: Given, member: Member, code: str, place: str) -> Given:
        """A field or payload of a value."""
        assert member.type is not None
        return self.given(member.name, given.shape.scope, member.type, code, place)

    def fields(self, given: Given) -> tuple[Given, ...]:
        """The fields of a record or the items of a tuple, () for anything else."""
        code = f"(*{given.code})" if given.place == "ref" and given.shape.kind == "tuple" else given.code
        if given.shape.kind == "record":
            return tuple(
                self.part(given, member, f"{code}.{identifier(member.name)}", "field")
                for member in given.shape.members
            )
        if given.shape.kind == "tuple":
            place = "param" if given.place == "param" else "field"
            return tuple(
                self.given(given.name, given.shape.scope, argument, f"{code}.{index}", place)
                for index, argument in enumerate(given.shape.type.args)
                if argument is not None
            )
        return ()

    def value(self, given: Given) -> str:
        """A value that is copied."""
        return f"*{given.code}" if given.place == "ref" else given.code

    def borrowed(self, given: Given) -> str:
        """A text or list as ``&str`` or ``&[T]``."""
        return given.code if given.place == "param" else f"&{given.code}[..]"

    def passed(self, given: Given) -> str:
        """A value as a helper takes it: copied, or by reference."""
        if self.copies(given.shape):
            return self.value(given)
        return f"&{given.code}" if given.place == "field" else given.code

    def is_bytes(self, shape: Shape | None) -> bool:
        """Whether it is ``list<u8>``."""
        return (
            shape is not None
            and shape.kind == "list"
            and shape.type.size is None
            and self.kind_of(shape, 0) == "u8"
        )

    def kind_of(self, shape: Shape, index: int) -> str:
        """The kind of an argument, "" for none."""
        argument = self.argument(shape, index)
        return argument.kind if argument else ""

    def cases(self, role: str, shape: Shape) -> Mapping[str, str]:
        """The runtime's case for each case of an enum or variant that is a ``role``, {} when it is none.

        At least half of its cases must be known, so that a ``kind`` with ``read`` among ten others is none.
        """
        known = self.words.cases[role]
        found: dict[str, str] = {}
        for member in shape.members:
            bare = without(split(member.name), shape.names)
            for case, names in known.items():
                if (member.name in names or bare in names) and member.type is None:
                    found[member.name] = case
        return found if len(found) * 2 >= len(shape.members) and len(found) >= 2 else {}

    def named(self, role: str, given: Given) -> bool:
        """Whether a name says that it is a role."""
        return bool(given.words & self.words.params.get(role, frozenset()))

    def unit(self, *words: frozenset[str], otherwise: str = "ms") -> str:
        """The unit of time that words tell, the first that tell one."""
        for some in words:
            for unit, names in self.words.units.items():
                if some & names:
                    return unit
        return otherwise

    def number(self, given: Given, rust: str = "u64") -> Rust | None:
        """A whole number as ``u64`` (or a smaller ``rust`` type); one that does not fit is an error."""
        kind, code = given.shape.kind, self.value(given)
        if kind not in INTEGERS:
            return None
        if PRIMITIVES[kind] == rust:
            return Rust(code)
        if kind in UNSIGNED and UNSIGNED.index(kind) < UNSIGNED.index(rust):
            return Rust(f"{rust}::from({code})")
        converted = f"{rust}::try_from({code}).map_err(|_| {KIND}::InvalidArgument)"
        return Rust(converted, True, runtime=("error",))

    def bounded(self, make: Callable[[], Rust | None]) -> Rust | None:
        """What ``make`` gives, None when types are nested further than any address or error is."""
        if self.depth >= _NESTED:
            return None
        self.depth += 1
        try:
            return make()
        finally:
            self.depth -= 1

    def count_out(self, shape: Shape, code: str) -> Rust | None:
        """A ``u64`` as a whole number; one that does not fit becomes the largest."""
        if shape.kind not in INTEGERS:
            return None
        rust = PRIMITIVES[shape.kind]
        if rust == "u64":
            return Rust(code)
        return Rust(f"{rust}::try_from({code}).unwrap_or({rust}::MAX)")


# -- text ------------------------------------------------------------------------------------------


def union(*several: Iterable[str]) -> tuple[str, ...]:
    """All of them once, in order."""
    return tuple(dict.fromkeys(item for some in several for item in some))


def indent(lines: Iterable[str]) -> str:
    """The lines of several texts, moved in."""
    return "\n".join(f"    {line}" if line else "" for text in lines for line in text.split("\n"))


def receiver(code: str) -> str:
    """An expression that a method can be called on."""
    return f"({code})" if code.startswith("&") else code


def arm(patterns: Sequence[str], value: str) -> str:
    """An arm of a ``match``, as rustfmt breaks it when it is too long for a line."""
    front = " | ".join(patterns)
    if len(front) + len(value) + 5 <= _ARM:
        return f"{front} => {value},"
    if len(front) + 5 <= _ARM:
        return f"{front} => {{\n    {value}\n}}"
    return "\n| ".join(patterns) + f" => {value},"


def closure(code: str, name: str = "value") -> str:
    """A closure that makes ``code`` of a value called ``name``: the function alone when it only calls one."""
    function = code.removesuffix(f"({name})")
    return function if function != code and function.replace("_", "").isalnum() else f"|{name}| {code}"


def as_result(made: Rust, fails: bool) -> str:
    """The code, as a ``Result`` when that ``fails``."""
    return f"Ok({made.code})" if fails and not made.fails else made.code


def tuple_of(front: str, back: str, made: Sequence[Rust | None]) -> Rust | None:
    """A tuple of values; None when one of them is missing or can fail."""
    values = [value for value in made if value is not None and not value.fails]
    if len(values) < len(made):
        return None
    return Rust(f"{front}{', '.join(value.code for value in values)}{back}").using(*values)


def block_of(name: str, code: str, front: str, back: str, made: Sequence[Rust | None]) -> Rust | None:
    """As ``tuple_of``, for values that all use ``name``."""
    joined = tuple_of(front, back, made)
    if joined is None:
        return None
    return replace(joined, code=f"{{\n    let {name} = {code};\n    {joined.code}\n}}")


def record_of(path: str, made: Sequence[tuple[str, Rust | None]]) -> Rust | None:
    """A record; parts that can fail make the whole fail."""
    values = [(name, value) for name, value in made if value is not None]
    if len(values) < len(made):
        return None
    fails = any(value.fails for _, value in values)
    fields = ", ".join(
        name if value.code == name else f"{name}: {value.code}{'?' if value.fails else ''}"
        for name, value in values
    )
    code = f"{path} {{ {fields} }}"
    return Rust(f"Ok({code})" if fails else code, fails).using(*(value for _, value in values))


def octets_of(roles: Roles, shape: Shape) -> str:
    """``[u8; 4]``, ``[u16; 8]`` or ``[u8; 16]`` when a tuple or record is as many of those, else ""."""
    if shape.kind == "tuple":
        kinds = [roles.kind_of(shape, index) for index in range(len(shape.type.args))]
    else:
        kinds = [roles.shape(shape.scope, member.type).kind for member in shape.members if member.type]
    sizes = {("u8", 4): "[u8; 4]", ("u16", 8): "[u16; 8]"}
    return sizes.get((kinds[0], len(kinds)), "") if kinds and len(set(kinds)) == 1 else ""


def without(words: Sequence[str], names: Iterable[str]) -> str:
    """A case's name without the words that end or begin its type's name (``error-timeout`` of ``error``)."""
    said = {word for name in names for word in split(name)} | {"error", "err", "e"}
    left = [word for word in words if word not in said] or list(words)
    return "-".join(left)
