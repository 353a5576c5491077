"""The report for a terminal: by component, imports as a table, findings with what to do, a summary."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from wasmdoctor.model.finding import (
    CheckedArtifact,
    Finding,
    HostStart,
    ImportVerdict,
    OriginStep,
    ReachedBy,
    Report,
    Status,
    Suppressed,
)
from wasmdoctor.model.names import ExternName
from wasmdoctor.model.rule import Severity
from wasmdoctor.model.wasm import ExternKind
from wasmdoctor.reporters.console import SEVERITY_STYLE, Style, written
from wasmdoctor.reporters.escape import one_line
from wasmdoctor.reporters.hosttable import print_hosts
from wasmdoctor.reporters.linkwords import print_link_errors
from wasmdoctor.reporters.quiet import render as one_line_each

MARK = {
    Status.UNPROVIDED: ("✗", "red"),
    Status.VERSION: ("✗", "red"),
    Status.COMPONENT: ("✓", "green"),
    Status.HOST: ("✓", "green"),
    Status.CONFIGURED: ("✓", "green"),
    Status.OPTIONAL: ("·", "dim"),
}
NARROW = 80
"""Below this width (columns) a table would break names; imports then are lines of their own."""

WIDEST_NAME = 80
"""Columns for names in a wide window: beyond it the eye loses the line to the status."""

STATUS_WIDTH = 30
"""Columns that the words on an import get at least, with the mark and margins before them."""

MINIMUM_TEXT = 20
ORDER = [
    Status.UNPROVIDED,
    Status.VERSION,
    Status.COMPONENT,
    Status.CONFIGURED,
    Status.HOST,
    Status.OPTIONAL,
]


def render(
    report: Report, style: Style, *, verbose: bool = False, quiet: bool = False, suppressed: bool = False
) -> str:
    """The whole report. ``quiet`` gives one line a finding and nothing else; ``verbose`` every import.

    ``suppressed`` lists what is suppressed as well, with the reasons.
    """
    if quiet:
        return one_line_each(report, style, suppressed=suppressed)

    def write(console: Console) -> None:
        seen: set[str] = set()
        by_subject: dict[str, list[Finding]] = {}
        for finding in report.findings:
            by_subject.setdefault(finding.subject, []).append(finding)
        for artifact in report.components:
            _artifact(console, artifact, by_subject.pop(artifact.path, []), seen, verbose=verbose)
        for findings in by_subject.values():
            _findings(console, findings, seen)
            console.print()
        if suppressed:
            _suppressed(console, report.suppressed)
        _summary(console, report, verbose=verbose)

    return written(style, write)


def _suppressed(console: Console, suppressed: tuple[Suppressed, ...]) -> None:
    """What is not shown otherwise: each finding in a line, and its reason."""
    for each in suppressed:
        line = Text(f"suppressed[{each.finding.code}]", style="dim")
        line.append(f" {one_line(each.finding.message)}", style="not dim")
        _hang(console, line, 0, 2)
        _labelled(console, "because: ", f"{each.reason} ({each.location})", "dim", 2)
    if suppressed:
        console.print()


def _artifact(
    console: Console,
    artifact: CheckedArtifact,
    findings: list[Finding],
    seen: set[str],
    *,
    verbose: bool,
) -> None:
    head = Text(one_line(artifact.path), style="bold")
    head.append("  " + " · ".join(_facts(artifact)), style="not bold dim")
    _hang(console, head, 0, 2)
    if verbose:
        for copy in artifact.copies:
            console.print(Text(f"  the same file: {one_line(copy)}", style="dim"))
    if any(item.hosts for item in artifact.imports):
        print_hosts(console, artifact, MARK, verbose=verbose)
    elif artifact.imports:
        rows = list(_rows(artifact, verbose=verbose))
        if console.width < NARROW:
            for mark, style, name, text, quiet in rows:
                line = Text(f"{mark} ", style)
                line.append(f"{one_line(name)} — ", "dim" if quiet else style)
                line.append(one_line(text), "dim" if quiet else "default")
                _hang(console, line, 2, 4)
        else:
            console.print(Padding(_table(rows, console.width), (0, 0, 0, 2)))
    _findings(console, findings, seen)
    if artifact.link_errors:
        print_link_errors(console, artifact.link_errors)
    starts = artifact.starts or (HostStart("", artifact.start, artifact.hints),)
    for start in starts:
        if start.command:
            on = f" on {start.host}" if start.host else ""
            _labelled(console, f"start it{on}: ", start.command, "green", 2)
            for hint in start.hints:
                _labelled(console, "it may need: ", hint, "green", 2)
    if artifact.compose:
        _labelled(console, "compose it: ", artifact.compose, "green", 2)
    console.print()


def _facts(artifact: CheckedArtifact) -> Iterator[str]:
    yield {"module": "core module", "predicted": "predicted from sources"}.get(artifact.kind, artifact.kind)
    if artifact.size:
        yield _size(artifact.size)
    if artifact.kind == "component":
        exports = ", ".join(one_line(item.name) for item in artifact.exports[:3])
        more = f" and {len(artifact.exports) - 3} more" if len(artifact.exports) > 3 else ""
        yield f"exports {exports}{more}" if exports else "exports nothing"
        if not artifact.imports:
            yield "imports nothing"


def _size(size: int) -> str:
    if size < 1000:
        return f"{size} bytes"
    return f"{size / 1000:.0f} kB" if size < 999_500 else f"{size / 1e6:.1f} MB"


REACHED = {
    ReachedBy.LEAKED_EXPORTS: "; only leaked exports reach it",
    ReachedBy.TABLE: "; perhaps nothing reaches it",
    ReachedBy.NOTHING: "; nothing in its code reaches it",
}
"""Remarks on imports that could fall away. That an import is needed goes without saying."""

Row = tuple[str, str, str, str, bool]


def _rows(artifact: CheckedArtifact, *, verbose: bool) -> Iterator[Row]:
    """Loud what is missing, quiet what is there: mark, style, name, status, and whether it is quiet.

    Imports that the host provides stand together by package, unless the report is verbose.
    """
    for status in ORDER:
        items = [item for item in artifact.imports if item.status is status]
        mark, style = MARK[status]
        quiet = status in (Status.HOST, Status.OPTIONAL)
        if quiet and not verbose:
            folded = _folded(items)
        else:
            folded = [(item.name, _status(item) + _provider_note(item)) for item in items]
        for name, text in folded:
            yield mark, style, name, text, quiet


def _table(rows: list[Row], width: int) -> Table:
    """A name is broken only when it is too long by itself; the words behind it wrap before that."""
    loud = max((len(name) for _, _, name, _, quiet in rows if not quiet), default=0)
    table = Table(box=None, padding=(0, 2, 0, 0), show_header=False, pad_edge=False)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold", min_width=min(loud, width - STATUS_WIDTH), max_width=WIDEST_NAME)
    table.add_column(overflow="fold")
    for mark, style, name, text, quiet in rows:
        table.add_row(
            Text(mark, style=style),
            Text(one_line(name), style="dim" if quiet else style),
            Text(one_line(text), style="dim" if quiet else ""),
        )
    return table


def _status(item: ImportVerdict) -> str:
    match item.status:
        case Status.HOST | Status.COMPONENT | Status.CONFIGURED:
            text = f"from {item.provided_by}"
        case Status.OPTIONAL:
            text = "types only, needs nobody"
        case Status.VERSION:
            text = "other version only"
        case Status.UNPROVIDED:
            text = item.note or "nobody provides it"
    text += REACHED.get(item.reached_by, "") if item.reached_by else ""
    kind = "" if item.kind is ExternKind.INSTANCE else f" ({item.kind.value})"
    return text + kind


def _provider_note(item: ImportVerdict) -> str:
    return f", {item.note}" if item.note and item.status is Status.HOST else ""


def _folded(items: list[ImportVerdict]) -> list[tuple[str, str]]:
    """One row for all interfaces of a package at a version: ``wasi:io/{error, poll, streams}@0.2.6``."""
    groups: dict[tuple[str, str, str], list[str]] = {}
    plain: list[tuple[str, str]] = []
    for item in items:
        name = ExternName.parse(item.name)
        if name.kind == "interface":
            key = (name.package or "", name.version or "", _status(item))
            groups.setdefault(key, []).append(name.interface or "")
        else:
            plain.append((item.name, _status(item)))
    rows: list[tuple[str, str]] = []
    for (package, version, text), interfaces in groups.items():
        names = ", ".join(sorted(interfaces))
        names = f"{{{names}}}" if len(interfaces) > 1 else names
        rows.append((f"{package}/{names}" + (f"@{version}" if version else ""), text))
    return sorted(rows) + plain


def _findings(console: Console, findings: list[Finding], seen: set[str]) -> None:
    """What was said of another component already is not said again at length."""
    known: dict[tuple[Severity, str], list[str]] = {}
    new: list[Finding] = []
    for finding in findings:
        place = finding.location if finding.location.line else ""
        key = f"{finding.code} {finding.message} {place} {finding.hosts}"
        if key in seen and finding.interface:
            known.setdefault((finding.severity, finding.code), []).append(finding.interface)
        else:
            new.append(finding)
        seen.add(key)
    for (severity, code), interfaces in known.items():
        line = Text(f"{severity.value}[{code}]", style=SEVERITY_STYLE[severity])
        line.append(f" as above: {', '.join(one_line(name) for name in interfaces)}", style="not bold default")
        _hang(console, line, 2, 4)
    for finding in new:
        _finding(console, finding, seen)


def _finding(console: Console, finding: Finding, seen: set[str]) -> None:
    head = Text(f"{finding.severity.value}[{finding.code}]", style=SEVERITY_STYLE[finding.severity])
    head.append(f" {one_line(finding.message)}", style="not bold default")
    _hang(console, head, 2, 4)
    if len(finding.hosts) > 1:  # of one host the message speaks
        _labelled(console, "on ", ", ".join(finding.hosts), "dim", 4)
    # A second finding on the same import need not show the way again.
    way = f"{finding.subject} {finding.interface}"
    shown = bool(finding.interface) and way in seen
    seen.add(way)
    for step in _new_steps(finding, seen) if not shown else ():
        evidence = f"  ({one_line(step.evidence_text)})" if step.evidence else ""
        line = Text(f"{one_line(step.kind)} ", style="dim")
        line.append(one_line(step.name), style="not dim")
        line.append(f"  {one_line(str(step.location))}{evidence}")
        _hang(console, line, 4, 6)
    if not shown and (finding.location.path != finding.subject or finding.location.line):
        _hang(console, Text(f"at {one_line(str(finding.location))}", style="blue"), 4, 6)
        if finding.snippet:
            line = Text(f"    {finding.location.line} | ", style="dim")
            line.append(one_line(finding.snippet.strip()), style="not dim")
            line.truncate(console.width, overflow="ellipsis")
            console.print(line)
    # The same advice once is enough.
    if finding.help and (finding.code + finding.help) not in seen:
        seen.add(finding.code + finding.help)
        for advice in finding.help.splitlines():
            _labelled(console, "help: ", advice, "cyan", 4)


def _new_steps(finding: Finding, seen: set[str]) -> tuple[OriginStep, ...]:
    """The way; of what is no error only its end, when another finding of its kind came the same way so far."""
    before = f"{finding.code} {finding.subject} {finding.origin[:-1]}"
    again = before in seen and finding.severity is not Severity.ERROR
    seen.add(before)
    return finding.origin[-1:] if again else finding.origin


def _labelled(console: Console, label: str, text: str, style: str, indent: int) -> None:
    line = Text(label, style=style)
    line.append(one_line(text), style="default")
    _hang(console, line, indent, indent + len(label))


def _hang(console: Console, text: Text, first: int, rest: int) -> None:
    """Print wrapped: the first line after ``first`` spaces, the others after ``rest``."""
    lines = text.wrap(console, max(console.width - rest, MINIMUM_TEXT), overflow="fold")
    for number, line in enumerate(lines):
        line.rstrip()
        console.print(Text(" " * (rest if number else first)).append_text(line), soft_wrap=True)


def _summary(console: Console, report: Report, *, verbose: bool) -> None:
    for skipped in report.skipped:
        example = f" (for example {one_line(skipped.example)})" if verbose else ""
        _hang(console, Text(f"skipped {skipped.count}: {skipped.reason}{example}", style="dim"), 0, 2)
    for note in report.notes:
        _hang(console, Text(f"note: {one_line(note)}", style="dim"), 0, 2)
    line = Text()
    counts = [(severity, report.count(severity)) for severity in Severity]
    for severity, count in counts:
        if count:
            line.append(", " if line.plain else "")
            line.append(_plural(count, severity.value), style=SEVERITY_STYLE[severity])
    if not line.plain:
        line.append("nothing to report", style="bold green")
    checked = _plural(sum(a.kind in ("component", "predicted") for a in report.components), "component")
    modules = sum(a.kind == "module" for a in report.components)
    checked += f" and {_plural(modules, 'core module')}" if modules else ""
    hosts = f"hosts {', '.join(report.hosts)}" if len(report.hosts) > 1 else f"host {report.host}"
    line.append(f" in {checked}, {hosts}")
    if report.suppressed:
        line.append(f", {len(report.suppressed)} suppressed")
    _hang(console, line, 0, 2)
    command = _next_command(report)
    if command:
        _labelled(console, "next: ", command, "bold", 0)


def _plural(count: int, word: str) -> str:
    return f"{count} {word}" if count == 1 else f"{count} {word}s"


def _next_command(report: Report) -> str:
    """The one command that helps most now."""
    if not report.findings:
        return "" if report.components else "wasmdoctor check PATH, with the folder that your build writes to"
    worst = max(report.findings, key=lambda finding: finding.severity.rank)
    # Plans are made from Rust sources: the crate that a chain begins with says where these are.
    crates = [step for step in worst.origin if step.kind == "crate" and step.location.path.endswith(".toml")]
    if worst.plans and crates:
        folder = crates[0].location.path.rpartition("/")[0]
        return f"wasmdoctor plan {one_line(folder)}".rstrip()
    return f"wasmdoctor explain {worst.code}"
