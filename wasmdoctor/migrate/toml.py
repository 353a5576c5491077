"""Changes of TOML files that leave everything else in them as it is.

Where something stands is told by the byte spans of Cargo's TOML reader; what is written new (values, keys)
is rendered by tomlkit. Removing through tomlkit's own document is not done: it keeps comments and blank
lines apart from the keys that they belong to, and reorders tables that stand apart from their parents.
After the change the text is read again and must hold exactly the data that the change asks for.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Sequence

import tomlkit
from tomlkit.items import KeyType, SingleKey

from wasmdoctor.migrate.edits import EditError
from wasmdoctor.model.cargo import PlainValue
from wasmdoctor.model.edit import Replace
from wasmdoctor.model.record import dataclass
from wasmdoctor.model.regex import regex
from wasmdoctor.model.source import Location, Problem, SourceText, Span
from wasmdoctor.readers.cargo.toml import Array, Item, Origin, Table, Value, parse, plain

KeyPath = tuple[str | int, ...]
"""Keys from the root; an int is an index into an array (``("bin", 0, "name")``), counted from 0."""

KEPT_TABLES: tuple[KeyPath, ...] = (("workspace",),)
"""Tables that say something by being there: a manifest with an empty ``[workspace]`` is a workspace's root."""


@dataclass(frozen=True, slots=True)
class RemoveKey:
    """A key goes, with its value or its whole table, and with every table that is empty then.

    So do the comment on its line and the comment lines directly above it.
    """

    path: KeyPath
    cause: str


@dataclass(frozen=True, slots=True)
class SetKey:
    """A key gets a value: in place of the one it has, else as a new key, in a new table when there is none.

    A mapping is written as an inline table.
    """

    path: KeyPath
    value: PlainValue
    cause: str


@dataclass(frozen=True, slots=True)
class RemoveElement:
    """The first element of an array that equals ``value`` goes. The array stays, even when it is empty."""

    path: KeyPath
    value: PlainValue
    cause: str


TomlChange = RemoveKey | SetKey | RemoveElement


class TomlEditError(EditError):
    """A change that cannot be made in this file, or that came out wrong."""


def toml_edits(
    path: str, data: bytes, changes: Sequence[TomlChange], *, keep: Sequence[KeyPath] = KEPT_TABLES
) -> tuple[Replace, ...]:
    """The edits of a TOML file's bytes that make ``changes``, one after the other.

    ``keep`` names tables that stay when they become empty. Edits next to each other are one, given once for
    each cause. Raises TomlEditError when the file does not parse, when a key to be removed is not there, when
    a value stands where a table is needed, or when the result does not hold the data expected.
    """
    text = _Text(path, data)
    before = _read(SourceText(path, data), "")
    expected = plain(before)
    assert isinstance(expected, dict)
    for change in changes:
        table = _read(text.source(), change.cause)
        editor = _Editor(text, table, change, keep)
        editor.make()
        try:
            expect(expected, change, keep)
        except (LookupError, TypeError, StopIteration) as error:
            raise editor.fail(f"`{_show(change.path)}` cannot be changed: {error}") from error
    _check(path, data, text.data, expected, "; ".join(dict.fromkeys(change.cause for change in changes)))
    edits = text.edits()
    if _spliced(data, edits) != text.data:
        raise TomlEditError(Location(path), "the edits do not come to the edited text")
    return edits


def _spliced(data: bytes, edits: Sequence[Replace]) -> bytes:
    parts: list[bytes] = []
    at = 0
    for span, new in dict.fromkeys((edit.span, edit.data) for edit in edits):  # one, however many causes
        parts += (data[at : span.start], new)
        at = span.end
    return b"".join([*parts, data[at:]])


def expect(document: dict[str, PlainValue], change: TomlChange, keep: Sequence[KeyPath]) -> None:
    """Make a change in plain data: what the edited text must hold. Raises KeyError, IndexError, TypeError or
    ValueError where that is impossible."""
    container, last = _walk(document, change.path[:-1], make=isinstance(change, SetKey)), change.path[-1]
    if isinstance(change, SetKey):
        _put(container, last, change.value)
    elif isinstance(change, RemoveElement):
        array = _get(container, last)
        if not isinstance(array, list):
            raise TypeError(f"{_show(change.path)} is no array")
        del array[next(index for index, value in enumerate(array) if same(value, change.value))]
    else:
        _delete(container, last)
        _drop_empty(document, change.path[:-1], keep)


def same(one: PlainValue, other: PlainValue) -> bool:
    """Whether two values are the same data: ``1``, ``1.0`` and ``true`` are three, and nan is nan."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(value, other[key]) for key, value in one.items())
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(same(*pair) for pair in zip(one, other, strict=True))
    if isinstance(one, str) and isinstance(other, str):
        return str(one) == str(other)
    return type(one) is type(other) and repr(one) == repr(other)


# -- plain data


def _get(container: PlainValue, key: str | int) -> PlainValue:
    if isinstance(container, dict) and isinstance(key, str):
        return container[key]
    if isinstance(container, list) and isinstance(key, int):
        return container[key]
    raise TypeError(f"`{key}` leads into a value that is no table or array")


def _put(container: PlainValue, key: str | int, value: PlainValue) -> None:
    if isinstance(container, list) and isinstance(key, int):
        container[key] = value
        return
    _table(container)[str(key)] = value


def _delete(container: PlainValue, key: str | int) -> None:
    if isinstance(container, list) and isinstance(key, int):
        del container[key]
        return
    del _table(container)[str(key)]


def _table(value: PlainValue) -> dict[str, PlainValue]:
    if not isinstance(value, dict):
        raise TypeError("a key leads into a value that is no table")
    return value


def _walk(document: PlainValue, path: KeyPath, *, make: bool) -> PlainValue:
    at = document
    for key in path:
        if make and isinstance(at, dict) and isinstance(key, str):
            at.setdefault(key, {})
        at = _get(at, key)
    return at


def _drop_empty(document: dict[str, PlainValue], path: KeyPath, keep: Sequence[KeyPath]) -> None:
    """Remove the table at ``path`` when it is empty, and its parents for the same reason.

    An element of an array stays: without it, the others would have other places. An array that had tables
    and has none any more goes too, as one written with ``[[headers]]`` cannot be empty.
    """
    while path and path not in keep and isinstance(path[-1], str):
        parent = _walk(document, path[:-1], make=False)
        if _get(parent, path[-1]) not in ({}, []):
            return
        _delete(parent, path[-1])
        path = path[:-1]


# -- bytes


def _read(source: SourceText, cause: str) -> Table:
    table = parse(source)
    if isinstance(table, Problem):
        why = f" (for: {cause})" if cause else ""
        raise TomlEditError(table.location, f"{table.message}{why}", (cause,) if cause else ())
    return table


def _check(path: str, before: bytes, after: bytes, expected: PlainValue, cause: str) -> None:
    """Raises TomlEditError unless the new text holds exactly the data expected."""
    table = _read(SourceText(path, after), cause)
    if not same(plain(table), expected):
        raise TomlEditError(
            Location(path), f"the edited file holds other data than it should ({cause})", (cause,)
        )
    if _standard(before) and not _standard(after):
        raise TomlEditError(Location(path), f"the edited file is no TOML 1.0 any more ({cause})", (cause,))


def _standard(data: bytes) -> bool:
    """Whether a text is TOML 1.0. The reader takes 1.1 too, which older tools refuse."""
    try:
        tomllib.loads(data.decode("utf-8").removeprefix("\ufeff"))
    except (tomllib.TOMLDecodeError, RecursionError):
        return False
    return True


@dataclass(slots=True)
class _Patch:
    """Bytes of the original, and the bytes of the text as it is now that stand for them."""

    old_start: int
    old_end: int
    start: int
    end: int
    causes: list[str]


class _Text:
    """A text that is changed step by step, and knows at the end which bytes of the original it replaced."""

    def __init__(self, path: str, data: bytes) -> None:
        self.path = path
        self.original = data
        self.data = data
        self.patches: list[_Patch] = []
        self.newline = b"\r\n" if b"\r\n" in data[: data.find(b"\n") + 1] else b"\n"

    def source(self) -> SourceText:
        return SourceText(self.path, self.data)

    def replace(self, start: int, end: int, new: bytes, cause: str) -> None:
        """Put ``new`` in place of the bytes from ``start`` to ``end`` of the text as it is now."""
        touched = [patch for patch in self.patches if patch.start <= end and patch.end >= start]
        low = min([start, *(patch.start for patch in touched)])
        high = max([end, *(patch.end for patch in touched)])
        old_low, old_high = self._old(low, after=False), self._old(high, after=True)
        grown = len(new) - (end - start)
        self.data = self.data[:start] + new + self.data[end:]
        causes = [*(why for patch in touched for why in patch.causes), cause]
        merged = _Patch(old_low, old_high, low, high + grown, list(dict.fromkeys(causes)))
        rest = [patch for patch in self.patches if patch not in touched]
        for patch in rest:
            if patch.start > high:
                patch.start += grown
                patch.end += grown
        self.patches = sorted([*rest, merged], key=lambda patch: patch.start)

    def _old(self, offset: int, *, after: bool) -> int:
        """The original's offset of a place that is not inside of a patch; ``after`` tells on which side of
        the patches that begin there (several only where they are empty) the place is."""
        shift = 0
        for patch in self.patches:
            if patch.end < offset or (patch.end == offset and (after or patch.start < offset)):
                shift += (patch.old_end - patch.old_start) - (patch.end - patch.start)
        return offset + shift

    def edits(self) -> tuple[Replace, ...]:
        # One edit for each cause: edits that do the same count once, with the causes of all.
        return tuple(
            Replace(
                self.path,
                Span(patch.old_start, patch.old_end),
                self.data[patch.start : patch.end],
                cause,
            )
            for patch in self.patches
            for cause in patch.causes
            if self.original[patch.old_start : patch.old_end] != self.data[patch.start : patch.end]
        )

    # Lines

    def line_start(self, offset: int) -> int:
        start = self.data.rfind(b"\n", 0, offset) + 1
        return 3 if start == 0 and self.data.startswith(b"\xef\xbb\xbf") and offset >= 3 else start

    def line_end(self, offset: int) -> int:
        """Where the next line begins."""
        end = self.data.find(b"\n", offset)
        return len(self.data) if end < 0 else end + 1

    def is_blank(self, start: int) -> bool:
        """Whether the line that begins at ``start`` is there and blank."""
        return start < len(self.data) and not self.data[start : self.line_end(start)].strip()

    def blanks_before(self, offset: int) -> list[int]:
        """Where each of the blank lines directly before a line begins, the nearest first."""
        found: list[int] = []
        top = self.line_start(3) if self.data.startswith(b"\xef\xbb\xbf") else 0
        while offset > top:
            start = self.line_start(offset - 1)
            if self.data[start:offset].strip():
                break
            found.append(start)
            offset = start
        return found


@dataclass(frozen=True, slots=True)
class _Statement:
    """A header, or a key with its value, outside of braces: where it stands, and its path from the root.

    ``base`` is the path of the header that a pair stands under, for a header its own.
    """

    path: KeyPath
    start: int
    end: int
    header: bool
    base: KeyPath
    item: Item | None


def _statements(table: Table, text: _Text) -> list[_Statement]:
    """All statements of a file, in order."""
    found: list[tuple[int, KeyPath, int, Item | None]] = []
    stack: list[tuple[KeyPath, Table]] = [((), table)]
    while stack:
        path, current = stack.pop()
        for key, item in current.items():
            value, here = item.value, (*path, key)
            if isinstance(value, Table) and value.origin is not Origin.INLINE:
                if value.origin is Origin.HEADER:
                    found.append((item.start, here, item.end, None))
                stack.append((here, value))
            elif isinstance(value, Array) and value.of_tables:
                for index, element in enumerate(value):
                    assert isinstance(element.value, Table)
                    found.append((element.start, (*here, index), element.end, None))
                    stack.append(((*here, index), element.value))
            else:
                indented = _SPACES.match(text.data, text.line_start(item.key.start))
                assert indented is not None
                start = indented.end()
                found.append((start, here, item.end, item))
    statements: list[_Statement] = []
    base: KeyPath = ()
    for start, here, end, pair in sorted(found, key=lambda one: one[0]):
        base = here if pair is None else base
        statements.append(_Statement(here, start, end, pair is None, base, pair))
    return statements


_SPACES = regex(rb"[ \t]*")
_TRIVIA = regex(rb"(?:[ \t\r\n]|#[^\n]*)*")
_COMMA = regex(rb"(?:[ \t\r\n]|#[^\n]*)*,")


@dataclass(frozen=True, slots=True)
class _Member:
    """An element of an array, or a key with its value in braces; ``path`` is its path in there."""

    path: KeyPath
    start: int
    item: Item

    @property
    def end(self) -> int:
        return self.item.end


def _members(item: Item, data: bytes) -> list[_Member]:
    """What stands in an array's brackets or an inline table's braces, in order."""
    leaves: list[tuple[KeyPath, Item]] = []
    stack: list[tuple[KeyPath, Value]] = [((), item.value)]
    while stack:
        path, value = stack.pop()
        pairs: Iterator[tuple[str | int, Item]] = iter(
            value.items()
            if isinstance(value, Table)
            else enumerate(value)
            if isinstance(value, Array)
            else ()
        )
        for key, inner in pairs:
            dotted = isinstance(inner.value, Table) and data[inner.start : inner.start + 1] != b"{"
            if dotted:
                stack.append(((*path, key), inner.value))
            else:
                leaves.append(((*path, key), inner))
    members: list[_Member] = []
    at = item.start + 1
    for path, inner in sorted(leaves, key=lambda one: one[1].start):
        if members:
            comma = _COMMA.match(data, at)
            assert comma is not None
            at = comma.end()
        trivia = _TRIVIA.match(data, at)
        assert trivia is not None
        members.append(_Member(path, trivia.end(), inner))
        at = inner.end
    return members


class _Editor:
    """Makes one change in a text."""

    def __init__(self, text: _Text, table: Table, change: TomlChange, keep: Sequence[KeyPath]) -> None:
        self.text = text
        self.table = table
        self.change = change
        self.keep = keep
        self.statements = _statements(table, text)

    def make(self) -> None:
        change = self.change
        if not change.path:
            raise self.fail("a change needs a key")
        if isinstance(change, SetKey):
            self.set(change)
        elif isinstance(change, RemoveElement):
            self.remove_element(change)
        else:
            self.remove_key(change)

    def fail(self, message: str, offset: int | None = None) -> TomlEditError:
        source = self.text.source()
        place = Location(source.path) if offset is None else source.location(offset)
        return TomlEditError(place, f"{message} (for: {self.change.cause})", (self.change.cause,))

    def find(self, path: KeyPath) -> Item | None:
        """The item at a path, None when there is none."""
        item: Item | None = None
        value: Value = self.table
        for key in path:
            if isinstance(value, Table) and isinstance(key, str):
                item = value.get(key)
            elif isinstance(value, Array) and isinstance(key, int):
                item = value[key] if 0 <= key < len(value) else None
            else:
                return None
            if item is None:
                return None
            value = item.value
        return item

    def put(self, start: int, end: int, new: bytes = b"") -> None:
        self.text.replace(start, end, new, self.change.cause)

    def again(self) -> None:
        """Read the text as it is now."""
        self.table = _read(self.text.source(), self.change.cause)
        self.statements = _statements(self.table, self.text)

    # Removing

    def remove_key(self, change: RemoveKey) -> None:
        if self.find(change.path) is None:
            raise self.fail(f"there is no `{_show(change.path)}`")
        kept = [path for path in self.keep if self.find(path) is not None]
        self.remove(change.path)
        self.again()
        path = change.path[:-1]
        while path and path not in self.keep and isinstance(path[-1], str):
            item = self.find(path)
            if item is not None:
                if not isinstance(item.value, Table | Array) or item.value:
                    break
                self.remove(path)
                self.again()
            path = path[:-1]
        for path in kept:
            if self.find(path) is None and change.path != path[: len(change.path)]:
                self.add_section(path, None)
                self.again()

    def remove(self, path: KeyPath) -> None:
        """Remove what is at a path, wherever it stands."""
        size = len(path)
        targets = [one for one in self.statements if one.path[:size] == path]
        if not targets:
            self.remove_inside(path)
            return
        whole: dict[int, tuple[int, int]] = {}
        for one in targets:
            if one.header:
                whole[one.start] = (one.start, one.end)
        under: int | None = None
        for one in self.statements:
            if one.header:
                under = one.start if one.start in whole else None
            elif under is not None:
                whole[under] = (under, one.end)
            elif one in targets:
                whole[one.start] = (one.start, one.end)
        for start, end in sorted(whole.values(), reverse=True):
            self.remove_lines(start, end)

    def remove_lines(self, start: int, end: int) -> None:
        """Remove whole lines, with the comments directly above and one of the blank lines around."""
        text = self.text
        top, below = self.lead(start), text.line_end(end)
        over = text.blanks_before(top)
        if below == len(text.data):
            top = over[-1] if over else top
        else:
            first = top == text.line_start(top) and not text.data[:top].removeprefix(b"\xef\xbb\xbf")
            left = len(over) if not first else len(text.data)
            while left and text.is_blank(below):
                below = text.line_end(below)
                left -= 1
        self.put(top, below)

    def lead(self, start: int) -> int:
        """Where the comment lines directly above a statement begin, or else its own line.

        A comment on the file's first line is the file's own (a license, a generator's notice).
        """
        text = self.text
        own = text.line_start(start)
        floor = max((text.line_end(one.end) for one in self.statements if one.end <= start), default=0)
        top = own
        while top > floor:
            above = text.line_start(top - 1)
            if above < floor or not text.data[above:top].lstrip(b" \t").startswith(b"#"):
                break
            top = above
        return own if top != own and top == text.line_start(min(3, top)) else top

    def remove_inside(self, path: KeyPath) -> None:
        """Remove what is at a path that leads into an array or an inline table."""
        while True:
            group, rest = self.group(path)
            members = _members(group, self.text.data)
            for index, member in enumerate(members):
                if member.path[: len(rest)] == rest:
                    self.remove_member(group, members, index)
                    break
            else:
                return
            self.again()
            if isinstance(path[-1], int):
                return  # the next element has this place now

    def group(self, path: KeyPath) -> tuple[Item, KeyPath]:
        """The innermost brackets or braces that a path leads into, and the rest of the path in there."""
        statement = next(
            one for one in self.statements if not one.header and one.path == path[: len(one.path)]
        )
        item, rest = statement.item, path[len(statement.path) :]
        assert item is not None
        while True:
            for member in _members(item, self.text.data):
                if len(member.path) < len(rest) and member.path == rest[: len(member.path)]:
                    item, rest = member.item, rest[len(member.path) :]
                    break
            else:
                return item, rest

    def remove_element(self, change: RemoveElement) -> None:
        array = self.find(change.path)
        if array is None:
            raise self.fail(f"there is no `{_show(change.path)}`")
        if not isinstance(array.value, Array) or array.value.of_tables:
            raise self.fail(f"`{_show(change.path)}` is no array of values", array.start)
        members = _members(array, self.text.data)
        for index, member in enumerate(members):
            if same(plain(member.item.value), change.value):
                self.remove_member(array, members, index)
                return
        raise self.fail(f"`{_show(change.path)}` has no element {rendered(change.value)}", array.start)

    def remove_member(self, group: Item, members: list[_Member], index: int) -> None:
        """Remove one member and its comma; with its line and comments when it stands alone on its line."""
        text, data = self.text, self.text.data
        member = members[index]
        comma = _COMMA.match(data, member.end)
        end = comma.end() if comma else member.end
        line = text.line_start(member.start)
        rest = data[end : text.line_end(end)].strip()
        alone = line > group.start and not data[line : member.start].strip() and rest[:1] in (b"", b"#")
        if alone and b"#" not in data[member.end : end]:
            while (above := text.line_start(line - 1)) > group.start:
                if not data[above:line].lstrip().startswith(b"#"):
                    break
                line = above
            self.put(line, text.line_end(end))
        elif (
            len(members) == 1 and b"#" not in data[group.start : member.start] + data[member.end : group.end]
        ):
            self.put(group.start + 1, group.end - 1)
        elif comma:
            self.cut(member, end, last=index + 1 == len(members))
        elif index:
            self.cut_last(group, members[index - 1], member)
        else:
            self.put(member.start, member.end)

    def cut(self, member: _Member, end: int, *, last: bool) -> None:
        """Remove a member up to the end of its comma; a comment between the two stays."""
        data, start = self.text.data, member.start
        if b"#" in data[member.end : end]:
            self.put(end - 1, end)
            self.put(start, member.end)
            return
        if last:
            start = len(data[:start].rstrip(b" \t"))
            start = start if data[start - 1 : start] == b"," else member.start
        else:
            spaces = _SPACES.match(data, end)
            assert spaces is not None
            end = spaces.end()
        self.put(start, end)

    def cut_last(self, group: Item, before: _Member, member: _Member) -> None:
        """Remove a last member that has no comma, and the comma before it: TOML 1.0 has none before ``}``."""
        data = self.text.data
        comma = _COMMA.match(data, before.end)
        assert comma is not None
        if not data[comma.end() : member.start].strip():
            self.put(comma.end() - 1, member.end)
            return
        self.put(member.start, member.end)
        if isinstance(group.value, Table):
            self.put(comma.end() - 1, comma.end())

    # Setting and adding

    def set(self, change: SetKey) -> None:
        item = self.find(change.path)
        if item is None:
            self.add(change.path, change.value)
            return
        value = item.value
        if (isinstance(value, Table) and self.text.data[item.start : item.start + 1] != b"{") or (
            isinstance(value, Array) and value.of_tables
        ):
            raise self.fail(
                f"`{_show(change.path)}` is a table, not a value that can be replaced", item.start
            )
        literal = self.text.data[item.start : item.start + 1] == b"'"
        self.put(item.start, item.end, rendered(change.value, literal=literal).encode())

    def add(self, path: KeyPath, value: PlainValue) -> None:
        """Add a key where its table has its place, in the way that the table is written."""
        size = len(path) - 1
        while size and self.find(path[:size]) is None:
            size -= 1
        inside, rest = path[:size], path[size:]
        item = self.find(inside)
        table = item.value if item is not None else self.table
        if not isinstance(table, Table) or not all(isinstance(key, str) for key in rest):
            raise self.fail(f"`{_show(inside)}` is no table that `{_show(rest)}` could be added to")
        if table.origin is Origin.INLINE:
            self.add_member(inside, rest, value)
        elif table.origin is Origin.DOTTED:
            self.add_dotted(inside, rest, value)
        elif len(rest) == 1 and (table.origin is Origin.HEADER):
            self.add_pair(inside, str(rest[0]), value)
        else:
            self.add_section((*inside, *rest[:-1]), _pair(rest[-1:], value))

    def add_member(self, inside: KeyPath, rest: KeyPath, value: PlainValue) -> None:
        """Add ``key = value`` to an inline table, as its last."""
        group, prefix = self.group((*inside, *rest))
        members = _members(group, self.text.data)
        new = _pair(prefix, value)
        if not members:
            self.put(group.start, group.end, b"{ " + new + b" }")
            return
        at = members[-1].end
        comma = _COMMA.match(self.text.data, at)
        if comma:
            self.put(comma.end(), comma.end(), b" " + new + b",")
        else:
            self.put(at, at, b", " + new)

    def add_dotted(self, inside: KeyPath, rest: KeyPath, value: PlainValue) -> None:
        """Add a dotted key below the last that makes the same table."""
        size = len(inside)
        last = [one for one in self.statements if not one.header and one.path[:size] == inside][-1]
        path = (*inside, *rest)[len(last.base) :]
        self.insert_line(self.text.line_end(last.end), self.indent(last.start) + _pair(path, value))

    def add_pair(self, inside: KeyPath, key: str, value: PlainValue) -> None:
        """Add a key to a table that has a header (or to the root): in its place when the keys are sorted,
        else below the last."""
        pairs = [one for one in self.statements if not one.header and one.base == inside]
        new = _pair((key,), value)
        if pairs:
            keys = [str(one.path[len(inside)]) for one in pairs]
            later = next((one for one in pairs if str(one.path[len(inside)]) > key), None)
            line = self.indent(pairs[-1].start) + new
            if later is not None and len(keys) > 1 and keys == sorted(keys):
                at = self.text.line_start(later.start) if later is pairs[0] else self.lead(later.start)
                self.insert_line(at, line)
            else:
                self.insert_line(self.text.line_end(pairs[-1].end), line)
            return
        header = next((one for one in self.statements if one.header and one.path == inside), None)
        if header is not None:
            self.insert_line(self.text.line_end(header.end), self.indent(header.start) + new)
        elif self.statements:
            self.insert_line(self.lead(self.statements[0].start), new + self.text.newline)
        else:
            self.insert_line(len(self.text.data), new)

    def indent(self, start: int) -> bytes:
        """The white space before a statement."""
        return self.text.data[self.text.line_start(start) : start]

    def insert_line(self, at: int, line: bytes) -> None:
        """Put a line before the one that begins at ``at``; a file without a last newline gets none."""
        data, newline = self.text.data, self.text.newline
        if at == len(data) and data and not data.endswith((b"\n", b"\xef\xbb\xbf")):
            self.put(at, at, newline + line)
        else:
            self.put(at, at, line + newline)

    def add_section(self, path: KeyPath, pair: bytes | None) -> None:
        """Add a table with a header: before its own tables, else behind the last one of the same first key,
        else at the end."""
        if any(isinstance(key, int) for key in path):
            raise self.fail(f"`{_show(path)}` cannot be written as a header")
        text, newline = self.text, self.text.newline
        header = b"[" + _keys(path) + b"]" + (newline + pair if pair else b"")
        below = next((one for one in self.statements if one.header and one.path[: len(path)] == path), None)
        if below is not None:
            self.insert_line(self.lead(below.start), header + newline)
            return
        headers = [one for one in self.statements if one.header]
        akin = [index for index, one in enumerate(headers) if one.path[0] == path[0]]
        following = headers[akin[-1] + 1] if akin and akin[-1] + 1 < len(headers) else None
        if following is not None:
            self.insert_line(self.lead(following.start), header + newline)
            return
        blank = not text.data.strip() or text.data.endswith((b"\n\n", b"\r\n\r\n"))
        if not blank:
            gap = newline if text.data.endswith(b"\n") else newline + newline
            ending = newline if text.data.endswith(b"\n") else b""
            self.put(len(text.data), len(text.data), gap + header + ending)
        else:
            self.insert_line(len(text.data), header)


# -- what is written new, by tomlkit


def _pair(path: KeyPath, value: PlainValue) -> bytes:
    return _keys(path) + b" = " + rendered(value).encode()


def _keys(path: KeyPath) -> bytes:
    return ".".join(_key(str(key)) for key in path).encode()


def _key(name: str) -> str:
    """A key as TOML writes it; in single quotes where it has double ones, as ``cfg(...)`` does."""
    literal = '"' in name and "'" not in name and name.isprintable()
    return str(SingleKey(name, t=KeyType.Literal if literal else None).as_string())


def rendered(value: PlainValue, *, literal: bool = False) -> str:
    """A value as TOML on one line; tables inline. ``literal``: strings in single quotes where that is possible."""
    if isinstance(value, dict):
        return (
            "{ " + ", ".join(f"{_key(key)} = {rendered(one)}" for key, one in value.items()) + " }"
            if value
            else "{}"
        )
    if isinstance(value, list):
        return "[" + ", ".join(rendered(one) for one in value) + "]"
    if isinstance(value, str):
        plain_text = literal and "'" not in value and value.isprintable()
        return str(tomlkit.string(value, literal=plain_text).as_string())
    return str(tomlkit.item(value).as_string())


def _show(path: KeyPath) -> str:
    """A path for a person."""
    return ".".join(f"[{key}]" if isinstance(key, int) else _key(key) for key in path).replace(".[", "[")
