"""The reader of configurations: every key, what does not fit, and the schema that says the same."""

from __future__ import annotations

import json
import tomllib
from datetime import date
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wasmdoctor.model.config import Allow, Config
from wasmdoctor.readers.config import KEYS, MAX_BYTES, Key, read_config, schema

ROOT = Path(__file__).parent.parent.parent
SCHEMA = json.loads((ROOT / "rules/schema/config-1.json").read_text("utf-8"))


def read(text: str, path: str = "wasmdoctor.toml") -> Config:
    config = read_config(text.encode(), path)
    assert config is not None
    return config


def said(text: str, path: str = "wasmdoctor.toml") -> list[str]:
    return [
        f"{problem.location}: {problem.message} ({problem.help})" for problem in read(text, path).problems
    ]


def line(key: Key) -> str:
    """A file that gives a key the value of its example."""
    if key.kind == "table":
        return f"[{key.name}]\n{key.example.strip('{} ')}\n"
    return f"{key.name} = {key.example}\n"


def by_schema(text: str) -> bool:
    """Whether the JSON Schema takes a file, dates read as editors give them to it."""
    data = json.loads(json.dumps(tomllib.loads(text), default=lambda value: value.isoformat()))
    checker = jsonschema.FormatChecker()
    return not list(jsonschema.Draft7Validator(SCHEMA, format_checker=checker).iter_errors(data))


# -- what fits


@pytest.mark.parametrize("key", [key for key in KEYS if key.kind != "tables"], ids=lambda key: key.name)
def test_the_example_of_every_key_is_read_and_is_valid_by_the_schema(key: Key) -> None:
    config = read(line(key))
    assert config.problems == ()
    assert set(config.values) == {key.name}
    assert config.values[key.name].location.line == 1
    assert by_schema(line(key))
    if key.default:
        default = tomllib.loads(f"value = {key.default}")["value"]
        assert read(f"{key.name} = {key.default}").problems == (), default


def test_one_text_stands_for_a_list_of_it() -> None:
    assert read('hosts = "jco"').values["hosts"].value == ("jco",)
    assert read('select = "WD1"').values["select"].value == ("WD1",)
    assert by_schema('hosts = "jco"\nselect = "WD1"')


ALLOWS = """\
[[allow]]
interface = "my:app/*"
component = "worker"
provided-by = "our host"

[[allow]]
rules = ["WD106", "look-alike"]
path = "vendor/**"
reason = "goes"
expires = 2027-03-31
"""


def test_what_is_allowed() -> None:
    config = read(ALLOWS)
    assert config.problems == ()
    first, second = config.allows
    assert first == Allow(first.location, interface="my:app/*", component="worker", provided_by="our host")
    assert second == Allow(
        second.location,
        path="vendor/**",
        rules=("WD106", "look-alike"),
        reason="goes",
        expires=date(2027, 3, 31),
    )
    assert [first.location.line, second.location.line] == [1, 6]
    assert by_schema(ALLOWS)


@pytest.mark.parametrize("table", ["workspace", "package"])
def test_a_manifest_may_hold_it(table: str) -> None:
    text = f'[package]\nname = "x"\n[{table}.metadata.wasmdoctor]\nhosts = ["jco"]\n[{table}.metadata.wasmdoctor.severity]\nWD1 = "note"\n'
    config = read(text, "app/Cargo.toml")
    assert config.problems == ()
    assert config.values["hosts"].value == ("jco",)
    assert str(config.values["hosts"].location) == "app/Cargo.toml:4:1"
    assert config.values["severity"].value["WD1"].value == "note"  # type: ignore[index]


@pytest.mark.parametrize(
    "text",
    [
        '[package]\nname = "wasmdoctor"\n',
        '[package.metadata.component]\npackage = "a:wasmdoctor"\n',
        '[workspace.metadata.other.wasmdoctor]\nhosts = "x"\n',
        "[dependencies]\nwasmdoctor = 1\n",
        "[package\nwasmdoctor",  # broken manifests are the rules' business
    ],
)
def test_a_manifest_without_a_table_of_ours_is_no_configuration(text: str) -> None:
    assert read_config(text.encode(), "Cargo.toml") is None


def test_a_manifest_may_not_configure_twice() -> None:
    text = '[workspace.metadata.wasmdoctor]\nhosts = "a"\n[package.metadata.wasmdoctor]\nhosts = "b"\n'
    assert said(text, "Cargo.toml") == [
        "Cargo.toml:1:21: this manifest configures wasmdoctor twice (keep one of the two tables)"
    ]
    assert said("[package.metadata]\nwasmdoctor = 1\n", "Cargo.toml") == [
        "Cargo.toml:2:1: `wasmdoctor` must be a table ()"
    ]


# -- what does not


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('host = "jco"', "1:1: there is no key `host` (did you mean `hosts`?)"),
        ("\n  fail_on = 1", "2:3: there is no key `fail_on` (did you mean `fail-on`?)"),
        ('zzz = "x"', "1:1: there is no key `zzz` (keys: extend, hosts,"),
        ("target = 1", "1:10: `target` must be a text, not a number (for example"),
        ("target = 2026-01-01", "1:10: `target` must be a text, not a date (for example"),
        ('target = " "', "1:10: `target` is empty (leave it out"),
        ('fail-on = "eror"', "1:11: `fail-on` cannot be `eror` (did you mean `error`?)"),
        ('persona = "boss"', "1:11: `persona` cannot be `boss` (values: regular, pedantic, auditor)"),
        ('hosts = ["jco", 1]', "1:17: `hosts` must be a list of texts, not a number"),
        ("hosts = true", "1:9: `hosts` must be a list of texts, not true"),
        ('select = ["WD1234"]', "1:11: `WD1234` names no rule"),
        ('select = ["wd1"]', None),  # a name by its form; whether there is one is asked later
        ('select = ["Wd1"]', "1:11: `Wd1` names no rule"),
        ('severity = "error"', "1:12: `severity` must be a table, not `error`"),
        ('[severity]\nWD1 = "off"', "2:7: `WD1` cannot be `off` (values: error, warning, note)"),
        ('[severity]\n"W D" = "note"', "2:1: `W D` names no rule"),
        ('[outputs]\nsarf = "x"', "2:1: there is no format `sarf` (did you mean `sarif`?)"),
        ('[per-path-ignores]\n"a/**" = 1', "2:10: `a/**` must be a list of texts, not a number"),
        ('allow = "x"', "1:1: `allow` is written as `[[allow]]`"),
        ("allow = [1]", "1:1: `allow` is written as `[[allow]]`"),
        ('[allow]\ninterface = "x"', "1:2: `allow` is written as `[[allow]]`"),
        ("[[allow]]", "1:3: nothing is allowed here"),
        ('[[allow]]\ninterface = "a:b/c"', "1:3: nothing is allowed here"),
        ('[[allow]]\nrules = ["WD1"]', '1:3: there is no reason (say why: `reason = "..."`)'),
        ('[[allow]]\nprovided-by = "x"', "1:3: what is provided is missing"),
        ('[[allow]]\nprovided-by = "x"\nrules = "WD1"', "1:3: `provided-by` and `rules` do not go together"),
        ('[[allow]]\ninterface = "a:b/c"\nprovided-by = "x"\npath = "y"', "4:1: `path` goes with `rules` only"),
        ('[[allow]]\nrules = "WD1"\nreason = "x"\nexpire = 2026-01-01', "4:1: there is no key `expire` (did you mean `expires`?)"),
        ('[[allow]]\nrules = "WD1"\nreason = "x"\nexpires = "soon"', "4:11: `expires` must be a date, not `soon`"),
        ('[[allow]]\nrules = "WD1"\nreason = "x"\nexpires = 12:00:00', "4:11: `expires` must be a date"),
        ("hosts = [", "1:10: not valid TOML"),
        ('hosts = "a"\nhosts = "b"', "2:1: not valid TOML: `hosts` is defined twice"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_with_its_place(text: str, expected: str | None) -> None:
    if expected is None:
        assert said(text) == []
        return
    [problem] = said(text)
    assert problem.startswith(f"wasmdoctor.toml:{expected}")
    try:
        tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return
    # To an editor's schema a date is a text.
    assert by_schema(text) == ("not a date" in expected)


def test_a_wrong_value_does_not_hide_the_others() -> None:
    config = read('hosts = 1\ntarget = "wasm32-wasip2"\nslect = "x"\n')
    assert set(config.values) == {"target"}
    assert len(config.problems) == 2


def test_what_is_no_text_at_all_is_a_problem() -> None:
    for data in (b"\xff\xfe", b"#" * (MAX_BYTES + 1), b"a = " + b"[" * 1000):
        config = read_config(data, "wasmdoctor.toml")
        assert config is not None
        assert len(config.problems) == 1


@given(st.text(alphabet='ab="[]{}\n.#-0,WD1 ' + "hosts"))
def test_any_text_is_read_or_refused(text: str) -> None:
    read(text)


# -- one table


def test_the_committed_schema_is_that_of_the_table() -> None:
    assert schema() == SCHEMA
    jsonschema.Draft7Validator.check_schema(SCHEMA)


def test_schema_and_reader_have_the_same_keys() -> None:
    allowed: dict[str, Any] = SCHEMA["properties"]["allow"]["items"]["properties"]
    [allow] = [key for key in KEYS if key.kind == "tables"]
    assert set(SCHEMA["properties"]) == {key.name for key in KEYS}
    assert set(allowed) == {key.name for key in allow.keys}
    # ... and the reader knows each of these, and no other.
    for name in SCHEMA["properties"]:
        assert not any("there is no key" in problem for problem in said(f"{name} = 1")), name
    for name in allowed:
        assert not any("there is no key" in problem for problem in said(f"[[allow]]\n{name} = 1")), name
    assert any("there is no key" in problem for problem in said("[[allow]]\nother = 1"))
