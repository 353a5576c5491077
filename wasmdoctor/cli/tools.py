"""``wasmdoctor tools``."""

from __future__ import annotations

import sys
from typing import Any

import click

from wasmdoctor.cli.options import color_option, wasm_tools_option
from wasmdoctor.cli.output import CLEAN, FAILED, style_for, write


@click.command()
@wasm_tools_option
@color_option
def tools(wasm_tools: str | None, color: str) -> None:
    """Show which other programs were found, and what each is for.

    \b
    Examples:
      wasmdoctor tools
      wasmdoctor tools --wasm-tools ../bin/wasm-tools
    """
    from wasmdoctor.reporters import tools as report
    from wasmdoctor.toolchain import Toolchain, ToolError, survey

    toolchain = Toolchain(wasm_tools)
    problem = ""
    try:
        found: Any = toolchain.wasm_tools
    except ToolError as error:
        found, problem = None, str(error)
    write(report.table(found, problem, survey(toolchain), toolchain.candidates, style_for(color)), None)
    sys.exit(CLEAN if found else FAILED)
