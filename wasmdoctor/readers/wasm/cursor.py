"""A cursor over one section's bytes: numbers, names, vectors, all with limits."""

from __future__ import annotations

# A section that is larger than this is not read but reported: no encoder writes types, imports or
# exports of this size, and reading it would cost the memory that a crafted file wants us to spend.
MAX_SECTION = 32 * 1024 * 1024
# wasmparser 0.262 accepts names of at most this many bytes (MAX_WASM_STRING_SIZE).
MAX_NAME = 100_000


# What may be made of one file, in bytes: the largest components (Python, JavaScript, all of WASI) need below 1 MB.
MAX_MADE = 32 * 1024 * 1024


class Malformed(Exception):
    """The bytes break the encoding; ``offset`` is where, in bytes from the start of the file."""

    def __init__(self, message: str, offset: int) -> None:
        super().__init__(message)
        self.offset = offset


class Unsupported(Malformed):
    """An encoding that this decoder does not know, perhaps newer than it: not the file's fault."""


class Cursor:
    """Reads forward through ``data``, whose first byte stands at ``base`` in the file."""

    __slots__ = ("base", "budget", "data", "end", "pos")

    def __init__(self, data: bytes, base: int = 0, budget: list[int] | None = None) -> None:
        self.budget = budget if budget is not None else [MAX_MADE]
        self.data = data
        self.base = base
        self.pos = 0
        self.end = len(data)

    @property
    def offset(self) -> int:
        """The place in the file, for messages."""
        return self.base + self.pos

    def spend(self, size: int) -> None:
        """Account for something that is made of the input. Raises Unsupported when all of it is too much.

        Few bytes can stand for a lot: each type of some bytes may be written out with all that it is made of.
        """
        self.budget[0] -= size
        if self.budget[0] < 0:
            raise Unsupported("the types in it are too many or too large to be read here", self.offset)

    def done(self) -> bool:
        """Whether everything is read."""
        return self.pos >= self.end

    def byte(self) -> int:
        """The next byte. Raises Malformed at the end."""
        try:
            value = self.data[self.pos]
        except IndexError:
            raise Malformed("the section ends in the middle of an item", self.offset) from None
        self.pos += 1
        return value

    def peek(self) -> int:
        """The next byte without taking it. Raises Malformed at the end."""
        if self.pos >= self.end:
            raise Malformed("the section ends in the middle of an item", self.offset)
        return self.data[self.pos]

    def u32(self) -> int:
        """An unsigned LEB128 of at most 32 bits (core specification, "Integers")."""
        data, pos, end = self.data, self.pos, self.end
        if pos < end and (first := data[pos]) < 0x80:  # nearly all of them
            self.pos = pos + 1
            return first
        if pos + 1 < end and (second := data[pos + 1]) < 0x80:  # nearly all of the others
            self.pos = pos + 2
            return first & 0x7F | second << 7
        value = shift = 0
        for at in range(pos, min(pos + 5, end)):
            byte = data[at]
            value |= (byte & 0x7F) << shift
            if byte < 0x80 and value < 2**32:
                self.pos = at + 1
                return value
            shift += 7
        if end - pos < 5:
            raise Malformed("the section ends in the middle of an item", self.base + end)
        raise Malformed("a number is longer than 32 bits", self.base + pos)

    def skip_leb(self, most: int) -> None:
        """Step over a LEB128 of any sign with at most ``most`` bytes."""
        start = self.offset
        for _ in range(most):
            if self.byte() < 0x80:
                return
        raise Malformed("a number is too long", start)

    def take(self, count: int) -> bytes:
        """The next ``count`` bytes. Raises Malformed when there are fewer."""
        if count > self.end - self.pos:
            raise Malformed(f"{count} bytes are announced, {self.end - self.pos} are left", self.offset)
        data = self.data[self.pos : self.pos + count]
        self.pos += count
        return data

    def name(self) -> str:
        """A length and that many bytes of UTF-8. Raises Malformed when they are not UTF-8."""
        start = self.pos
        if start < self.end and (count := self.data[start]) < 0x80 and count < self.end - start:
            self.pos = start + 1 + count
            try:
                return self.data[start + 1 : self.pos].decode()
            except UnicodeDecodeError:
                raise Malformed("a name is not UTF-8", self.base + start) from None
        count = self.u32()
        if count > MAX_NAME:
            raise Malformed(
                f"a name of {count} bytes is longer than the {MAX_NAME} allowed", self.base + start
            )
        try:
            return self.take(count).decode("utf-8")
        except UnicodeDecodeError:
            raise Malformed("a name is not UTF-8", self.base + start) from None

    def count(self) -> int:
        """The length of a vector. Each item has at least a byte, so a larger one is malformed."""
        start = self.pos
        value = self.u32()
        if value > self.end - self.pos:
            message = f"{value} items are announced, {self.end - self.pos} bytes are left"
            raise Malformed(message, self.base + start)
        return value
