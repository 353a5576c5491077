"""Reading rules: what is wrong in a file is said with the file and the key; folders of a person's own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from wasmdoctor import catalog as catalog_module
from wasmdoctor.catalog import Catalog, CatalogError, rules_folder
from wasmdoctor.model.host import HostError
from wasmdoctor.model.rule import Confidence, Severity

HOST = """\
schema = 1
name = "edge"
title = "Edge"
about = "a host of our own"
source = "the platform team"
aliases = ["rim"]
flag_args = "--with {flag}"

[sets]
base = ["wasi:io/poll", "wasi:cli/stdin"]
all = "base, edge:kv/store"

[flags.kv]
about = "key-value"
evidence = "its manual"

[[starts]]
mode = "run"
export = "wasi:cli/run"
command = "edge {flags} {component}"
evidence = "its manual"

[interfaces."edge:kv/store@1.2.0"]
functions = ["open", "get"]
resources = ["bucket"]
gates.get = { since = "1.1.0" }

[[lines]]
first = "1.0"
last = "1.4"
name_rule = "exact-then-track"
evidence = "its world.wit"

[lines.modes.run]
provides.default = ["base@0.2.0"]
provides.kv = ["edge:kv/store@1.2.0"]
entries.default = ["wasi:cli/run@0.2.0"]
"""

LINT = """\
code = "WD999"
name = "a-rule"
since = "0.1.0"
severity = "warning"
confidence = "low"
summary = "A summary"
what = "What"
why = "Why"
plans = ["a"]

[example]
language = "wit"
before = "a"
after = "b"

[[fixes]]
plan = "a"
title = "Title"
text = "Text"

[[references]]
title = "A book"
"""

LOOKALIKES = """\
schema = 1
noise = "api"
[synonyms]
network = "net"
[[roles]]
name = "net"
tokens = "net, sockets"
targets = "wasi:sockets/network"
about = "sockets"
"""

Write = Callable[[str, str], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write a file below a folder of rules that has hosts/ and lints/."""
    for folder in ("hosts", "lints", "wit"):
        (tmp_path / folder).mkdir()

    def put(name: str, text: str) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return tmp_path

    return put


def test_the_rules_of_the_checkout_are_found() -> None:
    assert rules_folder() == Path(catalog_module.__file__).resolve().parent.parent / "rules"


def test_installed_rules_come_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "site" / "wasmdoctor"
    package.mkdir(parents=True)
    monkeypatch.setattr(catalog_module, "__file__", str(package / "catalog.py"))
    with pytest.raises(CatalogError, match="folder of rules is missing"):
        rules_folder()
    (package.parent / "rules").mkdir()
    assert rules_folder() == package.parent / "rules"
    (package / "_rules").mkdir()
    assert rules_folder() == package / "_rules"


def test_a_host_is_one_file(write: Write) -> None:
    """A person's own host needs no Python: one TOML in a folder."""
    folder = write("hosts/edge.toml", HOST)
    catalog = Catalog(extra=[folder])
    assert "edge" in catalog.host_names
    assert "wasmtime" in catalog.host_names
    host = catalog.host("edge")
    assert host.id == "edge@1.4"
    assert host.provided == {"wasi:io/poll@0.2.0", "wasi:cli/stdin@0.2.0"}
    assert host.match("wasi:io/poll@0.2.7").kind == "track"
    assert host.match("edge:kv/store@1.0.0").needs_flag == ("kv",)
    with_kv = catalog.host("rim@1.2", ["kv"])
    match = with_kv.match("edge:kv/store@1.9.0")
    assert match.provided == "edge:kv/store@1.2.0"
    missing = with_kv.missing_functions(match, ["open", "get", "put"], ["bucket"])
    assert [m.name for m in missing] == ["put"]
    found = with_kv.start("a.wasm", {}, ["wasi:cli/run@0.2.1"])
    assert found is not None
    assert found.command == "edge --with kv a.wasm"


def test_lines_in_files_of_their_own(write: Write) -> None:
    head, _, line = HOST.partition("[[lines]]\n")
    write("hosts/edge.toml", head)
    write("hosts/edge/1.0-1.4.toml", line.replace("lines.modes", "modes"))
    newer = line.replace('first = "1.0"\nlast = "1.4"', 'first = "1.10"').replace("lines.modes", "modes")
    folder = write("hosts/edge/1.10.toml", newer.replace("base@0.2.0", "all@1.0.0"))
    catalog = Catalog(folder)
    assert catalog.host_names == ("edge",)
    assert catalog.host_profile("edge").ranges == (("1.0", "1.4"), ("1.10", "1.10"))
    assert [line.first for line in catalog.host_profile("rim").lines] == ["1.0", "1.10"]
    assert catalog.host("edge").provided == {
        "wasi:io/poll@1.0.0",
        "wasi:cli/stdin@1.0.0",
        "edge:kv/store@1.0.0",
    }
    between = catalog.host("edge@1.7")
    assert between.line.first == "1.0"
    assert between.note == "Edge 1.7 is between the versions known here (1.0 to 1.10); judged as 1.0 to 1.4"


def test_a_later_folder_replaces_a_host(write: Write) -> None:
    folder = write("hosts/wasmtime.toml", HOST.replace('name = "edge"', 'name = "wasmtime"'))
    assert Catalog(extra=[folder]).host_profile("wasmtime").title == "Edge"


# What stands in HOST, what stands there instead, the key that is named, and what is said of it.
HOST_ERRORS = [
    ("schema = 1", "schema = 2", "schema", "reads schema 1"),
    ("schema = 1", "", "schema", "is missing"),
    ("schema = 1", "schema = true", "schema", "must be a whole number, not true or false"),
    ('title = "Edge"', "title = 3", "title", "must be a text, not a number"),
    ('title = "Edge"', 'title = " "', "title", "must not be empty"),
    ('title = "Edge"', 'titel = "Edge"', "title", "is missing"),
    ('title = "Edge"', 'title = "Edge"\ntitel = "x"', "titel", "is not a known key. Did you mean title?"),
    ('name = "edge"', 'name = "rim"', "name", "must be the file's name, 'edge'"),
    ('aliases = ["rim"]', "aliases = [1]", "aliases", "must be a list of names"),
    ("[sets]", "checks_types = 1\n[sets]", "checks_types", "must be true or false"),
    ("base, edge:kv/store", "bas", "sets.all", "Did you mean base?"),
    ("base, edge:kv/store", "all", "sets.all", "contains itself"),
    (
        'about = "key-value"',
        'about = "x"\nkind = "switch"',
        "flags.kv.kind",
        "must be one of flag, permission",
    ),
    ('about = "key-value"', 'about = "x"\ncolour = "red"', "flags.kv.colour", "is not a known key"),
    ("edge {flags} {component}", "edge {file}", "starts[0].command", "{flags}, {component} and {call}"),
    ('command = "edge', 'first = "one"\ncommand = "edge', "starts[0].first", "must be a version"),
    ('functions = ["open", "get"]', 'functions = ["open"]', "gates.get", "is not among the functions"),
    ('since = "1.1.0"', 'sinse = "1.1.0"', "gates.get.sinse", "Did you mean since?"),
    ('first = "1.0"', 'first = "1.x"', "lines[0].first", "must be a version such as 46 or 2.7.0"),
    (
        '"exact-then-track"',
        '"semver"',
        "lines[0].name_rule",
        "must be one of exact, exact-then-track, package",
    ),
    ('"exact-then-track"', '"package"', "lines[0].maps", "goes with the name rule 'package'"),
    ('evidence = "its world.wit"', "", "lines[0].evidence", "is missing"),
    (
        "base@0.2.0",
        "bass@0.2.0",
        "lines[0].modes.run.provides.default",
        "'bass' is neither an interface nor a set",
    ),
    ("provides.kv", 'provides."kv+"', "lines[0].modes.run.provides.kv+", "joined by +"),
    ("entries.default", "functions.default", "lines[0].modes.run.functions", "is not interface#function"),
    ("[lines.modes.run]", "[lines.mode.run]", "lines[0].modes", "is missing: a line needs at least one"),
    ("[[lines]]", "[lines]", "lines", "must be an array of tables ([[lines]])"),
    (HOST[HOST.index("[[lines]]") :], "", "lines", "a host needs at least one"),
    ("[sets]", "[sets", "", "is not valid TOML"),
    (
        "[sets]",
        "[name_rules.semver]\ntext='x'\nevidence='y'\n[sets]",
        "name_rules.semver",
        "is not a name rule",
    ),
]


@pytest.mark.parametrize(("old", "new", "key", "message"), HOST_ERRORS)
def test_errors_in_a_host_name_the_key(write: Write, old: str, new: str, key: str, message: str) -> None:
    assert HOST.count(old) >= 1
    folder = write("hosts/edge.toml", HOST.replace(old, new, 1))
    with pytest.raises(CatalogError) as caught:
        Catalog(folder).host_profile("edge")
    error = caught.value
    assert error.path == str(folder / "hosts" / "edge.toml")
    assert error.key.endswith(key)
    assert message in error.message
    assert str(error).startswith(f"{error.path}: ")


def test_a_line_file_is_named_by_its_versions(write: Write) -> None:
    head, _, line = HOST.partition("[[lines]]\n")
    write("hosts/edge.toml", head)
    folder = write("hosts/edge/2.toml", line.replace("lines.modes", "modes"))
    with pytest.raises(CatalogError, match=r"must be named 1\.0-1\.4\.toml"):
        Catalog(folder).host_profile("edge")
    write("hosts/edge/newest.toml", line)
    with pytest.raises(CatalogError, match="named by the versions"):
        Catalog(folder).host_profile("edge")


def test_wit_facts_that_are_missing(write: Write) -> None:
    folder = write("hosts/edge.toml", HOST.replace("name_rule =", 'wit = "no-such"\nname_rule =', 1))
    with pytest.raises(CatalogError, match="a host names it, but it is missing"):
        Catalog(folder).host("edge")


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"\xff\xfe", "is not UTF-8"),
        (b"a = " + b"[" * 100_000, "is nested too deeply"),
        (b"#" * 4_000_001, "is larger than"),
    ],
)
def test_files_that_cannot_be_read(write: Write, data: bytes, message: str) -> None:
    folder = write("hosts/edge.toml", "")
    (folder / "hosts" / "edge.toml").write_bytes(data)
    with pytest.raises(CatalogError, match=message):
        Catalog(folder).host("edge")


def test_a_folder_in_place_of_a_file_is_no_host(write: Write) -> None:
    folder = write("hosts/edge.toml/x", "")
    with pytest.raises(HostError, match="there is no host"):
        Catalog(folder).host("none-such")


def test_a_lint(write: Write) -> None:
    (lint,) = Catalog(write("lints/WD999-a-rule.toml", LINT)).lints
    assert (lint.code, lint.name, lint.plans) == ("WD999", "a-rule", ("a",))
    assert (lint.severity, lint.confidence) == (Severity.WARNING, Confidence.LOW)
    assert lint.severity.rank > Severity.NOTE.rank
    assert (lint.fixes[0].plan, lint.example.after, lint.references[0].title) == ("a", "b", "A book")


LINT_ERRORS = [
    ('code = "WD999"', 'code = "X1"', "code", "must be WD and three digits"),
    ('code = "WD999"', 'code = "WD998"', "", "the file must be named WD998-a-rule.toml"),
    ('severity = "warning"', 'severity = "fatal"', "severity", "must be one of error, warning, note"),
    ('confidence = "low"', "", "confidence", "is missing"),
    ('plans = ["a"]', 'plans = ["d"]', "plans", "must hold a, b or c"),
    ('plans = ["a"]', "plans = []", "plans", "must be the plans that [[fixes]] describe: a"),
    ('why = "Why"', 'why = "Why"\nwhen = "x"', "when", "is not a known key"),
    ('after = "b"', "", "example.after", "is missing"),
    ('text = "Text"', "", "fixes[0].text", "is missing"),
    ('[[references]]\ntitle = "A book"\n', "", "references", "is missing"),
]


@pytest.mark.parametrize(("old", "new", "key", "message"), LINT_ERRORS)
def test_errors_in_a_lint_name_the_key(write: Write, old: str, new: str, key: str, message: str) -> None:
    assert LINT.count(old) == 1
    folder = write("lints/WD999-a-rule.toml", LINT.replace(old, new))
    with pytest.raises(CatalogError) as caught:
        _ = Catalog(folder).lints
    assert caught.value.key == key
    assert message in caught.value.message


@pytest.mark.parametrize(
    ("file", "old", "new", "message"),
    [
        ("lints/WD999-other.toml", "a-rule", "other", "WD999 is taken by a-rule"),
        ("lints/WD998-a-rule.toml", "WD999", "WD998", "'a-rule' is taken by WD998"),
    ],
)
def test_codes_and_names_are_used_once(write: Write, file: str, old: str, new: str, message: str) -> None:
    write("lints/WD999-a-rule.toml", LINT)
    folder = write(file, LINT.replace(old, new))
    with pytest.raises(CatalogError, match=message):
        _ = Catalog(folder).lints


def test_lints_are_found_by_code_and_name() -> None:
    catalog = Catalog()
    assert catalog.lint("wd101") == catalog.lint("nonstandard-import")
    with pytest.raises(LookupError, match=r"Did you mean nonstandard-import\?"):
        catalog.lint("nonstandard-imports")
    with pytest.raises(LookupError, match="See `wasmdoctor rules`"):
        catalog.lint("WD999")


def test_lookalikes_add_up_over_folders(write: Write) -> None:
    folder = write("lookalikes.toml", LOOKALIKES)
    alone = Catalog(folder).lookalikes
    assert alone.roles[0].tokens == {"network", "sockets"}
    assert alone.words("[method]net-api.open") == ("network", "open")
    both = Catalog(extra=[folder]).lookalikes
    assert both.roles[-1].name == "net"
    assert "socket" in both.roles[-1].tokens  # by the synonyms that ship
    assert len(both.roles) == len(Catalog().lookalikes.roles) + 1


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('network = "net"', 'network = "net"\nnet = "n"', "has another meaning"),
        ('network = "net"', 'network = "net"\nother = "net"', "has another meaning"),
        ("net, sockets", "tcp-socket", "must be one word in lower case"),
        ('targets = "wasi:sockets/network"', "", "is missing"),
    ],
)
def test_errors_in_lookalikes(write: Write, old: str, new: str, message: str) -> None:
    with pytest.raises(CatalogError, match=message):
        _ = Catalog(write("lookalikes.toml", LOOKALIKES.replace(old, new))).lookalikes
