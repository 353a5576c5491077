"""Recognises the errors of other tools in a text that a person pasted or piped in. Pure: text in, facts out."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Final

from wasmdoctor.model.errortext import (
    FIELD,
    PATHS,
    ErrorPlace,
    ErrorReading,
    ErrorRow,
    ErrorTool,
    Recognised,
    kind_of,
    regex_of,
    squeezed,
)
from wasmdoctor.model.host import HostView
from wasmdoctor.model.names import ExternName
from wasmdoctor.model.record import dataclass, replace
from wasmdoctor.model.regex import regex

LIMIT: Final = 1_000_000
"""Characters of a text that are read."""

MOST: Final = 1_000
"""Matches of one pattern that are looked at."""

QUOTE: Final = 240
"""Characters of a quotation."""

NEAR: Final = 400
"""Characters behind an error in which its place may stand."""

# -- what logs put around a text --

_ANSI: Final = regex(r"\x1b\[[0-9;:?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]{0,300}(?:\x07|\x1b\\)|\x1b[@-Z\\-_]")
_PREFIX: Final = regex(
    r"""\s*(?:
      \S[^\t\n]{0,100}\t[^\t\n]{1,100}\t(?=\d{4}-)                     # gh run view: job, step
    | \[?\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?:Z|[+-]\d\d:?\d\d)?\]?(?=\s|$)  # a time stamp
    | \[?\d\d:\d\d:\d\d(?:[.,]\d{1,9})?\]?(?=\s)
    | \d\d[OE]\+?(?=\s)                                                # GitLab: stream of a line
    | \#\#\[[a-z]{1,20}\]                                              # GitHub, as it shows a command
    | ::(?:error|warning|notice)[^:\n]{0,300}::                        # GitHub, as a program writes it
    | \#\d{1,4}\s\d{1,6}\.\d{1,4}(?=\s)                                # docker build
    | [\w.-]{0,60}\s{0,20}[|│┃](?=\s|$)                                # compose's service, a box, a line number
    | [├╰└]─[─▶>]?                                                     # a tree of causes
    | [×✖✗·•](?=\s)
    | >{1,4}(?=\s)                                                     # a quotation
    | \d{1,3}:(?=\s)                                                   # a cause's number
    | =\s(?:note|help):(?=\s)                                          # rustc's notes
    | (?:caused\sby|Caused\sby):                                       # a chain of causes
    )""",
    re.VERBOSE,
)
_PREFIXES: Final = 6
"""Prefixes that one line may have."""

_QUOTES: Final = str.maketrans("‘’“”", "''\"\"")
_PLACE: Final = regex(
    r"(?:-->|╭─+\[|┌─+\[)\s{0,4}([^\s\[\]:][^\n\[\]]{0,300}?):(\d{1,7})(?::(\d{1,7}))?(?![\d])"
)
_NAME: Final = regex(
    r"(?<![\w./:@-])([a-z][a-z0-9-]{0,60}:[a-z][a-z0-9-]{0,60}/[a-z][a-z0-9-]{0,60}"
    r"(?:@\d{1,6}(?:\.\d{1,6}){0,2}(?:[-+][0-9A-Za-z.-]{1,60})?)?)(?![\w/:-])"
)
_FILE: Final = regex(r"(?<![\w./-])([\w./-]{1,200}\.wasm)(?![\w.])")
_NO_PACKAGES: Final = frozenset("node file http https npm npx git data plug".split())


@dataclass(frozen=True, slots=True)
class _Text:
    """A text without what logs put around it, and the same squeezed; ``at`` maps the latter to the former."""

    clean: str
    flat: str
    at: Sequence[int]

    @classmethod
    def of(cls, text: str) -> _Text:
        clean = cleaned(text)
        places = [i for i, char in enumerate(clean) if char != "`" and not char.isspace()]
        return cls(clean, "".join([clean[i] for i in places]), places)

    def piece(self, first: int, last: int) -> str:
        """The clean text of the squeezed characters from ``first`` up to ``last``."""
        return self.clean[self.at[first] : self.at[last - 1] + 1]


def cleaned(text: str) -> str:
    """A text without escapes of terminals and prefixes of logs, line by line; line ends are kept.

    Texts inside JSON (``\\n`` written out) are opened when they hold a chain of causes.
    """
    if "\\n" in text and re.search(r"\\n\s{0,8}(?:\\n|Caused|\d{1,2}:)", text):
        text = text.replace("\\n", "\n").replace('\\"', '"')
    text = _ANSI.sub("", text).translate(_QUOTES).replace("\r", "")
    return "\n".join(map(_line, text.split("\n")))


def _line(line: str) -> str:
    for _ in range(_PREFIXES):
        found = _PREFIX.match(line)
        if not found or not found.end():
            break
        line = line[found.end() :]
    return line.rstrip()


# -- recognition --


@dataclass(frozen=True, slots=True)
class _Match:
    """One row found. ``sure`` counts the characters that its pattern has beside placeholders."""

    row: ErrorRow
    first: int
    last: int
    values: dict[str, str]
    sure: int


def recognise(
    text: str, tools: Iterable[ErrorTool], host: Callable[[str], HostView] | None = None
) -> ErrorReading:
    """The errors that ``text`` holds, each once, in the order in which they stand.

    Where several rows fit the same place the longest text wins. ``host`` gives the view of a host by its
    name; with it a refusal to link is sorted by what the host has: nothing of that name (WD101), only with a
    flag (WD114), at another version (WD102), without the function (WD115), or a plain name (WD104).
    """
    tools = tuple(tools)
    dropped = max(len(text) - LIMIT, 0)
    read = _Text.of(text[:LIMIT])
    found = _longest(match for tool in tools for row in tool.rows for match in _matches(row, read))
    if any(not match.row.fallback for match in found):
        found = [match for match in found if not match.row.fallback]
    titles = {tool.name: tool for tool in tools}
    files = _context(tools, read)
    result: list[Recognised] = []
    for number, match in enumerate(found):
        end = found[number + 1].first if number + 1 < len(found) else len(read.flat)
        start = found[number - 1].last if number else 0
        one = _recognised(match, read, titles, files, (start, end), host)
        again = next((i for i, other in enumerate(result) if _same(one, other)), None)
        if again is None:
            result.append(one)
        elif one.place == result[again].place:
            result[again] = replace(result[again], times=result[again].times + 1)
    return ErrorReading(
        tuple(result),
        names=tuple(dict.fromkeys(_names(read.clean))),
        files=tuple(dict.fromkeys(_FILE.findall(read.clean))),
        dropped=dropped,
    )


def _same(one: Recognised, other: Recognised) -> bool:
    """Whether two are one error told again: one without a place may be the other's second line."""
    return (
        one.row is other.row
        and one.values == other.values
        and (one.place is None or one.place == other.place)
    )


def _names(clean: str) -> Iterator[str]:
    for name in _NAME.findall(clean):
        if name.partition(":")[0] not in _NO_PACKAGES:
            yield name


def _matches(row: ErrorRow, read: _Text) -> Iterator[_Match]:
    for pattern in row.patterns:
        for count, found in enumerate(re.finditer(regex_of(pattern), read.flat, re.DOTALL)):
            if count >= MOST:
                break
            values = {name: _value(name, found, read) for name in found.groupdict()}
            if all(values.values()):
                yield _Match(row, found.start(), _end(found, values), values, len(FIELD.sub("", pattern)))


def _end(found: re.Match[str], values: Mapping[str, str]) -> int:
    """Where a match ends: one that ends with a name ends where the name does."""
    for name, value in values.items():
        first, last = found.span(name)
        if last == found.end():
            return min(first + len(squeezed(value)), last)
    return found.end()


def _value(name: str, found: re.Match[str], read: _Text) -> str:
    """What a placeholder took, as it stands in the text; "" when it is no name after all."""
    first, last = found.span(name)
    text = read.piece(first, last)
    before = read.clean[read.at[first] - 1] if read.at[first] else ""
    if before == "`":
        return _joined(text.partition("`")[0], spaces=kind_of(name) in PATHS)
    kind = kind_of(name)
    at_end = last == found.end()
    if kind in ("wanted", "found"):
        return " ".join(text.partition("\n")[0].split()) if at_end else " ".join(text.split())
    if at_end:
        return text.split()[0].partition("`")[0].rstrip(".,:;")
    joined = _joined(text, spaces=kind in PATHS).rstrip(":,;")
    return "" if "`" in joined or (kind not in PATHS and " " in joined) else joined


def _joined(text: str, *, spaces: bool) -> str:
    """A name or path that a line end broke, whole again. Blanks stay only where the text had them."""
    lines = text.split("\n")
    return lines[0] + "".join(line.lstrip() for line in lines[1:]) if spaces else re.sub(r"\n\s*", "", text)


def _longest(matches: Iterable[_Match]) -> list[_Match]:
    """Of matches that overlap the longest, by their order in the text."""
    kept: list[_Match] = []
    taken: list[tuple[int, int]] = []
    for match in sorted(matches, key=lambda m: (m.first - m.last, -m.sure, m.first, m.row.key)):
        if not any(match.first < last and first < match.last for first, last in taken):
            kept.append(match)
            taken.append((match.first, match.last))
    return sorted(kept, key=lambda m: m.first)


def _context(tools: Iterable[ErrorTool], read: _Text) -> list[tuple[int, dict[str, str]]]:
    """Files that the lines around an error name (``failed to run main module``), by place."""
    found: list[tuple[int, dict[str, str]]] = []
    for tool in tools:
        for pattern in tool.context:
            for match in re.finditer(regex_of(pattern), read.flat, re.DOTALL):
                values = {name: _value(name, match, read) for name in match.groupdict()}
                found.append((match.start(), {name: value for name, value in values.items() if value}))
    return sorted(found, key=lambda item: item[0])


def _recognised(
    match: _Match,
    read: _Text,
    tools: Mapping[str, ErrorTool],
    files: Sequence[tuple[int, dict[str, str]]],
    room: tuple[int, int],
    host: Callable[[str], HostView] | None,
) -> Recognised:
    row = match.row
    values = dict(match.values)
    for start, more in files:
        if start <= match.first and match.first - start < 4 * NEAR:
            values = {**values, **{name: value for name, value in more.items() if name not in match.values}}
    after = read.clean[read.at[match.last - 1] : read.at[room[1] - 1] + 1]
    place = _place(after)
    said_by = next(
        (name for name in row.sayers if name in tools and _signed(tools[name], read.flat, room)), row.tool
    )
    code, note, cure = row.code, "", row.cure
    if row.by_host and host is not None and tools[row.tool].host:
        code, note, more, cure = _by_host(row, values, host(tools[row.tool].host))
        values = {**values, **more}
    if "interface" in values and "package" not in values:
        package = ExternName.parse(values["interface"]).package
        values.update({"package": package} if package else {})
    if "package" in values:
        values["_pkg"] = values["package"].partition("@")[0]
    return Recognised(
        row=row,
        code=code,
        said_by=tools[said_by].title,
        quote=_quote(read.piece(match.first, match.last)),
        values={name: value for name, value in values.items() if not name.startswith("_")},
        place=place,
        what=filled(row.what, values) or row.what,
        cure=filled(cure, values) or cure,
        note=note,
        next=_commands(row.next, values),
    )


def _place(after: str) -> ErrorPlace | None:
    """The first place that stands close behind an error."""
    found = _PLACE.search(after[:NEAR])
    if found is None:
        return None
    return ErrorPlace(found[1].strip(), int(found[2]), int(found[3] or 0))


def _signed(tool: ErrorTool, flat: str, room: tuple[int, int]) -> bool:
    return any(flat.find(squeezed(sign), *room) >= 0 for sign in tool.signs)


def _quote(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= QUOTE else line[: QUOTE - 1].rstrip() + "…"


_FILL: Final = regex(r"\{([a-z]+[0-9]?)(?:\|([^{}]*))?\}")


def filled(text: str, values: Mapping[str, str], *, shell: bool = False) -> str:
    """A text with its fields filled in, "" when one has neither a value nor a default (``{file|wit/}``).

    For the ``shell`` values that a shell would not take as one word are quoted.
    """
    missing: list[str] = []

    def value(found: re.Match[str]) -> str:
        text = values.get(found[1]) or found[2]
        if text is None:
            missing.append(found[1])
            return ""
        return _shell_word(text) if shell else text

    result = _FILL.sub(value, text)
    return "" if missing else result


def _commands(texts: Iterable[str], values: Mapping[str, str]) -> tuple[str, ...]:
    """The commands whose values are there, each once. ``{pkg}`` is the package without its version."""
    more = {**values, "pkg": values["_pkg"]} if "_pkg" in values else values
    return tuple(dict.fromkeys(command for text in texts if (command := filled(text, more, shell=True))))


def _shell_word(text: str) -> str:
    import shlex

    return shlex.quote(text) if text else text


_FLAG_CURE: Final = "start the host with that flag, and tell wasmdoctor: `--host-flag {flag}`"
_VERSION_CURE: Final = (
    "build against a version that the host has (`use` and `import` lines in WIT, wit/deps, and the crate that "
    "brings the bindings), or take a host that has this one: `wasmdoctor hosts`"
)
_FUNCTION_CURE: Final = "drop the call, or take a host that has the function: `wasmdoctor hosts`"
_PLAIN_CURE: Final = (
    "move it into an interface with a package that a component can provide, or take it out of the world"
)


def _by_host(
    row: ErrorRow, values: Mapping[str, str], host: HostView
) -> tuple[str, str, dict[str, str], str]:
    """The rule of a refusal to link, a note, more values and the cure, by what the host's newest version has."""
    name = ExternName.parse(values.get("interface") or values.get("name") or "")
    function = values.get("function", "")
    if name.kind != "interface":
        note = f"{host.id} defines no plain names; an interface needs a package, as in my:app/store"
        return "WD104", note, {}, _PLAIN_CURE
    match = host.match(name)
    if match.kind == "flag":
        note = f"{host.id} links `{name.text}` with `{_flag_words(host, match.needs_flag)}`"
        return "WD114", note, {"flag": match.needs_flag[0]}, _FLAG_CURE
    if match.kind == "version":
        offers = dict.fromkeys(offer.name.partition("@")[2] or "no version" for offer in match.offers)
        return "WD102", f"{host.id} has `{name.unversioned}` at {', '.join(offers)}", {}, _VERSION_CURE
    if match.kind == "none":
        note = f"no version of {host.profile.name} known here has `{name.unversioned}`"
        return "WD101", note, {}, row.cure
    if not function:
        return "WD115", f"{host.id} has `{match.provided}`: the reason stands below the error", {}, row.cure
    facts = host.facts_of(match.provided)
    resource = facts is not None and function in facts.resources
    lacks = () if resource else host.missing_functions(match, [function])
    flags = lacks[0].needs_flag if lacks else ()
    if flags:
        note = f"{host.id} links `{function}` with `{_flag_words(host, flags)}`"
        return "WD114", note, {"flag": flags[0]}, _FLAG_CURE
    if lacks:
        return "WD115", f"{host.id} has `{match.provided}`, but without `{function}`", {}, _FUNCTION_CURE
    note = (
        f"{host.id} has `{function}` of `{match.provided}`: the host that said this is older, or links less"
    )
    return "WD115", note, {}, _FUNCTION_CURE


def _flag_words(host: HostView, flags: Iterable[str]) -> str:
    return " ".join(host.profile.flag(flag).args or flag for flag in flags)
