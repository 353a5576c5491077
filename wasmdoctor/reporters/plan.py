"""``wasmdoctor plan`` for a terminal: what is wrong, the plans side by side, and what the chosen one does."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from wasmdoctor.model.migration import WorkspacePlans
from wasmdoctor.model.plan import BodyKind, Plan
from wasmdoctor.reporters.console import Style, written
from wasmdoctor.reporters.escape import one_line
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

WIDE = 118
"""From this width on (columns) the plans stand beside each other in a table, below it one after another."""

MOST_MANUAL = 8
MINIMUM_TEXT = 20


def render(found: Sequence[WorkspacePlans], style: Style, *, details: bool = False) -> str:
    """The plans of each workspace. ``details`` lists every file and every function of the bridge."""

    def write(console: Console) -> None:
        for number, plans in enumerate(found):
            if number:
                console.print()
            _workspace(console, plans, details=details)

    return written(style, write)


def diff(found: Sequence[WorkspacePlans], style: Style) -> str:
    """The plans' edits as unified diffs, one after another.

    For a terminal, lines are coloured and made safe to show; for a file or another program they are as they
    are, with their line ends, so that ``git apply`` takes them.
    """
    return shown_diff("".join(diff for plans in found for diff in plans.diffs.values()), style)


def shown_diff(text: str, style: Style) -> str:
    """A unified diff: coloured and safe for a terminal, and as it is for a file or another program."""
    if not (style.color or style.links):
        return text
    return (
        "".join(f"{_colored(line, style)}\n" for line in text.removesuffix("\n").split("\n")) if text else ""
    )


def _colored(line: str, style: Style) -> str:
    shown = one_line(line.removesuffix("\r"))
    code = _line_color(line)
    return f"\x1b[{code}m{shown}\x1b[0m" if code and style.color else shown


def _line_color(line: str) -> str:
    """The SGR code of a line of a diff: as git colours it."""
    if line.startswith(
        ("--- ", "+++ ", "diff ", "index ", "rename ", "new file", "deleted file", "similarity ")
    ):
        return "1"
    return {"+": "32", "-": "31", "@": "36"}.get(line[:1], "")


def _workspace(console: Console, plans: WorkspacePlans, *, details: bool) -> None:
    head = Text(one_line(plans.shown("Cargo.toml")), "bold")
    head.append(f"  {one_line(plans.target)} · judged by {one_line(plans.host)}", "not bold dim")
    _hang(console, head, 0, 2)
    for problem in plans.problems[:MOST_MANUAL]:
        place = plans.shown(str(problem.location))
        _hang(console, Text(f"note: {one_line(place)}: {one_line(problem.message)}", "dim"), 2, 4)
    if not plans.troubles:
        console.print(_nothing(plans))
        return
    _troubles(console, plans)
    console.print()
    if console.width >= WIDE and len(plans.plans) > 1:
        console.print(_table(plans))
        console.print()
    else:
        for plan in plans.plans:
            _stacked(console, plans, plan)
    for plan in plans.plans:
        if plan.changes and plan.applicable:
            _more(console, plans, plan, details=details)
    notes = {std_note(plans, plan): None for plan in plans.plans if plan.changes and plan.applicable}
    for note in filter(None, notes):
        _hang(console, Text(f"note: {one_line(note)}", "dim"), 2, 4)
        console.print()
    _recommendation(console, plans)


def _nothing(plans: WorkspacePlans) -> Text:
    if plans.problems:
        return Text("  nothing to cure in what could be read: see the notes for what could not", "yellow")
    return Text("  ✓ nothing to cure: no component has a custom import that nobody provides", "green")


def _troubles(console: Console, plans: WorkspacePlans) -> None:
    by_name: dict[str, list[str]] = {}
    places: dict[str, str] = {}
    for trouble in plans.troubles:
        by_name.setdefault(trouble.name, []).append(trouble.component)
        places.setdefault(trouble.name, plans.shown(str(trouble.location)))
    words = "import that nobody provides" if len(by_name) == 1 else "imports that nobody provides"
    console.print(Text(f"  {len(by_name)} {words}", "bold"))
    for name, components in by_name.items():
        line = Text(f"✗ {one_line(name)}", "red")
        line.append(f"  in {one_line(', '.join(components))}", "default")
        line.append(f"  {one_line(places[name])}", "blue")
        _hang(console, line, 2, 4)


Row = tuple[str, list[Text]]


def _table(plans: WorkspacePlans) -> Table:
    """One column for each plan, one row for each question."""
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, expand=True)
    table.add_column("", style="dim", no_wrap=True)
    for plan in plans.plans:
        table.add_column(_title(plan), ratio=1, overflow="fold")
    rows = [dict(_rows(plans, plan)) for plan in plans.plans]
    labels = list(dict.fromkeys(label for row in rows for label in row))
    for label in labels:
        table.add_row(f"  {label}", *(row.get(label, Text("—", "dim")) for row in rows))
    return table


def _title(plan: Plan) -> Text:
    return Text(f"{plan.plan.value.upper()}  {TITLES[plan.plan]}", "bold")


def _stacked(console: Console, plans: WorkspacePlans, plan: Plan) -> None:
    head = _title(plan)
    head.append("  ")
    _, words = next(_rows(plans, plan))
    head.append_text(words)
    _hang(console, head, 2, 5)
    for label, text in list(_rows(plans, plan))[1:]:
        line = Text(f"{label}: ", "dim")
        line.append_text(text)
        _hang(console, line, 5, 7)
    console.print()


def _rows(plans: WorkspacePlans, plan: Plan) -> Iterator[tuple[str, Text]]:
    style = "bold green" if plan.recommended else "green" if plan.applicable else "yellow"
    yield "", Text(standing(plan), style)
    yield "what", Text(ABOUT[plan.plan])
    yield "why", Text(one_line(plan.reason))
    if not plan.applicable:
        return
    if plan.changes:
        yield "changes", Text(changed(plans, plan))
    for label, exports in (("imports after", False), ("exports after", True)):
        parts = [
            f"{one_line(name)}: {one_line(', '.join(names)) or 'nothing'}"
            for name, names in surfaces(plans, plan, exports=exports)
        ]
        if parts:
            yield label, Text("\n".join(parts))
    if plan.bridge:
        yield "bridge", Text(bridged(plan))
    if plan.manual:
        yield "by hand", Text(plural(len(plan.manual), "step"))
    if plan.loses:
        yield "you lose", Text(one_line(plan.loses))
    if plan.steps:
        yield "build it", Text("\n".join(one_line(step) for step in plan.steps))


def _more(console: Console, plans: WorkspacePlans, plan: Plan, *, details: bool) -> None:
    """What a plan with edits does, at more length."""
    letter = plan.plan.value.upper()
    if details:
        console.print(Text(f"  Files of plan {letter}", "bold"))
        for change in plan.changes.changes:
            line = Text(f"{PAST[change.kind]:<9}", "cyan")
            line.append(one_line(plans.shown(change.path)), "bold")
            if change.to:
                line.append(f" → {one_line(plans.shown(change.to))}", "bold")
            _hang(console, line, 4, 6)
            for cause in change.causes:
                _hang(console, Text(one_line(cause), "dim"), 13, 15)
        console.print()
    functions = by_need(
        f for f in plan.bridge if details or (f.body is BodyKind.REFUSES and f.needed is not False)
    )
    if functions:
        words = "every function of the bridge" if details else "what has no standard counterpart"
        console.print(Text(f"  Plan {letter}: {words}", "bold"))
        for function in functions:
            style = "yellow" if function.body is BodyKind.REFUSES else "green"
            line = Text(f"{one_line(function.interface)}  ", "dim")
            line.append(one_line(function.function), "not dim bold")
            line.append(f"  {BODIES[function.body]}", f"not dim {style}")
            line.append(f": {one_line(function.about)}", "not dim")
            if function.needed is not None:
                line.append(f"  ({NEEDED[function.needed]})", "not dim" if function.needed else "dim")
            _hang(console, line, 4, 6)
        console.print()
    if plan.calls and details:
        console.print(Text(f"  Plan {letter}: every call site of a custom function", "bold"))
        for site in plan.calls:
            line = Text(f"{one_line(plans.shown(str(site.location)))}  ", "blue")
            line.append(one_line(site.function), "default bold")
            line.append(f"  {one_line(called(site))}", "default")
            _hang(console, line, 4, 6)
        console.print()
    if plan.manual:
        console.print(Text(f"  Plan {letter}: what stays to be done by hand", "bold"))
        shown = plan.manual if details else plan.manual[:MOST_MANUAL]
        for step in shown:
            line = Text(f"{one_line(plans.shown(str(step.location)))}  ", "blue")
            line.append(one_line(step.message), "default")
            _hang(console, line, 4, 6)
        if len(shown) < len(plan.manual):
            _hang(console, Text(f"and {len(plan.manual) - len(shown)} more", "dim"), 4, 6)
        console.print()


def _recommendation(console: Console, plans: WorkspacePlans) -> None:
    best = next((plan for plan in plans.plans if plan.recommended), None)
    if best is not None:
        line = Text(f"recommended: plan {best.plan.value.upper()}", "bold green")
        line.append(f" — {one_line(plans.verdict)}", "not bold default")
        _hang(console, line, 2, 4)
    elif not any(plan.applicable for plan in plans.plans):
        _hang(console, Text("no plan applies; the reasons are above", "bold yellow"), 2, 4)
        return
    elif len(plans.plans) == 1:
        best = plans.plans[0]  # the one that was asked for
    if best is not None and command(best):
        line = Text("next: ", "bold")
        line.append(f"{command(best)} --dry-run --diff", "default")
        _hang(console, line, 2, 8)


def _hang(console: Console, text: Text, first: int, rest: int) -> None:
    """Print wrapped: the first line after ``first`` spaces, the others after ``rest``."""
    lines = text.wrap(console, max(console.width - rest, MINIMUM_TEXT), overflow="fold")
    for number, line in enumerate(lines):
        line.rstrip()
        console.print(Text(" " * (rest if number else first)).append_text(line), soft_wrap=True)
