"""Components whose interfaces are not what the WIT beside them says now: which function came, went or changed.

Asked of every finished component, whatever language it was written in; ``freshness`` knows more of those that
cargo built.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from wasmdoctor.checks.facts import Draft
from wasmdoctor.checks.sources import SourceFacts
from wasmdoctor.checks.wit_roots import aside, roots
from wasmdoctor.model.source import Location
from wasmdoctor.model.text import joined, say
from wasmdoctor.model.wasm import Extern, ExternKind, WasmFile
from wasmdoctor.model.wit import Interface
from wasmdoctor.readers.cargo.files import is_below


def other_interfaces(sources: SourceFacts, files: Sequence[WasmFile]) -> Iterator[Draft]:
    """For WD501: components below the folder of the sources that have an interface of theirs in another form.

    An export has all functions of its interface. An import has only those that are called, so there only such count
    that the interface has not, or has with another type.
    """
    own = _own_interfaces(sources)
    for file in files:
        if file.component is None or file.predicted or not is_below(file.path, sources.folder):
            continue
        for exported, externs in ((True, file.component.exports), (False, file.component.imports)):
            for extern in externs:
                forms = own.get(extern.name, [])
                if forms and extern.kind is ExternKind.INSTANCE and extern.typed:
                    draft = _compared(file, extern, forms, exported=exported)
                    if draft is not None:
                        yield draft


def _own_interfaces(sources: SourceFacts) -> dict[str, list[Interface]]:
    """The interfaces that the workspace's own packages define, in each form that there is."""
    found: dict[str, list[Interface]] = {}
    for root in roots(sources):
        broken = {problem.location.path for problem in root.resolution.problems}
        for package in root.resolution.main:
            if (
                root.loose
                or broken & set(package.files)
                or any(aside(sources, path) for path in package.files)
            ):
                continue
            for interface in package.interfaces.values():
                if interface.location.path in sources.texts or root.inline is not None:
                    found.setdefault(interface.name, []).append(interface)
    return found


def _compared(file: WasmFile, extern: Extern, forms: Sequence[Interface], *, exported: bool) -> Draft | None:
    """The finding for an interface that has none of its forms now; None when it has one."""
    built = {function.name: function.signature for function in extern.functions}
    now: dict[str, list[tuple[str, Location]]] = {}
    for form in forms:
        for name, function in form.functions.items():
            now.setdefault(name, []).append((function.signature, function.location))
    gone = [name for name in built if name not in now]
    changed = [
        name
        for name, signature in built.items()
        if name in now and signature and all(signature != other for other, _ in now[name])
    ]
    # With several forms of it, one that has no more than the component has is the one that it was built from.
    new = [name for name in forms[0].functions if name not in built] if exported and len(forms) == 1 else []
    if not (gone or changed or new):
        return None
    place = now[(new or changed)[0]][0][1] if new or changed else forms[0].location
    words = _words(new, gone, changed, built, now)
    return Draft(
        file.path,
        say(
            "{path} {value} `{name}` in another form than {path2} has now: {words}",
            path=file.path,
            value=say("exports") if exported else say("imports"),
            name=extern.name,
            path2=place.path,
            words=words,
        ),
        place,
        extern.name,
        help=say("build it again from this WIT, or give the changed interface a new version"),
        related=((Location(file.path), say("built from another form")),),
    )


def _words(
    new: Sequence[str],
    gone: Sequence[str],
    changed: Sequence[str],
    built: Mapping[str, str],
    now: Mapping[str, Sequence[tuple[str, Location]]],
) -> str:
    parts: list[str] = []
    if new:
        parts.append(say("it lacks {names}", names=_names(new)))
    if gone:
        parts.append(say("it still has {names}", names=_names(gone)))
    if changed:
        first = changed[0]
        more = say(", and {value} more have other types", value=len(changed) - 1) if len(changed) > 1 else ""
        parts.append(
            say(
                "`{first}` is `{built}` in it and `{now}` now{more}",
                first=first,
                built=built[first],
                now=now[first][0][0],
                more=more,
            )
        )
    return joined("; ", parts)


def _names(names: Sequence[str], limit: int = 4) -> str:
    shown = ", ".join(f"`{name}`" for name in names[:limit])
    more = len(names) - limit
    return say("{shown} and {more} more", shown=shown, more=more) if more > 0 else shown
