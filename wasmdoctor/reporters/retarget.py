"""What ``migrate --wasi`` says: what changes or stands in the way, and the report for later."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Sequence

from rich.console import Console
from rich.text import Text

from wasmdoctor.model.migration import Surface
from wasmdoctor.model.retarget import Retarget, RetargetedWorkspace, RetargetReport
from wasmdoctor.reporters import paper
from wasmdoctor.reporters.console import Style, written
from wasmdoctor.reporters.escape import safe
from wasmdoctor.reporters.migration import step_lines
from wasmdoctor.reporters.paper import Block, Code, Grid, Heading, Inline, Items, Listing, Paragraph
from wasmdoctor.reporters.plan_words import PAST, folded, plural

MOST_FILES = 12
MOST_OBSTACLES = 20


def shown(workspace: RetargetedWorkspace, path: str) -> str:
    """A path of the workspace as it is shown: relative to where the command ran."""
    return posixpath.normpath(posixpath.join(workspace.folder, path))


def change_words(found: Retarget) -> str:
    """``wasi:io 0.2.0, 0.2.6 → 0.2.3``, with the packages that had the same versions together."""
    groups: dict[tuple[str, ...], list[str]] = {}
    for package, versions in found.found.items():
        groups.setdefault(versions, []).append(package)
    return "; ".join(
        f"{', '.join(packages)} {', '.join(versions)} → {found.target}"
        for versions, packages in sorted(groups.items())
    )


def summary(workspace: RetargetedWorkspace, style: Style) -> str:
    """What is about to be done, in short: the versions, the files, what goes out of copies, what stays by hand."""
    found = workspace.retarget

    def write(console: Console) -> None:
        head = Text(f"WASI {found.target}", "bold")
        head.append(f"  {safe(shown(workspace, '.'))}  {safe(change_words(found))}", "not bold")
        console.print(head, soft_wrap=True)
        changes = found.changes.changes
        for change in changes[:MOST_FILES]:
            line = Text(f"  {PAST[change.kind]:<9}", "cyan")
            line.append(safe(shown(workspace, change.path)), "default")
            console.print(line, soft_wrap=True)
        if len(changes) > MOST_FILES:
            console.print(Text(f"  and {len(changes) - MOST_FILES} more", "dim"))
        for item in found.removed:
            line = Text("  goes     ", "yellow")
            line.append(
                f"{safe(item.name)}: since {item.since}, nothing uses it ({safe(shown(workspace, str(item.location)))})",
                "default",
            )
            console.print(line, soft_wrap=True)
        for step in found.manual:
            line = Text("  by hand: ", "yellow")
            line.append(f"{safe(shown(workspace, str(step.location)))}: {safe(step.message)}", "default")
            console.print(line, soft_wrap=True)
        for note in found.notes:
            console.print(Text(f"  note: {safe(note)}", "dim"), soft_wrap=True)
        console.print(Text(f"  {direction(found)}", "dim"), soft_wrap=True)

    return written(style, write)


def direction(found: Retarget) -> str:
    """Why the change is sound, in one sentence."""
    if found.removed:
        return f"what WASI {found.target} does not have yet goes out of the copies, and nothing here uses it"
    return (
        "only versions change: WASI 0.2 releases differ by a few functions, and all that is used here is in "
        f"{found.target}"
    )


def refusal(workspace: RetargetedWorkspace) -> str:
    """Why a workspace cannot be set to the release, line by line."""
    found = workspace.retarget
    lines = [f"{shown(workspace, '.')} cannot be set to WASI {found.target}:"]
    for obstacle in found.obstacles[:MOST_OBSTACLES]:
        lines.append(f"  {shown(workspace, str(obstacle.location))}: {obstacle.message}")
    more = len(found.obstacles) - MOST_OBSTACLES
    return "\n".join([*lines, f"  and {more} more"] if more > 0 else lines)


def finished(done: RetargetReport, files: Sequence[str], style: Style) -> str:
    """What was done, where the report is, and how to take it back."""
    workspace = done.workspace

    def write(console: Console) -> None:
        count = plural(len(workspace.retarget.changes.changes), "file")
        line = Text("✓ ", "green")
        line.append(
            f"{safe(workspace.folder)} is set to WASI {workspace.retarget.target}: {count} changed",
            "bold default",
        )
        console.print(line, soft_wrap=True)
        for note in done.notes:
            console.print(Text(f"  note: {safe(note)}", "dim"), soft_wrap=True)
        for file in files:
            console.print(Text(f"  report: {safe(file)}"), soft_wrap=True)
        console.print(Text(f"  to take it back: {safe(done.undo)}"), soft_wrap=True)

    return written(style, write)


def markdown(done: RetargetReport) -> str:
    """The report as Markdown."""
    return paper.markdown(list(_blocks(done)))


def html(done: RetargetReport) -> str:
    """The report as a page."""
    return paper.html(list(_blocks(done)), f"wasmdoctor migration of {done.workspace.folder}")


def _blocks(done: RetargetReport) -> Iterator[Block]:
    workspace, found = done.workspace, done.workspace.retarget
    yield Heading(1, ["Migration of", Code(workspace.folder)])
    text = f"wasmdoctor {done.tool_version} set it to WASI {found.target}"
    yield Paragraph([f"{text}, for", Code(workspace.wasm_target)] if workspace.wasm_target else text)
    yield Paragraph(change_words(found))
    yield Paragraph(direction(found))
    yield Heading(2, "How to undo it")
    yield Listing(done.undo)
    yield Heading(2, "What was proven")
    yield Items([line for step in done.verification.steps for line in step_lines(step)])
    if found.removed:
        yield Heading(2, "What the release does not have yet")
        yield Items(
            [[Code(item.name), f"since {item.since}, at", Code(str(item.location))] for item in found.removed]
        )
    if found.manual or found.notes:
        yield Heading(2, "By hand")
        yield Items([*([Code(str(step.location)), step.message] for step in found.manual), *found.notes])
    if workspace.before:
        yield Heading(2, "Before and after")
        yield Grid(["component", "", "before", "after"], list(_before_and_after(done)))
    yield Heading(2, "Every edit")
    yield Listing(workspace.diff, "diff")


def _before_and_after(done: RetargetReport) -> Iterator[Sequence[Inline]]:
    built = {component.name: component for component in done.verification.built}
    for name in sorted({*done.workspace.before, *done.workspace.after}):
        old = done.workspace.before.get(name, Surface())
        new = done.workspace.after.get(name, Surface())
        real = built.get(name)
        yield [Code(name), "imports", _names(old.imports), _names(real.imports if real else new.imports)]
        yield [Code(name), "exports", _names(old.exports), _names(real.exports if real else new.exports)]


def _names(names: Sequence[str]) -> Inline:
    return [Code(name) for name in folded(names)] or "nothing"
