"""Which report goes where: the command line, and what the program writes."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from pathlib import Path

import click
import pytest
from outputs.outputs_support import GOOD, LEAK, committed, write
from tests_support import run

from wasmdoctor.cli.outputs import RENDERERS, Output, paired

F, O = "format_", "output"  # noqa: E741


@pytest.mark.parametrize(
    ("events", "outputs"),
    [
        ([], [("text", None)]),
        ([(F, "json")], [("json", None)]),
        ([(O, "a")], [("text", "a")]),
        ([(F, "json"), (O, "a")], [("json", "a")]),
        ([(O, "a"), (F, "json")], [("json", "a")]),
        ([(F, "sarif"), (O, "a"), (F, "text")], [("sarif", "a"), ("text", None)]),
        ([(F, "text"), (F, "sarif"), (O, "a")], [("text", None), ("sarif", "a")]),
        ([(F, "sarif"), (O, "a"), (F, "junit"), (O, "b")], [("sarif", "a"), ("junit", "b")]),
        ([(F, "json"), (O, "a"), (F, "json")], [("json", "a"), ("json", None)]),
        ([(F, "json"), (O, "-"), (F, "sarif"), (O, "a")], [("json", None), ("sarif", "a")]),
        ([(O, "a"), (F, "json"), (O, "b")], [("text", "a"), ("json", "b")]),
    ],
)
def test_an_output_belongs_to_the_format_before_it(events: list, outputs: list) -> None:
    assert paired(events) == tuple(Output(*each) for each in outputs)


@pytest.mark.parametrize(
    ("events", "words"),
    [
        (
            [(F, "json"), (F, "text")],
            ["json and text cannot both go to standard output", "--format json --output"],
        ),
        ([(F, "json"), (O, "a"), (O, "b")], ["--output b has no --format of its own"]),
        ([(F, "json"), (O, "a"), (F, "sarif"), (O, "./a")], ["json and sarif cannot both go to `./a`"]),
        ([(F, "json"), (O, "-"), (F, "sarif")], ["standard output"]),
    ],
)
def test_two_reports_in_one_place_are_an_error(events: list, words: list[str]) -> None:
    with pytest.raises(click.UsageError) as error:
        paired(events)
    assert all(word in error.value.message for word in words)


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory, wat: Callable[[str], bytes]) -> Path:
    """A repository with sources that leak, a component that they did not build, and one built from them."""
    folder = committed(tmp_path_factory.mktemp("repository"), GOOD | LEAK | {"README": "x\n"})
    text = '(component (import "shop:net/store@0.1.0" (instance (export "count" (func)))))'
    write(
        folder,
        {
            "target/CACHEDIR.TAG": "Signature: 8a477f597d28d172789f06886806bc55\n",
            "target/wasm32-wasip2/debug/app.wasm": wat(text),
            "other/alone.wasm": wat(text),
        },
    )
    return folder


def test_all_formats_in_one_run(repository: Path, tmp_path: Path) -> None:
    words = [
        word
        for name in RENDERERS
        if name != "text"
        for word in ("--format", name, "--output", str(tmp_path / name))
    ]
    done = run("check", ".", *words, "--format", "text", "-q", cwd=repository)
    assert done.returncode == 1, done.stderr
    assert "error[WD101]" in done.stdout
    findings = json.loads((tmp_path / "json").read_text())["findings"]
    assert len(json.loads((tmp_path / "gitlab").read_text())) == len(findings)
    assert len((tmp_path / "jsonl").read_text().splitlines()) == len(findings) + 1
    assert ElementTree.parse(tmp_path / "junit").getroot().get("failures") == str(
        sum(finding["severity"] == "error" for finding in findings)
    )
    assert "::error file=" in (tmp_path / "github").read_text()
    assert (tmp_path / "markdown").read_text().startswith("### wasmdoctor: ")
    results = json.loads((tmp_path / "sarif").read_text())["runs"][0]["results"]
    assert len(results) == len(findings)
    for result in results:
        (location,) = result["locations"]
        physical = location["physicalLocation"]
        path = repository / physical["artifactLocation"]["uri"]
        assert physical["region"]["startLine"] <= len(path.read_text().splitlines())
        assert result["partialFingerprints"]["wasmdoctor/v1"]


def test_the_manifest_that_builds_it_stands_for_a_component(repository: Path) -> None:
    """Also when the command runs elsewhere in the repository, where paths lead upwards."""
    done = run("check", "../target", "../other/alone.wasm", "--format", "gitlab", cwd=repository / "app")
    entries = json.loads(done.stdout)
    assert {
        entry["location"]["path"] for entry in entries if entry["check_name"] == "nonstandard-import"
    } == {
        "net/wit/world.wit",
    }
    (repository / "app/Cargo.toml").rename(repository / "app/hidden")
    try:  # without sources that can be read, nothing says which line brought it
        done = run("check", "../target", "--format", "gitlab", cwd=repository / "app")
        entries = json.loads(done.stdout)
        assert {entry["location"]["path"] for entry in entries} <= {"Cargo.toml", "net/wit/world.wit"}
    finally:
        (repository / "app/hidden").rename(repository / "app/Cargo.toml")


def test_a_binary_alone_gets_a_file_of_the_repository(tmp_path: Path, wat: Callable[[str], bytes]) -> None:
    data = wat('(component (import "a:b/c" (instance (export "f" (func)))))')
    folder = committed(tmp_path / "inside", {"README.md": "x\n", "app.wasm": data, "z.txt": "x\n"})
    write(tmp_path, {"outside.wasm": data})
    done = run("check", "app.wasm", "../outside.wasm", "--format", "sarif", cwd=folder)
    results = json.loads(done.stdout)["runs"][0]["results"]
    uris = {r["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for r in results}
    assert uris == {"README.md"}
    assert {result["properties"]["component"] for result in results} == {"app.wasm", "../outside.wasm"}


def test_errors_of_outputs_end_with_2(repository: Path, tmp_path: Path) -> None:
    both = run("check", "--format", "json", "--format", "sarif", cwd=repository)
    assert both.returncode == 2
    assert "cannot both go to standard output" in both.stderr
    unknown = run("check", "--format", "serif", cwd=repository)
    assert unknown.returncode == 2
    assert "'sarif'" in unknown.stderr
    (tmp_path / "file").write_text("no folder")
    nowhere = run("check", "--format", "sarif", "-o", str(tmp_path / "file/where.sarif"), cwd=repository)
    assert nowhere.returncode == 2
    assert "cannot be written" in nowhere.stderr
    assert "Traceback" not in both.stderr + unknown.stderr + nowhere.stderr
