"""Frozen records as plain data (lists, texts, numbers), for what is kept between runs; and back, strictly.

A record is the list of its fields, an enumeration's member its value, a mapping the list of its pairs. Each value is
held against the annotation of its field, in both directions: nothing else than what was written can be read.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from operator import attrgetter
from types import MappingProxyType
from typing import Any, NamedTuple


class NotPlain(ValueError):
    """A value that is not what its annotation says."""


class _Kind(NamedTuple):
    """How values of one annotation are written and read; those of some types (``plain``) stay as they are."""

    write: Callable[[Any], Any]
    read: Callable[[Any], Any]
    plain: tuple[type, ...] = ()


class Codec:
    """Writes and reads records of some classes, by the texts of their annotations.

    Known are ``str``, ``int``, ``bool``, ``tuple[X, ...]``, ``tuple[X, Y]``, ``frozenset[X]``, ``Mapping[K, V]``,
    ``X | None``, the classes that are given, and the names of any plain data (``anything``). Records of ``shared``
    classes, which many others hold, are written once, into a table, and stand elsewhere as their place in it:
    ``table`` gives it when all is written, and ``know`` takes it before anything is read. For one use.
    """

    def __init__(
        self, classes: tuple[type, ...], shared: tuple[type, ...] = (), anything: tuple[str, ...] = ()
    ) -> None:
        self._classes = {each.__name__: each for each in classes}
        self._shared = {each.__name__: each for each in shared}
        self._anything = anything
        self._kinds: dict[str, _Kind] = {}
        self._places: dict[Any, int] = {}
        self._rows: list[list[Any]] = []
        self._known: list[Any] = []

    def table(self) -> list[list[Any]]:
        """The records of shared classes: the name of the class, and the record. They hold earlier ones only."""
        return self._rows

    def know(self, table: object) -> None:
        """Take the table of what is read next. Raises NotPlain."""
        readers = {name: self._record(found).read for name, found in self._shared.items()}
        for row in _list(table):
            name, record = row if len(_list(row)) == 2 else ("", None)
            if type(name) is not str or name not in readers:
                raise NotPlain("a shared record")
            self._known.append(readers[name](record))

    def write(self, annotation: str, value: object) -> Any:
        """A value as plain data. Raises NotPlain."""
        return self._kind(annotation).write(value)

    def read(self, annotation: str, data: object) -> Any:
        """What ``write`` was given. Raises NotPlain for what it would not have written."""
        return self._kind(annotation).read(data)

    def _kind(self, annotation: str) -> _Kind:
        if annotation not in self._kinds:
            self._kinds[annotation] = self._made(annotation)
        return self._kinds[annotation]

    def _made(self, annotation: str) -> _Kind:
        if annotation.endswith(" | None"):
            return _optional(self._kind(annotation.removesuffix(" | None")))
        name, _, inside = annotation.removesuffix("]").partition("[")
        parts = _parts(inside)
        if name in self._anything:
            return _Kind(_anything, _anything)
        if name in ("str", "int", "bool"):
            return _scalar({"str": str, "int": int, "bool": bool}[name])
        if name == "tuple" and parts[1:] == ["..."]:
            return _sequence(self._kind(parts[0]), tuple)
        if name == "tuple":
            return _fixed([self._kind(part) for part in parts])
        if name == "frozenset":
            return _sequence(self._kind(parts[0]), frozenset)
        if name == "Mapping":
            return _mapping(self._kind(parts[0]), self._kind(parts[1]))
        if name in self._shared:
            return self._place(self._shared[name])
        found = self._classes[name]
        return _member(found) if issubclass(found, Enum) else self._record(found)

    def _place(self, made: type) -> _Kind:
        """A record of a shared class: its place in the table."""
        write_whole = self._record(made).write

        def write(value: Any) -> int:
            if value not in self._places:
                record = write_whole(value)
                self._places[value] = len(self._rows)
                self._rows.append([made.__name__, record])
            return self._places[value]

        def read(data: Any) -> Any:
            found = self._known[data] if type(data) is int and 0 <= data < len(self._known) else None
            if type(found) is not made:
                raise NotPlain(made.__name__)
            return found

        return _Kind(write, read)

    def _record(self, made: type) -> _Kind:
        names: tuple[str, ...] = made.__match_args__  # type: ignore[attr-defined]
        kinds = [self._kind(made.__annotations__[name]) for name in names]
        values_of = _getter(names)
        plain = [kind.plain for kind in kinds]
        inner = [(at, kind) for at, kind in enumerate(kinds) if not kind.plain]
        known: set[tuple[type, ...]] = set()  # types of values that were found to be right, field by field

        def check(values: Sequence[Any]) -> None:
            types = tuple(map(type, values))
            if types not in known:
                if len(types) != len(plain) or not all(
                    not allowed or each in allowed for each, allowed in zip(types, plain, strict=True)
                ):
                    raise NotPlain(made.__name__)
                known.add(types)

        def write(value: Any) -> list[Any]:
            if type(value) is not made:
                raise NotPlain(made.__name__)
            data = list(values_of(value))
            check(data)
            for at, kind in inner:
                data[at] = kind.write(data[at])
            return data

        def read(data: Any) -> Any:
            if type(data) is not list:
                raise NotPlain(made.__name__)
            check(data)
            if inner:
                data = data.copy()
                for at, kind in inner:
                    data[at] = kind.read(data[at])
            return made(*data)

        return _Kind(write, read)


def _getter(names: tuple[str, ...]) -> Callable[[Any], tuple[Any, ...]]:
    """What gives the values of some attributes."""
    if len(names) == 1:
        return lambda value: (getattr(value, names[0]),)
    return attrgetter(*names)


def _parts(text: str) -> list[str]:
    """The arguments of an annotation: texts between commas that stand in no brackets."""
    parts, depth = [""], 0
    for letter in text:
        depth += (letter == "[") - (letter == "]")
        if letter == "," and not depth:
            parts.append("")
        else:
            parts[-1] += letter
    return [part.strip() for part in parts]


def _scalar(wanted: type) -> _Kind:
    def same(value: Any) -> Any:
        if type(value) is not wanted:
            raise NotPlain(wanted.__name__)
        return value

    return _Kind(same, same, (wanted,))


def _anything(value: Any) -> Any:
    """Plain data of any shape, as TOML has it."""
    waiting = [value]
    for each in waiting:  # grows on the way
        if type(each) is list:
            waiting += each
        elif type(each) is dict:
            waiting += [*each, *each.values()]
        elif type(each) not in (str, int, float, bool):
            raise NotPlain("plain data")
    return value


def _optional(kind: _Kind) -> _Kind:
    write, read, plain = kind
    return _Kind(
        lambda value: None if value is None else write(value),
        lambda data: None if data is None else read(data),
        (*plain, type(None)) if plain else (),
    )


def _list(data: Any) -> list[Any]:
    if type(data) is not list:
        raise NotPlain("a list")
    return data


def _sequence(kind: _Kind, made: Callable[[list[Any]], Any]) -> _Kind:
    write, read, plain = kind
    order: Callable[[Any], Any] = sorted if made is frozenset else list

    def read_all(data: Any) -> Any:
        if plain and all(type(each) in plain for each in _list(data)):
            found = made(data)
        else:
            found = made([read(each) for each in _list(data)])
        if len(found) != len(data):
            raise NotPlain("something twice")
        return found

    def write_all(value: Any) -> list[Any]:
        if plain and all(type(each) in plain for each in value):
            return list(order(value))
        return [write(each) for each in order(value)]

    return _Kind(write_all, read_all)


def _fixed(kinds: list[_Kind]) -> _Kind:
    def read(data: Any) -> Any:
        if len(_list(data)) != len(kinds):
            raise NotPlain("a tuple")
        return tuple(kind.read(each) for kind, each in zip(kinds, data, strict=True))

    return _Kind(
        lambda value: [kind.write(each) for kind, each in zip(kinds, value, strict=True)],
        read,
    )


def _mapping(keys: _Kind, values: _Kind) -> _Kind:
    def read(data: Any) -> Mapping[Any, Any]:
        found = {}
        for pair in _list(data):
            if len(_list(pair)) != 2:
                raise NotPlain("a pair")
            found[keys.read(pair[0])] = values.read(pair[1])
        return MappingProxyType(found)

    return _Kind(lambda value: [[keys.write(key), values.write(each)] for key, each in value.items()], read)


def _member(found: type[Enum]) -> _Kind:
    members = {member.value: member for member in found}

    def read(data: Any) -> Enum:
        if type(data) is not str or data not in members:
            raise NotPlain(found.__name__)
        return members[data]

    return _Kind(lambda value: found(value).value, read)
