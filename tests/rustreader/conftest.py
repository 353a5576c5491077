"""Crates as dicts of paths to sources, for the tests of the Rust reader."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Mapping

import pytest

from wasmdoctor.readers.rust import Program, RustCrate, TargetCfg, read_crate

WASM = TargetCfg(
    values=frozenset({("target_arch", "wasm32"), ("target_os", "wasi"), ("feature", "on")}),
    unknown=frozenset({"maybe"}),
)


def crate_of(
    files: Mapping[str, str],
    *,
    name: str = "app",
    root: str = "src/lib.rs",
    externs: Mapping[str, str] | None = None,
    **options: str,
) -> RustCrate:
    """Read a crate from a dict; ``wit_bindgen`` is an extern crate of it unless others are given."""
    known = {path: textwrap.dedent(text).encode() for path, text in files.items()}
    given = {"wit_bindgen": "wit-bindgen"} if externs is None else externs
    return read_crate(root, known.get, WASM, name=name, externs=given, **options)


@pytest.fixture(scope="session")
def crate() -> Callable[..., RustCrate]:
    """``crate({path: text}, name=..., externs=...)``."""
    return crate_of


@pytest.fixture(scope="session")
def program() -> Callable[..., Program]:
    """``program(text)`` for one file, or ``program({path: text}, ...)``."""

    def make(files: str | Mapping[str, str], **options: object) -> Program:
        if isinstance(files, str):
            files = {"src/lib.rs": files}
        return Program([crate_of(files, **options)])  # type: ignore[arg-type]

    return make
