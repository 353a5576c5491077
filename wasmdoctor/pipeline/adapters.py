"""Plan B with its bridges and compositions: the decisions composed to changes, and what the compositions give."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from wasmdoctor.catalog import Catalog
from wasmdoctor.discover import DiscoverError, display_path
from wasmdoctor.migrate.plan_b import AdapterOptions, ready_adapter
from wasmdoctor.migrate.plan_b import plan_b as decide
from wasmdoctor.model.composition import Composed
from wasmdoctor.model.host import HostView
from wasmdoctor.model.migration import Surface, differences
from wasmdoctor.model.names import ExternName
from wasmdoctor.model.plan import BridgeMode, CompositionPlan, Plan, PlanId
from wasmdoctor.model.wasm import WasmFile
from wasmdoctor.pipeline.bridges import composed, is_standard, maker
from wasmdoctor.pipeline.compose import ComposeOptions
from wasmdoctor.pipeline.compose import compose as compose_components
from wasmdoctor.pipeline.crates import Crates
from wasmdoctor.pipeline.planinputs import plan_inputs
from wasmdoctor.readers.wasm import FileSource, WasmKind, preamble, read_component
from wasmdoctor.toolchain import Toolchain


def plan_b(
    crates: Crates,
    host: HostView,
    catalog: Catalog,
    mode: BridgeMode,
    options: AdapterOptions,
    given: WasmFile | None = None,
) -> Plan:
    """Plan B for one workspace, its edits composed. ``given`` is an adapter that the person has.

    Edits that contradict each other, or leave a file that cannot be parsed, make the plan not applicable: that
    is a fault of wasmdoctor, and the reason says where. Raises CatalogError for broken data.
    """
    inputs = plan_inputs(crates, lambda name: is_standard(name, host))
    if given is not None:
        result = ready_adapter(inputs, given)
    else:
        result = decide(inputs, maker(crates, catalog, mode), options)
    return composed(PlanId.B, result, crates, compositions=result.compositions)


def read_adapter(path: str, cwd: Path, root: Path) -> WasmFile:
    """An adapter that a person names, its path relative to the workspace. Raises DiscoverError."""
    place = cwd / path
    shown = display_path(place.resolve(), root)
    try:
        with place.open("rb") as file:
            if preamble(file.read(8)) is not WasmKind.COMPONENT:
                raise DiscoverError(f"{path} is not a component")
            component = read_component(FileSource(file.fileno()), shown)
        return WasmFile(shown, place.stat().st_size, component=component)
    except OSError as error:
        raise DiscoverError(f"{path} cannot be read: {(error.strerror or str(error)).lower()}") from error


def outside(file: WasmFile) -> Surface:
    """What a component that was read imports and exports."""
    assert file.component is not None
    imports = sorted(extern.name for extern in file.component.imports)
    exports = sorted(extern.name for extern in file.component.exports)
    return Surface(tuple(imports), tuple(exports))


def composed_name(plan: CompositionPlan) -> str:
    """What a composition is called: its output without ``.wasm``."""
    return plan.output.removesuffix(".wasm")


def composed_surfaces(
    plans: Iterable[CompositionPlan], surfaces: Mapping[str, Surface]
) -> dict[str, Surface]:
    """What compositions import and export, from the surfaces of their parts (the adapter under its own name)."""
    return {composed_name(plan): _composed(plan, surfaces) for plan in plans}


def _composed(plan: CompositionPlan, surfaces: Mapping[str, Surface]) -> Surface:
    parts = [surfaces[name] for name in (*plan.members, plan.adapter) if name in surfaces]
    given = {_key(name) for part in parts for name in (*part.exports, *part.possible_exports)}
    imports = {name for part in parts for name in part.imports if _key(name) not in given}
    possible = {name for part in parts for name in part.possible_imports if _key(name) not in given}
    application = surfaces.get(plan.application, Surface())
    return Surface(
        tuple(sorted(imports)),
        application.exports,
        tuple(sorted(possible - imports)),
        application.possible_exports,
    )


def _key(name: str) -> tuple[str, str]:
    parsed = ExternName.parse(name)
    return parsed.unversioned, parsed.track or parsed.version or ""


def needs_wac(plan: CompositionPlan) -> bool:
    """Whether only ``wac`` can make a composition: ``wasm-tools compose`` gives interfaces, and no functions."""
    return any(ExternName.parse(name).kind != "interface" for name in plan.names)


def compose_built(
    plan: CompositionPlan,
    built: Mapping[str, Path],
    adapter: Path,
    folder: Path,
    host: HostView,
    catalog: Catalog,
    toolchain: Toolchain,
) -> Composed:
    """Compose what was built into ``folder``. Raises DiscoverError and ToolError."""
    paths = [built[name] for name in plan.members] + [adapter]
    options = ComposeOptions(
        paths=tuple(os.fspath(path) for path in paths),
        cwd=folder,
        output=plan.output,
        host=host.id.partition("@")[0],
        root=display_path(built[plan.application], folder),
    )
    return compose_components(options, catalog, toolchain)


def composition_faults(done: Composed, expected: Surface, left: Iterable[str]) -> list[str]:
    """In words, what is wrong with a composition; imports that the plan leaves are expected."""
    skipped = frozenset(left)
    told = [
        finding.message
        for finding in done.findings
        if finding.interface not in skipped and not (finding.code == "WD405" and skipped)
    ]
    told += differences(expected.imports, expected.possible_imports, done.imports)
    return told
