"""Rules about WIT: what does not parse, leads nowhere, is there twice, or is not needed."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping

from wasmdoctor.checks.facts import Draft, Facts
from wasmdoctor.checks.fixing import removal, resolved, spelled
from wasmdoctor.checks.leaks import STD_PACKAGES, Unused, unused_lines
from wasmdoctor.checks.sources import SourceFacts
from wasmdoctor.checks.wit_roots import Fault, Found, faults, first_file, roots, uses_of
from wasmdoctor.model.cargo import WitDependency
from wasmdoctor.model.names import ExternName, track, version_order
from wasmdoctor.model.record import replace
from wasmdoctor.model.remedy import Remedy, RemoveItem, SetVersion
from wasmdoctor.model.rule import Severity
from wasmdoctor.model.source import Location
from wasmdoctor.model.text import phrase, say
from wasmdoctor.model.wit import Resolution, World, WorldItem
from wasmdoctor.readers.cargo.files import is_below, join


def syntax(facts: Facts) -> Iterator[Draft]:
    """WD201: a WIT file that breaks the grammar or a rule of WIT, whatever else there is."""
    for sources in facts.sources:
        for found in faults(sources):
            if found.fault is Fault.SYNTAX:
                yield _draft(found, remedies=spelled(found, sources.texts))


def duplicate_package(facts: Facts) -> Iterator[Draft]:
    """WD206: a package, or an interface or world of it, that is there twice in WIT that is read together."""
    for sources in facts.sources:
        for found in faults(sources):
            if found.fault is Fault.DUPLICATE:
                yield _draft(found)


def unresolved(facts: Facts) -> Iterator[Draft]:
    """WD202: a package, interface, world or type that is not there."""
    for sources in facts.sources:
        packages = _defined_packages(sources)
        for found in faults(sources):
            if found.fault is not Fault.MISSING:
                continue
            if not found.package:
                yield _draft(found, remedies=resolved(found, sources.texts))
                continue
            table = _in_other_table(sources, found)
            if table is not None:
                yield _of_other_table(found, table)
                continue
            there = packages.get(found.package)
            yield _draft(
                found,
                _fetch(found, there, sources.texts),
                # Who reads a folder that nothing names may well read it together with the other one.
                severity=Severity.NOTE if there and found.root.asked_by is None else None,
                related=((there, say("`{package}` is defined here", package=found.package)),)
                if there
                else (),
                remedies=resolved(found, sources.texts),
            )
        yield from _nothing_there(sources)


def _draft(
    found: Found,
    help_: str = "",
    severity: Severity | None = None,
    related: tuple[tuple[Location, str], ...] = (),
    remedies: tuple[Remedy, ...] = (),
) -> Draft:
    place = found.problem.location
    help_ = help_ or phrase(found.problem.help) or _HELP[found.fault]
    return Draft(
        place.path,
        phrase(found.problem.message),
        place,
        help=help_,
        severity=severity,
        related=related,
        remedies=remedies,
    )


_HELP = {
    Fault.SYNTAX: say("mend the line; `wasm-tools component wit` on its folder tells when that is done"),
    Fault.MISSING: say("write the name of what is there, or define it"),
    Fault.DUPLICATE: say("keep one of the two"),
}


def _in_other_table(sources: SourceFacts, found: Found) -> WitDependency | None:
    """The entry for a missing package in ``[package.metadata.component.dependencies]`` of the crate around it.

    cargo-component 0.21 takes what stands there for components to link, and looks for WIT in
    ``target.dependencies`` only (``src/bindings.rs``).
    """
    base = found.package.partition("@")[0]
    for cargo in sources.cargo:
        for package in cargo.packages.values():
            if package.component is not None and is_below(found.problem.location.path, package.folder):
                for dependency in package.component.dependencies:
                    if dependency.name.partition("@")[0] == base:
                        return dependency
    return None


def _of_other_table(found: Found, table: WitDependency) -> Draft:
    place = table.location
    return _draft(
        found,
        say(
            "`{name}` stands at {path}:{line} in [package.metadata.component.dependencies], the table for components: "
            "put WIT into [package.metadata.component.target.dependencies]",
            name=table.name,
            path=place.path,
            line=place.line,
        ),
        related=((place, say("`{name}` is asked for here, as a component", name=table.name)),),
    )


def _defined_packages(sources: SourceFacts) -> dict[str, Location]:
    """The packages that the workspace's own WIT folders define, and where."""
    found: dict[str, Location] = {}
    for resolution in sources.wit.values():
        for package in resolution.main:
            found.setdefault(package.name, package.locations[0])
    return found


def _fetch(found: Found, there: Location | None, texts: Mapping[str, bytes]) -> str:
    """How to get a package that is not there."""
    base = found.package.partition("@")[0]
    if any(package.base == base for package in found.root.resolution.packages.values()):
        return phrase(found.problem.help)  # it is there at another version
    folder = next(
        (p for p in found.root.paths if is_below(found.problem.location.path, p)),
        found.root.paths[0] if found.root.paths else "wit",
    )
    folder = posixpath.dirname(folder) if folder.endswith(".wit") else folder
    name = base.replace(":", "-")
    if there is not None:
        return say(
            "copy {dirname} to {join}, or name it before {folder} in the `path` list of `generate!`",
            dirname=posixpath.dirname(there.path) or ".",
            join=join(folder, f"deps/{name}"),
            folder=folder,
        )
    if found.problem.help:
        return phrase(found.problem.help)
    if join(folder, "deps.toml") in texts:
        return say("fetch it with `wit-deps` ({join} names what to fetch)", join=join(folder, "deps.toml"))
    return say("put its WIT into {join}, or fetch it with `wkg wit fetch`", join=join(folder, f"deps/{name}"))


def _nothing_there(sources: SourceFacts) -> Iterator[Draft]:
    """Calls of ``generate!`` that name a folder or file without WIT."""
    for use in uses_of(sources):
        if use.compiled is False:
            continue
        unread: dict[str, str] = {}
        for problem in use.resolution.problems:
            if not problem.location.line:
                unread.setdefault(problem.location.path, problem.message)
        for path in use.paths:
            if path in unread and not is_below(path, sources.folder):
                yield Draft(
                    use.location.path,
                    say(
                        "this call reads its WIT from {path}, which wasmdoctor could not read: {reason}",
                        path=path,
                        reason=phrase(unread[path]),
                    ),
                    use.location,
                    help=say("name a folder that holds both on the command line, or the repository's top"),
                )
            elif path in unread and first_file(sources, path) is None:
                yield Draft(
                    use.location.path,
                    say("this call reads its WIT from {path}, where there is none", path=path),
                    use.location,
                    help=say(
                        "`path` is relative to the crate's Cargo.toml: correct it, or put the WIT there"
                    ),
                )


def two_versions(facts: Facts) -> Iterator[Draft]:
    """WD204: a world that imports interfaces of one package at two versions.

    On one semver track the encoder makes one of the two (wit-parser 0.262,
    ``merge_world_imports_based_on_semver``), so that is only a note.
    """
    for sources in facts.sources:
        for root in roots(sources):
            if root.loose:
                continue
            for package in root.resolution.main:
                for world in package.worlds.values():
                    if world.location.path in sources.texts or root.inline:
                        yield from _versions_of(world, root.resolution)


def _versions_of(world: World, resolution: Resolution) -> Iterator[Draft]:
    found: dict[str, dict[str, WorldItem]] = {}
    for item in world.imports.values():
        name = ExternName.parse(item.name)
        if name.kind == "interface" and name.package:
            # The import that the world names itself is the clearer place.
            versions = found.setdefault(name.package, {})
            if name.version and (
                name.version not in versions or (item.explicit and not versions[name.version].explicit)
            ):
                versions[name.version] = item
    for package, versions in found.items():
        if len(versions) < 2:
            continue
        ordered = sorted(versions, key=version_order)
        newest = ordered[-1]
        one_track = len({track(version) or f"={version}" for version in versions}) == 1
        for version in ordered[:-1]:
            draft = _two(world, package, (version, versions[version]), (newest, versions[newest]), one_track)
            yield replace(draft, remedies=_newest(world, versions[version], newest, resolution))


def _two(
    world: World, package: str, old: tuple[str, WorldItem], new: tuple[str, WorldItem], one_track: bool
) -> Draft:
    what = say("the encoder takes the newer for both") if one_track else say("to WIT these are two packages")
    return Draft(
        world.location.path,
        say(
            "world `{world}` imports `{package}` at {old} (`{old_name}`, line {line}) and at {new} "
            "(`{new_name}`, line {location_line}): {what}",
            world=world.short,
            package=package,
            old=old[0],
            old_name=old[1].name,
            line=old[1].location.line,
            new=new[0],
            new_name=new[1].name,
            location_line=new[1].location.line,
            what=what,
        ),
        old[1].location,
        old[1].name,
        help=say(
            "write {new} everywhere in {path} and keep one copy of `{package}` in deps",
            new=new[0],
            path=world.location.path,
            package=package,
        ),
        severity=Severity.NOTE if one_track else None,
        related=tuple(
            (step.location, say("brings `{item}`", item=item.name))
            for item in (old[1], new[1])
            for step in dict.fromkeys((item.origin.steps[0], item.origin.steps[-1]))
            if step.location != old[1].location
        ),
    )


def _newest(world: World, old: WorldItem, version: str, resolution: Resolution) -> tuple[Remedy, ...]:
    """The world's own line at the newer version of its track, or without it when the world has that already.

    The names in the bindings are other ones then, so it is not safe.
    """
    name = ExternName.parse(old.name)
    package = resolution.packages.get(f"{name.package}@{version}")
    if not old.explicit or name.track is None or name.track != track(version) or package is None:
        return ()
    if f"{name.unversioned}@{version}" in world.imports:
        return (
            Remedy(say("Remove the import at {version}", version=name.version), (RemoveItem(old.location),)),
        )
    if name.interface not in package.interfaces:
        return ()
    return (Remedy(say("Import it at {version}", version=version), (SetVersion(old.location, version),)),)


def unused_import(facts: Facts) -> Iterator[Draft]:
    """WD205: a world names a standard import, and nothing that is built for the world calls it.

    Only what the world's own lines name is meant: a line ``import``, or an ``include`` of which nothing at
    all is called. What Rust's std itself may call shows in the finished component alone.
    """
    for line in unused_lines(facts):
        first = line.found[0]
        if not first.own or any(found.custom or not _std_does_without(found) for found in line.found):
            continue
        yield Draft(
            first.manifest,
            say(
                "world `{world}` of `{crate}` {what}, and nothing in {crates} calls it",
                world=first.world,
                crate=first.crate.name,
                what=line.what,
                crates=first.crates,
            ),
            line.location,
            line.interface,
            help=say("remove the line, unless a tool compares the component with this world"),
            related=((first.binding.location, say("the bindings of `{crate}`", crate=first.crate.name)),),
            remedies=removal(facts, line),
        )


def _std_does_without(found: Unused) -> bool:
    """Whether Rust's std or the preview1 adapter does not need an import: a finished component shows that."""
    return (ExternName.parse(found.item.name).package not in STD_PACKAGES) or found.seen_built
