"""Rule about an import and the export that comes nearest to it without fitting: which it is, and why."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from wasmdoctor.checks.facts import Draft, Facts
from wasmdoctor.checks.last import for_last
from wasmdoctor.model.host import same_track
from wasmdoctor.model.names import ExternName
from wasmdoctor.model.record import dataclass
from wasmdoctor.model.rule import Confidence, Severity
from wasmdoctor.model.source import Location
from wasmdoctor.model.text import say
from wasmdoctor.model.wasm import Extern, ExternKind, WasmFile

if TYPE_CHECKING:
    from wasmdoctor.checks.composition import CompositionFacts


MOST_ALIKE = 20
"""Exports of one last name among which one of another package is looked for."""


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
            say(
                "{path} is a WIT package, not a component: it says what interfaces look like, and "
                "exports none",
                path=path,
            ),
            Location(path),
            help=say(
                "give the component that was built from it (`wasm-tools component new`, or cargo's .wasm)"
            ),
        )
    for path, extern in facts.composition.missing:
        near = nearest(path, extern, facts.files)
        if near is not None:
            yield _draft(path, extern, near, Location(path), None)


def _draft(path: str, extern: Extern, near: Near, place: Location, severity: Severity | None) -> Draft:
    return Draft(
        path,
        say(
            "{path} imports `{name}`, and {path2} {why}",
            path=path,
            name=extern.name,
            path2=near.path,
            why=near.why,
        ),
        place,
        extern.name,
        help=near.cure,
        severity=severity if near.sure else Severity.NOTE,
        confidence=None if near.sure else Confidence.LOW,
        related=((Location(near.path), say("comes nearest")),),
    )


def nearest(path: str, wanted: Extern, files: Sequence[WasmFile]) -> Near | None:
    """The export of another file that comes nearest to an import, when its name or version is what does not fit.

    An export of that very name and version is not looked at: what its functions lack is another question.
    """
    name = ExternName.parse(wanted.name)
    label = last_part(name)
    found: list[tuple[int, str, str, Near]] = []
    index = _by_label(files)
    candidates = index.get(label, []) if label else []
    if len(candidates) > MOST_ALIKE:
        # A name that everybody uses (`types`, `api`) says nothing: only that very interface is meant.
        candidates = [*index.get(f"={name.unversioned}", []), *index.get(f"={label}", [])]
    for other, extern, wit in candidates:
        if other == path:
            continue
        rank, near = _compared(path, wanted, name, other, extern, wit=wit)
        if near is not None:
            found.append((rank, other, extern.name, near))
    return min(found, key=lambda entry: entry[:3], default=(0, "", "", None))[3]


@for_last
def _by_label(files: Sequence[WasmFile]) -> dict[str, list[tuple[str, Extern, bool]]]:
    """The exports of all files by the last part of their names, with the file, and whether it is a WIT package;
    those of components also by ``=`` and the whole name without version.

    Only those can come near: looking at all for each import would take time with the square of their number.
    """
    found: dict[str, list[tuple[str, Extern, bool]]] = {}
    for file in files:
        wit = file.component is not None and file.component.is_wit_package
        for extern in file.component.exports if file.component else ():
            name = ExternName.parse(extern.name)
            label = extern.name if wit else last_part(name)
            found.setdefault(label, []).append((file.path, extern, wit))
            if not wit:
                found.setdefault(f"={name.unversioned}", []).append((file.path, extern, wit))
    return found


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
            why = say(
                "is a WIT package that describes an interface `{name}`, not a component that exports one",
                name=extern.name,
            )
            return 5, Near(other, extern.name, why, say("give the component that was built from it"))
        return 9, None
    if extern.kind is not wanted.kind or last_part(offered) != last_part(name):
        return 9, None
    if offered.unversioned == name.unversioned:
        return _versions(name, offered, other)
    if ExternKind.INSTANCE is not wanted.kind or not _alike(wanted, extern):
        return 9, None
    if offered.kind == "plain":
        why = say(
            "exports an interface of that name that is written inside its world: it is called "
            "`{text}` alone, without a package",
            text=offered.text,
        )
        cure = say(
            "take the interface out of the world, into the package `{package}` (`interface {text} "
            "{{ ... }}`), and write `export {text};` in the world",
            package=name.package,
            text=offered.text,
        )
        return 3, Near(other, extern.name, why, cure)
    if name.kind == "plain":
        why = say(
            "exports `{text}`: the import is written inside the world, and so has no package",
            text=offered.text,
        )
        cure = say(
            "import it by its name: `import {text};` in the world of {path}", text=offered.text, path=path
        )
        return 3, Near(other, extern.name, why, cure)
    why = say(
        "exports `{text}`: the interface and its functions are named alike, the packages are not",
        text=offered.text,
    )
    cure = say(
        "let both use one package: `{package}` in {path}, `{package2}` in {other}",
        package=name.package,
        path=path,
        package2=offered.package,
        other=other,
    )
    return 4, Near(other, extern.name, why, cure, sure=_same_functions(wanted, extern))


def _versions(name: ExternName, offered: ExternName, other: str) -> tuple[int, Near | None]:
    if offered.version == name.version or same_track(offered.version, name.version):
        return 9, None
    if not offered.version:
        why = say(
            "exports `{text}` without a version: to a linker that is another interface", text=offered.text
        )
        cure = say(
            "write `package {package}@{version};` in the WIT of {other}, and build it again",
            package=offered.package,
            version=name.version,
            other=other,
        )
        return 1, Near(other, offered.text, why, cure)
    if not name.version:
        why = say(
            "exports it as `{text}`: an import without a version takes no version at all", text=offered.text
        )
        cure = say(
            "write `package {package}@{version};` in the WIT of the importer, and build it again",
            package=name.package,
            version=offered.version,
        )
        return 1, Near(other, offered.text, why, cure)
    why = say(
        "exports it at version {version}, which is not compatible with {version2}",
        version=offered.version,
        version2=name.version,
    )
    return 2, Near(other, offered.text, why, say("build both against one version of the package"))


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
