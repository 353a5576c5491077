"""Rules about versions: not the host's (WD102), two of one package (WD109), an old adapter (WD111), and names
that are deprecated (WD112).

What brought a version is told by the finished component where it can be: its core modules import under the
names that they were compiled with, and wit-component names the adapter's module. The encoder (wit-component
0.262) merges the versions of one interface to the newest one, interface by interface; `wac plug` does so too,
`wasm-tools compose` does not.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from wasmdoctor.checks.facts import Draft, Facts
from wasmdoctor.checks.linking import NearProvider, Verdict
from wasmdoctor.model.finding import Status
from wasmdoctor.model.host import HostView, Offer
from wasmdoctor.model.names import ExternName, Version, track, version_order
from wasmdoctor.model.record import dataclass, field
from wasmdoctor.model.rule import Severity
from wasmdoctor.model.skew import WASI_TRACK, HostRange
from wasmdoctor.model.source import Location
from wasmdoctor.model.text import joined, phrase, say
from wasmdoctor.model.wasm import WasmFile

if TYPE_CHECKING:
    from wasmdoctor.model.artifact import ModuleCalls
    from wasmdoctor.model.remedy import Remedy
    from wasmdoctor.model.skew import Deprecated

RETARGETED = frozenset(
    f"wasi:{name}" for name in ("cli", "clocks", "filesystem", "http", "io", "random", "sockets")
)
"""The packages of a WASI release: they get their version together, and `migrate --wasi` sets it."""

ADAPTER = say("the preview1 adapter")
MOST_CRATES = 3


# -- who brought an import


@dataclass(frozen=True, slots=True)
class Bringer:
    """Who brought a version of an interface: the adapter, or crates by name. ``place`` is the line of WIT (or the
    binding) that has it, None when no source is known."""

    crates: tuple[str, ...] = ()
    adapter: bool = False
    place: Location | None = None

    @property
    def words(self) -> str:
        """``the preview1 adapter`` or ``crate `x```."""
        if self.adapter:
            return ADAPTER
        shown = ", ".join(f"`{name}`" for name in self.crates[:MOST_CRATES])
        more = len(self.crates) - MOST_CRATES
        shown += say(" and {more} more", more=more) if more > 0 else ""
        if len(self.crates) > 1:
            return say("crates {names}", names=shown)
        return say("crate {name}", name=shown)


def bringers(facts: Facts, path: str, name: ExternName) -> tuple[Bringer, ...]:
    """Who asks for an import of a component in this very version, the adapter last.

    By the finished component, then by the sources. A version that the encoder took from somebody else (who
    names the same interface at a later one) is not theirs.
    """
    modules = facts.skew.modules.get(path, ())
    adapter_version = _adapter_version(modules)
    crates: set[str] = set()
    by_adapter = False
    for module in modules:
        adapter = module.role.value == "adapter"
        for call in module.calls:
            asked = ExternName.parse(call.module)
            if asked.unversioned != name.unversioned:
                continue
            if adapter:
                by_adapter |= adapter_version == name.version
            elif asked.version == name.version and call.rust is not None:
                crates.add(call.rust.crate)
    origin = facts.origins.get((path, name.text))
    steps = [step for step in origin.steps if step.kind == "crate"] if origin else []
    if steps and not crates and not by_adapter:
        crates = {steps[-1].name}
    place = origin.line if origin and crates else None
    found = [Bringer(tuple(sorted(crates)), place=place)] if crates else []
    return (*found, Bringer(adapter=True)) if by_adapter else tuple(found)


# -- WD102


SKEW = {
    "prerelease": say("a release candidate or draft links only where the host has exactly that version"),
    "unversioned": say("a name without a version links only where the host has none either"),
    "newer": say("it is newer than the host"),
    "older": say("it is older than the host"),
}


def other_version(facts: Facts) -> Iterator[Draft]:
    """WD102: the host has the interface, at versions that do not match.

    Three cases, by semver precedence and track (the host's rule is in its profile): newer than the host, on an
    older track (or an older version where names are compared as texts), a release candidate or draft; and a
    name without a version. The help names the version to build against, who has to change, and the host's
    versions that take the import as it is.
    """
    for file in facts.components():
        for verdict in facts.verdicts.get(file.path, ()):
            if not verdict.unprovided or verdict.match.kind != "version":
                continue
            name = verdict.name
            place = facts.place(file.path, name.text)
            offers = tuple(
                dict.fromkeys(o.name.partition("@")[2] or say("no version") for o in verdict.match.offers)
            )
            yield Draft(
                file.path,
                say(
                    "{host} has `{unversioned}` at {names}, not at {version}: {skew}",
                    host=facts.host.id,
                    unversioned=name.unversioned,
                    names=", ".join(offers),
                    version=name.version or say("no version"),
                    skew=SKEW[_skew(verdict)],
                ),
                place,
                name.text,
                help=joined("\n", [*map(_near, verdict.near), *_cures(facts, file, verdict)]),
                related=()
                if place.path == file.path
                else ((Location(file.path), say("imported by this component")),),
                remedies=_at_offer(facts, place, verdict),
            )


def _at_offer(facts: Facts, place: Location, verdict: Verdict) -> tuple[Remedy, ...]:
    """The import at the version to build against, where one edit of the WIT does it."""
    if not facts.sources or not place.path.endswith(".wit"):
        return ()
    from wasmdoctor.checks.fixing import set_version

    return set_version(facts, place, wanted_offer(verdict).name)


def _near(near: NearProvider) -> str:
    if near.lacks:
        shown = ", ".join(f"`{name}`" for name in near.lacks[:4])
        more = len(near.lacks) - 4
        shown += say(" and {more} more", more=more) if more > 0 else ""
        return say(
            "{path} exports `{export}` but lacks {shown}", path=near.path, export=near.export, shown=shown
        )
    return say(
        "{path} exports `{export}`, which is on another version track", path=near.path, export=near.export
    )


def _skew(verdict: Verdict) -> str:
    """How the import stands to the host: a key of ``SKEW``.

    A release that is asked for where the host has a candidate of it is newer than the host.
    """
    asked = Version.parse(verdict.name.version or "")
    newest = Version.parse(ExternName.parse(verdict.match.offers[-1].name).version or "")
    if asked is None or newest is None:
        return "unversioned"
    if asked.prerelease:
        return "prerelease"
    return "newer" if asked > newest else "older"


def wanted_offer(verdict: Verdict) -> Offer:
    """The offer to build against: the newest of the generation that the import is of, else the newest of all.

    A candidate is of its release's generation (0.2.0-rc of 0.2), a name without version of the oldest one.
    """
    offers = verdict.match.offers
    asked = _generation(verdict.name.version) or _generation(ExternName.parse(offers[0].name).version)
    same = [o for o in offers if _generation(ExternName.parse(o.name).version) == asked]
    released = [o for o in same if ExternName.parse(o.name).track]
    return (released or same or offers)[-1]


def _generation(version: str | None) -> tuple[int, int] | None:
    """Major version, and the minor one before 1.0: as ``track``, but of prereleases too."""
    found = Version.parse(version or "")
    return (found.major, 0 if found.major else found.minor) if found else None


def _cures(facts: Facts, file: WasmFile, verdict: Verdict) -> Iterator[str]:
    """What to do, the way that changes least first."""
    offer = wanted_offer(verdict)
    wanted = ExternName.parse(offer.name)
    flags = _flags(facts.host, offer.flags)
    start = say(" and start the host with `{flags}`", flags=flags) if flags else ""
    yield say(
        "build against `{offer}`{start}{set_where}",
        offer=offer.name,
        start=start,
        set_where=_set_where(facts, file, verdict.name, wanted),
    )
    change = _what_changes(verdict, wanted)
    if change:
        yield change
    yield _other_host(facts, file, verdict)


def _set_where(facts: Facts, file: WasmFile, name: ExternName, wanted: ExternName) -> str:
    """Where the version stands, and how it gets another value."""
    version = wanted.version
    found = bringers(facts, file.path, name)
    if any(bringer.adapter for bringer in found):
        host = facts.skew.adapter_for(version or "")
        newer = (
            say(" of {profile} {host}", profile=facts.host.profile.name, host=host)
            if host
            else say(" for WASI {version}", version=version)
        )
        own = [bringer for bringer in found if not bringer.adapter]
        also = say("; {words} asks for it too", words=own[0].words) if own else ""
        return say(
            ": {adapter} brings this version, so wrap the core module with the adapter{newer}{also}",
            adapter=ADAPTER,
            newer=newer,
            also=also,
        )
    if not version:
        return say(": take the version off the name")
    who = found[0].words if found else ""
    place = found[0].place if found else None
    where = say("at {place}", place=place) if place and place.line else say("in wit/")
    text = say(": set the version {where} and in wit/deps to {version}", where=where, version=version)
    text += (
        say("; {who} brings it", who=who) if who else say(", and update the crate that brings the bindings")
    )
    if name.package in RETARGETED and track(name.version) == track(version) == WASI_TRACK:
        text += say(" (`wasmdoctor migrate --wasi {version}` does that in a workspace)", version=version)
    return text


def _what_changes(verdict: Verdict, wanted: ExternName) -> str:
    """What another version means for the code."""
    asked = verdict.name
    if _skew(verdict) == "prerelease":
        return say(
            "a candidate and its release may differ in functions and types: the bindings are made "
            "anew from the release's WIT"
        )
    if asked.track and wanted.track and asked.track != wanted.track:
        return say(
            "{package} {track} and {wanted_track} are different interfaces: the code that calls it "
            "changes too",
            package=asked.package,
            track=asked.track,
            wanted_track=wanted.track,
        )
    return ""


def _other_host(facts: Facts, file: WasmFile, verdict: Verdict) -> str:
    """Which versions of the host take the import as it is."""
    title = facts.host.profile.name
    takers = facts.skew.takers.get((file.path, verdict.name.text))
    if takers is None:
        return say("or use another host: `wasmdoctor hosts {title}` shows what each version has", title=title)
    if not takers:
        return say("no version of {title} known here takes it as it is", title=title)
    return say("or use {title} {ranges}, which takes it as it is", title=title, ranges=_ranges(takers))


def _ranges(takers: Sequence[HostRange]) -> str:
    return joined(say(" or "), map(str, takers)) if len(takers) < 4 else f"{takers[0]} ... {takers[-1]}"


def _flags(host: HostView, flags: tuple[str, ...]) -> str:
    return " ".join(host.profile.flag(flag).args or flag for flag in flags)


# -- two versions in one component


@dataclass(frozen=True, slots=True)
class PackageSkew:
    """A WASI package that a component imports at several versions: the imports by version, oldest first, and
    who brought each version."""

    package: str
    imports: Mapping[str, tuple[Verdict, ...]]
    brought: Mapping[str, tuple[Bringer, ...]] = field(default_factory=dict)

    @property
    def versions(self) -> tuple[str, ...]:
        """The versions, oldest first."""
        return tuple(self.imports)

    @property
    def twice(self) -> tuple[str, ...]:
        """The interfaces that are imported at more than one version."""
        seen: dict[str, int] = {}
        for verdicts in self.imports.values():
            for verdict in verdicts:
                seen[verdict.name.unversioned] = seen.get(verdict.name.unversioned, 0) + 1
        return tuple(sorted(name for name, count in seen.items() if count > 1))

    def only_adapter(self, version: str) -> bool:
        """Whether nobody but the adapter is known to ask for this version."""
        found = self.brought.get(version, ())
        return bool(found) and all(bringer.adapter for bringer in found)

    @property
    def by_adapter(self) -> bool:
        """Whether the versions differ because the adapter's is not that of all the rest."""
        rest = [version for version in self.versions if not self.only_adapter(version)]
        return len(rest) < 2 and len(rest) < len(self.versions)


def skewed(verdicts: Iterable[Verdict]) -> dict[str, dict[str, tuple[Verdict, ...]]]:
    """The WASI packages that are imported at more than one version: their imports by version, oldest first.

    Names without a version count as one. Instances that need nobody (types only) do not count.
    """
    found: dict[str, dict[str, list[Verdict]]] = {}
    for verdict in verdicts:
        name = verdict.name
        if name.kind == "interface" and name.namespace == "wasi" and verdict.status is not Status.OPTIONAL:
            found.setdefault(name.package or "", {}).setdefault(name.version or "", []).append(verdict)
    return {
        package: {version: tuple(versions[version]) for version in sorted(versions, key=version_order)}
        for package, versions in sorted(found.items())
        if len(versions) > 1
    }


def _skews(facts: Facts, file: WasmFile) -> Iterator[PackageSkew]:
    for package, imports in skewed(facts.verdicts.get(file.path, ())).items():
        brought = {
            version: tuple(
                dict.fromkeys(b for verdict in each for b in bringers(facts, file.path, verdict.name))
            )
            for version, each in imports.items()
        }
        yield PackageSkew(package, imports, brought)


def two_versions(facts: Facts) -> Iterator[Draft]:
    """WD109: one component imports a WASI package at several versions.

    Hosts that match by track link both to one implementation, so that is a note; a warning when one interface
    is there twice, since its resources are then two types inside the component: a handle from one cannot be
    given to functions of the other. A version that only the preview1 adapter asks for is WD111's.
    """
    for file in facts.components():
        for skew in _skews(facts, file):
            if skew.by_adapter and not skew.twice:
                continue
            parts = [_part(skew, version) for version in skew.versions]
            text = say(
                "`{package}` is imported at {count} versions: {names}",
                package=skew.package,
                count=len(parts),
                names=joined("; ", parts),
            )
            last = skew.imports[skew.versions[0]][0].name
            yield Draft(
                file.path,
                text,
                facts.place(file.path, last.text),
                last.text,
                help=joined("\n", _two_versions_help(facts, skew)),
                severity=Severity.WARNING if skew.twice else None,
            )


def _part(skew: PackageSkew, version: str) -> str:
    names = [f"`{verdict.name.interface}`" for verdict in skew.imports[version]]
    shown = ", ".join(names[:3]) + (say(" and {count} more", count=len(names) - 3) if len(names) > 3 else "")
    who = _who(skew.brought.get(version, ()))
    if who:
        return say("{version} ({shown}, from {who})", version=version or say("none"), shown=shown, who=who)
    return (version or say("none")) + joined("", (" (", shown, ")"))


def _who(found: Sequence[Bringer]) -> str:
    crates = tuple(sorted({crate for bringer in found for crate in bringer.crates}))
    parts = [Bringer(crates).words] if crates else []
    if any(bringer.adapter for bringer in found):
        parts.append(ADAPTER)
    return joined(say(" and "), parts)


def _two_versions_help(facts: Facts, skew: PackageSkew) -> Iterator[str]:
    tracks = {track(version) or f"={version}" for version in skew.versions}
    newest = skew.versions[-1]
    if len(tracks) == 1:
        yield say("bring all crates to {newest}: set it in their WIT and wit/deps", newest=newest) + (
            say(
                " (`wasmdoctor migrate --wasi {newest}` in a workspace), and update crates from a registry",
                newest=newest,
            )
            if skew.package in RETARGETED and tracks == {WASI_TRACK}
            else say(", and update crates from a registry")
        )
        if facts.host.name_rule == "exact":
            yield say(
                "{host} compares names as texts, so at most one of the versions links there",
                host=facts.host.id,
            )
        elif not skew.twice:
            yield say(
                "{host} gives both the same implementation: harmless there, unless composed with "
                "`wasm-tools compose`",
                host=facts.host.id,
            )
    else:
        yield say(
            "they are on different tracks, so the host must have both, and their types have nothing "
            "to do with each other"
        )
    if skew.twice:
        shown = ", ".join(f"`{name}`" for name in skew.twice[:3])
        there = (
            say("{names} are there twice", names=shown)
            if len(skew.twice) > 1
            else say("{name} is there twice", name=shown)
        )
        yield there + say(
            ": compose with `wac plug`, which merges versions of one track, or build the parts against one version"
        )


# -- WD111


def old_adapter(facts: Facts) -> Iterator[Draft]:
    """WD111: the preview1 adapter in a component is for another WASI release than is needed.

    Measured with wit-component 0.262 and the adapters of wasmtime 23 to 49: an adapter for an older release
    than the crates' WIT still encodes; its own imports then keep its version where the crates' world does not
    name the interface. That is an error when the host does not take the adapter's version (a release candidate,
    or a host that compares names as texts), and a note otherwise.
    """
    for file in facts.components():
        modules = facts.skew.modules.get(file.path, ())
        asked = _adapter_version(modules)
        if asked is None:
            continue
        refused = [
            verdict
            for verdict in facts.verdicts.get(file.path, ())
            if verdict.unprovided
            and verdict.match.kind == "version"
            and any(b.adapter for b in bringers(facts, file.path, verdict.name))
            and version_order(verdict.name.version)
            < version_order(ExternName.parse(wanted_offer(verdict).name).version)
        ]
        if refused:
            yield _refused_adapter(facts, file, asked, refused)
            continue
        if facts.host.name_rule == "exact":
            continue  # the host takes the adapter's version; that of the rest is WD102's
        newer = [
            version
            for skew in _skews(facts, file)
            if skew.by_adapter and skew.package in RETARGETED
            for version in skew.versions
            if not skew.only_adapter(version) and track(version) == track(asked)
        ]
        best = max(newer, key=version_order, default=asked)
        if version_order(best) > version_order(asked):
            yield _mixed_adapter(facts, file, asked, best)


def _adapter_version(modules: Iterable[ModuleCalls]) -> str | None:
    """The WASI release that the adapter is for: the newest version among its own imports (an adapter has names
    of older releases written into its source); None when there is no adapter."""
    found = [
        version
        for module in modules
        if module.role.value == "adapter"
        for call in module.calls
        if (version := ExternName.parse(call.module).version) and call.module.startswith("wasi:")
    ]
    return max(found, key=version_order, default=None)


def _adapter_of(facts: Facts, version: str) -> str:
    host = facts.skew.adapter_for(version)
    return (
        say("the one of wasmtime {host} or later", host=host)
        if host
        else say("one for WASI {version}", version=version)
    )


def _refused_adapter(facts: Facts, file: WasmFile, asked: str, refused: Sequence[Verdict]) -> Draft:
    names = [f"`{verdict.name.text}`" for verdict in refused]
    shown = ", ".join(names[:3]) + (say(" and {count} more", count=len(names) - 3) if len(names) > 3 else "")
    wanted = ExternName.parse(wanted_offer(refused[0]).name).version or ""
    return Draft(
        file.path,
        say(
            "{adapter} in this component is for WASI {asked}, and {host} does not take its imports: {shown}",
            adapter=ADAPTER,
            asked=asked,
            host=facts.host.id,
            shown=shown,
        ),
        Location(file.path),
        refused[0].name.text,
        help=say(
            "wrap the core module with a newer adapter, {adapter_of}: `wasm-tools component new "
            "core.wasm --adapt wasi_snapshot_preview1.reactor.wasm -o app.wasm`",
            adapter_of=_adapter_of(facts, wanted),
        ),
        severity=Severity.ERROR,
    )


def _mixed_adapter(facts: Facts, file: WasmFile, asked: str, newest: str) -> Draft:
    effect = say("hosts that match versions by track take both; nothing is missing for them")
    return Draft(
        file.path,
        say(
            "{adapter} in this component is for WASI {asked}, the rest asks for {newest}",
            adapter=ADAPTER,
            asked=asked,
            newest=newest,
        ),
        Location(file.path),
        help=say(
            "wrap the core module with a newer adapter, {adapter_of}, and all imports have one version",
            adapter_of=_adapter_of(facts, newest),
        )
        + "\n"
        + effect,
    )


# -- WD112


def deprecated(facts: Facts) -> Iterator[Draft]:
    """WD112: an import or export whose interface is gone, renamed, or was never released (rules/deprecated.toml).

    A draft that the host has is no finding: there is no release to take instead. Where the host has the
    interface it is a note, since it works there.
    """
    if not facts.skew.deprecated:
        return
    rows = _Rows(facts.skew.deprecated)
    for file in facts.files:
        for verdict in facts.verdicts.get(file.path, ()):
            if verdict.status is Status.OPTIONAL:
                continue
            missing = verdict.unprovided and verdict.match.kind in ("none", "version")
            yield from _deprecated(facts, file, verdict.name, rows, missing)
        for export in file.component.exports if file.component else ():
            yield from _deprecated(facts, file, ExternName.parse(export.name), rows, False, exported=True)
        for module in dict.fromkeys(item.module for item in file.module.imports) if file.module else ():
            yield from _deprecated(facts, file, ExternName.parse(module), rows, True)


class _Rows(dict[str, "Deprecated | None"]):
    """The row for each name, looked for once: components of one kind have the same imports."""

    def __init__(self, rows: Iterable[Deprecated]) -> None:
        super().__init__()
        self.rows = tuple(rows)

    def __missing__(self, text: str) -> Deprecated | None:
        name = ExternName.parse(text)
        found = self[text] = next((row for row in self.rows if row.covers(name)), None)
        return found


def _deprecated(
    facts: Facts, file: WasmFile, name: ExternName, rows: _Rows, missing: bool, *, exported: bool = False
) -> Iterator[Draft]:
    row = rows[name.text]
    if row is None or (row.status == "draft" and not missing):
        return
    done = say("exported") if exported else say("imported")
    yield Draft(
        file.path,
        say("`{name}` is {done}: {what}", name=name.text, done=done, what=phrase(row.what)),
        facts.place(file.path, name.text) if not exported else Location(file.path),
        name.text if name.kind == "interface" else "",
        help=say(
            "{instead} (source: {source})", instead=_instead(row.status, row.instead), source=row.source
        ),
        severity=None if missing or exported else Severity.NOTE,
        exported=exported,
    )


def _instead(status: str, successor: str) -> str:
    match status:
        case "renamed":
            return say("use `{successor}`, and make the bindings anew from its WIT", successor=successor)
        case "candidate":
            return say("take the WIT of the release, and make the bindings anew")
        case "draft":
            return say("build against exactly the draft that your host has, and expect to change it again")
        case _:
            return say("drop the calls, or get what they give in another way")
