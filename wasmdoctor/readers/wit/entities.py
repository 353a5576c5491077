"""What resolution builds while it works: types, interfaces and worlds that still refer to each other."""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING

from wasmdoctor.model.record import dataclass, field
from wasmdoctor.model.source import Location
from wasmdoctor.model.wit import NO_GATE, Function, Gate, Interface, Origin, Step, TypeDef, WitPackage, World
from wasmdoctor.readers.wit.tree import Item, Tree

if TYPE_CHECKING:
    from wasmdoctor.readers.wit.order import Mention


@dataclass(slots=True, eq=False)
class TypeEntity:
    """A type, named or not; two are the same only when they are the same object.

    ``used`` is, for a type that is another by name, that other. ``result`` are ok and error of a
    ``result``. ``enabled`` is False when a feature gate leaves it out.
    """

    gate: Gate = NO_GATE
    enabled: bool = True
    owner: InterfaceEntity | WorldEntity | None = None
    used: TypeEntity | None = None
    is_resource: bool = False
    has_borrow: bool = False
    result: tuple[TypeRef | None, TypeRef | None] | None = None
    record: TypeDef | None = None
    poison: bool = False


TypeRef = str | TypeEntity
"""A primitive's name, or a type."""


def poison() -> TypeEntity:
    """A type that stands in for one whose absence has been reported: nothing more is said about it."""
    return TypeEntity(poison=True)


@dataclass(slots=True, eq=False)
class Dependency:
    """That an interface uses a type of another, and the line that says so."""

    target: InterfaceEntity
    step: Step


@dataclass(slots=True, eq=False)
class InterfaceEntity:
    """An interface. ``scope`` are its names: types, and functions as None.

    ``incomplete`` when it depends on itself: then a name that it lacks proves nothing.
    """

    name: str
    short: str
    unit: Unit
    location: Location
    gate: Gate = NO_GATE
    enabled: bool = True
    scope: dict[str, TypeEntity | None] = field(default_factory=dict)
    types: dict[str, TypeEntity] = field(default_factory=dict)
    functions: dict[str, Function] = field(default_factory=dict)
    deps: list[Dependency] = field(default_factory=list)
    record: Interface | None = None
    incomplete: bool = False


Key = str | InterfaceEntity
"""What an import or export is known by: a plain name, or the interface itself."""


@dataclass(slots=True, eq=False)
class ItemEntity:
    """One import or export of a world: an interface, a function or a type.

    ``labelled`` marks an interface with a plain name that was not written inside the world. ``dep`` is the
    interface that a type is used from, and the line.
    """

    gate: Gate
    origin: Origin
    location: Location
    interface: InterfaceEntity | None = None
    labelled: bool = False
    function: Function | None = None
    type: TypeEntity | None = None
    record: TypeDef | None = None
    dep: Dependency | None = None

    def reached(self, origin: Origin) -> ItemEntity:
        """The same item for another world."""
        return ItemEntity(
            self.gate,
            origin,
            self.location,
            self.interface,
            self.labelled,
            self.function,
            self.type,
            self.record,
            self.dep,
        )

    @property
    def rank(self) -> int:
        """The order of imports in a world: interfaces, used types, own types, functions, methods."""
        if self.interface is not None:
            return 0
        if self.function is not None:
            return 4 if self.function.resource else 3
        return 1 if self.dep is not None else 2


@dataclass(slots=True, eq=False)
class Include:
    """One ``include`` of a world."""

    target: WorldEntity | None
    renames: tuple[tuple[str, str], ...]
    gate: Gate
    location: Location
    step: Step


@dataclass(slots=True, eq=False)
class WorldEntity:
    """A world: at first only what it says itself, after flattening everything."""

    name: str
    short: str
    unit: Unit
    location: Location
    gate: Gate = NO_GATE
    enabled: bool = True
    imports: dict[Key, ItemEntity] = field(default_factory=dict)
    exports: dict[Key, ItemEntity] = field(default_factory=dict)
    includes: list[Include] = field(default_factory=list)
    record: World | None = None


@dataclass(slots=True, eq=False)
class Part:
    """One file of a package, or one package nested in a file. ``names`` are its top-level names, ``mentions`` the
    paths in it, once somebody has asked for them (``order.mentions``)."""

    tree: Tree
    items: tuple[Item, ...]
    decoded: bool
    names: dict[str, Target] = field(default_factory=dict)
    mentions: tuple[Mention, ...] | None = None

    def location(self, offset: int) -> Location:
        """Where a byte offset is; in a package decoded from a binary, the binary itself."""
        if self.decoded:
            return Location(self.tree.source.path)
        return self.tree.source.location(offset)

    def keyword(self, item: Item) -> Location:
        """Where an item says what it is, behind its gates: the line that a person looks for."""
        if not item.gates:
            return self.location(item.start)
        starts = self.tree.lexed.starts
        return self.location(starts[bisect_left(starts, item.gates[-1].end)])


@dataclass(slots=True, eq=False)
class Unit:
    """One package. ``broken`` when a file of it has syntax errors: then missing names prove nothing."""

    name: str
    version: str
    location: Location
    parts: list[Part]
    decoded: bool
    broken: bool
    locations: list[Location] = field(default_factory=list)
    interfaces: dict[str, InterfaceEntity] = field(default_factory=dict)
    worlds: dict[str, WorldEntity] = field(default_factory=dict)
    record: WitPackage | None = None


@dataclass(slots=True, eq=False)
class Foreign:
    """An interface or world of another package, as first mentioned in this one.

    ``gates`` are those of all mentions, ``wanted`` the types used from it: the gate and place of the
    first mention of each.
    """

    package: str
    name: str
    kind: str
    package_location: Location
    location: Location
    gates: list[tuple[Gate, Location]] = field(default_factory=list)
    wanted: dict[str, tuple[Gate, Location]] = field(default_factory=dict)
    types: dict[str, TypeEntity] = field(default_factory=dict)
    enabled: bool = True
    interface: InterfaceEntity | None = None
    world: WorldEntity | None = None


Target = InterfaceEntity | WorldEntity | Foreign
"""What a top-level name stands for."""
