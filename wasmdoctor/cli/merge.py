"""``wasmdoctor merge``."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path

import click

from wasmdoctor.cli.options import SEVERITIES, color_option
from wasmdoctor.cli.output import CLEAN, exit_of, explained, style_for, write
from wasmdoctor.cli.outputs import (
    OutputsCommand,
    Shown,
    outputs_file_option,
    outputs_format_option,
    outputs_of,
    render,
)


@click.command(cls=OutputsCommand)
@click.argument("reports", nargs=-1, required=True, metavar="REPORT...")
@outputs_format_option
@outputs_file_option
@click.option(
    "--fail-on",
    type=click.Choice(SEVERITIES),
    default="error",
    show_default=True,
    help="The least severity of a finding that makes the exit code 1.",
)
@click.option("--quiet", "-q", is_flag=True, help="One line for each finding, nothing else.")
@click.option("--verbose", "-v", is_flag=True, help="Every import on a line of its own.")
@color_option
@click.pass_context
def merge(
    ctx: click.Context, reports: tuple[str, ...], fail_on: str, quiet: bool, verbose: bool, color: str
) -> None:
    """Judge the shares of one run together, as if one machine had looked at all of it.

    REPORT are the JSON reports of `check --shard 1/N` to `N/N`, all of them, made with the same options. A
    component of one share may provide for a component of another. Nothing but the reports is read; the
    configuration of the current folder counts.

    \b
    Examples:
      wasmdoctor merge shard-*.json
      wasmdoctor merge shard-*.json --format sarif -o whole.sarif --format markdown
    """
    from wasmdoctor.pipeline import CheckOptions
    from wasmdoctor.pipeline.settings import catalog_of, load_settings
    from wasmdoctor.pipeline.shard import merge as run
    from wasmdoctor.pipeline.shard import read_shards
    from wasmdoctor.toolchain import Toolchain

    cwd = Path.cwd()
    with explained():
        shards = read_shards(map(Path, reports))
        settings = load_settings((".",), cwd)
        catalog = catalog_of(settings)
        report = run(shards, CheckOptions((), cwd, settings=settings), catalog, Toolchain())
        shown = Shown(catalog, cwd, partial(style_for, color), fail_on, verbose=verbose, quiet=quiet)
        for each in outputs_of(ctx):
            write(render(report, each, shown), each.path)
    sys.exit(CLEAN if fail_on == "never" else exit_of(report.findings, fail_on))
