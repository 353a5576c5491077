"""Our graph against cargo's own, for generated workspaces.

``cargo metadata`` unifies features over all kinds, platforms and sides whatever the resolver: it is
compared with ``CrateResolver.as_metadata``. What is really compiled, resolver 1, 2 or 3, is the unit graph of
``cargo build``: it is compared with ``resolve``.
"""

import pytest
from pace import within

from wasmdoctor.readers.cargo import (
    CrateResolver,
    DiskFiles,
    PackageSources,
    Platforms,
    cfg_set,
    read_workspace,
    resolve,
)

HOST = "x86_64-unknown-linux-gnu"


def platforms(target):
    return Platforms(cfg_set(target), cfg_set(HOST))


def read(oracle, vendor=()):
    files = DiskFiles(oracle.folder)
    workspace = read_workspace(files, ".")
    assert not workspace.problems
    return files, workspace, PackageSources(files, vendor=vendor)


@pytest.mark.parametrize("target", ["wasm32-wasip1", "wasm32-wasip2", HOST])
def test_200_crates_are_as_cargo_metadata_has_them(generated, compare, target):
    oracle = generated(200, crates=200)
    oracle.lock()
    with within(0.7):  # about 0.3 when the machine has nothing else to do
        files, workspace, _ = read(oracle)
        ours = CrateResolver(workspace, files).as_metadata(platforms(target))
    metadata = oracle.metadata("--filter-platform", target)
    theirs = compare.metadata_nodes(metadata)
    assert len(theirs) == 200
    assert compare.our_nodes(ours) == theirs
    assert not ours.problems


@pytest.mark.parametrize("resolver", ["1", "2", "3"])
@pytest.mark.parametrize("target", ["wasm32-wasip1", "wasm32-unknown-unknown"])
def test_200_crates_are_compiled_as_cargo_compiles_them(generated, compare, target, resolver):
    oracle = generated(201, crates=200, resolver=resolver)
    oracle.lock()
    files, workspace, _ = read(oracle)
    ours = resolve(workspace, files, platforms(target))
    features, edges = oracle.units("--target", target, "--workspace")
    our_features, our_edges = compare.our_units(ours)
    assert len(features) > 200
    assert our_features == features
    assert our_edges == edges
