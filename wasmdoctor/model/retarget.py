"""Setting a workspace to one WASI release: what is asked, what it changes, and what stands in the way."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from wasmdoctor.model.edit import ChangeSet
from wasmdoctor.model.migration import Surface, Verification
from wasmdoctor.model.names import Version, track
from wasmdoctor.model.plan import ManualStep
from wasmdoctor.model.record import dataclass, field
from wasmdoctor.model.source import Location

RELEASE_PACKAGES: Final = frozenset(
    f"wasi:{name}" for name in ("cli", "clocks", "filesystem", "http", "io", "random", "sockets")
)
"""The packages that a WASI 0.2 release consists of: they have one version together."""

RELEASE_TRACK: Final = "0.2"


def is_release(package: str, version: str | None) -> bool:
    """Whether a package at a version is a part of a WASI 0.2 release (a candidate is not)."""
    return package in RELEASE_PACKAGES and track(version) == RELEASE_TRACK


def is_candidate(package: str, version: str | None) -> bool:
    """Whether it is a release candidate of one."""
    found = Version.parse(version or "")
    return package in RELEASE_PACKAGES and found is not None and bool(found.prerelease) and found.major == 0


@dataclass(frozen=True, slots=True)
class Obstacle:
    """Why a workspace cannot be set to a release: where, and in one sentence what is there."""

    location: Location
    message: str


@dataclass(frozen=True, slots=True)
class Removed:
    """An item of a standard package's copy that the release does not have yet: ``http/types#field-name``, since
    when it exists, and where it stands."""

    name: str
    since: str
    location: Location


@dataclass(frozen=True, slots=True)
class Retarget:
    """What setting one workspace to the WASI release ``target`` means.

    ``found`` maps each standard package to the versions (other than the target) that are named for it, oldest
    first; ``removed`` are items that go out of copies; ``manual`` what a person has to do, ``notes`` what is
    worth knowing. With ``obstacles`` there are no changes.
    """

    target: str
    changes: ChangeSet = field(default_factory=ChangeSet)
    found: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    obstacles: tuple[Obstacle, ...] = ()
    removed: tuple[Removed, ...] = ()
    manual: tuple[ManualStep, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RetargetedWorkspace:
    """A workspace and what setting it to a release means; paths in it are relative to ``folder``.

    ``before`` and ``after`` map a component to its surface as predicted from the sources, ``diff`` is the edits
    as a unified diff.
    """

    folder: str
    wasm_target: str
    retarget: Retarget
    before: Mapping[str, Surface] = field(default_factory=dict)
    after: Mapping[str, Surface] = field(default_factory=dict)
    diff: str = ""


@dataclass(frozen=True, slots=True)
class RetargetReport:
    """A workspace that was set to a release: what was proven, and the transaction (``id``, ``undo``, ``notes``)."""

    workspace: RetargetedWorkspace
    verification: Verification
    id: str = ""
    undo: str = ""
    tool_version: str = ""
    notes: tuple[str, ...] = ()
