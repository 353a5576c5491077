"""The rim that writes a project's files: all changes of a migration, or none of them.

``apply``    makes a change set
``recover``  finishes or takes back what a killed run left; every command calls it first
``undo``     takes back the last migration
``history``  the migrations that can be taken back

What is on disk, all of it below the tree's root, so that placing a file is a rename in one file system:

``.wasmdoctor/.gitignore``               hides the folder from git
``.wasmdoctor/lock``                     held (flock) by the process that is at work
``.wasmdoctor/journal/<id>/record.json`` what is changed: paths, hashes and modes before and after
``.wasmdoctor/journal/<id>/is-<state>``  an empty file whose name is the state; only ever renamed
``.wasmdoctor/journal/<id>/new/<n>``     the new contents, until they are in place
``.wasmdoctor/journal/<id>/old/<n>``     copies of the old ones
``.wasmdoctor/journal/<id>/archive/``    files that the caller wants kept with it (a report)
``.wasmdoctor/removed/<id>/<path>``      the files that the migration removed, to look at
``.wasmdoctor/removed/<id>-changed/``    what somebody had changed, and a forced recovery overwrote

A change goes from ``preparing`` (copies are written, the tree is untouched) to ``prepared`` (all of them are
on the disk, with the record), ``committed`` (files are renamed into place) and ``done``. What a killed run
left is thrown away before ``committed`` and finished after it. A failure after ``committed`` turns it to
``reverting``, which puts the old files back and needs no room on the disk.
"""

from wasmdoctor.transaction.apply import Applied, Migration, Recovered, Undone, apply, history, recover, undo
from wasmdoctor.transaction.errors import (
    Busy,
    ChangedSince,
    Interrupted,
    NothingToUndo,
    Refused,
    TransactionError,
)

__all__ = [
    "Applied",
    "Busy",
    "ChangedSince",
    "Interrupted",
    "Migration",
    "NothingToUndo",
    "Recovered",
    "Refused",
    "TransactionError",
    "Undone",
    "apply",
    "history",
    "recover",
    "undo",
]
