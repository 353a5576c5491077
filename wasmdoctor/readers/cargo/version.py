"""Versions and version requirements, as the semver crate (1.0, used by Cargo) understands them."""

from __future__ import annotations

import re
from functools import lru_cache

from wasmdoctor.model.record import dataclass
from wasmdoctor.model.regex import regex

_NUMBER = r"(?:0|[1-9][0-9]{0,19})"
_VERSION = regex(
    rf"({_NUMBER})\.({_NUMBER})\.({_NUMBER})(?:-([0-9A-Za-z.-]+))?(?:\+([0-9A-Za-z.-]+))?", re.ASCII
)
_COMPARATOR = regex(
    rf"\s*(=|>=|<=|>|<|~|\^)?\s*({_NUMBER}|[*xX])(?:\.({_NUMBER}|[*xX]))?(?:\.({_NUMBER}|[*xX]))?"
    rf"(?:-([0-9A-Za-z.-]+))?(?:\+[0-9A-Za-z.-]+)?\s*",
    re.ASCII,
)

PreRelease = tuple[tuple[int, int, str], ...]


def _pre_release(text: str | None) -> PreRelease:
    """Identifiers to compare: numbers before words, numbers by value."""
    if not text:
        return ()
    return tuple((0, int(part), "") if part.isdecimal() else (1, 0, part) for part in text[:200].split("."))


@dataclass(frozen=True, slots=True)
class Version:
    """A version; ``build`` counts for nothing when versions are matched."""

    major: int
    minor: int
    patch: int
    pre: PreRelease = ()

    @property
    def key(self) -> tuple[int, int, int, bool, PreRelease]:
        """To order versions by: a pre-release comes before its release."""
        return (self.major, self.minor, self.patch, not self.pre, self.pre)


MAX_TEXT = 1024
"""Longer versions and requirements are none: nobody writes them, and matching them takes quadratic time."""


@lru_cache(maxsize=4096)
def parse_version(text: str) -> Version | None:
    """A full version (three numbers); None when it is none."""
    found = _VERSION.fullmatch(text.strip()) if len(text) <= MAX_TEXT else None
    if not found:
        return None
    return Version(int(found[1]), int(found[2]), int(found[3]), _pre_release(found[4]))


@dataclass(frozen=True, slots=True)
class _Comparator:
    operator: str
    major: int
    minor: int | None
    patch: int | None
    pre: PreRelease

    def matches(self, version: Version) -> bool:
        given = [part for part in (self.major, self.minor, self.patch) if part is not None]
        have = [version.major, version.minor, version.patch]
        exact = have[: len(given)] == given
        if len(given) == 3:
            order = ((*given, not self.pre, self.pre), version.key)
            less, equal = order[1] < order[0], order[1] == order[0]
        else:
            less, equal = have[: len(given)] < given, exact
        match self.operator:
            case "=":
                return equal
            case ">":
                return not less and not equal
            case ">=":
                return not less
            case "<":
                return less
            case "<=":
                return less or equal
            case "~":
                return not less and have[: min(2, len(given))] == given[:2]
            case _:
                return not less and self._same_track(version)

    def _same_track(self, version: Version) -> bool:
        """Caret: the leftmost number that is not 0 stays."""
        if self.minor is None or self.major:
            return version.major == self.major
        if self.patch is None or self.minor:
            return (version.major, version.minor) == (self.major, self.minor)
        return (version.major, version.minor, version.patch) == (self.major, self.minor, self.patch)


@dataclass(frozen=True, slots=True)
class Requirement:
    """A version requirement such as ``^1.2, <1.5``: all comparators must match; none match all."""

    comparators: tuple[_Comparator, ...]

    def matches(self, version: Version) -> bool:
        """Whether a version satisfies it. A pre-release only when a comparator names its release's."""
        if not all(comparator.matches(version) for comparator in self.comparators):
            return False
        if not version.pre:
            return True
        release = (version.major, version.minor, version.patch)
        return any(part.pre and (part.major, part.minor, part.patch) == release for part in self.comparators)


@lru_cache(maxsize=4096)
def parse_requirement(text: str) -> Requirement | None:
    """A requirement (``1``, ``^1.2``, ``~1.2.3``, ``=1.0.0``, ``>=1, <3``, ``1.*``, ``*``, "" for any);
    None when it is none."""
    text = text.strip()
    if len(text) > MAX_TEXT:
        return None
    if text in ("", "*"):
        return Requirement(())
    comparators = []
    for part in text.split(","):
        found = _COMPARATOR.fullmatch(part)
        if not found:
            return None
        operator, numbers = found[1] or "", [found[2], found[3], found[4]]
        wild = next((at for at, number in enumerate(numbers) if number in ("*", "x", "X")), None)
        if wild is not None:
            numbers = [*numbers[:wild], None, None, None][:3]
            operator = operator or "="
        if numbers[0] is None:
            continue
        major, minor, patch = (None if number is None else int(number) for number in numbers)
        comparators.append(_Comparator(operator or "^", major or 0, minor, patch, _pre_release(found[5])))
    return Requirement(tuple(comparators))
