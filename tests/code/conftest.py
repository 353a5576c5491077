"""An independent reader of calls: the text that ``wasm-tools print`` writes, line by line.

Names are stripped first, so that every function is a number in the text.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from conftest import WASM_TOOLS, run_tool

from wasmdoctor.model.artifact import CoreTarget, ModuleRole
from wasmdoctor.model.calls import ComponentCode, ModuleCode
from wasmdoctor.readers.artifacts import core_target
from wasmdoctor.readers.code import read_code
from wasmdoctor.readers.wasm import BytesSource, read_component

FUNCTION = re.compile(r"\(func \(;(\d+);\) \(type (\d+)\)")
CALLS = ("call", "return_call", "ref.func")


@dataclass
class Printed:
    """One core module as printed: calls of each defined function by its index, and so on."""

    calls: dict[int, set[int]] = field(default_factory=dict)
    references: dict[int, set[int]] = field(default_factory=dict)
    table_calls: dict[int, set[tuple[int, int]]] = field(default_factory=dict)
    elements: dict[int, set[int]] = field(default_factory=dict)
    exports: dict[str, int] = field(default_factory=dict)
    imports: list[tuple[str, str]] = field(default_factory=list)
    types: dict[int, int] = field(default_factory=dict)
    start: int | None = None
    group: str = ""
    items: list[str] = field(default_factory=list)


def read_printed(lines: Iterable[str]) -> list[Printed]:
    """The core modules in the text, in the order in which they stand there."""
    modules: list[Printed] = []
    end = ""
    function = -1
    for line in lines:
        text = line.lstrip(" ")
        if not end:
            if text.startswith(("(core module (;", "(module\n", "(module)")):
                modules.append(Printed())
                end = "" if text.endswith((";))\n", "module)\n")) else line[: len(line) - len(text)] + ")\n"
        elif line == end:
            end = ""
        elif text.startswith(CALLS):
            name, *words = text.split()
            _instruction(modules[-1], function, name, words, text)
        elif text.startswith("(func (;"):
            function = _function(modules[-1], text)
        elif text[0] == "(":
            _field(modules[-1], text.rstrip("\n"))
    return modules


def _function(module: Printed, text: str) -> int:
    index, type_ = FUNCTION.match(text).groups()  # type: ignore[union-attr]
    module.calls[int(index)] = set()
    module.types[int(index)] = int(type_)
    return int(index)


def _field(module: Printed, text: str) -> None:
    names = [_unescape(name) for name in re.findall(r'"((?:[^"\\]|\\.)*)"', text)]
    if text.startswith("(import ") and len(names) == 1:
        module.group, module.items = names[0], []  # several imports of one module follow
    elif text.startswith('(item "') and text.endswith('")'):
        module.items += names  # they share the type that follows
    elif found := re.match(r"\(func \(type (\d+)\)", text):
        for name in module.items:
            module.types[len(module.imports)] = int(found[1])
            module.imports.append((module.group, name))
    elif text.startswith(("(import ", "(item ")):
        if found := FUNCTION.search(text):
            module.imports.append((names[0], names[1]) if len(names) > 1 else (module.group, names[0]))
            module.types[int(found[1])] = int(found[2])
    elif found := re.fullmatch(r'\(export "((?:[^"\\]|\\.)*)" \(func (\d+)\)\)', text):
        module.exports.setdefault(_unescape(found[1]), int(found[2]))
    elif found := re.fullmatch(r"\(start (\d+)\)", text):
        module.start = int(found[1])
    elif found := re.match(r"\(table \(;(\d+);\).* ref\.func (\d+)\)$", text):
        module.elements.setdefault(int(found[1]), set()).add(int(found[2]))
    elif text.startswith("(elem (;"):
        _element(module, text)


def _unescape(text: str) -> str:
    """A name as it stands in the binary: the text format writes bytes and code points after a backslash."""

    def one(match: re.Match[str]) -> str:
        if match[1].startswith("u{"):
            return chr(int(match[1][2:-1], 16))
        return {"t": "\t", "n": "\n", "r": "\r"}.get(match[1], match[1])

    return re.sub(r"\\(u\{[0-9a-f]+\}|.)", one, text)


def _instruction(module: Printed, function: int, name: str, words: list[str], rest: str) -> None:
    match name:
        case "call" | "return_call":
            module.calls[function].add(int(words[0]))
        case "ref.func":
            module.references.setdefault(function, set()).add(int(words[0]))
        case "call_indirect" | "return_call_indirect":
            table = int(words[0]) if words[0].isdigit() else 0
            type_ = int(re.search(r"\(type (\d+)\)", rest)[1])  # type: ignore[index]
            module.table_calls.setdefault(function, set()).add((table, type_))
        case "call_ref" | "return_call_ref":
            module.table_calls.setdefault(function, set()).add((-1, int(words[0])))
        case _:
            pass


def _element(module: Printed, text: str) -> None:
    if re.match(r"\(elem \(;\d+;\) (declare |func|\(ref|funcref|[a-z]+ref )", text):
        return  # passive or declared
    table = int(found[1]) if (found := re.search(r"\(table (\d+)\)", text)) else 0
    into = module.elements.setdefault(table, set())
    into |= {int(index) for index in re.findall(r"\(ref\.func (\d+)\)", text)}
    if found := re.search(r" func((?: \d+)*)\)$", text):
        into |= {int(index) for index in found[1].split()}


@pytest.fixture(scope="session")
def printed() -> Callable[[bytes | Path], list[Printed]]:
    """``printed(binary)``: what ``wasm-tools print`` says of the core modules of a binary, bytes or a path."""

    def read(binary: bytes | Path) -> list[Printed]:
        data = binary if isinstance(binary, bytes) else binary.read_bytes()
        stripped = run_tool("strip", "--all", "-", stdin=data)
        child = subprocess.Popen(
            [WASM_TOOLS, "print", "-"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            errors="replace",
        )
        assert child.stdin is not None
        assert child.stdout is not None
        with child:
            child.stdin.buffer.write(stripped)
            child.stdin.close()
            modules = read_printed(child.stdout)
        assert child.returncode == 0
        return modules

    return read


def compare(ours: ModuleCode, theirs: Printed) -> None:
    """Assert that a module has the calls that the text has."""
    first = len(ours.imports)
    assert [(item.module, item.field) for item in ours.imports] == theirs.imports
    assert ours.count == len(theirs.types)
    calls = {first + number: set(row) for number, row in enumerate(ours.calls)}
    assert calls == theirs.calls
    assert {first + number: set(row) for number, row in ours.references.items()} == theirs.references
    signatures: dict[int, str] = {}
    for function, type_ in theirs.types.items():
        assert ours.signatures[function] == signatures.setdefault(type_, ours.signatures[function])
    table_calls = {
        first + number: {(call.table, call.signature) for call in row}
        for number, row in ours.table_calls.items()
    }
    assert table_calls.keys() == theirs.table_calls.keys()
    for function, row in theirs.table_calls.items():
        assert {table for table, _ in row} == {table for table, _ in table_calls[function]}
        known = {(table, signatures[type_]) for table, type_ in row if type_ in signatures}
        assert known <= table_calls[function]
    assert {table: row for table, row in ours.elements.items() if row} == {
        table: row for table, row in theirs.elements.items() if row
    }
    assert dict(ours.exports) == theirs.exports
    assert ours.start == theirs.start


@pytest.fixture(scope="session")
def same(printed: Callable[[bytes | Path], list[Printed]]) -> Callable[[bytes], ComponentCode]:
    """``same(binary)``: compare all modules of a binary with the printed ones, and give what was read."""

    def run(binary: bytes) -> ComponentCode:
        code = read_code(BytesSource(binary), "it.wasm")
        assert not code.problems
        by_place = sorted(code.modules, key=lambda module: module.offset)
        for ours, theirs in zip(by_place, printed(binary), strict=True):
            compare(ours, theirs)
        return code

    return run


def names_agree(binary: bytes, code: ComponentCode) -> None:
    """What the wiring says of a core import is what the names that wit-component gives it say."""
    component = read_component(BytesSource(binary), "it.wasm")
    assert not component.nested_components or len(component.modules) == len(code.modules)
    imports = [extern.name for extern in component.imports]
    wired = {at: (item.name, item.function) for item in code.imports for at in item.at}
    seen = 0
    for number, module in enumerate(code.modules):
        if module.role not in (ModuleRole.MAIN, ModuleRole.ADAPTER):
            continue
        for index, item in enumerate(module.imports):
            target, interface, function = core_target(item.module, item.field, imports)
            if target is CoreTarget.IMPORT:
                expected = (interface, "" if function == interface else function)
                assert wired[number, index] == expected
                seen += 1
            elif target is CoreTarget.ADAPTER:
                ((called, _),) = code.links[number, index]
                assert code.modules[called].role is ModuleRole.ADAPTER
    assert seen == len(
        [at for at in wired if code.modules[at[0]].role in (ModuleRole.MAIN, ModuleRole.ADAPTER)]
    )


@pytest.fixture(scope="session")
def assert_names_agree() -> Callable[[bytes, ComponentCode], None]:
    """``assert_names_agree(binary, code)``: see ``names_agree``."""
    return names_agree
