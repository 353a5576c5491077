"""Cargo.lock, formats 1 to 4 (as ``cargo/core/resolver/encode.rs`` of cargo 1.96 writes them)."""

from __future__ import annotations

from typing import NamedTuple

from wasmdoctor.model.cargo import Lock, LockedPackage
from wasmdoctor.model.regex import regex
from wasmdoctor.model.source import Problem, SourceText, quoted
from wasmdoctor.readers.cargo.toml import MAX_TEXT, Array, Item, Table, parse

NEWEST = 4
"""The newest format that is known; a newer one is read the same way, with a problem."""

# What cargo writes, to the letter (``serialize_resolve`` in cargo/ops/lockfile.rs of cargo 1.96): the head, and a package.
_TEXT = rb'"[^"\\\x00-\x1f\x7f]*+"'
_HEAD = regex(rb"(?:#[ -~]*+\n)*+version = ([1-9])\n")
_PACKAGE = regex(
    rb"\n\[\[package\]\]\nname = (" + _TEXT + rb")\nversion = (" + _TEXT + rb")\n"
    rb"(?:source = (" + _TEXT + rb")\n)?+(?:checksum = " + _TEXT + rb"\n)?+"
    rb"(?:dependencies = \[\n((?: " + _TEXT + rb",\n)++)\]\n)?+"
)
_DEPENDENCY = regex(_TEXT)

MAX_PLAIN = 8_000
"""Packages of a lock file that is read without the TOML reader, whose limits allow about as many."""


class _Entry(NamedTuple):
    """One package as written: offsets of its name, and of what it names as ``replace`` or a dependency."""

    name: str
    version: str
    source: str
    start: int
    wanted: list[tuple[str, str, int]]


def read_lock(source: SourceText) -> tuple[Lock | None, tuple[Problem, ...]]:
    """The lock file, or None when it is no TOML; dependencies that lead nowhere are problems.

    Format 1 spells dependencies out in full, later ones only as far as needed to be unique.
    """
    problems: list[Problem] = []
    plain = _plain(source.data)
    if plain is not None:
        version, entries = plain
    else:
        document = parse(source)
        if isinstance(document, Problem):
            return None, (document,)
        version = _version(document)
        if version > NEWEST:
            place = source.location(document["version"].start)
            problems.append(Problem(place, f"Cargo.lock has format {version}, newer than {NEWEST}"))
        entries = _packages(document)
    by_name: dict[str, list[int]] = {}
    for at, entry in enumerate(entries):
        by_name.setdefault(entry.name, []).append(at)
    packages = []
    for entry in entries:
        dependencies: list[int] = []
        replaced_by = None
        for key, wanted, start in entry.wanted:
            found = _find(wanted, entries, by_name)
            if found is None:
                place = source.location(start)
                text = f"{quoted(entry.name)} depends on {quoted(wanted)}, which is not in Cargo.lock"
                problems.append(Problem(place, text, "run `cargo update --workspace`"))
            elif key == "replace":
                replaced_by = found
            elif found not in dependencies:
                dependencies.append(found)
        place = source.location(entry.start)
        packages.append(
            LockedPackage(entry.name, entry.version, entry.source, place, tuple(dependencies), replaced_by)
        )
    return Lock(source.path, version, tuple(packages)), tuple(problems)


def _plain(data: bytes) -> tuple[int, list[_Entry]] | None:
    """The format and the packages of a lock file as cargo writes it; None for anything else."""
    head = _HEAD.match(data)
    if head is None or int(head[1]) > NEWEST or len(data) > MAX_TEXT or not data.isascii():
        return None
    at = head.end()
    entries: list[_Entry] = []
    while len(entries) < MAX_PLAIN and (found := _PACKAGE.match(data, at)):
        at = found.end()
        name, version, source = (text[1:-1].decode() if text else "" for text in found.group(1, 2, 3))
        begin, end = found.span(4)
        wanted = (
            [
                ("dependencies", data[start + 1 : stop - 1].decode(), start)
                for start, stop in (one.span() for one in _DEPENDENCY.finditer(data, begin, end))
            ]
            if begin >= 0
            else []
        )
        entries.append(_Entry(name, version, source, found.start(1), wanted))
    return (int(head[1]), entries) if at == len(data) else None


def _version(document: Table) -> int:
    item = document.get("version")
    if item is not None and isinstance(item.value, int):
        return item.value
    return 1 if "metadata" in document else 2


def _packages(document: Table) -> list[_Entry]:
    """The packages of a lock file; format 1 had ``[root]``."""
    found = []
    for item in [*_items(document.get("root")), *_items(document.get("package"))]:
        if not isinstance(item.value, Table) or "name" not in item.value:
            continue
        texts = [item.value[key].value if key in item.value else "" for key in ("name", "version", "source")]
        name, version, source = (text if isinstance(text, str) else "" for text in texts)
        wanted = [
            (key, str(one.value), one.start)
            for key in ("replace", "dependencies")
            for one in _items(item.value.get(key))
        ]
        found.append(_Entry(name, version, source, item.value["name"].start, wanted))
    return found


def _items(item: Item | None) -> list[Item]:
    """The elements of an array; a single value counts as one."""
    if item is None:
        return []
    return list(item.value) if isinstance(item.value, Array) else [item]


def _find(text: str, entries: list[_Entry], by_name: dict[str, list[int]]) -> int | None:
    """The package that ``name``, ``name version`` or ``name version (source)`` means."""
    name, _, rest = text.partition(" ")
    version, _, source = rest.partition(" ")
    source = source.removeprefix("(").removesuffix(")")
    for at in by_name.get(name, ()):
        if (not version or entries[at].version == version) and (not source or entries[at].source == source):
            return at
    return None
