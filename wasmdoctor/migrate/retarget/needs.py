"""What the workspace's own code uses of the standard, and whether a release has it."""

from __future__ import annotations

from collections.abc import Iterator

from wasmdoctor.graph.rustnames import camel, snake
from wasmdoctor.migrate.retarget.inputs import RetargetInputs, RustCode
from wasmdoctor.migrate.retarget.texts import Key
from wasmdoctor.model.binding import Certainty
from wasmdoctor.model.host import InterfaceFacts
from wasmdoctor.model.names import ExternName
from wasmdoctor.model.record import dataclass
from wasmdoctor.model.retarget import Obstacle, is_release
from wasmdoctor.model.source import Location


@dataclass(frozen=True, slots=True)
class Need:
    """A function (as encoded) of a standard interface (without version) that code uses, or exports, and where.

    ``named`` when the place is that of the code itself, and not only of the bindings.
    """

    interface: str
    function: str
    location: Location
    exported: bool = False
    named: bool = False


def needs(inputs: RetargetInputs) -> Iterator[Need]:
    """Every function of WASI 0.2 that the workspace's own code names or is predicted to call, or has to export."""
    for code in inputs.code:
        yield from _named(code)
        yield from _predicted(code)
        yield from _exported(code)


def _named(code: RustCode) -> Iterator[Need]:
    """Functions that code names, whether it is ever called or not: it must compile."""
    for site in code.program.use_sites:
        names = code.names.get(site.bindings)
        called = names.called(site.relative) if names is not None else None
        if called is not None and code.crate_ids.get(site.crate) in code.own:
            yield from _need(called[0], called[1], site.location, named=True)


def _predicted(code: RustCode) -> Iterator[Need]:
    """Functions that the prediction says are called: methods too, whose receivers it follows."""
    for predicted in code.prediction.imports.values():
        for carrier in predicted.carriers:
            if carrier.certainty is Certainty.UNUSED or carrier.binding.crate not in code.own:
                continue
            for function in carrier.functions:
                yield from _need(carrier.name, function, carrier.binding.location)


def _exported(code: RustCode) -> Iterator[Need]:
    for binding in code.bindings:
        if binding.crate in code.own and binding.compiled is not False:
            for item in binding.exports.values():
                for function in item.functions:
                    yield from _need(item.name, function, binding.location, exported=True)


def _need(
    name: str, function: str, location: Location, *, exported: bool = False, named: bool = False
) -> Iterator[Need]:
    parsed = ExternName.parse(name)
    if parsed.kind == "interface" and is_release(parsed.package or "", parsed.version):
        yield Need(parsed.unversioned, function, location, exported, named)


def missing_functions(inputs: RetargetInputs, target: str, removed: set[Key]) -> Iterator[Obstacle]:
    """What is needed and not there at the release: by the facts, and by what goes out of the copies."""
    told: set[tuple[str, str]] = set()
    for need in sorted(needs(inputs), key=lambda need: (not need.named, need.exported, need.location)):
        key = (need.interface, need.function)
        why = _why_not(inputs, need, target, removed)
        if why and key not in told:
            told.add(key)
            does = "exports" if need.exported else "uses"
            yield Obstacle(need.location, f"this {does} `{need.interface}#{need.function}`: {why}")


def _why_not(inputs: RetargetInputs, need: Need, target: str, removed: set[Key]) -> str:
    """Why a function cannot be had at a release, or ""."""
    package, _, interface = need.interface.partition("/")
    resource = need.function.rpartition("]")[2].partition(".")[0] if need.function.startswith("[") else ""
    keys = {(package, "", interface), (package, interface, need.function), (package, interface, resource)}
    facts = inputs.facts.interfaces.get(need.interface)
    since = _since(facts, need.function)
    if facts is not None and need.function in facts.functions:
        whole = facts.gate is not None and not facts.gate.exists(target)
        if whole or need.function not in facts.functions_at(target):
            return f"WASI {target} does not have it ({since})"
    if keys & removed:
        return f"WASI {target} does not have it{f' ({since})' if since else ''}"
    return ""


def _since(facts: InterfaceFacts | None, function: str) -> str:
    gate = (facts.gates.get(function) or facts.gate) if facts is not None else None
    if gate is None or not gate.since:
        return ""
    if not gate.feature:
        return f"since {gate.since}"
    stable = f", stable since {gate.stable}" if gate.stable else ", never stable"
    return f"behind the feature `{gate.feature}` since {gate.since}{stable}"


def missing_types(inputs: RetargetInputs, target: str, removed: set[Key]) -> Iterator[Obstacle]:
    """Code that names a type, interface or world's module which goes out of the copies."""
    wanted = {
        (
            *(snake(part) for part in package.split(":")),
            snake(owner),
            camel(name),
        ): f"{package}/{owner}#{name}"
        for package, owner, name in removed
        if owner and not name.startswith("[")
    }
    told: set[str] = set()
    for code in inputs.code if wanted else ():
        for site in code.program.use_sites:
            relative = site.relative[1:] if site.relative[:1] == ("exports",) else site.relative
            what = wanted.get(relative[:4])
            if what and what not in told and code.crate_ids.get(site.crate) in code.own:
                told.add(what)
                yield Obstacle(
                    site.location, f"this uses the type `{what}`, which WASI {target} does not have yet"
                )
