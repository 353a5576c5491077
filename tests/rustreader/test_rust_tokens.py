"""Tokens, literals, attributes and cfg predicates."""

from __future__ import annotations

import pytest

from wasmdoctor.readers.rust.attributes import compiled, expand, read_attribute
from wasmdoctor.readers.rust.cfg import WASM32, TargetCfg
from wasmdoctor.readers.rust.macros import scan
from wasmdoctor.readers.rust.tokens import bytes_value, lex, string_value

CFG = TargetCfg(
    frozenset({"unix"}),
    frozenset({("target_arch", "wasm32"), ("feature", "std")}),
    frozenset({"maybe"}),
)


def texts(source: str) -> list[str]:
    data = source.encode()
    return [token.text for token in lex(data, 0, len(data))]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ('a::b!(c, "d e")', ["a", "::", "b", "!", "(", "c", ",", '"d e"', ")"]),
        ('r#"x "y" z"# r#type', ['r#"x "y" z"#', "type"]),
        ("'a 'b' '\\n' b'x' '\\u{1F600}'", ["'a", "'b'", "'\\n'", "b'x'", "'\\u{1F600}'"]),
        ("a /* b /* c */ d */ e // f\n g", ["a", "e", "g"]),
        ('br"a" b"b" c"c"', ['br"a"', 'b"b"', 'c"c"']),
        ("1..2 0x1f 1.5", ["1", ".", ".", "2", "0x1f", "1.5"]),
        ("naïve", ["naïve"]),
    ],
)
def test_tokens(source: str, expected: list[str]) -> None:
    assert texts(source) == expected


@pytest.mark.parametrize("source", ['"open', 'r##"open"#', "/* open", "/* /* */", "'", "\\", 'b"\\', "r#"])
def test_what_has_no_end_reaches_to_the_end(source: str) -> None:
    data = source.encode()
    tokens = lex(data, 0, len(data))
    assert all(0 <= token.start < token.end <= len(data) for token in tokens)


@pytest.mark.parametrize(
    ("literal", "value"),
    [
        ('"a\\n\\t\\\\\\"\\0"', 'a\n\t\\"\0'),
        ('"\\x41\\u{1F600}"', "A\U0001f600"),
        ('"one \\\n     two"', "one two"),
        ('r"a\\n"', "a\\n"),
        ('r##"a "# b"##', 'a "# b'),
        ('""', ""),
        ('r""', ""),
        ('"open', None),
        ("x", None),
        ('"\\u{D800}"', "�"),
    ],
)
def test_string_literals(literal: str, value: str | None) -> None:
    assert string_value(literal) == value


@pytest.mark.parametrize(
    ("literal", "value"),
    [
        (b'b"\\0asm\\x0d\\0"', b"\0asm\x0d\0"),
        (b'b"\\\n  ab\\\n\\x01c"', b"ab\x01c"),
        (b'b"\\"\\\\"', b'"\\'),
        (b'br"\\x00"', b"\\x00"),
        (b'b""', b""),
        (b'"a"', None),
    ],
)
def test_byte_strings(literal: bytes, value: bytes | None) -> None:
    assert bytes_value(literal) == value


@pytest.mark.parametrize(
    ("predicate", "value"),
    [
        ("unix", True),
        ("windows", False),
        ('target_arch = "wasm32"', True),
        ('target_arch="x86_64"', False),
        ('all(unix, feature = "std")', True),
        ('all(unix, feature = "none",)', False),
        ("any(windows, unix)", True),
        ("any()", False),
        ("all()", True),
        ("not(unix)", False),
        ("maybe", None),
        ("all(maybe, windows)", False),
        ("all(maybe, unix)", None),
        ("any(maybe, unix)", True),
        ("not(maybe)", None),
        ("true", True),
        ("not(false)", True),
        ("not(unix, windows)", None),
        ("all(unix", None),
        ("", None),
        ("unix windows", None),
        ('feature = "s\\u{74}d"', True),
        ('target_arch = r"wasm32"', True),
        ("not(" * 10_000 + "unix" + ")" * 10_000, None),
    ],
)
def test_predicates(predicate: str, value: bool | None) -> None:
    assert CFG(predicate) is value


def test_what_holds_for_every_wasm_target() -> None:
    assert WASM32('all(target_arch = "wasm32", not(unix), not(test))') is True
    assert WASM32('target_os = "wasi"') is None
    assert WASM32('feature = "std"') is None


def attributes(source: str) -> list[tuple[str, str | None, bool | None]]:
    data = source.encode()
    made = [read_attribute(data, 0, len(data))]
    return [(a.name, a.value, state) for a, state in expand(made, CFG, data)]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ('#[path = "x.rs"]', [("path", "x.rs", True)]),
        ('#[unsafe(export_name = "f")]', [("export_name", "f", True)]),
        ('#[cfg_attr(unix, path = "u.rs")]', [("path", "u.rs", True)]),
        ('#[cfg_attr(windows, path = "u.rs")]', []),
        ('#[cfg_attr(maybe, path = "u.rs", no_mangle)]', [("path", "u.rs", None), ("no_mangle", None, None)]),
        (
            '#[cfg_attr(unix, cfg_attr(not(windows), unsafe(link_section = "s")))]',
            [("link_section", "s", True)],
        ),
        ("#[rustfmt::skip]", [("rustfmt::skip", None, True)]),
        ('#![cfg(feature = "std")]', [("cfg", None, True)]),
        ("#[doc = concat!()]", [("doc", None, True)]),
        ("#[]", [("", None, True)]),
        ("#[cfg_attr()]", []),
    ],
)
def test_attributes(source: str, expected: list[tuple[str, str | None, bool | None]]) -> None:
    assert attributes(source) == expected


def test_link_arguments() -> None:
    data = b'#[link(wasm_import_module = "a:b/c@0.1.0", kind = "static")]'
    named = read_attribute(data, 0, len(data)).named("wasm_import_module")
    assert named is not None
    assert named[0] == "a:b/c@0.1.0"
    assert data[named[1].start : named[1].end] == b'"a:b/c@0.1.0"'


@pytest.mark.parametrize(
    ("source", "state"),
    [
        ("#[cfg(unix)]", True),
        ("#[cfg(windows)]", False),
        ("#[cfg(maybe)]", None),
        ("#[cfg_attr(unix, cfg(windows))]", False),
        ("#[cfg_attr(windows, cfg(windows))]", True),
        ("#[cfg_attr(maybe, cfg(windows))]", None),
        ("#[cfg_attr(maybe, cfg(unix))]", True),
        ("#[test]", False),
        ("#[tokio::test(flavor = x)]", False),
        ("#[inline]", True),
    ],
)
def test_whether_an_item_is_compiled(source: str, state: bool | None) -> None:
    data = source.encode()
    assert compiled([read_attribute(data, 0, len(data))], CFG, data)[0] is state


def test_paths_and_methods_among_tokens() -> None:
    data = b"a::b(c), $crate::d::E, ::f::g, h.i(j), k.l::<M>(), n!(o), $p, $q:ident, s::<t>::u()"
    paths, methods = scan(lex(data, 0, len(data)))
    assert [("::".join(path.path), path.call) for path in paths] == [
        ("a::b", True),
        ("c", False),
        ("$crate::d::E", False),
        ("::f::g", False),
        ("h", False),
        ("j", False),
        ("k", False),
        ("M", False),
        ("o", False),
        ("s::u", True),
    ]
    assert [(method.receiver, method.name) for method in methods] == [("h", "i"), ("k", "l")]
