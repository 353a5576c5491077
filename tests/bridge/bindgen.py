"""What ``wit-bindgen rust`` generates for a world, beside what our bridge module has for it."""

from __future__ import annotations

import os
import subprocess
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bridge.rust_api import rust_api

from wasmdoctor.migrate.bridge.module import Parts, bridge_module
from wasmdoctor.migrate.bridge.refusal import ErrorCases
from wasmdoctor.migrate.inputs import Bridge, BridgeRequest
from wasmdoctor.model.rust import GenerateOption, OptionElement
from wasmdoctor.model.source import Span
from wasmdoctor.model.wit import Resolution, World
from wasmdoctor.readers.wit import DiskFiles, Features, load_wit, resolve_wit

ROOT = Path(__file__).resolve().parents[2]
TOOLS = Path(os.environ.get("WASMDOCTOR_TOOLS") or Path.home() / ".cache" / "wasmdoctor-tools")
WIT_BINDGEN = TOOLS / "bin" / "wit-bindgen"
CORPUS = TOOLS / "corpus" / "vendor"
NOWHERE = Span(0, 0)
CASES = ErrorCases.read(tomllib.loads((ROOT / "rules" / "mappings" / "refusals.toml").read_text()))


def option(name: str, value: str = "", elements: tuple[tuple[str, str], ...] = ()) -> GenerateOption:
    """An option of a ``generate!`` call."""
    listed = tuple(OptionElement(key, text, NOWHERE) for key, text in elements)
    return GenerateOption(name, "list" if listed else "path", value, listed, NOWHERE, NOWHERE)


def resolved(path: Path | str, *, everything: bool = False) -> Resolution:
    """The WIT packages of a folder or file; `everything` switches all features on."""
    return resolve_wit(load_wit(DiskFiles(), [str(path)]), Features(everything=everything))


def request(world: World, **fields: object) -> BridgeRequest:
    """A request for all imports of a world."""
    return BridgeRequest("probe", "crate::bridge", "src/bridge.rs", world, tuple(world.imports), **fields)  # type: ignore[arg-type]


def bridge_of(world: World, resolution: Resolution, *options: GenerateOption) -> Bridge:
    """A bridge whose functions all refuse."""
    return bridge_module(request(world, options=options), resolution, Parts(cases=CASES))


def generated(path: Path, world: str, folder: Path, *flags: str) -> str | None:
    """The Rust that wit-bindgen generates for a world; None when it does not take the package."""
    folder.mkdir(parents=True, exist_ok=True)
    command = [WIT_BINDGEN, "rust", path, "--world", world, "--generate-all", "--out-dir", folder, *flags]
    done = subprocess.run(command, capture_output=True, timeout=60, env={**os.environ, "RUST_BACKTRACE": "0"})
    if done.returncode:
        return None
    (file,) = folder.glob("*.rs")
    text = file.read_text()
    file.unlink()
    return text


@dataclass
class Difference:
    """One item that is not the same on both sides; "" where it is missing."""

    where: str
    item: str
    wit_bindgen: str
    ours: str

    def __str__(self) -> str:
        return f"{self.where}: {self.item}\n    wit-bindgen {self.wit_bindgen}\n    ours        {self.ours}"


def compared(where: str, text: str, bridge: Bridge) -> tuple[int, list[Difference]]:
    """How many items there are, and those that differ."""
    theirs = rust_api(lambda _: text.encode(), "theirs.rs").shape()
    ours = rust_api(lambda name: bridge.files[name], "src/bridge.rs").shape()
    names = sorted({*theirs, *ours})
    return len(names), [
        Difference(where, name, theirs.get(name, ""), ours.get(name, ""))
        for name in names
        if theirs.get(name) != ours.get(name)
    ]


def worlds(resolution: Resolution) -> Iterator[World]:
    """All worlds."""
    for package in resolution.packages.values():
        yield from package.worlds.values()


def world_of_everything(resolution: Resolution) -> str:
    """A package with one world that imports every interface."""
    lines = [
        f"  import {interface.name};"
        for package in resolution.packages.values()
        for interface in package.interfaces.values()
    ]
    return "\n".join(("package probe:everything;", "world everything {", *lines, "}", ""))


def needs_async_runtime(difference: Difference) -> bool:
    """Whether an item is left out on purpose: its types are those of wit-bindgen's async runtime."""
    made = difference.item.startswith(("wit_stream", "wit_future"))
    return not difference.ours and (made or "async_support" in difference.wit_bindgen)
