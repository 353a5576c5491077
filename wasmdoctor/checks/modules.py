"""Rules about core modules that stand where a component was expected."""

from __future__ import annotations

from collections.abc import Iterator

from wasmdoctor.checks.facts import Draft, Facts
from wasmdoctor.model.names import ExternName
from wasmdoctor.model.rule import Severity
from wasmdoctor.model.source import Location
from wasmdoctor.model.wasm import CoreModule

# The module names of WASI before the component model.
PREVIEW1 = ("wasi_snapshot_preview1", "wasi_unstable")
# Custom sections by which wit-bindgen and its relatives tell the encoder which world a module is for.
COMPONENT_TYPE = "component-type"


def core_module(facts: Facts) -> Iterator[Draft]:
    """WD105: a core module where a component was expected.

    A component was expected when the module says so itself: it carries a ``component-type`` section, or
    imports interfaces by their component names. A module with preview1 imports and no such sign may be
    meant as it is, so that is a warning. A module beside a component of the same name is the
    encoder's input, and no finding.
    """
    components = {_stem(file.path) for file in facts.components()}
    for file in facts.files:
        module = file.module
        if module is None or _stem(file.path) in components:
            continue
        preview1 = sorted({i.module for i in module.imports if i.module in PREVIEW1})
        meant = _meant_as_component(module)
        if not meant and not preview1:
            continue
        old = f" with {len(_of(module, preview1))} imports from `{preview1[0]}`" if preview1 else ""
        why = "it carries the world of a component" if meant else "hosts of components refuse it"
        adapter = " --adapt wasi_snapshot_preview1.reactor.wasm" if preview1 else ""
        output = f"{_stem(file.path)}.component.wasm"
        yield Draft(
            file.path,
            f"this is a core module{old}, not a component: {why}",
            Location(file.path),
            help=f"make a component of it: `wasm-tools component new {file.path}{adapter} -o {output}`, "
            "or build for wasm32-wasip2, which gives a component at once",
            severity=None if meant else Severity.WARNING,
        )


def _meant_as_component(module: CoreModule) -> bool:
    return any(section.name.startswith(COMPONENT_TYPE) for section in module.custom_sections) or any(
        ExternName.parse(item.module).kind == "interface" for item in module.imports
    )


def _of(module: CoreModule, modules: list[str]) -> list[str]:
    return [item.name for item in module.imports if item.module in modules]


def _stem(path: str) -> str:
    """``app`` of ``target/app.component.wasm``: encoders' inputs and outputs often differ by such words only."""
    name = path.rpartition("/")[2]
    return name.partition(".")[0].replace("-", "_")
