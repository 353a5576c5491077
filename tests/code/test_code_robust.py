"""Broken and hostile binaries: an answer or a clear problem, in time and in little memory."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT
from hypothesis import given, settings
from hypothesis import strategies as st

from wasmdoctor.model.calls import ANY_SIGNATURE, ANY_TABLE, ComponentCode, TableCall
from wasmdoctor.readers.code import read_code
from wasmdoctor.readers.wasm import BytesSource
from wasmdoctor.readers.wasm.sections import sections

HEAD = b"\0asm\1\0\0\0"
COMPONENT = b"\0asm\x0d\0\1\0"
SCHEDULER = (ROOT / "fixtures/scheduler/prebuilt/scheduler.wasm").read_bytes()
PACE = 40.0
"""Time for a file, as a multiple of what counting to five million takes; measured: 0.1 to 20."""


def leb(value: int) -> bytes:
    out = b""
    while value >= 0x80:
        out += bytes((value & 0x7F | 0x80,))
        value >>= 7
    return out + bytes((value,))


def section(id_: int, payload: bytes) -> bytes:
    return bytes((id_,)) + leb(len(payload)) + payload


def vector(items: list[bytes]) -> bytes:
    return leb(len(items)) + b"".join(items)


def custom(name: str, payload: bytes) -> bytes:
    return section(0, leb(len(name)) + name.encode() + payload)


def module(bodies: list[bytes], names: bytes = b"", elements: bytes = b"") -> bytes:
    """A module whose functions have no parameters; bodies are instructions with their end."""
    data = HEAD + section(1, b"\1\x60\0\0") + section(3, leb(len(bodies)) + bytes(len(bodies)))
    data += section(4, b"\1\x70\0\1") + (section(9, elements) if elements else b"")
    data += section(10, vector([leb(len(body) + 1) + b"\0" + body for body in bodies]))
    return data + (custom("name", names) if names else b"")


def function_names(items: list[tuple[int, bytes]]) -> bytes:
    return section(1, vector([leb(index) + leb(len(name)) + name for index, name in items]))


def read(data: bytes) -> ComponentCode:
    return read_code(BytesSource(data), "it.wasm")


CHILD = """
import json, re, sys, time
from pathlib import Path
from wasmdoctor.readers.code import read_code
from wasmdoctor.readers.wasm import FileSource

def busy(run):
    started = time.process_time()
    return run(), time.process_time() - started

_, pace = busy(lambda: sum(1 for _ in range(5_000_000)))
with open(sys.argv[1], "rb") as stream:
    code, seconds = busy(lambda: read_code(FileSource(stream.fileno()), "it.wasm"))
module = code.modules[0]
last = (0, module.count - 1)
print(json.dumps({
    "pace": seconds / pace,
    # Not getrusage: a process inherits the peak of the one that started it (Linux, exec of a vfork's child).
    "memory": int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) / 1024,
    "problems": [problem.message for problem in code.problems],
    "count": module.count,
    "size": module.sizes[0],
    "name": module.names.get(last[1], ""),
    "callees": list(map(len, code.callees(last))),
}))
"""


@pytest.fixture
def hostile(tmp_path: Path) -> Callable[[bytes], dict[str, Any]]:
    """Read a binary in a process of its own, within a time that is a multiple of the machine's, and 300 MB."""

    def run(data: bytes) -> dict[str, Any]:
        path = tmp_path / "hostile.wasm"
        path.write_bytes(data)
        command = [sys.executable, "-c", CHILD, str(path)]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        result = json.loads(done.stdout)
        print({key: result[key] for key in ("pace", "memory")})
        assert result["pace"] < PACE
        assert result["memory"] < 300
        return dict(result)

    return run


def test_a_file_that_is_cut_off_anywhere() -> None:
    rng = random.Random(7)
    whole = {8} | {part.offset + part.size for part in sections(BytesSource(SCHEDULER))}
    for size in [*range(0, 200, 7), *(rng.randrange(len(SCHEDULER)) for _ in range(60))]:
        code = read(SCHEDULER[:size])
        if size >= 8 and size not in whole:
            assert code.problems, size
            assert all(problem.message and problem.location.path == "it.wasm" for problem in code.problems)


@settings(deadline=None, max_examples=60)
@given(st.lists(st.tuples(st.integers(0, len(SCHEDULER) - 1), st.integers(0, 255)), min_size=1, max_size=20))
def test_changed_bytes_never_raise(changes: list[tuple[int, int]]) -> None:
    data = bytearray(SCHEDULER)
    for at, value in changes:
        data[at] = value
    code = read(bytes(data))
    for number, part in enumerate(code.modules):
        assert len(part.calls) == len(part.sizes) == len(part.offsets)
        for function in range(part.count):
            code.callees((number, function))
            part.names.get(function)


@settings(deadline=None, max_examples=200)
@given(st.binary(max_size=300))
def test_any_body_gives_an_answer(body: bytes) -> None:
    code = read(module([body, b"\x0b"]))
    assert code.modules[0].count == 2
    certain, _ = code.callees((0, 0))
    assert code.problems or all(isinstance(index, int) for _, index in certain)


def test_an_unknown_instruction_may_call_anything() -> None:
    code = read(module([b"\x10\x02\xff\x0b", b"\x10\x00\x0b", b"\x0b"]))
    assert [problem.message for problem in code.problems] == [
        "a core module cannot be read in full: unknown instruction 0xff (at byte 0x21)"
    ]
    assert code.modules[0].table_calls == {0: (TableCall(ANY_TABLE, ANY_SIGNATURE),)}
    assert code.callees((0, 0)) == ([(0, 2)], [(0, 0), (0, 1), (0, 2)])
    assert code.callees((0, 1)) == ([(0, 0)], [])


@pytest.mark.parametrize(
    ("body", "calls"),
    [
        (b"\x10\x81\x80\x80\x80\x00", [1]),  # a number with needless bytes
        (b"\x0e" + leb(300) + bytes(301) + b"\x10\x01", [1]),  # a long jump table
        (b"\x0e\x01\x80\x00\x80\x00\x10\x01", [1]),
        (b"\x1f\x40\x03\x00\x05\x10\x01\x10\x10\x02\x10\x10\x01\x0b", [1]),  # catches that look like calls
        (b"\x1c\x02\x7f\x63\x10\x10\x01", [1]),  # select with two types
        (b"\x42\xff\xff\xff\xff\xff\xff\xff\xff\xff\x00\x10\x01", [1]),
        (b"\x44" + b"\x10\x01" * 4 + b"\x43" + b"\x10\x01" * 2, []),  # numbers that look like calls
        (b"\xfd\x0c" + b"\x10\x01" * 8, []),
        (b"\xfd\x8c\x00" + b"\x10\x01" * 8 + b"\x10\x01", [1]),
        (b"\x28\x42\x10\x10\x10\x01", [1]),  # a memory's index
        (b"\x28\xc2\x00\x10\x10\x10\x01", [1]),
        (b"\xfb\x18\x03\x10\x62\x10\x70\x12\x01", [1]),  # br_on_cast to an exact type
        (b"\x02\x63\x10\x10\x01", [1]),
        (b"\xd0\x10\xd0\x70\x10\x01", [1]),
    ],
)
def test_instructions_that_are_easily_misread(body: bytes, calls: list[int]) -> None:
    code = read(module([body + b"\x0b", b"\x0b"]))
    assert not code.problems
    assert [index for _, index in code.callees((0, 0))[0]] == calls


def test_a_million_functions(hostile: Callable[[bytes], dict[str, Any]]) -> None:
    result = hostile(module([b"\x10\x05\x0b"] * 1_000_000))
    assert (result["problems"], result["count"], result["callees"]) == ([], 1_000_000, [1, 0])


def test_more_functions_than_an_engine_takes() -> None:
    code = read(
        HEAD
        + section(3, leb(1_000_001) + bytes(1_000_001))
        + section(10, leb(1_000_001) + b"\2\0\x0b" * 1_000_001)
    )
    assert code.problems


@pytest.mark.parametrize(
    "instructions",
    [b"\x01", b"\x41\x01\x1a", b"\x0e\x20" + bytes(33), b"\x02\x40", b"\x10\x00", b"\xd2\x00\x1a"],
    ids=["nop", "const", "jump", "nested", "call", "reference"],
)
def test_a_huge_function(instructions: bytes, hostile: Callable[[bytes], dict[str, Any]]) -> None:
    result = hostile(module([instructions * (7_000_000 // len(instructions)) + b"\x0b"]))
    assert result["problems"] == []
    assert result["size"] > 6_900_000


def test_names_of_all_kinds() -> None:
    huge = b"n" * 10_000_000
    names = function_names([(0, b"\xff\xfe"), (0, b"second"), (1, huge), (9, b"nobody")])
    data = module([b"\x0b"] * 3, names)
    code = read(data)
    found = code.modules[0].names
    assert found[0] == "second"
    assert found[1] == "n" * 100_000 + "…"
    assert sorted(found) == [0, 1]
    assert [problem.message for problem in code.problems] == [
        "a name section is broken: 1 names are for functions that are not there (at byte 0x30)"
    ]
    assert (
        read(module([b"\x0b"], function_names([(0, b"a\xff\xc0b")]))).modules[0].names[0] == "a\ufffd\ufffdb"
    )
    cut = read(module([b"\x0b"] * 2, b"\1\x09\2\0\1a\1\x7fbcd"))
    assert cut.modules[0].names == {0: "a"}
    assert "reaches past the end" in cut.problems[0].message


def test_many_names_and_elements(hostile: Callable[[bytes], dict[str, Any]]) -> None:
    count = 200_000
    names = function_names([(index, b"n%d" % index) for index in range(count)])
    elements = b"\1\0\x41\0\x0b" + vector([leb(index) for index in range(count)])
    result = hostile(module([b"\x41\0\x11\0\0\x0b"] * count, names, elements))
    assert (result["problems"], result["name"], result["callees"]) == ([], f"n{count - 1}", [0, count])


def test_components_in_components_without_end() -> None:
    data = COMPONENT
    for _ in range(100):
        data = COMPONENT + section(4, data)
    code = read(data)
    assert any("nested deeper than 32" in problem.message for problem in code.problems)


def test_instances_that_multiply() -> None:
    # Each component has the one before twice, so that the last means 2^24 instances.
    data = COMPONENT + section(1, HEAD)
    for _ in range(24):
        data = COMPONENT + section(4, data) + section(5, b"\2\0\0\0\0\0\0")
    code = read(data)
    assert any("more than 10000 times" in problem.message for problem in code.problems)
    assert len(code.problems) == 1


def test_imports_that_go_round(wat: Callable[[str], bytes]) -> None:
    code = read(
        wat("""
        (component
          (core module $m (import "" "f" (func $f)) (export "f" (func $f)))
          (core module $end (func $f (export "f") (call $f)))
          (core instance $e (instantiate $end))
          (core instance $a (instantiate $m (with "" (instance $e))))
          (core instance $b (instantiate $m (with "" (instance $a))))
          (func (export "f") (canon lift (core func $b "f"))))
        """)
    )
    assert [root.at for root in code.roots] == [(1, 0)]
    assert code.callees((1, 0)) == ([(1, 0)], [])


@pytest.mark.parametrize("data", [b"", b"\0asm", b"hello world", b"\0asm\x07\0\0\0"])
def test_no_binary_at_all(data: bytes, tmp_path: Path) -> None:
    code = read(data)
    assert code.modules == ()
    assert [problem.message for problem in code.problems] == ["this is neither a component nor a core module"]
