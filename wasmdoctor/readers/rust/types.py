"""Types of method receivers, as far as declarations and constructors tell them. No inference.

wit-bindgen makes a resource's constructor an associated function ``new`` that gives ``Self`` (or a
``Result`` of it), so ``let s = TcpSocket::new(..)`` tells what ``s`` is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from wasmdoctor.model.record import dataclass, replace
from wasmdoctor.readers.rust.items import FnItem, Path, TypeExpr, TypeItem, ValueExpr, ValueItem
from wasmdoctor.readers.rust.scopes import Definition, Resolver, Scope, Target, Unit

MAX_DEPTH = 16
"""How many steps from a receiver to a declaration are followed."""

POINTERS = frozenset({"Box", "Rc", "Arc", "Pin", "Ref", "RefMut", "MutexGuard", "ManuallyDrop", "Cow"})
"""Standard types through which methods of their first type argument are called."""

SAME = frozenset(
    [
        "clone",
        "as_ref",
        "as_mut",
        "borrow",
        "borrow_mut",
        "to_owned",
        "as_deref",
        "as_deref_mut",
        "by_ref",
        "deref",
    ]
)
UNWRAPS = frozenset(
    [
        "unwrap",
        "expect",
        "unwrap_or",
        "unwrap_or_else",
        "unwrap_or_default",
        "unwrap_unchecked",
        "ok_or",
        "ok",
        "map_err",
        "take",
        "ok_or_else",
        "context",
        "with_context",
    ]
)


@dataclass(frozen=True, slots=True)
class Type:
    """A type as written, and where it is written; ``exact`` is False for "something in it"."""

    expr: TypeExpr
    scope: Scope
    owner: TypeExpr | None = None
    exact: bool = True
    target: Target | None = None


@dataclass(frozen=True, slots=True)
class Types:
    """The types that a value may have; ``complete`` is False when there may be others."""

    known: tuple[Type, ...] = ()
    complete: bool = False


_NOTHING = Types()


MethodsOf = Callable[[str], Mapping[str, Sequence[Unit]]]
"""The methods of a type (by its id), by name."""


class TypeReader:
    """Reads off types of values, in one index."""

    def __init__(self, resolver: Resolver, methods: MethodsOf) -> None:
        self.resolver = resolver
        self.methods = methods
        self._names: dict[tuple[int, str, int], Types] = {}

    def of(self, value: ValueExpr | None, unit: Unit, depth: int = 0) -> Types:
        """The types of a value in a unit's code."""
        if value is None or depth > MAX_DEPTH:
            return _NOTHING
        if value.kind == "name":
            # Units live as long as the index that this reads in, so their identity tells them apart.
            key = (id(unit), value.name, depth)
            if key not in self._names:
                self._names[key] = self._name(value.name, unit, depth)
            return self._names[key]
        if value.kind == "type" and value.type is not None:
            return self._written(value.type, unit)
        if value.kind == "call":
            return self._call(value.path, unit)
        base = self.of(value.base, unit, depth + 1)
        if value.kind == "try":
            return self._unwrapped(base)
        if value.kind == "field":
            return self._field(base, value.name)
        if value.kind == "method":
            return self._method(base, value.name)
        if value.kind == "part":
            return self._parts(base)
        return _NOTHING

    def _written(self, expr: TypeExpr, unit: Unit) -> Types:
        if expr.head == ("_",):
            return _NOTHING
        if expr.head is not None and expr.head[0] in unit.generics:
            return Types((), True)  # only methods of its bounds can be called
        return Types((self.stripped(Type(expr, unit.scope, unit.owner)),), True)

    def stripped(self, type_: Type) -> Type:
        """A type without the pointers around it."""
        while type_.expr.head is not None and type_.expr.head[-1] in POINTERS and type_.expr.args:
            type_ = replace(type_, expr=type_.expr.args[0])
        return type_

    def targets(self, type_: Type) -> tuple[Target, ...]:
        """What a type's head stands for, aliases followed."""
        return type_targets(type_, self.resolver)

    def _name(self, name: str, unit: Unit, depth: int) -> Types:
        if name == "self":
            return self._written(unit.owner, unit) if unit.owner is not None else _NOTHING
        values = unit.body.locals.get(name)
        if not values:
            found = [
                Type(item.type, target.definition.scope)
                for target in self.resolver.resolve(unit.scope, (name,))
                if target.definition is not None
                and isinstance(item := target.definition.item, ValueItem)
                and item.type is not None
            ]
            return Types(tuple(found), bool(found))
        known: list[Type] = []
        complete = True
        for value in values[:8]:
            shadows = value.kind == "name" and value.name == name
            part = _NOTHING if shadows else self.of(_without(value, name), unit, depth + 1)
            known.extend(part.known)
            complete = complete and part.complete
        if len(known) > 1:
            unique = list(dict.fromkeys(known))
            known = unique if len(unique) == 1 else [replace(item, exact=False) for item in unique]
        return Types(tuple(known), complete and len(values) <= 8)

    def _call(self, path: Path, unit: Unit) -> Types:
        if path[0] == "Self" and unit.owner is not None and unit.owner.head is not None:
            path = unit.owner.head + path[1:]
        known: list[Type] = []
        complete = True
        targets = self.resolver.resolve(unit.scope, path)
        for target in targets:
            found = list(self._result(target))
            complete = complete and bool(found)
            known.extend(found)
        return Types(tuple(known), complete and bool(targets))

    def _result(self, target: Target) -> Iterator[Type]:
        """The type that calling a target gives."""
        if target.kind == "bindings" and target.scope is not None and len(target.path) > 1:
            if target.path[-1] == "new" or target.path[-1][:1].isupper():
                type_path = target.path[:-1]
                meant = target.within(type_path)
                yield Type(
                    TypeExpr(type_path), target.scope, target=meant, exact=target.certain or target.weak
                )
            return
        definition = target.definition
        if definition is None:
            return
        if isinstance(definition.item, FnItem) and not target.path:
            if definition.item.result is not None:
                yield self.stripped(Type(definition.item.result, definition.scope))
        elif isinstance(definition.item, TypeItem):
            if not target.path or target.path[-1] in definition.item.variants:
                yield _of_definition(definition)
            else:
                yield from self._method_results(definition, target.path[-1])

    def _method_results(self, definition: Definition, name: str) -> Iterator[Type]:
        for unit in self.methods(definition.id).get(name, ()):
            if isinstance(unit.item, FnItem) and unit.item.result is not None:
                yield self.stripped(Type(unit.item.result, unit.scope, unit.owner))

    def _unwrapped(self, base: Types) -> Types:
        found: list[Type] = []
        for type_ in base.known:
            head = type_.expr.head
            if head is not None and head[-1] in ("Option", "Result", "Poll") and type_.expr.args:
                type_ = self.stripped(replace(type_, expr=type_.expr.args[0], target=None))
            elif head is not None and head[-1] == "Result":
                return _NOTHING
            found.append(type_)
        return Types(tuple(found), base.complete)

    def _field(self, base: Types, name: str) -> Types:
        found: list[Type] = []
        complete = base.complete and bool(base.known)
        for type_ in base.known:
            here: list[Type] = []
            for target in self.targets(type_):
                item = target.definition.item if target.definition is not None else None
                if isinstance(item, TypeItem) and name in item.fields and target.definition is not None:
                    made = Type(item.fields[name], target.definition.scope)
                    here.append(self.stripped(replace(made, exact=type_.exact)))
            complete = complete and bool(here)
            found.extend(here)
            if not here:
                found.extend(self._parts(Types((type_,), True)).known)
        return Types(tuple(found), complete)

    def _method(self, base: Types, name: str) -> Types:
        if name in UNWRAPS:
            return self._unwrapped(base)
        if name in SAME:
            return base
        found: list[Type] = []
        complete = base.complete and bool(base.known)
        for type_ in base.known:
            here = [
                result
                for target in self.targets(type_)
                if target.definition is not None and not target.path
                for result in self._method_results(target.definition, name)
            ]
            if here:
                found.extend(here if type_.exact else [replace(one, exact=False) for one in here])
            else:
                complete = False
                found.extend(self._parts(Types((type_,), True)).known)
        return Types(tuple(found), complete)

    def _parts(self, base: Types) -> Types:
        """Everything that stands in the types' arguments; a struct's field types as well."""
        found: list[Type] = []
        for type_ in base.known:
            stack = list(type_.expr.args)
            while stack and len(found) < 32:
                expr = stack.pop()
                found.append(Type(expr, type_.scope, type_.owner, exact=False))
                stack.extend(expr.args)
        return Types(tuple(found), False)


def type_targets(type_: Type, resolver: Resolver) -> tuple[Target, ...]:
    """What a type's head stands for, aliases followed."""
    if type_.target is not None:
        return (type_.target,)
    head = type_.expr.head
    if head is None:
        return ()
    if head[0] == "Self":
        if type_.owner is None or type_.owner.head is None:
            return ()
        head = type_.owner.head + head[1:]
    found: list[Target] = []
    for target in resolver.resolve(type_.scope, head):
        item = target.definition.item if target.definition is not None else None
        if isinstance(item, TypeItem) and item.alias is not None and target.definition is not None:
            if item.alias.head is not None:
                found.extend(resolver.resolve(target.definition.scope, item.alias.head))
        else:
            found.append(target)
    return tuple(found)


def _without(value: ValueExpr, name: str) -> ValueExpr | None:
    """A value whose chain does not start at the name that it is bound to (``let s = s.unwrap()``)."""
    at: ValueExpr | None = value
    while at is not None:
        if at.kind == "name" and at.name == name:
            return None
        at = at.base
    return value


def _of_definition(definition: Definition) -> Type:
    return Type(
        TypeExpr((definition.path[-1],)), definition.scope, target=Target("def", definition=definition)
    )
