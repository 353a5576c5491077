"""What a rule wants done about its finding: by place and new value, before anybody looks at bytes.

A remedy costs a rule next to nothing; ``migrate.fixes`` makes edits of it when a report has one.
"""

from __future__ import annotations

from wasmdoctor.model.record import dataclass
from wasmdoctor.model.source import Location


@dataclass(frozen=True, slots=True)
class ReplaceText:
    """The text ``old`` that begins at ``place`` becomes ``new``; with ``old`` empty, ``new`` is inserted there.

    When something else stands there by now, nothing is done.
    """

    place: Location
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class RemoveItem:
    """The WIT declaration at ``place`` goes (an import, an include, a use...), with the comments that belong to it."""

    place: Location


@dataclass(frozen=True, slots=True)
class AddItem:
    """A declaration (``import a:b/c@1.0.0;``) is added to the WIT world or interface at ``place``, as its first."""

    place: Location
    text: str


@dataclass(frozen=True, slots=True)
class SetVersion:
    """What the WIT declaration at ``place`` names gets another version; "" takes the version away."""

    place: Location
    version: str


@dataclass(frozen=True, slots=True)
class SetValue:
    """The TOML value at ``place`` (its own start, or its key's) becomes the string ``value``.

    ``inner`` names a key of it when it is a table: ``version`` of a dependency that is no plain string.
    """

    place: Location
    value: str
    inner: str = ""


@dataclass(frozen=True, slots=True)
class AddElement:
    """The array of strings at some keys of a TOML file gets one more at its end, ahead of ``default`` when it is new."""

    path: str
    keys: tuple[str, ...]
    value: str
    default: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RemoveRule:
    """A suppression loses one rule: the comment, or the ``[[allow]]`` of the configuration, at ``place``.

    When it names no other rule, or ``rule`` is "", it goes whole.
    """

    place: Location
    rule: str


@dataclass(frozen=True, slots=True)
class CopyFiles:
    """Files become what others are: pairs of where from and where to. ``gone`` are files that go."""

    pairs: tuple[tuple[str, str], ...]
    gone: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class MoveFile:
    """A file gets another path."""

    path: str
    to: str


Action = (
    ReplaceText
    | RemoveItem
    | AddItem
    | SetVersion
    | SetValue
    | AddElement
    | RemoveRule
    | CopyFiles
    | MoveFile
)


@dataclass(frozen=True, slots=True)
class Remedy:
    """A cure of one finding: all of its actions or none.

    ``title`` is an imperative sentence without a full stop. ``safe`` as in ``model.fix``: no build and no host
    can tell the difference but for the finding, or nothing could be built before.
    """

    title: str
    actions: tuple[Action, ...]
    safe: bool = False
