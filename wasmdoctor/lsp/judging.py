"""One workspace judged by its sources, as they are in the editor. Runs in a process of its own: see ``jobs``."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from wasmdoctor.discover import find_sources, read_regular
from wasmdoctor.graph.origins import origin
from wasmdoctor.lsp.documents import LARGEST
from wasmdoctor.lsp.positions import START, Lines, Range
from wasmdoctor.model.digest import digest
from wasmdoctor.model.edit import Create
from wasmdoctor.model.errors import WasmdoctorError
from wasmdoctor.model.finding import Finding, Report, Status
from wasmdoctor.model.host import HostView
from wasmdoctor.model.names import ExternName
from wasmdoctor.model.record import dataclass, field
from wasmdoctor.model.source import Location, Problem, Span
from wasmdoctor.pipeline.check import CheckOptions, Reading, check
from wasmdoctor.pipeline.multihost import asked_hosts
from wasmdoctor.pipeline.project import predicted_of
from wasmdoctor.pipeline.settings import ConfigError, Settings, catalog_of, load_settings
from wasmdoctor.toolchain import Toolchain

MOST_FINDINGS = 2000
MOST_FACTS = 20_000
"""What is sent to the server at most of one workspace: findings, and facts for hovers."""

DEFAULT_HOSTS = ("wasmtime",)


@dataclass(frozen=True, slots=True)
class Question:
    """A workspace to judge.

    ``overlay`` has the texts of the editor by path from ``root``. ``hosts`` and ``flags`` are those of the server's
    command line; without ``hosts`` those of the configuration hold.
    """

    root: str
    overlay: Mapping[str, bytes | None]
    encoding: str
    hosts: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
    config: str | None = None
    isolated: bool = False
    wasm_tools: str | None = None


@dataclass(frozen=True, slots=True)
class Import:
    """A component that imports an interface, and who provides it there, in words."""

    component: str
    status: str
    provider: str


@dataclass(frozen=True, slots=True)
class Way:
    """An import that comes into a component through a line: a dependency, a binding, a line of WIT."""

    name: str
    component: str
    unprovided: bool


@dataclass(frozen=True, slots=True)
class Answer:
    """What was found.

    Paths are relative to the root. ``ranges`` has the place of each location of findings, by path, line, column
    and interface. ``imports`` are by the interface's full name, ``hosted`` says of interfaces which of the hosts have
    them, ``exporters`` which components export them; ``ways`` are by path and line. ``declared`` is where interfaces
    (without version) are declared. ``digests`` are those of the files that fixes edit. ``problems`` are those of the
    configuration; ``failure`` is why nothing could be judged, or "". ``shared`` has, by a finding's fingerprint, the
    other components in which the same rule finds the same thing at the same place.
    """

    findings: tuple[Finding, ...] = ()
    ranges: Mapping[tuple[str, int, int, str], Range] = field(default_factory=dict)
    hosts: tuple[str, ...] = ()
    imports: Mapping[str, tuple[Import, ...]] = field(default_factory=dict)
    hosted: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    exporters: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    ways: Mapping[tuple[str, int], tuple[Way, ...]] = field(default_factory=dict)
    declared: Mapping[str, Location] = field(default_factory=dict)
    digests: Mapping[str, str] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()
    failure: str = ""
    shared: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def judge(question: Question) -> Answer:
    """Judge a workspace. Never raises for what is wrong with it."""
    root = Path(question.root)
    start = _some_source(root)
    if start is None:
        return Answer()
    try:
        settings = load_settings(
            (start,), root, config=question.config, isolated=question.isolated, overlay=question.overlay
        )
    except ConfigError as error:
        return _with_problems(question, error.problems)
    try:
        return _judged(question, settings, start)
    except ConfigError as error:
        return _with_problems(question, error.problems)
    except WasmdoctorError as error:
        places = settings.places_of("hosts", "host-flags")
        if places and type(error).__name__ == "HostError":
            first, _, rest = str(error).partition("\n")
            place = settings.values["hosts" if "hosts" in settings.values else "host-flags"].location
            return _with_problems(question, (Problem(place, first, rest.strip()),))
        return Answer(failure=str(error))


def _some_source(root: Path) -> str | None:
    """A file that stands for the workspace: ``check`` judges the sources around it, not what was built."""
    if (root / "Cargo.toml").is_file():
        return "Cargo.toml"
    found = find_sources(root)
    for folder in found.wit:
        for path in sorted(folder.glob("*.wit")):
            return path.relative_to(root).as_posix()
    return next((path.relative_to(root).as_posix() for path in found.wac), None)


def _judged(question: Question, settings: Settings, start: str) -> Answer:
    root = Path(question.root)
    catalog = catalog_of(settings)
    hosts = question.hosts or settings.names("hosts") or DEFAULT_HOSTS
    flags = question.flags or tuple(dict.fromkeys(f for host in hosts for f in settings.flags_of(host)))
    options = CheckOptions(
        paths=(start,),
        cwd=root,
        hosts=hosts,
        flags=flags,
        target=settings.text("target"),
        settings=settings,
        jobs=1,
        overlay=question.overlay,
        frames=True,
    )
    readings: list[Reading] = []
    tools = question.wasm_tools or settings.path("wasm-tools")
    report = check(options, catalog, Toolchain(tools), looked=readings.append)
    views, _ = asked_hosts(hosts, flags, catalog)
    texts = _Texts(root, question)
    findings, shared = _once(report.findings)
    shown = findings[:MOST_FINDINGS]
    reading = readings[0] if readings else None
    return Answer(
        findings=shown,
        ranges=_ranges(shown, texts),
        hosts=report.hosts,
        imports=_imports(report),
        hosted=_hosted(report, reading, views),
        exporters=_exporters(report),
        ways=_ways(reading) if reading else {},
        declared=dict(list(reading.project.declarations.items())[:MOST_FACTS])
        if reading and reading.project
        else {},
        digests=_digests(shown, texts),
        shared=shared,
    )


def _once(findings: Iterable[Finding]) -> tuple[tuple[Finding, ...], dict[str, tuple[str, ...]]]:
    """The findings, what one line is to blame for in several components once; and those components."""
    first: dict[tuple[object, ...], Finding] = {}
    others: dict[str, list[str]] = {}
    for finding in findings:
        about = finding.interface or finding.message
        known = first.setdefault((finding.code, about, finding.location), finding)
        if known is not finding and finding.subject != known.subject:
            others.setdefault(known.fingerprint, []).append(finding.subject)
    return tuple(first.values()), {mark: tuple(dict.fromkeys(each)) for mark, each in others.items()}


def _with_problems(question: Question, problems: Iterable[Problem]) -> Answer:
    texts = _Texts(Path(question.root), question)
    found = tuple(problems)[:MOST_FINDINGS]
    ranges = {_key(p.location): texts.range(p.location) for p in found}
    return Answer(problems=found, ranges=ranges)


class _Texts:
    """The texts that were judged, read once more for places in them."""

    def __init__(self, root: Path, question: Question) -> None:
        self.root = root
        self.question = question
        self._lines: dict[str, Lines | None] = {}

    def read(self, path: str) -> bytes | None:
        """The bytes that were judged; None when there is no such text."""
        overlay = self.question.overlay
        if path in overlay:
            return overlay[path]
        try:
            return read_regular(self.root / path, LARGEST)
        except (OSError, ValueError):
            return None

    def lines(self, path: str) -> Lines | None:
        """A text with its lines; None for what is no text, such as a component."""
        if path not in self._lines:
            data = self.read(path)
            is_text = data is not None and b"\0" not in data[:1024]
            self._lines[path] = Lines(data or b"", self.question.encoding) if is_text else None
        return self._lines[path]

    def range(self, place: Location, length: int = 0) -> Range:
        """The range of a place: ``length`` code points, by default the word that stands there."""
        lines = self.lines(place.path) if place.line else None
        if lines is None:
            return START
        start = lines.of(place)
        end = _word_end(lines.data, start)
        if length:
            end = max(start, lines.of(Location(place.path, place.line, place.column + length)))
        while end > start + 1 and lines.data[end - 1] in b":.":  # a field's colon is not of its name
            end -= 1
        return lines.range(Span(start, end))


ENDS = frozenset(b" \t\r\n;,{}()[]=<>'\"")


def _word_end(data: bytes, start: int) -> int:
    if data[start : start + 1] in (b'"', b"'"):
        line = data.find(b"\n", start)
        end = data.find(data[start : start + 1], start + 1, line if line >= 0 else len(data))
        return end + 1 if end >= 0 else start + 1
    end = start
    while end < len(data) and data[end] not in ENDS:
        end += 1
    return end


def _key(place: Location, interface: str = "") -> tuple[str, int, int, str]:
    return (place.path, place.line, place.column, interface)


def _ranges(findings: Iterable[Finding], texts: _Texts) -> dict[tuple[str, int, int, str], Range]:
    ranges: dict[tuple[str, int, int, str], Range] = {}
    for finding in findings:
        place, frame = finding.location, finding.frame
        meant = frame.end - frame.start if frame is not None and frame.start == place.column else 0
        ranges[_key(place, finding.interface)] = texts.range(place, meant)
        for other in (*(step.location for step in finding.origin), *(p for p, _ in finding.related)):
            ranges.setdefault(_key(other), texts.range(other))
    return ranges


def _digests(findings: Iterable[Finding], texts: _Texts) -> dict[str, str]:
    paths = {
        edit.path
        for finding in findings
        for fix in finding.fixes
        for edit in fix.edits
        if not isinstance(edit, Create)
    }
    return {path: digest(data) for path in sorted(paths) if (data := texts.read(path)) is not None}


STATUS = {
    Status.HOST: "{by}",
    Status.COMPONENT: "the component `{by}`",
    Status.CONFIGURED: "{by}, as the configuration says",
    Status.OPTIONAL: "nobody has to: it has types only",
    Status.VERSION: "nobody at this version",
    Status.UNPROVIDED: "nobody",
}


def _imports(report: Report) -> dict[str, tuple[Import, ...]]:
    """Who imports what, and who provides it there."""
    found: dict[str, list[Import]] = {}
    left = MOST_FACTS
    for artifact in report.components:
        for item in artifact.imports[:left]:
            sides = [(side.host, side.status, side.provided_by, side.note) for side in item.hosts] or [
                ("", item.status, item.provided_by, item.note)
            ]
            words = [
                (f"on {host}: " if host else "")
                + STATUS[status].format(by=by or "the host")
                + (f" ({note})" if note else "")
                for host, status, by, note in sides
            ]
            found.setdefault(item.name, []).append(Import(artifact.path, item.status.value, "; ".join(words)))
            left -= 1
    return {name: tuple(each) for name, each in found.items()}


def _exporters(report: Report) -> dict[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    for artifact in report.components:
        for item in artifact.exports[:MOST_FACTS]:
            found.setdefault(item.name, []).append(artifact.path)
    return {name: tuple(paths) for name, paths in found.items()}


def _hosted(report: Report, reading: Reading | None, hosts: Iterable[HostView]) -> dict[str, tuple[str, ...]]:
    """Which hosts have each interface that the workspace's WIT declares or a component imports."""
    names = {item.name: None for artifact in report.components for item in artifact.imports}
    if reading is not None and reading.project is not None:
        for workspace in reading.project.workspaces.values():
            for resolution in workspace.wit.values():
                for package in resolution.packages.values():
                    names.update(dict.fromkeys(each.name for each in package.interfaces.values()))
    hosts = tuple(hosts)
    found = {}
    for name in list(names)[:MOST_FACTS]:
        matches = [(host, host.match(ExternName.parse(name))) for host in hosts]
        found[name] = tuple(
            _said(host, match.kind, match.provided, match.needs_flag) for host, match in matches
        )
    return found


def _said(host: HostView, kind: str, provided: str | None, flags: Iterable[str]) -> str:
    """What a host says to an interface, in words."""
    if kind == "flag":
        args = " ".join(host.profile.flag(flag).args for flag in flags)
        return f"{host.id} provides it with `{args}`"
    if kind in ("none", "version"):
        return f"{host.id} does not provide it" + (f": it has `{provided}`" if provided else "")
    return f"{host.id} provides it"


def _ways(reading: Reading) -> dict[tuple[str, int], tuple[Way, ...]]:
    """The imports that come in through each line of the sources."""
    found: dict[tuple[str, int], dict[Way, None]] = {}
    left = MOST_FACTS
    for path, maker in reading.makers.items():
        for verdict in reading.verdicts.get(path, ()):
            predicted = predicted_of(maker.analysis, verdict.name.text, export=False)
            way = Way(verdict.name.text, path, verdict.unprovided)
            for carrier in predicted.carriers if predicted else ():
                for step in origin(maker.component.crate, carrier):
                    if left and step.location.line:
                        found.setdefault((step.location.path, step.location.line), {})[way] = None
                        left -= 1
    return {place: tuple(ways) for place, ways in found.items()}


def quiet() -> None:
    """Keep what a process prints away from the protocol, which goes over standard output."""
    os.dup2(2, 1)
