"""Changes of real manifests: all that is in cargo's home, where building the fixtures has put them."""

from __future__ import annotations

import os
import random
import tomllib
from pathlib import Path
from typing import Any

import pytest

from wasmdoctor.migrate.edits import compose
from wasmdoctor.migrate.toml import (
    KeyPath,
    RemoveElement,
    RemoveKey,
    SetKey,
    TomlChange,
    TomlEditError,
    toml_edits,
)
from wasmdoctor.model.edit import Replace

pytestmark = pytest.mark.rust

CAUSE = "a test"


def manifests() -> list[Path]:
    home = Path(os.environ.get("CARGO_HOME", Path.home() / ".cargo"))
    written = sorted(home.glob("registry/src/*/*/Cargo.toml.orig"))
    generated = sorted(home.glob("registry/src/*/*/Cargo.toml"))
    # What people wrote has every layout; what cargo generated has one, but long.
    return written[::2] + generated[::8]


def keys(data: Any, path: KeyPath = ()) -> list[KeyPath]:
    """The paths of all keys, those in arrays too."""
    found: list[KeyPath] = []
    pairs = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for key, value in pairs:
        here = (*path, key)
        if isinstance(key, str):
            found.append(here)
        found += keys(value, here)
    return found


def value_at(data: Any, path: KeyPath) -> Any:
    for key in path:
        data = data[key]
    return data


def removed(data: Any, path: KeyPath) -> None:
    """Remove a key from plain data, and the tables that are empty then. Written apart from the code's own."""
    del value_at(data, path[:-1])[path[-1]]
    for size in range(len(path) - 1, 0, -1):
        if (
            not isinstance(path[size - 1], str)
            or path[:size] == ("workspace",)
            or value_at(data, path[:size])
        ):
            return
        del value_at(data, path[: size - 1])[path[size - 1]]


def test_random_changes_of_real_manifests() -> None:
    paths = manifests()
    assert len(paths) >= 300, "build the fixtures first: they fetch the crates whose manifests are used here"
    edited = 0
    kinds = dict.fromkeys(["key", "table", "element", "add", "new table", "set"], 0)
    for number, path in enumerate(paths):
        chance = random.Random(number)
        data = path.read_bytes()
        try:
            expected = tomllib.loads(data.decode())
        except (UnicodeDecodeError, tomllib.TOMLDecodeError):
            with pytest.raises(TomlEditError):
                toml_edits("Cargo.toml", data, [RemoveKey(("package",), CAUSE)])
            continue
        changes: list[TomlChange] = []
        for kind in chance.sample(list(kinds), 3):
            all_keys = keys(expected)
            chosen = chance.choice(all_keys) if all_keys else ("package",)
            value = value_at(expected, chosen) if all_keys else {}
            if kind in ("key", "table") and all_keys:
                if (kind == "table") != isinstance(value, dict):
                    continue
                changes.append(RemoveKey(chosen, CAUSE))
                removed(expected, chosen)
            elif kind == "element":
                arrays = [key for key in all_keys if isinstance(value_at(expected, key), list)]
                arrays = [
                    key for key in arrays if value_at(expected, key)[:1] and not any_table(expected, key)
                ]
                if not arrays:
                    continue
                array = chance.choice(arrays)
                gone = chance.choice(value_at(expected, array))
                changes.append(RemoveElement(array, gone, CAUSE))
                value_at(expected, array).remove(gone)
            elif kind == "add":
                tables = [key for key in all_keys if isinstance(value_at(expected, key), dict)]
                if not tables:
                    continue
                table = chance.choice(tables)
                changes.append(SetKey((*table, "added-here"), {"version": "1", "x y": [1, True]}, CAUSE))
                value_at(expected, table)["added-here"] = {"version": "1", "x y": [1, True]}
            elif kind == "new table":
                changes.append(SetKey(("target", 'cfg(not(a = "b"))', "dependencies", "new"), "1", CAUSE))
                made = expected.setdefault("target", {}).setdefault('cfg(not(a = "b"))', {})
                made.setdefault("dependencies", {})["new"] = "1"
            elif kind == "set":
                if isinstance(value, dict) or (isinstance(value, list) and any_table(expected, chosen)):
                    continue
                changes.append(SetKey(chosen, "other 'value'", CAUSE))
                value_at(expected, chosen[:-1])[chosen[-1]] = "other 'value'"
            else:
                continue
            kinds[kind] += 1
        edits = toml_edits("Cargo.toml", data, changes)
        after = spliced(data, edits)
        if number % 5 == 0:  # the engine parses the result with tomlkit too, which takes its time
            result = compose(edits, {"Cargo.toml": data}.get)
            assert (result.changes[0].after if result else data) == after
        assert tomllib.loads(after.decode()) == expected, path
        # Outside of the spans, the bytes are those of before, in order; and the spans are of whole changes.
        at = old = 0
        for edit in edits:
            same = data[old : edit.span.start]
            assert after[at : at + len(same)] == same, path
            at += len(same)
            assert after[at : at + len(edit.data)] == edit.data, path
            at, old = at + len(edit.data), edit.span.end
        assert after[at:] == data[old:], path
        changed = sum(edit.span.end - edit.span.start for edit in edits)
        assert not edits or changed < len(data) or len(expected) < 2, path
        edited += bool(edits)
    assert edited >= 300
    assert all(count >= 30 for count in kinds.values()), kinds


def spliced(data: bytes, edits: tuple[Replace, ...]) -> bytes:
    """The edits made from the last to the first."""
    for edit in reversed(edits):
        data = data[: edit.span.start] + edit.data + data[edit.span.end :]
    return data


def any_table(data: Any, path: KeyPath) -> bool:
    return any(isinstance(one, dict) for one in value_at(data, path))
