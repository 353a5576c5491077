"""The errors of jco, and of Node with the modules that jco makes, as they print them here and now."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from errortexts.error_texts import Case, component, module, said, write
from errortexts.reading_errors import assert_recognised
from run_component import jco


def node() -> str:
    found = shutil.which("node")
    assert found is not None
    return found


def transpile(folder: Path, path: Path) -> list[str | Path]:
    return [jco() / "node_modules/.bin/jco", "transpile", path, "-o", folder / "it", "--name", "it", "-q"]


def loaded(wit_text: str, *, shims: bool = True):
    """What Node says when it loads the module that jco made of a component."""

    def make(folder: Path) -> str:
        path = component(folder, "app", wit_text)
        write(folder, {"package.json": '{"type": "module"}'})
        if shims:
            (folder / "node_modules").symlink_to(jco() / "node_modules")
        subprocess.run(transpile(folder, path), check=True, capture_output=True)
        return said(node(), "it/it.js", cwd=folder)

    return make


def importing(imports: str, packages: str = "") -> str:
    return f"package my:app; world w {{ {imports} export g: func(); }}\n{packages}"


STORE = "package my:store@1.0.0 { interface kv { get: func(k: string) -> string; } }"
ZONE = "package wasi:clocks@0.2.0 { interface timezone { f: func(); } }"
RANDOM = "package wasi:random@0.2.0 { interface random { get-nothing: func(); } }"

CASES = [
    Case("jco/custom-namespace", "WD101", loaded(importing("import my:store/kv@1.0.0;", STORE)), {"package": "my"}),
    Case("jco/plain-name", "WD104", loaded(importing("import lonely: func();")), {"name": "lonely"}),
    Case("jco/function-missing", "WD115", loaded(importing("import wasi:random/random@0.2.0;", RANDOM)),
         {"function": "getNothing"}),
    Case("jco/no-interface-in-shim", "WD101", loaded(importing("import wasi:clocks/timezone@0.2.0;", ZONE)),
         {"package": "clocks", "name": "timezone"}),
    Case("jco/no-shim", "WD101", loaded(importing("import wasi:random/random@0.2.0;", RANDOM), shims=False),
         {"name": "preview2-shim"}),
    Case("jco/no-file", "", lambda folder: said(*transpile(folder, folder / "nope.wasm"), cwd=folder)),
    Case("wasmtime/module-as-component", "WD105",
         lambda folder: said(*transpile(folder, module(folder, "m", "(module)")), cwd=folder), said_by="jco"),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_a_real_error_is_recognised(case: Case, tmp_path: Path) -> None:
    assert_recognised(case, case.make(tmp_path))
