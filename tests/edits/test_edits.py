"""Edits composed into changes: order, conflicts, what may not be edited, and results that must parse."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wasmdoctor.migrate.edits import BrokenEdit, EditConflict, compose, untouched
from wasmdoctor.model.edit import ChangeKind, Create, Edit, Move, Remove, Replace
from wasmdoctor.model.source import Span

FILES = {
    "a.txt": b"one\ntwo three\n",
    "src/lib.rs": b"mod bindings;\n\npub fn run() -> u32 {\n    1\n}\n",
    "wit/world.wit": b"package a:b;\n\nworld w {\n  import x: func();\n}\n",
    "Cargo.toml": b"[package]\nname = 'a'\n",
}


def replace(start: int, end: int, data: bytes, cause: str = "why", path: str = "a.txt") -> Replace:
    return Replace(path, Span(start, end), data, cause)


def test_edits_of_a_file_compose() -> None:
    edits = [
        replace(14, 14, b"!", "last"),
        replace(0, 3, b"ONE", "first"),
        replace(0, 0, b"<", "in front"),
        replace(3, 3, b">", "behind"),
        replace(3, 3, b"?", "again"),
        replace(8, 13, b"", "gone"),
    ]
    (change,) = compose(edits, FILES.get).changes
    assert change.after == b"<ONE>?\ntwo \n!"
    assert change.before == FILES["a.txt"]
    assert change.kind is ChangeKind.MODIFY
    assert change.causes == ("last", "first", "in front", "behind", "again", "gone")


def test_edits_that_do_the_same_are_one() -> None:
    edits: list[Edit] = [replace(0, 3, b"1", "x"), replace(0, 3, b"1", "y"), replace(0, 3, b"1", "x")]
    (change,) = compose(edits, FILES.get).changes
    assert change.after == b"1\ntwo three\n"
    assert change.causes == ("x", "y")
    gone = [Remove("a.txt", "x"), Remove("a.txt", "y")]
    assert compose(gone, FILES.get).changes[0].causes == ("x", "y")


def test_all_kinds_in_one_set_sorted_by_path() -> None:
    edits: list[Edit] = [
        Move("wit/world.wit", "kept/world.wit", "m"),
        Create("src/bridge/mod.rs", b"pub mod net {}\n", "c"),
        Remove("a.txt", "r"),
        replace(0, 14, b"", "e", "src/lib.rs"),
    ]
    changes = compose(edits, FILES.get)
    assert [(one.path, one.kind.value) for one in changes.changes] == [
        ("a.txt", "remove"),
        ("src/bridge/mod.rs", "create"),
        ("src/lib.rs", "modify"),
        ("wit/world.wit", "move"),
    ]
    assert changes.after("a.txt") is None
    assert changes.after("kept/world.wit") == FILES["wit/world.wit"]
    assert changes.after("wit/world.wit") is None
    assert changes.after("src/lib.rs") == FILES["src/lib.rs"][14:]


def test_what_changes_nothing_is_no_change() -> None:
    edits = [Create("a.txt", FILES["a.txt"], "there already"), replace(0, 3, b"one", "same", "a.txt")]
    assert not compose(edits[:1], FILES.get)
    assert not compose(edits[1:], FILES.get)
    assert not compose([], FILES.get)


@pytest.mark.parametrize(
    ("edits", "place", "words"),
    [
        ([replace(0, 3, b"x", "A"), replace(2, 4, b"y", "B")], "a.txt:1:3", "overlap here: (1) A; (2) B"),
        ([replace(0, 3, b"x", "A"), replace(0, 3, b"y", "B")], "a.txt:1:1", "(1) A; (2) B"),
        ([replace(4, 7, b"x", "A"), replace(5, 5, b"y", "B")], "a.txt:2:2", "(1) A; (2) B"),
        ([replace(4, 15, b"x", "A")], "a.txt:2:1", "bytes 4 to 15 are not in this file of 14"),
        ([replace(4, 3, b"x", "A")], "a.txt:2:1", "are not in this file"),
        ([replace(-1, 3, b"x", "A")], "a.txt:1:1", "are not in this file"),
        ([replace(0, 0, b"x", "A", "b.txt")], "b.txt", "no such file to edit (for: A)"),
        ([Remove("b.txt", "A")], "b.txt", "no such file to be removed"),
        ([Move("b.txt", "c.txt", "A")], "b.txt", "no such file to be moved to `c.txt`"),
        ([replace(4, 4, b"x", "A"), Remove("a.txt", "B")], "a.txt:2:1", "removed and edited: (1) B; (2) A"),
        ([Move("a.txt", "b", "A"), Remove("a.txt", "B")], "a.txt", "moved to `b` and removed"),
        ([Move("a.txt", "b", "A"), Move("a.txt", "c", "B")], "a.txt", "moved to `b` and moved to `c`"),
        ([Move("a.txt", "b", "A"), Move("src/lib.rs", "b", "B")], "b", "new path of two files: (1) A; (2) B"),
        ([Move("a.txt", "b", "A"), Create("b", b"", "B")], "b", "new path of two files"),
        ([Move("a.txt", "src/lib.rs", "A")], "src/lib.rs", "a file is there already"),
        ([Move("a.txt", "Cargo.toml", "A"), Remove("Cargo.toml", "B")], "Cargo.toml", "(1) A; (2) B"),
        ([Move("a.txt", "a.txt", "A")], "a.txt", "new path"),
        ([Create("a.txt", b"", "A")], "a.txt", "another file is there already (for: A)"),
        ([Create("n", b"1", "A"), Create("n", b"2", "B")], "n", "created and created: (1) A; (2) B"),
        ([Create("n", b"1", "A"), Create("n/m", b"2", "B")], "n", "a folder for `n/m`"),
        ([Create("a.txt/m", b"2", "B")], "a.txt", "cannot be a folder for `a.txt/m`"),
        ([Create("a.txt/m", b"2", "B"), Remove("a.txt", "A")], "a.txt", "cannot be a folder"),
    ],
)
def test_conflicts_name_causes_and_place(edits: list[Edit], place: str, words: str) -> None:
    with pytest.raises(EditConflict) as caught:
        compose(edits, FILES.get)
    assert str(caught.value).startswith(place + ": ")
    assert words in str(caught.value)
    assert set(caught.value.causes) <= {"A", "B"}
    assert str(caught.value.location) == place


@pytest.mark.parametrize(
    "path",
    [
        "", "/etc/passwd", "..", "../x", "a/../../x", "./a", "a//b", "a/", "C:/x", "a\\b", "a\0b", "a\nb",
        ".git/config", "sub/.git/hooks/x", ".wasmdoctor/journal/x", "\udcff.toml", ".GIT/config",
    ],
)  # fmt: skip
def test_paths_that_may_not_be_edited(path: str) -> None:
    for edit in (
        Create(path, b"", "A"),
        Remove(path, "A"),
        Move("a.txt", path, "A"),
        replace(0, 0, b"", "A", path),
    ):
        with pytest.raises(EditConflict, match="is not edited"):
            compose([edit], lambda _: b"x")


def test_broken_results_name_the_edit() -> None:
    source = FILES["src/lib.rs"]
    at = source.index(b"1\n}")
    edits = [
        replace(0, 14, b"", "no bindings", "src/lib.rs"),
        replace(at, at + 3, b"1", "oops", "src/lib.rs"),
    ]
    with pytest.raises(BrokenEdit) as caught:
        compose(edits, FILES.get)
    assert caught.value.causes == ("oops",)
    assert str(caught.value.edit) == "src/lib.rs:4:5"
    assert "oops" in str(caught.value)
    with pytest.raises(BrokenEdit) as caught:
        compose([replace(25, 25, b"[", "header", "wit/world.wit")], FILES.get)
    assert str(caught.value.location).startswith("wit/world.wit:4:2")
    with pytest.raises(BrokenEdit) as caught:
        compose([replace(10, 16, b"", "no key", "Cargo.toml")], FILES.get)
    assert caught.value.location.line == 2
    assert caught.value.causes == ("no key",)
    for name in ("x.toml", "x.wit", "src/x.rs", "Cargo.lock"):
        with pytest.raises(BrokenEdit, match="to be created"):
            compose([Create(name, b"fn a( { [", "c")], FILES.get)


def test_errors_that_were_there_are_no_reason() -> None:
    files = {
        "a.rs": b"fn a( {\n\nfn b() { 1 }\n// the end\n",
        "b.rs": b'unsafe extern "C" {\n    safe fn a();\n}\nfn b() {}\n',
        "c.wit": b"package a:b;\n\ninterface {\n}\n\ninterface x {\n}\n",
    }
    assert compose([replace(26, 26, b" //", "c", "a.rs")], files.get)
    assert compose([replace(len(files["b.rs"]), len(files["b.rs"]), b"fn c() {}\n", "c", "b.rs")], files.get)
    end = len(files["c.wit"])
    assert compose([replace(end, end, b"interface y {\n}\n", "c", "c.wit")], files.get)
    with pytest.raises(BrokenEdit):
        compose([replace(len(files["b.rs"]), len(files["b.rs"]), b"fn c( {", "c", "b.rs")], files.get)


def test_toml_1_1_may_be_edited() -> None:
    files = {"Cargo.toml": b"a = {\n  b = 1,\n}\n", "bom.toml": b"\xef\xbb\xbfa = 1\r\n"}
    assert compose([replace(12, 13, b"2", "c", "Cargo.toml")], files.get)
    assert compose([replace(7, 8, b"2", "c", "bom.toml")], files.get)


def test_other_files_are_not_parsed() -> None:
    assert compose([Create("notes.md", b"\xff fn ( [", "c"), Create("x.wac", b"let", "c")], FILES.get)


@given(st.data())
def test_bytes_outside_of_the_spans_stay(data: st.DataObject) -> None:
    before = data.draw(st.binary(max_size=60))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(before)), max_size=12)))
    pairs = list(zip(cuts[::2], cuts[1::2], strict=False))
    fills = data.draw(st.lists(st.binary(max_size=5), min_size=len(pairs), max_size=len(pairs)))
    edits = [
        replace(*pair, fill, str(index)) for index, (pair, fill) in enumerate(zip(pairs, fills, strict=True))
    ]
    expected, at = b"", 0
    for edit in edits:
        expected += before[at : edit.span.start] + edit.data
        at = edit.span.end
    expected += before[at:]
    same = len({(edit.span, edit.data) for edit in edits}) < len(edits)
    try:
        changes = compose(data.draw(st.permutations(edits)), {"a.txt": before}.get)
    except EditConflict:
        starts = [edit.span for edit in edits if edit.span.start != edit.span.end]
        assert any(
            one.start <= two.start < one.end for one in starts for two in starts if one is not two
        ) or any(one.start < two.span.start < one.end for one in starts for two in edits)
        return
    after = changes.changes[0].after if changes else before
    assert after is not None
    inserted = [edit.span.start for edit in edits if edit.span.start == edit.span.end]
    if not same and len(set(inserted)) == len(inserted):
        assert after == expected
    at = 0
    for piece in untouched(before, edits):
        at = after.index(piece, at) + len(piece)
