"""``hosts import``, and hosts of one's own: one TOML file in ``wasmdoctor.d/hosts``."""

from __future__ import annotations

import subprocess
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest
from hosts_support import STANDARD, document, invoke

HOST = """\
package acme:host@1.2.0;
interface types { enum error-code { full, gone } record point { x: u32 } }
interface log {
  use types.{error-code};
  resource sink { push: func(data: list<u8>) -> result<_, error-code>; }
  write: func(text: string, level: u32) -> result<_, error-code>;
}
interface hooks { start: func(); }
world edge {
  import log;
  import now: func() -> u64;
  export handle: func(request: string) -> string;
  export hooks;
}
world other { import hooks; }
"""
APP = (
    HOST
    + "world app { import log; import now: func() -> u64; export handle: func(request: string) -> string; }"
)

MINIMAL = """\
schema = 1
name = "rim"
title = "Rim"
about = "Our runtime."
source = "we made it"
default_mode = "go"

[[lines]]
first = "1"
last = "3"
name_rule = "exact"
evidence = "rim 1.0"
[lines.modes.go]
provides.default = "acme:host/hooks@1.2.0"

[[lines]]
first = "4"
last = "9"
name_rule = "exact-then-track"
evidence = "rim 4.0"
[lines.modes.go]
provides.default = "acme:host/types@1.2.0, acme:host/log@1.2.0"
plain.default = "now"
entries.default = "handle"
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, dummy: Callable[..., bytes]) -> Path:
    """A folder with the host's WIT and a component for it, and the current one."""
    (tmp_path / ".git").mkdir()
    (tmp_path / "host.wit").write_text(HOST)
    (tmp_path / "app.wasm").write_bytes(dummy(APP, "app"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def codes(host: str, file: str = "app.wasm") -> list[str]:
    found = document("check", file, "--host", host)["findings"]
    return [finding["code"] for finding in found if finding["severity"] == "error"]


def test_findings_go_and_a_changed_signature_brings_wd110(project: Path, dummy: Callable[..., bytes]) -> None:
    assert codes("wasmtime") == ["WD101", "WD104"]
    done = invoke("hosts", "import", "edge", "host.wit", "--world", "edge")
    assert done.exit_code == 0, done.output
    assert "wasmdoctor.d/hosts/edge.toml" in done.output
    assert "provides 2 interfaces with 2 functions" in done.output
    assert codes("edge") == []
    imports = document("check", "app.wasm", "--host", "edge")["components"][0]["imports"]
    assert {i["name"]: i["status"] for i in imports} == {
        "acme:host/log@1.2.0": "host",
        "acme:host/types@1.2.0": "optional",
        "now": "host",
    }
    for old, new in (("level: u32", "level: u64"), ("now: func() -> u64", "now: func() -> u32")):
        (project / "changed.wasm").write_bytes(dummy(APP.replace(old, new), "app"))
        assert codes("edge", "changed.wasm") == ["WD110"], new
    lacking = APP.replace("resource sink {", "resource sink { more: func();")
    (project / "changed.wasm").write_bytes(dummy(lacking, "app"))
    assert codes("edge", "changed.wasm") == ["WD115"]


def test_the_file_is_toml_with_signatures(project: Path) -> None:
    invoke("hosts", "import", "edge", "host.wit", "-w", "edge")
    text = (project / "wasmdoctor.d/hosts/edge.toml").read_text()
    made = tomllib.loads(text)
    (line,) = made["lines"]
    assert line["modes"]["host"]["entries"]["default"] == "handle, acme:host/hooks@1.2.0"
    log = made["interfaces"]["acme:host/log@1.2.0"]
    assert "write: func(text: string, level: u32) -> result<_, error-code>\n" in log["signatures"]
    assert log["resources"] == "sink"
    invoke("hosts", "import", "edge", "host.wit", "-w", "edge", "--force")
    assert (project / "wasmdoctor.d/hosts/edge.toml").read_text() == text


def test_it_is_found_from_folders_below_and_beside_the_configuration(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (project / "wasmdoctor.toml").write_text('hosts = ["edge"]\n')
    below = project / "crates/app"
    below.mkdir(parents=True)
    monkeypatch.chdir(below)
    done = invoke("hosts", "import", "edge", "../../host.wit", "-w", "edge")
    assert done.exit_code == 0, done.output
    assert (project / "wasmdoctor.d/hosts/edge.toml").is_file()
    assert "edge" in [host["name"] for host in document("hosts")["hosts"]]
    report = document("check", "../../app.wasm", code=0)  # the configuration names the host
    assert report["host"] == "edge"


def test_a_component_says_what_its_host_has(project: Path, dummy: Callable[..., bytes]) -> None:
    """By default what it imports; with --exports it is the provider."""
    done = invoke("hosts", "import", "seen", "app.wasm")
    assert "what app.wasm imports" in done.output
    assert codes("seen") == []
    (project / "provider.wasm").write_bytes(
        dummy(HOST + "world provider { export log; export now: func() -> u64; }", "provider")
    )
    invoke("hosts", "import", "given", "provider.wasm", "--exports")
    assert codes("given") == []
    (project / "changed.wasm").write_bytes(dummy(APP.replace("level: u32", "level: u64"), "app"))
    for host in ("seen", "given"):
        assert codes(host, "changed.wasm") == ["WD110"], host


def test_an_encoded_wit_package(project: Path, wasm_tools: Callable[..., bytes]) -> None:
    (project / "host.wasm").write_bytes(wasm_tools("component", "wit", "host.wit", "--wasm"))
    done = invoke("hosts", "import", "edge", "host.wasm", "--world", "edge")
    assert done.exit_code == 0, done.output
    assert codes("edge") == []


def test_a_base_gives_all_that_it_has(project: Path, dummy: Callable[..., bytes]) -> None:
    for path, text in STANDARD.items():
        place = project / "wit/deps" / path
        place.parent.mkdir(parents=True)
        place.write_text(text.replace("VERSION", "0.2.3"))
    (project / "wit/host.wit").write_text(HOST)
    app = APP.replace("world app {", "world app { import wasi:clocks/monotonic-clock@0.2.3;")
    deps = {path: text.replace("VERSION", "0.2.3") for path, text in STANDARD.items()}
    (project / "both.wasm").write_bytes(dummy(app, "app", deps))
    invoke("hosts", "import", "plain", "wit", "-w", "edge")
    invoke("hosts", "import", "full", "wit", "-w", "edge", "--base", "wasmtime@46", "-S", "http")
    assert codes("plain", "both.wasm") == ["WD101"]
    assert codes("full", "both.wasm") == []
    shown = document("hosts", "full")
    assert "wasi:http/types@0.2.12" in [i["name"] for i in shown["interfaces"]]


def test_mistakes_say_what_to_do(project: Path) -> None:
    invoke("hosts", "import", "edge", "host.wit", "-w", "edge")
    (project / "bad.wit").write_text("package a:b; world w { import c; }")
    (project / "core.wasm").write_bytes(b"\0asm\1\0\0\0")
    (project / "cut.wasm").write_bytes((project / "app.wasm").read_bytes()[:60])
    (project / "empty.wit").write_text("package a:b; world w { export f: func(); }")
    cases = {
        ("edge", "host.wit", "-w", "edge"): "--force",
        ("wasmtime", "host.wit", "-w", "edge"): "is a host that is known already",
        ("fermyon-spin", "host.wit", "-w", "edge"): "is a host that is known already",
        ("edge@2", "host.wit"): "cannot be the name of a host",
        ("../x", "host.wit"): "does not name a host",
        ("new", "host.wit"): "--world says which world",
        ("new", "host.wit", "-w", "egde"): "did you mean",
        ("new", "nowhere.wit"): "cannot be read",
        ("new", "bad.wit"): "bad.wit:1",
        ("new", "core.wasm"): "is a core module",
        ("new", "cut.wasm"): "cannot be read",
        ("new", "app.wasm", "-w", "app"): "leave --world away",
        ("new", "host.wit", "-w", "edge", "--base", "wasmtim"): "Did you mean wasmtime",
    }
    for words, said in cases.items():
        done = invoke("hosts", "import", *words)
        assert done.exit_code == 2, words
        assert said in done.output, (words, done.output)
    assert sorted(path.name for path in (project / "wasmdoctor.d/hosts").iterdir()) == ["edge.toml"]


def test_a_host_is_one_toml_file(project: Path) -> None:
    """Nothing but the file makes a host, with versions of its own."""
    place = project / "wasmdoctor.d/hosts/rim.toml"
    place.parent.mkdir(parents=True)
    place.write_text(MINIMAL)
    assert codes("rim") == []
    assert codes("rim@4") == []
    assert "WD101" in codes("rim@2")
    rows = document("hosts", "for", "app.wasm")["components"][0]["hosts"]
    (rim,) = [row for row in rows if row["host"] == "rim"]
    assert (rim["oldest"], rim["newest"], rim["ranges"][-1]["entry"]) == ("4", "9", "handle")
    changes = document("hosts", "diff", "rim@2", "rim@5")["diffs"][0]["interfaces"]
    assert [(change["item"], change["kind"]) for change in changes] == [
        ("acme:host/hooks", "removed"),
        ("acme:host/log", "added"),
        ("acme:host/types", "added"),
        ("now", "added"),
    ]
    place.write_text(MINIMAL.replace('name_rule = "exact"', 'name_rule = "some"'))
    done = invoke("check", "app.wasm", "--host", "rim@2")
    assert done.exit_code == 2
    assert "rim.toml" in done.output
    assert "name_rule" in done.output


def test_somebody_elses_folder_does_not_count(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The search ends at the folder that git knows."""
    invoke("hosts", "import", "edge", "host.wit", "-w", "edge")
    inner = project / "inner"
    inner.mkdir()
    subprocess.run(["git", "init", "--quiet", inner], check=True)
    monkeypatch.chdir(inner)
    assert invoke("hosts", "show", "edge").exit_code == 2
