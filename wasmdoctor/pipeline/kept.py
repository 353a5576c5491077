"""The crates of a workspace as an earlier run found them, as long as all that they rest on is the same.

A commit hook runs again and again over a workspace of which one file has changed, and that is seldom a manifest. What
manifests, lock file and registry say together (``readers.cargo``) is kept in the cache with every question that was
asked of the file system; each is asked again, and the answers must be the same, byte for byte.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from wasmdoctor.cache import facts
from wasmdoctor.model import cargo
from wasmdoctor.model.cargo import Crate, CrateGraph, CrateId, Dependency, LinkedCrate, PackageTarget
from wasmdoctor.model.cargo import Workspace as CargoWorkspace
from wasmdoctor.model.plain import Codec, NotPlain
from wasmdoctor.model.rule import NO_STD, StdFacts
from wasmdoctor.model.source import Location, Problem
from wasmdoctor.pipeline.crates import (
    DECLARES,
    ComponentCrate,
    Crates,
    cargo_home,
    declares_imports,
    likely_target,
)
from wasmdoctor.pipeline.sources import Workspace
from wasmdoctor.readers.cargo import host_triple, read_workspaces
from wasmdoctor.readers.cargo.witness import Notes, Witness, digest_of, replayed

NAME = "crates"

WORTH = 100
"""Questions from which on it is worth keeping: to ask fewer takes no longer than to look here."""

MOST_CRATES = 20_000
"""Crates of all graphs together: a library that no component links has a graph of its own."""

WORKSPACE = "Workspace"
PROBLEMS = "tuple[Problem, ...]"
GRAPH = "CrateGraph"
FIELDS = ("asked", "digest", "table", "triple", "workspace", "problems", "graphs", "components", "libraries")


def kept_crates(
    workspace: Workspace, manifests: Sequence[str], target: str | None, std: Mapping[str, StdFacts]
) -> list[Crates]:
    """The cargo workspaces below a folder, as ``crates_of`` gives them; the only one perhaps as it was kept."""
    found = recalled(workspace, target, manifests)
    if found is not None and found.triple == (target or likely_target(workspace, found.workspace)):
        crates = _crates(workspace, found.workspace, found.triple, std)
        # Where functools.cached_property keeps what it has found.
        crates.__dict__.update(components=found.components, libraries=found.libraries)
        workspace.problems += found.problems
        return [crates]
    notes = Notes()
    read, problems = read_workspaces(Witness(workspace.files, notes, 0), manifests)
    workspace.problems += problems
    made = [_crates(workspace, each, target or likely_target(workspace, each), std) for each in read]
    for crates in made if len(made) == 1 else ():
        files = crates.files
        crates.files, crates.notes = Witness(files, notes, 1), notes
        there = Found(crates.target, crates.cargo, tuple(problems), crates.components, crates.libraries)
        crates.files, crates.notes = files, None
        keep(workspace, target, manifests, there, notes)
    return made


def _crates(workspace: Workspace, found: CargoWorkspace, triple: str, std: Mapping[str, StdFacts]) -> Crates:
    return Crates(workspace, found, triple, std=std.get(triple, NO_STD))


class Found(NamedTuple):
    """What is kept of the only cargo workspace of a folder; ``problems`` are those of reading it."""

    triple: str
    workspace: CargoWorkspace
    problems: tuple[Problem, ...]
    components: tuple[ComponentCrate, ...]
    libraries: tuple[ComponentCrate, ...]


def _key(workspace: Workspace, target: str | None, manifests: Sequence[str]) -> object:
    places = [os.fspath(each) for each in (workspace.root, workspace.cwd, cargo_home())]
    return [*places, target, host_triple(), list(manifests)]


def recalled(workspace: Workspace, target: str | None, manifests: Sequence[str]) -> Found | None:
    """What an earlier run found, or None when there is none, or anything is not as it was then."""
    payload = facts.recall(NAME, _key(workspace, target, manifests))
    if payload is None:
        return None
    import json

    try:
        data = json.loads(payload)
        if type(data) is not dict or tuple(data) != FIELDS:
            return None
        asked = _codec().read("tuple[str, ...]", data["asked"])
        views = (workspace.files, workspace.view([cargo_home()]))
        now = replayed(views, asked, {DECLARES: declares_imports})
        if digest_of(now) != data["digest"]:
            return None
        return _read(data)
    except (ValueError, IndexError, RecursionError):
        return None


def keep(
    workspace: Workspace,
    target: str | None,
    manifests: Sequence[str],
    found: Found,
    notes: Notes,
) -> None:
    """Keep what was found, with all that was asked for it, for later runs."""
    asked = notes.asked()
    if len(asked) < WORTH:
        return
    import json

    try:
        data = _written(found)
    except NotPlain:
        return
    values = (asked, notes.digest(asked), *data)
    payload = json.dumps(dict(zip(FIELDS, values, strict=True)), separators=(",", ":"))
    facts.keep(NAME, _key(workspace, target, manifests), payload.encode())


def _codec() -> Codec:
    classes = [each for each in vars(cargo).values() if isinstance(each, type)]
    shared = (Location, CrateId, PackageTarget, Crate, Dependency)
    return Codec((*classes, Problem), shared, anything=("PlainValue",))


def _written(found: Found) -> tuple[Any, ...]:
    codec = _codec()
    graphs = list({id(each.graph): each.graph for each in (*found.components, *found.libraries)}.values())
    if sum(len(graph.crates) for graph in graphs) > MOST_CRATES:
        raise NotPlain("too many crates")
    places = {id(graph): at for at, graph in enumerate(graphs)}
    edges = [{id(edge): at for at, edge in enumerate(graph.dependencies)} for graph in graphs]
    ids = [{crate: at for at, crate in enumerate(graph.crates)} for graph in graphs]

    def linked(one: LinkedCrate, graph: int) -> list[Any]:
        chain = [edges[graph][id(edge)] for edge in one.chain]
        return [ids[graph][one.crate.id], chain, one.certain]

    def component(one: ComponentCrate) -> list[Any]:
        graph = places[id(one.graph)]
        crates = [linked(each, graph) for each in one.linked]
        target = one.package.targets.index(one.target)
        return [graph, ids[graph][one.crate.id], one.package.manifest, target, crates]

    return (
        codec.table(),
        found.triple,
        codec.write(WORKSPACE, found.workspace),
        codec.write(PROBLEMS, found.problems),
        [codec.write(GRAPH, graph) for graph in graphs],
        [component(one) for one in found.components],
        [component(one) for one in found.libraries],
    )


def _read(data: dict[str, Any]) -> Found:
    """Raises ValueError or IndexError for what ``_written`` would not have given."""
    codec = _codec()
    codec.know(data["table"])
    workspace: CargoWorkspace = codec.read(WORKSPACE, data["workspace"])
    graphs: list[CrateGraph] = [codec.read(GRAPH, each) for each in _list(data["graphs"])]
    crates = [tuple(graph.crates.values()) for graph in graphs]
    edges = [graph.dependencies for graph in graphs]

    def linked(row: Any, graph: int) -> LinkedCrate:
        crate, chain, certain = codec.read("tuple[int, tuple[int, ...], bool]", row)
        return LinkedCrate(crates[graph][crate], _chain(edges[graph], chain), certain)

    def component(row: Any) -> ComponentCrate:
        number, crate, manifest, target = codec.read("tuple[int, int, str, int]", _list(row)[:4])
        package = workspace.packages.get(manifest)
        if package is None or len(row) != 5:
            raise NotPlain("a component")
        graph = graphs[number]
        links = tuple(linked(each, number) for each in _list(row[4]))
        return ComponentCrate(crates[number][crate], package, package.targets[target], graph, links)

    return Found(
        codec.read("str", data["triple"]),
        workspace,
        codec.read(PROBLEMS, data["problems"]),
        tuple(component(row) for row in _list(data["components"])),
        tuple(component(row) for row in _list(data["libraries"])),
    )


def _chain(edges: Sequence[Dependency], chain: Iterable[int]) -> tuple[Dependency, ...]:
    return tuple(edges[at] for at in chain)


def _list(data: Any) -> list[Any]:
    if type(data) is not list:
        raise NotPlain("a list")
    return data
