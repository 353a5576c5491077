"""Top-level names: those of the package, of each file, and of other packages."""

from __future__ import annotations

from collections.abc import Iterable

from wasmdoctor.model.source import Location
from wasmdoctor.model.wit import (
    Gate,
)
from wasmdoctor.readers.wit.context import Context, Run
from wasmdoctor.readers.wit.entities import (
    Foreign,
    InterfaceEntity,
    Part,
    Target,
    TypeEntity,
    Unit,
    WorldEntity,
    poison,
)
from wasmdoctor.readers.wit.order import mentions, toposort
from wasmdoctor.readers.wit.tree import (
    InterfaceItem,
    Name,
    Path,
    TopUseItem,
    WorldItem,
)


class Namespace(Context):
    """What the paths in a package stand for."""

    def __init__(self, run: Run, unit: Unit) -> None:
        super().__init__(run, unit)
        self.foreign: dict[tuple[str, str], Foreign] = {}
        self.locals: dict[str, InterfaceEntity | WorldEntity] = {}

    # -- other packages

    def _collect_foreign(self) -> None:
        for part in self.unit.parts:
            for mention in mentions(part):
                path = mention.path
                if not path.package_name:
                    continue
                location = part.location(path.name.start)
                foreign = self.foreign.setdefault(
                    (path.package_name, path.name.text),
                    Foreign(
                        path.package_name,
                        path.name.text,
                        "world" if mention.is_world else "interface",
                        part.location(path.start),
                        location,
                    ),
                )
                foreign.gates.append((self.gate(part, mention.gates), location))

    def _link_foreign(self) -> None:
        missing: set[str] = set()
        for foreign in self.foreign.values():
            unit = self.run.units.get(foreign.package)
            if unit is None or unit is self.unit:
                cut = (self.unit.name, foreign.package) in self.run.cut
                if foreign.package not in missing and not cut:
                    self._missing_package(foreign)
                missing.add(foreign.package)
                continue
            foreign.enabled = any(self.included(gate, place) for gate, place in foreign.gates)
            if not foreign.enabled:
                continue
            if foreign.kind == "interface":
                foreign.interface = unit.interfaces.get(foreign.name)
                found: object = foreign.interface
                names: Iterable[str] = unit.interfaces
            else:
                foreign.world = unit.worlds.get(foreign.name)
                found = foreign.world
                names = unit.worlds
            if found is None and not unit.broken:
                self._missing_item(foreign, unit, names)

    def _missing_package(self, foreign: Foreign) -> None:
        units = self.run.known
        base, _, _ = foreign.package.partition("@")
        versions = [name for name in units if name.partition("@")[0] == base]
        if versions:
            have = " and ".join(f"`{name}`" for name in versions)
            self.problem(
                foreign.package_location,
                f"there is no package `{foreign.package}`, only {have}",
                f"write `@{versions[0].partition('@')[2]}`, or add the other version to `deps`"
                if "@" in versions[0]
                else "leave out the version, or add it to the `package` line",
            )
            return
        self.unknown(
            foreign.package_location,
            f"there is no package `{foreign.package}`: neither here nor in `deps`",
            foreign.package,
            units,
        )

    def _missing_item(self, foreign: Foreign, unit: Unit, names: Iterable[str]) -> None:
        other = "world" if foreign.kind == "interface" else "interface"
        others = unit.worlds if foreign.kind == "interface" else unit.interfaces
        if foreign.name in others:
            self.problem(
                foreign.location,
                f"`{foreign.name}` of package `{unit.name}` is a {other}, not an {foreign.kind}"
                if foreign.kind == "interface"
                else f"`{foreign.name}` of package `{unit.name}` is an {other}, not a {foreign.kind}",
            )
            return
        article = "an" if foreign.kind == "interface" else "a"
        self.unknown(
            foreign.location,
            f"package `{unit.name}` does not have {article} {foreign.kind} `{foreign.name}`",
            foreign.name,
            names,
        )

    def _collect_wanted_types(self) -> None:
        for part in self.unit.parts:
            for mention in mentions(part):
                if not mention.names:
                    continue
                target = self._lookup(part, mention.path)
                if not isinstance(target, Foreign):
                    continue
                gate = self.gate(part, mention.gates)
                for name in mention.names:
                    target.wanted.setdefault(name.name.text, (gate, part.location(name.name.start)))
        for foreign in self.foreign.values():
            for wanted, (gate, location) in foreign.wanted.items():
                foreign.types[wanted] = self._foreign_type(foreign, wanted, gate, location)

    def _foreign_type(self, foreign: Foreign, name: str, gate: Gate, location: Location) -> TypeEntity:
        if foreign.kind != "interface":
            return poison()  # reported where it is used
        if not self.included(gate, location):
            # Whether it is a resource cannot be known, and does not matter.
            return TypeEntity(gate, enabled=False, is_resource=True)
        if not foreign.enabled:
            self.excluded(location, f"interface `{foreign.name}`")
            return poison()
        interface = foreign.interface
        if interface is None:
            return poison()
        found = interface.types.get(name)
        if found is not None and found.enabled:
            return found
        if interface.unit.broken:
            return poison()
        if name in interface.functions:
            self.problem(location, f"`{name}` of `{interface.name}` is a function; only types can be used")
        elif found is not None:
            self.problem(
                location,
                f"type `{name}` of `{interface.name}` is left out because its feature is not active",
                f"it needs the feature `{found.gate.unstable}`" if found.gate.unstable else "",
            )
        else:
            self.unknown(location, f"`{interface.name}` does not have a type `{name}`", name, interface.types)
        return poison()

    # -- names of the package

    def _declare(self) -> list[tuple[InterfaceItem | WorldItem, Part]]:
        """Make entities for all interfaces and worlds, in dependency order, and the names of each file."""
        items: dict[str, tuple[InterfaceItem | WorldItem, Part]] = {}
        for part in self.unit.parts:
            for item in part.items:
                if not isinstance(item, InterfaceItem | WorldItem):
                    continue
                if item.name.text in items:
                    earlier, where = items[item.name.text]
                    self.problem(
                        part.location(item.name.start),
                        f"`{item.name.text}` is defined twice in package `{self.unit.name}`",
                        f"the other one is at {where.location(earlier.name.start)}",
                    )
                    continue
                items[item.name.text] = (item, part)
        for item, part in items.values():
            self.locals[item.name.text] = self._entity(item, part)
        for part in self.unit.parts:
            self._file_names(part, items)
        order, circle = toposort(self._local_deps(items))
        if circle:
            self._report_circle(circle, items)
            for name in circle:
                entity = self.locals[name]
                if isinstance(entity, InterfaceEntity):
                    entity.incomplete = True
        return [items[name] for name in (*order, *circle)]

    def _entity(self, item: InterfaceItem | WorldItem, part: Part) -> InterfaceEntity | WorldEntity:
        short = item.name.text
        location = part.location(item.name.start)
        gate = self.gate(part, item.gates, external=False)
        kind = InterfaceEntity if isinstance(item, InterfaceItem) else WorldEntity
        entity = kind(self._full_name(short), short, self.unit, location, gate)
        entity.enabled = self.included(gate, location)
        return entity

    def _full_name(self, short: str) -> str:
        base, at, version = self.unit.name.partition("@")
        return f"{base}/{short}{at}{version}"

    def _file_names(self, part: Part, items: dict[str, tuple[InterfaceItem | WorldItem, Part]]) -> None:
        """Fill ``part.names``: its own interfaces and worlds, and what its top-level ``use`` bring."""
        for item in part.items:
            target: Target | None
            if isinstance(item, TopUseItem):
                name = item.local
                if item.gates:
                    self.problem(
                        part.location(item.start), "a top-level `use` cannot have gates", "remove them"
                    )
                if item.path.package_name:
                    target = self.foreign[item.path.package_name, item.path.name.text]
                else:
                    target = self.locals.get(item.path.name.text)
                    if target is None:
                        self._no_such_item(part, item.path.name)
            elif isinstance(item, InterfaceItem | WorldItem):
                name = item.name
                if items[name.text][0] is not item:
                    continue
                target = self.locals[name.text]
            else:
                continue
            if name.text in part.names:
                self.problem(
                    part.location(name.start),
                    f"`{name.text}` is defined twice in this file",
                    "rename one with `as`",
                )
            elif target is not None:
                part.names[name.text] = target
            else:
                part.names[name.text] = Foreign("", name.text, "interface", Location(""), Location(""))

    def _no_such_item(self, part: Part, name: Name) -> None:
        self.unknown(
            part.location(name.start),
            f"there is no interface or world `{name.text}` in package `{self.unit.name}`",
            name.text,
            [*part.names, *self.locals],
        )

    def _local_deps(self, items: dict[str, tuple[InterfaceItem | WorldItem, Part]]) -> dict[str, list[str]]:
        deps: dict[str, list[str]] = {name: [] for name in items}
        for part in self.unit.parts:
            for mention in mentions(part):
                if mention.owner is None or mention.path.package_name:
                    continue
                target = part.names.get(mention.path.name.text) or self.locals.get(mention.path.name.text)
                if isinstance(target, InterfaceEntity | WorldEntity):
                    deps[mention.owner.text].append(target.short)
        return deps

    def _report_circle(
        self, circle: list[str], items: dict[str, tuple[InterfaceItem | WorldItem, Part]]
    ) -> None:
        inside = set(circle)
        for part in self.unit.parts:
            for mention in mentions(part):
                if mention.owner is None or mention.owner.text not in inside or mention.path.package_name:
                    continue
                target = part.names.get(mention.path.name.text) or self.locals.get(mention.path.name.text)
                if isinstance(target, InterfaceEntity | WorldEntity) and target.short in inside:
                    verb = "includes" if mention.is_world else "uses"
                    self.problem(
                        part.location(mention.path.name.start),
                        f"`{mention.owner.text}` {verb} `{target.short}`, which depends on it in turn",
                        "break the circle: move what both need into a third",
                    )
                    return

    def _lookup(self, part: Part, path: Path) -> Target | None:
        """What a path stands for; None when there is nothing (not reported here)."""
        if path.package_name:
            return self.foreign[path.package_name, path.name.text]
        return part.names.get(path.name.text) or self.locals.get(path.name.text)

    def _find(self, part: Part, path: Path, kind: str) -> InterfaceEntity | WorldEntity | Foreign | None:
        """What a path stands for, when it is an interface or world as ``kind`` wants; else it is reported."""
        target = self._lookup(part, path)
        if target is None:
            self._no_such_item(part, path.name)
            return None
        is_interface = isinstance(target, InterfaceEntity) or (
            isinstance(target, Foreign) and target.kind == "interface"
        )
        if is_interface == (kind == "interface"):
            return target
        if not (isinstance(target, Foreign) and not target.package):
            self.problem(
                part.location(path.name.start),
                f"`{path.name.text}` is a world, not an interface"
                if kind == "interface"
                else f"`{path.name.text}` is an interface, not a world",
            )
        return None

    def _find_interface(self, part: Part, path: Path) -> InterfaceEntity | None:
        """The interface that a path stands for, also when it is left out; None after a problem."""
        target = self._find(part, path, "interface")
        if isinstance(target, Foreign):
            return target.interface
        return target if isinstance(target, InterfaceEntity) else None
