"""``check --host a --host b``: each finding says on which hosts it holds; everything is read once."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hosts_support import ROOT, Dummy, component, document, invoke, validated

from wasmdoctor.catalog import Catalog
from wasmdoctor.model.host import HostError
from wasmdoctor.pipeline import CheckOptions, check
from wasmdoctor.toolchain import Toolchain

FIXTURE = ROOT / "fixtures/scheduler"


@pytest.fixture
def folder(dummy: Dummy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("command", "client", "custom", "exits"):
        (tmp_path / f"{name}.wasm").write_bytes(component(dummy, name, "0.2.6"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def report(*words: str) -> dict[str, Any]:
    found: dict[str, Any] = validated(document("check", *words), "report-1")
    return found


def by_code(found: dict[str, Any], code: str) -> list[dict[str, Any]]:
    return [finding for finding in found["findings"] if finding["code"] == code]


def test_a_finding_of_all_hosts_is_one(folder: Path) -> None:
    found = report("custom.wasm", "--host", "wasmtime@25", "--host", "jco")
    assert found["host"] == "wasmtime@25"
    assert found["hosts"] == ["wasmtime@25", "jco@1.35"]
    (finding,) = by_code(found, "WD101")
    assert finding["hosts"] == ["wasmtime@25", "jco@1.35"]
    assert finding["message"] == "nobody provides `my:app/api@1.0.0`: the host has no such interface"
    assert "\0" not in json.dumps(found)


def test_a_finding_of_one_host_names_it(folder: Path) -> None:
    found = report("exits.wasm", "--host", "wasmtime@25,wasmtime@46")
    (finding,) = by_code(found, "WD115")
    assert finding["hosts"] == ["wasmtime@25"]
    assert finding["message"].startswith("wasmtime@25 has `wasi:cli/exit@0.2.1`")
    found = report("client.wasm", "--host", "wasmtime", "--host", "jco")
    assert [f["hosts"] for f in by_code(found, "WD114")] == [["wasmtime@48"]]


def test_what_each_host_says_to_an_import(folder: Path) -> None:
    found = report("client.wasm", "--host", "wasmtime@29", "--host", "jco", "--host", "none")
    (client,) = found["components"]
    (http,) = [item for item in client["imports"] if item["name"] == "wasi:http/types@0.2.6"]
    assert [(side["host"], side["status"], side["provided_by"]) for side in http["hosts"]] == [
        ("wasmtime@29", "unprovided", None),
        ("jco@1.35", "host", "jco@1.35"),
        ("none", "unprovided", None),
    ]
    assert (http["status"], http["note"]) == ("unprovided", "only with -S http")
    starts = {side["host"]: side["start"] for side in client["starts"]}
    assert starts == {"wasmtime@29": None, "jco@1.35": "npx jco run client.wasm", "none": None}
    assert client["start"] is None, "the first host's"


def test_the_same_as_one_by_one(folder: Path) -> None:
    """Merging loses nothing: for each host the codes are those of a run with it alone."""
    hosts = ["wasmtime@25", "wasmtime:serve", "spin", "jco", "none"]
    merged = report(".", *(word for host in hosts for word in ("--host", host)))
    for host, id_ in zip(hosts, merged["hosts"], strict=True):
        alone = report(".", "--host", host)
        ours = [
            (f["code"], f["component"], f["interface"], f["severity"])
            for f in merged["findings"]
            if id_ in f["hosts"] or not f["hosts"]
        ]
        theirs = [(f["code"], f["component"], f["interface"], f["severity"]) for f in alone["findings"]]
        assert sorted(map(str, ours)) == sorted(map(str, theirs)), host
        assert all(f["hosts"] == [] for f in alone["findings"])


def test_sources_are_judged_once_and_do_not_depend_on_hosts() -> None:
    options = CheckOptions(("prebuilt",), FIXTURE, hosts=("wasmtime@25", "spin"))
    found = check(options, Catalog(), Toolchain())
    about_sources = [f for f in found.findings if f.code.startswith(("WD2", "WD3"))]
    assert about_sources
    assert all(f.hosts == () for f in about_sources)
    custom = [f for f in found.findings if f.code == "WD101"]
    assert all(f.hosts == ("wasmtime@25", "spin@4.0.2") for f in custom)
    assert all(f.origin for f in custom)


def test_each_binary_is_read_once(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from wasmdoctor.pipeline import binaries

    read: list[str] = []
    real = binaries.read_component

    def counted(source: Any, path: str, repeats: Any = None) -> Any:
        read.append(path)
        return real(source, path, repeats)

    monkeypatch.setattr(binaries, "read_component", counted)
    hosts = ("wasmtime@25", "wasmtime@46", "jco", "spin", "none")
    check(CheckOptions((".",), folder, hosts=hosts), Catalog(), Toolchain())
    assert sorted(read) == ["client.wasm", "command.wasm", "custom.wasm", "exits.wasm"]


def test_flags_go_to_the_hosts_that_know_them(folder: Path) -> None:
    found = report("client.wasm", "--host", "wasmtime", "--host", "jco", "-S", "http")
    assert by_code(found, "WD114") == []
    assert found["notes"][-1] == "jco@1.35 has no flag `http`: it is judged without"
    wrong = invoke("check", "client.wasm", "--host", "wasmtime", "--host", "jco", "-S", "htpp")
    assert wrong.exit_code == 2
    assert "Did you mean http?" in wrong.output


def test_the_same_host_twice_is_one(folder: Path) -> None:
    found = report("client.wasm", "--host", "wasmtime", "--host", "wasmtime@48")
    assert found["hosts"] == ["wasmtime@48"]
    (client,) = found["components"]
    assert client["starts"] == []
    assert all(item["hosts"] == [] for item in client["imports"])


@pytest.mark.parametrize("hosts", [(",",), ("wasmtime", "nowhere")])
def test_hosts_that_are_none(folder: Path, hosts: tuple[str, ...]) -> None:
    with pytest.raises(HostError):
        check(CheckOptions((".",), folder, hosts=hosts), Catalog(), Toolchain())


def test_a_column_for_each_host(folder: Path) -> None:
    words = ["check", "client.wasm", "--host", "wasmtime@29", "--host", "jco"]
    text = invoke(*words).output
    head = next(line for line in text.splitlines() if "wasmtime@29" in line)
    row = next(line for line in text.splitlines() if "wasi:http/types@0.2.6" in line)
    assert row[head.index("wasmtime@29")] == "✗"
    assert row[head.index("jco@1.35")] == "✓"
    assert "start it on jco@1.35: npx jco run client.wasm" in text
    assert "hosts wasmtime@29, jco@1.35" in text


def test_a_narrow_window_has_lines_instead(folder: Path) -> None:
    from click.testing import CliRunner

    from wasmdoctor.cli import cli

    words = [
        word for host in ("wasmtime@29", "jco", "spin", "wasmcloud", "none") for word in ("--host", host)
    ]
    text = CliRunner().invoke(cli, ["check", "client.wasm", *words], env={"COLUMNS": "60"}).output
    assert "    ✓ jco@1.35, spin@4.0.2, wasmcloud@2.7.0\n" in text
    assert "    ✗ wasmtime@29: only with -S http\n" in text
    assert max(map(len, text.splitlines())) <= 60


def test_one_line_for_each_finding_names_the_hosts(folder: Path) -> None:
    text = invoke("check", "custom.wasm", "-q", "--host", "wasmtime@29", "--host", "jco").output
    assert text.splitlines()[0].endswith("the host has no such interface [wasmtime@29, jco@1.35]")


def test_one_host_reads_as_before(folder: Path) -> None:
    (finding,) = by_code(report("custom.wasm", "--host", "wasmtime@29"), "WD101")
    assert finding["message"] == "nobody provides `my:app/api@1.0.0`: wasmtime@29 has no such interface"


def test_none_asks_for_a_component_without_wasi(folder: Path, dummy: Dummy) -> None:
    found = report("command.wasm", "--host", "none")
    assert {f["interface"] for f in by_code(found, "WD101")} == {
        "wasi:cli/stdout@0.2.6",
        "wasi:clocks/monotonic-clock@0.2.6",
        "wasi:io/streams@0.2.6",
    }
    first = by_code(found, "WD101")[0]
    assert "with the host `none` a component gets nothing" in first["message"]
    assert "wasm32-unknown-unknown" in first["help"]
    assert by_code(found, "WD113") == [], "nobody starts anything there"
    (folder / "free.wasm").write_bytes(component(dummy, "library"))
    assert invoke("check", "free.wasm", "--host", "none").exit_code == 0


@pytest.mark.parametrize("command", [("why", "x:y/z", "."), ("plan", "."), ("graph", ".")])
def test_commands_that_take_one_host_say_so(folder: Path, command: tuple[str, ...]) -> None:
    done = invoke(*command, "--host", "wasmtime@25", "--host", "jco")
    assert done.exit_code == 2
    assert f"`{command[0]}` judges by one host, and there are 2: wasmtime@25, jco" in done.output
    assert "`wasmdoctor check` takes several" in done.output


def test_one_word_with_several_hosts_says_so_too(folder: Path) -> None:
    done = invoke("graph", ".", "--host", "wasmtime@25,jco")
    assert done.exit_code == 2
    assert "one host is judged by here, not several" in done.output


def test_versions_and_flags_of_a_host_without_versions(folder: Path) -> None:
    found = report("command.wasm", "--host", "none@3")
    assert found["notes"] == ["no host has no versions here: what is known is taken for 3"]
    done = invoke("check", "command.wasm", "--host", "none", "-S", "http")
    assert "no host has no flag 'http'" in done.output
