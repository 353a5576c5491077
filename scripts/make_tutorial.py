"""Makes the parts of docs/tutorial.md that show what commands print, on a copy of fixtures/scheduler.

`python scripts/make_tutorial.py` writes them, `--check` fails when one is not current. What hosts say comes from
wasmtime itself. The copy is migrated and built for real, with the Rust for wasm of the tests (`make tools`); the crate
wasip2 must be in cargo's home, as for make_plans.py.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

import pages
import wasmtime
import wasmtime.component

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs/tutorial.md"
FIXTURE = ROOT / "fixtures/scheduler"
APPLICATION = "prebuilt/scheduler.wasm"
TARGET = "wasm32-wasip1"
BUILT = f"target/{TARGET}/debug/scheduler.wasm"
WIDTH = 110


sys.path.insert(0, str(ROOT / "tests"))
from migrate.migrated import build, environment  # noqa: E402
from rust import workspaces  # noqa: E402


def run(tree: Path, *arguments: str, env: Mapping[str, str] | None = None) -> str:
    """A command and what it prints, as in a terminal."""
    done = subprocess.run(
        [sys.executable, "-m", "wasmdoctor", *arguments],
        cwd=tree,
        capture_output=True,
        text=True,
        env={
            **os.environ,
            **(env or {}),
            "COLUMNS": str(WIDTH),
            "PYTHONIOENCODING": "utf-8",
            "PYTHONPATH": str(ROOT),
        },
        check=False,
    )
    assert done.returncode in (0, 1), done.stderr
    return f"```console\n$ wasmdoctor {' '.join(arguments)}\n{done.stdout.rstrip()}\n```"


def error(tree: Path) -> str:
    """What wasmtime says when it is asked to link the application."""
    engine = wasmtime.Engine()
    linker = wasmtime.component.Linker(engine)
    linker.add_wasip2()
    try:
        linker.instantiate(
            wasmtime.Store(engine), wasmtime.component.Component.from_file(engine, str(tree / APPLICATION))
        )
    except wasmtime.WasmtimeError as problem:
        return f"```text\n{str(problem).rstrip()}\n```"
    raise AssertionError("wasmtime links it")


def world(tree: Path) -> str:
    """The world of the application."""
    text = (tree / "scheduler/wit/world.wit").read_text("utf-8")
    body = text[re.search(r"^world ", text, re.MULTILINE).start() :]  # type: ignore[union-attr]
    return f"```wit\n{body.rstrip()}\n```"


def cured(tree: Path) -> str:
    """The migration as it is done, with what it proved; what another machine has otherwise is left out: sizes, and
    the folders of cargo and of the adapter."""
    with workspaces._locked():
        text = run(tree, "migrate", "--plan", "a", "--target", TARGET, "--yes", env=environment(TARGET))
    text = re.sub(r"`\S*/cargo (build [^`]*?)(?: --message-format json)?`", r"`cargo \1`", text)
    text = re.sub(r"(: scheduler) \(\d+ bytes\)", r"\1", text)
    lines = text.splitlines()
    kept = [
        line
        for line in lines[2:]
        if line.startswith(("✓", "·", "    to do it", "  to take it back", "next:", "```"))
    ]
    return "\n".join([*lines[:2], *kept])


def checked(tree: Path) -> str:
    """What is built of the migrated copy, and what wasmdoctor says to it; its size depends on the compiler."""
    place = tree / BUILT
    place.parent.mkdir(parents=True, exist_ok=True)
    build(tree, "scheduler", place.parent, TARGET)
    return re.sub(r" · [\d.]+ [kM]B", "", run(tree, "check", BUILT))


def runs(tree: Path) -> str:
    """What the program on the page prints, that starts the component in wasmtime."""
    (program,) = re.findall(r"```python\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tree, capture_output=True, text=True, check=True
    )
    return f"```text\n{done.stdout.rstrip()}\n```"


PARTS: Mapping[str, Callable[[Path], str]] = {
    "error": error,
    "world": world,
    "check": lambda tree: run(tree, "check", APPLICATION, "--quiet", "--select", "WD101"),
    "why": lambda tree: run(tree, "why", "scheduler:core-libs/wasi-tcp", APPLICATION),
    "plan": lambda tree: run(tree, "plan", "--target", TARGET),
    "migrate": lambda tree: run(tree, "migrate", "--plan", "a", "--target", TARGET, "--dry-run"),
    "cured": cured,
    "checked": checked,
    "runs": runs,
}


def made(text: str) -> str:
    """The page with its parts made anew."""
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder) / "scheduler"
        shutil.copytree(FIXTURE, tree, ignore=shutil.ignore_patterns("target", ".wasmdoctor"))
        return pages.filled(text, {name: partial(part, tree) for name, part in PARTS.items()})


def main() -> int:
    check = pages.parser(__doc__).parse_args().check
    return pages.keep({PAGE: made(PAGE.read_text("utf-8"))}, only_check=check)


if __name__ == "__main__":
    sys.exit(main())
