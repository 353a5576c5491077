"""WD110 in ``check``: an import that is there by name, with functions of another type."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from wasmdoctor.checks.facts import Draft, Facts
from wasmdoctor.checks.linking import NearProvider, Verdict
from wasmdoctor.model.host import Mistyped
from wasmdoctor.model.source import Location
from wasmdoctor.model.text import joined, say
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
    cure = say(
        "build against the WIT of `{provided}`: then the bindings have the types that the host has",
        provided=verdict.match.provided,
    )
    takers = facts.skew.takers.get((file.path, name))
    if takers:
        cure += say(
            "; or use {profile} {names}, which takes it as it is",
            profile=facts.host.profile.name,
            names=joined(say(" or "), map(str, takers)),
        )
    return Draft(
        file.path,
        say(
            "{host} has `{provided}`, but {what}",
            host=host,
            provided=verdict.match.provided,
            what=_what(verdict.mistyped),
        ),
        place,
        name,
        help=joined("\n", [*_signatures(verdict.mistyped, host), cure]),
        related=()
        if place.path == file.path
        else ((Location(file.path), say("imported by this component")),),
        plans=(),
    )


def _by_component(facts: Facts, file: WasmFile, verdict: Verdict, near: NearProvider) -> Draft:
    name = verdict.name.text
    return Draft(
        file.path,
        say(
            "{path} exports `{export}`, but {what}",
            path=near.path,
            export=near.export,
            what=_what(near.mistyped),
        ),
        facts.place(file.path, name),
        name,
        help=joined("\n", [*_signatures(near.mistyped, near.path), say("build both from one WIT package")]),
        related=((Location(near.path), say("exports it")),),
    )


def _what(mistyped: Sequence[Mistyped]) -> str:
    """``function `now` has another type there``."""
    names = [f"`{each.name}`" for each in mistyped]
    more = say(" and {count} more", count=len(names) - 4) if len(names) > 4 else ""
    if len(names) == 1:
        return say("the function {names} has another type there", names=names[0])
    return say("the functions {names}{more} have other types there", names=", ".join(names[:4]), more=more)


def _signatures(mistyped: Sequence[Mistyped], where: str) -> Iterator[str]:
    """Both signatures of the first functions, and where they part."""
    for each in mistyped[:SHOWN]:
        yield say("`{each}` is imported as {asked}", each=each.name, asked=each.asked)
        yield say("{where} has it as {offered}", where=where, offered=each.offered)
        yield say("they differ in {words}", words=each.difference.words(say("the component"), where))
