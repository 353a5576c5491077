"""A project that a test writes, read by the real readers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from rules.rules_support import facts_of, written

from wasmdoctor.checks.facts import Facts


@pytest.fixture
def project(tmp_path: Path) -> Callable[..., Facts]:
    """``project({"app/wit/world.wit": text})``: the files in a folder, read; the facts about them."""

    def make(files: Mapping[str, str | bytes], host: str = "wasmtime") -> Facts:
        written(tmp_path, files)
        return facts_of(tmp_path, host=host)

    return make
