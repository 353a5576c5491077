"""Plan B with an adapter that the person has: no crate is made, and its type is checked against the imports."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Mapping, Sequence

from wasmdoctor.graph.composition import wire
from wasmdoctor.migrate.inputs import PlanInputs
from wasmdoctor.migrate.plan_b.crate import name_from
from wasmdoctor.migrate.plan_b.missing import Group, Missing, groups, missing
from wasmdoctor.migrate.plan_b.plan import (
    NOTHING,
    PlanBResult,
    build_steps,
    composition_plan,
    document_edit,
    listed,
)
from wasmdoctor.migrate.plan_b.sources import Source, declares, interface_of, sources, world_function
from wasmdoctor.migrate.result import LeftImport, left_steps
from wasmdoctor.model.composition import Composition, Mismatch
from wasmdoctor.model.plan import CompositionPlan
from wasmdoctor.model.wasm import Component, Extern, ExternKind, Function, WasmFile
from wasmdoctor.model.wit import WorldItemKind


def ready_adapter(inputs: PlanInputs, adapter: WasmFile) -> PlanBResult:
    """Plan B with a component that exists. ``adapter`` is what was read of it, its path relative to the workspace.

    Applicable when it exports something that is missing, and nothing of what is missing with another type.
    """
    all_sources = sources(inputs)
    found = missing(inputs, lambda name: declares(all_sources, inputs, name))
    if not found.names:
        return PlanBResult(False, NOTHING)
    if adapter.component is None:
        return PlanBResult(False, f"{adapter.path} is not a component")
    wirings = {
        name: _wired(_consumer(inputs, found, all_sources, name), adapter, inputs) for name in found.consumers
    }
    mismatches = [mismatch for wiring in wirings.values() for mismatch in wiring.mismatches]
    if mismatches:
        return PlanBResult(False, _differs(adapter.path, mismatches))
    provided = {name: tuple(sorted(w.name for w in wiring.wires)) for name, wiring in wirings.items()}
    given = sorted({name for names in provided.values() for name in names})
    if not given:
        offered = listed([f"`{extern.name}`" for extern in adapter.component.exports] or ["nothing"])
        names = listed([f"`{name}`" for name in found.names])
        return PlanBResult(False, f"{adapter.path} exports {offered}, and none of what is missing: {names}")
    composed = groups(inputs, {name for name, names in provided.items() if names})
    plans = [_plan(group, adapter.path, provided) for group in composed]
    label_ = name_from(posixpath.basename(adapter.path).removesuffix(".wasm"))
    left = tuple(_left(found, wirings.values()))
    reason = (
        f"{adapter.path} exports {listed([f'`{name}`' for name in given])}, with the types that are imported, and "
        f"is composed with {listed([f'`{plan.application}`' for plan in plans])}; no crate changes"
    )
    return PlanBResult(
        True,
        reason,
        tuple(
            document_edit(inputs, plan, group, label_, adapter.path, provided)
            for plan, group in zip(plans, composed, strict=True)
        ),
        left_steps(left),
        left=left,
        loses="one file to ship: each component is composed with the adapter",
        steps=build_steps(inputs, composed, ("", adapter.path), plans),
        adapter=adapter.path,
        compositions=tuple(plans),
    )


def _plan(group: Group, adapter: str, provided: Mapping[str, Sequence[str]]) -> CompositionPlan:
    names = {name for member in group.members for name in provided.get(member.name, ())}
    return composition_plan(group, adapter, names, f"{name_from(group.application.name)}.wac")


def _wired(consumer: WasmFile, adapter: WasmFile, inputs: PlanInputs) -> Composition:
    return wire([consumer, adapter], lambda extern: inputs.provided(extern.name), root=consumer.path)


def _consumer(inputs: PlanInputs, found: Missing, all_sources: Sequence[Source], name: str) -> WasmFile:
    """A component as its sources predict it: what it imports of what is missing, with the WIT's signatures."""
    externs = []
    for wanted in found.consumers[name]:
        used = {
            function
            for component in inputs.components
            if component.name == name and wanted in component.prediction.imports
            for function in component.prediction.imports[wanted].functions
        }
        extern = _extern(inputs, all_sources, wanted, used)
        if extern is not None:
            externs.append(extern)
    return WasmFile(name, 0, component=Component(imports=tuple(externs)), predicted=True)


def _extern(
    inputs: PlanInputs, all_sources: Sequence[Source], name: str, used: Iterable[str]
) -> Extern | None:
    interface = interface_of(all_sources, name)
    if interface is not None:
        known = {f.name: f.signature for f in interface.functions.values()}
        functions = tuple(Function(one, known.get(one, "")) for one in sorted(set(used)))
        return Extern(name, ExternKind.INSTANCE, functions=functions, resources=interface.resources)
    item = world_function(all_sources, inputs, name)
    if item is not None and item.kind is WorldItemKind.FUNC and item.function is not None:
        return Extern(name, ExternKind.FUNC, functions=(Function(name, item.function.signature),))
    return Extern(name, ExternKind.INSTANCE, functions=tuple(Function(one, "") for one in sorted(set(used))))


def _differs(path: str, mismatches: Sequence[Mismatch]) -> str:
    told = []
    for found in mismatches:
        if not found.function:
            told.append(f"`{found.name}` at version {found.offered} instead of {found.wanted}")
        elif not found.offered:
            told.append(f"`{found.name}` without `{found.function}`")
        else:
            told.append(
                f"`{found.function}` of `{found.name}` as {found.offered}, which is imported as {found.wanted}"
            )
    return f"{path} does not fit: it exports {listed(list(dict.fromkeys(told)), 4)}"


def _left(found: Missing, wirings: Iterable[Composition]) -> Iterable[LeftImport]:
    for wiring in wirings:
        for component, extern in wiring.missing:
            if extern.name in found.places:
                place = found.places[extern.name]
                yield LeftImport(component, extern.name, place, "the adapter does not export it")
