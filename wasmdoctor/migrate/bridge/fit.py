"""One row of the mappings tried on one function: which parameter has which role."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from typing import Final

from wasmdoctor.migrate.bridge.addresses import joined_address
from wasmdoctor.migrate.bridge.body import Body
from wasmdoctor.migrate.bridge.names import parameter_names
from wasmdoctor.migrate.bridge.outcome import Known, Result
from wasmdoctor.migrate.bridge.roles import (
    Given,
    Roles,
    Rust,
    Shape,
    split,
    words_of,
)
from wasmdoctor.migrate.bridge.take import take
from wasmdoctor.model.mapping import MappedFunction, MappedObject, MappingFamily
from wasmdoctor.model.record import dataclass, field, replace
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


@dataclass(frozen=True, slots=True)
class Match:
    """A function that a row implements."""

    family: MappingFamily
    row: MappedFunction
    body: Body
    makes: str = ""
    """The resource that it makes, "handle" for one that goes by a number."""
    uses: str = ""
    """The same for what it belongs to."""
    capabilities: frozenset[str] = frozenset()


@dataclass(slots=True)
class Fit:
    """Tries one row on one function."""

    known: Known
    function: Function
    family: MappingFamily
    row: MappedFunction
    roles: Roles = field(init=False)
    object_: MappedObject | None = field(init=False)

    def __post_init__(self) -> None:
        self.roles = self.known.roles
        self.object_ = self.family.objects.get(self.row.on) if self.row.on else None

    def match(self) -> Match | None:
        """The row with the function's names filled in; None when anything is left over or missing."""
        names = parameter_names(self.function)
        scope = self.known.interface.name
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
        made = Result(self.known, self.function, self.family, self.row, arguments).body()
        if made is None:
            return None
        body, makes = made
        return Match(self.family, self.row, body, makes, uses, capabilities)

    def _without_capabilities(self, pool: Sequence[Given]) -> tuple[list[Given], frozenset[str]]:
        """The parameters that are no capabilities, and those that are (``interface#resource``)."""
        known = self.known.mappings.words.capabilities
        rest: list[Given] = []
        found: set[str] = set()
        for given in pool:
            shape = given.shape
            owner = self.known.interfaces.get(shape.scope, self.known.interface)
            if shape.kind == "resource" and is_capability(owner, shape.type.name, known):
                found.add(f"{owner.name}#{shape.type.name}")
            else:
                rest.append(given)
        return rest, frozenset(found)

    def _receiver(self, pool: list[Given]) -> tuple[str, Rust | None, list[Given]] | None:
        """What the function belongs to, as Rust, and the parameters without it; None when that is wrong."""
        if self.function.role is FunctionRole.METHOD:
            known = self.known.objects.get(self.function.resource)
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
                # Whoever holds the last reference ends the object's life.
                return "handle", Rust(code, True, 1, self.object_.imports, ("handles",)), rest
        return None

    def _holds(self, resource: str) -> bool:
        known = self.known.objects.get(resource)
        return known is not None and known == (self.family, self.object_)

    def _is_ours(self, shape: Shape) -> bool:
        """Whether it is a resource of this interface that holds the row's object."""
        return shape.scope == self.known.interface.name and self._holds(shape.type.name)

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
            name = take(self.roles, "host", host)
            lookup = take(self.roles, "remotes", replace(host, words=host.words | {"address"}))
            if number is None or name is None or lookup is None or number.fails:
                return None
            code = f"{{runtime}}::lookup::remotes({name.code}, {number.code})"
            return replace(lookup, code=code).using(number)
        made = joined_address(self.roles, host, port, remote=role != "local")
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
        context = words_of(self.function)
        offers = [
            {
                role: made
                for role in (*required, *optional)
                if (made := take(self.roles, role, given, context)) is not None
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


def is_capability(interface: Interface, name: str, known: frozenset[str]) -> bool:
    """Whether a resource only says that something is allowed: by its name, and because it can do nothing."""
    type_ = interface.types.get(name)
    if type_ is None or type_.kind is not TypeKind.RESOURCE or not known & set(split(name)):
        return False
    own = [function for function in interface.functions.values() if function.resource == name]
    return all(function.role is not FunctionRole.METHOD and not function.params for function in own)
