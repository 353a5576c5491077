"""Components' code written by hand, for tests of what is made of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from wasmdoctor.model.artifact import ModuleRole
from wasmdoctor.model.calls import (
    ComponentCode,
    FunctionId,
    FunctionImport,
    ImportedFunction,
    ModuleCode,
    Root,
    RootKind,
    TableCall,
)


def module(
    imports: int = 0,
    calls: Sequence[Sequence[int]] = (),
    *,
    table_calls: Mapping[int, Sequence[str]] | None = None,
    table: Sequence[int] = (),
    signatures: Mapping[int, str] | None = None,
    names: Mapping[int, str] | None = None,
    sizes: Sequence[int] = (),
    references: Mapping[int, tuple[int, ...]] | None = None,
) -> ModuleCode:
    """A module: so many imported functions, then a list of called functions for each defined one.

    ``table_calls`` maps a defined function (counted from 0) to the signatures that it calls through table 0,
    ``table`` are the functions in that table; a function's signature is ``()`` where none is given.
    """
    count = imports + len(calls)
    return ModuleCode(
        offset=0,
        size=0,
        name="",
        role=ModuleRole.MAIN,
        imports=tuple(FunctionImport("m", f"f{index}", 0) for index in range(imports)),
        signatures=[(signatures or {}).get(index, "()") for index in range(count)],
        code_offset=0,
        offsets=list(range(len(calls))),
        sizes=list(sizes) or [1] * len(calls),
        calls=calls,
        table_calls={
            caller: tuple(TableCall(0, signature) for signature in found)
            for caller, found in (table_calls or {}).items()
        },
        references=references or {},
        elements={0: frozenset(table)} if table else {},
        exports={},
        start=None,
        names=names or {},
    )


def export(name: str, at: FunctionId, function: str = "") -> Root:
    return Root(RootKind.EXPORT, name, function, at)


def imported(name: str, function: str, *at: FunctionId) -> ImportedFunction:
    return ImportedFunction(name, function, at)


def component(
    modules: Sequence[ModuleCode],
    roots: Sequence[Root],
    imports: Sequence[ImportedFunction],
    links: Mapping[FunctionId, tuple[FunctionId, ...]] | None = None,
    links_possible: Mapping[FunctionId, tuple[FunctionId, ...]] | None = None,
) -> ComponentCode:
    return ComponentCode(
        tuple(modules), tuple(roots), tuple(imports), links or {}, links_possible or {}, _tables(modules)
    )


def _tables(
    modules: Sequence[ModuleCode],
) -> dict[tuple[int, int], dict[str, tuple[FunctionId, ...]]]:
    """What is in each table by signature, for the signatures that are called."""
    tables: dict[tuple[int, int], dict[str, tuple[FunctionId, ...]]] = {}
    for index, each in enumerate(modules):
        wanted = {call.signature for calls in each.table_calls.values() for call in calls}
        found: dict[str, list[FunctionId]] = {}
        for function in sorted(each.elements.get(0, ())):
            if function < each.count and each.signatures[function] in wanted:
                found.setdefault(each.signatures[function], []).append((index, function))
        tables[index, 0] = {signature: tuple(functions) for signature, functions in found.items()}
    return tables
