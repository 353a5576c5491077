"""``wasmdoctor why``: the chain from a component to the WIT line, as `cargo tree -i` reads, but to its end."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.text import Text

from wasmdoctor.model.finding import CallChain, OriginStep, ReachedBy, Why
from wasmdoctor.model.sizes import CodeSizes
from wasmdoctor.reporters import sizes as report
from wasmdoctor.reporters.console import Style, written
from wasmdoctor.reporters.escape import one_line
from wasmdoctor.reporters.json import step_document
from wasmdoctor.reporters.jsontext import dumped
from wasmdoctor.reporters.links import link
from wasmdoctor.reporters.speech import heard, here

SCHEMA = 1
MINIMUM_TEXT = 20


def render(answers: Sequence[Why], style: Style) -> str:
    """Every import with its chains; the same chain for several imports of a component stands once."""

    def write(console: Console) -> None:
        subject = ""
        for answer in answers:
            if answer.subject != subject:
                if subject:
                    console.print()
                subject = answer.subject
                console.print(Text(one_line(subject), "bold"))
            _answer(console, answer, style)

    return written(style, write)


STATUS = {
    "unprovided": ("✗", "red", "nobody provides it"),
    "version": ("✗", "red", "the host has another version"),
    "host": ("✓", "green", "provided by the host"),
    "component": ("✓", "green", "provided by a component"),
    "configured": ("✓", "green", "provided, the configuration says"),
    "optional": ("·", "dim", "types only, needs nobody"),
    "std": ("·", "dim", "std may bring it"),
    "": ("→", "cyan", "exported"),
}


def _answer(console: Console, answer: Why, style: Style) -> None:
    mark, color, words = STATUS[answer.status]
    head = Text(f"{mark} ", color)
    head.append(one_line(answer.name), color)
    sure = ""
    if answer.certainty != "observed":
        sure = here(", {certainty} before a build", certainty=heard(answer.certainty))
    head.append(f"  {heard(words)}{sure}", "dim")
    console.print(head, soft_wrap=True)
    for number, chain in enumerate(answer.chains):
        if number:
            console.print(Text("  " + here("or"), "dim"))
        for depth, step in enumerate(chain):
            console.print(_step(step, depth, style), soft_wrap=True)
    if answer.note:
        console.print(Text(f"  {one_line(heard(answer.note))}", "dim"), soft_wrap=True)
    if answer.calls is not None:
        _calls(console, answer, style)


REACHED = {
    ReachedBy.OWN_EXPORTS: "",
    ReachedBy.TABLE: "only calls through tables may reach it, which the code does not decide",
    ReachedBy.LEAKED_EXPORTS: "only exports that linked crates brought reach it: it goes with them",
    ReachedBy.NOTHING: "no call in the component's code reaches it",
    ReachedBy.PERHAPS: "",
    ReachedBy.UNKNOWN: "",
}


def reached_words(reached: ReachedBy) -> str:
    """What to say of how an import is reached; "" when there is nothing to remark."""
    return REACHED[reached]


def _calls(console: Console, answer: Why, style: Style) -> None:
    """The ways through the code: those of the own exports in full; of leaked ones only when there are no others."""
    chains = answer.calls or ()
    own = [chain for chain in chains if not chain.leaked]
    for chain in own or chains:
        _call_chain(console, chain, style)
    for line in _remarks(answer, [chain for chain in chains if chain.leaked] if own else []):
        text = Text(one_line(line), "dim")
        for number, part in enumerate(text.wrap(console, max(console.width - 4, MINIMUM_TEXT))):
            part.rstrip()
            console.print(Text("    " if number else "  ").append_text(part), soft_wrap=True)


def _remarks(answer: Why, more: list[CallChain]) -> Iterator[str]:
    if more:
        names = list(dict.fromkeys(_root(chain) for chain in more))
        yield here("leaked exports reach it too: {names}", names=", ".join(names))
    if words := reached_words(answer.reached_by):
        yield heard(words)
    if answer.calls_note:
        yield heard(answer.calls_note)


def _root(chain: CallChain) -> str:
    """Where a run begins, as people call it."""
    if chain.kind != "export":
        return {"start": "the start function", "constructor": "a constructor"}.get(chain.kind, chain.kind)
    return f"{chain.export}#{chain.function}" if chain.function else chain.export


def _call_chain(console: Console, chain: CallChain, style: Style) -> None:
    kind = "" if chain.kind != "export" else "leaked export " if chain.leaked else "export "
    head = Text(f"  {kind}", "dim")
    head.append(one_line(_root(chain)), "bold")
    head.append(" reaches " if not chain.possible else " may reach ", "dim")
    head.append(one_line(chain.imported), "bold")
    console.print(head, soft_wrap=True)
    half = len(chain.steps) // 2
    for number, step in enumerate(chain.steps):
        if chain.omitted and number == half:
            console.print(Text(f"    … {chain.omitted} more functions …", "dim"), soft_wrap=True)
        _call(console, step, style, first=not number)


def _call(console: Console, step: OriginStep, style: Style, *, first: bool) -> None:
    """A function and its line; the line stands below when both are too long together."""
    line = Text("      " if first else "    → ", "dim")
    if step.possible:
        line.append("perhaps, through a table: ", "yellow")
    line.append(one_line(step.name))
    place = Text(one_line(str(step.location)), _linked(step, style)) if step.location.line else None
    if place is not None and line.cell_len + place.cell_len + 2 <= console.width:
        line.append("  ").append_text(place)
        place = None
    console.print(line, soft_wrap=True)
    if place is not None:
        console.print(Text("        ").append_text(place), soft_wrap=True)


def _linked(step: OriginStep, style: Style) -> str:
    return link(style.links if style.color else "", step.location.path, "blue")


def _step(step: OriginStep, depth: int, style: Style) -> Text:
    """One step, indented by its depth: what it is, its name, and the place as a link where that works."""
    arrow = "  " if not depth else "  " * depth + "└ "
    line = Text(f"  {arrow}", "dim")
    line.append(f"{one_line(heard(step.kind))} ", "dim")
    line.append(one_line(heard(step.name) if step.kind == "binding" else step.name), "bold")
    line.append("  ")
    line.append(one_line(str(step.location)), _linked(step, style))
    if step.evidence:
        line.append(f"  ({one_line(heard(step.evidence_text))})", "dim")
    return line


def render_sizes(sizes: Mapping[str, CodeSizes], crate: str, style: Style) -> str:
    """The code of each crate in each component, or of one crate in those that have it."""
    parts = []
    for path, found in sorted(sizes.items()):
        if crate and not found.of(crate):
            continue
        head = written(style, lambda console, path=path: console.print(Text(one_line(path), "bold")))  # type: ignore[misc]
        parts.append(head + (report.one(found, crate, style) if crate else report.table(found, style)))
    return "\n".join(parts)


def render_json(answers: Iterable[Why], sizes: Mapping[str, CodeSizes] | None = None) -> str:
    """The chains as lists of origin steps; with ``--calls`` also the ways through the code."""
    document: dict[str, Any] = {"schema": SCHEMA, "why": [_document(answer) for answer in answers]}
    if sizes:
        document["sizes"] = [_sizes_document(path, found) for path, found in sorted(sizes.items())]
    return dumped(document) + "\n"


def _sizes_document(path: str, sizes: CodeSizes) -> dict[str, Any]:
    """Bytes; ``own`` and ``leaked`` are null when it is not known which exports are the component's own."""
    reached = sizes.reached
    return {
        "component": path,
        "size": sizes.size,
        "code": sizes.code,
        "leaked": sizes.leaked if reached else None,
        "crates": [
            {
                "kind": row.kind.value,
                "language": row.language.value,
                "name": row.name or None,
                "packages": [{"name": id_.name, "version": id_.version} for id_ in row.packages],
                "bytes": row.bytes,
                "functions": row.functions,
                "own": row.own if reached else None,
                "leaked": row.leaked if reached else None,
            }
            for row in sizes.rows
        ],
    }


def _document(answer: Why) -> dict[str, Any]:
    document: dict[str, Any] = {
        "component": answer.subject,
        "name": answer.name,
        "kind": answer.kind,
        "status": answer.status or None,
        "certainty": answer.certainty,
        "functions": list(answer.functions),
        "chains": [[step_document(step) for step in chain] for chain in answer.chains],
        "note": answer.note,
    }
    if answer.calls is not None:
        document["reached_by"] = answer.reached_by.value
        document["calls"] = [_call_document(chain) for chain in answer.calls]
        document["calls_note"] = answer.calls_note
    return document


def _call_document(chain: CallChain) -> dict[str, Any]:
    return {
        "kind": chain.kind,
        "export": chain.export or None,
        "function": chain.function or None,
        "leaked": chain.leaked,
        "imported": chain.imported,
        "possible": chain.possible,
        "omitted": chain.omitted,
        "steps": [step_document(step) for step in chain.steps],
    }
