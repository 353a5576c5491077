"""Rule about an import and the export that comes nearest to it without fitting: which it is, and why."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from wasmdoctor.checks.facts import Draft, Facts
from wasmdoctor.model.host import same_track
from wasmdoctor.model.names import ExternName
from wasmdoctor.model.record import dataclass
from wasmdoctor.model.rule import Confidence, Severity
from wasmdoctor.model.source import Location
from wasmdoctor.model.wasm import Extern, ExternKind, WasmFile

if TYPE_CHECKING:
    from wasmdoctor.checks.composition import CompositionFacts


@dataclass(frozen=True, slots=True)
class Near:
    """An export that an import was meant for: the file, the export, why it does not fit, and what to do.

    ``sure`` is False when the two may have nothing to do with each other.
    """

    path: str
    export: str
    why: str
    cure: str
    sure: bool = True


def near_export(facts: Facts) -> Iterator[Draft]:
    """WD406: a component of the run exports nearly what another imports, and nobody else provides it.

    A warning beside the finding of the import itself. What differs in functions alone is told there.
    """
    for file in facts.components():
        for verdict in facts.verdicts.get(file.path, ()):
            if not verdict.unprovided or verdict.match.kind not in ("none", "version"):
                continue
            near = nearest(file.path, verdict.extern, facts.files)
            if near is not None:
                place = facts.place(file.path, verdict.name.text)
                yield _draft(file.path, verdict.extern, near, place, Severity.WARNING)


def plug_mismatch(facts: CompositionFacts) -> Iterator[Draft]:
    """WD406: a component that was given exports nearly what another imports, or a file is no component at all."""
    for path in facts.packages_as_components:
        yield Draft(
            path,
            f"{path} is a WIT package, not a component: it says what interfaces look like, and exports none",
            Location(path),
            help="give the component that was built from it (`wasm-tools component new`, or cargo's .wasm)",
        )
    for path, extern in facts.composition.missing:
        near = nearest(path, extern, facts.files)
        if near is not None:
            yield _draft(path, extern, near, Location(path), None)


def _draft(path: str, extern: Extern, near: Near, place: Location, severity: Severity | None) -> Draft:
    return Draft(
        path,
        f"{path} imports `{extern.name}`, and {near.path} {near.why}",
        place,
        extern.name,
        help=near.cure,
        severity=severity if near.sure else Severity.NOTE,
        confidence=None if near.sure else Confidence.LOW,
        related=((Location(near.path), "comes nearest"),),
    )


def nearest(path: str, wanted: Extern, files: Iterable[WasmFile]) -> Near | None:
    """The export of another file that comes nearest to an import, when its name or version is what does not fit.

    An export of that very name and version is not looked at: what its functions lack is another question.
    """
    name = ExternName.parse(wanted.name)
    label = last_part(name)
    found: list[tuple[int, str, str, Near]] = []
    for file in files:
        if file.component is None or file.path == path or not label:
            continue
        for extern in file.component.exports:
            rank, near = _compared(path, wanted, name, file.path, extern, wit=file.component.is_wit_package)
            if near is not None:
                found.append((rank, file.path, extern.name, near))
    return min(found, key=lambda entry: entry[:3], default=(0, "", "", None))[3]


def last_part(name: ExternName) -> str:
    """The interface's own name, or the plain name; "" for other names."""
    if name.kind == "interface":
        return (name.interface or "").rpartition("/")[2]
    return (name.label or "") if name.kind == "plain" and not name.annotation else ""


def _compared(
    path: str, wanted: Extern, name: ExternName, other: str, extern: Extern, *, wit: bool
) -> tuple[int, Near | None]:
    """How near an export comes (less is nearer), and why it does not fit; None when it has nothing to do with it."""
    offered = ExternName.parse(extern.name)
    if wit:
        if extern.kind is ExternKind.TYPE and extern.name == last_part(name) and name.kind == "interface":
            why = f"is a WIT package that describes an interface `{extern.name}`, not a component that exports one"
            return 5, Near(other, extern.name, why, "give the component that was built from it")
        return 9, None
    if extern.kind is not wanted.kind or last_part(offered) != last_part(name):
        return 9, None
    if offered.unversioned == name.unversioned:
        return _versions(name, offered, other)
    if ExternKind.INSTANCE is not wanted.kind or not _alike(wanted, extern):
        return 9, None
    if offered.kind == "plain":
        why = (
            f"exports an interface of that name that is written inside its world: it is called `{offered.text}` alone, "
            "without a package"
        )
        cure = (
            f"take the interface out of the world, into the package `{name.package}` "
            f"(`interface {offered.text} {{ ... }}`), and write `export {offered.text};` in the world"
        )
        return 3, Near(other, extern.name, why, cure)
    if name.kind == "plain":
        why = f"exports `{offered.text}`: the import is written inside the world, and so has no package"
        cure = f"import it by its name: `import {offered.text};` in the world of {path}"
        return 3, Near(other, extern.name, why, cure)
    why = f"exports `{offered.text}`: the interface and its functions are named alike, the packages are not"
    cure = f"let both use one package: `{name.package}` in {path}, `{offered.package}` in {other}"
    return 4, Near(other, extern.name, why, cure, sure=_same_functions(wanted, extern))


def _versions(name: ExternName, offered: ExternName, other: str) -> tuple[int, Near | None]:
    if offered.version == name.version or same_track(offered.version, name.version):
        return 9, None
    if not offered.version:
        why = f"exports `{offered.text}` without a version: to a linker that is another interface"
        cure = f"write `package {offered.package}@{name.version};` in the WIT of {other}, and build it again"
        return 1, Near(other, offered.text, why, cure)
    if not name.version:
        why = f"exports it as `{offered.text}`: an import without a version takes no version at all"
        cure = f"write `package {name.package}@{offered.version};` in the WIT of the importer, and build it again"
        return 1, Near(other, offered.text, why, cure)
    why = f"exports it at version {offered.version}, which is not compatible with {name.version}"
    return 2, Near(other, offered.text, why, "build both against one version of the package")


def _alike(wanted: Extern, offered: Extern) -> bool:
    """Whether an export has any function of the import: without that, names alone say little."""
    mine = {function.name for function in wanted.functions}
    theirs = {function.name for function in offered.functions}
    return bool(mine & theirs)


def _same_functions(wanted: Extern, offered: Extern) -> bool:
    """Whether an export has all functions of an import with the same types, as far as these are known."""
    theirs = {function.name: function.signature for function in offered.functions}
    return all(
        function.name in theirs
        and (not function.signature or theirs[function.name] in ("", function.signature))
        for function in wanted.functions
    )
