"""``wasmdoctor stub``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from wasmdoctor.cli.options import wasm_tools_option
from wasmdoctor.cli.output import explained, load_catalog, write

if TYPE_CHECKING:
    from wasmdoctor.pipeline.stub import Stub


@click.command()
@click.argument("interfaces", nargs=-1, required=True, metavar="INTERFACE...")
@click.option(
    "--from",
    "paths",
    multiple=True,
    metavar="PATH",
    help="A folder with its WIT, or a component that imports it; by default what lies around here. Repeatable.",
)
@click.option(
    "--output",
    "-o",
    type=click.Path(dir_okay=False),
    default="stub.wasm",
    show_default=True,
    metavar="FILE",
    help="Where the component goes.",
)
@wasm_tools_option
def stub(interfaces: tuple[str, ...], paths: tuple[str, ...], output: str, wasm_tools: str | None) -> None:
    """Make a component that exports interfaces and implements none of them.

    Its functions give the interface's own error for "not supported", or trap under their name. For tests,
    and to find out which import is really used.

    \b
    Examples:
      wasmdoctor stub my:app/store                          declared in the WIT around here
      wasmdoctor stub my:app/store --from app.wasm -o s.wasm
      wasmdoctor compose app.wasm s.wasm -o whole.wasm      and give it to the component
    """
    from wasmdoctor.pipeline.stub import stub as run_stub
    from wasmdoctor.toolchain import Toolchain

    with explained():
        made = run_stub(interfaces, paths, output, Path.cwd(), load_catalog(), Toolchain(wasm_tools))
        write(_stub_text(made), None)


def _stub_text(made: Stub) -> str:
    from wasmdoctor.reporters.escape import safe

    lines = [f"{safe(made.output)}: {made.size:,} bytes, from {safe(made.source)}"]
    for interface in made.interfaces:
        own = [function for function in made.functions if function.interface == interface]
        answers = sum(bool(function.answer) for function in own)
        why = "  (its resources are used)" if interface in made.also else ""
        lines.append(
            f"  exports {safe(interface)}: {answers} functions give an error, {len(own) - answers} trap{why}"
        )
    return "\n".join(lines) + "\n"
