"""The signatures of an interface as text, the form in which profiles keep them, and back to structure.

A signature is WIT (``func(self: borrow<pollable>) -> bool``) in which named types stand by name; what the
names mean is a second list, in which resources say where they are defined. An interface is complete in
itself: types that it takes from another interface are written out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import Final

from wasmdoctor.model.record import dataclass, field
from wasmdoctor.model.regex import regex
from wasmdoctor.model.types import MAX_DEPTH, FunctionType, ValueType

PRIMITIVES: Final = (
    *("bool", "s8", "u8", "s16", "u16", "s32", "u32", "s64", "u64", "f32", "f64", "char", "string"),
    "error-context",
)
_KINDS: Final = frozenset(
    (*PRIMITIVES, "record", "variant", "enum", "flags", "list", "option", "result", "tuple", "map", "future")
) | {"stream", "own", "borrow", "resource", "func", "async", "_"}
_GENERIC: Final = frozenset(("list", "option", "result", "tuple", "map", "future", "stream", "borrow"))
# Anything else is a token of its own, which no rule expects.
_TOKEN: Final = regex(r"%?[A-Za-z0-9][A-Za-z0-9.-]*|->|\S")
_RESOURCE: Final = regex(r"resource(?:\s+(\S+))?")
_PRIMITIVE_TYPES: Final = {name: ValueType(name) for name in PRIMITIVES}


class TypeTextError(ValueError):
    """A text that is no type."""


@dataclass(frozen=True)
class InterfaceTypes:
    """The functions of one interface with their types, as text.

    ``functions`` maps a name as binaries have it (``[method]pollable.ready``) to a signature, ``types`` a
    name that signatures use to what it means. A resource means ``resource``, or ``resource
    ns:pkg/iface@1.0.0#name`` when another interface defines it. Nothing is parsed before it is asked for.
    """

    functions: Mapping[str, str]
    types: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def _parsed(self) -> _Scope:
        return _Scope(self.types)

    def function(self, name: str) -> FunctionType | None:
        """The type of a function, or None when it is not known. Raises TypeTextError for a wrong text."""
        text = self.functions.get(name)
        if text is None:
            return None
        if name not in self._read:
            self._read[name] = _Parser(text, self._parsed).function()
        return self._read[name]

    @cached_property
    def _read(self) -> dict[str, FunctionType]:
        return {}

    def check(self) -> None:
        """Parse everything. Raises TypeTextError, which names the function or type that is wrong."""
        scope = _Scope(self.types)
        for name in (*self.types, *self.functions):
            try:
                scope.named(name, 0) if name in self.types else None
                self.function(name)
            except TypeTextError as error:
                raise TypeTextError(f"{name}: {error}") from error

    @property
    def signatures_text(self) -> str:
        """The functions, one a line: ``name: signature``."""
        return "".join(f"{name}: {text}\n" for name, text in sorted(self.functions.items()))

    @property
    def types_text(self) -> str:
        """The types, one a line: ``name: meaning``."""
        return "".join(f"{name}: {text}\n" for name, text in sorted(self.types.items()))


def lines(text: str) -> dict[str, str]:
    """``name: text`` lines as a mapping, the reverse of ``signatures_text`` and ``types_text``.

    Raises TypeTextError for a line of another form.
    """
    found: dict[str, str] = {}
    for line in text.splitlines():
        name, colon, rest = line.partition(": ")
        if line.strip():
            if not colon or not name.strip():
                raise TypeTextError(f"{line!r} is not a name, a colon and a type")
            found[name.strip()] = rest.strip()
    return found


# -- text to structure ----------------------------------------------------------------------------


class _Scope:
    """The named types of an interface, parsed when asked for."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        self.texts = texts
        self._found: dict[str, ValueType | str] = {}
        self._open: set[str] = set()

    def named(self, name: str, depth: int) -> ValueType | str:
        """What a name means: a type, or the text that tells which resource it is."""
        if name not in self._found:
            text = self.texts[name]
            resource = _RESOURCE.fullmatch(text)
            if resource:
                self._found[name] = resource[1] or f"#{name}"
            else:
                if name in self._open:
                    raise TypeTextError(f"{name} contains itself")
                self._open.add(name)
                whole = _Parser(text, self).whole(depth + 1)
                self._open.remove(name)
                self._found[name] = _renamed(whole, name)
        return self._found[name]


def _renamed(type_: ValueType, name: str) -> ValueType:
    if type_.kind in ("own", "borrow"):
        return type_
    return ValueType(type_.kind, type_.parts, type_.labels, name, type_.resource, type_.size)


class _Parser:
    """Reads one text. Raises TypeTextError."""

    def __init__(self, text: str, scope: _Scope) -> None:
        self.text = text
        self.scope = scope
        self.tokens = _TOKEN.findall(text)
        self.at = 0

    def function(self) -> FunctionType:
        """``[async] func(name: type, ...) [-> type]``, all of the text."""
        is_async = self._try("async")
        self._need("func")
        self._need("(")
        params: list[tuple[str, ValueType | None]] = []
        for _ in self._until(")"):
            name = self._word()
            self._need(":")
            params.append((name, self._type(0)))
        result = self._type(0) if self._try("->") else None
        self._end()
        return FunctionType(tuple(params), result, is_async)

    def whole(self, depth: int) -> ValueType:
        """One type, all of the text."""
        found = self._type(depth)
        self._end()
        return found

    def _type(self, depth: int) -> ValueType:
        if depth > MAX_DEPTH:
            raise TypeTextError("types are nested too deeply")
        word = self._word(escaped=True)
        if word in ("record", "variant", "flags", "enum") and self._peek() == "{":
            return self._members(word, depth + 1)
        if word in _GENERIC and self._peek() == "<":
            return self._generic(word, depth + 1)
        name = word.removeprefix("%")
        if name in self.scope.texts and (word != name or name not in _KINDS):
            meaning = self.scope.named(name, depth)
            return ValueType("own", name=name, resource=meaning) if isinstance(meaning, str) else meaning
        if word in _PRIMITIVE_TYPES:
            return _PRIMITIVE_TYPES[word]
        if word == "result":
            return ValueType("result", (None, None))
        if word in ("future", "stream"):
            return ValueType(word, (None,))
        raise TypeTextError(f"{word!r} is not a type that is known here")

    def _generic(self, kind: str, depth: int) -> ValueType:
        self._need("<")
        if kind == "borrow":
            name = self._word()
            self._need(">")
            meaning = self.scope.named(name, depth) if name in self.scope.texts else None
            if not isinstance(meaning, str):
                raise TypeTextError(f"{name!r} is not a resource")
            return ValueType("borrow", name=name, resource=meaning)
        parts: list[ValueType | None] = []
        size = None
        for _ in self._until(">"):
            word = self._peek()
            if kind == "result" and word == "_":
                self._word()
                parts.append(None)
            elif kind == "list" and parts and word.isdigit():
                size = int(self._word()[:10])
            else:
                parts.append(self._type(depth))
        if kind == "result":
            parts += [None] * (2 - len(parts))
        wanted = {"result": 2, "map": 2, "tuple": len(parts)}.get(kind, 1)
        if len(parts) != wanted:
            raise TypeTextError(f"{kind} with {len(parts)} parameters")
        return ValueType(kind, tuple(parts), size=size)

    def _members(self, kind: str, depth: int) -> ValueType:
        self._need("{")
        labels: list[str] = []
        parts: list[ValueType | None] = []
        for _ in self._until("}"):
            labels.append(self._word())
            part: ValueType | None = None
            if kind == "record":
                self._need(":")
                part = self._type(depth)
            elif kind == "variant" and self._try("("):
                part = self._type(depth)
                self._need(")")
            parts.append(part)
        has_parts = kind in ("record", "variant")
        return ValueType(kind, tuple(parts) if has_parts else (), tuple(labels))

    def _until(self, end: str) -> Iterator[None]:
        """Once for each item of a list that ``end`` closes."""
        if self._try(end):
            return
        while True:
            yield
            if self._try(end):
                return
            self._need(",")

    def _peek(self) -> str:
        return self.tokens[self.at] if self.at < len(self.tokens) else ""

    def _try(self, token: str) -> bool:
        if self._peek() != token:
            return False
        self.at += 1
        return True

    def _need(self, token: str) -> None:
        if not self._try(token):
            raise TypeTextError(f"{token!r} is expected, not {self._peek() or 'the end'!r}, in {self.text!r}")

    def _word(self, *, escaped: bool = False) -> str:
        token = self._peek()
        if not (token[:1].isalnum() or token[:1] in ("%", "_")):
            raise TypeTextError(f"a name is expected, not {token or 'the end'!r}, in {self.text!r}")
        self.at += 1
        return token if escaped else token.removeprefix("%")

    def _end(self) -> None:
        if self.at < len(self.tokens):
            raise TypeTextError(f"the text goes on with {self._peek()!r}: {self.text!r}")


# -- structure to text ----------------------------------------------------------------------------


def describe(functions: Iterable[tuple[str, FunctionType | None]]) -> InterfaceTypes:
    """Functions as text, with the types that they use. Those whose type is not wholly known are left out."""
    writer = _Writer()
    found: dict[str, str] = {}
    for name, type_ in functions:
        text = writer.function(type_) if type_ is not None else None
        if text is not None:
            found[name] = text
    return InterfaceTypes(found, dict(sorted(writer.types.items())))


MAX_PARTS: Final = 100_000
"""Types written for one interface; parts that are used twice are written twice."""


class _Unknown(Exception):
    """A type that cannot be written: a part is not known, it is nested too deeply, or there is too much."""


class _Writer:
    """Gives every named type one line, under its name or, when that is taken, one with a number."""

    def __init__(self) -> None:
        self.types: dict[str, str] = {}
        self._left = MAX_PARTS
        self._names: dict[int, str] = {}
        self._kept: list[ValueType] = []  # so that no id is used twice

    def function(self, type_: FunctionType) -> str | None:
        """A signature, or None when a part of it is not known."""
        if not type_.complete:
            return None
        try:
            params = ", ".join(f"{name}: {self.refer(part, 0)}" for name, part in type_.params)
            result = f" -> {self.refer(type_.result, 0)}" if type_.result is not None else ""
        except _Unknown:
            return None
        return f"{'async ' if type_.is_async else ''}func({params}){result}"

    def refer(self, type_: ValueType | None, depth: int) -> str:
        """How a type is written where it is used."""
        self._left -= 1
        if type_ is None or depth > MAX_DEPTH or self._left < 0:
            raise _Unknown
        if type_.kind in ("own", "borrow"):
            name = self._resource(type_)
            return name if type_.kind == "own" else f"borrow<{name}>"
        if not type_.name:
            return self._structure(type_, depth)
        if id(type_) not in self._names:
            text = self._structure(type_, depth)
            self._kept.append(type_)
            self._names[id(type_)] = self._define(type_.name, text)
        return _escaped(self._names[id(type_)])

    def _resource(self, type_: ValueType) -> str:
        if not type_.resource:
            raise _Unknown
        text = "resource" if type_.resource == f"#{type_.name}" else f"resource {type_.resource}"
        return _escaped(self._define(type_.name, text))

    def _define(self, name: str, text: str) -> str:
        chosen, number = name, 1
        if text == "resource" and self.types.get(name, text) != text:
            text = f"resource #{name}"  # its name here will be another
        while self.types.get(chosen, text) != text:
            number += 1
            chosen = f"{name}.{number}"
        self.types[chosen] = text
        return chosen

    def _structure(self, type_: ValueType, depth: int) -> str:
        def part(inner: ValueType | None) -> str:
            return self.refer(inner, depth + 1)

        match type_.kind:
            case "record":
                rows = zip(type_.labels, type_.parts, strict=True)
                return f"record {{ {', '.join(f'{label}: {part(inner)}' for label, inner in rows)} }}"
            case "variant":
                rows = zip(type_.labels, type_.parts, strict=True)
                cases = (label if inner is None else f"{label}({part(inner)})" for label, inner in rows)
                return f"variant {{ {', '.join(cases)} }}"
            case "enum" | "flags":
                return f"{type_.kind} {{ {', '.join(type_.labels)} }}"
            case "result" | "future" | "stream":
                parts = list(type_.parts)
                while parts and parts[-1] is None:
                    parts.pop()
                inside = ", ".join("_" if inner is None else part(inner) for inner in parts)
                return f"{type_.kind}<{inside}>" if inside else type_.kind
            case _:
                inside = ", ".join(map(part, type_.parts))
                size = f", {type_.size}" if type_.size is not None else ""
                return f"{type_.kind}<{inside}{size}>" if inside else type_.kind


def _escaped(name: str) -> str:
    """A name that is also a word of the language gets the mark that tells them apart."""
    return f"%{name}" if name in _KINDS else name
