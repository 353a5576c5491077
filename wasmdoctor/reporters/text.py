"""The report for a terminal: by component, imports as a table, findings with what to do, a summary."""

from __future__ import annotations

from collections.abc import Iterator

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
from wasmdoctor.model.fix import best, fixable
from wasmdoctor.model.names import ExternName
from wasmdoctor.model.rule import Severity
from wasmdoctor.model.wasm import ExternKind
from wasmdoctor.reporters.console import SEVERITY_STYLE, Style
from wasmdoctor.reporters.escape import one_line
from wasmdoctor.reporters.lines import Columns, Paper, Text, written_lines
from wasmdoctor.reporters.links import link
from wasmdoctor.reporters.linkwords import print_link_errors
from wasmdoctor.reporters.quiet import FIXABLE
from wasmdoctor.reporters.quiet import render as one_line_each
from wasmdoctor.reporters.speech import heard, here
from wasmdoctor.reporters.wrapping import cells

MARK = {
    Status.UNPROVIDED: ("✗", "red"),
    Status.VERSION: ("✗", "red"),
    Status.COMPONENT: ("✓", "green"),
    Status.HOST: ("✓", "green"),
    Status.CONFIGURED: ("✓", "green"),
    Status.OPTIONAL: ("·", "dim"),
}
UNSURE = ("?", "yellow")
"""Of what nobody provides, and may not be imported at all."""

NARROW = 80
"""Below this width (columns) a table would break names; imports then are lines of their own."""

WIDEST_NAME = 80
"""Columns for names in a wide window: beyond it the eye loses the line to the status."""

STATUS_WIDTH = 30
"""Columns that the words on an import get at least, with the mark and margins before them."""

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

    def write(paper: Paper) -> None:
        seen: set[str] = set()
        by_subject: dict[str, list[Finding]] = {}
        for finding in report.findings:
            by_subject.setdefault(finding.subject, []).append(finding)
        for artifact in report.components:
            _artifact(paper, artifact, by_subject.pop(artifact.path, []), seen, verbose=verbose)
        for findings in by_subject.values():
            _findings(paper, findings, seen)
            paper.print()
        if suppressed:
            _suppressed(paper, report.suppressed)
        _summary(paper, report, verbose=verbose)

    return written_lines(style, write)


def _suppressed(paper: Paper, suppressed: tuple[Suppressed, ...]) -> None:
    """What is not shown otherwise: each finding in a line, and its reason."""
    for each in suppressed:
        line = Text(f"{here('suppressed')}[{each.finding.code}]", style="dim")
        line.append(f" {one_line(each.finding.message)}", style="not dim")
        paper.hang(line, 0, 2)
        _labelled(paper, here("because: "), f"{heard(each.reason)} ({each.location})", "dim", 2)
    if suppressed:
        paper.print()


def _artifact(
    paper: Paper,
    artifact: CheckedArtifact,
    findings: list[Finding],
    seen: set[str],
    *,
    verbose: bool,
) -> None:
    head = Text(one_line(artifact.path), style="bold")
    head.append("  " + " · ".join(_facts(artifact)), style="not bold dim")
    paper.hang(head, 0, 2)
    if verbose:
        for copy in artifact.copies:
            paper.print(Text("  " + here("the same file: {path}", path=one_line(copy)), style="dim"))
    if any(item.hosts for item in artifact.imports):
        from wasmdoctor.reporters.hosttable import print_hosts

        paper.rich(lambda console: print_hosts(console, artifact, MARK, verbose=verbose))
    elif artifact.imports:
        rows = list(_rows(artifact, verbose=verbose))
        if paper.width < NARROW:
            for mark, style, name, text, quiet in rows:
                line = Text(f"{mark} ", style)
                line.append(f"{one_line(name)} — ", "dim" if quiet else style)
                line.append(one_line(text), "dim" if quiet else "default")
                paper.hang(line, 2, 4)
        else:
            paper.table(_table(rows, paper.width))
    _findings(paper, findings, seen)
    if artifact.link_errors:
        paper.rich(lambda console: print_link_errors(console, artifact.link_errors))
    starts = artifact.starts or (HostStart("", artifact.start, artifact.hints),)
    for start in starts:
        if start.command:
            on = here(" on {host}", host=start.host) if start.host else ""
            _labelled(paper, here("start it{on}: ", on=on), start.command, "green", 2)
            for hint in start.hints:
                _labelled(paper, here("it may need: "), heard(hint), "green", 2)
    if artifact.compose:
        _labelled(paper, here("compose it: "), artifact.compose, "green", 2)
    paper.print()


def _facts(artifact: CheckedArtifact) -> Iterator[str]:
    yield heard(
        {"module": "core module", "predicted": "predicted from sources"}.get(artifact.kind, artifact.kind)
    )
    if artifact.size:
        yield _size(artifact.size)
    if artifact.kind == "component":
        exports = ", ".join(one_line(item.name) for item in artifact.exports[:3])
        count = len(artifact.exports) - 3
        more = here(" and {count} more", count=count) if count > 0 else ""
        yield here("exports {names}", names=exports + more) if exports else here("exports nothing")
        if not artifact.imports:
            yield here("imports nothing")


def _size(size: int) -> str:
    if size < 1000:
        return here("{size} bytes", size=size)
    return f"{size / 1000:.0f} kB" if size < 999_500 else f"{size / 1e6:.1f} MB"


REACHED = {
    ReachedBy.LEAKED_EXPORTS: "; only leaked exports reach it",
    ReachedBy.TABLE: "; perhaps nothing reaches it",
    ReachedBy.NOTHING: "; nothing in its code reaches it",
    ReachedBy.PERHAPS: "; perhaps it is not imported",
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
            for name, text in _folded(items):
                yield mark, style, name, text, quiet
            continue
        for item in sorted(items, key=_unsure):
            text = _status(item) + _provider_note(item)
            yield *(UNSURE if _unsure(item) else (mark, style)), item.name, text, quiet


def _unsure(item: ImportVerdict) -> bool:
    return item.reached_by is ReachedBy.PERHAPS


def _table(rows: list[Row], width: int) -> Columns:
    """A name is broken only when it is too long by itself; the words behind it wrap before that."""
    loud = max((cells(name) for _, _, name, _, quiet in rows if not quiet), default=0)
    shown = tuple(
        (
            (mark, style),
            (one_line(name), "dim" if quiet else style),
            (one_line(text), "dim" if quiet else ""),
        )
        for mark, style, name, text, quiet in rows
    )
    return Columns(shown, min(loud, width - STATUS_WIDTH), WIDEST_NAME)


def _status(item: ImportVerdict) -> str:
    match item.status:
        case Status.HOST | Status.COMPONENT | Status.CONFIGURED:
            text = here("from {provider}", provider=item.provided_by)
        case Status.OPTIONAL:
            text = here("types only, needs nobody")
        case Status.VERSION:
            text = here("other version only")
        case Status.UNPROVIDED:
            text = heard(item.note) or here("nobody provides it")
    text += heard(REACHED.get(item.reached_by, "")) if item.reached_by else ""
    kind = "" if item.kind is ExternKind.INSTANCE else f" ({item.kind.value})"
    return text + kind


def _provider_note(item: ImportVerdict) -> str:
    return here(", {note}", note=heard(item.note)) if item.note and item.status is Status.HOST else ""


def _folded(items: list[ImportVerdict]) -> list[tuple[str, str]]:
    """One row for all interfaces of a package at a version: ``wasi:io/{error, poll, streams}@0.2.6``."""
    groups: dict[tuple[str, str, str], list[str]] = {}
    plain: list[tuple[str, str]] = []
    texts: dict[tuple[object, ...], str] = {}
    for item in items:
        name = ExternName.parse(item.name)
        if name.kind == "interface":
            said = (item.status, item.provided_by, item.note, item.reached_by, item.kind)
            if said not in texts:  # nearly all have the same
                texts[said] = _status(item)
            key = (name.package or "", name.version or "", texts[said])
            groups.setdefault(key, []).append(name.interface or "")
        else:
            plain.append((item.name, _status(item)))
    rows: list[tuple[str, str]] = []
    for (package, version, text), interfaces in groups.items():
        names = ", ".join(sorted(interfaces))
        names = f"{{{names}}}" if len(interfaces) > 1 else names
        rows.append((f"{package}/{names}" + (f"@{version}" if version else ""), text))
    return sorted(rows) + plain


def _findings(paper: Paper, findings: list[Finding], seen: set[str]) -> None:
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
        line = Text(f"{heard(severity.value)}[{code}]", style=SEVERITY_STYLE[severity])
        names = ", ".join(one_line(name) for name in interfaces)
        line.append(f" {here('as above: {names}', names=names)}", style="not bold default")
        paper.hang(line, 2, 4)
    for finding in new:
        _finding(paper, finding, seen)


def _finding(paper: Paper, finding: Finding, seen: set[str]) -> None:
    head = Text(f"{heard(finding.severity.value)}[{finding.code}]", style=SEVERITY_STYLE[finding.severity])
    if best(finding.fixes, unsafe=False):
        head.append(FIXABLE, style="not bold cyan")
    head.append(f" {one_line(finding.message)}", style="not bold default")
    paper.hang(head, 2, 4)
    if len(finding.hosts) > 1:  # of one host the message speaks
        _labelled(paper, here("on "), ", ".join(finding.hosts), "dim", 4)
    # A second finding on the same import need not show the way again.
    way = f"{finding.subject} {finding.interface}"
    shown = bool(finding.interface) and way in seen
    seen.add(way)
    for step in _new_steps(finding, seen) if not shown else ():
        evidence = f"  ({one_line(heard(step.evidence_text))})" if step.evidence else ""
        line = Text(f"{one_line(heard(step.kind))} ", style="dim")
        line.append(one_line(heard(step.name) if step.kind == "binding" else step.name), style="not dim")
        line.append("  ")
        line.append(one_line(str(step.location)), style=link(paper.links, step.location.path, "dim"))
        line.append(evidence)
        paper.hang(line, 4, 6)
    if not shown and (finding.location.path != finding.subject or finding.location.line):
        place = here("at {place}", place=one_line(str(finding.location)))
        paper.hang(Text(place, style=link(paper.links, finding.location.path, "blue")), 4, 6)
        if finding.snippet:
            line = Text(f"    {finding.location.line} | ", style="dim")
            line.append(one_line(finding.snippet.strip()), style="not dim")
            paper.cut(line)
    # The same advice once is enough.
    if finding.help and (finding.code + finding.help) not in seen:
        seen.add(finding.code + finding.help)
        for advice in finding.help.splitlines():
            _labelled(paper, here("help: "), advice, "cyan", 4)


def _new_steps(finding: Finding, seen: set[str]) -> tuple[OriginStep, ...]:
    """The way; of what is no error only its end, when another finding of its kind came the same way so far."""
    before = f"{finding.code} {finding.subject} {finding.origin[:-1]}"
    again = before in seen and finding.severity is not Severity.ERROR
    seen.add(before)
    return finding.origin[-1:] if again else finding.origin


def _labelled(paper: Paper, label: str, text: str, style: str, indent: int) -> None:
    line = Text(label, style=style)
    line.append(one_line(text), style="default")
    paper.hang(line, indent, indent + cells(label))


def _summary(paper: Paper, report: Report, *, verbose: bool) -> None:
    for skipped in report.skipped:
        example = here(" (for example {path})", path=one_line(skipped.example)) if verbose else ""
        words = here("skipped {count}: {reason}", count=skipped.count, reason=heard(skipped.reason))
        paper.hang(Text(words + example, style="dim"), 0, 2)
    for note in report.notes:
        paper.hang(Text(here("note: ") + one_line(note), style="dim"), 0, 2)
    line = Text()
    counts = [(severity, report.count(severity)) for severity in Severity]
    for severity, count in counts:
        if count:
            line.append(here(", ") if line.plain else "")
            line.append(_plural(count, severity.value), style=SEVERITY_STYLE[severity])
    if not line.plain:
        line.append(here("nothing to report"), style="bold green")
        # So that nobody takes an empty or wrong folder for a clean one.
        line.append(
            "" if report.components else here(", but nothing that is built was found"), style="bold yellow"
        )
    checked = _plural(sum(a.kind in ("component", "predicted") for a in report.components), "component")
    modules = sum(a.kind == "module" for a in report.components)
    checked += here(" and {modules}", modules=_plural(modules, "core module")) if modules else ""
    several = len(report.hosts) > 1
    hosts = (
        here("hosts {hosts}", hosts=", ".join(report.hosts))
        if several
        else here("host {host}", host=report.host)
    )
    if report.components or report.findings:
        line.append(here(" in {checked}, {hosts}", checked=checked, hosts=hosts))
    if report.suppressed:
        line.append(here(", {count} suppressed", count=len(report.suppressed)))
    paper.hang(line, 0, 2)
    if words := _fixable(report):
        paper.hang(Text(words, style="cyan"), 0, 2)
    command = _next_command(report)
    if command:
        _labelled(paper, here("next: "), command, "bold", 0)


def _fixable(report: Report) -> str:
    """What `check --fix` could do, in words; "" for nothing."""
    safe, unsafe = fixable(finding.fixes for finding in report.findings)
    if not safe and not unsafe:
        return ""
    if not unsafe:
        return here("[*] {count} fixable with `wasmdoctor check --fix`", count=safe)
    if not safe:
        return here("{count} fixable with `wasmdoctor check --fix --unsafe-fixes`", count=unsafe)
    return here(
        "[*] {count} fixable with `wasmdoctor check --fix`, {more} more with --unsafe-fixes",
        count=safe,
        more=unsafe,
    )


def _plural(count: int, word: str) -> str:
    return here(f"{{count}} {word}" if count == 1 else f"{{count}} {word}s", count=count)


def _next_command(report: Report) -> str:
    """The one command that helps most now."""
    if not report.findings:
        return (
            ""
            if report.components
            else here("wasmdoctor check PATH, with the folder that your build writes to")
        )
    worst = max(report.findings, key=lambda finding: finding.severity.rank)
    # Plans are made from Rust sources: the crate that a chain begins with says where these are.
    crates = [step for step in worst.origin if step.kind == "crate" and step.location.path.endswith(".toml")]
    if worst.plans and crates:
        folder = crates[0].location.path.rpartition("/")[0]
        return f"wasmdoctor plan {one_line(folder)}".rstrip()
    return f"wasmdoctor explain {worst.code}"
