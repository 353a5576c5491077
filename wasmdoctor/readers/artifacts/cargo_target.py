"""Cargo's target folder: which file belongs to which crate, and which of several builds counts.

Layouts: ``[<triple>/]<profile>/deps/lib<crate>-<hash>.rlib`` with ``.fingerprint/<package>-<hash>/`` (cargo
book, "Build Cache"), and that of ``-Zbuild-dir-new-layout`` (cargo 1.96),
``[<triple>/]<profile>/build/<package>/<hash>/{out,fingerprint}``. Cargo gives no hash to what a crate with a
cdylib target is compiled to, nor to programs for wasm.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from wasmdoctor.model.artifact import Artifact, ArtifactKind, TargetProfile, Unit
from wasmdoctor.model.record import replace
from wasmdoctor.model.regex import regex
from wasmdoctor.model.source import Location, Problem
from wasmdoctor.readers.artifacts.files import Entry, TargetFiles
from wasmdoctor.readers.artifacts.fingerprints import linked_units, read_units
from wasmdoctor.readers.wasm.preamble import PREAMBLE_SIZE, WasmKind, preamble

MAX_UNITS = 50_000
_HASH = regex(r"[0-9a-f]{16}")
_RLIB = regex(r"lib(?P<crate>\w+?)(?:-(?P<hash>[0-9a-f]{16}))?\.rlib")
_MODULE = regex(r"(?P<crate>[\w-]+?)(?:-(?P<hash>[0-9a-f]{16}))?\.wasm")
_FOLDER = regex(r"(?P<package>.+)-(?P<hash>[0-9a-f]{16})")
_KINDS = {WasmKind.MODULE: ArtifactKind.MODULE, WasmKind.COMPONENT: ArtifactKind.COMPONENT}


def read_target(files: TargetFiles, root: str) -> tuple[TargetProfile, ...]:
    """The profiles in the target folder ``root``, sorted by triple and profile.

    Those of the host have an empty ``triple``. Folders that are no profile are passed over. A folder
    without any gives nothing. Raises OSError when ``root`` cannot be listed.
    """
    found: list[TargetProfile] = []
    for name, entry in sorted(files.entries(root).items()):
        if not entry.is_folder or name.startswith("."):
            continue
        path = f"{root}/{name}"
        listing = _entries(files, path)
        if _is_profile(files, path, listing):
            found.append(read_profile(files, path, "", name))
            continue
        for inner, inside in sorted(listing.items()):
            below = f"{path}/{inner}"
            if inside.is_folder and _is_profile(files, below, _entries(files, below)):
                found.append(read_profile(files, below, name, inner))
    return tuple(sorted(found, key=lambda profile: (profile.triple, profile.profile)))


def _entries(files: TargetFiles, path: str) -> Mapping[str, Entry]:
    try:
        return files.entries(path)
    except OSError:
        return {}


def _is_profile(files: TargetFiles, path: str, listing: Mapping[str, Entry]) -> bool:
    if any(name in listing and listing[name].is_folder for name in ("deps", ".fingerprint")):
        return True
    return "build" in listing and next(_new_layout(files, path), None) is not None


def read_profile(files: TargetFiles, path: str, triple: str, profile: str) -> TargetProfile:
    """What the folder of one profile holds. What cannot be read is a problem; nothing is raised."""
    problems: list[Problem] = []
    listing = _listing(files, path, problems)
    outputs = [*_artifacts(files, path, listing, in_deps=False, problems=problems)]
    compiled: list[Artifact] = []
    fingerprints: list[tuple[str, str, str]] = []
    if "deps" in listing:
        deps = f"{path}/deps"
        entries = _listing(files, deps, problems)
        compiled += _artifacts(files, deps, entries, in_deps=True, problems=problems)
    if ".fingerprint" in listing:
        folder = f"{path}/.fingerprint"
        for name in sorted(_listing(files, folder, problems))[:MAX_UNITS]:
            if match := _FOLDER.fullmatch(name):
                fingerprints.append((f"{folder}/{name}", match["package"], match["hash"]))
    for folder, package, hash_ in _new_layout(files, path):
        out = f"{folder}/out"
        compiled += _artifacts(files, out, _entries(files, out), in_deps=True, problems=problems)
        fingerprints.append((f"{folder}/fingerprint", package, hash_))
    units = read_units(files, fingerprints)
    rlibs = [_tied(artifact, units) for artifact in compiled if artifact.kind is ArtifactKind.RLIB]
    modules = [_tied(artifact, units) for artifact in compiled if artifact.kind is not ArtifactKind.RLIB]
    outputs = [_tied(a, units) for a in outputs if a.kind is not ArtifactKind.RLIB]
    return TargetProfile(
        path,
        triple,
        profile,
        _ranked(_linked(rlibs, [*modules, *outputs], units)),
        tuple(modules),
        tuple(outputs),
        units,
        tuple(problems),
    )


def _listing(files: TargetFiles, path: str, problems: list[Problem]) -> Mapping[str, Entry]:
    try:
        return files.entries(path)
    except OSError as error:
        message = f"the folder cannot be listed: {error.strerror or error}"
        problems.append(Problem(Location(path), message, "allow reading it, or build again"))
        return {}


def _new_layout(files: TargetFiles, path: str) -> Iterator[tuple[str, str, str]]:
    """(folder, package, hash) of each ``build/<package>/<hash>`` that has a fingerprint."""
    build = f"{path}/build"
    for package, entry in sorted(_entries(files, build).items()):
        # The old layout has ``<package>-<hash>`` here, for build scripts.
        if not entry.is_folder or _FOLDER.fullmatch(package):
            continue
        for hash_, inner in sorted(_entries(files, f"{build}/{package}").items()):
            folder = f"{build}/{package}/{hash_}"
            if inner.is_folder and _HASH.fullmatch(hash_) and "fingerprint" in _entries(files, folder):
                yield folder, package, hash_


def _artifacts(
    files: TargetFiles,
    folder: str,
    entries: Mapping[str, Entry],
    *,
    in_deps: bool,
    problems: list[Problem],
) -> Iterator[Artifact]:
    for name, entry in sorted(entries.items()):
        rlib, module = _RLIB.fullmatch(name), _MODULE.fullmatch(name)
        match = rlib or module
        if entry.is_folder or match is None:
            continue
        path = f"{folder}/{name}"
        kind = ArtifactKind.RLIB
        if module:
            try:
                head = files.read(path, PREAMBLE_SIZE)
            except OSError as error:
                message = f"the file cannot be read: {error.strerror or error}"
                problems.append(Problem(Location(path), message))
                continue
            kind = _KINDS.get(preamble(head), ArtifactKind.OTHER)
        crate, hash_ = match["crate"].replace("-", "_"), match["hash"] or ""
        stem = name.removesuffix(".rlib").removesuffix(".wasm")
        dep_info = next(
            (f"{folder}/{d}.d" for d in _dep_names(stem, rlib=bool(rlib)) if f"{d}.d" in entries), ""
        )
        yield Artifact(path, kind, crate, hash_, entry.size, entry.modified_ns, in_deps, dep_info)


def _dep_names(stem: str, *, rlib: bool) -> tuple[str, ...]:
    """rustc's file leaves out ``lib`` (in ``deps``), cargo's has it (beside the finished artifact)."""
    return (stem.removeprefix("lib"), stem) if rlib else (stem,)


def _tied(artifact: Artifact, units: Mapping[str, Unit]) -> Artifact:
    """The artifact with the newest unit that can have made it; one of the same hash before others."""
    kinds = ("lib",) if artifact.kind is ArtifactKind.RLIB else ("lib", "bin", "example")
    fitting = [u for u in units.values() if u.crate == artifact.crate and u.kind in kinds]
    same = [u for u in fitting if artifact.hash and u.hash == artifact.hash]
    if artifact.hash and not same:
        return artifact
    best = max(same or fitting, key=lambda unit: (unit.modified_ns, unit.id), default=None)
    return replace(artifact, unit=best.id) if best else artifact


def _linked(rlibs: list[Artifact], roots: list[Artifact], units: Mapping[str, Unit]) -> list[Artifact]:
    """The rlibs with the crates of the roots that link them."""
    into: dict[str, set[str]] = {}
    for root in roots:
        if root.unit:
            for unit in linked_units(units, root.unit):
                into.setdefault(unit.id, set()).add(root.crate)
    return [replace(rlib, linked_into=tuple(sorted(into.get(rlib.unit, ())))) for rlib in rlibs]


def _ranked(rlibs: list[Artifact]) -> tuple[Artifact, ...]:
    """By crate; in it what counts first, then from new to old.

    All rlibs that a finished artifact links count (two versions of a crate, say); when none is linked,
    the newest one does. The rest is stale.
    """
    by_crate: dict[str, list[Artifact]] = {}
    for rlib in rlibs:
        by_crate.setdefault(rlib.crate, []).append(rlib)
    ranked: list[Artifact] = []
    for crate in sorted(by_crate):
        several = sorted(by_crate[crate], key=lambda a: (not a.linked_into, -a.modified_ns, a.path))
        linked = any(rlib.linked_into for rlib in several)
        for at, rlib in enumerate(several):
            ranked.append(replace(rlib, stale=not rlib.linked_into if linked else at > 0))
    return tuple(ranked)
