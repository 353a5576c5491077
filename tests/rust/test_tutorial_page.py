"""docs/tutorial.md shows what its commands print now, through to the host that starts the migrated application."""

from __future__ import annotations

import subprocess
import sys

import pytest
from rust import workspaces

pytestmark = pytest.mark.rust


def test_the_page_is_current() -> None:
    # A build that has the crate wasip2 in its lock puts it into cargo's home.
    workspaces.build("registry-bindings", "wasm32-wasip1", "release")
    command = [sys.executable, "scripts/make_tutorial.py", "--check"]
    done = subprocess.run(command, cwd=workspaces.ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
