"""Fixes of suppressions: comments in sources, and ``[[allow]]`` in configurations."""

from __future__ import annotations

from wasmdoctor.migrate.edits import EditError, Read
from wasmdoctor.migrate.fixes.configs import items
from wasmdoctor.migrate.fixes.places import offset_of, source_at
from wasmdoctor.migrate.toml import KeyPath, RemoveElement, RemoveKey, toml_edits
from wasmdoctor.model.edit import Edit, Replace
from wasmdoctor.model.remedy import RemoveRule
from wasmdoctor.model.source import Location, SourceText, Span
from wasmdoctor.readers.cargo.toml import Array, Item, Table

ALLOW = "allow"
RULES = "rules"


def remove_rule(action: RemoveRule, read: Read, cause: str) -> tuple[Edit, ...]:
    """A rule out of a suppression, or the suppression."""
    source = source_at(action.place, read)
    start = offset_of(source, action.place)
    if source.data.startswith((b"//", b"/*", b"#"), start):
        return _in_comment(source, start, action, cause)
    path, item = _allow_at(source, start, action.place)
    assert isinstance(item.value, Table)
    rules = item.value.get(RULES)
    others = rules is not None and isinstance(rules.value, Array) and len(rules.value) > 1
    if action.rule and others:
        change: RemoveElement | RemoveKey = RemoveElement((*path, RULES), action.rule, cause)
    else:
        change = RemoveKey(path, cause)
    return toml_edits(source.path, source.data, [change])


def _allow_at(source: SourceText, offset: int, place: Location) -> tuple[KeyPath, Item]:
    """The table of the array ``allow`` that is at a place: its header, or what stands in it."""
    best: tuple[KeyPath, Item] | None = None
    for path, item in items(source, place):
        is_allow = len(path) > 1 and path[-2] == ALLOW and isinstance(path[-1], int)
        if is_allow and isinstance(item.value, Table) and item.start <= offset:
            best = path, item
    if best is None:
        raise EditError(place, "there is no [[allow]] here")
    return best


def _in_comment(source: SourceText, start: int, action: RemoveRule, cause: str) -> tuple[Edit, ...]:
    data = source.data
    end = _end(data, start, action.place)
    opened, closed = data.find(b"(", start, end), data.find(b")", start, end)
    if action.rule and 0 <= opened < closed:
        rules = data[opened + 1 : closed].split(b",")
        named = [rule.strip().decode("utf-8", "replace") for rule in rules]
        others = [name for name in named if name not in ("", action.rule)]
        if action.rule not in named:
            raise EditError(action.place, f"this comment does not name `{action.rule}`")
        if others:
            at = named.index(action.rule)
            begin = opened + 1 + sum(len(rule) + 1 for rule in rules[:at])
            if at + 1 < len(rules):  # with the comma and white space behind it
                lead = len(rules[at]) - len(rules[at].lstrip())
                follow = rules[at + 1]
                span = Span(begin + lead, begin + len(rules[at]) + 1 + len(follow) - len(follow.lstrip()))
            else:  # with the comma before it
                span = Span(begin - 1, begin + len(rules[at].rstrip()))
            return (Replace(source.path, span, b"", cause),)
    return (Replace(source.path, _lines(data, start, end), b"", cause),)


def _end(data: bytes, start: int, place: Location) -> int:
    """Where the comment that begins at an offset ends, without the line end."""
    if data.startswith(b"/*", start):
        depth, at = 0, start
        while at < len(data):
            if data.startswith(b"/*", at):
                depth, at = depth + 1, at + 2
            elif data.startswith(b"*/", at):
                depth, at = depth - 1, at + 2
                if not depth:
                    return at
            else:
                at += 1
        raise EditError(place, "this comment does not end")
    end = data.find(b"\n", start)
    end = len(data) if end < 0 else end
    return end - 1 if data[:end].endswith(b"\r") else end


def _lines(data: bytes, start: int, end: int) -> Span:
    """A comment with its line when nothing else stands there, else with the white space before it."""
    begin = data.rfind(b"\n", 0, start) + 1
    if begin == 0 and data.startswith(b"\xef\xbb\xbf"):
        begin = 3
    rest = data.find(b"\n", end)
    rest = len(data) if rest < 0 else rest + 1
    if not data[begin:start].strip():
        # What follows a block comment on its line stays.
        return Span(begin, rest) if not data[end:rest].strip() else Span(start, end + _spaces(data, end))
    while data[start - 1 : start] in (b" ", b"\t"):
        start -= 1
    return Span(start, end)


def _spaces(data: bytes, at: int) -> int:
    return len(data[at:]) - len(data[at:].lstrip(b" \t"))
