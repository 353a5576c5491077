"""``wasmdoctor migrate``."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import click

from wasmdoctor.cli.configured import configured
from wasmdoctor.cli.options import (
    PLANS,
    adapter_options,
    bridge_option,
    color_option,
    flags_option,
    host_option,
    keep_wit_option,
    target_option,
    wasm_tools_option,
)
from wasmdoctor.cli.output import FAILED, busy, explained, fail, load_catalog, say, shown, style_for, write
from wasmdoctor.cli.plan import plan_options
from wasmdoctor.model.record import dataclass

if TYPE_CHECKING:
    from wasmdoctor.model.migration import Verification
    from wasmdoctor.pipeline.migrate import Prepared
    from wasmdoctor.pipeline.plan import PlanOptions
    from wasmdoctor.pipeline.retarget import RetargetJob
    from wasmdoctor.reporters.console import Style
    from wasmdoctor.toolchain import Toolchain


AUTO = "auto"


@click.command()
@click.argument("paths", nargs=-1, metavar="[PATHS]...")
@click.option(
    "--plan",
    "only",
    type=click.Choice((*PLANS, AUTO)),
    help="The plan to carry out; auto is the one that `wasmdoctor plan` recommends.",
)
@click.option(
    "--wasi",
    "release",
    metavar="VERSION",
    help="Instead of a plan: set all WIT and bindings to this WASI 0.2 release, up or down.",
)
@click.option("--dry-run", is_flag=True, help="Show what would be done, and write nothing at all.")
@click.option("--diff", "as_diff", is_flag=True, help="Show the edits as a unified diff.")
@click.option("--yes", "-y", is_flag=True, help="Do not ask on a terminal.")
@click.option("--allow-dirty", is_flag=True, help="Go on although git has uncommitted changes.")
@click.option("--no-verify", is_flag=True, help="Do not check and build the edited copy first.")
@click.option("--keep-going", is_flag=True, help="Change the tree although the verification failed.")
@click.option(
    "--build-cmd",
    default="",
    metavar="CMD",
    help="What builds the workspace, for the shell; by default cargo, for the component crates.",
)
@click.option(
    "--adapter",
    metavar="FILE",
    help="The preview1 adapter that makes a component of a core module. [env: WASMDOCTOR_ADAPTER]",
)
@click.option(
    "--report",
    "report_file",
    type=click.Path(dir_okay=False),
    metavar="FILE",
    help="Where the report goes (.html or .md) instead of .wasmdoctor/reports.",
)
@host_option
@flags_option
@target_option
@bridge_option
@keep_wit_option
@adapter_options
@color_option
@wasm_tools_option
@configured
def migrate(
    paths: tuple[str, ...],
    only: str | None,
    release: str | None,
    dry_run: bool,
    as_diff: bool,
    yes: bool,
    allow_dirty: bool,
    no_verify: bool,
    keep_going: bool,
    build_cmd: str,
    adapter: str | None,
    report_file: str | None,
    host: str,
    flags: tuple[str, ...],
    target: str | None,
    bridge: str,
    keep_wit: bool,
    own_adapter: Mapping[str, str],
    color: str,
    wasm_tools: str | None,
) -> None:
    """Carry out a plan in one transaction: edit a copy, build and check it, then change the tree.

    The edits are shown first. When the build of the copy fails the tree stays as it was. `wasmdoctor undo`
    takes the whole of it back. The exit code is 0 when it was done or nothing is to be done, else 2.

    With --wasi, instead of a plan, the versions of WASI 0.2 in WIT (copies in wit/deps too), in `generate!` calls
    and in component metadata change. It is refused when the code uses what that release does not have.

    \b
    Examples:
      wasmdoctor migrate --plan a --dry-run --diff
      wasmdoctor migrate --plan auto
      wasmdoctor migrate --plan a --build-cmd 'make component'
      wasmdoctor migrate --plan b --adapter-name net-adapter
      wasmdoctor migrate --wasi 0.2.3 --dry-run --diff
    """
    from wasmdoctor.toolchain import Toolchain

    if (only is None) is (release is None):
        raise click.UsageError("give either --plan or --wasi: what is to be done")
    chosen = None if only == AUTO else only
    options = plan_options(paths, host, flags, target, bridge, keep_wit, chosen, own_adapter)
    run = _Migration(
        options=options,
        toolchain=Toolchain(wasm_tools),
        style=style_for(color),
        dry_run=dry_run,
        as_diff=as_diff,
        yes=yes,
        allow_dirty=allow_dirty,
        verify=not no_verify,
        keep_going=keep_going,
        build_command=build_cmd,
        adapter=adapter,
        report_file=Path(report_file) if report_file else None,
    )
    with explained():
        run.all() if release is None else run.retarget(release)


@dataclass
class _Migration:
    """One run of ``migrate``: the steps, and what the person is told between them."""

    options: PlanOptions
    toolchain: Toolchain
    style: Style
    dry_run: bool
    as_diff: bool
    yes: bool
    allow_dirty: bool
    verify: bool
    keep_going: bool
    build_command: str
    adapter: str | None
    report_file: Path | None

    def all(self) -> None:
        """Every workspace of the paths, one transaction each."""
        from wasmdoctor.pipeline.migrate import check_tree, prepare

        with busy("making the plan"):
            prepared = prepare(self.options, load_catalog(), self.toolchain)
        for each in prepared:
            if each.plan.changes and not self.dry_run:
                check_tree(each.root, allow_dirty=self.allow_dirty)
        for each in prepared:
            self.one(each)

    def one(self, prepared: Prepared) -> None:
        """One workspace: show, prove, change, report."""
        from wasmdoctor.pipeline.migrate import UNPROVEN, carry_out, write_reports
        from wasmdoctor.reporters import migration as report
        from wasmdoctor.reporters import plan as plan_report

        plans, plan = prepared.plans, prepared.plan
        if not plan.changes:
            self.nothing(prepared)
            return
        if not plan.applicable:
            _does_not_apply(prepared)
        if self.options.only is None:
            say(f"plan {plan.plan.value.upper()} is recommended: {plans.verdict}")
        write(report.summary(plans, plan, self.style), None)
        if self.as_diff:
            write(plan_report.diff([plans], self.style), None)
        if not self.goes_on():
            return
        verification = self.proved(prepared) if self.verify else UNPROVEN
        write(report.proofs(verification, self.style), None)
        self.stop_when_failed(verification)
        done = carry_out(prepared, verification)
        files = self.reports(lambda: write_reports(done, prepared.root, self.report_file))
        write(report.finished(done, files, self.style), None)

    def retarget(self, release: str) -> None:
        """Every workspace of the paths set to a WASI release, one transaction each."""
        from wasmdoctor.pipeline.migrate import check_tree
        from wasmdoctor.pipeline.retarget import RetargetError, prepare_retarget
        from wasmdoctor.reporters import retarget as report

        try:
            jobs = prepare_retarget(self.options, release, load_catalog(), self.toolchain)
        except RetargetError as error:
            raise click.UsageError(str(error)) from error
        refused = [job for job in jobs if job.workspace.retarget.obstacles]
        if refused:
            fail("\n".join(report.refusal(job.workspace) for job in refused), "nothing was changed")
        for job in jobs:
            if job.workspace.retarget.changes and not self.dry_run:
                check_tree(job.root, allow_dirty=self.allow_dirty)
        for job in jobs:
            self.one_retarget(job)

    def one_retarget(self, job: RetargetJob) -> None:
        """One workspace: show, prove, change, report."""
        from wasmdoctor.pipeline.migrate import UNPROVEN
        from wasmdoctor.pipeline.retarget import (
            carry_out_retarget,
            prove_retarget,
            write_retarget_reports,
        )
        from wasmdoctor.pipeline.verify import VerifyOptions
        from wasmdoctor.reporters import migration
        from wasmdoctor.reporters import retarget as report
        from wasmdoctor.reporters.plan import shown_diff

        workspace = job.workspace
        if not workspace.retarget.changes:
            say(
                f"{workspace.folder}: nothing to do, no WIT or bindings of its own name another WASI 0.2 release"
            )
            for note in workspace.retarget.notes:
                say(f"  note: {note}")
            return
        write(report.summary(workspace, self.style), None)
        if self.as_diff:
            write(shown_diff(workspace.diff, self.style), None)
        if not self.goes_on():
            return
        verification = UNPROVEN
        if self.verify:
            options = VerifyOptions(self.build_command, self.adapter)
            verification = prove_retarget(job, options, self.toolchain, lambda text: say(text, err=True))
        write(migration.proofs(verification, self.style), None)
        self.stop_when_failed(verification)
        done = carry_out_retarget(job, verification)
        files = self.reports(lambda: write_retarget_reports(done, job.root, self.report_file))
        write(report.finished(done, files, self.style), None)

    def goes_on(self) -> bool:
        """Whether to go on after the edits were shown. Ends the program when the person says no."""
        if self.dry_run:
            click.echo("nothing was written (--dry-run)")
            return False
        if not self.yes and sys.stdin.isatty() and sys.stdout.isatty() and not click.confirm("go on?"):
            click.echo("nothing was changed")
            sys.exit(FAILED)
        return True

    def stop_when_failed(self, verification: Verification) -> None:
        """End the program after a verification that failed, unless it is to go on."""
        if verification.failed and not self.keep_going:
            fail(
                "the edited copy did not pass; the tree is as it was",
                "--keep-going changes it all the same, --no-verify does not look",
            )

    def reports(self, made: Callable[[], list[Path]]) -> list[str]:
        """Write reports; their paths, none when they cannot be written."""
        try:
            return [shown(path) for path in made()]
        except OSError as error:
            say(f"warning: the report cannot be written: {error.strerror or error}", err=True)
            return []

    def nothing(self, prepared: Prepared) -> None:
        """A plan without edits: there is nothing to do, or it does not apply."""
        if prepared.plans.troubles and not prepared.plan.applicable:
            _does_not_apply(prepared)
        done = "all that the plan makes is there already"
        if not prepared.plans.troubles:
            done = "its components have no custom import that nobody provides"
            if prepared.plans.problems:
                done = "what could be read has no custom import that nobody provides; `wasmdoctor plan` tells the rest"
        say(f"{prepared.plans.folder}: nothing to do, {done}")

    def proved(self, prepared: Prepared) -> Verification:
        """Verify, with a word on standard error about what takes long."""
        from wasmdoctor.pipeline.migrate import prove
        from wasmdoctor.pipeline.verify import VerifyOptions

        options = VerifyOptions(self.build_command, self.adapter)
        return prove(prepared, options, self.toolchain, lambda text: say(text, err=True))


def _does_not_apply(prepared: Prepared) -> NoReturn:
    """End the program for a plan that is not possible."""
    from wasmdoctor.reporters.escape import one_line

    plan, plans = prepared.plan, prepared.plans
    fail(one_line(f"plan {plan.plan.value.upper()} does not apply to {plans.folder}: {plan.reason}"))
