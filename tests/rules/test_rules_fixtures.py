"""What the rules about sources say of the fixtures: all of it for the scheduler, and which fire elsewhere."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest
from rules.rules_support import facts_of, shown

from wasmdoctor.checks import cargo, deps, exports, freshness, leaks, wit
from wasmdoctor.checks.facts import Draft, Facts

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures"
RULES = {
    "WD106": leaks.leaked,
    "WD107": leaks.unused_custom_import,
    "WD108": exports.leaked_export,
    "WD201": wit.syntax,
    "WD202": wit.unresolved,
    "WD203": deps.stale_deps,
    "WD204": wit.two_versions,
    "WD205": wit.unused_import,
    "WD206": wit.duplicate_package,
    "WD301": cargo.library_is_component,
    "WD302": cargo.bindgen_versions,
    "WD303": cargo.metadata_target,
    "WD304": cargo.metadata_name,
    "WD305": cargo.crate_type,
    "WD501": freshness.stale_component,
    "WD502": freshness.stale_bindings,
}
CORE = "scheduler:core-libs"


@cache
def facts(name: str) -> Facts:
    return facts_of(FIXTURES / name)


def findings(name: str) -> dict[str, list[Draft]]:
    found = {code: list(dict.fromkeys(rule(facts(name)))) for code, rule in RULES.items()}
    for drafts in found.values():
        shown(drafts)  # each has a line and a help
    return {code: drafts for code, drafts in found.items() if drafts}


def test_the_scheduler_has_three_libraries_that_are_components_and_nine_leaks() -> None:
    found = findings("scheduler")
    assert found.keys() == {"WD106", "WD108", "WD301"}
    assert {(d.subject, d.interface, str(d.location)) for d in found["WD106"]} == {
        (f"prebuilt/{component}.wasm", f"{CORE}/{name}@0.1.0", f"core-libs/wit/world.wit:{line}:5")
        for component in ("scheduler", "scheduler_actions_http", "scheduler_executor")
        for line, name in ((200, "wasi-network"), (201, "wasi-tcp"), (202, "wasi-udp"))
    }
    assert [(d.subject, str(d.location), [str(p) for p, _ in d.related]) for d in found["WD301"]] == [
        (
            "core-libs/Cargo.toml",
            "core-libs/Cargo.toml:11:1",
            ["actions-http/Cargo.toml:14:1", "executor/Cargo.toml:14:1", "scheduler/Cargo.toml:14:1"],
        ),
        ("executor/Cargo.toml", "executor/Cargo.toml:11:1", ["scheduler/Cargo.toml:15:1"]),
        ("actions-http/Cargo.toml", "actions-http/Cargo.toml:11:1", ["scheduler/Cargo.toml:16:1"]),
    ]


def test_the_chain_of_a_leak_goes_from_the_component_to_the_line_of_wit() -> None:
    [draft] = [
        d
        for d in findings("scheduler")["WD106"]
        if d.subject == "prebuilt/scheduler.wasm" and d.interface == f"{CORE}/wasi-tcp@0.1.0"
    ]
    assert draft.message == (
        f"`{CORE}/wasi-tcp@0.1.0` is not in `scheduler`'s world `scheduler-component`: the linked crate "
        "`scheduler-core` brings it with its world `scheduler-core`"
    )
    assert [(step.kind, str(step.location)) for step in draft.origin] == [
        ("crate", "scheduler/Cargo.toml:14:1"),
        ("crate", "core-libs/Cargo.toml:2:8"),
        ("binding", "core-libs/src/component.rs:3:1"),
        ("world", "core-libs/wit/world.wit:199:7"),
        ("import", "core-libs/wit/world.wit:201:5"),
    ]


WORKSPACES = sorted(path.name for path in (FIXTURES / "workspaces").glob("*") if path.is_dir())
BOTH = {"checked-in-bindings", "export-leak"}
"""Workspaces with a crate that is a component and linked into another one."""
TWO_BINDGENS = {"checked-in-bindings"}


@pytest.mark.parametrize("name", WORKSPACES)
def test_the_workspaces_are_built_and_so_nothing_is_wrong_with_their_wit_and_manifests(name: str) -> None:
    found = findings(f"workspaces/{name}").keys() - {"WD106", "WD107", "WD108"}
    assert found == ({"WD301"} if name in BOTH else set()) | ({"WD302"} if name in TWO_BINDGENS else set())


@pytest.mark.parametrize("name", WORKSPACES)
def test_a_leak_is_in_no_world_of_the_components_own_crate(name: str) -> None:
    for draft in findings(f"workspaces/{name}").get("WD106", ()):
        [component] = [
            c
            for s in facts(f"workspaces/{name}").sources
            for c in s.components
            if c.crate.manifest == draft.subject
        ]
        own = [b for b in component.bindings.bindings if b.crate == component.crate.id]
        assert own
        assert all(draft.interface not in binding.imports for binding in own)


def test_leaks_and_unused_imports_where_the_workspaces_are_made_for_them() -> None:
    def interfaces(name: str, code: str) -> set[str]:
        return {draft.interface for draft in findings(f"workspaces/{name}").get(code, ())}

    leaking = {name for name in WORKSPACES if interfaces(name, "WD108")}
    assert leaking == {"checked-in-bindings", "export-leak", "leak-shapes"}
    assert interfaces("checked-in-bindings", "WD108") == {"depart"}
    assert interfaces("leak-shapes", "WD108") == {"water:exporter/gate@0.1.0"}
    assert interfaces("diamond", "WD106") == {"rail:signal/lamp@0.4.0", "rail:signal/points@0.4.0"}
    assert interfaces("single-crate", "WD106") == set()
    assert interfaces("single-crate", "WD107") == {"harbor:tide-clock/almanac@0.1.0", "silence"}
    assert interfaces("registry-bindings", "WD106") == set()  # the host has all that the crate brings
    assert interfaces("composed", "WD106") == interfaces("composed", "WD107") == set()
