"""What callers use: apply, recover, undo, history."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from wasmdoctor.model.edit import ChangeKind, ChangeSet, path_problem
from wasmdoctor.model.record import dataclass
from wasmdoctor.transaction.engine import Target, look, resume, run
from wasmdoctor.transaction.errors import ChangedSince, Interrupted, NothingToUndo, Refused, TransactionError
from wasmdoctor.transaction.files import State, digest, exists, read_file
from wasmdoctor.transaction.journal import Item, Journal, Own, Record, Stage
from wasmdoctor.transaction.lock import locked
from wasmdoctor.transaction.signals import Pending, held_back


@dataclass(frozen=True, slots=True)
class Applied:
    """A migration that was made. ``paths`` are those that changed, below the root; ``journal`` is the folder
    with its record, ``removed`` that with the removed files, None when there are none. ``notes`` are remarks
    for the person. With nothing to change, ``id`` is "" and nothing was written."""

    id: str
    label: str
    paths: tuple[str, ...]
    journal: Path | None
    removed: Path | None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Recovered:
    """What was done about an interrupted change: ``finished`` or taken back. ``message`` says it in one
    sentence. ``id`` and ``label`` are "" when it had not come far enough to have a record."""

    id: str
    label: str
    finished: bool
    paths: tuple[str, ...]
    message: str


@dataclass(frozen=True, slots=True)
class Undone:
    """A migration that was taken back. ``kept`` is the folder with the bytes of files that had been changed
    since (only with ``force``), else None."""

    id: str
    label: str
    paths: tuple[str, ...]
    kept: Path | None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Migration:
    """A migration that can be taken back. ``created`` is the time, in ISO 8601, UTC."""

    id: str
    label: str
    created: str
    paths: tuple[str, ...]


def apply(
    root: Path, changes: ChangeSet, *, label: str, archive: Mapping[str, bytes] | None = None
) -> Applied:
    """Make all changes in the tree at ``root``, or none.

    Every removed file stays under ``.wasmdoctor/removed/<id>/<path>``. ``archive`` (relative paths with
    slashes, bytes) is written to ``.wasmdoctor/journal/<id>/archive/``. ``label`` names the migration for
    the person (``migrate --plan a``). A file that is modified or moved keeps its mode; a created one gets
    the umask's.

    Raises Refused when a path cannot be changed safely, or is not as planned (nothing was written); Busy;
    Interrupted when a signal came; TransactionError when writing failed (and was taken back).
    """
    root = _root(root)
    for name in archive or {}:
        if problem := path_problem(name):
            raise Refused("nothing was changed, because", [f"archive file {name!r}: {problem}"])
    targets = _targets(root, changes)
    if not targets:
        return Applied("", label, (), None, None)
    look(root, targets)
    own = Own(root)
    with _at_work(own) as pending:
        record, found = run(own, targets, pending, label=label, archive=archive)
        journal = Journal(own, record.id)
        removed = journal.removed if exists(journal.removed) else None
        return Applied(record.id, label, record.paths, journal.folder, removed, found.notes)


def recover(root: Path, *, force: bool = False) -> Recovered | None:
    """Finish or take back what a killed run left in the tree at ``root``; None when there is nothing.

    Writes nothing when all is in order, so that every command may call it first. Files that were changed
    after the interruption are not overwritten: raises ChangedSince, unless ``force``, which keeps a copy of
    them under ``.wasmdoctor/removed/<id>-changed/``. Raises Busy when the other run is alive, TransactionError when
    the journal is damaged or writing fails.
    """
    own = Own(_root(root))
    if not own.journals.is_dir() or not own.pending():
        return None
    with locked(own.lock):
        try:
            return _recover(own, force=force)
        finally:
            own.close()


def undo(root: Path, *, force: bool = False) -> Undone:
    """Take back the last migration of the tree at ``root`` that was not taken back yet, byte for byte.

    Modes come back too, removed folders are made again, and folders that the migration made go when they
    are empty. Times of modification do not come back: build tools would take what they built from the
    migrated files for fresh. It is a change with a journal of its own.

    Raises NothingToUndo; ChangedSince with the files that were changed since (with ``force`` they are
    overwritten, and kept under ``.wasmdoctor/removed/<id of the undo>/``); otherwise as ``apply``. A change
    that was interrupted is ended first, with ``force`` as ``recover`` does it.
    """
    root = _root(root)
    own = Own(root)
    if not _done(own) and not own.pending():
        raise NothingToUndo(f"no migration of {root} is left to be taken back")
    with _at_work(own, force=force) as pending:
        records = _done(own)
        if not records:
            raise NothingToUndo(f"no migration of {root} is left to be taken back")
        record = records[0]
        journal = Journal(own, record.id)
        targets = _targets_back(journal, record, force=force)
        undone, found = run(
            own,
            targets,
            pending,
            label=f"undo {record.label}",
            undoes=record.id,
            made=dict(record.dropped),
            may_drop=[folder for folder, _ in record.made],
        )
        mine = Journal(own, undone.id)
        journal.forget()
        mine.drop_copies()
        kept = mine.removed if exists(mine.removed) else None
        return Undone(record.id, record.label, undone.paths, kept, found.notes)


def history(root: Path) -> tuple[Migration, ...]:
    """The migrations of the tree at ``root`` that can be taken back, the last one first. Raises
    TransactionError when a journal cannot be read."""
    return tuple(Migration(one.id, one.label, one.created, one.paths) for one in _done(Own(_root(root))))


def _root(root: Path) -> Path:
    try:
        place = root.resolve(strict=True)
    except OSError as error:
        raise TransactionError(f"{root} cannot be read ({error.strerror})") from error
    if not place.is_dir():
        raise TransactionError(f"{root} is no folder")
    return place


@contextmanager
def _at_work(own: Own, *, force: bool = False) -> Iterator[Pending]:
    """The folder and the lock of a tree, with nothing left over from a killed run, and signals held back.

    A signal that comes too late to take the change back is told at the end.
    """
    with held_back() as pending:
        own.open()
        try:
            with locked(own.lock):
                _recover(own, force=force)
                _tidy(own)
                pending.check()
                yield pending
                own.made = False
        finally:
            own.close()
        if pending.signal:
            raise Interrupted(pending.signal, finished=True)


def _recover(own: Own, *, force: bool) -> Recovered | None:
    """Resume all journals that are pending. The lock is held."""
    result: Recovered | None = None
    for journal in own.pending():
        record, finished = resume(journal, force=force)
        if record is None:
            if result is None:
                message = "an interrupted change was cleaned away; it had not touched any file"
                result = Recovered("", "", finished=False, paths=(), message=message)
            continue
        if finished and record.undoes:
            Journal(own, record.undoes).forget()
            journal.drop_copies()
        count = f"{len(record.items)} file{'' if len(record.items) == 1 else 's'}"
        what = f"finished ({count})" if finished else f"taken back ({count} as before)"
        message = f"the change {record.id} ({record.label}) had been interrupted, and was {what}"
        result = Recovered(record.id, record.label, finished, record.paths, message)
    return result


def _tidy(own: Own) -> None:
    """Delete copies that an undo could not delete any more, because it was killed when all else was done."""
    records = [journal.read() for journal in own.all() if journal.stage() is Stage.DONE]
    for record in records:
        if record.undoes:
            Journal(own, record.undoes).forget()
            Journal(own, record.id).drop_copies()


def _targets(root: Path, changes: ChangeSet) -> list[Target]:
    """What is to be at each path; a move is a file that goes, and one that comes with its mode."""
    targets: list[Target] = []
    for change in changes.changes:
        if change.kind is ChangeKind.MOVE:
            targets.append(Target(change.path, change.before, None))
            mode: int | None = None
            if not path_problem(change.path) and (root / change.path).is_file():
                mode = (root / change.path).stat().st_mode & 0o7777
            targets.append(Target(change.to, None, change.before, mode))
        else:
            keep = change.kind is ChangeKind.REMOVE
            targets.append(Target(change.path, change.before, change.after, keep=keep))
    return targets


def _done(own: Own) -> list[Record]:
    """The records of migrations that are done and not taken back, the last one first."""
    records = [journal.read() for journal in own.all() if journal.stage() is Stage.DONE]
    undone = {record.undoes for record in records if record.undoes}
    return [one for one in reversed(records) if not one.undoes and one.id not in undone]


def _targets_back(journal: Journal, record: Record, *, force: bool) -> list[Target]:
    """The files as they were before a change. Raises ChangedSince, Refused."""
    targets: list[Target] = []
    changed: list[str] = []
    reasons: list[str] = []
    for index, item in enumerate(record.items):
        try:
            old = _old_bytes(journal, index, item)
        except (OSError, ValueError) as error:
            reasons.append(f"the copy of {item.path} in {journal.folder} is damaged ({error})")
            continue
        try:
            data, status = read_file(journal.own.root / item.path)
            now: State | None = State(digest(data), status.st_mode & 0o7777)
        except FileNotFoundError:
            data, now = None, None
        except OSError as error:
            reasons.append(f"{item.path} {error.strerror}")
            continue
        if now == item.before:
            continue
        if now != item.after:
            changed.append(item.path)
        mode = item.before.mode if item.before else None
        targets.append(Target(item.path, data, old, mode, keep=now != item.after and data is not None))
    if reasons:
        raise Refused("nothing was taken back, because", reasons)
    if changed and not force:
        raise ChangedSince(f"{record.label} ({record.id}) was not taken back, because", changed)
    return targets


def _old_bytes(journal: Journal, index: int, item: Item) -> bytes | None:
    if item.before is None:
        return None
    data = read_file(journal.old(index))[0]
    if digest(data) != item.before.sha256:
        raise ValueError("its bytes are not those that were saved")
    return data
