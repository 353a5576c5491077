"""From paths to parsed WIT: a folder with its ``deps``, a single file, an encoded package, a text.

Rules: wit-parser 0.262, resolve/fs.rs. All ``*.wit`` files of a folder are one package. ``deps`` holds folders
(without ``deps`` of their own), ``.wit`` files, and packages encoded as ``.wasm`` or ``.wat``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import PurePosixPath

from wasmdoctor.model.record import dataclass, field
from wasmdoctor.model.source import Location, Problem, SourceText
from wasmdoctor.readers.wit.files import Files
from wasmdoctor.readers.wit.parser import parse
from wasmdoctor.readers.wit.tree import Tree

MAX_TEXT = 400_000
"""Bytes of one WIT file: all of WASI 0.2 has below 300,000 in all its files together."""

Decode = Callable[[str, bytes], bytes | None]
"""Path and contents of an encoded package to its WIT text (all its packages in one text), or None."""


@dataclass(frozen=True, slots=True)
class Group:
    """The files of one package, with the packages nested in them. ``path`` is the folder or file.

    ``decoded`` marks a group whose text was made from an encoded package: its gates were applied when
    it was encoded, and its line numbers mean nothing to a person.
    """

    path: str
    trees: tuple[Tree, ...]
    decoded: bool = False


@dataclass(frozen=True, slots=True)
class Root:
    """One thing that was asked for: its group, and those of its ``deps`` (decoded ones first)."""

    main: Group
    deps: tuple[Group, ...] = ()


@dataclass(frozen=True, slots=True)
class WitSources:
    """Everything that was read. ``inline`` is the text given instead of, or besides, paths."""

    roots: tuple[Root, ...] = ()
    inline: Group | None = None
    problems: tuple[Problem, ...] = ()

    @property
    def trees(self) -> Iterator[Tree]:
        """All parsed files, decoded packages left out."""
        groups = [group for root in self.roots for group in (root.main, *root.deps)]
        if self.inline:
            groups.append(self.inline)
        for group in groups:
            if not group.decoded:
                yield from group.trees


def load_wit(
    files: Files,
    paths: Sequence[str] = (),
    *,
    inline: SourceText | None = None,
    decode: Decode | None = None,
) -> WitSources:
    """Read and parse WIT packages.

    ``paths`` are folders or files, as ``path`` of ``wit_bindgen::generate!`` is; ``inline`` a text that
    may use their packages. ``decode`` turns an encoded package into text; without it such packages are
    problems. What cannot be read is in ``problems``; nothing is raised.
    """
    loader = _Loader(files, decode)
    roots = tuple(loader.root(path) for path in paths)
    group = Group(inline.path, (parse(inline),)) if inline else None
    return WitSources(roots, group, tuple(loader.problems))


@dataclass(slots=True)
class _Loader:
    files: Files
    decode: Decode | None
    problems: list[Problem] = field(default_factory=list)

    def root(self, path: str) -> Root:
        if not self.files.is_dir(path):
            return Root(self._file(path) or Group(path, ()))
        main = self._folder(path)
        deps = path.rstrip("/") + "/deps" if path not in ("", ".") else "deps"
        found = list(self._deps(deps)) if self.files.exists(deps) else []
        found.sort(key=lambda group: not group.decoded)
        return Root(main, tuple(found))

    def _folder(self, path: str) -> Group:
        names = sorted(name for name in self._names(path) if name.endswith(".wit"))
        sources = [self._read(_join(path, name)) for name in names]
        return Group(path, tuple(parse(source) for source in sources if source))

    def _deps(self, path: str) -> Iterator[Group]:
        for name in sorted(self._names(path)):
            entry = _join(path, name)
            if self.files.is_dir(entry):
                yield self._folder(entry)
            elif PurePosixPath(name).suffix in (".wit", ".wasm", ".wat"):
                group = self._file(entry)
                if group:
                    yield group

    def _file(self, path: str) -> Group | None:
        source = self._read(path)
        if source is None:
            return None
        if not (source.data.startswith(b"\0asm") or path.endswith((".wasm", ".wat"))):
            return Group(path, (parse(source),))
        text = self.decode(path, source.data) if self.decode else None
        if text is None:
            self.problems.append(
                Problem(
                    Location(path),
                    "this encoded package could not be decoded"
                    if self.decode
                    else "this encoded package cannot be read without wasm-tools",
                    "see whether `wasm-tools component wit` reads it",
                )
            )
            return None
        return Group(path, (parse(SourceText(path, text)),), decoded=True)

    def _names(self, path: str) -> list[str]:
        try:
            return self.files.names(path)
        except OSError as error:
            self.problems.append(_unreadable(path, error))
            return []

    def _read(self, path: str) -> SourceText | None:
        """A file; None for a folder, and for what cannot be read, which is a problem."""
        try:
            data = self.files.read(path)
        except OSError as error:
            if not self.files.is_dir(path):
                self.problems.append(_unreadable(path, error))
            return None
        if len(data) > MAX_TEXT and path.endswith(".wit"):
            message = f"this file has {len(data)} bytes, more than the {MAX_TEXT} that are read"
            self.problems.append(Problem(Location(path), message, "split it"))
            return None
        return SourceText(path, data)


def _unreadable(path: str, error: OSError) -> Problem:
    reason = (error.strerror or str(error)).lower()
    return Problem(Location(path), f"this cannot be read: {reason}", "")


def _join(folder: str, name: str) -> str:
    return name if folder in ("", ".") else f"{folder.rstrip('/')}/{name}"
