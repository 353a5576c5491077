"""The steps of a change: stage, commit, put in place, and the way back from everywhere."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from wasmdoctor.model.edit import path_problem
from wasmdoctor.model.record import dataclass
from wasmdoctor.transaction.errors import ChangedSince, Refused, TransactionError
from wasmdoctor.transaction.files import (
    Obstacles,
    State,
    above,
    digest,
    exists,
    make_folder,
    read_file,
    remove_folder,
    state_of,
    sync_folder,
    sync_folders,
    write_file,
)
from wasmdoctor.transaction.journal import Item, Journal, Own, Record, Stage
from wasmdoctor.transaction.signals import Pending


@dataclass(frozen=True, slots=True)
class Target:
    """What is to be at one path. ``before`` and ``after`` are bytes, None for nothing.

    ``mode`` is the mode that the new file gets; None: that of the file it replaces, else the umask's.
    ``keep``: the old bytes are kept under ``removed`` too.
    """

    path: str
    before: bytes | None
    after: bytes | None
    mode: int | None = None
    keep: bool = False


@dataclass(frozen=True, slots=True)
class Found:
    """The tree as it was looked at: the status of each file that is there, and remarks."""

    status: Mapping[str, os.stat_result]
    notes: tuple[str, ...]


def look(root: Path, targets: Sequence[Target]) -> Found:
    """Look whether all targets can be reached, without writing anything.

    Raises Refused with a reason for each path that cannot be: links, read-only files and folders, other
    file systems, names that are not UTF-8, bytes that are not those that the change was planned for.
    A file with several hard links is replaced under this name only: its other names may be outside of the
    tree, where nothing is written. That is a remark.
    """
    reasons: list[str] = []
    notes: list[str] = []
    status: dict[str, os.stat_result] = {}
    obstacles = Obstacles(root)
    for target in targets:
        shown = target.path.encode("utf-8", "backslashreplace").decode()
        problem = path_problem(target.path)
        reason = f"{shown}: {problem}" if problem else obstacles.of(target.path)
        if not reason:
            reason = _differs(root, target, status)
        if reason:
            reasons.append(reason)
        elif target.path in status and status[target.path].st_nlink > 1:
            notes.append(f"{target.path} has other names (hard links), which keep the old bytes")
    if reasons:
        raise Refused("nothing was changed, because", reasons)
    return Found(status, tuple(notes))


def _differs(root: Path, target: Target, status: dict[str, os.stat_result]) -> str:
    """Why the file is not the one that the change was planned for, or ""."""
    try:
        data, status[target.path] = read_file(root / target.path)
    except FileNotFoundError:
        return "" if target.before is None else f"{target.path} is not there any more"
    except OSError as error:
        return f"{target.path} {error.strerror}"
    if target.before is None:
        return f"{target.path} is to be created, and is there already"
    return "" if data == target.before else f"{target.path} was changed since the plan was made"


def run(
    own: Own,
    targets: Sequence[Target],
    pending: Pending,
    *,
    label: str,
    undoes: str = "",
    archive: Mapping[str, bytes] | None = None,
    made: Mapping[str, int] | None = None,
    may_drop: Iterable[str] | None = None,
) -> tuple[Record, Found]:
    """Make all targets true, or none. The lock is held by the caller.

    ``made`` gives modes of folders that are made; ``may_drop`` limits the folders that may go when they
    become empty. ``pending`` is asked for signals until the change is committed. Raises TransactionError;
    the tree is then as it was, or the text says how it gets there.
    """
    found = look(own.root, targets)
    try:
        journal = own.new()
    except OSError as error:
        raise TransactionError(_failed(error)) from error
    try:
        record = _stage(journal, targets, found, label, undoes, archive or {}, made or {}, may_drop, pending)
        pending.check()
        _unchanged(own.root, targets, found)
        journal.turn(Stage.PREPARED, Stage.COMMITTED)
        put_in_place(journal, record)
        settle(journal)
    except BaseException as error:
        _back_out(journal, error)
        raise
    return record, found


def _failed(error: OSError) -> str:
    where = f" ({error.filename})" if error.filename else ""
    return f"writing failed: {error.strerror or error}{where}; nothing was changed"


def _stage(
    journal: Journal,
    targets: Sequence[Target],
    found: Found,
    label: str,
    undoes: str,
    archive: Mapping[str, bytes],
    made: Mapping[str, int],
    may_drop: Iterable[str] | None,
    pending: Pending,
) -> Record:
    """Write all copies and the record, and have them on the disk. The tree is not touched."""
    items: list[Item] = []
    for index, target in enumerate(targets):
        pending.check()
        before = after = None
        status = found.status.get(target.path)
        if target.before is not None and status is not None:
            before = State(digest(target.before), stat.S_IMODE(status.st_mode))
            write_file(journal.old(index), target.before, status)
            if target.keep:
                journal.keep(target.path, target.before, status)
        if target.after is not None:
            mode = write_file(
                journal.new(index), target.after, target.mode if target.mode is not None else status
            )
            after = State(digest(target.after), mode)
        items.append(Item(target.path, before, after))
    for name, data in archive.items():
        make_folder((journal.archive / name).parent)
        write_file(journal.archive / name, data)
    record = Record(
        id=journal.id,
        label=label,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        undoes=undoes,
        items=tuple(items),
        made=_folders_to_make(journal.own.root, targets, made),
        dropped=_folders_to_drop(journal.own.root, targets, may_drop),
    )
    journal.write(record)
    journal.turn(Stage.PREPARING, Stage.PREPARED)
    return record


def _folders_to_make(
    root: Path, targets: Sequence[Target], modes: Mapping[str, int]
) -> tuple[tuple[str, int | None], ...]:
    """The folders that new files need, and those that ``modes`` asks for, outermost first."""
    wanted = dict.fromkeys(
        folder for target in targets if target.after is not None for folder in above(target.path)
    )
    wanted.update(dict.fromkeys(modes))
    missing = [folder for folder in wanted if not exists(root / folder)]
    return tuple(
        (folder, modes.get(folder)) for folder in sorted(missing, key=lambda one: (one.count("/"), one))
    )


def _folders_to_drop(
    root: Path, targets: Sequence[Target], may_drop: Iterable[str] | None
) -> tuple[tuple[str, int], ...]:
    """The folders in which nothing is left when the targets are true, innermost first."""
    gone = {target.path for target in targets if target.after is None}
    needed = {folder for target in targets if target.after is not None for folder in above(target.path)}
    allowed = None if may_drop is None else set(may_drop)
    candidates = {folder for path in gone for folder in above(path)} | (allowed or set())
    dropped: list[tuple[str, int]] = []
    for folder in sorted(candidates, key=lambda one: (-one.count("/"), one)):
        if folder in needed or (allowed is not None and folder not in allowed):
            continue
        place = root / folder
        if not place.is_dir() or place.is_symlink():
            continue
        if all(f"{folder}/{name}" in gone for name in os.listdir(place)):
            gone.add(folder)
            dropped.append((folder, stat.S_IMODE(os.stat(place).st_mode)))
    return tuple(dropped)


def _unchanged(root: Path, targets: Sequence[Target], found: Found) -> None:
    """Raises Refused when a file was written to since it was looked at, shortly before."""
    changed: list[str] = []
    for target in targets:
        seen = found.status.get(target.path)
        try:
            now = os.lstat(root / target.path)
        except FileNotFoundError:
            now = None
        if (None if now is None else _sign(now)) != (None if seen is None else _sign(seen)):
            changed.append(f"{target.path} was changed at this moment by somebody else")
    if changed:
        raise Refused("nothing was changed, because", changed)


def _sign(status: os.stat_result) -> tuple[int, int, int, int]:
    return status.st_ino, status.st_size, status.st_mtime_ns, status.st_mode


def put_in_place(journal: Journal, record: Record) -> None:
    """Rename the new files into the tree, then remove what goes. What is done already is passed over, so
    that this can be called again after a kill. Raises OSError."""
    root = journal.own.root
    for folder, mode in record.made:
        _make(root / folder, mode)
    for index, item in enumerate(record.items):
        if item.after is not None and exists(journal.new(index)):
            os.replace(journal.new(index), root / item.path)
    for item in record.items:
        if item.after is None:
            with suppress(FileNotFoundError):
                os.unlink(root / item.path)
    for folder, _ in record.dropped:
        remove_folder(root / folder)
    _sync(root, record)


def put_back(journal: Journal, record: Record) -> None:
    """Rename the copies of the old files back into the tree, and remove what was new. What was not yet in
    place, or is back already, is passed over. Raises OSError."""
    root = journal.own.root
    for folder, mode in reversed(record.dropped):
        _make(root / folder, mode)
    for index, item in enumerate(record.items):
        if not _in_place(journal, index, item):
            continue
        if item.before is None:
            with suppress(FileNotFoundError):
                os.unlink(root / item.path)
        elif exists(journal.old(index)):
            os.replace(journal.old(index), root / item.path)
    for folder, _ in reversed(record.made):
        remove_folder(root / folder)
    _sync(root, record)


def _in_place(journal: Journal, index: int, item: Item) -> bool:
    """Whether the new state of an item is in the tree already, as far as the journal tells."""
    if item.after is not None:
        return not exists(journal.new(index))
    return not exists(journal.own.root / item.path)


def _make(place: Path, mode: int | None) -> None:
    if not exists(place):
        os.mkdir(place)
    if mode is not None:  # of a folder that is there too: a kill may have come between the two
        os.chmod(place, mode)


def _sync(root: Path, record: Record) -> None:
    folders = {(root / item.path).parent for item in record.items}
    folders |= {(root / folder).parent for folder, _ in (*record.made, *record.dropped)}
    sync_folders(folders)


def settle(journal: Journal) -> None:
    """The change is done. That the mark reaches the disk does not matter: to finish again changes nothing."""
    os.rename(journal.mark(Stage.COMMITTED), journal.mark(Stage.DONE))
    with suppress(OSError):
        sync_folder(journal.folder)


def _back_out(journal: Journal, error: BaseException) -> None:
    """Take back a change that failed on the way. Raises TransactionError for an OSError, with the reason."""
    stage = journal.stage()
    try:
        if stage is Stage.COMMITTED:
            journal.turn(Stage.COMMITTED, Stage.REVERTING)
            put_back(journal, journal.read())
    except (OSError, TransactionError) as second:
        raise TransactionError(
            f"writing failed ({error}), and taking it back failed too ({second}); "
            "the next wasmdoctor command in this tree takes it back"
        ) from error
    if stage is not Stage.DONE:
        journal.discard()
    if isinstance(error, OSError):
        raise TransactionError(_failed(error)) from error


def resume(journal: Journal, *, force: bool) -> tuple[Record | None, bool]:
    """Bring a change that was left on the way to its end: finish it from COMMITTED on, else take it back.

    Gives its record (None when it had none yet) and whether it was finished. Files that somebody changed
    after the interruption are not overwritten: raises ChangedSince, unless ``force``, which keeps their
    bytes under ``removed/<id>-changed``. Raises TransactionError when the journal cannot be read or writing
    fails.
    """
    stage = journal.stage()
    if stage in (Stage.VOID, Stage.PREPARING, Stage.PREPARED):
        record = None
        if stage is Stage.PREPARED:
            with suppress(TransactionError):
                record = journal.read()
        journal.discard()
        return record, False
    record = journal.read()
    forward = stage is Stage.COMMITTED
    try:
        _protect(journal, record, forward=forward, force=force)
        if forward:
            put_in_place(journal, record)
            settle(journal)
        else:
            put_back(journal, record)
            journal.discard()
    except OSError as error:
        where = f" ({error.filename})" if error.filename else ""
        what = "finished" if forward else "taken back"
        raise TransactionError(
            f"the interrupted change {journal.id} ({record.label}) could not be {what}: {error.strerror}{where}"
        ) from error
    return record, forward


def _protect(journal: Journal, record: Record, *, forward: bool, force: bool) -> None:
    """See that no file is overwritten that is neither as before nor as after the change."""
    root = journal.own.root
    obstacles = Obstacles(root)
    changed: list[str] = []
    reasons: list[str] = []
    for index, item in enumerate(record.items):
        pending = not _in_place(journal, index, item)
        if pending != forward or (not forward and item.before is not None and not exists(journal.old(index))):
            continue
        if reason := obstacles.of(item.path):
            reasons.append(reason)
            continue
        for copy in (journal.new(index), journal.old(index)):
            if exists(copy) and (copy.is_symlink() or not copy.is_file()):
                reasons.append(f"{copy} is no file of wasmdoctor's")
        now = state_of(root / item.path)
        expected = item.before if forward else item.after
        if now is not None and now != expected and now != (item.after if forward else item.before):
            changed.append(item.path)
    if reasons:
        raise Refused(
            f"the interrupted change {journal.id} ({record.label}) cannot be ended, because", reasons
        )
    if changed and not force:
        raise ChangedSince(
            f"the change {journal.id} ({record.label}) was interrupted, and ending it would overwrite what was "
            "changed since (`wasmdoctor undo --force` takes it back, and keeps a copy of these files)",
            changed,
        )
    for path in changed:
        data, status = read_file(root / path)
        journal.put_aside(path, data, status)
