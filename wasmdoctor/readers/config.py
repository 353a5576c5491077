"""The configuration: one table of all keys, which reads, validates and describes them.

The JSON Schema (``rules/schema/config-1.json``) and the reference (``docs/configuration.md``) are made from
the same table.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from wasmdoctor.discover import is_cheap
from wasmdoctor.model.config import Allow, Config, Given
from wasmdoctor.model.record import dataclass
from wasmdoctor.model.source import Location, Problem, SourceText, Span
from wasmdoctor.readers.cargo.toml import Array, DateText, Item, Table, parse

FILE_NAMES = ("wasmdoctor.toml", ".wasmdoctor.toml")
MANIFEST = "Cargo.toml"
MAX_BYTES = 1_000_000
MAX_ITEMS = 2_000
"""Texts in one list."""
MAX_TABLES = 500
"""``[[allow]]`` tables, and names in one table: each finding is held against every one of them."""
MAX_PROBLEMS = 100
"""More are not told of one file: it has to be looked at anyway."""

STARS = "a pattern may have `**` three times, and three stars in each part"

FORMATS = ("text", "json", "jsonl", "sarif", "github", "gitlab", "junit", "markdown", "html")
SEVERITIES = ("error", "warning", "note")
PERSONAS = ("regular", "pedantic", "auditor")

SELECTOR = r"^(WD[0-9]{0,3}|[a-z][a-z0-9]*(-[a-z0-9]+)*)$"
"""A rule's code, the beginning of codes, a rule's name, or ``all``."""


@dataclass(frozen=True, slots=True)
class Key:
    """One key: what it takes, and what people should know of it.

    ``kind`` is ``text``, ``path``, ``word`` (one of ``words``), ``date``, ``names`` (texts, or one text),
    ``globs``, ``rules`` (selectors of rules), ``table`` (from names, called ``each``, to values as ``of`` says) or
    ``tables`` (``[[key]]`` with the keys ``keys``). ``default`` and ``example`` are as written in TOML;
    ``option`` is the command-line option that beats it, or "".
    """

    name: str
    kind: str
    about: str
    example: str
    default: str = ""
    words: tuple[str, ...] = ()
    each: str = ""
    of: Key | None = None
    keys: tuple[Key, ...] = ()
    option: str = ""


_RULES = Key("rules", "rules", "Selectors of rules.", '["WD101"]')

KEYS: tuple[Key, ...] = (
    Key(
        "extend",
        "path",
        "Another configuration that this one goes on from. What stands here takes the place of what stands"
        " there; tables are merged name by name, and `[[allow]]` adds up.",
        '"../wasmdoctor.toml"',
    ),
    Key(
        "hosts",
        "names",
        "The hosts to judge by: NAME, NAME@VERSION or NAME@VERSION:MODE.",
        '["wasmtime@46:serve", "spin"]',
        '["wasmtime"]',
        option="--host",
    ),
    Key(
        "host-flags",
        "table",
        "The flags that each host is started with.",
        '{ wasmtime = ["http"] }',
        each="host",
        of=Key("", "names", "Flags, as after `-S`.", '["http"]'),
        option="--host-flag",
    ),
    Key(
        "target",
        "text",
        "The wasm target to read sources for; by default the one that was built last.",
        '"wasm32-wasip2"',
        option="--target",
    ),
    Key(
        "select",
        "rules",
        "The rules that speak: codes, beginnings of codes, names, or `all`. Of two selectors that name a rule"
        " the longer one decides, and `ignore` before `select`.",
        '["WD1", "WD301"]',
        '["all"]',
        option="--select",
    ),
    Key("extend-select", "rules", "Rules besides those of `select`.", '["unused-world-import"]', "[]"),
    Key(
        "ignore",
        "rules",
        "Rules that do not speak. What cannot be read (WD001 to WD003) is passed over only when its whole"
        " code or name stands here.",
        '["WD205"]',
        "[]",
        option="--ignore",
    ),
    Key(
        "severity",
        "table",
        "How bad the findings of a rule are here; the most exact selector counts.",
        '{ WD301 = "error" }',
        each="rule",
        of=Key("", "word", "The severity.", '"error"', words=SEVERITIES),
    ),
    Key(
        "per-path-ignores",
        "table",
        "Rules that do not speak of files. Patterns are those of .gitignore, from the folder of the"
        " configuration; the place of a finding counts, and the component in which it shows.",
        '{ "vendor/**" = ["WD2"] }',
        each="glob",
        of=_RULES,
    ),
    Key(
        "exclude",
        "globs",
        "Files and folders that are not checked, as in .gitignore.",
        '["experiments/**", "*.debug.wasm"]',
        "[]",
    ),
    Key(
        "allow",
        "tables",
        "An interface that somebody provides of whom wasmdoctor does not know (`provided-by`), or findings that"
        " are accepted (`rules` and `reason`).",
        "",
        keys=(
            Key("interface", "text", "A glob of imports; without a version it means all.", '"my:app/*"'),
            Key("component", "text", "A glob of the component's path, file name or crate.", '"scheduler"'),
            Key("path", "text", "A pattern of the file that a finding points to.", '"vendor/**"'),
            Key("provided-by", "text", "Who provides the interface.", '"our host, from 2.3 on"'),
            Key("rules", "rules", "The rules that do not speak of it.", '["WD106"]'),
            Key("reason", "text", "Why. Needed with `rules`.", '"goes with the next release"'),
            Key("expires", "date", "The last day on which it holds.", "2027-03-31"),
        ),
    ),
    Key(
        "fail-on",
        "word",
        "The least severity of a finding that makes the exit code 1.",
        '"warning"',
        '"error"',
        words=(*SEVERITIES, "never"),
        option="--fail-on",
    ),
    Key(
        "persona",
        "word",
        "How unsure findings may be: `regular` shows high and medium confidence, `pedantic` also errors and"
        " warnings of low confidence, `auditor` everything.",
        '"auditor"',
        '"regular"',
        words=PERSONAS,
        option="--persona",
    ),
    Key(
        "baseline",
        "path",
        "A file of known findings: only others are shown and counted. `check --update-baseline` writes it.",
        '"wasmdoctor-baseline.json"',
        option="--baseline",
    ),
    Key(
        "format",
        "word",
        "How `check` writes its report.",
        '"json"',
        '"text"',
        words=FORMATS,
        option="--format",
    ),
    Key(
        "outputs",
        "table",
        "Reports that `check` writes to files besides.",
        '{ sarif = "target/wasmdoctor.sarif" }',
        each="format",
        of=Key("", "path", "The file.", '"report.json"'),
        option="--output",
    ),
    Key(
        "build-command",
        "text",
        "What builds the workspace, for the shell; `migrate` proves its edits with it. By default cargo.",
        '"make component"',
        option="--build-cmd",
    ),
    Key(
        "adapter",
        "path",
        "The preview1 adapter that makes a component of a core module.",
        '"tools/wasi_snapshot_preview1.reactor.wasm"',
        option="--adapter",
    ),
    Key(
        "wasm-tools",
        "path",
        "The wasm-tools to use.",
        '"tools/wasm-tools"',
        option="--wasm-tools",
    ),
    Key(
        "data",
        "path",
        "The folder of your own hosts, mappings and words on rules (`hosts/`, `mappings/`, `lints/`).",
        '"../common/wasmdoctor.d"',
        '"wasmdoctor.d"',
    ),
)
"""Every key of a configuration, in the order in which people should read of them."""

_BY_NAME = {key.name: key for key in KEYS}


def read_config(data: bytes, path: str) -> Config | None:
    """A ``wasmdoctor.toml``, or the part of a ``Cargo.toml`` that is ours (None when it has none).

    Never raises: what is wrong is in ``problems``, with line and column, and the rest was read.
    """
    if len(data) > MAX_BYTES:
        problem = Problem(Location(path), f"this is larger than {MAX_BYTES:,} bytes", "is it the right file?")
        return Config(path, problems=(problem,))
    source = SourceText(path, data)
    is_manifest = path.rpartition("/")[2] == MANIFEST
    if is_manifest and b"wasmdoctor" not in data:
        return None
    root = parse(source)
    if isinstance(root, Problem):
        # A manifest that cannot be read is the rules' business (WD003); ours may not even be in it.
        return None if is_manifest else Config(path, problems=(root,))
    reader = _Reader(source)
    if is_manifest:
        found = _tables_of_manifest(root)
        if not found:
            return None
        if len(found) > 1:
            reader.fault(
                found[1].key, "this manifest configures wasmdoctor twice", "keep one of the two tables"
            )
        item = found[0]
        if not isinstance(item.value, Table):
            reader.fault(item.key, "`wasmdoctor` must be a table", "")
            return Config(path, problems=tuple(reader.problems))
        root = item.value
    values = reader.table(root)
    return Config(path, values, tuple(reader.allows), tuple(reader.problems))


def _tables_of_manifest(root: Table) -> list[Item]:
    found: list[Item] = []
    for above in ("package", "workspace"):
        table: Any = root
        item: Item | None = None
        for name in (above, "metadata", "wasmdoctor"):
            item = table.get(name) if isinstance(table, Table) else None
            table = item.value if item else None
        if item is not None:
            found.append(item)
    return found


class _Reader:
    """Takes the values of one file; what does not fit becomes a problem."""

    def __init__(self, source: SourceText) -> None:
        self.source = source
        self.problems: list[Problem] = []
        self.allows: list[Allow] = []

    def place(self, span: Span) -> Location:
        return self.source.location(span.start)

    @property
    def full(self) -> bool:
        """Whether there are as many problems as are told."""
        return len(self.problems) >= MAX_PROBLEMS

    def fault(self, span: Span, message: str, help_: str) -> None:
        if not self.full:
            self.problems.append(Problem(self.place(span), message, help_))

    def too_many(self, span: Span, count: int, most: int, what: str) -> bool:
        """Whether there are more of something than are read, which is a problem."""
        if count > most:
            self.fault(span, f"{count:,} {what}, and {most:,} are read", "patterns can stand for many names")
        return count > most

    def table(self, table: Table) -> dict[str, Given]:
        values: dict[str, Given] = {}
        for name, item in table.items():
            if self.full:
                break
            key = self.known(name, item, _BY_NAME)
            if key is None:
                continue
            if key.kind == "tables":
                self.array(key, item)
                continue
            value = self.value(key, name, item)
            if value is not None:
                values[name] = Given(value, self.place(item.key))
        return values

    def known(self, name: str, item: Item, keys: Mapping[str, Key]) -> Key | None:
        """The key of a name; an unknown one is a problem, with what was probably meant."""
        key = keys.get(name)
        if key is None:
            self.fault(item.key, f"there is no key `{name}`", _meant(name, keys, "keys"))
        return key

    def value(self, key: Key, name: str, item: Item) -> object | None:
        """What a key has, checked; None when it does not fit."""
        value = item.value
        span = Span(item.start, item.end)
        if key.kind == "table":
            return self.named(key, item)
        if key.kind == "date":
            return self.date(name, item)
        if key.kind in ("names", "globs", "rules"):
            return self.texts(key, name, item)
        if not isinstance(value, str) or isinstance(value, DateText):
            self.fault(span, f"`{name}` must be a text, not {_named(value)}", f"for example {key.example}")
            return None
        if key.kind == "word" and value not in key.words:
            self.fault(span, f"`{name}` cannot be `{value}`", _meant(value, key.words, "values"))
            return None
        if not value.strip():
            self.fault(span, f"`{name}` is empty", "leave it out, or give it a value")
            return None
        return str(value)

    def texts(self, key: Key, name: str, item: Item) -> tuple[str, ...] | None:
        """A list of texts; one text stands for a list of it."""
        items = item.value if isinstance(item.value, Array) else [item]
        texts: list[str] = []
        if self.too_many(Span(item.start, item.end), len(items), MAX_ITEMS, f"texts in `{name}`"):
            return None
        fine = True
        for each in items:
            span = Span(each.start, each.end)
            if not isinstance(each.value, str) or isinstance(each.value, DateText) or not each.value.strip():
                self.fault(
                    span,
                    f"`{name}` must be a list of texts, not {_named(each.value)}",
                    f"for example {key.example}",
                )
                fine = False
            elif key.kind == "rules" and not re.match(SELECTOR, each.value):
                self.fault(
                    span, f"`{each.value}` names no rule", "give codes (WD101), beginnings (WD1) or names"
                )
                fine = False
            elif key.kind == "globs" and not is_cheap(each.value):
                self.fault(span, f"`{name}` has a pattern that takes too long to be matched", STARS)
                fine = False
            else:
                texts.append(each.value)
        return tuple(texts) if fine else None

    def named(self, key: Key, item: Item) -> dict[str, Given] | None:
        """A table from names to values."""
        assert key.of is not None
        if not isinstance(item.value, Table):
            span = Span(item.start, item.end)
            self.fault(
                span, f"`{key.name}` must be a table, not {_named(item.value)}", f"for example {key.example}"
            )
            return None
        values: dict[str, Given] = {}
        if self.too_many(item.key, len(item.value), MAX_TABLES, f"names in `{key.name}`"):
            return None
        for name, each in item.value.items():
            if self.full:
                break
            if key.each == "glob" and not is_cheap(name):
                self.fault(each.key, f"`{key.name}` has a pattern that takes too long to be matched", STARS)
                continue
            if key.each == "format" and name not in FORMATS:
                self.fault(each.key, f"there is no format `{name}`", _meant(name, FORMATS, "formats"))
                continue
            if key.each == "rule" and not re.match(SELECTOR, name):
                self.fault(
                    each.key, f"`{name}` names no rule", "give codes (WD101), beginnings (WD1) or names"
                )
                continue
            value = self.value(key.of, name, each)
            if value is not None:
                values[name] = Given(value, self.place(each.key))
        return values

    def date(self, name: str, item: Item) -> date | None:
        """A date, as TOML writes one or as a text."""
        try:
            if isinstance(item.value, str):
                return date.fromisoformat(item.value)
        except ValueError:
            pass
        span = Span(item.start, item.end)
        self.fault(
            span, f"`{name}` must be a date, not {_named(item.value)}", f"for example {name} = 2027-03-31"
        )
        return None

    def array(self, key: Key, item: Item) -> None:
        """The ``[[allow]]`` tables."""
        rows = item.value if isinstance(item.value, Array) else []
        if not rows or not all(isinstance(row.value, Table) for row in rows):
            if not (isinstance(item.value, Array) and not rows):
                self.fault(
                    item.key, f"`{key.name}` is written as `[[{key.name}]]`", "one such table for each"
                )
            return
        keys = {each.name: each for each in key.keys}
        if self.too_many(item.key, len(rows), MAX_TABLES, f"`[[{key.name}]]` tables"):
            return
        for row in rows:
            if self.full:
                break
            assert isinstance(row.value, Table)
            values: dict[str, Any] = {}
            for name, each in row.value.items():
                known = self.known(name, each, keys)
                value = self.value(known, name, each) if known else None
                if value is not None:
                    values[name.replace("-", "_")] = value
            self.allow(row, values)

    def allow(self, row: Item, values: dict[str, Any]) -> None:
        """One ``[[allow]]``, when it says what it must."""
        table = row.value
        assert isinstance(table, Table)
        where = row.key
        if "provided-by" in table and "rules" in table:
            message = "`provided-by` and `rules` do not go together"
            self.fault(where, message, "write two of them: one for the interface, one for findings")
        elif "provided-by" in table:
            if "interface" not in table:
                self.fault(where, "what is provided is missing", 'add `interface = "my:app/*"`')
            elif "path" in table:
                self.fault(table["path"].key, "`path` goes with `rules` only", "name the component instead")
            elif "provided_by" in values and "interface" in values:
                self.allows.append(Allow(self.place(where), **values))
        elif not is_cheap(values.get("path", "")):
            self.fault(table["path"].key, "`path` is a pattern that takes too long to be matched", STARS)
        elif "rules" not in table:
            self.fault(where, "nothing is allowed here", "add `provided-by` (who provides it) or `rules`")
        elif "reason" not in table:
            self.fault(where, "there is no reason", 'say why: `reason = "..."`')
        elif "rules" in values and "reason" in values:
            self.allows.append(Allow(self.place(where), **values))


def _named(value: object) -> str:
    """What a value is, for a message."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, DateText):
        return "a date"
    if isinstance(value, str):
        return f"`{value}`" if value.strip() else "an empty text"
    if isinstance(value, int | float):
        return "a number"
    return "a table" if isinstance(value, Table) else "a list"


def _meant(name: str, known: Iterable[str], what: str) -> str:
    known = list(known)
    near = difflib.get_close_matches(name, known, 1) or [
        each for each in known if each in name or name in each
    ]
    return f"did you mean `{near[0]}`?" if near else f"{what}: {', '.join(known)}"


# -- the JSON Schema ------------------------------------------------------------------------------

_TEXT = {"type": "string", "pattern": "\\S"}
_SELECTOR = {"type": "string", "pattern": SELECTOR}


def schema() -> dict[str, Any]:
    """The JSON Schema (draft 7, which TOML editors read) of a ``wasmdoctor.toml``."""
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "$id": "urn:wasmdoctor:config:1",
        "title": "wasmdoctor.toml",
        "description": "The configuration of wasmdoctor. The same keys stand below [workspace.metadata.wasmdoctor]"
        " or [package.metadata.wasmdoctor] in a Cargo.toml.",
        "type": "object",
        "additionalProperties": False,
        "properties": {key.name: {"description": key.about, **_schema_of(key)} for key in KEYS},
    }


def _schema_of(key: Key) -> dict[str, Any]:
    match key.kind:
        case "word":
            return {"enum": list(key.words)}
        case "date":
            return {"type": "string", "format": "date"}
        case "names" | "globs":
            return {"anyOf": [_TEXT, {"type": "array", "items": _TEXT}]}
        case "rules":
            return {"anyOf": [_SELECTOR, {"type": "array", "items": _SELECTOR}]}
        case "table":
            assert key.of is not None
            return _table_schema(key, _schema_of(key.of))
        case "tables":
            return {"type": "array", "items": _allow_schema(key)}
    return _TEXT


def _table_schema(key: Key, value: dict[str, Any]) -> dict[str, Any]:
    if key.each == "format":
        properties = dict.fromkeys(FORMATS, value)
        return {"type": "object", "additionalProperties": False, "properties": properties}
    if key.each == "rule":
        return {"type": "object", "additionalProperties": False, "patternProperties": {SELECTOR: value}}
    return {"type": "object", "additionalProperties": value}


def _allow_schema(key: Key) -> dict[str, Any]:
    return {
        "type": "object",
        "additionalProperties": False,
        "properties": {each.name: {"description": each.about, **_schema_of(each)} for each in key.keys},
        "oneOf": [
            {
                "required": ["interface", "provided-by"],
                "not": {"anyOf": [{"required": ["rules"]}, {"required": ["path"]}]},
            },
            {"required": ["rules", "reason"], "not": {"required": ["provided-by"]}},
        ],
    }
