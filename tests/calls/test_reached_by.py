"""`check` says of an import that nobody provides what reaches it, and asks the code only then."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import jsonschema
import pytest
from rust import workspaces

from wasmdoctor.catalog import Catalog, rules_folder
from wasmdoctor.pipeline import CheckOptions, check
from wasmdoctor.pipeline import calls as calls_module
from wasmdoctor.pipeline.why import WhyOptions, why
from wasmdoctor.reporters import json as json_report
from wasmdoctor.reporters import text
from wasmdoctor.reporters.console import Style
from wasmdoctor.reporters.why import render_json
from wasmdoctor.toolchain import Toolchain

ROOT = Path(__file__).resolve().parents[2]
FIXTURE = ROOT / "fixtures/scheduler"
UDP = "scheduler:core-libs/wasi-udp@0.1.0"
WIT = """\
package my:app@0.1.0;
interface store { get: func() -> u32; }
world app { import store; export run: func(); }
"""


def document(folder: Path, *paths: str, **options: object) -> dict:
    report = check(CheckOptions(paths, folder, **options), Catalog(), Toolchain())  # type: ignore[arg-type]
    found = json.loads(json_report.render(report))
    jsonschema.validate(found, json.loads((rules_folder() / "schema/report-1.json").read_text()))
    return found


def reached(found: dict) -> dict[tuple[str, str], str | None]:
    return {(c["path"], i["name"]): i["reached_by"] for c in found["components"] for i in c["imports"]}


def test_with_the_sources_own_and_leaked_exports_are_told_apart() -> None:
    found = reached(document(FIXTURE, "prebuilt"))
    assert found["prebuilt/scheduler.wasm", UDP] == "own-exports"
    assert found["prebuilt/scheduler_actions_http.wasm", UDP] == "leaked-exports"
    provided = {by for (_, name), by in found.items() if name.startswith("wasi:")}
    assert provided == {None}


def test_without_sources_every_export_may_be_meant(tmp_path: Path) -> None:
    path = tmp_path / "http.wasm"
    path.write_bytes((FIXTURE / "prebuilt/scheduler_actions_http.wasm").read_bytes())
    assert reached(document(tmp_path, "http.wasm"))["http.wasm", UDP] == "own-exports"


def test_what_is_not_built_is_unknown(tmp_path: Path) -> None:
    copy = tmp_path / "scheduler"
    shutil.copytree(FIXTURE, copy, ignore=shutil.ignore_patterns("prebuilt", "target"))
    found = document(copy, ".")
    unprovided = {by for (_, name), by in reached(found).items() if name.startswith("scheduler:")}
    assert unprovided == {"unknown"}
    leaks = [f for f in found["findings"] if f["code"] == "WD108"]
    built = [f for f in document(FIXTURE, "prebuilt")["findings"] if f["code"] == "WD108"]
    assert len(leaks) == len(built) == 11
    assert {f["interface"] for f in leaks} == {f["interface"] for f in built}
    for finding in leaks:
        assert finding["message"].endswith("(predicted from sources)")
        assert [step["kind"] for step in finding["origin"]][-3:] == ["binding", "world", "export"]
        place = finding["location"]
        line = (copy / place["path"]).read_text().splitlines()[place["line"] - 1]
        assert line.strip().startswith("export ")
        assert finding["plans"] == ["a"]


def test_large_components_are_read_only_when_asked(tmp_path: Path) -> None:
    data = (FIXTURE / "prebuilt/scheduler.wasm").read_bytes()
    section = b"\x03pad" + bytes(5_000_000)
    padded = data + b"\x00" + unsigned(len(section)) + section
    (tmp_path / "large.wasm").write_bytes(padded)
    assert reached(document(tmp_path, "large.wasm"))["large.wasm", UDP] == "unknown"
    assert reached(document(tmp_path, "large.wasm", calls=True))["large.wasm", UDP] == "own-exports"


def unsigned(value: int) -> bytes:
    """LEB128."""
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def test_components_that_are_fine_cost_nothing(
    tmp_path: Path, dummy: Callable[..., bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    def read(*_: object) -> None:
        raise AssertionError("the code was read")

    monkeypatch.setattr(calls_module, "read_code", read)
    (tmp_path / "fine.wasm").write_bytes(dummy("package a:b;\nworld app { export run: func(); }", "app"))
    assert document(tmp_path, "fine.wasm")["findings"] == []
    (tmp_path / "app.wasm").write_bytes(dummy(WIT, "app"))
    with pytest.raises(AssertionError, match="the code was read"):
        document(tmp_path, "app.wasm")


def test_an_import_that_nothing_calls(tmp_path: Path, dummy: Callable[..., bytes]) -> None:
    """A dummy's functions trap without calling anything."""
    (tmp_path / "app.wasm").write_bytes(dummy(WIT, "app"))
    report = check(CheckOptions(("app.wasm",), tmp_path), Catalog(), Toolchain())
    (item,) = report.components[0].imports
    assert item.reached_by is not None
    assert item.reached_by.value == "nothing"
    for width in (60, 80, 140):
        shown = text.render(report, Style(width))
        assert "nobody provides it; nothing in its code reaches it" in " ".join(shown.split())


@pytest.mark.parametrize(("width", "apart"), [(60, " "), (100, " ")])
def test_the_remark_in_text(width: int, apart: str) -> None:
    report = check(CheckOptions(("prebuilt/scheduler_actions_http.wasm",), FIXTURE), Catalog(), Toolchain())
    shown = apart.join(text.render(report, Style(width)).split())
    assert "nobody provides it; only leaked exports reach it" in shown


@pytest.mark.rust
def test_lines_of_a_debug_build() -> None:
    (component,) = workspaces.build("leak-shapes", "wasm32-wasip1", "debug")
    folder = ROOT / "fixtures/workspaces/leak-shapes"
    options = WhyOptions((str(component.path),), folder, "water:called/gauge", calls=True)
    (answer,) = json.loads(render_json(why(options, Catalog(), Toolchain()).whys))["why"]
    places = {step["name"]: step for way in answer["calls"] for step in way["steps"] if step["line"]}
    # The build may be that of another checkout, whose paths it has then.
    step = places["shape_called::level"]
    assert step["path"].endswith("shape-called/src/lib.rs")
    # A function that does nothing but call begins, for LLVM, at the call.
    lines = (folder / step["path"]).read_text().splitlines()
    assert "pub fn level() -> u32 {" in lines[step["line"] - 2 : step["line"]]
    assert places["shapes::<Shapes as Guest>::measure"]["path"].endswith("shapes/src/lib.rs")


@pytest.mark.rust
def test_a_leaked_export_alone_keeps_an_import(tmp_path: Path) -> None:
    """In the workspace's folder, so that the sources are known."""
    (component,) = workspaces.build("leak-shapes", "wasm32-wasip1", "release")
    copy = tmp_path / "leak-shapes"
    shutil.copytree(ROOT / "fixtures/workspaces/leak-shapes", copy)
    target = copy / "target/wasm32-wasip1/release"
    target.mkdir(parents=True)
    shutil.copy2(component.path, target)
    found = reached(document(copy, "."))
    path = "target/wasm32-wasip1/release/shapes.wasm"
    assert {
        name: by for (where, name), by in found.items() if where == path and name.startswith("water:")
    } == {
        "water:called/gauge@0.1.0": "own-exports",
        "water:opaque/gauge@0.1.0": "own-exports",
        "water:exporter/gauge@0.1.0": "leaked-exports",
    }
