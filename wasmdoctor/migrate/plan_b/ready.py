"""Plan B with an adapter that the person has: no crate is made, and its type is checked against the imports."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Sequence

from wasmdoctor.graph.composition import wire
from wasmdoctor.migrate.inputs import PlanInputs
from wasmdoctor.migrate.plan_a.plan import LeftImport
from wasmdoctor.migrate.plan_b.crate import label
from wasmdoctor.migrate.plan_b.missing import Missing, applications, missing
from wasmdoctor.migrate.plan_b.plan import (
    NOTHING,
    CompositionPlan,
    PlanBResult,
    _list,
    _stem,
    build_steps,
)
from wasmdoctor.migrate.plan_b.sources import Source, interface_of, sources, world_function
from wasmdoctor.migrate.plan_b.wac import document
from wasmdoctor.model.composition import Composition, Mismatch
from wasmdoctor.model.edit import Create
from wasmdoctor.model.plan import ManualStep
from wasmdoctor.model.wasm import Component, Extern, ExternKind, Function, WasmFile
from wasmdoctor.model.wit import WorldItemKind


def ready_adapter(inputs: PlanInputs, adapter: WasmFile) -> PlanBResult:
    """Plan B with a component that exists. ``adapter`` is what was read of it, its path relative to the workspace.

    Applicable when it exports something that is missing, and nothing of what is missing with another type.
    """
    found = missing(inputs)
    if not found.names:
        return PlanBResult(False, NOTHING)
    if adapter.component is None:
        return PlanBResult(False, f"{adapter.path} is not a component")
    all_sources = sources(inputs)
    apps = applications(inputs, found.consumers)
    wanted = [_consumer(inputs, found, all_sources, app.name) for app in apps]
    wirings = [
        wire([one, adapter], lambda extern: inputs.provided(extern.name), root=one.path) for one in wanted
    ]
    mismatches = [mismatch for wiring in wirings for mismatch in wiring.mismatches]
    if mismatches:
        return PlanBResult(False, _differs(adapter.path, mismatches))
    compositions = [
        CompositionPlan(
            app.name,
            adapter.path,
            tuple(sorted(w.name for w in wiring.wires)),
            f"{label(app.name)}.wac",
            f"{_stem(app)}.composed.wasm",
        )
        for app, wiring in zip(apps, wirings, strict=True)
        if wiring.wires
    ]
    if not compositions:
        offered = _list([f"`{extern.name}`" for extern in adapter.component.exports] or ["nothing"])
        names = _list([f"`{name}`" for name in found.names])
        return PlanBResult(False, f"{adapter.path} exports {offered}, and none of what is missing: {names}")
    left = tuple(_left(found, wirings))
    name = label(posixpath.basename(adapter.path).removesuffix(".wasm"))
    edits = tuple(_document(name, adapter.path, one) for one in compositions)
    packages = {app.name: _stem(app) for app in apps}
    built = [(one.application, packages[one.application]) for one in compositions]
    composed = [(f"{packages[one.application]}.wasm", adapter.path, one.output) for one in compositions]
    names = _list([f"`{wired}`" for wired in sorted({name for one in compositions for name in one.names})])
    reason = (
        f"{adapter.path} exports {names}, with the types that are imported, and is composed with "
        f"{_list([f'`{one.application}`' for one in compositions])}; no crate changes"
    )
    return PlanBResult(
        True,
        reason,
        edits,
        tuple(
            ManualStep(one.location, f"`{one.component}` keeps the import `{one.name}`: {one.reason}")
            for one in left
        ),
        left=left,
        loses="one file to ship: each component is composed with the adapter",
        steps=build_steps(inputs, built, composed),
        adapter=adapter.path,
        compositions=tuple(compositions),
    )


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
    return f"{path} does not fit: it exports {_list(list(dict.fromkeys(told)), 4)}"


def _left(found: Missing, wirings: Sequence[Composition]) -> Iterable[LeftImport]:
    for wiring in wirings:
        for component, extern in wiring.missing:
            if extern.name in found.places:
                place = found.places[extern.name]
                yield LeftImport(component, extern.name, place, "the adapter does not export it")


def _document(name: str, path: str, plan: CompositionPlan) -> Create:
    about = [
        f"Composes `{plan.application}` with {path}. Run it with:",
        "",
        f"  wasmdoctor compose {plan.document} {label(plan.application)}.wasm {path} -o {plan.output}",
    ]
    text = document(label(plan.application), name, plan.names, about)
    return Create(plan.document, text.encode(), f"how `{plan.application}` is composed with {path}")
