"""`stub`: components that export everything and implement nothing, run in a real wasmtime."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import tests_support
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from wasmtime import Engine, Store, Trap
from wasmtime.component import Component, Linker

from wasmdoctor.catalog import Catalog
from wasmdoctor.pipeline.stub import stub
from wasmdoctor.toolchain import Toolchain

KINDS = """\
package shop:kinds@1.2.0;

interface errors {
  enum plain { first, not-supported, last }
  variant rich { text(string), unsupported, wide(u64) }
  type alias = rich;
}
interface calls {
  use errors.{plain, alias as renamed};
  record big { a: u64, b: string, c: list<u8> }
  enum without { io, other }
  by-enum: func(a: string, b: list<u8>) -> result<_, plain>;
  wide: func() -> result<u64, plain>;
  by-alias: func(a: big) -> result<list<string>, renamed>;
  many: func(a: u64, b: big, c: big, d: big, e: big, f: big) -> result<string, plain>;
  no-case: func() -> result<u32, without>;
  no-error: func(x: f64) -> f64;
  nothing: func();
}
"""


def wit(folder: Path, text: str) -> None:
    (folder / "wit").mkdir()
    (folder / "wit/main.wit").write_text(text)


def instance(path: Path) -> tuple[Store, Any, Callable[..., Any]]:
    engine = Engine()
    store = Store(engine)
    component = Component(engine, path.read_bytes())
    made = Linker(engine).instantiate(store, component)

    def call(interface: str, name: str, *arguments: object) -> Any:
        outer = made.get_export_index(store, interface)
        assert outer is not None, interface
        inner = made.get_export_index(store, name, outer)
        assert inner is not None, name
        function = made.get_func(store, inner)
        assert function is not None
        result = function(store, *arguments)
        function.post_return(store)
        return result

    return store, made, call


def test_answers_and_traps(tmp_path: Path) -> None:
    wit(tmp_path, KINDS)
    done = tests_support.run("stub", "shop:kinds/calls", "-o", "stub.wasm", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "exports shop:kinds/calls@1.2.0: 4 functions give an error, 3 trap" in done.stdout
    _, _, call = instance(tmp_path / "stub.wasm")
    name = "shop:kinds/calls@1.2.0"

    class Big:
        a, b, c = 1, "text", b"bytes"

    assert error(call(name, "by-enum", "x" * 100_000, b"y" * 300_000)) == "not-supported"
    assert error(call(name, "wide")) == "not-supported"
    # wasmtime's Python API gives a variant by its payload alone where that tells the case: text, nothing, number.
    assert call(name, "by-alias", Big()) is None
    assert error(call(name, "many", 1, Big(), Big(), Big(), Big(), Big())) == "not-supported"
    for function, arguments in (("no-case", ()), ("no-error", (1.5,)), ("nothing", ())):
        # A trap ends an instance, so each has its own.
        _, _, call = instance(tmp_path / "stub.wasm")
        with pytest.raises((Trap, Exception)) as caught:
            call(name, function, *arguments)
        assert f"{name}#{function} is a stub" in str(caught.value)


def error(result: Any) -> str:
    """The name of an error case."""
    while getattr(result, "tag", "") == "err":
        result = result.payload
    return str(getattr(result, "tag", result))


def test_resources_come_with_their_interface(tmp_path: Path) -> None:
    text = """
    package a:b;
    interface net { resource network; open: func() -> network; }
    interface tcp { use net.{network}; resource sock { constructor(); send: func(n: borrow<network>); } }
    """
    wit(tmp_path, text)
    done = tests_support.run("stub", "tcp", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "exports a:b/net: 0 functions give an error, 1 trap  (its resources are used)" in done.stdout
    instance(tmp_path / "stub.wasm")


def test_a_component_alone_is_enough(tmp_path: Path, python_component: Path) -> None:
    done = tests_support.run(
        "stub", "shop:net/wasi-tcp", "shop:net/wasi-udp", "--from", str(python_component), cwd=tmp_path
    )
    assert done.returncode == 0, done.stderr
    done = tests_support.run("compose", str(python_component), "stub.wasm", cwd=tmp_path)
    assert done.returncode == 0, done.stdout
    checked = tests_support.run("check", "composed.wasm", cwd=tmp_path)
    assert checked.returncode == 0, checked.stdout


def test_what_cannot_be_made_says_why(tmp_path: Path) -> None:
    wit(tmp_path, "package a:b;\ninterface i { f: async func(); }\n")
    done = tests_support.run("stub", "i", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert "`f` is async" in done.stderr
    done = tests_support.run("stub", "a:b/other", cwd=tmp_path)
    assert done.returncode == 2
    assert "no WIT and no component declares `a:b/other`" in done.stderr
    assert not (tmp_path / "stub.wasm").exists()


PRIMITIVES = st.sampled_from("bool u8 s8 u16 s16 u32 s32 u64 s64 f32 f64 char string e v r".split())


def compound(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(
        inner.map("list<{}>".format),
        inner.map("option<{}>".format),
        st.tuples(inner, inner).map(lambda pair: f"tuple<{pair[0]}, {pair[1]}>"),
        st.tuples(inner, inner).map(lambda pair: f"result<{pair[0]}, {pair[1]}>"),
        inner.map("result<_, {}>".format),
    )


TYPES = st.recursive(PRIMITIVES, compound, max_leaves=8)


@given(st.lists(st.tuples(st.lists(TYPES, max_size=6), TYPES), min_size=1, max_size=4))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_signature_is_flattened_as_wasm_tools_wants(
    tmp_path_factory: pytest.TempPathFactory, functions: list[tuple[list[str], str]]
) -> None:
    """wasm-tools refuses a component whose core functions have another type than the canonical ABI says."""
    folder = tmp_path_factory.mktemp("any")
    lines = [
        f"  f{n}: func({', '.join(f'p{i}: {t}' for i, t in enumerate(params))}) -> {result};"
        for n, (params, result) in enumerate(functions)
    ]
    text = "\n".join(
        [
            "package a:b;",
            "interface i {",
            "  enum e { x, not-supported }",
            "  variant v { n(u64), s(string), not-supported }",
            "  record r { a: u8, b: f64, c: string }",
            *lines,
            "}",
        ]
    )
    wit(folder, text)
    made = stub(["i"], (), "stub.wasm", folder, Catalog(), Toolchain())
    assert made.size == (folder / "stub.wasm").stat().st_size
    _, _, call = instance(folder / "stub.wasm")
    for function in made.functions:
        params, _ = functions[int(function.function.removeprefix("f"))]
        if function.answer and not params:
            assert error(call("a:b/i", function.function)) == "not-supported"
