"""``hosts for`` and ``hosts diff``: components against every host known, and one host against another."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from pathlib import Path

from wasmdoctor.catalog import Catalog
from wasmdoctor.checks.entry import callable_exports, entry_of, starts_components
from wasmdoctor.checks.linking import Verdict, judge
from wasmdoctor.discover import Discovery, discover
from wasmdoctor.model.host import Entry, HostLine, HostProfile, HostView, Provision
from wasmdoctor.model.matrix import (
    Change,
    ChangeKind,
    HostDiff,
    Matrix,
    MatrixRow,
    Reason,
    Side,
    VersionRange,
)
from wasmdoctor.model.names import ExternName, version_order
from wasmdoctor.model.wasm import WasmFile
from wasmdoctor.pipeline.binaries import read_binaries

# -- hosts for ------------------------------------------------------------------------------------


def matrices(
    paths: Sequence[str], cwd: Path, catalog: Catalog, stdin: bytes | None = None
) -> tuple[tuple[Matrix, ...], tuple[WasmFile, ...]]:
    """For each component below the paths, what every host says; and the binaries that are no components.

    Components of the run provide for each other, as in ``check``. Raises DiscoverError and CatalogError.
    """
    found: Discovery = discover(paths, cwd, stdin=stdin)
    files = read_binaries(found)
    components = [file for file in files if file.component is not None]
    ranges: dict[str, list[MatrixRow]] = {file.path: [] for file in components}
    for profile in catalog.hosts():
        if not starts_components(profile) and not _provides(profile):
            continue  # `none` is no host to run on: the number of imports answers for it
        modes = sorted({mode for line in profile.lines for mode in line.modes})
        for mode in sorted(modes, key=lambda mode: mode != profile.default_mode):
            answers = [_answers(components, view) for view in _versions(profile, mode, catalog)]
            for file in components:
                row = tuple(_joined(answer[file.path] for answer in answers))
                ranges[file.path].append(MatrixRow(profile.name, mode, row, only_mode=len(modes) == 1))
    host = catalog.host("wasmtime")
    providers = judge(components, host)
    made = tuple(
        Matrix(
            file.path,
            tuple(extern.name for extern in file.component.exports) if file.component else (),
            len(file.component.imports) if file.component else 0,
            tuple(ranges[file.path]),
            tuple(sorted({v.provider for v in providers[file.path] if v.provider})),
        )
        for file in components
    )
    return made, tuple(file for file in files if file.component is None)


def _provides(profile: HostProfile) -> bool:
    return any(m.provides or m.plain for line in profile.lines for m in line.modes.values())


def _versions(profile: HostProfile, mode: str, catalog: Catalog) -> Iterator[tuple[HostView, str]]:
    """The host at each version from which on it may answer differently, and the last version of that kind."""
    for line in profile.lines:
        if mode not in line.modes:
            continue
        starts = _starts(profile, line, mode)
        for index, first in enumerate(starts):
            last = line.last if index + 1 == len(starts) else _before(starts[index + 1], first)
            spec = f"{profile.name}@{first}:{mode}" if first != "0" else f"{profile.name}:{mode}"
            yield catalog.host(spec), last


def _starts(profile: HostProfile, line: HostLine, mode: str) -> list[str]:
    """The first versions of the parts of a line: a way to start components may have come within it."""
    firsts = {rule.first for rule in profile.starts if rule.mode == mode and rule.first}
    inside = {f for f in firsts if _numbers(line.first) < _numbers(f) <= _numbers(line.last)}
    return sorted({line.first, *inside}, key=_numbers)


def _before(version: str, least: str) -> str:
    """The version before one that is a whole number; of others only ``least`` is known to be before it."""
    return str(int(version) - 1) if version.isdigit() else least


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))


def _answers(files: Sequence[WasmFile], at: tuple[HostView, str]) -> dict[str, VersionRange]:
    """What a version of a host says to each component."""
    view, last = at
    first = view.spec.version or "0"
    verdicts = judge(files, view)
    return {file.path: _answer(file, files, view, verdicts[file.path], first, last) for file in files}


def _answer(
    file: WasmFile,
    files: Sequence[WasmFile],
    view: HostView,
    verdicts: tuple[Verdict, ...],
    first: str,
    last: str,
) -> VersionRange:
    """Whether a host runs a component: as it is, with flags, or not, and then why."""
    entry = entry_of(file, view)
    reasons = [] if entry or not starts_components(view.profile) else [_no_entry(view)]
    needed = set(entry.flags) if entry else set()
    for _ in range(len(view.mode.flags) + 1):  # a flag that links an interface may leave a function wanting
        wanting = [verdict for verdict in verdicts if verdict.unprovided]
        flags = {flag for verdict in wanting for flag in _flags(verdict)}
        if not flags or flags <= needed & view.flags:
            break
        needed |= flags
        view = dataclasses.replace(view, flags=view.flags | needed)
        verdicts = judge(files, view)[file.path]
    reasons += [reason for verdict in verdicts if verdict.unprovided for reason in _reasons(verdict)]
    words = tuple(_words(view, flag) for flag in sorted(needed))
    if reasons:
        return VersionRange(first, last, "no", words, tuple(reasons))
    return VersionRange(
        first,
        last,
        "flags" if words else "runs",
        words,
        entry=entry.export if entry else "",
        command=_command(file, view, entry),
    )


def _command(file: WasmFile, view: HostView, entry: Entry | None) -> str:
    """How to start it, when the host has a command for that."""
    if entry is None or file.component is None or "#" in entry.export:
        return ""
    imports = {extern.name: [f.name for f in extern.functions] for extern in file.component.imports}
    start = view.start(file.path, imports, callable_exports(file))
    return start.command if start and start.mode == view.mode_name else ""


def _flags(verdict: Verdict) -> set[str]:
    """The flags that would provide an import, when flags alone would."""
    if verdict.match.kind == "flag":
        return set(verdict.match.needs_flag)
    lacking = verdict.missing if verdict.match.linked and not verdict.mistyped else ()
    if all(missing.needs_flag for missing in lacking):
        return {flag for missing in lacking for flag in missing.needs_flag}
    return set()


def _words(view: HostView, name: str) -> str:
    """A flag as the host's command line takes it, or what it is when it is no word of a command."""
    flag = view.profile.flag(name)
    return flag.args or f"{flag.kind} {name}"


def _no_entry(view: HostView) -> Reason:
    """The reason of a component that exports nothing that the mode calls."""
    names = list(dict.fromkeys(p.name.partition("@")[0] for p in view.mode.entries))
    if any(rule.export == "func" for rule in view.start_rules):
        names.append("a function")
    wanted = " or ".join(names) or "what this host calls"
    return Reason("entry", wanted, f"it does not export {wanted}")


def _reasons(verdict: Verdict) -> Iterator[Reason]:
    """What of an import is wanting."""
    name = verdict.extern.name
    match = verdict.match
    if match.kind == "version":
        have = ", ".join(offer.name.partition("@")[2] or "no version" for offer in match.offers)
        yield Reason("version", name, f"{name}: the host has {have}")
    elif not match.linked:
        yield Reason("import", name, f"{name}: the host has no such {_thing(verdict)}")
    for missing in verdict.missing if match.linked else ():
        yield Reason(missing.kind, f"{name}#{missing.name}", f"{name} has no {missing.kind} {missing.name}")
    for mistyped in verdict.mistyped if match.linked else ():
        yield Reason("type", f"{name}#{mistyped.name}", f"{name}: {mistyped.name} has another type")


def _thing(verdict: Verdict) -> str:
    return "interface" if verdict.name.kind == "interface" else verdict.extern.kind.value


def _joined(ranges: Iterable[VersionRange]) -> Iterator[VersionRange]:
    """Neighbours that say the same as one."""
    for _, same in groupby(ranges, key=lambda r: (r.outcome, r.flags, r.reasons, r.entry, r.command)):
        first, *others = same
        yield dataclasses.replace(first, last=others[-1].last if others else first.last)


# -- hosts diff -----------------------------------------------------------------------------------


def diffs(before: str, after: str, flags: Sequence[str], catalog: Catalog) -> tuple[HostDiff, ...]:
    """How one host becomes the other: in the mode that is named, else in each mode that both have.

    Raises HostError for unknown hosts and flags; a flag is given to each host that knows it.
    """
    from wasmdoctor.pipeline.multihost import asked_hosts

    one, other = (catalog.host(spec) for spec in (before, after))
    if flags and one.id != other.id:
        (one, other), _ = asked_hosts((before, after), flags, catalog)
    modes = sorted(set(one.line.modes) & set(other.line.modes), key=lambda mode: mode != one.mode_name)
    if one.spec.mode or other.spec.mode or not modes:
        return (_diff(one, other),)
    return tuple(_diff(one.in_mode(mode), other.in_mode(mode)) for mode in modes)


def _diff(before: HostView, after: HostView) -> HostDiff:
    interfaces, same = _changes(_offers(before), _offers(after))
    entries, _ = _changes(_entries(before), _entries(after))
    flags, _ = _changes(_flag_sides(before), _flag_sides(after))
    return HostDiff(
        before.id,
        after.id,
        (before.name_rule, after.name_rule),
        interfaces,
        tuple(_function_changes(before, after)),
        flags,
        entries,
        same,
    )


Sides = dict[str, tuple[Side, ...]]
"""What a host has, by what is compared: an interface on one semver track, a function, an entry, a flag."""


def _sides(provisions: Iterable[Provision], view: HostView) -> Sides:
    """Provisions by what is compared, each with the flags that it needs, oldest version first."""
    found: dict[str, dict[Side, None]] = {}
    for provision in provisions:
        words = tuple(_words(view, flag) for flag in sorted(provision.flags - view.enabled))
        found.setdefault(_compared(provision.name), {})[Side(provision.name, words)] = None
    return {
        name: tuple(sorted(sides, key=lambda s: (version_order(s.name.partition("@")[2]), s.flags)))
        for name, sides in found.items()
    }


def _compared(name: str) -> str:
    """An interface's name with its semver track; release candidates and drafts of a release go together."""
    parsed = ExternName.parse(name)
    if parsed.kind != "interface" or not parsed.version:
        return name
    return f"{parsed.unversioned}@{parsed.track or parsed.version.partition('-')[0] + '-'}"


def _offers(view: HostView) -> Sides:
    return _sides((*view.mode.provides, *view.mode.plain), view)


def _entries(view: HostView) -> Sides:
    entries = _sides(view.mode.entries, view)
    if any(rule.export == "func" for rule in view.start_rules):
        entries["a function"] = (Side("a function"),)
    return entries


def _flag_sides(view: HostView) -> Sides:
    """The flags that the command takes, by what is typed."""
    words = (_words(view, name) for name in view.profile.known_flags(view.line))
    return {word: (Side(word),) for word in words}


def _changes(before: Sides, after: Sides) -> tuple[tuple[Change, ...], int]:
    """The items that differ, and how many do not."""
    changes: list[Change] = []
    for item in sorted(before.keys() | after.keys()):
        one, other = before.get(item, ()), after.get(item, ())
        if one != other:
            kind: ChangeKind = "changed" if one and other else "added" if other else "removed"
            changes.append(Change(item.partition("@")[0], kind, one, other))
    return tuple(changes), len(before.keys() | after.keys()) - len(changes)


def _function_changes(before: HostView, after: HostView) -> Iterator[Change]:
    """Functions of the interfaces that both have, each at its newest version, flags or not."""
    ours, theirs = _offers(before), _offers(after)
    for item in sorted(ours.keys() & theirs.keys()):
        one, other = _functions(before, ours[item][-1]), _functions(after, theirs[item][-1])
        if one is not None and other is not None:
            for change in _changes(one, other)[0]:
                if _really(change):
                    yield dataclasses.replace(change, item=f"{theirs[item][-1].name}#{change.item}")


def _really(change: Change) -> bool:
    """Whether a function differs in more than that only one host's facts have its signature."""
    if change.kind != "changed":
        return True
    (one,), (other,) = change.before, change.after
    return one.flags != other.flags or bool(one.name and other.name)


def _functions(view: HostView, side: Side) -> Sides | None:
    """The functions of an interface of a host, with their signatures where known; None when nothing is known."""
    facts = view.facts_of(side.name)
    have = view.functions_of(side.name)
    if facts is None or have is None:
        return None
    types = facts.types.functions if facts.types else {}
    found: Sides = {name: (Side(types.get(name, "")),) for name in have}
    for provision in view.mode.functions:
        interface, _, name = provision.name.partition("#")
        if interface == side.name and name not in found:
            words = tuple(_words(view, flag) for flag in sorted(provision.flags - view.enabled))
            found[name] = (Side(types.get(name, ""), words),)
    return found


def unstartable(matrix: Matrix) -> bool:
    """Whether no host known runs a component."""
    return not any(row.running for row in matrix.rows)
