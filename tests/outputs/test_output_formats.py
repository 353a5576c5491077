"""github, gitlab, junit, markdown and jsonl: each read back by what reads it, or by its published rules."""

from __future__ import annotations

import dataclasses
import json
import re
import subprocess
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token
from outputs.outputs_support import HOSTILE, TOOLS, finding, hostile_report, report, repository

from wasmdoctor.model.finding import CheckedArtifact, OriginStep
from wasmdoctor.model.repository import Repository
from wasmdoctor.model.rule import Confidence, Severity
from wasmdoctor.model.source import Location
from wasmdoctor.reporters import github, gitlab, jsonl, junit, markdown, sarif

WARNING = finding(code="WD106", severity=Severity.WARNING, fingerprint="a" * 32)
NOTE = finding(code="WD107", severity=Severity.NOTE, message="another", fingerprint="b" * 32)


def commands(text: str) -> list[tuple[str, dict[str, str], str]]:
    """Workflow commands as the runner reads them (actions/runner, ActionCommand.TryParseV2)."""
    found = []
    for line in text.splitlines():
        match = re.fullmatch(r"::(\S+)(?: (.*?))?::(.*)", line)
        assert match, line
        properties = dict(part.split("=", 1) for part in (match[2] or "").split(",") if part)
        plain = {key: decoded(value, ":,") for key, value in properties.items()}
        found.append((match[1], plain, decoded(match[3], "")))
    return found


def decoded(text: str, more: str) -> str:
    for char in "\r\n" + more:
        text = text.replace(f"%{ord(char):02X}", char)
    return text.replace("%25", "%")


def test_github_annotates_a_line() -> None:
    ((name, properties, message),) = commands(github.render(report(finding()), repository()))
    assert name == "error"
    assert properties == {
        "file": "shop/net/wit/world.wit",
        "line": "8",
        "col": "12",
        "title": "WD101 nonstandard-import",
    }
    assert message == "nobody provides `shop:net/store@0.1.0`\nlink it as Rust\nor compose"


def test_github_says_the_gravest_first_and_each_once() -> None:
    other = dataclasses.replace(finding(), subject="target/wasm32-wasip2/release/app.wasm")
    found = commands(github.render(report(NOTE, WARNING, finding(), other), repository()))
    assert [name for name, _, _ in found] == ["error", "warning", "notice"]
    assert "debug/app.wasm, target/wasm32-wasip2/release/app.wasm" in found[0][2]
    assert github.render(report(), repository()) == ""


def test_github_obeys_nothing_that_a_file_says() -> None:
    ((name, properties, message),) = commands(github.render(hostile_report(), Repository()))
    assert name == "error"
    assert set(properties) == {"file", "line", "title"}
    assert message.startswith(
        "evil%0A::set-output name=x::y\\u{a}::error::no"
    )  # decoded once, as the runner does
    assert not re.search(r"[\x00-\x09\x0b-\x1f\u202e]", message)


def test_gitlab_maps_severity_and_keeps_fingerprints_apart() -> None:
    release = finding(subject="target/wasm32-wasip2/release/app.wasm")
    unsure = finding(confidence=Confidence.LOW, fingerprint="c" * 32)
    shown = report(finding(), release, release, unsure, WARNING, NOTE)
    entries = json.loads(gitlab.render(shown, repository()))
    assert [entry["severity"] for entry in entries] == ["critical"] * 3 + ["major", "minor", "info"]
    prints = [entry["fingerprint"] for entry in entries]
    assert len(set(prints)) == len(prints)
    assert prints[0] == finding().fingerprint
    for entry in entries:  # the keys that GitLab asks for
        assert {"description", "check_name", "fingerprint", "severity", "location"} <= entry.keys()
        assert entry["location"] == {"path": "shop/net/wit/world.wit", "lines": {"begin": 8}}
    assert json.loads(gitlab.render(report(), repository())) == []


def test_gitlab_paths_are_relative_whatever_a_file_is_called() -> None:
    (entry,) = json.loads(gitlab.render(hostile_report(), Repository()))
    assert not entry["location"]["path"].startswith(("/", "./", "../"))
    assert "\x1b" not in json.dumps(entry, ensure_ascii=False)


FINE = CheckedArtifact("target/fine.wasm", "component", 10)


def test_junit_has_a_case_for_each_component_and_a_failure_for_each_finding() -> None:
    root = ElementTree.fromstring(junit.render(report(finding(), WARNING, more=[FINE])))
    app, fine = root.findall("testsuite")
    assert [app.get("name"), app.get("tests"), app.get("failures")] == [finding().subject, "2", "1"]
    assert [len(case.findall("failure")) for case in app] == [1, 0]
    failure = app[0][0]
    assert failure.get("type") == "WD101"
    assert "at net/wit/world.wit:8:12" in (failure.text or "")
    assert [fine.get("tests"), fine.get("failures")] == ["1", "0"]
    assert root.get("tests") == "3"


@pytest.mark.parametrize(("fail_on", "failures"), [(None, 0), (Severity.ERROR, 1), (Severity.NOTE, 3)])
def test_junit_fails_what_the_exit_code_fails(fail_on: Severity | None, failures: int) -> None:
    text = junit.render(report(finding(), WARNING, NOTE), fail_on)
    assert len(ElementTree.fromstring(text).findall(".//failure")) == failures
    assert len(ElementTree.fromstring(text).findall(".//system-out")) == 3 - failures


@pytest.mark.rust
def test_junit_is_valid_by_the_schema_of_jenkins(tmp_path: Path) -> None:
    reports = {
        "plain.xml": report(finding(), WARNING, NOTE, more=[FINE]),
        "none.xml": report(),
        "hostile.xml": hostile_report(),
    }
    for name, shown in reports.items():
        (tmp_path / name).write_text(junit.render(shown), "utf-8")
    (tmp_path / "bad.xml").write_text('<testsuites><testsuite name="x"/></testsuites>')
    program = [TOOLS / "venv/bin/xmlschema-validate", "--schema", TOOLS / "junit-10.xsd"]
    for names, valid in ((list(reports), True), (["bad.xml"], False)):
        files = [tmp_path / name for name in names]
        done = subprocess.run([*program, *files], capture_output=True, text=True, check=False)
        assert (done.returncode == 0) is valid, done.stdout + done.stderr


def test_junit_keeps_the_text_of_what_may_stand_in_xml() -> None:
    root = ElementTree.fromstring(junit.render(hostile_report()))
    failure = root.find(".//failure")
    assert failure is not None
    assert (failure.get("message") or "").startswith("evil%0A::set-output name=x::y\\u{a}::error::no `tick`")
    assert "<script>alert(1)</script>" in (failure.text or "")


def tokens(text: str) -> list[Token]:
    parsed = MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(text)
    return [inner for token in parsed for inner in (token, *(token.children or ()))]


def test_markdown_shows_a_summary_and_folds_the_rest() -> None:
    text = markdown.render(report(finding(), WARNING), repository())
    found = tokens(text)
    assert (
        next(token.content for token in found if token.type == "inline") == "wasmdoctor: 1 error, 1 warning"
    )
    assert [token.type for token in found].count("table_open") == 1
    assert text.count("<details>") == text.count("</details>") == 2
    cells = [token.content for token in found if token.type == "code_inline"]
    assert "shop:net/store@0.1.0" in cells
    assert any(cell.startswith("crate net at net/Cargo.toml:2:8 (observed in rlib") for cell in cells)
    assert "<code>shop/net/wit/world.wit:8</code></summary>" in text


def test_markdown_of_nothing_is_two_lines() -> None:
    shown = dataclasses.replace(report(), components=(FINE,))
    text = markdown.render(shown, repository())
    assert text.split("\n\n") == ["### wasmdoctor: nothing to report", "1 component, host `wasmtime@50`\n"]


def test_markdown_obeys_nothing_that_a_file_says() -> None:
    found = tokens(markdown.render(hostile_report(), Repository()))
    kinds = {token.type for token in found}
    assert not kinds & {"link_open", "image", "html_inline", "s_open", "em_open", "strong_open", "fence"}
    html = "".join(token.content for token in found if token.type == "html_block")
    assert set(re.findall(r"</?(\w+)", html)) == {"details", "summary", "b", "code"}
    prose = " ".join(token.content for token in found if token.type == "text")
    outside = re.sub(r"<code>.*?</code>", "", html)
    for alive in ("@nobody", "#1", "http://"):  # what GitHub would make a mention, a reference, a link
        assert alive not in prose
        assert alive not in outside
    rows = [token for token in found if token.type == "tr_open"]
    cells = [token for token in found if token.type == "td_open"]
    assert (len(rows), len(cells)) == (2, 3)


@pytest.mark.parametrize("text", ["`", "``", " `a", "a`b``c", "", " ", "|", "\\", "a\nb", "`" * 50])
def test_code_spans_show_any_text(text: str) -> None:
    spans = [t.content for t in tokens(f"x {markdown.code(text)} y") if t.type == "code_inline"]
    assert [span.strip() for span in spans] == [text.replace("\n", "\\u{a}").strip()]


def test_markdown_stays_short_enough_for_a_comment() -> None:
    many = [
        finding(message=f"{number} " + "x" * 2000, severity=Severity.NOTE if number % 2 else Severity.ERROR)
        for number in range(200)
    ]
    text = markdown.render(report(*many), repository())
    assert len(text) < 65_536
    told = text.count("<details>")
    assert 0 < told < 100
    assert f"and {200 - told} more findings" in text
    assert "<b>note</b>" not in text  # the gravest first
    components = [
        dataclasses.replace(report().components[0], path=f"c{number}.wasm") for number in range(500)
    ]
    table = markdown.render(dataclasses.replace(report(), components=tuple(components)), repository())
    assert "and 480 more" in table


def test_jsonl_is_a_line_for_each_finding_and_a_summary() -> None:
    lines = [json.loads(line) for line in jsonl.render(report(finding(), WARNING)).splitlines()]
    assert [line["type"] for line in lines] == ["finding", "finding", "summary"]
    assert lines[0]["code"] == "WD101"
    assert lines[0]["location"] == {"path": "net/wit/world.wit", "line": 8, "column": 12}
    assert lines[-1]["summary"]["errors"] == 1
    assert lines[-1]["host"] == "wasmtime@50"


def test_jsonl_keeps_a_finding_on_one_line() -> None:
    text = jsonl.render(hostile_report())
    assert text.count("\n") == 2
    assert json.loads(text.split("\n")[0])["message"] == HOSTILE


def test_places_never_lead_out_of_the_repository() -> None:
    for subject in ("/etc/passwd", "../../x", "C:\\x\\..\\y", ".", "", "a/../../b"):
        place = Repository().place(finding(subject=subject, location=Location(subject), origin=()))
        assert place.line == 1
        assert not place.path.startswith("/")
        assert ".." not in place.path.split("/")
        assert place.path


ANY = st.text(st.characters(exclude_categories=[]), max_size=40)


@settings(max_examples=60, deadline=None)
@given(message=ANY, path=ANY, name=ANY)
def test_any_text_stays_text(message: str, path: str, name: str) -> None:
    """Also lone surrogates: what is written can be encoded, and read back."""
    step = OriginStep("crate", name, Location(path, 1), "rlib", name)
    bad = finding(
        message=message,
        location=Location(path, 2),
        subject=path,
        interface=name,
        help=message,
        origin=(step,),
    )
    shown = report(bad)
    places = Repository({path: path} if path else {})
    assert len(commands(github.render(shown, places))) == 1
    assert ElementTree.fromstring(junit.render(shown).encode()).find(".//failure") is not None
    (entry,) = json.loads(gitlab.render(shown, places).encode())
    assert entry["location"]["lines"]["begin"] == 2 if path else 1
    kinds = {token.type for token in tokens(markdown.render(shown, places))}
    assert not kinds & {"link_open", "image", "html_inline", "fence", "code_block", "heading_close_2"}
    (result,) = json.loads(sarif.render(shown, (), places).encode())["runs"][0]["results"]
    uri = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    assert re.fullmatch(r"[\w.~%/-]+", uri, re.ASCII)


def test_several_hosts_are_named() -> None:
    both = ("wasmtime@50", "spin@3")
    shown = dataclasses.replace(report(finding(hosts=both)), hosts=both)
    for text in (
        github.render(shown, repository()),
        gitlab.render(shown, repository()),
        junit.render(shown),
        sarif.render(shown, (), repository()),
    ):
        assert "nobody provides `shop:net/store@0.1.0` (on wasmtime@50, spin@3)" in text
    assert "hosts `wasmtime@50,` `spin@3`" in markdown.render(shown, repository())
