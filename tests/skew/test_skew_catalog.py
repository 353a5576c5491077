"""rules/deprecated.toml: what the catalog refuses in it, and which host versions take an import."""

from __future__ import annotations

from pathlib import Path

import pytest

from wasmdoctor.catalog import Catalog, CatalogError
from wasmdoctor.model.names import ExternName
from wasmdoctor.pipeline.skew import adapters

GOOD = """\
schema = 1
[[rows]]
names = "wasi:config/runtime, wasi:nn/*"
versions = ["0.2.0-draft*", "none"]
status = "renamed"
instead = "wasi:config/store"
what = "it was renamed"
source = "somewhere"
"""


def rules(folder: Path, text: str) -> Catalog:
    """A catalog whose rows are these."""
    (folder / "deprecated.toml").write_text(text)
    return Catalog(folder)


def test_names_and_versions_with_a_star(tmp_path: Path) -> None:
    (row,) = rules(tmp_path, GOOD).deprecated
    covered = [
        name
        for name in (
            "wasi:config/runtime@0.2.0-draft",
            "wasi:config/runtime@0.2.0-draft2",
            "wasi:config/runtime@0.2.0",
            "wasi:config/runtime",
            "wasi:config/runtimes",
            "wasi:nn/graph",
            "wasi:nn/graph@0.2.0-rc",
            "my:nn/graph",
        )
        if row.covers(ExternName.parse(name))
    ]
    assert covered == [
        "wasi:config/runtime@0.2.0-draft",
        "wasi:config/runtime@0.2.0-draft2",
        "wasi:config/runtime",
        "wasi:nn/graph",
    ]


@pytest.mark.parametrize(
    ("old", "new", "key", "says"),
    [
        ("schema = 1", "schema = 2", "schema", ""),
        ('status = "renamed"', 'status = "old"', "rows[0].status", "must be one of"),
        ('instead = "wasi:config/store"\n', "", "rows[0].instead", "goes with the status renamed"),
        ('status = "renamed"', 'status = "draft"', "rows[0].instead", "goes with the status renamed"),
        (
            "wasi:config/runtime,",
            "wasi:config/runtime@0.2.0,",
            "rows[0].names",
            "no interface without version",
        ),
        ("wasi:config/runtime,", "config,", "rows[0].names", "no interface without version"),
        ('"none"]', '"some"]', "rows[0].versions", "neither a version nor"),
        ('source = "somewhere"', 'source = ""', "rows[0].source", "must not be empty"),
        ('source = "somewhere"', 'sauce = "somewhere"', "rows[0].source", "is missing"),
        ('source = "somewhere"', 'source = "x"\nmore = 1', "rows[0].more", "is not a known key"),
    ],
)
def test_what_is_wrong_is_told_by_key(tmp_path: Path, old: str, new: str, key: str, says: str) -> None:
    assert GOOD.count(old) == 1
    with pytest.raises(CatalogError) as error:
        _ = rules(tmp_path, GOOD.replace(old, new)).deprecated
    assert error.value.key == key
    assert says in error.value.message


@pytest.mark.parametrize(
    ("spec", "name", "functions", "ranges"),
    [
        ("wasmtime", "wasi:random/random@0.2.6", (), ["19 or later"]),
        ("wasmtime", "wasi:random/random@0.2.0-rc-2023-11-10", (), ["15 to 16"]),
        ("wasmtime", "wasi:random/random@0.3.0", (), ["46 or later"]),
        ("wasmtime", "wasi:config/runtime@0.2.0-draft", (), ["24 to 26"]),
        (
            "wasmtime",
            "wasi:cli/exit@0.2.12",
            ("exit-with-code",),
            ["27 to 45 with `-S cli-exit-with-code`", "46 or later"],
        ),
        ("wasmtime", "wasi:nothing/at-all@1.0.0", (), []),
    ],
)
def test_which_versions_of_a_host_take_an_import(
    spec: str, name: str, functions: tuple[str, ...], ranges: list[str]
) -> None:
    catalog = Catalog()
    found = [str(each) for each in catalog.versions_with(catalog.host(spec), name, functions)]
    assert found == ranges


def test_the_adapter_of_each_release_of_wasmtime() -> None:
    """As measured: the adapters of wasmtime 23, 29, 36 and 49 are for 0.2.0, 0.2.3, 0.2.6 and 0.2.12."""
    catalog = Catalog()
    found = dict(adapters(catalog))
    lines = catalog.host_profile("wasmtime")
    for host, wasi in (("23", "0.2.0"), ("29", "0.2.3"), ("36", "0.2.6"), ("48", "0.2.12")):
        index, _ = lines.find(host)
        assert found[lines.lines[index].first] == wasi
