"""Rule about where WIT files lie: one folder is one package, and only some folders are read.

Rules: wit-parser 0.262, resolve/fs.rs. All .wit files of a folder are one package; of a package's folder only
``deps`` is read besides, and there each file and each folder by itself, without folders in it.
"""

from __future__ import annotations

import posixpath
from bisect import bisect_left
from collections.abc import Iterable, Iterator

from wasmdoctor.checks.facts import Draft, Facts
from wasmdoctor.checks.sources import SourceFacts
from wasmdoctor.checks.wit_roots import Fault, Root, aside, faults, roots
from wasmdoctor.model.record import dataclass
from wasmdoctor.model.regex import regex
from wasmdoctor.model.remedy import MoveFile, Remedy
from wasmdoctor.model.rule import Severity
from wasmdoctor.model.source import Location, SourceText
from wasmdoctor.model.text import say
from wasmdoctor.readers.cargo.files import is_below, join
from wasmdoctor.readers.wit import parse
from wasmdoctor.readers.wit.tree import Tree, WorldItem


@dataclass(frozen=True, slots=True)
class _File:
    """A WIT file: the package that its header names ("" without one), and where that stands."""

    path: str
    package: str
    place: Location
    worlds: int

    @property
    def folder(self) -> str:
        """The folder that it lies in."""
        return posixpath.dirname(self.path) or "."


@dataclass(frozen=True, slots=True)
class _Layout:
    """Where WIT lies: the paths of all files, sorted; those right in each folder that has some; and, by the folder
    around them, the folders that have some."""

    paths: list[str]
    files: dict[str, list[str]]
    folders: dict[str, list[str]]

    @staticmethod
    def of(texts: Iterable[str]) -> _Layout:
        """The WIT among texts."""
        layout = _Layout(sorted(path for path in texts if path.endswith(".wit")), {}, {})
        for path in layout.paths:
            layout.files.setdefault(posixpath.dirname(path) or ".", []).append(path)
        for folder in sorted(layout.files):
            layout.folders.setdefault(posixpath.dirname(folder), []).append(folder)
        return layout

    def below(self, folder: str) -> list[str]:
        """The files in a folder and in those inside it."""
        if folder == "/" or posixpath.basename(folder) in (".", ".."):
            return [path for path in self.paths if is_below(path, folder)]
        # What begins with the folder's name stands together; "0" is the character behind "/".
        return self.paths[bisect_left(self.paths, f"{folder}/") : bisect_left(self.paths, f"{folder}0")]


def wit_layout(facts: Facts) -> Iterator[Draft]:
    """WD208: files of two packages in one folder, or WIT that is needed where nobody looks for it."""
    for sources in facts.sources:
        missing: dict[tuple[str, ...], set[str]] = {}
        for found in faults(sources):
            if found.fault is Fault.MISSING:
                missing.setdefault(found.root.paths, set()).add(found.package)
        told: set[str] = set()
        layout = _Layout.of(sources.texts)
        for root in roots(sources):
            if root.loose or not root.paths:
                continue
            folders = [path for path in root.paths if not path.endswith(".wit")]
            for draft in (
                *_mixed(sources, folders, layout),
                *_unread(sources, root, folders, missing.get(root.paths, set()), layout),
            ):
                if draft.subject not in told:
                    told.add(draft.subject)
                    yield draft


# -- two packages in one folder


def _mixed(sources: SourceFacts, folders: Iterable[str], layout: _Layout) -> Iterator[Draft]:
    for root in folders:
        for folder in (root, *layout.folders.get(join(root, "deps"), ())):
            paths = layout.files.get(folder, [])
            if not _may_be_mixed(sources.texts[path] for path in paths):
                continue
            files = [_file(path, sources.texts[path]) for path in paths]
            packages = dict.fromkeys(file.package for file in files if file.package)
            if len(packages) < 2:
                continue
            own = _own_package(files)
            for package in packages:
                if package != own:
                    yield _mixed_draft(sources, root, folder, own, [f for f in files if f.package == package])


HEADER = regex(rb"package([^;{]*)")


def _may_be_mixed(texts: Iterable[bytes]) -> bool:
    """Whether files can name several packages: each header is among these words, and most files have no other.

    Looking at that first, nearly no file has to be parsed.
    """
    return len({words for text in texts for words in HEADER.findall(text)}) > 1


def _own_package(files: list[_File]) -> str:
    """The package that a folder is meant for: the one with the worlds, else the one with most files, else the first."""
    named = [file for file in files if file.package]
    counts = {file.package: 0 for file in named}
    worlds = dict(counts)
    for file in named:
        counts[file.package] += 1
        worlds[file.package] += file.worlds
    return max(counts, key=lambda package: (worlds[package], counts[package]))


def _mixed_draft(sources: SourceFacts, root: str, folder: str, own: str, files: list[_File]) -> Draft:
    first = files[0]
    to = join(root, f"deps/{_folder_name(first.package)}")
    return Draft(
        first.path,
        say(
            "{folder} has files of two packages, `{own}` and `{package}`: a folder is one package",
            folder=folder,
            own=own,
            package=first.package,
        ),
        first.place,
        help=say(
            "move {names} to {to}/: what lies there is a package of its own, and is found from {root}",
            names=_names(files),
            to=to,
            root=root,
        ),
        remedies=_moves(sources, [(file.path, join(to, posixpath.basename(file.path))) for file in files]),
    )


# -- WIT that nobody reads


def _unread(
    sources: SourceFacts, root: Root, folders: list[str], missing: set[str], layout: _Layout
) -> Iterator[Draft]:
    """WIT below a root that is not read with it, and that has what is missing there, or belongs to its package."""
    read = {file for package in root.resolution.packages.values() for file in package.files}
    own = {package.name for package in root.resolution.main}
    for folder in folders:
        if folder not in layout.files:
            continue
        groups: dict[tuple[str, str], list[_File]] = {}
        for path in layout.below(folder):
            if path not in read and not aside(sources, path):
                file = _file(path, sources.texts[path])
                if file.folder != folder and file.folder != join(folder, "deps"):
                    groups.setdefault((file.folder, file.package), []).append(file)
        for (place, package), files in groups.items():
            if package and (package in missing or _is_hidden(folder, place, layout)):
                yield _elsewhere(sources, folder, place, files, needed=package in missing)
            elif _is_part(sources, folder, place, package, own):
                yield _part(sources, folder, files, needed="" in missing)


def _is_part(sources: SourceFacts, root: str, place: str, package: str, own: set[str]) -> bool:
    """Whether files in a subfolder are meant for the root's own package: they name it, or none.

    A folder that others read by itself is its own affair.
    """
    if is_below(place, join(root, "deps")) or any(place in use.paths for use in sources.wit_uses):
        return False
    return not package or package in own


def _is_hidden(root: str, place: str, layout: _Layout) -> bool:
    """Whether a folder lies in one of ``deps`` that has no WIT itself: then no package can be read at all.

    wit-parser says of the outer folder that it has no package header.
    """
    deps = join(root, "deps")
    if not is_below(place, deps) or posixpath.dirname(place) == deps:
        return False
    outer = join(deps, place.removeprefix(f"{deps}/").partition("/")[0])
    return outer not in layout.files


def _elsewhere(sources: SourceFacts, root: str, place: str, files: list[_File], *, needed: bool) -> Draft:
    first = files[0]
    to = join(root, f"deps/{_folder_name(first.package)}")
    deps = join(root, "deps")
    if not is_below(place, deps):
        why = say("dependencies are looked for in {deps} only", deps=deps)
    elif "/deps/" in f"{place.removeprefix(deps)}/":
        why = say("a `deps` folder inside {deps} is not read", deps=deps)
    else:
        why = say("of {deps} only the folders right in it are read", deps=deps)
    return Draft(
        first.path,
        say(
            "`{package}` {value} {root}, and lies where nobody looks for it: {why}",
            package=first.package,
            value=say("is missing in") if needed else say("is in the way of"),
            root=root,
            why=why,
        ),
        first.place,
        help=say("move {names} to {to}/", names=_names(files), to=to),
        remedies=_moves(sources, [(file.path, join(to, posixpath.basename(file.path))) for file in files]),
    )


def _part(sources: SourceFacts, root: str, files: list[_File], *, needed: bool) -> Draft:
    first = files[0]
    return Draft(
        first.path,
        say(
            "nobody reads this file: of {root} only the files right in it are its package, and `deps`",
            root=root,
        ),
        first.place,
        help=say("move {names} to {root}/", names=_names(files), root=root),
        severity=None if needed else Severity.WARNING,
        remedies=_moves(sources, [(file.path, join(root, posixpath.basename(file.path))) for file in files]),
    )


# -- files and folders


def _file(path: str, data: bytes) -> _File:
    tree = parse(SourceText(path, data))
    if tree.header is None:
        return _File(path, "", Location(path, 1, 1), _worlds(tree))
    return _File(path, tree.header.name.text, tree.location(tree.header.name), _worlds(tree))


def _worlds(tree: Tree) -> int:
    return sum(isinstance(item, WorldItem) for item in tree.items)


def _folder_name(package: str) -> str:
    """What a package's folder in ``deps`` is called: ``wasi-clocks`` for ``wasi:clocks@0.2.0``."""
    return package.partition("@")[0].replace(":", "-")


def _names(files: list[_File]) -> str:
    shown = ", ".join(file.path for file in files[:3])
    more = len(files) - 3
    return say("{shown} and {more} more", shown=shown, more=more) if more > 0 else shown


def _moves(sources: SourceFacts, pairs: list[tuple[str, str]]) -> tuple[Remedy, ...]:
    """The fix that moves files; none when something lies there already.

    Nothing could be built of the folder as it was, so it is safe.
    """
    if any(to in sources.texts for _, to in pairs):
        return ()
    to = posixpath.dirname(pairs[0][1])
    title = (
        say("move {pairs} to {to}/", pairs=pairs[0][0], to=to)
        if len(pairs) == 1
        else say("move {len} files to {to}/", len=len(pairs), to=to)
    )
    return (Remedy(title, tuple(MoveFile(path, target) for path, target in pairs), safe=True),)
