"""Rules about what could not be read or asked at all."""

from __future__ import annotations

from collections.abc import Iterator

from wasmdoctor.checks.facts import Draft, Facts
from wasmdoctor.model.source import Location
from wasmdoctor.model.text import joined, phrase, say


def unreadable_wasm(facts: Facts) -> Iterator[Draft]:
    """WD001: a binary that is cut off, malformed, invalid, or of a kind that nobody has defined."""
    for file in facts.files:
        inside = file.component or file.module
        for problem in (*file.problems, *(inside.problems if inside else ())):
            yield Draft(file.path, phrase(problem.message), problem.location, help=phrase(problem.help))
    for path, text in sorted(facts.invalid.items()):
        first, _, rest = text.partition("\n")
        yield Draft(
            path,
            say("wasm-tools calls it invalid: {said}", said=first.removeprefix("error: ")),
            Location(path),
            help=joined(
                "\n", filter(None, (say("build it again; every host refuses it as it is"), rest.strip()))
            ),
        )


def tools(facts: Facts) -> Iterator[Draft]:
    """WD002: something was asked that only wasm-tools knows, and it cannot answer."""
    if facts.tool_problem:
        first, _, rest = facts.tool_problem.partition("\n")
        yield Draft(
            "wasm-tools",
            phrase(first),
            Location("wasm-tools"),
            help=phrase(rest.strip()) or say("run `wasmdoctor tools`"),
        )


def unreadable_input(facts: Facts) -> Iterator[Draft]:
    """WD003: a file or folder that was found and could not be read, or is not what its name says."""
    unreadable = (problem for sources in facts.sources for problem in sources.unreadable)
    for problem in dict.fromkeys((*facts.problems, *unreadable)):
        yield Draft(
            problem.location.path, phrase(problem.message), problem.location, help=phrase(problem.help)
        )
