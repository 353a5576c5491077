"""``plan --format markdown|html``: the plans as a document for a pull request or a meeting."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from wasmdoctor.model.migration import WorkspacePlans
from wasmdoctor.model.plan import Plan
from wasmdoctor.reporters import paper
from wasmdoctor.reporters.paper import Block, Code, Grid, Heading, Inline, Items, Listing, Paragraph
from wasmdoctor.reporters.plan_words import (
    ABOUT,
    BODIES,
    NEEDED,
    PAST,
    TITLES,
    bridged,
    by_need,
    called,
    changed,
    command,
    plural,
    standing,
    std_note,
    surfaces,
)

TITLE = "Ways out of custom imports"


def markdown(found: Sequence[WorkspacePlans]) -> str:
    """The plans as Markdown."""
    return paper.markdown(list(_blocks(found)))


def html(found: Sequence[WorkspacePlans]) -> str:
    """The plans as a page."""
    return paper.html(list(_blocks(found)), f"wasmdoctor plan: {', '.join(p.folder for p in found)}")


def _blocks(found: Sequence[WorkspacePlans]) -> Iterator[Block]:
    yield Heading(1, TITLE)
    for plans in found:
        yield Heading(2, ["Workspace", Code(plans.folder)])
        yield Paragraph(["Read for", Code(plans.target), "and judged by", Code(plans.host)])
        if not plans.troubles:
            yield Paragraph("Nothing to cure: no component has a custom import that nobody provides.")
            continue
        yield from _troubles(plans)
        yield Heading(3, "The plans side by side")
        yield comparison(plans)
        if plans.verdict:
            best = next(plan for plan in plans.plans if plan.recommended)
            yield Paragraph(f"Recommended: plan {best.plan.value.upper()}. {plans.verdict}.")
        for plan in plans.plans:
            if plan.changes:
                yield from plan_blocks(plans, plan)


def _troubles(plans: WorkspacePlans) -> Iterator[Block]:
    yield Heading(3, "Imports that nobody provides")
    rows: list[list[Inline]] = [
        [Code(t.name), Code(t.component), Code(plans.shown(str(t.location)))] for t in plans.troubles
    ]
    yield Grid(["import", "component", "comes from"], rows)


def comparison(plans: WorkspacePlans) -> Grid:
    """The plans side by side: a column for each, a row for each thing that is said of them."""
    columns = [dict(_facts(plans, plan)) for plan in plans.plans]
    labels = list(dict.fromkeys(label for column in columns for label in column))
    head = ["", *(f"{plan.plan.value.upper()}: {TITLES[plan.plan]}" for plan in plans.plans)]
    rows: list[list[Inline]] = [[label, *(column.get(label, "—") for column in columns)] for label in labels]
    return Grid(head, rows)


def _facts(plans: WorkspacePlans, plan: Plan) -> Iterator[tuple[str, Inline]]:
    yield "", standing(plan)
    yield "what", ABOUT[plan.plan]
    yield "why", plan.reason
    if not plan.applicable:
        return
    if plan.changes:
        yield "changes", changed(plans, plan)
    for label, exports in (("imports after", False), ("exports after", True)):
        parts: list[str] = []
        for name, names in surfaces(plans, plan, exports=exports):
            parts += [f"{name}:", *(map(Code, names) if names else ["nothing"])]
        if parts:
            yield label, parts
    if plan.bridge:
        yield "bridge", bridged(plan)
    if plan.manual:
        yield "by hand", plural(len(plan.manual), "step")
    yield "you lose", plan.loses
    yield "build it", [Code(step) for step in plan.steps]


def plan_blocks(plans: WorkspacePlans, plan: Plan) -> Iterator[Block]:
    """What one plan does: its files, its bridge, what stays by hand, and its diff."""
    letter = plan.plan.value.upper()
    yield Heading(3, f"Plan {letter}: files")
    yield Grid(
        ["file", "is", "because"],
        [
            [
                [Code(plans.shown(change.path)), *(["→", Code(plans.shown(change.to))] if change.to else [])],
                PAST[change.kind],
                "; ".join(change.causes),
            ]
            for change in plan.changes.changes
        ],
    )
    if plan.bridge:
        yield Heading(3, f"Plan {letter}: the bridge, function by function")
        yield Grid(
            ["interface", "function", "is", "body", "how", "imports"],
            [
                [
                    Code(function.interface),
                    Code(function.function),
                    NEEDED[function.needed],
                    BODIES[function.body],
                    function.about,
                    [Code(name) for name in function.imports],
                ]
                for function in by_need(plan.bridge)
            ],
        )
    if plan.calls:
        yield Heading(3, f"Plan {letter}: the call sites, one by one")
        yield Grid(
            ["place", "custom function", "calls then"],
            [
                [
                    Code(plans.shown(str(site.location))),
                    [Code(site.interface), Code(site.function)],
                    Code(site.calls) if site.calls else called(site),
                ]
                for site in plan.calls
            ],
        )
    if plan.manual:
        yield Heading(3, f"Plan {letter}: what stays to be done by hand")
        yield Items([[Code(plans.shown(str(step.location))), step.message] for step in plan.manual])
    note = std_note(plans, plan)
    if note:
        yield Paragraph(f"{note}.")
    if command(plan):
        yield Paragraph(["It is done by", Code(command(plan))])
    if plans.diffs.get(plan.plan):
        yield Heading(3, f"Plan {letter}: the edits")
        yield Listing(plans.diffs[plan.plan], "diff")
