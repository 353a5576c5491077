"""Fuzzes the readers: ``python -m fuzz.run --minutes 60``.

A worker process takes one target after another for a while each. It is limited in memory, and interrupts itself
when one input takes longer than it may. The process above it only looks on: it starts the next worker, and keeps
the input in whose course a worker died. Inputs that show something new are kept in ``.cache/fuzz/corpus``, those
that fail in ``.cache/fuzz/failures``, and figures in ``.cache/fuzz/figures.json``, over all runs.

Exit codes: 0 nothing failed, 1 something failed, 2 usage.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import mmap
import os
import random
import resource
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

from fuzz.mutate import Mutator
from fuzz.targets import Target, available

ROOT = Path(__file__).resolve().parent.parent
STATE = Path(os.environ.get("WASMDOCTOR_FUZZ_STATE", ROOT / ".cache" / "fuzz"))
HANG = 5.0
"""Seconds of CPU time that one input may take."""
MEMORY = 500 * 1024 * 1024
"""Bytes of address space that a worker may take beyond what it has when it starts to work."""
SLICE = 45.0
"""Seconds for one target before it is the next one's turn."""
SLOW = 0.02
"""Seconds from which an input is mutated less often, since it stands in the way of many others."""
KEPT = 2000
"""Inputs of a target that are kept in memory to be mutated."""


class Hang(BaseException):
    """An input takes too long. No Exception, so that no reader takes it for one of its own."""


@dataclass(slots=True)
class Figures:
    """What was done: executions, seconds, the slowest input (CPU seconds), and failures by what failed."""

    executions: int = 0
    seconds: float = 0.0
    slowest: float = 0.0
    peak_mb: int = 0
    features: int = 0
    corpus: int = 0
    failures: dict[str, int] = field(default_factory=dict)

    def add(self, other: Figures) -> None:
        """Take in the figures of another run of the same target."""
        self.executions += other.executions
        self.seconds += other.seconds
        self.slowest = max(self.slowest, other.slowest)
        self.peak_mb = max(self.peak_mb, other.peak_mb)
        self.features, self.corpus = max(self.features, other.features), max(self.corpus, other.corpus)
        for what, count in other.failures.items():
            self.failures[what] = self.failures.get(what, 0) + count


# -- the worker


class Fuzzer:
    """Runs one target on mutated inputs for a while."""

    def __init__(self, target: Target, seed: int, board: mmap.mmap | None = None) -> None:
        self.target = target
        self.rng = random.Random(seed)
        self.mutator = Mutator(self.rng, target.tokens, target.most)
        self.board = board
        self.seen: set[str] = set()
        self.inputs: list[tuple[bytes, float]] = []
        self.figures = Figures()

    def load(self) -> None:
        """The seeds, and what earlier runs kept."""
        folder = STATE / "corpus" / self.target.name
        kept = sorted(folder.iterdir()) if folder.is_dir() else []
        self.rng.shuffle(kept)
        for data in (*self.target.seeds(), *(path.read_bytes() for path in kept[:KEPT])):
            self.execute(data[: self.target.most], seed=True)

    def work(self, until: float) -> None:
        """Mutate and execute until the monotonic clock says ``until``."""
        while self.inputs and time.monotonic() < until:
            self.execute(self.mutator.mutate(self._choose(), self.rng.choice(self.inputs)[0]))

    def _choose(self) -> bytes:
        """An input to be mutated: a young one often, since something new was seen there; a slow one seldom."""
        for _ in range(20):
            young = min(20, len(self.inputs)) if self.rng.random() < 0.4 else len(self.inputs)
            data, spent = self.inputs[-self.rng.randint(1, young)]
            if self.rng.random() < SLOW / max(spent, SLOW):
                break
        return data

    def execute(self, data: bytes, *, seed: bool = False) -> None:
        """One input: is it a failure, and does it show something new?"""
        if self.board is not None:
            self.board[:4] = len(data).to_bytes(4, "little")
            self.board[4 : 4 + len(data)] = data
        self.figures.executions += 1
        before = time.process_time()
        signal.setitimer(signal.ITIMER_PROF, HANG)
        try:
            features = set(self.target.run(data))
        except (KeyboardInterrupt, SystemExit):
            raise
        except BaseException as error:
            signal.setitimer(signal.ITIMER_PROF, 0)
            self.fail(data, error)
            return
        finally:
            signal.setitimer(signal.ITIMER_PROF, 0)
        spent = time.process_time() - before
        self.figures.slowest = max(self.figures.slowest, spent)
        features.add(f"slow {int(spent * 10).bit_length()}")
        if not features <= self.seen or seed:
            if not features <= self.seen and not seed:
                _keep(STATE / "corpus" / self.target.name, data)
            self.seen |= features
            self.inputs.append((data, spent))

    def fail(self, data: bytes, error: BaseException) -> None:
        """Note a failure under where it was raised."""
        frames = traceback.extract_tb(error.__traceback__)
        ours = [frame for frame in frames if "wasmdoctor" in frame.filename or "fuzz" in frame.filename]
        last = ours[-1] if ours else frames[-1]
        place = f"{os.path.relpath(last.filename, ROOT)}:{last.lineno}"
        what = f"{self.target.name}: {type(error).__name__} at {place}: {str(error)[:100]}"
        if isinstance(error, Hang):
            what = f"{self.target.name}: hang"
        self.figures.failures[what] = self.figures.failures.get(what, 0) + 1
        if self.figures.failures[what] <= 3:
            path = _keep(STATE / "failures" / self.target.name, data)
            path.with_suffix(".txt").write_text("".join(traceback.format_exception(error)))


def _keep(folder: Path, data: bytes) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / hashlib.sha256(data).hexdigest()[:20]
    path.write_bytes(data)
    return path


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise Hang(f"more than {HANG:g} s of CPU time")


def limit() -> None:
    """Limit this process's memory, and let it interrupt itself."""
    signal.signal(signal.SIGPROF, _interrupt)
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    most = pages * os.sysconf("SC_PAGE_SIZE") + MEMORY
    resource.setrlimit(resource.RLIMIT_AS, (most, most))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def worker(name: str, seconds: float, seed: int, board: Path) -> int:
    """Fuzz one target; its figures on standard output."""
    with open(board, "r+b") as file:
        shared = mmap.mmap(file.fileno(), 0)
    fuzzer = Fuzzer(available()[name], seed, shared)
    fuzzer.target.seeds()  # starts wasm-tools, which needs more than the worker may take
    fuzzer.target.run(b"")
    limit()
    started = time.monotonic()
    fuzzer.load()
    fuzzer.work(started + seconds)
    figures = fuzzer.figures
    figures.seconds = time.monotonic() - started
    figures.peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    figures.features, figures.corpus = len(fuzzer.seen), len(fuzzer.inputs)
    print(json.dumps(asdict(figures)))
    return 0


# -- the process that looks on


def rounds(names: list[str], until: float, slice_: float) -> Iterator[tuple[str, float]]:
    """Whose turn it is and for how long, until the time is over."""
    while True:
        for name in names:
            left = until - time.monotonic()
            if left <= 1:
                return
            yield name, min(slice_, left)


def look_on(name: str, seconds: float, seed: int) -> Figures:
    """Run a worker to its end. One that dies or does not end is a failure of the input it had."""
    STATE.mkdir(parents=True, exist_ok=True)
    board = STATE / f"board-{os.getpid()}"
    board.write_bytes(bytes(1 << 20))
    words = [
        sys.executable,
        "-m",
        "fuzz.run",
        "--worker",
        name,
        "--seconds",
        str(seconds),
        "--seed",
        str(seed),
    ]
    started = time.monotonic()
    try:
        done = subprocess.run(
            [*words, "--board", str(board)],
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=seconds * 3 + 120,
        )
        if done.returncode == 0:
            return Figures(**json.loads(done.stdout.splitlines()[-1]))
        what = f"{name}: the worker ended with {done.returncode}: {done.stderr.strip()[-300:]}"
    except subprocess.TimeoutExpired:
        what = f"{name}: the worker did not end"
    finally:
        shared = board.read_bytes()
        board.unlink()
    data = shared[4 : 4 + int.from_bytes(shared[:4], "little")]
    _keep(STATE / "failures" / name, data).with_suffix(".txt").write_text(what)
    return Figures(seconds=time.monotonic() - started, failures={what: 1})


def main(words: list[str] | None = None) -> int:
    """The command. ``--minutes`` is wall time in all; ``--target`` may be given several times."""
    parser = argparse.ArgumentParser(
        prog="python -m fuzz.run", description=__doc__.splitlines()[0] if __doc__ else ""
    )
    parser.add_argument("--minutes", type=float, default=1.0)
    parser.add_argument("--target", action="append", choices=sorted(available()), default=None)
    parser.add_argument(
        "--seed", type=int, default=None, help="for the same inputs again (default: the time)"
    )
    parser.add_argument(
        "--slice", type=float, default=SLICE, help="seconds for a target before the next one's turn"
    )
    parser.add_argument("--reproduce", metavar="FILE", help="run one target on one file, and let it fail")
    for hidden in ("--worker", "--seconds", "--board"):
        parser.add_argument(hidden, help=argparse.SUPPRESS)
    given = parser.parse_args(words)
    if given.worker:
        return worker(given.worker, float(given.seconds), given.seed, Path(given.board))
    names = given.target or sorted(available())
    if given.reproduce:
        for name in names[:1]:
            print(sorted(set(available()[name].run(Path(given.reproduce).read_bytes()))))
        return 0
    seed = given.seed if given.seed is not None else time.time_ns()
    return _watch(names, given.minutes, given.slice, seed)


def _watch(names: list[str], minutes: float, slice_: float, seed: int) -> int:
    here: dict[str, Figures] = {}
    for number, (name, seconds) in enumerate(rounds(names, time.monotonic() + minutes * 60, slice_)):
        figures = look_on(name, seconds, seed + number)
        here.setdefault(name, Figures()).add(figures)
        _save(name, figures)
        print(f"{time.strftime('%H:%M:%S')} {name:<12} {_line(figures)}", flush=True)
        for what in figures.failures:
            print(f"    {what}", flush=True)
    total = Figures()
    for figures in here.values():
        total.add(figures)
    print(f"in all: {_line(total)}, {len(total.failures)} different failures")
    return 1 if total.failures else 0


def _line(figures: Figures) -> str:
    return (
        f"{figures.executions:,} executions in {figures.seconds:.0f} s, slowest {figures.slowest:.2f} s, "
        f"peak {figures.peak_mb} MB, {figures.features} features, {figures.corpus} inputs"
    )


def _save(name: str, figures: Figures) -> None:
    path = STATE / "figures.json"
    known: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}
    sum_ = Figures(**known.get(name, {}))
    sum_.add(figures)
    path.write_text(json.dumps({**known, name: asdict(sum_)}, indent=1))


if __name__ == "__main__":
    sys.exit(main())
