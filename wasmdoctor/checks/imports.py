"""Rules about a component's imports: nobody provides them, or not in this version, or not all of them."""

from __future__ import annotations

from collections.abc import Iterator

from wasmdoctor.checks.facts import Draft, Facts
from wasmdoctor.checks.linking import NearProvider, Verdict
from wasmdoctor.checks.lookalike import lookalikes
from wasmdoctor.model.host import HostView, Missing
from wasmdoctor.model.names import Version
from wasmdoctor.model.source import Location
from wasmdoctor.model.text import joined, phrase, say
from wasmdoctor.model.wasm import WasmFile


def _unprovided(facts: Facts) -> Iterator[tuple[WasmFile, Verdict]]:
    """Imports that neither the host nor a component provides, in the order of the binaries."""
    for file in facts.components():
        for verdict in facts.verdicts.get(file.path, ()):
            if verdict.unprovided:
                yield file, verdict


def _names(items: tuple[str, ...], limit: int = 4) -> str:
    shown = ", ".join(f"`{item}`" for item in items[:limit])
    more = len(items) - limit
    return say("{shown} and {more} more", shown=shown, more=more) if more > 0 else shown


def _host_name(host: HostView) -> str:
    return host.id


def nonstandard(facts: Facts) -> Iterator[Draft]:
    """WD101: an import that no host interface and no component of the run provides."""
    for file, verdict in _unprovided(facts):
        if verdict.match.kind != "none" or verdict.name.kind == "plain":
            continue
        if any(near.mistyped for near in verdict.near):
            continue  # WD110 says more
        if (file.path, verdict.name.text) in facts.std:
            continue  # WD116 says more
        extern = verdict.extern
        name = verdict.name.text
        kind = extern.kind.value
        message = say(
            "nobody provides `{name}`: {host_name} has no such interface",
            name=name,
            host_name=_host_name(facts.host),
        )
        if not facts.host.mode.provides and not facts.host.label:
            message = say(
                "nobody provides `{name}`: with the host `{host}` a component gets nothing",
                name=name,
                host=facts.host.id,
            )
        if verdict.name.kind != "interface":
            message = say("nobody provides the {kind} `{name}`", kind=kind, name=name)
        elif extern.kind != "instance":
            message = say(
                "nobody provides `{name}`: it is imported as a {kind}, and hosts provide instances",
                name=name,
                kind=kind,
            )
        yield Draft(
            file.path,
            message,
            facts.place(file.path, name),
            name,
            help=joined("\n", [*map(_near_help, verdict.near), *_nonstandard_help(verdict, facts)]),
            related=_elsewhere(file, facts.place(file.path, name)),
        )


def _nonstandard_help(verdict: Verdict, facts: Facts) -> Iterator[str]:
    package = verdict.name.package or ""
    homes = facts.homes.get(verdict.name.text, ())
    if len(homes) > 1:
        yield say("other hosts have it: {names}", names=", ".join(home.id for home in homes))
    elif homes:
        home = homes[0]
        options = "".join(f" --host-flag {flag}" for flag in home.flags)
        yield say(
            "{id} has it: check with `--host {name}{options}`", id=home.id, name=home.name, options=options
        )
    if package.startswith("wasi:") and not facts.host.mode.provides:
        yield say(
            "Rust's std and the preview1 adapter bring WASI with them: build for "
            "wasm32-unknown-unknown, or compose with a component that exports it"
        )
    elif package.startswith("wasi:"):
        if homes:
            return
        yield say(
            "check the spelling against the standard, or ask for a host that has it: `wasmdoctor "
            "hosts` lists them"
        )
    else:
        yield say(
            "link the library that imports it as plain Rust (plan a), call standard WASI there "
            "instead (plan c), or compose with a component that exports it (plan b)"
        )


def _near_help(near: NearProvider) -> str:
    if near.lacks:
        return say(
            "{path} exports `{export}` but lacks {names}",
            path=near.path,
            export=near.export,
            names=_names(near.lacks),
        )
    if near.mistyped:
        names = _names(tuple(each.name for each in near.mistyped))
        return say(
            "{path} exports `{export}` with other types of {names}",
            path=near.path,
            export=near.export,
            names=names,
        )
    return say(
        "{path} exports `{export}`, which is on another version track", path=near.path, export=near.export
    )


def _elsewhere(file: WasmFile, location: Location) -> tuple[tuple[Location, str], ...]:
    return () if location.path == file.path else ((Location(file.path), say("imported by this component")),)


def look_alike(facts: Facts) -> Iterator[Draft]:
    """WD103: a nonstandard import that resembles a standard interface."""
    for file, verdict in _unprovided(facts):
        if verdict.match.kind != "none" or verdict.name.kind == "plain":
            continue
        if (file.path, verdict.name.text) in facts.std:
            continue  # it is the standard's own
        best = next(iter(lookalikes(verdict.name, verdict.extern, facts.lookalikes, facts.standard)), None)
        if best is None:
            continue
        pairs = ", ".join(f"`{ours}` ~ `{theirs}`" for ours, theirs in best.functions[:2])
        more = say(" and {count} more", count=len(best.functions) - 2) if len(best.functions) > 2 else ""
        functions = say("; functions that match: {pairs}{more}", pairs=pairs, more=more) if pairs else ""
        yield Draft(
            file.path,
            say(
                "`{verdict}` looks like the standard `{interface}` (score {score}){functions}",
                verdict=verdict.name.text,
                interface=best.interface,
                score=f"{best.score:.2f}",
                functions=functions,
            ),
            facts.place(file.path, verdict.name.text),
            verdict.name.text,
            help=phrase(best.about),
        )


PLAIN_NAME_HELP = say(
    "remove it from the world, give it an interface with a package and version that a "
    "component can export, or run it in a host of your own that defines it"
)


def plain_name(facts: Facts) -> Iterator[Draft]:
    """WD104: an import by a plain name, which no host defines."""
    for file, verdict in _unprovided(facts):
        if verdict.name.kind != "plain" or verdict.match.kind != "none":
            continue
        extern = verdict.extern
        what = {
            "func": say("the function"),
            "instance": say("the inline interface"),
            "type": say("the resource"),
        }.get(extern.kind.value, say("the {kind}", kind=extern.kind.value))
        signature = extern.functions[0].signature if extern.kind == "func" and extern.functions else ""
        yield Draft(
            file.path,
            say(
                "{what} `{extern}` is imported by a plain name, which {host_name} does not define",
                what=what,
                extern=extern.name,
                host_name=_host_name(facts.host),
            )
            + (f": {signature}" if signature else ""),
            Location(file.path),
            extern.name,
            help=joined("\n", [*map(_near_help, verdict.near), PLAIN_NAME_HELP]),
        )


def function_missing(facts: Facts) -> Iterator[Draft]:
    """WD115: the host has the interface, but not a function or resource that the component uses of it."""
    for file, verdict in _unprovided(facts):
        without_flag = tuple(m for m in verdict.missing if not m.needs_flag)
        if not verdict.match.linked or not without_flag:
            continue
        names = _names(tuple(m.name for m in without_flag))
        yield Draft(
            file.path,
            say(
                "{host_name} has `{provided}`, but without {names}",
                host_name=_host_name(facts.host),
                provided=verdict.match.provided,
                names=names,
            ),
            facts.place(file.path, verdict.name.text),
            verdict.name.text,
            help=joined(
                "\n",
                [
                    *_missing_signatures(verdict, without_flag),
                    _missing_help(facts, file, verdict, without_flag),
                ],
            ),
            related=_elsewhere(file, facts.place(file.path, verdict.name.text)),
        )


def _missing_signatures(verdict: Verdict, missing: tuple[Missing, ...], limit: int = 4) -> Iterator[str]:
    """What the component imports under the names that are missing, and since when WIT has it."""
    signatures = {function.name: function.signature for function in verdict.extern.functions}
    for each in missing[:limit]:
        signature = signatures.get(each.name, "")
        what = (
            say("it is a resource")
            if each.kind == "resource"
            else say("`{each}` is imported as {signature}", each=each.name, signature=signature)
        )
        if each.kind == "function" and not signature:
            what = say("`{each}` is a function", each=each.name)
        package = (verdict.name.package or "").partition("@")[0]
        yield what + (
            say("; {package} has it since {since}", package=package, since=each.gate.since)
            if each.gate and each.gate.since
            else ""
        )


def _missing_help(facts: Facts, file: WasmFile, verdict: Verdict, missing: tuple[Missing, ...]) -> str:
    """Which versions of the host have it, or why none has."""
    host = facts.host.profile.name
    takers = facts.skew.takers.get((file.path, verdict.name.text), ())
    if takers:
        return say(
            "needs {host} {names}; or drop the call, and the import goes with it",
            host=host,
            names=joined(say(" or "), map(str, takers)),
        )
    gates = sorted({m.gate.feature for m in missing if m.gate and m.gate.feature})
    if gates:
        return say(
            "it is unstable in WIT (feature {names}), and no version of {host} known here links it: "
            "drop the call",
            names=", ".join(gates),
            host=host,
        )
    asked = Version.parse(verdict.name.version or "")
    provided = Version.parse((verdict.match.provided or "").partition("@")[2])
    if asked and provided and asked > provided:
        return say(
            "the component was built against a newer {package} than any {host} known here has: drop the call",
            package=verdict.name.package,
            host=host,
        )
    return say(
        "no version of the standard known here has it: check the WIT that the component was built against"
    )


def needs_flag(facts: Facts) -> Iterator[Draft]:
    """WD114: the host links the import, or a function of it, only when started with a flag."""
    for file, verdict in _unprovided(facts):
        match = verdict.match
        flagged = tuple(m for m in verdict.missing if m.needs_flag)
        if match.kind == "flag":
            flags = match.needs_flag
            what = f"`{verdict.name.text}`"
        elif match.linked and flagged and len(flagged) == len(verdict.missing):
            flags = tuple(sorted({flag for m in flagged for flag in m.needs_flag}))
            what = say(
                "{names} of `{verdict}`",
                names=_names(tuple(m.name for m in flagged)),
                verdict=verdict.name.text,
            )
        else:
            continue
        words = _flag_words(facts.host, flags)
        yield Draft(
            file.path,
            say(
                "{host_name} links {what} only with `{words}`",
                host_name=_host_name(facts.host),
                what=what,
                words=words,
            ),
            facts.place(file.path, verdict.name.text),
            verdict.name.text,
            help=say("start the host with `{words}`; tell wasmdoctor with ", words=words)
            + " ".join(f"`--host-flag {flag}`" for flag in flags),
        )


def _flag_words(host: HostView, flags: tuple[str, ...]) -> str:
    """Flags as they stand on the host's command line."""
    return " ".join(host.profile.flag(flag).args or flag for flag in flags)
