"""Whether a file still parses after its edits, by the kind that its name tells."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from wasmdoctor.model.source import Location, Problem, SourceText
from wasmdoctor.readers.cargo import toml
from wasmdoctor.readers.rust.parse import KNOWN_GAPS, parse_rust
from wasmdoctor.readers.wit.parser import parse as parse_wit

MAX_ERROR_NODES = 1000
"""How many syntax errors of one Rust file are compared; a file with more is broken anyhow."""


MOST_FOR_TOMLKIT = 200_000
"""Bytes; the manifest of a large crate has 20,000."""


def new_problem(
    after: SourceText,
    before: SourceText | None = None,
    old_offset: Callable[[int], int | None] = lambda offset: offset,
) -> Problem | None:
    """The first error of a file that it did not have ``before`` (None: it is a new file), or None.

    TOML (``*.toml``, and Cargo's and wit-deps' lock files) is read by Cargo's reader and by tomlkit, WIT by
    its parser, Rust by tree-sitter. Other files are not looked at. ``old_offset`` tells where a byte of the
    new text was in the old one.
    """
    name = after.path.rsplit("/", 1)[-1]
    if name.endswith(".toml") or name in ("Cargo.lock", "deps.lock"):
        return _toml_problem(after, before)
    if name.endswith(".wit"):
        return _wit_problem(after, before)
    if name.endswith(".rs"):
        return _rust_problem(after, before, old_offset)
    return None


def _toml_problem(after: SourceText, before: SourceText | None) -> Problem | None:
    """What Cargo's reader, or tomlkit, cannot read. tomlkit knows TOML 1.0 only, so that it is asked only
    when it could read the file before; and not of a large file, for which it takes seconds."""
    table = toml.parse(after)
    if isinstance(table, Problem):
        return table
    if len(after.data) > MOST_FOR_TOMLKIT:
        return None
    if before is None or _tomlkit_keeps(before.data):
        if _tomlkit_keeps(after.data):
            return None
        return Problem(Location(after.path), "tomlkit cannot read it")
    return None


def _tomlkit_keeps(data: bytes) -> bool:
    """Whether tomlkit reads a text and gives it back as it was."""
    import tomlkit  # its own modules take 10 ms to load
    from tomlkit.exceptions import TOMLKitError

    text = data.decode("utf-8", "replace").removeprefix("\ufeff")
    try:
        return tomlkit.parse(text).as_string() == text
    except (TOMLKitError, ValueError):
        return False


def _wit_problem(after: SourceText, before: SourceText | None) -> Problem | None:
    problems = parse_wit(after).problems
    if not problems:
        return None
    known = Counter(problem.message for problem in parse_wit(before).problems) if before else Counter()
    for problem in problems:
        if not known[problem.message]:
            return problem
        known[problem.message] -= 1
    return None


def _rust_problem(
    after: SourceText, before: SourceText | None, old_offset: Callable[[int], int | None]
) -> Problem | None:
    """The first syntax error that the file did not have. One that it had has the same text, or begins at the
    same place: an edit within what could not be read before makes no new error."""
    known = _rust_errors(before) if before else []
    texts = Counter((what, text) for _, what, text in known)
    starts = {start for start, _, _ in known}
    for offset, what, text in _rust_errors(after):
        if texts[what, text]:
            texts[what, text] -= 1
        elif old_offset(offset) not in starts:
            return Problem(after.location(offset), what)
    return None


def _rust_errors(source: SourceText) -> list[tuple[int, str, bytes]]:
    """Where a Rust file has syntax errors: offset, what, and the text of each, in order."""
    tree = parse_rust(source.data, source.path).tree
    if tree is None:
        return [(0, "the file is too large to be parsed", b"")]
    found: list[tuple[int, str, bytes]] = []
    stack = [tree.root_node] if tree.root_node.has_error else []
    while stack and len(found) < MAX_ERROR_NODES:
        node = stack.pop()
        if node.is_error:
            text = source.data[node.start_byte : node.end_byte]
            if text.strip() not in KNOWN_GAPS:
                found.append((node.start_byte, "this is not Rust that can be read", text))
        elif node.is_missing:
            found.append((node.start_byte, f"`{node.type}` is missing here", b""))
        elif node.has_error:
            stack.extend(reversed(node.children))
    return found
