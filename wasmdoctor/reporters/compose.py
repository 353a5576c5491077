"""``wasmdoctor compose``: the wiring as a tree, as JSON, or as a .wac document."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.text import Text

from wasmdoctor.model.composition import Composed, Composition, Wire
from wasmdoctor.model.finding import Finding
from wasmdoctor.reporters.console import SEVERITY_STYLE, Style, written
from wasmdoctor.reporters.escape import one_line
from wasmdoctor.reporters.json import finding_document
from wasmdoctor.reporters.jsontext import dumped

SCHEMA = 1


def render(made: Composed, style: Style) -> str:
    """For people: who gets what from whom, what stays imported, and what is wrong."""

    composition = made.composition

    def write(console: Console) -> None:
        if composition.root:
            _instance(console, composition, composition.root, 0, set())
            _rest(console, composition, made.host)
        elif composition.candidates:
            console.print(
                Text("these components are needed by no other: name the one that is meant with --root")
            )
            for path in composition.candidates:
                console.print(Text(f"  {one_line(path)}", "bold"), soft_wrap=True)
        for finding in made.findings:
            _finding(console, finding)
        if made.made_by:
            console.print()
            line = Text("✓ ", "green")
            line.append(one_line(made.output), "bold")
            line.append(
                f"  {made.size:,} bytes, made by {one_line(made.made_by)}, {len(made.imports)} imports", "dim"
            )
            console.print(line, soft_wrap=True)
        elif len(composition.order) == 1 and not composition.root.endswith(".wac"):
            console.print(Text("nothing to wire: no component gives anything to another", "dim"))

    return written(style, write)


def _instance(
    console: Console,
    composition: Composition,
    path: str,
    depth: int,
    seen: set[str],
    gives: Sequence[Wire] = (),
) -> None:
    """A component, what it gives, and the components that it is given; below one shown before, nothing."""
    line = Text("  " * depth + ("└ " if depth else ""), "dim")
    line.append(one_line(path), "bold")
    if path in seen:
        line.append("  (as above)", "dim")
    console.print(line, soft_wrap=True)
    for wire in gives:
        text = Text("  " * depth + "  gives ", "dim")
        text.append(one_line(wire.export), "cyan")
        text.append(f" for {one_line(wire.name)}" if wire.name != wire.export else "", "dim")
        console.print(text, soft_wrap=True)
    if path in seen:
        return
    seen.add(path)
    wires = [wire for wire in composition.wires if wire.consumer == path]
    for provider in dict.fromkeys(wire.provider for wire in wires):
        _instance(
            console, composition, provider, depth + 1, seen, [w for w in wires if w.provider == provider]
        )


def _rest(console: Console, composition: Composition, host: str) -> None:
    kept = set(composition.host)
    others = [name for name in composition.imports if name not in kept]
    if kept:
        console.print(Text(f"{len(kept)} imports are left to {one_line(host)}", "dim"), soft_wrap=True)
    missing = {extern.name for _, extern in composition.missing}
    missing |= {double.name for double in composition.doubles}
    free = [name for name in others if name not in missing]
    if free:
        console.print(Text(f"imports of types only: {', '.join(map(one_line, free))}", "dim"), soft_wrap=True)
    if composition.unused:
        console.print(
            Text(f"not needed: {', '.join(map(one_line, composition.unused))}", "dim"), soft_wrap=True
        )


def _finding(console: Console, finding: Finding) -> None:
    console.print()
    line = Text(f"{finding.severity.value}[{finding.code}]", SEVERITY_STYLE[finding.severity])
    line.append(f" {one_line(finding.message)}")
    console.print(line)
    console.print(Text(f"  at {one_line(str(finding.location))}", "dim"), soft_wrap=True)
    for text in finding.help.splitlines():
        console.print(Text(f"  help: {one_line(text)}"))


def render_json(made: Composed) -> str:
    """For programs; ``result`` is null when nothing was made."""
    composition = made.composition
    document: dict[str, Any] = {
        "schema": SCHEMA,
        "host": made.host,
        "root": composition.root or None,
        "candidates": list(composition.candidates),
        "order": list(composition.order),
        "unused": list(composition.unused),
        "wires": [
            {"consumer": w.consumer, "import": w.name, "provider": w.provider, "export": w.export}
            for w in composition.wires
        ],
        "imports": list(composition.imports),
        "exports": [extern.name for extern in composition.exports],
        "missing": [{"consumer": path, "import": extern.name} for path, extern in composition.missing],
        "cycles": [list(ring) for ring in composition.cycles],
        "findings": [finding_document(finding) for finding in made.findings],
        "result": {
            "path": made.output,
            "size": made.size,
            "made_by": made.made_by,
            "imports": list(made.imports),
        }
        if made.made_by
        else None,
    }
    return dumped(document) + "\n"
