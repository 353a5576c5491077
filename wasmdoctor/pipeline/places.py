"""Looks up where a report's paths lie in the repository, for the outputs that CI systems read."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path

from wasmdoctor.discover import find_sources, read_regular, repository_of, workspace_root
from wasmdoctor.model.edit import Replace
from wasmdoctor.model.finding import Finding, Report
from wasmdoctor.model.repository import Repository
from wasmdoctor.model.source import Location, SourceText

HEAD = 4096
"""Bytes at the start of a file in which a NUL makes it a binary one (git's rule looks at 8000)."""

BUILD_FILES = (
    "Cargo.toml",
    "package.json",
    "pyproject.toml",
    "go.mod",
    "build.zig",
    "CMakeLists.txt",
    "Makefile",
)
"""What stands for a component without Cargo.toml, the first that is there."""


def repository(report: Report, cwd: Path) -> Repository:
    """The repository that ``cwd`` is in (by ``.git``; without one, ``cwd`` itself), with the report's files.

    Paths of the report are relative to ``cwd``. Files that cannot be read count as not there.
    """
    look = _Look(cwd)
    findings = [*report.findings, *(each.finding for each in report.suppressed)]
    paths = {path for finding in findings for path in _paths(finding)}
    paths |= {each.location.path for each in report.suppressed}
    files = {path: inside for path in sorted(paths) if (inside := look.inside(path))}
    homes = {subject: look.home(subject, files) for subject in sorted({f.subject for f in findings})}
    edited = {
        edit.path
        for finding in findings
        for fix in finding.fixes
        for edit in fix.edits
        if isinstance(edit, Replace) and look.inside(edit.path)
    }
    files |= {path: inside for path in sorted(edited) if (inside := look.inside(path))}
    return Repository(files, homes, dict(look.texts(edited)))


def repository_root(cwd: Path) -> Path:
    """The repository that ``cwd`` lies in, else ``cwd``."""
    cwd = cwd.resolve()
    return repository_of(cwd) or cwd


def _paths(finding: Finding) -> Iterator[str]:
    yield finding.subject
    yield finding.location.path
    for step in finding.origin:
        yield step.location.path
    for place, _ in finding.related:
        yield place.path


class _Look:
    """The file system around one report."""

    def __init__(self, cwd: Path) -> None:
        self.cwd = cwd
        self.root = repository_root(cwd)
        self._makers: dict[Path, dict[str, Path]] = {}

    def inside(self, path: str) -> str:
        """The path from the repository's top of a text file in it that git could show, else ""."""
        try:
            real = (self.cwd / path).resolve()
            shown = real.relative_to(self.root).as_posix()
        except (OSError, ValueError, RuntimeError):
            return ""
        return shown if _shows_lines(real) and not self._is_built(real) else ""

    def _is_built(self, path: Path) -> bool:
        """Whether a file lies in a folder that a build made: those carry a CACHEDIR.TAG, as cargo's do."""
        for folder in path.parents:
            if folder == self.root:
                return False
            if (folder / "CACHEDIR.TAG").exists() or folder.name == ".git":
                return True
        return False

    def home(self, subject: str, files: dict[str, str]) -> Location:
        """The file that stands for a subject: itself, or what builds it, or what is nearest in the repository."""
        if subject in files:
            return Location(files[subject], 1)
        try:
            folder = (self.cwd / subject).resolve().parent
        except (OSError, ValueError, RuntimeError):
            folder = self.root
        stem = subject.rpartition("/")[2].partition(".")[0].replace("-", "_")
        maker = self._maker(folder, stem)
        if maker is not None:
            return Location(maker, 1)
        inside = [
            each for each in (folder, *folder.parents) if self.root == each or self.root in each.parents
        ]
        for each in inside or [self.root]:
            for name in BUILD_FILES:
                if shown := self.inside(os.path.join(each, name)):
                    return Location(shown, 1)
        return Location(self._any_file() or subject.rpartition("/")[2] or "unknown", 1)

    def _maker(self, folder: Path, stem: str) -> str | None:
        """The manifest of the package that builds something of this name, else that of the workspace.

        cargo names its outputs after the package, the library or the program, with underscores.
        """
        root = workspace_root(folder)
        if root is None or not (root == self.root or self.root in root.parents):
            return None
        if root not in self._makers:
            manifests = find_sources(root).manifests
            self._makers[root] = {name: path for path in manifests for name in _outputs(path)}
        manifest = self._makers[root].get(stem, root / "Cargo.toml")
        return self.inside(os.fspath(manifest)) or None

    def _any_file(self) -> str:
        """A text file at the top of the repository, README first."""
        try:
            names = sorted(
                os.listdir(self.root), key=lambda name: (not name.upper().startswith("README"), name)
            )
        except OSError:
            return ""
        found = (self.inside(os.path.join(self.root, name)) for name in names if not name.startswith("."))
        return next(filter(None, found), "")

    def texts(self, paths: Iterable[str]) -> Iterator[tuple[str, SourceText]]:
        """The files at these paths."""
        for path in sorted(paths):
            try:
                yield path, SourceText(path, read_regular(self.cwd / path))
            except OSError:
                continue


def _shows_lines(path: Path) -> bool:
    """Whether a path is a regular file without NUL at its start."""
    try:
        if not path.is_file():
            return False
        with open(path, "rb") as file:
            return b"\0" not in file.read(HEAD)
    except OSError:
        return False


def _outputs(manifest: Path) -> Iterator[str]:
    """The names, with underscores, of what a manifest's package builds."""
    try:
        document = tomllib.loads(read_regular(manifest).decode("utf-8"))
    except (OSError, ValueError, RecursionError):
        return
    tables = [document.get("package"), document.get("lib"), *_list(document.get("bin"))]
    for table in tables:
        if isinstance(table, dict) and isinstance(table.get("name"), str):
            yield table["name"].replace("-", "_")


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []
