"""``wasmdoctor lsp``."""

from __future__ import annotations

import sys

import click

from wasmdoctor.cli.options import wasm_tools_option
from wasmdoctor.cli.output import fail


@click.command()
@click.option("--stdio", is_flag=True, help="Over standard input and output; so it is by default.")
@click.option(
    "--tcp", metavar="[HOST:]PORT", help="Wait for one connection instead; HOST is 127.0.0.1 by default."
)
@click.option(
    "--host",
    "hosts",
    multiple=True,
    metavar="HOST",
    help="The host to judge by, instead of those of the configuration. Repeatable.",
)
@click.option(
    "--host-flag",
    "-S",
    "flags",
    multiple=True,
    metavar="FLAG",
    help="A flag that the host is started with, as in `wasmtime -S http`. Repeatable.",
)
@click.option(
    "--config",
    type=click.Path(dir_okay=False, resolve_path=True),
    metavar="FILE",
    help="The configuration to use.",
)
@click.option("--isolated", is_flag=True, help="Use no configuration.")
@wasm_tools_option
def lsp(
    stdio: bool,
    tcp: str | None,
    hosts: tuple[str, ...],
    flags: tuple[str, ...],
    config: str | None,
    isolated: bool,
    wasm_tools: str | None,
) -> None:
    """Serve an editor: findings while you type, who provides what, definitions, fixes.

    Speaks the Language Server Protocol for WIT, Rust, Cargo.toml, .wac and wasmdoctor.toml. Editors start it
    themselves; docs/editor.md says how, for each.

    \b
    Examples:
      wasmdoctor lsp
      wasmdoctor lsp --host wasmtime@46
    """
    if stdio and tcp is not None:
        raise click.UsageError("--stdio and --tcp do not go together")
    if config is not None and isolated:
        raise click.UsageError("--config and --isolated do not go together")
    address = _address(tcp) if tcp is not None else None
    try:
        from wasmdoctor.lsp.server import Options, serve
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in ("pygls", "lsprotocol", "cattrs", "attrs"):
            raise
        fail("the language server needs more packages", "pip install 'wasmdoctor[lsp]'")
    try:
        code = serve(Options(hosts, flags, config, isolated, wasm_tools), tcp=address)
    except OSError as error:
        fail(f"cannot listen at `{tcp}`: {(error.strerror or str(error)).lower()}", "choose another port")
    sys.exit(code)


def _address(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    if not port.isdigit() or int(port) > 65535:
        raise click.UsageError(f"`{text}` is no port: give --tcp PORT, or --tcp HOST:PORT")
    return host.strip("[]") or "127.0.0.1", int(port)
