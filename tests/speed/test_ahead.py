"""What several processes read of a workspace is what one reads, suppressions included."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from wasmdoctor.cli import cli
from wasmdoctor.pipeline import parallel

CRATES = 2 * parallel.WORTH
ALLOW = "// wasmdoctor: allow(WD101, WD107) -- a test\n"


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Components that import what nobody provides; every third has a comment in its WIT, every fifth in its Rust."""
    members = [f"app-{number}" for number in range(CRATES)]
    (tmp_path / "Cargo.toml").write_text(f"[workspace]\nmembers = {json.dumps(members)}\n")
    for number, name in enumerate(members):
        files = {
            "Cargo.toml": f'[package]\nname = "{name}"\nversion = "0.1.0"\n[lib]\ncrate-type = ["cdylib"]\n'
            '[dependencies]\nwit-bindgen = "0.48"\n',
            "wit/world.wit": f"package t:{name};\n"
            f"interface a {{ f: func(); }}\ninterface b {{ f: func(); }}\n"
            f"world w {{ import a;\n{ALLOW * (number % 3 == 0)}import b;\nexport run: func(); }}\n",
            "src/lib.rs": "wit_bindgen::generate!();\nmod calls;\nstruct App;\nexport!(App);\n"
            "impl Guest for App { fn run() { calls::all() } }\n",
            "src/calls.rs": f"{ALLOW * (number % 5 == 0)}pub fn all() {{ crate::t::{name.replace('-', '_')}::a::f() }}\n",
        }
        for path, text in files.items():
            place = tmp_path / name / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(text)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def report(jobs: int) -> object:
    ran = CliRunner().invoke(cli, ["check", "--no-cache", "--format", "json", "--jobs", str(jobs), "."])
    assert ran.exit_code == 1, ran.output
    return json.loads(ran.stdout)


def test_several_processes_find_what_one_finds(workspace: Path) -> None:
    one = report(1)
    assert report(2) == one
    assert report(3) == one
    assert '"code": "WD101"' in json.dumps(one)
    assert '"suppressed": []' not in json.dumps(one)
