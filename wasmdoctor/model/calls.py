"""Who calls whom inside a finished component: functions of its core modules, and how they are wired.

A function is a pair of numbers ``(module, function)``: the module's place in ``ComponentCode.modules`` and
the function's index in that module's index space, imported functions first (core specification,
"Indices").
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from wasmdoctor.model.artifact import ModuleRole
from wasmdoctor.model.source import Problem
from wasmdoctor.model.wasm import CustomSection

FunctionId = tuple[int, int]


@dataclass(frozen=True, slots=True)
class FunctionImport:
    """An imported function of a core module: its two-level name, and the index of its type."""

    module: str
    field: str
    type: int


@dataclass(frozen=True, slots=True)
class TableCall:
    """``call_indirect`` through a table, with the signature that the called function must have."""

    table: int
    signature: str


@dataclass(frozen=True, slots=True)
class ModuleCode:
    """The functions of one core module, in columns, since a module may have a million of them.

    ``offset`` and ``size`` place the module in the file. ``sizes`` are the bytes of each defined
    function's body, ``offsets`` where it starts, counted from ``code_offset`` (the payload of the code
    section in the file), as DWARF counts. ``calls[i]`` are the functions that defined function ``i``
    calls or whose reference it takes (``ref.func``), each once; ``table_calls[i]`` its calls through
    tables. ``signatures`` has one text for each function of the index space, equal for equal types.
    ``elements`` are the functions in each table by its index. ``names`` are those of the name section.
    """

    offset: int
    size: int
    name: str
    role: ModuleRole
    imports: tuple[FunctionImport, ...]
    signatures: Sequence[str]
    code_offset: int
    offsets: Sequence[int]
    sizes: Sequence[int]
    calls: Sequence[Sequence[int]]
    table_calls: Mapping[int, tuple[TableCall, ...]]
    elements: Mapping[int, frozenset[int]]
    exports: Mapping[str, int]
    start: int | None
    names: Mapping[int, str]
    customs: tuple[CustomSection, ...] = ()
    problems: tuple[Problem, ...] = ()

    @property
    def count(self) -> int:
        """How many functions the index space has."""
        return len(self.imports) + len(self.sizes)


class RootKind(StrEnum):
    """Where a run can begin: an export of the component, a start function, a constructor."""

    EXPORT = "export"
    START = "start"
    CONSTRUCTOR = "constructor"


@dataclass(frozen=True, slots=True)
class Root:
    """A function from which a run can begin.

    ``name`` is the component's export (``run-scenario``, or ``ns:pkg/i@1.0.0`` with its function in
    ``function``), "" for a start function.
    """

    kind: RootKind
    name: str
    function: str
    at: FunctionId


@dataclass(frozen=True, slots=True)
class ImportedFunction:
    """A lowered import of the component: its name, the function in it, and every core import it is given to.

    For an import that is a function ``function`` is "". A ``[resource-drop]`` counts as a function.
    """

    name: str
    function: str
    at: tuple[FunctionId, ...]


@dataclass(frozen=True, slots=True)
class ComponentCode:
    """A component's core modules, and how the component wires them.

    ``links`` leads from an imported function of one module to the function of another that it is given
    (through adapters, shims and their tables too, so that a path ends in no shim); where more than one is
    possible, all of them. ``links_possible`` are those that rest on a table.
    """

    modules: tuple[ModuleCode, ...]
    roots: tuple[Root, ...]
    imports: tuple[ImportedFunction, ...]
    links: Mapping[FunctionId, tuple[FunctionId, ...]] = field(default_factory=dict)
    links_possible: Mapping[FunctionId, tuple[FunctionId, ...]] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()
