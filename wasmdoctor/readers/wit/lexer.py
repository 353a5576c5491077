"""WIT bytes to tokens. Nothing is thrown away: what lies between two tokens is their trivia.

Rules: Component Model, WIT.md "Lexical structure", as wit-parser 0.262 (wasm-tools 1.262) applies them.
Bytes are scanned as Latin-1 text, so that an offset into the text is an offset into the bytes even in
a file that is not valid UTF-8.
"""

from __future__ import annotations

import re

from wasmdoctor.model.record import dataclass
from wasmdoctor.model.regex import regex
from wasmdoctor.model.source import Problem, SourceText

KEYWORDS = frozenset(
    [
        "use",
        "type",
        "func",
        "u8",
        "u16",
        "u32",
        "u64",
        "s8",
        "s16",
        "s32",
        "s64",
        "f32",
        "f64",
        "char",
        "record",
        "resource",
        "own",
        "borrow",
        "flags",
        "variant",
        "enum",
        "bool",
        "string",
        "option",
        "result",
        "future",
        "stream",
        "error-context",
        "list",
        "map",
        "_",
        "as",
        "from",
        "static",
        "interface",
        "tuple",
        "import",
        "export",
        "world",
        "package",
        "constructor",
        "async",
        "include",
        "with",
    ]
)
"""Words that are not identifiers unless written with a leading ``%``."""

ID = "identifier"
EXPLICIT_ID = "%identifier"
INTEGER = "integer"
STRING = "string literal"
BAD = "unexpected character"
EOF = "end of file"

MAX_PROBLEMS = 100
"""No more problems than this are listed for one file."""

_TRIVIA = r"(?:[ \t\n]++|\r\n|//[^\n]*+|/\*(?:[^*/]++|\*(?!/)|/(?!\*))*+\*/)"
_TOKEN = regex(
    rf"{_TRIVIA}*+(?:"
    r"([A-Za-z_\x80-\xff][A-Za-z0-9_\x80-\xff-]*+)"
    r"|(->|[-=,:.;(){}<>*@+]|/(?!\*))"
    r"|([0-9]++)"
    r"|(%(?:[A-Za-z_\x80-\xff-][A-Za-z0-9_\x80-\xff-]*+)?+)"
    r"|(\"(?:[^\"\\\x00-\x1f\x7f]|\\[^\x00-\x1f\x7f])*+\"?+)"
    r"|(/\*)"
    r"|(\Z)"
    r"|(.))",
    re.DOTALL,
)
_WORD, _PUNCTUATION, _INTEGER, _EXPLICIT, _STRING, _COMMENT, _END, _BAD = range(1, 9)
_COMMENT_EDGE = regex(r"/\*|\*/")
_PIECE = regex(r"[ \t\r\n]++|//[^\n]*+|/\*", re.DOTALL)

# Code points that no WIT file may contain, as the Latin-1 reading of their UTF-8 bytes. Controls, then
# bidirectional overrides (CVE-2021-42574), then what Unicode deprecates or discourages.
_FORBIDDEN = regex(
    r"(?P<control>[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]|\xc2[\x80-\x9f])"
    r"|(?P<bidi>\xe2\x80[\xaa-\xae]|\xe2\x81[\xa6-\xa9])"
    r"|(?P<old>\xc5\x89|\xd9\xb3|\xe0\xbd[\xb7\xb9]|\xe1\x9e[\xa3\xa4\xb4\xb5])"
)
_SUSPICIOUS = regex(r"[^\t\n\r -~]")
_FORBIDDEN_NAMES = {
    "control": "control characters are not allowed in WIT",
    "bidi": "bidirectional override characters are not allowed in WIT",
    "old": "this character is deprecated in Unicode and not allowed in WIT",
}
_BOM = "\xef\xbb\xbf"

_ESCAPES = regex(r"\\(?:([\"'tnr\\])|u\{([0-9a-fA-F][0-9a-fA-F_]*+)\}|([0-9a-fA-F]{2}))")
_SIMPLE_ESCAPES = {'"': '"', "'": "'", "t": "\t", "n": "\n", "r": "\r", "\\": "\\"}


@dataclass(frozen=True, slots=True)
class Lexed:
    """The tokens of one file as three lists of equal length; the last token is ``EOF``.

    ``kinds`` holds the keyword or punctuation itself, or one of the names of this module. ``text`` is
    the file read as Latin-1.
    """

    text: str
    kinds: list[str]
    starts: list[int]
    ends: list[int]
    problems: tuple[Problem, ...]


@dataclass(frozen=True, slots=True)
class Piece:
    """Whitespace or one comment between two tokens: ``start`` and ``end`` are byte offsets."""

    start: int
    end: int
    comment: bool


def lex(source: SourceText) -> Lexed:
    """The tokens of a file. Any bytes are accepted; what is wrong with them is in ``problems``."""
    text = source.data.decode("latin-1")
    problems = _character_problems(source, text)
    kinds: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    position = len(_BOM) if text.startswith(_BOM) else 0
    while position >= 0:
        position = _scan(source, text, position, kinds, starts, ends, problems)
    kinds.append(EOF)
    starts.append(len(text))
    ends.append(len(text))
    return Lexed(text, kinds, starts, ends, tuple(problems[:MAX_PROBLEMS]))


def _scan(
    source: SourceText,
    text: str,
    position: int,
    kinds: list[str],
    starts: list[int],
    ends: list[int],
    problems: list[Problem],
) -> int:
    """Append tokens from ``position`` on, up to the end (gives -1) or a comment that was stepped over.

    This loop is where most of the time of reading WIT goes: it calls nothing for an ordinary token.
    """
    add_kind, add_start, add_end = kinds.append, starts.append, ends.append
    for found in _TOKEN.finditer(text, position):
        group = found.lastindex
        end = found.end()
        if group == _PUNCTUATION:
            kind = found[_PUNCTUATION]
            start = end - len(kind)
        elif group == _WORD:
            word = found[_WORD]
            start = end - len(word)
            kind = word if word in KEYWORDS else ID
        elif group == _INTEGER:
            start, kind = found.start(_INTEGER), INTEGER
        elif group == _EXPLICIT:
            start, kind = found.start(_EXPLICIT), EXPLICIT_ID
        elif group == _STRING:
            start, kind = found.start(_STRING), STRING
            if string_value(text[start:end]) is None:
                problems.append(_string_problem(source, text, start, end))
        elif group == _COMMENT:
            start = found.start(_COMMENT)
            position = _end_of_comment(text, start)
            if position < 0:
                place = source.location(start)
                problems.append(Problem(place, "this block comment is not closed", "end it with `*/`"))
            return position
        elif group == _END:
            return -1
        else:
            start, kind = found.start(_BAD), BAD
            if kinds and kinds[-1] == BAD and ends[-1] == start:
                # A run of unexpected characters is one token and one problem.
                ends[-1] = end
                continue
            problems.append(_bad_character(source, text, start))
        add_kind(kind)
        add_start(start)
        add_end(end)
    return -1


def pieces(text: str, start: int, end: int) -> list[Piece]:
    """Whitespace and comments in a stretch between two tokens, in order; they cover it without gaps."""
    result: list[Piece] = []
    position = start
    while position < end:
        found = _PIECE.match(text, position, end)
        if found is None:  # the byte order mark
            stop = end if position or not text.startswith(_BOM) else len(_BOM)
        elif found.group().startswith("/*"):
            stop = _end_of_comment(text, position)
            stop = end if stop < 0 else stop
        else:
            stop = found.end()
        comment = text.startswith(("//", "/*"), position)
        result.append(Piece(position, stop, comment))
        position = stop
    return result


def string_value(token: str) -> str | None:
    """The text that a string literal stands for, or None when it is malformed.

    ``token`` is the literal with its quotes, read as Latin-1. Escapes: wit-parser 0.262, lex.rs.
    """
    if not _closed(token):
        return None
    out = bytearray()
    position, end = 1, len(token) - 1
    while position < end:
        if token[position] != "\\":
            out += token[position].encode("latin-1")
            position += 1
            continue
        found = _ESCAPES.match(token, position, end)
        if found is None:
            return None
        simple, number, byte = found.groups()
        if simple:
            out += _SIMPLE_ESCAPES[simple].encode()
        elif number:
            digits = number.replace("_", "")
            value = int(digits, 16) if len(digits) <= 16 and not number.endswith("_") else 0x110000
            if value > 0x10FFFF or 0xD800 <= value < 0xE000:
                return None
            out += chr(value).encode()
        else:
            out.append(int(byte, 16))
        position = found.end()
    try:
        return out.decode()
    except UnicodeDecodeError:
        return None


def _closed(token: str) -> bool:
    """Whether a literal ends with a quote that is not escaped."""
    body = token[:-1]
    return len(token) > 1 and token.endswith('"') and (len(body) - len(body.rstrip("\\"))) % 2 == 0


def _end_of_comment(text: str, start: int) -> int:
    """The offset behind the block comment that starts at ``start`` (they nest), or -1."""
    depth = 1
    for edge in _COMMENT_EDGE.finditer(text, start + 2):
        depth += 1 if edge.group() == "/*" else -1
        if not depth:
            return edge.end()
    return -1


def _character_problems(source: SourceText, text: str) -> list[Problem]:
    problems: list[Problem] = []
    if not text.isascii():
        try:
            source.data.decode()
        except UnicodeDecodeError as error:
            problems.append(
                Problem(
                    source.location(error.start),
                    "this file is not valid UTF-8",
                    "save it with the UTF-8 encoding",
                )
            )
    if _SUSPICIOUS.search(text) is None:
        return problems
    for found in _FORBIDDEN.finditer(text):
        name = found.lastgroup or "control"
        problems.append(Problem(source.location(found.start()), _FORBIDDEN_NAMES[name], "remove it"))
        if len(problems) >= MAX_PROBLEMS:
            break
    return problems


def _string_problem(source: SourceText, text: str, start: int, end: int) -> Problem:
    if not _closed(text[start:end]):
        return Problem(
            source.location(start), "this string is not closed", 'end it with `"` on the same line'
        )
    return Problem(source.location(start), "this string has an escape that WIT does not know", "")


def _bad_character(source: SourceText, text: str, start: int) -> Problem:
    if text[start] == "\r":
        return Problem(
            source.location(start),
            "a carriage return without a line feed is not white space in WIT",
            "end lines with LF or CR LF",
        )
    return Problem(source.location(start), f"unexpected character `{text[start]!a}`".replace("'", ""), "")
