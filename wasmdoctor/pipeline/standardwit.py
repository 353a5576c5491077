"""The WIT of standard interfaces that a person has: in the workspace, or in a crate that Cargo has fetched."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping

from wasmdoctor.migrate.plan_c.standard import StandardWit, interfaces_only
from wasmdoctor.model.record import replace
from wasmdoctor.pipeline.crates import Crates, cargo_home
from wasmdoctor.pipeline.sources import WitView
from wasmdoctor.readers.cargo import DiskFiles, PackageSources, configured_vendor_folders
from wasmdoctor.readers.cargo.version import parse_requirement, parse_version
from wasmdoctor.readers.wit import load_wit, resolve_wit
from wasmdoctor.readers.wit.load import Group

STANDARD = "wasi:"
"""How the names of standard packages begin."""


def standard_wit(crates: Crates, crate: str, requirement: str) -> tuple[StandardWit, ...]:
    """Standard packages, the best source first: the workspace's WIT folders, then the crate of this name in the
    version that is locked, else the newest fitting one in Cargo's registry folders. Nothing is downloaded."""
    workspace = DiskFiles(crates.workspace.cwd, crates.workspace.root)
    found = [_source(workspace, path, f"`{path}`") for path in crates.workspace.wit]
    seen = DiskFiles(crates.workspace.cwd, crates.workspace.root, [cargo_home()])
    folder, version = _crate(crates, seen, crate, requirement)
    if folder:
        found.append(_trimmed(_source(seen, seen.join(folder, "wit"), f"the crate `{crate}` {version}")))
    return tuple(source for source in found if source.files)


def _source(files: DiskFiles, path: str, origin: str) -> StandardWit:
    """The standard packages that a WIT folder has, as dependencies or as itself."""
    loaded = load_wit(WitView(files), [path])
    packages: dict[str, Mapping[str, bytes]] = {}
    for root in loaded.roots:
        for group in (root.main, *root.deps):
            name = _package(group)
            if name.startswith(STANDARD) and not group.decoded:
                packages[name] = {
                    posixpath.basename(tree.source.path): tree.source.data for tree in group.trees
                }
    return StandardWit(origin, resolve_wit(loaded), packages)


def _trimmed(source: StandardWit) -> StandardWit:
    """The interfaces of a source, without worlds."""
    files = {
        package: {name: interfaces_only(name, data, source.origin) for name, data in each.items()}
        for package, each in source.files.items()
    }
    return replace(source, files=files)


def _package(group: Group) -> str:
    return next((tree.header.name.text for tree in group.trees if tree.header is not None), "")


def _crate(crates: Crates, files: DiskFiles, crate: str, requirement: str) -> tuple[str, str]:
    """The folder and version of a crate on this machine; "" for both when it is not there."""
    lock = crates.cargo.lock
    locked = {package.version for package in lock.packages if package.name == crate} if lock else set()
    wanted = parse_requirement(requirement)
    found = []
    for folder, version in _folders(crates, files, crate):
        parsed = parse_version(version)
        if parsed is not None and (wanted is None or wanted.matches(parsed)):
            found.append((version in locked, parsed.key, folder, version))
    return max(found)[2:] if found else ("", "")


def _folders(crates: Crates, files: DiskFiles, crate: str) -> Iterator[tuple[str, str]]:
    """The folders of all versions of a crate in Cargo's registry folders and vendored ones."""
    places = PackageSources(files, None)
    base = crates.workspace.show(cargo_home() / "registry" / "src")
    folders = [files.join(base, index) for index in places.entries(base)]
    folders += configured_vendor_folders(files, crates.cargo.folder)
    for folder in folders:
        for entry in places.entries(folder):
            before, _, version = entry.partition(f"{crate}-")
            if not before and version:
                yield files.join(folder, entry), version
