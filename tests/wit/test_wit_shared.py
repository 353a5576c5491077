"""What is read once for several files, and that nobody can tell."""

from __future__ import annotations

from pathlib import Path

import pytest

from wasmdoctor.model.source import SourceText
from wasmdoctor.readers.wit import DiskFiles, MemoryFiles, load_wit, parse, print_tree, resolve_wit, semver
from wasmdoctor.readers.wit.parser import MAX_KNOWN

GOOD = b"package a:b@1.0.0;\n\ninterface i {\n  f: func(a: string) -> u8;\n}\n"


def test_files_of_the_same_bytes_share_their_nodes_and_keep_their_places() -> None:
    first, second = (parse(SourceText(path, bytes(bytearray(GOOD)))) for path in ("x/a.wit", "y/b.wit"))
    assert first.items[0] is second.items[0]
    places = [str(tree.location(tree.items[0])) for tree in (first, second)]
    assert places == ["x/a.wit:3:1", "y/b.wit:3:1"]
    assert print_tree(first) == print_tree(second) == GOOD


def test_the_same_mistake_in_two_files_is_in_both() -> None:
    broken = GOOD.replace(b"u8;", b"u8")
    found = [parse(SourceText(path, broken)).problems for path in ("x/a.wit", "y/b.wit", "x/a.wit")]
    assert [str(each[0].location) for each in found] == ["x/a.wit:5:1", "y/b.wit:5:1", "x/a.wit:5:1"]
    assert {(len(each), each[0].message) for each in found} == {(1, "expected `;`, found `}`")}


def test_large_files_are_not_kept() -> None:
    large = GOOD + b"// more\n" * (MAX_KNOWN // 8)
    first, second = (parse(SourceText(path, large)) for path in ("x/a.wit", "y/b.wit"))
    assert first.items == second.items
    assert first.items[0] is not second.items[0]


def test_copies_of_a_package_have_places_of_their_own() -> None:
    world = "package a:w{};\nworld w {{ import a:b/i@1.0.0; }}\n"
    files = {f"{crate}/wit/w.wit": world.format(crate).encode() for crate in ("x", "y")}
    files |= {f"{crate}/wit/deps/b.wit": GOOD for crate in ("x", "y")}
    for crate in ("x", "y"):
        resolution = resolve_wit(load_wit(MemoryFiles(files), [f"{crate}/wit"]))
        assert resolution.problems == ()
        function = resolution.packages["a:b@1.0.0"].interfaces["i"].functions["f"]
        assert str(function.location) == f"{crate}/wit/deps/b.wit:4:3"


def test_a_name_that_is_none_is_told_once_when_more_of_its_line_is_wrong() -> None:
    found = parse(SourceText("a.wit", b"package a:b;\nworld w { import a-:b/c@1.0.; }\n")).problems
    assert [problem.message for problem in found] == [
        "`a-` is not a valid name",
        "expected a version like `1.0.0`, found `;`",
    ]


@pytest.mark.parametrize("length", [1, semver.MAX_KNOWN, 5000])
def test_versions_of_any_length_are_compared(length: int) -> None:
    short, long = "1.0.0-" + "9" * length, "1.0.0-1" + "9" * length
    for _ in range(2):
        assert semver.error(long) == ""
        assert semver.key(short) < semver.key(long)
        assert semver.error(f"{long}+") != ""


def test_a_folder_with_the_name_of_a_file_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "wit" / "more.wit").mkdir(parents=True)
    (tmp_path / "wit" / "more.wit" / "in.wit").write_bytes(b"nonsense")
    (tmp_path / "wit" / "a.wit").write_bytes(GOOD)
    (tmp_path / "wit" / "gone.wit").symlink_to(tmp_path / "nowhere")
    for files, root in (
        (DiskFiles(), str(tmp_path / "wit")),
        (MemoryFiles({"wit/a.wit": GOOD, "wit/more.wit/in.wit": b"nonsense"}), "wit"),
    ):
        sources = load_wit(files, [root])
        assert [tree.source.path for tree in sources.roots[0].main.trees] == [f"{root}/a.wit"]
        unread = [problem.location.path for problem in sources.problems]
        assert unread == ([f"{root}/gone.wit"] if root != "wit" else [])
