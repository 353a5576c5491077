"""The verdict on hundreds of components is that of the real linkers: wasmtime in several majors, and jco on Node.

For wasmtime the reason must agree as well: the import that it names, and the function in it that is missing or
has another type. The figures are printed (``pytest -s``).
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from importlib.metadata import version as installed
from pathlib import Path
from typing import Any

import pytest
from linker_specimens import Specimen, specimens, standard_wit
from real_host import HOST, errors
from run_component import jco

from wasmdoctor.catalog import Catalog
from wasmdoctor.checks.linking import Verdict, judge
from wasmdoctor.model.host import HostView
from wasmdoctor.model.wasm import Component, WasmFile
from wasmdoctor.readers.wasm import BytesSource, read_component

pytestmark = pytest.mark.rust

TOOLS = Path(os.environ.get("WASMDOCTOR_TOOLS", Path.home() / ".cache/wasmdoctor-tools"))
DRIVER = Path(__file__).parent.parent / "wasmtime_verdicts.py"
MAJORS = ["39", "45", "46", "installed"]
LEAST = 400


@pytest.fixture(scope="module")
def made(
    dummy: Callable[..., bytes], wasm_tools: Callable[..., bytes], tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Specimen]:
    """The components by the name of their file."""
    wit = standard_wit(TOOLS / "corpus/vendor/wasip2/wit", wasm_tools, tmp_path_factory.mktemp("standard"))
    return {f"{number:04}.wasm": each for number, each in enumerate(specimens(wit, dummy))}


@pytest.fixture(scope="module")
def folder(made: dict[str, Specimen], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The components as files."""
    path = tmp_path_factory.mktemp("specimens")
    for name, each in made.items():
        (path / name).write_bytes(each.data)
    return path


@pytest.fixture(scope="module")
def read(made: dict[str, Specimen]) -> dict[str, Component]:
    """The components as our reader sees them."""
    found = {name: read_component(BytesSource(each.data), name) for name, each in made.items()}
    assert [name for name, component in found.items() if component.problems] == []
    return found


def unprovided(component: Component, host: HostView) -> list[Verdict]:
    """The imports that make the host refuse, by our verdict."""
    return [v for v in judge([WasmFile("x", 0, component=component)], host)["x"] if v.unprovided]


def ask(python: str | Path, folder: Path) -> dict[str, Any]:
    """What the wasmtime of a Python says to every component."""
    done = subprocess.run(
        [python, DRIVER, folder],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
        env={
            **os.environ,
            "RUST_BACKTRACE": "0",
        },  # symbols of a stack for each refusal take ten times longer
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert isinstance(found, dict)
    return found


@pytest.mark.parametrize("major", MAJORS)
def test_wasmtime(major: str, made: dict[str, Specimen], read: dict[str, Component], folder: Path) -> None:
    python = sys.executable if major == "installed" else TOOLS / f"wasmtime-{major}" / "bin/python"
    answer = ask(python, folder)
    release = answer["version"]
    assert release.partition(".")[0] == (
        installed("wasmtime").partition(".")[0] if major == "installed" else major
    )
    for way, said in answer["said"].items():
        host = view(release, way)
        wrong, reasons = [], 0
        for name, component in read.items():
            refusal, ours = said[name], unprovided(component, host)
            reason = same_reason(refusal, ours)
            if bool(refusal) != bool(ours) or reason is False:
                wrong.append(
                    f"{made[name].label}\n  wasmtime: {refusal or 'links'}\n  wasmdoctor: {words(ours)}"
                )
            reasons += bool(reason)
        linked = sum(not said[name] for name in read)
        print(
            f"\nwasmtime {release} ({way}): {len(read)} components, {linked} link, "
            f"{len(read) - len(wrong)} verdicts agree, {reasons} on the function at fault too"
        )
        assert not wrong, "\n".join(wrong[:5])
        assert len(read) >= LEAST
        assert len(read) * 0.2 < linked < len(read) * 0.8  # both answers are well represented
        assert reasons > 150


def view(release: str, way: str) -> HostView:
    """The profile of a release as its Python package links: WASI 0.2, and http when that is asked for."""
    flags = ["http"] if way == "http" else []
    older = int(release.partition(".")[0]) < 46  # those have no WASI 0.3 to switch off
    return Catalog().host(f"wasmtime@{release}", flags if older else [*flags, "p3=n"])


def same_reason(refusal: str, ours: list[Verdict]) -> bool | None:
    """Whether what wasmtime names (the first thing that it minds) is among what we name.

    None when it names no function or resource of an interface that the host has.
    """
    instance = re.search(r"component imports instance `([^`]+)`", refusal)
    if instance is None:
        return None  # it links, is no component for this release, or lacks something that is no instance
    verdict = next((v for v in ours if v.name.text == instance[1]), None)
    if verdict is None:
        return False
    place = re.search(r"instance export `([^`]+)` has the wrong type\s+1: ([^\n]+)", refusal)
    if place is None or not verdict.match.linked:
        return None
    missing = {each.name for each in verdict.missing}
    mistyped = {each.name for each in verdict.mistyped}
    if "is missing" in place[2]:
        return place[1] in missing
    # A resource under the name of a function, or the reverse, is something that is not there.
    return place[1] in mistyped or (place[2].startswith("expected") and place[1] in missing)


def words(ours: list[Verdict]) -> str:
    """Our reasons, for a message."""
    return (
        "; ".join(
            f"{v.name.text}: {v.match.kind}, without {[m.name for m in v.missing]}, "
            f"other types {[(m.name, m.difference) for m in v.mistyped]}"
            for v in ours
        )
        or "links"
    )


def test_the_whole_check(made: dict[str, Specimen], read: dict[str, Component], tmp_path: Path) -> None:
    """``check`` has an error about imports exactly where an import has no provider."""
    catalog = Catalog()
    host = view(HOST.partition("@")[2], "wasi")
    for name in list(made)[::9]:
        found = errors(tmp_path / "x.wasm", made[name].data, catalog)
        assert bool(found) == bool(unprovided(read[name], host)), f"{made[name].label}\n{found}"


JCO_PROGRAM = """\
import { mkdir, readFile, readdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { transpile } from "@bytecodealliance/jco";
const said = {};
for (const name of (await readdir("in")).sort()) {
  try {
    const { files } = await transpile(await readFile(join("in", name)), { name: "it" });
    for (const [path, data] of Object.entries(files)) {
      const place = join("out", name, path);
      await mkdir(dirname(place), { recursive: true });
      await writeFile(place, data);
    }
  } catch (error) {
    said[name] = `not transpiled: ${error}`;
    continue;
  }
  try {
    await import(`./${join("out", name, "it.js")}`);
    said[name] = "";
  } catch (error) {
    said[name] = String(error);
  }
}
console.log(JSON.stringify(said));
process.exit(0);
"""


def test_jco(made: dict[str, Specimen], read: dict[str, Component], tmp_path: Path) -> None:
    """Node loads what jco makes of a component exactly when its shims have every function; types do not count."""
    tools = jco()
    # A component of imports alone uses none of them, so nothing is looked up; what is async needs a Node that
    # can suspend WebAssembly, whatever is there to link.
    used = [name for name, each in made.items() if not each.label.startswith(("(component", "an async"))]
    lacking = [name for name in used if re.match("a (new|renamed) function", made[name].label)]
    sample = sorted({*used[:100:3], *used[100::8], *lacking})
    (tmp_path / "in").mkdir()
    for name in sample:
        (tmp_path / "in" / name).write_bytes(made[name].data)
    (tmp_path / "package.json").write_text('{"type": "module"}\n')
    (tmp_path / "node_modules").symlink_to(tools / "node_modules")
    (tmp_path / "run.mjs").write_text(JCO_PROGRAM)
    node = shutil.which("node")
    assert node is not None
    done = subprocess.run(
        [node, "run.mjs"], cwd=tmp_path, capture_output=True, text=True, timeout=240, check=False
    )
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout.splitlines()[-1])
    host = Catalog().host("jco")
    wrong = []
    for name in sample:
        ours = unprovided(read[name], host)
        if bool(said[name]) != bool(ours):
            wrong.append(f"{made[name].label}\n  jco: {said[name] or 'loads'}\n  wasmdoctor: {words(ours)}")
    loaded = sum(not said[name] for name in sample)
    print(f"\njco: {len(sample)} components, {loaded} load, {len(sample) - len(wrong)} verdicts agree")
    assert not wrong, "\n".join(wrong[:5])
    assert 10 < loaded < len(sample) - 10
