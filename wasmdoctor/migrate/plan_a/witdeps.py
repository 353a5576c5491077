"""WIT packages in ``deps`` that no package beside them names any more, and their entries in lists and locks.

Layout: ``deps.toml`` and ``deps.lock`` beside ``deps`` (wit-deps 0.5), one table for each entry of the folder;
``wkg.lock`` beside the WIT folder (wkg 0.11), an array of packages by name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from wasmdoctor.migrate.inputs import Tree as Files
from wasmdoctor.migrate.toml import RemoveKey, TomlChange, toml_edits
from wasmdoctor.model.cargo import PlainValue
from wasmdoctor.model.edit import Edit, Remove
from wasmdoctor.model.record import dataclass
from wasmdoctor.model.source import Problem, SourceText
from wasmdoctor.readers.cargo.files import folder_of, join
from wasmdoctor.readers.cargo.toml import parse as parse_toml
from wasmdoctor.readers.cargo.toml import plain
from wasmdoctor.readers.wit import parse
from wasmdoctor.readers.wit.tree import (
    ExternItem,
    IncludeItem,
    Item,
    PackageItem,
    TopUseItem,
    Tree,
    UseItem,
    walk,
)

CAUSE = "no package names it any more"


@dataclass(frozen=True, slots=True)
class _Dependency:
    """One entry of a ``deps`` folder: a file or a folder, the packages in it, and those that they name."""

    name: str
    files: tuple[str, ...]
    packages: frozenset[str]
    needs: frozenset[str]


def unused_dependencies(
    folder: str, files: Files, after: Callable[[str], bytes | None], also: Iterable[Tree] = ()
) -> list[Edit]:
    """The edits that take packages out of ``folder/deps`` which were named before and are not named after.

    ``after`` gives the bytes of a WIT file when all other edits are made. ``also`` are WIT texts elsewhere that
    are read together with the folder.
    """
    entries = list(_entries(join(folder, "deps"), files))
    if not entries:
        return []
    others = _named(also)
    before = _needed(_main(folder, files, files.read) | others, entries)
    now = _needed(_main(folder, files, after) | others, entries)
    gone = [entry for entry in entries if entry.name in before - now]
    edits: list[Edit] = [Remove(path, CAUSE) for entry in gone for path in entry.files]
    for name in ("deps.toml", "deps.lock"):
        edits += _without(join(folder, name), files, [entry.name.removesuffix(".wit") for entry in gone])
    edits += _unlocked(join(folder_of(folder), "wkg.lock"), files, gone)
    return edits


def named_packages(items: Iterable[Item]) -> frozenset[str]:
    """The packages (``ns:pkg``, without version) that declarations name."""
    found: set[str] = set()
    for item in walk(tuple(items)):
        if isinstance(item, UseItem | IncludeItem | TopUseItem | ExternItem):
            path = item.path
            if path is not None and path.package_name:
                found.add(path.package_name.partition("@")[0])
    return frozenset(found)


def _named(trees: Iterable[Tree]) -> frozenset[str]:
    return frozenset(name for tree in trees for name in named_packages(tree.items))


def _main(folder: str, files: Files, read: Callable[[str], bytes | None]) -> frozenset[str]:
    """The packages that the files of a WIT folder itself name."""
    found: set[str] = set()
    for name, is_folder in files.entries(folder).items():
        path = join(folder, name)
        data = read(path) if name.endswith(".wit") and not is_folder else None
        if data is not None:
            found |= named_packages(parse(SourceText(path, data)).items)
    return frozenset(found)


def _entries(folder: str, files: Files) -> Iterator[_Dependency]:
    for name, is_folder in sorted(files.entries(folder).items()):
        path = join(folder, name)
        if is_folder:
            inside = tuple(
                join(path, inner) for inner, below in sorted(files.entries(path).items()) if not below
            )
        elif name.endswith(".wit"):
            inside = (path,)
        else:
            continue  # an encoded package: what it holds is not known here
        packages: set[str] = set()
        needs: set[str] = set()
        for file in inside:
            data = files.read(file) if file.endswith(".wit") else None
            if data is None:
                continue
            tree = parse(SourceText(file, data))
            if tree.header is not None:
                packages.add(tree.header.name.text.partition("@")[0])
            packages |= {
                item.name.text.partition("@")[0] for item in tree.items if isinstance(item, PackageItem)
            }
            needs |= named_packages(tree.items)
        if packages:
            yield _Dependency(name, inside, frozenset(packages), frozenset(needs))


def _needed(start: Iterable[str], entries: Iterable[_Dependency]) -> frozenset[str]:
    """The entries that hold packages which are named, directly or by others that are needed."""
    entries = list(entries)
    names = set(start)
    found: set[str] = set()
    changed = True
    while changed:
        changed = False
        for entry in entries:
            if entry.name not in found and entry.packages & names:
                found.add(entry.name)
                names |= entry.needs
                changed = True
    return frozenset(found)


def _table(path: str, files: Files) -> tuple[bytes, Mapping[str, PlainValue]]:
    data = files.read(path)
    table = parse_toml(SourceText(path, data)) if data is not None else None
    if data is None or table is None or isinstance(table, Problem):
        return b"", {}
    value = plain(table)
    return data, value if isinstance(value, dict) else {}


def _without(path: str, files: Files, names: Iterable[str]) -> list[Edit]:
    data, table = _table(path, files)
    changes: list[TomlChange] = [RemoveKey((name,), CAUSE) for name in names if name in table]
    return list(toml_edits(path, data, changes)) if changes else []


def _unlocked(path: str, files: Files, gone: Iterable[_Dependency]) -> list[Edit]:
    data, table = _table(path, files)
    packages = table.get("packages")
    names = {name for entry in gone for name in entry.packages}
    if not isinstance(packages, list):
        return []
    found = [
        index
        for index, package in enumerate(packages)
        if isinstance(package, dict) and package.get("name") in names
    ]
    changes: list[TomlChange] = [RemoveKey(("packages", index), CAUSE) for index in reversed(found)]
    return list(toml_edits(path, data, changes)) if changes else []
