"""Edited files that are in memory only: the overlay says what the disk would say after the edits."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from migrate.migrated import copied
from rust.workspaces import WORKSPACES

from wasmdoctor.catalog import Catalog
from wasmdoctor.model.edit import ChangeKind, ChangeSet, FileChange
from wasmdoctor.pipeline.overlay import EditedFiles, EditedWorkspace, edited_crates, written_files
from wasmdoctor.pipeline.plan import PlanOptions, places
from wasmdoctor.pipeline.sources import Workspace
from wasmdoctor.readers.cargo import DiskFiles
from wasmdoctor.toolchain import Toolchain

NAMES = ["a", "b", "c"]
PATHS = st.lists(st.sampled_from(NAMES), min_size=1, max_size=3).map("/".join)


def folders_of(paths: dict[str, bytes]) -> set[str]:
    return {"/".join(path.split("/")[:n]) for path in paths for n in range(1, path.count("/") + 1)}


def consistent(paths: dict[str, bytes]) -> dict[str, bytes]:
    """Without files that are folders of others."""
    return {path: data for path, data in paths.items() if path not in folders_of(paths)}


def listing(files: DiskFiles, folder: str = ".") -> Iterator[tuple[str, bytes]]:
    for name, is_folder in files.entries(folder).items():
        path = name if folder == "." else f"{folder}/{name}"
        assert files.is_folder(path) is is_folder
        assert files.is_file(path) is not is_folder
        if is_folder:
            yield from listing(files, path)
        else:
            yield path, files.read(path)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    before=st.dictionaries(PATHS, st.binary(max_size=3), min_size=1, max_size=6).map(consistent),
    after=st.dictionaries(PATHS, st.binary(max_size=3), min_size=1, max_size=6).map(consistent),
)
def test_the_overlay_is_what_the_disk_would_be(
    tmp_path: Path, before: dict[str, bytes], after: dict[str, bytes]
) -> None:
    """From any tree to any other, where no folder becomes a file or the other way round."""
    after = {
        path: data
        for path, data in after.items()
        if path not in folders_of(before) and not folders_of({path: data}) & set(before)
    }
    shutil.rmtree(tmp_path)
    tmp_path.mkdir()
    for path, data in before.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(data)
    edits = {**dict.fromkeys(before), **after}
    edited = EditedFiles(tmp_path, tmp_path, (), edits)
    assert dict(listing(edited)) == after
    for path in before.keys() - after.keys():
        assert not edited.is_file(path)
        with pytest.raises(OSError, match="does not exist"):
            edited.read(path)
    assert dict(listing(DiskFiles(tmp_path))) == before, "the disk is as it was"


def test_moves_and_removals_are_seen() -> None:
    changes = ChangeSet(
        (
            FileChange("a", ChangeKind.MOVE, b"1", None, ("why",), to="b/c"),
            FileChange("d", ChangeKind.REMOVE, b"2", None, ("why",)),
            FileChange("e", ChangeKind.MODIFY, b"3", b"4", ("why",)),
        )
    )
    assert written_files(changes) == {"a": None, "b/c": b"1", "d": None, "e": b"4"}


def test_sources_are_those_after_the_edits(tmp_path: Path) -> None:
    files = {"Cargo.toml": "", "old/Cargo.toml": "", "wit/w.wit": "", "wit/deps/x/x.wit": "", "a.wac": ""}
    for path, text in files.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    edits = {
        "old/Cargo.toml": None,
        "new/Cargo.toml": b"",
        "wit/w.wit": None,
        "app/wit/app.wit": b"",
        "app/wit/deps/y/y.wit": b"",
        "a.wac": None,
        ".wasmdoctor/removed/w.wit": b"",
    }
    sources = EditedWorkspace(tmp_path, tmp_path, Toolchain(), edits).sources
    assert sources.manifests == [tmp_path / "Cargo.toml", tmp_path / "new/Cargo.toml"]
    assert sources.wit == [tmp_path / "app/wit"]
    assert sources.wac == []
    assert Workspace(tmp_path, tmp_path, Toolchain()).sources.wit == [tmp_path / "wit"]


def test_a_dependency_that_the_lock_does_not_have_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The newest version that fits, of those in Cargo's registry folder, is read as if it were locked."""
    tree = copied(WORKSPACES / "virtual-workspace", tmp_path / "orchard")
    home = tmp_path / "cargo"
    for version in ("1.9.0", "2.0.3", "2.10.1+wasi-0.2.9", "3.0.0"):
        folder = home / f"registry/src/index-1/hedge-{version}"
        (folder / "src").mkdir(parents=True)
        (folder / "Cargo.toml").write_text(
            f'[package]\nname = "hedge"\nversion = "{version}"\nedition = "2021"\n'
        )
        (folder / "src/lib.rs").write_text("pub fn trim() {}\n")
    monkeypatch.setenv("CARGO_HOME", str(home))
    options = PlanOptions((str(tree),), tree, target="wasm32-wasip1")
    place = next(p for p in places(options, Catalog(), Toolchain()) if p.root == tree)
    manifest = "apps/orchard-press/Cargo.toml"
    old = (tree / manifest).read_bytes()
    new = old.replace(b"[dependencies]\n", b'[dependencies]\nhedge = "2"\n')
    assert new != old
    changes = ChangeSet((FileChange(manifest, ChangeKind.MODIFY, old, new, ("why",)),))
    crates = edited_crates(place.crates, changes, Toolchain())
    assert crates is not None
    component = crates.member("orchard-press")
    assert component is not None
    (hedge,) = (linked.crate for linked in component.linked if linked.crate.name == "hedge")
    assert hedge.version == "2.10.1+wasi-0.2.9"
    assert hedge.root_file.endswith("hedge-2.10.1+wasi-0.2.9/src/lib.rs")
    assert (tree / manifest).read_bytes() == old
