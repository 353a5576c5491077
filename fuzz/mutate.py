"""Changes inputs at random: bytes, numbers, words of the format, and repetition, which finds what is quadratic."""

from __future__ import annotations

import random
from collections.abc import Sequence

NUMBERS = (
    b"\0",
    b"\x7f",
    b"\x80",
    b"\xff",
    b"\xff\xff\xff\xff\x0f",
    b"\x80\x80\x80\x80\x80\x80",
    b"\xff" * 8,
)
"""Bytes that are the edge of some encoding: of a byte, of a LEB128 with 32 bits, of one that is too long."""

TEXTS = (
    b"0",
    b"-1",
    b"4294967296",
    b"9" * 40,
    b"1e999",
    b"\n",
    b"\r\n",
    b"\t",
    b"\\",
    b'"',
    b"'",
    b"\xef\xbb\xbf",
    b"\x00",
)
ODD = ("\u202e", "\u200b", "é", "e\u0301", "\U0001f980", "\ufeff", "\u2028")


class Mutator:
    """Makes new inputs out of old ones. ``tokens`` are words of the format, ``most`` the longest input in bytes."""

    def __init__(self, rng: random.Random, tokens: Sequence[bytes], most: int) -> None:
        self.rng = rng
        self.tokens = [*tokens, *NUMBERS, *TEXTS, *(text.encode() for text in ODD)]
        self.most = most
        self.changes = (
            self._flip, self._flip, self._number, self._insert, self._insert, self._token, self._token, self._token,
            self._delete, self._delete, self._copy, self._move, self._swap_lines, self._truncate, self._repeat,
        )  # fmt: skip

    def mutate(self, data: bytes, other: bytes) -> bytes:
        """A changed ``data``; sometimes with a part of ``other`` put in."""
        for _ in range(1 << self.rng.randrange(5)):
            if self.rng.random() < 0.05 and other:
                start, end = self._range(other)
                at = self._place(data)
                data = data[:at] + other[start:end] + data[at:]
            else:
                data = self.rng.choice(self.changes)(data)
            data = data[: self.most]
        return data

    def gentle(self, data: bytes) -> bytes:
        """One small change, after which a validator may still take it."""
        return self.rng.choice(
            (self._flip, self._number, self._swap_lines, self._token, self._delete, self._copy)
        )(data)

    def _place(self, data: bytes) -> int:
        return self.rng.randint(0, len(data))

    def _range(self, data: bytes) -> tuple[int, int]:
        """A range that is short more often than long."""
        start = self._place(data)
        longest = len(data) - start
        length = min(longest, int(2 ** (self.rng.random() * max(1, longest).bit_length())))
        return start, start + length

    def _flip(self, data: bytes) -> bytes:
        if not data:
            return data
        at = self.rng.randrange(len(data))
        return data[:at] + bytes([data[at] ^ (1 << self.rng.randrange(8))]) + data[at + 1 :]

    def _number(self, data: bytes) -> bytes:
        if not data:
            return data
        at = self.rng.randrange(len(data))
        value = (
            self.rng.choice((data[at] + 1, data[at] - 1, 0, 1, 127, 128, 255, self.rng.randrange(256))) & 0xFF
        )
        return data[:at] + bytes([value]) + data[at + 1 :]

    def _insert(self, data: bytes) -> bytes:
        at = self._place(data)
        return data[:at] + self.rng.randbytes(self.rng.randint(1, 4)) + data[at:]

    def _token(self, data: bytes) -> bytes:
        at = self._place(data)
        gone = self.rng.choice((0, 0, 1, 4))
        return data[:at] + self.rng.choice(self.tokens) + data[at + gone :]

    def _delete(self, data: bytes) -> bytes:
        start, end = self._range(data)
        return data[:start] + data[end:]

    def _copy(self, data: bytes) -> bytes:
        start, end = self._range(data)
        at = self._place(data)
        return data[:at] + data[start:end] + data[at:]

    def _move(self, data: bytes) -> bytes:
        start, end = self._range(data)
        part, rest = data[start:end], data[:start] + data[end:]
        at = self._place(rest)
        return rest[:at] + part + rest[at:]

    def _swap_lines(self, data: bytes) -> bytes:
        lines = data.split(b"\n")
        if len(lines) < 3:
            return data
        one, two = self.rng.randrange(len(lines)), self.rng.randrange(len(lines))
        lines[one], lines[two] = lines[two], lines[one]
        return b"\n".join(lines)

    def _truncate(self, data: bytes) -> bytes:
        return data[: self._place(data)] if self.rng.random() < 0.3 else data

    def _repeat(self, data: bytes) -> bytes:
        """A part many times over, up to the longest input, but seldom that long."""
        start, end = self._range(data)
        part = data[start:end][:512]
        if not part:
            return data
        room = max(0, self.most - len(data)) // len(part)
        times = int(2 ** (self.rng.random() * (room.bit_length() if self.rng.random() < 0.05 else 5)))
        return data[:start] + part * min(times, room) + data[start:]
