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
