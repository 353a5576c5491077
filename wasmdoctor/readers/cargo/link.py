"""Which crates are linked into a crate's cdylib."""

from __future__ import annotations

from wasmdoctor.model.cargo import (
    CrateGraph,
    CrateId,
    Dependency,
    DependencyKind,
    Evidence,
    LinkedCrate,
    Side,
)


def linked_crates(graph: CrateGraph, root: CrateId) -> tuple[LinkedCrate, ...]:
    """The crates whose rlibs end up in the root's cdylib or program, nearest first, the root left out.

    Normal dependencies, transitively: not build and dev dependencies, not proc macros, and not crates
    that are only a cdylib or staticlib (Cargo passes those to no dependent). Where only Cargo.lock is
    known, every edge counts, and the crate is not certain unless a chain of manifests reaches it too.
    The root must be compiled for the target.
    """
    sure = _reach(graph, root, certain_only=True)
    # A chain that is not certain leaves the certain ones somewhere.
    edges = (edge for crate in (root, *sure) for edge in graph.dependencies_of(crate, Side.TARGET))
    leaves = any(edge.evidence is Evidence.LOCK for edge in edges)
    every = _reach(graph, root, certain_only=False) if leaves else sure
    found = [LinkedCrate(graph.crates[crate], chain, certain=True) for crate, chain in sure.items()]
    found += [
        LinkedCrate(graph.crates[crate], chain, certain=False)
        for crate, chain in every.items()
        if crate not in sure
    ]
    return tuple(sorted(found, key=lambda linked: len(linked.chain)))


def _reach(graph: CrateGraph, root: CrateId, *, certain_only: bool) -> dict[CrateId, tuple[Dependency, ...]]:
    """Breadth first: a shortest chain to each crate, the first in the order of the manifests."""
    chains: dict[CrateId, tuple[Dependency, ...]] = {}
    waiting = [root]
    for crate in waiting:  # grows on the way
        for edge in graph.dependencies_of(crate, Side.TARGET):
            known = edge.dependency
            if known == root or known in chains or not _links(graph, edge, certain_only):
                continue
            chains[known] = (*chains.get(crate, ()), edge)
            waiting.append(known)
    return chains


def _links(graph: CrateGraph, edge: Dependency, certain_only: bool) -> bool:
    if edge.dependency_side is not Side.TARGET or edge.kind in (DependencyKind.DEV, DependencyKind.BUILD):
        return False
    if certain_only and edge.evidence is Evidence.LOCK:
        return False
    lib = graph.crates[edge.dependency].lib
    return lib is None or lib.is_linkable
