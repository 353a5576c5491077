"""``check --watch``: check again whenever something changes that a report may depend on."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import click

from wasmdoctor.cli.output import fail, say

if TYPE_CHECKING:
    from wasmdoctor.pipeline.settings import Settings

INTERRUPTED = 130

QUIET_FOR = 100
"""Milliseconds without a change after which a check begins; a build writes many files."""

AT_MOST = 1500
"""Milliseconds of changes that are waited for."""

TICK = 200
"""Milliseconds between looks at what the file system does not tell of by itself."""

SHOWN = 3
"""Changed files that are named."""

SUFFIXES = frozenset({".wasm", ".wit", ".wac", ".rs", ".wat"})
NAMES = frozenset(
    "Cargo.toml Cargo.lock wasmdoctor.toml .wasmdoctor.toml deps.toml deps.lock wkg.toml wkg.lock .gitignore".split()
)
OWN_DATA = "wasmdoctor.d"


def watch_option(command: Callable[..., None]) -> Callable[..., None]:
    """``--watch``."""
    return click.option(
        "--watch", is_flag=True, help="Check again whenever something changes, until Ctrl-C."
    )(command)


def keep_checking(
    ctx: click.Context, paths: Iterable[str], settings: Settings, outputs: Iterable[str]
) -> NoReturn:
    """Run the command of ``ctx`` without its ``--watch``, and again after each change that matters to ``paths``.

    ``outputs`` are files that it writes itself. Ends with 130 at Ctrl-C, and with 2 when nothing can be watched.
    """
    try:
        import watchfiles  # noqa: F401
    except ModuleNotFoundError:
        fail("--watch needs another package", "pip install 'wasmdoctor[watch]'")
    if "-" in paths:
        raise click.UsageError("standard input cannot be watched: give --watch a file or a folder")
    watched = _Watched(tuple(paths), settings, frozenset(os.path.abspath(path) for path in outputs))
    try:
        _watch(ctx, watched)
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)


def _watch(ctx: click.Context, watched: _Watched) -> NoReturn:
    changed: list[str] = []
    while True:  # once for each time that a folder which is listened to comes or goes
        with closing(watched.changes()) as changes:
            next(changes)  # it listens from here on, so that nothing is missed while the check runs
            _run(ctx, changed, watched)
            for changed in changes:
                if changed:
                    _run(ctx, changed, watched)
        changed = watched.folders


def _run(ctx: click.Context, changed: list[str], watched: _Watched) -> None:
    """One check, with a line before it that says why, and one after it."""
    if sys.stdout.isatty() and os.environ.get("TERM") != "dumb":
        click.clear()
    if changed:
        say(f"{time.strftime('%H:%M:%S')} {_some(changed)} changed", err=True)
    started = time.monotonic()
    callback = ctx.command.callback
    assert callback is not None
    try:
        ctx.invoke(callback, **{**ctx.params, "watch": False})
    except SystemExit:
        pass  # the report, or the reason why there is none, has been written
    except click.ClickException as error:
        error.show()
    sys.stdout.flush()
    seconds = time.monotonic() - started
    where = _some(watched.folders)
    say(f"{time.strftime('%H:%M:%S')} checked in {seconds:.1f} s; watching {where}, Ctrl-C ends", err=True)


def _some(names: list[str]) -> str:
    """``a.wit, b.rs, c.rs and 2 more``."""
    more = len(names) - SHOWN
    return ", ".join(names[:SHOWN]) + (f" and {more} more" if more > 0 else "")


class _Watched:
    """What a run depends on: folders, of which the system tells, and single files, which are looked at."""

    def __init__(self, paths: tuple[str, ...], settings: Settings, outputs: frozenset[str]) -> None:
        self.cwd = settings.cwd
        self.outputs = outputs
        self.named = frozenset(os.path.abspath(self.cwd / path) for path in paths)
        self.roots = _roots(self.cwd, paths)
        files = [settings.cwd / file for file in settings.files]
        if (baseline := settings.path("baseline")) is not None:
            files.append(settings.cwd / baseline)
        for root in self.roots:
            files += _configurations(root)
        self.files = [file for file in dict.fromkeys(files) if not any(_below(file, r) for r in self.roots)]

    @property
    def folders(self) -> list[str]:
        """The folders that are listened to, for people."""
        return [self._show(str(root)) for root in self.roots]

    def _show(self, path: str) -> str:
        from wasmdoctor.discover import display_path

        return display_path(path, self.cwd)

    def _of(self, changed: Iterable[str]) -> list[str]:
        return sorted(set(map(self._show, changed)))

    def changes(self) -> Generator[list[str], None, None]:
        """Nothing at first, once it listens; then again and again what has changed since, which is mostly nothing.

        Ends when a folder that is listened to has come or gone: then it has to be begun anew.
        """
        from watchfiles import watch as listen

        there = _places(self.roots)
        files = _ids(self.files)
        if not there:
            while not _places(self.roots):
                yield []
                time.sleep(TICK / 1000)
            return
        events = listen(
            *there,
            watch_filter=lambda _, path: self.matters(path),
            debounce=AT_MOST,
            step=QUIET_FOR,
            rust_timeout=TICK,
            yield_on_timeout=True,
            raise_interrupt=True,
        )
        yield self._of([path for _, path in next(events, set())])  # only from then on it listens
        for event in events:
            now = _ids(self.files)
            changed = [path for _, path in event]
            changed += [str(file) for file in self.files if now.get(file) != files.get(file)]
            files = now
            yield self._of(changed)
            if _places(self.roots) != there:
                return

    def matters(self, path: str) -> bool:
        """Whether a report may depend on a file."""
        from wasmdoctor.discover import CARGO_INTERMEDIATE, NEVER_ENTERED

        path = os.path.abspath(path)
        if path in self.named:
            return True
        if path in self.outputs:
            return False
        root = next((root for root in self.roots if _below(Path(path), root)), None)
        parts = Path(path).relative_to(root).parts if root is not None else Path(path).parts
        if not NEVER_ENTERED.isdisjoint(parts[:-1]):
            return False
        name = parts[-1] if parts else ""
        if "target" in parts[:-1] or (root is not None and "target" in root.parts):
            return Path(name).suffix == ".wasm" and CARGO_INTERMEDIATE.isdisjoint(parts[:-1])
        return name in NAMES or Path(name).suffix in SUFFIXES or OWN_DATA in parts[:-1]


def _roots(cwd: Path, paths: Iterable[str]) -> tuple[Path, ...]:
    """The folders to listen to: each path's workspace where it has one, else the path's folder; none in another."""
    import glob

    from wasmdoctor.discover import source_folder, workspace_root

    found: dict[Path, None] = {}
    for path in paths:
        matches = [cwd / match for match in glob.glob(path, root_dir=cwd, recursive=True)] or [cwd / path]
        for real in matches:
            folder = Path(os.path.realpath(real if real.is_dir() else real.parent))
            source = real.suffix in SUFFIXES - {".wasm"} or real.name in NAMES
            found[workspace_root(folder) or (source_folder(real) if source else folder)] = None
    return tuple(root for root in found if not any(_below(root, other) for other in found if other != root))


def _configurations(folder: Path) -> Iterator[Path]:
    """The files above a folder that may configure what is checked in it, up to the repository's top."""
    from wasmdoctor.pipeline.settings import FILE_NAMES, MANIFEST

    if (folder / ".git").exists():
        return
    for above in folder.parents:
        yield from (above / name for name in (*FILE_NAMES, MANIFEST))
        if (above / ".git").exists():
            return


def _ids(paths: Iterable[Path]) -> Mapping[Path, tuple[int, ...]]:
    """What tells the files that are there from what they are after a change."""
    return {
        path: (info.st_dev, info.st_ino, info.st_size, info.st_mtime_ns)
        for path in paths
        if (info := _stat(path))
    }


def _places(paths: Iterable[Path]) -> Mapping[Path, tuple[int, ...]]:
    """The folders that are there, each as itself: one that was made anew is another."""
    return {path: (info.st_dev, info.st_ino) for path in paths if (info := _stat(path))}


def _stat(path: Path) -> os.stat_result | None:
    try:
        return path.stat()
    except OSError:
        return None


def _below(path: Path, folder: Path) -> bool:
    return path == folder or folder in path.parents
