"""Cargo's fingerprints, as far as they tie artifacts to crates, features and each other.

A fingerprint is ``<kind>-<target>`` (the hash of its contents, 16 hexadecimal digits, least significant byte
first) and ``<kind>-<target>.json`` with the contents; ``deps`` there are [package, crate, public, hash], and
the hash is that of the dependency's own fingerprint: so a unit names exactly the units it was linked with.
The format is cargo's own and may change (seen in cargo 1.95 and 1.96): every field may be missing here.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from wasmdoctor.model.artifact import Unit
from wasmdoctor.model.record import dataclass, replace
from wasmdoctor.readers.artifacts.files import Entry, TargetFiles

MAX_FINGERPRINT = 4 * 1024 * 1024
MAX_LIST = 10_000
KINDS = (
    "run-build-script", "build-script", "test-lib", "test-bin", "test-example", "test-integration-test",
    "test-bench", "doc-lib", "doc-bin", "example", "bench", "lib", "bin",
)  # fmt: skip
"""Longest names first where one begins another."""


@dataclass(frozen=True, slots=True)
class _Read:
    """A unit without its dependencies' ids, its own fingerprint, and theirs by crate."""

    unit: Unit
    fingerprint: str
    named: list[tuple[str, str]]


def read_units(files: TargetFiles, folders: Iterable[tuple[str, str, str]]) -> dict[str, Unit]:
    """The units whose fingerprints are in ``folders``: (path, package, hash) each. By ``Unit.id``.

    What cannot be read or understood is left out: cargo will build it again.
    """
    read: list[_Read] = []
    for path, package, hash_ in folders:
        try:
            entries = files.entries(path)
        except OSError:
            continue
        for name in sorted(entries):
            if name.endswith(".json"):
                found = _unit(files, path, package, hash_, name.removesuffix(".json"), entries)
                if found is not None:
                    read.append(found)
    by_fingerprint = {item.fingerprint: item.unit.id for item in read if item.fingerprint}
    by_crate: dict[str, list[str]] = {}
    for item in read:
        if item.unit.kind == "lib":
            by_crate.setdefault(item.unit.crate, []).append(item.unit.id)
    only = {crate: ids[0] for crate, ids in by_crate.items() if len(ids) == 1}
    units: dict[str, Unit] = {}
    for item in read:
        dependencies = tuple(
            (crate, by_fingerprint.get(fingerprint, only.get(crate))) for crate, fingerprint in item.named
        )
        units[item.unit.id] = replace(item.unit, dependencies=dependencies)
    return units


def linked_units(units: Mapping[str, Unit], root: str) -> Iterator[Unit]:
    """The library units that ``root`` was linked with, directly and through others; itself left out."""
    seen = {root}
    waiting = [root]
    while waiting:
        unit = units.get(waiting.pop())
        for _, id_ in unit.dependencies if unit else ():
            if id_ is not None and id_ not in seen and id_ in units and units[id_].kind == "lib":
                seen.add(id_)
                waiting.append(id_)
                yield units[id_]


def _unit(
    files: TargetFiles, path: str, package: str, hash_: str, name: str, entries: Mapping[str, Entry]
) -> _Read | None:
    kind = next((kind for kind in KINDS if name.startswith(kind + "-")), None)
    if kind is None:
        return None
    try:
        document: Any = json.loads(files.read(f"{path}/{name}.json", MAX_FINGERPRINT))
        fingerprint = files.read(f"{path}/{name}", 64).decode("ascii").strip().lower()
    except (OSError, ValueError, RecursionError):
        return None
    if not isinstance(document, dict):
        return None
    started = entries.get("invoked.timestamp")
    unit = Unit(
        f"{package}-{hash_}/{name}",
        package,
        hash_,
        kind,
        name.removeprefix(kind + "-").replace("-", "_"),
        _features(document.get("features")),
        (),
        tuple(flag for flag in _list(document.get("rustflags")) if isinstance(flag, str)),
        entries[f"{name}.json"].modified_ns,
        started.modified_ns if started else 0,
        not fingerprint,
    )
    return _Read(unit, fingerprint, list(_dependencies(document.get("deps"))))


def _list(value: Any) -> list[Any]:
    return value[:MAX_LIST] if isinstance(value, list) else []


def _features(value: Any) -> tuple[str, ...]:
    """A list in a string: ``"[\\"default\\", \\"std\\"]"``."""
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            return ()
    return tuple(item for item in _list(value) if isinstance(item, str))


def _dependencies(value: Any) -> Iterator[tuple[str, str]]:
    for item in _list(value):
        match item:
            case [_, str(crate), _, int(number)] if 0 <= number < 1 << 64:
                yield crate, number.to_bytes(8, "little").hex()
