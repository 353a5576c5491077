"""The head of the report: how it stands in one sentence and a few numbers, and remarks on the run."""

from __future__ import annotations

from collections.abc import Iterator

from wasmdoctor.model.finding import Report
from wasmdoctor.model.rule import Severity
from wasmdoctor.reporters.report_html.markup import attributes, code, plural, text


def summary(report: Report) -> str:
    """The section."""
    return "".join(_parts(report))


def _parts(report: Report) -> Iterator[str]:
    yield f'<p class="verdict">{_verdict(report)}</p>\n'
    yield f'<ul class="tiles">{"".join(_tiles(report))}</ul>\n'
    notes = [text(note) for note in report.notes]
    notes += [
        f"{plural(each.count, 'file')} skipped: {text(each.reason)} (such as {code(each.example)})"
        for each in report.skipped
    ]
    if notes:
        items = "".join(f"<li>{note}</li>" for note in notes)
        yield f"<details><summary>{plural(len(notes), 'note')} on the run</summary><ul>{items}</ul></details>\n"


def _verdict(report: Report) -> str:
    bad = {f.subject for f in report.findings if f.severity is Severity.ERROR}
    checked = [each for each in report.components if each.kind != "module"]
    failing = sum(each.path in bad for each in checked)
    hosts = " or ".join(code(host) for host in report.hosts or (report.host,))
    whole = plural(len(checked), "component")
    if not checked:
        return f"No component was checked for {hosts}."
    if failing:
        return (
            f"<b>{failing:,} of {whole}</b> would not run on {hosts}."
            if _only_host(report)
            else f"<b>{failing:,} of {whole}</b> with errors, for {hosts}."
        )
    if bad:
        return f"<b>Errors</b> around {whole}, for {hosts}."
    return f"<b>No errors</b> in {whole}, for {hosts}."


def _only_host(report: Report) -> bool:
    """Whether all errors in components are imports that nobody provides: then they do not run at all."""
    paths = {each.path for each in report.components}
    errors = [f for f in report.findings if f.severity is Severity.ERROR and f.subject in paths]
    return len(report.hosts) < 2 and all(f.code == "WD101" for f in errors)


def _tiles(report: Report) -> Iterator[str]:
    for level in Severity:
        count = report.count(level)
        look = level.value if count else "none"
        yield f"<li{attributes(class_=look)}><b>{count:,}</b> {level.value if count == 1 else level.value + 's'}</li>"
    imports = sum(len(each.imports) for each in report.components)
    modules = sum(each.kind == "module" for each in report.components)
    yield _tile(len(report.components) - modules, "component")
    if modules:
        yield _tile(modules, "core module")
    yield _tile(imports, "import")
    if report.suppressed:
        yield f'<li class="plain"><b>{len(report.suppressed):,}</b> suppressed</li>'


def _tile(count: int, word: str) -> str:
    return f'<li class="plain"><b>{count:,}</b> {word if count == 1 else word + "s"}</li>'
