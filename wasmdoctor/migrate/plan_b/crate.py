"""The adapter's crate: its name and place, its manifest in the workspace's ways, and the workspace's ``members``."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Final

from wasmdoctor.migrate.inputs import ComponentInput, NewDependency, PlanInputs
from wasmdoctor.migrate.plan_a.cargo import GENERATORS
from wasmdoctor.migrate.toml import SetKey, rendered, toml_edits
from wasmdoctor.model.cargo import DeclaredDependency, DependencyKind, Package, PlainValue
from wasmdoctor.model.edit import Edit, Replace
from wasmdoctor.model.record import dataclass
from wasmdoctor.model.rust import Generator
from wasmdoctor.model.source import Problem, SourceText, Span
from wasmdoctor.model.wac import label
from wasmdoctor.readers.cargo.files import join
from wasmdoctor.readers.cargo.toml import Array, Item, Table, parse, plain

GENERATOR: Final = "wit-bindgen"
REQUIREMENT: Final = "0.48"
"""The wit-bindgen of an adapter in a workspace that has none: the version that the generated Rust is tested with."""

FEATURES: Final = ("macros", "realloc", "std")
"""What ``generate!`` and exports need of wit-bindgen when its default features are off."""

WASM_ONLY: Final = 'cfg(target_arch = "wasm32")'

_FOLLOWED: Final = ("edition", "rust-version", "license", "license-file", "publish")
"""Keys of ``[package]`` that are taken over as another member has them."""

_INHERITED: Final = ("version", *_FOLLOWED, "authors", "homepage", "repository")
"""Keys that are inherited when another member inherits them."""


@dataclass(frozen=True, slots=True)
class Place:
    """An adapter's crate: its name, and its folder and manifest as the file view spells them."""

    name: str
    folder: str

    @property
    def manifest(self) -> str:
        """Its Cargo.toml."""
        return join(self.folder, "Cargo.toml")

    @property
    def stem(self) -> str:
        """The name of the file that cargo builds, without ``.wasm``."""
        return self.name.replace("-", "_")


def place_for(inputs: PlanInputs, wanted: str, name: str = "", folder: str = "") -> Place | str:
    """A name and a folder that are free; or why the ones asked for are not.

    ``wanted`` is the name to make one from; ``name`` and ``folder`` (relative to the workspace) are what a
    person asks for.
    """
    taken = {package.name.value for package in inputs.cargo.packages.values()}
    if inputs.cargo.lock is not None:
        taken |= {package.name for package in inputs.cargo.lock.packages}
    if name and not re.fullmatch(r"[a-z][a-z0-9]*(?:[-_][a-z0-9]+)*", name):
        return f"`{name}` cannot be the adapter's name: a crate and a WIT package have to be named by it"
    if name in taken:
        return f"there is a package `{name}` already"
    above = _members_folder(inputs)
    base = name or wanted
    for number in range(1, 100):
        chosen = base if number == 1 else f"{base}-{number}"
        path = folder or posixpath.join(above, chosen)
        if path.startswith(("/", "..")) or posixpath.normpath(path) in ("", "."):
            return f"`{path}` is not a folder inside of the workspace"
        place = Place(chosen, join(inputs.root, path))
        free = not inputs.files.entries(place.folder) and inputs.files.read(place.folder) is None
        if chosen not in taken and free:
            return place
        if name or (folder and not free):
            return f"`{path}` is there already"
    return f"no name is free for it: `{base}` and the like are taken"


def _members_folder(inputs: PlanInputs) -> str:
    """The folder that all members lie in, when it is one below the workspace's own (``crates``), else ""."""
    root = inputs.root
    folders = {
        posixpath.dirname(posixpath.relpath(package.folder, root))
        for manifest in inputs.cargo.members
        if (package := inputs.cargo.packages.get(manifest)) is not None
    }
    return folders.pop() if len(folders) == 1 else ""


def name_from(text: str) -> str:
    """A name for crates and in WIT, made from any text."""
    return label(text) or "component"


def manifest_text(
    inputs: PlanInputs,
    place: Place,
    like: ComponentInput | None,
    description: str,
    dependencies: Mapping[str, NewDependency],
) -> tuple[bytes, str]:
    """The adapter's Cargo.toml, and the name of wit-bindgen in its Rust code.

    ``like`` is the member whose manifest shows the workspace's ways.
    """
    key, value = _generator(inputs, place, like)
    lines = ["[package]", f"name = {rendered(place.name)}", f"description = {rendered(description)}"]
    lines += _package_lines(inputs, like)
    lines += ["", "[lib]", 'crate-type = ["cdylib"]', ""]
    lines.append(f"[target.'{WASM_ONLY}'.dependencies]")
    shared = _table(_toml(inputs, inputs.cargo.manifest), "workspace", "dependencies")
    entries = {key: value, **{name: _dependency(name, d, shared) for name, d in dependencies.items()}}
    lines += [f"{name} = {rendered(entry)}" for name, entry in sorted(entries.items())]
    return "\n".join((*lines, "")).encode(), key.replace("-", "_")


def _package_lines(inputs: PlanInputs, like: ComponentInput | None) -> list[str]:
    package = like.package if like is not None else _any_package(inputs)
    table = _table(_toml(inputs, package.manifest), "package") if package is not None else {}
    lines = []
    for key in _INHERITED:
        value = table.get(key)
        if isinstance(value, dict) and value.get("workspace") is True:
            lines.append(f"{key}.workspace = true")
        elif key == "version":
            lines.append('version = "0.1.0"')
        elif key == "edition":
            lines.append(f"edition = {rendered(package.edition if package is not None else '2021')}")
        elif key in _FOLLOWED and key != "license-file" and isinstance(value, str | bool):
            lines.append(f"{key} = {rendered(value)}")
    return lines


def _any_package(inputs: PlanInputs) -> Package | None:
    found = (inputs.cargo.packages.get(manifest) for manifest in inputs.cargo.members)
    return next((package for package in found if package is not None), None)


def _generator(inputs: PlanInputs, place: Place, like: ComponentInput | None) -> tuple[str, PlainValue]:
    """wit-bindgen as a member with a ``generate!`` call depends on it, by its key; else at a version that is locked."""
    calling = {
        site.crate.name
        for component in inputs.components
        for site in component.sites
        if site.call is not None and site.call.generator is Generator.WIT_BINDGEN
    }
    members = [inputs.cargo.packages[m] for m in inputs.cargo.members if m in inputs.cargo.packages]
    members.sort(key=lambda package: like is None or package.manifest != like.package.manifest)
    for package in members:
        for dependency in package.dependencies:
            normal = dependency.kind is DependencyKind.NORMAL and dependency.package == GENERATOR
            if normal and package.name.value in calling:
                return dependency.name, _like(inputs, place, package, dependency)
    locked = inputs.cargo.lock.packages if inputs.cargo.lock is not None else ()
    versions = [
        tuple(package.version.split(".")[:2])
        for package in locked
        if package.name in GENERATORS | {GENERATOR}
    ]
    numbers = [version for version in versions if all(part.isdigit() for part in version)]
    best = max(numbers, key=lambda version: [int(part) for part in version], default=())
    return GENERATOR, ".".join(best) or REQUIREMENT


def _like(inputs: PlanInputs, place: Place, package: Package, dependency: DeclaredDependency) -> PlainValue:
    """A dependency's entry, as another member has it, with the features that exports need."""
    tables: tuple[str, ...] = ("dependencies",)
    if dependency.cfg is not None:
        tables = ("target", dependency.cfg, "dependencies")
    value: PlainValue = _table(_toml(inputs, package.manifest), *tables).get(dependency.name, REQUIREMENT)
    lacks = [f for f in FEATURES if f not in dependency.features] if not dependency.default_features else []
    if isinstance(value, str):
        return value
    assert isinstance(value, dict)
    made = {key: one for key, one in value.items() if key != "optional"}
    path = made.get("path")
    if isinstance(path, str) and not path.startswith("/"):
        made["path"] = posixpath.relpath(join(package.folder, path), place.folder)
    own = made.get("features")
    listed = [*own] if isinstance(own, list) else []
    if lacks:
        made["features"] = [*listed, *(feature for feature in lacks if feature not in listed)]
    return made


def _dependency(name: str, wanted: NewDependency, shared: Mapping[str, PlainValue]) -> PlainValue:
    if name in shared:
        made: dict[str, PlainValue] = {"workspace": True}
    else:
        made = {"version": wanted.requirement}
        if not wanted.default_features:
            made["default-features"] = False
    if wanted.features:
        made["features"] = list(wanted.features)
    return wanted.requirement if made.keys() == {"version"} else made


# -- The workspace's members


def member_edits(inputs: PlanInputs, place: Place) -> list[Edit]:
    """The edits of the root manifest that make the adapter a member; none when a glob covers it."""
    manifest = inputs.cargo.manifest
    data = inputs.files.read(manifest)
    path = posixpath.relpath(place.folder, inputs.root)
    if data is None or any(_covers(text.value, path) for text in inputs.cargo.member_globs):
        return []
    cause = f"the adapter `{place.name}` is a member of the workspace"
    table = parse(SourceText(manifest, data))
    if isinstance(table, Problem):
        return []
    workspace = table.get("workspace")
    members = workspace.value.get("members") if workspace and isinstance(workspace.value, Table) else None
    if members is None or not isinstance(members.value, Array) or not members.value:
        return [*toml_edits(manifest, data, [SetKey(("workspace", "members"), [path], cause)])]
    return _appended(manifest, data, members, members.value, path, cause)


def _covers(pattern: str, path: str) -> bool:
    """Whether a pattern of ``members`` matches a folder; ``*`` stays within one part of a path."""
    parts, names = posixpath.normpath(pattern).split("/"), path.split("/")
    return len(parts) == len(names) and all(
        fnmatchcase(name, part) for name, part in zip(names, parts, strict=True)
    )


def _appended(manifest: str, data: bytes, item: Item, array: Array, text: str, cause: str) -> list[Edit]:
    """One more element at the end of an array, laid out as the elements before it are."""
    last = array[-1]
    new = rendered(text).encode()
    line = data.rfind(b"\n", 0, last.start) + 1
    front = data[line : last.start]
    alone = not front.strip() and line > item.start
    if not alone:
        return [Replace(manifest, Span(last.end, last.end), b", " + new, cause)]
    newline = b"\r\n" if data[line - 2 : line] == b"\r\n" else b"\n"
    added = newline + front + new
    end = data.find(b"\n", last.end)
    after = data[last.end : end] if last.end < end < item.end else b""
    before, sign, _ = after.partition(b"#")
    if not sign:
        return [Replace(manifest, Span(last.end, last.end), b"," + added, cause)]
    # The comment behind the last element is about that one, and stays on its line.
    end -= after.endswith(b"\r")
    comma = _lone_comma(data[end : item.end - 1])
    if comma >= 0:
        at = end + comma + 1
        return [Replace(manifest, Span(at, at), b" " + new, cause)]
    made: list[Edit] = [Replace(manifest, Span(end, end), added + b"," * (b"," in before), cause)]
    return made if b"," in before else [Replace(manifest, Span(last.end, last.end), b",", cause), *made]


def _lone_comma(data: bytes) -> int:
    """Where a comma stands in what is behind an array's last element, comments apart; -1 for none."""
    offset = 0
    for line in data.split(b"\n"):
        at = line.partition(b"#")[0].find(b",")
        if at >= 0:
            return offset + at
        offset += len(line) + 1
    return -1


# -- TOML


def _toml(inputs: PlanInputs, path: str) -> Mapping[str, PlainValue]:
    table = parse(SourceText(path, inputs.files.read(path) or b""))
    value = {} if isinstance(table, Problem) else plain(table)
    return value if isinstance(value, dict) else {}


def _table(data: Mapping[str, PlainValue], *path: str) -> Mapping[str, PlainValue]:
    for key in path:
        inner = data.get(key)
        if not isinstance(inner, dict):
            return {}
        data = inner
    return data
