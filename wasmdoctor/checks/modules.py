"""Rules about core modules that stand where a component was expected."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from wasmdoctor.checks.facts import Draft, Facts
from wasmdoctor.model.names import ExternName
from wasmdoctor.model.rule import Severity
from wasmdoctor.model.source import Location
from wasmdoctor.model.text import Text, say
from wasmdoctor.model.wasm import CoreModule

# The module names of WASI before the component model.
PREVIEW1 = ("wasi_snapshot_preview1", "wasi_unstable")
# Custom sections by which wit-bindgen and its relatives tell the encoder which world a module is for.
COMPONENT_TYPE = "component-type"
# The name by which an adapter imports from the module that it adapts (wit-component 0.262).
MAIN_MODULE = "__main_module__"


def core_module(facts: Facts) -> Iterator[Draft]:
    """WD105: a core module where a component was expected.

    A component was expected when the module says so itself: it carries a ``component-type`` section, or
    imports interfaces by their component names. A module with preview1 imports and no such sign may be
    meant as it is, so that is a warning. A module beside a component of the same name is the
    encoder's input, and no finding; nor is an adapter, which the help names where it is wanted.
    """
    components = {_stem(file.path) for file in facts.components()}
    adapters = [file.path for file in facts.files if file.module and _is_adapter(file.module)]
    for file in facts.files:
        module = file.module
        if module is None or _stem(file.path) in components or file.path in adapters:
            continue
        preview1 = sorted({i.module for i in module.imports if i.module in PREVIEW1})
        meant = _meant_as_component(module)
        if not meant and not preview1:
            continue
        old = _imports_of(module, preview1)
        why = say("it carries the world of a component") if meant else say("hosts of components refuse it")
        adapter, about = _adapter(preview1[0], adapters) if preview1 else ("", Text(""))
        output = f"{_stem(file.path)}.component.wasm"
        yield Draft(
            file.path,
            say("this is a core module{old}, not a component: {why}", old=old, why=why),
            Location(file.path),
            help=say(
                "make a component of it: `wasm-tools component new {path}{adapter} -o {output}`, or "
                "build for wasm32-wasip2, which gives a component at once",
                path=file.path,
                adapter=adapter,
                output=output,
            )
            + about,
            severity=None if meant else Severity.WARNING,
        )


def _meant_as_component(module: CoreModule) -> bool:
    return any(section.name.startswith(COMPONENT_TYPE) for section in module.custom_sections) or any(
        ExternName.parse(item.module).kind == "interface" for item in module.imports
    )


def _is_adapter(module: CoreModule) -> bool:
    return any(item.module == MAIN_MODULE for item in module.imports)


def _imports_of(module: CoreModule, modules: list[str]) -> str:
    count = sum(item.module in modules for item in module.imports)
    if not count:
        return ""
    if count == 1:
        return say(" with an import from `{preview1}`", preview1=modules[0])
    return say(" with {count} imports from `{preview1}`", count=count, preview1=modules[0])


def _adapter(module: str, adapters: Sequence[str]) -> tuple[str, Text]:
    """The argument that gives the encoder an adapter for a module, and a line of help about it.

    The encoder takes what stands before the first dot of the file's name for the name of the module that it
    stands for, unless that is given (wasm-tools 1.262, ``--adapt [NAME=]MODULE``).
    """
    if not adapters:
        return f" --adapt {module}.reactor.wasm", say(
            "\nthe adapter is a file of each release of wasmtime: `{module}.reactor.wasm`, or "
            "`{module}.command.wasm` for a module that has `_start`",
            module=module,
        )
    path = adapters[0]
    if path.rpartition("/")[2].partition(".")[0] == module:
        return f" --adapt {path}", Text("")
    return f" --adapt {module}={path}", say(
        "\n{path} is an adapter: by the name of its file the encoder would take it for one of `{taken}`, so name "
        "`{module}`",
        path=path,
        taken=path.rpartition("/")[2].partition(".")[0],
        module=module,
    )


def _stem(path: str) -> str:
    """``app`` of ``target/app.component.wasm``: encoders' inputs and outputs often differ by such words only."""
    name = path.rpartition("/")[2]
    return name.partition(".")[0].replace("-", "_")
