"""Compact sequences for what a module has many of, so that a million functions cost megabytes, not gigabytes."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import overload

MAX_NAME = 100_000
"""Longer names are cut; wasmparser 0.262 accepts names of at most this many bytes."""


class Rows(Sequence[Sequence[int]]):
    """Rows of numbers of different lengths: all numbers in one array, and where each row starts in it."""

    __slots__ = ("numbers", "starts")

    def __init__(self) -> None:
        self.numbers = array("I")
        self.starts = array("I", (0,))

    def add(self, row: Iterable[int]) -> None:
        """Append a row."""
        self.numbers.extend(row)
        self.starts.append(len(self.numbers))

    def __len__(self) -> int:
        return len(self.starts) - 1

    @overload
    def __getitem__(self, index: int) -> Sequence[int]: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Sequence[int]]: ...
    def __getitem__(self, index: int | slice) -> Sequence[int] | Sequence[Sequence[int]]:
        if isinstance(index, slice):
            return [self[at] for at in range(*index.indices(len(self)))]
        if index < 0:
            index += len(self)
        if not 0 <= index < len(self):
            raise IndexError(index)
        return self.numbers[self.starts[index] : self.starts[index + 1]]


class Texts(Sequence[str]):
    """A text for each number of a column: texts that many have are kept once."""

    __slots__ = ("numbers", "texts")

    def __init__(self, numbers: Sequence[int], texts: Sequence[str]) -> None:
        self.numbers = numbers
        self.texts = texts

    def __len__(self) -> int:
        return len(self.numbers)

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[str]: ...
    def __getitem__(self, index: int | slice) -> str | Sequence[str]:
        if isinstance(index, slice):
            return [self._text(number) for number in self.numbers[index]]
        return self._text(self.numbers[index])

    def _text(self, number: int) -> str:
        return self.texts[number] if number < len(self.texts) else ""


class Names(Mapping[int, str]):
    """Names by index, kept as bytes and decoded when somebody asks. Bytes that are not UTF-8 are replaced."""

    __slots__ = ("_count", "_data", "_lengths", "_starts")

    def __init__(self, data: bytes = b"", indices: int = 0) -> None:
        """``data`` holds the names; indices are below ``indices``."""
        self._data = data
        self._starts = array("I", bytes(4 * indices))
        self._lengths = array("I", bytes(4 * indices))
        self._count = 0

    def put(self, index: int, start: int, length: int) -> None:
        """Give ``index`` the name at ``data[start : start + length]``. ``start`` is never 0."""
        if not self._starts[index]:
            self._count += 1
        self._starts[index] = start
        self._lengths[index] = length

    def __getitem__(self, index: int) -> str:
        if not 0 <= index < len(self._starts) or not self._starts[index]:
            raise KeyError(index)
        start, length = self._starts[index], self._lengths[index]
        if length > MAX_NAME:
            return self._data[start : start + MAX_NAME].decode("utf-8", "replace") + "…"
        return self._data[start : start + length].decode("utf-8", "replace")

    def __iter__(self) -> Iterator[int]:
        return (index for index, start in enumerate(self._starts) if start)

    def __len__(self) -> int:
        return self._count
