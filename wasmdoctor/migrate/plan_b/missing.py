"""Which imports an adapter has to provide, and which interfaces it must export for that.

An import is missing when the host has it in no version, a component of the workspace really needs it, and no
other component of the workspace exports it. What the code that binds it looks like is no matter: it stays.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from typing import Final

from wasmdoctor.migrate.inputs import ComponentInput, PlanInputs
from wasmdoctor.migrate.plan_a.findings import find, is_custom, libraries, provider_for
from wasmdoctor.model.binding import Certainty
from wasmdoctor.model.names import ExternName, track, version_order
from wasmdoctor.model.record import dataclass, field
from wasmdoctor.model.source import Location
from wasmdoctor.model.wit import Interface

_SURE: Final = (Certainty.CERTAIN, Certainty.LIKELY)


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


def missing(inputs: PlanInputs, declared: Callable[[str], bool]) -> Missing:
    """The imports of all components that nobody provides.

    ``declared`` says whether WIT of the project has an import. One that it does not have counts only when code
    surely uses it: published crates bind whole worlds, of which code uses a part that cannot always be told.
    """
    places: dict[str, Location] = {}
    for finding in find(inputs).all:
        if declared(finding.name) or _is_sure(inputs, finding.name):
            places.setdefault(finding.name, finding.location)
    consumers: dict[str, tuple[str, ...]] = {}
    types: dict[str, None] = {}
    for component in inputs.components:
        own = [name for name in component.prediction.imports if name in places]
        if own:
            consumers[component.name] = tuple(dict.fromkeys((*consumers.get(component.name, ()), *own)))
            types.update(dict.fromkeys(_types_only(inputs, component, places)))
    return Missing(_latest(places), _latest(types), consumers, places)


def _is_sure(inputs: PlanInputs, name: str) -> bool:
    found = (component.prediction.imports.get(name) for component in inputs.components)
    return any(one is not None and one.certainty in _SURE for one in found)


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


@dataclass(frozen=True, slots=True)
class Group:
    """An application with the components of the workspace that it needs, each behind those it needs itself.

    ``given`` are, by component, the imports that another one of the group provides.
    """

    application: ComponentInput
    members: tuple[ComponentInput, ...]
    given: Mapping[str, tuple[str, ...]]


def groups(inputs: PlanInputs, consumers: Container[str]) -> list[Group]:
    """What is to be composed: each component that is there for its own sake and that needs something missing.

    A component is not there for its own sake when another one links its crate, or imports what it exports. Where
    all are needed by others (they need each other in a ring), each that has a missing import counts.
    """
    linked = libraries(inputs)
    by_name = {component.name: component for component in inputs.components}
    alone = {component.name for component in inputs.components if component.crate.id not in linked}
    given = {name: _given(inputs, by_name[name]) for name in by_name}
    needed = {provider for name in alone for provider in given[name].values() if provider != name}
    roots = [name for name in by_name if name in alone - needed]
    found = [_group(name, by_name, given) for name in roots]
    found = [group for group in found if any(member.name in consumers for member in group.members)]
    return found or [_group(name, by_name, given) for name in by_name if name in consumers]


def _given(inputs: PlanInputs, component: ComponentInput) -> dict[str, str]:
    """The imports that another component of the workspace provides, with its name."""
    found = {}
    for name, predicted in component.prediction.imports.items():
        if predicted.source != "std" and predicted.certainty is not Certainty.UNUSED:
            provider = provider_for(inputs, component, name)
            if provider:
                found[name] = provider
    return found


def _group(root: str, by_name: Mapping[str, ComponentInput], given: Mapping[str, Mapping[str, str]]) -> Group:
    order: dict[str, None] = {}
    waiting = [(root, False)]
    seen: set[str] = set()
    while waiting:
        name, done = waiting.pop()
        if done:
            order[name] = None
        elif name not in seen:
            seen.add(name)
            waiting.append((name, True))
            waiting += [(other, False) for other in sorted(set(given[name].values()))]
    members = tuple(by_name[name] for name in order)
    return Group(by_name[root], members, {name: tuple(given[name]) for name in order})


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
