"""The built wheel and sdist, installed in a clean environment: rules come with them, and the README's job runs."""

from __future__ import annotations

import json
import subprocess
import sys
import tarfile
import venv
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    for kind in ("wheel", "sdist"):
        command = [sys.executable, "-m", "hatchling", "build", "-t", kind, "-d", str(folder)]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
    return folder


def test_the_sdist_holds_the_rules(built: Path) -> None:
    (archive,) = built.glob("*.tar.gz")
    with tarfile.open(archive) as tar:
        names = {name.partition("/")[2] for name in tar.getnames()}
    assert "rules/lints/WD101-nonstandard-import.toml" in names
    assert "rules/hosts/wasmtime.toml" in names
    assert "rules/schema/report-1.json" in names
    assert "wasmdoctor/py.typed" in names


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of an environment that has nothing but pip."""
    folder = tmp_path_factory.mktemp("clean") / "env"
    venv.create(folder, with_pip=True)
    return folder


# First the wheel with all that it depends on, then the sdist over it, which is built on the spot.
@pytest.mark.parametrize(
    ("pattern", "options"), [("*.whl", ()), ("*.tar.gz", ("--no-deps", "--force-reinstall"))]
)
def test_what_is_built_runs_the_main_job(
    built: Path, clean: Path, tmp_path: Path, pattern: str, options: tuple[str, ...]
) -> None:
    (package,) = built.glob(pattern)
    install = [str(clean / "bin/pip"), "install", "-q", *options, str(package)]
    done = subprocess.run(install, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    done = subprocess.run(
        [clean / "bin/wasmdoctor", "check", ROOT / "fixtures/scheduler/prebuilt", "--format", "json"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1, done.stderr
    found = {
        f["interface"]
        for f in json.loads(done.stdout)["findings"]
        if f["code"] == "WD101" and f["component"].endswith("/scheduler.wasm")
    }
    assert len(found) == 3
    # What a shell and man look for lies where they look.
    assert (clean / "share/man/man1/wasmdoctor.1").is_file()
    assert (clean / "share/bash-completion/completions/wasmdoctor").is_file()


def test_the_version_comes_from_one_place(built: Path, clean: Path) -> None:
    import wasmdoctor

    (wheel,) = built.glob("*.whl")
    assert f"-{wasmdoctor.__version__}-" in wheel.name
    done = subprocess.run([clean / "bin/wasmdoctor", "--version"], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == f"wasmdoctor {wasmdoctor.__version__}"
