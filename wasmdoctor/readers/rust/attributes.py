"""Attributes as token trees: names, literals, ``cfg``, ``cfg_attr`` and ``unsafe(...)``.

The Rust Reference, "Attributes"; ``unsafe(...)`` around an attribute is Rust 1.82 and later.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from wasmdoctor.model.record import dataclass
from wasmdoctor.model.source import Span
from wasmdoctor.readers.rust.cfg import Cfg, both
from wasmdoctor.readers.rust.tokens import (
    IDENT,
    OPEN,
    STRING,
    Token,
    closing,
    lex,
    split_commas,
    string_value,
)

MAX_CFG_ATTR = 32
"""``cfg_attr`` inside ``cfg_attr`` is followed this deep."""


@dataclass(frozen=True, slots=True)
class Attribute:
    """One attribute.

    ``name`` is its path (``cfg``, ``rustfmt::skip``). ``value`` is the string after ``=``, or None.
    ``tokens`` are those between the parentheses. ``span`` is the whole ``#[...]``; ``inner`` is ``#![...]``.
    """

    name: str
    span: Span
    inner: bool = False
    value: str | None = None
    tokens: tuple[Token, ...] = ()
    text: str = ""

    def named(self, key: str) -> tuple[str, Span] | None:
        """The string after ``key =`` among the arguments, with the literal's span, or None."""
        for part in split_commas(list(self.tokens)):
            if len(part) == 3 and part[0].text == key and part[1].text == "=" and part[2].kind == STRING:
                value = string_value(part[2].text)
                if value is not None:
                    return value, Span(part[2].start, part[2].end)
        return None


def read_attribute(data: bytes, start: int, end: int) -> Attribute:
    """The attribute that stands at ``data[start:end]``, from ``#`` to ``]``."""
    tokens = lex(data, start, end)
    inner = len(tokens) > 1 and tokens[1].text == "!"
    body = tokens[3 if inner else 2 : -1]
    return _attribute(data, body, Span(start, end), inner)


def _attribute(data: bytes, tokens: Sequence[Token], span: Span, inner: bool) -> Attribute:
    body = list(tokens)
    while len(body) > 2 and body[0].text == "unsafe" and body[1].kind == OPEN:
        body = body[2 : closing(body, 1)]
    at = 0
    while at < len(body) and (body[at].kind == IDENT or body[at].text == "::"):
        at += 1
    name = "".join(token.text for token in body[:at])
    if at < len(body) and body[at].kind == OPEN:
        stop = closing(body, at)
        text_end = body[stop].start if stop < len(body) else span.end
        text = data[body[at].end : text_end].decode("utf-8", "replace")
        return Attribute(name, span, inner, None, tuple(body[at + 1 : stop]), text)
    if at + 1 < len(body) and body[at].text == "=":
        literal = body[at + 1]
        value = string_value(literal.text) if literal.kind == STRING and len(body) == at + 2 else None
        return Attribute(name, span, inner, value, tuple(body[at + 1 :]))
    return Attribute(name, span, inner)


def expand(attributes: Sequence[Attribute], cfg: Cfg, data: bytes) -> Iterator[tuple[Attribute, bool | None]]:
    """Every attribute with whether it applies: those of ``cfg_attr`` are taken out of it.

    Attributes whose ``cfg_attr`` predicate is false are left out.
    """
    stack: list[tuple[Attribute, bool | None, int]] = [(item, True, 0) for item in reversed(attributes)]
    while stack:
        attribute, state, depth = stack.pop()
        if attribute.name != "cfg_attr":
            yield attribute, state
            continue
        parts = split_commas(list(attribute.tokens))
        if not parts or depth > MAX_CFG_ATTR:
            continue
        state = both(state, cfg(_slice(data, parts[0])))
        if state is not False:
            for part in reversed(parts[1:]):
                stack.append((_attribute(data, part, attribute.span, attribute.inner), state, depth + 1))


def _slice(data: bytes, tokens: list[Token]) -> str:
    return data[tokens[0].start : tokens[-1].end].decode("utf-8", "replace")


def is_test(attribute: Attribute) -> bool:
    """Whether an attribute makes a function a test."""
    return attribute.name == "test" or attribute.name.endswith("::test")


def compiled(attributes: Sequence[Attribute], cfg: Cfg, data: bytes) -> tuple[bool | None, Attribute | None]:
    """Whether an item with these attributes is compiled, and the attribute that decides against it.

    For an unknown answer the attribute is the first unknown one. ``#[test]`` counts as ``cfg(test)``, and
    so do ``#[tokio::test]`` and its like, which expand to it.
    """
    answer: bool | None = True
    culprit: Attribute | None = None
    for attribute, applies in expand(attributes, cfg, data):
        if attribute.name == "cfg":
            value = cfg(attribute.text.strip().rstrip(","))
        elif is_test(attribute):
            value = cfg("test")
        else:
            continue
        if applies is None and value is not True:
            value = None
        if value is False:
            return False, attribute
        if value is None and answer is True:
            answer, culprit = None, attribute
    return answer, culprit
