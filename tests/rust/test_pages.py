"""Pages of the docs that show what commands print are as the commands print it now."""

from __future__ import annotations

import subprocess
import sys

import pytest
from rust import workspaces

pytestmark = pytest.mark.rust


@pytest.mark.parametrize("script", ["make_plans", "make_tutorial", "make_comparison"])
def test_a_page_is_current(script: str) -> None:
    # A build that has the crate wasip2 in its lock puts it into cargo's home.
    workspaces.build("registry-bindings", "wasm32-wasip1", "release")
    command = [sys.executable, f"scripts/{script}.py", "--check"]
    done = subprocess.run(command, cwd=workspaces.ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
