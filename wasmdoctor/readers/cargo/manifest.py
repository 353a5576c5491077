"""One Cargo.toml, as written: what it says itself, before workspace inheritance.

The keys and their rules are those of the Cargo reference (chapters "The Manifest Format", "Specifying
Dependencies", "Workspaces", "Features", "Overriding Dependencies"), cargo 1.96.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import islice

from wasmdoctor.model.cargo import (
    ComponentMetadata,
    DeclaredDependency,
    DependencyKind,
    Feature,
    Patch,
    Setting,
    Text,
)
from wasmdoctor.model.record import dataclass
from wasmdoctor.model.source import Location, Problem, SourceText
from wasmdoctor.readers.cargo.cfg import CfgError, parse_platform
from wasmdoctor.readers.cargo.component import read_component
from wasmdoctor.readers.cargo.fields import Fields
from wasmdoctor.readers.cargo.files import folder_of, join
from wasmdoctor.readers.cargo.toml import Item, Origin, Table, parse
from wasmdoctor.readers.cargo.version import parse_requirement

_KINDS = (
    (DependencyKind.NORMAL, ("dependencies",)),
    (DependencyKind.DEV, ("dev-dependencies", "dev_dependencies")),
    (DependencyKind.BUILD, ("build-dependencies", "build_dependencies")),
)


@dataclass(frozen=True, slots=True)
class InheritedDependency:
    """A dependency that says ``workspace = true``; None where it says nothing itself."""

    name: str
    kind: DependencyKind
    location: Location
    cfg: str | None
    optional: bool
    default_features: bool | None
    features: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class WorkspaceTable:
    """``[workspace]``. ``members`` and the like are as written; dependency paths are joined."""

    location: Location
    members: tuple[Text, ...]
    exclude: tuple[Text, ...]
    default_members: tuple[Text, ...] | None
    resolver: str | None
    package: Table
    dependencies: Mapping[str, DeclaredDependency]
    metadata: tuple[Setting, ...]


@dataclass(frozen=True, slots=True)
class Manifest:
    """A manifest file. ``package`` and ``document`` are the raw tables; ``folder`` is where it lies."""

    path: str
    folder: str
    fields: Fields
    document: Table
    package: Table | None
    name: Text | None
    workspace_pointer: str | None
    workspace: WorkspaceTable | None
    dependencies: tuple[DeclaredDependency | InheritedDependency, ...]
    features: tuple[Feature, ...]
    patches: tuple[Patch, ...]
    component: ComponentMetadata | None

    @property
    def problems(self) -> list[Problem]:
        """What was wrong with it; grows while the workspace around it is read."""
        return self.fields.problems


Place = Callable[[str], str]
"""Gives a path in the file view for a path as a manifest writes it."""


def read_manifest(source: SourceText, joined: Callable[[str, str], str] = join) -> Manifest | Problem:
    """A manifest from its text, or why it cannot be read at all. ``joined`` is the file view's join."""
    document = parse(source)
    if isinstance(document, Problem):
        return document
    fields = Fields(source)
    folder = folder_of(source.path)

    def seen(path: str) -> str:
        return joined(folder, path)

    package: Table | None = None
    if "package" in document or "project" in document:
        package = fields.table(document, "package" if "package" in document else "project")
    name = fields.text(package, "name") if package is not None else None
    if package is not None and name is None:
        place = document["package" if "package" in document else "project"].start
        fields.problem(place, "the package has no name", 'add `name = "..."`')
    if package is None and "workspace" not in document:
        fields.problem(0, "neither `[package]` nor `[workspace]` in the manifest", "add one of them")
    pointer = fields.string(package, "workspace") if package is not None else None
    dependencies = tuple(islice(_dependencies(fields, document, seen), MAX_DEPENDENCIES + 1))
    if len(dependencies) > MAX_DEPENDENCIES:
        message = f"more than {MAX_DEPENDENCIES:,} dependencies, which is the most that is read"
        return Problem(Location(source.path), message, "is it the right file?")
    return Manifest(
        path=source.path,
        folder=folder,
        fields=fields,
        document=document,
        package=package,
        name=name,
        workspace_pointer=None if pointer is None else seen(pointer),
        workspace=_workspace(fields, document, seen),
        dependencies=dependencies,
        features=_features(fields, document),
        patches=tuple(_patches(fields, document, seen)),
        component=read_component(fields, package) if package is not None else None,
    )


MAX_DEPENDENCIES = 5_000
"""Dependencies of one manifest; each is looked for on disk."""


def _dependencies(
    fields: Fields, document: Table, seen: Place
) -> Iterator[DeclaredDependency | InheritedDependency]:
    yield from _sections(fields, document, seen, None)
    for key, item in fields.table(document, "target").items():
        if not isinstance(item.value, Table):
            fields.problem(item.start, f"`target.{key}` is not a table", "give a table")
            continue
        try:
            parse_platform(key)
        except CfgError as error:
            fields.problem(item.key.start, f"`{key}`: {error}", "correct the expression")
            continue
        yield from _sections(fields, item.value, seen, key)


def _sections(
    fields: Fields, table: Table, seen: Place, cfg: str | None
) -> Iterator[DeclaredDependency | InheritedDependency]:
    """The three dependency tables of a manifest, or of one ``[target.CFG]``."""
    for kind, names in _KINDS:
        for section in names:
            if section not in table:
                continue
            for key, item in fields.table(table, section).items():
                found = _dependency(fields, key, item, seen, kind, cfg)
                if found is not None:
                    yield found


def _dependency(
    fields: Fields, name: str, item: Item, seen: Place, kind: DependencyKind, cfg: str | None
) -> DeclaredDependency | InheritedDependency | None:
    if isinstance(item.value, Table) and "workspace" in item.value:
        table = item.value
        if fields.flag(table, "workspace") is not True:
            fields.problem(table["workspace"].start, "`workspace` cannot be false", "remove it")
            return None
        return InheritedDependency(
            name=name,
            kind=kind,
            location=fields.at(item.key.start),
            cfg=cfg,
            optional=bool(fields.flag(table, "optional")),
            default_features=fields.flag(table, "default-features", "default_features"),
            features=tuple(text.value for text in fields.texts(table, "features")),
        )
    return _declared(fields, name, item, seen, kind, cfg)


def _declared(
    fields: Fields, name: str, item: Item, seen: Place, kind: DependencyKind, cfg: str | None = None
) -> DeclaredDependency | None:
    place = fields.at(item.key.start)
    if isinstance(item.value, str):
        _check_requirement(fields, name, item.value, item.start)
        return DeclaredDependency(name, name, kind, place, requirement=item.value, cfg=cfg)
    if not isinstance(item.value, Table):
        fields.problem(item.start, f"dependency `{name}` is neither a version nor a table", "give a version")
        return None
    table = item.value
    version = fields.string(table, "version")
    path, git = fields.string(table, "path"), fields.string(table, "git")
    if version is not None:
        _check_requirement(fields, name, version, table["version"].start)
    if version is None and path is None and git is None:
        fields.problem(item.key.start, f"dependency `{name}` has no path, git address or version", "give one")
    package = fields.string(table, "package")
    registry = fields.string(table, "registry", "registry-index")
    default = fields.flag(table, "default-features", "default_features")
    return DeclaredDependency(
        name=name,
        package=name if package is None else package,
        kind=kind,
        location=place,
        requirement=version or "",
        path=None if path is None else seen(path),
        git=git,
        reference=_reference(fields, table),
        registry=registry,
        cfg=cfg,
        optional=bool(fields.flag(table, "optional")),
        default_features=default is not False,
        features=tuple(text.value for text in fields.texts(table, "features")),
    )


def _check_requirement(fields: Fields, name: str, text: str, offset: int) -> None:
    if parse_requirement(text) is None:
        fields.problem(offset, f"`{text}` is no version requirement for `{name}`", 'write it like "1.2"')


def _reference(fields: Fields, table: Table) -> tuple[str, str] | None:
    """``("branch" | "tag" | "rev", name)`` of a git dependency."""
    for key in ("branch", "tag", "rev"):
        text = fields.string(table, key)
        if text is not None:
            return key, text
    return None


def _features(fields: Fields, document: Table) -> tuple[Feature, ...]:
    table = fields.table(document, "features")
    return tuple(Feature(key, fields.texts(table, key), fields.at(table[key].key.start)) for key in table)


def _patches(fields: Fields, document: Table, seen: Place) -> Iterator[Patch]:
    patch = fields.table(document, "patch")
    for source in patch:
        for name, item in fields.table(patch, source).items():
            found = _declared(fields, name, item, seen, DependencyKind.NORMAL)
            if found:
                yield Patch(source, found)
    for spec, item in fields.table(document, "replace").items():
        found = _declared(fields, spec, item, seen, DependencyKind.NORMAL)
        if found:
            # The key is a package id: `name:1.2.3`, `name@1.2.3`, or a URL with one of them after `#`.
            name, _, version = spec.rpartition("#")[2].replace("@", ":").partition(":")
            yield Patch("replace", _named(found, name), version)


def _named(dependency: DeclaredDependency, name: str) -> DeclaredDependency:
    return DeclaredDependency(
        name=name,
        package=name,
        kind=dependency.kind,
        location=dependency.location,
        path=dependency.path,
        git=dependency.git,
        reference=dependency.reference,
    )


def _workspace(fields: Fields, document: Table, seen: Place) -> WorkspaceTable | None:
    if "workspace" not in document:
        return None
    table = fields.table(document, "workspace")
    dependencies = {}
    for name, item in fields.table(table, "dependencies").items():
        found = _declared(fields, name, item, seen, DependencyKind.NORMAL)
        if found:
            dependencies[name] = found
    return WorkspaceTable(
        location=fields.at(document["workspace"].key.start),
        members=fields.texts(table, "members"),
        exclude=fields.texts(table, "exclude"),
        default_members=fields.texts(table, "default-members") if "default-members" in table else None,
        resolver=fields.string(table, "resolver"),
        package=fields.table(table, "package"),
        dependencies=dependencies,
        metadata=fields.settings(fields.table(table, "metadata")),
    )


def no_table() -> Table:
    """An empty table."""
    return Table(Origin.IMPLIED)
