"""``check --fix``, ``--unsafe-fixes`` and ``--diff``."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click

from wasmdoctor.cli.output import CLEAN, FOUND, say, style_for

if TYPE_CHECKING:
    from wasmdoctor.model.finding import Report
    from wasmdoctor.pipeline.check import CheckOptions
    from wasmdoctor.pipeline.fix import Fixed


class Fixing(NamedTuple):
    """What the command line says of fixes."""

    write: bool = False
    unsafe: bool = False
    diff: bool = False

    @property
    def asked(self) -> bool:
        """Whether anything is to be fixed, or shown as if."""
        return self.write or self.diff


def fix_options(command: Callable[..., None]) -> Callable[..., None]:
    """``--fix``, ``--unsafe-fixes`` and ``--diff``; the command gets them as one, ``fixing``."""

    @click.option(
        "--fix",
        is_flag=True,
        help="Make the edits that findings marked [*] have, as one transaction that `wasmdoctor undo` takes back, "
        "and report what remains.",
    )
    @click.option(
        "--unsafe-fixes",
        is_flag=True,
        help="With --fix or --diff: also edits that may change what a build gives.",
    )
    @click.option(
        "--diff",
        is_flag=True,
        help="Show what --fix would do as a unified diff, and write nothing; the exit code is 1 if there is any.",
    )
    @functools.wraps(command)
    def taken(*args: object, fix: bool, unsafe_fixes: bool, diff: bool, **options: object) -> None:
        command(*args, fixing=Fixing(fix, unsafe_fixes, diff), **options)

    return taken


def fixed_report(
    fixing: Fixing,
    options: CheckOptions,
    check: Callable[[CheckOptions], Report],
    color: str,
) -> Report:
    """Fix what is to be fixed, and give the report on what remains. With ``--diff`` the program ends here."""
    from wasmdoctor.cli.configured import settings_again
    from wasmdoctor.pipeline.fix import fix, write

    if options.known:
        raise click.UsageError("--update-baseline and --fix do not go together: fix first")
    again = settings_again(click.get_current_context())
    fixed = fix(options, check, unsafe=fixing.unsafe, settings=again)
    if fixing.diff:
        _show(fixed, color)
        sys.exit(FOUND if fixed.files else CLEAN)
    for applied in write(fixed):
        for note in applied.notes:
            say(f"note: {note}", err=True)
    say(_summary(fixed, "fixed") + (_undo(fixed, options.cwd) if fixed.files else ""), err=True)
    return fixed.report


def _show(fixed: Fixed, color: str) -> None:
    from wasmdoctor.cli.output import write
    from wasmdoctor.reporters.plan import shown_diff

    write(shown_diff(fixed.diff, style_for(color)), None)
    say(_summary(fixed, "would fix"), err=True)


def _undo(fixed: Fixed, cwd: Path) -> str:
    """How it is taken back: in the current folder, or by the names of the trees."""
    from wasmdoctor.discover import display_path

    here = cwd.resolve()
    roots = list(fixed.changes)
    if roots == [root for root in roots if root == here or root in here.parents][:1]:
        return "; `wasmdoctor undo` takes it back"
    names = ", ".join(f"`wasmdoctor undo {display_path(root, here)}`" for root in roots)
    return f"; {names} {'takes' if len(roots) == 1 else 'take'} it back"


def _summary(fixed: Fixed, verb: str) -> str:
    """``fixed 3 findings (2 files); 1 more with --unsafe-fixes``."""
    count = len(fixed.fixed)
    text = f"{verb} {count} finding{'' if count == 1 else 's'}" if count else "nothing to fix"
    if count:
        text += f" ({fixed.files} file{'' if fixed.files == 1 else 's'})"
    return text + (f"; {fixed.unsafe} more with --unsafe-fixes" if fixed.unsafe else "")
