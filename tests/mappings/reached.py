"""Which standard interfaces the functions of a built bridge need: out of the code that was built.

The core module tells which imported functions a function reaches through direct calls; the component's WIT
tells of which other interfaces those functions use types.
"""

from __future__ import annotations

import json
import re
import subprocess
from collections import defaultdict
from pathlib import Path
from typing import Any

from rust import workspaces

_FUNC = re.compile(r"^  \(func (\$\S+|\$\"(?:[^\"\\]|\\.)*\")")
_IMPORT = re.compile(r"^  \(import \"([^\"]+)\" \"([^\"]+)\" \(func (\$\S+|\$\"(?:[^\"\\]|\\.)*\")")
_CALL = re.compile(r"^\s+call (\$\S+|\$\"(?:[^\"\\]|\\.)*\")")


def reached(core: Path) -> dict[str, frozenset[tuple[str, str]]]:
    """For each function, by its name in the name section: the imported functions that it may call."""
    command = [workspaces.wasm_tools(), "print", core]
    imports: dict[str, tuple[str, str]] = {}
    calls: dict[str, set[str]] = defaultdict(set)
    here = ""
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if found := _CALL.match(line):
                calls[here].add(found[1])
            elif found := _FUNC.match(line):
                here = found[1]
                calls[here] = calls[here]
            elif found := _IMPORT.match(line):
                imports[found[3]] = (found[1], found[2])
    assert process.returncode == 0
    return {name: _reach(name, calls, imports) for name in calls if name}


def _reach(
    start: str, calls: dict[str, set[str]], imports: dict[str, tuple[str, str]]
) -> frozenset[tuple[str, str]]:
    seen = {start}
    waiting = [start]
    found: set[tuple[str, str]] = set()
    while waiting:
        for called in calls[waiting.pop()]:
            if called in imports:
                found.add(imports[called])
            elif called not in seen:
                seen.add(called)
                # What happens after a panic is not what the function is for.
                if "panic" not in called and "handle_alloc_error" not in called:
                    waiting.append(called)
    return frozenset(found)


class Wit:
    """The WIT of a component: which interfaces a function's types come from."""

    def __init__(self, component: Path) -> None:
        command = [workspaces.wasm_tools(), "component", "wit", "--json", component]
        text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        self.document: dict[str, Any] = json.loads(text)
        self.interfaces = {
            self._name(interface): interface
            for interface in self.document["interfaces"]
            if interface["name"] is not None
        }

    def _name(self, interface: dict[str, Any]) -> str:
        package = self.document["packages"][interface["package"]]["name"]
        return f"{package.partition('@')[0]}/{interface['name']}"

    def needed(self, interface: str, function: str) -> frozenset[str]:
        """The interface, and those that own types which the function mentions."""
        found = {interface}
        entry = self.interfaces[interface]["functions"].get(function)
        if entry is not None:
            for param in entry["params"]:
                self._types(param["type"], found)
            self._types(entry.get("result"), found)
        return frozenset(found)

    def _types(self, type_: Any, found: set[str]) -> None:
        if isinstance(type_, int):
            entry = self.document["types"][type_]
            owner = entry.get("owner")
            if owner and "interface" in owner:
                found.add(self._name(self.document["interfaces"][owner["interface"]]))
            self._types(entry["kind"], found)
        elif isinstance(type_, dict):
            for value in type_.values():
                self._types(value, found)
        elif isinstance(type_, list):
            for value in type_:
                self._types(value, found)
