"""Which other hosts could start a component that the one asked about cannot."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice

from wasmdoctor.catalog import Catalog
from wasmdoctor.checks.entry import callable_exports, entry_of, starts_components
from wasmdoctor.checks.facts import Relation, Starter
from wasmdoctor.model.host import HostView
from wasmdoctor.model.wasm import Extern, WasmFile


def starters(files: Iterable[WasmFile], host: HostView, catalog: Catalog) -> dict[str, tuple[Starter, ...]]:
    """For each finished component that the host cannot start: what can, by its path.

    The host's other modes first; the first version that can, when none of this one does; then the newest
    version of every other host. Reads all hosts, but only when there is such a component.
    """
    if not starts_components(host.profile):
        return {}
    # Which hosts can start a component depends on its exports alone, and many have the same ones.
    known: dict[tuple[Extern, ...], list[tuple[HostView, Relation]]] = {}
    found: dict[str, tuple[Starter, ...]] = {}
    for file in files:
        if file.component is None or file.predicted or entry_of(file, host) is not None:
            continue
        exports = file.component.exports
        if exports not in known:
            known[exports] = list(_starting(file, host, catalog))
        started = (_starter(file, view, relation) for view, relation in known[exports])
        found[file.path] = tuple(starter for starter in started if starter is not None)
    return found


def _starting(file: WasmFile, host: HostView, catalog: Catalog) -> Iterator[tuple[HostView, Relation]]:
    """The hosts that can start a component, and what each is to the one that was asked about."""
    own = host.profile.name
    others = (host.in_mode(mode) for mode in sorted(host.line.modes) if mode != host.mode_name)
    here = [view for view in others if entry_of(file, view)]
    yield from ((view, "mode") for view in here)
    if not here:
        yield from ((view, "version") for view in _first(file, _other_versions(host, catalog)))
    for name in catalog.host_names:
        if name != own and starts_components(catalog.host_profile(name)):
            yield from ((view, "other") for view in _first(file, _modes(name, catalog)))


def _first(file: WasmFile, views: Iterable[HostView]) -> Iterator[HostView]:
    """The first of these hosts that starts a component, if any does."""
    return islice((view for view in views if entry_of(file, view)), 1)


def _other_versions(host: HostView, catalog: Catalog) -> Iterator[HostView]:
    """The same host at the versions at which something may change: later ones first, the nearest first."""
    profile = catalog.host_profile(host.profile.name)
    firsts = {first for first, _ in profile.ranges} | {rule.first for rule in profile.starts if rule.first}
    asked = _numbers(host.spec.version or host.line.last)
    order = sorted(firsts, key=_numbers)
    later = [version for version in order if _numbers(version) > asked]
    earlier = [version for version in reversed(order) if _numbers(version) <= asked]
    for version in (*later, *earlier):
        yield from _modes(f"{host.profile.name}@{version}", catalog)


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))


def _modes(spec: str, catalog: Catalog) -> Iterator[HostView]:
    """A host in each of its modes, the default one first."""
    host = catalog.host(spec)
    yield host
    for mode in sorted(host.line.modes):
        if mode != host.mode_name:
            yield host.in_mode(mode)


def _starter(file: WasmFile, view: HostView, relation: Relation) -> Starter | None:
    """How a host starts a component, or None when it cannot."""
    entry = entry_of(file, view)
    if entry is None or file.component is None:
        return None
    imports = {extern.name: [f.name for f in extern.functions] for extern in file.component.imports}
    start = view.start(file.path, imports, callable_exports(file))
    version = f"@{view.spec.version}" if view.spec.version else ""
    spec = view.id if relation == "other" else f"{view.profile.name}{version}:{view.mode_name}"
    return Starter(spec, entry.export, start.command if start else "", relation)
