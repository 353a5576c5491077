"""Fixes of findings: edits that a rule proposes, and how safe they are."""

from __future__ import annotations

from wasmdoctor.model.edit import Edit
from wasmdoctor.model.record import dataclass


@dataclass(frozen=True, slots=True)
class SuggestedFix:
    """What ``check --fix`` would do about one finding, as one piece: all of its edits or none.

    ``title`` is an imperative sentence without a full stop. The paths of ``edits`` are relative to the
    current folder, as those of findings are. ``safe`` says that no build and no host can tell the difference
    but for the finding; other fixes need ``--unsafe-fixes``.
    """

    title: str
    edits: tuple[Edit, ...]
    safe: bool
