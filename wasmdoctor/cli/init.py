"""``wasmdoctor init``."""

from __future__ import annotations

from pathlib import Path

import click

from wasmdoctor.cli.options import wasm_tools_option
from wasmdoctor.cli.output import explained, fail, load_catalog, say, shown, write


@click.command()
@click.argument("folder", required=False, type=click.Path(exists=True, file_okay=False))
@click.option("--force", is_flag=True, help="Overwrite a wasmdoctor.toml that is there.")
@click.option("--print", "as_text", is_flag=True, help="Write it to standard output, and no file.")
@wasm_tools_option
def init(folder: str | None, force: bool, as_text: bool, wasm_tools: str | None) -> None:
    """Write a wasmdoctor.toml from what is found here, or in FOLDER.

    Hosts are guessed from spin.toml, wadm.yaml, package.json and Cargo.lock; interfaces that nobody
    provides are listed, so that you can say who does. Every other setting is there as a comment.

    \b
    Examples:
      wasmdoctor init
      wasmdoctor init --print crates/api     to look at it first
    """
    from wasmdoctor.pipeline.init import survey
    from wasmdoctor.pipeline.settings import config_in
    from wasmdoctor.readers.config import FILE_NAMES, KEYS
    from wasmdoctor.reporters.configfile import render
    from wasmdoctor.toolchain import Toolchain

    top = Path.cwd() / (folder or ".")
    there = config_in(top)
    target = there if there is not None and there.name in FILE_NAMES else top / FILE_NAMES[0]
    if there is not None and not force and not as_text:
        fail(
            f"`{shown(there)}` configures wasmdoctor already",
            "--force overwrites it, --print shows a new one",
        )
    if there is not None and there.name not in FILE_NAMES and not as_text:
        fail(f"`{shown(there)}` configures wasmdoctor, and a file of its own would hide that", "edit it")
    with explained():
        found = survey(top, load_catalog(), Toolchain(wasm_tools))
    text = render(found.hosts, found.custom, KEYS)
    write(text, None if as_text else str(target))
    if not as_text:
        hosts = ", ".join(guess.host for guess in found.hosts) or "wasmtime"
        count = len(found.custom)
        words = "custom interface" if count == 1 else "custom interfaces"
        say(f"wrote {shown(target)}: {hosts}, {count} {words} that nobody provides")
