"""What people see in a terminal: colours, links, a pager, a progress bar; and how they get out."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from terminal.pseudo import PROGRAM, Terminal, seen
from tests_support import run

from wasmdoctor.reporters.wrapping import cells

ROOT = Path(__file__).parents[2]
SCHEDULER = ROOT / "fixtures/scheduler"
WASM = "prebuilt/scheduler.wasm"
ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b\]8;[^\x1b]*\x1b\\|\x1b=|\x1b>")
TALL = 2000
"""Lines of a window in which nothing is too long."""


def lines_of(text: str) -> list[str]:
    return ESCAPES.sub("", text).splitlines()


# -- colours and links


def test_colours_on_a_terminal_only() -> None:
    assert "\x1b[" in seen(["rules"], SCHEDULER, lines=TALL).text
    assert "\x1b" not in run("rules", cwd=SCHEDULER).stdout


@pytest.mark.parametrize(
    ("words", "env", "colored"),
    [
        ([], {"NO_COLOR": "1"}, False),
        ([], {"TERM": "dumb"}, False),
        ([], {"NO_COLOR": "1", "FORCE_COLOR": "1"}, False),
        ([], {"TERM": "dumb", "FORCE_COLOR": "1"}, True),
        (["--color", "never"], {"FORCE_COLOR": "1"}, False),
        (["--color", "always"], {"NO_COLOR": "1"}, True),
    ],
)
def test_who_decides_on_colours(words: list[str], env: dict[str, str], colored: bool) -> None:
    text = seen(["rules", *words], SCHEDULER, lines=TALL, env=env).text
    assert bool(re.search(r"\x1b\[[0-9;]*m", text)) is colored


def test_colours_in_a_pipe_when_they_are_asked_for() -> None:
    assert "\x1b[" in run("rules", cwd=SCHEDULER, env={"FORCE_COLOR": "1"}).stdout
    assert "\x1b[" in run("rules", "--color", "always", cwd=SCHEDULER).stdout


def test_places_are_links_on_a_terminal() -> None:
    link = re.compile(r"\x1b\]8;[^;]*;file://([^\x1b]*)\x1b\\")
    for words in (["check", WASM], ["why", "scheduler:core-libs/wasi-tcp@0.1.0", WASM]):
        targets = set(link.findall(seen(words, SCHEDULER, lines=TALL).text))
        assert str(SCHEDULER / "core-libs/wit/world.wit") in targets
        assert all(Path(target).exists() for target in targets)
        plain = run(*words, cwd=SCHEDULER, env={"FORCE_COLOR": "1", "WASMDOCTOR_NO_CACHE": "1"}).stdout
        assert "\x1b[" in plain
        assert "\x1b]8" not in plain


def test_links_to_odd_paths() -> None:
    from wasmdoctor.reporters.links import link

    assert link("/a b", "c;d/ü.wit", "blue") == "blue link file:///a%20b/c%3Bd/%C3%BC.wit"
    assert link("/a", "../b.wit") == "link file:///b.wit"
    assert link("", "b.wit", "blue") == "blue"


# -- widths


@pytest.mark.parametrize("columns", [40, 60, 200])
@pytest.mark.parametrize("lang", ["en", "zh"])
def test_a_report_fits_the_window(columns: int, lang: str) -> None:
    done = seen(["check", WASM, "--lang", lang], SCHEDULER, columns=columns, lines=TALL)
    assert done.code == 1
    lines = lines_of(done.text)
    assert len(lines) > 20
    assert [line for line in lines if cells(line) > columns] == []


@pytest.mark.parametrize("columns", [40, 60, 200])
def test_pages_fit_the_window(columns: int) -> None:
    for words in (["rules"], ["explain", "WD206"], ["hosts"], ["tools"]):
        lines = lines_of(seen(words, SCHEDULER, columns=columns, lines=TALL).text)
        wide = [line for line in lines if cells(line) > columns and " " in line.strip()]
        # A line of code is as long as it is.
        assert [line for line in wide if not line.startswith("    ")] == [], words


# -- help and mistakes


def test_every_command_helps_by_example() -> None:
    from lang.lang_templates import commands

    found = list(commands())
    assert len(found) > 20
    without = [words for words, command in found if "\b\n" not in (command.help or "") and command.help]
    # A group whose commands have examples needs none.
    assert [words for words in without if words not in ("wasmdoctor config",)] == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["chekc"], "did you mean `check`?"),
        (["check", "--hots", "spin"], "Did you mean one of: '--host'"),
        (["check", "--formt=json"], "Did you mean one of: '--format'"),
        (["explain", "WD10"], "WD10"),
        (["check", "--color", "alway"], "'always'"),
        (["cache", "clera"], "Did you mean 'clear'?"),
        (["config", "shwo"], "Did you mean 'show'?"),
        (["explain", "nonstandard-inport"], "nonstandard-import"),
    ],
)
def test_what_a_mistyped_word_was_meant_to_be(words: list[str], said: str) -> None:
    done = run(*words, cwd=SCHEDULER)
    assert done.returncode == 2
    assert said.lower() in done.stderr.lower()


# -- pager


def pager(folder: Path) -> str:
    """A pager that says that it is one."""
    script = folder / "pager"
    script.write_text('#!/bin/sh\necho "<paged $LESS>"\ncat\n')
    script.chmod(0o755)
    return str(script)


def test_long_output_is_paged(tmp_path: Path) -> None:
    mine = pager(tmp_path)
    for env in (
        {"PAGER": mine},
        {"PAGER": "false", "WASMDOCTOR_PAGER": mine},
        {"PAGER": f"{mine} --anything"},
    ):
        done = seen(["rules"], SCHEDULER, env=env)
        assert "<paged FRX>" in done.text
        assert "WD502" in done.text
        assert (done.errors, done.code) == ("", 0)
    # The exit code is the command's.
    assert seen(["check", WASM], SCHEDULER, env={"PAGER": mine}).code == 1


def test_when_there_is_no_pager(tmp_path: Path) -> None:
    mine = pager(tmp_path)
    for words, env in (
        (["rules", "--no-pager"], {"PAGER": mine}),
        (["rules"], {"PAGER": mine, "WASMDOCTOR_PAGER": ""}),
        (["rules"], {"PAGER": "cat"}),
        (["rules"], {"PAGER": "no-such-program"}),
        (["rules"], {"PAGER": mine, "TERM": "dumb"}),
        (["explain", "--help"], {"PAGER": mine}),
    ):
        done = seen(words, SCHEDULER, env=env)
        assert "<paged" not in done.text
        assert (done.errors, done.code) == ("", 0)
    assert "<paged" not in seen(["rules"], SCHEDULER, lines=TALL, env={"PAGER": mine}).text
    assert "<paged" not in run("rules", cwd=SCHEDULER, env={"PAGER": mine}).stdout


def test_lines_that_the_window_breaks_count(tmp_path: Path) -> None:
    env = {"PAGER": pager(tmp_path)}
    words = ["explain", "WD206", "--format", "json"]
    assert "<paged" not in seen(words, SCHEDULER, columns=500, lines=50, env=env).text
    assert "<paged" in seen(words, SCHEDULER, columns=40, lines=50, env=env).text


def test_a_pager_that_is_left_early_is_no_error(tmp_path: Path) -> None:
    script = tmp_path / "short"
    script.write_text("#!/bin/sh\nhead -n 1\n")
    script.chmod(0o755)
    done = seen(["hosts", "show", "wasmtime"], SCHEDULER, env={"PAGER": str(script)})
    assert (done.errors, done.code) == ("", 0)


# -- progress


def test_a_progress_bar_after_half_a_second_on_a_terminal() -> None:
    program = (
        "import sys, time\n"
        "from wasmdoctor.cli.output import progress_bar\n"
        "with progress_bar() as progress:\n"
        "    for done in range(4):\n"
        "        progress(done, 4)\n"
        "        time.sleep(float(sys.argv[1]))\n"
        "print('done')\n"
    )
    how = {"program": (sys.executable, "-c", program)}
    assert "reading binaries" in seen(["0.4"], ROOT, err=True, **how).text
    assert "reading binaries" not in seen(["0.01"], ROOT, err=True, **how).text
    quiet = seen(["0.4"], ROOT, **how)  # standard error is a pipe
    assert (quiet.text, quiet.errors) == ("done\n", "")


def test_what_takes_long_says_so_on_a_terminal() -> None:
    program = (
        "import sys, time\n"
        "from wasmdoctor.cli.output import busy\n"
        "with busy('making plans'):\n"
        "    time.sleep(float(sys.argv[1]))\n"
        "print('done')\n"
    )
    how = {"program": (sys.executable, "-c", program)}
    assert "making plans ...\r" in seen(["1.0"], ROOT, err=True, **how).text
    assert "making plans" not in seen(["0.01"], ROOT, err=True, **how).text
    quiet = seen(["0.7"], ROOT, **how)  # standard error is a pipe
    assert (quiet.text, quiet.errors) == ("done\n", "")


# -- the ways out


def test_ctrl_c_while_reading_is_quiet(tmp_path: Path) -> None:
    terminal = Terminal(["explain", "-"], tmp_path, err=True)
    wait_until_started(terminal)
    terminal.press(b"\x03")
    done = terminal.end()
    assert (done.text.replace("^C", "").strip(), done.code) == ("", 130)


def wait_until_started(terminal: Terminal) -> None:
    """Until the program waits for what is typed."""
    status = Path(f"/proc/{terminal.child.pid}/wchan")
    for _ in range(600):
        if b"tty" in status.read_bytes() or b"wait_woken" in status.read_bytes():
            return
        time.sleep(0.05)
    raise AssertionError(f"it does not read: {status.read_text()}")


def test_ctrl_c_while_a_child_runs_is_quiet(tmp_path: Path) -> None:
    started = tmp_path / "started"
    tool = tmp_path / "wasm-tools"
    tool.write_text(
        '#!/bin/sh\nif [ "$1" = --version ]; then echo "wasm-tools 1.262.0"; exit; fi\n'
        f'echo $$ > "{started}.new"; mv "{started}.new" "{started}"; exec sleep 100\n'
    )
    tool.chmod(0o755)
    words = ["check", WASM, "--validate", "--wasm-tools", str(tool)]
    terminal = Terminal(words, SCHEDULER, err=True)
    for _ in range(600):
        if started.exists():
            break
        time.sleep(0.05)
    child = int(started.read_text())
    terminal.press(b"\x03")
    done = terminal.end()
    assert (done.text.replace("^C", "").strip(), done.code) == ("", 130)
    for _ in range(100):
        if not is_alive(child):
            return
        time.sleep(0.05)
    os.kill(child, signal.SIGKILL)
    raise AssertionError("the child lives on")


def is_alive(pid: int) -> bool:
    try:
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False


def test_nothing_is_said_on_a_closed_pipe() -> None:
    for words in (["rules"], ["check", WASM], ["explain", "WD101"], ["--help"], ["hosts"]):
        read, write = os.pipe()
        os.close(read)
        child = subprocess.Popen([*PROGRAM, *words], cwd=SCHEDULER, stdout=write, stderr=subprocess.PIPE)
        os.close(write)
        _, errors = child.communicate(timeout=60)
        assert errors == b"", words
        assert child.returncode in (0, 1, 141), words
