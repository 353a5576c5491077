"""Makes the generated parts of the docs: the pictures in the README and the rule reference.

`python scripts/make_docs.py` writes them, `--check` fails when one is not current.
"""

from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path

import pages
from rich.console import Console
from rich.text import Text

from wasmdoctor.catalog import Catalog
from wasmdoctor.checks import CODES
from wasmdoctor.reporters.rules import FIXED

ROOT = Path(__file__).parent.parent
WIDTH = 104

# Without the web fonts that rich's own template asks for: the picture must need nothing from outside.
SVG = """\
<svg class="rich-terminal" xml:space="preserve" viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg">
<style>
.{unique_id}-matrix {{ font-family: ui-monospace, Menlo, Consolas, "DejaVu Sans Mono", monospace; \
font-size: {char_height}px; line-height: {line_height}px; white-space: pre; }}
.{unique_id}-title {{ font-size: 18px; font-weight: bold; font-family: sans-serif; }}
{styles}
</style>
<defs>
<clipPath id="{unique_id}-clip-terminal">
<rect x="0" y="0" width="{terminal_width}" height="{terminal_height}" />
</clipPath>
{lines}
</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}
<g class="{unique_id}-matrix">
{matrix}
</g>
</g>
</svg>
"""


def picture() -> str:
    """What `check` says of the fixture's application, as SVG."""
    command = ["check", "prebuilt/scheduler.wasm", "--color", "always"]
    done = subprocess.run(
        [sys.executable, "-m", "wasmdoctor", *command],
        cwd=ROOT / "fixtures/scheduler",
        capture_output=True,
        text=True,
        env={**os.environ, "COLUMNS": str(WIDTH), "PYTHONIOENCODING": "utf-8"},
        check=False,
    )
    assert done.returncode == 1, done.stderr
    console = Console(record=True, width=WIDTH, file=io.StringIO(), force_terminal=True, legacy_windows=False)
    console.print(Text("$ wasmdoctor check prebuilt/scheduler.wasm", "bold"))
    console.print(Text.from_ansi(done.stdout))
    return console.export_svg(title="wasmdoctor", code_format=SVG, unique_id="wasmdoctor")


def graph() -> str:
    """The graph of the fixture's application, as SVG."""
    done = subprocess.run(
        [sys.executable, "-m", "wasmdoctor", "graph", "prebuilt/scheduler.wasm", "--format", "svg"],
        cwd=ROOT / "fixtures/scheduler",
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONIOENCODING": "utf-8"},
        check=True,
    )
    return done.stdout


def rules() -> str:
    """The rule reference as Markdown."""
    parts = ["# Rules", "", "Made from `rules/lints/`; `wasmdoctor explain CODE` shows the same.", ""]
    parts += ["| code | name | severity | fix | what |", "|---|---|---|---|---|"]
    lints = [lint for lint in Catalog().lints if lint.code in CODES]
    parts += [
        f"| [{lint.code}](#{lint.code.lower()}-{lint.name}) | {lint.name} | {lint.severity.value} | {lint.fix} | {lint.summary} |"
        for lint in lints
    ]
    for lint in lints:
        plans = f" Plans that cure it: {', '.join(lint.plans)}." if lint.plans else ""
        parts += ["", f"## {lint.code} {lint.name}", "", lint.summary + plans]
        parts += ["", lint.what.strip(), "", "**Why it happens.** " + lint.why.strip()]
        for label, code in (("Before", lint.example.before), ("After", lint.example.after)):
            parts += ["", f"{label}:", "", f"```{lint.example.language}", code.strip("\n"), "```"]
        if lint.fix:
            parts += ["", FIXED[lint.fix]]
        for fix in lint.fixes:
            plan = f" (plan {fix.plan})" if fix.plan else ""
            parts += ["", f"**{fix.title}{plan}.** {fix.text.strip()}"]
        if lint.references:
            parts += [
                "",
                "References: "
                + "; ".join(r.title + (f" ({r.note})" if r.note else "") for r in lint.references),
            ]
    return "\n".join(parts) + "\n"


GENERATED = {"docs/check.svg": picture, "docs/graph.svg": graph, "docs/rules.md": rules}


def main() -> int:
    check = pages.parser(__doc__).parse_args().check
    return pages.keep({ROOT / name: make() for name, make in GENERATED.items()}, only_check=check)


if __name__ == "__main__":
    sys.exit(main())
