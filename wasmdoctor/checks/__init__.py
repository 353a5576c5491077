"""Rules: facts in, findings out. Pure; no rule reads a file or starts a program.

One rule is one TOML file in ``rules/lints/`` (its texts) and one function here (its condition):

``inputs``   what could not be read or asked (WD0xx)
``imports``  imports that nobody provides (WD1xx)
``modules``  core modules where a component was expected
``linking``  who provides an import; ``lookalike``  what a custom interface resembles
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from wasmdoctor.checks import imports, inputs, modules
from wasmdoctor.checks.facts import Draft, Facts
from wasmdoctor.model.finding import Finding
from wasmdoctor.model.rule import Confidence, Lint, Severity

Check = Callable[[Facts], Iterator[Draft]]

CHECKS: Mapping[str, Check] = {
    "WD001": inputs.unreadable_wasm,
    "WD002": inputs.tools,
    "WD003": inputs.unreadable_input,
    "WD101": imports.nonstandard,
    "WD102": imports.other_version,
    "WD103": imports.look_alike,
    "WD104": imports.plain_name,
    "WD105": modules.core_module,
    "WD108": imports.function_missing,
    "WD114": imports.needs_flag,
}


def run_checks(facts: Facts, lints: Callable[[str], Lint]) -> tuple[Finding, ...]:
    """Run every rule; the findings in their total order, doubles removed.

    ``lints`` gives a rule's metadata by its code and is asked only for rules that found something.
    """
    predicted = {file.path for file in facts.files if file.predicted}
    findings = {
        _finding(code, draft, lints(code), facts, predicted): None
        for code, check in CHECKS.items()
        for draft in check(facts)
    }
    return tuple(sorted(findings, key=lambda finding: finding.order))


def _finding(code: str, draft: Draft, lint: Lint, facts: Facts, predicted: set[str]) -> Finding:
    """A draft with what its lint and the facts say of it."""
    origin = facts.origins.get((draft.subject, draft.interface))
    severity = draft.severity or lint.severity
    confidence = draft.confidence or lint.confidence
    message = draft.message
    if draft.subject in predicted and origin is not None:
        if origin.certainty.value in ("certain", "likely"):
            message += " (predicted from sources)"
        else:
            message += " (predicted from sources: it may be imported)"
            severity, confidence = min(severity, Severity.WARNING, key=lambda s: s.rank), Confidence.LOW
    return Finding(
        code=code,
        name=lint.name,
        severity=severity,
        confidence=confidence,
        message=message,
        subject=draft.subject,
        location=draft.location,
        interface=draft.interface,
        help=draft.help,
        origin=draft.origin or (origin.steps if origin else ()),
        plans=lint.plans if draft.plans is None else draft.plans,
        related=draft.related,
    )
