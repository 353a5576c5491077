"""Applying, recovering and undoing: what comes out, what is refused, and what a failure leaves."""

from __future__ import annotations

import errno
import json
import os
import resource
import shutil
import signal
import stat
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from wasmdoctor.model.edit import ChangeKind, ChangeSet, FileChange
from wasmdoctor.transaction import (
    Busy,
    ChangedSince,
    Interrupted,
    NothingToUndo,
    Refused,
    TransactionError,
    apply,
    history,
    recover,
    undo,
)

FILES = {
    "Cargo.toml": (b"[workspace]\r\n", 0o644),
    "core/Cargo.toml": (b"\xef\xbb\xbf[lib]\ncrate-type = ['cdylib']\n", 0o600),
    "core/src/lib.rs": (b"mod bindings;\n", 0o755),
    "core/src/bindings.rs": (b"\x00\xff" * 9000, 0o640),
    "core/wit/world.wit": (b"package a:b;\n", 0o644),
    "core/wit/deps/net/net.wit": (b"package a:net;\n", 0o664),
}


def change(path: str, before: bytes | None, after: bytes | None, to: str = "") -> FileChange:
    kind = ChangeKind.MOVE if to else ChangeKind.CREATE if before is None else ChangeKind.MODIFY
    kind = ChangeKind.REMOVE if after is None and not to else kind
    return FileChange(path, kind, before, after, ("why",), to)


def make(root: Path) -> Path:
    for path, (data, mode) in FILES.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(data)
        (root / path).chmod(mode)
    (root / "core/wit/deps").chmod(0o750)
    return root


def old(path: str) -> bytes:
    return FILES[path][0]


CHANGES = ChangeSet(
    (
        change("core/Cargo.toml", old("core/Cargo.toml"), b"\xef\xbb\xbf[lib]\n"),
        change("core/src/bindings.rs", old("core/src/bindings.rs"), None),
        change("core/src/bridge/net.rs", None, b"pub mod net {}\n"),
        change("core/src/lib.rs", old("core/src/lib.rs"), b"mod bridge;\n" * 1000),
        change("core/wit/deps/net/net.wit", old("core/wit/deps/net/net.wit"), None, "wit/deps/net.wit"),
        change("core/wit/world.wit", old("core/wit/world.wit"), None),
    )
)


def tree(root: Path) -> dict[str, tuple[int, bytes | None]]:
    """All paths with modes and bytes, but for wasmdoctor's own folder."""
    found: dict[str, tuple[int, bytes | None]] = {}
    for path in sorted(root.rglob("*")):
        name = path.relative_to(root).as_posix()
        if not name.startswith(".wasmdoctor"):
            mode = stat.S_IMODE(path.lstat().st_mode)
            found[name] = mode, path.read_bytes() if path.is_file() else None
    return found


def test_all_kinds_of_changes(tmp_path: Path) -> None:
    make(tmp_path)
    applied = apply(tmp_path, CHANGES, label="migrate --plan a", archive={"report.md": b"# what was done\n"})
    assert not (tmp_path / "core/wit").exists()
    assert (tmp_path / "core/src/lib.rs").read_bytes() == b"mod bridge;\n" * 1000
    assert stat.S_IMODE((tmp_path / "core/src/lib.rs").stat().st_mode) == 0o755
    assert stat.S_IMODE((tmp_path / "core/Cargo.toml").stat().st_mode) == 0o600
    assert (tmp_path / "wit/deps/net.wit").read_bytes() == old("core/wit/deps/net/net.wit")
    assert stat.S_IMODE((tmp_path / "wit/deps/net.wit").stat().st_mode) == 0o664
    umask = os.umask(0)
    os.umask(umask)
    assert stat.S_IMODE((tmp_path / "core/src/bridge/net.rs").stat().st_mode) == 0o666 & ~umask
    assert applied.removed is not None
    assert applied.journal is not None
    assert (applied.removed / "core/wit/world.wit").read_bytes() == old("core/wit/world.wit")
    assert (applied.removed / "core/src/bindings.rs").read_bytes() == old("core/src/bindings.rs")
    assert (applied.journal / "archive/report.md").read_bytes() == b"# what was done\n"
    assert (tmp_path / ".wasmdoctor/.gitignore").read_bytes() == b"*\n"
    assert "core/wit/world.wit" in applied.paths
    assert recover(tmp_path) is None


def test_undo_gives_the_tree_back(tmp_path: Path) -> None:
    before = tree(make(tmp_path))
    applied = apply(tmp_path, CHANGES, label="migrate --plan a")
    assert [one.label for one in history(tmp_path)] == ["migrate --plan a"]
    done = undo(tmp_path)
    assert tree(tmp_path) == before
    assert (done.id, done.label) == (applied.id, "migrate --plan a")
    assert history(tmp_path) == ()
    with pytest.raises(NothingToUndo):
        undo(tmp_path)
    assert not (tmp_path / ".wasmdoctor/removed").exists()


def test_undo_goes_back_one_further(tmp_path: Path) -> None:
    before = tree(make(tmp_path))
    apply(tmp_path, CHANGES, label="one")
    between = tree(tmp_path)
    apply(tmp_path, ChangeSet((change("core/Cargo.toml", b"\xef\xbb\xbf[lib]\n", b"[lib]\n"),)), label="two")
    assert [one.label for one in history(tmp_path)] == ["two", "one"]
    assert undo(tmp_path).label == "two"
    assert tree(tmp_path) == between
    assert undo(tmp_path).label == "one"
    assert tree(tmp_path) == before
    apply(tmp_path, CHANGES, label="three")
    assert undo(tmp_path).label == "three"
    assert tree(tmp_path) == before


def test_undo_refuses_what_was_changed_since(tmp_path: Path) -> None:
    before = tree(make(tmp_path))
    apply(tmp_path, CHANGES, label="one")
    (tmp_path / "core/src/lib.rs").write_bytes(b"my own work\n")
    (tmp_path / "core/Cargo.toml").chmod(0o644)
    (tmp_path / "core/src/bindings.rs").write_bytes(b"again\n")
    (tmp_path / "wit/deps/net.wit").unlink()
    migrated = tree(tmp_path)
    with pytest.raises(ChangedSince) as caught:
        undo(tmp_path)
    assert caught.value.paths == ("core/Cargo.toml", "core/src/bindings.rs", "core/src/lib.rs")
    assert "core/src/lib.rs was changed since" in str(caught.value)
    assert tree(tmp_path) == migrated
    done = undo(tmp_path, force=True)
    assert tree(tmp_path) == before
    assert done.kept is not None
    assert (done.kept / "core/src/lib.rs").read_bytes() == b"my own work\n"
    assert (done.kept / "core/src/bindings.rs").read_bytes() == b"again\n"


def test_undo_takes_files_that_are_back_already(tmp_path: Path) -> None:
    before = tree(make(tmp_path))
    apply(tmp_path, CHANGES, label="one")
    make(tmp_path)
    (tmp_path / "core/src/bridge/other.rs").write_bytes(b"mine\n")
    undo(tmp_path)
    assert (tmp_path / "core/src/bridge/other.rs").read_bytes() == b"mine\n"
    shutil.rmtree(tmp_path / "core/src/bridge")
    assert tree(tmp_path) == before


def test_undo_with_damaged_copies(tmp_path: Path) -> None:
    make(tmp_path)
    applied = apply(tmp_path, CHANGES, label="one")
    assert applied.journal is not None
    migrated = tree(tmp_path)
    (applied.journal / "old/0").write_bytes(b"other")
    with pytest.raises(Refused, match=r"core/Cargo\.toml.*damaged"):
        undo(tmp_path)
    record = applied.journal / "record.json"
    record.write_bytes(record.read_bytes().replace(b"one", b"two"))
    with pytest.raises(TransactionError, match="checksum"):
        undo(tmp_path)
    assert tree(tmp_path) == migrated


def test_nothing_to_change_writes_nothing(tmp_path: Path) -> None:
    make(tmp_path)
    assert apply(tmp_path, ChangeSet(), label="x").id == ""
    assert recover(tmp_path) is None
    with pytest.raises(NothingToUndo):
        undo(tmp_path)
    assert not (tmp_path / ".wasmdoctor").exists()


def test_git_does_not_see_the_folder(tmp_path: Path) -> None:
    make(tmp_path)
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    subprocess.run(["git", "add", "-A"], cwd=tmp_path, check=True)
    apply(tmp_path, ChangeSet((change("Cargo.toml", old("Cargo.toml"), b"x"),)), label="x")
    seen = subprocess.run(["git", "status", "--porcelain"], cwd=tmp_path, check=True, capture_output=True)
    assert "AM Cargo.toml\n" in seen.stdout.decode()
    assert ".wasmdoctor" not in seen.stdout.decode()


# -- what is refused up front


def refuse(root: Path, changes: ChangeSet, words: str) -> None:
    before = tree(root)
    with pytest.raises(Refused) as caught:
        apply(root, changes, label="x")
    assert words in str(caught.value)
    assert tree(root) == before
    assert not (root / ".wasmdoctor").exists()


def modify(path: str, after: bytes | None = b"x") -> ChangeSet:
    return ChangeSet((change(path, FILES[path][0], after),))


def test_symbolic_links(tmp_path: Path) -> None:
    root = make(tmp_path / "root")
    outside = tmp_path / "outside"
    shutil.move(root / "core", outside)
    (root / "core").symlink_to(outside)
    refuse(root, modify("core/Cargo.toml"), "core is a symbolic link")
    refuse(root, ChangeSet((change("core/new/a.rs", None, b""),)), "core is a symbolic link")
    (root / "Cargo.toml").rename(root / "real.toml")
    (root / "Cargo.toml").symlink_to("real.toml")
    refuse(root, modify("Cargo.toml"), "Cargo.toml is a symbolic link")
    (root / "dead").symlink_to("nowhere")
    refuse(root, ChangeSet((change("dead", None, b""),)), "dead is a symbolic link")
    assert (outside / "Cargo.toml").read_bytes() == old("core/Cargo.toml")


def test_own_folder_that_is_a_link(tmp_path: Path) -> None:
    root = make(tmp_path / "root")
    (tmp_path / "elsewhere").mkdir()
    (root / ".wasmdoctor").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(TransactionError, match="not a folder of wasmdoctor's"):
        apply(root, CHANGES, label="x")
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_read_only_files_and_folders(tmp_path: Path) -> None:
    make(tmp_path)
    (tmp_path / "core/Cargo.toml").chmod(0o444)
    refuse(tmp_path, modify("core/Cargo.toml"), "core/Cargo.toml is read-only")
    refuse(tmp_path, modify("core/Cargo.toml", None), "core/Cargo.toml is read-only")
    (tmp_path / "core/src").chmod(0o555)
    refuse(tmp_path, modify("core/src/lib.rs"), "the folder core/src is read-only")
    refuse(tmp_path, ChangeSet((change("core/src/a/b.rs", None, b""),)), "the folder core/src is read-only")
    (tmp_path / "core/src").chmod(0o755)
    tmp_path.chmod(0o555)
    refuse(tmp_path, modify("Cargo.toml"), "the folder . is read-only")
    tmp_path.chmod(0o755)


def test_files_that_are_not_as_planned(tmp_path: Path) -> None:
    make(tmp_path)
    (tmp_path / "Cargo.toml").write_bytes(b"other")
    refuse(tmp_path, modify("Cargo.toml"), "Cargo.toml was changed since the plan was made")
    (tmp_path / "Cargo.toml").unlink()
    refuse(tmp_path, modify("Cargo.toml"), "Cargo.toml is not there any more")
    refuse(tmp_path, ChangeSet((change("core/Cargo.toml", None, b"x"),)), "is there already")
    (tmp_path / "Cargo.toml").mkdir()
    refuse(tmp_path, modify("Cargo.toml"), "Cargo.toml is a folder")
    os.mkfifo(tmp_path / "pipe")
    refuse(tmp_path, ChangeSet((change("pipe", b"", b"x"),)), "pipe is no regular file")
    refuse(tmp_path, ChangeSet((change("core/Cargo.toml/x", None, b"x"),)), "core/Cargo.toml is no folder")


@pytest.mark.parametrize(
    "path", ["/etc/hosts", "../x", "a/../../x", ".git/config", ".wasmdoctor/x", "\udcff"]
)
def test_paths_that_are_not_written(tmp_path: Path, path: str) -> None:
    make(tmp_path)
    refuse(tmp_path, ChangeSet((change(path, None, b"x"),)), "the path")
    refuse(tmp_path, ChangeSet((change("Cargo.toml", old("Cargo.toml"), None, path),)), "the path")
    with pytest.raises(Refused, match="archive file"):
        apply(tmp_path, CHANGES, label="x", archive={path: b""})


def test_roots_that_are_none(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    for root in (tmp_path / "missing", tmp_path / "file"):
        for call in (lambda root=root: apply(root, CHANGES, label="x"), lambda root=root: recover(root)):
            with pytest.raises(TransactionError):
                call()


def test_hard_links_are_broken_and_said(tmp_path: Path) -> None:
    root = make(tmp_path / "root")
    os.link(root / "Cargo.toml", tmp_path / "other name")
    applied = apply(root, modify("Cargo.toml"), label="x")
    assert applied.notes == ("Cargo.toml has other names (hard links), which keep the old bytes",)
    assert (tmp_path / "other name").read_bytes() == old("Cargo.toml")
    assert (root / "Cargo.toml").read_bytes() == b"x"


# -- failures


@contextmanager
def failing(act: Callable[[str, int], None]) -> Iterator[list[int]]:
    """``act`` is called with the name and number of each operation on the file system, before it is done."""
    names = ("open", "write", "fsync", "rename", "replace", "unlink", "mkdir", "rmdir", "chmod")
    real = {name: getattr(os, name) for name in names}
    count = [0]

    def wrap(name: str) -> Callable[..., object]:
        def wrapped(*args: object, **options: object) -> object:
            count[0] += 1
            act(name, count[0])
            return real[name](*args, **options)

        return wrapped

    for name in names:
        setattr(os, name, wrap(name))
    try:
        yield count
    finally:
        for name, function in real.items():
            setattr(os, name, function)


def operations(tmp_path: Path) -> int:
    root = make(tmp_path / "counted")
    with failing(lambda name, number: None) as count:
        apply(root, CHANGES, label="x")
    return count[0]


def attempt(root: Path) -> TransactionError | None:
    """Apply the changes; what went wrong, None when nothing did."""
    try:
        apply(root, CHANGES, label="x")
    except TransactionError as error:
        return error
    return None


@pytest.fixture
def memory(tmp_path: Path) -> Iterator[Path]:
    """A folder in memory where there is such a file system: many runs on a disk would only wait for it."""
    shared = Path("/dev/shm")
    folder = shared / f"wasmdoctor-{os.getpid()}" if os.access(shared, os.W_OK) else tmp_path / "memory"
    folder.mkdir()
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


def fresh(tmp_path: Path, name: str) -> Path:
    root = tmp_path / name
    shutil.rmtree(root, ignore_errors=True)
    return make(root)


def test_a_failure_at_any_operation_leaves_the_old_tree(memory: Path) -> None:
    before = tree(make(memory / "pattern"))
    failed = 0
    for point in range(1, operations(memory) + 1):
        root = fresh(memory, "one")

        def once(name: str, number: int, point: int = point) -> None:
            if number == point:
                raise OSError(errno.EIO, "Input/output error", name)

        with failing(once):
            error = attempt(root)
        if error is not None:
            assert "Input/output error" in str(error)
            failed += 1
            assert tree(root) == before, point
            recover(root)
            assert tree(root) == before, point
            continue
        # What fails after the change is done, or does not matter, leaves the new tree, which can be undone.
        undo(root)
        assert tree(root) == before, point
    assert failed > 60


def test_a_disk_that_is_full_from_some_operation_on(memory: Path) -> None:
    before = tree(make(memory / "pattern"))
    failed = 0
    for point in range(1, operations(memory) + 1):
        root = fresh(memory, "one")

        def full(name: str, number: int, point: int = point) -> None:
            if number >= point and name in ("write", "mkdir"):
                raise OSError(errno.ENOSPC, "No space left on device")

        with failing(full):
            error = attempt(root)
        if error is not None:
            assert "No space left on device" in str(error)
            failed += 1
        assert (tree(root) == before) == (error is not None), point
    assert failed > 40


def test_a_disk_that_fails_for_good(memory: Path) -> None:
    """From some operation on nothing works, not even taking back: the next run does."""
    before = tree(make(memory / "pattern"))
    left = failed = 0
    for point in range(1, operations(memory) + 1):
        root = fresh(memory, "one")

        def dead(name: str, number: int, point: int = point) -> None:
            if number >= point:
                raise OSError(errno.EROFS, "Read-only file system")

        with failing(dead):
            failed += attempt(root) is not None
        after = tree(root)
        done = recover(root)
        if done is not None and after not in (before,):
            left += 1
        if (done is not None and done.finished) or tree(root) != before:
            undo(root)
        assert tree(root) == before, point
    assert left > 5
    assert failed > 60


LIMITED = """
import resource, signal, sys
from pathlib import Path
sys.path[:0] = {path!r}
from wasmdoctor.model.edit import ChangeKind, ChangeSet, FileChange
from wasmdoctor.transaction import TransactionError, apply
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, 10_000))
root = Path({root!r})
before = (root / "core/src/lib.rs").read_bytes()
change = FileChange("core/src/lib.rs", ChangeKind.MODIFY, before, b"x" * 20_000, ("why",))
try:
    apply(root, ChangeSet((change,)), label="x")
except TransactionError as error:
    print(error)
"""


def test_a_file_that_may_not_grow(tmp_path: Path) -> None:
    before = tree(make(tmp_path))
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[1] == resource.RLIM_INFINITY
    program = LIMITED.format(path=sys.path, root=str(tmp_path))
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert "File too large" in done.stdout
    assert tree(tmp_path) == before
    assert not (tmp_path / ".wasmdoctor").exists()


def mounted(folder: Path, pages: int) -> bool:
    """Mount a small file system in memory, where this process may."""
    folder.mkdir()
    if shutil.which("mount") is None or os.geteuid() != 0:
        return False
    options = f"size={pages * resource.getpagesize()}"
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", options, "tmpfs", folder], capture_output=True, check=False
    )
    return done.returncode == 0


def test_a_small_disk_that_is_full(tmp_path: Path) -> None:
    """A real one where it can be mounted; else a limit of the file size is all that can be had, as above."""
    root = tmp_path / "small"
    if not mounted(root, 100):
        test_a_file_that_may_not_grow(fresh(tmp_path, "limited"))
        return
    try:
        before = tree(make(root))
        filled = 0
        while True:
            try:
                (root / f"filler{filled}").write_bytes(b"x" * resource.getpagesize())
                filled += 1
            except OSError:
                break
        (root / f"filler{filled}").unlink(missing_ok=True)
        failed = made = 0
        while filled:
            seen = tree(root)
            error = attempt(root)
            if error is None:
                made += 1
                break
            assert "No space left on device" in str(error)
            assert tree(root) == seen
            failed += 1
            filled -= 1
            (root / f"filler{filled}").unlink()
        assert failed > 5
        assert made == 1
        for path in root.glob("filler*"):
            path.unlink()
        undo(root)
        assert tree(root) == before
    finally:
        subprocess.run(["umount", root], check=True)


def test_another_file_system_below_the_root_is_refused(tmp_path: Path) -> None:
    root = make(tmp_path / "root")
    if mounted(root / "mount", 8):
        try:
            (root / "mount/a.rs").write_bytes(b"a")
            refuse(root, ChangeSet((change("mount/a.rs", b"a", b"b"),)), "mount is on another file system")
        finally:
            subprocess.run(["umount", root / "mount"], check=True)
        return
    # A rename over the border fails in the same way that a mount point makes it fail.

    def border(name: str, number: int) -> None:
        if name == "replace":
            raise OSError(errno.EXDEV, "Invalid cross-device link")

    before = tree(root)
    with failing(border), pytest.raises(TransactionError, match="cross-device"):
        apply(root, CHANGES, label="x")
    assert tree(root) == before


def test_a_temporary_folder_elsewhere_does_not_matter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", "/proc")
    before = tree(make(tmp_path))
    apply(tmp_path, CHANGES, label="x")
    undo(tmp_path)
    assert tree(tmp_path) == before


def test_no_journal_no_change(tmp_path: Path) -> None:
    before = tree(make(tmp_path))
    (tmp_path / ".wasmdoctor").write_bytes(b"a file\n")
    with pytest.raises(TransactionError, match="not a folder of wasmdoctor's"):
        apply(tmp_path, CHANGES, label="x")
    assert tree(tmp_path) == before


# -- signals and other processes


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_takes_back_or_finishes(memory: Path, number: signal.Signals) -> None:
    before = tree(make(memory / "pattern"))
    total = operations(memory)
    after = tree(memory / "counted")
    outcomes = []

    def former(_: int, __: object) -> None:
        raise KeyboardInterrupt

    handler = signal.signal(number, former)
    try:
        for point in range(1, total + 1, 2):
            root = fresh(memory, "one")

            def kill(name: str, at: int, point: int = point) -> None:
                if at == point:
                    os.kill(os.getpid(), number)

            with failing(kill), pytest.raises((Interrupted, KeyboardInterrupt)) as caught:
                apply(root, CHANGES, label="x")
            finished = False  # while the tree is only looked at, signals do what they always do
            if isinstance(caught.value, Interrupted):
                assert caught.value.signal == number
                finished = caught.value.finished
            outcomes.append(finished)
            assert tree(root) == (after if finished else before), point
            assert recover(root) is None
            assert signal.getsignal(number) == former
    finally:
        signal.signal(number, handler)
    assert outcomes == sorted(outcomes)
    assert min(outcomes.count(True), outcomes.count(False)) > 5


def test_in_a_thread_there_are_no_handlers(tmp_path: Path) -> None:
    make(tmp_path)
    thread = threading.Thread(target=lambda: apply(tmp_path, CHANGES, label="x"))
    thread.start()
    thread.join()
    assert not (tmp_path / "core/wit").exists()


HOLDER = """
import sys, time
from pathlib import Path
sys.path[:0] = {path!r}
from wasmdoctor.transaction.lock import locked
with locked(Path({lock!r})):
    print("held", flush=True)
    time.sleep(60)
"""


def test_two_processes_are_kept_apart(tmp_path: Path) -> None:
    make(tmp_path)
    apply(tmp_path, modify("Cargo.toml"), label="x")
    program = HOLDER.format(path=sys.path, lock=str(tmp_path / ".wasmdoctor/lock"))
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as other:
        try:
            assert other.stdout is not None
            assert other.stdout.readline() == "held\n"
            with pytest.raises(Busy, match=rf"another wasmdoctor \(process {other.pid}\)"):
                apply(tmp_path, modify("core/Cargo.toml"), label="y")
            with pytest.raises(Busy):
                undo(tmp_path)
            assert recover(tmp_path) is None
        finally:
            other.kill()
    assert (tmp_path / ".wasmdoctor/lock").exists()
    undo(tmp_path)
    assert (tmp_path / "Cargo.toml").read_bytes() == old("Cargo.toml")


# -- recovery


def killed(root: Path, stop: Callable[[str, int], bool]) -> None:
    """Apply in a child that kills itself at the first operation for which ``stop`` is true."""
    child = os.fork()
    if child == 0:

        def die(name: str, number: int) -> None:
            if stop(name, number):
                os.kill(os.getpid(), signal.SIGKILL)

        with failing(die):
            apply(root, CHANGES, label="migrate --plan a")
        os._exit(0)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status)


def at(wanted: str, count: int) -> Callable[[str, int], bool]:
    """Stop before the operation of that name, counted from 0."""
    seen = [0]

    def stop(name: str, number: int) -> bool:
        seen[0] += name == wanted
        return seen[0] > count

    return stop


def test_recovery_says_what_it_did(tmp_path: Path) -> None:
    root = make(tmp_path / "root")
    killed(root, at("replace", 1))
    done = recover(root)
    assert done is not None
    assert done.finished
    assert (
        done.message == "the change 0001 (migrate --plan a) had been interrupted, and was finished (7 files)"
    )
    assert not (root / "core/wit").exists()
    root = fresh(tmp_path, "root")
    killed(root, at("write", 5))
    done = recover(root)
    assert done is not None
    assert not done.finished
    assert "had not touched any file" in done.message
    assert os.listdir(root / ".wasmdoctor/journal") == []


def test_apply_and_undo_recover_first(tmp_path: Path) -> None:
    root = make(tmp_path / "root")
    before = tree(root)
    killed(root, at("replace", 2))
    undo(root)
    assert tree(root) == before
    killed(root, at("replace", 2))
    with pytest.raises(Refused, match="changed since the plan"):
        apply(root, CHANGES, label="x")
    recover(root)
    undo(root)
    assert tree(root) == before


def test_recovery_does_not_overwrite_new_work(tmp_path: Path) -> None:
    root = make(tmp_path / "root")
    killed(root, at("replace", 1))
    (root / "core/src/lib.rs").write_bytes(b"my own work\n")
    seen = tree(root)
    with pytest.raises(ChangedSince, match=r"core/src/lib\.rs was changed since"):
        recover(root)
    assert tree(root) == seen
    done = recover(root, force=True)
    assert done is not None
    assert (root / "core/src/lib.rs").read_bytes() == b"mod bridge;\n" * 1000
    kept = root / f".wasmdoctor/removed/{done.id}-changed/core/src/lib.rs"
    assert kept.read_bytes() == b"my own work\n"
    undo(root)
    assert kept.read_bytes() == b"my own work\n"


def test_a_forced_undo_ends_what_was_interrupted(tmp_path: Path) -> None:
    before = tree(make(tmp_path))
    killed(tmp_path, at("replace", 1))
    (tmp_path / "core/src/lib.rs").write_bytes(b"my own work\n")
    with pytest.raises(ChangedSince, match="undo --force"):
        undo(tmp_path)
    undo(tmp_path, force=True)
    assert tree(tmp_path) == before
    kept = tmp_path / ".wasmdoctor/removed/0001-changed/core/src/lib.rs"
    assert kept.read_bytes() == b"my own work\n"


def test_a_journal_from_elsewhere_does_no_harm(tmp_path: Path) -> None:
    """Journals may come with somebody else's repository."""
    root = make(tmp_path / "root")
    killed(root, at("replace", 1))
    record = root / ".wasmdoctor/journal/0001/record.json"
    body = json.loads(record.read_bytes())
    (tmp_path / "outside").write_bytes(b"outside")

    def write(**changed: object) -> None:
        from wasmdoctor.transaction.journal import _checksum

        new = {key: value for key, value in {**body, **changed}.items() if key != "checksum"}
        record.write_bytes(json.dumps({**new, "checksum": _checksum(new)}).encode())

    hostile = [{**body["files"][0], "path": "../outside"}, *body["files"][1:]]
    for changed in ({"files": hostile}, {"version": 2}, {"files": [1]}, {"folders_made": [["../x", 7]]}):
        write(**changed)
        with pytest.raises(TransactionError, match="cannot be used"):
            recover(root)
    record.write_bytes(b"[" * 100_000)
    with pytest.raises(TransactionError, match="cannot be used"):
        recover(root)
    write()
    (root / "core/src").rename(tmp_path / "moved")
    (root / "core/src").symlink_to(tmp_path / "moved")
    seen = tree(tmp_path / "moved")
    with pytest.raises(Refused, match="symbolic link"):
        recover(root)
    assert tree(tmp_path / "moved") == seen
    assert (tmp_path / "outside").read_bytes() == b"outside"


# -- kill -9


def test_killed_at_200_points_of_a_migration_of_100_files(memory: Path) -> None:
    driver = Path(__file__).with_name("kill_driver.py")
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    words = [sys.executable, driver, memory / "kill", "4", "200"]
    done = subprocess.run(words, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    counts = json.loads(done.stdout)
    assert counts["killed"] >= 180
    assert counts["mixed"] >= 10  # killed amid the renames
    assert min(counts["taken back"], counts["finished"], counts["old"], counts["new"]) >= 10
    assert counts["recovery killed"] >= 20


@pytest.mark.parametrize("plan", ["a", "b", "c"])
def test_killed_at_points_of_a_real_migration(memory: Path, plan: str) -> None:
    driver = Path(__file__).with_name("kill_driver.py")
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    words = [sys.executable, driver, memory / "kill", "9", "60", plan]
    done = subprocess.run(words, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    counts = json.loads(done.stdout)
    assert counts["killed"] >= 50
    assert min(counts["old"], counts["new"]) >= 3


TIMED = """
import os, sys
from pathlib import Path
sys.path[:0] = {path!r}
sys.path.insert(0, {here!r})
from kill_driver import make_tree
from wasmdoctor.transaction import apply
changes = make_tree(Path({pattern!r}))
print("ready", flush=True)
sys.stdin.readline()
apply(Path({root!r}), changes, label="timed")
"""


def test_killed_at_random_times(tmp_path: Path) -> None:
    sys.path.insert(0, str(Path(__file__).parent))
    try:
        from kill_driver import make_tree, tree_hash
    finally:
        sys.path.pop(0)
    pattern, root = tmp_path / "pattern", tmp_path / "root"
    changes = make_tree(pattern)
    shutil.copytree(pattern, root)
    before = tree_hash(root)
    apply(root, changes, label="x")
    after = tree_hash(root)
    for wait in (0.0, 0.02, 0.06, 0.15, 0.3):
        shutil.rmtree(root)
        shutil.copytree(pattern, root)
        program = TIMED.format(
            path=sys.path, here=str(Path(__file__).parent), pattern=str(tmp_path / f"p{wait}"), root=str(root)
        )
        words = [sys.executable, "-c", program]
        with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
            assert other.stdout is not None
            assert other.stdin is not None
            assert other.stdout.readline() == "ready\n"
            other.stdin.write("\n")
            other.stdin.flush()
            threading.Event().wait(wait)
            other.kill()
        recover(root)
        assert tree_hash(root) in (before, after), wait
