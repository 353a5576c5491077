"""``check --watch``: a real process, and real changes of files."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests_support import PROGRAM, run

PATIENCE = 60.0
DONE = "Ctrl-C ends"

WIT = "package acme:store@0.1.0;\n\ninterface blobs { get: func() -> u32; }\n\nworld app { import blobs; }\n"


class Watcher:
    """A running ``check --watch`` and what it has written so far."""

    def __init__(self, *words: str, cwd: Path, env: dict[str, str] | None = None) -> None:
        self.text = ""
        self.rounds = 0
        self.process = subprocess.Popen(
            [*PROGRAM, "check", "--watch", *words],
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env={**os.environ, "PYTHONUNBUFFERED": "1", **(env or {})},
            start_new_session=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.text += line.decode()

    def next(self) -> str:
        """What it writes from the end of the last check to the end of the next."""
        end = time.monotonic() + PATIENCE
        while self.text.count(DONE) <= self.rounds:
            assert time.monotonic() < end, f"no further check after {PATIENCE} s:\n{self.text}"
            assert self.process.poll() is None, f"it ended:\n{self.text}"
            time.sleep(0.02)
        self.rounds += 1
        return self.text.split(DONE)[self.rounds - 1]

    def until(self, holds: Callable[[str], bool]) -> str:
        """The first check from the next on of which that holds: one change may be seen in two steps."""
        end = time.monotonic() + PATIENCE
        while not holds(text := self.next()):
            assert time.monotonic() < end, self.text
        return text

    def interrupt(self) -> int:
        os.killpg(self.process.pid, signal.SIGINT)
        code = self.process.wait(PATIENCE)
        self._reader.join(PATIENCE)
        return code

    def close(self) -> None:
        self._reader.join(PATIENCE)
        assert self.process.stdout is not None
        self.process.stdout.close()


@pytest.fixture
def watching() -> Iterator[Callable[..., Watcher]]:
    started: list[Watcher] = []

    def start(*words: str, cwd: Path, env: dict[str, str] | None = None) -> Watcher:
        started.append(Watcher(*words, cwd=cwd, env=env))
        return started[-1]

    yield start
    for each in started:
        if each.process.poll() is None:
            each.process.kill()
            each.process.wait()
        each.close()


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A package of WIT, and folders around it that nobody asks for."""
    for name in ("wit", "notes", ".git"):
        (tmp_path / name).mkdir()
    (tmp_path / "wit/app.wit").write_text(WIT)
    return tmp_path


def replaced(path: Path, text: str) -> None:
    """Written as editors do: another file, then a new name."""
    other = path.with_name(path.name + ".tmp~")
    other.write_text(text)
    other.replace(path)


def test_sources_written_replaced_made_and_removed(watching: Callable[..., Watcher], project: Path) -> None:
    path = project / "wit/app.wit"
    watcher = watching("-q", "wit/app.wit", cwd=project)
    assert "error" not in watcher.next()
    path.write_text(WIT.replace("import blobs", "import blabs"))
    text = watcher.next()
    assert "wit/app.wit changed" in text
    assert "WD202" in text
    replaced(path, WIT)
    text = watcher.next()
    assert "wit/app.wit changed" in text
    assert "WD202" not in text
    more = project / "wit/more.wit"
    more.write_text("package acme:store@0.1.0;\ninterface {}\n")
    text = watcher.next()
    assert "wit/more.wit changed" in text
    assert "wit/more.wit:2:11: error[WD201]" in text
    more.unlink()
    text = watcher.next()
    assert "wit/more.wit changed" in text
    assert "WD201" not in text
    assert watcher.interrupt() == 130
    assert "Traceback" not in watcher.text
    assert "Aborted" not in watcher.text
    assert "\x1b" not in watcher.text


def test_what_a_report_does_not_depend_on_is_not_waited_for(
    watching: Callable[..., Watcher], project: Path
) -> None:
    watcher = watching("-q", "wit/app.wit", "--output", "report.json", "--format", "json", cwd=project)
    watcher.next()
    (project / "wit/notes.md").write_text("nothing\n")
    (project / "wit/.app.wit.swp").write_text("an editor's own\n")
    (project / "wit/app.wit").write_text(WIT + "interface {}\n")
    text = watcher.next()
    assert "wit/app.wit changed" in text
    assert "notes" not in text
    assert "swp" not in text
    assert '"WD201"' in (project / "report.json").read_text()


def test_a_component_that_is_built_in_pieces(
    watching: Callable[..., Watcher], tmp_path: Path, dummy: Callable[..., bytes]
) -> None:
    good = dummy("package a:b;\nworld w { export run: func(); }\n", "w")
    bad = dummy("package a:b;\ninterface i { f: func(); }\nworld w { import i; export run: func(); }\n", "w")
    (tmp_path / "out").mkdir()
    path = tmp_path / "out/app.wasm"
    path.write_bytes(good)
    watcher = watching("-q", "out", cwd=tmp_path)
    assert "WD101" not in watcher.next()
    with path.open("wb") as file:  # as a linker does: half of it stands there for a while
        file.write(bad[: len(bad) // 2])
        file.flush()
        time.sleep(0.5)
        file.write(bad[len(bad) // 2 :])
    watcher.until(lambda text: "WD101" in text and "WD001" not in text)
    path.unlink()
    assert "WD101" not in watcher.until(lambda text: "out/app.wasm changed" in text)


def test_a_folder_that_is_removed_and_made_again(
    watching: Callable[..., Watcher], tmp_path: Path, dummy: Callable[..., bytes]
) -> None:
    bad = dummy("package a:b;\ninterface i { f: func(); }\nworld w { import i; export run: func(); }\n", "w")
    out = tmp_path / "out"
    out.mkdir()
    (out / "app.wasm").write_bytes(bad)
    watcher = watching("-q", "out", cwd=tmp_path)
    assert "WD101" in watcher.next()
    shutil.rmtree(out)
    watcher.until(lambda text: "`out` does not exist" in text)
    made = tmp_path / "made"
    made.mkdir()
    (made / "app.wasm").write_bytes(bad)
    made.rename(out)
    watcher.until(lambda text: "WD101" in text)
    assert watcher.interrupt() == 130


def test_the_configuration_counts_and_may_be_broken_for_a_while(
    watching: Callable[..., Watcher], project: Path
) -> None:
    config = project / "wasmdoctor.toml"
    config.write_text("")
    path = project / "wit/app.wit"
    path.write_text(WIT.replace("import blobs", "import blabs"))
    watcher = watching("-q", "wit/app.wit", cwd=project)
    assert "WD202" in watcher.next()
    replaced(config, "ignore = [")
    text = watcher.until(lambda text: "wasmdoctor.toml" in text)
    assert "wasmdoctor.toml changed" in text
    assert "wasmdoctor.toml:1" in text
    replaced(config, 'ignore = ["WD2"]\n')
    text = watcher.next()
    assert "WD202" not in text
    assert watcher.interrupt() == 130


def test_standard_input_cannot_be_watched(tmp_path: Path) -> None:
    done = run("check", "--watch", "-", cwd=tmp_path, stdin=b"")
    assert done.returncode == 2
    assert "standard input cannot be watched" in done.stderr


def test_without_watchfiles_it_says_what_to_install(tmp_path: Path) -> None:
    (tmp_path / "app.wit").write_text(WIT)
    program = (
        "import sys\n"
        "sys.modules['watchfiles'] = None\n"
        "sys.argv = ['wasmdoctor', 'check', '--watch', 'app.wit']\n"
        "from wasmdoctor.__main__ import main\n"
        "main()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "pip install 'wasmdoctor[watch]'" in done.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pseudo-terminals")
def test_a_terminal_is_cleared(project: Path) -> None:
    import pty

    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [*PROGRAM, "check", "--watch", "-q", "wit/app.wit"],
        cwd=project,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env={**os.environ, "TERM": "xterm"},
        start_new_session=True,
    )
    os.close(theirs)
    text = b""
    try:
        end = time.monotonic() + PATIENCE
        while DONE.encode() not in text:
            assert time.monotonic() < end, text
            text += os.read(ours, 4096)
        os.killpg(process.pid, signal.SIGINT)
        assert process.wait(PATIENCE) == 130
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
        os.close(ours)
    assert b"\x1b[2J" in text
