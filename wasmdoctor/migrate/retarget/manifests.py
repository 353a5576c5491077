"""Component metadata in Cargo.toml: versions of WIT dependencies, and of the world that is built.

Format: cargo-component 0.21, ``[package.metadata.component]`` (readers/cargo/component.py).
"""

from __future__ import annotations

from collections.abc import Iterator

from wasmdoctor.migrate.retarget.literals import version_in
from wasmdoctor.migrate.toml import KeyPath, SetKey
from wasmdoctor.model.cargo import PlainValue
from wasmdoctor.model.retarget import is_release

COMPONENT = ("package", "metadata", "component")
OPERATORS = "^~=<> "


def metadata_changes(manifest: PlainValue, target: str) -> Iterator[tuple[str, str, SetKey]]:
    """The changes of a manifest (as plain data), each with the standard package and the version that it had."""
    metadata: PlainValue = manifest
    for key in COMPONENT:
        metadata = metadata.get(key, {}) if isinstance(metadata, dict) else {}
    if not isinstance(metadata, dict):
        return
    yield from _dependencies(metadata, COMPONENT, target)
    build = metadata.get("target")
    if isinstance(build, str):
        yield from _world(build, (*COMPONENT, "target"), target)
    elif isinstance(build, dict):
        where = (*COMPONENT, "target")
        yield from _dependencies(build, where, target)
        package, version, world = build.get("package"), build.get("version"), build.get("world")
        if isinstance(package, str) and isinstance(version, str):
            yield from _requirement(package, version, (*where, "version"), target)
        if isinstance(world, str):
            yield from _world(world, (*where, "world"), target)


def _dependencies(
    table: dict[str, PlainValue], where: KeyPath, target: str
) -> Iterator[tuple[str, str, SetKey]]:
    """The table ``dependencies``: a requirement, or a table with one and the name that a registry has for it."""
    entries = table.get("dependencies")
    for name, entry in entries.items() if isinstance(entries, dict) else ():
        path = (*where, "dependencies", name)
        if isinstance(entry, str):
            yield from _requirement(name, entry, path, target)
        elif isinstance(entry, dict) and isinstance(version := entry.get("version"), str):
            package = entry.get("package")
            yield from _requirement(
                package if isinstance(package, str) else name, version, (*path, "version"), target
            )


def _requirement(
    package: str, requirement: str, path: KeyPath, target: str
) -> Iterator[tuple[str, str, SetKey]]:
    version = requirement.strip(OPERATORS)
    if is_release(package, version) and version != target:
        text = requirement.replace(version, target)
        yield package, version, SetKey(path, text, f"WASI {target} in place of {version}")


def _world(name: str, path: KeyPath, target: str) -> Iterator[tuple[str, str, SetKey]]:
    """A world's full name: ``wasi:http/proxy@0.2.3``."""
    found = version_in(name)
    if found is not None and found[1] != target:
        package, version, start = found
        text = name[:start] + target + name[start + len(version) :]
        yield package, version, SetKey(path, text, f"WASI {target} in place of {version}")
