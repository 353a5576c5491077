"""What the editor shows in words, as Markdown. Names come from files: they are put where they cannot be markup."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from wasmdoctor.lsp.judging import Answer, Way
from wasmdoctor.lsp.mentions import Target
from wasmdoctor.model.finding import Finding
from wasmdoctor.model.rule import Lint
from wasmdoctor.model.wit import Function, Interface, TypeDef, World
from wasmdoctor.reporters.ci import step_text
from wasmdoctor.reporters.escape import one_line

MOST_LINES = 12
"""Lines of one list in a hover; what is left out is counted."""

MOST_DOCS = 4000
"""Characters of documentation that are shown."""


def code(text: str) -> str:
    """A name in a sentence."""
    return f"`{one_line(text).replace('`', chr(39))}`"


def block(language: str, lines: Iterable[str]) -> str:
    """Lines of code."""
    inner = "\n".join(one_line(line).replace("```", "'''") for line in lines)
    return f"```{language}\n{inner}\n```"


def some(items: Sequence[str], most: int = MOST_LINES) -> Iterator[str]:
    """The first of many, and how many are left out."""
    yield from items[:most]
    if len(items) > most:
        yield f"... and {len(items) - most} more"


def hover(target: Target, docs: str, answer: Answer | None) -> str:
    """What a name in WIT means: its declaration, its documentation, and who provides and imports it."""
    thing = target.thing
    parts = [block("wit", _declaration(thing)), docs[:MOST_DOCS].strip()]
    if isinstance(thing, Interface):
        parts.append(provided(thing.name, answer))
    elif isinstance(thing, World):
        parts.append(imported(thing, answer))
    elif target.owner is not None:
        parts.append(f"in {code(target.owner.name)}")
    return "\n\n".join(part for part in parts if part)


def _declaration(thing: Interface | World | TypeDef | Function) -> Iterator[str]:
    if isinstance(thing, Interface):
        yield f"interface {thing.name} {{"
        lines = [f"    {resource}: resource" for resource in thing.resources]
        lines += [f"    {function.name}: {function.signature}" for function in thing.functions.values()]
        yield from some(lines)
        yield "}"
    elif isinstance(thing, World):
        yield f"world {thing.name} {{"
        lines = [f"    import {name}" for name in thing.imports] + [
            f"    export {name}" for name in thing.exports
        ]
        yield from some(lines)
        yield "}"
    elif isinstance(thing, Function):
        yield f"{thing.name}: {thing.signature}"
    else:
        yield _type(thing)


def _type(type_: TypeDef) -> str:
    if type_.target is not None:
        return f"type {type_.name} = {type_.target.text}"
    members = [m.name if m.type is None else f"{m.name}: {m.type.text}" for m in type_.members]
    inner = f" {{ {', '.join(some(members))} }}" if members else ""
    return f"{type_.kind.value} {type_.name}{inner}"


def provided(name: str, answer: Answer | None) -> str:
    """Who provides an interface, and who imports it."""
    if answer is None:
        return "*who provides it is being looked up*"
    lines = [f"- {sentence}" for sentence in answer.hosted.get(name, ())]
    lines += [f"- {code(path)} exports it" for path in answer.exporters.get(name, ())]
    for each in answer.imports.get(name, ()):
        lines.append(f"- {code(each.component)} imports it; provided by {each.provider}")
    if name not in answer.imports and not answer.failure:
        lines.append("- no component here imports it")
    return "\n".join(some(lines))


def imported(world: World, answer: Answer | None) -> str:
    """What a world imports that no host has."""
    if answer is None:
        return ""
    lines = []
    for name, item in world.imports.items():
        if item.interface is None:
            continue
        lines += [f"- {code(name)}: {each}" for each in answer.hosted.get(name, ()) if "does not" in each]
    return "\n".join(some(lines))


def brought(ways: Sequence[Way]) -> str:
    """What comes in through a line: a dependency, or a binding."""
    by_component: dict[str, list[Way]] = {}
    for way in ways:
        by_component.setdefault(way.component, []).append(way)
    parts = []
    for component, each in sorted(by_component.items()):
        each = sorted(each, key=lambda way: (not way.unprovided, way.name))
        lines = [f"- {code(way.name)}" + (": nobody provides it" if way.unprovided else "") for way in each]
        parts.append(f"Brings into {code(component)}:\n\n" + "\n".join(some(lines)))
    return "\n\n".join(parts)


def why(finding: Finding) -> str:
    """The chain from a component to the line that brings an import in."""
    parts = [f"# {finding.code} {finding.name}", one_line(finding.message), f"In {code(finding.subject)}:"]
    if finding.origin:
        parts.append(
            "\n".join(f"{n}. {one_line(step_text(step))}" for n, step in enumerate(finding.origin, 1))
        )
    else:
        parts.append(f"1. {one_line(str(finding.location))}")
    if finding.related:
        parts.append(
            "\n".join(f"- {one_line(text)}: {one_line(str(place))}" for place, text in finding.related)
        )
    if finding.help:
        parts.append("## What to do\n\n" + "\n".join(map(one_line, finding.help.splitlines())))
    return "\n\n".join(parts) + "\n"


def explain(lint: Lint) -> str:
    """One rule as a page."""
    parts = [f"# {lint.code} {lint.name}", lint.summary, "## What it means", lint.what.strip()]
    parts += ["## Why it happens", lint.why.strip(), "## Example", "Before:"]
    parts += [f"```{lint.example.language}\n{lint.example.before.strip()}\n```", "After:"]
    parts += [f"```{lint.example.language}\n{lint.example.after.strip()}\n```", "## How to fix it"]
    for fix in lint.fixes:
        parts += [f"### {fix.title}" + (f" (plan {fix.plan})" if fix.plan else ""), fix.text.strip()]
    if lint.references:
        lines = [f"- {each.title}" + (f": {each.note}" if each.note else "") for each in lint.references]
        parts += ["## References", "\n".join(lines)]
    return "\n\n".join(parts) + "\n"
