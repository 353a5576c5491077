"""``wasmdoctor tools``: which programs were found, where, and what each is for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from rich.console import Console
from rich.table import Table
from rich.text import Text

from wasmdoctor.reporters.console import Style, written
from wasmdoctor.reporters.escape import safe
from wasmdoctor.toolchain import NEIGHBOURS, Candidate, Tool


def table(
    wasm_tools: Tool | None,
    problem: str,
    neighbours: Mapping[str, Tool | None],
    candidates: Iterable[Candidate],
    style: Style,
) -> str:
    """The programs as a table; ``problem`` says why there is no wasm-tools."""

    def write(console: Console) -> None:
        grid = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, show_header=False)
        grid.add_column(no_wrap=True)
        grid.add_column(no_wrap=True)
        grid.add_column(overflow="fold")
        if wasm_tools:
            where = f"{wasm_tools.path} ({wasm_tools.source})"
            grid.add_row(Text("✓ wasm-tools", "green"), wasm_tools.version_text, safe(where))
        else:
            grid.add_row(Text("✗ wasm-tools", "red"), "", "typed questions and --validate need it")
        for name, tool in neighbours.items():
            if tool:
                version = tool.version_text if any(tool.version) else "?"
                grid.add_row(
                    Text(f"✓ {name}", "green"), version, f"{NEIGHBOURS[name]} · {safe(str(tool.path))}"
                )
            else:
                grid.add_row(Text(f"· {name}", "dim"), "", Text(f"not installed; {NEIGHBOURS[name]}", "dim"))
        console.print(grid)
        for candidate in candidates:
            if candidate.refused:
                line = f"not taken: {candidate.path} ({candidate.source}): {candidate.refused}"
                console.print(Text(safe(line), "dim"))
        if problem:
            console.print(Text(safe(problem), "red"))

    return written(style, write)
