"""``cfg(...)`` expressions: parsing and evaluation, as the cargo-platform crate (cargo 1.96) does it.

Grammar: ``all(E, ...)``, ``any(E, ...)``, ``not(E)``, ``true``, ``false``, ``name``, ``name = "value"``;
a trailing comma is allowed. Strings have no escapes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Literal

from wasmdoctor.model.record import dataclass
from wasmdoctor.model.regex import regex

MAX_DEPTH = 128
"""How deep ``all``, ``any`` and ``not`` may nest."""


class CfgError(ValueError):
    """A cfg expression that is not valid; the message says why and at which character (from 1)."""


@dataclass(frozen=True, slots=True)
class CfgSet:
    """What holds for one target: bare names and ``name="value"`` pairs, and the target's triple."""

    triple: str
    names: frozenset[str]
    pairs: frozenset[tuple[str, str]]

    @classmethod
    def parse(cls, triple: str, text: str) -> CfgSet:
        """From the output of ``rustc --print cfg --target TRIPLE`` (one name or pair a line)."""
        return cls.of(triple, text.split("\n"))

    @classmethod
    def of(cls, triple: str, lines: Iterable[str]) -> CfgSet:
        """From single lines; empty ones are passed over."""
        names, pairs = set(), set()
        for line in lines:
            name, equals, value = line.strip().partition("=")
            if equals:
                pairs.add((name.strip(), value.strip().strip('"')))
            elif name:
                names.add(name)
        return cls(triple, frozenset(names), frozenset(pairs))


@dataclass(frozen=True, slots=True)
class CfgName:
    """``unix``, or ``true`` and ``false``."""

    name: str

    def holds(self, facts: CfgSet) -> bool:
        """Whether it is true for a target."""
        if self.name in ("true", "false"):
            return self.name == "true"
        return self.name.removeprefix("r#") in facts.names


@dataclass(frozen=True, slots=True)
class CfgPair:
    """``target_os = "wasi"``."""

    name: str
    value: str

    def holds(self, facts: CfgSet) -> bool:
        """Whether it is true for a target."""
        return (self.name.removeprefix("r#"), self.value) in facts.pairs


@dataclass(frozen=True, slots=True)
class CfgCall:
    """``all(...)``, ``any(...)`` or ``not(...)``; ``not`` has one part."""

    operator: Literal["all", "any", "not"]
    parts: tuple[CfgExpr, ...]

    def holds(self, facts: CfgSet) -> bool:
        """Whether it is true for a target."""
        if self.operator == "not":
            return not self.parts[0].holds(facts)
        decide = all if self.operator == "all" else any
        return decide(part.holds(facts) for part in self.parts)


CfgExpr = CfgName | CfgPair | CfgCall

_TOKEN = regex(r'\s*(?:(?P<name>(?:r#)?[A-Za-z_][A-Za-z0-9_]*)|"(?P<string>[^"]*)"|(?P<mark>[(),=]))')
_SPACE = regex(r"\s*")


def parse_cfg(text: str) -> CfgExpr:
    """The expression inside ``cfg(...)``. Raises CfgError."""
    parser = _Parser(text)
    expression = parser.expression(0)
    if parser.kind:
        raise parser.error("expected the end")
    return expression


def parse_platform(key: str) -> CfgExpr | str:
    """The key of a ``[target.KEY]`` table: an expression for ``cfg(...)``, else the triple itself.

    Raises CfgError.
    """
    if key.startswith("cfg(") and key.endswith(")"):
        return parse_cfg(key[4:-1])
    if not re.fullmatch(r"[\w.-]+", key):
        raise CfgError("neither `cfg(...)` nor the name of a target")
    return key


def platform_holds(platform: CfgExpr | str, facts: CfgSet) -> bool:
    """Whether a ``[target.KEY]`` table counts for a target."""
    return platform == facts.triple if isinstance(platform, str) else platform.holds(facts)


class _Parser:
    """Recursive descent over tokens; ``kind`` and ``text`` are the token ahead, "" at the end."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.end = 0
        self.kind = ""
        self.text = ""
        self.start = 0
        self.advance()

    def advance(self) -> None:
        found = _TOKEN.match(self.source, self.end)
        if found:
            self.kind = found.lastgroup or ""
            self.text = found.group(self.kind)
            self.start, self.end = found.start(self.kind), found.end()
            return
        space = _SPACE.match(self.source, self.end)
        self.start = self.end = space.end() if space else self.end
        self.kind = self.text = ""
        if self.end < len(self.source):
            raise self.error(f"unexpected `{self.source[self.end]}`")

    def error(self, message: str) -> CfgError:
        return CfgError(f"{message} at character {self.start + 1}")

    def is_mark(self, mark: str) -> bool:
        return self.kind == "mark" and self.text == mark

    def take(self, mark: str) -> None:
        if not self.is_mark(mark):
            raise self.error(f"expected `{mark}`")
        self.advance()

    def expression(self, depth: int) -> CfgExpr:
        if depth > MAX_DEPTH:
            raise self.error(f"nested deeper than {MAX_DEPTH}")
        if self.kind != "name":
            raise self.error("expected a name")
        name = self.text
        self.advance()
        if name in ("all", "any", "not") and self.is_mark("("):
            return self.call(name, depth)
        if not self.is_mark("="):
            return CfgName(name)
        self.advance()
        if self.kind != "string":
            raise self.error("expected a string in double quotes")
        value = self.text
        self.advance()
        return CfgPair(name, value)

    def call(self, name: str, depth: int) -> CfgCall:
        self.take("(")
        parts = []
        while not self.is_mark(")"):
            parts.append(self.expression(depth + 1))
            if not self.is_mark(","):
                break
            self.advance()
        self.take(")")
        if name == "not":
            if len(parts) != 1:
                raise self.error("`not` takes exactly one part")
            return CfgCall("not", tuple(parts))
        return CfgCall("all" if name == "all" else "any", tuple(parts))
