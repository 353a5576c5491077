"""Core imports with their names: which import of the component each is, and who declares it."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pace import least

from wasmdoctor.model.artifact import CoreTarget, ModuleCalls, ModuleRole
from wasmdoctor.model.wasm import Component
from wasmdoctor.readers.artifacts import core_target, module_worlds, read_calls
from wasmdoctor.readers.wasm import BytesSource, FileSource, read_component

Convert = Callable[[bytes], bytes]

ASYNC = """
package a:b@1.2.0;
interface store {
  resource bucket { get: func(k: string) -> option<list<u8>>; s: async func(x: stream<u8>) -> future<string>; }
}
world w {
  import store;
  import inner: interface { f: func(); g: async func(a: stream<string>); }
  export store;
  export go: async func();
}
"""


def read(data: bytes) -> tuple[Component, tuple[ModuleCalls, ...]]:
    return read_component(BytesSource(data), "c.wasm"), read_calls(BytesSource(data), "c.wasm")


def check_same_functions(component: Component, modules: tuple[ModuleCalls, ...]) -> None:
    """wit-component keeps exactly the functions that core modules import: both sides must agree."""
    called = {
        (call.interface, call.function)
        for module in modules
        for call in module.calls
        if call.target is CoreTarget.IMPORT and not call.function.startswith("[resource-drop]")
    }
    kept = {(extern.name, f.name) for extern in component.imports for f in extern.functions}
    assert called == kept
    assert called


@pytest.mark.parametrize(
    "flags",
    [
        ["--dummy-names", "legacy"],
        ["--dummy-names", "standard32"],
        ["--dummy-names", "legacy", "--emit-canonical-names"],
    ],
)
def test_core_imports_are_the_component_s(
    flags: list[str], embed: Callable[..., bytes], component: Convert, app_wit: str
) -> None:
    module = embed(app_wit, "app", *flags)
    check_same_functions(*read(component(module)))
    # The same from the module alone, which does not know the component yet.
    (before,) = module_worlds(BytesSource(module), "m.wasm").worlds
    names = [extern.name for extern in before.imports]
    (calls,) = read_calls(BytesSource(module), "m.wasm", imports=names)
    targets = {call.target for call in calls.calls}
    assert targets == {CoreTarget.IMPORT, CoreTarget.BUILT_IN}
    assert {call.interface for call in calls.calls if call.target is CoreTarget.IMPORT} <= set(names)


@pytest.mark.parametrize("mode", ["--async-callback", "--async-stackful"])
def test_async_built_ins_need_no_import(mode: str, embed: Callable[..., bytes], component: Convert) -> None:
    found, modules = read(component(embed(ASYNC, "w", "--dummy-names", "legacy", mode)))
    check_same_functions(found, modules)
    built_in = [c for c in modules[0].calls if c.target is CoreTarget.BUILT_IN]
    assert {"[waitable-set-new]", "[task-return]go", "[resource-rep]bucket"} <= {c.function for c in built_in}
    assert {c.interface for c in built_in} == {"", "inner", "a:b/store@1.2.0"}


def test_roles_by_name_and_by_shape(
    embed: Callable[..., bytes], component: Convert, wasm_tools: Callable[..., bytes], app_wit: str
) -> None:
    made = component(embed(app_wit, "app"))
    roles = [ModuleRole.MAIN, ModuleRole.SHIM, ModuleRole.FIXUPS]
    assert [module.role for module in read(made)[1]] == roles
    stripped = wasm_tools("strip", "-a", "-", stdin=made)
    _, modules = read(stripped)
    assert [module.role for module in modules] == roles
    assert not any(module.named for module in modules)
    assert {call.symbol for module in modules for call in module.calls} == {""}


IMPORTS = ["a:b/c@0.2.3", "a:b/d@1.4.0", "a:b/pre@1.0.0-rc.1", "plain", "fun", "[method]r.m", "r"]


@pytest.mark.parametrize(
    ("module", "field", "wanted"),
    [
        ("a:b/c@0.2.3", "f", (CoreTarget.IMPORT, "a:b/c@0.2.3", "f")),
        ("a:b/c@0.2.0", "f", (CoreTarget.IMPORT, "a:b/c@0.2.3", "f")),
        ("a:b/c@0.3.0", "f", (CoreTarget.UNKNOWN, "", "f")),
        ("a:b/d@1.0.0", "[async-lower]f", (CoreTarget.IMPORT, "a:b/d@1.4.0", "f")),
        ("a:b/pre@1.0.0-rc.1", "f", (CoreTarget.IMPORT, "a:b/pre@1.0.0-rc.1", "f")),
        ("a:b/pre@1.0.0-rc.2", "f", (CoreTarget.UNKNOWN, "", "f")),
        ("a:b/c@0.2.3", "[stream-read-0]f", (CoreTarget.BUILT_IN, "a:b/c@0.2.3", "[stream-read-0]f")),
        ("a:b/c@0.2.3", "[resource-drop]r", (CoreTarget.IMPORT, "a:b/c@0.2.3", "[resource-drop]r")),
        ("[export]a:b/c@0.2.3", "[resource-new]r", (CoreTarget.BUILT_IN, "", "[resource-new]r")),
        ("plain", "f", (CoreTarget.IMPORT, "plain", "f")),
        ("$root", "fun", (CoreTarget.IMPORT, "fun", "fun")),
        ("$root", "[method]r.m", (CoreTarget.IMPORT, "[method]r.m", "[method]r.m")),
        ("$root", "[resource-drop]r", (CoreTarget.IMPORT, "r", "[resource-drop]r")),
        ("$root", "[waitable-join]", (CoreTarget.BUILT_IN, "", "[waitable-join]")),
        ("[export]$root", "[task-return]f", (CoreTarget.BUILT_IN, "", "[task-return]f")),
        ("cm32p2|a:b/c@0.2", "f", (CoreTarget.IMPORT, "a:b/c@0.2.3", "f")),
        ("cm32p2|a:b/d@1", "r_drop", (CoreTarget.IMPORT, "a:b/d@1.4.0", "[resource-drop]r")),
        ("cm32p2|plain", "f", (CoreTarget.IMPORT, "plain", "f")),
        ("cm32p2|_ex_a:b/c@0.2", "r_new", (CoreTarget.BUILT_IN, "", "r_new")),
        ("cm32p2", "fun", (CoreTarget.IMPORT, "fun", "fun")),
        ("cm32p2", "r_drop", (CoreTarget.IMPORT, "r", "[resource-drop]r")),
        ("wasi_snapshot_preview1", "fd_write", (CoreTarget.ADAPTER, "", "fd_write")),
        ("env", "malloc", (CoreTarget.INTERNAL, "", "malloc")),
        ("libc.so", "malloc", (CoreTarget.INTERNAL, "", "malloc")),
    ],
)
def test_targets(module: str, field: str, wanted: tuple[CoreTarget, str, str]) -> None:
    assert core_target(module, field, IMPORTS) == wanted


def test_targets_of_a_module_whose_component_is_not_known() -> None:
    assert core_target("a:b/c@0.2.0", "f") == (CoreTarget.IMPORT, "a:b/c@0.2.0", "f")
    assert core_target("$root", "[method]r.m") == (CoreTarget.IMPORT, "[method]r.m", "[method]r.m")
    assert core_target("$root", "[waitable-join]")[0] is CoreTarget.BUILT_IN
    assert core_target("plain", "f")[0] is CoreTarget.UNKNOWN


def module_with_names(make: Any, names: list[str], more: int = 0) -> bytes:
    """A module that imports a function for each name, and has ``more`` of its own, all of them named."""
    imports = b"".join(make.name("a:b/c@0.2.0") + make.name(f"f{i}") + b"\0\0" for i in range(len(names)))
    listed = [*names, *(f"own_{i}" for i in range(more))]
    table = make.leb(len(listed)) + b"".join(make.leb(i) + make.name(name) for i, name in enumerate(listed))
    data: bytes = make.module + make.section(1, b"\x01\x60\0\0")
    data += make.section(2, make.leb(len(names)) + imports)
    data += make.custom("name", make.section(0, make.name("main.wasm")) + make.section(1, table))
    return data


def test_names_name_the_crate(make: Any) -> None:
    names = ["_RNvNtC4shop3net11wit_import0", "fd_write", "_ZN4core3net10wit_import17h0123456789abcdefE"]
    (module,) = read_calls(BytesSource(module_with_names(make, names)), "m.wasm")
    assert (module.name, module.role, module.named) == ("main.wasm", ModuleRole.MAIN, True)
    assert [call.symbol for call in module.calls] == names
    assert [call.rust and (call.rust.crate, call.rust.path) for call in module.calls] == [
        ("shop", "shop::net::wit_import0"),
        None,
        ("core", "core::net::wit_import"),
    ]


def test_only_the_imports_names_are_read(make: Any) -> None:
    class Counting(BytesSource):
        total = 0

        def read(self, offset: int, count: int) -> bytes:
            data = super().read(offset, count)
            self.total += len(data)
            return data

    source = Counting(module_with_names(make, ["_RNvC4shop1f"], more=200_000))
    (module,) = read_calls(source, "m.wasm")
    assert module.calls[0].rust
    assert source.total < source.size / 10
    # Long lists of imports take further reads.
    many = [f"_RNvC4shop{len(name)}{name}" for name in (f"f{i}" for i in range(20_000))]
    (module,) = read_calls(BytesSource(module_with_names(make, many)), "m.wasm")
    assert [call.symbol for call in module.calls] == many


def test_broken_names_are_a_problem_and_the_imports_stay(make: Any) -> None:
    whole = module_with_names(make, ["_RNvC4shop1f"])
    broken = whole.replace(b"\x0c_RNv", b"\x7f_RNv")
    (module,) = read_calls(BytesSource(broken), "m.wasm")
    assert [call.field for call in module.calls] == ["f0"]
    assert not module.named
    (problem,) = module.problems
    assert "name section" in problem.message
    assert "at byte 0x" in problem.message


def test_modules_of_nested_components(wat: Callable[[str], bytes]) -> None:
    data = wat("""(component
      (component (import "a:b/c@0.2.3" (instance $i (export "f" (func))))
        (core func $f (canon lower (func $i "f")))
        (core module $m (import "a:b/c@0.2.0" "f" (func $named)))
        (core instance (instantiate $m (with "a:b/c@0.2.0" (instance (export "f" (func $f))))))))""")
    ((module,), _) = read_calls(BytesSource(data), "c.wasm"), None
    (call,) = module.calls
    assert (call.interface, call.function, call.symbol) == ("a:b/c@0.2.3", "f", "named")
    assert data[module.offset :][:8] == b"\0asm\x01\0\0\0"


def test_a_large_component_takes_tens_of_milliseconds(python_component: Path) -> None:
    descriptor = os.open(python_component, os.O_RDONLY)
    try:
        source = FileSource(descriptor)
        assert source.size > 10_000_000
        component = read_component(source, "c.wasm")
        seconds = least(5, lambda: read_calls(source, "c.wasm", component))
        modules = read_calls(source, "c.wasm", component)
    finally:
        os.close(descriptor)
    assert seconds < 0.2
    called = {c.interface for m in modules for c in m.calls if c.target is CoreTarget.IMPORT}
    assert {extern.name for extern in component.imports if extern.functions} <= called


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_broken_modules_never_raise(make: Any, data: st.DataObject) -> None:
    broken = bytearray(module_with_names(make, ["_RNvC4shop1f", "_ZN4shop1f17h0123456789abcdefE"]))
    for _ in range(data.draw(st.integers(1, 4))):
        broken[data.draw(st.integers(8, len(broken) - 1))] = data.draw(st.integers(0, 255))
    del broken[data.draw(st.integers(8, len(broken))) :]
    (module,) = read_calls(BytesSource(bytes(broken)), "m.wasm")
    assert all("at byte 0x" in problem.message for problem in module.problems)
