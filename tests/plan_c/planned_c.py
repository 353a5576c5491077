"""Plan C for workspaces that a test writes or copies, with bridges as they ship and WIT of our own as standard."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from wasmdoctor.catalog import Catalog
from wasmdoctor.migrate.bridge.module import bridge_maker
from wasmdoctor.migrate.bridge.wasi import stub_parts, wasi_parts
from wasmdoctor.migrate.edits import compose
from wasmdoctor.migrate.inputs import BridgeMaker
from wasmdoctor.migrate.plan_c import PlanCResult, StandardWit, plan_c
from wasmdoctor.model.edit import ChangeSet
from wasmdoctor.model.host import HostView
from wasmdoctor.model.plan import BridgeMode, CallTarget
from wasmdoctor.pipeline.bridges import refusals
from wasmdoctor.pipeline.crates import Crates, crates_of
from wasmdoctor.pipeline.planinputs import plan_inputs
from wasmdoctor.pipeline.sources import Workspace
from wasmdoctor.readers.wit import MemoryFiles, load_wit, resolve_wit
from wasmdoctor.toolchain import Toolchain

# What this has in common with the real packages is what the tests need: names, and who uses whose types.
STANDARD = {
    "wasi:io@0.2.6": """
        package wasi:io@0.2.6;
        interface error { resource error; }
        interface poll { resource pollable; }
        interface streams {
            use error.{error};
            use poll.{pollable};
            resource output-stream { subscribe: func() -> pollable; }
        }
    """,
    "wasi:clocks@0.2.6": """
        package wasi:clocks@0.2.6;
        interface monotonic-clock {
            use wasi:io/poll@0.2.6.{pollable};
            now: func() -> u64;
            subscribe-duration: func(when: u64) -> pollable;
        }
    """,
    "wasi:random@0.2.6": """
        package wasi:random@0.2.6;
        interface random {
            get-random-bytes: func(len: u64) -> list<u8>;
            get-random-u64: func() -> u64;
        }
    """,
    "wasi:cli@0.2.6": """
        package wasi:cli@0.2.6;
        interface environment { get-environment: func() -> list<tuple<string, string>>; }
        interface stderr {
            use wasi:io/streams@0.2.6.{output-stream};
            get-stderr: func() -> output-stream;
        }
    """,
}


def standard(packages: Mapping[str, str] = STANDARD, origin: str = "the test") -> StandardWit:
    """A source of these packages, each a file of its name."""
    files = {
        name: {_file(name): textwrap.dedent(text).strip().encode() + b"\n"} for name, text in packages.items()
    }
    memory = {
        f"wit/deps/{_file(name)[:-4]}/{file}": data
        for name, each in files.items()
        for file, data in each.items()
    }
    memory["wit/root.wit"] = b"package any:root;\n"
    resolution = resolve_wit(load_wit(MemoryFiles(memory), ["wit"]))
    assert not resolution.problems, resolution.problems
    return StandardWit(origin, resolution, files)


def _file(package: str) -> str:
    return f"{package.partition('@')[0].partition(':')[2]}.wit"


@dataclass
class PlannedC:
    """One plan and what its edits come to."""

    root: Path
    result: PlanCResult
    changes: ChangeSet

    def text(self, path: str) -> str:
        """A file after the edits."""
        for change in self.changes.changes:
            if change.path == path:
                assert change.after is not None, f"{path} is removed"
                return change.after.decode()
        return (self.root / path).read_text()

    def paths(self, kind: str) -> list[str]:
        """The paths of files that are created, removed or modified."""
        return [change.path for change in self.changes.changes if change.kind.value == kind]

    def calls(self) -> list[tuple[str, str]]:
        """For each call site its function, and the standard function or ``bridge``."""
        for site in self.result.calls:
            assert (site.target is CallTarget.STANDARD) is bool(site.calls)
        return [(site.function, site.calls or "bridge") for site in self.result.calls]

    def apply(self) -> None:
        """Write the changes."""
        for change in self.changes.changes:
            path = self.root / change.path
            if change.after is None:
                path.unlink()
            else:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(change.after)


@cache
def catalog() -> Catalog:
    return Catalog()


@cache
def host() -> HostView:
    return catalog().host("wasmtime", ())


def crates(root: Path, target: str = "wasm32-wasip1") -> Crates:
    """The cargo workspace in a folder."""
    workspace = Workspace(root, root, Toolchain())
    return next(
        found for found in crates_of(workspace, target, std=catalog().std) if found.cargo.folder == "."
    )


def _maker(mode: BridgeMode) -> BridgeMaker:
    cases = refusals(catalog())
    return bridge_maker(
        stub_parts(cases) if mode is BridgeMode.STUB else wasi_parts(catalog().mappings, cases)
    )


def planned(
    root: Path,
    *sources: StandardWit,
    target: str = "wasm32-wasip1",
    mode: BridgeMode = BridgeMode.WASI,
    keep_wit: bool = False,
) -> PlannedC:
    """Plan C for the workspace in a folder; without ``sources`` nobody has standard WIT."""
    found = crates(root, target)
    inputs = plan_inputs(found, lambda name: host().match(name).kind != "none")
    result = plan_c(
        inputs, _maker(mode), sources, links=lambda name: host().match(name).linked, keep_wit=keep_wit
    )
    return PlannedC(root, result, compose(result.edits, found.read))
