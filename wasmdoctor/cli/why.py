"""``wasmdoctor why``."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

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

if TYPE_CHECKING:
    from wasmdoctor.model.sizes import CodeSizes


WHY_FORMATS = ("text", "json", "html", "svg")


@click.command()
@click.argument("interface", required=False)
@click.argument("paths", nargs=-1, metavar="[PATHS]...")
@click.option(
    "--crate", default="", metavar="NAME", help="What this crate brings to which components, instead."
)
@click.option("--all", "every", is_flag=True, help="Every chain, not only the shortest.")
@click.option(
    "--calls", is_flag=True, help="Show the calls in the finished component, from its exports to the import."
)
@click.option(
    "--function", default="", metavar="NAME", help="Only this function of the interface, with --calls."
)
@click.option("--sizes", is_flag=True, help="How many bytes of code each crate has in finished components.")
@host_option
@flags_option
@target_option
@click.option(
    "--format",
    "format_",
    type=click.Choice(WHY_FORMATS),
    default="text",
    show_default=True,
    help="How to write it; html and svg draw the sizes.",
)
@click.option("--output", "-o", type=click.Path(dir_okay=False), metavar="FILE", help="Write it to FILE.")
@color_option
@cache_option
@configured
def why(
    interface: str | None,
    paths: tuple[str, ...],
    crate: str,
    every: bool,
    calls: bool,
    function: str,
    sizes: bool,
    host: str,
    flags: tuple[str, ...],
    target: str | None,
    format_: str,
    output: str | None,
    color: str,
) -> None:
    """Show where an import comes from: crate by crate to the WIT line.

    INTERFACE is a full name, a name without version, or a glob, with `#function` for one of its functions;
    a component's path explains all its imports. PATHS as for `check`; nothing need be built.

    \b
    Examples:
      wasmdoctor why my:app/store            who brings it, to which component
      wasmdoctor why '*/tcp' target/ --all   every way, crate by crate
      wasmdoctor why app.wasm                all its imports
      wasmdoctor why my:app/store app.wasm --calls     which function calls it, from which export
      wasmdoctor why --crate my-lib          what a crate brings, and the bytes of its code
      wasmdoctor why --sizes app.wasm        the bytes of code of each crate
      wasmdoctor why --sizes app.wasm --format html -o sizes.html     as a picture and a table
    """
    from wasmdoctor.discover import STDIN
    from wasmdoctor.pipeline.why import WhyOptions
    from wasmdoctor.pipeline.why import why as run_why
    from wasmdoctor.reporters import why as report
    from wasmdoctor.toolchain import Toolchain

    if interface is None and not crate and not sizes:
        raise click.UsageError("name an interface, a component's path, or a crate with --crate")
    if format_ in ("html", "svg") and not (crate or sizes):
        raise click.UsageError(
            f"--format {format_} draws the sizes of code: ask for them with --sizes or --crate\n"
            "  `wasmdoctor graph` draws where imports come from"
        )
    if interface and (crate or sizes or Path(interface).exists()):
        paths = (interface, *paths)
        interface = None
    cwd = Path.cwd()
    pattern, _, named = (interface or "*").partition("#")
    function = function or named
    options = WhyOptions(
        paths=paths or source_paths(cwd),
        cwd=cwd,
        pattern=pattern,
        crate=crate,
        every=every,
        calls=calls or bool(function),
        function=function,
        sizes=sizes and not crate,
        host=host,
        flags=flags,
        target=target,
    )
    with explained():
        stdin = sys.stdin.buffer.read() if STDIN in options.paths else None
        found = run_why(options, load_catalog(), Toolchain(), stdin)
        answers, by_crate = found.whys, found.sizes
        if (sizes or format_ in ("html", "svg")) and not by_crate:
            fail(
                "there is no finished component", "sizes are those of code that was compiled: build it first"
            )
        if not answers and not any(each.of(crate) for each in by_crate.values()) and not options.sizes:
            wanted = f"{options.pattern}#{function}" if function else options.pattern
            what = f"crate `{crate}` brings" if crate else f"nothing imports `{wanted}`"
            fail(what + (" nothing" if crate else ""), "`wasmdoctor check -v` lists all imports")
        if format_ == "json":
            text = report.render_json(answers, by_crate)
        elif format_ in ("html", "svg"):
            shown = {path: each for path, each in by_crate.items() if not crate or each.of(crate)}
            text = _drawn(shown, format_)
        else:
            style = style_for(color, to_file=output is not None)
            parts = (report.render(answers, style), report.render_sizes(by_crate, crate, style))
            text = "\n".join(part for part in parts if part)
        write(text, output)


def _drawn(sizes: Mapping[str, CodeSizes], format_: str) -> str:
    """The sizes of code as a page, or as a picture, which can show one component only."""
    from wasmdoctor.reporters import treemap

    if not sizes:
        fail("no finished component has code of that crate", "without --format the text says what it brings")
    if format_ == "html":
        return treemap.page(sizes)
    if len(sizes) > 1:
        names = ", ".join(f"`{path}`" for path in sorted(sizes))
        fail(
            f"one picture shows one component, and there are {len(sizes)}: {names}",
            "name one of them, or use `--format html`",
        )
    ((path, only),) = sizes.items()
    return treemap.svg(only, path)
