"""Which world a name means: the rule of ``wit_bindgen::generate!`` and of the component tools."""

from __future__ import annotations

from wasmdoctor.model.wit import Resolution, WitPackage, World
from wasmdoctor.readers.wit.names import nearest


def world_names(package: WitPackage) -> tuple[str, ...]:
    """The full names of a package's worlds, in order of definition."""
    return tuple(world.name for world in package.worlds.values())


def find_world(resolution: Resolution, selector: str | None = None) -> World | str:
    """The world that ``selector`` means, or a sentence that says why there is none.

    ``selector`` is ``world``, ``ns:pkg/world``, ``ns:pkg/world@1.0.0``, or None for the only world of the
    only main package. Without a version, a package that is there at exactly one version is meant. Rule:
    wit-parser 0.262, ``Resolve::select_world``.
    """
    main = resolution.main
    if not main:
        return "there is no WIT package to look for a world in"
    if selector is None or (":" not in selector and len(main) != 1):
        if len(main) > 1:
            return f"there are several packages; name one of {_listed(main)}"
        worlds = list(main[0].worlds.values())
        if len(worlds) == 1:
            return worlds[0]
        if not worlds:
            return f"package `{main[0].name}` has no worlds"
        return f"there are several worlds; name one of {_listed(main)}"
    if ":" not in selector:
        package, name = main[0], selector.removeprefix("%")
    else:
        path, at, version = selector.partition("@")
        base, _, name = path.partition("/")
        found = _package(resolution, base, version if at else "")
        if isinstance(found, str):
            return found
        package = found
    world = package.worlds.get(name)
    if world is None:
        near = nearest(name, package.worlds)
        hint = f"; did you mean `{near}`?" if near else ""
        return f"package `{package.name}` has no world `{name}`{hint}"
    return world


def _package(resolution: Resolution, base: str, version: str) -> WitPackage | str:
    exact = resolution.packages.get(f"{base}@{version}" if version else base)
    if exact is not None:
        return exact
    candidates = [p for p in resolution.packages.values() if p.base == base] if not version else []
    if len(candidates) == 1:
        return candidates[0]
    if candidates:
        versions = " and ".join(p.version for p in candidates)
        return f"package `{base}` is there at versions {versions}; say which"
    near = nearest(base, (p.base for p in resolution.packages.values()))
    hint = f"; did you mean `{near}`?" if near and near != base else ""
    return f"there is no package `{base}{'@' + version if version else ''}`{hint}"


def _listed(packages: tuple[WitPackage, ...]) -> str:
    names = [f"`{name}`" for package in packages for name in world_names(package)]
    return ", ".join(names[:20]) + (", ..." if len(names) > 20 else "")
