"""The names of ``component-type`` custom sections, taken apart leniently.

Forms, from the generators' own sources:

- ``component-type`` (wasm-tools 1.262, ``component embed``)
- ``component-type:<world>`` (wit-bindgen 0.2 to 0.16 for Rust; its C generator still)
- ``component-type:wit-bindgen:<version>:<world>:encoded world<suffix>`` (0.24)
- ``component-type:wit-bindgen:<version>:<ns>:<pkg>[@<version>]:<world>:encoded world<suffix>`` (0.36, 0.48
  and 0.63)
- the same with ``imports and exports`` for ``encoded world`` (the section that ``export!`` adds)
"""

from __future__ import annotations

import re

from wasmdoctor.model.regex import regex
from wasmdoctor.model.rust import SectionName

PREFIX = "component-type"
"""How wit-component finds the sections (``metadata.rs``, ``decode``: any name that starts so)."""

_CONTENTS = ("encoded world", "imports and exports")
_VERSION = regex(r"\d{1,9}\.\d{1,9}.*", re.DOTALL)


def section_name(name: str) -> SectionName:
    """The parts of a section's name; parts that its form lacks are "", and what does not fit is ``suffix``.

    A version's build metadata or prerelease never holds a colon, so colons separate parts.
    """
    parts = name.split(":")
    if parts.pop(0) != PREFIX:
        return SectionName(name)
    tool = version = ""
    if len(parts) >= 3 and _VERSION.fullmatch(parts[1]):
        tool, version, *parts = parts
    for at, part in enumerate(parts):
        content = next((known for known in _CONTENTS if part.startswith(known)), None)
        if content is not None and at > 0:
            suffix = ":".join([part[len(content) :], *parts[at + 1 :]])
            package = ":".join(parts[: at - 1])
            return SectionName(name, tool, version, package, parts[at - 1], content, suffix)
    if len(parts) == 1:
        return SectionName(name, tool, version, "", parts[0])
    if len(parts) == 3:
        return SectionName(name, tool, version, f"{parts[0]}:{parts[1]}", parts[2])
    return SectionName(name, tool, version, suffix=":".join(parts))
