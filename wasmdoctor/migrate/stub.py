"""The text of a core module that answers for interfaces without implementing them.

A function whose result has an error for "not supported" returns it; every other one traps in a function whose
name in the name section says what was called, so that a host's backtrace names it. Names of exports are those
that wit-component 0.262 takes (``validation.rs``, legacy mangling).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence

from wasmdoctor.migrate.abi import Scope, Unsupported, discriminant_size, lifted, payload_offset, shape
from wasmdoctor.model.record import dataclass
from wasmdoctor.model.wit import Function, Interface, Type, TypeKind

Scopes = Callable[[str], Scope]
"""The types of an interface by its full name."""

FIRST_DATA = 16
"""Where the first result stands in memory; below it nothing does, so that no address is 0."""


@dataclass(frozen=True, slots=True)
class StubFunction:
    """What one function does when it is called: ``answer`` is the error case it gives, "" when it traps."""

    interface: str
    function: str
    answer: str


@dataclass(frozen=True, slots=True)
class StubModule:
    """A core module as WebAssembly text, and what its functions do."""

    text: str
    functions: tuple[StubFunction, ...]


def stub_module(
    interfaces: Iterable[Interface], scopes: Scopes, not_supported: Collection[str]
) -> StubModule:
    """A module that exports every function of the interfaces.

    ``not_supported`` are names of error cases that say that something is not supported, the best first.
    Raises Unsupported, with the function's name, for what the canonical ABI of sync functions does not hold.
    """
    maker = _Maker(scopes, tuple(not_supported))
    for interface in interfaces:
        for function in interface.functions.values():
            maker.add(interface, function)
        for resource in interface.resources:
            maker.destructor(interface.name, resource)
    return StubModule(maker.text(), tuple(maker.functions))


class _Maker:
    def __init__(self, scopes: Scopes, cases: Sequence[str]) -> None:
        self.scopes = scopes
        self.cases = cases
        self.functions: list[StubFunction] = []
        self.lines: list[str] = []
        self.data: list[str] = []
        self.at = FIRST_DATA

    def add(self, interface: Interface, function: Function) -> None:
        """One function of an interface."""
        if function.is_async:
            raise Unsupported(f"{interface.name}: `{function.name}` is async, which stubs are not yet")
        scope = self.scopes(interface.name)
        try:
            core = lifted(function, scope)
            error = self._error(function.result, scope) if core.by_pointer else None
        except Unsupported as problem:
            raise Unsupported(f"{interface.name}: `{function.name}` has {problem}") from problem
        export = f"{interface.name}#{function.name}"
        params = f" (param {' '.join(core.params)})" if core.params else ""
        results = f" (result {' '.join(core.results)})" if core.results else ""
        if error is not None:
            address, answer = self._place(error[0], error[1]), error[2]
            body = f"i32.const {address}"
        else:
            body, answer = "unreachable", ""
        name = _quoted(f"{export} is a stub")
        self.lines.append(f"  (func ${name} (export {_quoted(export)}){params}{results} {body})")
        self.functions.append(StubFunction(interface.name, function.name, answer))

    def destructor(self, interface: str, resource: str) -> None:
        """The end of a resource, which has nothing to do."""
        self.lines.append(f"  (func (export {_quoted(f'{interface}#[dtor]{resource}')}) (param i32))")

    def _error(self, result: Type | None, scope: Scope) -> tuple[bytes, int, str] | None:
        """The bytes of a result that fails, their alignment, and the name of the error case."""
        result, scope = _resolved(result, scope)
        if result is None or result.kind != "result" or result.args[1] is None:
            return None
        error, inside = _resolved(result.args[1], scope)
        if error is None or error.kind != "name":
            return None
        named, _ = inside.named(error.name)
        if named.kind not in (TypeKind.ENUM, TypeKind.VARIANT):
            return None
        free = [member.name for member in named.members if member.type is None]
        case = next((case for case in self.cases if case in free), None)
        if case is None:
            return None
        layout = shape(result, scope)
        number = [member.name for member in named.members].index(case)
        data = bytearray(layout.size)
        data[0] = 1
        offset, width = payload_offset(result.args, scope), discriminant_size(len(named.members))
        data[offset : offset + width] = number.to_bytes(width, "little")
        return bytes(data), layout.align, case

    def _place(self, data: bytes, align: int) -> int:
        """Put a result into memory; its address."""
        self.at = -(-self.at // align) * align
        address = self.at
        text = "".join(f"\\{byte:02x}" for byte in data)
        self.data.append(f'  (data (i32.const {address}) "{text}")')
        self.at += len(data)
        return address

    def text(self) -> str:
        """The module. Arguments are never read, so the memory for them is given out once and never taken back."""
        pages = -(-self.at // 65536) or 1
        return "\n".join(
            [
                "(module $stub",
                f'  (memory (export "memory") {pages})',
                f"  (global $free (mut i32) (i32.const {-(-self.at // 16) * 16}))",
                '  (func $cabi_realloc (export "cabi_realloc") (param i32 i32 i32 i32) (result i32)',
                "    (local $at i32) (local $end i32)",
                "    (local.set $at (i32.and",
                "      (i32.add (global.get $free) (i32.sub (local.get 2) (i32.const 1)))",
                "      (i32.sub (i32.const 0) (local.get 2))))",
                "    (local.set $end (i32.add (local.get $at) (local.get 3)))",
                "    (if (i32.gt_u (local.get $end) (i32.mul (memory.size) (i32.const 65536)))",
                "      (then (if (i32.eq (i32.const -1) (memory.grow",
                "        (i32.add (i32.const 1) (i32.div_u (local.get 3) (i32.const 65536)))))",
                "        (then unreachable))))",
                "    (global.set $free (local.get $end))",
                "    (local.get $at))",
                *self.lines,
                *self.data,
                ")",
                "",
            ]
        )


def _resolved(type_: Type | None, scope: Scope) -> tuple[Type | None, Scope]:
    """A type behind its aliases, and the scope of its names."""
    for _ in range(100):
        if type_ is None or type_.kind != "name":
            break
        definition, inside = scope.named(type_.name)
        if definition.kind is not TypeKind.ALIAS:
            break
        type_, scope = definition.target, inside
    return type_, scope


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
