"""What part of the graph is shown, and what stands folded in it. Pure functions from Network to Network."""

from __future__ import annotations

import dataclasses
import difflib
import fnmatch
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from enum import StrEnum

from wasmdoctor.graph.network import Edge, EdgeKind, Network, Node, NodeFacts, NodeKind
from wasmdoctor.model.binding import Certainty
from wasmdoctor.model.names import ExternName
from wasmdoctor.model.record import dataclass
from wasmdoctor.reporters.graph.titles import plural
from wasmdoctor.reporters.graph.ways import CHAIN, leading, reached


class Aspect(StrEnum):
    """What ``--only`` can ask for; several together show what any of them would."""

    IMPORTS = "imports"
    EXPORTS = "exports"
    COMPONENTS = "components"
    CRATES = "crates"
    WORLDS = "worlds"
    FILES = "files"


@dataclass(frozen=True, slots=True)
class View:
    """What a person wants to see.

    ``focus`` is a node's label, name or glob ("" for everything), ``depth`` how many edges from it on
    either side (None for all ways through it). ``only`` empty means all but files. ``expand`` shows
    registry crates, what of their worlds is unused, and the host's standard interfaces one by one.
    """

    focus: str = ""
    depth: int | None = None
    only: tuple[Aspect, ...] = ()
    expand: bool = False


class UnknownNode(Exception):
    """No node that is shown has the name in ``pattern``; ``near`` is the nearest name, or ""."""

    def __init__(self, pattern: str, near: str) -> None:
        super().__init__(f"no node is called `{pattern}`")
        self.pattern = pattern
        self.near = near


_ALL_BUT_FILES = frozenset(NodeKind) - {NodeKind.FILE}

_SHOWN: dict[Aspect, tuple[frozenset[NodeKind], frozenset[EdgeKind]]] = {
    Aspect.IMPORTS: (_ALL_BUT_FILES, CHAIN | {EdgeKind.IMPORTS, EdgeKind.PROVIDES}),
    Aspect.EXPORTS: (_ALL_BUT_FILES - {NodeKind.HOST}, CHAIN | {EdgeKind.EXPORTS}),
    Aspect.COMPONENTS: (
        frozenset({NodeKind.COMPONENT, NodeKind.MODULE, NodeKind.INTERFACE, NodeKind.HOST}),
        frozenset({EdgeKind.IMPORTS, EdgeKind.EXPORTS, EdgeKind.PROVIDES, EdgeKind.CONTAINS}),
    ),
    Aspect.CRATES: (
        frozenset({NodeKind.COMPONENT, NodeKind.CRATE}),
        frozenset({EdgeKind.BUILT_FROM, EdgeKind.DEPENDS}),
    ),
    Aspect.WORLDS: (
        frozenset({NodeKind.WORLD, NodeKind.INTERFACE}),
        frozenset({EdgeKind.INCLUDES, EdgeKind.IMPORTS, EdgeKind.EXPORTS}),
    ),
    Aspect.FILES: (
        frozenset({NodeKind.WORLD, NodeKind.INTERFACE, NodeKind.FILE}),
        frozenset({EdgeKind.INCLUDES, EdgeKind.DECLARED_IN}),
    ),
}


def prepare(network: Network, view: View) -> Network:
    """The part of ``network`` that ``view`` asks for. The same input gives the same graph.

    Raises UnknownNode when nothing that would be shown is called as ``view.focus`` says.
    """
    focus = find(network, view.focus) if view.focus else []
    if not view.expand:
        kept = frozenset(focus)
        network = fold_interfaces(fold_crates(fold_unused(network, kept), kept), kept)
    network = only(network, view.only)
    if view.focus:
        shown = [node for node in focus if node in network]
        if not shown:
            raise UnknownNode(view.focus, _nearest(network, view.focus))
        network = network.through(shown, view.depth)
    return network


def find(network: Network, pattern: str) -> list[Node]:
    """The nodes that ``pattern`` names, sorted: by label or key, else by a shorter name, else as a glob.

    Shorter names leave out the version, the package or the folder; ``crate:NAME`` tells a crate from a
    component of the same name. Raises UnknownNode.
    """
    names = {node: _names(node, network.facts(node)) for node in network.nodes()}
    ways: list[Callable[[list[str]], bool]] = [
        lambda known: pattern in known[:2],
        lambda known: pattern in known,
        lambda known: any(fnmatch.fnmatchcase(name, pattern) for name in known),
    ]
    for way in ways:
        found = [node for node, known in names.items() if way(known)]
        if found:
            return found
    raise UnknownNode(pattern, _nearest(network, pattern))


def _names(node: Node, facts: NodeFacts) -> list[str]:
    """Everything that a node answers to, the fullest first."""
    label = facts.label
    path = label.partition("@")[0]
    names = [
        label,
        node.key,
        path,
        label.partition(" ")[0],
        label.rpartition("/")[2],
        path.rpartition("/")[2],
    ]
    if node.kind in (NodeKind.COMPONENT, NodeKind.MODULE):
        names.append(path.rpartition("/")[2].removesuffix(".wasm"))
    return [*names, *(f"{node.kind.value}:{name}" for name in names)]


def _nearest(network: Network, pattern: str) -> str:
    known = {
        name.lower(): name for node in network.nodes() for name in _names(node, network.facts(node)) if name
    }
    near = difflib.get_close_matches(pattern.lower(), sorted(known), 1)
    return known[near[0]] if near else ""


def only(network: Network, aspects: Iterable[Aspect]) -> Network:
    """The nodes and edges that some of ``aspects`` shows; all but files when there is none.

    For imports and exports that is what leads to one, and what provides it.
    """
    parts = [_aspect(network, aspect) for aspect in sorted(set(aspects))]
    if not parts:
        return network.only(lambda node: node.kind is not NodeKind.FILE)
    if len(parts) == 1:
        return parts[0]
    nodes = {node for part in parts for node in part.nodes()}
    edges = {edge for part in parts for edge in part.edges()}
    return network.only(nodes.__contains__, edges.__contains__)


def _aspect(network: Network, aspect: Aspect) -> Network:
    kinds, ways = _SHOWN[aspect]
    part = network.only(lambda node: node.kind in kinds, lambda edge: edge.kind in ways)
    if aspect is Aspect.FILES:
        ends = {node for edge in part.edges() for node in (edge.source, edge.target)}
        return part.only(ends.__contains__)
    wanted = {Aspect.IMPORTS: EdgeKind.IMPORTS, Aspect.EXPORTS: EdgeKind.EXPORTS}.get(aspect)
    if wanted is None:
        return part
    ends = {edge.target for edge in part.edges() if edge.kind is wanted}
    return part.only(leading(part.edges(), ends).__contains__)


def fold_crates(network: Network, keep: Iterable[Node] = ()) -> Network:
    """Registry crates folded into the notes of the crates that depend on them: ``+12 registry crates``.

    Those that bring something stay, and so do the crates on the way to them: a binding, an import, a
    finding, a component, or being in ``keep``.
    """
    crates = {node for node in network.nodes(NodeKind.CRATE) if network.facts(node).external}
    depends = [edge for edge in network.edges() if edge.kind is EdgeKind.DEPENDS]
    stay = {node for node in crates if network.facts(node).finding} | set(keep)
    for edge in network.edges():
        if edge.kind is not EdgeKind.DEPENDS:
            stay |= {edge.source, edge.target}
    stay = leading(depends, stay & crates)
    folded = crates - stay
    if not folded:
        return network
    ways: dict[Node, list[Node]] = defaultdict(list)
    for edge in depends:
        if edge.target in folded:
            ways[edge.source].append(edge.target)
    result = network.only(lambda node: node not in folded)
    return _noted(
        result,
        {
            node: f"+{plural(count, 'registry crates')}"
            for node in result.nodes(NodeKind.CRATE)
            if (count := len(reached(ways.get(node, ()), ways)))
        },
    )


def fold_unused(network: Network, keep: Iterable[Node] = ()) -> Network:
    """What bindings in registry crates offer and nothing calls, folded into notes: ``+18 unused imports``.

    Crates such as ``wasip2`` bind whole worlds, of which a component calls a few functions. A world of
    which nothing is used goes too, with its binding. Nodes in ``keep`` stay, with what leads to them.
    """
    kept = set(keep)
    holders = _outer_holders(network)
    dropped = {
        edge
        for holder in holders
        for edge in network.out(holder)
        if edge.certainty is Certainty.UNUSED and edge.target not in kept
    }
    if not dropped:
        return network
    idle = {h for h in holders - kept if set(network.out(h)) <= dropped and network.out(h)}
    idle |= {
        binding
        for binding in network.nodes(NodeKind.BINDING)
        if binding in holders - kept
        and network.out(binding)
        and all(edge.target in idle or edge in dropped for edge in network.out(binding))
    }
    used = {
        node
        for edge in network.edges()
        if edge not in dropped and edge.kind is not EdgeKind.PROVIDES
        for node in (edge.source, edge.target)
    }
    touched = {edge.target for edge in dropped}
    gone = {node for node in touched - used - kept if not network.facts(node).finding} | idle
    part = network.only(lambda node: node not in gone, lambda edge: edge not in dropped)
    return _noted(part, _unused_notes(network, dropped, idle))


def _outer_holders(network: Network) -> set[Node]:
    """Bindings of which only registry crates have one, and the worlds of which only such bindings are."""
    bindings = {
        node
        for node in network.nodes(NodeKind.BINDING)
        if (crates := network.into(node, EdgeKind.BINDS))
        and all(network.facts(edge.source).external for edge in crates)
    }
    worlds = {
        node
        for node in network.nodes(NodeKind.WORLD)
        if (edges := network.into(node)) and all(edge.source in bindings for edge in edges)
    }
    return bindings | worlds


def _unused_notes(network: Network, dropped: Iterable[Edge], idle: Iterable[Node]) -> dict[Node, str]:
    """What was left out of worlds and bindings that stay, and how many bindings of crates are gone."""
    counts: dict[Node, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for edge in dropped:
        counts[edge.source]["import" if edge.kind is EdgeKind.IMPORTS else "export"] += 1
    for node in idle:
        counts.pop(node, None)
        for edge in network.into(node, EdgeKind.BINDS):
            counts[edge.source]["binding"] += 1
    return {
        node: ", ".join(f"+{plural(count, f'unused {word}s')}" for word, count in sorted(words.items()))
        for node, words in counts.items()
    }


def fold_interfaces(network: Network, keep: Iterable[Node] = ()) -> Network:
    """Standard interfaces without findings that a host provides, as one node for each package and version.

    Edges of the same kind from one node become one, the surest of them.
    """
    groups: dict[tuple[str, str, tuple[Node, ...]], list[Node]] = defaultdict(list)
    for node in network.nodes(NodeKind.INTERFACE):
        facts, name = network.facts(node), ExternName.parse(network.facts(node).label)
        providers = tuple(sorted({edge.source for edge in network.into(node, EdgeKind.PROVIDES)}))
        provided = any(provider.kind is NodeKind.HOST for provider in providers)
        if facts.external and not facts.finding and provided and node not in set(keep) and name.package:
            groups[name.package, name.version or "", providers].append(node)
    folded: dict[Node, Node] = {}
    facts_of: dict[Node, NodeFacts] = {}
    taken = set(network.nodes())
    for (package, version, _), nodes in groups.items():
        if len(nodes) < 2:
            continue
        label = f"{package}/*" + (f"@{version}" if version else "")
        whole = _free(label, taken)
        taken.add(whole)
        names = sorted(ExternName.parse(network.facts(node).label).interface or "" for node in nodes)
        facts_of[whole] = NodeFacts(label, external=True, note=", ".join(names))
        folded |= dict.fromkeys(nodes, whole)
    return _merged(network, folded, facts_of) if folded else network


def _free(label: str, taken: set[Node]) -> Node:
    """A key that no other group has: two hosts may provide different interfaces of one package."""
    node, number = Node(NodeKind.INTERFACE, label), 2
    while node in taken:
        node, number = Node(NodeKind.INTERFACE, f"{label} ({number})"), number + 1
    return node


def _merged(network: Network, into: Mapping[Node, Node], facts: Mapping[Node, NodeFacts]) -> Network:
    """The graph with some nodes replaced by those that stand for them."""
    result = Network()
    for node in network.nodes():
        if node not in into:
            result.add(node, network.facts(node))
    for node, known in facts.items():
        result.add(node, known)
    together: dict[tuple[Node, Node, EdgeKind], list[Edge]] = defaultdict(list)
    for edge in network.edges():
        source, target = into.get(edge.source, edge.source), into.get(edge.target, edge.target)
        if (source, target) == (edge.source, edge.target):
            result.connect(edge)
        else:
            together[source, target, edge.kind].append(edge)
    for (source, target, _), edges in together.items():
        result.connect(dataclasses.replace(surest(edges), source=source, target=target))
    return result


def surest(edges: Iterable[Edge]) -> Edge:
    """Of several edges the one with the greatest certainty, then with the strongest evidence; the first such."""
    return min(edges, key=lambda edge: edge.doubt)


def _noted(network: Network, notes: Mapping[Node, str]) -> Network:
    """The graph with something added to the notes of some nodes."""
    result = Network()
    for node in network.nodes():
        facts = network.facts(node)
        note = ", ".join(text for text in (facts.note, notes.get(node, "")) if text)
        result.add(node, dataclasses.replace(facts, note=note))
    for edge in network.edges():
        result.connect(edge)
    return result
