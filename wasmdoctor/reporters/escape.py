"""Names come from binaries that anybody may have made: what a terminal would obey is written out."""

from __future__ import annotations

# Separators of lines and paragraphs, at which Python, JavaScript and some viewers begin a new line.
LINES = frozenset("\u2028\u2029")

# Bidirectional controls can make a name read as another one (CVE-2021-42574).
BIDI = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def safe(text: str) -> str:
    """``text`` with control characters (but newline), bidirectional controls and surrogates as ``\\u{..}``."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(_escaped(char) if _obeyed(char) else char for char in text)


def one_line(text: str) -> str:
    """The same for what stands in one line, as names and messages do: a line end in it would begin a forged line."""
    clean = safe(text)
    return clean.replace("\n", "\\u{a}") if "\n" in clean else clean


def _obeyed(char: str) -> bool:
    code = ord(char)
    return (
        (code < 0x20 and char != "\n")
        or 0x7F <= code < 0xA0
        or char in BIDI
        or char in LINES
        or 0xD800 <= code < 0xE000
    )


def _escaped(char: str) -> str:
    return f"\\u{{{ord(char):x}}}"
