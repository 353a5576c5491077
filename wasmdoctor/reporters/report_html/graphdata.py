"""The graph as data for the page's script: nodes, edges, what can stand folded, and the ways of findings."""

from __future__ import annotations

import json
from collections import defaultdict, deque
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from wasmdoctor.graph.network import Edge, EdgeKind, Network, Node, NodeKind
from wasmdoctor.model.finding import Finding
from wasmdoctor.model.names import ExternName
from wasmdoctor.model.record import dataclass
from wasmdoctor.reporters.graph.emphasis import drawn
from wasmdoctor.reporters.graph.prepare import fold_crates, fold_unused
from wasmdoctor.reporters.graph.titles import one_line, place_of, plural, says, severity, title
from wasmdoctor.reporters.graph.ways import CHAIN
from wasmdoctor.reporters.report_html.groups import Group

MANY = 24
"""More components, crates or packages than this in one place can stand folded as one."""

FOLLOWED = CHAIN | {EdgeKind.IMPORTS, EdgeKind.EXPORTS}
"""Edges that lead from a component to what it imports and exports."""


@dataclass(frozen=True, slots=True)
class Cluster:
    """Nodes that can stand folded as one, which has a kind, a name and a detail of its own."""

    kind: NodeKind
    name: str
    detail: str
    members: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Drawing:
    """What the script draws: numbers of nodes and edges are their places here.

    ``ways`` are the nodes on the way of each group of findings that has one, by the group's id.
    """

    network: Network
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    clusters: tuple[Cluster, ...]
    ways: Mapping[str, tuple[Node, ...]]


def drawing(network: Network, groups: Iterable[Group]) -> Drawing:
    """What of the graph is drawn: registry crates that bring nothing, and what nothing uses, are folded away."""
    shown = fold_crates(fold_unused(network)).only(lambda node: node.kind is not NodeKind.FILE)
    edges = drawn(shown)
    out: dict[Node, list[Edge]] = defaultdict(list)
    for edge in edges:
        if edge.kind in FOLLOWED:
            out[edge.source].append(edge)
    ways = {group.id: way for group in groups if (way := _way(group.first, shown, out))}
    return Drawing(shown, tuple(shown.nodes()), tuple(edges), tuple(_clusters(shown)), ways)


def as_json(found: Drawing) -> str:
    """The drawing as JSON that is safe inside a ``script`` element.

    Texts stand once, in ``texts``; everything else names them by their number.
    """
    texts: dict[str, int] = {}

    def number(text: str) -> int:
        return texts.setdefault(text, len(texts))

    places = {node: place for place, node in enumerate(found.nodes)}
    cluster_of = {node: place for place, cluster in enumerate(found.clusters) for node in cluster.members}
    data: dict[str, Any] = {
        "nodes": [_node(found.network, node, cluster_of.get(node, -1), number) for node in found.nodes],
        "edges": [
            [places[edge.source], places[edge.target], number(edge.kind.value), number(says(edge))]
            for edge in found.edges
        ],
        "clusters": [
            [number(each.kind.value), number(each.name), number(each.detail)] for each in found.clusters
        ],
        "ways": {id_: [places[node] for node in way] for id_, way in found.ways.items()},
    }
    data["texts"] = list(texts)
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _node(network: Network, node: Node, cluster: int, number: Any) -> list[Any]:
    facts = network.facts(node)
    shown = title(node, facts)
    level = severity(facts.finding)
    return [
        number(node.kind.value),
        number(shown.name),
        number(shown.detail),
        number(place_of(facts.location)),
        number(level.value if level else ""),
        int(facts.external),
        cluster,
        number(one_line(facts.label)),
    ]


def _clusters(network: Network) -> list[Cluster]:
    return [*_folders(network), *_crates(network), *_packages(network)]


def _folders(network: Network) -> list[Cluster]:
    """The components and modules of a folder, where they are many."""
    folders: dict[str, list[Node]] = defaultdict(list)
    for kind in (NodeKind.COMPONENT, NodeKind.MODULE):
        for node in network.nodes(kind):
            folders[_folder(node.key)].append(node)
    return [
        Cluster(NodeKind.COMPONENT, plural(len(nodes), "components"), one_line(folder), tuple(nodes))
        for folder, nodes in sorted(folders.items())
        if len(nodes) > MANY
    ]


def _folder(path: str) -> str:
    """The folder that a binary lies in, or a crate for one that is not built."""
    folder, _, name = path.rpartition("/")
    return folder.rpartition("/")[0] if name == "Cargo.toml" else folder


def _crates(network: Network) -> list[Cluster]:
    """Each crate with its bindings, and with the worlds that only these are for; where they are many, the crates
    that components are built from together, and those that bind nothing."""
    built = {edge.target for edge in network.edges() if edge.kind is EdgeKind.BUILT_FROM}
    own = {crate: _own(network, crate) for crate in network.nodes(NodeKind.CRATE)}
    entries = [crate for crate in own if crate in built]
    plain = [crate for crate in own if crate not in built and len(own[crate]) == 1]
    found: list[Cluster] = []
    for crates, about in ((entries, "that components are built from"), (plain, "without bindings")):
        if len(crates) > MANY:
            members = tuple(node for crate in crates for node in own.pop(crate))
            found.append(Cluster(NodeKind.CRATE, plural(len(crates), "crates"), about, members))
    for crate, members in own.items():
        if len(members) > 1:
            shown = title(crate, network.facts(crate))
            found.append(Cluster(NodeKind.CRATE, shown.name, shown.detail, members))
    return found


def _own(network: Network, crate: Node) -> tuple[Node, ...]:
    """A crate, the bindings that only it has, and the worlds that only these are for."""
    bindings = [edge.target for edge in network.out(crate, EdgeKind.BINDS)]
    bindings = [node for node in bindings if {edge.source for edge in network.into(node)} == {crate}]
    worlds = [edge.target for node in bindings for edge in network.out(node, EdgeKind.FOR)]
    worlds = [world for world in worlds if {edge.source for edge in network.into(world)} <= set(bindings)]
    return (crate, *dict.fromkeys(bindings), *dict.fromkeys(worlds))


def _packages(network: Network) -> list[Cluster]:
    """The interfaces of a package at a version, where it has several; those of a name space with many packages."""
    packages: dict[tuple[str, str], list[Node]] = defaultdict(list)
    for node in network.nodes(NodeKind.INTERFACE):
        name = ExternName.parse(network.facts(node).label)
        if name.package:
            packages[name.package, name.version or ""].append(node)
    spaces: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for package, version in packages:
        spaces[package.partition(":")[0]].append((package, version))
    found: list[tuple[str, str, list[Node]]] = []
    for space, inside in sorted(spaces.items()):
        if len(inside) > MANY:
            found.append((f"{space}:*", "", [node for key in inside for node in packages[key]]))
        else:
            found += [(package, version, packages[package, version]) for package, version in sorted(inside)]
    return [
        Cluster(
            NodeKind.INTERFACE,
            one_line(name),
            " · ".join(part for part in (version, plural(len(nodes), "interfaces")) if part),
            tuple(nodes),
        )
        for name, version, nodes in found
        if len(nodes) > 1
    ]


def _way(finding: Finding, network: Network, out: Mapping[Node, Sequence[Edge]]) -> tuple[Node, ...]:
    """The nodes from a finding's component to its interface; () when the graph has no such way.

    Of several ways the one with the fewest nodes that the finding does not name.
    """
    start = next(
        (
            node
            for kind in (NodeKind.COMPONENT, NodeKind.MODULE)
            if (node := Node(kind, finding.subject)) in network
        ),
        None,
    )
    end = Node(NodeKind.INTERFACE, finding.interface)
    if start is None or end not in network:
        return ()
    named = {(step.kind, step.name) for step in finding.origin}
    named |= {("binding", str(step.location)) for step in finding.origin if step.kind == "binding"}
    cost, came, todo = {start: 0}, {start: start}, deque([start])
    while todo:
        node = todo.popleft()
        if node == end:
            break
        for edge in out.get(node, ()):
            known = _is_named(edge.target, network, named)
            total = cost[node] + (not known)
            if total < cost.get(edge.target, total + 1):
                cost[edge.target], came[edge.target] = total, node
                (todo.appendleft if known else todo.append)(edge.target)
    if end not in came:
        return ()
    way = [end]
    while way[-1] != start:
        way.append(came[way[-1]])
    return tuple(reversed(way))


def _is_named(node: Node, network: Network, named: set[tuple[str, str]]) -> bool:
    """Whether a finding's own chain names a node."""
    facts = network.facts(node)
    match node.kind:
        case NodeKind.CRATE:
            return ("crate", node.key.partition(" ")[0]) in named
        case NodeKind.BINDING:
            return ("binding", str(facts.location)) in named
        case NodeKind.WORLD:
            return ("world", title(node, facts).name) in named
    return False
