"""IP and socket addresses: ``std::net`` and whatever an interface has for them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from wasmdoctor.migrate.bridge.names import camel, identifier, snake
from wasmdoctor.migrate.bridge.roles import (
    FAMILY,
    INTEGERS,
    IP_ADDR,
    KIND,
    SOCKET_ADDR,
    Given,
    Roles,
    Rust,
    Shape,
    as_result,
    block_of,
    indent,
    octets_of,
    record_of,
    split,
    tuple_of,
    union,
    without,
)
from wasmdoctor.migrate.bridge.types import Ownership
from wasmdoctor.model.record import replace

LOOKUP_IMPORTS: Final = (
    "wasi:clocks/monotonic-clock",
    "wasi:io/poll",
    "wasi:sockets/instance-network",
    "wasi:sockets/ip-name-lookup",
    "wasi:sockets/network",
)
"""What looking up a name needs."""


def address_in(roles: Roles, given: Given, *, remote: bool) -> Rust | None:
    """A ``SocketAddr``. Names are looked up when it is a ``remote`` one."""
    return roles.bounded(lambda: _address(roles, given, remote))


def _address(roles: Roles, given: Given, remote: bool) -> Rust | None:
    match given.shape.kind:
        case "record":
            made = _address_of(roles, roles.fields(given), remote)
            return _helper(roles, "to_address", SOCKET_ADDR, given, made, remote)
        case "tuple":
            return _address_of(roles, roles.fields(given), remote)
        case "variant":
            made = _each_family(roles, given, lambda part: address_in(roles, part, remote=remote))
            return _helper(roles, "to_address", SOCKET_ADDR, given, made, remote)
    return None


def _address_of(roles: Roles, parts: Sequence[Given], remote: bool) -> Rust | None:
    """An address out of an IP address or name, a port, and what may be beside them."""
    ports = [part for part in parts if part.shape.kind == "u16" and "port" in part.words]
    ports = ports or [part for part in parts if part.shape.kind == "u16"]
    rest = [part for part in parts if part not in ports[:1]]
    extra = [part for part in rest if part.words & {"flow", "scope", "family"} and len(rest) > 1]
    rest = [part for part in rest if part not in extra]
    if len(ports) != 1 or len(rest) != 1:
        return None
    return joined_address(roles, rest[0], ports[0], remote=remote)


def joined_address(roles: Roles, host: Given, port: Given, *, remote: bool) -> Rust | None:
    """An address out of an IP address or a name, and a port."""
    number = roles.number(port, "u16")
    if number is None:
        return None
    if host.shape.kind == "string" and remote and "ip" not in host.words:
        if number.fails:
            number = replace(number, code=f"{number.code}?")
            return None
        call = f"{{runtime}}::lookup::remote({roles.borrowed(host)}, {number.code})"
        return Rust(call, True, imports=LOOKUP_IMPORTS, runtime=("lookup",)).using(number)
    ip = ip_in(roles, host)
    if ip is None:
        return None
    if not ip.fails and not number.fails:
        return Rust(f"{SOCKET_ADDR}::new({ip.code}, {number.code})").using(ip, number)
    if number.fails:
        first = ip.code if ip.fails else f"Ok({ip.code})"
        code = f"{first}.and_then(|ip: {IP_ADDR}| Ok({SOCKET_ADDR}::new(ip, {number.code}?)))"
    else:
        code = f"{ip.code}.map(|ip| {SOCKET_ADDR}::new(ip, {number.code}))"
    return Rust(code, True).using(ip, number)


def ip_in(roles: Roles, given: Given) -> Rust | None:
    """An ``IpAddr``."""
    return roles.bounded(lambda: _ip(roles, given))


def _ip(roles: Roles, given: Given) -> Rust | None:
    shape, value = given.shape, roles.value(given)
    match shape.kind:
        case "variant":
            made = _each_family(roles, given, lambda part: ip_in(roles, part))
            return _helper(roles, "to_ip", IP_ADDR, given, made)
        case "record" if len(shape.members) == 1:
            made = ip_in(roles, roles.fields(given)[0])
            return _helper(roles, "to_ip", IP_ADDR, given, made)
        case "record" | "tuple":
            size = octets_of(roles, shape)
            items = ", ".join(part.code for part in roles.fields(given))
            if size and shape.kind == "record":
                made = Rust(f"{IP_ADDR}::from([{items}])", score=2)
                return _helper(roles, "to_ip", IP_ADDR, given, made)
            if size:
                return Rust(f"{IP_ADDR}::from(<{size}>::from({value}))", score=2)
        case "list":
            if shape.type.size in (4, 16) and roles.kind_of(shape, 0) == "u8":
                return Rust(f"{IP_ADDR}::from({value})", score=2)
            if roles.is_bytes(shape) and roles.named("ip", given):
                call = f"{{runtime}}::net::ip_from_bytes({roles.borrowed(given)})"
                return Rust(call, True, runtime=("net",))
        case "string" if roles.named("ip", given):
            text = roles.borrowed(given)
            text = f"({text})" if text.startswith("&") else text
            parse = f"{text}.parse::<{IP_ADDR}>().map_err(|_| {KIND}::InvalidArgument)"
            return Rust(parse, True, runtime=("error",))
        case "u32" if roles.named("ip", given):
            return Rust(f"{IP_ADDR}::from({value}.to_be_bytes())")
    return None


def _each_family(roles: Roles, given: Given, make: Callable[[Given], Rust | None]) -> Rust | None:
    """A ``match`` over a variant whose cases are IPv4 and IPv6; other cases are not supported."""
    arms: list[tuple[str, Rust]] = []
    others: list[str] = []
    path = roles.type_path(given.shape)
    place = "field" if roles.copies(given.shape) else "ref"
    known = set().union(*roles.words.cases["family"].values())
    for member in given.shape.members:
        case = f"{path}::{camel(member.name)}"
        bare = without(split(member.name), given.shape.names)
        if member.type is None or not {member.name, bare} & known:
            others.append(f"{case}{'(_)' if member.type else ''}")
            continue
        part = roles.part(given, member, "part", place)
        made = make(replace(part, words=part.words | {"ip"}))
        if made is None:
            return None
        arms.append((f"{case}(part)", made))
    if not arms:
        return None
    fails = bool(others) or any(made.fails for _, made in arms)
    lines = [f"{case} => {as_result(made, fails)}," for case, made in arms]
    if others:
        lines.append(f"{' | '.join(others)} => Err({KIND}::NotSupported),")
    code = f"match {given.code} {{\n{indent(lines)}\n}}"
    return Rust(code, fails, score=2, runtime=("error",) if others else ()).using(*(made for _, made in arms))


def _helper(
    roles: Roles, suffix: str, result: str, given: Given, made: Rust | None, remote: bool = False
) -> Rust | None:
    """A call of a function that does what ``made`` does with a value of a named type."""
    if made is None:
        return None
    if not roles.copies(given.shape) and roles.types.options.ownership is not Ownership.OWNING:
        return None  # the type has other forms then, by value and with a lifetime
    # Inside the function the value has another name; make the code again for that.
    name = f"{snake(given.shape.type.name)}_{suffix}"
    inner = replace(given, code="value", place="param")
    if given.code != "value" or given.place != "param":
        again = ip_in(roles, inner) if suffix == "to_ip" else address_in(roles, inner, remote=remote)
        if again is None:
            return None
        return replace(again, code=f"{name}({roles.passed(given)})")
    path = roles.path(given.shape)
    taken = path if roles.copies(given.shape) else f"&{path}"
    gives = roles.fallible(result) if made.fails else result
    text = f"fn {name}(value: {taken}) -> {gives} {{\n{indent(made.code.split(chr(10)))}\n}}"
    helpers = (*made.helpers, text)
    return Rust(f"{name}(value)", made.fails, 2, made.imports, made.runtime, helpers)


def address_out(roles: Roles, shape: Shape, code: str) -> Rust | None:
    """A ``SocketAddr`` as a record, variant, tuple or text."""
    match shape.kind:
        case "string":
            return Rust(f"{code}.to_string()")
        case "tuple":
            parts = [roles.shape(shape.scope, argument) for argument in shape.type.args if argument]
            if len(parts) != 2 or sum(part.kind == "u16" for part in parts) != 1:
                return None
            made = [
                Rust("address.port()") if part.kind == "u16" else ip_out(roles, part, "address.ip()")
                for part in parts
            ]
            return block_of("address", code, "(", ")", made)
        case "record":
            made_record = _address_record(
                roles, shape, lambda part: ip_out(roles, part, "address.ip()"), "address"
            )
            return _from_helper(roles, "from_address", SOCKET_ADDR, "address", shape, code, made_record)
        case "variant":
            made_variant = _family_out(roles, shape, "address", SOCKET_ADDR, _address_payload)
            return _from_helper(roles, "from_address", SOCKET_ADDR, "address", shape, code, made_variant)
    return None


def _address_payload(roles: Roles, shape: Shape, name: str) -> Rust | None:
    """The payload of a variant's case: of ``name``, a ``SocketAddrV4`` or ``SocketAddrV6``."""

    def ip(part: Shape) -> Rust | None:
        own = _ip_payload(roles, part, f"{name}.ip()")
        return own or ip_out(roles, part, f"{IP_ADDR}::from(*{name}.ip())")

    if shape.kind == "record":
        return _address_record(roles, shape, ip, name)
    if shape.kind == "tuple" and len(shape.type.args) == 2:
        parts = [roles.shape(shape.scope, argument) for argument in shape.type.args if argument]
        made = [Rust(f"{name}.port()") if part.kind == "u16" else ip(part) for part in parts]
        return tuple_of("(", ")", made)
    return None


def _address_record(roles: Roles, shape: Shape, ip: Callable[[Shape], Rust | None], name: str) -> Rust | None:
    """A record with an IP address, a port, and perhaps what only IPv6 has."""
    made: list[tuple[str, Rust | None]] = []
    for member in shape.members:
        assert member.type is not None
        part = roles.shape(shape.scope, member.type)
        words = set(split(member.name))
        field_name = identifier(member.name)
        if "port" in words and part.kind in INTEGERS:
            made.append((field_name, roles.count_out(part, f"u64::from({name}.port())")))
            if part.kind == "u16":
                made[-1] = (field_name, Rust(f"{name}.port()"))
        elif words & {"flow", "scope"} and part.kind == "u32":
            getter = "flowinfo" if "flow" in words else "scope_id"
            made.append((field_name, Rust(f"{name}.{getter}()" if name == "v6" else "0")))
        elif "family" in words:
            made.append((field_name, family_out(roles, part, f"{FAMILY}::of(&{name})")))
        else:
            made.append((field_name, ip(part)))
    if sum(1 for member in shape.members if "port" in split(member.name)) != 1 or len(made) < 2:
        return None
    return record_of(roles.type_path(shape), made)


def ip_out(roles: Roles, shape: Shape, code: str) -> Rust | None:
    """An ``IpAddr`` as a variant, tuple, list, text or number. One that does not fit is an error."""
    match shape.kind:
        case "string":
            return Rust(f"{code}.to_string()")
        case "list":
            if roles.is_bytes(shape):
                return Rust(f"{{runtime}}::net::ip_to_bytes({code})", runtime=("net",))
            if shape.type.size in (4, 16) and roles.kind_of(shape, 0) == "u8":
                return _only(roles, code, "V4" if shape.type.size == 4 else "V6", "ip.octets()")
        case "tuple":
            size = octets_of(roles, shape)
            if size == "[u8; 4]":
                return _only(roles, code, "V4", "ip.octets().into()")
            if size == "[u16; 8]":
                return _only(roles, code, "V6", "ip.segments().into()")
            if size == "[u8; 16]":
                return None
        case "u32":
            return _only(roles, code, "V4", "u32::from(ip)")
        case "variant":
            made = _family_out(roles, shape, "ip", IP_ADDR, _ip_payload)
            return _from_helper(roles, "from_ip", IP_ADDR, "ip", shape, code, made)
    return None


def _ip_payload(roles: Roles, shape: Shape, name: str) -> Rust | None:
    """The payload of a variant's case: of ``name``, an ``Ipv4Addr`` (``v4...``) or ``Ipv6Addr``."""
    size = octets_of(roles, shape) if shape.kind in ("tuple", "record") else ""
    octets = {"[u8; 4]": "octets", "[u16; 8]": "segments"}.get(size)
    if octets == ("segments" if name.startswith("v4") else "octets"):
        return None
    if shape.kind == "tuple":
        return Rust(f"{name}.{octets}().into()") if octets else None
    if shape.kind == "record" and octets:
        names = [identifier(member.name) for member in shape.members]
        fields = ", ".join(f"{each}: parts[{index}]" for index, each in enumerate(names))
        return Rust(f"{{\nlet parts = {name}.{octets}();\n{roles.type_path(shape)} {{ {fields} }}\n}}")
    if shape.kind == "list" and roles.kind_of(shape, 0) == "u8":
        wanted = 4 if name.startswith("v4") else 16
        if shape.type.size in (None, wanted):
            return Rust(f"{name}.octets()" + ("" if shape.type.size else ".to_vec()"))
        return None
    if shape.kind == "u32" and name == "v4":
        return Rust("u32::from(v4)")
    if shape.kind == "u32" and name == "v4.ip()":
        return Rust("u32::from(*v4.ip())")
    return Rust(f"{name}.to_string()") if shape.kind == "string" else None


def _only(roles: Roles, code: str, case: str, made: str) -> Rust:
    """For a type that holds addresses of one family only."""
    arms = [f"{IP_ADDR}::{case}(ip) => Ok({made}),", f"_ => Err({KIND}::NotSupported),"]
    return Rust(f"match {code} {{\n{indent(arms)}\n}}", True, runtime=("error",))


def _family_out(
    roles: Roles, shape: Shape, name: str, rust: str, payload: Callable[[Roles, Shape, str], Rust | None]
) -> Rust | None:
    """A ``match`` over an address of the standard library that makes the cases of a variant."""
    path = roles.type_path(shape)
    arms: list[tuple[str, str, Rust]] = []
    for case, variable in (("V4", "v4"), ("V6", "v6")):
        names = roles.words.cases["family"][case]
        for member in shape.members:
            bare = without(split(member.name), shape.names)
            if member.type is None or not {member.name, bare} & set(names):
                continue
            made = payload(roles, roles.shape(shape.scope, member.type), variable)
            if made is None:
                return None
            arms.append((f"{rust}::{case}({variable})", f"{path}::{camel(member.name)}", made))
            break
    if not arms:
        return None
    fails = len(arms) < 2 or any(made.fails for _, _, made in arms)
    lines = []
    for pattern, constructor, made in arms:
        if made.fails:
            lines.append(f"{pattern} => {made.code}.map({constructor}),")
        else:
            call = f"{constructor}({made.code})"
            lines.append(f"{pattern} => {f'Ok({call})' if fails else call},")
    if len(arms) < 2:
        lines.append(f"_ => Err({KIND}::NotSupported),")
    code = f"match {name} {{\n{indent(lines)}\n}}"
    return Rust(code, fails, runtime=("error",) if fails else ()).using(*(made for *_, made in arms))


def _from_helper(
    roles: Roles, suffix: str, taken: str, name: str, shape: Shape, code: str, made: Rust | None
) -> Rust | None:
    """A call of a function that makes a named type of ``name``."""
    if made is None:
        return None
    function = f"{snake(shape.type.name)}_{suffix}"
    path = roles.path(shape)
    gives = roles.fallible(path) if made.fails else path
    text = f"fn {function}({name}: {taken}) -> {gives} {{\n{indent(made.code.split(chr(10)))}\n}}"
    runtime = union(made.runtime, ("error",) if made.fails else ())
    return Rust(f"{function}({code})", made.fails, 2, made.imports, runtime, union(made.helpers, (text,)))


def family_out(roles: Roles, shape: Shape, code: str) -> Rust | None:
    """A ``Family`` as an enum with a case for each."""
    cases = {case: name for name, case in list(roles.cases("family", shape).items())[::-1]}
    if set(cases) != {"V4", "V6"}:
        return None
    path = roles.type_path(shape)
    arms = [f"{FAMILY}::{case} => {path}::{camel(name)}," for case, name in sorted(cases.items())]
    return Rust(f"match {code} {{\n{indent(arms)}\n}}", runtime=("net",))
