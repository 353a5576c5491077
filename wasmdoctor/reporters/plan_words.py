"""The words that all reports on plans share."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from wasmdoctor.model.edit import ChangeKind
from wasmdoctor.model.migration import WorkspacePlans
from wasmdoctor.model.names import ExternName
from wasmdoctor.model.plan import BodyKind, BridgeFunction, CallSite, Plan, PlanId

TITLES = {
    PlanId.A: "link statically",
    PlanId.B: "compose with an adapter",
    PlanId.C: "call standard WASI",
}
ABOUT = {
    PlanId.A: "libraries stop being components; all is linked into one",
    PlanId.B: "an adapter component provides what is missing",
    PlanId.C: "the code that calls custom interfaces calls standard ones",
}
BODIES = {
    BodyKind.MAPPING: "a mapping",
    BodyKind.DERIVED: "the standard function of that name",
    BodyKind.REFUSES: "refuses",
}
NEEDED = {True: "needed", False: "falls away", None: "not known"}
PAST = {
    ChangeKind.MODIFY: "modified",
    ChangeKind.CREATE: "created",
    ChangeKind.REMOVE: "removed",
    ChangeKind.MOVE: "moved",
}


def standing(plan: Plan) -> str:
    """Whether a plan applies, in words."""
    if not plan.applicable:
        return "does not apply"
    return "recommended" if plan.recommended else "applies"


def command(plan: Plan) -> str:
    """The command that does a plan, or "" when none does."""
    return f"wasmdoctor migrate --plan {plan.plan.value}" if plan.applicable and plan.changes else ""


def changed(plans: WorkspacePlans, plan: Plan) -> str:
    """The files and lines that a plan changes, in words; "" when it has no edits."""
    if not plan.changes:
        return ""
    counts = Counter(change.kind for change in plan.changes.changes)
    files = ", ".join(f"{plural(counts[kind], 'file')} {PAST[kind]}" for kind in ChangeKind if counts[kind])
    added, removed = plans.lines(plan.plan)
    return f"{files} (+{added} -{removed} lines)" if added or removed else files


def bridged(plan: Plan) -> str:
    """How many functions the bridge has of each kind, in words; "" without a bridge."""
    counts = Counter(function.body for function in plan.bridge)
    parts = {
        BodyKind.MAPPING: "by a mapping onto standard WASI",
        BodyKind.DERIVED: "by the standard function of the same name",
        BodyKind.REFUSES: "refuses" if counts[BodyKind.REFUSES] == 1 else "refuse",
    }
    text = ", ".join(f"{counts[kind]} {words}" for kind, words in parts.items() if counts[kind])
    unneeded = sum(function.needed is False for function in plan.bridge)
    if unneeded:
        text += f"; {unneeded} {'falls' if unneeded == 1 else 'fall'} away, since nothing that stays calls "
        text += "it" if unneeded == 1 else "them"
    return text


def by_need(functions: Iterable[BridgeFunction]) -> list[BridgeFunction]:
    """Functions of a bridge, those that fall away last."""
    return sorted(functions, key=lambda function: function.needed is False)


def called(site: CallSite) -> str:
    """What a call site calls after a plan, in words."""
    return f"calls {site.calls}" if site.calls else "goes through the bridge"


def folded(names: Iterable[str]) -> list[str]:
    """Names by package: ``wasi:io/{error, streams}@0.2.6``; what is no interface stands alone, first."""
    groups: dict[tuple[str, str], list[str]] = {}
    plain: list[str] = []
    for text in sorted(names):
        name = ExternName.parse(text)
        if name.kind == "interface":
            groups.setdefault((name.package or "", name.version or ""), []).append(name.interface or "")
        else:
            plain.append(text)
    for (package, version), interfaces in groups.items():
        inner = f"{{{', '.join(interfaces)}}}" if len(interfaces) > 1 else interfaces[0]
        plain.append(f"{package}/{inner}" + (f"@{version}" if version else ""))
    return plain


def surfaces(plans: WorkspacePlans, plan: Plan, *, exports: bool) -> Iterator[tuple[str, Sequence[str]]]:
    """What each component imports (or exports) after a plan, folded; nothing for a plan without edits."""
    after = plan.exports_after if exports else plan.imports_after
    for name, names in sorted(after.items()):
        yield name, folded(names)


def std_note(plans: WorkspacePlans, plan: Plan) -> str:
    """What std may add to the predicted imports, in words, or ""."""
    found = plans.after.get(plan.plan, {})
    if not plans.std or not any(surface.possible_imports for surface in found.values()):
        return ""
    return f"{plans.std}: its own wasi:* imports come on top, as before"


def plural(count: int, word: str) -> str:
    """``1 file``, ``2 files``."""
    return f"{count} {word}" if count == 1 else f"{count} {word}s"
