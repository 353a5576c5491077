"""What an interrupted migration left is seen to before any command runs."""

from __future__ import annotations

import os
from collections.abc import Iterator


def recover_trees(words: list[str]) -> None:
    """Finish or take back what a killed migration left here, or at a path that was named, and say so."""
    paths = [word for word in words if not word.startswith("-") and os.path.exists(word)]
    starts = dict.fromkeys(os.path.realpath(path) for path in (".", *paths))
    around = (os.path.join(folder, ".wasmdoctor") for start in starts for folder in _and_above(start))
    if not any(map(os.path.isdir, around)):
        return
    # Not for the many runs that find nothing.
    from pathlib import Path

    from wasmdoctor.cli.output import say, shown
    from wasmdoctor.pipeline.migrate import trees
    from wasmdoctor.transaction import TransactionError, recover

    for tree in trees(paths, Path.cwd()):
        try:
            done = recover(tree)
        except TransactionError as error:
            for line in f"warning: {shown(tree)}: {error}".split("\n"):
                say(line, err=True)
            continue
        if done is not None:
            say(f"note: {shown(tree)}: {done.message}", err=True)


def _and_above(path: str) -> Iterator[str]:
    """A path and the folders that it lies in."""
    yield path
    while (above := os.path.dirname(path)) != path:
        yield above
        path = above
