"""Edits of real WIT and Rust files: what stands outside of the spans stays as it is, byte for byte."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from tree_sitter import Node

from wasmdoctor.migrate.edits import BrokenEdit, compose, untouched
from wasmdoctor.model.edit import Replace
from wasmdoctor.model.source import SourceText, Span
from wasmdoctor.readers.rust.parse import parse_rust
from wasmdoctor.readers.wit.parser import parse
from wasmdoctor.readers.wit.tree import walk

ROOT = Path(__file__).parents[2]


def found(folder: Path, pattern: str) -> Iterator[Path]:
    for path in sorted(folder.rglob(pattern)):
        if path.is_file() and "target" not in path.relative_to(folder).parts:
            yield path


def crates(pattern: str) -> list[Path]:
    """Files of the crates in cargo's home, where building the fixtures has put them."""
    home = Path(os.environ.get("CARGO_HOME", Path.home() / ".cargo"))
    return sorted(home.glob(f"registry/src/*/*/{pattern}"))


def disjoint(spans: list[Span]) -> list[Span]:
    kept: list[Span] = []
    for span in sorted(spans):
        if not kept or span.start >= kept[-1].end:
            kept.append(span)
    return kept


def check(path: Path, data: bytes, edits: list[Replace]) -> int:
    """Compose, and compare what stands outside of the spans; how many bytes are there after."""
    (change,) = compose(edits, {path.name: data}.get).changes
    assert change.after is not None
    at = 0
    rest = change.after
    for piece, edit in zip(
        untouched(data, edits), [*sorted(edits, key=lambda one: one.span), None], strict=False
    ):
        assert rest[at : at + len(piece)] == piece, path
        at += len(piece)
        if edit is not None:
            assert rest[at : at + len(edit.data)] == edit.data, path
            at += len(edit.data)
    assert len(change.after) == len(data) + sum(
        len(one.data) - one.span.end + one.span.start for one in edits
    )
    return len(change.after)


def wit(paths: list[Path]) -> tuple[int, int]:
    """How many files were edited, and how many of them came out as no WIT."""
    edited = broken = 0
    for number, path in enumerate(paths):
        chance = random.Random(number)
        data = path.read_bytes()
        tree = parse(SourceText(path.name, data))
        items = list(walk(tree.items))
        if tree.problems or not items:
            continue
        spans = disjoint([tree.extent(item) for item in chance.sample(items, min(len(items), 4))])
        fills = [b"", b"/* gone \xc3\xa4 */", b"// gone\r\n"]
        edits = [Replace(path.name, span, chance.choice(fills), "a test") for span in spans]
        edited += 1
        try:
            check(path, data, edits)
        except BrokenEdit:
            broken += 1
    return edited, broken


def test_wit_of_the_fixtures() -> None:
    edited, broken = wit(list(found(ROOT / "fixtures", "*.wit")))
    assert edited >= 20
    assert broken == 0


@pytest.mark.rust
def test_wit_of_real_crates() -> None:
    edited, broken = wit([path for path in crates("**/*.wit") if path.is_file()][::12])
    assert edited >= 100, "build the fixtures first: they fetch the crates whose WIT is used here"
    assert broken == 0


def top_level(path: Path, data: bytes) -> list[Node]:
    tree = parse_rust(data, path.name).tree
    return [] if tree is None else [node for node in tree.root_node.children if node.is_named]


def rust(paths: list[Path]) -> int:
    edited = 0
    for number, path in enumerate(paths):
        chance = random.Random(number)
        data = path.read_bytes()
        nodes = top_level(path, data)
        if not nodes:
            continue
        chosen = chance.sample(nodes, min(len(nodes), 3))
        spans = disjoint([Span(node.start_byte, node.end_byte) for node in chosen])
        edits = [Replace(path.name, span, b"/* gone \xc3\xa4 */\r\n", "a test") for span in spans]
        check(path, data, edits)
        edited += 1
    return edited


def test_rust_of_the_fixtures() -> None:
    assert rust(list(found(ROOT / "fixtures", "*.rs"))) >= 20


@pytest.mark.rust
def test_rust_of_real_crates() -> None:
    paths = [path for path in crates("src/**/*.rs") if path.stat().st_size < 60_000]
    assert len(paths) >= 1000, "build the fixtures first: they fetch the crates whose sources are used here"
    assert rust(paths[:: len(paths) // 300]) >= 290
