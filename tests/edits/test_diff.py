"""The diff of a change set: what it looks like, and that git applies it."""

from __future__ import annotations

import os
import random
import subprocess
from pathlib import Path

import pytest

from wasmdoctor.migrate.diff import unified_diff
from wasmdoctor.migrate.edits import compose
from wasmdoctor.model.edit import ChangeKind, ChangeSet, Create, FileChange, Move, Remove, Replace
from wasmdoctor.model.source import Span


def change(path: str, before: bytes | None, after: bytes | None, to: str = "") -> FileChange:
    kind = (
        ChangeKind.MOVE
        if to
        else ChangeKind.CREATE
        if before is None
        else ChangeKind.REMOVE
        if after is None
        else ChangeKind.MODIFY
    )
    return FileChange(path, kind, before, after, ("why",), to)


def git(folder: Path, *words: str, stdin: bytes = b"") -> bytes:
    environment = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    done = subprocess.run(
        ["git", *words], cwd=folder, input=stdin, capture_output=True, check=False, env=environment
    )
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


def test_how_it_looks() -> None:
    files = {"Cargo.toml": b"[lib]\na = 1\nb = 2", "old.txt": b"x\n", "wit/a.wit": b"package a:b;\n"}
    changes = compose(
        [
            Replace("Cargo.toml", Span(10, 11), b"3", "one"),
            Remove("old.txt", "two"),
            Move("wit/a.wit", "kept/a.wit", "three"),
            Create("new.txt", b"y", "four"),
            Create("empty", b"", "five"),
        ],
        files.get,
    )
    assert unified_diff(changes) == (
        "diff --git a/Cargo.toml b/Cargo.toml\n"
        "index 0b52c0b0d542..b4a8b3ef3d35 100644\n"
        "--- a/Cargo.toml\n"
        "+++ b/Cargo.toml\n"
        "@@ -1,3 +1,3 @@\n"
        " [lib]\n"
        "-a = 1\n"
        "+a = 3\n"
        " b = 2\n"
        "\\ No newline at end of file\n"
        "diff --git a/empty b/empty\n"
        "new file mode 100644\n"
        "index 000000000000..e69de29bb2d1\n"
        "diff --git a/new.txt b/new.txt\n"
        "new file mode 100644\n"
        "index 000000000000..e25f1814e515\n"
        "--- /dev/null\n"
        "+++ b/new.txt\n"
        "@@ -0,0 +1 @@\n"
        "+y\n"
        "\\ No newline at end of file\n"
        "diff --git a/old.txt b/old.txt\n"
        "deleted file mode 100644\n"
        "index 587be6b4c3f9..000000000000\n"
        "--- a/old.txt\n"
        "+++ /dev/null\n"
        "@@ -1 +0,0 @@\n"
        "-x\n"
        "diff --git a/wit/a.wit b/kept/a.wit\n"
        "similarity index 100%\n"
        "rename from wit/a.wit\n"
        "rename to kept/a.wit\n"
    )


def test_nothing_gives_nothing() -> None:
    assert unified_diff(ChangeSet()) == ""


@pytest.mark.parametrize("data", [b"\xff\xfe", b"a\0b"])
def test_binary_files_are_only_named(data: bytes) -> None:
    text = unified_diff(ChangeSet((change("a.bin", data, b"text\n"), change("b.bin", None, data))))
    assert "Binary files a/a.bin and b/a.bin differ\n" in text
    assert "Binary files /dev/null and b/b.bin differ\n" in text
    assert "@@" not in text


def test_git_applies_it(tmp_path: Path) -> None:
    chance = random.Random(4)
    changes: list[FileChange] = []
    for number in range(60):
        end = b"\r\n" if number % 3 == 0 else b"\n"
        lines = [f"line {chance.randrange(30)} \u00e4".encode() + end for _ in range(chance.randrange(0, 80))]
        other = [line for line in lines if chance.random() > 0.1]
        for _ in range(chance.randrange(1, 6)):
            other.insert(chance.randrange(len(other) + 1), b"\tadded " + str(chance.random()).encode() + end)
        before, after = b"".join(lines), b"".join(other)
        if number % 4 == 0:
            before = before.rstrip()
        if number % 5 == 0:
            after = after.rstrip()
        name = chance.choice(["a b", "\u00fc", "it's", 'tab\tand "quote"', "plain"])
        changes.append(change(f"{number}/{name}", before, after))
    changes += [
        change("made/new.rs", None, b"fn a() {}\n"),
        change("made/empty", None, b""),
        change("gone/a b", b"one\r\ntwo", None),
        change("gone/empty", b"", None),
        change("from/x y.wit", b"package a:b;\n", None, "to/\u00e4/x y.wit"),
        change("bom.toml", b"\xef\xbb\xbf[a]\n", b"\xef\xbb\xbf[b]\n"),
    ]
    for one in changes:
        if one.before is not None:
            (tmp_path / one.path).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / one.path).write_bytes(one.before)
    git(tmp_path, "init", "-q")
    git(tmp_path, "-c", "core.autocrlf=false", "add", "-A")
    text = unified_diff(ChangeSet(tuple(changes)))
    git(
        tmp_path,
        "-c",
        "core.autocrlf=false",
        "apply",
        "--index",
        "--whitespace=nowarn",
        "-",
        stdin=text.encode(),
    )
    for one in changes[:3]:
        assert one.before is not None
        name = git(tmp_path, "hash-object", "--stdin", stdin=one.before).decode()
        assert f"index {name[:12]}.." in text
    for one in changes:
        for path, data in ((one.path, one.after), (one.to, one.before if one.to else None)):
            if data is not None:
                assert (tmp_path / path).read_bytes() == data, path
            elif path:
                assert not (tmp_path / path).exists()
    git(tmp_path, "-c", "core.autocrlf=false", "apply", "-R", "--whitespace=nowarn", "-", stdin=text.encode())
    for one in changes:
        if one.before is not None:
            assert (tmp_path / one.path).read_bytes() == one.before


def test_a_long_file_takes_no_long_time() -> None:
    lines = [b"}\n" if number % 3 else b"line %d\n" % number for number in range(60_000)]
    before = b"".join(lines)
    after = b"use x;\n" + before + b"fn a() {}\n"
    text = unified_diff(ChangeSet((change("a.rs", before, after),)))
    assert text.count("@@ -") == 2
    assert "@@ -59998,3 +59999,4 @@" in text


def test_lines_that_are_there_twice_are_not_taken_for_context(tmp_path: Path) -> None:
    """A comment that stands before and after what goes was matched with itself, and the context left out."""
    comment = b"// one\n// two\n// three\n"
    before = comment + b"macro!();\n" + comment + b"fn f() {}\n"
    after = b"mod a;\n" + comment + b"fn f() {}\n"
    (tmp_path / "a.rs").write_bytes(before)
    diff = unified_diff(ChangeSet((change("a.rs", before, after),)))
    git(tmp_path, "apply", stdin=diff.encode())
    assert (tmp_path / "a.rs").read_bytes() == after
    assert diff.endswith(" // one\n // two\n // three\n")
