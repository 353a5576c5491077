"""Fixes of findings: edits that a rule proposes, and how safe they are."""

from __future__ import annotations

from collections.abc import Iterable

from wasmdoctor.model.edit import Edit
from wasmdoctor.model.record import dataclass
from wasmdoctor.model.source import Location

Place = tuple[Location, Location]
"""Where an edit begins and ends (behind its last character); the file alone for an edit of a whole file."""


@dataclass(frozen=True, slots=True)
class SuggestedFix:
    """What ``check --fix`` would do about one finding, as one piece: all of its edits or none.

    ``title`` is an imperative sentence without a full stop. The paths of ``edits`` are relative to the
    current folder, as those of findings are. ``safe`` says that no build and no host can tell the difference
    but for the finding, or that nothing could be built before; other fixes need ``--unsafe-fixes``. ``places``
    are where the edits are, in their order.
    """

    title: str
    edits: tuple[Edit, ...]
    safe: bool
    places: tuple[Place, ...] = ()


def best(fixes: Iterable[SuggestedFix], *, unsafe: bool) -> SuggestedFix | None:
    """The fix that is made: the first safe one, else the first, when unsafe ones are wanted."""
    found = list(fixes)
    safe = next((fix for fix in found if fix.safe), None)
    return safe or (next(iter(found), None) if unsafe else None)


def fixable(each: Iterable[Iterable[SuggestedFix]]) -> tuple[int, int]:
    """Of the fixes of some findings, how many findings have a safe one, and how many only unsafe ones."""
    chosen = [best(fixes, unsafe=True) for fixes in each]
    safe = sum(1 for fix in chosen if fix is not None and fix.safe)
    return safe, sum(1 for fix in chosen if fix is not None) - safe
