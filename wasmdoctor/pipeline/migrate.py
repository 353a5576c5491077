"""``migrate``: plan, prove, and change the tree in one transaction. Each step is a function that the command calls."""

from __future__ import annotations

import glob
import os
import shlex
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from wasmdoctor import __version__
from wasmdoctor.catalog import Catalog
from wasmdoctor.discover import display_path
from wasmdoctor.model.edit import OWN_FOLDER, ChangeKind, ChangeSet, FileChange
from wasmdoctor.model.host import HostView
from wasmdoctor.model.migration import MigrationReport, Proof, Step, Verification, WorkspacePlans
from wasmdoctor.model.plan import Plan
from wasmdoctor.model.record import dataclass, replace
from wasmdoctor.pipeline.adapters import composed_name
from wasmdoctor.pipeline.composing import Composing
from wasmdoctor.pipeline.overlay import LOCK
from wasmdoctor.pipeline.plan import (
    Place,
    PlanOptions,
    component_name,
    places,
    plan_place,
)
from wasmdoctor.pipeline.project import Maker
from wasmdoctor.pipeline.verify import VerifyOptions, Wanted, verify
from wasmdoctor.reporters import migration as report
from wasmdoctor.toolchain import Toolchain, uncommitted
from wasmdoctor.transaction import Refused, apply

JOURNAL = f"{OWN_FOLDER}/journal"
MOST_PATHS = 8


@dataclass(frozen=True, slots=True)
class Prepared:
    """A plan that is about to be carried out in one workspace. ``edited`` are the components of the edited
    tree, read from memory; ``sizes`` are those of components that were
    built before (bytes), by profile and name: building the copy may take their place. ``adapter`` is plan B's
    when the person has one."""

    place: Place
    plans: WorkspacePlans
    plan: Plan
    host: HostView
    edited: Sequence[Maker]
    sizes: Mapping[str, Mapping[str, int]]
    catalog: Catalog
    adapter: Path | None = None

    @property
    def root(self) -> Path:
        """The folder that the changes are relative to."""
        return self.place.root


def prepare(options: PlanOptions, catalog: Catalog, toolchain: Toolchain) -> list[Prepared]:
    """The chosen plan for each workspace of the paths, or the recommended one when none was chosen.

    Where none is recommended, nothing is to be cured, or the first plan says why not. Raises what ``plans``
    raises.
    """
    host = catalog.host(options.host, options.flags)
    found: list[Prepared] = []
    for place in places(options, catalog, toolchain):
        planned = plan_place(place, options, catalog, toolchain)
        best = (plan.plan for plan in planned.plans.plans if plan.recommended)
        chosen = options.only or next(best, planned.plans.plans[0].plan)
        plan = planned.plans.plan(chosen)
        edited = planned.edited.get(chosen, ())
        given = options.cwd / options.adapter_from if options.adapter_from else None
        sizes = sizes_before(place)
        found.append(Prepared(place, planned.plans, plan, host, edited, sizes, catalog, given))
    return found


def trees(paths: Sequence[str], cwd: Path) -> list[Path]:
    """The folders at and above some paths that keep a journal: those of migrations that were made or begun."""
    folders: dict[Path, None] = {}
    for path in (cwd, *(cwd / path for path in paths)):
        real = Path(os.path.realpath(path))
        for folder in (real, *real.parents):
            if (folder / JOURNAL).is_dir():
                folders[folder] = None
    return list(folders)


def nearest_tree(path: Path) -> Path | None:
    """The nearest folder at or above a path that keeps a journal."""
    real = Path(os.path.realpath(path))
    return next((folder for folder in (real, *real.parents) if (folder / JOURNAL).is_dir()), None)


def check_tree(root: Path, *, allow_dirty: bool) -> None:
    """Raises Refused when a tree has changes that git does not have, and that is not allowed."""
    dirty = [] if allow_dirty else uncommitted(root)
    if dirty:
        more = [f"and {len(dirty) - MOST_PATHS} more"] if len(dirty) > MOST_PATHS else []
        advice = "commit or stash them, or give --allow-dirty (`wasmdoctor undo` works either way)"
        raise Refused(
            "the working tree has changes that are not committed", [*dirty[:MOST_PATHS], *more, advice]
        )


def prove(
    prepared: Prepared, options: VerifyOptions, toolchain: Toolchain, tell: Callable[[str], None]
) -> Verification:
    """Verify a prepared plan; the tree is not touched."""
    plan = prepared.plan
    surfaces = dict(prepared.plans.after.get(plan.plan, {}))
    expected = {composed_name(one): surfaces.pop(composed_name(one)) for one in plan.compositions}
    left = frozenset(plan.left)
    if prepared.adapter is not None:
        left |= {name for one in plan.compositions for name in one.names}
    composing = Composing(plan, expected, prepared.host, prepared.adapter, prepared.catalog, toolchain)
    wanted = Wanted(
        prepared.place,
        plan.changes,
        prepared.edited,
        surfaces,
        prepared.host,
        left,
        (lambda paths, folder: composing.all(paths, folder, options)) if plan.compositions else None,
    )
    return verify(wanted, options, toolchain, tell)


UNPROVEN = Verification(
    (Step("verify", Proof.SKIPPED, "not asked for (--no-verify)", how="wasmdoctor check"),)
)


def carry_out(prepared: Prepared, verification: Verification) -> MigrationReport:
    """Make the changes, and Cargo.lock's, in one transaction. Raises TransactionError; then nothing changed."""
    changes = with_lock(prepared.plan.changes, verification.lock, prepared.root)
    done = MigrationReport(
        prepared.plans,
        replace(prepared.plan, changes=changes),
        verification,
        sizes_before=_sizes(prepared, verification),
        tool_version=__version__,
    )
    applied = apply(prepared.root, changes, label=f"migrate --plan {prepared.plan.plan.value}")
    notes = (*applied.notes, *_lock_note(prepared, changes), *_leftover_note(prepared))
    return replace(done, id=applied.id, undo="wasmdoctor undo", notes=notes)


def _lock_note(prepared: Prepared, changes: ChangeSet) -> Iterator[str]:
    """What to know when new dependencies are not in Cargo.lock yet."""
    added = ", ".join(f"`{name}`" for name in prepared.plan.dependencies)
    if added and (prepared.root / LOCK).is_file() and all(change.path != LOCK for change in changes.changes):
        yield f"{LOCK} does not have {added} yet: the next cargo command adds it, and --locked fails until then"


def _leftover_note(prepared: Prepared) -> Iterator[str]:
    """What to do about files of components that nothing builds any more: cargo does not remove them."""
    stay = {component_name(maker) for maker in prepared.edited}
    gone = [maker for maker in prepared.place.makers if component_name(maker) not in stay]
    stems = {maker.component.stem for maker in gone} if stay else set()
    target = _target_folder(prepared.place)
    left = sorted(path for stem in stems for path in target.glob(f"wasm32-*/**/{glob.escape(stem)}.wasm"))
    if left:
        names = ", ".join(f"`{component_name(maker)}`" for maker in gone)
        command = shlex.join(["rm", *(display_path(path, prepared.root) for path in left)])
        yield f"nothing builds {names} as a component any more: `{command}` removes what `check` still finds of it"


def with_lock(changes: ChangeSet, lock: Mapping[str, bytes], root: Path) -> ChangeSet:
    """The changes, with lock files as a build of the edited tree left them."""
    found = {change.path: change for change in changes.changes}
    for path, data in lock.items():
        cause = "cargo locks the dependencies of the edited manifests, so that `--locked` works"
        known = found.get(path)
        before = known.before if known else (root / path).read_bytes()
        causes = (*(known.causes if known else ()), cause)
        found[path] = FileChange(path, ChangeKind.MODIFY, before, data, causes)
    return ChangeSet(tuple(found[path] for path in sorted(found)))


def sizes_before(place: Place) -> dict[str, dict[str, int]]:
    """The sizes (bytes) of components that cargo built here before, by profile (``debug``) and name."""
    sizes: dict[str, dict[str, int]] = {}
    target = _target_folder(place) / place.crates.target
    for maker in place.makers:
        for path in target.glob(f"*/{maker.component.stem}.wasm"):
            sizes.setdefault(path.parent.name, {})[component_name(maker)] = path.stat().st_size
    return sizes


def _target_folder(place: Place) -> Path:
    """Where cargo builds a workspace (the Cargo book, "Build Cache"); settings of its configuration apart."""
    return Path(os.environ.get("CARGO_TARGET_DIR") or place.root / "target")


def _sizes(prepared: Prepared, verification: Verification) -> dict[str, int]:
    """The sizes before of the components that were built, in the same profile."""
    found = {
        built.name: prepared.sizes.get(built.profile, {}).get(built.name) for built in verification.built
    }
    return {name: size for name, size in found.items() if size is not None}


def write_reports(done: MigrationReport, root: Path, file: Path | None) -> list[Path]:
    """Write the report, as Markdown and as HTML, into the tree's own folder, or to one file that is named
    (HTML when it ends so, else Markdown). Gives the paths. Raises OSError."""
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
