"""What pictures leave out, and the chains that they point at."""

from __future__ import annotations

from wasmdoctor.graph.network import Edge, EdgeKind, Network, Node, NodeKind
from wasmdoctor.model.binding import Certainty, Evidence
from wasmdoctor.model.rule import Severity
from wasmdoctor.reporters.graph.emphasis import drawn, leaks, shortcuts, undemanded


def node(network: Network, kind: NodeKind, label: str) -> Node:
    return next(n for n in network.nodes(kind) if network.facts(n).label == label)


def named(network: Network, edges: set[Edge] | frozenset[Edge]) -> set[tuple[str, str]]:
    return {(network.facts(e.source).label, network.facts(e.target).label) for e in edges}


def test_an_import_that_a_chain_gives_is_a_shortcut(scheduler: Network) -> None:
    found = named(scheduler, shortcuts(scheduler))
    assert ("scheduler.wasm", "scheduler:core-libs/wasi-tcp@0.1.0") in found
    # What std brings stands in no world: it has only this edge.
    assert ("scheduler.wasm", "wasi:io/poll@0.2.6") not in found
    # The world itself keeps its edge.
    assert not any(source.startswith("scheduler:core-libs/") for source, _ in found)


def test_a_chain_that_uses_nothing_gives_nothing(maker) -> None:
    component, crate, target = maker.component("a.wasm"), maker.crate("a"), maker.interface("a:b/c")
    world = maker.world("a:b/w", "w.wit", 1, maker.binding(crate, "src/lib.rs", 1))
    maker.edge(component, crate, EdgeKind.BUILT_FROM)
    maker.edge(component, target, EdgeKind.IMPORTS)
    maker.edge(world, target, EdgeKind.IMPORTS, certainty=Certainty.UNUSED)
    assert not shortcuts(maker.network)


def test_leaks_mark_the_chain_and_the_shortest_of_several(scheduler: Network) -> None:
    found = leaks(scheduler)
    assert {leak.severity for leak in found.values()} == {Severity.ERROR}
    marked = named(scheduler, set(found))
    assert ("scheduler 0.1.0", "scheduler-core 0.1.0") in marked
    assert ("scheduler:core-libs/scheduler-core@0.1.0", "scheduler:core-libs/wasi-udp@0.1.0") not in marked
    assert not any(edge.kind is EdgeKind.EXPORTS for edge in found)
    longer = named(scheduler, {edge for edge, leak in found.items() if not leak.shortest})
    assert longer == {
        ("scheduler 0.1.0", "scheduler-actions-http 0.1.0"),
        ("scheduler 0.1.0", "scheduler-executor 0.1.0"),
    }


def test_a_component_that_does_not_import_it_has_no_leak(maker) -> None:
    crate, bad = maker.crate("lib"), maker.interface("a:b/bad", "warning")
    world = maker.world("a:b/w", "w.wit", 1, maker.binding(crate, "src/lib.rs", 1))
    maker.edge(world, bad, EdgeKind.IMPORTS)
    components = [maker.component(name) for name in ("has.wasm", "clean.wasm")]
    for component in components:
        maker.edge(component, crate, EdgeKind.BUILT_FROM)
        maker.edge(component, maker.interface("wasi:io/poll@0.2.6"), EdgeKind.IMPORTS)
    maker.edge(components[0], bad, EdgeKind.IMPORTS)
    found = leaks(maker.network)
    assert {edge.source for edge in found if edge.kind is EdgeKind.BUILT_FROM} == {components[0]}
    assert all(leak.shortest and leak.severity is Severity.WARNING for leak in found.values())


def test_the_worst_finding_marks_a_shared_edge(maker) -> None:
    crate = maker.crate("lib")
    world = maker.world("a:b/w", "w.wit", 1, maker.binding(crate, "src/lib.rs", 1))
    for name, level in (("a:b/one", "note"), ("a:b/two", "error")):
        maker.edge(world, maker.interface(name, level), EdgeKind.IMPORTS)
    maker.edge(maker.component("a.wasm"), crate, EdgeKind.BUILT_FROM)
    found = {(edge.kind, edge.target.key): leak.severity for edge, leak in leaks(maker.network).items()}
    assert found[EdgeKind.BUILT_FROM, crate.key] is Severity.ERROR
    assert found[EdgeKind.IMPORTS, "a:b/one"] is Severity.NOTE


def test_what_only_a_world_imports_is_undemanded(scheduler: Network) -> None:
    assert {n.key for n in undemanded(scheduler)} == {"scheduler:core-libs/wasi-udp@0.1.0"}
    without = scheduler.only(lambda n: n.kind is not NodeKind.COMPONENT)
    assert not undemanded(without)


def test_a_picture_draws_one_edge_of_a_kind_the_surest(maker) -> None:
    one, two = maker.crate("one"), maker.crate("two")
    for line, sure in ((4, Certainty.POSSIBLE), (9, Certainty.CERTAIN)):
        place = maker.network.facts(one).location
        assert place is not None
        maker.edge(one, two, EdgeKind.DEPENDS, type(place)(place.path, line), Evidence.SOURCES, sure)
    maker.edge(one, one, EdgeKind.DEPENDS)
    assert [(e.target, e.certainty) for e in drawn(maker.network)] == [(two, Certainty.CERTAIN)]
    assert len(maker.network.edges()) == 3


def test_of_the_same_edge_twice_the_surer_stays(maker) -> None:
    one, two = maker.crate("one"), maker.crate("two")
    for sure in (Certainty.UNUSED, Certainty.CERTAIN, Certainty.POSSIBLE):
        maker.edge(one, two, EdgeKind.DEPENDS, certainty=sure)
    assert [edge.certainty for edge in maker.network.edges()] == [Certainty.CERTAIN]
