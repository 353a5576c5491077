"""``wasmdoctor check``."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from wasmdoctor.cli.configured import (
    baseline_option,
    configured,
    ignore_option,
    outputs_from,
    persona_option,
    select_option,
    settings_of,
    show_suppressed_option,
    update_baseline_option,
    write_baseline,
)
from wasmdoctor.cli.fix import Fixing, fix_options, fixed_report
from wasmdoctor.cli.options import (
    SEVERITIES,
    cache_option,
    color_option,
    flags_option,
    hosts_option,
    jobs_option,
    target_option,
    wasm_tools_option,
)
from wasmdoctor.cli.output import (
    CLEAN,
    FAILED,
    exit_of,
    explained,
    load_catalog,
    progress_bar,
    say,
    style_for,
    write,
)
from wasmdoctor.cli.outputs import (
    OutputsCommand,
    Shown,
    outputs_file_option,
    outputs_format_option,
    outputs_of,
    render,
)
from wasmdoctor.cli.shard import dask_option, shard_option, shard_record
from wasmdoctor.cli.watch import watch_option

if TYPE_CHECKING:
    from wasmdoctor.model.finding import Report
    from wasmdoctor.model.shard import Observed


@click.command(cls=OutputsCommand)
@click.argument("paths", nargs=-1, metavar="[PATHS]...")
@hosts_option
@flags_option
@outputs_format_option
@outputs_file_option
@click.option(
    "--since", default="", metavar="REV", help="Only what came in since this commit, branch or tag of git."
)
@click.option(
    "--fail-on",
    type=click.Choice(SEVERITIES),
    default="error",
    show_default=True,
    help="The least severity of a finding that makes the exit code 1.",
)
@fix_options
@watch_option
@target_option
@click.option("--validate", is_flag=True, help="Ask wasm-tools whether each binary is valid, too.")
@click.option(
    "--calls", is_flag=True, help="Read the code of components over 4 MB, too, to say what reaches an import."
)
@click.option(
    "--explain-link", is_flag=True, help="What the host would say to each import it refuses, in its words."
)
@click.option("--quiet", "-q", is_flag=True, help="One line for each finding, nothing else.")
@click.option(
    "--verbose",
    "-v",
    is_flag=True,
    help="Every import on a line of its own, and examples of what was skipped.",
)
@color_option
@wasm_tools_option
@select_option
@ignore_option
@persona_option
@baseline_option
@update_baseline_option
@show_suppressed_option
@cache_option
@jobs_option
@shard_option
@dask_option
@configured
@click.pass_context
def check(
    ctx: click.Context,
    paths: tuple[str, ...],
    hosts: tuple[str, ...],
    flags: tuple[str, ...],
    since: str,
    fail_on: str,
    target: str | None,
    validate: bool,
    calls: bool,
    explain_link: bool,
    quiet: bool,
    verbose: bool,
    color: str,
    wasm_tools: str | None,
    select: tuple[str, ...],
    ignore: tuple[str, ...],
    persona: str,
    baseline: str | None,
    update_baseline: bool,
    show_suppressed: bool,
    jobs: int,
    watch: bool,
    fixing: Fixing,
    shard: tuple[int, int] | None,
    dask: str,
) -> None:
    """Find the imports that nobody provides.

    PATHS are files, folders, globs, or `-` for standard input; by default `target` when it exists,
    else the current folder. Components are told by their first bytes, not by their names; a source
    file stands for the components of its workspace that are built from it, judged by their sources.

    \b
    Examples:
      wasmdoctor check target/wasm32-wasip2/release
      wasmdoctor check app.wasm adapter.wasm     do they provide for each other?
      wasmdoctor check --host wasmtime@25 -S http app.wasm
      wasmdoctor check --host wasmtime@25 --host spin app.wasm     a column for each
      curl -s ... | wasmdoctor check -
      wasmdoctor check --format sarif --output a.sarif --format text
      wasmdoctor check --fix .
      wasmdoctor check --watch .
      wasmdoctor check --shard 2/5 registry/ --format json -o 2.json     then `wasmdoctor merge *.json`
    """
    from wasmdoctor.discover import STDIN, default_paths
    from wasmdoctor.model.record import replace
    from wasmdoctor.pipeline import CheckOptions
    from wasmdoctor.pipeline import check as run_check
    from wasmdoctor.toolchain import Toolchain

    cwd = Path.cwd()
    settings = settings_of(ctx)
    outputs = outputs_from(ctx, outputs_of(ctx), settings)
    if watch:
        from wasmdoctor.cli.watch import keep_checking

        written = [each.path for each in outputs if each.path is not None]
        keep_checking(ctx, paths or default_paths(cwd), settings, written)
    options = CheckOptions(
        paths=paths or tuple(default_paths(cwd)),
        cwd=cwd,
        hosts=hosts,
        flags=flags,
        target=target,
        validate=validate,
        hashes=any(each.format == "json" for each in outputs),
        frames=any(each.format == "html" for each in outputs),
        calls=calls,
        settings=settings,
        known=update_baseline,
        explain_link=explain_link,
        jobs=jobs,
        shard=shard,
    )
    if shard and ([each.format for each in outputs] != ["json"] or dask or since or fixing.asked or watch):
        raise click.UsageError("--shard gives JSON for `wasmdoctor merge`: use it with `--format json` alone")
    with explained():
        stdin = sys.stdin.buffer.read() if STDIN in options.paths else None
        catalog, toolchain = load_catalog(), Toolchain(wasm_tools)
        behind = None
        if options.frames:
            from wasmdoctor.pipeline.behind import Behind

            behind = Behind(options, catalog, toolchain)
        looked = behind.look if behind else None

        given = None
        if dask:
            from wasmdoctor.pipeline.cluster import observe

            with progress_bar() as progress:
                given = observe(options.paths, cwd, dask, progress)
        own: list[Observed] = []

        def run(options: CheckOptions) -> Report:
            with progress_bar() as progress:
                found = run_check(
                    options,
                    catalog,
                    toolchain,
                    stdin=stdin,
                    progress=progress,
                    looked=looked,
                    given=given,
                    observed=own.append if shard else None,
                )
            if update_baseline:
                write_baseline(found, options)
            if not since:
                return found
            from wasmdoctor.pipeline.since import since as only_since

            return only_since(
                found, options, since, lambda then: run_check(replace(then, overlay={}), catalog, toolchain)
            )

        report = fixed_report(fixing, options, run, color) if fixing.asked else run(options)
        style = partial(style_for, color)
        shown = Shown(
            catalog,
            cwd,
            style,
            fail_on,
            verbose=verbose,
            quiet=quiet,
            suppressed=show_suppressed,
            behind=behind,
            shard=shard_record(options, own[0]) if shard else None,
        )
        for each in outputs:
            write(render(report, each, shown), each.path)
    if shard:
        sys.exit(CLEAN)  # a share decides nothing: what one component lacks another may have
    if not report.components and not report.findings and not quiet:
        say("note: no WebAssembly found below " + ", ".join(options.paths), err=True)
    sys.exit(_exit_code(report, fail_on))


def _exit_code(report: Report, fail_on: str) -> int:
    if any(finding.code == "WD002" for finding in report.findings):
        return FAILED
    if fail_on == "never":
        return CLEAN
    return exit_of(report.findings, fail_on)
