"""Rust names of WIT items, as wit-bindgen makes them."""

from __future__ import annotations

import pytest
from bridge.bindgen import resolved
from hypothesis import given
from hypothesis import strategies as st

from wasmdoctor.migrate.bridge.names import (
    Modules,
    camel,
    flag_name,
    function_name,
    identifier,
    module_path,
    package_versions,
    parameter_names,
    relative,
    snake,
    type_name,
)

LABELS = st.lists(
    st.from_regex(r"[a-z][a-z0-9]{0,5}|[A-Z][A-Z0-9]{0,5}", fullmatch=True), min_size=1, max_size=4
)


@pytest.mark.parametrize(
    ("wit", "function", "type_", "flag"),
    [
        ("tcp-socket", "tcp_socket", "TcpSocket", "TCP_SOCKET"),
        ("HTTP-client2", "http_client2", "HttpClient2", "HTTP_CLIENT2"),
        ("a1-B2-c", "a1_b2_c", "A1B2C", "A1_B2_C"),
        ("x-2d", "x_2d", "X2d", "X_2D"),
        ("type", "type_", "Type", "TYPE"),
        ("try", "try_", "Try", "TRY"),
        ("gen", "gen", "Gen", "GEN"),
        ("guest", "guest", "Guest_", "GUEST"),
    ],
)
def test_cases(wit, function, type_, flag):
    assert (identifier(wit), type_name(wit), flag_name(wit)) == (function, type_, flag)


@given(LABELS)
def test_each_word_of_a_label_stays_one(parts):
    label = "-".join(parts)
    assert snake(label) == "_".join(part.lower() for part in parts)
    assert camel(label) == "".join(part[0].upper() + part[1:].lower() for part in parts)


def test_the_version_is_in_the_module_only_when_there_are_several():
    one = package_versions(["a:b-c@1.0.0", "x:y"])
    two = package_versions(["a:b-c@1.0.0", "a:b-c@2.0.0-rc.1+build", "a:b-c"])
    assert module_path("a:b-c/i-f@1.0.0", one) == ("a", "b_c", "i_f")
    assert module_path("a:b-c/i-f@1.0.0", two) == ("a", "b_c1_0_0", "i_f")
    assert module_path("a:b-c/i-f@2.0.0-rc.1+build", two) == ("a", "b_c2_0_0_rc_1_build", "i_f")
    assert module_path("a:b-c/i-f", two) == ("a", "b_c", "i_f")
    assert module_path("x:y/type", one, exported=True) == ("exports", "x", "y", "type_")
    assert module_path("in-world", one) == ("in_world",)


def test_paths_between_modules():
    assert relative(("a", "b", "c"), ("a", "b", "c")) == ""
    assert relative(("a", "b", "c"), ("a", "b", "d")) == "super::d"
    assert relative(("a", "b", "c"), ("x", "y", "z")) == "super::super::super::x::y::z"
    assert relative(("a", "b", "c"), ()) == "super::super::super"
    assert relative((), ("a", "b", "c")) == "a::b::c"
    modules = Modules(remapped={"wasi:io/poll@0.2.0": "::wasip2::io::poll"})
    assert modules.item(("a",), "wasi:io/poll@0.2.0", "Pollable") == "::wasip2::io::poll::Pollable"
    assert modules.item(("a", "b", "c"), "a:b/c", "T") == "T"
    assert modules.item(("a", "b", "c"), "", "T") == "super::super::super::T"


def test_names_of_functions_and_parameters(tmp_path):
    (tmp_path / "a.wit").write_text("""package a:b;
interface i {
  resource r {
    constructor(%in: u8);
    %move: func(%match: u8);
    make: static func() -> r;
  }
  %loop: func(%as: u8, b-c: u8);
}""")
    resolution = resolved(tmp_path)
    assert not resolution.problems
    functions = resolution.main[0].interfaces["i"].functions.values()
    assert [(function_name(f), parameter_names(f)) for f in functions] == [
        ("new", ("in_",)),
        ("move_", ("self", "match_")),
        ("make", ()),
        ("loop_", ("as_", "b_c")),
    ]
