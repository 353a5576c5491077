"""Bodies that say honestly that nobody implements the function.

From the best to the worst: the interface's own error for "not supported"; an error that carries a text; a
panic, which stops the component. Each names the function, where there is room for a text.

What makes a resource and cannot fail gives an empty object when some method of it can fail (or when it has
no methods at all): that method says so with an error, where a panic here would leave callers no way on.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from wasmdoctor.migrate.bridge import rust
from wasmdoctor.migrate.bridge.body import Body
from wasmdoctor.migrate.bridge.names import camel, identifier, type_name
from wasmdoctor.migrate.bridge.types import Types
from wasmdoctor.model.plan import BodyKind
from wasmdoctor.model.record import dataclass, field
from wasmdoctor.model.wit import Function, FunctionRole, Interface, Type, TypeDef, TypeKind

MAX_DEPTH = 8
"""How deep an error type is looked into."""


@dataclass(frozen=True, slots=True)
class ErrorCases:
    """The names of error cases that a refusal may use, in the order of preference.

    ``not_supported`` fit without a payload too, ``general`` only with a text.
    """

    not_supported: tuple[str, ...] = ()
    general: tuple[str, ...] = ()

    @staticmethod
    def read(table: Mapping[str, Any]) -> ErrorCases:
        """From ``rules/mappings/refusals.toml``. Raises ValueError when a list is missing or holds no names."""
        lists = []
        for key in ("not-supported", "general"):
            names = table.get(key)
            if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
                raise ValueError(f"`{key}` must be a list of names of error cases")
            lists.append(tuple(names))
        return ErrorCases(*lists)


@dataclass(frozen=True, slots=True)
class Refusal:
    """A value of an error type: its Rust text, and what it is in words (``\\`not-supported\\```)."""

    value: str
    about: str


@dataclass(frozen=True, slots=True)
class Refusals:
    """Makes refusing bodies. ``types`` names the types, ``cases`` are the error cases to use."""

    types: Types
    cases: ErrorCases = field(default_factory=ErrorCases)

    def function(self, interface: Interface, function: Function, empty: Collection[str] = ()) -> Body:
        """The body of a function of an interface. It always has one.

        ``empty`` are the interface's resources whose structs hold nothing, so that one may be made.
        """
        what = described(interface.name, function.name)
        error = self.error(interface, function)
        depth = 2 if function.resource else 1
        if error is not None:
            code = _spread(f"Err({error.value})", rust.string(f"{what} is not supported"), depth)
            return Body(BodyKind.REFUSES, code, f"fails with {error.about}")
        made = self._made(function)
        if made in empty and self.can_tell(interface, made):
            code = f"{'Self' if function.resource == made else type_name(made)} {{ _private: () }}"
            about = f"gives a `{made}` that does nothing: its methods refuse"
            return Body(BodyKind.REFUSES, code, about)
        return Body(BodyKind.REFUSES, panic(f"{what} is not supported", depth), "stops the component")

    def error(self, interface: Interface, function: Function) -> Refusal | None:
        """The error that a function can refuse with, or None when its result has none that fits."""
        result = function.result
        where = interface.name
        if result is not None and result.kind == "name":
            found = self.types.definition(where, result.name)
            where, result = (found[0], found[1].target) if found else (where, None)
        if result is None or result.kind != "result":
            return None
        if result.args[1] is None:
            return Refusal("()", "an error that has no value")
        return self._value(
            interface.name, where, result.args[1], described(interface.name, function.name), MAX_DEPTH
        )

    def can_tell(self, interface: Interface, resource: str) -> bool:
        """Whether a method of a resource can refuse with an error, or there is none to refuse."""
        methods = [
            function
            for function in interface.functions.values()
            if function.role is FunctionRole.METHOD and function.resource == resource
        ]
        return not methods or any(self.error(interface, method) for method in methods)

    def _made(self, function: Function) -> str:
        """The resource that a function gives back by itself, or ""."""
        result = function.result
        if function.role is FunctionRole.CONSTRUCTOR:
            return "" if result is not None and result.kind == "result" else function.resource
        return result.name if result is not None and result.kind in ("name", "own") else ""

    def _value(self, here: str, where: str, type_: Type, what: str, depth: int) -> Refusal | None:
        """A value of an error type written in ``where``, for code in the module of ``here``."""
        if type_.kind == "string":
            text = rust.string(f"{what} is not supported")
            own = "{}.to_vec()" if self.types.options.raw_strings else "{}.to_string()"
            return Refusal(own.format(f"b{text}" if self.types.options.raw_strings else text), "a text")
        if type_.kind != "name" or depth == 0:
            return None
        found = self.types.definition(where, type_.name)
        if found is None:
            return None
        path = self.types.type_path(where, type_.name, here=here)
        owner, definition = found
        if definition.kind is TypeKind.ALIAS and definition.target is not None:
            return self._value(here, owner, definition.target, what, depth - 1)
        if definition.kind is TypeKind.RECORD:
            return self._record(here, owner, definition, path, what, depth)
        if definition.kind in (TypeKind.ENUM, TypeKind.VARIANT):
            return self._case(here, owner, definition, path, what, depth)
        return None

    def _case(
        self, here: str, owner: str, definition: TypeDef, path: str, what: str, depth: int
    ) -> Refusal | None:
        members = {member.name: member.type for member in definition.members}
        for name in (*self.cases.not_supported, *self.cases.general):
            if name not in members:
                continue
            payload = members[name]
            if payload is None:
                if name in self.cases.not_supported:
                    return Refusal(f"{path}::{camel(name)}", f"`{name}`")
                continue
            value = self._payload(here, owner, payload, what, depth)
            if value is not None:
                return Refusal(f"{path}::{camel(name)}({value})", f"`{name}`")
        return None

    def _record(
        self, here: str, owner: str, definition: TypeDef, path: str, what: str, depth: int
    ) -> Refusal | None:
        """A record, when each field is a text, is optional, or is itself an error that fits."""
        fields = []
        for member in definition.members:
            value = self._payload(here, owner, member.type, what, depth) if member.type else None
            if value is None:
                return None
            fields.append(f"    {identifier(member.name)}: {value},")
        if not any(".to_" in line or "::" in line for line in fields):
            return None  # it would say nothing
        return Refusal("\n".join((f"{path} {{", *fields, "}")), f"a `{definition.name}`")

    def _payload(self, here: str, owner: str, type_: Type, what: str, depth: int) -> str | None:
        if type_.kind == "option":
            inner = type_.args[0]
            value = self._value(here, owner, inner, what, depth - 1) if inner else None
            return f"Some({value.value})" if value else "None"
        value = self._value(here, owner, type_, what, depth - 1)
        return value.value if value else None


def _spread(code: str, text: str, depth: int) -> str:
    """A line that is too long, with the text in it on a line before."""
    room = rust.WIDTH - len(rust.INDENT) * depth
    if len(code) <= room or text not in code or "\n" in code:
        return code
    line = f"let message = {text};"
    if len(line) > room:
        line = f"let message =\n{rust.INDENT}{text};"
    return f"{line}\n{code.replace(text, 'message')}"


def described(interface: str, function: str) -> str:
    """A function in a message: ``\\`tcp-socket.connect\\` of ns:pkg/iface``."""
    name = function.rpartition("]")[2]
    return f"`{name}` of {interface}" if interface else f"`{name}`"


def panic(message: str, depth: int) -> str:
    """A panic with a message, for code that stands ``depth`` levels in. Braces in it are taken literally."""
    text = rust.string(message.replace("{", "{{").replace("}", "}}"))
    line = f"panic!({text})"
    if len(line) + len(rust.INDENT) * depth <= rust.WIDTH:
        return line
    return f"panic!(\n{rust.INDENT}{text}\n)"
