"""SARIF: the real validator with GitHub's rules, and what the results say."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest
from outputs.outputs_support import CATALOG, finding, hostile_report, report, repository, sarif_troubles

from wasmdoctor.model.edit import Create, Replace
from wasmdoctor.model.finding import Suppressed
from wasmdoctor.model.fix import SuggestedFix
from wasmdoctor.model.repository import Repository
from wasmdoctor.model.source import Location, SourceText, Span
from wasmdoctor.reporters import sarif


def results(text: str) -> list[dict]:
    return json.loads(text)["runs"][0]["results"]


def render(shown, places: Repository | None = None) -> str:
    return sarif.render(shown, CATALOG.lints, places or repository())


WIT = "package shop:net@0.1.0;\n// café\nworld net { import store; import old; }\n"


def fixable() -> tuple:
    """A report with a fix in a line after characters of several bytes, and the repository with its file."""
    start = WIT.encode().index(b"import old;")
    edit = Replace("net/wit/world.wit", Span(start, start + 11), "/* é */".encode(), "unused")
    safe = SuggestedFix("Remove the unused import", (edit,), safe=True)
    risky = SuggestedFix("Remove it anyway", (edit,), safe=False)
    creates = SuggestedFix("Add a file", (Create("x", b"", "why"),), safe=True)
    text = SourceText("net/wit/world.wit", WIT.encode())
    places = dataclasses.replace(repository(), texts={"net/wit/world.wit": text})
    return report(finding(fixes=(safe, risky, creates))), places


def suppressed():
    allowed = Suppressed(finding(), "comment", Location("net/wit/world.wit", 7, 3), "the host has it")
    listed = Suppressed(finding(), "baseline", Location("/elsewhere/baseline.json", 3), "")
    return dataclasses.replace(report(), suppressed=(allowed, listed))


@pytest.mark.rust
def test_the_real_validator_finds_nothing(tmp_path: Path) -> None:
    shown, places = fixable()
    nowhere = finding(
        subject="/elsewhere/app.wasm", location=Location("/elsewhere/app.wasm"), origin=(), interface=""
    )
    logs = {
        "plain.sarif": render(report(finding())),
        "none.sarif": render(report()),
        "fixes.sarif": render(shown, places),
        "suppressed.sarif": render(suppressed()),
        "hostile.sarif": render(hostile_report(), Repository()),
        "nowhere.sarif": render(report(nowhere), Repository()),
    }
    troubles = [each for each in sarif_troubles(tmp_path, logs) if not each.startswith("SARIF2005")]
    assert troubles == []  # SARIF2005: the tool has no web page to name


@pytest.mark.rust
def test_the_real_validator_sees_a_result_without_a_place(tmp_path: Path) -> None:
    log = json.loads(render(report(finding())))
    log["runs"][0]["results"][0]["locations"] = []
    log["runs"][0]["surprise"] = 1
    troubles = " ".join(sarif_troubles(tmp_path, {"bad.sarif": json.dumps(log)}))
    assert "GH1015" in troubles
    assert "JSON1005" in troubles


def test_every_rule_is_there_with_help() -> None:
    driver = json.loads(render(report(finding())))["runs"][0]["tool"]["driver"]
    assert [rule["id"] for rule in driver["rules"]] == sorted(lint.code for lint in CATALOG.lints)
    for rule in driver["rules"]:
        assert rule["help"]["markdown"]
        assert rule["shortDescription"]["text"]
        assert rule["defaultConfiguration"]["level"] in ("error", "warning", "note")
        assert len(rule["properties"]["tags"]) == 3


def test_a_result_stands_at_the_source_and_tells_the_way() -> None:
    log = json.loads(render(report(finding())))["runs"][0]
    (result,) = log["results"]
    (location,) = result["locations"]
    assert location["physicalLocation"] == {
        "artifactLocation": {"uri": "shop/net/wit/world.wit", "uriBaseId": "%SRCROOT%"},
        "region": {"startLine": 8, "startColumn": 12},
    }
    assert "%SRCROOT%" in log["originalUriBaseIds"]
    assert log["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == "WD101"
    assert result["partialFingerprints"] == {"wasmdoctor/v1": "0123456789abcdef0123456789abcdef"}
    (flow,) = result["codeFlows"]
    steps = flow["threadFlows"][0]["locations"]
    assert [step["location"]["physicalLocation"]["region"]["startLine"] for step in steps] == [11, 2, 7]
    assert "observed in rlib target/x/libnet.rlib" in steps[1]["location"]["message"]["text"]
    assert [each["id"] for each in result["relatedLocations"]] == [1, 2, 3]


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"location": Location("target/wasm32-wasip2/debug/app.wasm")}, ("shop/net/wit/world.wit", 7)),
        ({"location": Location("../../registry/lib.wit", 3), "origin": ()}, ("shop/app/Cargo.toml", 1)),
        ({"location": Location("/x"), "origin": (), "subject": "/x"}, ("x", 1)),
        ({"location": Location("net/wit/world.wit")}, ("shop/net/wit/world.wit", 1)),
    ],
)
def test_what_is_a_binary_or_outside_falls_back(changes: dict, place: tuple[str, int]) -> None:
    (result,) = results(render(report(finding(**changes))))
    physical = result["locations"][0]["physicalLocation"]
    assert (physical["artifactLocation"]["uri"], physical["region"]["startLine"]) == place


def test_a_step_outside_stands_where_it_came_in() -> None:
    shown = finding()
    outside = dataclasses.replace(shown.origin[1], location=Location("/registry/net/Cargo.toml", 2))
    shown = dataclasses.replace(shown, origin=(shown.origin[0], outside))
    (result,) = results(render(report(shown)))
    steps = result["codeFlows"][0]["threadFlows"][0]["locations"]
    uris = {s["location"]["physicalLocation"]["artifactLocation"]["uri"] for s in steps}
    assert uris == {"shop/app/Cargo.toml"}
    assert [each["id"] for each in result["relatedLocations"]] == [1]


def test_a_safe_fix_is_a_replacement_in_lines_and_code_points() -> None:
    (result,) = results(render(*fixable()))
    (fix,) = result["fixes"]  # neither the risky one nor the one that SARIF cannot say
    assert fix["description"]["text"] == "Remove the unused import"
    (change,) = fix["artifactChanges"]
    (replacement,) = change["replacements"]
    region = replacement["deletedRegion"]
    line = WIT.splitlines()[region["startLine"] - 1]
    assert line[region["startColumn"] - 1 : region["endColumn"] - 1] == "import old;"
    assert region["startLine"] == region["endLine"] == 3
    assert replacement["insertedContent"] == {"text": "/* é */"}


def test_suppressed_findings_are_results_with_a_reason() -> None:
    first, second = results(render(suppressed()))
    (suppression,) = first["suppressions"]
    assert suppression["kind"] == "inSource"
    assert suppression["justification"] == "the host has it"
    assert suppression["location"]["physicalLocation"]["region"]["startLine"] == 7
    assert second["suppressions"] == [{"kind": "external"}]


def test_names_with_odd_characters_make_valid_uris() -> None:
    places = Repository({"a b/ü%.wit": "a b/ü%.wit"})
    (result,) = results(render(report(finding(location=Location("a b/ü%.wit", 2))), places))
    uri = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    assert uri == "a%20b/%C3%BC%25.wit"


def test_text_from_files_makes_no_link() -> None:
    (result,) = results(render(hostile_report(), Repository()))
    assert "](http" not in result["message"]["text"]
    assert "\u202e" not in json.dumps(result, ensure_ascii=False)


def test_the_same_report_gives_the_same_bytes() -> None:
    assert render(report(finding())) == render(report(finding()))
