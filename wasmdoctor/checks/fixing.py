"""What several rules propose as fixes (``model.remedy``), and when that is safe."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING

from wasmdoctor.checks.facts import Facts
from wasmdoctor.checks.last import for_last
from wasmdoctor.checks.sources import SourceFacts
from wasmdoctor.checks.wit_roots import Found
from wasmdoctor.model.binding import SiteKind
from wasmdoctor.model.names import ExternName, track, version_order
from wasmdoctor.model.remedy import CopyFiles, Remedy, RemoveItem, ReplaceText, SetVersion
from wasmdoctor.model.source import Location, Problem, SourceText
from wasmdoctor.model.text import say
from wasmdoctor.model.wit import Resolution, StepKind, WitPackage, WorldItem
from wasmdoctor.readers.cargo.files import is_below
from wasmdoctor.readers.wit import Tree, parse
from wasmdoctor.readers.wit.lexer import KEYWORDS
from wasmdoctor.readers.wit.tree import (
    ExternItem,
    FuncItem,
    IncludeItem,
    Path,
    TopUseItem,
    TypeExpr,
    TypeItem,
    UseItem,
    walk,
)

if TYPE_CHECKING:
    from wasmdoctor.checks.leaks import UnusedLine

# -- lines of a world that nothing needs


def removal(facts: Facts, line: UnusedLine) -> tuple[Remedy, ...]:
    """A line of a world that goes.

    Safe when no code names what it brings, the bindings are made anew by every build, and no other world and no
    other bindings have the line: then only the world itself is another one.
    """
    if not line.location.path.endswith(".wit"):
        return ()
    title = say("Remove the import from the world")
    if any(found.item.steps and found.item.steps[0].kind is StepKind.INCLUDE for found in line.found):
        title = say("Remove the include from the world")
    safe = all(
        found.binding.kind is SiteKind.GENERATE
        and not any(component.mentions(found.binding, found.item.name) for component in found.components)
        for found in line.found
    ) and not _is_shared(facts, line)
    return (Remedy(title, (RemoveItem(line.location),), safe),)


def _is_shared(facts: Facts, line: UnusedLine) -> bool:
    """Whether another world, or other bindings of the same world, have a line too."""
    own = {found.binding.world_location for found in line.found}
    bound = {found.binding.location for found in line.found}
    for sources in facts.sources:
        bindings, worlds = _bindings(sources), _worlds(sources)
        if any(not bindings.get(world, set()) <= bound for world in own):
            return True
        if not worlds.get(line.location, set()) <= own:
            return True
    return False


@for_last
def _bindings(sources: SourceFacts) -> dict[Location | None, set[Location]]:
    """Where the bindings of each world are, by where the world is."""
    found: dict[Location | None, set[Location]] = {}
    for facts_of in (*sources.components, *sources.libraries):
        for binding in facts_of.bindings.bindings:
            found.setdefault(binding.world_location, set()).add(binding.location)
    return found


@for_last
def _worlds(sources: SourceFacts) -> dict[Location, set[Location]]:
    """The worlds that each line brings an import or export of."""
    resolutions = [*sources.wit.values(), *(use.resolution for use in sources.wit_uses)]
    seen: set[Location] = set()
    found: dict[Location, set[Location]] = {}
    for resolution in resolutions:
        for package in resolution.packages.values():
            for world in package.worlds.values():
                if world.location not in seen:
                    seen.add(world.location)
                    for item in (*world.imports.values(), *world.exports.values()):
                        for step in item.origin.steps:
                            found.setdefault(step.location, set()).add(world.location)
    return found


# -- versions


def set_version(facts: Facts, place: Location, wanted: str) -> tuple[Remedy, ...]:
    """The import at a place under another name, when one edit does it.

    So it is when a line of a world imports the interface itself, and the package is there at a version that the
    host takes for ``wanted`` (``ns:pkg/iface@1.2.3``, an offer of its) as well, with that interface. Never safe: the
    bindings are other ones.
    """
    name = ExternName.parse(wanted)
    for sources in facts.sources:
        for resolution in sources.wit.values():
            version = _fitting(resolution, name, exact=facts.host.name_rule == "exact")
            if version is None:
                continue
            if any(item.explicit and item.location == place for item in _imports(resolution)):
                title = say("Import it at {version}", version=version or say("no version"))
                return (Remedy(title, (SetVersion(place, version),)),)
    return ()


def _fitting(resolution: Resolution, wanted: ExternName, *, exact: bool) -> str | None:
    """The version of a package with an interface that fits a host's offer best: the same, else the newest older one
    of its track; None when none does."""
    there = [
        package.version
        for package in resolution.packages.values()
        if package.base == wanted.package and (wanted.interface or "") in package.interfaces
    ]
    if (wanted.version or "") in there:
        return wanted.version or ""
    own, most = wanted.track, version_order(wanted.version)
    older = [v for v in there if not exact and own and track(v) == own and version_order(v) < most]
    return max(older, key=version_order, default=None)


def _imports(resolution: Resolution) -> Iterator[WorldItem]:
    for package in resolution.main:
        for world in package.worlds.values():
            yield from world.imports.values()


# -- names and versions that are not there


def resolved(found: Found, texts: Mapping[str, bytes]) -> tuple[Remedy, ...]:
    """What a name was probably meant to be that leads nowhere: another version, or a name much like it.

    Safe is a version on the same track, or one where none was written, when no other is there: nothing could be
    built before.
    """
    place = found.problem.location
    if place.path not in texts or not place.path.endswith(".wit"):
        return ()
    tree = parse(SourceText(place.path, texts[place.path]))
    path = _path_at(tree, place)
    if path is None or path.namespace is None or path.package is None:
        return ()
    base = f"{path.namespace.text}:{path.package.text}"
    name = path.name.text
    there = [p for p in found.root.resolution.packages.values() if p.base == base]
    if found.package:
        asked = path.version.text if path.version else ""
        fitting = [p for p in there if name in (*p.interfaces, *p.worlds)]
        near = [p for p in fitting if not asked or track(p.version) == track(asked) is not None]
        chosen = near or fitting
        if len(chosen) != 1:
            return ()
        version = chosen[0].version
        title = (
            say("Write version {version}, which is there", version=version)
            if version
            else say("Write it without a version")
        )
        return (Remedy(title, (SetVersion(place, version),), safe=len(there) == 1 and bool(near)),)
    known = [known for p in there if p.name == path.package_name for known in (*p.interfaces, *p.worlds)]
    import difflib

    close = difflib.get_close_matches(name, known, 1)
    if not close:
        return ()
    written = ReplaceText(tree.location(path.name), name, close[0])
    return (Remedy(say("Write `{close}`, which is there", close=close[0]), (written,)),)


def _path_at(tree: Tree, place: Location) -> Path | None:
    for item in walk(tree.items):
        path = item.path if isinstance(item, IncludeItem | TopUseItem | UseItem | ExternItem) else None
        if path is not None and place in (tree.location(path), tree.location(path.name)):
            return path
    return None


# -- syntax


def spelled(found: Found, texts: Mapping[str, bytes]) -> tuple[Remedy, ...]:
    """A ``%`` before a keyword that is meant as a name, when that makes the mistake go: it is tried on the text.

    What comes to light behind it, and can be mended so too, is mended with it. Safe, since the file could not be
    read before.
    """
    place = found.problem.location
    data = texts.get(place.path)
    if data is None or not place.path.endswith(".wit") or len(data) > MOST_BYTES:
        return ()
    before = tree = _parsed(place.path, data)
    if found.problem not in tree.problems or len(tree.problems) > MOST_WORDS:
        return ()
    problem: Problem | None = found.problem
    starts: list[int] = []  # in the text as it is
    while problem is not None and len(starts) < MOST_WORDS:
        step = _with_percent(tree, problem)
        if step is None:
            return ()
        start, tree = step
        starts.append(start - len(starts))
        problem = next((p for p in tree.problems if not _is_known(p, before)), None)
    if problem is not None:
        return ()
    words = [before.lexed.kinds[before.lexed.starts.index(start)] for start in starts]
    places = map(before.source.location, starts)
    written = (ReplaceText(at, word, f"%{word}") for at, word in zip(places, words, strict=True))
    title = say("Write `%{word}`: `{word}` is a keyword", word=words[0])
    return (Remedy(title, tuple(written), safe=True),)


MOST_WORDS = 20
"""Keywords that are mended at once; a file with more mistakes is mended by hand, since each costs readings of it."""

MOST_BYTES = 64 * 1024
"""Bytes of a file that is read again and again with changes."""


@lru_cache(maxsize=2)
def _parsed(path: str, data: bytes) -> Tree:
    """A file's tree, once for all its mistakes."""
    return parse(SourceText(path, data))


def _with_percent(tree: Tree, problem: Problem) -> tuple[int, Tree] | None:
    """Where the keyword at or right before a problem begins, and the file with ``%`` before it, when the problem is
    gone then and none came ahead of it."""
    source, lexed = tree.source, tree.lexed
    at = next((i for i, start in enumerate(lexed.starts) if source.location(start) == problem.location), None)
    for index in (at, at - 1) if at else ():
        start, word = lexed.starts[index], lexed.kinds[index]
        if word not in KEYWORDS:
            continue
        after = parse(SourceText(source.path, source.data[:start] + b"%" + source.data[start:]))
        ahead = [p.message for p in after.problems if p.location <= problem.location]
        known = [p.message for p in tree.problems if p.location <= problem.location and p != problem]
        more = len(after.problems) > len(tree.problems)
        if ahead == known and not more and not _is_unknown_type(after, start, word):
            return start, after
    return None


def _is_known(problem: Problem, before: Tree) -> bool:
    """Whether a file had a problem before, wherever on its line."""
    return any(
        p.location.line == problem.location.line and p.message == problem.message for p in before.problems
    )


def _is_unknown_type(tree: Tree, start: int, word: str) -> bool:
    """Whether what stands at an offset is the use of a type that the file does not define."""
    defined = {name.text for item in walk(tree.items) if (name := getattr(item, "name", None))}
    return word not in defined and any(
        type_.name is not None and type_.name.start == start for type_ in _types(tree)
    )


def _types(tree: Tree) -> Iterator[TypeExpr]:
    waiting: list[TypeExpr | None] = []
    for item in walk(tree.items):
        func = item.func if isinstance(item, FuncItem | ExternItem) else None
        if func is not None:
            waiting += [*(param.type for param in func.params), func.result]
        if isinstance(item, TypeItem):
            waiting += [item.target, *(member.type for member in item.members)]
    while waiting:
        type_ = waiting.pop()
        if type_ is not None:
            yield type_
            waiting += type_.args


# -- copies of packages


def copied(
    sources: SourceFacts, root: str, copy: WitPackage, original: WitPackage, *, adds_only: bool
) -> tuple[Remedy, ...]:
    """A copy in ``deps`` made the same as the original.

    None when the original names packages that are not there beside the copy, when the copy is one file and the
    original several, or when a lock file watches over the copy: its tool makes it anew. Safe when the copy only
    lacks something (``adds_only``) and no world here exports what is in it: code that is compiled against it goes
    on to compile.
    """
    resolution = sources.wit[root]
    folder = posixpath.dirname(copy.files[0])
    single = posixpath.basename(folder) == "deps"
    if any(f"{place}/deps.lock" in sources.texts for place in (root, posixpath.dirname(root) or ".")):
        return ()
    if any(posixpath.dirname(file) != folder for file in copy.files) or (
        single and (len(copy.files), len(original.files)) != (1, 1)
    ):
        return ()
    if not all(file in sources.texts for file in original.files) or not _has_all(
        sources, resolution, original
    ):
        return ()
    if single:
        pairs = [(original.files[0], copy.files[0])]
    else:
        pairs = [(file, f"{folder}/{posixpath.basename(file)}") for file in original.files]
    targets = {target for _, target in pairs}
    gone = tuple(file for file in copy.files if file not in targets)
    if len(targets) != len(pairs):
        return ()
    safe = adds_only and not _exports_from(resolution, copy.name)
    source = posixpath.dirname(original.files[0]) or "."
    return (
        Remedy(
            say("Copy {source} to {folder} again", source=source, folder=folder),
            (CopyFiles(tuple(pairs), gone),),
            safe,
        ),
    )


def _has_all(sources: SourceFacts, resolution: Resolution, original: WitPackage) -> bool:
    """Whether all packages that an original names are there."""
    for file in original.files:
        for item in walk(parse(SourceText(file, sources.texts[file])).items):
            path = getattr(item, "path", None)
            named = path.package_name if isinstance(path, Path) else ""
            if named not in ("", original.name) and named not in resolution.packages:
                return False
    return True


def _exports_from(resolution: Resolution, package: str) -> bool:
    """Whether a world exports an interface of a package: those who implement it would have to change."""
    return any(
        item.interface is not None and item.interface.package == package
        for each in resolution.main
        for world in each.worlds.values()
        for item in world.exports.values()
    )


def only(names: Iterable[str]) -> str:
    """The one name there is, "" when there are none or several."""
    found = list(dict.fromkeys(names))
    return found[0] if len(found) == 1 else ""


def inside(folders: Iterable[str], folder: str) -> Iterator[str]:
    """The folders below another one, copies in ``deps`` left out."""
    return (each for each in folders if is_below(each, folder) and "deps" not in each.split("/"))
