"""``wasmdoctor undo``."""

from __future__ import annotations

from pathlib import Path

import click

from wasmdoctor.cli.output import explained, fail, say, shown


@click.command()
@click.argument("folder", required=False, type=click.Path(exists=True, file_okay=False))
@click.option(
    "--force", is_flag=True, help="Also when files were changed since; what they hold then is kept aside."
)
def undo(folder: str | None, force: bool) -> None:
    """Take back the last migration of FOLDER (or of the one around it), byte for byte.

    \b
    Examples:
      wasmdoctor undo
      wasmdoctor undo ../shop --force     also when files were changed since
    """
    from wasmdoctor.pipeline.migrate import nearest_tree
    from wasmdoctor.transaction import undo as run_undo

    with explained():
        tree = nearest_tree(Path.cwd() / (folder or "."))
        if tree is None:
            where = folder or "this folder"
            fail(f"no migration was made in {where} or above", "name the workspace's folder")
        undone = run_undo(tree, force=force)
        count = len(undone.paths)
        files = "1 file is as it was" if count == 1 else f"{count} files are as they were"
        say(f"took back `{undone.label}`: {files}")
        if undone.kept:
            say(f"  what had been changed since is in {shown(undone.kept)}")
        for note in undone.notes:
            say(f"  note: {note}")
