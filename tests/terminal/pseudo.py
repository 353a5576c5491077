"""The program on a pseudo-terminal: what a person would see, and what they may press."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

PROGRAM = (sys.executable, "-m", "wasmdoctor")
CLEARED = (
    "NO_COLOR",
    "FORCE_COLOR",
    "COLUMNS",
    "LINES",
    "PAGER",
    "LESS",
    "WASMDOCTOR_PAGER",
    "WASMDOCTOR_LANG",
)
LIMIT = 60.0
"""Seconds: a machine may be busy."""


class Seen(NamedTuple):
    """What came out of the terminal, and of standard error where that was none; the exit code."""

    text: str
    errors: str
    code: int


class Terminal:
    """A program with a terminal as standard input and output; standard error is another pipe unless ``err``."""

    def __init__(
        self,
        words: Sequence[str],
        cwd: Path,
        *,
        columns: int = 80,
        lines: int = 24,
        env: Mapping[str, str] | None = None,
        err: bool = False,
        program: Sequence[str] = PROGRAM,
    ) -> None:
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
        clean = {key: value for key, value in os.environ.items() if key not in CLEARED}
        clean |= {"TERM": "xterm-256color", "LANG": "C.UTF-8", "LC_ALL": "", "WASMDOCTOR_NO_CACHE": "1"}
        self.child = subprocess.Popen(
            [*program, *words],
            cwd=cwd,
            env={**clean, **(env or {})},
            stdin=slave,
            stdout=slave,
            stderr=slave if err else subprocess.PIPE,
            start_new_session=True,
            preexec_fn=_controlling,
        )
        os.close(slave)
        self.bytes = b""

    def wait_for(self, text: str) -> None:
        """Read until a text is there."""
        self._read(lambda: text.encode() in self.bytes)
        assert text.encode() in self.bytes, self.bytes

    def press(self, keys: bytes) -> None:
        """Type."""
        os.write(self.master, keys)

    def end(self) -> Seen:
        """Read to the end."""
        self._read(lambda: False)
        errors = self.child.stderr.read().decode() if self.child.stderr else ""
        code = self.child.wait(LIMIT)
        os.close(self.master)
        if self.child.stderr:
            self.child.stderr.close()
        return Seen(self.bytes.decode("utf-8", "replace").replace("\r\n", "\n"), errors, code)

    def _read(self, done: object) -> None:
        assert callable(done)
        until = time.monotonic() + LIMIT
        while not done():
            left = until - time.monotonic()
            if left < 0:
                self.child.kill()
                raise AssertionError(f"nothing more came: {self.bytes!r}")
            if select.select([self.master], [], [], min(left, 1.0))[0]:
                try:
                    data = os.read(self.master, 1 << 16)
                except OSError:  # Linux says so when the last writer has gone
                    return
                if not data:
                    return
                self.bytes += data


def _controlling() -> None:
    """Make standard input the controlling terminal, so that Ctrl-C reaches the program and its children."""
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


def seen(words: Sequence[str], cwd: Path, **how: object) -> Seen:
    """Run to the end."""
    return Terminal(words, cwd, **how).end()  # type: ignore[arg-type]
