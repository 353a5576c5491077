"""The components: what each imports and who provides it, what it exports, and how to start it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from wasmdoctor.model.finding import CheckedArtifact, HostStart, ImportVerdict, ReachedBy, Report, Status
from wasmdoctor.model.rule import Severity
from wasmdoctor.reporters.report_html.groups import Group
from wasmdoctor.reporters.report_html.markup import attributes, code, plural, table, tag, text
from wasmdoctor.reporters.report_html.words import (
    KINDS,
    MARKS,
    MISSING,
    is_missing,
    missing_of,
    remarks,
    says,
    says_briefly,
    size,
    status_class,
)

FEW = 5
"""So many components are shown open."""

ORDER = (Status.UNPROVIDED, Status.VERSION, Status.COMPONENT, Status.CONFIGURED, Status.HOST, Status.OPTIONAL)


def components(report: Report, groups: Sequence[Group], anchors: Mapping[str, str]) -> str:
    """The section, the components with the gravest findings first."""
    if not report.components:
        return "<p>No component or core module was found.</p>\n"
    about: dict[str, list[Group]] = {}
    for group in groups:
        for subject in group.subjects:
            about.setdefault(subject, []).append(group)
    ordered = sorted(report.components, key=lambda each: -_rank(about.get(each.path, ())))
    shown = len(ordered) <= FEW
    return _filters() + "".join(
        _component(each, about.get(each.path, ()), anchors[each.path], report, open_=shown)
        for each in ordered
    )


def _rank(groups: Sequence[Group]) -> int:
    return max((group.first.severity.rank + 1 for group in groups), default=0)


def _filters() -> str:
    return """\
<form class="filters" role="search" aria-label="Filter the components" data-filter="component" data-script hidden>
<input type="search" aria-label="Search the components" placeholder="Search: path, import, export" \
autocomplete="off" spellcheck="false" aria-keyshortcuts="/">
<span role="group" aria-label="What to show">
<button type="button" aria-pressed="false" data-only="bad">with findings only</button></span>
<button type="button" data-fold="open">Open all</button> <button type="button" data-fold="">Close all</button>
<output aria-live="polite"></output>
</form>
"""


def _component(
    artifact: CheckedArtifact, groups: Sequence[Group], anchor: str, report: Report, *, open_: bool
) -> str:
    folder, slash, name = artifact.path.rpartition("/")
    worst = max((group.first.severity for group in groups), key=lambda level: level.rank, default=None)
    return (
        f"<details{attributes(class_='component', id=anchor, data_bad='1' if groups else '')}{' open' if open_ else ''}>"
        f"<summary>{_standing(worst)} <h3><code>{text(folder + slash)}<b>{text(name)}</b></code></h3> "
        f'<span class="facts">{" · ".join(_facts(artifact))}</span></summary>\n'
        f"{''.join(_body(artifact, groups, report))}</details>\n"
    )


def _standing(worst: Severity | None) -> str:
    return '<span class="tag fine">fine</span>' if worst is None else tag(worst)


def _facts(artifact: CheckedArtifact) -> Iterator[str]:
    missing = missing_of(artifact)
    if missing:
        yield f'<span class="missing">{plural(missing, "import")} of {len(artifact.imports)} not provided</span>'
    elif artifact.imports:
        yield f"{plural(len(artifact.imports), 'import')} provided"
    yield text(KINDS.get(artifact.kind, artifact.kind))
    if artifact.size:
        yield size(artifact.size)


def _body(artifact: CheckedArtifact, groups: Sequence[Group], report: Report) -> Iterator[str]:
    if groups:
        yield _findings(groups)
    if artifact.copies:
        yield f"<p>The same file: {', '.join(map(code, artifact.copies))}</p>\n"
    if artifact.imports:
        yield _imports(artifact, report)
    elif artifact.kind in ("component", "predicted"):
        yield "<p>It imports nothing.</p>\n"
    if artifact.exports:
        names = "".join(f"<li>{code(item.name)}</li>" for item in artifact.exports)
        yield f"<details><summary>{plural(len(artifact.exports), 'export')}</summary><ul>{names}</ul></details>\n"
    for error in artifact.link_errors:
        more = "" if error.whole else " …"
        yield f'<p class="command"><b>{text(error.host)} says</b> {code(error.text + more)}</p>\n'
    for start in artifact.starts or (HostStart("", artifact.start, artifact.hints),):
        if start.command:
            on = f" on {text(start.host)}" if start.host else ""
            hints = "".join(f"<br><small>it may need: {code(hint)}</small>" for hint in start.hints)
            yield f'<p class="command"><b>Start it{on}</b> {code(start.command)}{hints}</p>\n'
    if artifact.compose:
        yield f'<p class="command"><b>Compose it</b> {code(artifact.compose)}</p>\n'
    if artifact.producers:
        made = ", ".join(f"{name} {version}".rstrip() for name, version in sorted(artifact.producers.items()))
        yield f'<p class="made"><b>Made with</b> {text(made)}</p>\n'


def _findings(groups: Sequence[Group]) -> str:
    """Links to the findings in a component, a line for each rule."""
    rules: dict[str, list[Group]] = {}
    for group in groups:
        rules.setdefault(group.first.code, []).append(group)
    lines = []
    for rule, some in rules.items():
        first = some[0].first
        links = [
            f'<a href="#{group.id}">{code(_short(group.first.interface) or str(number))}</a>'
            for number, group in enumerate(some, 1)
        ]
        name = text(first.name.replace("-", " "))
        lines.append(
            f'<li>{tag(first.severity)} <span class="rule">{text(rule)}</span> {name}: {", ".join(links)}</li>'
        )
    return f'<ul class="about">{"".join(lines)}</ul>\n'


def _short(interface: str) -> str:
    """An interface's name without package and version."""
    return interface.rpartition("/")[2].partition("@")[0]


def _imports(artifact: CheckedArtifact, report: Report) -> str:
    """A column for who provides it, or one for each of several hosts."""
    items = sorted(artifact.imports, key=lambda item: (not is_missing(item), ORDER.index(item.status)))
    several = [side.host for side in items[0].hosts]
    head = ["import", *several] if several else ["import", "provided"]
    if any(map(remarks, items)):
        head.append("remarks")
    rows = [[*_cells(item), *([text(remarks(item))] if head[-1] == "remarks" else [])] for item in items]
    return table(f"Imports of {artifact.path}", head, rows, class_="imports")


def _cells(item: ImportVerdict) -> Iterator[str]:
    yield text(item.name)
    sides = [(side.status, says_briefly(side)) for side in item.hosts] or [(item.status, says(item))]
    for status, words in sides:
        mark = "?" if item.reached_by is ReachedBy.PERHAPS and status in MISSING else MARKS[status]
        yield f'<span class="{status_class(status)}">{mark} {text(words)}</span>'
