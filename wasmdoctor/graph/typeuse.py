"""Which interfaces a function needs for its types: those stay imported with it, though nobody calls them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from wasmdoctor.model.wit import Function, Interface, Type, TypeDef, TypeKind


def interfaces_used(
    functions: Iterable[Function],
    types: Mapping[str, TypeDef],
    interfaces: Mapping[str, Interface],
    *,
    owner: str = "",
    names: Iterable[str] = (),
) -> frozenset[str]:
    """The full names of the interfaces that define types of some functions (or named types), transitively.

    ``types`` are those in scope where the functions stand (an interface's or a world's), ``interfaces``
    all that are known, by full name; ``owner`` is the interface that the functions stand in.
    """
    found: set[str] = set()
    seen: set[tuple[str, str]] = set()
    waiting: list[tuple[str, str]] = [(owner, name) for name in names]
    for function in functions:
        for type_ in (*(param.type for param in function.params), function.result):
            waiting += [(owner, name) for name in _names(type_)]
        if function.resource:
            waiting.append((owner, function.resource))
    while waiting:
        place, name = waiting.pop()
        if (place, name) in seen:
            continue
        seen.add((place, name))
        scope = types if place == owner else interfaces[place].types if place in interfaces else {}
        definition = scope.get(name)
        if definition is None:
            continue
        if definition.kind is TypeKind.USE:
            found.add(definition.used_from)
            waiting.append((definition.used_from, definition.used_name))
        else:
            waiting += [(place, inner) for inner in _inside(definition)]
    return frozenset(found)


def _inside(definition: TypeDef) -> Iterator[str]:
    yield from _names(definition.target)
    for member in definition.members:
        yield from _names(member.type)


def _names(type_: Type | None) -> Iterator[str]:
    """The named types in a type expression, without recursion: depth comes from a file."""
    waiting = [type_]
    while waiting:
        current = waiting.pop()
        if current is None:
            continue
        if current.name:
            yield current.name
        waiting += current.args
