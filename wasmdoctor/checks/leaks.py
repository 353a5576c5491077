"""Rules about imports that come from bindings: those a linked crate brings, and those that nothing calls."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache

from wasmdoctor.checks.facts import Draft, Facts
from wasmdoctor.checks.fixing import removal
from wasmdoctor.checks.last import for_last
from wasmdoctor.checks.linking import Verdict
from wasmdoctor.checks.sources import ComponentFacts
from wasmdoctor.graph.origins import origin, wit_line
from wasmdoctor.model.binding import Binding, BoundItem, Carrier, Certainty, Predicted
from wasmdoctor.model.cargo import Crate, SourceKind
from wasmdoctor.model.finding import Status
from wasmdoctor.model.names import ExternName, track
from wasmdoctor.model.record import dataclass
from wasmdoctor.model.rule import Severity
from wasmdoctor.model.source import Location
from wasmdoctor.model.text import say
from wasmdoctor.model.wit import Resolution, StepKind
from wasmdoctor.readers.cargo.files import join
from wasmdoctor.readers.wit import find_world

STD_PACKAGES = frozenset(
    {"wasi:cli", "wasi:clocks", "wasi:filesystem", "wasi:io", "wasi:random", "wasi:sockets"}
)
"""The packages that Rust's std (1.96) and the preview1 adapter import from by themselves."""


NOT_THERE = ("none", "version")
"""What a host says of a name (``Match.kind``) that it has not, whatever its flags."""


@lru_cache(maxsize=2048)  # rules ask it of each pair of names that they compare
def same_import(name: str) -> tuple[str, str]:
    """What two names of one import share when the encoder merges them: the interface and its semver track."""
    parsed = ExternName.parse(name)
    return parsed.unversioned, track(parsed.version) or f"={parsed.version}"


# -- WD106


def leaked(facts: Facts) -> Iterator[Draft]:
    """WD106: an import that the component's own world does not have, and that a linked crate's world brings.

    Asked of finished components, and of those that are predicted from sources. An import that the host
    provides is no finding: a library may well call the host. A component without a world of its own has
    nothing to compare with; there the library's world is meant to be the component's.
    """
    for sources in facts.sources:
        for component in sources.components:
            own = own_world(sources.wit, component)
            if own is None:
                continue
            for path in (*component.built, component.crate.manifest):
                for verdict in facts.verdicts.get(path, ()):
                    if (
                        verdict.status in (Status.HOST, Status.CONFIGURED, Status.OPTIONAL)
                        or verdict.match.kind not in NOT_THERE
                    ):
                        continue
                    if same_import(verdict.extern.name) in own.imports:
                        continue
                    carrier = _leak(component, verdict.extern.name, seen=path in component.built)
                    if carrier is not None:
                        yield _leaked(component, path, verdict, carrier, own.named)


@dataclass(frozen=True, slots=True)
class OwnWorld:
    """What a component's own crate says that it is: the world's name and place, its imports and exports.

    Imports and exports are as ``same_import`` gives them.
    """

    named: tuple[str, Location]
    imports: frozenset[tuple[str, str]]
    exports: frozenset[tuple[str, str]]


def own_world(wit: Mapping[str, Resolution], component: ComponentFacts) -> OwnWorld | None:
    """The component's own world, or worlds together; None when it has none that is known.

    From the bindings in its own crate, and from its component metadata, whose bindings may not be there
    before a build; ``wit`` maps WIT folders to what they mean.
    """
    named: tuple[str, Location] | None = None
    imports: set[str] = set()
    exports: set[str] = set()
    own = [
        b for b in component.bindings.bindings if b.crate == component.crate.id and b.compiled is not False
    ]
    # Of several, the one whose exports the crate implements is what people call the component's world.
    for binding in sorted(own, key=lambda b: (not b.exported, not b.compiled)):
        if binding.world:
            named = named or (short(binding.world), binding.world_location or binding.location)
            imports.update(binding.imports)
            exports.update(binding.exports)
    target = component.package.component.target if component.package.component else None
    if target is not None and target.package is None:
        path = join(component.package.folder, target.path.value if target.path else "wit")
        resolution = wit.get(path)
        world = find_world(resolution, target.world.value if target.world else None) if resolution else ""
        if not isinstance(world, str):
            named = named or (world.short, world.location)
            imports.update(world.imports)
            exports.update(world.exports)
    if named is None:
        return None
    return OwnWorld(named, frozenset(map(same_import, imports)), frozenset(map(same_import, exports)))


def _leak(component: ComponentFacts, name: str, *, seen: bool) -> Carrier | None:
    """The surest way of an import through a linked crate; None when the own crate binds it, or none is known.

    An import that was ``seen`` in a finished component came in some way, called by known code or not.
    """
    found = predicted_import(component, name)
    carriers = [c for c in found.carriers if seen or c.certainty is not Certainty.UNUSED] if found else []
    if not carriers or any(carrier.linked is None for carrier in carriers):
        return None
    return carriers[0]


def predicted_import(component: ComponentFacts, name: str) -> Predicted | None:
    """What is predicted under the name of an import, or another version on its track."""
    imports = component.prediction.imports
    if name in imports:
        return imports[name]
    same = same_import(name)
    return next((p for other, p in imports.items() if same_import(other) == same), None)


def _leaked(
    component: ComponentFacts, path: str, verdict: Verdict, carrier: Carrier, world: tuple[str, Location]
) -> Draft:
    assert carrier.linked is not None
    name = verdict.extern.name
    library = carrier.linked.crate
    binding = carrier.binding
    if is_ours(library):
        cure = say(
            "take the bindings at {location} out of `{library}` (plan a), or let it call standard "
            "WASI instead (plan c)",
            location=binding.location,
            library=library.name,
        )
    else:
        cure = say("use `{library}` without what calls it, or another crate", library=library.name)
    by = say("its world `{short}`", short=short(binding.world)) if binding.world else say("an extern block")
    compose = (
        say("compose it with {provider}, which exports it; or ", provider=verdict.provider)
        if verdict.provider
        else ""
    )
    return Draft(
        path,
        say(
            "`{name}` is not in `{crate}`'s world `{world}`: the linked crate `{library}` brings it "
            "with {by}",
            name=name,
            crate=component.crate.name,
            world=world[0],
            library=library.name,
            by=by,
        ),
        wit_line(carrier) or binding.location,
        name,
        help=compose + cure,
        # Composed with its provider the component works: this may be what its authors want.
        severity=Severity.NOTE if verdict.provider else None,
        related=((world[1], say("world `{world}` does not import it", world=world[0])),),
        origin=origin(component.crate, carrier),
    )


def is_ours(crate: Crate) -> bool:
    """Whether the sources of a crate are the user's: a member of the workspace, or a path dependency."""
    return crate.is_member or crate.source_kind is SourceKind.PATH


def short(world: str) -> str:
    """``world`` of ``ns:pkg/world@1.0.0``."""
    return world.rpartition("/")[2].partition("@")[0]


# -- WD107, and what WD205 needs of it


@dataclass(frozen=True, slots=True)
class Unused:
    """An import of a world that every component with this binding does without.

    ``components`` are those; ``own`` says that the binding's crate is one of them itself. ``custom`` is
    an import that neither the standard nor the host has. ``seen_built`` when a finished component is
    there, none of which has the import.
    """

    crate: Crate
    binding: Binding
    item: BoundItem
    components: tuple[ComponentFacts, ...]
    own: bool
    custom: bool
    seen_built: bool

    @property
    def manifest(self) -> str:
        """The Cargo.toml of the crate that binds it."""
        return self.crate.manifest

    @property
    def world(self) -> str:
        """The world's short name."""
        return short(self.binding.world)

    @property
    def crates(self) -> str:
        """The components in words."""
        names = [f"`{component.crate.name}`" for component in self.components]
        more = len(names) - 3
        return ", ".join(names[:3]) + (say(" and {more} more", more=more) if more > 0 else "")


def unused(facts: Facts) -> Iterator[Unused]:
    """The imports of the workspace's own bindings that no code of any component calls, in order of place.

    Types are not asked: no linker needs anything for them.
    """
    for sources in facts.sources:
        found: dict[tuple[str, int, int, str, str], list[tuple[ComponentFacts, Carrier]]] = {}
        wanted: set[tuple[str, int, int, str, str]] = set()
        for component in sources.components:
            needed = _needed(facts, component)
            for predicted in component.prediction.imports.values():
                is_needed = same_import(predicted.name) in needed
                for carrier in predicted.carriers:
                    place = carrier.binding.location
                    key = (place.path, place.line, place.column, carrier.binding.world, carrier.name)
                    found.setdefault(key, []).append((component, carrier))
                    if is_needed:
                        wanted.add(key)
        for key in sorted(found.keys() - wanted):
            uses = found[key]
            component, carrier = uses[0]
            item = carrier.binding.imports[carrier.name]
            crate = component.graph.crates[carrier.binding.crate]
            if is_ours(crate) and carrier.binding.compiled and carrier.binding.world and item.functions:
                yield Unused(
                    crate,
                    carrier.binding,
                    item,
                    tuple(component for component, _ in uses),
                    any(component.crate.id == crate.id for component, _ in uses),
                    _is_custom(facts, item.name),
                    any(_is_built(facts, component) for component, _ in uses),
                )


def _needed(facts: Facts, component: ComponentFacts) -> set[tuple[str, str]]:
    """The imports that a component is predicted to have, or has in one of its finished files."""
    predicted = component.prediction.imports.values()
    needed = {same_import(each.name) for each in predicted if each.certainty is not Certainty.UNUSED}
    for path in component.built:
        needed.update(same_import(verdict.extern.name) for verdict in facts.verdicts.get(path, ()))
    return needed


def _is_built(facts: Facts, component: ComponentFacts) -> bool:
    """Whether a finished component of a crate is among those that are judged."""
    return any(path in facts.verdicts for path in component.built)


def _is_custom(facts: Facts, name: str) -> bool:
    parsed = ExternName.parse(name)
    return parsed.namespace != "wasi" and facts.host.match(parsed).kind == "none"


@dataclass(frozen=True, slots=True)
class UnusedLine:
    """A line of a world that nothing needs: an import that it names, or an ``include`` with all that it brings.

    ``found`` are the imports, ``what`` is the line in words.
    """

    location: Location
    what: str
    found: tuple[Unused, ...]

    @property
    def interface(self) -> str:
        """The import's name; "" for an ``include``."""
        return self.found[0].item.name if len(self.found) == 1 else ""


@for_last
def unused_lines(facts: Facts) -> tuple[UnusedLine, ...]:
    """The lines that could be deleted, in order: worked out once for the two rules that speak of them.

    An ``include`` counts only when nothing of what it brings is called: one that brings more than is needed
    is how worlds are shared. What a ``use`` brings goes with the line that has the ``use``.
    """
    lines: list[UnusedLine] = []
    included: dict[tuple[Location, Location], list[Unused]] = {}
    for found in unused(facts):
        steps = found.item.steps
        if not steps:
            what = say("imports `{item}`", item=found.item.name)
            lines.append(UnusedLine(found.binding.location, what, (found,)))
        elif steps[0].kind is StepKind.INCLUDE:
            included.setdefault((steps[0].location, found.binding.location), []).append(found)
        elif len(steps) == 1 and steps[0].kind is StepKind.IMPORT:
            what = say("imports `{item}`", item=found.item.name)
            lines.append(UnusedLine(steps[0].location, what, (found,)))
    for (place, _), group in included.items():
        brought = [
            item.name
            for item in group[0].binding.imports.values()
            if item.functions and item.steps and item.steps[0].location == place
        ]
        if len(brought) == len(group):
            what = say("includes `{short}`", short=short(group[0].item.steps[0].target))
            lines.append(UnusedLine(place, what, tuple(group)))
    return tuple(lines)


def unused_custom_import(facts: Facts) -> Iterator[Draft]:
    """WD107: a world whose bindings are linked in imports what no host has, and nothing calls it."""
    for line in unused_lines(facts):
        first = line.found[0]
        if not any(found.custom for found in line.found):
            continue
        yield Draft(
            first.manifest,
            say(
                "world `{world}` of `{crate}` {what}, and nothing that is kept in {crates} calls it",
                world=first.world,
                crate=first.crate.name,
                what=line.what,
                crates=first.crates,
            ),
            line.location,
            line.interface,
            help=say(
                "remove the line, with code that would call it and is itself not called, and make the "
                "bindings anew; types that are still needed go into an interface without functions"
            ),
            related=((first.binding.location, say("the bindings of `{crate}`", crate=first.crate.name)),),
            remedies=removal(facts, line),
        )
