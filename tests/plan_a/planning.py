"""Plans for workspaces that a test writes or copies: what was read, the plan, and the tree after its edits."""

from __future__ import annotations

import shutil
import textwrap
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from wasmdoctor.catalog import Catalog
from wasmdoctor.migrate.edits import compose
from wasmdoctor.migrate.inputs import Bridge, BridgeRequest, NewDependency
from wasmdoctor.migrate.plan_a import PlanAResult, plan_a
from wasmdoctor.model.edit import ChangeSet
from wasmdoctor.model.host import HostView
from wasmdoctor.model.wit import Resolution
from wasmdoctor.pipeline.crates import crates_of
from wasmdoctor.pipeline.planinputs import plan_inputs
from wasmdoctor.pipeline.sources import Workspace
from wasmdoctor.readers.cargo import FeatureSelection
from wasmdoctor.toolchain import Toolchain

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures"
MARK = b"// the bridge\n"
IGNORED = shutil.ignore_patterns("target", "prebuilt", "expected.toml")

APP_WORLD = """
    wit_bindgen::generate!({ inline: "package my:app; world app { export run: func() -> u32; }" });

    struct App;

    impl Guest for App {
        fn run() -> u32 {
            %s
        }
    }

    export!(App);
"""
GENERATOR = 'wit-bindgen = { version = "0.48.1", default-features = false, features = ["macros"] }'


@dataclass
class Planned:
    """One plan: the bridges that it asked for, and what its edits come to."""

    root: Path
    result: PlanAResult
    changes: ChangeSet
    requests: list[BridgeRequest] = field(default_factory=list)

    def text(self, path: str) -> str:
        """A file after the edits."""
        for change in self.changes.changes:
            if change.path == path:
                assert change.after is not None, f"{path} is removed"
                return change.after.decode()
        return (self.root / path).read_text()

    def removed(self) -> list[str]:
        """The paths of files that go."""
        return [change.path for change in self.changes.changes if change.after is None]

    def created(self) -> list[str]:
        """The paths of new files."""
        return [change.path for change in self.changes.changes if change.before is None]

    def apply(self) -> None:
        """Write the changes."""
        for change in self.changes.changes:
            path = self.root / change.path
            if change.after is None:
                path.unlink()
            else:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(change.after)


def write(root: Path, files: Mapping[str, str]) -> Path:
    """A workspace with these files; texts lose their common indentation."""
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text).removeprefix("\n"))
    return root


def manifest(
    name: str, *dependencies: str, crate_type: str | None = None, more: str = "", generator: str = GENERATOR
) -> str:
    """A manifest with wit-bindgen and path dependencies on neighbours."""
    lines = ["[package]", f'name = "{name}"', 'version = "0.1.0"', 'edition = "2021"', ""]
    if crate_type:
        lines += ["[lib]", f"crate-type = [{crate_type}]", ""]
    lines += ["[dependencies]", *(f'{other} = {{ path = "../{other}" }}' for other in dependencies)]
    lines += [generator] if generator else []
    return "\n".join(lines) + "\n" + textwrap.dedent(more)


def members(*names: str) -> str:
    """A virtual workspace."""
    return f'[workspace]\nresolver = "2"\nmembers = [{", ".join(repr(name) for name in names)}]\n'


def copy(name: str, folder: Path) -> Path:
    """A copy of a fixture: ``scheduler``, or ``workspaces/...``."""
    root = folder / name.replace("/", "-")
    shutil.copytree(FIXTURES / name, root, ignore=IGNORED)
    return root


@cache
def _catalog() -> Catalog:
    return Catalog()


@cache
def _host() -> HostView:
    return _catalog().host("wasmtime", ())


def planned(
    root: Path,
    *,
    target: str = "wasm32-wasip1",
    features: tuple[str, ...] = (),
    keep_wit: bool = False,
) -> Planned:
    """Plan A for the workspace in a folder, with bridges that hold a comment and nothing else."""
    return planned_in(Workspace(root, root, Toolchain()), target, features, keep_wit=keep_wit)


def planned_in(
    workspace: Workspace,
    target: str = "wasm32-wasip1",
    features: tuple[str, ...] = (),
    *,
    keep_wit: bool = False,
) -> Planned:
    """The same for a workspace that is opened already: its folder may lie in a larger one."""
    requests: list[BridgeRequest] = []

    def maker(request: BridgeRequest, resolution: Resolution) -> Bridge:
        assert resolution.packages
        requests.append(request)
        return Bridge({request.path: MARK}, (), {"wasip2": NewDependency("2")})

    catalog = _catalog()
    host = _host()
    selection = FeatureSelection(names=features) if features else None
    crates = next(
        found
        for found in crates_of(workspace, target, selection, None, catalog.std)
        if found.cargo.folder == "."
    )
    inputs = plan_inputs(crates, lambda name: host.match(name).kind != "none")
    result = plan_a(inputs, maker, keep_wit=keep_wit)
    return Planned(workspace.cwd, result, compose(result.edits, crates.read), requests)
