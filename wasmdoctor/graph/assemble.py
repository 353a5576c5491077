"""Facts to the one graph: components, the crates they are built from, bindings, worlds, interfaces, hosts."""

from __future__ import annotations

from collections.abc import Callable, Collection, Container, Iterable, Mapping

from wasmdoctor.graph.bindings import CrateBindings
from wasmdoctor.graph.network import Edge, EdgeKind, Network, Node, NodeFacts, NodeKind
from wasmdoctor.model.binding import Binding, Certainty, Evidence, Prediction
from wasmdoctor.model.cargo import Crate, CrateGraph, CrateId, LinkedCrate, SourceKind
from wasmdoctor.model.finding import ImportVerdict, Status
from wasmdoctor.model.record import dataclass, field
from wasmdoctor.model.source import Location
from wasmdoctor.model.wit import StepKind, WitPackage, World


@dataclass(frozen=True, slots=True)
class BuiltFrom:
    """The crate of a component, with what its sources say."""

    crate: Crate
    graph: CrateGraph
    linked: tuple[LinkedCrate, ...]
    bindings: CrateBindings
    prediction: Prediction


@dataclass(frozen=True, slots=True)
class Part:
    """One component (or core module) of the run: its path, the verdicts on its imports, its exports, its crate."""

    path: str
    kind: str
    imports: tuple[ImportVerdict, ...] = ()
    exports: tuple[str, ...] = ()
    source: BuiltFrom | None = None
    findings: Mapping[str, str] = field(default_factory=dict)


def crate_node(crate: CrateId) -> Node:
    """The node of a package."""
    return Node(NodeKind.CRATE, f"{crate.name} {crate.version} {crate.source}")


def component_node(path: str) -> Node:
    """The node of a component by its path."""
    return Node(NodeKind.COMPONENT, path)


def interface_node(name: str) -> Node:
    """The node of an interface, function or type by its import name."""
    return Node(NodeKind.INTERFACE, name)


def binding_node(binding: Binding) -> Node:
    """The node of one binding: where it stands."""
    return Node(NodeKind.BINDING, f"{binding.location} {binding.world}")


def assemble(
    parts: Iterable[Part],
    host: str,
    declarations: Mapping[str, Location] | None = None,
    *,
    packages: Collection[WitPackage] = (),
    provides: Callable[[str], bool] = lambda name: False,
) -> Network:
    """The graph of a run.

    ``findings`` of a part maps an import's name to the severity of its finding; ``declarations`` an
    interface without version to the WIT that declares it. ``packages`` are those of WIT whose worlds and interfaces are
    shown though nothing is made of them; ``provides`` says which of their imports the host has.
    """
    network = Network()
    for part in parts:
        kind = NodeKind.MODULE if part.kind == "module" else NodeKind.COMPONENT
        label = part.path.rpartition("/")[2]
        if part.kind == "predicted" and part.source:
            label = f"{part.source.crate.name} (predicted)"
        node = network.add(Node(kind, part.path), NodeFacts(label, Location(part.path)))
        if part.source:
            _crates(network, node, part.source, predicted=part.kind == "predicted")
        for item in part.imports:
            _import(network, node, item, host, part)
        for name in part.exports:
            network.add(interface_node(name), NodeFacts(name, external=name.startswith("wasi:")))
            network.connect(Edge(node, interface_node(name), EdgeKind.EXPORTS, evidence=Evidence.COMPONENT))
        for name, severity in part.findings.items():
            network.mark(interface_node(name), severity)
    worlds = {world.name: world for package in packages for world in package.worlds.values()}
    for world in worlds.values():
        _world(network, world, host, provides, worlds)
    for package in packages:
        for interface in package.interfaces.values():
            network.add(interface_node(interface.name), NodeFacts(interface.name))
    for node in network.nodes(NodeKind.INTERFACE):
        place = (declarations or {}).get(node.key.partition("@")[0])
        if place is not None:
            _declared(network, node, place)
    return network


def _declared(network: Network, node: Node, place: Location) -> None:
    """A world or interface stands in a file."""
    file = network.add(
        Node(NodeKind.FILE, place.path), NodeFacts(place.path.rpartition("/")[2], Location(place.path))
    )
    network.connect(Edge(node, file, EdgeKind.DECLARED_IN, place))


def _world(
    network: Network, world: World, host: str, provides: Callable[[str], bool], shown: Container[str]
) -> None:
    """A world as it is written; what worlds that it includes have stands there, if they are ``shown`` too."""
    node = network.add(Node(NodeKind.WORLD, world.name), NodeFacts(world.name, world.location))
    _declared(network, node, world.location)
    for items, kind in ((world.imports, EdgeKind.IMPORTS), (world.exports, EdgeKind.EXPORTS)):
        for item in items.values():
            interface = interface_node(item.name)
            network.add(interface, NodeFacts(item.name, external=item.name.startswith("wasi:")))
            step = item.origin.first
            if step.kind is StepKind.INCLUDE:
                network.connect(
                    Edge(node, Node(NodeKind.WORLD, step.target), EdgeKind.INCLUDES, step.location)
                )
                if step.target in shown:
                    continue
            network.connect(Edge(node, interface, kind, step.location))
            if kind is EdgeKind.IMPORTS and provides(item.name):
                provider = network.add(Node(NodeKind.HOST, host), NodeFacts(host, external=True))
                network.connect(Edge(provider, interface, EdgeKind.PROVIDES))


def _import(network: Network, node: Node, item: ImportVerdict, host: str, part: Part) -> None:
    interface = network.add(
        interface_node(item.name),
        NodeFacts(
            item.name,
            external=item.status in (Status.HOST, Status.CONFIGURED, Status.OPTIONAL),
            note="types only" if item.status is Status.OPTIONAL else "",
        ),
    )
    evidence = Evidence.SOURCES if part.kind == "predicted" else Evidence.COMPONENT
    network.connect(Edge(node, interface, EdgeKind.IMPORTS, evidence=evidence))
    if item.status in (Status.HOST, Status.CONFIGURED):
        name = host if item.status is Status.HOST else item.provided_by or ""
        provider = network.add(Node(NodeKind.HOST, name), NodeFacts(name, external=True))
        network.connect(Edge(provider, interface, EdgeKind.PROVIDES))
    elif item.status is Status.COMPONENT and item.provided_by:
        network.connect(Edge(component_node(item.provided_by), interface, EdgeKind.PROVIDES))


def _crates(network: Network, component: Node, source: BuiltFrom, *, predicted: bool) -> None:
    root = _crate(network, source.crate)
    network.connect(
        Edge(
            component,
            root,
            EdgeKind.BUILT_FROM,
            source.crate.location,
            Evidence.SOURCES if predicted else Evidence.COMPONENT,
        )
    )
    within = {source.crate.id, *(linked.crate.id for linked in source.linked)}
    for linked in source.linked:
        _crate(network, linked.crate)
    for edge in source.graph.dependencies:
        if edge.dependent in within and edge.dependency in within:
            network.connect(
                Edge(
                    crate_node(edge.dependent),
                    crate_node(edge.dependency),
                    EdgeKind.DEPENDS,
                    edge.location,
                    note=edge.cfg or "",
                )
            )
    for binding in source.bindings.bindings:
        _binding(network, binding, source.prediction)


def _crate(network: Network, crate: Crate) -> Node:
    return network.add(
        crate_node(crate.id),
        NodeFacts(str(crate.id), crate.location, external=crate.source_kind is not SourceKind.PATH),
    )


def _binding(network: Network, binding: Binding, prediction: Prediction) -> None:
    label = f"{binding.kind.value} {binding.location.path.rpartition('/')[2]}:{binding.location.line}"
    node = network.add(binding_node(binding), NodeFacts(label, binding.location))
    certainty = Certainty.CERTAIN if binding.compiled else Certainty.POSSIBLE
    if binding.compiled is False:
        certainty = Certainty.UNUSED
    network.connect(
        Edge(crate_node(binding.crate), node, EdgeKind.BINDS, binding.location, certainty=certainty)
    )
    holder = node
    if binding.world:
        world = network.add(
            Node(NodeKind.WORLD, binding.world), NodeFacts(binding.world, binding.world_location)
        )
        network.connect(Edge(node, world, EdgeKind.FOR, binding.location))
        if binding.world_location is not None:
            _declared(network, world, binding.world_location)
        holder = world
    for side, kind, known in (
        (binding.imports, EdgeKind.IMPORTS, prediction.imports),
        (binding.exports, EdgeKind.EXPORTS, prediction.exports),
    ):
        for item in side.values():
            network.add(
                interface_node(item.name), NodeFacts(item.name, external=item.name.startswith("wasi:"))
            )
            sure = known[item.name].certainty if item.name in known else Certainty.UNUSED
            place = item.steps[-1].location if item.steps else binding.location
            for step in item.steps:
                if step.kind is StepKind.INCLUDE:
                    one, two = Node(NodeKind.WORLD, step.owner), Node(NodeKind.WORLD, step.target)
                    network.connect(Edge(one, two, EdgeKind.INCLUDES, step.location))
            network.connect(Edge(holder, interface_node(item.name), kind, place, certainty=sure))
