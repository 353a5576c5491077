"""The hooks under the real pre-commit: a commit that leaks is refused, a good one passes.

pre-commit installs wasmdoctor from a copy of this checkout into an environment of its own, once for each of
the two ways to use a hook repository.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from outputs.outputs_support import GOOD, LEAK, committed, git, write

ROOT = Path(__file__).parent.parent.parent
NEEDED = (".", ":!tests", ":!fixtures", ":!benchmarks", ":!fuzz")
"""What makes a wheel: everything but what tests use."""

HOOKS = ("wasmdoctor-check", "wasmdoctor-check-wasm")


def pre_commit(folder: Path, home: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run pre-commit in a repository, with a store of its own."""
    return subprocess.run(
        [sys.executable, "-m", "pre_commit", *words],
        cwd=folder,
        env=environment(home),
        capture_output=True,
        text=True,
        check=False,
    )


def environment(home: Path) -> dict[str, str]:
    own = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    # PYTHONPATH would let the hooks run this checkout instead of what was installed.
    own.pop("PYTHONPATH", None)
    return {
        **own,
        "PRE_COMMIT_HOME": str(home),
        "PRE_COMMIT_COLOR": "never",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_AUTHOR_NAME": "Nobody",
        "GIT_AUTHOR_EMAIL": "nobody@example.invalid",
        "GIT_COMMITTER_NAME": "Nobody",
        "GIT_COMMITTER_EMAIL": "nobody@example.invalid",
    }


@pytest.fixture(scope="module")
def hooks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with what git sees of this checkout, as a release of it would be."""
    folder = tmp_path_factory.mktemp("hooks") / "wasmdoctor"
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", *NEEDED],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    for name in filter(None, listed.stdout.decode().split("\0")):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)
    return committed(folder, {})


def test_the_hooks_are_what_pre_commit_expects(hooks: Path, tmp_path: Path) -> None:
    done = pre_commit(hooks, tmp_path, "validate-manifest", ".pre-commit-hooks.yaml")
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.rust
def test_try_repo_refuses_what_leaks(hooks: Path, tmp_path: Path) -> None:
    """Only the source of the library changed; what it leaks into is the application."""
    folder = committed(tmp_path / "work", GOOD | LEAK)
    words = ["try-repo", str(hooks), HOOKS[0], "--files", "net/src/lib.rs", "net/wit/world.wit"]
    done = pre_commit(folder, tmp_path / "store", *words)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "error[WD101] nobody provides `shop:net/store@0.1.0`" in done.stdout
    assert "net/wit/world.wit:8" in done.stdout
    assert done.stdout.count("error[WD101]") == 1  # two files of one workspace: judged once


@pytest.mark.rust
def test_a_commit_is_refused_or_passes(
    hooks: Path, tmp_path: Path, wat: Callable[[str], bytes], dummy: Callable[..., bytes]
) -> None:
    home = tmp_path / "store"
    rev = git(hooks, "rev-parse", "HEAD").strip()
    ids = "".join(f"      - id: {name}\n" for name in HOOKS)
    config = f"repos:\n  - repo: {hooks}\n    rev: {rev}\n    hooks:\n{ids}"
    folder = committed(tmp_path / "work", GOOD | {".pre-commit-config.yaml": config})
    done = pre_commit(folder, home, "install")
    assert done.returncode == 0, done.stdout + done.stderr

    def commit(files: dict[str, str | bytes]) -> subprocess.CompletedProcess[str]:
        write(folder, files)
        git(folder, "add", "--all")
        return subprocess.run(
            ["git", "commit", "--message=next"],
            cwd=folder,
            env=environment(home),
            capture_output=True,
            text=True,
            check=False,
        )

    leak = commit(dict(LEAK))
    assert leak.returncode == 1, leak.stdout + leak.stderr
    assert "error[WD101]" in leak.stdout + leak.stderr
    assert git(folder, "status", "--porcelain") != ""
    git(folder, "reset", "--quiet", "--hard")

    fine = commit({"net/src/lib.rs": GOOD["net/src/lib.rs"] + "// more\n"})
    assert fine.returncode == 0, fine.stdout + fine.stderr
    assert "Passed" in fine.stdout + fine.stderr
    nothing = commit({"README": "no source\n"})
    assert nothing.returncode == 0, nothing.stdout + nothing.stderr
    assert (nothing.stdout + nothing.stderr).count("Skipped") == 2

    custom = wat('(component (import "shop:net/store@0.1.0" (instance (export "count" (func)))))')
    binary = commit({"dist/app.wasm": custom})
    assert binary.returncode == 1, binary.stdout + binary.stderr
    assert "wasmdoctor-check-wasm" in binary.stdout + binary.stderr
    git(folder, "reset", "--quiet", "--hard")
    plain = commit({"dist/app.wasm": dummy("package a:b;\nworld w { export run: func(); }\n", "w")})
    assert plain.returncode == 0, plain.stdout + plain.stderr
