"""Rule about resources that two components call by one name and that are not the same.

A resource is made where an instance is made: the `output-stream` of one instance of an interface is not that of
another. A component that imports an interface with functions on a resource of a second interface expects both
interfaces from instances that mean one resource (Component Model, Explainer.md, "Type Checking"). wac 0.12 and
wasm-tools 1.262 find out when the result fails validation, and tell numbers. Other types have no identity: they are
compared by what they are made of.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from wasmdoctor.checks.facts import Draft
from wasmdoctor.model.composition import Wire
from wasmdoctor.model.names import ExternName
from wasmdoctor.model.record import dataclass
from wasmdoctor.model.source import Location
from wasmdoctor.model.text import say
from wasmdoctor.model.types import handles
from wasmdoctor.model.wasm import Component, Extern

if TYPE_CHECKING:
    from wasmdoctor.checks.composition import CompositionFacts


@dataclass(frozen=True, slots=True)
class _Definer:
    """Who defines a resource: the component's path ("" for whoever provides the result's import) and interface."""

    path: str
    interface: str

    @property
    def key(self) -> tuple[str, str]:
        """What two of them have in common that are the same."""
        return self.path, self.interface if self.path else _key(self.interface)

    @property
    def words(self) -> str:
        """For messages."""
        who = f"`{self.interface}`"
        return (
            say("{who} of {path}", who=who, path=self.path)
            if self.path
            else say("{who}, which the composed component imports", who=who)
        )


def type_identity(facts: CompositionFacts) -> Iterator[Draft]:
    """WD407: what one component imports of another speaks of a resource that is another one there."""
    components = {file.path: file.component for file in facts.files if file.component is not None}
    wires = {(wire.consumer, wire.name): wire for wire in facts.composition.wires}
    for wire in facts.composition.wires:
        consumer, provider = components.get(wire.consumer), components.get(wire.provider)
        if consumer is None or provider is None:
            continue
        told: set[tuple[str, str]] = set()
        for function, owner, resource in _borrowed(consumer, wire.name):
            if (owner, resource) in told:
                continue
            here = _outside(wires, wire.consumer, owner)
            there = _inside(components, wires, wire, owner, resource)
            if there is not None and here.key != there.key:
                told.add((owner, resource))
                yield _draft(wire, function, owner, resource, here, there)


def _draft(wire: Wire, function: str, owner: str, resource: str, here: _Definer, there: _Definer) -> Draft:
    places = dict.fromkeys(
        path for path in (here.path, wire.provider, there.path) if path and path != wire.consumer
    )
    return Draft(
        wire.consumer,
        say(
            "`{function}` of `{name}` takes or gives the resource `{resource}`, and the two sides "
            "mean different ones: in {consumer} it is that of {words}, in {provider} that of "
            "{words2}",
            function=function,
            name=wire.name,
            resource=resource,
            consumer=wire.consumer,
            words=here.words,
            provider=wire.provider,
            words2=there.words,
        ),
        Location(wire.consumer),
        wire.name,
        help=_help(wire, owner, resource, here, there),
        related=tuple((Location(path), say("takes part")) for path in places),
    )


def _help(wire: Wire, owner: str, resource: str, here: _Definer, there: _Definer) -> str:
    short = ExternName.parse(owner).interface or owner
    if there.path == wire.provider and there.interface != owner:
        return say(
            "let the WIT of {provider} take it from the same interface (`use "
            "{short}.{{{resource}}};` instead of a resource of its own), and export `{owner}` "
            "there as well",
            provider=wire.provider,
            short=short,
            resource=resource,
            owner=owner,
        )
    if there.path == wire.provider:
        return say(
            "one component must give both `{owner}` and `{name}`: take {provider} for both "
            "(`--prefer {provider}`), or build {provider} with `import {short};` instead of the "
            "export",
            owner=owner,
            name=wire.name,
            provider=wire.provider,
            short=short,
        )
    other = there.path or say("the host")
    return say(
        "one component must give `{owner}` to both: {first} gives it to one, {other} to the other",
        owner=owner,
        first=here.path or say("the host"),
        other=other,
    )


def _borrowed(component: Component, name: str) -> Iterator[tuple[str, str, str]]:
    """The resources of other imports that an import's functions speak of: function, interface, resource."""
    for extern in component.imports:
        if extern.name == name:
            for function in extern.functions:
                for handle in handles(function.type) if function.type is not None else ():
                    owner, _, resource = handle.resource.rpartition("#")
                    if owner and owner != name:
                        yield function.name, owner, resource


def _outside(wires: Mapping[tuple[str, str], Wire], path: str, interface: str) -> _Definer:
    """Who defines a resource that a component imports."""
    wire = wires.get((path, interface))
    return _Definer(wire.provider, wire.export) if wire else _Definer("", interface)


def _inside(
    components: Mapping[str, Component | None],
    wires: Mapping[tuple[str, str], Wire],
    wire: Wire,
    owner: str,
    resource: str,
) -> _Definer | None:
    """Who defines the resource that a provider's export speaks of; None when that cannot be told.

    A finished component does not say where the resource of an export comes from. One with methods in the exported
    interface is that interface's own; so is one whose interface the component neither imports nor exports.
    """
    provider = components[wire.provider]
    assert provider is not None
    export = next((extern for extern in provider.exports if extern.name == wire.export), None)
    if export is None or not export.typed or resource not in export.resources:
        return None
    imported = _named(provider.imports, owner)
    exported = _named(provider.exports, owner)
    if _has_members(export, resource) or (imported is None and exported is None):
        return _Definer(wire.provider, wire.export)
    if imported is not None and exported is not None:
        return None
    if exported is not None:
        return _Definer(wire.provider, exported.name)
    assert imported is not None
    return _outside(wires, wire.provider, imported.name)


def _has_members(export: Extern, resource: str) -> bool:
    """Whether an interface has a constructor, method or static function of a resource."""
    return any(ExternName.parse(function.name).resource == resource for function in export.functions)


def _named(externs: tuple[Extern, ...], name: str) -> Extern | None:
    """The import or export of that name, or of another version on its track."""
    return next((extern for extern in externs if _key(extern.name) == _key(name)), None)


def _key(name: str) -> str:
    """What versions of one semver track have in common."""
    parsed = ExternName.parse(name)
    return f"{parsed.unversioned}@{parsed.track}" if parsed.track else name
