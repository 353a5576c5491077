"""What ``migrate`` says while it works, and its report for later: before and after, proofs, and how to undo it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import Console
from rich.text import Text

from wasmdoctor.model.migration import MigrationReport, Proof, Step, Surface, Verification, WorkspacePlans
from wasmdoctor.model.plan import Plan
from wasmdoctor.reporters import paper
from wasmdoctor.reporters.console import Style, written
from wasmdoctor.reporters.escape import safe
from wasmdoctor.reporters.paper import Block, Code, Grid, Heading, Inline, Items, Listing, Paragraph
from wasmdoctor.reporters.plan_document import plan_blocks
from wasmdoctor.reporters.plan_words import PAST, TITLES, bridged, changed, folded, plural

MARKS = {Proof.PASSED: ("✓", "green"), Proof.FAILED: ("✗", "red"), Proof.SKIPPED: ("·", "yellow")}
MOST_FILES = 12


def summary(plans: WorkspacePlans, plan: Plan, style: Style) -> str:
    """What is about to be done, in short: the files, the bridge, what stays by hand."""

    def write(console: Console) -> None:
        head = Text(f"plan {plan.plan.value.upper()}: {TITLES[plan.plan]}", "bold")
        folder = "" if plans.shown(".") == "." else f"{safe(plans.shown('.'))}: "
        head.append(f"  {folder}{changed(plans, plan)}", "not bold")
        console.print(head, soft_wrap=True)
        shown = plan.changes.changes[:MOST_FILES]
        for change in shown:
            line = Text(f"  {PAST[change.kind]:<9}", "cyan")
            line.append(safe(plans.shown(change.path)), "default")
            line.append(f" → {safe(plans.shown(change.to))}" if change.to else "")
            console.print(line, soft_wrap=True)
        if len(shown) < len(plan.changes.changes):
            console.print(Text(f"  and {len(plan.changes.changes) - len(shown)} more", "dim"))
        if plan.bridge:
            console.print(Text(f"  bridge: {bridged(plan)}"), soft_wrap=True)
        for step in plan.manual:
            line = Text("  by hand: ", "yellow")
            line.append(f"{safe(plans.shown(str(step.location)))}: {safe(step.message)}", "default")
            console.print(line, soft_wrap=True)

    return written(style, write)


def proofs(verification: Verification, style: Style) -> str:
    """Each step of a verification with what it found, and how to do what was not done."""

    def write(console: Console) -> None:
        for step in verification.steps:
            mark, color = MARKS[step.result]
            line = Text(f"{mark} ", color)
            line.append(safe(step.message), "default")
            console.print(line, soft_wrap=True)
            for detail in step.details:
                for part in safe(detail).splitlines():
                    console.print(Text(f"    {part}"), soft_wrap=True)
            if step.how:
                console.print(Text(f"    to do it: {safe(step.how)}", "dim"), soft_wrap=True)

    return written(style, write)


def finished(done: MigrationReport, files: Sequence[str], style: Style) -> str:
    """What was done, where the report is, and how to take it back."""

    def write(console: Console) -> None:
        count = plural(len(done.plan.changes.changes), "file")
        line = Text("✓ ", "green")
        where = "" if done.plans.folder == "." else f" {safe(done.plans.folder)}"
        line.append(f"migrated{where}: {count} changed", "bold default")
        console.print(line, soft_wrap=True)
        for name, before, after in _sizes(done):
            console.print(Text(f"  {safe(name)}: {_change(before, after)}"), soft_wrap=True)
        for note in done.notes:
            console.print(Text(f"  note: {safe(note)}", "dim"), soft_wrap=True)
        for file in files:
            console.print(Text(f"  report: {safe(file)}"), soft_wrap=True)
        console.print(Text(f"  to take it back: {safe(done.undo)}"), soft_wrap=True)
        place = f"next, in{where}: " if where else "next: "
        for step in (*done.plan.steps, "wasmdoctor check, then your tests, and commit"):
            console.print(Text(f"{place}{safe(step)}"), soft_wrap=True)

    return written(style, write)


def _sizes(done: MigrationReport) -> Iterator[tuple[str, int | None, int]]:
    for built in done.verification.built:
        yield built.name, done.sizes_before.get(built.name), built.size


def _change(before: int | None, after: int) -> str:
    return f"{after} bytes" if before is None else f"{before} bytes before, {after} after"


def markdown(done: MigrationReport) -> str:
    """The report as Markdown."""
    return paper.markdown(list(_blocks(done)))


def html(done: MigrationReport) -> str:
    """The report as a page."""
    return paper.html(list(_blocks(done)), f"wasmdoctor migration of {done.plans.folder}")


def _blocks(done: MigrationReport) -> Iterator[Block]:
    plan, plans = done.plan, done.plans
    yield Heading(1, ["Migration of", Code(plans.folder)])
    yield Paragraph(
        [
            f"wasmdoctor {done.tool_version} did plan {plan.plan.value.upper()} ({TITLES[plan.plan]}), for",
            Code(plans.target),
            "judged by",
            Code(plans.host),
        ]
    )
    yield Paragraph(plan.reason)
    yield Heading(2, "How to undo it")
    yield Listing(done.undo)
    yield Heading(2, "What was proven")
    yield Items([line for step in done.verification.steps for line in step_lines(step)])
    yield Heading(2, "Before and after")
    yield Grid(["component", "", "before", "after"], list(_before_and_after(done)))
    if not done.verification.built:
        yield Paragraph("Nothing was built: both sides are what the sources predict.")
    elif not done.sizes_before:
        yield Paragraph("There was no earlier build in the target folder whose sizes could be compared.")
    yield from plan_blocks(plans, plan)


def step_lines(step: Step) -> Iterator[Inline]:
    """A step of a verification as items of a list: how it ended, its details, how to do what was not done."""
    yield f"{step.result.value}: {step.message}"
    yield from ([Code(line)] for detail in step.details for line in detail.splitlines() if line.strip())
    if step.how:
        yield ["to do it:", Code(step.how)]


def _before_and_after(done: MigrationReport) -> Iterator[Sequence[Inline]]:
    after = done.plans.after.get(done.plan.plan, {})
    built = {component.name: component for component in done.verification.built}
    for name in sorted({*done.plans.before, *after}):
        old = done.plans.before.get(name, Surface())
        new = after.get(name)
        if new is None:
            yield [Code(name), "", "a component", "a library: it is linked into the others"]
            continue
        real = built.get(name)
        yield [Code(name), "imports", _names(old.imports), _names(real.imports if real else new.imports)]
        yield [Code(name), "exports", _names(old.exports), _names(real.exports if real else new.exports)]
        if real:
            before = done.sizes_before.get(name)
            yield [Code(name), "size", f"{before} bytes" if before else "—", f"{real.size} bytes"]


def _names(names: Sequence[str]) -> Inline:
    return [Code(name) for name in folded(names)] or "nothing"
