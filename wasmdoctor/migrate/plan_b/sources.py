"""Where the WIT of the wanted interfaces is, and how an adapter refers to it.

``generate!`` takes a list of paths and reads them one after the other: later ones may use the packages of earlier
ones, and no package may come twice (wit-bindgen 0.48.1 and 0.63.0, wit-parser ``Resolve::push``). So the adapter
names the folder in which the project keeps the interfaces, and behind it its own ``wit``. WIT that no path of the
project leads to (text in a macro call, files of a dependency from a registry) is copied to ``wit/deps``.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from wasmdoctor.migrate.inputs import PlanInputs, Site, Tree
from wasmdoctor.migrate.plan_b.missing import closure
from wasmdoctor.model.names import ExternName
from wasmdoctor.model.record import dataclass
from wasmdoctor.model.wit import Function, Interface, Resolution, Type, WitPackage, World, WorldItem
from wasmdoctor.readers.cargo.files import join
from wasmdoctor.readers.wit import find_world, load_wit, resolve_wit

WORLD = "adapter"
"""The name of an adapter's world."""

WIT = "wit"


@dataclass(frozen=True, slots=True)
class Source:
    """WIT that the project reads together: its paths, or the text in a macro call as well."""

    paths: tuple[str, ...]
    resolution: Resolution
    inline: str = ""
    inline_path: str = ""

    @property
    def interfaces(self) -> Mapping[str, Interface]:
        """All interfaces by full name."""
        packages = self.resolution.packages.values()
        return {i.name: i for package in packages for i in package.interfaces.values()}

    @property
    def is_referable(self) -> bool:
        """Whether relative paths lead to all of it."""
        return not self.inline and all(not path.startswith("/") for path in self.paths)


@dataclass(frozen=True, slots=True)
class AdapterWit:
    """An adapter's WIT: its world resolved, the paths for ``generate!``, and the files below its folder.

    ``copied`` are the packages that are copied because no path leads to them.
    """

    world: World
    resolution: Resolution
    paths: tuple[str, ...]
    files: Mapping[str, bytes]
    copied: tuple[str, ...] = ()


def sources(inputs: PlanInputs) -> list[Source]:
    """All WIT of the project: what its bindings read, and its WIT folders."""
    found: dict[tuple[object, ...], Source] = {}
    for component in inputs.components:
        for site in component.sites:
            text = site.call.inline or "" if site.inline and site.call is not None else ""
            source = Source(site.paths, site.resolution, text, site.binding.location.path if text else "")
            found.setdefault((source.paths, source.inline), source)
    for folder in inputs.wit_roots:
        if ((folder,), "") not in found:
            resolution = resolve_wit(load_wit(_View(inputs.files, {}), [folder]))
            found[((folder,), "")] = Source((folder,), resolution)
    return list(found.values())


def interface_of(all_sources: Iterable[Source], name: str) -> Interface | None:
    """An interface by its full name, from where its package is at home rather than from a copy."""
    copy: Interface | None = None
    for source in all_sources:
        found = source.interfaces.get(name)
        if found is None:
            continue
        if any(package.name == found.package for package in source.resolution.main):
            return found
        copy = copy or found
    return copy


def declares(all_sources: Sequence[Source], inputs: PlanInputs, name: str) -> bool:
    """Whether the project's WIT has an interface, or a world's own import, of that name."""
    return (
        interface_of(all_sources, name) is not None or world_function(all_sources, inputs, name) is not None
    )


def world_function(all_sources: Sequence[Source], inputs: PlanInputs, name: str) -> WorldItem | None:
    """A world's own import, by its name, from the world of some bindings."""
    for component in inputs.components:
        for site in component.sites:
            item = _world_item(site, name)
            if item is not None:
                return item
    for source in all_sources:
        for package in source.resolution.packages.values():
            for world in package.worlds.values():
                if name in world.imports:
                    return world.imports[name]
    return None


def _world_item(site: Site, name: str) -> WorldItem | None:
    return site.world.imports.get(name) if site.world is not None else None


def is_plain(function: Function) -> bool:
    """Whether a function's types have no names, so that its signature means the same in any world."""
    waiting: list[Type | None] = [*(param.type for param in function.params), function.result]
    while waiting:
        type_ = waiting.pop()
        if type_ is None:
            continue
        if type_.kind in ("name", "own", "borrow"):
            return False
        waiting += type_.args
    return True


def adapter_wit(
    inputs: PlanInputs,
    all_sources: Sequence[Source],
    names: Sequence[str],
    functions: Sequence[Function],
    folder: str,
    package: str,
    about: str,
) -> AdapterWit | str:
    """The WIT of an adapter in ``folder`` that exports interfaces and plain functions; or why there is none.

    ``package`` is the WIT package that its world goes to, ``about`` the world's documentation.
    """
    text = _world_text(package, about, names, functions)
    problems: list[str] = []
    able = _by_rank(all_sources, names)
    choices = [[source] for source in able if all(name in source.interfaces for name in names)]
    for chosen in (*choices, _together(able, names), []):
        known = {name for source in chosen for name in source.interfaces}
        copies = _copies(inputs.files, all_sources, [name for name in names if name not in known], chosen)
        if isinstance(copies, str):
            problems.append(copies)
            continue
        files, copied = copies
        paths = tuple(dict.fromkeys(path for source in chosen for path in source.paths))
        made = _resolved(
            inputs.files, folder, package, paths, {**files, f"{WIT}/world.wit": text}, copied=copied
        )
        if isinstance(made, AdapterWit):
            return made
        problems.append(made)
    return problems[0]


def _world_text(package: str, about: str, names: Sequence[str], functions: Sequence[Function]) -> bytes:
    lines = [f"package {package};", "", f"/// {about}", f"world {WORLD} {{"]
    lines += [f"    export {name};" for name in names]
    lines += [f"    export {_label(function.name)}: {function.signature};" for function in functions]
    return "\n".join((*lines, "}", "")).encode()


def _label(name: str) -> str:
    """A function's name as WIT writes it: with a percent sign, which any name may have."""
    return f"%{name}"


def _by_rank(all_sources: Sequence[Source], names: Sequence[str]) -> list[Source]:
    """The WIT that paths lead to; first where the interfaces are at home, and where least is read beside them."""
    packages = {(ExternName.parse(name).package or "") for name in names}

    def rank(source: Source) -> tuple[int, int, int]:
        home = sum(package.base in packages for package in source.resolution.main)
        return (-home, len(source.paths), len(source.resolution.packages))

    return sorted((source for source in all_sources if source.is_referable and source.paths), key=rank)


def _together(able: Sequence[Source], names: Sequence[str]) -> list[Source]:
    """Sources that have as many of the interfaces as may be, and no package twice."""
    chosen: list[Source] = []
    known: set[str] = set()
    left = set(names)
    for source in able:
        has = left & source.interfaces.keys()
        if has and not known & source.resolution.packages.keys():
            chosen.append(source)
            known |= source.resolution.packages.keys()
            left -= has
    return chosen


def _resolved(
    files: Tree,
    folder: str,
    package: str,
    paths: Sequence[str],
    made: Mapping[str, bytes],
    copied: tuple[str, ...] = (),
) -> AdapterWit | str:
    """The adapter's WIT read as wit-bindgen will read it; or what is wrong with it."""
    view = _View(files, {join(folder, name): data for name, data in made.items()})
    own = join(folder, WIT)
    resolution = resolve_wit(load_wit(view, [*paths, own]))
    if resolution.problems:
        first = resolution.problems[0]
        return f"its WIT cannot be put together: {first.message} ({first.location})"
    world = find_world(resolution, f"{package}/{WORLD}")
    if isinstance(world, str):
        return f"its WIT cannot be put together: {world}"
    shown = tuple(posixpath.relpath(path, folder) for path in paths)
    return AdapterWit(world, resolution, (*shown, WIT), made, copied)


def _copies(
    files: Tree, all_sources: Sequence[Source], names: Sequence[str], chosen: Sequence[Source]
) -> tuple[dict[str, bytes], tuple[str, ...]] | str:
    """Copies for ``wit/deps`` of the packages that the interfaces need, and the packages' names. Those that
    ``chosen`` sources have need none."""
    made: dict[str, bytes] = {}
    copied: dict[str, None] = {}
    known = {name for source in chosen for name in source.resolution.packages}
    for name in names:
        source = next((source for source in all_sources if name in source.interfaces), None)
        if source is None:
            return f"no WIT in the sources declares `{name}`"
        for package in _needed(source, name):
            if package.name in copied or package.name in known:
                continue
            copied[package.name] = None
            for path in package.files:
                data = (
                    source.inline.encode()
                    if path == source.inline_path and source.inline
                    else files.read(path)
                )
                if data is None or data.startswith(b"\0asm") or path.endswith((".wasm", ".wat")):
                    return f"the WIT of `{package.name}` is not text that could be copied ({path})"
                made[_copy_path(source, package, path)] = data
    return made, tuple(copied)


def _copy_path(source: Source, package: WitPackage, path: str) -> str:
    """Where a file goes in ``wit/deps``. A file may hold several packages: then it stands by itself."""
    several = sum(path in other.files for other in source.resolution.packages.values()) > 1
    stem = package.name.replace(":", "-").replace("@", "-")
    if path == source.inline_path and source.inline:
        return f"{WIT}/deps/{stem}.wit"
    if several:
        return f"{WIT}/deps/{posixpath.basename(path)}"
    return f"{WIT}/deps/{stem}/{posixpath.basename(path)}"


def _needed(source: Source, name: str) -> list[WitPackage]:
    """The package of an interface with all that its files use: all of a package must resolve."""
    packages = source.resolution.packages
    first = source.interfaces[name].package
    found: dict[str, WitPackage] = {}
    waiting = [first]
    while waiting:
        package = packages.get(waiting.pop())
        if package is None or package.name in found:
            continue
        found[package.name] = package
        waiting += _used_packages(package)
        waiting += [other.name for other in packages.values() if set(other.files) & set(package.files)]
    return list(found.values())


def _used_packages(package: WitPackage) -> Iterator[str]:
    interfaces = list(package.interfaces.values())
    for world in package.worlds.values():
        for item in (*world.imports.values(), *world.exports.values()):
            if item.interface is not None:
                interfaces.append(item.interface)
    for interface in interfaces:
        yield interface.package
        for other in interface.depends:
            parsed = ExternName.parse(other)
            version = f"@{parsed.version}" if parsed.version else ""
            yield f"{parsed.package}{version}"


def exported(
    all_sources: Sequence[Source], names: Sequence[str], is_custom: Callable[[str], bool]
) -> tuple[str, ...]:
    """The interfaces to export: those wanted, with the custom ones that they take types from, these first."""
    interfaces: dict[str, Interface] = {}
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        found = interface_of(all_sources, name) if name not in interfaces else None
        if found is not None:
            interfaces[name] = found
            waiting += found.depends
    return tuple(name for name in closure(sorted(names), interfaces) if name in names or is_custom(name))


class _View:
    """The WIT reader's view of a tree, with some files that are not there yet."""

    def __init__(self, tree: Tree, made: Mapping[str, bytes]) -> None:
        self.tree = tree
        self.made = made
        self.folders = {
            "/".join(path.split("/")[:-depth]) for path in made for depth in range(1, path.count("/") + 1)
        }

    def is_dir(self, path: str) -> bool:
        """Whether there is a folder that holds anything."""
        return path in self.folders or bool(self.tree.entries(path))

    def exists(self, path: str) -> bool:
        """Whether there is a file or folder."""
        return self.is_dir(path) or path in self.made or self.tree.read(path) is not None

    def names(self, path: str) -> list[str]:
        """The names in a folder. Raises FileNotFoundError."""
        front = f"{path}/"
        new = {one[len(front) :].partition("/")[0] for one in self.made if one.startswith(front)}
        found = sorted({*self.tree.entries(path), *new})
        if not found:
            raise FileNotFoundError(2, "No such folder", path)
        return found

    def read(self, path: str) -> bytes:
        """The contents of a file. Raises FileNotFoundError."""
        data = self.made.get(path)
        if data is None:
            data = self.tree.read(path)
        if data is None:
            raise FileNotFoundError(2, "No such file", path)
        return data
