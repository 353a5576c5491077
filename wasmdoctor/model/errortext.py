"""Error texts of other tools: the rows that recognise them, and what was recognised in a text.

A pattern is plain text with placeholders. White space and backticks do not count, in the pattern as in the
text: errors come wrapped by terminals and CI logs, and lose their backticks on web pages.

``{interface}`` and the other placeholders in :data:`PLACEHOLDERS` take a name or path; a digit behind the
name keeps two apart (``{file2}``). ``{..}`` takes up to 24 characters between two parts (the joints of a
chain of causes), ``{any}`` up to 400. A placeholder ends where the text behind it begins, so that a match
costs a number of steps that is linear in the text.
"""

from __future__ import annotations

import re
from typing import Final, Literal

from wasmdoctor.model.record import dataclass, field
from wasmdoctor.model.regex import regex

GAP: Final = 24
ANY: Final = 400
NAME: Final = 240
"""Characters that a placeholder takes at most."""

MIN_LITERAL: Final = 5
"""Characters of plain text that a pattern begins with at least, so that it is not tried at every place."""

PLACEHOLDERS: Final = {
    "interface": r"[\w:/@.+%*-]",
    "package": r"[\w:/@.+%*-]",
    "function": r"[\w:/@.+\[\]#$%*-]",
    "world": r"[\w:/@.+-]",
    "name": r"[\w:/@.+\[\]#$%*-]",
    "version": r"[\w.+^~=<>*-]",
    "component": r"[^\"'<>|*?,;()]",
    "file": r"[^\"'<>|*?,;()]",
    "wanted": r"[^`]",
    "found": r"[^`]",
    "number": r"[0-9]",
}
"""What a placeholder may take. ``component`` is a .wasm file; ``wanted`` and ``found`` are types."""

PATHS: Final = ("component", "file")

Made = Literal["run", "source", "report"]
"""Where a row's text comes from: run here, read in the tool's source, or quoted from a report of a user."""

FIELD: Final = regex(r"\{([a-z]+[0-9]?|\.\.)\}")


def squeezed(text: str) -> str:
    """A text without white space and backticks, which do not count when texts are compared."""
    return "".join(text.replace("`", "").split())


def kind_of(placeholder: str) -> str:
    """``file`` of ``file2``."""
    return placeholder.rstrip("0123456789")


def regex_of(pattern: str) -> str:
    """The regular expression of a pattern, for a squeezed text. Groups have the names of the placeholders.

    Raises ValueError, with a sentence, for a pattern that is not well formed. Every repetition is atomic or
    possessive and has a limit, so that nothing is tried twice.
    """
    parts = FIELD.split(pattern)
    literals = [squeezed(part) for part in parts[::2]]
    fields = parts[1::2]
    if len(literals[0]) < MIN_LITERAL:
        raise ValueError(f"must begin with at least {MIN_LITERAL} characters of text, not with {parts[0]!r}")
    found = [re.escape(literals[0])]
    for number, name in enumerate(fields):
        then = literals[number + 1]
        stop = then
        if not then and number + 1 < len(fields):
            # A joint behind a name: the name may take what separates the two, which is cut off later.
            stop = literals[number + 2]
            if name in ("..", "any") or fields[number + 1] != ".." or not stop:
                raise ValueError(f"needs text between {{{name}}} and {{{fields[number + 1]}}}")
        found.append(_taken(name, stop) + re.escape(then))
    names = [name for name in fields if name not in ("..", "any")]
    if len(set(names)) != len(names):
        raise ValueError("has a placeholder twice; a digit keeps them apart, as in {file2}")
    if any("{" in literal or "}" in literal for literal in literals):
        raise ValueError("has a brace that belongs to no placeholder")
    return "".join(found)


def _taken(name: str, then: str) -> str:
    """What one placeholder takes, up to the text behind it."""
    stop = f"(?!{re.escape(then)})" if then else ""
    if name == "..":
        return f"(?>(?:{stop}.){{0,{GAP}}})"
    if name == "any":
        return f"(?>(?:{stop}.){{0,{ANY}}})"
    allowed = PLACEHOLDERS.get(kind_of(name))
    if allowed is None:
        known = ", ".join(sorted(PLACEHOLDERS))
        raise ValueError(f"has the unknown placeholder {{{name}}}. Placeholders: {known}, any, ..")
    return f"(?P<{name}>(?>(?:{stop}{allowed}){{1,{NAME}}}))"


@dataclass(frozen=True, slots=True)
class ErrorRow:
    """One error of one tool.

    ``patterns`` are ways in which it is worded. ``code`` is the rule that it belongs to, "" when it is about
    the tools themselves. With ``by_host`` the rule depends on what the tool's host has: see
    :func:`wasmdoctor.checks.errortext.recognise`. ``what`` and ``cure`` may name placeholders, ``next`` are
    commands that do (``{component|target/}`` has a default); a command whose value is missing is left out.
    ``versions`` says which version of which tool wrote ``example``; ``made`` how that is known and
    ``source`` where a report was read. ``sayers`` are further tools that print the same text. A ``fallback``
    counts only when no other row is recognised in the text.
    """

    tool: str
    id: str
    patterns: tuple[str, ...]
    code: str
    what: str
    cure: str
    next: tuple[str, ...]
    versions: str
    example: str
    made: Made = "run"
    source: str = ""
    by_host: bool = False
    fallback: bool = False
    sayers: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """``wasmtime/instance-function``."""
        return f"{self.tool}/{self.id}"


@dataclass(frozen=True, slots=True)
class LinkWords:
    """How a host words its refusal of one import, for its versions ``first`` to ``last`` ("0" is open).

    ``words`` by what is wrong: ``instance-function`` and ``instance-resource`` (missing), ``instance-params`` and
    ``instance-result`` (of another type), ``func``, ``type`` and other kinds for imports by plain names; for hosts
    that run JavaScript also ``plain``, ``no-shim`` and ``linked-...``. Their fields are ``{name}`` (the import),
    ``{item}`` (what of it is missing), ``{namespace}``, ``{package}``, and for JavaScript ``{interface}``, ``{function}``
    (camelCase) and ``{type}`` (PascalCase). ``order`` is ``component`` or ``node``: which import is reported first. ``like`` names another host
    that this one has inside (``wasmtime@44``), whose words it prints. ``shims`` are packages of which the host has parts.
    """

    first: str
    last: str
    evidence: str
    words: dict[str, str]
    order: str = "component"
    like: str = ""
    shims: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class ErrorTool:
    """A tool with its rows. ``signs`` are texts that only it prints; ``context`` patterns name the file at hand.

    ``host`` is the host by whose interfaces the rows with ``by_host`` are judged.
    """

    name: str
    title: str
    rows: tuple[ErrorRow, ...] = ()
    signs: tuple[str, ...] = ()
    context: tuple[str, ...] = ()
    host: str = ""
    links: tuple[LinkWords, ...] = ()


@dataclass(frozen=True, slots=True)
class ErrorPlace:
    """Where an error text points: path, line and column (0 when it says none)."""

    path: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        return ":".join([self.path, *(str(number) for number in (self.line, self.column) if number)])


@dataclass(frozen=True, slots=True)
class Recognised:
    """One error of a text: the row, what it names, and what to do.

    ``code`` may be another than the row's, when the host's data says more; ``note`` then says what.
    ``quote`` is the text as it stands, on one line. ``times`` counts how often it occurs.
    """

    row: ErrorRow
    code: str
    said_by: str
    quote: str
    values: dict[str, str] = field(default_factory=dict)
    place: ErrorPlace | None = None
    what: str = ""
    cure: str = ""
    note: str = ""
    next: tuple[str, ...] = ()
    times: int = 1


@dataclass(frozen=True, slots=True)
class ErrorReading:
    """All that was recognised in a text, in its order.

    ``names`` are interfaces and ``files`` binaries that the text names, for a text of which nothing is
    known. ``dropped`` counts characters beyond the limit that were not read.
    """

    recognised: tuple[Recognised, ...]
    names: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    dropped: int = 0
