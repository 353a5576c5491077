"""Components built here from Rust and C: the same calls as printed, and the wiring that the names tell."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable

import pytest
from rust import workspaces

from wasmdoctor.model.artifact import ModuleRole
from wasmdoctor.model.calls import ComponentCode, FunctionId, RootKind
from wasmdoctor.readers.code import read_code
from wasmdoctor.readers.wasm import BytesSource

Same = Callable[[bytes], ComponentCode]
Agree = Callable[[bytes, ComponentCode], None]

pytestmark = pytest.mark.rust

C_WIT = """\
package shop:c;
world shop {
  import shop:net/price@0.1.0;
  export total: func(n: s32) -> s32;
  export direct: func(n: s32) -> s32;
}
package shop:net@0.1.0 { interface price { unit: func() -> s32; discount: func(n: s32) -> s32; } }
"""
C_SOURCE = """\
#include <stdio.h>
__attribute__((import_module("shop:net/price@0.1.0"), import_name("unit"))) int unit(void);
__attribute__((import_module("shop:net/price@0.1.0"), import_name("discount"))) int discount(int);
typedef int (*rule)(int);
__attribute__((noinline)) int full(int n) { return n * unit(); }
__attribute__((noinline)) int cheap(int n) { return discount(n); }
static rule rules[] = {full, cheap};
__attribute__((constructor)) static void greet(void) { puts("hello"); }
__attribute__((export_name("total"))) int total(int n) { return rules[n & 1](n); }
__attribute__((export_name("direct"))) int direct(int n) { return full(n) + 1; }
"""


@pytest.fixture(scope="module")
def c_component(tmp_path_factory: pytest.TempPathFactory, wasm_tools: Callable[..., bytes]) -> bytes:
    """A component made from C with Debian's clang and wasi-libc (tests/tools/setup.sh installs them)."""
    folder = tmp_path_factory.mktemp("c")
    (folder / "app.c").write_text(C_SOURCE)
    (folder / "app.wit").write_text(C_WIT)
    clang = shutil.which("clang-19") or shutil.which("clang")
    linker = shutil.which("wasm-ld-19") or shutil.which("wasm-ld")
    assert clang, "no clang: run tests/tools/setup.sh"
    assert linker, "no wasm-ld: run tests/tools/setup.sh"
    command = [
        clang,
        "--target=wasm32-wasi",
        "-mexec-model=reactor",
        "-O2",
        f"-fuse-ld={linker}",
        "app.c",
        "-o",
        "c.wasm",
    ]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    wasm_tools("component", "embed", folder / "app.wit", folder / "c.wasm", "-o", folder / "embedded.wasm")
    adapter = f"wasi_snapshot_preview1={workspaces._adapter()}"
    return wasm_tools("component", "new", folder / "embedded.wasm", "--adapt", adapter)


def test_c(c_component: bytes, same: Same, assert_names_agree: Agree) -> None:
    code = same(c_component)
    assert_names_agree(c_component, code)
    main = code.modules[0]
    assert [module.role for module in code.modules] == [
        ModuleRole.MAIN,
        ModuleRole.ADAPTER,
        ModuleRole.SHIM,
        ModuleRole.FIXUPS,
    ]
    places = {item.function: item.at for item in code.imports if item.name == "shop:net/price@0.1.0"}
    roots = {(root.kind, root.name): root.at for root in code.roots}

    def named(functions: object) -> set[str]:
        assert isinstance(functions, list | tuple)
        return {main.names[index] for module, index in functions if module == 0}

    certain, possible = code.callees(roots[RootKind.EXPORT, "total"])
    assert named(possible) >= {"full", "cheap"}
    assert "full" not in named(certain)
    assert named(code.callees(roots[RootKind.EXPORT, "direct"])[0]) == {"full"}
    (full,) = [index for index, name in main.names.items() if name == "full"]
    assert set(code.callees((0, full))[0]) == set(places["unit"])
    # The constructor is run by _initialize, which the fixups start.
    constructor = roots[RootKind.CONSTRUCTOR, ""]
    assert main.names[constructor[1]] == "_initialize"
    assert "greet" in {
        main.names.get(index, "") for module, index in walk(code.callees, constructor) if module == 0
    }


def walk(callees: Callable, start: FunctionId) -> set[FunctionId]:  # type: ignore[type-arg]
    """All functions that one reaches for certain."""
    seen, queue = {start}, [start]
    while queue:
        new = set(callees(queue.pop())[0]) - seen
        seen |= new
        queue += new
    return seen


@pytest.mark.parametrize("target", workspaces.TARGETS)
def test_every_workspace(target: str, same: Same, assert_names_agree: Agree) -> None:
    seen = 0
    for case in workspaces.cases():
        components = workspaces.build(case, target, "release")
        for component in components:
            binary = component.path.read_bytes()
            assert_names_agree(binary, same(binary))
            seen += 1
        for composition in workspaces.compositions(components):
            same(composition.path.read_bytes())
    assert seen >= 30


def test_a_debug_build(same: Same, assert_names_agree: Agree) -> None:
    (component,) = workspaces.build("single-crate", "wasm32-wasip2", "debug")
    binary = component.path.read_bytes()
    code = same(binary)
    assert_names_agree(binary, code)
    assert any(custom.name == ".debug_line" for module in code.modules for custom in module.customs)
    main = next(module for module in code.modules if module.role is ModuleRole.MAIN)
    assert len(main.names) == main.count


def test_a_path_of_certain_calls_to_the_binding() -> None:
    (component,) = workspaces.build("single-crate", "wasm32-wasip2", "release")
    code = read_code(BytesSource(component.path.read_bytes()), "it.wasm")
    root = next(root for root in code.roots if root.kind is RootKind.EXPORT)
    reached = walk(code.callees, root.at)
    assert any(at in reached for item in code.imports for at in item.at)
