"""Makes the parts of docs/origins.md that show real components: what wasmdoctor says of the committed ones.

`python scripts/make_origins.py` writes them, `--check` fails when one is not current.
"""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pages

from wasmdoctor.catalog import Catalog
from wasmdoctor.model.finding import Report
from wasmdoctor.model.names import ExternName
from wasmdoctor.pipeline import CheckOptions, check
from wasmdoctor.pipeline.why import WhyOptions, why
from wasmdoctor.reporters.console import Style
from wasmdoctor.reporters.sizes import label, number, share
from wasmdoctor.reporters.why import render
from wasmdoctor.toolchain import Toolchain

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs/origins.md"
FIXTURE = ROOT / "fixtures/scheduler"
RECORD = ROOT / "fixtures/workspaces/leak-shapes/expected.toml"
APPLICATION = "prebuilt/scheduler.wasm"
INTERFACE = "scheduler:core-libs/wasi-tcp"
STYLE = Style(width=110)

SHAPES = {
    "called": "a function that calls the import is called",
    "opaque": "the same, but the call is behind a condition that only a run decides",
    "other": "only another function of it is called",
    "exporter": "has `export!`; only a plain function of it is called",
    "named": "has `export!`; named in Cargo.toml, no path of it used in Rust",
    "types": "only an enum of its bindings is used",
    "shapes": "the application's own world imports an interface that nothing calls",
}
"""What each package of the workspace `leak-shapes` shows."""


def shapes() -> str:
    """The table of the seven shapes, from the records of real builds."""
    components = tomllib.loads(RECORD.read_text("utf-8"))["component"]
    lines = [
        "| the library | its section in the module | its import in the component | its export in the component |",
        "|---|---|---|---|",
    ]
    for package, words in SHAPES.items():
        cells = (
            _cell(components, f"component-type:wit-bindgen:0.48.1:water:{package}@", "sections"),
            _cell(components, f"water:{package}/gauge@", "imports"),
            _cell(components, f"water:{package}/gate@", "exports"),
        )
        lines.append(f"| {words} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _cell(components: list[dict[str, Any]], start: str, field: str) -> str:
    """Whether something that begins so is there: in all builds, or in those of one profile."""
    there = {
        profile: {
            any(name.startswith(start) for name in component[field])
            for component in components
            if component["profile"] == profile and field in component
        }
        for profile in ("debug", "release")
    }
    assert all(len(found) == 1 for found in there.values()), f"targets differ: {start} {there}"
    debug, release = (found.pop() for found in there.values())
    if debug == release:
        return "yes" if debug else "no"
    return f"debug {'yes' if debug else 'no'}, release {'yes' if release else 'no'}"


def _explained() -> str:
    options = WhyOptions((APPLICATION,), FIXTURE, INTERFACE, calls=True)
    return render(why(options, Catalog(), Toolchain()).whys, STYLE)


def chain() -> str:
    """The chain of crates."""
    lines = _explained().splitlines()
    end = next(number for number, line in enumerate(lines) if line.startswith("  export "))
    return _console(f"wasmdoctor why {INTERFACE} {APPLICATION}", lines[:end])


def calls() -> str:
    """The path through the code."""
    lines = _explained().splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith("  export "))
    return _console(f"wasmdoctor why {INTERFACE} {APPLICATION} --calls", ["...", *lines[start:]])


def _console(command: str, lines: list[str]) -> str:
    return "\n".join(["```console", f"$ {command}", *lines, "```"])


def _checked() -> Report:
    return check(CheckOptions(("prebuilt",), FIXTURE), Catalog(), Toolchain())


def reached() -> str:
    """What reaches each import that nobody provides, in each of the committed components."""
    names: dict[str, None] = {}
    rows: dict[str, dict[str, str]] = {}
    for component in _checked().components:
        for item in component.imports:
            if item.reached_by is not None:
                short = ExternName.parse(item.name).interface or item.name
                names[short] = None
                rows.setdefault(component.path, {})[short] = item.reached_by.value
    lines = [f"| component | {' | '.join(f'`{name}`' for name in names)} |", "|---" * (len(names) + 1) + "|"]
    for path, found in rows.items():
        lines.append(f"| `{path}` | {' | '.join(found.get(name, '-') for name in names)} |")
    return "\n".join(lines)


def sizes() -> str:
    """The code of each crate of the application."""
    (found,) = why(WhyOptions((APPLICATION,), FIXTURE, sizes=True), Catalog(), Toolchain()).sizes.values()
    part = share(found.leaked, found.code)
    lines = [
        f"Of the {number(found.size)} bytes of `{APPLICATION}`, {number(found.code)} are code,",
        f"and {number(found.leaked)} of these ({part}) are there for leaked exports only:",
        "",
        "| code of | bytes | for leaked exports only |",
        "|---|---:|---:|",
    ]
    lines += [f"| {label(row)} | {number(row.bytes)} | {number(row.leaked)} |" for row in found.rows]
    return "\n".join(lines)


PARTS: dict[str, Callable[[], str]] = {
    "shapes": shapes,
    "chain": chain,
    "calls": calls,
    "reached": reached,
    "sizes": sizes,
}


def made(text: str) -> str:
    """The page with its parts made anew."""
    return pages.filled(text, PARTS)


def main() -> int:
    check = pages.parser(__doc__).parse_args().check
    return pages.keep({PAGE: made(PAGE.read_text("utf-8"))}, only_check=check)


if __name__ == "__main__":
    sys.exit(main())
