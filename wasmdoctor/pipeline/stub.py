"""``stub``: a valid component that exports interfaces and implements none of them, made without Rust."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from wasmdoctor.catalog import Catalog
from wasmdoctor.discover import DiscoverError, discover, workspace_root
from wasmdoctor.migrate.abi import Scope, Unsupported
from wasmdoctor.migrate.stub import StubFunction, stub_module
from wasmdoctor.model.names import ExternName
from wasmdoctor.model.record import dataclass
from wasmdoctor.model.source import SourceText
from wasmdoctor.model.wit import Interface, Resolution, TypeDef, TypeKind
from wasmdoctor.pipeline.binaries import read_binaries
from wasmdoctor.pipeline.bridges import refusals
from wasmdoctor.pipeline.files import write_whole
from wasmdoctor.pipeline.sources import Workspace
from wasmdoctor.readers.wit import MemoryFiles, load_wit, parse, resolve_wit
from wasmdoctor.readers.wit.tree import PackageItem
from wasmdoctor.toolchain import Toolchain, ToolError

WORLD = "package wasmdoctor:stub;\n\nworld stub {\n%s}\n"


@dataclass(frozen=True, slots=True)
class Stub:
    """What was made: ``interfaces`` are those it exports, ``also`` those of them that nobody asked for."""

    output: str
    size: int
    interfaces: tuple[str, ...]
    also: tuple[str, ...]
    functions: tuple[StubFunction, ...]
    source: str


@dataclass(frozen=True, slots=True)
class _Source:
    """Where interfaces are declared: what they mean, and the WIT texts by the path that a tool shall see."""

    name: str
    resolution: Resolution
    texts: Mapping[str, bytes]


def stub(
    names: Iterable[str],
    paths: tuple[str, ...],
    output: str,
    cwd: Path,
    catalog: Catalog,
    toolchain: Toolchain,
) -> Stub:
    """A stub of the interfaces, written to ``output``.

    They are looked for in the WIT below ``paths`` (the workspace around the current folder by default) and
    in what the components there import. Interfaces whose resources they use are exported as well: a resource
    of another instance would be another type. Raises DiscoverError when one is not found, ToolError when
    wasm-tools refuses.
    """
    wanted = tuple(names)
    missing = ""
    for source in _sources(paths, cwd, toolchain):
        found = {name: _find(source.resolution, name) for name in wanted}
        if all(found.values()):
            interfaces = [interface for interface in found.values() if interface is not None]
            return _make(source, interfaces, output, cwd, catalog, toolchain)
        missing = missing or next(name for name, interface in found.items() if interface is None)
    raise DiscoverError(
        f"no WIT and no component declares `{missing or wanted[0]}`\n"
        "  name the folder with its WIT, or a component that imports it: wasmdoctor stub INTERFACE --from PATH"
    )


def _sources(paths: tuple[str, ...], cwd: Path, toolchain: Toolchain) -> Iterator[_Source]:
    found = discover(paths or (".",), cwd)
    folders = [root for root in found.roots if root.is_dir()]
    for root in dict.fromkeys([*folders, *filter(None, [workspace_root(cwd)] if not paths else [])]):
        workspace = Workspace(root, cwd, toolchain)
        for folder, resolution in workspace.wit.items():
            texts = {}
            for number, package in enumerate(resolution.packages.values()):
                for place in package.files:
                    try:
                        texts[f"deps/p{number}/{Path(place).name}"] = workspace.files.read(place)
                    except OSError:
                        continue
            yield _Source(folder, resolution, texts)
    binaries = {binary.path: binary for binary in found.binaries}
    for file in read_binaries(found):
        if file.component is None:
            continue
        binary = binaries[file.path]
        text = toolchain.wit_text(binary.real, binary.data)
        tree = parse(SourceText(file.path, text))
        packages = {
            f"deps/p{number}/package.wit": _as_file(item, text)
            for number, item in enumerate(tree.items)
            if isinstance(item, PackageItem)
        }
        view = MemoryFiles({"component.wit": text})
        yield _Source(file.path, resolve_wit(load_wit(view, ("component.wit",))), packages)


def _as_file(item: PackageItem, text: bytes) -> bytes:
    """A package in braces as a file of its own."""
    inside = text[item.name.end : item.end].partition(b"{")[2].rpartition(b"}")[0]
    return b"package " + item.name.text.encode() + b";\n" + inside


def _find(resolution: Resolution, name: str) -> Interface | None:
    """An interface by its full name, by its name without version, or by its short name when that is one."""
    wanted = ExternName.parse(name)
    every = [i for package in resolution.packages.values() for i in package.interfaces.values()]
    for same in (
        [i for i in every if i.name == name],
        [i for i in every if ExternName.parse(i.name).unversioned == wanted.text],
        [i for i in every if i.short == name],
    ):
        if len(same) == 1:
            return same[0]
    return None


def _make(
    source: _Source,
    asked: list[Interface],
    output: str,
    cwd: Path,
    catalog: Catalog,
    toolchain: Toolchain,
) -> Stub:
    every = {i.name: i for p in source.resolution.packages.values() for i in p.interfaces.values()}
    interfaces = _with_owners(asked, every)

    def scope(interface: str) -> Scope:
        def find(name: str) -> tuple[TypeDef, Scope] | None:
            where = interface
            for _ in range(100):
                definition = every[where].types.get(name) if where in every else None
                if definition is None or definition.kind is not TypeKind.USE:
                    return (definition, scope(where)) if definition else None
                where, name = definition.used_from, definition.used_name
            return None

        return Scope(find)

    cases = refusals(catalog)
    try:
        module = stub_module(interfaces, scope, cases.not_supported)
    except Unsupported as error:
        raise ToolError(f"no stub can be made: {error}") from error
    world = WORLD % "".join(f"  export {interface.name};\n" for interface in interfaces)
    with tempfile.TemporaryDirectory(prefix="wasmdoctor-") as folder:
        for name, text in {**source.texts, "stub.wit": world.encode()}.items():
            place = Path(folder) / "wit" / name
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(text)
        core = Path(folder) / "core.wat"
        core.write_text(module.text, "utf-8")
        data = toolchain.new_component(Path(folder) / "wit", "stub", core)
    write_whole(cwd / output, data)
    names = tuple(interface.name for interface in interfaces)
    also = tuple(name for name in names if name not in {interface.name for interface in asked})
    return Stub(output, len(data), names, also, module.functions, source.name)


def _with_owners(asked: list[Interface], every: Mapping[str, Interface]) -> list[Interface]:
    """The interfaces with those that define resources which they use, each behind those it uses."""
    order: list[Interface] = []

    def add(interface: Interface, depth: int) -> None:
        if interface in order or depth > 100:
            return
        owners = {t.used_from for t in interface.types.values() if t.kind is TypeKind.USE and t.is_resource}
        for owner in sorted(owners):
            # What the host itself has is left to it.
            if owner in every and not owner.startswith("wasi:"):
                add(every[owner], depth + 1)
        if interface not in order:
            order.append(interface)

    for interface in asked:
        add(interface, 0)
    return order
