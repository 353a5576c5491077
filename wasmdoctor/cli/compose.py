"""``wasmdoctor compose``."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from wasmdoctor.cli.configured import configured, selected
from wasmdoctor.cli.options import FORMATS, color_option, flags_option, host_option, wasm_tools_option
from wasmdoctor.cli.output import FOUND, exit_of, explained, load_catalog, style_for, write


@click.command()
@click.argument("paths", nargs=-1, metavar="PATHS...", required=True)
@click.option(
    "--output",
    "-o",
    type=click.Path(dir_okay=False),
    default="composed.wasm",
    show_default=True,
    metavar="FILE",
    help="Where the composed component goes.",
)
@click.option("--root", default="", metavar="COMPONENT", help="The component whose exports the result has.")
@click.option(
    "--prefer",
    multiple=True,
    metavar="COMPONENT",
    help="The one to take where several export the same. Repeatable.",
)
@click.option(
    "--tool",
    type=click.Choice(("auto", "wac", "wasm-tools")),
    default="auto",
    show_default=True,
    help="What makes the result; auto takes wac when it is installed.",
)
@click.option("--dry-run", is_flag=True, help="Show the wiring and make nothing.")
@click.option(
    "--format",
    "format_",
    type=click.Choice((*FORMATS, "wac")),
    default="text",
    show_default=True,
    help="How to write the wiring; `wac` is a document to keep and to run with wac.",
)
@host_option
@flags_option
@color_option
@wasm_tools_option
@configured
def compose(
    paths: tuple[str, ...],
    output: str,
    root: str,
    prefer: tuple[str, ...],
    tool: str,
    dry_run: bool,
    format_: str,
    host: str,
    flags: tuple[str, ...],
    color: str,
    wasm_tools: str | None,
) -> None:
    """Wire components together: who provides what to whom, then one component of all.

    PATHS are components, folders of them, or one .wac document. What nobody exports stays an import.

    \b
    Examples:
      wasmdoctor compose app.wasm adapter.wasm -o out.wasm
      wasmdoctor compose build/ --root app --dry-run         the wiring, nothing made
      wasmdoctor compose build/ --dry-run --format wac       the same as a .wac document
    """
    from wasmdoctor.pipeline.compose import ComposeOptions
    from wasmdoctor.pipeline.compose import compose as run_compose
    from wasmdoctor.reporters import compose as report
    from wasmdoctor.toolchain import Toolchain

    options = ComposeOptions(
        paths, Path.cwd(), output, host, flags, root, prefer, tool, dry_run=dry_run or format_ == "wac"
    )
    with explained():
        catalog = load_catalog()
        made = run_compose(options, catalog, Toolchain(wasm_tools))
        made = selected(made, catalog, paths)
        if format_ == "wac" and made.document:
            write(made.document, None)
        elif format_ == "json":
            write(report.render_json(made), None)
        else:
            write(report.render(made, style_for(color)), None)
    sys.exit(exit_of(made.findings, "error") if made.composition.root else FOUND)
