"""Bodies that forward to a standard function: the custom interface is one that was copied from WASI.

A function is forwarded when a standard interface has the same name without its package (``acme:base/random`` and
``wasi:random/random``), has a function of the same encoded name, and takes and gives what can be converted. The
name alone would not do: a ``now`` that gives a ``u64`` may count anything.

The standard types are read from WIT that the caller has (the ``deps`` of a project, or those of the crate
``wasip2``); nothing of it is shipped. The Rust called is that of the crate ``wasip2`` 2.0.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from wasmdoctor.migrate.bridge import rust
from wasmdoctor.migrate.bridge.body import Bodies, Body, ResourceBody
from wasmdoctor.migrate.bridge.convert import Converter, Side, closure
from wasmdoctor.migrate.bridge.module import STANDARD_TRACK, MakeBodies
from wasmdoctor.migrate.bridge.names import Modules, function_name, identifier, parameter_names, type_name
from wasmdoctor.migrate.bridge.types import Key, Mode, Types
from wasmdoctor.model.names import ExternName
from wasmdoctor.model.plan import BodyKind
from wasmdoctor.model.record import dataclass, field
from wasmdoctor.model.wit import Function, FunctionRole, Interface, Resolution, Type

CRATE: Final = "wasip2"

INTERFACES: Final = tuple(
    f"wasi:{package}/{interface}"
    for package, interfaces in {
        "cli": "environment exit stderr stdin stdout terminal-input terminal-output terminal-stderr "
        "terminal-stdin terminal-stdout",
        "clocks": "monotonic-clock wall-clock",
        "filesystem": "preopens types",
        "http": "outgoing-handler types",
        "io": "error poll streams",
        "random": "insecure insecure-seed random",
        "sockets": "instance-network ip-name-lookup network tcp tcp-create-socket udp udp-create-socket",
    }.items()
    for interface in interfaces.split()
)
"""The interfaces that ``wasip2`` 2.0 has modules for (its ``src/imports.rs``)."""


def standard_modules() -> Mapping[str, str]:
    """The Rust module of each standard interface in the crate ``wasip2``: ``wasi:io/poll`` to ``::wasip2::io::poll``."""
    found = {}
    for interface in INTERFACES:
        package, _, name = interface.removeprefix("wasi:").partition("/")
        found[interface] = f"::{CRATE}::{package}::{identifier(name)}"
    return found


def derived(resolutions: Iterable[Resolution] = (), others: tuple[str, ...] = ()) -> MakeBodies:
    """A source of forwards to the standard interfaces whose WIT is at hand.

    That is the WIT of the bridge itself (a project's ``deps``), and then these resolutions: the first that has
    an interface is taken. ``others`` are names of error cases that stand for those which a custom interface
    does not have.
    """
    known = [
        interface
        for resolution in resolutions
        for package in resolution.packages.values()
        for interface in package.interfaces.values()
    ]
    return lambda types, interfaces: Derived(
        types, interfaces, _standard((*interfaces.values(), *known)), others
    )


def _standard(interfaces: Iterable[Interface]) -> Mapping[str, Interface]:
    """The standard interfaces among these, by name without version."""
    found: dict[str, Interface] = {}
    for interface in interfaces:
        name = ExternName.parse(interface.name)
        if name.track == STANDARD_TRACK and name.unversioned in INTERFACES:
            found.setdefault(name.unversioned, interface)
    # One whose types come from an interface that is not there cannot be named: it drops out.
    return {name: interface for name, interface in found.items() if _is_complete(interface, found)}


def _is_complete(interface: Interface, standard: Mapping[str, Interface]) -> bool:
    names = {other.name for other in standard.values()}
    return all(type_.used_from in names for type_ in interface.types.values() if type_.used_from)


@dataclass(frozen=True, slots=True)
class _Forward:
    """A custom interface and the standard one it is like. ``same`` are the names of resources both have."""

    custom: Interface
    standard: Interface
    module: str
    same: frozenset[str]


class Derived(Bodies):
    """Forwards for the interfaces of one bridge. ``standard`` are the standard ones, by name without version."""

    def __init__(
        self,
        types: Types,
        interfaces: Mapping[str, Interface],
        standard: Mapping[str, Interface],
        others: tuple[str, ...] = (),
    ) -> None:
        self.types = types
        self.interfaces = interfaces
        self.others = others
        modules = standard_modules()
        self.standard = standard
        remapped = {interface.name: modules[name] for name, interface in standard.items()}
        self.standard_types = Types(
            {interface.name: interface.types for interface in standard.values()},
            Modules(remapped=remapped),
            imported=[(i.name, f) for i in standard.values() for f in i.functions.values()],
        )
        self._bodies: dict[str, Mapping[str, Body]] = {}
        self._writers: dict[str, _Writer] = {}

    def resource(self, interface: Interface, name: str) -> ResourceBody | None:
        """The standard resource of the same name."""
        forward = self._forward(interface)
        if forward is None or name not in forward.same:
            return None
        path = f"{forward.module}::{type_name(name)}"
        return ResourceBody(path, f"the `{name}` of {forward.standard.name}")

    def function(self, interface: Interface, function: Function) -> Body | None:
        """The forward to the standard function of the same name."""
        forward = self._forward(interface)
        return self._all(forward).get(function.name) if forward else None

    def _forward(self, interface: Interface) -> _Forward | None:
        """The standard interface of the same name that has most of the functions and resources in common."""
        alike = []
        for name, standard in self.standard.items():
            if name.rpartition("/")[2] == interface.short:
                same = frozenset(interface.resources) & frozenset(standard.resources)
                common = len(same) + len(interface.functions.keys() & standard.functions.keys())
                alike.append((common, _Forward(interface, standard, standard_modules()[name], same)))
        alike.sort(key=lambda found: -found[0])
        if not alike or alike[0][0] == 0 or (len(alike) > 1 and alike[0][0] == alike[1][0]):
            return None
        return alike[0][1]

    def is_forward(self, custom: Key, standard: Key) -> bool:
        """Whether the resource of a custom interface holds that standard resource."""
        interface = self.interfaces.get(custom[0])
        forward = self._forward(interface) if interface else None
        if forward is None or forward.standard.name != standard[0] or custom[1] != standard[1]:
            return False
        return custom[1] in forward.same

    def _all(self, forward: _Forward) -> Mapping[str, Body]:
        if forward.custom.name not in self._bodies:
            bodies = {}
            for function in forward.custom.functions.values():
                standard = forward.standard.functions.get(function.name)
                body = self._body(forward, function, standard) if standard else None
                if body is not None:
                    bodies[function.name] = body
            self._bodies[forward.custom.name] = bodies
        return self._bodies[forward.custom.name]

    def _body(self, forward: _Forward, function: Function, standard: Function) -> Body | None:
        if function.is_async or standard.is_async or len(function.params) != len(standard.params):
            return None
        writer = self._writer(forward)
        arguments = []
        for name, param, theirs in zip(
            parameter_names(function), function.params, standard.params, strict=True
        ):
            argument = writer.argument(name, param.type, theirs.type)
            if argument is None:
                return None
            arguments.append(argument)
        result = writer.result(function, standard, writer.call(function, arguments))
        if result is None:
            return None
        interface = ExternName.parse(forward.standard.name).unversioned
        about = f"calls `{function.name.rpartition(']')[2]}` of {interface}"
        return Body(BodyKind.DERIVED, result, about, (interface,), helpers=writer.helpers(result))

    def _writer(self, forward: _Forward) -> _Writer:
        """One for each interface: its conversions have one name each, whatever functions use them."""
        if forward.custom.name not in self._writers:
            self._writers[forward.custom.name] = _Writer(self, forward)
        return self._writers[forward.custom.name]


@dataclass(slots=True)
class _Writer:
    """Writes the forwards of one interface. ``outward`` converts to standard types, ``inward`` back."""

    derived: Derived
    forward: _Forward
    outward: Converter = field(init=False)
    inward: Converter = field(init=False)

    def __post_init__(self) -> None:
        custom = Side(self.derived.types, self.forward.custom.name, self.forward.custom.name)
        standard = Side(self.derived.standard_types, self.forward.standard.name)
        taken = frozenset(function_name(f) for f in self.forward.custom.functions.values())
        self.outward = Converter(custom, standard, "to_wasi", self._out, taken=taken, same=self._same)
        self.inward = Converter(
            standard,
            custom,
            "from_wasi",
            self._in,
            others=self.derived.others,
            taken=taken,
            same=lambda standard, custom: self._same(custom, standard),
        )

    def helpers(self, code: str) -> tuple[str, ...]:
        """The conversions that a piece of code calls, with those that they call."""
        known = {**self.outward.helpers, **self.inward.helpers}
        found: dict[str, str] = {}
        waiting = [code]
        while waiting:
            for name in sorted(rust.identifiers(waiting.pop()) & known.keys() - found.keys()):
                found[name] = known[name]
                waiting.append(known[name])
        return tuple(found[name] for name in known if name in found)

    def _same(self, custom: Key, standard: Key) -> bool:
        """Whether a type of the bridge is the standard one, because the bridge takes that interface from the crate."""
        name = ExternName.parse(custom[0])
        if custom[0] in self.derived.types.modules.remapped:
            return False
        known = name.track == STANDARD_TRACK and name.unversioned in self.derived.standard
        return (
            known
            and name.unversioned == ExternName.parse(standard[0]).unversioned
            and custom[1] == standard[1]
        )

    def _out(self, custom: Key, standard: Key, expression: str) -> str | None:
        return f"{expression}.inner" if self.derived.is_forward(custom, standard) else None

    def _in(self, standard: Key, custom: Key, expression: str) -> str | None:
        if not self.derived.is_forward(custom, standard):
            return None
        path = self.derived.types.type_path(*custom, here=self.forward.custom.name)
        return f"{path} {{ inner: {expression} }}"

    def argument(self, name: str, custom: Type, standard: Type) -> str | None:
        """The expression to pass for a parameter; None when it cannot be converted."""
        if custom.kind == standard.kind == "borrow":
            return self._borrowed(name, custom, standard)
        if self.outward.unchanged(custom, standard):
            return name
        if not self._mode(custom).lifetime:
            return self.outward.value(custom, standard, name)
        custom = self._plain(custom)
        standard = _plain(self.derived.standard_types, self.forward.standard.name, standard)
        item = custom.args[0] if custom.args else None
        theirs = standard.args[0] if standard.args else None
        if (
            item
            and theirs
            and custom.kind == standard.kind == "list"
            and item.kind == theirs.kind == "borrow"
        ):
            value = self._borrowed("value", item, theirs)
            return f"&{name}.iter().map(|value| {value}).collect::<Vec<_>>()" if value else None
        return self._copied(name, custom, standard)

    def _copied(self, name: str, custom: Type, standard: Type) -> str | None:
        """What is passed by reference is copied, converted, and passed by reference."""
        copies = {"list": "to_vec", "name": "clone", "option": "cloned"}
        if custom.kind not in copies or not self.derived.types.info(self.forward.custom.name, custom).clone:
            return None
        value = self.outward.value(custom, standard, f"{name}.{copies[custom.kind]}()")
        if value is None:
            return None
        if custom.kind == "option":
            item = custom.args[0]
            return f"{value}.as_ref()" if item and self._plain(item).kind == "name" else None
        if value.endswith(".collect()"):
            value = value.removesuffix("()") + "::<Vec<_>>()"
        return f"&{value}"

    def _mode(self, custom: Type) -> Mode:
        return self.derived.types.parameter_mode(self.forward.custom.name, custom)

    def _plain(self, custom: Type) -> Type:
        return _plain(self.derived.types, self.forward.custom.name, custom)

    def _borrowed(self, name: str, custom: Type, standard: Type) -> str | None:
        ours = self.derived.types.definition(self.forward.custom.name, custom.name)
        theirs = self.derived.standard_types.definition(self.forward.standard.name, standard.name)
        if ours is None or theirs is None:
            return None
        keys = (ours[0], ours[1].name), (theirs[0], theirs[1].name)
        if self._same(*keys):
            return name
        return f"&{name}.inner" if self.derived.is_forward(*keys) else None

    def call(self, function: Function, arguments: list[str]) -> str:
        """The call of the standard function."""
        called = function_name(function)
        match function.role:
            case FunctionRole.METHOD:
                return f"{arguments[0].removeprefix('&')}.{called}({', '.join(arguments[1:])})"
            case FunctionRole.FREE:
                return f"{self.forward.module}::{called}({', '.join(arguments)})"
        return f"{self.forward.module}::{type_name(function.resource)}::{called}({', '.join(arguments)})"

    def result(self, function: Function, standard: Function, call: str) -> str | None:
        """The last lines of the body, which give the custom result; None when it cannot be converted."""
        if function.role is FunctionRole.CONSTRUCTOR:
            plain = all(f.result is None or f.result.kind != "result" for f in (function, standard))
            return f"Self {{ inner: {call} }}" if plain and function.resource in self.forward.same else None
        value = self.inward.value(standard.result, function.result, call)
        if value is None or value == call or len(value) <= rust.CHAIN_WIDTH:
            return value
        theirs, ours = standard.result, function.result
        if theirs is None or ours is None or not theirs.kind == ours.kind == "result":
            value = self.inward.value(theirs, ours, "result")
            return f"let result = {call};\n{value}"
        calls = [
            f"{name}({closure(part)})"
            for name, one, other in zip(("map", "map_err"), theirs.args, ours.args, strict=True)
            if (part := self.inward.value(one, other, "value")) and part != "value"
        ]
        return f"let result = {call};\n{rust.chain('result', calls, depth=0)}"


def _plain(types: Types, interface: str, type_: Type) -> Type:
    """The list that an alias of the same interface stands for: that is how it is passed."""
    found = types.definition(interface, type_.name)
    target = found[1].target if found and found[0] == interface else None
    return target if target is not None and target.kind == "list" else type_
