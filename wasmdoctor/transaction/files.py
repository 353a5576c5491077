"""Reading and writing files so that they are on the disk, and what may be written at all."""

from __future__ import annotations

import errno
import hashlib
import os
import stat
from collections.abc import Iterable
from pathlib import Path

from wasmdoctor.model.record import dataclass

READ_LIMIT = 64 * 1024 * 1024
"""Files that a migration changes are sources and manifests; a larger one is refused."""


@dataclass(frozen=True, slots=True)
class State:
    """A file's bytes, as their SHA-256 in hexadecimal, and its mode's permission bits."""

    sha256: str
    mode: int


def digest(data: bytes) -> str:
    """The SHA-256 of some bytes, in hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def read_file(path: Path) -> tuple[bytes, os.stat_result]:
    """The bytes of a regular file, and what ``fstat`` says. Raises OSError; a symbolic link is not followed."""
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise OSError(errno.EINVAL, "is no regular file", str(path))
        if status.st_size > READ_LIMIT:
            raise OSError(errno.EFBIG, f"is larger than {READ_LIMIT >> 20} MiB", str(path))
        parts: list[bytes] = []
        while part := os.read(descriptor, 1 << 20):
            parts.append(part)
        return b"".join(parts), status
    finally:
        os.close(descriptor)


def state_of(path: Path) -> State | None:
    """The state of a file, None when nothing is there. Raises OSError for what is no regular file."""
    try:
        data, status = read_file(path)
    except FileNotFoundError:
        return None
    return State(digest(data), stat.S_IMODE(status.st_mode))


def write_file(path: Path, data: bytes, like: os.stat_result | int | None = None) -> int:
    """Write a new file and have it on the disk. Gives its mode.

    ``like`` is a file's status or a mode, which the new file gets too (and the owner, where that is
    allowed); without it, the process's umask decides. Raises OSError.
    """
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666 if like is None else 0o600)
    try:
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(descriptor, rest) :]
        if isinstance(like, os.stat_result):
            _same_owner(descriptor, like)
        if like is not None:
            os.chmod(path, stat.S_IMODE(like if isinstance(like, int) else like.st_mode))
        os.fsync(descriptor)
        return stat.S_IMODE(os.fstat(descriptor).st_mode)
    finally:
        os.close(descriptor)


def _same_owner(descriptor: int, like: os.stat_result) -> None:
    """Keep the owner where root edits somebody's files; others cannot, and need not."""
    own = os.fstat(descriptor)
    if hasattr(os, "fchown") and (own.st_uid, own.st_gid) != (like.st_uid, like.st_gid):
        try:
            os.fchown(descriptor, like.st_uid, like.st_gid)
        except PermissionError:
            return


def sync_folder(path: Path) -> None:
    """Have a folder's entries on the disk. Windows cannot, and does so by itself."""
    if os.name == "nt":
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno != errno.EINVAL:  # file systems that cannot (some network ones) say so
            raise
    finally:
        os.close(descriptor)


def sync_folders(paths: Iterable[Path]) -> None:
    """``sync_folder`` for each folder that is there, once."""
    for path in sorted(set(paths)):
        if path.is_dir():
            sync_folder(path)


def make_folder(path: Path) -> None:
    """Make a folder and those above it, and have them on the disk; what is there already stays."""
    if path.is_dir() and not path.is_symlink():
        return
    make_folder(path.parent)
    os.mkdir(path)
    sync_folder(path.parent)


def remove_tree(path: Path) -> None:
    """Remove a folder of our own with all that is in it, as far as that is possible; links are not followed."""
    try:
        entries = list(os.scandir(path))
    except OSError:
        return
    for entry in entries:
        if entry.is_dir(follow_symlinks=False):
            remove_tree(Path(entry.path))
        else:
            remove_quietly(Path(entry.path))
    remove_folder(path)


def remove_quietly(path: Path) -> None:
    """Remove a file; that it cannot be removed does not matter."""
    try:
        os.unlink(path)
    except OSError:
        return


def remove_folder(path: Path) -> bool:
    """Remove a folder when it is empty; False when it is not, or cannot be."""
    try:
        os.rmdir(path)
    except OSError:
        return False
    return True


def exists(path: Path) -> bool:
    """Whether anything has this path, be it a link that leads nowhere."""
    return os.path.lexists(path)


def above(path: str) -> list[str]:
    """The folders that a path lies in, below the root, the outermost first."""
    parts = path.split("/")[:-1]
    return ["/".join(parts[:count]) for count in range(1, len(parts) + 1)]


class Obstacles:
    """What keeps paths below a root from being replaced safely. Every folder is looked at once."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.device = os.stat(root).st_dev
        self.folders: dict[str, str] = {"": "" if _writable(root) else _read_only("the folder .")}

    def of(self, path: str) -> str:
        """Why a path cannot be replaced, "" when it can.

        Folders on the way must be real folders (a symbolic link may lead out of the tree), in the root's
        file system (a rename does not reach another), the last one writable, and what is at the path a
        writable regular file, or nothing. Root may write anything, so that modes are asked and not only the
        kernel.
        """
        problem = self._folder(path.rpartition("/")[0])
        return f"{path}: {problem}" if problem else _file_obstacle(self.root / path, path)

    def _folder(self, folder: str) -> str:
        if folder not in self.folders:
            self.folders[folder] = self._look(folder)
        return self.folders[folder]

    def _look(self, folder: str) -> str:
        place, above = self.root / folder, folder.rpartition("/")[0]
        outer = self._folder(above)
        if outer and not outer.endswith(_READ_ONLY):
            return outer
        try:
            status = os.lstat(place)
        except FileNotFoundError:
            return outer  # it is to be made there
        except OSError as error:
            return f"{folder} cannot be read ({error.strerror})"
        if stat.S_ISLNK(status.st_mode):
            return f"{folder} is a symbolic link, and what it leads to is not edited through it"
        if not stat.S_ISDIR(status.st_mode):
            return f"{folder} is no folder"
        if status.st_dev != self.device:
            return f"{folder} is on another file system than the rest of the tree"
        return "" if _writable(place) else _read_only(f"the folder {folder}")


_READ_ONLY = " is read-only (chmod u+w makes it writable)"


def _read_only(what: str) -> str:
    return what + _READ_ONLY


def _file_obstacle(place: Path, path: str) -> str:
    try:
        status = os.lstat(place)
    except FileNotFoundError:
        return ""
    except OSError as error:
        return f"{path} cannot be read ({error.strerror})"
    if stat.S_ISLNK(status.st_mode):
        return f"{path} is a symbolic link, and is not replaced"
    if stat.S_ISDIR(status.st_mode):
        return f"{path} is a folder, not a file"
    if not stat.S_ISREG(status.st_mode):
        return f"{path} is no regular file"
    if not _writable(place):
        return _read_only(path)
    return ""


def _writable(place: Path) -> bool:
    return bool(os.stat(place).st_mode & stat.S_IWUSR) and os.access(place, os.W_OK)
