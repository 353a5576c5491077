"""``wasmdoctor explain``."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from wasmdoctor.cli.language import spoken
from wasmdoctor.cli.options import color_option, format_option
from wasmdoctor.cli.output import CLEAN, FOUND, explained, fail, load_catalog, style_for, write

if TYPE_CHECKING:
    from wasmdoctor.catalog import Catalog
    from wasmdoctor.model.rule import Lint

MOST_BYTES = 16_000_000
"""Bytes that are taken from a file or pipe; the reader of errors looks at the first million characters."""


@click.command()
@click.argument("words", nargs=-1, metavar="[CODE | TEXT | -]")
@click.option("--file", "-f", "file", metavar="FILE", help="Read the error from FILE; `-` is standard input.")
@format_option
@color_option
def explain(words: tuple[str, ...], file: str | None, format_: str, color: str) -> None:
    """Explain a rule, or another tool's error: what it means, and every cure.

    CODE is a code or name from a finding, as in `WD101` or `nonstandard-import`. Anything else is the text
    of an error, `-` reads it from standard input: wasmtime, jco, wac, wasm-tools, cargo, the linkers,
    cargo-component, Spin, wasmCloud, componentize-py and componentize-js are understood. The exit code is 1
    when nothing in the text is known.

    \b
    Examples:
      wasmdoctor explain WD101
      wasmtime run app.wasm 2>&1 | wasmdoctor explain -
      wasmdoctor explain "no exported instance named \\`wasi:cli/run@0.2.6\\`"
      wasmdoctor explain --file build.log --format json
    """
    from wasmdoctor.reporters import rules

    if bool(words) == (file is not None):
        raise click.UsageError("give a code, the text of an error, or `-` for standard input")
    with explained():
        catalog = load_catalog()
        if file is None and len(words) == 1 and _may_be_code(words[0]):
            lint = find_lint(catalog, words[0])
            if format_ == "json":
                write(rules.lint_json(lint), None)
            else:
                write(rules.explain(spoken(lint), style_for(color)), None)
            return
        text = _read(file or "-") if file or words == ("-",) else " ".join(words)
        if not text.strip():
            fail(
                "there is no text to explain",
                "errors go to standard error: `program 2>&1 | wasmdoctor explain -`",
            )
        from wasmdoctor.pipeline.explain import explain_text
        from wasmdoctor.reporters import errortext

        reading = explain_text(text, catalog)
        lints = {lint.code: lint for lint in catalog.lints}
        if format_ == "json":
            write(errortext.render_json(reading, lints), None)
        else:
            write(errortext.render(reading, lints, style_for(color)), None)
    sys.exit(CLEAN if reading.recognised else FOUND)


def _may_be_code(word: str) -> bool:
    """Whether one word is a code or name of a rule, well or badly spelled, and no error's text."""
    return word != "-" and all(char.isascii() and (char.isalnum() or char in "-_") for char in word)


def _read(file: str) -> str:
    """The text of a file, or of standard input. Bytes that are no UTF-8 are replaced."""
    try:
        if file == "-":
            data = sys.stdin.buffer.read(MOST_BYTES)
        else:
            with open(file, "rb") as handle:
                data = handle.read(MOST_BYTES)
    except OSError as error:
        fail(f"`{file}` cannot be read: {(error.strerror or str(error)).lower()}")
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", "replace")  # what PowerShell writes with `>`
    return data.decode("utf-8", "replace")


def find_lint(catalog: Catalog, code: str) -> Lint:
    """The rule of a code or name, in any case. Ends with exit code 2 and a suggestion when there is none."""
    try:
        return catalog.lint(code)
    except LookupError as error:
        message, _, hint = str(error.args[0]).partition(". ")
        fail(message, hint)
