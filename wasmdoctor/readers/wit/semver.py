"""Semantic versions as Cargo's ``semver`` crate reads and orders them (semver.org 2.0, build compared last)."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, wraps
from typing import TypeVar

from wasmdoctor.model.regex import regex

_NUMBER = r"(?:0|[1-9][0-9]*+)"
_SHAPE = regex(rf"({_NUMBER})\.({_NUMBER})\.({_NUMBER})(?:-([0-9A-Za-z.-]+))?(?:\+([0-9A-Za-z.-]+))?")
_MAX = 2**64 - 1

Key = tuple[object, ...]

Answer = TypeVar("Answer")

MAX_KNOWN = 64
"""Characters of a version whose answers are kept."""


def _once(work: Callable[[str], Answer]) -> Callable[[str], Answer]:
    """``work``, once for each version: a project has few, and ``@since`` writes them before every item."""
    known = lru_cache(maxsize=256)(work)

    @wraps(work)
    def answer(text: str) -> Answer:
        return known(text) if len(text) <= MAX_KNOWN else work(text)

    return answer


@_once
def error(text: str) -> str:
    """What is wrong with a version, or "" for a good one."""
    found = _SHAPE.fullmatch(text)
    if found is None:
        return "it must be three numbers, without leading zeros or spaces"
    if any(len(number) > 20 or int(number) > _MAX for number in found.group(1, 2, 3)):
        return "a number is too large"
    pre, build = found.group(4, 5)
    for part in (pre or "0").split(".") + (build or "0").split("."):
        if not part:
            return "there is an empty identifier"
    for part in (pre or "0").split("."):
        if part.isdigit() and len(part) > 1 and part.startswith("0"):
            return "a number of the pre-release has a leading zero"
    return ""


@_once
def key(text: str) -> Key:
    """A sort key: pre-releases come before their release. Bad versions sort before all good ones."""
    found = _SHAPE.fullmatch(text)
    if found is None or error(text):
        return (-1,)
    numbers = tuple(int(number) for number in found.group(1, 2, 3))
    pre, build = found.group(4, 5)
    return (*numbers, 0 if pre else 1, _identifiers(pre), _identifiers(build))


def _identifiers(text: str | None) -> tuple[tuple[int, int, str], ...]:
    """Numbers sort before words, and numerically. (Compared by length and text: they may be huge.)"""
    keys: list[tuple[int, int, str]] = []
    for part in (text or "").split(".") if text else ():
        digits = part.lstrip("0")
        keys.append((0, len(digits), digits) if part.isdigit() else (1, 0, part))
    return tuple(keys)
