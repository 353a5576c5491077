"""Imports that somebody provides whom only the configuration knows (``[[allow]]`` with ``provided-by``)."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from wasmdoctor.checks.linking import Verdict
from wasmdoctor.model.finding import Status
from wasmdoctor.model.source import Location

if TYPE_CHECKING:
    from wasmdoctor.model.config import Allow, Glob

Verdicts = dict[str, tuple[Verdict, ...]]


def configured(verdicts: Verdicts, allows: Iterable[Allow]) -> Verdicts:
    """The verdicts, those on imports that nobody provides decided by ``allows`` (in force) where they can."""
    meant = [(allow, allow.meant) for allow in allows]
    return {path: tuple(_verdict(path, each, meant) for each in own) for path, own in verdicts.items()}


def _verdict(path: str, verdict: Verdict, allows: list[tuple[Allow, Glob | None]]) -> Verdict:
    if not verdict.unprovided:
        return verdict
    name = verdict.extern.name
    base = name.partition("@")[0] if "@" in name else ""
    for allow, meant in allows:
        # There may be many: nothing is called for those whose interface is another.
        if meant is not None and not (meant(name) or (base and meant(base))):
            continue
        if allow.names_component(*names_of(path)):
            return dataclasses.replace(
                verdict, status=Status.CONFIGURED, provider=allow.provided_by, missing=(), near=()
            )
    return verdict


def _fits(allow: Allow, path: str, verdict: Verdict) -> bool:
    return allow.names_interface(verdict.extern.name) and allow.names_component(*names_of(path))


def used(
    verdicts: Iterable[Mapping[str, tuple[Verdict, ...]]], allows: Iterable[Allow]
) -> frozenset[Location]:
    """The places of those ``[[allow]]`` that decided a verdict; ``verdicts`` are those on each host."""
    decided = [
        (path, verdict)
        for each in verdicts
        for path, own in each.items()
        for verdict in own
        if verdict.status is Status.CONFIGURED
    ]
    return frozenset(
        allow.location
        for allow in allows
        if any(
            verdict.provider == allow.provided_by and _fits(allow, path, verdict) for path, verdict in decided
        )
    )


def names_of(path: str) -> tuple[str, ...]:
    """What a person may call a component: its path, its file's name with and without endings, its crate.

    A component that is not built has its Cargo.toml as path, and its folder's name counts.
    """
    file = path.rpartition("/")[2]
    stem = file.partition(".")[0]
    names = [path, file, stem, stem.replace("_", "-")]
    if file == "Cargo.toml":
        names.append(path.removesuffix("/Cargo.toml").rpartition("/")[2])
    return tuple(names)
