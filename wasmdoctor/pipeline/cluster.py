"""``check --dask``: the binaries are read by the workers of a Dask cluster, and judged here.

Needs the extra ``wasmdoctor[dask]`` here and wasmdoctor on every worker. A path is a file or folder that workers see
under the same name, or a URL that fsspec knows (``s3://bucket/folder/*.wasm``, ``https://...``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

from wasmdoctor.discover import discover
from wasmdoctor.model.errors import WasmdoctorError
from wasmdoctor.model.record import replace
from wasmdoctor.model.shard import Observed, united
from wasmdoctor.model.source import Location, Problem
from wasmdoctor.model.wasm import WasmFile
from wasmdoctor.pipeline.binaries import Progress, parsed
from wasmdoctor.readers.facts import decoded, encoded

BATCH = 50
"""Binaries that a worker is given at a time: what is lost with it is little, and asking costs little."""

MOST_BYTES = 1 << 30
"""Bytes of one binary that a worker reads."""


class ClusterError(WasmdoctorError):
    """The cluster cannot be used."""


def is_url(path: str) -> bool:
    """Whether a path is one that only fsspec can open."""
    return "://" in path


def observe(
    paths: Sequence[str], cwd: Path, address: str, progress: Progress = lambda done, total: None
) -> Observed:
    """What the cluster's workers read of the binaries of the paths.

    A worker that goes away costs a new try elsewhere. Raises ClusterError, and DiscoverError for a local path
    that is not there.
    """
    local = [path for path in paths if not is_url(path)]
    found = discover(local, cwd) if local else None
    wanted = [(binary.path, str(binary.real), binary.named) for binary in found.binaries] if found else []
    wanted += [(url, url, True) for path in paths if is_url(path) for url in _expanded(path)]
    batches = [wanted[start : start + BATCH] for start in range(0, len(wanted), BATCH)]
    parts = [Observed(problems=tuple(found.problems), skipped=_skipped(found))] if found else []
    with _client(address) as (client, as_completed):
        futures = client.map(read_batch, batches, retries=5, pure=False)
        for done, future in enumerate(as_completed(futures, loop=client.loop), 1):
            try:
                parts.append(decoded(future.result(), Observed))
            except Exception as error:
                raise ClusterError(f"a worker failed: {type(error).__name__}: {error}") from error
            progress(done, len(batches))
    return united(tuple(parts))


def read_batch(wanted: Sequence[tuple[str, str, bool]]) -> list[Any]:
    """On a worker: read some binaries, given as the path that is shown, the one to open, and whether it was named."""
    return encoded(Observed(files=tuple(_read(*each) for each in wanted)))


def _read(path: str, real: str, named: bool) -> WasmFile:
    """One binary; whatever is wrong with it is a problem of its record."""
    fsspec: Any = import_module("fsspec")

    try:
        with fsspec.open(real, "rb") as file:
            data = file.read(MOST_BYTES)
    except Exception as error:  # every file system has its own
        words = getattr(error, "strerror", None) or str(error) or type(error).__name__
        problem = Problem(Location(path), f"cannot be read: {words.lower()}")
        return WasmFile(path, 0, named, problems=(problem,))
    return replace(parsed(WasmFile(path, len(data), named), data), mtime_ns=0)


def _expanded(url: str) -> list[str]:
    """The URLs that a URL with ``*`` stands for, or a folder's ``.wasm`` files."""
    try:
        fsspec: Any = import_module("fsspec")
    except ImportError as error:
        raise ClusterError(_missing("fsspec")) from error
    try:
        system, path = fsspec.core.url_to_fs(url)
        if "*" in path:
            names = system.glob(path)
        else:
            names = [path] if path.endswith(".wasm") else system.glob(f"{path.rstrip('/')}/**/*.wasm")
        return sorted(system.unstrip_protocol(name) for name in names)
    except Exception as error:
        raise ClusterError(f"{url} cannot be listed: {error}") from error


def _skipped(found: Any) -> dict[str, tuple[str, ...]]:
    return {reason: tuple(paths) for reason, paths in found.skipped.items()}


def _missing(name: str) -> str:
    return f"{name} is not installed\ninstall the extra: pip install 'wasmdoctor[dask]'"


@contextmanager
def _client(address: str) -> Iterator[tuple[Any, Callable[..., Any]]]:
    try:
        distributed: Any = import_module("distributed")
    except ImportError as error:
        raise ClusterError(_missing("distributed")) from error
    try:
        client = distributed.Client(address, timeout="10s", set_as_default=False)
    except (OSError, ValueError) as error:
        raise ClusterError(f"there is no Dask scheduler at {address}: {error}") from error
    try:
        yield client, distributed.as_completed
    finally:
        client.close()
