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


def test_the_wheel_runs_the_main_job(built: Path, tmp_path: Path) -> None:
    (wheel,) = built.glob("*.whl")
    # The dependencies are those of this environment; only wasmdoctor itself comes from the wheel.
    venv.create(tmp_path / "env", with_pip=False)
    python = tmp_path / "env/bin/python"
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    site = tmp_path / "env/lib" / version / "site-packages"
    install = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--target", str(site), str(wheel)]
    done = subprocess.run(install, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    for entry in sys.path:
        if entry.endswith("site-packages"):
            (site / "dependencies.pth").write_text(entry + "\n")
    where = subprocess.run(
        [python, "-c", "import wasmdoctor; print(wasmdoctor.__file__)"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert str(site) in where.stdout
    done = subprocess.run(
        [python, "-m", "wasmdoctor", "check", str(ROOT / "fixtures/scheduler/prebuilt"), "--format", "json"],
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


def test_generated_docs_are_current() -> None:
    done = subprocess.run(
        [sys.executable, "scripts/make_docs.py", "--check"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
