"""The name section: a module's own name and those of its functions (core specification, "Name Section")."""

from __future__ import annotations

from wasmdoctor.model.record import dataclass, field
from wasmdoctor.readers.code.columns import Names
from wasmdoctor.readers.wasm.cursor import Cursor, Malformed

MAX_SECTION = 64 * 1024 * 1024
"""A larger name section is not read."""


@dataclass(slots=True)
class NameSection:
    """What was read: ``listed`` tells whether there is a list of function names at all.

    ``complaint`` says what is wrong with it, or "".
    """

    module: str = ""
    functions: Names = field(default_factory=Names)
    listed: bool = False
    complaint: str = ""


def read_names(data: bytes, count: int) -> NameSection:
    """Read the payload of a name section of a module with ``count`` functions.

    What is read before a broken place is kept. Of two names for one function the last counts.
    """
    section = NameSection()
    cursor = Cursor(data)
    try:
        while not cursor.done():
            id_, size = cursor.byte(), cursor.u32()
            end = cursor.pos + size
            if end > len(data):
                section.complaint = f"a subsection announces {size} bytes, {len(data) - cursor.pos} are left"
                end = len(data)
            if id_ == 0:
                length = cursor.u32()
                section.module = data[cursor.pos : cursor.pos + min(length, 1000)].decode("utf-8", "replace")
            elif id_ == 1:
                section.listed = True
                section.functions = Names(data, count)
                _functions(section, cursor, end, count)
            cursor.pos = end
    except Malformed as error:
        section.complaint = section.complaint or str(error)
    return section


def _functions(section: NameSection, cursor: Cursor, end: int, count: int) -> None:
    data = cursor.data
    put = section.functions.put
    outside = 0
    for _ in range(cursor.u32()):
        if cursor.pos >= end:
            section.complaint = "the list of function names ends early"
            break
        # Most numbers have one or two bytes; a module may have a hundred thousand names.
        index = data[cursor.pos]
        if index < 0x80:
            cursor.pos += 1
        else:
            index = cursor.u32()
        length = cursor.peek()
        if length < 0x80:
            cursor.pos += 1
        else:
            length = cursor.u32()
        start = cursor.pos
        if start + length > end:
            section.complaint = f"a name of {length} bytes reaches past the end of the list"
            break
        if index < count:
            put(index, start, length)
        else:
            outside += 1
        cursor.pos = start + length
    if outside and not section.complaint:
        section.complaint = f"{outside} names are for functions that are not there"
