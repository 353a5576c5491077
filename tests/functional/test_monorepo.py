"""A Cargo workspace in a folder of a larger repository: WIT beside it, and the command given from above."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests_support import run

FILES = {
    "interfaces/shop.wit": "package mono:shop@0.1.0;\ninterface stock { count: func() -> u32; }\nworld w { import stock; export total: func() -> u32; }\n",
    "rust/Cargo.toml": '[workspace]\nresolver = "2"\nmembers = ["shelf"]\n',
    "rust/shelf/Cargo.toml": '[package]\nname = "shelf"\nversion = "0.1.0"\nedition = "2021"\n[lib]\ncrate-type = ["cdylib"]\n'
    '[dependencies]\nwit-bindgen = "0.48"\n',
    "rust/shelf/src/lib.rs": 'wit_bindgen::generate!({ path: "../../interfaces" });\nstruct Shelf;\n'
    "impl Guest for Shelf { fn total() -> u32 { mono::shop::stock::count() } }\nexport!(Shelf);\n",
}


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    for path, text in FILES.items():
        (tmp_path / "mono" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "mono" / path).write_text(text)
    return tmp_path / "mono"


def found(cwd: Path, *words: str) -> list[tuple[str, str, str]]:
    done = run("check", *words, "--format", "json", cwd=cwd)
    assert done.stderr == ""
    return [
        (f["code"], f["interface"] or "", f"{f['location']['path']}:{f['location']['line']}")
        for f in json.loads(done.stdout)["findings"]
        if f["severity"] == "error"
    ]


def test_from_the_folder_above_that_was_named(repository: Path) -> None:
    assert found(repository, ".") == [("WD101", "mono:shop/stock@0.1.0", "interfaces/shop.wit:3")]
    planned = run("plan", cwd=repository).stdout
    assert "✗ mono:shop/stock@0.1.0  in shelf  interfaces/shop.wit:3:11" in planned


def test_from_inside_of_a_repository(repository: Path) -> None:
    (repository / ".git").mkdir()
    assert found(repository / "rust", ".") == [("WD101", "mono:shop/stock@0.1.0", "../interfaces/shop.wit:3")]
    # At the top of a repository a component that is checked in hides nothing of its sources.
    (repository / "docs").mkdir()
    (repository / "docs/small.wasm").write_bytes(b"\0asm\x0d\0\1\0")
    assert [code for code, _, _ in found(repository, ".")] == ["WD101"]


def test_what_lies_outside_of_everything_is_said_to_be_unread(repository: Path) -> None:
    [(code, _, place)] = found(repository / "rust", ".")
    assert (code, place) == ("WD202", "shelf/src/lib.rs:1")
    text = run("check", ".", cwd=repository / "rust").stdout
    assert "this call reads its WIT from ../interfaces, which wasmdoctor could not read" in text
    assert "name a folder that holds both on the command line" in text


def test_a_home_under_version_control_is_no_project(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (repository / ".git").mkdir()
    monkeypatch.setenv("HOME", str(repository))
    assert [code for code, _, _ in found(repository / "rust", ".")] == ["WD202"]


def test_links_lead_nowhere_else(repository: Path, tmp_path: Path) -> None:
    (repository / ".git").mkdir()
    (tmp_path / "elsewhere").mkdir()
    (repository / "interfaces/shop.wit").rename(tmp_path / "elsewhere/shop.wit")
    (repository / "interfaces").rmdir()
    (repository / "interfaces").symlink_to(tmp_path / "elsewhere")
    assert [code for code, _, _ in found(repository / "rust", ".")] == ["WD202"]
