"""A share of a run: what one machine saw of its binaries, so that another can judge all of them together."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from wasmdoctor.model.finding import ReachedBy
from wasmdoctor.model.record import dataclass, field
from wasmdoctor.model.source import Problem
from wasmdoctor.model.stdimport import StdImport
from wasmdoctor.model.wasm import WasmFile

if TYPE_CHECKING:
    from wasmdoctor.model.artifact import ModuleCalls


@dataclass(frozen=True, slots=True)
class Observed:
    """All that a judgement needs of binaries, so that it can be made without them.

    ``hashes`` are SHA-256 by path, as far as they were asked for; ``reached`` what reaches an import that nobody
    provides, ``std`` who brought it if no crate did, both by path and name; ``modules`` the calls of core
    modules whose versions do not fit; ``invalid`` what the validator said; ``skipped`` reasons and paths.
    """

    files: tuple[WasmFile, ...] = ()
    hashes: Mapping[str, str] = field(default_factory=dict)
    reached: Mapping[tuple[str, str], ReachedBy] = field(default_factory=dict)
    std: Mapping[tuple[str, str], StdImport] = field(default_factory=dict)
    modules: Mapping[str, tuple[ModuleCalls, ...]] = field(default_factory=dict)
    invalid: Mapping[str, str] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()
    skipped: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Shard:
    """Share ``index`` of ``count`` (from 1), with the hosts and flags that it was judged by."""

    index: int
    count: int
    hosts: tuple[str, ...]
    flags: tuple[str, ...]
    observed: Observed


def united(parts: tuple[Observed, ...]) -> Observed:
    """What several shares saw, as one machine would have seen it: in the order of paths, each once."""
    files = {file.path: file for part in parts for file in part.files}
    skipped: dict[str, dict[str, None]] = {}
    for part in parts:
        for reason, paths in part.skipped.items():
            skipped.setdefault(reason, {}).update(dict.fromkeys(paths))
    problems = {problem: None for part in parts for problem in part.problems}
    return Observed(
        files=tuple(files[path] for path in sorted(files)),
        hashes={path: value for part in parts for path, value in part.hashes.items()},
        reached={key: value for part in parts for key, value in part.reached.items()},
        std={key: value for part in parts for key, value in part.std.items()},
        modules={path: value for part in parts for path, value in part.modules.items()},
        invalid={path: value for part in parts for path, value in part.invalid.items()},
        problems=tuple(problems),
        skipped={reason: tuple(paths) for reason, paths in skipped.items()},
    )
