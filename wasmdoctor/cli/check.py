"""``wasmdoctor check``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from wasmdoctor.cli.options import (
    SEVERITIES,
    color_option,
    flags_option,
    format_option,
    host_option,
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
    style_for,
    write,
)

if TYPE_CHECKING:
    from wasmdoctor.model.finding import Report
    from wasmdoctor.reporters.console import Style


@click.command()
@click.argument("paths", nargs=-1, metavar="[PATHS]...")
@host_option
@flags_option
@format_option
@click.option(
    "--output",
    "-o",
    type=click.Path(dir_okay=False),
    metavar="FILE",
    help="Write the report to FILE instead of standard output.",
)
@click.option(
    "--fail-on",
    type=click.Choice(SEVERITIES),
    default="error",
    show_default=True,
    help="The least severity of a finding that makes the exit code 1.",
)
@target_option
@click.option("--validate", is_flag=True, help="Ask wasm-tools whether each binary is valid, too.")
@click.option(
    "--calls", is_flag=True, help="Read the code of components over 4 MB, too, to say what reaches an import."
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
def check(
    paths: tuple[str, ...],
    host: str,
    flags: tuple[str, ...],
    format_: str,
    output: str | None,
    fail_on: str,
    target: str | None,
    validate: bool,
    calls: bool,
    quiet: bool,
    verbose: bool,
    color: str,
    wasm_tools: str | None,
) -> None:
    """Find the imports that nobody provides.

    PATHS are files, folders, globs, or `-` for standard input; by default `target` when it exists,
    else the current folder. Components are told by their first bytes, not by their names.

    \b
    Examples:
      wasmdoctor check target/wasm32-wasip2/release
      wasmdoctor check app.wasm adapter.wasm     do they provide for each other?
      wasmdoctor check --host wasmtime@25 -S http app.wasm
      curl -s ... | wasmdoctor check -
    """
    from wasmdoctor.discover import STDIN, default_paths
    from wasmdoctor.pipeline import CheckOptions
    from wasmdoctor.pipeline import check as run_check
    from wasmdoctor.toolchain import Toolchain

    cwd = Path.cwd()
    options = CheckOptions(
        paths=paths or tuple(default_paths(cwd)),
        cwd=cwd,
        host=host,
        flags=flags,
        target=target,
        validate=validate,
        hashes=format_ == "json",
        calls=calls,
    )
    with explained():
        stdin = sys.stdin.buffer.read() if STDIN in options.paths else None
        with progress_bar() as progress:
            report = run_check(options, load_catalog(), Toolchain(wasm_tools), stdin=stdin, progress=progress)
        to_file = output is not None
        text = _render(report, format_, style_for(color, to_file=to_file), verbose=verbose, quiet=quiet)
        write(text, output)
    if not report.components and not report.findings and not quiet:
        click.echo("note: no WebAssembly found below " + ", ".join(options.paths), err=True)
    sys.exit(_exit_code(report, fail_on))


def _exit_code(report: Report, fail_on: str) -> int:
    if any(finding.code == "WD002" for finding in report.findings):
        return FAILED
    if fail_on == "never":
        return CLEAN
    return exit_of(report.findings, fail_on)


def _render(report: Report, format_: str, style: Style, *, verbose: bool, quiet: bool) -> str:
    if format_ == "json":
        from wasmdoctor.reporters import json

        return json.render(report)
    from wasmdoctor.reporters import text

    return text.render(report, style, verbose=verbose, quiet=quiet)
