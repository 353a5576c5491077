"""What rules about versions need to know beyond the imports: read only when versions do not fit together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING

from wasmdoctor.catalog import Catalog
from wasmdoctor.checks.linking import Verdict
from wasmdoctor.checks.skew import skewed
from wasmdoctor.discover import Discovery
from wasmdoctor.model.host import HostView
from wasmdoctor.model.names import ExternName, track
from wasmdoctor.model.record import replace
from wasmdoctor.model.skew import WASI_TRACK, HostRange, SkewFacts
from wasmdoctor.model.wasm import Extern, WasmFile
from wasmdoctor.pipeline.binaries import opened

if TYPE_CHECKING:
    from wasmdoctor.model.artifact import ModuleCalls

ADAPTERS_OF = "wasmtime"
"""The host whose releases the preview1 adapter comes with, one adapter for each."""


def uneven(verdicts: Mapping[str, tuple[Verdict, ...]]) -> frozenset[tuple[str, str]]:
    """The imports (component's path and name) that are worth asking for their origin: those of WASI packages
    that a component has at several versions, and those that the host has at others."""
    found = {
        (path, verdict.name.text)
        for path, each in verdicts.items()
        for imports in skewed(each).values()
        for same in imports.values()
        for verdict in same
    }
    found |= {
        (path, verdict.name.text)
        for path, each in verdicts.items()
        for verdict in each
        if verdict.unprovided and verdict.match.kind == "version"
    }
    return frozenset(found)


def skew_facts(
    found: Discovery,
    files: Iterable[WasmFile],
    verdicts: Iterable[Mapping[str, tuple[Verdict, ...]]],
    catalog: Catalog,
    modules: Mapping[str, tuple[ModuleCalls, ...]] | None = None,
) -> SkewFacts:
    """What is known of versions in this run, whatever the host; ``verdicts`` are those of each host.

    ``modules`` are the calls of core modules where they were read before. Costs next to nothing when all fit
    together.
    """
    files, verdicts = list(files), list(verdicts)
    rows = catalog.deprecated if _may_be_deprecated(files, verdicts) else ()
    paths = {path for each in verdicts for path, _ in uneven(each)}
    if not paths:
        return SkewFacts(rows)
    read = _modules(found, files, paths) if modules is None else modules
    return SkewFacts(rows, read, adapters=adapters(catalog))


def _may_be_deprecated(
    files: Iterable[WasmFile], verdicts: Iterable[Mapping[str, tuple[Verdict, ...]]]
) -> bool:
    """Whether it is worth looking: a name that nobody provides, one of WASI that is no release of 0.2, or a core
    module. What a host has of a 0.2 release is not deprecated there."""
    if any(verdict.unprovided for each in verdicts for own in each.values() for verdict in own):
        return True
    names = [
        ExternName.parse(extern.name)
        for file in files
        if file.component is not None
        for extern in (*file.component.imports, *file.component.exports)
    ]
    return any(file.module is not None for file in files) or any(
        name.namespace == "wasi" and name.track != WASI_TRACK for name in names
    )


def with_takers(
    skew: SkewFacts, verdicts: Mapping[str, tuple[Verdict, ...]], host: HostView, catalog: Catalog
) -> SkewFacts:
    """The same, with the versions of a host that take what this one has in other versions, not wholly, or with
    other types."""
    takers: dict[tuple[str, str], tuple[HostRange, ...]] = {}
    known: dict[Extern, tuple[HostRange, ...]] = {}
    for path, each in verdicts.items():
        for verdict in each:
            partly = verdict.match.kind == "version" or verdict.missing or verdict.mistyped
            if verdict.unprovided and partly:
                extern = verdict.extern
                if extern not in known or verdict.mistyped:  # texts of signatures hide how types are made
                    known[extern] = catalog.versions_with(
                        host, verdict.name.text, extern.functions, extern.resources
                    )
                takers[path, verdict.name.text] = known[extern]
    return replace(skew, takers=takers) if takers else skew


def _modules(
    found: Discovery, files: Iterable[WasmFile], paths: Iterable[str]
) -> dict[str, tuple[ModuleCalls, ...]]:
    from wasmdoctor.readers.artifacts import read_calls

    binaries = {binary.path: binary for binary in found.binaries}
    wanted = set(paths)
    modules: dict[str, tuple[ModuleCalls, ...]] = {}
    for file in files:
        if file.path in wanted and not file.predicted and file.component is not None:
            with suppress(OSError), opened(binaries[file.path]) as source:
                modules[file.path] = read_calls(source, file.path, file.component)
    return modules


def adapters(catalog: Catalog) -> tuple[tuple[str, str], ...]:
    """The releases of wasmtime, oldest first, each with the WASI 0.2 release that its adapter is for."""
    return tuple(
        (line.first, version)
        for line in catalog.host_profile(ADAPTERS_OF).lines
        for version in line.wasi
        if track(version) == WASI_TRACK
    )
