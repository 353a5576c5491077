"""One process at a time changes a tree."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from wasmdoctor.transaction.errors import Busy, TransactionError

if sys.platform == "win32":
    import msvcrt

    def _lock(descriptor: int) -> None:
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
else:
    import fcntl

    def _lock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the lock file at ``path``. The kernel frees it when the process ends, however it ends, so that a
    file that a killed run left is no obstacle. Raises Busy when a living process holds it.
    """
    descriptor = _take(path)
    try:
        with suppress(OSError):  # who holds it is only for the message, and a full disk must not matter
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0) if hasattr(os, "pwrite") else None
        yield
    finally:
        os.close(descriptor)


def _take(path: Path) -> int:
    while True:
        flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0)
        try:
            descriptor = os.open(path, flags, 0o666)
        except OSError as error:
            raise TransactionError(f"{path} cannot be opened ({error.strerror})") from error
        try:
            _lock(descriptor)
            # The holder before us may have removed the file: then this lock keeps nobody out.
            if os.stat(path).st_ino == os.fstat(descriptor).st_ino:
                return descriptor
        except (BlockingIOError, PermissionError) as error:
            holder = _holder(descriptor)
            os.close(descriptor)
            raise Busy(
                f"another wasmdoctor{holder} is changing this tree; wait until it has ended"
            ) from error
        except FileNotFoundError:
            pass
        except OSError as error:
            os.close(descriptor)
            raise TransactionError(f"{path} cannot be locked ({error.strerror})") from error
        os.close(descriptor)


def _holder(descriptor: int) -> str:
    try:
        text = os.read(descriptor, 32).decode("ascii", "replace").strip()
    except OSError:
        return ""
    return f" (process {text})" if text.isdigit() else ""
