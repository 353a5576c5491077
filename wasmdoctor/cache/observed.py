"""What a run looks at in the file system, noted while it runs, and whether it is still the same later.

Python tells a program of every file that it opens and every folder that it lists (audit events, PEP 578), from
which a run's inputs are known without anybody having to name them; ``os.stat`` and ``os.lstat`` raise no events, so
they are watched by standing in front of them. Paths are made absolute.

A file is the same as before when its device, inode, type, size, and times of modification and of status change
are. Nobody can set the last of these, so a modification time that was put back does not hide a change.
Times too near to the moment of looking prove nothing, since a file system's clock ticks in steps and the file
may change once more within one ("racily clean" entries, git's Documentation/technical/racy-git.txt): then a run
cannot be remembered. Folders that were listed may differ in times as long as the names in them are the same.
"""

from __future__ import annotations

import os
import stat
import sys
import time

from wasmdoctor.model.digest import digest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

Signature = tuple[int, ...]
"""What tells a file, folder or link from another and from itself after a change; empty when there is none."""

STAT, LSTAT, LISTED = "s", "l", "d"
"""What was looked at: what a path leads to, the path itself, or the names in a folder."""

STEP = 2_000_000_000
"""Nanoseconds: the coarsest clock of a file system in use (FAT)."""

REPOSITORY = ".git"

_TYPE = stat.S_IFMT(0xFFFF)
"""The bits of a mode that tell a file from a folder."""

# Audit events after which a run has done more than read; their names are in Python's "Audit events table".
EFFECTS = frozenset(
    "os.chdir os.chmod os.chown os.exec os.fchdir os.fork os.forkpty os.link os.mkdir os.posix_spawn os.putenv os.remove os.rename "
    "os.rmdir os.spawn os.startfile os.symlink os.system os.truncate os.unsetenv os.utime pty.spawn "
    "socket.bind socket.connect socket.sendto subprocess.Popen tempfile.mkdtemp tempfile.mkstemp".split()
)


class Observed:
    """The inputs of one run: signatures by kind and path. ``reason`` says why it cannot be remembered, if so."""

    def __init__(self, cwd: str) -> None:
        self.cwd = cwd
        self.inputs: dict[tuple[str, str], Signature] = {}
        self.reason = ""
        self.busy = False
        # What changed later than this before the run began is too new.
        self._old = time.time_ns() - STEP
        # Folders around the current one change for reasons that have nothing to do with the run.
        self._above = {cwd}
        while (parent := os.path.dirname(cwd)) != cwd:
            self._above.add(parent)
            cwd = parent

    def see(self, kind: str, path: object) -> None:
        """Note that a path was looked at, before it is."""
        if self.busy or isinstance(path, int):
            return
        # Thousands of paths in a run, nearly all of them texts.
        if type(path) is str:
            text = path
        else:
            text = os.fsdecode(path) if isinstance(path, (bytes, os.PathLike)) else self.cwd
        if text[:1] != "/":
            text = os.path.join(self.cwd, text)
        key = (kind, text)
        if key in self.inputs or _is_program(text):
            return
        signature = self.signature(kind, text)
        if kind == LISTED and signature:
            self.busy = True  # listing it is an event as well
            new = max(signature[4:]) > self._old
            signature = (*signature[:3], *((0, 0, 0) if new else signature[3:]), _names(text))
            self.busy = False
        elif len(signature) > 3 and (signature[4] > self._old or signature[5] > self._old):
            self.reason = self.reason or f"{text} is too new"
        self.inputs[key] = signature

    def signature(self, kind: str, path: str) -> Signature:
        """What a path has now; the names of a folder are not looked at."""
        try:
            info = _LSTAT(path) if kind == LSTAT else _STAT(path)
        except (OSError, ValueError):
            return ()
        type_ = info.st_mode & _TYPE
        same = (info.st_dev, info.st_ino, type_)
        if type_ == stat.S_IFDIR and (kind == LSTAT or (kind == STAT and self._changes_by_itself(path))):
            return same
        return (*same, info.st_size, info.st_mtime_ns, info.st_ctime_ns)

    def _changes_by_itself(self, path: str) -> bool:
        """Whether a folder's times say nothing of what a run reads; those of target folders may be compared."""
        return path in self._above or path.endswith(REPOSITORY)

    def same(self, inputs: Mapping[tuple[str, str], Signature]) -> bool:
        """Whether all that was seen then is the same now."""
        for (kind, path), before in inputs.items():
            now = self.signature(kind, path)
            if kind == LISTED and before:
                # A folder whose times differ may have the same names all the same.
                if now != before[:-1] and (now[:3] != before[:3] or _names(path) != before[-1]):
                    return False
            elif now != before:
                return False
        return True


def _names(folder: str) -> int:
    """A number for the names in a folder and their types; -1 for a folder that cannot be listed."""
    try:
        with _SCANDIR(folder) as entries:
            names = sorted(
                (entry.name, entry.is_dir(follow_symlinks=False), entry.is_symlink()) for entry in entries
            )
    except OSError:
        return -1
    return int(digest(repr(names).encode("utf-8", "surrogateescape"))[:15], 16)


_STAT, _LSTAT = os.stat, os.lstat
_SCANDIR = os.scandir
_OWN = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep
_PYTHON = os.path.dirname(os.__file__) + os.sep
_current: Observed | None = None
_hooked = False


def _is_program(path: str) -> bool:
    """Whether a path is wasmdoctor's own or Python's: whoever remembers a run has to know their versions."""
    return path.startswith(_OWN) or (path.startswith(_PYTHON) and "-packages" not in path)


def _audit(event: str, arguments: tuple[Any, ...]) -> None:
    """Python's audit hook: it stays for the life of the process, and does nothing when nobody watches."""
    observed = _current
    if observed is None or observed.busy or observed.reason:
        return  # a run that cannot be remembered anyway, as after an edit, is watched no further
    if event == "open":
        path, _mode, flags = arguments
        writes = flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT) if isinstance(flags, int) else 0
        if not writes:
            observed.see(STAT, path)
        elif not isinstance(path, int) and not _is_bytecode(path):
            observed.reason = "a file was written"
    elif event in ("os.scandir", "os.listdir"):
        observed.see(LISTED, arguments[0] if arguments[0] is not None else ".")
    elif event in EFFECTS and not (event in ("os.mkdir", "os.rename") and _is_bytecode(arguments[0])):
        observed.reason = f"it did more than read ({event})"


def _is_bytecode(path: object) -> bool:
    """Whether Python writes a module's compiled form, under a temporary name at first."""
    return "__pycache__" in os.fsdecode(path) if isinstance(path, (str, bytes)) else False


class Watching:
    """A block in which all that is looked at is noted. One at a time.

    For POSIX, where all ways lead through ``os``.
    """

    def __init__(self, cwd: str) -> None:
        self.observed = Observed(cwd)

    def __enter__(self) -> Observed:
        global _current, _hooked
        if not _hooked:
            sys.addaudithook(_audit)
            _hooked = True
        os.stat, os.lstat = self._seen(STAT, _STAT), self._seen(LSTAT, _LSTAT)
        _current = self.observed
        return self.observed

    def __exit__(self, *_: object) -> None:
        global _current
        _current = None
        os.stat, os.lstat = _STAT, _LSTAT

    def _seen(self, kind: str, real: Callable[..., os.stat_result]) -> Callable[..., os.stat_result]:
        observed = self.observed

        def look(path: Any, *, dir_fd: int | None = None, **more: Any) -> os.stat_result:
            if observed.reason:
                pass
            elif dir_fd is None:
                observed.see(LSTAT if more.get("follow_symlinks") is False else kind, path)
            else:
                observed.reason = "a path relative to an open folder was used"
            return real(path, dir_fd=dir_fd, **more)

        return look


class InFork:
    """What a fork of an observed run looks at: noted there, to be given to the process that waits for it."""

    def __init__(self) -> None:
        self._before = set(_current.inputs) if _current is not None else set()
        if _current is not None:
            _current.busy = False

    def seen(self) -> tuple[dict[tuple[str, str], Signature], str]:
        """The inputs that are new since the fork, and why the run cannot be remembered ("": it can)."""
        if _current is None:
            return {}, ""
        new = {key: value for key, value in _current.inputs.items() if key not in self._before}
        return new, _current.reason


def add_seen(seen: tuple[Mapping[tuple[str, str], Signature], str]) -> None:
    """Note in this process what a fork looked at."""
    if _current is not None:
        inputs, reason = seen
        for key, signature in inputs.items():
            if _current.inputs.setdefault(key, signature) != signature:
                reason = reason or f"{key[1]} changed meanwhile"
        _current.reason = _current.reason or reason


class Unobserved:
    """A block whose effects are known to leave nothing behind, and which looks at nothing new."""

    def __enter__(self) -> None:
        if _current is not None:
            _current.busy = True

    def __exit__(self, *_: object) -> None:
        if _current is not None:
            _current.busy = False
