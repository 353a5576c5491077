"""Findings that say the same of several components, told once."""

from __future__ import annotations

from collections.abc import Iterable

from wasmdoctor.model.finding import Finding
from wasmdoctor.model.record import dataclass


@dataclass(frozen=True, slots=True)
class Group:
    """What is said once: ``findings`` differ in the component (``subject``) and the way that leads there.

    ``id`` names it in the page.
    """

    id: str
    findings: tuple[Finding, ...]

    @property
    def first(self) -> Finding:
        """The finding that stands for all."""
        return self.findings[0]

    @property
    def subjects(self) -> list[str]:
        """The components, each once."""
        return list(dict.fromkeys(finding.subject for finding in self.findings))


def grouped(findings: Iterable[Finding]) -> list[Group]:
    """The findings in groups, the gravest first, then by rule, in the order of the report."""
    together: dict[tuple[object, ...], list[Finding]] = {}
    for finding in findings:
        together.setdefault(_key(finding), []).append(finding)
    found = sorted(together.values(), key=lambda each: (-each[0].severity.rank, each[0].code))
    return [Group(f"f{number}", tuple(each)) for number, each in enumerate(found, 1)]


def _key(finding: Finding) -> tuple[object, ...]:
    """What has to be the same. A place in the component itself says nothing of the cause."""
    own = finding.location.path == finding.subject
    place = (finding.location.line, finding.location.column) if own else finding.location
    return (
        finding.severity.value,
        finding.code,
        finding.message,
        finding.interface,
        place,
        finding.hosts,
        finding.help,
        finding.subject if own and finding.location.line else "",
    )
