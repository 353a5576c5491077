"""One package: its interfaces, and its worlds up to where they are flattened."""

from __future__ import annotations

from collections.abc import Sequence

from wasmdoctor.model.source import Location
from wasmdoctor.model.wit import (
    Function,
    Interface,
    Origin,
    Step,
    StepKind,
    TypeKind,
    WitPackage,
)
from wasmdoctor.readers.wit.declarations import Declarations, NameSet, Scope
from wasmdoctor.readers.wit.entities import (
    Foreign,
    Include,
    InterfaceEntity,
    ItemEntity,
    Key,
    Part,
    TypeEntity,
    WorldEntity,
)
from wasmdoctor.readers.wit.tree import (
    ExternItem,
    FuncItem,
    IncludeItem,
    InterfaceItem,
    Item,
    TypeItem,
    UseItem,
    WorldItem,
)
from wasmdoctor.readers.wit.worlds import flatten, order_setters, setter_problems


class Package(Declarations):
    """The resolution of one package."""

    # -- the package

    def resolve(self) -> None:
        """Resolve everything and leave the records in the unit."""
        if self.unit.decoded:
            self._join_parts()
        self._collect_foreign()
        declared = self._declare()
        self._link_foreign()
        self._collect_wanted_types()
        for item, part in declared:
            entity = self.locals[item.name.text]
            if isinstance(entity, InterfaceEntity):
                self._interface(entity, item.items, part)
        worlds: list[WorldEntity] = []
        for item, part in declared:
            entity = self.locals[item.name.text]
            if isinstance(entity, WorldEntity) and isinstance(item, WorldItem):
                self._world(entity, item, part)
                worlds.append(entity)
        for world in worlds:
            if world.enabled:
                flatten(world, self.included, self.report, self.excluded, self.run.budget)
        self._finish()

    def _finish(self) -> None:
        unit = self.unit
        for name, entity in self.locals.items():
            if isinstance(entity, InterfaceEntity):
                if entity.enabled:
                    unit.interfaces[name] = entity
            elif entity.enabled:
                unit.worlds[name] = entity
        files = dict.fromkeys(part.tree.source.path for part in unit.parts)
        unit.record = WitPackage(
            unit.name,
            unit.version,
            tuple(unit.locations),
            tuple(files),
            {name: e.record for name, e in unit.interfaces.items() if e.record},
            {name: w.record for name, w in unit.worlds.items() if w.record},
        )

    def _join_parts(self) -> None:
        """Make one part of several views of a decoded package: for each name, the items of all views."""
        if len(self.unit.parts) < 2:
            return
        joined: dict[str, InterfaceItem | WorldItem] = {}
        for part in self.unit.parts:
            for item in part.items:
                if not isinstance(item, InterfaceItem | WorldItem):
                    continue
                first = joined.setdefault(item.name.text, item)
                if isinstance(first, InterfaceItem) and isinstance(item, InterfaceItem) and first is not item:
                    known = {_item_key(inner) for inner in first.items}
                    more = tuple(inner for inner in item.items if _item_key(inner) not in known)
                    joined[item.name.text] = InterfaceItem(
                        first.start, first.end, first.first, first.gates, first.name, first.items + more
                    )
        self.unit.parts = [Part(self.unit.parts[0].tree, tuple(joined.values()), decoded=True)]

    # -- interfaces

    def _interface(self, entity: InterfaceEntity, items: Sequence[Item], part: Part) -> None:
        scope = Scope(entity, part)
        order = self._types(scope, items)
        names = NameSet()
        for name in order:
            type_ = scope.names[name]
            if type_ is not None:
                entity.types[name] = type_
                self._unique(names, name, type_.record.location if type_.record else entity.location)
        functions: list[Function] = []
        for item in items:
            if isinstance(item, FuncItem):
                scope.names.setdefault(item.name.text, None)
                functions += self._add_function(scope, item, None, names, entity.enabled)
            elif isinstance(item, TypeItem):
                for method in item.functions:
                    functions += self._add_function(scope, method, item, names, entity.enabled)
        setters = [(name, name) for name in names.seen.values()]
        locations = {function.name: function.location for function in functions}
        for message, name in setter_problems([name for name, _ in setters], f"interface `{entity.short}`"):
            self.problem(locations.get(name, entity.location), message, "add the getter")
        entity.scope = scope.names
        entity.deps = scope.deps
        self._check_owner(entity, "interface")
        kept = {f.name: f for f in functions if self.included(f.gate, f.location)} if entity.enabled else {}
        entity.functions = order_setters(kept)
        entity.record = Interface(
            entity.name,
            entity.short,
            self.unit.name,
            entity.location,
            {name: t.record for name, t in entity.types.items() if t.enabled and t.record},
            entity.functions,
            tuple(dict.fromkeys(dep.target.name for dep in entity.deps)),
            entity.gate,
        )

    def _check_owner(self, entity: InterfaceEntity | WorldEntity, kind: str) -> None:
        """A type without a gate inside something that is left out refers to what is not there."""
        if entity.enabled or self.unit.decoded:
            return
        types = entity.types.values() if isinstance(entity, InterfaceEntity) else ()
        for type_ in types:
            if type_.enabled and type_.record:
                self.problem(
                    type_.record.location,
                    f"type `{type_.record.name}` has no gate, but its {kind} is left out because its feature "
                    "is not active",
                    f"put the gate of the {kind} on the type too",
                )

    def _add_function(
        self, scope: Scope, item: FuncItem, resource: TypeItem | None, names: NameSet, owner_enabled: bool
    ) -> list[Function]:
        function = self._function(scope, item.name, item.role, item.func, item.gates, resource, owner_enabled)
        clash = self._unique(names, function.name, function.location)
        return [] if clash else [function]

    def _unique(self, names: NameSet, name: str, location: Location) -> bool:
        """Report a name that clashes with an earlier one of its scope; whether it does."""
        earlier = names.clash(name)
        if earlier is None:
            return False
        if earlier == name:
            self.problem(location, f"`{name}` is defined twice", "rename one")
        else:
            self.problem(
                location,
                f"`{name}` and `{earlier}` are too alike",
                "names of one scope must differ in more than case, hyphens and annotations",
            )
        return True

    # -- worlds

    def _world(self, world: WorldEntity, item: WorldItem, part: Part) -> None:
        """Read what a world says itself: no includes yet, and nothing that only uses imply."""
        scope = Scope(world, part)
        order = self._types(scope, item.items)
        imports, exports = NameSet(), NameSet()
        types: dict[str, tuple[TypeEntity, Location]] = {}
        for name in order:
            entity = scope.names[name]
            if entity is not None:
                location = entity.record.location if entity.record else world.location
                types[name] = (entity, location)
                self._unique(imports, name, location)
        for name, (entity, location) in types.items():
            self._world_type(world, scope, name, entity, location)
        for inner in item.items:
            if isinstance(inner, IncludeItem):
                self._include(world, inner, part)
            elif isinstance(inner, TypeItem):
                for method in inner.functions:
                    for function in self._add_function(scope, method, inner, imports, world.enabled):
                        self._world_function(world, world.imports, function, StepKind.TYPE)
            elif isinstance(inner, ExternItem):
                self._extern(world, scope, inner, imports if inner.direction == "import" else exports)
        if not world.enabled and not self.unit.decoded:
            for name, (entity, location) in types.items():
                if entity.enabled:
                    self.problem(
                        location,
                        f"type `{name}` has no gate, but its world is left out because its feature is not active",
                        "put the gate of the world on the type too",
                    )

    def _world_type(
        self, world: WorldEntity, scope: Scope, name: str, entity: TypeEntity, location: Location
    ) -> None:
        if not entity.enabled:
            if world.enabled:
                # wit-parser 0.262 refuses a type in a world whose feature is not active.
                self.problem(
                    location,
                    f"type `{name}` of world `{world.short}` is left out because its feature is not active",
                    "wasm-tools 1.262 cannot leave out single types of a world: gate the whole world",
                )
            return
        dep = (
            next((d for d in scope.deps if entity.used and d.target is entity.used.owner), None)
            if entity.record and entity.record.kind is TypeKind.USE
            else None
        )
        step = dep.step if dep else Step(StepKind.TYPE, location, world.name, name)
        world.imports[name] = ItemEntity(
            entity.gate, Origin(step), location, type=entity, record=entity.record, dep=dep
        )

    def _world_function(
        self, world: WorldEntity, into: dict[Key, ItemEntity], function: Function, kind: StepKind
    ) -> None:
        if world.enabled and self.included(function.gate, function.location):
            step = Step(kind, function.location, world.name, function.name)
            into[function.name] = ItemEntity(
                function.gate, Origin(step), function.location, function=function
            )

    def _include(self, world: WorldEntity, item: IncludeItem, part: Part) -> None:
        gate = self.gate(part, item.gates, external=False)
        location = part.location(item.path.name.start)
        target = self._find(part, item.path, "world")
        found = target.world if isinstance(target, Foreign) else target
        enabled = self.included(gate, location) if world.enabled else False
        if isinstance(target, Foreign) and not target.enabled and enabled:
            self.excluded(location, f"world `{target.name}`")
        if not isinstance(found, WorldEntity):
            return
        renames = tuple(
            (rename.name.text, rename.alias.text) for rename in item.renames if rename.alias is not None
        )
        step = Step(StepKind.INCLUDE, part.keyword(item), world.name, found.name)
        world.includes.append(Include(found, renames, gate, location, step))

    def _extern(self, world: WorldEntity, scope: Scope, item: ExternItem, names: NameSet) -> None:
        """One ``import`` or ``export``."""
        part = scope.part
        location = part.location(item.label.start)
        into = world.imports if item.direction == "import" else world.exports
        kind = StepKind(item.direction)
        line = part.keyword(item)
        if item.func is not None:
            assert item.name is not None
            function = self._function(scope, item.name, "func", item.func, item.gates, None, world.enabled)
            if not self._taken(into, names, function.name, item, location):
                self._world_function(world, into, function, kind)
            return
        gate = self.gate(part, item.gates)
        key: Key | None
        target: InterfaceEntity | None
        labelled = False
        if item.items is not None:
            assert item.name is not None
            target = InterfaceEntity(item.name.text, item.name.text, self.unit, location, gate)
            target.enabled = self.included(gate, location)
            self._interface(target, item.items, part)
            key = item.name.text
        else:
            assert item.path is not None
            found = self._find(part, item.path, "interface")
            target = found.interface if isinstance(found, Foreign) else None
            if isinstance(found, InterfaceEntity):
                target = found
            if (
                isinstance(found, Foreign)
                and not found.enabled
                and world.enabled
                and self.included(gate, location)
            ):
                self.excluded(location, f"interface `{found.name}`")
            labelled = item.name is not None
            key = item.name.text if item.name else target
        if isinstance(key, str) and self._taken(into, names, key, item, location):
            return
        if target is None or key is None:
            return
        if key in into:
            self.problem(location, f"`{target.name}` is {item.direction}ed twice", "remove one of the lines")
            return
        if not (world.enabled and self.included(gate, location)):
            # Kept as a place holder, so that a second mention is found; flattening drops it.
            into[key] = ItemEntity(gate, Origin(Step(kind, line, world.name, "")), location)
            return
        if not target.enabled:
            self.excluded(location, f"interface `{target.name}`")
        step = Step(kind, line, world.name, target.name)
        into[key] = ItemEntity(gate, Origin(step), location, interface=target, labelled=labelled)

    def _taken(
        self, into: dict[Key, ItemEntity], names: NameSet, name: str, item: ExternItem, location: Location
    ) -> bool:
        """Report that a world has an import or export of this name already; whether it does."""
        earlier = names.clash(name)
        if earlier is None:
            return False
        if earlier == name:
            self.problem(location, f"this world has an {item.direction} `{name}` already", "rename one")
        else:
            self.problem(
                location,
                f"the {item.direction}s `{name}` and `{earlier}` are too alike",
                "they must differ in more than case, hyphens and annotations",
            )
        return True


def _item_key(item: Item) -> str:
    """What tells the items of two views of one interface apart."""
    if isinstance(item, TypeItem | FuncItem):
        return item.name.text
    if isinstance(item, UseItem):
        return "use " + item.path.text + " ".join(name.local.text for name in item.names)
    return f"{type(item).__name__} {item.start}"
