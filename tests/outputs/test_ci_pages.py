"""action.yml and docs/ci.md: by their schemas, and by doing what they say."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from outputs.outputs_support import GOOD, LEAK, TOOLS, committed

from wasmdoctor.cli.check import check
from wasmdoctor.cli.outputs import RENDERERS, outputs_of

ROOT = Path(__file__).parent.parent.parent
PAGE = (ROOT / "docs/ci.md").read_text()

SCHEMAS = {
    ".github/": "vendor.github-workflows",
    ".forgejo/": "vendor.github-workflows",
    ".gitlab-ci.yml": "vendor.gitlab-ci",
}
"""The schema of each kind of file; Forgejo's workflows are written like GitHub's."""


def blocks() -> Iterator[tuple[str, str]]:
    """The files that the page shows, by the names in their first lines."""
    for text in re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL):
        yield text.splitlines()[0].removeprefix("# "), text


def by_schema(schema: str, path: Path) -> subprocess.CompletedProcess[str]:
    program = TOOLS / "venv/bin/check-jsonschema"
    assert program.is_file(), "run tests/tools/setup.sh"
    return subprocess.run(
        [program, "--builtin-schema", schema, path], capture_output=True, text=True, check=False
    )


@pytest.mark.rust
def test_the_examples_fit_their_schemas(tmp_path: Path) -> None:
    checked = []
    for name, text in blocks():
        path = tmp_path / name.replace("/", "-")
        path.write_text(text)
        schema = next((schema for start, schema in SCHEMAS.items() if name.startswith(start)), None)
        if schema is None:
            words = [sys.executable, "-m", "pre_commit", "validate-config", str(path)]
            done = subprocess.run(words, capture_output=True, text=True, check=False)
        else:
            done = by_schema(schema, path)
        assert done.returncode == 0, f"{name}: {done.stdout}{done.stderr}"
        checked.append(name)
    assert len(checked) == 5
    bad = tmp_path / "bad.yml"
    bad.write_text("name: x\non: [push]\njobs:\n  a:\n    stepps: []\n")
    assert by_schema("vendor.github-workflows", bad).returncode != 0


@pytest.mark.rust
def test_the_action_fits_its_schema() -> None:
    done = by_schema("vendor.github-actions", ROOT / "action.yml")
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_page_lists_every_format_and_input() -> None:
    for name in RENDERERS:
        if name != "html":
            assert f"| `{name}` |" in PAGE
    action = (ROOT / "action.yml").read_text()
    inputs = re.findall(r"^  ([\w-]+):$", action.split("inputs:")[1].split("outputs:")[0], re.MULTILINE)
    assert len(inputs) > 8
    for name in inputs:
        assert f"| `{name}` |" in PAGE
    # Text of an input must not stand in a script, where it would be run.
    for script in re.findall(r"run: (.*)", action):
        assert "${{" not in script


def test_every_command_on_the_page_is_one() -> None:
    commands = re.findall(r"wasmdoctor (check [^\n`']*)", PAGE)
    assert len(commands) >= 7
    for command in commands:
        words = shlex.split(command.split("#")[0])[1:]
        assert outputs_of(check.make_context("check", words))


def action(folder: Path, step: str, runner: Path, **inputs: str) -> tuple[int, str, dict[str, str]]:
    """Run a step as the runner does: its exit code, what it printed, and its outputs."""
    out = runner / "output"
    out.write_text("")
    defaults = {
        "INPUT_PATHS": "",
        "INPUT_HOST": "",
        "INPUT_HOST_FLAGS": "",
        "INPUT_FAIL_ON": "",
        "INPUT_SINCE": "",
        "INPUT_ARGS": "",
        "INPUT_SARIF": "wasmdoctor.sarif",
        "INPUT_ANNOTATIONS": "true",
        "INPUT_SUMMARY": "true",
    }
    env = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    env |= defaults | inputs
    env |= {
        "ACTION_FOLDER": str(ROOT),
        "PYTHON": sys.executable,
        "RUNNER_TEMP": str(runner),
        "GITHUB_OUTPUT": str(out),
        "GITHUB_STEP_SUMMARY": str(runner / "summary"),
    }
    done = subprocess.run(
        ["bash", ROOT / "scripts/action.sh", step],
        cwd=folder,
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )
    outputs = dict(line.split("=", 1) for line in out.read_text().splitlines())
    return done.returncode, done.stdout + done.stderr, outputs


@pytest.mark.rust
def test_the_steps_of_the_action(tmp_path: Path) -> None:
    """Both steps, with a wasmdoctor that pip installs from the action's own folder."""
    runner = tmp_path / "runner"
    runner.mkdir()
    folder = committed(tmp_path / "work", GOOD | LEAK)
    code, text, outputs = action(folder, "install", runner)
    assert code == 0, text
    program = outputs["program"]
    assert Path(program).is_file()

    code, text, outputs = action(
        folder, "check", runner, WASMDOCTOR=program, INPUT_PATHS="app\n net/src/lib.rs"
    )
    assert code == 1, text
    assert outputs["exit-code"] == "1"
    assert "::error file=net/wit/world.wit,line=8," in text
    (result, *_) = json.loads(Path(outputs["sarif"]).read_text())["runs"][0]["results"]
    assert result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "net/wit/world.wit"
    assert (runner / "summary").read_text().startswith("### wasmdoctor: 1 error")

    more = {"INPUT_SINCE": "HEAD", "INPUT_SARIF": "", "INPUT_ANNOTATIONS": "false", "INPUT_SUMMARY": "false"}
    code, text, outputs = action(folder, "check", runner, WASMDOCTOR=program, INPUT_PATHS=".", **more)
    assert (code, outputs) == (0, {"sarif": "", "exit-code": "0"})
    assert "only what came in since HEAD" in text

    # What an input says stays an argument.
    words = {"INPUT_HOST": "$(touch,ran)", "INPUT_ARGS": "--color\nnever; touch ran", "INPUT_PATHS": "*"}
    code, text, _ = action(folder, "check", runner, WASMDOCTOR=program, **words)
    assert code == 2
    assert not (folder / "ran").exists()
