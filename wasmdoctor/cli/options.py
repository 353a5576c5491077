"""Options that several commands have, so that they mean and read the same everywhere."""

from __future__ import annotations

import functools
from collections.abc import Callable

import click

FORMATS = ("text", "json")


SEVERITIES = ("error", "warning", "note", "never")


COLORS = ("auto", "always", "never")


PLANS = ("a", "b", "c")


def _one_host(ctx: click.Context, param: click.Parameter, value: tuple[str, ...]) -> str:
    """The host of a command that judges by one. Raises UsageError for several."""
    if len(value) > 1:
        raise click.UsageError(
            f"`{ctx.info_name}` judges by one host, and there are {len(value)}: {', '.join(value)}\n"
            "  `wasmdoctor check` takes several"
        )
    return value[0]


host_option = click.option(
    "--host",
    multiple=True,
    default=("wasmtime",),
    show_default="wasmtime",
    callback=_one_host,
    metavar="HOST",
    help="The one host to judge by: NAME, NAME@VERSION or NAME@VERSION:MODE; `wasmdoctor hosts` lists them.",
)


hosts_option = click.option(
    "--host",
    "hosts",
    multiple=True,
    default=("wasmtime",),
    show_default="wasmtime",
    metavar="HOST",
    help="The host to judge by: NAME, NAME@VERSION or NAME@VERSION:MODE; `wasmdoctor hosts` lists them. "
    "Repeatable, or several with commas between.",
)


flags_option = click.option(
    "--host-flag",
    "-S",
    "flags",
    multiple=True,
    metavar="FLAG",
    help="A flag that the host is started with, as in `wasmtime -S http`. Repeatable.",
)


target_option = click.option(
    "--target",
    metavar="TRIPLE",
    help="The wasm target to read sources for; by default the one that was built last.",
)


format_option = click.option(
    "--format",
    "format_",
    type=click.Choice(FORMATS),
    default="text",
    show_default=True,
    help="How to write it.",
)


color_option = click.option(
    "--color",
    type=click.Choice(COLORS),
    default="auto",
    show_default=True,
    help="Colour in text. NO_COLOR and FORCE_COLOR count as well.",
)


wasm_tools_option = click.option(
    "--wasm-tools",
    "wasm_tools",
    metavar="PATH",
    help="The wasm-tools to use. [env: WASMDOCTOR_WASM_TOOLS]",
)


bridge_option = click.option(
    "--bridge",
    type=click.Choice(("wasi", "stub")),
    default="wasi",
    show_default=True,
    help="What takes the place of custom imports: standard WASI where it can, or refusals only.",
)


cache_option = click.option(
    "--no-cache",
    is_flag=True,
    expose_value=False,
    help="Look at everything again, and keep nothing. [env: WASMDOCTOR_NO_CACHE]",
)
"""For those whose answers are kept; the option itself is seen to before the command line is read."""

jobs_option = click.option(
    "--jobs",
    "-j",
    type=click.IntRange(0, 256),
    default=0,
    metavar="N",
    help="Processes that read binaries; by default one a processor.",
)

keep_wit_option = click.option(
    "--keep-wit", is_flag=True, help="Leave the WIT of libraries that stop being components where it is."
)


def adapter_options(command: Callable[..., None]) -> Callable[..., None]:
    """Options of plan B. The command gets those given as one mapping, ``own_adapter``."""

    @click.option("--adapter-name", default="", metavar="NAME", help="Plan B: what its new crate is called.")
    @click.option("--adapter-folder", default="", metavar="DIR", help="Plan B: where its new crate goes.")
    @click.option(
        "--adapter-from",
        default="",
        metavar="FILE",
        help="Plan B: a component that you have, instead of a new crate.",
    )
    @functools.wraps(command)
    def taken(
        *args: object, adapter_name: str, adapter_folder: str, adapter_from: str, **options: object
    ) -> None:
        given = {
            "adapter_name": adapter_name,
            "adapter_folder": adapter_folder,
            "adapter_from": adapter_from,
        }
        command(*args, own_adapter=given, **options)

    return taken
