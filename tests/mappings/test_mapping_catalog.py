"""What ships in rules/mappings is whole, and what is wrong in such files is said with file and key."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from mappings.mapped import mappings

from wasmdoctor.catalog import Catalog, CatalogError, rules_folder
from wasmdoctor.migrate.bridge.give import GIVEN
from wasmdoctor.migrate.bridge.take import TAKEN
from wasmdoctor.model.mapping import PARAM_ROLES, RESULT_ROLES

SHIPPED = rules_folder() / "mappings"


def test_every_role_can_be_taken_or_given_and_is_used():
    rows = [row for family in mappings().families for row in family.functions]
    objects = {name for family in mappings().families for name in family.objects}
    taken = {role for row in rows for role in (*row.params, *row.optional)}
    given = {role for row in rows for role in row.result} - objects
    assert set(PARAM_ROLES) <= TAKEN
    assert set(RESULT_ROLES) == GIVEN == given
    # Part of an address, or of no row but those of a person's own.
    assert set(PARAM_ROLES) - taken == {"endpoint", "ip"}


def test_runtime_files_say_what_they_use():
    for file in mappings().runtime.values():
        assert tuple(sorted(re.findall(r"^use super::(\w+)", file.text, re.M))) == tuple(sorted(file.needs))


def test_runtime_files_do_not_panic():
    for file in mappings().runtime.values():
        assert not re.search(
            r"unwrap\(\)|expect\(|panic!|todo!|unimplemented!|unreachable!|#\[cfg", file.text
        )


def test_runtime_files_are_as_rustfmt_leaves_them():
    rustfmt = shutil.which("rustfmt")
    assert rustfmt, "rustfmt comes with rustup and with Debian's rustfmt"
    files = sorted(SHIPPED.glob("*.rs"))
    done = subprocess.run([rustfmt, "--edition", "2021", "--check", *files], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


def test_files_come_with_those_that_they_need():
    assert [file.name for file in mappings().files(("lookup",))] == ["error", "lookup", "net", "wait"]


FAMILY = """\
schema = 1
name = "made"
about = "made up"
words = "made"
runtime = "made"

[objects.thing]
names = "thing"
type = "made::Thing"

[[functions]]
about = "makes it"
names = "make"
params = ["text"]
result = ["thing"]
code = "{runtime}::made::make({text})"
imports = ["wasi:io/poll"]
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Rules with one made-up family of mappings."""
    made = tmp_path / "mappings"
    made.mkdir()
    shutil.copy2(SHIPPED / "roles.toml", made)
    (made / "runtime.toml").write_text("schema = 1\n[files]\nmade = []\n")
    (made / "made.rs").write_text("//! Nothing.\n")
    (made / "made.toml").write_text(FAMILY)
    return tmp_path


def test_a_family_of_ones_own(folder: Path):
    (family,) = Catalog(folder).mappings.families
    assert (family.name, family.functions[0].names) == ("made", (("make",),))


WRONG = {
    "an unknown key": (
        'about = "makes it"',
        'about = "makes it"\ncost = 1',
        "functions[0].cost",
        "known key",
    ),
    "an unknown role": ('["text"]', '["txet"]', "functions[0].params", "'txet' is not a role. Did you mean"),
    "an unknown result": ('result = ["thing"]', 'result = ["thong"]', "functions[0].result", "not a role"),
    "an object that is not there": (
        'names = "make"',
        'names = "make"\non = "nothing"',
        "functions[0].on",
        "thing",
    ),
    "code without a parameter": ("make({text})", "make()", "functions[0].code", "must have {text} once"),
    "an interface with a version": (
        "wasi:io/poll",
        "wasi:io/poll@0.2.0",
        "functions[0].imports",
        "no standard",
    ),
    "an object's interface": (
        'type = "made::Thing"',
        'type = "made::Thing"\nimports = ["io"]',
        "objects.thing.imports",
        "no standard",
    ),
    "no runtime file": ('runtime = "made"', 'runtime = "other"', "runtime", "'other' is not a file"),
    "another name": ('name = "made"', 'name = "other"', "name", "must be the file's name"),
    "no functions": (FAMILY[FAMILY.index("[[functions]]") :], "", "functions", "is missing"),
    "a later schema": ("schema = 1", "schema = 2", "schema", "reads schema 1"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_row_is_told(folder: Path, name: str):
    old, new, key, message = WRONG[name]
    path = folder / "mappings" / "made.toml"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    with pytest.raises(CatalogError) as caught:
        _ = Catalog(folder).mappings
    assert (caught.value.path, caught.value.key) == (str(path), key)
    assert message in caught.value.message


def test_a_runtime_file_that_is_missing_or_not_listed(folder: Path):
    (folder / "mappings" / "more.rs").write_text("")
    with pytest.raises(CatalogError, match=r"runtime\.toml: files: more\.rs is not among them"):
        _ = Catalog(folder).mappings
    (folder / "mappings" / "more.rs").unlink()
    (folder / "mappings" / "made.rs").unlink()
    with pytest.raises(CatalogError, match=r"made\.rs: cannot be read"):
        _ = Catalog(folder).mappings


def test_words_for_roles_that_are_not_there(folder: Path):
    path = folder / "mappings" / "roles.toml"
    path.write_text(path.read_text().replace("[params]\n", '[params]\nshoe = "shoe"\n'))
    with pytest.raises(CatalogError) as caught:
        _ = Catalog(folder).mappings
    assert caught.value.key == "params.shoe"
