"""Which WIT is read together, by whom, and which rule each of its problems belongs to.

What is wrong is what ``readers.wit`` says, which accepts and refuses the same packages as wasm-tools; here
it is only decided what sort of mistake that is, and whether anybody reads the WIT in the way that has it.
A folder of WIT is a package only to those who name the folder, and a ``generate!`` call may read it
together with others.
"""

from __future__ import annotations

import posixpath
from collections import deque
from collections.abc import Iterable, Iterator
from enum import StrEnum

from wasmdoctor.checks.sources import SourceFacts, WitUse
from wasmdoctor.model.record import dataclass, replace
from wasmdoctor.model.source import Location, Problem, SourceText
from wasmdoctor.model.text import say
from wasmdoctor.model.wit import Interface, Resolution, WitPackage
from wasmdoctor.readers.cargo.files import is_below, join
from wasmdoctor.readers.wit import Tree, parse
from wasmdoctor.readers.wit.tree import (
    ExternItem,
    FuncItem,
    FuncType,
    IncludeItem,
    InterfaceItem,
    Item,
    PackageItem,
    PackageName,
    Path,
    TopUseItem,
    TypeExpr,
    TypeItem,
    UseItem,
    WorldItem,
    walk,
)

ASIDE = frozenset(
    {"test", "tests", "testing", "testdata", "test-data", "fixtures", "vendor", "third_party", "third-party"}
)
"""Folders whose WIT is judged only when something else in the sources reads it: broken and reduced packages
are kept there on purpose."""


@dataclass(frozen=True, slots=True)
class Root:
    """WIT that is read together, and by whom.

    ``paths`` are its folders and files; ``asked_by`` is the ``generate!`` call or the component metadata
    that names exactly these, None for a folder that nothing names. ``loose`` folders are judged file by
    file. ``elsewhere`` are packages (``ns:pkg``) that cargo-component gets from another place; a root is
    ``open`` when these bring others that are not known.
    """

    paths: tuple[str, ...]
    resolution: Resolution
    asked_by: Location | None = None
    inline: SourceText | None = None
    loose: bool = False
    elsewhere: frozenset[str] = frozenset()
    open: bool = False


def uses_of(sources: SourceFacts) -> tuple[WitUse, ...]:
    """What the ``generate!`` calls of the workspace's own crates read."""
    uses = sources.wit_uses
    return tuple(use for use in uses if is_below(use.location.path, sources.folder))


def roots(sources: SourceFacts) -> Iterator[Root]:
    """The WIT of the sources as it is read: by each ``generate!`` call, and the other folders by themselves."""
    uses = uses_of(sources)
    for use in uses:
        if use.compiled is not False:
            yield Root(use.paths, use.resolution, use.location, use.inline)
    read = {path for use in uses for path in use.paths}
    read |= {posixpath.dirname(path) for path in read if path.endswith(".wit")}
    metadata = dict(_metadata_roots(sources))
    for folder, resolution in sources.wit.items():
        if folder in read:
            continue  # what the call reads it with is what counts
        if folder in metadata:
            yield metadata[folder]
        elif not aside(sources, folder):
            yield Root((folder,), resolution, loose=_is_loose(sources, folder, resolution))


def aside(sources: SourceFacts, path: str) -> str:
    """The part of a path that says it is kept for tests, or is others' code; "" for anything else."""
    parts = _inner_parts(sources, path)
    found = next((at for at, part in enumerate(parts) if part in ASIDE), None)
    return "" if found is None else "/".join(parts[: found + 1])


def _inner_parts(sources: SourceFacts, path: str) -> list[str]:
    """The names on the way from the workspace's folder to a path."""
    return path.removeprefix(f"{sources.folder}/").split("/")


def _metadata_roots(sources: SourceFacts) -> Iterator[tuple[str, Root]]:
    """Folders that component metadata names as its target, as cargo-component 0.21 reads them.

    Its dependencies come from the metadata (``bindings.rs``, ``target_local_path``); those in ``deps`` are
    taken into account as well, for crates that are built by ``cargo build`` all the same.
    """
    for cargo in sources.cargo:
        for package in cargo.packages.values():
            target = package.component.target if package.component else None
            if target is None or target.package is not None:
                continue
            folder = join(package.folder, target.path.value if target.path else "wit")
            if folder in sources.wit:
                yield (
                    folder,
                    Root(
                        (folder,),
                        sources.wit[folder],
                        (target.path or target).location,
                        elsewhere=frozenset(dep.name.partition("@")[0] for dep in target.dependencies),
                        # A package from a registry brings all that it depends on.
                        open=any(dep.path is None for dep in target.dependencies),
                    ),
                )


def _is_loose(sources: SourceFacts, folder: str, resolution: Resolution) -> bool:
    """Whether a folder that nothing names looks like files that happen to lie together, or like dependencies."""
    if "deps" in _inner_parts(sources, folder):
        return True
    if folder.rpartition("/")[2] == "wit" or not resolution.problems:
        return False
    names = set()
    for path in _files_in(sources, folder):
        header = parse(SourceText(path, sources.texts[path])).header
        if header is not None:
            names.add(header.name.text)
    return len(names) > 1


def _files_in(sources: SourceFacts, folder: str) -> list[str]:
    """The .wit files that lie directly in a folder."""
    return sorted(p for p in sources.texts if p.endswith(".wit") and (posixpath.dirname(p) or ".") == folder)


# -- which rule a problem belongs to


class Fault(StrEnum):
    """What sort of mistake a problem is."""

    SYNTAX = "syntax"
    MISSING = "missing"
    DUPLICATE = "duplicate"
    LAYOUT = "layout"


@dataclass(frozen=True, slots=True)
class Found:
    """A problem of a root: where to point, and for a package that is not there its name (else "")."""

    root: Root
    fault: Fault
    problem: Problem
    package: str = ""


MAX_FAULTS = 100
"""Problems of one package that are told: each costs a walk over its file."""


_known: deque[tuple[SourceFacts, tuple[Found, ...]]] = deque(maxlen=4)
"""What was found in the sources that were asked for last: each rule asks for the same. The records are kept with it,
so that none can be taken for another."""


def faults(sources: SourceFacts) -> tuple[Found, ...]:
    """All problems of the WIT that belong to a rule. What could not be read at all is not among them."""
    for before, found in tuple(_known):
        if before is sources:
            return found
    found = tuple(_faults(sources))
    _known.append((sources, found))
    return found


def _faults(sources: SourceFacts) -> Iterator[Found]:
    for root in roots(sources):
        trees: dict[str, Tree | None] = {}
        mixed: set[str] = set()
        unread = False
        problems = root.resolution.problems
        more = len(problems) - MAX_FAULTS
        if more > 0:
            message = say("{more} more problems of this package are not told", more=more)
            problems = (*problems[:MAX_FAULTS], replace(problems[MAX_FAULTS], message=message, help=""))
        for problem in problems:
            place = problem.location
            if not place.line:
                first = first_file(sources, place.path)
                deeper = any(path.endswith(".wit") and is_below(path, place.path) for path in sources.texts)
                if first is None and deeper:
                    continue  # a folder of folders in `deps`: where WIT lies is a rule of its own
                if first is not None and not root.loose and not _is_inner(sources, root, place.path):
                    yield Found(root, Fault.SYNTAX, Problem(first, problem.message, problem.help))
                unread = unread or first is None
                continue
            if place.path not in trees:
                trees[place.path] = _tree(sources, root, place.path)
            tree = trees[place.path]
            if tree is None:
                continue
            fault, package = _sort(tree, root.resolution, problem)
            if root.loose and problem not in tree.problems:
                continue
            if posixpath.dirname(place.path) in mixed and problem not in tree.problems:
                continue  # what follows from two packages in one folder
            if fault is Fault.LAYOUT:
                mixed.add(posixpath.dirname(place.path))
            if package and (unread or root.open or package.partition("@")[0] in root.elsewhere):
                continue
            yield Found(root, fault, problem, package)


def _is_inner(sources: SourceFacts, root: Root, path: str) -> bool:
    """Whether a folder that nobody names lies in that of another package: then it has no package of its own."""
    if root.asked_by is not None or path not in sources.wit:
        return False
    return any(folder != path and is_below(path, folder) for folder in sources.wit)


def first_file(sources: SourceFacts, path: str) -> Location | None:
    """The start of the WIT that a problem with a whole file or folder is about; None when there is none."""
    if path in sources.texts:
        return Location(path, 1, 1)
    files = _files_in(sources, path)
    return Location(files[0], 1, 1) if files else None


def _tree(sources: SourceFacts, root: Root, path: str) -> Tree | None:
    if root.inline is not None and path == root.inline.path:
        return parse(root.inline)
    return parse(SourceText(path, sources.texts[path])) if path in sources.texts else None


def _sort(tree: Tree, resolution: Resolution, problem: Problem) -> tuple[Fault, str]:
    """The fault that a problem in a file is, by what stands at its place; and the package that is missing."""
    if problem in tree.problems:
        return Fault.SYNTAX, ""
    place = problem.location
    own = [p for p in resolution.packages.values() if tree.source.path in p.files]
    lines = {line for package in resolution.packages.values() for line in package.locations}
    for item in _package_lines(tree):
        if tree.location(item) == place:
            twice = item.text in resolution.packages and place not in lines
            if not twice and any(package.name != item.text for package in own):
                return Fault.LAYOUT, ""  # another file of the folder names another package
            return (Fault.DUPLICATE if twice else Fault.SYNTAX), ""
    for node in walk(tree.items):
        if isinstance(node, InterfaceItem | WorldItem) and tree.location(node.name) == place:
            kept = [
                k for p in own for k in (p.interfaces.get(node.name.text), p.worlds.get(node.name.text)) if k
            ]
            twice = bool(kept) and all(k.location != place for k in kept)
            return (Fault.DUPLICATE if twice else Fault.SYNTAX), ""
    missing = _Missing(tree, resolution, own).at(place)
    return (Fault.SYNTAX, "") if missing is None else (Fault.MISSING, missing)


def _package_lines(tree: Tree) -> Iterator[PackageName]:
    if tree.header is not None:
        yield tree.header.name
    yield from (item.name for item in tree.items if isinstance(item, PackageItem))


class _Missing:
    """Whether a name at a place of a file leads nowhere: enough to tell that from every other mistake there."""

    def __init__(self, tree: Tree, resolution: Resolution, own: list[WitPackage]) -> None:
        self.tree = tree
        self.packages = resolution.packages
        self.own = own
        self.aliases = {i.local.text: i.path for i in walk(tree.items) if isinstance(i, TopUseItem)}

    def at(self, place: Location) -> str | None:
        """The package that is not there, "" for another name, None when nothing at this place is missing."""
        for item in walk(self.tree.items):
            path = _path(item)
            if path is not None and place in (self.tree.location(path), self.tree.location(path.name)):
                if path.package_name and path.package_name not in self.packages:
                    return path.package_name
                if isinstance(item, TopUseItem):
                    return None if self._brings(path) else ""
                return None if self._has(path, world=isinstance(item, IncludeItem)) else ""
            if isinstance(item, UseItem):
                for use in item.names:
                    if self.tree.location(use.name) == place:
                        found = self._interfaces(item.path)
                        return "" if found and all(use.name.text not in i.types for i in found) else None
            if isinstance(item, InterfaceItem | WorldItem | ExternItem):
                names = _defined(item)
                for type_ in _type_names(item):
                    if type_.name and self.tree.location(type_.name) == place:
                        return None if type_.name.text in names else ""
        return None

    def _has(self, path: Path, *, world: bool) -> bool:
        if path.text in self.aliases:
            path = self.aliases[path.text]
        return any(
            path.name.text in (package.worlds if world else package.interfaces)
            for package in self._candidates(path)
        )

    def _brings(self, path: Path) -> bool:
        """Whether what a top-level ``use`` names is there; of another package it must be an interface."""
        names = (
            p.interfaces if path.package_name else {**p.interfaces, **p.worlds}
            for p in self._candidates(path)
        )
        return any(path.name.text in known for known in names)

    def _interfaces(self, path: Path) -> list[Interface]:
        if path.text in self.aliases:
            path = self.aliases[path.text]
        found = (package.interfaces.get(path.name.text) for package in self._candidates(path))
        return [interface for interface in found if interface is not None]

    def _candidates(self, path: Path) -> Iterable[WitPackage]:
        if not path.package_name:
            return self.own
        package = self.packages.get(path.package_name)
        return () if package is None else (package,)


def _path(item: Item) -> Path | None:
    """What an item names: an interface, or a world."""
    return item.path if isinstance(item, IncludeItem | TopUseItem | UseItem | ExternItem) else None


def _defined(item: InterfaceItem | WorldItem | ExternItem) -> set[str]:
    """The types that an interface or world defines or uses."""
    names: set[str] = set()
    for inner in item.items or ():
        if isinstance(inner, TypeItem):
            names.add(inner.name.text)
        elif isinstance(inner, UseItem):
            names |= {use.local.text for use in inner.names}
    return names


def _type_names(item: InterfaceItem | WorldItem | ExternItem) -> Iterator[TypeExpr]:
    """The named types in the functions and type definitions of an interface or world itself."""
    waiting: list[TypeExpr | None] = []
    functions: list[FuncType] = []
    for inner in item.items or ():
        if isinstance(inner, TypeItem):
            waiting += [inner.target, *(member.type for member in inner.members)]
            functions += [function.func for function in inner.functions]
        elif isinstance(inner, FuncItem | ExternItem) and inner.func is not None:
            functions.append(inner.func)
    for func in functions:
        waiting += [*(param.type for param in func.params), func.result]
    while waiting:
        type_ = waiting.pop()
        if type_ is not None:
            yield type_
            waiting += type_.args
