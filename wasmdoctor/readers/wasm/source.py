"""Random access to a binary without holding it in memory."""

from __future__ import annotations

import os
from typing import Protocol


class ByteSource(Protocol):
    """Bytes that can be read piecewise."""

    size: int

    def read(self, offset: int, count: int) -> bytes:
        """Up to ``count`` bytes from ``offset``; fewer when the source ends there."""
        ...


class BytesSource:
    """A buffer as a source."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.size = len(data)

    def read(self, offset: int, count: int) -> bytes:
        """Up to ``count`` bytes from ``offset``."""
        return self.data[offset : offset + count]


AHEAD = 16 * 1024
"""Bytes that are read at once when fewer are asked for: headers and small sections stand close together."""


class FileSource:
    """An open file descriptor as a source.

    ``pread`` and not ``mmap``: a file that shrinks while it is read gives short reads, not SIGBUS.
    The descriptor stays the caller's to close.
    """

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor
        self.size = os.fstat(descriptor).st_size
        self._start = 0
        self._ahead = b""

    def read(self, offset: int, count: int) -> bytes:
        """Up to ``count`` bytes from ``offset``. Raises OSError as ``os.pread`` does."""
        if count >= AHEAD:
            return self._read(offset, count)
        at = offset - self._start
        if not 0 <= at <= len(self._ahead) - count:
            self._start, at = offset, 0
            self._ahead = self._read(offset, AHEAD)
        return self._ahead[at : at + count]

    def _read(self, offset: int, count: int) -> bytes:
        data = os.pread(self.descriptor, count, offset)
        if len(data) == count or not data:
            return data
        parts = [data]
        have = len(data)
        while have < count:
            data = os.pread(self.descriptor, count - have, offset + have)
            if not data:
                break
            parts.append(data)
            have += len(data)
        return b"".join(parts)


class Window:
    """A part of another source, as a source of its own (a module nested in a component)."""

    def __init__(self, source: ByteSource, offset: int, size: int) -> None:
        self.source = source
        self.offset = offset
        self.size = min(size, max(0, source.size - offset))

    def read(self, offset: int, count: int) -> bytes:
        """Up to ``count`` bytes from ``offset`` within the window."""
        return self.source.read(self.offset + offset, min(count, max(0, self.size - offset)))
