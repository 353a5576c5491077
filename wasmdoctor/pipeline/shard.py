"""``merge``: shares of a run, each looked at by another machine, judged together."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from wasmdoctor import __version__
from wasmdoctor.catalog import Catalog
from wasmdoctor.model.errors import WasmdoctorError
from wasmdoctor.model.finding import Report
from wasmdoctor.model.record import replace
from wasmdoctor.model.shard import Observed, Shard, united
from wasmdoctor.pipeline.check import CheckOptions, check
from wasmdoctor.readers.facts import FactsError, decoded
from wasmdoctor.reporters.escape import one_line
from wasmdoctor.toolchain import Toolchain

MOST_BYTES = 4 << 30
"""Bytes of one report that are read."""


MOST_MISSING = 20
"""Shares that are named when they are missing."""


class MergeError(WasmdoctorError):
    """Reports that are not the shares of one run."""


def read_shards(paths: Iterable[Path]) -> list[Shard]:
    """The shares in report files, by number. Raises MergeError when they are not all shares of one run."""
    found: dict[int, tuple[Path, Shard]] = {}
    for path in paths:
        shard = _read(path)
        if shard.index in found:
            raise MergeError(f"{path} and {found[shard.index][0]} are both share {shard.index}")
        found[shard.index] = (path, shard)
    if not found:
        raise MergeError("there is no report to merge")
    first_path, first = next(iter(found.values()))
    for path, shard in found.values():
        if (shard.count, shard.hosts, shard.flags) != (first.count, first.hosts, first.flags):
            raise MergeError(
                f"{path} and {first_path} are not of one run: "
                f"{_run(shard)} and {_run(first)}\nmake all shares with the same options"
            )
    missing = [str(index) for index in range(1, first.count + 1) if index not in found]
    if missing:
        more = f" and {len(missing) - MOST_MISSING} more" if len(missing) > MOST_MISSING else ""
        shown = ", ".join(missing[:MOST_MISSING])
        raise MergeError(f"of {first.count} shares these are missing: {shown}{more}")
    return [shard for _, (_, shard) in sorted(found.items())]


def merge(shards: Iterable[Shard], options: CheckOptions, catalog: Catalog, toolchain: Toolchain) -> Report:
    """The report that one machine would have made of all that the shares hold.

    Raises HostError for a host that is not known here.
    """
    shards = list(shards)
    options = replace(options, hosts=shards[0].hosts, flags=shards[0].flags)
    return check(options, catalog, toolchain, given=united(tuple(shard.observed for shard in shards)))


def _run(shard: Shard) -> str:
    flags = "".join(f" -S {flag}" for flag in shard.flags)
    return one_line(f"share {shard.index} of {shard.count}, host {', '.join(shard.hosts)}{flags}")


def _read(path: Path) -> Shard:
    try:
        if path.stat().st_size > MOST_BYTES:
            raise MergeError(f"{path} is larger than {MOST_BYTES >> 30} GB")
        document = json.loads(path.read_bytes())
    except OSError as error:
        raise MergeError(f"{path} cannot be read: {(error.strerror or str(error)).lower()}") from error
    except (ValueError, RecursionError) as error:
        raise MergeError(f"{path} is no JSON: {error}") from error
    own = document.get("shard") if isinstance(document, dict) else None
    if not isinstance(own, dict):
        raise MergeError(
            f"{path} is not a share of a run\nmake it with `wasmdoctor check --shard I/N -o {path}`"
        )
    tool = document.get("tool")
    version = tool.get("version") if isinstance(tool, dict) else None
    if version != __version__:
        other = one_line(str(version))
        raise MergeError(f"{path} was made by wasmdoctor {other}, this is {__version__}\nuse one version")
    try:
        return _shard(own)
    except FactsError as error:
        raise MergeError(f"{path} is damaged: {one_line(str(error))}") from error


def _shard(own: Mapping[str, Any]) -> Shard:
    index, count, hosts, flags = (own.get(key) for key in ("index", "count", "hosts", "flags"))
    if not (type(index) is int and type(count) is int and 1 <= index <= count <= 999_999):
        raise FactsError("`index` and `count` are no share")
    for key, value in (("hosts", hosts), ("flags", flags)):
        if not (isinstance(value, list) and all(isinstance(word, str) for word in value)):
            raise FactsError(f"`{key}` is no list of texts")
    assert isinstance(hosts, list)
    assert isinstance(flags, list)
    return Shard(index, count, tuple(hosts), tuple(flags), decoded(own.get("facts"), Observed))
