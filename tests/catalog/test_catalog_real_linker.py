"""The verdict of a host by name and function is the one that a real wasmtime gives."""

from __future__ import annotations

import itertools
from importlib.metadata import version

import pytest
import wasmtime
from wasmtime import component

from wasmdoctor.catalog import Catalog
from wasmdoctor.model.host import HostView

VERSIONS = [
    *("0.2.0", "0.2.3", "0.2.6", "0.2.12", "0.2.13", "0.2.99", "0.2.6+build", "0.2.0-rc-2023-11-10"),
    *("0.2.12-rc1", "0.2.0-draft", "0.1.0", "0.0.5", "0.3.0", "0.3.1", "0.4.0", "1.0.0", "2.0.0", ""),
]

# interface, its functions in WAT, its resources in WAT
ASKED = [
    ("wasi:random/random", {"get-random-u64": "(func (result u64))"}, ()),
    ("wasi:random/random", {"not-there": "(func)"}, ()),
    ("wasi:random/insecure", {"get-insecure-random-u64": "(func (result u64))"}, ()),
    ("wasi:clocks/monotonic-clock", {"now": "(func (result u64))", "resolution": "(func (result u64))"}, ()),
    ("wasi:clocks/system-clock", {"not-there": "(func)"}, ()),
    ("wasi:cli/exit", {"exit": '(func (param "status" (result)))'}, ()),
    ("wasi:cli/exit", {"exit-with-code": '(func (param "status-code" u8))'}, ()),
    ("wasi:cli/run", {"run": "(func (result (result)))"}, ()),
    ("wasi:cli/terminal-input", {}, ("terminal-input",)),
    ("wasi:cli/terminal-output", {}, ("terminal-input",)),
    ("wasi:io/error", {}, ("error",)),
    ("wasi:io/poll", {}, ("pollable",)),
    ("wasi:io/streams", {}, ("input-stream", "output-stream")),
    ("wasi:sockets/network", {}, ("network",)),
    ("wasi:sockets/tcp", {}, ("tcp-socket",)),
    ("wasi:filesystem/types", {}, ("descriptor", "directory-entry-stream")),
    ("wasi:http/types", {}, ("fields",)),
    ("wasi:keyvalue/store", {}, ("bucket",)),
    ("shop:net/wasi-tcp", {"connect": "(func)"}, ()),
]


def wat(name: str, functions: dict[str, str], resources: tuple[str, ...]) -> str:
    """A component that imports one instance and nothing else."""
    parts = [f'(export "{resource}" (type (sub resource)))' for resource in resources]
    parts += [f'(export "{function}" {kind})' for function, kind in functions.items()]
    return f'(component (import "{name}" (instance {" ".join(parts)})))'


@pytest.fixture(scope="module")
def linker() -> tuple[wasmtime.Engine, component.Linker]:
    engine = wasmtime.Engine()
    linker = component.Linker(engine)
    linker.add_wasip2()
    return engine, linker


@pytest.fixture(scope="module")
def host() -> HostView:
    """The installed wasmtime without WASI 0.3, which the Python package cannot link."""
    return Catalog().host(f"wasmtime@{version('wasmtime')}", ["p3=n"])


def links(made: tuple[wasmtime.Engine, component.Linker], text: str) -> bool:
    engine, linker = made
    try:
        linker.instantiate(wasmtime.Store(engine), component.Component(engine, text))
    except wasmtime.WasmtimeError as error:
        if "a matching implementation was not found in the linker" in str(error):
            return False
        raise  # the component of this test is wrong
    return True


def test_the_verdict_is_that_of_wasmtime(
    linker: tuple[wasmtime.Engine, component.Linker], host: HostView
) -> None:
    wrong, linked = [], 0
    rows = list(itertools.product(ASKED, VERSIONS))
    for (interface, functions, resources), number in rows:
        name = f"{interface}@{number}" if number else interface
        match = host.match(name)
        said = match.linked and not host.missing_functions(match, functions, resources)
        really = links(linker, wat(name, functions, resources))
        linked += really
        if said != really:
            wrong.append(f"{name} {[*functions, *resources]}: wasmtime {really}, wasmdoctor {said}")
    print(f"{len(rows)} components, {linked} linked, {len(rows) - len(wrong)} verdicts agree")
    assert wrong == []
    assert 50 < linked < len(rows) - 50  # both answers must be well represented
