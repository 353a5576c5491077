"""Several hosts in one run: each judges the same files, and what they say is brought together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from wasmdoctor.catalog import Catalog
from wasmdoctor.checks import depends_on_host
from wasmdoctor.checks.linking import Verdict
from wasmdoctor.model.finding import Finding
from wasmdoctor.model.host import HostError, HostView, view
from wasmdoctor.model.record import dataclass, replace
from wasmdoctor.model.text import joined, say

PLACE = "\0host\0"
"""Stands for the host in the texts of findings until it is known on which hosts they hold. No name has it."""

ANY_HOST = say("the host")
"""What stands for several hosts in a sentence about one."""


@dataclass(frozen=True, slots=True)
class HostRun:
    """What one host says: its verdicts by component, the findings, and the paths of those with an error."""

    host: HostView
    verdicts: Mapping[str, tuple[Verdict, ...]]
    findings: tuple[Finding, ...] = ()
    faulty: frozenset[str] = frozenset()


def asked_hosts(
    specs: Iterable[str], flags: Sequence[str], catalog: Catalog
) -> tuple[tuple[HostView, ...], tuple[str, ...]]:
    """The hosts that a person names, each once, and notes about them.

    A spec may hold several with commas between. With several hosts each gets the flags that it knows.
    Raises HostError for an unknown host, and for a flag that none of them has.
    """
    words = [word for spec in specs for word in (part.strip() for part in spec.split(",")) if word]
    if not words:
        raise HostError("no host was named", "Write --host wasmtime@46; `wasmdoctor hosts` lists the hosts")
    if len(set(words)) == 1:
        only = catalog.host(words[0], flags)
        return (only,), (only.note,) if only.note else ()
    plain = {host.id: host for host in map(catalog.host, words)}
    taken: dict[str, list[str]] = {id_: [] for id_ in plain}
    notes: list[str] = []
    for flag in [part for word in flags for part in word.split(",") if part.strip()]:
        errors: dict[str, HostError] = {}
        for id_, host in plain.items():
            try:
                view(host.profile, host.spec, host.line, [flag])
            except HostError as error:
                errors[id_] = error
            else:
                taken[id_].append(flag)
        if len(errors) == len(plain):
            raise next(iter(errors.values()))
        if errors:
            notes.append(f"{', '.join(errors)} has no flag `{flag.strip()}`: it is judged without")
    hosts = tuple(catalog.host(host.spec, taken[id_]) for id_, host in plain.items())
    notes = [f"{host.id}: {host.note}" for host in hosts if host.note] + notes
    return hosts, tuple(notes)


def named(host: HostView, hosts: Sequence[HostView]) -> HostView:
    """A host as the rules see it: with a place for its name when the findings of several are to be merged."""
    return replace(host, label=PLACE) if len(hosts) > 1 else host


def all_verdicts(runs: Sequence[HostRun]) -> dict[str, tuple[Verdict, ...]]:
    """For each import the verdict of the first host, or of the first that finds nobody to provide it."""
    first, *others = runs
    if not others:
        return dict(first.verdicts)
    merged: dict[str, tuple[Verdict, ...]] = {}
    for path, verdicts in first.verdicts.items():
        sides = zip(verdicts, *(run.verdicts[path] for run in others), strict=True)
        merged[path] = tuple(next((v for v in side if v.unprovided), side[0]) for side in sides)
    return merged


def all_findings(runs: Sequence[HostRun]) -> tuple[Finding, ...]:
    """The findings of all hosts in their total order; those that differ in the host alone are one.

    A finding of several hosts speaks of "the host" and names them in ``hosts``; its help is all that is
    advised for any of them. A rule that does not depend on the host is asked once, and names none.
    """
    if len(runs) == 1:
        return runs[0].findings
    held: dict[tuple[object, ...], list[tuple[str, Finding]]] = {}
    for run in runs:
        for finding in run.findings:
            held.setdefault(_same(finding), []).append((run.host.id, finding))
    return tuple(sorted((_merged(each) for each in held.values()), key=lambda finding: finding.order))


def _same(finding: Finding) -> tuple[object, ...]:
    """What two findings share that are one: everything but the advice and what else is worth opening."""
    return (
        finding.code,
        finding.severity,
        finding.confidence,
        finding.message,
        finding.subject,
        finding.location,
        finding.interface,
        finding.plans,
    )


def _merged(held: Sequence[tuple[str, Finding]]) -> Finding:
    """One finding for those of several hosts."""
    finding = held[0][1]
    hosts = tuple(id_ for id_, _ in held) if depends_on_host(finding.code) else ()
    name: str = ANY_HOST
    if len(hosts) == 1:
        name = hosts[0] if "@" in hosts[0] else f"{ANY_HOST} `{hosts[0]}`"
    advice = [line.replace(PLACE, id_) for id_, each in held for line in each.help.splitlines()]
    related = [item for _, each in held for item in each.related]
    return replace(
        finding,
        message=finding.message.replace(PLACE, name),
        help=joined("\n", dict.fromkeys(advice)),
        related=tuple((place, text.replace(PLACE, name)) for place, text in dict.fromkeys(related)),
        hosts=hosts,
    )
