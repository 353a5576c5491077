"""``wasmdoctor graph``."""

from __future__ import annotations

from pathlib import Path

import click

from wasmdoctor.cli.configured import configured
from wasmdoctor.cli.options import (
    cache_option,
    color_option,
    flags_option,
    host_option,
    target_option,
)
from wasmdoctor.cli.output import explained, fail, load_catalog, source_paths, style_for, write

GRAPH_FORMATS = ("text", "dot", "mermaid", "json", "html", "svg")


ASPECTS = ("imports", "exports", "components", "crates", "worlds", "files")


@click.command()
@click.argument("paths", nargs=-1, metavar="[PATHS]...")
@click.option(
    "--format",
    "format_",
    type=click.Choice(GRAPH_FORMATS),
    default="text",
    show_default=True,
    help="How to draw it.",
)
@click.option("--output", "-o", type=click.Path(dir_okay=False), metavar="FILE", help="Write it to FILE.")
@click.option(
    "--focus",
    default="",
    metavar="NODE",
    help="Only what leads to or from this crate, component, world or interface; a name or a glob.",
)
@click.option("--depth", type=click.IntRange(0), help="With --focus: how many steps away.")
@click.option(
    "--only", "only", type=click.Choice(ASPECTS), multiple=True, help="Only this aspect. Repeatable."
)
@click.option("--expand", is_flag=True, help="Every crate and interface on its own.")
@host_option
@flags_option
@target_option
@color_option
@cache_option
@configured
def graph(
    paths: tuple[str, ...],
    format_: str,
    output: str | None,
    focus: str,
    depth: int | None,
    only: tuple[str, ...],
    expand: bool,
    host: str,
    flags: tuple[str, ...],
    target: str | None,
    color: str,
) -> None:
    """Draw components, crates, bindings, worlds and interfaces as one graph.

    \b
    Examples:
      wasmdoctor graph                                   as a tree
      wasmdoctor graph --format html -o graph.html       a page to search and click in
      wasmdoctor graph --focus my-lib --format svg       what leads to and from a crate
    """
    from wasmdoctor.pipeline.why import WhyOptions, network
    from wasmdoctor.reporters.graph import render
    from wasmdoctor.reporters.graph.prepare import Aspect, UnknownNode, View, prepare
    from wasmdoctor.toolchain import Toolchain

    cwd = Path.cwd()
    options = WhyOptions(paths=paths or source_paths(cwd), cwd=cwd, host=host, flags=flags, target=target)
    with explained():
        found = network(options, load_catalog(), Toolchain())
        try:
            part = prepare(found, View(focus, depth, tuple(map(Aspect, only)), expand))
        except UnknownNode as error:
            near = (
                f"did you mean `{error.near}`?" if error.near else "run it without --focus to see all nodes"
            )
            fail(f"nothing in the graph is called `{error.pattern}`", near)
        write(render(part, format_, style_for(color, to_file=output is not None)), output)
