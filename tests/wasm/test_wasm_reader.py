"""The section walker says what wasm-tools says, on every component at hand and on every broken one."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from wasmdoctor.model.wasm import Component, Extern, ExternKind
from wasmdoctor.readers.wasm import (
    BytesSource,
    FileSource,
    WasmKind,
    preamble,
    read_component,
    read_core_module,
)

Wat = Callable[[str], bytes]
Tool = Callable[..., bytes]

TYPES = """
package a:b@0.1.0;
interface types {
  resource r { constructor(x: u32); m: func(a: string) -> result<list<u8>, e>; s: static func() -> option<r>; }
  enum e { x, y }
  record p { a: u32, b: list<string> }
  flags fl { one, two }
  variant v { none, some(p) }
  type t = tuple<u8, f64, char>;
}
interface f {
  use types.{r, e};
  f: func(x: borrow<r>, y: tuple<u32, string>) -> result<r, e>;
  g: async func(x: stream<u8>) -> future<string>;
  h: func() -> result<_, e>;
  i: func(x: result, y: option<list<e>>);
}
interface only-types { record q { a: u8 } }
world w {
  import types;
  import f;
  import only-types;
  import plain: func(a: u8) -> u8;
  import inline: interface { z: func(); }
  use types.{p};
  export run: func(p: p) -> string;
}
world x {
  export types;
  export f;
}
"""

HAND_WRITTEN = {
    "empty": "(component)",
    "names": """(component
        (import "plain-name" (func))
        (import "a:b/c@1.2.3-rc.1+build.5" (instance (export "f" (func (param "x" u32) (result string)))))
        (import "x" (implements "a:b/c@1.0.0") (instance (export "g" (func))))
        (import "url=<https://x.example/a>" (func))
        (import "integrity=<sha256-abc>" (component))
        (import "locked-dep=<a:b@1.2.3>" (component (import "x" (func)) (export "y" (func))))
        (import "unlocked-dep=<a:b@{>=1.2.3}>" (component))
        (import "m" (core module (import "a" "b" (func (param i32))) (export "c" (memory 1))))
        (import "resource" (type (sub resource)))
        (import "structure" (type (eq 0))))""",
    "every kind of export": """(component
        (core module $m (func (export "f")))
        (core instance $i (instantiate $m))
        (func $f (canon lift (core func $i "f")))
        (type $t (record (field "a" u8)))
        (component $c (export "t" (type $t)))
        (instance $n (export "f" (func $f)))
        (export "module" (core module $m))
        (export "function" (func $f))
        (export "structure" (type $t))
        (export "component" (component $c))
        (export "instance" (instance $n)))""",
    "nested, with aliases": """(component
        (import "a:b/host@1.0.0" (instance $h (export "r" (type (sub resource)))
            (export "f" (func (param "x" u32)))))
        (alias export $h "r" (type $r))
        (component $inner
          (import "f" (func $f (param "x" u32)))
          (component $deep (import "g" (func $g (param "x" u32))) (export "again" (func $g)))
          (instance $d (instantiate $deep (with "g" (func $f))))
          (export "passed" (func $d "again")))
        (alias export $h "f" (func $f))
        (instance $i (instantiate $inner (with "f" (func $f))))
        (export "a:b/out@1.0.0" (instance $i)))""",
    "core types and async": """(component
        (core type $m (module (type (func (param i32 f64) (result v128))) (import "a" "b" (func (type 0)))
           (import "a" "t" (table 1 funcref)) (import "a" "g" (global (mut i64))) (export "m" (memory 1 2))))
        (import "m" (core module (type $m)))
        (import "f" (func async (param "s" (stream u8)) (result (future string))))
        (type (component (import "a" (func)) (export "b" (func)) (type (list u8))))
        (import "i" (instance
            (export "v" (type (sub resource)))
            (type $k (variant (case "a" u8) (case "b")))
            (export "k" (type (eq $k)))
            (export "f" (func (param "x" (own 0)) (param "y" (borrow 0)) (result (list u8)))))))""",
}


@pytest.fixture(scope="module")
def binaries(
    wat: Wat, dummy: Callable[..., bytes], python_component: Path, js_component: Path
) -> dict[str, bytes]:
    made = {name: wat(text) for name, text in HAND_WRITTEN.items()}
    made["imports of every type"] = dummy(TYPES, "w")
    made["exports of every type"] = dummy(TYPES, "x")
    made["componentize-py"] = python_component.read_bytes()
    made["componentize-js"] = js_component.read_bytes()
    return made


def read(data: bytes) -> Component:
    return read_component(BytesSource(data), "x.wasm")


def told_by_wasm_tools(text: bytes) -> dict[str, dict[str, tuple[list[str], list[str], list[str]]]]:
    """``imports`` and ``exports``: name -> (functions, resources, other types), from the JSON of a component."""
    doc = json.loads(text)
    types = doc["types"]

    def is_resource(index: int, side: str) -> bool:
        kind = types[index]["kind"]
        while side == "exports" and isinstance(kind, dict) and isinstance(kind.get("type"), int):
            kind = types[kind["type"]]["kind"]
        return kind == "resource"

    def interface(name: str, index: int, side: str) -> tuple[str, tuple[list[str], list[str], list[str]]]:
        face = doc["interfaces"][index]
        if face["name"] is not None:
            package, _, version = doc["packages"][face["package"]]["name"].partition("@")
            name = f"{package}/{face['name']}" + (f"@{version}" if version else "")
        named = face["types"].items()
        return name, (
            sorted(face["functions"]),
            sorted(n for n, i in named if is_resource(i, side)),
            sorted(n for n, i in named if not is_resource(i, side)),
        )

    result: dict[str, dict[str, tuple[list[str], list[str], list[str]]]] = {"imports": {}, "exports": {}}
    for side, items in result.items():
        for name, item in doc["worlds"][0][side].items():
            match item:
                case {"interface": {"id": index}}:
                    full, content = interface(name, index, side)
                    items[full] = content
                case {"function": _}:
                    items[name] = ([name], [], [])
                case {"type": index}:
                    items[name] = ([], [name] if is_resource(index, side) else [], [])
    return result


def saved(folder: Path, data: bytes) -> Path:
    path = folder / "x.wasm"
    path.write_bytes(data)
    return path


def content(extern: Extern) -> tuple[list[str], list[str], list[str]]:
    return (
        sorted(function.name for function in extern.functions),
        sorted(extern.resources),
        sorted(extern.types),
    )


@pytest.mark.parametrize(
    "name", ["imports of every type", "exports of every type", "componentize-py", "componentize-js"]
)
def test_agrees_with_wasm_tools(
    name: str, binaries: dict[str, bytes], wasm_tools: Tool, tmp_path: Path
) -> None:
    told = told_by_wasm_tools(wasm_tools("component", "wit", "--json", saved(tmp_path, binaries[name])))
    component = read(binaries[name])
    assert component.problems == ()
    assert {i.name: content(i) for i in component.imports} == told["imports"]
    assert {e.name: content(e) for e in component.exports} == told["exports"]
    assert all(function.signature for extern in component.imports for function in extern.functions)


def test_producers_agree_with_wasm_tools(binaries: dict[str, bytes], wasm_tools: Tool) -> None:
    for data in binaries.values():
        told = json.loads(wasm_tools("metadata", "show", "--json", "-", stdin=data))
        (body,) = told.values()
        producers = {field: tuple(values.items()) for field, values in body["metadata"]["producers"] or []}
        assert dict(read(data).producers) == producers


def test_names_and_kinds(binaries: dict[str, bytes]) -> None:
    names = read(binaries["names"])
    assert [(i.name, i.kind.value, i.needs_provider) for i in names.imports] == [
        ("plain-name", "func", True),
        ("a:b/c@1.2.3-rc.1+build.5", "instance", True),
        ("x", "instance", True),
        ("url=<https://x.example/a>", "func", True),
        ("integrity=<sha256-abc>", "component", True),
        ("locked-dep=<a:b@1.2.3>", "component", True),
        ("unlocked-dep=<a:b@{>=1.2.3}>", "component", True),
        ("m", "module", True),
        ("resource", "type", True),
        ("structure", "type", False),
    ]
    assert names.imports[2].implements == "a:b/c@1.0.0"
    assert names.imports[1].functions[0].signature == "func(x: u32) -> string"

    exports = read(binaries["every kind of export"]).exports
    assert [(e.name, e.kind.value) for e in exports] == [
        ("module", "module"),
        ("function", "func"),
        ("structure", "type"),
        ("component", "component"),
        ("instance", "instance"),
    ]
    assert [f.name for f in exports[-1].functions] == ["f"]


def test_exports_of_nested_components_are_followed(binaries: dict[str, bytes]) -> None:
    (export,) = read(binaries["nested, with aliases"]).exports
    assert export.kind is ExternKind.INSTANCE
    assert [(f.name, f.signature) for f in export.functions] == [("passed", "func(x: u32)")]


def test_signatures_read_as_wit(binaries: dict[str, bytes]) -> None:
    functions = {
        f"{extern.name}#{function.name}": function.signature
        for extern in read(binaries["imports of every type"]).imports
        for function in extern.functions
    }
    assert functions["a:b/types@0.1.0#[method]r.m"] == (
        "func(self: borrow<r>, a: string) -> result<list<u8>, e>"
    )
    assert functions["a:b/f@0.1.0#g"] == "async func(x: stream<u8>) -> future<string>"
    assert functions["a:b/f@0.1.0#h"] == "func() -> result<_, e>"
    assert functions["a:b/f@0.1.0#i"] == "func(x: result, y: option<list<e>>)"


def test_hand_written_components_are_read_whole(binaries: dict[str, bytes], wasm_tools: Tool) -> None:
    for name, data in binaries.items():
        if name != "names":  # 1.262 parses url and hash names and then calls them invalid
            wasm_tools("validate", "--features", "all", "-", stdin=data)
        component = read(data)
        assert component.problems == (), name
        assert all(extern.typed for extern in component.imports), name


def test_only_what_a_linker_must_define_needs_a_provider(wat: Wat) -> None:
    component = read(
        wat("""(component
        (import "a:b/defines@1.0.0" (instance $i (export "r" (type (sub resource)))))
        (alias export $i "r" (type $r))
        (import "a:b/takes-over@1.0.0" (instance (alias outer 1 $r (type $q)) (export "r" (type (eq $q)))))
        (import "a:b/empty@1.0.0" (instance))
        (import "a:b/inner-empty@1.0.0" (instance (export "i" (instance))))
        (import "a:b/inner@1.0.0" (instance (export "i" (instance (export "f" (func)))))))""")
    )
    assert [(i.name.partition("@")[0], i.needs_provider) for i in component.imports] == [
        ("a:b/defines", True),
        ("a:b/takes-over", False),
        ("a:b/empty", False),
        ("a:b/inner-empty", False),
        ("a:b/inner", True),
    ]


def test_a_core_module(wat: Wat) -> None:
    module = read_core_module(
        BytesSource(
            wat("""(module
            (import "wasi_snapshot_preview1" "fd_write" (func (param i32 i32 i32 i32) (result i32)))
            (import "env" "t" (table 1 10 externref)) (import "env" "m" (memory i64 1))
            (import "env" "g" (global (ref null func))) (import "env" "e" (tag (param i32)))
            (func (export "_start")) (memory (export "memory") 1)
            (@custom "component-type:x" "abc"))""")
        ),
        "m.wasm",
    )
    assert module.problems == ()
    assert [i.kind for i in module.imports] == ["func", "table", "memory", "global", "tag"]
    assert [(e.name, e.kind) for e in module.exports] == [("_start", "func"), ("memory", "memory")]
    assert "component-type:x" in {section.name for section in module.custom_sections}


def test_preamble() -> None:
    assert preamble(b"\0asm\x0d\0\x01\0") is WasmKind.COMPONENT
    assert preamble(b"\0asm\x01\0\0\0") is WasmKind.MODULE
    assert preamble(b"\0asm\x0e\0\x01\0") is WasmKind.UNKNOWN
    assert preamble(b"\0asm") is WasmKind.UNKNOWN
    assert preamble(b"") is WasmKind.NOT_WASM


def test_a_large_component_is_read_by_its_headers(python_component: Path) -> None:
    class Counting(FileSource):
        total = 0

        def read(self, offset: int, count: int) -> bytes:
            data = super().read(offset, count)
            self.total += len(data)
            return data

    descriptor = os.open(python_component, os.O_RDONLY)
    try:
        source = Counting(descriptor)
        assert read_component(source, "x").problems == ()
        assert source.size > 10_000_000
        assert source.total < source.size / 50
    finally:
        os.close(descriptor)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_broken_components_give_problems_and_never_raise(
    binaries: dict[str, bytes], data: st.DataObject
) -> None:
    whole = binaries[
        data.draw(
            st.sampled_from([n for n in sorted(binaries) if not n.startswith(("componentize", "empty"))])
        )
    ]
    broken = bytearray(whole)
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(8, len(broken) - 1))
        broken[at] = data.draw(st.integers(0, 255))
    if data.draw(st.booleans()):
        del broken[data.draw(st.integers(8, len(broken))) :]
    component = read(bytes(broken))
    for problem in component.problems:
        assert "at byte 0x" in problem.message
    read_core_module(BytesSource(bytes(broken)), "x.wasm")


def test_every_truncation_is_a_problem_or_ends_at_a_section(binaries: dict[str, bytes]) -> None:
    data = binaries["names"]
    whole = read(data)
    for size in range(8, len(data)):
        part = read(data[:size])
        assert part.problems or part.imports == whole.imports[: len(part.imports)]
    assert any("cut off" in p.message for p in read(data[:-3]).problems)


def test_nesting_and_counts_are_bounded() -> None:
    deep = b"\x42\x01\x01" * 200
    section = b"\x01" + deep
    problems = read(_component(b"\x07" + _leb(len(section)) + section)).problems
    assert "nested deeper" in problems[0].message
    huge = b"\x0a\x05\xff\xff\xff\xff\x0f"
    assert "announced" in read(_component(huge)).problems[0].message
    overlong = b"\x0a\x06\xff\xff\xff\xff\xff\x0f"
    assert "longer than 32 bits" in read(_component(overlong)).problems[0].message
    assert "no component section" in read(_component(b"\x63\x00")).problems[0].message


def test_types_that_double_stay_small() -> None:
    # tuple<t, t> a hundred times over would be 2^100 characters if it were written out.
    types = b"\x6f\x02\x7d\x7d" + b"".join(b"\x6f\x02" + _leb(i) * 2 for i in range(100))
    section = _leb(101) + types
    function = b"\x01\x40\x01\x01x" + _leb(100) + b"\x01\x00"
    name = b"\x01\x00\x01f\x01" + _leb(101)
    data = _component(
        b"\x07" + _leb(len(section)) + section
        + b"\x07" + _leb(len(function)) + function
        + b"\x0a" + _leb(len(name)) + name
    )  # fmt: skip
    component = read(data)
    assert component.problems == ()
    assert len(component.imports[0].functions[0].signature) <= 4096


def _component(body: bytes) -> bytes:
    return b"\0asm\x0d\0\x01\0" + body


def _leb(value: int) -> bytes:
    out = bytearray()
    while True:
        value, low = value >> 7, value & 0x7F
        out.append(low | (0x80 if value else 0))
        if not value:
            return bytes(out)
