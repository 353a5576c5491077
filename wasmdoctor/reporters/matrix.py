"""``wasmdoctor hosts for``: which hosts run a component, from which version on, and why the others do not."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from wasmdoctor.model.matrix import Matrix, MatrixRow, Reason, VersionRange
from wasmdoctor.model.names import ExternName
from wasmdoctor.reporters.console import Style, written
from wasmdoctor.reporters.escape import one_line
from wasmdoctor.reporters.jsontext import dumped

SCHEMA = 1
SHOWN = 3
"""Reasons that one row has, unless all are asked for."""

MARK = {"runs": ("✓", "green"), "flags": ("✓", "yellow"), "no": ("✗", "red")}


def render(matrices: Sequence[Matrix], style: Style, *, verbose: bool = False) -> str:
    """Each component with a row for each host and mode; ``verbose`` gives every range and every reason."""

    def write(console: Console) -> None:
        for matrix in matrices:
            _matrix(console, matrix, verbose=verbose)
            console.print()

    return written(style, write)


def _matrix(console: Console, matrix: Matrix, *, verbose: bool) -> None:
    exports = ", ".join(map(one_line, matrix.exports[:3])) or "nothing"
    more = f" and {len(matrix.exports) - 3} more" if len(matrix.exports) > 3 else ""
    head = Text(one_line(matrix.path), style="bold")
    imports = f"{matrix.imports} imports" if matrix.imports != 1 else "1 import"
    head.append(
        f"  exports {exports}{more} · {imports if matrix.imports else 'imports nothing'}", "not bold dim"
    )
    console.print(head)
    if matrix.providers:
        console.print(
            Padding(Text(f"composed with {', '.join(map(one_line, matrix.providers))}", "dim"), (0, 0, 0, 2))
        )
    grid = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="dim")
    grid.add_column("", no_wrap=True)
    grid.add_column("host", no_wrap=True)
    grid.add_column("runs on", no_wrap=True)
    grid.add_column("how, or why not", overflow="fold")
    for row in matrix.rows:
        newest = row.ranges[-1]
        outcome = row.running[-1].outcome if row.running else "no"
        mark, color = MARK[outcome]
        lines = list(_remarks(row, verbose=verbose))
        versions = Text(one_line(_versions(row, newest)))
        grid.add_row(Text(mark, color), Text(one_line(row.name)), versions, Text("\n".join(lines)))
    console.print(Padding(grid, (0, 0, 0, 2)))


def _versions(row: MatrixRow, newest: VersionRange) -> str:
    """The oldest and the newest version that run it; a version that is not judged by numbers is "yes"."""
    if not row.running:
        return "-"
    if newest.last == "0":
        return "yes"
    return row.oldest if row.oldest == row.newest else f"{row.oldest} to {row.newest}"


def _remarks(row: MatrixRow, *, verbose: bool) -> Iterator[str]:
    """How to start it on the newest versions that run it, what other versions need, and why the rest do not."""
    if not row.running:
        newest = row.ranges[-1]
        yield from _why(newest.reasons, verbose=verbose)
        if verbose:
            for each in reversed(row.ranges[:-1]):
                yield one_line(f"{each.versions}: {'; '.join(_why(each.reasons, verbose=True))}")
        return
    several = len(row.running) > 1
    for each in reversed(row.running):
        with_flags = f"with {' '.join(each.flags)}" if each.flags else ""
        if several:
            yield one_line(f"{each.versions}: {with_flags or 'as it is'}")
        elif with_flags:
            yield one_line(with_flags)
    for index, each in enumerate(row.ranges):
        if each.outcome != "no":
            continue
        beside = index + 1 < len(row.ranges) and row.ranges[index + 1].outcome != "no"
        after = index > 0 and row.ranges[index - 1].outcome != "no"
        if beside or after or verbose:
            yield one_line(f"not {each.versions}: {'; '.join(_why(each.reasons, verbose=verbose))}")


def _why(reasons: Iterable[Reason], *, verbose: bool) -> list[str]:
    """The reasons; missing interfaces of a package stand together."""
    missing: dict[tuple[str, str], list[str]] = {}
    texts: list[str] = []
    for reason in reasons:
        name = ExternName.parse(reason.name)
        if reason.kind == "import" and name.kind == "interface":
            missing.setdefault((name.package or "", name.version or ""), []).append(name.interface or "")
        else:
            texts.append(one_line(reason.text))
    for (package, version), interfaces in missing.items():
        inner = ", ".join(interfaces)
        inner = f"{{{inner}}}" if len(interfaces) > 1 else inner
        at = f"@{version}" if version else ""
        texts.append(one_line(f"the host has no {package}/{inner}{at}"))
    texts = list(dict.fromkeys(texts))
    shown = texts if verbose else texts[:SHOWN]
    return shown + ([f"and {len(texts) - len(shown)} more"] if len(texts) > len(shown) else [])


def render_json(matrices: Sequence[Matrix]) -> str:
    """The same as JSON, with every range."""
    document = {"schema": SCHEMA, "components": [_document(matrix) for matrix in matrices]}
    return dumped(document) + "\n"


def _document(matrix: Matrix) -> dict[str, Any]:
    return {
        "path": matrix.path,
        "exports": list(matrix.exports),
        "imports": matrix.imports,
        "composed_with": list(matrix.providers),
        "hosts": [
            {
                "host": row.host,
                "mode": row.mode,
                "runs": bool(row.running),
                "oldest": _known(row.oldest),
                "newest": _known(row.newest),
                "ranges": [
                    {
                        "first": _known(each.first),
                        "last": _known(each.last),
                        "outcome": each.outcome,
                        "flags": list(each.flags),
                        "entry": each.entry or None,
                        "start": each.command or None,
                        "reasons": [{"kind": r.kind, "name": r.name, "text": r.text} for r in each.reasons],
                    }
                    for each in row.ranges
                ],
            }
            for row in matrix.rows
        ],
    }


def _known(version: str) -> str | None:
    return version if version not in ("", "0") else None
