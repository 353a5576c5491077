"""The journal of one change: its record, its state, and the copies that go with it."""

from __future__ import annotations

import errno
import json
import os
from enum import StrEnum
from pathlib import Path
from typing import Any

from wasmdoctor.model.edit import OWN_FOLDER, path_problem
from wasmdoctor.model.record import dataclass
from wasmdoctor.model.regex import regex
from wasmdoctor.transaction.errors import TransactionError
from wasmdoctor.transaction.files import (
    State,
    digest,
    exists,
    make_folder,
    read_file,
    remove_folder,
    remove_quietly,
    remove_tree,
    sync_folder,
    write_file,
)

VERSION = 1
"""Of the record's format. A record of another version is not touched."""

_ID = regex(r"\d{4,9}")
_SHA256 = regex(r"[0-9a-f]{64}")


class Stage(StrEnum):
    """How far a change has come. ``VOID`` is one whose folder is being deleted."""

    PREPARING = "preparing"
    PREPARED = "prepared"
    COMMITTED = "committed"
    REVERTING = "reverting"
    DONE = "done"
    VOID = "void"


@dataclass(frozen=True, slots=True)
class Item:
    """One path, and what is there before and after; None when nothing is."""

    path: str
    before: State | None
    after: State | None


@dataclass(frozen=True, slots=True)
class Record:
    """What a change does to the tree.

    ``made`` are folders that it makes, outermost first, with the mode that they get (None: as the umask
    says); ``dropped`` those that it removes because they become empty, innermost first, with their modes.
    ``undoes`` is the id of the change that this one takes back, or "".
    """

    id: str
    label: str
    created: str
    undoes: str
    items: tuple[Item, ...]
    made: tuple[tuple[str, int | None], ...]
    dropped: tuple[tuple[str, int], ...]

    @property
    def paths(self) -> tuple[str, ...]:
        """The paths that change, in order."""
        return tuple(item.path for item in self.items)


def encode(record: Record) -> bytes:
    """A record as JSON, with its version and checksum."""

    def state(one: State | None) -> dict[str, object] | None:
        return None if one is None else {"sha256": one.sha256, "mode": one.mode}

    body = {
        "version": VERSION,
        "id": record.id,
        "label": record.label,
        "created": record.created,
        "undoes": record.undoes,
        "files": [
            {"path": item.path, "before": state(item.before), "after": state(item.after)}
            for item in record.items
        ],
        "folders_made": [list(one) for one in record.made],
        "folders_removed": [list(one) for one in record.dropped],
    }
    return json.dumps({"checksum": _checksum(body), **body}, indent=1).encode() + b"\n"


def decode(data: bytes) -> Record:
    """A record from JSON. Raises ValueError when it is damaged, of another version, or names a path that no
    change of ours may have: a journal may have come with somebody else's repository."""
    try:
        body: dict[str, Any] = json.loads(data)
        checksum = body.pop("checksum")
        if body["version"] != VERSION:
            raise ValueError(
                f"it has version {body['version']!r}, and this wasmdoctor knows version {VERSION}"
            )
        if checksum != _checksum(body):
            raise ValueError("its checksum is wrong")
        record = Record(
            id=_text(body["id"]),
            label=_text(body["label"]),
            created=_text(body["created"]),
            undoes=_text(body["undoes"]),
            items=tuple(
                Item(_path(one["path"]), _state(one["before"]), _state(one["after"])) for one in body["files"]
            ),
            made=tuple(
                (_path(path), None if mode is None else _mode(mode)) for path, mode in body["folders_made"]
            ),
            dropped=tuple((_path(path), _mode(mode)) for path, mode in body["folders_removed"]),
        )
    except (KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError(f"it is not what wasmdoctor wrote ({error!r})") from error
    return record


def _checksum(body: dict[str, Any]) -> str:
    return digest(json.dumps(body, sort_keys=True).encode())


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(value)
    return value


def _path(value: object) -> str:
    path = _text(value)
    if problem := path_problem(path):
        raise ValueError(f"{path!r}: {problem}")
    return path


def _mode(value: object) -> int:
    if not isinstance(value, int) or not 0 <= value <= 0o7777:
        raise TypeError(value)
    return value


def _state(value: dict[str, object] | None) -> State | None:
    if value is None:
        return None
    sha256 = _text(value["sha256"])
    if not _SHA256.fullmatch(sha256):
        raise TypeError(sha256)
    return State(sha256, _mode(value["mode"]))


class Own:
    """The folder ``.wasmdoctor`` of one tree."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.folder = root / OWN_FOLDER
        self.journals = self.folder / "journal"
        self.removed = self.folder / "removed"
        self.lock = self.folder / "lock"
        self.made = False

    def check(self) -> None:
        """Raises TransactionError when the folder is not our own plain folder."""
        for place in (self.folder, self.journals, self.removed):
            if exists(place) and (place.is_symlink() or not place.is_dir()):
                raise TransactionError(f"{place} is not a folder of wasmdoctor's: remove it")

    def open(self) -> None:
        """Make the folder where it is not there. Raises TransactionError."""
        self.check()
        try:
            if not exists(self.folder):
                self.made = True
                make_folder(self.folder)
            if not exists(self.folder / ".gitignore"):
                write_file(self.folder / ".gitignore", b"*\n")
            make_folder(self.journals)
            if os.stat(self.journals).st_dev != os.stat(self.root).st_dev:
                raise OSError(errno.EXDEV, "it is on another file system than the tree", str(self.folder))
        except OSError as error:
            self.close()
            raise TransactionError(
                f"{self.folder} cannot be made, and without a journal nothing is changed ({error.strerror})"
            ) from error

    def close(self) -> None:
        """Remove the folder again when it was made in vain."""
        remove_folder(self.removed)
        if self.made and (not exists(self.journals) or remove_folder(self.journals)):
            remove_quietly(self.lock)
            remove_quietly(self.folder / ".gitignore")
            remove_folder(self.folder)

    def all(self) -> list[Journal]:
        """The journals that are there, the oldest first. Raises TransactionError."""
        self.check()
        try:
            names = os.listdir(self.journals) if exists(self.journals) else []
        except OSError as error:
            raise TransactionError(f"{self.journals} cannot be read ({error.strerror})") from error
        ids = sorted((name for name in names if _ID.fullmatch(name)), key=int)
        return [Journal(self, name) for name in ids if not (self.journals / name).is_symlink()]

    def pending(self) -> list[Journal]:
        """The journals of changes that were begun and not ended. Raises TransactionError."""
        return [one for one in self.all() if one.stage() is not Stage.DONE]

    def new(self) -> Journal:
        """A journal with an id of its own. Raises OSError."""
        number = max((int(one.id) for one in self.all()), default=0) + 1
        journal = Journal(self, f"{number:04d}")
        try:
            for part in ("new", "old"):
                make_folder(journal.folder / part)
            write_file(journal.mark(Stage.PREPARING), b"")
        except OSError:
            journal.discard()
            raise
        return journal


class Journal:
    """The folder of one change."""

    def __init__(self, own: Own, id: str) -> None:
        self.own = own
        self.id = id
        self.folder = own.journals / id
        self.removed = own.removed / id
        self.aside = own.removed / f"{id}-changed"
        self.archive = self.folder / "archive"

    def new(self, index: int) -> Path:
        """Where the new bytes of the item of that index wait."""
        return Path(self.folder, "new", str(index))

    def old(self, index: int) -> Path:
        """Where the copy of its old bytes is."""
        return Path(self.folder, "old", str(index))

    def mark(self, stage: Stage) -> Path:
        """The file that is there while the change is in that stage."""
        return self.folder / f"is-{stage.value}"

    def stage(self) -> Stage:
        """The stage; VOID for a folder that has no mark yet, or no mark any more."""
        return next((stage for stage in Stage if exists(self.mark(stage))), Stage.VOID)

    def turn(self, before: Stage, after: Stage) -> None:
        """Into another stage, by a rename, which needs no room on the disk. Raises OSError."""
        os.rename(self.mark(before), self.mark(after))
        sync_folder(self.folder)

    def write(self, record: Record) -> None:
        """Write the record, when all the copies are on the disk. Raises OSError."""
        for part in (self.folder / "new", self.folder / "old"):
            sync_folder(part)
        write_file(self.folder / "record.json", encode(record))
        sync_folder(self.folder)

    def read(self) -> Record:
        """The record. Raises TransactionError."""
        path = self.folder / "record.json"
        try:
            record = decode(read_file(path)[0])
            if record.id != self.id:
                raise ValueError(f"it is the record of {record.id!r}")
        except OSError as error:
            raise TransactionError(f"{path} cannot be read ({error.strerror})") from error
        except ValueError as error:
            raise TransactionError(f"{path} cannot be used: {error}") from error
        return record

    def keep(self, path: str, data: bytes, like: os.stat_result | int) -> None:
        """Keep a copy of a file that goes, under its path in ``removed``. Raises OSError."""
        _keep(self.removed / path, data, like)

    def put_aside(self, path: str, data: bytes, like: os.stat_result | int) -> None:
        """Keep a copy of a file that somebody changed and that is overwritten all the same. It is never
        deleted. Raises OSError."""
        _keep(self.aside / path, data, like)

    def discard(self) -> None:
        """Delete the folder and what was removed, as far as possible; the mark goes before the rest."""
        stage = self.stage()
        if stage is not Stage.VOID:
            try:
                self.turn(stage, Stage.VOID)
            except OSError:
                return
        remove_tree(self.removed)
        remove_tree(self.folder)

    def forget(self) -> None:
        """Delete the copies and the removed files of a change that was taken back."""
        remove_tree(self.removed)
        self.drop_copies()

    def drop_copies(self) -> None:
        """Delete the copies, when nothing can need them any more."""
        for part in ("new", "old"):
            remove_tree(self.folder / part)


def _keep(place: Path, data: bytes, like: os.stat_result | int) -> None:
    make_folder(place.parent)
    if not exists(place):
        write_file(place, data, like)
