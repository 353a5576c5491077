"""Reports and graphs of any size, made by hand."""

from __future__ import annotations

import dataclasses
from itertools import pairwise

from outputs.outputs_support import HOSTILE, hostile_report

from wasmdoctor.graph.network import Edge, EdgeKind, Network, Node, NodeFacts, NodeKind
from wasmdoctor.model.finding import (
    CheckedArtifact,
    ExportItem,
    Finding,
    Frame,
    ImportVerdict,
    OriginStep,
    Report,
    Status,
    Suppressed,
)
from wasmdoctor.model.rule import Confidence, Severity
from wasmdoctor.model.source import Location
from wasmdoctor.model.wasm import ExternKind
from wasmdoctor.reporters import report_html

HOST = "wasmtime@50"
STANDARD = [
    f"wasi:{name}@0.2.6"
    for name in (
        *("cli/environment", "cli/exit", "cli/stderr", "cli/stdin", "cli/stdout", "clocks/monotonic-clock"),
        *("filesystem/preopens", "filesystem/types", "io/error", "io/poll", "io/streams", "random/random"),
    )
]


def path_of(number: int) -> str:
    return f"target/wasm32-wasip2/release/service_{number:03}.wasm"


def custom(library: int) -> list[str]:
    """What a library's world imports that nobody provides."""
    return [f"acme:lib-{library:02}/{name}@1.0.0" for name in ("queue", "secrets")]


def large(components: int, libraries: int = 40) -> tuple[Report, Network]:
    """Components of a crate each, every one with a library of a few that brings two unprovided imports."""
    network = Network()
    host = network.add(Node(NodeKind.HOST, HOST), NodeFacts(HOST, external=True))
    for name in STANDARD:
        interface = network.add(Node(NodeKind.INTERFACE, name), NodeFacts(name, external=True))
        network.connect(Edge(host, interface, EdgeKind.PROVIDES))
    artifacts: list[CheckedArtifact] = []
    findings: list[Finding] = []
    for number in range(components):
        library = number % libraries
        path = path_of(number)
        _draw(network, number, library)
        missing = [ImportVerdict(n, ExternKind.INSTANCE, Status.UNPROVIDED) for n in custom(library)]
        fine = [ImportVerdict(name, ExternKind.INSTANCE, Status.HOST, HOST) for name in STANDARD]
        artifacts.append(
            CheckedArtifact(
                path,
                "component",
                180_000,
                imports=(*missing, *fine),
                exports=(ExportItem("wasi:cli/run@0.2.6", ExternKind.INSTANCE),),
            )
        )
        for line, name in enumerate(custom(library), 5):
            findings.append(unprovided(path, number, library, name, line))
        findings.append(leaked(path, number, library))
    findings.sort(key=lambda finding: finding.order)
    return Report("0.1.0", HOST, tuple(artifacts), tuple(findings), hosts=(HOST,)), network


def unprovided(path: str, number: int, library: int, name: str, line: int) -> Finding:
    """The same of every component that links the library."""
    wit = f"crates/lib-{library:02}/wit/world.wit"
    short = name.rpartition("/")[2].partition("@")[0]
    lines = ("package acme:lib;", "", "world lib {", "    import queue;", "    import secrets;", "}")
    return Finding(
        "WD101",
        "nonstandard-import",
        Severity.ERROR,
        Confidence.HIGH,
        f"nobody provides `{name}`: {HOST} has no such interface",
        path,
        Location(wit, line, 5),
        name,
        help="link the library that imports it as plain Rust (plan a)",
        origin=(
            OriginStep(
                "crate", f"service-{number:03}", Location(f"crates/service-{number:03}/Cargo.toml", 9, 1)
            ),
            OriginStep("crate", f"lib-{library:02}", Location(f"crates/lib-{library:02}/Cargo.toml", 2, 8)),
            OriginStep("binding", "generate! call", Location(f"crates/lib-{library:02}/src/lib.rs", 3, 1)),
            OriginStep("world", "lib", Location(wit, 4, 7)),
            OriginStep("import", name, Location(wit, line, 5)),
        ),
        plans=("a",),
        frame=Frame(2, lines, line, 5, 12 + len(short)),
    )


def leaked(path: str, number: int, library: int) -> Finding:
    """One that names the component's crate, so that it is told for each."""
    return Finding(
        "WD106",
        "leaked-from-linked-crate",
        Severity.WARNING,
        Confidence.HIGH,
        f"`{custom(library)[0]}` is not in `service-{number:03}`'s world",
        path,
        Location(f"crates/lib-{library:02}/wit/world.wit", 5, 5),
        custom(library)[0],
        help="take the bindings out of the library (plan a)",
    )


def _draw(network: Network, number: int, library: int) -> None:
    component = Node(NodeKind.COMPONENT, path_of(number))
    network.add(component, NodeFacts(path_of(number).rpartition("/")[2], Location(path_of(number))))
    crate = _crate(network, f"service-{number:03}")
    other = _crate(network, f"lib-{library:02}")
    network.connect(Edge(component, crate, EdgeKind.BUILT_FROM))
    network.connect(Edge(crate, other, EdgeKind.DEPENDS))
    place = Location(f"crates/lib-{library:02}/src/lib.rs", 3, 1)
    binding = network.add(Node(NodeKind.BINDING, str(place)), NodeFacts("generate! call lib.rs:3", place))
    world = network.add(
        Node(NodeKind.WORLD, f"acme:lib-{library:02}/lib"), NodeFacts(f"acme:lib-{library:02}/lib")
    )
    network.connect(Edge(other, binding, EdgeKind.BINDS))
    network.connect(Edge(binding, world, EdgeKind.FOR))
    for name in custom(library):
        interface = network.add(Node(NodeKind.INTERFACE, name), NodeFacts(name, finding="error"))
        network.connect(Edge(world, interface, EdgeKind.IMPORTS))
        network.connect(Edge(component, interface, EdgeKind.IMPORTS))
    for name in STANDARD:
        network.connect(Edge(component, Node(NodeKind.INTERFACE, name), EdgeKind.IMPORTS))


def _crate(network: Network, name: str) -> Node:
    place = Location(f"crates/{name}/Cargo.toml", 2, 1)
    return network.add(Node(NodeKind.CRATE, f"{name} 0.1.0"), NodeFacts(f"{name} 0.1.0", place))


def hostile_source() -> str:
    """A page with hostile text in every place that one shows."""
    report = hostile_report()
    findings = [
        dataclasses.replace(
            each, frame=Frame(1, (HOSTILE, HOSTILE), 2, 3, 9), interface=each.interface or HOSTILE
        )
        for each in report.findings
    ]
    network = Network()
    facts = NodeFacts(HOSTILE, Location(HOSTILE, 1), note=HOSTILE)
    nodes = [network.add(Node(kind, HOSTILE), facts) for kind in NodeKind]
    for one, two in pairwise(nodes):
        network.connect(Edge(one, two, EdgeKind.DEPENDS, note=HOSTILE))
    hidden = Suppressed(findings[0], HOSTILE, Location(HOSTILE, 1, 1), HOSTILE)
    whole = dataclasses.replace(report, findings=tuple(findings), suppressed=(hidden,), notes=(HOSTILE,))
    return report_html.render(whole, network, why_not=HOSTILE)
