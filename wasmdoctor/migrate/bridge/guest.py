"""The export side of a bridge: Rust that implements wit-bindgen's ``Guest`` traits by calling a bridge module.

A bridge has the import side's API: borrowed parameters, plain structs for resources. The traits want owned
parameters and their own types. A resource of the bridge implements the resource's trait itself, so that a handle
holds it: ``Network::new(value)`` makes the handle, ``into_inner`` and ``get`` give it back.

Rules: wit-bindgen 0.48.1 and 0.63.0, ``crates/rust/src/interface.rs`` (``generate_exports``, ``print_signature``,
``type_resource``).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from wasmdoctor.migrate.bridge import rust
from wasmdoctor.migrate.bridge.convert import Converter, Side, closure
from wasmdoctor.migrate.bridge.names import (
    Modules,
    camel,
    function_name,
    identifier,
    module_path,
    package_versions,
    parameter_names,
    snake,
    type_name,
)
from wasmdoctor.migrate.bridge.types import OWNED, Key, Mode, Style, Types
from wasmdoctor.model.names import ExternName
from wasmdoctor.model.record import dataclass, field
from wasmdoctor.model.wit import (
    Function,
    FunctionRole,
    Interface,
    Resolution,
    Type,
    TypeDef,
    TypeKind,
    World,
)

BINDINGS: Final = "bindings"
"""The module that holds what ``generate!`` makes."""

ELIDED: Final = "'_"

DEPTH: Final = 2
"""How deep the bodies of functions in ``impl`` blocks stand."""


MACRO_CRATE: Final = "wit_bindgen"
"""What generated code calls wit-bindgen's crate, unless ``generate!`` is told another path."""


@dataclass(frozen=True, slots=True)
class GuestRequest:
    """What is wanted: a crate's root file that exports all of a world.

    ``world`` is the world to export, ``resolution`` what it was resolved with. ``paths`` are the WIT paths for
    ``generate!``, relative to the crate's manifest. ``bridge`` is the module (in the crate's root) that has the
    import side's API of all exported interfaces and functions. ``with_`` maps interfaces that stay imports to the
    Rust modules that have their types, the same in bindings and bridge. ``type`` is the name of the type that
    implements the traits, ``macro`` the path of wit-bindgen's crate in Rust.
    """

    world: World
    resolution: Resolution
    paths: tuple[str, ...]
    bridge: str
    with_: Mapping[str, str] = field(default_factory=dict)
    type: str = "Adapter"
    macro: str = MACRO_CRATE


def unsupported(types: Types, interface: str, function: Function) -> str:
    """Why a function cannot be exported by this, or ""."""
    if function.is_async:
        return "it is async"
    parts = (*(param.type for param in function.params), function.result)
    if any(types.info(interface, part).has_async for part in parts):
        return "it takes or gives a future, a stream or an error-context"
    return ""


def guest_source(request: GuestRequest) -> str:
    """The text of the crate's root file, as rustfmt leaves it.

    Raises ValueError for a function that cannot be exported by this (async ones, futures, streams): see
    ``unsupported``.
    """
    return _Guest(request).text()


class _Exported(Types):
    """Types as bindings of exports have them: a borrowed handle is a type of its own."""

    exported: frozenset[str] = frozenset()

    def text(self, interface: str, type_: Type, mode: Mode = OWNED, *, here: str | None = None) -> str:
        """The Rust text of a type."""
        if type_.kind == "borrow":
            found = self.definition(interface, type_.name)
            if found is not None and found[0] in self.exported:
                path = self.type_path(interface, type_.name, here=here)
                return f"{path}Borrow<{mode.lifetime or ELIDED}>"
        return super().text(interface, type_, mode, here=here)


class _Handles(Converter):
    """A converter between the two APIs, which also opens borrowed handles."""

    def _value(
        self, left: Side, source: Type | None, right: Side, target: Type | None, expression: str, depth: int
    ) -> str | None:
        if source is not None and target is not None and source.kind == target.kind == "borrow":
            one, other = left.named(source), right.named(target)
            if one is None or other is None:
                return None
            alike = self.same((one[0], one[1].name), (other[0], other[1].name))
            return expression if alike else f"{expression}.get()"
        return super()._value(left, source, right, target, expression, depth)

    def _container(
        self, left: Side, source: Type, right: Side, target: Type, expression: str, depth: int
    ) -> str | None:
        """As before, but a tuple's parts are taken out of the variable that holds it."""
        if source.kind != "tuple":
            return super()._container(left, source, right, target, expression, depth)
        old = [f"{expression}.{index}" for index in range(len(source.args))]
        new = [
            self._value(left, one, right, other, part, depth - 1)
            for one, other, part in zip(source.args, target.args, old, strict=True)
        ]
        made = [part for part in new if part is not None]
        if len(made) < len(old):
            return None
        if made == old:
            return expression
        return f"({made[0]},)" if len(made) == 1 else f"({', '.join(made)})"

    def _record(self, one: tuple[str, TypeDef], other: tuple[str, TypeDef], depth: int) -> str | None:
        """As before, with long fields broken as rustfmt breaks them."""
        text = super()._record(one, other, depth)
        if text is None:
            return None
        lines: list[str] = []
        for line in text.split("\n"):
            name, colon, value = line.strip().removesuffix(",").partition(": ")
            if not colon or not value:
                lines.append(line)
                continue
            lines += [
                f"{rust.INDENT}{part}" for part in _chained(f"{name}: ", value, ",", room=rust.WIDTH - 8)
            ]
        return "\n".join(lines)


class _Guest:
    """Writes one root file."""

    def __init__(self, request: GuestRequest) -> None:
        self.request = request
        world = request.world
        self.interfaces = {
            item.name: item.interface for item in world.exports.values() if item.interface is not None
        }
        self.functions = [item.function for item in world.exports.values() if item.function is not None]
        versions = package_versions(request.resolution.packages)
        everything = {
            interface.name: interface
            for package in request.resolution.packages.values()
            for interface in package.interfaces.values()
        }
        everything.update(self.interfaces)
        self.aliases = _aliases(self.interfaces)
        outside = {
            name: request.with_.get(name, "::".join((BINDINGS, *module_path(name, versions))))
            for name in everything
            if name not in self.interfaces
        }
        scopes = {name: interface.types for name, interface in everything.items()}
        scopes[""] = {item.type.name: item.type for item in world.exports.values() if item.type is not None}
        used = [(name, f) for name, i in self.interfaces.items() for f in i.functions.values()]
        used += [("", function) for function in self.functions]
        ours = {name: f"{alias}_bridge" for name, alias in self.aliases.items()}
        self.exported = _Exported(scopes, Modules(versions, {**outside, **self.aliases}), exported=used)
        self.exported.exported = frozenset(self.interfaces)
        self.plain = Types(scopes, Modules(versions, {**outside, **ours}), imported=used)
        self.versions = versions
        self.inward = _Handles(
            Side(self.exported, ""), Side(self.plain, ""), "to_bridge", self._opened, same=self._same
        )
        self.outward = _Handles(
            Side(self.plain, ""), Side(self.exported, ""), "from_bridge", self._made, same=self._same
        )

    def text(self) -> str:
        """The whole file."""
        blocks = [block for name in self.interfaces for block in self._interface(self.interfaces[name])]
        if self.functions:
            blocks.append(self._impl(f"{BINDINGS}::Guest", self.request.type, (), "", self.functions))
        helpers = sorted({**self.inward.helpers, **self.outward.helpers}.items())
        blocks += [text for _, text in helpers]
        code = "\n\n".join(blocks)
        head = [
            *rust.comment(self._introduction(), "//!"),
            "",
            '#![cfg(target_arch = "wasm32")]',
            "",
            f"mod {self.request.bridge};",
            "",
            self._generate(),
            "",
            *sorted(self._uses(rust.identifiers(code)), key=_use_order),
            "",
            f"struct {self.request.type};",
            "",
            f"{BINDINGS}::export!({self.request.type} with_types_in {BINDINGS});",
            "",
        ]
        return "\n".join((*head, code)) + "\n"

    def _introduction(self) -> str:
        lines = ["A component that exports, for components that import them:", ""]
        lines += [f"- `{name}`" for name in self.request.world.exports]
        lines += [
            "",
            f"What the functions do stands in the module `{self.request.bridge}`; here are only the conversions",
            "between its types and those of the bindings. wasmdoctor wrote both once, and will not write them",
            "again: they are part of the project now, so edit them freely.",
        ]
        return "\n".join(lines)

    def _generate(self) -> str:
        paths = [f"{rust.INDENT * 3}{rust.string(path)}," for path in self.request.paths]
        single = f"path: [{', '.join(rust.string(path) for path in self.request.paths)}],"
        shown = [f"{rust.INDENT * 2}{single}"]
        if len(shown[0]) > rust.WIDTH:
            shown = [f"{rust.INDENT * 2}path: [", *paths, f"{rust.INDENT * 2}],"]
        with_ = [f'{rust.INDENT * 3}"{name}": {path},' for name, path in self._mapped()]
        if with_:
            shown += [f"{rust.INDENT * 2}with: {{", *with_, f"{rust.INDENT * 2}}},"]
        return "\n".join(
            (
                f"mod {BINDINGS} {{",
                f"    {self.request.macro}::generate!({{",
                *shown,
                f"{rust.INDENT * 2}world: {rust.string(self.request.world.name.partition('@')[0])},",
                *self._runtime(),
                f"{rust.INDENT * 2}generate_all,",
                "    });",
                "}",
            )
        )

    def _runtime(self) -> Iterator[str]:
        """Where generated code finds the crate's runtime, when a manifest renames it (wit-bindgen 0.48.1)."""
        if self.request.macro != MACRO_CRATE:
            yield f"{rust.INDENT * 2}runtime_path: {rust.string(f'{self.request.macro}::rt')},"

    def _mapped(self) -> Iterator[tuple[str, str]]:
        """The imports of the world that ``with`` maps."""
        for name in self.request.world.imports:
            if name in self.request.with_:
                yield name, self.request.with_[name]

    def _uses(self, used: frozenset[str]) -> Iterator[str]:
        for name, alias in self.aliases.items():
            path = module_path(name, self.versions)
            exported = "::".join((BINDINGS, "exports", *path))
            bridged = "::".join((self.request.bridge, *path))
            if alias in used:
                yield f"use {exported}{'' if path[-1] == alias else f' as {alias}'};"
            if f"{alias}_bridge" in used:
                yield f"use {bridged} as {alias}_bridge;"

    # Resources

    def _same(self, source: Key, target: Key) -> bool:
        """Types of interfaces that stay imports are the same ones on both sides."""
        return source == target and source[0] not in self.interfaces and source[0] != ""

    def _opened(self, source: Key, target: Key, expression: str) -> str | None:
        return f"{expression}.into_inner()" if source == target else None

    def _made(self, source: Key, target: Key, expression: str) -> str | None:
        return f"{self.exported.type_path(*target)}::new({expression})" if source == target else None

    # Implementations

    def _interface(self, interface: Interface) -> Iterator[str]:
        if not interface.functions and not interface.resources:
            return  # there is no trait for types alone
        alias = self.aliases[interface.name]
        types = [f"type {camel(name)} = {alias}_bridge::{type_name(name)};" for name in interface.resources]
        free = [f for f in interface.functions.values() if not f.resource]
        yield self._impl(f"{alias}::Guest", self.request.type, types, interface.name, free)
        for name in interface.resources:
            own = [f for f in interface.functions.values() if f.resource == name]
            struct = f"{alias}_bridge::{type_name(name)}"
            yield self._impl(f"{alias}::Guest{camel(name)}", struct, (), interface.name, own)

    def _impl(
        self, trait: str, type_: str, types: Sequence[str], interface: str, functions: Sequence[Function]
    ) -> str:
        items = ["\n".join(f"{rust.INDENT}{line}" for line in types)] if types else []
        items += [self._function(interface, function) for function in functions]
        head = f"impl {trait} for {type_} {{"
        return "\n".join((head, "\n\n".join(items), "}")) if items else f"{head}}}"

    def _function(self, interface: str, function: Function) -> str:
        why = unsupported(self.exported, interface, function)
        if why:
            raise ValueError(f"`{function.name}` of {interface or self.request.world.name}: {why}")
        for converter in (self.inward, self.outward):
            converter.source = converter.source.within(interface)
            converter.target = converter.target.within(interface)
        names = parameter_names(function)
        params = [
            "&self" if name == "self" else f"{name}: {self.exported.parameter(interface, p.type, owned=True)}"
            for name, p in zip(names, function.params, strict=True)
        ]
        lines: list[str] = []
        arguments = [
            name if name == "self" else self._argument(interface, name, param.type, lines)
            for name, param in zip(names, function.params, strict=True)
        ]
        lines += self._call(interface, function, arguments)
        head = f"fn {function_name(function)}"
        return rust.function(head, params, self._result(interface, function), "\n".join(lines), depth=1)

    def _result(self, interface: str, function: Function) -> str:
        if function.role is FunctionRole.CONSTRUCTOR:
            if function.result is not None and function.result.kind == "result":
                return f"Result<Self, {self.exported.result(interface, function.result.args[1])}>"
            return "Self"
        return self.exported.result(interface, function.result)

    def _argument(self, interface: str, name: str, type_: Type, lines: list[str]) -> str:
        """The expression to pass for a parameter; what must be made before goes to ``lines``."""
        value = self.inward.value(type_, type_, name)
        if value is None:
            raise ValueError(f"`{type_.text}` of {interface} is nested too deeply")
        mode = self.plain.parameter_mode(interface, type_)
        owned = self.plain.parameter(interface, type_, owned=True)
        if self.plain.parameter(interface, type_) == owned:
            return value
        if value != name:
            lines += _let(name, owned, value)
        lent = _lent(self.plain, interface, type_, name, mode)
        if _parts(lent)[1] and len(lent) > rust.CHAIN_WIDTH:
            lines += _chained(f"let {name} = ", lent, ";")
            return name
        return lent

    def _call(self, interface: str, function: Function, arguments: Sequence[str]) -> list[str]:
        """The call of the bridge, and what makes the result out of what it gives."""
        path = f"{self.aliases[interface]}_bridge" if interface else self.request.bridge
        if function.resource:
            path += f"::{type_name(function.resource)}"
        callee = f"{path}::{function_name(function)}"
        result = function.result
        value: str | None
        if function.role is FunctionRole.CONSTRUCTOR:
            error = result.args[1] if result is not None and result.kind == "result" else None
            made = self.outward.value(error, error, "value")
            value = "result" if made in (None, "value") else f"result.map_err({closure(made or '')})"
        else:
            value = self.outward.value(result, result, "result")
        if value is None:
            raise ValueError(f"the result of `{function.name}` is nested too deeply")
        if value == "result":
            return _lines("", callee, arguments, "")
        return [*_lines("let result = ", callee, arguments, ";"), *_chained("", value, "")]


def _aliases(interfaces: Iterable[str]) -> dict[str, str]:
    """A short Rust name for each interface, each once."""
    found: dict[str, str] = {}
    taken = {BINDINGS}
    for name in interfaces:
        parsed = ExternName.parse(name)
        package = (parsed.package or "").partition(":")
        choices = [identifier(parsed.interface or name), snake(f"{package[2]}-{parsed.interface}")]
        choices.append(snake(f"{package[0]}-{package[2]}-{parsed.interface}"))
        choices.append(snake(f"{package[0]}-{package[2]}-{parsed.interface}-{parsed.version or ''}"))
        alias = next((one for one in choices if one not in taken), f"{choices[-1]}_{len(found)}")
        taken |= {alias, f"{alias}_bridge"}
        found[name] = alias
    return found


def _use_order(line: str) -> tuple[str, ...]:
    return tuple(line.removeprefix("use ").rstrip(";").replace(" as ", "::").split("::"))


def _lent(types: Types, interface: str, type_: Type, name: str, mode: Mode) -> str:
    """How an owned value (a variable) is passed to a function that borrows it."""
    where, plain = _followed(types, interface, type_)
    if not _is_lent(types, where, plain, mode):
        return name
    match plain.kind:
        case "option":
            return _option(types, where, plain, name, mode)
        case "result":
            return _either(types, where, plain, name, mode)
        case "tuple":
            return _tuple(types, where, plain, name, mode)
    return f"&{name}"


def _seen(types: Types, interface: str, type_: Type, name: str, mode: Mode) -> str:
    """The same for a variable that is a reference already."""
    where, plain = _followed(types, interface, type_)
    if not _is_lent(types, where, plain, mode):
        return f"*{name}"
    match plain.kind:
        case "string":
            return f"{name}.as_str()"
        case "list":
            return f"{name}.as_slice()"
        case "option":
            return _option(types, where, plain, name, mode)
        case "result":
            return _either(types, where, plain, name, mode)
        case "tuple":
            return _tuple(types, where, plain, name, mode)
    return name


def _option(types: Types, where: str, type_: Type, name: str, mode: Mode) -> str:
    item = type_.args[0]
    assert item is not None
    inner_where, inner = _followed(types, where, item)
    if inner.kind in ("string", "list") and inner.size is None:
        return f"{name}.as_deref()"
    body = _seen(types, inner_where, inner, "value", mode)
    return f"{name}.as_ref()" if body == "value" else f"{name}.as_ref().map({closure(body)})"


def _either(types: Types, where: str, type_: Type, name: str, mode: Mode) -> str:
    calls = [f"{name}.as_ref()"]
    for method, part in zip(("map", "map_err"), type_.args, strict=True):
        body = _seen(types, where, part, "value", mode) if part else "*value"
        if body != "value":
            calls.append(f"{method}({closure(body)})" if part else f"{method}(|_| ())")
    return ".".join(calls)


def _tuple(types: Types, where: str, type_: Type, name: str, mode: Mode) -> str:
    parts = [
        _lent(types, where, part, f"{name}.{index}", mode) for index, part in enumerate(type_.args) if part
    ]
    return f"({parts[0]},)" if len(parts) == 1 else f"({', '.join(parts)})"


def _is_lent(types: Types, where: str, type_: Type, mode: Mode) -> bool:
    """Whether a type is written otherwise in this mode than when it is owned."""
    owned = types.mode(where, type_, Style.OWNED, ELIDED)
    return types.text(where, type_, mode) != types.text(where, type_, owned)


def _followed(types: Types, interface: str, type_: Type) -> tuple[str, Type]:
    """The string, list or map that an alias stands for, and where that is written: it is passed as that one.
    Any other type with a name is passed by reference as a whole."""
    found = types.definition(interface, type_.name) if type_.kind == "name" else None
    target = found[1].target if found is not None and found[1].kind is TypeKind.ALIAS else None
    if found is None or target is None:
        return interface, type_
    if target.kind == "name":
        return _followed(types, found[0], target)
    if target.kind in ("string", "map") or (target.kind == "list" and target.size is None):
        return found[0], target
    return interface, type_


# -- Lines as rustfmt breaks them


def _let(name: str, type_: str, value: str) -> list[str]:
    kind = f": {type_}" if value.endswith(".collect()") else ""
    return _chained(f"let {name}{kind} = ", value, ";")


def _lines(front: str, callee: str, arguments: Sequence[str], back: str) -> list[str]:
    """A call, with each argument on a line of its own when they are long."""
    joined = ", ".join(arguments)
    room = rust.WIDTH - len(rust.INDENT) * DEPTH
    line = f"{front}{callee}({joined}){back}"
    if len(joined) <= rust.CALL_WIDTH:
        if len(line) <= room:
            return [line]
        if front and len(rust.INDENT) + len(line) - len(front) <= room:
            return [front.rstrip(), f"{rust.INDENT}{line[len(front) :]}"]
    return [f"{front}{callee}(", *(f"{rust.INDENT}{argument}," for argument in arguments), f"){back}"]


def _chained(
    front: str, value: str, back: str, *, room: int = rust.WIDTH - len(rust.INDENT) * DEPTH
) -> list[str]:
    """A chain of methods, or a call, with each call on a line of its own when it is long."""
    first, calls = _parts(value)
    line = f"{front}{value}{back}"
    if not calls or (len(value) <= rust.CHAIN_WIDTH and len(line) <= room):
        return [line]
    if len(calls) == 1 and len(line) <= room:
        return [line]
    if not front and len(first) <= len(rust.INDENT):
        first += f".{calls.pop(0)}"
    lines = [f"{front}{first}", *(f"{rust.INDENT}.{call}" for call in calls)]
    lines[-1] += back
    return lines


def _parts(value: str) -> tuple[str, list[str]]:
    """A variable and the methods that are called on it; no methods for what is no such chain."""
    parts: list[str] = []
    depth = start = 0
    for index, char in enumerate(value):
        if char in "([{":
            depth += 1
        elif char in ")]}":
            depth -= 1
        elif char == "." and depth == 0:
            parts.append(value[start:index])
            start = index + 1
    parts.append(value[start:])
    first = parts[0]
    return (first, parts[1:]) if first.replace("_", "").isalnum() else (value, [])
