"""``check``: discover, read, judge, report. Reads top to bottom."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from wasmdoctor import __version__
from wasmdoctor.catalog import Catalog
from wasmdoctor.checks import depends_on_host, run_checks
from wasmdoctor.checks.entry import callable_exports
from wasmdoctor.checks.facts import Facts, Origin
from wasmdoctor.checks.linking import Verdict, judge
from wasmdoctor.discover import Discovery, discover, find_sources, read_regular, workspace_root
from wasmdoctor.model.binding import Certainty
from wasmdoctor.model.finding import (
    CheckedArtifact,
    ExportItem,
    Finding,
    HostStart,
    HostStatus,
    ImportVerdict,
    ReachedBy,
    Report,
    Skipped,
    Status,
    Suppressed,
)
from wasmdoctor.model.host import HostView, StartCommand, WitFacts
from wasmdoctor.model.record import dataclass, field
from wasmdoctor.model.rule import Severity
from wasmdoctor.model.shard import Observed
from wasmdoctor.model.source import Location
from wasmdoctor.model.text import say
from wasmdoctor.model.wasm import WasmFile
from wasmdoctor.pipeline.binaries import Progress, read_binaries
from wasmdoctor.pipeline.homes import homes
from wasmdoctor.pipeline.multihost import HostRun, all_findings, all_verdicts, asked_hosts, named
from wasmdoctor.pipeline.parallel import each
from wasmdoctor.pipeline.settings import Settings
from wasmdoctor.pipeline.skew import skew_facts, uneven, with_takers
from wasmdoctor.pipeline.starters import starters
from wasmdoctor.toolchain import Toolchain, ToolError

if TYPE_CHECKING:
    from wasmdoctor.checks.sources import SourceFacts
    from wasmdoctor.model.stdimport import StdImport
    from wasmdoctor.pipeline.project import Maker, Project


@dataclass(frozen=True, slots=True)
class CheckOptions:
    """What a person asks of ``check``.

    ``host`` and ``flags`` as on the command line; ``hosts`` takes the place of ``host`` when it is not empty,
    and each may be several with commas between; ``validate`` asks wasm-tools about validity;
    ``hashes`` wants a SHA-256 of each file, which costs a read of all its bytes; ``target`` is the wasm
    target that components are predicted for, by default the one that seems to be meant; ``calls`` wants
    to know what reaches the imports of large components too. ``settings`` are the configuration's, and what
    the command line says instead; ``today`` decides what has expired; ``known`` takes all findings as those of
    the baseline. ``jobs`` is how many processes may read binaries, 0 for one a processor. ``shard`` is
    a share of the binaries, number and count, from 1: the others are left to other runs, and sources to nobody. ``overlay`` has bytes of
    sources to read instead of what is on disk (None: the file is gone), by path from ``cwd``. ``frames`` wants the
    lines around each finding's place.
    """

    paths: tuple[str, ...]
    cwd: Path
    host: str = "wasmtime"
    flags: tuple[str, ...] = ()
    validate: bool = False
    hashes: bool = False
    target: str | None = None
    calls: bool = False
    hosts: tuple[str, ...] = ()
    settings: Settings | None = None
    today: date | None = None
    known: bool = False
    explain_link: bool = False
    jobs: int = 0
    shard: tuple[int, int] | None = None
    overlay: Mapping[str, bytes | None] = field(default_factory=dict)
    frames: bool = False


@dataclass(frozen=True, slots=True)
class Reading:
    """What a run read: binaries and what stands for those not built, the first host's verdicts by path, and the
    sources (None when they were not asked) with the crate that makes each component."""

    files: tuple[WasmFile, ...]
    host: HostView
    verdicts: Mapping[str, tuple[Verdict, ...]]
    project: Project | None
    makers: Mapping[str, Maker]


MAX_SNIPPET = 1000
"""Characters of a source line that are shown: a generated file can be one line of megabytes."""

SMALL = 4 * 1024 * 1024
"""Bytes of a component whose code is read without being asked for (0.15 s at most; one of 18 MB takes 2 s)."""


def check(
    options: CheckOptions,
    catalog: Catalog,
    toolchain: Toolchain,
    *,
    stdin: bytes | None = None,
    progress: Progress = lambda done, total: None,
    looked: Callable[[Reading], None] | None = None,
    given: Observed | None = None,
    observed: Callable[[Observed], None] | None = None,
) -> Report:
    """Check what is below the paths against one host or several, and against each other.

    Binaries and sources are read once, however many hosts there are. ``looked`` is given what was read, for
    those who want more of it than the report has. ``given`` is what other machines saw of the binaries: then
    nothing is read, sources neither. ``observed`` gets what this one sees, for another to go on with.

    Raises DiscoverError for a path that does not exist, HostError for an unknown host or flag, ConfigError for
    settings that cannot be used, and CatalogError for broken rule data. Everything else that is wrong is a
    finding.
    """
    settings = options.settings or Settings(options.cwd)
    hosts, notes = asked_hosts(options.hosts or (options.host,), options.flags, catalog)
    found = discover(options.paths, options.cwd, stdin=stdin) if given is None else seen(given)
    _exclude(found, settings)
    _share(found, options)
    files = read_binaries(found, progress, options.jobs) if given is None else list(given.files)
    tool_problem, invalid = _ask_wasm_tools(options, found, files, toolchain)
    invalid = invalid if given is None else dict(given.invalid)
    sources = _Sources()
    runs = [HostRun(host, judge(files, host)) for host in hosts]
    verdicts = all_verdicts(runs)
    alone = given is None and options.shard is None
    if alone and (_asks_for_sources(found) or (_open_questions(verdicts) and _may_have_sources(found))):
        sources = _read_sources(options, found, files, toolchain, catalog)
    if sources.predicted:
        files += [file for file in sources.predicted if not settings.excludes(file.path)]
        runs = [HostRun(host, judge(files, host)) for host in hosts]
        verdicts = all_verdicts(runs)
    elsewhere = sources.elsewhere(verdicts)
    if elsewhere:
        files += elsewhere
        runs = [HostRun(host, judge(files, host)) for host in hosts]
        verdicts = all_verdicts(runs)
    open_questions = _open_questions(verdicts)
    origins = sources.origins(verdicts)
    facts = Facts(
        files=tuple(files),
        host=hosts[0],
        verdicts=verdicts,
        lookalikes=catalog.lookalikes,
        standard=_standard(catalog) if open_questions else (),
        declarations=sources.declarations(),
        problems=tuple(found.problems),
        invalid=invalid,
        tool_problem=tool_problem,
        sources=sources.facts(),
        origins=origins,
        export_origins=sources.export_origins(),
        std=(
            dict(given.std)
            if given is not None
            else _brought_by_std(found, files, verdicts, sources, origins, catalog)
            if open_questions
            else {}
        ),
        homes=homes(verdicts, hosts, catalog) if open_questions else {},
        skew=skew_facts(
            found, files, [run.verdicts for run in runs], catalog, given.modules if given else None
        ),
    )
    runs = [_judged(run, runs, facts, catalog) for run in runs]
    own = [finding for finding in all_findings(runs) if sources.covers(finding)]
    findings, suppressed, hidden = _shown(
        _and_documents(own, found, files, options, hosts[0], catalog) if found.documents and alone else own,
        runs,
        options,
        settings,
        catalog,
        found,
        sources,
    )
    hashes = dict(given.hashes) if given is not None else _hashes(found) if options.hashes else {}
    if given is not None:
        reached = _still_open(given.reached, verdicts)
    else:
        reached = _reached(options, found, files, verdicts, sources, origins) if open_questions else {}
    if observed is not None:
        skipped = {reason: tuple(paths) for reason, paths in found.skipped.items()}
        modules = facts.skew.modules
        problems = tuple(found.problems)
        observed(Observed(tuple(files), hashes, reached, facts.std, modules, invalid, problems, skipped))
    if looked is not None:
        looked(_reading(files, runs, sources))
    return Report(
        tool_version=__version__,
        host=hosts[0].id,
        components=_with_link_errors(
            tuple(_artifact(file, runs, hashes, reached) for file in files if file not in elsewhere),
            runs,
            options,
            catalog,
        ),
        findings=_with_snippets(_with_fixes(findings, options, settings), options),
        skipped=_skipped(found),
        notes=(*notes, *hidden),
        hosts=tuple(host.id for host in hosts),
        suppressed=suppressed,
    )


def seen(observed: Observed) -> Discovery:
    """What discovery would have found, but for the binaries: those are read already."""
    skipped = {reason: list(paths) for reason, paths in observed.skipped.items()}
    return Discovery(skipped=skipped, problems=list(observed.problems))


def _share(found: Discovery, options: CheckOptions) -> None:
    """Leave out the binaries of other shards. Which one a binary is of depends on its path alone."""
    if options.shard is not None:
        index, count = options.shard
        found.binaries = [each for each in found.binaries if shard_of(each.path, count) == index]


def shard_of(path: str, count: int) -> int:
    """The shard, from 1 to ``count``, that a path belongs to: the same on every machine and in every year."""
    import hashlib

    return int.from_bytes(hashlib.sha256(path.encode()).digest()[:8]) % count + 1


def _and_documents(
    findings: list[Finding],
    found: Discovery,
    files: Sequence[WasmFile],
    options: CheckOptions,
    host: HostView,
    catalog: Catalog,
) -> list[Finding]:
    """The findings, and what is wrong in the .wac documents, in their total order."""
    from wasmdoctor.pipeline.wacs import document_findings

    more = document_findings(found, files, options.cwd, host.id, catalog)
    return sorted((*findings, *more), key=lambda finding: finding.order)


def _still_open(
    reached: Mapping[tuple[str, str], ReachedBy], verdicts: Mapping[str, tuple[Verdict, ...]]
) -> dict[tuple[str, str], ReachedBy]:
    """What reaches the imports that nobody provides when all components are there."""
    return {
        (path, verdict.extern.name): reached.get((path, verdict.extern.name), ReachedBy.UNKNOWN)
        for path, each in verdicts.items()
        for verdict in each
        if verdict.unprovided
    }


def _reading(files: Sequence[WasmFile], runs: Sequence[HostRun], sources: _Sources) -> Reading:
    """What was read, as the first host judges it."""
    read = sources if isinstance(sources, _ReadSources) else None
    return Reading(
        files=tuple(files),
        host=runs[0].host,
        verdicts=runs[0].verdicts,
        project=read.project if read else None,
        makers=read.makers if read else {},
    )


def _with_link_errors(
    artifacts: tuple[CheckedArtifact, ...], runs: Sequence[HostRun], options: CheckOptions, catalog: Catalog
) -> tuple[CheckedArtifact, ...]:
    """What each host would say to the imports that it does not link, when that was asked for."""
    if not options.explain_link:
        return artifacts
    from wasmdoctor.checks.linkwords import link_errors

    return tuple(
        dataclasses.replace(
            artifact,
            link_errors=tuple(
                error
                for run in runs
                for error in link_errors(run.verdicts.get(artifact.path, ()), run.host, catalog.errors)
            ),
        )
        for artifact in artifacts
    )


def _exclude(found: Discovery, settings: Settings) -> None:
    """Leave out the binaries that the configuration excludes."""
    if not settings.excluding:
        return
    for binary in found.binaries:
        if settings.excludes(binary.path):
            found.skip("files that the configuration excludes", binary.path)
    found.binaries = [binary for binary in found.binaries if not settings.excludes(binary.path)]


def _shown(
    findings: Sequence[Finding],
    runs: Sequence[HostRun],
    options: CheckOptions,
    settings: Settings,
    catalog: Catalog,
    found: Discovery,
    sources: _Sources,
) -> tuple[Sequence[Finding], tuple[Suppressed, ...], tuple[str, ...]]:
    """What is shown of the findings, what is suppressed, and notes on what is not shown: ``pipeline.judging``."""
    read = sources if isinstance(sources, _ReadSources) else None
    if not findings and settings.empty and read is None:
        return (), (), ()
    from wasmdoctor.pipeline.judging import judged

    outcome = judged(
        findings,
        settings,
        catalog,
        paths=options.paths,
        today=options.today or date.today(),
        found=found,
        project=read.project if read else None,
        verdicts=[run.verdicts for run in runs],
        known=options.known,
    )
    return outcome.findings, outcome.suppressed, outcome.notes


def _judged(run: HostRun, runs: Sequence[HostRun], facts: Facts, catalog: Catalog) -> HostRun:
    """What one host's rules find; rules that do not depend on the host are asked with the first."""
    own = dataclasses.replace(
        facts,
        host=named(run.host, [each.host for each in runs]),
        verdicts=run.verdicts,
        starters=starters(facts.files, run.host, catalog),
        skew=with_takers(facts.skew, run.verdicts, run.host, catalog),
    )
    asked = (lambda code: True) if run is runs[0] else depends_on_host
    findings = run_checks(own, catalog.lint, asked)
    faulty = frozenset(finding.subject for finding in findings if finding.severity is Severity.ERROR)
    return dataclasses.replace(run, findings=findings, faulty=faulty)


def _asks_for_sources(found: Discovery) -> bool:
    """Whether a folder was named that holds sources, or a source file: then they are checked, built or not.

    They may lie further down in a repository's top, and in a folder without anything that is built.
    """
    folders = [root for root in found.roots if root.is_dir()]
    return (
        bool(found.sources)
        or any(
            (root / "Cargo.toml").is_file() or (root / "wit").is_dir() or root.name == "wit"
            for root in folders
        )
        or any(_holds_sources(root) for root in folders if not found.binaries or (root / ".git").exists())
    )


def _may_have_sources(found: Discovery) -> bool:
    """Whether there may be any: below a folder that was named, or where a binary or that folder lies below a manifest.

    Loading what reads sources takes longer than looking.
    """
    folders = {binary.real.parent for binary in found.binaries if binary.data is None}
    named = {root for root in found.roots if root.is_dir()}
    return any(map(workspace_root, folders | named)) or any(map(_holds_sources, named))


def _holds_sources(folder: Path) -> bool:
    """Whether any lie below a folder."""
    sources = find_sources(folder)
    return bool(sources.manifests or sources.wit or sources.wac)


def _open_questions(verdicts: Mapping[str, tuple[Verdict, ...]]) -> bool:
    return any(verdict.unprovided for each in verdicts.values() for verdict in each)


class _Sources:
    """The sources of a run; this one has none, and costs nothing."""

    predicted: tuple[WasmFile, ...] = ()

    def declarations(self) -> dict[str, Location]:
        """Where interfaces are declared."""
        return {}

    def facts(self) -> tuple[SourceFacts, ...]:
        """What rules look at."""
        return ()

    def origins(self, verdicts: Mapping[str, tuple[Verdict, ...]]) -> dict[tuple[str, str], Origin]:
        """How the imports that nobody provides came in."""
        return {}

    def export_origins(self) -> dict[tuple[str, str], Origin]:
        """How the exports came out that only linked crates have."""
        return {}

    def leaked_exports(self, file: WasmFile) -> frozenset[str] | None:
        """The exports of a component that its own world has not; None when that world is not known."""
        return None

    def maker(self, path: str) -> Maker | None:
        """The crate that builds a component, where one can be told."""
        return None

    def elsewhere(self, verdicts: Mapping[str, tuple[Verdict, ...]]) -> list[WasmFile]:
        """Components that are not judged, but may provide what nobody does yet."""
        return []

    def covers(self, finding: Finding) -> bool:
        """Whether a finding is about what was asked."""
        return True


class _ReadSources(_Sources):
    """Sources that were read: the crate of each component, and the components that are not built."""

    def __init__(self, project: Project, files: Sequence[WasmFile]) -> None:
        self.project = project
        self.built = project.makers(files)
        unbuilt = project.predicted(self.built.values())
        self.makers = {**self.built, **{file.path: maker for file, maker in unbuilt}}
        self.predicted = tuple(file for file, _ in unbuilt)
        self.files = {file.path: file for file in (*files, *self.predicted)}

    def declarations(self) -> dict[str, Location]:
        """Where the sources around the binaries import interfaces, when one world does, else declare them."""
        return self.project.declarations | self.project.world_lines

    def facts(self) -> tuple[SourceFacts, ...]:
        """One record for each folder of sources."""
        return self.project.facts(self.built)

    def origins(self, verdicts: Mapping[str, tuple[Verdict, ...]]) -> dict[tuple[str, str], Origin]:
        """How the imports that nobody provides came in, and those whose versions do not fit together."""
        asked = uneven(verdicts)
        return {
            (path, verdict.name.text): origin
            for path, maker in self.makers.items()
            for verdict in verdicts.get(path, ())
            if (verdict.unprovided or (path, verdict.name.text) in asked)
            and (origin := self.project.origin(maker, self.files[path], verdict.name.text)) is not None
        }

    def export_origins(self) -> dict[tuple[str, str], Origin]:
        """How the exports came out that only linked crates have."""
        found: dict[tuple[str, str], Origin] = {}
        for path, maker in self.makers.items():
            file = self.files[path]
            for name in self.leaked_exports(file) or ():
                origin = self.project.origin(maker, file, name, export=True)
                if origin is not None:
                    found[path, name] = origin
        return found

    def leaked_exports(self, file: WasmFile) -> frozenset[str] | None:
        """The exports of a component that its own world has not; None when that world is not known."""
        maker = self.makers.get(file.path)
        return self.project.leaked_exports(maker, file) if maker else None

    def maker(self, path: str) -> Maker | None:
        """The crate that builds a component, where one can be told."""
        return self.makers.get(path)

    def elsewhere(self, verdicts: Mapping[str, tuple[Verdict, ...]]) -> list[WasmFile]:
        """Components that are not judged, but may provide what nobody does yet."""
        names = {v.name.text for each in verdicts.values() for v in each if v.unprovided}
        found = self.project.providers(names)
        self.makers.update((file.path, maker) for file, maker in found)
        self.files.update((file.path, file) for file, _ in found)
        return [file for file, _ in found]

    def covers(self, finding: Finding) -> bool:
        """Whether a finding is about what was asked."""
        return self.project.covers(finding)


def _brought_by_std(
    found: Discovery,
    files: Sequence[WasmFile],
    verdicts: Mapping[str, tuple[Verdict, ...]],
    sources: _Sources,
    origins: Mapping[tuple[str, str], Origin],
    catalog: Catalog,
) -> Mapping[tuple[str, str], StdImport]:
    """The imports that nobody provides and that a language's own library brought: ``pipeline.stdimports``."""
    if not any(v.unprovided and v.name.namespace == "wasi" for each in verdicts.values() for v in each):
        return {}
    from wasmdoctor.pipeline.stdimports import std_imports

    binaries = {binary.path: binary for binary in found.binaries}
    return std_imports(files, binaries, verdicts, lambda: catalog.std, sources.maker, origins.__contains__)


def _read_sources(
    options: CheckOptions,
    found: Discovery,
    files: Sequence[WasmFile],
    toolchain: Toolchain,
    catalog: Catalog,
) -> _Sources:
    # Loading the readers of sources takes longer than checking a component that is fine.
    from wasmdoctor.pipeline.project import Project

    # A baseline is of everything.
    changed = {} if options.known else found.changed
    project = Project(found, options.cwd, toolchain, options.target, catalog.std, options.overlay, changed)
    project.analyse(options.jobs)
    return _ReadSources(project, files)


def _ask_wasm_tools(
    options: CheckOptions, found: Discovery, files: Sequence[WasmFile], toolchain: Toolchain
) -> tuple[str, dict[str, str]]:
    """Validity, when it is asked for: the tool's own problem or "", and what it says by path."""
    invalid: dict[str, str] = {}
    if not options.validate:
        return "", invalid
    readable = {file.path for file in files if not file.problems}
    try:
        for binary in found.binaries:
            if binary.path in readable and (text := toolchain.validate(binary.real, binary.data)):
                invalid[binary.path] = text
    except ToolError as error:
        return str(error), invalid
    return "", invalid


def _standard(catalog: Catalog) -> tuple[WitFacts, ...]:
    """The standard interfaces that custom ones are compared with: those of wasmtime's newest line."""
    return catalog.host("wasmtime").facts


def _reached(
    options: CheckOptions,
    found: Discovery,
    files: Iterable[WasmFile],
    verdicts: Mapping[str, tuple[Verdict, ...]],
    sources: _Sources,
    origins: Mapping[tuple[str, str], Origin],
) -> dict[tuple[str, str], ReachedBy]:
    """What reaches each import that nobody provides, by the component's path and the import's name."""
    binaries = {binary.path: binary for binary in found.binaries}
    reached: dict[tuple[str, str], ReachedBy] = {}
    asked: list[tuple[WasmFile, list[str], frozenset[str] | None]] = []
    for file in files:
        names = [v.extern.name for v in verdicts.get(file.path, ()) if v.unprovided]
        for key in ((file.path, name) for name in names):
            unsure = file.predicted and key in origins and origins[key].certainty is Certainty.POSSIBLE
            reached[key] = ReachedBy.PERHAPS if unsure else ReachedBy.UNKNOWN
        if names and not file.predicted and (file.size <= SMALL or options.calls):
            asked.append((file, names, sources.leaked_exports(file)))
    if not asked:
        return reached
    from wasmdoctor.pipeline.calls import Calls

    def work(item: tuple[WasmFile, list[str], frozenset[str] | None]) -> dict[tuple[str, str], ReachedBy]:
        file, names, leaked = item
        calls = Calls(file.path, binaries[file.path], options.cwd, leaked)
        return {(file.path, name): calls.reached_by(name) for name in names}

    for some in each(work, asked, options.jobs):
        reached.update(some)
    return reached


def _hashes(found: Discovery) -> dict[str, str]:
    import hashlib  # OpenSSL takes milliseconds to load

    hashes: dict[str, str] = {}
    for binary in found.binaries:
        if binary.data is not None:
            hashes[binary.path] = hashlib.sha256(binary.data).hexdigest()
            continue
        with suppress(OSError), open(binary.real, "rb") as file:
            hashes[binary.path] = hashlib.file_digest(file, "sha256").hexdigest()
    return hashes


def _artifact(
    file: WasmFile,
    runs: Sequence[HostRun],
    hashes: dict[str, str],
    reached: Mapping[tuple[str, str], ReachedBy],
) -> CheckedArtifact:
    inside = file.component or file.module
    starts = tuple(_host_start(file, run) for run in runs)
    several = len(runs) > 1
    return CheckedArtifact(
        path=file.path,
        kind=_kind(file),
        size=file.size,
        sha256=hashes.get(file.path, ""),
        imports=tuple(sorted(_imports(file, runs, reached), key=lambda item: item.name)),
        exports=tuple(
            sorted(
                (ExportItem(e.name, e.kind) for e in file.component.exports) if file.component else (),
                key=lambda item: item.name,
            )
        ),
        producers={
            name: version
            for values in (inside.producers.values() if inside else ())
            for name, version in values
        },
        start=starts[0].command,
        hints=starts[0].hints,
        compose=next((command for run in runs if (command := _compose(file, run))), ""),
        copies=file.links,
        starts=starts if several else (),
    )


def _fine(file: WasmFile, run: HostRun) -> bool:
    """Whether a host finds nothing in a component that keeps it from running."""
    return file.path not in run.faulty


def _imports(
    file: WasmFile, runs: Sequence[HostRun], reached: Mapping[tuple[str, str], ReachedBy]
) -> Iterator[ImportVerdict]:
    """The imports as the first host judges them, each with what the others say when there are others."""
    for sides in zip(*(run.verdicts.get(file.path, ()) for run in runs), strict=True):
        how = reached.get((file.path, sides[0].extern.name))
        items = [import_verdict(verdict, run.host, how) for verdict, run in zip(sides, runs, strict=True)]
        if len(items) == 1:
            yield items[0]
            continue
        hosts = tuple(
            HostStatus(run.host.id, item.status, item.provided_by, item.note)
            for item, run in zip(items, runs, strict=True)
        )
        if not sides[0].unprovided:
            items[0] = dataclasses.replace(items[0], reached_by=None)
        yield dataclasses.replace(items[0], hosts=hosts)


def _host_start(file: WasmFile, run: HostRun) -> HostStart:
    """How to start a component on one host; without a command where the host finds an error in it."""
    start = _start(file, run.verdicts.get(file.path, ()), run.host) if _fine(file, run) else None
    if start is None:
        return HostStart(run.host.id)
    hints = tuple(f"{flag.args} ({flag.about})" for flag in start.hints)
    return HostStart(run.host.id, start.command, hints)


def _kind(file: WasmFile) -> str:
    if file.predicted:
        return "predicted"
    return "component" if file.component else "module" if file.module else "unreadable"


def import_verdict(verdict: Verdict, host: HostView, reached: ReachedBy | None = None) -> ImportVerdict:
    """A verdict as reports show it; ``reached`` says how the code reaches an import that nobody provides."""
    provided_by: str | None = verdict.provider
    note: str = ""
    if verdict.status is Status.CONFIGURED:
        note = say("as the configuration says")
    elif verdict.status is Status.HOST:
        provided_by = host.id
        version = (verdict.match.provided or "").partition("@")[2]
        note = (
            ""
            if verdict.match.provided == verdict.name.text
            else say("which has it at {version}", version=version)
        )
    elif verdict.match.kind == "flag":
        flags = " ".join(host.profile.flag(flag).args for flag in verdict.match.needs_flag)
        note = say("only with {flags}", flags=flags)
    elif verdict.missing:
        note = say("without {names}", names=", ".join(missing.name for missing in verdict.missing[:3]))
    elif verdict.mistyped:
        names = ", ".join(each.name for each in verdict.mistyped[:3])
        note = say("with another type of {names}", names=names)
    return ImportVerdict(
        name=verdict.extern.name,
        kind=verdict.extern.kind,
        status=verdict.status,
        provided_by=provided_by,
        functions=tuple(sorted(f.name for f in verdict.extern.functions)),
        note=note,
        reached_by=reached,
    )


ELSEWHERE = (Status.COMPONENT, Status.CONFIGURED)
"""Provided, but not by the host as it is started by itself."""


def _start(file: WasmFile, verdicts: Iterable[Verdict], host: HostView) -> StartCommand | None:
    """How to run a component that needs nobody but the host."""
    if file.component is None or file.predicted or any(v.status in ELSEWHERE for v in verdicts):
        return None
    imports = {
        v.extern.name: tuple(f.name for f in v.extern.functions) for v in verdicts if v.status is Status.HOST
    }
    return host.start(file.path, imports, callable_exports(file))


def _compose(file: WasmFile, run: HostRun) -> str:
    """The command that wires the components of this run that provide for this one, or ""."""
    verdicts = run.verdicts.get(file.path, ()) if _fine(file, run) else ()
    providers = sorted({v.provider for v in verdicts if v.status is Status.COMPONENT and v.provider})
    if not providers:
        return ""
    plugs = "".join(f" --plug {provider}" for provider in providers)
    return f"wac plug {file.path}{plugs} -o composed.wasm"


def _skipped(found: Discovery) -> tuple[Skipped, ...]:
    return tuple(
        Skipped(reason, len(paths), min(paths)) for reason, paths in sorted(found.skipped.items()) if paths
    )


def _with_fixes(findings: Sequence[Finding], options: CheckOptions, settings: Settings) -> Sequence[Finding]:
    """The findings whose rule proposed something get that as edits."""
    if not any(finding.remedies for finding in findings):
        return findings
    from wasmdoctor.pipeline.fix import with_fixes

    return with_fixes(findings, options, settings)


def _with_snippets(findings: Iterable[Finding], options: CheckOptions) -> tuple[Finding, ...]:
    """Findings that point at a line of a source get its text."""
    lines: dict[str, list[str]] = {}
    result: list[Finding] = []
    for finding in findings:
        place = finding.location
        if place.line:
            if place.path not in lines:
                try:
                    data = options.overlay.get(place.path) or read_regular(options.cwd / place.path)
                    lines[place.path] = data.decode("utf-8", "replace").splitlines()
                except OSError:
                    lines[place.path] = []
            text = lines[place.path]
            snippet = text[place.line - 1][:MAX_SNIPPET] if place.line <= len(text) else ""
            finding = dataclasses.replace(finding, snippet=snippet)
            if options.frames:
                from wasmdoctor.pipeline.frames import frame_of

                finding = dataclasses.replace(finding, frame=frame_of(text, place, finding.interface))
        result.append(finding)
    return tuple(result)
