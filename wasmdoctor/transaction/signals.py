"""SIGINT, SIGTERM and SIGHUP are noted while files are changed, and answered between two steps."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from wasmdoctor.transaction.errors import Interrupted

_NAMES = ("SIGINT", "SIGTERM", "SIGHUP")


class Pending:
    """The signal that came first, 0 when none did."""

    def __init__(self) -> None:
        self.signal = 0

    def note(self, number: int, frame: FrameType | None) -> None:
        """The handler: remember the signal."""
        del frame
        self.signal = self.signal or number

    def check(self) -> None:
        """Raises Interrupted when a signal came: for the time in which all can still be taken back."""
        if self.signal:
            raise Interrupted(self.signal, finished=False)


@contextmanager
def held_back() -> Iterator[Pending]:
    """Signals are noted in what this gives instead of ending the process.

    A signal that is ignored stays ignored. Outside of the main thread Python has no handlers, and nothing
    is held back: a kill is what the journal is for.
    """
    pending = Pending()
    former: dict[int, object] = {}
    if threading.current_thread() is threading.main_thread():
        for name in _NAMES:
            number = getattr(signal, name, None)
            if number is not None and signal.getsignal(number) not in (signal.SIG_IGN, None):
                former[number] = signal.signal(number, pending.note)
    try:
        yield pending
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)  # type: ignore[arg-type]
