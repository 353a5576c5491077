"""The calls we read are the calls that ``wasm-tools print`` shows, function by function."""

from __future__ import annotations

import random
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import ROOT, WASM_TOOLS

from wasmdoctor.model.calls import ComponentCode, RootKind
from wasmdoctor.readers.code import read_code
from wasmdoctor.readers.wasm import BytesSource

Same = Callable[[bytes], ComponentCode]
Agree = Callable[[bytes, ComponentCode], None]
PREBUILT = sorted((ROOT / "fixtures/scheduler/prebuilt").glob("*.wasm"))


@pytest.mark.parametrize("path", PREBUILT, ids=lambda path: path.name)
def test_prebuilt(path: Path, same: Same) -> None:
    code = same(path.read_bytes())
    assert code.roots
    assert code.imports


def test_python(python_component: Path, same: Same) -> None:
    same(python_component.read_bytes())


def test_javascript(js_component: Path, same: Same) -> None:
    same(js_component.read_bytes())


@pytest.mark.parametrize("path", PREBUILT, ids=lambda path: path.name)
def test_wiring_agrees_with_names(path: Path, assert_names_agree: Agree) -> None:
    binary = path.read_bytes()
    assert_names_agree(binary, read_code(BytesSource(binary), "it.wasm"))


def test_wiring_agrees_with_names_in_large_components(
    python_component: Path, js_component: Path, assert_names_agree: Agree
) -> None:
    for path in (python_component, js_component):
        binary = path.read_bytes()
        assert_names_agree(binary, read_code(BytesSource(binary), "it.wasm"))


def test_names_sizes_and_offsets(wasm_tools: Callable[..., bytes]) -> None:
    """Each function has the name and stands where wasm-tools says, and the bodies fill the code section."""
    path = PREBUILT[0]
    code = read_code(BytesSource(path.read_bytes()), "it.wasm")
    main = code.modules[0]
    text = wasm_tools("print", "--print-offsets", path).decode()
    first = text[: text.index("(core module", text.index("(core module") + 1)]
    line = re.compile(r"^\(;@([0-9a-f]+) *;\) +\(func \$(\S+) \(;(\d+);\)", re.MULTILINE)
    shown = {int(index): (int(offset, 16), name) for offset, name, index in line.findall(first)}
    assert len(shown) > len(main.sizes) / 2  # those whose name needs no quotes
    assert all(index >= len(main.imports) for index in shown)
    for index, (offset, name) in shown.items():
        number = index - len(main.imports)
        assert main.code_offset + main.offsets[number] == offset
        assert name == main.names[index]
    ends = [offset + size for offset, size in zip(main.offsets, main.sizes, strict=True)]
    for end, offset in zip(ends, main.offsets[1:], strict=False):
        assert 1 <= offset - end <= 5  # the size of the next
    # "code | 0x1ced - 0x17b51 | 88676 bytes | 419 count": the payload from after the count of functions on.
    listed = wasm_tools("objdump", path).decode()
    assert f" {main.code_offset:#x} - " in " ".join(listed.split())


SWITCHES = (
    "exceptions gc compact-imports custom-descriptors custom-page-sizes memory64 relaxed-simd simd tail-call threads "
    "wide-arithmetic extended-const bulk-memory reference-types multi-value saturating-float-to-int sign-extension-ops "
    "shared-everything-threads"
).split()


@pytest.mark.parametrize("seed", range(24))
def test_generated_modules(seed: int, same: Same) -> None:
    rng = random.Random(seed)
    on = {name: rng.random() < 0.8 for name in SWITCHES}
    on["gc"] |= on["custom-descriptors"]
    command = [
        str(WASM_TOOLS),
        "smith",
        *(f"--{name}-enabled={str(value).lower()}" for name, value in on.items()),
    ]
    command += [
        "--min-funcs=5",
        "--max-funcs=20",
        "--max-instructions=400",
        "--max-tables=4",
        "--max-memories=3",
    ]
    command += ["--min-element-segments=2", f"--min-uleb-size={rng.choice((1, 1, 2, 5))}"]
    made = subprocess.run(command, input=rng.randbytes(6000), capture_output=True, check=True)
    same(made.stdout)


ALL_KINDS = """
(module
  (type $t (func (param i32) (result i32)))
  (type $v (func))
  (type $s (struct (field (mut i32)) (field (ref null $t))))
  (type $a (array (mut i32)))
  (import "m" "f" (func $f (type $t)))
  (tag $tag (param i32))
  (memory $one 1) (memory $two i64 1)
  (table $t1 10 funcref) (table $t2 10 (ref null $t))
  (elem $e declare func $g $h)
  (elem $p func $g)
  (elem (table $t1) (i32.const 1) func $g $h $f)
  (elem (table $t2) (i32.const 0) (ref null $t) (ref.func $g) (ref.null $t))
  (func $g (type $t) (return_call $f (local.get 0)))
  (func $h (type $t) (return_call_indirect $t1 (type $t) (local.get 0) (i32.const 16)))
  (func $refs (drop (call_ref $t (i32.const 1) (ref.func $g))))
  (func $tail (result i32) (return_call_ref $t (i32.const 1) (ref.func $h)))
  (func $catches
    (block $b (result i32)
      (try_table (result i32) (catch $tag $b) (catch_all 1) (call $g (i32.const 16))))
    drop)
  (func $throws (throw $tag (call $f (i32.const 4112))))
  (func $vectors
    (drop (i8x16.shuffle 16 16 16 1 2 3 4 5 6 7 8 9 10 11 12 13 (v128.const i32x4 0x10101010 1 2 3) (v128.const i64x2 0x1010101010101010 2)))
    (v128.store32_lane offset=16 3 (i32.const 0) (v128.const f32x4 1 2 3 4))
    (drop (i32x4.relaxed_trunc_f32x4_s (v128.const f32x4 1 2 3 4)))
    (drop (i8x16.extract_lane_u 15 (v128.const i64x2 1 2))) (call $catches))
  (func $memories
    (i32.store $one offset=4112 (i32.const 16) (i32.load $two offset=16 align=1 (i64.const 4112)))
    (memory.copy $two $one (i64.const 0) (i32.const 0) (i32.const 16))
    (drop (i32.atomic.rmw.add $one offset=16 (i32.const 0) (i32.const 1))) (atomic.fence)
    (drop (memory.atomic.notify $one (i32.const 0) (i32.const 16))) (call $memories))
  (func $objects (param $o anyref)
    (struct.set $s 0 (struct.new $s (i32.const 16) (ref.func $g)) (call $g (i32.const 16)))
    (drop (array.new_fixed $a 2 (i32.const 16) (i32.const 17)))
    (block $no (result anyref)
      (drop (br_on_cast_fail $no anyref (ref $a) (local.get $o))) (call $objects (local.get $o)) (local.get $o))
    (drop (ref.test (ref null $s))) (drop (i31.get_s (ref.i31 (i32.const 16)))))
  (func $jumps (param i32)
    (block (block (block (br_table 0 1 2 1 0 1 2 1 0 1 2 2 2 1 1 0 (local.get 0)) ) (call $vectors)) (call $throws))
    (drop (select (result (ref null $t)) (ref.null $t) (ref.func $g) (local.get 0)))
    (drop (i64.const 0x1010101010101010)) (drop (f64.const 0x1.1010101010101p+1)) (drop (f32.const 16)))
  (func $tables
    (table.init $t1 $p (i32.const 0) (i32.const 0) (i32.const 1)) (elem.drop $p)
    (table.copy $t1 $t1 (i32.const 0) (i32.const 0) (i32.const 1))
    (drop (table.grow $t2 (ref.null $t) (i32.const 16))) (drop (table.size $t2))
    (drop (i32.trunc_sat_f64_s (f64.const 16))) (call $jumps (i32.const 16)))
  (func $legacy (i64.add128 (i64.const 1) (i64.const 2) (i64.const 3) (i64.const 4)) drop drop (call $tables))
  (start $tables)
  (export "g" (func $g)) (export "g2" (func $g)))
"""


def test_every_kind_of_instruction(wat: Callable[[str], bytes], same: Same) -> None:
    code = same(wat(ALL_KINDS))
    assert sum(len(row) for row in code.modules[0].calls) > 10


def test_legacy_exceptions(wat: Callable[[str], bytes], same: Same) -> None:
    same(
        wat("""
        (module
          (tag $t (param i32))
          (func $f try call $g catch $t drop call $h catch_all rethrow 0 end)
          (func $g try call $h delegate 0)
          (func $h (throw $t (i32.const 16))))
        """),
    )


def test_a_composed_component(
    dummy: Callable[..., bytes], wasm_tools: Callable[..., bytes], tmp_path: Path, same: Same
) -> None:
    interface = "interface price { unit: func(name: string) -> string; }"
    (tmp_path / "app.wasm").write_bytes(
        dummy(f"package shop:main; {interface} world app {{ import price; export total: func(); }}", "app")
    )
    (tmp_path / "prices.wasm").write_bytes(
        dummy(
            f"package shop:main; {interface} world prices {{ import log: func(); export price; }}", "prices"
        )
    )
    out = tmp_path / "out.wasm"
    wasm_tools("compose", tmp_path / "app.wasm", "-d", tmp_path / "prices.wasm", "-o", out)
    code = same(out.read_bytes())
    (link,) = [
        links for at, links in code.links.items() if code.modules[at[0]].imports[at[1]].field == "unit"
    ]
    ((module, function),) = link
    assert {"cm32p2|shop:main/price|unit"} == {
        name for name, index in code.modules[module].exports.items() if index == function
    }
    assert [root.name for root in code.roots if root.kind is RootKind.EXPORT] == ["total"]
