"""The signatures of interfaces as WIT sources give them, in the form that profiles of hosts have."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from wasmdoctor.model.host import InterfaceFacts, WitFacts
from wasmdoctor.model.types import MAX_DEPTH, FunctionType, ValueType
from wasmdoctor.model.typetext import PRIMITIVES, describe
from wasmdoctor.model.wit import Function, Interface, Type, TypeDef, TypeKind, WitPackage, WorldItem


def facts_of_world_items(
    items: Iterable[WorldItem], packages: Mapping[str, WitPackage], source: str
) -> WitFacts:
    """What a world's imports (or exports) say of their interfaces, under their full names.

    ``packages`` are those of the resolution that the items come from; ``source`` is said where facts are
    shown. Functions and types that stand in the world itself are left out, and so are gates: what the WIT
    that was given has is what the host has.
    """
    interfaces = [item.interface for item in items if item.interface is not None]
    return facts_of_interfaces(interfaces, packages, source)


def facts_of_interfaces(
    interfaces: Iterable[Interface], packages: Mapping[str, WitPackage], source: str
) -> WitFacts:
    """The same for interfaces."""
    interfaces = list(interfaces)
    known = {one.name: one for package in packages.values() for one in package.interfaces.values()}
    known |= {one.name: one for one in interfaces}
    types = _Types(known)
    facts = {
        one.name: InterfaceFacts(
            frozenset(one.functions),
            frozenset(one.resources),
            types=describe((name, types.function(one, f)) for name, f in one.functions.items()),
        )
        for one in interfaces
    }
    return WitFacts(source, (), facts)


class _Types:
    """Types of WIT as structure; each named one is made once."""

    def __init__(self, known: Mapping[str, Interface]) -> None:
        self.known = known
        self._made: dict[tuple[str, str], ValueType | None] = {}

    def function(self, interface: Interface, function: Function) -> FunctionType:
        """A function's type as its interface sees it."""
        params = tuple(
            (param.name, self._value(interface, param.type, interface, 0)) for param in function.params
        )
        result = self._value(interface, function.result, interface, 0) if function.result else None
        return FunctionType(
            params, result, function.is_async, complete=function.result is None or result is not None
        )

    def _value(self, owner: Interface, type_: Type, home: Interface, depth: int) -> ValueType | None:
        """A type that stands in ``owner``; its resources as ``home`` names them. None when it is not known."""
        if depth > MAX_DEPTH:
            return None
        if type_.kind in PRIMITIVES:
            return ValueType(type_.kind)
        if type_.kind in ("name", "own", "borrow"):
            return self._named(owner, type_, home, depth)
        parts = tuple(self._value(owner, arg, home, depth + 1) if arg else None for arg in type_.args)
        if any(part is None and arg is not None for part, arg in zip(parts, type_.args, strict=True)):
            return None
        return ValueType(type_.kind, parts, size=type_.size)

    def _named(self, owner: Interface, type_: Type, home: Interface, depth: int) -> ValueType | None:
        definition = owner.types.get(type_.name)
        if definition is None:
            return None
        resource = self._resource(owner, definition, depth)
        if resource is not None:
            place, name = resource
            origin = f"#{name}" if place is home else f"{place.name}#{name}"
            return ValueType("borrow" if type_.kind == "borrow" else "own", name=type_.name, resource=origin)
        key = (f"{home.name} {owner.name}", type_.name)
        if key not in self._made:
            self._made[key] = None  # what a type that (wrongly) contains itself would see
            self._made[key] = self._defined(owner, definition, home, depth)
        return self._made[key]

    def _resource(self, owner: Interface, definition: TypeDef, depth: int) -> tuple[Interface, str] | None:
        """The interface that defines a resource, and its name there; None for another type."""
        while depth <= MAX_DEPTH:
            depth += 1
            if definition.kind is TypeKind.RESOURCE:
                return owner, definition.name
            if definition.kind is TypeKind.USE:
                found = self.known.get(definition.used_from)
                name = definition.used_name
            elif definition.kind is TypeKind.ALIAS and definition.target and definition.target.kind == "name":
                found, name = owner, definition.target.name
            else:
                return None
            if found is None or name not in found.types:
                return None
            owner, definition = found, found.types[name]
        return None

    def _defined(
        self, owner: Interface, definition: TypeDef, home: Interface, depth: int
    ) -> ValueType | None:
        """What a named type that is no resource is made of."""
        if depth > MAX_DEPTH:
            return None
        match definition.kind:
            case TypeKind.USE:
                found = self.known.get(definition.used_from)
                if found is None or definition.used_name not in found.types:
                    return None
                value = self._defined(found, found.types[definition.used_name], home, depth + 1)
            case TypeKind.ALIAS:
                value = self._value(owner, definition.target, home, depth + 1) if definition.target else None
            case _:
                value = self._members(owner, definition, home, depth + 1)
        if value is None or value.kind in ("own", "borrow"):
            return value
        return ValueType(value.kind, value.parts, value.labels, definition.name, size=value.size)

    def _members(
        self, owner: Interface, definition: TypeDef, home: Interface, depth: int
    ) -> ValueType | None:
        parts = tuple(
            self._value(owner, member.type, home, depth) if member.type else None
            for member in definition.members
        )
        if any(part is None and m.type for part, m in zip(parts, definition.members, strict=True)):
            return None
        labels = tuple(member.name for member in definition.members)
        kind = definition.kind.value
        return ValueType(kind, parts if kind in ("record", "variant") else (), labels)
