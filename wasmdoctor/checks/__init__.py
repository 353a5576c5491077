"""Rules: facts in, findings out. Pure; no rule reads a file or starts a program.

One rule is one TOML file in ``rules/lints/`` (its texts) and one function here (its condition):

``inputs``   what could not be read or asked (WD0xx)
``imports``  imports that nobody provides (WD1xx)
``mistyped``  imports that the provider has with other types (WD110; in a composition: ``composition``)
``skew``  versions that do not fit together (WD102, WD109, WD111, WD112)
``modules``  core modules where a component was expected
``stdimport``  imports that std or the preview1 adapter brings (WD116)
``entry``    components that the host cannot start (WD113)
``leaks``    imports that a linked crate brings (WD106), and ones that nothing calls
``exports``  exports that a linked crate brings (WD108)
``wit``, ``deps``  WIT packages and their copies (WD2xx); ``wit_roots``  which WIT is read together
``wituse``  imports that a `use` brings (WD117)
``copies``  one WIT package in two forms in one component (WD207); ``layout``  where WIT lies (WD208)
``cargo``    crates, manifests and bindings (WD3xx); ``managers``  two tools for one `deps` (WD306)
``freshness``  binaries and bindings that are older than what they come from (WD5xx)
``composition``  wiring components together (WD110, WD4xx); ``plugs``  the export that comes nearest (WD406);
    ``identity``  resources that are not the same (WD407)
``suppressions``  suppressions without effect (WD004, WD005); ``policy``  what is shown of all findings
``linking``  who provides an import; ``lookalike``  what a custom interface resembles
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from importlib import import_module
from typing import TYPE_CHECKING

from wasmdoctor.checks import entry, imports, inputs, mistyped, modules, plugs, skew, stdimport
from wasmdoctor.checks.facts import Draft, Facts, Origin
from wasmdoctor.model.finding import Finding
from wasmdoctor.model.rule import Confidence, Lint, Severity
from wasmdoctor.model.text import joined, phrase, say

if TYPE_CHECKING:
    from wasmdoctor.checks.composition import CompositionFacts
    from wasmdoctor.checks.suppressions import PolicyFacts

Check = Callable[[Facts], Iterator[Draft]]

# Rules about binaries: what every run asks.
BINARY_CHECKS: Mapping[str, Check] = {
    "WD001": inputs.unreadable_wasm,
    "WD002": inputs.tools,
    "WD003": inputs.unreadable_input,
    "WD101": imports.nonstandard,
    "WD102": skew.other_version,
    "WD103": imports.look_alike,
    "WD104": imports.plain_name,
    "WD105": modules.core_module,
    "WD109": skew.two_versions,
    "WD110": mistyped.type_mismatch,
    "WD111": skew.old_adapter,
    "WD112": skew.deprecated,
    "WD113": entry.not_startable,
    "WD114": imports.needs_flag,
    "WD115": imports.function_missing,
    "WD116": stdimport.std_import,
    "WD406": plugs.near_export,
}


# Rules about sources, by module and function: loading them and the readers that they use takes longer than
# checking a component that is fine, so they are loaded when there are sources to look at.
SOURCE_CHECKS: Mapping[str, tuple[str, str]] = {
    "WD106": ("leaks", "leaked"),
    "WD107": ("leaks", "unused_custom_import"),
    "WD108": ("exports", "leaked_export"),
    "WD117": ("wituse", "import_by_use"),
    "WD201": ("wit", "syntax"),
    "WD202": ("wit", "unresolved"),
    "WD203": ("deps", "stale_deps"),
    "WD204": ("wit", "two_versions"),
    "WD205": ("wit", "unused_import"),
    "WD206": ("wit", "duplicate_package"),
    "WD207": ("copies", "conflicting_copies"),
    "WD208": ("layout", "wit_layout"),
    "WD301": ("cargo", "library_is_component"),
    "WD302": ("cargo", "bindgen_versions"),
    "WD303": ("cargo", "metadata_target"),
    "WD304": ("cargo", "metadata_name"),
    "WD305": ("cargo", "crate_type"),
    "WD306": ("managers", "two_managers"),
    "WD501": ("freshness", "stale_component"),
    "WD502": ("freshness", "stale_bindings"),
}

# Rules about wiring components together: what `compose` asks, by function of the module `composition`.
COMPOSITION_CHECKS: Mapping[str, str] = {
    "WD110": "mismatch",
    "WD401": "no_provider",
    "WD402": "two_providers",
    "WD403": "cycle",
    "WD404": "wac_names",
    "WD405": "still_custom",
    "WD406": "plug_mismatch",
    "WD407": "type_identity",
}

# Rules about suppressions, asked when all others have spoken, by function of the module `suppressions`.
POLICY_CHECKS: Mapping[str, str] = {
    "WD004": "unused",
    "WD005": "expired",
}

CODES = frozenset((*BINARY_CHECKS, *SOURCE_CHECKS, *COMPOSITION_CHECKS, *POLICY_CHECKS))
"""The codes of all rules that can speak."""


def source_check(code: str) -> Check:
    """The function of a rule about sources. Raises KeyError for another code."""
    module, name = SOURCE_CHECKS[code]
    found: Check = getattr(import_module(f"wasmdoctor.checks.{module}"), name)
    return found


# Rules about imports and exports that say the same whatever the host.
_HOST_FREE = frozenset({"WD105", "WD108", "WD109"})


def depends_on_host(code: str) -> bool:
    """Whether what a rule finds depends on the host."""
    return (code.startswith("WD1") and code not in _HOST_FREE) or code == "WD406"


def run_checks(
    facts: Facts, lints: Callable[[str], Lint], asked: Callable[[str], bool] = lambda code: True
) -> tuple[Finding, ...]:
    """Run every rule; the findings in their total order, doubles removed.

    ``lints`` gives a rule's metadata by its code and is asked only for rules that found something; ``asked``
    says of a code whether its rule is to be run.
    """
    predicted = {file.path for file in facts.files if file.predicted}
    checks = dict(BINARY_CHECKS)
    if facts.sources:
        checks.update({code: source_check(code) for code in SOURCE_CHECKS})
    findings = {
        _finding(code, draft, lints(code), _origin(draft, facts), predicted=draft.subject in predicted): None
        for code, check in checks.items()
        if asked(code)
        for draft in check(facts)
    }
    return tuple(sorted(findings, key=lambda finding: finding.order))


def composition_findings(facts: CompositionFacts, lints: Callable[[str], Lint]) -> tuple[Finding, ...]:
    """What the rules about a composition say, in the total order."""
    from wasmdoctor.checks import composition

    findings = {
        _finding(code, draft, lints(code)): None
        for code, name in COMPOSITION_CHECKS.items()
        for draft in getattr(composition, name)(facts)
    }
    return tuple(sorted(findings, key=lambda finding: finding.order))


def policy_findings(facts: PolicyFacts, lints: Callable[[str], Lint]) -> tuple[Finding, ...]:
    """What the rules about suppressions say, in the total order."""
    from wasmdoctor.checks import suppressions

    findings = {
        _finding(code, draft, lints(code)): None
        for code, name in POLICY_CHECKS.items()
        for draft in getattr(suppressions, name)(facts)
    }
    return tuple(sorted(findings, key=lambda finding: finding.order))


def _origin(draft: Draft, facts: Facts) -> Origin | None:
    """How what a draft is about came into its component, when that is known."""
    origins = facts.export_origins if draft.exported else facts.origins
    return origins.get((draft.subject, draft.interface))


def _finding(
    code: str, draft: Draft, lint: Lint, origin: Origin | None = None, *, predicted: bool = False
) -> Finding:
    """A draft with what its lint and its origin say of it. ``predicted``: its subject is not built."""
    severity = draft.severity or lint.severity
    confidence = draft.confidence or lint.confidence
    message = phrase(draft.message)
    if predicted and origin is not None:
        if origin.certainty.value in ("certain", "likely"):
            message += say(" (predicted from sources)")
        else:
            done = say("exported") if draft.exported else say("imported")
            message += say(" (predicted from sources: it may be {done})", done=done)
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
        help=joined("\n", filter(None, (phrase(draft.help), lint.note))),
        # What a build shows of an import is worth more than what a rule saw in the sources.
        origin=origin.steps if origin else draft.origin,
        plans=lint.plans if draft.plans is None else draft.plans,
        related=draft.related,
        remedies=draft.remedies,
    )
