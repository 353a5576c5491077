"""Who provides each import: the host, another component of the run, or nobody. Judges, but names no rule."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from wasmdoctor.model.finding import Status
from wasmdoctor.model.fit import differing
from wasmdoctor.model.host import HostView, Match, Missing, Mistyped, same_track
from wasmdoctor.model.names import ExternName, version_order
from wasmdoctor.model.record import dataclass, replace
from wasmdoctor.model.types import handles
from wasmdoctor.model.wasm import Component, Extern, ExternKind, WasmFile


@dataclass(frozen=True, slots=True)
class NearProvider:
    """A component that exports the interface but does not fit: which functions or resources it lacks.

    ``other_version`` is the version it exports when that is why it does not fit, else ""; ``mistyped`` are
    functions that it exports with another type.
    """

    path: str
    export: str
    lacks: tuple[str, ...] = ()
    other_version: str = ""
    mistyped: tuple[Mistyped, ...] = ()


@dataclass(frozen=True, slots=True)
class Verdict:
    """One import of one component, and who provides it.

    ``provider`` is the path of the component that does, or None. ``match`` is what the host says by
    name, ``missing`` what its interface lacks, ``mistyped`` what it has with another type. ``near`` are
    components that almost provide it.
    """

    extern: Extern
    name: ExternName
    status: Status
    match: Match
    missing: tuple[Missing, ...] = ()
    provider: str | None = None
    near: tuple[NearProvider, ...] = ()
    mistyped: tuple[Mistyped, ...] = ()

    @property
    def unprovided(self) -> bool:
        """Whether nobody provides it as it is asked for."""
        return self.status in (Status.UNPROVIDED, Status.VERSION)


def judge(files: Iterable[WasmFile], host: HostView) -> dict[str, tuple[Verdict, ...]]:
    """The verdict on every import of every component, by the component's path.

    An import that the host has is the host's. Otherwise a component of the same run provides it when
    it exports the interface at the same version or on the same semver track (as ``wac plug`` 0.10
    matches) with every function and resource that is asked for. A component does not provide for
    itself. ``optional`` is an import for which linkers need nothing.
    """
    files = list(files)
    exports = _exports(files)
    told: dict[int, Verdict] = {}

    def verdict(path: str, extern: Extern) -> Verdict:
        # Components that begin alike share what was read of them.
        found = told.get(id(extern))
        if found is None or found.extern is not extern:
            found = _verdict(path, extern, host, exports)
            if found.name.unversioned not in exports:
                told[id(extern)] = found
        return found

    verdicts = {
        file.path: tuple(verdict(file.path, extern) for extern in _asked(file.component, host))
        for file in files
        if file.component is not None
    }
    if not host.allowed:
        return verdicts
    from wasmdoctor.checks.allowed import configured

    return configured(verdicts, host.allowed)


def _asked(component: Component, host: HostView) -> tuple[Extern, ...]:
    """The imports of a component with what this host's linking looks at.

    Not every host minds a resource that no function uses (jco 1.35 imports a class only where it makes or
    takes a handle).
    """
    if host.profile.checks_unused_resources or not any(extern.resources for extern in component.imports):
        return component.imports
    used = set(_used_resources(component))

    def is_used(extern: Extern, name: str) -> bool:
        return not extern.typed or f"{extern.name}#{name}" in used or name in used

    return tuple(
        replace(extern, resources=tuple(name for name in extern.resources if is_used(extern, name)))
        if extern.kind is ExternKind.INSTANCE
        else extern
        for extern in component.imports
    )


def _used_resources(component: Component) -> Iterator[str]:
    """The resources in the types of functions: ``ns:pkg/iface@1.0.0#name``, or the name alone where no more is known."""
    for extern in (*component.imports, *component.exports):
        for function in extern.functions:
            for handle in handles(function.type) if function.type is not None else ():
                own = handle.resource.startswith("#")
                yield f"{extern.name}{handle.resource}" if own else handle.resource or handle.name


Exports = dict[str, list[tuple[str, ExternName, Extern]]]


def _exports(files: Iterable[WasmFile]) -> Exports:
    """Exported instances and functions by their name without version."""
    index: Exports = {}
    for file in files:
        for extern in file.component.exports if file.component else ():
            if extern.kind in (ExternKind.INSTANCE, ExternKind.FUNC):
                name = ExternName.parse(extern.name)
                index.setdefault(name.unversioned, []).append((file.path, name, extern))
    return index


def _verdict(path: str, extern: Extern, host: HostView, exports: Exports) -> Verdict:
    name = ExternName.parse(extern.name)
    if not extern.needs_provider:
        match = host.match(name)
        # Instances inside one need nothing either, unless the host has something else under their name.
        if not (match.linked and host.mistyped_functions(match, (), extern.instances)):
            return Verdict(extern, name, Status.OPTIONAL, match)
    # A host's interfaces are instances: a function or module of that name finds none of its kind.
    # A plain name may stand for anything that a person's own host defines.
    known = extern.kind is ExternKind.INSTANCE or name.kind == "plain"
    match = host.match(name) if known else Match(name, "none")
    missing: tuple[Missing, ...] = ()
    mistyped: tuple[Mistyped, ...] = ()
    if match.linked:
        missing = host.missing_functions(match, (f.name for f in extern.functions), extern.resources)
        mistyped = host.mistyped_functions(match, extern.functions, extern.instances)
        if not missing and not mistyped:
            return Verdict(extern, name, Status.HOST, match)
    near: list[NearProvider] = []
    for provider, exported, candidate in _candidates(path, name, extern, exports):
        lacks = _lacks(extern, candidate)
        if lacks:
            near.append(NearProvider(provider, exported.text, lacks))
        elif exported.version != name.version and not same_track(exported.version, name.version):
            near.append(NearProvider(provider, exported.text, other_version=exported.version or "none"))
        elif misfits := differing(extern, candidate):
            near.append(NearProvider(provider, exported.text, mistyped=misfits))
        else:
            return Verdict(extern, name, Status.COMPONENT, match, missing, provider, mistyped=mistyped)
    status = Status.VERSION if match.kind == "version" else Status.UNPROVIDED
    return Verdict(extern, name, status, match, missing, near=tuple(near), mistyped=mistyped)


def _candidates(
    path: str, name: ExternName, extern: Extern, exports: Exports
) -> Iterator[tuple[str, ExternName, Extern]]:
    """Exports of other components under this name, the exact version first, then the newest."""
    same = [
        (other, exported, candidate)
        for other, exported, candidate in exports.get(name.unversioned, ())
        if other != path and candidate.kind is extern.kind
    ]
    same.sort(key=lambda item: item[0])
    same.sort(key=lambda item: version_order(item[1].version), reverse=True)
    same.sort(key=lambda item: item[1].version != name.version)
    return iter(same)


def _lacks(wanted: Extern, offered: Extern) -> tuple[str, ...]:
    """Functions and resources that an import needs and an export of that name does not have."""
    if not offered.typed or wanted.kind is ExternKind.FUNC:
        return ()
    have = {function.name for function in offered.functions}
    need = {function.name for function in wanted.functions}
    return (*sorted(need - have), *sorted(set(wanted.resources) - set(offered.resources)))
