"""The syntax tree: nothing is lost, errors are said well, and one run says them all."""

from __future__ import annotations

from pathlib import Path

import pytest
from pace import least

from wasmdoctor.model.source import SourceText
from wasmdoctor.readers.wit import parse, print_tree
from wasmdoctor.readers.wit.tree import (
    BadItem,
    ExternItem,
    FuncItem,
    IncludeItem,
    InterfaceItem,
    Item,
    Tree,
    TypeItem,
    UseItem,
    WorldItem,
    walk,
)

WORLD = """\
package a:b@1.0.0;

world w {
  import first: func();  // why it is here

  // An old remark.

  /// What it does,
  /// in two lines.
  @since(version = 1.0.0)
  import c:d/e@0.2.0-rc.1;
  use f.{g as h, i,};
  include x with { a as b } export one; export two: interface {
    k: func();
  }
}
"""


def tree_of(text: str | bytes) -> Tree:
    return parse(SourceText("w.wit", text if isinstance(text, bytes) else text.encode()))


def items(tree: Tree, kind: type[Item]) -> list[Item]:
    return [item for item in walk(tree.items) if isinstance(item, kind)]


def messages(text: str | bytes) -> list[str]:
    return [f"{p.location.line}:{p.location.column} {p.message}" for p in tree_of(text).problems]


def without(text: str, item: Item, tree: Tree) -> str:
    span = tree.line_extent(item)
    return (text.encode()[: span.start] + text.encode()[span.end :]).decode()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xef\xbb\xbfpackage a:b;",
        b"\xff\xfe\x00 garbage \x80",
        b"package a:b;\r\n\r// x\r\n/* /* */",
        b'interface i { @external-id("un',
        b"}}}}{{{{;;;;",
        WORLD.encode(),
        WORLD.replace("\n", "\r\n").encode(),
        "package a:b; // Größe 🦀\ninterface ä {}".encode(),
    ],
)
def test_printing_gives_back_every_byte(data):
    tree = tree_of(data)
    assert print_tree(tree) == data
    leaves = list(tree.leaves())
    assert [leaf.start for leaf in leaves[1:]] == [leaf.end for leaf in leaves[:-1]]


def test_nodes_know_their_place():
    tree = tree_of(WORLD)
    text = tree.source.slice
    assert not tree.problems
    assert text(tree.header.span) == "package a:b@1.0.0;"
    assert text(tree.header.name.version.span) == "1.0.0"
    first, versioned, one, two = items(tree, ExternItem)
    assert text(first.span) == "import first: func();"
    assert text(first.func.span) == "func()"
    assert text(versioned.span) == "@since(version = 1.0.0)\n  import c:d/e@0.2.0-rc.1;"
    assert text(versioned.path.version.span) == "0.2.0-rc.1"
    assert versioned.path.package_name == "c:d@0.2.0-rc.1"
    assert (one.direction, one.path.text) == ("export", "one")
    assert [item.name.text for item in two.items] == ["k"]
    (use,) = items(tree, UseItem)
    assert [(n.name.text, n.local.text) for n in use.names] == [("g", "h"), ("i", "i")]
    (include,) = items(tree, IncludeItem)
    assert text(include.span) == "include x with { a as b }"
    for item in walk(tree.items):
        assert tree.extent(item).start <= item.start < item.end


def test_an_item_takes_its_comments_with_it():
    tree = tree_of(WORLD)
    first, versioned, one, _ = items(tree, ExternItem)
    assert "why it is here" not in without(WORLD, first, tree)
    gone = without(WORLD, versioned, tree)
    assert "An old remark" in gone
    assert "What it does" not in gone
    assert "@since" not in gone
    assert tree_of(gone).problems == ()
    assert tree.docs(versioned) == "What it does,\nin two lines."
    # Other code stands on the line: only the item goes.
    assert "include x with { a as b }  export two" in without(WORLD, one, tree)


def test_a_block_doc_comment_is_read_without_its_stars():
    tree = tree_of("package a:b;\n/**\n * One.\n * Two.\n */\ninterface i {}")
    assert tree.docs(tree.items[0]) == "One.\nTwo."


def test_functions_and_types_in_detail():
    tree = tree_of(
        "package a:b; interface i { resource r { m: static async func(a: map<u8, list<r, 3>>) -> own<r>; } }"
    )
    (resource,) = items(tree, TypeItem)
    (method,) = items(tree, FuncItem)
    assert resource.functions == (method,)
    assert (method.role, method.func.is_async) == ("static", True)
    (param,) = method.func.params
    key, value = param.type.args
    assert (param.type.kind, key.kind, value.kind, value.size) == ("map", "u8", "list", 3)
    assert (method.func.result.kind, method.func.result.name.text) == ("own", "r")


def test_a_label_is_told_from_a_namespace():
    tree = tree_of(
        "package a:b; world w { import a: b; import a:b/c; import a: b:c/d@1.0.0; import a: get() -> u8; }"
    )
    assert not tree.problems
    forms = [(e.name.text if e.name else "", e.path.text if e.path else "") for e in items(tree, ExternItem)]
    assert forms == [("a", "b"), ("", "a:b/c"), ("a", "b:c/d@1.0.0"), ("a", "")]


def test_one_run_tells_all_errors():
    text = """package a:b;
interface one {
  f: func(a u32);
  g: func();
  type t = list<u32;
  record r { x: u32, y }
  h: func() -> ?;
}
world w {
  import ;
  export fine: func();
}
what is this
interface two { k: func(); }
"""
    assert messages(text) == [
        "3:13 expected `:`, found `u32`",
        "5:20 expected `>`, found `;`",
        "6:24 expected `:`, found `}`",
        "7:16 unexpected character `?`",
        "10:10 expected an identifier, found `;`",
        "13:1 expected `world`, `interface`, `use` or `package`, found `what`",
    ]
    names = [
        item.name.text for item in walk(tree_of(text).items) if isinstance(item, FuncItem | InterfaceItem)
    ]
    assert names == ["one", "g", "two", "k"]


def test_a_missing_brace_does_not_swallow_the_next_interface():
    text = "package a:b;\ninterface one {\n  f: func();\n\ninterface two { g: func(); }\n"
    assert messages(text) == ["5:1 expected `}` to end interface `one`, found `interface`"]
    assert [item.name.text for item in items(tree_of(text), InterfaceItem)] == ["one", "two"]


def test_a_broken_record_does_not_hide_what_follows():
    text = (
        "package a:b;\ninterface i {\n  record r {\n    a u8,\n    b: u8,\n  }\n  f: func();\n}\nworld w {}"
    )
    assert messages(text) == ["4:7 expected `:`, found `u8`"]
    assert [item.name.text for item in items(tree_of(text), FuncItem)] == ["f"]
    assert len(items(tree_of(text), BadItem)) == 1
    assert len(items(tree_of(text), WorldItem)) == 1


@pytest.mark.parametrize(
    ("text", "help"),
    [
        ("package a:b; interface type {}", "`type` is a keyword; write `%type` to use it as a name"),
        (
            "package a:b; world w { include v with { a as b }; }",
            "no `;` is written after `}` here: remove it",
        ),
        ("package a:b; interface i {};", "no `;` is written after `}` here: remove it"),
        ("package a:b; interface i { type t = record; }", "`%record` is a name"),
        ("package a:b; /* open", "end it with `*/`"),
        ("package a:b; @stable interface i {}", "there are @since, @unstable, @deprecated and @external-id"),
    ],
)
def test_help_says_what_to_write(text, help):
    assert [problem.help for problem in tree_of(text).problems] == [help]


def test_columns_count_characters_and_invalid_bytes_do_not_stop_the_parser():
    assert messages("package a:b; /* 🦀é */ ?") == ["1:23 unexpected character `?`"]
    tree = tree_of(b"package a:b; // \xff\ninterface i {}")
    assert [p.message for p in tree.problems] == ["this file is not valid UTF-8"]
    assert len(items(tree, InterfaceItem)) == 1


def test_five_hundred_ordinary_files_take_about_a_second():
    # An ordinary file: 2.7 kB, as in WASI, where half of the text is comments.
    lines = []
    for number in range(12):
        lines.append("  /// Says something about this function, in\n" * 2 + "  /// three lines of comment.")
        lines.append(f"  function-{number}: func(it: borrow<thing>, at: option<u64>) -> result<u64, code>;")
    text = "interface i {\n  use types.{thing, code};\n\n" + "\n".join(lines) + "\n}\n"
    # No two are the same: those would be read once.
    texts = [f"package a:b{number}@0.2.0;\n\n{text}".encode() for number in range(1500)]
    sources = [SourceText(f"{number}.wit", each) for number, each in enumerate(texts)]
    turns = iter([sources[:500], sources[500:1000], sources[1000:]])
    trees: list[Tree] = []
    seconds = least(3, lambda: trees.extend(map(parse, next(turns))))
    assert not any(tree.problems for tree in trees)
    assert seconds < 1.5, f"{seconds:.2f} s"  # 0.6 s when the machine has nothing else to do


def test_no_wit_of_others_is_in_these_tests():
    assert not list(Path(__file__).parent.rglob("*.wit"))
