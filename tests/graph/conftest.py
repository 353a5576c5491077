"""Graphs made by hand: one like the scheduler's, and generated workspaces of any size."""

from __future__ import annotations

import random

import pytest

from wasmdoctor.graph.network import Edge, EdgeKind, Network, Node, NodeFacts, NodeKind
from wasmdoctor.model.binding import Certainty, Evidence
from wasmdoctor.model.source import Location

CORE = "scheduler:core-libs"
STD = ("cli/environment", "cli/exit", "cli/stderr", "io/error", "io/poll", "io/streams")
CRATES = ("scheduler", "scheduler-executor", "scheduler-actions-http", "scheduler-core")
SOCKETS = ("wasi-network", "wasi-tcp", "wasi-udp")


class Maker:
    """Adds nodes and edges in few words. Adding a node again keeps the first."""

    def __init__(self) -> None:
        self.network = Network()

    def component(self, name: str, folder: str = "target/wasm32-wasip2/release") -> Node:
        path = f"{folder}/{name}"
        return self.network.add(Node(NodeKind.COMPONENT, path), NodeFacts(name, Location(path)))

    def crate(self, name: str, version: str = "0.1.0", *, external: bool = False) -> Node:
        place = Location(f"{'registry' if external else name}/Cargo.toml", 2, 1)
        facts = NodeFacts(f"{name} {version}", place, external=external)
        return self.network.add(Node(NodeKind.CRATE, f"{name} {version}"), facts)

    def binding(self, crate: Node, path: str, line: int, kind: str = "generate! call") -> Node:
        place = Location(path, line, 1)
        label = f"{kind} {path.rpartition('/')[2]}:{line}"
        node = self.network.add(Node(NodeKind.BINDING, f"{place}"), NodeFacts(label, place))
        self.edge(crate, node, EdgeKind.BINDS, place, Evidence.RLIB)
        return node

    def world(self, name: str, path: str, line: int, *bindings: Node) -> Node:
        node = self.network.add(Node(NodeKind.WORLD, name), NodeFacts(name, Location(path, line, 1)))
        for binding in bindings:
            self.edge(binding, node, EdgeKind.FOR)
        return node

    def interface(self, name: str, finding: str = "") -> Node:
        facts = NodeFacts(name, None, external=name.startswith("wasi:"), finding=finding)
        return self.network.add(Node(NodeKind.INTERFACE, name), facts)

    def host(self, name: str = "wasmtime@50.0.1") -> Node:
        return self.network.add(Node(NodeKind.HOST, name), NodeFacts(name, external=True))

    def edge(
        self,
        source: Node,
        target: Node,
        kind: EdgeKind,
        place: Location | None = None,
        evidence: Evidence = Evidence.SOURCES,
        certainty: Certainty = Certainty.CERTAIN,
        note: str = "",
    ) -> None:
        self.network.connect(Edge(source, target, kind, place, evidence, certainty, note))


def scheduler() -> Network:
    """Four components of four crates; one library's socket imports leak into all of them."""
    make = Maker()
    crates = {name: make.crate(name) for name in CRATES}
    host = make.host()
    for name, crate in crates.items():
        component = make.component(name.replace("-", "_") + ".wasm")
        make.edge(
            component, crate, EdgeKind.BUILT_FROM, Location(f"{name}/Cargo.toml", 2), Evidence.COMPONENT
        )
    for number, (one, two) in enumerate(
        [
            ("scheduler", "scheduler-core"),
            ("scheduler", "scheduler-executor"),
            ("scheduler", "scheduler-actions-http"),
            ("scheduler-executor", "scheduler-core"),
            ("scheduler-actions-http", "scheduler-core"),
        ]
    ):
        make.edge(crates[one], crates[two], EdgeKind.DEPENDS, Location(f"{one}/Cargo.toml", 11 + number, 1))
    for crate in crates.values():
        runtime = make.crate("wit-bindgen", "0.48.1", external=True)
        cfg = 'cfg(target_arch = "wasm32")'
        make.edge(crate, runtime, EdgeKind.DEPENDS, Location("Cargo.toml", 18, 1), note=cfg)
        make.edge(runtime, make.crate("bitflags", "2.9.0", external=True), EdgeKind.DEPENDS)
    worlds = {
        "scheduler": ("scheduler:main/scheduler-component", [], ["run-scenario"]),
        "scheduler-executor": (
            "scheduler:executor/scheduler-executor@0.1.0",
            [],
            ["scheduler:executor/runner@0.1.0"],
        ),
        "scheduler-actions-http": (
            "scheduler:actions-http/scheduler-actions-http@0.1.0",
            [],
            ["scheduler:actions-http/http-client@0.1.0"],
        ),
        "scheduler-core": (
            f"{CORE}/scheduler-core@0.1.0",
            [f"{CORE}/{name}@0.1.0" for name in SOCKETS],
            [f"{CORE}/{name}@0.1.0" for name in ("types", "parser", "socket")],
        ),
    }
    for name, (world_name, imports, exports) in worlds.items():
        folder = name.removeprefix("scheduler-").replace("core", "core-libs")
        kind = "bindings file" if name == "scheduler-executor" else "generate! call"
        binding = make.binding(crates[name], f"{folder}/src/component.rs", 3, kind)
        world = make.world(world_name, f"{folder}/wit/world.wit", 217, binding)
        for line, item in enumerate(imports):
            unused = Certainty.UNUSED if item.endswith("udp@0.1.0") else Certainty.CERTAIN
            place = Location(f"{folder}/wit/world.wit", 218 + line, 12)
            interface = make.interface(item, "" if unused is Certainty.UNUSED else "error")
            make.edge(world, interface, EdgeKind.IMPORTS, place, certainty=unused)
        for line, item in enumerate(exports):
            place = Location(f"{folder}/wit/world.wit", 222 + line, 12)
            make.edge(world, make.interface(item), EdgeKind.EXPORTS, place)
    for component in make.network.nodes(NodeKind.COMPONENT):
        for name in STD:
            interface = make.interface(f"wasi:{name}@0.2.6")
            make.edge(component, interface, EdgeKind.IMPORTS, evidence=Evidence.COMPONENT)
            make.edge(host, interface, EdgeKind.PROVIDES)
        for name in ("wasi-network", "wasi-tcp"):
            target = make.interface(f"{CORE}/{name}@0.1.0")
            make.edge(component, target, EdgeKind.IMPORTS, evidence=Evidence.COMPONENT)
        for name in ("types", "parser", "socket"):
            target = make.interface(f"{CORE}/{name}@0.1.0")
            make.edge(component, target, EdgeKind.EXPORTS, evidence=Evidence.COMPONENT)
    return make.network


def workspace(crates: int = 60, seed: int = 1) -> Network:
    """A workspace: one crate in five a component, one in three with bindings, and a registry's crates below."""
    pick = random.Random(seed)
    make = Maker()
    host = make.host()
    parts = ["api", "core", "net", "store", "auth", "cache", "jobs", "mail", "log", "sync", "ui", "util"]
    names = [
        f"shop-{parts[n % len(parts)]}{'' if n < len(parts) else n // len(parts)}" for n in range(crates)
    ]
    nodes = [make.crate(name) for name in names]
    for number, crate in enumerate(nodes):
        # Levels as real workspaces have them: applications, features, libraries, a few basic crates.
        level = min(number * 5 // crates, 4)
        lower = [n for n in range(number + 1, crates) if min(n * 5 // crates, 4) > level]
        for other in sorted(pick.sample(lower, min(len(lower), pick.choice((1, 2, 3, 4, 5))))):
            place = Location(f"{names[number]}/Cargo.toml", 10 + other, 1)
            make.edge(crate, nodes[other], EdgeKind.DEPENDS, place)
        for _ in range(pick.randrange(4)):
            outer = make.crate(f"lib{pick.randrange(40)}", "1.0.0", external=True)
            make.edge(crate, outer, EdgeKind.DEPENDS)
            make.edge(outer, make.crate(f"dep{pick.randrange(60)}", "0.3.1", external=True), EdgeKind.DEPENDS)
    brought: dict[Node, set[Node]] = {}
    for number, crate in enumerate(nodes):
        if number % 3 == 0 or number >= crates - 3:
            _bind(make, pick, names[number], crate, brought, bad=number in (crates - 1, crates - 3))
    _components(make, pick, nodes, names, brought)
    for interface in make.network.nodes(NodeKind.INTERFACE):
        if interface.key.startswith("wasi:"):
            make.edge(host, interface, EdgeKind.PROVIDES)
    return make.network


def _bind(
    make: Maker, pick: random.Random, name: str, crate: Node, brought: dict[Node, set[Node]], *, bad: bool
) -> None:
    binding = make.binding(crate, f"crates/{name}/src/lib.rs", pick.randrange(3, 90))
    world = make.world(f"shop:{name[5:]}/{name[5:]}@1.2.0", f"crates/{name}/wit/world.wit", 4, binding)
    wanted = pick.sample([f"wasi:{one}@0.2.6" for one in (*STD, "http/types", "clocks/wall-clock")], 2)
    wanted += [f"shop:host/{pick.choice(('queue', 'secrets', 'flags', 'audit'))}@1.0.0"]
    for item in wanted:
        interface = make.interface(item)
        if bad and item.startswith("shop:"):
            make.network.mark(interface, "error")
        make.edge(world, interface, EdgeKind.IMPORTS, Location(f"crates/{name}/wit/world.wit", 5, 12))
        brought.setdefault(crate, set()).add(interface)
    make.edge(world, make.interface(f"shop:{name[5:]}/entry@1.2.0"), EdgeKind.EXPORTS)


def _components(
    make: Maker, pick: random.Random, nodes: list[Node], names: list[str], brought: dict[Node, set[Node]]
) -> None:
    network = make.network
    for number in range(len(nodes) // 5):
        component = make.component(names[number].replace("-", "_") + ".wasm")
        make.edge(component, nodes[number], EdgeKind.BUILT_FROM)
        for crate in network.only(lambda node: node.kind is NodeKind.CRATE).through([nodes[number]]).nodes():
            for interface in sorted(brought.get(crate, ())):
                make.edge(component, interface, EdgeKind.IMPORTS, evidence=Evidence.COMPONENT)


HOSTILE = (
    '"',
    "'",
    "\\",
    "<script>alert(1)</script>",
    "</title></text></svg>",
    "]]>",
    "&amp; &lt; &#60;",
    "line\nbreak\r\ttab",
    "\x1b[31mred\x1b[0m\x07",
    "\x00",
    "\x85\x9b",
    "\u202egnp.exe",
    "\u2066\u2069\u200f",
    "\ud800",
    "\ufffe\uffff",
    "--> n0",
    '"]; n0 -> n1 [label="',
    "`**md**`",
    "1. one",
    "end",
    "",
    " ",
    "漢字" * 30,
    "e\u0301" * 40,
    "🦀",
    "x" * 5000,
    "a/" * 300,
    "@",
    "%% comment",
    "javascript:alert(1)",
    "url(http://example.invalid/x)",
)


def hostile() -> Network:
    """Every kind of node under every hostile name, with such names for places and notes as well."""
    make = Maker()
    nodes: list[Node] = []
    for number, name in enumerate(HOSTILE):
        for kind in NodeKind:
            place = Location(f"{name}/{number}", number)
            level = ("error", "warning", "note", "", "unheard-of")[number % 5]
            facts = NodeFacts(name, place, external=number % 2 == 0, finding=level, note=name[:40])
            nodes.append(make.network.add(Node(kind, f"{number} {name}"), facts))
    pick = random.Random(3)
    for kind in EdgeKind:
        for name in HOSTILE:
            one, two = pick.sample(nodes, 2)
            sure = pick.choice(list(Certainty))
            make.edge(one, two, kind, Location(name, 1, 1), pick.choice(list(Evidence)), sure, name)
    return make.network


@pytest.fixture(name="hostile", scope="session")
def hostile_fixture() -> Network:
    return hostile()


@pytest.fixture(name="maker")
def maker_fixture() -> Maker:
    return Maker()


@pytest.fixture(name="scheduler", scope="session")
def scheduler_fixture() -> Network:
    return scheduler()


@pytest.fixture(name="workspace", scope="session")
def workspace_fixture() -> Network:
    return workspace()
