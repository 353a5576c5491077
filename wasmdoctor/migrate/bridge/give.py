"""Results: for each role, the interface's own value for what the runtime gives."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from wasmdoctor.migrate.bridge.addresses import address_out, family_out, ip_out
from wasmdoctor.migrate.bridge.names import identifier, snake
from wasmdoctor.migrate.bridge.roles import (
    INTEGERS,
    KIND,
    Given,
    Roles,
    Rust,
    Shape,
    block_of,
    closure,
    indent,
    record_of,
    split,
)
from wasmdoctor.migrate.bridge.types import PRIMITIVES
from wasmdoctor.model.record import replace

Giver = Callable[[Roles, Shape, str], "Rust | None"]


def _give_bytes(roles: Roles, shape: Shape, code: str) -> Rust | None:
    return Rust(code) if roles.is_bytes(shape) else None


def _give_chunk(roles: Roles, shape: Shape, code: str) -> Rust | None:
    if shape.kind == "option" and roles.is_bytes(roles.argument(shape)):
        return Rust(f"Some({code}).filter(|bytes| !bytes.is_empty())")
    return _give_bytes(roles, shape, code)


def _give_flag(roles: Roles, shape: Shape, code: str) -> Rust | None:
    return Rust(code) if shape.kind == "bool" else None


def _give_list(roles: Roles, shape: Shape, code: str, each: Giver) -> Rust | None:
    inner = roles.argument(shape)
    if shape.kind != "list" or inner is None:
        return None
    made = each(roles, inner, "each")
    if made is None:
        return None
    mapped = f"{code}.into_iter().map({closure(made.code, 'each')})"
    if made.fails:
        # What the type has no room for is left out: a list of IPv4 addresses holds those.
        return replace(made, code=f"{mapped}.filter_map(Result::ok).collect()", fails=False)
    return replace(made, code=f"{mapped}.collect()")


def _give_ips(roles: Roles, shape: Shape, code: str) -> Rust | None:
    return _give_list(roles, shape, code, ip_out)


def _give_first_ip(roles: Roles, shape: Shape, code: str) -> Rust | None:
    """The first of several that the type has room for."""
    made = ip_out(roles, shape, "each")
    if made is None:
        return None
    first = (
        f"find_map(|each| {made.code}.ok())" if made.fails else f"map({closure(made.code, 'each')}).next()"
    )
    found = f"{code}.into_iter().{first}.ok_or({KIND}::NameNotFound)"
    return Rust(found, True, runtime=("error",)).using(made)


def _give_addresses(roles: Roles, shape: Shape, code: str) -> Rust | None:
    return _give_list(roles, shape, code, address_out)


def _give_texts(roles: Roles, shape: Shape, code: str) -> Rust | None:
    return Rust(code) if shape.kind == "list" and roles.kind_of(shape, 0) == "string" else None


def _give_maybe_text(roles: Roles, shape: Shape, code: str) -> Rust | None:
    """``Option<String>``: as an option, or as a text whose absence is an error."""
    if shape.kind == "option" and roles.kind_of(shape, 0) == "string":
        return Rust(code)
    if shape.kind == "string":
        return Rust(f"{code}.ok_or({KIND}::NotFound)", True, runtime=("error",))
    return None


def _give_maybe_value(roles: Roles, shape: Shape, code: str) -> Rust | None:
    """``Option<Vec<u8>>``: as an option or a value whose absence is an error; bytes or text."""
    inner = roles.argument(shape) if shape.kind == "option" else shape
    is_text = inner is not None and inner.kind == "string"
    if inner is None or not (is_text or roles.is_bytes(inner)):
        return None
    text = "{runtime}::store::text"
    if shape.kind == "option":
        return Rust(f"{code}.map({text}).transpose()", True) if is_text else Rust(code)
    found = f"{code}.ok_or({KIND}::NotFound)"
    return Rust(f"{found}.and_then({text})" if is_text else found, True, runtime=("error",))


def _give_pairs(roles: Roles, shape: Shape, code: str) -> Rust | None:
    """``Vec<(String, String)>`` as a list of pairs, or of records with a name and a value."""
    item = roles.argument(shape)
    if shape.kind != "list" or item is None:
        return None
    if (
        item.kind == "tuple"
        and [roles.kind_of(item, i) for i in range(len(item.type.args))] == ["string"] * 2
    ):
        return Rust(code)
    kinds = [roles.shape(item.scope, member.type).kind for member in item.members if member.type]
    if item.kind != "record" or kinds != ["string"] * 2:
        return None
    first, second = (identifier(member.name) for member in item.members)
    built = f"{roles.type_path(item)} {{ {first}: name, {second}: value }}"
    return Rust(f"{code}.into_iter().map(|(name, value)| {built}).collect()")


def _give_bits(roles: Roles, shape: Shape, code: str) -> Rust | None:
    """A random ``u64`` as an integer of any size: its low bits."""
    if shape.kind not in INTEGERS:
        return None
    return Rust(code if shape.kind == "u64" else f"{code} as {PRIMITIVES[shape.kind]}")


def _give_fraction(roles: Roles, shape: Shape, code: str) -> Rust | None:
    kinds = {"f64": code, "float64": code, "f32": f"{code} as f32", "float32": f"{code} as f32"}
    return Rust(kinds[shape.kind]) if shape.kind in kinds else None


def _give_signed(roles: Roles, shape: Shape, code: str) -> Rust | None:
    """An ``i64`` as a number; one that does not fit is an error."""
    if shape.kind == "s64":
        return Rust(code)
    if shape.kind not in INTEGERS:
        return None
    rust = PRIMITIVES[shape.kind]
    return Rust(f"{rust}::try_from({code}).map_err(|_| {KIND}::TooLarge)", True, runtime=("error",))


def _give_response(roles: Roles, shape: Shape, code: str) -> Rust | None:
    """An ``http::Response`` as a record of some of its parts, or its body alone when the status is a good one."""
    if roles.is_bytes(shape):
        return Rust(f"{code}.success()", True)
    if shape.kind == "string":
        return Rust(f"{code}.success().and_then({{runtime}}::http::text)", True)
    if shape.kind == "tuple":
        return _response_tuple(roles, shape, code)
    if shape.kind != "record":
        return None
    made: list[tuple[str, Rust | None]] = []
    known = 0
    for member in shape.members:
        assert member.type is not None
        part = roles.shape(shape.scope, member.type)
        value = _response_part(roles, frozenset(split(member.name)), part)
        known += value is not None and value.code != "None"
        made.append((identifier(member.name), value))
    record = record_of(roles.type_path(shape), made)
    if record is None or not known or not any("status" in v.code or "body" in v.code for _, v in made if v):
        return None
    name = f"{snake(shape.type.name)}_of_response"
    gives = roles.fallible(roles.path(shape)) if record.fails else roles.path(shape)
    text = f"fn {name}(response: {{runtime}}::http::Response) -> {gives} {{\n{indent([record.code])}\n}}"
    runtime = ("error",) if record.fails else ()
    return Rust(f"{name}({code})", record.fails, runtime=runtime, helpers=(text,)).using(record)


def _response_tuple(roles: Roles, shape: Shape, code: str) -> Rust | None:
    """A response whose parts are told by their types alone."""
    made: list[Rust | None] = []
    for argument in shape.type.args:
        part = roles.shape(shape.scope, argument) if argument else shape
        if part.kind in INTEGERS:
            made.append(_response_part(roles, frozenset(("status",)), part))
        elif roles.is_bytes(part):
            made.append(Rust("response.body"))
        else:
            made.append(_response_headers(roles, part) if part.kind == "list" else None)
    if len({value.code.partition("(")[0] for value in made if value}) < len(made):
        return None
    return block_of("response", code, "(", ")", made)


def _response_part(roles: Roles, words: frozenset[str], part: Shape) -> Rust | None:
    """One field of a response."""
    if words & {"status", "code"} and part.kind in INTEGERS:
        return _status(part)
    if words & {"ok", "success"} and part.kind == "bool":
        return Rust("(200..300).contains(&response.status)")
    if part.kind == "option":
        inner = roles.argument(part)
        made = _response_part(roles, words, inner) if inner else None
        if made is None:
            return Rust("None")
        return replace(made, code=f"{made.code}.map(Some)" if made.fails else f"Some({made.code})")
    if words & roles.words.params["headers"] and part.kind == "list":
        return _response_headers(roles, part)
    if words & roles.words.params["body"] | words & {"text"}:
        if roles.is_bytes(part):
            return Rust("response.body")
        if part.kind == "string":
            return Rust("{runtime}::http::text(response.body)", True)
    return None


def _status(shape: Shape) -> Rust | None:
    """The status of a response, which has 16 bits."""
    if shape.kind == "u16":
        return Rust("response.status")
    if shape.kind in ("u8", "s8", "s16"):
        return None
    return Rust(f"{PRIMITIVES[shape.kind]}::from(response.status)")


def _response_headers(roles: Roles, shape: Shape) -> Rust | None:
    item = roles.argument(shape)
    if item is None or item.kind not in ("tuple", "record"):
        return None
    parts = [part.shape for part in roles.fields(Given("header", item, "header"))]
    if len(parts) != 2 or parts[0].kind != "string":
        return None
    if roles.is_bytes(parts[1]):
        value = "value"
    elif parts[1].kind == "string":
        value = f"{roles.standard('String')}::from_utf8_lossy(&value).into_owned()"
    else:
        return None
    if item.kind == "tuple":
        if value == "value":
            return Rust("response.headers")
        built = f"(name, {value})"
    else:
        first, second = (identifier(member.name) for member in item.members)
        built = f"{roles.type_path(item)} {{ {first}: name, {second}: {value} }}"
    return Rust(f"response.headers.into_iter().map(|(name, value)| {built}).collect()")


def _give_instant(roles: Roles, shape: Shape, code: str, context: frozenset[str]) -> Rust | None:
    """Nanoseconds as a number in the unit that a name tells, nanoseconds when none does."""
    return _time(roles, shape, code, roles.unit(context, otherwise="ns"))


def _time(roles: Roles, shape: Shape, nanoseconds: str, unit: str) -> Rust | None:
    size = {"s": "1_000_000_000", "ms": "1_000_000", "us": "1_000", "ns": ""}[unit]
    if shape.kind in ("f64", "float64"):
        return Rust(f"{nanoseconds} as f64 / {size}_f64" if size else f"{nanoseconds} as f64")
    return roles.count_out(shape, f"({nanoseconds} / {size})" if size else nanoseconds)


def _give_datetime(roles: Roles, shape: Shape, code: str, context: frozenset[str]) -> Rust | None:
    """A ``Duration`` since 1970 as a record, or as a number in the unit that a name tells."""
    record = _give_datetime_record(roles, shape, code)
    if record is not None:
        return record
    unit = roles.unit(context, otherwise="s")
    if shape.kind in ("f64", "float64"):
        factor = {"s": "", "ms": " * 1e3", "us": " * 1e6", "ns": " * 1e9"}[unit]
        return Rust(f"{code}.as_secs_f64(){factor}")
    if shape.kind not in ("u64", "s64", "u32"):
        return None
    getter = {"s": "as_secs", "ms": "as_millis", "us": "as_micros", "ns": "as_nanos"}[unit]
    if unit == "s" and shape.kind == "u64":
        return Rust(f"{code}.as_secs()")
    rust = PRIMITIVES[shape.kind]
    return Rust(f"{rust}::try_from({code}.{getter}()).unwrap_or({rust}::MAX)")


def _give_datetime_record(roles: Roles, shape: Shape, code: str) -> Rust | None:
    """Seconds, and what is left of them in a smaller unit."""
    if shape.kind != "record" or len(shape.members) != 2:
        return None
    fields: list[str] = []
    for member in shape.members:
        kind = roles.shape(shape.scope, member.type).kind if member.type else ""
        unit = roles.unit(frozenset(split(member.name)), otherwise="")
        getter = {"s": "as_secs", "ms": "subsec_millis", "us": "subsec_micros", "ns": "subsec_nanos"}.get(
            unit
        )
        if getter is None or kind not in ("u64", "u32", "s64"):
            return None
        value = f"time.{getter}()"
        rust = PRIMITIVES[kind]
        if unit == "s" and kind != "u64":
            value = f"{rust}::try_from({value}).unwrap_or({rust}::MAX)"
        elif unit != "s" and kind != "u32":
            value = f"{rust}::from({value})"
        fields.append(f"{identifier(member.name)}: {value}")
    if sum("as_secs" in each for each in fields) != 1:
        return None
    built = f"{roles.type_path(shape)} {{ {', '.join(fields)} }}"
    return Rust(f"{{\n    let time = {code};\n    {built}\n}}")


_GIVERS: Final[Mapping[str, Giver]] = {
    "address": address_out,
    "addresses": _give_addresses,
    "bits": _give_bits,
    "bytes": _give_bytes,
    "chunk": _give_chunk,
    "count": Roles.count_out,
    "datetime-record": _give_datetime_record,
    "family": family_out,
    "first-ip": _give_first_ip,
    "flag": _give_flag,
    "fraction": _give_fraction,
    "ips": _give_ips,
    "maybe-text": _give_maybe_text,
    "maybe-value": _give_maybe_value,
    "pairs": _give_pairs,
    "response": _give_response,
    "signed": _give_signed,
    "texts": _give_texts,
}

_TIMED_GIVERS: Final[Mapping[str, Callable[[Roles, Shape, str, frozenset[str]], Rust | None]]] = {
    "datetime": _give_datetime,
    "instant": _give_instant,
}


GIVEN: Final = frozenset((*_GIVERS, *_TIMED_GIVERS))
"""The roles that ``give`` knows."""


def give(
    roles: Roles, role: str, shape: Shape, code: str, context: frozenset[str] = frozenset()
) -> Rust | None:
    """The interface's own value for what the runtime gives for a role.

    ``code`` is the runtime's value, used once. ``context`` are words of the function's name.
    """
    timed = _TIMED_GIVERS.get(role)
    if timed is not None:
        return timed(roles, shape, code, context | {word for name in shape.names for word in split(name)})
    maker = _GIVERS.get(role)
    return maker(roles, shape, code) if maker else None
