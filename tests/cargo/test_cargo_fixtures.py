"""The project's own Rust fixtures: our graph is cargo's, for every workspace and target."""

import os
import shutil
from pathlib import Path

import pytest

from wasmdoctor.readers.cargo import (
    CrateResolver,
    DiskFiles,
    PackageSources,
    Platforms,
    cfg_set,
    read_workspace,
)

HOST = "x86_64-unknown-linux-gnu"
FIXTURES = Path(__file__).parents[2] / "fixtures"


def roots():
    """The folders of fixtures that have a manifest and no manifest above them."""
    found = sorted(path.parent for path in FIXTURES.glob("**/Cargo.toml") if "target" not in path.parts)
    return [path for path in found if not any(other in path.parents for other in found)]


# The registry crates that the fixtures name must be in Cargo's home, as after building the fixtures.
@pytest.mark.rust
@pytest.mark.parametrize("folder", roots(), ids=lambda folder: str(folder.relative_to(FIXTURES)))
@pytest.mark.parametrize("target", ["wasm32-wasip1", "wasm32-wasip2"])
def test_a_fixture_is_as_cargo_has_it(compare, oracle_in, tmp_path, folder, target):
    copy = tmp_path / "copy"
    shutil.copytree(folder, copy, ignore=shutil.ignore_patterns("target"))
    oracle = oracle_in(copy)
    if not (copy / "Cargo.lock").exists():
        oracle.lock()
    home = Path(os.environ.get("CARGO_HOME", Path.home() / ".cargo"))
    files = DiskFiles(copy, also=[home])
    workspace = read_workspace(files, ".")
    assert workspace.problems == ()
    resolver = CrateResolver(workspace, files, PackageSources(files, home=str(home)))
    platforms = Platforms(cfg_set(target), cfg_set(HOST))
    metadata = oracle.metadata("--filter-platform", target)
    assert compare.our_nodes(resolver.as_metadata(platforms)) == compare.metadata_nodes(metadata)
    graph = resolver.compiled(platforms)
    assert compare.our_units(graph) == oracle.units("--target", target)
    assert all(crate.known for crate in graph.crates.values())
