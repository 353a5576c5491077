"""Fixes: what rules want done about their findings (``model.remedy``) as edits of bytes.

``wit`` declarations of WIT files, ``configs`` values of TOML files, ``comments`` suppressions, ``files`` whole
files. To give a rule a fix, give its draft a remedy. A new sort of action is a record in ``model.remedy``, one
function in a module here, and one line in ``MAKERS``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

from wasmdoctor.migrate.edits import EditError, Read
from wasmdoctor.model.edit import Edit, Replace
from wasmdoctor.model.fix import Place, SuggestedFix
from wasmdoctor.model.remedy import (
    AddElement,
    AddItem,
    CopyFiles,
    MoveFile,
    Remedy,
    RemoveItem,
    RemoveRule,
    ReplaceText,
    SetValue,
    SetVersion,
)
from wasmdoctor.model.source import Location, SourceText

Maker = Callable[[Any, Read, str], tuple[Edit, ...]]
"""An action, a view of the files, and why it is done, to edits. Raises EditError when it cannot be done."""

# By module and function, each loaded when such an action is proposed.
MAKERS: Mapping[type[object], tuple[str, str]] = {
    ReplaceText: ("places", "inserted_or_replaced"),
    RemoveItem: ("wit", "remove_item"),
    AddItem: ("wit", "add_item"),
    SetVersion: ("wit", "set_version"),
    SetValue: ("configs", "set_value"),
    AddElement: ("configs", "add_element"),
    RemoveRule: ("comments", "remove_rule"),
    CopyFiles: ("files", "copy_files"),
    MoveFile: ("files", "move_file"),
}


def _maker(action: object) -> Maker:
    module, name = MAKERS[type(action)]
    found: Maker = getattr(import_module(f"{__name__}.{module}"), name)
    return found


def suggested(remedy: Remedy, read: Read) -> SuggestedFix | None:
    """A remedy as a fix of the files that ``read`` gives; None when it cannot be made, or changes nothing.

    The edits' paths are those of the remedy's places.
    """
    edits: list[Edit] = []
    try:
        for action in remedy.actions:
            edits += _maker(action)(action, read, remedy.title)
    except EditError:
        return None
    if not edits:
        return None
    return SuggestedFix(remedy.title, tuple(edits), remedy.safe, tuple(_place(edit, read) for edit in edits))


def _place(edit: Edit, read: Read) -> Place:
    """Where an edit begins and ends."""
    data = read(edit.path) if isinstance(edit, Replace) else None
    if data is None or not isinstance(edit, Replace):
        return Location(edit.path), Location(edit.path)
    source = SourceText(edit.path, data)
    return source.location(edit.span.start), source.location(edit.span.end)
