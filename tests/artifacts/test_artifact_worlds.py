"""Encoded worlds are what wasm-tools says they are, for hand-written worlds and for random ones."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from wasmdoctor.model.artifact import EncodedWorld, EncodedWorlds, SectionPlace
from wasmdoctor.model.rust import SectionName
from wasmdoctor.readers.artifacts import decode_worlds, section_name

Tool = Callable[..., bytes]
PLACE = SectionPlace("lib.rlib", "a.o", 100, 10)
NAME = "component-type:wit-bindgen:0.48.1:shop:app@0.3.1:app:encoded world"


def decode(payload: bytes) -> EncodedWorlds:
    return decode_worlds(payload, PLACE, NAME)


class Told:
    """What ``wasm-tools component wit --json`` says of a package with one world, in our words."""

    def __init__(self, text: bytes) -> None:
        self.doc = json.loads(text)
        (self.world,) = self.doc["worlds"]

    def full(self, index: int) -> str:
        face = self.doc["interfaces"][index]
        if face["name"] is None:
            return ""
        package, at, version = self.doc["packages"][face["package"]]["name"].partition("@")
        return f"{package}/{face['name']}{at}{version}"

    def type(self, type_: Any) -> str:
        if isinstance(type_, str):
            return type_
        named = self.doc["types"][type_]
        return named["name"] if named["name"] is not None else self.kind(named["kind"])

    def optional(self, type_: Any) -> str:
        return "" if type_ is None else self.type(type_)

    def kind(self, kind: Any) -> str:
        if isinstance(kind, str):
            return kind
        ((form, value),) = kind.items()
        match form:
            case "record":
                fields = ", ".join(f"{f['name']}: {self.type(f['type'])}" for f in value["fields"])
                return f"record {{ {fields} }}"
            case "variant":
                cases = [
                    f"{c['name']}({self.type(c['type'])})" if c["type"] is not None else c["name"]
                    for c in value["cases"]
                ]
                return f"variant {{ {', '.join(cases)} }}"
            case "enum":
                return f"enum {{ {', '.join(c['name'] for c in value['cases'])} }}"
            case "flags":
                return f"flags {{ {', '.join(c['name'] for c in value['flags'])} }}"
            case "tuple":
                return f"tuple<{', '.join(self.type(t) for t in value['types'])}>"
            case "list" | "option":
                return f"{form}<{self.type(value)}>"
            case "fixed-length-list":
                return f"list<{self.type(value[0])}, {value[1]}>"
            case "map":
                return f"map<{self.type(value[0])}, {self.type(value[1])}>"
            case "result":
                ok, error = self.optional(value["ok"]), self.optional(value["err"])
                return f"result<{ok or '_'}, {error}>" if error else f"result<{ok}>" if ok else "result"
            case "future" | "stream":
                inner = self.optional(value)
                return f"{form}<{inner}>" if inner else form
            case "handle":
                ((mode, resource),) = value.items()
                return self.type(resource) if mode == "own" else f"borrow<{self.type(resource)}>"
            case "type":
                return self.type(value)
        raise AssertionError(kind)

    def function(self, value: Any) -> str:
        kind = value["kind"] if isinstance(value["kind"], str) else next(iter(value["kind"]))
        params = ", ".join(f"{p['name']}: {self.type(p['type'])}" for p in value["params"])
        result = value.get("result")
        text = f"{'async ' if 'async' in kind else ''}func({params})"
        return text + (f" -> {self.type(result)}" if result is not None else "")

    def used_from(self, index: int) -> str:
        named = self.doc["types"][index]
        other = named["kind"].get("type") if isinstance(named["kind"], dict) else None
        if not isinstance(other, int) or self.doc["types"][other]["name"] is None:
            return ""
        owner = self.doc["types"][other]["owner"]
        return self.full(owner["interface"]) if owner != named["owner"] and "interface" in owner else ""

    def content(self) -> tuple[object, ...]:
        sides: list[object] = []
        types: list[object] = []
        for side in ("imports", "exports"):
            externs: list[object] = []
            for name, item in self.world[side].items():
                match item:
                    case {"interface": {"id": index}}:
                        face = self.doc["interfaces"][index]
                        # wasm-tools keys interfaces by number, and labels by themselves.
                        by_number = re.fullmatch(r"interface-\d+", name) is not None
                        name, implements = (self.full(index), "") if by_number else (name, self.full(index))
                        functions = sorted((n, self.function(f)) for n, f in face["functions"].items())
                        is_resource = {
                            n: self.doc["types"][i]["kind"] == "resource" for n, i in face["types"].items()
                        }
                        resources = [n for n, yes in is_resource.items() if yes]
                        others = [n for n, yes in is_resource.items() if not yes]
                        externs.append((name, "instance", functions, resources, others, implements))
                        types += [self.named(name, n, i, side) for n, i in face["types"].items()]
                    case {"function": function}:
                        externs.append((name, "func", [(name, self.function(function))], [], [], ""))
                    case {"type": type_}:
                        index = type_["id"] if isinstance(type_, dict) else type_
                        resources = [name] if self.doc["types"][index]["kind"] == "resource" else []
                        externs.append((name, "type", [], resources, [], ""))
                        types.append(self.named("", name, index, side))
            sides.append(externs)
        package = self.doc["packages"][self.world["package"]]["name"]
        return (package, self.world["name"], *sides, types)

    def named(self, owner: str, name: str, index: int, side: str) -> tuple[object, ...]:
        text = self.kind(self.doc["types"][index]["kind"])
        return (owner, name, text, self.used_from(index), side == "exports")


def content(world: EncodedWorld) -> tuple[object, ...]:
    def side(externs: tuple[Any, ...]) -> list[object]:
        return [
            (
                e.name,
                e.kind.value,
                sorted((f.name, f.signature) for f in e.functions),
                list(e.resources),
                list(e.types),
                e.implements,
            )
            for e in externs
        ]

    types = [(t.owner, t.name, t.definition, t.used_from, t.exported) for t in world.types]
    return (world.package, world.world, side(world.imports), side(world.exports), types)


def check_agreement(payload: bytes, wasm_tools: Tool, folder: Path) -> None:
    path = folder / "payload.wasm"
    path.write_bytes(payload)
    told = Told(wasm_tools("component", "wit", "--json", path)).content()
    decoded = decode(payload)
    assert decoded.problems == ()
    assert [content(world) for world in decoded.worlds] == [told]


@pytest.mark.parametrize("flags", [[], ["--emit-canonical-names"], ["--encoding", "utf16"]])
def test_agrees_with_wasm_tools(
    flags: list[str], embed: Tool, payload_of: Tool, wasm_tools: Tool, tmp_path: Path, app_wit: str
) -> None:
    payload = payload_of(embed(app_wit, "app", *flags))
    check_agreement(payload, wasm_tools, tmp_path)
    (world,) = decode(payload).worlds
    assert world.string_encoding == ("utf16" if "utf16" in flags else "utf8")
    assert (world.encoding_version, world.name) == (4, "shop:app/app@0.3.1")
    assert {i.name: i.implements for i in world.imports}["primary"] == "shop:app/store@0.3.1"
    assert dict(world.producers)["processed-by"][0][0] == "wit-component"


@pytest.mark.parametrize("seed", range(24))
def test_agrees_with_wasm_tools_on_random_worlds(
    seed: int, payload_of: Tool, wasm_tools: Tool, tmp_path: Path
) -> None:
    package = tmp_path / "package.wasm"
    package.write_bytes(wasm_tools("wit-smith", stdin=random.Random(seed).randbytes(6000)))
    document = json.loads(wasm_tools("component", "wit", "--json", package))
    for world in document["worlds"]:
        base, at, version = document["packages"][world["package"]]["name"].partition("@")
        full = f"{base}/{world['name']}{at}{version}"
        module = wasm_tools("component", "embed", "--dummy", "--all-features", package, "-w", full)
        check_agreement(payload_of(module), wasm_tools, tmp_path)


def test_types_are_kept_with_their_definitions(world: bytes) -> None:
    (decoded,) = decode(world).worlds
    types = {(t.owner, t.name, t.exported): (t.definition, t.used_from) for t in decoded.types}
    store = "shop:app/store@0.3.1"
    assert types["shop:app/watch@0.3.1", "code", False] == ("error-code", store)
    assert types[store, "entry", True] == ("record { key: string, value: list<u8> }", "")
    assert types["", "entry", False] == ("entry", store)
    assert types["", "blob", False] == ("resource", "")


def old_format(make: Any, wasm_tools: Tool, folder: Path, wit: str, world: str) -> bytes:
    path = folder / "old.wit"
    path.write_text(wit)
    return b"\x03\x00" + make.name(world) + wasm_tools("component", "wit", "--wasm", path)


@pytest.mark.parametrize("name", ["app", "shop:app/app@0.3.1"])
def test_the_format_before_the_encoding_section(
    name: str, make: Any, wasm_tools: Tool, tmp_path: Path, app_wit: str, world: bytes
) -> None:
    payload = old_format(make, wasm_tools, tmp_path, app_wit, name)
    # wasm-tools still reads it, so it is the form we think it is.
    module = tmp_path / "module.wasm"
    module.write_bytes(make.object(("component-type:app", payload)))
    assert b'"hello"' in wasm_tools("component", "wit", "--json", module)
    old, new = decode(payload), decode(world)
    assert old.problems == ()
    assert [content(w) for w in old.worlds] == [content(w) for w in new.worlds]
    assert old.worlds[0].encoding_version == 3


def test_the_first_form_of_packages(wat: Callable[[str], bytes], make: Any) -> None:
    package = wat("""(component
      (type (export "a:b/wit") (component
        (type $i (instance (type (func (param "x" u32))) (export "f" (func (type 0)))))
        (export "face" (instance (type $i)))
        (type $w (component
          (type (instance (type (func (param "x" u32))) (export "f" (func (type 0)))))
          (import "a:b/face" (instance (type 0)))
          (type (func (result string)))
          (export "run" (func (type 1)))))
        (export "it" (component (type $w))))))""")
    decoded = decode(b"\x03\x01" + make.name("it") + package)
    assert decoded.problems == ()
    (world,) = decoded.worlds
    assert (world.name, world.string_encoding) == ("a:b/it", "utf16")
    assert [(i.name, i.functions[0].signature) for i in world.imports] == [("a:b/face", "func(x: u32)")]
    assert [e.name for e in world.exports] == ["run"]


ENCODING = b"\x16wit-component-encoding"


@pytest.mark.parametrize(
    ("change", "worlds", "message"),
    [
        (lambda p, make: p.replace(ENCODING + b"\x04\0", ENCODING + b"\x05\0"), 0, "says version 5"),
        (
            lambda p, make: p.replace(ENCODING + b"\x04\0", ENCODING + b"\x04\x09"),
            1,
            "how strings are encoded",
        ),
        (lambda p, make: p.replace(ENCODING, ENCODING.replace(b"wit", b"wat")), 1, "no encoding version"),
        (lambda p, make: p + p, 2, "holds 2 worlds"),
        (lambda p, make: p[:200], 0, "the file is cut off"),
        (lambda p, make: b"\0asm\x0e\0\x01\0" + p[8:], 0, "known version"),
        (lambda p, make: b"\x05\0", 0, "known version"),
        (lambda p, make: b"", 0, "ends in the middle"),
        (lambda p, make: b"\x03\0" + make.name("nope") + p, 0, "no world `nope`"),
        (lambda p, make: p + b"\0" * (4 << 20), 0, "more than the"),
        (lambda p, make: p + make.section(4, b""), 0, "section 4"),
    ],
)
def test_what_the_encoder_refuses_is_a_problem(
    change: Callable[[bytes, Any], bytes],
    worlds: int,
    message: str,
    world: bytes,
    make: Any,
    wasm_tools: Tool,
    tmp_path: Path,
) -> None:
    payload = change(world, make)
    assert payload != world
    module = tmp_path / "module.wasm"
    module.write_bytes(make.object((NAME, payload)))
    with pytest.raises(AssertionError, match="decoding custom section"):
        wasm_tools("component", "wit", module)
    decoded = decode(payload)
    assert len(decoded.worlds) == worlds
    (problem,) = decoded.problems
    assert message in problem.message
    assert f"`{NAME}` in a.o" in problem.message
    assert problem.help
    assert problem.location.path == "lib.rlib"


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_broken_payloads_never_raise(world: bytes, data: st.DataObject) -> None:
    broken = bytearray(world)
    for _ in range(data.draw(st.integers(1, 4))):
        broken[data.draw(st.integers(0, len(broken) - 1))] = data.draw(st.integers(0, 255))
    del broken[data.draw(st.integers(1, len(broken))) :]
    decoded = decode(bytes(broken))
    assert decoded.worlds or decoded.problems


def test_nesting_and_growth_are_bounded(make: Any) -> None:
    deep = b"\x41\x01\x01" * 5000
    component = b"\0asm\x0d\0\x01\0"
    (problem,) = decode(component + make.section(7, b"\x01" + deep)).problems
    assert "nested deeper" in problem.message
    # A tuple of two of the type before, again and again: texts of 4096 characters by the ten thousand.
    count = 20_000
    types = b"\x01\x6f\x02\x7d\x7d" + b"".join(b"\x01\x6f\x02" + make.leb(i) * 2 for i in range(count))
    bomb = b"\x01\x42" + make.leb(count + 1) + types
    (problem,) = decode(component + make.section(7, bomb)).problems
    assert "too many or too large" in problem.message


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("component-type", ("", "", "", "", "", "")),
        ("component-type:shop", ("", "", "", "shop", "", "")),
        (
            "component-type:wit-bindgen:0.24.0:shop:encoded world",
            ("wit-bindgen", "0.24.0", "", "shop", "encoded world", ""),
        ),
        (
            "component-type:wit-bindgen:0.48.1:a:b@0.1.0:shop:encoded world",
            ("wit-bindgen", "0.48.1", "a:b@0.1.0", "shop", "encoded world", ""),
        ),
        (
            "component-type:wit-bindgen:0.48.1:a:b@1.0.0-rc.1+x:shop:encoded worldmine:2",
            ("wit-bindgen", "0.48.1", "a:b@1.0.0-rc.1+x", "shop", "encoded world", "mine:2"),
        ),
        (
            "component-type:wit-bindgen:0.36.0:a:b:shop:imports and exports",
            ("wit-bindgen", "0.36.0", "a:b", "shop", "imports and exports", ""),
        ),
        ("component-type:a:b:shop", ("", "", "a:b", "shop", "", "")),
        ("component-type:some:thing", ("", "", "", "", "", "some:thing")),
        ("producers", ("", "", "", "", "", "")),
    ],
)
def test_section_names(name: str, parts: tuple[str, ...]) -> None:
    assert section_name(name) == SectionName(name, *parts)


@given(st.text(max_size=60))
def test_any_section_name_is_taken(text: str) -> None:
    assert section_name("component-type" + text).name == "component-type" + text
