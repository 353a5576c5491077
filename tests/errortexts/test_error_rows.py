"""The rows of rules/errors: every example is its row's and no other's, and what they point to exists."""

from __future__ import annotations

import re
import shlex
import shutil
from pathlib import Path

import pytest
from errortexts.reading_errors import catalog, read
from pace import within

from wasmdoctor.catalog import Catalog, CatalogError
from wasmdoctor.checks.errortext import LIMIT, recognise
from wasmdoctor.cli import COMMANDS
from wasmdoctor.model.errortext import FIELD, PLACEHOLDERS, ErrorRow, kind_of, regex_of

ROWS = [row for tool in Catalog().errors for row in tool.rows]
DERIVED = {"package", "pkg", "flag", "component", "file"}
"""Values that come from elsewhere than the row's own patterns: from names, hosts and the lines around."""


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.key)
def test_an_example_is_recognised_as_its_row_alone(row: ErrorRow) -> None:
    assert [one.row.key for one in read(row.example).recognised] == [row.key]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.key)
def test_texts_name_only_what_the_patterns_take(row: ErrorRow) -> None:
    every = [set(FIELD.findall(pattern)) for pattern in row.patterns]
    for text in (row.what, row.cure, *row.next):
        for name, default in re.findall(r"\{([a-z]+[0-9]?)(\|[^{}]*)?\}", text):
            if kind_of(name) in PLACEHOLDERS and name not in DERIVED and not default:
                assert any(name in fields for fields in every), (name, text)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.key)
def test_next_commands_exist(row: ErrorRow) -> None:
    assert row.next
    for command in row.next:
        words = shlex.split(re.sub(r"\{[^{}]*\}", "x", command))
        assert words[0] in ("wasmdoctor", "cargo"), command
        if words[0] == "wasmdoctor":
            assert words[1] in COMMANDS, command


def test_codes_tools_and_versions_are_there() -> None:
    codes = {lint.code for lint in catalog().lints}
    assert len(ROWS) >= 100
    for row in ROWS:
        assert not row.code or row.code in codes, row.key
        assert row.versions, row.key
        assert row.made == "run" or row.source or "src/" in row.versions, row.key


def test_most_rows_are_from_runs() -> None:
    made = [row.made for row in ROWS]
    assert made.count("run") >= 85
    assert made.count("report") <= 5


def test_a_row_needs_an_existing_code(tmp_path: Path) -> None:
    rules = _copy(tmp_path)
    path = rules / "errors" / "spin.toml"
    path.write_text(path.read_text().replace('code = "WD101"', 'code = "WD999"'))
    with pytest.raises(CatalogError, match=r"spin\.toml: environment-lacks: there is no rule WD999"):
        _ = Catalog(rules).errors


@pytest.mark.parametrize(
    ("pattern", "why"),
    [
        ("{file} is bad", "must begin with at least"),
        ("a long text {nope} then", "unknown placeholder {nope}"),
        ("a long text {file}{name} then", "needs text between"),
        ("a long text {any}{name} then", "needs text between"),
        ("a long text {file} and {file} then", "placeholder twice"),
        ("a long text {File} then", "brace"),
    ],
)
def test_a_bad_pattern_is_refused(pattern: str, why: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=re.escape(why)):
        regex_of(pattern)
    rules = _copy(tmp_path)
    path = rules / "errors" / "wac.toml"
    text = path.read_text()
    path.write_text(text.replace('patterns = ["the socket', f"patterns = ['{pattern}', \"the socket", 1))
    with pytest.raises(CatalogError, match=re.escape("rows[0].patterns[0]: ")):
        _ = Catalog(rules).errors


def test_a_persons_own_rows_count(tmp_path: Path) -> None:
    own = tmp_path / "errors"
    own.mkdir()
    (own / "our-host.toml").write_text(
        'schema = 1\ntool = "our-host"\ntitle = "our host"\nversions = "our host 1"\n'
        '[[rows]]\nid = "no-store"\ncode = "WD101"\npatterns = ["OURS: cannot find {interface}"]\n'
        'what = "x"\ncure = "y"\nnext = ["wasmdoctor why {interface}"]\nexample = "OURS: cannot find a:b/c"\n'
    )
    (one,) = recognise("OURS: cannot find my:app/store@1.0.0", Catalog(extra=(tmp_path,)).errors).recognised
    assert (one.code, one.next) == ("WD101", ("wasmdoctor why my:app/store@1.0.0",))


def _copy(tmp_path: Path) -> Path:
    shutil.copytree(catalog().folders[0], tmp_path / "rules")
    return tmp_path / "rules"


@pytest.mark.parametrize("filler", ["a", "a:b/c", "`", " ", "\n", "error: ", "'", "(", "-"])
def test_cost_is_linear_in_the_text(filler: str) -> None:
    """Beginnings of patterns with a filler behind each: no pattern tries one place twice."""
    starts = [FIELD.split(pattern)[0] for row in ROWS for pattern in row.patterns]
    body = "".join(start + filler * 60 for start in starts)
    text = (body * (LIMIT // len(body) + 1))[: LIMIT // 10]
    with within(10):
        recognise(text, catalog().errors)


def test_one_beginning_over_and_over() -> None:
    for row in ROWS[:20]:
        start = FIELD.split(row.patterns[0])[0]
        with within(5):
            recognise(start * (100_000 // len(start)), catalog().errors)


def test_more_than_the_limit_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wasmdoctor.checks.errortext.LIMIT", 100)
    reading = read("x" * 150)
    assert reading.dropped == 50
