"""``wasmdoctor hosts``."""

from __future__ import annotations

import click

from wasmdoctor.cli.options import color_option, flags_option
from wasmdoctor.cli.output import explained, load_catalog, style_for, write


@click.command()
@click.argument("host", required=False)
@flags_option
@color_option
def hosts(host: str | None, flags: tuple[str, ...], color: str) -> None:
    """List the hosts known, or what one HOST provides (`wasmdoctor hosts wasmtime@29:serve`)."""
    from wasmdoctor.reporters import hosts as report

    with explained():
        catalog = load_catalog()
        style = style_for(color)
        text = report.one(catalog.host(host, flags), style) if host else report.table(catalog.hosts(), style)
        write(text, None)
