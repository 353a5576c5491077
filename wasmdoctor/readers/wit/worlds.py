"""Worlds flattened: includes copied in, and every interface that another one needs.

Rules: Component Model, WIT.md "Worlds", as wit-parser 0.262 applies them (resolve/mod.rs: includes,
``elaborate_world``). Interface dependencies may be thousands deep, so nothing here recurses; copying is
counted against a budget, since worlds that include each other can grow without bound.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from wasmdoctor.model.record import dataclass, replace
from wasmdoctor.model.source import Location, Problem
from wasmdoctor.model.wit import (
    NO_GATE,
    Function,
    Gate,
    Interface,
    Member,
    Origin,
    Param,
    Type,
    TypeDef,
    World,
    WorldItem,
    WorldItemKind,
)
from wasmdoctor.readers.wit.entities import (
    Dependency,
    Include,
    InterfaceEntity,
    ItemEntity,
    Key,
    WorldEntity,
)
from wasmdoctor.readers.wit.names import canonical, rename

Included = Callable[[Gate, Location], bool]
Report = Callable[[Problem], None]
Excluded = Callable[[Location, str], None]

K = TypeVar("K")
V = TypeVar("V")


class _TooLarge(Exception):
    """The budget is spent. Caught where a world is flattened."""


@dataclass(slots=True)
class Budget:
    """How many more items may be copied; ``told`` once it has been reported that there are none left."""

    left: int
    told: bool = False

    def spend(self) -> None:
        """Count one item. Raises when there is nothing left."""
        self.left -= 1
        if self.left < 0:
            raise _TooLarge


def flatten(
    world: WorldEntity, included: Included, report: Report, excluded: Excluded, budget: Budget
) -> None:
    """Complete a world's imports and exports in place and leave its record.

    ``included`` tells whether a gate lets an item through, ``report`` takes problems, ``excluded`` reports
    a reference to what a gate leaves out. The worlds it includes must be flattened before.
    """
    try:
        world.imports = _present(world.imports)
        world.exports = _present(world.exports)
        for include in world.includes:
            if included(include.gate, include.location):
                _include(world, include, report, excluded, budget)
        _check_names(world, report)
        world.imports = order_setters(world.imports)
        world.exports = order_setters(world.exports)
        _elaborate(world, report, budget)
    except _TooLarge:
        if not budget.told:
            budget.told = True
            message = f"world `{world.short}` is too large, it and those after it are incomplete"
            report(Problem(world.location, message, "include fewer worlds"))
    world.record = World(
        world.name,
        world.short,
        world.unit.name,
        world.location,
        _records(world.imports),
        _records(world.exports),
        tuple(dict.fromkeys(include.target.name for include in world.includes if include.target)),
        world.gate,
    )


def order_setters(items: dict[K, V]) -> dict[K, V]:
    """The same mapping with each setter right behind its getter where it stood before it."""
    names = {_function_name(value): key for key, value in items.items()}
    if not any("[set]" in name for name in names):
        return dict(items)
    held: dict[str, list[K]] = {}
    seen: set[str] = set()
    order: list[K] = []
    for key, value in items.items():
        name = _function_name(value)
        getter = name.replace("[set]", "[get]", 1)
        if "[set]" in name and getter in names and getter not in seen:
            held.setdefault(getter, []).append(key)
            continue
        order.append(key)
        seen.add(name)
        order += held.pop(name, [])
    return {key: items[key] for key in order}


def setter_problems(names: Iterable[str], owner: str) -> Iterator[tuple[str, str]]:
    """For each setter without its getter: the message, and the setter's name."""
    known = list(names)
    present = set(known)
    for name in known:
        getter = name.replace("[set]", "[get]", 1)
        if "[set]" in name and getter not in present:
            yield f"setter `{name}` of {owner} has no getter `{getter}`", name


def _function_name(value: object) -> str:
    function = value.function if isinstance(value, ItemEntity) else value
    return function.name if isinstance(function, Function) else ""


def _present(items: dict[Key, ItemEntity]) -> dict[Key, ItemEntity]:
    """Without the place holders of what gates leave out."""
    return {key: item for key, item in items.items() if item.interface or item.function or item.type}


# -- include


def _include(
    world: WorldEntity, include: Include, report: Report, excluded: Excluded, budget: Budget
) -> None:
    source = include.target
    if source is None:
        return
    if not source.enabled:
        excluded(include.location, f"world `{source.name}`")
        return
    plain = [key for key in (*source.imports, *source.exports) if isinstance(key, str)]
    for old, new in include.renames:
        if not any(rename(key, old, new) for key in plain):
            report(
                Problem(
                    include.location,
                    f"world `{source.short}` has no import or export with the plain name `{old}`",
                    "`with` renames plain names only; an interface of a package keeps its name",
                )
            )
    types = {
        key: new
        for key, item in source.imports.items()
        if isinstance(key, str) and item.type and (new := _renamed(key, include.renames)) != key
    }
    external = source.unit is not world.unit
    for items, into, kind in (
        (source.imports, world.imports, "import"),
        (source.exports, world.exports, "export"),
    ):
        for key, item in items.items():
            budget.spend()
            origin = Origin(include.step, item.origin)
            if isinstance(key, str):
                name = _renamed(key, include.renames)
                if name in into:
                    report(
                        Problem(
                            include.location,
                            f"world `{source.short}` brings {kind} `{name}`, which is there already",
                            f"rename it: `include {source.short} with {{ {key} as ... }}`",
                        )
                    )
                    continue
                into[name] = _copy(item, name, types, include.renames, origin)
            else:
                if key not in into:
                    into[key] = item.reached(origin)
                _merge_gates(item, into[key], report, external=external)


def _renamed(name: str, renames: tuple[tuple[str, str], ...]) -> str:
    for old, new in renames:
        changed = rename(name, old, new)
        if changed is not None:
            return changed
    return name


def _copy(
    item: ItemEntity, name: str, types: dict[str, str], renames: tuple[tuple[str, str], ...], origin: Origin
) -> ItemEntity:
    """An item under a new name; types of the world that got new names have them inside of it too."""
    copy = item.reached(origin)
    if not renames:
        return copy
    if item.function:
        copy.function = _rename_function(item.function, name, types)
    if item.record:
        copy.record = _rename_type(item.record, name, types)
    return copy


def _rename_function(function: Function, name: str, types: dict[str, str]) -> Function:
    return replace(
        function,
        name=name,
        params=tuple(Param(p.name, _substitute(p.type, types)) for p in function.params),
        result=_substitute(function.result, types) if function.result else None,
        resource=types.get(function.resource, function.resource),
    )


def _rename_type(record: TypeDef, name: str, types: dict[str, str]) -> TypeDef:
    return replace(
        record,
        name=name,
        target=_substitute(record.target, types) if record.target else None,
        members=tuple(Member(m.name, _substitute(m.type, types) if m.type else None) for m in record.members),
    )


def _substitute(type_: Type, types: dict[str, str]) -> Type:
    """A type with names replaced. Nesting is bounded by the parser."""
    if not types:
        return type_
    args = tuple(_substitute(arg, types) if arg else None for arg in type_.args)
    return Type(type_.kind, args, types.get(type_.name, type_.name), type_.size)


def _merge_gates(new: ItemEntity, old: ItemEntity, report: Report, *, external: bool) -> None:
    """The gate of an included interface, which may be there already (``merge_include_stability``).

    A version means nothing outside of its package, so ``@since`` is dropped from another package's world.
    """
    if external and new.gate.since:
        old.gate = NO_GATE
    elif new.gate == old.gate or not new.gate:
        pass
    elif not old.gate:
        old.gate = new.gate
    else:
        name = new.interface.name if new.interface else ""
        report(
            Problem(
                new.location,
                f"`{name}` comes into one world with two different gates",
                "make the gates of the two lines equal",
            )
        )


def _check_names(world: WorldEntity, report: Report) -> None:
    for items, kind in ((world.imports, "import"), (world.exports, "export")):
        seen: dict[str, str] = {}
        for key, item in items.items():
            if not isinstance(key, str):
                continue
            form = canonical(key)
            earlier = seen.setdefault(form, key)
            if earlier != key:
                report(
                    Problem(
                        item.location,
                        f"the {kind}s `{key}` and `{earlier}` of world `{world.short}` are too alike",
                        "they must differ in more than case, hyphens and annotations",
                    )
                )
        names = [key for key, item in items.items() if isinstance(key, str) and item.function]
        for message, name in setter_problems(names, f"world `{world.short}`"):
            report(Problem(items[name].location, message, "add the getter"))


# -- what interfaces need


def _elaborate(world: WorldEntity, report: Report, budget: Budget) -> None:
    imports: dict[Key, ItemEntity] = {}
    for key, item in sorted(world.imports.items(), key=lambda pair: pair[1].rank):
        if item.interface is not None:
            _add_import(imports, world.imports, key, item, budget)
        else:
            if item.dep is not None:
                implied = _implied(item.dep, item.gate, item.origin)
                implied.origin = item.origin
                _add_import(imports, world.imports, item.dep.target, implied, budget)
            imports[key] = item
    exports: dict[Key, ItemEntity] = {}
    interfaces = {key: item for key, item in world.exports.items() if item.interface is not None}
    for key, item in world.exports.items():
        if item.interface is None:
            exports[key] = item
    required: set[InterfaceEntity] = set()
    for key, item in interfaces.items():
        if not _add_export(imports, exports, interfaces, required, key, item, budget):
            assert item.interface is not None
            report(
                Problem(
                    item.location,
                    f"world `{world.short}` would need `{item.interface.name}`'s dependencies both imported "
                    "and exported",
                    "export the interfaces in between as well, or none of them",
                )
            )
    world.imports = dict(sorted(imports.items(), key=lambda pair: pair[1].rank))
    world.exports = exports


def _implied(dep: Dependency, gate: Gate, user: Origin) -> ItemEntity:
    """The import that a ``use`` implies, for the user of the interface."""
    return ItemEntity(gate, Origin(dep.step, user), dep.step.location, interface=dep.target)


def _add_import(
    imports: dict[Key, ItemEntity],
    written: dict[Key, ItemEntity],
    key: Key,
    item: ItemEntity,
    budget: Budget,
) -> None:
    """Add an interface behind all those it needs. One that ``written`` has a line for in the world stands there."""
    if key in imports:
        return
    assert item.interface is not None
    item.origin = _own_line(written, key) or item.origin
    open_: set[Key] = {key}
    stack: list[tuple[Key, ItemEntity, Iterator[Dependency]]] = [(key, item, iter(item.interface.deps))]
    while stack:
        key, item, deps = stack[-1]
        for dep in deps:
            budget.spend()
            if dep.target not in imports and dep.target not in open_:
                open_.add(dep.target)
                needed = _implied(dep, item.gate, item.origin)
                needed.origin = _own_line(written, dep.target) or needed.origin
                stack.append((dep.target, needed, iter(dep.target.deps)))
                break
        else:
            imports[key] = item
            stack.pop()


def _own_line(written: dict[Key, ItemEntity], key: Key) -> Origin | None:
    found = written.get(key)
    return found.origin if found is not None and found.origin.rest is None else None


def _add_export(
    imports: dict[Key, ItemEntity],
    exports: dict[Key, ItemEntity],
    interfaces: dict[Key, ItemEntity],
    required: set[InterfaceEntity],
    key: Key,
    item: ItemEntity,
    budget: Budget,
) -> bool:
    """Add an exported interface behind what it needs: exports where there are such, else imports.

    False when an interface would be needed as an import and as an export (component-model#208).
    """
    if key in exports:
        return True
    assert item.interface is not None
    stack = [_Export(key, item, exported=True, deps=iter(item.interface.deps))]
    open_: set[Key] = {key}
    while stack:
        frame = stack[-1]
        for dep in frame.deps:
            budget.spend()
            target = dep.target
            exported = frame.exported and target in interfaces
            if target in exports:
                if not exported:
                    return False
                continue
            if (not exported and target in required) or target in open_:
                continue
            needed = _implied(dep, frame.item.gate, frame.item.origin)
            if exported:
                needed.origin = interfaces[target].origin
                needed.location = interfaces[target].location
            open_.add(target)
            stack.append(_Export(target, needed, exported, iter(target.deps)))
            break
        else:
            stack.pop()
            open_.discard(frame.key)
            assert frame.item.interface is not None
            if frame.exported:
                if frame.item.interface in required:
                    return False
                exports[frame.key] = frame.item
            else:
                required.add(frame.item.interface)
                imports.setdefault(frame.key, frame.item)
    return True


@dataclass(slots=True)
class _Export:
    key: Key
    item: ItemEntity
    exported: bool
    deps: Iterator[Dependency]


# -- records


def _records(items: dict[Key, ItemEntity]) -> dict[str, WorldItem]:
    result: dict[str, WorldItem] = {}
    for key, item in items.items():
        name = key if isinstance(key, str) else key.name
        if item.interface is not None:
            interface = item.interface.record or Interface(name, name, "", item.location)
            if isinstance(key, str) and not item.labelled:
                interface = replace(interface, name=name, short=name)
            result[name] = WorldItem(
                name,
                WorldItemKind.INTERFACE,
                item.origin,
                interface=interface,
                implements=interface.name if item.labelled else "",
                gate=item.gate,
            )
        elif item.function is not None:
            result[name] = WorldItem(
                name, WorldItemKind.FUNC, item.origin, function=item.function, gate=item.gate
            )
        else:
            result[name] = WorldItem(name, WorldItemKind.TYPE, item.origin, type=item.record, gate=item.gate)
    return result
