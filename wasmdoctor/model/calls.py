"""Who calls whom inside a finished component: functions of its core modules, and how they are wired.

A function is a pair of numbers ``(module, function)``: the module's place in ``ComponentCode.modules`` and
the function's index in that module's index space, imported functions first (core specification,
"Indices").
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum

from wasmdoctor.model.artifact import ModuleRole
from wasmdoctor.model.record import dataclass, field
from wasmdoctor.model.source import Problem
from wasmdoctor.model.wasm import CustomSection

FunctionId = tuple[int, int]

ANY_TABLE = -1
"""In place of a table: a call of a reference (``call_ref``), which may come from anywhere."""
ANY_SIGNATURE = "*"
"""In place of a signature: the function's code could not be read to its end, so that it may call anything."""


@dataclass(frozen=True, slots=True)
class FunctionImport:
    """An imported function of a core module: its two-level name, and the index of its type."""

    module: str
    field: str
    type: int


@dataclass(frozen=True, slots=True)
class TableCall:
    """``call_indirect`` through a table, with the signature that the called function must have.

    ``table`` may be ``ANY_TABLE``, ``signature`` then ``ANY_SIGNATURE``. ``ComponentCode.tables`` knows both.
    """

    table: int
    signature: str


@dataclass(frozen=True, slots=True)
class ModuleCode:
    """The functions of one core module, in columns, since a module may have a million of them.

    ``offset`` and ``size`` place the module in the file. ``sizes`` are the bytes of each defined
    function's body, ``offsets`` where it starts, counted from ``code_offset`` (the payload of the code
    section in the file), as DWARF counts (without the number that says how long it is). ``calls[i]`` are the
    functions that defined function ``i`` calls, each once, as indices of the index space;
    ``table_calls[i]`` its calls through tables, and ``references[i]`` the functions whose reference it takes
    (``ref.func``): it may call those, or hand them on. ``signatures`` has one text for each function of the
    index space, equal for equal types. ``elements`` are the functions that the module itself puts into each
    table by its index. ``names`` are those of the name section, by index in the index space; bytes that are
    not UTF-8 are replaced.
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
    references: Mapping[int, tuple[int, ...]]
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
    possible, all of them. ``links_possible`` are those that rest on a table that may hold several functions
    in the slot. ``tables`` are the functions that a call through a table may reach, whichever module put
    them there, by (module, index of the table there) and then by signature; with ``ANY_TABLE`` for the index,
    all functions whose reference is taken anywhere. It has what ``table_calls`` ask for, and no more.
    """

    modules: tuple[ModuleCode, ...]
    roots: tuple[Root, ...]
    imports: tuple[ImportedFunction, ...]
    links: Mapping[FunctionId, tuple[FunctionId, ...]] = field(default_factory=dict)
    links_possible: Mapping[FunctionId, tuple[FunctionId, ...]] = field(default_factory=dict)
    tables: Mapping[tuple[int, int], Mapping[str, tuple[FunctionId, ...]]] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()

    def callees(self, function: FunctionId) -> tuple[Sequence[FunctionId], Sequence[FunctionId]]:
        """Who a function calls: (for certain, possibly). An imported function leads to what it is given.

        The first are direct calls, the second what calls through tables and taken references may reach.
        """
        number, index = function
        module = self.modules[number]
        defined = index - len(module.imports)
        if defined < 0:
            return self.links.get(function, ()), self.links_possible.get(function, ())
        possible = [(number, taken) for taken in module.references.get(defined, ())]
        for call in module.table_calls.get(defined, ()):
            possible += self.tables.get((number, call.table), {}).get(call.signature, ())
        return [(number, called) for called in module.calls[defined]], possible
