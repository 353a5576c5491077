"""What goes wrong around the program: tools, disks, homes, other processes, clocks. Each has a sentence, and no traceback."""

from __future__ import annotations

import ctypes
import os
import resource
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from hostile.hostile_bytes import COMPONENT, instances
from hostile.hostile_workspace import make_workspace
from tests_support import PROGRAM, run

from wasmdoctor import toolchain
from wasmdoctor.toolchain import Toolchain, ToolError

MARK = "ran-a-program"
WIT = "package a:b;\ninterface c { f: func(); }\nworld w { import c; export run: func(); }\n"
CRATE = {
    "Cargo.toml": '[package]\nname = "app"\nversion = "0.1.0"\nedition = "2021"\n[lib]\ncrate-type = ["cdylib"]\n'
    '[dependencies]\nwit-bindgen = "0.48"\n',
    "build.rs": f'fn main() {{ std::fs::write("{MARK}", "").unwrap(); }}\n',
    "src/lib.rs": 'wit_bindgen::generate!({ world: "w" });\nfn f() { a::b::c::f(); }\n',
    "wit/world.wit": WIT,
    ".cargo/config.toml": f'[build]\nrustc-wrapper = "./evil"\n[target.wasm32-wasip2]\nrunner = "touch {MARK}"\n',
}


def crate(folder: Path) -> Path:
    for path, text in CRATE.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    return folder


def script(path: Path, body: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)
    return path


def said(done: subprocess.CompletedProcess[str]) -> str:
    text = done.stdout + done.stderr
    assert "Traceback" not in text, text[-600:]
    return text


# -- nothing is run


@pytest.mark.parametrize(
    "words",
    [
        ("check", "."),
        ("check", "x.wasm", "Cargo.toml"),
        ("why", "a:b/c", "."),
        ("graph", "."),
        ("plan", "."),
        ("plan", ".", "--format", "json"),
        ("migrate", "--plan", "a", "--dry-run", "--allow-dirty"),
        ("tools",),
    ],
    ids=" ".join,
)
def test_no_command_that_only_looks_runs_cargo_or_a_build(words: tuple[str, ...], tmp_path: Path) -> None:
    folder = crate(tmp_path / "w")
    (folder / "x.wasm").write_bytes(instances(["a:b/c"]))
    mark = tmp_path / MARK
    # The version is all that `tools` may ask for.
    body = f'case "$*" in --version) echo "cargo 1.0.0"; exit 0;; esac\necho "$0 $*" >> {mark}\nexit 1'
    for name in (
        "cargo",
        "rustc",
        "rustup",
        "make",
        "sh",
        "bash",
        "cargo-component",
        "wit-bindgen",
        "npm",
        "evil",
    ):
        if name not in ("sh", "bash"):  # the scripts themselves need it
            script(tmp_path / "bin" / name, body)
    script(folder / "evil", body)
    path = f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}"
    done = run(
        *words,
        cwd=folder,
        env={"PATH": path, "CARGO": str(tmp_path / "bin/cargo"), "RUSTC_WRAPPER": str(folder / "evil")},
    )
    said(done)
    assert not mark.exists(), mark.read_text()
    assert not (folder / MARK).exists()


def test_migrate_says_what_it_runs_before_it_does(tmp_path: Path) -> None:
    """A dry run runs nothing. Else the command was printed when it starts: a build runs code of the workspace."""
    folder = make_workspace(tmp_path / "w", ["one", "two", "three", "four", "five"])
    shown, seen, calls = (tmp_path / name for name in ("shown", "seen", "calls"))
    # What was shown is copied when a build starts; that it fails is told afterwards, and the tree is as it was.
    body = f'echo "$*" >> {calls}\ncase "$1" in --version|--print) exit 0;; esac\ncp {shown} {seen}\nexit 1'
    cargo = script(tmp_path / "bin/cargo", body)
    environment = {
        **os.environ,
        "PATH": f"{cargo.parent}{os.pathsep}{os.environ['PATH']}",
        "CARGO": str(cargo),
        "CARGO_UNSTABLE_BUILD_STD": "std",  # no compiler is asked for its standard library
    }
    words = ["migrate", "--plan", "a", "--yes", "--allow-dirty", "--target", "wasm32-wasip2"]
    dry = run(*words, "--dry-run", cwd=folder, env=environment)
    assert dry.returncode == 0, said(dry)
    assert not calls.exists()
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    with open(shown, "wb") as file:
        done = subprocess.run(
            [*PROGRAM, *words],
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=file,
            check=False,
        )
    assert "Traceback" not in shown.read_text(), shown.read_text()
    assert done.returncode == 2, shown.read_text()
    assert seen.exists(), shown.read_text()
    (build,) = [line for line in calls.read_text().splitlines() if line.startswith("build")]
    assert build in seen.read_text(), "what is run was not named before"
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before


def test_a_build_that_is_killed(tmp_path: Path) -> None:
    folder = make_workspace(tmp_path / "w", ["one", "two", "three", "four", "five"])
    words = ("migrate", "--plan", "a", "--yes", "--allow-dirty", "--build-cmd", "kill -9 $$")
    done = run(*words, cwd=folder)
    assert done.returncode == 2, said(done)
    assert "`kill -9 $$` was killed by SIGKILL, as when memory is short" in said(done)
    assert "the tree is as it was" in said(done)


# -- wasm-tools


TOOLS = {
    "missing": (None, "there is no such file"),
    "hangs": ("sleep 60", "did not end within"),
    "is killed": ("kill -9 $$", "was killed by SIGKILL, as when memory is short"),
    "crashes": ("kill -SEGV $$", "was killed by SIGSEGV"),
    "prints garbage": ("head -c 5000 /dev/urandom", "printed more than"),
    "prints nothing": ("exit 0", "not the Bytecode Alliance's"),
    "is another program": ('echo "wasm-tools 0.0.1 (somebody else)"', "is needed"),
    "is too old": ('echo "wasm-tools 1.2.3"', "at least 1.220.0 is needed"),
    "fails": ("echo no >&2; exit 3", "not the Bytecode Alliance's"),
}


@pytest.mark.parametrize("fault", TOOLS)
def test_wasm_tools_that(fault: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    body, sentence = TOOLS[fault]
    path = tmp_path / "wasm-tools"
    if body is not None:
        script(path, body)
    real = toolchain.run
    monkeypatch.setattr(toolchain, "run", lambda *a, **k: real(*a, **{**k, "time_limit": 1}))
    started = time.monotonic()
    with pytest.raises(ToolError) as caught:
        _ = Toolchain(str(path)).wasm_tools
    assert sentence in str(caught.value), str(caught.value)
    assert time.monotonic() - started < 20


def test_a_wasm_tools_that_is_named_and_missing_is_told_and_the_rest_is_checked(tmp_path: Path) -> None:
    (tmp_path / "x.wasm").write_bytes(instances(["a:b/c"]))
    done = run("check", "x.wasm", "--validate", "--wasm-tools", str(tmp_path / "none"), cwd=tmp_path)
    assert done.returncode in (1, 2), said(done)
    assert "WD002" in said(done) or "wasm-tools" in said(done)


LATER = {
    "hangs": ("sleep 60", "did not end within"),
    "is killed": ("kill -9 $$", "`wasm-tools component wit` was killed by SIGKILL"),
    "crashes with a word": ("echo oh no >&2; kill -ABRT $$", "was killed by SIGABRT: oh no"),
    "fails without a word": ("exit 3", "ended with exit code 3"),
    "prints without end": (
        "while :; do echo aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa; done",
        "printed more than",
    ),
}


@pytest.mark.parametrize("fault", LATER)
def test_wasm_tools_that_answers_its_version_and_then(
    fault: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    body, sentence = LATER[fault]
    path = script(
        tmp_path / "wasm-tools", f'[ "$1" = --version ] && {{ echo "wasm-tools 1.262.0"; exit 0; }}\n{body}'
    )
    real = toolchain.run
    monkeypatch.setattr(
        toolchain, "run", lambda *a, **k: real(*a, **{**k, "time_limit": 2, "output_limit": 100_000})
    )
    (tmp_path / "x.wasm").write_bytes(instances(["a:b/c"]))
    with pytest.raises(ToolError) as caught:
        Toolchain(str(path)).wit_text(tmp_path / "x.wasm")
    assert sentence in str(caught.value)


VALIDATING = {
    "prints garbage": ("head -c 3000 /dev/urandom >&2; exit 1", 1, "wasm-tools calls it invalid"),
    "commands a terminal": ('cat "$0.said" >&2; exit 1', 1, "\\u{1b}]0;owned"),
    "is killed": ("kill -9 $$", 2, "`wasm-tools validate` was killed by SIGKILL"),
    "fails without a word": ("exit 7", 1, "ended with exit code 7"),
}


@pytest.mark.parametrize("fault", VALIDATING)
def test_a_validator_that(fault: str, tmp_path: Path) -> None:
    """What it says is a finding, and what it does not say is none that all is well."""
    body, code, sentence = VALIDATING[fault]
    tool = script(
        tmp_path / "wasm-tools", f'[ "$1" = --version ] && {{ echo "wasm-tools 1.262.0"; exit 0; }}\n{body}'
    )
    (tmp_path / "wasm-tools.said").write_text("\x1b]0;owned\x07\n::error::FORGED\n")
    (tmp_path / "x.wasm").write_bytes(instances([]))
    done = run("check", "x.wasm", "--validate", "--wasm-tools", str(tool), cwd=tmp_path)
    assert done.returncode == code, said(done)
    assert sentence in said(done)
    assert not [line for line in said(done).splitlines() if line.lstrip().startswith("::")]
    assert not {char for char in said(done) if char < " " and char != "\n"}


def test_a_child_of_a_killed_tool_is_killed_too(tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    path = script(tmp_path / "t", f"sleep 60 & echo $! > {pid}; wait")
    with pytest.raises(ToolError):
        toolchain.run([path], time_limit=1)
    child = int(pid.read_text())
    for _ in range(50):
        try:
            state = Path(f"/proc/{child}/stat").read_text().rpartition(")")[2].split()[0]
        except FileNotFoundError:
            return
        if state == "Z":
            return
        time.sleep(0.1)
    raise AssertionError("what the tool started goes on")


# -- disks, homes, trees


def _small_files() -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (64, 64))


def limited(*words: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run where no file can grow beyond 64 bytes, as on a full disk: what is written fails with EFBIG."""
    code = (
        "import signal, sys; signal.signal(signal.SIGXFSZ, signal.SIG_IGN); "
        f"sys.argv = {['wasmdoctor', *words]!r}; from wasmdoctor.__main__ import main; main()"
    )
    return subprocess.run(
        [sys.executable, "-B", "-c", code], cwd=cwd, capture_output=True, text=True, check=False,
        stdin=subprocess.DEVNULL, preexec_fn=_small_files,
    )  # fmt: skip


def test_a_full_disk_for_a_report(tmp_path: Path) -> None:
    (tmp_path / "x.wasm").write_bytes(instances(["a:b/c"]))
    (tmp_path / "report.json").write_text("the one before")
    done = limited("check", "x.wasm", "--format", "json", "--output", "report.json", cwd=tmp_path)
    assert done.returncode == 2, said(done)
    assert "report.json" in said(done)
    assert "large" in said(done).lower() or "space" in said(done).lower(), said(done)
    assert (tmp_path / "report.json").read_text() == "the one before"
    assert sorted(path.name for path in tmp_path.iterdir() if not path.name.startswith(".wasmdoctor")) == [
        "report.json",
        "x.wasm",
    ]


def test_a_full_disk_for_the_cache_costs_no_answer(tmp_path: Path) -> None:
    (tmp_path / "x.wasm").write_bytes(instances(["a:b/c"]))
    done = limited("check", ".", cwd=tmp_path)
    assert done.returncode == 1, said(done)
    assert "nobody provides" in said(done)


def test_no_home(tmp_path: Path) -> None:
    crate(tmp_path)
    (tmp_path / "x.wasm").write_bytes(instances(["a:b/c"]))
    for home in ("/nonexistent", "", "/dev/null"):
        env = {"HOME": home, "XDG_CACHE_HOME": "", "XDG_CONFIG_HOME": "", "CARGO_HOME": ""}
        for words in (("check", "."), ("why", "a:b/c", "."), ("plan", ".")):
            done = run(*words, cwd=tmp_path, env=env)
            assert done.returncode in (0, 1), said(done)
            said(done)


def _as_anybody() -> None:
    """Give up CAP_DAC_OVERRIDE and CAP_DAC_READ_SEARCH for what is started next (capabilities(7))."""
    if os.geteuid() == 0:
        libc = ctypes.CDLL(None)
        for capability in (1, 2):
            assert libc.prctl(24, capability, 0, 0, 0) == 0  # PR_CAPBSET_DROP


def test_a_tree_that_cannot_be_written(tmp_path: Path) -> None:
    """As a user, or as root without the capability to pass over permissions."""
    folder = crate(tmp_path / "w")
    (folder / "x.wasm").write_bytes(instances(["a:b/c"]))
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o555 if path.is_dir() else 0o444)
    before = sorted(folder.rglob("*"))
    done = subprocess.run(
        [*PROGRAM, "check", "."], cwd=folder, capture_output=True, text=True, check=False,
        env={**os.environ, "HOME": "/nonexistent", "PYTHONDONTWRITEBYTECODE": "1"}, preexec_fn=_as_anybody,
    )  # fmt: skip
    assert done.returncode == 1, said(done)
    assert "nobody provides" in said(done)
    assert sorted(folder.rglob("*")) == before


def test_a_report_where_nothing_can_be_written(tmp_path: Path) -> None:
    (tmp_path / "x.wasm").write_bytes(instances(["a:b/c"]))
    done = run("check", "x.wasm", "--format", "json", "--output", "/proc/nothing/report.json", cwd=tmp_path)
    assert done.returncode == 2, said(done)
    assert "/proc/nothing" in said(done)


# -- things that move


def test_files_that_vanish_between_discovery_and_reading(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from wasmdoctor.discover import discover
    from wasmdoctor.pipeline.binaries import read_binaries

    for name in ("gone.wasm", "pipe.wasm", "short.wasm", "folder.wasm", "stays.wasm"):
        (tmp_path / name).write_bytes(instances(["a:b/c"]))
    found = discover(["."], tmp_path)
    for name in ("gone.wasm", "pipe.wasm", "folder.wasm"):
        (tmp_path / name).unlink()
    os.mkfifo(tmp_path / "pipe.wasm")
    (tmp_path / "folder.wasm").mkdir()
    os.truncate(tmp_path / "short.wasm", 12)
    files = {file.path: file for file in read_binaries(found)}
    for name in ("gone.wasm", "pipe.wasm", "folder.wasm"):
        (problem,) = files[name].problems
        assert "cannot be read" in problem.message
    component = files["short.wasm"].component
    assert component is not None
    assert component.problems
    assert files["stays.wasm"].component is not None
    assert not files["stays.wasm"].component.problems


def test_a_tree_that_changes_while_it_is_checked(tmp_path: Path) -> None:
    """cargo may run at the same time: files come, go and change under the walk."""
    folder = crate(tmp_path / "w")
    stop = threading.Event()

    def churn() -> None:
        number = 0
        while not stop.is_set():
            number += 1
            path = folder / f"target/wasm32-wasip2/debug/n{number % 7}.wasm"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(instances(["a:b/c"])[: 8 + number % 30])
            (folder / f"wit/n{number % 3}.wit").write_text("interface x {}" if number % 2 else "")
            if number % 5 == 0:
                path.unlink()
            time.sleep(0.001)

    thread = threading.Thread(target=churn)
    thread.start()
    try:
        for _ in range(4):
            done = run("check", ".", cwd=folder)
            assert done.returncode in (0, 1), said(done)
            said(done)
    finally:
        stop.set()
        thread.join()


def test_two_at_once(tmp_path: Path) -> None:
    """The same answer, whoever keeps the cache first."""
    folder = crate(tmp_path / "w")
    for number in range(20):
        (folder / f"x{number}.wasm").write_bytes(instances([f"a:b/c{number}"]))
    alone = run("check", ".", cwd=folder, env={"COLUMNS": "100"}).stdout
    running = [
        subprocess.Popen(
            [*PROGRAM, "check", "."],
            cwd=folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "COLUMNS": "100"},
        )
        for _ in range(4)
    ]
    for process in running:
        out, err = process.communicate(timeout=120)
        assert process.returncode == 1, out + err
        assert "Traceback" not in out + err
        assert out == alone


@pytest.mark.parametrize("when", [0, 2**31 + 10, 4102444800])
def test_clocks_that_jump(when: int, tmp_path: Path) -> None:
    """Files of 1970, of after 2038, and of the future are answered for as others are."""
    folder = crate(tmp_path / "w")
    (folder / "x.wasm").write_bytes(instances(["a:b/c"]))
    first = run("check", ".", cwd=folder)
    for path in (folder / "x.wasm", folder / "src/lib.rs", folder / "wit/world.wit"):
        os.utime(path, (when, when))
    assert run("check", ".", cwd=folder).stdout == first.stdout
    # What has changed counts, whatever its time says.
    (folder / "x.wasm").write_bytes(instances(["a:b/d"]))
    os.utime(folder / "x.wasm", (when, when))
    again = run("check", "x.wasm", cwd=folder)
    assert "a:b/d" in again.stdout, said(again)


JUMPING = """
import os, sys, time
offset = float(sys.argv.pop(1))
step = float(sys.argv.pop(1))
real, real_ns, real_day = time.time, time.time_ns, time.strftime
calls = [0]
def now():
    calls[0] += 1
    return max(1.0, real() + offset + step * (-1) ** calls[0])
time.time = now
time.time_ns = lambda: int(now() * 1e9)
time.strftime = lambda form, when=None: real_day(form, time.localtime(now()) if when is None else when)
from wasmdoctor.__main__ import main
main()
"""
YEAR = 365.25 * 86400


def jumping(
    cwd: Path, cache: Path, offset: float, step: float, *words: str
) -> subprocess.CompletedProcess[str]:
    """A run whose clock is off by some seconds, and jumps by ``step`` to and fro whenever it is looked at."""
    env = {**os.environ, "WASMDOCTOR_CACHE_DIR": str(cache), "COLUMNS": "100"}
    env.pop("WASMDOCTOR_NO_CACHE", None)
    command = [sys.executable, "-B", "-c", JUMPING, str(offset), str(step), *words]
    return subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, check=False)


def test_clocks_that_jump_between_runs_and_within_one(tmp_path: Path) -> None:
    """Years to and fro: the same answer, from the cache or not, and never an old one."""
    (tmp_path / "w").mkdir()
    component, cache = tmp_path / "w/x.wasm", tmp_path / "cache"
    component.write_bytes(instances(["a:b/c"]))
    time.sleep(2.1)  # what was written this moment is not remembered
    first = jumping(tmp_path / "w", cache, 0, 0, "check", ".")
    assert first.returncode == 1, said(first)
    assert "a:b/c" in said(first)
    assert list(cache.glob("entries-*/*")), "nothing is kept that a clock could spoil"
    jumps = ((20 * YEAR, 0), (-60 * YEAR, 0), (0, 20 * YEAR))
    for offset, step in jumps:
        done = jumping(tmp_path / "w", cache, offset, step, "check", ".")
        assert (done.returncode, done.stdout, done.stderr) == (1, first.stdout, ""), (
            offset,
            step,
            said(done),
        )
    for number, (offset, step) in enumerate(jumps):
        before = component.stat()
        component.write_bytes(instances([f"a:b/{'def'[number]}"]))
        os.utime(component, ns=(before.st_atime_ns, before.st_mtime_ns))
        done = jumping(tmp_path / "w", cache, offset, step, "check", ".")
        assert f"a:b/{'def'[number]}" in done.stdout, (offset, step, said(done))


def test_two_at_once_on_a_cold_cache(tmp_path: Path) -> None:
    """Whoever is first: each has the same answer, and what they keep is whole."""
    folder = crate(tmp_path / "w")
    (folder / "x.wasm").write_bytes(instances(["a:b/d"]))
    time.sleep(2.1)
    env = {**os.environ, "WASMDOCTOR_CACHE_DIR": str(tmp_path / "cache"), "COLUMNS": "100"}
    env.pop("WASMDOCTOR_NO_CACHE", None)
    running = [
        subprocess.Popen(
            [*PROGRAM, "check", "."],
            cwd=folder,
            env=env,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(3)
    ]
    ends = [(*process.communicate(timeout=120), process.returncode) for process in running]
    assert ends[0][2] == 1, ends[0]
    assert "a:b/d" in ends[0][0]
    assert ends[1:] == ends[:1] * 2
    (entry,) = (tmp_path / "cache").glob("entries-*/*")
    after = subprocess.run(
        [*PROGRAM, "check", "."], cwd=folder, env=env, capture_output=True, text=True, check=False
    )
    assert (after.stdout, after.stderr, after.returncode) == ends[0]
    assert entry.is_file()


def test_standard_input_that_is_cut_off(tmp_path: Path) -> None:
    done = run("check", "-", cwd=tmp_path, stdin=instances(["a:b/c"])[:20])
    assert done.returncode == 1, said(done)
    assert "cut off" in said(done)
    done = run("check", "-", cwd=tmp_path, stdin=b"")
    assert done.returncode in (1, 2), said(done)
    assert COMPONENT
