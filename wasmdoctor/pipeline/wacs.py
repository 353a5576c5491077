"""The .wac documents that ``check`` is given or finds: what they name, held against the components that are there."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from wasmdoctor.catalog import Catalog
from wasmdoctor.checks import composition_findings
from wasmdoctor.checks.composition import CompositionFacts
from wasmdoctor.discover import TO_READ, Discovery, display_path, read_regular
from wasmdoctor.model.composition import Composition
from wasmdoctor.model.finding import Finding
from wasmdoctor.model.source import Location, Problem, SourceText
from wasmdoctor.model.wac import WacDocument
from wasmdoctor.model.wasm import WasmFile
from wasmdoctor.readers.wac import read_wac
from wasmdoctor.readers.wasm import FileSource, WasmKind, preamble, read_component

MOST_DOCUMENTS = 200
"""Documents of one run that are read."""

MOST_PACKAGES = 500
"""Packages of one document that are looked for."""

Packages = dict[str, WasmFile | None]


def document_findings(
    found: Discovery, files: Sequence[WasmFile], cwd: Path, host: str, catalog: Catalog
) -> tuple[Finding, ...]:
    """What is wrong in the .wac documents of a run; ``files`` are the components that were read.

    A package is the component in ``deps/<namespace>/<name>.wasm`` beside the document, where wac 0.12 looks for it,
    or else one that was named on the command line, or that lies below the document's folder, and has its name. Of a
    package that is neither, nothing is known, since ``wac compose --dep`` may name it: that is a finding only where
    there is such a ``deps`` folder.
    """
    documents: list[WacDocument] = []
    packages: dict[str, Packages] = {}
    for real in found.documents[:MOST_DOCUMENTS]:
        document = _read(real, display_path(real, cwd))
        documents.append(document)
        packages[document.path] = dict(_packages(document, real.parent, found, files, cwd))
    for real in found.documents[MOST_DOCUMENTS:]:
        found.skip(f".wac documents beyond the first {MOST_DOCUMENTS}", display_path(real, cwd))
    if not documents:
        return ()
    # Each document itself says how things are wired: nothing is to be found out here.
    first = documents[0].path
    composition = Composition(first, (first,), (first,), (), (), (), (), ())
    facts = CompositionFacts(composition, host, "", tuple(documents), packages)
    return composition_findings(facts, catalog.lint)


def package_place(folder: Path, package: str) -> tuple[str, Path]:
    """A package's name without namespace and version, and where wac 0.12 looks for it, beside a document in ``folder``."""
    namespace, _, name = package.partition("@")[0].partition(":")
    return name, folder / "deps" / namespace / f"{name.replace(':', '/')}.wasm"


def _read(real: Path, shown: str) -> WacDocument:
    try:
        data = read_regular(real)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        return WacDocument(shown, "", None, (), (Problem(Location(shown), f"cannot be read: {reason}"),))
    return read_wac(SourceText(shown, data))


def _packages(
    document: WacDocument, folder: Path, found: Discovery, files: Sequence[WasmFile], cwd: Path
) -> Iterator[tuple[str, WasmFile | None]]:
    """The component of each package that a document names; None for one that is not in its ``deps``."""
    near = _near(folder, found, files)
    deps = folder / "deps"
    names = dict.fromkeys(name.text for name in document.packages)
    for name in list(names)[:MOST_PACKAGES]:
        rest, place = package_place(folder, name)
        if (component := _component(place, folder, cwd)) is not None:
            yield name, component
        elif len(same := near.get(rest, [])) == 1:
            yield name, same[0]
        elif not same and deps.is_dir() and not place.exists():
            yield name, None


def _near(folder: Path, found: Discovery, files: Sequence[WasmFile]) -> Mapping[str, list[WasmFile]]:
    """The components that may be meant, by their file's name; those of one name that say the same count once."""
    base = os.path.join(os.path.realpath(folder), "")
    meant = {
        binary.path
        for binary in found.binaries
        if binary.named or os.path.realpath(binary.real).startswith(base)
    }
    near: dict[str, list[WasmFile]] = {}
    for file in files:
        if file.path in meant and file.component is not None and not file.component.is_wit_package:
            alike = near.setdefault(Path(file.path).stem.replace("_", "-"), [])
            if all(_names(file) != _names(other) for other in alike):
                alike.append(file)
    return near


def _names(file: WasmFile) -> tuple[frozenset[str], frozenset[str]]:
    component = file.component
    assert component is not None
    return frozenset(e.name for e in component.imports), frozenset(e.name for e in component.exports)


def _component(place: Path, folder: Path, cwd: Path) -> WasmFile | None:
    """The component at a place below a document's folder; None when there is none, or it lies elsewhere."""
    try:
        real = Path(os.path.realpath(place))
        if not any(real.is_relative_to(os.path.realpath(root)) for root in (folder, cwd)):
            return None
        descriptor = os.open(real, TO_READ)
    except OSError:
        return None
    try:
        info = os.fstat(descriptor)
        if not stat.S_ISREG(info.st_mode) or preamble(os.pread(descriptor, 8, 0)) is not WasmKind.COMPONENT:
            return None
        shown = display_path(place, cwd)
        return WasmFile(shown, info.st_size, component=read_component(FileSource(descriptor), shown))
    except OSError:
        return None
    finally:
        os.close(descriptor)
