"""The rule about exports that a linked crate brings."""

from __future__ import annotations

from collections.abc import Iterator

from wasmdoctor.checks.facts import Draft, Facts
from wasmdoctor.checks.leaks import OwnWorld, is_ours, own_world, same_import, short
from wasmdoctor.checks.sources import ComponentFacts
from wasmdoctor.graph.origins import origin, wit_line
from wasmdoctor.model.binding import Carrier
from wasmdoctor.model.source import Location
from wasmdoctor.model.text import say
from wasmdoctor.model.wasm import Component


def leaked_export(facts: Facts) -> Iterator[Draft]:
    """WD108: an export that the component's own world does not have, and that a linked crate exports.

    Asked of finished components, and of those that are predicted from sources. A component without a world
    of its own has nothing to compare with. What the encoder or an adapter adds (`wasi:cli/run` of a program)
    no crate's bindings explain, so it is no finding.
    """
    components = {file.path: file.component for file in facts.files if file.component is not None}
    for sources in facts.sources:
        for component in sources.components:
            own = own_world(sources.wit, component)
            for path in (*component.built, component.crate.manifest):
                if own is not None and path in components:
                    for name, carrier in leaked_exports(own, component, components[path]).items():
                        yield _draft(component, path, name, carrier, own.named)


def leaked_exports(own: OwnWorld, facts: ComponentFacts, component: Component) -> dict[str, Carrier]:
    """The exports that the component's own world has not, with the surest way through a linked crate."""
    found: dict[str, Carrier] = {}
    for export in component.exports:
        carrier = _leak(facts, export.name)
        if carrier is not None and same_import(export.name) not in own.exports:
            found[export.name] = carrier
    return found


def _leak(component: ComponentFacts, name: str) -> Carrier | None:
    """The surest way of an export through a linked crate; None when the own crate exports it too, or nobody."""
    wanted = same_import(name)
    carriers = [
        carrier
        for other, predicted in component.prediction.exports.items()
        if other == name or same_import(other) == wanted
        for carrier in predicted.carriers
    ]
    if not carriers or any(carrier.linked is None for carrier in carriers):
        return None
    return carriers[0]


def _draft(
    component: ComponentFacts, path: str, name: str, carrier: Carrier, world: tuple[str, Location]
) -> Draft:
    assert carrier.linked is not None
    library, binding = carrier.linked.crate, carrier.binding
    if is_ours(library):
        cure = say(
            "take `export!` and `cdylib` out of `{library}`, which others link (plan a); the "
            "bindings at {location} can move into a crate of their own that nobody links",
            library=library.name,
            location=binding.location,
        )
    else:
        cure = say("use `{library}` without the feature that exports, or another crate", library=library.name)
    by = say("its world `{short}`", short=short(binding.world)) if binding.world else say("its bindings")
    return Draft(
        path,
        say(
            "the export `{name}` is not in `{crate}`'s world `{world}`: the linked crate `{library}` "
            "exports it with {by}",
            name=name,
            crate=component.crate.name,
            world=world[0],
            library=library.name,
            by=by,
        ),
        wit_line(carrier, export=True) or binding.location,
        name,
        help=cure,
        related=((world[1], say("world `{world}` does not export it", world=world[0])),),
        origin=origin(component.crate, carrier, export=True),
        exported=True,
    )
