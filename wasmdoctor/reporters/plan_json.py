"""``plan --format json``: the contract of ``rules/schema/plan-1.json``, schema 1."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from wasmdoctor.model.migration import WorkspacePlans
from wasmdoctor.model.plan import Plan
from wasmdoctor.model.source import Location
from wasmdoctor.reporters.jsontext import dumped

SCHEMA = 1


def render(found: Sequence[WorkspacePlans], tool_version: str) -> str:
    """The plans as indented JSON with a line end. The same plans give the same bytes."""
    return dumped(document(found, tool_version)) + "\n"


def document(found: Sequence[WorkspacePlans], tool_version: str) -> dict[str, Any]:
    """The plans as plain data; paths are relative to where the command ran."""
    return {
        "schema": SCHEMA,
        "tool": {"name": "wasmdoctor", "version": tool_version},
        "workspaces": [_workspace(plans) for plans in found],
        "plans": [_plan(plans, plan) for plans in found for plan in plans.plans],
    }


def _workspace(plans: WorkspacePlans) -> dict[str, Any]:
    return {
        "folder": plans.folder,
        "target": plans.target,
        "host": plans.host,
        "troubles": [
            {
                "component": trouble.component,
                "import": trouble.name,
                "location": _location(plans, trouble.location),
            }
            for trouble in plans.troubles
        ],
        "imports_before": {name: list(each.imports) for name, each in sorted(plans.before.items())},
        "exports_before": {name: list(each.exports) for name, each in sorted(plans.before.items())},
        "recommendation": plans.verdict or None,
        "problems": [
            {"location": _location(plans, p.location), "message": p.message, "help": p.help}
            for p in plans.problems
        ],
    }


def _plan(plans: WorkspacePlans, plan: Plan) -> dict[str, Any]:
    after = plans.after.get(plan.plan, {})
    added, removed = plans.lines(plan.plan)
    return {
        "plan": plan.plan.value,
        "workspace": plans.folder,
        "applicable": plan.applicable,
        "reason": plan.reason,
        "recommended": plan.recommended,
        "edits": [
            {
                "path": plans.shown(change.path),
                "kind": change.kind.value,
                "to": plans.shown(change.to) if change.to else None,
                "causes": list(change.causes),
            }
            for change in plan.changes.changes
        ],
        "lines_added": added,
        "lines_removed": removed,
        "manual": [{**_location(plans, step.location), "message": step.message} for step in plan.manual],
        "bridge": [
            {
                "interface": function.interface,
                "function": function.function,
                "body": function.body.value,
                "about": function.about,
                "imports": list(function.imports),
                "needed": function.needed,
            }
            for function in plan.bridge
        ],
        "calls": [
            {
                **_location(plans, site.location),
                "interface": site.interface,
                "function": site.function,
                "target": site.target.value,
                "calls": site.calls or None,
            }
            for site in plan.calls
        ],
        "imports_after": {name: list(names) for name, names in sorted(plan.imports_after.items())},
        "exports_after": {name: list(names) for name, names in sorted(plan.exports_after.items())},
        "possible_imports_after": {name: list(each.possible_imports) for name, each in sorted(after.items())},
        "possible_exports_after": {name: list(each.possible_exports) for name, each in sorted(after.items())},
        "dependencies": dict(sorted(plan.dependencies.items())),
        "loses": plan.loses,
        "steps": list(plan.steps),
    }


def _location(plans: WorkspacePlans, location: Location) -> dict[str, Any]:
    return {
        "path": plans.shown(location.path),
        "line": location.line or None,
        "column": location.column or None,
    }
