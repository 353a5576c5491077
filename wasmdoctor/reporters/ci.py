"""What the outputs for CI systems share: the words of an origin step, the summary in words."""

from __future__ import annotations

from collections.abc import Iterator

from wasmdoctor.model.finding import Finding, OriginStep, Report
from wasmdoctor.model.record import dataclass
from wasmdoctor.model.repository import Repository
from wasmdoctor.model.rule import Severity
from wasmdoctor.model.source import Location
from wasmdoctor.reporters.escape import one_line


def title(finding: Finding) -> str:
    """The rule: ``WD101 nonstandard-import``."""
    return one_line(f"{finding.code} {finding.name}")


def message(finding: Finding) -> str:
    """What is wrong, and of several hosts on which."""
    where = f" (on {', '.join(finding.hosts)})" if len(finding.hosts) > 1 else ""
    return one_line(finding.message + where)


def advice(finding: Finding) -> list[str]:
    """The lines of the help."""
    return [one_line(line) for line in finding.help.splitlines()]


def step_text(step: OriginStep) -> str:
    """One step of an origin: ``crate app at app/Cargo.toml:9 (observed in rlib ...)``."""
    text = f"{step.kind} {step.name} at {step.location}"
    return one_line(f"{text} ({step.evidence_text})" if step.evidence else text)


def plural(count: int, word: str) -> str:
    """``1 error``, ``2 errors``."""
    return f"{count} {word}" if count == 1 else f"{count} {word}s"


def counted(report: Report) -> str:
    """``3 errors, 1 warning``, or ``nothing to report``."""
    counts = [(severity, report.count(severity)) for severity in Severity]
    return ", ".join(plural(count, s.value) for s, count in counts if count) or "nothing to report"


def scope(report: Report) -> str:
    """What was looked at: ``4 components, host wasmtime@50``."""
    hosts = f"hosts {', '.join(report.hosts)}" if len(report.hosts) > 1 else f"host {report.host}"
    return f"{plural(len(report.components), 'component')}, {one_line(hosts)}"


@dataclass(frozen=True, slots=True)
class Shown:
    """What a CI system is shown once: a finding, its place in the repository, and all components that have it."""

    finding: Finding
    place: Location
    subjects: tuple[str, ...]


def gravest_first(report: Report, repository: Repository) -> list[Shown]:
    """The findings by severity, else in their order; the same words at the same place only once."""
    groups: dict[tuple[str, str, Location], list[Finding]] = {}
    for finding in sorted(report.findings, key=lambda finding: -finding.severity.rank):
        key = (finding.code, message(finding), repository.place(finding))
        groups.setdefault(key, []).append(finding)
    return [
        Shown(group[0], place, tuple(dict.fromkeys(finding.subject for finding in group)))
        for (_, _, place), group in groups.items()
    ]


def subjects(report: Report) -> Iterator[tuple[str, list[Finding]]]:
    """Every component of the run with its findings, then what else findings are about."""
    found: dict[str, list[Finding]] = {artifact.path: [] for artifact in report.components}
    for finding in report.findings:
        found.setdefault(finding.subject, []).append(finding)
    yield from found.items()
