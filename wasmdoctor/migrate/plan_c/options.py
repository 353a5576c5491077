"""Options of ``generate!`` for imports that a world has besides its own package's.

wit-bindgen (0.48.1, 0.63.0) wants to be told of each interface of another package: ``generate_all``, or an entry
of ``with``. An entry that leads to a crate with the bindings makes none here. Entries of interfaces that the
world does not import are errors.
"""

from __future__ import annotations

from collections.abc import Sequence

from wasmdoctor.migrate import rustedits
from wasmdoctor.migrate.bridge.derived import standard_modules
from wasmdoctor.migrate.plan_a.work import Work
from wasmdoctor.model.names import ExternName
from wasmdoctor.model.rust import GenerateCall
from wasmdoctor.model.source import Span
from wasmdoctor.readers.rust.tokens import CLOSE, OPEN, lex

CAUSE = "the bindings of what the world imports now are those of a crate"
GENERATE = "generate"


def can_declare(data: bytes, call: GenerateCall) -> bool:
    """Whether entries can be put into a call: it generates all, or has its options in braces."""
    if call.option("generate_all") is not None:
        return True
    return bool(call.options) and _braces(data, call, call.options[0].span.start) is not None


def declare_in_call(work: Work, call: GenerateCall, new: Sequence[str]) -> None:
    """Entries of ``with`` for interfaces that the world imports now."""
    if call.option("generate_all") is not None:
        return
    path = call.location.path
    data = work.read(path)
    given = call.option("with")
    known = {element.key for element in given.elements} if given is not None else set()
    names = [name for name in new if name not in known and name.partition("@")[0] not in known]
    if not names:
        return
    newline = rustedits.newline_of(data).decode()
    indent = rustedits.indent_of(data, call.span.start).decode()
    if given is not None and not _is_cut(work, path, given.span) and given.elements:
        last = given.elements[-1]
        inner = rustedits.indent_of(data, last.span.start).decode()
        on_lines = b"\n" in data[given.span.start : given.span.end]
        lead = f"{newline}{inner if on_lines else indent + '        '}"
        text = "," + ",".join(f"{lead}{entry}" for entry in _entries(names))
        work.spot(path, Span(last.span.end, last.span.end), text.encode(), CAUSE)
        return
    _new_option(work, call, names, indent, newline)


def _is_cut(work: Work, path: str, span: Span) -> bool:
    return any(cut.span.start <= span.start and span.end <= cut.span.end for cut in work.cuts.get(path, ()))


def _new_option(work: Work, call: GenerateCall, names: Sequence[str], indent: str, newline: str) -> None:
    """``with`` as a new option, behind the last one that stays."""
    path = call.location.path
    data = work.read(path)
    options = [option for option in call.options if not _is_cut(work, path, option.span)]
    last = max(options, key=lambda option: option.span)
    inner = indent + "    "
    lines = "".join(f"{inner}    {entry},{newline}" for entry in _entries(names))
    entry = f"with: {{{newline}{lines}{inner}}}"
    if b"\n" in data[call.span.start : call.span.end] or rustedits.has_comment(data, call.span):
        at = last.span.end
        text = f",{newline}{inner}{entry}"
        work.spot(path, Span(at, at), text.encode(), CAUSE)
        return
    inside = _braces(data, call, last.span.start)
    if inside is None:
        return
    texts = [data[option.span.start : option.span.end].decode() for option in options]
    body = "".join(f"{inner}{text},{newline}" for text in (*texts, entry))
    work.spot(path, inside, f"{newline}{body}{indent}".encode(), CAUSE)


def _braces(data: bytes, call: GenerateCall, first: int) -> Span | None:
    """The inside of the braces that hold a call's options, of which the first begins at ``first``."""
    opened: list[int] = []
    for token in lex(data, call.span.start, call.span.end):
        if token.kind == OPEN:
            opened.append(token.end)
        elif token.kind == CLOSE and opened:
            start = opened.pop()
            if start <= first < token.start and data[start - 1 : start] == b"{":
                return Span(start, token.start)
    return None


def _entries(names: Sequence[str]) -> list[str]:
    modules = standard_modules()
    return [f'"{name}": {modules.get(ExternName.parse(name).unversioned, GENERATE)}' for name in names]
