"""Rule about imports that a world has because of a ``use``, and that no line of it names."""

from __future__ import annotations

from collections.abc import Iterator

from wasmdoctor.checks.facts import Draft, Facts
from wasmdoctor.checks.wit_roots import roots
from wasmdoctor.model.finding import Status
from wasmdoctor.model.names import ExternName
from wasmdoctor.model.rule import Severity
from wasmdoctor.model.text import say
from wasmdoctor.model.wit import Step, StepKind, World, WorldItem

PROVIDED = (Status.HOST, Status.COMPONENT, Status.CONFIGURED, Status.OPTIONAL)


def import_by_use(facts: Facts) -> Iterator[Draft]:
    """WD117: a ``use`` in a world, or in an interface of it, brings an import that no line names.

    Whoever uses a type imports the interface that defines it (WIT.md, "use"; wit-parser 0.262, ``elaborate_world``).
    Where nobody provides that interface it is a warning. Else it is a note, and only of the lines ``use`` in worlds
    themselves: through interfaces it is what everybody wants.
    """
    provided = {
        verdict.name.text
        for verdicts in facts.verdicts.values()
        for verdict in verdicts
        if verdict.status in PROVIDED
    }
    for sources in facts.sources:
        for root in roots(sources):
            if root.loose:
                continue
            for package in root.resolution.main:
                for world in package.worlds.values():
                    if world.location.path not in sources.texts and root.inline is None:
                        continue
                    for item in world.imports.values():
                        yield from _of_item(facts, world, item, provided)


def _of_item(facts: Facts, world: World, item: WorldItem, provided: set[str]) -> Iterator[Draft]:
    line, first = item.origin.step, item.origin.first
    # What an included world has is that world's finding.
    if item.interface is None or line.kind is not StepKind.USE or first.kind is StepKind.INCLUDE:
        return
    needs = bool(item.interface.functions or item.interface.resources)
    known = item.name in provided or facts.host.match(ExternName.parse(item.name)).kind != "none"
    lacking = needs and not known
    in_world = item.origin.rest is None
    if not (lacking or in_world):
        return
    where = say("world `{world}`", world=world.short) if in_world else f"`{line.owner}`"
    consequence = "" if needs else say("; it has only types, so nobody has to provide it")
    if lacking:
        consequence = say(", which {host} does not provide", host=facts.host.id)
    yield Draft(
        line.location.path,
        say(
            "this `use` in {where} makes world `{world}` import `{item}`, and no line of the world "
            "says so{consequence}",
            where=where,
            world=world.short,
            item=item.name,
            consequence=consequence,
        ),
        line.location,
        item.name,
        help=_help(item, first, needs=needs),
        severity=Severity.WARNING if lacking else None,
        related=() if in_world else ((first.location, _names_it(world, first)),),
    )


def _names_it(world: World, step: Step) -> str:
    if step.kind is StepKind.EXPORT:
        return say("world `{world}` exports it", world=world.short)
    return say("world `{world}` imports it", world=world.short)


def _help(item: WorldItem, first: Step, *, needs: bool) -> str:
    interface = item.interface
    assert interface is not None
    name = item.name
    if first.kind is StepKind.EXPORT:
        return say(
            "when the component makes these values itself, write `export {name};` in the world as "
            "well: then nothing is imported",
            name=name,
        )
    if needs:
        return say(
            "move its types into an interface without functions and resources, or write `import "
            "{name};` to show it",
            name=name,
        )
    return say("write `import {name};` in the world to show it", name=name)
