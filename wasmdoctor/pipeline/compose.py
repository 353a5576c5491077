"""``compose``: wire components together, have a tool make the result, and look at what came out."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from wasmdoctor.catalog import Catalog
from wasmdoctor.checks import composition_findings
from wasmdoctor.checks.composition import CompositionFacts
from wasmdoctor.discover import Binary, DiscoverError, discover, read_regular
from wasmdoctor.graph.composition import wire
from wasmdoctor.model.composition import Composed, Composition
from wasmdoctor.model.host import HostView
from wasmdoctor.model.names import ExternName
from wasmdoctor.model.record import dataclass, replace
from wasmdoctor.model.source import SourceText
from wasmdoctor.model.wac import WacDocument
from wasmdoctor.model.wasm import Component, Extern, ExternKind, WasmFile
from wasmdoctor.pipeline.binaries import read_binaries
from wasmdoctor.pipeline.files import write_whole
from wasmdoctor.pipeline.wacs import package_place
from wasmdoctor.readers.wac import read_wac
from wasmdoctor.readers.wasm import BytesSource, FileSource, read_component
from wasmdoctor.reporters.wac import configuration, document, instance_names
from wasmdoctor.toolchain import Toolchain, ToolError


@dataclass(frozen=True, slots=True)
class ComposeOptions:
    """What a person asks of ``compose``.

    ``paths`` are components, folders with them, and .wac documents. ``output`` is where the result goes,
    ``root`` the component whose exports it shall have ("" for the only one that no other needs),
    ``prefer`` components that win where several provide the same. ``tool`` is ``auto``, ``wac`` or
    ``wasm-tools``. With ``dry_run`` nothing is made.
    """

    paths: tuple[str, ...]
    cwd: Path
    output: str
    host: str = "wasmtime"
    flags: tuple[str, ...] = ()
    root: str = ""
    prefer: tuple[str, ...] = ()
    tool: str = "auto"
    package: str = "composed:app"
    dry_run: bool = False


def compose(options: ComposeOptions, catalog: Catalog, toolchain: Toolchain) -> Composed:
    """Wire the components below the paths, and make one of them.

    Raises DiscoverError for a path that does not exist or is no component, HostError, and ToolError when
    the tool that makes the result is missing or fails. Nothing is written then.
    """
    host = catalog.host(options.host, options.flags)
    documents = [path for path in options.paths if path.endswith(".wac")]
    found = discover([path for path in options.paths if not path.endswith(".wac")], options.cwd)
    target = (options.cwd / options.output).resolve()
    binaries = {binary.path: binary for binary in found.binaries if binary.real.resolve() != target}
    read = [file for file in read_binaries(found) if file.path in binaries]
    files = [file for file in read if file.component is not None and not file.component.is_wit_package]
    wit = tuple(file.path for file in read if file.component is not None and file.component.is_wit_package)
    if documents:
        return _compose_document(options, documents, files, binaries, host, catalog, toolchain)
    if not files:
        raise DiscoverError("no component was found below " + ", ".join(options.paths))
    composition = wire(
        files,
        lambda extern: _has(host, extern),
        root=_named(options.root, files, "--root"),
        prefer=[_named(path, files, "--prefer") for path in options.prefer],
    )
    facts = CompositionFacts(
        composition, host.id, options.output, files=tuple(files), packages_as_components=wit
    )
    findings = composition_findings(facts, catalog.lint)
    names = instance_names(composition)
    text = document(composition, names, options.package) if composition.possible else ""
    result = Composed(composition, findings, text, host.id, options.output)
    unsound = any(finding.code == "WD407" for finding in findings)  # the tool would fail, and say less
    if options.dry_run or unsound or not composition.possible or len(composition.order) < 2:
        return result
    reals = {path: binaries[path].real for path in composition.order}
    made_by, data = _make(options, composition, names, text, reals, toolchain)
    return _finished(result, made_by, data, target)[0]


def _has(host: HostView, extern: Extern) -> bool:
    """Whether the host, or somebody that the configuration names, provides an import as it is asked for."""
    if any(allow.names_interface(extern.name) and not allow.component for allow in host.allowed):
        return True
    if extern.kind is not ExternKind.INSTANCE:
        return False
    match = host.match(ExternName.parse(extern.name))
    lacks = host.missing_functions(match, (function.name for function in extern.functions), extern.resources)
    return (
        match.linked and not lacks and not host.mistyped_functions(match, extern.functions, extern.instances)
    )


def _named(path: str, files: Sequence[WasmFile], option: str) -> str:
    """A component that an option names: by its path, or by the name of its file."""
    if not path:
        return ""
    exact = [file.path for file in files if os.path.normpath(file.path) == os.path.normpath(path)]
    stem = [file.path for file in files if Path(file.path).stem == path or Path(file.path).name == path]
    found = exact or stem
    if len(found) == 1:
        return found[0]
    why = "is none of the components" if not found else "is the name of several components: give the path"
    raise DiscoverError(
        f"{option} {path} {why}\n  components: {', '.join(file.path for file in files) or 'none'}"
    )


def _make(
    options: ComposeOptions,
    composition: Composition,
    names: Mapping[str, str],
    text: str,
    reals: Mapping[str, Path],
    toolchain: Toolchain,
) -> tuple[str, bytes]:
    """The composed component's bytes, and the tool that made it."""
    wac = toolchain.find("wac") if options.tool in ("auto", "wac") else None
    if options.tool == "wac" and wac is None:
        raise ToolError(
            "`wac` was not found on PATH\n  install it with `cargo install wac-cli`, or leave out --tool"
        )
    functions = [wire.name for wire in composition.wires if ExternName.parse(wire.name).kind != "interface"]
    if wac is None and functions:
        # wasm-tools 1.262 gives interfaces only, and panics otherwise.
        raise ToolError(
            f"only `wac` can wire `{functions[0]}`, which is no interface, and it was not found on PATH\n"
            "  install it with `cargo install wac-cli`"
        )
    with tempfile.TemporaryDirectory(prefix="wasmdoctor-") as folder:
        if wac is not None:
            place = Path(folder) / "composition.wac"
            place.write_text(text, "utf-8")
            packages = {f"local:{names[path]}": real for path, real in reals.items()}
            return f"wac {wac.version_text}", toolchain.wac_compose(wac, place, packages)
        place = Path(folder) / "composition.yml"
        shown = {path: str(real.resolve()) for path, real in reals.items()}
        place.write_text(configuration(composition, names, shown), "utf-8")
        data = toolchain.wasm_tools_compose(reals[composition.root].resolve(), place)
        return f"wasm-tools {toolchain.wasm_tools.version_text} compose", data


def _finished(result: Composed, made_by: str, data: bytes, target: Path) -> tuple[Composed, Component]:
    """Write what was made, whole or not at all; the result with it, and what it is."""
    write_whole(target, data)
    component = read_component(BytesSource(data), result.output)
    imports = tuple(extern.name for extern in component.imports)
    return replace(result, made_by=made_by, size=len(data), imports=imports), component


def _compose_document(
    options: ComposeOptions,
    paths: Sequence[str],
    files: Sequence[WasmFile],
    binaries: Mapping[str, Binary],
    host: HostView,
    catalog: Catalog,
    toolchain: Toolchain,
) -> Composed:
    """Run one .wac document, after a look at what it names."""
    if len(paths) > 1:
        raise DiscoverError("one .wac document makes one component: give only one")
    parsed = _read_document(options.cwd, paths[0])
    near = {Path(file.path).stem.replace("_", "-"): file for file in files}
    packages: dict[str, WasmFile | None] = {}
    places: dict[str, Path] = {}
    for package in parsed.packages:
        file, place = _package(options.cwd, paths[0], package.text, near, binaries)
        packages[package.text] = file
        if place is not None:
            places[package.text] = place
    # The document itself says how things are wired: nothing is to be found out here.
    composition = Composition(paths[0], (paths[0],), (paths[0],), (), (), (), (), ())
    facts = CompositionFacts(composition, host.id, options.output, (parsed,), {paths[0]: packages})
    findings = composition_findings(facts, catalog.lint)
    text = read_regular(options.cwd / paths[0]).decode("utf-8", "replace")
    result = Composed(composition, findings, text, host.id, options.output)
    if options.dry_run or findings:
        return result
    wac = toolchain.find("wac")
    if wac is None:
        raise ToolError(
            f"only `wac` can run {paths[0]}, and it was not found on PATH\n"
            "  install it with `cargo install wac-cli`, or give the components themselves"
        )
    data = toolchain.wac_compose(wac, options.cwd / paths[0], places)
    target = (options.cwd / options.output).resolve()
    made, component = _finished(result, f"wac {wac.version_text}", data, target)
    missing = tuple((paths[0], e) for e in component.imports if e.needs_provider and not _has(host, e))
    facts = replace(facts, composition=replace(composition, missing=missing))
    return replace(made, findings=composition_findings(facts, catalog.lint))


def _read_document(cwd: Path, path: str) -> WacDocument:
    try:
        data = read_regular(cwd / path)
    except OSError as error:
        raise DiscoverError(f"{path} cannot be read: {(error.strerror or str(error)).lower()}") from error
    return read_wac(SourceText(path, data))


def _package(
    cwd: Path, document_path: str, package: str, near: Mapping[str, WasmFile], binaries: Mapping[str, Binary]
) -> tuple[WasmFile | None, Path | None]:
    """The component that a package name means: ``deps/<ns>/<name>.wasm`` beside the document, as wac looks
    for it, else the component that was given and has that name."""
    name, place = package_place((cwd / document_path).parent, package)
    if place.is_file():
        shown = os.path.relpath(place, cwd).replace(os.sep, "/")
        with open(place, "rb") as file:
            return WasmFile(
                shown, place.stat().st_size, component=read_component(FileSource(file.fileno()), shown)
            ), place
    found = near.get(name)
    return (found, binaries[found.path].real) if found else (None, None)
