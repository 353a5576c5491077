"""The plans, side by side, and what each would change."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from wasmdoctor.model.migration import WorkspacePlans
from wasmdoctor.reporters.paper import Heading
from wasmdoctor.reporters.plan_document import comparison, plan_blocks
from wasmdoctor.reporters.plan_words import TITLES, standing
from wasmdoctor.reporters.report_html.markup import block, code, prose, table, text


def plans(found: Sequence[WorkspacePlans], why_not: str) -> str:
    """The section; ``why_not`` says why there are no plans, or is ""."""
    if why_not:
        return f'<p class="problem">No plans could be made: {text(why_not)}</p>\n'
    return "".join(part for each in found for part in _workspace(each))


def _workspace(found: WorkspacePlans) -> Iterator[str]:
    yield f"<h3>Workspace {code(found.folder)}</h3>\n"
    if found.verdict:
        best = next(plan for plan in found.plans if plan.recommended)
        yield f'<p class="verdict"><b>Plan {best.plan.value.upper()} is recommended:</b> {prose(found.verdict)}.</p>\n'
    shown = comparison(found)
    yield block(shown)
    for plan in found.plans:
        if plan.changes:
            title = f"Plan {plan.plan.value.upper()}: {TITLES[plan.plan]}"
            mark = f' <span class="tag fine">{text(standing(plan))}</span>' if plan.recommended else ""
            parts = "".join(block(each, deeper=1) for each in plan_blocks(found, plan))
            yield f'<details class="plan"><summary><h4>{text(title)}</h4>{mark}</summary>\n{parts}</details>\n'
