"""docs/origins.md says what is so: its made parts are current, and the seven shapes are as the table has them."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType

import pytest
from rust import workspaces

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def script() -> ModuleType:
    sys.path.insert(0, str(ROOT / "scripts"))
    import make_origins

    return make_origins


def test_the_page_is_current(script: ModuleType) -> None:
    text = (ROOT / "docs/origins.md").read_text("utf-8")
    assert script.made(text) == text, "run scripts/make_origins.py"


SHAPES = {
    # package: (its section in the core module, its import in the component, its export there); debug, release
    "called": (("yes", "yes"), ("yes", "yes"), ("no", "no")),
    "opaque": (("yes", "yes"), ("yes", "yes"), ("no", "no")),
    "other": (("yes", "no"), ("no", "no"), ("no", "no")),
    "exporter": (("yes", "yes"), ("yes", "yes"), ("yes", "yes")),
    "named": (("no", "no"), ("no", "no"), ("no", "no")),
    "types": (("no", "no"), ("no", "no"), ("no", "no")),
    "shapes": (("yes", "yes"), ("no", "no"), ("no", "no")),
}
"""What was measured with rustc 1.96 and wit-bindgen 0.48.1 when this began. tests/rust builds again and compares."""


@pytest.mark.parametrize("package", SHAPES)
def test_the_seven_shapes(package: str) -> None:
    found = []
    components = workspaces.recorded("leak-shapes")["component"]
    for start, field in (
        (f"component-type:wit-bindgen:0.48.1:water:{package}@", "sections"),
        (f"water:{package}/gauge@", "imports"),
        (f"water:{package}/gate@", "exports"),
    ):
        cells = []
        for profile in workspaces.PROFILES:
            there = {
                any(name.startswith(start) for name in component[field])
                for component in components
                if component["profile"] == profile and field in component
            }
            assert len(there) == 1, "both targets agree"
            cells.append("yes" if there.pop() else "no")
        found.append(tuple(cells))
    assert tuple(found) == SHAPES[package]


def test_every_package_of_the_workspace_is_a_row(script: ModuleType) -> None:
    libraries = list((ROOT / "fixtures/workspaces/leak-shapes").glob("*/Cargo.toml"))
    assert len(libraries) == len(SHAPES) == len(script.SHAPES)
