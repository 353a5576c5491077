"""What the HTML report asks of a run besides its findings, and that nothing of it can take the report away."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
from outputs.outputs_support import CATALOG, GOOD, LEAK, write

from wasmdoctor.discover import DiscoverError
from wasmdoctor.graph.network import NodeKind
from wasmdoctor.model.finding import Report
from wasmdoctor.pipeline import behind as behind_module
from wasmdoctor.pipeline import plan
from wasmdoctor.pipeline.behind import Behind
from wasmdoctor.pipeline.check import CheckOptions, check
from wasmdoctor.toolchain import Toolchain


@pytest.fixture
def leaking(tmp_path: Path) -> Path:
    write(tmp_path, GOOD | LEAK)
    return tmp_path


def looked(folder: Path, *, frames: bool = True) -> tuple[Report, Behind]:
    options = CheckOptions((".",), folder, frames=frames)
    made = Behind(options, CATALOG, Toolchain())
    return check(options, CATALOG, Toolchain(), looked=made.look), made


def test_frames_only_when_they_are_asked_for(leaking: Path) -> None:
    report, _ = looked(leaking)
    frames = [finding.frame for finding in report.findings if finding.location.line]
    assert frames
    assert all(frames)
    assert all(finding.frame is None for finding in looked(leaking, frames=False)[0].findings)
    without = [dataclasses.replace(finding, frame=None) for finding in report.findings]
    assert without == list(looked(leaking, frames=False)[0].findings)


def test_the_graph_marks_what_was_found(leaking: Path) -> None:
    report, made = looked(leaking)
    network = made.network(report.findings)
    marks = {node.key: network.facts(node).finding for node in network.nodes(NodeKind.INTERFACE)}
    assert marks == {"shop:net/store@0.1.0": "error", "run": ""}
    notes = [finding for finding in report.findings if finding.severity.value == "note"]
    network = made.network(notes)
    assert {network.facts(node).finding for node in network.nodes(NodeKind.INTERFACE)} == {"note", ""}


def test_plans_only_where_there_is_something_to_cure(tmp_path: Path) -> None:
    write(tmp_path, GOOD)
    report, made = looked(tmp_path)
    assert report.findings == ()
    assert made.plans() == ((), "")


def test_plans_for_what_leaks(leaking: Path) -> None:
    (found,), why_not = looked(leaking)[1].plans()
    assert why_not == ""
    assert [trouble.name for trouble in found.troubles] == ["shop:net/store@0.1.0"]
    assert len(found.plans) == 3


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (KeyError("x"), "'x'"),
        (RuntimeError(), "RuntimeError"),
        (DiscoverError("no Cargo.toml\n  name one"), "no Cargo.toml"),
    ],
)
def test_a_failure_to_plan_is_a_sentence(
    leaking: Path, monkeypatch: pytest.MonkeyPatch, error: Exception, words: str
) -> None:
    def fails(*args: object) -> None:
        raise error

    monkeypatch.setattr(plan, "plans", fails)
    found, why_not = looked(leaking)[1].plans()
    assert found == ()
    assert why_not.startswith("the plans could not be made: ")
    assert why_not.split(": ")[1] == words


def test_nobody_waits_minutes_for_plans(leaking: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(behind_module, "MOST_PLANNED", 0)
    found, why_not = looked(leaking)[1].plans()
    assert found == ()
    assert "`wasmdoctor plan . --format html -o plans.html`" in why_not


def test_nothing_stands_behind_a_run_that_was_not_looked_at(leaking: Path) -> None:
    made = Behind(CheckOptions((".",), leaking), CATALOG, Toolchain())
    assert made.network([]).nodes() == []
    assert made.plans() == ((), "")
