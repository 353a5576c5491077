"""What a WebAssembly binary says of itself: a component's or a core module's imports and exports."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from wasmdoctor.model.record import dataclass, field
from wasmdoctor.model.source import Problem
from wasmdoctor.model.types import FunctionType


class ExternKind(StrEnum):
    """The sort of a component's import or export (Component Model, Binary.md, ``externdesc``)."""

    INSTANCE = "instance"
    FUNC = "func"
    TYPE = "type"
    COMPONENT = "component"
    MODULE = "module"
    VALUE = "value"


@dataclass(frozen=True, slots=True, order=True)
class Function:
    """A function of an interface: its name as encoded (``[method]tcp-socket.connect``) and its type.

    ``signature`` is WIT-like text (``func(host: string) -> result<u32, error-code>``) in which named
    types stand by name and anonymous ones are written out; "" when the type could not be followed.
    ``type`` is the same as structure, None when it is not known.
    """

    name: str
    signature: str
    type: FunctionType | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Extern:
    """One import or export of a component.

    ``functions`` are those of an instance (of nested instances too, as ``inner/f``), or the one
    function itself for a ``func``. ``resources`` are the resource types that an import defines anew;
    ``types`` are all other named types, among them resources that it takes over from another import,
    for which a linker needs nothing. A world-level import of a resource type has kind ``type`` and
    itself in ``resources``. An export counts any resource as one. ``typed`` is False when the decoder
    could not follow the type, so that absence of a function proves nothing. ``implements`` is the
    interface that a plain name stands for, or "" (Binary.md, ``nameopt``). ``instances`` are the names of
    instances inside an instance, which WIT cannot say.
    """

    name: str
    kind: ExternKind
    functions: tuple[Function, ...] = ()
    resources: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    typed: bool = True
    implements: str = ""
    instances: tuple[str, ...] = ()

    @property
    def needs_provider(self) -> bool:
        """Whether a linker needs a definition for this import.

        Linkers need none for an instance without functions and new resources, nor for a type that
        only names a structure (probed: wasmtime 39 to 50, jco 1.35).
        """
        if self.kind in (ExternKind.INSTANCE, ExternKind.TYPE):
            return not self.typed or bool(self.functions or self.resources)
        return True


@dataclass(frozen=True, slots=True)
class CustomSection:
    """A custom section: its name, and where its payload stands in the file (offset and size in bytes)."""

    name: str
    offset: int
    size: int


@dataclass(frozen=True, slots=True)
class CoreImport:
    """An import of a core module: two-level name, and kind (func, table, memory, global, tag)."""

    module: str
    name: str
    kind: str


@dataclass(frozen=True, slots=True)
class CoreExport:
    """An export of a core module: name and kind (func, table, memory, global, tag)."""

    name: str
    kind: str


@dataclass(frozen=True, slots=True)
class EmbeddedModule:
    """A core module inside a component: where its bytes stand in the file (offset and size)."""

    offset: int
    size: int


# field ("language", "processed-by", "sdk") -> ((name, version), ...), as in the tool-conventions' ProducersSection.
Producers = Mapping[str, tuple[tuple[str, str], ...]]


@dataclass(frozen=True, slots=True)
class Component:
    """A component's outside. ``problems`` are not empty when a part of it could not be read."""

    imports: tuple[Extern, ...] = ()
    exports: tuple[Extern, ...] = ()
    producers: Producers = field(default_factory=dict)
    custom_sections: tuple[CustomSection, ...] = ()
    modules: tuple[EmbeddedModule, ...] = ()
    nested_components: int = 0
    problems: tuple[Problem, ...] = ()

    @property
    def is_wit_package(self) -> bool:
        """Whether it is a WIT package in binary form: types of interfaces and worlds, and nothing that runs.

        Rule: wit-component 0.262, ``encode``; the section with the documentation stands in each.
        """
        return (
            not (self.imports or self.modules or self.nested_components)
            and any(section.name == "package-docs" for section in self.custom_sections)
            and all(extern.kind is ExternKind.TYPE for extern in self.exports)
        )


@dataclass(frozen=True, slots=True)
class CoreModule:
    """A core module's outside."""

    imports: tuple[CoreImport, ...] = ()
    exports: tuple[CoreExport, ...] = ()
    producers: Producers = field(default_factory=dict)
    custom_sections: tuple[CustomSection, ...] = ()
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class WasmFile:
    """One binary of a run: its path for people, its size in bytes, and what was read of it.

    At most one of ``component`` and ``module`` is set; neither is when nothing could be read, and
    ``problems`` say why. ``named`` tells that the person named this very file. ``links`` are other
    paths of the same file. ``predicted`` marks a component that is not built: ``path`` is then the
    manifest of the crate that would build it, and ``component`` what its sources predict.
    """

    path: str
    size: int
    named: bool = False
    component: Component | None = None
    module: CoreModule | None = None
    problems: tuple[Problem, ...] = ()
    links: tuple[str, ...] = ()
    mtime_ns: int = 0
    predicted: bool = False
