"""From the paths a person gives to the files that matter. Looks at names and first bytes, judges nothing."""

from __future__ import annotations

import errno
import glob
import os
import re
import stat
from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from wasmdoctor.model.errors import WasmdoctorError
from wasmdoctor.model.record import dataclass, field, replace
from wasmdoctor.model.regex import regex
from wasmdoctor.model.source import Location, Problem

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec

WASM_MAGIC = b"\0asm"
HEAD_SIZE = 8
STDIN = "-"
STDIN_NAME = "<stdin>"

# Folders of version control, package managers and caches: nobody ships components from them.
NEVER_ENTERED = frozenset(
    {".git", ".hg", ".jj", ".svn", "node_modules", ".venv", "__pycache__", ".tox", ".nox", ".wasmdoctor"}
)
# What cargo keeps below a profile folder besides the finished artifacts (Cargo book, "Build Cache").
CARGO_INTERMEDIATE = frozenset({"deps", "incremental", "build", ".fingerprint"})

# What `cargo vendor` leaves in each crate: the sources of others, which only their dependents ask for.
VENDORED = ".cargo-checksum.json"

MAX_TEXT = 16 * 1024 * 1024
"""Bytes of a text that is read whole."""

# O_NONBLOCK: a FIFO that took the place of a file since it was listed must not hang who opens it.
TO_READ = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
"""How files are opened."""

CHUNK = 1024 * 1024
"""Bytes that are read at once where a file's size is not what it said."""

MAX_IGNORE = 1024 * 1024
MAX_PATTERNS = 2000
MAX_STARS = 3
"""Limits on a .gitignore: bytes, patterns, and stars in one part of a pattern. Matching takes time that grows with
the power of the stars, and both the pattern and the file names come with the repository."""

MAX_DEPTH = 200
"""How deep folders are entered: beyond every real tree, short of what the stack of a walk would feel."""


class DiscoverError(WasmdoctorError):
    """A path that was asked for cannot be used at all; the message says which, why and what to do."""


@dataclass(frozen=True, slots=True)
class Binary:
    """A wasm file by its magic bytes.

    ``path`` is for people (relative, forward slashes), ``real`` opens it, ``head`` are its first eight
    bytes, ``named`` says that the person named the file itself. ``links`` are other paths of the same
    file (hard links, symbolic links) that were not listed again. ``data`` is set for standard input only.
    """

    path: str
    real: Path
    size: int
    head: bytes
    named: bool
    mtime_ns: int = 0
    links: tuple[str, ...] = ()
    data: bytes | None = None


@dataclass(slots=True)
class Discovery:
    """Everything found, sorted by path. ``skipped`` maps a reason to the paths passed over for it.

    ``roots`` are the files and folders that were named; in place of a source file stands the folder of its
    workspace, which is one of ``sources`` then: its sources are meant, not what was built from them. ``changed``
    are those files by that folder, if nothing else was named. ``documents`` are .wac files, named and found.
    """

    binaries: list[Binary] = field(default_factory=list)
    skipped: dict[str, list[str]] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    roots: list[Path] = field(default_factory=list)
    sources: list[Path] = field(default_factory=list)
    changed: dict[Path, list[Path]] = field(default_factory=dict)
    documents: list[Path] = field(default_factory=list)

    def skip(self, reason: str, path: str) -> None:
        """Note that ``path`` was passed over."""
        self.skipped.setdefault(reason, []).append(path)

    def source(self, folder: Path, file: Path) -> None:
        """Note that a source file was named, whose workspace lies in a folder."""
        self.changed.setdefault(folder, []).append(file)
        if folder not in self.sources:
            self.sources.append(folder)
            self.roots.append(folder)


def display_path(path: Path | str, cwd: Path) -> str:
    """How a path is shown: relative to ``cwd`` where possible, forward slashes, always valid Unicode."""
    text, above = os.fspath(path), os.path.join(cwd, "")
    shown = text[len(above) :]
    if not text.startswith(above) or _UNCLEAR.search(shown):
        try:
            shown = os.path.relpath(text, cwd)
        except ValueError:  # another drive
            shown = text
    shown = shown.replace(os.sep, "/")
    return shown if shown.isascii() else os.fsencode(shown).decode("utf-8", "replace")


_UNCLEAR = regex(r"(?:^|[/\\])(?:\.\.?)?(?:[/\\]|$)")
"""A part of a path that is empty, or leads to the same folder or the one above."""


def default_paths(cwd: Path) -> list[str]:
    """``target`` when there is one, else the current folder."""
    return ["target"] if (cwd / "target").is_dir() else ["."]


def discover(
    paths: Sequence[str], cwd: Path, *, stdin: bytes | None = None, binaries: bool = True
) -> Discovery:
    """Find the wasm binaries below ``paths`` (files, folders, globs, ``-`` with its bytes in ``stdin``).

    A source file that is named (WIT, Rust, Cargo.toml, Cargo.lock, .wac) stands for sources of the workspace around
    it, which is listed once with the files: so a commit hook may name what changed.

    Raises DiscoverError when a path does not exist or a glob matches nothing. Unreadable folders and
    files below a folder are ``problems``, and the walk goes on.
    """
    found = Discovery()
    other = False
    walk = _Walk(cwd, found)
    for path in paths:
        if path == STDIN:
            walk.standard_input(stdin or b"")
            continue
        for real, named in _expand(path, cwd):
            if named and binaries and _is_source(real) and real.is_file():
                found.source(source_folder(real), real)
                if real.suffix == ".wac":
                    found.documents.append(real)
                continue
            other = True
            found.roots.append(real)
            if not binaries:
                continue
            if real.is_dir():
                walk.folder(real)
            else:
                walk.named_file(real, glob_match=not named)
    if other:
        found.changed.clear()
    found.binaries = walk.finish()
    found.documents = sorted(set(found.documents))
    return found


def _expand(path: str, cwd: Path) -> Iterator[tuple[Path, bool]]:
    """The real paths of one argument, and whether the person named exactly that file."""
    real = cwd / path
    if os.path.lexists(real):
        yield real, True
        return
    if glob.has_magic(path):
        try:
            matches = sorted(glob.glob(path, root_dir=cwd, recursive=True))
        except RecursionError:
            raise DiscoverError(
                f"the folders that `{path}` matches are nested too deep\n  name a folder instead"
            ) from None
        if matches:
            for match in matches:
                yield cwd / match, False
            return
        raise DiscoverError(
            f"no file matches `{path}`\n  check the pattern, or quote it if your shell changed it"
        )
    parent = real.parent
    near = _nearest(real.name, parent)
    hint = f"did you mean `{display_path(parent / near, cwd)}`?" if near else f"it is looked for in {cwd}"
    raise DiscoverError(f"`{path}` does not exist\n  {hint}")


def _nearest(name: str, folder: Path) -> str:
    import difflib

    try:
        entries = sorted(os.listdir(folder))
    except OSError:
        return ""
    return next(iter(difflib.get_close_matches(name, entries, 1)), "")


class _Walk:
    """Collects binaries, each file (device and inode) once."""

    def __init__(self, cwd: Path, found: Discovery) -> None:
        self.cwd = cwd
        self.found = found
        self.by_file: dict[tuple[int, int] | str, Binary] = {}
        self.links: dict[tuple[int, int] | str, list[str]] = {}

    def show(self, path: Path | str) -> str:
        return display_path(path, self.cwd)

    def finish(self) -> list[Binary]:
        result = [
            replace(binary, links=tuple(sorted(self.links[key]))) if key in self.links else binary
            for key, binary in self.by_file.items()
        ]
        return sorted(result, key=lambda binary: binary.path)

    def standard_input(self, data: bytes) -> None:
        if data[:4] != WASM_MAGIC:
            self._problem(STDIN_NAME, "what came in on standard input is not WebAssembly", _not_wasm(data))
            return
        self.by_file[STDIN] = Binary(
            STDIN_NAME, Path(STDIN), len(data), data[:HEAD_SIZE], named=True, data=data
        )

    def named_file(self, path: Path, *, glob_match: bool) -> None:
        """A file that was named: what is wrong with it is said, not passed over."""
        shown = self.show(path)
        try:
            info = path.stat()
            if not stat.S_ISREG(info.st_mode):
                self._problem(
                    shown, "this is not a regular file", "pipe its bytes in and give `-` as the path"
                )
                return
            head = _head(path)
        except OSError as error:
            self._problem(shown, f"cannot be read: {_reason(error)}", "check the path and its permissions")
            return
        if head[:4] == WASM_MAGIC:
            self._add(path, info, head, named=True)
        elif path.suffix == ".wasm" or not (glob_match or _is_source(path)):
            self._problem(shown, "this is not WebAssembly", _not_wasm(head))

    def folder(self, root: Path) -> None:
        """Everything below a folder."""
        top = os.path.realpath(root)
        stack = [_Folder(os.fspath(root), top, _ancestor_ignores(root), 0, _inside_target(root))]
        while stack:
            folder = stack.pop()
            try:
                entries = _listed(folder.path)
            except OSError as error:
                self._problem(
                    self.show(folder.path),
                    f"this folder cannot be read: {_reason(error)}",
                    "check its permissions",
                )
                continue
            names = {entry.name for entry in entries}
            if folder.depth and not folder.special and _is_target(folder.path, names):
                folder = replace(folder, special=True)
            if not folder.special and ".gitignore" in names:
                own = _read_ignore(folder)
                folder = replace(folder, ignores=[*folder.ignores, *own])
                if any(ignore.refused for ignore in own):
                    reason = "files with patterns of .gitignore that take too long to match"
                    self.found.skip(reason, self.show(os.path.join(folder.path, ".gitignore")))
            for entry in entries:
                try:
                    self._entry(entry, folder, stack, top)
                except OSError as error:
                    self._problem(
                        self.show(entry.path), f"cannot be read: {_reason(error)}", "check its permissions"
                    )

    def _entry(self, entry: os.DirEntry[str], folder: _Folder, stack: list[_Folder], top: str) -> None:
        """One name in a folder; one that is a folder itself waits on the stack. ``top`` is where the walk began."""
        path = entry.path
        real = os.path.join(folder.real, entry.name)
        if entry.is_symlink():
            real = os.path.realpath(path)
            if not os.path.exists(real):
                return
            if not (real == top or real.startswith(top.rstrip(os.sep) + os.sep)):
                self.found.skip("symbolic links that lead out of the folder", self.show(path))
                return
            if os.path.isdir(real):
                self.found.skip("symbolic links to folders", self.show(path))
                return
        if entry.is_dir(follow_symlinks=False):
            if entry.name in NEVER_ENTERED:
                return
            if folder.special and entry.name in CARGO_INTERMEDIATE:
                self._count_intermediate(path)
                return
            if not folder.special and _ignored(real, True, folder.ignores) and not _looks_like_target(path):
                self.found.skip("folders that .gitignore names", self.show(path))
                return
            if folder.depth >= MAX_DEPTH:
                self._problem(self.show(path), f"folders are nested deeper than {MAX_DEPTH}", "")
                return
            stack.append(_Folder(path, real, folder.ignores, folder.depth + 1, folder.special))
            return
        info = os.stat(path)  # not entry's own: the cache sees what `os` is asked for
        if not stat.S_ISREG(info.st_mode) or info.st_size < 4:
            if entry.name.endswith(".wasm") and stat.S_ISREG(info.st_mode):
                self._problem(self.show(path), "this file is too short to be WebAssembly", "build it again")
            return
        head = _head(path)
        if head[:4] != WASM_MAGIC:
            if entry.name.endswith(".wasm"):
                self._problem(
                    self.show(path), "this is not WebAssembly, though its name says so", _not_wasm(head)
                )
            elif entry.name.endswith(".wac") and not (
                folder.special or _ignored(real, False, folder.ignores)
            ):
                self.found.documents.append(Path(path))
            return
        if not folder.special and _ignored(real, False, folder.ignores):
            self.found.skip("files that .gitignore names", self.show(path))
            return
        self._add(Path(path), info, head, named=False)

    def _count_intermediate(self, folder: str) -> None:
        """Cargo's own copies: count those that are wasm, and do not list them."""
        # Objects in deps/ and build/ are wasm too; what a person could mistake for an artifact counts.
        for path in files_below(folder, ".wasm"):
            self.found.skip("copies in cargo's deps/, build/ and incremental/", self.show(path))

    def _add(self, path: Path, info: os.stat_result, head: bytes, *, named: bool) -> None:
        shown = self.show(path)
        key = (info.st_dev, info.st_ino)
        known = self.by_file.get(key)
        if known is None:
            self.by_file[key] = Binary(shown, path, info.st_size, head, named, info.st_mtime_ns)
        elif known.path != shown:
            self.links.setdefault(key, []).append(shown)
            self.found.skip("links to a file that is listed already", shown)

    def _problem(self, shown: str, message: str, help_: str) -> None:
        self.found.problems.append(Problem(Location(shown), message, help_))


def read_regular(path: Path | str, most: int = MAX_TEXT) -> bytes:
    """The bytes of a regular file that has at most ``most``. Raises OSError.

    A pipe or a device in the place of a file is refused, not waited for; and so is what is too large, before it
    is in memory. Links are followed: a caller that must not leave a folder looks at the path first.
    """
    descriptor = os.open(path, TO_READ)
    try:
        info = os.fstat(descriptor)
        if not stat.S_ISREG(info.st_mode):
            raise OSError(errno.EINVAL, "It is not a regular file", os.fspath(path))
        data = os.read(descriptor, min(info.st_size, most) + 1)
        # Mostly that was all; but a file may grow, and some file systems give less than they are asked for.
        while len(data) <= most and (more := os.read(descriptor, CHUNK)):
            data += more
    finally:
        os.close(descriptor)
    if len(data) > most:
        raise OSError(errno.EFBIG, f"It has more than {most} bytes", os.fspath(path))
    return data


def _head(path: Path | str) -> bytes:
    descriptor = os.open(path, TO_READ)
    try:
        return os.read(descriptor, HEAD_SIZE)
    finally:
        os.close(descriptor)


def _reason(error: OSError) -> str:
    return (error.strerror or str(error)).lower()


def _not_wasm(head: bytes) -> str:
    """What a file that is not wasm is instead, and what to do."""
    if not head:
        return "it is empty: build it again"
    if head[:2] == b"\x1f\x8b":
        return "it is compressed with gzip: unpack it first"
    if head[:4] == b"\x28\xb5\x2f\xfd":
        return "it is compressed with zstd: unpack it first"
    if head[:4] == b"PK\x03\x04":
        return "it is a zip archive: unpack it first"
    if head.lstrip().startswith(b"(") or head.startswith(b";;"):
        return "it looks like the text format: `wasm-tools parse FILE -o OUT.wasm` makes a binary of it"
    if head[:4] == b"\x7fELF" or head[:4] == b"!<ar":
        return "it is a native object or an archive: name the .wasm that the build made"
    return "WebAssembly starts with the bytes 00 61 73 6d: name the .wasm that the build made"


def _is_source(path: Path) -> bool:
    return path.suffix in {".wit", ".toml", ".lock", ".rs", ".wac"}


def _is_target(folder: str, names: Collection[str]) -> bool:
    """Whether a folder is a cargo target folder: cargo marks it (Cargo book, "Build Cache")."""
    return ".rustc_info.json" in names or (
        "CACHEDIR.TAG" in names
        and (os.path.basename(folder) == "target" or any(name in names for name in ("debug", "release")))
    )


def _has_mark(folder: str) -> bool:
    """As ``_is_target``, without listing the folder: those above a project may be large, and change often."""
    marks = (".rustc_info.json", "CACHEDIR.TAG", "debug", "release")
    return _is_target(folder, {mark for mark in marks if os.path.lexists(os.path.join(folder, mark))})


def _looks_like_target(folder: str) -> bool:
    return os.path.basename(folder) == "target" or _has_mark(folder)


def _inside_target(root: Path) -> bool:
    """Whether a folder that was named is a cargo target folder or lies in one."""
    root = root.resolve()
    for folder in (root, *root.parents):
        if folder.name == "target" and (folder.parent / "Cargo.toml").is_file():
            return True
        if _has_mark(os.fspath(folder)):
            return True
    return False


@dataclass(frozen=True, slots=True)
class _Folder:
    """A folder on a walk: as it was reached, and its real path; the .gitignore files that hold in it, how deep it
    lies, and whether it is special to the walk: inside a target folder, or among a WIT package's ``deps``."""

    path: str
    real: str
    ignores: list[_Ignore]
    depth: int
    special: bool


def _leads_to_folder(entry: os.DirEntry[str]) -> bool:
    """Whether a name is that of a folder, or of a link to one; a link that goes round leads nowhere."""
    try:
        return entry.is_dir()
    except OSError:
        return False


def _listed(folder: str) -> list[os.DirEntry[str]]:
    """What a folder holds, sorted by name. Raises OSError."""
    return sorted(os.scandir(folder), key=lambda entry: entry.name)


def files_below(folder: str, ending: str) -> Iterator[str]:
    """The files in a folder and in those inside it whose names end so; links to folders are not followed.

    Folders that cannot be read, and those deeper than ``MAX_DEPTH``, are passed over.
    """
    stack = [(folder, 0)]
    while stack:
        current, depth = stack.pop()
        try:
            entries = _listed(current)
        except OSError:
            continue
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                if depth < MAX_DEPTH:
                    stack.append((entry.path, depth + 1))
            elif entry.name.endswith(ending) and not (entry.is_symlink() and os.path.isdir(entry.path)):
                yield entry.path


_Rule = tuple[bool, re.Pattern[str]]
"""A pattern of .gitignore: whether it ignores or, with `!`, does not, and the paths that it is for. The group of
the expression is the slash behind a folder's name, by which what lies in a folder is told from the folder."""


@dataclass(frozen=True, slots=True)
class _Ignore:
    """A .gitignore file: the real path of its folder, with a separator behind it, and its patterns.

    ``rules`` has usual patterns, the last one first; files with others are left to pathspec, which takes 15 to 30 ms
    to load.
    """

    base: str
    rules: list[_Rule] | GitIgnoreSpec
    refused: int = 0

    def verdict(self, path: str) -> bool | None:
        """Whether a path below the folder is ignored; None when no pattern is for it. A folder's ends in a slash."""
        if not isinstance(self.rules, list):
            return self.rules.check_file(path).include
        inside: bool | None = None
        for ignores, pattern in self.rules:
            found = pattern.search(path)
            if found is not None:
                if not found[1]:
                    return ignores
                inside = ignores if inside is None else inside
        return inside


def _rule(line: str) -> _Rule | None:
    """A pattern as pathspec 1.1 understands it; None for one with other wildcards than `*` and `[abc]` in a name."""
    text = line.rstrip()
    ignores = not text.startswith("!")
    text = text if ignores else text[1:]
    names = text.removeprefix("/").removesuffix("/").split("/")
    unusual = any(name in ("", "*") or "**" in name for name in names)
    if unusual or line.startswith("#") or not set("\\?[").isdisjoint(_LETTERS.sub("", text)):
        return None
    start = "^" if text.startswith("/") or len(names) > 1 else "^(?:.+/)?"
    body = "/".join("".join(map(_part, _LETTERS.split(name))) for name in names)
    return ignores, re.compile(start + body + ("(/)" if text.endswith("/") else "(?:(/)|$)"))


_LETTERS = regex(r"(\[[0-9A-Za-z]+\])")


def _part(part: str) -> str:
    """The expression of a part of a name: some letters of which one is meant, or a text with `*`."""
    return part if _LETTERS.fullmatch(part) else "[^/]*".join(map(re.escape, part.split("*")))


def _read_ignore(folder: _Folder) -> list[_Ignore]:
    try:
        data = read_regular(os.path.join(folder.path, ".gitignore"), MAX_IGNORE)
    except OSError:
        return []
    return [_Ignore(os.path.join(folder.real, ""), *_ignore_rules(data))]


@lru_cache(maxsize=8)
def _ignore_rules(data: bytes) -> tuple[list[_Rule] | GitIgnoreSpec, int]:
    """What a .gitignore says, and how many of its patterns are not followed. Binaries and sources both ask for it."""
    lines = [line for line in data.decode("utf-8", "replace").splitlines() if line.strip() and line[0] != "#"]
    taken = [line for line in lines[:MAX_PATTERNS] if is_cheap(line)]
    refused = len(lines) - len(taken)
    rules = [rule for line in reversed(taken) if (rule := _rule(line))]
    if len(rules) == len(taken):
        return rules, refused
    from pathspec import GitIgnoreSpec

    try:
        return GitIgnoreSpec.from_lines(taken), refused
    except ValueError:  # one that is no pattern, which git passes over
        return GitIgnoreSpec.from_lines(filter(_valid, taken)), refused


def is_cheap(pattern: str) -> bool:
    """Whether matching a pattern is quick, whatever the path."""
    parts = pattern.split("/")
    deep = sum(part == "**" for part in parts)
    stars = (part.count("*") - part.count("**") for part in parts if part != "**")
    return len(pattern) <= 4096 and deep <= MAX_STARS and max(stars, default=0) <= MAX_STARS


def _valid(pattern: str) -> bool:
    from pathspec import GitIgnoreSpec

    try:
        GitIgnoreSpec.from_lines([pattern])
    except ValueError:
        return False
    return True


def _ancestor_ignores(root: Path) -> list[_Ignore]:
    """The .gitignore files above ``root`` up to the repository's top, outermost first."""
    if (root / ".git").exists():
        return []
    resolved = root.resolve()
    chain: list[Path] = []
    for parent in resolved.parents:
        chain.append(parent)
        if (parent / ".git").exists():
            break
    else:
        return []  # not in a repository: git would read none of them
    found: list[_Ignore] = []
    for parent in reversed(chain):
        found += _read_ignore(_Folder(os.fspath(parent), os.fspath(parent), [], 0, False))
    # A folder that somebody names is meant, even when it is ignored.
    return [] if _ignored(os.fspath(resolved), True, found) else found


def _ignored(real: str, is_folder: bool, ignores: list[_Ignore]) -> bool:
    """Git's rule for a real path: the last pattern that matches decides, inner files over outer ones."""
    verdict = False
    for ignore in ignores:
        if not real.startswith(ignore.base):
            continue
        relative = real[len(ignore.base) :].replace(os.sep, "/")
        found = ignore.verdict(relative + "/" if is_folder else relative)
        verdict = verdict if found is None else found
    return verdict


def repository_of(place: Path) -> Path | None:
    """The nearest folder from an absolute ``place`` upwards with a ``.git`` (a folder, or a file in a linked worktree)."""
    return next((folder for folder in (place, *place.parents) if (folder / ".git").exists()), None)


def repository_top(folder: Path) -> Path | None:
    """The repository that a folder lies in, or None where that is no project: a home folder, or one above it."""
    top = repository_of(folder)
    home = Path(os.path.expanduser("~"))
    return None if top is None or top == home or top in home.parents else top


def workspace_root(start: Path) -> Path | None:
    """The folder of the sources that built ``start``: the topmost of the nearest Cargo manifests above it.

    Looks upward for Cargo.toml and stops at the repository's top. A manifest with ``[workspace]`` ends
    the search, since cargo's does too.
    """
    best: Path | None = None
    start = start.resolve()
    for folder in (start, *start.parents):
        manifest = folder / "Cargo.toml"
        if manifest.is_file():
            best = folder
            try:
                if b"[workspace" in read_regular(manifest):
                    return folder
            except OSError:
                pass
        if (folder / ".git").exists():
            break
    return best


def source_folder(file: Path) -> Path:
    """The folder that a source file is judged in: its Cargo workspace, else its WIT package with its ``deps``."""
    folder = file.resolve().parent
    root = workspace_root(folder)
    if root is not None:
        return root
    for above in (folder, *folder.parents):
        if above.name == "deps" and _holds_wit(above.parent):
            return above.parent
        if (above / ".git").exists():
            break
    return folder


def _holds_wit(folder: Path) -> bool:
    try:
        return _has_wit(os.listdir(folder))
    except OSError:
        return False


@dataclass(slots=True)
class Sources:
    """The sources below a folder, sorted: WIT package folders (and single files), manifests, .wac files.

    ``listed`` has what lies in the folders that were entered on the way, by real path, so that nobody has to look
    again: names, sorted, and whether each is a folder or a link to one. It is not of all folders of a large tree.
    """

    wit: list[Path] = field(default_factory=list)
    manifests: list[Path] = field(default_factory=list)
    wac: list[Path] = field(default_factory=list)
    listed: dict[str, dict[str, bool]] = field(default_factory=dict)


MAX_LISTED = 50_000
"""How many names ``Sources.listed`` has at most."""


def find_sources(root: Path) -> Sources:
    """Find WIT, Cargo and wac sources below ``root``, as git sees them; target folders are not entered.

    A WIT package is a folder with .wit files that does not lie in another one's ``deps``. Vendored crates
    are passed over, and so are folders that cannot be read: `check` says so where it matters.
    """
    wit: list[str] = []
    manifests: list[str] = []
    wac: list[str] = []
    listed: dict[str, dict[str, bool]] = {}
    room = MAX_LISTED
    stack = [_Folder(os.fspath(root), os.path.realpath(root), _ancestor_ignores(root), 0, False)]
    while stack:
        folder = stack.pop()
        try:
            entries = _listed(folder.path)
        except OSError:
            continue
        names = {entry.name: _leads_to_folder(entry) for entry in entries}
        if folder.depth and (VENDORED in names or _is_target(folder.path, names)):
            continue
        ignores = folder.ignores
        if ".gitignore" in names:
            ignores = [*ignores, *_read_ignore(folder)]
        has_wit = False
        if len(names) <= room:
            room -= len(names)
            listed[folder.real] = names
        above = os.path.join(folder.real, "")
        for entry in entries:
            name = entry.name
            if entry.is_dir(follow_symlinks=False):
                if name in NEVER_ENTERED or name == "target" or folder.depth >= MAX_DEPTH:
                    continue
                real = above + name
                if not ignores or not _ignored(real, True, ignores):
                    in_deps = folder.special or (name == "deps" and _has_wit(names))
                    stack.append(_Folder(entry.path, real, ignores, folder.depth + 1, in_deps))
            elif name == "Cargo.toml":
                manifests.append(entry.path)
            elif name.endswith(".wac"):
                wac.append(entry.path)
            elif name.endswith(".wit"):
                has_wit = True
        if has_wit and not folder.special:
            wit.append(folder.path)
    return Sources(_sorted(wit), _sorted(manifests), _sorted(wac), listed)


def _sorted(paths: list[str]) -> list[Path]:
    """As paths sort: a folder before what begins with its name."""
    return [Path(path) for path in sorted(paths, key=lambda path: path.split(os.sep))]


def _has_wit(names: Iterable[str]) -> bool:
    return any(name.endswith(".wit") for name in names)
