"""The policy: rules selected, severities, suppressions, persona and baseline, on findings made by hand."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Iterable
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wasmdoctor.catalog import Catalog
from wasmdoctor.checks import policy_findings
from wasmdoctor.checks.policy import Outcome, Policy, apply
from wasmdoctor.checks.suppressions import PolicyFacts, expired, unused
from wasmdoctor.model.config import Allow, Persona, Suppression
from wasmdoctor.model.finding import Finding, OriginStep
from wasmdoctor.model.fingerprint import fingerprint, fingerprints, place_in
from wasmdoctor.model.rule import Confidence, Severity
from wasmdoctor.model.source import Location

CATALOG = Catalog()
NAMES = CATALOG.rule_names
TODAY = date(2026, 11, 24)


def finding(code: str = "WD101", line: int = 5, **changes: Any) -> Finding:
    made = Finding(
        code=code,
        name=NAMES[code],
        severity=Severity.ERROR,
        confidence=Confidence.HIGH,
        message=f"{code} at line {line}",
        subject="app/Cargo.toml",
        location=Location("app/wit/app.wit", line, 3),
        interface="my:app/store@1.0.0",
    )
    return dataclasses.replace(made, **changes)


def comment(*rules: str, line: int = 5, path: str = "app/wit/app.wit", **changes: Any) -> Suppression:
    made = Suppression(Location(path, line, 30), rules, "because", line, line)
    return dataclasses.replace(made, **changes)


def judge(
    findings: Iterable[Finding],
    policy: Policy | None = None,
    suppressions: Iterable[Suppression] = (),
    *,
    whole: bool = True,
    ran: Iterable[str] = NAMES,
    **more: Any,
) -> Outcome:
    return apply(
        findings,
        policy or Policy(NAMES),
        tuple(suppressions),
        today=TODAY,
        about=lambda facts: policy_findings(facts, CATALOG.lint),
        ran=frozenset(ran),
        whole=lambda path: whole,
        **more,
    )


def codes(outcome: Outcome) -> list[str]:
    return [each.code for each in outcome.findings]


# -- selection


@pytest.mark.parametrize(
    ("select", "ignore", "code", "spoken"),
    [
        (("all",), (), "WD101", True),
        (("WD2",), (), "WD101", False),
        (("WD1",), (), "WD101", True),
        (("WD10",), (), "WD110", False),
        (("nonstandard-import",), (), "WD101", True),
        (("nonstandard",), (), "WD101", False),
        (("all",), ("WD1",), "WD101", False),
        (("all", "WD101"), ("WD1",), "WD101", True),
        (("WD1",), ("WD1",), "WD101", False),
        (("WD101",), ("nonstandard-import",), "WD101", False),
        (("WD101",), ("all",), "WD101", True),
        # What could not be read is said whatever is selected, and silenced by itself only.
        (("WD2",), (), "WD001", True),
        (("all",), ("WD0", "all"), "WD001", True),
        (("all",), ("WD001",), "WD001", False),
        (("WD2",), (), "WD004", False),
    ],
)
def test_the_more_exact_selector_decides(
    select: tuple[str, ...], ignore: tuple[str, ...], code: str, spoken: bool
) -> None:
    policy = Policy(NAMES, select=select, ignore=ignore)
    assert policy.selects(code) is spoken
    assert codes(judge([finding(code)], policy)) == ([code] if spoken else [])


def test_the_most_exact_severity_counts() -> None:
    policy = Policy(
        NAMES, severity={"WD1": Severity.NOTE, "look-alike": Severity.ERROR, "all": Severity.WARNING}
    )
    found = judge([finding("WD101"), finding("WD103"), finding("WD205")], policy).findings
    assert {each.code: each.severity for each in found} == {
        "WD101": Severity.NOTE,
        "WD103": Severity.ERROR,
        "WD205": Severity.WARNING,
    }


def test_rules_are_ignored_by_the_place_or_the_component() -> None:
    policy = Policy(NAMES, paths=((lambda path: path.startswith("vendor/"), ("WD2",)),))
    here = finding("WD205")
    there = finding("WD205", location=Location("vendor/x.wit", 1))
    shown_there = finding("WD205", subject="vendor/Cargo.toml")
    other = finding("WD101", location=Location("vendor/x.wit", 1))
    assert judge([here, there, shown_there, other], policy).findings == tuple(
        sorted([here, other], key=lambda each: each.order)
    )


def test_what_is_excluded_is_not_there() -> None:
    policy = Policy(NAMES, exclude=lambda path: path.startswith("app/"))
    assert judge([finding(), finding(subject="b/Cargo.toml")], policy).findings == (
        finding(subject="b/Cargo.toml"),
    )


# -- persona


@pytest.mark.parametrize(
    ("persona", "shown"),
    [
        (Persona.REGULAR, ["high error", "high note", "medium error", "medium note"]),
        (Persona.PEDANTIC, ["high error", "high note", "low error", "medium error", "medium note"]),
        (
            Persona.AUDITOR,
            ["high error", "high note", "low error", "low note", "medium error", "medium note"],
        ),
    ],
)
def test_a_persona_sees_what_is_sure_enough(persona: Persona, shown: list[str]) -> None:
    findings = [
        finding(severity=severity, confidence=confidence)
        for confidence, severity in itertools.product(Confidence, (Severity.ERROR, Severity.NOTE))
    ]
    outcome = judge(findings, Policy(NAMES, persona=persona))
    assert sorted(f"{each.confidence} {each.severity}" for each in outcome.findings) == shown
    assert outcome.unsure == len(findings) - len(shown)
    assert bool(outcome.notes) == (persona is not Persona.AUDITOR)


# -- comments


def test_a_comment_is_for_its_lines_and_rules() -> None:
    block = comment("WD1", first=4, last=6)
    found = [finding(line=line) for line in (3, 4, 6, 7)]
    outcome = judge(found, suppressions=[block])
    assert [each.location.line for each in outcome.findings] == [3, 7]
    [first, second] = outcome.suppressed
    assert (first.kind, first.reason, first.location) == ("comment", "because", block.location)
    assert second.finding.location.line == 6
    assert codes(judge([finding()], suppressions=[comment("WD103"), comment("WD101", path="b.wit")])) == [
        "WD101",
        "WD004",
        "WD004",
    ]


def test_a_comment_at_a_step_of_the_way_counts_too() -> None:
    binding = OriginStep("binding", "generate! call", Location("lib/src/lib.rs", 2, 1))
    at = comment("nonstandard-import", path="lib/src/lib.rs", line=1, first=2, last=9)
    outcome = judge([finding(origin=(binding,)), finding()], suppressions=[at])
    assert outcome.findings == (finding(),)
    assert len(outcome.suppressed) == 1


def test_an_unused_rule_of_a_comment_is_a_warning() -> None:
    outcome = judge([finding()], suppressions=[comment("WD101", "WD205", "look-alike")])
    assert [(each.code, each.severity.value, each.message) for each in outcome.findings] == [
        ("WD004", "warning", "this suppression has no effect: there is no finding of WD205 here to suppress"),
        (
            "WD004",
            "warning",
            "this suppression has no effect: there is no finding of look-alike here to suppress",
        ),
    ]
    assert outcome.findings[0].location == comment("WD101").location


def test_one_is_not_called_unused_when_not_all_was_looked_at() -> None:
    idle = [comment("WD205")]
    assert codes(judge([], suppressions=idle)) == ["WD004"]
    assert codes(judge([], suppressions=idle, whole=False)) == []
    assert codes(judge([], suppressions=idle, ran=["WD101"])) == []
    assert codes(judge([], Policy(NAMES, ignore=("WD205",)), idle)) == []
    assert codes(judge([], Policy(NAMES, ignore=("WD004",)), idle)) == []
    # ... nor when a finding is there that the persona does not see.
    doubtful = finding("WD205", confidence=Confidence.LOW)
    assert codes(judge([doubtful], suppressions=idle)) == []


def test_a_comment_without_effect_is_an_error_and_the_finding_stays() -> None:
    bad = comment("WD101", reason="", fault="it gives no reason", help="say why")
    outcome = judge([finding()], suppressions=[bad], whole=False)
    assert [(each.code, each.severity.value) for each in outcome.findings] == [
        ("WD004", "error"),
        ("WD101", "error"),
    ] or [(each.code, each.severity.value) for each in outcome.findings] == [
        ("WD101", "error"),
        ("WD004", "error"),
    ]
    [unknown] = judge([], suppressions=[comment("WD199")], whole=False).findings
    assert unknown.message == "this suppression has no effect: there is no rule `WD199`"
    [near] = judge([], suppressions=[comment("look-alik")], whole=False).findings
    assert near.help == "did you mean `look-alike`?"


def test_findings_about_suppressions_cannot_be_suppressed() -> None:
    outcome = judge([], suppressions=[comment("WD205"), comment("WD004")])
    assert codes(outcome) == ["WD004", "WD004"]


# -- the configuration


def allow(**values: Any) -> Allow:
    made = Allow(Location("wasmdoctor.toml", 9, 3), rules=("WD101",), reason="agreed")
    return dataclasses.replace(made, **values)


def allowing(*allows: Allow) -> Policy:
    return Policy(NAMES, allows=tuple((each, lambda path: path.startswith("vendor/")) for each in allows))


@pytest.mark.parametrize(
    ("values", "suppressed"),
    [
        ({}, True),
        ({"rules": ("WD1",)}, True),
        ({"rules": ("WD2",)}, False),
        ({"interface": "my:app/*"}, True),
        ({"interface": "my:app/store"}, True),
        ({"interface": "my:app/store@1.0.0"}, True),
        ({"interface": "my:app/store@2.0.0"}, False),
        ({"interface": "my:app/stor"}, False),
        ({"component": "app"}, True),
        ({"component": "app/*"}, True),
        ({"component": "ap"}, False),
        ({"path": "vendor/**"}, False),
        ({"expires": TODAY}, True),
        ({"expires": date(2026, 11, 23)}, False),
    ],
)
def test_an_allow_is_for_what_it_names(values: dict[str, Any], suppressed: bool) -> None:
    outcome = judge([finding()], allowing(allow(**values)), whole=False)
    assert [each.kind for each in outcome.suppressed] == (["configuration"] if suppressed else [])


def test_an_allow_that_is_idle_or_expired_is_said() -> None:
    [idle] = judge([], allowing(allow())).findings
    assert (idle.code, str(idle.location)) == ("WD004", "wasmdoctor.toml:9:3")
    over = allow(expires=date(2026, 11, 1))
    outcome = judge([finding()], allowing(over))
    assert sorted(codes(outcome)) == ["WD005", "WD101"]
    said = next(each for each in outcome.findings if each.code == "WD005")
    assert said.message == "this suppression expired on 2026-11-01 (agreed)"
    assert said.severity is Severity.WARNING


def test_a_provider_that_nobody_needs_is_said() -> None:
    ours = allow(rules=(), reason="", provided_by="our host", interface="my:app/*")
    policy = Policy(NAMES, shared=(ours,))
    [idle] = judge([], policy).findings
    assert "nothing imports `my:app/*` that nobody else provides" in idle.message
    assert judge([], policy, used=frozenset({ours.location})).findings == ()
    over = dataclasses.replace(ours, expires=date(2026, 1, 1))
    assert codes(judge([], Policy(NAMES, shared=(over,)))) == ["WD005"]


def test_the_rules_speak_of_what_they_are_told() -> None:
    assert list(unused(PolicyFacts())) == []
    assert list(expired(PolicyFacts())) == []


# -- baseline


def test_only_what_the_baseline_does_not_have_is_new() -> None:
    old, new = finding(fingerprint="a" * 32), finding(line=6, fingerprint="b" * 32)
    unreadable = finding("WD001", fingerprint="c" * 32)
    known = {mark * 32: 1 for mark in "acd"}
    place = Location("known.json")
    outcome = judge([old, new, unreadable], Policy(NAMES, baseline=known, baseline_place=place))
    assert {each.fingerprint[0] for each in outcome.findings} == {"b", "c"}
    assert [(each.kind, each.location) for each in outcome.suppressed] == [("baseline", place)]
    # The one that is gone, and what could not be read, which never is in a baseline.
    assert outcome.gone == 2
    assert judge([old, new, unreadable], Policy(NAMES, known=True)).findings == (unreadable,)


# -- fingerprints


def mark(of: Finding, root: str = "/repo", cwd: str = "/repo") -> str:
    return fingerprint(of, place_in(root, cwd))


def test_a_fingerprint_does_not_depend_on_lines_folders_or_hosts() -> None:
    here = finding("WD301", interface="", message="`a` links `b` (app/Cargo.toml:12:3), 2 more")
    moved = dataclasses.replace(
        here,
        location=Location("app/wit/app.wit", 99, 1),
        message="`a` links `b` (app/Cargo.toml:40:1), 3 more",
        severity=Severity.NOTE,
    )
    inside = dataclasses.replace(
        here,
        subject="Cargo.toml",
        location=Location("wit/app.wit", 5, 3),
        message="`a` links `b` (Cargo.toml:12:3), 2 more",
    )
    assert mark(here) == mark(moved)
    assert mark(here) == mark(inside, "/repo", "/repo/app") == mark(inside, "/x", "/x/app")
    assert mark(finding(message="wasmtime@47 has none")) == mark(finding(message="wasmtime@48 has none"))


@pytest.mark.parametrize(
    "changes",
    [
        {"code": "WD106"},
        {"interface": "my:app/other@1.0.0"},
        {"subject": "other/Cargo.toml"},
    ],
)
def test_another_rule_import_or_component_is_another_finding(changes: dict[str, Any]) -> None:
    assert mark(finding()) != mark(finding(**changes))


def test_without_an_import_the_words_and_the_file_count() -> None:
    plain = finding("WD202", interface="", message="`my:dep@1.0.0` is not here")
    assert mark(plain) != mark(dataclasses.replace(plain, message="`my:dep@2.0.0` is not here"))
    assert mark(plain) != mark(dataclasses.replace(plain, location=Location("app/wit/other.wit", 5)))
    assert mark(dataclasses.replace(plain, message="2 of 3 are gone")) == mark(
        dataclasses.replace(plain, message="1 of 4 are gone")
    )


def test_builds_of_one_crate_are_one() -> None:
    crate = OriginStep("crate", "app", Location("app/Cargo.toml", 1))
    for wasm in ("target/wasm32-wasip2/debug/app.wasm", "target/wasm32-wasip1/release/app.wasm"):
        assert mark(finding(subject=wasm, origin=(crate,))) == mark(finding(origin=(crate,)))
        assert mark(finding(subject=wasm)) == mark(finding(subject="target/x/app.wasm"))
        assert mark(finding(subject=wasm)) != mark(finding(subject="target/x/other.wasm"))


def test_the_second_of_its_kind_in_one_artifact_is_told_apart() -> None:
    debug, release = (finding(subject=f"target/wasm32-wasip2/{p}/app.wasm") for p in ("debug", "release"))
    first, second, third = fingerprints([debug, debug, release], place_in("/r", "/r"))
    assert second == f"{first}-2"
    assert third == first


@given(st.text(), st.text(min_size=1), st.text())
def test_any_text_has_a_fingerprint(message: str, path: str, interface: str) -> None:
    made = finding(message=message, subject=path, interface=interface, location=Location(path))
    assert len(mark(made)) == 32
