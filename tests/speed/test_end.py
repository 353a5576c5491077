"""The process ends without taking its memory apart; nobody must notice."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest


def ended(program: str, *words: str, shell: str = "") -> subprocess.CompletedProcess[str]:
    """What a program does that runs the command line."""
    command = [sys.executable, "-c", program, *words]
    if shell:
        command = ["sh", "-c", f'"$@" {shell}', "sh", *command]
    return subprocess.run(command, capture_output=True, text=True, check=False)


PLAIN = "from wasmdoctor.__main__ import main; main()"


@pytest.mark.parametrize(("words", "code"), [(["--version"], 0), (["explain", "WD999"], 2), (["nothing"], 2)])
def test_the_exit_code_is_that_of_the_command(words: list[str], code: int) -> None:
    assert ended(PLAIN, *words).returncode == code


def test_what_waits_for_the_end_is_called() -> None:
    done = ended(f"import atexit; atexit.register(print, 'at last'); {PLAIN}", "--version")
    assert done.stdout.splitlines()[-1] == "at last"
    assert done.returncode == 0


def test_output_that_is_still_held_back_is_written(tmp_path: Path) -> None:
    path = tmp_path / "out"
    held = "import sys; sys.stdout = open(sys.argv.pop(), 'w'); print('before'); "
    assert ended(held + PLAIN, "--version", str(path)).returncode == 0
    assert path.read_text().splitlines()[0] == "before"


def test_other_threads_are_waited_for() -> None:
    thread = (
        "import threading, time; threading.Thread(target=lambda: (time.sleep(0.3), print('done'))).start(); "
    )
    assert ended(thread + PLAIN, "--version").stdout.splitlines()[-1] == "done"


def test_without_standard_output() -> None:
    done = ended(PLAIN, "rules", shell=">&-")
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device of Linux")
def test_a_full_disk() -> None:
    done = ended(PLAIN, "rules", shell=">/dev/full")
    assert done.returncode == 2
    assert done.stderr == "error: the output cannot be written: No space left on device\n"
