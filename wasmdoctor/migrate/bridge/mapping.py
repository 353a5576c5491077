"""Bodies out of ``rules/mappings``: functions of custom interfaces that have a standard implementation.

A function is recognised by what it is called, what it takes and what it gives, never by its package. First the
family (TCP, UDP, clocks...) is told by words in the names of the function, its resource, the types of its
handles, and its interface. Then a row of that family must account for **every** parameter and the result.
What is stateful is only taken over when something makes it: a socket that no mapped function opens stays
unmapped.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise, product
from typing import Final

from wasmdoctor.migrate.bridge.body import Body, ResourceBody
from wasmdoctor.migrate.bridge.names import parameter_names, snake, type_name
from wasmdoctor.migrate.bridge.roles import INTEGERS, KIND, Given, Roles, Rust, Shape, split
from wasmdoctor.migrate.bridge.rust import identifiers
from wasmdoctor.migrate.bridge.types import PRIMITIVES, Types
from wasmdoctor.model.mapping import MappedFunction, MappedObject, MappingFamily, Mappings
from wasmdoctor.model.plan import BodyKind
from wasmdoctor.model.wit import Function, FunctionRole, Interface, TypeKind

_SPREAD: Final[Mapping[str, tuple[tuple[str, ...], ...]]] = {
    "remotes": (("remotes",), ("ip", "port"), ("host", "port")),
    "remote": (("remote",), ("ip", "port"), ("host", "port")),
    "local": (("local",), ("ip", "port"), ("local-port",)),
}
"""Roles that several parameters may make up together."""

_MAX_PARAMS: Final = 8
"""Functions with more parameters match no row."""

_HANDLES: Final = ("u32", "u64", "s32", "s64")

_CAPABILITY: Final = ResourceBody(
    "()", "says that something is allowed; standard WASI asks for no such thing here"
)


@dataclass(frozen=True, slots=True)
class _Match:
    """A function that a row implements."""

    family: MappingFamily
    row: MappedFunction
    body: Body
    makes: str = ""
    """The resource that it makes, "handle" for one that goes by a number."""
    uses: str = ""
    """The same for what it belongs to."""
    capabilities: frozenset[str] = frozenset()


class Mapped:
    """A source of bodies (``body.Bodies``) for the interfaces of one resolution.

    ``types`` are all of them, as they are written in the bridge; ``interfaces`` by full name.
    """

    def __init__(self, mappings: Mappings, types: Types, interfaces: Mapping[str, Interface]) -> None:
        self.mappings = mappings
        self.types = types
        self.interfaces = interfaces
        self._found: dict[str, dict[str, _Match]] = {}
        self._objects: dict[tuple[str, str], tuple[MappingFamily, MappedObject]] = {}

    def resource(self, interface: Interface, name: str) -> ResourceBody | None:
        """What a resource holds; None for one that no row makes, or that is not like any object."""
        found = self._matches(interface)
        if _is_capability(interface, name, self.mappings.words.capabilities):
            return _CAPABILITY if self._is_used(interface, name) else None
        known = self._objects.get((interface.name, name))
        if known is None or not any(match.makes == name for match in found.values()):
            return None
        family, object_ = known
        files = tuple(file.name for file in self.mappings.files((family.runtime,)))
        if object_.is_empty:
            return ResourceBody("()", family.about)
        return ResourceBody(f"{{runtime}}::{object_.type}", family.about, files)

    def function(self, interface: Interface, function: Function) -> Body | None:
        """The body of the row that fits; None when none does."""
        if function.is_async:
            return None
        match = self._matches(interface).get(function.name)
        if match is not None:
            return match.body
        made = _made_capability(interface, function, self.mappings.words.capabilities)
        if made and self._is_used(interface, made):
            name = "Self" if function.role is FunctionRole.CONSTRUCTOR else type_name(made)
            return Body(BodyKind.MAPPING, f"{name} {{ inner: () }}", _CAPABILITY.about)
        return None

    def _is_used(self, interface: Interface, name: str) -> bool:
        """Whether a function that has a row takes this capability."""
        key = f"{interface.name}#{name}"
        return any(
            key in match.capabilities
            for other in self._family_of(interface)
            for match in self._matches(other).values()
        )

    def _family_of(self, interface: Interface) -> Iterator[Interface]:
        """The interfaces of the same package, with the interface itself."""
        known = [other for other in self.interfaces.values() if other.package == interface.package]
        yield from known if interface in known else [*known, interface]

    def _matches(self, interface: Interface) -> Mapping[str, _Match]:
        """The rows of an interface's functions."""
        if interface.name not in self._found:
            matcher = _Matcher(self, interface)
            self._found[interface.name] = matcher.matches()
            self._objects.update({(interface.name, name): value for name, value in matcher.objects.items()})
        return self._found[interface.name]


@dataclass(slots=True)
class _Matcher:
    """Finds the rows for one interface's functions."""

    mapped: Mapped
    interface: Interface
    objects: dict[str, tuple[MappingFamily, MappedObject]] = field(default_factory=dict)

    @property
    def roles(self) -> Roles:
        return Roles(self.mapped.mappings.words, self.mapped.types, self.interface.name)

    def matches(self) -> dict[str, _Match]:
        """All of them, without those that work on what nothing makes."""
        found: dict[str, _Match] = {}
        for resource in self.interface.resources:
            found.update(self._resource(resource))
        for function in self.interface.functions.values():
            if not function.resource and not function.is_async:
                match = self._function(function)
                if match:
                    found[function.name] = match
        made = {(match.family.name, match.makes) for match in found.values() if match.makes}
        return {
            name: match
            for name, match in found.items()
            if not match.uses or (match.family.name, match.uses) in made
        }

    def _resource(self, resource: str) -> dict[str, _Match]:
        """The rows of a resource's functions: those of the family that has most of them."""
        own = [f for f in self.interface.functions.values() if f.resource == resource and not f.is_async]
        words = _phrases(split(resource))
        best: dict[str, _Match] = {}
        for family in self._families(words, _phrases(split(self.interface.short))):
            for object_ in family.objects.values():
                if not words & object_.names:
                    continue
                self.objects[resource] = (family, object_)
                found = {f.name: match for f in own if (match := self._in_family(f, family))}
                free = [f for f in self.interface.functions.values() if not f.resource]
                makers = [*found.values(), *filter(None, (self._in_family(f, family) for f in free))]
                if len(found) > len(best) and any(match.makes == resource for match in makers):
                    best = found
                    chosen = (family, object_)
        self.objects.pop(resource, None)
        if best:
            self.objects[resource] = chosen
        return best

    def _function(self, function: Function) -> _Match | None:
        """The row of a function without a resource: that of the one family that has one."""
        own = _phrases(split(function.name))
        handles = {
            word
            for param in function.params[:1]
            for name in self.roles.shape(self.interface.name, param.type).names
            for word in split(name)
        }
        interface = _phrases(split(self.interface.short))
        found = [
            match
            for family in self._families(own, frozenset(handles), interface)
            if (match := self._in_family(function, family))
        ]
        return found[0] if len(found) == 1 else None

    def _families(self, *levels: frozenset[str]) -> list[MappingFamily]:
        """The families that names allow: the first level with a word of one decides, else any hint."""
        families = self.mapped.mappings.families
        for words in levels:
            sure = [family for family in families if family.words & words]
            if sure:
                return sure
        everything = frozenset().union(*levels)
        return [family for family in families if family.hints & everything]

    def _in_family(self, function: Function, family: MappingFamily) -> _Match | None:
        for row in family.functions:
            if self._is_named(function, family, row):
                match = _Fit(self, function, family, row).match()
                if match:
                    return match
        return None

    def _is_named(self, function: Function, family: MappingFamily, row: MappedFunction) -> bool:
        if function.role is FunctionRole.CONSTRUCTOR:
            return ("constructor",) in row.names
        name = function.name.rpartition(".")[2] if function.resource else function.name
        words = split(name)
        units = frozenset().union(*self.mapped.mappings.words.units.values())
        bare = tuple(word for word in words if word not in family.ignored | units)
        short = tuple(word for word in words if word not in units)
        return bool({words, bare, short} & set(row.names)) and self._is_meant(function, row)

    def _is_meant(self, function: Function, row: MappedFunction) -> bool:
        """Whether some name has one of the words that the row asks for."""
        if not row.when:
            return True
        shape = self.roles.shape(self.interface.name, function.result) if function.result else None
        names = [function.resource, self.interface.short, *(shape.names if shape else ())]
        return bool(row.when & (_words_of(function) | {word for name in names for word in split(name)}))


@dataclass(slots=True)
class _Fit:
    """Tries one row on one function."""

    matcher: _Matcher
    function: Function
    family: MappingFamily
    row: MappedFunction
    roles: Roles = field(init=False)
    object_: MappedObject | None = field(init=False)

    def __post_init__(self) -> None:
        self.roles = self.matcher.roles
        self.object_ = self.family.objects.get(self.row.on) if self.row.on else None

    def match(self) -> _Match | None:
        """The row with the function's names filled in; None when anything is left over or missing."""
        names = parameter_names(self.function)
        scope = self.matcher.interface.name
        pool = [
            self.roles.given(param.name, scope, param.type, name)
            for name, param in zip(names, self.function.params, strict=True)
        ]
        if self.function.role is FunctionRole.METHOD:
            pool = pool[1:]
        if len(pool) > _MAX_PARAMS:
            return None
        pool, capabilities = self._without_capabilities(pool)
        receiver = self._receiver(pool)
        if receiver is None:
            return None
        uses, on, pool = receiver
        for candidate in self._pools(pool):
            arguments = self._arguments(candidate)
            if arguments is not None:
                break
        else:
            return None
        if on is not None:
            arguments[self.row.on] = on
        made = _Result(self, arguments).body()
        if made is None:
            return None
        body, makes = made
        return _Match(self.family, self.row, body, makes, uses, capabilities)

    def _without_capabilities(self, pool: Sequence[Given]) -> tuple[list[Given], frozenset[str]]:
        """The parameters that are no capabilities, and those that are (``interface#resource``)."""
        known = self.matcher.mapped.mappings.words.capabilities
        rest: list[Given] = []
        found: set[str] = set()
        for given in pool:
            shape = given.shape
            owner = self.matcher.mapped.interfaces.get(shape.scope, self.matcher.interface)
            if shape.kind == "resource" and _is_capability(owner, shape.type.name, known):
                found.add(f"{owner.name}#{shape.type.name}")
            else:
                rest.append(given)
        return rest, frozenset(found)

    def _receiver(self, pool: list[Given]) -> tuple[str, Rust | None, list[Given]] | None:
        """What the function belongs to, as Rust, and the parameters without it; None when that is wrong."""
        if self.function.role is FunctionRole.METHOD:
            known = self.matcher.objects.get(self.function.resource)
            if known is None or known[0] is not self.family:
                return None
            if self.object_ is None:
                return (self.function.resource, None, pool) if known[1].is_empty else None
            return (self.function.resource, Rust("self.inner"), pool) if known[1] is self.object_ else None
        if self.object_ is None:
            return "", None, pool
        for given in pool:
            rest = [other for other in pool if other is not given]
            if given.shape.kind == "resource" and self._is_ours(given.shape):
                return given.shape.type.name, Rust(f"{given.code}.inner"), rest
            if given.shape.kind in _HANDLES and given.words & self.object_.names and self.object_.table:
                way = "remove" if self.row.consumes else "get"
                code = f"{{runtime}}::{self.object_.table}.{way}({given.code})"
                return "handle", Rust(code, True, runtime=("handles",)), rest
        return None

    def _holds(self, resource: str) -> bool:
        known = self.matcher.objects.get(resource)
        return known is not None and known == (self.family, self.object_)

    def _is_ours(self, shape: Shape) -> bool:
        """Whether it is a resource of this interface that holds the row's object."""
        return shape.scope == self.matcher.interface.name and self._holds(shape.type.name)

    def _pools(self, pool: list[Given]) -> Iterator[list[Given]]:
        """The parameters as they are, and with records taken apart."""
        yield pool
        if any(given.shape.kind == "record" for given in pool):
            yield [
                part
                for given in pool
                for part in (self.roles.fields(given) if given.shape.kind == "record" else (given,))
            ]

    def _arguments(self, pool: Sequence[Given]) -> dict[str, Rust] | None:
        """Rust for each role of the row, when every parameter has one role and no required one is missing."""
        if len(pool) > _MAX_PARAMS:
            return None
        spreads = [_SPREAD.get(role, ((role,),)) for role in self.row.params]
        for chosen in product(*spreads):
            required = [role for roles in chosen for role in roles]
            assigned = self._assign(pool, required, list(self.row.optional))
            if assigned is None:
                continue
            arguments: dict[str, Rust] = {}
            for role, parts in zip(self.row.params, chosen, strict=True):
                made = self._made(role, parts, assigned)
                if made is None:
                    break
                arguments[role] = made
            else:
                return arguments | self._optional(assigned)
        return None

    def _made(
        self, role: str, parts: Sequence[str], assigned: Mapping[str, tuple[Given, Rust]]
    ) -> Rust | None:
        if parts[0] in ("ip", "host") and parts[-1] == "port":
            return self._joined(role, assigned[parts[0]][0], assigned["port"][0])
        return assigned[parts[0]][1]

    def _joined(self, role: str, host: Given, port: Given) -> Rust | None:
        """An address out of two parameters."""
        if role == "remotes" and host.shape.kind == "string" and "ip" not in host.words:
            number = self.roles.number(port, "u16")
            name = self.roles.take("host", host)
            lookup = self.roles.take("remotes", replace(host, words=host.words | {"address"}))
            if number is None or name is None or lookup is None or number.fails:
                return None
            code = f"{{runtime}}::lookup::remotes({name.code}, {number.code})"
            return replace(lookup, code=code).using(number)
        made = self.roles.joined(host, port, remote=role != "local")
        if made is None or role != "remotes":
            return made
        code = f"{made.code}.map(|remote| [remote])" if made.fails else f"[{made.code}]"
        return replace(made, code=code)

    def _optional(self, assigned: Mapping[str, tuple[Given, Rust]]) -> dict[str, Rust]:
        return {
            role: assigned[role][1] if role in assigned else Rust(instead)
            for role, instead in self.row.optional.items()
        }

    def _assign(
        self, pool: Sequence[Given], required: Sequence[str], optional: Sequence[str]
    ) -> dict[str, tuple[Given, Rust]] | None:
        """The best way to give each parameter one role; None when there is none, or two that are as good."""
        if not len(required) <= len(pool) <= len(required) + len(optional):
            return None
        context = _words_of(self.function)
        offers = [
            {
                role: made
                for role in (*required, *optional)
                if (made := self.roles.take(role, given, context)) is not None
            }
            for given in pool
        ]
        best: list[tuple[float, dict[str, tuple[Given, Rust]]]] = []

        def place(index: int, taken: dict[str, tuple[Given, Rust]], score: float) -> None:
            if index == len(pool):
                if all(role in taken for role in required):
                    best.append((score, dict(taken)))
                return
            for role, made in offers[index].items():
                if role not in taken:
                    place(index + 1, {**taken, role: (pool[index], made)}, score + made.score)

        place(0, {}, 0)
        best.sort(key=lambda item: -item[0])
        if not best or (len(best) > 1 and best[0][0] == best[1][0]):
            return None
        return best[0][1]


@dataclass(slots=True)
class _Result:
    """Writes the body: the arguments, the call, and what becomes of what it gives."""

    fit: _Fit
    arguments: Mapping[str, Rust]

    @property
    def roles(self) -> Roles:
        return self.fit.roles

    def body(self) -> tuple[Body, str] | None:
        """The body, and the resource that it makes ("handle" for a number); None when the result does not fit."""
        function = self.fit.function
        if function.role is FunctionRole.CONSTRUCTOR and (
            function.result is None or function.result.kind != "result"
        ):
            return self._plain(None, constructs=True)
        if function.result is None:
            return self._plain(None)
        shape = self.roles.shape(self.fit.matcher.interface.name, function.result)
        if shape.kind != "result":
            return self._plain(shape)
        error = self.roles.error(self.roles.argument(shape, 1))
        ok = self.roles.argument(shape, 0)
        given = self._given(ok, "value", constructs=function.role is FunctionRole.CONSTRUCTOR)
        if error is None or given is None:
            return None
        made, makes = given
        lines, call = self._call(lambda code: f"{code}.map_err({error.code})?")
        fails = self.fit.row.fails
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
            mapped = "" if made.code == "value" else f".map(|value| {made.code})"
            tail = f"{call}{mapped}.map_err({error.code})"
        used = error if fails or made.fails or any(a.fails for a in self.arguments.values()) else Rust("")
        return self._whole([*lines, tail], made, used), makes

    def _plain(self, shape: Shape | None, *, constructs: bool = False) -> tuple[Body, str] | None:
        """A function whose result has no room for an error of its own kind."""
        fails = self.fit.row.fails or any(argument.fails for argument in self.arguments.values())
        if not fails:
            lines, call = self._call(lambda code: code)
            given = self._given(shape, call, constructs=constructs)
            if given is None:
                return None
            if given[0].fails:
                return self._failing(shape)
            if shape is None and not constructs and not self.fit.row.result:
                return self._whole([*lines, f"{call};"], given[0]), given[1]
            return self._whole([*lines, given[0].code], given[0]), given[1]
        if constructs:
            return None
        return self._failing(shape)

    def _failing(self, shape: Shape | None) -> tuple[Body, str] | None:
        """Errors in what the result has for them: None, false, a negative number, a case of an enum."""
        lines, call = self._call(lambda code: f"{code}?")
        tail = call if self.fit.row.fails else f"Ok::<_, {KIND}>({call})"
        outcome = f"(|| {{\n{_indented([*lines, tail])}\n}})()" if lines else tail
        simple = Rust("", runtime=("error",))
        if shape is None:
            if self.fit.row.consumes and not self.fit.row.result:
                # Nobody can be told; what is not open need not be closed.
                return self._whole([f"let _ = {outcome};"], simple), ""
            return None
        if shape.kind == "option":
            given = self._given(self.roles.argument(shape), "value")
            if given is None:
                return None
            way = "and_then" if given[0].fails else "map"
            mapped = "" if given[0].code == "value" else f".{way}(|value| {given[0].code})"
            return self._whole([f"{outcome}{mapped}.ok()"], given[0], simple), given[1]
        if shape.kind == "bool" and not self.fit.row.result:
            return self._whole([f"{outcome}.is_ok()"], simple), ""
        if shape.kind in ("s32", "s64"):
            return self._signed(shape, outcome)
        if shape.kind in ("enum", "variant") and not self.fit.row.result:
            return self._status(shape, outcome)
        return None

    def _signed(self, shape: Shape, outcome: str) -> tuple[Body, str] | None:
        """A negative ``errno`` for an error."""
        rust = PRIMITIVES[shape.kind]
        if not self.fit.row.result:
            given: tuple[Rust, str] | None = (Rust("0"), "")
        else:
            given = self._given(shape, "value")
        if given is None or given[0].fails:
            return None
        pattern = "Ok(())" if not self.fit.row.result else "Ok(value)"
        arms = [f"{pattern} => {given[0].code},", f"Err(kind) => -{rust}::from(kind.errno()),"]
        return self._whole([f"match {outcome} {{\n{_indented(arms)}\n}}"], given[0]), given[1]

    def _status(self, shape: Shape, outcome: str) -> tuple[Body, str] | None:
        """An error code that has a case for success."""
        good = next(
            (m for m in shape.members if m.name in ("ok", "success", "none", "no-error") and m.type is None),
            None,
        )
        error = self.roles.error(shape)
        if good is None or error is None:
            return None
        path = f"{self.roles.type_path(shape)}::{type_name(good.name)}"
        arms = [f"Ok(()) => {path},", f"Err(kind) => {error.code}(kind),"]
        return self._whole([f"match {outcome} {{\n{_indented(arms)}\n}}"], error), ""

    def _call(self, ask: Callable[[str], str]) -> tuple[list[str], str]:
        """Lines that make the arguments that can fail, and the call itself."""
        lines: list[str] = []
        code = self.fit.row.code
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
        wanted = self.fit.row.result
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
        if role in self.fit.family.objects:
            return self._object(shape, code, role)
        made = self.roles.give(role, shape, code, _words_of(self.fit.function))
        return (made, "") if made else None

    def _object(self, shape: Shape | None, code: str, role: str) -> tuple[Rust, str] | None:
        """A resource with the object inside, or the number of one in the table."""
        object_ = self.fit.family.objects[role]
        function = self.fit.function
        if shape is None:
            known = self.fit.matcher.objects.get(function.resource)
            if known != (self.fit.family, object_):
                return None
            return Rust(f"Self {{ inner: {code} }}"), function.resource
        if shape.kind == "resource":
            known = self.fit.matcher.objects.get(shape.type.name)
            if shape.scope != self.fit.matcher.interface.name or known != (self.fit.family, object_):
                return None
            return Rust(f"{self.roles.type_path(shape)} {{ inner: {code} }}"), shape.type.name
        if shape.kind not in _HANDLES or not object_.table:
            return None
        insert = f"{{runtime}}::{object_.table}.insert({code})"
        rust = {"u32": insert, "u64": f"u64::from({insert})", "s64": f"i64::from({insert})"}
        # A handle has 31 bits, so it fits.
        return Rust(rust.get(shape.kind, f"{insert} as i32"), runtime=("handles",)), "handle"

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
                if value is not None and not value[0].fails:
                    made.append((label, value[0]))
                    makes = makes or value[1]
                    left.remove((role, name))
                    break
            else:
                return None
        pattern = f"let ({', '.join(names)}) = value;"
        values = [
            value.code if not label or value.code == label else f"{label}: {value.code}"
            for label, value in made
        ]
        if shape.kind == "record":
            built = f"{self.roles.type_path(shape)} {{ {', '.join(values)} }}"
        else:
            built = f"({', '.join(values)})"
        code = f"{{\n    {pattern}\n    {built}\n}}"
        return Rust(code).using(*(value for _, value in made)), makes

    def _whole(self, lines: Sequence[str], *made: Rust) -> Body:
        """The body with everything that it needs."""
        used = Rust("").using(*self.arguments.values(), *made)
        files = (self.fit.family.runtime, *used.runtime)
        runtime = tuple(file.name for file in self.fit.matcher.mapped.mappings.files(files))
        imports = tuple(sorted({*self.fit.row.imports, *used.imports}))
        about = "; ".join((f"{self.fit.family.about}: {self.fit.row.about}", *used.notes))
        return Body(BodyKind.MAPPING, "\n".join((*used.helpers, *lines)), about, imports, runtime)


def _words_of(function: Function) -> frozenset[str]:
    """The words of a function's own name."""
    return frozenset(split(function.name.rpartition("]")[2].rpartition(".")[2]))


def _phrases(words: Sequence[str]) -> frozenset[str]:
    """The words of a name, and neighbours joined: ``key``, ``value``, ``key-value``."""
    pairs = {f"{one}-{two}" for one, two in pairwise(words)}
    return frozenset(words) | pairs


def _is_capability(interface: Interface, name: str, known: frozenset[str]) -> bool:
    """Whether a resource only says that something is allowed: by its name, and because it can do nothing."""
    type_ = interface.types.get(name)
    if type_ is None or type_.kind is not TypeKind.RESOURCE or not known & set(split(name)):
        return False
    own = [function for function in interface.functions.values() if function.resource == name]
    return all(function.role is not FunctionRole.METHOD and not function.params for function in own)


def _made_capability(interface: Interface, function: Function, known: frozenset[str]) -> str:
    """The capability of this interface that a function without parameters gives, or ""."""
    if function.params:
        return ""
    if function.role is FunctionRole.CONSTRUCTOR:
        name = function.resource
    elif function.result is not None and function.result.kind in ("name", "own"):
        name = function.result.name
    else:
        return ""
    return name if _is_capability(interface, name, known) else ""


def _indented(lines: Iterable[str]) -> str:
    return "\n".join(f"    {line}" if line else "" for text in lines for line in text.split("\n"))


__all__ = ["INTEGERS", "Mapped"]
