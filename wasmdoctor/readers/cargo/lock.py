"""Cargo.lock, formats 1 to 4 (as ``cargo/core/resolver/encode.rs`` of cargo 1.96 writes them)."""

from __future__ import annotations

from wasmdoctor.model.cargo import Lock, LockedPackage
from wasmdoctor.model.source import Problem, SourceText, quoted
from wasmdoctor.readers.cargo.toml import Array, Item, Table, parse

NEWEST = 4
"""The newest format that is known; a newer one is read the same way, with a problem."""


def read_lock(source: SourceText) -> tuple[Lock | None, tuple[Problem, ...]]:
    """The lock file, or None when it is no TOML; dependencies that lead nowhere are problems.

    Format 1 spells dependencies out in full, later ones only as far as needed to be unique.
    """
    document = parse(source)
    if isinstance(document, Problem):
        return None, (document,)
    problems: list[Problem] = []
    version = _version(document)
    if version > NEWEST:
        place = source.location(document["version"].start)
        problems.append(Problem(place, f"Cargo.lock has format {version}, newer than {NEWEST}"))
    tables = _packages(document)
    entries = [(name, number, origin) for name, number, origin, _, _ in tables]
    by_name: dict[str, list[int]] = {}
    for at, entry in enumerate(entries):
        by_name.setdefault(entry[0], []).append(at)
    packages = []
    for name, number, origin, item, table in tables:
        dependencies: list[int] = []
        replaced_by = None
        wanted = [("replace", found) for found in _items(table.get("replace"))]
        wanted += [("dependencies", found) for found in _items(table.get("dependencies"))]
        for key, dependency in wanted:
            found = _find(str(dependency.value), entries, by_name)
            if found is None:
                place = source.location(dependency.start)
                text = f"{quoted(str(name))} depends on {quoted(str(dependency.value))}, which is not in Cargo.lock"
                problems.append(Problem(place, text, "run `cargo update --workspace`"))
            elif key == "replace":
                replaced_by = found
            elif found not in dependencies:
                dependencies.append(found)
        place = source.location(item.start)
        packages.append(LockedPackage(name, number, origin, place, tuple(dependencies), replaced_by))
    return Lock(source.path, version, tuple(packages)), tuple(problems)


def _version(document: Table) -> int:
    item = document.get("version")
    if item is not None and isinstance(item.value, int):
        return item.value
    return 1 if "metadata" in document else 2


def _packages(document: Table) -> list[tuple[str, str, str, Item, Table]]:
    """Name, version, source, the item of the name and the table of each package; format 1 had ``[root]``."""
    found = []
    for item in [*_items(document.get("root")), *_items(document.get("package"))]:
        if not isinstance(item.value, Table) or "name" not in item.value:
            continue
        texts = [item.value[key].value if key in item.value else "" for key in ("name", "version", "source")]
        name, version, source = (text if isinstance(text, str) else "" for text in texts)
        found.append((name, version, source, item.value["name"], item.value))
    return found


def _items(item: Item | None) -> list[Item]:
    """The elements of an array; a single value counts as one."""
    if item is None:
        return []
    return list(item.value) if isinstance(item.value, Array) else [item]


def _find(text: str, entries: list[tuple[str, str, str]], by_name: dict[str, list[int]]) -> int | None:
    """The package that ``name``, ``name version`` or ``name version (source)`` means."""
    name, _, rest = text.partition(" ")
    version, _, source = rest.partition(" ")
    source = source.removeprefix("(").removesuffix(")")
    for at in by_name.get(name, ()):
        if (not version or entries[at][1] == version) and (not source or entries[at][2] == source):
            return at
    return None
