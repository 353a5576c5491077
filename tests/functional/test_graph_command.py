"""`wasmdoctor graph` on the fixture, in every format."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import jsonschema
import pytest
from tests_support import run

ROOT = Path(__file__).parent.parent.parent
FIXTURE = ROOT / "fixtures/scheduler"


def test_text_shows_the_way_to_the_missing_import() -> None:
    done = run("graph", "prebuilt/scheduler.wasm", cwd=FIXTURE, env={"COLUMNS": "120"})
    assert done.returncode == 0, done.stderr
    line = next(line for line in done.stdout.splitlines() if "wasi-tcp" in line)
    assert "✗ error" in line
    assert "core-libs/wit/world.wit:" in line


def test_json_follows_its_schema() -> None:
    document = json.loads(run("graph", "--format", "json", cwd=FIXTURE).stdout)
    schema = json.loads((ROOT / "rules/schema/graph-1.json").read_text())
    jsonschema.validate(document, schema, cls=jsonschema.Draft202012Validator)
    kinds = {node["kind"] for node in document["nodes"]}
    assert {"component", "crate", "binding", "world", "interface", "host"} <= kinds
    files = json.loads(run("graph", "--only", "files", "--format", "json", cwd=FIXTURE).stdout)
    shown = {node["id"] for node in files["nodes"]}
    assert any(name.endswith("core-libs/wit/world.wit") for name in shown)


@pytest.mark.parametrize("format_", ["dot", "mermaid", "html", "svg"])
def test_pictures(format_: str, tmp_path: Path) -> None:
    out = tmp_path / "graph"
    done = run("graph", "--format", format_, "-o", str(out), cwd=FIXTURE)
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    text = out.read_text()
    assert "wasi-tcp" in text
    if format_ == "svg":
        assert ElementTree.fromstring(text).tag.endswith("svg")


def test_focus_and_mistakes() -> None:
    done = run("graph", "--focus", "scheduler-core", "--depth", "1", cwd=FIXTURE)
    assert "scheduler-core" in done.stdout
    assert "run-scenario" not in done.stdout
    done = run("graph", "--focus", "schedulr-core", cwd=FIXTURE)
    assert done.returncode == 2
    assert "did you mean `scheduler-core`?" in done.stderr
