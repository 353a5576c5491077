"""Bridges for WIT that tests write down, and which row each function got."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache, partial
from pathlib import Path

from wasmdoctor.catalog import Catalog
from wasmdoctor.migrate.bridge.mapping import Mapped
from wasmdoctor.migrate.bridge.module import Parts, bridge_module
from wasmdoctor.migrate.bridge.names import Modules, package_versions
from wasmdoctor.migrate.bridge.types import Options, Types
from wasmdoctor.migrate.inputs import Bridge, BridgeRequest
from wasmdoctor.model.mapping import Mappings
from wasmdoctor.model.plan import BodyKind
from wasmdoctor.model.wit import Interface, Resolution, World
from wasmdoctor.readers.wit import DiskFiles, MemoryFiles, load_wit, resolve_wit

OWNING = Options()
PROOF = Path(__file__).with_name("proof")


@cache
def mappings() -> Mappings:
    """The mappings that ship."""
    return Catalog().mappings


def resolved(text: str) -> Resolution:
    """What a WIT file means; it must have no problems."""
    resolution = resolve_wit(load_wit(MemoryFiles({"wit/a.wit": text.encode()}), ["wit"]))
    assert not resolution.problems, resolution.problems
    return resolution


def folder(path: Path) -> Resolution:
    """What the WIT in a folder means."""
    resolution = resolve_wit(load_wit(DiskFiles(), [str(path)]))
    assert not resolution.problems, resolution.problems
    return resolution


def interfaces(resolution: Resolution) -> Mapping[str, Interface]:
    """All interfaces by full name."""
    return {i.name: i for package in resolution.packages.values() for i in package.interfaces.values()}


def source(resolution: Resolution, options: Options = OWNING) -> Mapped:
    """The mappings for all interfaces of a resolution, each imported."""
    found = interfaces(resolution)
    functions = [(name, f) for name, each in found.items() for f in each.functions.values()]
    modules = Modules(package_versions(resolution.packages))
    types = Types({name: each.types for name, each in found.items()}, modules, options, imported=functions)
    return Mapped(mappings(), types, found)


def world_of(resolution: Resolution) -> World:
    """The one world of the main package."""
    (world,) = resolution.main[0].worlds.values()
    return world


def bridge(resolution: Resolution) -> Bridge:
    """The bridge for everything that the one world imports."""
    world = world_of(resolution)
    names = tuple(world.imports)
    request = BridgeRequest("proof", "crate::wasi_bridge", "src/wasi_bridge.rs", world, names)
    files = {name: file.text for name, file in mappings().runtime.items()}
    parts = Parts(sources=(partial(Mapped, mappings()),), runtime=files)
    return bridge_module(request, resolution, parts)


def rows(text: str) -> dict[str, str]:
    """For each function of the one interface in a package, what its body says of itself, or ``refuses``."""
    resolution = resolved(f"package any:thing@1.0.0;\n{text}")
    (interface,) = [i for i in interfaces(resolution).values() if i.functions]
    mapped = source(resolution)
    held = {name: mapped.resource(interface, name) for name in interface.resources}
    found = {}
    for function in interface.functions.values():
        body = mapped.function(interface, function)
        if body is None or (function.resource and held[function.resource] is None):
            found[function.name] = "refuses"
        else:
            assert body.kind is BodyKind.MAPPING
            found[function.name] = body.about
    return found
