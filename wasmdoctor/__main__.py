"""The console script, and ``python -m wasmdoctor``."""

from __future__ import annotations

import atexit
import errno
import gc
import os
import sys

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)
"""Errors of a disk that takes no more."""


def main() -> None:
    """Run the command line, and end the process with its exit code.

    Ctrl-C ends quietly with 130, a closed pipe quietly with 0 or 141, a full disk with a sentence and 2.
    """
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:  # its descriptor was closed: what is written there is for nobody
            setattr(sys, name, open(os.devnull, "w"))  # noqa: SIM115
    try:
        try:
            code = _remembered(sys.argv[1:]) if sys.argv[1:2] and sys.argv[1][:1] != "-" else _run()
        except KeyboardInterrupt:
            code = 130
        _end(code)
    except BrokenPipeError:
        _forget_output()
        sys.exit(141)
    except OSError as error:
        if error.errno not in FULL:
            raise
        _forget_output()
        print(f"error: the output cannot be written: {error.strerror}", file=sys.stderr)
        sys.exit(2)


def _remembered(arguments: list[str]) -> int:
    """What a command gives, or gave before; options before a command (`--help`) need not load this."""
    from wasmdoctor.cache.runs import remembered

    return remembered(arguments, _run)


def _forget_output() -> None:
    """What is still to be written goes nowhere: the interpreter must not complain at its last flush."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _run() -> int:
    """The command line, and its exit code."""
    # A run makes many objects that live to its end: looking for garbage among them took a sixth of its time, and
    # up to a million of new ones are some 100 MB.
    gc.set_threshold(1_000_000, 50, 100)
    from wasmdoctor.cli import cli

    try:
        cli.main(prog_name="wasmdoctor", standalone_mode=True)
    except SystemExit as end:
        if isinstance(end.code, int) or end.code is None:
            return end.code or 0
        raise


def _end(code: int) -> None:
    """End the process without taking its memory apart, object by object, which took a seventh of a run.

    What Python does before that is done: functions that wait for the end are called, and output is written
    out. With other threads around, Python itself has to see to the end.
    """
    threading = sys.modules.get("threading")
    last = getattr(atexit, "_run_exitfuncs", None)
    if last is None or (threading is not None and threading.active_count() > 1):
        sys.exit(code)
    last()
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os._exit(code)


if __name__ == "__main__":
    main()
