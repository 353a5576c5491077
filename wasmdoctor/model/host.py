"""What a host provides to components, and what it says to one import: profiles and their verdicts.

A profile holds facts (read from ``rules/hosts/*.toml``); a :class:`HostView` is a profile at one
version, in one mode, with the flags a person gives. Everything here is pure.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Final, Literal

from wasmdoctor.model.errors import WasmdoctorError
from wasmdoctor.model.names import ExternName, Version, track, version_order
from wasmdoctor.model.record import dataclass, field, replace
from wasmdoctor.model.regex import regex
from wasmdoctor.model.types import HOST_RULE, Difference, difference
from wasmdoctor.model.wasm import Extern, ExternKind, Function

if TYPE_CHECKING:  # texts of types are read only for imports that a host has
    from wasmdoctor.model.config import Allow
    from wasmdoctor.model.typetext import InterfaceTypes

NameRule = Literal["exact", "exact-then-track", "package"]
MatchKind = Literal["exact", "track", "package", "flag", "version", "none"]
FlagKind = Literal["flag", "permission", "plugin", "build-feature"]

NAME_RULES: Final[tuple[NameRule, ...]] = ("exact", "exact-then-track", "package")

_SPEC: Final = regex(
    r"(?P<name>[A-Za-z][A-Za-z0-9_-]*)(?:@v?(?P<version>[0-9]+(?:\.[0-9]+)*))?(?::(?P<mode>[a-z][a-z0-9-]*))?"
)


class HostError(WasmdoctorError, ValueError):
    """A host, version, mode or flag that is not known. ``message`` says what, ``help`` what to do."""

    def __init__(self, message: str, help: str = "") -> None:
        super().__init__(f"{message}. {help}" if help else message)
        self.message = message
        self.help = help


# -- facts about WIT ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Gate:
    """When a function appeared: ``since`` a version, behind ``feature`` until it became ``stable``.

    ``stable`` is "" while it is still gated. Rule: WIT.md, "Feature Gates" (``@since``, ``@unstable``).
    """

    since: str
    feature: str = ""
    stable: str = ""

    def exists(self, version: str | None) -> bool:
        """Whether WIT of this version has it at all, gated or not."""
        return not self.since or _reaches(version, self.since)

    def is_stable(self, version: str | None) -> bool:
        """Whether it is there without asking for the feature."""
        if not self.feature:
            return self.exists(version)
        return bool(self.stable) and _reaches(version, self.stable)


def _reaches(version: str | None, needed: str) -> bool:
    """Whether ``version`` is ``needed`` or later; False when either is not a version."""
    have, want = Version.parse(version or ""), Version.parse(needed)
    return have is not None and want is not None and have >= want


@dataclass(frozen=True, slots=True)
class InterfaceFacts:
    """The functions (as encoded: ``[method]bucket.get``) and resources of an interface.

    ``gates`` are of functions that not every version has; ``gate`` is of the interface as a whole.
    ``types`` are the signatures, None when they are not known or are loaded apart (``WitFacts.types_of``).
    """

    functions: frozenset[str]
    resources: frozenset[str] = frozenset()
    gates: Mapping[str, Gate] = field(default_factory=dict)
    gate: Gate | None = None
    types: InterfaceTypes | None = None

    def functions_at(self, version: str | None) -> frozenset[str]:
        """The functions that WIT of this version has, gated ones included."""
        return frozenset(f for f in self.functions if f not in self.gates or self.gates[f].exists(version))

    def open_at(self, version: str | None) -> frozenset[str]:
        """The functions that a host with this interface links without a flag for the function."""
        own = self.gate.feature if self.gate else ""
        return frozenset(
            f
            for f in self.functions_at(version)
            if f not in self.gates
            or self.gates[f].is_stable(version)
            or (own and self.gates[f].feature == own)  # who links a gated interface opened its gate
        )


@dataclass(frozen=True, slots=True)
class WitFacts:
    """The interfaces of one file in ``rules/wit/``.

    Names in ``interfaces`` carry their version, unless ``versions`` lists the versions for which
    all of them hold. ``more`` gives the signatures of a package's interfaces (``wasi:io``), by the same
    names, when somebody asks: most runs need those of a few packages.
    """

    source: str
    versions: tuple[str, ...]
    interfaces: Mapping[str, InterfaceFacts]
    more: Callable[[str], Mapping[str, InterfaceTypes]] | None = field(
        default=None, compare=False, repr=False
    )

    def find(self, name: ExternName) -> InterfaceFacts | None:
        """The facts about an interface of this very version, or None when nothing is known."""
        facts = self.interfaces.get(name.text)
        if facts is None and name.version in self.versions:
            facts = self.interfaces.get(name.unversioned)
        if facts is not None and facts.gate and not facts.gate.exists(name.version):
            return None
        return facts

    def types_of(self, name: ExternName) -> InterfaceTypes | None:
        """The signatures of an interface of this very version, or None when they are not known."""
        key = name.text if name.text in self.interfaces else name.unversioned
        facts = self.find(name)
        if facts is None or facts.types is not None or self.more is None:
            return facts.types if facts else None
        return self.more(name.package or "").get(key)


def facts_of_externs(externs: Iterable[Extern], source: str) -> WitFacts:
    """What the imports or exports of a component say of their interfaces, under their full names.

    For a host that is given as a component: its exports. Only instances count, and of functions those whose
    type is wholly known get a signature. ``source`` is said where facts are shown.
    """
    from wasmdoctor.model.typetext import describe  # not needed to check a component that is fine

    interfaces = {
        extern.name: InterfaceFacts(
            frozenset(function.name for function in extern.functions),
            frozenset(extern.resources),
            types=describe((function.name, function.type) for function in extern.functions),
        )
        for extern in externs
        if extern.kind is ExternKind.INSTANCE
    }
    return WitFacts(source, (), interfaces)


# -- facts about a host ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Provision:
    """One thing that a host has when all of ``flags`` are on: an interface, or ``interface#function``."""

    name: str
    flags: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class PackageMap:
    """For the name rule ``package``: imports of ``packages`` at ``versions`` get the interfaces of ``to``.

    Empty ``versions`` means any version, or none.
    """

    packages: frozenset[str]
    versions: frozenset[str]
    to: str


@dataclass(frozen=True, slots=True)
class HostMode:
    """What one way of starting a host (``run``, ``serve``) links.

    ``on`` are flags that are on unless a person turns them off; ``entries`` are the exports that
    this mode can call; ``plain`` what a host of one's own defines by a plain name: functions and
    instances that stand in the world itself.
    """

    on: frozenset[str]
    provides: tuple[Provision, ...]
    functions: tuple[Provision, ...] = ()
    entries: tuple[Provision, ...] = ()
    plain: tuple[Provision, ...] = ()

    @property
    def flags(self) -> frozenset[str]:
        """Every flag that changes what this mode links."""
        every = (*self.provides, *self.functions, *self.entries, *self.plain)
        return self.on.union(*(p.flags for p in every))


@dataclass(frozen=True, slots=True)
class HostLine:
    """A range of versions of a host that link the same. ``first`` and ``last`` are inclusive.

    ``wit`` names the files of ``rules/wit/`` that describe the interfaces; ``args`` are arguments
    that every start needs; ``evidence`` says where the facts were read.
    """

    first: str
    last: str
    name_rule: NameRule
    modes: Mapping[str, HostMode]
    evidence: str
    wasi: tuple[str, ...] = ()
    wit: tuple[str, ...] = ()
    maps: tuple[PackageMap, ...] = ()
    args: str = ""
    note: str = ""

    @property
    def versions(self) -> str:
        """``46 to 48``, or ``19``."""
        return _range(self.first, self.last)


@dataclass(frozen=True, slots=True)
class HostFlag:
    """A switch of a host: how it is given on the command line (``-S http``), and what it does.

    ``interfaces`` (without version; a trailing ``*`` matches the rest) are those that need the
    permission at run time; ``added`` says whether a start command should have it unasked.
    """

    name: str
    kind: FlagKind
    args: str
    about: str
    evidence: str = ""
    interfaces: tuple[str, ...] = ()
    added: bool = False

    def covers(self, unversioned: str) -> bool:
        """Whether an interface (``wasi:sockets/tcp``) needs this permission."""
        return any(
            unversioned.startswith(pattern[:-1]) if pattern.endswith("*") else unversioned == pattern
            for pattern in self.interfaces
        )


@dataclass(frozen=True, slots=True)
class StartRule:
    """How to start a component that has ``export`` (an interface without version, or ``func``).

    ``command`` has the fields ``{flags}``, ``{component}`` and, for ``func``, ``{call}``. ``first``
    is the host's first version that can do it, "" for all.
    """

    mode: str
    export: str
    command: str
    evidence: str
    first: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class NameRuleText:
    """A host's name rule in words, with what that rests on."""

    text: str
    evidence: str


@dataclass(frozen=True)
class HostProfile:
    """All that is known of one host. ``ranges`` are the versions of all its lines, oldest first.

    ``lines`` holds all of them in the same order when the whole host was loaded, and only the one
    judged by when a single version was asked for. ``checks_types`` says whether linking compares types,
    ``checks_unused_resources`` whether a resource that no function of the component uses must be there.
    """

    name: str
    title: str
    about: str
    source: str
    ranges: tuple[tuple[str, str], ...]
    lines: tuple[HostLine, ...]
    default_mode: str
    aliases: tuple[str, ...] = ()
    checks_types: bool = True
    checks_unused_resources: bool = True
    flag_args: str = ""
    name_rules: Mapping[str, NameRuleText] = field(default_factory=dict)
    flags: Mapping[str, HostFlag] = field(default_factory=dict)
    starts: tuple[StartRule, ...] = ()
    trap_unknown: str = ""
    interfaces: WitFacts | None = None

    @property
    def known(self) -> str:
        """The versions known, for messages: ``14 to 48``."""
        return _range(self.ranges[0][0], self.ranges[-1][1])

    def find(self, version: str | None) -> tuple[int, str]:
        """The index (in ``ranges``) of the line for a version, and a note ("" when it is known exactly).

        No version means the newest line. A version newer than all known gets the newest line and a
        note; one in a gap gets the line below it and a note. Raises HostError for an older one.
        """
        newest = len(self.ranges) - 1
        if version is None:
            return newest, ""
        if self.ranges[newest][1] == "0":
            return newest, f"{self.title} has no versions here: what is known is taken for {version}"
        wanted = _numbers(version)
        for index in range(newest, -1, -1):
            first, last = self.ranges[index]
            if _at_least(wanted, first) and _at_most(wanted, last):
                return index, ""
        below = [index for index, (_, last) in enumerate(self.ranges) if not _at_most(wanted, last)]
        if not below:
            raise HostError(
                f"{self.title} {version} is older than what is known here",
                f"Known versions of {self.name}: {self.known}",
            )
        index = below[-1]
        where = "newer than" if index == newest else "between"
        judged = _range(*self.ranges[index])
        return index, (
            f"{self.title} {version} is {where} the versions known here ({self.known}); judged as {judged}"
        )

    def known_flags(self, line: HostLine) -> frozenset[str]:
        """The flags that a line's command takes: those that change what any mode links, and permissions.

        A flag is taken in every mode, as the command line does it, though it may change nothing there.
        """
        permissions = (flag.name for flag in self.flags.values() if flag.kind == "permission")
        return frozenset(permissions).union(*(mode.flags for mode in line.modes.values()))

    def flag(self, name: str) -> HostFlag:
        """A flag with its arguments, whether the profile describes it or only uses it."""
        known = self.flags.get(name)
        return known or HostFlag(name, "flag", self.flag_args.replace("{flag}", name), "")


def _range(first: str, last: str) -> str:
    """``46 to 48``, or ``19``."""
    return first if first == last else f"{first} to {last}"


def _numbers(version: str) -> tuple[int, ...]:
    """``46.0.1`` as (46, 0, 1). Parts of more than nine digits are cut, so that no huge int is made."""
    return tuple(int(part[:9]) for part in version.split("."))


def _at_least(version: tuple[int, ...], bound: str) -> bool:
    """Whether a version, as far as both are spelled out, is the bound or later."""
    limit = _numbers(bound)
    size = min(len(version), len(limit))
    return version[:size] >= limit[:size]


def _at_most(version: tuple[int, ...], bound: str) -> bool:
    """Whether a version, as far as both are spelled out, is the bound or earlier."""
    limit = _numbers(bound)
    size = min(len(version), len(limit))
    return version[:size] <= limit[:size]


# -- what a person asks for -----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class HostSpec:
    """A host as a person names it: ``wasmtime``, ``wasmtime@46.0.1``, ``wasmtime@29:serve``."""

    name: str
    version: str | None = None
    mode: str | None = None

    def __str__(self) -> str:
        text = f"{self.name}@{self.version}" if self.version else self.name
        return f"{text}:{self.mode}" if self.mode else text


def parse_host_spec(text: str) -> HostSpec:
    """Read ``NAME[@VERSION][:MODE]``. Raises HostError when it is not of that form."""
    found = _SPEC.fullmatch(text.strip())
    if found is None and "," in text:
        raise HostError(
            "one host is judged by here, not several",
            f"Name one of {text}; `wasmdoctor check` takes several",
        )
    if found is None:
        raise HostError(
            f"{text!r} does not name a host",
            "Write NAME, NAME@VERSION or NAME@VERSION:MODE, as in wasmtime@46 or wasmtime@29:serve",
        )
    return HostSpec(found["name"].lower(), found["version"], found["mode"])


# -- verdicts -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Offer:
    """An interface of the asked name that a host has, at its own version; ``flags`` are missing for it."""

    name: str
    flags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Match:
    """What a host says to one import by name alone.

    - ``exact``, ``track``, ``package``: linked, to ``provided`` (the host's own name for it).
    - ``flag``: not linked, but it would be with all flags of any one entry of ``needs_flags``
      (fewest first); ``provided`` is then the name it would link to.
    - ``version``: the host has the interface at versions that do not match (``offers``, oldest
      first); ``skew`` says how the import stands to the newest of them.
    - ``none``: the host has no such interface.
    """

    asked: ExternName
    kind: MatchKind
    provided: str | None = None
    needs_flags: tuple[tuple[str, ...], ...] = ()
    offers: tuple[Offer, ...] = ()

    @property
    def linked(self) -> bool:
        """Whether the name is found as things are."""
        return self.kind in ("exact", "track", "package")

    @property
    def needs_flag(self) -> tuple[str, ...]:
        """The smallest set of flags that makes the host link it; () when no flag does, or none is needed."""
        return self.needs_flags[0] if self.needs_flags else ()

    @property
    def skew(self) -> Literal["", "prerelease", "unversioned", "newer", "older"]:
        """How the version asked for differs from the newest offer, for a match of kind ``version``."""
        if self.kind != "version":
            return ""
        asked = Version.parse(self.asked.version or "")
        offered = Version.parse(ExternName.parse(self.offers[-1].name).version or "")
        if asked is None or offered is None:
            return "unversioned"
        if asked.prerelease or offered.prerelease:
            return "prerelease"
        return "newer" if asked > offered else "older"


@dataclass(frozen=True, slots=True)
class Missing:
    """A function or resource that a host's interface lacks.

    ``needs_flag``: flags that would add it. ``gate``: since which version of the interface it
    exists, when that is known.
    """

    name: str
    kind: Literal["function", "resource"]
    needs_flag: tuple[str, ...] = ()
    gate: Gate | None = None


@dataclass(frozen=True, slots=True)
class Mistyped:
    """A function that is asked for with another type than the provider has: both signatures, and where they part."""

    name: str
    asked: str
    offered: str
    difference: Difference


@dataclass(frozen=True, slots=True)
class StartCommand:
    """How to start a component: ``entry`` is the export that makes it possible.

    ``hints`` are permissions that the component may need and that the command does not give.
    """

    command: str
    mode: str
    entry: str
    note: str = ""
    hints: tuple[HostFlag, ...] = ()


@dataclass(frozen=True, slots=True)
class Entry:
    """How a mode starts a component: the ``export`` that it calls, and the flags that it needs for that.

    ``rule`` is the command's, None for a host whose profile has entries but no commands.
    """

    export: str
    flags: tuple[str, ...] = ()
    rule: StartRule | None = None


@dataclass(frozen=True)
class HostView:
    """A host at one version, in one mode, with flags: what ``check --host`` judges by.

    ``flags`` are those a person gave; ``off`` those turned off (``p3=n``). ``note`` is for the
    person: the version is not known exactly, or facts are missing. ``label`` stands for the host in
    texts instead of its name and version. ``allowed`` are those of the configuration that say who provides
    what the host lacks.
    """

    profile: HostProfile
    spec: HostSpec
    line: HostLine
    mode_name: str
    flags: frozenset[str] = frozenset()
    off: frozenset[str] = frozenset()
    facts: tuple[WitFacts, ...] = ()
    note: str = ""
    label: str = ""
    allowed: tuple[Allow, ...] = ()

    @property
    def mode(self) -> HostMode:
        """What the mode links."""
        return self.line.modes[self.mode_name]

    @property
    def id(self) -> str:
        """``wasmtime@48``, ``wasmtime@29:serve``: with the version judged when none was asked for."""
        if self.label:
            return self.label
        version = self.spec.version or (self.line.last if self.line.last != "0" else "")
        text = f"{self.profile.name}@{version}" if version else self.profile.name
        return text if self.mode_name == self.profile.default_mode else f"{text}:{self.mode_name}"

    @property
    def name_rule(self) -> NameRule:
        """The rule by which this version looks names up."""
        return self.line.name_rule

    @property
    def enabled(self) -> frozenset[str]:
        """All flags that are on."""
        return (self.mode.on | self.flags) - self.off

    @cached_property
    def provided(self) -> frozenset[str]:
        """The full names of all interfaces that are linked as things are."""
        return frozenset(p.name for p in self.mode.provides if p.flags <= self.enabled)

    @cached_property
    def _by_interface(self) -> Mapping[str, Sequence[Provision]]:
        return _index(self.mode.provides)

    def match(self, import_name: str | ExternName) -> Match:
        """What the host says to an import of this name. Functions are a second question."""
        name = import_name if isinstance(import_name, ExternName) else ExternName.parse(import_name)
        found = self._matches.get(name.text)
        if found is None:
            if name.kind != "interface":
                found = self._plain(name)
            else:
                found = self._lookup(name, self._by_interface.get(name.unversioned, ()))
            self._matches[name.text] = found
        return found

    @cached_property
    def _matches(self) -> dict[str, Match]:
        """What was answered already: components ask for the same interfaces."""
        return {}

    def _plain(self, name: ExternName) -> Match:
        """What a host says to a plain name: only one of a person's own defines any, by equal names."""
        ways = [p.flags - self.enabled for p in self.mode.plain if p.name == name.text]
        if not ways:
            return Match(name, "none")
        if frozenset() in ways:
            return Match(name, "exact", name.text)
        order = sorted((tuple(sorted(flags)) for flags in ways), key=lambda flags: (len(flags), flags))
        return Match(name, "flag", name.text, needs_flags=tuple(order))

    def _lookup(self, name: ExternName, having: Sequence[Provision]) -> Match:
        """The name rule over the provisions of one interface."""
        enabled = self.enabled
        hit = self._choose(name, [p for p in having if p.flags <= enabled])
        if hit:
            return Match(name, hit[0], hit[1])
        ways: dict[tuple[str, ...], str] = {}
        for needed in {p.flags - enabled for p in having if not p.flags <= enabled}:
            hit = self._choose(name, [p for p in having if p.flags <= enabled | needed])
            if hit:
                ways[tuple(sorted(needed))] = hit[1]
        if ways:
            order = sorted(ways, key=lambda flags: (len(flags), flags))
            return Match(name, "flag", ways[order[0]], needs_flags=tuple(order))
        if having and self.name_rule != "package":
            return Match(name, "version", offers=_offers(having, enabled))
        return Match(name, "none")

    def _choose(self, name: ExternName, pool: Sequence[Provision]) -> tuple[MatchKind, str] | None:
        """The provision that an import of ``name`` gets out of ``pool``, and by which rule."""
        names = [p.name for p in pool]
        if self.name_rule == "package":
            wanted = self._mapped(name)
            return ("package", wanted) if wanted in names else None
        if name.text in names:
            return ("exact", name.text)
        if self.name_rule == "exact" or name.track is None:
            return None
        same = [other for other in map(ExternName.parse, names) if other.track == name.track]
        if not same:
            return None
        highest = max(same, key=lambda other: version_order(other.version))
        return ("track", highest.text)

    def _mapped(self, name: ExternName) -> str | None:
        """The name that a host which maps whole packages looks up instead (jco's rule)."""
        for row in self.line.maps:
            if name.package in row.packages and (not row.versions or name.version in row.versions):
                return f"{name.unversioned}@{row.to}"
        return None

    def facts_of(self, provided: str | None) -> InterfaceFacts | None:
        """What is known of an interface of the host; None when nothing is."""
        if provided is None:
            return None
        name = ExternName.parse(provided)
        for facts in self.facts:
            found = facts.find(name)
            if found is not None:
                return found
        return None

    def functions_of(self, provided: str) -> frozenset[str] | None:
        """The functions that the host links for an interface of its own as things are; None if unknown."""
        if provided not in self._functions:
            self._functions[provided] = self._functions_of(provided)
        return self._functions[provided]

    @cached_property
    def _functions(self) -> dict[str, frozenset[str] | None]:
        return {}

    def _functions_of(self, provided: str) -> frozenset[str] | None:
        facts = self.facts_of(provided)
        if facts is None:
            return None
        enabled = self.enabled
        extra = (
            p.name.partition("#")[2]
            for p in self.mode.functions
            if p.flags <= enabled and p.name.partition("#")[0] == provided
        )
        return facts.open_at(ExternName.parse(provided).version) | frozenset(extra)

    def missing_functions(
        self, match: Match, functions: Iterable[str], resources: Iterable[str] = ()
    ) -> tuple[Missing, ...]:
        """What a component imports of a matched interface and the host's interface lacks, sorted.

        ``functions`` and ``resources`` are names as encoded in the component. Gives () when the
        functions of the interface are not known (``facts_of(match.provided)`` is then None), and
        for a match that has no interface.
        """
        provided = match.provided
        facts = self.facts_of(provided)
        have = self.functions_of(provided) if provided else None
        if provided is None or facts is None or have is None:
            return ()
        lacking = [
            Missing(name, "function", self._function_flag(provided, name), facts.gates.get(name))
            for name in sorted(set(functions) - have)
        ]
        lacking += [Missing(name, "resource") for name in sorted(set(resources) - facts.resources)]
        return tuple(lacking)

    def mistyped_functions(
        self, match: Match, functions: Iterable[Function], instances: Iterable[str] = ()
    ) -> tuple[Mistyped, ...]:
        """The functions that a component imports of a matched interface with another type than the host's.

        ``instances`` are names under which it asks for an instance, which no host's interface has inside.
        Gives () for a host that does not compare types, and leaves out functions whose type is not known on
        both sides. Rule: wasmtime 39 to 50, the typed functions of its linker (probed): names and order of
        fields, cases and flags count, names of parameters and types do not, nor whether a handle is owned.
        """
        provided = match.provided
        if provided is None or not self.profile.checks_types:
            return ()
        functions = tuple(functions)
        found = list(self._other_sorts(provided, functions, instances))
        have = self.functions_of(provided) or frozenset()
        types = self.types_of(provided)

        def same(asked: str, offered: str) -> bool:
            return self._same_resource(match, asked, offered)

        for function in functions:
            there = function.name in have or self._function_flag(provided, function.name)
            if types is None or function.type is None or not there:
                continue
            offered = types.function(function.name)
            if offered is None:
                continue
            parts = difference(function.type, offered, HOST_RULE, same)
            if parts is not None:
                text = types.functions[function.name]
                found.append(Mistyped(function.name, function.signature, text, parts))
        return tuple(sorted(found, key=lambda each: each.name))

    def _other_sorts(
        self, provided: str, functions: Iterable[Function], instances: Iterable[str]
    ) -> Iterator[Mistyped]:
        """Names inside an interface that a component asks for as modules or instances, and the host has otherwise."""
        asked = [(f.name, f.signature) for f in functions if f.signature in _OTHER_SORTS]
        asked += [(name, ExternKind.INSTANCE.value) for name in instances]
        facts = self.facts_of(provided) if asked else None
        have = self.functions_of(provided) if asked else None
        for name, sort in asked:
            if have and name in have:
                yield _other_sort(name, sort, "function")
            elif facts and name in facts.resources:
                yield _other_sort(name, sort, "resource")

    def types_of(self, provided: str) -> InterfaceTypes | None:
        """The signatures of an interface of the host; None when they are not known."""
        name = ExternName.parse(provided)
        for facts in self.facts:
            if facts.find(name) is not None:
                return facts.types_of(name)
        return None

    def _same_resource(self, match: Match, asked: str, offered: str) -> bool:
        """Whether a resource of an import, once linked, is the one that the host's function means.

        True as well when the import that defines the resource is not linked: that has a finding of its own.
        """
        provided = match.provided or ""
        interface, _, name = asked.rpartition("#")
        linked = provided if not interface else self.match(interface).provided
        host_interface, _, host_name = offered.rpartition("#")
        if linked is None:
            return True
        have = ExternName.parse(linked)
        want = ExternName.parse(host_interface or provided)
        if want.version is not None and want.version != have.version:
            return False
        return name == host_name and have.unversioned == want.unversioned

    def _function_flag(self, provided: str, function: str) -> tuple[str, ...]:
        """The flags that add a function to a linked interface, or ()."""
        wanted = f"{provided}#{function}"
        ways = [tuple(sorted(p.flags - self.enabled)) for p in self.mode.functions if p.name == wanted]
        return min(ways, key=lambda flags: (len(flags), flags)) if ways else ()

    def permissions(self, import_names: Iterable[str]) -> tuple[HostFlag, ...]:
        """The run-time permissions that these imports need and that are not given, by name."""
        names = [ExternName.parse(name).unversioned for name in import_names]
        return tuple(
            flag
            for _, flag in sorted(self.profile.flags.items())
            if flag.interfaces and flag.name not in self.flags and any(map(flag.covers, names))
        )

    def in_mode(self, mode: str) -> HostView:
        """The same host with the same flags in another mode."""
        return replace(self, mode_name=mode)

    @property
    def start_rules(self) -> tuple[StartRule, ...]:
        """How this mode of this version starts components."""
        version = _numbers(self.spec.version or self.line.last)
        return tuple(
            rule
            for rule in self.profile.starts
            if rule.mode == self.mode_name and (not rule.first or _at_least(version, rule.first))
        )

    def entry(self, exports: Iterable[str]) -> Entry | None:
        """The export by which this mode starts a component, or None when it can call none of them.

        ``exports`` are the names of all the component's exports. One that needs no flag goes first.
        """
        names = [ExternName.parse(name) for name in exports]
        found: list[Entry] = []
        for rule in self.start_rules:
            export = self._entry(rule, names)
            if export:
                flags = () if rule.export == "func" else self._lookup_entry(export).needs_flag
                found.append(Entry(export, flags, rule))
        ruled = {rule.export for rule in self.profile.starts if rule.mode == self.mode_name}
        for name in names:
            if name.unversioned in ruled:
                continue
            match = self._lookup_entry(name.text)
            if match.linked or match.kind == "flag":
                found.append(Entry(name.text, match.needs_flag))
        return min(found, key=lambda entry: len(entry.flags), default=None)

    def _lookup_entry(self, export: str) -> Match:
        """What the name rule says to an export among the mode's entries."""
        name = ExternName.parse(export)
        entries = [p for p in self.mode.entries if p.name.partition("@")[0] == name.unversioned]
        if name.kind != "interface":
            found = [p for p in entries if p.name == name.text]
            return Match(name, "exact" if found else "none", name.text if found else None)
        return self._lookup(name, entries)

    def start(
        self,
        component: str,
        imports: Mapping[str, Iterable[str]],
        exports: Iterable[str],
        *,
        call: str = "",
    ) -> StartCommand | None:
        """How to start a component here, or None when this host can call none of its exports.

        ``component`` is a path; ``imports`` are its instance imports with the functions used of
        each; ``exports`` the names of all its exports; ``call`` a call of a plain function for
        hosts that can make one (``run-scenario("...")``), by default the function's name with
        ``(...)``. The mode of this view is tried first, then the others. The command carries the
        flags that the view has, those that the imports need, and the permissions to add unasked.
        """
        names = [ExternName.parse(name) for name in exports]
        ordered = sorted(self.profile.starts, key=lambda rule: rule.mode != self.mode_name)
        version = _numbers(self.spec.version or self.line.last)
        for rule in ordered:
            if rule.mode not in self.line.modes or (rule.first and not _at_least(version, rule.first)):
                continue
            view = self if rule.mode == self.mode_name else self.in_mode(rule.mode)
            entry = view._entry(rule, names)
            if entry:
                return view._command(rule, entry, component, imports, call)
        return None

    def _entry(self, rule: StartRule, exports: Sequence[ExternName]) -> str | None:
        """The export that a start rule can use, or None."""
        if rule.export == "func":
            return next((e.text for e in exports if e.kind == "plain" and not e.annotation), None)
        entries = [p for p in self.mode.entries if ExternName.parse(p.name).unversioned == rule.export]
        for export in exports:
            if export.kind == "interface" and export.unversioned == rule.export:
                match = self._lookup(export, entries)
                if match.linked or match.kind == "flag":
                    return export.text
        return None

    def _command(
        self,
        rule: StartRule,
        entry: str,
        component: str,
        imports: Mapping[str, Iterable[str]],
        call: str,
    ) -> StartCommand:
        """The command line of a start rule with the flags that these imports need."""
        import shlex

        needed = set(self.flags)
        if rule.export != "func":
            entries = [p for p in self.mode.entries if ExternName.parse(p.name).unversioned == rule.export]
            needed.update(self._lookup(ExternName.parse(entry), entries).needs_flag)
        for name, functions in imports.items():
            match = self.match(name)
            needed.update(match.needs_flag)
            for missing in self.missing_functions(match, functions):
                needed.update(missing.needs_flag)
        permissions = self.permissions(imports)
        needed.update(flag.name for flag in permissions if flag.added)
        arguments = [self.line.args, *(self.profile.flag(name).args for name in sorted(needed))]
        arguments += [f"{self.profile.flag_args.replace('{flag}', name)}=n" for name in sorted(self.off)]
        command = rule.command.format(
            flags=" ".join(filter(None, arguments)),
            component=shlex.quote(component),
            call=shlex.quote(call or f"{entry}(...)"),
        )
        hints = tuple(flag for flag in permissions if not flag.added)
        return StartCommand(" ".join(command.split()), rule.mode, entry, rule.note, hints)


_OTHER_SORTS: Final = frozenset(kind.value for kind in ExternKind if kind is not ExternKind.FUNC)
"""What stands for the signature of something inside an instance that is no function."""


def _other_sort(name: str, asked: str, offered: str) -> Mistyped:
    """A name that is there, but as another sort of thing."""
    return Mistyped(name, asked, offered, Difference("what it is", asked, offered))


def _index(provisions: Iterable[Provision]) -> dict[str, list[Provision]]:
    """Provisions by the name of their interface without version."""
    index: dict[str, list[Provision]] = {}
    for provision in provisions:
        index.setdefault(provision.name.partition("@")[0], []).append(provision)
    return index


def _offers(having: Iterable[Provision], enabled: frozenset[str]) -> tuple[Offer, ...]:
    """What a host has under a name, oldest version first."""
    offers = {p.name: Offer(p.name, tuple(sorted(p.flags - enabled))) for p in having}
    return tuple(
        offers[name] for name in sorted(offers, key=lambda n: version_order(ExternName.parse(n).version))
    )


def same_track(one: str | None, other: str | None) -> bool:
    """Whether two versions are on one semver track."""
    found = track(one)
    return found is not None and found == track(other)


def view(
    profile: HostProfile,
    spec: HostSpec,
    line: HostLine,
    flags: Iterable[str] = (),
    facts: Sequence[WitFacts] = (),
    note: str = "",
) -> HostView:
    """A profile as one person uses it, at a line that :meth:`HostProfile.find` chose with ``note``.

    ``flags`` are words as the host's command line takes them: ``http``, ``p3=n``, ``-S http`` or
    ``http,nn``; ``facts`` what is known of the interfaces' functions. Raises HostError for an
    unknown mode, and for a flag that this host does not have.
    """
    mode = spec.mode or (profile.default_mode if profile.default_mode in line.modes else min(line.modes))
    if mode not in line.modes:
        raise HostError(
            f"{profile.title} has no mode {mode!r}",
            f"Modes of {profile.name} {line.versions}: {', '.join(sorted(line.modes))}",
        )
    known = profile.known_flags(line)
    on: set[str] = set()
    off: set[str] = set()
    for word in flags:
        for name, value in _flag_words(word):
            if name not in known:
                raise _unknown_flag(profile, line, name)
            (off if value == "n" else on).add(name)
            (on if value == "n" else off).discard(name)
    own = (profile.interfaces,) if profile.interfaces else ()
    notes = "; ".join(filter(None, (note, line.note)))
    return HostView(profile, spec, line, mode, frozenset(on), frozenset(off), (*own, *facts), notes)


def _flag_words(word: str) -> list[tuple[str, str]]:
    """The flags in one argument, each with its value ("y" unless one is given)."""
    word = re.sub(r"^(?:-[A-Za-z]\s*|--)", "", word.strip())
    pairs = (part.strip().partition("=") for part in word.split(","))
    return [(name, "n" if value in ("n", "no", "false") else "y") for name, _, value in pairs if name]


def _unknown_flag(profile: HostProfile, line: HostLine, name: str) -> HostError:
    """The error for a flag that this host does not have, with those that it has."""
    return HostError(
        f"{profile.title}{f' {line.versions}' if line.last != '0' else ''} has no flag {name!r} that wasmdoctor knows of",
        suggestion(name, sorted(profile.known_flags(line)), "Flags"),
    )


def suggestion(word: str, known: Sequence[str], what: str) -> str:
    """Help for an unknown word: ``Did you mean http? Flags: ...`` for a word that is not among the known ones."""
    import difflib  # only needed when something is wrong already

    near = difflib.get_close_matches(word, known, n=1, cutoff=0.6)
    listed = f"{what}: {', '.join(known)}" if known else f"{what}: none"
    return f"Did you mean {near[0]}? {listed}" if near else listed
