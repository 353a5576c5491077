"""Rust that turns a value of one type into a value of another that is built alike.

Alike means: the same primitives and containers, records with the same fields, variants and enums whose cases
have the same names, flags with the same names, and resources for which the caller knows a way.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from wasmdoctor.migrate.bridge import rust
from wasmdoctor.migrate.bridge.names import camel, flag_name, identifier, snake
from wasmdoctor.migrate.bridge.types import PRIMITIVES, Key, Types
from wasmdoctor.model.record import dataclass, field
from wasmdoctor.model.wit import Member, Type, TypeDef, TypeKind

MAX_DEPTH: Final = 32
"""How deep types are followed."""

Resources = Callable[[Key, Key, str], "str | None"]
"""Turns an owned resource of the first type into one of the second: both by interface and name, with the Rust
expression that holds it; None when there is no way."""


@dataclass(frozen=True, slots=True)
class Side:
    """Where one of the two types is written: ``types`` with the interface, and its paths as seen from the code.

    ``here`` is the interface in whose module the code stands; None when ``types`` gives paths that hold
    everywhere (all its interfaces are in ``Modules.remapped``).
    """

    types: Types
    interface: str
    here: str | None = None

    def path(self, interface: str, name: str) -> str:
        """The Rust path of a named type."""
        return self.types.type_path(interface, name, here=self.here)

    def named(self, type_: Type) -> tuple[str, TypeDef] | None:
        """The definition that a name leads to; None for what is no name."""
        if type_.kind not in ("name", "own", "borrow"):
            return None
        return self.types.definition(self.interface, type_.name)

    def within(self, interface: str) -> Side:
        """The same side for a type that is written in another interface."""
        return Side(self.types, interface, self.here)


def no_resources(source: Key, target: Key, expression: str) -> str | None:
    """A ``Resources`` that knows no way."""
    return None


@dataclass(slots=True)
class Converter:
    """Makes conversions from ``source`` types to ``target`` types, and keeps the functions that they call.

    ``suffix`` makes the functions' names: ``error_code`` with ``to_wasi`` gives ``error_code_to_wasi``; names in
    ``taken`` are not used. ``others`` are the names of cases (without payload) that stand for source cases which
    the target does not have. ``same`` says whether two named types are one and the same in Rust.
    ``helpers`` are the functions, by name, in the order in which they were first needed.
    """

    source: Side
    target: Side
    suffix: str
    resources: Resources = no_resources
    others: Sequence[str] = ()
    taken: frozenset[str] = frozenset()
    same: Callable[[Key, Key], bool] = lambda source, target: False
    helpers: dict[str, str] = field(default_factory=dict)
    _names: dict[tuple[Key, Key], str] = field(default_factory=dict)
    _alike: dict[tuple[Key, Key], bool] = field(default_factory=dict)

    def value(self, source: Type | None, target: Type | None, expression: str) -> str | None:
        """The expression that gives the target's value out of ``expression``, an owned value of the source.

        None for both types is ``()``. The result is None when they are not alike.
        """
        return self._value(self.source, source, self.target, target, expression, MAX_DEPTH)

    def unchanged(self, source: Type | None, target: Type | None) -> bool:
        """Whether the two types are the same Rust type, so that nothing is to be done."""
        return self.value(source, target, "value") == "value"

    def _value(
        self, left: Side, source: Type | None, right: Side, target: Type | None, expression: str, depth: int
    ) -> str | None:
        if source is None or target is None:
            return expression if source is target else None
        if depth == 0:
            return None
        left, source = _followed(left, source)
        right, target = _followed(right, target)
        if source.kind in ("name", "own") and target.kind in ("name", "own"):
            return self._named(left, source, right, target, expression, depth)
        if source.kind == "borrow" and target.kind == "borrow":
            one, other = left.named(source), right.named(target)
            alike = one and other and self.same((one[0], one[1].name), (other[0], other[1].name))
            return expression if alike else None
        if source.kind != target.kind or len(source.args) != len(target.args) or source.size != target.size:
            return None
        if source.kind in PRIMITIVES or source.kind == "string":
            return expression
        return self._container(left, source, right, target, expression, depth)

    def _container(
        self, left: Side, source: Type, right: Side, target: Type, expression: str, depth: int
    ) -> str | None:
        names = [f"part{index}" for index in range(len(source.args))] if source.kind == "tuple" else []
        inner = names or ["value"] * len(source.args)
        parts = [
            self._value(left, one, right, other, name, depth - 1)
            for one, other, name in zip(source.args, target.args, inner, strict=True)
        ]
        if any(part is None for part in parts):
            return None
        made = [part or "" for part in parts]
        if made == inner:
            return expression
        match source.kind:
            case "list" if source.size is None:
                return f"{expression}.into_iter().map({closure(made[0])}).collect()"
            case "list" | "option":
                return f"{expression}.map({closure(made[0])})"
            case "result":
                calls = (("map", made[0]), ("map_err", made[1]))
                return expression + "".join(f".{name}({closure(to)})" for name, to in calls if to != "value")
            case "tuple":
                comma = "," if len(names) == 1 else ""
                return f"{{ let ({', '.join(names)}{comma}) = {expression}; ({', '.join(made)}{comma}) }}"
        return None

    def _named(
        self, left: Side, source: Type, right: Side, target: Type, expression: str, depth: int
    ) -> str | None:
        one, other = left.named(source), right.named(target)
        if one is None or other is None:
            return None
        keys = (one[0], one[1].name), (other[0], other[1].name)
        if self.same(*keys):
            return expression
        if TypeKind.RESOURCE in (one[1].kind, other[1].kind):
            return self.resources(*keys, expression) if one[1].kind is other[1].kind else None
        name = self._helper(one, other, depth)
        return f"{name}({expression})" if name else None

    def _helper(self, one: tuple[str, TypeDef], other: tuple[str, TypeDef], depth: int) -> str | None:
        """The function that converts one named type into another; None when they are not alike."""
        key = (one[0], one[1].name), (other[0], other[1].name)
        if key in self._names:
            return self._names[key] if self._alike.get(key, True) else None
        name = f"{snake(one[1].name)}_{self.suffix}"
        while name in self.helpers or name in self._names.values() or name in self.taken:
            name += "_"
        self._names[key] = name
        body = self._body(one, other, depth)
        self._alike[key] = body is not None
        if body is None:
            return None
        paths = self.source.path(one[0], one[1].name), self.target.path(other[0], other[1].name)
        self.helpers[name] = rust.function(f"fn {name}", [f"value: {paths[0]}"], paths[1], body)
        return name

    def _body(self, one: tuple[str, TypeDef], other: tuple[str, TypeDef], depth: int) -> str | None:
        if one[1].kind is not other[1].kind:
            return None
        match one[1].kind:
            case TypeKind.RECORD:
                return self._record(one, other, depth)
            case TypeKind.ENUM | TypeKind.VARIANT:
                return self._cases(one, other, depth)
            case TypeKind.FLAGS:
                return self._flags(one, other)
        return None

    def _record(self, one: tuple[str, TypeDef], other: tuple[str, TypeDef], depth: int) -> str | None:
        theirs = {member.name: member for member in other[1].members}
        if {member.name for member in one[1].members} != set(theirs):
            return None
        lines = []
        for member in one[1].members:
            field_name = identifier(member.name)
            value = self._member(one[0], member, other[0], theirs[member.name], f"value.{field_name}", depth)
            if value is None:
                return None
            lines.append(f"{rust.INDENT}{field_name}: {value},")
        return "\n".join((f"{self.target.path(other[0], other[1].name)} {{", *lines, "}"))

    def _member(
        self, left: str, source: Member, right: str, target: Member, expression: str, depth: int
    ) -> str | None:
        return self._value(
            self.source.within(left),
            source.type,
            self.target.within(right),
            target.type,
            expression,
            depth - 1,
        )

    def _cases(self, one: tuple[str, TypeDef], other: tuple[str, TypeDef], depth: int) -> str | None:
        paths = self.source.path(one[0], one[1].name), self.target.path(other[0], other[1].name)
        theirs = {member.name: member for member in other[1].members}
        arms = []
        missing = False
        for member in one[1].members:
            case = camel(member.name)
            if member.name not in theirs:
                missing = True
                continue
            if (member.type is None) != (theirs[member.name].type is None):
                return None
            if member.type is None:
                arms.append((f"{paths[0]}::{case}", f"{paths[1]}::{case}"))
                continue
            value = self._member(one[0], member, other[0], theirs[member.name], "part", depth)
            if value is None:
                return None
            arms.append((f"{paths[0]}::{case}(part)", f"{paths[1]}::{case}({value})"))
        if missing:
            instead = next((name for name in self.others if name in theirs and not theirs[name].type), None)
            if instead is None or not arms:
                return None
            arms.append(("_", f"{paths[1]}::{camel(instead)}"))
        return "\n".join(
            ("match value {", *(line for arm in arms for line in rust.arm(*arm, depth=1, within=1)), "}")
        )

    def _flags(self, one: tuple[str, TypeDef], other: tuple[str, TypeDef]) -> str | None:
        names = [member.name for member in one[1].members]
        if not set(names) <= {member.name for member in other[1].members}:
            return None
        paths = self.source.path(one[0], one[1].name), self.target.path(other[0], other[1].name)
        if names == [member.name for member in other[1].members]:
            # All that wit-bindgen's flags have when its feature `bitflags` is off (0.48.1, src/rt/mod.rs).
            return f"{paths[1]}::from_bits_retain(value.bits())"
        lines = [f"let mut flags = {paths[1]}::empty();"]
        for name in names:
            flag = flag_name(name)
            arguments = f"{paths[1]}::{flag}", f"value.contains({paths[0]}::{flag})"
            if len(", ".join(arguments)) <= rust.CALL_WIDTH:
                lines.append(f"flags.set({', '.join(arguments)});")
            else:
                lines += ["flags.set(", *(f"{rust.INDENT}{argument}," for argument in arguments), ");"]
        return "\n".join((*lines, "flags"))


def _followed(side: Side, type_: Type) -> tuple[Side, Type]:
    """What an alias stands for, where it is written; a handle that is owned is written as its resource's name."""
    for _ in range(MAX_DEPTH):
        found = side.named(type_)
        if found is None or found[1].kind is not TypeKind.ALIAS or found[1].target is None:
            return side, type_
        side, type_ = side.within(found[0]), found[1].target
    return side, type_


def closure(body: str) -> str:
    """``|value| body``, or the function alone when the body only calls one."""
    name, _, rest = body.partition("(")
    return (
        name if rest == "value)" and name.replace("_", "").replace("::", "").isalnum() else f"|value| {body}"
    )
