"""Rule about folders of WIT dependencies that two tools fill."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping

from wasmdoctor.checks.deps import deps_lock_differs, table_of, wkg_versions
from wasmdoctor.checks.facts import Draft, Facts
from wasmdoctor.checks.sources import SourceFacts
from wasmdoctor.checks.wit_roots import aside
from wasmdoctor.model.record import dataclass
from wasmdoctor.model.source import Location
from wasmdoctor.model.text import joined, say
from wasmdoctor.model.wit import Resolution
from wasmdoctor.readers.cargo.files import join


@dataclass(frozen=True, slots=True)
class _Manager:
    """A tool that fills ``deps``: its name, its files, the line to show, and whether what lies there is as it says.

    ``fits`` is None when its files do not tell.
    """

    name: str
    files: tuple[str, ...]
    line: Location
    fits: bool | None


def two_managers(facts: Facts) -> Iterator[Draft]:
    """WD306: one folder of WIT dependencies belongs to two tools: wit-deps, wkg, cargo-component."""
    for sources in facts.sources:
        metadata = _metadata(sources)
        for root, resolution in sources.wit.items():
            if aside(sources, root) or "deps" in root.split("/"):
                continue
            managers = [
                manager
                for manager in (
                    _wkg(sources, root, resolution),
                    _wit_deps(sources, root, resolution),
                    metadata.get(root),
                )
                if manager is not None
            ]
            if len(managers) > 1:
                yield _draft(root, managers)


def _draft(root: str, managers: list[_Manager]) -> Draft:
    keep = next((m for m in managers if m.fits), managers[0])
    others = [manager for manager in managers if manager is not keep]
    first = next((m for m in managers if m.name == "wit-deps"), managers[-1])
    names = joined(say(" and "), [f"{m.name} ({', '.join(m.files)})" for m in managers])
    gone = ", ".join(file for m in others for file in m.files if not file.endswith("Cargo.toml"))
    table = [m for m in others if any(file.endswith("Cargo.toml") for file in m.files)]
    why = say(": {deps} is what it locked", deps=join(root, "deps")) if keep.fits else ""
    steps = [say("remove {gone}", gone=gone)] if gone else []
    steps += [say("remove the WIT dependencies from {files}", files=m.files[0]) for m in table]
    return Draft(
        first.line.path,
        say(
            "{count} tools look after {deps}: {names}; what one fetches the other overwrites or ignores",
            count=len(managers),
            deps=join(root, "deps"),
            names=names,
        ),
        first.line,
        help=say("keep {name}{why}; {steps}", name=keep.name, why=why, steps=joined(say(" and "), steps)),
        related=tuple((m.line, say("the list of {m}", m=m.name)) for m in managers if m is not first),
    )


def _wkg(sources: SourceFacts, root: str, resolution: Resolution) -> _Manager | None:
    """wkg 0.11 and later: ``wkg.lock`` and ``wkg.toml`` beside the WIT folder (wasm-pkg-core, lock.rs and config.rs)."""
    for folder in (posixpath.dirname(root) or ".", root):
        files = tuple(
            path for name in ("wkg.lock", "wkg.toml") if (path := join(folder, name)) in sources.texts
        )
        if files:
            versions = wkg_versions(sources.texts, join(folder, "wkg.lock"))
            there = {
                package.base: package.version for package in resolution.packages.values() if package.version
            }
            known = [base for base in versions if base in there]
            fits = all(there[base] in versions[base] for base in known) if known else None
            return _Manager("wkg", files, Location(files[0], 1, 1), fits)
    return None


def _wit_deps(sources: SourceFacts, root: str, resolution: Resolution) -> _Manager | None:
    """wit-deps 0.5 and 0.6: ``deps.toml`` and ``deps.lock`` in the WIT folder."""
    files = tuple(path for name in ("deps.toml", "deps.lock") if (path := join(root, name)) in sources.texts)
    if not files:
        return None
    lock = join(root, "deps.lock")
    fits = None if table_of(sources.texts, lock) is None else not deps_lock_differs(sources, root, resolution)
    return _Manager("wit-deps", files, Location(files[0], 1, 1), fits)


def _metadata(sources: SourceFacts) -> Mapping[str, _Manager]:
    """cargo-component: the dependencies of the target in Cargo.toml, by the WIT folder that they belong to."""
    found: dict[str, _Manager] = {}
    for cargo in sources.cargo:
        for package in cargo.packages.values():
            target = package.component.target if package.component else None
            if target is None or target.package is not None or not target.dependencies:
                continue
            root = join(package.folder, target.path.value if target.path else "wit")
            place = target.dependencies[0].location
            found[root] = _Manager("cargo-component", (place.path,), place, None)
    return found
