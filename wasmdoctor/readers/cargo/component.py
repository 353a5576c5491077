"""``[package.metadata.component]``: what cargo-component 0.21 (``core/src/lib.rs``, ``src/config.rs``) reads."""

from __future__ import annotations

from wasmdoctor.model.cargo import ComponentMetadata, ComponentTarget, Text, WitDependency
from wasmdoctor.readers.cargo.fields import Fields
from wasmdoctor.readers.cargo.toml import Item, Table

_KNOWN = ("package", "adapter", "proxy", "target", "dependencies", "bindings")


def read_component(fields: Fields, package: Table) -> ComponentMetadata | None:
    """The component metadata of a ``[package]`` table, None without one."""
    metadata = package.get("metadata")
    if metadata is None or not isinstance(metadata.value, Table) or "component" not in metadata.value:
        return None
    item = metadata.value["component"]
    if not isinstance(item.value, Table):
        fields.problem(item.start, "`metadata.component` is not a table", "give a table")
        return None
    table = item.value
    return ComponentMetadata(
        location=fields.at(item.key.start),
        package=fields.text(table, "package"),
        adapter=fields.text(table, "adapter"),
        proxy=bool(fields.flag(table, "proxy")),
        target=_target(fields, table["target"]) if "target" in table else None,
        dependencies=_dependencies(fields, fields.table(table, "dependencies")),
        bindings=fields.settings(fields.table(table, "bindings")),
        others=fields.settings(table, without=_KNOWN),
    )


def _target(fields: Fields, item: Item) -> ComponentTarget | None:
    """A table, or the short form ``"namespace:package/world@1.2.3"``."""
    if isinstance(item.value, str):
        place = fields.at(item.start)
        name, _, version = item.value.partition("@")
        package, _, world = name.partition("/")
        return ComponentTarget(
            location=place,
            world=Text(world, place) if world else None,
            package=Text(package, place),
            version=Text(version, place) if version else None,
        )
    if not isinstance(item.value, Table):
        fields.problem(item.start, "`target` is neither a table nor a string", "give a path and a world")
        return None
    table = item.value
    return ComponentTarget(
        location=fields.at(item.key.start),
        path=fields.text(table, "path"),
        world=fields.text(table, "world"),
        package=fields.text(table, "package"),
        version=fields.text(table, "version"),
        dependencies=_dependencies(fields, fields.table(table, "dependencies")),
    )


def _dependencies(fields: Fields, table: Table) -> tuple[WitDependency, ...]:
    found = []
    for name, item in table.items():
        place = fields.at(item.key.start)
        if isinstance(item.value, str):
            found.append(WitDependency(name, place, version=Text(item.value, fields.at(item.start))))
        elif isinstance(item.value, Table):
            entry = item.value
            path, version = fields.text(entry, "path"), fields.text(entry, "version")
            if path is None and version is None:
                fields.problem(
                    item.key.start, f"`{name}` has neither a path nor a version", "give one of them"
                )
            found.append(WitDependency(name, place, path, version, fields.text(entry, "package")))
        else:
            fields.problem(
                item.start, f"`{name}` is neither a table nor a version", "give a path or a version"
            )
    return tuple(found)
