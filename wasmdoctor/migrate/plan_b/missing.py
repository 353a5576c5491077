"""Which imports an adapter has to provide, and which interfaces it must export for that.

An import is missing when the host has it in no version, a component of the workspace really needs it, and no
other component of the workspace exports it. What the code that binds it looks like is no matter: it stays.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from wasmdoctor.migrate.inputs import ComponentInput, PlanInputs
from wasmdoctor.migrate.plan_a.findings import find, is_custom, libraries, provider_for
from wasmdoctor.model.binding import Certainty, Predicted
from wasmdoctor.model.names import ExternName, track, version_order
from wasmdoctor.model.source import Location
from wasmdoctor.model.wit import Interface


@dataclass(frozen=True, slots=True)
class Missing:
    """Imports that nobody provides.

    ``names`` are those that need a provider, each once; of several versions on one semver track the latest,
    which serves all. ``types`` are interfaces of which only types are imported: they need no provider, but
    stay imports when nobody exports them. ``consumers`` are the components that import any of them, by the
    package's name, with the names that they import; ``places`` a line for each name.
    """

    names: tuple[str, ...]
    types: tuple[str, ...] = ()
    consumers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    places: Mapping[str, Location] = field(default_factory=dict)


def missing(inputs: PlanInputs) -> Missing:
    """The imports of all components that nobody provides."""
    places: dict[str, Location] = {}
    for finding in find(inputs).all:
        places.setdefault(finding.name, finding.location)
    consumers: dict[str, tuple[str, ...]] = {}
    types: dict[str, None] = {}
    for component in inputs.components:
        own = [name for name in component.prediction.imports if name in places]
        if own:
            consumers[component.name] = tuple(dict.fromkeys((*consumers.get(component.name, ()), *own)))
            types.update(dict.fromkeys(_types_only(inputs, component, places)))
    return Missing(_latest(places), _latest(types), consumers, places)


def _types_only(inputs: PlanInputs, component: ComponentInput, needed: Mapping[str, object]) -> Iterator[str]:
    for name, predicted in component.prediction.imports.items():
        skipped = predicted.source == "std" or predicted.certainty is Certainty.UNUSED or name in needed
        if skipped or ExternName.parse(name).kind != "interface":
            continue
        if is_custom(inputs, name) and not provider_for(inputs, component, name):
            yield name


def _latest(names: Iterable[str]) -> tuple[str, ...]:
    """Each name, but of those on one semver track the latest."""
    found: dict[tuple[str, str], str] = {}
    for name in names:
        parsed = ExternName.parse(name)
        key = (parsed.unversioned, track(parsed.version) or parsed.version or "")
        other = found.get(key)
        if other is None or version_order(parsed.version) > version_order(ExternName.parse(other).version):
            found[key] = name
    return tuple(sorted(found.values()))


def applications(inputs: PlanInputs, consumers: Iterable[str]) -> list[ComponentInput]:
    """The consumers that are components for their own sake: those that no other component links."""
    wanted = set(consumers)
    linked = libraries(inputs)
    own = [c for c in inputs.components if c.name in wanted and c.crate.id not in linked]
    return own or [c for c in inputs.components if c.name in wanted]


def predicted_imports(inputs: PlanInputs, name: str) -> Iterator[Predicted]:
    """The predictions of an import, of all components."""
    for component in inputs.components:
        found = component.prediction.imports.get(name)
        if found is not None:
            yield found


def closure(names: Sequence[str], interfaces: Mapping[str, Interface]) -> tuple[str, ...]:
    """Interfaces with all those whose types they use, each behind those it uses."""
    found: dict[str, None] = {}
    waiting = [(name, False) for name in reversed(names)]
    while waiting:
        name, done = waiting.pop()
        if done:
            found[name] = None
        elif name in interfaces and name not in found:
            waiting.append((name, True))
            waiting += [(other, False) for other in interfaces[name].depends if other not in found]
    return tuple(found)
