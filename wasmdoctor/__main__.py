"""The console script, and ``python -m wasmdoctor``."""

from __future__ import annotations

import gc
import os
import sys


def main() -> None:
    """Run the command line. Ctrl-C ends quietly with 130, a closed pipe quietly with 0 or 141."""
    from wasmdoctor.cache.runs import remembered

    try:
        sys.exit(remembered(sys.argv[1:], _run))
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:
        # Nobody reads any more: the interpreter must not complain at its last flush.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(141)


def _run() -> int:
    """The command line, and its exit code."""
    # A run makes many objects that live to its end: looking for garbage among them took a sixth of its time.
    gc.set_threshold(100_000, 50, 100)
    from wasmdoctor.cli import cli

    try:
        cli.main(prog_name="wasmdoctor", standalone_mode=True)
    except SystemExit as end:
        if isinstance(end.code, int) or end.code is None:
            return end.code or 0
        raise


if __name__ == "__main__":
    main()
