"""Fuzzes the readers: ``python -m fuzz.run --minutes 60``.

The time is shared out evenly: each target gets a worker process for a while, one at a time, and in turns. A worker is
limited in memory, and interrupts itself when one input takes longer than it may. The process above it only looks
on: it ends a worker that cannot do even that, starts the next one, and keeps the input in whose course a worker
died. Inputs that show something new are kept in ``.cache/fuzz/corpus``, those that fail in ``.cache/fuzz/failures``, the
slowest in ``.cache/fuzz/slowest``, and figures in ``.cache/fuzz/figures.json``, over all runs.

Exit codes: 0 nothing failed, 1 something failed, 2 usage.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib
import json
import math
import mmap
import os
import random
import resource
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

from fuzz.mutate import Mutator
from fuzz.targets import Target

ROOT = Path(__file__).resolve().parent.parent
STATE = Path(os.environ.get("WASMDOCTOR_FUZZ_STATE", ROOT / ".cache" / "fuzz"))
HANG = 5.0
"""Seconds of CPU time that one input may take."""
MEMORY = 500
"""Megabytes: resident memory that no input may need more of, and address space that a worker gets for its work."""
SLICE = 45.0
"""Seconds at most for one target before it is the next one's turn."""
STUCK = 30.0
"""Seconds of wall time without CPU time after which an input waits for something that does not come."""
NICE = 10
"""What workers add to their niceness: others work on this machine as well."""
BOARD = 1 << 20
"""Bytes that a worker and the process above it share: the number of the input, its length, and the input."""
SLOW = 0.02
"""Seconds from which an input is mutated less often, since it stands in the way of many others."""
KEPT = 2000
"""Inputs of a target that are kept in memory to be mutated."""


class Hang(BaseException):
    """An input takes too long. No Exception, so that no reader takes it for one of its own."""


class Hog(Exception):
    """An input takes too much memory."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one input may take: seconds of CPU time, megabytes, and seconds of waiting."""

    hang: float = HANG
    memory: int = MEMORY
    wait: float = STUCK


@dataclass(slots=True)
class Figures:
    """What was done: executions, seconds, the slowest input (CPU seconds, and its file), and failures by what failed."""

    executions: int = 0
    seconds: float = 0.0
    slowest: float = 0.0
    slowest_input: str = ""
    peak_mb: int = 0
    features: int = 0
    corpus: int = 0
    failures: dict[str, int] = field(default_factory=dict)

    def add(self, other: Figures) -> None:
        """Take in the figures of another run of the same target."""
        self.executions += other.executions
        self.seconds += other.seconds
        if other.slowest > self.slowest:
            self.slowest, self.slowest_input = other.slowest, other.slowest_input
        self.peak_mb = max(self.peak_mb, other.peak_mb)
        self.features, self.corpus = max(self.features, other.features), max(self.corpus, other.corpus)
        for what, count in other.failures.items():
            self.failures[what] = self.failures.get(what, 0) + count


# -- the worker


class Fuzzer:
    """Runs one target on mutated inputs for a while."""

    def __init__(
        self, target: Target, seed: int, board: mmap.mmap | None = None, limits: Limits = Limits()
    ) -> None:
        self.target = target
        self.limits = limits
        self.rng = random.Random(seed)
        self.mutator = Mutator(self.rng, target.tokens, target.most)
        self.board = board
        self.seen: set[str] = set()
        self.inputs: list[tuple[bytes, float]] = []
        self.slowest = b""
        self.hog = False
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
        self.figures.executions += 1
        if self.board is not None:
            _post(self.board, self.figures.executions, data)
        before = time.process_time()
        signal.setitimer(signal.ITIMER_PROF, self.limits.hang)
        try:
            features = set(self.target.run(data))
            self._weigh()
        except (KeyboardInterrupt, SystemExit):
            raise
        except BaseException as error:
            signal.setitimer(signal.ITIMER_PROF, 0)
            self.fail(data, error)
            return
        finally:
            signal.setitimer(signal.ITIMER_PROF, 0)
        spent = time.process_time() - before
        if spent > self.figures.slowest:
            self.figures.slowest, self.slowest = spent, data
        features.add(f"slow {int(spent * 10).bit_length()}")
        if not features <= self.seen or seed:
            if not features <= self.seen and not seed:
                _keep(STATE / "corpus" / self.target.name, data)
            self.seen |= features
            self.inputs.append((data, spent))

    def _weigh(self) -> None:
        """Raise Hog for the first input that made the process too large, though no reader complained of it."""
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        if peak > self.limits.memory and self.board is not None and not self.hog:
            self.hog = True
            raise Hog(f"{peak} MB")

    def fail(self, data: bytes, error: BaseException) -> None:
        """Note a failure under where it was raised."""
        frames = traceback.extract_tb(error.__traceback__)
        ours = [frame for frame in frames if "wasmdoctor" in frame.filename or "fuzz" in frame.filename]
        last = ours[-1] if ours else frames[-1]
        place = f"{os.path.relpath(last.filename, ROOT)}:{last.lineno}"
        what = f"{self.target.name}: {type(error).__name__} at {place}: {str(error)[:100]}"
        if isinstance(error, Hang):
            what = f"{self.target.name}: hang"
        elif isinstance(error, MemoryError | Hog):
            what = f"{self.target.name}: memory"
        self.figures.failures[what] = self.figures.failures.get(what, 0) + 1
        if self.figures.failures[what] <= 3:
            path = _keep(STATE / "failures" / self.target.name, data)
            path.with_suffix(".txt").write_text("".join(traceback.format_exception(error)))


def _keep(folder: Path, data: bytes) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / hashlib.sha256(data).hexdigest()[:20]
    path.write_bytes(data)
    return path


def _post(board: mmap.mmap, number: int, data: bytes) -> None:
    board[:12] = number.to_bytes(8, "little") + len(data).to_bytes(4, "little")
    board[12 : 12 + len(data)] = data


def _posted(board: bytes) -> tuple[int, bytes]:
    """The number of the input that a worker is at, and the input."""
    return int.from_bytes(board[:8], "little"), board[12 : 12 + int.from_bytes(board[8:12], "little")]


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise Hang("too much CPU time")


def limit(memory: int) -> None:
    """Limit this process's memory to so many megabytes more, and let it interrupt itself."""
    signal.signal(signal.SIGPROF, _interrupt)
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    most = pages * os.sysconf("SC_PAGE_SIZE") + memory * 1024 * 1024
    resource.setrlimit(resource.RLIMIT_AS, (most, most))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def worker(target: Target, seconds: float, seed: int, board: Path, limits: Limits) -> int:
    """Fuzz one target; its figures on standard output."""
    os.nice(NICE)
    with open(board, "r+b") as file:
        shared = mmap.mmap(file.fileno(), 0)
    started = time.monotonic()
    fuzzer = Fuzzer(target, seed, shared, limits)
    target.seeds()  # starts wasm-tools, which needs more than the worker may take
    target.run(b"")
    limit(limits.memory)
    fuzzer.load()
    fuzzer.work(started + seconds)
    figures = fuzzer.figures
    figures.seconds = time.monotonic() - started
    figures.peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    figures.features, figures.corpus = len(fuzzer.seen), len(fuzzer.inputs)
    figures.slowest_input = _keep(STATE / "slowest" / target.name, fuzzer.slowest).name
    print(json.dumps(asdict(figures)))
    return 0


# -- the process that looks on


def turns(names: list[str], minutes: float, slice_: float) -> Iterator[tuple[str, float]]:
    """Whose turn it is and for how many seconds: the same for all, in as many rounds as slices make necessary.

    What earlier turns took too long is taken from all that follow.
    """
    until = time.monotonic() + minutes * 60
    rounds = max(1, math.ceil(minutes * 60 / (len(names) * slice_)))
    waiting = names * rounds
    for number, name in enumerate(waiting):
        yield name, max(1.0, (until - time.monotonic()) / (len(waiting) - number))


@dataclass(frozen=True, slots=True)
class Desk:
    """What every turn has in common: the module with the targets, and the limits."""

    module: str
    limits: Limits

    @property
    def targets(self) -> Mapping[str, Target]:
        """The targets by name."""
        found: Mapping[str, Target] = importlib.import_module(self.module).TARGETS
        return found

    def look_on(self, name: str, seconds: float, seed: int) -> Figures:
        """Run a worker to its end. One that dies or does not end is a failure of the input it had."""
        STATE.mkdir(parents=True, exist_ok=True)
        board = STATE / f"board-{os.getpid()}"
        board.write_bytes(bytes(BOARD))
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
        words += ["--targets", self.module]
        for limit_, value in asdict(self.limits).items():
            words += [f"--{limit_}", str(value)]
        started = time.monotonic()
        child = subprocess.Popen(
            [*words, "--board", str(board)],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "WASMDOCTOR_FUZZ_STATE": str(STATE)},
        )
        try:
            why = self._wait(child, board)
            out, err = child.communicate()
            if child.returncode == 0:
                return Figures(**json.loads(out.splitlines()[-1]))
            what = f"{name}: {why or f'the worker ended with {child.returncode}: {err.strip()[-300:]}'}"
            number, data = _posted(board.read_bytes())
        finally:
            child.kill()
            board.unlink()
        _keep(STATE / "failures" / name, data).with_suffix(".txt").write_text(what)
        return Figures(executions=number, seconds=time.monotonic() - started, failures={what: 1})

    def _wait(self, child: subprocess.Popen[str], board: Path) -> str:
        """Wait for a worker; why it had to be ended, or ""."""
        last, cpu, since = -1, 0.0, time.monotonic()
        while True:
            try:
                child.wait(0.2)
                return ""
            except subprocess.TimeoutExpired:
                with open(board, "rb") as file:
                    number = _posted(file.read(12))[0]
                now = _cpu_seconds(child.pid)
                if number != last:
                    last, cpu, since = number, now, time.monotonic()
                # Twice what it may take: it interrupts itself at once, but for work outside of Python's own code.
                elif number and now - cpu > 2 * self.limits.hang:
                    child.kill()
                    return "hang, in what cannot be interrupted"
                elif time.monotonic() - since > self.limits.wait and now - cpu < 0.1:
                    child.kill()
                    return "hang, waiting for something"


def _cpu_seconds(pid: int) -> float:
    """User and system time of a process (proc(5), fields 14 and 15 of stat)."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def main(words: list[str] | None = None) -> int:
    """The command. ``--minutes`` is wall time in all; ``--target`` may be given several times."""
    parser = argparse.ArgumentParser(
        prog="python -m fuzz.run", description=__doc__.splitlines()[0] if __doc__ else ""
    )
    parser.add_argument("--minutes", type=float, default=1.0, help="wall time in all, shared out evenly")
    parser.add_argument("--target", action="append", default=None, help="this one only; repeatable")
    parser.add_argument(
        "--seed", type=int, default=None, help="for the same inputs again (default: the time)"
    )
    parser.add_argument(
        "--slice", type=float, default=SLICE, help="seconds for a target before the next one's turn"
    )
    parser.add_argument("--hang", type=float, default=HANG, help="seconds of CPU time for one input")
    parser.add_argument("--memory", type=int, default=MEMORY, help="megabytes for one input")
    parser.add_argument("--wait", type=float, default=STUCK, help="seconds that one input may wait")
    parser.add_argument("--targets", metavar="MODULE", default="fuzz.targets", help="where the targets are")
    parser.add_argument("--reproduce", metavar="FILE", help="run one target on one file, and let it fail")
    for hidden in ("--worker", "--seconds", "--board"):
        parser.add_argument(hidden, help=argparse.SUPPRESS)
    given = parser.parse_args(words)
    desk = Desk(given.targets, Limits(given.hang, given.memory, given.wait))
    names = given.target or sorted(desk.targets)
    unknown = set(names) - set(desk.targets)
    if unknown:
        parser.error(f"no target {', '.join(sorted(unknown))}: there are {', '.join(sorted(desk.targets))}")
    if given.worker:
        target = desk.targets[given.worker]
        return worker(target, float(given.seconds), given.seed, Path(given.board), desk.limits)
    if given.reproduce:
        for name in names[:1]:
            print(sorted(set(desk.targets[name].run(Path(given.reproduce).read_bytes()))))
        return 0
    seed = given.seed if given.seed is not None else time.time_ns()
    return _watch(desk, names, given.minutes, given.slice, seed)


def _watch(desk: Desk, names: list[str], minutes: float, slice_: float, seed: int) -> int:
    here: dict[str, Figures] = {}
    for number, (name, seconds) in enumerate(turns(names, minutes, slice_)):
        figures = desk.look_on(name, seconds, seed + number)
        here.setdefault(name, Figures()).add(figures)
        _save(name, figures)
        print(f"{time.strftime('%H:%M:%S')} {name:<12} {_line(figures)}", flush=True)
        for what in figures.failures:
            print(f"    {what}", flush=True)
    print(
        f"\n{'target':<12} {'executions':>12} {'a second':>9} {'slowest':>8} {'peak':>7}  failures  slowest input"
    )
    total = Figures()
    for name, figures in here.items():
        total.add(figures)
        rate = figures.executions / max(figures.seconds, 0.001)
        print(
            f"{name:<12} {figures.executions:>12,} {rate:>9,.0f} {figures.slowest:>6.2f} s {figures.peak_mb:>4} MB"
            f"  {len(figures.failures):>8}  slowest/{name}/{figures.slowest_input}"
        )
    print(
        f"in all: {total.executions:,} executions in {total.seconds:.0f} s, slowest {total.slowest:.2f} s, "
        f"peak {total.peak_mb} MB, {len(total.failures)} different failures"
    )
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
