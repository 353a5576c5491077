"""Which imports that nobody provides were brought by std or the preview1 adapter, and by no crate."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from wasmdoctor.checks.linking import Verdict
from wasmdoctor.discover import Binary
from wasmdoctor.model.artifact import CoreCall, CoreTarget, ModuleCalls, ModuleRole
from wasmdoctor.model.rule import StdFacts
from wasmdoctor.model.source import Location
from wasmdoctor.model.stdimport import StdImport
from wasmdoctor.model.text import phrase, say
from wasmdoctor.model.wasm import WasmFile
from wasmdoctor.pipeline.binaries import opened
from wasmdoctor.pipeline.project import Maker
from wasmdoctor.readers.artifacts import read_calls
from wasmdoctor.readers.symbols import is_std
from wasmdoctor.readers.wasm import ByteSource, read_core_module
from wasmdoctor.readers.wasm.source import Window

STD_BINDINGS = frozenset({"wasi", "wasip2"})
"""The crates by which Rust's std binds WASI 0.2 (library/std/Cargo.toml, rustc 1.82 to 1.96). Applications may
depend on the same crates: then the sources show it."""


def std_imports(
    files: Iterable[WasmFile],
    binaries: Mapping[str, Binary],
    verdicts: Mapping[str, tuple[Verdict, ...]],
    std: Callable[[], Mapping[str, StdFacts]],
    maker: Callable[[str], Maker | None],
    bound: Callable[[tuple[str, str]], bool],
) -> dict[tuple[str, str], StdImport]:
    """What std brought, by the component's path and the import's name.

    ``std`` gives the facts of rules/std.toml by target, ``maker`` the crate that builds a component, and ``bound``
    says whether bindings in the sources explain an import. Core modules are read only when a component has an
    import that nobody provides and that std is known to bring.
    """
    found: dict[tuple[str, str], StdImport] = {}
    for file in files:
        asked = [v for v in verdicts.get(file.path, ()) if v.unprovided and v.name.namespace == "wasi"]
        if not asked or file.predicted or file.path not in binaries:
            continue
        known = {name for facts in std().values() for name in facts.interfaces}
        asked = [verdict for verdict in asked if verdict.name.unversioned in known]
        if asked:
            found.update(_of_file(file, binaries[file.path], asked, std(), maker(file.path), bound))
    return found


def _of_file(
    file: WasmFile,
    binary: Binary,
    asked: Iterable[Verdict],
    std: Mapping[str, StdFacts],
    maker: Maker | None,
    bound: Callable[[tuple[str, str]], bool],
) -> Iterator[tuple[tuple[str, str], StdImport]]:
    try:
        with opened(binary) as source:
            modules = read_calls(source, file.path, file.component)
            rust = maker is not None or _is_rust(source, file.path, modules)
    except OSError:
        return
    place = maker.component.crate.location if maker else Location(file.path)
    calls = sorted({c.field for m in modules for c in m.calls if c.target is CoreTarget.ADAPTER})
    for verdict in asked:
        name = verdict.name.text
        callers = [(m, c) for m in modules for c in m.calls if _is(c, name)]
        by_binding = [call for module, call in callers if module.role is ModuleRole.MAIN]
        if by_binding:
            sure = _all_std(by_binding, maker is not None)
            if sure is None or bound((file.path, name)):
                continue
            yield (file.path, name), StdImport(_words(rust, maker, std), rust, place, sure=sure)
        elif any(module.role is ModuleRole.ADAPTER for module, _ in callers):
            words = _words(rust, maker, std, adapter=True)
            yield (file.path, name), StdImport(words, rust, place, tuple(calls))
        elif maker is not None and not bound((file.path, name)) and _stripped(modules):
            yield (
                (file.path, name),
                StdImport(_words(rust, maker, std), rust, place, evidence="sources", sure=False),
            )


def _is(call: CoreCall, name: str) -> bool:
    return call.target is CoreTarget.IMPORT and call.interface == name


def _all_std(calls: Iterable[CoreCall], sources: bool) -> bool | None:
    """Whether only std calls an import: True, False when a namesake may be meant, None when others do.

    With ``sources`` a crate of the same name would be known by its bindings.
    """
    crates = {call.rust.crate if call.rust else "" for call in calls}
    if all(is_std(crate) for crate in crates):
        return True
    if all(is_std(crate) or crate in STD_BINDINGS for crate in crates):
        return sources
    return None


def _stripped(modules: Iterable[ModuleCalls]) -> bool:
    """Whether the main modules have no names, so that nobody can tell who calls what."""
    main = [module for module in modules if module.role is ModuleRole.MAIN]
    return not any(module.named for module in main)


def _is_rust(source: ByteSource, path: str, modules: Iterable[ModuleCalls]) -> bool:
    """Whether a main module says that it was written in Rust."""
    for module in modules:
        if module.role is ModuleRole.MAIN:
            window = Window(source, module.offset, module.size)
            languages = read_core_module(window, path).producers.get("language", ())
            if any(name == "Rust" for name, _ in languages):
                return True
    return False


def _words(rust: bool, maker: Maker | None, std: Mapping[str, StdFacts], *, adapter: bool = False) -> str:
    """Who brought it. The adapter may stand in a component for wasm32-wasip2 too: its linker puts it there."""
    who: str = phrase("Rust std") if rust else say("the language's own library")
    if maker is not None and maker.crates.target:
        who = say("{who} for {target}", who=who, target=maker.crates.target)
    return say("{who} (through the preview1 adapter)", who=who) if adapter else who
