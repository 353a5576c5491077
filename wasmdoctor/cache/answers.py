"""What a command printed, given again as long as nothing that it looked at has changed.

The question is everything but the file system that an answer depends on: the arguments, the current folder,
the environment as far as it matters, the day (suppressions expire), how standard output is connected,
and the versions of Python and of wasmdoctor, modules and rules included.
"""

from __future__ import annotations

import io
import os
import sys
import time

from wasmdoctor import __version__
from wasmdoctor.cache.observed import LISTED, LSTAT, STAT
from wasmdoctor.model.digest import digest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from wasmdoctor.cache.observed import Observed, Signature

COMMANDS = frozenset({"check", "why", "graph", "plan"})
"""The commands whose answers are worth keeping: they read whole trees."""

OFF = "--no-cache"
WATCH = "--watch"

VARIABLES = (
    "COLORTERM COLUMNS FORCE_COLOR HOME LANG LANGUAGE LINES NO_COLOR PAGER PATH TERM TTY_COMPATIBLE TTY_INTERACTIVE "
    "TZ USERPROFILE XDG_CONFIG_HOME"
).split()
PREFIXES = ("CARGO", "CI", "GITHUB_", "GITLAB_", "LC_", "PYTHON", "RUST", "WASMDOCTOR_")
"""What of the environment wasmdoctor, rich, Python and the programs that are asked may look at."""

MOST = 8 << 20
"""Bytes of output that are kept at most."""

MOST_INPUTS = 100_000
"""Paths that an answer may rest on: to look at more takes longer than it is worth."""


class Answer:
    """What a command wrote to standard output, and its exit code."""

    __slots__ = ("code", "text")

    def __init__(self, text: str, code: int) -> None:
        self.text = text
        self.code = code


def question(
    arguments: Sequence[str], environment: Mapping[str, str], cwd: str, stdout: Any, program: str = ""
) -> str:
    """The key of a question. ``stdout`` is where the answer goes: a terminal has a width, and takes colours.

    ``program`` is ``version()``, when it is known already.
    """
    terminal: list[object] = [stdout.isatty(), getattr(stdout, "encoding", "")]
    if terminal[0]:
        terminal += _window(stdout)
    seen = sorted(
        item for item in environment.items() if item[0] in VARIABLES or item[0].startswith(PREFIXES)
    )
    day = time.strftime("%Y-%m-%d")
    asked = [list(arguments), cwd, seen, day, terminal, program or version()]
    return digest(repr(asked).encode("utf-8", "surrogateescape"))


def version() -> str:
    """What tells this wasmdoctor and Python from others."""
    return digest(repr([__version__, sys.version, _program()]).encode("utf-8", "surrogateescape"))


def _window(stdout: Any) -> tuple[int, ...]:
    """Columns and lines of a terminal."""
    try:
        return tuple(os.get_terminal_size(stdout.fileno()))
    except OSError:
        return ()


def _program() -> list[object]:
    """What tells the installed wasmdoctor from another: size and times of its modules and rules."""
    found: list[object] = []
    waiting = [os.path.dirname(os.path.dirname(os.path.abspath(__file__)))]
    while waiting:
        with os.scandir(waiting.pop()) as entries:
            for entry in entries:
                if entry.is_dir():
                    if entry.name != "__pycache__":
                        waiting.append(entry.path)
                else:
                    info = entry.stat()
                    found.append((entry.path, info.st_size, info.st_mtime_ns, info.st_ino))
    found.sort(key=str)
    return found


HEAD = b"wasmdoctor answer 1"


def encode(answer: Answer, observed: Observed) -> bytes | None:
    """An answer with everything that it rests on; None when a path cannot be written down, or there are too many.

    Three lines (what this is, the exit code, the length of the text in bytes), the text, and then a line for each
    input: its kind, the numbers of its signature with commas, and its path, with a space between them.
    """
    if len(observed.inputs) > MOST_INPUTS:
        return None
    lines = []
    for (kind, path), signature in observed.inputs.items():
        if "\n" in path:
            return None
        lines.append(f"{kind} {','.join(map(str, signature))} {path}\n")
    text = answer.text.encode()
    head = b"%s\n%d\n%d\n" % (HEAD, answer.code, len(text))
    return head + text + "".join(lines).encode("utf-8", "surrogateescape")


def decode(payload: bytes) -> tuple[Answer, dict[tuple[str, str], Signature]]:
    """The answer and its inputs. Raises ValueError for anything that ``encode`` would not have written."""
    head, code, length, rest = (*payload.split(b"\n", 3), b"", b"", b"")[:4]
    if head != HEAD or code not in (b"0", b"1") or not length.isdigit() or int(length) > len(rest):
        raise ValueError("not an answer")
    text = rest[: int(length)].decode()
    if not is_harmless(text):
        raise ValueError("an answer with control characters")
    if not 0 < rest.count(b"\n", int(length)) <= MOST_INPUTS:
        raise ValueError("an answer that rests on nothing, or on too much")
    found: dict[tuple[str, str], Signature] = {}
    lines = rest[int(length) :].decode("utf-8", "surrogateescape").split("\n")
    if lines.pop():
        raise ValueError("the last line is cut off")
    for line in lines:
        kind, numbers, path = line.split(" ", 2)
        if kind not in (STAT, LSTAT, LISTED) or not path.startswith("/"):
            raise ValueError("not an input")
        found[kind, path] = tuple(map(int, numbers.split(","))) if numbers else ()
    return Answer(text, int(code)), found


_CONTROLS = [chr(code) for code in (*range(9), *range(11, 27), *range(28, 32), *range(127, 160))]
# Controls of direction, and what ends a line in some viewers: the same that reports write out.
_CONTROLS += "\u061c\u200e\u200f\u2028\u2029\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"


def is_harmless(text: str) -> bool:
    """Whether a text does no more to a terminal than reports do: colours and links, lines and tabs."""
    if any(control in text for control in _CONTROLS):
        return False
    link = (
        False  # whether the address of a link waits for its end, without which a terminal shows nothing more
    )
    for part in text.split("\x1b")[1:]:
        if link != part.startswith("\\"):
            return False
        link = part.startswith("]8;") and "\n" not in part
        if link or part.startswith("\\"):
            continue
        if not (
            part.startswith("[") and set(part[1:].partition("m")[0]) <= set("0123456789;") and "m" in part
        ):
            return False
    return not link


class Copied(io.RawIOBase):
    """Standard output, with a copy of what was written to it."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._parts: list[bytes] = []
        self._size = 0

    def fileno(self) -> int:
        """The descriptor that is written to."""
        return self._descriptor

    def writable(self) -> bool:
        """It is."""
        return True

    def isatty(self) -> bool:
        """Whether that is a terminal."""
        return os.isatty(self._descriptor)

    def write(self, data: Any) -> int:
        """Write, and keep a copy up to a limit."""
        done = os.write(self._descriptor, data)
        if self._size <= MOST:
            self._parts.append(bytes(data[:done]))
        self._size += done
        return done

    @property
    def copy(self) -> bytes | None:
        """All that was written; None when it was too much to keep."""
        return b"".join(self._parts) if self._size <= MOST else None
