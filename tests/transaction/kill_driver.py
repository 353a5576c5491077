"""Kills a migration of many files at the n-th operation on the file system, and looks at what is left.

Run as a program: ``kill_driver.py FOLDER SEED POINTS [PLAN]``. With a plan it is that one's migration of a
workspace of fixtures, else a made one of a hundred files. For each point a child process is forked that kills
itself with SIGKILL before, in the middle of (a write of half the bytes) or after one of its operations: in
``apply``, or in ``undo``. Then ``recover`` is called, for every other point in a child that is killed too,
until it comes through. Prints one JSON line: how often what came of it. Any wrong tree is an error.
"""

from __future__ import annotations

import hashlib
import json
import os
import random
import shutil
import signal
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from wasmdoctor.model.edit import ChangeKind, ChangeSet, FileChange
from wasmdoctor.transaction import apply, recover, undo

MUTATIONS = (
    "open",
    "write",
    "fsync",
    "rename",
    "replace",
    "unlink",
    "mkdir",
    "rmdir",
    "chmod",
    "ftruncate",
    "pwrite",
)


def make_tree(root: Path) -> ChangeSet:
    """A tree of over 100 files, and a migration that changes exactly 100: all kinds, modes, new and emptied folders."""
    changes: list[FileChange] = []
    for crate in range(20):
        folder = root / f"crate {crate}"
        (folder / "wit" / "deps").mkdir(parents=True)
        (folder / "src").mkdir()
        files = {
            "Cargo.toml": b"[lib]\r\ncrate-type = ['cdylib']\r\n",
            "src/lib.rs": b"\xef\xbb\xbfmod bindings;\n" * 50,
            "src/bindings.rs": b"// bindings\n" * 500,
            "wit/deps/net.wit": b"package a:b;\n",
            "README.md": b"",
        }
        for name, data in files.items():
            (folder / name).write_bytes(data)
            os.chmod(folder / name, (0o644, 0o600, 0o755, 0o664)[crate % 4])
        os.chmod(folder / "wit", (0o755, 0o700)[crate % 2])
        base = folder.name
        changes += [
            FileChange(f"{base}/Cargo.toml", ChangeKind.MODIFY, files["Cargo.toml"], b"[lib]\r\n", ("a",)),
            FileChange(
                f"{base}/src/lib.rs", ChangeKind.MODIFY, files["src/lib.rs"], b"mod bridge;\n" * 90, ("b",)
            ),
            FileChange(f"{base}/src/bindings.rs", ChangeKind.REMOVE, files["src/bindings.rs"], None, ("c",)),
            FileChange(f"{base}/src/bridge/net.rs", ChangeKind.CREATE, None, b"// bridge\n" * crate, ("d",)),
            FileChange(
                f"{base}/wit/deps/net.wit",
                ChangeKind.MOVE,
                files["wit/deps/net.wit"],
                None,
                ("e",),
                f"moved/{crate}/net.wit",
            ),
        ]
    return ChangeSet(tuple(sorted(changes, key=lambda one: one.path)))


def tree_hash(root: Path) -> str:
    """Of all paths, modes and bytes below a folder, but for wasmdoctor's own."""
    total = hashlib.sha256()
    for folder, folders, files in os.walk(root):
        if ".wasmdoctor" in folders:
            folders.remove(".wasmdoctor")
        folders.sort()
        for name in sorted([*files, *folders]):
            path = os.path.join(folder, name)
            data = b""
            if name in files:
                with open(path, "rb") as file:
                    data = file.read()
            shown = path.removeprefix(str(root))
            total.update(f"{shown}\0{os.stat(path).st_mode:o}\0{len(data)}\0".encode() + data)
    return total.hexdigest()


def clone(source: Path, target: Path) -> None:
    """A copy of a tree made of hard links, which is quick, and shows when a file is written to in place."""
    for folder, _, files in os.walk(source):
        made = str(target) + folder.removeprefix(str(source))
        os.mkdir(made)
        os.chmod(made, os.stat(folder).st_mode & 0o7777)
        for name in files:
            os.link(os.path.join(folder, name), os.path.join(made, name))


def arm(point: int, how: str, act: Callable[[], None]) -> list[int]:
    """Wrap the operations of ``os`` that change files, so that ``act`` is called at the one of that number."""
    count = [0]

    def wrap(name: str) -> None:
        real = getattr(os, name)

        def wrapped(*args: object, **options: object) -> object:
            count[0] += 1
            if count[0] != point:
                return real(*args, **options)
            if how == "before":
                act()
            if how == "half" and name == "write":
                data = memoryview(args[1])  # type: ignore[arg-type]
                real(args[0], data[: len(data) // 2])
                act()
            result = real(*args, **options)
            act()
            return result

        setattr(os, name, wrapped)

    for name in MUTATIONS:
        wrap(name)
    return count


def in_child(work: Callable[[], object], point: int, how: str) -> bool:
    """Whether the work came through; False when it was killed on the way."""
    child = os.fork()
    if child == 0:
        try:
            arm(point, how, lambda: os.kill(os.getpid(), signal.SIGKILL))
            work()
        except BaseException as error:
            print(f"{type(error).__name__}: {error}", file=sys.stderr)
            os._exit(1)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL:
        return False
    assert os.waitstatus_to_exitcode(status) == 0, "the work failed"
    return True


def count_operations(work: Callable[[], object]) -> int:
    """How many operations a run has, told by a child that is not killed."""
    reading, writing = os.pipe()
    if os.fork() == 0:
        count = arm(0, "", lambda: None)
        real_write = os.write
        work()
        told = count[0]
        real_write(writing, str(told).encode())
        os._exit(0)
    os.close(writing)
    told = int(os.read(reading, 20))
    os.close(reading)
    os.wait()
    return told


def planned_tree(root: Path, plan: str) -> ChangeSet:
    """A copy of a fixture, and what a plan changes in it."""
    from wasmdoctor.catalog import Catalog
    from wasmdoctor.model.plan import PlanId
    from wasmdoctor.pipeline.plan import PlanOptions, plans
    from wasmdoctor.toolchain import Toolchain

    source = Path(__file__).resolve().parents[2] / "fixtures/workspaces/virtual-workspace"
    shutil.copytree(source, root, ignore=shutil.ignore_patterns("target"), dirs_exist_ok=True)
    options = PlanOptions((".",), root, target="wasm32-wasip1", only=PlanId(plan))
    (found,) = [each for each in plans(options, Catalog(), Toolchain()) if each.plans[0].changes]
    assert found.folder == "."
    return found.plans[0].changes


def main(folder: Path, seed: int, points: int, plan: str = "") -> None:
    chance = random.Random(seed)
    pattern = folder / "pattern"
    pattern.mkdir(parents=True)
    changes = planned_tree(pattern, plan) if plan else make_tree(pattern)
    old = tree_hash(pattern)
    root = folder / "tree"

    def fresh(source: Path = pattern) -> None:
        shutil.rmtree(root, ignore_errors=True)
        clone(source, root)

    def migrate() -> object:
        return apply(root, changes, label="migrate --plan a")

    fresh()
    total = count_operations(migrate)
    new = tree_hash(root)
    assert new != old
    migrated = folder / "migrated"
    clone(root, migrated)
    total_undo = count_operations(lambda: undo(root))
    assert tree_hash(root) == old
    counts: Counter[str] = Counter()
    for number in range(points):
        work, size = (migrate, total) if number % 4 else ((lambda: undo(root)), total_undo)
        start, end = (old, new) if number % 4 else (new, old)
        fresh(pattern if work is migrate else migrated)
        # Spread over the whole run, and at random within each stride.
        point = 1 + (number * size) // points + chance.randrange(max(1, size // points))
        how = ("before", "half", "after")[chance.randrange(3)]
        through = in_child(work, min(point, size), how)
        counts["killed" if not through else "through"] += 1
        seen = tree_hash(root)
        counts["mixed" if seen not in (old, new) else "whole"] += 1
        if number % 2:
            while not in_child(lambda: recover(root), chance.randrange(1, 400), how):
                counts["recovery killed"] += 1
        done = recover(root)
        assert done is None or not number % 2
        after = tree_hash(root)
        assert after in (start, end), (number, point, how)
        counts["old" if after == old else "new"] += 1
        if done is not None:
            counts["finished" if done.finished else "taken back"] += 1
        assert recover(root) is None
        if after == new and number % 3 == 0:
            undo(root)
            assert tree_hash(root) == old, (number, point, how)
            counts["undone"] += 1
        if number == points // 2:  # what a killed undo could not delete, the next one does
            if tree_hash(root) == old:
                migrate()
            undo(root)
            assert sorted(os.listdir(root / ".wasmdoctor")) == [".gitignore", "journal", "lock"]
    assert (tree_hash(pattern), tree_hash(migrated)) == (old, new), "a file was written to in place"
    print(json.dumps({**counts, "operations": total, "operations of undo": total_undo}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), *sys.argv[4:])
