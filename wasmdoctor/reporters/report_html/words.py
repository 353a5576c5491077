"""What the sections of the report say in the same words."""

from __future__ import annotations

from wasmdoctor.model.finding import CheckedArtifact, HostStatus, ImportVerdict, ReachedBy, Status
from wasmdoctor.model.wasm import ExternKind

MARKS = {
    Status.UNPROVIDED: "✗",
    Status.VERSION: "✗",
    Status.COMPONENT: "✓",
    Status.HOST: "✓",
    Status.CONFIGURED: "✓",
    Status.OPTIONAL: "·",
}
MISSING = frozenset({Status.UNPROVIDED, Status.VERSION})
KINDS = {
    "component": "component",
    "module": "core module",
    "predicted": "predicted from sources",
    "unreadable": "unreadable",
}
REACHED = {
    ReachedBy.LEAKED_EXPORTS: "only leaked exports reach it",
    ReachedBy.TABLE: "perhaps nothing reaches it",
    ReachedBy.NOTHING: "nothing in its code reaches it",
    ReachedBy.PERHAPS: "perhaps it is not imported",
}
"""Remarks on imports that could fall away."""


def status_class(status: Status) -> str:
    """``missing``, ``there`` or ``quiet``: how loud a status is."""
    if status in MISSING:
        return "missing"
    return "quiet" if status is Status.OPTIONAL else "there"


def says(side: ImportVerdict | HostStatus) -> str:
    """Who provides an import, in words."""
    match side.status:
        case Status.HOST | Status.COMPONENT | Status.CONFIGURED:
            return ", ".join(part for part in (f"from {side.provided_by}", side.note) if part)
        case Status.OPTIONAL:
            return "types only, needs nobody"
        case Status.VERSION:
            return "other version only"
    return side.note or "nobody provides it"


def says_briefly(side: HostStatus) -> str:
    """The same where a column's head names the host."""
    if side.status is Status.HOST:
        return f"has {version}" if (version := side.note.removeprefix("which has it at ")) else "has it"
    return says(side)


def remarks(item: ImportVerdict) -> str:
    """What else is known of an import: that it is no interface, that it could fall away; or ""."""
    kind = "" if item.kind is ExternKind.INSTANCE else item.kind.value
    reached = REACHED.get(item.reached_by, "") if item.reached_by else ""
    return ", ".join(part for part in (kind, reached) if part)


def is_missing(item: ImportVerdict) -> bool:
    """Whether some host lacks it."""
    sides = item.hosts or (item,)
    return any(side.status in MISSING for side in sides)


def size(count: int) -> str:
    """Bytes for people."""
    if count < 1000:
        return f"{count} bytes"
    return f"{count / 1000:.0f} kB" if count < 999_500 else f"{count / 1e6:.1f} MB"


def missing_of(artifact: CheckedArtifact) -> int:
    """How many imports some host lacks."""
    return sum(map(is_missing, artifact.imports))
