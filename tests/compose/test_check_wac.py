"""`check` on .wac documents: those that are named and those that are found, against the components that are there."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from hostile.hostile_bytes import component
from tests_support import run

GOOD = """package shop:whole;
let stock = new shop:stock {};
let app = new shop:app { shelf: stock.shelf };
export app...;
"""
BAD = GOOD.replace("{ shelf:", "{ bell: stock.shelf, shelf:")


def place(folder: Path, document: str, *components: str) -> None:
    """A document, and components in its folder: `app` imports `shelf`, all others export it."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "shop.wac").write_text(document)
    for path in components:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        data = component(["shelf"]) if path.endswith("app.wasm") else component(["x"], ["shelf"])
        (folder / path).write_bytes(data)


def findings(cwd: Path, *paths: str) -> list[str]:
    done = run("check", *paths, "--format", "json", cwd=cwd)
    assert done.returncode in (0, 1), done.stderr
    found: list[dict[str, Any]] = json.loads(done.stdout)["findings"]
    return [
        f"{each['location']['path']}:{each['location']['line']} {each['message']}"
        for each in found
        if each["code"] == "WD404"
    ]


ARGUMENT = "shop.wac:3 `shop:app` does not import `bell`"


@pytest.mark.parametrize("paths", [("shop.wac",), (".",)], ids=["named", "found"])
def test_a_wrong_argument_is_told(paths: tuple[str, ...], tmp_path: Path) -> None:
    place(tmp_path, BAD, "deps/shop/app.wasm", "deps/shop/stock.wasm")
    assert findings(tmp_path, *paths) == [ARGUMENT]
    place(tmp_path, GOOD)
    assert findings(tmp_path, *paths) == []


def test_components_below_the_document_are_meant(tmp_path: Path) -> None:
    place(tmp_path, BAD, "build/app.wasm", "build/stock.wasm")
    assert findings(tmp_path, ".") == [ARGUMENT]


def test_components_that_are_named_are_meant_wherever_they_lie(tmp_path: Path) -> None:
    place(tmp_path / "doc", BAD)
    place(tmp_path / "out", GOOD, "app.wasm", "stock.wasm")
    named = ("doc/shop.wac", "out/app.wasm", "out/stock.wasm")
    assert findings(tmp_path, *named) == [f"doc/{ARGUMENT}"]


def test_nothing_is_known_of_a_component_of_another_folder_or_of_two_builds(tmp_path: Path) -> None:
    """One with the same name elsewhere is another one, and of two that differ nobody knows which is meant."""
    place(tmp_path / "doc", BAD)
    place(tmp_path / "other", GOOD, "app.wasm")
    assert findings(tmp_path, ".") == []
    place(tmp_path / "doc", BAD, "debug/app.wasm")
    assert findings(tmp_path, ".") == [f"doc/{ARGUMENT}"]
    (tmp_path / "doc/release").mkdir()
    (tmp_path / "doc/release/app.wasm").write_bytes(component(["bell", "shelf"]))
    assert findings(tmp_path, ".") == []


def test_a_package_that_is_not_there_is_told_where_there_are_deps(tmp_path: Path) -> None:
    """`wac compose --dep` may name it: without a folder `deps` nobody knows."""
    place(tmp_path, GOOD)
    assert findings(tmp_path, ".") == []
    place(tmp_path, GOOD, "deps/shop/app.wasm")
    assert findings(tmp_path, ".") == ["shop.wac:2 no component was found for the package `shop:stock`"]


def test_syntax_and_names_need_no_component(tmp_path: Path) -> None:
    place(tmp_path, "package shop:whole;\nlet a = new shop:app { ... };\nexport b...;\n")
    assert findings(tmp_path, "shop.wac") == ["shop.wac:3 there is no `b`"]
    place(tmp_path, "package shop:whole;\nlet a = ;\n")
    assert len(findings(tmp_path, "shop.wac")) == 1


def test_the_configuration_and_gitignore_count(tmp_path: Path) -> None:
    place(tmp_path / "sub", BAD, "deps/shop/app.wasm")
    (tmp_path / "wasmdoctor.toml").write_text('[per-path-ignores]\n"sub/*" = ["WD404"]\n')
    assert findings(tmp_path, ".") == []
    (tmp_path / "wasmdoctor.toml").unlink()
    assert findings(tmp_path, ".") != []
    (tmp_path / ".gitignore").write_text("shop.wac\n")
    (tmp_path / ".git").mkdir()
    assert findings(tmp_path, ".") == []


def test_a_component_outside_is_not_read(tmp_path: Path) -> None:
    place(tmp_path / "work", BAD)
    place(tmp_path / "secret", GOOD, "app.wasm")
    (tmp_path / "work/deps/shop").mkdir(parents=True)
    (tmp_path / "work/deps/shop/app.wasm").symlink_to(tmp_path / "secret/app.wasm")
    os.mkfifo(tmp_path / "work/deps/shop/stock.wasm")
    assert findings(tmp_path / "work", ".") == []
