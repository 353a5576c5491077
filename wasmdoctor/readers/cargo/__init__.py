"""Reads Rust workspaces as Cargo does: manifests, workspaces, lock file, features, the crate graph.

``read_workspace`` reads the workspace around a path, ``resolve`` gives the graph of crates for a
target and features, ``linked_crates`` those whose code ends up in one crate's component. Nothing here
runs Cargo, and files are reached only through the ``FileView`` that is passed in.
"""

from wasmdoctor.readers.cargo.cfg import CfgError, CfgSet, parse_cfg, parse_platform, platform_holds
from wasmdoctor.readers.cargo.features import FeatureSelection, feature_map
from wasmdoctor.readers.cargo.files import DiskFiles, FileView, MemoryFiles
from wasmdoctor.readers.cargo.link import linked_crates
from wasmdoctor.readers.cargo.lock import read_lock
from wasmdoctor.readers.cargo.platforms import cfg_set, host_triple, known_triples
from wasmdoctor.readers.cargo.resolve import CrateResolver, Platforms, built_targets, resolve
from wasmdoctor.readers.cargo.sources import PackageSources, configured_vendor_folders
from wasmdoctor.readers.cargo.workspace import (
    find_workspace_root,
    nearest_manifest,
    read_workspace,
    read_workspaces,
    standing,
)

__all__ = [
    "CfgError",
    "CfgSet",
    "CrateResolver",
    "DiskFiles",
    "FeatureSelection",
    "FileView",
    "MemoryFiles",
    "PackageSources",
    "Platforms",
    "built_targets",
    "cfg_set",
    "configured_vendor_folders",
    "feature_map",
    "find_workspace_root",
    "host_triple",
    "known_triples",
    "linked_crates",
    "nearest_manifest",
    "parse_cfg",
    "parse_platform",
    "platform_holds",
    "read_lock",
    "read_workspace",
    "read_workspaces",
    "resolve",
    "standing",
]
