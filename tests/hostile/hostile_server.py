"""Runs wasmdoctor commands, each in a process of its own that has loaded the program already, and measures them.

Reads requests as lines of JSON on standard input: {"cwd", "words", "env", "cached", "stdin"}; answers with lines of JSON. What is measured is
that process alone with the programs that it started: CPU seconds (so that a busy machine does not count) and the
peak of resident memory (VmHWM, which starts anew in a forked process).
"""

from __future__ import annotations

import gc
import json
import os
import re
import resource
import signal
import sys
import tempfile
import time
from pathlib import Path

WALL = 30


def peak_mb() -> float:
    found = re.search(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())
    assert found is not None
    own = int(found[1]) / 1024
    return max(own, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024)


def child(request: dict[str, object], out: int, err: int, report: int) -> None:
    """Run the command; never returns."""
    code = 99
    try:
        os.setsid()
        os.dup2(os.open(str(request.get("stdin") or os.devnull), os.O_RDONLY), 0)
        os.dup2(out, 1)
        os.dup2(err, 2)
        os.chdir(str(request["cwd"]))
        os.environ.update(request.get("env") or {})  # type: ignore[call-overload]
        resource.setrlimit(resource.RLIMIT_CPU, (20, 20))
        from wasmdoctor.cli import cli

        words: list[str] = list(request["words"])  # type: ignore[call-overload]

        def command() -> int:
            try:
                cli.main(args=words, prog_name="wasmdoctor", standalone_mode=True)
            except SystemExit as end:
                return end.code if isinstance(end.code, int) else 0 if end.code is None else 1
            return 0

        try:
            if request.get("cached"):
                from wasmdoctor.cache.runs import remembered

                code = remembered(words, command)
            else:
                code = command()
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else 0 if end.code is None else 1
        except BaseException:
            import traceback

            traceback.print_exc()
            code = 98
        sys.stdout.flush()
        sys.stderr.flush()
        os.write(report, f"{peak_mb():.1f}".encode())
    finally:
        os._exit(code)


def run(request: dict[str, object]) -> dict[str, object]:
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        read, write = os.pipe()
        started = time.monotonic()
        pid = os.fork()
        if pid == 0:
            os.close(read)
            child(request, out.fileno(), err.fileno(), write)
        os.close(write)
        hung = False
        while True:
            done, status, usage = os.wait4(pid, os.WNOHANG)
            if done:
                break
            if time.monotonic() - started > WALL:
                hung = True
                os.killpg(pid, signal.SIGKILL)
            time.sleep(0.005)
        peak = os.read(read, 64)
        os.close(read)
        out.seek(0)
        err.seek(0)
        return {
            "code": os.waitstatus_to_exitcode(status),
            "seconds": usage.ru_utime + usage.ru_stime,
            "wall": time.monotonic() - started,
            "peak": float(peak or b"0"),
            "hung": hung,
            "out": out.read().decode("utf-8", "replace"),
            "err": err.read().decode("utf-8", "replace"),
        }


def main() -> None:
    # What every command loads. Not counted: starting Python and loading are measured by the benchmarks.
    import rich.console  # noqa: F401

    import wasmdoctor.cli
    import wasmdoctor.pipeline.project  # noqa: F401

    gc.set_threshold(1_000_000, 50, 100)  # as wasmdoctor/__main__.py sets it
    for line in sys.stdin:
        print(json.dumps(run(json.loads(line))), flush=True)


if __name__ == "__main__":
    main()
