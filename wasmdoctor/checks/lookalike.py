"""Which standard interface a custom one resembles, by the words of its names and of its functions."""

from __future__ import annotations

from collections.abc import Sequence

from wasmdoctor.checks.last import for_last
from wasmdoctor.model.host import WitFacts
from wasmdoctor.model.names import ExternName
from wasmdoctor.model.record import dataclass
from wasmdoctor.model.rule import Lookalikes, Role
from wasmdoctor.model.wasm import Extern

THRESHOLD = 0.5
"""Below this score a resemblance is chance: one common word among many."""

NAME_WEIGHT = 0.6
"""A name says what an interface is meant for; functions (the rest of the weight) confirm it."""


LIKENESS = 0.5
"""Two functions match when at least this share of their words is common: `connect` and `finish-connect`."""


@dataclass(frozen=True, slots=True)
class Resemblance:
    """A standard interface (without version), a score from 0 to 1, and pairs of functions that match.

    ``about`` says how one gets from the custom interface to the standard one.
    """

    interface: str
    score: float
    functions: tuple[tuple[str, str], ...]
    about: str


def lookalikes(
    name: ExternName, extern: Extern, data: Lookalikes, standard: Sequence[WitFacts]
) -> list[Resemblance]:
    """Standard interfaces that resemble an import, best first.

    The score is 0.6 times the share of the name's words that speak of the standard interface's role,
    plus 0.4 times the share of functions for which it has one with the same words, or half of them. Names in ``wasi:``
    resemble nothing: they are meant to be standard. Nor do those in the namespaces of hosts' own published interfaces:
    they are meant as what they are (spin:variables for configuration, not for wasi:cli/environment).
    """
    if name.namespace == "wasi" or name.namespace in data.platforms:
        return []
    own = set(data.words(name.interface or name.text))
    context = set(data.words((name.package or "").rpartition(":")[2])) | {
        word for resource in extern.resources for word in data.words(resource)
    }
    # An interface called `client` says little: then its package and resources speak for it.
    words = own if any(own & role.tokens for role in data.roles) else own | context
    if not words:
        return []
    facts = _functions(standard)
    found = [
        _compare(target, role, own, words, extern, data, facts.get(target, frozenset()))
        for role in data.roles
        if words & role.tokens
        for target in role.targets
    ]
    best: dict[str, Resemblance] = {}
    for item in found:
        if item.score >= THRESHOLD and item.score > best.get(item.interface, item).score - 1e-9:
            best[item.interface] = item
    return sorted(best.values(), key=lambda item: (-item.score, item.interface))


@for_last
def _functions(standard: Sequence[WitFacts]) -> dict[str, frozenset[str]]:
    """The functions of every standard interface, whatever its version."""
    merged: dict[str, frozenset[str]] = {}
    for facts in standard:
        for name, interface in facts.interfaces.items():
            bare = name.partition("@")[0]
            merged[bare] = merged.get(bare, frozenset()) | interface.functions
    return merged


def _compare(
    target: str,
    role: Role,
    own: set[str],
    words: set[str],
    extern: Extern,
    data: Lookalikes,
    functions: frozenset[str],
) -> Resemblance:
    spoken = set(data.words(target.partition(":")[2])) | role.tokens
    # Words of the target's own name count in full: they tell `tcp` from `udp` within one role.
    exact = set(data.words(target.rpartition("/")[2]))
    overlap = len(words & spoken) / len(words)
    closeness = len(own & exact) / len(exact) if exact else 0.0
    pairs = _pairs(extern, data, functions)
    share = len(pairs) / len(extern.functions) if extern.functions else overlap
    score = NAME_WEIGHT * (overlap + closeness) / 2 + (1 - NAME_WEIGHT) * share
    return Resemblance(target, round(score, 2), pairs, role.about)


def _pairs(extern: Extern, data: Lookalikes, functions: frozenset[str]) -> tuple[tuple[str, str], ...]:
    """Each function with the standard one that shares most of its words, where any does."""
    theirs = {function: set(data.words(_member(function))) for function in sorted(functions)}
    pairs: list[tuple[str, str]] = []
    for function in extern.functions:
        ours = set(data.words(_member(function.name)))
        best = max(theirs, key=lambda name: _likeness(ours, theirs[name]), default=None)
        if best is not None and _likeness(ours, theirs[best]) >= LIKENESS:
            pairs.append((function.name, best))
    return tuple(pairs)


def _member(function: str) -> str:
    """``connect`` of ``[method]tcp-socket.connect``; a constructor's name is its resource's."""
    return function.rpartition(".")[2] if "." in function else function


def _likeness(ours: set[str], theirs: set[str]) -> float:
    return len(ours & theirs) / len(ours | theirs) if ours | theirs else 0.0
