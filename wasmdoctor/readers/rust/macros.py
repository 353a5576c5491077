"""Path-like and method-like token sequences in macro arguments, which the grammar leaves as tokens."""

from __future__ import annotations

from wasmdoctor.model.record import dataclass
from wasmdoctor.readers.rust.items import Path
from wasmdoctor.readers.rust.tokens import IDENT, OPEN, Token

EXPRESSIONS = frozenset(
    [
        "assert",
        "assert_eq",
        "assert_ne",
        "debug_assert",
        "debug_assert_eq",
        "debug_assert_ne",
        "dbg",
        "eprint",
        "eprintln",
        "format",
        "format_args",
        "panic",
        "print",
        "println",
        "todo",
        "unimplemented",
        "unreachable",
        "vec",
        "write",
        "writeln",
        "matches",
        "error",
        "warn",
        "info",
        "debug",
        "trace",
        "log",
        "bail",
        "ensure",
        "anyhow",
    ]
)
"""Macros whose arguments are evaluated as plain expressions: those of std, log, tracing and anyhow."""

KEYWORDS = frozenset(
    [
        "as",
        "async",
        "await",
        "break",
        "const",
        "continue",
        "dyn",
        "else",
        "enum",
        "extern",
        "false",
        "fn",
        "for",
        "if",
        "impl",
        "in",
        "let",
        "loop",
        "match",
        "mod",
        "move",
        "mut",
        "pub",
        "ref",
        "return",
        "static",
        "struct",
        "trait",
        "true",
        "type",
        "unsafe",
        "use",
        "where",
        "while",
        "yield",
    ]
)


@dataclass(frozen=True, slots=True)
class TokenPath:
    """A path among tokens; ``call`` when a parenthesis follows."""

    path: Path
    call: bool
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class TokenMethod:
    """``.name(`` among tokens, with the single name before the dot, or ""."""

    name: str
    receiver: str
    start: int
    end: int


def scan(tokens: list[Token]) -> tuple[list[TokenPath], list[TokenMethod]]:
    """The paths and method calls in a token list; groups are looked into.

    A path's leading ``::`` is kept as "" and ``$crate`` as one name. Names of macros (``x!``) are left out.
    """
    paths: list[TokenPath] = []
    methods: list[TokenMethod] = []
    at = 0
    count = len(tokens)
    while at < count:
        token = tokens[at]
        if token.kind != IDENT:
            at += 1
            continue
        before = tokens[at - 1].text if at else ""
        if before == ".":
            end = _past_turbofish(tokens, at + 1)
            if end < count and tokens[end].text == "(":
                methods.append(TokenMethod(token.text, _receiver(tokens, at), token.start, token.end))
            at += 1
            continue
        names, stop = _names(tokens, at)
        start = token.start
        if before == "$" and token.text == "crate":
            names[0], start = "$crate", tokens[at - 1].start
        elif before == "::" and (at < 2 or tokens[at - 2].kind != IDENT):
            names.insert(0, "")
        elif before in ("$", "'") or (before == ":" and at > 2 and tokens[at - 3].text == "$"):
            at = stop  # a macro's variable, or the kind of one
            continue
        after = tokens[stop].text if stop < count else ""
        end = _past_turbofish(tokens, stop)
        called = end < count and tokens[end].kind == OPEN and tokens[end].text == "("
        macro = after == "!" and stop + 1 < count and tokens[stop + 1].kind == OPEN
        if not macro and not (len(names) == 1 and names[0] in KEYWORDS):
            paths.append(TokenPath(tuple(names), called, start, tokens[stop - 1].end))
        at = stop
    return paths, methods


def macro_calls(tokens: list[Token]) -> list[Path]:
    """The names of macros that are called among tokens (``a::b!(...)``); a leading ``::`` is kept as ""."""
    found: list[Path] = []
    at = 0
    while at < len(tokens):
        if tokens[at].kind != IDENT:
            at += 1
            continue
        names, stop = _names(tokens, at)
        if stop + 1 < len(tokens) and tokens[stop].text == "!" and tokens[stop + 1].kind == OPEN:
            before = tokens[at - 1].text if at else ""
            if before == "$" and names[0] == "crate":
                names[0] = "$crate"
            elif before == "::":
                names.insert(0, "")
            found.append(tuple(names))
        at = stop
    return found


def _names(tokens: list[Token], at: int) -> tuple[list[str], int]:
    """The names of a path that starts at ``at``, turbofish left out, and the index after it."""
    names = [tokens[at].text]
    at += 1
    while at + 1 < len(tokens) and tokens[at].text == "::":
        if tokens[at + 1].kind == IDENT:
            names.append(tokens[at + 1].text)
            at += 2
        elif tokens[at + 1].text == "<":
            after = _past_angles(tokens, at + 1)
            if after + 1 < len(tokens) and tokens[after].text == "::" and tokens[after + 1].kind == IDENT:
                names.append(tokens[after + 1].text)
                at = after + 2
            else:
                break
        else:
            break
    return names, at


def _past_turbofish(tokens: list[Token], at: int) -> int:
    if at + 1 < len(tokens) and tokens[at].text == "::" and tokens[at + 1].text == "<":
        return _past_angles(tokens, at + 1)
    return at


def _past_angles(tokens: list[Token], at: int) -> int:
    """The index after the ``>`` that closes the ``<`` at ``at``; at most 64 tokens are looked at."""
    depth = 0
    for index in range(at, min(len(tokens), at + 64)):
        if tokens[index].text == "<":
            depth += 1
        elif tokens[index].text == ">":
            depth -= 1
            if depth == 0:
                return index + 1
    return at


def _receiver(tokens: list[Token], at: int) -> str:
    """The single identifier before ``.name`` at ``at``, or ""."""
    if at < 2 or tokens[at - 2].kind != IDENT:
        return ""
    if at >= 3 and tokens[at - 3].text in (".", "::"):
        return ""
    return tokens[at - 2].text
