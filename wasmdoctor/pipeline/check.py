"""``check``: discover, read, judge, report. Reads top to bottom."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from wasmdoctor import __version__
from wasmdoctor.catalog import Catalog
from wasmdoctor.checks import run_checks
from wasmdoctor.checks.facts import Facts, Origin
from wasmdoctor.checks.linking import Verdict, judge
from wasmdoctor.discover import Discovery, discover, workspace_root
from wasmdoctor.model.finding import (
    CheckedArtifact,
    ExportItem,
    Finding,
    ImportVerdict,
    ReachedBy,
    Report,
    Skipped,
    Status,
)
from wasmdoctor.model.host import HostView, StartCommand, WitFacts
from wasmdoctor.model.rule import Severity
from wasmdoctor.model.source import Location
from wasmdoctor.model.wasm import WasmFile
from wasmdoctor.pipeline.binaries import Progress, read_binaries
from wasmdoctor.toolchain import Toolchain, ToolError

if TYPE_CHECKING:
    from wasmdoctor.checks.sources import SourceFacts
    from wasmdoctor.pipeline.project import Project


@dataclass(frozen=True, slots=True)
class CheckOptions:
    """What a person asks of ``check``.

    ``host`` and ``flags`` as on the command line; ``validate`` asks wasm-tools about validity;
    ``hashes`` wants a SHA-256 of each file, which costs a read of all its bytes; ``target`` is the wasm
    target that components are predicted for, by default the one that seems to be meant; ``calls`` wants
    to know what reaches the imports of large components too.
    """

    paths: tuple[str, ...]
    cwd: Path
    host: str = "wasmtime"
    flags: tuple[str, ...] = ()
    validate: bool = False
    hashes: bool = False
    target: str | None = None
    calls: bool = False


SMALL = 4 * 1024 * 1024
"""Bytes of a component whose code is read without being asked for (0.15 s at most; one of 18 MB takes 2 s)."""


def check(
    options: CheckOptions,
    catalog: Catalog,
    toolchain: Toolchain,
    *,
    stdin: bytes | None = None,
    progress: Progress = lambda done, total: None,
) -> Report:
    """Check what is below the paths against a host, and against each other.

    Raises DiscoverError for a path that does not exist, HostError for an unknown host or flag, and
    CatalogError for broken rule data. Everything else that is wrong is a finding.
    """
    host = catalog.host(options.host, options.flags)
    found = discover(options.paths, options.cwd, stdin=stdin)
    files = read_binaries(found, progress)
    tool_problem, invalid = _ask_wasm_tools(options, found, files, toolchain)
    sources = _Sources()
    verdicts = judge(files, host)
    if _asks_for_sources(found) or (_open_questions(verdicts) and _may_have_sources(found)):
        sources = _read_sources(options, found, files, toolchain, catalog)
    if sources.predicted:
        files += sources.predicted
        verdicts = judge(files, host)
    open_questions = _open_questions(verdicts)
    facts = Facts(
        files=tuple(files),
        host=host,
        verdicts=verdicts,
        lookalikes=catalog.lookalikes,
        standard=_standard(catalog) if open_questions else (),
        declarations=sources.declarations(),
        problems=tuple(found.problems),
        invalid=invalid,
        tool_problem=tool_problem,
        sources=sources.facts(),
        origins=sources.origins(verdicts),
        export_origins=sources.export_origins(),
    )
    findings = run_checks(facts, catalog.lint)
    hashes = _hashes(found) if options.hashes else {}
    reached = _reached(options, found, files, verdicts, sources) if open_questions else {}
    return Report(
        tool_version=__version__,
        host=host.id,
        components=tuple(_artifact(file, verdicts, findings, host, hashes, reached) for file in files),
        findings=_with_snippets(findings, options.cwd),
        skipped=_skipped(found),
        notes=(host.note,) if host.note else (),
    )


def _asks_for_sources(found: Discovery) -> bool:
    """Whether a folder was named that holds sources: then they are checked, built or not."""
    return any(root.is_dir() and (root / "Cargo.toml").is_file() for root in found.roots)


def _may_have_sources(found: Discovery) -> bool:
    """Whether there may be any: a folder was named, or a binary lies below a manifest."""
    folders = {binary.real.parent for binary in found.binaries if binary.data is None}
    return any(root.is_dir() for root in found.roots) or any(map(workspace_root, folders))


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
        """Where the sources around the binaries declare interfaces."""
        return self.project.declarations

    def facts(self) -> tuple[SourceFacts, ...]:
        """One record for each folder of sources."""
        return self.project.facts(self.built)

    def origins(self, verdicts: Mapping[str, tuple[Verdict, ...]]) -> dict[tuple[str, str], Origin]:
        """How the imports that nobody provides came in."""
        return {
            (path, verdict.name.text): origin
            for path, maker in self.makers.items()
            for verdict in verdicts.get(path, ())
            if verdict.unprovided
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


def _read_sources(
    options: CheckOptions,
    found: Discovery,
    files: Sequence[WasmFile],
    toolchain: Toolchain,
    catalog: Catalog,
) -> _Sources:
    # Loading the readers of sources takes longer than checking a component that is fine.
    from wasmdoctor.pipeline.project import Project

    return _ReadSources(Project(found, options.cwd, toolchain, options.target, catalog.std), files)


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
) -> dict[tuple[str, str], ReachedBy]:
    """What reaches each import that nobody provides, by the component's path and the import's name."""
    binaries = {binary.path: binary for binary in found.binaries}
    reached: dict[tuple[str, str], ReachedBy] = {}
    for file in files:
        names = [v.extern.name for v in verdicts.get(file.path, ()) if v.unprovided]
        reached.update({(file.path, name): ReachedBy.UNKNOWN for name in names})
        if not names or file.predicted or (file.size > SMALL and not options.calls):
            continue
        from wasmdoctor.pipeline.calls import Calls

        calls = Calls(file.path, binaries[file.path], options.cwd, sources.leaked_exports(file))
        reached.update({(file.path, name): calls.reached_by(name) for name in names})
    return reached


def _hashes(found: Discovery) -> dict[str, str]:
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
    verdicts: dict[str, tuple[Verdict, ...]],
    findings: Iterable[Finding],
    host: HostView,
    hashes: dict[str, str],
    reached: Mapping[tuple[str, str], ReachedBy],
) -> CheckedArtifact:
    inside = file.component or file.module
    fine = not any(f.subject == file.path and f.severity is Severity.ERROR for f in findings)
    own = verdicts.get(file.path, ())
    start = _start(file, own, host) if fine else None
    return CheckedArtifact(
        path=file.path,
        kind=_kind(file),
        size=file.size,
        sha256=hashes.get(file.path, ""),
        imports=tuple(
            sorted(
                (import_verdict(v, host, reached.get((file.path, v.extern.name))) for v in own),
                key=lambda item: item.name,
            )
        ),
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
        start=start.command if start else "",
        hints=tuple(f"{flag.args} ({flag.about})" for flag in start.hints) if start else (),
        compose=_compose(file, own) if fine else "",
        copies=file.links,
    )


def _kind(file: WasmFile) -> str:
    if file.predicted:
        return "predicted"
    return "component" if file.component else "module" if file.module else "unreadable"


def import_verdict(verdict: Verdict, host: HostView, reached: ReachedBy | None = None) -> ImportVerdict:
    """A verdict as reports show it; ``reached`` says how the code reaches an import that nobody provides."""
    provided_by, note = verdict.provider, ""
    if verdict.status is Status.HOST:
        provided_by = host.id
        version = (verdict.match.provided or "").partition("@")[2]
        note = "" if verdict.match.provided == verdict.name.text else f"which has it at {version}"
    elif verdict.match.kind == "flag":
        note = "only with " + " ".join(host.profile.flag(flag).args for flag in verdict.match.needs_flag)
    elif verdict.missing:
        note = f"without {', '.join(missing.name for missing in verdict.missing[:3])}"
    return ImportVerdict(
        name=verdict.extern.name,
        kind=verdict.extern.kind,
        status=verdict.status,
        provided_by=provided_by,
        functions=tuple(sorted(f.name for f in verdict.extern.functions)),
        note=note,
        reached_by=reached,
    )


def _start(file: WasmFile, verdicts: Iterable[Verdict], host: HostView) -> StartCommand | None:
    """How to run a component that needs nobody but the host."""
    if file.component is None or file.predicted or any(v.status is Status.COMPONENT for v in verdicts):
        return None
    imports = {
        v.extern.name: tuple(f.name for f in v.extern.functions) for v in verdicts if v.status is Status.HOST
    }
    exports = [export.name for export in file.component.exports]
    return host.start(file.path, imports, exports)


def _compose(file: WasmFile, verdicts: Iterable[Verdict]) -> str:
    """The command that wires the components of this run that provide for this one, or ""."""
    providers = sorted({v.provider for v in verdicts if v.status is Status.COMPONENT and v.provider})
    if not providers:
        return ""
    plugs = "".join(f" --plug {provider}" for provider in providers)
    return f"wac plug {file.path}{plugs} -o composed.wasm"


def _skipped(found: Discovery) -> tuple[Skipped, ...]:
    return tuple(
        Skipped(reason, len(paths), min(paths)) for reason, paths in sorted(found.skipped.items()) if paths
    )


def _with_snippets(findings: Iterable[Finding], cwd: Path) -> tuple[Finding, ...]:
    """Findings that point at a line of a source get its text."""
    lines: dict[str, list[str]] = {}
    result: list[Finding] = []
    for finding in findings:
        place = finding.location
        if place.line:
            if place.path not in lines:
                try:
                    lines[place.path] = (cwd / place.path).read_text("utf-8", "replace").splitlines()
                except OSError:
                    lines[place.path] = []
            text = lines[place.path]
            snippet = text[place.line - 1] if place.line <= len(text) else ""
            finding = dataclasses.replace(finding, snippet=snippet)
        result.append(finding)
    return tuple(result)
