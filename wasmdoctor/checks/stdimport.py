"""Rule about imports that nobody wrote: those of a language's own library."""

from __future__ import annotations

from collections.abc import Iterator

from wasmdoctor.checks.facts import Draft, Facts
from wasmdoctor.checks.linking import Verdict
from wasmdoctor.model.finding import OriginStep
from wasmdoctor.model.rule import Confidence
from wasmdoctor.model.source import Location
from wasmdoctor.model.stdimport import StdImport
from wasmdoctor.model.text import joined, say
from wasmdoctor.model.wasm import WasmFile

PANIC = frozenset({"environ_get", "environ_sizes_get", "fd_write", "proc_exit"})
"""What a Rust library calls of preview 1 for its panics; printing needs no more (fixtures/workspaces/std-only, rustc 1.95)."""


def std_import(facts: Facts) -> Iterator[Draft]:
    """WD116: an import that nobody provides, and that std or the preview1 adapter brought."""
    for file in facts.components():
        for verdict in facts.verdicts.get(file.path, ()):
            brought = facts.std.get((file.path, verdict.name.text))
            if verdict.unprovided and verdict.match.kind == "none" and brought is not None:
                yield _draft(facts, file, verdict, brought)


def _draft(facts: Facts, file: WasmFile, verdict: Verdict, brought: StdImport) -> Draft:
    name = verdict.name.text
    why = (
        say(", for what panics and printing need")
        if brought.calls and set(brought.calls) <= PANIC and brought.rust
        else ""
    )
    lacks = say("{host} has no such interface", host=facts.host.id)
    if not facts.host.mode.provides and not facts.host.label:
        lacks = say("with the host `{host}` a component gets nothing", host=facts.host.id)
    return Draft(
        file.path,
        say(
            "nobody provides `{name}`: no crate asks for it, {words} does{why}; {lacks}",
            name=name,
            words=brought.words,
            why=why,
            lacks=lacks,
        ),
        brought.location,
        name,
        help=_help(file, brought),
        confidence=None if brought.sure else Confidence.MEDIUM,
        related=()
        if brought.location.path == file.path
        else ((Location(file.path), say("imported by this component")),),
        origin=_steps(file, brought),
    )


def _help(file: WasmFile, brought: StdImport) -> str:
    virtual = say(
        "or give it a WASI that is made of nothing: `wasi-virt {path} -o virtual.wasm`", path=file.path
    )
    host = say("or run it where WASI is: `wasmdoctor hosts for {path}` lists hosts", path=file.path)
    if not brought.rust:
        first = say("build it without the preview1 adapter and without what asks for WASI")
        return joined("\n", (first, virtual, host))
    lines = [
        say(
            "build it for wasm32-unknown-unknown, where std asks nobody for anything, then "
            "`wasm-tools component new`"
        )
    ]
    if brought.calls and set(brought.calls) <= PANIC:
        lines.append(
            say(
                'or, unless the code prints, build std without panic messages (nightly): `panic = "immediate-abort"` in the '
                "profile, and `-Z build-std=std,panic_abort`"
            )
        )
    elif brought.calls:
        others = ", ".join(f"`{call}`" for call in brought.calls if call not in PANIC)
        lines.append(
            say(
                "the code calls more than panics do ({others}): `wasmdoctor why --calls` says from where",
                others=others,
            )
        )
    return joined("\n", (*lines, virtual, host))


def _steps(file: WasmFile, brought: StdImport) -> tuple[OriginStep, ...]:
    artifact = file.path if brought.evidence == "component" else ""
    return (OriginStep("std", brought.words, brought.location, brought.evidence, artifact),)
