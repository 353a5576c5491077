"""One Rust file: what is known of it from its bytes, and what stands in it, read from its tree when it is asked for.

Of most files of a library nobody asks more than whether some word stands in them.
"""

from __future__ import annotations

from wasmdoctor.model.regex import regex
from wasmdoctor.model.source import SourceText
from wasmdoctor.readers.rust.items import FileFacts
from wasmdoctor.readers.rust.lower import lower
from wasmdoctor.readers.rust.parse import parse_rust

SMALL = 20_000
"""Files of no more bytes are surely within all limits: no tree has ten nodes for each byte."""

# A module, an ``include!`` or a ``#![...]`` has one of these; between ``#`` and ``!`` only white space and comments stand.
_LEADS_ON = regex(rb"\b(?:mod|include)\b|#[\s\x80-\xff]*[!/]")


def read_file(data: bytes, path: str, *, whole: bool = False) -> FileFacts:
    """A file. Small ones are not parsed before somebody asks what stands in them; ``whole`` as in ``lower``."""
    leads_on = _LEADS_ON.search(data) is not None
    if len(data) <= SMALL:
        return FileFacts(
            SourceText(path, data), lambda: lower(parse_rust(data, path), whole=whole), leads_on=leads_on
        )
    parsed = parse_rust(data, path)
    contents = lower(parsed, whole=whole)
    return FileFacts(parsed.source, lambda: contents, leads_on=leads_on, unread=parsed.tree is None)
