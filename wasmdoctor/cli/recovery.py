"""What an interrupted migration left is seen to before any command runs."""

from __future__ import annotations

import os
from pathlib import Path

from wasmdoctor.cli.output import say, shown


def recover_trees(words: list[str]) -> None:
    """Finish or take back what a killed migration left here, or at a path that was named, and say so."""
    paths = [word for word in words if not word.startswith("-") and os.path.exists(word)]
    starts = dict.fromkeys(Path(os.path.realpath(path)) for path in (".", *paths))
    if not any((folder / ".wasmdoctor").is_dir() for start in starts for folder in (start, *start.parents)):
        return
    from wasmdoctor.pipeline.migrate import trees
    from wasmdoctor.transaction import TransactionError, recover

    for tree in trees(paths, Path.cwd()):
        try:
            done = recover(tree)
        except TransactionError as error:
            say(f"warning: {shown(tree)}: {error}", err=True)
            continue
        if done is not None:
            say(f"note: {shown(tree)}: {done.message}", err=True)
