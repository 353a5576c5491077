"""The imports of a component as several hosts judge them: a column for each host, a line where that is too wide."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from wasmdoctor.model.finding import CheckedArtifact, HostStatus, ImportVerdict, Status
from wasmdoctor.model.names import ExternName
from wasmdoctor.model.record import dataclass
from wasmdoctor.reporters.escape import one_line
from wasmdoctor.reporters.speech import heard, here
from wasmdoctor.reporters.wrapping import cells, cut

Mark = tuple[str, str]
INDENT = 2
GAP = 2
NAME_WIDTH = 40
"""Columns that names get at least, before the table gives way to lines."""

CELL_WIDTH = 24
"""Columns of words in a cell: what does not fit is said by the finding."""


@dataclass(frozen=True, slots=True)
class HostRow:
    """One line: a name, what each host says to it, and whether all of them have it."""

    name: str
    sides: tuple[HostStatus, ...]
    fine: bool


def host_rows(artifact: CheckedArtifact, *, verbose: bool) -> list[HostRow]:
    """The imports, those that some host lacks first; the others together by package, unless ``verbose``."""
    rows = [HostRow(item.name, item.hosts, _is_fine(item)) for item in artifact.imports]
    loud = [row for row in rows if not row.fine]
    quiet = [row for row in rows if row.fine]
    return loud + (quiet if verbose else _folded(quiet))


def _is_fine(item: ImportVerdict) -> bool:
    return not any(side.status in (Status.UNPROVIDED, Status.VERSION) for side in item.hosts)


def _folded(rows: list[HostRow]) -> list[HostRow]:
    """One row for the interfaces of a package of which all hosts say the same."""
    groups: dict[tuple[str, str, tuple[HostStatus, ...]], list[str]] = {}
    plain: list[HostRow] = []
    for row in rows:
        name = ExternName.parse(row.name)
        if name.kind == "interface":
            key = (name.package or "", name.version or "", row.sides)
            groups.setdefault(key, []).append(name.interface or "")
        else:
            plain.append(row)
    folded: list[HostRow] = []
    for (package, version, sides), interfaces in groups.items():
        inner = ", ".join(sorted(interfaces))
        inner = f"{{{inner}}}" if len(interfaces) > 1 else inner
        folded.append(HostRow(f"{package}/{inner}" + (f"@{version}" if version else ""), sides, True))
    return sorted(folded, key=lambda row: row.name) + plain


def print_hosts(
    console: Console, artifact: CheckedArtifact, marks: dict[Status, Mark], *, verbose: bool
) -> None:
    """Print the imports of a component for all hosts."""
    rows = host_rows(artifact, verbose=verbose)
    hosts = [side.host for side in rows[0].sides]
    columns = [
        max(cells(host), *(cells(_cell(row.sides[index], marks)) for row in rows))
        for index, host in enumerate(hosts)
    ]
    if INDENT + NAME_WIDTH + sum(column + GAP for column in columns) <= console.width:
        console.print(Padding(_table(rows, hosts, marks), (0, 0, 0, INDENT)))
        return
    for row in rows:
        line = Text(one_line(row.name), "dim" if row.fine else "")
        lines = Text(" " * INDENT).append_text(line).wrap(console, console.width)
        for part in lines:
            console.print(part, soft_wrap=True)
        for text, style in _lines(row, marks):
            console.print(Text(" " * 2 * INDENT + text, style), soft_wrap=True)


def _table(rows: Sequence[HostRow], hosts: Sequence[str], marks: dict[Status, Mark]) -> Table:
    table = Table(box=None, padding=(0, GAP, 0, 0), pad_edge=False, header_style="dim")
    table.add_column("", overflow="fold", min_width=NAME_WIDTH)
    for host in hosts:
        table.add_column(one_line(host), no_wrap=True)
    for row in rows:
        cells = [Text(one_line(_cell(side, marks)), marks[side.status][1]) for side in row.sides]
        table.add_row(Text(one_line(row.name), "dim" if row.fine else ""), *cells)
    return table


def _cell(side: HostStatus, marks: dict[Status, Mark]) -> str:
    """What a host says in a mark and two or three words."""
    words = _words(side)
    text = f"{marks[side.status][0]} {words}".rstrip()
    return text if cells(text) <= CELL_WIDTH else cut(text, CELL_WIDTH - 1) + "…"


def _words(side: HostStatus) -> str:
    match side.status:
        case Status.HOST:
            return side.note.removeprefix("which has it at ")
        case Status.COMPONENT | Status.CONFIGURED:
            return side.provided_by or ""
        case Status.VERSION:
            return here("other version")
        case Status.OPTIONAL:
            return here("types only")
    return heard(side.note)


def _lines(row: HostRow, marks: dict[Status, Mark]) -> Iterator[tuple[str, str]]:
    """The hosts that say the same stand together: ``✗ wasmtime@25, spin@4.0.2``."""
    groups: dict[tuple[Status, str], list[str]] = {}
    for side in row.sides:
        words = "" if side.status is Status.HOST else _words(side)
        groups.setdefault((side.status, words), []).append(side.host)
    for (status, words), hosts in groups.items():
        mark, style = marks[status]
        yield one_line(f"{mark} {', '.join(hosts)}" + (f": {words}" if words else "")), style
