"""``wasmdoctor plan``."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from wasmdoctor import __version__
from wasmdoctor.cli.configured import configured
from wasmdoctor.cli.options import (
    PLANS,
    adapter_options,
    bridge_option,
    cache_option,
    color_option,
    flags_option,
    host_option,
    keep_wit_option,
    target_option,
)
from wasmdoctor.cli.output import CLEAN, FOUND, busy, explained, load_catalog, style_for, write

if TYPE_CHECKING:
    from wasmdoctor.pipeline.plan import PlanOptions


PLAN_FORMATS = ("text", "json", "markdown", "html")


@click.command()
@click.argument("paths", nargs=-1, metavar="[PATHS]...")
@click.option(
    "--plan", "only", type=click.Choice(PLANS), help="This plan only, with every file and function."
)
@click.option(
    "--diff", "as_diff", is_flag=True, help="With --plan: its edits as a unified diff, nothing else."
)
@host_option
@flags_option
@target_option
@bridge_option
@keep_wit_option
@adapter_options
@click.option(
    "--format",
    "format_",
    type=click.Choice(PLAN_FORMATS),
    default="text",
    show_default=True,
    help="How to write it.",
)
@click.option("--output", "-o", type=click.Path(dir_okay=False), metavar="FILE", help="Write it to FILE.")
@color_option
@cache_option
@configured
def plan(
    paths: tuple[str, ...],
    only: str | None,
    as_diff: bool,
    host: str,
    flags: tuple[str, ...],
    target: str | None,
    bridge: str,
    keep_wit: bool,
    own_adapter: Mapping[str, str],
    format_: str,
    output: str | None,
    color: str,
) -> None:
    """Show the ways out of custom imports side by side: what each changes, and what comes of it.

    PATHS are folders of Rust workspaces, by default the current one. Nothing is written, nothing need be
    built. The exit code is 0 when there is nothing to cure, 1 when there is, 2 when it could not run.

    \b
    Examples:
      wasmdoctor plan                              A, B and C, and which is recommended
      wasmdoctor plan --plan a --diff              every edit of plan A
      wasmdoctor plan --format html -o plan.html   to discuss it
    """
    from wasmdoctor.pipeline.plan import plans as run_plans
    from wasmdoctor.reporters import plan as report
    from wasmdoctor.reporters import plan_document, plan_json
    from wasmdoctor.toolchain import Toolchain

    if as_diff and only is None:
        raise click.UsageError("--diff shows the edits of one plan: name it with --plan")
    options = plan_options(paths, host, flags, target, bridge, keep_wit, only, own_adapter)
    with explained():
        with busy("making plans"):
            found = run_plans(options, load_catalog(), Toolchain())
        style = style_for(color, to_file=output is not None)
        if as_diff:
            text = report.diff(found, style)
        elif format_ == "json":
            text = plan_json.render(found, __version__)
        elif format_ == "markdown":
            text = plan_document.markdown(found)
        elif format_ == "html":
            text = plan_document.html(found)
        else:
            text = report.render(found, style, details=only is not None)
        write(text, output)
    sys.exit(FOUND if any(plans.troubles for plans in found) else CLEAN)


def plan_options(
    paths: tuple[str, ...],
    host: str,
    flags: tuple[str, ...],
    target: str | None,
    bridge: str,
    keep_wit: bool,
    only: str | None,
    own_adapter: Mapping[str, str],
) -> PlanOptions:
    """What `plan` and `migrate` ask for alike, as the pipeline takes it."""
    from wasmdoctor.model.plan import BridgeMode, PlanId
    from wasmdoctor.pipeline.plan import PlanOptions

    return PlanOptions(
        paths=paths or (".",),
        cwd=Path.cwd(),
        host=host,
        flags=flags,
        target=target,
        bridge=BridgeMode(bridge),
        keep_wit=keep_wit,
        only=PlanId(only) if only else None,
        **own_adapter,
    )
