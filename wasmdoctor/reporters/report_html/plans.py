"""The plans, side by side, and what each would change."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from wasmdoctor.model.migration import WorkspacePlans
from wasmdoctor.reporters.paper import Code, Inline, html_inline
from wasmdoctor.reporters.plan_document import comparison, plan_blocks
from wasmdoctor.reporters.plan_words import TITLES, standing
from wasmdoctor.reporters.report_html.markup import block, code, prose, table, text

RECOMMENDED = "recommended"


def plans(found: Sequence[WorkspacePlans], why_not: str) -> str:
    """The section; ``why_not`` says why there are no plans, or is ""."""
    if why_not:
        return f'<p class="problem">{prose(why_not)}.</p>\n'
    return "".join(part for each in found for part in _workspace(each))


def _workspace(found: WorkspacePlans) -> Iterator[str]:
    yield f"<h3>Workspace {code(found.folder)}</h3>\n"
    if found.verdict:
        best = next(plan for plan in found.plans if plan.recommended)
        yield f'<p class="verdict"><b>Plan {best.plan.value.upper()} is recommended:</b> {prose(found.verdict)}.</p>\n'
    shown = comparison(found)
    rows = ([text(row[0] or "standing"), *map(_cell, row[1:])] for row in shown.rows)
    yield table("The plans side by side", shown.head, rows, class_="plans")
    for plan in found.plans:
        if plan.changes:
            title = f"Plan {plan.plan.value.upper()}: {TITLES[plan.plan]}"
            mark = f' <span class="tag fine">{text(standing(plan))}</span>' if plan.recommended else ""
            parts = "".join(block(each, deeper=1) for each in plan_blocks(found, plan))
            yield f'<details class="plan"><summary><h4>{text(title)}</h4>{mark}</summary>\n{parts}</details>\n'


def _cell(parts: Inline) -> str:
    """A cell of the comparison: names that belong to something (``scheduler:``) stand on a line with it, commands
    and other names on lines of their own."""
    if parts == RECOMMENDED:
        return f'<span class="tag fine">{RECOMMENDED}</span>'
    if isinstance(parts, str):
        return html_inline(parts)
    lines: list[list[str]] = []
    for part in parts:
        heads = not isinstance(part, Code) and part.endswith(":")
        if heads or not lines or not any(each.endswith(":") for each in lines[-1][:1]):
            lines.append([])
        lines[-1].append(part)
    return "".join(f"<div>{_line(line)}</div>" for line in lines)


def _line(parts: Sequence[str]) -> str:
    first, *rest = parts
    if not rest or isinstance(first, Code):
        return html_inline(parts)
    return f"<b>{html_inline(first)}</b> " + "".join(f"<div>{html_inline(each)}</div>" for each in rest)
