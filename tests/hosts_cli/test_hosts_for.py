"""``hosts for``: the matrix of hosts, and that real releases of wasmtime confirm it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib.metadata import version as installed
from pathlib import Path
from typing import Any

import pytest
from hosts_support import WORLDS, Dummy, component, document, invoke, validated

VERDICTS = Path(__file__).parent.parent / "wasmtime_verdicts.py"
TOOLS = Path(os.environ.get("WASMDOCTOR_TOOLS", Path.home() / ".cache/wasmdoctor-tools"))


@pytest.fixture(scope="module")
def folder(dummy: Dummy, tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("for")
    for name in WORLDS:
        (made / f"{name}.wasm").write_bytes(component(dummy, name))
    for version in ("0.2.6", "0.2.0-rc-2023-12-05", "0.2.99", "1.0.0"):
        for name in ("command", "exits", "sockets", "client"):
            (made / f"{name}-{version}.wasm").write_bytes(component(dummy, name, version))
    return made


@pytest.fixture(scope="module")
def matrix(folder: Path) -> dict[str, dict[str, Any]]:
    """The rows of every component, by its file's stem and ``host:mode``; each judged alone."""
    found = {}
    for path in sorted(folder.glob("*.wasm")):
        (one,) = validated(document("hosts", "for", str(path)), "hosts-for-1")["components"]
        found[path.stem] = {f"{row['host']}:{row['mode']}": row for row in one["hosts"]}
    return found


def at(row: dict[str, Any], version: int) -> dict[str, Any]:
    """The range of a row that a version lies in; one newer than all known is judged as the newest."""
    for each in row["ranges"]:
        if int(each["first"]) <= version <= int(each["last"]):
            return each
    return row["ranges"][-1]


def check_verdicts(python: Path | str, folder: Path, matrix: dict[str, dict[str, Any]]) -> int:
    """Every component of the folder: the matrix says that `wasmtime run` links it exactly when this one does."""
    done = subprocess.run([python, VERDICTS, folder], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    major = int(answer["version"].partition(".")[0])
    asked = 0
    for name, refusal in answer["said"]["wasi"].items():
        row = at(matrix[Path(name).stem]["wasmtime:run"], major)
        links = not [reason for reason in row["reasons"] if reason["kind"] != "entry"] and not row["flags"]
        assert links == (refusal == ""), (name, major, row, refusal)
        asked += 1
    for name, refusal in answer["said"].get("http", {}).items():
        row = at(matrix[Path(name).stem]["wasmtime:run"], major)
        links = not [reason for reason in row["reasons"] if reason["kind"] != "entry"]
        if set(row["flags"]) <= {"-S http"}:
            assert links == (refusal == ""), (name, major, row, refusal)
            asked += 1
    return asked


def test_the_installed_wasmtime_confirms(folder: Path, matrix: dict[str, dict[str, Any]]) -> None:
    asked = check_verdicts(sys.executable, folder, matrix)
    print(f"{asked} verdicts of wasmtime {installed('wasmtime')} agree")
    assert asked >= 30


@pytest.mark.rust
@pytest.mark.parametrize("major", [39, 45, 46])
def test_older_releases_confirm(folder: Path, matrix: dict[str, dict[str, Any]], major: int) -> None:
    assert check_verdicts(TOOLS / f"wasmtime-{major}" / "bin/python", folder, matrix) >= 20


def test_a_command(matrix: dict[str, dict[str, Any]]) -> None:
    rows = matrix["command"]
    run = rows["wasmtime:run"]
    assert (run["runs"], run["oldest"], run["newest"]) == (True, "17", "48")
    assert run["ranges"][-1]["start"].startswith("wasmtime run ")
    before = at(run, 15)
    assert {reason["kind"] for reason in before["reasons"]} == {"version", "entry"}
    assert rows["jco:node"]["runs"]
    for other in ("wasmtime:serve", "spin:up", "wasmcloud:host"):
        assert not rows[other]["runs"]
        assert [reason["kind"] for reason in rows[other]["ranges"][-1]["reasons"]] == ["entry"]


def test_a_server_is_for_serve_and_others(matrix: dict[str, dict[str, Any]]) -> None:
    rows = matrix["server"]
    assert not rows["wasmtime:run"]["runs"]
    assert [r["kind"] for r in rows["wasmtime:run"]["ranges"][-1]["reasons"]] == ["entry"]
    assert rows["wasmtime:serve"]["oldest"] == "17"
    assert rows["spin:up"]["runs"]
    assert rows["wasmcloud:host"]["runs"]


def test_flags_are_named_where_they_are_needed(matrix: dict[str, dict[str, Any]]) -> None:
    newest = matrix["client"]["wasmtime:run"]["ranges"][-1]
    assert (newest["outcome"], newest["flags"]) == ("flags", ["-S http"])
    exits = matrix["exits-0.2.6"]["wasmtime:run"]
    assert [
        (r["first"], r["last"], r["outcome"], r["flags"]) for r in exits["ranges"] if r["outcome"] != "no"
    ] == [
        ("27", "45", "flags", ["-S cli-exit-with-code"]),
        ("46", "48", "runs", []),
    ]
    (missing,) = at(exits, 25)["reasons"]
    assert (missing["kind"], missing["name"]) == ("function", "wasi:cli/exit@0.2.6#exit-with-code")


def test_a_function_is_called_from_the_version_that_can(matrix: dict[str, dict[str, Any]]) -> None:
    """`--invoke` came with 33, in the middle of versions that link the same."""
    run = matrix["sockets"]["wasmtime:run"]
    assert (run["oldest"], run["newest"]) == ("33", "48")
    assert at(run, 32)["last"] == "32"
    assert [reason["kind"] for reason in at(run, 32)["reasons"]] == ["entry"]


def test_reasons_name_the_import(matrix: dict[str, dict[str, Any]]) -> None:
    for host in ("wasmtime:run", "jco:node"):
        (reason,) = matrix["custom"][host]["ranges"][-1]["reasons"]
        assert (reason["kind"], reason["name"]) == ("import", "my:app/api@1.0.0")


def test_components_together_provide_for_each_other(folder: Path) -> None:
    found = document("hosts", "for", str(folder / "custom.wasm"), str(folder / "library.wasm"), code=0)
    custom, _ = found["components"]
    assert [Path(path).name for path in custom["composed_with"]] == ["library.wasm"]
    assert next(row for row in custom["hosts"] if row["mode"] == "run")["runs"]
    alone = invoke("hosts", "for", str(folder / "custom.wasm"))
    assert alone.exit_code == 1


@pytest.mark.parametrize("columns", ["80", "160"])
def test_the_text_fits_and_says_the_same(folder: Path, columns: str) -> None:
    from click.testing import CliRunner

    from wasmdoctor.cli import cli

    result = CliRunner().invoke(
        cli, ["hosts", "for", str(folder / "exits-0.2.6.wasm")], env={"COLUMNS": columns}
    )
    lines = result.output.splitlines()
    assert max(map(len, lines)) <= int(columns)
    text = " ".join(result.output.split())
    assert "✓ wasmtime:run 27 to 48" in text
    assert "27 to 45: with -S cli-exit-with-code" in text
    assert "not 19 to 26: wasi:cli/exit@0.2.6 has no function exit-with-code" in text
    assert "✗ spin - it does not export wasi:http/incoming-handler" in text


def test_what_is_no_component_is_said(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "core.wasm").write_bytes(b"\0asm\1\0\0\0")
    result = invoke("hosts", "for", str(tmp_path))
    assert result.exit_code == 2
    assert "core.wasm is a core module" in result.stderr
    assert "there is no component below" in result.stderr
    assert invoke("hosts", "for", str(tmp_path / "nowhere.wasm")).exit_code == 2
