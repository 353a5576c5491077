"""``wasmdoctor hosts diff``: what one host has more, less or otherwise than another."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from wasmdoctor.model.matrix import Change, HostDiff, Side
from wasmdoctor.reporters.console import Style, written
from wasmdoctor.reporters.escape import one_line
from wasmdoctor.reporters.jsontext import dumped

SCHEMA = 1
MARK = {"added": ("+", "green"), "removed": ("-", "red"), "changed": ("~", "yellow")}


def render(diffs: Sequence[HostDiff], style: Style) -> str:
    """Each mode with its interfaces by package, then functions, entries and flags."""

    def write(console: Console) -> None:
        for diff in diffs:
            _diff(console, diff)
            console.print()

    return written(style, write)


def _diff(console: Console, diff: HostDiff) -> None:
    console.print(Text(f"{one_line(diff.before)} -> {one_line(diff.after)}", "bold"))
    if diff.empty:
        console.print(Text(f"  nothing differs in {diff.same} interfaces", "green"))
        return
    if diff.rules[0] != diff.rules[1]:
        _line(console, "changed", f"name rule: {diff.rules[0]} -> {diff.rules[1]}")
    parts = (
        ("interfaces", _grouped(diff.interfaces)),
        ("functions", (_single(change) for change in diff.functions)),
        ("calls", (_single(change) for change in diff.entries)),
        ("flags", (_single(change) for change in diff.flags)),
    )
    for title, lines in parts:
        found = list(lines)
        if found:
            same = f" ({diff.same} are the same)" if title == "interfaces" and diff.same else ""
            console.print(Text(f"{title}{same}:", "bold"))
        for kind, text in found:
            _line(console, kind, text)


def _line(console: Console, kind: str, text: str) -> None:
    mark, color = MARK[kind]
    line = Text(f"{mark} ", color).append(one_line(text), "default")
    for number, part in enumerate(line.wrap(console, max(console.width - 4, 20), overflow="fold")):
        console.print(Padding(part, (0, 0, 0, 2 if number == 0 else 4)))


def _grouped(changes: Iterable[Change]) -> Iterator[tuple[str, str]]:
    """The interfaces of a package that change alike in one line: ``wasi:io/{error, poll} 0.2.1 -> 0.2.12``."""
    groups: dict[tuple[str, str, str], list[str]] = {}
    for change in changes:
        package, slash, interface = change.item.partition("/")
        groups.setdefault((change.kind, package if slash else "", _what(change)), []).append(
            interface if slash else change.item
        )
    for (kind, package, what), names in sorted(groups.items(), key=lambda item: (item[0][1], item[0][0])):
        inner = ", ".join(sorted(names))
        inner = f"{{{inner}}}" if len(names) > 1 and package else inner
        yield kind, f"{package}/{inner} {what}".strip() if package else f"{inner} {what}".strip()


def _single(change: Change) -> tuple[str, str]:
    return change.kind, f"{change.item} {_what(change)}".strip()


def _what(change: Change) -> str:
    """The versions, signatures and flags of a change: ``0.2.1 -> 0.2.12``, ``0.2.0-draft with -S tls``."""
    one, other = (
        ", ".join(filter(None, (_side(change.item, side) for side in sides)))
        for sides in (change.before, change.after)
    )
    if change.kind == "changed":
        return f"{one or 'without a flag'} -> {other or 'without a flag'}"
    return one or other


def _side(item: str, side: Side) -> str:
    """A version or signature, unless it is the item itself, and the flags."""
    name = "" if side.name == item else side.name.removeprefix(f"{item}@")
    return " ".join(part for part in (name, f"with {' '.join(side.flags)}" if side.flags else "") if part)


def render_json(diffs: Sequence[HostDiff]) -> str:
    """The same as JSON."""
    document = {"schema": SCHEMA, "diffs": [_document(diff) for diff in diffs]}
    return dumped(document) + "\n"


def _document(diff: HostDiff) -> dict[str, Any]:
    return {
        "before": diff.before,
        "after": diff.after,
        "name_rules": {"before": diff.rules[0], "after": diff.rules[1]},
        "same_interfaces": diff.same,
        **{
            key: [_change(change) for change in changes]
            for key, changes in (
                ("interfaces", diff.interfaces),
                ("functions", diff.functions),
                ("entries", diff.entries),
                ("flags", diff.flags),
            )
        },
    }


def _change(change: Change) -> dict[str, Any]:
    return {
        "item": change.item,
        "kind": change.kind,
        "before": [{"name": side.name, "flags": list(side.flags)} for side in change.before],
        "after": [{"name": side.name, "flags": list(side.flags)} for side in change.after],
    }
