"""String literals in Rust that name a WASI interface with its version: in ``generate!`` calls and extern blocks."""

from __future__ import annotations

from collections.abc import Iterator

from wasmdoctor.model.names import ExternName
from wasmdoctor.model.retarget import is_release
from wasmdoctor.model.source import Span
from wasmdoctor.readers.rust.tokens import STRING, lex, string_value

PREFIXES = ("import:", "export:", "-")
"""What may stand before a name: wit-bindgen 0.48's `async` and `additional` lists (`-import:wasi:io/poll#poll`)."""


def named_in(data: bytes, span: Span) -> Iterator[tuple[str, str, Span]]:
    """The standard packages that string literals in a span of a Rust file name with a version of a WASI 0.2
    release: package, version, and where the version stands (bytes of the file).

    A literal with escapes is passed over: its bytes are not those of the name.
    """
    for token in lex(data, span.start, span.end):
        if token.kind != STRING:
            continue
        value = string_value(token.text)
        if value is None or "\n" in value or len(value) > 200:
            continue
        found = version_in(value)
        at = data.find(value.encode(), token.start, token.end) if found else -1
        if found is not None and at >= 0:
            package, version, start = found
            before = len(value[:start].encode())
            yield package, version, Span(at + before, at + before + len(version.encode()))


def version_in(text: str) -> tuple[str, str, int] | None:
    """The package and version that a name has, and where in the text the version begins.

    ``wasi:io/poll@0.2.3``, ``wasi:io/poll/pollable@0.2.3``, ``import:wasi:io/poll@0.2.3#poll``, ``wasi:io@0.2.3``.
    """
    start = 0
    while prefix := next((p for p in PREFIXES if text.startswith(p, start)), ""):
        start += len(prefix)
    name, at, rest = text[start:].partition("@")
    version = rest.partition("#")[0].partition("/")[0]
    package = name.partition("/")[0]
    if not at or not is_release(package, version):
        return None
    if "/" in name and ExternName.parse(f"{package}/x@{version}").kind != "interface":
        return None
    return package, version, start + len(name) + 1
