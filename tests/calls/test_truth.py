"""Reachability against what happens: an import that a run really calls must have been reached from that export."""

from __future__ import annotations

from pathlib import Path

import pytest
from calls.truth import Called, Export, Host
from rust import workspaces

from wasmdoctor.graph.calls import CallGraph
from wasmdoctor.model.calls import RootKind
from wasmdoctor.readers.code import read_code
from wasmdoctor.readers.wasm import BytesSource

ROOT = Path(__file__).resolve().parents[2]
PREBUILT = ROOT / "fixtures/scheduler/prebuilt"
SCENARIO = """\
name: all
steps:
  - tcp: { host: 127.0.0.1, port: 7, send: ping, timeout-ms: 500 }
  - udp: { host: 127.0.0.1, port: 7, send: ping, timeout-ms: 500 }
  - http-get: http://127.0.0.1:8080/health
"""
TEXTS = [SCENARIO, "http://127.0.0.1:8080/", ""]


def compare(data: bytes, what: str) -> dict[Export, set[Called]]:
    """Fails when a run calls what was not reached from its export; gives what was called."""
    runs = Host(data, TEXTS).run()
    assert not runs.failed, f"{what}: {runs.failed} calls could not be made"
    code = read_code(BytesSource(data), what)
    graph = CallGraph(code)
    imports = {(each.name, each.function): each for each in code.imports}
    # What runs at the start and in constructors runs before any export's own code.
    always = [root for root in code.roots if root.kind is not RootKind.EXPORT]
    for (export, function), called in runs.calls.items():
        roots = [root for root in code.roots if (root.name, root.function) == (export, function)]
        assert roots, f"{what}: {export}#{function} is no root"
        reached = graph.reached([*roots, *always], possible=True)
        for name in called:
            assert name in imports, f"{what}: {name} is called and was not found"
            assert reached.any(imports[name].at), (
                f"{what}: {export}#{function} calls {name}, which was not reached"
            )
    return runs.calls


@pytest.mark.parametrize("path", sorted(PREBUILT.glob("*.wasm")), ids=lambda path: path.stem)
def test_the_schedulers_components(path: Path) -> None:
    calls = compare(path.read_bytes(), path.name)
    assert sum(map(bool, calls.values())) >= 2
    if path.stem == "scheduler":
        assert ("scheduler:core-libs/wasi-tcp@0.1.0", "[constructor]tcp-socket") in calls["run-scenario", ""]


@pytest.mark.rust
@pytest.mark.parametrize("profile", workspaces.PROFILES)
@pytest.mark.parametrize("case", workspaces.cases())
def test_the_workspaces_components(case: str, profile: str) -> None:
    for component in workspaces.build(case, "wasm32-wasip1", profile):
        compare(component.path.read_bytes(), f"{case} {component.crate} {profile}")


@pytest.mark.rust
def test_the_runs_say_something() -> None:
    """Runs that call nothing would agree with anything."""
    found: dict[str, set[str]] = {}
    for case in ("leak-shapes", "export-leak", "ways-to-call"):
        for component in workspaces.build(case, "wasm32-wasip1", "release"):
            calls = compare(component.path.read_bytes(), component.crate)
            found[component.crate] = {name for called in calls.values() for name, _ in called}
    assert {"water:called/gauge@0.1.0", "water:opaque/gauge@0.1.0", "water:exporter/gauge@0.1.0"} <= found[
        "shapes"
    ]
    assert len(found["cinema-ticket"]) == 3
    assert len(found["lift-cabin"]) > 5
