"""What stands at a place in a bindings macro's call, and the WIT that it reads."""

from __future__ import annotations

import os
from pathlib import Path

from wasmdoctor.discover import display_path
from wasmdoctor.lsp.documents import Document, Snapshot
from wasmdoctor.lsp.mentions import Mention, mention_at
from wasmdoctor.lsp.packages import Loaded, Packages
from wasmdoctor.lsp.positions import UTF8, Lines
from wasmdoctor.model.record import dataclass
from wasmdoctor.model.rust import GenerateCall
from wasmdoctor.model.source import SourceText, Span
from wasmdoctor.model.wit import World
from wasmdoctor.readers.rust import WASM32, Program, read_crate
from wasmdoctor.readers.rust.generators import MACRO_NAMES
from wasmdoctor.readers.wit import Tree, find_world


@dataclass(frozen=True, slots=True)
class Bound:
    """A call of ``generate!`` and what it reads.

    ``part`` is ``path``, ``with``, ``inline`` or ``world``: what the place is about; ``name`` the string there, ``span``
    its place; ``crate`` the folder that paths are relative to. ``world`` is None when it is not found.
    """

    call: GenerateCall
    part: str
    name: str
    span: Span
    crate: Path
    loaded: Loaded
    world: World | None


def bound_at(
    document: Document, offset: int, root: Path, snapshot: Snapshot, packages: Packages
) -> Bound | None:
    """The bindings macro's call around a byte offset; None when there is none."""
    data = document.data
    if not any(name.encode() + b"!" in data for name in MACRO_NAMES):
        return None
    shown = display_path(document.path, root)
    call = next((c for c in _calls(data, shown) if c.span.start <= offset <= c.span.end), None)
    if call is None:
        return None
    part, name, span = _part(call, offset)
    crate = _crate_folder(document.path, root)
    loaded = packages.load(root, _folders(call, crate, root), snapshot, _inline(call, data))
    world = find_world(loaded.resolution, call.world)
    return Bound(call, part, name, span, crate, loaded, None if isinstance(world, str) else world)


def _calls(data: bytes, path: str) -> tuple[GenerateCall, ...]:
    """The calls in one file, whatever crate it belongs to."""
    crate = read_crate(path, lambda wanted: data if wanted == path else None, WASM32, name="this")
    return Program((crate,)).generate_calls


def _part(call: GenerateCall, offset: int) -> tuple[str, str, Span]:
    for option in call.options:
        if not option.span.start <= offset <= option.span.end:
            continue
        inner = next((e for e in option.elements if e.span.start <= offset <= e.span.end), None)
        if option.name == "with" and inner is not None:
            return "with", inner.key, inner.span
        if option.name == "path":
            return "path", inner.value if inner else option.value, inner.span if inner else option.value_span
        if option.name in ("world", "inline"):
            return option.name, option.value, option.value_span
    return "world", call.world or "", call.span


def _crate_folder(path: Path, root: Path) -> Path:
    """The folder of the manifest above a source file."""
    for folder in path.parents:
        if (folder / "Cargo.toml").is_file() or folder == root:
            return folder
    return path.parent


def _folders(call: GenerateCall, crate: Path, root: Path) -> tuple[str, ...]:
    """The WIT folders of a call, by their paths from ``root``."""
    paths = call.paths
    if not paths and (call.inline is None or (crate / "wit").is_dir()):
        paths = ("wit",)
    return tuple(display_path(os.path.normpath(crate / path), root) for path in paths)


def inline_mention(bound: Bound, data: bytes, offset: int) -> tuple[Mention, Tree] | None:
    """The name at a byte offset in inline WIT, and its tree; None on a line that Rust spells otherwise."""
    tree = bound.loaded.trees.get(bound.call.location.path)
    if tree is None:
        return None
    source = SourceText(bound.call.location.path, data)
    place = source.location(offset)
    if source.line(place.line) != tree.source.line(place.line):
        return None
    mention = mention_at(tree, Lines(tree.source.data, UTF8).of(place))
    return (mention, tree) if mention else None


def _inline(call: GenerateCall, data: bytes) -> SourceText | None:
    """Inline WIT, moved down so that its line numbers are those of the Rust file."""
    option = call.option("inline")
    if call.inline is None or option is None:
        return None
    line = SourceText(call.location.path, data).location(option.value_span.start).line
    return SourceText(call.location.path, b"\n" * (line - 1) + call.inline.encode())
