"""``check --fix``: the fixes of findings as edits, chosen, tried in memory, and written as one transaction a tree.

Fixes whose edits overlap are made one after the other: after each round everything is checked again, with the
edited files in memory (``CheckOptions.overlay``). What would not make its finding go, or would make others
come that were not there, is left out. Nothing is written before the end.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from wasmdoctor.discover import STDIN, display_path, read_regular, workspace_root
from wasmdoctor.migrate.edits import EditError, compose
from wasmdoctor.migrate.fixes import suggested
from wasmdoctor.model.edit import ChangeKind, ChangeSet, Create, Edit, FileChange, Move, Replace, path_problem
from wasmdoctor.model.finding import Finding, Report
from wasmdoctor.model.fix import SuggestedFix, best, fixable
from wasmdoctor.model.record import dataclass, field, replace
from wasmdoctor.model.source import Location
from wasmdoctor.pipeline import parallel
from wasmdoctor.pipeline.check import CheckOptions
from wasmdoctor.pipeline.settings import Settings

if TYPE_CHECKING:
    from wasmdoctor.transaction import Applied

LABEL = "check --fix"

MAX_ROUNDS = 50
"""Rounds of fixing and checking; each makes a finding go, so that there are seldom more than three."""

LARGEST = 64 * 1024 * 1024
"""Larger files (bytes) are not edited."""

REVEALING = frozenset({"WD201", "WD202", "WD303"})
"""While these stand, sources are not read whole: when they go, others may come to light."""

BREAKING = frozenset({"WD003", "WD201", "WD202", "WD203", "WD206", "WD303", "WD304", "WD305", "WD502"})
"""What a fix of another rule must not bring: sources that do not fit together any more."""

Check = Callable[[CheckOptions], Report]


class Files:
    """The files that a run may edit: what lies in the workspaces and folders of its paths, and its configuration.

    ``read`` gives each file's bytes as they were when first asked for. Paths are as in reports.
    """

    def __init__(self, options: CheckOptions, settings: Settings | None) -> None:
        self.cwd = options.cwd
        self.overlay = options.overlay
        self.tops = _tops(options)
        if settings is not None and settings.folder is not None:
            self.config = [(settings.cwd / path).resolve() for path in settings.files]
        else:
            self.config = []
        self._known: dict[str, bytes | None] = {}
        self._roots: dict[Path, Path | None] = {}
        self._places: dict[str, tuple[Path, str] | None] = {}

    def read(self, path: str) -> bytes | None:
        """The bytes of a file, None when there is none."""
        if path not in self._known:
            try:
                self._known[path] = (
                    self.overlay[path] if path in self.overlay else read_regular(self.cwd / path, LARGEST)
                )
            except OSError:
                self._known[path] = None
        return self._known[path]

    def place(self, path: str) -> tuple[Path, str] | None:
        """The tree whose transaction may change a file, and its path there; None when it may not be changed."""
        if path not in self._places:
            self._places[path] = self._place(path)
        return self._places[path]

    def _place(self, path: str) -> tuple[Path, str] | None:
        whole = Path(os.path.normpath(self.cwd / path))
        folder = whole.parent.resolve()
        if folder not in self._roots:
            self._roots[folder] = self._root(folder)
        root = self._roots[folder]
        if root is None:
            if folder / whole.name not in self.config:
                return None
            root = folder
        relative = (folder / whole.name).relative_to(root).as_posix()
        return None if path_problem(relative) else (root, relative)

    def _root(self, folder: Path) -> Path | None:
        around = [top for top in self.tops if folder == top or top in folder.parents]
        if not around:
            return None
        root = workspace_root(folder)
        top = max(around, key=lambda each: len(each.parts))
        return root if root is not None and (root == top or top in root.parents) else top

    def changes(self, edits: Iterable[Edit], read: Callable[[str], bytes | None]) -> dict[Path, ChangeSet]:
        """The edits composed for each tree. Raises EditError."""
        trees: dict[Path, list[Edit]] = {}
        names: dict[tuple[Path, str], str] = {}

        def inside(path: str) -> tuple[Path, str]:
            found = self.place(path)
            if found is None:
                raise EditError(Location(path), "this file is not one of those that are checked")
            names[found] = path
            return found

        for edit in edits:
            root, relative = inside(edit.path)
            if isinstance(edit, Move):
                other, to = inside(edit.to)
                if other != root:
                    raise EditError(Location(edit.path), "it would move to another tree")
                edit = replace(edit, to=to)
            trees.setdefault(root, []).append(replace(edit, path=relative))

        def reader(root: Path) -> Callable[[str], bytes | None]:
            return lambda path: read(names.get((root, path)) or self.show(root / path))

        return {root: compose(each, reader(root)) for root, each in trees.items()}

    def show(self, path: Path) -> str:
        """A path as reports show it."""
        return display_path(path, self.cwd)


def _tops(options: CheckOptions) -> list[Path]:
    """The workspaces that the paths of a run lie in, and the folders among them."""
    tops: dict[Path, None] = {}
    for path in options.paths:
        if path == STDIN:
            continue
        real = (options.cwd / path).resolve()
        folder = real if real.is_dir() else real.parent
        if folder.is_dir():
            tops[workspace_root(folder) or folder] = None
            if real.is_dir():
                tops[real] = None
    return list(tops)


# -- what can be done about findings


def with_fixes(
    findings: Iterable[Finding], options: CheckOptions, settings: Settings | None
) -> tuple[Finding, ...]:
    """The findings with what their rules proposed as fixes: only what can be made, and parses afterwards."""
    files = Files(options, settings)
    findings = tuple(findings)
    asked = [number for number, finding in enumerate(findings) if finding.remedies]
    made = parallel.each(
        lambda number: tuple(_fixes(findings[number], files)), asked, options.jobs, together=True
    )
    fixes = dict(zip(asked, made, strict=True))
    return tuple(
        replace(finding, fixes=fixes[number]) if number in fixes else finding
        for number, finding in enumerate(findings)
    )


def _fixes(finding: Finding, files: Files) -> Iterator[SuggestedFix]:
    for remedy in finding.remedies:
        fix = suggested(remedy, files.read)
        if fix is None:
            continue
        try:
            changes = files.changes(fix.edits, files.read)
        except EditError:
            continue
        if any(changes.values()):
            yield fix


# -- doing it


@dataclass(frozen=True, slots=True)
class Fixed:
    """What fixing comes to; nothing is written yet.

    ``report`` is what remains, ``fixed`` are the findings that are gone, ``changes`` what is to be written in
    each tree. ``diff`` is the same with paths from the current folder, as a unified diff. ``unsafe`` counts
    the findings that remain and have an unsafe fix.
    """

    report: Report
    fixed: tuple[Finding, ...] = ()
    changes: Mapping[Path, ChangeSet] = field(default_factory=dict)
    diff: str = ""
    unsafe: int = 0

    @property
    def files(self) -> int:
        """How many files change."""
        return sum(len(each.changes) for each in self.changes.values())


def fix(
    options: CheckOptions,
    check: Check,
    *,
    unsafe: bool = False,
    settings: Callable[[Mapping[str, bytes | None]], Settings] | None = None,
) -> Fixed:
    """Fix what can be fixed, in memory: check, fix, and check again until nothing is left to be done.

    ``check`` gives the report of a run; ``settings`` the configuration with some files as they would be. Without
    ``unsafe`` only safe fixes are made. The findings that are shown count: not those that are suppressed.
    """
    loop = _Loop(options, check, unsafe, settings)
    loop.run()
    return loop.result()


def write(fixed: Fixed) -> list[Applied]:
    """Write the changes, one transaction for each tree. Raises TransactionError, also when a file was changed
    since it was checked; then nothing of its tree was written."""
    # What makes edits is not needed where they are only proposed.
    from wasmdoctor.transaction import apply

    return [apply(root, changes, label=LABEL) for root, changes in fixed.changes.items() if changes]


Work = tuple[Finding, SuggestedFix]


class _Loop:
    """One run of fixing: the files as they are so far, and the report on them."""

    def __init__(
        self,
        options: CheckOptions,
        check: Check,
        unsafe: bool,
        settings: Callable[[Mapping[str, bytes | None]], Settings] | None,
    ) -> None:
        self.options = options
        self.check = check
        self.unsafe = unsafe
        self.settings = settings
        self.files = Files(options, options.settings)
        self.state: dict[str, bytes | None] = {}
        self.moved: dict[str, str] = {}
        self.causes: dict[str, dict[str, None]] = {}
        self.report = check(options)
        self.fixed: list[Finding] = []
        self.failed: set[tuple[object, ...]] = set()

    def run(self) -> None:
        """All rounds."""
        for _ in range(MAX_ROUNDS):
            work = self.work()
            if not work or not self.round(work):
                return

    def work(self) -> list[Work]:
        """The fixes of the next round: those that do not overlap; what hides other findings first."""
        wanted = [
            (finding, found)
            for finding in self.report.findings
            if _key(finding) not in self.failed
            and (found := best(finding.fixes, unsafe=self.unsafe)) is not None
        ]
        revealing = [each for each in wanted if each[0].code in REVEALING]
        return _apart(revealing or wanted)

    def round(self, work: Sequence[Work]) -> bool:
        """Make some fixes, fewer when they do harm together. False when nothing is left to be tried."""
        while work:
            after = self.tried(work)
            if after is not None:
                return True
            if len(work) == 1:
                self.failed.add(_key(work[0][0]))
                return True
            work = work[: len(work) // 2]
        return False

    def tried(self, work: Sequence[Work]) -> Report | None:
        """The report with some fixes made, which are kept; None when they do not work, and nothing is kept."""
        from wasmdoctor.pipeline.overlay import written_files

        edits = [edit for _, found in work for edit in found.edits]
        try:
            changes = self.files.changes(edits, self.read)
        except EditError:
            return None
        state = dict(self.state)
        moved: dict[str, str] = {}
        causes: dict[str, list[str]] = {}
        for root, each in changes.items():
            for path, data in written_files(each).items():
                state[self.files.show(root / path)] = data
            for change in each.changes:
                name = self.files.show(root / change.path)
                causes[name] = list(change.causes)
                if change.kind is ChangeKind.MOVE:
                    moved[self.files.show(root / change.to)] = name
        after = self.checked(state)
        if _harm(self.report, after, [finding for finding, _ in work]):
            return None
        self.state, self.report = state, after
        self.moved |= moved
        for path, texts in causes.items():
            self.causes.setdefault(path, {}).update(dict.fromkeys(texts))
        self.fixed += [finding for finding, _ in work]
        return after

    def read(self, path: str) -> bytes | None:
        """A file as it is so far."""
        return self.state[path] if path in self.state else self.files.read(path)

    def checked(self, state: Mapping[str, bytes | None]) -> Report:
        """The report on the files as they would be."""
        overlay = {**self.options.overlay, **state}
        options = replace(self.options, overlay=overlay)
        known = self.options.settings
        if self.settings is not None and known is not None and not state.keys().isdisjoint(known.files):
            options = replace(options, settings=self.settings(overlay))
        return self.check(options)

    def result(self) -> Fixed:
        """What it comes to."""
        from wasmdoctor.migrate.diff import unified_diff

        trees: dict[Path, list[FileChange]] = {}
        shown: list[FileChange] = []
        gone = set()
        for to, path in self.moved.items():
            if self.state.get(path, b"") is None and self.files.read(path) == self.state.get(to):
                gone |= {to}
        for path in sorted(self.state):
            if path in gone:
                continue
            to = next((new for new, old in self.moved.items() if old == path and new in gone), "")
            change = _change(path, self.files.read(path), self.state[path], self.causes.get(path, {}), to)
            place = self.files.place(path)
            if change is None or place is None:
                continue
            shown.append(change)
            target = self.files.place(to) if to else None
            inner = replace(change, path=place[1], to=target[1] if target else "")
            trees.setdefault(place[0], []).append(inner)
        changes = {
            root: ChangeSet(tuple(sorted(each, key=lambda change: change.path)))
            for root, each in sorted(trees.items())
        }
        left = fixable(finding.fixes for finding in self.report.findings)
        diff = unified_diff(ChangeSet(tuple(shown)))
        return Fixed(self.report, tuple(self.fixed), changes, diff, 0 if self.unsafe else left[1])


def _change(
    path: str, before: bytes | None, after: bytes | None, causes: Iterable[str], to: str
) -> FileChange | None:
    """What became of a file, None when it is as it was."""
    if before == after:
        return None
    texts = tuple(causes)
    if before is None:
        return FileChange(path, ChangeKind.CREATE, None, after, texts)
    if after is None:
        return FileChange(path, ChangeKind.MOVE if to else ChangeKind.REMOVE, before, None, texts, to)
    return FileChange(path, ChangeKind.MODIFY, before, after, texts)


def _key(finding: Finding) -> tuple[object, ...]:
    return finding.code, finding.fingerprint, finding.location, finding.message


def _apart(work: Iterable[Work]) -> list[Work]:
    """The fixes that can be made together: no edit touches an edit of another one, unless it is the same."""
    taken: dict[str, list[Edit]] = {}
    chosen: list[Work] = []
    for finding, found in work:
        if all(
            _same(edit, other) or not _touch(edit, other)
            for edit in found.edits
            for path in _paths(edit)
            for other in taken.get(path, ())
        ):
            chosen.append((finding, found))
            for edit in found.edits:
                for path in _paths(edit):
                    taken.setdefault(path, []).append(edit)
    return chosen


def _paths(edit: Edit) -> tuple[str, ...]:
    return (edit.path, edit.to) if isinstance(edit, Move) else (edit.path,)


def _same(one: Edit, other: Edit) -> bool:
    if isinstance(one, Replace) and isinstance(other, Replace):
        return (one.span, one.data) == (other.span, other.data)
    return isinstance(one, Create) and isinstance(other, Create) and one.data == other.data


def _touch(one: Edit, other: Edit) -> bool:
    """Whether two edits of a path are at one place of it."""
    if isinstance(one, Replace) and isinstance(other, Replace):
        return one.span.start <= other.span.end and other.span.start <= one.span.end
    return True


def _harm(before: Report, after: Report, fixed: Sequence[Finding]) -> bool:
    """Whether a finding that was to go is still there, or sources do not fit together that did before."""
    was, now, gone = (Counter(map(_what, each)) for each in (before.findings, after.findings, fixed))
    if any(now[what] > was[what] - count for what, count in gone.items()):
        return True
    if any(finding.code in REVEALING for finding in fixed):
        return False
    return any(what[0] in BREAKING and count > was[what] for what, count in now.items())


def _what(finding: Finding) -> tuple[str, str, str]:
    """What tells a finding from others, wherever it stands in its file."""
    return finding.code, finding.subject, finding.fingerprint.partition("-")[0]
