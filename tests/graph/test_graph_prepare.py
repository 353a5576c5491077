"""What part of the graph is shown, and what is folded."""

from __future__ import annotations

import pytest

from wasmdoctor.graph.network import EdgeKind, Network, Node, NodeKind
from wasmdoctor.model.binding import Certainty
from wasmdoctor.reporters.graph.prepare import (
    Aspect,
    UnknownNode,
    View,
    find,
    fold_crates,
    fold_interfaces,
    fold_unused,
    prepare,
)


def labels(network: Network, kind: NodeKind | None = None) -> list[str]:
    return [network.facts(node).label for node in network.nodes(kind)]


def note(network: Network, label: str) -> str:
    return next(network.facts(n).note for n in network.nodes() if network.facts(n).label == label)


def test_registry_crates_fold_into_the_crates_that_need_them(scheduler: Network) -> None:
    folded = fold_crates(scheduler)
    assert labels(folded, NodeKind.CRATE) == [
        "scheduler 0.1.0",
        "scheduler-actions-http 0.1.0",
        "scheduler-core 0.1.0",
        "scheduler-executor 0.1.0",
    ]
    # wit-bindgen, and bitflags below it.
    assert note(folded, "scheduler-core 0.1.0") == "+2 registry crates"
    assert "wit-bindgen 0.48.1" in labels(scheduler)


def test_a_registry_crate_that_brings_imports_stays_with_the_way_to_it(maker) -> None:
    app, client, bindings = (maker.crate(n, external=n != "app") for n in ("app", "client", "wasip2"))
    other = maker.crate("memchr", external=True)
    for one, two in ((app, client), (client, bindings), (client, other), (bindings, other)):
        maker.edge(one, two, EdgeKind.DEPENDS)
    world = maker.world("wasi:cli/imports@0.2.6", "registry/w.wit", 1, maker.binding(bindings, "r/lib.rs", 1))
    maker.edge(world, maker.interface("wasi:io/poll@0.2.6"), EdgeKind.IMPORTS)
    folded = fold_crates(maker.network)
    assert labels(folded, NodeKind.CRATE) == ["app 0.1.0", "client 0.1.0", "wasip2 0.1.0"]
    assert note(folded, "app 0.1.0") == ""
    assert note(folded, "client 0.1.0") == note(folded, "wasip2 0.1.0") == "+1 registry crate"


def test_a_crate_in_focus_is_not_folded(scheduler: Network) -> None:
    shown = prepare(scheduler, View(focus="bitflags"))
    assert "bitflags 2.9.0" in labels(shown)
    assert "wit-bindgen 0.48.1" in labels(shown)
    assert not shown.nodes(NodeKind.WORLD)


def test_expand_folds_nothing(scheduler: Network) -> None:
    shown = prepare(scheduler, View(expand=True))
    assert shown.nodes() == scheduler.nodes()
    assert shown.edges() == scheduler.edges()


def test_standard_interfaces_of_the_host_fold_by_package_and_version(scheduler: Network) -> None:
    folded = fold_interfaces(scheduler)
    wasi = [label for label in labels(folded, NodeKind.INTERFACE) if label.startswith("wasi:")]
    assert wasi == ["wasi:cli/*@0.2.6", "wasi:io/*@0.2.6"]
    assert note(folded, "wasi:io/*@0.2.6") == "error, poll, streams"
    component = folded.nodes(NodeKind.COMPONENT)[0]
    imported = [folded.facts(edge.target).label for edge in folded.out(component, EdgeKind.IMPORTS)]
    assert imported.count("wasi:io/*@0.2.6") == 1


@pytest.mark.parametrize("reason", ["finding", "no host", "another version", "alone", "kept"])
def test_interfaces_that_differ_stay_apart(maker, reason: str) -> None:
    host = maker.host()
    names = ["wasi:io/poll@0.2.6", "wasi:io/error@0.2.6", "wasi:io/streams@0.2.6"]
    if reason == "another version":
        names[2] = "wasi:io/streams@0.2.3"
    if reason == "alone":
        names = names[2:]
    nodes = [maker.interface(name) for name in names]
    for node in nodes:
        if not (reason == "no host" and node is nodes[-1]):
            maker.edge(host, node, EdgeKind.PROVIDES)
    if reason == "finding":
        maker.network.mark(nodes[-1], "warning")
    folded = fold_interfaces(maker.network, nodes[-1:] if reason == "kept" else ())
    rest = ["wasi:io/*@0.2.6"] if len(names) > 1 else []
    assert sorted(labels(folded, NodeKind.INTERFACE)) == sorted([*rest, names[-1]])


def test_unused_imports_of_registry_bindings_fold_into_notes(maker) -> None:
    app, outer = maker.crate("app"), maker.crate("wasip2", external=True)
    maker.edge(app, outer, EdgeKind.DEPENDS)
    used = maker.world("wasi:cli/imports@0.2.6", "r/w.wit", 1, maker.binding(outer, "r/imports.rs", 1))
    idle = maker.world("wasi:http/proxy@0.2.6", "r/w.wit", 9, maker.binding(outer, "r/proxy.rs", 1))
    mine = maker.world("app:it/it", "w.wit", 1, maker.binding(app, "src/lib.rs", 1))
    for holder, name, sure in (
        (used, "wasi:io/poll@0.2.6", Certainty.CERTAIN),
        (used, "wasi:io/error@0.2.6", Certainty.UNUSED),
        (used, "wasi:cli/exit@0.2.6", Certainty.UNUSED),
        (idle, "wasi:http/types@0.2.6", Certainty.UNUSED),
        (mine, "app:it/logs", Certainty.UNUSED),
    ):
        maker.edge(holder, maker.interface(name), EdgeKind.IMPORTS, certainty=sure)
    folded = fold_unused(maker.network)
    # What a workspace's own world declares and nothing calls is worth seeing.
    assert labels(folded, NodeKind.INTERFACE) == ["app:it/logs", "wasi:io/poll@0.2.6"]
    assert labels(folded, NodeKind.WORLD) == ["app:it/it", "wasi:cli/imports@0.2.6"]
    assert note(folded, "wasi:cli/imports@0.2.6") == "+2 unused imports"
    assert note(folded, "wasip2 0.1.0") == "+1 unused binding"
    kept = fold_unused(maker.network, find(maker.network, "wasi:http/types"))
    assert "wasi:http/proxy@0.2.6" in labels(kept)


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("wasi:io/poll@0.2.6", ["wasi:io/poll@0.2.6"]),
        ("wasi:io/poll", ["wasi:io/poll@0.2.6"]),
        ("poll", ["wasi:io/poll@0.2.6"]),
        ("wasi:io/*", ["wasi:io/error@0.2.6", "wasi:io/poll@0.2.6", "wasi:io/streams@0.2.6"]),
        ("scheduler-core 0.1.0", ["scheduler-core 0.1.0"]),
        ("target/wasm32-wasip2/release/scheduler.wasm", ["scheduler.wasm"]),
        ("crate:scheduler", ["scheduler 0.1.0"]),
        ("component:scheduler", ["scheduler.wasm"]),
        ("world:scheduler-core", ["scheduler:core-libs/scheduler-core@0.1.0"]),
        ("scheduler-*", None),
    ],
)
def test_a_node_is_found_by_its_names(scheduler: Network, pattern: str, found: list[str] | None) -> None:
    names = [scheduler.facts(node).label for node in find(scheduler, pattern)]
    if found is None:
        assert len(names) > 4
    else:
        assert names == found


@pytest.mark.parametrize(
    ("pattern", "near"), [("sheduler-core", "scheduler-core"), ("WASI-TCP", "wasi-tcp"), ("qqqqqqqq", "")]
)
def test_an_unknown_name_suggests_the_nearest(scheduler: Network, pattern: str, near: str) -> None:
    with pytest.raises(UnknownNode) as error:
        prepare(scheduler, View(focus=pattern))
    assert error.value.near == near


def test_focus_outside_of_what_is_shown_is_unknown(scheduler: Network) -> None:
    with pytest.raises(UnknownNode):
        prepare(scheduler, View(focus="wasi-tcp", only=(Aspect.CRATES,)))


def test_focus_shows_all_ways_through_a_node(scheduler: Network) -> None:
    shown = prepare(scheduler, View(focus="runner"))
    assert labels(shown, NodeKind.CRATE) == ["scheduler 0.1.0", "scheduler-executor 0.1.0"]
    assert labels(shown, NodeKind.INTERFACE) == ["scheduler:executor/runner@0.1.0"]
    assert labels(shown, NodeKind.COMPONENT) == ["scheduler.wasm", "scheduler_executor.wasm"]


def test_an_interface_leads_on_to_who_provides_it(scheduler: Network) -> None:
    shown = prepare(scheduler, View(focus="poll", depth=1))
    assert labels(shown, NodeKind.HOST) == ["wasmtime@50.0.1"]
    assert len(shown.nodes(NodeKind.COMPONENT)) == 4
    assert len(shown.nodes(NodeKind.INTERFACE)) == 1


def test_depth_counts_edges_on_either_side(scheduler: Network) -> None:
    shown = prepare(scheduler, View(focus="crate:scheduler-executor", depth=1))
    assert labels(shown) == [
        "bindings file component.rs:3",
        "scheduler_executor.wasm",
        "scheduler 0.1.0",
        "scheduler-core 0.1.0",
        "scheduler-executor 0.1.0",
    ]
    assert labels(prepare(scheduler, View(focus="runner", depth=0))) == ["scheduler:executor/runner@0.1.0"]


def test_only_imports_leaves_out_what_brings_none(scheduler: Network) -> None:
    shown = prepare(scheduler, View(only=(Aspect.IMPORTS,)))
    assert labels(shown, NodeKind.WORLD) == ["scheduler:core-libs/scheduler-core@0.1.0"]
    assert {edge.kind for edge in shown.edges()} == set(EdgeKind) - {
        EdgeKind.EXPORTS,
        EdgeKind.INCLUDES,
        EdgeKind.CONTAINS,
        EdgeKind.DECLARED_IN,
    }


def test_only_exports_leaves_out_imports_and_hosts(scheduler: Network) -> None:
    shown = prepare(scheduler, View(only=(Aspect.EXPORTS,)))
    assert not shown.nodes(NodeKind.HOST)
    assert "scheduler:core-libs/wasi-tcp@0.1.0" not in labels(shown)
    assert "run-scenario" in labels(shown)


@pytest.mark.parametrize("aspect", list(Aspect))
def test_aspects_together_show_what_either_would(scheduler: Network, aspect: Aspect) -> None:
    alone, crates = (prepare(scheduler, View(only=(one,))) for one in (aspect, Aspect.CRATES))
    both = prepare(scheduler, View(only=(Aspect.CRATES, aspect)))
    assert set(both.nodes()) == {*alone.nodes(), *crates.nodes()}
    assert set(both.edges()) == {*alone.edges(), *crates.edges()}


def test_files_are_shown_when_asked_for(maker) -> None:
    file = Node(NodeKind.FILE, "wit/world.wit")
    world = maker.world("a:b/c", "wit/world.wit", 3)
    maker.edge(world, file, EdgeKind.DECLARED_IN)
    lonely = maker.interface("a:b/lonely")
    assert file not in prepare(maker.network, View())
    shown = prepare(maker.network, View(only=(Aspect.FILES,)))
    assert shown.nodes() == [file, world]
    assert lonely not in shown
