"""``hosts``, ``hosts show`` and ``hosts diff``."""

from __future__ import annotations

from typing import Any

import pytest
from hosts_support import document, invoke, validated


def test_the_old_form_shows_a_host() -> None:
    by_name = invoke("hosts", "wasmtime@29:serve", "-S", "cli")
    assert by_name.exit_code == 0
    assert by_name.output == invoke("hosts", "show", "wasmtime@29:serve", "-S", "cli").output
    assert by_name.output == invoke("hosts", "-S", "cli", "wasmtime@29:serve").output
    assert "wasi:filesystem/{preopens, types}@0.2.3" in by_name.output
    assert "calls:" in by_name.output
    wrong = invoke("hosts", "wasmtim")
    assert wrong.exit_code == 2
    assert "Did you mean wasmtime?" in wrong.output


def test_the_list() -> None:
    assert "wasmtime   14 to 48      run, serve" in invoke("hosts").output
    hosts = {host["name"]: host for host in document("hosts")["hosts"]}
    assert hosts["wasmtime"]["versions"][-1]["last"] == "48"
    assert hosts["none"]["versions"][0]["first"] is None


def test_one_as_json() -> None:
    host = document("hosts", "show", "wasmtime@46", "-S", "http")
    interfaces = {each["name"]: each for each in host["interfaces"]}
    assert interfaces["wasi:http/types@0.2.12"]["flags"] == []
    assert interfaces["wasi:nn/graph@0.2.0-rc-2024-10-28"]["flags"] == ["nn"]
    assert "exit-with-code" in interfaces["wasi:cli/exit@0.2.12"]["functions"]
    assert host["calls_functions"]
    assert {entry["name"] for entry in host["entries"]} >= {"wasi:cli/run@0.2.12"}


@pytest.fixture(scope="module")
def diffs() -> list[dict[str, Any]]:
    found = validated(document("hosts", "diff", "wasmtime@25", "wasmtime@46"), "hosts-diff-1")
    return list(found["diffs"])


def by_item(diff: dict[str, Any], key: str) -> dict[tuple[str, str], dict[str, Any]]:
    return {(change["item"], change["kind"]): change for change in diff[key]}


def test_both_modes_are_compared(diffs: list[dict[str, Any]]) -> None:
    assert [(d["before"], d["after"]) for d in diffs] == [
        ("wasmtime@25", "wasmtime@46"),
        ("wasmtime@25:serve", "wasmtime@46:serve"),
    ]


def test_what_differs(diffs: list[dict[str, Any]]) -> None:
    run, serve = diffs
    interfaces = by_item(run, "interfaces")
    poll = interfaces["wasi:io/poll", "changed"]
    assert (poll["before"][0]["name"], poll["after"][0]["name"]) == (
        "wasi:io/poll@0.2.1",
        "wasi:io/poll@0.2.12",
    )
    assert ("wasi:clocks/system-clock", "added") in interfaces
    assert interfaces["wasi:config/runtime", "removed"]["before"][0]["flags"] == ["-S runtime-config"]
    assert ("wasi:keyvalue/store", "changed") not in interfaces, "it is the same draft"
    functions = by_item(run, "functions")
    assert ("wasi:cli/exit@0.2.12#exit-with-code", "added") in functions
    assert functions["wasi:sockets/network@0.2.12#network-error-code", "added"]["after"][0]["flags"] == [
        "-S network-error-code"
    ]
    assert ("-S tls", "added") in by_item(run, "flags")
    assert ("a function", "added") in by_item(run, "entries")
    assert ("wasi:http/handler", "added") in by_item(serve, "entries")


def test_a_host_and_itself() -> None:
    (diff,) = document("hosts", "diff", "wasmtime@29:run", "wasmtime@31:run")["diffs"]
    assert [diff[key] for key in ("interfaces", "functions", "flags")] == [[], [], []]
    assert diff["same_interfaces"] > 20
    assert "nothing differs in" in invoke("hosts", "diff", "jco", "jco").output


def test_name_rules_and_flags() -> None:
    (diff,) = document("hosts", "diff", "wasmtime@18:run", "wasmtime@19:run")["diffs"]
    assert diff["name_rules"] == {"before": "exact", "after": "exact-then-track"}
    (plain,) = document("hosts", "diff", "wasmtime@46:run", "wasmcloud")["diffs"]
    (given,) = document("hosts", "diff", "wasmtime@46:run", "wasmcloud", "-S", "http")["diffs"]
    assert ("wasi:http/types", "changed") in by_item(plain, "interfaces")
    assert ("wasi:http/types", "changed") not in by_item(given, "interfaces")


@pytest.mark.parametrize("columns", ["80", "160"])
def test_the_text_fits(columns: str) -> None:
    from click.testing import CliRunner

    from wasmdoctor.cli import cli

    done = CliRunner().invoke(cli, ["hosts", "diff", "wasmtime@25", "spin"], env={"COLUMNS": columns})
    assert done.exit_code == 0
    assert max(map(len, done.output.splitlines())) <= int(columns)
    assert "- wasi:cli/run 0.2.1" in done.output
    assert "~ wasi:io/{error, poll, streams} 0.2.1 -> 0.2.6" in done.output
