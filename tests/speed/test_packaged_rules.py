"""The rules as JSON, as a wheel has them: the same as those of TOML."""

from __future__ import annotations

import shutil
from pathlib import Path
from types import ModuleType

import pytest
from tests_support import script

from wasmdoctor import catalog
from wasmdoctor.catalog import PACKAGED, Catalog, CatalogError

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def build() -> ModuleType:
    """hatch_build.py as a module."""
    return script(ROOT / "hatch_build.py", "wasmdoctor_hatch_build")


@pytest.fixture(scope="module")
def packaged(build: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The rules as they lie in an installed package."""
    folder = tmp_path_factory.mktemp("package") / PACKAGED
    shutil.copytree(ROOT / "rules", folder)
    for name, text in build.compiled(ROOT / "rules").items():
        (folder / name).write_text(text, "utf-8")
    return folder


def test_all_that_is_read_often_is_there(packaged: Path) -> None:
    for pattern in ("hosts/**/*.toml", "wit/**/*.toml", "lints/*.toml", "*.toml"):
        found = list(packaged.glob(pattern))
        assert found
        assert [path.name for path in found if not path.with_suffix(".json").is_file()] == []


def test_they_say_the_same(packaged: Path) -> None:
    ours, theirs = Catalog(packaged), Catalog(ROOT / "rules")
    assert ours.lints == theirs.lints
    assert ours.hosts() == theirs.hosts()
    assert ours.lookalikes == theirs.lookalikes
    assert ours.deprecated == theirs.deprecated
    assert ours.std == theirs.std
    for host in theirs.host_names:
        assert ours.host(host).facts == theirs.host(host).facts


def test_toml_is_not_read_then(packaged: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import tomllib

    def never(text: str) -> dict[str, object]:
        raise AssertionError(text[:80])

    monkeypatch.setattr(tomllib, "loads", never)
    assert Catalog(packaged).host("wasmtime").id


def test_elsewhere_json_counts_for_nothing(tmp_path: Path) -> None:
    path = tmp_path / "a.toml"
    path.with_suffix(".json").write_text('{"a": 1}')
    with pytest.raises(CatalogError):
        catalog._read(path)
    path.write_text('b = "x"\n')
    assert catalog._read(path).text("b") == "x"
