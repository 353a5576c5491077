"""Makes the parts of docs/tutorial.md that show what commands print, on a copy of fixtures/scheduler.

`python scripts/make_tutorial.py` writes them, `--check` fails when one is not current. The message of the host comes
from wasmtime itself. The crate wasip2 must be in cargo's home, as for make_plans.py.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

import wasmtime
import wasmtime.component

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs/tutorial.md"
FIXTURE = ROOT / "fixtures/scheduler"
APPLICATION = "prebuilt/scheduler.wasm"
WIDTH = 110


def run(tree: Path, *arguments: str) -> str:
    """A command and what it prints, as in a terminal."""
    done = subprocess.run(
        [sys.executable, "-m", "wasmdoctor", *arguments],
        cwd=tree,
        capture_output=True,
        text=True,
        env={**os.environ, "COLUMNS": str(WIDTH), "PYTHONIOENCODING": "utf-8", "PYTHONPATH": str(ROOT)},
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


PARTS: Mapping[str, Callable[[Path], str]] = {
    "error": error,
    "world": world,
    "check": lambda tree: run(tree, "check", APPLICATION, "--quiet", "--select", "WD101"),
    "why": lambda tree: run(tree, "why", "scheduler:core-libs/wasi-tcp", APPLICATION),
    "plan": lambda tree: run(tree, "plan", "--target", "wasm32-wasip1"),
    "migrate": lambda tree: run(tree, "migrate", "--plan", "a", "--target", "wasm32-wasip1", "--dry-run"),
}


def made(text: str) -> str:
    """The page with its parts made anew."""
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder) / "scheduler"
        shutil.copytree(FIXTURE, tree, ignore=shutil.ignore_patterns("target", ".wasmdoctor"))
        for name, part in PARTS.items():
            pattern = re.compile(rf"(<!-- made: {name} -->\n).*?(<!-- end -->)", re.DOTALL)
            body = part(tree)
            text, count = pattern.subn(lambda found, body=body: f"{found[1]}{body}\n{found[2]}", text)  # type: ignore[misc]
            assert count == 1, f"{PAGE} has no place for {name}"
    return text


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--check", action="store_true", help="write nothing; fail when the page is not current"
    )
    only_check = parser.parse_args().check
    before = PAGE.read_text("utf-8")
    after = made(before)
    if before == after:
        return 0
    if only_check:
        print(f"{PAGE.relative_to(ROOT)} is not current: run `make docs`")
        return 1
    PAGE.write_text(after, "utf-8")
    print(f"{PAGE.relative_to(ROOT)} written")
    return 0


if __name__ == "__main__":
    sys.exit(main())
