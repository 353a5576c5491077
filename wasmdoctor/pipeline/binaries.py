"""The binaries that discovery found: opened in one way, and read."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from wasmdoctor.discover import Binary, Discovery
from wasmdoctor.model.record import replace
from wasmdoctor.model.source import Location, Problem
from wasmdoctor.model.wasm import WasmFile
from wasmdoctor.pipeline.parallel import each
from wasmdoctor.readers.wasm import (
    ByteSource,
    BytesSource,
    FileSource,
    WasmKind,
    preamble,
    read_component,
    read_core_module,
)
from wasmdoctor.readers.wasm.preamble import PREAMBLE_SIZE

if TYPE_CHECKING:
    from wasmdoctor.readers.wasm.repeats import Repeats

Progress = Callable[[int, int], None]


@contextmanager
def opened(binary: Binary) -> Iterator[ByteSource]:
    """The bytes of a binary, a file's or what came in on standard input. Raises OSError."""
    if binary.data is not None:
        yield BytesSource(binary.data)
        return
    # O_NONBLOCK: a pipe that took the place of the file since it was found must not be waited for.
    descriptor = os.open(binary.real, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(errno.EINVAL, "It is not a regular file any more")
        yield FileSource(descriptor)
    finally:
        os.close(descriptor)


def read_binaries(
    found: Discovery, progress: Progress = lambda done, total: None, jobs: int = 0
) -> list[WasmFile]:
    """Every binary that was found, read; what is wrong with one is in its record.

    ``jobs`` is how many processes may read, 0 for one a processor.
    """
    repeats = None
    if len(found.binaries) > 1:
        from wasmdoctor.readers.wasm.repeats import Repeats

        repeats = Repeats()
    return each(lambda binary: _read(binary, repeats), found.binaries, jobs, progress)


def _read(binary: Binary, repeats: Repeats | None) -> WasmFile:
    """Read one binary; whatever is wrong with it is a problem of its record."""
    file = WasmFile(binary.path, binary.size, binary.named, links=binary.links, mtime_ns=binary.mtime_ns)
    try:
        with opened(binary) as source:
            # Not the head that was found: another file may have taken its place.
            return _parse(file, source, source.read(0, PREAMBLE_SIZE), repeats)
    except OSError as error:
        problem = Problem(Location(file.path), f"cannot be read: {(error.strerror or str(error)).lower()}")
        return replace(file, problems=(problem,))


def parsed(file: WasmFile, data: bytes) -> WasmFile:
    """A binary whose bytes are at hand, read."""
    return _parse(file, BytesSource(data), data[:PREAMBLE_SIZE])


def _parse(file: WasmFile, source: ByteSource, head: bytes, repeats: Repeats | None = None) -> WasmFile:
    match preamble(head):
        case WasmKind.COMPONENT:
            return replace(file, component=read_component(source, file.path, repeats))
        case WasmKind.MODULE:
            return replace(file, module=read_core_module(source, file.path))
        case _:
            problem = Problem(
                Location(file.path),
                f"this is WebAssembly of an unknown version or layer (bytes {head[4:].hex(' ') or 'missing'})",
                "build it again; components begin with 00 61 73 6d 0d 00 01 00",
            )
            return replace(file, problems=(problem,))
