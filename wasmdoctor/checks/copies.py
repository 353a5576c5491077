"""Rule about two forms of one WIT package that meet in one component.

Each crate with bindings brings its world, with all interfaces that the world reaches, in a custom section; the
encoder merges the sections of all linked crates by the names in them. Measured with wasm-tools 1.262
(``component embed`` twice, then ``component new``; wasm-component-ld does the same):

- Interfaces of one name may have different functions and types: the result has all of them.
- A function that both have must have the same parameters and result; but only primitive types are compared, and
  whether there is a type. Of two named, or two composed, types one is taken without a word.
- Types that have the same name are not compared at all.
- Two versions on one semver track are merged into the newer, which must have every function that is called.
- Two worlds of one full name must have the same imports and exports.
- A plain function or inline interface that two worlds import, or export, is merged as an interface is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import combinations

from wasmdoctor.checks.deps import type_text
from wasmdoctor.checks.facts import Draft, Facts
from wasmdoctor.checks.last import for_last
from wasmdoctor.checks.leaks import same_import
from wasmdoctor.checks.sources import ComponentFacts, SourceFacts
from wasmdoctor.model.artifact import EncodedWorld, SectionPlace
from wasmdoctor.model.binding import Binding, Certainty, SiteKind
from wasmdoctor.model.names import ExternName, version_order
from wasmdoctor.model.record import dataclass, field
from wasmdoctor.model.rule import Confidence, Severity
from wasmdoctor.model.source import Location
from wasmdoctor.model.text import say
from wasmdoctor.model.wit import MAX_TEXT, Resolution, TypeKind, World, WorldItem
from wasmdoctor.readers import artifacts

PRIMITIVES = frozenset("bool s8 s16 s32 s64 u8 u16 u32 u64 f32 f64 char string error-context".split())
"""Types that have no definition (wit-parser 0.262, ``Type``)."""

MOST = 200
"""Worlds of one component that are compared with each other; each pair is looked at."""


@dataclass(frozen=True, slots=True)
class _Form:
    """An interface, or a function of a world, as one crate's bindings have it: texts with their places."""

    name: str
    location: Location
    functions: Mapping[str, tuple[str, Location]] = field(default_factory=dict)
    types: Mapping[str, tuple[str, Location]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Bound:
    """The world of one binding: its forms by the side and the name under which they are merged."""

    binding: Binding
    world: str
    imports: Mapping[str, _Form]
    exports: Mapping[str, _Form]
    sure: bool

    @property
    def crate(self) -> str:
        """The crate's name."""
        return self.binding.crate.name


@dataclass(frozen=True, slots=True)
class _Conflict:
    """What two worlds have in two forms: in words, the places, and whether the encoder refuses it."""

    interface: str
    text: str
    first: Location
    second: Location
    refused: bool = True


def conflicting_copies(facts: Facts) -> Iterator[Draft]:
    """WD207: two linked crates bring one WIT package, or world, in two forms that cannot be merged."""
    for sources in facts.sources:
        for component in sources.components:
            if len({binding.crate for binding in component.bindings.bindings if _has_section(binding)}) < 2:
                continue
            bound = list(_bound(sources, component))[:MOST]
            # The own world is what a person knows: what differs from it is pointed at.
            bound.sort(key=lambda each: each.binding.crate != component.crate.id)
            for one, other in combinations(bound, 2):
                if one.binding.crate == other.binding.crate:
                    continue
                for conflict in _conflicts(component, one, other):
                    yield _draft(component, one, other, conflict)


def _draft(component: ComponentFacts, one: _Bound, other: _Bound, conflict: _Conflict) -> Draft:
    end = (
        say("the encoder refuses to merge them")
        if conflict.refused
        else say("the encoder takes one of the two for both crates, without a word")
    )
    sure = one.sure and other.sure
    return Draft(
        component.crate.manifest,
        say(
            "`{crate}` and `{other_crate}` are linked into `{crate_name}`, and {conflict}: {end}",
            crate=one.crate,
            other_crate=other.crate,
            crate_name=component.crate.name,
            conflict=conflict.text,
            end=end,
        ),
        conflict.second,
        conflict.interface,
        help=_help(conflict, one, other),
        severity=None if conflict.refused and sure else Severity.WARNING,
        confidence=None if sure else Confidence.MEDIUM,
        related=(
            (conflict.first, say("the form of `{crate}`", crate=one.crate)),
            (one.binding.location, say("the bindings of `{crate}`", crate=one.crate)),
            (other.binding.location, say("the bindings of `{crate}`", crate=other.crate)),
        ),
    )


def _help(conflict: _Conflict, one: _Bound, other: _Bound) -> str:
    if conflict.interface == one.world:
        return say(
            "give the world of one of the two crates another name, or another package: `{world}` is both now",
            world=one.world,
        )
    package = ExternName.parse(conflict.interface).package
    if package is None:
        return say("give it one form in both worlds, or another name in one of them")
    return say(
        "give both crates the same WIT of `{package}`: one copy that both name in the `path` of "
        "`generate!`, or crate versions of `{crate}` and `{other_crate}` that were made from one "
        "release of it",
        package=package,
        crate=one.crate,
        other_crate=other.crate,
    )


# -- what each binding brings


def _bound(sources: SourceFacts, component: ComponentFacts) -> Iterator[_Bound]:
    """The worlds whose sections get into a component, as far as they are known, in a stable order.

    The section of a crate is linked when any of its bindings is; that of the component's own crate always is.
    """
    live = _live(component)
    encoded = _encoded(component)
    for binding in component.bindings.bindings:
        if not _has_section(binding):
            continue
        own = binding.crate == component.crate.id
        certainty = live.get((binding.location, binding.world))
        if not own and certainty is None:
            continue
        sure = binding.compiled is True and (
            own or certainty in (Certainty.CERTAIN, Certainty.LIKELY) or binding.exported
        )
        world = _world(sources, binding)
        if world is not None:
            imports = {name: _of_wit(item) for name, item in world.imports.items()}
            exports = {name: _of_wit(item) for name, item in world.exports.items()}
            yield _Bound(binding, binding.world, imports, exports, sure)
        elif (found := encoded.get((binding.location.path, binding.world))) is not None:
            yield _Bound(binding, binding.world, *_of_encoded(found, binding.location), sure)


def _has_section(binding: Binding) -> bool:
    """Whether a binding can bring a section with a world."""
    return binding.compiled is not False and bool(binding.world) and binding.kind is not SiteKind.EXTERN


def _live(component: ComponentFacts) -> dict[tuple[Location, str], Certainty]:
    """The bindings of which anything is used, with how sure that is."""
    found: dict[tuple[Location, str], Certainty] = {}
    for side in (component.prediction.imports, component.prediction.exports):
        for predicted in side.values():
            for carrier in predicted.carriers:
                key = (carrier.binding.location, carrier.binding.world)
                if carrier.certainty is not Certainty.UNUSED:
                    found[key] = min(
                        found.get(key, carrier.certainty), carrier.certainty, key=lambda c: c.rank
                    )
    return found


def _world(sources: SourceFacts, binding: Binding) -> World | None:
    """A binding's world, in the WIT that its call reads or in a folder of the workspace."""
    if binding.world_location is None:
        return None
    key = (binding.world, binding.world_location)
    uses = [use.resolution for use in sources.wit_uses if use.location == binding.location]
    return _by_place(uses).get(key) or _all_worlds(sources).get(key)


@for_last
def _all_worlds(sources: SourceFacts) -> dict[tuple[str, Location], World]:
    """The worlds in the WIT folders of the workspace, as ``_by_place`` gives them."""
    return _by_place(sources.wit.values())


def _by_place(resolutions: Iterable[Resolution]) -> dict[tuple[str, Location], World]:
    """Worlds by their full names and places; of two that are the same the first."""
    found: dict[tuple[str, Location], World] = {}
    for resolution in resolutions:
        for package in resolution.packages.values():
            for world in package.worlds.values():
                found.setdefault((world.name, world.location), world)
    return found


def _encoded(component: ComponentFacts) -> dict[tuple[str, str], EncodedWorld]:
    """The worlds in generated bindings files, by the file's path and the world's full name."""
    found: dict[tuple[str, str], EncodedWorld] = {}
    for file in component.files:
        for section in file.sections:
            for world in artifacts.decode_worlds(
                section.payload, SectionPlace(file.path), section.section.name
            ).worlds:
                found.setdefault((file.path, world.name), world)
    return found


def _of_wit(item: WorldItem) -> _Form:
    if item.function is not None:
        function = item.function
        return _Form(item.name, function.location, {item.name: (function.signature, function.location)})
    if item.interface is None:
        return _Form(item.name, item.location)
    interface = item.interface
    return _Form(
        item.name,
        interface.location,
        {name: (function.signature, function.location) for name, function in interface.functions.items()},
        {
            name: (type_text(type_), type_.location)
            for name, type_ in interface.types.items()
            if type_.kind is not TypeKind.USE
        },
    )


def _of_encoded(world: EncodedWorld, place: Location) -> tuple[dict[str, _Form], dict[str, _Form]]:
    """The forms of an encoded world; all stand in one constant of the bindings file."""
    sides: list[dict[str, _Form]] = []
    for exported, externs in ((False, world.imports), (True, world.exports)):
        types: dict[str, dict[str, tuple[str, Location]]] = {}
        for type_ in world.types:
            if type_.exported is exported and not type_.used_from:
                types.setdefault(type_.owner, {})[type_.name] = (type_.definition, place)
        sides.append(
            {
                extern.name: _Form(
                    extern.name,
                    place,
                    {f.name: (f.signature, place) for f in extern.functions} if extern.typed else {},
                    types.get(extern.name, {}),
                )
                for extern in externs
            }
        )
    return sides[0], sides[1]


# -- what cannot be merged


def _conflicts(component: ComponentFacts, one: _Bound, other: _Bound) -> Iterator[_Conflict]:
    """The differences of two worlds: one for each interface."""
    if one.world == other.world and (found := _worlds(one, other)) is not None:
        yield found
    told: set[str] = set()
    for mine, theirs, one_side in _pairs(one, other):
        if mine.name in told:
            continue
        conflict = _forms(component, mine, theirs, one, other, one_side=one_side)
        if conflict is not None:
            told.add(mine.name)
            yield conflict


def _pairs(one: _Bound, other: _Bound) -> Iterator[tuple[_Form, _Form, bool]]:
    """What is merged, and whether both stand on one side.

    A package's interfaces are merged under their full names on whichever side they are; the imports, and the
    exports, of the two worlds also on one semver track (imports) or by their plain name.
    """
    for mine in (*one.imports.values(), *one.exports.values()):
        for theirs in (*other.imports.values(), *other.exports.values()):
            if mine.name == theirs.name and "/" in mine.name:
                yield mine, theirs, False
    for name, mine in one.imports.items():
        for theirs in other.imports.values():
            if name != theirs.name and "/" in name and same_import(name) == same_import(theirs.name):
                yield mine, theirs, True
    for ours, others in ((one.imports, other.imports), (one.exports, other.exports)):
        for name in ours.keys() & others.keys():
            if "/" not in name:
                yield ours[name], others[name], True


def _worlds(one: _Bound, other: _Bound) -> _Conflict | None:
    for word, ours, others in (
        (say("imports"), one.imports, other.imports),
        (say("exports"), one.exports, other.exports),
    ):
        for name in sorted(ours.keys() ^ others.keys()):
            has, lacks = (one, other) if name in ours else (other, one)
            return _Conflict(
                one.world,
                say(
                    "both call their world `{world}`, but only that of `{crate}` {word} `{name}` and not "
                    "that of `{lacks_crate}`",
                    world=one.world,
                    crate=has.crate,
                    word=word,
                    name=name,
                    lacks_crate=lacks.crate,
                ),
                one.binding.world_location or one.binding.location,
                other.binding.world_location or other.binding.location,
            )
    return None


def _forms(
    component: ComponentFacts, mine: _Form, theirs: _Form, one: _Bound, other: _Bound, *, one_side: bool
) -> _Conflict | None:
    """The gravest difference of two forms that are merged."""
    silent: _Conflict | None = None
    for name in sorted(mine.functions.keys() & theirs.functions.keys()):
        (ours, here), (others, there) = mine.functions[name], theirs.functions[name]
        if ours == others or len(ours) >= MAX_TEXT or len(others) >= MAX_TEXT or not (ours and others):
            continue
        what = say(
            "`{name}` of `{shown}` is `{ours}` in one and `{others}` in the other",
            name=name,
            shown=_shown(mine, theirs),
            ours=ours,
            others=others,
        )
        if mine.name == name:
            what = say(
                "`{name}` is `{ours}` in one and `{others}` in the other", name=name, ours=ours, others=others
            )
        if refused(ours, others):
            return _Conflict(mine.name, what, here, there)
        if silent is None and _names(ours) == _names(others):
            silent = _Conflict(mine.name, what, here, there, refused=False)
    if one_side and mine.name != theirs.name:
        lost = _lost(component, mine, theirs, one, other)
        if lost is not None:
            return lost
    for name in sorted(mine.types.keys() & theirs.types.keys()):
        (ours, here), (others, there) = mine.types[name], theirs.types[name]
        if ours != others and silent is None and len(ours) < MAX_TEXT and len(others) < MAX_TEXT:
            what = say(
                "type `{name}` of `{shown}` is `{ours}` in one and `{others}` in the other",
                name=name,
                shown=_shown(mine, theirs),
                ours=ours,
                others=others,
            )
            silent = _Conflict(mine.name, what, here, there, refused=False)
    return silent


def _shown(mine: _Form, theirs: _Form) -> str:
    if mine.name == theirs.name:
        return mine.name
    return f"{mine.name}` and `{theirs.name}"


def _lost(
    component: ComponentFacts, mine: _Form, theirs: _Form, one: _Bound, other: _Bound
) -> _Conflict | None:
    """A function that is called and that the newer of two versions on one track has not."""
    order = sorted(
        ((mine, one), (theirs, other)), key=lambda pair: version_order(ExternName.parse(pair[0].name).version)
    )
    (old, _), (new, owner) = order
    same = same_import(old.name)
    used = {
        function
        for predicted in component.prediction.imports.values()
        if same_import(predicted.name) == same
        for carrier in predicted.carriers
        if carrier.certainty in (Certainty.CERTAIN, Certainty.LIKELY)
        for function in carrier.functions
    }
    lost = sorted((old.functions.keys() - new.functions.keys()) & used)
    if not lost:
        return None
    place = old.functions[lost[0]][1]
    first, second = (place, new.location) if owner is other else (new.location, place)
    return _Conflict(
        old.name,
        say(
            "`{new}` of `{crate}`, which is taken for `{old}` as well, has no `{lost}`",
            new=new.name,
            crate=owner.crate,
            old=old.name,
            lost=lost[0],
        ),
        first,
        second,
    )


# -- signatures


def refused(one: str, other: str) -> bool:
    """Whether the encoder refuses to merge two functions of these types (wit-parser 0.262, ``merge_maps``).

    Texts are those of ``Function.signature``.
    """
    if one.startswith("async ") != other.startswith("async "):
        return True
    mine, theirs = _parts(one), _parts(other)
    if mine is None or theirs is None:
        return False
    names = [[name for name, _ in params] for params, _ in (mine, theirs)]
    if names[0] != names[1]:
        return True
    pairs = [(a[1], b[1]) for a, b in zip(mine[0], theirs[0], strict=True)]
    return any(_kinds_differ(a, b) for a, b in (*pairs, (mine[1], theirs[1])))


def _kinds_differ(one: str, other: str) -> bool:
    if one == other:
        return False
    return not one or not other or one in PRIMITIVES or other in PRIMITIVES


def _parts(signature: str) -> tuple[list[tuple[str, str]], str] | None:
    """The parameters (name and type) and the result ("" for none) of a signature; None for other text."""
    text = signature.removeprefix("async ")
    if not text.startswith("func("):
        return None
    depth, start, params = 0, 5, []
    for at in range(4, len(text)):
        if text[at] in "(<{":
            depth += 1
        elif text[at] in ")}" or (text[at] == ">" and text[at - 1] != "-"):
            depth -= 1
        if (text[at] == "," and depth == 1) or depth == 0:
            name, _, type_ = text[start:at].partition(":")
            if name.strip():
                params.append((name.strip(), type_.strip()))
            start = at + 1
        if depth == 0:
            return params, text[at + 1 :].strip().removeprefix("->").strip()
    return None


def _names(signature: str) -> frozenset[str]:
    """The words of a signature, with which two that mean the same under other names are told apart."""
    return frozenset("".join(c if c.isalnum() or c == "-" else " " for c in signature).split()) - _GRAMMAR


_GRAMMAR = PRIMITIVES | {
    "func",
    "-",
    "list",
    "option",
    "result",
    "tuple",
    "borrow",
    "future",
    "stream",
    "map",
    "own",
}
