"""Packages with workspace inheritance applied (Cargo reference, "The workspace.package table" and
"The workspace.dependencies table"; ``inner_dependency_inherit_with`` in cargo 1.96)."""

from __future__ import annotations

from wasmdoctor.model.cargo import DeclaredDependency, Package, Text
from wasmdoctor.model.record import replace
from wasmdoctor.model.source import Problem
from wasmdoctor.readers.cargo.files import FileView
from wasmdoctor.readers.cargo.manifest import InheritedDependency, Manifest, WorkspaceTable, no_table
from wasmdoctor.readers.cargo.targets import read_targets
from wasmdoctor.readers.cargo.toml import Table


def package_of(
    manifest: Manifest, workspace: WorkspaceTable | None, files: FileView, *, everything: bool = True
) -> Package | None:
    """The package of a manifest; None without a (named) package.

    ``workspace`` is the table of its workspace's root, for what it inherits. Without ``everything``
    only library and build script are looked for. Problems go to the manifest's.
    """
    if manifest.package is None or manifest.name is None:
        return None
    fields = manifest.fields
    edition = _inherited(manifest, workspace, "edition")
    year = edition.value if edition else "2015"
    version = _inherited(manifest, workspace, "version")
    resolver = fields.string(manifest.package, "resolver")
    links = fields.string(manifest.package, "links")
    dependencies = []
    for dependency in manifest.dependencies:
        if isinstance(dependency, InheritedDependency):
            found = _dependency(manifest, workspace, dependency)
            if found:
                dependencies.append(found)
        else:
            dependencies.append(dependency)
    return Package(
        name=manifest.name,
        version=version.value if version else "0.0.0",
        edition=year,
        manifest=manifest.path,
        folder=manifest.folder,
        resolver=resolver,
        links=links,
        targets=read_targets(manifest, files, year, everything=everything),
        dependencies=tuple(dependencies),
        features=manifest.features,
        component=manifest.component,
    )


def inherits(manifest: Manifest) -> bool:
    """Whether anything in it says ``workspace = true``."""
    if any(isinstance(dependency, InheritedDependency) for dependency in manifest.dependencies):
        return True
    package = manifest.package if manifest.package is not None else no_table()
    return any(isinstance(package[key].value, Table) for key in ("version", "edition") if key in package)


def _inherited(manifest: Manifest, workspace: WorkspaceTable | None, key: str) -> Text | None:
    """A string of ``[package]``, or the workspace's when it says ``key.workspace = true``."""
    table = manifest.package if manifest.package is not None else no_table()
    item = table.get(key)
    if item is None or not isinstance(item.value, Table):
        return manifest.fields.text(table, key)
    if workspace is None or key not in workspace.package:
        manifest.fields.problem(
            item.key.start,
            f"`{key}` is inherited, but the workspace does not define it",
            f"add `{key}` to [workspace.package]",
        )
        return None
    value = workspace.package[key].value
    return Text(value, manifest.fields.at(item.key.start)) if isinstance(value, str) else None


def _dependency(
    manifest: Manifest, workspace: WorkspaceTable | None, own: InheritedDependency
) -> DeclaredDependency | None:
    """The workspace's dependency with what the member adds to it.

    Features add up. A member may switch default features on where the workspace has them off; that
    it switches them off where the workspace does not is ignored (an error from edition 2024 on).
    """
    base = workspace.dependencies.get(own.name) if workspace else None
    if base is None:
        message = f"dependency `{own.name}` is inherited, but the workspace does not define it"
        manifest.problems.append(_problem(own, message))
        return None
    return replace(
        base,
        kind=own.kind,
        location=own.location,
        cfg=own.cfg,
        optional=own.optional,
        default_features=base.default_features or own.default_features is True,
        features=tuple(dict.fromkeys((*base.features, *own.features))),
        inherited_from=base.location,
    )


def _problem(own: InheritedDependency, message: str) -> Problem:
    return Problem(own.location, message, f"add `{own.name}` to [workspace.dependencies]")
