"""JSON as text that a person may look at in a terminal: names in it command nothing, and mean what they did."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

from wasmdoctor.model.regex import regex
from wasmdoctor.reporters.escape import BIDI, LINES

# What JSON itself lets through: DEL and C1 controls (0x9b begins a terminal's command), bidirectional controls,
# separators of lines (JSON by lines is read with them by some), and halves of surrogate pairs, which no UTF-8 stream takes.
_OBEYED = regex(f"[\x7f-\x9f\ud800-\udfff{''.join(sorted(BIDI | LINES))}]")


def dumped(
    document: object, indent: int | None = 2, default: Callable[[object], object] | None = None
) -> str:
    """A document as JSON, other scripts as they are, and what a terminal would obey as ``\\u....``.

    ``default`` gives what stands for a value that JSON does not know.
    """
    text = json.dumps(document, indent=indent, ensure_ascii=False, default=default)
    return text if text.isascii() and "\x7f" not in text else _OBEYED.sub(_escaped, text)


def _escaped(found: re.Match[str]) -> str:
    return f"\\u{ord(found[0]):04x}"
