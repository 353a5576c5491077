"""What is found below a path, what is passed over, and what is said of it."""

from __future__ import annotations

import os
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wasmdoctor.discover import (
    DiscoverError,
    Discovery,
    default_paths,
    discover,
    display_path,
    files_below,
    read_regular,
    workspace_root,
)

COMPONENT = b"\0asm\x0d\0\x01\0"
MODULE = b"\0asm\x01\0\0\0"


def put(root: Path, files: dict[str, bytes | str]) -> Path:
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return root


def paths(found: Discovery) -> list[str]:
    return [binary.path for binary in found.binaries]


def test_by_first_bytes_not_by_name(tmp_path: Path) -> None:
    put(tmp_path, {"plugin.bin": COMPONENT, "a/core": MODULE, "notes.txt": "\0as", "empty": ""})
    found = discover(["."], tmp_path)
    assert paths(found) == ["a/core", "plugin.bin"]
    assert [binary.head for binary in found.binaries] == [MODULE, COMPONENT]
    assert found.problems == []


def test_a_file_that_lies_is_a_problem(tmp_path: Path) -> None:
    put(
        tmp_path,
        {"text.wasm": "(component)", "zip.wasm": b"PK\x03\x04aaaa", "none.wasm": "", "ok.wasm": MODULE},
    )
    found = discover(["."], tmp_path)
    assert paths(found) == ["ok.wasm"]
    assert {p.location.path: p.message for p in found.problems} == {
        "none.wasm": "this file is too short to be WebAssembly",
        "text.wasm": "this is not WebAssembly, though its name says so",
        "zip.wasm": "this is not WebAssembly, though its name says so",
    }
    helps = {p.location.path: p.help for p in found.problems}
    assert "wasm-tools parse" in helps["text.wasm"]
    assert "zip archive" in helps["zip.wasm"]


def test_named_files_are_never_passed_over(tmp_path: Path) -> None:
    put(tmp_path, {".gitignore": "*\n", "x": MODULE, "y.txt": "hello there"})
    found = discover(["x", "y.txt"], tmp_path)
    assert [(b.path, b.named) for b in found.binaries] == [("x", True)]
    assert [p.location.path for p in found.problems] == ["y.txt"]


def test_cargo_copies_are_counted_and_not_listed(tmp_path: Path) -> None:
    put(
        tmp_path,
        {
            "Cargo.toml": "[package]",
            "target/.rustc_info.json": "{}",
            "target/wasm32-wasip2/debug/app.wasm": COMPONENT,
            "target/wasm32-wasip2/debug/deps/other.wasm": COMPONENT,
            "target/wasm32-wasip2/debug/deps/lib.o": MODULE,
            "target/wasm32-wasip2/debug/build/x/out/gen.wasm": MODULE,
            "target/wasm32-wasip2/debug/incremental/y.wasm": MODULE,
        },
    )
    deps = tmp_path / "target/wasm32-wasip2/debug/deps"
    os.link(tmp_path / "target/wasm32-wasip2/debug/app.wasm", deps / "app.wasm")
    for argument in ("target", ".", "target/wasm32-wasip2/debug"):
        found = discover([argument], tmp_path)
        assert paths(found) == ["target/wasm32-wasip2/debug/app.wasm"]
        assert {reason: len(what) for reason, what in found.skipped.items()} == {
            "copies in cargo's deps/, build/ and incremental/": 4
        }
    assert len(discover([str(deps)], tmp_path).binaries) == 3


def test_a_folder_named_deps_of_ones_own_is_searched(tmp_path: Path) -> None:
    put(tmp_path, {"deps/a.wasm": COMPONENT, "build/b.wasm": COMPONENT})
    assert paths(discover(["."], tmp_path)) == ["build/b.wasm", "deps/a.wasm"]


def test_hard_links_count_once(tmp_path: Path) -> None:
    put(tmp_path, {"a.wasm": COMPONENT})
    os.link(tmp_path / "a.wasm", tmp_path / "b.wasm")
    found = discover(["."], tmp_path)
    assert [(b.path, b.links) for b in found.binaries] == [("a.wasm", ("b.wasm",))]
    assert found.skipped == {"links to a file that is listed already": ["b.wasm"]}


def test_gitignore_counts_for_sources_and_not_for_target(tmp_path: Path) -> None:
    put(
        tmp_path,
        {
            ".git/HEAD": "",
            ".gitignore": "target/\nold/\n*.tmp.wasm\n!keep.tmp.wasm\n",
            "Cargo.toml": "",
            "target/CACHEDIR.TAG": "",
            "target/release/app.wasm": COMPONENT,
            "old/a.wasm": COMPONENT,
            "x.tmp.wasm": COMPONENT,
            "keep.tmp.wasm": COMPONENT,
            "sub/.gitignore": "!y.tmp.wasm\n",
            "sub/y.tmp.wasm": COMPONENT,
            "sub/z.tmp.wasm": COMPONENT,
            "node_modules/m/m.wasm": COMPONENT,
        },
    )
    expected = ["keep.tmp.wasm", "sub/y.tmp.wasm", "target/release/app.wasm"]
    found = discover(["."], tmp_path)
    assert paths(found) == expected
    assert found.skipped["folders that .gitignore names"] == ["old"]
    assert paths(discover(["sub"], tmp_path)) == ["sub/y.tmp.wasm"]
    assert paths(discover(["old"], tmp_path)) == ["old/a.wasm"], "a folder that is named is meant"


def test_symbolic_links(tmp_path: Path) -> None:
    outside = put(tmp_path / "outside", {"secret.wasm": COMPONENT})
    inside = put(tmp_path / "inside", {"a.wasm": COMPONENT, "sub/b.wasm": COMPONENT})
    (inside / "loop").symlink_to(inside, target_is_directory=True)
    (inside / "sub/up").symlink_to(inside, target_is_directory=True)
    (inside / "escape").symlink_to(outside, target_is_directory=True)
    (inside / "leak.wasm").symlink_to(outside / "secret.wasm")
    (inside / "same.wasm").symlink_to(inside / "a.wasm")
    (inside / "dangling.wasm").symlink_to(inside / "nowhere")
    found = discover(["."], inside)
    assert paths(found) == ["a.wasm", "sub/b.wasm"]
    assert found.skipped["symbolic links that lead out of the folder"] == ["escape", "leak.wasm"]
    assert found.skipped["symbolic links to folders"] == ["loop", "sub/up"]


def test_fifos_do_not_hang(tmp_path: Path) -> None:
    put(tmp_path, {"a.wasm": COMPONENT})
    os.mkfifo(tmp_path / "pipe.wasm")
    result: list[Discovery] = []
    thread = threading.Thread(
        target=lambda: result.append(discover([".", "pipe.wasm"], tmp_path)), daemon=True
    )
    thread.start()
    thread.join(10)
    assert result, "discovery hangs on a FIFO"
    assert paths(result[0]) == ["a.wasm"]
    assert [p.message for p in result[0].problems] == ["this is not a regular file"]


def test_unreadable_folders_are_problems_and_the_rest_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(tmp_path, {"a.wasm": COMPONENT, "locked/b.wasm": COMPONENT})
    real = os.scandir

    def scandir(path: Path) -> object:
        # Permissions do not stop root, who runs tests in containers.
        if Path(path).name == "locked":
            raise PermissionError(13, "Permission denied")
        return real(path)

    monkeypatch.setattr(os, "scandir", scandir)
    found = discover(["."], tmp_path)
    assert paths(found) == ["a.wasm"]
    assert [(p.location.path, p.message) for p in found.problems] == [
        ("locked", "this folder cannot be read: permission denied")
    ]


def test_globs_and_missing_paths(tmp_path: Path) -> None:
    put(tmp_path, {"out/a.wasm": COMPONENT, "out/b.wasm": MODULE, "out/readme.md": "text"})
    assert paths(discover(["out/*"], tmp_path)) == ["out/a.wasm", "out/b.wasm"]
    assert paths(discover(["**/*.wasm"], tmp_path)) == ["out/a.wasm", "out/b.wasm"]
    with pytest.raises(DiscoverError, match="no file matches"):
        discover(["*.none"], tmp_path)
    with pytest.raises(DiscoverError, match=r"`out/c\.wasm` does not exist\n.*did you mean"):
        discover(["out/c.wasm"], tmp_path)
    put(tmp_path, {"odd[1].wasm": COMPONENT})
    assert paths(discover(["odd[1].wasm"], tmp_path)) == ["odd[1].wasm"], "a real name goes before a pattern"


def test_standard_input(tmp_path: Path) -> None:
    found = discover(["-"], tmp_path, stdin=COMPONENT)
    assert [(b.path, b.data) for b in found.binaries] == [("<stdin>", COMPONENT)]
    assert discover(["-"], tmp_path, stdin=b"").problems[0].location.path == "<stdin>"


def test_huge_files_are_only_looked_at(tmp_path: Path) -> None:
    with open(tmp_path / "huge.wasm", "wb") as file:
        file.write(COMPONENT)
        file.truncate(1 << 40)
    (binary,) = discover(["."], tmp_path).binaries
    assert binary.size == 1 << 40


def test_names_that_are_not_unicode(tmp_path: Path) -> None:
    (tmp_path / os.fsdecode(b"\xff.wasm")).write_bytes(COMPONENT)
    (binary,) = discover(["."], tmp_path).binaries
    binary.path.encode()
    assert binary.real.read_bytes() == COMPONENT


def test_default_paths(tmp_path: Path) -> None:
    assert default_paths(tmp_path) == ["."]
    (tmp_path / "target").mkdir()
    assert default_paths(tmp_path) == ["target"]


def test_workspace_root(tmp_path: Path) -> None:
    put(
        tmp_path,
        {"Cargo.toml": "[workspace]\n", "a/Cargo.toml": "[package]\n", "a/target/x/app.wasm": COMPONENT},
    )
    assert workspace_root(tmp_path / "a/target/x") == tmp_path
    assert workspace_root(Path("/")) is None


@contextmanager
def nested(folder: Path, levels: int) -> Iterator[None]:
    """Folders inside each other, more than a path of one call may name; they are gone afterwards."""
    here = os.open(folder, os.O_RDONLY)
    for _ in range(levels):
        os.mkdir("d", dir_fd=here)
        inner = os.open("d", os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = inner
    os.close(here)
    yield
    subprocess.run(["rm", "-rf", folder / "d"], check=True)  # shutil.rmtree would not get to the bottom


def test_folders_nested_deeper_than_the_stack(tmp_path: Path) -> None:
    put(
        tmp_path,
        {
            "target/CACHEDIR.TAG": "",
            "target/debug/deps/a.wasm": COMPONENT,
            "target/debug/app.wasm": COMPONENT,
            "wit/world.wit": "",
        },
    )
    with nested(tmp_path / "target/debug/deps", 1100):
        found = discover(["."], tmp_path)
        assert paths(found) == ["target/debug/app.wasm"]
        assert found.skipped == {
            "copies in cargo's deps/, build/ and incremental/": ["target/debug/deps/a.wasm"]
        }
        assert list(files_below(str(tmp_path), ".wit")) == [str(tmp_path / "wit/world.wit")]
        with pytest.raises(DiscoverError, match="nested too deep"):
            discover(["**/*.wasm"], tmp_path)


def test_files_below_a_folder(tmp_path: Path) -> None:
    put(
        tmp_path,
        {"a.wit": "", "b/c.wit": "", "b/d.txt": "", ".e/f.wit": "", "g.wit/h.txt": "", "x.witness": ""},
    )
    (tmp_path / "b/link.wit").symlink_to(tmp_path / "a.wit")
    (tmp_path / "b/loop.wit").symlink_to(tmp_path, target_is_directory=True)
    (tmp_path / "loop").symlink_to(tmp_path, target_is_directory=True)
    below = sorted(os.path.relpath(path, tmp_path) for path in files_below(str(tmp_path), ".wit"))
    assert below == [".e/f.wit", "a.wit", "b/c.wit", "b/link.wit"]
    assert list(files_below(str(tmp_path / "nowhere"), ".wit")) == []


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("a/b.wit", "a/b.wit"),
        ("a/../b.wit", "b.wit"),
        ("a/./b.wit", "a/b.wit"),
        ("a//b.wit", "a/b.wit"),
        ("a/", "a"),
        ("..", ".."),
        ("../x", "../x"),
        ("", "."),
        (".hidden/..b", ".hidden/..b"),
        (os.fsdecode(b"\xff.wit"), "\ufffd.wit"),
    ],
)
def test_how_a_path_is_shown(path: str, shown: str, tmp_path: Path) -> None:
    assert display_path(f"{tmp_path}/{path}", tmp_path) == shown


def test_a_text_that_grows_or_says_no_size(tmp_path: Path) -> None:
    put(tmp_path, {"a": "12345", "empty": ""})
    assert read_regular(tmp_path / "a") == b"12345"
    assert read_regular(tmp_path / "a", 5) == b"12345"
    assert read_regular(tmp_path / "empty") == b""
    with pytest.raises(OSError, match="more than 4 bytes"):
        read_regular(tmp_path / "a", 4)
    if Path("/proc/self/status").is_file():  # its size is 0, and it is not empty
        assert read_regular("/proc/self/status").startswith(b"Name:")


NAMES = ["a", "b.wasm", "ab", "a.b", "(a)", "x y", "é", "a$"]
PATTERNS = [
    *NAMES,
    "a*",
    "*b",
    "*.wasm",
    "*a*",
    "a/b.wasm",
    "a/ab",
    "ab/a*",
    "a/a/a",
    "[ab]",
    "*.w[ab]sm",
    "[ab]*",
    "a[b",
]


@settings(max_examples=60, deadline=None)
@given(
    patterns=st.lists(
        st.tuples(
            st.sampled_from(["", "!", "/", "!/"]), st.sampled_from(PATTERNS), st.sampled_from(["", "/", " "])
        ),
        min_size=1,
        max_size=5,
    ),
    data=st.data(),
)
def test_usual_patterns_mean_what_pathspec_says(
    patterns: list[tuple[str, str, str]], data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    root = tmp_path_factory.mktemp("tree")
    for _ in range(data.draw(st.integers(3, 8))):
        folder = root.joinpath(*data.draw(st.lists(st.sampled_from(NAMES), max_size=3)))
        if any(above.is_file() for above in (folder, *folder.parents)):
            continue
        folder.mkdir(parents=True, exist_ok=True)
        name = data.draw(st.sampled_from([*NAMES, "c.wasm", "xab"]))
        if not (folder / name).is_dir():
            (folder / name).write_bytes(COMPONENT)
    lines = "".join(f"{''.join(pattern)}\n" for pattern in patterns)
    (root / ".gitignore").write_text(lines)
    own = discover(["."], root)
    (root / ".gitignore").write_text(lines + "q?none\n")  # with this one pathspec reads the file
    theirs = discover(["."], root)
    assert (own.binaries, own.skipped) == (theirs.binaries, theirs.skipped)
