"""Real tools that fail, and what they say: each case makes a small broken input and runs the tool on it.

A case names the row that must be recognised, the rule, and some of the values. Nothing that the tools say is
written down here.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from conftest import WASM_TOOLS, run_tool

TOOLS = Path(os.environ.get("WASMDOCTOR_TOOLS") or Path.home() / ".cache" / "wasmdoctor-tools")
WAC = TOOLS / "bin" / "wac"
COMPONENT_LD = TOOLS / "bin" / "wasm-component-ld"
COMPONENTIZE_PY = Path(sys.executable).parent / "componentize-py"


@dataclass(frozen=True)
class Case:
    """``make`` takes an empty folder and gives the text; ``code`` is "" for errors about the tools."""

    row: str
    code: str
    make: Callable[[Path], str]
    values: dict[str, str] = field(default_factory=dict)
    place: str = ""
    said_by: str = ""

    @property
    def id(self) -> str:
        return f"{self.row}-{self.make.__name__}".replace("<lambda>", "")


def said(*words: str | Path, cwd: Path, path: str = "") -> str:
    """What a program that must fail prints, standard error after standard output."""
    env = {**os.environ, "RUST_BACKTRACE": "0", "LC_ALL": "C.UTF-8"}
    env["PATH"] = f"{path}{os.pathsep}{env['PATH']}" if path else env["PATH"]
    done = subprocess.run(
        words, cwd=cwd, capture_output=True, check=False, env=env, timeout=120, stdin=subprocess.DEVNULL
    )
    text = done.stdout.decode(errors="replace") + done.stderr.decode(errors="replace")
    assert done.returncode != 0, f"{words} did not fail: {text}"
    return text


def wasm_tools(*words: str | Path, cwd: Path) -> str:
    return said(WASM_TOOLS, *words, cwd=cwd)


def write(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


def wit(**files: str) -> Callable[[Path], str]:
    """The error of `wasm-tools component wit` on a folder with these files (``__`` is a slash)."""
    texts = {f"wit/{name.replace('__', '/')}.wit": text for name, text in files.items()}
    return lambda folder: wasm_tools("component", "wit", "wit", cwd=write(folder, texts))


def component(folder: Path, name: str, wit_text: str, world: str = "w") -> Path:
    """A component of a world, whose functions trap."""
    source = folder / f"{name}.wit"
    source.write_text(wit_text)
    core = folder / f"{name}.core.wasm"
    core.write_bytes(run_tool("component", "embed", "--dummy", source, "-w", world))
    path = folder / f"{name}.wasm"
    path.write_bytes(run_tool("component", "new", core))
    return path


def module(folder: Path, name: str, wat: str, *worlds: str) -> Path:
    """A core module, with the worlds of these WIT texts embedded."""
    path = folder / f"{name}.wasm"
    path.write_bytes(run_tool("parse", "-", stdin=wat.encode()))
    for number, text in enumerate(worlds):
        source = folder / f"{name}{number}.wit"
        source.write_text(text)
        path.write_bytes(run_tool("component", "embed", source, path, "-w", "w"))
    return path


def new(wat: str, *worlds: str) -> Callable[[Path], str]:
    """The error of `wasm-tools component new` on a module."""
    return lambda folder: wasm_tools("component", "new", module(folder, "m", wat, *worlds), cwd=folder)


SOCKET = "package a:b@0.1.0; interface i { f: func(); } world w { import i; export g: func(); }"
PLUG = "package a:b@0.1.0; interface i { f: func(); } world w { export i; }"
OTHER_TYPE = "package a:b@0.1.0; interface i { f: func(x: u32); } world w { export i; }"
OTHER_TRACK = "package a:b@0.2.0; interface i { f: func(); } world w { export i; }"
RESOURCES = """\
package a:b@0.1.0;
interface t { resource r { constructor(); } }
interface i { use t.{r}; f: func(x: borrow<r>); }
world w { import t; import i; export g: func(); }
"""
OWN_RESOURCE = """\
package a:b@0.1.0;
interface i { resource r; f: func(x: borrow<r>); }
world w { export i; }
"""


def plug(provider: str, consumer: str = SOCKET) -> Callable[[Path], str]:
    """The error of `wac plug`."""

    def make(folder: Path) -> str:
        socket, plugged = component(folder, "sock", consumer), component(folder, "plug", provider)
        return said(WAC, "plug", socket, "--plug", plugged, "-o", "out.wasm", cwd=folder)

    return make


def wac(document: str, **components: str) -> Callable[[Path], str]:
    """The error of `wac compose` on a document; ``components`` are the packages a:NAME."""

    def make(folder: Path) -> str:
        (folder / "c.wac").write_text(document)
        words: list[str] = []
        for name, text in components.items():
            words += ["-d", f"a:{name}={component(folder, name, text)}"]
        return said(WAC, "compose", "c.wac", *words, "-o", "out.wasm", cwd=folder)

    return make


def targets(world: str, *words: str) -> Callable[[Path], str]:
    """The error of `wac targets` of the socket component."""

    def make(folder: Path) -> str:
        write(folder, {"t/a.wit": world})
        return said(WAC, "targets", component(folder, "sock", SOCKET), "--wit", "t", *words, cwd=folder)

    return make


def compose(provider: str, consumer: str = SOCKET, name: str = "plug") -> Callable[[Path], str]:
    """The error of `wasm-tools compose`."""

    def make(folder: Path) -> str:
        socket = component(folder, "sock", consumer)
        plugged = component(folder, "plug", provider).rename(folder / f"{name}.wasm")
        return wasm_tools("compose", socket, "-d", plugged, "-o", "out.wasm", cwd=folder)

    return make


def clang(folder: Path, name: str, text: str) -> str:
    """An object file made of C."""
    (folder / f"{name}.c").write_text(text)
    words = [shutil.which("clang-19") or "clang", "--target=wasm32", "-c", f"{name}.c", "-o", f"{name}.o"]
    subprocess.run(words, cwd=folder, check=True, capture_output=True)
    return f"{name}.o"


def link(*objects: str, worlds: tuple[str, ...] = ()) -> Callable[[Path], str]:
    """The error of wasm-component-ld on objects made of these C texts."""

    def make(folder: Path) -> str:
        lld = shutil.which("wasm-ld-19") or shutil.which("wasm-ld")
        assert lld is not None, "tests/tools/setup.sh installs lld"
        words: list[str | Path] = [COMPONENT_LD, "--wasm-ld-path", lld, "--no-entry", "-o", "out.wasm"]
        words += [clang(folder, f"o{number}", text) for number, text in enumerate(objects)]
        for number, text in enumerate(worlds):
            (folder / f"w{number}.wit").write_text(text)
            words += ["--component-type", f"w{number}.wit"]
        return said(*words, cwd=folder)

    return make


def componentize(world: str, app: str = "", *, name: str = "w", module: str = "app") -> Callable[[Path], str]:
    """The error of componentize-py."""

    def make(folder: Path) -> str:
        write(folder, {"wit/a.wit": world, "app.py": app})
        words = ["-d", "wit", "-w", name, "componentize", module, "-o", "out.wasm"]
        return said(COMPONENTIZE_PY, *words, cwd=folder)

    return make
