"""Parameters: for each role, what a function was given as the runtime wants it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from wasmdoctor.migrate.bridge.addresses import LOOKUP_IMPORTS, address_in, ip_in
from wasmdoctor.migrate.bridge.names import camel
from wasmdoctor.migrate.bridge.roles import (
    DURATION,
    FAMILY,
    INTEGERS,
    KIND,
    SOCKET_ADDR,
    UNSIGNED,
    Given,
    Roles,
    Rust,
    indent,
    receiver,
)
from wasmdoctor.model.record import replace

Taker = Callable[[Roles, Given, frozenset[str], str], "Rust | None"]


def _take_bytes(roles: Roles, given: Given, context: frozenset[str], role: str) -> Rust | None:
    named = roles.named(role, given)
    if roles.is_bytes(given.shape):
        return Rust(roles.borrowed(given), score=2 if named else 1.5)
    if given.shape.kind == "string" and named:
        return Rust(f"{receiver(roles.borrowed(given))}.as_bytes()", score=1)
    return None


def _take_text(roles: Roles, given: Given, context: frozenset[str], role: str) -> Rust | None:
    if given.shape.kind != "string":
        return None
    return Rust(roles.borrowed(given), score=2 if roles.named(role, given) else 0.5)


def _take_count(roles: Roles, given: Given, context: frozenset[str], role: str) -> Rust | None:
    if given.words & roles.words.params["timeout"] or "port" in given.words:
        return None
    score = 2 if roles.named(role, given) else 0.5
    if given.shape.kind == "option":
        inner = roles.argument(given.shape)
        if inner is None or inner.kind not in UNSIGNED:
            return None
        return Rust(f"{roles.value(given)}.map_or(u64::MAX, u64::from)", score=score)
    made = roles.number(given)
    return replace(made, score=score) if made else None


def _take_backlog(roles: Roles, given: Given, context: frozenset[str], role: str) -> Rust | None:
    if given.shape.kind == "option":
        inner = roles.argument(given.shape)
        if inner is None or inner.kind not in UNSIGNED:
            return None
        return Rust(f"{roles.value(given)}.map(u64::from)")
    made = _take_count(roles, given, context, "count")
    if made is None or made.fails:
        return None
    return replace(made, code=f"Some({made.code})")


def _take_port(roles: Roles, given: Given, context: frozenset[str], role: str) -> Rust | None:
    if "port" not in given.words and given.shape.kind != "u16":
        return None
    made = roles.number(given, "u16")
    return replace(made, score=2) if made else None


def _take_local_port(roles: Roles, given: Given, context: frozenset[str], role: str) -> Rust | None:
    made = _take_port(roles, given, context, role)
    if made is None:
        return None
    front = f"{SOCKET_ADDR}::from((::std::net::Ipv4Addr::UNSPECIFIED, "
    if made.fails:
        return replace(made, code=f"{made.code}.map(|port| {front}port)))", score=1)
    return replace(made, code=f"{front}{made.code}))", score=1)


def _take_host(roles: Roles, given: Given, context: frozenset[str], role: str) -> Rust | None:
    if given.shape.kind != "string":
        return None
    return Rust(roles.borrowed(given), score=2 if roles.named(role, given) else 0.5)


def _take_endpoint(roles: Roles, given: Given, context: frozenset[str], role: str) -> Rust | None:
    if given.shape.kind != "string" or not roles.named(role, given):
        return None
    return Rust(roles.borrowed(given), score=1)


def _take_remote(roles: Roles, given: Given, context: frozenset[str], role: str) -> Rust | None:
    made = address_in(roles, given, remote=True)
    if made is not None:
        return replace(made, score=2)
    endpoint = _take_endpoint(roles, given, context, "endpoint")
    if endpoint is None:
        return None
    call = f"{{runtime}}::lookup::remote_of({endpoint.code})"
    return Rust(call, True, 1, LOOKUP_IMPORTS, ("lookup",))


def _take_remotes(roles: Roles, given: Given, context: frozenset[str], role: str) -> Rust | None:
    made = address_in(roles, given, remote=True)
    if made is not None:
        if made.fails:
            return replace(made, code=f"{made.code}.map(|remote| [remote])", score=2)
        return replace(made, code=f"[{made.code}]", score=2)
    endpoint = _take_endpoint(roles, given, context, "endpoint")
    if endpoint is None:
        return None
    call = f"{{runtime}}::lookup::remotes_of({endpoint.code})"
    return Rust(call, True, 1, LOOKUP_IMPORTS, ("lookup",))


def _take_local(roles: Roles, given: Given, context: frozenset[str], role: str) -> Rust | None:
    made = address_in(roles, given, remote=False)
    if made is not None:
        return replace(made, score=2)
    if given.shape.kind == "string" and roles.named("endpoint", given):
        text = roles.borrowed(given)
        parse = f"{receiver(text)}.parse::<{SOCKET_ADDR}>().map_err(|_| {KIND}::InvalidArgument)"
        return Rust(parse, True, 1, runtime=("error",))
    return None


def _take_ip(roles: Roles, given: Given, context: frozenset[str], role: str) -> Rust | None:
    return ip_in(roles, given)


def _take_timeout(roles: Roles, given: Given, context: frozenset[str], role: str) -> Rust | None:
    """A time of which zero or none is for ever, in milliseconds when no name tells a unit."""
    about_time = roles.words.params["timeout"] | frozenset().union(*roles.words.units.values())
    if not given.words & about_time and not context & about_time:
        return None
    unit = roles.unit(given.words, context, otherwise="")
    score = 2 if given.words & about_time else 0.5
    notes = () if unit else (f"`{given.name}` is taken for milliseconds",)
    inner = roles.argument(given.shape) if given.shape.kind == "option" else given.shape
    if inner is None or inner.kind not in UNSIGNED:
        return None
    if given.shape.kind == "option":
        made = _duration(inner.kind, "time", unit or "ms")
        code = f"{roles.value(given)}.and_then(|time| {{runtime}}::wait::limit({made}))"
    else:
        code = f"{{runtime}}::wait::limit({_duration(inner.kind, roles.value(given), unit or 'ms')})"
    return Rust(code, False, score, runtime=("wait",), notes=notes)


def _take_duration(roles: Roles, given: Given, context: frozenset[str], role: str) -> Rust | None:
    """A time whose unit a name tells; a type named ``duration`` is that of wasi:clocks, in nanoseconds."""
    if given.shape.kind not in UNSIGNED:
        return None
    of_clocks = "ns" if "duration" in given.shape.names else ""
    unit = roles.unit(given.words, context, otherwise=of_clocks)
    if not unit:
        return None
    made = _duration(given.shape.kind, roles.value(given), unit)
    return Rust(made, score=2 if roles.named(role, given) else 0.5)


def _duration(kind: str, code: str, unit: str) -> str:
    name = {"s": "from_secs", "ms": "from_millis", "us": "from_micros", "ns": "from_nanos"}[unit]
    return f"{DURATION}::{name}({code if kind == 'u64' else f'u64::from({code})'})"


def _take_flag(roles: Roles, given: Given, context: frozenset[str], role: str) -> Rust | None:
    return Rust(roles.value(given)) if given.shape.kind == "bool" else None


def _take_family(roles: Roles, given: Given, context: frozenset[str], role: str) -> Rust | None:
    cases = roles.cases("family", given.shape)
    if cases:
        arms = [
            f"{roles.type_path(given.shape)}::{camel(name)} => Some({FAMILY}::{case}),"
            for name, case in cases.items()
        ]
        if len(cases) < len(given.shape.members):
            arms.append("_ => None,")
        return Rust(f"match {given.code} {{\n{indent(arms)}\n}}", score=2, runtime=("net",))
    if given.shape.kind == "bool" and given.words & {"ipv6", "v6"}:
        code = f"Some(if {roles.value(given)} {{ {FAMILY}::V6 }} else {{ {FAMILY}::V4 }})"
        return Rust(code, score=2, runtime=("net",))
    return None


def _take_shutdown(roles: Roles, given: Given, context: frozenset[str], role: str) -> Rust | None:
    cases = roles.cases("shutdown", given.shape)
    if len(cases) < len(given.shape.members) or not cases:
        return None
    arms = [
        f"{roles.type_path(given.shape)}::{camel(name)} => ::std::net::Shutdown::{case},"
        for name, case in cases.items()
    ]
    return Rust(f"match {given.code} {{\n{indent(arms)}\n}}", score=2)


def _take_instant(roles: Roles, given: Given, context: frozenset[str], role: str) -> Rust | None:
    """Nanoseconds of the monotonic clock: ``u64``, in nanoseconds unless a name says otherwise."""
    if given.shape.kind != "u64" or roles.unit(given.words, context, otherwise="ns") != "ns":
        return None
    return Rust(roles.value(given), score=2 if roles.named(role, given) else 0.5)


def _take_change(roles: Roles, given: Given, context: frozenset[str], role: str) -> Rust | None:
    kind, code = given.shape.kind, roles.value(given)
    score = 2 if roles.named(role, given) else 0.5
    if kind == "s64":
        return Rust(code, score=score)
    if kind in INTEGERS and kind != "u64":
        return Rust(f"i64::from({code})", score=score)
    if kind == "u64":
        return Rust(f"i64::try_from({code}).map_err(|_| {KIND}::TooLarge)", True, score, runtime=("error",))
    return None


def _take_level(roles: Roles, given: Given, context: frozenset[str], role: str) -> Rust | None:
    if given.shape.kind == "string" and roles.named(role, given):
        return Rust(f"{{runtime}}::log::Level::named({roles.borrowed(given)})", score=2)
    cases = roles.cases("level", given.shape)
    if not cases:
        return None
    path = roles.type_path(given.shape)
    arms = [
        f"{path}::{camel(name)} => Some({{runtime}}::log::Level::{case})," for name, case in cases.items()
    ]
    if len(cases) < len(given.shape.members):
        arms.append("_ => None,")
    return Rust(f"match {given.code} {{\n{indent(arms)}\n}}", score=2)


def _take_method(roles: Roles, given: Given, context: frozenset[str], role: str) -> Rust | None:
    if given.shape.kind == "string" and roles.named(role, given):
        return Rust(roles.borrowed(given), score=2)
    known = roles.words.cases["method"]
    path = roles.type_path(given.shape) if given.shape.definition else ""
    arms: list[str] = []
    place = "field" if roles.copies(given.shape) else "ref"
    for member in given.shape.members:
        case = next((case for case, names in known.items() if member.name in names), None)
        pattern = f"{path}::{camel(member.name)}"
        if case is None:
            return None
        if member.type is None:
            arms.append(f'{pattern} => "{case.upper()}",')
            continue
        other = roles.part(given, member, "name", place)
        if case != "Other" or other.shape.kind != "string":
            return None
        arms.append(f"{pattern}(name) => {roles.borrowed(other)},")
    if len(arms) < 2:
        return None
    code = given.code if given.place != "field" or roles.copies(given.shape) else f"&{given.code}"
    return Rust(f"match {code} {{\n{indent(arms)}\n}}", score=2)


def _take_headers(roles: Roles, given: Given, context: frozenset[str], role: str) -> Rust | None:
    """``&[(String, Vec<u8>)]`` of a list of pairs or of records with a name and a value."""
    if not roles.named(role, given):
        return None
    shape = given.shape
    if shape.kind == "option":
        inner = roles.argument(shape)
        if inner is None:
            return None
        within = Given(given.name, inner, "headers", "param", given.words)
        made = _take_headers(roles, within, context, role)
        if made is None:
            return None
        some = f"{given.code}.as_deref()" if given.place != "param" else given.code
        collected = made.code.removeprefix("&")
        return replace(made, code=f"&{some}.map(|headers| {collected}).unwrap_or_default()")
    item = roles.argument(shape)
    if shape.kind != "list" or item is None or item.kind not in ("tuple", "record"):
        return None
    parts = roles.fields(Given("header", item, "header", "ref"))
    if item.kind == "tuple":
        parts = tuple(replace(part, code=f"header.{index}") for index, part in enumerate(parts))
    if len(parts) != 2 or parts[0].shape.kind != "string":
        return None
    value = parts[1]
    if value.shape.kind == "string":
        bytes_ = f"{value.code}.as_bytes().to_vec()"
    elif roles.is_bytes(value.shape):
        bytes_ = f"{value.code}.to_vec()"
    else:
        return None
    vec = roles.standard("Vec")
    each = f"({parts[0].code}.to_string(), {bytes_})"
    return Rust(f"&{given.code}.iter().map(|header| {each}).collect::<{vec}<_>>()", score=2)


def _take_body(roles: Roles, given: Given, context: frozenset[str], role: str) -> Rust | None:
    if given.shape.kind != "option":
        return _take_bytes(roles, given, context, role)
    inner = roles.argument(given.shape)
    if inner is None or not roles.named(role, given):
        return None
    some = given.code if given.place == "param" else f"{given.code}.as_deref()"
    if roles.is_bytes(inner):
        return Rust(f"{some}.unwrap_or_default()", score=2)
    if inner.kind == "string":
        return Rust(f"{some}.unwrap_or_default().as_bytes()", score=1)
    return None


_TAKERS: Final[Mapping[str, Taker]] = {
    "backlog": _take_backlog,
    "body": _take_body,
    "bytes": _take_bytes,
    "change": _take_change,
    "count": _take_count,
    "duration": _take_duration,
    "endpoint": _take_endpoint,
    "family": _take_family,
    "flag": _take_flag,
    "headers": _take_headers,
    "host": _take_host,
    "instant": _take_instant,
    "ip": _take_ip,
    "key": _take_text,
    "level": _take_level,
    "local": _take_local,
    "local-port": _take_local_port,
    "method": _take_method,
    "port": _take_port,
    "prefix": _take_text,
    "remote": _take_remote,
    "remotes": _take_remotes,
    "scope": _take_text,
    "shutdown": _take_shutdown,
    "text": _take_text,
    "timeout": _take_timeout,
    "url": _take_text,
    "value": _take_bytes,
}


TAKEN: Final = frozenset(_TAKERS)
"""The roles that ``take`` knows."""


def take(roles: Roles, role: str, given: Given, context: frozenset[str] = frozenset()) -> Rust | None:
    """What was given as the runtime wants it for a role; None when it cannot be that.

    ``context`` are words around it (of the function's name) that may tell a unit.
    """
    maker = _TAKERS.get(role)
    return maker(roles, given, context, role) if maker else None
