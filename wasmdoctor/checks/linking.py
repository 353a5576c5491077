"""Who provides each import: the host, another component of the run, or nobody. Judges, but names no rule."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from wasmdoctor.model.finding import Status
from wasmdoctor.model.host import HostView, Match, Missing, same_track
from wasmdoctor.model.names import ExternName, version_order
from wasmdoctor.model.wasm import Extern, ExternKind, WasmFile


@dataclass(frozen=True, slots=True)
class NearProvider:
    """A component that exports the interface but does not fit: which functions or resources it lacks.

    ``other_version`` is the version it exports when that is why it does not fit, else "".
    """

    path: str
    export: str
    lacks: tuple[str, ...] = ()
    other_version: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """One import of one component, and who provides it.

    ``provider`` is the path of the component that does, or None. ``match`` is what the host says by
    name, ``missing`` what its interface lacks. ``near`` are components that almost provide it.
    """

    extern: Extern
    name: ExternName
    status: Status
    match: Match
    missing: tuple[Missing, ...] = ()
    provider: str | None = None
    near: tuple[NearProvider, ...] = ()

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
    return {
        file.path: tuple(_verdict(file.path, extern, host, exports) for extern in file.component.imports)
        for file in files
        if file.component is not None
    }


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
        return Verdict(extern, name, Status.OPTIONAL, host.match(name))
    # A host's interfaces are instances: a function or module of that name finds none of its kind.
    match = host.match(name) if extern.kind is ExternKind.INSTANCE else Match(name, "none")
    missing: tuple[Missing, ...] = ()
    if match.linked:
        missing = host.missing_functions(match, (f.name for f in extern.functions), extern.resources)
        if not missing:
            return Verdict(extern, name, Status.HOST, match)
    near: list[NearProvider] = []
    for provider, exported, candidate in _candidates(path, name, extern, exports):
        lacks = _lacks(extern, candidate)
        if lacks:
            near.append(NearProvider(provider, exported.text, lacks))
        elif exported.version != name.version and not same_track(exported.version, name.version):
            near.append(NearProvider(provider, exported.text, other_version=exported.version or "none"))
        else:
            return Verdict(extern, name, Status.COMPONENT, match, missing, provider)
    status = Status.VERSION if match.kind == "version" else Status.UNPROVIDED
    return Verdict(extern, name, status, match, missing, near=tuple(near))


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
