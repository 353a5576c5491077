"""``cfg`` predicates: whether an item is compiled for a target, with "unknown" as a third answer.

The Rust Reference, "Conditional compilation".
"""

from __future__ import annotations

from collections.abc import Callable

from wasmdoctor.model.record import dataclass, field
from wasmdoctor.readers.rust.tokens import CLOSE, IDENT, OPEN, STRING, Token, lex, string_value

Cfg = Callable[[str], bool | None]
"""Takes a predicate's text, as between the parentheses of ``cfg(...)``; None when it cannot be known."""

MAX_DEPTH = 64
"""Predicates nested deeper than this are unknown. rustc 1.96 has the same order of limit (128)."""

MAX_BYTES = 65_536
"""Longer predicates are unknown."""


@dataclass(frozen=True, slots=True)
class TargetCfg:
    """A set of configuration options, usable as a ``Cfg``.

    ``names`` are options without value (``unix``, ``debug_assertions``), ``values`` options with one
    (``("target_arch", "wasm32")``, ``("feature", "std")``). Options named in ``unknown`` give None;
    every other one that is not listed is not set, as rustc has it.
    """

    names: frozenset[str] = frozenset()
    values: frozenset[tuple[str, str]] = frozenset()
    unknown: frozenset[str] = frozenset()

    def __call__(self, predicate: str) -> bool | None:
        """The value of a predicate; None when it is unknown or malformed."""
        data = predicate.encode("utf-8", "replace")
        if len(data) > MAX_BYTES:
            return None
        return _Evaluator(self, lex(data, 0, len(data))).value()

    def option(self, name: str, value: str | None) -> bool | None:
        """Whether one option is set."""
        if name in self.unknown:
            return None
        return name in self.names if value is None else (name, value) in self.values


WASM32 = TargetCfg(
    frozenset(),
    frozenset(
        {
            ("target_arch", "wasm32"),
            ("target_family", "wasm"),
            ("target_endian", "little"),
            ("target_pointer_width", "32"),
        }
    ),
    frozenset({"feature", "debug_assertions", "target_os", "target_env", "target_vendor", "panic"}),
)
"""What holds for every 32-bit wasm target; the rest of the target and all features are unknown."""


@dataclass(slots=True)
class _Evaluator:
    target: TargetCfg
    tokens: list[Token]
    at: int = field(default=0)

    def value(self) -> bool | None:
        try:
            result = self._predicate(0)
        except _MalformedError:
            return None
        return result if self.at == len(self.tokens) else None

    def _next(self) -> Token:
        if self.at >= len(self.tokens):
            raise _MalformedError
        self.at += 1
        return self.tokens[self.at - 1]

    def _peek(self) -> Token | None:
        return self.tokens[self.at] if self.at < len(self.tokens) else None

    def _predicate(self, depth: int) -> bool | None:
        name = self._next()
        if name.kind != IDENT or depth > MAX_DEPTH:
            raise _MalformedError
        follow = self._peek()
        if follow is not None and follow.kind == OPEN and name.text in ("all", "any", "not"):
            self.at += 1
            parts = self._list(depth + 1)
            if name.text == "not":
                if len(parts) != 1:
                    raise _MalformedError
                return negate(parts[0])
            return both(*parts) if name.text == "all" else either(*parts)
        if follow is not None and follow.text == "=":
            self.at += 1
            literal = self._next()
            value = string_value(literal.text) if literal.kind == STRING else None
            if value is None:
                raise _MalformedError
            return self.target.option(name.text, value)
        if name.text in ("true", "false"):
            return name.text == "true"
        return self.target.option(name.text, None)

    def _list(self, depth: int) -> list[bool | None]:
        parts: list[bool | None] = []
        while True:
            token = self._peek()
            if token is None:
                raise _MalformedError
            if token.kind == CLOSE:
                self.at += 1
                return parts
            parts.append(self._predicate(depth))
            token = self._peek()
            if token is not None and token.text == ",":
                self.at += 1


class _MalformedError(Exception):
    """The predicate is not one."""


def both(*parts: bool | None) -> bool | None:
    """Three-valued "and": False wins, then unknown."""
    if False in parts:
        return False
    return None if None in parts else True


def either(*parts: bool | None) -> bool | None:
    """Three-valued "or": True wins, then unknown."""
    if True in parts:
        return True
    return None if None in parts else False


def negate(part: bool | None) -> bool | None:
    """Three-valued "not"."""
    return None if part is None else not part
