"""Types and functions: definitions to entities and records, with all rules that WIT has for them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from wasmdoctor.model.record import dataclass, field
from wasmdoctor.model.source import Location
from wasmdoctor.model.wit import (
    NO_GATE,
    Function,
    FunctionRole,
    Gate,
    Member,
    Param,
    Step,
    StepKind,
    Type,
    TypeDef,
    TypeKind,
)
from wasmdoctor.readers.wit.context import Run
from wasmdoctor.readers.wit.entities import (
    Dependency,
    Foreign,
    InterfaceEntity,
    Part,
    Target,
    TypeEntity,
    TypeRef,
    Unit,
    WorldEntity,
    poison,
)
from wasmdoctor.readers.wit.names import canonical
from wasmdoctor.readers.wit.namespace import Namespace
from wasmdoctor.readers.wit.order import toposort
from wasmdoctor.readers.wit.parser import PRIMITIVES
from wasmdoctor.readers.wit.tree import (
    Attribute,
    FuncType,
    Item,
    Name,
    TypeExpr,
    TypeItem,
    UseItem,
)

MAX_FLAGS = 32
"""As in wit-parser 0.262."""

_MAP_KEYS = PRIMITIVES - {"f32", "f64", "error-context"}
_PRIMITIVE_TYPES = {kind: Type(kind) for kind in PRIMITIVES}


@dataclass(slots=True)
class Scope:
    """The names of an interface or world while it is read: types, and functions as None."""

    owner: InterfaceEntity | WorldEntity
    part: Part
    names: dict[str, TypeEntity | None] = field(default_factory=dict)
    deps: list[Dependency] = field(default_factory=list)


class NameSet:
    """A set of names that must be strongly unique."""

    def __init__(self) -> None:
        self.seen: dict[str, str] = {}

    def clash(self, name: str) -> str | None:
        """Take ``name`` in; the earlier name that it clashes with, if any."""
        form = canonical(name)
        if form in self.seen:
            return self.seen[form]
        self.seen[form] = name
        return None


class Declarations(Namespace):
    """The types and functions of a package's interfaces and worlds."""

    def __init__(self, run: Run, unit: Unit) -> None:
        super().__init__(run, unit)
        # Types without a name are one type wherever they are written the same; the first one's gate counts.
        self.anonymous: dict[tuple[object, ...], TypeEntity] = {}

    # -- types

    def _types(self, scope: Scope, items: Sequence[Item]) -> list[str]:
        """Resolve the uses and type definitions of an interface or world; their names in order."""
        order: list[str] = []
        definitions: dict[str, TypeItem | None] = {}
        for item in items:
            if isinstance(item, UseItem):
                for name in self._use(scope, item):
                    order.append(name)
                    definitions.setdefault(name, None)
        deps: dict[str, list[Name]] = {}
        for item in items:
            if isinstance(item, UseItem):
                deps.update({use.local.text: [] for use in item.names if use.local.text in definitions})
            if not isinstance(item, TypeItem):
                continue
            name = item.name.text
            if name in definitions:
                self.problem(scope.part.location(item.name.start), f"`{name}` is defined twice", "rename one")
                continue
            definitions[name] = item
            deps[name] = list(_type_names(item))
        edges = self._type_edges(scope, deps)
        sequence, circle = toposort(edges)
        if circle:
            inside = set(circle)
            at = next(d for name in circle for d in deps[name] if d.text in inside)
            self.problem(
                scope.part.location(at.start),
                f"type `{at.text}` contains itself",
                "types cannot be recursive: refer to a resource, or to an index into a list",
            )
            for name in circle:
                scope.names.setdefault(name, poison())
        for name in sequence:
            definition = definitions[name]
            if definition is not None:
                scope.names[name] = self._definition(scope, definition)
                order.append(name)
        return order

    def _type_edges(self, scope: Scope, deps: dict[str, list[Name]]) -> dict[str, list[str]]:
        edges: dict[str, list[str]] = {}
        for name, wanted in deps.items():
            edges[name] = []
            for dep in wanted:
                if dep.text in deps:
                    edges[name].append(dep.text)
                elif dep.text not in scope.names:
                    self._no_such_type(scope, dep, deps)
                    scope.names[dep.text] = poison()
        return edges

    def _no_such_type(self, scope: Scope, name: Name, known: Iterable[str]) -> None:
        location = scope.part.location(name.start)
        renamed = {"float32": "f32", "float64": "f64"}.get(name.text)
        message = f"there is no type `{name.text}` here"
        if renamed:
            self.problem(location, message, f"it is called `{renamed}` now")
        else:
            self.unknown(location, message, name.text, [*known, *PRIMITIVES])

    def _use(self, scope: Scope, item: UseItem) -> list[str]:
        part = scope.part
        target = self._find(part, item.path, "interface")
        gate = self.gate(part, item.gates)
        names: list[str] = []
        for use in item.names:
            location = part.location(use.name.start)
            found = self._used_type(target, use.name, location)
            local = use.local.text
            if local in scope.names:
                self.problem(
                    part.location(use.local.start), f"`{local}` is defined twice", "rename one with `as`"
                )
                continue
            source = target.interface if isinstance(target, Foreign) else target
            entity = TypeEntity(gate, self.included(gate, location), scope.owner, found)
            entity.is_resource, entity.has_borrow = found.is_resource, found.has_borrow
            entity.poison = found.poison
            if entity.enabled and not found.enabled:
                self.excluded(location, f"type `{use.name.text}`")
            if isinstance(source, InterfaceEntity):
                entity.record = TypeDef(
                    local,
                    TypeKind.USE,
                    location,
                    used_from=source.name,
                    used_name=use.name.text,
                    is_resource=found.is_resource,
                    gate=gate,
                )
                if entity.enabled and source is not scope.owner:
                    step = Step(StepKind.USE, part.keyword(item), scope.owner.name, source.name)
                    scope.deps.append(Dependency(source, step))
            scope.names[local] = entity
            names.append(local)
        return names

    def _used_type(self, target: Target | None, name: Name, location: Location) -> TypeEntity:
        if isinstance(target, Foreign):
            return target.types.get(name.text) or poison()
        if not isinstance(target, InterfaceEntity):
            return poison()
        if name.text not in target.scope:
            if not (self.unit.decoded or target.incomplete):
                self.unknown(
                    location, f"`{target.name}` does not have a type `{name.text}`", name.text, target.scope
                )
            return poison()
        found = target.scope[name.text]
        if found is None:
            self.problem(location, f"`{name.text}` of `{target.name}` is a function; only types can be used")
            return poison()
        return found

    def _definition(self, scope: Scope, item: TypeItem) -> TypeEntity:
        """The entity and record of a type definition, whose parts are resolved already."""
        part = scope.part
        gate = self.gate(part, item.gates)
        location = part.location(item.name.start)
        entity = TypeEntity(gate, self.included(gate, location), scope.owner)
        target: Type | None = None
        members: list[Member] = []
        if item.kind == "resource":
            entity.is_resource = True
        elif item.target is not None:
            target = self._alias(scope, item, entity)
        else:
            members = self._members(scope, item, entity)
        entity.record = TypeDef(
            item.name.text,
            TypeKind(item.kind),
            location,
            target,
            tuple(members),
            is_resource=entity.is_resource,
            gate=gate,
        )
        return entity

    def _alias(self, scope: Scope, item: TypeItem, entity: TypeEntity) -> Type:
        """``type a = ...``: the entity takes over what its target is."""
        assert item.target is not None
        args, record = self._structure(scope, item.target, entity.gate)
        for arg in args:
            if isinstance(arg, TypeEntity):
                entity.has_borrow |= arg.has_borrow
                if entity.enabled and not arg.enabled:
                    self.excluded(scope.part.location(item.name.start), "a type")
        match item.target.kind:
            case "name":
                arg = args[0]
                if isinstance(arg, TypeEntity):
                    entity.used, entity.is_resource, entity.poison = arg, arg.is_resource, arg.poison
            case "own":
                entity.has_borrow = False
            case "borrow":
                entity.has_borrow = True
            case "result":
                entity.result = (args[0], args[1])
        return record

    def _members(self, scope: Scope, item: TypeItem, entity: TypeEntity) -> list[Member]:
        part = scope.part
        if not item.members:
            self.problem(
                part.location(item.name.start),
                f"{item.kind} `{item.name.text}` is empty",
                "give it at least one member",
            )
        if item.kind == "flags" and len(item.members) > MAX_FLAGS:
            extra = item.members[MAX_FLAGS]
            self.problem(
                part.location(extra.start),
                f"flags `{item.name.text}` has more than {MAX_FLAGS} flags",
                "split it into several flags types",
            )
        names: dict[str, str] = {}
        members: list[Member] = []
        for member in item.members:
            form = member.name.text.replace("-", "").lower()
            if form in names:
                self.problem(
                    part.location(member.start),
                    f"`{member.name.text}` of `{item.name.text}` is there twice"
                    if names[form] == member.name.text
                    else f"`{member.name.text}` and `{names[form]}` of `{item.name.text}` are too alike",
                    "names of one type must differ in more than case and hyphens",
                )
            names.setdefault(form, member.name.text)
            record: Type | None = None
            if member.type is not None:
                arg, record = self._type(scope, member.type, entity.gate)
                if isinstance(arg, TypeEntity):
                    entity.has_borrow |= arg.has_borrow
                    if entity.enabled and not arg.enabled:
                        self.excluded(part.location(member.start), "a type")
            members.append(Member(member.name.text, record))
        return members

    def _type(self, scope: Scope, expr: TypeExpr, gate: Gate) -> tuple[TypeRef, Type]:
        """A type where it is used: what it is, and its record.

        A type without a name takes the gate of what it stands in, or else of the first gated type in it.
        """
        args, record = self._structure(scope, expr, gate)
        kind = expr.kind
        if kind in PRIMITIVES:
            return kind, record
        if kind in ("name", "own"):
            found = args[0]
            assert found is not None
            return found, record
        key = (kind, expr.size, *(arg if isinstance(arg, str) else id(arg) if arg else None for arg in args))
        known = self.anonymous.get(key)
        if known is None:
            known = self._anonymous(scope, expr, gate, args)
            self.anonymous[key] = known
        return known, record

    def _anonymous(
        self, scope: Scope, expr: TypeExpr, gate: Gate, args: Sequence[TypeRef | None]
    ) -> TypeEntity:
        entities = [arg for arg in args if isinstance(arg, TypeEntity)]
        if not gate:
            gate = next((arg.gate for arg in entities if arg.gate), gate)
        enabled = gate is NO_GATE or self.included(gate, scope.part.location(expr.start))
        entity = TypeEntity(gate, enabled)
        entity.has_borrow = expr.kind == "borrow" or any(arg.has_borrow for arg in entities)
        if expr.kind == "result":
            entity.result = (args[0], args[1])
        if enabled and any(not arg.enabled for arg in entities):
            self.excluded(scope.part.location(expr.start), "a type")
        return entity

    def _structure(self, scope: Scope, expr: TypeExpr, gate: Gate) -> tuple[list[TypeRef | None], Type]:
        """The direct parts of a type expression, and its record."""
        kind = expr.kind
        if kind in PRIMITIVES:
            return [], _PRIMITIVE_TYPES[kind]
        if expr.name is not None:
            found = self._type_name(scope, expr.name)
            if kind != "name" and not found.is_resource and not found.poison:
                self.problem(
                    scope.part.location(expr.name.start),
                    f"`{kind}` needs a resource, and `{expr.name.text}` is not one",
                    "write the type itself",
                )
            return [found], Type(kind, name=expr.name.text)
        args: list[TypeRef | None] = []
        records: list[Type | None] = []
        for arg in expr.args:
            if arg is None:
                args.append(None)
                records.append(None)
            else:
                ref, record = self._type(scope, arg, gate)
                args.append(ref)
                records.append(record)
        if kind == "map" and not (isinstance(args[0], str) and args[0] in _MAP_KEYS):
            self.problem(
                scope.part.location(expr.start),
                "this map has a key that is not allowed",
                "keys are bool, integers, char or string",
            )
        if kind == "tuple" and not args:
            self.problem(scope.part.location(expr.start), "this tuple is empty", "give it at least one type")
        return args, Type(kind, tuple(records), size=expr.size)

    def _type_name(self, scope: Scope, name: Name) -> TypeEntity:
        if name.text not in scope.names:
            self._no_such_type(scope, name, scope.names)
            return poison()
        found = scope.names[name.text]
        if found is None:
            self.problem(
                scope.part.location(name.start), f"`{name.text}` is a function and cannot be used as a type"
            )
            return poison()
        return found

    # -- functions

    def _function(
        self,
        scope: Scope,
        name: Name,
        role: str,
        func: FuncType,
        gates: tuple[Attribute, ...],
        resource: TypeItem | None,
        owner_enabled: bool,
    ) -> Function:
        """Resolve a function; its record."""
        part = scope.part
        location = part.location(name.start)
        gate = self.gate(part, gates)
        owner = scope.names.get(resource.name.text) if resource else None
        refs: list[TypeRef | None] = [owner]
        params = self._params(scope, role, func, owner, resource, refs)
        result = self._result(scope, role, func, owner, resource, refs)
        mangled = _mangled(name.text, role, func.accessor, resource)
        if owner_enabled and self.included(gate, location):
            for ref in refs:
                if isinstance(ref, TypeEntity) and not ref.enabled:
                    self.excluded(location, "a type")
                    break
            returned = refs[-1]
            if isinstance(returned, TypeEntity) and returned.has_borrow:
                self.problem(
                    location,
                    f"function `{mangled}` returns a type that contains a `borrow`",
                    "only parameters can be borrowed",
                )
        return Function(
            mangled,
            FunctionRole(role),
            tuple(params),
            result,
            func.is_async,
            location,
            resource.name.text if resource else "",
            func.accessor,
            gate,
        )

    def _params(
        self,
        scope: Scope,
        role: str,
        func: FuncType,
        owner: TypeEntity | None,
        resource: TypeItem | None,
        refs: list[TypeRef | None],
    ) -> list[Param]:
        part = scope.part
        params: list[Param] = []
        seen: dict[str, str] = {}
        if role == "method" and resource is not None and owner is not None:
            word = TypeExpr(func.word.start, func.word.end, "borrow", name=resource.name)
            key = ("borrow", None, id(owner))
            if key not in self.anonymous:
                self.anonymous[key] = self._anonymous(scope, word, NO_GATE, [owner])
            refs.append(self.anonymous[key])
            params.append(Param("self", Type("borrow", name=resource.name.text)))
            seen["self"] = "self"
        if func.accessor == "get" and func.params:
            self.problem(
                part.location(func.params[0].start), "a getter cannot have parameters", "remove them"
            )
        if func.accessor == "set" and len(func.params) != 1:
            place = func.params[1].start if len(func.params) > 1 else func.word.start
            self.problem(part.location(place), "a setter must have exactly one parameter", "")
        for param in func.params:
            form = param.name.text.replace("-", "").lower()
            if form in seen:
                self.problem(
                    part.location(param.start), f"parameter `{param.name.text}` is there twice", "rename one"
                )
                continue
            seen[form] = param.name.text
            ref, record = self._type(scope, param.type, NO_GATE)
            refs.append(ref)
            params.append(Param(param.name.text, record))
        return params

    def _result(
        self,
        scope: Scope,
        role: str,
        func: FuncType,
        owner: TypeEntity | None,
        resource: TypeItem | None,
        refs: list[TypeRef | None],
    ) -> Type | None:
        """The record of a function's result. What it is goes last into ``refs``."""
        part = scope.part
        if func.result is None:
            if func.accessor == "get":
                self.problem(part.location(func.word.start), "a getter must return a value", "add `-> type`")
            if role == "constructor" and resource is not None:
                refs.append(owner)
                return Type("name", name=resource.name.text)
            refs.append(None)
            return None
        ref, record = self._type(scope, func.result, NO_GATE)
        refs.append(ref)
        known = isinstance(ref, TypeEntity) and ref.poison
        parts = ref.result if isinstance(ref, TypeEntity) else None
        message = help = ""
        if role == "constructor" and not known:
            if parts is None:
                message = "a constructor can only return a `result` of its resource"
                help = "leave the type out"
            elif parts[0] is not owner:
                message = "the ok type of a constructor's `result` must be its resource"
        elif func.accessor == "set" and not known and (parts is None or parts[0] is not None):
            message = "a setter can only return a `result` without an ok type"
            help = "write `result<_, error>`"
        if message:
            self.problem(part.location(func.result.start), message, help)
        return record


def _mangled(name: str, role: str, accessor: str, resource: TypeItem | None) -> str:
    """The name that binaries have for a function (Component Model, Explainer.md, ``plainname``)."""
    annotation = f"[{accessor}]" if accessor else ""
    if resource is None:
        return f"{annotation}{name}"
    if role == "constructor":
        return f"[constructor]{resource.name.text}"
    return f"[{role}]{annotation}{resource.name.text}.{name}"


def _type_names(item: TypeItem) -> Iterator[Name]:
    """The names that a definition refers to, in order of position."""
    stack: list[TypeExpr | None] = [member.type for member in reversed(item.members)]
    stack.append(item.target)
    while stack:
        expr = stack.pop()
        if expr is None:
            continue
        if expr.name is not None:
            yield expr.name
        stack.extend(reversed(expr.args))
