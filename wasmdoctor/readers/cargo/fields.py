"""Typed access to the values of a TOML table; a value of the wrong type is a problem and counts as absent."""

from __future__ import annotations

from wasmdoctor.model.cargo import Setting, Text
from wasmdoctor.model.source import Location, Problem, SourceText
from wasmdoctor.readers.cargo.toml import Array, DateText, Item, Table, plain


class Fields:
    """One manifest's values, with the problems found on the way."""

    def __init__(self, source: SourceText) -> None:
        self.source = source
        self.problems: list[Problem] = []

    def at(self, offset: int) -> Location:
        """The location of a byte offset."""
        return self.source.location(offset)

    def problem(self, offset: int, message: str, help_text: str = "") -> None:
        """Record a problem at a byte offset."""
        self.problems.append(Problem(self.at(offset), message, help_text))

    def _wrong(self, item: Item, key: str, expected: str) -> None:
        self.problem(item.start, f"`{key}` is not {expected}", f"give {expected}")

    def table(self, table: Table, key: str) -> Table:
        """The table at ``key``; an empty one when there is none."""
        item = table.get(key)
        if item is None:
            return Table(table.origin)
        if not isinstance(item.value, Table):
            self._wrong(item, key, "a table")
            return Table(table.origin)
        return item.value

    def tables(self, table: Table, key: str) -> list[Item]:
        """The items of an array of tables (``[[key]]``)."""
        item = table.get(key)
        if item is None:
            return []
        if not isinstance(item.value, Array):
            self._wrong(item, key, "an array of tables")
            return []
        good = [element for element in item.value if isinstance(element.value, Table)]
        if len(good) != len(item.value):
            self._wrong(item, key, "an array of tables")
        return good

    def text(self, table: Table, *keys: str) -> Text | None:
        """The string at the first of ``keys`` that is there."""
        item, key = _first(table, keys)
        if item is None:
            return None
        if not isinstance(item.value, str) or isinstance(item.value, DateText):
            self._wrong(item, key, "a string")
            return None
        return Text(item.value, self.at(item.start))

    def string(self, table: Table, *keys: str) -> str | None:
        """As ``text``, for those who do not want to know where it stands."""
        for key in keys:
            item = table.get(key)
            if item is not None:
                if not isinstance(item.value, str) or isinstance(item.value, DateText):
                    self._wrong(item, key, "a string")
                    return None
                return item.value
        return None

    def flag(self, table: Table, *keys: str) -> bool | None:
        """The boolean at the first of ``keys`` that is there."""
        item, key = _first(table, keys)
        if item is None:
            return None
        if not isinstance(item.value, bool):
            self._wrong(item, key, "true or false")
            return None
        return item.value

    def texts(self, table: Table, *keys: str) -> tuple[Text, ...]:
        """The strings of an array; elements of another type are problems."""
        item, key = _first(table, keys)
        if item is None:
            return ()
        if not isinstance(item.value, Array):
            self._wrong(item, key, "an array of strings")
            return ()
        found = []
        for element in item.value:
            if isinstance(element.value, str):
                found.append(Text(element.value, self.at(element.start)))
            else:
                self._wrong(element, key, "an array of strings")
        return tuple(found)

    def settings(self, table: Table, without: tuple[str, ...] = ()) -> tuple[Setting, ...]:
        """All values of a table as plain data, but for some keys."""
        return tuple(
            Setting(key, plain(item.value), self.at(item.key.start))
            for key, item in table.items()
            if key not in without
        )


def _first(table: Table, keys: tuple[str, ...]) -> tuple[Item | None, str]:
    for key in keys:
        item = table.get(key)
        if item is not None:
            return item, key
    return None, keys[0]
