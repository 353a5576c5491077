"""WD113: whether a host can start a component at all, by what it exports."""

from __future__ import annotations

from collections.abc import Iterator

from wasmdoctor.checks.facts import Draft, Facts, Origin, Starter
from wasmdoctor.model.finding import Status
from wasmdoctor.model.host import Entry, HostProfile, HostView
from wasmdoctor.model.names import ExternName
from wasmdoctor.model.rule import Severity
from wasmdoctor.model.source import Location
from wasmdoctor.model.text import joined, say
from wasmdoctor.model.wasm import Extern, ExternKind, WasmFile

CALLABLE = (ExternKind.INSTANCE, ExternKind.FUNC)
"""The kinds of exports that a host may call."""


def starts_components(profile: HostProfile) -> bool:
    """Whether anything is known of what a host calls: one without entries and commands says nothing."""
    entries = any(mode.entries for line in profile.lines for mode in line.modes.values())
    return bool(profile.starts) or entries


def callable_exports(file: WasmFile) -> list[str]:
    """The names of a component's exports that a host can call by name: functions, and interfaces.

    An instance under a plain name is neither (componentize-py makes one called ``exports``).
    """
    return [
        extern.name
        for extern in (file.component.exports if file.component else ())
        if extern.kind is ExternKind.FUNC
        or (extern.kind is ExternKind.INSTANCE and ExternName.parse(extern.name).kind == "interface")
    ]


def entry_of(file: WasmFile, host: HostView) -> Entry | None:
    """The export by which a host in its mode can start a component or call into it, or None.

    A host that calls functions by name finds those of exported interfaces as well (wasmtime-cli 33 to 50,
    src/commands/run.rs, ``search_component_funcs``; jco makes a JavaScript module of every export), as long
    as they are no methods: there is no resource to call them on.
    """
    if file.component is None:
        return None
    entry = host.entry(callable_exports(file))
    if entry is not None:
        return entry
    rule = next((rule for rule in host.start_rules if rule.export == "func"), None)
    if rule is None:
        return None
    known = _known_entries(host.profile)
    for extern in file.component.exports:
        name = ExternName.parse(extern.name).unversioned
        if extern.kind is ExternKind.INSTANCE and name not in known:
            function = next((f.name for f in extern.functions if not f.name.startswith("[")), None)
            if function is not None:
                return Entry(f"{extern.name}#{function}", (), rule)
    return None


def _known_entries(profile: HostProfile) -> frozenset[str]:
    """The interfaces (without version) that some mode of a host calls by itself."""
    entries = (p.name for line in profile.lines for mode in line.modes.values() for p in mode.entries)
    return frozenset(rule.export for rule in profile.starts) | {name.partition("@")[0] for name in entries}


def not_startable(facts: Facts) -> Iterator[Draft]:
    """WD113: no export of a component is one that the host can call.

    Nothing is said of components that others in the run import from: those are libraries, as is meant.
    """
    host = facts.host
    if not starts_components(host.profile):
        return
    providers = {
        verdict.provider
        for verdicts in facts.verdicts.values()
        for verdict in verdicts
        if verdict.status is Status.COMPONENT
    }
    for file in facts.components():
        component = file.component
        if component is None or component.problems or file.predicted or file.path in providers:
            continue
        if component.is_wit_package:
            yield Draft(
                file.path,
                say("this is a WIT package: it describes interfaces and worlds, and has nothing to start"),
                Location(file.path),
                help=say("give the component that was built from it"),
            )
        elif entry_of(file, host) is None:
            others = facts.starters.get(file.path, ())
            exports = [extern for extern in component.exports if extern.kind in CALLABLE]
            yield Draft(
                file.path,
                _message(host, exports, others),
                _asked_at(facts, file, exports),
                help=joined("\n", _help(host, exports, others)),
                severity=_severity(host, exports, others),
            )


def _asked_at(facts: Facts, file: WasmFile, exports: list[Extern]) -> Location:
    """The WIT line of an export, or the component's own world, which lacks one; the binary where neither is known.

    What came in with a library's world says nothing about the component's own.
    """
    own = [facts.export_origins.get((file.path, extern.name)) for extern in exports]
    for origin in own:
        if origin is not None and origin.line is not None and _is_own(origin):
            return origin.line
    for extern in file.component.imports if file.component else ():
        origin = facts.origins.get((file.path, extern.name))
        if origin is not None and _is_own(origin):
            for step in origin.steps:
                if step.kind == "world" and step.location.line:
                    return step.location
    return Location(file.path)


def _is_own(origin: Origin) -> bool:
    """Whether something comes from the component's own crate, and through no other."""
    return sum(step.kind == "crate" for step in origin.steps) == 1


def _is_library(exports: list[Extern], others: tuple[Starter, ...]) -> bool:
    """Whether a component exports interfaces that no host known calls: one for other components to import."""
    names = [ExternName.parse(extern.name) for extern in exports]
    called = any("#" not in other.export for other in others)
    own = all(name.kind == "interface" and name.namespace != "wasi" for name in names)
    return bool(exports) and own and not called


def _severity(host: HostView, exports: list[Extern], others: tuple[Starter, ...]) -> Severity:
    """An error where a person asked for this very mode; who names no mode may mean another one."""
    asked = host.spec.mode is not None or len(host.line.modes) == 1
    if _is_library(exports, others):
        return Severity.WARNING if asked else Severity.NOTE
    if asked:
        return Severity.ERROR
    return Severity.NOTE if any(other.relation == "mode" for other in others) else Severity.WARNING


def _message(host: HostView, exports: list[Extern], others: tuple[Starter, ...]) -> str:
    if not exports:
        return say(
            "{host} can start nothing in it: the component exports no function and no interface", host=host.id
        )
    shown = ", ".join(f"`{extern.name}`" for extern in exports[:3])
    more = say(" and {count} more", count=len(exports) - 3) if len(exports) > 3 else ""
    mode = (
        ""
        if host.spec.mode or len(host.line.modes) == 1
        else say(" with `{mode_name}`", mode_name=host.mode_name)
    )
    if _is_library(exports, others):
        return say(
            "{host} cannot start it{mode}: it exports only interfaces of its own ({shown}{more})",
            host=host.id,
            mode=mode,
            shown=shown,
            more=more,
        )
    return say(
        "{host} cannot start it{mode}: none of its exports is called there ({shown}{more})",
        host=host.id,
        mode=mode,
        shown=shown,
        more=more,
    )


def _help(host: HostView, exports: list[Extern], others: tuple[Starter, ...]) -> Iterator[str]:
    for other in others:
        if other.relation == "mode":
            command = say("start it with `{command}`, and ", command=other.command) if other.command else ""
            yield say(
                "{command}check it with `--host {other}`, which calls `{export}`",
                command=command,
                other=other.spec,
                export=other.export,
            )
    newer = [other for other in others if other.relation == "version"]
    if newer:
        yield say("{newer} starts it: it calls `{export}`", newer=newer[0].spec, export=newer[0].export)
    elsewhere = [other.spec for other in others if other.relation == "other"]
    if elsewhere:
        yield say("other hosts that start it: {names}", names=", ".join(elsewhere))
    if _is_library(exports, others):
        yield say(
            "compose it with a component that imports what it exports: `wasmdoctor compose APP.wasm IT.wasm`"
        )
    called = joined(say(" or "), _called(host))
    if called and not any(other.relation == "mode" for other in others):
        yield say("to be started by {host}, a component exports {called}", host=host.id, called=called)


def _called(host: HostView) -> Iterator[str]:
    """What the mode calls, in words."""
    entries = [p.name.partition("@")[0] for p in host.mode.entries if p.flags <= host.enabled]
    for name in dict.fromkeys(entries):
        yield f"`{name}`"
    if any(rule.export == "func" for rule in host.start_rules):
        yield say("a function")
