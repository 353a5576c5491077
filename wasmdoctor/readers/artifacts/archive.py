"""ar archives: members by name, offset and size, without reading what is in them.

Forms: the common header of ``ar(5)``; names of System V and GNU (``/`` ends a short one, ``/123`` points
into the table ``//``) and of BSD (``#1/20``: the name is the first 20 bytes of the data); symbol tables
``/``, ``/SYM64/``, ``__.SYMDEF`` and relatives are skipped. rustc 1.96 writes rlibs for wasm in GNU form.
Thin archives (``!<thin>``, GNU binutils and LLVM) hold headers only; their members are other files.
"""

from __future__ import annotations

from wasmdoctor.model.artifact import Archive, ArchiveMember
from wasmdoctor.model.regex import regex
from wasmdoctor.model.source import Location, Problem
from wasmdoctor.readers.wasm.source import ByteSource

MAGIC = b"!<arch>\n"
THIN_MAGIC = b"!<thin>\n"
HEADER_SIZE = 60
MAX_MEMBERS = 20_000
"""rustc makes at most a few thousand objects of a crate."""
MAX_NAME_TABLE = 32 * 1024 * 1024
MAX_NAME = 4096
SYMBOL_TABLES = frozenset(
    {"/", "/SYM64/", "__.SYMDEF", "__.SYMDEF SORTED", "__.SYMDEF_64", "__.SYMDEF_64 SORTED"}
)

# LLVM writes ``/12:34`` for a thin member of a nested archive (34 is its offset there); binutils 2.40
# leaves a slash in the last column of a thin member whose name has 15 bytes.
_LONG = regex(r"/([0-9]{1,19})(?::[0-9]+)? */?")

BUILD_AGAIN = "build the crate again, or copy the file again if it was cut off"


class _Broken(Exception):
    """The archive cannot be followed past this place."""

    def __init__(self, message: str, offset: int) -> None:
        super().__init__(message)
        self.offset = offset


def is_archive(head: bytes) -> bool:
    """Whether a file that starts with ``head`` (8 bytes) is an ar archive, thin or not."""
    return head[:8] in (MAGIC, THIN_MAGIC)


def read_archive(source: ByteSource, path: str) -> Archive:
    """The members of the archive in ``source``; ``path`` is for problems.

    A broken or cut-off archive gives the members up to there, and a problem with the byte. Raises
    OSError when the source does, and nothing else.
    """
    head = source.read(0, len(MAGIC))
    if not is_archive(head):
        return Archive(problems=(Problem(Location(path), "this is not an ar archive", BUILD_AGAIN),))
    walk = _Walk(source, thin=head == THIN_MAGIC)
    problems: list[Problem] = []
    try:
        walk.run()
    except _Broken as error:
        problems.append(Problem(Location(path), f"{error} (at byte 0x{error.offset:x})", BUILD_AGAIN))
    return Archive(tuple(walk.members), walk.thin, tuple(problems))


class _Walk:
    """One pass over the headers."""

    def __init__(self, source: ByteSource, *, thin: bool) -> None:
        self.source = source
        self.thin = thin
        self.members: list[ArchiveMember] = []
        self.names = b""

    def run(self) -> None:
        at = len(MAGIC)
        while at < self.source.size:
            if len(self.members) >= MAX_MEMBERS:
                raise _Broken(f"the archive has more than {MAX_MEMBERS} members", at)
            header = self.source.read(at, HEADER_SIZE)
            if header == b"\n":
                return  # padding after the last member
            if len(header) < HEADER_SIZE:
                raise _Broken("the archive ends in the middle of a member's header", at)
            if header[58:60] != b"`\n":
                raise _Broken("there should be the header of a member here", at)
            size = _decimal(header[48:58])
            if size is None:
                raise _Broken("the size of a member is not a number", at)
            at = self._member(header[:16], at + HEADER_SIZE, size)

    def _member(self, field: bytes, data: int, size: int) -> int:
        """Note the member whose data starts at ``data``; where the next header is."""
        name = field.decode("utf-8", "replace").rstrip(" ")
        table = name in SYMBOL_TABLES or name == "//"
        if self.thin and not table:
            self.members.append(ArchiveMember(self._gnu_name(name, data), 0, size, external=True))
            return data + (data & 1)
        if data + size > self.source.size:
            left = self.source.size - data
            raise _Broken(f"a member announces {size} bytes, {left} are left: the file is cut off", data)
        following = data + size + ((data + size) & 1)
        if name == "//":
            if size > MAX_NAME_TABLE:
                raise _Broken(f"the table of names has {size} bytes, {MAX_NAME_TABLE} are read here", data)
            self.names = self.source.read(data, size)
        elif name.startswith("#1/"):
            self._bsd_member(name, data, size)
        elif not table:
            self.members.append(ArchiveMember(self._gnu_name(name, data), data, size))
        return following

    def _bsd_member(self, name: str, data: int, size: int) -> None:
        length = _decimal(name[3:].encode())
        if length is None or length > min(size, MAX_NAME):
            raise _Broken("the length of a member's name is not a possible number", data)
        real = self.source.read(data, length).rstrip(b"\0").decode("utf-8", "replace")
        if real not in SYMBOL_TABLES:
            self.members.append(ArchiveMember(real, data + length, size - length))

    def _gnu_name(self, name: str, data: int) -> str:
        """A short name without the slash that ends it, or the one in the table of names."""
        long = _LONG.fullmatch(name)
        if long is None:
            return name[:-1] if name.endswith("/") and len(name) > 1 else name
        start = int(long[1])
        if start >= len(self.names):
            raise _Broken("the name of a member is not in the table of names", data - HEADER_SIZE)
        ends = [end for end in (self.names.find(b"\n", start), self.names.find(b"\0", start)) if end >= 0]
        end = min([*ends, start + MAX_NAME, len(self.names)])
        return self.names[start:end].decode("utf-8", "replace").removesuffix("/")


def _decimal(field: bytes) -> int | None:
    """A decimal number padded with spaces; None when it is something else."""
    text = field.strip(b" ")
    return int(text) if text.isdigit() and len(text) <= 19 else None
