"""The body of a mapped function: the arguments, the call, and what becomes of what it gives."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from wasmdoctor.migrate.bridge.body import Body
from wasmdoctor.migrate.bridge.errors import error_maker
from wasmdoctor.migrate.bridge.give import give
from wasmdoctor.migrate.bridge.names import snake, type_name
from wasmdoctor.migrate.bridge.roles import (
    KIND,
    SOCKET_ADDR,
    Roles,
    Rust,
    Shape,
    closure,
    indent,
    words_of,
)
from wasmdoctor.migrate.bridge.rust import identifiers
from wasmdoctor.migrate.bridge.types import PRIMITIVES
from wasmdoctor.model.mapping import MappedFunction, MappedObject, MappingFamily, Mappings
from wasmdoctor.model.plan import BodyKind
from wasmdoctor.model.record import dataclass, replace
from wasmdoctor.model.wit import Function, FunctionRole, Interface

_HANDLES: Final = ("u32", "u64", "s32", "s64")


@dataclass(frozen=True, slots=True)
class Known:
    """What is known around a function.

    ``interface`` is its own, ``interfaces`` all by full name; ``objects`` what the interface's resources hold,
    with the family that says so.
    """

    mappings: Mappings
    roles: Roles
    interface: Interface
    interfaces: Mapping[str, Interface]
    objects: Mapping[str, tuple[MappingFamily, MappedObject]]


@dataclass(frozen=True, slots=True)
class Result:
    """Writes the body of ``function`` after ``row``, with Rust for each role in ``arguments``."""

    known: Known
    function: Function
    family: MappingFamily
    row: MappedFunction
    arguments: Mapping[str, Rust]

    @property
    def roles(self) -> Roles:
        """The conversions for the function's interface."""
        return self.known.roles

    def body(self) -> tuple[Body, str] | None:
        """The body, and the resource that it makes ("handle" for a number); None when the result does not fit."""
        function = self.function
        if function.role is FunctionRole.CONSTRUCTOR and (
            function.result is None or function.result.kind != "result"
        ):
            return self._plain(None, constructs=True)
        if function.result is None:
            return self._plain(None)
        shape = self.roles.shape(self.known.interface.name, function.result)
        if shape.kind != "result":
            return self._plain(shape)
        error = error_maker(self.roles, self.roles.argument(shape, 1))
        ok = self.roles.argument(shape, 0)
        given = self._given(ok, "value", constructs=function.role is FunctionRole.CONSTRUCTOR)
        if error is None or given is None:
            return None
        made, makes = given
        lines, call = self._call(lambda code: f"{code}.map_err({error.code})?")
        fails = self.row.fails
        if made.fails:
            value = f"{call}.map_err({error.code})?" if fails else call
            tail = f"let value = {value};\n{made.code}.map_err({error.code})"
        elif not fails:
            again = self._given(ok, call, constructs=function.role is FunctionRole.CONSTRUCTOR)
            tail = f"Ok({again[0].code if again and ok is not None else made.code})"
            if ok is None:
                lines.append(f"{call};")
                tail = "Ok(())"
        else:
            mapped = "" if made.code == "value" else f".map({closure(made.code)})"
            tail = f"{call}{mapped}.map_err({error.code})"
        used = error if fails or made.fails or any(a.fails for a in self.arguments.values()) else Rust("")
        return self._whole([*lines, tail], made, used), makes

    def _plain(self, shape: Shape | None, *, constructs: bool = False) -> tuple[Body, str] | None:
        """A function whose result has no room for an error of its own kind."""
        fails = self.row.fails or any(argument.fails for argument in self.arguments.values())
        if not fails:
            lines, call = self._call(lambda code: code)
            given = self._given(shape, call, constructs=constructs)
            if given is None:
                return None
            if given[0].fails:
                return self._failing(shape)
            if shape is None and not constructs and not self.row.result:
                return self._whole([*lines, f"{call};"], given[0]), given[1]
            return self._whole([*lines, given[0].code], given[0]), given[1]
        if constructs:
            return None
        return self._failing(shape)

    def _failing(self, shape: Shape | None) -> tuple[Body, str] | None:
        """Errors in what the result has for them: None, false, a negative number, a case of an enum."""
        lines, call = self._call(lambda code: f"{code}?")
        tail = call if self.row.fails else f"Ok::<_, {KIND}>({call})"
        outcome = f"(|| {{\n{indent([*lines, tail])}\n}})()" if lines else tail
        simple = Rust("", runtime=("error",))
        if shape is None:
            if self.row.consumes and not self.row.result:
                # Nobody can be told; what is not open need not be closed.
                return self._whole([f"let _ = {outcome};"], simple), ""
            return None
        if shape.kind == "option":
            given = self._given(self.roles.argument(shape), "value")
            if given is None:
                return None
            way = "and_then" if given[0].fails else "map"
            mapped = "" if given[0].code == "value" else f".{way}({closure(given[0].code)})"
            return self._whole([f"{outcome}{mapped}.ok()"], given[0], simple), given[1]
        if shape.kind == "bool" and not self.row.result:
            return self._whole([f"{outcome}.is_ok()"], simple), ""
        if shape.kind in ("s32", "s64"):
            return self._signed(shape, outcome)
        if shape.kind in ("enum", "variant") and not self.row.result:
            return self._status(shape, outcome)
        return None

    def _signed(self, shape: Shape, outcome: str) -> tuple[Body, str] | None:
        """A negative ``errno`` for an error."""
        rust = PRIMITIVES[shape.kind]
        if not self.row.result:
            given: tuple[Rust, str] | None = (Rust("0"), "")
        else:
            given = self._given(shape, "value")
        if given is None or given[0].fails:
            return None
        pattern = "Ok(())" if not self.row.result else "Ok(value)"
        arms = [f"{pattern} => {given[0].code},", f"Err(kind) => -{rust}::from(kind.errno()),"]
        return self._whole([f"match {outcome} {{\n{indent(arms)}\n}}"], given[0]), given[1]

    def _status(self, shape: Shape, outcome: str) -> tuple[Body, str] | None:
        """An error code that has a case for success."""
        good = next(
            (m for m in shape.members if m.name in ("ok", "success", "none", "no-error") and m.type is None),
            None,
        )
        error = error_maker(self.roles, shape)
        if good is None or error is None:
            return None
        path = f"{self.roles.type_path(shape)}::{type_name(good.name)}"
        arms = [f"Ok(()) => {path},", f"Err(kind) => {error.code}(kind),"]
        return self._whole([f"match {outcome} {{\n{indent(arms)}\n}}"], error), ""

    def _call(self, ask: Callable[[str], str]) -> tuple[list[str], str]:
        """Lines that make the arguments that can fail, and the call itself."""
        lines: list[str] = []
        code = self.row.code
        for role, argument in self.arguments.items():
            value = argument.code
            if argument.fails:
                variable = snake(role)
                others = [other.code for other in self.arguments.values() if other is not argument]
                while any(variable in identifiers(other) for other in others):
                    variable += "_"
                lines.append(f"let {variable} = {ask(argument.code)};")
                value = variable
            code = code.replace(f"{{{role}}}", value)
        return lines, code

    def _given(self, shape: Shape | None, code: str, *, constructs: bool = False) -> tuple[Rust, str] | None:
        """The result's own type made of what the row gives, in ``code``; and the resource that it makes."""
        wanted = self.row.result
        if not wanted:
            if shape is None and not constructs:
                return Rust(code), ""
            return None
        if constructs:
            return self._object(None, code, wanted[0]) if len(wanted) == 1 else None
        if shape is None:
            return None
        if len(wanted) == 1:
            return self._single(shape, code, wanted[0])
        return self._several(shape, wanted)

    def _single(self, shape: Shape, code: str, role: str) -> tuple[Rust, str] | None:
        if role in self.family.objects:
            return self._object(shape, code, role)
        made = give(self.roles, role, shape, code, words_of(self.function))
        return (made, "") if made else None

    def _object(self, shape: Shape | None, code: str, role: str) -> tuple[Rust, str] | None:
        """A resource with the object inside, or the number of one in the table."""
        object_ = self.family.objects[role]
        function = self.function
        if shape is None:
            holds = self.known.objects.get(function.resource)
            if holds != (self.family, object_):
                return None
            return Rust(f"Self {{ inner: {code} }}", imports=object_.imports), function.resource
        if shape.kind == "resource":
            known = self.known.objects.get(shape.type.name)
            if shape.scope != self.known.interface.name or known != (self.family, object_):
                return None
            made = f"{self.roles.type_path(shape)} {{ inner: {code} }}"
            return Rust(made, imports=object_.imports), shape.type.name
        if shape.kind not in _HANDLES or not object_.table:
            return None
        insert = f"{{runtime}}::{object_.table}.insert({code})"
        rust = {"u32": insert, "u64": f"u64::from({insert})", "s64": f"i64::from({insert})"}
        # A handle has 31 bits, so it fits.
        handle = rust.get(shape.kind, f"{insert} as i32")
        return Rust(handle, imports=object_.imports, runtime=("handles",)), "handle"

    def _several(self, shape: Shape, wanted: Sequence[str]) -> tuple[Rust, str] | None:
        """A record or tuple with one part for each role, in any order."""
        names = [snake(role) for role in wanted]
        if shape.kind == "tuple":
            parts = [
                ("", self.roles.shape(shape.scope, argument)) for argument in shape.type.args if argument
            ]
        elif shape.kind == "record":
            parts = [
                (snake(member.name), self.roles.shape(shape.scope, member.type))
                for member in shape.members
                if member.type
            ]
        else:
            return None
        if len(parts) != len(wanted):
            return None
        made: list[tuple[str, Rust]] = []
        makes = ""
        left = list(zip(wanted, names, strict=True))
        for label, part in parts:
            for role, name in left:
                value = self._single(part, name, role)
                if value is not None:
                    made.append((label, value[0]))
                    makes = makes or value[1]
                    left.remove((role, name))
                    break
            else:
                return None
        values = [
            f"{value.code}{'?' if value.fails else ''}"
            if label in ("", value.code)
            else f"{label}: {value.code}{'?' if value.fails else ''}"
            for label, value in made
        ]
        built = f"({', '.join(values)})"
        if shape.kind == "record":
            built = f"{self.roles.type_path(shape)} {{ {', '.join(values)} }}"
        return self._unpacked(
            shape, wanted, names, built, Rust("").using(*(value for _, value in made)), made
        ), makes

    def _unpacked(
        self,
        shape: Shape,
        wanted: Sequence[str],
        names: Sequence[str],
        built: str,
        used: Rust,
        made: Sequence[tuple[str, Rust]],
    ) -> Rust:
        """``built`` of the parts of the tuple ``value``; in a function of its own when a part can fail."""
        lines = [f"let ({', '.join(names)}) = value;", built]
        if not any(value.fails for _, value in made):
            return replace(used, code=f"{{\n{indent(lines)}\n}}")
        types = ", ".join(self._rust_type(role) for role in wanted)
        name = f"{snake(shape.type.name) if shape.definition else '_and_'.join(names)}_of_parts"
        head = f"fn {name}(value: ({types})) -> {self.roles.fallible(self.roles.path(shape))} {{"
        text = f"{head}\n{indent([lines[0], f'Ok({built})'])}\n}}"
        helpers = (*used.helpers, text)
        return replace(
            used, code=f"{name}(value)", fails=True, helpers=helpers, runtime=(*used.runtime, "error")
        )

    def _rust_type(self, role: str) -> str:
        """The type of what a row gives for a role, of those that come together with others."""
        object_ = self.family.objects.get(role)
        if object_ is not None:
            return f"{{runtime}}::{object_.type}"
        return {"bytes": f"{self.roles.standard('Vec')}<u8>", "address": SOCKET_ADDR}[role]

    def _whole(self, lines: Sequence[str], *made: Rust) -> Body:
        """The body with everything that it needs."""
        used = Rust("").using(*self.arguments.values(), *made)
        files = (self.family.runtime, *used.runtime)
        runtime = tuple(file.name for file in self.known.mappings.files(files))
        imports = tuple(sorted({*self.row.imports, *used.imports}))
        about = "; ".join((f"{self.family.about}: {self.row.about}", *used.notes))
        return Body(BodyKind.MAPPING, "\n".join((*used.helpers, *lines)), about, imports, runtime)
