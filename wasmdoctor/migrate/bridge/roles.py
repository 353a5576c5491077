"""What the types of a custom interface stand for, told by structure and names, and Rust that converts them.

A role has one Rust type in the runtime files: an address is a ``SocketAddr``, an error a ``Kind``. ``Roles.take``
makes that of what a function was given, ``Roles.give`` makes the interface's own type of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from wasmdoctor.migrate.bridge.names import camel, identifier, snake
from wasmdoctor.migrate.bridge.types import OWNED, PRIMITIVES, Types
from wasmdoctor.model.mapping import RoleWords
from wasmdoctor.model.wit import Member, Type, TypeDef, TypeKind

UNSIGNED: Final = ("u8", "u16", "u32", "u64")
SIGNED: Final = ("s8", "s16", "s32", "s64")
INTEGERS: Final = (*UNSIGNED, *SIGNED)

IP_ADDR: Final = "::std::net::IpAddr"
SOCKET_ADDR: Final = "::std::net::SocketAddr"
KIND: Final = "{runtime}::error::Kind"
FAMILY: Final = "{runtime}::net::Family"
DURATION: Final = "::std::time::Duration"

_LOOKUP_IMPORTS: Final = (
    "wasi:clocks/monotonic-clock",
    "wasi:io/poll",
    "wasi:sockets/instance-network",
    "wasi:sockets/ip-name-lookup",
    "wasi:sockets/network",
)
_DEPTH: Final = 40
"""How far types are followed. WIT cannot nest types without end, but what is read need not be WIT."""


@dataclass(frozen=True, slots=True)
class Rust:
    """A Rust expression.

    ``fails``: it gives a ``Result`` with a ``Kind``. ``score`` says how sure it is that this is what was
    meant. ``imports`` are standard interfaces, ``runtime`` runtime files, ``helpers`` functions that it calls;
    ``notes`` what a person should know of it.
    """

    code: str
    fails: bool = False
    score: float = 1.0
    imports: tuple[str, ...] = ()
    runtime: tuple[str, ...] = ()
    helpers: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def using(self, *others: Rust) -> Rust:
        """The same, with what ``others`` need."""
        return replace(
            self,
            imports=_union(self.imports, *(other.imports for other in others)),
            runtime=_union(self.runtime, *(other.runtime for other in others)),
            helpers=_union(self.helpers, *(other.helpers for other in others)),
            notes=_union(self.notes, *(other.notes for other in others)),
        )


@dataclass(frozen=True, slots=True)
class Shape:
    """A type with its aliases followed.

    ``scope`` is the interface that its parts are written in, ``type`` a type that is no alias; ``definition``
    is that of a record, variant, enum, flags or resource, and ``type.name`` its name then. ``names`` are the
    names on the way to it.
    """

    scope: str
    type: Type
    definition: TypeDef | None = None
    names: tuple[str, ...] = ()

    @property
    def kind(self) -> str:
        """``record``, ``resource``... for a definition, else the type's own kind (``u32``, ``list``)."""
        return self.definition.kind.value if self.definition else self.type.kind

    @property
    def members(self) -> tuple[Member, ...]:
        """Fields or cases."""
        return self.definition.members if self.definition else ()


@dataclass(frozen=True, slots=True)
class Given:
    """A value that is at hand in Rust.

    ``code`` is the expression. ``place`` says what it is: ``param``, as wit-bindgen passes it (``&str``,
    records that cannot be copied by reference); ``field``, an owned value somewhere; ``ref``, a reference to
    one. ``words`` are those of its name and of its type's names.
    """

    name: str
    shape: Shape
    code: str
    place: str = "param"
    words: frozenset[str] = frozenset()


def split(name: str) -> tuple[str, ...]:
    """The words of a name in lower case."""
    return tuple(snake(name).split("_"))


@dataclass(slots=True)
class Roles:
    """The conversions for one interface's module.

    ``here`` is the interface's full name: paths are written as seen from its module.
    """

    words: RoleWords
    types: Types
    here: str

    # -- types --

    def shape(self, scope: str, type_: Type, depth: int = _DEPTH) -> Shape:
        """A type with its aliases followed. An unknown name stays as it is."""
        names: list[str] = []
        while type_.kind in ("name", "own", "borrow") and depth:
            depth -= 1
            found = self.types.find(scope, type_.name)
            names.append(type_.name)
            if found is None:
                break
            if found.kind is TypeKind.USE:
                scope, type_ = found.used_from, replace(type_, name=found.used_name)
            elif found.kind is TypeKind.ALIAS and found.target is not None:
                type_ = found.target
            else:
                return Shape(scope, replace(type_, name=found.name), found, tuple(names))
        return Shape(scope, type_, None, tuple(names))

    def given(self, name: str, scope: str, type_: Type, code: str, place: str = "param") -> Given:
        """A value of a type."""
        shape = self.shape(scope, type_)
        words = {word for each in (name, *shape.names) for word in split(each)}
        return Given(name, shape, code, place, frozenset(words))

    def argument(self, shape: Shape, index: int = 0) -> Shape | None:
        """The shape of an option's, list's, tuple's or result's argument."""
        argument = shape.type.args[index] if index < len(shape.type.args) else None
        return None if argument is None else self.shape(shape.scope, argument)

    def copies(self, shape: Shape) -> bool:
        """Whether values of the type are copied and not moved."""
        info = self.types.info(shape.scope, shape.type)
        return info.copy

    def path(self, shape: Shape) -> str:
        """The Rust type of a value that is owned."""
        if shape.definition is not None:
            return self.type_path(shape)
        return self.types.text(shape.scope, shape.type, OWNED, here=self.here)

    def type_path(self, shape: Shape) -> str:
        """The Rust path of a record, variant, enum or resource: its name here when it has one."""
        key = (shape.scope, shape.type.name)
        if shape.scope != self.here:
            for name in self.types.scopes.get(self.here, {}):
                found = self.types.definition(self.here, name)
                if found is not None and (found[0], found[1].name) == key:
                    return self.types.type_path(self.here, name, here=self.here)
        return self.types.type_path(*key, here=self.here)

    def part(self, given: Given, member: Member, code: str, place: str) -> Given:
        """A field or payload of a value."""
        assert member.type is not None
        return self.given(member.name, given.shape.scope, member.type, code, place)

    def fields(self, given: Given) -> tuple[Given, ...]:
        """The fields of a record or the items of a tuple, () for anything else."""
        code = f"(*{given.code})" if given.place == "ref" and given.shape.kind == "tuple" else given.code
        if given.shape.kind == "record":
            return tuple(
                self.part(given, member, f"{code}.{identifier(member.name)}", "field")
                for member in given.shape.members
            )
        if given.shape.kind == "tuple":
            place = "param" if given.place == "param" else "field"
            return tuple(
                self.given(given.name, given.shape.scope, argument, f"{code}.{index}", place)
                for index, argument in enumerate(given.shape.type.args)
                if argument is not None
            )
        return ()

    # -- plain values --

    def value(self, given: Given) -> str:
        """A value that is copied."""
        return f"*{given.code}" if given.place == "ref" else given.code

    def borrowed(self, given: Given) -> str:
        """A text or list as ``&str`` or ``&[T]``."""
        return given.code if given.place == "param" else f"&{given.code}[..]"

    def passed(self, given: Given) -> str:
        """A value as a helper takes it: copied, or by reference."""
        if self.copies(given.shape):
            return self.value(given)
        return f"&{given.code}" if given.place == "field" else given.code

    def is_bytes(self, shape: Shape | None) -> bool:
        """Whether it is ``list<u8>``."""
        return (
            shape is not None
            and shape.kind == "list"
            and shape.type.size is None
            and self.kind_of(shape, 0) == "u8"
        )

    def kind_of(self, shape: Shape, index: int) -> str:
        """The kind of an argument, "" for none."""
        argument = self.argument(shape, index)
        return argument.kind if argument else ""

    def cases(self, role: str, shape: Shape) -> Mapping[str, str]:
        """The runtime's case for each case of an enum or variant that is a ``role``, {} when it is none.

        At least half of its cases must be known, so that a ``kind`` with ``read`` among ten others is none.
        """
        known = self.words.cases[role]
        found: dict[str, str] = {}
        for member in shape.members:
            bare = _without(split(member.name), shape.names)
            for case, names in known.items():
                if (member.name in names or bare in names) and member.type is None:
                    found[member.name] = case
        return found if len(found) * 2 >= len(shape.members) and len(found) >= 2 else {}

    # -- values that were given --

    def take(self, role: str, given: Given, context: frozenset[str] = frozenset()) -> Rust | None:
        """What was given as the runtime wants it for a role; None when it cannot be that.

        ``context`` are words around it (of the function's name) that may tell a unit.
        """
        maker = _TAKERS.get(role)
        return maker(self, replace(given, words=given.words), context, role) if maker else None

    def named(self, role: str, given: Given) -> bool:
        """Whether a name says that it is a role."""
        return bool(given.words & self.words.params.get(role, frozenset()))

    def unit(self, *words: frozenset[str], otherwise: str = "ms") -> str:
        """The unit of time that words tell, the first that tell one."""
        for some in words:
            for unit, names in self.words.units.items():
                if some & names:
                    return unit
        return otherwise

    def number(self, given: Given, rust: str = "u64") -> Rust | None:
        """A whole number as ``u64`` (or a smaller ``rust`` type); one that does not fit is an error."""
        kind, code = given.shape.kind, self.value(given)
        if kind not in INTEGERS:
            return None
        if PRIMITIVES[kind] == rust:
            return Rust(code)
        if kind in UNSIGNED and UNSIGNED.index(kind) < UNSIGNED.index(rust):
            return Rust(f"{rust}::from({code})")
        converted = f"{rust}::try_from({code}).map_err(|_| {KIND}::InvalidArgument)"
        return Rust(converted, True, runtime=("error",))

    def address(self, given: Given, *, remote: bool) -> Rust | None:
        """A ``SocketAddr``. Names are looked up when it is a ``remote`` one."""
        match given.shape.kind:
            case "record":
                made = self._address_of(self.fields(given), remote)
                return self._helper("to_address", SOCKET_ADDR, given, made, remote)
            case "tuple":
                return self._address_of(self.fields(given), remote)
            case "variant":
                made = self._each_family(given, lambda part: self.address(part, remote=remote))
                return self._helper("to_address", SOCKET_ADDR, given, made, remote)
        return None

    def _address_of(self, parts: Sequence[Given], remote: bool) -> Rust | None:
        """An address out of an IP address or name, a port, and what may be beside them."""
        ports = [part for part in parts if part.shape.kind == "u16" and "port" in part.words]
        ports = ports or [part for part in parts if part.shape.kind == "u16"]
        rest = [part for part in parts if part not in ports[:1]]
        extra = [part for part in rest if part.words & {"flow", "scope", "family"} and len(rest) > 1]
        rest = [part for part in rest if part not in extra]
        if len(ports) != 1 or len(rest) != 1:
            return None
        return self.joined(rest[0], ports[0], remote=remote)

    def joined(self, host: Given, port: Given, *, remote: bool) -> Rust | None:
        """An address out of an IP address or a name, and a port."""
        number = self.number(port, "u16")
        if number is None:
            return None
        if host.shape.kind == "string" and remote and "ip" not in host.words:
            if number.fails:
                number = replace(number, code=f"{number.code}?")
                return None
            call = f"{{runtime}}::lookup::remote({self.borrowed(host)}, {number.code})"
            return Rust(call, True, imports=_LOOKUP_IMPORTS, runtime=("lookup",)).using(number)
        ip = self.ip(host)
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

    def ip(self, given: Given) -> Rust | None:
        """An ``IpAddr``."""
        shape, value = given.shape, self.value(given)
        match shape.kind:
            case "variant":
                made = self._each_family(given, self.ip)
                return self._helper("to_ip", IP_ADDR, given, made)
            case "record" if len(shape.members) == 1:
                made = self.ip(self.fields(given)[0])
                return self._helper("to_ip", IP_ADDR, given, made)
            case "record" | "tuple":
                size = _octets(self, shape)
                items = ", ".join(part.code for part in self.fields(given))
                if size and shape.kind == "record":
                    made = Rust(f"{IP_ADDR}::from([{items}])", score=2)
                    return self._helper("to_ip", IP_ADDR, given, made)
                if size:
                    return Rust(f"{IP_ADDR}::from(<{size}>::from({value}))", score=2)
            case "list":
                if shape.type.size in (4, 16) and self.kind_of(shape, 0) == "u8":
                    return Rust(f"{IP_ADDR}::from({value})", score=2)
                if self.is_bytes(shape) and self.named("ip", given):
                    call = f"{{runtime}}::net::ip_from_bytes({self.borrowed(given)})"
                    return Rust(call, True, runtime=("net",))
            case "string" if self.named("ip", given):
                text = self.borrowed(given)
                text = f"({text})" if text.startswith("&") else text
                parse = f"{text}.parse::<{IP_ADDR}>().map_err(|_| {KIND}::InvalidArgument)"
                return Rust(parse, True, runtime=("error",))
            case "u32" if self.named("ip", given):
                return Rust(f"{IP_ADDR}::from({value}.to_be_bytes())")
        return None

    def _each_family(self, given: Given, make: Callable[[Given], Rust | None]) -> Rust | None:
        """A ``match`` over a variant whose cases are IPv4 and IPv6; other cases are not supported."""
        arms: list[tuple[str, Rust]] = []
        others: list[str] = []
        path = self.type_path(given.shape)
        place = "field" if self.copies(given.shape) else "ref"
        known = set().union(*self.words.cases["family"].values())
        for member in given.shape.members:
            case = f"{path}::{camel(member.name)}"
            bare = _without(split(member.name), given.shape.names)
            if member.type is None or not {member.name, bare} & known:
                others.append(f"{case}{'(_)' if member.type else ''}")
                continue
            made = make(self.part(given, member, "part", place))
            if made is None:
                return None
            arms.append((f"{case}(part)", made))
        if not arms:
            return None
        fails = bool(others) or any(made.fails for _, made in arms)
        lines = [f"{case} => {_as_result(made, fails)}," for case, made in arms]
        if others:
            lines.append(f"{' | '.join(others)} => Err({KIND}::NotSupported),")
        code = f"match {given.code} {{\n{_indent(lines)}\n}}"
        return Rust(code, fails, score=2, runtime=("error",) if others else ()).using(
            *(made for _, made in arms)
        )

    def _helper(
        self, suffix: str, result: str, given: Given, made: Rust | None, remote: bool = False
    ) -> Rust | None:
        """A call of a function that does what ``made`` does with a value of a named type."""
        if made is None:
            return None
        # Inside the function the value has another name; make the code again for that.
        name = f"{snake(given.shape.type.name)}_{suffix}"
        inner = replace(given, code="value", place="param")
        if given.code != "value" or given.place != "param":
            again = self.ip(inner) if suffix == "to_ip" else self.address(inner, remote=remote)
            if again is None:
                return None
            return replace(again, code=f"{name}({self.passed(given)})")
        path = self.path(given.shape)
        taken = path if self.copies(given.shape) else f"&{path}"
        gives = f"Result<{result}, {KIND}>" if made.fails else result
        text = f"fn {name}(value: {taken}) -> {gives} {{\n{_indent(made.code.split(chr(10)))}\n}}"
        helpers = (*made.helpers, text)
        return Rust(f"{name}(value)", made.fails, 2, made.imports, made.runtime, helpers)

    # -- values that are given back --

    def give(self, role: str, shape: Shape, code: str, context: frozenset[str] = frozenset()) -> Rust | None:
        """The interface's own value for what the runtime gives for a role.

        ``code`` is the runtime's value, used once. ``context`` are words of the function's name.
        """
        timed = _TIMED_GIVERS.get(role)
        if timed is not None:
            return timed(self, shape, code, context | {w for name in shape.names for w in split(name)})
        maker = _GIVERS.get(role)
        return maker(self, shape, code) if maker else None

    def count_out(self, shape: Shape, code: str) -> Rust | None:
        """A ``u64`` as a whole number; one that does not fit becomes the largest."""
        if shape.kind not in INTEGERS:
            return None
        rust = PRIMITIVES[shape.kind]
        if rust == "u64":
            return Rust(code)
        return Rust(f"{rust}::try_from({code}).unwrap_or({rust}::MAX)")

    def address_out(self, shape: Shape, code: str) -> Rust | None:
        """A ``SocketAddr`` as a record, variant, tuple or text."""
        match shape.kind:
            case "string":
                return Rust(f"{code}.to_string()")
            case "tuple":
                parts = [self.shape(shape.scope, argument) for argument in shape.type.args if argument]
                if len(parts) != 2 or sum(part.kind == "u16" for part in parts) != 1:
                    return None
                made = [
                    Rust("address.port()") if part.kind == "u16" else self.ip_out(part, "address.ip()")
                    for part in parts
                ]
                return _block("address", code, "(", ")", made)
            case "record":
                made_record = self._address_record(
                    shape, lambda part: self.ip_out(part, "address.ip()"), "address"
                )
                return self._from_helper("from_address", SOCKET_ADDR, "address", shape, code, made_record)
            case "variant":
                made_variant = self._family_out(shape, "address", SOCKET_ADDR, self._address_payload)
                return self._from_helper("from_address", SOCKET_ADDR, "address", shape, code, made_variant)
        return None

    def _address_payload(self, shape: Shape, name: str) -> Rust | None:
        """The payload of a variant's case: of ``name``, a ``SocketAddrV4`` or ``SocketAddrV6``."""

        def ip(part: Shape) -> Rust | None:
            own = self._ip_payload(part, f"{name}.ip()")
            return own or self.ip_out(part, f"{IP_ADDR}::from(*{name}.ip())")

        if shape.kind == "record":
            return self._address_record(shape, ip, name)
        if shape.kind == "tuple" and len(shape.type.args) == 2:
            parts = [self.shape(shape.scope, argument) for argument in shape.type.args if argument]
            made = [Rust(f"{name}.port()") if part.kind == "u16" else ip(part) for part in parts]
            return _joined("(", ")", made)
        return None

    def _address_record(self, shape: Shape, ip: Callable[[Shape], Rust | None], name: str) -> Rust | None:
        """A record with an IP address, a port, and perhaps what only IPv6 has."""
        made: list[tuple[str, Rust | None]] = []
        for member in shape.members:
            assert member.type is not None
            part = self.shape(shape.scope, member.type)
            words = set(split(member.name))
            field_name = identifier(member.name)
            if "port" in words and part.kind in INTEGERS:
                made.append((field_name, self.count_out(part, f"u64::from({name}.port())")))
                if part.kind == "u16":
                    made[-1] = (field_name, Rust(f"{name}.port()"))
            elif words & {"flow", "scope"} and part.kind == "u32":
                getter = "flowinfo" if "flow" in words else "scope_id"
                made.append((field_name, Rust(f"{name}.{getter}()" if name == "v6" else "0")))
            elif "family" in words:
                made.append((field_name, self.give("family", part, f"{FAMILY}::of(&{name})")))
            else:
                made.append((field_name, ip(part)))
        if sum(1 for member in shape.members if "port" in split(member.name)) != 1 or len(made) < 2:
            return None
        return _record(self.type_path(shape), made)

    def ip_out(self, shape: Shape, code: str) -> Rust | None:
        """An ``IpAddr`` as a variant, tuple, list, text or number. One that does not fit is an error."""
        match shape.kind:
            case "string":
                return Rust(f"{code}.to_string()")
            case "list":
                if self.is_bytes(shape):
                    return Rust(f"{{runtime}}::net::ip_to_bytes({code})", runtime=("net",))
                if shape.type.size in (4, 16) and self.kind_of(shape, 0) == "u8":
                    return self._only(code, "V4" if shape.type.size == 4 else "V6", "ip.octets()")
            case "tuple":
                size = _octets(self, shape)
                if size == "[u8; 4]":
                    return self._only(code, "V4", "ip.octets().into()")
                if size == "[u16; 8]":
                    return self._only(code, "V6", "ip.segments().into()")
                if size == "[u8; 16]":
                    return None
            case "u32":
                return self._only(code, "V4", "u32::from(ip)")
            case "variant":
                made = self._family_out(shape, "ip", IP_ADDR, self._ip_payload)
                return self._from_helper("from_ip", IP_ADDR, "ip", shape, code, made)
        return None

    def _ip_payload(self, shape: Shape, name: str) -> Rust | None:
        """The payload of a variant's case: of ``name``, an ``Ipv4Addr`` (``v4...``) or ``Ipv6Addr``."""
        size = _octets(self, shape) if shape.kind in ("tuple", "record") else ""
        octets = {"[u8; 4]": "octets", "[u16; 8]": "segments"}.get(size)
        if octets == ("segments" if name.startswith("v4") else "octets"):
            return None
        if shape.kind == "tuple":
            return Rust(f"{name}.{octets}().into()") if octets else None
        if shape.kind == "record" and octets:
            names = [identifier(member.name) for member in shape.members]
            fields = ", ".join(f"{each}: parts[{index}]" for index, each in enumerate(names))
            return Rust(f"{{\nlet parts = {name}.{octets}();\n{self.type_path(shape)} {{ {fields} }}\n}}")
        if shape.kind == "list" and self.kind_of(shape, 0) == "u8":
            wanted = 4 if name.startswith("v4") else 16
            if shape.type.size in (None, wanted):
                return Rust(f"{name}.octets()" + ("" if shape.type.size else ".to_vec()"))
            return None
        if shape.kind == "u32" and name == "v4":
            return Rust("u32::from(v4)")
        if shape.kind == "u32" and name == "v4.ip()":
            return Rust("u32::from(*v4.ip())")
        return Rust(f"{name}.to_string()") if shape.kind == "string" else None

    def _only(self, code: str, case: str, made: str) -> Rust:
        """For a type that holds addresses of one family only."""
        arms = [f"{IP_ADDR}::{case}(ip) => Ok({made}),", f"_ => Err({KIND}::NotSupported),"]
        return Rust(f"match {code} {{\n{_indent(arms)}\n}}", True, runtime=("error",))

    def _family_out(
        self, shape: Shape, name: str, rust: str, payload: Callable[[Shape, str], Rust | None]
    ) -> Rust | None:
        """A ``match`` over an address of the standard library that makes the cases of a variant."""
        path = self.type_path(shape)
        arms: list[tuple[str, str, Rust]] = []
        for case, variable in (("V4", "v4"), ("V6", "v6")):
            names = self.words.cases["family"][case]
            for member in shape.members:
                bare = _without(split(member.name), shape.names)
                if member.type is None or not {member.name, bare} & set(names):
                    continue
                made = payload(self.shape(shape.scope, member.type), variable)
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
        code = f"match {name} {{\n{_indent(lines)}\n}}"
        return Rust(code, fails, runtime=("error",) if fails else ()).using(*(made for *_, made in arms))

    def _from_helper(
        self, suffix: str, taken: str, name: str, shape: Shape, code: str, made: Rust | None
    ) -> Rust | None:
        """A call of a function that makes a named type of ``name``."""
        if made is None:
            return None
        function = f"{snake(shape.type.name)}_{suffix}"
        path = self.path(shape)
        gives = f"Result<{path}, {KIND}>" if made.fails else path
        text = f"fn {function}({name}: {taken}) -> {gives} {{\n{_indent(made.code.split(chr(10)))}\n}}"
        runtime = _union(made.runtime, ("error",) if made.fails else ())
        return Rust(
            f"{function}({code})", made.fails, 2, made.imports, runtime, _union(made.helpers, (text,))
        )

    # -- errors --

    def error(self, shape: Shape | None) -> Rust | None:
        """A function that makes the error type of a ``Kind``: its path or a closure; None when it cannot be made."""
        if shape is None:
            return Rust("drop", runtime=("error",))
        made = self.error_value(shape, "kind")
        if made is None:
            return None
        if shape.definition is None:
            return replace(made, code=f"|kind: {KIND}| {made.code}", runtime=("error",))
        name = f"{snake(shape.type.name)}_of"
        body = _indent(made.code.split("\n"))
        text = f"fn {name}(kind: {KIND}) -> {self.path(shape)} {{\n{body}\n}}"
        return Rust(name, runtime=("error",), helpers=_union(made.helpers, (text,)))

    def error_value(self, shape: Shape, kind: str) -> Rust | None:
        """The error for the ``Kind`` in the variable ``kind``."""
        match shape.kind:
            case "string":
                return Rust(f"{kind}.text().to_owned()")
            case "u8":
                return Rust(f"{kind}.errno()")
            case "u16" | "u32" | "u64" | "s16" | "s32" | "s64":
                return Rust(f"{PRIMITIVES[shape.kind]}::from({kind}.errno())")
            case "enum" | "variant":
                return self._error_cases(shape, kind)
            case "record":
                return self._error_record(shape, kind)
        return None

    def _error_cases(self, shape: Shape, kind: str) -> Rust | None:
        """A ``match`` that gives each ``Kind`` the case with a name for it."""
        made = {member.name: self._error_case(shape, member, kind) for member in shape.members}
        usable = {name: code for name, code in made.items() if code is not None}
        chosen = {reason: self._case_for(reason, shape, usable) for reason in self.words.errors}
        rest = chosen["Other"] or next((name for name in usable if f"{kind}." in usable[name]), None)
        known = {reason: name for reason, name in chosen.items() if name and reason != "Other"}
        if rest is None:
            return None
        for reason, others in self.words.instead.items():
            for other in others:
                if reason not in known and chosen.get(other):
                    known[reason] = chosen[other] or ""
        by_case: dict[str, list[str]] = {}
        for reason, name in known.items():
            if name != rest:
                by_case.setdefault(name, []).append(f"{KIND}::{reason}")
        lines = [_arm(reasons, usable[name]) for name, reasons in by_case.items()]
        if not lines:
            return Rust(usable[rest])
        code = f"match {kind} {{\n{_indent([*lines, f'_ => {usable[rest]},'])}\n}}"
        return Rust(code)

    def _error_case(self, shape: Shape, member: Member, kind: str) -> str | None:
        """A case with a payload that a ``Kind`` can fill, or without one."""
        case = f"{self.type_path(shape)}::{camel(member.name)}"
        if member.type is None:
            return case
        payload = self.shape(shape.scope, member.type)
        if payload.kind == "option":
            return f"{case}(None)"
        made = self.error_value(payload, kind) if payload.definition is None else None
        return f"{case}({made.code})" if made else None

    def _case_for(self, reason: str, shape: Shape, usable: Mapping[str, str]) -> str | None:
        """The case that has one of the names of a reason, the best name first."""
        bare = {"-".join(split(name)): name for name in usable}
        bare |= {_without(split(name), shape.names): name for name in usable}
        return next((bare[name] for name in self.words.errors[reason] if name in bare), None)

    def _error_record(self, shape: Shape, kind: str) -> Rust | None:
        """A record with a code, a text, or both; what else it has must be optional."""
        made: list[tuple[str, Rust | None]] = []
        for member in shape.members:
            assert member.type is not None
            part = self.shape(shape.scope, member.type)
            value = Rust("None") if part.kind == "option" else Rust("false") if part.kind == "bool" else None
            made.append((identifier(member.name), value or self.error_value(part, kind)))
        if all(self.shape(shape.scope, m.type).kind in ("option", "bool") for m in shape.members if m.type):
            return None
        return _record(self.type_path(shape), made)


# -- takers: one for each role of a parameter ------------------------------------------------------

Taker = Callable[[Roles, Given, frozenset[str], str], "Rust | None"]


def _take_bytes(roles: Roles, given: Given, context: frozenset[str], role: str) -> Rust | None:
    named = roles.named(role, given)
    if roles.is_bytes(given.shape):
        return Rust(roles.borrowed(given), score=2 if named else 1.5)
    if given.shape.kind == "string" and named:
        return Rust(f"{_receiver(roles.borrowed(given))}.as_bytes()", score=1)
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
    made = roles.address(given, remote=True)
    if made is not None:
        return replace(made, score=2)
    endpoint = _take_endpoint(roles, given, context, "endpoint")
    if endpoint is None:
        return None
    call = f"{{runtime}}::lookup::remote_of({endpoint.code})"
    return Rust(call, True, 1, _LOOKUP_IMPORTS, ("lookup",))


def _take_remotes(roles: Roles, given: Given, context: frozenset[str], role: str) -> Rust | None:
    made = roles.address(given, remote=True)
    if made is not None:
        if made.fails:
            return replace(made, code=f"{made.code}.map(|remote| [remote])", score=2)
        return replace(made, code=f"[{made.code}]", score=2)
    endpoint = _take_endpoint(roles, given, context, "endpoint")
    if endpoint is None:
        return None
    call = f"{{runtime}}::lookup::remotes_of({endpoint.code})"
    return Rust(call, True, 1, _LOOKUP_IMPORTS, ("lookup",))


def _take_local(roles: Roles, given: Given, context: frozenset[str], role: str) -> Rust | None:
    made = roles.address(given, remote=False)
    if made is not None:
        return replace(made, score=2)
    if given.shape.kind == "string" and roles.named("endpoint", given):
        text = roles.borrowed(given)
        parse = f"{_receiver(text)}.parse::<{SOCKET_ADDR}>().map_err(|_| {KIND}::InvalidArgument)"
        return Rust(parse, True, 1, runtime=("error",))
    return None


def _take_ip(roles: Roles, given: Given, context: frozenset[str], role: str) -> Rust | None:
    return roles.ip(given)


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
        return Rust(f"match {given.code} {{\n{_indent(arms)}\n}}", score=2, runtime=("net",))
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
    return Rust(f"match {given.code} {{\n{_indent(arms)}\n}}", score=2)


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
    return Rust(f"match {given.code} {{\n{_indent(arms)}\n}}", score=2)


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
    return Rust(f"match {code} {{\n{_indent(arms)}\n}}", score=2)


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
    each = f"({parts[0].code}.to_string(), {bytes_})"
    return Rust(f"&{given.code}.iter().map(|header| {each}).collect::<Vec<_>>()", score=2)


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


# -- givers: one for each role of a result ---------------------------------------------------------

Giver = Callable[[Roles, Shape, str], "Rust | None"]


def _give_bytes(roles: Roles, shape: Shape, code: str) -> Rust | None:
    return Rust(code) if roles.is_bytes(shape) else None


def _give_chunk(roles: Roles, shape: Shape, code: str) -> Rust | None:
    if shape.kind == "option" and roles.is_bytes(roles.argument(shape)):
        return Rust(f"Some({code}).filter(|bytes| !bytes.is_empty())")
    return _give_bytes(roles, shape, code)


def _give_family(roles: Roles, shape: Shape, code: str) -> Rust | None:
    cases = {case: name for name, case in list(roles.cases("family", shape).items())[::-1]}
    if set(cases) != {"V4", "V6"}:
        return None
    path = roles.type_path(shape)
    arms = [f"{FAMILY}::{case} => {path}::{camel(name)}," for case, name in sorted(cases.items())]
    return Rust(f"match {code} {{\n{_indent(arms)}\n}}", runtime=("net",))


def _give_flag(roles: Roles, shape: Shape, code: str) -> Rust | None:
    return Rust(code) if shape.kind == "bool" else None


def _give_list(roles: Roles, shape: Shape, code: str, each: Giver) -> Rust | None:
    inner = roles.argument(shape)
    if shape.kind != "list" or inner is None:
        return None
    made = each(roles, inner, "each")
    if made is None:
        return None
    mapped = f"{code}.into_iter().map(|each| {made.code})"
    if made.fails:
        # What the type has no room for is left out: a list of IPv4 addresses holds those.
        return replace(made, code=f"{mapped}.filter_map(Result::ok).collect()", fails=False)
    return replace(made, code=f"{mapped}.collect()")


def _give_ips(roles: Roles, shape: Shape, code: str) -> Rust | None:
    return _give_list(roles, shape, code, Roles.ip_out)


def _give_first_ip(roles: Roles, shape: Shape, code: str) -> Rust | None:
    """The first of several that the type has room for."""
    made = roles.ip_out(shape, "each")
    if made is None:
        return None
    first = f"find_map(|each| {made.code}.ok())" if made.fails else f"map(|each| {made.code}).next()"
    found = f"{code}.into_iter().{first}.ok_or({KIND}::NameNotFound)"
    return Rust(found, True, runtime=("error",)).using(made)


def _give_addresses(roles: Roles, shape: Shape, code: str) -> Rust | None:
    return _give_list(roles, shape, code, Roles.address_out)


def _give_text(roles: Roles, shape: Shape, code: str) -> Rust | None:
    return Rust(code) if shape.kind == "string" else None


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
    record = _record(roles.type_path(shape), made)
    if record is None or not known or not any("status" in v.code or "body" in v.code for _, v in made if v):
        return None
    name = f"{snake(shape.type.name)}_of_response"
    gives = f"Result<{roles.path(shape)}, {KIND}>" if record.fails else roles.path(shape)
    text = f"fn {name}(response: {{runtime}}::http::Response) -> {gives} {{\n{_indent([record.code])}\n}}"
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
    return _block("response", code, "(", ")", made)


def _response_part(roles: Roles, words: frozenset[str], part: Shape) -> Rust | None:
    """One field of a response."""
    if words & {"status", "code"} and part.kind in INTEGERS:
        return (
            roles.count_out(part, "u64::from(response.status)")
            if part.kind != "u16"
            else Rust("response.status")
        )
    if words & {"ok", "success"} and part.kind == "bool":
        return Rust("(200..300).contains(&response.status)")
    if part.kind == "option":
        inner = roles.argument(part)
        made = _response_part(roles, words, inner) if inner else None
        if made is None:
            return Rust("None")
        return replace(made, code=f"Some({made.code}?)" if made.fails else f"Some({made.code})", fails=False)
    if words & roles.words.params["headers"] and part.kind == "list":
        return _response_headers(roles, part)
    if words & roles.words.params["body"] | words & {"text"}:
        if roles.is_bytes(part):
            return Rust("response.body")
        if part.kind == "string":
            return Rust("{runtime}::http::text(response.body)", True)
    return None


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
        value = "String::from_utf8_lossy(&value).into_owned()"
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
    "address": Roles.address_out,
    "addresses": _give_addresses,
    "bits": _give_bits,
    "bytes": _give_bytes,
    "chunk": _give_chunk,
    "count": Roles.count_out,
    "datetime-record": _give_datetime_record,
    "family": _give_family,
    "first-ip": _give_first_ip,
    "flag": _give_flag,
    "fraction": _give_fraction,
    "ip": Roles.ip_out,
    "ips": _give_ips,
    "maybe-text": _give_maybe_text,
    "maybe-value": _give_maybe_value,
    "pairs": _give_pairs,
    "response": _give_response,
    "signed": _give_signed,
    "text": _give_text,
    "texts": _give_texts,
}

_TIMED_GIVERS: Final[Mapping[str, Callable[[Roles, Shape, str, frozenset[str]], Rust | None]]] = {
    "datetime": _give_datetime,
    "instant": _give_instant,
}


# -- text ------------------------------------------------------------------------------------------


def _union(*several: Iterable[str]) -> tuple[str, ...]:
    """All of them once, in order."""
    return tuple(dict.fromkeys(item for some in several for item in some))


def _indent(lines: Iterable[str]) -> str:
    return "\n".join(f"    {line}" if line else "" for text in lines for line in text.split("\n"))


def _receiver(code: str) -> str:
    return f"({code})" if code.startswith("&") else code


def _arm(patterns: Sequence[str], value: str) -> str:
    return f"{' | '.join(patterns)} => {value},"


def _as_result(made: Rust, fails: bool) -> str:
    return f"Ok({made.code})" if fails and not made.fails else made.code


def _joined(front: str, back: str, made: Sequence[Rust | None]) -> Rust | None:
    """A tuple of values; None when one of them is missing or can fail."""
    values = [value for value in made if value is not None and not value.fails]
    if len(values) < len(made):
        return None
    return Rust(f"{front}{', '.join(value.code for value in values)}{back}").using(*values)


def _block(name: str, code: str, front: str, back: str, made: Sequence[Rust | None]) -> Rust | None:
    """As ``_joined``, for values that all use ``name``."""
    joined = _joined(front, back, made)
    if joined is None:
        return None
    return replace(joined, code=f"{{\n    let {name} = {code};\n    {joined.code}\n}}")


def _record(path: str, made: Sequence[tuple[str, Rust | None]]) -> Rust | None:
    """A record; parts that can fail make the whole fail."""
    values = [(name, value) for name, value in made if value is not None]
    if len(values) < len(made):
        return None
    fails = any(value.fails for _, value in values)
    fields = ", ".join(
        name if value.code == name else f"{name}: {value.code}{'?' if value.fails else ''}"
        for name, value in values
    )
    code = f"{path} {{ {fields} }}"
    return Rust(f"Ok({code})" if fails else code, fails).using(*(value for _, value in values))


def _octets(roles: Roles, shape: Shape) -> str:
    """``[u8; 4]``, ``[u16; 8]`` or ``[u8; 16]`` when a tuple or record is as many of those, else ""."""
    if shape.kind == "tuple":
        kinds = [roles.kind_of(shape, index) for index in range(len(shape.type.args))]
    else:
        kinds = [roles.shape(shape.scope, member.type).kind for member in shape.members if member.type]
    sizes = {("u8", 4): "[u8; 4]", ("u16", 8): "[u16; 8]"}
    return sizes.get((kinds[0], len(kinds)), "") if kinds and len(set(kinds)) == 1 else ""


def _without(words: Sequence[str], names: Iterable[str]) -> str:
    """A case's name without the words that end or begin its type's name (``error-timeout`` of ``error``)."""
    said = {word for name in names for word in split(name)} | {"error", "err", "e"}
    left = [word for word in words if word not in said] or list(words)
    return "-".join(left)
