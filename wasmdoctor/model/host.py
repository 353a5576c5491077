"""What a host provides to components, and what it says to one import: profiles and their verdicts.

A profile holds facts (read from ``rules/hosts/*.toml``); a :class:`HostView` is a profile at one
version, in one mode, with the flags a person gives. Everything here is pure.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Final, Literal

from wasmdoctor.model.names import ExternName, Version, track, version_order

NameRule = Literal["exact", "exact-then-track", "package"]
MatchKind = Literal["exact", "track", "package", "flag", "version", "none"]
FlagKind = Literal["flag", "permission", "plugin", "build-feature"]

NAME_RULES: Final[tuple[NameRule, ...]] = ("exact", "exact-then-track", "package")

_SPEC: Final = re.compile(
    r"(?P<name>[A-Za-z][A-Za-z0-9_-]*)(?:@v?(?P<version>[0-9]+(?:\.[0-9]+)*))?(?::(?P<mode>[a-z][a-z0-9-]*))?"
)


class HostError(ValueError):
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
    """

    functions: frozenset[str]
    resources: frozenset[str] = frozenset()
    gates: Mapping[str, Gate] = field(default_factory=dict)
    gate: Gate | None = None

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
    all of them hold.
    """

    source: str
    versions: tuple[str, ...]
    interfaces: Mapping[str, InterfaceFacts]

    def find(self, name: ExternName) -> InterfaceFacts | None:
        """The facts about an interface of this very version, or None when nothing is known."""
        facts = self.interfaces.get(name.text)
        if facts is None and name.version in self.versions:
            facts = self.interfaces.get(name.unversioned)
        if facts is not None and facts.gate and not facts.gate.exists(name.version):
            return None
        return facts


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
    this mode can call.
    """

    on: frozenset[str]
    provides: tuple[Provision, ...]
    functions: tuple[Provision, ...] = ()
    entries: tuple[Provision, ...] = ()

    @property
    def flags(self) -> frozenset[str]:
        """Every flag that changes what this mode links."""
        return self.on.union(*(p.flags for p in (*self.provides, *self.functions, *self.entries)))


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
    judged by when a single version was asked for.
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
class StartCommand:
    """How to start a component: ``entry`` is the export that makes it possible.

    ``hints`` are permissions that the component may need and that the command does not give.
    """

    command: str
    mode: str
    entry: str
    note: str = ""
    hints: tuple[HostFlag, ...] = ()


@dataclass(frozen=True)
class HostView:
    """A host at one version, in one mode, with flags: what ``check --host`` judges by.

    ``flags`` are those a person gave; ``off`` those turned off (``p3=n``). ``note`` is for the
    person: the version is not known exactly, or facts are missing.
    """

    profile: HostProfile
    spec: HostSpec
    line: HostLine
    mode_name: str
    flags: frozenset[str] = frozenset()
    off: frozenset[str] = frozenset()
    facts: tuple[WitFacts, ...] = ()
    note: str = ""

    @property
    def mode(self) -> HostMode:
        """What the mode links."""
        return self.line.modes[self.mode_name]

    @property
    def id(self) -> str:
        """``wasmtime@48``, ``wasmtime@29:serve``: with the version judged when none was asked for."""
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
        if name.kind != "interface":
            return Match(name, "none")  # no host defines functions, urls or dependencies by those names
        return self._lookup(name, self._by_interface.get(name.unversioned, ()))

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
        f"{profile.title} {line.versions} has no flag {name!r} that wasmdoctor knows of",
        suggestion(name, sorted(profile.known_flags(line)), "Flags"),
    )


def suggestion(word: str, known: Sequence[str], what: str) -> str:
    """Help for an unknown word: ``Did you mean http? Flags: ...`` for a word that is not among the known ones."""
    import difflib  # only needed when something is wrong already

    near = difflib.get_close_matches(word, known, n=1, cutoff=0.6)
    listed = f"{what}: {', '.join(known)}" if known else f"{what}: none"
    return f"Did you mean {near[0]}? {listed}" if near else listed
