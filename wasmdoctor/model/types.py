"""Types of component functions as structure, and where two of them differ.

Types form a graph in which parts are shared, so that a small file can describe a type that is enormous
when written out. Everything that walks them remembers where it was and stops at a depth.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from wasmdoctor.model.record import dataclass
from wasmdoctor.model.text import say

MAX_DEPTH: Final = 100
"""Parts nested deeper are not compared. wasmparser 0.262 refuses component types nested deeper than 100."""

MAX_WORDS: Final = 2_000
"""Longer texts of one type are cut."""

ROOT: Final = "$root"
"""The interface of a resource that a world imports by a plain name."""


@dataclass(frozen=True, slots=True, eq=False)
class ValueType:
    """The type of a value.

    ``kind`` is a primitive (``u32``, ``string``...), ``record``, ``variant``, ``enum``, ``flags``,
    ``list``, ``option``, ``result``, ``tuple``, ``map``, ``future``, ``stream``, ``own`` or ``borrow``.
    ``parts`` are the types of fields and cases (None for a case without one) or the parameters of the
    kind (``result``: always ok and error); ``labels`` the names of fields, cases or flags; ``name`` what
    its interface calls it, or ""; ``size`` the length of a fixed-length list.

    ``resource`` says which one a handle is for: ``ns:pkg/iface@1.0.0#name``, ``#name`` for one that the
    interface of the function defines itself, ``$root#name`` for one of the world, "" when not known.
    """

    kind: str
    parts: tuple[ValueType | None, ...] = ()
    labels: tuple[str, ...] = ()
    name: str = ""
    resource: str = ""
    size: int | None = None

    @property
    def text(self) -> str:
        """Its name, or how WIT writes it; parts that have names stand by name."""
        return _words(self, by_name=True)

    @property
    def definition(self) -> str:
        """How WIT writes it when its own name does not count."""
        return _words(self, by_name=False)


@dataclass(frozen=True, slots=True, eq=False)
class FunctionType:
    """The type of a function. ``params`` are names and types; a type is None where it is not known.

    ``complete`` is False when the result could not be followed.
    """

    params: tuple[tuple[str, ValueType | None], ...]
    result: ValueType | None = None
    is_async: bool = False
    complete: bool = True


@dataclass(frozen=True, slots=True)
class Difference:
    """Where two function types part: the place in words, and what stands there on each side."""

    place: str
    asked: str
    offered: str

    def words(self, asker: str, offerer: str) -> str:
        """``in the result: u32 in the component, u64 in wasmtime@46``."""
        return say(
            "{place}: {asked} in {asker}, {offered} in {offerer}",
            place=self.place,
            asked=self.asked,
            asker=asker,
            offered=self.offered,
            offerer=offerer,
        )


def handles(type_: FunctionType) -> Iterator[ValueType]:
    """The handles in a function's type, each object once."""
    waiting = [*(part for _, part in type_.params), type_.result]
    seen: set[int] = set()
    while waiting:
        value = waiting.pop()
        if value is None or id(value) in seen:
            continue
        seen.add(id(value))
        if value.kind in ("own", "borrow"):
            yield value
        waiting += value.parts


# -- comparing ------------------------------------------------------------------------------------

SameResource = Callable[[str, str], bool]
"""Whether a resource as the asking side names it is the one that the offering side names."""


@dataclass(frozen=True, slots=True)
class TypeRule:
    """What counts when two types are compared.

    ``handles``: an owned handle is not a borrowed one. ``param_names``: parameters have equal names.
    Both count between components (Component Model, as wasmparser 0.262 compares), neither in the typed
    functions of a wasmtime host (wasmtime 39 to 50, probed). Names of types never count, names and order
    of fields, cases and flags always.
    """

    handles: bool
    param_names: bool


HOST_RULE: Final = TypeRule(handles=False, param_names=False)
COMPONENT_RULE: Final = TypeRule(handles=True, param_names=True)


def difference(
    asked: FunctionType, offered: FunctionType, rule: TypeRule, same: SameResource
) -> Difference | None:
    """The first place where two function types differ, or None. What is not known differs from nothing."""
    if asked.is_async != offered.is_async:
        words = ("async func", "func")
        return Difference(say("the kind of function"), words[not asked.is_async], words[not offered.is_async])
    if len(asked.params) != len(offered.params):
        return Difference(say("the number of parameters"), _count(asked), _count(offered))
    compare = _Comparison(rule, same)
    for (name, one), (other_name, other) in zip(asked.params, offered.params, strict=True):
        place = say("parameter {name}", name=_quoted(name))
        if rule.param_names and name != other_name:
            return Difference(say("the name of a parameter"), _quoted(name), _quoted(other_name))
        found = compare.values(one, other, place, 0)
        if found:
            return found
    if not (asked.complete and offered.complete):
        return None
    if asked.result is None or offered.result is None:
        if asked.result is offered.result:
            return None
        return Difference(say("the result"), _maybe(asked.result), _maybe(offered.result))
    return compare.values(asked.result, offered.result, say("the result"), 0)


class _Comparison:
    """One comparison of two functions, which looks at each pair of types once."""

    def __init__(self, rule: TypeRule, same: SameResource) -> None:
        self.rule = rule
        self.same = same
        self.seen: set[tuple[int, int]] = set()

    def values(
        self, asked: ValueType | None, offered: ValueType | None, place: str, depth: int
    ) -> Difference | None:
        """Where two value types differ. ``place`` is where they stand."""
        if asked is None or offered is None or depth > MAX_DEPTH or (id(asked), id(offered)) in self.seen:
            return None
        self.seen.add((id(asked), id(offered)))
        handles = ("own", "borrow")
        if asked.kind in handles and offered.kind in handles:
            return self._handles(asked, offered, place)
        if asked.kind != offered.kind or asked.size != offered.size:
            return Difference(place, _full(asked), _full(offered))
        if asked.labels != offered.labels:
            return _labels(asked, offered, place)
        if len(asked.parts) != len(offered.parts):
            return Difference(place, _full(asked), _full(offered))
        for index, (one, other) in enumerate(zip(asked.parts, offered.parts, strict=True)):
            inside = _inside(asked, index, place)
            if (one is None) != (other is None):
                return Difference(inside, _maybe(one), _maybe(other))
            found = self.values(one, other, inside, depth + 1)
            if found:
                return found
        return None

    def _handles(self, asked: ValueType, offered: ValueType, place: str) -> Difference | None:
        if self.rule.handles and asked.kind != offered.kind:
            return Difference(place, asked.text, offered.text)
        if asked.resource and offered.resource and not self.same(asked.resource, offered.resource):
            return Difference(
                place,
                say("the resource {name}", name=asked.resource.lstrip("#")),
                say("the resource {name}", name=offered.resource.lstrip("#")),
            )
        return None


_PARTS: Final = {"record": say("field"), "enum": say("case"), "variant": say("case"), "flags": say("flag")}
"""What the labels of a type are."""


def _labels(asked: ValueType, offered: ValueType, place: str) -> Difference:
    """What is between two lists of labels that are not equal."""
    where = _named_place(asked, place)
    one = _PARTS.get(asked.kind) or say("part")
    only = [label for label in asked.labels if label not in offered.labels]
    lacking = [label for label in offered.labels if label not in asked.labels]
    if not only and not lacking:
        return Difference(
            say("the order of the {part}s of {where}", part=one, where=where),
            _list(asked.labels),
            _list(offered.labels),
        )
    return Difference(
        say("the {part}s of {where}", part=one, where=where), _some(only, one), _some(lacking, one)
    )


def _some(labels: list[str], one: str) -> str:
    """The labels that only one side has."""
    return _list(tuple(labels)) if labels else say("no such {part}", part=one)


def _list(labels: tuple[str, ...], limit: int = 6) -> str:
    shown = ", ".join(_quoted(label) for label in labels[:limit])
    return (
        say("{shown} and {count} more", shown=shown, count=len(labels) - limit)
        if len(labels) > limit
        else shown
    )


def _inside(type_: ValueType, index: int, place: str) -> str:
    """The place of a part."""
    where = _named_place(type_, place)
    match type_.kind:
        case "record":
            return say("field {name} of {where}", name=_quoted(type_.labels[index]), where=where)
        case "variant":
            return say("case {name} of {where}", name=_quoted(type_.labels[index]), where=where)
        case "result":
            return say("{value} of {where}", value=("ok", "error")[index], where=where)
        case _:
            return place


def _named_place(type_: ValueType, place: str) -> str:
    return (
        say("`{type}` in {place}", type=type_.name, place=place)
        if type_.name and type_.name not in place
        else place
    )


def _count(type_: FunctionType) -> str:
    names = ", ".join(_quoted(name) for name, _ in type_.params)
    return f"{len(type_.params)} ({names})" if names else say("none")


def _maybe(type_: ValueType | None) -> str:
    return _full(type_) if type_ is not None else say("nothing")


def _quoted(text: str) -> str:
    return f"`{text}`"


def _full(type_: ValueType) -> str:
    """A type for a message: its name, and what it is when the name does not say so."""
    if type_.kind in ("own", "borrow"):
        resource = (
            say(" (the resource {resource})", resource=type_.resource)
            if "/" in type_.resource
            else say(" (a resource)")
        )
        return f"`{type_.text}`{resource}"
    if not type_.name:
        return f"`{type_.text}`"
    definition = type_.definition
    return f"`{type_.name}` ({definition})" if len(definition) <= 80 else f"`{type_.name}` ({type_.kind})"


# -- words ----------------------------------------------------------------------------------------


class _Full(Exception):
    """The text is as long as it may get."""


def _words(type_: ValueType, *, by_name: bool) -> str:
    """A type as WIT writes it, cut when it gets too long."""
    parts: list[str] = []
    size = 0
    try:
        for piece in _pieces(type_, 0, by_name=by_name):
            parts.append(piece)
            size += len(piece)
            if size > MAX_WORDS:
                raise _Full
    except _Full:
        return "".join(parts)[: MAX_WORDS - 1] + "…"
    return "".join(parts)


def _pieces(type_: ValueType | None, depth: int, *, by_name: bool) -> Iterator[str]:
    """The text of a type in pieces, so that nobody makes more of them than are wanted."""
    if depth > MAX_DEPTH:
        raise _Full
    if type_ is None:
        yield "_"
    elif type_.kind == "own":
        yield type_.name
    elif type_.kind == "borrow":
        yield f"borrow<{type_.name}>"
    elif type_.name and by_name:
        yield type_.name
    else:
        yield from _structure(type_, depth)


def _structure(type_: ValueType, depth: int) -> Iterator[str]:
    match type_.kind:
        case "record" | "variant":
            yield f"{type_.kind} {{ "
            for index, label in enumerate(type_.labels):
                yield f"{', ' if index else ''}{label}"
                part = type_.parts[index]
                if part is not None or type_.kind == "record":
                    yield ": " if type_.kind == "record" else "("
                    yield from _pieces(part, depth + 1, by_name=True)
                    yield "" if type_.kind == "record" else ")"
            yield " }"
        case "enum" | "flags":
            yield f"{type_.kind} {{ "
            for index, label in enumerate(type_.labels):
                yield f"{', ' if index else ''}{label}"
            yield " }"
        case _:
            yield type_.kind
            parts = list(type_.parts)
            while type_.kind in ("result", "future", "stream") and parts and parts[-1] is None:
                parts.pop()
            if parts:
                yield "<"
                for index, part in enumerate(parts):
                    yield ", " if index else ""
                    yield from _pieces(part, depth + 1, by_name=True)
                yield f", {type_.size}>" if type_.size is not None else ">"
