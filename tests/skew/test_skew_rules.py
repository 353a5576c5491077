"""WD102, WD109 and WD112: versions that do not fit the host or each other, and names that are deprecated."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import run_tool
from skew.skew_support import coded, embedded, findings, imports, packages

from wasmdoctor.catalog import Catalog
from wasmdoctor.model.names import ExternName

# -- WD102


def test_newer_than_a_host_that_compares_names_as_texts(tmp_path: Path) -> None:
    app = imports(tmp_path, "wasi:random/random@0.2.6")
    (found,) = coded(app, "WD102", "wasmtime@18")
    assert found.message == (
        "wasmtime@18 has `wasi:random/random` at 0.2.0, not at 0.2.6: it is newer than the host"
    )
    build, host = found.help.splitlines()
    assert "build against `wasi:random/random@0.2.0`" in build
    assert "wit/deps to 0.2.0" in build
    assert "wasmdoctor migrate --wasi 0.2.0" in build
    assert host == "or use wasmtime 19 or later, which takes it as it is"
    assert coded(app, "WD102", "wasmtime@19") == []


def test_another_track_is_other_code(tmp_path: Path) -> None:
    app = imports(tmp_path, "wasi:random/random@0.3.0")
    (found,) = coded(app, "WD102", "wasmtime@45")
    assert found.message == (
        "wasmtime@45 has `wasi:random/random` at 0.2.6, 0.3.0-rc-2026-03-15, not at 0.3.0: it is newer than the host"
    )
    assert "or use wasmtime 46 or later, which takes it as it is" in found.help
    assert coded(app, "WD102", "wasmtime@46") == []


def test_an_older_track(tmp_path: Path) -> None:
    app = imports(tmp_path, "wasi:http/client@0.2.3")
    (found,) = coded(app, "WD102", "wasmtime@48")
    assert "it is older than the host" in found.message
    assert "wasi:http 0.2 and 0.3 are different interfaces" in found.help
    assert "no version of wasmtime known here takes it as it is" in found.help


@pytest.mark.parametrize(
    ("version", "takers"),
    [
        ("0.2.0-rc-2023-11-10", "or use wasmtime 15 to 16, which takes it as it is"),
        ("0.2.0-rc-2023-12-05", "no version of wasmtime known here takes it as it is"),
    ],
)
def test_a_release_candidate(tmp_path: Path, version: str, takers: str) -> None:
    app = imports(tmp_path, f"wasi:random/random@{version}")
    (found,) = coded(app, "WD102")
    assert "a release candidate or draft links only where the host has exactly that version" in found.message
    assert found.help.startswith("build against `wasi:random/random@0.2.12`: ")
    assert "the bindings are made anew from the release's WIT" in found.help
    assert found.help.splitlines()[-1] == takers
    assert "migrate --wasi" not in found.help


def test_a_name_without_version(tmp_path: Path) -> None:
    app = imports(tmp_path, "wasi:random/random")
    (found,) = coded(app, "WD102")
    assert (
        "not at no version: a name without a version links only where the host has none either"
        in found.message
    )
    assert "set the version in wit/ and in wit/deps to 0.2.12" in found.help
    app = imports(tmp_path / "nn", "wasi:nn/inference@0.2.0-rc-2024-10-28")
    (found,) = coded(app, "WD102", "wasmtime@20")
    assert "take the version off the name" in found.help


# -- WD109


def test_two_interfaces_of_one_package_at_two_versions(tmp_path: Path) -> None:
    app = imports(tmp_path, "wasi:io/poll@0.2.0", "wasi:cli/exit@0.2.0", "wasi:cli/environment@0.2.6")
    (found,) = coded(app, "WD109")
    assert found.severity.value == "note"
    assert found.message == ("`wasi:cli` is imported at 2 versions: 0.2.0 (`exit`); 0.2.6 (`environment`)")
    assert "wasmdoctor migrate --wasi 0.2.6" in found.help
    assert "wasmtime@48 gives both the same implementation" in found.help
    (found,) = coded(app, "WD109", "wasmtime@18")
    assert "at most one of the versions links there" in found.help


def test_packages_may_differ_from_each_other(tmp_path: Path) -> None:
    app = imports(tmp_path, "wasi:io/poll@0.2.0", "wasi:random/random@0.2.6")
    assert coded(app, "WD109") == []


def test_one_interface_twice_is_a_warning(tmp_path: Path) -> None:
    """The encoder merges them by default, `wasm-tools compose` does not: as with merging turned off here."""
    random = "wasi:random/random@0.2."
    calls = "".join(f'(import "{random}{patch}" "get-random-u64" (func (result i64)))' for patch in (0, 6))
    world = f"import {random}0; import {random}6;"
    core = embedded(tmp_path, world, packages("wasi:random@0.2.0", "wasi:random@0.2.6"), f"(module {calls})")
    app = tmp_path / "app.wasm"
    app.write_bytes(run_tool("component", "new", core))
    assert coded(app, "WD109") == []
    app.write_bytes(run_tool("component", "new", "--merge-imports-based-on-semver=false", core))
    (found,) = coded(app, "WD109")
    assert found.severity.value == "warning"
    assert "`wasi:random/random` is there twice" in found.help


def test_two_tracks_need_both(tmp_path: Path) -> None:
    app = imports(tmp_path, "wasi:cli/exit@0.2.6", "wasi:cli/environment@0.3.0")
    (found,) = coded(app, "WD109")
    assert "they are on different tracks, so the host must have both" in found.help
    assert "migrate" not in found.help


# -- WD112


@pytest.mark.parametrize(
    ("name", "host", "severity", "says"),
    [
        ("wasi:clocks/timezone@0.2.3", "wasmtime", "warning", "no wasmtime since 15 links it"),
        ("wasi:random/random@0.2.0-rc-2023-11-10", "wasmtime", "warning", "release candidate of WASI 0.2.0"),
        ("wasi:random/random@0.2.0-rc-2023-11-10", "wasmtime@15", "note", "release candidate of WASI 0.2.0"),
        ("wasi:random/random", "wasmtime", "warning", "from before WASI 0.2.0"),
        ("wasi:config/runtime@0.2.0-draft", "wasmtime", "warning", "renamed to `store`"),
        ("wasi:http/incoming-handler@0.3.0", "wasmtime", "warning", "names it `handler`"),
        ("wasi:http/handler@0.2.0", "wasmtime", "warning", "in 0.2 it is `incoming-handler`"),
        ("wasi:nn/inference", "wasmtime", "warning", "two shapes"),
        (
            "wasi:keyvalue/atomics@0.2.0-draft",
            "wasmtime@20",
            "warning",
            "hosts match its version to the letter",
        ),
    ],
)
def test_what_is_deprecated(tmp_path: Path, name: str, host: str, severity: str, says: str) -> None:
    app = imports(tmp_path, name)
    (found,) = coded(app, "WD112", host)
    assert found.severity.value == severity
    assert found.message.startswith(f"`{name}` is imported: ")
    assert says in found.message
    assert "(source: " in found.help


@pytest.mark.parametrize(
    "name",
    [
        "wasi:random/random@0.2.0",
        "wasi:http/incoming-handler@0.2.6",
        "wasi:http/handler@0.3.0",
        "wasi:cli/exit@0.2.12",
        "wasi:random/random@0.3.0",
    ],
)
def test_what_is_not(tmp_path: Path, name: str) -> None:
    assert coded(imports(tmp_path, name), "WD112") == []


def test_a_draft_that_the_host_has_is_no_finding(tmp_path: Path) -> None:
    app = imports(tmp_path, "wasi:keyvalue/atomics@0.2.0-draft")
    assert coded(app, "WD112", "wasmtime") == []


def test_exports_count_too(tmp_path: Path) -> None:
    app = imports(
        tmp_path, "wasi:io/poll@0.2.0-rc-2023-11-10", more=" export wasi:io/poll@0.2.0-rc-2023-11-10;"
    )
    found = [finding.message.partition(":")[2] for finding in coded(app, "WD112")]
    assert len(found) == 2
    assert any("is exported" in text for text in found)


def test_a_core_module_for_the_snapshot_before_preview_1(tmp_path: Path) -> None:
    module = tmp_path / "old.wasm"
    module.write_bytes(
        run_tool("parse", "-", stdin=b'(module (import "wasi_unstable" "proc_exit" (func (param i32))))')
    )
    (found,) = coded(module, "WD112")
    assert "`wasi_unstable` is imported" in found.message
    module.write_bytes(
        run_tool(
            "parse", "-", stdin=b'(module (import "wasi_snapshot_preview1" "proc_exit" (func (param i32))))'
        )
    )
    assert coded(module, "WD112") == []


def test_every_successor_is_a_known_interface() -> None:
    """What `instead` names exists in the facts about WIT, and every row has a source."""
    catalog = Catalog()
    stems = [path.stem for path in (catalog.folders[0] / "wit").glob("*.toml")]
    known = {
        ExternName.parse(name).unversioned for stem in stems for name in catalog.wit_facts(stem).interfaces
    }
    for row in catalog.deprecated:
        assert not row.instead or row.instead in known, row
        assert row.source, row


def test_the_release_is_not_covered_by_any_row() -> None:
    """No interface of a release that hosts have is called deprecated."""
    catalog = Catalog()
    host = catalog.host("wasmtime")
    names = [ExternName.parse(p.name) for p in host.mode.provides]
    covered = [
        name.text
        for name in names
        for row in catalog.deprecated
        if row.covers(name) and row.status != "draft"
    ]
    assert covered == []


def test_nothing_of_it_on_a_component_that_is_fine(tmp_path: Path) -> None:
    app = imports(tmp_path, "wasi:io/streams@0.2.6", "wasi:io/poll@0.2.6", "wasi:random/random@0.2.6")
    assert [f.code for f in findings(app) if f.code in ("WD102", "WD109", "WD111", "WD112")] == []
