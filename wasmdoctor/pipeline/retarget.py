"""``migrate --wasi``: set workspaces to a WASI release, prove it, and change the tree in one transaction."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from wasmdoctor import __version__
from wasmdoctor.catalog import Catalog
from wasmdoctor.discover import DiscoverError, display_path
from wasmdoctor.migrate.diff import unified_diff
from wasmdoctor.migrate.retarget import RetargetInputs, RustCode, retarget
from wasmdoctor.migrate.retarget.plan import target_problem
from wasmdoctor.model.cargo import SourceKind
from wasmdoctor.model.edit import OWN_FOLDER
from wasmdoctor.model.errors import WasmdoctorError
from wasmdoctor.model.host import HostView
from wasmdoctor.model.migration import Proof, Step, Verification
from wasmdoctor.model.names import ExternName, version_order
from wasmdoctor.model.record import dataclass, replace
from wasmdoctor.model.retarget import RetargetedWorkspace, RetargetReport, is_release
from wasmdoctor.model.wit import Resolution
from wasmdoctor.pipeline.crates import Analysis, Crates
from wasmdoctor.pipeline.migrate import with_lock
from wasmdoctor.pipeline.overlay import MANIFEST, EditedWorkspace, written_files
from wasmdoctor.pipeline.plan import (
    Place,
    PlanOptions,
    component_name,
    makers_after,
    places,
    surface_of,
    troubles_of,
)
from wasmdoctor.pipeline.project import Maker
from wasmdoctor.pipeline.sources import Workspace
from wasmdoctor.pipeline.verify import VerifyOptions, Wanted, verify
from wasmdoctor.readers.cargo import DiskFiles
from wasmdoctor.readers.cargo.files import folder_of, is_below, join
from wasmdoctor.toolchain import Toolchain
from wasmdoctor.transaction import apply

FACTS = "wasi-0.2"
VERSIONS = "versions"
MAX_FILES = 20_000
WIT_FILES = (".wit", ".wasm", ".wat")


class RetargetError(WasmdoctorError, ValueError):
    """A release that workspaces cannot be set to; the text says why."""


@dataclass(frozen=True, slots=True)
class RetargetJob:
    """One workspace that is about to be set to a release.

    ``root`` is the folder that the changes are relative to; ``place`` is None for a folder of WIT without Cargo;
    ``edited`` are its components after the edits.
    """

    root: Path
    place: Place | None
    workspace: RetargetedWorkspace
    host: HostView
    edited: Sequence[Maker] = ()


def prepare_retarget(
    options: PlanOptions, target: str, catalog: Catalog, toolchain: Toolchain
) -> list[RetargetJob]:
    """What setting each cargo workspace of the paths to a release means, or each folder of WIT where there is
    no Cargo. Writes nothing.

    Raises RetargetError when the release cannot be asked for, and what ``places`` raises.
    """
    facts = catalog.wit_facts(FACTS)
    problem = target_problem(target, max(facts.versions, key=version_order))
    if problem:
        raise RetargetError(problem)
    host = catalog.host(options.host, options.flags)
    jobs: list[RetargetJob] = []
    try:
        cargo = places(options, catalog, toolchain)
    except DiscoverError:
        jobs = list(_folders_of_wit(options, target, host, catalog, toolchain))
        if not jobs:
            raise
        return jobs
    for place in cargo:
        found = retarget(retarget_inputs(place, catalog), target)
        edited = makers_after(place, place.makers, found.changes, toolchain) if found.changes else []
        workspace = RetargetedWorkspace(
            display_path(place.root, options.cwd),
            place.crates.target,
            found,
            {component_name(maker): surface_of(maker) for maker in place.makers},
            {component_name(maker): surface_of(maker) for maker in edited},
            unified_diff(found.changes) if found.changes else "",
        )
        jobs.append(RetargetJob(place.root, place, workspace, host, edited))
    return jobs


def _folders_of_wit(
    options: PlanOptions, target: str, host: HostView, catalog: Catalog, toolchain: Toolchain
) -> Iterator[RetargetJob]:
    """The folders of the paths that hold WIT, for components that are not made with Cargo."""
    named = dict.fromkeys(Path(os.path.realpath(options.cwd / path)) for path in options.paths)
    for path in named:
        folder = path if path.is_dir() else path.parent
        workspace = Workspace(folder, folder, toolchain)
        if not workspace.wit:
            continue
        files = _Files(workspace.files)
        listed = sorted({file for root in workspace.wit for file in _wit_files(files, root)})
        facts = catalog.wit_facts(FACTS)
        found = retarget(RetargetInputs(".", files, tuple(listed), workspace.wit, (), (), facts), target)
        shown = RetargetedWorkspace(
            display_path(folder, options.cwd),
            "",
            found,
            diff=unified_diff(found.changes) if found.changes else "",
        )
        yield RetargetJob(folder, None, shown, host)


# -- what is read


class _Files:
    """The files of a workspace, None and nothing for what cannot be read."""

    def __init__(self, files: DiskFiles) -> None:
        self._files = files

    def read(self, path: str) -> bytes | None:
        """The bytes of a file, or None."""
        try:
            return self._files.read(path)
        except OSError:
            return None

    def entries(self, path: str) -> Mapping[str, bool]:
        """The names in a folder, and whether each is a folder."""
        try:
            return self._files.entries(path)
        except OSError:
            return {}


def retarget_inputs(place: Place, catalog: Catalog) -> RetargetInputs:
    """A workspace as retargeting takes it: its WIT, the Rust of its components and libraries, its manifests."""
    crates = place.crates
    files = _Files(crates.files)
    root = crates.cargo.folder
    analyses = [crates.analysis(each) for each in (*crates.components, *crates.libraries)]
    roots: dict[str, Resolution] = {
        path: resolution
        for path, resolution in crates.workspace.wit.items()
        if is_below(path, root) and _belongs(crates, files, path)
    }
    folders = list(roots)
    for analysis in analyses:
        for use in analysis.wit_uses:
            roots[str(use.location)] = use.resolution
            folders += [path for path in use.paths if is_below(path, root)]
    listed = sorted({path for folder in folders for path in _wit_files(files, folder)})
    return RetargetInputs(
        root,
        files,
        tuple(listed),
        roots,
        tuple(map(_code, analyses)),
        tuple(crates.cargo.packages.values()),
        catalog.wit_facts(FACTS),
    )


def _belongs(crates: Crates, files: _Files, folder: str) -> bool:
    """Whether a folder is this cargo workspace's: no manifest of another one stands above it."""
    while True:
        manifest = join(folder, MANIFEST)
        if files.read(manifest) is not None:
            return manifest in crates.cargo.packages or manifest == crates.cargo.manifest
        if folder in (".", "/", "") or folder == crates.cargo.folder:
            return True
        folder = folder_of(folder)


def _code(analysis: Analysis) -> RustCode:
    crates = analysis.component.graph.crates
    own = frozenset(
        id_ for id_, crate in crates.items() if crate.is_member or crate.source_kind is SourceKind.PATH
    )
    return RustCode(
        analysis.program,
        analysis.crate_ids,
        own,
        analysis.bindings.bindings,
        analysis.prediction,
        analysis.bindings.names,
    )


def _wit_files(files: _Files, path: str) -> Iterator[str]:
    """The WIT files of a folder, of its packages in ``deps``, and of theirs; the path itself when it is a file."""
    if path.endswith(WIT_FILES) and files.read(path) is not None:
        yield path
        return
    waiting = [path]
    seen = 0
    while waiting and seen < MAX_FILES:
        folder = waiting.pop()
        for name, is_folder in files.entries(folder).items():
            seen += 1
            inner = join(folder, name)
            if is_folder and (folder != path or name == "deps"):
                waiting.append(inner)
            elif not is_folder and name.endswith(WIT_FILES):
                yield inner


# -- what is proven


def prove_retarget(
    job: RetargetJob, options: VerifyOptions, toolchain: Toolchain, tell: Callable[[str], None]
) -> Verification:
    """Read the edited sources again, build a copy and look at what came out; the tree is not touched."""
    if job.place is None:
        return Verification((_wit_again(job, toolchain), NOT_BUILT))
    step = _versions(job)
    if step.result is Proof.FAILED:
        return Verification((step,))
    stays = frozenset(trouble.name for trouble in troubles_of(job.edited, job.host))
    wanted = Wanted(
        job.place,
        job.workspace.retarget.changes,
        job.edited,
        job.workspace.after,
        job.host,
        stays,
    )
    found = verify(wanted, options, toolchain, tell)
    return replace(found, steps=(step, *found.steps, *_built(job, found)))


NOT_BUILT = Step(
    "build",
    Proof.SKIPPED,
    "nothing was built: there is no cargo workspace here",
    how="make the bindings anew, build, and run `wasmdoctor check` on the component",
)


def _wit_again(job: RetargetJob, toolchain: Toolchain) -> Step:
    """The edited WIT, read from memory: whether all of it means something, as it did before."""
    edits = written_files(job.workspace.retarget.changes)
    before = Workspace(job.root, job.root, toolchain)
    after = EditedWorkspace(job.root, job.root, toolchain, edits)
    known = {problem.message for each in before.wit.values() for problem in each.problems}
    new = [p for each in after.wit.values() for p in each.problems if p.message not in known]
    target = job.workspace.retarget.target
    other = [
        package.name
        for each in after.wit.values()
        for package in each.packages.values()
        if is_release(package.base, package.version) and package.version != target
    ]
    details = (*(f"{problem.location}: {problem.message}" for problem in new), *other)
    if details:
        return Step(VERSIONS, Proof.FAILED, "the edited WIT has problems that were not there", details)
    return Step(VERSIONS, Proof.PASSED, f"read again after the edits, all WIT is for WASI {target}")


def _versions(job: RetargetJob) -> Step:
    """Whether the workspace's own bindings ask for the release alone after the edits."""
    target = job.workspace.retarget.target
    generated = {step.location.path for step in job.workspace.retarget.manual}
    wrong: dict[str, None] = {}
    for maker in job.edited:
        own = _code(maker.analysis).own
        for binding in maker.analysis.bindings.bindings:
            if binding.crate not in own or binding.location.path in generated:
                continue
            for name in (*binding.imports, *binding.exports):
                parsed = ExternName.parse(name)
                if is_release(parsed.package or "", parsed.version) and parsed.version != target:
                    wrong[f"{binding.location}: {name}"] = None
    if wrong:
        return Step(VERSIONS, Proof.FAILED, f"after the edits these are not of WASI {target}", tuple(wrong))
    return Step(
        VERSIONS, Proof.PASSED, f"read again after the edits, all WIT and bindings are for WASI {target}"
    )


def _built(job: RetargetJob, found: Verification) -> Iterator[Step]:
    """Which releases the built components import. Others than the target come from elsewhere."""
    target = job.workspace.retarget.target
    if not found.built:
        return
    others: dict[str, set[str]] = {}
    for component in found.built:
        for name in component.imports:
            parsed = ExternName.parse(name)
            if is_release(parsed.package or "", parsed.version) and parsed.version != target:
                others.setdefault(parsed.version or "", set()).add(parsed.unversioned)
    if not others:
        yield Step(VERSIONS, Proof.PASSED, f"what was built imports WASI {target} and no other release")
        return
    details = tuple(
        f"{version}: {', '.join(sorted(names))}"
        for version, names in sorted(others.items(), key=lambda item: version_order(item[0]))
    )
    yield Step(
        VERSIONS,
        Proof.PASSED,
        f"what was built imports WASI {target}, and from std, the preview1 adapter or crates of a registry",
        details,
    )


# -- what is written


def carry_out_retarget(job: RetargetJob, verification: Verification) -> RetargetReport:
    """Make the changes in one transaction. Raises TransactionError; then nothing changed."""
    found = job.workspace.retarget
    changes = with_lock(found.changes, verification.lock, job.root)
    applied = apply(job.root, changes, label=f"migrate --wasi {found.target}")
    workspace = replace(job.workspace, retarget=replace(found, changes=changes))
    return RetargetReport(
        workspace, verification, applied.id, "wasmdoctor undo", __version__, tuple(applied.notes)
    )


def write_retarget_reports(done: RetargetReport, root: Path, file: Path | None) -> list[Path]:
    """Write the report, as Markdown and as HTML, into the tree's own folder, or to one file that is named
    (HTML when it ends so, else Markdown). Gives the paths. Raises OSError."""
    from wasmdoctor.reporters import retarget as report

    if file is not None:
        text = report.html(done) if file.suffix in (".html", ".htm") else report.markdown(done)
        file.write_text(text, encoding="utf-8")
        return [file]
    folder = root / OWN_FOLDER / "reports"
    folder.mkdir(parents=True, exist_ok=True)
    made = [folder / f"{done.id}.md", folder / f"{done.id}.html"]
    made[0].write_text(report.markdown(done), encoding="utf-8")
    made[1].write_text(report.html(done), encoding="utf-8")
    return made
