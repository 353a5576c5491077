"""Plan B on a tree, step by step: planned, written, built and composed."""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from migrate.migrated import environment
from rust import workspaces

from wasmdoctor.catalog import Catalog
from wasmdoctor.migrate.bridge.module import Parts, bridge_maker
from wasmdoctor.migrate.bridge.refusal import ErrorCases
from wasmdoctor.migrate.bridge.wasi import wasi_parts
from wasmdoctor.migrate.edits import compose
from wasmdoctor.migrate.inputs import PlanInputs
from wasmdoctor.migrate.plan_b import AdapterOptions, PlanBResult, plan_b
from wasmdoctor.model.edit import ChangeSet
from wasmdoctor.model.names import ExternName
from wasmdoctor.pipeline.compose import ComposeOptions
from wasmdoctor.pipeline.compose import compose as compose_components
from wasmdoctor.pipeline.plan import PlanOptions, places
from wasmdoctor.pipeline.planinputs import plan_inputs
from wasmdoctor.toolchain import Toolchain

CASES = ErrorCases(("not-supported", "unsupported"), ("other",))
WAC = workspaces.TOOLS / "bin" / "wac"


def inputs_of(tree: Path, target: str) -> PlanInputs:
    """What plans take, of the one cargo workspace in a folder."""
    catalog = Catalog()
    host = catalog.host("wasmtime", ())
    (place,) = places(PlanOptions((str(tree),), tree, target=target), catalog, Toolchain())
    return plan_inputs(place.crates, lambda name: host.match(ExternName.parse(name)).linked)


def planned(
    tree: Path, target: str = "wasm32-wasip1", *, stub: bool = False, **options: str
) -> tuple[PlanBResult, ChangeSet]:
    """Plan B, and the changes that its edits come to."""
    inputs = inputs_of(tree, target)
    parts = Parts(cases=CASES) if stub else wasi_parts(Catalog().mappings, CASES)
    result = plan_b(inputs, bridge_maker(parts), AdapterOptions(**options))
    return result, compose(result.edits, inputs.files.read)


def write(tree: Path, changes: ChangeSet) -> None:
    """Make the changes, all of which leave a file."""
    for change in changes.changes:
        assert change.after is not None
        path = tree / change.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(change.after)


@dataclass(frozen=True, slots=True)
class Built:
    """Components by package, and what the compiler said."""

    components: dict[str, Path]
    warnings: list[str]


def build(tree: Path, folder: Path, *packages: str, target: str = "wasm32-wasip1") -> Built:
    """Build packages into ``folder``, with one run of cargo."""
    rust = workspaces._rust()
    deps = workspaces.TARGET_DIR / target / "debug" / "deps"
    words = [word for package in packages for word in ("-p", package)]
    command = [rust.cargo, "build", "-j2", "--target", target, "--message-format", "json", *words]
    stems = {package: package.replace("-", "_") for package in packages}
    folder.mkdir(parents=True, exist_ok=True)
    found: dict[str, Path] = {}
    with workspaces._locked():
        for stem in stems.values():
            for name in (f"{stem}.wasm", f"lib{stem}.rlib", f"lib{stem}.rmeta"):
                (deps / name).unlink(missing_ok=True)
        done = subprocess.run(
            command, cwd=tree, env=environment(target), capture_output=True, text=True, check=False
        )
        messages = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
        said = [m["message"]["rendered"] for m in messages if m["reason"] == "compiler-message"]
        assert done.returncode == 0, "\n".join(said) + done.stderr
        for package, stem in stems.items():
            core = deps / f"{stem}.wasm"
            found[package] = folder / f"{stem}.wasm"
            if target == "wasm32-wasip2":
                shutil.copy2(core, found[package])
            else:
                adapter = f"wasi_snapshot_preview1={workspaces._adapter()}"
                made = [core, "--adapt", adapter, "-o", found[package]]
                workspaces._output([workspaces.wasm_tools(), "component", "new", *made])
            core.unlink()  # another copy of the workspace must not take it for its own
    return Built(found, said)


def composed(folder: Path, output: str, *paths: Path | str, tool: str = "wasm-tools") -> Path:
    """Components (or a .wac document with them) composed into one, without a finding."""
    options = ComposeOptions(tuple(str(path) for path in paths), folder, output, tool=tool)
    done = compose_components(options, Catalog(), Toolchain())
    assert done.made_by.startswith(tool), done.findings
    assert not done.findings
    return folder / output
