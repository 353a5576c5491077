"""Texts as people paste them: wrapped, coloured, with the prefixes of logs, several in one."""

from __future__ import annotations

import json
import textwrap

import pytest
from errortexts.reading_errors import read
from hypothesis import given, settings
from hypothesis import strategies as st

LINK = """\
Error: failed to run main module `target/wasm32-wasip2/debug/app.wasm`

Caused by:
    0: component imports instance `my:store/kv@1.0.0`, but a matching implementation was not found in the linker
    1: instance export `[method]bucket.get-many` has the wrong type
    2: function implementation is missing
"""
WANTED = {
    "interface": "my:store/kv@1.0.0",
    "function": "[method]bucket.get-many",
    "component": "target/wasm32-wasip2/debug/app.wasm",
}
WIT = """\
error: package 'c:d@0.1.0' not found. known packages:
    a:b
     --> wit/world.wit:3:12
      |
    3 |     import c:d/e@0.1.0;
      |            ^--
"""


def by_line(prefix: str) -> str:
    return "".join(f"{prefix}{line}\n" for line in LINK.splitlines())


SHAPES = {
    "as it is": LINK,
    "windows": LINK.replace("\n", "\r\n"),
    "one line": LINK.replace("\n\nCaused by:", "").replace("\n    0:", ":").replace("\n    1:", ":").replace("\n    2:", ":"),
    "github time stamps": by_line("2026-11-24T10:11:12.1234567Z "),
    "github run view": by_line("build\tRun the component\t2026-11-24T10:11:12.1234567Z "),
    "github error": by_line("##[error]"),
    "gitlab": by_line("2026-11-24T10:11:12.123456Z 01E "),
    "docker build": by_line("#12 34.567 "),
    "compose": by_line("worker-1  | "),
    "clock": by_line("[10:11:12] "),
    "quoted": by_line("> "),
    "doubly": by_line("worker-1  | 2026-11-24 10:11:12,123 "),
    "miette": by_line("  │ "),
    "without backticks": LINK.replace("`", ""),
    "coloured": LINK.replace("Error:", "\x1b[1;31mError\x1b[0m:").replace("linker", "\x1b[4mlinker\x1b[24m"),
    "linked": LINK.replace("app.wasm", "app.\x1b]8;;https://example.com\x1b\\wasm\x1b]8;;\x1b\\"),
    "json": json.dumps({"level": "error", "message": LINK, "time": 1}),
    "indented": textwrap.indent(LINK, "        "),
    "rust debug": f"thread 'main' panicked at src/main.rs:3:5:\ncalled `Result::unwrap()` on an `Err` value: {LINK}",
    "python": f'Traceback (most recent call last):\n  File "a.py", line 3, in <module>\nwasmtime._error.WasmtimeError: {LINK}',
    "in a log": f"   Compiling app v0.1.0\n    Finished `dev` profile in 1.2s\n{LINK}make: *** [run] Error 1\n",
}  # fmt: skip


@pytest.mark.parametrize("shape", SHAPES)
def test_what_stands_around_an_error_is_seen_through(shape: str) -> None:
    (one,) = read(SHAPES[shape]).recognised
    assert one.row.key == "wasmtime/instance-function-missing"
    assert {name: one.values[name] for name in WANTED} == WANTED


@pytest.mark.parametrize("width", range(20, 121, 5))
def test_a_terminal_broke_the_lines(width: int) -> None:
    """Hard, within words: what a terminal's window does to a copied text."""
    broken = "\n".join(
        line[i : i + width] for line in LINK.splitlines() for i in range(0, len(line) or 1, width)
    )
    (one,) = read(broken).recognised
    assert {name: one.values[name] for name in WANTED} == WANTED


@pytest.mark.parametrize("width", range(40, 121, 10))
def test_lines_were_wrapped_between_words(width: int) -> None:
    wrapped = "\n".join(textwrap.fill(line, width, subsequent_indent="       ") for line in LINK.splitlines())
    (one,) = read(wrapped).recognised
    assert {name: one.values[name] for name in WANTED} == WANTED


def test_several_errors_each_once_in_order() -> None:
    other = LINK.replace("my:store/kv", "my:other/db")
    found = read(WIT + LINK + other + LINK + "error: duplicate symbol: twice\n").recognised
    assert [(one.row.id, one.values.get("interface", ""), one.times) for one in found] == [
        ("package-not-found", "", 1),
        ("instance-function-missing", "my:store/kv@1.0.0", 2),
        ("instance-function-missing", "my:other/db@1.0.0", 1),
        ("duplicate-symbol", "", 1),
    ]


def test_a_place_is_read_where_it_stands() -> None:
    (one,) = read("".join(f"#1 2.3 {line}\n" for line in WIT.splitlines())).recognised
    assert str(one.place) == "wit/world.wit:3:12"
    assert one.next == ("wasmdoctor check .",)


def test_the_general_row_gives_way_to_the_cause() -> None:
    text = "error: linking with `wasm-component-ld` failed: exit status: 1\n  |\n  = note: "
    assert [one.row.id for one in read(text).recognised] == ["linking-failed"]
    assert [one.row.id for one in read(text + "error: duplicate symbol: cabi_realloc").recognised] == [
        "duplicate-cabi-realloc"
    ]


def test_the_tool_that_said_it() -> None:
    text = "Caused by:\n  failed to resolve import `a:b/i::f`\n  module requires an import interface named `a:b/i`\n"
    for first, tool in (
        ("error: failed to encode a component from module\n", "wasm-tools"),
        ("error: failed to encode component\n", "wasm-component-ld"),
        ("$ cargo component build\n", "cargo-component"),
    ):
        assert [one.said_by for one in read(first + text).recognised] == [tool]
    for first, tool in (("$ spin up\n", "Spin"), ("2026 wasmcloud_host: ", "wasmCloud"), ("", "wasmtime")):
        assert [one.said_by for one in read(first + LINK).recognised] == [tool]


def test_the_host_of_the_tool_judges() -> None:
    """wasi:http is on by default in Spin, and a flag of wasmtime."""
    text = LINK.replace("my:store/kv@1.0.0", "wasi:http/types@0.2.0").replace(
        "[method]bucket.get-many", "fields"
    )
    (one,) = read(text).recognised
    assert one.code == "WD114"
    assert "`-S http`" in one.note
    assert "--host-flag http" in one.cure


def test_an_unknown_text_gives_its_names() -> None:
    reading = read("boom: my:app/x@1.0.0 is odd, see ./out/foo.wasm and node:internal/modules/run_main")
    assert not reading.recognised
    assert reading.names == ("my:app/x@1.0.0",)
    assert reading.files == ("./out/foo.wasm",)


def test_words_for_a_shell_are_quoted() -> None:
    text = LINK.replace("target/wasm32-wasip2/debug/app.wasm", "my app $HOME.wasm")
    (one,) = read(text).recognised
    assert one.values["component"] == "my app $HOME.wasm"
    assert "wasmdoctor check 'my app $HOME.wasm' --explain-link" in one.next


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=400), st.text(max_size=400))
def test_any_text_is_read(before: str, after: str) -> None:
    read(before + after)
    found = read(f"{before}\n{LINK}\n{after}").recognised
    assert len(found) <= 3
