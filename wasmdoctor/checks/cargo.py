"""Rules about Cargo manifests: crates that are component and library at once, versions, metadata, crate types."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator

from wasmdoctor.checks.facts import Draft, Facts
from wasmdoctor.checks.fixing import inside, only
from wasmdoctor.checks.freshness import crate_of
from wasmdoctor.checks.leaks import is_ours
from wasmdoctor.checks.sources import ComponentFacts, SourceFacts
from wasmdoctor.model.cargo import (
    ComponentTarget,
    Crate,
    CrateId,
    Dependency,
    Package,
    Side,
    TargetKind,
    Text,
)
from wasmdoctor.model.names import Version, version_order
from wasmdoctor.model.regex import regex
from wasmdoctor.model.remedy import AddElement, Remedy, SetValue
from wasmdoctor.model.rule import Severity
from wasmdoctor.model.source import Location, SourceText
from wasmdoctor.model.text import say
from wasmdoctor.model.wit import Resolution
from wasmdoctor.readers.cargo.files import is_below, join
from wasmdoctor.readers.cargo.toml import Table, parse
from wasmdoctor.readers.wit import find_world

RUNTIMES = ("wit-bindgen", "wit-bindgen-rt")
"""The crates that generated bindings are compiled with. The second has the first's versions, up to 0.44."""
LAST_RT = "0.44.0"

NO_COMPONENT = ("wasm32-unknown-emscripten", "wasm64-unknown-unknown")
"""Wasm targets whose modules no tool makes components of: the first needs JavaScript around it, the second
has 64-bit memories, which the canonical ABI does not know (wit-component 0.262)."""

_REQUIREMENT = regex(r"[\^~=]?\s*(\d+)(?:\.(\d+))?(?:\.(\d+))?")


# -- WD301


def library_is_component(facts: Facts) -> Iterator[Draft]:
    """WD301: a crate with bindings is built as a component, and another component links it as a library."""
    for sources in facts.sources:
        users: dict[CrateId, list[tuple[ComponentFacts, Dependency]]] = {}
        crates: dict[CrateId, Crate] = {}
        for component in sources.components:
            for linked in component.linked:
                crate = linked.crate
                if linked.chain and linked.certain and is_ours(crate) and _is_component(component, crate):
                    crates.setdefault(crate.id, crate)
                    users.setdefault(crate.id, []).append((component, linked.chain[-1]))
        for crate_id, found in users.items():
            yield _both(crates[crate_id], found)


def _is_component(component: ComponentFacts, crate: Crate) -> bool:
    """Whether a linked crate is also built by itself, with a world of its own."""
    if "cdylib" not in crate.crate_types:
        return False
    return crate.component is not None or any(
        binding.crate == crate.id and binding.world and binding.compiled is not False
        for binding in component.bindings.bindings
    )


def _both(crate: Crate, found: Iterable[tuple[ComponentFacts, Dependency]]) -> Draft:
    edges = sorted({edge for _, edge in found}, key=lambda edge: edge.location)
    names = list(dict.fromkeys(component.crate.name for component, _ in found))
    first = edges[0]
    place = crate.lib.location if crate.lib else crate.location
    others = say(" and {count} more", count=len(names) - 1) if len(names) > 1 else ""
    return Draft(
        crate.manifest,
        say(
            "`{crate}` is built as a component (`cdylib`, {path}:{line}), and `{dependent}` links it "
            "as a library ({location_path}:{location_line}), so all that it binds gets into "
            "`{names}`{others}",
            crate=crate.name,
            path=place.path,
            line=place.line,
            dependent=first.dependent.name,
            location_path=first.location.path,
            location_line=first.location.line,
            names=names[0],
            others=others,
        ),
        place,
        help=say(
            'keep crate-type = ["rlib"] and take the bindings out (plan a), or remove the dependency '
            "in {path} and compose the two components",
            path=first.location.path,
        ),
        related=tuple(
            (edge.location, say("`{dependent}` links it", dependent=edge.dependent.name)) for edge in edges
        ),
    )


# -- WD302


def bindgen_versions(facts: Facts) -> Iterator[Draft]:
    """WD302: crates of the workspace that meet in one component ask for different versions of wit-bindgen.

    Crates from a registry keep their own version (the `wasi` crate, which std itself links, always does);
    the versions are made to stand side by side, and nobody here can change them.
    """
    for sources in facts.sources:
        for component in sources.components:
            yield from _disagreeing(sources, component)
            yield from _older_runtime(sources, component)


def _disagreeing(sources: SourceFacts, component: ComponentFacts) -> Iterator[Draft]:
    versions: dict[str, Dependency] = {}
    for edge in _runtime_edges(component):
        if version := _version(sources, edge):
            versions.setdefault(version, edge)
    if not versions:
        return
    newest = max(versions, key=version_order)
    high = versions[newest]
    there = _asked_at(high)
    for version, low in versions.items():
        if not _is_older(version, newest):
            continue  # of versions that are compatible, Cargo makes one
        place = _asked_at(low)
        yield Draft(
            low.location.path,
            say(
                "`{dependent}` uses {dependency} {version} ({path}:{line}) and `{dependent_name}` "
                "{dependency_name} {newest} ({there_path}:{there_line}), and both get into one component",
                dependent=low.dependent.name,
                dependency=low.dependency.name,
                version=version,
                path=place.path,
                line=place.line,
                dependent_name=high.dependent.name,
                dependency_name=high.dependency.name,
                newest=newest,
                there_path=there.path,
                there_line=there.line,
            ),
            place,
            help=_raise(low, newest, place),
            related=(
                (
                    there,
                    say(
                        "{dependency} {newest} is asked for here",
                        dependency=high.dependency.name,
                        newest=newest,
                    ),
                ),
            ),
            remedies=_raised(low, newest, place),
        )


def _raised(edge: Dependency, version: str, place: Location) -> tuple[Remedy, ...]:
    """Another version in the manifest: bindings are made otherwise then, so it is never safe."""
    if edge.dependency.name == "wit-bindgen-rt" and _is_older(LAST_RT, version):
        return ()
    value = SetValue(place, version, "version")
    return (
        Remedy(
            say("Raise {dependency} to {version}", dependency=edge.dependency.name, version=version), (value,)
        ),
    )


def _raise(low: Dependency, newest: str, place: Location) -> str:
    if low.dependency.name == "wit-bindgen-rt" and _is_older(LAST_RT, newest):
        return say(
            "generate the bindings of `{dependent}` with wit-bindgen {newest}: wit-bindgen-rt ends "
            "at {last_rt}",
            dependent=low.dependent.name,
            newest=newest,
            last_rt=LAST_RT,
        )
    return say(
        "raise {dependency} to {newest} in {path}, best in one place: [workspace.dependencies]",
        dependency=low.dependency.name,
        newest=newest,
        path=place.path,
    )


def _runtime_edges(component: ComponentFacts) -> Iterator[Dependency]:
    """The dependencies on wit-bindgen of the component's crates that belong to the workspace."""
    for crate in (component.crate, *(linked.crate for linked in component.linked)):
        if is_ours(crate):
            for edge in component.graph.dependencies_of(crate.id, Side.TARGET):
                if edge.dependency.name in RUNTIMES and edge.dependency_side is Side.TARGET:
                    yield edge


def _version(sources: SourceFacts, edge: Dependency) -> str:
    """The version of a dependency: Cargo.lock's, or without one the least that the manifest asks for; or ""."""
    if edge.dependency.version:
        return edge.dependency.version
    for cargo in sources.cargo:
        for package in cargo.packages.values():
            for declared in package.dependencies:
                if declared.location == edge.location:
                    found = _REQUIREMENT.fullmatch(declared.requirement.strip())
                    return ".".join(part or "0" for part in found.groups()) if found else ""
    return ""


def _asked_at(edge: Dependency) -> Location:
    """The line that has the version: the workspace's, when the crate inherits it."""
    return edge.inherited_from or edge.location


def _older_runtime(sources: SourceFacts, component: ComponentFacts) -> Iterator[Draft]:
    """Generated bindings that are compiled with an older runtime crate than the generator's own version.

    The other way round is what cargo-component 0.21 itself asks for (bindings by 0.41, runtime 0.44).
    """
    for file in component.files:
        crate = crate_of(component, file.path)
        if crate is None or file.compiled is not True or not Version.parse(file.version):
            continue
        edges = [edge for edge in _runtime_edges(component) if edge.dependent == crate.id]
        edges.sort(key=lambda edge: edge.dependency.name != "wit-bindgen-rt")
        version = _version(sources, edges[0]) if edges else ""
        if not version or not _is_older(version, file.version):
            continue
        edge = edges[0]
        place = _asked_at(edge)
        yield Draft(
            crate.manifest,
            say(
                "{path} was generated by wit-bindgen {version}, and `{crate}` compiles it with the older "
                "{dependency} {version2} ({place_path}:{line})",
                path=file.path,
                version=file.version,
                crate=crate.name,
                dependency=edge.dependency.name,
                version2=version,
                place_path=place.path,
                line=place.line,
            ),
            place,
            help=say(
                "raise {dependency} to {version}, or generate the file with the older version",
                dependency=edge.dependency.name,
                version=file.version,
            ),
            related=((file.location, say("generated by wit-bindgen {version}", version=file.version)),),
            remedies=_raised(edge, file.version, place),
        )


def _is_older(runtime: str, generator: str) -> bool:
    """Whether the runtime's track is older than the generator's; patch versions do not count."""
    one, other = Version.parse(runtime), Version.parse(generator)
    return one is not None and other is not None and (one.major, one.minor) < (other.major, other.minor)


# -- WD303, WD304


def _targets(sources: SourceFacts) -> Iterator[tuple[Package, ComponentTarget, str]]:
    """Packages whose metadata has a ``target`` table for local WIT, with the path that it means.

    cargo-component 0.21 (``Metadata::target_path``): ``wit`` when no path is written.
    """
    for cargo in sources.cargo:
        for package in cargo.packages.values():
            target = package.component.target if package.component else None
            if target is not None and target.package is None:
                yield package, target, join(package.folder, target.path.value if target.path else "wit")


def metadata_target(facts: Facts) -> Iterator[Draft]:
    """WD303: component metadata names a WIT path or a world that is not there."""
    for sources in facts.sources:
        for package, target, path in _targets(sources):
            resolution = _wit_at(sources, path)
            if resolution is None:
                if target.path is not None and _is_surely_missing(sources, path):
                    yield Draft(
                        package.manifest,
                        say(
                            "the metadata of `{package}` says that its WIT is in {path}, where there is none",
                            package=package.name,
                            path=path,
                        ),
                        target.path.location,
                        help=say(
                            "`path` is relative to {manifest}: write the folder of the crate's WIT",
                            manifest=package.manifest,
                        )
                        + _nearby(sources, package),
                        remedies=_only_path(sources, package, target),
                    )
                continue
            world = find_world(resolution, target.world.value if target.world else None)
            if isinstance(world, str) and not _is_broken(resolution, path):
                yield Draft(
                    package.manifest,
                    say(
                        "the metadata of `{package}` names no world of {path}: {world}",
                        package=package.name,
                        path=path,
                        world=world,
                    ),
                    target.world.location if target.world else target.location,
                    help=say("write one of the worlds that are there") + _worlds(resolution),
                    related=tuple(
                        (p.locations[0], say("package `{p}`", p=p.name)) for p in resolution.main[:1]
                    ),
                    remedies=_meant_world(resolution, target),
                )


def _only_path(sources: SourceFacts, package: Package, target: ComponentTarget) -> tuple[Remedy, ...]:
    """The only folder of WIT of a crate; safe when it has the world that the metadata names, if it names one."""
    folder = only(inside(sources.wit, package.folder))
    if not folder or target.path is None:
        return ()
    world = find_world(sources.wit[folder], target.world.value if target.world else None)
    path = posixpath.relpath(folder, package.folder)
    value = SetValue(target.path.location, path)
    return (Remedy(say("Write the path `{path}`", path=path), (value,), safe=not isinstance(world, str)),)


def _meant_world(resolution: Resolution, target: ComponentTarget) -> tuple[Remedy, ...]:
    """The only world that is there, which is safe, else one with a name much like what is written."""
    if target.world is None:
        return ()
    names = [world.short for package in resolution.main for world in package.worlds.values()]
    name = only(names)
    import difflib

    near = name or next(iter(difflib.get_close_matches(target.world.value, names, 1)), "")
    if not near:
        return ()
    value = SetValue(target.world.location, near)
    return (Remedy(say("Write the world `{near}`", near=near), (value,), safe=bool(name)),)


def _wit_at(sources: SourceFacts, path: str) -> Resolution | None:
    """The WIT in a folder, or that of the folder around a file; None when there is none."""
    if path in sources.wit:
        return sources.wit[path]
    return sources.wit.get(path.rpartition("/")[0] or ".") if path in sources.texts else None


def _is_surely_missing(sources: SourceFacts, path: str) -> bool:
    """Whether a path would have been found: one that is outside the workspace was not looked for."""
    return is_below(path, sources.folder) and not any(is_below(text, path) for text in sources.texts)


def _is_broken(resolution: Resolution, path: str) -> bool:
    """Whether the WIT of a path has mistakes of its own; then a world may be missing for those."""
    return not resolution.main or any(
        is_below(problem.location.path, path) and not is_below(problem.location.path, f"{path}/deps")
        for problem in resolution.problems
    )


def _nearby(sources: SourceFacts, package: Package) -> str:
    inside = [folder for folder in sources.wit if is_below(folder, package.folder)]
    return say(", such as {inside}", inside=inside[0]) if inside else ""


def _worlds(resolution: Resolution) -> str:
    names = [f"`{world.short}`" for package in resolution.main for world in package.worlds.values()]
    return f": {', '.join(names[:5])}" if names else ""


def metadata_name(facts: Facts) -> Iterator[Draft]:
    """WD304: component metadata names another package than the crate's own WIT does.

    A target outside the crate's folder, or from a registry, is a world that several crates may implement;
    then the names differ rightly.
    """
    for sources in facts.sources:
        for package, _, path in _targets(sources):
            named = package.component.package if package.component else None
            resolution = sources.wit.get(path)
            if named is None or resolution is None or not is_below(path, package.folder):
                continue
            if len(resolution.main) != 1:
                continue
            wit = resolution.main[0]
            if named.value.partition("@")[0] != wit.base:
                line = wit.locations[0]
                yield Draft(
                    package.manifest,
                    say(
                        "the metadata calls the package `{named}`, and its WIT calls it `{base}` ({path}:{line})",
                        named=named.value,
                        base=wit.base,
                        path=line.path,
                        line=line.line,
                    ),
                    named.location,
                    help=say('write package = "{base}": that is the name that others import', base=wit.base),
                    related=((line, say("package `{wit}`", wit=wit.name)),),
                    remedies=(_renamed(named, wit.base),),
                )


def _renamed(named: Text, base: str) -> Remedy:
    """The WIT's name in the metadata, with the version that stands there. No build reads the name."""
    _, at, version = named.value.partition("@")
    return Remedy(
        say("Call the package `{base}`", base=base),
        (SetValue(named.location, f"{base}{at}{version}"),),
        safe=True,
    )


# -- WD305


def crate_type(facts: Facts) -> Iterator[Draft]:
    """WD305: a crate is meant as a component, and building it gives none."""
    for sources in facts.sources:
        for cargo in sources.cargo:
            for manifest in cargo.members:
                package = cargo.packages.get(manifest)
                if package is not None and package.component is not None:
                    yield from _no_component(
                        package, say("it has component metadata"), package.component.location
                    )
        libraries = sources.libraries
        for library in libraries:
            exported = next(
                (
                    b
                    for b in library.bindings.bindings
                    if b.crate == library.crate.id and b.exported and b.compiled
                ),
                None,
            )
            if exported is not None and library.package.component is None:
                yield from _no_component(library.package, say("it calls `export!`"), exported.location)
        yield from _configured_target(sources)


def _no_component(package: Package, why: str, meant: Location) -> Iterator[Draft]:
    """The finding for a package that cargo makes neither a cdylib nor a program of."""
    programs = [target for target in package.targets if target.kind is TargetKind.BIN]
    lib = package.lib
    if programs or (lib is not None and ("cdylib" in lib.crate_types or lib.is_proc_macro)):
        return
    if lib is None:
        yield Draft(
            package.manifest,
            say(
                "`{package}` is meant as a component ({why}, line {line}), but has neither src/lib.rs "
                "nor src/main.rs",
                package=package.name,
                why=why,
                line=meant.line,
            ),
            package.name.location,
            help=say('add src/lib.rs and `[lib] crate-type = ["cdylib"]`'),
            severity=Severity.ERROR,  # cargo refuses such a package
            related=((meant, why),),
        )
        return
    types = ", ".join(f'"{kind}"' for kind in lib.crate_types)
    yield Draft(
        package.manifest,
        say(
            "`{package}` is meant as a component ({why}, {path}:{line}), but its crate-type is "
            "[{types}], which gives no .wasm file",
            package=package.name,
            why=why,
            path=meant.path,
            line=meant.line,
            types=types,
        ),
        lib.location,
        help=say('write `crate-type = ["cdylib"]` under [lib]'),
        related=((meant, why),),
        remedies=(
            Remedy(
                say("Add `cdylib` to the crate-type"),
                (AddElement(package.manifest, ("lib", "crate-type"), "cdylib", ("rlib",)),),
            ),
        ),
    )


def _configured_target(sources: SourceFacts) -> Iterator[Draft]:
    """A target in cargo's configuration whose output cannot be made a component."""
    meant = [
        package.name.value
        for cargo in sources.cargo
        for package in cargo.packages.values()
        if package.lib is not None and "cdylib" in package.lib.crate_types and _binds(package)
    ]
    for name in (".cargo/config.toml", ".cargo/config"):
        path = join(sources.folder, name)
        data = sources.texts.get(path)
        table = parse(SourceText(path, data)) if data is not None else None
        build = table.get("build") if isinstance(table, Table) else None
        target = build.value.get("target") if build is not None and isinstance(build.value, Table) else None
        if data is not None and meant and target is not None and target.value in NO_COMPONENT:
            names = ", ".join(f"`{package}`" for package in meant[:3])
            yield Draft(
                path,
                say(
                    "cargo builds for {target}, and no component can be made of what that gives for {names}",
                    target=target.value,
                    names=names,
                ),
                SourceText(path, data).location(target.start),
                help=say('write `target = "wasm32-wasip2"`'),
                remedies=(
                    Remedy(
                        say("Build for wasm32-wasip2"),
                        (SetValue(SourceText(path, data).location(target.start), "wasm32-wasip2"),),
                    ),
                ),
            )


def _binds(package: Package) -> bool:
    return package.component is not None or any(d.package in RUNTIMES for d in package.dependencies)
