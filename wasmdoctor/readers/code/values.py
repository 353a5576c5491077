"""What the entries of a component's index spaces stand for, once everything is traced to where it comes from."""

from __future__ import annotations

from collections.abc import Mapping

from wasmdoctor.model.record import dataclass, field
from wasmdoctor.readers.code.module import CoreCode
from wasmdoctor.readers.wasm.source import ByteSource


@dataclass(eq=False, slots=True)
class ModuleInstance:
    """A core module that is instantiated: which (its place in the list of modules), and with what."""

    module: int
    code: CoreCode
    arguments: Mapping[str, CoreInstance | None]

    def export(self, name: str) -> CoreItem | None:
        """What it exports under a name."""
        found = self.code.exports.get(name)
        return CoreItem(found[0], self, found[1]) if found else None

    def given(self, number: int) -> CoreValue:
        """What its import ``number`` (of all kinds) is given."""
        item = self.code.imports[number]
        instance = self.arguments.get(item.module)
        return instance.export(item.field) if instance else None


@dataclass(eq=False, slots=True)
class InlineInstance:
    """A core instance that is put together from single items."""

    items: dict[str, CoreValue] = field(default_factory=dict)

    def export(self, name: str) -> CoreValue:
        """What it exports under a name."""
        return self.items.get(name)


CoreInstance = ModuleInstance | InlineInstance


@dataclass(frozen=True, slots=True)
class CoreItem:
    """An item of a core instance: its kind (func, table, memory...), and its index there."""

    kind: str
    instance: ModuleInstance
    index: int


@dataclass(frozen=True, slots=True)
class Lowered:
    """A component's function, lowered to a core function."""

    function: ComponentFunction


@dataclass(frozen=True, slots=True)
class Dropped:
    """The built-in that drops a handle of a resource type."""

    type: ResourceType


@dataclass(frozen=True, slots=True)
class ImportedFunc:
    """A function that the outermost component imports: the import's name, and the function in it or ""."""

    name: str
    function: str


@dataclass(frozen=True, slots=True)
class Lifted:
    """A core function, lifted to a component's function, and the callback of an asynchronous one."""

    core: CoreValue
    callback: CoreValue = None


@dataclass(frozen=True, slots=True)
class ImportedType:
    """A type that the outermost component imports: the import's name, and the type's name in it."""

    name: str
    type: str


@dataclass(frozen=True, slots=True)
class OwnResource:
    """A resource type that a component defines, with its destructor."""

    destructor: CoreValue


MAX_PREFIX = 4096
"""Letters that lead to an instance in an instance: each further one would copy those of all before."""


@dataclass(frozen=True, slots=True)
class ImportedInstance:
    """An instance that the outermost component imports; ``prefix`` leads to one nested in it."""

    name: str
    prefix: str = ""

    def export(self, name: str, sort: str) -> Value:
        """What it exports under a name, if it is of this sort; nothing where instances lie too deep in each other."""
        if len(self.prefix) > MAX_PREFIX:
            return None
        match sort:
            case "func":
                return ImportedFunc(self.name, self.prefix + name)
            case "type":
                return ImportedType(self.name, self.prefix + name)
            case "instance":
                return ImportedInstance(self.name, f"{self.prefix}{name}/")
            case _:
                return None


@dataclass(eq=False, slots=True)
class Exports:
    """An instance whose exports are known: of a nested component, or put together. Sort and value by name."""

    items: dict[str, tuple[str, Value]] = field(default_factory=dict)

    def export(self, name: str, sort: str) -> Value:
        """What it exports under a name, if it is of this sort."""
        found, value = self.items.get(name, ("", None))
        return value if found == sort else None


@dataclass(eq=False, slots=True)
class ComponentDefinition:
    """A nested component: where its bytes are, and the index spaces around it."""

    source: ByteSource
    offset: int
    spaces: Spaces


@dataclass(frozen=True, slots=True)
class ModuleDefinition:
    """A core module by its place in the list of modules."""

    module: int


CoreValue = CoreItem | Lowered | Dropped | None
"""A core function, table...; None for a built-in that calls nobody, and for what could not be traced."""
ComponentFunction = ImportedFunc | Lifted | None
ResourceType = ImportedType | OwnResource | None
Instance = ImportedInstance | Exports
Value = ComponentFunction | ResourceType | Instance | ComponentDefinition | ModuleDefinition

SORTS = ("func", "value", "type", "component", "instance", "module")
CORE_SORTS = ("func", "table", "memory", "global", "tag")


@dataclass(eq=False, slots=True)
class Spaces:
    """The index spaces of one instance of a component, and those of the component around it."""

    parent: Spaces | None = None
    items: dict[str, list[Value]] = field(default_factory=lambda: {sort: [] for sort in SORTS})
    core: dict[str, list[CoreValue]] = field(default_factory=lambda: {sort: [] for sort in CORE_SORTS})
    core_instances: list[CoreInstance] = field(default_factory=list)

    def at(self, sort: str, index: int) -> Value:
        """An entry; None for one that is not there."""
        space = self.items.get(sort, ())
        return space[index] if index < len(space) else None

    def core_at(self, sort: str, index: int) -> CoreValue:
        """An entry of a core index space; None for one that is not there."""
        space = self.core.get(sort, ())
        return space[index] if index < len(space) else None
