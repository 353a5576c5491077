"""Dependency files (``.d``): which sources an artifact was made from, and whether they changed since.

Forms: rustc 1.96 writes one rule for each output in ``deps`` (paths of a workspace's own sources are relative
to the workspace's root, where cargo runs rustc), a rule without sources for each source, and comments
``# env-dep:NAME=VALUE``; cargo writes one rule for each finished artifact, whose sources are those of all
path dependencies too, absolute. Both escape a space with a backslash and nothing else, so a backslash
before any other character is part of a Windows path (cargo 1.96, ``parse_rustc_dep_info``).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from wasmdoctor.model.artifact import DepInfo, Freshness
from wasmdoctor.model.source import Location, Problem

MAX_SIZE = 16 * 1024 * 1024
MAX_PROBLEMS = 20
MAX_TARGETS = 64
"""Targets of one rule: rustc and cargo write one. Each gets all sources, so their product is bounded with them."""

_ENV = "# env-dep:"


def read_dep_info(data: bytes, path: str) -> DepInfo:
    """Read a dependency file. Lines that are neither rule nor comment are problems; nothing is raised."""
    if len(data) > MAX_SIZE:
        message = f"the file has {len(data)} bytes, more than the {MAX_SIZE} read here"
        return DepInfo(path, problems=(Problem(Location(path), message),))
    rules: dict[str, list[str]] = {}
    env: dict[str, str | None] = {}
    problems: list[Problem] = []
    for number, line in _lines(data.decode("utf-8", "surrogateescape")):
        if line.startswith(_ENV):
            name, equals, value = line[len(_ENV) :].partition("=")
            env[_unescape(name)] = _unescape(value) if equals else None
        elif line.strip() and not line.startswith("#"):
            targets, sources = _rule(line)
            if targets is None or len(targets) > MAX_TARGETS:
                if len(problems) < MAX_PROBLEMS:
                    message = "this line is not a rule: no target ends in a colon"
                    if targets is not None:
                        message = (
                            f"this rule has {len(targets)} targets, more than the {MAX_TARGETS} read here"
                        )
                    problems.append(Problem(Location(path, number), message, "build the crate again"))
                continue
            for target in targets:
                # The rule without sources that stands for each source says nothing.
                if sources:
                    rules.setdefault(target, []).extend(sources)
    return DepInfo(path, {target: tuple(found) for target, found in rules.items()}, env, tuple(problems))


def _lines(text: str) -> Iterable[tuple[int, str]]:
    """Logical lines with the number of their first line; a backslash at the end joins the next one."""
    parts: list[str] = []
    start = 1
    for number, line in enumerate(text.split("\n"), 1):
        line = line.removesuffix("\r")
        if not parts:
            start = number
        if line.endswith("\\"):
            parts.append(line[:-1] + " ")
            continue
        yield start, "".join([*parts, line])
        parts = []
    if parts:
        yield start, "".join(parts)


def _rule(line: str) -> tuple[list[str] | None, list[str]]:
    """The targets and sources of a rule. The first word that ends in a colon is the last target."""
    words = _words(line)
    for at, word in enumerate(words):
        # ``C:`` alone would be a drive, but no tool writes a target like that.
        if word.endswith(":"):
            return [*words[:at], word[:-1]], words[at + 1 :]
    return None, []


def _words(line: str) -> list[str]:
    """Words between spaces; ``\\ `` is a space inside a word."""
    words: list[str] = []
    word = ""
    for part in line.replace("\t", " ").split(" "):
        if part.endswith("\\"):
            word += part[:-1] + " "
            continue
        word += part
        if word:
            words.append(word)
        word = ""
    if word:
        words.append(word.rstrip(" "))
    return words


def _unescape(text: str) -> str:
    """``\\\\``, ``\\n`` and ``\\r``, as rustc escapes the values of environment variables."""
    parts = text.split("\\\\")
    return "\\".join(part.replace("\\n", "\n").replace("\\r", "\r") for part in parts)


def freshness(built_ns: int, sources: Mapping[str, int | None]) -> Freshness:
    """Which of ``sources`` (path to modification time, None when it is gone) changed after ``built_ns``.

    For ``built_ns``, cargo takes when the compilation started (``Unit.started_ns``), so that a change
    during it counts; an artifact's own time is later. Equal times count as unchanged, as they do for
    cargo (1.96, ``find_stale_file``).
    """
    newer = [(path, time) for path, time in sources.items() if time is not None and time > built_ns]
    newer.sort(key=lambda item: (-item[1], item[0]))
    missing = sorted(path for path, time in sources.items() if time is None)
    return Freshness(built_ns, tuple(newer), tuple(missing))
