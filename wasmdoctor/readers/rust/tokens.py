"""Tokens of Rust source, for what the grammar keeps as plain token trees: macro arguments and attributes.

Lexical rules: The Rust Reference, "Tokens". Spans are byte offsets into the file.
"""

from __future__ import annotations

import re

from wasmdoctor.model.record import dataclass
from wasmdoctor.model.regex import regex

IDENT, STRING, BYTES, CHAR, NUMBER, PUNCT, OPEN, CLOSE, LIFETIME = (
    "ident",
    "string",
    "bytes",
    "char",
    "number",
    "punct",
    "open",
    "close",
    "lifetime",
)

_TOKEN = regex(
    rb"""
    (?P<space>\s+|//[^\n]*)
  | (?P<comment>/\*)
  | (?P<raw>(?:br|cr|r)(?P<hashes>\#*)")
  | (?P<string>[bc]?"[^"\\]*(?:\\.[^"\\]*)*"?)
  | (?P<char>b?'(?:\\(?:u\{[^}']{0,16}\}|x[0-9a-fA-F]{2}|.)|[^\\'\n\x80-\xff]|[\xc0-\xff][\x80-\xbf]{1,3})')
  | (?P<lifetime>'[A-Za-z_][A-Za-z0-9_]*)
  | (?P<ident>(?:r\#)?[A-Za-z_\x80-\xff][A-Za-z0-9_\x80-\xff]*)
  | (?P<number>[0-9][A-Za-z0-9_]*(?:\.[0-9][A-Za-z0-9_]*)?)
  | (?P<open>[(\[{])
  | (?P<close>[)\]}])
  | (?P<punct>::|->|=>|.)
    """,
    re.VERBOSE | re.DOTALL,
)

_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "\\": "\\", "0": "\0", "'": "'", '"': '"'}
_ESCAPE = regex(r"\\(?:x([0-9a-fA-F]{2})|u\{([0-9a-fA-F_]{1,8})\}|(\r?\n)\s*|(.))", re.DOTALL)
_BYTE_ESCAPE = regex(rb"\\(?:x([0-9a-fA-F]{2})|(\r?\n)\s*|(.))", re.DOTALL)


@dataclass(slots=True)
class Token:
    """One token: its kind, its text as written (identifiers without ``r#``), and its byte range."""

    kind: str
    text: str
    start: int
    end: int


MAX_TOKENS = 50_000
"""Tokens of one macro's arguments that are looked at: a `generate!` with a hundred interfaces has a few thousand."""


def lex(data: bytes, start: int, end: int) -> list[Token]:
    """The tokens in ``data[start:end]``, comments and white space left out, at most ``MAX_TOKENS`` of them.

    Anything is accepted: an unterminated literal or comment reaches to ``end``.
    """
    tokens: list[Token] = []
    at = start
    match = _TOKEN.match
    while at < end and len(tokens) < MAX_TOKENS:
        found = match(data, at, end)
        if found is None:  # cannot happen: the last alternative takes any byte
            at += 1
            continue
        kind = found.lastgroup
        stop = found.end()
        if kind == "hashes" or kind == "raw":
            stop = _raw_end(data, stop, end, len(found["hashes"]))
            prefix = data[at : at + 1]
            tokens.append(Token(BYTES if prefix == b"b" else STRING, _text(data, at, stop), at, stop))
        elif kind == "comment":
            stop = _comment_end(data, stop, end)
        elif kind == "string":
            tokens.append(
                Token(BYTES if data[at : at + 1] == b"b" else STRING, _text(data, at, stop), at, stop)
            )
        elif kind == "ident":
            text = _text(data, at, stop)
            tokens.append(Token(IDENT, text.removeprefix("r#"), at, stop))
        elif kind != "space":
            tokens.append(Token(str(kind), _text(data, at, stop), at, stop))
        at = stop
    return tokens


def _text(data: bytes, start: int, end: int) -> str:
    return data[start:end].decode("utf-8", "replace")


def _raw_end(data: bytes, at: int, end: int, hashes: int) -> int:
    found = data.find(b'"' + b"#" * hashes, at, end)
    return end if found < 0 else found + 1 + hashes


def _comment_end(data: bytes, at: int, end: int) -> int:
    """Past the end of a block comment whose ``/*`` ends at ``at``; block comments nest."""
    depth = 1
    while depth:
        close = data.find(b"*/", at, end)
        if close < 0:
            return end
        opened = data.find(b"/*", at, close)
        if opened >= 0:
            depth, at = depth + 1, opened + 2
        else:
            depth, at = depth - 1, close + 2
    return at


def string_value(text: str) -> str | None:
    """The value of a string literal as written (``"a\\n"``, ``r#"a"#``), or None when it is not one."""
    if text.startswith("r") and text.endswith(('"', "#")):
        inner = text[1:].strip("#")
        return inner[1:-1] if len(inner) >= 2 and inner[0] == inner[-1] == '"' else None
    if len(text) < 2 or text[0] != '"' or text[-1] != '"':
        return None
    body = text[1:-1]
    return _ESCAPE.sub(_unescape, body) if "\\" in body else body


def _unescape(found: re.Match[str]) -> str:
    byte, code, line, char = found.groups()
    if byte is not None:
        return chr(int(byte, 16))
    if code is not None:
        value = int(code.replace("_", "") or "0", 16)
        return chr(value) if value <= 0x10FFFF and not 0xD800 <= value <= 0xDFFF else "�"
    return "" if line is not None else _ESCAPES.get(char, char)


def bytes_value(literal: bytes) -> bytes | None:
    """The value of a byte-string literal as written (``b"\\0asm"``, ``br"..."``), or None."""
    if literal.startswith(b"br"):
        inner = literal[2:].strip(b"#")
        return inner[1:-1] if len(inner) >= 2 and inner[:1] == inner[-1:] == b'"' else None
    if len(literal) < 3 or not literal.startswith(b'b"') or not literal.endswith(b'"'):
        return None
    return _BYTE_ESCAPE.sub(_unescape_byte, literal[2:-1])


def _unescape_byte(found: re.Match[bytes]) -> bytes:
    byte, line, char = found.groups()
    if byte is not None:
        return bytes([int(byte, 16)])
    if line is not None:
        return b""
    return _ESCAPES.get(char.decode("latin-1"), char.decode("latin-1")).encode("latin-1")


def closing(tokens: list[Token], at: int) -> int:
    """The index of the token that closes the group opened at ``tokens[at]``; the length when none does."""
    depth = 0
    for index in range(at, len(tokens)):
        kind = tokens[index].kind
        if kind == OPEN:
            depth += 1
        elif kind == CLOSE:
            depth -= 1
            if depth == 0:
                return index
    return len(tokens)


def split_commas(tokens: list[Token]) -> list[list[Token]]:
    """The comma-separated parts of a token list, commas inside groups left alone; empty parts dropped."""
    parts: list[list[Token]] = [[]]
    depth = 0
    for token in tokens:
        if token.kind == OPEN:
            depth += 1
        elif token.kind == CLOSE:
            depth -= 1
        if depth == 0 and token.kind == PUNCT and token.text == ",":
            parts.append([])
        else:
            parts[-1].append(token)
    return [part for part in parts if part]
