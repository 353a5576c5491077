"""Names from a project's files in text that is written for it: comments, documentation, string literals."""

from __future__ import annotations

from typing import Final

_REFUSED: Final = frozenset("\u0149\u0673\u0f77\u0f79\u17a3\u17a4\u17b4\u17b5")
"""Letters that no WIT file may have, in comments neither (wit-parser 0.262, the characters that Unicode deprecates)."""


def written_out(text: str) -> str:
    """A text for one line of WIT, Rust or wac: what is no printable character as ``\\u{..}``.

    A line end would end the comment, and compilers refuse control characters and bidirectional overrides there.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        char if char.isprintable() and char not in _REFUSED else f"\\u{{{ord(char):x}}}" for char in text
    )
