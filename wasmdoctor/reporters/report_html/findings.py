"""The findings: each with the lines around its place, the way on which it came in, and what to do."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from html import escape

from wasmdoctor.model.finding import Finding, Frame, OriginStep, Report, Suppressed
from wasmdoctor.model.rule import Severity
from wasmdoctor.reporters.escape import one_line
from wasmdoctor.reporters.report_html.groups import Group
from wasmdoctor.reporters.report_html.markup import attributes, code, plural, prose, table, tag, text

SUBJECTS = 4
"""Components that are named at once; more are folded."""


def findings(report: Report, groups: Sequence[Group], anchors: Mapping[str, str], drawn: set[str]) -> str:
    """The section. ``anchors`` has the place of each component in the page, ``drawn`` the groups whose way is in
    the graph."""
    if not groups:
        return '<p class="fine">Nothing to report.</p>\n'
    cards = "".join(_card(group, anchors, group.id in drawn) for group in groups)
    return f'{_filters(groups)}<div class="split">\n{rules(report, groups)}<div>\n{cards}</div>\n</div>\n'


def rules(report: Report, groups: Sequence[Group]) -> str:
    """How often each rule found something, each with a link to the first."""
    counts = Counter(finding.code for finding in report.findings)
    subjects: dict[str, set[str]] = {}
    for finding in report.findings:
        subjects.setdefault(finding.code, set()).add(finding.subject)
    first: dict[str, Group] = {}
    for group in groups:
        first.setdefault(group.first.code, group)
    rows = [
        [
            (
                f"{tag(group.first.severity)} "
                f'<a class="rule" href="#{group.id}"{attributes(data_rule=rule)}>{text(rule)}</a>'
            ),
            text(group.first.name.replace("-", " ")),
            f"{counts[rule]:,}",
            f"{len(subjects[rule]):,}",
        ]
        for rule, group in first.items()
    ]
    head = ["rule", "", "findings", "components"]
    return f'<div class="rules">{table("By rule", head, rows, open_=True)}</div>\n'


def _filters(groups: Sequence[Group]) -> str:
    codes = {group.first.code: group.first.name for group in groups}
    levels = [level for level in Severity if any(group.first.severity is level for group in groups)]
    options = "".join(
        f"<option{attributes(value=each)}>{text(f'{each} {codes[each]}')}</option>" for each in sorted(codes)
    )
    buttons = "".join(
        f'<button type="button" aria-pressed="true"{attributes(data_severity=level.value)}>{level.value}s</button>'
        for level in levels
    )
    return f"""\
<form class="filters" role="search" aria-label="Filter the findings" data-filter="finding" data-script hidden>
<input type="search" aria-label="Search the findings" placeholder="Search: message, file, crate" \
autocomplete="off" spellcheck="false" aria-keyshortcuts="/">
<span role="group" aria-label="Severities">{buttons}</span>
<select aria-label="Rule"><option value="">every rule</option>{options}</select>
<output aria-live="polite"></output>
</form>
"""


def _card(group: Group, anchors: Mapping[str, str], drawn: bool) -> str:
    finding = group.first
    level = finding.severity.value
    return (
        f"<article{attributes(class_=f'finding {level}', id=group.id, data_severity=level, data_code=finding.code)}>\n"
        f'<h3>{tag(finding.severity)} <span class="rule">{text(finding.code)}</span> '
        f"{prose(finding.message)}</h3>\n{''.join(_body(group, anchors, drawn))}</article>\n"
    )


def _body(group: Group, anchors: Mapping[str, str], drawn: bool) -> Iterator[str]:
    finding = group.first
    yield f'<div class="in">{_subjects(group, anchors)}{_hosts(finding)}</div>\n'
    if finding.frame is not None:
        yield frame(finding.frame, finding.location.path, str(finding.location))
    elif finding.location.path != finding.subject:
        yield f'<p class="place">{code(finding.location)}</p>\n'
    for advice in finding.help.splitlines():
        yield f'<p class="help"><b>Help</b> {prose(advice)}</p>\n'
    for fix in finding.fixes:
        how = "check --fix" if fix.safe else "check --fix --unsafe-fixes"
        yield f'<p class="help"><b>Fix</b> {prose(fix.title)}: {code(f"wasmdoctor {how}")}</p>\n'
    if finding.origin:
        yield _way(finding.origin, f"How it came into {finding.subject}")
    if drawn:
        yield f'<button type="button" data-script hidden{attributes(data_why=group.id)}>Show it in the graph</button>\n'
    if finding.related:
        items = "".join(f"<li>{code(place)} {prose(note)}</li>" for place, note in finding.related)
        yield f"<details><summary>{plural(len(finding.related), 'place')} to see as well</summary><ul>{items}</ul></details>\n"


def _subjects(group: Group, anchors: Mapping[str, str]) -> str:
    links = [_link(subject, anchors) for subject in group.subjects]
    named = ", ".join(links[:SUBJECTS])
    if len(links) <= SUBJECTS:
        return f"in {named}"
    rest = "".join(f"<li>{link}</li>" for link in links[SUBJECTS:])
    return (
        f"in {named} <details><summary>and {plural(len(links) - SUBJECTS, 'other')}</summary>"
        f"<ul>{rest}</ul></details>"
    )


def _link(subject: str, anchors: Mapping[str, str]) -> str:
    anchor = anchors.get(subject)
    return f'<a href="#{anchor}">{code(subject)}</a>' if anchor else code(subject)


def _hosts(finding: Finding) -> str:
    return f" · on {text(', '.join(finding.hosts))}" if finding.hosts else ""


def frame(shown: Frame, path: str, place: str) -> str:
    """Lines of a source with their numbers; what is meant is underlined."""
    width = len(str(shown.first + len(shown.lines) - 1))
    lines = "".join(_line(shown, number, line, width) for number, line in enumerate(shown.lines, shown.first))
    return (
        f'<figure class="frame"><figcaption>{code(place)}</figcaption>'
        f'<pre tabindex="0"{attributes(aria_label=f"{path} around line {shown.line}")}>{lines}</pre></figure>\n'
    )


def _line(shown: Frame, number: int, line: str, width: int) -> str:
    meant = number == shown.line
    body = _spaced(line)
    if meant and shown.start:
        before, inside, after = (
            line[: shown.start - 1],
            line[shown.start - 1 : shown.end - 1],
            line[shown.end - 1 :],
        )
        body = f"{_spaced(before)}<mark>{_spaced(inside)}</mark>{_spaced(after)}"
    sign = "&gt;" if meant else " "
    return (
        f'<span class="{"line meant" if meant else "line"}"><i>{sign} {number:>{width}} │ </i>{body}\n</span>'
    )


def _spaced(line: str) -> str:
    """A part of a line; a tab stays one."""
    return "\t".join(escape(one_line(part)) for part in line.split("\t"))


def _way(steps: Iterable[OriginStep], title: str) -> str:
    items = "".join(
        f'<li><span class="kind">{text(step.kind)}</span> <b>{text(step.name)}</b> {code(step.location)}'
        f"{f' <small>{text(step.evidence_text)}</small>' if step.evidence else ''}</li>"
        for step in steps
    )
    return f'<div class="way"><h4>{text(title)}</h4>\n<ol>{items}</ol></div>\n'


def suppressed(found: Sequence[Suppressed]) -> str:
    """The findings that are not counted, each with the reason."""
    rows = [
        [
            f'{tag(each.finding.severity)} <span class="rule">{text(each.finding.code)}</span>',
            f"{prose(each.finding.message)}<br>{code(each.finding.location)}",
            text(each.reason),
            f"{text(each.kind)} {code(each.location)}",
        ]
        for each in found
    ]
    return table("Suppressed findings", ["rule", "finding", "reason", "by"], rows, class_="suppressed")
