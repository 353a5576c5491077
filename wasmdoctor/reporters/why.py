"""``wasmdoctor why``: the chain from a component to the WIT line, as `cargo tree -i` reads, but to its end."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from rich.console import Console
from rich.text import Text

from wasmdoctor.model.finding import OriginStep, Why
from wasmdoctor.reporters.console import Style, written
from wasmdoctor.reporters.escape import safe
from wasmdoctor.reporters.json import step_document

SCHEMA = 1


def render(answers: Sequence[Why], style: Style) -> str:
    """Every import with its chains; the same chain for several imports of a component stands once."""

    def write(console: Console) -> None:
        subject = ""
        for answer in answers:
            if answer.subject != subject:
                if subject:
                    console.print()
                subject = answer.subject
                console.print(Text(safe(subject), "bold"))
            _answer(console, answer, style)

    return written(style, write)


STATUS = {
    "unprovided": ("✗", "red", "nobody provides it"),
    "version": ("✗", "red", "the host has another version"),
    "host": ("✓", "green", "provided by the host"),
    "component": ("✓", "green", "provided by a component"),
    "optional": ("·", "dim", "types only, needs nobody"),
    "std": ("·", "dim", "std may bring it"),
    "": ("→", "cyan", "exported"),
}


def _answer(console: Console, answer: Why, style: Style) -> None:
    mark, color, words = STATUS[answer.status]
    head = Text(f"{mark} ", color)
    head.append(safe(answer.name), color)
    sure = "" if answer.certainty == "observed" else f", {answer.certainty} before a build"
    head.append(f"  {words}{sure}", "dim")
    console.print(head, soft_wrap=True)
    for number, chain in enumerate(answer.chains):
        if number:
            console.print(Text("  or", "dim"))
        for depth, step in enumerate(chain):
            console.print(_step(step, depth, style), soft_wrap=True)
    if answer.note:
        console.print(Text(f"  {safe(answer.note)}", "dim"), soft_wrap=True)


def _step(step: OriginStep, depth: int, style: Style) -> Text:
    """One step, indented by its depth: what it is, its name, and the place as a link where that works."""
    arrow = "  " if not depth else "  " * depth + "└ "
    line = Text(f"  {arrow}", "dim")
    line.append(f"{safe(step.kind)} ", "dim")
    line.append(safe(step.name), "bold")
    place = safe(str(step.location))
    link = f"link file://{style.links}/{step.location.path}" if style.links and style.color else ""
    line.append("  ")
    line.append(place, f"blue {link}".strip())
    if step.evidence:
        line.append(f"  ({safe(step.evidence_text)})", "dim")
    return line


def render_json(answers: Iterable[Why]) -> str:
    """The chains as lists of origin steps."""
    document: dict[str, Any] = {
        "schema": SCHEMA,
        "why": [
            {
                "component": answer.subject,
                "name": answer.name,
                "kind": answer.kind,
                "status": answer.status or None,
                "certainty": answer.certainty,
                "functions": list(answer.functions),
                "chains": [[step_document(step) for step in chain] for chain in answer.chains],
                "note": answer.note,
            }
            for answer in answers
        ],
    }
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"
