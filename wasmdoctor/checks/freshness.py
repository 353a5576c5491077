"""Rules about what was built or generated from sources and does not show what they say now."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath

from wasmdoctor.checks.deps import type_text
from wasmdoctor.checks.facts import Draft, Facts
from wasmdoctor.checks.leaks import is_ours, short
from wasmdoctor.checks.otherwit import other_interfaces
from wasmdoctor.checks.sources import ComponentFacts, SourceFacts
from wasmdoctor.model.artifact import EncodedWorld, SectionPlace
from wasmdoctor.model.binding import Binding, Certainty
from wasmdoctor.model.cargo import Crate
from wasmdoctor.model.rule import Confidence
from wasmdoctor.model.rust import BindingsFile
from wasmdoctor.model.source import Location
from wasmdoctor.model.text import say
from wasmdoctor.model.wasm import Component, Extern, WasmFile
from wasmdoctor.model.wit import TypeDef, World, WorldItem
from wasmdoctor.readers import artifacts
from wasmdoctor.readers.cargo.files import is_below

SHOWN = 5
"""How many newer files are listed with a finding."""

WITHOUT_EXPORTS = "-with-all-of-its-exports-removed"
"""What wit-bindgen appends to the name of a world when it encodes only its imports (0.2x and later)."""


# -- WD501


def stale_component(facts: Facts) -> Iterator[Draft]:
    """WD501: a component is older than its sources, or was built from another world."""
    files = {file.path: file for file in facts.files if file.component is not None and not file.predicted}
    for sources in facts.sources:
        yield from _left_over(sources, files)
        told: set[tuple[str, str]] = set()
        for component in sources.components:
            for path in component.built:
                if path in files:
                    yield from _older(sources, component, files[path])
                    for draft in _other_world(sources, component, files[path]):
                        told.add((draft.subject, draft.interface))
                        yield draft
        for draft in other_interfaces(sources, list(files.values())):
            if (draft.subject, draft.interface) not in told:
                yield draft


def _older(sources: SourceFacts, component: ComponentFacts, file: WasmFile) -> Iterator[Draft]:
    """By modification times, as cargo itself decides what to build again.

    Only for what lies in cargo's folders: a checkout gives committed binaries and sources any order of
    times. Manifests do not count, since most changes in them (a description, a comment) build nothing.
    """
    if not _is_in_target(file.path):
        return
    newer = sorted(
        ((time, path) for path, time in _sources_of(sources, component).items() if time > file.mtime_ns > 0),
        reverse=True,
    )
    if not newer:
        return
    path = newer[0][1]
    more = (
        say(" and {count} more sources are newer", count=len(newer) - 1)
        if len(newer) > 1
        else say(" is newer")
    )
    yield Draft(
        file.path,
        say(
            "this component of `{crate}` was built before its sources changed: {path}{more}",
            crate=component.crate.name,
            path=path,
            more=more,
        ),
        Location(path, 1, 1),
        help=say("build it again, so that what is found out about it holds"),
        related=tuple((Location(other, 1, 1), say("changed after the build")) for _, other in newer[1:SHOWN]),
    )


def _left_over(sources: SourceFacts, files: Mapping[str, WasmFile]) -> Iterator[Draft]:
    """Components of members that were one when they were built, and are only libraries now: cargo lets them lie.

    ``cargo rustc --crate-type cdylib`` makes components of such members as well, so that only those count that are
    older than a source of theirs.
    """
    rest = files.keys() - {path for component in sources.components for path in component.built}
    members = [cargo.packages[m] for cargo in sources.cargo for m in cargo.members if m in cargo.packages]
    plain = {
        package.lib.name: package
        for package in members
        if package.lib is not None and "cdylib" not in package.lib.crate_types
    }
    for path in sorted(rest):
        stem = PurePosixPath(path).stem
        package = plain.get(stem)
        if package is None or not is_below(path, sources.folder) or not _is_in_target(path):
            continue
        times = ((time, p) for p, time in sources.times.items() if is_below(p, package.folder))
        time, newer = max(times, default=(0, ""))
        if time > files[path].mtime_ns > 0:
            yield Draft(
                path,
                say(
                    "`{crate}` is no component any more, and this file of it was built before {path} changed",
                    crate=package.name.value,
                    path=newer,
                ),
                package.name.location,
                help=say("remove it: no build makes it again"),
            )


def _is_in_target(path: str) -> bool:
    """Whether a file lies where cargo puts what it builds for WebAssembly."""
    return any(part.startswith("wasm32-") for part in path.split("/")[:-1])


def _sources_of(sources: SourceFacts, component: ComponentFacts) -> dict[str, int]:
    """The Rust files of the component's crates and the WIT of the worlds that they bind, with their times."""
    crates = [
        crate for crate in (component.crate, *(linked.crate for linked in component.linked)) if is_ours(crate)
    ]
    worlds = {b.world_location.path for b in component.bindings.bindings if b.world_location and b.compiled}
    wit: set[str] = set()
    for resolution in sources.wit.values():
        if any(worlds & set(package.files) for package in resolution.main):
            wit |= {file for package in resolution.packages.values() for file in package.files}
    return {
        path: time
        for path, time in sources.times.items()
        if path in wit or (path.endswith(".rs") and any(is_below(path, crate.folder) for crate in crates))
    }


def _other_world(sources: SourceFacts, component: ComponentFacts, file: WasmFile) -> Iterator[Draft]:
    """Exports that the crate's own world surely gives, and that the component has not or has otherwise."""
    assert file.component is not None
    if file.component.problems:
        return
    exports = {export.name: export for export in file.component.exports}
    for binding in component.bindings.bindings:
        if binding.crate != component.crate.id or not binding.exported or binding.compiled is not True:
            continue
        for name in binding.exports:
            predicted = component.prediction.exports.get(name)
            if predicted is None or predicted.certainty is not Certainty.CERTAIN:
                continue
            item = _world_of(sources, binding, name)
            place = item.location if item else binding.world_location or binding.location
            text = _missing_export(file.component, name, exports.get(name), item)
            if text:
                yield Draft(
                    file.path,
                    say(
                        "this component of `{crate}` was built from another world than `{short}` is now: {text}",
                        crate=component.crate.name,
                        short=short(binding.world),
                        text=text,
                    ),
                    place,
                    name,
                    help=say("build it again from these sources, or check the file that belongs to them"),
                    confidence=Confidence.HIGH,
                )
                break


def _missing_export(component: Component, name: str, export: Extern | None, item: WorldItem | None) -> str:
    if export is None:
        has = ", ".join(f"`{other.name}`" for other in component.exports[:3]) or say("nothing")
        return say("it does not export `{name}` (it exports {has})", name=name, has=has)
    for function, signature in _signatures(item).items() if export.typed else ():
        built = {f.name: f.signature for f in export.functions}
        if function not in built:
            return say("its `{name}` has no `{function}`", name=name, function=function)
        if built[function] and built[function] != signature:
            return say(
                "its `{function}` is `{built}`, and the world says `{signature}`",
                function=function,
                built=built[function],
                signature=signature,
            )
    return ""


def _world_of(sources: SourceFacts, binding: Binding, export: str) -> WorldItem | None:
    """An export of a binding's world as the workspace's WIT has it; None for WIT that is not in a folder."""
    for resolution in sources.wit.values():
        for package in resolution.packages.values():
            for world in package.worlds.values():
                if world.name == binding.world and world.location == binding.world_location:
                    return world.exports.get(export)
    return None


def _signatures(item: WorldItem | None) -> dict[str, str]:
    """The functions of an import or export with their types as text."""
    if item is None:
        return {}
    if item.function is not None:
        return {item.function.name: item.function.signature}
    functions = item.interface.functions if item.interface else {}
    return {name: function.signature for name, function in functions.items()}


# -- WD502


def crate_of(component: ComponentFacts, path: str) -> Crate | None:
    """The crate of the workspace that a source file of a component belongs to: the innermost one."""
    crates = (component.crate, *(linked.crate for linked in component.linked))
    own = [crate for crate in crates if is_ours(crate) and is_below(path, crate.folder)]
    return max(own, key=lambda crate: len(crate.folder), default=None)


def stale_bindings(facts: Facts) -> Iterator[Draft]:
    """WD502: a generated bindings file has another world than the WIT that it was made from has now."""
    for sources in facts.sources:
        for component in sources.components:
            for file in component.files:
                crate = crate_of(component, file.path)
                encoded = _encoded(file) if crate is not None and file.compiled is not False else None
                if crate is not None and encoded is not None:
                    yield from _stale(sources, crate, file, encoded)


def _encoded(file: BindingsFile) -> EncodedWorld | None:
    """The fullest world that a file holds: the one with exports stands in the `export!` macro."""
    worlds = [
        world
        for section in file.sections
        for world in artifacts.decode_worlds(
            section.payload, SectionPlace(file.path), section.section.name
        ).worlds
    ]
    return min(worlds, key=lambda world: world.world.endswith(WITHOUT_EXPORTS), default=None)


def _stale(sources: SourceFacts, crate: Crate, file: BindingsFile, encoded: EncodedWorld) -> Iterator[Draft]:
    name = encoded.name.replace(WITHOUT_EXPORTS, "")
    worlds = _worlds_named(sources, crate, name)
    if not worlds:
        gone = _gone(sources, crate, encoded.package, name)
        if gone is not None:
            yield _stale_draft(crate, file, *gone)
        return
    imports_only = encoded.world.endswith(WITHOUT_EXPORTS)
    differences = [_difference(encoded, world, imports_only=imports_only) for world in worlds]
    if all(differences):
        first = next(d for d in differences if d)
        yield _stale_draft(crate, file, *first)


def _stale_draft(crate: Crate, file: BindingsFile, text: str, place: Location) -> Draft:
    return Draft(
        crate.manifest,
        say(
            "{path} does not match {place_path} (line {line}): {text}",
            path=file.path,
            place_path=place.path,
            line=place.line,
            text=text,
        ),
        file.location,
        help=say(
            "generate it again with {generator}: the component is built from the file, not from the WIT",
            generator=file.generator.value,
        ),
        related=((place, say("what the WIT says now")),),
    )


def _worlds_named(sources: SourceFacts, crate: Crate, name: str) -> list[World]:
    """The worlds of a full name: those in the crate's own folder, else all in the workspace."""
    found: list[World] = []
    for resolution in sources.wit.values():
        broken = {problem.location.path for problem in resolution.problems}
        for package in resolution.main:
            if not broken & set(package.files):
                found += [world for world in package.worlds.values() if world.name == name]
    own = [world for world in found if is_below(world.location.path, crate.folder)]
    return own or found


def _gone(sources: SourceFacts, crate: Crate, package: str, name: str) -> tuple[str, Location] | None:
    """That the crate's own WIT has the package but not the world; None when its WIT is not known."""
    base = package.partition("@")[0]
    for folder, resolution in sources.wit.items():
        for candidate in resolution.main:
            if candidate.base == base and is_below(folder, crate.folder) and not resolution.problems:
                return say(
                    "it was made for world `{name}`, and there is no such world now", name=name
                ), candidate.locations[0]
    return None


def _difference(encoded: EncodedWorld, world: World, *, imports_only: bool) -> tuple[str, Location] | None:
    """The first thing that is not the same, in words, and the WIT line that has it."""
    types = {(t.exported, t.owner, t.name): t.definition for t in encoded.types}
    sides = [(say("imports"), False, encoded.imports, world.imports)]
    if not imports_only:
        sides.append((say("exports"), True, encoded.exports, world.exports))
    for verb, exported, externs, items in sides:
        old = {extern.name: extern for extern in externs}
        for name in dict.fromkeys((*items, *old)):
            if name not in items:
                return say("it {verb} `{name}`, and the world does not", verb=verb, name=name), world.location
            item = items[name]
            if name not in old:
                return say("the world {verb} `{name}`, and it does not", verb=verb, name=name), item.location
            found = _in_item(old[name], item) or _in_types(types, item, exported=exported)
            if found is not None:
                return found
    return None


def _in_item(old: Extern, item: WorldItem) -> tuple[str, Location] | None:
    if not old.typed:
        return None
    before = {function.name: function.signature for function in old.functions}
    now = _signatures(item)
    for name in dict.fromkeys((*now, *before)):
        place = _function_place(item, name)
        if name not in now:
            return say(
                "it has `{name}` of `{item}`, which is not there now", name=name, item=item.name
            ), place
        if name not in before:
            return say("it lacks `{name}` of `{item}`", name=name, item=item.name), place
        if before[name] and before[name] != now[name]:
            return say(
                "`{name}` of `{item}` is `{before}` in it and `{now}` now",
                name=name,
                item=item.name,
                before=before[name],
                now=now[name],
            ), place
    return None


def _function_place(item: WorldItem, name: str) -> Location:
    if item.interface is not None and name in item.interface.functions:
        return item.interface.functions[name].location
    return item.interface.location if item.interface is not None else item.location


def _in_types(
    types: Mapping[tuple[bool, str, str], str], item: WorldItem, *, exported: bool
) -> tuple[str, Location] | None:
    """A type that was defined otherwise. Types that the file leaves out are no difference: nothing uses them."""
    defined: Mapping[str, TypeDef] = item.interface.types if item.interface else {}
    for name, type_ in defined.items():
        before = types.get((exported, item.name, name))
        now = type_text(type_)
        if before is None or type_.used_from:
            continue
        if before != now:
            return say(
                "type `{name}` of `{item}` is `{before}` in it and `{now}` now",
                name=name,
                item=item.name,
                before=before,
                now=now,
            ), type_.location
    return None
