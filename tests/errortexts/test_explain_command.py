"""``wasmdoctor explain`` with the text of an error, and ``check --explain-link``, as a person runs them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from errortexts.error_texts import component
from jsonschema import Draft202012Validator
from tests_support import run

from wasmdoctor.catalog import rules_folder

LINK = """\
Error: failed to run main module `app.wasm`

Caused by:
    0: component imports instance `my:app/store@1.0.0`, but a matching implementation was not found in the linker
    1: instance export `get` has the wrong type
    2: function implementation is missing
"""


def test_piped(tmp_path: Path) -> None:
    done = run("explain", "-", cwd=tmp_path, stdin=LINK.encode())
    assert (done.returncode, done.stderr) == (0, "")
    lines = [line.strip() for line in done.stdout.splitlines()]
    assert lines[0] == "WD101 nonstandard-import  wasmtime says"
    assert "interface  my:app/store@1.0.0" in lines
    assert "function   get" in lines
    assert "component  app.wasm" in lines
    assert "next       wasmdoctor check app.wasm --explain-link" in lines
    assert "wasmdoctor why my:app/store@1.0.0 app.wasm" in lines


@pytest.mark.parametrize("words", [("--file", "err.txt"), ("--file", "-"), (LINK,)])
def test_from_a_file_and_from_an_argument(words: tuple[str, ...], tmp_path: Path) -> None:
    (tmp_path / "err.txt").write_text(LINK)
    done = run("explain", *words, cwd=tmp_path, stdin=LINK.encode())
    assert done.returncode == 0, done.stderr
    assert done.stdout == run("explain", "-", cwd=tmp_path, stdin=LINK.encode()).stdout


def test_what_powershell_writes(tmp_path: Path) -> None:
    (tmp_path / "err.txt").write_bytes(LINK.encode("utf-16"))
    assert "WD101" in run("explain", "--file", "err.txt", cwd=tmp_path).stdout


def test_words_without_quotes(tmp_path: Path) -> None:
    done = run("explain", *"error: duplicate symbol: cabi_realloc".split(), cwd=tmp_path)
    assert done.returncode == 0
    assert done.stdout.startswith("WD302 bindgen-versions-disagree")


def test_nothing_known(tmp_path: Path) -> None:
    done = run("explain", "-", cwd=tmp_path, stdin=b"boom at my:app/store in out/app.wasm\n")
    assert done.returncode == 1
    assert "nothing in this text is an error that wasmdoctor knows" in done.stdout
    assert "wasmdoctor why my:app/store" in done.stdout
    assert "wasmdoctor check out/app.wasm" in done.stdout
    assert "open an issue with the whole text" in done.stdout


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ((), "give a code, the text of an error, or `-`"),
        (("WD101", "--file", "x"), "give a code, the text of an error, or `-`"),
        (("--file", "nope.txt"), "`nope.txt` cannot be read: no such file"),
        (("--file", "."), "`.` cannot be read: is a directory"),
        (("-",), "there is no text to explain"),
        (("WD999",), "there is no rule 'WD999'"),
        (("nonstandard-imprt",), "Did you mean nonstandard-import?"),
    ],
)
def test_what_cannot_be_explained(words: tuple[str, ...], says: str, tmp_path: Path) -> None:
    done = run("explain", *words, cwd=tmp_path, stdin=b"")
    assert done.returncode == 2
    assert says in done.stderr
    assert "Traceback" not in done.stderr


def test_a_code_is_explained_as_before(tmp_path: Path) -> None:
    done = run("explain", "wd101", cwd=tmp_path)
    assert done.returncode == 0
    assert done.stdout.startswith("WD101 nonstandard-import")
    assert "How to fix it" in done.stdout


def test_json_follows_its_schema(tmp_path: Path) -> None:
    schema = json.loads((rules_folder() / "schema" / "explain-1.json").read_text())
    texts = [
        LINK,
        LINK + "error: World `x` not found in package `a:b`\n --> a.wit:1:2\n",
        "boom my:app/store",
        "linker `ld` not found",
    ]
    for text in texts:
        done = run("explain", "-", "--format", "json", cwd=tmp_path, stdin=text.encode())
        Draft202012Validator(schema).validate(json.loads(done.stdout))
    (one,) = json.loads(run("explain", LINK, "--format", "json", cwd=tmp_path).stdout)["recognised"]
    assert one["id"] == "wasmtime/instance-function-missing"
    assert (one["code"], one["name"], one["tool"], one["evidence"]) == (
        "WD101",
        "nonstandard-import",
        "wasmtime",
        "run",
    )
    assert one["values"]["interface"] == "my:app/store@1.0.0"


def test_hostile_names_are_written_out(tmp_path: Path) -> None:
    text = LINK.replace("app.wasm", "a\u202epp\x07.wasm")
    done = run("explain", "-", cwd=tmp_path, stdin=text.encode())
    assert "\u202e" not in done.stdout
    assert "\x07" not in done.stdout


def test_bytes_that_are_no_text(tmp_path: Path) -> None:
    done = run("explain", "-", cwd=tmp_path, stdin=b"\xff\x00\xfe" + LINK.encode() + b"\x80")
    assert "WD101" in done.stdout
    assert done.stderr == ""


WORLD = """\
package my:app;
world w { import store; import lonely: func(); export g: func(); }
interface store { get: func(); }
"""
SAYS = """\
  wasmtime@48 says:
    component imports instance `my:app/store`, but a matching implementation was not found in the linker

    Caused by:
        0: instance export `get` has the wrong type
        1: function implementation is missing
  then:
    component imports function `lonely`, but a matching implementation was not found in the linker

    Caused by:
        function implementation is missing
"""


def test_check_explains_the_link(tmp_path: Path) -> None:
    component(tmp_path, "app", WORLD)
    done = run("check", "app.wasm", "--host", "wasmtime@48", "--explain-link", cwd=tmp_path)
    assert SAYS in done.stdout
    assert done.returncode == 1
    assert "says:" not in run("check", "app.wasm", cwd=tmp_path).stdout
    back = run("explain", "-", cwd=tmp_path, stdin=done.stdout.encode())
    assert "WD101" in back.stdout
    assert "WD104" in back.stdout


def test_check_explains_the_link_of_several_hosts_as_json(tmp_path: Path) -> None:
    component(tmp_path, "app", WORLD)
    words = ["app.wasm", "--host", "wasmtime@48", "--host", "jco", "--explain-link", "--format", "json"]
    done = run("check", *words, cwd=tmp_path)
    document = json.loads(done.stdout)
    schema = json.loads((rules_folder() / "schema" / "report-1.json").read_text())
    Draft202012Validator(schema).validate(document)
    found = [(each["host"], each["interface"]) for each in document["components"][0]["link_errors"]]
    assert found == [
        ("wasmtime@48", "my:app/store"),
        ("wasmtime@48", "lonely"),
        ("jco@1.35", "lonely"),
        ("jco@1.35", "my:app/store"),
    ]
