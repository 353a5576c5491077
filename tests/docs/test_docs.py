"""The documentation: its generated parts are current, and the site builds without a warning."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("script", ["make_docs", "make_cli"])
def test_what_is_generated_is_current(script: str) -> None:
    command = [sys.executable, f"scripts/{script}.py", "--check"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_site_builds_strictly(tmp_path: Path) -> None:
    """No page, link or anchor that is not there; and nothing is loaded from outside."""
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(tmp_path / "site")]
    environment = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 0, done.stderr
    page = (tmp_path / "site/tutorial.html").read_text("utf-8")
    assert "nobody provides" in page
    for tag in ('<link rel="stylesheet" href="http', '<script src="http', "fonts.g"):
        assert tag not in page
