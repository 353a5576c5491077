"""Rust text as rustfmt leaves it: indentation, comments, signatures that do not fit on one line.

Rules: rustfmt 1.8 with its defaults (``max_width = 100``, ``chain_width = 60``, ``fn_call_width = 60``).
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence
from typing import Final

from wasmdoctor.migrate.words import written_out
from wasmdoctor.model.regex import regex
from wasmdoctor.readers.rust.parse import parse_range
from wasmdoctor.readers.rust.tokens import IDENT, STRING, lex

WIDTH: Final = 100
CHAIN_WIDTH: Final = 60
CALL_WIDTH: Final = 60
INDENT: Final = "    "

_CAPTURE: Final = regex(r"\{([A-Za-z_]\w*)")


def indented(text: str, depth: int) -> str:
    """The lines of ``text`` moved in by ``depth`` levels; empty lines stay empty."""
    front = INDENT * depth
    return "\n".join(f"{front}{line}" if line.strip() else "" for line in text.split("\n"))


def comment(text: str, mark: str = "///") -> list[str]:
    """The lines of a comment; none for an empty text."""
    return [f"{mark} {line}".rstrip() for line in text.strip().splitlines()]


def function(head: str, params: Sequence[str], result: str, body: str, *, depth: int = 0) -> str:
    """A function that stands ``depth`` levels in: ``head`` is ``pub fn name``, ``body`` lines without indentation.

    ``result`` is "" or ``()`` for none. The text ends without a line break.
    """
    front = INDENT * depth
    arrow = f" -> {result}" if result not in ("", "()") else ""
    lines = [f"{front}{head}({', '.join(params)}){arrow} {{"]
    if len(lines[0]) > WIDTH and params:
        lines = [f"{front}{head}(", *(f"{front}{INDENT}{param}," for param in params), f"{front}){arrow} {{"]
    if not body.strip():
        lines[-1] += "}"
        return "\n".join(lines)
    return "\n".join((*lines, indented(body.strip("\n"), depth + 1), f"{front}}}"))


def chain(first: str, calls: Sequence[str], *, depth: int) -> str:
    """Calls of methods on ``first`` (a name), on one line when that is short enough."""
    front = INDENT * depth
    line = first + "".join(f".{call}" for call in calls)
    if len(line) <= CHAIN_WIDTH and len(front) + len(line) <= WIDTH:
        return front + line
    lines = [f"{front}{first}"]
    for index, call in enumerate(calls):
        if index == 0 and len(first) <= len(INDENT):
            lines[0] += f".{call}"
        else:
            lines += [f"{front}{INDENT}{part}" for part in _call(f".{call}")]
    return "\n".join(lines)


def _call(call: str) -> list[str]:
    """A call, its arguments (at most two, without commas in them) on lines of their own when they are long."""
    name, _, rest = call.partition("(")
    arguments = rest.removesuffix(")")
    if len(arguments) <= CALL_WIDTH or ", " not in arguments:
        return [call]
    return [f"{name}(", *(f"{INDENT}{part}," for part in arguments.rsplit(", ", 1)), ")"]


def arm(pattern: str, value: str, *, depth: int, within: int = 0) -> list[str]:
    """An arm of a ``match``; a long value stands between braces. The text will be moved in ``within`` levels more."""
    front = INDENT * depth
    line = f"{front}{pattern} => {value},"
    if len(line) + len(INDENT) * within <= WIDTH:
        return [line]
    return [f"{front}{pattern} => {{", f"{front}{INDENT}{value}", f"{front}}}"]


def derive(traits: Iterable[str]) -> list[str]:
    """The ``#[derive(...)]`` attribute, its traits sorted as wit-bindgen sorts them; no line for none."""
    names = sorted(set(traits))
    if not names:
        return []
    line = f"#[derive({', '.join(names)})]"
    if len(line) <= WIDTH:
        return [line]
    return ["#[derive(", *(f"{INDENT}{name}," for name in names), ")]"]


def identifiers(code: str) -> frozenset[str]:
    """All identifiers in Rust code, those that format strings capture among them."""
    data = code.encode()
    found: set[str] = set()
    for token in lex(data, 0, len(data)):
        if token.kind == IDENT:
            found.add(token.text)
        elif token.kind == STRING:
            found.update(_CAPTURE.findall(token.text))
    return frozenset(found)


def string(text: str) -> str:
    """A string literal."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\r", "\\r")
    return f'"{written_out(escaped)}"'


def leading_functions(code: str) -> tuple[dict[str, str], str]:
    """The functions that are defined at the start of a body, by name with their text, and the code behind them.

    A function inside another one sees nothing of it, so it may as well stand beside it.
    """
    front, back = "fn body() {\n", "\n}"
    data = (front + code + back).encode()
    tree = parse_range(data, 0, len(data))
    body = tree.root_node.named_children[0].child_by_field_name("body") if tree else None
    found: dict[str, str] = {}
    end = len(front.encode())
    for node in body.named_children if body else ():
        name = node.child_by_field_name("name")
        if node.type != "function_item" or name is None or name.text is None:
            break
        found[name.text.decode()] = textwrap.dedent(data[node.start_byte : node.end_byte].decode())
        end = node.end_byte
    return found, data[end : len(data) - len(back)].decode().strip("\n")
