"""WD110 in ``check``: an import that is there by name, with functions of another type."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from wasmdoctor.checks.facts import Draft, Facts
from wasmdoctor.checks.linking import NearProvider, Verdict
from wasmdoctor.model.host import Mistyped
from wasmdoctor.model.source import Location
from wasmdoctor.model.wasm import WasmFile

SHOWN = 2
"""Functions whose signatures are shown: one type that changed is in many of them."""


def type_mismatch(facts: Facts) -> Iterator[Draft]:
    """WD110: the host, or a component of the run, has the function with another type than is asked for."""
    for file in facts.components():
        for verdict in facts.verdicts.get(file.path, ()):
            if not verdict.unprovided:
                continue
            if verdict.mistyped:
                yield _by_host(facts, file, verdict)
            for near in verdict.near:
                if near.mistyped:
                    yield _by_component(facts, file, verdict, near)


def _by_host(facts: Facts, file: WasmFile, verdict: Verdict) -> Draft:
    name = verdict.name.text
    host = facts.host.id
    place = facts.place(file.path, name)
    cure = f"build against the WIT of `{verdict.match.provided}`: then the bindings have the types that the host has"
    takers = facts.skew.takers.get((file.path, name))
    if takers:
        cure += f"; or use {facts.host.profile.name} {' or '.join(map(str, takers))}, which takes it as it is"
    return Draft(
        file.path,
        f"{host} has `{verdict.match.provided}`, but {_what(verdict.mistyped)}",
        place,
        name,
        help="\n".join([*_signatures(verdict.mistyped, host), cure]),
        related=() if place.path == file.path else ((Location(file.path), "imported by this component"),),
        plans=(),
    )


def _by_component(facts: Facts, file: WasmFile, verdict: Verdict, near: NearProvider) -> Draft:
    name = verdict.name.text
    return Draft(
        file.path,
        f"{near.path} exports `{near.export}`, but {_what(near.mistyped)}",
        facts.place(file.path, name),
        name,
        help="\n".join([*_signatures(near.mistyped, near.path), "build both from one WIT package"]),
        related=((Location(near.path), "exports it"),),
    )


def _what(mistyped: Sequence[Mistyped]) -> str:
    """``function `now` has another type there``."""
    names = [f"`{each.name}`" for each in mistyped]
    more = f" and {len(names) - 4} more" if len(names) > 4 else ""
    if len(names) == 1:
        return f"the function {names[0]} has another type there"
    return f"the functions {', '.join(names[:4])}{more} have other types there"


def _signatures(mistyped: Sequence[Mistyped], where: str) -> Iterator[str]:
    """Both signatures of the first functions, and where they part."""
    for each in mistyped[:SHOWN]:
        yield f"`{each.name}` is imported as {each.asked}"
        yield f"{where} has it as {each.offered}"
        yield f"they differ in {each.difference.words('the component', where)}"
