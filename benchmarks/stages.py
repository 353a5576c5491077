"""Where the time of one ``check`` goes: processor time of each of its stages, in one process.

    python benchmarks/stages.py [--json] [--kept] FOLDER [PATH ...]

Runs ``wasmdoctor check --no-cache --jobs 1 PATH ...`` in FOLDER in a fresh interpreter, the second time that it is run (so
that modules are compiled and files at hand), and prints a table. A stage's time is without that of stages inside it.
``--kept`` has what the first run found of the crates (not its answer) for the second.
"""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

STARTED = "starting: Python, click, our modules, the host's data"

STAGES: tuple[tuple[str, str, str], ...] = (
    ("wasmdoctor.pipeline.check", "discover", "discovery"),
    ("wasmdoctor.pipeline.crates", "Program", "Rust"),
    ("wasmdoctor.pipeline.check", "read_binaries", "reading components"),
    ("wasmdoctor.pipeline.check", "judge", "judging imports"),
    ("wasmdoctor.pipeline.check", "_judged", "rules"),
    ("wasmdoctor.pipeline.check", "_shown", "suppressions and policy"),
    ("wasmdoctor.pipeline.check", "_with_fixes", "trying the proposed fixes"),
    ("wasmdoctor.pipeline.check", "_with_snippets", "lines of sources"),
    ("wasmdoctor.cli.check", "render", "laying out the report"),
    ("wasmdoctor.pipeline.sources", "find_sources", "finding sources"),
    ("wasmdoctor.pipeline.sources", "WitFolders.__getitem__", "WIT"),
    ("wasmdoctor.pipeline.crates", "crates_of", "Cargo"),
    ("wasmdoctor.pipeline.crates", "CrateResolver", "Cargo"),
    ("wasmdoctor.pipeline.crates", "linked_crates", "Cargo"),
    ("wasmdoctor.pipeline.crates", "read_crate", "Rust"),
    ("wasmdoctor.pipeline.crates", "bindings_of", "names, bindings, prediction"),
    ("wasmdoctor.pipeline.crates", "predict", "names, bindings, prediction"),
    ("wasmdoctor.pipeline.crates", "mentions", "names, bindings, prediction"),
    ("wasmdoctor.pipeline.project", "scope_of", "what a file concerns"),
)
"""Functions by module, and the stage that they are of; sources are only loaded when there are any."""
SOURCES = ("wasmdoctor.pipeline.sources", "wasmdoctor.pipeline.crates", "wasmdoctor.pipeline.project")


class Clock:
    """Processor time by stage."""

    def __init__(self) -> None:
        self.spent: Counter[str] = Counter()
        self._now = ["other"]
        self._since = time.process_time()

    @contextmanager
    def stage(self, name: str) -> Any:
        """A block that belongs to a stage."""
        self._turn()
        self._now.append(name)
        try:
            yield
        finally:
            self._turn()
            self._now.pop()

    def _turn(self) -> None:
        now = time.process_time()
        self.spent[self._now[-1]] += now - self._since
        self._since = now

    def watch(self, module: str, path: str, name: str) -> None:
        """Have the time of a function counted."""
        holder: Any = importlib.import_module(module)
        *owners, last = path.split(".")
        for owner in owners:
            holder = getattr(holder, owner)
        real: Callable[..., Any] = getattr(holder, last)

        def watched(*arguments: Any, **named: Any) -> Any:
            with self.stage(name):
                return real(*arguments, **named)

        setattr(holder, last, watched)


def run(words: list[str]) -> Clock:
    """One run in this process, its output to nowhere."""
    import gc

    gc.set_threshold(1_000_000, 50, 100)
    from wasmdoctor.cache import facts
    from wasmdoctor.cache.store import Store
    from wasmdoctor.cli import cli

    if kept := os.environ.get("STAGES_KEPT"):
        facts.keep_in(Store(kept), "stages")
    clock = Clock()
    clock.spent[STARTED] = time.process_time()
    with clock.stage(STARTED):
        for module, path, name in STAGES:
            if module not in SOURCES:
                clock.watch(module, path, name)
    pipeline = importlib.import_module("wasmdoctor.pipeline.check")
    checked, read_sources = pipeline.check, pipeline._read_sources

    def check(*arguments: Any, **named: Any) -> Any:
        with clock.stage("the rest"):
            return checked(*arguments, **named)

    def with_sources(*arguments: Any) -> Any:
        with clock.stage("loading what reads sources"):
            for module, path, name in STAGES:
                if module in SOURCES:
                    clock.watch(module, path, name)
        return read_sources(*arguments)

    pipeline.check, pipeline._read_sources = check, with_sources
    importlib.import_module("wasmdoctor.pipeline").check = check
    out = os.open(os.devnull, os.O_WRONLY)
    kept = os.dup(1)
    os.dup2(out, 1)
    with clock.stage(STARTED), suppress(SystemExit):
        cli.main(["check", "--no-cache", "--jobs", "1", *words], standalone_mode=False)
    sys.stdout.flush()
    os.dup2(kept, 1)
    return clock


def main() -> int:
    """Print the table."""
    arguments = [word for word in sys.argv[1:] if word not in ("--json", "--kept")]
    if not arguments:
        print(__doc__, file=sys.stderr)
        return 2
    folder, *words = arguments
    if os.environ.get("STAGES") != "measure":
        command = [sys.executable, str(Path(__file__).resolve()), *sys.argv[1:]]
        with tempfile.TemporaryDirectory() as kept:
            environment = {**os.environ, "STAGES": "measure"}
            if "--kept" in sys.argv:
                environment["STAGES_KEPT"] = kept
            subprocess.run(command, env=environment, stdout=subprocess.DEVNULL, check=True)
            return subprocess.run(command, env=environment, check=False).returncode
    os.chdir(folder)
    clock = run(words or ["."])
    if "--json" in sys.argv:
        print(json.dumps(dict(clock.spent.most_common())))
        return 0
    total = sum(clock.spent.values())
    for name, seconds in clock.spent.most_common():
        if seconds >= 0.0005:
            print(f"{seconds * 1000:7.0f} ms {seconds / total:5.0%}  {name}")
    print(f"{total * 1000:7.0f} ms        in all")
    return 0


if __name__ == "__main__":
    sys.exit(main())
