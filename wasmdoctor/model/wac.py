"""A ``.wac`` document: which packages it makes instances of, how it wires them, what it exports.

Syntax: wac 0.12, LANGUAGE.md. Type declarations are passed over: they wire nothing.
"""

from __future__ import annotations

import re
from typing import Final

from wasmdoctor.model.record import dataclass, field
from wasmdoctor.model.source import Location, Problem

_KEYWORDS: Final = frozenset(
    "import with type tuple list option result borrow resource variant record flags enum func static constructor "
    "u8 s8 u16 s16 u32 s32 u64 s64 f32 f64 char bool string interface world export new let use include as package "
    "targets".split()
)
"""Words of wac and WIT that cannot be names without a percent sign."""


def label(text: str) -> str:
    """A kebab-case name made from any text (a file's stem, a crate's name); "" when it has no letter or digit.

    A word of such a name begins with a letter (Component Model, Binary.md, "label").
    """
    words = [word for word in re.split(r"[^a-z0-9]+", text.lower()) if word]
    return "-".join(word if word[0].isalpha() else f"n{word}" for word in words)


def identifier(name: str) -> str:
    """A name as a document writes it: with a percent sign where it is a word of the language."""
    return f"%{name}" if name in _KEYWORDS else name


@dataclass(frozen=True, slots=True)
class WacName:
    """A name as written, without quotes, and where it stands."""

    text: str
    location: Location


@dataclass(frozen=True, slots=True)
class WacExpression:
    """What is given to an argument, bound by ``let``, or exported.

    Exactly one of ``new`` (a package, with ``arguments``), and ``name`` is set; ``access`` are the
    exports taken of it, one behind the other (``i.api`` or ``i["ns:pkg/api"]``).
    """

    location: Location
    new: WacName | None = None
    name: WacName | None = None
    arguments: tuple[WacArgument, ...] = ()
    access: tuple[WacName, ...] = ()


@dataclass(frozen=True, slots=True)
class WacArgument:
    """One argument of ``new``.

    ``name`` is the import that it is for, None for a spread (``...x``, or ``...`` alone with ``value``
    None: all that is left becomes an import of the composition). ``{ x }`` is a name with itself as value.
    """

    name: WacName | None
    value: WacExpression | None
    location: Location


@dataclass(frozen=True, slots=True)
class WacLet:
    """``let name = value;``."""

    name: WacName
    value: WacExpression


@dataclass(frozen=True, slots=True)
class WacImport:
    """``import name as "extern": type;``; ``type`` is the package path it names, or "" for another type."""

    name: WacName
    as_: WacName | None
    type: str


@dataclass(frozen=True, slots=True)
class WacExport:
    """``export value as "name";``; ``spread`` for ``export value...;``."""

    value: WacExpression
    as_: WacName | None
    spread: bool


WacStatement = WacLet | WacImport | WacExport


@dataclass(frozen=True, slots=True)
class WacDocument:
    """A whole document; with ``problems`` the statements are those that could be read."""

    path: str
    package: str
    targets: WacName | None = None
    statements: tuple[WacStatement, ...] = ()
    problems: tuple[Problem, ...] = field(default=())

    @property
    def packages(self) -> tuple[WacName, ...]:
        """Every package that an instance is made of, in the order of the text."""
        found: list[WacName] = []

        def visit(expression: WacExpression | None) -> None:
            if expression is None:
                return
            if expression.new is not None:
                found.append(expression.new)
            for argument in expression.arguments:
                visit(argument.value)

        for statement in self.statements:
            if isinstance(statement, (WacLet, WacExport)):
                visit(statement.value)
        return tuple(found)
