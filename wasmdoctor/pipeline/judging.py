"""From what the rules found to what is shown: the policy, the comments in the sources, the baseline."""

from __future__ import annotations

import dataclasses
import os
import posixpath
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from wasmdoctor.checks.linking import Verdict
from wasmdoctor.model.fingerprint import Place, fingerprints, place_in
from wasmdoctor.pipeline.settings import Settings

if TYPE_CHECKING:
    from wasmdoctor.catalog import Catalog
    from wasmdoctor.checks.policy import Outcome, Policy
    from wasmdoctor.discover import Discovery
    from wasmdoctor.model.cargo import CrateGraph
    from wasmdoctor.model.config import Suppression
    from wasmdoctor.model.finding import Finding
    from wasmdoctor.pipeline.project import Project

LARGEST = 8 * 1024 * 1024
"""Larger sources (bytes) are not looked at for comments; the readers of sources pass over them as well."""

HOST_KEYS = ("hosts", "host-flags", "target")
"""With others of these than the configuration has, a suppression may be idle that is not unused."""


def place_of(settings: Settings, paths: Iterable[str]) -> Place:
    """How findings name files in fingerprints: from the configuration's folder, else from the repository's top,
    else from the workspace's folder."""
    cwd = settings.cwd.resolve()
    return place_in(_top(settings, paths, cwd).as_posix(), cwd.as_posix())


def _top(settings: Settings, paths: Iterable[str], cwd: Path) -> Path:
    if settings.folder is not None:
        return settings.folder.resolve()
    from wasmdoctor.discover import repository_of, workspace_root

    start = next(((cwd / path).resolve() for path in paths if path != "-"), cwd)
    return repository_of(start) or workspace_root(start) or cwd


def judged(
    findings: Sequence[Finding],
    settings: Settings,
    catalog: Catalog,
    *,
    paths: Sequence[str],
    today: date,
    found: Discovery | None = None,
    project: Project | None = None,
    verdicts: Iterable[Mapping[str, tuple[Verdict, ...]]] = (),
    known: bool = False,
) -> Outcome:
    """What a run shows of its findings.

    ``project`` are the sources that were read, or None; ``verdicts`` those on each host. With ``known``
    everything is taken as known: that is what a new baseline is written from. Raises ConfigError.
    """
    from wasmdoctor.checks import BINARY_CHECKS, SOURCE_CHECKS, policy_findings
    from wasmdoctor.checks.allowed import used
    from wasmdoctor.checks.policy import apply
    from wasmdoctor.pipeline.settings import policy_of

    place = place_of(settings, paths)
    policy = dataclasses.replace(
        policy_of(settings, catalog, known=known), place=_spelling(settings.cwd.resolve().as_posix())
    )
    return apply(
        _marked(findings, place),
        policy,
        tuple(comments(project, policy)) if project is not None else (),
        today=today,
        about=lambda facts: _marked(policy_findings(facts, catalog.lint), place),
        used=used(verdicts, policy.shared),
        ran=frozenset((*BINARY_CHECKS, *SOURCE_CHECKS)) if project is not None else frozenset(BINARY_CHECKS),
        whole=_whole(settings, found, project),
    )


def _spelling(cwd: str) -> Place:
    """Paths relative to ``cwd``, each file in one spelling."""
    return lambda path: posixpath.normpath(posixpath.join(cwd, path))


def _marked(findings: Sequence[Finding], place: Place) -> list[Finding]:
    """The findings with their fingerprints."""
    marks = fingerprints(findings, place)
    return [
        dataclasses.replace(finding, fingerprint=mark) for finding, mark in zip(findings, marks, strict=True)
    ]


def comments(project: Project, policy: Policy) -> Iterator[Suppression]:
    """The suppressions in the sources that a run read, those of other people's crates left out."""
    from wasmdoctor.readers.suppressions import MARK, read_suppressions

    unmarked = {path for workspace in project.workspaces.values() for path in workspace.unmarked}
    for path in _source_files(project):
        if path in unmarked or (policy.exclude is not None and policy.exclude(path)):
            continue
        try:
            data = project.source(path, LARGEST)
        except OSError:
            continue
        if MARK in data:
            yield from read_suppressions(data, path)


def _source_files(project: Project) -> Iterator[str]:
    """The paths of the WIT, manifests and Rust of all workspaces, each once, in order."""
    from wasmdoctor.model.cargo import SourceKind

    paths: set[str] = set()
    graph: CrateGraph | None = None
    own: Set[str] = frozenset()
    for root, workspace in project.workspaces.items():
        paths.update(
            path for path in map(workspace.show, workspace.sources.manifests) if project.reads(root, path)
        )
        for resolution in workspace.wit.values():
            for package in resolution.packages.values():
                paths.update(package.files)
        for crates in project.crates[root]:
            for component in project.judged(root, crates):
                if component.graph is not graph:  # the members of a workspace mostly share one
                    graph = component.graph
                    known = graph.crates.values()
                    own = {each.folder for each in known if each.source_kind is SourceKind.PATH}
                files = set(crates.analysis(component).files) - paths
                paths.update(file for file in files if _is_own(file, own))
    spelling = _spelling(project.cwd.resolve().as_posix())
    each = {spelling(path): path for path in sorted(paths, reverse=True)}
    return iter(sorted(path for path in each.values() if path.endswith((".wit", ".rs", ".toml"))))


def _is_own(path: str, folders: Set[str]) -> bool:
    """Whether a file lies below one of some folders."""
    if "" in folders or "." in folders:
        return True
    end = path.rfind("/")
    while end >= 0:
        if path[:end] in folders:
            return True
        end = path.rfind("/", 0, end)
    return False


def _whole(settings: Settings, found: Discovery | None, project: Project | None) -> Callable[[str], bool]:
    """Whether everything was checked that a suppression in a file may be for.

    So it is when the whole of its workspace was, sources included, on the hosts that the configuration names.
    """
    if project is None or found is None or settings.replaced.intersection(HOST_KEYS):
        return lambda path: False
    named = [root.resolve() for root in found.roots if root.is_dir()]
    covered = [
        real
        for root in project.workspaces
        if root not in project.scopes and any((real := root.resolve()).is_relative_to(top) for top in named)
    ]

    # A check of the tree at another commit has another folder than the settings: what is below it counts.
    here = project.cwd

    def whole(path: str) -> bool:
        if path:
            file = (here / path).resolve()
        elif settings.folder is not None:
            file = (here / os.path.relpath(settings.folder, settings.cwd)).resolve()
            if any(file == root or file.is_relative_to(top) for root in covered for top in named):
                return True
        else:
            return False
        return any(file.is_relative_to(root) for root in covered)

    return whole
