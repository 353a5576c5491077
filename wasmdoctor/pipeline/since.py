"""``check --since REV``: only what a change brought in.

The change is what lies between the tree and the commit where REV and HEAD parted. The sources of that commit
are written to a temporary folder and checked in the same way; a finding that is there too is old. Nothing
that git ignores exists there, so binaries are told by the crate that builds them: what a binary of now shows
is compared with what the sources of then predict. What no sources predict (a binary that is older than its
sources, say) is old when none of the files that the finding names has changed.
"""

from __future__ import annotations

import dataclasses
import os
import tempfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from wasmdoctor.discover import STDIN, discover, workspace_root
from wasmdoctor.model.finding import Finding, Report
from wasmdoctor.model.fingerprint import fingerprints
from wasmdoctor.model.repository import Repository
from wasmdoctor.pipeline.check import CheckOptions
from wasmdoctor.pipeline.places import repository, repository_root
from wasmdoctor.toolchain import Git, GitEntry

SUFFIXES = (".rs", ".wit", ".toml", ".lock", ".wac", ".wasm")
NAMES = frozenset({".gitignore", "config"})
"""Files that a check reads: sources, WIT packages and committed components, and cargo's old `.cargo/config`."""

LARGEST = 64 * 1024 * 1024
"""Bytes of a file that is still written; also of what is asked of git at once."""

LONGEST_LINK = 4096

Check = Callable[[CheckOptions], Report]


def since(report: Report, options: CheckOptions, rev: str, check: Check) -> Report:
    """``report`` with the findings only that came in since ``rev``, and a note on how many others there are.

    ``check`` checks another tree as ``report`` was made. Raises ToolError when git cannot say.
    """
    git = Git(options.cwd)
    commit = git.base(rev)
    changed = git.changed(commit)
    old: set[str] = set()
    if changed:
        with tempfile.TemporaryDirectory(prefix="wasmdoctor-since-") as folder:
            before = _before(git, commit, options, Path(folder).resolve())
            if before is not None:
                then = check(before)
                old = set(_keys(then.findings, repository(then, before.cwd), before.cwd).values())
    places = repository(report, options.cwd)
    keys = _keys(report.findings, places, options.cwd)
    built = {each.path for each in report.components if each.kind != "predicted"}
    new = tuple(
        finding
        for number, finding in enumerate(report.findings)
        if _always(finding)
        or (
            bool(changed)
            and keys[number] not in old
            and not (finding.subject in built and _untouched(finding, places, changed))
        )
    )
    hidden = len(report.findings) - len(new)
    note = f"only what came in since {rev} ({commit[:12]})" + (
        f": {hidden} older not shown" if hidden else ""
    )
    return dataclasses.replace(report, findings=new, notes=(*report.notes, note))


def _always(finding: Finding) -> bool:
    """A tool that is missing now is no matter of what changed."""
    return finding.code == "WD002"


def _untouched(finding: Finding, places: Repository, changed: set[str]) -> bool:
    """Whether the files that a finding names are all as they were; False when it names none."""
    named = [finding.location, *(step.location for step in finding.origin)]
    inside = {place.path for location in named if (place := places.inside(location))}
    return bool(inside) and inside.isdisjoint(changed)


def _keys(findings: Iterable[Finding], places: Repository, cwd: Path) -> dict[int, str]:
    """By each finding's number what makes it the same in both trees: its fingerprint, with the manifest that
    builds the component in the component's place."""
    groups: dict[str, list[tuple[int, Finding]]] = {}
    for number, finding in enumerate(findings):
        maker = _maker(finding.subject, places, cwd)
        bare = dataclasses.replace(finding, subject=maker, origin=(), related=())
        groups.setdefault(finding.subject, []).append((number, bare))
    keys: dict[int, str] = {}
    for group in groups.values():
        numbers = [number for number, _ in group]
        keys |= dict(zip(numbers, fingerprints([bare for _, bare in group], lambda path: path), strict=True))
    return keys


def _maker(subject: str, places: Repository, cwd: Path) -> str:
    """The manifest of the crate that a subject belongs to, from the repository's top; else the subject.

    A package with several components has predictions under the paths of their sources.
    """
    home = places.homes[subject].path
    if home.endswith(".rs"):
        root = repository_root(cwd)
        folders = [folder for folder in (root / home).parents if folder.is_relative_to(root)]
        manifests = (folder / "Cargo.toml" for folder in folders)
        home = next((path.relative_to(root).as_posix() for path in manifests if path.is_file()), home)
    return home if home.rpartition("/")[2] == "Cargo.toml" else subject


def _before(git: Git, commit: str, options: CheckOptions, folder: Path) -> CheckOptions | None:
    """Write the sources of a commit to ``folder``; the options that check there what was checked here, or None
    when none of it was there."""
    root = git.root.resolve()
    _write(git, [entry for entry in git.files(commit) if _matters(entry)], folder)
    # The end of the search upwards for manifests and .gitignore files, as in the repository.
    (folder / ".git").mkdir()
    here = options.cwd.resolve()
    cwd = folder / here.relative_to(root)
    cwd.mkdir(parents=True, exist_ok=True)
    paths = [
        os.path.relpath(then, cwd)
        for now in _sources_of(options)
        if now.is_relative_to(root) and os.path.lexists(then := folder / now.relative_to(root))
    ]
    if not paths:
        return None
    return dataclasses.replace(
        options, cwd=cwd, paths=tuple(dict.fromkeys(paths)), hashes=False, validate=False
    )


def _sources_of(options: CheckOptions) -> Iterator[Path]:
    """The folders of sources that the paths of a check belong to, and committed binaries among the paths."""
    paths = [path for path in options.paths if path != STDIN]
    for root in discover(paths, options.cwd).roots:
        real = root.resolve()
        folder = real if real.is_dir() else real.parent
        yield workspace_root(folder) or folder
        if not real.is_dir():
            yield real


def _matters(entry: GitEntry) -> bool:
    name = entry.path.rpartition("/")[2]
    parts = entry.path.split("/")
    return (
        (entry.symlink or name.endswith(SUFFIXES) or name in NAMES)
        and entry.size <= (LONGEST_LINK if entry.symlink else LARGEST)
        and not any(part in ("", ".", "..") or part.lower() == ".git" for part in parts)
    )


def _write(git: Git, entries: Iterable[GitEntry], folder: Path) -> None:
    for batch in _batches(entries):
        for entry, data in zip(batch, git.contents(batch), strict=True):
            path = folder / entry.path
            # A file behind a link of the same commit would be written to where the link leads.
            if not path.parent.resolve().is_relative_to(folder):
                continue
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
                if entry.symlink:
                    _link(path, os.fsdecode(data), folder)
                else:
                    path.write_bytes(data)
            except OSError:
                continue  # a name that this file system has not, or two that it holds for one


def _link(path: Path, target: str, folder: Path) -> None:
    """A link that stays in the folder."""
    if not os.path.isabs(target) and Path(os.path.normpath(path.parent / target)).is_relative_to(folder):
        path.symlink_to(target)


def _batches(entries: Iterable[GitEntry]) -> Iterator[list[GitEntry]]:
    """Entries in lists of at most ``LARGEST`` bytes, or of one."""
    # Links last: then no file is written through one.
    batch: list[GitEntry] = []
    total = 0
    for entry in sorted(entries, key=lambda entry: (entry.symlink, entry.path)):
        if batch and (total + entry.size > LARGEST or len(batch) >= 2000):
            yield batch
            batch, total = [], 0
        batch.append(entry)
        total += entry.size
    if batch:
        yield batch
