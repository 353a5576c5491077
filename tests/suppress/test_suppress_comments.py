"""Comments that suppress findings: where they stand, what they are for, and what only looks like one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pace import within

from wasmdoctor.model.config import Suppression
from wasmdoctor.readers.suppressions import MAX_COMMENTS, read_suppressions


def read(path: str, text: str) -> list[tuple[str, str, int, int]]:
    """Rules, reason, and the lines that each suppression is for; none of them may be wrong."""
    found = read_suppressions(text.encode(), path)
    assert [each.fault for each in found] == [""] * len(found)
    return [(",".join(each.rules), each.reason, each.first, each.last) for each in found]


def wrong(path: str, text: str) -> list[str]:
    return [f"{each.location}: {each.fault}" for each in read_suppressions(text.encode(), path)]


# -- WIT


def test_wit_before_an_item_and_behind_code() -> None:
    text = """\
package a:b;
// wasmdoctor: allow(WD205) -- all of the world
@since(version = 1.0.0)
world w {
  /* wasmdoctor: allow(WD101, look-alike) -- one import */
  import a:b/c;
  import a:b/d; // wasmdoctor: allow(WD1) -- this line
  import a:b/e;
}
// wasmdoctor: allow(WD204) --   two   words

// another comment
interface i {
  // wasmdoctor: allow(WD206) -- a field is a line
  record r { a: u8,
    b: u8 }
}
"""
    assert read("w.wit", text) == [
        ("WD205", "all of the world", 3, 9),
        ("WD101,look-alike", "one import", 6, 6),
        ("WD1", "this line", 7, 7),
        ("WD204", "two words", 13, 17),
        ("WD206", "a field is a line", 15, 16),
    ]


def test_wit_near_misses() -> None:
    text = """\
/// wasmdoctor: allow(WD101) -- documentation
/** wasmdoctor: allow(WD101) -- documentation */
// see wasmdoctor: allow(WD101) -- not at the beginning
// wasmdoctor allows everything
@external-id("// wasmdoctor: allow(WD101) -- a string")
interface i {}
"""
    assert read_suppressions(text.encode(), "w.wit") == ()


def test_wit_that_does_not_parse_still_has_its_comments() -> None:
    text = "world w {\n  import !!;\n  // wasmdoctor: allow(WD201) -- being written\n  import a:b/c;\n}\n"
    assert read("w.wit", text) == [("WD201", "being written", 4, 4)]


# -- Rust


def test_rust_before_an_item_and_behind_code() -> None:
    text = """\
// wasmdoctor: allow(WD106) -- the whole call
wit_bindgen::generate!({
    // wasmdoctor: allow(WD205) -- one line in a macro
    world: "app", /* wasmdoctor: allow(WD204) -- behind it */
    path: "wit",
});

// wasmdoctor: allow(WD301) -- attributes and comments between
#[cfg(target_arch = "wasm32")]
/// Documentation.
fn f() {
    g(); // wasmdoctor: allow(WD108) -- in a body
}
"""
    assert read("lib.rs", text) == [
        ("WD106", "the whole call", 2, 6),
        ("WD205", "one line in a macro", 4, 4),
        ("WD204", "behind it", 4, 4),
        ("WD301", "attributes and comments between", 9, 13),
        ("WD108", "in a body", 12, 12),
    ]


def test_rust_near_misses() -> None:
    text = """\
//! wasmdoctor: allow(WD101) -- documentation
/// wasmdoctor: allow(WD101) -- documentation
fn f() {
    let a = "// wasmdoctor: allow(WD101) -- a string";
    let b = r#"
// wasmdoctor: allow(WD101) -- a string
"#;
    #[doc = "wasmdoctor: allow(WD101) -- an attribute"]
    let c = 1;
    /* // wasmdoctor: allow(WD101) -- a comment in a comment */
}
"""
    assert read_suppressions(text.encode(), "lib.rs") == ()


# -- TOML


def test_toml_before_a_key_a_table_an_element_and_behind_a_value() -> None:
    text = """\
# wasmdoctor: allow(WD301) -- the whole table
[lib]
crate-type = [
  # wasmdoctor: allow(WD305) -- an element
  "cdylib",
]
name = "a#b" # wasmdoctor: allow(WD304) -- behind
# wasmdoctor: allow(WD303) -- a key over several lines
path = '''
x'''
[dependencies] # wasmdoctor: allow(WD302) -- a header
# wasmdoctor: allow(WD302) -- a dotted key
a.version = "1"
"""
    assert read("Cargo.toml", text) == [
        ("WD301", "the whole table", 2, 10),
        ("WD305", "an element", 5, 5),
        ("WD304", "behind", 7, 7),
        ("WD303", "a key over several lines", 9, 10),
        ("WD302", "a header", 11, 11),
        ("WD302", "a dotted key", 13, 13),
    ]


def test_toml_near_misses() -> None:
    text = '''\
"# wasmdoctor: allow(WD301) -- a key" = 1
a = "# wasmdoctor: allow(WD301) -- a string with \\" in it"
b = """
# wasmdoctor: allow(WD301) -- a text
""""
c = \'\'\'
# wasmdoctor: allow(WD301) -- a text
\'\'\'
# not wasmdoctor: allow(WD301) -- not at the beginning
'''
    assert read_suppressions(text.encode(), "Cargo.toml") == ()
    assert read_suppressions(b"# wasmdoctor: allow(WD1) -- x\n[broken", "Cargo.toml") == ()


# -- what is wrong with one


@pytest.mark.parametrize(
    ("comment", "fault"),
    [
        ("allow(WD101)", "it gives no reason"),
        ("allow(WD101) --", "it gives no reason"),
        ("allow(WD101) -- ", "it gives no reason"),
        ("allow() -- x", "it names no rule"),
        ("allow(all) -- x", "`all` names no rule"),
        ("allow(WD) -- x", "`WD` names no rule"),
        ("allow(wd101) -- x", "`wd101` names no rule"),
        ("allow(WD101 WD102) -- x", "`WD101 WD102` names no rule"),
        ("allow(WD101): x", "this comment is not understood"),
        ("allow WD101 -- x", "this comment is not understood"),
        ("allow(WD101 -- x", "this comment is not understood"),
        ("ignore(WD101) -- x", "this comment is not understood"),
        ("allow(WD101) x -- y", "this comment is not understood"),
        ("", "this comment is not understood"),
    ],
)
@pytest.mark.parametrize(
    ("path", "form"),
    [
        ("a.wit", "// wasmdoctor: {}\ninterface i {{}}\n"),
        ("a.rs", "// wasmdoctor: {}\nfn f() {{}}\n"),
        ("a.toml", "# wasmdoctor: {}\na = 1\n"),
    ],
)
def test_a_comment_without_effect_says_why(path: str, form: str, comment: str, fault: str) -> None:
    assert wrong(path, form.format(comment)) == [f"{path}:1:1: {fault}"]


@pytest.mark.parametrize(
    ("path", "text", "line"),
    [
        ("a.wit", "world w {\n  import a:b/c;\n  // wasmdoctor: allow(WD1) -- x\n}\n", 3),
        ("a.wit", "interface i {}\n// wasmdoctor: allow(WD1) -- x", 2),
        ("a.rs", "fn f() {\n  g();\n  // wasmdoctor: allow(WD1) -- x\n}\n", 3),
        ("a.rs", "fn f() {}\n// wasmdoctor: allow(WD1) -- x\n", 2),
        ("a.toml", "a = 1\n# wasmdoctor: allow(WD1) -- x\n", 2),
    ],
)
def test_one_before_nothing_says_so(path: str, text: str, line: int) -> None:
    [said] = wrong(path, text)
    assert said.startswith(f"{path}:{line}:")
    assert said.endswith("nothing follows it that it could be for")


# -- any input


def test_line_ends_and_other_files() -> None:
    text = "// wasmdoctor: allow(WD1) -- x\r\ninterface i {}\r\n"
    assert read("a.wit", text) == [("WD1", "x", 2, 2)]
    assert read_suppressions(text.encode(), "a.md") == ()
    assert read_suppressions(b"\xef\xbb\xbf" + text.encode(), "a.wit")[0].first == 2


@pytest.mark.parametrize(
    ("path", "sign", "end"),
    [("a.wit", "//", "interface i {}"), ("a.rs", "//", "fn f() {}"), ("a.toml", "#", "a = 1")],
)
def test_there_is_a_limit_and_many_are_read_quickly(path: str, sign: str, end: str) -> None:
    text = f"{sign} wasmdoctor: allow(WD1) -- x\n" * (MAX_COMMENTS + 5) + end
    with within(5):
        found = read_suppressions(text.encode(), path)
    assert len(found) == MAX_COMMENTS
    assert {(each.first, each.last) for each in found} == {(MAX_COMMENTS + 6, MAX_COMMENTS + 6)}


PIECES = [
    "// ",
    "/* ",
    " */",
    "# ",
    "wasmdoctor: ",
    "allow(",
    "WD1",
    ")",
    " -- x",
    "\n",
    '"',
    "'''",
    "{",
    "}",
    "fn f()",
    "a = ",
]


@given(st.sampled_from(["a.wit", "a.rs", "a.toml"]), st.lists(st.sampled_from(PIECES), max_size=30))
def test_any_file_is_read_and_every_suppression_is_inside(path: str, pieces: list[str]) -> None:
    text = "".join(pieces)
    lines = text.count("\n") + 1
    for found in read_suppressions(text.encode(), path):
        assert isinstance(found, Suppression)
        assert 1 <= found.location.line <= lines
        assert 0 <= found.first <= found.last <= lines
